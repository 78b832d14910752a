/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pieces are made bottom up: VMAs, then what belongs together (atoms), then families
 * of atoms, then whatever lies close. The first division that leaves the map some air
 * is taken. All passes are linear in the number of VMAs and look at no text but paths.
 */
#include "ui/views/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "ui/views/paint.h"

#define KiB (1024ull)
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)

static const uint64_t file_gap = 4 * MiB;	/* between parts of one file, at most */
static const uint64_t family_gap = 1 * GiB;	/* between files or threads of one block */
static const uint64_t family_anon = 64 * MiB;	/* anonymous memory absorbed between files */
static const uint64_t crumbs = 16 * MiB;	/* small anonymous mappings, together at most */

static void push(struct blocks *b, struct block k)
{
	VEC_GROW(b->v, b->n, b->cap);
	b->v[b->n++] = k;
}

static bool same_path(const struct vma *a, const struct vma *b)
{
	return a->path == b->path || !strcmp(a->path, b->path);
}

static bool same_file(const struct vma *a, const struct vma *b)
{
	return a->inode && a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && same_path(a, b);
}

static bool is_vdso(const struct vma *v)
{
	return v->role == ROLE_VDSO || v->role == ROLE_VVAR;
}

static bool is_plain_anon(const struct vma *v)
{
	return !v->inode && (v->role == ROLE_ANON || v->role == ROLE_GUARD ||
			     v->role == ROLE_OTHER);
}

/* Does v go on what the block k, whose last VMA is p, began? */
static bool continues(const struct block *k, const struct layout *l, const struct vma *p,
		      const struct vma *v)
{
	const struct vma *next = v + 1 < l->vmas + l->n ? v + 1 : NULL;
	bool touching = p->end == v->start;

	if (v->start - p->end <= file_gap && same_file(&l->vmas[k->first], v))
		return k->kind == BLOCK_VMA || k->kind == BLOCK_FILE;
	if (!touching)
		return is_vdso(p) && is_vdso(v) && v->start - p->end <= file_gap;
	if (is_vdso(p))
		return is_vdso(v);
	if (v->role == ROLE_BSS)
		return p->inode != 0;
	if (v->role == ROLE_THREAD_STACK)
		return p->role == ROLE_GUARD && k->first == k->last;
	if (v->role == ROLE_GUARD && next && next->start == v->end &&
	    next->role == ROLE_THREAD_STACK)
		return false;		/* it guards the stack above */
	if (is_plain_anon(v) && is_plain_anon(p) && p->role != ROLE_THREAD_STACK)
		return k->kind != BLOCK_THREAD && same_path(p, v);
	return false;
}

static uint8_t kind_of(const struct vma *first, const struct vma *v)
{
	if (v->role == ROLE_THREAD_STACK)
		return BLOCK_THREAD;
	if (is_vdso(v))
		return BLOCK_VDSO;
	return first->inode ? BLOCK_FILE : BLOCK_ANON;
}

static void atoms_make(struct blocks *b, const struct layout *l, bool join)
{
	uint64_t largest = 0;

	b->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];
		struct block *k = b->n ? &b->v[b->n - 1] : NULL;

		if (join && k && continues(k, l, v - 1, v)) {
			k->kind = kind_of(&l->vmas[k->first], v);
			k->end = v->end;
			k->mapped += vma_size(v);
			k->last = (uint32_t)i;
			/* A guard is never what a block is about. */
			if (v->role != ROLE_GUARD &&
			    (vma_size(v) > largest || k->role == ROLE_GUARD)) {
				largest = vma_size(v);
				k->role = v->role;
			}
			continue;
		}
		push(b, (struct block){ .start = v->start, .end = v->end, .mapped = vma_size(v),
					.first = (uint32_t)i, .last = (uint32_t)i, .count = 1, .kind = BLOCK_VMA,
					.role = v->role });
		largest = vma_size(v);
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].kind == BLOCK_VDSO)
			b->v[i].role = ROLE_VDSO;
	/* A file's text is what people look for, whatever else of it is larger. */
	for (size_t i = 0; join && i < b->n; i++)
		if (b->v[i].kind == BLOCK_FILE)
			for (uint32_t j = b->v[i].first; j <= b->v[i].last; j++)
				if (l->vmas[j].role == ROLE_TEXT)
					b->v[i].role = ROLE_TEXT;
}

