/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/kwalk.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/uapi.h"

/* PID_MAX_LIMIT of 64-bit kernels; more tasks there cannot be. */
enum { PID_MOST = 1 << 22, ATTEMPTS = 5, LEVEL_MOST = 32 };

/* What a walk needs of one task besides its figures. */
struct links {
	uint64_t next, prev;		/* tasks */
	uint64_t thread_next, thread_prev;
	uint64_t signal;
};

static bool pointer(uint64_t address)
{
	return address >> 63 && !(address & 7);
}

/* The letter of /proc/PID/stat, by the rules of the kernel's task_state_index(). */
static char state_letter(uint32_t state, uint32_t exit_state)
{
	enum { REPORT = 0x7f, UNINTERRUPTIBLE = 0x2, IDLE = 0x402, RTLOCK_WAIT = 0x1000,
	       FROZEN = 0x8000 };
	static const char letters[] = "RSDTtXZP";
	uint32_t s = (state | exit_state) & REPORT;
	unsigned i = 0;

	if ((state & IDLE) == IDLE)
		return 'I';
	if (state & (RTLOCK_WAIT | FROZEN))
		s = UNINTERRUPTIBLE;
	while (s) {
		i++;
		s >>= 1;
	}
	return letters[i];
}

/* struct pid's number in our namespace; 0: it has none there. */
static pid_t number_inside(struct kwalk *w, uint64_t pid)
{
	const struct klayout *l = w->layout;
	size_t at = l->numbers.offset + (size_t)w->level * l->upid_size;
	const uint8_t *copy = pointer(pid) ? peek_at(w->peek, pid, at + l->upid_size) : NULL;

	if (!copy || kfield(copy, &l->level) < w->level || kfield(copy + at, &l->upid_ns) != w->ns)
		return 0;
	return (pid_t)kfield(copy + at, &l->upid_nr);
}

/* The task at `address`, of which `copy` are the bytes, or NULL. */
static bool parse_task(struct kwalk *w, uint64_t address, const uint8_t *copy, struct ktask *t,
		       struct links *links)
{
	const struct klayout *l = w->layout;
	uint64_t pid;

	if (!copy || !pointer(address))
		return false;
	*t = (struct ktask){
		.address = address,
		.leader = kfield(copy, &l->group_leader),
		.parent = kfield(copy, &l->real_parent),
		.stack = kfield(copy, &l->stack),
		.vm_area = kfield(copy, &l->vm_area),
		.sp = kfield(copy, &l->sp),
		.cfs_rq = kfield(copy, &l->cfs_rq),
		.switches = { kfield(copy, &l->nvcsw), kfield(copy, &l->nivcsw) },
		.tid = (pid_t)kfield(copy, &l->pid),
		.tgid = (pid_t)kfield(copy, &l->tgid),
		.flags = (uint32_t)kfield(copy, &l->flags),
		.state = state_letter((uint32_t)kfield(copy, &l->state),
				      (uint32_t)kfield(copy, &l->exit_state)),
		.on_cpu = kfield(copy, &l->on_cpu) != 0,
	};
	memcpy(t->comm, copy + l->comm.offset, l->comm.size < 16 ? l->comm.size : 16);
	*links = (struct links){
		.signal = kfield(copy, &l->signal),
	};
	memcpy(&links->next, copy + l->tasks.offset, 8);
	memcpy(&links->prev, copy + l->tasks.offset + 8, 8);
	memcpy(&links->thread_next, copy + l->thread_node.offset, 8);
	memcpy(&links->thread_prev, copy + l->thread_node.offset + 8, 8);
	pid = kfield(copy, &l->thread_pid);
	if (t->tid < 0 || t->tid > PID_MOST || t->tgid < 0 || t->tgid > PID_MOST ||
	    !pointer(t->leader) || !memchr(t->comm, '\0', sizeof(t->comm)))
		return false;
	if (w->level && t->tid)
		t->tid = number_inside(w, pid);
	return true;
}

static bool read_task(struct kwalk *w, uint64_t address, struct ktask *t, struct links *links)
{
	return parse_task(w, address, peek_at(w->peek, address, w->layout->task_size), t, links);
}

bool kwalk_task(struct kwalk *w, uint64_t address, struct ktask *ret)
{
	struct links links;

	return read_task(w, address, ret, &links);
}

bool kwalk_again(struct kwalk *w, const struct ktask *before, struct ktask *ret)
{
	return kwalk_again_after(w, before, NULL, ret);
}

