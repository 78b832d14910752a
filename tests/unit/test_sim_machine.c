/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated machine does what the kernel was seen to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/buf.h"
#include "tests/unit/sim_ops.h"

static int setup(void **state)
{
	struct sim_options o;

	sim_options_init(&o);
	*state = sim_create(&o, NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	check_all(*state);
	sim_destroy(*state);
	return 0;
}

#define assert_result(r, text) \
	do { \
		struct sim_result r_ = (r); \
		assert_string_equal(sim_result_text(&r_), text); \
	} while (0)

static void test_start(void **state)
{
	struct sim *s = *state;
	struct sim_mm mm = mm_now(s);

	assert_int_equal(mm.vm_peak, 176);
	assert_int_equal(mm.vm_size, 144);
	assert_int_equal(mm.vm_data, 8);
	assert_int_equal(mm.vm_stk, 132);
	assert_int_equal(mm.vm_exe, 4);
	assert_int_equal(mm.vm_lib, 0);
	assert_int_equal(mm.vm_pte, 24);
	assert_int_equal(mm.rss_anon, 4);
	assert_int_equal(mm.rss_file, 4);
	assert_int_equal(mm.minflt, 0);
	assert_true(mm.mmap_base == 0x7ffff7fff000);
	assert_true(sim_sp(s) == 0x7fffffffee30);
	assert_int_equal(sim_vma_count(s, 0), 4);
	assert_string_equal(letters(s, 0x400000), "F");
	assert_string_equal(letters(s, 0x7fffffffe000), "32.A");
	assert_int_equal(sim_frame_total(s), 6171024);
}

static void test_demand_paging(void **state)
{
	struct sim *s = *state;
	uint64_t a = map(s, 4, RW, ANON_PRIVATE);

	assert_true(a == 0x7ffff7ffb000);
	assert_result(touch(s, a + P, 1, 'r'), "ok");
	assert_string_equal(letters(s, a), ".Z2.");
	assert_int_equal(mm_now(s).rss_anon, 4);
	assert_result(touch(s, a + P, 1, 'w'), "ok");
	assert_string_equal(letters(s, a), ".A2.");
	assert_int_equal(mm_now(s).rss_anon, 8);
	assert_int_equal(mm_now(s).minflt, 2);
	assert_int_equal(mm_now(s).vm_pte, 28);
}

static void test_growth(void **state)
{
	struct sim *s = *state;
	uint64_t top = 0x7ffffffff000, sp = sim_sp(s), low;
	struct sim_op limit = { .kind = SIM_OP_SETRLIMIT,
				.limit = SIM_LIMIT_STACK,
				.value = 1 << 20 };

	assert_result(touch(s, sp - (1 << 20), 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_stk, 1028);
	assert_result(touch(s, sp - (9 << 20), 1, 'w'), "SIGSEGV MAPERR");
	assert_result(touch(s, top - (8 << 20), 1, 'r'), "ok");
	assert_result(touch(s, top - (8 << 20) - 1, 1, 'r'), "SIGSEGV MAPERR");
	run(s, limit);
	assert_result(touch(s, top - (8 << 20), 1, 'w'), "ok");
	limit.value = SIM_UNLIMITED;
	run(s, limit);
	assert_result(touch(s, top - (9 << 20), 1, 'w'), "ok");
	/* 256 free pages are needed to a mapping below, and are enough. */
	low = top - (12 << 20);
	assert_result(map_at(s, low, 1, RW, ANON_PRIVATE), "ok");
	assert_result(touch(s, low + P + 255 * P, 1, 'w'), "SIGSEGV MAPERR");
	assert_result(touch(s, low + P + 256 * P, 1, 'w'), "ok");
	/* None to one without any permission. */
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MPROTECT, .addr = low, .len = P }),
		      "ok");
	assert_result(touch(s, low + P, 1, 'w'), "ok");
	assert_result(touch(s, low, 1, 'w'), "SIGSEGV ACCERR");
}

static void test_fork_and_cow(void **state)
{
	struct sim *s = *state;
	uint64_t a = map(s, 4, RW, ANON_PRIVATE);

	touch(s, a, 2, 'w');
	assert_int_equal(run(s, (struct sim_op){ .kind = SIM_OP_FORK }).child, 1);
	assert_int_equal(sim_current(s), 1);
	assert_int_equal(mm_now(s).minflt, 1);
	assert_string_equal(letters(s, a), "2a2.");
	touch(s, a, 1, 'w');
	assert_string_equal(letters(s, a), "Aa2.");
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_EXIT }), "ok");
	assert_int_equal(sim_current(s), 0);
	assert_string_equal(letters(s, a), "2A2.");
	assert_int_equal(mm_now(s).minflt, 2);
	touch(s, a, 1, 'w'); /* exclusive again, still write-protected: a fault, no copy */
	assert_int_equal(mm_now(s).minflt, 3);
	assert_int_equal(mm_now(s).rss_anon, 12);
}