static bool is_thread(const struct block *k)
{
	return k->kind == BLOCK_THREAD || k->kind == BLOCK_THREADS ||
	       (k->kind == BLOCK_VMA && k->role == ROLE_THREAD_STACK);
}

static bool is_file(const struct block *k, const struct layout *l)
{
	return k->kind == BLOCK_FILE || k->kind == BLOCK_FILES ||
	       (k->kind == BLOCK_VMA && l->vmas[k->first].inode && k->role != ROLE_SHARED);
}

static void absorb(struct block *k, const struct block *m)
{
	if (m->mapped > k->mapped && m->role != ROLE_GUARD)
		k->role = m->role;
	k->end = m->end;
	k->mapped += m->mapped;
	k->last = m->last;
}

/* Joins families: threads always, files when asked. */
static void families_join(struct blocks *b, const struct layout *l, bool files)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct block *m = &b->v[i];
		struct block *k = n ? &b->v[n - 1] : NULL;
		bool near = k && m->start - k->end < family_gap;
		/* What an allocator keeps between them does not part a family. */
		bool between = near && i + 1 < b->n && m->end - m->start < family_anon &&
			       m[1].start - m->end < family_gap &&
			       (m->kind == BLOCK_ANON || (m->kind == BLOCK_VMA && m->role == ROLE_ANON));

		if (near && is_thread(k) && is_thread(m)) {
			absorb(k, m);
			k->kind = BLOCK_THREADS;
			k->count += m->count;
		} else if (files && near && is_file(k, l) && is_file(m, l)) {
			absorb(k, m);
			k->kind = BLOCK_FILES;
			k->count += m->count;
			k->role = ROLE_TEXT;
		} else if (between && is_thread(k) && is_thread(m + 1)) {
			k->end = m->end;
			k->mapped += m->mapped;
			k->last = m->last;
			k->kind = BLOCK_THREADS;
		} else if (files && between && is_file(k, l) && is_file(m + 1, l)) {
			absorb(k, m);
			k->kind = BLOCK_FILES;
			k->role = ROLE_TEXT;
		} else {
			b->v[n++] = *m;
		}
	}
	b->n = n;
}

/* What people look for first is never hidden among its neighbours. */
static bool is_landmark(const struct block *k)
{
	return k->role == ROLE_STACK || k->role == ROLE_HEAP || k->role == ROLE_VSYSCALL;
}

/* Crumbs that an allocator throws all over the space: how far apart they lie says little. */
static bool is_crumb(const struct block *k)
{
	return k->mapped < crumbs && (k->role == ROLE_ANON || k->role == ROLE_GUARD ||
				      k->role == ROLE_OTHER);
}

static bool are_crumbs(const struct block *a, const struct block *b)
{
	return is_crumb(a) && is_crumb(b);
}

/* How clear the border between two neighbours is: its width and the smaller of them, which
 * counts for more where they are of different kinds. */
static uint64_t border(const struct block *a, const struct block *b)
{
	uint64_t gap = b->start - a->end, less = umin(a->mapped, b->mapped);

	if (is_landmark(a) || is_landmark(b))
		return UINT64_MAX;
	if (are_crumbs(a, b))
		gap = umin(gap, crumbs);
	return gap + (a->role == b->role ? less : 4 * less);
}

