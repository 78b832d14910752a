/* SPDX-License-Identifier: GPL-2.0-or-later
 * The live source: one process, looked at from outside.
 *
 * A sample asks the gate whether anything could have moved, reads what is due in the
 * order counters, layout, tasks, roles, pages, stacks, and publishes a new snapshot only
 * when a person could see a difference. Nothing here stops, signals, traces or writes to
 * the target.
 */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/kstacks.h"
#include "src/live/lines.h"
#include "src/live/live.h"

#define MEMBERS_CAP_NS 800000000ull
/* Nobody looks at threads: then this will do. */
#define TASKS_IDLE_NS 900000000ull
/* So often a thread that execs may slip through a list, or out of its place. */
enum { LISTS = 4 };

static void live_close(struct source *src)
{
	struct live *lv = (struct live *)src;
	int *fds[] = { &lv->fd_maps, &lv->fd_pagemap, &lv->fd_stat, &lv->fd_status };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	gate_deinit(&lv->gate);
	tasks_deinit(&lv->tasks);
	procfs_close(&lv->fs);
	snapshot_put(lv->last);
	unwound_put(lv->stopped);
	unwinder_destroy(lv->unwinder);
	kstacks_close(lv->kstacks);
	free(lv->root);
	strings_put(lv->strings);
	smaps_sums_free(&lv->sums);
	hugetlb_deinit(&lv->hugetlb);
	seen_free(&lv->seen);
	free(lv->looker);
	free(lv->buf);
	free(lv);
}

/* A thread's number means its process. */
static struct error *open_process(const char *root, pid_t pid, struct procfs *ret)
{
	struct error *err = procfs_open(root, pid, ret);
	struct status_figures status;
	char text[8192];
	ssize_t n;

	if (err)
		return err;
	n = procfs_read(ret->dir, "status", text, sizeof(text));
	if (n == -ESRCH || n == -ENOENT) {
		/* Gone since, unless this tree has no such file. */
		n = procfs_read(ret->dir, "stat", text, sizeof(text));
		if (n == -ESRCH || n == -ENOENT)
			err = error_create(ERR_NO_PROCESS, "no process %d", (int)pid);
	} else if (n == -EACCES || n == -EPERM) {
		n = procfs_read(ret->dir, "stat", text, sizeof(text));
		if (n == -EACCES || n == -EPERM)
			err = error_os(ERR_PERMISSION, (int)-n,
				       "process %d is closed to this user (hidepid)", (int)pid);
	} else if (n > 0 && status_parse(text, (size_t)n, &status) && status.tgid != pid) {
		procfs_close(ret);
		return procfs_open(root, status.tgid, ret);
	}
	if (err)
		procfs_close(ret);
	return err;
}

struct error *live_open(pid_t pid, const struct source_options *o, const struct live_options *lo,
			struct source **ret)
{
	const char *root = o && o->proc_root ? o->proc_root : "/proc";
	struct procfs fs;
	struct error *err = open_process(root, pid, &fs);
	struct live *lv;

	if (err)
		return err;
	lv = xcalloc(1, sizeof(*lv));
	lv->base.ops = &live_source_ops;
	lv->fs = fs;
	lv->root = xstrdup(root);
	lv->without = lo ? lo->without : 0;
	if (lv->without & WITHOUT_PIDFD && lv->fs.pidfd >= 0) {
		close(lv->fs.pidfd);
		lv->fs.pidfd = -1;
	}
	lv->fd_maps = lv->fd_pagemap = lv->fd_stat = lv->fd_status = -1;
	lv->no_procmap = lv->without & WITHOUT_PROCMAP;
	lv->buf = xmalloc(LINES_BUFFER);
	lv->looker = xcalloc(1, sizeof(*lv->looker));
	look_init(lv->looker, -1, LOOK_SCAN);
	lv->strings = strings_create();
	hugetlb_init(&lv->hugetlb, lv->fs.dir);
	gate_init(&lv->gate, &lv->fs, lv->without & WITHOUT_CLOCK);
	tasks_init(&lv->tasks, lv->fs.native && !(lv->without & WITHOUT_LIBPROC));
	*ret = &lv->base;
	return NULL;
}

