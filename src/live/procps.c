/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one place that knows libproc2.
 *
 * Results are read through result.<member> rather than PIDS_VAL, whose number of
 * arguments changed in 4.0.5.
 */
#include <config.h>
#include <libproc2/pids.h>
#include <stdlib.h>
#include <sys/vfs.h>

#include "mmscope/alloc.h"
#include "src/live/procps.h"

#define PROC_MAGIC 0x9fa0

struct procps {
	struct pids_info *info;
};

enum { T_TID, T_CMD, T_STATE, T_NR };
static const enum pids_item thread_items[T_NR] = {
	[T_TID] = PIDS_ID_TID, [T_CMD] = PIDS_CMD, [T_STATE] = PIDS_STATE,
};

enum { P_PID, P_PPID, P_UID, P_USER, P_CMD, P_CMDLINE, P_STATE, P_RSS, P_STACK, P_NLWP, P_FLAGS,
       P_NR };
static const enum pids_item process_items[P_NR] = {
	[P_PID] = PIDS_ID_TGID, [P_PPID] = PIDS_ID_PPID, [P_UID] = PIDS_ID_EUID,
	[P_USER] = PIDS_ID_EUSER, [P_CMD] = PIDS_CMD, [P_CMDLINE] = PIDS_CMDLINE_V,
	[P_STATE] = PIDS_STATE, [P_RSS] = PIDS_VM_RSS, [P_STACK] = PIDS_VM_STACK,
	[P_NLWP] = PIDS_NLWP, [P_FLAGS] = PIDS_FLAGS,
};

static struct procps *open_with(const enum pids_item *items, int n)
{
	enum pids_item own[P_NR];
	struct procps p = { NULL };
	struct procps *ret;
	struct statfs st;

	if (statfs("/proc", &st) < 0 || st.f_type != PROC_MAGIC)
		return NULL;
	for (int i = 0; i < n; i++)
		own[i] = items[i];
	if (procps_pids_new(&p.info, own, n) < 0)
		return NULL;
	ret = xmalloc(sizeof(*ret));
	*ret = p;
	return ret;
}

struct procps *procps_threads_open(void)
{
	return open_with(thread_items, T_NR);
}

struct procps *procps_processes_open(void)
{
	return open_with(process_items, P_NR);
}

void procps_close(struct procps *p)
{
	if (!p)
		return;
	procps_pids_unref(&p->info);
	free(p);
}

bool procps_threads(struct procps *p, pid_t pid, procps_thread_fn *fn, void *arg)
{
	unsigned id = (unsigned)pid;
	struct pids_fetch *f = procps_pids_select(p->info, &id, 1, PIDS_SELECT_PID_THREADS);

	if (!f || f->counts->total <= 0)
		return false;
	for (int i = 0; i < f->counts->total; i++) {
		const struct pids_result *r = f->stacks[i]->head;
		struct procps_thread t = {
			.tid = r[T_TID].result.s_int, .state = (char)r[T_STATE].result.s_ch,
			.comm = r[T_CMD].result.str,
		};

		fn(arg, &t);
	}
	return true;
}

bool procps_processes(struct procps *p, procps_process_fn *fn, void *arg)
{
	struct pids_fetch *f = procps_pids_reap(p->info, PIDS_FETCH_TASKS_ONLY);

	if (!f || f->counts->total <= 0)
		return false;
	for (int i = 0; i < f->counts->total; i++) {
		const struct pids_result *r = f->stacks[i]->head;
		struct procps_process e = {
			.pid = r[P_PID].result.s_int, .ppid = r[P_PPID].result.s_int,
			.uid = r[P_UID].result.u_int, .user = r[P_USER].result.str,
			.comm = r[P_CMD].result.str, .cmdline = r[P_CMDLINE].result.strv,
			.state = (char)r[P_STATE].result.s_ch,
			.rss = (uint64_t)r[P_RSS].result.ul_int * 1024,
			.stack = (uint64_t)r[P_STACK].result.ul_int * 1024,
			.threads = (unsigned)r[P_NLWP].result.s_int,
			.flags = r[P_FLAGS].result.ul_int,
		};

		fn(arg, &e);
	}
	return true;
}
