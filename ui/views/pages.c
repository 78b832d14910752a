/* SPDX-License-Identifier: GPL-2.0-or-later
 * The pages: every page of the selected VMA as a letter, or as buckets where there are
 * too many, with a legend that counts them. The cost is what is visible: one count over
 * the VMA's runs for the legend, and one for each cell.
 */
#include <inttypes.h>
#include <string.h>

#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/grid.h"
#include "ui/views/page.h"
#include "ui/views/paint.h"

struct pages_state {
	struct grid grid;
	struct span span;
};

enum { HEAD = 2, LEGEND = PAGE_LEGEND, PANEL = 46 };

/* The VMA looked at: the selected one, else the next above the hole. */
static const struct vma *vma_shown(const struct session *s, size_t *index)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i;

	if (!snap || !snap->layout || !snap->layout->n)
		return NULL;
	i = session_vma(s);
	*index = i >= 0 ? (size_t)i : layout_next(snap->layout, session_addr(s));
	if (*index == snap->layout->n)
		--*index;
	return &snap->layout->vmas[*index];
}

static void draw_head(const struct pages_state *st, const struct session *s, struct canvas *c,
		      size_t index)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct vma *v = &snap->layout->vmas[index];
	int col, cols = canvas_cols(c);
	char label[96], a[32], size[16], perms[5];
	struct style name = { .role = THEME_OF_VMA(v->role), .attr = ATTR_BOLD };
	uint64_t pages = vma_size(v) >> PAGE_SHIFT;
	struct buf figures = BUF_INIT;

	/* A long name gives way to the figures. */
	buf_addf(&figures, "%s  %s page%s", text_size(vma_size(v), size), count_text(pages, a),
		 plural(pages));
	vma_label(snap, index, label, sizeof(label));
	col = canvas_putn(c, 0, 0, name, imin(text_width(label), imax(cols - 9 -
			  text_width(buf_str(&figures)), 8)), label);
	col = canvas_putf(c, 0, col + 2, STYLE(DIM), "%s", vma_perms(v, perms));
	col = canvas_put(c, 0, col + 2, STYLE(TEXT), buf_str(&figures));
	buf_free(&figures);
	if (st->grid.used_shift)
		canvas_putf(c, 1, canvas_putf(c, 1, 0, STYLE(WARN), "1 cell = %s, %s pages",
			    text_size(grid_cell_bytes(&st->grid), a),
			    count_text(grid_cell_bytes(&st->grid) >> PAGE_SHIFT, label)) + 2,
			    STYLE(DIM), "%s",
			    grid_cell_bytes(&st->grid) > 32 * PAGE_BYTES ? "1-9 pages, ░▒▓█ share" :
			    "░▒▓█ share");
	else
		canvas_put(c, 1, 0, STYLE(DIM), "1 cell = 1 page");
	if (col + 28 < cols)
		canvas_putf(c, 0, col + 2, STYLE(DIM), "%s", v->path[0] == '/' ?
			    clean(v->path, label, (size_t)imin(cols - col - 2, 95)) : "");
	if (st->grid.nrows > st->grid.rows) {
		int from = st->grid.top * 100 / imax(st->grid.nrows - st->grid.rows, 1);

		canvas_putf(c, 1, cols - 12, STYLE(DIM), "%3d %% down", from);
	}
}

/* What room is left shows the selected page at large. */
static void draw_panel(const struct pages_state *st, const struct session *s, struct canvas *c,
		       int rows)
{
	int col = canvas_cols(c) - PANEL;

	if (col < grid_width(&st->grid) || rows < 10)
		return;
	canvas_vline(c, HEAD, col, rows, STYLE(BORDER));
	canvas_push(c, (struct rect){ HEAD, col + 1, rows, PANEL - 1 });
	page_draw(s, c, session_addr(s));
	canvas_pop(c);
}

static void pages_draw(void *state, const struct session *s, struct canvas *c)
{
	struct pages_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	int rows = canvas_rows(c), cols = canvas_cols(c);
	const struct vma *v;
	size_t index;

	v = vma_shown(s, &index);
	if (!v || !snap->pages) {
		paint_why_empty(c, snap, v ? "pages" : "vmas");
		return;
	}
	if (session_zoom(s) == 2) {
		page_draw(s, c, session_addr(s));
		return;
	}
	grid_layout(&st->grid, v->start, v->end, rows - HEAD - LEGEND, cols, session_addr(s));
	draw_head(st, s, c, index);
	draw_panel(st, s, c, rows - HEAD - LEGEND);
	grid_draw(&st->grid, s, c, HEAD);
	page_legend(s, c, rows - LEGEND, v);
}

