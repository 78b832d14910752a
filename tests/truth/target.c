/* SPDX-License-Identifier: GPL-2.0-or-later
 * A process to look at, made to order.
 *
 * The options are carried out in the order given; then it prints "ready" and waits for
 * commands on standard input, one word and its numbers on a line, and answers each with
 * "ok" or with what was asked for. At the end of its input it ends with status 0.
 * Sizes are bytes and take K, M, G and T.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

enum { PAGE = 4096 };
static char *last;			/* what the last operation mapped, */
static size_t last_len;			/* so that a command can go on with it */
static char **own_argv;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t size_of(const char *s)
{
	static const char units[] = "KMGT";
	char *end;
	uint64_t v = strtoull(s, &end, 0);
	const char *u = *end ? strchr(units, *end) : NULL;

	return u ? v << 10 * (u - units + 1) : v;
}

static char *map(size_t len, int prot, int flags, int fd)
{
	char *p = mmap(NULL, len, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	last = p;
	last_len = len;
	return p;
}

static char *anon(size_t len)
{
	char *p = map(len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static void touch(char *p, size_t len, size_t step)
{
	for (size_t i = 0; i < len; i += step)
		*(volatile char *)(p + i) = (char)(i / PAGE + 1);
}

/* Alternating rights keep the kernel from joining them; every fourth is touched. */
static void op_vmas(const char *arg)
{
	size_t n = size_of(arg);
	char *p = map(n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		      -1);

	for (size_t i = 1; i < n; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ) < 0)
			die("mprotect");
	touch(p, n * PAGE, 4 * PAGE);
}

static int temp_file(size_t len)
{
	char name[] = "/tmp/mmscope-target.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		die(name);
	unlink(name);
	return fd;
}

static void op_file_vmas(const char *arg)
{
	size_t n = size_of(arg);
	int fd = temp_file(n * PAGE);
	char *p = map(n * PAGE, PROT_READ, MAP_PRIVATE, fd);

	for (size_t i = 1; i < n; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE) < 0)
			die("mprotect");
	close(fd);
}

static void op_resident(const char *arg)
{
	char *p = anon(size_of(arg));

	touch(p, last_len, PAGE);
}

/* BYTES:PAGES */
static void op_sparse(const char *arg)
{
	const char *colon = strchr(arg, ':');
	size_t pages = colon ? size_of(colon + 1) : 0;
	char *p = map(size_of(arg), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	madvise(p, last_len, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		p[last_len / pages * i] = 1;
}

static void op_reserve(const char *arg)
{
	map(size_of(arg), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

static void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void *spinner(void *arg)
{
	volatile unsigned long n = 0;

	(void)arg;
	for (;;)
		n++;
	return NULL;
}

/* Maps, touches and unmaps for ever, a little of everything. */
static void *churner(void *arg)
{
	unsigned x = 12345;

	(void)arg;
	for (;;) {
		size_t len = (x >> 8) % 64 * PAGE + 4 * PAGE;
		char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		x = x * 1664525 + 1013904223;
		if (p == MAP_FAILED)
			continue;
		p[len / 2] = 1;
		mprotect(p + PAGE, PAGE, PROT_READ);
		if (x & 0x1000)
			madvise(p, len, MADV_DONTNEED);
		/* In two parts: what was given back may be another thread's by now. */
		munmap(p, 2 * PAGE);
		munmap(p + 2 * PAGE, len - 2 * PAGE);
	}
	return NULL;
}

static void threads(size_t n, void *(*fn)(void *))
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&t, &attr, fn, NULL))
			die("pthread_create");
}

static void op_threads(const char *arg)
{
	threads(size_of(arg), sleeper);
}

static void op_spin(const char *arg)
{
	threads(size_of(arg), spinner);
}

static __attribute__((noinline)) size_t deeper(size_t left)
{
	volatile char page[PAGE - 256];

	page[0] = 1;
	if (left > PAGE)
		return deeper(left - PAGE) + (size_t)page[0];
	return (size_t)page[0];
}

static void op_churn(const char *arg)
{
	threads(size_of(arg), churner);
}

/* Stacks side by side in one mapping, each above a page that is a guard by madvise(). */
static void op_guarded(const char *arg)
{
	size_t n = size_of(arg), each = 256 << 10;
	char *p = anon(n * each);

	for (size_t i = 0; i < n; i++, p += each) {
		pthread_attr_t attr;
		pthread_t t;

		madvise(p, PAGE, MADV_GUARD_INSTALL);
		pthread_attr_init(&attr);
		pthread_attr_setstack(&attr, p + PAGE, each - PAGE);
		if (pthread_create(&t, &attr, sleeper, NULL))
			die("pthread_create");
	}
}

/* Stacks that are a part of something: one in the program's own data, one below memory that was
 * never touched, without a guard. */
static void op_parts(const char *arg)
{
	static char data[512 << 10] __attribute__((aligned(4096)));
	char *p = anon(sizeof(data));
	pthread_attr_t attr;
	pthread_t t;

	(void)arg;
	data[sizeof(data) - 1] = 1;
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, data, sizeof(data) / 2);
	if (pthread_create(&t, &attr, sleeper, NULL))
		die("pthread_create");
	pthread_attr_setstack(&attr, p, sizeof(data) / 2);
	if (pthread_create(&t, &attr, sleeper, NULL))
		die("pthread_create");
}

static void op_stack(const char *arg)
{
	volatile size_t sum = deeper(size_of(arg));

	(void)sum;
}

static _Noreturn void wait_for_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before we asked. */
	while (getppid() == parent)
		pause();
	_exit(0);
}

