/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/maple.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

struct range { uint64_t last; int child, vma; uint64_t gap; };

/* VMAs and the holes between them, up to the highest address there is. */
static size_t ranges_of(const struct layout *l, struct range *r)
{
	uint64_t at = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];

		if (v->start > at)
			r[n++] = (struct range){ v->start - 1, -1, -1, v->start - at };
		r[n++] = (struct range){ v->end - 1, -1, (int)i, 0 };
		at = v->end;
	}
	if (at || !l->n)
		r[n++] = (struct range){ UINT64_MAX, -1, -1, UINT64_MAX - at };
	return n;
}

static void fill(struct maple_node *node, const struct range *r, size_t n, uint64_t first, unsigned height)
{
	*node = (struct maple_node){ .parent = -1, .height = height, .first = first, .last = r[n - 1].last,
				     .n = (unsigned)n };
	for (size_t i = 0; i < n; i++)
		node->slot[i] = (struct maple_slot){ r[i].last, r[i].child, r[i].vma, r[i].gap };
}

/* One level over the ranges; what its nodes cover becomes the ranges of the next. */
static size_t level(struct maple *m, struct range *r, size_t n, unsigned height)
{
	size_t most = height ? MAPLE_ARANGE_SLOTS : MAPLE_LEAF_SLOTS, nodes = 1, at = 0;
	uint64_t first = 0;

	while (nodes * most < n)
		nodes++;
	for (size_t i = 0; i < nodes; i++) {
		size_t take = (n - at) / (nodes - i);
		struct maple_node *node = &m->node[m->n];
		uint64_t gap = 0;

		fill(node, r + at, take, first, height);
		for (unsigned s = 0; s < node->n; s++) {
			if (node->slot[s].gap > gap)
				gap = node->slot[s].gap;
			if (node->slot[s].child >= 0)
				m->node[node->slot[s].child].parent = (int)m->n;
		}
		first = node->last + 1;
		at += take;
		r[i] = (struct range){ node->last, (int)m->n++, -1, gap };
	}
	return nodes;
}

void maple_make(const struct layout *l, struct maple *ret)
{
	struct range *r = xcalloc(2 * l->n + 1, sizeof(*r));
	size_t n = ranges_of(l, r);

	*ret = (struct maple){ 0 };
	ret->node = xcalloc(n + 1, sizeof(*ret->node));
	do
		n = level(ret, r, n, ret->height++);
	while (n > 1);
	free(r);
}

void maple_free(struct maple *m)
{
	free(m->node);
	*m = (struct maple){ 0 };
}

unsigned maple_slot_of(const struct maple_node *node, uint64_t addr)
{
	unsigned i = 0;

	while (i + 1 < node->n && node->slot[i].last < addr)
		i++;
	return i;
}
