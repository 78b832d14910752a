/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel stacks without a kernel: bytes of stacks, a small BTF, lines of files, the value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "mmscope/tasktable.h"
#include "src/live/kstack.h"

enum { SIZE = 16384 };

/* The words of a task that slept in pause(2), as a kernel left them, by offset. */
static const struct word {
	size_t at;
	uint64_t value;
} pause_words[] = {
	{ 0, STACK_END_MAGIC },
	{ 12480, 0xffffffff8113a7c2 },		/* from an earlier, deeper call */
	{ 15904, 0x0000000000000246 },
	{ 15952, 0xffffffff81e4b9cc },		/* __schedule: no frame of the chain */
	{ 16096, 0xffffffff810b6c1a },		/* __x64_sys_pause */
	{ 16112, 0xffffffff81e3f6d1 },		/* do_syscall_64 */
	{ 16152, 0xffffffff810b6c1a },		/* the last call's, left behind */
	{ 16168, 0xffffffff81e3f6d1 },
	{ 16208, 0xffffffff81000130 },		/* entry_SYSCALL_64_after_hwframe */
	{ 16336, 34 },
};
static const uint64_t pause_chain[] = {
	0xffffffff810b6c1a, 0xffffffff81e3f6d1, 0xffffffff81000130,
};

static void fill(uint8_t *stack, const struct word *w, size_t n)
{
	memset(stack, 0, SIZE);
	for (size_t i = 0; i < n; i++)
		memcpy(stack + w[i].at, &w[i].value, 8);
}

static void high_water_is_the_lowest_word(void **state)
{
	uint8_t *stack = calloc(1, SIZE);

	(void)state;
	assert_int_equal(kstack_high_water(stack, SIZE, 8), 0);
	fill(stack, pause_words, ARRAY_LEN(pause_words));
	assert_int_equal(kstack_high_water(stack, SIZE, 8), SIZE - 12480);
	/* the end magic itself is no use of the stack, the word after it is */
	stack[8] = 1;
	assert_int_equal(kstack_high_water(stack, SIZE, 8), SIZE - 8);
	assert_int_equal(kstack_high_water(stack, SIZE, 0), SIZE);
	for (size_t at = 0; at < SIZE; at += 8) {	/* any word alone */
		memset(stack, 0, SIZE);
		stack[at + at / 8 % 8] = 1;
		assert_int_equal(kstack_high_water(stack, SIZE, 0), SIZE - at);
		assert_int_equal(kstack_high_water(stack, SIZE, 16), at < 16 ? 0 : SIZE - at);
	}
	free(stack);
}

static void poison_is_seen(void **state)
{
	const uint64_t poison = KSTACK_POISON;
	uint8_t *stack = calloc(1, SIZE);

	(void)state;
	fill(stack, pause_words, ARRAY_LEN(pause_words));
	assert_false(kstack_erased(stack, SIZE, 8));
	for (size_t at = 8; at < 12000; at += 8)
		memcpy(stack + at, &poison, 8);
	assert_true(kstack_erased(stack, SIZE, 8));
	free(stack);
}

static void frames_stand_in_their_places(void **state)
{
	uint8_t *stack = calloc(1, SIZE);
	struct kgaps gaps = { 0 };
	struct kframe f[3];

	(void)state;
	fill(stack, pause_words, ARRAY_LEN(pause_words));
	memset(f, 0, sizeof(f));
	assert_true(kstack_place(stack, SIZE, 15904, pause_chain, 3, &gaps, f));
	/* nothing tells yet which pair of two is the live one: the lowest, and it is said */
	assert_int_equal(f[0].offset, 16104);
	assert_true(f[0].ambiguous);
	assert_int_equal(f[0].bytes, 16);
	assert_int_equal(f[1].offset, 16120);
	assert_int_equal(f[1].bytes, 96);
	assert_int_equal(f[2].offset, 16216);
	assert_int_equal(f[2].bytes, 168);
	assert_false(f[2].ambiguous);
	/* an address that is not there, and a stack pointer beyond the stack */
	memset(stack + 16208, 0, 8);
	assert_false(kstack_place(stack, SIZE, 15904, pause_chain, 3, &gaps, f));
	assert_false(kstack_place(stack, SIZE, SIZE, pause_chain, 3, &gaps, f));
	kgaps_deinit(&gaps);
	free(stack);
}

