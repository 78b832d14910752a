/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/sim/scenario_private.h"

/* ---- symbols ------------------------------------------------------------------------ */

static const char *const builtin_name[SYM_NBUILTIN] = {
	[SYM_TEXT] = "text",
	[SYM_DATA] = "data",
	[SYM_BSS] = "bss",
	[SYM_STACK] = "stack",
	[SYM_VVAR] = "vvar",
	[SYM_VVAR_VCLOCK] = "vvar_vclock",
	[SYM_VDSO] = "vdso",
	[SYM_HEAP] = "heap",
	[SYM_SP] = "sp",
	[SYM_MMAPBASE] = "mmapbase",
};

static uint32_t hash_name(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static void hash_insert(struct scenario *sc, unsigned symbol)
{
	size_t at = hash_name(sc->symbol[symbol]) & (sc->hash_size - 1);

	while (sc->hash[at])
		at = (at + 1) & (sc->hash_size - 1);
	sc->hash[at] = symbol + 1;
}

static void hash_grow(struct scenario *sc)
{
	size_t i;

	sc->hash_size = sc->hash_size ? 2 * sc->hash_size : 64;
	free(sc->hash);
	sc->hash = xcalloc(sc->hash_size, sizeof(*sc->hash));
	for (i = 0; i < sc->nsymbols; i++)
		hash_insert(sc, (unsigned)i);
}

unsigned scenario_symbol(struct scenario *sc, const char *name, size_t n)
{
	char cut[SCENARIO_NAME_MAX + 1];
	size_t at;

	snprintf(cut, sizeof(cut), "%.*s", (int)(n < SCENARIO_NAME_MAX ? n : SCENARIO_NAME_MAX),
		 name);
	if (sc->nsymbols * 2 >= sc->hash_size)
		hash_grow(sc);
	for (at = hash_name(cut) & (sc->hash_size - 1); sc->hash[at];
	     at = (at + 1) & (sc->hash_size - 1))
		if (strcmp(sc->symbol[sc->hash[at] - 1], cut) == 0)
			return sc->hash[at] - 1;
	VEC_GROW(sc->symbol, sc->nsymbols, sc->cap_symbols);
	memcpy(sc->symbol[sc->nsymbols++], cut, sizeof(cut));
	hash_insert(sc, (unsigned)sc->nsymbols - 1);
	return (unsigned)sc->nsymbols - 1;
}

/* ---- words -------------------------------------------------------------------------- */

const struct word *parser_peek(const struct parser *p)
{
	return p->at < p->nwords ? &p->word[p->at] : NULL;
}

const struct word *parser_next(struct parser *p)
{
	return p->at < p->nwords ? &p->word[p->at++] : NULL;
}

struct error *parser_error(const struct parser *p, unsigned column, const char *fmt, ...)
{
	struct error *err;
	char *message;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	err = error_at(p->sc->path, p->line, column, "%s", message);
	free(message);
	return err;
}

struct error *parser_expected(const struct parser *p, const struct word *w, const char *what,
			      const char *const *list)
{
	const char *expected = strstr(what, "expected") ? "" : " expected";
	const char *near = w && list ? text_nearest(w->s, list) : NULL;
	/* Does the sentence name the words already? */
	bool named = strchr(what, ':') || (list && list[0] && strstr(what, list[0]));
	struct error *err;
	struct buf all = BUF_INIT;
	size_t i;

	for (i = 0; list && list[i] && !named; i++)
		buf_addf(&all, "%s%s", i ? ", " : ": ", list[i]);
	if (!w) {
		err = parser_error(p, p->end_column, "%s%s%s, but the line ends here", what,
				   expected, buf_str(&all));
	} else if (near) {
		err = parser_error(p, w->column, "%s%s, not \"%s\"; did you mean \"%s\"?", what,
				   expected, w->s, near);
	} else {
		err = parser_error(p, w->column, "%s%s%s, not \"%s\"", what, expected,
				   buf_str(&all), w->s);
	}
	buf_free(&all);
	return err;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts line (which stays alive) into words, in place; offset is its place in the whole line. */
static void split(struct parser *p, char *line, unsigned offset)
{
	char *s = line;

	p->nwords = p->at = 0;
	p->end_column = offset + 1;
	for (;;) {
		while (blank(*s))
			s++;
		if (!*s)
			break;
		p->word[p->nwords].s = s;
		p->word[p->nwords++].column = offset + (unsigned)(s - line) + 1;
		while (*s && !blank(*s))
			s++;
		p->end_column = offset + (unsigned)(s - line) + 1;
		if (*s)
			*s++ = '\0';
	}
}

static char *join(const struct parser *p, unsigned from)
{
	struct buf b = BUF_INIT;
	unsigned i;

	for (i = from; i < p->nwords; i++)
		buf_addf(&b, "%s%s", i > from ? " " : "", p->word[i].s);
	return buf_take(&b);
}

/* ---- head and narration --------------------------------------------------------------- */

static struct error *head_number(struct parser *p, const char *what, uint64_t *ret)
{
	const struct word *w = parser_next(p);
	const char *end, *why;

	if (!w || !isdigit((unsigned char)w->s[0]))
		return parser_expected(p, w, what, NULL);
	why = number_parse(w->s, &end, ret);
	if (why)
		return parser_error(p, w->column, "%s in \"%s\"", why, w->s);
	return *end ? parser_expected(p, w, what, NULL) : NULL;
}

/* LEN where nothing has a name yet: numbers, added and subtracted. */
static struct error *head_length(struct parser *p, const char *what, uint64_t *ret)
{
	const struct word *w = parser_next(p);
	size_t nterms = p->sc->nterms;
	struct error *err;
	struct expr e;
	unsigned i;

	err = expr_parse(p, w, what, &e);
	if (err)
		return err;
	*ret = 0;
	for (i = 0; i < e.n; i++) {
		const struct term *t = &p->sc->term[e.first + i];

		if (t->kind != TERM_NUMBER)
			return parser_expected(p, w, what, NULL);
		*ret += t->minus ? -t->number : t->number;
	}
	p->sc->nterms = nterms;
	return NULL;
}

static struct error *head_ram(struct parser *p)
{
	struct error *err;
	uint64_t bytes;

	err = head_length(p, "LEN (like 512M)", &bytes);
	if (err)
		return err;
	if (bytes < 4u << 20 || bytes >= 1ull << 40)
		return parser_error(p, p->word[1].column, "ram is at least 4M and less than 1T");
	p->sc->options.ram_pages = bytes / SIM_PAGE;
	p->sc->has_ram = true;
	return NULL;
}

static struct error *head_cpus(struct parser *p)
{
	struct error *err;
	uint64_t n;

	err = head_number(p, "a number of CPUs", &n);
	if (!err && (n < 1 || n > 256))
		err = parser_error(p, p->word[1].column, "1 to 256 CPUs");
	if (!err)
		p->sc->cpus = (unsigned)n;
	return err;
}

static struct error *head_seed(struct parser *p)
{
	return head_number(p, "a number", &p->sc->options.seed);
}

static struct error *start_limit(struct parser *p)
{
	struct sim_options *o = &p->sc->options;
	enum sim_limit limit;
	struct error *err = limit_parse(p, &limit);
	const struct word *w = parser_peek(p);
	uint64_t value;

	if (err)
		return err;
	if (w && strcmp(w->s, "unlimited") == 0) {
		parser_next(p);
		value = SIM_UNLIMITED;
	} else {
		err = head_length(p, "LEN or unlimited", &value);
	}
	if (!err && limit == SIM_LIMIT_MEMLOCK && value > o->memlock_hard)
		err = parser_error(p, w->column, "the hard limit of memlock is 8M");
	if (err)
		return err;
	o->limit[limit] = value;
	if (limit == SIM_LIMIT_AS ||
	    (limit == SIM_LIMIT_STACK && o->limit[SIM_LIMIT_AS] == SIM_UNLIMITED))
		p->sc->limit_line = p->line;
	return NULL;
}

static struct error *start_kstack(struct parser *p)
{
	const struct word *w = parser_peek(p);
	uint64_t bytes;
	struct error *err = head_length(p, "4K, 8K or 16K", &bytes);

	if (!err && bytes != 4096 && bytes != 8192 && bytes != 16384)
		err = parser_expected(p, w, "4K, 8K or 16K expected", NULL);
	if (!err)
		p->sc->options.kstack = (uint32_t)bytes;
	return err;
}

static struct error *head_start(struct parser *p)
{
	static const char *const list[] = {
		"stack", "as", "data", "memlock", "vdso", "layout", "kstack", NULL
	};
	static const char *const keep[] = { "keep", NULL }, *const bottomup[] = { "bottomup",
										  NULL };
	const struct word *w = parser_peek(p);
	int i;

	if (w && strcmp(w->s, "vdso") == 0) {
		parser_next(p);
		w = parser_next(p);
		if (!w || strcmp(w->s, "keep"))
			return parser_expected(p, w, "keep", keep);
		p->sc->options.vdso_keep = true;
		return NULL;
	}
	if (w && strcmp(w->s, "layout") == 0) {
		parser_next(p);
		w = parser_next(p);
		if (!w || strcmp(w->s, "bottomup"))
			return parser_expected(p, w, "bottomup", bottomup);
		p->sc->options.bottomup = true;
		return NULL;
	}
	if (w && strcmp(w->s, "kstack") == 0) {
		parser_next(p);
		return start_kstack(p);
	}
	for (i = 0; w && i < SIM_NLIMITS; i++)
		if (strcmp(w->s, world_limit_name[i]) == 0)
			return start_limit(p);
	return parser_expected(p, w, "what to start with", list);
}

static const struct head {
	const char *word;
	struct error *(*parse)(struct parser *p);
} heads[] = {
	{ "profile", head_profile },
	{ "ram", head_ram },
	{ "cpus", head_cpus },
	{ "seed", head_seed },
	{ "start", head_start },
};

static struct scenario_item *add_item(struct scenario *sc, enum item_kind kind, unsigned line,
				      char *text)
{
	struct scenario_item *it;

	VEC_GROW(sc->item, sc->nitems, sc->cap_items);
	it = &sc->item[sc->nitems++];
	memset(it, 0, sizeof(*it));
	it->kind = kind;
	it->line = line;
	it->text = text;
	return it;
}

/* "S3 S8 growth of the stack": the rows, then free text. */
static void add_about(struct scenario *sc, const char *s)
{
	const char *rest = s;
	struct scenario_about *a;

	for (;;) {
		size_t n = 0;

		if (*rest == 'S')
			for (n = 1; isdigit((unsigned char)rest[n]); n++)
				;
		if (n < 2 || n > 3 || (rest[n] && !blank(rest[n])) || atoi(rest + 1) < 1 ||
		    atoi(rest + 1) > 13)
			break;
		for (rest += n; blank(*rest); rest++)
			;
	}
	VEC_GROW(sc->about, sc->nabout, sc->cap_about);
	a = &sc->about[sc->nabout++];
	a->rows = xstrndup(s, rest - s);
	a->text = xstrdup(rest);
	for (size_t n = strlen(a->rows); n && blank(a->rows[n - 1]); n--)
		a->rows[n - 1] = '\0';
}

/* title, about and say take the rest of the line as it is. False: another line. */
static bool literal_line(struct scenario *sc, const char *line, unsigned number)
{
	static const char *const words[] = { "title", "about", "say" };
	const char *s = line, *rest, *end;
	size_t n, i;
	char *text;

	while (blank(*s))
		s++;
	n = strcspn(s, " \t\r");
	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && memcmp(s, words[i], n) == 0)
			break;
	if (i == ARRAY_LEN(words))
		return false;
	for (rest = s + n; blank(*rest); rest++)
		;
	for (end = rest + strlen(rest); end > rest && blank(end[-1]); end--)
		;
	text = xstrndup(rest, end - rest);
	if (i == 0) {
		free(sc->title);
		sc->title = text;
	} else if (i == 1) {
		add_about(sc, text);
		free(text);
	} else {
		add_item(sc, ITEM_SAY, number, text);
	}
	return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

static struct error *no_more_words(struct parser *p)
{
	const struct word *w = parser_peek(p);

	return w ? parser_error(p, w->column, "nothing more expected on this line, not \"%s\"",
				w->s)
		 : NULL;
}

/* head, pause: the words left of "=>". True when it was one of them. */
static bool head_line(struct parser *p, bool predicted, struct error **err)
{
	const struct word *w = parser_peek(p);
	size_t i;

	if (strcmp(w->s, "pause") == 0) {
		parser_next(p);
		*err = predicted ? parser_error(p, w->column, "a prediction needs an operation")
				 : no_more_words(p);
		if (!*err)
			add_item(p->sc, ITEM_PAUSE, p->line, xstrdup(""));
		return true;
	}
	for (i = 0; i < ARRAY_LEN(heads); i++)
		if (strcmp(w->s, heads[i].word) == 0)
			break;
	if (i == ARRAY_LEN(heads))
		return false;
	parser_next(p);
	if (predicted)
		*err = parser_error(p, w->column, "a prediction needs an operation");
	else if (p->sc->nops)
		*err = parser_error(p, w->column, "\"%s\" stands before the first operation", w->s);
	else
		*err = heads[i].parse(p);
	if (!*err)
		*err = no_more_words(p);
	return true;
}

static struct error *read_prediction(struct parser *p, char *text, unsigned offset,
				     struct prediction **ret)
{
	struct error *err;

	split(p, text, offset);
	err = prediction_parse(p, ret);
	if (!err)
		(*ret)->text = join(p, 0);
	return err;
}

/* The words behind `expect`, a prediction of their own. */
static struct error *read_expected(struct parser *p, struct sim_op *op, struct prediction **ret)
{
	struct error *err = prediction_parse(p, ret);

	if (err)
		return err;
	for (size_t i = 0; i < (*ret)->nclaims; i++)
		op->value |= (*ret)->claim[i].kind == CLAIM_FACT;
	(*ret)->text = join(p, 1);
	return NULL;
}

/* under PROFILE => prediction: of the operation above. */
static struct error *prediction_line(struct parser *p, char *prediction, unsigned offset)
{
	struct scenario_item *it;
	struct prediction *pred;
	struct under *u;
	struct error *err = under_line(p, &u);

	if (!err && !prediction)
		err = parser_error(p, p->end_column, "\"=> prediction\" expected: under PROFILE => ok");
	if (!err)
		err = read_prediction(p, prediction, offset, &pred);
	if (err)
		return err;
	u->prediction = pred;
	it = &p->sc->item[p->sc->nitems - 1];
	it->nunder++;
	return NULL;
}

static struct error *operation_line(struct parser *p, char *prediction, unsigned offset)
{
	struct prediction *pred = NULL;
	struct scenario_item *it;
	struct scenario_op op;
	struct error *err = operation_parse(p, &op);
	char *text;

	if (err)
		return err;
	text = join(p, 0);
	if (op.op.kind == SIM_OP_EXPECT && prediction)
		err = parser_error(p, p->word[0].column, "expect is a prediction itself: no => behind it");
	else if (op.op.kind == SIM_OP_EXPECT)
		err = read_expected(p, &op.op, &pred);
	else if (prediction)
		err = read_prediction(p, prediction, offset, &pred);
	if (err) {
		free(text);
		return err;
	}
	it = add_item(p->sc, ITEM_OP, p->line, text);
	it->op = op;
	p->sc->kernel_side |= op.op.kind >= SIM_OP_CALL;
	p->sc->takes_frames |= op.op.kind == SIM_OP_ALLOC || op.op.kind == SIM_OP_FRAGMENT;
	it->prediction = pred;
	p->sc->nops++;
	return NULL;
}

static struct error *parse_line(struct parser *p, char *line)
{
	char *comment, *arrow;
	struct error *err = NULL;

	if (literal_line(p->sc, line, p->line))
		return NULL;
	comment = strchr(line, '#');
	if (comment)
		*comment = '\0';
	arrow = strstr(line, "=>");
	if (arrow) {
		char *second = strstr(arrow + 2, "=>");

		if (second)
			return parser_error(p, (unsigned)(second - line) + 1,
					    "a second =>: one prediction to a line");
		*arrow = '\0';
		arrow += 2;
	}
	split(p, line, 0);
	if (!p->nwords)
		return arrow ? parser_error(p, (unsigned)(arrow - line) - 1,
					    "a prediction needs an operation")
			     : NULL;
	if (head_line(p, arrow != NULL, &err))
		return err;
	if (strcmp(parser_peek(p)->s, "under") == 0)
		return prediction_line(p, arrow, arrow ? (unsigned)(arrow - line) : 0);
	return operation_line(p, arrow, arrow ? (unsigned)(arrow - line) : 0);
}

static bool odd_byte(unsigned char c)
{
	return (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
}

struct error *scenario_add_line(struct scenario *sc, const char *text, size_t n, unsigned line)
{
	struct parser *p;
	struct error *err = NULL;
	size_t nterms = sc->nterms, i;
	char copy[SCENARIO_LINE_MAX + 1];

	if (n && text[n - 1] == '\r')
		n--;
	if (n > SCENARIO_LINE_MAX)
		return error_at(sc->path, line, SCENARIO_LINE_MAX + 1,
				"a line of more than %d bytes", SCENARIO_LINE_MAX);
	for (i = 0; i < n; i++)
		if (odd_byte((unsigned char)text[i]))
			return error_at(sc->path, line, (unsigned)i + 1,
					"a byte 0x%02x: this is no text", (unsigned char)text[i]);
	memcpy(copy, text, n);
	copy[n] = '\0';
	p = xcalloc(1, sizeof(*p));
	p->sc = sc;
	p->line = line;
	err = parse_line(p, copy);
	if (err)
		sc->nterms = nterms;
	free(p);
	return err;
}

/* ---- whole files -------------------------------------------------------------------------- */

struct scenario *scenario_create(const char *path)
{
	struct scenario *sc = xcalloc(1, sizeof(*sc));
	int i;

	sc->path = text_sanitized(path);
	for (i = 0; i < SYM_NBUILTIN; i++)
		scenario_symbol(sc, builtin_name[i], strlen(builtin_name[i]));
	for (i = 0; i < SIM_NLIMITS; i++)
		sc->options.limit[i] = SIM_UNLIMITED;
	sc->options.limit[SIM_LIMIT_STACK] = 8u << 20;
	sc->options.limit[SIM_LIMIT_MEMLOCK] = 8u << 20;
	sc->options.memlock_hard = 8u << 20;
	return sc;
}

void scenario_destroy(struct scenario *sc)
{
	size_t i;

	if (!sc)
		return;
	for (i = 0; i < sc->nitems; i++) {
		free(sc->item[i].text);
		prediction_destroy(sc->item[i].prediction);
		under_destroy(&sc->item[i]);
	}
	for (i = 0; i < sc->nabout; i++) {
		free(sc->about[i].rows);
		free(sc->about[i].text);
	}
	free(sc->about);
	free(sc->item);
	free(sc->term);
	free(sc->symbol);
	free(sc->hash);
	free(sc->title);
	free(sc->profile);
	free(sc->path);
	free(sc);
}

struct error *scenario_parse(const char *path, const char *text, size_t n, struct scenario **ret)
{
	struct scenario *sc = scenario_create(path);
	struct error *err = NULL;
	size_t at = 0, len;
	unsigned line = 1;

	if (n > SCENARIO_FILE_MAX)
		err = error_at(sc->path, 1, 1, "a scenario has at most %u bytes",
			       SCENARIO_FILE_MAX);
	for (; !err && at < n; at += len + 1, line++) {
		const char *end = memchr(text + at, '\n', n - at);

		len = end ? (size_t)(end - (text + at)) : n - at;
		err = scenario_add_line(sc, text + at, len, line);
	}
	if (err)
		scenario_destroy(sc);
	else
		*ret = sc;
	return err;
}

struct error *scenario_read(const char *path, struct buf *ret)
{
	FILE *f = fopen(path, "re");
	struct error *err = NULL;
	char chunk[16384];
	size_t n;

	if (!f)
		return error_os(ERR_USAGE, errno, "%s", path);
	buf_reset(ret);
	while (ret->len <= SCENARIO_FILE_MAX && (n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		/* Editors of other systems begin a text with it. */
		size_t mark = !ret->len && n >= 3 && !memcmp(chunk, "\xef\xbb\xbf", 3) ? 3 : 0;

		buf_add(ret, chunk + mark, n - mark);
	}
	if (ferror(f))
		err = error_os(ERR_USAGE, errno, "%s", path);
	else if (ret->len > SCENARIO_FILE_MAX)
		err = error_at(path, 1, 1, "a scenario has at most %u bytes", SCENARIO_FILE_MAX);
	fclose(f);
	return err;
}

struct error *scenario_load(const char *path, struct scenario **ret)
{
	struct buf text = BUF_INIT;
	struct error *err = scenario_read(path, &text);

	if (!err)
		err = scenario_parse(path, buf_str(&text), text.len, ret);
	buf_free(&text);
	return err;
}
