/* SPDX-License-Identifier: GPL-2.0-or-later
 * A view at 10 Hz of 60,000 VMAs in which nothing changes: what it costs, and that it
 * is silent; and that it nevertheless sees a change at once.
 */
#include <config.h>
#include <time.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

#define WINDOW_MS 3000

/* Percent of one core that a program in a terminal uses; its bytes go to `bytes`. */
static double watched(struct pty *p, uint64_t *bytes)
{
	double cpu = cpu_ms(p->pid), start = now_ms();
	uint64_t before = p->bytes;

	pty_drain(p, WINDOW_MS, 0);
	*bytes = p->bytes - before;
	return 100 * (cpu_ms(p->pid) - cpu) / (now_ms() - start);
}

static double reread_maps(pid_t pid)
{
	double cpu = thread_cpu_ms(), start = now_ms();
	int n = 0;

	while (now_ms() - start < WINDOW_MS) {
		double next = start + ++n * 100.0, left;

		read_all(pid, "maps");
		left = next - now_ms();
		if (left > 0)
			usleep((useconds_t)(left * 1000));
	}
	return 100 * (thread_cpu_ms() - cpu) / (now_ms() - start);
}

static double top_cpu(void)
{
	struct pty p;
	uint64_t bytes;
	double cpu;

	if (!pty_start(&p, words("top -d 0.1", 0)))
		return -1;
	pty_drain(&p, 1000, 0);
	cpu = watched(&p, &bytes);
	pty_stop(&p);
	return cpu;
}

static void seen_in_time(struct pty *p)
{
	struct side took = { .n = 0 };
	char answer[32];

	for (int i = 0; i < 6; i++) {
		uint64_t before;
		double start;

		pty_drain(p, 700, 0);		/* the last change has faded */
		before = p->bytes;
		start = now_ms();
		if (!target_ask(T_VMAS, "poke\n", answer, sizeof(answer)))
			return;
		while (p->bytes == before && now_ms() - start < 3000)
			pty_drain(p, 5, 0);
		side_add(&took, now_ms() - start);
	}
	report(6, "a new mapping is on the screen after", UNIT_MS, side_median(&took), "the promise", 1000,
	       false, 1.0);
}

void bench_idle(void)
{
	struct side ours = { .n = 0 }, maps = { .n = 0 }, top = { .n = 0 }, bytes = { .n = 0 };
	const char *what = "idle at 10 Hz, 60,000 VMAs";
	pid_t pid = target_pid(T_VMAS);
	struct pty p;
	uint64_t n;

	if (!pid || !pty_start(&p, words("MMSCOPE PID", pid))) {
		report_missing(6, what, "no target");
		return;
	}
	pty_drain(&p, 4000, 0);		/* residency has filled in, what was new has faded */
	for (int i = 0; i < (rounds + 2) / 3; i++) {
		wait_for_quiet();
		side_add(&ours, watched(&p, &n));
		side_add(&bytes, (double)n);
		side_add(&maps, reread_maps(pid));
		pty_drain(&p, 10, 0);
		if (have("top"))
			side_add(&top, top_cpu());
		pty_drain(&p, 10, 0);
	}
	if (p.ended || !p.bytes) {
		report_missing(6, what, "mmscope ended");
	} else {
		report_sides(6, what, UNIT_PERCENT, &ours, "reading maps at 10 Hz", &maps, false,
			     1.0 / 100);
		if (top.n)
			report_sides(6, what, UNIT_PERCENT, &ours, "top -d 0.1", &top, false,
				     1.0 / 15);
		else
			report_missing(6, what, "top is missing");
		report(6, "  bytes to the terminal", UNIT_BYTES, side_median(&bytes), "none", 0, false, 0);
		seen_in_time(&p);
	}
	pty_stop(&p);
}
