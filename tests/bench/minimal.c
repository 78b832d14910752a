/* SPDX-License-Identifier: GPL-2.0-or-later
 * See minimal.h.
 */
#include <config.h>
#include <stdio.h>

#include "tests/bench/minimal.h"

struct pen {
	int row, col;		/* where the cursor is */
	struct look look;
	size_t bytes;
};

static size_t digits(int n)
{
	return n >= 100 ? 3 : n >= 10 ? 2 : 1;
}

static size_t utf8_bytes(uint32_t ch)
{
	return ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
}

/* CSI row ; col H, or CSI n C within the row, or CR LF to the next one's start. */
static void move(struct pen *p, int row, int col)
{
	size_t far = 4 + digits(row + 1) + digits(col + 1);

	if (row == p->row && col == p->col)
		return;
	if (row == p->row && col > p->col) {
		size_t near = 3 + (col - p->col > 1 ? digits(col - p->col) : 0);

		p->bytes += near < far ? near : far;
	} else if (row == p->row + 1 && col == 0) {
		p->bytes += 2;
	} else {
		p->bytes += far;
	}
	p->row = row;
	p->col = col;
}

/* "38;5;n" is 5 bytes and the digits, "39" two; the 16 first have "3n", "9n". */
static size_t colour_bytes(int32_t colour)
{
	if (colour == COLOUR_DEFAULT || colour < 16)
		return 2;
	return colour >= 0x1000000 ? 17 : 5 + digits(colour);
}

static void paint(struct pen *p, const struct look *l)
{
	size_t n = 0, parts = 0;

	if (l->fg == p->look.fg && l->bg == p->look.bg && l->attr == p->look.attr)
		return;
	if (l->attr != p->look.attr) {
		for (unsigned bit = 1; bit <= ATTR_UNDERLINE; bit <<= 1) {
			if (!((l->attr ^ p->look.attr) & bit))
				continue;
			n += l->attr & bit ? 1 : 2;
			parts++;
		}
	}
	if (l->fg != p->look.fg) {
		n += colour_bytes(l->fg);
		parts++;
	}
	if (l->bg != p->look.bg) {
		n += colour_bytes(l->bg);
		parts++;
	}
	p->bytes += 3 + n + parts - 1;
	p->look = *l;
}

size_t minimal_diff(const struct canvas *before, const struct canvas *after, const struct theme *theme,
		    enum colour_depth depth)
{
	struct pen pen = { .look = { COLOUR_DEFAULT, COLOUR_DEFAULT, 0 } };

	for (int row = 0; row < canvas_height(after); row++) {
		for (int col = 0; col < canvas_width(after); col++) {
			const struct cell *c = canvas_cell(after, row, col), *b = NULL;
			struct look l = theme_look(theme, depth, c->style.role, c->style.attr, c->style.heat);

			if (before) {
				struct look was;

				b = canvas_cell(before, row, col);
				was = theme_look(theme, depth, b->style.role, b->style.attr, b->style.heat);
				if (b->ch == c->ch && was.fg == l.fg && was.bg == l.bg && was.attr == l.attr)
					continue;
			}
			if (!c->ch)
				continue;
			move(&pen, row, col);
			paint(&pen, &l);
			pen.bytes += utf8_bytes(c->ch);
			pen.col++;
		}
	}
	return pen.bytes;
}
