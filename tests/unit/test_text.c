/* SPDX-License-Identifier: GPL-2.0-or-later
 * The sanitiser, sizes and distances: pure functions, so plain tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"

static void test_sanitize(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "plain name", "plain name" },
		{ "esc\033[31m", "esc\\x1b[31m" },
		{ "bel\a nl\n del\177", "bel\\x07 nl\\x0a del\\x7f" },
		{ "c1 \xc2\x9b" "31m", "c1 \\xc2\\x9b31m" },
		{ "raw \xff\xfe", "raw \\xff\\xfe" },
		{ "bidi \xe2\x80\xae" "txt", "bidi <U+202E>txt" },
		{ "zw \xe2\x80\x8b|", "zw <U+200B>|" },
		{ "tag \xf3\xa0\x81\x81", "tag <U+E0041>" },
		{ "overlong \xc0\xaf", "overlong \\xc0\\xaf" },
		{ "surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80" },
		{ "caf\xc3\xa9 \xe6\xbc\xa2", "caf\xc3\xa9 \xe6\xbc\xa2" },
		{ "cut \xe2\x80", "cut \\xe2\\x80" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT;

		text_sanitize(&b, cases[i].in, strlen(cases[i].in), 0);
		assert_string_equal(buf_str(&b), cases[i].out);
		assert_true(utf8_valid(buf_str(&b), b.len));
		buf_free(&b);
	}
}

static void test_sanitize_every_byte_pair(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (unsigned x = 0; x < 65536; x++) {
		char in[2] = { (char)(x >> 8), (char)x };

		buf_reset(&b);
		text_sanitize(&b, in, 2, SANITIZE_ASCII);
		for (size_t i = 0; i < b.len; i++)
			assert_in_range((unsigned char)b.data[i], 0x20, 0x7e);
	}
	buf_free(&b);
}

static void test_size(void **state)
{
	static const struct { uint64_t in; const char *out; } cases[] = {
		{ 0, "0" }, { 1023, "1023" }, { 1024, "1.00K" }, { 4096, "4.00K" },
		{ 135168, "132K" }, { 1023 * 1024, "1.00M" }, { 43201331, "41.2M" },
		{ 17592186044416, "16.0T" }, { UINT64_MAX, "16.0E" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(text_size(cases[i].in, out), cases[i].out);
}

static void test_parse_size(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(text_parse_size("4m", &v));
	assert_int_equal(v, 4 << 20);
	assert_true(text_parse_size("1.5KiB", &v));
	assert_int_equal(v, 1536);
	assert_true(text_parse_size("3p", &v));
	assert_int_equal(v, 12288);
	assert_true(text_parse_size("0x7f", &v));
	assert_int_equal(v, 127);
	assert_false(text_parse_size("4x", &v));
	assert_false(text_parse_size("", &v));
	assert_false(text_parse_size("0x", &v));
}

static void test_nearest(void **state)
{
	static const char *const words[] = { "touch", "mmap", "brk", "fork", NULL };
	static const char *const kernels[] = { "linux-6.18-x86_64", "linux-6.1-x86_64", NULL };

	(void)state;
	assert_string_equal(text_nearest("toch", words), "touch");
	assert_string_equal(text_nearest("frok", words), "fork");
	assert_string_equal(text_nearest("TOUCH", words), "touch");
	assert_null(text_nearest("zebra", words));
	assert_string_equal(text_nearest("linux-6.1", kernels), "linux-6.1-x86_64");
}

static void test_base64(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	text_base64(&b, "ab\xff", 3);
	text_base64(&b, "a", 1);
	assert_string_equal(buf_str(&b), "YWL/YQ==");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sanitize),
		cmocka_unit_test(test_sanitize_every_byte_pair),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
