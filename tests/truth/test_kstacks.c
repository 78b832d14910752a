/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel stacks against what the kernel says itself, on every rung of the ladder.
 *
 * What needs privilege is skipped without it, and says so. Others may wake while they are
 * compared: they count where their context switches say that they slept all the while.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/kstacks.h"
#include "mmscope/snapshot.h"
#include "src/live/takes.h"
#include "tests/truth/truth.h"

enum { ATTEMPTS = 5, NOBODY = 65534, BIT_PERFMON = 38, BIT_BPF = 39 };

static bool have_bpf;

static char state_of(pid_t pid, const char *tid)
{
	char *path = xasprintf("/proc/%d/task/%s/stat", pid, tid), text[512] = "", *end;
	FILE *f = fopen(path, "r");

	free(path);
	if (!f)
		return '?';
	end = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
	fclose(f);
	return end && end[1] ? end[2] : '?';
}

/* A target, once all its threads sleep: one that was just born may not have run yet. */
static struct target start_sleeping(const char *threads)
{
	struct target t = target_start((const char *const[]){ "--threads", threads, NULL });
	char *path = xasprintf("/proc/%d/task", t.pid);
	bool asleep = false;

	while (!asleep) {
		DIR *d = opendir(path);
		struct dirent *e;

		assert_non_null(d);
		asleep = true;
		while ((e = readdir(d)))
			asleep &= *e->d_name == '.' || state_of(t.pid, e->d_name) == 'S';
		closedir(d);
		sched_yield();
	}
	free(path);
	return t;
}

static const struct stacks *read_once(pid_t pid, unsigned without)
{
	struct kstacks *k = kstacks_open("/proc", without);
	const struct stacks *s = kstacks_read(k, pid);

	kstacks_close(k);
	return s;
}

/* The functions as the kernel prints them, joined by blanks; false: not to be read. */
static bool kernel_says(const struct kstack *k, char *out, size_t cap)
{
	char *path = xasprintf("/proc/%d/task/%d/stack", k->tgid, k->tid), line[512];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	free(path);
	out[0] = '\0';
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		char *name = strchr(line, ' ');

		if (name && n < cap)
			n += (size_t)snprintf(out + n, cap - n, "%.*s ",
					      (int)strcspn(name + 1, "+"), name + 1);
	}
	fclose(f);
	return n > 0;
}

static const char *we_say(const struct kstack *k, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < k->nframes && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s ", k->frames[i].function);
	return out;
}

/* The figures of one task agree with each other. */
static void check_figures(const struct kstack *k)
{
	if (k->rung != KSTACK_BPF || k->size == UNKNOWN)
		return;
	assert_true(k->magic_ok);
	assert_true(k->high_water <= k->size);
	if (k->used != UNKNOWN)
		assert_true(k->used <= k->high_water);
	else
		assert_true(k->on_cpu || k->lacks >> KSTACK_MOVED & 1);
	for (size_t i = 0; i < k->nframes; i++) {
		const struct kframe *f = &k->frames[i];
		uint64_t next = i + 1 < k->nframes ? f[1].offset : k->size;

		assert_true(f->bytes >= 8);
		assert_int_equal(f->offset + f->bytes, next);
	}
	if (k->nframes)
		assert_true(k->frames[0].offset >= k->size - k->used);
	/* Not a byte between the stack pointer and the chain that nobody has. */
	for (size_t i = 0, at = k->size - k->used; i < k->nswitches; i++) {
		assert_int_equal(k->switches[i].offset, at);
		at += k->switches[i].bytes;
		if (i + 1 == k->nswitches)
			assert_int_equal(at, k->frames[0].offset);
	}
}

static void need_bpf(void)
{
	if (have_bpf)
		return;
	print_message("note: this user or kernel allows no BPF, kernel stacks are not measured\n");
	skip();
}

/* How many chains were compared. */
static size_t names_of(pid_t pid, unsigned without)
{
	char theirs[4096], ours[4096];
	const struct stacks *s = read_once(pid, without);
	size_t compared = 0;

	assert_int_equal(s->rung, KSTACK_BPF);
	assert_true(s->n >= 200);
	for (size_t i = 0; i < s->n; i++) {
		const struct kstack *k = &s->tasks[i];

		check_figures(k);
		assert_int_equal(k->tgid, pid);
		assert_int_equal(k->ppid, getpid());
		assert_int_equal(k->state, 'S');
		assert_non_null(k->frames);
		assert_false(k->lacks);
		assert_int_not_equal(k->used, UNKNOWN);
		assert_int_not_equal(k->regs, UNKNOWN);
		if (!kernel_says(k, theirs, sizeof(theirs)))
			continue;
		assert_string_equal(we_say(k, ours, sizeof(ours)), theirs);
		compared++;
	}
	stacks_put(s);
	return compared;
}

