/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looking at pages.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mmscope/clock.h"
#include "src/live/look.h"
#include "src/live/maps.h"

const char *const look_rung_names[] = {
	[LOOK_SCAN] = "PAGEMAP_SCAN", [LOOK_PAGEMAP] = "pagemap",
	[LOOK_SMAPS] = "smaps", [LOOK_NOTHING] = NULL,
};

/* VMAs from here on are left out when smaps says that nothing is resident in them. */
#define WORTH_SKIPPING (1ull << 30)
/* Reading a few entries too many is cheaper than another call. */
enum { LOOK_AHEAD = 64 };

/* Our own read fault shows which frame is the page of zeroes; 0 when pagemap hides it. */
static uint64_t find_zero_pfn(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd >= 0 && page != MAP_FAILED && *(volatile char *)page == 0 &&
	    pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE_BYTES * 8)) != 8)
		entry = 0;
	if (fd >= 0)
		close(fd);
	if (page != MAP_FAILED)
		munmap(page, PAGE_BYTES);
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN_MASK : 0;
}

/* Asked at the start, since the other rungs need to know what smaps says. */
static bool can_scan(struct looker *k)
{
	uint64_t reached;
	unsigned n;
	int err = scan_chunk(&k->scan, NULL, 0, PAGE_BYTES, &n, &reached);

	return err != -ENOTTY && err != -EINVAL;
}

void look_init(struct looker *k, int fd, enum look_rung lowest)
{
	scan_init(&k->scan, fd);
	k->rung = fd < 0 && lowest < LOOK_SMAPS ? LOOK_SMAPS : lowest;
	if (k->rung == LOOK_SCAN && !can_scan(k))
		k->rung = LOOK_PAGEMAP;
	k->zero_pfn = k->rung == LOOK_PAGEMAP ? find_zero_pfn() : 0;
	k->gone = k->unsure_zero = false;
	k->window_n = 0;
}

bool look_alive(const struct looker *k)
{
	uint64_t entry;

	return k->scan.fd < 0 || pread(k->scan.fd, &entry, sizeof(entry), 0) > 0;
}

/* The entry of a page; up to `want` pages from there are likely to be asked for next. */
static bool entry_at(struct looker *k, uint64_t addr, uint64_t want, uint64_t *ret)
{
	uint64_t i = (addr - k->window_start) >> PAGE_SHIFT;
	uint64_t began;
	ssize_t got;

	if (k->window_n && addr >= k->window_start && i < k->window_n) {
		*ret = k->window[i];
		return true;
	}
	want = want < LOOK_AHEAD ? LOOK_AHEAD : want > LOOK_ENTRIES ? LOOK_ENTRIES : want;
	scan_rest(&k->scan);
	began = clock_now_ns();
	got = pread(k->scan.fd, k->window, want * 8, (off_t)(addr >> PAGE_SHIFT) * 8);
	k->scan.held_ns += clock_now_ns() - began;
	k->window_start = addr;
	k->window_n = got > 0 ? (unsigned)(got / 8) : 0;
	if (!k->window_n)
		return false;
	*ret = k->window[0];
	return true;
}

/* Called swapped, but userfaultfd's mark for a page to come or one that was lost: nothing is
 * there. Who may not see frames knows only of the first, and where nothing was swapped out. */
static bool is_mark(const struct looker *k, uint64_t e)
{
	if (e & PAGEMAP_PFN_MASK)
		return PAGEMAP_SWAP_TYPE(e) == PAGEMAP_MARKER;
	return k->no_swap && e & PAGEMAP_UFFD_WP;
}

static enum page_state entry_state(const struct looker *k, uint64_t e)
{
	uint64_t pfn = e & PAGEMAP_PFN_MASK;

