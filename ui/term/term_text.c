/* SPDX-License-Identifier: GPL-2.0-or-later
 * A canvas as lines of text: what tests compare.
 */
#include "mmscope/term.h"

#include <string.h>

#include "mmscope/text.h"

static const char *const attr_names[] = { "bold", "dim", "reverse", "underline" };

static bool same_style(struct style a, struct style b)
{
	return a.role == b.role && a.attr == b.attr && a.heat == b.heat;
}

static void add_ch(struct buf *out, uint32_t ch)
{
	char utf8[4];

	if (ch)
		buf_add(out, utf8, utf8_encode(ch, utf8));
}

void term_text(struct buf *out, const struct canvas *c)
{
	for (int row = 0; row < canvas_height(c); row++) {
		int end = canvas_width(c);

		while (end > 0 && canvas_cell(c, row, end - 1)->ch == ' ')
			end--;
		for (int col = 0; col < end; col++)
			add_ch(out, canvas_cell(c, row, col)->ch);
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

	term_text(out, c);
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
