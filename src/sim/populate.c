/* SPDX-License-Identifier: GPL-2.0-or-later
 * Faulting pages in ahead of time: mm_populate, populate_vma_page_range, and the
 * two advices that do the same.
 */
#include "mm.h"

/* A pte that needs no fault for this kind of access. */
static bool follow_page(struct sim *s, struct mm *mm, u64 addr, bool write)
{
	jword *pte = pte_find(s, mm, addr);
	struct frame *f;

	if (!pte || !(*pte & PTE_P) || (write && !(*pte & PTE_W)))
		return false;
	f = frame_at(s, PTE_PFN(*pte));
	if (write && !(*pte & (PTE_D | PTE_ZERO)))
		frame_set_flags(s, f, FRF_DIRTY, 0);
	return true;
}

static int fault_errno(enum sim_sig sig)
{
	return sig == SIM_SIG_OOM ? -ENOMEM : -EFAULT;
}

static bool skips_guard(const struct sim *s, const struct vma *v, u64 addr)
{
	return ((v->flags & VM_LOCKED) || RULE(s, populate_skips_guard)) &&
	       stack_guard_page(s, v, addr);
}

/* Until the first page that fails; 0, or its error. *addr is where it stopped. */
static int get_pages(struct sim *s, struct mm *mm, struct vma *v, u64 *addr, u64 end, bool write,
		     bool afresh)
{
	for (; *addr < end; *addr += PAGE_SIZE) {
		u64 faults = mm->stat[STAT_MINFLT];
		enum sim_sig sig;

		if (follow_page(s, mm, *addr, write) || skips_guard(s, v, *addr))
			continue;
		sig = handle_mm_fault(s, mm, v, *addr, write);
		if (sig)
			return fault_errno(sig);
		/* A page had to be read: mm_populate begins again, and then it is a minor fault. */
		if (afresh && faults == mm->stat[STAT_MINFLT])
			ADD(s, mm->stat[STAT_MINFLT], 1);
		follow_page(s, mm, *addr, write);
	}
	return 0;
}

static bool io_or_pfn(const struct vma *v)
{
	return v->flags & (VM_IO | VM_PFNMAP);
}

int populate_vma_page_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end)
{
	bool write = (v->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	T_ENTER(s, "populate_vma_page_range", write ? "by writing" : "by reading", "start", start,
		"end", end, SIM_U_ADDR);

	if ((v->flags & VM_LOCKONFAULT) && RULE(s, onfault_skips))
		return 0;
	if (!vma_accessible(v) || io_or_pfn(v))
		return -EFAULT;
	if (v->flags & VM_LOCKONFAULT)
		return 0;
	return get_pages(s, mm, v, &start, end, write, true);
}

int mm_populate(struct sim *s, struct mm *mm, u64 start, u64 len, bool ignore_errors)
{
	u64 end = start + len, next;

	for (u64 a = start; a < end; a = next) {
		struct vma *v = vma_intersection(s, mm, a, end);
		int err;

		if (!v)
			break;
		next = v->end < end ? v->end : end;
		if (io_or_pfn(v))
			continue;
		if (a < v->start)
			a = v->start;
		err = populate_vma_page_range(s, mm, v, a, next);
		if (s->failed)
			return -ENOMEM;
		if (err && !ignore_errors)
			return err;
	}
	return 0;
}

int madvise_populate(struct sim *s, struct mm *mm, u64 start, u64 end, bool write)
{
	int hole = 0;

	while (start < end) {
		struct vma *v = vma_lookup(s, mm, start);
		u64 need = write ? VM_WRITE : VM_READ;
		int err;

		if (!v && !RULE(s, populate_stops)) {
			hole = -ENOMEM;
			v = vma_intersection(s, mm, start, end);
			if (!v)
				break;
			start = v->start;
		}
		if (!v)
			return -ENOMEM;
		if (io_or_pfn(v) || !(v->flags & need))
			return -EINVAL;
		/* Those that stop at a hole do not begin again behind a page that was read, either. */
		s->populating = true;
		err = get_pages(s, mm, v, &start, v->end < end ? v->end : end, write, !RULE(s, populate_stops));
		s->populating = false;
		if (err)
			return err;
	}
	return hole;
}