/* A child shares all pages; then every other one is written apart. */
static void op_cow(const char *arg)
{
	char *p = anon(size_of(arg));

	pid_t self = getpid();

	touch(p, last_len, PAGE);
	if (!fork())
		wait_for_parent(self);
	touch(p, last_len, 2 * PAGE);
}

static void op_guard(const char *arg)
{
	char *p = anon(size_of(arg));

	touch(p, last_len, PAGE);
	/* Before Linux 6.15 there is no such thing; then it is an ordinary mapping. */
	madvise(p + PAGE, PAGE, MADV_GUARD_INSTALL);
	madvise(p + last_len / 2, 2 * PAGE, MADV_GUARD_INSTALL);
}

static void op_zero(const char *arg)
{
	char *p = anon(size_of(arg));
	volatile char sum = 0;

	for (size_t i = 0; i < last_len; i += 2 * PAGE)
		sum = (char)(sum + p[i]);
	p[PAGE] = 1;
}

static void op_shm(const char *arg)
{
	char *p = map(size_of(arg), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	pid_t self = getpid();
	int done[2];
	char c;

	touch(p, last_len, 2 * PAGE);
	if (pipe(done) < 0)
		die("pipe");
	if (!fork()) {
		touch(p, last_len, 4 * PAGE);	/* these are mapped twice */
		close(done[0]);
		close(done[1]);
		wait_for_parent(self);
	}
	/* The child's touches are over before anybody compares. */
	close(done[1]);
	if (read(done[0], &c, 1) < 0)
		die("read");
	close(done[0]);
}

static void op_memfd(const char *arg)
{
	int fd = memfd_create("odd name \033[31m", 0);
	char *p;

	if (fd < 0 || ftruncate(fd, (off_t)size_of(arg)) < 0)
		die("memfd");
	p = map(size_of(arg), PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	touch(p, last_len, 3 * PAGE);
	close(fd);
}

static void op_file(const char *arg)
{
	int fd = temp_file(size_of(arg));
	char *p = map(size_of(arg), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	volatile char sum = 0;

	for (size_t i = 0; i < last_len; i += 16 * PAGE)
		sum = (char)(sum + p[i]);
	p[2 * PAGE] = 1;	/* a private copy */
	close(fd);
}

static void op_thp(const char *arg)
{
	size_t huge = 2 << 20, len = size_of(arg);
	char *p = map(len + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *aligned = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));

	madvise(aligned, len, MADV_HUGEPAGE);
	touch(aligned, len, PAGE);
	/* One huge page is split where a part of it is given back. */
	if (len > huge)
		madvise(aligned + PAGE, PAGE, MADV_DONTNEED);
}

/* Read before written: the kernel's one page of zeroes, the large one. */
static void op_huge_zero(const char *arg)
{
	size_t huge = 2 << 20, len = size_of(arg);
	char *p = map(len + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *aligned = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));

	madvise(aligned, len, MADV_HUGEPAGE);
	for (size_t i = 0; i < len; i += huge)
		(void)*(volatile char *)(aligned + i);
}

/* Where the machine has none in reserve there is nothing to look at. */
static void op_hugetlb(const char *arg)
{
	size_t len = size_of(arg);

	for (int shared = 0; shared < 2; shared++) {
		char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_HUGETLB |
			       (shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);

		if (p != MAP_FAILED)
			*(volatile char *)p = 1;
	}
	for (int written = 0; written < 2; written++) {
		int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
		char *p = fd < 0 || ftruncate(fd, (off_t)len) < 0 ? MAP_FAILED :
			  mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

		if (p != MAP_FAILED && written)
			*(volatile char *)p = 1;
		else if (p != MAP_FAILED)
			(void)*(volatile char *)p;
	}
}

/* What a private mapping of /dev/zero holds is anonymous, its huge pages too. */
static void op_dev_zero(const char *arg)
{
	size_t huge = 2 << 20, len = size_of(arg);
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	char *p = map(len + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	char *aligned = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));

	close(fd);
	madvise(aligned, len, MADV_HUGEPAGE);
	touch(aligned, len, PAGE);
}