	if (e & PAGEMAP_PRESENT) {
		if (e & PAGEMAP_FILE)
			return e & PAGEMAP_EXCLUSIVE ? PAGE_FILE : PAGE_FILE_SHARED;
		if (e & PAGEMAP_EXCLUSIVE)
			return PAGE_ANON;
		return k->zero_pfn && pfn == k->zero_pfn ? PAGE_ZERO : PAGE_ANON_SHARED;
	}
	if (e & PAGEMAP_GUARD)
		return PAGE_GUARD;
	if (!(e & PAGEMAP_SWAPPED))
		return PAGE_ABSENT;
	if (!is_mark(k, e))
		return PAGE_SWAP;
	return e & PAGEMAP_PFN_MASK & PAGEMAP_MARKER_GUARD ? PAGE_GUARD : PAGE_ABSENT;
}

/* Appends what pagemap says, page by page; `unread` where it says nothing. */
static void append_entries(struct looker *k, uint64_t start, uint64_t end, enum page_state unread,
			   struct residency *patch)
{
	uint64_t run = start;
	enum page_state state = PAGE_ABSENT, next;

	for (uint64_t a = start; a < end; a += PAGE_BYTES) {
		uint64_t e;

		next = entry_at(k, a, (end - a) >> PAGE_SHIFT, &e) ? entry_state(k, e) : unread;
		if (next == PAGE_ANON_SHARED && !(k->zero_pfn && e & PAGEMAP_PFN_MASK))
			k->doubt = true;
		if (next == state)
			continue;
		if (a > run && state != PAGE_ABSENT)
			residency_append(patch, run, a, state);
		run = a;
		state = next;
	}
	if (end > run && state != PAGE_ABSENT)
		residency_append(patch, run, end, state);
}

static bool kind_known(enum page_state s)
{
	return s == PAGE_ANON || s == PAGE_ANON_SHARED || s == PAGE_FILE || s == PAGE_FILE_SHARED;
}

/* Present pages of the ordinary size: the kind is what it was, or is asked for. */
static void append_present(struct looker *k, const struct look *l, uint64_t start, uint64_t end,
			   struct residency *patch)
{
	size_t i = l->old && l->kinds != KINDS_ALL ? residency_next(l->old, start) : 0;

	while (start < end) {
		uint64_t to = end;
		const struct page_run *r = NULL;

		if (l->old && l->kinds != KINDS_ALL) {
			while (i < l->old->n && (run_end(&l->old->runs[i]) <= start ||
						 !kind_known(l->old->runs[i].state)))
				i++;
			r = i < l->old->n ? &l->old->runs[i] : NULL;
		}
		if (r && r->start <= start) {
			to = run_end(r) < end ? run_end(r) : end;
			residency_append(patch, start, to, r->state);
			start = to;
			continue;
		}
		if (r && r->start < to)
			to = r->start;
		if (l->kinds == KINDS_NONE)
			residency_append(patch, start, to, PAGE_PRESENT);
		else
			append_entries(k, start, to, PAGE_PRESENT, patch);
		start = to;
	}
}

/* Pages of hugetlbfs are counted apart: Rss leaves them out. They always have a file. */
static enum page_state huge_state(const struct look *l, const struct vma *v)
{
	uint64_t size = v->inode ? maps_page_size(l->fd_maps, v->start) : PAGE_BYTES;

	if (size ? size > PAGE_BYTES : l->hugetlb && hugetlb_has(l->hugetlb, v))
		return PAGE_HUGETLB;
	return PAGE_HUGE;
}

static void append_region(struct looker *k, const struct look *l, const struct vma *v,
			  const struct uapi_page_region *r, uint64_t start, uint64_t end,
			  struct residency *patch)
{
	bool plain = r->categories & UAPI_PAGE_PRESENT &&
		     !(r->categories & (UAPI_PAGE_PFNZERO | UAPI_PAGE_HUGE));

	if (r->categories & UAPI_PAGE_GUARD) {
		residency_append(patch, start, end, PAGE_GUARD);
	} else if (plain && start < l->vvar_end && end > l->vvar_start) {
		uint64_t lo = start > l->vvar_start ? start : l->vvar_start;
		uint64_t hi = end < l->vvar_end ? end : l->vvar_end;

		append_present(k, l, start, lo, patch);
		residency_append(patch, lo, hi, PAGE_ZERO);
		append_present(k, l, hi, end, patch);
	} else if (plain) {
		append_present(k, l, start, end, patch);
	} else if (r->categories & UAPI_PAGE_PRESENT) {
		residency_append(patch, start, end, r->categories & UAPI_PAGE_PFNZERO ?
						    PAGE_ZERO : huge_state(l, v));
	} else {
		append_entries(k, start, end, PAGE_SWAP, patch);
	}
}

