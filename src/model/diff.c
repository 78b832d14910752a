/* SPDX-License-Identifier: GPL-2.0-or-later
 * From two snapshots to events: one merge over each part, nothing where it is shared.
 */
#include "mmscope/event.h"

#include <string.h>

#include "mmscope/alloc.h"

/* A cluster: VMAs of both layouts that overlap each other, and nothing else. */
struct cluster {
	const struct vma *before, *after;
	size_t nbefore, nafter;
	uint64_t start, end;
};

static bool same_file(const struct vma *a, const struct vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && (a->path == b->path || !strcmp(a->path, b->path));
}

/* The same mapping by another extent: file offsets must continue. */
static bool same_mapping(const struct vma *a, const struct vma *b)
{
	return same_file(a, b) && a->perms == b->perms &&
	       (a->inode == 0 || a->start - a->offset == b->start - b->offset);
}

static enum event_type classify_one(const struct vma *a, const struct vma *b, uint64_t *amount)
{
	if (a->start == b->start && a->end == b->end) {
		bool file = same_file(a, b) && a->offset == b->offset;

		*amount = vma_size(b);
		if (a->perms == b->perms)
			return EVENT_RENAMED;
		return file ? EVENT_PROTECTED : EVENT_RESHAPED;
	}
	*amount = vma_size(a) > vma_size(b) ? vma_size(a) - vma_size(b) : vma_size(b) - vma_size(a);
	if (!same_mapping(a, b))
		return EVENT_RESHAPED;
	if (a->end == b->end)
		return b->start < a->start ? EVENT_GREW_DOWN : EVENT_SHRANK;
	if (a->start == b->start)
		return b->end > a->end ? EVENT_GREW_UP : EVENT_SHRANK;
	return EVENT_RESHAPED;
}

/* `one` became `many` or the other way round, with no foreign mapping among them. */
static bool parts_of(const struct vma *one, const struct vma *many, size_t n)
{
	bool some = false;

	if (many[0].start < one->start || many[n - 1].end > one->end)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!same_file(one, &many[i]))
			return false;
		some |= same_mapping(one, &many[i]);
	}
	return some;
}

static enum event_type classify(const struct cluster *c, uint64_t *amount)
{
	*amount = c->end - c->start;
	if (c->nbefore == 0)
		return EVENT_VMA_NEW;
	if (c->nafter == 0)
		return EVENT_VMA_GONE;
	if (c->nbefore == 1 && c->nafter == 1)
		return classify_one(c->before, c->after, amount);
	if (c->nafter == 1 && parts_of(c->after, c->before, c->nbefore))
		return EVENT_MERGED;
	if (c->nbefore == 1 && parts_of(c->before, c->after, c->nafter))
		return EVENT_SPLIT;
	return EVENT_RESHAPED;
}

static void emit_cluster(struct event_list *l, const struct cluster *c)
{
	size_t n = c->nbefore + c->nafter;
	struct vma *copy = event_list_alloc(l, n * sizeof(*copy));
	uint64_t amount;
	struct event *e = event_list_add(l, classify(c, &amount));

	if (c->nbefore)
		memcpy(copy, c->before, c->nbefore * sizeof(*copy));
	if (c->nafter)
		memcpy(copy + c->nbefore, c->after, c->nafter * sizeof(*copy));
	e->start = c->start;
	e->end = c->end;
	e->amount = amount;
	e->tid = c->nafter ? c->after->tid : c->before->tid;
	e->vmas = (struct event_vmas){
		.nbefore = (uint32_t)c->nbefore,
		.nafter = (uint32_t)c->nafter,
		.before = c->nbefore ? copy : NULL,
		.after = c->nafter ? copy + c->nbefore : NULL,
	};
}

/* No padding, so equal bytes mean equal VMAs; the other direction vma_equal() knows. */
_Static_assert(sizeof(struct vma) == 56, "struct vma has padding or grew: look at same_vma()");

static bool same_vma(const struct vma *a, const struct vma *b)
{
	return !memcmp(a, b, sizeof(*a)) || vma_equal(a, b);
}

/* How many VMAs are equal from here on: most of them, so that many are compared at once. */
static size_t equal_vmas(const struct vma *a, const struct vma *b, size_t n)
{
	enum { AT_ONCE = 128 };
	size_t i = 0;

	while (n - i >= AT_ONCE && !memcmp(a + i, b + i, AT_ONCE * sizeof(*a)))
		i += AT_ONCE;
	while (i < n && same_vma(a + i, b + i))
		i++;
	return i;
}

