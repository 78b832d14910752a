/* SPDX-License-Identifier: GPL-2.0-or-later
 * Physical memory as the processes use it: their frames and tables, page by page, the
 * free lists, and what of it the operation in hand changed.
 */
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/klook.h"
#include "src/sim/picture.h"

enum {
	PAGES_MOST = 2048,		/* pages of one process that are shown */
	WINDOW = 512,			/* pages around the selected one when there are more */
	PTE_SPAN = 2 << 20,
};

struct seen_page {
	uint64_t addr, pfn;
	unsigned mapcount;
	uint8_t proc, state;
	bool writable, exclusive;
};

/* What is in use at one moment. */
struct scan {
	const struct sim *sim;
	unsigned proc;
	uint64_t low, high;		/* pages outside are not looked at */
	struct seen_page *page;
	size_t npages, cap_pages;
	uint64_t *pfn;			/* rising, each once, after scan_sort() */
	size_t npfns, cap_pfns;
	uint64_t present;
	/* Of the moment itself: */
	uint64_t walk_addr, free_blocks[BUDDY_ORDERS][MIGRATE_TYPES_SHOWN];
	uint64_t head[BUDDY_ORDERS][BUDDY_HEADS];
	unsigned nheads[BUDDY_ORDERS];
	const struct scan *later;	/* of the moment before: the one after it */
	bool stood[BUDDY_ORDERS][BUDDY_HEADS];	/* the later one's blocks that were there before */
	unsigned walk_proc;
	struct sim_walk_level walk[WALK_LEVELS];
	size_t nwalk;
};

static void scan_free(struct scan *sc)
{
	free(sc->page);
	free(sc->pfn);
}

static void add_pfn(struct scan *sc, uint64_t pfn)
{
	if (!pfn)
		return;
	VEC_GROW(sc->pfn, sc->npfns, sc->cap_pfns);
	sc->pfn[sc->npfns++] = pfn;
}

static void add_tables(struct scan *sc, uint64_t addr)
{
	struct sim_walk_level w[WALK_LEVELS];
	size_t n = sim_walk(sc->sim, sc->proc, addr, w);

	for (size_t i = 0; i < n; i++)
		if (!w[i].folded)
			add_pfn(sc, w[i].table_pfn);
}

static uint8_t state_of(char letter)
{
	for (unsigned i = 0; i < PAGE_NR; i++)
		if (page_states[i].letter == letter)
			return (uint8_t)i;
	return PAGE_ABSENT;
}

static void count_run(void *ctx, uint64_t start, uint64_t pages, char letter)
{
	struct scan *sc = ctx;

	(void)start;
	if (letter != '.')
		sc->present += pages;
}

static void add_run(void *ctx, uint64_t start, uint64_t pages, char letter)
{
	struct scan *sc = ctx;
	uint64_t end = start + (pages << PAGE_SHIFT), tables = 0;

	if (letter == '.' || end <= sc->low || start >= sc->high)
		return;
	if (start < sc->low)
		start = sc->low;
	if (end > sc->high)
		end = sc->high;
	for (uint64_t a = start; a < end; a += PAGE_BYTES) {
		struct seen_page *to;
		struct sim_page page;

		sim_page_get(sc->sim, sc->proc, a, &page);
		VEC_GROW(sc->page, sc->npages, sc->cap_pages);
		to = &sc->page[sc->npages++];
		*to = (struct seen_page){ .addr = a, .pfn = page.present ? page.pfn : 0, .mapcount = page.mapcount,
					  .proc = (uint8_t)sc->proc, .state = state_of(letter),
					  .writable = page.writable, .exclusive = page.exclusive };
		if (page.present)
			add_pfn(sc, page.pfn);
		if (a == start || !(a % PTE_SPAN) || !tables++)
			add_tables(sc, a);
	}
}

