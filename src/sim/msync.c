/* SPDX-License-Identifier: GPL-2.0-or-later
 * msync and mseal.
 */
#include <sys/mman.h>
#include "mm.h"

static void sync_range(struct sim *s, struct vma *v, u64 start, u64 end)
{
	struct object *o = object_of(s, v->file);
	u64 from = v->pgoff + ((start - v->start) >> PAGE_SHIFT);

	if (o && !vma_shmem(v) && (v->flags & VM_SHARED))
		object_clean(s, o, from, from + ((end - start) >> PAGE_SHIFT));
}

int do_msync(struct sim *s, struct mm *mm, u64 start, u64 len, u32 flags)
{
	u64 end;
	int hole = 0;
	struct vma *v;
	T_ENTER(s, "msync", "write back", "start", start, "len", len, SIM_U_HEX);

	if (flags & ~(u32)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || (start & ~PAGE_MASK) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	len = PAGE_ALIGN(len);
	end = as_ulong(s, start + len);
	if (end < start)
		return -ENOMEM;
	if (end == start)
		return 0;
	for (v = vma_find(s, mm, start);; v = vma_next(s, v)) {
		if (!v)
			return -ENOMEM;
		if (start < v->start) {
			if (flags == MS_ASYNC)
				return -ENOMEM;
			start = v->start;
			if (start >= end)
				return -ENOMEM;
			hole = -ENOMEM;
		}
		if ((flags & MS_INVALIDATE) && (v->flags & VM_LOCKED))
			return -EBUSY;
		if (flags & MS_SYNC)
			sync_range(s, v, start, v->end < end ? v->end : end);
		start = v->end;
		if (start >= end)
			return hole;
	}
}

int do_mseal(struct sim *s, struct mm *mm, u64 start, u64 len)
{
	u64 size = PAGE_ALIGN(len), end = start + size, at;
	T_ENTER(s, "do_mseal", "seal", "start", start, "len", len, SIM_U_HEX);

	if (!RULE(s, has_mseal))
		return -ENOSYS;
	if ((start & ~PAGE_MASK) || (len && !size) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	for (at = start; at < end;) {
		struct vma *v = vma_lookup(s, mm, at);

		if (!v)
			return -ENOMEM;
		at = v->end;
	}
	for (at = start; at < end;) {
		struct vma *v = vma_lookup(s, mm, at);
		u64 stop = v->end < end ? v->end : end, flags = v->flags | VM_SEALED;
		int err;

		if (!(v->flags & VM_SEALED)) {
			v = vma_modify_flags(s, mm, v, at, stop, &flags, &err);
			if (!v)
				return err;
			if (v->flags != flags)
				SET(s, v->flags, flags);
		}
		at = stop;
	}
	return 0;
}

void op_msync(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_msync(s, s->mm, op->addr, op->len, op->flags));
}

void op_mseal(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_mseal(s, s->mm, op->addr, op->len));
}
