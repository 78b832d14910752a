/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/grid.h"

#include <stdio.h>
#include <string.h>

#include "mmscope/text.h"

enum { GUTTER = 14, MARGIN = 6, PER_ROW_MAX = 128, SHIFT_STEP = 3 };

void grid_init(struct grid *g)
{
	if (!g->per_row) {
		g->shift = -1;
		g->per_row = 16;
	}
}

uint64_t grid_cell_bytes(const struct grid *g)
{
	return (uint64_t)PAGE_BYTES << g->used_shift;
}

int grid_width(const struct grid *g)
{
	return GUTTER + g->per_row * g->cell + MARGIN;
}

static uint64_t row_bytes(const struct grid *g)
{
	return grid_cell_bytes(g) * (uint64_t)g->per_row;
}

static int rows_of(const struct grid *g)
{
	uint64_t n = (g->end - g->base + row_bytes(g) - 1) / row_bytes(g);

	return n > 1 << 30 ? 1 << 30 : (int)n;
}

static int row_of(const struct grid *g, uint64_t addr)
{
	int r = (int)((addr - g->base) / row_bytes(g));

	return g->flip ? r : g->nrows - 1 - r;
}

static uint64_t row_start(const struct grid *g, int row)
{
	return g->base + (uint64_t)(g->flip ? row : g->nrows - 1 - row) * row_bytes(g);
}

static void use_shift(struct grid *g, int shift)
{
	g->used_shift = shift;
	g->base = g->start & ~(row_bytes(g) - 1);
	g->nrows = rows_of(g);
}

void grid_layout(struct grid *g, uint64_t start, uint64_t end, int rows, int cols, uint64_t addr)
{
	int room = imax(cols - GUTTER - MARGIN, 8), shift = 0;

	grid_init(g);
	if (g->vma_end != end) {
		g->vma_end = end;
		g->shift = -1;
	}
	g->start = start;
	g->end = end;
	g->rows = imax(rows, 1);
	/* As few cells a row as the room's height allows: a small VMA fills it too. */
	for (g->per_row = 8; use_shift(g, 0), g->per_row * 2 <= imin(room, PER_ROW_MAX) &&
	     (g->nrows > g->rows || g->shift > 0); g->per_row *= 2)
		;
	g->cell = imin(room / g->per_row, 2);
	/* One page a cell as long as a few screens suffice, else buckets that fit. */
	if (g->shift >= 0)
		use_shift(g, g->shift);
	else if (g->nrows > 4 * g->rows)
		while (use_shift(g, ++shift), g->nrows > g->rows && shift < 40)
			;
	addr = addr < start ? start : addr >= end ? end - 1 : addr;
	g->top = scroll_to(g->top, row_of(g, addr), g->nrows, g->rows);
}

struct span grid_visible(const struct grid *g)
{
	uint64_t a, b;

	if (!g->nrows)
		return (struct span){ 0, 0 };
	a = row_start(g, g->top);
	b = row_start(g, imin(g->top + g->rows, g->nrows) - 1);
	return (struct span){ umax(umin(a, b), g->start), umin(umax(a, b) + row_bytes(g), g->end) };
}

static enum page_state most(const struct page_counts *n)
{
	int best = PAGE_ABSENT;
	uint64_t have = 0;

	/* What is there says more than what is not. */
	for (int i = PAGE_ABSENT + 1; i < PAGE_NR; i++)
		if (n->n[i] > have) {
			best = i;
			have = n->n[i];
		}
	return best;
}

static uint32_t cell_glyph(const struct grid *g, const struct page_counts *n, enum page_state state,
			   uint64_t pages)
{
	if (!g->used_shift)
		return state == PAGE_ABSENT ? 0xb7 : (uint32_t)page_states[state].letter;
	if (state == PAGE_UNSEEN)
		return '?';
	if (state == PAGE_GUARD || state == PAGE_SWAP || state == PAGE_ZERO)
		return (uint32_t)page_states[state].letter;
	/* A few pages in a large bucket: how many; else the share. */
	if (page_counts_resident(n) && page_counts_resident(n) <= 9 && pages > 32)
		return '0' + (uint32_t)page_counts_resident(n);
	return density_mark(page_counts_resident(n), pages);
}

static void draw_cell(const struct grid *g, const struct session *s, struct canvas *c, int row,
		      int col, uint64_t a, uint64_t b, bool warm)
{
	const struct snapshot *snap = session_snapshot(s);
	struct page_counts n = residency_count(snap->pages, a, b);
	enum page_state state = most(&n);
	struct style st = { .role = THEME_OF_PAGE(state) };

	if (warm && g->used_shift)
		st = heat_shade(st, session_heat(s, a, b));
	else if (warm)
		st = style_heat(st, session_heat(s, a, b));
	if (st.heat >= 3)
		st = style_attr(st, ATTR_BOLD);
	canvas_ch(c, row, col, st, cell_glyph(g, &n, state, (b - a) >> PAGE_SHIFT));
}

