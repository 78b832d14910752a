/* SPDX-License-Identifier: GPL-2.0-or-later
 * User stacks against the truth: programs that tell their own frames, gdb's chain where
 * gdb is there, and targets that would notice an interruption.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/live.h"

enum { EXPECTED = 600, LOOKS = 60, SLEEPS = 10000, ATTEMPTS = 10 };

struct expected {
	char name[32];
	uint64_t sp, bytes;	/* 0: the stack was switched */
};
struct program {
	pid_t pid;
	FILE *in, *out;
	struct expected frames[EXPECTED];
	size_t n;
};

static const char *const builds[] = {
	"frames", "frames_pointer", "frames_o0", "frames_stripped", "frames_bare", "frames_fixed",
	"frames_static",
};
static const char *const modes[] = {
	"chain", "deep", "dynamic", "signal", "altstack", "thread", "overflow",
};

static pid_t start(const char *const *argv, FILE **in, FILE **out)
{
	int to[2], from[2];
	pid_t pid;

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	*in = fdopen(to[1], "w");
	*out = fdopen(from[0], "r");
	return pid;
}

/* Until it sits in its call for good; a thread that never does is given up. */
static void wait_asleep(pid_t pid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	for (int i = 0; i < SLEEPS; i++) {
		FILE *f = fopen(path, "re");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			fclose(f);
		text[n] = '\0';
		if (n && strncmp(text, "running", 7))
			return;
		sched_yield();
	}
}

static const char *path_of(const char *build, char path[4096])
{
	const char *dir = getenv("TRUTH_DIR");

	snprintf(path, 4096, "%s/%s", dir ? dir : "tests/truth", build);
	return path;
}

/* False: this build is not there. */
static bool program_start(struct program *p, const char *build, const char *mode)
{
	char path[4096], line[128];
	const char *const argv[] = { path, mode, NULL };

	p->n = 0;
	if (access(path_of(build, path), X_OK))
		return false;
	p->pid = start(argv, &p->in, &p->out);
	while (fgets(line, sizeof(line), p->out) && strcmp(line, "ready\n")) {
		struct expected *e = &p->frames[p->n++];

		assert_true(p->n <= EXPECTED);
		assert_int_equal(sscanf(line, "frame %31s %" SCNx64 " %" SCNu64, e->name, &e->sp,
					&e->bytes), 3);
	}
	return true;
}

static void program_end(struct program *p)
{
	int status;

	fclose(p->in);
	fclose(p->out);
	waitpid(p->pid, &status, 0);
}

static struct source *open_live(pid_t pid)
{
	struct source_options o = { .proc_root = "/proc" };
	struct source *src;
	struct error *err = live_open(pid, &o, NULL, &src);

	if (err)
		fail_msg("%s", err->message);
	return src;
}

static const struct snapshot *take(struct source *src, pid_t unwind)
{
	const struct source_want want = { .everything = true, .tasks = true, .unwind = unwind };
	const struct snapshot *s;
	struct error *err = src->ops->sample(src, &want, &s);

	if (err)
		fail_msg("%s", err->message);
	return s;
}

/* A function takes what its frame has, once it is past its first instructions; unless it also
 * takes what only running it tells. */
static bool static_fits(const struct user_frame *f, const struct expected *e, bool innermost,
			const char *mode)
{
	if (f->takes == UNKNOWN || f->bytes == UNKNOWN || f->signal)
		return true;
	if (!strcmp(e->name, "dynamic"))
		return f->takes < f->bytes;
	return innermost || !strcmp(mode, "overflow") ? f->takes >= f->bytes : f->takes == f->bytes;
}