static void each_run(struct scan *sc, sim_run_fn fn)
{
	struct sim_vma v;
	struct sim_mm mm;

	for (sc->proc = 0; sc->proc < sim_proc_count(sc->sim) && sc->proc < MACHINE_PROCS; sc->proc++) {
		sim_mm_get(sc->sim, sc->proc, &mm);
		if (!mm.exists)
			continue;
		for (size_t i = 0; sim_vma_at(sc->sim, sc->proc, i, &v); i++)
			if (v.start < sc->high && v.end > sc->low)
				sim_page_runs(sc->sim, sc->proc, v.start, v.end, fn, sc);
	}
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int by_place(const void *a, const void *b)
{
	const struct seen_page *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->proc - (int)y->proc;
}

static void scan_sort(struct scan *sc)
{
	size_t n = 0;

	if (sc->npfns)
		qsort(sc->pfn, sc->npfns, sizeof(*sc->pfn), by_number);
	for (size_t i = 0; i < sc->npfns; i++)
		if (!n || sc->pfn[n - 1] != sc->pfn[i])
			sc->pfn[n++] = sc->pfn[i];
	sc->npfns = n;
	if (sc->npages)
		qsort(sc->page, sc->npages, sizeof(*sc->page), by_place);
}

static void add_stacks(struct scan *sc)
{
	size_t most = SIM_MAX_TASKS * 8, n;
	uint64_t *pfn = xcalloc(most, sizeof(*pfn));

	n = sim_kstack_frames(sc->sim, pfn, most);
	for (size_t i = 0; i < n; i++)
		add_pfn(sc, pfn[i]);
	free(pfn);
}

static bool block_is_free(const struct sim *s, uint64_t pfn, unsigned order)
{
	struct sim_frame f;

	sim_frame_get(s, pfn, &f);
	return f.kind == SIM_FRAME_FREE && f.order == order;
}

static void scan_lists(struct scan *sc)
{
	for (unsigned o = 0; o < BUDDY_ORDERS; o++) {
		for (unsigned t = 0; t < MIGRATE_TYPES_SHOWN; t++)
			sc->free_blocks[o][t] = sim_free_blocks_of(sc->sim, o, t);
		sc->nheads[o] = (unsigned)sim_free_list(sc->sim, o, sc->head[o], BUDDY_HEADS);
		for (unsigned i = 0; sc->later && i < sc->later->nheads[o]; i++)
			sc->stood[o][i] = block_is_free(sc->sim, sc->later->head[o][i], o);
	}
}

static void scan_make(void *ctx, const struct sim *s)
{
	struct scan *sc = ctx;

	sc->sim = s;
	scan_lists(sc);
	sc->nwalk = sim_walk(s, sc->walk_proc, sc->walk_addr, sc->walk);
	each_run(sc, add_run);
	add_stacks(sc);
	scan_sort(sc);
}

static const struct seen_page *had_page(const struct scan *sc, const struct seen_page *key)
{
	return sc->npages ? bsearch(key, sc->page, sc->npages, sizeof(*key), by_place) : NULL;
}

/* ---- into the machine --------------------------------------------------------------------- */

static void put_walk(const struct scan *before, const struct scan *now, struct machine *m)
{
	m->nwalk = now->nwalk;
	m->entry_bytes = PAGE_BYTES / sim_profile_table_entries(sim_get_options(now->sim)->profile);
	m->table_register = sim_profile_table_register(sim_get_options(now->sim)->profile);
	for (unsigned n = sim_profile_table_entries(sim_get_options(now->sim)->profile); n > 1; n /= 2)
		m->index_bits++;
	for (size_t i = 0; i < now->nwalk; i++) {
		const struct sim_walk_level *w = &now->walk[i];
		bool same = i < before->nwalk && before->walk[i].entry_pfn == w->entry_pfn &&
			    before->walk[i].table_pfn == w->table_pfn && before->walk[i].writable == w->writable;

		m->walk[i] = (struct machine_level){
			.name = w->name, .index = w->index, .table_pfn = w->table_pfn, .entry_pfn = w->entry_pfn,
			.present = w->present, .writable = w->writable, .dirty = w->dirty, .folded = w->folded,
			.fresh = w->present && !same,
		};
	}
}

static void put_pages(const struct scan *before, const struct scan *now, struct machine *m)
{
	if (!now->npages)
		return;
	m->pages = xcalloc(now->npages, sizeof(*m->pages));
	for (size_t i = 0; i < now->npages; i++) {
		const struct seen_page *p = &now->page[i], *was = had_page(before, p);
		struct machine_page *to = m->npages ? &m->pages[m->npages - 1] : NULL;

		if (!to || to->addr != p->addr) {
			to = &m->pages[m->npages++];
			to->addr = p->addr;
		}
		to->in[p->proc].pfn = p->pfn;
		to->in[p->proc].mapcount = p->mapcount;
		to->in[p->proc].state = p->state;
		to->in[p->proc].writable = p->writable;
		to->in[p->proc].exclusive = p->exclusive;
		to->in[p->proc].fresh = !was || was->pfn != p->pfn || was->state != p->state ||
					was->writable != p->writable;
	}
}

static const enum frame_kind kinds[] = {
	[SIM_FRAME_FREE] = FRAME_FREE,
	[SIM_FRAME_ANON] = FRAME_ANON,
	[SIM_FRAME_FILE] = FRAME_FILE,
	[SIM_FRAME_SHMEM] = FRAME_SHMEM,
	[SIM_FRAME_TABLE] = FRAME_TABLE,
	[SIM_FRAME_ZERO] = FRAME_ZERO,
	[SIM_FRAME_RESERVED] = FRAME_RESERVED,
	[SIM_FRAME_PCP] = FRAME_PCP,
	[SIM_FRAME_KSTACK] = FRAME_KSTACK,
	[SIM_FRAME_BLOCK] = FRAME_BLOCK,
};
_Static_assert(ARRAY_LEN(kinds) == FRAME_NR, "a kind of frame has no name");

static void put_frame(const struct sim *s, uint64_t pfn, bool fresh, bool freed, struct machine_frame *to)
{
	struct sim_frame f;

	sim_frame_get(s, pfn, &f);
	*to = (struct machine_frame){
		.pfn = pfn, .kind = kinds[f.kind], .order = f.order, .mapcount = f.mapcount, .level = f.level,
		.proc = f.proc, .addr = f.addr, .fresh = fresh, .freed = freed,
	};
}

/* Both lists rise: one walk over the two of them. */
static void put_frames(const struct scan *before, const struct scan *now, struct machine *m)
{
	size_t i = 0, j = 0;

	m->frames = xcalloc(before->npfns + now->npfns + 1, sizeof(*m->frames));
	while (i < before->npfns || j < now->npfns) {
		bool was = i < before->npfns && (j == now->npfns || before->pfn[i] <= now->pfn[j]);
		bool is = j < now->npfns && (i == before->npfns || now->pfn[j] <= before->pfn[i]);
		uint64_t pfn = is ? now->pfn[j] : before->pfn[i];

		put_frame(now->sim, pfn, !was, !is, &m->frames[m->nframes++]);
		i += was;
		j += is;
	}
}

static void put_orders(const struct scan *before, const struct scan *now, struct machine *m)
{
	m->frames_total = sim_frame_total(now->sim);
	m->frames_free = sim_frame_free(now->sim);
	for (unsigned o = 0; o < BUDDY_ORDERS; o++) {
		struct machine_order *to = &m->orders[o];

		memcpy(to->blocks, now->free_blocks[o], sizeof(to->blocks));
		memcpy(to->before, before->free_blocks[o], sizeof(to->before));
		memcpy(to->head, now->head[o], sizeof(to->head));
		to->nheads = now->nheads[o];
		for (unsigned i = 0; i < to->nheads; i++)
			to->fresh[i] = !before->stood[o][i];
	}
}

static void put_stacks(const struct sim *s, struct machine *m)
{
	for (unsigned i = 0; i < 3; i++) {
		uint32_t bytes = (uint32_t)PAGE_BYTES << i;

		m->stacks[i] = (struct machine_stack){
			bytes, (uint32_t)sim_stack_room(s, bytes), sim_stacks_possible(s, bytes),
			bytes == sim_stack_size(s),
		};
	}
}

static void put_pageblocks(const struct sim *s, struct machine *m)
{
	for (unsigned i = 0; i < 3; i++)
		m->wmark[i] = sim_watermark(s, i);
	m->pageblock_order = sim_pageblock_order(s);
	for (unsigned t = 0; t < MIGRATE_TYPES_SHOWN; t++)
		m->pageblocks[t] = sim_pageblocks(s, t);
	while (m->npageblock < PAGEBLOCKS_SHOWN &&
	       (uint64_t)m->npageblock << m->pageblock_order < m->frames_total) {
		m->pageblock[m->npageblock] =
			(uint8_t)sim_pageblock_type(s, (uint64_t)m->npageblock << m->pageblock_order);
		m->npageblock++;
	}
}

/* The frame of the decision in hand or the last one taken, else that of the walk. */
static uint64_t frame_in_hand(const struct machine *m)
{
	for (size_t i = m->complete ? machine_decisions(m) : m->decision + 1; i-- > 0;)
		if (m->decisions->v[i].event == MACHINE_EV_FRAME || m->decisions->v[i].event == MACHINE_EV_FRAME_FREED)
			return m->decisions->v[i].a;
	for (size_t i = m->nwalk; i-- > 0;)
		if (m->walk[i].entry_pfn || m->walk[i].table_pfn)
			return m->walk[i].entry_pfn ? m->walk[i].entry_pfn : m->walk[i].table_pfn;
	return m->nframes ? m->frames[0].pfn : 0;
}

static void put_block(const struct scan *now, struct machine *m)
{
	uint64_t pfn = frame_in_hand(m);
	struct machine_block *b;

	if (!pfn)
		return;
	b = m->block = xcalloc(1, sizeof(*b));
	b->first = pfn & ~(uint64_t)(BLOCK_FRAMES - 1);
	for (unsigned i = 0; i < BLOCK_FRAMES; i++) {
		struct sim_frame f;

		sim_frame_get(now->sim, b->first + i, &f);
		b->frame[i].kind = (uint8_t)kinds[f.kind];
		b->frame[i].order = (uint8_t)f.order;
		if (b->first + i < m->frames_total)
			b->frame[i].type = (uint8_t)sim_pageblock_type(now->sim, b->first + i);
	}
	for (size_t i = 0; i < m->nframes; i++) {
		const struct machine_frame *f = &m->frames[i];

		if (f->pfn >= b->first && f->pfn < b->first + BLOCK_FRAMES)
			b->frame[f->pfn - b->first].fresh = f->fresh || f->freed;
	}
}

void picture_memory(struct player *p, struct machine *m)
{
	struct scan now = { .sim = player_sim(p), .high = UINT64_MAX, .walk_addr = m->walk_addr };
	struct scan before;

	for (size_t i = 0; i < m->nprocs; i++)
		if (m->procs[i].current)
			now.walk_proc = m->procs[i].number;
	each_run(&now, count_run);
	if (now.present > PAGES_MOST) {
		now.low = m->walk_addr > WINDOW * PAGE_BYTES ? m->walk_addr - WINDOW * PAGE_BYTES : 0;
		now.high = m->walk_addr + WINDOW * PAGE_BYTES;
		m->pages_cut = m->frames_cut = true;
	}
	before = now;
	scan_make(&now, now.sim);
	before.later = &now;
	player_before(p, scan_make, &before);
	now.sim = player_sim(p);
	put_walk(&before, &now, m);
	put_pages(&before, &now, m);
	put_frames(&before, &now, m);
	put_orders(&before, &now, m);
	put_pageblocks(now.sim, m);
	put_stacks(now.sim, m);
	put_block(&now, m);
	scan_free(&before);
	scan_free(&now);
}
