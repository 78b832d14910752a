/* SPDX-License-Identifier: GPL-2.0-or-later
 * Single frames: who has them, how often they are mapped, and what a mapping counts as.
 */
#include "mm.h"

u32 frame_alloc(struct sim *s, enum frame_kind kind, unsigned proc, u64 addr)
{
	struct frame *f;
	u32 pfn;

	if (!sim_may_alloc(s, "frame"))
		return 0;
	pfn = buddy_alloc(s, 0);
	if (!pfn) {
		s->failed = true;
		return 0;
	}
	f = frame_at(s, pfn);
	j_save(s, f);
	f->kind = (uint8_t)kind;
	f->order = 0;
	f->flags = 0;
	f->proc = (uint8_t)proc;
	f->mapcount = 0;
	SET(s, f->addr, addr);
	T_EVENT(s, "alloc_pages", FRAME, "frame taken", pfn, SIM_U_PFN);
	return pfn;
}

void frame_free(struct sim *s, u32 pfn)
{
	struct frame *f = frame_at(s, pfn);

	if (f->object || f->index) {
		j_save(s, &f->object);
		f->object = f->index = 0;
	}
	T_EVENT(s, "free_pages", FRAME_FREED, "frame given back", pfn, SIM_U_PFN);
	buddy_free(s, pfn, 0);
}

unsigned frame_rss(const struct frame *f)
{
	return f->kind == FR_ANON ? RSS_ANON : f->kind == FR_SHMEM ? RSS_SHMEM : RSS_FILE;
}

void frame_map(struct sim *s, struct mm *mm, u32 pfn, u64 addr)
{
	struct frame *f = frame_at(s, pfn);

	j_save(s, f);
	f->mapcount++;
	f->proc = (uint8_t)mm->number;
	if (f->addr != addr)
		SET(s, f->addr, addr);
	ADD(s, mm->rss[frame_rss(f)], 1);
}

/* A dirty pte of a file page makes the page dirty; an anonymous page goes with its last mapping. */
void frame_unmap(struct sim *s, struct mm *mm, u64 pte)
{
	u32 pfn = PTE_PFN(pte);
	struct frame *f = frame_at(s, pfn);

	SUB(s, mm->rss[frame_rss(f)], 1);
	j_save(s, f);
	f->mapcount--;
	if (f->kind != FR_ANON) {
		if (pte & PTE_D)
			f->flags |= FRF_DIRTY;
	} else if (!f->mapcount) {
		frame_free(s, pfn);
	}
}

uint64_t sim_frame_total(const struct sim *s)
{
	return s->nframes;
}

uint64_t sim_frame_free(const struct sim *s)
{
	return s->root->nr_free;
}

/* The free block that contains pfn, or -1. */
static int free_block(const struct sim *s, u64 pfn)
{
	if (pfn >= s->root->virgin && pfn < s->root->virgin_end)
		return MAX_ORDER;
	for (unsigned o = 0; o <= MAX_ORDER; o++) {
		const struct frame *f = frame_at(s, (u32)(pfn & ~((1ull << o) - 1)));

		if (f->kind == FR_FREE)
			return f->order >= o ? f->order : -1;
	}
	return -1;
}

void sim_frame_get(const struct sim *s, uint64_t pfn, struct sim_frame *ret)
{
	static const enum sim_frame_kind kinds[] = {
		[FR_NONE] = SIM_FRAME_RESERVED, [FR_FREE] = SIM_FRAME_FREE, [FR_ANON] = SIM_FRAME_ANON,
		[FR_FILE] = SIM_FRAME_FILE, [FR_SHMEM] = SIM_FRAME_SHMEM, [FR_TABLE] = SIM_FRAME_TABLE,
		[FR_ZERO] = SIM_FRAME_ZERO, [FR_RESERVED] = SIM_FRAME_RESERVED,
	};
	const struct frame *f;
	int o;

	*ret = (struct sim_frame){ .kind = SIM_FRAME_RESERVED, .proc = -1 };
	if (pfn >= s->nframes)
		return;
	f = frame_at(s, (u32)pfn);
	if (f->kind == FR_NONE || f->kind == FR_FREE) {
		o = free_block(s, pfn);
		if (o >= 0) {
			ret->kind = SIM_FRAME_FREE;
			ret->order = (unsigned)o;
		}
		return;
	}
	ret->kind = kinds[f->kind];
	ret->mapcount = f->mapcount;
	ret->proc = f->kind == FR_RESERVED || f->kind == FR_ZERO || !f->addr ? -1 : f->proc;
	ret->addr = f->addr;
	ret->level = f->kind == FR_TABLE ? f->object : 0;
	ret->exclusive = f->flags & FRF_EXCLUSIVE;
	ret->dirty = f->flags & FRF_DIRTY;
}