static struct error *open_what(const char *what, const struct source_options *o,
			       struct source **ret)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(what, &end, 10);
	if (end == what || *end || errno || pid <= 0 || pid > INT32_MAX || *what < '0' || *what > '9')
		return error_create(ERR_USAGE, "not a process number");
	return live_open((pid_t)pid, o, NULL, ret);
}

static int live_fd(struct source *src)
{
	const struct live *lv = (const struct live *)src;

	/* Of a zombie it is readable for ever, and says nothing new. */
	return lv->zombie_at_open || (lv->last && lv->last->process.ended) ? -1 : lv->fs.pidfd;
}

/* As wait(2) has it: from the pidfd once reaped, from stat while it is a zombie. */
static bool exit_status(struct live *lv, int *ret)
{
	if (procfs_exit_status(&lv->fs, ret))
		return true;
	/* Others are told 0 there. */
	if (!lv->have_stat || lv->stat.state != 'Z' || lv->stat.exit_code == UNKNOWN ||
	    (geteuid() && !lv->stat.exit_code))
		return false;
	*ret = (int)lv->stat.exit_code;
	return true;
}

static void read_last_stat(struct live *lv)
{
	char text[2048];
	ssize_t n = procfs_reread(lv->fs.dir, "stat", &lv->fd_stat, text, sizeof(text));

	if (n > 0)
		lv->have_stat = stat_parse(text, (size_t)n, &lv->stat);
}

static struct error *publish(struct live *lv, struct snapshot *next, const struct snapshot **ret)
{
	next->seq = lv->last ? lv->last->seq + 1 : 1;
	snapshot_put(lv->last);
	lv->last = next;
	*ret = snapshot_get(next);
	return NULL;
}

static void set_whys(struct live *lv, struct snapshot *next)
{
	/* What a zombie has given back no right would bring. */
	if (lv->reasons & 1ull << REASON_ZOMBIE)
		lv->reasons &= ~(1ull << REASON_ADDRESSES | 1ull << REASON_BRK | 1ull << REASON_EXE);
	if (lv->last && lv->whys_for == lv->reasons && next->whys == lv->last->whys)
		return;
	whys_put(next->whys);
	next->whys = reasons_list(lv->reasons);
	lv->whys_for = lv->reasons;
}

/* The last picture stays; the exit status may come later, when the parent has waited. */
static struct error *sample_ended(struct live *lv, const struct snapshot **ret)
{
	const struct snapshot *last = lv->last;
	struct snapshot *next;
	int status = 0;
	bool known;

	if (!last)
		return error_create(ERR_ENDED, "process %d has ended", (int)lv->fs.pid);
	if (last->process.ended && last->process.exit_known) {
		*ret = snapshot_get(last);
		return NULL;
	}
	read_last_stat(lv);
	known = exit_status(lv, &status);
	if (last->process.ended && !known) {
		*ret = snapshot_get(last);
		return NULL;
	}
	next = snapshot_copy(last);
	next->time_ns = clock_now_ns();
	next->process.ended = true;
	next->process.exit_known = known;
	next->process.exit_status = status;
	lv->reasons &= ~(1ull << REASON_EXIT);
	if (!known)
		lv->reasons |= 1ull << REASON_EXIT;
	set_whys(lv, next);
	return publish(lv, next, ret);
}

/* 0 is the leader. */
static bool use_thread(struct live *lv, pid_t tid)
{
	bool found = procfs_use_thread(&lv->fs, tid);

	gate_reopen(&lv->gate);
	if (lv->fd_status >= 0)
		close(lv->fd_status);
	lv->fd_status = -1;
	return found;
}

/* The leader has ended but others live: their files are those of the same mm. One of them that
 * execs takes the leader's number, and may do so while the list is read. */
static bool use_living_thread(struct live *lv)
{
	struct tasks_in in = { .members = true, .pid = lv->fs.pid };
	bool found = false;

	for (int i = 0; i < LISTS && !found && (!i || !procfs_ended(&lv->fs)); i++) {
		struct task_list *list = tasks_read(&lv->tasks, &lv->fs, &in);

		for (size_t t = 0; list && t < list->n && !found; t++)
			if (!state_ended(list->tasks[t].state))
				found = use_thread(lv, list->tasks[t].tid);
		task_list_put(list);
	}
	if (!found)
		use_thread(lv, 0);
	return found;
}

