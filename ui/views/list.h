/* SPDX-License-Identifier: GPL-2.0-or-later
 * A list of tasks by columns: what passes its filter, in its order, as far as it is seen.
 * Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_LIST_H
#define MMSCOPE_VIEWS_LIST_H
#include <stdint.h>
#include "ui/views/paint.h"
#include "ui/views/sieve.h"

struct list {
	struct sieve sieve;
	int sort;		/* index of a column */
	bool reversed;
	int top, page, width;	/* as it was drawn last */
	uint32_t *order;	/* row numbers, [n] */
	size_t n, cap;
	int made_sort;		/* what the order was made for */
	bool made_reversed;
};

void list_fini(struct list *l);
/* The order is still that of the same rows. */
bool list_fresh(const struct list *l);
/* Makes it anew of n rows; row(rows, i) is what the filter looks at, NULL for a row to be left
 * out. */
void list_make(struct list *l, const struct column *cols, const void *rows, size_t n,
	       const void *(*row)(const void *rows, size_t i));
/* The heads in line 0, then as many rows as `page`, `selected` (a place in the order) among
 * them; heat(arg, i) of a row. `nothing`: said when none passes. */
void list_draw(struct list *l, struct canvas *c, const struct column *cols, const void *rows,
	       int page, int selected, unsigned (*heat)(const void *rows, size_t i),
	       const char *nothing);
/* The place in the order of the next row behind `from` that fits, in that direction (1 or -1) and
 * round the end; -1: none. row() as in list_make. */
int list_find(const struct list *l, const void *rows, const void *(*row)(const void *rows, size_t i),
	      struct filter *f, int from, int direction);
/* A click on the head of a column sorts by it; true: it was one on the heads. */
bool list_sort_at(struct list *l, struct session *s, const struct column *cols, int row, int col);
/* The place in the order of what was drawn in that line; -1: nothing. */
int list_at(const struct list *l, int line);

#endif
