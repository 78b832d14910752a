/* SPDX-License-Identifier: GPL-2.0-or-later
 * How long until a person sees something: our first complete frame in a terminal
 * beside what the usual tools take to tell less.
 */
#include <config.h>
#include <stdlib.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

#define PEERS_MAX 3

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

struct runner {
	const char *program, *line;
	enum { TO_END, TO_FRAME, GDB } how;
	pid_t pid;
};

static double run_once(void *arg)
{
	const struct runner *r = arg;

	if (r->program && !have(r->program))
		return -1;
	switch (r->how) {
	case TO_END:
		return run_ms(words(r->line, r->pid), NULL);
	case TO_FRAME:
		return first_frame(r->line, r->pid);
	case GDB:
		return gdb_mappings_ms(r->pid, NULL);
	}
	return -1;
}

struct peer {
	const char *name;
	struct runner runner;
	double limit;
};

static void compare(int number, enum target t, const struct peer *peers, size_t n)
{
	struct runner ours = { NULL, "MMSCOPE PID", TO_FRAME, target_pid(t) }, theirs[PEERS_MAX];
	struct turn turns[PEERS_MAX + 1] = { { .take = run_once, .arg = &ours } };
	char *what = xasprintf("first frame, %s", target_names[t]);

	for (size_t i = 0; i < n; i++) {
		theirs[i] = peers[i].runner;
		theirs[i].pid = ours.pid;
		turns[i + 1] = (struct turn){ .take = run_once, .arg = &theirs[i] };
	}
	if (ours.pid)
		take_turns(turns, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (!turns[0].side.n)
			report_missing(number, what, ours.pid ? "mmscope shows no frame" : "no target");
		else if (!turns[i + 1].side.n)
			report_missing(number, what, peers[i].name);
		else
			report_sides(number, what, UNIT_MS, &turns[0].side, peers[i].name,
				     &turns[i + 1].side, false, peers[i].limit);
	}
	free(what);
}

void bench_frames(void)
{
	static const struct peer many[] = {
		{ "cat maps", { "cat", "cat /proc/PID/maps", TO_END, 0 }, 2.0 },
		{ "pmap -x", { "pmap", "pmap -x PID", TO_END, 0 }, 1.0 / 9 },
	};
	static const struct peer few[] = {
		{ "pmap -x", { "pmap", "pmap -x PID", TO_END, 0 }, 1.3 },
		{ "htop's first frame", { "htop", "htop -t", TO_FRAME, 0 }, 1.0 / 15 },
		{ "gdb info proc mappings", { "gdb", "", GDB, 0 }, 1.0 / 15 },
	};

	compare(1, T_VMAS, many, ARRAY_LEN(many));
	compare(2, T_PYTHON, few, ARRAY_LEN(few));
}
