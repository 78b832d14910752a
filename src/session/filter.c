/* SPDX-License-Identifier: GPL-2.0-or-later
 * The filter language: a small recursive-descent parser over PCRE2.
 *
 * Truth has three values: a figure nobody could tell, or a match that hit a limit, is
 * neither yes nor no, and stays so under "!"; only a clear yes passes.
 *
 * Costs: each match is limited by PCRE2 itself. Since many rows just below the limit
 * would still add up, what matches take beyond an ordinary allowance is added up too;
 * once a pattern has used its share it is not tried again and its rows count as costly.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/filter.h"
#include "mmscope/text.h"

enum {
	MATCH_LIMIT = 10000,
	DEPTH_LIMIT = 5000,
	HEAP_LIMIT_KIB = 8192,
	PATTERN_MAX = 256,		/* bytes */
	PARENS_MAX = 32,
	TERMS_MAX = 64,
	NEST_MAX = 32,
	JIT_CODE_MAX = 16384,		/* compiling a larger one costs more than it saves */
	REMEMBER_MAX = 256,		/* the subject remembered, bytes */
};

static const uint64_t allowance_ns[2] = { 1000, 300 };	/* per match: interpreted, JIT */
/* more than this was not the match but the scheduler */
static const uint64_t single_max_ns = 200000;
/* beyond the allowances, before a pattern is given up */
static const uint64_t share_ns = 8000000;
static const unsigned share_regain = 20;	/* 1/20 of the time that passes is given back */

enum truth { NO, YES, CANNOT_TELL };

struct pattern {
	pcre2_code *code;
	bool literal;			/* no backtracking: never costly */
	bool jit;
	bool remembers;			/* rows next to each other mostly share their text */
	enum truth answer;
	size_t len;
	char subject[REMEMBER_MAX];
};

enum node_op { AND, OR, NOT, ANY_TEXT, WORD, EQ, NE, LT, LE, GT, GE, MATCHES, MATCHES_NOT };

struct node {
	enum node_op op;
	int field;
	uint64_t value;
	char *word;
	struct pattern *pattern;
	struct node *a, *b;
};

struct filter {
	const struct filter_kind *kind;
	struct node *root;		/* NULL: everything passes */
	pcre2_match_context *limits;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	bool costly, given_up;
	uint64_t beyond_ns, last_ns;
};

struct parser {
	struct filter *f;
	const char *text, *p;
	struct filter_error *err;
	unsigned terms;
	bool failed;
};

/* ---- patterns ---- */

static void pattern_destroy(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	free(p);
}

static void charge(struct filter *f, uint64_t began, bool jit)
{
	uint64_t now = clock_now_ns(), took = now - began;
	uint64_t back = (now - f->last_ns) / share_regain;

	if (took > single_max_ns)
		took = single_max_ns;
	f->beyond_ns -= back < f->beyond_ns ? back : f->beyond_ns;
	f->last_ns = now;
	if (took > allowance_ns[jit])
		f->beyond_ns += took - allowance_ns[jit];
	if (f->beyond_ns > share_ns)
		f->given_up = true;
}

static enum truth pattern_try(struct filter *f, struct pattern *p, const char *s, size_t n)
{
	uint64_t began;
	int rc;

	if (p->literal) {
		rc = pcre2_match(p->code, (PCRE2_SPTR)s, n, 0, 0, f->data, f->limits);
		return rc >= 0 ? YES : NO;
	}
	if (f->given_up) {
		f->costly = true;
		return CANNOT_TELL;
	}
	began = clock_now_ns();
	rc = pcre2_match(p->code, (PCRE2_SPTR)s, n, 0, 0, f->data, f->limits);
	charge(f, began, p->jit);
	if (rc >= 0)
		return YES;
	if (rc == PCRE2_ERROR_NOMATCH)
		return NO;
	f->costly = true;
	return CANNOT_TELL;
}

static enum truth pattern_match(struct filter *f, struct pattern *p, const char *s)
{
	size_t n = strlen(s);

	if (p->remembers && n == p->len && !memcmp(s, p->subject, n))
		return p->answer;
	p->answer = pattern_try(f, p, s, n);
	p->remembers = n <= REMEMBER_MAX;
	if (p->remembers) {
		memcpy(p->subject, s, n);
		p->len = n;
	}
	return p->answer;
}

