/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated mm beside the running kernel's, the same work in turns: faults, copies
 * on write, fork, mapping and unmapping; and stepping back. The journal is on, the trace of
 * decisions is off. Each round of the simulator is undone afterwards, so that it is measured
 * in memory it has used before, as the kernel's is.
 */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/sim/sim.h"
#include "tests/bench/bench.h"

#define PAGE 4096ul
#define PAGES 65536ul
#define AREAS 50ul
#define AREA_PAGES 1024ul
#define PAIRS 20000

struct figures { double seq, random, cow, fork, pair; };	/* ns each; fork: per page */

/* The same order of pages for both sides. */
static void shuffle(unsigned *order, unsigned n)
{
	unsigned long x = 88172645463325252ul;

	for (unsigned i = 0; i < n; i++)
		order[i] = i;
	for (unsigned i = n - 1; i > 0; i--) {
		unsigned j, t;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		j = (unsigned)(x % (i + 1));
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
}

/* ---- the kernel ------------------------------------------------------------------------- */

static void touch_all(volatile char *p, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		p[i * PAGE] = 1;
}

static char *map_rw(unsigned long pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	return p;
}

static double kernel_random(const unsigned *order)
{
	volatile char *area[AREAS];
	double start;

	for (unsigned i = 0; i < AREAS; i++)
		area[i] = map_rw(AREA_PAGES, i & 1 ? PROT_READ | PROT_WRITE :
						     PROT_READ | PROT_WRITE | PROT_EXEC);
	start = now_ms();
	for (unsigned i = 0; i < AREAS * AREA_PAGES; i++)
		area[order[i] % AREAS][order[i] / AREAS * PAGE] = 1;
	return (now_ms() - start) * 1e6 / (AREAS * AREA_PAGES);
}

static void kernel_fork(char *p, struct figures *f)
{
	double start = now_ms(), cow = 0;
	int fd[2];
	pid_t pid;

	if (pipe(fd))
		_exit(1);
	start = now_ms();
	pid = fork();
	if (!pid) {
		start = now_ms();
		touch_all(p, PAGES);
		cow = (now_ms() - start) * 1e6 / PAGES;
		_exit(write(fd[1], &cow, sizeof(cow)) != sizeof(cow));
	}
	f->fork = (now_ms() - start) * 1e6 / PAGES;
	if (pid < 0 || read(fd[0], &f->cow, sizeof(f->cow)) != sizeof(f->cow))
		_exit(1);
	waitpid(pid, NULL, 0);
}

/* In a process of its own: no huge pages there, and nothing of ours to copy. */
static void kernel_child(const unsigned *order, int fd)
{
	struct figures f;
	double start;
	char *p;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	p = map_rw(PAGES, PROT_READ | PROT_WRITE);
	start = now_ms();
	touch_all(p, PAGES);
	f.seq = (now_ms() - start) * 1e6 / PAGES;
	kernel_fork(p, &f);
	f.random = kernel_random(order);
	start = now_ms();
	for (int i = 0; i < PAIRS; i++)
		munmap(map_rw(16, PROT_READ), 16 * PAGE);
	f.pair = (now_ms() - start) * 1e6 / PAIRS;
	_exit(write(fd, &f, sizeof(f)) != sizeof(f));
}

static bool kernel_round(const unsigned *order, struct figures *ret)
{
	int fd[2], status = 1;
	bool ok;
	pid_t pid;

	if (pipe(fd))
		return false;
	pid = fork();
	if (!pid)
		kernel_child(order, fd[1]);
	close(fd[1]);
	ok = pid > 0 && read(fd[0], ret, sizeof(*ret)) == sizeof(*ret);
	close(fd[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return ok && !status;
}

/* ---- the simulator -------------------------------------------------------------------------- */

static uint64_t sim_do(struct sim *s, struct sim_op op)
{
	struct sim_result r;

	sim_exec(s, &op, &r);
	return r.ret;
}

static uint64_t sim_map(struct sim *s, uint64_t pages, uint32_t prot)
{
	return sim_do(s, (struct sim_op){ .kind = SIM_OP_MMAP, .len = pages * PAGE, .prot = prot,
					  .flags = MAP_PRIVATE | MAP_ANONYMOUS });
}

static double sim_touch(struct sim *s, uint64_t addr, uint64_t pages)
{
	double start = now_ms();

	sim_do(s,
	       (struct sim_op){ .kind = SIM_OP_TOUCH, .addr = addr, .pages = pages, .mode = 'w' });
	return (now_ms() - start) * 1e6 / (double)pages;
}

static double sim_random(struct sim *s, const unsigned *order)
{
	uint64_t area[AREAS];
	double start;

	for (unsigned i = 0; i < AREAS; i++)
		area[i] = sim_map(s, AREA_PAGES,
				  i & 1 ? PROT_READ | PROT_WRITE :
					  PROT_READ | PROT_WRITE | PROT_EXEC);
	start = now_ms();
	for (unsigned i = 0; i < AREAS * AREA_PAGES; i++)
		sim_do(s, (struct sim_op){ .kind = SIM_OP_TOUCH,
					   .addr = area[order[i] % AREAS] + order[i] / AREAS * PAGE,
					   .pages = 1,
					   .mode = 'w' });
	return (now_ms() - start) * 1e6 / (AREAS * AREA_PAGES);
}

static void sim_round(struct sim *s, const unsigned *order, struct figures *f)
{
	sim_pos here = sim_position(s);
	struct sim_op map = { .kind = SIM_OP_MMAP,
			      .len = 16 * PAGE,
			      .prot = PROT_READ,
			      .flags = MAP_PRIVATE | MAP_ANONYMOUS };
	struct sim_op unmap = { .kind = SIM_OP_MUNMAP, .len = 16 * PAGE };
	uint64_t a = sim_map(s, PAGES, PROT_READ | PROT_WRITE);
	struct sim_result r;
	double start;

	f->seq = sim_touch(s, a, PAGES);
	start = now_ms();
	sim_do(s, (struct sim_op){ .kind = SIM_OP_FORK });
	f->fork = (now_ms() - start) * 1e6 / PAGES;
	f->cow = sim_touch(s, a, PAGES);
	sim_seek(s, here);
	f->random = sim_random(s, order);
	sim_seek(s, here);
	start = now_ms();
	for (int i = 0; i < PAIRS; i++) {
		sim_exec(s, &map, &r);
		unmap.addr = r.ret;
		sim_exec(s, &unmap, &r);
	}
	f->pair = (now_ms() - start) * 1e6 / PAIRS;
	sim_seek(s, here);
}

/* ---- 10 ------------------------------------------------------------------------------------ */

static void speed(struct sim *s, const unsigned *order, struct side *kernel_fork_ms)
{
	struct side k[5] = { 0 }, m[5] = { 0 };
	struct figures f = { 0 };

	for (int i = 0; i <= rounds; i++) {
		if (!kernel_round(order, &f)) {
			report_missing(10, "the simulated mm", "the kernel's side did not run");
			return;
		}
		if (i) {
			side_add(&k[0], 1e9 / f.seq);
			side_add(&k[1], 1e9 / f.random);
			side_add(&k[2], 1e9 / f.cow);
			side_add(&k[3], 1e9 / f.fork);
			side_add(&k[4], 1e9 / f.pair);
			side_add(kernel_fork_ms, f.fork * PAGES / 1e6);
		}
		sim_round(s, order, &f);
		if (i) {		/* the first one makes the memory warm */
			side_add(&m[0], 1e9 / f.seq);
			side_add(&m[1], 1e9 / f.random);
			side_add(&m[2], 1e9 / f.cow);
			side_add(&m[3], 1e9 / f.fork);
			side_add(&m[4], 1e9 / f.pair);
		}
	}
	report_sides(10, "sequential faults /s", UNIT_OPS, &m[0], "kernel, sequential", &k[0], true,
		     40);
	report_sides(10, "random faults over 50 VMAs /s", UNIT_OPS, &m[1], "kernel, sequential",
		     &k[0], true, 5);
	report_sides(10, "copies on write /s", UNIT_OPS, &m[2], "kernel", &k[2], true, 30);
	report_sides(10, "fork, resident pages /s", UNIT_OPS, &m[3], "kernel", &k[3], true, 20);
	report_sides(10, "mmap and munmap pairs /s", UNIT_OPS, &m[4], "kernel", &k[4], true, 20);
	report(10, "100,000 faults, ms", UNIT_MS, 1e5 / side_median(&m[0]) * 1e3, "one frame",
	       1000.0 / 60, false, 1);
}

/* ---- 11 ------------------------------------------------------------------------------------ */

static void stepping(struct sim *s, struct side *kernel_fork_ms)
{
	struct side forward = { 0 }, back = { 0 }, jump = { 0 }, snap = { 0 }, copy = { 0 };
	sim_pos here = sim_position(s), end;
	uint64_t a = sim_map(s, PAGES * 4, PROT_READ | PROT_WRITE), before, after;
	bool same;
	size_t bytes;
	void *p, *q;
	double start, step;

	for (int i = 0; i <= rounds; i++) {
		sim_pos from = sim_position(s);
		double ms = sim_touch(s, a, PAGES * 4) * PAGES * 4 / 1e6, t;

		end = sim_position(s);
		if (i)
			side_add(&forward, ms);
		start = now_ms();
		sim_seek(s, end > here + 1000000 ? end - 1000000 : here);
		t = now_ms() - start;
		if (i)
			side_add(&jump, t);
		start = now_ms();
		sim_seek(s, from);
		if (i)
			side_add(&back, t + now_ms() - start);
	}
	sim_touch(s, a, PAGES);
	end = sim_position(s);
	after = sim_digest(s);
	step = (double)sim_history_bytes(s) / (double)(sim_last(s) - sim_first(s));
	sim_seek(s, here);
	before = sim_digest(s);
	sim_seek(s, end);
	same = sim_digest(s) == after;
	sim_seek(s, here);
	same = same && sim_digest(s) == before;
	sim_seek(s, end);
	bytes = sim_state_bytes(s);
	p = xmalloc(bytes);
	q = xmalloc(bytes);
	for (int i = 0; i <= rounds; i++) {
		start = now_ms();
		sim_snapshot(s, p);
		if (i)
			side_add(&snap, now_ms() - start);
		start = now_ms();
		memcpy(q, p, bytes);
		__asm__ volatile("" : : "r"(q) : "memory");	/* it is wanted */
		if (i)
			side_add(&copy, now_ms() - start);
	}
	free(p);
	free(q);
	sim_seek(s, here);
	report_sides(11, "undo of 262,144 faults", UNIT_MS, &back, "doing them", &forward, false,
		     1);
	report(11, "journal, bytes a step", UNIT_BYTES, step, "allowed", 40, false, 1);
	report(11, "1,000,000 steps back", UNIT_MS, side_median(&jump), "one frame", 1000.0 / 60,
	       false, 1);
	report_sides(11, "copy of a 65,536-page state", UNIT_US, &snap, "memcpy of the same bytes",
		     &copy, false, 2);
	report_sides(11, "copy of a 65,536-page state", UNIT_US, &snap, "the kernel's fork of it",
		     kernel_fork_ms, false, 1.0 / 40);
	report(11, "back and forward: states that differ", UNIT_BYTES, same ? 0 : 1, "none", 0,
	       false, 0);
}

void bench_sim(void)
{
	unsigned *order = xcalloc(AREAS * AREA_PAGES, sizeof(*order));
	struct side fork_ms = { 0 };
	struct sim_options o;
	struct sim *s;

	sim_options_init(&o);
	s = sim_create(&o, NULL);
	if (!s) {
		report_missing(10, "the simulated mm", "no memory for it");
		free(order);
		return;
	}
	shuffle(order, AREAS * AREA_PAGES);
	speed(s, order, &fork_ms);
	stepping(s, &fork_ms);
	sim_destroy(s);
	free(order);
}
