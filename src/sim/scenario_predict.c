/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/facts.h"
#include "src/sim/scenario_private.h"

static const char page_letters[] = ".AaFfZGSH-";

static const char *figure_name(unsigned figure)
{
	if (figure < WORLD_NCOUNTERS)
		return world_counter_name[figure];
	return figure == FIGURE_MINFLT ? "minflt" : "vmas";
}

/* ---- reading ---------------------------------------------------------------------------- */

static const char *const plain_results[] = { "ok", "unchanged", "oops", "panic", "stalls", NULL };
static const char *const two_word_results[][2] = {
	{ "SIGSEGV", "MAPERR" },
	{ "SIGSEGV", "ACCERR" },
	{ "SIGSEGV", "KERNEL" },
	{ "SIGBUS", "ADRERR" },
};

/* Is this the beginning of FIGURE=n, NAME:PAGES or NAME@ADDR? */
static bool is_claim(const char *s)
{
	size_t n = name_length(s);

	if (fact_of_word(s) >= 0)
		return true;
	return n && s[n] && strchr("=+-:@", s[n]) && (s[n] != ':' || s[n + 1]);
}

static bool is_errno(const char *s)
{
	int i;

	for (i = 1; i < 134; i++) {
		const char *name = strerrorname_np(i);

		if (name && strcmp(name, s) == 0)
			return true;
	}
	return false;
}

static struct error *result_unknown(struct parser *p, const struct word *w)
{
	static const char *const list[] = {
		"ok",	   "unchanged", "ENOMEM",   "EINVAL",	"EACCES",
		"EPERM",   "EEXIST",	"EFAULT",   "EAGAIN",	"EBUSY",
		"SIGSEGV", "SIGBUS",	"skipped:", "refused:", "oops",
		"panic",   "astray:",	"stalls",   NULL,
	};

	return parser_expected(p, w, "a result, FIGURE=n, NAME:PAGES or NAME@ADDR expected", list);
}

/* skipped:, refused: or astray: with the words that follow. */
static void result_sentence(struct parser *p, struct prediction *pr, const struct word *w)
{
	struct buf b = BUF_INIT;
	const struct word *next;

	buf_addf(&b, "%s%s", w->s, strchr(w->s, ':') ? "" : ":");
	while ((next = parser_peek(p)) && !is_claim(next->s)) {
		buf_addf(&b, " %s", next->s);
		parser_next(p);
	}
	pr->prefix = !strchr(b.data, ' ');
	pr->result = buf_take(&b);
}

static struct error *parse_result(struct parser *p, struct prediction *pr)
{
	static const char *const segv[] = { "MAPERR", "ACCERR", "KERNEL", NULL }, *const bus[] = { "ADRERR", NULL };
	const struct word *w = parser_next(p), *second;
	size_t i;

	if (strcmp(w->s, "astray:") == 0 || strcmp(w->s, "astray") == 0 || strcmp(w->s, "skipped:") == 0 || strcmp(w->s, "refused:") == 0 ||
	    strcmp(w->s, "skipped") == 0 || strcmp(w->s, "refused") == 0) {
		result_sentence(p, pr, w);
		return NULL;
	}
	if (strcmp(w->s, "out") == 0) {
		static const char *const rest[] = { "of", "memory" };

		for (i = 0; i < ARRAY_LEN(rest); i++) {
			second = parser_next(p);
			if (!second || strcmp(second->s, rest[i]))
				return parser_expected(p, second, "out of memory", NULL);
		}
		pr->result = xstrdup("out of memory");
		return NULL;
	}
	for (i = 0; plain_results[i]; i++)
		if (strcmp(w->s, plain_results[i]) == 0)
			break;
	if (plain_results[i] || is_errno(w->s)) {
		pr->result = xstrdup(w->s);
		return NULL;
	}
	if (strcmp(w->s, "SIGSEGV") && strcmp(w->s, "SIGBUS"))
		return result_unknown(p, w);
	second = parser_next(p);
	for (i = 0; i < ARRAY_LEN(two_word_results); i++)
		if (second && strcmp(w->s, two_word_results[i][0]) == 0 &&
		    strcmp(second->s, two_word_results[i][1]) == 0)
			break;
	if (i == ARRAY_LEN(two_word_results))
		return strcmp(w->s, "SIGBUS") ?
			parser_expected(p, second, "MAPERR, ACCERR or KERNEL after SIGSEGV", segv) :
			parser_expected(p, second, "ADRERR after SIGBUS", bus);
	pr->result = xasprintf("%s %s", w->s, second->s);
	return NULL;
}

static struct error *parse_figure(struct parser *p, const struct word *w, size_t n, struct claim *c)
{
	const char *list[NFIGURES + FACTS_MAX + 1] = { NULL };
	const char *why, *end;
	unsigned i;

