/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the figures come from: the VMA from maps, start_stack and the strings from stat,
 * sp from the task, the lowest page from residency, the limit from limits. The kernel
 * keeps 256 pages free between a stack that grows and an accessible mapping below.
 */
#include "ui/views/ruler.h"

#include <stdio.h>
#include <string.h>

#include "mmscope/machine.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"

static uint64_t guard_gap(const struct snapshot *snap)
{
	return snap->machine ? snap->machine->guard_gap : 256 * PAGE_BYTES;
}

static bool is_stack(const struct vma *v)
{
	return v->growsdown == 1 || v->role == ROLE_STACK || v->role == ROLE_THREAD_STACK;
}

static const struct task *owner_of(const struct snapshot *snap, const struct vma *v,
				   pid_t preferred)
{
	const struct task *found = NULL;

	for (size_t i = 0; snap->tasks && i < snap->tasks->n; i++) {
		const struct task *t = &snap->tasks->tasks[i];

		/* The VMA may have grown since the task was looked at: its end stays. */
		if (t->stack.vma_end == v->end && (!found || t->tid == preferred))
			found = t;
	}
	return found;
}

static ssize_t choose(const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct layout *l = snap->layout;
	const struct task *t = snap->tasks ? task_list_find(snap->tasks, session_tid(s)) : NULL;
	ssize_t i = session_vma(s);

	/* Beside a kernel stack stands the user stack of the same task, also while another's is touched. */
	if (t && t->stack.vma_end && session_room(s) == view_index("kstack"))
		return layout_find(l, t->stack.vma_end - 1);
	if (i >= 0 && is_stack(&l->vmas[i]))
		return i;
	/* A guard means the stack above it. */
	if (i >= 0 && l->vmas[i].role == ROLE_GUARD && (size_t)i + 1 < l->n &&
	    l->vmas[i + 1].start == l->vmas[i].end && is_stack(&l->vmas[i + 1]))
		return i + 1;
	if (t && t->stack.vma_end)
		return layout_find(l, t->stack.vma_end - 1);
	for (i = (ssize_t)l->n - 1; i >= 0; i--)
		if (l->vmas[i].role == ROLE_STACK)
			return i;
	return -1;
}

static struct mark *add(struct ruler *r, enum mark_kind kind, uint64_t addr)
{
	struct mark *m;
	int at = r->n;

	if (r->n == RULER_MARKS)
		return NULL;
	/* From high to low; of equal places the earlier kind stands above. */
	while (at > 0 && (r->marks[at - 1].addr < addr ||
			  (r->marks[at - 1].addr == addr && r->marks[at - 1].kind > kind)))
		at--;
	memmove(&r->marks[at + 1], &r->marks[at], (size_t)(r->n - at) * sizeof(*m));
	r->n++;
	m = &r->marks[at];
	*m = (struct mark){ .addr = addr, .kind = kind };
	return m;
}

static bool inside(const struct vma *v, uint64_t addr)
{
	return addr != UNKNOWN && addr >= v->start && addr < v->end;
}

static uint64_t lowest_resident(const struct snapshot *snap, const struct vma *v)
{
	const struct residency *p = snap->pages;

	for (size_t i = p ? residency_next(p, v->start) : 0; p && i < p->n; i++) {
		const struct page_run *run = &p->runs[i];

		if (run->start >= v->end)
			break;
		if (page_states[run->state].resident)
			return umax(run->start, v->start);
	}
	return v->end;
}

static void add_strings(struct ruler *r, const struct snapshot *snap, const struct vma *v)
{
	uint64_t args = snap->mm[MM_ARG_START], start = snap->mm[MM_START_STACK];
	struct mark *m;

	if (!inside(v, start))
		return;
	if (inside(v, args) && args > start) {
		m = add(r, MARK_EDGE, args);
		if (m)
			snprintf(m->text, sizeof(m->text), "arg_start");
	}
	m = add(r, MARK_EDGE, start);
	if (m)
		snprintf(m->text, sizeof(m->text), "start_stack: argc");
}

