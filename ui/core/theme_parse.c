/* SPDX-License-Identifier: GPL-2.0-or-later
 * INI, by hand, since errors carry their column. A value is a list of variants between
 * bars; a variant is a list of colours and attributes between commas:
 *
 *	vma.text = accent on panel, bold | idx:74 | ansi:cyan | reverse
 *
 * The first variant serves every depth that has none of its own; a further one serves
 * the depth its colours are written in: #rrggbb direct colour, idx:N 256 colours,
 * ansi:NAME 16 and 8, attributes alone no colour at all.
 */
#include "ui/core/theme_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"

struct line {
	const char *file;
	unsigned number;
	const char *start, *p, *end;
};

struct word {
	const char *s;
	size_t n;
};

static const struct { const char *name; uint8_t attr; } attrs[] = {
	{ "bold", ATTR_BOLD }, { "dim", ATTR_DIM }, { "reverse", ATTR_REVERSE },
	{ "underline", ATTR_UNDERLINE }, { "plain", 0 },
};

static const char *const ansi_names[16] = {
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
	"bright-black", "bright-red", "bright-green", "bright-yellow",
	"bright-blue", "bright-magenta", "bright-cyan", "bright-white",
};

static const char *const heat_names[4] = {
	"change.heat1", "change.heat2", "change.heat3", "change.heat4",
};

const char *theme_spec_name(unsigned spec)
{
	return spec < THEME_ROLE_NR ? theme_roles[spec].name : heat_names[spec - THEME_ROLE_NR];
}

static bool word_is(struct word w, const char *s)
{
	return !strncmp(s, w.s, w.n) && !s[w.n];
}

static unsigned column(const struct line *l, const char *at)
{
	unsigned col = 1;

	for (const char *p = l->start; p < at; p++)
		col += ((unsigned char)*p & 0xc0) != 0x80;
	return col;
}

#define FAIL(l, at, ...) error_at((l)->file, (l)->number, column(l, at), __VA_ARGS__)

static void skip_blanks(struct line *l)
{
	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t'))
		l->p++;
}

static bool separates(char ch)
{
	static const bool separators[256] = {
		['\0'] = true, [' '] = true, ['\t'] = true, [','] = true, ['|'] = true, ['='] = true,
		[';'] = true, ['['] = true, [']'] = true,
	};

	return separators[(unsigned char)ch];
}

/* Up to a separator; n == 0 at the end or at one. */
static struct word next_word(struct line *l)
{
	struct word w;

	skip_blanks(l);
	w.s = l->p;
	while (l->p < l->end && !separates(*l->p))
		l->p++;
	w.n = (size_t)(l->p - w.s);
	return w;
}

/* A comment counts as the end. */
static bool at_end(struct line *l)
{
	skip_blanks(l);
	return l->p == l->end || *l->p == ';';
}

static bool accept(struct line *l, char ch)
{
	skip_blanks(l);
	if (l->p == l->end || *l->p != ch)
		return false;
	l->p++;
	return true;
}

static bool name_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' ||
	       ch == '.' || (ch >= 'A' && ch <= 'Z');
}

static bool is_name(struct word w)
{
	for (size_t i = 0; i < w.n; i++)
		if (!name_char(w.s[i]))
			return false;
	return w.n > 0 && w.n <= 64 && w.s[0] != '.' && w.s[0] != '-';
}

static bool parse_number(struct word w, int base, uint32_t limit, uint32_t *ret)
{
	uint32_t v = 0;

	for (size_t i = 0; i < w.n; i++) {
		char ch = w.s[i];
		int digit = ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 :
			    ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : 99;

		if (digit >= base)
			return false;
		v = v * (uint32_t)base + (uint32_t)digit;
		if (v > limit)
			return false;
	}
	*ret = v;
	return w.n > 0;
}

static size_t palette_index(struct theme_source *src, struct word w)
{
	for (size_t i = 0; i < src->npalette; i++)
		if (word_is(w, src->palette[i].name))
			return i;
	VEC_GROW(src->palette, src->npalette, src->palette_cap);
	src->palette[src->npalette] = (struct swatch){ .name = xstrndup(w.s, w.n) };
	return src->npalette++;
}

