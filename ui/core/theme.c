/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a theme says, worked out for every depth once, so that a look is a table read.
 */
#include <config.h>
#include "mmscope/theme.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mmscope/alloc.h"
#include "mmscope/colour.h"
#include "mmscope/paths.h"
#include "mmscope/text.h"
#include "ui/core/builtin.h"
#include "ui/core/theme_parse.h"

#define BUILTIN_NAME "default-dark"
#define FILE_MAX_BYTES (256 * 1024)

const struct theme_role_info theme_roles[THEME_ROLE_NR] = {
#define X(id, name, about) [THEME_##id] = { name, about },
	THEME_ROLES(X)
#undef X
};

struct theme {
	char *name, *path, *about;
	bool light;
	struct look looks[DEPTH_NR][THEME_SPEC_NR];
	bool keeps_fg[DEPTH_NR][4], keeps_bg[DEPTH_NR][4];	/* a heat that names no colour */
};

/* ---- from a specification to looks ---- */

static const struct paint *paint_at(const struct theme_source *src, const struct paint *p,
				    enum colour_depth depth)
{
	const struct swatch *sw;

	if (p->kind != COLOUR_NAMED)
		return p;
	sw = &src->palette[p->value];
	return sw->own[depth].kind ? &sw->own[depth] : &sw->first;
}

static int32_t nearest(const struct paint *p, unsigned first, unsigned last)
{
	if (p->kind == COLOUR_RGB)
		return (int32_t)colour_nearest(p->value, first, last);
	if (p->value >= first && p->value <= last)
		return (int32_t)p->value;
	return (int32_t)colour_nearest(colour_rgb(p->value), first, last);
}

static int32_t colour_at(const struct paint *p, enum colour_depth depth)
{
	if (p->kind == COLOUR_UNSET || p->kind == COLOUR_TERMINAL || depth == DEPTH_MONO)
		return COLOUR_DEFAULT;
	switch (depth) {
	case DEPTH_TRUE:
		return (int32_t)(p->kind == COLOUR_RGB ? 0x1000000 | p->value : p->value);
	case DEPTH_256:
		return p->kind == COLOUR_RGB ? nearest(p, 16, 255) : (int32_t)p->value;
	case DEPTH_16:
		return nearest(p, 0, 15);
	default:
		return p->kind == COLOUR_ANSI ? (int32_t)(p->value & 7) : nearest(p, 0, 7);
	}
}

/* Eight colours have no bright ones: bold stands for bright, dim for bright black. */
static void fit_eight(const struct paint *fg, bool light, struct look *look)
{
	if (fg->kind == COLOUR_ANSI && fg->value == 8) {
		look->fg = COLOUR_DEFAULT;
		look->attr |= ATTR_DIM;
	} else if (fg->kind == COLOUR_ANSI && fg->value > 8) {
		look->attr |= ATTR_BOLD;
	}
	if (look->fg == COLOUR_DEFAULT)
		return;
	/* Black on black, or on what the terminal has there, helps nobody. */
	if (look->fg == look->bg || (look->bg == COLOUR_DEFAULT && look->fg == (light ? 7 : 0)))
		look->fg = COLOUR_DEFAULT;
}

static struct look work_out(const struct theme_source *src, enum colour_depth depth, unsigned spec)
{
	const struct role_spec *text = &src->roles[THEME_TEXT], *r = &src->roles[spec];
	const struct brush *b = r->has_own[depth] ? &r->own[depth] : &r->first;
	const struct brush *base = text->has_own[depth] ? &text->own[depth] : &text->first;
	bool heat = spec >= THEME_ROLE_NR;
	const struct paint *fg = paint_at(src, b->fg.kind || heat ? &b->fg : &base->fg, depth);
	const struct paint *bg = paint_at(src, b->bg.kind || heat ? &b->bg : &base->bg, depth);
	struct look look = { colour_at(fg, depth), colour_at(bg, depth), b->attr };

	if (depth == DEPTH_8)
		fit_eight(fg, src->light, &look);
	return look;
}

static struct theme *finish(const struct theme_source *src, const char *name)
{
	struct theme *t = xcalloc(1, sizeof(*t));

