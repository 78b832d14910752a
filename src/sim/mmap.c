/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmap: flags, place, limits, what it replaces, merging or a new VMA.
 */
#include <sys/mman.h>
#include "mm.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static u64 prot_bits(u32 prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
	       (prot & PROT_EXEC ? VM_EXEC : 0);
}

static u64 flag_bits(const struct sim *s, u32 flags)
{
	return (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) | (flags & MAP_LOCKED ? VM_LOCKED : 0) |
	       (flags & MAP_STACK && RULE(s, stack_mapping_nohuge) ? VM_NOHUGEPAGE : 0);
}

struct request {
	u64 addr, len, vm_flags, pgoff;
	u32 file, flags;
	bool shared;
};

/* Whatever its size is now, a regular file may become this long on every file system. */
static bool file_mmap_ok(struct sim *s, const struct request *r)
{
	u64 max = INT64_MAX, room = (max - r->len) >> PAGE_SHIFT;
	bool ok = r->len <= max && r->pgoff <= room;

	if (!RULE(s, file_size_checked))
		return true;
	T_TEST(s, "file_mmap_ok", "too long for a file", "pgoff", r->pgoff, GT, "room", room,
	       SIM_U_PAGES, !ok, "EOVERFLOW", "go on");
	return ok;
}

/* What the sharing and the kind of backing add to the flags; an errno. */
static int backing_flags(struct sim *s, const struct sim_op *op, struct request *r)
{
	bool grows = (r->vm_flags & VM_GROWSDOWN) && RULE(s, growsdown_checked_first);

	if (op->backing != SIM_ANON) {
		if (!file_mmap_ok(s, r))
			return -EOVERFLOW;
		if (r->shared) {
			if ((op->prot & PROT_WRITE) && op->backing == SIM_ROFILE)
				return -EACCES;
			r->vm_flags |= VM_SHARED | VM_MAYSHARE;
			if (op->backing == SIM_ROFILE)
				r->vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
		}
		return grows ? -EINVAL : 0;
	}
	if (r->shared) {
		if (grows)
			return -EINVAL;
		r->pgoff = 0;
		r->vm_flags |= VM_SHARED | VM_MAYSHARE;
	} else {
		r->pgoff = r->addr >> PAGE_SHIFT;
	}
	return 0;
}

/* What was refused only when the new VMA is filled in, with the old ones gone. */
static bool grows_too_late(const struct sim *s, const struct request *r)
{
	if (!(r->vm_flags & VM_GROWSDOWN) || RULE(s, growsdown_checked_first))
		return false;
	return r->file || (r->shared && RULE(s, growsdown_private));
}

static struct vma *new_vma(struct sim *s, struct mm *mm, const struct request *r, struct vma *prev)
{
	struct vma *v;
	u32 file = r->file;

	if (r->file == FILE_NONE && r->shared) {
		file = shmem_create(s, r->len);
		if (!file)
			return NULL;
	}
	v = vma_new(s, r->addr, r->addr + r->len, r->vm_flags, r->pgoff, file);
	if (!v)
		return NULL;
	object_get(s, file);
	return vma_insert(s, mm, v, prev) ? v : NULL;
}

static u64 mapped_pages(struct sim *s, struct mm *mm, u64 start, u64 end)
{
	u64 n = 0;

	for (struct vma *v = vma_find(s, mm, start); v && v->start < end; v = vma_next(s, v))
		n += ((v->end < end ? v->end : end) - (v->start > start ? v->start : start)) >>
		     PAGE_SHIFT;
	return n;
}

/* Clears the range before most is looked at: what fails later has lost it. */
static int unmap_first(struct sim *s, struct mm *mm, const struct request *r)
{
	u64 end = r->addr + r->len, pages = r->len >> PAGE_SHIFT;

	if (RULE(s, mmap_gathers_first))
		return 0;
	if (RULE(s, fixed_limit_first) &&
	    !may_expand_vm(s, mm, r->vm_flags, pages - mapped_pages(s, mm, r->addr, end)))
		return -ENOMEM;
	if (vma_intersection(s, mm, r->addr, end) && do_munmap_aligned(s, mm, r->addr, end))
		return -ENOMEM;
	return 0;
}

