/* SPDX-License-Identifier: GPL-2.0-or-later
 * Merging and splitting of VMAs: vma_merge_new_range, vma_merge_existing_range,
 * __split_vma, vma_modify, copy_vma.
 */
#include "mm.h"

static u64 sticky(const struct sim *s)
{
	return RULE(s, guard_flag_shown) ? VM_MAYBE_GUARD : 0;
}

static bool had_uncowed_parents(const struct sim *s, const struct vma *v)
{
	return v && v->anon_vma && !anon_vma_singular(s, v);
}

static bool mergeable_vma(struct sim *s, const struct merge *m, const struct vma *v)
{
	bool ok = !((v->flags ^ m->flags) & ~sticky(s));

	T_TEST(s, "is_mergeable_vma", "flags of the neighbour equal the range's", "neighbour",
	       v->flags, EQ, "range", m->flags, SIM_U_FLAGS, ok, "go on",
	       "not merged: flags differ");
	if (!ok)
		return false;
	ok = v->file == m->file;
	T_TEST(s, "is_mergeable_vma", "the same open file", "neighbour", v->file, EQ, "range",
	       m->file, SIM_U_COUNT, ok, "go on", "not merged: vm_file differs");
	return ok;
}

static bool mergeable_anon_vma(struct sim *s, const struct merge *m, const struct vma *v)
{
	bool ok;

	if (!RULE(s, merge_minds_parents))
		ok = !v->anon_vma || !m->anon_vma || v->anon_vma == m->anon_vma;
	else if (!v->anon_vma && m->anon_vma)
		ok = !had_uncowed_parents(s, m->middle) &&
		     !had_uncowed_parents(s, m->copied_from) &&
		     RULE(s, merge_faulted_into_unfaulted);
	else if (v->anon_vma && !m->anon_vma)
		ok = !had_uncowed_parents(s, v);
	else
		ok = v->anon_vma == m->anon_vma;
	T_TEST(s, "is_mergeable_anon_vma",
	       "anon_vma equal, or one side has none and the other no parents", "neighbour",
	       anon_vma_id(s, v->anon_vma), EQ, "range",
	       anon_vma_id(s, m->anon_vma), SIM_U_COUNT, ok, "go on",
	       "not merged: different anon_vma");
	return ok;
}

static bool can_merge_left(struct sim *s, const struct merge *m)
{
	struct vma *p = m->prev;
	bool ok;

	if (!p || p->end != m->start)
		return false;
	T_NOTE(s, "can_vma_merge_left", "neighbour below", "start", p->start, "end", p->end,
	       SIM_U_ADDR);
	if (!mergeable_vma(s, m, p) || !mergeable_anon_vma(s, m, p))
		return false;
	ok = p->pgoff + vma_pages(p) == m->pgoff;
	T_TEST(s, "can_vma_merge_after", "page offsets continue", "prev->vm_pgoff + pages",
	       p->pgoff + vma_pages(p), EQ, "pgoff", m->pgoff, SIM_U_HEX, ok,
	       "the VMA below can take the range", "not merged: vm_pgoff");
	return ok;
}

static bool can_merge_right(struct sim *s, const struct merge *m, bool left)
{
	struct vma *n = m->next;
	bool ok;

	if (!n || n->start != m->end)
		return false;
	T_NOTE(s, "can_vma_merge_right", "neighbour above", "start", n->start, "end", n->end,
	       SIM_U_ADDR);
	if (!mergeable_vma(s, m, n) || !mergeable_anon_vma(s, m, n))
		return false;
	ok = n->pgoff == m->pgoff + ((m->end - m->start) >> PAGE_SHIFT);
	T_TEST(s, "can_vma_merge_before", "page offsets continue", "next->vm_pgoff", n->pgoff, EQ,
	       "pgoff + pages", m->pgoff + ((m->end - m->start) >> PAGE_SHIFT), SIM_U_HEX, ok,
	       "the VMA above can take the range", "not merged: vm_pgoff");
	if (!ok || !left)
		return ok;
	ok = !m->prev->anon_vma || !n->anon_vma || m->prev->anon_vma == n->anon_vma;
	T_TEST(s, "can_vma_merge_right", "both neighbours fit each other", "prev->anon_vma",
	       anon_vma_id(s, m->prev->anon_vma), EQ, "next->anon_vma", anon_vma_id(s, n->anon_vma),
	       SIM_U_COUNT, ok,
	       "all three become one", "only the lower one takes the range");
	return ok;
}