/* ---- errors ---- */

static unsigned column_at(const char *text, const char *p)
{
	unsigned col = 1;

	for (; text < p && *text; text++)
		col += ((unsigned char)text[1] & 0xc0) != 0x80;
	return col;
}

static void *fail(struct parser *ps, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void *fail(struct parser *ps, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (ps->failed)
		return NULL;
	ps->failed = true;
	if (!ps->err)
		return NULL;
	ps->err->column = column_at(ps->text, where);
	va_start(ap, fmt);
	vsnprintf(ps->err->message, sizeof(ps->err->message), fmt, ap);
	va_end(ap);
	return NULL;
}

/* ---- nodes ---- */

static struct node *node_create(enum node_op op, struct node *a, struct node *b)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->op = op;
	n->a = a;
	n->b = b;
	return n;
}

static void node_destroy(struct node *n)
{
	if (!n)
		return;
	node_destroy(n->a);
	node_destroy(n->b);
	pattern_destroy(n->pattern);
	free(n->word);
	free(n);
}

/* Smart case: capitals in what was typed mean them. Escapes like \S are no capitals. */
static bool has_capital(const char *s, size_t n, bool literal)
{
	for (size_t i = 0; i < n; i++) {
		if (!literal && s[i] == '\\') {
			i++;
			continue;
		}
		if ((s[i] >= 'A' && s[i] <= 'Z') || (unsigned char)s[i] == 0xc3)
			return true;
	}
	return false;
}

static struct pattern *pattern_create(struct parser *ps, const char *s, size_t n, uint32_t flags)
{
	bool literal = flags & PCRE2_LITERAL;
	pcre2_compile_context *cc;
	struct pattern *p;
	pcre2_code *code;
	PCRE2_SIZE offset = 0;
	size_t size = 0;
	int rc = 0;

	if (n > PATTERN_MAX)
		return fail(ps, s + PATTERN_MAX, "longer than %d bytes", PATTERN_MAX);
	flags |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	if (!literal)
		flags |= PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	if (!has_capital(s, n, literal))
		flags |= PCRE2_CASELESS;
	cc = pcre2_compile_context_create(NULL);
	pcre2_set_parens_nest_limit(cc, PARENS_MAX);
	code = pcre2_compile((PCRE2_SPTR)s, n, flags, &rc, &offset, cc);
	pcre2_compile_context_free(cc);
	if (!code) {
		char why[128];
		const char *at = s + (offset < n ? offset : n);

		pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
		while (at > s && ((unsigned char)*--at & 0xc0) == 0x80)
			;	/* PCRE2 points just behind the culprit; stand on its first byte */
		return fail(ps, at, "%s", why);
	}
	p = xcalloc(1, sizeof(*p));
	p->code = code;
	p->literal = literal;
	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	/* A kernel that forbids writable code refuses: the interpreter does it then. */
	p->jit = size <= JIT_CODE_MAX && !pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return p;
}

/* ---- parser ---- */

static void skip_blanks(struct parser *ps)
{
	while (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\n')
		ps->p++;
}

static bool ends_word(char c)
{
	return !c || c == ' ' || c == '\t' || c == '\n' || c == '(' || c == ')' || c == '|';
}

static bool at_word(const struct parser *ps, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(ps->p, word, n) && ends_word(ps->p[n]);
}

static bool at_or(const struct parser *ps)
{
	return *ps->p == '|' || at_word(ps, "or") || at_word(ps, "OR");
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (!ends_word(s[n]))
		n++;
	return n;
}

/* The end of /re/ when s stands on the first slash and the last one ends the word, else NULL. */
static const char *slashed_end(const char *s)
{
	for (const char *p = s + 1; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '/' && p > s + 1 && ends_word(p[1]))
			return p;
	}
	return NULL;
}

/* A pattern without slashes: up to a blank, or to the parenthesis that closes an outer group. */
static size_t bare_pattern_len(const char *s)
{
	size_t n = 0;
	int depth = 0;

	for (; s[n] && s[n] != ' ' && s[n] != '\t' && s[n] != '\n'; n++) {
		if (s[n] == '\\' && s[n + 1] && s[n + 1] != ' ')
			n++;
		else if (s[n] == '(')
			depth++;
		else if (s[n] == ')' && --depth < 0)
			break;
	}
	return n;
}

