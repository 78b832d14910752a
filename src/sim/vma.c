/* SPDX-License-Identifier: GPL-2.0-or-later
 * The VMAs of an mm in order of address: leaves of up to 32 VMAs and a directory of
 * leaves, plus links to the neighbours. Each leaf knows a bound of the gaps below its
 * VMAs, so that placement skips what cannot fit.
 */
#include <string.h>
#include "mm.h"

static struct slot *dir_of(const struct sim *s, const struct mm *mm)
{
	return AT(s, mm->dir, struct slot);
}

static struct leaf *leaf_at(const struct sim *s, const struct mm *mm, u32 i)
{
	return AT(s, dir_of(s, mm)[i].at, struct leaf);
}

/* How many of the n start at or below addr. */
static inline u32 slot_search(const struct slot *a, u32 n, u64 addr)
{
	u32 lo = 0, hi = n;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (a[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The last leaf whose first VMA starts at or below addr; leaf 0 when none does. */
static u32 dir_search(const struct sim *s, const struct mm *mm, u64 addr)
{
	u32 n = slot_search(dir_of(s, mm), mm->dir_n, addr);

	return n ? n - 1 : 0;
}

/* There is room for one more behind the n. */
static void slot_insert(struct sim *s, struct slot *a, u32 n, u32 i, u64 start, ref r)
{
	if (i < n)
		pairs_up(s, a + i, n - i + 1);
	PUT(s, a[i].start, start);
	PUT(s, a[i].at, r);
}

static void slot_remove(struct sim *s, struct slot *a, u32 n, u32 i)
{
	if (i + 1 < n)
		pairs_down(s, a + i, n - i);
}

const struct vma *vma_look(const struct sim *s, const struct mm *mm, u64 addr)
{
	const struct leaf *l;
	const struct vma *v;
	unsigned k;

	if (!mm->dir_n)
		return NULL;
	l = leaf_at(s, mm, dir_search(s, mm, addr));
	k = slot_search(l->slot, (u32)l->n, addr);
	if (!k)
		return AT(s, l->slot[0].at, const struct vma);
	v = AT(s, l->slot[k - 1].at, const struct vma);
	return v->end > addr ? v : vma_next(s, v);
}

static inline void hot_set(struct sim *s, struct mm *mm, struct vma *v)
{
	if (s->hot_mm != mm) {
		s->hot_mm = mm;
		s->hot_table = NULL;
	}
	s->hot_vma = v;
}

noinline struct vma *vma_search(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = (struct vma *)(uintptr_t)vma_look(s, mm, addr);

	hot_set(s, mm, v);
	return v;
}

/* All is set here or by vma_insert(): the memory need not be clean. */
struct vma *vma_new(struct sim *s, u64 start, u64 end, u64 flags, u64 pgoff, u32 file)
{
	struct vma *v = arena_alloc_used(s, sizeof(*v), "vm_area_struct");

	if (!v)
		return NULL;
	ADD(s, s->root->next_vma, 1);
	PUT(s, v->start, start);
	PUT(s, v->end, end);
	PUT(s, v->flags, flags);
	PUT(s, v->pgoff, pgoff);
	j_save(s, &v->file);
	v->file = file;
	v->id = (u32)s->root->next_vma;
	if (v->anon_vma || v->chain) {
		j_save(s, &v->anon_vma);
		v->anon_vma = v->chain = 0;
	}
	return v;
}

void vma_free(struct sim *s, struct vma *v)
{
	if (v->chain)
		anon_vma_unlink(s, v);
	object_put(s, v->file);
	arena_free(s, v, sizeof(*v));
	if (s->hot_vma == v)
		s->hot_vma = NULL;
}

static u64 gap_below(const struct sim *s, const struct vma *v)
{
	const struct vma *p = vma_prev(s, v);

	return v->start - (p ? p->end : 0);
}

static void gap_raise(struct sim *s, struct vma *v)
{
	struct leaf *l;
	u64 gap;

	if (!v)
		return;
	l = AT(s, v->leaf, struct leaf);
	gap = gap_below(s, v);
	if (gap > l->maxgap)
		SET(s, l->maxgap, gap);
}

static bool dir_grow(struct sim *s, struct mm *mm)
{
	u32 cap = mm->dir_cap ? mm->dir_cap * 2 : 8;
	struct slot *n = arena_alloc(s, cap * sizeof(*n), "maple node"), *old;

	if (!n)
		return false;
	if (mm->dir_cap) {
		old = dir_of(s, mm);
		journal_copy(s, n, old, mm->dir_n * sizeof(*n));
		arena_free(s, old, mm->dir_cap * sizeof(*n));
	}
	SET(s, mm->dir, REF(s, n));
	SET(s, mm->dir_cap, cap);
	return true;
}

static void dir_insert(struct sim *s, struct mm *mm, u32 at, struct leaf *l, u64 first)
{
	slot_insert(s, dir_of(s, mm), mm->dir_n, at, first, REF(s, l));
	SET(s, mm->dir_n, mm->dir_n + 1);
}

static noinline void dir_remove(struct sim *s, struct mm *mm, u32 at)
{
	arena_free(s, leaf_at(s, mm, at), sizeof(struct leaf));
	slot_remove(s, dir_of(s, mm), mm->dir_n, at);
	SET(s, mm->dir_n, mm->dir_n - 1);
}

/* The upper half of a full leaf becomes a leaf of its own. */
static noinline bool leaf_split(struct sim *s, struct mm *mm, u32 at)
{
	struct leaf *l, *n;
	unsigned half = LEAF_MAX / 2;

	if (mm->dir_n == mm->dir_cap && !dir_grow(s, mm))
		return false;
	n = arena_alloc_used(s, sizeof(*n), "maple node");
	if (!n)
		return false;
	l = leaf_at(s, mm, at);
	journal_copy(s, n->slot, l->slot + half, (LEAF_MAX - half) * sizeof(*n->slot));
	for (unsigned i = half; i < LEAF_MAX; i++)
		SET(s, AT(s, l->slot[i].at, struct vma)->leaf, REF(s, n));
	PUT(s, n->n, LEAF_MAX - half);
	PUT(s, n->maxgap, l->maxgap);
	SET(s, l->n, half);
	dir_insert(s, mm, at + 1, n, n->slot[0].start);
	return true;
}

static noinline bool first_leaf(struct sim *s, struct mm *mm)
{
	struct leaf *l;

	if (!mm->dir_cap && !dir_grow(s, mm))
		return false;
	l = arena_alloc_used(s, sizeof(*l), "maple node");
	if (!l)
		return false;
	PUT(s, l->n, 0);
	PUT(s, l->maxgap, 0);
	dir_insert(s, mm, 0, l, 0);
	return true;
}

/* The leaf that v goes into behind prev, NULL: as the first. */
static inline struct leaf *leaf_behind(const struct sim *s, const struct mm *mm, const struct vma *prev)
{
	return prev ? AT(s, prev->leaf, struct leaf) : leaf_at(s, mm, 0);
}

/* Where v stands in its leaf. Looked for from the end: a step is short, and easily foreseen. */
static inline u32 place_of(const struct leaf *l, const struct vma *v)
{
	u32 k = (u32)l->n - 1;

	while (l->slot[k].start != v->start)
		k--;
	return k;
}

bool vma_insert(struct sim *s, struct mm *mm, struct vma *v, struct vma *prev)
{
	struct vma *next = prev ? vma_next(s, prev) : vma_first(s, mm);
	struct leaf *l;

	if (!mm->dir_n && !first_leaf(s, mm))
		return false;
	l = leaf_behind(s, mm, prev);
	if (l->n == LEAF_MAX) {
		if (!leaf_split(s, mm, dir_search(s, mm, v->start)))
			return false;
		l = leaf_behind(s, mm, prev);
	}
	if (s->prof->vma_index == SIM_INDEX_RBTREE && !vma_rb_insert(s, mm, v))
		return false;
	slot_insert(s, l->slot, (u32)l->n, prev ? place_of(l, prev) + 1 : 0, v->start, REF(s, v));
	ADD(s, l->n, 1);
	j_save(s, &v->prev);
	v->prev = prev ? REF(s, prev) : 0;
	v->next = next ? REF(s, next) : 0;
	PUT(s, v->leaf, REF(s, l));
	if (prev) {
		SET(s, prev->next, REF(s, v));
	} else {
		SET(s, dir_of(s, mm)[0].start, v->start);
		SET(s, mm->first, REF(s, v));
	}
	if (next)
		SET(s, next->prev, REF(s, v));
	else
		SET(s, mm->last, REF(s, v));
	gap_raise(s, v);
	SET(s, mm->map_count, mm->map_count + 1);
	hot_set(s, mm, v);
	return true;
}

void vma_remove(struct sim *s, struct mm *mm, struct vma *v)
{
	struct vma *prev = vma_prev(s, v), *next = vma_next(s, v);
	struct leaf *l = AT(s, v->leaf, struct leaf);
	u32 k = place_of(l, v);

	if (s->prof->vma_index == SIM_INDEX_RBTREE)
		vma_rb_erase(s, mm, v);
	slot_remove(s, l->slot, (u32)l->n, k);
	SUB(s, l->n, 1);
	if (!l->n)
		dir_remove(s, mm, dir_search(s, mm, v->start));
	else if (!k)
		SET(s, dir_of(s, mm)[dir_search(s, mm, v->start)].start, l->slot[0].start);
	if (prev)
		SET(s, prev->next, v->next);
	else
		SET(s, mm->first, v->next);
	if (next)
		SET(s, next->prev, v->prev);
	else
		SET(s, mm->last, v->prev);
	gap_raise(s, next);
	SET(s, mm->map_count, mm->map_count - 1);
	hot_set(s, mm, next);
}

/* The order among the VMAs stays. */
noinline void vma_set_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, u64 pgoff)
{
	if (start != v->start) {
		struct leaf *l = AT(s, v->leaf, struct leaf);
		u32 k = place_of(l, v);

		if (!k)
			SET(s, dir_of(s, mm)[dir_search(s, mm, v->start)].start, start);
		SET(s, l->slot[k].start, start);
		SET(s, v->start, start);
		gap_raise(s, v);
	}
	if (end != v->end) {
		SET(s, v->end, end);
		gap_raise(s, vma_next(s, v));
	}
	PUT(s, v->pgoff, pgoff);
}

/* The gap between two neighbours (NULL: none is there), of which [low, high) can be had. */
static inline bool gap_fits(struct sim *s, struct mm *mm, const struct vma *below, struct vma *above,
			    u64 low, u64 high, u64 len, struct gap *ret)
{
	u64 a = below ? below->end : 0, b = above ? above->start : high;

	if (a < low)
		a = low;
	if (b > high)
		b = high;
	if (b <= a || b - a < len)
		return false;
	*ret = (struct gap){ .start = a, .end = b, .above = above };
	hot_set(s, mm, above);
	return true;
}

/* A search of a whole leaf found nothing: its bound becomes exact. */
static noinline void gap_tighten(struct sim *s, struct leaf *l)
{
	u64 max = 0;

	for (unsigned i = 0; i < l->n; i++) {
		u64 g = gap_below(s, AT(s, l->slot[i].at, struct vma));

		if (g > max)
			max = g;
	}
	PUT(s, l->maxgap, max);
}

bool vma_gap_highest(struct sim *s, struct mm *mm, u64 low, u64 high, u64 len, struct gap *ret)
{
	if (gap_fits(s, mm, vma_last(s, mm), NULL, low, high, len, ret))
		return true;
	if (high <= low)
		return false;
	for (u32 i = mm->dir_n; i-- > 0;) {
		struct leaf *l = leaf_at(s, mm, i);

		if (l->maxgap >= len) {
			for (u64 k = l->n; k-- > 0;) {
				struct vma *v = AT(s, l->slot[k].at, struct vma);

				if (gap_fits(s, mm, vma_prev(s, v), v, low, high, len, ret))
					return true;
			}
			gap_tighten(s, l);
		}
		if (l->slot[0].start <= low)
			return false;
	}
	return false;
}

bool vma_gap_lowest(struct sim *s, struct mm *mm, u64 low, u64 high, u64 len, struct gap *ret)
{
	if (high <= low)
		return false;
	for (u32 i = mm->dir_n ? dir_search(s, mm, low) : 0; i < mm->dir_n; i++) {
		struct leaf *l = leaf_at(s, mm, i);

		if (l->maxgap >= len) {
			for (u64 k = 0; k < l->n; k++) {
				struct vma *v = AT(s, l->slot[k].at, struct vma);

				if (gap_fits(s, mm, vma_prev(s, v), v, low, high, len, ret))
					return true;
			}
			gap_tighten(s, l);
		}
	}
	return gap_fits(s, mm, vma_last(s, mm), NULL, low, high, len, ret);
}