static void test_merging(void **state)
{
	struct sim *s = *state;
	uint64_t a = 0x10000000;

	map_at(s, a, 1, RW, ANON_PRIVATE);
	map_at(s, a + 2 * P, 1, RW, ANON_PRIVATE);
	assert_int_equal(sim_vma_count(s, 0), 6);
	map_at(s, a + P, 1, RW, ANON_PRIVATE);
	assert_int_equal(sim_vma_count(s, 0), 5);
	run(s, (struct sim_op){ .kind = SIM_OP_MUNMAP, .addr = a, .len = 3 * P });
	map_at(s, a, 1, RW, ANON_PRIVATE);
	map_at(s, a + 2 * P, 1, RW, ANON_PRIVATE);
	touch(s, a, 1, 'w');
	touch(s, a + 2 * P, 1, 'w');		/* two different anon_vmas never merge */
	map_at(s, a + P, 1, RW, ANON_PRIVATE);
	assert_int_equal(sim_vma_count(s, 0), 6);
	assert_string_equal(letters(s, a), "A.");
}

static void test_split_limit(void **state)
{
	struct sim *s = *state;
	struct sim_result r = { 0 };
	unsigned n = 0;

	while (sim_vma_count(s, 0) < 65531) {
		r = map_at(s, 0x100000000 + n * P, 1, n & 1 ? 3 : 1, ANON_PRIVATE);
		n++;
		if (r.status != SIM_OK)
			break;
	}
	assert_result(r, "ok");
	assert_result(map_at(s, 0x800000000, 1, 1, ANON_PRIVATE), "ENOMEM");
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MPROTECT,
					      .addr = 0x100000000,
					      .len = 65000 * P,
					      .prot = 1 }),
		      "ok");
	assert_true(sim_vma_count(s, 0) < 1000);
}

static void test_placement(void **state)
{
	struct sim *s = *state;
	uint64_t a = map(s, 1, RW, ANON_PRIVATE), b = map(s, 1, 1, ANON_PRIVATE),
		 c = map(s, 512, RW, ANON_PRIVATE);

	assert_true(b == a - P);
	assert_true((c & ((2 << 20) - 1)) == 0);
	assert_result(map_at(s, 0x1000, 1, RW, ANON_PRIVATE), "ok");
	assert_result(map_at(s, 0x0ull + 0x7ffffffff000, 1, RW, ANON_PRIVATE), "ENOMEM");
	assert_true(run(s, (struct sim_op){ .kind = SIM_OP_MMAP,
					    .addr = 0x2000,
					    .len = P,
					    .prot = 3,
					    .flags = ANON_PRIVATE })
			    .ret == 0x10000);
}

static void test_thread(void **state)
{
	struct sim *s = *state;
	uint64_t size = mm_now(s).vm_size;
	struct sim_result r = run(s, (struct sim_op){ .kind = SIM_OP_THREAD, .guard = P });
	struct sim_task t;

	assert_result(r, "ok");
	assert_int_equal(mm_now(s).vm_size, size + 8196);
	assert_true(sim_task_get(s, 1, &t));
	assert_true(t.stack_end - t.stack_start == 8 << 20);
	assert_result(touch(s, t.stack_start, 1, 'w'), "ok");
	assert_result(touch(s, t.guard_start, 1, 'w'), "SIGSEGV ACCERR");
	assert_result(touch(s, t.guard_start - 1, 1, 'w'), "SIGSEGV MAPERR");
}

static void test_exec(void **state)
{
	struct sim *s = *state;

	touch(s, map(s, 100, RW, ANON_PRIVATE), 100, 'w');
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_EXEC, .len = 100000 }), "ok");
	assert_int_equal(mm_now(s).vm_stk, 228);
	assert_int_equal(sim_vma_count(s, 0), 4);
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_EXEC, .len = 3 << 20 }), "E2BIG");
	assert_int_equal(mm_now(s).vm_stk, 228);
}

