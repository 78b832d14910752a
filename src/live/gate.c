/* SPDX-License-Identifier: GPL-2.0-or-later
 * The gate: could anything have changed since the last look?
 */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/live/gate.h"

/* Without a clock of the process, other threads are believed to have run this often. */
#define BELIEVE_NS 150000000ull
/* What others do to a process that does not run is looked for this often. */
#define OTHERS_NS 150000000ull

static bool ran_by_clock(struct gate *g)
{
	struct timespec ts;
	uint64_t ns;

	if (clock_gettime(g->clock, &ts) < 0)
		return true;	/* gone; somebody else will find out */
	ns = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
	if (ns == g->cpu_ns)
		return false;
	g->cpu_ns = ns;
	return true;
}

void gate_init(struct gate *g, const struct procfs *p, bool no_clock)
{
	*g = (struct gate){ .fd_statm = -1, .fd_schedstat = -1 };
	memset(&g->statm, 0xff, sizeof(g->statm));	/* UNKNOWN */
	g->has_clock = !no_clock && p->native && !clock_getcpuclockid(p->pid, &g->clock);
	/* Did it run between opening and the first look? */
	if (g->has_clock)
		ran_by_clock(g);
}

void gate_reopen(struct gate *g)
{
	if (g->fd_statm >= 0)
		close(g->fd_statm);
	g->fd_statm = -1;
}

void gate_deinit(struct gate *g)
{
	gate_reopen(g);
	if (g->fd_schedstat >= 0)
		close(g->fd_schedstat);
	g->fd_schedstat = -1;
}

static bool ran_by_schedstat(struct gate *g, const struct procfs *p, uint64_t now_ns)
{
	struct schedstat_figures s;
	char text[128];
	ssize_t n = procfs_reread(p->dir, "schedstat", &g->fd_schedstat, text, sizeof(text));
	bool known = n > 0 && schedstat_parse(text, (size_t)n, &s);

	if (known && memcmp(&s, &g->sched, sizeof(s))) {
		g->sched = s;
		return true;
	}
	if (known && now_ns - g->forced_ns < BELIEVE_NS)
		return false;
	g->forced_ns = now_ns;
	return true;
}

struct gate_news gate_look(struct gate *g, const struct procfs *p, uint64_t now_ns, bool others)
{
	struct gate_news news = { .gone = false };
	struct statm_figures statm;
	char text[256];
	ssize_t n;

	news.ran = g->has_clock ? ran_by_clock(g) : ran_by_schedstat(g, p, now_ns);
	if (!others && !news.ran && now_ns - g->statm_ns < OTHERS_NS)
		return news;
	g->statm_ns = now_ns;
	n = procfs_reread(p->mm, "statm", &g->fd_statm, text, sizeof(text));
	if (n == -ESRCH || n == -ENOENT)
		news.gone = true;
	if (n > 0 && statm_parse(text, (size_t)n, &statm) &&
	    memcmp(&statm, &g->statm, sizeof(statm))) {
		g->statm = statm;
		news.memory = true;
	}
	return news;
}