/* Which task's stack pointer lies in [a, b); the selected one is preferred. */
static const struct task *sp_in(const struct session *s, uint64_t a, uint64_t b)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct task *found = NULL;

	for (size_t i = 0; snap->tasks && i < snap->tasks->n; i++) {
		const struct task *t = &snap->tasks->tasks[i];

		if (t->sp != UNKNOWN && t->sp >= a && t->sp < b &&
		    (!found || t->tid == session_tid(s)))
			found = t;
	}
	return found;
}

static void draw_row(const struct grid *g, const struct session *s, struct canvas *c, int row,
		     int which, int common)
{
	uint64_t from = row_start(g, which), cell = grid_cell_bytes(g), to = from + row_bytes(g);
	bool warm = session_heat(s, from, to) > 0;
	uint64_t addr = session_addr(s);

	paint_address(c, row, 0, STYLE(TEXT), from, common);
	for (int i = 0; i < g->per_row; i++) {
		uint64_t a = umax(from + (uint64_t)i * cell, g->start);
		uint64_t b = umin(from + (uint64_t)(i + 1) * cell, g->end);

		if (a >= b)
			continue;
		draw_cell(g, s, c, row, GUTTER + i * g->cell, a, b, warm);
		if (addr >= a && addr < b) {
			canvas_restyle(c, row, GUTTER + i * g->cell, 1,
				       style_attr(STYLE(SELECT), ATTR_REVERSE));
			canvas_restyle(c, row, 0, 12, style_attr(STYLE(TEXT), ATTR_BOLD));
			canvas_cursor(c, row, GUTTER + i * g->cell);
		}
	}
	if (sp_in(s, umax(from, g->start), umin(to, g->end)))
		canvas_put(c, row, GUTTER + g->per_row * g->cell + 1, STYLE(SP), "◄ sp");
	else if (warm)
		canvas_ch(c, row, GUTTER + g->per_row * g->cell + 1,
			  style_heat(STYLE(NEW), session_heat(s, from, to)),
			  heat_mark(session_heat(s, from, to)));
}

void grid_draw(const struct grid *g, const struct session *s, struct canvas *c, int row0)
{
	int common = common_digits(g->start, g->end - 1);

	for (int i = 0; i < g->rows && g->top + i < g->nrows; i++)
		draw_row(g, s, c, row0 + i, g->top + i, common);
}

static void move_rows(struct grid *g, uint64_t *addr, int64_t rows)
{
	uint64_t by = row_bytes(g) * (uint64_t)(rows < 0 ? -rows : rows);

	if ((rows < 0) == g->flip)
		*addr = *addr - g->start > by ? *addr - by : g->start;
	else
		*addr = g->end - PAGE_BYTES - *addr > by ? *addr + by : g->end - PAGE_BYTES;
}

static bool zoom(struct grid *g, int by)
{
	int max = 40, shift = g->used_shift + by;

	/* Out ends where the whole VMA fits. */
	if (by > 0 && g->nrows <= g->rows)
		return true;
	g->shift = shift < 0 ? 0 : imin(shift, max);
	return true;
}

bool grid_command(struct grid *g, const char *name, uint64_t *addr)
{
	uint64_t cell = grid_cell_bytes(g), a;

	if (!strcmp(name, "zoom-in"))
		return zoom(g, -SHIFT_STEP);
	if (!strcmp(name, "zoom-out"))
		return zoom(g, SHIFT_STEP);
	if (!g->nrows)
		return false;
	a = *addr < g->start ? g->start : *addr >= g->end ? g->end - PAGE_BYTES : *addr;
	a &= ~(uint64_t)(PAGE_BYTES - 1);
	if (!strcmp(name, "left"))
		a = a - g->start >= cell ? a - cell : g->start;
	else if (!strcmp(name, "right"))
		a = g->end - a > cell ? a + cell : g->end - PAGE_BYTES;
	else if (!strcmp(name, "up"))
		move_rows(g, &a, -1);
	else if (!strcmp(name, "down"))
		move_rows(g, &a, 1);
	else if (!strcmp(name, "page-up"))
		move_rows(g, &a, -imax(g->rows - 1, 1));
	else if (!strcmp(name, "page-down"))
		move_rows(g, &a, imax(g->rows - 1, 1));
	else if (!strcmp(name, "top"))
		a = g->flip ? g->start : g->end - PAGE_BYTES;
	else if (!strcmp(name, "bottom"))
		a = g->flip ? g->end - PAGE_BYTES : g->start;
	else
		return false;
	*addr = a;
	return true;
}

bool grid_at(const struct grid *g, int row, int col, uint64_t *addr)
{
	uint64_t a;

	if (row < 0 || row >= g->rows || g->top + row >= g->nrows || col < GUTTER ||
	    col >= GUTTER + g->per_row * g->cell)
		return false;
	a = row_start(g, g->top + row) + grid_cell_bytes(g) * (uint64_t)((col - GUTTER) / g->cell);
	if (a + grid_cell_bytes(g) <= g->start || a >= g->end)
		return false;
	*addr = umax(a, g->start);
	return true;
}