	t->name = xstrdup(src->name && *src->name ? src->name : name);
	t->about = xstrdup(src->about ? src->about : "");
	t->light = src->light;
	for (enum colour_depth d = 0; d < DEPTH_NR; d++) {
		for (unsigned i = 0; i < THEME_SPEC_NR; i++)
			t->looks[d][i] = work_out(src, d, i);
		for (unsigned h = 0; h < 4; h++) {
			const struct role_spec *r = &src->roles[THEME_ROLE_NR + h];
			const struct brush *b = r->has_own[d] ? &r->own[d] : &r->first;

			t->keeps_fg[d][h] = !b->fg.kind || d == DEPTH_MONO;
			t->keeps_bg[d][h] = !b->bg.kind || d == DEPTH_MONO;
		}
	}
	return t;
}

struct look theme_look(const struct theme *t, enum colour_depth depth, unsigned role, unsigned attr,
		       unsigned heat)
{
	struct look look = t->looks[depth][role < THEME_ROLE_NR ? role : THEME_TEXT];
	const struct look *hot;

	look.attr |= (uint8_t)attr;
	if (heat) {
		if (heat > 4)
			heat = 4;
		hot = &t->looks[depth][THEME_HEAT(heat)];
		/* What is reversed already would not stand out. */
		if (look.attr & hot->attr & ATTR_REVERSE)
			look.attr |= ATTR_UNDERLINE;
		look.attr |= hot->attr;
		if (!t->keeps_fg[depth][heat - 1])
			look.fg = hot->fg;
		if (!t->keeps_bg[depth][heat - 1])
			look.bg = hot->bg;
	}
	if (look.attr & ATTR_BOLD)
		look.attr &= (uint8_t)~ATTR_DIM;
	return look;
}

const char *theme_name(const struct theme *t)
{
	return t->name;
}

const char *theme_path(const struct theme *t)
{
	return t->path;
}

const char *theme_about(const struct theme *t)
{
	return t->about;
}

bool theme_light(const struct theme *t)
{
	return t->light;
}

void theme_destroy(struct theme *t)
{
	if (!t)
		return;
	free(t->name);
	free(t->path);
	free(t->about);
	free(t);
}

/* ---- where themes are ---- */

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* The directories in order; the caller frees each. Returns how many. */
static int search_dirs(char *dirs[3])
{
	int n = 0;

	if (env("MMSCOPE_THEMES"))
		dirs[n++] = xstrdup(env("MMSCOPE_THEMES"));
	if (env("XDG_CONFIG_HOME"))
		dirs[n++] = xasprintf("%s/mmscope/themes", env("XDG_CONFIG_HOME"));
	else if (env("HOME"))
		dirs[n++] = xasprintf("%s/.config/mmscope/themes", env("HOME"));
	dirs[n++] = path_bundled(BUNDLED_THEMES);
	return n;
}

static struct error *read_file(const char *path, struct buf *text)
{
	char chunk[4096];
	struct stat st;
	FILE *f = NULL;
	size_t n;

	/* Not a fifo: opening one would wait. */
	if (!stat(path, &st)) {
		errno = EINVAL;
		if (S_ISREG(st.st_mode))
			f = fopen(path, "re");
	}
	if (!f)
		return error_os(ERR_USAGE, errno, "cannot read the theme %s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && text->len <= FILE_MAX_BYTES)
		buf_add(text, chunk, n);
	fclose(f);
	if (text->len > FILE_MAX_BYTES)
		return error_create(ERR_USAGE, "%s is too long for a theme", path);
	return NULL;
}

static struct error *no_theme(const char *name)
{
	char **names = theme_list();
	const char *near = text_nearest(name, (const char *const *)names);
	struct error *err = near ?
		error_create(ERR_USAGE, "no theme '%s'; the nearest is '%s'", name, near) :
		error_create(ERR_USAGE, "no theme '%s'; --theme takes a name from the theme list or a "
			     "path with a '/'", name);

	for (char **p = names; *p; p++)
		free(*p);
	free(names);
	return err;
}

/* The text of a named theme; its path tells messages where it stands. */
static struct error *open_named(const char *name, char **path, struct buf *text)
{
	char *dirs[3];
	int n = search_dirs(dirs);
	struct error *err = NULL;

