/* SPDX-License-Identifier: GPL-2.0-or-later
 * The state of one stopped process as a world_state, from /proc: smaps (read once), pagemap,
 * status, statm and stat. The files stay open as long as the process is watched.
 *
 * Kernels before 6.7 have no PAGEMAP_SCAN: there the words of pagemap are read, which tell the
 * zero page by its frame number to root only, and of a VMA above 4 GiB its two ends; when
 * smaps counts more pages than were seen it is an error. Before 6.16 the kernel's own rss
 * counters lag behind, so they are summed from smaps. The flag sd (soft-dirty) is left out.
 */
#ifndef SIM_RUNNER_PROC_STATE_H
#define SIM_RUNNER_PROC_STATE_H
#include <sys/types.h>

#include "mmscope/buf.h"
#include "mmscope/error.h"
#include "src/sim/world.h"

enum proc_file { PROC_SMAPS, PROC_PAGEMAP, PROC_STATUS, PROC_STATM, PROC_STAT, PROC_NFILES };

struct proc_state {
	int fd[PROC_NFILES];
	const char *lab;		/* the directory whose `agent` and `file` are known */
	struct buf text;
	uint64_t *word;			/* of pagemap */
	size_t words;
	const struct proc_means *means;
};

struct error *proc_state_open(struct proc_state *p, pid_t pid, const char *lab);
void proc_state_close(struct proc_state *p);
struct error *proc_state_read(struct proc_state *p, struct world_state *ret);
/* Only the VMAs, without pages and counters. */
struct error *proc_state_layout(struct proc_state *p, struct world_state *ret);

#endif