	for (i = 0; i < NFIGURES; i++) {
		list[i] = figure_name(i);
		if (strlen(list[i]) == n && memcmp(list[i], w->s, n) == 0)
			break;
	}
	if (i == NFIGURES) {
		char name[SCENARIO_LINE_MAX + 1];
		struct word only = { name, w->column };

		for (unsigned k = 0; facts[k].name && k < FACTS_MAX; k++)
			list[i++] = facts[k].name;
		snprintf(name, sizeof(name), "%.*s", (int)n, w->s);
		return parser_expected(p, &only, "a figure (minflt, vmas, a counter) or a fact expected",
				       list);
	}
	c->kind = CLAIM_FIGURE;
	c->figure = i;
	c->relation = w->s[n];
	why = number_parse(w->s + n + 1, &end, &c->number);
	if (!why && *end)
		why = "a number expected";
	/* Counters are kB: VmSize+1p is VmSize+4. */
	if (!why && i < WORLD_NCOUNTERS && strchr("pKMGT", end[-1]))
		c->number >>= 10;
	return why ? parser_error(p, w->column + (unsigned)n + 1, "%s in \"%s\"", why, w->s) : NULL;
}

/* Digits only: the letter behind them is no suffix. */
static const char *count_parse(const char **s, uint64_t *ret)
{
	uint64_t value = 0;

	for (; isdigit((unsigned char)**s); (*s)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**s - '0'), &value))
			return "a number of 2^64 or more";
	*ret = value;
	return NULL;
}

/* Brings "2AA.." into the form of the records: "3A2.". */
static struct error *parse_pages(struct parser *p, const struct word *w, const char *s,
				 struct claim *c)
{
	struct buf out = BUF_INIT;
	struct world_runs runs = { .out = &out };
	const char *why = NULL;
	uint64_t count, total = 0;

	while (*s && !why) {
		count = 1;
		if (isdigit((unsigned char)*s))
			why = count_parse(&s, &count);
		if (!why && (!*s || !strchr(page_letters, *s)))
			why = "a page letter expected (. A a F f Z G S -)";
		if (!why && (!count || __builtin_add_overflow(total, count, &total)))
			why = "not a number of pages";
		if (!why)
			world_runs_add(&runs, count, *s++);
	}
	world_runs_end(&runs);
	if (why) {
		buf_free(&out);
		return parser_error(p, w->column + (unsigned)(s - w->s), "%s in \"%s\"", why, w->s);
	}
	c->kind = CLAIM_PAGES;
	c->pages = buf_take(&out);
	return NULL;
}

static struct error *parse_claim(struct parser *p, const struct word *w, struct claim *c)
{
	size_t n = name_length(w->s);
	int fact = fact_of_word(w->s);

	if (fact >= 0)
		return fact_claim_parse(p, w, fact, c);
	if (strchr("=+-", w->s[n]))
		return parse_figure(p, w, n, c);
	if (n > SCENARIO_NAME_MAX)
		return parser_error(p, w->column, "a name of more than %d characters",
				    SCENARIO_NAME_MAX);
	c->symbol = scenario_symbol(p->sc, w->s, n);
	if (w->s[n] == ':')
		return parse_pages(p, w, w->s + n + 1, c);
	c->kind = CLAIM_PLACE;
	return expr_parse_at(p, w, w->s + n + 1, "ADDR expected", &c->place);
}

struct error *prediction_parse(struct parser *p, struct prediction **ret)
{
	struct prediction *pr = xcalloc(1, sizeof(*pr));
	struct error *err = NULL;
	const struct word *w;

	if (parser_peek(p) && !is_claim(parser_peek(p)->s))
		err = parse_result(p, pr);
	while (!err && (w = parser_next(p))) {
		struct claim c = { 0 };

		err = is_claim(w->s) ? parse_claim(p, w, &c) :
			parser_expected(p, w, "FIGURE=n, NAME:PAGES or NAME@ADDR", NULL);
		if (err)
			break;
		c.text = xstrdup(w->s);
		VEC_GROW(pr->claim, pr->nclaims, pr->cap);
		pr->claim[pr->nclaims++] = c;
	}
	if (err)
		prediction_destroy(pr);
	else
		*ret = pr;
	return err;
}

void prediction_destroy(struct prediction *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->nclaims; i++) {
		free(p->claim[i].pages);
		free(p->claim[i].text);
	}
	free(p->claim);
	free(p->result);
	free(p->text);
	free(p);
}

/* ---- checking ---------------------------------------------------------------------------- */

void claim_base_set(struct claim_base *b, const struct world_state *st, uint64_t minflt)
{
	memcpy(b->figure, st->counter, sizeof(st->counter));
	b->figure[FIGURE_MINFLT] = minflt;
	b->figure[FIGURE_VMAS] = st->nvmas;
}

