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

static enum want_kstacks wanted(const struct source_want *want, const struct snapshot *s)
{
	if (want->kstacks != KSTACKS_KTHREAD)
		return want->kstacks;
	return s->process.kthread ? KSTACKS_PROCESS : KSTACKS_NONE;
}

bool live_kstacks_due(const struct live *lv, const struct source_want *want,
		      const struct snapshot *s, uint64_t now_ns)
{
	enum want_kstacks of = wanted(want, s);
	uint64_t wait = of == KSTACKS_SYSTEM ? SYSTEM_EVERY_NS : KSTACKS_EVERY_NS;

	if (of != lv->kstacks_of)
		return true;
	if (!of || want->everything)
		return of != KSTACKS_NONE;
	/* Only what ran has another stack; but who of all tasks ran is not known. */
	if (of == KSTACKS_PROCESS && !lv->kstack_pace.dirty)
		return false;
	if (wait < SHARE * lv->kstack_pace.cost_ns)
		wait = SHARE * lv->kstack_pace.cost_ns;
	return now_ns - lv->kstack_pace.at_ns >= wait;
}

void live_kstacks(struct live *lv, struct sampling *s)
{
	struct snapshot *next = s->next;
	enum want_kstacks of = wanted(s->want, next);
	const struct stacks *now = NULL;
	uint64_t began, cpu;

	if (!live_kstacks_due(lv, s->want, next, s->now_ns))
		return;
	began = clock_now_ns();
	cpu = clock_cpu_ns();
	if (of) {
		if (!lv->kstacks)
			lv->kstacks = kstacks_open(lv->root, 0);
		now = kstacks_read(lv->kstacks, of == KSTACKS_SYSTEM ? 0 : lv->fs.pid);
		next->cost.rung[PANEL_KSTACK] = kstack_rungs[now->rung].name;
	}
	lv->kstacks_of = of;
	if (stacks_equal(next->stacks, now)) {
		stacks_put(now);
	} else {
		stacks_put(next->stacks);
		next->stacks = now;
	}
	pace_done(&lv->kstack_pace, cpu);
	next->cost.panel_ns[PANEL_KSTACK] = clock_now_ns() - began;
}
