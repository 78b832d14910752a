/* SPDX-License-Identifier: GPL-2.0-or-later
 * What every source has to keep, whichever it is: the table of sources is walked, each
 * is opened on a target of its own kind, and the same questions are asked.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/event.h"
#include "mmscope/source.h"

/* A target and how to move it. */
struct target {
	const char *name;			/* "live:1234" */
	void (*change)(struct target *t);	/* something in memory changes, once it returns */
	void (*end)(struct target *t);		/* it ends; NULL: it cannot */
	char buf[40];
	pid_t pid;
	struct source *src;			/* once it is open: some are moved by what they are told */
	int orders, answers;
};

/* The live target: a child that does what it is told through a pipe. */

static void live_child(int orders, int answers)
{
	char *area = mmap(NULL, 64 * PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t touched = 0;
	char order;

	while (read(orders, &order, 1) == 1) {
		if (touched < 64)
			area[touched++ * PAGE_BYTES] = 1;
		if (touched == 3)
			mprotect(area + 32 * PAGE_BYTES, PAGE_BYTES, PROT_READ);
		if (touched == 4)
			munmap(area + 60 * PAGE_BYTES, 2 * PAGE_BYTES);
		if (write(answers, &order, 1) != 1)
			break;
	}
	_exit(0);
}

/* Until it sleeps in read() again it may still touch its stack: then nothing moves. */
static void live_asleep(pid_t pid)
{
	char path[40], text[512], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		FILE *f = fopen(path, "r");
		size_t n;

		assert_non_null(f);
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		text[n] = '\0';
		assert_non_null(strrchr(text, ')'));
		state = strrchr(text, ')')[2];
		sched_yield();
	}
}

static void live_change(struct target *t)
{
	char c = 'x';

	assert_int_equal(write(t->orders, &c, 1), 1);
	assert_int_equal(read(t->answers, &c, 1), 1);
	live_asleep(t->pid);
}

static void live_end(struct target *t)
{
	close(t->orders);
	close(t->answers);
	assert_int_equal(waitpid(t->pid, NULL, 0), t->pid);
}

static void live_start(struct target *t)
{
	int orders[2], answers[2];

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(answers), 0);
	fflush(NULL);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (t->pid == 0) {
		close(orders[1]);
		close(answers[0]);
		live_child(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	t->orders = orders[1];
	t->answers = answers[0];
	t->change = live_change;
	t->end = live_end;
	snprintf(t->buf, sizeof(t->buf), "live:%d", t->pid);
	t->name = t->buf;
	live_change(t);		/* it stands in its loop now */
}

/* The simulated target: a scenario of its own. */

static void sim_change(struct target *t)
{
	struct buf say = BUF_INIT;

	assert_null(t->src->ops->command(t->src, "operation", "", &say));
	buf_free(&say);
}

static void sim_start(struct target *t)
{
	static const char text[] =
		"mmap A 8p rw private anon\ntouch A 4p w\nstack w -100p\nfork\ntouch A w\n"
		"mprotect A+2p 2p r\nexit\n";
	int fd;

	snprintf(t->buf, sizeof(t->buf), "sim:/tmp/mmscope-XXXXXX");
	fd = mkstemp(t->buf + strlen("sim:"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	t->change = sim_change;
	t->name = t->buf;
}

static void sim_started(struct target *t)
{
	unlink(t->buf + strlen("sim:"));
}

static const struct {
	const char *scheme;
	void (*start)(struct target *t);
	void (*started)(struct target *t);	/* after it was opened; or NULL */
	const char *absent;		/* what such a source cannot find */
	enum error_code absent_code;
} kinds[] = {
	{ "live", live_start, NULL, "live:2147483647", ERR_NO_PROCESS },
	{ "sim", sim_start, sim_started, "sim:/nonexistent/x.scn", ERR_USAGE },
};

/* Questions */

static const struct source_want everything = { .everything = true, .tasks = true };

static const struct snapshot *take(struct source *src, const struct source_want *want)
{
	const struct snapshot *s = NULL;
	struct error *err = src->ops->sample(src, want, &s);

	if (err)
		fail_msg("%s", err->message);
	assert_non_null(s);
	return s;
}

static void assert_reason(const struct snapshot *s, const char *what, bool known)
{
	if (!known && !whys_find(s->whys, what))
		fail_msg("%s is unknown and nothing says why", what);
}

static void check_layout(const struct snapshot *s)
{
	const struct layout *l = s->layout;
	uint64_t above = 0, size = 0;
	size_t run = 0;

	assert_non_null(l);
	assert_true(l->n > 0);
	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];

		assert_true(v->start >= above && v->end > v->start);
		assert_int_equal(v->start % PAGE_BYTES, 0);
		assert_int_equal(v->end % PAGE_BYTES, 0);
		assert_in_range(v->role, 0, ROLE_NR - 1);
		assert_non_null(v->path);
		above = v->end;
		if (v->role != ROLE_VSYSCALL)
			size += vma_size(v);
	}
	assert_int_equal(size, s->mm[MM_VM_SIZE]);
	assert_non_null(s->pages);
	assert_true(s->pages->kinds && s->pages->whole);
	above = 0;
	/* each run lies in mappings; it may reach over a border where no hole is */
	for (; run < s->pages->n; run++) {
		const struct page_run *r = &s->pages->runs[run];
		uint64_t at = r->start;

		assert_true(r->start >= above && r->pages > 0);
		assert_in_range(r->state, PAGE_ABSENT + 1, PAGE_PRESENT - 1);
		while (at < run_end(r)) {
			ssize_t i = layout_find(l, at);

			assert_true(i >= 0);
			at = l->vmas[i].end;
		}
		above = run_end(r);
	}
}

/* The kernel's counters lag by a batch for each CPU. */
static void check_sums(const struct snapshot *s)
{
	struct page_counts c = residency_count(s->pages, 0,
					       UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1));
	int64_t off = (int64_t)(page_counts_resident(&c) << PAGE_SHIFT) - (int64_t)s->mm[MM_VM_RSS];
	int64_t most = sysconf(_SC_NPROCESSORS_CONF) * 64 * PAGE_BYTES;

	assert_true(off <= most && off >= -most);
	assert_int_equal(s->mm[MM_VM_RSS],
			 s->mm[MM_RSS_ANON] + s->mm[MM_RSS_FILE] + s->mm[MM_RSS_SHMEM]);
}