static struct error *parse_hex(struct line *l, struct word w, uint32_t *ret)
{
	uint32_t v;

	if ((w.n != 7 && w.n != 4) || !parse_number((struct word){ w.s + 1, w.n - 1 }, 16, 0xffffff, &v))
		return FAIL(l, w.s, "'%.*s' is no colour: #rrggbb or #rgb", (int)w.n, w.s);
	if (w.n == 4)
		v = (v >> 8) * 0x110000 + (v >> 4 & 15) * 0x1100 + (v & 15) * 0x11;
	*ret = v;
	return NULL;
}

static struct error *parse_ansi(struct line *l, struct word w, uint32_t *ret)
{
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(w.n < 31 ? w.n : 31), w.s);
	for (uint32_t i = 0; i < ARRAY_LEN(ansi_names); i++) {
		if (word_is(w, ansi_names[i])) {
			*ret = i;
			return NULL;
		}
	}
	return FAIL(l, w.s, "'%s' is no ansi colour: black red green yellow blue magenta cyan white, "
		    "or bright- and one of these", name);
}

static bool starts(struct word w, const char *prefix, struct word *rest)
{
	size_t n = strlen(prefix);

	if (w.n < n || memcmp(w.s, prefix, n))
		return false;
	*rest = (struct word){ w.s + n, w.n - n };
	return true;
}

static struct error *parse_paint(struct theme_source *src, struct line *l, struct word w,
				 struct paint *ret)
{
	struct paint p = { .file = l->file, .line = l->number, .column = column(l, w.s) };
	struct word rest;
	struct error *err = NULL;

	if (w.n && w.s[0] == '#') {
		p.kind = COLOUR_RGB;
		err = parse_hex(l, w, &p.value);
	} else if (starts(w, "idx:", &rest)) {
		p.kind = COLOUR_INDEX;
		if (!parse_number(rest, 10, 255, &p.value))
			err = FAIL(l, rest.s, "a palette index is 0 to 255");
	} else if (starts(w, "ansi:", &rest)) {
		p.kind = COLOUR_ANSI;
		err = parse_ansi(l, rest, &p.value);
	} else if (word_is(w, "default")) {
		p.kind = COLOUR_TERMINAL;
	} else if (is_name(w)) {
		p.kind = COLOUR_NAMED;
		p.value = (uint32_t)palette_index(src, w);
	} else {
		err = FAIL(l, w.s, "a colour or an attribute is missing here");
	}
	if (!err)
		*ret = p;
	return err;
}

/* COLOUR, on COLOUR, COLOUR on COLOUR, or an attribute. */
static struct error *parse_item(struct theme_source *src, struct line *l, struct brush *b)
{
	struct word w = next_word(l);
	struct error *err;

	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		if (word_is(w, attrs[i].name)) {
			b->attr |= attrs[i].attr;
			return NULL;
		}
	}
	if (!word_is(w, "on")) {
		if (b->fg.kind)
			return FAIL(l, w.s, "a second colour; the background is written 'on COLOUR'");
		err = parse_paint(src, l, w, &b->fg);
		if (err || at_end(l) || *l->p == ',' || *l->p == '|')
			return err;
		w = next_word(l);
		if (!word_is(w, "on"))
			return FAIL(l, w.s, "expected ',', '|' or 'on COLOUR'");
	}
	if (b->bg.kind)
		return FAIL(l, w.s, "a second background");
	w = next_word(l);
	return parse_paint(src, l, w, &b->bg);
}

static struct error *parse_brush(struct theme_source *src, struct line *l, struct brush *b)
{
	struct error *err;

	memset(b, 0, sizeof(*b));
	do {
		err = parse_item(src, l, b);
		if (err)
			return err;
	} while (accept(l, ','));
	if (!at_end(l) && *l->p != '|')
		return FAIL(l, l->p, "expected ',' or '|'");
	return NULL;
}

