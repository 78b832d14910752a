/* SPDX-License-Identifier: GPL-2.0-or-later
 * The list of processes: by libproc2, or by the program's own reader where proc_root
 * is not /proc (libproc2 knows only that). A list is a value the caller owns.
 */
#ifndef MMSCOPE_PROCLIST_H
#define MMSCOPE_PROCLIST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/error.h"

struct proc_entry {
	pid_t pid, ppid;
	uid_t uid;
	char user[32];
	char comm[64];			/* raw bytes */
	char *cmdline;			/* raw bytes joined by blanks; "" for kernel threads; owned */
	char state;
	uint64_t rss, stack;		/* bytes: VmRSS, VmStk; UNKNOWN */
	unsigned threads;
	bool kthread;
	unsigned depth;			/* in the tree, filled by proclist_tree() */
};
struct proclist {
	size_t n, cap;
	struct proc_entry *entries;	/* sorted by pid until proclist_tree() */
	const char *backend;		/* "libproc2", "own reader" */
	pid_t self;			/* this very process, where it can be in the list; 0 */
	const char *hidden;		/* NULL, or why processes may be missing (hidepid, pid namespace) */
};
struct error *proclist_read(const char *proc_root, struct proclist *ret);
void proclist_free(struct proclist *l);
/* Depth-first order with depths; a child whose parent is not listed is a root. */
void proclist_tree(struct proclist *l);
/* Processes a NAME on the command line means: exact comm, else exact basename of the
 * program, else substring of either; kernel threads only by exact comm; never this very
 * process. Indices into l. */
size_t proclist_match(const struct proclist *l, const char *name, size_t **ret);
#endif