static int64_t mmap_region(struct sim *s, struct mm *mm, struct request *r)
{
	u64 pages = r->len >> PAGE_SHIFT;
	bool checked = !RULE(s, mmap_gathers_first) && RULE(s, fixed_limit_first);
	struct munmap u;
	struct merge m;
	struct vma *v = NULL;
	int err;
	T_ENTER(s, "__mmap_region", "map", "addr", r->addr, "len", r->len, SIM_U_HEX);

	err = unmap_first(s, mm, r);
	if (!err)
		err = munmap_gather(s, mm, vma_find(s, mm, r->addr), r->addr, r->addr + r->len, &u);
	if (err)
		return err;
	if (!checked && !may_expand_vm(s, mm, r->vm_flags, pages - u.nr_pages))
		return -ENOMEM;
	if ((r->vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE) {
		if (pages != u.accounted && !vm_enough_memory(s, mm, pages - u.accounted))
			return -ENOMEM;
		r->vm_flags |= VM_ACCOUNT;
	}
	munmap_clear(s, mm, &u);
	m = (struct merge){ .mm = mm,
			    .prev = u.prev,
			    .next = u.next,
			    .start = r->addr,
			    .end = r->addr + r->len,
			    .flags = r->vm_flags,
			    .pgoff = r->pgoff,
			    .file = r->file };
	v = vma_merge_new_range(s, &m);
	if (!v && grows_too_late(s, r))
		return -EINVAL;
	if (!v) {
		if (r->file == FILE_NONE && r->shared && !(r->vm_flags & VM_NORESERVE) &&
		    !vm_enough_memory(s, mm, pages)) {
			munmap_complete(s, mm, &u);
			return -ENOMEM;
		}
		v = new_vma(s, mm, r, u.prev);
	}
	if (!v)
		return -ENOMEM;
	munmap_complete(s, mm, &u);
	vm_stat_account(s, mm, r->vm_flags, v->file, (int64_t)pages);
	if (r->vm_flags & VM_LOCKED)
		locked_vm_add(s, mm, (int64_t)pages);
	T_EVENT(s, "__mmap_region", MAP, "mapped at", r->addr, SIM_U_ADDR);
	return (int64_t)r->addr;
}

static int64_t mmap_checked(struct sim *s, struct mm *mm, const struct sim_op *op,
			    struct request *r)
{
	int64_t addr;
	int err;

	r->vm_flags = prot_bits(op->prot) | flag_bits(s, r->flags) | mm->def_flags | VM_MAYREAD |
		      VM_MAYWRITE | VM_MAYEXEC;
	addr = get_unmapped_area(s, mm, r->file, r->shared, r->addr, r->len, r->pgoff, r->flags);
	if (addr < 0)
		return addr;
	r->addr = (u64)addr;
	if (r->flags & MAP_FIXED_NOREPLACE && vma_intersection(s, mm, r->addr, r->addr + r->len))
		return -EEXIST;
	if ((r->flags & MAP_LOCKED) && !can_do_mlock(s, mm))
		return -EPERM;
	if (!mlock_future_ok(s, mm, r->vm_flags, r->len))
		return -EAGAIN;
	err = backing_flags(s, op, r);
	if (err)
		return err;
	if ((r->flags & MAP_NORESERVE) && s->opt.overcommit_memory != 2)
		r->vm_flags |= VM_NORESERVE;
	return mmap_region(s, mm, r);
}

int64_t do_mmap(struct sim *s, struct mm *mm, const struct sim_op *op)
{
	static const u8 file_of[] = { [SIM_ANON] = FILE_NONE, [SIM_FILE] = FILE_RW, [SIM_ROFILE] = FILE_RO };
	struct request r = {
		.addr = op->addr,
		.len = op->len,
		.flags = op->flags,
		.pgoff = op->off >> PAGE_SHIFT,
		.file = file_of[op->backing],
		.shared = (op->flags & MAP_TYPE) != MAP_PRIVATE,
	};
	bool full;
	int64_t ret;
	T_ENTER(s, "do_mmap", "map memory", "addr", op->addr, "len", op->len, SIM_U_HEX);

	if (op->off & ~PAGE_MASK)
		return -EINVAL;
	if (!r.len)
		return -EINVAL;
	if (!RULE(s, fixed_noreplace))
		r.flags &= ~(u32)MAP_FIXED_NOREPLACE;	/* an unknown flag: the address is a hint */
	if (r.flags & MAP_FIXED_NOREPLACE)
		r.flags |= MAP_FIXED;
	if (!(r.flags & MAP_FIXED)) {
		r.addr &= PAGE_MASK;
		if (r.addr && r.addr < s->prof->mmap_min_addr)
			r.addr = PAGE_ALIGN(s->prof->mmap_min_addr);
	}
	r.len = as_ulong(s, PAGE_ALIGN(r.len));
	if (!r.len)
		return -ENOMEM;
	if (as_ulong(s, r.pgoff + (r.len >> PAGE_SHIFT)) < r.pgoff)
		return -EOVERFLOW;
	full = mm->map_count > s->opt.max_map_count;
	T_TEST(s, "do_mmap", "too many VMAs", "map_count", mm->map_count, GT, "max_map_count",
	       s->opt.max_map_count, SIM_U_COUNT, full, "ENOMEM", "go on");
	if (full)
		return -ENOMEM;
	ret = mmap_checked(s, mm, op, &r);
	if (ret >= 0 &&
	    ((r.vm_flags & VM_LOCKED) || (r.flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE))
		mm_populate(s, mm, (u64)ret, r.len, true);
	return ret;
}

HOT void op_mmap(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_mmap(s, s->mm, op));
}

int64_t map_special(struct sim *s, struct mm *mm, u32 file, u64 start, u64 len, u64 flags)
{
	u64 pgoff = file == FILE_NONE ? start >> PAGE_SHIFT :
		    file == FILE_EXE  ? (start - s->prof->text) >> PAGE_SHIFT :
					0;
	struct vma *v = vma_new(s, start, start + len, flags, pgoff, file);

	if (!v)
		return -ENOMEM;
	if (!vma_insert(s, mm, v, vma_before(s, mm, start)))
		return -ENOMEM;
	vm_stat_account(s, mm, flags, file, (int64_t)(len >> PAGE_SHIFT));
	return (int64_t)start;
}
