/* SPDX-License-Identifier: GPL-2.0-or-later
 * The zone: its watermarks, and what becomes of a request for a block of some order when
 * memory is short or in pieces.
 */
#include "mm.h"

#define ZONE(pageblock, most, alloc_, retry_, fallback_, may_claim_, claim_)			\
	{ .pageblock_order = (pageblock), .min_free_kbytes_max = (most), .costly_order = 3,	\
	  .alloc = (alloc_), .retry = (retry_), .fallback = (fallback_), .may_claim = (may_claim_), .claim = (claim_) }

/* Without PAE a huge page has 4 MiB. */
const struct sim_zone sim_zone_2_6_39_i386 =
	ZONE(10, 65536, "__alloc_pages_nodemask", "should_alloc_retry", "__rmqueue_fallback", "__rmqueue_fallback",
	     "__rmqueue_fallback");
const struct sim_zone sim_zone_3_10 =
	ZONE(9, 65536, "__alloc_pages_nodemask", "should_alloc_retry", "__rmqueue_fallback", "__rmqueue_fallback",
	     "__rmqueue_fallback");
const struct sim_zone sim_zone_4_3 =
	ZONE(9, 65536, "__alloc_pages_nodemask", "__alloc_pages_slowpath", "__rmqueue_fallback",
	     "can_steal_fallback", "steal_suitable_fallback");
const struct sim_zone sim_zone_5_10 =
	ZONE(9, 262144, "__alloc_pages_nodemask", "should_reclaim_retry", "__rmqueue_fallback",
	     "can_steal_fallback", "steal_suitable_fallback");
const struct sim_zone sim_zone_6_1 =
	ZONE(9, 262144, "__alloc_pages", "should_reclaim_retry", "__rmqueue_fallback", "can_steal_fallback",
	     "steal_suitable_fallback");
const struct sim_zone sim_zone_6_12 =
	ZONE(9, 262144, "__alloc_pages_noprof", "should_reclaim_retry", "__rmqueue_fallback", "can_steal_fallback",
	     "steal_suitable_fallback");
const struct sim_zone sim_zone_6_16 =
	ZONE(9, 262144, "__alloc_frozen_pages_noprof", "should_reclaim_retry", "__rmqueue_claim",
	     "should_try_claim_block", "try_to_claim_block");

static u64 int_sqrt(u64 x)
{
	u64 r = 0;

	for (u64 bit = 1ull << 31; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= x)
			r += bit;
	return r;
}

/* init_per_zone_wmark_min, __setup_per_zone_wmarks */
void zone_init(struct sim *s)
{
	u64 kb = s->nframes * (PAGE_SIZE / 1024), min = int_sqrt(kb * 16), step;
	u64 most = s->prof->zone->min_free_kbytes_max;

	min = min < 128 ? 128 : min > most ? most : min;
	min /= PAGE_SIZE / 1024;
	step = min / 4;
	if (RULE(s, watermark_scaled) && step < s->nframes / 1000)
		step = s->nframes / 1000;
	s->root->wmark[WMARK_MIN] = min;
	s->root->wmark[WMARK_LOW] = min + step;
	s->root->wmark[WMARK_HIGH] = min + 2 * step;
}

static const char *const mark_names[] = {
	[WMARK_MIN] = "min", [WMARK_LOW] = "low", [WMARK_HIGH] = "high",
};

/* The order of the largest free block; 0 when nothing is free, too. */
static unsigned largest(const struct sim *s)
{
	unsigned o = MAX_ORDER;

	while (o && !sim_free_blocks(s, o))
		o--;
	return o;
}

static bool has_block(const struct sim *s, unsigned order)
{
	unsigned o = largest(s);

	return o >= order && sim_free_blocks(s, o);
}

/* Up to 4.3: what lies in smaller blocks does not count, and half of the mark is enough for
 * each order. */