/* A chain of four whose second frame has two places; another stack has one only. */
static void what_is_sure_settles_what_is_not(void **state)
{
	static const uint64_t chain[] = { 0x11, 0x22, 0x33, 0x44 };
	static const struct word sure[] = {
		{ 15000, 0x11 }, { 15040, 0x22 }, { 16112, 0x33 }, { 16208, 0x44 },
	};
	static const struct word unsure[] = {
		{ 14000, 0x11 }, { 14016, 0x22 }, { 14040, 0x22 }, { 15112, 0x33 },
		{ 16000, 0x33 }, { 16208, 0x44 },
	};
	uint8_t *stack = calloc(1, SIZE);
	struct kgaps gaps = { 0 };
	struct kframe f[4];

	(void)state;
	fill(stack, unsure, ARRAY_LEN(unsure));
	assert_true(kstack_place(stack, SIZE, 13000, chain, 4, &gaps, f));
	assert_int_equal(f[1].offset, 14024);
	assert_true(f[1].ambiguous && f[2].ambiguous);
	fill(stack, sure, ARRAY_LEN(sure));
	assert_true(kstack_place(stack, SIZE, 13000, chain, 4, &gaps, f));
	assert_false(f[0].ambiguous || f[1].ambiguous || f[2].ambiguous || f[3].ambiguous);
	assert_int_equal(kgaps_find(&gaps, 0x11), 40);
	assert_int_equal(kgaps_find(&gaps, 0x22), 1072);
	/* the frame below the entry code has a random gap: never learnt */
	assert_int_equal(kgaps_find(&gaps, 0x33), 0);
	fill(stack, unsure, ARRAY_LEN(unsure));
	assert_true(kstack_place(stack, SIZE, 13000, chain, 4, &gaps, f));
	assert_int_equal(f[1].offset, 14048);
	assert_int_equal(f[2].offset, 15120);
	assert_false(f[1].ambiguous || f[2].ambiguous);
	/* a size that varies is not used */
	kgaps_learn(&gaps, 0x11, 48);
	assert_int_equal(kgaps_find(&gaps, 0x11), 0);
	kgaps_deinit(&gaps);
	free(stack);
}

static uint8_t *read_corpus(const char *name, size_t *n)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/tests/fuzz/corpus/btf/%s", top ? top : ".", name);
	uint8_t *data = xmalloc(1 << 16);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	*n = fread(data, 1, 1 << 16, f);
	fclose(f);
	free(path);
	return data;
}

static void layout_comes_from_btf(void **state)
{
	const char *missing = NULL;
	struct klayout l;
	size_t n;
	uint8_t *data = read_corpus("kernel", &n);

	(void)state;
	assert_true(klayout_parse(data, n, &l, &missing));
	assert_int_equal(l.task_size, 1024);
	assert_int_equal(l.stack.offset, 32);
	assert_int_equal(l.flags.offset, 40);		/* in a structure with bit fields */
	assert_int_equal(l.tgid.offset, 340);		/* in a structure without a name */
	assert_int_equal(l.sp.offset, 960 + 24);
	assert_int_equal(l.comm.size, 16);
	assert_int_equal(l.cfs_rq.offset, 128 + 168);
	assert_int_equal(l.runqueues.offset, 0x2ba40);
	assert_int_equal(l.irq_stack_size, 16384);
	assert_int_equal(l.regs_size, 168);
	for (size_t i = 0; i < IST_STACKS; i++)
		assert_int_equal(l.ist[i].size, 8192);
	assert_int_equal(l.ist[4].offset, 53248);
	assert_int_equal(l.lowest_stack.size, 0);
	assert_int_not_equal(l.iter_function, 0);
	/* whatever is cut off is no BTF */
	for (size_t cut = 0; cut < n; cut++)
		assert_false(klayout_parse(data, cut, &l, &missing));
	/* a name that the walk needs is called something else */
	for (size_t i = 0; i + 12 < n; i++)
		if (!memcmp(data + i, "thread_head", 12))
			data[i] = 'X';
	assert_false(klayout_parse(data, n, &l, &missing));
	assert_string_equal(missing, "thread_head");
	free(data);
}

