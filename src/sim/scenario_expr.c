/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/scenario_private.h"

static const struct { char suffix; unsigned shift; } suffixes[] = {
	{ 'p', 12 }, { 'K', 10 }, { 'M', 20 }, { 'G', 30 }, { 'T', 40 },
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

const char *number_parse(const char *s, const char **end, uint64_t *ret)
{
	static const char too_large[] = "a number of 2^64 or more";
	uint64_t value = 0;
	int base = 10, digits = 0;
	size_t i;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	for (; digit_value(*s) < base; s++, digits++)
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*s), &value))
			return too_large;
	if (!digits)
		return "no digits";
	for (i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (*s != suffixes[i].suffix)
			continue;
		if (value > UINT64_MAX >> suffixes[i].shift)
			return too_large;
		value <<= suffixes[i].shift;
		s++;
		break;
	}
	*end = s;
	*ret = value;
	return NULL;
}

size_t name_length(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static struct error *at(const struct parser *p, const struct word *w, const char *s,
			const char *what)
{
	return parser_error(p, w->column + (unsigned)(s - w->s), "%s in \"%s\"", what, w->s);
}

static struct error *parse_term(struct parser *p, const struct word *w, const char **s,
				struct term *t)
{
	const char *why;
	size_t n = name_length(*s);

	if (!n) {
		if (!isdigit((unsigned char)**s))
			return at(p, w, *s, "a number (4p, 0x1000, 64K) or a name expected");
		why = number_parse(*s, s, &t->number);
		if (why)
			return at(p, w, *s, why);
		t->kind = TERM_NUMBER;
		return NULL;
	}
	t->kind = TERM_NAME;
	t->symbol = scenario_symbol(p->sc, *s, n);
	*s += n;
	if (**s != '.')
		return NULL;
	n = 1 + name_length(*s + 1);
	if (n == 4 && memcmp(*s, ".end", 4) == 0)
		t->kind = TERM_END;
	else if (n == 4 && memcmp(*s, ".len", 4) == 0)
		t->kind = TERM_LEN;
	else
		return at(p, w, *s, ".end or .len expected");
	*s += n;
	return NULL;
}

struct error *expr_parse_at(struct parser *p, const struct word *w, const char *s, const char *what,
			    struct expr *ret)
{
	struct scenario *sc = p->sc;
	struct expr e = { .first = (uint32_t)sc->nterms };
	struct term t = { 0 };
	struct error *err;

	if (!*s)
		return at(p, w, s, what);
	e.sign = *s == '+' || *s == '-';
	t.minus = *s == '-';
	s += e.sign;
	for (;;) {
		err = parse_term(p, w, &s, &t);
		if (err)
			return err;
		VEC_GROW(sc->term, sc->nterms, sc->cap_terms);
		sc->term[sc->nterms++] = t;
		e.n++;
		if (!*s)
			break;
		if (*s != '+' && *s != '-')
			return at(p, w, s, t.kind == TERM_NUMBER && isalpha((unsigned char)*s) && isdigit((unsigned char)s[-1]) ?
				  "one of the suffixes p, K, M, G, T expected" : "+, - or a blank expected");
		memset(&t, 0, sizeof(t));
		t.minus = *s++ == '-';
	}
	*ret = e;
	return NULL;
}

struct error *expr_parse(struct parser *p, const struct word *w, const char *what, struct expr *ret)
{
	if (!w)
		return parser_expected(p, NULL, what, NULL);
	/* A word that cannot begin an expression is more likely the wrong kind of word. */
	if (!isalnum((unsigned char)w->s[0]) && !strchr("_+-", w->s[0]))
		return parser_expected(p, w, what, NULL);
	return expr_parse_at(p, w, w->s, what, ret);
}

static bool term_value(const struct scope *s, const struct term *t, uint64_t *ret)
{
	struct scope_binding b;

	if (t->kind == TERM_NUMBER) {
		*ret = t->number;
		return true;
	}
	if (!scope_find(s, t->symbol, &b))
		return false;
	*ret = t->kind == TERM_LEN ? b.len : b.addr + (t->kind == TERM_END ? b.len : 0);
	return true;
}

bool scenario_eval(const struct scenario *sc, const struct scope *s, struct expr e,
		   uint64_t *ret, int *unbound)
{
	uint64_t sum = 0, value;
	bool good = true;
	unsigned i;

	for (i = 0; i < e.n; i++) {
		const struct term *t = &sc->term[e.first + i];

		if (!term_value(s, t, &value)) {
			*unbound = (int)t->symbol;	/* the last one on the line is named */
			good = false;
			continue;
		}
		sum += t->minus ? -value : value;
	}
	if (good)
		*ret = sum;
	return good;
}
