/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the views have in common: lists that scroll, columns, figures, marks. Private to
 * ui/views.
 */
#ifndef MMSCOPE_VIEWS_PAINT_H
#define MMSCOPE_VIEWS_PAINT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/canvas.h"
#include "mmscope/session.h"
#include "mmscope/view.h"

static inline int imin(int a, int b) { return a < b ? a : b; }
static inline int imax(int a, int b) { return a > b ? a : b; }
static inline uint64_t umin(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t umax(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* The first line shown, so that line `sel` of `n` is among `rows`, moving as little as may be. */
int scroll_to(int top, int sel, int n, int rows);
/* Where up, down, page-up, page-down, top, bottom lead from sel; false: another command. */
bool list_move(const char *command, int *sel, int n, int page);

/* 12 columns: the digits, the first `common` dimmed; above 48 bits "…" and the last 11. */
int paint_address(struct canvas *c, int row, int col, struct style st, uint64_t addr, int common);
const char *address_text(uint64_t addr, char out[24]);	/* the same as text */
/* Leading digits (of 12) that all addresses from low to high share. */
int common_digits(uint64_t low, uint64_t high);

/* "132K", or "-" where nobody knows. */
const char *size_text(uint64_t bytes, char out[16]);
const char *plural(uint64_t n);		/* "" or "s" */

/* '●' changed this tick ... '·' three ticks ago, ' ' quiet. */
uint32_t heat_mark(unsigned heat);
/* What changed, where the glyph is a shade: heat turns letters round, which would turn a full
 * block into an empty one. */
struct style heat_shade(struct style st, unsigned heat);
/* A line of a list that changed: its mark, and all of it brighter, for as long as it is warm. */
void paint_changed(struct canvas *c, int row, unsigned heat);
/* The line under the cursor; one that is warm keeps its mark. */
void paint_selected(struct canvas *c, int row, unsigned heat);
/* How full: '·' nothing, then ░▒▓, and █ only when nothing is missing. */
uint32_t density_mark(uint64_t part, uint64_t whole);

/* What raw bytes look like, cut to n - 1 bytes at a character's border. */
const char *clean(const char *raw, char *out, size_t n);
const char *base_name(const char *path);	/* of raw bytes; "[heap]" stays */

/* "code 400", dimmed, up to `end`: what the code of a frame's function takes, beside the
 * frame's size, if the name that ends at `from` leaves room for it. */
void paint_code(struct canvas *c, int row, int from, int end, uint64_t bytes);

/* The sentence why a whole room is empty; returns true when it drew it. */
bool paint_why_empty(struct canvas *c, const struct snapshot *snap, const char *what);

/* How long ago, for people: "0.3 s", "12 s", "4 min". */
const char *ago_text(uint64_t ns, char out[16]);
/* When something was, as of the picture: "now", "3.2 s ago"; of a process that has ended "at the
 * end", "3.2 s before the end": its picture stands still, and the clock goes on. */
const char *when_text(const struct snapshot *snap, uint64_t time_ns, char out[40]);

/* A column of a list. `rows` is what the view hands through; i a row of it. */
struct column {
	const char *name;	/* for "sort NAME" */
	const char *head;
	int width;		/* 0: what is left of the line */
	int room;		/* shown in rooms of at least this many columns */
	bool left;		/* aligned to the left */
	bool rising;		/* sorts small to large unless reversed */
	bool tail;		/* where it is too long its end is what counts */
	/* The text of a cell, sanitised; returns its style. */
	struct style (*text)(const void *rows, size_t i, struct buf *out);
	uint64_t (*number)(const void *rows, size_t i);	/* to sort by; NULL: compare */
	int (*compare)(const void *rows, size_t a, size_t b);
	int least;		/* width it can do with where the room is too narrow for all; 0: all of it */
};

/* The heads; the one sorted by has an arrow. */
void columns_head(struct canvas *c, int row, const struct column *cols, int sorted, bool reversed);
void columns_row(struct canvas *c, int row, const struct column *cols, const void *rows, size_t i,
		 struct buf *scratch);
int columns_rest(const struct column *cols, int room);	/* what is left of a line */
/* The column whose head stands there, in a room of `room` columns; -1: none. */
int columns_at(const struct column *cols, int room, int at);
/* "sort [NAME]" and "sort-reverse": without a name the next column that is seen in a room of
 * `room` columns. false: another command, or no column of that name (then it is said). */
bool columns_command(struct session *s, const struct column *cols, int room, int *sorted,
		     bool *reversed, const char *name, const char *arg);
/* Index of the column of that name, or -1. */
int column_find(const struct column *cols, const char *name);
/* Sorts order[0..n), which holds row numbers; equal rows keep rising row numbers. */
void columns_sort(const struct column *col, const void *rows, uint32_t *order, size_t n,
		  bool reversed);

#endif
