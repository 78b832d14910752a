/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal: every word that was changed, in order. Undo and redo swap the saved
 * word with the one in memory, so one walk serves both directions.
 */
#include <string.h>
#include "mm.h"

#define JOURNAL_ENTRIES (1ull << 28)
#define JOURNAL_LEAST (1ull << 18)

bool journal_create(struct sim *s)
{
	for (u64 n = JOURNAL_ENTRIES; n >= JOURNAL_LEAST; n >>= 2) {
		s->jent = s->env->reserve(s->env->ctx, n * sizeof(*s->jent));
		if (s->jent) {
			s->jcap = n;
			return true;
		}
	}
	return false;
}

void journal_destroy(struct sim *s)
{
	if (s->jent)
		s->env->release(s->env->ctx, s->jent, s->jcap * sizeof(*s->jent));
}

/* An operation may need half of the journal: the oldest history goes when more is used. */
void journal_begin(struct sim *s)
{
	u64 drop;

	if (s->retracing)
		return;
	s->jend = s->jcur;
	if (s->jcur <= s->jcap / 2)
		return;
	drop = s->jcur - s->jcap / 4;
	memmove(s->jent, s->jent + drop, (s->jcur - drop) * sizeof(*s->jent));
	s->jcur -= drop;
	s->jend = s->jcur;
	s->jbase += drop;
}

void journal_forget(struct sim *s)
{
	s->jcur = s->jend = 0;
	s->jbase = 0;
}

void journal_copy(struct sim *s, void *to, const void *from, size_t bytes)
{
	jword *t = to;
	const jword *f = from;

	for (size_t i = 0; i < bytes / 8; i++)
		if (t[i] != f[i])
			SET(s, t[i], f[i]);
}

void journal_zero(struct sim *s, void *to, size_t bytes)
{
	jword *t = to;
	size_t i = 0, n = bytes / 8;

	while (i < n) {
		/* Most of it is zero already, and passed by. */
		for (; i + 8 <= n; i += 8) {
			const jpair *p = (const jpair *)(t + i);
			jpair any = p[0] | p[1] | p[2] | p[3];

			if (any[0] | any[1])
				break;
		}
		for (size_t end = i + 8; i < end && i < n; i++)
			if (t[i])
				SET(s, t[i], 0);
	}
}

sim_pos sim_position(const struct sim *s)
{
	return s->jbase + s->jcur;
}

sim_pos sim_last(const struct sim *s)
{
	return s->jbase + (s->jend > s->jcur ? s->jend : s->jcur);
}

size_t sim_history_bytes(const struct sim *s)
{
	return (s->jend > s->jcur ? s->jend : s->jcur) * sizeof(*s->jent);
}

sim_pos sim_first(const struct sim *s)
{
	return s->jbase;
}

sim_pos sim_start(const struct sim *s)
{
	return s->start_pos;
}

void journal_block(struct sim *s, void *p, unsigned words)
{
	struct jent *e = &s->jent[s->jcur];
	unsigned payload = (words + 1) / 2;

	e[0] = (struct jent){ .word = REF(s, p), .n = words };
	memcpy(e + 1, p, words * 8);
	if (words & 1)
		((jword *)(void *)(e + 1))[words] = 0;
	e[payload + 1] = e[0];
	s->jcur += payload + 2;
}

static inline void ramp(jword *w, unsigned n, u64 first, u64 step)
{
	jpair add = { first, first + step };
	unsigned i = 0;

	for (; i + 4 <= n; i += 4) {
		*(jpair *)(w + i) += add;
		add += 2 * step;
		*(jpair *)(w + i + 2) += add;
		add += 2 * step;
	}
	for (; i < n; i++)
		w[i] += first + i * step;
}

void ramp_add(struct sim *s, void *p, unsigned n, u64 first, u64 step)
{
	struct jent *e = &s->jent[s->jcur];

	e[0] = (struct jent){ .word = REF(s, p), .n = n | JENT_RAMP, .val = first };
	e[1] = (struct jent){ .word = e->word, .n = e->n, .val = step };
	s->jcur += 2;
	ramp(p, n, first, step);
}

static inline void swap_words(jword *a, jword *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		u64 x = a[i];

		a[i] = b[i];
		b[i] = x;
	}
}

static inline void swap_entry(jword *base, struct jent *e)
{
	u64 now = base[e->word];

	base[e->word] = e->val;
	e->val = now;
}

static inline void step_back(struct sim *s)
{
	struct jent *e = &s->jent[--s->jcur];

	if (likely(!e->n)) {
		swap_entry(s->base, e);
		return;
	}
	if (e->n & JENT_RAMP) {
		s->jcur--;
		ramp(s->base + e->word, e->n & ~JENT_RAMP, -e[-1].val, -e->val);
		return;
	}
	s->jcur -= (e->n + 1) / 2 + 1;
	swap_words(s->base + e->word, (jword *)(void *)(s->jent + s->jcur + 1), e->n);
}

static inline void step_forward(struct sim *s)
{
	struct jent *e = &s->jent[s->jcur++];

	if (likely(!e->n)) {
		swap_entry(s->base, e);
		return;
	}
	if (e->n & JENT_RAMP) {
		s->jcur++;
		ramp(s->base + e->word, e->n & ~JENT_RAMP, e->val, e[1].val);
		return;
	}
	swap_words(s->base + e->word, (jword *)(void *)(e + 1), e->n);
	s->jcur += (e->n + 1) / 2 + 1;
}

bool sim_seek(struct sim *s, sim_pos pos)
{
	u64 to;

	if (s->jcur > s->jend)
		s->jend = s->jcur;
	if (pos < s->jbase || pos > s->jbase + s->jend)
		return false;
	to = pos - s->jbase;
	hot_forget(s);
	/* A position inside of a block is taken for the block's end that comes next. */
	if (s->jcur > to) {
		while (s->jcur > to)
			step_back(s);
	} else {
		while (s->jcur < to)
			step_forward(s);
	}
	s->mm = s->root->proc[s->root->current] ?
			AT(s, s->root->proc[s->root->current], struct mm) :
			NULL;
	return true;
}
