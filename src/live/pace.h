/* SPDX-License-Identifier: GPL-2.0-or-later
 * How often a look of one kind is worth its cost.
 */
#ifndef LIVE_PACE_H
#define LIVE_PACE_H
#include <stdbool.h>
#include <stdint.h>

/* A clock of one kind of look: when, what it cost in CPU time (a busy machine does not
 * make it dearer), whether something moved since. */
struct pace {
	uint64_t at_ns, cost_ns;
	bool dirty;
};

/* Is it time to look again? `cap_ns`: at the latest so long after something moved. */
bool pace_due(const struct pace *p, uint64_t now_ns, uint64_t cap_ns);
void pace_done(struct pace *p, uint64_t began_cpu_ns);

#endif
