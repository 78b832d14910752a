/* SPDX-License-Identifier: GPL-2.0-or-later
 * Random scenarios with operations of the kernel's own side, under every profile: the
 * invariants hold after each operation, a second, traced run of it is the same, undoing
 * gives the start, redoing the end.
 * KERNEL_RUNS=10000 runs more of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/sim/check.h"
#include "src/sim/gen.h"
#include "src/sim/klook.h"

enum { RUNS = 240, OPS = 60 };

struct tally { unsigned ok, skipped, astray, oops, panic, signals, stalls; };

static void count(struct tally *t, const char *res)
{
	t->ok += !strcmp(res, "ok");
	t->skipped += !strncmp(res, "skipped", 7);
	t->astray += !strncmp(res, "astray", 6);
	t->oops += !strcmp(res, "oops");
	t->panic += !strcmp(res, "panic");
	t->stalls += !strcmp(res, "stalls");
	t->signals += !strncmp(res, "SIG", 3);
}

static void must_hold(const struct sim *s, const struct sim_profile *p, uint64_t seed, const struct record *r)
{
	struct buf why = BUF_INIT;

	if (!sim_check(s, &why))
		fail_msg("%s, seed %llu, line %u: %s: %s: %s", sim_profile_name(p), (unsigned long long)seed, r->line,
			 r->op, r->res, buf_str(&why));
	buf_free(&why);
}

static void listen(void *ctx, const struct sim_step *step)
{
	unsigned *n = ctx;

	*n += step->func && step->what;
}

static void run_again(struct sim *s, sim_pos from, const struct sim_op *op)
{
	sim_pos to = sim_position(s);
	uint64_t digest = sim_digest(s);
	struct sim_result res;
	unsigned steps = 0;

	assert_true(sim_retrace(s, from, op, &res, listen, &steps));
	assert_true(sim_position(s) == to);
	assert_true(sim_digest(s) == digest);
}

static void play_one(const struct sim_profile *profile, uint64_t seed, struct tally *t)
{
	struct buf text = BUF_INIT, json = BUF_INIT;
	struct scenario *sc = NULL;
	struct record r = { .i = 0 };
	struct sim_options o;
	struct play *p = NULL;
	struct world *w;
	struct sim *s;
	uint64_t start, end;
	sim_pos last;

	gen_scenario(GEN_KERNEL, seed, OPS, &text);
	assert_null(scenario_parse("random", text.data, text.len, &sc));
	check_options_of(sc, NULL, NULL, &o);
	o.profile = profile;
	assert_null(world_sim_open(&o, &w));
	assert_null(play_open(sc, &o, w, &p, &r));
	s = world_sim_machine(w);
	start = sim_digest(s);
	for (size_t i = 0; i < sc->nitems; i++) {
		sim_pos from = sim_position(s);
		struct sim_op op;
		char why[64];
		bool runs;

		if (sc->item[i].kind != ITEM_OP)
			continue;
		runs = scenario_resolve(sc, &p->scope, &sc->item[i].op, &op, why) == VERDICT_RUN &&
		       op.kind != SIM_OP_EXPECT;
		assert_null(play_step(p, &sc->item[i], &r));
		must_hold(s, profile, seed, &r);
		if (runs && seed % 4 == 0)
			run_again(s, from, &op);
		count(t, r.res);
		buf_reset(&json);
		record_json(p, &r, &json);
		assert_int_equal(r.proc, sim_current(s));
		contexts_destroy(sim_contexts(s));
	}
	last = sim_position(s);
	end = sim_digest(s);
	assert_true(sim_seek(s, sim_start(s)));
	assert_true(sim_digest(s) == start);
	assert_true(sim_seek(s, last));
	assert_true(sim_digest(s) == end);
	play_close(p);
	record_free(&r);
	scenario_destroy(sc);
	buf_free(&text);
	buf_free(&json);
}

static void test_random(void **state)
{
	const char *wanted = getenv("KERNEL_RUNS");
	uint64_t runs = wanted ? strtoull(wanted, NULL, 10) : RUNS;
	struct tally t = { 0, 0, 0, 0, 0, 0, 0 };
	size_t profiles = 0;

	(void)state;
	while (sim_profile_at(profiles))
		profiles++;
	for (uint64_t seed = 0; seed < runs; seed++)
		play_one(sim_profile_at(seed % profiles), seed, &t);
	/* Every way an operation can end was met. */
	assert_true(t.ok && t.skipped && t.astray && t.oops && t.panic && t.signals && t.stalls);
	if (wanted)
		print_message("%u ok, %u skipped, %u astray, %u oops, %u panic, %u signals, %u stalls\n", t.ok,
			      t.skipped, t.astray, t.oops, t.panic, t.signals, t.stalls);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