static void pages_want(void *state, const struct session *s, struct source_want *want)
{
	struct pages_state *st = state;
	size_t index;

	if (!vma_shown(s, &index) || !st->grid.nrows)
		return;
	st->span = grid_visible(&st->grid);
	want->visible = &st->span;
	want->nvisible = 1;
}

static bool pages_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct pages_state *st = state;
	uint64_t addr = session_addr(s);
	int zoom = session_zoom(s);
	size_t index;

	(void)arg;
	if (!vma_shown(s, &index))
		return false;
	if (!strcmp(name, "flip")) {
		st->grid.flip = !st->grid.flip;
		return true;
	}
	if (!strcmp(name, "enter") || (!strcmp(name, "zoom-in") && !st->grid.used_shift)) {
		session_set_zoom(s, 2);
		return true;
	}
	if ((!strcmp(name, "back") || !strcmp(name, "zoom-out")) && zoom == 2) {
		session_set_zoom(s, 1);
		return true;
	}
	/* On one page, up and down lead to the neighbours. */
	if (zoom == 2 && (!strcmp(name, "up") || !strcmp(name, "down"))) {
		int64_t by = name[0] == 'u' ? PAGE_BYTES : -(int64_t)PAGE_BYTES;

		addr = (addr & ~(uint64_t)(PAGE_BYTES - 1)) + (uint64_t)by;
		if (addr >= st->grid.start && addr < st->grid.end)
			session_select(s, addr);
		return true;
	}
	if (!grid_command(&st->grid, name, &addr))
		return false;
	if (addr != session_addr(s))
		session_select(s, addr);
	return true;
}

static void pages_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct pages_state *st = state;
	uint64_t addr;

	if (session_zoom(s) == 2 || !grid_at(&st->grid, row - HEAD, col, &addr))
		return;
	session_select(s, addr);
	if (twice)
		session_set_zoom(s, 2);
}

static void pages_describe(void *state, const struct session *s, struct buf *out)
{
	struct pages_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	uint64_t cell = grid_cell_bytes(&st->grid), a, b;
	struct page_counts n;
	size_t index;
	const struct vma *v = vma_shown(s, &index);
	char num[32], size[16];

	if (!v) {
		if (snap)
			describe_why(snap, "vmas", out);
		return;
	}
	if (session_zoom(s) == 2 || !st->grid.used_shift || !snap->pages) {
		describe_page(s, session_addr(s), out);
		return;
	}
	a = umax(session_addr(s) & ~(cell - 1), v->start);
	b = umin((session_addr(s) & ~(cell - 1)) + cell, v->end);
	n = residency_count(snap->pages, a, b);
	buf_addf(out, "Cell %012" PRIx64 "-%012" PRIx64 ", %s: %s", a, b, text_size(b - a, size),
		 count_text(page_counts_resident(&n), num));
	buf_addf(out, " of %s pages resident.", count_text((b - a) >> PAGE_SHIFT, num));
	for (int i = 0; i < PAGE_NR; i++)
		if (n.n[i])
			buf_addf(out, " %s %s.", count_text(n.n[i], num), page_states[i].name);
	buf_adds(out, " Zoom in to see them one by one.");
}

static void pages_heading(void *state, const struct session *s, struct buf *out)
{
	struct pages_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	char label[96], size[16];
	size_t index;

	buf_adds(out, "pages");
	if (!vma_shown(s, &index))
		return;
	buf_addf(out, " ─ %s", vma_label(snap, index, label, sizeof(label)));
	if (session_zoom(s) == 2)
		buf_addf(out, " › page %012" PRIx64, session_addr(s) & ~(uint64_t)(PAGE_BYTES - 1));
	else if (st->grid.used_shift)
		buf_addf(out, " ─ 1 cell = %s", text_size(grid_cell_bytes(&st->grid), size));
}

static const struct view_command commands[] = {
	{ "left", NULL, "the cell to the left" },
	{ "right", NULL, "the cell to the right" },
	{ "zoom-in", NULL, "smaller buckets, then single pages, then one page" },
	{ "zoom-out", NULL, "larger buckets" },
	{ "flip", NULL, "low addresses at the top" },
	{ NULL, NULL, NULL },
};

const struct view pages_view = {
	.name = "pages",
	.title = "pages",
	.about = "every page of the selected mapping, and what changed in it",
	.caps = CAP_PAGES,
	.state_size = sizeof(struct pages_state),
	.want = pages_want,
	.draw = pages_draw,
	.command = pages_command,
	.commands = commands,
	.click = pages_click,
	.describe = pages_describe,
	.heading = pages_heading,
};
