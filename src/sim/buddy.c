/* SPDX-License-Identifier: GPL-2.0-or-later
 * The buddy allocator: free blocks of 2^order frames, orders 0 to 10, a list for each order
 * and migrate type. Memory that was never touched stands behind the movable list of the
 * highest order without being linked, so that a machine of many frames costs nothing.
 */
#include "mm.h"

static const char *const type_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "unmovable", [MIGRATE_MOVABLE] = "movable",
	[MIGRATE_RECLAIMABLE] = "reclaimable",
};

const char *sim_migratetype_name(unsigned type)
{
	return type < MIGRATE_TYPES ? type_names[type] : "";
}

/* ---- pageblocks ------------------------------------------------------------------------------ */

/* The word that holds the type of pfn's pageblock, and where in it. 0 is movable. */
static jword *block_word(const struct sim *s, u32 pfn, unsigned *shift)
{
	u64 n = pfn >> s->prof->zone->pageblock_order;

	*shift = n % 32 * 2;
	return &AT(s, s->root->pageblocks, jword)[n / 32];
}

static const u8 from_bits[] = { MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE };
static const u8 to_bits[] = { [MIGRATE_MOVABLE] = 0, [MIGRATE_UNMOVABLE] = 1, [MIGRATE_RECLAIMABLE] = 2 };

enum migratetype pageblock_type(const struct sim *s, u32 pfn)
{
	unsigned shift;
	const jword *w = block_word(s, pfn, &shift);

	return from_bits[*w >> shift & 3];
}

void pageblock_set_type(struct sim *s, u32 pfn, enum migratetype type)
{
	enum migratetype was = pageblock_type(s, pfn);
	unsigned shift;
	jword *w = block_word(s, pfn, &shift);

	if (was == type)
		return;
	SET(s, *w, (*w & ~(3ull << shift)) | (u64)to_bits[type] << shift);
	SUB(s, s->root->pageblock[was], 1);
	ADD(s, s->root->pageblock[type], 1);
	T_NOTE(s, "set_pageblock_migratetype", type_names[type], "pfn", pfn, NULL, 0, SIM_U_PFN);
}

/* ---- the lists ------------------------------------------------------------------------------- */

static struct frame free_frame(unsigned order, enum migratetype type)
{
	return (struct frame){ .kind__ = (FR_FREE + type) & 0xf, .order__ = order & 0xf };
}

static void list_push(struct sim *s, u32 pfn, unsigned order, enum migratetype type)
{
	struct area *a = &s->root->area[order][type];
	struct frame *f = frame_at(s, pfn);

	j_save(s, f);
	*f = free_frame(order, type);
	f->next = a->head & 0xfffffff;
	if (a->head) {
		j_save(s, frame_at(s, a->head));
		frame_at(s, a->head)->prev = pfn & 0xfffffff;
	}
	j_save(s, &a->head);
	a->head = pfn;
	if (!a->tail)
		a->tail = pfn;
	ADD(s, a->blocks, 1);
}

static void list_push_tail(struct sim *s, u32 pfn, unsigned order, enum migratetype type)
{
	struct area *a = &s->root->area[order][type];
	struct frame *f = frame_at(s, pfn);

	if (!a->tail) {
		list_push(s, pfn, order, type);
		return;
	}
	j_save(s, f);
	*f = free_frame(order, type);
	f->prev = a->tail & 0xfffffff;
	j_save(s, frame_at(s, a->tail));
	frame_at(s, a->tail)->next = pfn & 0xfffffff;
	SET(s, a->tail, pfn);
	ADD(s, a->blocks, 1);
}

static void list_remove(struct sim *s, u32 pfn)
{
	struct frame *f = frame_at(s, pfn);
	struct area *a = &s->root->area[f->order][f->kind - FR_FREE];

	if (f->prev) {
		j_save(s, frame_at(s, (u32)f->prev));
		frame_at(s, (u32)f->prev)->next = f->next;
	}
	if (f->next) {
		j_save(s, frame_at(s, (u32)f->next));
		frame_at(s, (u32)f->next)->prev = f->prev;
	}
	if (a->head == pfn || a->tail == pfn) {
		j_save(s, &a->head);
		if (a->head == pfn)
			a->head = (u32)f->next;
		if (a->tail == pfn)
			a->tail = (u32)f->prev;
	}
	SUB(s, a->blocks, 1);
	SET(s, f->word, 0);
}

