/* SPDX-License-Identifier: GPL-2.0-or-later
 * From a snapshot and events to the next snapshot, or back to the one before.
 */
#include "mmscope/event.h"

#include <string.h>

#include "mmscope/alloc.h"

/* Which payload an event of a type has. */
enum payload { PAYLOAD_VMAS, PAYLOAD_PAGES, PAYLOAD_COUNTER, PAYLOAD_TASK, PAYLOAD_PROCESS,
	       PAYLOAD_DETAIL, PAYLOAD_KSTACK };

static const uint8_t payload_of[EVENT_NR] = {
	[EVENT_VMA_NEW] = PAYLOAD_VMAS,
	[EVENT_VMA_GONE] = PAYLOAD_VMAS,
	[EVENT_GREW_DOWN] = PAYLOAD_VMAS,
	[EVENT_GREW_UP] = PAYLOAD_VMAS,
	[EVENT_SHRANK] = PAYLOAD_VMAS,
	[EVENT_MERGED] = PAYLOAD_VMAS,
	[EVENT_SPLIT] = PAYLOAD_VMAS,
	[EVENT_PROTECTED] = PAYLOAD_VMAS,
	[EVENT_RENAMED] = PAYLOAD_VMAS,
	[EVENT_RESHAPED] = PAYLOAD_VMAS,
	[EVENT_PAGES_IN] = PAYLOAD_PAGES,
	[EVENT_PAGES_OUT] = PAYLOAD_PAGES,
	[EVENT_PAGES_COW] = PAYLOAD_PAGES,
	[EVENT_PAGES_SWAP] = PAYLOAD_PAGES,
	[EVENT_PAGES_KIND] = PAYLOAD_PAGES,
	[EVENT_COUNTER] = PAYLOAD_COUNTER,
	[EVENT_TASK_NEW] = PAYLOAD_TASK,
	[EVENT_TASK_GONE] = PAYLOAD_TASK,
	[EVENT_TASK_CHANGED] = PAYLOAD_TASK,
	[EVENT_KSTACK_DEEPER] = PAYLOAD_KSTACK,
	[EVENT_EXEC] = PAYLOAD_PROCESS,
	[EVENT_EXIT] = PAYLOAD_PROCESS,
	[EVENT_PROCESS] = PAYLOAD_PROCESS,
	[EVENT_DETAIL] = PAYLOAD_DETAIL,
};

/* The events of one payload, in order; NULL at the end. */
static const struct event *next_event(const struct event_list *l, size_t *i, enum payload payload)
{
	while (*i < l->n) {
		const struct event *e = &l->events[(*i)++];

		if (payload_of[e->type] == payload)
			return e;
	}
	return NULL;
}

struct layout_builder {
	struct layout *layout;
	bool intern;		/* its strings are its own: paths have to be copied */
};

static void put_vmas(struct layout_builder *b, const struct vma *vmas, size_t n)
{
	struct layout *l = b->layout;

	for (size_t i = 0; i < n; i++) {
		struct vma *v = &l->vmas[l->n++];

		*v = vmas[i];
		if (b->intern)
			v->path = strings_add(l->strings, v->path, strlen(v->path));
	}
}

static const struct layout *apply_vmas(const struct layout *old, const struct event_list *l,
				       bool forward)
{
	struct strings *strings = l->strings[forward];
	struct layout_builder b = { .intern = !strings || (old && old->strings != strings) };
	size_t room = old ? old->n : 0, i = 0, at = 0, changes = 0;
	const struct event *e;

	while ((e = next_event(l, &i, PAYLOAD_VMAS))) {
		room += forward ? e->vmas.nafter : e->vmas.nbefore;
		changes++;
	}
	if (old && !changes)
		return layout_get(old);
	strings = b.intern ? strings_create() : strings_get(strings);
	b.layout = layout_create(strings, room);
	b.layout->n = 0;
	strings_put(strings);
	i = 0;
	while ((e = next_event(l, &i, PAYLOAD_VMAS))) {
		size_t keep = at;

		while (old && at < old->n && old->vmas[at].end <= e->start)
			at++;
		if (at > keep)
			put_vmas(&b, old->vmas + keep, at - keep);
		while (old && at < old->n && old->vmas[at].start < e->end)
			at++;
		if (forward)
			put_vmas(&b, e->vmas.after, e->vmas.nafter);
		else
			put_vmas(&b, e->vmas.before, e->vmas.nbefore);
	}
	if (old && at < old->n)
		put_vmas(&b, old->vmas + at, old->n - at);
	return b.layout;
}