/* What the last call found, as far as it lies in the VMAs we know: the target goes on
 * while we look, and the pages of a mapping that is not in the layout are none of it. */
static void append_regions(struct looker *k, const struct look *l, unsigned n,
			   struct residency *patch)
{
	const struct layout *y = l->layout;
	size_t v = n ? layout_next(y, k->scan.region[0].start) : 0;

	for (unsigned i = 0; i < n; i++) {
		const struct uapi_page_region *r = &k->scan.region[i];

		while (v < y->n && y->vmas[v].end <= r->start)
			v++;
		for (; v < y->n && y->vmas[v].start < r->end; v++) {
			uint64_t lo = y->vmas[v].start > r->start ? y->vmas[v].start : r->start;
			uint64_t hi = y->vmas[v].end < r->end ? y->vmas[v].end : r->end;

			append_region(k, l, &y->vmas[v], r, lo, hi, patch);
			if (y->vmas[v].end >= r->end)
				break;
		}
	}
}

/* Marks the VMAs in [start, end) as not looked at. */
static void append_unseen(const struct look *l, uint64_t start, uint64_t end,
			  struct residency *patch)
{
	for (size_t i = layout_next(l->layout, start); i < l->layout->n; i++) {
		const struct vma *v = &l->layout->vmas[i];
		uint64_t lo = v->start > start ? v->start : start;
		uint64_t hi = v->end < end ? v->end : end;

		if (v->start >= end)
			break;
		residency_append(patch, lo, hi, PAGE_UNSEEN);
	}
}

/* Zero pages look like anonymous pages mapped elsewhere. Rss, which does not count
 * them, decides where all of a VMA's doubtful pages are of one sort. */
static void settle_zero(struct looker *k, const struct smaps_sum *sum, bool whole,
			struct residency *patch)
{
	uint64_t doubtful = 0, sure = 0;

	for (size_t i = 0; i < patch->n; i++) {
		if (patch->runs[i].state == PAGE_ANON_SHARED)
			doubtful += patch->runs[i].pages;
		else if (page_states[patch->runs[i].state].resident)
			sure += patch->runs[i].pages;
	}
	if (!doubtful)
		return;
	if (!sum || !whole || sum->rss == UNKNOWN || sum->rss >> PAGE_SHIFT != sure) {
		if (!sum || !whole || sum->rss >> PAGE_SHIFT != sure + doubtful)
			k->unsure_zero = true;
		return;
	}
	for (size_t i = 0; i < patch->n; i++)
		if (patch->runs[i].state == PAGE_ANON_SHARED)
			patch->runs[i].state = PAGE_ZERO;
}

/* What the entries of pagemap cannot mean in this VMA. */
static enum page_state state_in(const struct vma *v, enum page_state state, bool apart)
{
	bool file = state == PAGE_FILE || state == PAGE_FILE_SHARED;

	if (!page_states[state].resident)
		return state;
	if (apart)
		return PAGE_HUGETLB;
	/* Pages the kernel lends; and 2 MiB of zeroes, which are called a file's where there is none. */
	if (v->role == ROLE_VVAR || (file && !vma_has_file(v) && v->role != ROLE_VDSO &&
				     v->role != ROLE_OTHER && !(v->perms & VMA_SHARED)))
		return PAGE_ZERO;
	return state;
}