const char *frames_label(const struct snapshot *snap, size_t frame, size_t n, char *out,
			 size_t size)
{
	const struct user_frame *f = &snap->unwound->frames[frame];
	char name[48], times[24] = "";

	if (n > 1)
		snprintf(times, sizeof(times), " ×%zu", n);
	if (f->signal)
		snprintf(out, size, "frame of a signal%s", times);
	else if (*f->function)
		snprintf(out, size, "%s%s", clean(f->function, name, sizeof(name)), times);
	else
		snprintf(out, size, "in %s%s", *f->module ?
			 clean(base_name(f->module), name, sizeof(name)) : "generated code", times);
	return out;
}

/* Frames of the same function stand together, as those of a recursion do. */
static size_t run_of_frames(const struct snapshot *snap, const struct unwound_task *t, size_t i)
{
	const struct user_frame *f = &snap->unwound->frames[t->first];
	size_t n = 1;

	while (i + n < t->n && *f[i].function && !strcmp(f[i].function, f[i + n].function) &&
	       f[i + n].bytes != UNKNOWN)
		n++;
	return n;
}

/* The innermost frame that still stands: sp may have moved since the chain was walked, and
 * what lies below it is gone. */
static size_t first_standing(const struct ruler *r, const struct unwound_task *t, const struct user_frame *f)
{
	size_t i = 0;

	while (!r->since && i < t->n && f[i].sp < r->task->sp)
		i++;
	return i;
}

/* What lies above sp where that is not this stack alone. */
static const char *company(const struct ruler *r)
{
	return r->task->stack.found == STACK_SHARED ? "stacks of several threads" :
						      "its stack, and other things";
}

/* A mark at the end of each run of frames in this stack. */
static void add_frames(struct ruler *r, const struct snapshot *snap, const struct vma *v)
{
	const struct unwound_task *t = r->task ? unwound_find(snap->unwound, r->task->tid) : NULL;
	const struct user_frame *f = t && t->n ? &snap->unwound->frames[t->first] : NULL;
	struct mark *m;
	size_t n, first;

	if (!f || r->sp == UNKNOWN)
		return;
	first = first_standing(r, t, f);
	if (first == t->n)
		return;
	/* The outer frames stay where they are, while the rest is walked anew a few times a second. */
	if (inside(v, f[first].sp) && f[first].sp != r->sp && (m = add(r, MARK_FRAME, f[first].sp)))
		snprintf(m->text, sizeof(m->text), "called since, not walked yet");
	r->chain = t;
	snprintf(r->last, sizeof(r->last), "%s", r->shared ? company(r) : "in use, frames unknown");
	if (t->complete && !r->shared)
		frames_label(snap, t->first + t->n - 1, 1, r->last,
			     sizeof(r->last) - sizeof(", TLS"));
	if (t->complete && v->role == ROLE_THREAD_STACK && !r->shared)
		strcat(r->last, ", TLS");
	for (size_t i = first, runs = 0; i < t->n; i += n, runs++) {
		n = run_of_frames(snap, t, i);
		if (!inside(v, f[i].sp) || f[i].bytes == UNKNOWN)
			continue;
		if (runs + 1 >= RULER_FRAMES)
			/* The rest, down to the last one whose end is known. */
			while (i + n < t->n && f[i + n].bytes != UNKNOWN && inside(v, f[i + n].sp))
				n++;
		m = add(r, MARK_FRAME, f[i + n - 1].sp + f[i + n - 1].bytes);
		if (!m)
			return;
		r->framed = umax(r->framed, m->addr - r->sp);
		m->frame = t->first + i;
		m->frames = n;
		if (runs + 1 >= RULER_FRAMES)
			snprintf(m->text, sizeof(m->text), "%zu more frames", n);
		else
			frames_label(snap, m->frame, n, m->text, sizeof(m->text));
	}
}