/* By whatever means they are learnt: asked for one by one, from files, from all symbols. */
static void names_are_the_kernels(void **state)
{
	static const unsigned means[] = {
		0, KSTACKS_NO_FILES | KSTACKS_NO_SYMBOLS, KSTACKS_NO_NAMER | KSTACKS_NO_SYMBOLS,
		KSTACKS_NO_NAMER | KSTACKS_NO_FILES,
	};
	struct target t = start_sleeping("200");

	(void)state;
	need_bpf();
	for (size_t i = 0; i < ARRAY_LEN(means); i++) {
		if (geteuid() && means[i] & KSTACKS_NO_NAMER)
			break;		/* files and symbols are root's */
		if (!names_of(t.pid, means[i]))
			print_message("note: /proc/PID/stack is refused, names are not compared\n");
	}
	target_stop(&t);
}

/* 0: agrees, or nothing to compare. */
static int differs(const struct kstack *k)
{
	char theirs[4096], ours[4096];

	if (!k->frames || k->lacks >> KSTACK_NAMELESS & 1 || k->tgid == getpid() ||
	    !kernel_says(k, theirs, sizeof(theirs)))
		return 0;
	return strcmp(we_say(k, ours, sizeof(ours)), theirs) != 0;
}

/* Context switches so far, of both kinds; -1: not to be told. */
static long long switches(pid_t tgid, pid_t tid)
{
	char *path = xasprintf("/proc/%d/task/%d/status", tgid, tid), line[256];
	FILE *f = fopen(path, "r");
	long long sum = -1, n;

	free(path);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %lld", &n) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %lld", &n) == 1)
			sum = (sum < 0 ? 0 : sum) + n;
	if (f)
		fclose(f);
	return sum;
}

/* It differs still when it is known not to have run while both looked. */
static bool really_differs(struct kstacks *reader, pid_t tgid, pid_t tid)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		long long before = switches(tgid, tid);
		const struct stacks *s = kstacks_read(reader, tgid);
		const struct kstack *k = stacks_find(s, tid);
		bool comparable = k && k->frames && k->state != 'R';
		int other = comparable && differs(k);

		stacks_put(s);
		if (comparable && before >= 0 && switches(tgid, tid) == before)
			return other;
	}
	return false;
}

static void every_sleeping_task_is_located(void **state)
{
	struct target t = start_sleeping("1000");
	struct kstacks *reader;
	const struct stacks *s;
	size_t located = 0;

	(void)state;
	need_bpf();
	reader = kstacks_open("/proc", 0);
	s = kstacks_read(reader, 0);
	for (size_t i = 0; i < s->n; i++) {
		const struct kstack *k = &s->tasks[i];

		check_figures(k);
		assert_false(k->lacks >> KSTACK_UNPLACED & 1);
		assert_false(differs(k) && really_differs(reader, k->tgid, k->tid));
		located += k->frames != NULL;
	}
	assert_non_null(stacks_find(s, getpid()));
	assert_true(stacks_find(s, getpid())->on_cpu);
	assert_true(located >= 1000);
	stacks_put(s);
	kstacks_close(reader);
	target_stop(&t);
}

/* Two ways to one figure: where a frame's caller stands on the stack, and what the code of
 * its function takes. More than that only those take that allocate or align as they run. */
static void frames_are_what_code_takes(void **state)
{
	struct target t = start_sleeping("50");
	size_t known = 0, equal = 0, frames = 0, chains = 0, switched = 0;
	const struct stacks *s;

	(void)state;
	need_bpf();
	s = read_once(0, 0);
	for (size_t i = 0; i < s->n; i++) {
		const struct kstack *k = &s->tasks[i];

		check_figures(k);
		if (k->nframes)		/* entry code is called by nobody */
			assert_int_equal(k->frames[k->nframes - 1].takes, 0);
		chains += k->nframes != 0;
		switched += k->nswitches > 1 && !strcmp(k->switches[1].function, "__schedule");
		for (size_t j = 0; j + 1 < k->nframes; j++) {
			const struct kframe *f = &k->frames[j];

			frames++;
			known += f->takes != 0;
			equal += f->takes == f->bytes;
		}
	}
	print_message("note: of %zu frames the code of %zu tells, %zu are exactly that\n", frames, known,
		      equal);
	if (KERNEL_CODE_KNOWN) {
		assert_true(known >= frames * 3 / 4);
		/* but the one below the entry code, which has a random gap at each system call */
		assert_true(equal >= (known - s->n) * 3 / 4);
		/* whoever sleeps was switched away from by the scheduler */
		assert_true(switched >= chains * 3 / 4);
	}
	stacks_put(s);
	target_stop(&t);
}

