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
			s->jcur = s->jend = s->jent;
			s->jhalf = s->jent + n / 2;
			s->jfull = s->jent + n - (1 << 16);
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

void journal_drop(struct sim *s)
{
	u64 kept = s->jcap / 4, drop = (u64)(s->jcur - s->jent) - kept;

	memmove(s->jent, s->jent + drop, kept * sizeof(*s->jent));
	s->jcur = s->jend = s->jent + kept;
	s->jbase += drop;
}

void journal_forget(struct sim *s)
{
	s->jcur = s->jend = s->jent;
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

			ask_ahead(p);
			if (any[0] | any[1])
				break;
		}
		for (size_t end = i + 8; i < end && i < n; i++)
			if (t[i])
				SET(s, t[i], 0);
	}
}

/* Where what is kept ends: what can be redone, and what an operation has done so far. */
static const struct jent *newest(const struct sim *s)
{
	return s->jend > s->jcur ? s->jend : s->jcur;
}

sim_pos sim_position(const struct sim *s)
{
	return s->jbase + (u64)(s->jcur - s->jent);
}

sim_pos sim_last(const struct sim *s)
{
	return s->jbase + (u64)(newest(s) - s->jent);
}

size_t sim_history_bytes(const struct sim *s)
{
	return (size_t)(newest(s) - s->jent) * sizeof(*s->jent);
}

sim_pos sim_first(const struct sim *s)
{
	return s->jbase;
}

sim_pos sim_start(const struct sim *s)
{
	return s->start_pos;
}

static u64 jent_at(const void *p, u64 n, u64 kind)
{
	return (uintptr_t)p | n << 48 | kind;
}

static inline jword *jent_words(const struct jent *e)
{
	return (jword *)(uintptr_t)(e->at & ((1ull << 48) - 8));
}

static unsigned jent_n(const struct jent *e)
{
	return (unsigned)(e->at >> 48);
}

static unsigned jent_kind(const struct jent *e)
{
	return e->at & 7;
}

void journal_block(struct sim *s, void *p, unsigned words)
{
	struct jent *e = s->jcur;
	unsigned payload = (words + 1) / 2;

	e[0] = (struct jent){ .at = jent_at(p, words, JENT_BLOCK) };
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
	struct jent *e = s->jcur;

	e[0] = (struct jent){ .at = jent_at(p, n, JENT_RAMP), .val = first };
	e[1] = (struct jent){ .at = e->at, .val = step };
	s->jcur += 2;
	ramp(p, n, first, step);
}

/* n pairs of words */
static inline void move_up(jword *w, u64 n)
{
	jpair *p = (jpair *)w, carried = p[n - 1];

	for (u64 i = 0; i < n; i++) {
		jpair here = p[i];

		p[i] = carried;
		carried = here;
	}
}

static inline void move_down(jword *w, u64 n)
{
	jpair *p = (jpair *)w, carried = p[0];

	for (u64 i = n; i-- > 0;) {
		jpair here = p[i];

		p[i] = carried;
		carried = here;
	}
}

void pairs_up(struct sim *s, void *p, unsigned n)
{
	j_word(s, jent_at(p, 0, JENT_UP), n);
	move_up(p, n);
}

void pairs_down(struct sim *s, void *p, unsigned n)
{
	j_word(s, jent_at(p, 0, JENT_DOWN), n);
	move_down(p, n);
}

static inline void swap_words(jword *a, jword *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		u64 x = a[i];

		a[i] = b[i];
		b[i] = x;
	}
}

static inline bool is_word(const struct jent *e)
{
	return likely(jent_kind(e) == JENT_WORD);
}

static inline void swap_entry(struct jent *e)
{
	jword *w = (jword *)(uintptr_t)e->at;
	u64 now = *w;

	*w = e->val;
	e->val = now;
}

static void step_back_many(struct sim *s, struct jent *e)
{
	jword *w = jent_words(e);
	unsigned n = jent_n(e);

	switch (jent_kind(e)) {
	case JENT_BLOCK:
		s->jcur -= (n + 1) / 2 + 1;
		swap_words(w, (jword *)(void *)(s->jcur + 1), n);
		break;
	case JENT_RAMP:
		s->jcur--;
		ramp(w, n, -e[-1].val, -e->val);
		break;
	case JENT_UP:
		move_down(w, e->val);
		break;
	case JENT_DOWN:
		move_up(w, e->val);
		break;
	}
}

static void step_forward_many(struct sim *s, struct jent *e)
{
	jword *w = jent_words(e);
	unsigned n = jent_n(e);

	switch (jent_kind(e)) {
	case JENT_BLOCK:
		swap_words(w, (jword *)(void *)(e + 1), n);
		s->jcur += (n + 1) / 2 + 1;
		break;
	case JENT_RAMP:
		s->jcur++;
		ramp(w, n, e->val, e[1].val);
		break;
	case JENT_UP:
		move_up(w, e->val);
		break;
	case JENT_DOWN:
		move_down(w, e->val);
		break;
	}
}

static inline void step_back(struct sim *s)
{
	struct jent *e = --s->jcur;

	if (is_word(e))
		swap_entry(e);
	else
		step_back_many(s, e);
}

static inline void step_forward(struct sim *s)
{
	struct jent *e = s->jcur++;

	if (is_word(e))
		swap_entry(e);
	else
		step_forward_many(s, e);
}

bool sim_seek(struct sim *s, sim_pos pos)
{
	const struct jent *to;

	if (pos < s->jbase || pos > sim_last(s))
		return false;
	if (s->jcur > s->jend)
		s->jend = s->jcur;
	to = s->jent + (pos - s->jbase);
	hot_forget(s);
	/* A position inside of what belongs together is taken for its end that comes next. */
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

void journal_take_back(struct sim *s, const struct jent *start)
{
	struct jent *end = s->jend;

	sim_seek(s, s->jbase + (u64)(start - s->jent));
	s->jend = s->retracing ? end : s->jcur;
}