	*path = NULL;
	for (int i = 0; i < n; i++) {
		char *file = xasprintf("%s/%s.theme", dirs[i], name);
		struct stat st;

		if (!*path && !stat(file, &st)) {
			*path = file;
			err = read_file(file, text);
		} else {
			free(file);
		}
		free(dirs[i]);
	}
	if (!*path && !strcmp(name, BUILTIN_NAME)) {
		*path = xstrdup("(compiled in)/" BUILTIN_NAME ".theme");
		buf_adds(text, builtin_theme);
	} else if (!*path) {
		err = no_theme(name);
	}
	if (err) {
		free(*path);
		*path = NULL;
	}
	return err;
}

static struct error *make(const char *name, const char *file, const char *text, size_t n,
			  struct buf *warnings, bool defaults, struct theme **ret)
{
	struct theme_source src = { .open = open_named };
	struct error *err = NULL;

	/* What a theme leaves out is as in the builtin one; but not its warnings. */
	if (defaults)
		err = theme_source_parse(&src, "", "(compiled in)", builtin_theme, strlen(builtin_theme));
	free(src.name);
	free(src.about);
	src.name = src.about = NULL;
	src.light = src.has_variant = false;
	src.warnings = warnings;
	src.started = false;
	if (!err)
		err = theme_source_parse(&src, name, file, text, n);
	if (!err)
		err = theme_source_check(&src);
	if (!err)
		*ret = finish(&src, name);
	theme_source_fini(&src);
	return err;
}

/* "solarized" of "/some/where/solarized.theme" */
static char *stem(const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n;

	base = base ? base + 1 : path;
	n = strlen(base);
	if (n > 6 && !strcmp(base + n - 6, ".theme"))
		n -= 6;
	return xstrndup(base, n);
}

struct error *theme_parse(const char *file, const char *text, size_t n, struct buf *warnings,
			  struct theme **ret)
{
	char *name = stem(file);
	struct error *err = make(name, file, text, n, warnings, true, ret);

	free(name);
	return err;
}

struct error *theme_load(const char *name_or_path, struct buf *warnings, struct theme **ret)
{
	struct buf text = BUF_INIT;
	char *path = NULL;
	struct theme *t;
	struct error *err;

	if (strchr(name_or_path, '/')) {
		path = xstrdup(name_or_path);
		err = read_file(path, &text);
	} else {
		err = open_named(name_or_path, &path, &text);
	}
	if (!err)
		err = theme_parse(path, buf_str(&text), text.len, warnings, &t);
	if (!err) {
		if (path[0] != '(')
			t->path = xstrdup(path);
		*ret = t;
	}
	buf_free(&text);
	free(path);
	return err;
}

struct theme *theme_builtin(void)
{
	struct theme *t = NULL;
	struct error *err = make(BUILTIN_NAME, "(compiled in)", builtin_theme, strlen(builtin_theme),
				 NULL, false, &t);

	/* A test parses it; a build with a broken one does not pass. */
	if (err) {
		fprintf(stderr, "mmscope: %s\n", err->message);
		abort();
	}
	return t;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **theme_list(void)
{
	char **names = NULL, *dirs[3];
	size_t n = 0, cap = 0, kept = 0;
	int ndirs = search_dirs(dirs);

	VEC_GROW(names, n, cap);
	names[n++] = xstrdup(BUILTIN_NAME);
	for (int i = 0; i < ndirs; i++) {
		DIR *d = opendir(dirs[i]);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			size_t len = strlen(e->d_name);

			if (len <= 6 || strcmp(e->d_name + len - 6, ".theme") || e->d_name[0] == '.' ||
			    !utf8_valid(e->d_name, len))
				continue;
			VEC_GROW(names, n, cap);
			names[n++] = xstrndup(e->d_name, len - 6);
		}
		if (d)
			closedir(d);
		free(dirs[i]);
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept && !strcmp(names[kept - 1], names[i]))
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	VEC_GROW(names, kept, cap);
	names[kept] = NULL;
	return names;
}
