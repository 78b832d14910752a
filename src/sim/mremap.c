/* SPDX-License-Identifier: GPL-2.0-or-later
 * mremap: shrink, expand in place, move, fixed targets, and leaving the source mapped.
 */
#include <sys/mman.h>
#include "mm.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

struct remap {
	struct mm *mm;
	struct vma *vma;
	u64 addr, old_len, new_len, new_addr, delta;
	u32 flags;
	bool populate;
};

static bool implies_new_addr(const struct remap *r)
{
	return r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

/* ---- page tables ---------------------------------------------------------------------- */

struct move {
	struct vma *old_vma, *new_vma;
	u64 old, new, end;
};

static bool can_align_down(struct sim *s, struct mm *mm, const struct vma *v, u64 addr)
{
	u64 low = addr & ~(s->pmd_size - 1);
	struct vma *hit;

	if (v->start != addr)
		return false;
	hit = vma_intersection(s, mm, low, v->start);
	return !hit;
}

/* Where both places lie alike in their 2 MiB, and nothing else is there, whole tables can move. */
static void try_realign(struct sim *s, struct mm *mm, struct move *m)
{
	u64 mask = s->pmd_size - 1, a = m->old & mask, b = m->new & mask;

	if (m->end - m->old < s->pmd_size - a || !a || a != b || !RULE(s, realigns_moves))
		return;
	if (!can_align_down(s, mm, m->old_vma, m->old) ||
	    !can_align_down(s, mm, m->new_vma, m->new))
		return;
	m->old &= ~mask;
	m->new &= ~mask;
}

static u64 extent_of(const struct move *m, u64 size)
{
	u64 e = ((m->old + size) & ~(size - 1)) - m->old, n;

	if (e > m->end - m->old)
		e = m->end - m->old;
	n = ((m->new + size) & ~(size - 1)) - m->new;
	return e > n ? n : e;
}

static void frame_moved(struct sim *s, u32 pfn, u64 addr)
{
	struct frame *f = frame_at(s, pfn);

	if (f->kind != FR_ANON)
		return;
	j_save(s, f);
	f->vpn = (addr >> PAGE_SHIFT) & 0xfffffffff;
}

static bool move_ptes(struct sim *s, struct mm *mm, const struct move *m, u64 extent)
{
	for (u64 o = 0; o < extent; o += PAGE_SIZE) {
		jword *from = pt_entry(s, mm, m->old + o, 0, false), *to;

		if (!from || !*from)
			continue;
		to = pt_entry(s, mm, m->new + o, 0, true);
		if (!to)
			return false;
		SET(s, *to, *from);
		SET(s, *from, 0);
		if (*to & PTE_P && !(*to & PTE_ZERO))
			frame_moved(s, PTE_PFN(*to), m->new + o);
	}
	return true;
}

static bool move_page_tables(struct sim *s, struct mm *mm, struct vma *old_vma, struct vma *new_vma,
			     u64 old, u64 new, u64 len)
{
	struct move m = {
		.old_vma = old_vma, .new_vma = new_vma, .old = old, .new = new, .end = old + len
	};
	bool whole = RULE(s, moves_tables), puds = RULE(s, moves_puds);
	u64 pud = puds ? pt_span(s, 2) : 0, extent;
	T_ENTER(s, "move_page_tables", "pages change their address", "from", old, "to", new,
		SIM_U_ADDR);

	if (!len)
		return true;
	if (whole)
		try_realign(s, mm, &m);
	for (; m.old < m.end; m.old += extent, m.new += extent) {
		jword *e;

		if (puds) {
			extent = extent_of(&m, pud);
			e = pt_entry(s, mm, m.old, 2, false); /* the pud that serves the old place */
			if (!e || !*e)
				continue;
			if (!pt_entry(s, mm, m.new, 2, true))
				return false;
			if (extent == pud && pt_move_table(s, mm, m.old, m.new, 2))
				continue;
		}
		extent = extent_of(&m, s->pmd_size);
		e = pt_entry(s, mm, m.old, 1, false);
		if (!e || !*e)
			continue;
		if (!pt_entry(s, mm, m.new, 1, true))
			return false;
		if (whole && extent == s->pmd_size && pt_move_table(s, mm, m.old, m.new, 1))
			continue;
		if (!pt_entry(s, mm, m.new, 0, true) || !move_ptes(s, mm, &m, extent))
			return false;
	}
	return true;
}

/* ---- checks --------------------------------------------------------------------------- */

static int check_params(struct sim *s, const struct remap *r)
{
	u64 size = s->prof->task_size;

	if (r->flags & ~(u32)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP) ||
	    (r->addr & ~PAGE_MASK) || !r->new_len || r->new_len > size)
		return -EINVAL;
	if (!implies_new_addr(r))
		return 0;
	if (r->new_addr > size - r->new_len || (r->new_addr & ~PAGE_MASK) ||
	    !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->old_len != r->new_len)
		return -EINVAL;
	if (as_ulong(s, r->addr + r->old_len) > r->new_addr &&
	    as_ulong(s, r->new_addr + r->new_len) > r->addr) {
		T_TEST(s, "check_mremap_params", "the ranges overlap", "addr", r->addr, NE,
		       "new_addr", r->new_addr, SIM_U_ADDR, true, "EINVAL", "go on");
		return -EINVAL;
	}
	if (r->mm->map_count + 2 >= s->opt.max_map_count - 3)
		return -ENOMEM;
	return 0;
}

