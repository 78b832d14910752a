/* SPDX-License-Identifier: GPL-2.0-or-later
 * User stacks, when somebody asks: at once and all for a batch, a few times a second and
 * one at a time for a screen.
 */
#include <config.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "src/live/live.h"

/* A screen does not need it more often: with each of its usual ticks. */
#define FRAMES_EVERY_NS 80000000ull
/* What is on screen is not older than that. */
#define FRAMES_LATEST_NS 1000000000ull

static const enum reason reasons_of_ends[END_NR] = {
	[END_LIBRARY] = REASON_FRAMES_LIBRARY,
	[END_ARCHITECTURE] = REASON_FRAMES_ARCHITECTURE,
	[END_RUNNING] = REASON_FRAMES_RUNNING,
	[END_DENIED] = REASON_FRAMES_DENIED,
	[END_NO_FILE] = REASON_FRAMES_FILE,
	[END_GONE] = REASON_FRAMES_GONE,
	[END_MOVED] = REASON_FRAMES_MOVED,
	[END_LATE] = REASON_FRAMES_LATE,
};

bool live_frames_due(const struct live *lv, const struct source_want *want, uint64_t now_ns)
{
	uint64_t wait = lv->frames.cost_ns * 40;

	if (!want->unwind || want->unwind != lv->frames_of)
		return want->unwind != lv->frames_of;
	if (want->everything)
		return true;
	if (wait < FRAMES_EVERY_NS)
		wait = FRAMES_EVERY_NS;
	if (wait > FRAMES_LATEST_NS)
		wait = FRAMES_LATEST_NS;
	return lv->frames.dirty && now_ns - lv->frames.at_ns >= wait;
}

static void frame_reasons(struct live *lv, const struct unwound *u, uint32_t without)
{
	for (int e = 0; e < END_NR; e++)
		if (without >> e & 1)
			lv->reasons |= 1ull << reasons_of_ends[e];
	for (size_t i = 0; i < u->nframes; i++) {
		if (u->frames[i].bytes == UNKNOWN)
			lv->reasons |= 1ull << REASON_FRAMES_LAST;
		if (!*u->frames[i].function)
			lv->reasons |= 1ull << REASON_FRAMES_NAME;
	}
}

/* Nothing moved that a walk could tell: what stands is right. */
static void set_frames(struct snapshot *next, const struct unwound *now)
{
	if (unwound_equal(next->unwound, now)) {
		unwound_put(now);
		return;
	}
	unwound_put(next->unwound);
	next->unwound = now;
}

void live_frames(struct live *lv, struct sampling *s)
{
	const uint64_t mine = (2ull << REASON_FRAMES_NAME) - (1ull << REASON_FRAMES_LIBRARY);
	struct snapshot *next = s->next;
	struct unwind_in in = { .fs = &lv->fs, .layout = next->layout, .tasks = next->tasks,
				.only = s->want->unwind };
	uint64_t cpu = clock_cpu_ns();
	bool first = !lv->unwinder;
	uint32_t without;

	if (!live_frames_due(lv, s->want, s->now_ns))
		return;
	lv->reasons &= ~mine;
	lv->frames_of = s->want->unwind;
	if (!s->want->unwind || !next->layout || !next->tasks || next->process.kthread) {
		set_frames(next, NULL);
		return;
	}
	if (in.only == UNWIND_ALL)
		in.deadline_ns = clock_now_ns() + UNWIND_ALL_NS;
	if (!lv->unwinder)
		lv->unwinder = unwinder_create();
	set_frames(next, live_held_frames(lv, unwinder_walk(lv->unwinder, &in, &without)));
	frame_reasons(lv, next->unwound, without);
	pace_done(&lv->frames, cpu);
	/* Loading the library and the program's tables tells nothing of what the next one costs. */
	if (first)
		lv->frames.cost_ns = 0;
}
