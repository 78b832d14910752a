/* SPDX-License-Identifier: GPL-2.0-or-later
 * Physical memory under pressure, against what the functions named here do in each profile's
 * kernel (mm/page_alloc.c, mm/compaction.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/buf.h"
#include "src/sim/profile.h"
#include "src/sim/sim_env.h"
#include "tests/unit/sim_ops.h"

enum { UNMOVABLE, MOVABLE, RECLAIMABLE, TYPES };
enum { MIN, LOW, HIGH };
#define MIB_PAGES 256ull

static const struct sim_profile *const old_rule[] = {
	&profile_linux_2_6_39_i386, &profile_linux_3_10_x86_64, &profile_linux_4_3_arm64, NULL
};
static const struct sim_profile *const new_rule[] = {
	&profile_linux_5_10_x86_64, &profile_linux_6_1_x86_64, &profile_linux_6_12_x86_64,
	&profile_linux_6_16_x86_64, &profile_linux_6_18_x86_64, &profile_linux_7_2_x86_64, NULL
};

static struct sim *with(const struct sim_profile *p, uint64_t mib, const struct sim_env *env)
{
	struct sim_options o;
	struct sim *s;

	sim_options_init(&o);
	o.profile = p;
	o.ram_pages = mib * MIB_PAGES;
	o.seed = 7;
	s = sim_create(&o, env);
	assert_non_null(s);
	return s;
}

static void end(struct sim *s)
{
	check_all(s);
	sim_destroy(s);
}

static struct sim_result alloc(struct sim *s, unsigned order, unsigned type)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_ALLOC, .len = order, .flags = type });
}

static struct sim_result give(struct sim *s, uint64_t block)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_FREE, .value = block + 1 });
}

static struct sim_result fragment(struct sim *s, unsigned keep, unsigned percent, unsigned type)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_FRAGMENT, .len = keep, .value = percent, .flags = type });
}

#define assert_result(r, text) \
	do { \
		struct sim_result r_ = (r); \
		assert_string_equal(sim_result_text(&r_), text); \
	} while (0)

static unsigned largest(const struct sim *s)
{
	unsigned o = 10;

	while (o && !sim_free_blocks(s, o))
		o--;
	return o;
}

/* init_per_zone_wmark_min: sqrt(16 * kB); __setup_per_zone_wmarks: a quarter apart, since 4.6
 * a thousandth of memory if that is more. */
static void test_watermarks(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		struct sim *s = with(sim_profile_at(i), 64, NULL);

		assert_int_equal(sim_watermark(s, MIN), 256);
		assert_int_equal(sim_watermark(s, LOW), 320);
		assert_int_equal(sim_watermark(s, HIGH), 384);
		end(s);
	}
	for (size_t i = 0; old_rule[i]; i++) {
		struct sim *s = with(old_rule[i], 1024, NULL);

		assert_int_equal(sim_watermark(s, MIN), 1024);
		assert_int_equal(sim_watermark(s, LOW), 1024 + 256);
		end(s);
	}
	for (size_t i = 0; new_rule[i]; i++) {
		struct sim *s = with(new_rule[i], 1024, NULL);

		assert_int_equal(sim_watermark(s, LOW), 1024 + 262);
		assert_int_equal(sim_watermark(s, HIGH), 1024 + 2 * 262);
		end(s);
	}
}

/* pageblock_order is HUGETLB_PAGE_ORDER: 4 MiB without PAE, else 2 MiB. */
static void test_pageblocks(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		struct sim *s = with(sim_profile_at(i), 64, NULL);
		unsigned order = sim_profile_at(i) == &profile_linux_2_6_39_i386 ? 10 : 9;

		assert_int_equal(sim_pageblock_order(s), order);
		/* Tables and stacks took the largest movable block at the start: all of it is theirs. */
		assert_int_equal(sim_pageblocks(s, UNMOVABLE), 1024 >> order);
		assert_int_equal(sim_pageblocks(s, RECLAIMABLE), 0);
		end(s);
	}
}

/* expand() and __free_one_page(): whatever was split joins again. */
static void test_split_and_merge(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		struct sim *s = with(sim_profile_at(i), 64, NULL);
		uint64_t before[11], block[11], free = sim_frame_free(s), held = 0;

		for (unsigned o = 0; o <= 10; o++)
			before[o] = sim_free_blocks(s, o);
		for (unsigned o = 0; o <= 10; o++) {
			struct sim_result r = alloc(s, o, MOVABLE);

			assert_result(r, "ok");
			block[o] = r.ret;
			held += 1ull << o;
			assert_int_equal(sim_frame_free(s), free - held);
			check_all(s);
		}
		for (unsigned o = 0; o <= 10; o++)
			assert_result(give(s, block[o]), "ok");
		for (unsigned o = 0; o <= 10; o++)
			assert_int_equal(sim_free_blocks(s, o), before[o]);
		assert_result(give(s, block[3]), "skipped");
		assert_result(alloc(s, 11, MOVABLE), "ENOMEM");
		end(s);
	}
}

