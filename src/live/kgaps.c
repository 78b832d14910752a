/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/kgaps.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

void kgaps_deinit(struct kgaps *g)
{
	free(g->gap);
	*g = (struct kgaps){ 0 };
}

static size_t place_of(const struct kgaps *g, uint64_t address)
{
	size_t lo = 0, hi = g->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (g->gap[mid].address < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void kgaps_learn(struct kgaps *g, uint64_t address, uint64_t bytes)
{
	size_t at = place_of(g, address);

	if (at < g->n && g->gap[at].address == address) {
		if (g->gap[at].bytes != bytes)
			g->gap[at].bytes = 0;
		return;
	}
	VEC_GROW(g->gap, g->n, g->cap);
	memmove(&g->gap[at + 1], &g->gap[at], (g->n - at) * sizeof(*g->gap));
	g->gap[at] = (struct kgap){ address, bytes };
	g->n++;
}

bool kgaps_knows(const struct kgaps *g, uint64_t address)
{
	size_t at = place_of(g, address);

	return at < g->n && g->gap[at].address == address;
}

uint64_t kgaps_find(const struct kgaps *g, uint64_t address)
{
	return kgaps_knows(g, address) ? g->gap[place_of(g, address)].bytes : 0;
}

bool kplaces_find(const uint8_t *stack, size_t size, uint64_t from, const uint64_t *address,
		  size_t n, struct kplaces *ret)
{
	size_t at, end = size & ~(size_t)7;

	if (n > ARRAY_LEN(ret->low) || from >= size)
		return false;
	at = (size_t)(from + 7) & ~(size_t)7;
	for (size_t i = 0; i < n; i++, at += 8) {
		while (at + 8 <= size && kstack_word(stack, at) != address[i])
			at += 8;
		if (at + 8 > size)
			return false;
		ret->low[i] = at;
	}
	for (size_t i = n; i-- > 0;) {
		do
			end -= 8;
		while (kstack_word(stack, end) != address[i]);
		ret->high[i] = end;
	}
	/* The outermost returns to the entry code, just below the saved registers. */
	if (n)
		ret->low[n - 1] = ret->high[n - 1];
	ret->n = n;
	return true;
}

static bool sure(const struct kplaces *p, size_t i)
{
	return p->low[i] == p->high[i];
}

/* Each above the one before, each below the one after. False: that cannot be. */
static bool tighten(struct kplaces *p, const uint8_t *stack, const uint64_t *address)
{
	for (size_t i = 1; i < p->n; i++) {
		if (p->low[i] <= p->low[i - 1])
			p->low[i] = p->low[i - 1] + 8;
		while (p->low[i] <= p->high[i] && kstack_word(stack, p->low[i]) != address[i])
			p->low[i] += 8;
	}
	for (size_t i = p->n; i-- > 1;) {
		if (p->high[i - 1] >= p->high[i])
			p->high[i - 1] = p->high[i] - 8;
		while (p->high[i - 1] >= p->low[i - 1] &&
		       kstack_word(stack, p->high[i - 1]) != address[i - 1])
			p->high[i - 1] -= 8;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->low[i] > p->high[i])
			return false;
	return true;
}

/* Sets place i where the frame's size puts it, if it can stand there. */
static void put_at(struct kplaces *p, const uint8_t *stack, const uint64_t *address, size_t i,
		   uint64_t at)
{
	struct kplaces tried = *p;

	if (at < p->low[i] || at > p->high[i] || kstack_word(stack, at) != address[i])
		return;
	tried.low[i] = tried.high[i] = at;
	if (tighten(&tried, stack, address))
		*p = tried;
}

void kplaces_settle(struct kplaces *p, const uint8_t *stack, const uint64_t *address,
		    struct kgaps *g)
{
	/* Not the frame below the entry code: that has a random gap in it at every system call. */
	size_t end = p->n ? p->n - 1 : 0;

	for (size_t i = 1; i < end; i++) {	/* from a callee up to its caller */
		uint64_t gap = kgaps_find(g, address[i - 1]);

		if (gap && sure(p, i - 1) && !sure(p, i))
			put_at(p, stack, address, i, p->low[i - 1] + gap);
	}
	for (size_t i = end; i-- > 1;) {	/* and down again */
		uint64_t gap = kgaps_find(g, address[i - 1]);

		if (gap && sure(p, i) && !sure(p, i - 1) && gap <= p->low[i])
			put_at(p, stack, address, i - 1, p->low[i] - gap);
	}
	for (size_t i = 1; i < end; i++)
		if (sure(p, i - 1) && sure(p, i))
			kgaps_learn(g, address[i - 1], p->low[i] - p->low[i - 1]);
}
