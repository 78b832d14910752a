/* SPDX-License-Identifier: GPL-2.0-or-later
 * How long until a person sees something: our first complete frame in a terminal
 * beside what the usual tools take to tell less.
 */
#include <config.h>
#include <stdlib.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

static double first_frame(const char *line, pid_t pid)
{
	struct pty p;
	double ms;

	if (!pty_start(&p, words(line, pid)))
		return -1;
	ms = pty_first_frame(&p);
	pty_stop(&p);
	return ms;
}

struct peer {
	const char *name, *program, *line;
	double limit;
	enum { TO_END, TO_FRAME, GDB } how;
	struct side side;
};

static double peer_once(const struct peer *peer, pid_t pid)
{
	switch (peer->how) {
	case TO_END:
		return run_ms(words(peer->line, pid), NULL);
	case TO_FRAME:
		return first_frame(peer->line, pid);
	case GDB:
		return gdb_mappings_ms(pid, NULL);
	}
	return -1;
}

static void compare(int number, enum target t, struct peer *peers, size_t n)
{
	pid_t pid = target_pid(t);
	struct side ours = { .n = 0 };
	char *what = xasprintf("first frame, %s", target_names[t]);

	for (int i = 0; pid && i < rounds; i++) {
		double ms;

		wait_for_quiet();
		ms = first_frame("MMSCOPE PID", pid);

		if (ms >= 0)
			side_add(&ours, ms);
		for (size_t k = 0; k < n; k++)
			if (have(peers[k].program) && (ms = peer_once(&peers[k], pid)) >= 0)
				side_add(&peers[k].side, ms);
	}
	for (size_t k = 0; k < n; k++) {
		if (!ours.n)
			report_missing(number, what, pid ? "mmscope shows no frame" : "no target");
		else if (!peers[k].side.n)
			report_missing(number, what, peers[k].name);
		else
			report(number, what, UNIT_MS, side_median(&ours), peers[k].name,
			       side_median(&peers[k].side), false, peers[k].limit);
	}
	free(what);
}

void bench_frames(void)
{
	struct peer many[] = {
		{ "cat maps", "cat", "cat /proc/PID/maps", 2.0, TO_END, { .n = 0 } },
		{ "pmap -x", "pmap", "pmap -x PID", 1.0 / 9, TO_END, { .n = 0 } },
	};
	struct peer few[] = {
		{ "pmap -x", "pmap", "pmap -x PID", 1.3, TO_END, { .n = 0 } },
		{ "htop's first frame", "htop", "htop -t", 1.0 / 15, TO_FRAME, { .n = 0 } },
		{ "gdb info proc mappings", "gdb", "", 1.0 / 15, GDB, { .n = 0 } },
	};

	compare(1, T_VMAS, many, ARRAY_LEN(many));
	compare(2, T_PYTHON, few, ARRAY_LEN(few));
}
