/* SPDX-License-Identifier: GPL-2.0-or-later
 * A target that moves: what is on screen is right at the next sample, the rest soon; a
 * target that rests costs no new picture; exec, exit and dead leaders are told.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/proclist.h"
#include "src/live/live.h"
#include "tests/truth/truth.h"

/* Only a source that hangs takes so long; a slow machine does not. */
#define PATIENCE_NS 20000000000ull

static struct source *open_live(pid_t pid, unsigned without)
{
	struct live_options lo = { .without = without };
	struct source_options o = { .proc_root = "/proc" };
	struct source *src;
	struct error *err = live_open(pid, &o, &lo, &src);

	if (err)
		fail_msg("%s", err->message);
	return src;
}

static const struct snapshot *take(struct source *src, const struct source_want *want)
{
	const struct snapshot *s;
	struct error *err = src->ops->sample(src, want, &s);

	if (err)
		fail_msg("%s", err->message);
	return s;
}

/* A complete sample in which every thread has got to where it sleeps. */
static const struct snapshot *take_asleep(struct source *src)
{
	struct source_want want = { .everything = true };
	uint64_t began = clock_now_ns();

	for (;;) {
		const struct snapshot *s = take(src, &want);
		size_t awake = 0;

		for (size_t i = 0; i < s->tasks->n; i++)
			awake += s->tasks->tasks[i].syscall < 0;
		if (!awake)
			return s;
		snapshot_put(s);
		if (clock_now_ns() - began > PATIENCE_NS)
			fail_msg("%zu threads never came to rest", awake);
	}
}

static struct span last_of(struct target *t)
{
	struct span s = { 0, 0 };
	unsigned long long a, b;

	if (sscanf(target_do(t, "last"), "%llx %llx", &a, &b) == 2)
		s = (struct span){ a, b };
	return s;
}

static const char *compare(struct target *t, const struct snapshot *s)
{
	const char *d = truth_layout(t->pid, s);

	if (!*d)
		d = truth_pages(t->pid, s);
	return *d ? d : truth_sums(t->pid, s);
}

/* Samples as a view without anything on screen does until the whole picture is true. */
static void becomes_true(struct target *t, struct source *src, const char *after)
{
	struct source_want want = { .budget_ns = 2000000 };
	uint64_t began = clock_now_ns();
	const char *d = "never looked";

	while (*d && clock_now_ns() - began < PATIENCE_NS) {
		const struct snapshot *s = take(src, &want);

		d = compare(t, s);
		snapshot_put(s);
	}
	if (*d)
		fail_msg("after '%s': %s", after, d);
}

static const char *const moves[] = {
	"map 4M", "touch 1M", "drop 512K", "protect 64K", "unmap 128K", "stack 2M", "heap 1M",
	"threads 5", "cow 256K", "touch 256K", "zero 64K", "guard 64K", "thp 4M", "vmas 3000",
	"unmap 1M", "reserve 8G", "unmap 0", "name here", "resident 40M", "drop 20M",
};

static void test_off_screen(void **state)
{
	static const unsigned without[] = { 0, WITHOUT_SCAN, WITHOUT_PROCMAP | WITHOUT_CLOCK };

	(void)state;
	for (size_t w = 0; w < ARRAY_LEN(without); w++) {
		struct target t = target_start((const char *const[]){ "--resident", "256K", NULL });
		struct source *src = open_live(t.pid, without[w]);

		becomes_true(&t, src, "start");
		for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
			target_do(&t, moves[i]);
			becomes_true(&t, src, moves[i]);
		}
		src->ops->close(src);
		target_stop(&t);
	}
}

