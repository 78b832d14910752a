/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a mapping goes: hints, fixed addresses, the search from mmap_base downwards or
 * from the bottom up, guard gaps and alignment to huge pages.
 */
#include <sys/mman.h>
#include "mm.h"

#ifndef MAP_32BIT
#define MAP_32BIT 0x40
#endif

static int64_t topdown(struct sim *s, struct mm *mm, u64 len, u64 low, u64 high)
{
	struct gap g;

	T_ENTER(s, "unmapped_area_topdown", "the highest hole that is large enough", "length", len,
		"high_limit", high, SIM_U_HEX);
	for (;;) {
		struct vma *above;

		if (!vma_gap_highest(s, mm, low, high, len, &g)) {
			T_RETURN(s, "unmapped_area_topdown", "no hole", ENOMEM, SIM_U_ERRNO);
			return -ENOMEM;
		}
		T_NOTE(s, "unmapped_area_topdown", "hole", "start", g.start, "end", g.end, SIM_U_ADDR);
		above = g.above;
		if (above && (above->flags & VM_GROWSDOWN)) {
			bool near = vm_start_gap(s, above) < g.end;

			T_TEST(s, "unmapped_area_topdown",
			       "the guard gap of the growsdown VMA above", "vm_start_gap",
			       vm_start_gap(s, above), LT, "gap_end", g.end, SIM_U_ADDR, near,
			       "search again below the gap", "take the upper end of the hole");
			if (near && !RULE(s, gap_search_restarts)) {
				g.end = vm_start_gap(s, above);
				if (g.end >= g.start + len)
					return (int64_t)(g.end - len);
				high = g.start;
				continue;
			}
			if (near) {
				high = vm_start_gap(s, above);
				continue;
			}
		}
		return (int64_t)(g.end - len);
	}
}

static int64_t bottomup(struct sim *s, struct mm *mm, u64 len, u64 low, u64 high)
{
	struct gap g;

	T_ENTER(s, "unmapped_area", "the lowest hole that is large enough", "length", len,
		"low_limit", low, SIM_U_HEX);
	for (;;) {
		if (!vma_gap_lowest(s, mm, low, high, len, &g)) {
			T_RETURN(s, "unmapped_area", "no hole", ENOMEM, SIM_U_ERRNO);
			return -ENOMEM;
		}
		if (g.above && (g.above->flags & VM_GROWSDOWN) &&
		    vm_start_gap(s, g.above) < g.start + len - 1) {
			low = g.above->end;
			continue;
		}
		return (int64_t)g.start;
	}
}

/* Without a tree of gaps the search goes on where the last one ended. */
static int64_t search(struct sim *s, struct mm *mm, bool down, u64 len, u64 low, u64 high)
{
	u64 min = s->prof->mmap_min_addr;

	if (!RULE(s, gaps_in_tree))
		return down ? cache_topdown(s, mm, len) : cache_bottomup(s, mm, len);
	if (low < min)
		low = min;
	return down ? topdown(s, mm, len, low, high) : bottomup(s, mm, len, low, high);
}

static noinline int64_t arch_bottomup(struct sim *s, struct mm *mm, u64 addr, u64 len, u32 flags)
{
	const struct sim_profile *p = s->prof;
	bool below_4g = (flags & MAP_32BIT) && p->low_end;
	u64 low = below_4g ? p->low_base : p->unmapped_base, high = below_4g ? p->low_end : p->task_size;

	if (flags & MAP_FIXED)
		return (int64_t)addr;
	if (len > high)
		return -ENOMEM;
	if (addr) {
		struct vma *v;

		addr = PAGE_ALIGN(addr);
		v = vma_find(s, mm, addr);
		if (high - len >= addr && (!v || addr + len <= vm_start_gap(s, v)))
			return (int64_t)addr;
	}
	return search(s, mm, false, len, low, high);
}

static bool hint_valid(const struct sim *s, u64 addr, u64 len)
{
	return s->prof->task_size - len >= addr;
}

static int64_t arch_get_unmapped_area(struct sim *s, struct mm *mm, u64 addr, u64 len, u32 flags)
{
	u64 hint = addr;
	int64_t r;

	if (!mm->topdown || ((flags & MAP_32BIT) && s->prof->low_end && !(flags & MAP_FIXED)))
		return arch_bottomup(s, mm, addr, len, flags);
	if (len > s->prof->task_size)
		return -ENOMEM;
	if (flags & MAP_FIXED)
		return (int64_t)addr;
	if (addr) {
		addr &= PAGE_MASK;
		if (hint_valid(s, addr, len)) {
			struct vma *v = vma_find(s, mm, addr);
			bool ok = !v || addr + len <= vm_start_gap(s, v);

			T_TEST(s, "arch_get_unmapped_area_topdown",
			       "the hint is free and clear of the guard gap", "addr + len",
			       addr + len, LE, "vm_start_gap of the next VMA",
			       v ? vm_start_gap(s, v) : UINT64_MAX, SIM_U_ADDR, ok,
			       "the hint is honoured", "search");
			if (ok)
				return (int64_t)addr;
		}
	}
	r = search(s, mm, true, len, PAGE_SIZE, mm->mmap_base);
	if (r >= 0)
		return r;
	r = arch_bottomup(s, mm, hint, len, flags);
	place_cache_reset(s, mm, true);
	return r;
}

