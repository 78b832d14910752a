/* SPDX-License-Identifier: GPL-2.0-or-later
 * What `mmscope run` watches when nobody names a program: a process that uses its
 * address space in every ordinary way, slowly enough to follow, and says on its
 * standard output what it is doing.
 *
 *   mmscope-demo [--step MS] [--once]
 *
 * It uses memory on purpose in single pages: what is seen page by page has to happen page
 * by page. It is built without sanitizers and stack probes, which would touch pages of
 * their own. SIGHUP and SIGTERM end it.
 */
#include <config.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGES 48		/* of the mapping that most phases share */
#define FRAME_ROOM 192		/* what a call adds to its local array, at most */
#define ARRAY_PAGES 20		/* the large local array of the stack phase */
#define THREADS 3

static struct {
	size_t page;
	long step_ms;
	unsigned round;		/* how often the loop has come round */
	char *area;		/* PAGES pages, anonymous and private */
} demo;

static void step(void)
{
	struct timespec t = { demo.step_ms / 1000, demo.step_ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	if (putchar('\n') == EOF || fflush(stdout))
		exit(0);	/* nobody listens any more */
	step();
}

static void die(const char *what)
{
	fprintf(stderr, "mmscope-demo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void touch(char *p)
{
	*(volatile char *)p = 1;
}

static char peek(const char *p)
{
	return *(const volatile char *)p;
}

/* One page of stack for each call, all in use until the last returns how low it got. */
static uintptr_t __attribute__((noinline)) recurse(unsigned calls)
{
	char frame[4096 - FRAME_ROOM];
	uintptr_t lowest = (uintptr_t)frame;

	touch(frame);
	step();
	if (calls > 1)
		lowest = recurse(calls - 1);
	touch(frame + 1);	/* keeps this from being a tail call */
	return lowest;
}

static uintptr_t __attribute__((noinline)) with_array(unsigned calls)
{
	char array[ARRAY_PAGES * 4096];
	uintptr_t lowest;

	touch(array);
	step();
	say("stack: recursion, one page with every call, %u calls", calls);
	lowest = recurse(calls);
	touch(array + 1);
	return lowest;
}

static void stack_phase(void)
{
	struct rlimit limit;
	unsigned calls = 24 + 12 * demo.round;
	uintptr_t low, high;

	if (!getrlimit(RLIMIT_STACK, &limit) && calls > limit.rlim_cur / 2 / demo.page)
		calls = (unsigned)(limit.rlim_cur / 2 / demo.page);
	if (calls > 400)
		calls = 400;
	say("stack: a call with a local array of %d pages, of which it touches one", ARRAY_PAGES);
	low = with_array(calls);
	say("stack: every call has returned; the pages and the mapping stay");
	for (int i = 0; i < 4; i++)
		step();
	low = (low + demo.page - 1) / demo.page * demo.page;
	high = ((uintptr_t)__builtin_frame_address(0) / demo.page - 2) * demo.page;
	if (low < high && !madvise((void *)low, high - low, MADV_DONTNEED))
		say("stack: MADV_DONTNEED gives the pages back; the mapping does not shrink");
}

static void heap_phase(void)
{
	char *start = sbrk(0);

	say("heap: brk grows by a page at a time");
	for (int i = 0; i < 12; i++) {
		char *p = sbrk((intptr_t)demo.page);

		if (p == (void *)-1)
			break;
		touch(p);
		step();
	}
	say("heap: brk goes back to where it was");
	if ((char *)sbrk(0) > start)
		sbrk(start - (char *)sbrk(0));
	step();
}

static void map_phase(void)
{
	demo.area = mmap(NULL, PAGES * demo.page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (demo.area == MAP_FAILED)
		die("mmap");
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, demo.area, PAGES * demo.page, "demo area");
	say("mmap: %d pages, none of them there yet", PAGES);
	say("read: the first 8 pages are read: each is the one page of zeroes");
	for (int i = 0; i < 8; i++) {
		peek(demo.area + (size_t)i * demo.page);
		step();
	}
	say("write: every page is written, one after the other");
	for (int i = 0; i < PAGES; i++) {
		touch(demo.area + (size_t)i * demo.page);
		step();
	}
}

static void protect_phase(void)
{
	char *middle = demo.area + PAGES / 3 * demo.page;

	say("mprotect: the middle third becomes read-only: one mapping, now three");
	if (mprotect(middle, PAGES / 3 * demo.page, PROT_READ))
		die("mprotect");
	for (int i = 0; i < 4; i++)
		step();
	say("mprotect: writable again: the three merge");
	if (mprotect(middle, PAGES / 3 * demo.page, PROT_READ | PROT_WRITE))
		die("mprotect");
	step();
}

static void fork_phase(void)
{
	pid_t parent = getpid(), child;

	say("fork: a child shares every page until one of the two writes");
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "demo-child");
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		step();
	say("fork: the parent writes 8 of them: each is copied");
	for (int i = 0; i < 8; i++) {
		touch(demo.area + (size_t)i * demo.page);
		step();
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	say("fork: the child has ended; what was shared is the parent's alone");
}

static void discard_phase(void)
{
	say("madvise: every second page is dropped");
	for (int i = 1; i < PAGES; i += 2) {
		if (madvise(demo.area + (size_t)i * demo.page, demo.page, MADV_DONTNEED))
			die("madvise");
		if (i % 4 == 3)
			step();
	}
	say("munmap: a hole in the middle");
	munmap(demo.area + PAGES / 3 * demo.page, PAGES / 3 * demo.page);
	for (int i = 0; i < 4; i++)
		step();
	say("munmap: the rest");
	munmap(demo.area, PAGES * demo.page);
	step();
}

static void huge_phase(void)
{
	const size_t size = 4 << 20, huge = 2 << 20;
	char *p = mmap(NULL, size + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at;

	if (p == MAP_FAILED)
		return;
	at = (char *)(((uintptr_t)p + huge - 1) & ~(uintptr_t)(huge - 1));
	if (!madvise(at, size, MADV_HUGEPAGE)) {
		say("huge pages: one write brings 2 MiB, where the kernel has them");
		touch(at);
		for (int i = 0; i < 4; i++)
			step();
		touch(at + huge);
		for (int i = 0; i < 4; i++)
			step();
	}
	munmap(p, size + huge);
	step();
}

/* The C library's file is at hand in every process, and large. */
static void file_phase(void)
{
	Dl_info info;
	struct stat st;
	char *p;
	int fd;

	if (!dladdr((void *)(uintptr_t)&printf, &info) || !info.dli_fname)
		return;
	fd = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_size < 1 << 20)
		goto out;
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		goto out;
	say("file: 1 MiB of the C library is mapped privately");
	say("file: one byte in 128 KiB is read; the kernel maps the pages around it as well");
	for (size_t at = 0; at < 1 << 20; at += 128 << 10) {
		peek(p + at);
		step();
	}
	say("file: 8 pages are written: each becomes a copy of its own");
	for (size_t i = 0; i < 8; i++) {
		touch(p + i * demo.page);
		step();
	}
	munmap(p, 1 << 20);
out:
	if (fd >= 0)
		close(fd);
}

static void shared_phase(void)
{
	int fd = memfd_create("demo-shared", MFD_CLOEXEC);
	char *p;

	if (fd < 0 || ftruncate(fd, 16 * (off_t)demo.page))
		goto out;
	p = mmap(NULL, 16 * demo.page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		goto out;
	say("shared: 16 pages of a memfd, shared");
	for (size_t i = 0; i < 16; i++) {
		touch(p + i * demo.page);
		step();
	}
	munmap(p, 16 * demo.page);
	step();
out:
	if (fd >= 0)
		close(fd);
}

static void *worker(void *arg)
{
	unsigned n = (unsigned)(uintptr_t)arg;
	char name[16];

	snprintf(name, sizeof(name), "worker-%u", n);
	pthread_setname_np(pthread_self(), name);
	for (unsigned i = 0; i <= n; i++)
		step();
	recurse(6 + 4 * n);
	return NULL;
}

static void thread_phase(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attr;
	unsigned n;

	say("threads: %d of them, each with a mapped stack and a guard below it", THREADS);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (n = 0; n < THREADS; n++) {
		if (pthread_create(&threads[n], &attr, worker, (void *)(uintptr_t)(n + 1)))
			break;
		step();
	}
	pthread_attr_destroy(&attr);
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	say("threads: all have ended");
}

static void (*const phases[])(void) = {
	stack_phase, heap_phase, map_phase, protect_phase, fork_phase, discard_phase,
	thread_phase, file_phase, shared_phase, huge_phase,
};

static long number(const char *s)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (errno || end == s || *end || v < 0 || v > 60000) {
		fprintf(stderr, "mmscope-demo: --step wants milliseconds, 0 to 60000, not '%s'\n", s);
		exit(2);
	}
	return v;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "step", required_argument, NULL, 's' },
		{ "once", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	bool once = false;
	int c;

	demo.page = (size_t)sysconf(_SC_PAGESIZE);
	demo.step_ms = 300;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's') {
			demo.step_ms = number(optarg);
		} else if (c == 'o') {
			once = true;
		} else {
			fprintf(stderr, "usage: mmscope-demo [--step MS] [--once]\n");
			return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	do {
		for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
			phases[i]();
		demo.round++;
	} while (!once);
	return 0;
}
