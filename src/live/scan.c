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

void scan_init(struct scanner *s, int fd)
{
	s->fd = fd;
	s->no_guard = false;
	s->step = FIRST_STEP;
	s->regions = SCAN_REGIONS;
	s->quiet = NULL;
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

int scan_chunk(struct scanner *s, const struct layout *l, uint64_t start, uint64_t end,
	       unsigned *n, uint64_t *reached)
{
	struct uapi_pm_scan_arg a = {
		.size = sizeof(a), .start = start, .vec = (uintptr_t)s->region,
		.vec_len = s->regions, .max_pages = SCAN_PAGES,
		.category_anyof_mask = UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED,
		/* FILE would cost three times as much; pagemap tells it for what we look at. */
		.return_mask = UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED | UAPI_PAGE_PFNZERO |
			       UAPI_PAGE_HUGE | (s->no_guard ? 0 : UAPI_PAGE_GUARD),
	};
	uint64_t began, pages = 0;
	int got;

	a.end = bound(s, l, start, end);
	began = clock_now_ns();
	got = ioctl(s->fd, UAPI_PAGEMAP_SCAN, &a);
	if (got < 0 && errno == EINVAL && !s->no_guard) {
		s->no_guard = true;
		a.return_mask &= ~(uint64_t)UAPI_PAGE_GUARD;
		got = ioctl(s->fd, UAPI_PAGEMAP_SCAN, &a);
	}
	if (got < 0)
		return -errno;
	adapt(s, clock_now_ns() - began);
	for (int i = 0; i < got; i++)
		pages += (s->region[i].end - s->region[i].start) >> PAGE_SHIFT;
	*n = (unsigned)got;
	*reached = a.end;
	/* Stopped early: never believe a walk_end that lies before what was returned. */
	if ((unsigned)got >= s->regions || pages >= SCAN_PAGES) {
		*reached = a.walk_end;
		if (got && s->region[got - 1].end > *reached)
			*reached = s->region[got - 1].end;
		if (*reached > a.end)
			*reached = a.end;
	}
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
