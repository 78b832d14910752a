/* SPDX-License-Identifier: GPL-2.0-or-later
 * Single frames: who has them, how often they are mapped, and what a mapping counts as.
 */
#include "mm.h"

#define PCP_ORDER 5	/* how much the per-CPU list takes at once: 32 frames */

/* rmqueue_bulk: one block, the largest that can be had up to the batch. */
static bool pcp_refill(struct sim *s)
{
	for (unsigned o = PCP_ORDER + 1; o-- > 0;) {
		u32 pfn = buddy_alloc(s, o);

		if (!pfn)
			continue;
		j_save(s, &s->root->pcp_next);
		s->root->pcp_next = pfn;
		SET(s, s->root->pcp_end, pfn + (1u << o));
		T_NOTE(s, "rmqueue_bulk", "the per-CPU list is filled", "pfn", pfn, "order", o,
		       SIM_U_PFN);
		return true;
	}
	return false;
}

u32 frame_alloc(struct sim *s, enum frame_kind kind, unsigned proc, u64 addr)
{
	struct root *r = s->root;
	u32 pfn;

	if (!sim_may_alloc(s, "frame"))
		return 0;
	if (r->pcp_next == r->pcp_end && !pcp_refill(s)) {
		s->failed = true;
		return 0;
	}
	pfn = (u32)r->pcp_next;
	SET(s, r->pcp_next, r->pcp_next + 1);
	SET(s, frame_at(s, pfn)->word,
	    ((struct frame){ .kind = kind & 0xf,
			     .proc = proc & 0xf,
			     .vpn = kind == FR_ANON || kind == FR_TABLE ?
					    (addr >> PAGE_SHIFT) & 0xfffffffff :
					    0 })
		    .word);
	T_EVENT(s, "rmqueue_pcplist", FRAME, "frame taken from the per-CPU list", pfn, SIM_U_PFN);
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
	return s->root->nr_free + s->root->pcp_end - s->root->pcp_next;
}

/* The free block that contains pfn, or -1. */
static int free_block(const struct sim *s, u64 pfn)
{
	if (pfn >= s->root->virgin && pfn < s->root->virgin_end)
		return MAX_ORDER;
	for (unsigned o = 0; o <= MAX_ORDER; o++) {
		const struct frame *f = frame_at(s, (u32)(pfn & ~((1ull << o) - 1)));

		if (f->kind == FR_FREE)
			return f->order >= o ? (int)f->order : -1;
	}
	return -1;
}

void sim_frame_get(const struct sim *s, uint64_t pfn, struct sim_frame *ret)
{
	static const enum sim_frame_kind kinds[] = {
		[FR_NONE] = SIM_FRAME_PCP,    [FR_FREE] = SIM_FRAME_FREE,
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
	if (pfn >= s->root->pcp_next && pfn < s->root->pcp_end) {
		ret->kind = SIM_FRAME_PCP;
		return;
	}
	if (f->kind == FR_NONE || f->kind == FR_FREE) {
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
