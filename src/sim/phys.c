/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks of physical memory that somebody holds: one block, or the many frames that
 * fragment keeps so that what is free lies in pieces.
 */
#include "phys.h"

#include "kside.h"

#include "mmscope/buf.h"

enum { BLOCK_GONE, BLOCK_HELD, BLOCK_FILLER };

static struct block *blocks(const struct sim *s)
{
	return AT(s, s->root->blocks, struct block);
}

static struct frame held_frame(unsigned block, unsigned order, unsigned type)
{
	return (struct frame){ .kind = FR_BLOCK, .order = order & 0xf, .flags = type & 0xf, .vpn = block };
}

/* A new row of the table; NULL: the table is full, or could not be made. */
static struct block *new_block(struct sim *s)
{
	struct root *r = s->root;

	if (!r->blocks) {
		void *table = arena_alloc(s, SIM_MAX_BLOCKS * sizeof(struct block), "named blocks");

		if (!table)
			return NULL;
		SET(s, r->blocks, REF(s, table));
	}
	return r->nblocks < SIM_MAX_BLOCKS ? &blocks(s)[r->nblocks] : NULL;
}

static void note_block(struct sim *s, struct block *b, u32 pfn, unsigned order, unsigned type, unsigned state)
{
	j_save(s, b);
	*b = (struct block){ .pfn = pfn, .order = (u16)order, .type = (u8)type, .state = (u8)state };
	ADD(s, s->root->nblocks, 1);
}

static void fails(struct sim_result *res, enum alloc_end end)
{
	res->status = end == ALLOC_STALLED ? SIM_STALLS : SIM_ERRNO;
	res->err = ENOMEM;
}

void op_alloc(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct block *b = new_block(s);
	unsigned order = (unsigned)op->len, type = op->flags;
	enum alloc_end end = ALLOC_FAILED;
	u32 pfn;

	if (type >= MIGRATE_TYPES) {
		skip(res, "there is no such migrate type");
		return;
	}
	if (op->len > MAX_ORDER) {
		T_TEST(s, s->prof->zone->alloc, "orders end here", "order", op->len, GT, "MAX_ORDER", MAX_ORDER,
		       SIM_U_COUNT, true, "ENOMEM, with a warning", "go on");
		fails(res, ALLOC_FAILED);
		return;
	}
	pfn = b ? alloc_pages_order(s, order, type, &end) : 0;
	if (!pfn) {
		fails(res, end);
		return;
	}
	for (u32 i = 0; i < 1u << order; i++)
		SET(s, frame_at(s, pfn + i)->word, held_frame((unsigned)s->root->nblocks, order, type).word);
	res->ret = s->root->nblocks;
	note_block(s, b, pfn, order, type, BLOCK_HELD);
}

static void free_filler(struct sim *s, unsigned block)
{
	for (u64 p = 0; p < s->nframes; p++) {
		struct frame *f = frame_at(s, (u32)p);

		if (f->kind != FR_BLOCK || f->vpn != block)
			continue;
		SET(s, f->word, 0);
		buddy_free(s, (u32)p, 0);
	}
}

void op_free(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	unsigned n = (unsigned)op->value - 1;
	struct block *b = op->value && n < s->root->nblocks ? &blocks(s)[n] : NULL;

	if (!b || b->state == BLOCK_GONE) {
		skip(res, "it was freed already");
		return;
	}
	T_EVENT(s, "__free_pages", FRAME_FREED, b->state == BLOCK_FILLER ? "all its frames go back" :
		"the block goes back", b->pfn, SIM_U_PFN);
	if (b->state == BLOCK_FILLER) {
		free_filler(s, n);
	} else {
		for (u32 i = 0; i < 1u << b->order; i++)
			SET(s, frame_at(s, b->pfn + i)->word, 0);
		buddy_free(s, b->pfn, b->order);
	}
	j_save(s, b);
	b->state = BLOCK_GONE;
}

/* ---- fragment ------------------------------------------------------------------------------ */

