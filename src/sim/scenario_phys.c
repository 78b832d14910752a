/* SPDX-License-Identifier: GPL-2.0-or-later
 * Operations on physical memory: alloc, free, fragment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/scenario_private.h"

enum { TYPE_UNMOVABLE, ORDERS = 10 };

static const char *const types[] = { "unmovable", "movable", "reclaimable", NULL };

/* True when the word is a migrate type; then it was taken. */
static bool type_word(struct parser *p, struct scenario_op *so)
{
	const struct word *w = parser_peek(p);

	for (unsigned i = 0; w && types[i]; i++)
		if (!strcmp(w->s, types[i])) {
			so->op.flags = i;
			parser_next(p);
			return true;
		}
	return false;
}

static struct error *small_number(struct parser *p, const char *what, unsigned most, uint64_t *ret)
{
	const struct word *w = parser_next(p);
	char *end;

	if (!w || *w->s < '0' || *w->s > '9')
		return parser_expected(p, w, what, NULL);
	*ret = strtoull(w->s, &end, 10);
	if (*end || strlen(w->s) > 4)
		return parser_expected(p, w, what, NULL);
	if (*ret > most)
		return parser_error(p, w->column, "%s: at most %u", what, most);
	return NULL;
}

static struct error *as_name(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "as", NULL };
	const struct word *w = parser_next(p);

	if (!w || strcmp(w->s, "as"))
		return parser_expected(p, w, "as NAME", list);
	return parser_new_name(p, &so->bind);
}

struct error *parse_alloc(struct parser *p, struct scenario_op *so)
{
	struct error *err = small_number(p, "ORDER", 20, &so->op.len);

	if (!err)
		err = as_name(p, so);
	if (!err && parser_peek(p) && !type_word(p, so))
		err = parser_expected(p, parser_peek(p), "a migrate type expected", types);
	return err;
}

struct error *parse_free(struct parser *p, struct scenario_op *so)
{
	const struct word *w = parser_next(p);
	size_t n = w ? name_length(w->s) : 0;

	if (!n || w->s[n])
		return parser_expected(p, w, "the NAME of a block", NULL);
	if (n > SCENARIO_NAME_MAX)
		return parser_error(p, w->column, "the name \"%s\" has more than %d characters", w->s,
				    SCENARIO_NAME_MAX);
	so->task = (int)scenario_symbol(p->sc, w->s, n);
	return NULL;
}

struct error *parse_fragment(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = {
		"keep", "percent", "unmovable", "movable", "reclaimable", NULL
	};
	struct error *err = as_name(p, so);

	so->op.value = 50;
	while (!err && parser_peek(p)) {
		const struct word *w = parser_peek(p);

		if (type_word(p, so))
			continue;
		parser_next(p);
		if (!strcmp(w->s, "keep"))
			err = small_number(p, "ORDER", ORDERS - 1, &so->op.len);
		else if (!strcmp(w->s, "percent"))
			err = small_number(p, "N (percent)", 50, &so->op.value);
		else
			err = parser_expected(p, w, "keep, percent or a migrate type expected", list);
	}
	return err;
}