static int check_prep_vma(struct sim *s, struct remap *r)
{
	struct vma *v = r->vma;
	u64 kept = r->new_len < r->old_len ? r->new_len : r->old_len,
	    pgoff; /* a surplus is unmapped first */
	T_ENTER(s, "check_prep_vma", "the VMA of the old range", "addr", r->addr, "old_len",
		r->old_len, SIM_U_HEX);

	if (!v)
		return -EFAULT;
	if (v->flags & VM_SEALED)
		return -EPERM;
	r->delta = r->old_len > r->new_len ? r->old_len - r->new_len : r->new_len - r->old_len;
	if (!implies_new_addr(r))
		r->new_addr = r->addr;
	if (r->new_len <= r->old_len && !implies_new_addr(r))
		return 0;
	if (!r->old_len && !(v->flags & (VM_SHARED | VM_MAYSHARE)) && RULE(s, zero_old_len_shared))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) &&
	    ((v->flags & (VM_DONTEXPAND | VM_PFNMAP)) ||
	     (!RULE(s, dontunmap_files) && (!vma_anonymous(v) || (v->flags & VM_SHARED)))))
		return -EINVAL;
	T_TEST(s, "check_prep_vma", "the old range lies in one VMA", "old_len", kept, LE,
	       "vm_end - addr", v->end - r->addr, SIM_U_BYTES, kept <= v->end - r->addr, "go on",
	       "EFAULT");
	if (kept > v->end - r->addr)
		return -EFAULT;
	if (r->new_len <= r->old_len && RULE(s, same_length_free))
		return 0;
	if (r->new_len > r->old_len) {
		if (v->flags & (VM_DONTEXPAND | VM_PFNMAP))
			return -EFAULT;
		pgoff = v->pgoff + ((r->addr - v->start) >> PAGE_SHIFT);
		if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
			return -EINVAL;
	}
	if (!mlock_future_ok(s, r->mm, v->flags, r->delta))
		return -EAGAIN;
	if (!may_expand_vm(s, r->mm, v->flags, r->delta >> PAGE_SHIFT))
		return -ENOMEM;
	/* Before there was any need of the memory, and by the wrong name. */
	if ((v->flags & VM_ACCOUNT) && !RULE(s, charge_is_enomem) &&
	    !vm_enough_memory(s, r->mm, r->delta >> PAGE_SHIFT))
		return -EFAULT;
	return 0;
}

/* ---- moving ---------------------------------------------------------------------------- */

static int set_new_addr(struct sim *s, struct remap *r)
{
	u64 pgoff = r->vma->pgoff + ((r->addr - r->vma->start) >> PAGE_SHIFT);
	int64_t a = get_unmapped_area(s, r->mm, r->vma->file, r->vma->flags & VM_MAYSHARE,
				      implies_new_addr(r) ? r->new_addr : 0, r->new_len,
				      vma_anonymous(r->vma) ? 0 : pgoff,
				      r->flags & MREMAP_FIXED ? MAP_FIXED : 0);

	if (a < 0)
		return (int)a;
	r->new_addr = (u64)a;
	return 0;
}

static bool charge(struct sim *s, struct remap *r)
{
	u64 pages = (r->flags & MREMAP_DONTUNMAP ? r->new_len : r->delta) >> PAGE_SHIFT;

	if (!(r->vma->flags & VM_ACCOUNT))
		return true;
	return vm_enough_memory(s, r->mm, pages);
}

