/* SPDX-License-Identifier: GPL-2.0-or-later
 * The threads of a live process and their stacks.
 *
 * Who there is, with name and state, comes from libproc2 where proc_root is /proc and the
 * threads are not many, else from our own reader. Stack pointer, pc and system call come from task/TID/syscall; with
 * many threads only some of them are asked at each sample, in turn.
 */
#ifndef LIVE_TASKS_H
#define LIVE_TASKS_H
#include <stdbool.h>
#include "mmscope/snapshot.h"
#include "src/live/procfs.h"

/* So many are asked for their registers at one sample, and a share of the rest. With more
 * than TASKS_MANY only the directory is listed anew; names and states are read in turn,
 * with the registers, by our own reader. */
enum { TASKS_AT_ONCE = 128, TASKS_SHARE = 10, TASKS_MANY = 256 };

struct tasks {
	bool lib_failed;	/* or not wanted */
	int dir;		/* task/ kept open for listing, or -1 */
	size_t next;		/* whose turn it is */
	size_t waiting;		/* how many were not asked since something moved */
	bool denied;		/* syscall is refused to us */
	bool no_file;		/* the kernel has no such file */
	const char *rung;	/* "libproc2", "own reader" */
};

struct tasks_in {
	const struct task_list *old;	/* or NULL */
	bool members;			/* look who is there, with names and states */
	bool moved;			/* somebody ran: registers may have changed */
	bool all;			/* ask every thread now */
	pid_t pid;
};

void tasks_init(struct tasks *t, bool use_lib);
void tasks_deinit(struct tasks *t);
/* A new reference, to in->old when nothing changed. Stacks are carried over as they
 * were; NULL when the list cannot be read. */
struct task_list *tasks_read(struct tasks *t, const struct procfs *p, const struct tasks_in *in);
/* Fills the stacks from layout, pages and limits. A new reference; the same list when
 * nothing changed. `list` is not consumed. */
struct task_list *tasks_place(const struct task_list *list, const struct layout *l,
			      const struct residency *pages, uint64_t stack_limit, pid_t pid);

#endif