static bool check_figure(const struct claim *c, const struct claim_base *before,
			 const struct claim_base *now, struct buf *wrong)
{
	uint64_t got = now->figure[c->figure], was = before->figure[c->figure], want = c->number;
	long long change = (long long)(got - was);

	if (c->relation != '=')
		want = c->relation == '+' ? was + c->number : was - c->number;
	if (got == want)
		return true;
	if (c->relation == '=')
		buf_addf(wrong, "expected %s, got %s=%llu\n", c->text, figure_name(c->figure),
			 (unsigned long long)got);
	else
		buf_addf(wrong, "expected %s, got %s%+lld (%llu)\n", c->text,
			 figure_name(c->figure), change, (unsigned long long)got);
	return false;
}

/* Of the run-length text s that begins at address from: adds what lies in [start, end). */
static void add_window(struct world_runs *runs, const char *s, uint64_t from, uint64_t start,
		       uint64_t end)
{
	while (*s && from < end) {
		uint64_t count = 1, a, b;

		if (isdigit((unsigned char)*s)) {
			char *next;

			count = strtoull(s, &next, 10);
			s = next;
		}
		a = from < start ? start : from;
		from += count * SIM_PAGE;
		b = from > end ? end : from;
		if (a < b)
			world_runs_add(runs, (b - a) / SIM_PAGE, *s);
		s++;
	}
}

static void region_pages(const struct world_state *st, uint64_t start, uint64_t end,
			 struct buf *out)
{
	struct world_runs runs = { .out = out };
	uint64_t at = start;
	size_t i;

	for (i = 0; i < st->nvmas && at < end; i++) {
		const struct world_vma *v = &st->vma[i];

		if (v->end <= at || v->start >= end)
			continue;
		if (v->start > at) {
			world_runs_add(&runs, (v->start - at) / SIM_PAGE, '-');
			at = v->start;
		}
		add_window(&runs, world_text(st, v->pages), v->start, at,
			   end < v->end ? end : v->end);
		at = v->end;
	}
	if (at < end)
		world_runs_add(&runs, (end - at) / SIM_PAGE, '-');
	world_runs_end(&runs);
}

static bool check_region(const struct scenario *sc, const struct scope *s, const struct claim *c,
			 const struct world_state *st, struct buf *wrong)
{
	struct scope_binding b;
	struct buf pages = BUF_INIT;
	uint64_t want = 0, start;
	int unbound;
	bool good;

	if (!scope_find(s, c->symbol, &b)) {
		buf_addf(wrong, "expected %s, but nothing is named %s\n", c->text,
			 sc->symbol[c->symbol]);
		return false;
	}
	if (c->kind == CLAIM_PLACE) {
		if (!scenario_eval(sc, s, c->place, &want, &unbound)) {
			buf_addf(wrong, "expected %s, but nothing is named %s\n", c->text,
				 sc->symbol[unbound]);
			return false;
		}
		if (want != b.addr)
			buf_addf(wrong, "expected %s (0x%llx), got %s@0x%llx\n", c->text,
				 (unsigned long long)want, sc->symbol[c->symbol],
				 (unsigned long long)b.addr);
		return want == b.addr;
	}
	start = b.addr & ~(uint64_t)(SIM_PAGE - 1);
	region_pages(st, start, (b.addr + b.len + SIM_PAGE - 1) & ~(uint64_t)(SIM_PAGE - 1),
		     &pages);
	good = strcmp(buf_str(&pages), c->pages) == 0;
	if (!good)
		buf_addf(wrong, "expected %s, got %s:%s\n", c->text, sc->symbol[c->symbol],
			 buf_str(&pages));
	buf_free(&pages);
	return good;
}

bool prediction_check(const struct scenario *sc, const struct scope *s, const struct prediction *p,
		      const char *result, const struct world_state *st, uint64_t minflt,
		      const struct claim_base *before, const struct fact_view *view, struct buf *wrong)
{
	struct claim_base now;
	bool good = true;
	size_t i;

	claim_base_set(&now, st, minflt);
	if (p->result && (p->prefix ? strncmp(result, p->result, strlen(p->result))
				    : strcmp(result, p->result))) {
		buf_addf(wrong, "expected %s, got %s\n", p->result, result);
		good = false;
	}
	for (i = 0; i < p->nclaims; i++) {
		const struct claim *c = &p->claim[i];

		if (c->kind == CLAIM_FACT) {
			if (!fact_claim_check(sc, s, c, view, wrong))
				good = false;
			continue;
		}
		if (!(c->kind == CLAIM_FIGURE ? check_figure(c, before, &now, wrong) :
						 check_region(sc, s, c, st, wrong)))
			good = false;
	}
	return good;
}
