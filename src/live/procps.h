/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one place that knows libproc2. It reads /proc only, and ends the program when
 * that is not mounted, so we look first. Names come from it escaped ('?'); whoever
 * needs the raw bytes of such a name reads them from the file.
 */
#ifndef LIVE_PROCPS_H
#define LIVE_PROCPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct procps;

struct procps_thread {
	pid_t tid;
	char state;
	const char *comm;	/* escaped; the library's until the next call */
};
struct procps_process {
	pid_t pid, ppid;
	uid_t uid;
	const char *user, *comm;
	char *const *cmdline;	/* raw, NULL-terminated; NULL: none */
	char state;
	uint64_t rss, stack;	/* bytes */
	unsigned threads;
	uint64_t flags;
};

/* NULL when the library cannot be used here. */
struct procps *procps_threads_open(void);
struct procps *procps_processes_open(void);
void procps_close(struct procps *p);

typedef void procps_thread_fn(void *arg, const struct procps_thread *t);
typedef void procps_process_fn(void *arg, const struct procps_process *p);
/* Both: false when the library failed. */
bool procps_threads(struct procps *p, pid_t pid, procps_thread_fn *fn, void *arg);
bool procps_processes(struct procps *p, procps_process_fn *fn, void *arg);

#endif
