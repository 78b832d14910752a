/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one place that knows libproc2.
 *
 * Results are read through result.<member> rather than PIDS_VAL, whose number of
 * arguments changed in 4.0.5.
 */
#include <config.h>
#ifdef PROCPS_SONAME
#include <dlfcn.h>
#endif
#ifdef HAVE_LIBPROC2_PIDS_H
#include <libproc2/pids.h>
#else
#include <procps/pids.h>
#endif
#include <stdlib.h>
#include <sys/vfs.h>

#include "mmscope/alloc.h"
#include "src/live/procps.h"

#define PROC_MAGIC 0x9fa0

/* What we use of it. It brings seven more libraries, a megabyte and a third of the time
 * until the first picture, so it is loaded when there is something to ask it. */
struct api {
	__typeof__(procps_pids_new) *new;
	__typeof__(procps_pids_reap) *reap;
	__typeof__(procps_pids_select) *select;
	__typeof__(procps_pids_unref) *unref;
};

struct procps {
	struct api api;
	struct pids_info *info;
};

#ifdef PROCPS_SONAME
static bool load(struct api *ret)
{
	/* It stays: what it loads itself does not like to be unloaded. */
	void *lib = dlopen(PROCPS_SONAME, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);

	if (!lib)
		return false;
	ret->new = (__typeof__(ret->new))dlsym(lib, "procps_pids_new");
	ret->reap = (__typeof__(ret->reap))dlsym(lib, "procps_pids_reap");
	ret->select = (__typeof__(ret->select))dlsym(lib, "procps_pids_select");
	ret->unref = (__typeof__(ret->unref))dlsym(lib, "procps_pids_unref");
	dlclose(lib);
	return ret->new && ret->reap && ret->select && ret->unref;
}
#else
static bool load(struct api *ret)
{
	*ret = (struct api){ procps_pids_new, procps_pids_reap, procps_pids_select,
			     procps_pids_unref };
	return true;
}
#endif

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
	struct procps p = { .info = NULL };
	struct procps *ret;
	struct statfs st;

	if (statfs("/proc", &st) < 0 || st.f_type != PROC_MAGIC || !load(&p.api))
		return NULL;
	for (int i = 0; i < n; i++)
		own[i] = items[i];
	if (p.api.new(&p.info, own, n) < 0)
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
	p->api.unref(&p->info);
	free(p);
}

bool procps_threads(struct procps *p, pid_t pid, procps_thread_fn *fn, void *arg)
{
	unsigned id = (unsigned)pid;
	struct pids_fetch *f = p->api.select(p->info, &id, 1, PIDS_SELECT_PID_THREADS);

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
	struct pids_fetch *f = p->api.reap(p->info, PIDS_FETCH_TASKS_ONLY);

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