/* The one VMA that contains addr: as maps has it at the very next sample. */
static void window_is_true(struct target *t, const struct snapshot *s, struct span w,
			   const char *after)
{
	struct snapshot *part = snapshot_copy(s);
	struct layout *l = layout_create(s->layout->strings, s->layout->n);
	const char *d;
	char line[4096];
	FILE *f;

	l->n = 0;
	for (size_t i = layout_next(s->layout, w.start); i < s->layout->n; i++)
		if (s->layout->vmas[i].start < w.end)
			l->vmas[l->n++] = s->layout->vmas[i];
	layout_put(part->layout);
	part->layout = l;
	d = truth_pages(t->pid, part);
	if (*d)
		fail_msg("after '%s', on screen: %s", after, d);
	snprintf(line, sizeof(line), "/proc/%d/maps", (int)t->pid);
	f = fopen(line, "r");
	assert_non_null(f);
	for (size_t i = 0; fgets(line, sizeof(line), f);) {
		unsigned long long a, b;
		char perms[8], own[5];

		sscanf(line, "%llx-%llx %7s", &a, &b, perms);
		if (b <= w.start || a >= w.end)
			continue;
		if (i >= l->n || l->vmas[i].start != a || l->vmas[i].end != b ||
		    strcmp(vma_perms(&l->vmas[i], own), perms))
			fail_msg("after '%s', on screen: no %s", after, line);
		i++;
	}
	fclose(f);
	snapshot_put(part);
}

static void test_on_screen(void **state)
{
	struct target t = target_start((const char *const[]){ "--vmas", "20000", "--map", "8M",
							      NULL });
	struct span w = last_of(&t);
	struct source_want want = { .visible = &w, .nvisible = 1, .rows = &w, .nrows = 1,
				    .budget_ns = 3000000 };
	static const char *const here[] = {
		"touch 2M", "drop 128K", "touch 4M", "protect 64K", "unmap 256K",
	};
	struct source *src = open_live(t.pid, 0);

	(void)state;
	snapshot_put(take(src, &want));
	for (size_t i = 0; i < ARRAY_LEN(here); i++) {
		const struct snapshot *s;

		target_do(&t, here[i]);
		s = take(src, &want);
		window_is_true(&t, s, w, here[i]);
		snapshot_put(s);
	}
	src->ops->close(src);
	target_stop(&t);
}

