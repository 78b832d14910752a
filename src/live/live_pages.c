/* SPDX-License-Identifier: GPL-2.0-or-later
 * The pages of a live process over time: what is on screen at each sample, the rest by
 * a pass in the background that keeps within the time it is given.
 */
#include <config.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "src/live/live.h"

/* A pass costs the target as well, which waits for its lock while we look. */
#define PASS_WEIGHT 2
/* Whole passes follow each other at this distance at most once something moved: what is off
 * screen is right within a second. */
#define PASS_CAP_NS 800000000ull
/* Kinds of all pages are asked anew at each pass when that takes no longer. */
#define KINDS_CHEAP_BYTES (128ull << 20)
/* So much on screen is looked at in full at each sample. */
#define WINDOW_SMALL_BYTES (64ull << 20)
/* Single pages far apart cost a page table each to look at. */
#define TABLES_CHEAP_BYTES (4ull << 20)
/* More ranges than this that were never seen are left to the pass. */
enum { UNSEEN_AT_ONCE = 64 };
/* Without PAGEMAP_SCAN the sums of smaps say where looking is worth it; reading them
 * costs about as much as a small process's whole pagemap. */
#define SUMS_WORTH_BYTES (4ull << 30)

void live_pages_reset(struct live *lv)
{
	lv->pass_running = false;
	lv->pass.at_ns = lv->pass.cost_ns = 0;
	lv->pass.dirty = true;
	smaps_sums_free(&lv->sums);
}

static bool same_mapping(const struct vma *a, const struct vma *b)
{
	if (a->inode != b->inode || a->dev_minor != b->dev_minor || a->dev_major != b->dev_major ||
	    (a->perms & VMA_SHARED) != (b->perms & VMA_SHARED))
		return false;
	return !a->inode || a->start - a->offset == b->start - b->offset;
}

/* Appends r's runs in [start, end); *first rises from call to call, as start does. */
static void append_part(struct residency *out, const struct residency *r, size_t *first,
			uint64_t start, uint64_t end)
{
	while (*first < r->n && run_end(&r->runs[*first]) <= start)
		(*first)++;
	for (size_t i = *first; i < r->n; i++) {
		const struct page_run *run = &r->runs[i];
		uint64_t lo = run->start > start ? run->start : start;
		uint64_t hi = run_end(run) < end ? run_end(run) : end;

		if (run->start >= end)
			break;
		residency_append(out, lo, hi, run->state);
	}
}

/* What is known of the pages under a new layout: what lay in a mapping that still is. */
static struct residency *rebase(const struct residency *r, const struct layout *was,
				const struct layout *now)
{
	struct residency *out = residency_create();
	size_t first = 0, run = 0;

	for (size_t i = 0; i < now->n; i++) {
		const struct vma *v = &now->vmas[i];
		uint64_t at = v->start;

		if (v->start >> 63)	/* [vsyscall] has no pages of its own */
			break;
		while (was && first < was->n && was->vmas[first].end <= at)
			first++;
		for (size_t o = first; was && r && o < was->n; o++) {
			const struct vma *w = &was->vmas[o];
			uint64_t lo = w->start > at ? w->start : at;
			uint64_t hi = w->end < v->end ? w->end : v->end;

			if (w->start >= v->end)
				break;
			if (!same_mapping(w, v))
				continue;
			if (lo > at)
				residency_append(out, at, lo, PAGE_UNSEEN);
			append_part(out, r, &run, lo, hi);
			at = hi;
		}
		if (at < v->end)
			residency_append(out, at, v->end, PAGE_UNSEEN);
	}
	return out;
}

/* Does r have in [start, end) what the patch has there? */
static bool window_equal(const struct residency *r, uint64_t start, uint64_t end,
			 const struct residency *patch)
{
	size_t i = residency_next(r, start), p = residency_next(patch, start);

	for (;; i++, p++) {
		bool more = i < r->n && r->runs[i].start < end;
		bool also = p < patch->n && patch->runs[p].start < end;
		uint64_t a, b, x, y;

		if (!more || !also)
			return more == also;
		a = r->runs[i].start > start ? r->runs[i].start : start;
		b = run_end(&r->runs[i]) < end ? run_end(&r->runs[i]) : end;
		x = patch->runs[p].start > start ? patch->runs[p].start : start;
		y = run_end(&patch->runs[p]) < end ? run_end(&patch->runs[p]) : end;
		if (a != x || b != y || r->runs[i].state != patch->runs[p].state)
			return false;
	}
}