/* The lowest page, unless the stack has it without a guard, or another stack lies right below. */
static void add_guard_page(struct ruler *r, const struct snapshot *snap, const struct vma *v)
{
	const struct vma *prev = r->index ? v - 1 : NULL;
	struct mark *m;

	if (!snap->machine || !snap->machine->guard_inside || !v->growsdown ||
	    (prev && prev->end == v->start && prev->growsdown) ||
	    vma_size(v) == PAGE_BYTES || r->lowest == v->start)
		return;
	m = add(r, MARK_GUARD_PAGE, v->start + PAGE_BYTES);
	if (m)
		snprintf(m->text, sizeof(m->text), "guard page");
}

static void add_inside(struct ruler *r, const struct snapshot *snap, const struct vma *v)
{
	struct mark *m = add(r, MARK_TOP, v->end);
	uint64_t deepest = r->task && r->task->stack.high_water != UNKNOWN ?
		v->end - umin(r->task->stack.high_water, vma_size(v)) : UNKNOWN;
	char size[16];

	snprintf(m->text, sizeof(m->text), "top of the stack");
	if (r->grows && v->role == ROLE_STACK)
		add_strings(r, snap, v);
	if (r->sp != UNKNOWN) {
		m = add(r, MARK_SP, r->sp);
		if (r->shared)
			snprintf(m->text, sizeof(m->text), r->task->stack.found == STACK_SHARED ?
				 "sp, one of several stacks here" : "sp, its stack is a part of this");
		else
			snprintf(m->text, sizeof(m->text), "sp%s%s, %s in use", r->since ? " " : "",
				 r->since ? r->since : "", text_size(v->end - r->sp, size));
	}
	if (r->lowest < v->end && r->lowest > v->start) {
		m = add(r, MARK_LOWEST, r->lowest);
		if (m)
			snprintf(m->text, sizeof(m->text), "lowest resident page");
	}
	if (inside(v, deepest) && deepest < r->lowest) {
		m = add(r, MARK_DEEPEST, deepest);
		if (m)
			snprintf(m->text, sizeof(m->text), "deepest page ever seen");
	}
	add_frames(r, snap, v);
	m = add(r, MARK_START, v->start);
	if (m)
		snprintf(m->text, sizeof(m->text), "VMA start, %s", text_size(vma_size(v), size));
	add_guard_page(r, snap, v);
}

static void add_below(struct ruler *r, const struct snapshot *snap, const struct vma *v)
{
	const struct vma *prev = r->index ? v - 1 : NULL;
	bool limited = r->limit != UNKNOWN && r->limit != UNLIMITED && r->limit < v->end;
	uint64_t floor = limited ? v->end - r->limit : 0, gap = 0;
	char label[40], size[16];
	struct mark *m;

	if (prev && !prev->growsdown && prev->perms & (VMA_READ | VMA_WRITE | VMA_EXEC) &&
	    guard_gap(snap))
		gap = prev->end + guard_gap(snap);
	if (limited && (m = add(r, MARK_FLOOR, floor))) {
		snprintf(m->text, sizeof(m->text), "RLIMIT_STACK %s", text_size(r->limit, size));
		m->stops = floor >= gap;
	}
	if (gap && gap <= v->start && (m = add(r, MARK_GAP, gap))) {
		snprintf(m->text, sizeof(m->text), "guard gap begins");
		m->stops = gap > floor;
	}
	if (prev && (m = add(r, MARK_BELOW, prev->end)))
		snprintf(m->text, sizeof(m->text), "next below: %s",
			 vma_label(snap, r->index - 1, label, sizeof(label)));
}

static void add_guard(struct ruler *r, const struct vma *v)
{
	const struct vma *prev = r->index ? v - 1 : NULL;
	struct mark *m;

	if (!prev || prev->end != v->start || prev->role != ROLE_GUARD)
		return;
	m = add(r, MARK_GUARD, prev->start);
	if (m)
		snprintf(m->text, sizeof(m->text), "guard ends");
}

