/* SPDX-License-Identifier: GPL-2.0-or-later
 * What made two kernels differ: the rule that was asked, or a constant.
 */
#include <string.h>

#include "src/sim/compare.h"
#include "src/sim/player_private.h"
#include "src/sim/profile_constants.h"

/* "linux-2.6.39-i386" without what all names have. */
static const char *short_name(const struct sim_profile *p)
{
	return strncmp(p->name, "linux-", 6) ? p->name : p->name + 6;
}

static void begin(struct buf *out)
{
	if (out->len)
		buf_addc(out, '\n');
}

void compare_say_rule(const struct difference *d, unsigned r, struct buf *out)
{
	unsigned a = d->mine->rule[r], b = d->its->rule[r];

	begin(out);
	buf_addf(out, "%s: %s. ", sim_rules[r].since, sim_rules[r].change);
	if (a && b)
		buf_addf(out, "%s and %s choose differently", short_name(d->mine), short_name(d->its));
	else
		buf_addf(out, "So in %s, not yet in %s", short_name(a ? d->mine : d->its),
			 short_name(a ? d->its : d->mine));
	buf_addf(out, " (rule %s).", sim_rules[r].name);
}

bool compare_rules(const struct difference *d, const struct rule_bits *asked, struct buf *out)
{
	bool any = false;

	for (unsigned r = 0; r < SIM_NRULES; r++) {
		if (!(asked->word[r / 64] >> r % 64 & 1) || d->mine->rule[r] == d->its->rule[r])
			continue;
		compare_say_rule(d, r, out);
		any = true;
	}
	return any;
}

/* ---- constants --------------------------------------------------------------------------- */

static void add_value(uint64_t v, enum constant_unit unit, const char *words, struct buf *out)
{
	switch (unit) {
	case CONSTANT_ADDRESS:
		buf_addf(out, "0x%llx", (unsigned long long)v);
		break;
	case CONSTANT_BYTES:
		if (v && v % (1u << 20) == 0)
			buf_addf(out, "%llu MiB", (unsigned long long)v >> 20);
		else if (v && v % 1024 == 0)
			buf_addf(out, "%llu KiB", (unsigned long long)v >> 10);
		else
			buf_addf(out, "%llu bytes", (unsigned long long)v);
		break;
	case CONSTANT_COUNT:
		buf_addf(out, "%llu", (unsigned long long)v);
		break;
	case CONSTANT_WORDS:
		buf_adds(out, words);
		break;
	}
}

/* A decision's number that is this constant, in bytes or in pages. */
static bool shows(const struct decision *d, const struct sim_constant *k, uint64_t v)
{
	uint64_t pages = v / SIM_PAGE;

	if (!d || !v || k->unit == CONSTANT_WORDS)
		return false;
	if (d->unit == DECISION_IN_PAGES)
		return pages && (d->a == pages || d->b == pages);
	return d->a == v || d->b == v;
}

static bool has_word(const char *s, const char *word, size_t n)
{
	for (; *s; s++)
		if (!strncmp(s, word, n))
			return true;
	return false;
}

/* Is the decision about what the words name? */
static bool about(const struct decision *d, const char *words)
{
	while (d && *words) {
		size_t n = strcspn(words, "|");
		const char *const texts[] = { d->func, d->what, d->aname, d->bname, d->taken };

		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			if (has_word(texts[i], words, n))
				return true;
		words += n + (words[n] == '|');
	}
	return false;
}

void compare_say_constant(const struct difference *d, const struct sim_constant *k, struct buf *out)
{
	begin(out);
	buf_addf(out, "%s: %s. ", k->since, k->about);
	add_value(k->value(d->mine), k->unit, k->words ? k->words(d->mine) : "", out);
	buf_addf(out, " in %s, ", short_name(d->mine));
	add_value(k->value(d->its), k->unit, k->words ? k->words(d->its) : "", out);
	buf_addf(out, " in %s (%s).", short_name(d->its), k->name);
}

bool constant_differs(const struct sim_constant *k, const struct sim_profile *a, const struct sim_profile *b)
{
	if (k->words)
		return strcmp(k->words(a), k->words(b)) != 0;
	return k->value(a) != k->value(b);
}

bool compare_constants(const struct difference *d, struct buf *out)
{
	enum { MOST = 3 };
	unsigned n = 0;

	for (int pass = 0; pass < 2 && !n; pass++)
		for (const struct sim_constant *k = sim_constants; k->name && n < MOST; k++) {
			bool fits;

			if (!constant_differs(k, d->mine, d->its))
				continue;
			if (pass)
				fits = shows(d->a, k, k->value(d->mine)) && shows(d->b, k, k->value(d->its));
			else
				fits = about(d->a, k->asked) || about(d->b, k->asked);
			if (!fits)
				continue;
			compare_say_constant(d, k, out);
			n++;
		}
	return n > 0;
}
