/* SPDX-License-Identifier: GPL-2.0-or-later
 * Compaction: a stretch of memory that holds nothing but free and movable frames is
 * emptied, its frames move elsewhere, and a block of the wanted order is whole again. Moved
 * are anonymous pages with one mapping and single movable frames of alloc and fragment;
 * whatever else lies in a stretch keeps it as it is.
 */
#include "mm.h"
#include "kside.h"
#include "phys.h"

#define TOLD 4u		/* stretches whose emptying is told frame by frame */

struct stretch { u32 first, n; };

static jword *only_pte(struct sim *s, u32 pfn)
{
	const struct frame *f = frame_at(s, pfn);
	ref mm = s->root->proc[f->proc];
	jword *pte;

	if (f->mapcount != 1 || !mm)
		return NULL;
	pte = pt_entry(s, AT(s, mm, struct mm), (u64)f->vpn << PAGE_SHIFT, 0, false);
	return pte && (*pte & PTE_P) && PTE_PFN(*pte) == pfn ? pte : NULL;
}

static bool movable(struct sim *s, u32 pfn)
{
	const struct frame *f = frame_at(s, pfn);

	if (f->kind == FR_ANON)
		return only_pte(s, pfn) != NULL;
	return f->kind == FR_BLOCK && f->flags == MIGRATE_MOVABLE && !f->order;
}

/* Frames of the stretch that would have to move; UINT32_MAX: one of them cannot, or a block
 * of the order is there already. */
static u32 cost_of(struct sim *s, const struct stretch *st)
{
	u32 cost = 0, free = 0;

	for (u32 p = st->first; p < st->first + st->n;) {
		const struct frame *f = frame_at(s, p);

		if (frame_is_free(f)) {
			free += 1u << f->order;
			if (free >= st->n)
				return UINT32_MAX;
			p += 1u << f->order;
			continue;
		}
		if (!movable(s, p))
			return UINT32_MAX;
		cost++;
		p++;
	}
	return free ? cost : UINT32_MAX;	/* nothing is won where nothing is free */
}

static void move_frame(struct sim *s, u32 from, u32 to)
{
	struct frame *f = frame_at(s, from);
	jword *pte;

	SET(s, frame_at(s, to)->word, f->word);
	if (f->kind == FR_ANON) {
		pte = only_pte(s, from);
		SET(s, *pte, (*pte & (PAGE_SIZE - 1)) | MK_PTE(to, 0));
		uwords_copy(s, from, to);
		uwords_drop(s, from);
	} else {
		phys_block_moved(s, (unsigned)f->vpn, to);
	}
	T_NOTE(s, "migrate_pages", "a movable frame goes elsewhere", "from", from, "to", to, SIM_U_PFN);
	SET(s, f->word, 0);
}

/* The stretch's free blocks leave the lists, so that nothing moves within it. */
static void isolate(struct sim *s, const struct stretch *st)
{
	for (u32 p = st->first; p < st->first + st->n;) {
		const struct frame *f = frame_at(s, p);
		u32 n = frame_is_free(f) ? 1u << f->order : 1;

		if (frame_is_free(f))
			buddy_take(s, p);
		p += n;
	}
}

/* Frames that could not be moved stay; the others go back one by one. */
static void give_back(struct sim *s, const struct stretch *st)
{
	for (u32 p = st->first; p < st->first + st->n; p++)
		if (frame_at(s, p)->kind == FR_NONE)
			buddy_free(s, p, 0);
}

/* A single frame, out of the smallest block: none of the order is broken for it. 0: none. */
static u32 take_small(struct sim *s, unsigned order)
{
	for (unsigned o = 0; o < order; o++) {
		u32 pfn = buddy_take_first(s, o);

		if (!pfn)
			continue;
		while (o-- > 0)
			buddy_free(s, pfn + (1u << o), o);
		return pfn;
	}
	return 0;
}

static bool empty(struct sim *s, const struct stretch *st, unsigned order)
{
	hot_forget(s);
	isolate(s, st);
	for (u32 p = st->first; p < st->first + st->n; p++) {
		u32 to;

		if (frame_at(s, p)->kind == FR_NONE)
			continue;
		to = take_small(s, order);
		if (!to) {
			give_back(s, st);
			return false;
		}
		move_frame(s, p, to);
	}
	buddy_free(s, st->first, order);
	return true;
}

static u32 cheapest(struct sim *s, struct stretch *best)
{
	u32 least = UINT32_MAX;

	for (u64 p = best->n; p + best->n <= s->nframes; p += best->n) {
		struct stretch st = { (u32)p, best->n };
		u32 cost;

		if (p >= s->root->virgin && p < s->root->virgin_end)
			continue;
		cost = cost_of(s, &st);
		if (cost < least) {
			least = cost;
			best->first = st.first;
		}
	}
	return least;
}

bool compact_zone(struct sim *s, unsigned order)
{
	struct stretch best = { 0, 1u << order };
	sim_trace_fn trace = s->trace;
	u32 least, emptied = 0;
	T_ENTER(s, "compact_zone", "can movable frames make room?", "order", order, NULL, 0, SIM_U_COUNT);

	while (!zone_watermark_ok(s, order, WMARK_MIN, false)) {
		s->trace = emptied < TOLD ? trace : NULL;
		least = cheapest(s, &best);
		T_TEST(s, "compact_zone", "a stretch of free and movable frames only", "frames to move",
		       least == UINT32_MAX ? 0 : least, LT, "frames", best.n, SIM_U_COUNT, least != UINT32_MAX,
		       "they move", "no such stretch: nothing is won");
		if (least == UINT32_MAX || !journal_room(s) ||
		    !empty(s, &best, order))
			break;
		emptied++;
	}
	s->trace = trace;
	T_NOTE(s, "compact_zone", "stretches are free again", "stretches", emptied, "frames each", best.n,
	       SIM_U_COUNT);
	return emptied;
}
