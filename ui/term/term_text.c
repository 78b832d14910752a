/* SPDX-License-Identifier: GPL-2.0-or-later
 * A canvas as lines of text: for batch output, golden screens and screen readers.
 */
#include "mmscope/term.h"

#include <string.h>

#include "mmscope/text.h"

static const char *const attr_names[] = { "bold", "dim", "reverse", "underline" };
static const char *const attr_sgr[] = { "1", "2", "7", "4" };

static bool same_style(struct style a, struct style b)
{
	return a.role == b.role && a.attr == b.attr && a.heat == b.heat;
}

static bool same_look(struct look a, struct look b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

static void add_colour(struct buf *out, int32_t colour, int base)
{
	if (colour == COLOUR_DEFAULT)
		return;
	if (colour & 0x1000000)
		buf_addf(out, ";%d;2;%d;%d;%d", base + 8, colour >> 16 & 255, colour >> 8 & 255,
			 colour & 255);
	else if (colour < 8)
		buf_addf(out, ";%d", base + colour);
	else if (colour < 16)
		buf_addf(out, ";%d", base + 60 + colour - 8);
	else
		buf_addf(out, ";%d;5;%d", base + 8, colour);
}

static void add_sgr(struct buf *out, struct look look)
{
	buf_adds(out, "\033[0");
	for (unsigned i = 0; i < 4; i++)
		if (look.attr & 1u << i)
			buf_addf(out, ";%s", attr_sgr[i]);
	add_colour(out, look.fg, 30);
	add_colour(out, look.bg, 40);
	buf_addc(out, 'm');
}

static void add_ch(struct buf *out, uint32_t ch)
{
	char utf8[4];

	if (ch)
		buf_add(out, utf8, utf8_encode(ch, utf8));
}

/* The column behind the last cell that shows: anything but a blank in the plain look. */
static int row_end(const struct canvas *c, int row, const struct theme *theme, enum colour_depth depth)
{
	static const struct look plain = { COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };
	int end = canvas_width(c);

	for (; end > 0; end--) {
		const struct cell *cell = canvas_cell(c, row, end - 1);
		struct look look;

		if (cell->ch != ' ')
			break;
		if (!theme)
			continue;
		look = theme_look(theme, depth, cell->style.role, cell->style.attr, cell->style.heat);
		look.fg = COLOUR_DEFAULT;
		look.attr &= ATTR_REVERSE | ATTR_UNDERLINE;
		if (!same_look(look, plain))
			break;
	}
	return end;
}

void term_text(struct buf *out, const struct canvas *c, const struct theme *theme,
	       enum colour_depth depth)
{
	static const struct look plain = { COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };

	for (int row = 0; row < canvas_height(c); row++) {
		int end = row_end(c, row, theme, depth);
		struct look now = plain;

		for (int col = 0; col < end; col++) {
			const struct cell *cell = canvas_cell(c, row, col);

			if (theme && cell->ch) {
				struct look look = theme_look(theme, depth, cell->style.role,
							      cell->style.attr, cell->style.heat);

				if (!same_look(look, now))
					add_sgr(out, look);
				now = look;
			}
			add_ch(out, cell->ch);
		}
		if (!same_look(now, plain))
			buf_adds(out, "\033[0m");
		buf_addc(out, '\n');
	}
}

#define STYLES_MAX 62
static const char style_letters[STYLES_MAX + 1] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

struct style_set {
	struct style styles[STYLES_MAX];
	int n;
};

/* Ordinary text is a dot; styles past the letters are all '?'. */
static char style_letter(struct style_set *set, struct style st)
{
	int i = 0;

	if (st.role == THEME_TEXT && !st.attr && !st.heat)
		return '.';
	while (i < set->n && !same_style(set->styles[i], st))
		i++;
	if (i == STYLES_MAX)
		return '?';
	if (i == set->n)
		set->styles[set->n++] = st;
	return style_letters[i];
}

void term_text_styled(struct buf *out, const struct canvas *c)
{
	struct style_set set = { .n = 0 };
	int row, col;

	term_text(out, c, NULL, DEPTH_MONO);
	buf_adds(out, "---\n");
	for (row = 0; row < canvas_height(c); row++) {
		size_t start = out->len, end = start;

		for (col = 0; col < canvas_width(c); col++) {
			buf_addc(out, style_letter(&set, canvas_cell(c, row, col)->style));
			if (out->data[out->len - 1] != '.')
				end = out->len;
		}
		out->len = end;
		buf_addc(out, '\n');
	}
	buf_adds(out, "---\n");
	for (int i = 0; i < set.n; i++) {
		const struct style *st = &set.styles[i];

		buf_addf(out, "%c %s", style_letters[i], theme_roles[st->role].name);
		for (unsigned k = 0; k < 4; k++)
			if (st->attr & 1u << k)
				buf_addf(out, " %s", attr_names[k]);
		if (st->heat)
			buf_addf(out, " heat %u", st->heat);
		buf_addc(out, '\n');
	}
	if (canvas_cursor_at(c, &row, &col))
		buf_addf(out, "cursor %d %d\n", row, col);
}
