/* SPDX-License-Identifier: GPL-2.0-or-later
 * Unmapping: VMAs gathered and split at the ends, pages let go, tables freed, counters
 * corrected. mmap over something uses the same steps one by one.
 */
#include "mm.h"

static void zap_one(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte, void *arg)
{
	u64 old = *pte;

	(void)v;
	(void)addr;
	if (!(old & PTE_P)) {
		if (!(*(unsigned *)arg & ZAP_MARKERS))
			return;
		SET(s, *pte, 0);
		return;
	}
	SET(s, *pte, 0);
	if (!(old & PTE_ZERO))
		frame_unmap(s, mm, old);
}

void zap_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, unsigned how)
{
	pt_each(s, mm, v, start, end, zap_one, &how);
	if (!(how & ZAP_RECLAIM) || !RULE(s, pt_reclaim))
		return;
	for (u64 a = (start + s->pmd_size - 1) & ~(s->pmd_size - 1), next;
	     a + s->pmd_size <= end && a >= start; a = next) {
		pte_look(s, mm, a, &next);
		if (next > a + PAGE_SIZE)		/* a hole without tables */
			next = (next + s->pmd_size - 1) & ~(s->pmd_size - 1);
		else
			next = a + s->pmd_size;
		pt_free_pte_table(s, mm, a);
	}
}

static bool sealed(struct sim *s, const struct vma *v)
{
	bool yes = v->flags & VM_SEALED;

	T_TEST(s, "can_modify_vma", "sealed", "vm_flags", v->flags, AND, "VM_SEALED", VM_SEALED,
	       SIM_U_FLAGS, yes, "EPERM", "go on");
	return yes;
}

static inline void gather_one(struct sim *s, struct munmap *u, struct vma *v)
{
	u64 n = vma_pages(v), f = v->flags;

	if (!u->first)
		u->first = v;
	u->nr_pages += n;
	if (f & VM_LOCKED)
		u->locked += n;
	if (f & VM_ACCOUNT)
		u->accounted += n;
	for (unsigned which = vm_counters(s, f, v->file); which; which &= which - 1) {
		unsigned c = (unsigned)__builtin_ctz(which);

		u->vm[c] = (u->counters >> c & 1 ? u->vm[c] : 0) + n;
		u->counters |= 1u << c;
	}
}

int munmap_gather(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, struct munmap *u)
{
	/* Which part is the new object: it shapes the red-black tree, and nothing else. */
	bool lower = s->prof->vma_index == SIM_INDEX_MAPLE;
	int err;
	T_ENTER(s, "vms_gather_munmap_vmas", "the VMAs of the range", "start", start, "end", end,
		SIM_U_ADDR);

	u->first = u->prev = u->next = NULL;
	u->nr_pages = u->locked = u->accounted = u->counters = 0;
	if (v && v->start < start) {
		if (end < v->end && mm->map_count >= s->opt.max_map_count)
			return -ENOMEM;
		if (sealed(s, v))
			return -EPERM;
		err = vma_split(s, mm, v, start, lower);
		if (err)
			return err;
		if (!lower)
			v = vma_next(s, v);
	}
	u->prev = v ? vma_prev(s, v) : vma_last(s, mm);
	for (; v && v->start < end; v = vma_next(s, v)) {
		T_NOTE(s, "vms_gather_munmap_vmas", "in the range", "vm_start", v->start, "vm_end",
		       v->end, SIM_U_ADDR);
		if (sealed(s, v))
			return -EPERM;
		if (v->end > end) {
			err = vma_split(s, mm, v, end, !lower);
			if (err)
				return err;
			if (!lower)
				v = vma_prev(s, v);
		}
		gather_one(s, u, v);
	}
	u->next = v;
	return 0;
}

/* Pages first, all of them, then the tables that nothing else needs. */
static noinline void let_go(struct sim *s, struct mm *mm, struct vma *first, struct vma *stop, u64 floor,
			u64 ceiling)
{
	struct vma *v, *n;

	for (v = first; v != stop; v = vma_next(s, v))
		zap_range(s, mm, v, v->start, v->end, ZAP_MARKERS);
	for (v = first; v != stop; v = n) {
		u64 start = v->start, end = v->end;

		n = vma_next(s, v);
		while (n != stop && n->start <= end + s->pmd_size) {	/* near ones in one go */
			end = n->end;
			n = vma_next(s, n);
		}
		pt_free_range(s, mm, start, end, floor, n != stop ? n->start : ceiling);
	}
}

void munmap_clear(struct sim *s, struct mm *mm, const struct munmap *u)
{
	struct vma *stop = u->next;
	u64 floor, ceiling, end;

	if (!u->first)
		return;
	floor = u->prev ? u->prev->end : 0;
	ceiling = stop ? stop->start : 0;
	end = (stop ? vma_prev(s, stop) : vma_last(s, mm))->end;
	if (!pt_untouched(s, mm, u->first->start, end, floor, ceiling))
		let_go(s, mm, u->first, stop, floor, ceiling);
	for (struct vma *v = u->first, *n; v != stop; v = n) {
		n = vma_next(s, v);
		T_EVENT(s, "unmap_vmas", UNMAP, "unmapped the VMA at", v->start, SIM_U_ADDR);
		vma_remove(s, mm, v);
		vma_free(s, v);
	}
	place_cache_unmapped(s, mm, u->prev, stop);
}

void munmap_complete(struct sim *s, struct mm *mm, const struct munmap *u)
{
	if (!u->nr_pages)
		return;
	update_hiwater_vm(s, mm);
	T_CHANGE(s, "vms_complete_munmap_vmas", "total_vm", mm->total_vm,
		 mm->total_vm - u->nr_pages, SIM_U_PAGES);
	SUB(s, mm->total_vm, u->nr_pages);
	for (unsigned which = u->counters; which; which &= which - 1)
		SUB(s, mm->vm[__builtin_ctz(which)], u->vm[__builtin_ctz(which)]);
	if (u->locked)
		locked_vm_add(s, mm, -(int64_t)u->locked);
}

static int unmap(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end)
{
	struct munmap u;
	int err = munmap_gather(s, mm, v, start, end, &u);

	if (err)
		return err;
	munmap_clear(s, mm, &u);
	munmap_complete(s, mm, &u);
	return 0;
}

noinline int do_munmap_aligned(struct sim *s, struct mm *mm, u64 start, u64 end)
{
	return unmap(s, mm, vma_find(s, mm, start), start, end);
}

int do_munmap(struct sim *s, struct mm *mm, u64 start, u64 len)
{
	u64 size = s->prof->task_size, end;
	struct vma *v;
	bool bad = (start & ~PAGE_MASK) || start > size || len > size - start;
	T_ENTER(s, "do_vmi_munmap", "unmap", "start", start, "len", len, SIM_U_HEX);

	T_TEST(s, "do_vmi_munmap", "aligned and inside user space", "start + len", start + len, LE,
	       "TASK_SIZE", size, SIM_U_ADDR, !bad, "go on", "EINVAL");
	if (bad)
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end == start)
		return -EINVAL;
	v = vma_find(s, mm, start);
	return v && v->start < end ? unmap(s, mm, v, start, end) : 0;
}

HOT void op_munmap(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_munmap(s, s->mm, op->addr, op->len));
}
