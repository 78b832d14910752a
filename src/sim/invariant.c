/* SPDX-License-Identifier: GPL-2.0-or-later
 * What must hold between operations: frames are conserved, map counts equal what the
 * page tables say, VMAs are sorted and disjoint, and the sums of the record agree.
 */
#include <stdlib.h>
#include "mmscope/buf.h"
#include "kside.h"
#include "phys.h"

struct check {
	const struct sim *s;
	u32 *maps;		/* map counts, by frame, up to used */
	u64 used, taken, stacks;	/* stacks: frames of kernel stacks */
	struct buf *why;
};

static bool fail(struct check *c, const char *fmt, unsigned proc, u64 a, u64 b)
{
	buf_addf(c->why, "P%u: ", proc);
	buf_addf(c->why, fmt, (unsigned long long)a, (unsigned long long)b);
	return false;
}

static bool free_lists(struct check *c)
{
	const struct sim *s = c->s;
	u64 n = s->root->virgin_end - s->root->virgin;

	for (unsigned i = 0; i < (MAX_ORDER + 1) * MIGRATE_TYPES; i++) {
		unsigned o = i / MIGRATE_TYPES, type = i % MIGRATE_TYPES;
		const struct area *a = &s->root->area[o][type];
		u64 blocks = 0;
		u32 prev = 0;

		for (u32 p = a->head; p; prev = p, p = (u32)frame_at(s, p)->next) {
			const struct frame *f = frame_at(s, p), *buddy = frame_at(s, p ^ (1u << o));

			if (f->kind != FR_FREE + type || f->order != o || f->prev != prev ||
			    p & ((1u << o) - 1))
				return fail(c,
					    "free list: frame %llu of order %llu is not in order",
					    0, p, o);
			if (o < MAX_ORDER && (p ^ (1u << o)) < s->nframes && frame_is_free(buddy) &&
			    buddy->order == o)
				return fail(c, "frame %llu of order %llu: its buddy is free too", 0, p, o);
			blocks++;
			n += 1ull << o;
		}
		if (blocks != a->blocks || a->tail != prev)
			return fail(c, "free list of order %llu: %llu blocks found", 0, o, blocks);
	}
	if (n != s->root->nr_free)
		return fail(c, "%llu frames in the free lists, %llu counted", 0, n,
			    s->root->nr_free);
	for (u64 p = 0; p < c->used; p++) {
		unsigned k = frame_at(s, (u32)p)->kind;

		c->taken += k != FR_NONE && k - FR_FREE >= MIGRATE_TYPES;
	}
	for (u64 p = s->root->virgin_end; s->root->virgin_end && p < s->nframes; p++) {
		unsigned k = frame_at(s, (u32)p)->kind;

		if (c->used < s->nframes)
			c->taken += k != FR_NONE && k - FR_FREE >= MIGRATE_TYPES;
	}
	if (c->taken + sim_frame_free(s) != s->nframes)
		return fail(c, "frames lost: %llu taken, %llu free", 0, c->taken,
			    sim_frame_free(s));
	return true;
}

static u64 count_tables(struct check *c, const jword *t, unsigned level, u64 by_level[])
{
	u64 n = 0;

	for (unsigned i = 0; i <= c->s->table_mask; i++) {
		if (!t[i])
			continue;
		if (level == 0) {
			if ((t[i] & PTE_P) && !(t[i] & PTE_ZERO) && PTE_PFN(t[i]) < c->s->nframes)
				c->maps[PTE_PFN(t[i])]++;
			continue;
		}
		if (frame_at(c->s, TABLE_PFN(t[i]))->kind != FR_TABLE)
			return UINT64_MAX / 2;
		by_level[level - 1]++;
		n += 1 + count_tables(c, c->s->base + TABLE_REF(t[i]), level - 1, by_level);
	}
	return n;
}

struct sums {
	u64 size, vm[VMC_NR], locked, anon, rss, n;
};

static bool walk_vmas(struct check *c, unsigned proc, const struct mm *mm, struct sums *t)
{
	const struct sim *s = c->s;
	u64 end = 0;
	ref prev = 0;

	for (const struct vma *v = vma_first(s, mm); v; v = vma_next(s, v)) {
		u64 n = vma_pages(v), f = v->flags;
		struct sim_vma sv = { .start = v->start, .end = v->end, .flags = f };

		if (v->start < end || v->end <= v->start || v->prev != prev)
			return fail(c, "VMA at 0x%llx does not follow 0x%llx", proc, v->start, end);
		if (vma_look(s, mm, v->start) != v || vma_look(s, mm, v->end - 1) != v)
			return fail(c, "VMA at 0x%llx is not found in the index (end 0x%llx)", proc,
				    v->start, v->end);
		if (v->start - end > AT(s, v->leaf, const struct leaf)->maxgap)
			return fail(c, "the gap below 0x%llx is larger than its bound %llu", proc,
				    v->start, AT(s, v->leaf, const struct leaf)->maxgap);
		if (!!v->anon_vma && !v->chain)
			return fail(c, "VMA at 0x%llx has anon_vma %llu but no chain", proc,
				    v->start, v->anon_vma);
		end = v->end;
		prev = REF(s, v);
		t->n++;
		t->size += n;
		for (unsigned k = 0; k < VMC_NR; k++)
			t->vm[k] += vm_counters(s, f, v->file) >> k & 1 ? n : 0;
		t->locked += f & VM_LOCKED ? n : 0;
		sim_vma_fill(s, proc, &sv);
		t->anon += sv.anonymous >> PAGE_SHIFT;
		t->rss += sv.rss >> PAGE_SHIFT;
	}
	return true;
}

