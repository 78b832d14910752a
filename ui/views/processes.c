/* SPDX-License-Identifier: GPL-2.0-or-later
 * All processes side by side, page by page: which frame each maps, who shares it, what was
 * just copied. When the running kernel was asked, its process stands beside them.
 */
#include <string.h>

#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { ADDRESS = 14, CELL = 20, CELL_LEAST = 12, KERNEL_CELL = 10 };

struct processes_state {
	int top, page;
	size_t rows;
	uint64_t addr[200];		/* drawn in each row, for clicks; 0: none */
};

/* A row: a page, or the heading of the VMA it lies in. */
struct row { uint64_t addr; const struct machine_page *page; const struct vma *vma; };

static const struct vma *vma_of(const struct machine *m, uint64_t addr)
{
	for (size_t p = 0; p < m->nprocs; p++) {
		ssize_t i = m->procs[p].layout ? layout_find(m->procs[p].layout, addr) : -1;

		if (i >= 0)
			return &m->procs[p].layout->vmas[i];
	}
	return NULL;
}

/* High addresses first, each VMA with its heading. At most `most` rows from `skip` on. */
static size_t collect(const struct machine *m, size_t skip, size_t most, struct row *out, size_t *total)
{
	const struct vma *heading = NULL;
	size_t n = 0, at = 0;

	for (size_t i = m->npages; i-- > 0;) {
		const struct vma *v = vma_of(m, m->pages[i].addr);

		if (v && (!heading || heading->start != v->start)) {
			if (at >= skip && n < most)
				out[n++] = (struct row){ v->start, NULL, v };
			at++;
			heading = v;
		}
		if (at >= skip && n < most)
			out[n++] = (struct row){ m->pages[i].addr, &m->pages[i], v };
		at++;
	}
	*total = at;
	return n;
}

static unsigned sharers(const struct machine *m, const struct machine_page *page, size_t p)
{
	unsigned n = 0;

	for (size_t q = 0; q < m->nprocs; q++)
		n += q != p && page->in[p].pfn && page->in[q].pfn == page->in[p].pfn;
	return n;
}

static void draw_cell(const struct machine *m, struct canvas *c, int row, int col, int width,
		      const struct machine_page *page, size_t p)
{
	enum page_state state = page->in[p].state;
	struct style st = { .role = (uint16_t)THEME_OF_PAGE(state) };
	bool fresh = page->in[p].fresh && state != PAGE_ABSENT;
	struct buf b = BUF_INIT;
	int at;

	if (!m->procs[p].alive)
		return;
	at = canvas_putf(c, row, col, style_heat(st, fresh ? 4 : 0), "%c", page_states[state].letter);
	if (page->in[p].pfn && state != PAGE_ZERO) {
		buf_addf(&b, "#%llx %c", (unsigned long long)page->in[p].pfn, page->in[p].writable ? 'w' : '-');
		at = canvas_put(c, row, at + 1, fresh ? style_heat(STYLE(STRONG), 4) : STYLE(TEXT), buf_str(&b));
		if (width >= CELL)
			canvas_putf(c, row, at + 1, STYLE(DIM), "×%u%s", page->in[p].mapcount,
				    sharers(m, page, p) ? " =" : "");
	}
	buf_free(&b);
}

static void draw_kernel_cell(const struct machine *m, struct canvas *c, int row, int col, uint64_t addr)
{
	enum page_state theirs = residency_at(m->kernel_pages, addr), ours = PAGE_ABSENT;

	for (size_t p = 0; p < m->nprocs; p++)
		if (m->procs[p].current)
			ours = residency_at(m->procs[p].pages, addr);
	canvas_putf(c, row, col, (struct style){ .role = (uint16_t)THEME_OF_PAGE(theirs) }, "%c",
		    page_states[theirs].letter);
	if (theirs == ours)
		canvas_put(c, row, col + 2, STYLE(GOOD), "equal");
	else
		canvas_put(c, row, col + 2, style_attr(STYLE(ERROR), ATTR_BOLD), "differs");
}

static void draw_heads(const struct machine *m, struct canvas *c, int width)
{
	int col = ADDRESS;

	for (size_t p = 0; p < m->nprocs; p++, col += width) {
		const struct machine_process *pr = &m->procs[p];
		struct style st = !pr->alive ? STYLE(DIM) : pr->current ? style_attr(STYLE(SP), ATTR_BOLD) : STYLE(TITLE);
		char rss[16], n[32];

		canvas_putf(c, 0, col, st, pr->parent >= 0 ? "P%u, child of P%d" : "P%u", pr->number, pr->parent);
		if (pr->alive)
			canvas_putf(c, 1, col, STYLE(DIM), "%s %s fault%s", text_size(pr->rss, rss),
				    count_text(pr->minflt, n), plural(pr->minflt));
		else
			canvas_put(c, 1, col, STYLE(DIM), "ended");
	}
	if (*m->kernel_name) {
		canvas_putf(c, 0, col, style_attr(STYLE(LIVE), ATTR_BOLD), "Linux");
		canvas_putn(c, 1, col, STYLE(DIM), imax(canvas_cols(c) - col, 0), m->kernel_name);
	}
	canvas_put(c, 1, 1, STYLE(COLUMN), "page");
}

