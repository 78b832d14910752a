/* SPDX-License-Identifier: GPL-2.0-or-later
 * The canvas, seen through the text terminal: a drawing is compared with its picture.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/canvas.h"
#include "mmscope/glyph.h"
#include "mmscope/term.h"
#include "mmscope/text.h"

static const struct style plain = { .role = THEME_TEXT };

static void check(const struct canvas *c, const char *picture)
{
	struct buf out = BUF_INIT;

	term_text(&out, c);
	assert_string_equal(buf_str(&out), picture);
	buf_free(&out);
}

static void test_put_and_cut(void **state)
{
	struct canvas *c = canvas_create(5, 8, false);

	(void)state;
	assert_int_equal(canvas_put(c, 0, 6, plain, "abc"), 9);	/* is seen to be cut */
	assert_int_equal(canvas_put(c, 1, -1, plain, "abc"), 2);
	canvas_put(c, -1, 0, plain, "never");
	canvas_put(c, 5, 0, plain, "never");
	assert_int_equal(canvas_putn(c, 2, 1, plain, 4, "abcdefg"), 5);
	assert_int_equal(canvas_putn(c, 3, 0, plain, 6, "ab"), 6);
	canvas_put(c, 3, 6, plain, "|");
	assert_int_equal(canvas_right(c, 4, 8, plain, "end"), 5);
	check(c, "      a…\nbc\n abc…\nab    |\n     end\n");
	canvas_destroy(c);
}

static void test_control_and_invalid(void **state)
{
	struct canvas *c = canvas_create(1, 12, false);

	(void)state;
	canvas_put(c, 0, 0, plain, "a\033b\xff" "c\xc2\x9b" "d\177e");
	check(c, "a?b?c?d?e\n");
	canvas_destroy(c);
}

static void test_rooms(void **state)
{
	struct canvas *c = canvas_create(5, 10, false);

	(void)state;
	canvas_push(c, (struct rect){ 1, 2, 3, 5 });
	assert_int_equal(canvas_rows(c), 3);
	assert_int_equal(canvas_cols(c), 5);
	canvas_put(c, 0, 0, plain, "0123456789");
	canvas_push(c, (struct rect){ 1, 3, 9, 9 });	/* sticks out: clipped by the outer */
	assert_int_equal(canvas_rows(c), 9);
	canvas_fill(c, (struct rect){ 0, 0, 9, 9 }, plain, '#');
	canvas_pop(c);
	canvas_push(c, (struct rect){ -1, -1, 2, 2 });	/* only its last cell is inside */
	canvas_fill(c, (struct rect){ 0, 0, 2, 2 }, plain, '*');
	canvas_pop(c);
	canvas_pop(c);
	check(c, "\n  *123…\n     ##\n     ##\n\n");
	canvas_push(c, (struct rect){ 0, 3, 5, 2 });
	canvas_clear(c);
	canvas_pop(c);
	check(c, "\n  *  3…\n     ##\n     ##\n\n");
	canvas_destroy(c);
}

static void test_wide(void **state)
{
	struct canvas *c = canvas_create(6, 6, false);

	(void)state;
	assert_int_equal(canvas_put(c, 0, 0, plain, "漢字x"), 5);
	canvas_put(c, 1, 0, plain, "漢字");
	canvas_put(c, 1, 1, plain, "a");		/* the right half of the first */
	canvas_put(c, 2, 0, plain, "漢字");
	canvas_put(c, 2, 2, plain, "b");		/* the left half of the second */
	canvas_put(c, 3, 5, plain, "漢");		/* half outside */
	canvas_put(c, 4, 1, plain, "漢");
	canvas_put(c, 4, 0, plain, "字");		/* over one and a half */
	canvas_putn(c, 5, 0, plain, 4, "a漢漢");	/* no room for the second */
	check(c, "漢字x\n a字\n漢b\n     …\n字\na漢…\n");
	assert_int_equal(canvas_cell(c, 0, 1)->ch, 0);
	assert_int_equal(canvas_cell(c, 1, 0)->ch, ' ');
	assert_int_equal(canvas_cell(c, 4, 2)->ch, ' ');
	canvas_destroy(c);
}

