/* SPDX-License-Identifier: GPL-2.0-or-later
 * The machine in time: a second, traced run of an operation is the same and leaves later history
 * as it was; every moment inside of one can be gone to. test_sim_profiles.c has the histories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/sim_ops.h"

#define OPS 60

struct steps {
	unsigned n, depth;
	sim_pos last;
	bool ordered;
};

static void count_step(void *ctx, const struct sim_step *step)
{
	struct steps *c = ctx;

	c->n++;
	if (step->depth > c->depth)
		c->depth = step->depth;
	if (step->pos < c->last || !step->func || !step->what)
		c->ordered = false;
	c->last = step->pos;
}

/* Undone and redone with a listener: the same result, the same state, and later history stays. */
static void test_retrace(void **state)
{
	struct sim *s = machine_of(NULL, NULL, 20000);
	struct sim_random r = { .state = 77, .base = 0x200000000000ull };
	struct sim_op op[OPS];
	struct sim_result res[OPS];
	uint64_t digest[OPS + 1];
	sim_pos pos[OPS + 1];

	(void)state;
	for (int i = 0; i < OPS; i++) {
		pos[i] = sim_position(s);
		digest[i] = sim_digest(s);
		op[i] = random_op(&r, s);
		res[i] = run(s, op[i]);
	}
	pos[OPS] = sim_position(s);
	digest[OPS] = sim_digest(s);
	for (int i = OPS - 1; i >= 0; i--) {
		struct steps c = { .last = pos[i], .ordered = true };
		struct sim_result again;

		assert_true(sim_retrace(s, pos[i], &op[i], &again, count_step, &c));
		assert_memory_equal(&again, &res[i], sizeof(again));
		assert_true(sim_position(s) == pos[i + 1]);
		assert_true(sim_digest(s) == digest[i + 1]);
		assert_true(c.ordered);
		assert_true(sim_last(s) == pos[OPS]);
	}
	assert_true(sim_seek(s, pos[OPS]));
	assert_true(sim_digest(s) == digest[OPS]);
	sim_destroy(s);
}

struct moments {
	sim_pos pos[512];
	size_t n;
};

static void note_moment(void *ctx, const struct sim_step *step)
{
	struct moments *m = ctx;

	if (m->n < 512 && (!m->n || m->pos[m->n - 1] != step->pos))
		m->pos[m->n++] = step->pos;
}

/* Every decision of an operation can be gone to, forward and back, and is the same each time. */
static void test_inside_an_operation(void **state)
{
	struct sim *s = machine_of(NULL, NULL, 20000);
	uint64_t a = map(s, 600, RW, ANON_PRIVATE), end, seen[512];
	struct sim_op op = { .kind = SIM_OP_FORK };
	struct moments m = { .n = 0 };
	struct sim_result r;
	sim_pos pos, last;

	(void)state;
	touch(s, a, 600, 'w');
	pos = sim_position(s);
	run(s, op);
	last = sim_position(s);
	end = sim_digest(s);
	assert_true(sim_retrace(s, pos, &op, &r, note_moment, &m));
	assert_true(m.n > 5);
	for (size_t i = 0; i < m.n; i++) {
		assert_true(sim_seek(s, m.pos[i]));
		assert_true(sim_position(s) == m.pos[i]);
		seen[i] = sim_digest(s);
	}
	assert_true(sim_seek(s, last));
	assert_true(sim_digest(s) == end);
	for (size_t i = m.n; i-- > 0;) {
		assert_true(sim_seek(s, m.pos[i]));
		assert_true(sim_digest(s) == seen[i]);
	}
	sim_destroy(s);
}

static void test_retrace_start(void **state)
{
	struct sim *s = machine_of(NULL, NULL, 20000);
	struct steps c = { .ordered = true };
	uint64_t before = sim_digest(s);

	(void)state;
	assert_true(sim_retrace_start(s, count_step, &c));
	assert_true(sim_position(s) == sim_start(s));
	assert_true(sim_digest(s) == before);
	assert_true(c.n > 20 && c.depth > 2 && c.ordered);
	assert_true(sim_seek(s, 0));
	assert_false(sim_proc_alive(s, 0));
	sim_destroy(s);
}

/* A machine of little memory runs out of it: the same promise. */
static void test_memory_out(void **state)
{
	struct sim *s = machine_of(NULL, NULL, 512);
	uint64_t a = map(s, 1000, RW, ANON_PRIVATE | 0x4000), before;
	struct sim_result r;

	(void)state;
	r = touch(s, a, 300, 'w');
	assert_string_equal(sim_result_text(&r), "ok");
	before = sim_digest(s);
	r = touch(s, a, 1000, 'w');
	assert_int_equal(r.status, SIM_SIGNAL);
	assert_int_equal(r.sig, SIM_SIG_OOM);
	assert_true(sim_digest(s) == before);
	check_all(s);
	r = run(s, (struct sim_op){ .kind = SIM_OP_MUNMAP, .addr = a, .len = 1000 * P });
	assert_string_equal(sim_result_text(&r), "ok");
	check_all(s);
	sim_destroy(s);
}

static void test_new_history_ends_the_undone(void **state)
{
	struct sim *s = machine_of(NULL, NULL, 4096);
	sim_pos a, b;

	(void)state;
	a = sim_position(s);
	map(s, 4, RW, ANON_PRIVATE);
	b = sim_position(s);
	assert_true(b > a);
	assert_true(sim_seek(s, a));
	assert_true(sim_last(s) == b);
	run(s, (struct sim_op){ .kind = SIM_OP_MUNLOCKALL });
	assert_true(sim_last(s) == sim_position(s));
	assert_false(sim_seek(s, b));
	sim_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retrace),
		cmocka_unit_test(test_retrace_start),
		cmocka_unit_test(test_inside_an_operation),
		cmocka_unit_test(test_memory_out),
		cmocka_unit_test(test_new_history_ends_the_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
