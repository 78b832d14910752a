/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looking at pages: which are there and of what kind, over a range of addresses.
 *
 * Ladder: PAGEMAP_SCAN tells presence, zero page, guard, huge and swap for whole ranges;
 * the entries of pagemap are read only for runs whose kind (anonymous or file, mapped
 * once or more) is asked for. Without the ioctl the entries of all pages are read.
 * Without pagemap the sums of smaps tell what can be told.
 */
#ifndef LIVE_LOOK_H
#define LIVE_LOOK_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/pages.h"
#include "mmscope/vma.h"
#include "src/live/hugetlb.h"
#include "src/live/scan.h"
#include "src/live/smaps.h"

enum look_rung { LOOK_SCAN, LOOK_PAGEMAP, LOOK_SMAPS, LOOK_NOTHING };
extern const char *const look_rung_names[];

/* VMAs beyond this are not read page by page without PAGEMAP_SCAN, unless on screen. */
#define LOOK_WHOLE_VMA (64ull << 30)
enum { LOOK_ENTRIES = 2048 };

struct looker {
	struct scanner scan;
	enum look_rung rung;
	uint64_t zero_pfn;	/* of the kernel's page of zeroes; 0: not known (no privilege) */
	bool gone;		/* the mm ended while we looked */
	bool doubt;		/* an entry whose frame is hidden may be the page of zeroes */
	bool unsure_zero;	/* some zero pages may be called anonymous, shared */
	bool no_swap;		/* as in the look that is being taken */
	/* A window of pagemap entries. */
	uint64_t window_start;
	unsigned window_n;
	uint64_t window[LOOK_ENTRIES];
};

enum look_kinds {
	KINDS_NONE,	/* PAGE_PRESENT is good enough where the kind is not known */
	KINDS_NEW,	/* ask for what became present, keep what is known */
	KINDS_ALL,	/* ask for all: copies on write are seen */
};

struct look {
	const struct layout *layout;
	const struct residency *old;		/* or NULL */
	const struct smaps_sums *sums;		/* or NULL */
	enum look_kinds kinds;
	uint64_t deadline_ns;			/* by clock_now_ns(); 0: none */
	bool visible;				/* read even huge VMAs page by page */
	bool no_swap;				/* VmSwap says that no page was swapped out */
	int fd_maps;				/* to ask for the size of pages, or -1 */
	struct hugetlb *hugetlb;		/* to ask where that is not told */
	uint64_t vvar_start, vvar_end;		/* pages the kernel lends: in no count, so 'Z' */
};

/* `fd`: the pagemap, or -1; `lowest`: rungs above it are not tried. */
void look_init(struct looker *k, int fd, enum look_rung lowest);
/* Is the address space the pagemap was opened on still there? */
bool look_alive(const struct looker *k);
/* Appends the states of [start, end) to `patch`, returns how far it came. */
uint64_t look_at(struct looker *k, const struct look *l, uint64_t start, uint64_t end,
		 struct residency *patch);

#endif
