/* SPDX-License-Identifier: GPL-2.0-or-later
 * /proc/PID/smaps: read as a whole, on demand, since it cannot be had for one VMA and
 * holds the target's mmap_lock.
 */
#ifndef LIVE_SMAPS_H
#define LIVE_SMAPS_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/snapshot.h"
#include "src/live/maps.h"

struct smaps_figures {
	uint64_t size, rss, pss, anonymous, swap, locked, uss, huge;	/* bytes, UNKNOWN */
	uint64_t flags;			/* bits of vma_flag_names[]; UNKNOWN: no such line */
};

/* One line that is no head of a VMA: adds to the figures. False when it is not one. */
bool smaps_parse_line(const char *line, size_t n, struct smaps_figures *f);
void smaps_figures_reset(struct smaps_figures *f);

/* What the page walkers need of it when there is nothing better. Sorted by start. */
struct smaps_sum {
	uint64_t start, rss, anonymous, huge;
};
struct smaps_sums {
	size_t n, cap;
	struct smaps_sum *sum;
};
const struct smaps_sum *smaps_sum_find(const struct smaps_sums *s, uint64_t start);
void smaps_sums_free(struct smaps_sums *s);

/* Layout, details and sums of one reading, so they belong together. Each out-parameter
 * but the layout may be NULL. `maps`: its maps, open, to be asked what the text leaves open,
 * or -1. 0 or errno, like maps_read(). */
int smaps_read(int fd, int maps, char *buf, const struct layout *old, struct strings *strings,
	       struct layout **ret_layout, struct details **ret_details,
	       struct smaps_sums *ret_sums);

#endif
