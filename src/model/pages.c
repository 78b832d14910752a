/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/pages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

const struct page_state_info page_states[PAGE_NR] = {
#define X(id, letter, resident, name, about) [PAGE_##id] = { letter, resident, name, about },
	PAGE_STATES(X)
#undef X
};

/* struct page_run counts pages in 56 bits, more than 64-bit addresses have. */
_Static_assert(PAGE_NR <= 256, "a run keeps its state in eight bits");

struct residency *residency_create(void)
{
	struct residency *r = xcalloc(1, sizeof(*r));

	r->refs = 1;
	r->kinds = r->whole = true;
	return r;
}

struct residency *residency_get(const struct residency *r)
{
	struct residency *own = (struct residency *)r;

	if (own)
		own->refs++;
	return own;
}

void residency_put(const struct residency *r)
{
	struct residency *own = (struct residency *)r;

	if (!own || --own->refs)
		return;
	free(own->runs);
	free(own);
}

void residency_append(struct residency *r, uint64_t start, uint64_t end, enum page_state state)
{
	struct page_run *last = r->n ? &r->runs[r->n - 1] : NULL;

	if (state == PAGE_ABSENT || start >= end)
		return;
	if (state == PAGE_PRESENT)
		r->kinds = false;
	if (state == PAGE_UNSEEN)
		r->whole = false;
	if (last && last->state == state && run_end(last) == start) {
		last->pages += (end - start) >> PAGE_SHIFT;
		return;
	}
	VEC_GROW(r->runs, r->n, r->cap);
	r->runs[r->n++] = (struct page_run){
		.start = start,
		.pages = (end - start) >> PAGE_SHIFT,
		.state = state,
	};
}

size_t residency_next(const struct residency *r, uint64_t addr)
{
	size_t lo = 0, hi = r ? r->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (run_end(&r->runs[mid]) > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Appends what `from` says about [start, end). */
static void append_clipped(struct residency *r, const struct residency *from,
			   uint64_t start, uint64_t end)
{
	for (size_t i = residency_next(from, start); from && i < from->n; i++) {
		const struct page_run *run = &from->runs[i];
		uint64_t lo = run->start > start ? run->start : start;
		uint64_t hi = run_end(run) < end ? run_end(run) : end;

		if (run->start >= end)
			break;
		residency_append(r, lo, hi, run->state);
	}
}

struct residency *residency_splice(const struct residency *r, uint64_t start, uint64_t end,
				   const struct residency *patch)
{
	struct residency *out = residency_create();

	/* Each part may begin or end with half of a run: at most two more than both. */
	out->cap = (r ? r->n : 0) + (patch ? patch->n : 0) + 2;
	out->runs = xreallocarray(NULL, out->cap, sizeof(*out->runs));
	append_clipped(out, r, 0, start);
	append_clipped(out, patch, start, end);
	append_clipped(out, r, end, UINT64_MAX);
	return out;
}

enum page_state residency_at(const struct residency *r, uint64_t addr)
{
	size_t i = residency_next(r, addr);

	if (!r)
		return PAGE_UNSEEN;
	if (i == r->n || r->runs[i].start > addr)
		return PAGE_ABSENT;
	return r->runs[i].state;
}

struct page_counts residency_count(const struct residency *r, uint64_t start, uint64_t end)
{
	struct page_counts c = { { 0 } };
	uint64_t covered = 0, pages = start < end ? (end - start) >> PAGE_SHIFT : 0;

	if (!r) {
		c.n[PAGE_UNSEEN] = pages;
		return c;
	}
	for (size_t i = residency_next(r, start); i < r->n; i++) {
		const struct page_run *run = &r->runs[i];
		uint64_t lo = run->start > start ? run->start : start;
		uint64_t hi = run_end(run) < end ? run_end(run) : end;

		if (run->start >= end)
			break;
		c.n[run->state] += (hi - lo) >> PAGE_SHIFT;
		covered += (hi - lo) >> PAGE_SHIFT;
	}
	c.n[PAGE_ABSENT] = pages - covered;
	return c;
}

uint64_t page_counts_resident(const struct page_counts *c)
{
	uint64_t n = 0;

	for (int s = 0; s < PAGE_NR; s++)
		if (page_states[s].resident)
			n += c->n[s];
	return n;
}

bool residency_written(const struct residency *r, uint64_t start, uint64_t end)
{
	static const bool own[PAGE_NR] = {
		[PAGE_ANON] = true, [PAGE_ANON_SHARED] = true, [PAGE_SWAP] = true,
	};

	for (size_t i = residency_next(r, start); i < r->n && r->runs[i].start < end; i++)
		if (own[r->runs[i].state])
			return true;
	return false;
}

uint64_t page_counts_anon(const struct page_counts *c)
{
	return c->n[PAGE_ANON] + c->n[PAGE_ANON_SHARED];
}

static void encode_run(struct buf *out, uint64_t pages, enum page_state state)
{
	if (pages == 0)
		return;
	if (pages > 1)
		buf_addf(out, "%llu", (unsigned long long)pages);
	buf_addc(out, page_states[state].letter);
}

void residency_encode(const struct residency *r, uint64_t start, uint64_t end, struct buf *out)
{
	uint64_t at = start;

	if (!r) {
		encode_run(out, (end - start) >> PAGE_SHIFT, PAGE_UNSEEN);
		return;
	}
	for (size_t i = residency_next(r, start); i < r->n && r->runs[i].start < end; i++) {
		const struct page_run *run = &r->runs[i];
		uint64_t lo = run->start > start ? run->start : start;
		uint64_t hi = run_end(run) < end ? run_end(run) : end;

		encode_run(out, (lo - at) >> PAGE_SHIFT, PAGE_ABSENT);
		encode_run(out, (hi - lo) >> PAGE_SHIFT, run->state);
		at = hi;
	}
	encode_run(out, (end - at) >> PAGE_SHIFT, PAGE_ABSENT);
}

static int state_of(char letter)
{
	for (int s = 0; s < PAGE_NR; s++)
		if (page_states[s].letter == letter)
			return s;
	return -1;
}

bool residency_decode(struct residency *r, uint64_t start, const char *code)
{
	const uint64_t most = UINT64_MAX >> PAGE_SHIFT;

	while (*code) {
		uint64_t pages = 0;
		bool counted = isdigit((unsigned char)*code);
		int state;

		for (; isdigit((unsigned char)*code); code++) {
			pages = 10 * pages + (uint64_t)(*code - '0');
			if (pages > most)
				return false;
		}
		state = state_of(*code);
		if (state < 0 || (counted && pages == 0))
			return false;
		if (!counted)
			pages = 1;
		if (pages > (UINT64_MAX - start) >> PAGE_SHIFT)
			return false;
		residency_append(r, start, start + (pages << PAGE_SHIFT), state);
		start += pages << PAGE_SHIFT;
		code++;
	}
	return true;
}

bool residency_equal(const struct residency *a, const struct residency *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->runs[i].start != b->runs[i].start || a->runs[i].pages != b->runs[i].pages ||
		    a->runs[i].state != b->runs[i].state)
			return false;
	return true;
}