/* The depths a further variant serves; false: it does not say. */
static bool own_depths(struct paint fg, struct paint bg, bool depths[DEPTH_NR])
{
	enum colour_kind kind = fg.kind > COLOUR_TERMINAL ? fg.kind : bg.kind;

	memset(depths, 0, DEPTH_NR * sizeof(*depths));
	switch (kind) {
	case COLOUR_RGB:
		depths[DEPTH_TRUE] = true;
		return true;
	case COLOUR_INDEX:
		depths[DEPTH_256] = true;
		return true;
	case COLOUR_ANSI:
		depths[DEPTH_16] = depths[DEPTH_8] = true;
		return true;
	case COLOUR_UNSET:
		depths[DEPTH_MONO] = true;
		return true;
	default:
		return false;
	}
}

static struct error *parse_role(struct theme_source *src, struct line *l, struct role_spec *role)
{
	struct role_spec spec = { 0 };
	bool depths[DEPTH_NR];
	struct error *err = parse_brush(src, l, &spec.first);

	while (!err && accept(l, '|')) {
		struct brush b;
		const char *at;

		skip_blanks(l);
		at = l->p;
		err = parse_brush(src, l, &b);
		if (err)
			break;
		if (!own_depths(b.fg, b.bg, depths))
			return FAIL(l, at, "a further variant says its depth by #rrggbb, idx:N, "
				    "ansi:NAME or attributes alone");
		for (int d = 0; d < DEPTH_NR; d++) {
			if (!depths[d])
				continue;
			if (spec.has_own[d])
				return FAIL(l, at, "a second variant for the same depth");
			spec.has_own[d] = true;
			spec.own[d] = b;
		}
	}
	if (!err) {
		*role = spec;
		src->started = true;
	}
	return err;
}

static struct error *parse_swatch(struct theme_source *src, struct line *l, struct word name)
{
	struct swatch sw = { .defined = true };
	struct paint unset = { .kind = COLOUR_UNSET };
	bool depths[DEPTH_NR], first = true;
	size_t index;

	if (!is_name(name))
		return FAIL(l, name.s, "a palette name is letters, digits, '-', '_' and '.'");
	do {
		struct paint p;
		struct word w = next_word(l);
		struct error *err = parse_paint(src, l, w, &p);

		if (err)
			return err;
		if (p.kind == COLOUR_NAMED)
			return FAIL(l, w.s, "'%.*s' is no colour; the palette takes #rrggbb, idx:N, "
				    "ansi:NAME and default", (int)w.n, w.s);
		if (first) {
			sw.first = p;
		} else {
			if (!own_depths(p, unset, depths) || p.kind == COLOUR_TERMINAL)
				return FAIL(l, w.s, "a further colour is #rrggbb, idx:N or ansi:NAME");
			for (int d = 0; d < DEPTH_NR; d++) {
				if (depths[d] && sw.own[d].kind)
					return FAIL(l, w.s, "a second colour for the same depth");
				if (depths[d])
					sw.own[d] = p;
			}
		}
		first = false;
	} while (accept(l, '|'));
	if (!at_end(l))
		return FAIL(l, l->p, "expected '|' or the end of the line");
	index = palette_index(src, name);
	sw.name = src->palette[index].name;
	src->palette[index] = sw;
	return NULL;
}

static const char *nearest_spec(const char *name)
{
	const char *names[THEME_SPEC_NR + 1] = { NULL };

	for (unsigned i = 0; i < THEME_SPEC_NR; i++)
		names[i] = theme_spec_name(i);
	return text_nearest(name, names);
}

static void warn_unknown(struct theme_source *src, const struct line *l, const char *at,
			 const char *name)
{
	const char *near = nearest_spec(name);
	struct error *e;

	if (!src->warnings)
		return;
	e = near ? FAIL(l, at, "unknown role '%s'; the nearest is '%s'", name, near) :
		   FAIL(l, at, "unknown role '%s'", name);
	buf_addf(src->warnings, "%s\n", e->message);
	error_destroy(e);
}