/* Text between quotes or up to the end of the word; ps->p moves behind it. */
static const char *take_text(struct parser *ps, size_t *n)
{
	const char *s = ps->p, *end;

	if (*s != '"') {
		*n = word_len(s);
		ps->p += *n;
		return s;
	}
	end = strchr(s + 1, '"');
	if (!end)
		return fail(ps, s, "the quote is not closed");
	*n = end - s - 1;
	ps->p = end + 1;
	return s + 1;
}

static struct node *pattern_node(struct parser *ps, enum node_op op, int field, const char *s,
				 size_t n, uint32_t flags)
{
	struct pattern *p = pattern_create(ps, s, n, flags);
	struct node *node;

	if (!p)
		return NULL;
	node = node_create(op, NULL, NULL);
	node->field = field;
	node->pattern = p;
	return node;
}

static int field_find(const struct filter_kind *kind, const char *s, size_t n)
{
	for (int i = 0; kind->fields[i].name; i++)
		if (strlen(kind->fields[i].name) == n && !strncmp(kind->fields[i].name, s, n))
			return i;
	return -1;
}

void filter_fields(const struct filter_kind *kind, struct buf *out)
{
	for (int i = 0; kind->fields[i].name; i++)
		buf_addf(out, "%s%s", i ? " " : "", kind->fields[i].name);
}

static void *no_such_field(struct parser *ps, const char *s, size_t n)
{
	const char *names[64], *near;
	struct buf all = BUF_INIT;
	char word[32];
	int i;

	for (i = 0; ps->f->kind->fields[i].name && i < 63; i++)
		names[i] = ps->f->kind->fields[i].name;
	names[i] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)(n < 31 ? n : 31), s);
	near = text_nearest(word, names);
	if (near)
		return fail(ps, s, "no field \"%s\"; did you mean \"%s\"?", word, near);
	filter_fields(ps->f->kind, &all);
	fail(ps, s, "no field \"%s\"; there are %s", word, buf_str(&all));
	buf_free(&all);
	return NULL;
}

static const struct { char text[3]; enum node_op op; } operators[] = {
	{ "!=", NE }, { "!~", MATCHES_NOT }, { "<=", LE }, { ">=", GE }, { "==", EQ },
	{ "=", EQ }, { "<", LT }, { ">", GT }, { "~", MATCHES },
};

static int operator_at(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (!strncmp(s, operators[i].text, strlen(operators[i].text)))
			return i;
	return -1;
}

static size_t name_len(const char *s)
{
	size_t n = 0;

	while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '_' ||
	       (n && ((s[n] >= '0' && s[n] <= '9') || s[n] == '-')))
		n++;
	return n;
}

static struct node *number_term(struct parser *ps, int field, enum node_op op)
{
	const char *s = ps->p;
	size_t n = word_len(s);
	struct node *node;
	uint64_t value;
	char word[40];

	if (!n || n >= sizeof(word))
		return fail(ps, s, "%s wants a number here, like 4m or 0x1000",
			    ps->f->kind->fields[field].name);
	memcpy(word, s, n);
	word[n] = '\0';
	if (!text_parse_size(word, &value))
		return fail(ps, s,
			    "not a number; write it like 12, 4m, 1.5g, 3p (pages) or 0x1000");
	ps->p += n;
	node = node_create(op, NULL, NULL);
	node->field = field;
	node->value = value;
	return node;
}

static struct node *match_term(struct parser *ps, int field, enum node_op op)
{
	const char *s = ps->p, *end;
	size_t n;

	if (*s == '/' && (end = slashed_end(s))) {
		ps->p = end + 1;
		return pattern_node(ps, op, field, s + 1, end - s - 1, 0);
	}
	n = bare_pattern_len(s);
	if (!n)
		return fail(ps, s, "%s~ wants a pattern here", ps->f->kind->fields[field].name);
	ps->p += n;
	return pattern_node(ps, op, field, s, n, 0);
}

static struct node *field_term(struct parser *ps, size_t name, int which)
{
	const struct filter_field *fields = ps->f->kind->fields;
	const char *at = ps->p, *op_at = at + name, *s;
	enum node_op op = operators[which].op;
	int field = field_find(ps->f->kind, at, name);
	size_t n;

