/* SPDX-License-Identifier: GPL-2.0-or-later
 * The text of a theme as it was written, before it is worked out for a depth: the
 * palette may still be changed by a theme that inherits.
 */
#ifndef MMSCOPE_THEME_PARSE_H
#define MMSCOPE_THEME_PARSE_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/canvas.h"
#include "mmscope/theme.h"

/* The four heats are looks too, behind the roles: change.heat1 .. change.heat4. */
#define THEME_HEAT(heat) (THEME_ROLE_NR + (heat) - 1)
#define THEME_SPEC_NR (THEME_ROLE_NR + 4)

enum colour_kind { COLOUR_UNSET, COLOUR_TERMINAL, COLOUR_RGB, COLOUR_INDEX, COLOUR_ANSI, COLOUR_NAMED };

struct paint {
	enum colour_kind kind;
	uint32_t value;			/* rgb, index, or place in the palette */
	const char *file;		/* where it was written, for what is found out later */
	unsigned line, column;
};

/* A colour by depth; [0] serves the depths that have none of their own. */
struct swatch {
	char *name;
	bool defined;
	struct paint first, own[DEPTH_NR];
};

struct brush {
	struct paint fg, bg;
	uint8_t attr;
};

struct role_spec {
	bool has_own[DEPTH_NR];
	struct brush first, own[DEPTH_NR];
};

#define THEME_DEPTH_MAX 8
struct theme_source {
	char *name, *about;
	bool light, has_variant;
	struct swatch *palette;
	size_t npalette, palette_cap;
	struct role_spec roles[THEME_SPEC_NR];
	bool started;			/* a role was given, too late to inherit */
	char **files;			/* names that paints point to */
	size_t nfiles, files_cap;
	char *chain[THEME_DEPTH_MAX];	/* themes being read, for cycles */
	unsigned depth;
	struct buf *warnings;		/* may be NULL */
	/* Reads a parent; the two strings are the caller's to free. */
	struct error *(*open)(const char *name, char **path, struct buf *text);
};

const char *theme_spec_name(unsigned spec);
/* Adds what the text says; a parent's words come first. */
struct error *theme_source_parse(struct theme_source *src, const char *name, const char *file,
				 const char *text, size_t n);
/* Every name in use must be in the palette. */
struct error *theme_source_check(const struct theme_source *src);
void theme_source_fini(struct theme_source *src);

#endif
