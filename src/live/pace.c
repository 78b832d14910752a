/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/pace.h"

#include "mmscope/clock.h"

/* At most this share of the time goes into looks of one kind. */
#define PACE_SHARE 40
/* Looks for what the gate cannot see: rarer the dearer they are. */
#define SAFETY_NS 10000000000ull
#define SAFETY_SHARE 2000

bool pace_due(const struct pace *p, uint64_t now_ns, uint64_t cap_ns)
{
	uint64_t since = now_ns - p->at_ns;
	uint64_t wait = p->cost_ns * PACE_SHARE < cap_ns ? p->cost_ns * PACE_SHARE : cap_ns;
	uint64_t safety = p->cost_ns * SAFETY_SHARE > SAFETY_NS ? p->cost_ns * SAFETY_SHARE :
								  SAFETY_NS;

	return !p->at_ns || (p->dirty && since >= wait) || since >= safety;
}

void pace_done(struct pace *p, uint64_t began_cpu_ns)
{
	p->at_ns = clock_now_ns();
	p->cost_ns = clock_cpu_ns() - began_cpu_ns;
	p->dirty = false;
}
