/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/frames/spelling.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"

/* What both write for the same thing: at its first word the second is written. */
static const struct { const char *from, *to; } alike[] = {
	{ "(anonymous namespace)", "{anonymous}" },
	{ "<unnamed>", "{anonymous}" },
	{ "decltype(nullptr)", "nullptr_t" },
};

/* Length of what stands in brackets that begin at text; to the end where none close it. */
static size_t bracketed(const char *text)
{
	int depth = 0;

	for (const char *p = text; *p; p++) {
		if (strchr("(<[{", *p))
			depth++;
		else if (strchr(")>]}", *p) && !(*p == '>' && p > text && p[-1] == '-') && !--depth)
			return (size_t)(p + 1 - text);
	}
	return strlen(text);
}

/* "(int, char)": 2; "()" and "(void)": none. */
static size_t count_parameters(const char *list, size_t n)
{
	size_t count = 1;

	if (n <= 2 || !strncmp(list, "(void)", 6))
		return 0;
	for (const char *p = list + 1; p < list + n - 1; p++) {
		if (strchr("(<[{", *p))
			p += bracketed(p) - 1;
		else
			count += *p == ',';
	}
	return count;
}

/* An operator's name, without template arguments; types of conversions are spelled in two
 * ways as well. Returns what comes behind. */
static const char *operator_name(const char *p, struct buf *name)
{
	static const char *const symbols[] = {
		"->*", "<=>", "<<=", ">>=", "()", "[]", "->", "<<", ">>", "<=", ">=", "==", "!=",
		"&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", " new",
		" delete",
		"+", "-", "*", "/", "%", "^", "&", "|", "~", "!", "=", "<", ">", ",",
	};

	buf_adds(name, "operator");
	p += strlen("operator");
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (!strncmp(p, symbols[i], strlen(symbols[i]))) {
			buf_adds(name, symbols[i]);
			p += strlen(symbols[i]);
			return p + strspn(p, " ");
		}
	if (*p == ' ') {
		buf_adds(name, " type");
		p += strcspn(p, "(");
	}
	return p;
}

/* "{lambda(int)#1}::operator()" and "<lambda(int)>". */
static size_t lambda(const char *p)
{
	size_t n;

	if (strncmp(p + 1, "lambda(", 7))
		return 0;
	n = bracketed(p);
	return n + (strncmp(p + n, "::operator()", 12) ? 0 : 12);
}

static size_t same_in_both(const char *p, struct buf *name)
{
	for (size_t i = 0; i < ARRAY_LEN(alike); i++)
		if (!strncmp(p, alike[i].from, strlen(alike[i].from))) {
			buf_adds(name, alike[i].to);
			return strlen(alike[i].from);
		}
	return 0;
}

static bool word_begins(const char *text, const char *p)
{
	return p == text || !(isalnum((unsigned char)p[-1]) || p[-1] == '_');
}

/* ".0" of "f.constprop.0" is the linker's. */
static void drop_number(struct buf *name)
{
	size_t n = name->len;

	while (n && isdigit((unsigned char)name->data[n - 1]))
		n--;
	if (n && n < name->len && name->data[n - 1] == '.')
		name->data[name->len = n - 1] = '\0';
}

void spelling_parse(const char *text, struct spelling *ret)
{
	struct buf name = BUF_INIT;
	const char *p = text;
	size_t n;

	ret->declared = false;
	ret->parameters = 0;
	while (*p) {
		if ((n = same_in_both(p, &name))) {
			p += n;
		} else if (strchr("{<", *p) && (n = lambda(p))) {
			buf_adds(&name, "{lambda}");
			p += n;
			/* What the demangler has behind it are the parameters already counted. */
			if (*p != '(')
				break;
		} else if (!strncmp(p, "operator", 8) && word_begins(text, p) &&
			   !(isalnum((unsigned char)p[8]) || p[8] == '_')) {
			p = operator_name(p, &name);
		} else if (*p == '<' || *p == '[') {
			p += bracketed(p);	/* template arguments, an ABI's tag */
		} else if (*p == '(') {
			n = bracketed(p);
			ret->declared = true;
			ret->parameters = count_parameters(p, n);
			p += n;
			if (!strncmp(p, " const", 6))
				p += 6;
			if (strncmp(p, "::", 2))
				break;	/* else it was a function that another one is local to */
		} else if (*p == ' ') {
			buf_reset(&name);	/* what came so far was a type */
			p++;
		} else {
			buf_addc(&name, *p++);
		}
	}
	drop_number(&name);
	ret->name = buf_take(&name);
}
