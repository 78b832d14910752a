/* SPDX-License-Identifier: GPL-2.0-or-later
 * The page-table walk of the address in hand: from cr3 down to the page, entry by entry.
 */
#include <string.h>

#include "mmscope/snapshot.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { LEVEL_ROWS = 3 };

struct walk_state { int top, page; };

static const struct machine_level *last_level(const struct machine *m)
{
	return m->nwalk ? &m->walk[m->nwalk - 1] : NULL;
}

/* The address in the parts that choose the entries. */
static void draw_address(const struct machine *m, struct canvas *c, int row)
{
	int col = canvas_put(c, row, 1, STYLE(DIM), "address ");

	col = paint_address(c, row, col, style_attr(STYLE(STRONG), ATTR_BOLD), m->walk_addr, 0);
	col = canvas_put(c, row, col + 1, STYLE(DIM), "=");
	for (size_t i = 0; i < m->nwalk; i++)
		if (!m->walk[i].folded)
			col = canvas_putf(c, row, col + 1, STYLE(TEXT), "%s %u", m->walk[i].name, m->walk[i].index);
	canvas_put(c, row, col + 1, STYLE(DIM), "offset 0");
}

static void entry_flags(const struct machine_level *l, bool leaf, struct buf *out)
{
	if (!l->present) {
		buf_adds(out, leaf ? "none: the next touch faults" : "none: a table is allocated at the next fault");
		return;
	}
	buf_addf(out, "#%llx  present%s%s", (unsigned long long)l->entry_pfn, l->writable ? ", writable" : ", read-only",
		 leaf && l->dirty ? ", dirty" : "");
}

static void draw_level(const struct machine *m, struct canvas *c, int row, size_t i, int indent, bool reached)
{
	const struct machine_level *l = &m->walk[i];
	bool leaf = i + 1 == m->nwalk;
	struct style st = !reached ? STYLE(DIM) : l->fresh ? style_heat(STYLE(STRONG), 4) : STYLE(TEXT);
	struct buf b = BUF_INIT;
	int col;

	if (l->folded) {
		unsigned levels = 0;

		for (size_t k = 0; k < m->nwalk; k++)
			levels += !m->walk[k].folded;
		canvas_putf(c, row, indent, STYLE(DIM), "%s  folded into the level above: %u levels", l->name,
			    levels);
		return;
	}
	col = canvas_putf(c, row, indent, style_attr(reached ? STYLE(TITLE) : STYLE(DIM), ATTR_BOLD), "%-3s", l->name);
	if (!reached) {
		canvas_put(c, row, col + 1, STYLE(DIM), "no such table");
		return;
	}
	canvas_putf(c, row, col + 1, STYLE(TEXT), "table in frame #%llx", (unsigned long long)l->table_pfn);
	col = canvas_putf(c, row + 1, indent + 2, st, "[%u]", l->index);
	col = canvas_putf(c, row + 1, col + 1, STYLE(DIM), "at %llx",
			  (unsigned long long)(l->table_pfn * PAGE_BYTES + l->index * m->entry_bytes));
	entry_flags(l, leaf, &b);
	col = canvas_putf(c, row + 1, col + 1, l->present ? st : STYLE(WARN), "→ %s", buf_str(&b));
	if (l->fresh)
		canvas_put(c, row + 1, col + 2, style_attr(STYLE(NEW), ATTR_BOLD), leaf ? "just set" : "table just made");
	buf_free(&b);
}

static void draw_page(const struct session *s, const struct machine *m, struct canvas *c, int row, int indent)
{
	const struct snapshot *snap = session_snapshot(s);
	enum page_state state = residency_at(snap->pages, m->walk_addr);
	const struct machine_level *pte = last_level(m);
	const struct machine_frame *f;
	struct buf b = BUF_INIT;
	int col;

	col = canvas_put(c, row, indent, style_attr(STYLE(TITLE), ATTR_BOLD), "page");
	col = canvas_putf(c, row, col + 1, (struct style){ .role = (uint16_t)THEME_OF_PAGE(state) }, "%c %s",
			  page_states[state].letter, page_states[state].name);
	if (!pte || !pte->present)
		return;
	f = inside_find_frame(m, pte->entry_pfn);
	if (!f)
		return;
	inside_frame(f, &b);
	buf_addf(&b, ", mapped %u time%s", f->mapcount, plural(f->mapcount));
	canvas_putf(c, row, col + 1, STYLE(DIM), "frame #%llx: %s", (unsigned long long)f->pfn, buf_str(&b));
	buf_free(&b);
}

static void walk_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct walk_state *st = state;
	int row, indent = 1;
	bool reached = true;

	if (!m)
		return;
	st->page = canvas_rows(c);
	if (!m->nwalk) {
		canvas_wrap(c, (struct rect){ 1, 2, 4, canvas_cols(c) - 4 }, STYLE(WHY),
			    "The process has no page tables yet: exec is about to make them.");
		return;
	}
	row = -st->top;
	draw_address(m, c, row);
	row += 2;
	canvas_putf(c, row++, indent, STYLE(DIM), "%s → frame #%llx", m->table_register, (unsigned long long)m->walk[0].table_pfn);
	for (size_t i = 0; i < m->nwalk; i++) {
		draw_level(m, c, row, i, indent, reached);
		row += m->walk[i].folded || !reached ? 1 : LEVEL_ROWS - 1;
		if (!m->walk[i].folded) {
			reached &= m->walk[i].present;
			indent += 2;
		}
		/* In a high room the levels stand apart. */
		row += canvas_rows(c) > 24 && !m->walk[i].folded;
	}
	draw_page(s, m, c, row, indent);
	canvas_cursor(c, 0, 0);
}

static bool walk_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct walk_state *st = state;

	(void)arg;
	(void)s;
	return list_move(name, &st->top, imax(20 - st->page, 1), st->page);
}

static void walk_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;
	unsigned fresh = 0, tables = 0;

	(void)state;
	if (!m || !m->nwalk)
		return;
	for (size_t i = 0; i < m->nwalk; i++) {
		bool table = i + 1 < m->nwalk && !m->walk[i].folded;

		tables += table && m->walk[i].present;
		fresh += table && m->walk[i].fresh;
	}
	buf_addf(out, "The hardware reads one entry of %u bytes in each table, chosen by %u bits of the address. ",
		 m->entry_bytes, m->index_bits);
	if (fresh)
		buf_addf(out, "%u of %u tables below the top were made by this operation, 4 KiB each in VmPTE.", fresh, tables);
	else
		buf_addf(out, "%u tables below the top were there before this operation.", tables);
}

static void walk_heading(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;

	(void)state;
	if (m)
		buf_addf(out, "walk of %llx", (unsigned long long)m->walk_addr);
	else
		buf_adds(out, "walk");
}

const struct view walk_view = {
	.name = "walk",
	.title = "walk",
	.about = "the page-table walk of the address in hand",
	.caps = CAP_STEP,
	.state_size = sizeof(struct walk_state),
	.draw = walk_draw,
	.command = walk_command,
	.describe = walk_describe,
	.heading = walk_heading,
};
