/* SPDX-License-Identifier: GPL-2.0-or-later
 * The buddy allocator: free blocks of 2^order frames, orders 0 to 10, one list each.
 * Memory that was never touched stands behind the list of the highest order without
 * being linked, so that a machine of many frames costs nothing.
 */
#include "mm.h"

static void list_push(struct sim *s, u32 pfn, unsigned order)
{
	struct area *a = &s->root->area[order];
	struct frame *f = frame_at(s, pfn);

	j_save(s, f);
	*f = (struct frame){ .kind__ = FR_FREE,
			     .order__ = order & 0xf,
			     .next = a->head & 0xfffffff };
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

static void list_push_tail(struct sim *s, u32 pfn, unsigned order)
{
	struct area *a = &s->root->area[order];
	struct frame *f = frame_at(s, pfn);

	if (!a->tail) {
		list_push(s, pfn, order);
		return;
	}
	j_save(s, f);
	*f = (struct frame){ .kind__ = FR_FREE,
			     .order__ = order & 0xf,
			     .prev = a->tail & 0xfffffff };
	j_save(s, frame_at(s, a->tail));
	frame_at(s, a->tail)->next = pfn & 0xfffffff;
	SET(s, a->tail, pfn);
	ADD(s, a->blocks, 1);
}

static void list_remove(struct sim *s, u32 pfn, unsigned order)
{
	struct area *a = &s->root->area[order];
	struct frame *f = frame_at(s, pfn);

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

u32 buddy_alloc(struct sim *s, unsigned order)
{
	struct root *r = s->root;
	unsigned o = order;
	u32 pfn;

	while (o <= MAX_ORDER && !r->area[o].head)
		o++;
	if (o <= MAX_ORDER) {
		pfn = r->area[o].head;
		list_remove(s, pfn, o);
	} else if (r->virgin < r->virgin_end) {
		o = MAX_ORDER;
		pfn = (u32)r->virgin;
		ADD(s, r->virgin, 1ull << MAX_ORDER);
	} else {
		T_NOTE(s, "__rmqueue_smallest", "no free block of the order or above", "order",
		       order, NULL, 0, SIM_U_COUNT);
		return 0;
	}
	T_NOTE(s, "__rmqueue_smallest", "first free block", "pfn", pfn, "order", o, SIM_U_PFN);
	/* expand(): the upper halves go back, the caller keeps the lowest part. */
	while (o > order) {
		o--;
		list_push(s, pfn + (1u << o), o);
		T_NOTE(s, "expand", "upper half goes to its free list", "pfn", pfn + (1u << o),
		       "order", o, SIM_U_PFN);
	}
	SUB(s, r->nr_free, 1ull << order);
	return pfn;
}

static bool buddy_is_free(struct sim *s, u32 pfn, unsigned order)
{
	const struct frame *f = frame_at(s, pfn);

	return pfn < s->nframes && f->kind == FR_FREE && f->order == order;
}

void buddy_free(struct sim *s, u32 pfn, unsigned order)
{
	unsigned o = order;

	ADD(s, s->root->nr_free, 1ull << order);
	while (o < MAX_ORDER) {
		u32 buddy = pfn ^ (1u << o);

		if (!buddy_is_free(s, buddy, o))
			break;
		T_NOTE(s, "__free_one_page", "the buddy is free: joined", "pfn", buddy, "order", o,
		       SIM_U_PFN);
		list_remove(s, buddy, o);
		if (frame_at(s, pfn)->word)
			SET(s, frame_at(s, pfn)->word, 0);
		pfn &= buddy;
		o++;
	}
	/* A block whose next larger merge is near stands last, to be taken late. */
	if (o < MAX_ORDER - 1 && buddy_is_free(s, (pfn & ~(1u << o)) ^ (1u << (o + 1)), o + 1))
		list_push_tail(s, pfn, o);
	else
		list_push(s, pfn, o);
}

/* Frame 0 stays reserved, frame 1 is the zero page. */
void buddy_init(struct sim *s, u64 npages)
{
	struct root *r = s->root;
	u64 block = 1ull << MAX_ORDER, end = npages & ~(block - 1);

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
		list_push(s, (u32)p, o);
		r->nr_free += 1ull << o;
	}
	if (end >= block) {
		r->nr_free += end - block;
		for (u64 p = end; p < npages;) { /* the rest behind the last whole block */
			unsigned o = MAX_ORDER;

			while ((p & ((1ull << o) - 1)) || p + (1ull << o) > npages)
				o--;
			list_push_tail(s, (u32)p, o);
			r->nr_free += 1ull << o;
			p += 1ull << o;
		}
	}
}

uint64_t sim_free_blocks(const struct sim *s, unsigned order)
{
	u64 n;

	if (order > MAX_ORDER)
		return 0;
	n = s->root->area[order].blocks;
	if (order == MAX_ORDER)
		n += (s->root->virgin_end - s->root->virgin) >> MAX_ORDER;
	return n;
}

size_t sim_free_list(const struct sim *s, unsigned order, uint64_t *pfns, size_t max)
{
	size_t n = 0;

	if (order > MAX_ORDER)
		return 0;
	for (u32 p = s->root->area[order].head; p && n < max; p = (u32)frame_at(s, p)->next)
		pfns[n++] = p;
	if (order == MAX_ORDER)
		for (u64 p = s->root->virgin; p < s->root->virgin_end && n < max;
		     p += 1u << MAX_ORDER)
			pfns[n++] = p;
	return n;
}