static void read_sums(struct live *lv, const struct layout *l)
{
	struct layout *own;
	int fd;

	smaps_sums_free(&lv->sums);
	if (lv->without & WITHOUT_SMAPS)
		return;
	fd = procfs_open_file(lv->fs.mm, "smaps");
	if (fd < 0)
		return;
	if (!smaps_read(fd, lv->fd_maps, lv->buf, l->strings == lv->strings ? l : NULL, lv->strings,
			&own, NULL, &lv->sums))
		layout_put(own);
	close(fd);
}

struct work {
	struct live *lv;
	struct residency *pages;	/* ours to replace */
	struct look look;
};

/* Looks at [start, end) and takes over what is new there. Returns how far it came. */
static uint64_t look_and_splice(struct work *w, uint64_t start, uint64_t end)
{
	struct residency *patch = residency_create(), *next;
	uint64_t reached;

	w->look.old = w->pages;
	reached = look_at(w->lv->looker, &w->look, start, end, patch);
	if (!w->lv->looker->gone && !window_equal(w->pages, start, reached, patch)) {
		next = residency_splice(w->pages, start, reached, patch);
		residency_put(w->pages);
		w->pages = next;
	}
	residency_put(patch);
	return reached;
}

static uint64_t last_end(const struct layout *l)
{
	size_t n = l->n;

	while (n && l->vmas[n - 1].start >> 63)
		n--;
	return n ? l->vmas[n - 1].end : 0;
}

static bool wants_sums(const struct live *lv, const struct sampling *s)
{
	if (lv->looker->rung == LOOK_SMAPS)
		return true;
	return lv->looker->rung == LOOK_PAGEMAP &&
	       (s->want->everything || s->next->statm_size > SUMS_WORTH_BYTES);
}

static bool little_unseen(const struct residency *r)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < r->n && !r->whole; i++)
		if (r->runs[i].state == PAGE_UNSEEN)
			pages += r->runs[i].pages;
	return pages <= KINDS_CHEAP_BYTES >> PAGE_SHIFT;
}

static void begin_pass(struct live *lv, struct sampling *s, struct work *w)
{
	bool cheap = s->next->statm_rss <= KINDS_CHEAP_BYTES &&
		     (s->next->mm[MM_VM_PTE] == UNKNOWN ||
		      s->next->mm[MM_VM_PTE] <= TABLES_CHEAP_BYTES);
	uint64_t cpu = clock_cpu_ns();

	lv->pass_running = true;
	lv->pass_cursor = s->next->layout->n ? s->next->layout->vmas[0].start : 0;
	lv->pass_spent_ns = 0;
	lv->pass.dirty = false;
	lv->pass_faults = s->next->minflt + s->next->majflt;
	lv->pass_rss = s->next->statm_rss;
	if (wants_sums(lv, s)) {
		read_sums(lv, s->next->layout);
		lv->pass_spent_ns = clock_cpu_ns() - cpu;
	}
	if (s->want->everything || cheap ||
	    (lv->kinds.dirty && pace_due(&lv->kinds, s->now_ns, UINT64_MAX))) {
		lv->pass_kinds = KINDS_ALL;
		lv->kinds.dirty = false;
	} else {
		/* Of much that is new: first where pages are, then, at once, what they are. */
		lv->pass_kinds = little_unseen(w->pages) ? KINDS_NEW : KINDS_NONE;
	}
}

static void run_pass(struct live *lv, struct sampling *s, struct work *w)
{
	uint64_t end = last_end(s->next->layout), cpu = clock_cpu_ns();

	w->look.kinds = lv->pass_kinds;
	w->look.visible = false;
	while (lv->pass_cursor < end && !lv->looker->gone) {
		lv->pass_cursor = look_and_splice(w, lv->pass_cursor, end);
		if (s->deadline_ns && clock_now_ns() >= s->deadline_ns)
			break;
	}
	lv->pass_spent_ns += clock_cpu_ns() - cpu;
	if (lv->pass_cursor < end && !lv->looker->gone)
		return;
	lv->pass_running = false;
	lv->pass.at_ns = clock_now_ns();
	lv->pass.cost_ns = PASS_WEIGHT * lv->pass_spent_ns;
	if (lv->pass_kinds == KINDS_ALL) {
		lv->kinds.at_ns = lv->pass.at_ns;
		lv->kinds.cost_ns = lv->pass.cost_ns;
	}
}

