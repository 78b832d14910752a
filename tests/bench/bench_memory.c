/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the program itself takes: resident memory of an interactive view, settled.
 */
#include <config.h>
#include <stdlib.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

static double settled_rss(const char *line, pid_t pid, double ms)
{
	struct pty p;
	double rss;

	if (!pty_start(&p, words(line, pid)))
		return -1;
	pty_drain(&p, ms, 0);
	rss = rss_mib(p.pid);
	pty_stop(&p);
	return rss;
}

static double median_rss(const char *line, pid_t pid, double ms)
{
	struct side s = { .n = 0 };

	for (int i = 0; i < 3; i++)
		side_add(&s, settled_rss(line, pid, ms));
	return side_median(&s);
}

static void large_targets(double ordinary)
{
	static const enum target large[] = { T_RESIDENT, T_THREADS, T_SPARSE, T_ARENAS };

	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		pid_t pid = target_pid(large[i]);
		char *what = xasprintf("memory, %s", target_names[large[i]]);

		if (pid)
			report(8, what, UNIT_MIB, median_rss("MMSCOPE PID", pid, 3000), "ordinary process",
			       ordinary, false, 1.3);
		else
			report_missing(8, what, "no target");
		free(what);
	}
}

/* What a view has after a while, beside what it had when it had settled. */
static void stays(const char *name, pid_t pid, const char *keys, double limit)
{
	char *what = xasprintf("memory after 30 s, %s", name);
	double early, late;
	struct pty p;

	if (!pid || !pty_start(&p, words("MMSCOPE PID", pid))) {
		report_missing(8, what, "no target");
		free(what);
		return;
	}
	pty_drain(&p, 1000, 0);
	pty_type(&p, keys);
	pty_drain(&p, 4000, 0);
	early = rss_mib(p.pid);
	pty_drain(&p, 25000, 0);
	late = rss_mib(p.pid);
	pty_stop(&p);
	report(8, what, UNIT_MIB, late, "after 5 s", early, false, limit);
	free(what);
}

void bench_memory(void)
{
	pid_t python = target_pid(T_PYTHON), many = target_pid(T_VMAS);
	double ordinary, rss, gdb = 0;

	if (!python || !many) {
		report_missing(8, "memory", "no target");
		return;
	}
	ordinary = median_rss("MMSCOPE PID", python, 2000);
	if (have("htop"))
		report(8, "memory, python3", UNIT_MIB, ordinary, "htop", median_rss("htop -t", 0, 2000), false,
		       1.5);
	else
		report_missing(8, "memory, python3", "htop is missing");
	rss = median_rss("MMSCOPE PID", many, 3000);
	report(8, "memory, 60,000 VMAs", UNIT_MIB, rss, "5 MiB + 3x the text of maps",
	       5 + 3 * (double)read_all(many, "maps") / 1048576, false, 1.0);
	report(8, "memory, 60,000 VMAs", UNIT_MIB, rss, "a bound", 14, false, 1.0);
	if (have("gdb") && gdb_mappings_ms(many, &gdb) >= 0)
		report(8, "memory, 60,000 VMAs", UNIT_MIB, rss, "gdb", gdb, false, 1.0 / 4);
	else
		report_missing(8, "memory, 60,000 VMAs", "gdb is missing");
	large_targets(ordinary);
	stays("python3", python, "", 1.02);
	stays("kernel stacks of all", target_pid(T_THREADS), "9", 1.1);
}