/* In shared memory userfaultfd protects pages to come by marks in the page table. Where this
 * is not allowed there is nothing to look at. */
static void op_marked(const char *arg)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	char *p = map(size_of(arg), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	touch(p, PAGE, PAGE);
	reg.range.start = wp.range.start = (uintptr_t)p;
	reg.range.len = wp.range.len = last_len;
	if (fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &reg))
		ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
}

static void op_lock(const char *arg)
{
	anon(size_of(arg));
	if (mlock(last, last_len) < 0 && errno != ENOMEM && errno != EPERM)
		die("mlock");
}

static void op_growsdown(const char *arg)
{
	char *p = map(size_of(arg), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);

	p[last_len - 1] = 1;
}

static void op_name(const char *arg)
{
	if (last && prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, last, last_len, arg) < 0 &&
	    errno != EINVAL)
		die("PR_SET_VMA_ANON_NAME");
}

static void op_comm(const char *arg)
{
	prctl(PR_SET_NAME, arg);
}

static void op_heap(const char *arg)
{
	char *p = sbrk((intptr_t)size_of(arg));

	if (p == (void *)-1)
		die("sbrk");
	touch(p, size_of(arg), PAGE);
}

/* Commands go on with what the last operation mapped. */
static void op_touch(const char *arg)
{
	size_t len = size_of(arg);

	touch(last, len && len < last_len ? len : last_len, PAGE);
}

static void op_drop(const char *arg)
{
	size_t len = size_of(arg);

	madvise(last, len && len < last_len ? len : last_len, MADV_DONTNEED);
}

static void op_map(const char *arg)
{
	anon(size_of(arg));
}

static void op_unmap(const char *arg)
{
	size_t len = size_of(arg);

	munmap(last, len && len < last_len ? len : last_len);
}

static void op_protect(const char *arg)
{
	size_t len = size_of(arg);

	mprotect(last, len && len < last_len ? len : last_len, PROT_READ);
}

static void op_close(const char *arg)
{
	size_t len = size_of(arg);

	mprotect(last, len && len < last_len ? len : last_len, PROT_NONE);
}

static void op_exec(const char *arg)
{
	char *argv[] = { own_argv[0], (char *)"--map", (char *)arg, NULL };

	execv("/proc/thread-self/exe", argv);	/* the leader may have ended */
	die("exec");
}

/* Becomes itself so many times, one after the other. */
static void op_storm(const char *arg)
{
	size_t left = size_of(arg);
	char number[32];
	char *argv[] = { own_argv[0], (char *)"--storm", number, NULL };

	usleep(2000);
	if (!left)
		return;
	snprintf(number, sizeof(number), "%zu", left - 1);
	execv("/proc/self/exe", argv);
	die("exec");
}

static void op_exit(const char *arg)
{
	_exit((int)size_of(arg));
}

static void op_kill(const char *arg)
{
	raise((int)size_of(arg));
}

static void *carry_on(void *arg);

/* The main thread ends, another takes over the conversation. */
static void op_leave(const char *arg)
{
	pthread_t t;

	(void)arg;
	if (pthread_create(&t, NULL, carry_on, NULL))
		die("pthread_create");
	pthread_exit(NULL);
}

static void op_user(const char *arg)
{
	uid_t uid = (uid_t)size_of(arg);

	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		die("setresuid");
	prctl(PR_SET_DUMPABLE, 1);
}

static void op_burn(const char *arg)
{
	volatile uint64_t n = size_of(arg);

	while (n)
		n--;
}