static bool is_zombie(const struct live *lv)
{
	return lv->have_stat && state_ended(lv->stat.state);
}

enum life { LIVES, ZOMBIE, GONE };

/* Reads the counters of the leader while it lives, else of a thread that does; either may become
 * the other while they are read. */
static enum life read_living(struct live *lv, struct sampling *s)
{
	for (int i = 0; i < LISTS; i++) {
		bool leader = lv->fs.mm == lv->fs.dir;
		int err = live_counters(lv, s);

		if (err && leader)
			return GONE;
		if (!err && (leader ? !is_zombie(lv) : is_zombie(lv) && lv->status.has_mm))
			return LIVES;
		if (!is_zombie(lv)) {
			use_thread(lv, 0);
			continue;
		}
		if (leader && lv->stat.threads <= 1)
			return ZOMBIE;
		if (!use_living_thread(lv))
			break;
		s->news.ran = true;
	}
	/* They change too fast for us: what was read last will do. */
	return lv->last && lv->fs.pidfd >= 0 && !procfs_ended(&lv->fs) ? LIVES : ZOMBIE;
}

/* Counters, and from them: alive, ended, or a zombie from the start? False: it has ended. */
static bool read_counters(struct live *lv, struct sampling *s)
{
	enum life life;

	lv->reasons &= ~(1ull << REASON_ZOMBIE);
	life = read_living(lv, s);
	if (life == LIVES)
		return true;
	if (life == GONE || (lv->last && !lv->zombie_at_open))
		return false;
	lv->zombie_at_open = true;
	lv->reasons |= 1ull << REASON_ZOMBIE;
	return true;
}

static void read_tasks(struct live *lv, struct sampling *s)
{
	const struct task_list *old = s->next->tasks;
	uint64_t threads = lv->have_stat ? lv->stat.threads : UNKNOWN;
	bool eager = s->want->tasks || s->want->everything || !old;
	struct tasks_in in = { .old = old, .pid = lv->fs.pid, .moved = s->news.ran,
			       .all = s->want->everything };
	uint64_t began = clock_now_ns(), cpu = clock_cpu_ns();
	struct task_list *list;

	if (s->news.ran)
		lv->members.dirty = true;
	in.members = s->want->everything || !old || (threads != UNKNOWN && threads != old->n) ||
		     pace_due(&lv->members, s->now_ns, eager ? MEMBERS_CAP_NS : TASKS_IDLE_NS);
	if (!eager && !in.members)
		return;
	if (!in.members && !s->news.ran && !lv->tasks.waiting)
		return;
	list = tasks_read(&lv->tasks, &lv->fs, &in);
	if (in.members)
		pace_done(&lv->members, cpu);
	s->next->cost.panel_ns[PANEL_TASKS] = clock_now_ns() - began;
	s->next->cost.rung[PANEL_TASKS] = lv->tasks.rung;
	lv->reasons &= ~(1ull << REASON_TASKS);
	if (!list) {
		if (!old)
			lv->reasons |= 1ull << REASON_TASKS;
		return;
	}
	task_list_put(old);
	s->next->tasks = list;
}

static void task_reasons(struct live *lv, const struct snapshot *next)
{
	uint64_t mine = 1ull << REASON_REGISTERS | 1ull << REASON_REGISTERS_FILE |
			1ull << REASON_RUNNING | 1ull << REASON_DEAD | 1ull << REASON_STACKS |
			1ull << REASON_SHARED | 1ull << REASON_WITHIN;
	uint64_t unknown = 1ull << (lv->tasks.denied ? REASON_REGISTERS :
				    lv->tasks.no_file ? REASON_REGISTERS_FILE : REASON_RUNNING);

	lv->reasons &= ~mine;
	if (next->process.kthread || lv->reasons & 1ull << REASON_ZOMBIE)
		return;
	for (size_t i = 0; next->tasks && i < next->tasks->n; i++) {
		const struct task *t = &next->tasks->tasks[i];

		if (t->sp == UNKNOWN || t->syscall < 0)
			lv->reasons |= state_ended(t->state) ? 1ull << REASON_DEAD : unknown;
		if (t->stack.found == STACK_UNKNOWN)
			lv->reasons |= 1ull << REASON_STACKS;
		if (t->stack.found == STACK_SHARED)
			lv->reasons |= 1ull << REASON_SHARED;
		if (t->stack.found == STACK_WITHIN)
			lv->reasons |= 1ull << REASON_WITHIN;
	}
}