/* What was not looked at yet is never called absent. */
static void test_unseen_is_not_absent(void **state)
{
	struct target t = target_start((const char *const[]){ "--vmas", "3000", NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .budget_ns = 1 };
	const struct snapshot *s;
	struct span w;

	(void)state;
	becomes_true(&t, src, "start");
	target_do(&t, "resident 40M");
	w = last_of(&t);
	want.rows = &w;
	want.nrows = 1;
	s = take(src, &want);
	assert_true(layout_find(s->layout, w.start) >= 0);
	assert_int_not_equal(residency_at(s->pages, w.end - PAGE_BYTES), PAGE_ABSENT);
	assert_int_equal(residency_count(s->pages, w.start, w.end).n[PAGE_ABSENT], 0);
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

/* One mapping, many stacks: each ends at the guards around it. */
static void test_stacks_between_guards(void **state)
{
	struct target t = target_start((const char *const[]){ "--guarded", "5", NULL });
	struct source *src = open_live(t.pid, 0);
	struct span w = last_of(&t);
	const struct snapshot *s = take_asleep(src);

	(void)state;
	assert_int_equal(s->tasks->n, 6);
	if (residency_at(s->pages, w.start) != PAGE_GUARD) {	/* before Linux 6.15 */
		snapshot_put(s);
		src->ops->close(src);
		target_stop(&t);
		skip();
	}
	for (size_t i = 1; i < s->tasks->n; i++) {
		const struct task_stack *k = &s->tasks->tasks[i].stack;
		uint64_t own = w.start + (i - 1) * (256 << 10);

		assert_int_equal(k->found, STACK_BY_SP);
		assert_int_equal(k->guard_start, own);
		assert_int_equal(k->guard_end, own + PAGE_BYTES);
		assert_int_equal(k->limit, (256 << 10) - PAGE_BYTES);
		assert_int_equal(k->used, own + (256 << 10) - s->tasks->tasks[i].sp);
		assert_in_range(k->resident, PAGE_BYTES, k->limit);
		assert_in_range(k->high_water, k->used & ~(PAGE_BYTES - 1ull), k->limit);
	}
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

/* A mapping that holds more than the stack in it is not that stack: how much of it is in use, and
 * how much there may be, is not known. */
static void test_stacks_within(void **state)
{
	struct target t = target_start((const char *const[]){ "--parts", "0", NULL });
	struct source *src = open_live(t.pid, 0);
	const struct snapshot *s = take_asleep(src);
	ssize_t v;

	(void)state;
	assert_int_equal(s->tasks->n, 3);
	assert_int_equal(s->tasks->tasks[0].stack.found, STACK_BY_SP);
	for (size_t i = 1; i < s->tasks->n; i++) {
		const struct task_stack *k = &s->tasks->tasks[i].stack;

		assert_int_equal(k->found, STACK_WITHIN);
		assert_in_range(s->tasks->tasks[i].sp, k->vma_start, k->vma_end);
		assert_int_equal(k->used, UNKNOWN);
		assert_int_equal(k->limit, UNKNOWN);
		assert_int_equal(k->high_water, UNKNOWN);
	}
	assert_non_null(whys_find(s->whys, "tasks[].stack.used"));
	v = layout_find(s->layout, s->tasks->tasks[1].sp);
	assert_int_equal(s->layout->vmas[v].role, ROLE_BSS);
	assert_int_equal(s->layout->vmas[v].tid, 0);
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

/* Names and states of very many threads are read in turn, and arrive. */
static void test_many_threads(void **state)
{
	struct target t = target_start((const char *const[]){ "--threads", "600", NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .tasks = true };
	const struct snapshot *s = take(src, &want);
	uint64_t began = clock_now_ns();
	size_t sps = 0;

	(void)state;
	assert_int_equal(s->tasks->n, 601);
	target_do(&t, "threads 50");
	target_do(&t, "comm moved-on");
	while (clock_now_ns() - began < PATIENCE_NS) {
		snapshot_put(s);
		s = take(src, &want);
		sps = 0;
		for (size_t i = 0; i < s->tasks->n; i++)
			sps += s->tasks->tasks[i].sp != UNKNOWN;
		if (s->tasks->n == 651 && sps == 651 &&
		    !strcmp(task_list_find(s->tasks, t.pid)->comm, "moved-on"))
			break;
	}
	assert_int_equal(s->tasks->n, 651);
	assert_int_equal(sps, 651);
	assert_string_equal(task_list_find(s->tasks, t.pid)->comm, "moved-on");
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

/* Whatever moment is caught, it is a picture: sorted, disjoint, pages inside mappings. */
static void is_a_picture(const struct snapshot *s)
{
	size_t v = 0;

	for (size_t i = 1; i < s->layout->n; i++)
		assert_true(s->layout->vmas[i].start >= s->layout->vmas[i - 1].end);
	for (size_t i = 0; s->pages && i < s->pages->n; i++) {
		uint64_t at = s->pages->runs[i].start, end = run_end(&s->pages->runs[i]);

		assert_true(!i || at >= run_end(&s->pages->runs[i - 1]));
		for (; at < end; at = s->layout->vmas[v].end) {
			while (v < s->layout->n && s->layout->vmas[v].end <= at)
				v++;
			assert_true(v < s->layout->n && s->layout->vmas[v].start <= at);
		}
	}
	for (size_t i = 0; i < s->tasks->n; i++) {
		const struct task_stack *k = &s->tasks->tasks[i].stack;

		assert_true(!k->found || layout_find(s->layout, k->vma_start) >= 0);
	}
}

static void test_churn(void **state)
{
	struct target t = target_start((const char *const[]){ "--vmas", "300", "--churn", "2", NULL });
	struct span all = { 0, USER_END };

	(void)state;
	for (unsigned without = 0; without <= WITHOUT_SCAN; without += WITHOUT_SCAN) {
		struct source *src = open_live(t.pid, without);

		for (int i = 0; i < 60; i++) {
			struct source_want want = {
				.everything = i % 10 == 9, .tasks = true, .budget_ns = 2000000,
				.rows = &all, .nrows = i % 3 == 0, .visible = &all,
				.nvisible = i % 2 == 0, .detail = i % 20 == 19,
			};
			const struct snapshot *s = take(src, &want);

			is_a_picture(s);
			if (s->details)
				assert_ptr_equal(s->details->layout, s->layout);
			snapshot_put(s);
		}
		src->ops->close(src);
	}
	target_stop(&t);
}

static void test_rest_is_free(void **state)
{
	struct target t = target_start((const char *const[]){ "--vmas", "500", "--threads", "3",
							      NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .tasks = true };
	const struct snapshot *a = take_asleep(src), *b = snapshot_get(a), *c;
	uint64_t began = clock_now_ns();

	(void)state;
	while ((c = take(src, &want)) != b && clock_now_ns() - began < PATIENCE_NS) {
		snapshot_put(b);
		b = c;
	}
	assert_ptr_equal(b, c);
	assert_ptr_equal(a->layout, b->layout);
	assert_non_null(b->cost.rung[PANEL_LAYOUT]);
	assert_non_null(b->cost.rung[PANEL_PAGES]);
	snapshot_put(c);
	/* One thread wakes: the layout is the same object, so is what else did not move. */
	target_do(&t, "burn 1000");
	c = take(src, &want);
	assert_ptr_equal(a->layout, c->layout);
	snapshot_put(a);
	snapshot_put(b);
	snapshot_put(c);
	src->ops->close(src);
	target_stop(&t);
}

/* What others do to a process that sleeps shows within the time that is promised. */
static void test_limit_from_outside(void **state)
{
	struct target t = target_start((const char *const[]){ NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { 0 };
	const struct snapshot *s = take_asleep(src);
	struct rlimit r = { 3 << 20, 3 << 20 };
	uint64_t set, asked;

	(void)state;
	assert_int_equal(prlimit(t.pid, RLIMIT_STACK, &r, NULL), 0);
	set = clock_now_ns();
	do {
		usleep(50000);
		snapshot_put(s);
		asked = clock_now_ns();
		s = take(src, &want);
	} while (s->limits[LIMIT_STACK] != 3 << 20 && asked - set < LIVE_OUTSIDE_NS);
	assert_int_equal(s->limits[LIMIT_STACK], 3 << 20);
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

static void test_exec(void **state)
{
	struct target t = target_start((const char *const[]){ "--resident", "4M", "--comm", "before",
							      NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .everything = true };
	const struct snapshot *a = take(src, &want), *b;

	(void)state;
	assert_string_equal(a->process.comm, "before");
	assert_string_equal(target_do(&t, "exec 64K"), "ready");
	want.everything = false;
	b = take(src, &want);
	assert_int_equal(b->process.generation, a->process.generation + 1);
	assert_string_not_equal(b->process.comm, "before");
	assert_string_equal(truth_layout(t.pid, b), "");
	snapshot_put(b);
	becomes_true(&t, src, "exec");
	snapshot_put(a);
	src->ops->close(src);
	target_stop(&t);
}

static void ends_with(const char *command, bool pidfd, int status)
{
	struct target t = target_start((const char *const[]){ "--resident", "64K", NULL });
	struct source *src = open_live(t.pid, pidfd ? 0 : WITHOUT_PIDFD);
	struct source_want want = { .everything = true };
	const struct snapshot *a = take(src, &want), *b;
	siginfo_t info;

	assert_false(a->process.ended);
	assert_true(pidfd == (src->ops->fd(src) >= 0));
	target_send(&t, command);
	/* It is a zombie now, since nobody has waited for it. */
	assert_int_equal(waitid(P_PID, (id_t)t.pid, &info, WEXITED | WNOWAIT), 0);
	b = take(src, &want);
	assert_true(b->process.ended);
	assert_ptr_equal(a->layout, b->layout);
	assert_ptr_equal(a->pages, b->pages);
	assert_int_equal(src->ops->fd(src), -1);
	snapshot_put(b);
	target_wait(&t);
	b = take(src, &want);
	assert_true(b->process.ended);
	if (b->process.exit_known)
		assert_int_equal(b->process.exit_status, status);
	else
		assert_non_null(whys_find(b->whys, "process.exit_status"));
	if (!geteuid())
		assert_true(b->process.exit_known);
	snapshot_put(a);
	snapshot_put(b);
	src->ops->close(src);
	target_stop(&t);
}

/* A picture is of one program, however fast they follow each other. */
static void test_exec_storm(void **state)
{
	struct target t = target_start((const char *const[]){ NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .everything = true };
	uint64_t seen = 0, mixed = 0;

	(void)state;
	target_send(&t, "storm 3000");
	for (int i = 0; seen < 30 && i < 100000; i++) {
		const struct snapshot *s = take(src, &want);
		uint64_t stack = s->mm[MM_START_STACK];

		assert_false(s->process.ended);
		/* While the kernel loads a program it has no such address yet. */
		if (s->layout && stack != UNKNOWN && stack)
			mixed += layout_find(s->layout, stack) < 0;
		seen = s->process.generation;
		snapshot_put(s);
	}
	assert_true(seen >= 30);
	/* Somebody else who looks at it keeps an old address space for a moment. */
	assert_in_range(mixed, 0, 2);
	src->ops->close(src);
	target_stop(&t);
}

/* The leader has ended, a thread execs: it is the leader now, and its old place is gone. */
static void test_exec_without_leader(void **state)
{
	struct target t = target_start((const char *const[]){ "--resident", "1M", NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .everything = true };
	const struct snapshot *s;
	uint64_t generation;

	(void)state;
	for (int i = 0; i < 3; i++) {
		target_do(&t, "leave");
		s = take(src, &want);
		assert_non_null(s->layout);
		generation = s->process.generation;
		snapshot_put(s);
		assert_string_equal(target_do(&t, "exec 64K"), "ready");
		s = take(src, &want);
		assert_false(s->process.ended);
		assert_int_equal(s->process.generation, generation + 1);
		assert_string_equal(truth_layout(t.pid, s), "");
		snapshot_put(s);
		becomes_true(&t, src, "exec without a leader");
	}
	src->ops->close(src);
	target_stop(&t);
}

static void test_exit(void **state)
{
	(void)state;
	ends_with("exit 7", true, 7 << 8);
	ends_with("exit 7", false, 7 << 8);
	ends_with("exit 0", true, 0);
	ends_with("kill 9", true, 9);
}

static void test_reaped_before_first_sample(void **state)
{
	struct target t = target_start((const char *const[]){ NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .everything = true };
	const struct snapshot *s;
	struct source_options o = { .proc_root = "/proc" };
	struct error *err;
	char pid[16];

	(void)state;
	target_send(&t, "exit 1");
	target_wait(&t);
	err = src->ops->sample(src, &want, &s);
	assert_non_null(err);
	assert_int_equal(err->code, ERR_ENDED);
	error_destroy(err);
	src->ops->close(src);
	snprintf(pid, sizeof(pid), "%d", (int)t.pid);
	err = live_source_ops.open(pid, &o, &src);
	assert_non_null(err);
	assert_int_equal(err->code, ERR_NO_PROCESS);
	error_destroy(err);
	err = live_source_ops.open("12x", &o, &src);
	assert_non_null(err);
	assert_int_equal(err->code, ERR_USAGE);
	error_destroy(err);
	target_stop(&t);
}

static void test_zombie(void **state)
{
	struct target t = target_start((const char *const[]){ NULL });
	struct source_want want = { .everything = true };
	const struct snapshot *s;
	struct source *src;
	siginfo_t info;

	(void)state;
	target_send(&t, "exit 3");
	assert_int_equal(waitid(P_PID, (id_t)t.pid, &info, WEXITED | WNOWAIT), 0);
	src = open_live(t.pid, 0);
	s = take(src, &want);
	assert_int_equal(s->process.state, 'Z');
	assert_null(s->layout);
	assert_non_null(whys_find(s->whys, "vmas"));
	assert_int_equal(src->ops->fd(src), -1);
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

/* The list of processes does not take a leader that ended for a process without memory. */
static void check_listed(pid_t pid, bool own_reader)
{
	struct proclist l;
	size_t found = 0;

	assert_null(proclist_read(own_reader ? "/proc/../proc" : "/proc", &l));
	for (size_t i = 0; i < l.n; i++)
		if (l.entries[i].pid == pid) {
			assert_int_equal(l.entries[i].rss, UNKNOWN);
			assert_int_equal(l.entries[i].stack, UNKNOWN);
			found++;
		}
	assert_int_equal(found, 1);
	proclist_free(&l);
}

/* Those who live are asked whatever the leader answers; one that runs just then says nothing. */
static const struct snapshot *take_but_for(struct source *src, const struct source_want *want, pid_t leader)
{
	uint64_t began = clock_now_ns();

	for (;;) {
		const struct snapshot *s = take(src, want);
		size_t unknown = 0;

		for (size_t i = 0; i < s->tasks->n; i++)
			unknown += s->tasks->tasks[i].tid != leader && s->tasks->tasks[i].sp == UNKNOWN;
		if (!unknown)
			return s;
		snapshot_put(s);
		if (clock_now_ns() - began > PATIENCE_NS)
			fail_msg("of %zu threads sp is unknown", unknown);
	}
}

static void test_leader_dead(void **state)
{
	struct target t = target_start((const char *const[]){ "--resident", "1M", "--threads", "2",
							      NULL });
	struct source *src = open_live(t.pid, 0);
	struct source_want want = { .everything = true };
	const struct snapshot *s = take(src, &want);
	const struct why *why;
	uint64_t mm[MM_NR];
	struct target rest;

	(void)state;
	memcpy(mm, s->mm, sizeof(mm));
	snapshot_put(s);
	target_do(&t, "leave");
	/* The leader's own files are empty; the truth is with the one who goes on. */
	rest = t;
	rest.pid = atoi(target_do(&t, "tid"));
	becomes_true(&rest, src, "leave");
	s = take_but_for(src, &want, t.pid);
	assert_false(s->process.ended);
	assert_int_equal(s->tasks->n, 4);
	for (int i = MM_START_CODE; i < MM_NR; i++)
		assert_int_equal(s->mm[i], mm[i]);
	assert_null(whys_find(s->whys, "mm.start_code"));
	why = whys_find(s->whys, "tasks[].sp");
	assert_non_null(why);
	assert_non_null(strstr(why->why, "has ended"));
	check_listed(t.pid, false);
	check_listed(t.pid, true);
	snapshot_put(s);
	target_do(&t, "map 64K");
	becomes_true(&rest, src, "map after leave");
	src->ops->close(src);
	/* One who comes later finds it just so. */
	src = open_live(t.pid, 0);
	becomes_true(&rest, src, "open after leave");
	src->ops->close(src);
	target_stop(&t);
}

static void test_threads(void **state)
{
	struct target t = target_start((const char *const[]){ "--threads", "300", NULL });
	struct source *src = open_live(t.pid, 0);
	const struct snapshot *s = take_asleep(src);

	(void)state;
	assert_int_equal(s->tasks->n, 301);
	for (size_t i = 0; i < s->tasks->n; i++) {
		const struct task *k = &s->tasks->tasks[i];
		ssize_t v = layout_find(s->layout, k->sp);

		assert_int_equal(k->tgid, t.pid);
		assert_int_equal(k->stack.found, STACK_BY_SP);
		assert_true(v >= 0);
		assert_int_equal(k->stack.vma_start, s->layout->vmas[v].start);
		assert_int_equal(k->stack.used, k->stack.vma_end - k->sp);
		assert_in_range(k->stack.resident, PAGE_BYTES, k->stack.vma_end - k->stack.vma_start);
		assert_true(k->stack.high_water >= k->stack.used);
		assert_int_equal(s->layout->vmas[v].role, k->tid == t.pid ? ROLE_STACK :
								    ROLE_THREAD_STACK);
		assert_int_equal(s->layout->vmas[v].guess, 0);
		if (k->tid == t.pid)
			continue;
		assert_int_equal(s->layout->vmas[v].tid, k->tid);
		assert_int_equal(k->stack.guard_end, k->stack.vma_start);
		assert_int_equal(s->layout->vmas[v - 1].role, ROLE_GUARD);
		assert_int_equal(k->stack.limit, 256 << 10);
		assert_true(k->syscall >= 0);
	}
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

/* What another user without privilege sees, as a process of his own finds out. */
static int as_nobody(pid_t pid)
{
	struct source_options o = { .proc_root = "/proc" };
	struct source_want want = { .everything = true, .detail = true };
	const struct snapshot *s;
	struct source *src;

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (live_open(pid, &o, NULL, &src))
		return 2;
	if (src->ops->sample(src, &want, &s))
		return 3;
	if (s->layout || s->pages || !whys_find(s->whys, "vmas") || !whys_find(s->whys, "pages") ||
	    !whys_find(s->whys, "tasks[].sp") || !whys_find(s->whys, "mm.start_code") ||
	    !whys_find(s->whys, "process.exe") || !whys_find(s->whys, "mm.brk"))
		return 4;
	if (s->mm[MM_VM_RSS] == UNKNOWN || s->statm_rss == UNKNOWN || !s->tasks ||
	    s->limits[LIMIT_STACK] == UNKNOWN || s->mm[MM_START_CODE] != UNKNOWN)
		return 5;
	snapshot_put(s);
	src->ops->close(src);
	return 0;
}

static void test_other_user(void **state)
{
	struct target t;
	int status;
	pid_t child;

	(void)state;
	if (geteuid())
		skip();
	t = target_start((const char *const[]){ "--resident", "64K", NULL });
	child = fork();
	if (!child)
		_exit(as_nobody(t.pid));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	target_stop(&t);
}

static void test_kernel_thread(void **state)
{
	struct source_options o = { .proc_root = "/proc" };
	struct source_want want = { .everything = true };
	const struct snapshot *s;
	struct source *src;
	struct error *err = live_open(2, &o, NULL, &src);

	(void)state;
	if (err) {	/* in a container there may be none */
		error_destroy(err);
		skip();
	}
	s = take(src, &want);
	if (s->process.kthread) {
		assert_null(s->layout);
		assert_non_null(whys_find(s->whys, "vmas"));
		assert_int_equal(s->tasks->n, 1);
	}
	snapshot_put(s);
	src->ops->close(src);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off_screen), cmocka_unit_test(test_on_screen),
		cmocka_unit_test(test_churn), cmocka_unit_test(test_rest_is_free), cmocka_unit_test(test_exec),
		cmocka_unit_test(test_limit_from_outside),
		cmocka_unit_test(test_exec_without_leader), cmocka_unit_test(test_exec_storm),
		cmocka_unit_test(test_exit), cmocka_unit_test(test_reaped_before_first_sample),
		cmocka_unit_test(test_zombie), cmocka_unit_test(test_leader_dead),
		cmocka_unit_test(test_threads), cmocka_unit_test(test_stacks_between_guards),
		cmocka_unit_test(test_stacks_within),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_unseen_is_not_absent), cmocka_unit_test(test_other_user),
		cmocka_unit_test(test_kernel_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