static int draw_differences(const struct machine *m, struct canvas *c)
{
	int rows;

	if (!*m->kernel_name)
		return 0;
	if (!*m->kernel_says) {
		canvas_putf(c, canvas_rows(c) - 1, 1, STYLE(GOOD), "Linux %s: equal in every field of every record so far",
			    m->kernel_name);
		return 1;
	}
	rows = imin(canvas_rows(c) / 3, inside_height(c, m->kernel_says, canvas_cols(c) - 2) + 1);
	canvas_wrap(c, (struct rect){ canvas_rows(c) - rows, 1, rows, canvas_cols(c) - 2 }, STYLE(ERROR), m->kernel_says);
	return rows;
}

static void draw_heading(struct canvas *c, int row, const struct vma *v)
{
	char perms[5], size[16], path[80];

	canvas_hline(c, row, 0, canvas_cols(c), STYLE(BORDER));
	canvas_putf(c, row, 1, (struct style){ .role = (uint16_t)THEME_OF_VMA(v->role) }, " %s %s %s %s ",
		    vma_roles[v->role].name, vma_perms(v, perms), text_size(vma_size(v), size),
		    *v->path && v->path[0] != '[' ? clean(v->path, path, sizeof(path)) : "");
}

static int cell_width(const struct machine *m, const struct canvas *c)
{
	int room = canvas_cols(c) - ADDRESS - (*m->kernel_name ? KERNEL_CELL : 0);
	int width = m->nprocs ? room / (int)m->nprocs : room;

	return imax(CELL_LEAST, imin(width, CELL + 4));
}

static void processes_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct processes_state *st = state;
	struct row list[200];
	int rows, width;
	size_t n;

	if (!m)
		return;
	memset(st->addr, 0, sizeof(st->addr));
	width = cell_width(m, c);
	rows = canvas_rows(c) - 2 - draw_differences(m, c);
	draw_heads(m, c, width);
	rows = imin(rows, (int)(sizeof(list) / sizeof(list[0])));
	st->page = imax(rows - 1, 1);
	collect(m, 0, 0, list, &st->rows);
	st->top = imax(0, imin(st->top, (int)st->rows - rows));
	n = collect(m, (size_t)st->top, (size_t)imax(rows, 0), list, &st->rows);
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &list[i];
		int row = 2 + (int)i, col = ADDRESS;

		st->addr[row] = r->addr;
		if (!r->page) {
			draw_heading(c, row, r->vma);
			continue;
		}
		paint_address(c, row, 1, STYLE(TEXT), r->addr, 0);
		for (size_t p = 0; p < m->nprocs; p++, col += width)
			draw_cell(m, c, row, col, width, r->page, p);
		if (*m->kernel_name)
			draw_kernel_cell(m, c, row, col, r->addr);
		if (r->addr >> PAGE_SHIFT == session_addr(s) >> PAGE_SHIFT) {
			canvas_restyle(c, row, 0, ADDRESS - 1, STYLE(SELECT));
			canvas_cursor(c, row, 0);
		}
	}
}

static bool processes_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct processes_state *st = state;

	(void)s;
	(void)arg;
	return list_move(name, &st->top, (int)st->rows, st->page);
}

static void processes_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct processes_state *st = state;

	(void)col;
	(void)twice;
	if (row >= 0 && row < 200 && st->addr[row])
		session_select(s, st->addr[row]);
}

static void processes_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;
	unsigned shared = 0, copied = 0;

	(void)state;
	if (!m)
		return;
	if (m->nprocs < 2) {
		buf_adds(out, "One process. After fork the child stands beside it: the same frames, write-protected in "
			 "both, until one of them writes.");
		return;
	}
	for (size_t i = 0; i < m->npages; i++)
		for (size_t p = 0; p < m->nprocs; p++) {
			shared += sharers(m, &m->pages[i], p) > 0 && m->pages[i].in[p].state == PAGE_ANON_SHARED;
			copied += m->pages[i].in[p].fresh && m->pages[i].in[p].state == PAGE_ANON;
		}
	buf_addf(out, "%u anonymous mappings share their frame (=, - is write-protected). ", shared);
	if (copied)
		buf_addf(out, "This operation left %u page%s with a frame of %s own.", copied, plural(copied),
			 copied == 1 ? "its" : "their");
	else
		buf_adds(out, "A write to one of them copies it: the frame's number changes here.");
}

const struct view processes_view = {
	.name = "processes",
	.title = "processes",
	.about = "parent and child side by side, page by page; this kernel's process when asked (K)",
	.caps = CAP_STEP,
	.state_size = sizeof(struct processes_state),
	.draw = processes_draw,
	.command = processes_command,
	.click = processes_click,
	.describe = processes_describe,
};
