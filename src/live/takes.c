/* SPDX-License-Identifier: GPL-2.0-or-later
 * A place is reached by a jump, or by going on from what lies before it. Going on behind a
 * call or a trap is only a guess: what was called may never return, and then something
 * else, at another depth, stands there. So places reached by jumps come first, and guesses
 * by rising address, for what never returns stands at a function's end. Two depths at one
 * place: the code was misunderstood, and there is no answer.
 */
#include "src/live/takes.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/insn.h"

enum { AT_ENTRY = 8 };		/* the return address */

struct place {
	size_t at;
	int64_t depth, frame;	/* frame: the depth at which %rbp points; 0: it points nowhere */
};
struct places {
	struct place *v;
	size_t n, cap;
};

struct walk {
	const uint8_t *code;
	size_t n;
	int32_t *depth;		/* [at]: 0: not been there */
	struct places sure, guessed;
	int64_t most;
	bool left;		/* by a jump to where a register or memory says */
	bool dynamic;		/* the depths leave something out */
};

static void add(struct places *p, struct place x)
{
	VEC_GROW(p->v, p->n, p->cap);
	p->v[p->n++] = x;
}

/* Whoever is surest: the last jump, else the lowest guess. */
static bool next(struct walk *w, struct place *ret)
{
	struct places *p = w->sure.n ? &w->sure : &w->guessed;
	size_t best = p->n - 1;

	if (!p->n)
		return false;
	for (size_t i = 0; p == &w->guessed && i < p->n; i++)
		if (p->v[i].at < p->v[best].at)
			best = i;
	*ret = p->v[best];
	p->v[best] = p->v[--p->n];
	return true;
}

/* Where it jumps to; outside lies another function, which has its own account. */
static void jump(struct walk *w, const struct place *from, size_t end, int64_t by)
{
	struct place to = *from;

	to.at = end + (size_t)by;
	if (to.at < w->n)
		add(&w->sure, to);
}

enum step { ON, ENDED, BROKEN };

static enum step step(struct walk *w, struct place *p, const struct insn *i)
{
	size_t end = p->at + i->length;
	struct place behind = *p;

	behind.at = end;
	switch (i->kind) {
	case INSN_UNKNOWN:
		return BROKEN;
	case INSN_FRAME:
		p->frame = p->depth;
		break;
	case INSN_UNFRAME:
		if (!p->frame)
			return BROKEN;
		p->depth = p->frame - i->value;
		break;
	case INSN_IF:
		jump(w, p, end, i->value);
		break;
	case INSN_JUMP:
		jump(w, p, end, i->value);
		return ENDED;
	case INSN_CALL:
	case INSN_TRAP:
		if (end < w->n)
			add(&w->guessed, behind);
		return ENDED;
	case INSN_DYNAMIC:
		w->dynamic = true;
		break;
	case INSN_RETURN:
		return p->depth == AT_ENTRY ? ENDED : BROKEN;
	case INSN_LEAVE:	/* to another function, if all is given back; else a table's */
		w->left = true;
		return p->depth == AT_ENTRY ? ENDED : BROKEN;
	default:
		p->depth += insn_takes(i);
	}
	p->at = end;
	return p->depth < AT_ENTRY ? BROKEN : ON;
}

static bool follow(struct walk *w, struct place p)
{
	enum step s = ON;

	while (s == ON && p.at < w->n) {
		struct insn i;

		if (w->depth[p.at])
			return w->depth[p.at] == p.depth;
		w->depth[p.at] = (int32_t)p.depth;
		if (!insn_probe_loop(w->code + p.at, &i))
			i = insn_decode(w->code + p.at);
		if (p.at + i.length > w->n)
			return false;
		s = step(w, &p, &i);
		if (p.depth > w->most)
			w->most = p.depth;
		if (p.depth > INT32_MAX)
			return false;
	}
	return s != BROKEN;
}

/* What stands between functions and their parts: int3 and the nops of any length. */
static bool is_padding(const uint8_t *code)
{
	while (*code == 0x66 || *code == 0x2e)
		code++;
	return *code == 0xcc || *code == 0x90 || (*code == 0x0f && code[1] == 0x1f);
}

/* All of the code was reached. */
static bool covered(const struct walk *w)
{
	for (size_t at = 0; at < w->n;) {
		struct insn i = insn_decode(w->code + at);

		if (!i.length || (!w->depth[at] && !is_padding(w->code + at)))
			return false;
		at += i.length;
	}
	return true;
}

bool code_takes(const uint8_t *code, size_t n, size_t place, struct code_takes *ret)
{
	struct place p = { .depth = AT_ENTRY };
	struct walk w = { .n = n, .most = AT_ENTRY };
	bool whole = true;
	uint8_t *padded;

	if (!n || n > TAKES_CODE_MOST)
		return false;
	padded = xcalloc(1, n + INSN_PADDING);
	memcpy(padded, code, n);
	w.code = padded;
	w.depth = xcalloc(n, sizeof(*w.depth));
	add(&w.sure, p);
	while (whole && next(&w, &p))
		whole = follow(&w, p);
	/* What is reached through a table only was not followed. */
	whole &= !w.left || covered(&w);
	ret->most = (uint64_t)w.most;
	ret->here = place < n && !w.dynamic ? (uint64_t)w.depth[place] : 0;
	free(padded);
	free(w.depth);
	free(w.sure.v);
	free(w.guessed.v);
	return whole;
}