/* Copies the old runs of [from, to); *at is the first run that may reach beyond. */
static void copy_runs(struct residency *out, const struct residency *old, size_t *at, uint64_t from,
		      uint64_t to)
{
	for (; old && *at < old->n; (*at)++) {
		const struct page_run *run = &old->runs[*at];
		uint64_t lo = run->start > from ? run->start : from;
		uint64_t hi = run_end(run) < to ? run_end(run) : to;

		if (run->start >= to)
			return;
		residency_append(out, lo, hi, run->state);
		if (run_end(run) > to)
			return;
	}
}

static const struct residency *apply_pages(const struct residency *old, const struct event_list *l,
					   bool forward)
{
	struct residency *out = NULL;
	const struct event *e;
	size_t i = 0, at = 0;
	uint64_t from = 0;

	while ((e = next_event(l, &i, PAYLOAD_PAGES))) {
		if (!out)
			out = residency_create();
		copy_runs(out, old, &at, from, e->start);
		residency_append(out, e->start, e->end, forward ? e->pages.after : e->pages.before);
		from = e->end;
	}
	if (!out)
		return old ? residency_get(old) : residency_create();
	copy_runs(out, old, &at, from, UINT64_MAX);
	return out;
}

static const struct task_list *apply_tasks(const struct task_list *old, const struct event_list *l,
					   bool forward)
{
	struct task_list *out = NULL;
	size_t n = old ? old->n : 0, i = 0, at = 0;
	const struct event *e;

	while ((e = next_event(l, &i, PAYLOAD_TASK))) {
		const struct task *t = forward ? e->task.after : e->task.before;

		if (!out)
			out = task_list_create();
		for (; at < n && old->tasks[at].tid < e->tid; at++)
			*task_list_add(out, old->tasks[at].tid) = old->tasks[at];
		if (at < n && old->tasks[at].tid == e->tid)
			at++;
		if (t)
			*task_list_add(out, t->tid) = *t;
	}
	if (!out)
		return old ? task_list_get(old) : task_list_create();
	for (; at < n; at++)
		*task_list_add(out, old->tasks[at].tid) = old->tasks[at];
	return out;
}

static uint64_t *counter_of(struct snapshot *s, uint16_t field)
{
	if (field < MM_NR)
		return &s->mm[field];
	if (field < COUNTER_MINFLT)
		return &s->limits[field - COUNTER_LIMIT];
	return field == COUNTER_MINFLT ? &s->minflt :
	       field == COUNTER_MAJFLT ? &s->majflt :
	       field == COUNTER_STATM_RSS ? &s->statm_rss : &s->statm_size;
}

static void apply_figures(struct snapshot *s, const struct event_list *l, bool forward)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct event *e = &l->events[i];
		const struct details *old = s->details;

		switch (payload_of[e->type]) {
		case PAYLOAD_COUNTER:
			*counter_of(s, e->counter.field) =
				forward ? e->counter.after : e->counter.before;
			break;
		case PAYLOAD_PROCESS:
			s->process = forward ? *e->process.after : *e->process.before;
			break;
		case PAYLOAD_DETAIL:
			s->details = details_get(forward ? e->detail.after : e->detail.before);
			details_put(old);
			break;
		}
	}
}

struct snapshot *event_apply(const struct snapshot *from, const struct event_list *l, bool forward)
{
	struct snapshot *s = from ? snapshot_copy(from) : snapshot_create();
	const struct layout *layout = s->layout;
	const struct residency *pages = s->pages;
	const struct task_list *tasks = s->tasks;
	uint8_t has = l->has[forward];

	s->time_ns = l->time_ns[forward];
	s->seq = l->seq[forward];
	apply_figures(s, l, forward);
	s->layout = has & HAS_LAYOUT ? apply_vmas(layout, l, forward) : NULL;
	s->pages = has & HAS_PAGES ? apply_pages(pages, l, forward) : NULL;
	s->tasks = has & HAS_TASKS ? apply_tasks(tasks, l, forward) : NULL;
	layout_put(layout);
	residency_put(pages);
	task_list_put(tasks);
	/* Figures of smaps point at the layout they belong to: keep that the very same one. */
	if (s->details && s->layout != s->details->layout &&
	    layout_equal(s->layout, s->details->layout)) {
		layout_put(s->layout);
		s->layout = layout_get(s->details->layout);
	}
	stacks_put(s->stacks);
	s->stacks = stacks_get(l->stacks[forward]);
	unwound_put(s->unwound);
	s->unwound = unwound_get(l->unwound[forward]);
	if (l->whys[forward]) {
		whys_put(s->whys);
		s->whys = whys_get(l->whys[forward]);
	}
	return s;
}