static noinline bool dup_anon_vma(struct sim *s, struct vma *dst, struct vma *src)
{
	if (!src->anon_vma || dst->anon_vma)
		return true;
	SET(s, dst->anon_vma, src->anon_vma);
	return anon_vma_clone(s, dst, src);
}

static noinline void drop(struct sim *s, struct mm *mm, struct vma *v)
{
	vma_remove(s, mm, v);
	vma_free(s, v);
}

static void keep_sticky(struct sim *s, struct vma *target, u64 flags)
{
	if (flags & sticky(s) & ~target->flags)
		SET(s, target->flags, target->flags | (flags & sticky(s)));
}

static void merged(struct sim *s, const char *func, const struct vma *v)
{
	T_EVENT(s, func, MERGE, "merged into the VMA at", v->start, SIM_U_ADDR);
	(void)s;
	(void)func;
	(void)v;
}

struct vma *vma_merge_new_range(struct sim *s, struct merge *m)
{
	struct vma *target, *gone = NULL;
	u64 start = m->start, end = m->end, pgoff = m->pgoff;
	bool left, right;

	T_ENTER(s, "vma_merge_new_range", "can a neighbour take the range?", "start", start, "end",
		end, SIM_U_ADDR);
	if ((m->flags & VM_SPECIAL) || (!m->prev && !m->next))
		return NULL;
	left = can_merge_left(s, m);
	right = !m->just_expand && can_merge_right(s, m, left);
	if (!left && !right)
		return NULL;
	if (left && !right && RULE(s, fills_upper) && !m->just_expand && can_merge_right(s, m, false)) {
		left = false;
		right = true;
	}
	target = left ? m->prev : m->next;
	if (right) {
		end = m->next->end;
		if (left)
			gone = m->next;
	}
	if (left) {
		start = m->prev->start;
		pgoff = m->prev->pgoff;
	}
	if (gone && !dup_anon_vma(s, target, gone))
		return NULL;
	if (m->copied_from && !dup_anon_vma(s, target, m->copied_from))
		return NULL;
	keep_sticky(s, target, m->flags | (gone ? gone->flags : 0));
	if (gone)
		drop(s, m->mm, gone);
	vma_set_range(s, m->mm, target, start, end, pgoff);
	merged(s, "vma_expand", target);
	return target;
}

/* m->middle is a VMA, [start, end) a part of it that gets m->flags. */
static struct vma *merge_existing_range(struct sim *s, struct merge *m)
{
	struct vma *mid = m->middle, *target;
	bool at_start = m->start == mid->start, at_end = m->end == mid->end, left, right, ok;
	u64 all = m->flags;

	T_ENTER(s, "vma_merge_existing_range", "can a neighbour take the changed part?", "start",
		m->start, "end", m->end, SIM_U_ADDR);
	if ((m->flags & VM_SPECIAL) || (!at_start && !at_end))
		return NULL;
	m->prev = vma_prev(s, mid);
	m->next = vma_next(s, mid);
	left = at_start && can_merge_left(s, m);
	right = at_end && can_merge_right(s, m, left);
	if (!left && !right)
		return NULL;
	all |= mid->flags;
	if (left && right) {
		u64 end = m->next->end;

		target = m->prev;
		all |= m->next->flags;
		ok = dup_anon_vma(s, target, m->next->anon_vma ? m->next : mid);
		if (!ok)
			return NULL;
		drop(s, m->mm, mid);
		drop(s, m->mm, m->next);
		vma_set_range(s, m->mm, target, target->start, end, target->pgoff);
	} else if (left) {
		target = m->prev;
		if (!dup_anon_vma(s, target, mid))
			return NULL;
		if (at_end)
			drop(s, m->mm, mid);
		else
			vma_set_range(s, m->mm, mid, m->end, mid->end,
				      mid->pgoff + ((m->end - mid->start) >> PAGE_SHIFT));
		vma_set_range(s, m->mm, target, target->start, m->end, target->pgoff);
	} else {
		u64 pages = (m->end - m->start) >> PAGE_SHIFT;

		target = m->next;
		if (!dup_anon_vma(s, target, mid))
			return NULL;
		if (at_start)
			drop(s, m->mm, mid);
		else
			vma_set_range(s, m->mm, mid, mid->start, m->start, mid->pgoff);
		vma_set_range(s, m->mm, target, m->start, target->end, target->pgoff - pages);
	}
	keep_sticky(s, target, all);
	merged(s, "commit_merge", target);
	return target;
}

