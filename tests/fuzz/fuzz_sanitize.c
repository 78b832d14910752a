/* SPDX-License-Identifier: GPL-2.0-or-later
 * The sanitiser: whatever comes from outside, what leaves it is harmless on a terminal,
 * sanitising it again changes nothing, and a canvas shows it without a surprise.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/buf.h"
#include "mmscope/canvas.h"
#include "mmscope/term.h"
#include "mmscope/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_harmless(const char *s, size_t n, bool newlines)
{
	while (n) {
		uint32_t ch;
		int used = utf8_decode(s, n, &ch);

		if (used <= 0)
			abort();
		if ((ch < 0x20 && !(newlines && ch == '\n')) || (ch >= 0x7f && ch < 0xa0) ||
		    (ch >= 0x200b && ch <= 0x200f) || (ch >= 0x2028 && ch <= 0x202e) ||
		    (ch >= 0x2060 && ch <= 0x206f) || ch == 0xfeff || ch >= 0xe0000)
			abort();
		s += used;
		n -= (size_t)used;
	}
}

static void check_canvas(const char *text, bool ascii)
{
	struct canvas *c = canvas_create(6, 20, ascii);
	struct buf out = BUF_INIT;

	canvas_put(c, 0, 3, STYLE(TEXT), text);
	canvas_putn(c, 1, -2, STYLE(MATCH), 9, text);
	canvas_right(c, 2, 15, STYLE(KEY), text);
	canvas_wrap(c, (struct rect){ 3, 1, 3, 7 }, STYLE(WHY), text);
	canvas_restyle(c, 1, 0, 20, style_heat(STYLE(SELECT), 2));
	for (int row = 0; row < 6; row++)
		for (int col = 0; col < 20; col++) {
			uint32_t ch = canvas_cell(c, row, col)->ch;
			bool wide = col + 1 < 20 && !canvas_cell(c, row, col + 1)->ch;

			if (ascii ? ch < 0x20 || ch > 0x7e : ch && text_width1(ch) != (wide ? 2 : 1))
				abort();
		}
	term_text(&out, c);
	check_harmless(buf_str(&out), out.len, true);
	buf_reset(&out);
	term_text_styled(&out, c);
	check_harmless(buf_str(&out), out.len, true);
	buf_free(&out);
	canvas_destroy(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = BUF_INIT, twice = BUF_INIT, ascii = BUF_INIT;

	text_sanitize(&once, (const char *)data, size, 0);
	check_harmless(buf_str(&once), once.len, false);
	text_sanitize(&twice, buf_str(&once), once.len, 0);
	if (once.len != twice.len || memcmp(buf_str(&once), buf_str(&twice), once.len))
		abort();
	text_sanitize(&ascii, (const char *)data, size, SANITIZE_ASCII);
	for (size_t i = 0; i < ascii.len; i++)
		if (ascii.data[i] < 0x20 || ascii.data[i] > 0x7e)
			abort();
	check_canvas(buf_str(&once), false);
	check_canvas(buf_str(&once), true);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&ascii);
	return 0;
}