static void diff_layouts(struct event_list *l, const struct layout *a, const struct layout *b)
{
	size_t na = a ? a->n : 0, nb = b ? b->n : 0, i = 0, j = 0;

	if (a == b)
		return;
	while (i < na || j < nb) {
		const struct vma *va = i < na ? &a->vmas[i] : NULL;
		const struct vma *vb = j < nb ? &b->vmas[j] : NULL;
		struct cluster c = { .before = va, .after = vb };

		if (va && vb) {
			size_t equal = equal_vmas(va, vb, na - i < nb - j ? na - i : nb - j);

			i += equal;
			j += equal;
			if (equal)
				continue;
		}
		c.start = !vb || (va && va->start < vb->start) ? va->start : vb->start;
		c.end = c.start + 1;
		for (bool more = true; more;) {
			more = false;
			for (; i < na && a->vmas[i].start < c.end; i++, more = true) {
				c.nbefore++;
				if (a->vmas[i].end > c.end)
					c.end = a->vmas[i].end;
			}
			for (; j < nb && b->vmas[j].start < c.end; j++, more = true) {
				c.nafter++;
				if (b->vmas[j].end > c.end)
					c.end = b->vmas[j].end;
			}
		}
		emit_cluster(l, &c);
	}
}

static enum event_type page_event_type(enum page_state before, enum page_state after)
{
	bool was = page_states[before].resident, is = page_states[after].resident;

	if (before == PAGE_UNSEEN || after == PAGE_UNSEEN)
		return EVENT_PAGES_KIND;
	if (before == PAGE_SWAP || after == PAGE_SWAP)
		return before == PAGE_SWAP && !is ? EVENT_PAGES_OUT : EVENT_PAGES_SWAP;
	if (after == PAGE_ANON &&
	    (before == PAGE_ZERO || before == PAGE_FILE || before == PAGE_FILE_SHARED ||
	     before == PAGE_ANON_SHARED))
		return EVENT_PAGES_COW;
	if (!was && is)
		return EVENT_PAGES_IN;
	if (was && !is)
		return EVENT_PAGES_OUT;
	return EVENT_PAGES_KIND;
}

static void emit_pages(struct event_list *l, uint64_t start, uint64_t end, enum page_state before,
		       enum page_state after)
{
	struct event *last = l->n ? &l->events[l->n - 1] : NULL;
	enum event_type type = page_event_type(before, after);

	if (last && last->type == type && last->end == start && last->pages.before == before &&
	    last->pages.after == after) {
		last->end = end;
		last->amount = end - last->start;
		return;
	}
	last = event_list_add(l, type);
	last->start = start;
	last->end = end;
	last->amount = end - start;
	last->pages = (struct event_pages){ (uint8_t)before, (uint8_t)after };
}

/* The state at `at` and, in *end, up to where it holds at most. */
static enum page_state state_from(const struct residency *r, size_t i, uint64_t at, uint64_t *end)
{
	const struct page_run *run = r && i < r->n ? &r->runs[i] : NULL;

	if (!r)
		return PAGE_UNSEEN;
	if (!run || run->start > at) {
		if (run && run->start < *end)
			*end = run->start;
		return PAGE_ABSENT;
	}
	if (run_end(run) < *end)
		*end = run_end(run);
	return run->state;
}

static void diff_pages(struct event_list *l, const struct residency *a, const struct residency *b)
{
	size_t na = a ? a->n : 0, nb = b ? b->n : 0, i = 0, j = 0;
	uint64_t at = 0;

	if (a == b)
		return;
	while (i < na || j < nb) {
		uint64_t end = UINT64_MAX;
		enum page_state before = state_from(a, i, at, &end);
		enum page_state after = state_from(b, j, at, &end);

		/* Beside a residency that was never read all that the other one has is told. */
		if (a && b ? before != after : (a ? before : after) != PAGE_ABSENT)
			emit_pages(l, at, end, before, after);
		at = end;
		while (i < na && run_end(&a->runs[i]) <= at)
			i++;
		while (j < nb && run_end(&b->runs[j]) <= at)
			j++;
	}
}

static void diff_counter(struct event_list *l, uint16_t field, uint64_t before, uint64_t after)
{
	struct event *e;

	if (before == after)
		return;
	e = event_list_add(l, EVENT_COUNTER);
	e->counter = (struct event_counter){ field, before, after };
}

static void diff_counters(struct event_list *l, const struct snapshot *a, const struct snapshot *b)
{
	for (uint16_t i = 0; i < MM_NR; i++)
		diff_counter(l, i, a->mm[i], b->mm[i]);
	for (uint16_t i = 0; i < LIMIT_NR; i++)
		diff_counter(l, COUNTER_LIMIT + i, a->limits[i], b->limits[i]);
	diff_counter(l, COUNTER_MINFLT, a->minflt, b->minflt);
	diff_counter(l, COUNTER_MAJFLT, a->majflt, b->majflt);
	diff_counter(l, COUNTER_STATM_RSS, a->statm_rss, b->statm_rss);
	diff_counter(l, COUNTER_STATM_SIZE, a->statm_size, b->statm_size);
}