/* START:LEN: one digit for each page, as mincore(2) has it. */
static void op_mincore(const char *arg)
{
	const char *colon = strchr(arg, ':');
	char *start = (char *)(uintptr_t)strtoull(arg, NULL, 0);
	size_t len = colon ? size_of(colon + 1) : 0;
	unsigned char core[256];

	for (size_t at = 0; at < len; at += sizeof(core) * PAGE) {
		size_t n = len - at < sizeof(core) * PAGE ? len - at : sizeof(core) * PAGE;

		if (mincore(start + at, n, core) < 0)
			die("mincore");
		for (size_t i = 0; i < n / PAGE; i++)
			putchar('0' + (core[i] & 1));
	}
	putchar('\n');
}

static void op_last(const char *arg)
{
	(void)arg;
	printf("%llx %llx\n", (unsigned long long)(uintptr_t)last,
	       (unsigned long long)(uintptr_t)last + last_len);
}

static void op_tid(const char *arg)
{
	(void)arg;
	printf("%d\n", (int)gettid());
}

static const struct {
	const char *name;
	void (*fn)(const char *arg);
	bool answers;		/* prints its own line */
} ops[] = {
	{ "vmas", op_vmas, false }, { "file-vmas", op_file_vmas, false },
	{ "resident", op_resident, false }, { "sparse", op_sparse, false },
	{ "reserve", op_reserve, false }, { "threads", op_threads, false },
	{ "spin", op_spin, false }, { "churn", op_churn, false },
	{ "guarded", op_guarded, false }, { "parts", op_parts, false },
	{ "stack", op_stack, false }, { "cow", op_cow, false },
	{ "guard", op_guard, false }, { "zero", op_zero, false }, { "shm", op_shm, false },
	{ "memfd", op_memfd, false }, { "file", op_file, false }, { "thp", op_thp, false },
	{ "hugetlb", op_hugetlb, false }, { "dev-zero", op_dev_zero, false },
	{ "marked", op_marked, false }, { "huge-zero", op_huge_zero, false },
	{ "lock", op_lock, false }, { "growsdown", op_growsdown, false },
	{ "name", op_name, false }, { "comm", op_comm, false }, { "heap", op_heap, false },
	{ "touch", op_touch, false }, { "drop", op_drop, false }, { "map", op_map, false },
	{ "unmap", op_unmap, false }, { "protect", op_protect, false },
	{ "close", op_close, false },
	{ "exec", op_exec, true }, { "storm", op_storm, true },
	{ "exit", op_exit, true }, { "kill", op_kill, true },
	{ "leave", op_leave, true }, { "user", op_user, false }, { "burn", op_burn, false },
	{ "mincore", op_mincore, true }, { "last", op_last, true },
	{ "tid", op_tid, true },
};

static bool carry_out(const char *name, const char *arg)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(ops[i].name, name))
			continue;
		ops[i].fn(arg);
		if (!ops[i].answers)
			puts("ok");
		fflush(stdout);
		return true;
	}
	return false;
}

/* Reads byte by byte, so that an exec loses nothing and no buffer grows. */
static bool read_line(char *line, size_t cap)
{
	size_t n = 0;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = '\0';
			return true;
		}
		if (n + 1 < cap)
			line[n++] = c;
	}
	return false;
}

static void converse(void)
{
	char line[256];

	while (read_line(line, sizeof(line))) {
		char *arg = strchr(line, ' ');

		if (arg)
			*arg++ = '\0';
		if (!carry_out(line, arg ? arg : "0")) {
			puts("?");
			fflush(stdout);
		}
	}
}

static void *carry_on(void *arg)
{
	(void)arg;
	puts("ok");
	fflush(stdout);
	converse();
	exit(0);
}

int main(int argc, char **argv)
{
	static char out[BUFSIZ];
	int null, keep;

	own_argv = argv;
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	signal(SIGCHLD, SIG_IGN);
	/* The operations' own answers are for commands only. */
	keep = dup(STDOUT_FILENO);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(null, STDOUT_FILENO);
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i] + strspn(argv[i], "-");
		const char *arg = i + 1 < argc && argv[i + 1][0] != '-' ? argv[++i] : "0";

		if (!carry_out(name, arg)) {
			fprintf(stderr, "target: no operation '%s'\n", name);
			return 2;
		}
	}
	dup2(keep, STDOUT_FILENO);
	close(keep);
	close(null);
	puts("ready");
	fflush(stdout);
	converse();
	return 0;
}
