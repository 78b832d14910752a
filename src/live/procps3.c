/* SPDX-License-Identifier: GPL-2.0-or-later
 * procps.h by libprocps, the library of procps 3.3 (Debian 11, RHEL 9).
 */
#include <config.h>
#include <proc/readproc.h>
#include <stdlib.h>
#include <sys/vfs.h>

#include "mmscope/alloc.h"
#include "src/live/procps.h"

#define PROC_MAGIC 0x9fa0

struct procps {
	int flags;
};

static struct procps *open_with(int flags)
{
	struct procps *p;
	struct statfs st;

	if (statfs("/proc", &st) < 0 || st.f_type != PROC_MAGIC)
		return NULL;
	p = xmalloc(sizeof(*p));
	p->flags = flags;
	return p;
}

struct procps *procps_threads_open(void)
{
	return open_with(PROC_FILLSTAT | PROC_PID);
}

struct procps *procps_processes_open(void)
{
	return open_with(PROC_FILLSTAT | PROC_FILLSTATUS | PROC_FILLUSR | PROC_FILLCOM);
}

void procps_close(struct procps *p)
{
	free(p);
}

bool procps_threads(struct procps *p, pid_t pid, procps_thread_fn *fn, void *arg)
{
	pid_t pids[] = { pid, 0 };
	PROCTAB *tab = openproc(p->flags, pids);
	proc_t *process, *task;
	bool some = false;

	if (!tab)
		return false;
	process = readproc(tab, NULL);
	while (process && (task = readtask(tab, process, NULL))) {
		struct procps_thread t = { .tid = task->tid, .state = task->state, .comm = task->cmd };

		fn(arg, &t);
		some = true;
		freeproc(task);
	}
	if (process)
		freeproc(process);
	closeproc(tab);
	return some;
}

bool procps_processes(struct procps *p, procps_process_fn *fn, void *arg)
{
	PROCTAB *tab = openproc(p->flags);
	proc_t *r;
	bool some = false;

	if (!tab)
		return false;
	while ((r = readproc(tab, NULL))) {
		struct procps_process e = {
			.pid = r->tgid, .ppid = r->ppid, .uid = (uid_t)r->euid, .user = r->euser,
			.comm = r->cmd, .cmdline = r->cmdline, .state = r->state,
			.rss = (uint64_t)r->vm_rss * 1024, .stack = (uint64_t)r->vm_stack * 1024,
			.threads = (unsigned)r->nlwp, .flags = r->flags,
		};

		fn(arg, &e);
		some = true;
		freeproc(r);
	}
	closeproc(tab);
	return some;
}
