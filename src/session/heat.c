/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/session/heat.h"

#include <stdlib.h>

#include "mmscope/alloc.h"

static void tick_clear(struct heat_tick *t)
{
	t->nspans = t->ntids = 0;
	t->counters = 0;
}

void heat_age(struct heat *h)
{
	h->now = (h->now + 1) % HEAT_TICKS;
	tick_clear(&h->ticks[h->now]);
}

/* Of a VMA that grew only the new part is news. */
static struct span hot_part(const struct event *e)
{
	struct span s = { e->start, e->end };

	if (e->type == EVENT_GREW_DOWN)
		s.end = s.start + e->amount;
	else if (e->type == EVENT_GREW_UP)
		s.start = s.end - e->amount;
	return s;
}

void heat_add(struct heat *h, const struct event *e)
{
	struct heat_tick *t = &h->ticks[h->now];

	/* A thread that moved is warm itself; the stack it moved in did not change. */
	if (e->start != e->end && e->type <= EVENT_PAGES_KIND) {
		VEC_GROW(t->spans, t->nspans, t->spans_cap);
		t->spans[t->nspans++] = hot_part(e);
	}
	if (e->tid) {
		VEC_GROW(t->tids, t->ntids, t->tids_cap);
		t->tids[t->ntids++] = e->tid;
	}
	if (e->type == EVENT_COUNTER && e->counter.field < HEAT_COUNTERS)
		t->counters |= 1ull << e->counter.field;
}

static int by_start(const void *va, const void *vb)
{
	const struct span *a = va, *b = vb;

	return a->start < b->start ? -1 : a->start > b->start;
}

static int by_tid(const void *va, const void *vb)
{
	const pid_t *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

void heat_sort(struct heat *h)
{
	struct heat_tick *t = &h->ticks[h->now];
	size_t n = 0;

	if (t->ntids)
		qsort(t->tids, t->ntids, sizeof(*t->tids), by_tid);
	if (!t->nspans)
		return;
	qsort(t->spans, t->nspans, sizeof(*t->spans), by_start);
	for (size_t i = 1; i < t->nspans; i++) {
		if (t->spans[i].start > t->spans[n].end)
			t->spans[++n] = t->spans[i];
		else if (t->spans[i].end > t->spans[n].end)
			t->spans[n].end = t->spans[i].end;
	}
	t->nspans = n + 1;
}

static bool hit(const struct heat_tick *t, uint64_t start, uint64_t end)
{
	size_t lo = 0, hi = t->nspans;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->spans[mid].end <= start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->nspans && t->spans[lo].start < end;
}

static const struct heat_tick *tick_at(const struct heat *h, unsigned age)
{
	return &h->ticks[(h->now + HEAT_TICKS - age) % HEAT_TICKS];
}

unsigned heat_of(const struct heat *h, uint64_t start, uint64_t end)
{
	for (unsigned age = 0; age < HEAT_TICKS; age++)
		if (hit(tick_at(h, age), start, end))
			return HEAT_TICKS - age;
	return 0;
}

unsigned heat_of_task(const struct heat *h, pid_t tid)
{
	for (unsigned age = 0; age < HEAT_TICKS; age++) {
		const struct heat_tick *t = tick_at(h, age);

		if (t->ntids && bsearch(&tid, t->tids, t->ntids, sizeof(*t->tids), by_tid))
			return HEAT_TICKS - age;
	}
	return 0;
}

unsigned heat_of_counter(const struct heat *h, unsigned field)
{
	for (unsigned age = 0; age < HEAT_TICKS && field < HEAT_COUNTERS; age++)
		if (tick_at(h, age)->counters >> field & 1)
			return HEAT_TICKS - age;
	return 0;
}

void heat_clear(struct heat *h)
{
	for (unsigned i = 0; i < HEAT_TICKS; i++)
		tick_clear(&h->ticks[i]);
}

void heat_free(struct heat *h)
{
	for (unsigned i = 0; i < HEAT_TICKS; i++) {
		free(h->ticks[i].spans);
		free(h->ticks[i].tids);
	}
}