static void stacks_of_cpus(void **state)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	const struct stacks *s;

	(void)state;
	need_bpf();
	s = read_once(getpid(), 0);
	if (!s->cpus) {
		assert_non_null(whys_find(s->whys, "cpus"));
		stacks_put(s);
		skip();
	}
	assert_true(s->ncpus >= (size_t)online);
	for (size_t i = 0; i < s->ncpus; i++) {
		bool idle = false;

		assert_true(!i || s->cpus[i].cpu > s->cpus[i - 1].cpu);
		for (size_t j = 0; j < s->cpus[i].n; j++) {
			const struct cpu_stack *c = &s->cpus[i].stack[j];

			assert_true(c->mapped ? c->high_water <= c->size : c->high_water == UNKNOWN);
			/* whoever idles has been somewhere, and interrupts come */
			if (c->mapped && (!strcmp(c->name, "idle") || !strcmp(c->name, "hardirq")))
				assert_true(c->high_water > 64);
			idle |= !strcmp(c->name, "idle");
		}
		assert_true(idle);
	}
	stacks_put(s);
}

/* A process that does shallow things, then deep ones, one step for each byte it is sent. */
static void sleeper(int in, int out)
{
	char buffer[4096], name[] = "/tmp/mmscope-test-XXXXXX", byte;

	for (int step = 0; read(in, &byte, 1) == 1; step++) {
		int fd = step == 1 ? open("/proc/self/smaps", O_RDONLY) : step > 1 ? mkstemp(name) : -1;

		if (step == 1)
			while (read(fd, buffer, sizeof(buffer)) > 0)
				;
		if (step > 1) {
			unlink(name);
			memcpy(name + strlen(name) - 6, "XXXXXX", 6);
			if (write(fd, buffer, sizeof(buffer)) == sizeof(buffer))
				fsync(fd);
		}
		if (fd >= 0)
			close(fd);
		if (write(out, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static void the_mark_grows_and_never_shrinks(void **state)
{
	uint64_t first = 0, last = 0;
	struct kstacks *reader;
	int to[2], from[2], status;
	pid_t child;

	(void)state;
	need_bpf();
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		close(to[1]);
		sleeper(to[0], from[1]);
	}
	close(to[0]);
	reader = kstacks_open("/proc", 0);
	for (int step = 0; step < 12; step++) {
		const struct stacks *s;
		const struct kstack *k;
		char byte = 0;

		assert_int_equal(write(to[1], &byte, 1), 1);
		assert_int_equal(read(from[0], &byte, 1), 1);
		s = kstacks_read(reader, child);
		k = stacks_find(s, child);
		assert_non_null(k);
		check_figures(k);
		assert_int_not_equal(k->high_water, UNKNOWN);
		assert_true(k->high_water >= last);
		last = k->high_water;
		if (!step)
			first = last;
		stacks_put(s);
	}
	kstacks_close(reader);
	assert_true(last > first);
	close(to[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static void lower_rungs(void **state)
{
	struct target t = start_sleeping("3");
	char theirs[4096], ours[4096];
	const struct stacks *names = read_once(t.pid, KSTACKS_NO_BPF);
	const struct stacks *wchan = read_once(t.pid, KSTACKS_NO_BPF | KSTACKS_NO_FILES);
	const struct stacks *none = read_once(t.pid, KSTACKS_NO_BPF | KSTACKS_NO_FILES |
						     KSTACKS_NO_WCHAN);

	(void)state;
	assert_true(names->n >= 4);
	for (size_t i = 0; i < names->n; i++) {
		const struct kstack *k = &names->tasks[i];

		assert_int_equal(k->used, UNKNOWN);
		assert_int_equal(k->high_water, UNKNOWN);
		assert_int_equal(k->size, kstack_documented_size());
		if (kernel_says(k, theirs, sizeof(theirs))) {
			assert_int_equal(k->rung, KSTACK_PROC);
			assert_string_equal(we_say(k, ours, sizeof(ours)), theirs);
		}
		if (wchan->tasks[i].rung == KSTACK_WCHAN && k->nframes)
			assert_string_equal(wchan->tasks[i].frames[0].function,
					    k->frames[0].function);
		assert_int_equal(none->tasks[i].rung, KSTACK_DOCUMENTED);
		assert_null(none->tasks[i].frames);
	}
	assert_null(names->cpus);
	assert_non_null(whys_find(names->whys, "cpus"));
	assert_non_null(whys_find(names->whys, "tasks[].kstack.high_water"));
	assert_non_null(whys_find(none->whys, "tasks[].kstack.frames"));
	stacks_put(names);
	stacks_put(wchan);
	stacks_put(none);
	target_stop(&t);
}

/* Another file tree is another system: its kernel is not ours. */
static void other_trees_are_not_this_kernel(void **state)
{
	const char *top = getenv("srcdir");
	char *root = xasprintf("%s/tests/fixtures/proc", top ? top : ".");
	struct kstacks *k = kstacks_open(root, 0);
	const struct stacks *s = kstacks_read(k, 0);

	(void)state;
	assert_int_equal(s->rung, KSTACK_DOCUMENTED);
	assert_non_null(stacks_find(s, 101));
	assert_int_equal(stacks_find(s, 101)->tgid, 100);
	assert_null(stacks_find(s, getpid()));
	assert_null(s->cpus);
	stacks_put(s);
	kstacks_close(k);
	free(root);
}

/* Becomes nobody with these capabilities only; exits where that is not possible. */
static void become_nobody(uint64_t caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(100);
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t)(caps >> 32 * i);
	if (syscall(SYS_capset, &head, data))
		_exit(100);
	prctl(PR_SET_DUMPABLE, 1);
}

static int nobody_with_caps(pid_t pid)
{
	const struct stacks *s = read_once(pid, 0);
	const struct kstack *k = stacks_find(s, pid);

	if (s->rung != KSTACK_BPF || !k || k->used == UNKNOWN || k->high_water == UNKNOWN)
		return 1;
	if (!k->frames || k->frames[0].offset == UNKNOWN || !s->cpus)
		return 2;
	/* Names come along, where the kernel can be asked for them; addresses do not. */
	if (!*k->frames[0].function || k->lacks >> KSTACK_NAMELESS & 1 || k->base != UNKNOWN)
		return 3;
	stacks_put(s);
	/* Without asking: files and symbols are closed to nobody. */
	s = read_once(pid, KSTACKS_NO_NAMER);
	k = stacks_find(s, pid);
	if (!k || !k->frames || *k->frames[0].function || !(k->lacks >> KSTACK_NAMELESS & 1) ||
	    !whys_find(s->whys, "tasks[].kstack.frames[].function"))
		return 4;
	stacks_put(s);
	return 0;
}

static int nobody_without(pid_t pid)
{
	const struct stacks *s;
	pid_t own = fork();

	if (!own) {
		for (;;)
			pause();
	}
	s = read_once(pid, 0);
	if (s->rung > KSTACK_WCHAN || s->n != 1 || s->tasks[0].used != UNKNOWN || s->cpus ||
	    !whys_find(s->whys, "tasks[].kstack.used"))
		return 1;
	stacks_put(s);
	/* Its own child: the function it sleeps in, where the kernel tells that. */
	s = read_once(own, 0);
	kill(own, SIGKILL);
	waitpid(own, NULL, 0);
	if (s->rung > KSTACK_WCHAN || s->n != 1)
		return 2;
	stacks_put(s);
	return 0;
}

static void run_as_nobody(int (*look)(pid_t pid), uint64_t caps)
{
	int status = 0;
	struct target t = target_start((const char *const[]){ NULL });
	pid_t child = fork();

	if (!child) {
		become_nobody(caps);
		_exit(look(t.pid));
	}
	waitpid(child, &status, 0);
	target_stop(&t);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 100) {
		print_message("note: the capabilities are not to be had\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void privileges(void **state)
{
	(void)state;
	if (geteuid()) {
		print_message("note: only root can become others\n");
		skip();
	}
	run_as_nobody(nobody_without, 0);
	need_bpf();
	run_as_nobody(nobody_with_caps, 1ull << BIT_BPF | 1ull << BIT_PERFMON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_the_kernels),
		cmocka_unit_test(every_sleeping_task_is_located),
		cmocka_unit_test(frames_are_what_code_takes),
		cmocka_unit_test(stacks_of_cpus),
		cmocka_unit_test(the_mark_grows_and_never_shrinks),
		cmocka_unit_test(lower_rungs),
		cmocka_unit_test(other_trees_are_not_this_kernel),
		cmocka_unit_test(privileges),
	};
	const struct stacks *s = read_once(getpid(), 0);

	have_bpf = s->rung == KSTACK_BPF;
	stacks_put(s);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