u64 buddy_blocks(const struct sim *s, unsigned order, enum migratetype type)
{
	u64 n = s->root->area[order][type].blocks;

	if (order == MAX_ORDER && type == MIGRATE_MOVABLE)
		n += (s->root->virgin_end - s->root->virgin) >> MAX_ORDER;
	return n;
}

/* ---- taking ------------------------------------------------------------------------------------ */

/* The first block of a list; it is in no list then. */
static u32 take_first(struct sim *s, unsigned order, enum migratetype type)
{
	struct root *r = s->root;
	u32 pfn = r->area[order][type].head;

	if (pfn) {
		list_remove(s, pfn);
	} else if (order == MAX_ORDER && type == MIGRATE_MOVABLE && r->virgin < r->virgin_end) {
		pfn = (u32)r->virgin;
		ADD(s, r->virgin, 1ull << MAX_ORDER);
	}
	return pfn;
}

/* expand(): the upper halves go back, the caller keeps the lowest part. */
static void expand(struct sim *s, u32 pfn, unsigned order, unsigned from, enum migratetype type)
{
	while (from > order) {
		from--;
		list_push(s, pfn + (1u << from), from, type);
		T_NOTE(s, "expand", "upper half goes to its free list", "pfn", pfn + (1u << from),
		       "order", from, SIM_U_PFN);
	}
}

static u32 rmqueue_smallest(struct sim *s, unsigned order, enum migratetype type)
{
	for (unsigned o = order; o <= MAX_ORDER; o++) {
		u32 pfn = take_first(s, o, type);

		if (!pfn)
			continue;
		T_NOTE(s, "__rmqueue_smallest", type_names[type], "pfn", pfn, "order", o, SIM_U_PFN);
		expand(s, pfn, order, o, type);
		return pfn;
	}
	return 0;
}

/* What a pageblock holds: its free frames, and those in use that can move. */
struct holds { u64 free, movable; };

static struct holds pageblock_holds(const struct sim *s, u32 start, u32 end)
{
	struct holds h = { 0, 0 };

	for (u32 p = start; p < end;) {
		const struct frame *f = frame_at(s, p);

		if (frame_is_free(f)) {
			h.free += 1ull << f->order;
			p += 1u << f->order;
			continue;
		}
		h.movable += f->kind == FR_ANON || f->kind == FR_FILE || f->kind == FR_SHMEM ||
			     (f->kind == FR_BLOCK && f->flags == MIGRATE_MOVABLE);
		p++;
	}
	return h;
}

static void move_freepages(struct sim *s, u32 start, u32 end, enum migratetype type)
{
	for (u32 p = start; p < end;) {
		const struct frame *f = frame_at(s, p);
		unsigned order = (unsigned)f->order;

		if (!frame_is_free(f)) {
			p++;
			continue;
		}
		if (f->kind != FR_FREE + type) {
			list_remove(s, p);
			list_push(s, p, order, type);
		}
		p += 1u << order;
	}
}

static bool may_claim(struct sim *s, unsigned order, enum migratetype type)
{
	unsigned half = s->prof->zone->pageblock_order / 2;
	bool claim = order >= half || type == MIGRATE_RECLAIMABLE ||
		     (type == MIGRATE_UNMOVABLE && RULE(s, unmovable_claims));

	T_TEST(s, s->prof->zone->may_claim, type_names[type], "order", order, GE, "pageblock_order / 2", half,
	       SIM_U_COUNT, claim, "the pageblock may be claimed", "only this block is borrowed");
	return claim;
}

/* Whether enough of the block's pageblock is free, or in use by the like of type. */
static bool worth_claiming(struct sim *s, const struct holds *h, enum migratetype from, enum migratetype type)
{
	u64 all = 1ull << s->prof->zone->pageblock_order, alike = 0;

	if (RULE(s, alike_counted))
		alike = type == MIGRATE_MOVABLE ? h->movable :
			from == MIGRATE_MOVABLE ? all - h->free - h->movable : 0;
	T_TEST(s, s->prof->zone->claim, alike ? "free, or in use by its like" : "free in the pageblock", "frames",
	       h->free + alike, GE, "half", all / 2, SIM_U_PAGES, h->free + alike >= all / 2,
	       "the pageblock changes its type", "it keeps its type");
	return h->free + alike >= all / 2;
}

/* The block is the first of another type's list and still there; it becomes what is asked for
 * once the list it is in then is looked at. Returns the type of the list that the remainder
 * goes to. */
static enum migratetype claim(struct sim *s, u32 pfn, unsigned order, enum migratetype from,
			      enum migratetype type)
{
	unsigned pb = s->prof->zone->pageblock_order;
	u32 start = pfn & ~((1u << pb) - 1), end = start + (1u << pb);
	struct holds h;
	bool worth;

