/* SPDX-License-Identifier: GPL-2.0-or-later
 * What changed in the last four ticks, so that change is loud, then quiet.
 * Spans of one tick are sorted and joined: a question costs log n for each tick.
 */
#ifndef SESSION_HEAT_H
#define SESSION_HEAT_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/event.h"
#include "mmscope/source.h"

enum { HEAT_TICKS = 4, HEAT_COUNTERS = 64 };

struct heat_tick {
	struct span *spans;
	size_t nspans, spans_cap;
	pid_t *tids;			/* sorted */
	size_t ntids, tids_cap;
	uint64_t counters;		/* bit: field changed */
};

struct heat {
	struct heat_tick ticks[HEAT_TICKS];	/* a ring */
	unsigned now;				/* index of this tick */
};

void heat_age(struct heat *h);			/* a tick begins: the oldest is forgotten */
void heat_add(struct heat *h, const struct event *e);
void heat_sort(struct heat *h);			/* after the last add of a tick */
unsigned heat_of(const struct heat *h, uint64_t start, uint64_t end);
unsigned heat_of_task(const struct heat *h, pid_t tid);
unsigned heat_of_counter(const struct heat *h, unsigned field);
void heat_clear(struct heat *h);
void heat_free(struct heat *h);

#endif