/* Whatever is written where, no half of a wide character stands alone. */
static void test_wide_halves(void **state)
{
	struct canvas *c = canvas_create(1, 7, false);
	unsigned seed = 1;

	(void)state;
	for (int n = 0; n < 5000; n++) {
		seed = seed * 1103515245 + 12345;
		canvas_put(c, 0, (int)(seed >> 16) % 9 - 1, plain, seed >> 28 & 1 ? "漢" : "x");
		for (int col = 0; col < 7; col++) {
			uint32_t ch = canvas_cell(c, 0, col)->ch;
			uint32_t next = col < 6 ? canvas_cell(c, 0, col + 1)->ch : ' ';

			if (ch && text_width1(ch) == 2)
				assert_int_equal(next, 0);
			else if (col < 6)
				assert_int_not_equal(next, 0);
		}
		assert_int_not_equal(canvas_cell(c, 0, 0)->ch, 0);
	}
	canvas_destroy(c);
}

static void draw_lines(struct canvas *c)
{
	canvas_box(c, (struct rect){ 0, 0, 5, 9 }, plain);
	canvas_vline(c, 0, 4, 5, plain);		/* tees at both ends */
	canvas_hline(c, 2, 4, 5, plain);		/* from the middle line to the right one */
	canvas_hline(c, 3, 2, 5, plain);		/* crosses, ends free */
	canvas_put(c, 0, 1, plain, "-a");		/* text does not join */
	canvas_vline(c, 0, 1, 2, plain);
}

static void test_lines(void **state)
{
	struct canvas *c = canvas_create(5, 9, false), *a = canvas_create(5, 9, true);

	(void)state;
	draw_lines(c);
	check(c, "┌│a─┬───┐\n││  │   │\n│   ├───┤\n│ ──┼── │\n└───┴───┘\n");
	draw_lines(a);
	check(a, "+|a-+---+\n||  |   |\n|   +---+\n| --+-- |\n+---+---+\n");
	canvas_destroy(c);
	canvas_destroy(a);
}

/* Written as text, line characters have arms as well. */
static void test_line_text_joins(void **state)
{
	struct canvas *c = canvas_create(1, 5, false);

	(void)state;
	canvas_put(c, 0, 0, plain, "┌───┐");
	canvas_vline(c, 0, 2, 1, plain);
	check(c, "┌─┼─┐\n");
	canvas_destroy(c);
}

static void test_glyphs(void **state)
{
	(void)state;
	for (unsigned arms = 3; arms < 16; arms++)
		if (arms & (arms - 1))
			assert_int_equal(glyph_arms(glyph_line(arms)), arms);
	for (uint32_t ch = 0x80; ch < 0x3000; ch++)
		assert_in_range(glyph_ascii(ch), 0x20, 0x7e);
	assert_int_equal(glyph_arms('-'), 0);
}

static void test_ascii(void **state)
{
	struct canvas *c = canvas_create(3, 24, true);

	(void)state;
	canvas_put(c, 0, 0, plain, "◄ ▶ ● ◇ ▷ › × ≥ → …");
	canvas_put(c, 1, 0, plain, "▁▂▃▄▅▆▇█ ░▒▓ ║╔╗ 漢");
	canvas_putn(c, 2, 0, plain, 4, "longer");
	check(c, "< > * o > > x > > ~\n_.-=+*%# .:% |++ ??\nlon~\n");
	for (int row = 0; row < 3; row++)
		for (int col = 0; col < 24; col++)
			assert_in_range(canvas_cell(c, row, col)->ch, 0x20, 0x7e);
	canvas_destroy(c);
}

static void test_bar(void **state)
{
	struct canvas *c = canvas_create(6, 4, false);

	(void)state;
	canvas_bar(c, 0, 0, 4, plain, 0, 100);
	canvas_bar(c, 1, 0, 4, plain, 1, 1000000);	/* something is never nothing */
	canvas_bar(c, 2, 0, 4, plain, 50, 100);
	canvas_bar(c, 3, 0, 4, plain, 99, 100);		/* and not quite is not all */
	canvas_bar(c, 4, 0, 4, plain, 200, 100);
	canvas_bar(c, 5, 0, 4, plain, 1, 0);
	check(c, "\n▏\n██\n███▉\n████\n\n");
	canvas_destroy(c);
}