/* Bytes of mappings on screen, counted up to a little more than `enough`. */
static uint64_t bytes_on_screen(const struct sampling *s, uint64_t enough)
{
	const struct layout *l = s->next->layout;
	uint64_t sum = 0;

	for (size_t i = 0; i < s->want->nvisible; i++)
		for (size_t v = layout_next(l, s->want->visible[i].start);
		     v < l->n && l->vmas[v].start < s->want->visible[i].end && sum <= enough; v++) {
			const struct span *w = &s->want->visible[i];
			uint64_t lo = l->vmas[v].start > w->start ? l->vmas[v].start : w->start;
			uint64_t hi = l->vmas[v].end < w->end ? l->vmas[v].end : w->end;

			sum += hi - lo;
		}
	return sum;
}

/* What is on screen: all of it each time, kinds included, unless it is so much that the
 * time would not do; then it goes on where the sample before had to stop, and the pass
 * gets its half of the time. */
static void look_at_windows(struct live *lv, struct sampling *s, struct work *w)
{
	bool small = bytes_on_screen(s, WINDOW_SMALL_BYTES) <= WINDOW_SMALL_BYTES;
	uint64_t began = clock_now_ns(), cpu = clock_cpu_ns(), end = last_end(s->next->layout);

	w->look.kinds = small ? KINDS_ALL : KINDS_NEW;
	w->look.visible = true;
	w->look.deadline_ns = small || !s->deadline_ns ? 0 : began + s->want->budget_ns / 2;
	for (size_t n = 0; n < s->want->nvisible && !lv->looker->gone; n++) {
		size_t i = small ? n : (lv->window_next + n) % s->want->nvisible;
		const struct span *v = &s->want->visible[i];
		uint64_t stop = v->end < end ? v->end : end, start = v->start;

		if (!small && !n && lv->window_from > start && lv->window_from < stop)
			start = lv->window_from;
		if (start < stop)
			start = look_and_splice(w, start & ~(PAGE_BYTES - 1ull), stop);
		lv->window_next = start < stop ? i : i + 1;
		lv->window_from = start < stop ? start : 0;
		if (w->look.deadline_ns && clock_now_ns() >= w->look.deadline_ns)
			break;
	}
	w->look.deadline_ns = s->deadline_ns;
	pace_done(&lv->window, cpu);
}

/* Mappings that appeared are small or empty most of the time: seen at once. */
static void look_at_unseen(struct live *lv, struct sampling *s, struct work *w)
{
	struct span spans[UNSEEN_AT_ONCE];
	size_t n = 0;

	for (size_t i = 0; i < w->pages->n; i++) {
		const struct page_run *r = &w->pages->runs[i];

		if (r->state != PAGE_UNSEEN)
			continue;
		if (n == UNSEEN_AT_ONCE) {
			lv->pass.dirty = true;
			lv->pass.at_ns = 0;
			return;
		}
		spans[n++] = (struct span){ r->start, run_end(r) };
	}
	w->look.kinds = KINDS_NEW;
	w->look.visible = false;
	for (size_t i = 0; i < n && !lv->looker->gone; i++) {
		if (s->deadline_ns && clock_now_ns() >= s->deadline_ns)
			return;
		look_and_splice(w, spans[i].start, spans[i].end);
	}
}

/* Is a whole pass due? What moved no counter is looked for less eagerly. */
static bool pass_due(const struct live *lv, const struct sampling *s, const struct work *w)
{
	bool counted = s->next->minflt + s->next->majflt != lv->pass_faults ||
		       s->next->statm_rss != lv->pass_rss;
	uint64_t cost = lv->pass.cost_ns;
	/* Without the ioctl a pass is too dear to be made each second. */
	uint64_t cap = lv->looker->rung == LOOK_SCAN ? PASS_CAP_NS : 10 * cost;

	/* Below PAGEMAP_SCAN some mappings are never seen whole. */
	if (s->want->everything || !lv->pass.at_ns ||
	    (lv->looker->rung == LOOK_SCAN && !w->pages->whole))
		return true;
	if (lv->pass.dirty && counted)
		return pace_due(&lv->pass, s->now_ns, cap);
	if (lv->pass.dirty)
		return s->now_ns - lv->pass.at_ns >= 40 * cost;
	return pace_due(&lv->pass, s->now_ns, cap);
}

static void note_whole(struct residency *r)
{
	r->kinds = r->whole = true;
	for (size_t i = 0; i < r->n && (r->kinds || r->whole); i++) {
		if (r->runs[i].state == PAGE_PRESENT)
			r->kinds = false;
		else if (r->runs[i].state == PAGE_UNSEEN)
			r->whole = false;
	}
}