static void place_tasks(struct live *lv, struct sampling *s)
{
	struct snapshot *next = s->next;
	struct task_list *placed;

	if (next->tasks && (!lv->last || next->tasks != lv->last->tasks ||
			    next->layout != lv->last->layout || next->pages != lv->last->pages)) {
		placed = tasks_place(next->tasks, next->layout, next->pages,
				     next->limits[LIMIT_STACK], lv->fs.pid);
		task_list_put(next->tasks);
		next->tasks = placed;
	}
	task_reasons(lv, next);
}

/* Parts are shared when equal, so that pointers tell for them. */
static bool same_picture(const struct snapshot *a, const struct snapshot *b)
{
	return a->layout == b->layout && a->pages == b->pages && a->details == b->details &&
	       a->tasks == b->tasks && a->unwound == b->unwound && a->stacks == b->stacks &&
	       a->whys == b->whys && a->minflt == b->minflt && a->majflt == b->majflt &&
	       a->statm_rss == b->statm_rss &&
	       a->statm_size == b->statm_size && !memcmp(a->mm, b->mm, sizeof(a->mm)) &&
	       !memcmp(a->limits, b->limits, sizeof(a->limits)) &&
	       !memcmp(&a->process, &b->process, sizeof(a->process));
}

static void note_moves(struct live *lv, const struct gate_news *news)
{
	struct pace *all[] = { &lv->layout, &lv->pass, &lv->kinds, &lv->counters,
			       &lv->frames, &lv->kstack_pace };

	for (size_t i = 0; (news->ran || news->memory) && i < ARRAY_LEN(all); i++)
		all[i]->dirty = true;
}

/* Others set its limits, or leave it an orphan, without its running. */
static bool counters_due(const struct live *lv, const struct sampling *s)
{
	return lv->counters.dirty || s->now_ns - lv->counters.at_ns >= LIVE_OUTSIDE_NS;
}

/* Nobody ran and nothing else is due: what we have is right. */
static bool nothing_due(const struct live *lv, const struct sampling *s)
{
	const struct source_want *w = s->want;

	if (!lv->last || s->news.ran || s->news.memory || s->news.gone || w->everything ||
	    w->detail || lv->pass_running || lv->tasks.waiting ||
	    live_frames_due(lv, w, s->now_ns) || live_kstacks_due(lv, w, lv->last, s->now_ns))
		return false;
	if (w->nrows && s->now_ns - lv->rows.at_ns >= LIVE_OUTSIDE_NS)
		return false;
	if (w->nvisible && s->now_ns - lv->window.at_ns >= LIVE_OUTSIDE_NS)
		return false;
	return !pace_due(&lv->layout, s->now_ns, 0) && !pace_due(&lv->pass, s->now_ns, 0) &&
	       !pace_due(&lv->members, s->now_ns, 0) && !counters_due(lv, s);
}

/* What the sample cost is no part of the picture: noted in the one that stands, which is
 * ours and whose readers take it as the cost of the latest look. */
static void note_cost(struct snapshot *s, uint64_t wall0, uint64_t cpu_ns)
{
	s->cost.wall_ns = clock_now_ns() - wall0;
	s->cost.cpu_ns = cpu_ns;
}

static void keep_rungs(struct sample_cost *c, const struct sample_cost *last)
{
	for (int i = 0; i < PANEL_NR; i++)
		if (!c->rung[i])
			c->rung[i] = last->rung[i];
}

