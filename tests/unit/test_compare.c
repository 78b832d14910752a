/* SPDX-License-Identifier: GPL-2.0-or-later
 * One scenario on two kernels: in step, in line, and the reason of the first difference.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/lessons.h"
#include "src/sim/compare.h"
#include "src/sim/picture.h"

static struct player *player_of_text(const char *text)
{
	char path[] = "/tmp/mmscope-compare-XXXXXX";
	struct player *p = NULL;
	struct error *err;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	err = player_open(path, &p);
	unlink(path);
	if (err)
		fail_msg("%s", err->message);
	return p;
}

static struct compare *with(struct player *p, const char *profile)
{
	struct compare *c = NULL;
	struct error *err = compare_open(p, profile, &c);

	if (err)
		fail_msg("%s", err->message);
	return c;
}

/* Every decision of both stands in one line, in order; equal lines have both. */
static void check_lines(const struct twin *t)
{
	int mine = 0, its = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->line[i].mine >= 0)
			assert_int_equal(t->line[i].mine, mine++);
		if (t->line[i].its >= 0)
			assert_int_equal(t->line[i].its, its++);
		assert_true(!t->line[i].same || (t->line[i].mine >= 0 && t->line[i].its >= 0));
		assert_true(i >= t->first ? i > t->first || !t->line[i].same : t->line[i].same);
	}
	assert_int_equal(mine, t->mine->n);
	assert_int_equal(its, t->its->n);
}

/* Goes to the next difference; the reason must say so. */
static void expect_next(struct compare *c, struct player *p, size_t op, const char *why)
{
	const struct twin *t;
	struct place to;

	assert_true(compare_find(c, p, true, &to));
	assert_int_equal(to.op, op);
	player_show(p, to);
	t = compare_twin(c, p);
	assert_true(t->differs);
	check_lines(t);
	if (!strstr(t->why, why))
		fail_msg("\"%s\" is not in: %s", why, t->why);
	twin_put(t);
}

/* The rule is found by trying: also where it was asked two operations before. */
static void rules(void **state)
{
	struct player *p = player_of_text("profile linux-6.18-x86_64\n"
					  "mmap A 4p rw private anon stack\n"
					  "mmap B 4p rw private anon\n"
					  "touch A 8p w\n"
					  "mmap C 4M rw private anon\n"
					  "stack w -1M\n");
	struct compare *c = with(p, "linux-5.10-x86_64");
	struct place to;

	(void)state;
	expect_next(c, p, 1, "6.12: mmap fixed splits what it will replace");
	expect_next(c, p, 2, "(rule mmap_gathers_first)");
	expect_next(c, p, 3, "6.7: MAP_STACK sets VM_NOHUGEPAGE, so it joins no other mapping. So in "
		    "6.18-x86_64, not yet in 5.10-x86_64");
	expect_next(c, p, 4, "6.7: anonymous memory in multiples of 2 MiB is aligned to 2 MiB");
	expect_next(c, p, 5, "6.7: MAP_STACK");		/* the mapping below is another one */
	assert_false(compare_find(c, p, true, &to));
	assert_true(compare_find(c, p, false, &to));
	assert_int_equal(to.op, 4);
	compare_close(c);
	player_close(p);
}

static void constants(void **state)
{
	struct player *p = player_of_text("profile linux-6.18-x86_64\nmmap A 1p rw private anon\ntouch A w\n"
					  "mmap F 32p r shared file\ntouch F r\n");
	struct compare *c = with(p, "linux-3.10-x86_64");
	const struct twin *t;

	(void)state;
	player_go(p, 4, false);
	t = compare_twin(c, p);
	assert_true(t->differs);
	if (!strstr(t->why, "3.15: a read fault maps what is cached around it. 64 KiB in 6.18-x86_64, 0 bytes in "
			    "3.10-x86_64 (fault_around_bytes)."))
		fail_msg("%s", t->why);
	twin_put(t);
	compare_close(c);
	player_close(p);
}

/* Nothing differs where nothing that differs is asked. */
static void equal(void **state)
{
	struct player *p = player_of_text("profile linux-6.18-x86_64\ntouch data w\nstack w -1M\nfork\ntouch data w\n");
	struct compare *c = with(p, "linux-6.16-x86_64");
	const struct twin *t;
	struct place to;

	(void)state;
	assert_false(compare_find(c, p, true, &to));
	assert_true(place_equal(player_place(p), (struct place){ .complete = true }));
	player_go(p, 4, false);
	t = compare_twin(c, p);
	assert_false(t->differs);
	assert_string_equal(t->why, "");
	assert_string_equal(t->result, "ok");
	assert_string_equal(t->its_result, "ok");
	assert_int_equal(t->first, t->n);
	twin_put(t);
	compare_close(c);
	player_close(p);
}

