/* SPDX-License-Identifier: GPL-2.0-or-later
 * PAGEMAP_SCAN in bounded chunks.
 */
#include <config.h>
#include <errno.h>
#include <time.h>

#include "mmscope/clock.h"
#include "src/live/scan.h"

#define FIRST_STEP (1ull << 30)
#define LARGEST_STEP (1ull << 46)
enum { FEWEST_REGIONS = 32 };
/* So many pages without a gap make a mapping a full one. */
#define FULL_BYTES (4ull << 20)
#define ALL_TOLD (UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED | UAPI_PAGE_PFNZERO | UAPI_PAGE_HUGE)

void scan_init(struct scanner *s, int fd)
{
	s->fd = fd;
	s->no_guard = false;
	s->step = FIRST_STEP;
	s->regions = SCAN_REGIONS;
	s->quiet = NULL;
	s->full = 0;
	s->by_lack = false;
	s->held_ns = s->calls = s->longest_ns = 0;
}

/* What this call took decides how much the next may do. */
static void adapt(struct scanner *s, uint64_t ns)
{
	s->calls++;
	s->held_ns += ns;
	if (ns > s->longest_ns)
		s->longest_ns = ns;
	if (ns > SCAN_HOLD_NS) {
		if (s->step > FIRST_STEP >> 8)
			s->step /= 2;
		if (s->regions > FEWEST_REGIONS)
			s->regions /= 2;
	} else if (ns < SCAN_HOLD_NS / 4) {
		if (s->step < LARGEST_STEP)
			s->step *= 2;
		if (s->regions < SCAN_REGIONS)
			s->regions *= 2;
	}
}

/* How far one call may go: so many mapped bytes, so many VMAs; holes cost nothing. */
static uint64_t bound(const struct scanner *s, const struct layout *l, uint64_t start, uint64_t end)
{
	uint64_t left = s->step;
	size_t i, last;

	if (!l)
		return end - start > left ? start + left : end;
	i = layout_next(l, start);
	for (last = i + SCAN_VMAS; i < l->n && i < last && l->vmas[i].start < end; i++) {
		const struct vma *v = &l->vmas[i];
		uint64_t from = v->start > start ? v->start : start;

		if (v->end - from >= left)
			return from + left < end ? from + left : end;
		left -= v->end - from;
	}
	return i == last && i < l->n && l->vmas[i].start < end ? l->vmas[i].start : end;
}

/* Does what was found go on behind `reached` without a gap, in the same mapping? */
static uint64_t full_up_to(const struct scanner *s, const struct layout *l, unsigned n,
			   uint64_t reached)
{
	const struct uapi_page_region *last = n ? &s->region[n - 1] : NULL;
	ssize_t v;

	if (!l || !last || last->end != reached || last->categories != UAPI_PAGE_PRESENT ||
	    last->end - last->start < FULL_BYTES)
		return 0;
	v = layout_find(l, reached);
	return v >= 0 && l->vmas[v].start < reached ? reached : 0;
}

static int scan(struct scanner *s, struct uapi_pm_scan_arg *a)
{
	uint64_t began = clock_now_ns();
	int got;

	a->size = sizeof(*a);
	/* FILE would cost three times as much; pagemap tells it for what we look at. */
	a->return_mask = ALL_TOLD | (s->no_guard ? 0 : UAPI_PAGE_GUARD);
	got = ioctl(s->fd, UAPI_PAGEMAP_SCAN, a);
	if (got < 0 && errno == EINVAL && !s->no_guard) {
		s->no_guard = true;
		a->return_mask &= ~(uint64_t)UAPI_PAGE_GUARD;
		got = ioctl(s->fd, UAPI_PAGEMAP_SCAN, a);
	}
	if (got < 0)
		return -errno;
	adapt(s, clock_now_ns() - began);
	return got;
}

