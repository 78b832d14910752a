/* SPDX-License-Identifier: GPL-2.0-or-later
 * PAGEMAP_SCAN in bounded chunks.
 *
 * The ioctl holds the target's mmap_lock for reading as long as it walks, and a target
 * that wants to map something waits. So every call is kept near SCAN_HOLD_NS by the
 * number of regions, pages, bytes and VMAs it may cover, and between calls the lock is
 * left alone for a moment, long enough for a waiting writer to wake up and take it.
 *
 * The kernel spends as much on telling a page as on looking at it. So in the middle of a
 * mapping that is full of pages it is asked which ones are NOT there: half the time.
 */
#ifndef LIVE_SCAN_H
#define LIVE_SCAN_H
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include "mmscope/vma.h"
#include "src/live/uapi.h"

/* A longer vector makes the kernel return a stale walk_end (seen on 6.18). */
enum { SCAN_REGIONS = 512, SCAN_PAGES = 16384, SCAN_VMAS = 2048 };
#define SCAN_HOLD_NS 500000ull
#define SCAN_REST_EVERY_NS 500000ull
#define SCAN_REST_NS 60000

struct scanner {
	int fd;				/* /proc/PID/pagemap */
	bool no_guard;			/* kernel before 6.15 */
	uint64_t step;			/* bytes one call may cover; adapts */
	uint32_t regions;		/* the same for regions */
	uint64_t held_ns;		/* since the last rest */
	uint64_t full;			/* up to here a mapping was full of pages that goes on; or 0 */
	bool by_lack;			/* the last call asked for what is not there */
	const clockid_t *quiet;		/* CPU clock of a process that sleeps: while it stands at */
	struct timespec quiet_at;	/* this, nobody can be waiting for the lock; NULL: unknown */
	uint64_t calls, longest_ns;	/* for tests and doctor */
	struct uapi_page_region region[SCAN_REGIONS];
};

void scan_init(struct scanner *s, int fd);
/* One call from `start` to at most `end`: regions with pages or swap entries in
 * s->region, their number in *n, how far it came in *reached. 0 or -errno. `l` bounds
 * the number of VMAs; it may be NULL. After a call by_lack the regions hold only if the
 * mapping is still there: when it is not, set `full` to 0 and call again. */
int scan_chunk(struct scanner *s, const struct layout *l, uint64_t start, uint64_t end,
	       unsigned *n, uint64_t *reached);
/* Leaves the target alone for a moment if the lock was held long enough for that. */
void scan_rest(struct scanner *s);
/* The target slept when last seen; `clock` stays with the caller. NULL: it did not. */
void scan_quiet(struct scanner *s, const clockid_t *clock);

#endif
