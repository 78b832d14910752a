/* SPDX-License-Identifier: GPL-2.0-or-later
 * The table: every VMA that passes the filter, one a line, with sums by role.
 *
 * Sums and sort keys are made in one pass over VMAs and page runs, and only when the
 * layout or the pages changed; lines are formatted only where they are seen.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"

struct role_sum { uint64_t n, size, rss, anon; };

struct table_state {
	int sort;			/* column; 0: by address */
	bool reversed, flip;		/* flip: low addresses at the top */
	int top, page, width;
	/* What the figures below were made from; references held. */
	const struct layout *layout;
	const struct residency *pages;
	const struct details *details;
	uint32_t *rss, *anon;		/* pages by VMA: there may be very many; NO_FIGURE */
	size_t cap;
	struct role_sum sums[ROLE_NR], all;
	struct role_sum passing;	/* of the rows: what the filter lets through */
	bool complete;			/* no page left that was not looked at */
	/* The order of the rows, and what it was made for. */
	bool by_address;		/* it is that of the VMAs, and not written down */
	uint32_t *order;
	size_t n, order_cap;
	uint64_t made_of;		/* fingerprint of rows and sorting */
	struct span *spans;
	size_t spans_cap;
};

/* What the columns get: row numbers are VMA numbers. */
struct table_rows {
	const struct session *s;
	const struct snapshot *snap;
	const struct table_state *st;
	bool whole_paths;
};

static void table_fini(void *state)
{
	struct table_state *st = state;

	layout_put(st->layout);
	residency_put(st->pages);
	details_put(st->details);
	free(st->rss);
	free(st->anon);
	free(st->order);
	free(st->spans);
}

/* ---- figures ---- */

/* 16 TiB in memory fit; more than that in one VMA is shown as that. */
#define NO_FIGURE UINT32_MAX

static uint32_t few_bytes(uint64_t bytes)
{
	return (uint32_t)umin(bytes >> PAGE_SHIFT, NO_FIGURE - 1);
}

static uint64_t all_bytes(uint32_t pages)
{
	return pages == NO_FIGURE ? UNKNOWN : (uint64_t)pages << PAGE_SHIFT;
}

static void sum_add(struct role_sum *to, struct role_sum part)
{
	to->n += part.n;
	to->size += part.size;
	to->rss += part.rss;
	to->anon += part.anon;
}

/* Runs and VMAs are both sorted, so one walk along both counts every VMA. */
static void count_all(struct table_state *st)
{
	const struct layout *l = st->layout;
	const struct residency *r = st->pages;
	size_t run = 0;

	memset(st->sums, 0, sizeof(st->sums));
	st->complete = r != NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];
		uint64_t rss = 0, anon = 0;

		while (r && run < r->n && run_end(&r->runs[run]) <= v->start)
			run++;
		for (size_t k = run; r && k < r->n && r->runs[k].start < v->end; k++) {
			const struct page_run *p = &r->runs[k];
			uint64_t bytes = umin(run_end(p), v->end) - umax(p->start, v->start);

			if (page_states[p->state].resident)
				rss += bytes;
			if (p->state == PAGE_ANON || p->state == PAGE_ANON_SHARED ||
			    (p->state == PAGE_HUGE && !vma_has_file(v)))
				anon += bytes;
			if (p->state == PAGE_UNSEEN)
				st->complete = false;
		}
		st->rss[i] = r ? few_bytes(rss) : NO_FIGURE;
		st->anon[i] = r ? few_bytes(anon) : NO_FIGURE;
		sum_add(&st->sums[v->role], (struct role_sum){ 1, vma_size(v), rss, anon });
	}
	st->all = (struct role_sum){ 0 };
	for (size_t role = 0; role < ROLE_NR; role++)
		sum_add(&st->all, st->sums[role]);
}

static struct role_sum figures_of(const struct table_state *st, size_t i)
{
	return (struct role_sum){ 1, vma_size(&st->layout->vmas[i]), st->pages ? all_bytes(st->rss[i]) : 0,
				  st->pages ? all_bytes(st->anon[i]) : 0 };
}

static void sum_passing(struct table_state *st, const struct session *s)
{
	const uint32_t *rows;
	size_t n = session_rows(s, &rows);

	if (n == st->all.n) {
		st->passing = st->all;
		return;
	}
	st->passing = (struct role_sum){ 0 };
	for (size_t i = 0; i < n; i++)
		sum_add(&st->passing, figures_of(st, rows ? rows[i] : i));
}