/* __zone_watermark_ok: up to 4.3 the frames of smaller blocks are taken off and half of the mark
 * must be left; since 4.4 any block that is large enough will do. */
static void order_one(const struct sim_profile *p, const char *want)
{
	struct sim *s = with(p, 64, NULL);
	uint64_t block[8];

	for (unsigned i = 0; i < 8; i++)
		block[i] = alloc(s, 1, UNMOVABLE).ret;
	assert_result(fragment(s, 0, 20, UNMOVABLE), "ok");
	assert_int_equal(largest(s), 0);
	for (unsigned i = 0; i < 8; i++)
		give(s, block[i]);
	assert_true(largest(s) >= 1);
	assert_true(sim_free_blocks(s, 0) > sim_watermark(s, HIGH));
	assert_result(alloc(s, 0, UNMOVABLE), "ok");
	assert_result(alloc(s, 1, UNMOVABLE), want);
	end(s);
}

static void test_order_one(void **state)
{
	(void)state;
	for (size_t i = 0; old_rule[i]; i++)
		order_one(old_rule[i], "stalls");
	for (size_t i = 0; new_rule[i]; i++)
		order_one(new_rule[i], "ok");
}

/* __alloc_pages_slowpath: up to PAGE_ALLOC_COSTLY_ORDER a GFP_KERNEL request is never given up;
 * above it fails. compact_zone() helps where what is in the way can move. */
static void test_slow_path(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		struct sim *s = with(sim_profile_at(i), 64, NULL);
		uint64_t filler = fragment(s, 0, 30, UNMOVABLE).ret, was = sim_digest(s);

		for (unsigned o = 1; o <= 3; o++)
			assert_result(alloc(s, o, UNMOVABLE), "stalls");
		for (unsigned o = 4; o <= 10; o++)
			assert_result(alloc(s, o, UNMOVABLE), "ENOMEM");
		assert_true(sim_digest(s) == was);
		assert_result(alloc(s, 0, UNMOVABLE), "ok");
		assert_result(give(s, filler), "ok");
		assert_true(largest(s) == 10);
		assert_result(fragment(s, 0, 30, MOVABLE), "ok");
		assert_int_equal(largest(s), 0);
		check_all(s);
		assert_result(alloc(s, 2, UNMOVABLE), "ok");
		end(s);
	}
}

/* alloc_thread_info, alloc_thread_stack_node: a block of THREAD_SIZE_ORDER, or single frames. */
static void test_kernel_stacks(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const struct sim_profile *p = sim_profile_at(i);
		bool pages = p->kernel->source == STACK_PAGES;
		struct sim *s = with(p, 64, NULL);
		uint64_t filler = fragment(s, 0, 30, UNMOVABLE).ret, was = sim_digest(s);

		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_FORK }), pages ? "stalls" : "ok");
		if (pages)
			assert_true(sim_digest(s) == was);
		/* A stack of one page needs no block, whatever the source. */
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_KTHREAD, .name = "small", .len = 4096 }), "ok");
		assert_result(give(s, filler), "ok");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_FORK }), "ok");
		end(s);
	}
}

/* can_steal_fallback and before: who claims a pageblock. In every kernel a large block changes its
 * pageblock's type; a reclaimable request claims as soon as half of a pageblock is free. */
static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		struct sim *s = with(sim_profile_at(i), 64, NULL);
		uint64_t block = alloc(s, 0, RECLAIMABLE).ret;

		assert_int_equal(sim_pageblocks(s, RECLAIMABLE), 1024 >> sim_pageblock_order(s));
		for (unsigned o = 0; o < 10; o++)
			assert_int_equal(sim_free_blocks_of(s, o, RECLAIMABLE), 1);
		give(s, block);
		/* The type stays: nobody gives a pageblock back. */
		assert_int_equal(sim_pageblocks(s, RECLAIMABLE), 1024 >> sim_pageblock_order(s));
		assert_int_equal(sim_free_blocks_of(s, 10, RECLAIMABLE), 1);
		end(s);
	}
}

