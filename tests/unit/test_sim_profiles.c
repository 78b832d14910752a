/* SPDX-License-Identifier: GPL-2.0-or-later
 * What holds in every profile: the invariants after any operation, every moment can be
 * returned to, a second run is the same, a refused allocation changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/sim/sim_env.h"
#include "tests/unit/sim_ops.h"

#define OPS 60
#define LONG 10000

static void run_long(const struct sim_profile *p)
{
	struct sim *s = machine_of(p, NULL, 20000);
	struct sim_random r = random_for(s, 5);

	for (int i = 1; i <= LONG; i++) {
		run(s, random_op(&r, s));
		if (i % 10 == 0)
			check_all(s);
	}
	sim_destroy(s);
}

static void history(const struct sim_profile *p, uint64_t seed)
{
	struct sim *s = machine_of(p, NULL, 20000);
	struct sim_random r = random_for(s, seed);
	uint64_t digest[OPS + 1];
	sim_pos pos[OPS + 1];

	digest[0] = sim_digest(s);
	pos[0] = sim_position(s);
	for (int i = 1; i <= OPS; i++) {
		run(s, random_op(&r, s));
		check_all(s);
		digest[i] = sim_digest(s);
		pos[i] = sim_position(s);
	}
	for (int i = 0; i < 40; i++) {
		size_t k = random_next(&r) % (OPS + 1);

		assert_true(sim_seek(s, pos[k]));
		assert_true(sim_digest(s) == digest[k]);
	}
	assert_true(sim_seek(s, sim_first(s)));
	assert_true(sim_seek(s, pos[OPS]));
	assert_true(sim_digest(s) == digest[OPS]);
	assert_false(sim_seek(s, pos[OPS] + 1));
	sim_destroy(s);
}

static void nothing(void *ctx, const struct sim_step *step)
{
	(void)ctx;
	assert_non_null(step->func);
}

static void again(const struct sim_profile *p, uint64_t seed)
{
	struct sim *s = machine_of(p, NULL, 20000);
	struct sim_random r = random_for(s, seed);

	for (int i = 0; i < OPS; i++) {
		struct sim_op op = random_op(&r, s);
		sim_pos pos = sim_position(s);
		struct sim_result first = run(s, op), second;
		uint64_t digest = sim_digest(s);

		assert_true(sim_retrace(s, pos, &op, &second, nothing, NULL));
		assert_memory_equal(&second, &first, sizeof(first));
		assert_true(sim_digest(s) == digest);
	}
	sim_destroy(s);
}

struct inject {
	unsigned count, at;
};

static bool inject_fail(void *ctx, const char *what)
{
	struct inject *i = ctx;

	(void)what;
	return ++i->count == i->at;
}

/* Every allocation of an operation is refused once; only then it may succeed. */
static void injected(const struct sim_profile *p, uint64_t seed)
{
	struct inject in = { 0, 0 };
	struct sim_env env = sim_env_host;
	struct sim_random r;
	struct sim *s;

	env.ctx = &in;
	env.fail = inject_fail;
	s = machine_of(p, &env, 20000);
	r = random_for(s, seed);
	for (int i = 0; i < OPS; i++) {
		struct sim_op op = random_op(&r, s);
		uint64_t before = sim_digest(s);
		sim_pos pos = sim_position(s);

		for (unsigned at = 1; at <= 60; at++) {
			struct sim_result res;

			in = (struct inject){ 0, at };
			res = run(s, op);
			if (in.count < at)
				break;
			assert_true(sim_digest(s) == before);
			assert_true(sim_position(s) == pos);
			assert_true(res.status != SIM_OK);
			if (res.status == SIM_ERRNO)
				assert_string_equal(sim_result_text(&res), "ENOMEM");
		}
		if (in.count >= in.at) {
			in = (struct inject){ 0, 0 };
			run(s, op);
		}
		check_all(s);
	}
	sim_destroy(s);
}

/* The default profile, the first one, more often. */
static void each(void (*fn)(const struct sim_profile *p, uint64_t seed), unsigned seeds)
{
	for (size_t i = 0; sim_profile_at(i); i++)
		for (uint64_t seed = 1; seed <= (i ? seeds : 6 * seeds); seed++)
			fn(sim_profile_at(i), seed + 100 * i);
}

static void test_long(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++)
		run_long(sim_profile_at(i));
}

static void test_history(void **state)
{
	(void)state;
	each(history, 10);
}

static void test_again(void **state)
{
	(void)state;
	each(again, 4);
}

static void test_injection(void **state)
{
	(void)state;
	each(injected, 2);
}

/* A name for each, and what it stands on. */
static void test_proof(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const struct sim_profile *p = sim_profile_at(i);
		const char *proof = sim_profile_proof(p);

		assert_ptr_equal(sim_profile_find(sim_profile_name(p)), p);
		assert_true(sim_profile_proven(p) == !strncmp(proof, "proven on ", 10));
		assert_true(sim_profile_proven(p) || !strncmp(proof, "from the source of ", 19));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proof),	   cmocka_unit_test(test_long),
		cmocka_unit_test(test_history),	   cmocka_unit_test(test_again),
		cmocka_unit_test(test_injection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