static void update_figures(struct table_state *st, const struct snapshot *snap)
{
	if (st->layout == snap->layout && st->pages == snap->pages && st->details == snap->details)
		return;
	layout_put(st->layout);
	residency_put(st->pages);
	details_put(st->details);
	st->layout = layout_get(snap->layout);
	st->pages = residency_get(snap->pages);
	st->details = details_get(snap->details);
	if (st->layout->n > st->cap) {
		st->cap = st->layout->n;
		st->rss = xreallocarray(st->rss, st->cap, sizeof(*st->rss));
		st->anon = xreallocarray(st->anon, st->cap, sizeof(*st->anon));
	}
	count_all(st);
}

/* ---- columns ---- */

static const struct vma *vma_of(const void *rows, size_t i)
{
	return &((const struct table_rows *)rows)->snap->layout->vmas[i];
}

static struct style role_style(const struct vma *v)
{
	return (struct style){ .role = THEME_OF_VMA(v->role) };
}

static struct style add_size(uint64_t v, struct buf *out)
{
	char size[16];

	buf_adds(out, size_text(v, size));
	return v == 0 || v == UNKNOWN ? STYLE(DIM) : STYLE(TEXT);
}

static struct style text_start(const void *rows, size_t i, struct buf *out)
{
	char address[24];

	buf_adds(out, address_text(vma_of(rows, i)->start, address));
	return STYLE(TEXT);
}

static struct style text_end(const void *rows, size_t i, struct buf *out)
{
	char address[24];

	buf_adds(out, address_text(vma_of(rows, i)->end, address));
	return STYLE(DIM);
}

static uint64_t number_start(const void *rows, size_t i) { return vma_of(rows, i)->start; }
static uint64_t number_end(const void *rows, size_t i) { return vma_of(rows, i)->end; }
static uint64_t number_size(const void *rows, size_t i) { return vma_size(vma_of(rows, i)); }
static uint64_t number_offset(const void *rows, size_t i) { return vma_of(rows, i)->offset; }

static uint64_t number_rss(const void *rows, size_t i)
{
	return all_bytes(((const struct table_rows *)rows)->st->rss[i]);
}

static uint64_t number_anon(const void *rows, size_t i)
{
	return all_bytes(((const struct table_rows *)rows)->st->anon[i]);
}

static const struct vma_detail *detail_of(const void *rows, size_t i)
{
	const struct snapshot *snap = ((const struct table_rows *)rows)->snap;

	return snap->details && snap->details->layout == snap->layout ? &snap->details->vma[i] :
		NULL;
}

static uint64_t number_pss(const void *rows, size_t i)
{
	const struct vma_detail *d = detail_of(rows, i);

	return d ? d->pss : UNKNOWN;
}

static uint64_t number_swap(const void *rows, size_t i)
{
	const struct vma_detail *d = detail_of(rows, i);

	return d ? d->swap : UNKNOWN;
}

static struct style text_size_(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_size(rows, i), out);
}

static struct style text_rss(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_rss(rows, i), out);
}

static struct style text_anon(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_anon(rows, i), out);
}

static struct style text_pss(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_pss(rows, i), out);
}

static struct style text_swap(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_swap(rows, i), out);
}

static struct style text_offset(const void *rows, size_t i, struct buf *out)
{
	uint64_t v = number_offset(rows, i);

	buf_addf(out, "%" PRIx64, v);
	return v ? STYLE(TEXT) : STYLE(DIM);
}

static struct style text_perms(const void *rows, size_t i, struct buf *out)
{
	char perms[5];

	buf_adds(out, vma_perms(vma_of(rows, i), perms));
	return vma_of(rows, i)->perms & 7 ? STYLE(TEXT) : STYLE(DIM);
}

static struct style text_letter(const void *rows, size_t i, struct buf *out)
{
	buf_addc(out, vma_roles[vma_of(rows, i)->role].letter);
	return style_attr(role_style(vma_of(rows, i)), ATTR_BOLD);
}

static struct style text_role(const void *rows, size_t i, struct buf *out)
{
	const struct vma *v = vma_of(rows, i);

	buf_addf(out, "%s%s", vma_roles[v->role].name, v->guess ? "?" : "");
	return role_style(v);
}