static uint64_t blocks_of(const struct sim *s, unsigned type)
{
	return sim_free_blocks_of(s, 0, type) + sim_free_blocks_of(s, 1, type) + sim_free_blocks_of(s, 2, type);
}

/* Blocks of order 2 are left, all of them movable. */
static struct sim *only_small(const struct sim_profile *p)
{
	struct sim *s = with(p, 64, NULL);

	assert_result(fragment(s, 2, 40, MOVABLE), "ok");
	while (blocks_of(s, UNMOVABLE))
		assert_result(alloc(s, 0, UNMOVABLE), "ok");
	assert_true(blocks_of(s, MOVABLE) > 0);
	return s;
}

/* __rmqueue_fallback: 3.5 to 6.9 hands what is left of a borrowed block to the type that
 * borrows; before and since it stays where it was. */
static void test_remainder(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const struct sim_profile *p = sim_profile_at(i);
		struct sim *s = only_small(p);
		bool moves = !p->rule[SIM_RULE_remainder_keeps_type];

		assert_result(alloc(s, 0, UNMOVABLE), "ok");
		assert_int_equal(blocks_of(s, UNMOVABLE) > 0, moves);
		end(s);
	}
}

struct failing { unsigned calls, at; };

static bool fail_at(void *ctx, const char *what)
{
	struct failing *f = ctx;

	(void)what;
	return ++f->calls == f->at;
}

/* An allocation that is refused takes the whole operation back. */
static void test_injected(void **state)
{
	static const struct sim_op ops[] = {
		{ .kind = SIM_OP_ALLOC, .len = 1 }, { .kind = SIM_OP_FRAGMENT, .len = 0, .value = 20 },
		{ .kind = SIM_OP_FORK },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
		for (unsigned at = 1;; at++) {
			struct failing f = { .at = 0 };
			struct sim_env env = sim_env_host;
			struct sim *s;
			uint64_t was;

			env.ctx = &f;
			env.fail = fail_at;
			s = with(&profile_linux_3_10_x86_64, 16, &env);
			was = sim_digest(s);
			f = (struct failing){ .at = at };
			if (run(s, ops[k]).status == SIM_OK) {
				assert_true(at > 1);
				end(s);
				break;
			}
			assert_true(sim_digest(s) == was);
			end(s);
		}
}

/* Random requests of every order and type, with processes that touch, fork and end. */
static void random_run(const struct sim_profile *p, uint64_t seed)
{
	struct sim *s = with(p, 16, NULL);
	struct sim_random r = random_for(s, seed);
	uint64_t start = sim_digest(s), a = map(s, 64, RW, ANON_PRIVATE), end_state;
	sim_pos last;

	for (unsigned i = 0; i < 120; i++) {
		uint64_t x = random_next(&r);

		switch (x % 8) {
		case 0: case 1: case 2:
			alloc(s, x / 8 % 12, x / 128 % TYPES);
			break;
		case 3: case 4:
			give(s, x / 8 % 60);
			break;
		case 5:
			if (x / 8 % 6 == 0)
				fragment(s, x / 64 % 4, x / 512 % 51, x / 65536 % TYPES);
			break;
		case 6:
			touch(s, a + x / 8 % 64 * P, 1 + x / 512 % 8, 'w');
			break;
		default:
			run(s, (struct sim_op){ .kind = x / 8 % 3 ? SIM_OP_FORK : SIM_OP_EXIT });
		}
		check_all(s);
	}
	last = sim_position(s);
	end_state = sim_digest(s);
	assert_true(sim_seek(s, sim_start(s)));
	assert_true(sim_digest(s) == start);
	assert_true(sim_seek(s, last));
	assert_true(sim_digest(s) == end_state);
	end(s);
}

static void test_random(void **state)
{
	const char *wanted = getenv("PHYS_RUNS");
	uint64_t runs = wanted ? strtoull(wanted, NULL, 10) : 45;
	size_t profiles = 0;

	(void)state;
	while (sim_profile_at(profiles))
		profiles++;
	for (uint64_t seed = 0; seed < runs; seed++)
		random_run(sim_profile_at(seed % profiles), seed + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watermarks),   cmocka_unit_test(test_pageblocks),
		cmocka_unit_test(test_split_and_merge), cmocka_unit_test(test_order_one),
		cmocka_unit_test(test_slow_path),    cmocka_unit_test(test_kernel_stacks),
		cmocka_unit_test(test_claims),	     cmocka_unit_test(test_remainder),
		cmocka_unit_test(test_injected),     cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