/* Joins across the faintest borders first, until `keep` of them are left. */
static void closest_join(struct blocks *b, size_t keep)
{
	uint64_t clear = 2 * PAGE_BYTES;

	while (b->n > keep + 1) {
		size_t n = 0, surplus = b->n - keep - 1;

		for (size_t i = 0; i < b->n; i++) {
			struct block *k = n ? &b->v[n - 1] : NULL;

			/* Crumbs all or none: half of them would look like a place of its own. */
			if (k && (surplus || are_crumbs(k, &b->v[i])) &&
			    border(k, &b->v[i]) <= clear) {
				absorb(k, &b->v[i]);
				k->kind = BLOCK_MANY;
				k->count = 1;
				surplus -= surplus > 0;
			} else {
				b->v[n++] = b->v[i];
			}
		}
		b->n = n;
		clear = clear < UINT64_MAX / 2 ? 2 * clear : UINT64_MAX;
	}
}

static size_t holes_count(const struct blocks *b, uint64_t least)
{
	size_t n = 0;

	for (size_t i = 1; i < b->n; i++)
		n += b->v[i].start - b->v[i - 1].end >= least;
	return n;
}

static void holes_insert(struct blocks *b, uint64_t least)
{
	struct blocks with = { 0 };

	for (size_t i = 0; i < b->n; i++) {
		if (i && b->v[i].start - b->v[i - 1].end >= least)
			push(&with, (struct block){ .start = b->v[i - 1].end, .end = b->v[i].start,
						    .first = b->v[i].first, .last = b->v[i].first,
						    .kind = BLOCK_HOLE });
		push(&with, b->v[i]);
	}
	free(b->v);
	*b = with;
}

/* How finely to divide; the first that fits is taken. */
static const struct division { bool join; int families; uint64_t least_hole; } divisions[] = {
	{ false, 0, 4 * KiB },
	{ true, 0, 4 * KiB }, { true, 0, 16 * MiB }, { true, 0, 16 * GiB },
	{ true, 1, 16 * MiB }, { true, 1, 16 * GiB },
	{ true, 2, 1 * GiB }, { true, 2, 16 * GiB },
};

/* Up to eight pages one line is enough. */
static unsigned weight(const struct block *k)
{
	uint64_t pages = k->mapped >> PAGE_SHIFT;
	unsigned w = 0;

	if (k->kind == BLOCK_HOLE)
		return 0;
	while (pages >>= 1)
		w++;
	return w > 3 ? w - 3 : 0;
}

/* One row each, the rest by weight: largest remainders, so that nothing is left over. */
static void heights(struct blocks *b, int rows)
{
	int left = rows - (int)b->n;
	uint64_t total = 0, before = 0;

	for (size_t i = 0; i < b->n; i++) {
		b->v[i].rows = 1;
		total += weight(&b->v[i]);
	}
	if (left <= 0 || !total)
		return;
	for (size_t i = 0; i < b->n; i++) {
		uint64_t upto = before + weight(&b->v[i]);

		b->v[i].rows += (int)(upto * (uint64_t)left / total -
				      before * (uint64_t)left / total);
		before = upto;
	}
}

void blocks_make(struct blocks *b, const struct layout *l, int rows)
{
	const struct division *d = divisions;
	/* Some lines stay free, so that what is large can be seen to be large. */
	size_t most = rows > 8 ? (size_t)(rows - rows / 6) : rows > 0 ? (size_t)rows : 1;
	uint64_t least = 16 * GiB;
	size_t fits = 0;

	b->n = 0;
	if (!l || !l->n)
		return;
	for (size_t i = 0; i < ARRAY_LEN(divisions) && !fits; i++, d++) {
		if (!d->join && l->n > most)
			continue;
		atoms_make(b, l, d->join);
		if (d->families)
			families_join(b, l, d->families > 1);
		least = d->least_hole;
		fits = b->n + holes_count(b, least) <= most;
	}
	if (!fits) {
		closest_join(b, most / 2);
		/* Each border kept is a hole at the same time. */
		while (b->n + holes_count(b, least) > most && least < UINT64_MAX / 4)
			least *= 4;
	}
	holes_insert(b, least);
	heights(b, rows);
}

void blocks_free(struct blocks *b)
{
	free(b->v);
	*b = (struct blocks){ 0 };
}

int blocks_find(const struct blocks *b, uint64_t addr)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->v[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!b->n)
		return -1;
	return lo < b->n ? (int)lo : (int)b->n - 1;
}
