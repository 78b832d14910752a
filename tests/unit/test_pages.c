/* SPDX-License-Identifier: GPL-2.0-or-later
 * Residencies: the run-length code and its inverse, splicing, counting.
 * Each law is held against a plain array of pages, one byte for each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/pages.h"

enum { PAGES = 48 };
static const uint64_t base = 0x7ffff7fd0000;

static uint64_t page(size_t i)
{
	return base + ((uint64_t)i << PAGE_SHIFT);
}

static struct residency *of_code(const char *code)
{
	struct residency *r = residency_create();

	assert_true(residency_decode(r, base, code));
	return r;
}

static void assert_code(const struct residency *r, size_t from, size_t to, const char *code)
{
	struct buf b = BUF_INIT;

	residency_encode(r, page(from), page(to), &b);
	assert_string_equal(buf_str(&b), code);
	buf_free(&b);
}

static void assert_sound(const struct residency *r)
{
	for (size_t i = 0; i < r->n; i++) {
		assert_int_not_equal(r->runs[i].pages, 0);
		assert_int_not_equal(r->runs[i].state, PAGE_ABSENT);
		if (i == 0)
			continue;
		assert_true(run_end(&r->runs[i - 1]) <= r->runs[i].start);
		assert_false(run_end(&r->runs[i - 1]) == r->runs[i].start &&
			     r->runs[i - 1].state == r->runs[i].state);
	}
}

/* Any but the one whose letter is another's: that one does not come back from its code. */
static unsigned char random_state(void)
{
	int state = rand() % PAGE_NR;

	return (unsigned char)(state == PAGE_HUGETLB ? PAGE_HUGE : state);
}

static struct residency *random_pages(unsigned char *states)
{
	struct residency *r = residency_create();

	for (size_t i = 0; i < PAGES; i++) {
		states[i] = i && rand() % 3 ? states[i - 1] : random_state();
		residency_append(r, page(i), page(i + 1), states[i]);
	}
	assert_sound(r);
	return r;
}

static void test_code(void **state)
{
	static const char *const codes[] = {
		".", "A", "3A2.", "AaFfZGSH.A", "17179869184.A", "2A.2A3F", "33.",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct residency *r = of_code(codes[i]);
		struct buf b = BUF_INIT;
		uint64_t pages = 0, n = 0;

		for (const char *c = codes[i]; *c; c++) {
			if (*c >= '0' && *c <= '9') {
				n = 10 * n + (uint64_t)(*c - '0');
			} else {
				pages += n ? n : 1;
				n = 0;
			}
		}
		residency_encode(r, base, base + (pages << PAGE_SHIFT), &b);
		assert_string_equal(buf_str(&b), codes[i]);
		buf_free(&b);
		residency_put(r);
	}
}

static void test_code_errors(void **state)
{
	static const char *const codes[] = {
		"3", "3x", "x", "0A", "A0.", "-1A", "99999999999999999999A", "4503599627370496A", " A",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct residency *r = residency_create();

		assert_false(residency_decode(r, base, codes[i]));
		residency_put(r);
	}
}

static void test_code_of_a_part(void **state)
{
	struct residency *r = of_code("2A3.4F");

	(void)state;
	assert_code(r, 0, 9, "2A3.4F");
	assert_code(r, 1, 6, "A3.F");
	assert_code(r, 3, 4, ".");
	assert_code(r, 8, 12, "F3.");
	assert_code(r, 20, 22, "2.");
	assert_code(NULL, 0, 5, "5?");
	residency_put(r);
}

static void test_random_against_array(void **state)
{
	unsigned char states[PAGES];

	(void)state;
	srand(1);
	for (int round = 0; round < 500; round++) {
		struct residency *r = random_pages(states), *again = residency_create();
		size_t lo = (size_t)rand() % PAGES, hi = lo + (size_t)rand() % (PAGES - lo + 1);
		struct page_counts c = residency_count(r, page(lo), page(hi)), want = { { 0 } };
		struct buf b = BUF_INIT;

		for (size_t i = lo; i < hi; i++)
			want.n[states[i]]++;
		assert_memory_equal(&c, &want, sizeof(c));
		for (size_t i = 0; i < PAGES; i++) {
			assert_int_equal(residency_at(r, page(i)), states[i]);
			assert_int_equal(residency_at(r, page(i) + 4095), states[i]);
		}
		residency_encode(r, page(0), page(PAGES), &b);
		assert_true(residency_decode(again, page(0), buf_str(&b)));
		assert_true(residency_equal(r, again));
		assert_int_equal(r->kinds, !memchr(states, PAGE_PRESENT, PAGES));
		assert_int_equal(r->whole, !memchr(states, PAGE_UNSEEN, PAGES));
		buf_free(&b);
		residency_put(again);
		residency_put(r);
	}
}

static void test_splice_against_array(void **state)
{
	unsigned char a[PAGES], b[PAGES], mixed[PAGES];

	(void)state;
	srand(2);
	for (int round = 0; round < 500; round++) {
		struct residency *ra = random_pages(a), *rb = random_pages(b), *r;
		size_t lo = (size_t)rand() % PAGES, hi = lo + (size_t)rand() % (PAGES - lo + 1);

		r = residency_splice(ra, page(lo), page(hi), rb);
		assert_sound(r);
		memcpy(mixed, a, PAGES);
		memcpy(mixed + lo, b + lo, hi - lo);
		for (size_t i = 0; i < PAGES; i++)
			assert_int_equal(residency_at(r, page(i)), mixed[i]);
		residency_put(r);
		residency_put(rb);
		residency_put(ra);
	}
}

static void test_sums(void **state)
{
	struct residency *r = of_code("5A3a2F1f7Z2G3S4H6#8?");
	struct page_counts c;

	(void)state;
	c = residency_count(r, base, base + (64u << PAGE_SHIFT));
	assert_int_equal(page_counts_resident(&c), 5 + 3 + 2 + 1 + 4 + 6);
	assert_int_equal(page_counts_anon(&c), 8);
	assert_int_equal(c.n[PAGE_ABSENT], 64 - 41);
	c = residency_count(NULL, base, page(3));
	assert_int_equal(c.n[PAGE_UNSEEN], 3);
	assert_int_equal(page_counts_resident(&c), 0);
	residency_put(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_code_errors),
		cmocka_unit_test(test_code_of_a_part),
		cmocka_unit_test(test_random_against_array),
		cmocka_unit_test(test_splice_against_array),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
