/* SPDX-License-Identifier: GPL-2.0-or-later
 * Claims about facts: read from "used:W=4096", "current=W", "free1>0", and checked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/facts.h"
#include "src/sim/scenario_private.h"

/* The relation's sign of "NAME[:ARG](=|<|>)VALUE", NULL: it has none. */
static const char *relation_of(const char *s)
{
	return strpbrk(s, "=<>");
}

int fact_of_word(const char *s)
{
	size_t n = name_length(s);

	if (!n || !s[n] || !strchr(":=<>", s[n]) || !relation_of(s))
		return -1;
	return fact_find(s, n);
}

static struct error *parse_argument(struct parser *p, const struct word *w, const char *from, const char *to,
				    struct claim *c)
{
	char arg[SCENARIO_LINE_MAX + 1];
	size_t n = (size_t)(to - from);
	uint64_t number;
	const char *why;

	snprintf(arg, sizeof(arg), "%.*s", (int)n, from);
	if (facts[c->fact].argument == FACT_AT_ADDRESS) {
		const struct word only = { arg, w->column + (unsigned)(from - w->s) };

		c->has_argument = true;
		return expr_parse(p, &only, "ADDR expected", &c->argument);
	}
	c->has_argument = true;
	c->task = SYM_NONE;
	if (process_word(arg, &number, &c->proc, &why))
		return why ? parser_error(p, w->column + (unsigned)(from - w->s) + 1, "%s in \"%s\"", why, arg) : NULL;
	if (!n || name_length(arg) != n || n > SCENARIO_NAME_MAX)
		return parser_error(p, w->column + (unsigned)(from - w->s), "a task expected: Pn or a NAME, not \"%s\"",
				    arg);
	c->task = (int)scenario_symbol(p->sc, arg, n);
	return NULL;
}

struct error *fact_claim_parse(struct parser *p, const struct word *w, int fact, struct claim *c)
{
	const struct fact *f = &facts[fact];
	const char *sign = relation_of(w->s), *after = w->s + strlen(f->name);
	struct error *err = NULL;

	c->kind = CLAIM_FACT;
	c->fact = (unsigned)fact;
	c->relation = *sign;
	c->task = SYM_NONE;
	c->proc = -1;
	if (*after == ':' && f->argument == FACT_ALONE)
		return parser_error(p, w->column + (unsigned)(after - w->s), "%s stands alone: %s=VALUE", f->name,
				    f->name);
	if (*after != ':' && f->argument == FACT_AT_ADDRESS)
		return parser_error(p, w->column, "%s needs an address: %s:ADDR=N", f->name, f->name);
	if (*after == ':')
		err = parse_argument(p, w, after + 1, sign, c);
	if (err)
		return err;
	if (!f->words)
		return expr_parse_at(p, w, sign + 1, "a number expected", &c->place);
	if (*sign != '=' || !sign[1])
		return parser_error(p, w->column + (unsigned)(sign - w->s), "%s=WORD expected", f->name);
	c->pages = xstrdup(sign + 1);
	return NULL;
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = text; (s = strstr(s, word)); s++)
		if ((s == text || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	return false;
}

static bool unknown(const struct claim *c, const char *why, struct buf *wrong)
{
	buf_addf(wrong, "expected %s, but %s\n", c->text, why);
	return false;
}

static bool look_up(const struct scenario *sc, const struct scope *s, const struct claim *c, struct fact_ask *ask,
		    struct buf *wrong)
{
	int unbound = SYM_NONE, task;

	if (c->has_argument && facts[c->fact].argument == FACT_AT_ADDRESS &&
	    !scenario_eval(sc, s, c->argument, &ask->addr, &unbound))
		return unknown(c, "an address has no meaning", wrong);
	if (!c->has_argument || facts[c->fact].argument != FACT_OF_TASK)
		return true;
	task = scope_task(s, c->task, c->proc);
	ask->task = task - 1;
	return task ? true : unknown(c, "there is no such task", wrong);
}

bool fact_claim_check(const struct scenario *sc, const struct scope *s, const struct claim *c,
		      const struct fact_view *view, struct buf *wrong)
{
	struct fact_ask ask = { .fact = c->fact, .task = s->task, .proc = s->current };
	struct fact_answer got = { .known = false };
	uint64_t want = 0;
	int unbound;
	bool good;

	if (!view || !view->world->ops->fact)
		return true;		/* this world does not show it */
	if (facts[c->fact].memory && view->other_ram)
		return true;
	ask.log = view->log ? view->log : "";
	ask.word = facts[c->fact].words ? c->pages : NULL;
	if (!look_up(sc, s, c, &ask, wrong))
		return false;
	view->world->ops->fact(view->world, &ask, &got);
	if (!got.known)
		return unknown(c, got.text, wrong);
	if (facts[c->fact].words) {
		good = has_word(got.text, c->pages);
		if (!good)
			buf_addf(wrong, "expected %s, got %s=%s\n", c->text, facts[c->fact].name, got.text);
		return good;
	}
	if (!scenario_eval(sc, s, c->place, &want, &unbound))
		return unknown(c, "a name in it has no meaning", wrong);
	good = c->relation == '=' ? got.number == want : c->relation == '<' ? got.number < want : got.number > want;
	if (!good)
		buf_addf(wrong, "expected %s, got %s=%llu (0x%llx)\n", c->text, facts[c->fact].name,
			 (unsigned long long)got.number, (unsigned long long)got.number);
	return good;
}