/* key is the full name of a role, or its end when the section gives the beginning. */
static struct error *role_line(struct theme_source *src, struct line *l, const char *section,
			       struct word key)
{
	char *name = strcmp(section, "roles") ? xasprintf("%s.%.*s", section, (int)key.n, key.s) :
						xstrndup(key.s, key.n);
	struct error *err = NULL;
	unsigned i = 0;

	while (i < THEME_SPEC_NR && strcmp(name, theme_spec_name(i)))
		i++;
	if (i < THEME_SPEC_NR)
		err = parse_role(src, l, &src->roles[i]);
	else
		warn_unknown(src, l, key.s, name);
	free(name);
	return err;
}

static struct error *inherit(struct theme_source *src, struct line *l, const char *at, const char *name)
{
	struct word w = { name, strlen(name) };
	struct buf text = BUF_INIT;
	char *path = NULL, *own_name, *own_about;
	bool own_variant, own_light;
	struct error *err;

	if (!is_name(w))
		return FAIL(l, at, "a theme inherits by name, not by path");
	for (unsigned i = 0; i < src->depth; i++)
		if (!strcmp(src->chain[i], name))
			return FAIL(l, at, "theme '%s' inherits itself", name);
	if (src->depth == THEME_DEPTH_MAX)
		return FAIL(l, at, "more than %d themes inherit from each other", THEME_DEPTH_MAX);
	if (src->started)
		return FAIL(l, at, "'inherits' stands before the first role, and once");
	err = src->open(name, &path, &text);
	if (err) {
		struct error *where = FAIL(l, at, "%s", err->message);

		error_destroy(err);
		return where;
	}
	/* Looks are inherited, not the name; the variant unless it was given. */
	own_name = src->name;
	own_about = src->about;
	src->name = src->about = NULL;
	own_variant = src->has_variant;
	own_light = src->light;
	err = theme_source_parse(src, name, path, buf_str(&text), text.len);
	free(src->name);
	free(src->about);
	src->name = own_name;
	src->about = own_about;
	src->has_variant = own_variant;
	if (own_variant)
		src->light = own_light;
	buf_free(&text);
	free(path);
	return err;
}

static struct error *theme_line(struct theme_source *src, struct line *l, struct word key)
{
	static const char *const keys[] = { "name", "about", "variant", "inherits", "author", NULL };
	struct error *err = NULL;
	const char *at, *end = l->end, *near;
	char *value;

	skip_blanks(l);
	at = l->p;
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	value = xstrndup(at, (size_t)(end - at));
	l->p = l->end;
	if (word_is(key, "name")) {
		free(src->name);
		src->name = text_sanitized(value);
	} else if (word_is(key, "about")) {
		free(src->about);
		src->about = text_sanitized(value);
	} else if (word_is(key, "variant")) {
		src->light = !strcmp(value, "light");
		src->has_variant = true;
		if (!src->light && strcmp(value, "dark") && strcmp(value, "any"))
			err = FAIL(l, at, "variant is dark, light or any");
	} else if (word_is(key, "inherits")) {
		err = inherit(src, l, at, value);
	} else if (!word_is(key, "author")) {
		char *name = xstrndup(key.s, key.n);

		near = text_nearest(name, keys);
		err = FAIL(l, key.s, "[theme] has no '%s'%s%s%s", name, near ? "; the nearest is '" : "",
			   near ? near : "", near ? "'" : "");
		free(name);
	}
	free(value);
	return err;
}

/* The sections that give the first part of a role's name are those that occur in one. */
static bool is_prefix(const char *section)
{
	size_t n = strlen(section);

	for (unsigned i = 0; i < THEME_SPEC_NR; i++)
		if (!strncmp(theme_spec_name(i), section, n) && theme_spec_name(i)[n] == '.')
			return true;
	return false;
}

static struct error *section_line(struct line *l, char section[65])
{
	struct word w = next_word(l);