static void test_spark(void **state)
{
	static const uint64_t up[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static const uint64_t high[] = { 100, UINT64_MAX, 107, UINT64_MAX - 1 };
	struct canvas *c = canvas_create(6, 8, false);

	(void)state;
	assert_int_equal(canvas_spark_base((const uint64_t[]){ 132, 140, 148 }, 3, 3), 116);
	assert_int_equal(canvas_spark_base((const uint64_t[]){ 1, 140, 148 }, 3, 2), 132);
	assert_int_equal(canvas_spark_base((const uint64_t[]){ 1, 140, 148 }, 3, 3), 0);
	assert_int_equal(canvas_spark_base((const uint64_t[]){ UINT64_MAX, 7, 7 }, 3, 3), 7);
	assert_int_equal(canvas_spark_base((const uint64_t[]){ UINT64_MAX }, 1, 3), 0);
	canvas_spark(c, 0, 0, 8, plain, up, 8, 0);
	canvas_spark(c, 1, 0, 4, plain, up, 8, 0);	/* the last four */
	canvas_spark(c, 2, 0, 8, plain, up, 2, 0);	/* the newest at the right */
	canvas_spark(c, 3, 0, 3, plain, high, 3, 100);	/* a gap where nothing is known */
	canvas_spark(c, 4, 0, 4, plain, high, 4, 0);
	canvas_spark(c, 5, 0, 2, plain, up, 1, 0);
	check(c, "▁▂▃▄▅▆▇█\n▅▆▇█\n      ▁█\n▁ █\n▂ ▂█\n ▁\n");
	canvas_destroy(c);
}

static void test_wrap(void **state)
{
	struct canvas *c = canvas_create(9, 10, false);

	(void)state;
	assert_int_equal(canvas_wrap(c, (struct rect){ 0, 0, 3, 10 }, plain,
				     "one two three four five six"), 3);
	assert_int_equal(canvas_wrap(c, (struct rect){ 3, 0, 2, 10 }, plain, "exactly10c next"), 2);
	assert_int_equal(canvas_wrap(c, (struct rect){ 5, 2, 2, 5 }, plain, "abcdefghijkl"), 2);
	assert_int_equal(canvas_wrap(c, (struct rect){ 7, 0, 2, 10 }, plain, "a\nb"), 2);
	assert_int_equal(canvas_wrap(c, (struct rect){ 0, 0, 0, 10 }, plain, "a"), 0);
	check(c, "one two\nthree four\nfive six\nexactly10c\nnext\n  abcde\n  fghi…\na\nb\n");
	canvas_destroy(c);
	/* a number in groups of digits stays whole */
	c = canvas_create(2, 10, false);
	assert_int_equal(canvas_wrap(c, (struct rect){ 0, 0, 2, 9 }, plain, "ever 11 984 b"), 2);
	check(c, "ever\n11 984 b\n");
	assert_int_equal(canvas_wrap_rows(9, "ever 11 984 b"), 2);
	assert_int_equal(canvas_wrap_rows(5, "abcdefghijkl"), 3);
	assert_int_equal(canvas_wrap_rows(5, ""), 0);
	canvas_destroy(c);
}

static void test_restyle_and_cursor(void **state)
{
	struct canvas *c = canvas_create(2, 4, false);
	struct buf out = BUF_INIT;
	int row, col;

	(void)state;
	assert_false(canvas_cursor_at(c, &row, &col));
	canvas_put(c, 0, 0, STYLE(VMA_HEAP), "abcd");
	canvas_restyle(c, 0, 1, 2, style_attr(STYLE(TEXT), ATTR_BOLD));
	canvas_restyle(c, 0, 2, 9, style_heat(STYLE(SELECT), 3));
	canvas_push(c, (struct rect){ 1, 1, 1, 2 });
	canvas_cursor(c, 0, 1);
	canvas_cursor(c, 0, 7);				/* outside: stays */
	canvas_pop(c);
	term_text_styled(&out, c);
	assert_string_equal(buf_str(&out),
			    "abcd\n\n---\nabcd\n\n---\n"
			    "a vma.heap\nb vma.heap bold\nc ui.select bold heat 3\nd ui.select heat 3\n"
			    "cursor 1 2\n");
	buf_free(&out);
	canvas_destroy(c);
}

static void test_no_size(void **state)
{
	struct canvas *c = canvas_create(0, 0, false);

	(void)state;
	canvas_put(c, 0, 0, plain, "x");
	canvas_box(c, (struct rect){ 0, 0, 1, 1 }, plain);
	canvas_cursor(c, 0, 0);
	check(c, "");
	canvas_resize(c, 1, 2);
	canvas_put(c, 0, 0, plain, "xyz");
	check(c, "x…\n");
	canvas_destroy(c);
	canvas_destroy(NULL);
	assert_int_equal(sizeof(struct cell), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_and_cut),
		cmocka_unit_test(test_control_and_invalid),
		cmocka_unit_test(test_rooms),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_wide_halves),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_text_joins),
		cmocka_unit_test(test_glyphs),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_spark),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_restyle_and_cursor),
		cmocka_unit_test(test_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