/* splitmix64: the same pieces on every machine for the same seed. */
static u64 next_random(u64 *x)
{
	u64 z = *x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

#define FRAGMENT_MOST (1ull << 18)	/* frames: 1 GiB */

static const char *const type_held[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "the other frames are held, unmovable",
	[MIGRATE_MOVABLE] = "the other frames are held, movable",
	[MIGRATE_RECLAIMABLE] = "the other frames are held, reclaimable",
};

struct pieces {
	struct sim *s;
	unsigned block, keep, type;
	u64 random, free, wanted;	/* frames: free again so far, wanted */
};

static void hold(struct pieces *p, u32 pfn, u32 n)
{
	for (u32 i = 0; i < n; i++)
		SET(p->s, frame_at(p->s, pfn + i)->word, held_frame(p->block, 0, p->type).word);
}

/* Of two buddies at most one is free: no piece can grow beyond its order. */
static void cut_pair(struct pieces *p, u32 pfn)
{
	u32 n = 1u << p->keep, lower = next_random(&p->random) & 1 ? 0 : n;

	hold(p, pfn + lower, n);
	if (p->free + n > p->wanted) {
		hold(p, pfn + (n - lower), n);
		return;
	}
	p->free += n;
	buddy_free(p->s, pfn + (n - lower), p->keep);
}

/* A free block of a higher order, out of its list. */
static u32 take_larger(struct sim *s, unsigned keep, unsigned *order)
{
	for (unsigned o = MAX_ORDER; o > keep; o--) {
		u32 pfn = buddy_take_first(s, o);

		if (!pfn)
			continue;
		*order = o;
		return pfn;
	}
	return 0;
}

/* Thousands of steps that are all the same; false: the history would not hold them. */
static bool cut_all(struct pieces *p)
{
	sim_trace_fn trace = p->s->trace;
	unsigned order;
	bool room = true;
	u32 pfn;

	p->s->trace = NULL;
	while (room && (pfn = take_larger(p->s, p->keep, &order))) {
		for (u32 i = 0; i < 1u << order; i += 2u << p->keep)
			cut_pair(p, pfn + i);
		room = journal_room(p->s);
	}
	p->s->trace = trace;
	return room;
}

void op_fragment(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct block *b;
	struct pieces p = {
		.s = s, .block = (unsigned)s->root->nblocks, .keep = (unsigned)op->len, .type = op->flags,
		.random = s->opt.seed,
	};
	u64 small = 0, before = s->root->nr_free;

	if (op->len > MAX_ORDER || p.type >= MIGRATE_TYPES || op->value > 100) {
		skip(res, "pieces are of an order up to 10, of a migrate type, and at most all of what is free");
		return;
	}
	T_ENTER(s, "(fragment)", "free memory is cut into pieces", "largest order", op->len, "percent free",
		op->value, SIM_U_COUNT);

	if (before > FRAGMENT_MOST) {
		skip(res, "more than 1G is free: the head must say ram 64M");
		return;
	}
	b = new_block(s);
	if (!b || !sim_may_alloc(s, "fragments")) {
		fails(res, ALLOC_FAILED);
		return;
	}
	for (unsigned o = 0; o <= p.keep; o++)
		small += sim_free_blocks(s, o) << o;
	p.wanted = before * op->value / 100;
	p.wanted = p.wanted > small ? p.wanted - small : 0;
	if (!cut_all(&p)) {
		s->failed = true;
		return;
	}
	T_NOTE(s, "(fragment)", type_held[p.type], "frames held", before - s->root->nr_free, "frames free",
	       s->root->nr_free, SIM_U_PAGES);
	res->ret = s->root->nblocks;
	note_block(s, b, 0, 0, p.type, BLOCK_FILLER);
}

void phys_block_moved(struct sim *s, unsigned block, u32 to)
{
	struct block *b = &blocks(s)[block];

	if (b->state == BLOCK_HELD) {
		j_save(s, b);
		b->pfn = to;
	}
}

static bool pageblocks_counted(const struct sim *s, struct buf *why)
{
	u64 n[MIGRATE_TYPES] = { 0 }, size = 1ull << s->prof->zone->pageblock_order;

	for (u64 p = 0; p <= s->nframes; p += size)
		n[pageblock_type(s, (u32)p)]++;
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		if (n[t] != s->root->pageblock[t]) {
			buf_addf(why, "%llu pageblocks are %s, %llu are counted", (unsigned long long)n[t],
				 sim_migratetype_name(t), (unsigned long long)s->root->pageblock[t]);
			return false;
		}
	return true;
}

/* Every frame that is held belongs to a block that is held, and the other way round. */
bool phys_check(const struct sim *s, struct buf *why)
{
	u64 used = s->root->virgin && s->root->virgin < s->root->virgin_end ? s->root->virgin : s->nframes;
	u64 held = 0;

	for (unsigned n = 0; n < s->root->nblocks; n++) {
		const struct block *b = &blocks(s)[n];

		for (u32 i = 0; b->state == BLOCK_HELD && i < 1u << b->order; i++, held++) {
			const struct frame *f = frame_at(s, b->pfn + i);

			if (f->kind != FR_BLOCK || f->vpn != n) {
				buf_addf(why, "block %u: frame %u is not its", n, b->pfn + i);
				return false;
			}
		}
	}
	for (u64 p = 0; s->root->nblocks && p < used; p++) {
		const struct frame *f = frame_at(s, (u32)p);

		if (f->kind != FR_BLOCK)
			continue;
		if (f->vpn >= s->root->nblocks || blocks(s)[f->vpn].state == BLOCK_GONE) {
			buf_addf(why, "frame %llu is held by a block that is gone", (unsigned long long)p);
			return false;
		}
		held -= blocks(s)[f->vpn].state == BLOCK_HELD;
	}
	if (held)
		buf_addf(why, "%llu frames of blocks are lost", (unsigned long long)held);
	return !held && pageblocks_counted(s, why);
}