static void stat_account(struct sim *s, struct remap *r, u64 bytes)
{
	int64_t pages = (int64_t)(bytes >> PAGE_SHIFT);

	vm_stat_account(s, r->mm, r->vma->flags, r->vma->file, pages);
	if (r->vma->flags & VM_LOCKED) {
		if (!(r->flags & MREMAP_DONTUNMAP) || RULE(s, dontunmap_double_counts))
			locked_vm_add(s, r->mm, pages);
		r->populate = r->new_len > r->old_len;
	}
}

static void flags_or(struct sim *s, struct vma *v, u64 set, u64 clear)
{
	u64 f = (v->flags & ~clear) | set;

	if (f != v->flags)
		SET(s, v->flags, f);
}

/* The moved memory stays charged: its flag is hidden while the source is unmapped. */
static void unmap_source(struct sim *s, struct remap *r)
{
	struct vma *v = r->vma;
	bool acct = v->flags & VM_ACCOUNT;
	u64 start = v->start, end = v->end, stop = r->addr + r->old_len;
	int err;

	if (acct)
		flags_or(s, v, 0, VM_ACCOUNT);
	err = do_munmap(s, r->mm, r->addr, r->old_len);
	r->vma = NULL;
	if (!acct || err)		/* of nothing: the mark is lost */
		return;
	if (start < r->addr)
		flags_or(s, vma_before(s, r->mm, r->addr), VM_ACCOUNT, 0);
	if (end > stop)
		flags_or(s, vma_find(s, r->mm, r->addr), VM_ACCOUNT, 0);
}

/* What is left behind is empty: unlocked, and without its anon_vma when all of it was moved. */
static void dontunmap_complete(struct sim *s, struct remap *r, struct vma *new_vma)
{
	struct vma *v = r->vma;
	u64 flags = v->flags & ~VM_LOCKED_MASK;
	int err;

	if ((v->flags & VM_LOCKED_MASK) && RULE(s, dontunmap_own_vma)) {
		v = vma_modify_flags(s, r->mm, v, r->addr, r->addr + r->old_len, &flags, &err);
		if (!v)
			return;
		r->vma = v;
	}
	if ((v->flags & VM_LOCKED) && RULE(s, dontunmap_double_counts))
		T_NOTE(s, "dontunmap_complete",
		       "kernel mistake: the mark goes, locked_vm keeps the pages", "pages",
		       r->old_len >> PAGE_SHIFT, NULL, 0, SIM_U_PAGES);
	flags_or(s, v, 0, VM_LOCKED_MASK | (RULE(s, dontunmap_keeps_account) ? 0 : VM_ACCOUNT));
	if (new_vma != v && r->addr == v->start && r->addr + r->old_len == v->end && v->chain &&
	    RULE(s, dontunmap_unlinks))
		anon_vma_unlink(s, v);
}

/* The move would split it, or leave a vdso that is not all there. */
static bool part_of_special(const struct sim *s, const struct remap *r)
{
	const struct vma *v = r->vma;

	if (file_special(v->file) && RULE(s, special_whole))
		return v->start != r->addr || v->end != r->addr + r->old_len;
	return v->file == FILE_VDSO && RULE(s, vdso_moves_whole) &&
	       r->new_len != s->prof->vdso_pages << PAGE_SHIFT;
}

static int64_t move_vma(struct sim *s, struct remap *r)
{
	struct mm *mm = r->mm;
	u64 hiwater, pgoff = r->vma->pgoff + ((r->addr - r->vma->start) >> PAGE_SHIFT);
	struct vma *src, *n;
	T_ENTER(s, "move_vma", "move to a new place", "addr", r->addr, "new_addr", r->new_addr,
		SIM_U_ADDR);

	if (mm->map_count >= s->opt.max_map_count - 3)
		return -ENOMEM;
	if (part_of_special(s, r))
		return -EINVAL;
	if (!charge(s, r))
		return -ENOMEM;
	src = r->vma;
	n = vma_copy(s, mm, &src, r->new_addr, r->new_len, pgoff,
		     (r->flags & MREMAP_DONTUNMAP) && RULE(s, dontunmap_own_vma));
	if (!n)
		return -ENOMEM;
	r->vma = src;
	if (!move_page_tables(s, mm, src, n, r->addr, r->new_addr, r->old_len))
		return -ENOMEM;
	hiwater = mm->hiwater_vm;
	stat_account(s, r, r->new_len);
	if (r->flags & MREMAP_DONTUNMAP)
		dontunmap_complete(s, r, n);
	else
		unmap_source(s, r);
	if (mm->hiwater_vm != hiwater)
		SET(s, mm->hiwater_vm, hiwater);
	T_EVENT(s, "move_vma", MAP, "moved to", r->new_addr, SIM_U_ADDR);
	return (int64_t)r->new_addr;
}

