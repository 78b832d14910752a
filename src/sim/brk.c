/* SPDX-License-Identifier: GPL-2.0-or-later
 * brk: the heap's end, upwards and downwards.
 */
#include <sys/mman.h>
#include "mm.h"

int do_brk_flags(struct sim *s, struct mm *mm, struct vma *brkvma, u64 addr, u64 len)
{
	u64 flags = data_flags(s) | VM_ACCOUNT | mm->def_flags, pages = len >> PAGE_SHIFT;
	struct vma *v = NULL;
	T_ENTER(s, "do_brk_flags", "extend the heap", "addr", addr, "len", len, SIM_U_HEX);

	if (!may_expand_vm(s, mm, flags, pages))
		return -ENOMEM;
	if (mm->map_count > s->opt.max_map_count)
		return -ENOMEM;
	if (!vm_enough_memory(s, mm, pages))
		return -ENOMEM;
	if (brkvma && brkvma->end == addr) {
		struct merge m = { .mm = mm,
				   .prev = brkvma,
				   .next = vma_next(s, brkvma),
				   .start = addr,
				   .end = addr + len,
				   .flags = flags,
				   .pgoff = addr >> PAGE_SHIFT,
				   .just_expand = true };

		v = vma_merge_new_range(s, &m);
	}
	if (!v) {
		v = vma_new(s, addr, addr + len, flags, addr >> PAGE_SHIFT, FILE_NONE);
		if (!v)
			return -ENOMEM;
		if (!vma_insert(s, mm, v, vma_before(s, mm, addr)))
			return -ENOMEM;
	}
	vm_stat_account(s, mm, flags, FILE_NONE, (int64_t)pages);
	if (flags & VM_LOCKED)
		locked_vm_add(s, mm, (int64_t)pages);
	return 0;
}

static bool grow(struct sim *s, struct mm *mm, u64 oldbrk, u64 newbrk)
{
	struct vma *next, *prev;
	int64_t r =
		get_unmapped_area(s, mm, FILE_NONE, false, oldbrk, newbrk - oldbrk, 0, MAP_FIXED);
	u64 limit = newbrk + PAGE_SIZE;
	bool near;

	if (r < 0 || !mlock_future_ok(s, mm, mm->def_flags, newbrk - oldbrk))
		return false;
	next = vma_intersection(s, mm, oldbrk, limit + s->prof->stack_guard_gap);
	if (next) {
		near = limit > vm_start_gap(s, next);
		T_TEST(s, "brk", "a free page to the next mapping, or its guard gap",
		       "newbrk + PAGE_SIZE", limit, GT, "vm_start_gap", vm_start_gap(s, next),
		       SIM_U_ADDR, near, "unchanged", "go on");
		if (near)
			return false;
	}
	prev = vma_before(s, mm, oldbrk);
	if (prev && prev->end <= mm->start_brk && RULE(s, first_brk_keeps_bss))
		prev = NULL;
	return !do_brk_flags(s, mm, prev, oldbrk, newbrk - oldbrk);
}

static bool shrink(struct sim *s, struct mm *mm, u64 oldbrk, u64 newbrk)
{
	struct vma *v = vma_intersection(s, mm, newbrk, oldbrk);

	T_TEST(s, "brk", "something is mapped between the new and the old break", "vma",
	       v ? v->start : 0, NE, NULL, 0, SIM_U_ADDR, v != NULL, "unmap it",
	       RULE(s, shrink_needs_mapping) ? "unchanged" : "done");
	if (!v)
		return !RULE(s, shrink_needs_mapping);
	return !do_munmap_aligned(s, mm, newbrk, oldbrk);
}

static bool set_brk(struct sim *s, struct mm *mm, u64 brk)
{
	u64 data = mm->limit[SIM_LIMIT_DATA], newbrk, oldbrk = PAGE_ALIGN(mm->brk), want;
	bool locked = mm->def_flags & VM_LOCKED;

	if (brk < mm->start_brk) {
		T_TEST(s, "brk", "below the heap's start", "brk", brk, LT, "start_brk",
		       mm->start_brk, SIM_U_ADDR, true, "unchanged", "go on");
		return false;
	}
	want = brk - mm->start_brk + (mm->end_data - mm->start_data);
	if (data != SIM_UNLIMITED) {
		T_TEST(s, "check_data_rlimit", "RLIMIT_DATA", "heap + data", want, GT, "limit",
		       data, SIM_U_BYTES, want > data, "unchanged", "go on");
		if (want > data)
			return false;
	}
	newbrk = PAGE_ALIGN(brk);
	if (newbrk != oldbrk) {
		if (brk <= mm->brk ? !shrink(s, mm, oldbrk, newbrk) : !grow(s, mm, oldbrk, newbrk))
			return false;
	}
	T_CHANGE(s, "brk", "mm->brk", mm->brk, brk, SIM_U_ADDR);
	locked = locked && newbrk > oldbrk;
	SET(s, mm->brk, brk);
	if (locked)
		mm_populate(s, mm, oldbrk, newbrk - oldbrk, true);
	return true;
}

void op_brk(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	T_ENTER(s, "brk", "move the break", "brk", op->addr, "mm->brk", s->mm->brk, SIM_U_ADDR);
	set_brk(s, s->mm, op->addr);
	res->ret = s->mm->brk;
	res->status = s->mm->brk == op->addr ? SIM_OK : SIM_UNCHANGED;
}
