/* SPDX-License-Identifier: GPL-2.0-or-later
 * The map: the whole space in one room, high addresses at the top, heights by the
 * logarithm of the size, holes collapsed and labelled. Narrow rooms (the strip) show a
 * column of density for each block, wide ones the block itself as cells. Zoomed, the
 * room shows the selected VMA to scale, then one page with its neighbours.
 *
 * The blocks are made anew only when the layout or the height changes; drawing costs
 * by what is on screen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/blocks.h"
#include "ui/views/grid.h"
#include "ui/views/page.h"
#include "ui/views/paint.h"

enum { WIDE = 54 };

struct map_state {
	bool flip;
	bool wide;			/* the room as it was drawn last: wide enough to zoom */
	struct blocks blocks;
	const struct layout *layout;	/* the blocks are of; reference held */
	int rows;			/* height they were made for */
	int top;			/* first line shown, when they are more than the room has */
	struct grid grid;
	struct span spans[1];
};

static void map_fini(void *state)
{
	struct map_state *st = state;

	blocks_free(&st->blocks);
	layout_put(st->layout);
}

static void update(struct map_state *st, const struct snapshot *snap, int rows)
{
	if (st->layout == snap->layout && st->rows == rows)
		return;
	layout_put(st->layout);
	st->layout = layout_get(snap->layout);
	st->rows = rows;
	blocks_make(&st->blocks, st->layout, rows);
}

/* ---- labels ---- */

static const char *hole_label(const struct block *k, char *out, size_t n)
{
	char size[16];

	if (k->end >> 63)
		snprintf(out, n, "kernel half");
	else
		snprintf(out, n, "%s free", text_size(k->end - k->start, size));
	return out;
}

static bool mostly_libraries(const struct layout *l, const struct block *k)
{
	unsigned exec = 0;

	for (uint32_t i = k->first; i <= k->last; i++)
		exec += l->vmas[i].inode && l->vmas[i].perms & VMA_EXEC;
	return exec * 2 >= k->count;
}

/* A block that was joined for want of room is called by what most of it is. */
static const char *many_label(const struct layout *l, const struct block *k, char *out, size_t n)
{
	unsigned vmas = k->last - k->first + 1, threads = 0, files = 0, exec = 0;
	uint64_t inode = 0;

	for (uint32_t i = k->first; i <= k->last; i++) {
		const struct vma *v = &l->vmas[i];

		threads += v->role == ROLE_THREAD_STACK;
		files += v->inode && v->inode != inode;
		exec += v->inode && v->perms & VMA_EXEC;
		if (v->inode)
			inode = v->inode;
	}
	/* A stack has a guard, a library four or five parts. */
	if (threads * 3 > vmas)
		snprintf(out, n, "%u threads +", threads);
	else if (files > 2)
		snprintf(out, n, "%u %s +", files, exec * 2 >= files ? "libraries" : "files");
	else
		snprintf(out, n, "%u mappings", vmas);
	return out;
}

static const char *block_label(const struct snapshot *snap, const struct block *k, char *out,
			       size_t n)
{
	const struct layout *l = snap->layout;
	uint32_t i;

	switch (k->kind) {
	case BLOCK_HOLE:
		return hole_label(k, out, n);
	case BLOCK_THREAD:
		return vma_label(snap, k->last, out, n);
	case BLOCK_VDSO:
		snprintf(out, n, "vdso, vvar");
		return out;
	case BLOCK_THREADS:
		snprintf(out, n, "%u threads", k->count);
		return out;
	case BLOCK_FILES:
		snprintf(out, n, "%u %s", k->count, mostly_libraries(l, k) ? "libraries" : "files");
		return out;
	case BLOCK_MANY:
		return many_label(l, k, out, n);
	default:
		/* Called by what it holds, not by a part that nobody may touch. */
		for (i = k->first; i < k->last && l->vmas[i].role == ROLE_GUARD; i++)
			;
		return vma_label(snap, i, out, n);
	}
}

/* "r-xp" of one VMA; for several, how many there are. */
static void block_perms(const struct layout *l, const struct block *k, char out[16])
{
	if (k->first == k->last)
		vma_perms(&l->vmas[k->first], out);
	else if (k->last - k->first < 999)
		snprintf(out, 16, "x%u", k->last - k->first + 1);
	else
		snprintf(out, 16, "x%uk", (k->last - k->first + 1) / 1000);
}