	if (!is_name(w))
		return FAIL(l, w.s, "expected the name of a section");
	snprintf(section, 65, "%.*s", (int)w.n, w.s);
	if (!accept(l, ']'))
		return FAIL(l, l->p, "expected ']'");
	if (!at_end(l))
		return FAIL(l, l->p, "nothing follows a section's name");
	if (strcmp(section, "theme") && strcmp(section, "palette") && strcmp(section, "roles") &&
	    !is_prefix(section))
		return FAIL(l, w.s, "no section '%s': theme, palette, roles, or the first part of a "
			    "role's name", section);
	return NULL;
}

static struct error *parse_line(struct theme_source *src, struct line *l, char section[65])
{
	struct word key;

	for (const char *p = l->p; p < l->end; p++)
		if ((unsigned char)*p < 0x20 && *p != '\t')
			return FAIL(l, p, "control character 0x%02x", (unsigned char)*p);
	if (at_end(l) || *l->p == '#')
		return NULL;
	if (accept(l, '['))
		return section_line(l, section);
	key = next_word(l);
	if (!key.n)
		return FAIL(l, key.s, "expected a name, '=' and a value");
	if (!accept(l, '='))
		return FAIL(l, l->p, "expected '=' behind '%.*s'", (int)key.n, key.s);
	if (!*section)
		return FAIL(l, key.s, "a section such as [theme] comes first");
	if (!strcmp(section, "theme"))
		return theme_line(src, l, key);
	if (!strcmp(section, "palette"))
		return parse_swatch(src, l, key);
	return role_line(src, l, section, key);
}

static const char *keep_file(struct theme_source *src, const char *file)
{
	VEC_GROW(src->files, src->nfiles, src->files_cap);
	return src->files[src->nfiles++] = xstrdup(file);
}

struct error *theme_source_parse(struct theme_source *src, const char *name, const char *file,
				 const char *text, size_t n)
{
	struct line l = { .file = keep_file(src, file) };
	const char *p = text, *end = text + n;
	char section[65] = "";
	struct error *err = NULL;

	src->chain[src->depth++] = xstrdup(name);
	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end && !err) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		l.number++;
		l.start = l.p = p;
		l.end = eol ? eol : end;
		p = eol ? eol + 1 : end;
		if (l.end > l.start && l.end[-1] == '\r')
			l.end--;
		err = parse_line(src, &l, section);
	}
	free(src->chain[--src->depth]);
	return err;
}

static struct error *check_paint(const struct theme_source *src, const struct paint *p)
{
	const struct swatch *sw;
	const char **names, *near;
	struct error *err;
	size_t n = 0;

	if (p->kind != COLOUR_NAMED || src->palette[p->value].defined)
		return NULL;
	sw = &src->palette[p->value];
	names = xcalloc(src->npalette + ARRAY_LEN(attrs) + 1, sizeof(*names));
	for (size_t i = 0; i < src->npalette; i++)
		if (src->palette[i].defined)
			names[n++] = src->palette[i].name;
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		names[n++] = attrs[i].name;
	near = text_nearest(sw->name, names);
	err = near ? error_at(p->file, p->line, p->column, "'%s' is no attribute and not in the palette; "
			      "the nearest is '%s'", sw->name, near) :
		     error_at(p->file, p->line, p->column, "'%s' is no attribute and not in the palette",
			      sw->name);
	free(names);
	return err;
}

static struct error *check_brush(const struct theme_source *src, const struct brush *b)
{
	struct error *err = check_paint(src, &b->fg);

	return err ? err : check_paint(src, &b->bg);
}

struct error *theme_source_check(const struct theme_source *src)
{
	for (unsigned i = 0; i < THEME_SPEC_NR; i++) {
		const struct role_spec *r = &src->roles[i];
		struct error *err = check_brush(src, &r->first);

		for (int d = 0; d < DEPTH_NR && !err; d++)
			if (r->has_own[d])
				err = check_brush(src, &r->own[d]);
		if (err)
			return err;
	}
	return NULL;
}

void theme_source_fini(struct theme_source *src)
{
	for (size_t i = 0; i < src->npalette; i++)
		free(src->palette[i].name);
	for (size_t i = 0; i < src->nfiles; i++)
		free(src->files[i]);
	free(src->palette);
	free(src->files);
	free(src->name);
	free(src->about);
}