/* "" when equal, else what is wrong. A chain may end early, but only where it says so. */
static const char *compare(const struct program *p, const struct unwound *u, const char *build,
			   const char *mode, bool *whole)
{
	static char text[512];
	const struct unwound_task *t = &u->tasks[u->n - 1];
	bool names = strcmp(build, "frames_stripped") && strcmp(build, "frames_bare");

	*whole = t->n > p->n && t->complete;
	for (size_t i = 0; i < p->n && i < t->n; i++) {
		const struct user_frame *f = &u->frames[t->first + i];
		const struct expected *e = &p->frames[i];
		bool last = i + 1 == t->n && !t->complete;
		uint64_t bytes = last || !e->bytes ? UNKNOWN : e->bytes;

		if (!static_fits(f, e, i == 0, mode)) {
			snprintf(text, sizeof(text), "%s %s, frame %zu: %s has %" PRIu64 " bytes, its code "
				 "takes %" PRIu64, build, mode, i, e->name, f->bytes, f->takes);
			return text;
		}
		if (f->sp == e->sp && f->bytes == bytes &&
		    f->signal == !strcmp(e->name, "__restore_rt") &&
		    (!names || f->signal || !strcmp(f->function, e->name)))
			continue;
		snprintf(text, sizeof(text), "%s %s, frame %zu: %s %" PRIx64 " %" PRIu64
			 ", got %s %" PRIx64 " %" PRIu64 " by %s", build, mode, i, e->name, e->sp,
			 e->bytes, f->function, f->sp, f->bytes, frame_step_names[f->step]);
		return text;
	}
	if (!*whole && (!t->n || strcmp(t->end, unwind_ends[END_REGISTER]))) {
		snprintf(text, sizeof(text), "%s %s: %zu frames of %zu: %s", build, mode, t->n,
			 p->n, t->end);
		return text;
	}
	return "";
}

static bool can_walk(void)
{
	struct unwinder *u = unwinder_create();
	bool can = unwinder_usable(u);

	unwinder_destroy(u);
#ifndef __x86_64__
	can = false;
#endif
	if (!can)
		print_message("no libdw here, or not x86_64: chains are not compared\n");
	return can;
}

/* On a busy machine the time for all of them may run out; what was read of files is kept. */
static bool was_late(const struct unwound *u)
{
	return u->n && u->tasks[u->n - 1].end == unwind_ends[END_LATE];
}

/* Every frame of every build to the byte. Only where the size is known at run time alone,
 * and nobody kept the frame pointer, may the chain end, and says why. */
static void test_exact(void **state)
{
	struct program p;

	(void)state;
	for (size_t b = 0; b < ARRAY_LEN(builds) && can_walk(); b++) {
		for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
			struct source *src;
			const struct snapshot *s;
			const char *wrong;
			bool whole;

			if (!program_start(&p, builds[b], modes[m])) {
				print_message("%s is not built: not compared\n", builds[b]);
				break;
			}
			src = open_live(p.pid);
			s = take(src, UNWIND_ALL);
			/* The last line was written, the call is yet to come. */
			for (int i = 0; i < SLEEPS && (s->tasks->tasks[s->tasks->n - 1].sp !=
			     p.frames[0].sp || was_late(s->unwound)); i++) {
				snapshot_put(s);
				s = take(src, UNWIND_ALL);
			}
			wrong = compare(&p, s->unwound, builds[b], modes[m], &whole);
			if (*wrong)
				fail_msg("%s", wrong);
			if (!whole && !strcmp(modes[m], "dynamic"))
				print_message("%s %s: the chain ends where it must without the "
					      "kernel's copy of the registers\n", builds[b],
					      modes[m]);
			else if (!whole)
				fail_msg("%s %s: the chain is not whole", builds[b], modes[m]);
			snapshot_put(s);
			src->ops->close(src);
			program_end(&p);
		}
	}
}

/* The words from below sp on; where a frame ends stands where it returns to. What the code
 * takes is known of frames with symbols. */