/* Names of what a block of several files holds: "libc.so.6 libm.so.6 ...". */
static void member_names(const struct layout *l, const struct block *k, struct buf *out)
{
	const char *last = "";
	char name[64];

	for (uint32_t i = k->last; i + 1 > k->first && out->len < 200; i--) {
		const char *path = l->vmas[i].path;

		if (l->vmas[i].inode && path != last && strcmp(path, last)) {
			buf_addf(out, "%s%s", out->len ? " " : "",
				 clean(base_name(path), name, sizeof(name)));
			last = path;
		}
		if (!i)
			break;
	}
}

/* ---- drawing ---- */

struct drawing {
	struct map_state *st;
	const struct session *s;
	const struct snapshot *snap;
	struct canvas *c;
	const uint32_t *passing;
	size_t npassing;
	bool filtered;
	int cols, common;
	int name, perms, size, cells;	/* columns of the wide form */
};

/* The addresses that line r of a block of h lines stands for. */
static void line_range(const struct block *k, bool flip, int r, uint64_t *a, uint64_t *b)
{
	uint64_t size = k->end - k->start, h = (uint64_t)k->rows;
	uint64_t i = (uint64_t)(flip ? r : k->rows - 1 - r);

	*a = k->start + size / h * i + size % h * i / h;
	*b = k->start + size / h * (i + 1) + size % h * (i + 1) / h;
}

static bool any_passes(const struct drawing *d, const struct block *k)
{
	size_t lo = 0, hi = d->npassing;

	if (!d->filtered)
		return true;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->passing[mid] < k->first)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < d->npassing && d->passing[lo] <= k->last;
}

static struct style block_style(const struct block *k, bool dim)
{
	return dim ? STYLE(DIM) : (struct style){ .role = THEME_OF_VMA(k->role) };
}