static bool orders_ok(struct sim *s, unsigned order, int64_t free, u64 min, bool say)
{
	for (unsigned o = 0; o < order; o++) {
		free -= (int64_t)(sim_free_blocks(s, o) << o);
		min >>= 1;
		if (say)
			T_TEST(s, "__zone_watermark_ok", "without the blocks of smaller orders", "free",
			       free > 0 ? (u64)free : 0, GT, "half of the mark before", min, SIM_U_PAGES,
			       free > (int64_t)min, "enough in larger blocks", "too little in larger blocks");
		if (free <= (int64_t)min)
			return false;
	}
	return true;
}

bool zone_watermark_ok(struct sim *s, unsigned order, enum wmark mark, bool say)
{
	u64 min = s->root->wmark[mark], block = 1ull << order;
	int64_t free = (int64_t)s->root->nr_free - (int64_t)(RULE(s, watermark_exact) ? block - 1 : block + 1);
	bool ok = free > (int64_t)min;

	if (say)
		T_TEST(s, "__zone_watermark_ok", mark_names[mark], "free without the block", free > 0 ? (u64)free : 0,
		       GT, "mark", min, SIM_U_PAGES, ok, "enough is free", "too little is free");
	if (!ok || !order)
		return ok;
	if (!RULE(s, watermark_any_block))
		return orders_ok(s, order, free, min, say);
	ok = has_block(s, order);
	if (say)
		T_TEST(s, "__zone_watermark_ok", "a block that is large enough", "order", order, LE, "largest",
		       largest(s), SIM_U_COUNT, ok, "any one will do", "no block is large enough");
	return ok;
}

static u32 from_freelist(struct sim *s, unsigned order, enum migratetype type, enum wmark mark)
{
	u32 pfn;
	T_ENTER(s, "get_page_from_freelist", mark_names[mark], "order", order, NULL, 0, SIM_U_COUNT);

	if (!zone_watermark_ok(s, order, mark, true))
		return 0;
	pfn = buddy_alloc(s, order, type);
	if (pfn)
		T_EVENT(s, "rmqueue", FRAME, "block taken", pfn, SIM_U_PFN);
	return pfn;
}

static u32 slowpath(struct sim *s, unsigned order, enum migratetype type, enum alloc_end *end)
{
	unsigned costly = s->prof->zone->costly_order;
	u32 pfn;
	T_ENTER(s, "__alloc_pages_slowpath", "kswapd is woken; the request looks again", "order", order, NULL,
		0, SIM_U_COUNT);

	pfn = from_freelist(s, order, type, WMARK_MIN);
	if (pfn || s->failed)
		return pfn;
	if (order && compact_zone(s, order)) {
		pfn = from_freelist(s, order, type, WMARK_MIN);
		if (pfn)
			return pfn;
	}
	T_TEST(s, s->prof->zone->retry, "not costly: the kernel insists", "order", order, LE,
	       "PAGE_ALLOC_COSTLY_ORDER", costly, SIM_U_COUNT, order <= costly,
	       "reclaim, compact, kill, and again", "page allocation failure");
	*end = order <= costly ? ALLOC_STALLED : ALLOC_FAILED;
	return 0;
}

u32 alloc_pages_order(struct sim *s, unsigned order, enum migratetype type, enum alloc_end *end)
{
	u32 pfn;
	T_ENTER(s, s->prof->zone->alloc, "a block for the kernel, GFP_KERNEL", "order", order, "bytes",
		PAGE_SIZE << order, SIM_U_COUNT);

	*end = ALLOC_FAILED;
	if (!sim_may_alloc(s, "block"))
		return 0;
	pfn = from_freelist(s, order, type, WMARK_LOW);
	if (!pfn && !s->failed)
		pfn = slowpath(s, order, type, end);
	if (pfn)
		*end = ALLOC_OK;
	return pfn;
}

uint64_t sim_watermark(const struct sim *s, unsigned which)
{
	return which < 3 ? s->root->wmark[which] : 0;
}