static void reasons_of(struct live *lv, const struct residency *pages)
{
	uint64_t mine = 1ull << REASON_PAGES | 1ull << REASON_PAGES_PART | 1ull << REASON_ZERO |
			1ull << REASON_HUGE | 1ull << REASON_PAGEMAP;

	lv->reasons &= ~mine;
	if (lv->looker->rung == LOOK_SMAPS && !lv->sums.n)
		lv->reasons |= 1ull << REASON_PAGES;
	else if (lv->pagemap_refused)
		lv->reasons |= 1ull << REASON_PAGEMAP;
	else if (lv->looker->rung == LOOK_SMAPS || (lv->looker->rung == LOOK_PAGEMAP &&
						     !pages->whole && !lv->pass_running))
		lv->reasons |= 1ull << REASON_PAGES_PART;
	if (lv->looker->rung == LOOK_PAGEMAP)
		lv->reasons |= 1ull << REASON_HUGE;
	if (lv->looker->unsure_zero)
		lv->reasons |= 1ull << REASON_ZERO;
}

static void take_over(struct live *lv, struct sampling *s, struct work *w)
{
	struct residency *old = (struct residency *)s->next->pages;

	note_whole(w->pages);
	reasons_of(lv, w->pages);
	if (lv->reasons & 1ull << REASON_PAGES) {
		residency_put(w->pages);
		w->pages = NULL;
	} else if (old && old != w->pages && residency_equal(old, w->pages) &&
		   old->whole == w->pages->whole && old->kinds == w->pages->kinds) {
		residency_put(w->pages);
		w->pages = residency_get(old);
	}
	residency_put(old);
	s->next->pages = w->pages;
}

void live_pages(struct live *lv, struct sampling *s)
{
	const struct layout *was = lv->last ? lv->last->layout : NULL, *l = s->next->layout;
	struct work w = { .lv = lv };
	uint64_t began = clock_now_ns();
	bool window;

	if (!l) {
		residency_put(s->next->pages);
		s->next->pages = NULL;
		return;
	}
	w.look = (struct look){ .layout = l, .sums = lv->sums.n ? &lv->sums : NULL,
				.deadline_ns = s->deadline_ns,
				.no_swap = s->next->mm[MM_VM_SWAP] == 0,
				.fd_maps = lv->no_procmap ? -1 : lv->fd_maps,
				.hugetlb = &lv->hugetlb,
				.vvar_start = lv->vvar_start, .vvar_end = lv->vvar_end };
	w.pages = s->next->pages && l == was ? residency_get(s->next->pages) :
					       rebase(s->next->pages, was, l);
	note_whole(w.pages);
	lv->looker->gone = lv->looker->unsure_zero = false;
	scan_quiet(&lv->looker->scan,
		   lv->gate.has_clock && !s->news.ran ? &lv->gate.clock : NULL);
	window = s->want->nvisible && (s->news.ran || s->news.memory || !w.pages->kinds ||
				       !w.pages->whole || s->now_ns - lv->window.at_ns >= LIVE_OUTSIDE_NS);
	if (s->want->everything)
		lv->pass_running = false;
	if (!s->want->everything && window)
		look_at_windows(lv, s, &w);
	if (!s->want->everything && l != was && was)
		look_at_unseen(lv, s, &w);
	if (!lv->pass_running && pass_due(lv, s, &w))
		begin_pass(lv, s, &w);
	/* Sums may just have been read. */
	w.look.sums = lv->sums.n ? &lv->sums : NULL;
	/* The first picture does not wait for it, when reading the layout took all its time. */
	if (lv->pass_running && (lv->last || !s->deadline_ns || clock_now_ns() < s->deadline_ns))
		run_pass(lv, s, &w);
	note_whole(w.pages);
	if (!lv->pass_running && !w.pages->kinds && lv->looker->rung == LOOK_SCAN) {
		lv->pass.dirty = true;
		lv->pass.at_ns = 0;	/* the kinds of what is there come next */
	}
	/* Of a process that ended meanwhile everything looks absent. */
	if (w.pages != s->next->pages && !look_alive(lv->looker))
		lv->looker->gone = true;
	if (lv->looker->gone) {
		residency_put(w.pages);
		return;
	}
	s->next->cost.panel_ns[PANEL_PAGES] = clock_now_ns() - began;
	s->next->cost.rung[PANEL_PAGES] = look_rung_names[lv->looker->rung];
	take_over(lv, s, &w);
}