/* One cell of a block: how much of what is mapped in [a, b) is resident. */
static void draw_cell(const struct drawing *d, int row, int col, uint64_t a, uint64_t b, bool dim,
		      bool warm)
{
	const struct layout *l = d->snap->layout;
	struct page_counts n;
	struct style st;
	size_t i;

	a &= ~(uint64_t)(PAGE_BYTES - 1);
	b = (b + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	i = layout_next(l, a);
	if (i == l->n || l->vmas[i].start >= b)
		return;
	st = dim ? STYLE(DIM) : (struct style){ .role = THEME_OF_VMA(l->vmas[i].role) };
	if (!d->snap->pages) {
		canvas_ch(d->c, row, col, STYLE(DIM), '?');
		return;
	}
	a = umax(a, l->vmas[i].start);
	if (b > l->vmas[i].end && (i + 1 == l->n || l->vmas[i + 1].start >= b))
		b = l->vmas[i].end;
	n = residency_count(d->snap->pages, a, b);
	if (warm)
		st = heat_shade(st, session_heat(d->s, a, b));
	if (n.n[PAGE_UNSEEN] == (b - a) >> PAGE_SHIFT)
		canvas_ch(d->c, row, col, STYLE(DIM), '?');
	else
		canvas_ch(d->c, row, col, page_counts_resident(&n) ? st : style_attr(st, ATTR_DIM),
			  density_mark(page_counts_resident(&n), (b - a) >> PAGE_SHIFT));
}

static uint64_t grew_ago(const struct drawing *d, const struct block *k, struct growth *g)
{
	const struct vma *v = &d->snap->layout->vmas[k->last];

	if (v->growsdown == 0 || !session_growth(d->s, v->end, g) || !g->times ||
	    d->snap->time_ns < g->last_time_ns)
		return UNKNOWN;
	return d->snap->time_ns - g->last_time_ns;
}

/* Second and later lines say more, as far as there are any. */
static void draw_note(const struct drawing *d, const struct block *k, int row, int r,
		      struct style quiet)
{
	int width = (d->cells ? d->cells - 1 : d->cols - 2) - d->name;
	struct buf b = BUF_INIT;
	struct page_counts n;
	struct growth g;
	char size[16], when[40];

	if (r == 1 && d->snap->pages) {
		n = residency_count(d->snap->pages, k->start, k->end);
		buf_addf(&b, "%s resident", text_size(page_counts_resident(&n) * PAGE_BYTES, size));
		if ((k->end - k->start) / 4 > k->mapped)
			buf_addf(&b, " in %s", text_size(k->end - k->start, size));
	} else if (r == 2 && k->kind == BLOCK_FILES) {
		member_names(d->snap->layout, k, &b);
	} else if (r == 2 && grew_ago(d, k, &g) < 60000000000ull) {
		buf_addf(&b, "▼ grew %s %s", text_size(g.last_amount, size),
			 when_text(d->snap, g.last_time_ns, when));
		quiet = style_heat(STYLE(NEW), session_heat(d->s, k->start, k->end));
	}
	if (b.len)
		canvas_putn(d->c, row, d->name, quiet, width, buf_str(&b));
	buf_free(&b);
}

static void draw_head(const struct drawing *d, const struct block *k, int row, bool dim)
{
	struct style st = dim ? STYLE(DIM) : STYLE(TEXT);
	char label[96], size[16], perms[16];

	block_label(d->snap, k, label, sizeof(label));
	text_size(k->mapped, size);
	if (d->perms) {
		canvas_putn(d->c, row, d->name, st, d->perms - d->name - 1, label);
		block_perms(d->snap->layout, k, perms);
		canvas_putn(d->c, row, d->perms, STYLE(DIM), 4, perms);
	} else {
		canvas_putn(d->c, row, d->name, st, d->size - d->name - 1, label);
	}
	canvas_right(d->c, row, d->size + 5, st, size);
}

static void draw_block_line(const struct drawing *d, const struct block *k, int row, int r,
			    bool dim, unsigned heat)
{
	struct style st = block_style(k, dim);
	int bar = d->cells ? 15 : 2;
	struct growth g;
	uint64_t a, b;

	line_range(k, d->st->flip, r, &a, &b);
	/* Thin where the filter leaves it out, so that not the colour alone says so. */
	canvas_ch(d->c, row, bar, st, dim ? 0x2502 /* │ */ : k->rows == 1 ||
		  k->kind == BLOCK_VMA ? 0x2588 : 0x258c);
	if (r == 0) {
		canvas_ch(d->c, row, bar - 1, style_attr(st, ATTR_BOLD), vma_roles[k->role].letter);
		canvas_ch(d->c, row, bar - 2, style_heat(STYLE(NEW), heat),
			  grew_ago(d, k, &g) < 1000000000 ? 0x25bc /* ▼ */ : heat_mark(heat));
		draw_head(d, k, row, dim);
	} else if (d->cells || r < k->rows - 1) {
		draw_note(d, k, row, r, STYLE(DIM));
	} else {
		paint_address(d->c, row, d->name, STYLE(DIM), d->st->flip ? k->end : k->start, 0);
	}
	if (!d->cells) {
		draw_cell(d, row, d->cols - 1, a, b, dim, heat > 0);
		return;
	}
	for (int i = d->cells, n = d->cols - 1 - d->cells; i < d->cols - 1; i++) {
		uint64_t step = (b - a) / (uint64_t)n, x = a + step * (uint64_t)(i - d->cells);

		draw_cell(d, row, i, x, i == d->cols - 2 ? b : x + (step ? step : 1), dim,
			  heat > 0);
	}
}

static void draw_gutter(const struct drawing *d, int i, int row)
{
	const struct blocks *bl = &d->st->blocks;
	const struct block *k = &bl->v[i];
	int above = d->st->flip ? i - 1 : i + 1;
	bool edge = above < 0 || above >= (int)bl->n || bl->v[above].kind == BLOCK_HOLE;
	uint64_t upper = d->st->flip ? k->start : k->end, lower = d->st->flip ? k->end : k->start;

	if (k->kind == BLOCK_HOLE)
		return;
	if (k->rows > 1 && edge)
		paint_address(d->c, row, 0, STYLE(DIM), upper, 0);
	paint_address(d->c, row + k->rows - 1, 0, STYLE(TEXT), k->rows > 1 ? lower : k->start,
		      d->common);
}

static void draw_block(const struct drawing *d, int i, int row, bool selected)
{
	const struct block *k = &d->st->blocks.v[i];
	int bar = d->cells ? 15 : 2;
	char label[64];

	if (k->kind == BLOCK_HOLE) {
		for (int r = 0; r < k->rows; r++)
			canvas_ch(d->c, row + r, bar, STYLE(HOLE), 0x2506 /* ┆ */);
		canvas_put(d->c, row, d->name, STYLE(HOLE), hole_label(k, label, sizeof(label)));
	} else {
		unsigned heat = session_heat(d->s, k->start, k->end);
		bool dim = !any_passes(d, k);

		for (int r = 0; r < k->rows; r++)
			if (row + r >= 0 && row + r < canvas_rows(d->c))
				draw_block_line(d, k, row + r, r, dim, heat);
	}
	if (d->cells)
		draw_gutter(d, i, row);
	if (!selected)
		return;
	canvas_restyle(d->c, row, bar + 1, (d->cells ? d->cells - 1 : d->cols - 1) - bar - 1,
		       STYLE(SELECT));
	/* What changed says so on the selected line too. */
	if (k->kind == BLOCK_HOLE || !session_heat(d->s, k->start, k->end))
		canvas_ch(d->c, row, bar - 2, STYLE(SELECT), 0x25b6 /* ▶ */);
	canvas_restyle(d->c, row, bar - 2, 1, STYLE(SELECT));
	canvas_cursor(d->c, row, bar - 2);
}

/* Stack pointers, each at its place. */
static void draw_sps(const struct drawing *d, const int *line_of)
{
	const struct task_list *tasks = d->snap->tasks;
	int width = d->cols - 1 - d->cells;

	for (size_t i = 0; tasks && i < tasks->n; i++) {
		uint64_t sp = tasks->tasks[i].sp, a, b;
		int which = sp == UNKNOWN ? -1 : blocks_find(&d->st->blocks, sp), r, col;
		const struct block *k;

		if (which < 0)
			continue;
		k = &d->st->blocks.v[which];
		if (k->kind == BLOCK_HOLE || sp < k->start || sp >= k->end)
			continue;
		/* A block of many threads would be nothing but marks. */
		if ((k->kind == BLOCK_THREADS || k->kind == BLOCK_MANY) &&
		    tasks->tasks[i].tid != session_tid(d->s))
			continue;
		r = (int)((double)(sp - k->start) / (double)(k->end - k->start) * k->rows);
		r = imin(r, k->rows - 1);
		line_range(k, d->st->flip, d->st->flip ? r : k->rows - 1 - r, &a, &b);
		col = d->cols - 2;
		if (d->cells)
			col = d->cells + (int)((double)(sp - a) / (double)(b - a) * width);
		canvas_ch(d->c, line_of[which] + (d->st->flip ? r : k->rows - 1 - r),
			  imin(col, d->cols - 2),
			  style_attr(STYLE(SP), tasks->tasks[i].tid == session_tid(d->s) ?
				     ATTR_BOLD : 0), 0x25c4 /* ◄ */);
	}
}

static void draw_legend(const struct drawing *d, int row)
{
	bool there[ROLE_NR] = { false };
	int col = 0;

	for (size_t i = 0; i < d->snap->layout->n; i++)
		there[d->snap->layout->vmas[i].role] = true;
	for (int r = 0; r < ROLE_NR; r++) {
		if (!there[r] || col + 4 + (int)strlen(vma_roles[r].name) > d->cols)
			continue;
		col = canvas_putf(d->c, row, col,
				  style_attr((struct style){ .role = THEME_OF_VMA(r) },
				  ATTR_BOLD), "%c", vma_roles[r].letter);
		col = canvas_putf(d->c, row, col, STYLE(DIM), " %s  ", vma_roles[r].name);
	}
}

static void columns_place(struct drawing *d)
{
	if (d->cols < WIDE) {
		d->name = 3;
		d->size = d->cols - 2 - 5 - 1;
		return;
	}
	d->name = 17;
	d->perms = d->name + imax(14, imin(d->cols / 6, 30)) + 1;
	d->size = d->perms + 5;
	d->cells = d->size + 7;
	d->common = d->snap->layout->n > 1 ? 0 : 12;
}

static void draw_space(struct map_state *st, const struct session *s, struct canvas *c)
{
	struct drawing d = { .st = st, .s = s, .snap = session_snapshot(s), .c = c,
			     .cols = canvas_cols(c) };
	int rows = canvas_rows(c), total = 0, row, selected;
	bool legend = d.cols >= WIDE && rows >= 12;
	int *line_of;

	rows -= legend;
	update(st, d.snap, rows);
	columns_place(&d);
	d.filtered = session_role(s) >= 0 || session_filter(s)[0];
	if (d.filtered)
		d.npassing = session_rows(s, &d.passing);
	selected = blocks_find(&st->blocks, session_addr(s));
	line_of = xcalloc(st->blocks.n + 1, sizeof(*line_of));
	for (size_t i = 0; i < st->blocks.n; i++) {
		size_t which = st->flip ? i : st->blocks.n - 1 - i;

		line_of[which] = total;
		total += st->blocks.v[which].rows;
	}
	st->top = selected < 0 ? 0 : scroll_to(st->top, line_of[selected], total, rows);
	canvas_push(c, (struct rect){ 0, 0, rows, d.cols });
	for (size_t i = 0; i < st->blocks.n; i++) {
		line_of[i] -= st->top;
		row = line_of[i];
		if (row < rows && row + st->blocks.v[i].rows > 0)
			draw_block(&d, (int)i, row, (int)i == selected);
	}
	draw_sps(&d, line_of);
	canvas_pop(c);
	if (legend)
		draw_legend(&d, rows);
	free(line_of);
}

static void draw_vma(struct map_state *st, const struct session *s, struct canvas *c,
		     const struct vma *v)
{
	int rows = canvas_rows(c) - PAGE_LEGEND;

	st->grid.flip = st->flip;
	grid_layout(&st->grid, v->start, v->end, rows, canvas_cols(c), session_addr(s));
	grid_draw(&st->grid, s, c, 0);
	page_legend(s, c, rows, v);
}

static void map_draw(void *state, const struct session *s, struct canvas *c)
{
	struct map_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	int zoom = session_zoom(s);
	ssize_t i;

	if (!snap || !snap->layout || !snap->layout->n) {
		paint_why_empty(c, snap, "vmas");
		return;
	}
	i = session_vma(s);
	st->wide = canvas_cols(c) >= WIDE;
	if (!zoom || i < 0 || !st->wide || !snap->pages)
		draw_space(st, s, c);
	else if (zoom == 1)
		draw_vma(st, s, c, &snap->layout->vmas[i]);
	else
		page_draw(s, c, session_addr(s));
}

static void map_want(void *state, const struct session *s, struct source_want *want)
{
	struct map_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i = session_vma(s);

	if (i < 0)
		return;
	st->spans[0] = (struct span){ snap->layout->vmas[i].start, snap->layout->vmas[i].end };
	want->rows = st->spans;
	want->nrows = 1;
	if (session_zoom(s)) {
		st->spans[0] = grid_visible(&st->grid);
		want->visible = st->spans;
		want->nvisible = 1;
	}
}

/* ---- commands ---- */

static void select_block(struct map_state *st, struct session *s, int i)
{
	session_select(s, st->blocks.v[i].start);
}

static bool step_vma(struct session *s, int by)
{
	const struct layout *l = session_snapshot(s)->layout;
	ssize_t i = session_vma(s);

	if (i < 0)
		i = (ssize_t)layout_next(l, session_addr(s)) - (by > 0);
	i += by;
	if (i >= 0 && i < (ssize_t)l->n)
		session_select(s, l->vmas[i].start);
	return true;
}

static bool space_command(struct map_state *st, struct session *s, const char *name)
{
	int n = (int)st->blocks.n, at = blocks_find(&st->blocks, session_addr(s)), line;

	if (at < 0)
		return false;
	line = st->flip ? at : n - 1 - at;
	if (!list_move(name, &line, n, 5))
		return false;
	select_block(st, s, st->flip ? line : n - 1 - line);
	return true;
}

static bool map_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct map_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	int zoom = session_zoom(s);
	uint64_t addr = session_addr(s);

	(void)arg;
	if (!snap || !snap->layout)
		return false;
	if (!strcmp(name, "flip")) {
		st->flip = !st->flip;
		return true;
	}
	if (!strcmp(name, "next-vma"))
		return step_vma(s, st->flip ? 1 : -1);
	if (!strcmp(name, "prev-vma"))
		return step_vma(s, st->flip ? -1 : 1);
	if (!strcmp(name, "enter") || !strcmp(name, "zoom-in")) {
		if (session_vma(s) < 0)
			session_say(s, "nothing is mapped here: there is nothing to look into");
		else
			session_set_zoom(s, imin(zoom + 1, 2));
		return true;
	}
	if (!strcmp(name, "back") || !strcmp(name, "zoom-out")) {
		if (!zoom)
			return false;
		session_set_zoom(s, zoom - 1);
		return true;
	}
	if (!zoom)
		return space_command(st, s, name);
	if (zoom == 2 && (!strcmp(name, "up") || !strcmp(name, "down")))
		name = (name[0] == 'u') != st->flip ? "right" : "left";
	if (!grid_command(&st->grid, name, &addr))
		return false;
	session_select(s, addr);
	return true;
}

