/* SPDX-License-Identifier: GPL-2.0-or-later
 * The VMAs of an mm in order of address: leaves of up to 32 VMAs and a directory of
 * leaves, plus links to the neighbours. Each leaf knows a bound of the gaps below its
 * VMAs, so that placement skips what cannot fit.
 */
#include <string.h>
#include "mm.h"

static struct dirent *dir_of(const struct sim *s, const struct mm *mm)
{
	return AT(s, mm->dir, struct dirent);
}

static struct leaf *leaf_at(const struct sim *s, const struct mm *mm, u32 i)
{
	return AT(s, dir_of(s, mm)[i].leaf, struct leaf);
}

/* The last leaf whose first VMA starts at or below addr; leaf 0 when none does. */
static u32 dir_search(const struct sim *s, const struct mm *mm, u64 addr)
{
	const struct dirent *d = dir_of(s, mm);
	u32 lo = 0, hi = mm->dir_n;

	while (hi - lo > 1) {
		u32 mid = (lo + hi) / 2;

		if (d[mid].first <= addr)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* How many VMAs of the leaf start at or below addr. */
static unsigned leaf_search(const struct leaf *l, u64 addr)
{
	unsigned lo = 0, hi = (unsigned)l->n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (l->start[mid] <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct vma *vma_look(const struct sim *s, const struct mm *mm, u64 addr)
{
	const struct leaf *l;
	const struct vma *v;
	unsigned k;

	if (!mm->dir_n)
		return NULL;
	l = leaf_at(s, mm, dir_search(s, mm, addr));
	k = leaf_search(l, addr);
	if (!k)
		return AT(s, l->vma[0], const struct vma);
	v = AT(s, l->vma[k - 1], const struct vma);
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

struct vma *vma_search(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = (struct vma *)(uintptr_t)vma_look(s, mm, addr);

	hot_set(s, mm, v);
	return v;
}

struct vma *vma_before(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = vma_find(s, mm, addr);

	if (!v)
		return mm->last ? AT(s, mm->last, struct vma) : NULL;
	return v->start < addr ? v : vma_prev(s, v);
}

u64 vm_start_gap(const struct sim *s, const struct vma *v)
{
	u64 gap = v->flags & VM_GROWSDOWN ? s->prof->stack_guard_gap : 0;

	return v->start >= gap ? v->start - gap : 0;
}

/* All is set here or by vma_insert(): the memory need not be clean. */
struct vma *vma_new(struct sim *s, u64 start, u64 end, u64 flags, u64 pgoff, u32 file)
{
	struct vma *v = arena_alloc_used(s, sizeof(*v), "vm_area_struct");

	if (!v)
		return NULL;
	ADD(s, s->root->next_vma, 1);
	SET(s, v->start, start);
	if (v->end != end)
		SET(s, v->end, end);
	if (v->flags != flags)
		SET(s, v->flags, flags);
	if (v->pgoff != pgoff)
		SET(s, v->pgoff, pgoff);
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
	struct dirent *n = arena_alloc(s, cap * sizeof(*n), "maple node"), *old;

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
	struct dirent *d = dir_of(s, mm);

	for (u32 i = mm->dir_n; i > at; i--) {
		SET(s, d[i].first, d[i - 1].first);
		SET(s, d[i].leaf, d[i - 1].leaf);
	}
	SET(s, d[at].first, first);
	SET(s, d[at].leaf, REF(s, l));
	SET(s, mm->dir_n, mm->dir_n + 1);
}

static void dir_remove(struct sim *s, struct mm *mm, u32 at)
{
	struct dirent *d = dir_of(s, mm);

	arena_free(s, leaf_at(s, mm, at), sizeof(struct leaf));
	for (u32 i = at; i + 1 < mm->dir_n; i++) {
		SET(s, d[i].first, d[i + 1].first);
		SET(s, d[i].leaf, d[i + 1].leaf);
	}
	SET(s, mm->dir_n, mm->dir_n - 1);
	SET(s, d[mm->dir_n].first, 0);
	SET(s, d[mm->dir_n].leaf, 0);
}

/* The upper half of a full leaf becomes a leaf of its own. */
static bool leaf_split(struct sim *s, struct mm *mm, u32 at)
{
	struct leaf *l, *n;
	unsigned half = LEAF_MAX / 2;

	if (mm->dir_n == mm->dir_cap && !dir_grow(s, mm))
		return false;
	n = arena_alloc(s, sizeof(*n), "maple node");
	if (!n)
		return false;
	l = leaf_at(s, mm, at);
	for (unsigned i = half; i < LEAF_MAX; i++) {
		SET(s, n->start[i - half], l->start[i]);
		SET(s, n->vma[i - half], l->vma[i]);
		SET(s, AT(s, l->vma[i], struct vma)->leaf, REF(s, n));
	}
	SET(s, n->n, LEAF_MAX - half);
	SET(s, n->maxgap, l->maxgap);
	SET(s, l->n, half);
	dir_insert(s, mm, at + 1, n, n->start[0]);
	return true;
}

static bool first_leaf(struct sim *s, struct mm *mm)
{
	struct leaf *l;

	if (!mm->dir_cap && !dir_grow(s, mm))
		return false;
	l = arena_alloc(s, sizeof(*l), "maple node");
	if (!l)
		return false;
	dir_insert(s, mm, 0, l, 0);
	return true;
}

bool vma_insert(struct sim *s, struct mm *mm, struct vma *v)
{
	struct vma *prev = NULL, *next;
	struct leaf *l;
	unsigned k;
	u32 at;

	if (!mm->dir_n && !first_leaf(s, mm))
		return false;
	at = dir_search(s, mm, v->start);
	if (leaf_at(s, mm, at)->n == LEAF_MAX) {
		if (!leaf_split(s, mm, at))
			return false;
		at = dir_search(s, mm, v->start);
	}
	if (s->prof->vma_index == SIM_INDEX_RBTREE && !vma_rb_insert(s, mm, v))
		return false;
	l = leaf_at(s, mm, at);
	k = leaf_search(l, v->start);
	if (k)
		prev = AT(s, l->vma[k - 1], struct vma);
	else if (at)
		prev = AT(s, leaf_at(s, mm, at - 1)->vma[leaf_at(s, mm, at - 1)->n - 1],
			  struct vma);
	next = prev ? vma_next(s, prev) : vma_first(s, mm);
	for (unsigned i = (unsigned)l->n; i > k; i--) {
		SET(s, l->start[i], l->start[i - 1]);
		SET(s, l->vma[i], l->vma[i - 1]);
	}
	SET(s, l->start[k], v->start);
	SET(s, l->vma[k], REF(s, v));
	ADD(s, l->n, 1);
	if (!k)
		SET(s, dir_of(s, mm)[at].first, v->start);
	j_save(s, &v->prev);
	v->prev = prev ? REF(s, prev) : 0;
	v->next = next ? REF(s, next) : 0;
	if (v->leaf != REF(s, l))
		SET(s, v->leaf, REF(s, l));
	if (prev)
		SET(s, prev->next, REF(s, v));
	else
		SET(s, mm->first, REF(s, v));
	if (next)
		SET(s, next->prev, REF(s, v));
	else
		SET(s, mm->last, REF(s, v));
	gap_raise(s, v);
	gap_raise(s, next);
	SET(s, mm->map_count, mm->map_count + 1);
	hot_set(s, mm, v);
	return true;
}

/* Where v stands in its leaf. */
static unsigned place_of(const struct sim *s, const struct vma *v, struct leaf **l)
{
	*l = AT(s, v->leaf, struct leaf);
	return leaf_search(*l, v->start) - 1;
}

void vma_remove(struct sim *s, struct mm *mm, struct vma *v)
{
	struct vma *prev = vma_prev(s, v), *next = vma_next(s, v);
	struct leaf *l;
	unsigned k = place_of(s, v, &l);
	u32 at = k && l->n > 1 ? 0 : dir_search(s, mm, v->start);

	if (s->prof->vma_index == SIM_INDEX_RBTREE)
		vma_rb_erase(s, mm, v);
	for (unsigned i = k; i + 1 < l->n; i++) {
		SET(s, l->start[i], l->start[i + 1]);
		SET(s, l->vma[i], l->vma[i + 1]);
	}
	SUB(s, l->n, 1);
	if (!l->n)
		dir_remove(s, mm, at);
	else if (!k)
		SET(s, dir_of(s, mm)[at].first, l->start[0]);
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
void vma_set_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, u64 pgoff)
{
	if (start != v->start) {
		struct leaf *l;
		unsigned k = place_of(s, v, &l);

		if (!k)
			SET(s, dir_of(s, mm)[dir_search(s, mm, v->start)].first, start);
		SET(s, l->start[k], start);
		SET(s, v->start, start);
		gap_raise(s, v);
	}
	if (end != v->end) {
		SET(s, v->end, end);
		gap_raise(s, vma_next(s, v));
	}
	if (pgoff != v->pgoff)
		SET(s, v->pgoff, pgoff);
}

/* Clips the gap below v (NULL: above the last VMA) to [low, high). */
static bool gap_fits(const struct sim *s, const struct mm *mm, const struct vma *v, u64 low,
		     u64 high, u64 len, u64 *start, u64 *end)
{
	const struct vma *p = v	       ? vma_prev(s, v) :
			      mm->last ? AT(s, mm->last, const struct vma) :
					 NULL;
	u64 a = p ? p->end : 0, b = v ? v->start : high;

	if (a < low)
		a = low;
	if (b > high)
		b = high;
	if (b <= a || b - a < len)
		return false;
	*start = a;
	*end = b;
	return true;
}

/* A search of a whole leaf found nothing: its bound becomes exact. */
static void gap_tighten(struct sim *s, struct leaf *l)
{
	u64 max = 0;

	for (unsigned i = 0; i < l->n; i++) {
		u64 g = gap_below(s, AT(s, l->vma[i], struct vma));

		if (g > max)
			max = g;
	}
	if (max != l->maxgap)
		SET(s, l->maxgap, max);
}

bool vma_gap_highest(struct sim *s, struct mm *mm, u64 low, u64 high, u64 len, u64 *start, u64 *end)
{
	if (gap_fits(s, mm, NULL, low, high, len, start, end))
		return true;
	if (!mm->dir_n || high <= low)
		return false;
	for (u32 i = mm->dir_n; i-- > 0;) {
		struct leaf *l = leaf_at(s, mm, i);

		if (l->maxgap >= len) {
			for (unsigned k = (unsigned)l->n; k-- > 0;)
				if (gap_fits(s, mm, AT(s, l->vma[k], struct vma), low, high, len,
					     start, end))
					return true;
			gap_tighten(s, l);
		}
		if (l->start[0] <= low)
			return false;
	}
	return false;
}

bool vma_gap_lowest(struct sim *s, struct mm *mm, u64 low, u64 high, u64 len, u64 *start, u64 *end)
{
	if (high <= low)
		return false;
	for (u32 i = mm->dir_n ? dir_search(s, mm, low) : 0; i < mm->dir_n; i++) {
		struct leaf *l = leaf_at(s, mm, i);

		if (l->maxgap >= len) {
			for (unsigned k = 0; k < l->n; k++)
				if (gap_fits(s, mm, AT(s, l->vma[k], struct vma), low, high, len,
					     start, end))
					return true;
			gap_tighten(s, l);
		}
	}
	return gap_fits(s, mm, NULL, low, high, len, start, end);
}