	if (order >= pb) {
		for (u32 p = pfn; p < pfn + (1u << order); p += 1u << pb)
			pageblock_set_type(s, p, type);
		return type;
	}
	if (!may_claim(s, order, type) || end > s->nframes)
		return RULE(s, remainder_keeps_type) ? from : type;
	h = pageblock_holds(s, start, end);
	worth = worth_claiming(s, &h, from, type);
	if (worth || !RULE(s, claims_whole))
		move_freepages(s, start, end, type);
	if (worth)
		pageblock_set_type(s, pfn, type);
	return worth || !RULE(s, remainder_keeps_type) || !RULE(s, claims_whole) ? type : from;
}

/* The first other type, in the order of its fallbacks, that has a block; MIGRATE_TYPES: none. */
static enum migratetype fallback_of(const struct sim *s, unsigned order, enum migratetype type)
{
	/* Whose lists are looked at when one's own have nothing, in this order. */
	static const enum migratetype fallbacks[MIGRATE_TYPES][MIGRATE_TYPES - 1] = {
		[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
		[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
		[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
	};

	for (unsigned i = 0; i < MIGRATE_TYPES - 1; i++)
		if (buddy_blocks(s, order, fallbacks[type][i]))
			return fallbacks[type][i];
	return MIGRATE_TYPES;
}

/* The block to take when one's own lists are empty: the largest, since whoever must mix types
 * had better do it once; the smallest, where movable memory only borrows. */
static unsigned fallback_order(struct sim *s, unsigned order, enum migratetype type)
{
	unsigned o = MAX_ORDER;

	while (o > order && fallback_of(s, o, type) == MIGRATE_TYPES)
		o--;
	if (fallback_of(s, o, type) == MIGRATE_TYPES)
		return MAX_ORDER + 1;
	if (type != MIGRATE_MOVABLE || o >= s->prof->zone->pageblock_order / 2 || !RULE(s, borrows_smallest))
		return o;
	for (o = order; fallback_of(s, o, type) == MIGRATE_TYPES;)
		o++;
	return o;
}

static u32 rmqueue_fallback(struct sim *s, unsigned order, enum migratetype type)
{
	unsigned o = fallback_order(s, order, type);
	enum migratetype from, rest;
	u32 pfn;

	if (o > MAX_ORDER)
		return 0;
	from = fallback_of(s, o, type);
	pfn = take_first(s, o, from);
	T_NOTE(s, s->prof->zone->fallback, type_names[from], "pfn", pfn, "order", o, SIM_U_PFN);
	/* While its pageblock is counted, the block is free. */
	list_push(s, pfn, o, from);
	rest = claim(s, pfn, o, from, type);
	list_remove(s, pfn);
	expand(s, pfn, order, o, rest);
	return pfn;
}

u32 buddy_alloc(struct sim *s, unsigned order, enum migratetype type)
{
	u32 pfn = rmqueue_smallest(s, order, type);

	if (!pfn)
		pfn = rmqueue_fallback(s, order, type);
	if (!pfn) {
		T_NOTE(s, "__rmqueue", "no free block of the order or above", "order", order, NULL, 0,
		       SIM_U_COUNT);
		return 0;
	}
	SUB(s, s->root->nr_free, 1ull << order);
	return pfn;
}

u32 buddy_alloc_batch(struct sim *s, unsigned *order, enum migratetype type)
{
	for (unsigned o = *order + 1; o-- > 0;) {
		u32 pfn = rmqueue_smallest(s, o, type);

		if (!pfn)
			continue;
		SUB(s, s->root->nr_free, 1ull << o);
		*order = o;
		return pfn;
	}
	for (unsigned o = *order + 1; o-- > 0;)
		if (fallback_order(s, o, type) <= MAX_ORDER) {
			*order = o;
			return buddy_alloc(s, o, type);
		}
	return buddy_alloc(s, 0, type);
}

u32 buddy_take_first(struct sim *s, unsigned order)
{
	for (unsigned t = 0; t < MIGRATE_TYPES; t++) {
		u32 pfn = take_first(s, order, t);

		if (!pfn)
			continue;
		SUB(s, s->root->nr_free, 1ull << order);
		return pfn;
	}
	return 0;
}

void buddy_take(struct sim *s, u32 pfn)
{
	SUB(s, s->root->nr_free, 1ull << frame_at(s, pfn)->order);
	list_remove(s, pfn);
}

/* ---- giving back ------------------------------------------------------------------------------- */

static bool buddy_is_free(struct sim *s, u32 pfn, unsigned order)
{
	const struct frame *f = frame_at(s, pfn);

	return pfn < s->nframes && frame_is_free(f) && f->order == order;
}

void buddy_free(struct sim *s, u32 pfn, unsigned order)
{
	enum migratetype type = pageblock_type(s, pfn);
	unsigned o = order;

	ADD(s, s->root->nr_free, 1ull << order);
	while (o < MAX_ORDER) {
		u32 buddy = pfn ^ (1u << o);

		if (!buddy_is_free(s, buddy, o))
			break;
		T_NOTE(s, "__free_one_page", "the buddy is free: joined", "pfn", buddy, "order", o,
		       SIM_U_PFN);
		list_remove(s, buddy);
		if (frame_at(s, pfn)->word)
			SET(s, frame_at(s, pfn)->word, 0);
		pfn &= buddy;
		o++;
	}
	/* A block whose next larger merge is near stands last, to be taken late. */
	if (o < MAX_ORDER - 1 && buddy_is_free(s, (pfn & ~(1u << o)) ^ (1u << (o + 1)), o + 1))
		list_push_tail(s, pfn, o, type);
	else
		list_push(s, pfn, o, type);
}

/* ---- the start ------------------------------------------------------------------------------------ */

/* Frame 0 stays reserved, frame 1 is the zero page. Everything begins movable. */
bool buddy_init(struct sim *s, u64 npages)
{
	struct root *r = s->root;
	u64 block = 1ull << MAX_ORDER, end = npages & ~(block - 1);
	u64 pageblocks = (npages >> s->prof->zone->pageblock_order) + 1;
	void *types = arena_alloc(s, (pageblocks + 31) / 32 * 8, "types of the pageblocks");

	if (!types)
		return false;
	r->pageblocks = REF(s, types);
	r->pageblock[MIGRATE_MOVABLE] = pageblocks;
	r->virgin = end >= block ? block : 0;
	r->virgin_end = end;
	s->frame[0].kind = FR_RESERVED;
	s->frame[1].kind = FR_ZERO;
	if (end < block)
		r->virgin_end = 0;
	for (u64 p = end >= block ? block : npages; p > 2;) {	/* the first block, from its end */
		unsigned o = 0;

		while (o < MAX_ORDER && !(p & (1ull << o)))
			o++;
		while (p - (1ull << o) < 2)
			o--;
		p -= 1ull << o;
		list_push(s, (u32)p, o, MIGRATE_MOVABLE);
		r->nr_free += 1ull << o;
	}
	if (end >= block) {
		r->nr_free += end - block;
		for (u64 p = end; p < npages;) { /* the rest behind the last whole block */
			unsigned o = MAX_ORDER;

			while ((p & ((1ull << o) - 1)) || p + (1ull << o) > npages)
				o--;
			list_push_tail(s, (u32)p, o, MIGRATE_MOVABLE);
			r->nr_free += 1ull << o;
			p += 1ull << o;
		}
	}
	return true;
}

uint64_t sim_free_blocks(const struct sim *s, unsigned order)
{
	u64 n = 0;

	for (unsigned t = 0; order <= MAX_ORDER && t < MIGRATE_TYPES; t++)
		n += buddy_blocks(s, order, t);
	return n;
}

uint64_t sim_free_blocks_of(const struct sim *s, unsigned order, unsigned type)
{
	return order <= MAX_ORDER && type < MIGRATE_TYPES ? buddy_blocks(s, order, type) : 0;
}

uint64_t sim_pageblocks(const struct sim *s, unsigned type)
{
	return type < MIGRATE_TYPES ? s->root->pageblock[type] : 0;
}

unsigned sim_pageblock_type(const struct sim *s, uint64_t pfn)
{
	return pageblock_type(s, (u32)pfn);
}

unsigned sim_pageblock_order(const struct sim *s)
{
	return s->prof->zone->pageblock_order;
}

size_t sim_free_list(const struct sim *s, unsigned order, uint64_t *pfns, size_t max)
{
	size_t n = 0;

	if (order > MAX_ORDER)
		return 0;
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		for (u32 p = s->root->area[order][t].head; p && n < max; p = (u32)frame_at(s, p)->next)
			pfns[n++] = p;
	if (order == MAX_ORDER)
		for (u64 p = s->root->virgin; p < s->root->virgin_end && n < max;
		     p += 1u << MAX_ORDER)
			pfns[n++] = p;
	return n;
}
