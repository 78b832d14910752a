/* SPDX-License-Identifier: GPL-2.0-or-later
 * What being looked at costs the target: a loop of mmap, touch and munmap among 60,000
 * VMAs, alone and in view, in turn.
 */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

struct pace { struct side ops, p999, max; };

static void loop_once(struct pace *pace)
{
	char answer[128];
	double ops;
	unsigned p50, p999, max;

	if (!target_ask(T_VMAS, "loop 1500\n", answer, sizeof(answer)) ||
	    sscanf(answer, "%lf %u %u %u", &ops, &p50, &p999, &max) != 4)
		return;
	side_add(&pace->ops, ops);
	side_add(&pace->p999, p999 / 1e6);
	side_add(&pace->max, max / 1e6);
}

/* The loop runs while we wait for its answer, so a child drains the terminal. */
static void watched_loop(struct pace *pace, const char *keys)
{
	struct pty p;
	pid_t drain;

	if (!pty_start(&p, words("MMSCOPE PID", target_pid(T_VMAS))))
		return;
	pty_drain(&p, 1500, 0);
	pty_type(&p, keys);
	pty_drain(&p, 300, 0);
	drain = pty_drain_aside(&p);
	loop_once(pace);
	pty_drain_here(drain);
	pty_stop(&p);
}

static const struct { const char *name, *keys; } views[] = {
	{ "table", "1" }, { "pages", "2" }, { "stack", "3" }, { "threads", "4" }, { "counters", "5" },
	{ "events", "6" },
};

void bench_harm(void)
{
	struct pace alone = { .ops = { .n = 0 } }, seen = { .ops = { .n = 0 } };
	struct pace by_view[ARRAY_LEN(views)];

	memset(by_view, 0, sizeof(by_view));
	if (!target_pid(T_VMAS)) {
		report_missing(7, "loop in view", "no target");
		return;
	}
	for (int i = 0; i < rounds; i++) {
		wait_for_quiet();
		loop_once(&alone);
		wait_for_quiet();
		watched_loop(&seen, "");
		if (i % 3)
			continue;
		for (size_t v = 0; v < ARRAY_LEN(views); v++)
			watched_loop(&by_view[v], views[v].keys);
	}
	if (!seen.ops.n || !alone.ops.n) {
		report_missing(7, "loop in view", "the loop gave no answer");
		return;
	}
	report_sides(7, "mmap loop in view at 10 Hz", UNIT_OPS, &seen.ops, "the same alone",
		     &alone.ops, true, 0.95);
	report_sides(7, "  99.9th percentile", UNIT_US, &seen.p999, "the same alone", &alone.p999,
		     false, 1.5);
	report(7, "  longest stall, default view", UNIT_MS, side_median(&seen.max), "alone + 2 ms",
	       side_median(&alone.max) + 2, false, 1.0);
	for (size_t v = 0; v < ARRAY_LEN(views); v++) {
		char *what = xasprintf("  longest stall, %s", views[v].name);

		report(7, what, UNIT_MS, side_median(&by_view[v].max), "alone + 2 ms",
		       side_median(&alone.max) + 2, false, 1.0);
		free(what);
	}
}