/* __split_vma: without the check of max_map_count. */
static noinline int split_vma(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool new_below)
{
	u64 start = v->start, end = v->end, pgoff = v->pgoff, off = (addr - v->start) >> PAGE_SHIFT;
	struct vma *n;

	T_ENTER(s, "__split_vma", "one VMA becomes two", "vm_start", v->start, "addr", addr,
		SIM_U_ADDR);
	if (file_special(v->file) && RULE(s, special_whole))
		return -EINVAL;
	n = vma_new(s, new_below ? start : addr, new_below ? addr : end, v->flags,
		    new_below ? pgoff : pgoff + off, v->file);
	if (!n)
		return -ENOMEM;
	if (v->anon_vma)
		SET(s, n->anon_vma, v->anon_vma);
	if (!anon_vma_clone(s, n, v))
		return -ENOMEM;
	object_get(s, n->file);
	if (new_below)
		vma_set_range(s, mm, v, addr, end, pgoff + off);
	else
		vma_set_range(s, mm, v, start, addr, pgoff);
	if (!vma_insert(s, mm, n, new_below ? vma_prev(s, v) : v))
		return -ENOMEM;
	T_EVENT(s, "__split_vma", SPLIT, "split at", addr, SIM_U_ADDR);
	return 0;
}

int vma_split(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool new_below)
{
	return split_vma(s, mm, v, addr, new_below);
}

static int split_checked(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool new_below)
{
	bool full = mm->map_count >= s->opt.max_map_count;

	T_TEST(s, "split_vma", "room for one more VMA", "map_count", mm->map_count, GE,
	       "max_map_count", s->opt.max_map_count, SIM_U_COUNT, full, "ENOMEM", "split");
	return full ? -ENOMEM : split_vma(s, mm, v, addr, new_below);
}

struct vma *vma_modify_flags(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end,
			     u64 *flags, int *err)
{
	struct merge m = {
		.mm = mm, .middle = v, .start = start, .end = end, .flags = *flags, .file = v->file,
		.pgoff = v->pgoff + ((start - v->start) >> PAGE_SHIFT), .anon_vma = v->anon_vma,
	};
	struct vma *r = merge_existing_range(s, &m);

	*err = 0;
	if (r) {
		*flags |= r->flags & sticky(s);
		return r;
	}
	if (v->start < start)
		*err = split_checked(s, mm, v, start, true);
	if (!*err && v->end > end)
		*err = split_checked(s, mm, v, end, false);
	return *err ? NULL : v;
}

/* The VMA at the new place of what mremap moves; *src may have been merged into it. */
struct vma *vma_copy(struct sim *s, struct mm *mm, struct vma **src, u64 addr, u64 len, u64 pgoff,
		     bool apart)
{
	struct vma *v = *src, *n;
	u64 start = v->start;
	struct merge m = { .mm = mm,
			   .start = addr,
			   .end = addr + len,
			   .flags = v->flags,
			   .file = v->file,
			   .copied_from = v };

	T_ENTER(s, "copy_vma", "the VMA at the new place", "addr", addr, "len", len, SIM_U_ADDR);
	if (vma_anonymous(v) && !v->anon_vma) {
		pgoff = addr >> PAGE_SHIFT;
		T_NOTE(s, "copy_vma", "never written: the page offset follows the address",
		       "vm_pgoff", pgoff, NULL, 0, SIM_U_HEX);
	}
	m.pgoff = pgoff;
	m.anon_vma = v->anon_vma;
	m.next = vma_find(s, mm, addr);
	m.prev = m.next ? vma_prev(s, m.next) : mm->last ? AT(s, mm->last, struct vma) : NULL;
	if (apart && m.next == v)
		m.next = NULL;
	if (apart && m.prev == v)
		m.prev = NULL;
	n = vma_merge_new_range(s, &m);
	if (n) {
		if (start >= n->start && start < n->end)
			*src = n;
		return n;
	}
	n = vma_new(s, addr, addr + len, v->flags, pgoff, v->file);
	if (!n)
		return NULL;
	if (v->anon_vma)
		SET(s, n->anon_vma, v->anon_vma);
	if (!anon_vma_clone(s, n, v))
		return NULL;
	object_get(s, n->file);
	return vma_insert(s, mm, n, vma_before(s, mm, addr)) ? n : NULL;
}