static void check_words(const struct unwound *u, const struct program *p)
{
	const struct unwound_task *t = &u->tasks[0];
	size_t known = 0;

	if (!t->n)
		return;
	assert_int_equal(u->words_tid, p->pid);
	assert_int_equal(u->words_start, p->frames[0].sp - 8 * STACK_WORDS_BELOW);
	assert_int_equal(u->nwords, STACK_WORDS);
	for (size_t i = 0; i + 1 < t->n; i++) {
		const struct user_frame *f = &u->frames[t->first + i];
		size_t at = (size_t)(f->sp + f->bytes - 8 - u->words_start) / 8;

		known += f->takes != UNKNOWN;
		if (f->bytes == UNKNOWN || at >= u->nwords)
			continue;
		assert_true(u->words[at].there && u->words[at].returns);
		assert_int_equal(u->words[at].value, f[1].pc);
		assert_string_equal(u->words[at].function, f[1].function);
	}
	assert_true(known >= 4);
}

/* Nothing is walked unless somebody asks, and what was asked for is brought. */
static void test_asked(void **state)
{
	const struct snapshot *s, *again;
	struct source *src;
	struct program p;

	(void)state;
	assert_true(program_start(&p, "frames", "chain"));
	wait_asleep(p.pid);
	src = open_live(p.pid);
	s = take(src, 0);
	assert_null(s->unwound);
	snapshot_put(s);
	s = take(src, p.pid);
	assert_non_null(unwound_find(s->unwound, p.pid));
	assert_null(unwound_find(s->unwound, p.pid + 1));
	/* Nothing moved: the very same. */
	again = take(src, p.pid);
	assert_ptr_equal(s->unwound, again->unwound);
	check_words(s->unwound, &p);
	if (!s->unwound->tasks[0].n)
		assert_non_null(whys_find(s->whys, "tasks[].stack.frames"));
	snapshot_put(s);
	snapshot_put(again);
	src->ops->close(src);
	program_end(&p);
}

/* Looked at again and again, the calls of a program are never interrupted. */
static void test_undisturbed(void **state)
{
	long rounds, interrupted;
	struct source *src;
	struct program p;
	char line[128];

	(void)state;
	assert_true(program_start(&p, "frames", "loops"));
	src = open_live(p.pid);
	for (int i = 0; i < LOOKS; i++)
		snapshot_put(take(src, UNWIND_ALL));
	fclose(p.in);
	for (int i = 0; i < 4; i++) {
		assert_non_null(fgets(line, sizeof(line), p.out));
		assert_int_equal(sscanf(line, "rounds %ld interrupted %ld", &rounds, &interrupted),
				 2);
		assert_true(rounds > 0);
		assert_int_equal(interrupted, 0);
	}
	src->ops->close(src);
	fclose(p.out);
	waitpid(p.pid, NULL, 0);
}

/* "TracerPid:" of a thread. */
static long tracer_of(pid_t tid)
{
	char path[64], line[128];
	long pid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "TracerPid: %ld", &pid);
	if (f)
		fclose(f);
	return pid;
}

static void tell(struct source *src, const char *arg, const char *expected)
{
	struct buf say = BUF_INIT;
	struct error *err = src->ops->command(src, "registers", arg, &say);

	if (!strstr(err ? err->message : buf_str(&say), expected))
		fail_msg("registers %s: %s", arg, err ? err->message : buf_str(&say));
	error_destroy(err);
	buf_free(&say);
}

/* It has written its last line and spins: time passes in user mode alone. */
static void wait_running(pid_t pid)
{
	unsigned long user = 0, before = 0, kernel = 0, kernel_before = ULONG_MAX;
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 100 * SLEEPS && (user < before + 2 || kernel != kernel_before); i++) {
		FILE *f = fopen(path, "re");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			fclose(f);
		text[n] = '\0';
		if (kernel != kernel_before) {
			before = user;
			kernel_before = kernel;
		}
		sscanf(strrchr(text, ')') ? strrchr(text, ')') : "", ") %*c %*d %*d %*d %*d %*d %*u %*u "
		       "%*u %*u %*u %lu %lu", &user, &kernel);
		sched_yield();
	}
}