static int shrink_vma(struct sim *s, struct remap *r)
{
	int err = do_munmap(s, r->mm, r->addr + r->new_len, r->delta);

	if (err)
		return err;
	r->vma = vma_lookup(s, r->mm, r->addr);
	return r->vma ? 0 : -EFAULT;
}

static int64_t mremap_to(struct sim *s, struct remap *r)
{
	int err;
	T_ENTER(s, "mremap_to", "to a given or new place", "new_addr", r->new_addr, "new_len",
		r->new_len, SIM_U_HEX);

	if (r->flags & MREMAP_FIXED) {
		err = do_munmap(s, r->mm, r->new_addr, r->new_len);
		if (err)
			return err;
		r->vma = vma_lookup(s, r->mm, r->addr);
		if (!r->vma)
			return -EFAULT;
	}
	if (r->new_len < r->old_len) {
		err = shrink_vma(s, r);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	if ((r->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(s, r->mm, r->vma->flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	err = set_new_addr(s, r);
	return err ? err : move_vma(s, r);
}

/* As it was before the source was looked at first: what lies at the new place, and what is too
 * much of the old, is gone when the source turns out to be wrong. */
static int64_t mremap_to_blindly(struct sim *s, struct remap *r)
{
	u64 size = s->prof->task_size;
	int64_t err;
	T_ENTER(s, "mremap_to", "to a given or new place", "new_addr", r->new_addr, "new_len",
		r->new_len, SIM_U_HEX);

	if ((r->new_addr & ~PAGE_MASK) || r->new_len > size || r->new_addr > size - r->new_len)
		return -EINVAL;
	if (as_ulong(s, r->addr + r->old_len) > r->new_addr &&
	    as_ulong(s, r->new_addr + r->new_len) > r->addr) {
		T_TEST(s, "mremap_to", "the ranges overlap", "addr", r->addr, NE, "new_addr",
		       r->new_addr, SIM_U_ADDR, true, "EINVAL", "go on");
		return -EINVAL;
	}
	if (r->mm->map_count + 2 >= s->opt.max_map_count - 3 && RULE(s, fixed_counts_maps))
		return -ENOMEM;
	if (r->flags & MREMAP_FIXED) {
		err = do_munmap(s, r->mm, r->new_addr, r->new_len);
		if (err)
			return err;
	}
	if (r->new_len < r->old_len) {
		err = do_munmap(s, r->mm, as_ulong(s, r->addr + r->new_len), r->old_len - r->new_len);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	r->vma = vma_lookup(s, r->mm, r->addr);
	err = check_prep_vma(s, r);
	if (!err && (r->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(s, r->mm, r->vma->flags, r->old_len >> PAGE_SHIFT))
		err = -ENOMEM;
	if (!err)
		err = set_new_addr(s, r);
	return err ? err : move_vma(s, r);
}

static bool expandable(struct sim *s, struct remap *r)
{
	struct vma *v = r->vma;
	u64 end = v->end + r->delta;

	if (v->end - r->addr != r->old_len || end < v->end)
		return false;
	if (vma_intersection(s, r->mm, v->end, end)) {
		T_NOTE(s, "vma_expandable", "the space above is taken", "vm_end", v->end, "end",
		       end, SIM_U_ADDR);
		return false;
	}
	return get_unmapped_area(s, r->mm, FILE_NONE, false, v->start, end - v->start, 0,
				 MAP_FIXED) >= 0;
}

static int64_t expand_vma(struct sim *s, struct remap *r)
{
	int err;

	if (expandable(s, r)) {
		struct vma *v = r->vma, *n;
		struct merge m = { .mm = r->mm,
				   .prev = v,
				   .next = vma_next(s, v),
				   .start = v->end,
				   .end = v->end + r->delta,
				   .flags = v->flags,
				   .file = v->file,
				   .anon_vma = v->anon_vma,
				   .pgoff = v->pgoff + vma_pages(v) };

		if (!charge(s, r))
			return -ENOMEM;
		if (!RULE(s, grown_merges))
			m.just_expand = true;
		n = vma_merge_new_range(s, &m);
		if (!n)
			return -ENOMEM;
		r->vma = n;
		stat_account(s, r, r->delta);
		return (int64_t)r->addr;
	}
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	err = set_new_addr(s, r);
	return err ? err : move_vma(s, r);
}

static int64_t mremap_at(struct sim *s, struct remap *r)
{
	if (r->new_len == r->old_len)
		return (int64_t)r->addr;
	if (r->new_len < r->old_len) {
		int err = do_munmap(s, r->mm, as_ulong(s, r->addr + r->new_len), r->delta);

		return err ? err : (int64_t)r->addr;
	}
	return expand_vma(s, r);
}

static int check_flags(const struct sim *s, const struct remap *r, const struct sim_op *op)
{
	u32 known = MREMAP_FIXED | MREMAP_MAYMOVE;

	if (RULE(s, has_dontunmap))
		known |= MREMAP_DONTUNMAP;
	if ((r->flags & ~known) ||
	    ((r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(r->flags & MREMAP_MAYMOVE)) ||
	    ((r->flags & MREMAP_DONTUNMAP) && op->len != op->newlen) ||
	    (r->addr & ~PAGE_MASK) || !r->new_len)
		return -EINVAL;
	if (implies_new_addr(r) && (r->new_addr & ~PAGE_MASK) && RULE(s, mremap_params_first))
		return -EINVAL;
	return 0;
}

static int64_t do_mremap_blindly(struct sim *s, struct remap *r, const struct sim_op *op)
{
	int64_t err = check_flags(s, r, op);

	if (err)
		return err;
	r->vma = vma_lookup(s, r->mm, r->addr);
	if (!r->vma && RULE(s, mremap_looks_first))
		return -EFAULT;
	if (r->vma && (r->vma->flags & VM_SEALED))
		return -EPERM;
	if (implies_new_addr(r))
		return mremap_to_blindly(s, r);
	if (r->new_len <= r->old_len) {
		r->delta = r->old_len - r->new_len;
		return mremap_at(s, r);
	}
	err = check_prep_vma(s, r);
	return err ? err : mremap_at(s, r);
}

/* A pure move with MREMAP_FIXED: VMA by VMA, holes are kept. */
static int64_t remap_move(struct sim *s, struct remap *r)
{
	u64 start = r->addr, end = r->addr + r->old_len, target = r->new_addr, last_end = 0,
	    next = start;
	int64_t first = -EFAULT;
	bool seen = false;
	T_ENTER(s, "remap_move", "move every VMA of the range", "start", start, "end", end,
		SIM_U_ADDR);

	for (;;) {
		struct vma *v = next < end ? vma_intersection(s, r->mm, next, end) : NULL;
		u64 addr, len, stop;
		int64_t res;

		if (!v)
			return first;
		if (!seen && start < v->start)
			return -EFAULT;
		addr = v->start > start ? v->start : start;
		stop = v->end < end ? v->end : end;
		len = stop - addr;
		if (seen)
			target += v->start - last_end;
		last_end = v->end;
		r->vma = v;
		r->addr = addr;
		r->new_addr = target;
		r->old_len = r->new_len = len;
		res = check_prep_vma(s, r);
		if (!res)
			res = mremap_to(s, r);
		if (res < 0)
			return res;
		if (!seen)
			first = res;
		target = (u64)res + r->new_len;
		seen = true;
		next = stop;
	}
}

static int64_t do_mremap_checked(struct sim *s, struct remap *r)
{
	int64_t err = check_params(s, r);

	if (err)
		return err;
	if ((r->flags & MREMAP_FIXED) && r->old_len == r->new_len && RULE(s, mremap_multi))
		return remap_move(s, r);
	r->vma = vma_lookup(s, r->mm, r->addr);
	err = check_prep_vma(s, r);
	if (err)
		return err;
	return implies_new_addr(r) ? mremap_to(s, r) : mremap_at(s, r);
}

int64_t do_mremap(struct sim *s, struct mm *mm, const struct sim_op *op)
{
	struct remap r = { .mm = mm,
			   .addr = op->addr,
			   .old_len = as_ulong(s, PAGE_ALIGN(op->len)),
			   .new_len = as_ulong(s, PAGE_ALIGN(op->newlen)),
			   .new_addr = op->newaddr,
			   .flags = op->flags };
	int64_t res;
	T_ENTER(s, "do_mremap", "change size or place", "addr", op->addr, "new_len", op->newlen,
		SIM_U_HEX);

	if (RULE(s, mremap_checks_first))
		res = do_mremap_checked(s, &r);
	else
		res = do_mremap_blindly(s, &r, op);
	if (res >= 0 && r.populate)
		mm_populate(s, mm, r.new_addr + r.old_len, r.delta, true);
	return res;
}

void op_mremap(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_mremap(s, s->mm, op));
}
