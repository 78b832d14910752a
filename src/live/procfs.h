/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files of one /proc/PID: a held directory, small reads, the pidfd.
 *
 * The directory is bound to the process, not to its number: once the process is gone
 * every access fails, whoever has the number then. Results are counts or -errno.
 */
#ifndef LIVE_PROCFS_H
#define LIVE_PROCFS_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "mmscope/error.h"

struct procfs {
	int root;		/* <proc_root> */
	int dir;		/* <proc_root>/<pid> */
	int mm;			/* where the files of the mm are: dir, or dir/task/TID of a living
				 * thread after the leader's exit */
	pid_t pid;
	int pidfd;		/* -1: not to be had */
	bool native;		/* proc_root is /proc: pids are ours */
};

struct error *procfs_open(const char *proc_root, pid_t pid, struct procfs *ret);
void procfs_close(struct procfs *p);
/* Lets the mm files come from a living thread (0: from the leader again). */
bool procfs_use_thread(struct procfs *p, pid_t tid);

/* A descriptor, or -1 with errno. Never waits, and EINVAL for what is no regular file: in a tree that
 * somebody made it may be a FIFO, or a device that never ends. */
int procfs_open_file(int dir, const char *name);
/* Reads at most cap - 1 bytes of dir/name and ends them with NUL. */
ssize_t procfs_read(int dir, const char *name, char *buf, size_t cap);
/* The same through a kept descriptor (*fd < 0: opens it first). */
ssize_t procfs_reread(int dir, const char *name, int *fd, char *buf, size_t cap);
ssize_t procfs_readlink(int dir, const char *name, char *buf, size_t cap);
bool procfs_is_default(const char *proc_root);		/* "/proc", however written */
/* Is this open /proc that of our pid namespace? */
bool procfs_numbers_are_ours(int root);
bool procfs_ended(const struct procfs *p);		/* by the pidfd; false without one */
/* Exit status as wait(2) has it, if the kernel tells. */
bool procfs_exit_status(const struct procfs *p, int *ret);

#endif