/* Nothing, unless it could be caught while it waited for a CPU: then all of it. */
static void nothing_or_all(struct source *src, const struct program *p)
{
	const struct snapshot *s = take(src, p->pid);
	const struct unwound_task *t = unwound_find(s->unwound, p->pid);
	const char *wrong = "";
	bool whole = true;

	if (t->n) {
		assert_int_equal(t->rung, UNWOUND_KERNEL);
		wrong = compare(p, s->unwound, "frames", "spin", &whole);
	}
	if (*wrong || !whole)
		fail_msg("%s", *wrong ? wrong : t->end);
	snapshot_put(s);
}

/* Of a thread that runs nothing is known (but where kernel stacks may be read), until somebody who was told what it costs says so
 * again; then its chain is exact, and it runs on as before. */
static void test_stopped(void **state)
{
	const struct snapshot *s;
	struct source *src;
	struct program p;
	char tid[16];
	bool whole;

	(void)state;
	if (!can_walk())
		return;
	assert_true(program_start(&p, "frames", "spin"));
	snprintf(tid, sizeof(tid), "%d", (int)p.pid);
	src = open_live(p.pid);
	wait_running(p.pid);
	nothing_or_all(src, &p);
	tell(src, "1", "no thread of this process");
	tell(src, "", "no thread of this process");
	tell(src, tid, "would be stopped");
	nothing_or_all(src, &p);
	tell(src, tid, "was stopped for");
	assert_int_equal(tracer_of(p.pid), 0);
	for (int i = 0; i < 2; i++) {		/* it stands until something better is known */
		const char *wrong;

		s = take(src, p.pid);
		assert_true(s->unwound->tasks[0].rung == UNWOUND_STOPPED ||
			    s->unwound->tasks[0].rung == UNWOUND_KERNEL);
		wrong = compare(&p, s->unwound, "frames", "spin", &whole);
		if (*wrong || !whole)
			fail_msg("%s", *wrong ? wrong : s->unwound->tasks[0].end);
		snapshot_put(s);
	}
	tell(src, tid, "would be stopped");	/* once more from the beginning */
	src->ops->close(src);
	kill(p.pid, SIGKILL);
	program_end(&p);
}

/* What is said of the call it sits in comes from the call. */
static void test_warned(void **state)
{
	struct source *src;
	struct program p;
	char tid[16];

	(void)state;
	assert_true(program_start(&p, "frames", "chain"));
	wait_asleep(p.pid);
	snprintf(tid, sizeof(tid), "%d", (int)p.pid);
	src = open_live(p.pid);
	snapshot_put(take(src, 0));
	tell(src, tid, "read, which goes on afterwards");
	src->ops->close(src);
	program_end(&p);
}

