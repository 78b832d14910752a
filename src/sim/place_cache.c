/* SPDX-License-Identifier: GPL-2.0-or-later
 * Placement before the tree of VMAs knew its gaps: the search begins where the last one
 * ended, and the largest hole seen on the way is remembered. Hence the place of a mapping
 * depends on what was mapped and unmapped before.
 */
#include "mm.h"

static void remember(struct sim *s, struct mm *mm, u64 cache, u64 hole)
{
	if (mm->free_area_cache != cache)
		SET(s, mm->free_area_cache, cache);
	if (mm->cached_hole_size != hole)
		SET(s, mm->cached_hole_size, hole);
}

void place_cache_reset(struct sim *s, struct mm *mm, bool unknown_hole)
{
	if (!RULE(s, gaps_in_tree))
		remember(s, mm, mm->mmap_base, unknown_hole ? UINT64_MAX : 0);
}

void place_cache_unmapped(struct sim *s, struct mm *mm, const struct vma *prev,
			  const struct vma *next)
{
	u64 addr, cache = mm->free_area_cache;

	if (RULE(s, gaps_in_tree))
		return;
	if (!mm->topdown) {
		addr = prev ? prev->end : mm->mmap_base;
		if (addr >= s->prof->unmapped_base && addr < cache) {
			T_CHANGE(s, "arch_unmap_area", "free_area_cache", cache, addr, SIM_U_ADDR);
			remember(s, mm, addr, UINT64_MAX);
		}
		return;
	}
	addr = next ? next->start : mm->mmap_base;
	if (addr > cache)
		cache = addr;
	if (cache > mm->mmap_base)
		cache = mm->mmap_base;
	T_CHANGE(s, "arch_unmap_area_topdown", "free_area_cache", mm->free_area_cache, cache,
		 SIM_U_ADDR);
	remember(s, mm, cache, mm->cached_hole_size);
}

static bool fits_below(const struct vma *v, u64 end)
{
	return !v || end <= v->start;
}

noinline int64_t cache_bottomup(struct sim *s, struct mm *mm, u64 len)
{
	u64 base = s->prof->unmapped_base, size = s->prof->task_size, hole = mm->cached_hole_size;
	u64 addr = len > hole ? mm->free_area_cache : base;
	bool full = addr == base;

	T_ENTER(s, "arch_get_unmapped_area", "from where the last search ended", "length", len,
		"free_area_cache", addr, SIM_U_HEX);
	if (len <= hole)
		hole = 0;
	for (struct vma *v = vma_find(s, mm, addr);; v = vma_next(s, v)) {
		if (size - len < addr) {
			if (full) {
				remember(s, mm, mm->free_area_cache, hole);
				return -ENOMEM;
			}
			T_NOTE(s, "arch_get_unmapped_area", "at the end: once more from the bottom",
			       "addr", base, NULL, 0, SIM_U_ADDR);
			full = true;
			hole = 0;
			addr = base;
			v = vma_find(s, mm, addr);
		}
		if (fits_below(v, addr + len)) {
			remember(s, mm, addr + len, hole);
			return (int64_t)addr;
		}
		if (addr + hole < v->start)
			hole = v->start - addr;
		addr = v->end;
	}
}

noinline int64_t cache_topdown(struct sim *s, struct mm *mm, u64 len)
{
	u64 hole = mm->cached_hole_size, addr = mm->free_area_cache;
	struct vma *v;

	T_ENTER(s, "arch_get_unmapped_area_topdown", "from where the last search ended", "length",
		len, "free_area_cache", addr, SIM_U_HEX);
	if (len <= hole) {
		T_NOTE(s, "arch_get_unmapped_area_topdown", "a hole above was large enough: from the top",
		       "cached_hole_size", hole, NULL, 0, SIM_U_BYTES);
		hole = 0;
		addr = mm->mmap_base;
	}
	if (addr > len && fits_below(vma_find(s, mm, addr - len), addr)) {
		remember(s, mm, addr - len, hole);
		return (int64_t)(addr - len);
	}
	addr = mm->mmap_base - len;
	for (bool room = mm->mmap_base >= len; room; room = len < v->start) {
		v = vma_find(s, mm, addr);
		if (fits_below(v, addr + len)) {
			remember(s, mm, addr, hole);
			return (int64_t)addr;
		}
		if (addr + hole < v->start)
			hole = v->start - addr;
		addr = v->start - len;
	}
	/* Bottom-up, from the base. */
	remember(s, mm, s->prof->unmapped_base, UINT64_MAX);
	return -ENOMEM;
}
