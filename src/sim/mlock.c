/* SPDX-License-Identifier: GPL-2.0-or-later
 * mlock, munlock, mlockall, munlockall.
 */
#include <sys/mman.h>
#include "mm.h"

/* mlock_fixup; *reached is the end of the VMA that holds the range now. */
static int mlock_fixup(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end,
		       u64 newflags, u64 *reached)
{
	u64 old = v->flags;
	int64_t pages = (int64_t)((end - start) >> PAGE_SHIFT);
	int err;

	*reached = v->end;
	if (newflags == old || (old & VM_SPECIAL))
		return 0;
	v = vma_modify_flags(s, mm, v, start, end, &newflags, &err);
	if (!v)
		return err;
	if (!(newflags & VM_LOCKED))
		pages = -pages;
	else if (old & VM_LOCKED)
		pages = 0;
	locked_vm_add(s, mm, pages);
	if (v->flags != newflags)
		SET(s, v->flags, newflags);
	*reached = v->end;
	return 0;
}

static int apply_range(struct sim *s, struct mm *mm, u64 start, u64 len, u64 flags)
{
	u64 end = as_ulong(s, start + len), at, reached;

	if (end < start)
		return -EINVAL;
	for (at = start; at < end; at = reached) {
		struct vma *v = vma_lookup(s, mm, at);
		int err;

		T_TEST(s, "apply_vma_lock_flags", "a VMA here", "address", at, LT, "end", end,
		       SIM_U_ADDR, v != NULL, "change it", "ENOMEM");
		if (!v)
			return -ENOMEM;
		err = mlock_fixup(s, mm, v, at, v->end < end ? v->end : end,
				  (v->flags & ~VM_LOCKED_MASK) | flags, &reached);
		if (err)
			return err;
	}
	return 0;
}

static u64 count_locked(struct sim *s, struct mm *mm, u64 start, u64 len)
{
	u64 end = start + len < start ? UINT64_MAX : start + len, n = 0;

	for (struct vma *v = vma_find(s, mm, start); v && v->start < end; v = vma_next(s, v)) {
		u64 a = v->start > start ? v->start : start, b = v->end < end ? v->end : end;

		if (v->flags & VM_LOCKED)
			n += (b - a) >> PAGE_SHIFT;
	}
	return n;
}

int do_mlock(struct sim *s, struct mm *mm, u64 start, u64 len, u32 flags)
{
	u64 limit = mm->limit[SIM_LIMIT_MEMLOCK] >> PAGE_SHIFT, locked;
	int err;
	T_ENTER(s, "do_mlock", "lock", "start", start, "len", len, SIM_U_HEX);

	if (flags && !RULE(s, has_mlock2))
		return -ENOSYS;
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock(s, mm))
		return -EPERM;
	len = as_ulong(s, PAGE_ALIGN(len + (start & ~PAGE_MASK)));
	start &= PAGE_MASK;
	locked = (len >> PAGE_SHIFT) + mm->locked_vm;
	if (locked > limit && RULE(s, mlock_counts_once))
		locked -= count_locked(s, mm, start, len);
	T_TEST(s, "do_mlock", "RLIMIT_MEMLOCK", "locked", locked, LE, "limit", limit, SIM_U_PAGES,
	       locked <= limit, "go on", "ENOMEM");
	if (locked > limit)
		return -ENOMEM;
	err = apply_range(s, mm, start, len,
			  VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
	if (err)
		return err;
	err = mm_populate(s, mm, start, len, false);
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

int do_munlock(struct sim *s, struct mm *mm, u64 start, u64 len)
{
	T_ENTER(s, "munlock", "unlock", "start", start, "len", len, SIM_U_HEX);
	len = as_ulong(s, PAGE_ALIGN(len + (start & ~PAGE_MASK)));
	return apply_range(s, mm, start & PAGE_MASK, len, 0);
}

static void apply_all(struct sim *s, struct mm *mm, u64 add)
{
	u64 reached;

	for (struct vma *v = vma_first(s, mm); v; v = vma_find(s, mm, reached)) {
		reached = v->end;
		if (mlock_fixup(s, mm, v, v->start, v->end, (v->flags & ~VM_LOCKED_MASK) | add,
				&reached))
			reached = v->end;
	}
}

static void set_def_flags(struct sim *s, struct mm *mm, u64 add)
{
	u64 f = (mm->def_flags & ~VM_LOCKED_MASK) | add;

	if (f != mm->def_flags)
		SET(s, mm->def_flags, f);
}

int do_mlockall(struct sim *s, struct mm *mm, u32 flags)
{
	u64 limit = mm->limit[SIM_LIMIT_MEMLOCK] >> PAGE_SHIFT, add = VM_LOCKED;
	T_ENTER(s, "mlockall", "lock all", "flags", flags, NULL, 0, SIM_U_HEX);

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if ((flags & MCL_ONFAULT) && !RULE(s, has_mlock2))
		return -EINVAL;
	if (!can_do_mlock(s, mm))
		return -EPERM;
	if (flags & MCL_CURRENT) {
		bool over = mm->total_vm > limit;

		T_TEST(s, "mlockall", "RLIMIT_MEMLOCK", "total_vm", mm->total_vm, GT, "limit",
		       limit, SIM_U_PAGES, over, "ENOMEM", "go on");
		if (over)
			return -ENOMEM;
	}
	if (flags & MCL_ONFAULT)
		add |= VM_LOCKONFAULT;
	set_def_flags(s, mm, flags & MCL_FUTURE ? add : 0);
	if (flags & MCL_CURRENT) {
		apply_all(s, mm, add);
		mm_populate(s, mm, 0, s->prof->task_size, true);
	}
	return 0;
}

int do_munlockall(struct sim *s, struct mm *mm)
{
	T_ENTER(s, "munlockall", "unlock all", NULL, 0, NULL, 0, SIM_U_NONE);
	set_def_flags(s, mm, 0);
	apply_all(s, mm, 0);
	return 0;
}

void op_mlock(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct mm *mm = s->mm;

	result_set(res, op->kind == SIM_OP_MLOCK   ? do_mlock(s, mm, op->addr, op->len, op->flags) :
			op->kind == SIM_OP_MUNLOCK ? do_munlock(s, mm, op->addr, op->len) :
			op->kind == SIM_OP_MLOCKALL ? do_mlockall(s, mm, op->flags) :
						      do_munlockall(s, mm));
}