static void check_reasons(const struct snapshot *s)
{
	char what[64];

	for (int i = 0; i < MM_NR; i++) {
		snprintf(what, sizeof(what), "mm.%s", mm_fields[i].key);
		assert_reason(s, what, s->mm[i] != UNKNOWN);
	}
	for (int i = 0; i < LIMIT_NR; i++) {
		snprintf(what, sizeof(what), "limits.%s", limit_names[i]);
		assert_reason(s, what, s->limits[i] != UNKNOWN);
	}
	assert_reason(s, "faults.minor", s->minflt != UNKNOWN);
	assert_reason(s, "faults.major", s->majflt != UNKNOWN);
	assert_reason(s, "process.exe", s->process.exe[0]);
	assert_reason(s, "tasks", s->tasks != NULL);
	for (size_t i = 0; s->tasks && i < s->tasks->n; i++) {
		const struct task *t = &s->tasks->tasks[i];

		assert_reason(s, "tasks[].sp", t->sp != UNKNOWN);
		assert_reason(s, "tasks[].syscall", t->syscall != SYSCALL_UNKNOWN);
		assert_true(i == 0 || t->tid > s->tasks->tasks[i - 1].tid);
	}
	for (size_t i = 0; i < s->whys->n; i++) {
		assert_true(s->whys->why[i].what[0]);
		assert_true(s->whys->why[i].why[0]);
	}
}

static void check_stacks(const struct snapshot *s)
{
	assert_non_null(s->tasks);
	assert_non_null(task_list_find(s->tasks, s->process.pid));
	for (size_t i = 0; i < s->tasks->n; i++) {
		const struct task_stack *st = &s->tasks->tasks[i].stack;
		ssize_t v = st->vma_end ? layout_find(s->layout, st->vma_start) : -1;

		if (!st->vma_end)
			continue;
		assert_true(v >= 0);
		assert_int_equal(s->layout->vmas[v].end, st->vma_end);
		assert_true(st->found != STACK_UNKNOWN);
		if (s->tasks->tasks[i].sp != UNKNOWN && st->used != UNKNOWN)
			assert_int_equal(st->used, st->vma_end - s->tasks->tasks[i].sp);
	}
}

