/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel stacks, when somebody asks: at once for a batch, a few times a second for a
 * screen, rarer the dearer they are.
 */
#include <config.h>

#include "mmscope/clock.h"
#include "mmscope/kstacks.h"
#include "src/live/live.h"

#define KSTACKS_EVERY_NS 250000000ull
#define SYSTEM_EVERY_NS 1000000000ull
#define SHARE 40	/* at most one part in so many of the time */

bool live_kstacks_due(const struct live *lv, const struct source_want *want, uint64_t now_ns)
{
	uint64_t wait = want->kstacks == KSTACKS_SYSTEM ? SYSTEM_EVERY_NS : KSTACKS_EVERY_NS;

	if (want->kstacks != lv->kstacks_of)
		return true;
	if (!want->kstacks || want->everything)
		return want->kstacks != KSTACKS_NONE;
	/* Only what ran has another stack; but who of all tasks ran is not known. */
	if (want->kstacks == KSTACKS_PROCESS && !lv->kstack_pace.dirty)
		return false;
	if (wait < SHARE * lv->kstack_pace.cost_ns)
		wait = SHARE * lv->kstack_pace.cost_ns;
	return now_ns - lv->kstack_pace.at_ns >= wait;
}

void live_kstacks(struct live *lv, struct sampling *s)
{
	const struct source_want *w = s->want;
	struct snapshot *next = s->next;
	const struct stacks *now = NULL;
	uint64_t began, cpu;

	if (!live_kstacks_due(lv, w, s->now_ns))
		return;
	began = clock_now_ns();
	cpu = clock_cpu_ns();
	if (w->kstacks) {
		if (!lv->kstacks)
			lv->kstacks = kstacks_open(lv->root, 0);
		now = kstacks_read(lv->kstacks, w->kstacks == KSTACKS_SYSTEM ? 0 : lv->fs.pid);
		next->cost.rung[PANEL_KSTACK] = kstack_rungs[now->rung].name;
	}
	lv->kstacks_of = w->kstacks;
	if (stacks_equal(next->stacks, now)) {
		stacks_put(now);
	} else {
		stacks_put(next->stacks);
		next->stacks = now;
	}
	pace_done(&lv->kstack_pace, cpu);
	next->cost.panel_ns[PANEL_KSTACK] = clock_now_ns() - began;
}
