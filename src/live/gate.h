/* SPDX-License-Identifier: GPL-2.0-or-later
 * The gate: could anything have changed since the last look?
 *
 * A process none of whose threads ran cannot have changed its own address space. The
 * process's CPU clock tells that in one call, whatever the number of threads; statm
 * tells what others did to it (reclaim, swap). What neither tells (a page shared with a
 * child that ended) is found by a slow pass.
 */
#ifndef LIVE_GATE_H
#define LIVE_GATE_H
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include "src/live/procfs.h"
#include "src/live/stat_parse.h"

struct gate {
	bool has_clock;		/* else schedstat and stat of the main thread */
	clockid_t clock;
	int fd_statm, fd_schedstat;
	uint64_t statm_ns;	/* when it was read */
	uint64_t cpu_ns;
	struct statm_figures statm;
	struct schedstat_figures sched;
	uint64_t forced_ns;	/* without a clock: when it was last taken for granted */
};
struct gate_news {
	bool gone;		/* the process no longer answers */
	bool ran;		/* a thread ran, or may have */
	bool memory;		/* size or resident set moved */
};

void gate_init(struct gate *g, const struct procfs *p, bool no_clock);
void gate_deinit(struct gate *g);
/* The files of the mm moved to another directory, or the mm is another one. */
void gate_reopen(struct gate *g);
/* `others`: what others did is wanted at once, not within 200 ms. */
struct gate_news gate_look(struct gate *g, const struct procfs *p, uint64_t now_ns, bool others);

#endif