/* Each decision of the one has the other at its own place; back again leads to the same. */
static void stepping(void **state)
{
	struct player *p = player_of_text("profile linux-6.18-x86_64\nstack w -1M\nstack w -300p\n");
	struct compare *c = with(p, "linux-2.6.39-i386");
	uint64_t forth[400], back[400];
	size_t n = 0, i;

	(void)state;
	player_start(p);
	do {
		const struct twin *t = compare_twin(c, p);

		check_lines(t);
		assert_true(player_place(p).complete ? t->at == t->n :
			    t->line[t->at].mine == (int)player_place(p).decision);
		assert_true(n < 400);
		forth[n++] = t->figure[1].its << 1 ^ t->figure[1].mine ^ t->at;
		twin_put(t);
	} while (player_step(p));
	assert_true(n > 30);
	for (i = n; i-- > 0;) {
		const struct twin *t = compare_twin(c, p);

		back[i] = t->figure[1].its << 1 ^ t->figure[1].mine ^ t->at;
		twin_put(t);
		if (i)
			assert_true(player_step_back(p));
	}
	assert_memory_equal(forth, back, n * sizeof(*forth));
	compare_close(c);
	player_close(p);
}

/* The same overflow of a kernel stack ends as it does in each. */
static void overflow(void **state)
{
	static const char text[] = "profile linux-6.18-x86_64\nsyscall read\nkcall f 4000\nkcall g 4000\n"
				   "kcall h 4000\nkcall i 4000\nkcall j 4000\n";
	struct player *p = player_of_text(text);
	struct compare *c = with(p, "linux-3.10-x86_64");
	const struct twin *t;

	(void)state;
	player_go(p, 3, false);
	t = compare_twin(c, p);
	assert_string_equal(t->result, "ok");
	player_go(p, 6, false);
	twin_put(t);
	t = compare_twin(c, p);
	assert_true(t->differs);
	if (!strstr(t->log, "stack guard page was hit"))
		fail_msg("%s", t->log);
	assert_null(strstr(t->its_log, "guard page"));
	assert_true(*t->why);
	twin_put(t);
	compare_close(c);
	player_close(p);
}

/* Another name of the same function is no difference; what a system call saves is, and the end. */
static void kernel_side(void **state)
{
	static const char text[] = "profile linux-6.18-x86_64\nsyscall read\nkcall f 4000\nkcall g 4000\n";
	struct player *p = player_of_text(text);
	struct compare *c = with(p, "linux-3.10-x86_64");
	struct place to;

	(void)state;
	expect_next(c, p, 1, "(pt_regs)");
	expect_next(c, p, 3, "what an overflow of the kernel stack meets");
	compare_close(c);
	player_start(p);
	c = with(p, "linux-6.1-x86_64");
	assert_false(compare_find(c, p, true, &to));
	compare_close(c);
	player_close(p);
}

static void text_follows(void **state)
{
	struct player *p = player_of_text("profile linux-6.18-x86_64\nmmap A 4p rw private anon\n");
	struct compare *c = with(p, "linux-5.10-x86_64");
	const struct twin *t;
	struct error *err;

	(void)state;
	player_go(p, 1, false);
	twin_put(compare_twin(c, p));
	assert_null(player_run(p, "touch A 4p w"));
	t = compare_twin(c, p);
	assert_string_equal(t->result, "ok");
	assert_string_equal(t->its_result, "ok");
	twin_put(t);
	err = compare_open(p, "linux-6.18-x86_64", &c);
	assert_non_null(err);
	error_destroy(err);
	err = compare_open(p, "linux-1.0", &c);
	assert_non_null(strstr(err->message, "there are: linux-6.18-x86_64"));
	error_destroy(err);
	compare_close(c);
	player_close(p);
}

/* Every shipped scenario, against kernels of three architectures. */
static void all_scenarios(void **state)
{
	static const char *const others[] = { "linux-5.10-x86_64", "linux-4.3-arm64", "linux-2.6.39-i386" };
	struct lessons l;
	struct error *err = lessons_read(NULL, &l);

	(void)state;
	assert_null(err);
	assert_true(l.n > 20);
	for (size_t i = 0; i < l.n; i++) {
		const char *other = others[i % 3];
		struct player *p;
		struct compare *c;
		struct place to;

		assert_null(player_open(l.v[i].path, &p));
		if (!strcmp(sim_profile_name(player_profile(p)), other))
			other = others[(i + 1) % 3];
		c = with(p, other);
		while (compare_find(c, p, true, &to)) {
			const struct twin *t;

			player_show(p, to);
			if (i % 4 == 0 || to.op < 3) {
				t = compare_twin(c, p);
				assert_non_null(t);
				check_lines(t);
				assert_true(t->differs && *t->why);
				twin_put(t);
			}
			player_show(p, (struct place){ .op = to.op, .complete = true });
		}
		compare_close(c);
		player_close(p);
	}
	lessons_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(constants),
		cmocka_unit_test(equal),
		cmocka_unit_test(stepping),
		cmocka_unit_test(overflow),
		cmocka_unit_test(kernel_side),
		cmocka_unit_test(text_follows),
		cmocka_unit_test(all_scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