/* A hole one huge page larger is looked for, and the mapping aligned inside it. */
static noinline int64_t thp_get_unmapped_area(struct sim *s, struct mm *mm, u64 addr, u64 len, u64 off,
				     u32 flags)
{
	u64 size = s->prof->thp_size, off_end = off + len,
	    off_align = (off + size - 1) & ~(size - 1), sub;
	int64_t r;

	/* The kernel compares file offsets, which have a sign: near 2^63 this lets one through. */
	if ((int64_t)off_end <= (int64_t)off_align || off_end - off_align < size)
		return 0;
	if (len + size < len || off + len + size < off)
		return 0;
	r = arch_get_unmapped_area(s, mm, addr, len + size, flags);
	if (r < 0)
		return 0;
	if ((u64)r == addr)
		return r;
	sub = (off - (u64)r) & (size - 1);
	if (mm->topdown && !sub && RULE(s, thp_aligns_topdown))
		sub = size;
	T_NOTE(s, "thp_get_unmapped_area", "aligned to huge pages inside a larger hole", "hole",
	       (u64)r, "addr", (u64)r + sub, SIM_U_ADDR);
	return r + (int64_t)sub;
}

/* Files on a file system, and private memory that has no address yet and could be all huge. */
static bool huge_wanted(const struct sim *s, u32 file, bool shared, u64 addr, u64 len, u32 flags)
{
	u64 size = s->prof->thp_size;

	if (file)
		return file < FILE_SHMEM && RULE(s, thp_aligns_file) && size && !(flags & MAP_FIXED);
	return !shared && !addr && RULE(s, thp_aligns_anon) && size && !(len & (size - 1));
}

int64_t get_unmapped_area(struct sim *s, struct mm *mm, u32 file, bool shared, u64 addr, u64 len,
			  u64 pgoff, u32 flags)
{
	const struct sim_profile *p = s->prof;
	int64_t r = 0;

	T_ENTER(s, "__get_unmapped_area", flags & MAP_FIXED ? "a fixed address" : "find a place",
		"addr", addr, "len", len, SIM_U_HEX);
	if (len <= p->task_size && (flags & MAP_FIXED) && addr > p->address_mask - MAX_ERRNO)
		return -(int64_t)(p->address_mask - addr + 1); /* an address that looks like an error is taken for one */
	if (len > p->task_size || ((flags & MAP_FIXED) && addr > p->task_size - len)) {
		T_TEST(s, "__get_unmapped_area", "beyond the end of user space", "addr", addr, GT,
		       "TASK_SIZE - len", p->task_size - len, SIM_U_ADDR, true, "ENOMEM", "go on");
		return -ENOMEM;
	}
	if (huge_wanted(s, file, shared, addr, len, flags))
		r = thp_get_unmapped_area(s, mm, addr, len, file ? pgoff << PAGE_SHIFT : 0, flags);
	if (!r)
		r = arch_get_unmapped_area(s, mm, addr, len, flags);
	if (r < 0)
		return r;
	if ((u64)r > p->task_size - len)
		return -ENOMEM;
	if ((u64)r & ~PAGE_MASK)
		return -EINVAL;
	if ((u64)r < p->dac_mmap_min_addr) {
		T_TEST(s, "cap_mmap_addr", "below mmap_min_addr, without the capability", "addr",
		       (u64)r, LT, "dac_mmap_min_addr", p->dac_mmap_min_addr, SIM_U_ADDR, true,
		       "EPERM", "go on");
		return -EPERM;
	}
	T_RETURN(s, "__get_unmapped_area", "address", (u64)r, SIM_U_ADDR);
	return r;
}

void place_pick_layout(struct sim *s, struct mm *mm)
{
	u64 limit = mm->limit[SIM_LIMIT_STACK];
	bool legacy = s->opt.bottomup;

	if (!RULE(s, infinite_stack_topdown)) {
		T_TEST(s, "mmap_is_legacy", "an unlimited stack", "RLIMIT_STACK", limit, EQ, NULL,
		       SIM_UNLIMITED, SIM_U_BYTES, limit == SIM_UNLIMITED,
		       "mappings are placed from the bottom up", "top-down");
		legacy = legacy || limit == SIM_UNLIMITED;
	}
	SET(s, mm->topdown, !legacy);
	SET(s, mm->mmap_base, legacy ? s->prof->unmapped_base : place_mmap_base(s, limit));
	place_cache_reset(s, mm, false);
}

u64 place_mmap_base(const struct sim *s, u64 stack_limit)
{
	const struct sim_profile *p = s->prof;
	u64 gap = stack_limit;

	if (gap + p->stack_guard_gap > gap)
		gap += p->stack_guard_gap;
	if (gap < p->mmap_gap_min)
		gap = p->mmap_gap_min;
	if (gap > p->mmap_gap_max)
		gap = p->mmap_gap_max;
	return PAGE_ALIGN(p->task_size - gap);
}
