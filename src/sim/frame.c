/* SPDX-License-Identifier: GPL-2.0-or-later
 * Single frames: who has them, how often they are mapped, and what a mapping counts as.
 */
#include "mm.h"

#define PCP_ORDER 5	/* how much the per-CPU list takes at once: 32 frames */

/* What a frame of a kind is asked for as: tables and stacks stay where they are. */
static const u8 type_of[16] = {
	[FR_ANON] = MIGRATE_MOVABLE, [FR_FILE] = MIGRATE_MOVABLE, [FR_SHMEM] = MIGRATE_MOVABLE,
	[FR_TABLE] = MIGRATE_UNMOVABLE, [FR_KSTACK] = MIGRATE_UNMOVABLE,
};

/* rmqueue_bulk: one block, the largest that can be had up to the batch. */
static noinline bool pcp_refill(struct sim *s, enum migratetype type)
{
	unsigned order = PCP_ORDER;
	u32 pfn = buddy_alloc_batch(s, &order, type);

	if (!pfn)
		return false;
	SET(s, s->root->pcp_next[type], pfn);
	SET(s, s->root->pcp_end[type], pfn + (1u << order));
	T_NOTE(s, "rmqueue_bulk", "the per-CPU list is filled", "pfn", pfn, "order", order, SIM_U_PFN);
	return true;
}

u32 frame_alloc(struct sim *s, enum frame_kind kind, unsigned proc, u64 addr)
{
	enum migratetype type = type_of[kind];
	u64 *next = &s->root->pcp_next[type];
	u32 pfn;

	if (!sim_may_alloc(s, "frame"))
		return 0;
	if (*next == s->root->pcp_end[type] && !pcp_refill(s, type)) {
		s->failed = true;
		return 0;
	}
	pfn = (u32)*next;
	SET(s, *next, *next + 1);
	SET(s, frame_at(s, pfn)->word,
	    ((struct frame){ .kind = kind & 0xf,
			     .proc = proc & 0xf,
			     .vpn = kind == FR_ANON || kind == FR_TABLE ?
					    (addr >> PAGE_SHIFT) & 0xfffffffff :
					    0 })
		    .word);
	T_EVENT(s, "rmqueue_pcplist", FRAME, "taken from the per-CPU list", pfn, SIM_U_PFN);
	return pfn;
}

void frame_free(struct sim *s, u32 pfn)
{
	T_EVENT(s, "free_pages", FRAME_FREED, "frame given back", pfn, SIM_U_PFN);
	if (unlikely(s->root->k.nuwords))
		uwords_drop(s, pfn);
	buddy_free(s, pfn, 0);
}

unsigned frame_stat(const struct frame *f)
{
	return f->kind == FR_ANON ? STAT_ANON : f->kind == FR_SHMEM ? STAT_SHMEM : STAT_FILE;
}

void frame_map(struct sim *s, struct mm *mm, u32 pfn, u64 addr)
{
	struct frame *f = frame_at(s, pfn);

	j_save(s, f);
	frame_mapcount_add(f, 1);
	f->proc = mm->number & 0xf;
	if (f->kind == FR_ANON)
		f->vpn = (addr >> PAGE_SHIFT) & 0xfffffffff;
	ADD(s, mm->stat[frame_stat(f)], 1);
}

/* A dirty pte of a file page makes the page dirty; an anonymous page goes with its last mapping. */
void frame_unmap(struct sim *s, struct mm *mm, u64 pte)
{
	u32 pfn = PTE_PFN(pte);
	struct frame *f = frame_at(s, pfn);

	SUB(s, mm->stat[frame_stat(f)], 1);
	j_save(s, f);
	frame_mapcount_add(f, -1);
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
	u64 n = s->root->nr_free;

	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		n += s->root->pcp_end[t] - s->root->pcp_next[t];
	return n;
}

/* The free block that contains pfn, or -1. */
static int free_block(const struct sim *s, u64 pfn)
{
	if (pfn >= s->root->virgin && pfn < s->root->virgin_end)
		return MAX_ORDER;
	for (unsigned o = 0; o <= MAX_ORDER; o++) {
		const struct frame *f = frame_at(s, (u32)(pfn & ~((1ull << o) - 1)));

		if (frame_is_free(f))
			return f->order >= o ? (int)f->order : -1;
	}
	return -1;
}

void sim_frame_get(const struct sim *s, uint64_t pfn, struct sim_frame *ret)
{
	static const enum sim_frame_kind kinds[] = {
		[FR_NONE] = SIM_FRAME_PCP,    [FR_BLOCK] = SIM_FRAME_BLOCK,
		[FR_ANON] = SIM_FRAME_ANON,   [FR_FILE] = SIM_FRAME_FILE,
		[FR_SHMEM] = SIM_FRAME_SHMEM, [FR_TABLE] = SIM_FRAME_TABLE,
		[FR_ZERO] = SIM_FRAME_ZERO,   [FR_RESERVED] = SIM_FRAME_RESERVED,
		[FR_KSTACK] = SIM_FRAME_KSTACK,
	};
	const struct frame *f;
	int o;

	*ret = (struct sim_frame){ .kind = SIM_FRAME_RESERVED, .proc = -1 };
	if (pfn >= s->nframes)
		return;
	f = frame_at(s, (u32)pfn);
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		if (pfn >= s->root->pcp_next[t] && pfn < s->root->pcp_end[t]) {
			ret->kind = SIM_FRAME_PCP;
			return;
		}
	if (f->kind == FR_NONE || frame_is_free(f)) {
		o = free_block(s, pfn);
		if (o >= 0) {
			ret->kind = SIM_FRAME_FREE;
			ret->order = (unsigned)o;
		}
		return;
	}
	ret->kind = kinds[f->kind];
	ret->mapcount = (unsigned)frame_mapcount(f);
	ret->proc =
		f->kind == FR_RESERVED || f->kind == FR_ZERO || !f->mapcount ? -1 : (int)f->proc;
	if (f->kind == FR_TABLE)
		ret->proc = (int)f->proc;
	if (f->kind == FR_KSTACK) {
		ret->task = (unsigned)f->vpn;
		ret->proc = f->proc < SIM_MAX_PROCS ? (int)f->proc : -1;
	}
	if (f->kind == FR_ANON || f->kind == FR_TABLE)
		ret->addr = (u64)f->vpn << PAGE_SHIFT;
	ret->level = f->kind == FR_TABLE ? f->order : 0;
	ret->exclusive = f->flags & FRF_EXCLUSIVE;
	ret->dirty = f->flags & FRF_DIRTY;
}
