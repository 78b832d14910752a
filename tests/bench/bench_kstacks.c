/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel stacks of every task, a thousand threads among them, in CPU time: from
 * nothing, and once more with all that was opened; beside the files that know names only.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/kstacks.h"
#include "tests/bench/bench.h"

/* The stack files of as many tasks; CPU milliseconds, < 0 when they are refused. */
static double files_ms(const struct stacks *s)
{
	double start = thread_cpu_ms();
	char path[64], text[4096];
	size_t got = 0;

	for (size_t i = 0; i < s->n; i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/stack", s->tasks[i].tgid,
			 s->tasks[i].tid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		got += read(fd, text, sizeof(text)) > 0;
		close(fd);
	}
	return got > s->n / 2 ? thread_cpu_ms() - start : -1;
}

void bench_kstacks(void)
{
	struct side whole = { .n = 0 }, again = { .n = 0 }, files = { .n = 0 };
	const char *what = "kernel stacks of all tasks (CPU)";
	bool measured = target_pid(T_THREADS) != 0;
	size_t tasks = 0;

	for (int i = 0; measured && i < rounds; i++) {
		const struct stacks *s;
		struct kstacks *k;
		double start, ms;

		wait_for_quiet();
		start = thread_cpu_ms();
		k = kstacks_open("/proc", 0);
		s = kstacks_read(k, 0);
		side_add(&whole, thread_cpu_ms() - start);
		measured = s->rung == KSTACK_BPF;
		tasks = s->n;
		stacks_put(s);
		start = thread_cpu_ms();
		s = kstacks_read(k, 0);
		side_add(&again, thread_cpu_ms() - start);
		ms = files_ms(s);
		if (ms >= 0)
			side_add(&files, ms);
		stacks_put(s);
		kstacks_close(k);
	}
	if (!measured) {
		report_missing(14, what, "needs CAP_BPF and CAP_PERFMON");
		return;
	}
	report(14, what, UNIT_MS, side_median(&whole), "what may be spent", 50, false, 1);
	if (files.n) {
		report_sides(14, "  beside the names alone", UNIT_MS, &whole,
			     "/proc/PID/task/TID/stack", &files, false, 2);
		report_sides(14, "  once more, as a screen does", UNIT_MS, &again,
			     "/proc/PID/task/TID/stack", &files, false, 2);
	}
	note("  %zu tasks, %.1f us each", tasks, 1e3 * side_median(&again) / (double)tasks);
}