static void map_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct map_state *st = state;
	uint64_t addr;
	int line = -st->top;

	if (session_zoom(s) && grid_at(&st->grid, row, col, &addr)) {
		session_select(s, addr);
	} else if (!session_zoom(s)) {
		for (size_t i = 0; i < st->blocks.n; i++) {
			size_t which = st->flip ? i : st->blocks.n - 1 - i;

			line += st->blocks.v[which].rows;
			if (row < line) {
				select_block(st, s, (int)which);
				break;
			}
		}
	}
	if (twice)
		map_command(state, s, "enter", "");
}

static void map_describe(void *state, const struct session *s, struct buf *out)
{
	struct map_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	const struct block *k;
	int at;

	if (!snap)
		return;
	if (!snap->layout || !snap->layout->n) {
		describe_why(snap, "vmas", out);
		return;
	}
	if (session_zoom(s) && session_vma(s) >= 0) {
		describe_page(s, session_addr(s), out);
		return;
	}
	if (session_vma(s) < 0) {
		describe_hole(snap, session_addr(s), out);
		return;
	}
	at = st->layout == snap->layout ? blocks_find(&st->blocks, session_addr(s)) : -1;
	k = at < 0 ? NULL : &st->blocks.v[at];
	if (k && k->last > k->first && k->kind != BLOCK_HOLE) {
		char label[96];

		buf_addf(out, "%s: %u mappings drawn as one. Selected: ",
			 block_label(snap, k, label, sizeof(label)), k->last - k->first + 1);
	}
	describe_vma(snap, (size_t)session_vma(s), out);
}