static const char *const sum_text[VMC_NR] = {
	[VMC_EXEC] = "sum of exec %llu, exec_vm %llu",
	[VMC_STACK] = "sum of growsdown %llu, stack_vm %llu",
	[VMC_DATA] = "sum of data %llu, data_vm %llu",
	[VMC_SHARED] = "sum of file mappings %llu, shared_vm %llu",
};

static bool process(struct check *c, unsigned proc, const struct mm *mm)
{
	const struct sim *s = c->s;
	struct sums t = { 0 };
	u64 by_level[PROFILE_MAX_LEVELS] = { 0 };
	u64 tables, rss = (u64)mm->stat[STAT_ANON] + mm->stat[STAT_FILE] + mm->stat[STAT_SHMEM];

	if (!walk_vmas(c, proc, mm, &t))
		return false;
	if (s->prof->vma_index == SIM_INDEX_RBTREE && !vma_rb_check(s, mm))
		return fail(c, "the red-black tree of %llu VMAs is none", proc, t.n, 0);
	if (t.n != mm->map_count)
		return fail(c, "%llu VMAs, map_count %llu", proc, t.n, mm->map_count);
	if (t.size != mm->total_vm)
		return fail(c, "sum of sizes %llu, total_vm %llu", proc, t.size, mm->total_vm);
	for (unsigned k = 0; k < VMC_NR; k++)
		if (t.vm[k] != mm->vm[k])
			return fail(c, sum_text[k], proc, t.vm[k], mm->vm[k]);
	if (t.locked > mm->locked_vm ||
	    (t.locked != mm->locked_vm && !RULE(s, dontunmap_double_counts)))
		return fail(c, "sum of locked %llu, locked_vm %llu", proc, t.locked, mm->locked_vm);
	if (t.anon != mm->stat[STAT_ANON])
		return fail(c, "anonymous pages %llu, RssAnon %llu", proc, t.anon,
			    mm->stat[STAT_ANON]);
	if (t.rss != rss)
		return fail(c, "resident pages %llu, counters %llu", proc, t.rss, rss);
	tables = count_tables(c, s->base + mm->pgd, s->prof->levels - 1, by_level);
	if (by_level[0] != mm->nr_ptes || by_level[1] != mm->nr_pmds)
		return fail(c, "%llu pte tables and %llu pmd tables, counted differently", proc,
			    by_level[0], by_level[1]);
	if (tables != mm->nr_tables)
		return fail(c, "%llu page tables, %llu counted", proc, tables, mm->nr_tables);
	return true;
}

static bool map_counts(struct check *c)
{
	const struct sim *s = c->s;

	for (u64 p = 2; p < s->nframes; p++) {
		const struct frame *f;

		if (p == c->used) {
			if (!s->root->virgin_end)
				break;
			p = s->root->virgin_end;
			if (p >= s->nframes)
				break;
		}
		f = frame_at(s, (u32)p);
		c->stacks += f->kind == FR_KSTACK;
		if (f->kind == FR_NONE || frame_is_free(f) || f->kind == FR_BLOCK ||
		    f->kind == FR_TABLE || f->kind == FR_KSTACK)
			continue;
		if (frame_mapcount(f) != c->maps[p] + !!(f->flags & FRF_ELSEWHERE))
			return fail(c, "frame %llu is mapped %llu times, its count differs", 0, p,
				    c->maps[p]);
		if (f->kind == FR_ANON && !f->mapcount)
			return fail(c, "frame %llu: an anonymous page nobody maps (kind %llu)", 0,
				    p, f->kind);
		if (f->kind == FR_ANON && (f->flags & FRF_EXCLUSIVE) && f->mapcount != 1)
			return fail(c, "frame %llu is exclusive and mapped %llu times", 0, p,
				    f->mapcount);
	}
	return true;
}

bool sim_check(const struct sim *s, struct buf *ret)
{
	struct check c = { .s = s, .why = ret };
	bool ok;

	c.used = s->root->virgin && s->root->virgin < s->root->virgin_end ? s->root->virgin :
									    s->nframes;
	c.maps = calloc(s->nframes, sizeof(*c.maps));
	if (!c.maps)
		return true;
	ok = free_lists(&c);
	for (unsigned p = 0; ok && p < s->root->nprocs; p++) {
		const struct mm *mm =
			s->root->proc[p] ? AT(s, s->root->proc[p], const struct mm) : NULL;

		if (mm && mm->alive)
			ok = process(&c, p, mm);
	}
	ok = ok && map_counts(&c) && kside_ok(s, c.stacks, ret) && phys_check(s, ret);
	free(c.maps);
	return ok;
}