static struct style text_name(const void *rows, size_t i, struct buf *out)
{
	const struct vma *v = vma_of(rows, i);
	char label[96];

	if (v->path[0] == '/' && ((const struct table_rows *)rows)->whole_paths)
		text_sanitize(out, v->path, strlen(v->path), 0);
	else
		buf_adds(out, vma_label(((const struct table_rows *)rows)->snap, i, label,
					sizeof(label)));
	return role_style(v);
}

static int compare_name(const void *rows, size_t a, size_t b)
{
	return strcmp(vma_of(rows, a)->path, vma_of(rows, b)->path);
}

static int compare_role(const void *rows, size_t a, size_t b)
{
	return (int)vma_of(rows, a)->role - (int)vma_of(rows, b)->role;
}

static int compare_perms(const void *rows, size_t a, size_t b)
{
	return (int)vma_of(rows, b)->perms - (int)vma_of(rows, a)->perms;
}

static const struct column table_columns[] = {
	{ .name = "start", .head = "START", .width = 12, .left = true,
	  .text = text_start, .number = number_start },
	{ .name = "end", .head = "END", .width = 12, .room = 100, .left = true, .rising = true,
	  .text = text_end, .number = number_end },
	{ .name = "size", .head = "SIZE", .width = 6, .text = text_size_, .number = number_size },
	{ .name = "rss", .head = "RSS", .width = 6, .text = text_rss, .number = number_rss },
	{ .name = "anon", .head = "ANON", .width = 6, .room = 72, .text = text_anon,
	  .number = number_anon },
	{ .name = "pss", .head = "PSS", .width = 6, .room = 110, .text = text_pss,
	  .number = number_pss },
	{ .name = "swap", .head = "SWAP", .width = 6, .room = 110, .text = text_swap,
	  .number = number_swap },
	{ .name = "perms", .head = "PERM", .width = 4, .left = true, .rising = true,
	  .text = text_perms, .compare = compare_perms },
	{ .name = "letter", .head = "R", .width = 1, .left = true, .rising = true,
	  .text = text_letter, .compare = compare_role },
	{ .name = "role", .head = "ROLE", .width = 13, .room = 84, .left = true, .rising = true,
	  .text = text_role, .compare = compare_role },
	{ .name = "offset", .head = "OFFSET", .width = 8, .room = 120, .text = text_offset,
	  .number = number_offset },
	{ .name = "name", .head = "NAME", .left = true, .rising = true, .tail = true,
	  .text = text_name, .compare = compare_name },
	{ .name = NULL },
};

/* Once smaps was asked for, its figures are shown in narrow rooms too: for them the role in a word
 * makes room, its letter stays. */
static const struct column *columns_of(const struct session *s)
{
	static const struct { const char *name; int room; } rooms[] = {
		{ "pss", 54 }, { "swap", 84 }, { "role", 110 },
	};
	static struct column with_details[ARRAY_LEN(table_columns)];
	const struct snapshot *snap = session_snapshot(s);

	if (!snap || !snap->details || !(session_caps(s) & CAP_DETAIL))
		return table_columns;
	memcpy(with_details, table_columns, sizeof(table_columns));
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		with_details[column_find(table_columns, rooms[i].name)].room = rooms[i].room;
	return with_details;
}

/* ---- order ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x9e3779b97f4a7c15ull + (h >> 29);
}

/* Rows keep their place while figures change; they are sorted again when the rows or the
 * sorting change or smaps was read, and small tables whenever the pages do. */
static void update_order(struct table_state *st, const struct table_rows *rows)
{
	const uint32_t *passing;
	size_t n = session_rows(rows->s, &passing);
	const struct column *col = &table_columns[st->sort];
	uint64_t print = mix(mix((uintptr_t)st->layout, n), (uint64_t)st->sort * 2 + st->reversed);

	st->by_address = !passing && st->sort == 0;
	for (size_t i = 0; passing && i < n; i++)
		print = mix(print, passing[i]);
	print = mix(print, (uintptr_t)st->details);
	if (st->sort > 1 && n < 2000)
		print = mix(print, (uintptr_t)st->pages);
	if (print == st->made_of && n == st->n)
		return;
	st->made_of = print;
	st->n = n;
	if (st->by_address)
		return;
	if (n > st->order_cap) {
		st->order_cap = n;
		st->order = xreallocarray(st->order, n, sizeof(*st->order));
	}
	for (size_t i = 0; i < n; i++)
		st->order[i] = passing ? passing[i] : (uint32_t)i;
	if (st->sort > 0)
		columns_sort(col, rows, st->order, n, st->reversed);
}

