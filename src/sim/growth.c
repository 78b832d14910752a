/* SPDX-License-Identifier: GPL-2.0-or-later
 * Growth of a VM_GROWSDOWN mapping to the page that was touched.
 */
#include "mm.h"

/* A guard page is the lowest one of every VMA that grows down. */
static bool guard_inside(const struct sim *s)
{
	return RULE(s, has_guard) && !RULE(s, guard_outside);
}

static bool abuts(const struct sim *s, const struct vma *v, u64 addr, bool *grows)
{
	const struct vma *prev = vma_prev(s, v);

	*grows = prev && (prev->flags & VM_GROWSDOWN);
	return prev && prev->end == addr;
}

bool stack_guard_page(const struct sim *s, const struct vma *v, u64 addr)
{
	bool grows;

	return guard_inside(s) && (v->flags & VM_GROWSDOWN) && v->start == (addr & PAGE_MASK) &&
	       !(abuts(s, v, v->start, &grows) && grows);
}

static int acct_stack_growth(struct sim *s, struct mm *mm, struct vma *v, u64 size, u64 grow)
{
	bool over;
	T_ENTER(s, "acct_stack_growth", "limits of the growth", "size", size >> PAGE_SHIFT, "grow",
		grow, SIM_U_PAGES);

	if (!may_expand_vm(s, mm, v->flags, grow))
		return -ENOMEM;
	if (guard_inside(s) && RULE(s, limit_spares_guard))
		size -= PAGE_SIZE;
	over = size > mm->limit[SIM_LIMIT_STACK];
	T_TEST(s, "acct_stack_growth", "RLIMIT_STACK", "size", size, GT, "limit",
	       mm->limit[SIM_LIMIT_STACK], SIM_U_BYTES, over, "ENOMEM", "go on");
	if (over)
		return -ENOMEM;
	if (!mlock_future_ok(s, mm, v->flags, grow << PAGE_SHIFT))
		return -ENOMEM;
	return vm_enough_memory(s, mm, grow) ? 0 : -ENOMEM;
}

static bool guard_refuses(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	struct vma *prev = vma_prev(s, v);
	bool near;

	(void)mm;
	if (!prev || !RULE(s, guard_outside))
		return false;
	T_NOTE(s, "expand_downwards", "the mapping below", "vm_start", prev->start, "vm_end",
	       prev->end, SIM_U_ADDR);
	if ((prev->flags & VM_GROWSDOWN) ||
	    (RULE(s, guard_gap_skips_inaccessible) && !vma_accessible(prev))) {
		T_TEST(s, "expand_downwards", "it grows down itself, or has no permission",
		       "vm_flags", prev->flags, AND, "VM_GROWSDOWN", VM_GROWSDOWN, SIM_U_FLAGS,
		       true, "no gap is needed", "the gap is needed");
		return false;
	}
	near = addr - prev->end < s->prof->stack_guard_gap;
	T_TEST(s, "expand_downwards", "the guard gap", "address - prev->vm_end",
	       (addr - prev->end) >> PAGE_SHIFT, LT, "stack_guard_gap",
	       s->prof->stack_guard_gap >> PAGE_SHIFT, SIM_U_PAGES, near, "ENOMEM: SIGSEGV MAPERR",
	       "go on");
	return near;
}

/* The lowest address, before or after the anon_vma is made. */
static bool too_low(struct sim *s, u64 addr, u64 min)
{
	bool low = addr < min;

	T_TEST(s, "expand_downwards", "the lowest address", "address", addr, LT, "mmap_min_addr",
	       min, SIM_U_ADDR, low, "EPERM: SIGSEGV MAPERR", "go on");
	return low;
}

int expand_downwards(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	u64 size, grow, old = v->start;
	bool first = RULE(s, growth_min_addr);
	int err;
	T_ENTER(s, "expand_downwards", "grow to the page", "address", addr & PAGE_MASK, "vm_start",
		v->start, SIM_U_ADDR);

	addr &= PAGE_MASK;
	if (first && too_low(s, addr, s->prof->mmap_min_addr))
		return -EPERM;
	if (guard_refuses(s, mm, v, addr))
		return -ENOMEM;
	if (!anon_vma_prepare(s, mm, v))
		return -ENOMEM;
	if (!first && too_low(s, addr, s->prof->dac_mmap_min_addr))
		return -EPERM;
	size = v->end - addr;
	grow = (v->start - addr) >> PAGE_SHIFT;
	T_TEST(s, "expand_downwards", "the page offset allows it", "grow", grow, LE, "vm_pgoff",
	       v->pgoff, SIM_U_PAGES, grow <= v->pgoff, "go on", "ENOMEM: SIGSEGV MAPERR");
	if (grow > v->pgoff)
		return -ENOMEM;
	err = acct_stack_growth(s, mm, v, size, grow);
	if (err)
		return err;
	if (v->flags & VM_LOCKED)
		locked_vm_add(s, mm, (int64_t)grow);
	vm_stat_account(s, mm, v->flags, v->file, (int64_t)grow);
	vma_set_range(s, mm, v, addr, v->end, v->pgoff - grow);
	T_CHANGE(s, "expand_downwards", "vm_start", old, v->start, SIM_U_ADDR);
	T_EVENT(s, "expand_downwards", GROWTH, "grown by", grow, SIM_U_PAGES);
	(void)old;
	return 0;
}

int expand_stack(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	bool grows, near;

	if (guard_inside(s) && RULE(s, expand_checks_neighbour)) {
		near = abuts(s, v, addr & PAGE_MASK, &grows) && !grows;
		T_TEST(s, "expand_stack", "a mapping ends where the stack would begin", "address",
		       addr & PAGE_MASK, EQ, "prev->vm_end",
		       vma_prev(s, v) ? vma_prev(s, v)->end : 0, SIM_U_ADDR, near,
		       "ENOMEM: SIGSEGV MAPERR", "go on");
		if (near)
			return -ENOMEM;
	}
	return expand_downwards(s, mm, v, addr);
}

/* The lowest page is the guard: to use it, another one has to be had below. */
enum sim_sig check_stack_guard_page(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	enum sim_sig sig = RULE(s, guard_failure_kills) ? SIM_SEGV_MAPERR : SIM_BUS_ADRERR;
	bool grows, near;
	int err;

	if (!guard_inside(s) || !(v->flags & VM_GROWSDOWN) || v->start != (addr & PAGE_MASK))
		return SIM_SIG_NONE;
	near = abuts(s, v, v->start, &grows);
	T_TEST(s, "check_stack_guard_page", "a mapping abuts the guard page", "vm_start", v->start,
	       EQ, "prev->vm_end", vma_prev(s, v) ? vma_prev(s, v)->end : 0, SIM_U_ADDR, near,
	       grows ? "it grows down too: the page may be used" :
	       sig == SIM_BUS_ADRERR ? "SIGBUS ADRERR" : "SIGSEGV MAPERR",
	       "one more page below becomes the guard");
	if (near)
		return grows ? SIM_SIG_NONE : sig;
	err = expand_downwards(s, mm, v, v->start - PAGE_SIZE);
	if (!err)
		return SIM_SIG_NONE;
	if (s->failed)
		return SIM_SIG_OOM;
	T_TEST(s, "check_stack_guard_page", "what becomes of the error", "errno", (u64)-err, NE, NULL,
	       0, SIM_U_ERRNO, true, sig == SIM_BUS_ADRERR ? "nothing: the page is used without a guard" :
	       "SIGSEGV MAPERR", "go on");
	return sig == SIM_BUS_ADRERR ? SIM_SIG_NONE : sig;
}
