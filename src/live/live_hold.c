/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers that nothing but ptrace tells: those of a thread that runs, or that a chain
 * hangs on where kernel memory is closed to us. Asked for by a command, which first says
 * what that may do to the target.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/clock.h"
#include "mmscope/syscalls.h"
#include "src/live/denial.h"
#include "src/live/hold.h"
#include "src/live/live.h"

#define AGAIN_NS 10000000000ull		/* so long the warning holds */

const struct source_command live_commands[] = {
	{ "registers", "TID", true,
	  "stop a thread for a moment (ptrace) and read its registers; says first what that may "
	  "disturb, and does it the second time" },
	{ NULL, NULL, false, NULL },
};

/* Waits that end with EINTR when a thread was stopped in them (signal(7)). */
static const char *const broken[] = {
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "semop", "semtimedop", "rt_sigtimedwait",
};
/* These do so where the socket has a timeout. */
static const char *const fragile[] = {
	"recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "accept", "accept4", "connect",
};

static bool among(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

static void warn(const struct task *t, struct buf *say)
{
	const char *name = t->syscall >= 0 ? task_syscall_name(t) : NULL;

	buf_addf(say, "Thread %d would be stopped by ptrace, mostly for less than a millisecond. ", (int)t->tid);
	if (among(broken, sizeof(broken) / sizeof(broken[0]), name))
		buf_addf(say, "It sits in %s, which will return EINTR as if a signal had come", name);
	else if (among(fragile, sizeof(fragile) / sizeof(fragile[0]), name))
		buf_addf(say, "It sits in %s, which returns EINTR if its socket has a timeout", name);
	else if (name)
		buf_addf(say, "It sits in %s, which goes on afterwards", name);
	else
		buf_adds(say, "If it is just then in epoll_wait, semop or sigtimedwait, that returns EINTR");
	buf_adds(say, ". The same key again does it.");
}

static struct error *not_permitted(pid_t tid)
{
	struct ptrace_denial d = ptrace_denial_of(tid);
	struct buf why = BUF_INIT;
	struct error *err;

	ptrace_denial_words(&d, &why);
	err = error_create(ERR_PERMISSION, "Stopping thread %d is not permitted: %s.", (int)tid,
			   buf_str(&why));
	buf_free(&why);
	return err;
}

static struct error *refused(pid_t tid, int err)
{
	switch (err) {
	case ESRCH:
		return error_create(ERR_ENDED, "thread %d has ended", (int)tid);
	case ETIME:
		return error_create(ERR_FAILURE, "thread %d did not stop: it is in a wait that cannot be "
				    "interrupted. It was let go.", (int)tid);
	case EPERM:
	case EACCES:
		return not_permitted(tid);
	default:
		return error_os(ERR_FAILURE, err, "ptrace of thread %d", (int)tid);
	}
}

static struct error *hold_and_walk(struct live *lv, const struct task *t, struct buf *say)
{
	struct hold hold = { .let_go = -1, .told = -1 };
	const struct unwound_task *u;
	int held = 0;
	struct unwind_in in = { .fs = &lv->fs, .layout = lv->last->layout, .tasks = lv->last->tasks,
				.only = t->tid, .hold = &hold, .held = &held };
	struct unwound *walked;
	uint32_t without;

	if (!lv->unwinder)
		lv->unwinder = unwinder_create();
	walked = unwinder_walk(lv->unwinder, &in, &without);
	hold_end(&hold);
	u = unwound_find(walked, t->tid);
	if (held || !u || u->rung != UNWOUND_STOPPED) {
		struct error *err = held ? refused(t->tid, held) :
			error_create(ERR_FAILURE, "%s", u ? u->end : "there is no such thread");

		unwound_put(walked);
		return err;
	}
	unwound_put(lv->stopped);
	lv->stopped = walked;
	lv->frames.dirty = true;
	lv->frames.at_ns = 0;
	buf_addf(say, "Thread %d was stopped for %" PRIu64 " µs: %zu frame%s%s%s.", (int)t->tid,
		 (hold.held_ns + 999) / 1000, u->n, u->n == 1 ? "" : "s", u->complete ? "" : "; ",
		 u->complete ? "" : u->end);
	return NULL;
}

struct error *live_command(struct source *src, const char *name, const char *arg, struct buf *say)
{
	struct live *lv = (struct live *)src;
	const struct task_list *tasks = lv->last ? lv->last->tasks : NULL;
	uint64_t now = clock_now_ns();
	const struct task *t;
	char *end;
	long tid;

	if (strcmp(name, "registers"))
		return error_create(ERR_USAGE, "there is no command '%s' here", name);
	tid = strtol(arg, &end, 10);
	t = *arg && !*end && tid > 0 && tid <= INT32_MAX && tasks ?
	    task_list_find(tasks, (pid_t)tid) : NULL;
	if (!t || !lv->last->layout || lv->last->process.ended)
		return error_create(ERR_FAILURE, "'%s' is no thread of this process whose registers "
				    "could be read", arg);
	if (!lv->fs.native)
		return error_create(ERR_FAILURE, "threads are stopped only where processes are read "
				    "from /proc");
	if (lv->asked != t->tid || now - lv->asked_ns > AGAIN_NS) {
		lv->asked = t->tid;
		lv->asked_ns = now;
		warn(t, say);
		return NULL;
	}
	lv->asked = 0;
	return hold_and_walk(lv, t, say);
}

/* The same place: where the chain of the held thread began. */
static bool still_there(const struct unwound *walked, const struct unwound_task *now,
			const struct unwound *held, const struct unwound_task *then)
{
	const struct user_frame *a = &walked->frames[now->first], *b = &held->frames[then->first];

	return a->pc == b->pc && a->sp == b->sp && then->n >= now->n;
}

static const struct unwound *keep(struct live *lv, const struct unwound *u)
{
	unwound_put(lv->stopped);
	lv->stopped = unwound_get(u);
	return u;
}

const struct unwound *live_held_frames(struct live *lv, const struct unwound *walked)
{
	const struct unwound_task *now = walked->n == 1 ? &walked->tasks[0] : NULL;
	const struct unwound_task *then = now ? unwound_find(lv->stopped, now->tid) : NULL;

	/* One for all threads takes what can be had without stopping anybody. */
	if (!now)
		return walked;
	if (!now->n && now->end != unwind_ends[END_RUNNING] && now->end != unwind_ends[END_MOVED])
		return walked;
	/* Where it was caught while it waited for a CPU, until it is caught again. */
	if (now->n && now->rung == UNWOUND_KERNEL)
		return keep(lv, walked);
	if (!then || (now->n && !still_there(walked, now, lv->stopped, then))) {
		keep(lv, NULL);
		return walked;
	}
	unwound_put(walked);
	return unwound_get(lv->stopped);
}