/* One that somebody else traces cannot be stopped, and it is said who does. */
static void test_refused(void **state)
{
	int go[2], told[2];
	struct source *src;
	struct program p;
	char tid[16], expected[64], byte = 0;
	pid_t tracer;

	(void)state;
	if (!can_walk())
		return;
	assert_true(program_start(&p, "frames", "chain"));
	wait_asleep(p.pid);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(told), 0);
	tracer = fork();
	if (!tracer) {
		close(go[1]);
		byte = ptrace(PTRACE_SEIZE, p.pid, 0, 0) ? 1 : 0;
		if (write(told[1], &byte, 1) != 1 || read(go[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	if (byte)
		print_message("note: ptrace is forbidden to the tests, nothing is refused\n");
	snprintf(tid, sizeof(tid), "%d", (int)p.pid);
	snprintf(expected, sizeof(expected), "process %d traces it already", (int)tracer);
	src = open_live(p.pid);
	snapshot_put(take(src, 0));
	if (!byte) {
		tell(src, tid, "which goes on afterwards");
		tell(src, tid, expected);
	}
	src->ops->close(src);
	close(go[0]);
	close(go[1]);
	close(told[0]);
	close(told[1]);
	assert_int_equal(waitpid(tracer, NULL, 0), tracer);
	program_end(&p);
}

/* Where the stacks of several threads are one mapping, nobody has all of it. */
static void test_shared(void **state)
{
	const struct snapshot *s = NULL;
	struct source *src;
	struct program p;

	(void)state;
	assert_true(program_start(&p, "frames", "share"));
	src = open_live(p.pid);
	for (int i = 0; i < SLEEPS; i++) {
		snapshot_put(s);
		s = take(src, 0);
		if (s->tasks->n == 3 && s->tasks->tasks[0].sp != UNKNOWN && s->tasks->tasks[1].sp != UNKNOWN && s->tasks->tasks[2].sp != UNKNOWN)
			break;
	}
	assert_int_equal(s->tasks->n, 3);
	assert_int_equal(s->tasks->tasks[0].stack.found, STACK_BY_SP);
	for (int i = 1; i < 3; i++) {
		const struct task_stack *st = &s->tasks->tasks[i].stack;

		assert_int_equal(st->found, STACK_SHARED);
		assert_int_equal(st->vma_start, s->tasks->tasks[1].stack.vma_start);
		assert_int_equal(st->used, UNKNOWN);
		assert_int_equal(st->resident, UNKNOWN);
	}
	assert_non_null(whys_find(s->whys, "tasks[].stack.used"));
	snapshot_put(s);
	src->ops->close(src);
	program_end(&p);
}

/* ---- gdb ---- */

static const char gdb_script[] =
	"f = gdb.newest_frame()\n"
	"while f is not None:\n"
	"    if f.type() != gdb.INLINE_FRAME:\n"
	"        print('pc 0x%x' % f.pc())\n"
	"    f = f.older()\n";

/* The pcs of gdb's chain, innermost first; 0: there is no gdb, or it may not. */
static size_t ask_gdb(pid_t pid, uint64_t *pcs, size_t cap)
{
	char script[] = "/tmp/mmscope-frames-XXXXXX.py", command[256], line[256];
	int fd = mkstemps(script, 3);
	size_t n = 0;
	FILE *f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, gdb_script, sizeof(gdb_script) - 1), sizeof(gdb_script) - 1);
	close(fd);
	snprintf(command, sizeof(command), "DEBUGINFOD_URLS= gdb -nx -batch -p %d "
		 "-ex 'set backtrace past-main on' -x %s 2>/dev/null </dev/null", (int)pid, script);
	f = popen(command, "r");
	while (f && fgets(line, sizeof(line), f))
		if (n < cap && sscanf(line, "pc %" SCNx64, &pcs[n]) == 1)
			n++;
	if (f)
		pclose(f);
	unlink(script);
	return n;
}

/* What stands on the stack may differ: gdb made the calls begin anew. */
static bool same_chain(const struct unwound *a, const struct unwound *b)
{
	bool same = a->nframes == b->nframes && a->nframes;

	for (size_t i = 0; same && i < a->nframes; i++)
		same = a->frames[i].pc == b->frames[i].pc && a->frames[i].sp == b->frames[i].sp;
	return same;
}

/* The same chain before and after gdb looked: then gdb saw that one too. */
static bool settled(struct source *src, pid_t pid, const struct snapshot **ret, uint64_t *pcs,
		    size_t cap, size_t *n)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		const struct snapshot *before = take(src, pid), *after;

		*n = ask_gdb(pid, pcs, cap);
		after = take(src, pid);
		if (same_chain(before->unwound, after->unwound)) {
			snapshot_put(before);
			*ret = after;
			return true;
		}
		snapshot_put(before);
		snapshot_put(after);
	}
	return false;
}

