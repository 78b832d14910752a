/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/list.h"

#include <stdlib.h>

#include "mmscope/alloc.h"

void list_fini(struct list *l)
{
	sieve_fini(&l->sieve);
	free(l->order);
}

bool list_fresh(const struct list *l)
{
	return l->made_sort == l->sort && l->made_reversed == l->reversed;
}

void list_make(struct list *l, const struct column *cols, const void *rows, size_t n,
	       const void *(*row)(const void *rows, size_t i))
{
	l->made_sort = l->sort;
	l->made_reversed = l->reversed;
	if (n > l->cap) {
		l->cap = n;
		l->order = xreallocarray(l->order, n, sizeof(*l->order));
	}
	l->n = 0;
	for (size_t i = 0; i < n; i++) {
		const void *r = row(rows, i);

		if (r && sieve_passes(&l->sieve, r))
			l->order[l->n++] = (uint32_t)i;
	}
	if (l->sort || l->reversed)
		columns_sort(&cols[l->sort], rows, l->order, l->n, l->reversed);
}

void list_draw(struct list *l, struct canvas *c, const struct column *cols, const void *rows,
	       int page, int selected, unsigned (*heat)(const void *rows, size_t i),
	       const char *nothing)
{
	struct buf scratch = BUF_INIT;

	l->width = canvas_cols(c);
	l->page = imax(page, 1);
	l->top = scroll_to(l->top, selected, (int)l->n, l->page);
	columns_head(c, 0, cols, l->sort, l->reversed);
	for (int i = 0; i < l->page && l->top + i < (int)l->n; i++) {
		size_t at = l->order[l->top + i];

		columns_row(c, 1 + i, cols, rows, at, &scratch);
		paint_changed(c, 1 + i, heat(rows, at));
		if (l->top + i == selected)
			paint_selected(c, 1 + i, heat(rows, at));
	}
	if (!l->n)
		canvas_put(c, 2, 2, STYLE(WHY), nothing);
	buf_free(&scratch);
}

int list_find(const struct list *l, const void *rows, const void *(*row)(const void *rows, size_t i),
	      struct filter *f, int from, int direction)
{
	for (size_t i = 1; i <= l->n; i++) {
		size_t at = ((size_t)from + (direction > 0 ? i : l->n - i)) % l->n;
		const void *r = row(rows, l->order[at]);

		if (r && filter_match(f, r))
			return (int)at;
	}
	return -1;
}

bool list_sort_at(struct list *l, struct session *s, const struct column *cols, int row, int col)
{
	int to = row == 0 ? columns_at(cols, l->width, col) : -1;

	if (to >= 0 && (cols[to].number || cols[to].compare))
		columns_command(s, cols, l->width, &l->sort, &l->reversed, "sort", cols[to].name);
	return row == 0;
}

int list_at(const struct list *l, int line)
{
	int at = l->top + line - 1;

	return line < 1 || line > l->page || at >= (int)l->n ? -1 : at;
}