static void test_file_beyond_end(void **state)
{
	struct sim *s = *state;
	struct sim_op op = {
		.kind = SIM_OP_MMAP, .len = 70 * P, .prot = 3, .flags = 1, .backing = SIM_FILE
	};
	uint64_t a = run(s, op).ret;

	assert_result(touch(s, a + 40 * P, 1, 'r'), "ok");
	assert_int_equal(mm_now(s).rss_file, 4 + 64);
	assert_result(touch(s, a + 64 * P, 1, 'r'), "SIGBUS ADRERR");
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_TRUNCATE, .len = 10 * P }), "ok");
	assert_result(touch(s, a + 40 * P, 1, 'r'), "SIGBUS ADRERR");
	assert_int_equal(mm_now(s).rss_file, 4);
	assert_true(sim_file_len(s) == 10 * P);
}

static void test_frames(void **state)
{
	struct sim *s = *state;
	uint64_t before = sim_frame_free(s), n = 0, list[64];
	uint64_t a = map(s, 64, RW, ANON_PRIVATE);
	struct sim_walk_level w[5];
	struct sim_frame f;

	touch(s, a, 64, 'w');
	assert_true(sim_frame_free(s) == before - 65);		/* the pages and a table */
	assert_int_equal(sim_walk(s, 0, a, w), 5);
	assert_string_equal(w[0].name, "pgd");
	assert_string_equal(w[4].name, "pte");
	sim_frame_get(s, w[4].entry_pfn, &f);
	assert_int_equal(f.kind, SIM_FRAME_ANON);
	assert_int_equal(f.mapcount, 1);
	assert_true(f.addr == a);
	sim_frame_get(s, w[4].table_pfn, &f);
	assert_int_equal(f.kind, SIM_FRAME_TABLE);
	for (unsigned o = 0; o <= 10; o++)
		n += sim_free_blocks(s, o) << o;
	assert_true(n <= sim_frame_free(s) &&
		    n + 3 * 32 > sim_frame_free(s)); /* some on the per-CPU lists */
	assert_true(sim_free_list(s, 10, list, 64) == 64);
	run(s, (struct sim_op){ .kind = SIM_OP_MUNMAP, .addr = a, .len = 64 * P });
	assert_true(sim_frame_free(s) == before);
}

static void test_step_text(void **state)
{
	struct buf b = BUF_INIT;
	struct sim_step step = { .kind = SIM_STEP_TEST,
				 .func = "acct_stack_growth",
				 .what = "RLIMIT_STACK",
				 .aname = "size",
				 .a = 9000000,
				 .cmp = SIM_C_GT,
				 .bname = "limit",
				 .b = 8388608,
				 .unit = SIM_U_BYTES,
				 .outcome = true,
				 .taken = "ENOMEM",
				 .otherwise = "go on" };

	(void)state;
	sim_step_text(&step, &b);
	assert_string_equal(
		buf_str(&b),
		"acct_stack_growth: RLIMIT_STACK: size 9000000 > limit 8388608? yes: ENOMEM (else: go on)");
	buf_free(&b);
}

struct names {
	char text[4096];
	bool growth, signal;
};

static void note_name(void *ctx, const struct sim_step *step)
{
	struct names *n = ctx;
	size_t at = strlen(n->text);

	snprintf(n->text + at, sizeof(n->text) - at, "%s ", step->func);
	n->growth |= step->event == SIM_EV_GROWTH;
	n->signal |= step->event == SIM_EV_SIGNAL;
}

/* The decisions of a fault stand in the kernel's order: growth before permission before the page. */
static void test_decisions(void **state)
{
	static const char *const order[] = { "exc_page_fault",	  "find_vma",
					     "expand_downwards",  "acct_stack_growth",
					     "access_error",	  "__handle_mm_fault",
					     "do_anonymous_page", "mm_account_fault" };
	struct sim *s = *state;
	struct sim_op op = {
		.kind = SIM_OP_TOUCH, .addr = sim_sp(s) - (1 << 20), .pages = 1, .mode = 'w'
	};
	struct names n = { "", false, false };
	struct sim_result r;
	const char *at = n.text;
	sim_pos pos = sim_position(s);

	assert_result(run(s, op), "ok");
	assert_true(sim_retrace(s, pos, &op, &r, note_name, &n));
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		at = strstr(at, order[i]);
		assert_non_null(at);
	}
	assert_true(n.growth && !n.signal);
	op.addr = sim_sp(s) - (9 << 20);
	n = (struct names){ "", false, false };
	pos = sim_position(s);
	assert_result(run(s, op), "SIGSEGV MAPERR");
	assert_true(sim_retrace(s, pos, &op, &r, note_name, &n));
	assert_true(!n.growth && n.signal);
	assert_null(strstr(n.text, "do_anonymous_page"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_demand_paging, setup, teardown),
		cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork_and_cow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merging, setup, teardown),
		cmocka_unit_test_setup_teardown(test_split_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_placement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_beyond_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_step_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_decisions, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