static void like_gdb(const char *name, const char *const *argv)
{
	const struct unwound_task *t;
	const struct snapshot *s = NULL;
	uint64_t pcs[256] = { 0 };
	struct source *src;
	FILE *in, *out;
	char line[64];
	size_t n;
	pid_t pid = start(argv, &in, &out);

	if (!fgets(line, sizeof(line), out)) {
		print_message("%s is not here: not compared\n", name);
	} else {
		wait_asleep(pid);
		src = open_live(pid);
		if (!settled(src, pid, &s, pcs, ARRAY_LEN(pcs), &n))
			fail_msg("%s does not come to rest", name);
		t = unwound_find(s->unwound, pid);
		if (!n)
			print_message("gdb is not here, or may not look at %s: not compared\n",
				      name);
		for (size_t i = 0; n && i < t->n; i++)
			if (i >= n || pcs[i] != s->unwound->frames[t->first + i].pc)
				fail_msg("%s, frame %zu: %" PRIx64 " (%s), gdb has %" PRIx64, name, i,
					 s->unwound->frames[t->first + i].pc,
					 s->unwound->frames[t->first + i].function,
					 i < n ? pcs[i] : 0);
		if (n && t->complete)
			assert_int_equal(t->n, n);
		snapshot_put(s);
		src->ops->close(src);
	}
	fclose(in);
	fclose(out);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_gdb(void **state)
{
	const char *const bash[] = { "bash", "-c", "f() { g; }; g() { echo x; read y; }; f", NULL };
	const char *const python[] = { "python3", "-c",
		"import sys\ndef f(n):\n  return f(n - 1) if n else sys.stdin.read()\n"
		"print(1, flush=True)\nf(5)\n", NULL };
	const char *const node[] = { "node", "-e", "console.log(1); process.stdin.resume()", NULL };

	(void)state;
	if (!can_walk())
		return;
	like_gdb("bash", bash);
	like_gdb("python3", python);
	like_gdb("node", node);
}

#ifdef __x86_64__
static volatile int inside_vdso;		/* where to say so */

/* Sleeps once it interrupted the code that the kernel lends. */
static void sleep_in_vdso(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	uint64_t pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP], vdso = getauxval(AT_SYSINFO_EHDR);

	(void)signal;
	(void)info;
	if (pc - vdso >= 2 * PAGE_BYTES || write(inside_vdso, "", 1) != 1)
		return;
	for (;;)
		pause();
}

static void ask_the_time(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction a = { .sa_sigaction = sleep_in_vdso, .sa_flags = SA_SIGINFO };
	struct timespec now;

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;)
		clock_gettime(CLOCK_MONOTONIC, &now);
}
#endif

/* The vdso is in no file: it is read from our own memory. */
static void test_vdso(void **state)
{
#ifdef __x86_64__
	const struct unwound_task *t;
	const struct snapshot *s;
	struct source *src;
	bool seen = false;
	int fds[2];
	pid_t pid;

	(void)state;
	if (!can_walk() || !getauxval(AT_SYSINFO_EHDR))
		return;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		inside_vdso = fds[1];
		ask_the_time();
	}
	if (poll(&(struct pollfd){ .fd = fds[0], .events = POLLIN }, 1, 10000) == 1) {
		wait_asleep(pid);
		src = open_live(pid);
		s = take(src, pid);
		t = unwound_find(s->unwound, pid);
		for (size_t i = 0; i < t->n; i++) {
			const struct user_frame *f = &s->unwound->frames[t->first + i];

			seen |= !strcmp(f->module, "[vdso]") && strstr(f->function, "clock_gettime");
		}
		assert_true(seen && t->complete);
		snapshot_put(s);
		src->ops->close(src);
	} else {
		print_message("the vdso was never met: not compared\n");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
#else
	(void)state;
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact), cmocka_unit_test(test_asked),
		cmocka_unit_test(test_undisturbed), cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_warned), cmocka_unit_test(test_refused), cmocka_unit_test(test_shared), cmocka_unit_test(test_gdb),
		cmocka_unit_test(test_vdso),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