static struct snapshot *begin(struct live *lv, const struct sampling *s)
{
	struct snapshot *next = lv->last ? snapshot_copy(lv->last) : snapshot_create();

	next->source = "live";
	next->time_ns = s->now_ns;
	next->cost = (struct sample_cost){ 0 };
	return next;
}

/* The layout; and where it is of another address space than before, the counters once more, so that
 * a picture is of one program. False: it has ended. */
static bool read_layout(struct live *lv, struct sampling *s)
{
	for (int i = 0; i < LISTS && !(lv->reasons & 1ull << REASON_ZOMBIE); i++) {
		if (live_layout(lv, s)) {
			s->next->process.generation++;
			residency_put(s->next->pages);
			s->next->pages = NULL;
			live_pages_reset(lv);
		}
		if (!lv->mm_opened)
			return true;
		if (!read_counters(lv, s))
			return false;
		/* In a tree of files nobody can tell. */
		if (!lv->fs.native || live_mm_there(lv))
			return true;
		s->news.ran = true;
	}
	return true;
}

static struct error *live_sample(struct source *src, const struct source_want *want,
				 const struct snapshot **ret)
{
	struct live *lv = (struct live *)src;
	uint64_t wall0 = clock_now_ns(), cpu0, gate_ns, pass_ns;
	struct sampling s = { .want = want, .now_ns = wall0,
			      .deadline_ns = want->budget_ns ? wall0 + want->budget_ns : 0 };
	struct snapshot *next;

	if (lv->last && lv->last->process.ended)
		return sample_ended(lv, ret);
	s.news = gate_look(&lv->gate, &lv->fs, wall0, want->everything);
	/* To end, it has to run. */
	if (lv->last && (s.news.ran || s.news.memory || s.news.gone) && !lv->zombie_at_open &&
	    procfs_ended(&lv->fs))
		return sample_ended(lv, ret);
	note_moves(lv, &s.news);
	/* Of the gate the wall time is taken for CPU time: to ask for that costs as much again. */
	gate_ns = clock_now_ns() - wall0;
	if (nothing_due(lv, &s)) {
		note_cost((struct snapshot *)lv->last, wall0, gate_ns);
		*ret = snapshot_get(lv->last);
		return NULL;
	}
	cpu0 = clock_cpu_ns() - gate_ns;
	next = s.next = begin(lv, &s);
	if ((!lv->last || want->everything || counters_due(lv, &s) || s.news.gone) &&
	    !read_counters(lv, &s)) {
		snapshot_put(next);
		return sample_ended(lv, ret);
	}
	if (!read_layout(lv, &s)) {
		snapshot_put(next);
		return sample_ended(lv, ret);
	}
	read_tasks(lv, &s);
	live_roles(lv, &s);
	pass_ns = lv->pass.at_ns;
	if (!lv->mm_gone)
		live_pages(lv, &s);
	if (lv->pass.at_ns != pass_ns)
		live_roles_by_pages(lv, &s);
	place_tasks(lv, &s);
	live_frames(lv, &s);
	live_kstacks(lv, &s);
	lv->reasons &= ~(1ull << REASON_SMAPS);
	if (next->layout && !next->details)
		lv->reasons |= 1ull << REASON_SMAPS;
	set_whys(lv, next);
	if (lv->last && same_picture(lv->last, next)) {
		struct snapshot *stands = (struct snapshot *)lv->last;

		keep_rungs(&next->cost, &stands->cost);
		stands->cost = next->cost;
		snapshot_put(next);
		note_cost(stands, wall0, clock_cpu_ns() - cpu0);
		*ret = snapshot_get(stands);
		return NULL;
	}
	if (lv->last)
		keep_rungs(&next->cost, &lv->last->cost);
	note_cost(next, wall0, clock_cpu_ns() - cpu0);
	return publish(lv, next, ret);
}

const struct source_ops live_source_ops = {
	.scheme = "live",
	.caps = CAP_LIVE | CAP_TASKS | CAP_PAGES | CAP_DETAIL | CAP_KSTACKS,
	.open = open_what,
	.sample = live_sample,
	.fd = live_fd,
	.close = live_close,
	.command = live_command,
	.commands = live_commands,
};
