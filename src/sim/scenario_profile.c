/* SPDX-License-Identifier: GPL-2.0-or-later
 * The profiles a scenario is for, and what it predicts under one of them only.
 */
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/scenario_private.h"

enum { LIST_MAX = 64 };

static struct error *profile_word(struct parser *p, const struct sim_profile **ret)
{
	const struct word *w = parser_next(p);
	const char *list[LIST_MAX];
	size_t n;

	*ret = w ? sim_profile_find(w->s) : NULL;
	if (*ret)
		return NULL;
	for (n = 0; n + 1 < LIST_MAX && sim_profile_at(n); n++)
		list[n] = sim_profile_name(sim_profile_at(n));
	list[n] = NULL;
	return parser_expected(p, w, "the name of a profile", list);
}

static bool named(const struct scenario *sc, const struct sim_profile *profile)
{
	for (size_t i = 0; i < sc->nprofiles; i++)
		if (sc->profile[i] == profile)
			return true;
	return false;
}

struct error *head_profile(struct parser *p)
{
	do {
		const struct sim_profile *profile;
		unsigned column = parser_peek(p) ? parser_peek(p)->column : p->end_column;
		struct error *err = profile_word(p, &profile);

		if (err)
			return err;
		if (named(p->sc, profile))
			return parser_error(p, column, "%s is named already", sim_profile_name(profile));
		VEC_GROW(p->sc->profile, p->sc->nprofiles, p->sc->cap_profiles);
		p->sc->profile[p->sc->nprofiles++] = profile;
	} while (parser_peek(p));
	return NULL;
}

struct error *under_line(struct parser *p, struct under **ret)
{
	struct scenario *sc = p->sc;
	struct scenario_item *it = sc->nitems ? &sc->item[sc->nitems - 1] : NULL;
	const struct word *w = parser_next(p);
	const struct sim_profile *profile;
	struct error *err;

	if (!it || it->kind != ITEM_OP)
		return parser_error(p, w->column, "\"under\" stands below the operation it predicts");
	w = parser_peek(p);
	err = profile_word(p, &profile);
	if (err)
		return err;
	for (size_t i = 0; i < it->nunder; i++)
		if (it->under[i].profile == profile)
			return parser_error(p, w->column, "%s is predicted in line %u already",
					    sim_profile_name(profile), it->under[i].line);
	if (sc->nprofiles && !named(sc, profile))
		return parser_error(p, w->column, "the line \"profile\" does not name %s",
				    sim_profile_name(profile));
	if (parser_peek(p))
		return parser_expected(p, parser_peek(p), "=>", NULL);
	VEC_GROW(it->under, it->nunder, it->cap_under);
	*ret = &it->under[it->nunder];
	**ret = (struct under){ .profile = profile, .line = p->line };
	return NULL;
}

void under_destroy(struct scenario_item *it)
{
	for (size_t i = 0; i < it->nunder; i++)
		prediction_destroy(it->under[i].prediction);
	free(it->under);
}

const struct prediction *scenario_predicted(const struct scenario_item *it,
					    const struct sim_profile *profile)
{
	for (size_t i = 0; i < it->nunder; i++)
		if (it->under[i].profile == profile)
			return it->under[i].prediction;
	return it->prediction;
}
