/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"

/* The four levels of page tables that a 48-bit address walks, and the offset. */
static const struct { const char *name; int shift, bits; } levels[] = {
	{ "PGD", 39, 9 }, { "PUD", 30, 9 }, { "PMD", 21, 9 }, { "PTE", 12, 9 }, { "offset", 0, 12 },
};

static void draw_bits(struct canvas *c, int row, int col, int shift, int bits, uint64_t addr)
{
	for (int i = bits - 1; i >= 0; i--)
		canvas_ch(c, row, col++, STYLE(TEXT), addr >> (shift + i) & 1 ? '1' : '0');
}

/* Address bits in one line where the room is wide, the indices below them. */
static int draw_walk(struct canvas *c, int row, uint64_t addr)
{
	bool bits = canvas_cols(c) >= 64;
	int col = 2;

	for (size_t i = 0; i < 5; i++) {
		unsigned index = (unsigned)(addr >> levels[i].shift) & ((1u << levels[i].bits) - 1);

		canvas_put(c, row, col, STYLE(COLUMN), levels[i].name);
		if (bits)
			draw_bits(c, row + 1, col, levels[i].shift, levels[i].bits, addr);
		canvas_putf(c, row + 1 + bits, col, STYLE(STRONG), "%u", index);
		col += bits ? levels[i].bits + 2 : 8;
	}
	return row + 3 + bits;
}

static void draw_neighbour(const struct session *s, struct canvas *c, int row, uint64_t addr,
			   bool here)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i = layout_find(snap->layout, addr);
	unsigned heat = session_heat(s, addr, addr + PAGE_BYTES);
	enum page_state state;
	char label[96];
	struct style st;

	paint_address(c, row, 2, here ? STYLE(STRONG) : STYLE(DIM), addr, 0);
	if (i < 0) {
		canvas_put(c, row, 18, STYLE(HOLE), "┆ not mapped");
		return;
	}
	state = residency_at(snap->pages, addr);
	st = style_heat((struct style){ .role = THEME_OF_PAGE(state) }, heat);
	canvas_ch(c, row, 16, style_heat(STYLE(NEW), heat), heat_mark(heat));
	canvas_ch(c, row, 18, style_attr(st, ATTR_BOLD), (uint32_t)page_states[state].letter);
	canvas_putn(c, row, 20, st, 20, page_states[state].name);
	if (canvas_cols(c) >= 52)
		canvas_putn(c, row, 41, STYLE(DIM), canvas_cols(c) - 42,
			    vma_label(snap, (size_t)i, label, sizeof(label)));
	if (here) {
		canvas_put(c, row, 0, STYLE(SELECT), "▶");
		canvas_restyle(c, row, 2, canvas_cols(c) - 3, STYLE(SELECT));
		canvas_cursor(c, row, 0);
	}
}

/* Which page of what it is. */
static int draw_place(const struct session *s, struct canvas *c, int row, uint64_t addr)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i = layout_find(snap->layout, addr);
	const struct vma *v = i < 0 ? NULL : &snap->layout->vmas[i];
	char label[96], text[200], a[32], b[32];

	if (!v)
		return row;
	snprintf(text, sizeof(text), "%s of %s in %s",
		 count_text(((addr - v->start) >> PAGE_SHIFT) + 1, a),
		 count_text(vma_size(v) >> PAGE_SHIFT, b), vma_label(snap, (size_t)i, label,
								     sizeof(label)));
	canvas_putn(c, row, 2, (struct style){ .role = THEME_OF_VMA(v->role) }, canvas_cols(c) - 3,
		    text);
	if (v->inode)
		canvas_putf(c, ++row, 2, STYLE(DIM), "file offset 0x%" PRIx64,
			    v->offset + (addr - v->start));
	return row + 1;
}

void page_draw(const struct session *s, struct canvas *c, uint64_t addr)
{
	const struct snapshot *snap = session_snapshot(s);
	int row = 0, room;

	addr &= ~(uint64_t)(PAGE_BYTES - 1);
	canvas_putf(c, row, 2, STYLE(TITLE), "page %012" PRIx64, addr);
	row = draw_place(s, c, row + 1, session_addr(s));
	row = draw_walk(c, row + 1, session_addr(s));
	room = canvas_rows(c) - row;
	if (room < 1 || !snap->pages)
		return;
	/* High addresses above. */
	for (int i = 0; i < room; i++) {
		int64_t off = room / 2 - i;

		/* Neither end of the space has anything behind it. */
		if (off > 0 && addr + (uint64_t)off * PAGE_BYTES < addr)
			continue;
		if (off < 0 && addr < (uint64_t)-off * PAGE_BYTES)
			break;
		draw_neighbour(s, c, row + i, addr + (uint64_t)off * PAGE_BYTES, off == 0);
	}
}

void page_legend(const struct session *s, struct canvas *c, int row, const struct vma *v)
{
	const struct snapshot *snap = session_snapshot(s);
	struct page_counts n = residency_count(snap->pages, v->start, v->end);
	int col = 0, cols = canvas_cols(c), last = row + PAGE_LEGEND - 1;
	char num[32], size[16];

	canvas_hline(c, row++, 0, cols, STYLE(BORDER));
	col = canvas_putf(c, row, 0, STYLE(STRONG), "%s resident",
			  text_size(page_counts_resident(&n) *
			  PAGE_BYTES, size)) + 2;
	/* What is not there comes last. */
	for (int k = 1; k <= PAGE_NR; k++) {
		int i = k % PAGE_NR, width;

		if (!n.n[i])
			continue;
		count_text(n.n[i], num);
		width = 3 + (int)strlen(num) + 1 + (int)strlen(page_states[i].name) + 2;
		if (col + width > cols && row < last) {
			row++;
			col = 0;
		}
		canvas_ch(c, row, col, (struct style){ .role = THEME_OF_PAGE(i),
						       .attr = ATTR_BOLD },
			  i == PAGE_ABSENT ? 0xb7 : (uint32_t)page_states[i].letter);
		col = canvas_putf(c, row, col + 2, STYLE(TEXT), "%s ", num);
		col = canvas_putf(c, row, col, STYLE(DIM), "%s", page_states[i].name) + 2;
	}
}
