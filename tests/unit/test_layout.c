/* SPDX-License-Identifier: GPL-2.0-or-later
 * Layouts: finding a VMA, strings that stay where they are, rights as letters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/task.h"
#include "mmscope/vma.h"

static void test_find(void **state)
{
	struct strings *s = strings_create();
	struct layout *l = layout_create(s, 3);

	(void)state;
	l->vmas[0].start = 0x1000, l->vmas[0].end = 0x3000;
	l->vmas[1].start = 0x3000, l->vmas[1].end = 0x4000;
	l->vmas[2].start = 0xffffffffff600000, l->vmas[2].end = 0xffffffffff601000;
	assert_int_equal(layout_find(l, 0xfff), -1);
	assert_int_equal(layout_find(l, 0x1000), 0);
	assert_int_equal(layout_find(l, 0x2fff), 0);
	assert_int_equal(layout_find(l, 0x3000), 1);
	assert_int_equal(layout_find(l, 0x4000), -1);
	assert_int_equal(layout_find(l, 0xffffffffff600fff), 2);
	assert_int_equal(layout_find(l, UINT64_MAX), -1);
	assert_int_equal(layout_next(l, 0), 0);
	assert_int_equal(layout_next(l, 0x4000), 2);
	assert_int_equal(layout_next(l, UINT64_MAX), 3);
	assert_int_equal(layout_find(NULL, 0), -1);
	strings_put(s);
	layout_put(l);
}

static void test_strings(void **state)
{
	struct strings *s = strings_create();
	const char *kept[5000];
	char word[5100];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(word, sizeof(word), "/lib/%d%*s", i, i % 50 ? 1 : 5000, "x");
		kept[i] = strings_add(s, word, strlen(word));
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(word, sizeof(word), "/lib/%d%*s", i, i % 50 ? 1 : 5000, "x");
		assert_string_equal(kept[i], word);
		assert_ptr_equal(kept[i], strings_add(s, word, strlen(word)));
	}
	/* a prefix is another string */
	assert_string_equal(strings_add(s, "/lib/77", 6), "/lib/7");
	assert_string_equal(strings_add(s, "", 0), "");
	assert_true(strings_bytes(s) < 4 << 20);
	strings_put(s);
}

static void test_perms(void **state)
{
	char out[5];

	(void)state;
	for (unsigned p = 0; p < 16; p++) {
		struct vma v = { .perms = (uint8_t)p };
		char want[5] = "---p";

		if (p & VMA_READ)
			want[0] = 'r';
		if (p & VMA_WRITE)
			want[1] = 'w';
		if (p & VMA_EXEC)
			want[2] = 'x';
		if (p & VMA_SHARED)
			want[3] = 's';
		assert_string_equal(vma_perms(&v, out), want);
	}
}

static void test_tasks(void **state)
{
	struct task_list *t = task_list_create();

	(void)state;
	for (pid_t tid = 10; tid < 1010; tid += 10)
		task_list_add(t, tid);
	for (pid_t tid = 1; tid < 1020; tid++) {
		const struct task *found = task_list_find(t, tid);

		if (tid % 10 == 0 && tid >= 10 && tid < 1010) {
			assert_non_null(found);
			assert_int_equal(found->tid, tid);
			assert_true(found->sp == UNKNOWN);
		} else {
			assert_null(found);
		}
	}
	assert_null(task_list_find(NULL, 1));
	task_list_put(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_perms),
		cmocka_unit_test(test_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