/* Where a call came that stopped early: never believe a walk_end before what was told. */
static uint64_t stopped_at(const struct uapi_pm_scan_arg *a, int got)
{
	const struct uapi_page_region *r = (const struct uapi_page_region *)(uintptr_t)a->vec;
	uint64_t at = got && r[got - 1].end > a->walk_end ? r[got - 1].end : a->walk_end;

	return at < a->end ? at : a->end;
}

/* Asks for every page that is not simply there, and turns the answer round: it lies at
 * the end of s->region, and what it leaves between is written from the beginning. */
static int scan_lack(struct scanner *s, uint64_t start, uint64_t end, uint64_t *reached)
{
	unsigned most = (s->regions - 1) / 2, n = 0;
	struct uapi_page_region *told = s->region + SCAN_REGIONS - most;
	struct uapi_pm_scan_arg a = {
		.start = start, .end = end, .vec = (uintptr_t)told, .vec_len = most,
		.category_inverted = UAPI_PAGE_PRESENT, .category_anyof_mask = ALL_TOLD,
	};
	uint64_t at = start;
	int got = scan(s, &a);

	if (got < 0)
		return got;
	*reached = (unsigned)got == most ? stopped_at(&a, got) : end;
	for (int i = 0; i < got; i++) {
		struct uapi_page_region r = told[i];

		if (r.start > at)
			s->region[n++] = (struct uapi_page_region){ at, r.start, UAPI_PAGE_PRESENT };
		if (r.categories & (UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED))
			s->region[n++] = r;
		at = r.end;
	}
	if (*reached > at)
		s->region[n++] = (struct uapi_page_region){ at, *reached, UAPI_PAGE_PRESENT };
	return (int)n;
}

static int scan_pages(struct scanner *s, uint64_t start, uint64_t end, uint64_t *reached)
{
	struct uapi_pm_scan_arg a = {
		.start = start, .end = end, .vec = (uintptr_t)s->region, .vec_len = s->regions,
		.max_pages = SCAN_PAGES, .category_anyof_mask = UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED,
	};
	uint64_t pages = 0;
	int got = scan(s, &a);

	for (int i = 0; i < got; i++)
		pages += (s->region[i].end - s->region[i].start) >> PAGE_SHIFT;
	*reached = got >= (int)a.vec_len || pages >= SCAN_PAGES ? stopped_at(&a, got) : end;
	return got;
}

int scan_chunk(struct scanner *s, const struct layout *l, uint64_t start, uint64_t end,
	       unsigned *n, uint64_t *reached)
{
	int got;

	end = bound(s, l, start, end);
	s->by_lack = l && start == s->full;
	if (s->by_lack) {
		uint64_t mapped = l->vmas[layout_next(l, start)].end;
		uint64_t most = start + 2 * (uint64_t)SCAN_PAGES * PAGE_BYTES;

		end = end < mapped ? end : mapped;
		got = scan_lack(s, start, end < most ? end : most, reached);
	} else {
		got = scan_pages(s, start, end, reached);
	}
	if (got < 0)
		return got;
	*n = (unsigned)got;
	s->full = full_up_to(s, l, *n, *reached);
	return 0;
}

void scan_quiet(struct scanner *s, const clockid_t *clock)
{
	s->quiet = clock && !clock_gettime(*clock, &s->quiet_at) ? clock : NULL;
}

/* Has no thread of the target run since? One that waits for the lock has. */
static bool still_quiet(struct scanner *s)
{
	struct timespec now;

	if (s->quiet && (clock_gettime(*s->quiet, &now) || now.tv_sec != s->quiet_at.tv_sec ||
			 now.tv_nsec != s->quiet_at.tv_nsec))
		s->quiet = NULL;
	return s->quiet;
}

void scan_rest(struct scanner *s)
{
	static const struct timespec rest = { .tv_nsec = SCAN_REST_NS };

	if (s->held_ns < SCAN_REST_EVERY_NS)
		return;
	if (still_quiet(s)) {
		s->held_ns = 0;
		return;
	}
	nanosleep(&rest, NULL);
	s->held_ns = 0;
}