static bool high_first(const struct table_state *st)
{
	return st->reversed == st->flip;
}

/* By address, high ones stand at the top; line and place in the order differ only there. */
static size_t row_at(const struct table_state *st, int line)
{
	size_t at = st->sort == 0 && high_first(st) ? st->n - 1 - (size_t)line : (size_t)line;

	return st->by_address ? at : st->order[at];
}

/* The line of the selected VMA; where it is filtered out or a hole, the nearest in address. */
static int line_of_selection(const struct table_state *st, const struct session *s)
{
	const struct layout *l = st->layout;
	uint64_t addr = session_addr(s), best = UINT64_MAX;
	ssize_t want = session_vma(s);
	int line = 0;

	if (st->by_address && want >= 0)
		return high_first(st) ? (int)(st->n - 1) - (int)want : (int)want;
	for (size_t i = 0; i < st->n; i++) {
		const struct vma *v = &l->vmas[row_at(st, (int)i)];
		uint64_t far = addr < v->start ? v->start - addr : addr >= v->end ?
			addr - v->end + 1 : 0;

		if (want >= 0 && v == &l->vmas[want])
			return (int)i;
		if (far < best) {
			best = far;
			line = (int)i;
		}
	}
	return line;
}

/* ---- sums ---- */

enum { SIDE = 44, SIDE_FROM = 140 };

static void draw_side_line(const struct table_state *st, const struct session *s, struct canvas *c,
			   int row, int role)
{
	const struct role_sum *sum = role < 0 ? &st->all : &st->sums[role];
	struct style name = role < 0 ? STYLE(STRONG) : (struct style){ .role = THEME_OF_VMA(role) };
	char text[32];

	canvas_putf(c, row, 1, style_attr(name, ATTR_BOLD), "%c",
		    role < 0 ? ' ' : vma_roles[role].letter);
	canvas_putn(c, row, 3, name, 13, role < 0 ? "all" : vma_roles[role].name);
	canvas_right(c, row, 22, STYLE(TEXT), count_text(sum->n, text));
	canvas_right(c, row, 29, STYLE(TEXT), text_size(sum->size, text));
	canvas_right(c, row, 36, STYLE(TEXT), st->pages ? text_size(sum->rss, text) : "-");
	if (st->pages)
		canvas_bar(c, row, 37, canvas_cols(c) - 38, STYLE(BAR), sum->rss, st->all.rss);
	if (role == session_role(s))
		canvas_restyle(c, row, 0, canvas_cols(c), STYLE(SELECT));
}

static void draw_side(const struct table_state *st, const struct session *s, struct canvas *c)
{
	int row = 0;

	canvas_fill(c, (struct rect){ 0, 0, 1, canvas_cols(c) }, STYLE(COLUMN), ' ');
	canvas_put(c, row, 3, STYLE(COLUMN), "BY ROLE");
	canvas_right(c, row, 22, STYLE(COLUMN), "N");
	canvas_right(c, row, 29, STYLE(COLUMN), "SIZE");
	canvas_right(c, row++, 36, STYLE(COLUMN), "RSS");
	for (int role = 0; role < ROLE_NR; role++)
		if (st->sums[role].n || role == session_role(s))
			draw_side_line(st, s, c, row++, role);
	draw_side_line(st, s, c, row + 1, -1);
	if (!st->complete && st->pages)
		canvas_put(c, row + 2, 3, STYLE(WHY), "pages still being looked at");
}

/* One word a role, two lines at most: "t text 3.10M". */
static int footer_word(const struct table_state *st, const struct session *s, struct canvas *c,
		       int row, int col, int role)
{
	char size[16];
	int from = col;

	col = canvas_putf(c, row, col, style_attr((struct style){ .role = THEME_OF_VMA(role) },
						  ATTR_BOLD),
			  "%c", vma_roles[role].letter);
	col = canvas_putf(c, row, col, STYLE(TEXT), " %s",
			  size_text(st->pages ? st->sums[role].rss : st->sums[role].size, size));
	if (role == session_role(s))
		canvas_restyle(c, row, from, col - from, STYLE(SELECT));
	return col + 2;
}

