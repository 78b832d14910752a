/* SPDX-License-Identifier: GPL-2.0-or-later
 * One refresh of the frames of a user stack, beside gdb, which stops the target for it.
 */
#include <config.h>
#include <stdlib.h>

#include "src/live/live.h"
#include "tests/bench/bench.h"

enum { WALKS = 20 };

/* Milliseconds of CPU of one walk, once the program's files are known. */
static double walk_ms(struct unwinder *u, const struct unwind_in *in, size_t *frames)
{
	double start = thread_cpu_ms();
	uint32_t without;

	for (int i = 0; i < WALKS; i++) {
		struct unwound *all = unwinder_walk(u, in, &without);

		*frames = all->nframes;
		unwound_put(all);
	}
	return (thread_cpu_ms() - start) / WALKS;
}

static void one_target(const char *what, enum target t, pid_t only, const char *peer)
{
	const struct source_want want = { .everything = true, .tasks = true };
	struct side ours = { .n = 0 }, gdb = { .n = 0 };
	struct unwinder *u = unwinder_create();
	const struct snapshot *s = NULL;
	struct unwind_in in = { .only = only };
	struct source *src = NULL;
	pid_t pid = target_pid(t);
	struct error *err = pid ? live_open(pid, NULL, NULL, &src) : NULL;
	size_t frames = 0;

	if (src)
		err = src->ops->sample(src, &want, &s);
	if (s && s->layout && s->tasks && unwinder_usable(u)) {
		in.fs = &((struct live *)src)->fs;
		in.layout = s->layout;
		in.tasks = s->tasks;
		in.only = only ? only : pid;
		for (int i = 0; i < rounds; i++) {
			wait_for_quiet();
			side_add(&ours, walk_ms(u, &in, &frames));
			if (have("gdb") && i % 3 == 0)
				side_add(&gdb, run_ms(words(peer, pid), NULL));
		}
	}
	if (!ours.n || !frames)
		report_missing(13, what, "no libdw, no target, or it may not be looked at");
	else if (!gdb.n)
		report_missing(13, what, "gdb is missing");
	else
		report_sides(13, what, UNIT_US, &ours, peer, &gdb, false, 0.1);
	if (frames)
		note("  %zu frames in a walk", frames);
	unwinder_destroy(u);
	snapshot_put(s);
	error_destroy(err);
	if (src)
		src->ops->close(src);
}

void bench_unwind(void)
{
	one_target("user stack of python3", T_PYTHON, 0, "gdb -nx -batch -p PID -ex bt");
	one_target("1,000 threads' user stacks", T_THREADS, UNWIND_ALL,
		   "gdb -nx -batch -p PID -ex bt");
}
