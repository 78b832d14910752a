/* SPDX-License-Identifier: GPL-2.0-or-later
 * The canvas: a grid of cells that views draw on and terminals show.
 *
 * A view gets a canvas whose room (clip and origin) was pushed for it: row 0, column 0
 * is its top left corner, canvas_rows()/canvas_cols() its size; what falls outside is
 * cut. A cell has a character and a style; a style names a role of the theme, never a
 * colour. Text put here must be sanitised; control characters are shown as '?'.
 * Views write UTF-8 freely: in ASCII mode the canvas replaces line, block and arrow
 * characters by their ASCII cousins when they are put.
 */
#ifndef MMSCOPE_CANVAS_H
#define MMSCOPE_CANVAS_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/theme.h"

enum attr { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_REVERSE = 4, ATTR_UNDERLINE = 8 };

struct style {
	uint16_t role;		/* enum theme_role */
	uint8_t attr;		/* enum attr, added to what the theme says */
	uint8_t heat;		/* 0 quiet .. 4 changed this tick; the theme says how loud */
};
#define STYLE(role_id) ((struct style){ .role = THEME_##role_id })
static inline struct style style_attr(struct style s, unsigned attr) { s.attr |= attr; return s; }
static inline struct style style_heat(struct style s, unsigned heat) { s.heat = heat; return s; }

struct rect { int row, col, rows, cols; };

struct cell {
	uint32_t ch;		/* code point; 0: right half of a wide character */
	struct style style;
};

struct canvas;
struct canvas *canvas_create(int rows, int cols, bool ascii);
void canvas_destroy(struct canvas *c);
void canvas_resize(struct canvas *c, int rows, int cols);	/* clears */
void canvas_clear(struct canvas *c);				/* blanks in the text role, no cursor */
bool canvas_ascii(const struct canvas *c);
const struct cell *canvas_cell(const struct canvas *c, int row, int col);	/* whole grid */
int canvas_height(const struct canvas *c);			/* whole grid */
int canvas_width(const struct canvas *c);

/* The room: rect is relative to the current room and clipped by it. At most 16 deep. */
void canvas_push(struct canvas *c, struct rect r);
void canvas_pop(struct canvas *c);
int canvas_rows(const struct canvas *c);
int canvas_cols(const struct canvas *c);

/* All return the column behind what was put (also when it was cut). What runs over the right edge
 * ends in "…" there: half a number must not look like one. */
int canvas_put(struct canvas *c, int row, int col, struct style st, const char *utf8);
int canvas_putn(struct canvas *c, int row, int col, struct style st, int width, const char *utf8);
						/* exactly width columns: cut with "…" or padded */
int canvas_putf(struct canvas *c, int row, int col, struct style st, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int canvas_right(struct canvas *c, int row, int col_end, struct style st, const char *utf8);
						/* ends before col_end; returns its first column */
int canvas_ch(struct canvas *c, int row, int col, struct style st, uint32_t ch);
void canvas_fill(struct canvas *c, struct rect r, struct style st, uint32_t ch);
/* Lines join with what they meet (corners, tees, crosses). */
void canvas_hline(struct canvas *c, int row, int col, int n, struct style st);
void canvas_vline(struct canvas *c, int row, int col, int n, struct style st);
void canvas_box(struct canvas *c, struct rect r, struct style st);
/* Adds attributes and, where role is not THEME_TEXT, changes the role of n cells. */
void canvas_restyle(struct canvas *c, int row, int col, int n, struct style st);
/* Takes colour and heat from all cells but those of role `but`; attributes stay. */
void canvas_grey(struct canvas *c, struct rect r, struct style grey, struct style but);
/* Wraps at blanks; returns rows used. */
int canvas_wrap(struct canvas *c, struct rect r, struct style st, const char *utf8);
int canvas_wrap_rows(int cols, const char *utf8);	/* as many as it would use */
/* A bar of `width` columns filled to value/max with eighth blocks. */
void canvas_bar(struct canvas *c, int row, int col, int width, struct style st, uint64_t value, uint64_t max);
/* What a sparkline of these has to start from for their differences to be seen: the least of
 * them stands at half its height. */
uint64_t canvas_spark_base(const uint64_t *values, int n, int width);
/* Sparkline of the last `width` values, scaled to their maximum (and minimum 0 or `base`). */
void canvas_spark(struct canvas *c, int row, int col, int width, struct style st,
		  const uint64_t *values, int n, uint64_t base);
/* Where the hardware cursor goes (relative to the room); screen readers follow it. */
void canvas_cursor(struct canvas *c, int row, int col);
bool canvas_cursor_at(const struct canvas *c, int *row, int *col);	/* whole grid */

#endif