static void bit_fields_are_no_figures(void **state)
{
	struct btf_wanted task = { BTF_STRUCT, "task_struct", 0 };
	struct btf_field f;
	struct btf b;
	size_t n;
	uint8_t *data = read_corpus("kernel", &n);

	(void)state;
	assert_true(btf_init(&b, data, n, &task, 1));
	assert_false(btf_member(&b, task.id, "one", &f));
	assert_false(btf_member(&b, task.id, "comm.length", &f));
	assert_false(btf_member(&b, task.id, "", &f));
	assert_true(btf_member(&b, task.id, "se.cfs_rq", &f));
	assert_int_equal(btf_size(&b, btf_target(&b, f.type)), 320);
	btf_deinit(&b);
	free(data);
}

static void lines_of_stack_files(void **state)
{
	static const char text[] = "[<0>] __do_sys_pause+0x2a/0x40\n"
				   "[<0>] nf_hook [nf]+0x1/0x2\n"
				   "[<0>] x+0x76/0x7e [module]\n";
	struct kname_line line[KNAME_LINES];

	(void)state;
	assert_int_equal(kname_lines(text, strlen(text), line), 3);
	assert_int_equal(line[0].n, strlen("__do_sys_pause"));
	assert_int_equal(line[0].offset, 0x2a);
	assert_int_equal(line[2].size, 0x7e);
	assert_int_equal(kname_lines("", 0, line), 0);
	assert_int_equal(kname_lines("[<0>] \n", 7, line), -1);
	assert_int_equal(kname_lines("[<0>] +0x1/0x2\n", 15, line), -1);
	assert_int_equal(kname_lines("[<0>] a+0x3/0x2\n", 16, line), -1);
	assert_int_equal(kname_lines("0x1", 3, line), -1);
}

static void names_are_learnt_once(void **state)
{
	static const uint64_t at[] = { 0x1010, 0x2004 };
	static const struct kname_line lines[] = { { "one+", 3, 0x10, 0x20 }, { "two", 3, 4, 8 } };
	static const struct kname_line other[] = { { "six", 3, 0x10, 0x20 }, { "two", 3, 4, 8 } };
	struct knames k;

	(void)state;
	knames_init(&k);
	assert_null(knames_find(&k, 0x1010));
	assert_true(knames_learn(&k, lines, 2, at));
	assert_string_equal(knames_find(&k, 0x1010), "one");
	assert_string_equal(knames_find(&k, 0x1001), "one");
	assert_string_equal(knames_find(&k, 0x1020), "one");	/* returns behind its last call */
	assert_null(knames_find(&k, 0x1000));
	assert_null(knames_find(&k, 0x1021));
	assert_string_equal(knames_find(&k, 0x2008), "two");
	assert_false(knames_learn(&k, other, 2, at));
	assert_string_equal(knames_find(&k, 0x1010), "one");
	knames_deinit(&k);
}