static void draw_footer(const struct table_state *st, const struct session *s, struct canvas *c,
			int row)
{
	int cols = canvas_cols(c), col;
	char a[32], b[32], r[16];

	col = canvas_putf(c, row, 1, STYLE(STRONG), "%s of %s  ", count_text(st->n, a),
			  count_text(st->all.n, b));
	col = canvas_putf(c, row, col, STYLE(TEXT), "size %s  rss %s", text_size(st->passing.size, b),
			  st->pages ? text_size(st->passing.rss, r) : "-");
	if (session_role(s) >= 0)
		canvas_putf(c, row, col, STYLE(WARN), "  only %s", vma_roles[session_role(s)].name);
	col = 1;
	for (int role = 0; role < ROLE_NR; role++) {
		if (!st->sums[role].n)
			continue;
		if (col + 8 > cols)
			break;
		col = footer_word(st, s, c, row + 1, col, role);
	}
}

/* ---- drawing ---- */

static void draw_lines(struct table_state *st, const struct table_rows *rows, struct canvas *c,
		       int n)
{
	const struct layout *l = rows->snap->layout;
	const struct column *columns = columns_of(rows->s);
	int selected = line_of_selection(st, rows->s);
	struct buf scratch = BUF_INIT;
	uint64_t before = 0;

	st->page = n;
	st->top = scroll_to(st->top, selected, (int)st->n, n);
	for (int i = 0; i < n && st->top + i < (int)st->n; i++) {
		size_t vma = row_at(st, st->top + i);
		const struct vma *v = &l->vmas[vma];
		unsigned heat = session_heat(rows->s, v->start, v->end);

		columns_row(c, 1 + i, columns, rows, vma, &scratch);
		/* What an address shares with the one above it. */
		canvas_restyle(c, 1 + i, 1, common_digits(before, v->start), STYLE(DIM));
		before = v->start;
		paint_changed(c, 1 + i, heat);
		if (st->top + i == selected)
			paint_selected(c, 1 + i, heat);
	}
	if (!st->n)
		canvas_put(c, 2, 2, STYLE(WHY), "no mapping passes the filter; Esc clears it");
	buf_free(&scratch);
}

static void table_draw(void *state, const struct session *s, struct canvas *c)
{
	struct table_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	struct table_rows rows = { .s = s, .snap = snap, .st = st };
	int height = canvas_rows(c), width = canvas_cols(c);
	bool side = width >= SIDE_FROM;

	if (!snap || !snap->layout || !snap->layout->n) {
		paint_why_empty(c, snap, "vmas");
		return;
	}
	rows.whole_paths = width >= 90;
	update_figures(st, snap);
	update_order(st, &rows);
	sum_passing(st, s);
	canvas_push(c, (struct rect){ 0, 0, height, side ? width - SIDE - 1 : width });
	st->width = canvas_cols(c);
	columns_head(c, 0, columns_of(s), st->sort, st->sort == 0 ? !high_first(st) : st->reversed);
	draw_lines(st, &rows, c, height - 1 - (side ? 0 : 3));
	if (!side) {
		canvas_hline(c, height - 3, 0, canvas_cols(c), STYLE(BORDER));
		draw_footer(st, s, c, height - 2);
	}
	canvas_pop(c);
	if (!side)
		return;
	canvas_vline(c, 0, width - SIDE - 1, height, STYLE(BORDER));
	canvas_push(c, (struct rect){ 0, width - SIDE, height, SIDE });
	draw_side(st, s, c);
	canvas_pop(c);
}

static void table_want(void *state, const struct session *s, struct source_want *want)
{
	struct table_state *st = state;
	size_t n = 0;

	(void)s;
	if (!st->layout || st->page <= 0)
		return;
	if ((size_t)st->page > st->spans_cap) {
		st->spans_cap = (size_t)st->page;
		st->spans = xreallocarray(st->spans, st->spans_cap, sizeof(*st->spans));
	}
	for (int i = 0; i < st->page && st->top + i < (int)st->n; i++) {
		size_t vma = row_at(st, st->top + i);

		if (vma < st->layout->n)
			st->spans[n++] = (struct span){ st->layout->vmas[vma].start,
							st->layout->vmas[vma].end };
	}
	want->rows = st->spans;
	want->nrows = n;
}

/* ---- commands ---- */