	if (field < 0)
		return no_such_field(ps, at, name);
	ps->p = op_at + strlen(operators[which].text);
	if (fields[field].number) {
		if (op == MATCHES || op == MATCHES_NOT)
			return fail(ps, op_at, "%s is a number: compare it with = != < <= > >=",
				    fields[field].name);
		return number_term(ps, field, op);
	}
	if (op == MATCHES || op == MATCHES_NOT)
		return match_term(ps, field, op);
	if (op != EQ && op != NE)
		return fail(ps, op_at, "%s is text: compare it with = != ~ !~", fields[field].name);
	if (ends_word(*ps->p))
		return fail(ps, ps->p, "%s wants a text here; \"\" is the empty one",
			    fields[field].name);
	s = take_text(ps, &n);
	if (!s)
		return NULL;
	return pattern_node(ps, op == EQ ? MATCHES : MATCHES_NOT, field, s, n,
			    PCRE2_LITERAL | PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

static struct node *word_term(struct parser *ps)
{
	const struct filter_kind *kind = ps->f->kind;
	bool quoted = *ps->p == '"', matched;
	struct node *node;
	const char *s;
	char *word;
	size_t n;

	s = take_text(ps, &n);
	if (!s)
		return NULL;
	word = xstrndup(s, n);
	if (!quoted && kind->word && kind->word(NULL, word, &matched)) {
		node = node_create(WORD, NULL, NULL);
		node->word = word;
		return node;
	}
	free(word);
	return pattern_node(ps, ANY_TEXT, -1, s, n, PCRE2_LITERAL);
}

static struct node *parse_or(struct parser *ps, int nest);

static struct node *parse_term(struct parser *ps)
{
	const char *end;
	size_t name;
	int which;

	if (++ps->terms > TERMS_MAX)
		return fail(ps, ps->p, "more than %d words", TERMS_MAX);
	if (*ps->p == '/' && (end = slashed_end(ps->p))) {
		const char *s = ps->p + 1;

		ps->p = end + 1;
		return pattern_node(ps, ANY_TEXT, -1, s, end - s, 0);
	}
	name = name_len(ps->p);
	which = name ? operator_at(ps->p + name) : -1;
	if (which >= 0)
		return field_term(ps, name, which);
	return word_term(ps);
}

static struct node *parse_unary(struct parser *ps, int nest)
{
	const char *at = ps->p;
	struct node *n;

	if (nest > NEST_MAX)
		return fail(ps, at, "nested deeper than %d", NEST_MAX);
	if (*at == '!') {
		ps->p++;
		skip_blanks(ps);
		if (!*ps->p || *ps->p == ')' || *ps->p == '|')
			return fail(ps, at, "\"!\" wants something behind it");
		n = parse_unary(ps, nest + 1);
		return n ? node_create(NOT, n, NULL) : NULL;
	}
	if (*at == '(') {
		ps->p++;
		n = parse_or(ps, nest + 1);
		if (!n)
			return NULL;
		skip_blanks(ps);
		if (*ps->p != ')') {
			node_destroy(n);
			return fail(ps, at, "the parenthesis is not closed");
		}
		ps->p++;
		return n;
	}
	return parse_term(ps);
}

static struct node *join(enum node_op op, struct node *a, struct node *b)
{
	if (a && b)
		return node_create(op, a, b);
	node_destroy(a);
	node_destroy(b);
	return NULL;
}

static struct node *parse_and(struct parser *ps, int nest)
{
	struct node *left = NULL;

	for (;;) {
		struct node *right;

		skip_blanks(ps);
		if (left && (at_word(ps, "and") || at_word(ps, "AND"))) {
			ps->p += 3;
			skip_blanks(ps);
			if (!*ps->p || *ps->p == ')')
				return join(AND, left, fail(ps, ps->p,
							    "\"and\" wants something behind it"));
		}
		if (!*ps->p || *ps->p == ')' || at_or(ps))
			break;
		right = parse_unary(ps, nest);
		if (!right)
			return join(AND, left, NULL);
		left = left ? join(AND, left, right) : right;
	}
	if (!left)
		fail(ps, ps->p, *ps->p == ')' ? "nothing before \")\"" : *ps->p ?
		     "nothing on the left of \"or\"" : "something is missing here");
	return left;
}

static struct node *parse_or(struct parser *ps, int nest)
{
	struct node *left = parse_and(ps, nest);

	while (left) {
		skip_blanks(ps);
		if (!at_or(ps))
			break;
		ps->p += *ps->p == '|' ? 1 : 2;
		if (*ps->p == '|')
			ps->p++;
		left = join(OR, left, parse_and(ps, nest));
	}
	return left;
}

/* ---- the filter ---- */

static void set_limits(struct filter *f)
{
	f->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(f->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(f->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(f->limits, HEAP_LIMIT_KIB);
	f->stack = pcre2_jit_stack_create(32 * 1024, 512 * 1024, NULL);
	if (f->stack)
		pcre2_jit_stack_assign(f->limits, NULL, f->stack);
	f->data = pcre2_match_data_create(1, NULL);
}

struct filter *filter_compile(const struct filter_kind *kind, const char *text,
			      struct filter_error *err)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	struct parser ps = { .f = f, .text = text, .p = text, .err = err };
	size_t n = strlen(text);

	f->kind = kind;
	set_limits(f);
	f->last_ns = clock_now_ns();
	if (!utf8_valid(text, n)) {
		const char *p = text;
		uint32_t ch;
		int used;

		while ((used = utf8_decode(p, text + n - p, &ch)) > 0)
			p += used;
		fail(&ps, p, "not UTF-8");
	} else {
		skip_blanks(&ps);
		if (*ps.p)
			f->root = parse_or(&ps, 0);
		if (f->root && *ps.p)
			fail(&ps, ps.p, "\")\" without \"(\"");
	}
	if (!ps.failed)
		return f;
	filter_destroy(f);
	return NULL;
}

void filter_destroy(struct filter *f)
{
	if (!f)
		return;
	node_destroy(f->root);
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->limits);
	pcre2_jit_stack_free(f->stack);
	free(f);
}

static enum truth compare(enum node_op op, uint64_t have, uint64_t want)
{
	if (have == UNKNOWN)
		return CANNOT_TELL;
	switch (op) {
	case EQ: return have == want;
	case NE: return have != want;
	case LT: return have < want;
	case LE: return have <= want;
	case GT: return have > want;
	default: return have >= want;
	}
}

static enum truth any_text(struct filter *f, struct pattern *p, const void *row)
{
	enum truth t = NO;
	char scratch[256];

	for (int i = 0; f->kind->fields[i].name; i++) {
		const char *s;
		enum truth one;

		if (f->kind->fields[i].number)
			continue;
		s = f->kind->text(row, i, scratch);
		one = s ? pattern_match(f, p, s) : NO;
		if (one == YES)
			return YES;
		if (one == CANNOT_TELL)
			t = CANNOT_TELL;
	}
	return t;
}

static enum truth negate(enum truth t)
{
	return t == CANNOT_TELL ? t : t == YES ? NO : YES;
}

static enum truth one_text(struct filter *f, const struct node *n, const void *row)
{
	char scratch[256];
	const char *s = f->kind->text(row, n->field, scratch);

	return s ? pattern_match(f, n->pattern, s) : CANNOT_TELL;
}

static enum truth eval(struct filter *f, const struct node *n, const void *row)
{
	bool matched = false;
	enum truth a, b;

	switch (n->op) {
	case AND:
		a = eval(f, n->a, row);
		if (a == NO)
			return NO;
		b = eval(f, n->b, row);
		return b == NO ? NO : a == YES ? b : a;
	case OR:
		a = eval(f, n->a, row);
		if (a == YES)
			return YES;
		b = eval(f, n->b, row);
		return b == YES ? YES : a == NO ? b : a;
	case NOT:
		return negate(eval(f, n->a, row));
	case ANY_TEXT:
		return any_text(f, n->pattern, row);
	case WORD:
		f->kind->word(row, n->word, &matched);
		return matched ? YES : NO;
	case MATCHES:
		return one_text(f, n, row);
	case MATCHES_NOT:
		return negate(one_text(f, n, row));
	default:
		return compare(n->op, f->kind->number(row, n->field), n->value);
	}
}

bool filter_match(struct filter *f, const void *row)
{
	return !f->root || eval(f, f->root, row) == YES;
}

bool filter_costly(const struct filter *f)
{
	return f->costly;
}