static struct stacks *example(void)
{
	struct stacks *s = stacks_create();
	static const struct {
		pid_t tid;
		uint64_t used, high;
		const char *comm, *top;
	} rows[] = {
		{ 30, 900, 2000, "b", "do_wait" },
		{ 10, UNKNOWN, 5168, "a", NULL },
		{ 20, 480, 1500, "c", "__do_sys_pause" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct kstack *k = stacks_add(s, rows[i].tid);

		k->tgid = rows[i].tid;
		k->size = SIZE;
		k->used = rows[i].used;
		k->high_water = rows[i].high;
		k->rung = KSTACK_BPF;
		k->magic_ok = true;
		memcpy(k->comm, rows[i].comm, 1);
		if (rows[i].top)
			stacks_frames(s, k, 2)->function = rows[i].top;
		else
			k->lacks = 1 << KSTACK_RUNNING;
	}
	stacks_finish(s);
	return s;
}

static void value_and_summary(void **state)
{
	struct stacks *a = example(), *b = example();
	struct tasktable_summary sum = tasktable_summary(a);
	char word[64];

	(void)state;
	assert_true(stacks_equal(a, b));
	assert_int_equal(stacks_find(a, 20)->used, 480);
	assert_null(stacks_find(a, 21));
	assert_null(stacks_find(NULL, 20));
	assert_non_null(whys_find(a->whys, "tasks[].kstack.used"));
	assert_null(whys_find(a->whys, "tasks[].kstack.high_water"));
	assert_int_equal(sum.tasks, 3);
	assert_int_equal(sum.deepest->tid, 10);
	assert_int_equal(sum.used_mean, 690);
	assert_int_equal(sum.step, 512);
	assert_int_equal(sum.class[2], 1);
	assert_int_equal(sum.class[3], 1);
	assert_int_equal(sum.class[10], 1);
	assert_int_equal(sum.nclasses, 11);
	assert_string_equal(tasktable_top(stacks_find(a, 10), word), "(running)");
	assert_string_equal(tasktable_top(stacks_find(a, 30), word), "do_wait");
	((struct kstack *)stacks_find(b, 30))->high_water += 8;
	assert_false(stacks_equal(a, b));
	stacks_put(stacks_get(a));
	stacks_put(a);
	stacks_put(b);
}

static void expect_order(const struct stacks *s, const char *sort, pid_t x, pid_t y, pid_t z)
{
	size_t *order = tasktable_order(s, sort);

	assert_int_equal(s->tasks[order[0]].tid, x);
	assert_int_equal(s->tasks[order[1]].tid, y);
	assert_int_equal(s->tasks[order[2]].tid, z);
	free(order);
}

static void any_column_sorts(void **state)
{
	const struct tasktable_options bad = { .sort = "depth" }, good = { .sort = "-HIGH" };
	struct stacks *s = example();
	struct error *err = tasktable_check(&bad);

	(void)state;
	assert_int_equal(err->code, ERR_USAGE);
	error_destroy(err);
	assert_null(tasktable_check(&good));
	expect_order(s, NULL, 10, 20, 30);
	expect_order(s, "-pid", 30, 20, 10);
	expect_order(s, "high", 10, 30, 20);
	expect_order(s, "-high", 20, 30, 10);
	expect_order(s, "left", 20, 30, 10);
	expect_order(s, "used", 30, 20, 10);	/* what is not known comes last */
	expect_order(s, "-used", 20, 30, 10);
	expect_order(s, "comm", 10, 30, 20);
	expect_order(s, "top", 10, 20, 30);
	expect_order(s, "tgid", 10, 20, 30);
	expect_order(s, "ppid", 10, 20, 30);
	expect_order(s, "state", 10, 20, 30);
	expect_order(s, "size", 10, 20, 30);
	stacks_put(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(high_water_is_the_lowest_word),
		cmocka_unit_test(poison_is_seen),
		cmocka_unit_test(frames_stand_in_their_places),
		cmocka_unit_test(what_is_sure_settles_what_is_not),
		cmocka_unit_test(layout_comes_from_btf),
		cmocka_unit_test(bit_fields_are_no_figures),
		cmocka_unit_test(lines_of_stack_files),
		cmocka_unit_test(names_are_learnt_once),
		cmocka_unit_test(value_and_summary),
		cmocka_unit_test(any_column_sorts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