static void check_next(const struct snapshot *a, const struct snapshot *b)
{
	struct event_list l = snapshot_diff(a, b);
	struct snapshot *forward = event_apply(a, &l, true), *back = event_apply(b, &l, false);

	assert_true(l.n > 0);
	assert_true(snapshot_equal(forward, b));
	assert_true(snapshot_equal(back, a));
	snapshot_put(forward);
	snapshot_put(back);
	event_list_free(&l);
}

static void check_ended(struct source *src, struct target *t, const struct snapshot *before)
{
	const struct snapshot *s;
	struct pollfd fd = { .fd = src->ops->fd ? src->ops->fd(src) : -1, .events = POLLIN };

	assert_false(before->process.ended);
	t->end(t);
	if (fd.fd >= 0)
		assert_int_equal(poll(&fd, 1, 10000), 1);
	s = take(src, &everything);
	assert_true(s->process.ended);
	assert_int_equal(s->process.pid, before->process.pid);
	assert_non_null(s->layout);
	assert_int_equal(s->layout->n, before->layout->n);
	check_next(before, s);
	snapshot_put(s);
	/* and it stays so */
	s = take(src, &everything);
	assert_true(s->process.ended);
	snapshot_put(s);
}

static void question(const struct source_ops *ops, struct target *t,
		     void (*started)(struct target *t))
{
	const struct source_options o = { .proc_root = "/proc" };
	struct source_want detail = everything;
	const struct snapshot *a, *b;
	struct source *src = NULL;
	struct error *err = source_open(t->name, &o, &src);

	if (err)
		fail_msg("%s", err->message);
	assert_ptr_equal(src->ops, ops);
	t->src = src;
	if (started)
		started(t);
	a = take(src, &everything);
	assert_string_equal(a->source, ops->scheme);
	check_layout(a);
	check_sums(a);
	check_reasons(a);
	check_stacks(a);
	/* Nothing moved: the parts are the very same. What the target still shares with us since
	 * its fork moves when we write, so it may take a few looks. */
	b = take(src, &everything);
	for (int i = 0; i < 20 && (a->layout != b->layout || a->pages != b->pages); i++) {
		snapshot_put(a);
		a = b;
		b = take(src, &everything);
	}
	assert_ptr_equal(a->layout, b->layout);
	assert_ptr_equal(a->pages, b->pages);
	snapshot_put(b);
	for (int i = 0; i < 6; i++) {
		t->change(t);
		b = take(src, &everything);
		check_layout(b);
		check_sums(b);
		check_next(a, b);
		snapshot_put(a);
		a = b;
	}
	if (ops->caps & CAP_DETAIL) {
		assert_null(a->details);
		detail.detail = true;
		b = take(src, &detail);
		assert_non_null(b->details);
		assert_ptr_equal(b->details->layout, b->layout);
		for (size_t i = 0; i < b->layout->n; i++)
			assert_reason(b, "vmas[].pss", b->details->vma[i].pss != UNKNOWN);
		check_next(a, b);
		snapshot_put(a);
		a = b;
	}
	if (t->end)
		check_ended(src, t, a);
	snapshot_put(a);
	source_close(src);
}

static void test_every_source(void **state)
{
	(void)state;
	for (int i = 0; sources[i]; i++) {
		struct target t = { .change = NULL };
		size_t k = 0;

		while (k < ARRAY_LEN(kinds) && strcmp(kinds[k].scheme, sources[i]->scheme))
			k++;
		if (k == ARRAY_LEN(kinds))
			fail_msg("no target for source %s", sources[i]->scheme);
		kinds[k].start(&t);
		question(sources[i], &t, kinds[k].started);
	}
}

static void test_absent(void **state)
{
	const struct source_options o = { .proc_root = "/proc" };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct source *src = NULL;
		struct error *err = source_open(kinds[k].absent, &o, &src);

		assert_non_null(err);
		assert_int_equal(err->code, kinds[k].absent_code);
		assert_null(src);
		error_destroy(err);
	}
}

static void test_unknown_scheme(void **state)
{
	static const char *const names[] = { "dream:1", "live", "", ":", "liv:1", "lives:1" };
	const struct source_options o = { .proc_root = "/proc" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct source *src = NULL;
		struct error *err = source_open(names[i], &o, &src);

		assert_non_null(err);
		assert_int_equal(err->code, ERR_USAGE);
		assert_null(src);
		error_destroy(err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_source),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_unknown_scheme),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
