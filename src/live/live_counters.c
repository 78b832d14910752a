/* SPDX-License-Identifier: GPL-2.0-or-later
 * Process, counters, boundaries, limits: the small files.
 */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "src/live/live.h"

static int read_stat(struct live *lv)
{
	char text[2048];
	ssize_t n = procfs_reread(lv->fs.dir, "stat", &lv->fd_stat, text, sizeof(text));

	if (n < 0)
		return (int)-n;
	lv->have_stat = stat_parse(text, (size_t)n, &lv->stat);
	return 0;
}

static int read_status(struct live *lv)
{
	char text[8192];
	ssize_t n = procfs_reread(lv->fs.mm, "status", &lv->fd_status, text, sizeof(text));

	if (n < 0)
		return (int)-n;
	lv->have_status = status_parse(text, (size_t)n, &lv->status);
	return 0;
}

static const struct {
	uint8_t field;
	uint16_t at;
} boundaries[] = {
#define AT(field, member) { field, (uint16_t)offsetof(struct stat_figures, member) }
	AT(MM_START_CODE, start_code), AT(MM_END_CODE, end_code), AT(MM_START_DATA, start_data),
	AT(MM_END_DATA, end_data), AT(MM_START_BRK, start_brk), AT(MM_START_STACK, start_stack),
	AT(MM_ARG_START, arg_start), AT(MM_ARG_END, arg_end), AT(MM_ENV_START, env_start),
	AT(MM_ENV_END, env_end),
#undef AT
};

/* The stat that tells the boundaries: a leader that ended has none, its threads have. */
static bool read_boundaries(const struct live *lv, struct stat_figures *ret)
{
	char text[2048];
	ssize_t n;

	*ret = lv->stat;
	if (lv->fs.mm == lv->fs.dir)
		return lv->have_stat;
	n = procfs_read(lv->fs.mm, "stat", text, sizeof(text));
	return n > 0 && stat_parse(text, (size_t)n, ret);
}

static void fill_mm(struct live *lv, struct snapshot *next)
{
	struct stat_figures stat;
	/* Without the right to look, the kernel says 1 for the code and 0 for the rest. */
	bool hidden = !read_boundaries(lv, &stat) || (stat.start_code == 1 && stat.end_code == 1) ||
		      (stat.start_stack == 0 && stat.start_code <= 1);

	for (int i = 0; i < MM_NR; i++)
		next->mm[i] = lv->have_status ? lv->status.mm[i] : UNKNOWN;
	if (next->process.kthread)
		return;
	if (!lv->have_status || !lv->status.has_mm)
		lv->reasons |= 1ull << REASON_MM;
	for (int i = 0; i <= MM_VM_LOCKED; i++)
		if (next->mm[i] == UNKNOWN && !(lv->reasons & 1ull << REASON_MM))
			lv->reasons |= 1ull << REASON_MM_PART;
	if (hidden)
		lv->reasons |= 1ull << REASON_ADDRESSES;
	for (size_t i = 0; i < ARRAY_LEN(boundaries) && !hidden; i++)
		memcpy(&next->mm[boundaries[i].field], (char *)&stat + boundaries[i].at,
		       sizeof(uint64_t));
}

/* Needs to be read once for an address space, and when something moved. */
static void fill_exe(struct live *lv, struct snapshot *next)
{
	char exe[sizeof(next->process.exe)];
	ssize_t n = procfs_readlink(lv->fs.mm, "exe", exe, sizeof(exe));

	memset(next->process.exe, 0, sizeof(next->process.exe));
	if (n > 0)
		memcpy(next->process.exe, exe, (size_t)n);
	else if (!next->process.kthread)
		lv->reasons |= 1ull << REASON_EXE;
}

static void fill_auxv(struct live *lv, struct snapshot *next)
{
	char auxv[2048];
	ssize_t n = procfs_read(lv->fs.mm, "auxv", auxv, sizeof(auxv));

	next->process.auxv_sp_end =
		n > 0 && next->mm[MM_START_STACK] != UNKNOWN ?
		auxv_block_end(auxv, (size_t)n, next->mm[MM_START_STACK]) : 0;
}

static void fill_limits(struct live *lv, struct snapshot *next)
{
	char text[4096];
	ssize_t n = procfs_read(lv->fs.dir, "limits", text, sizeof(text));

	if (n <= 0 || !limits_parse(text, (size_t)n, next->limits))
		for (int i = 0; i < LIMIT_NR; i++)
			next->limits[i] = UNKNOWN;
	for (int i = 0; i < LIMIT_NR; i++)
		if (next->limits[i] == UNKNOWN)
			lv->reasons |= 1ull << REASON_LIMITS;
}

static void fill_process(struct live *lv, struct snapshot *next)
{
	struct process *pr = &next->process;

	pr->pid = lv->fs.pid;
	pr->uid = lv->have_status ? lv->status.uid : (uid_t)-1;
	if (!lv->have_stat) {
		lv->reasons |= 1ull << REASON_FAULTS;
		next->minflt = next->majflt = UNKNOWN;
		pr->state = '?';
		return;
	}
	pr->ppid = lv->stat.ppid;
	pr->state = lv->stat.state;
	pr->kthread = lv->stat.flags != UNKNOWN && lv->stat.flags & PF_KTHREAD;
	memcpy(pr->comm, lv->stat.comm, sizeof(pr->comm));
	next->minflt = lv->stat.minflt;
	next->majflt = lv->stat.majflt;
	if (pr->kthread)
		lv->reasons |= 1ull << REASON_KTHREAD;
}

static bool gone(int err)
{
	return err == ESRCH || err == ENOENT;
}

int live_counters(struct live *lv, struct sampling *s)
{
	uint64_t began = clock_now_ns(), cpu = clock_cpu_ns();
	uint64_t mine = 1ull << REASON_MM | 1ull << REASON_MM_PART | 1ull << REASON_ADDRESSES | 1ull << REASON_EXE |
			1ull << REASON_LIMITS | 1ull << REASON_FAULTS | 1ull << REASON_KTHREAD;
	struct snapshot *next = s->next;
	int stat = read_stat(lv), status = read_status(lv);

	/* The process has ended where both are gone; else a tree has no such file. */
	if (gone(status) && !stat)
		stat = read_stat(lv);
	if (gone(status) && (gone(stat) || lv->fs.mm != lv->fs.dir))
		return ESRCH;	/* of others than the leader stat is not read */
	lv->reasons &= ~mine;
	fill_process(lv, next);
	fill_mm(lv, next);
	fill_limits(lv, next);
	fill_exe(lv, next);
	fill_auxv(lv, next);
	next->statm_rss = lv->gate.statm.resident;
	next->statm_size = lv->gate.statm.size;
	pace_done(&lv->counters, cpu);
	next->cost.panel_ns[PANEL_COUNTERS] = clock_now_ns() - began;
	next->cost.rung[PANEL_COUNTERS] = "stat, status, statm";
	return 0;
}
