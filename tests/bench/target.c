/* SPDX-License-Identifier: GPL-2.0-or-later
 * The processes that `make bench` looks at.
 *
 *   bench-target vmas N            N mappings of one page, anonymous, all touched
 *   bench-target files N           the same of a file with a name
 *   bench-target resident MIB      so much touched, in 4 KiB pages
 *   bench-target threads N         N threads waiting
 *   bench-target sparse GIB N      a reservation with N pages touched here and there
 *   bench-target arenas GIB N      the same without access, with N arenas of 1 MiB inside
 *
 * It says "ready" when it stands. Then it reads lines from standard input: "loop MS"
 * maps, touches and unmaps a page for so long and answers "OPS P50 P999 MAX" (operations
 * each second, nanoseconds); "poke" adds or removes a mapping and answers "poked". It
 * ends with its input.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define SAMPLES (1u << 22)

static void die(const char *what)
{
	fprintf(stderr, "bench-target: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *map(size_t size, int prot, int flags, int fd)
{
	char *p = mmap(NULL, size, prot, flags | MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void touch(char *p)
{
	*(volatile char *)p = 1;
}

static unsigned long next_random(void)
{
	static unsigned long x = 88172645463325252ul;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Neighbours differ in their protection, so that they do not merge. */
static void split(char *p, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		touch(p + i * PAGE);
	for (unsigned long i = 0; i < n; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ))
			die("mprotect");
}

static void make_vmas(unsigned long n, unsigned long unused)
{
	(void)unused;
	split(map(n * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1), n);
}

static void make_files(unsigned long n, unsigned long unused)
{
	char name[] = "/tmp/bench-target-with-a-name-of-usual-length.XXXXXX";
	int fd = mkstemp(name);

	(void)unused;
	if (fd < 0 || unlink(name) || ftruncate(fd, (off_t)(n * PAGE)))
		die(name);
	split(map(n * PAGE, PROT_READ | PROT_WRITE, 0, fd), n);
}

static void make_resident(unsigned long mib, unsigned long unused)
{
	char *p = map(mib << 20, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE, -1);

	(void)unused;
	madvise(p, mib << 20, MADV_NOHUGEPAGE);
	for (unsigned long at = 0; at < mib << 20; at += PAGE)
		touch(p + at);
}

static void *wait_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void make_threads(unsigned long n, unsigned long unused)
{
	pthread_attr_t attr;
	pthread_t t;

	(void)unused;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (unsigned long i = 0; i < n; i++)
		if ((errno = pthread_create(&t, &attr, wait_forever, NULL)))
			die("pthread_create");
	pthread_attr_destroy(&attr);
}

static void make_sparse(unsigned long gib, unsigned long n)
{
	char *p = map(gib << 30, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE, -1);

	madvise(p, gib << 30, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < n; i++)
		touch(p + next_random() % (gib << 18) * PAGE);
}

static void make_arenas(unsigned long gib, unsigned long n)
{
	char *p = map(gib << 30, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1);

	for (unsigned long i = 0; i < n; i++) {
		char *at = p + i * ((gib << 18) / n) * PAGE;

		if (mprotect(at, 1 << 20, PROT_READ | PROT_WRITE))
			die("mprotect");
		for (unsigned long o = 0; o < 1 << 20; o += PAGE)
			touch(at + o);
	}
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void loop(unsigned long ms)
{
	static uint32_t *took;
	uint64_t start = now(), end = start + ms * 1000000, before = start;
	size_t n = 0;

	if (!took) {
		took = (uint32_t *)map(SAMPLES * sizeof(*took), PROT_READ | PROT_WRITE,
				       MAP_ANONYMOUS | MAP_POPULATE, -1);
		before = start = now();
		end = start + ms * 1000000;
	}
	while (before < end && n < SAMPLES) {
		char *p = map(PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1);
		uint64_t after;

		touch(p);
		munmap(p, PAGE);
		after = now();
		took[n++] = (uint32_t)(after - before);
		before = after;
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%.0f %u %u %u\n", (double)n * 1e9 / (double)(before - start), took[n / 2],
	       took[n - 1 - n / 1000], took[n - 1]);
}

static void poke(void)
{
	static char *extra;

	if (extra) {
		munmap(extra, 64 * PAGE);
		extra = NULL;
	} else {
		extra = map(64 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_ANONYMOUS, -1);
		touch(extra);
	}
	puts("poked");
}

static const struct {
	const char *name;
	int args;
	void (*make)(unsigned long, unsigned long);
} kinds[] = {
	{ "vmas", 1, make_vmas },
	{ "files", 1, make_files },
	{ "resident", 1, make_resident },
	{ "threads", 1, make_threads },
	{ "sparse", 2, make_sparse },
	{ "arenas", 2, make_arenas },
};

int main(int argc, char **argv)
{
	char line[64];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (argc > 1 && !strcmp(argv[1], kinds[i].name) && argc == 2 + kinds[i].args)
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0])) {
		fprintf(stderr, "bench-target: no such target\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	kinds[i].make(strtoul(argv[2], NULL, 10), argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long ms;

		if (sscanf(line, "loop %lu", &ms) == 1)
			loop(ms);
		else if (!strcmp(line, "poke\n"))
			poke();
	}
	return 0;
}