/* What a stretch is follows from the marks at its ends. */
static const char *stretch(const struct ruler *r, const struct mark *above,
			   const struct mark *below)
{
	bool sp = r->sp != UNKNOWN;

	if (above->kind == MARK_FRAME)
		return above->text;
	switch (below->kind) {
	case MARK_EDGE:
		return above->kind == MARK_TOP ? "args and environment" :
			"auxv, envp, argv, argc";
	case MARK_FRAME:
		return r->last;
	case MARK_SP:
		return r->shared ? company(r) : "in use";
	case MARK_LOWEST:
		return sp && above->kind == MARK_SP ? "touched down to here" : "touched";
	case MARK_DEEPEST:
		return "resident once, given up";
	case MARK_START:
		if (above->kind == MARK_GUARD_PAGE)
			return "guard page, not in maps";
		/* fallthrough */
	case MARK_GUARD_PAGE:
		return above->addr <= r->lowest ? "never touched" : "touched down to here";
	case MARK_GUARD:
		return "guard: SIGSEGV";
	case MARK_FLOOR:
		return above->kind == MARK_START ? "may still grow" : "the limit would allow";
	case MARK_GAP:
		return above->kind == MARK_START ? "may still grow" : "with a higher limit";
	default:
		return above->kind == MARK_GAP ? "guard gap, stays free" : "free";
	}
}

static void fill_stretches(struct ruler *r)
{
	bool outside = false;

	for (int i = 0; i + 1 < r->n; i++) {
		struct mark *m = &r->marks[i];

		outside |= m->kind == MARK_START;
		m->outside = outside;
		m->bytes = m->addr - m[1].addr;
		if (m->bytes)
			snprintf(m->below, sizeof(m->below), "%s", stretch(r, m, &m[1]));
	}
}

/* Of a thread that runs only what was read when it was stopped for that is known, or when it
 * waited for a CPU. */
static void use_held(struct ruler *r, const struct snapshot *snap, const struct vma *v)
{
	const struct unwound_task *t = unwound_find(snap->unwound, r->task->tid);

	if (!t || (t->rung != UNWOUND_STOPPED && t->rung != UNWOUND_KERNEL) || !t->n ||
	    !inside(v, snap->unwound->frames[t->first].sp))
		return;
	r->sp = snap->unwound->frames[t->first].sp;
	r->since = t->rung == UNWOUND_STOPPED ? "when stopped" : "off its CPU";
}

bool ruler_make(struct ruler *r, const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct vma *v;
	ssize_t i;

	memset(r, 0, sizeof(*r));
	if (!snap || !snap->layout)
		return false;
	i = choose(s);
	if (i < 0)
		return false;
	v = &snap->layout->vmas[i];
	r->index = (size_t)i;
	r->grows = v->growsdown == 1 || v->role == ROLE_STACK;
	r->task = owner_of(snap, v, session_tid(s));
	r->sp = r->task && inside(v, r->task->sp) ? r->task->sp : UNKNOWN;
	r->shared = r->task && (r->task->stack.found == STACK_SHARED ||
				r->task->stack.found == STACK_WITHIN);
	if (r->task && r->sp == UNKNOWN)
		use_held(r, snap, v);
	r->limit = r->grows ? snap->limits[LIMIT_STACK] : vma_size(v);
	r->lowest = lowest_resident(snap, v);
	r->grew = r->grows && session_growth(s, v->end, &r->growth) && r->growth.times;
	add_inside(r, snap, v);
	if (r->grows)
		add_below(r, snap, v);
	else
		add_guard(r, v);
	fill_stretches(r);
	return true;
}

bool ruler_registers(struct session *s, pid_t tid, const char *arg)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)tid);
	return session_command(s, "registers", *arg ? arg : text, NULL);
}

void ruler_select(struct session *s, const struct task *t)
{
	session_select_task(s, t->tid);
	if (t->stack.vma_end)
		session_select(s, t->sp != UNKNOWN && t->sp >= t->stack.vma_start &&
			       t->sp < t->stack.vma_end ?
			       t->sp & ~(uint64_t)(PAGE_BYTES - 1) : t->stack.vma_end - PAGE_BYTES);
}

void ruler_select_tid(struct session *s, pid_t tid)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct task *t = snap && snap->tasks ? task_list_find(snap->tasks, tid) : NULL;

	if (t)
		ruler_select(s, t);
	else
		session_select_task(s, tid);
}