static void vma_by_pagemap(struct looker *k, const struct look *l, const struct vma *v,
			   uint64_t lo, uint64_t hi, struct residency *patch)
{
	const struct smaps_sum *sum = l->sums ? smaps_sum_find(l->sums, v->start) : NULL;
	struct residency *own;
	bool apart;

	if (vma_size(v) >= WORTH_SKIPPING && sum && !sum->rss)
		return;
	if (vma_size(v) > LOOK_WHOLE_VMA && !l->visible) {
		residency_append(patch, lo, hi, PAGE_UNSEEN);
		return;
	}
	apart = l->hugetlb && hugetlb_has(l->hugetlb, v);
	own = residency_create();
	k->doubt = false;
	append_entries(k, lo, hi, PAGE_UNSEEN, own);
	for (size_t i = 0; i < own->n; i++)
		own->runs[i].state = state_in(v, own->runs[i].state, apart);
	if (k->doubt && !apart)
		settle_zero(k, sum, lo == v->start && hi == v->end, own);
	for (size_t i = 0; i < own->n; i++)
		residency_append(patch, own->runs[i].start, run_end(&own->runs[i]), own->runs[i].state);
	residency_put(own);
}

static void vma_by_smaps(const struct look *l, const struct vma *v, uint64_t lo, uint64_t hi,
			 struct residency *patch)
{
	const struct smaps_sum *sum = l->sums ? smaps_sum_find(l->sums, v->start) : NULL;

	if (!sum || sum->rss == UNKNOWN || (sum->rss && sum->rss != vma_size(v)))
		residency_append(patch, lo, hi, PAGE_UNSEEN);
	else if (sum->rss)
		residency_append(patch, lo, hi, sum->huge == sum->rss ? PAGE_HUGE : PAGE_PRESENT);
}

/* Without the ioctl: VMA by VMA, in pieces so that the deadline is kept. */
static uint64_t look_by_vma(struct looker *k, const struct look *l, uint64_t start, uint64_t end,
			    struct residency *patch)
{
	uint64_t piece = (uint64_t)LOOK_ENTRIES * 64 << PAGE_SHIFT;
	bool first = true;

	for (size_t i = layout_next(l->layout, start); i < l->layout->n; i++) {
		const struct vma *v = &l->layout->vmas[i];
		uint64_t lo = v->start > start ? v->start : start;
		uint64_t hi = v->end < end ? v->end : end;

		if (lo >= end || v->start >> 63)
			break;
		while (lo < hi) {
			uint64_t to = hi - lo > piece && k->rung == LOOK_PAGEMAP &&
				      vma_size(v) <= LOOK_WHOLE_VMA ? lo + piece : hi;

			if (!first && l->deadline_ns && clock_now_ns() > l->deadline_ns)
				return lo;
			first = false;
			if (k->rung == LOOK_PAGEMAP)
				vma_by_pagemap(k, l, v, lo, to, patch);
			else
				vma_by_smaps(l, v, lo, to, patch);
			scan_rest(&k->scan);
			lo = to;
		}
	}
	return end;
}

uint64_t look_at(struct looker *k, const struct look *l, uint64_t start, uint64_t end,
		 struct residency *patch)
{
	bool first = true;

	k->window_n = 0;
	k->no_swap = l->no_swap;
	while (start < end && k->rung == LOOK_SCAN) {
		uint64_t reached;
		unsigned n;
		int err;

		if (!first && l->deadline_ns && clock_now_ns() > l->deadline_ns)
			return start;
		first = false;
		if (l->fd_maps < 0)	/* nobody could tell whether the mapping is still there */
			k->scan.full = 0;
		err = scan_chunk(&k->scan, l->layout, start, end, &n, &reached);
		if (!err && k->scan.by_lack &&
		    maps_check(l->fd_maps, l->layout, (struct span){ start, reached })) {
			k->scan.full = 0;
			continue;
		}
		if (err == -ENOTTY || err == -EINVAL) {
			k->rung = LOOK_PAGEMAP;
			k->zero_pfn = find_zero_pfn();
			break;
		}
		if (err || reached <= start) {
			k->gone = true;
			append_unseen(l, start, end, patch);
			return end;
		}
		append_regions(k, l, n, patch);
		k->window_n = 0;
		start = reached;
		scan_rest(&k->scan);
	}
	if (start < end && (k->rung == LOOK_PAGEMAP || k->rung == LOOK_SMAPS))
		return look_by_vma(k, l, start, end, patch);
	if (start < end)
		append_unseen(l, start, end, patch);
	return end;
}