bool kwalk_again_after(struct kwalk *w, const struct ktask *before,
		       const struct peek_range first[PEEK_FIRST], struct ktask *ret)
{
	const void *copy = peek_after(w->peek, first, before->address, w->layout->task_size);
	struct links links;
	struct ktask t;

	if (!parse_task(w, before->address, copy, &t, &links) || t.tid != before->tid ||
	    t.stack != before->stack)
		return false;
	if (w->level)
		t.tgid = before->tgid;
	*ret = t;
	return true;
}

bool kwalk_init(struct kwalk *w, struct peek *p, const struct klayout *l)
{
	struct ktask self;
	const uint8_t *copy;
	uint64_t pid, ns;
	unsigned level;

	*w = (struct kwalk){ .peek = p, .layout = l };
	if (!l->upid_size || !kwalk_task(w, peek_current(p), &self))
		return false;
	copy = peek_at(p, self.address + l->thread_pid.offset, 8);
	if (!copy)
		return false;
	memcpy(&pid, copy, 8);
	copy = pointer(pid) ? peek_at(p, pid, l->numbers.offset) : NULL;
	if (!copy)
		return false;
	level = (unsigned)kfield(copy, &l->level);
	if (level > LEVEL_MOST)
		return false;
	copy = peek_at(p, pid + l->numbers.offset + (uint64_t)level * l->upid_size, l->upid_size);
	if (!copy)
		return false;
	ns = kfield(copy, &l->upid_ns);
	w->level = level;
	w->ns = ns;
	return pointer(ns);
}

void kwalk_deinit(struct kwalk *w)
{
	free(w->task);
	free(w->cfs_rqs);
	*w = (struct kwalk){ 0 };
}

static void add(struct kwalk *w, const struct ktask *t, pid_t tgid)
{
	VEC_GROW(w->task, w->n, w->cap);
	w->task[w->n] = *t;
	w->task[w->n++].tgid = tgid;
}

/* The threads of a group; the list's head is in its signal_struct. */
static bool walk_threads(struct kwalk *w, const struct ktask *leader, const struct links *of)
{
	const struct klayout *l = w->layout;
	uint64_t head = of->signal + l->thread_head.offset, node, came = head;
	pid_t tgid = leader->tid;
	const void *copy;
	struct links links;
	struct ktask t;

	if (!pointer(of->signal))	/* the last of it is going away */
		return true;
	copy = peek_at(w->peek, head, 8);
	if (!copy)
		return false;
	memcpy(&node, copy, 8);
	for (unsigned steps = 0; node != head; steps++) {
		if (steps > PID_MOST || !pointer(node) ||
		    !read_task(w, node - l->thread_node.offset, &t, &links) ||
		    links.thread_prev != came || t.leader != leader->address ||
		    t.tgid != leader->tgid)
			return false;
		if (t.tid)
			add(w, &t, tgid);
		came = node;
		node = links.thread_next;
	}
	return true;
}

/* Kernel threads are in no group: theirs are those that the CPUs have. */
static void note_cfs_rq(struct kwalk *w, const struct ktask *t)
{
	if (!(t->flags & PF_KTHREAD) || !pointer(t->cfs_rq))
		return;
	for (size_t i = w->ncfs_rqs; i-- > 0;)
		if (w->cfs_rqs[i] == t->cfs_rq)
			return;
	VEC_GROW(w->cfs_rqs, w->ncfs_rqs, w->cfs_rqs_cap);
	w->cfs_rqs[w->ncfs_rqs++] = t->cfs_rq;
}

static bool walk(struct kwalk *w, pid_t only)
{
	const struct klayout *l = w->layout;
	struct links links;
	struct ktask leader;
	uint64_t first, came = 0;

	w->n = w->ncfs_rqs = 0;
	if (!kwalk_task(w, peek_current(w->peek), &leader))
		return false;
	first = leader.leader;
	for (uint64_t at = first, steps = 0; steps <= PID_MOST; steps++) {
		if (!read_task(w, at, &leader, &links) || leader.leader != at ||
		    (came && links.prev != came + l->tasks.offset))
			return false;
		note_cfs_rq(w, &leader);
		if (leader.tgid && (!only || leader.tid == only) && leader.tid &&
			 !walk_threads(w, &leader, &links))
			return false;
		came = at;
		at = links.next - l->tasks.offset;
		if (at == first)
			return true;
	}
	return false;
}

void kwalk_read(struct kwalk *w, pid_t tgid)
{
	w->whole = false;
	for (int i = 0; i < ATTEMPTS && !w->whole; i++)
		w->whole = walk(w, tgid);
}