static const struct task *keep_task(struct event_list *l, const struct task *t)
{
	return t ? memcpy(event_list_alloc(l, sizeof(*t)), t, sizeof(*t)) : NULL;
}

static void emit_task(struct event_list *l, const struct task *before, const struct task *after)
{
	struct event *e;

	if (before && after && task_equal(before, after))
		return;
	before = keep_task(l, before);
	after = keep_task(l, after);
	e = event_list_add(l, !before ? EVENT_TASK_NEW : !after ? EVENT_TASK_GONE :
			   EVENT_TASK_CHANGED);
	e->tid = after ? after->tid : before->tid;
	e->start = after ? after->stack.vma_start : before->stack.vma_start;
	e->end = after ? after->stack.vma_end : before->stack.vma_end;
	e->task = (struct event_task){ before, after };
}

static void diff_tasks(struct event_list *l, const struct task_list *a, const struct task_list *b)
{
	size_t na = a ? a->n : 0, nb = b ? b->n : 0, i = 0, j = 0;

	if (a == b)
		return;
	while (i < na || j < nb) {
		const struct task *ta = i < na ? &a->tasks[i] : NULL;
		const struct task *tb = j < nb ? &b->tasks[j] : NULL;

		if (ta && tb && ta->tid != tb->tid) {
			if (ta->tid < tb->tid)
				tb = NULL;
			else
				ta = NULL;
		}
		emit_task(l, ta, tb);
		i += ta != NULL;
		j += tb != NULL;
	}
}

/* New high-water marks; a task that was not known before has none to compare with. */
static void diff_kstacks(struct event_list *l, const struct stacks *a, const struct stacks *b)
{
	size_t i = 0;

	if (!a || !b || a == b)
		return;
	for (size_t j = 0; j < b->n; j++) {
		const struct kstack *after = &b->tasks[j], *before;
		struct event *e;

		while (i < a->n && a->tasks[i].tid < after->tid)
			i++;
		before = i < a->n && a->tasks[i].tid == after->tid ? &a->tasks[i] : NULL;
		if (!before || before->tgid != after->tgid || before->high_water == UNKNOWN ||
		    after->high_water == UNKNOWN || after->high_water <= before->high_water)
			continue;
		e = event_list_add(l, EVENT_KSTACK_DEEPER);
		e->tid = after->tid;
		e->amount = after->high_water - before->high_water;
		e->kstack = (struct event_kstack){ before, after };
	}
}

static void diff_process(struct event_list *l, const struct process *a, const struct process *b)
{
	struct process *copy;
	struct event *e;

	if (process_equal(a, b))
		return;
	copy = event_list_alloc(l, 2 * sizeof(*copy));
	copy[0] = *a;
	copy[1] = *b;
	e = event_list_add(l, b->ended && !a->ended ? EVENT_EXIT :
			   b->generation != a->generation ? EVENT_EXEC : EVENT_PROCESS);
	e->process = (struct event_process){ &copy[0], &copy[1] };
}

static uint8_t parts(const struct snapshot *s)
{
	return (uint8_t)((s->layout ? HAS_LAYOUT : 0) | (s->pages ? HAS_PAGES : 0) |
			 (s->tasks ? HAS_TASKS : 0));
}

struct event_list snapshot_diff(const struct snapshot *a, const struct snapshot *b)
{
	struct snapshot *nothing = NULL;
	struct event_list l = { 0 };

	if (!a)
		a = nothing = snapshot_create();
	for (int i = 0; i < 2; i++) {
		const struct snapshot *s = i ? b : a;

		l.time_ns[i] = s->time_ns;
		l.seq[i] = s->seq;
		l.has[i] = parts(s);
		l.strings[i] = s->layout ? strings_get(s->layout->strings) : NULL;
		l.whys[i] = whys_get(s->whys);
		l.stacks[i] = stacks_get(s->stacks);
		l.unwound[i] = unwound_get(s->unwound);
	}
	diff_process(&l, &a->process, &b->process);
	diff_layouts(&l, a->layout, b->layout);
	diff_pages(&l, a->pages, b->pages);
	diff_counters(&l, a, b);
	diff_tasks(&l, a->tasks, b->tasks);
	diff_kstacks(&l, a->stacks, b->stacks);
	if (!details_equal(a->details, b->details)) {
		struct event *e = event_list_add(&l, EVENT_DETAIL);

		e->detail.before = details_get(a->details);
		e->detail.after = details_get(b->details);
	}
	snapshot_put(nothing);
	return l;
}