static bool set_sort(struct table_state *st, struct session *s, const char *name, const char *arg)
{
	if (!columns_command(s, columns_of(s), st->width, &st->sort, &st->reversed, name, arg))
		return false;
	if (table_columns[st->sort].number == number_pss ||
	    table_columns[st->sort].number == number_swap) {
		session_want_detail(s);
		session_say(s, session_paused(s) ? "smaps is read for %s when the pause ends" :
			    "reading smaps for %s", table_columns[st->sort].name);
	}
	return true;
}

static bool set_role(struct table_state *st, struct session *s, const char *arg)
{
	int role = session_role(s);

	if (!strcmp(arg, "all")) {
		session_set_role(s, -1);
		return true;
	}
	for (int r = 0; *arg && r < ROLE_NR; r++)
		if (!strcmp(arg, vma_roles[r].name)) {
			session_set_role(s, r == role ? -1 : r);
			return true;
		}
	if (*arg) {
		session_say(s, "there is no role '%s'", arg);
		return true;
	}
	/* Without a name: the next role that there is, then all again. */
	while (++role < ROLE_NR && st->layout && !st->sums[role].n)
		;
	session_set_role(s, role < ROLE_NR ? role : -1);
	return true;
}

static bool table_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct table_state *st = state;
	int line;

	if (set_sort(st, s, name, arg))
		return true;
	if (!strcmp(name, "role"))
		return set_role(st, s, arg);
	if (!strcmp(name, "flip")) {
		st->flip = !st->flip;
		return true;
	}
	if (!st->layout || !st->n || session_snapshot(s)->layout != st->layout)
		return false;
	if (!strcmp(name, "role-of-row")) {
		session_set_role(s, session_role(s) >= 0 || session_vma(s) < 0 ? -1 :
				 st->layout->vmas[session_vma(s)].role);
		return true;
	}
	if (!strcmp(name, "enter")) {
		session_set_zoom(s, 1);
		session_set_room(s, view_index("pages"));
		return true;
	}
	line = line_of_selection(st, s);
	if (!list_move(name, &line, (int)st->n, st->page - 1))
		return false;
	session_select(s, st->layout->vmas[row_at(st, line)].start);
	return true;
}

static void table_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct table_state *st = state;
	int line = st->top + row - 1;
	int head = row == 0 ? columns_at(columns_of(s), st->width, col) : -1;

	if (head >= 0)
		set_sort(st, s, "sort", table_columns[head].name);
	if (!st->layout || session_snapshot(s)->layout != st->layout)
		return;
	if (row < 1 || row > st->page || line >= (int)st->n)
		return;
	session_select(s, st->layout->vmas[row_at(st, line)].start);
	if (twice)
		table_command(state, s, "enter", "");
}

static void table_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	struct table_state *st = state;
	char count[32];

	if (!snap)
		return;
	if (!snap->layout || !snap->layout->n) {
		describe_why(snap, "vmas", out);
		return;
	}
	/* Not of a mapping that is not in the list. */
	if (st->layout == snap->layout && !st->n) {
		buf_addf(out, "None of the %s mappings passes the filter.", count_text(snap->layout->n, count));
		return;
	}
	if (session_vma(s) < 0) {
		describe_hole(snap, session_addr(s), out);
		return;
	}
	describe_vma(snap, (size_t)session_vma(s), out);
	if (!snap->details && st->width >= 110) {
		buf_addc(out, ' ');
		describe_why(snap, "vmas[].pss", out);
	}
}

static const struct view_command commands[] = {
	{ "sort", "start|end|size|rss|anon|pss|swap|perms|role|offset|name",
	  "sorts by the next column|sorts by %s; again turns the order round" },
	{ "sort-reverse", NULL, "turns the order round" },
	{ "role",
	  "all|text|rodata|data|bss|heap|stack|thread-stack|guard|mmap-anon|mmap-file|shared|vdso|"
	  "vvar|vsyscall|other",
	  "shows only the next role's mappings, in every room|the mappings shown in every room: %s" },
	{ "role-of-row", NULL, "shows only the role of the selected row, or all again" },
	{ "flip", NULL, "low addresses at the top" },
	{ NULL, NULL, NULL },
};

const struct view table_view = {
	.name = "table",
	.title = "table",
	.about = "every mapping in a line, sortable, with sums by role",
	.state_size = sizeof(struct table_state),
	.fini = table_fini,
	.want = table_want,
	.draw = table_draw,
	.command = table_command,
	.commands = commands,
	.click = table_click,
	.describe = table_describe,
};
