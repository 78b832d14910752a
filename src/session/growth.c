/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/session/growth.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

static struct growth_record *find(const struct growths *g, uint64_t vma_end)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].vma_end == vma_end)
			return &g->v[i];
	return NULL;
}

static void push_size(struct growth_record *r, uint64_t size, uint64_t amount, uint64_t time_ns)
{
	if (r->growth.n == GROWTH_SIZES) {
		size_t bytes = --r->growth.n * sizeof(r->sizes[0]);

		memmove(r->sizes, r->sizes + 1, bytes);
		memmove(r->time_ns, r->time_ns + 1, bytes);
		memmove(r->amount, r->amount + 1, bytes);
	}
	r->sizes[r->growth.n] = size;
	r->time_ns[r->growth.n] = time_ns;
	r->amount[r->growth.n++] = amount;
	if (size > r->growth.largest)
		r->growth.largest = size;
}

void growths_add(struct growths *g, const struct event *e)
{
	const struct vma *before, *after;
	struct growth_record *r;

	if (!e->vmas.nbefore || !e->vmas.nafter)
		return;
	before = &e->vmas.before[0];
	after = &e->vmas.after[0];
	r = find(g, after->end);
	if (!r) {
		if (g->n == GROWTH_RECORDS)
			return;
		VEC_GROW(g->v, g->n, g->cap);
		r = &g->v[g->n++];
		memset(r, 0, sizeof(*r));
		r->vma_end = after->end;
		push_size(r, vma_size(before), 0, 0);
	}
	push_size(r, vma_size(after), e->amount, e->time_ns);
	r->growth.times++;
	r->growth.last_amount = e->amount;
	r->growth.last_time_ns = e->time_ns;
}

static void forget_later(struct growth_record *r, uint64_t time_ns)
{
	struct growth *g = &r->growth;

	while (g->n && r->time_ns[g->n - 1] > time_ns) {
		g->n--;
		g->times--;
	}
	g->largest = 0;
	for (int i = 0; i < g->n; i++)
		if (r->sizes[i] > g->largest)
			g->largest = r->sizes[i];
	g->last_amount = g->n ? r->amount[g->n - 1] : 0;
	g->last_time_ns = g->n ? r->time_ns[g->n - 1] : 0;
}

void growths_back(struct growths *g, uint64_t time_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		forget_later(&g->v[i], time_ns);
		if (g->v[i].growth.times)
			g->v[kept++] = g->v[i];
	}
	g->n = kept;
}

bool growths_find(const struct growths *g, uint64_t vma_end, struct growth *ret)
{
	const struct growth_record *r = find(g, vma_end);

	if (!r)
		return false;
	*ret = r->growth;
	ret->sizes = r->sizes;
	return true;
}

void growths_clear(struct growths *g)
{
	g->n = 0;
}

void growths_free(struct growths *g)
{
	free(g->v);
	*g = (struct growths){ NULL, 0, 0 };
}