static void map_heading(void *state, const struct session *s, struct buf *out)
{
	struct map_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i = session_vma(s);
	char label[96], size[16];

	if (!session_zoom(s) || i < 0 || !st->wide) {
		buf_adds(out, "map ─ log scale");
		return;
	}
	vma_label(snap, (size_t)i, label, sizeof(label));
	if (session_zoom(s) == 1)
		buf_addf(out, "map › %s ─ to scale, 1 cell = %s", label,
			 text_size(grid_cell_bytes(&st->grid), size));
	else
		buf_addf(out, "map › %s › page %012" PRIx64, label,
			 session_addr(s) & ~(uint64_t)(PAGE_BYTES - 1));
}

static const struct view_command commands[] = {
	{ "flip", NULL, "turn the space upside down: low addresses at the top" },
	{ "zoom-in", NULL, "from the space to the selected mapping, to one page" },
	{ "zoom-out", NULL, "back from the page to the mapping, to the space" },
	{ "next-vma", NULL, "the next mapping downward, also inside a block of several" },
	{ "prev-vma", NULL, "the next mapping upward, also inside a block of several" },
	{ NULL, NULL, NULL },
};

const struct view map_view = {
	.name = "map",
	.title = "map",
	.about = "the whole address space: every mapping, hole and stack pointer in its place",
	.state_size = sizeof(struct map_state),
	.fini = map_fini,
	.want = map_want,
	.draw = map_draw,
	.command = map_command,
	.commands = commands,
	.click = map_click,
	.describe = map_describe,
	.heading = map_heading,
};
