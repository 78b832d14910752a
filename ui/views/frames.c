/* SPDX-License-Identifier: GPL-2.0-or-later
 * Physical memory: the buddy allocator's free lists, the block the last frame was taken
 * from, and the frames in use with their map counts.
 */
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum part { PART_LISTS, PART_BLOCK, PART_FRAMES, PART_STACKS, PART_NR };
enum { LISTS_ROWS = BUDDY_ORDERS + 3, WIDE = 96 };

struct frames_state {
	enum part part;			/* what a small room shows */
	int top, page;
};

/* ---- free lists ---- */

static const uint16_t type_roles[MIGRATE_TYPES_SHOWN] = { THEME_WARN, THEME_TEXT, THEME_PAGE_FILE };
static const char type_letters[] = "UMR";
static const char *const type_words[MIGRATE_TYPES_SHOWN] = { "unmov", "movable", "reclaim" };
/* Where the first number ends; between two of them stands a change. */
enum { TYPE_COL = 18, TYPE_WIDTH = 10, HEADS_COL = TYPE_COL + 3 * TYPE_WIDTH - 5 };

/* A number, and by how much the operation in hand changed it. */
static void draw_number(struct canvas *c, int row, unsigned type, uint64_t now, uint64_t before)
{
	int col = TYPE_COL + (int)type * TYPE_WIDTH;
	struct style st = { .role = now ? type_roles[type] : (uint16_t)THEME_DIM };
	char n[32];

	canvas_right(c, row, col, now == before ? st : style_heat(STYLE(STRONG), 4), count_text(now, n));
	if (now != before)
		canvas_putf(c, row, col, style_attr(STYLE(NEW), ATTR_BOLD), "%+lld", (long long)(now - before));
}

static void draw_order(const struct machine *m, struct canvas *c, int row, unsigned order)
{
	const struct machine_order *o = &m->orders[order];
	char size[16];
	int col = HEADS_COL;

	canvas_putf(c, row, 1, STYLE(TEXT), "%2u", order);
	canvas_right(c, row, 10, STYLE(DIM), text_size((uint64_t)PAGE_BYTES << order, size));
	for (unsigned t = 0; t < MIGRATE_TYPES_SHOWN; t++)
		draw_number(c, row, t, o->blocks[t], o->before[t]);
	for (unsigned i = 0; i < o->nheads; i++) {
		struct buf b = BUF_INIT;

		buf_addf(&b, "#%llx", (unsigned long long)o->head[i]);
		if (col + text_width(buf_str(&b)) + 1 < canvas_cols(c))
			col = canvas_put(c, row, col, o->fresh[i] ? style_attr(STYLE(NEW), ATTR_BOLD) : STYLE(DIM),
					 buf_str(&b)) + 1;
		buf_free(&b);
	}
}

/* What each size of kernel stacks would cost, and hold. */
static void draw_stacks(const struct machine *m, struct canvas *c, int top)
{
	canvas_put(c, top, 1, STYLE(COLUMN), "stack   more tasks   1000 take   calls");
	for (size_t i = 0; i < ARRAY_LEN(m->stacks); i++) {
		const struct machine_stack *k = &m->stacks[i];
		struct style st = k->own ? STYLE(STRONG) : STYLE(TEXT);
		int row = top + 1 + (int)i;
		char n[32], size[16];

		canvas_right(c, row, 6, st, text_size(k->bytes, size));
		canvas_right(c, row, 19, k->possible ? st : STYLE(WARN), count_text(k->possible, n));
		canvas_right(c, row, 31, st, text_size(1000ull * k->bytes, size));
		canvas_right(c, row, 39, st, text_size(k->room, size));
	}
}

static void draw_lists(const struct machine *m, struct canvas *c)
{
	char size[5][16];
	int row = 2 + BUDDY_ORDERS;

	canvas_putf(c, 0, 1, STYLE(STRONG), "free %s of %s", text_size(m->frames_free * PAGE_BYTES, size[0]),
		    text_size(m->frames_total * PAGE_BYTES, size[1]));
	canvas_putf(c, 0, 22, STYLE(DIM), canvas_cols(c) >= HEADS_COL + 10 ? "min %s low %s high %s" : "marks %s %s %s",
		    text_size(m->wmark[0] * PAGE_BYTES, size[2]), text_size(m->wmark[1] * PAGE_BYTES, size[3]),
		    text_size(m->wmark[2] * PAGE_BYTES, size[4]));
	canvas_put(c, 1, 1, STYLE(COLUMN), "order size");
	for (unsigned t = 0; t < MIGRATE_TYPES_SHOWN; t++)
		canvas_right(c, 1, TYPE_COL + (int)t * TYPE_WIDTH, STYLE(COLUMN), type_words[t]);
	canvas_put(c, 1, HEADS_COL, STYLE(COLUMN), "first");
	for (unsigned i = 0; i < BUDDY_ORDERS; i++)
		draw_order(m, c, 2 + (int)i, BUDDY_ORDERS - 1 - i);
	canvas_put(c, row, 1, STYLE(COLUMN), "pageblocks");
	for (unsigned t = 0; t < MIGRATE_TYPES_SHOWN; t++)
		draw_number(c, row, t, m->pageblocks[t], m->pageblocks[t]);
	canvas_putf(c, row, HEADS_COL, STYLE(DIM), canvas_cols(c) >= HEADS_COL + 9 ? "of %s" : "%s", text_size((uint64_t)PAGE_BYTES << m->pageblock_order, size[0]));
}

/* ---- the block ---- */

static const struct { char letter; uint16_t role; } looks[FRAME_NR] = {
	[FRAME_FREE] = { '.', THEME_PAGE_ABSENT },
	[FRAME_ANON] = { 'A', THEME_PAGE_ANON },
	[FRAME_FILE] = { 'F', THEME_PAGE_FILE },
	[FRAME_SHMEM] = { 'S', THEME_VMA_SHARED },
	[FRAME_TABLE] = { 'T', THEME_WARN },
	[FRAME_ZERO] = { 'Z', THEME_PAGE_ZERO },
	[FRAME_RESERVED] = { 'k', THEME_DIM },
	[FRAME_PCP] = { 'p', THEME_PAGE_SWAP },
	[FRAME_KSTACK] = { 'K', THEME_VMA_STACK },
	[FRAME_BLOCK] = { 'B', THEME_VMA_HEAP },
};

/* Free frames show the order of their block by its digit at the block's first frame. */
static uint32_t frame_letter(const struct machine_block *b, unsigned i)
{
	unsigned kind = b->frame[i].kind, order = b->frame[i].order;

	if (kind != FRAME_FREE)
		return (unsigned char)looks[kind].letter;
	if ((b->first + i) % (1ull << order))
		return '.';
	return order < 10 ? '0' + order : 'X';
}

static void draw_block(const struct machine *m, struct canvas *c)
{
	const struct machine_block *b = m->block;
	int per_row = canvas_cols(c) - 12 >= 64 ? 64 : 32, row;

	if (!b) {
		canvas_put(c, 0, 1, STYLE(DIM), "no frame was taken yet");
		return;
	}
	canvas_putf(c, 0, 1, STYLE(STRONG), "frames #%llx to #%llx", (unsigned long long)b->first,
		    (unsigned long long)b->first + BLOCK_FRAMES - 1);
	for (row = 0; row < BLOCK_FRAMES / per_row; row++) {
		unsigned type = b->frame[row * per_row].type;

		canvas_putf(c, row + 1, 1, STYLE(DIM), "%6llx", (unsigned long long)b->first + (unsigned)(row * per_row));
		canvas_ch(c, row + 1, 8, (struct style){ .role = type_roles[type] }, (unsigned char)type_letters[type]);
		for (int col = 0; col < per_row; col++) {
			unsigned i = (unsigned)(row * per_row + col);
			struct style st = { .role = looks[b->frame[i].kind].role };

			if (b->frame[i].fresh)
				st = style_attr(STYLE(NEW), ATTR_BOLD);
			canvas_ch(c, row + 1, 10 + col, st, frame_letter(b, i));
		}
	}
	row = BLOCK_FRAMES / per_row + 1;
	canvas_put(c, row, 1, STYLE(DIM),
		   "A anon F file S shmem T table K kernel stack B held k kernel p per-CPU list; a digit: a free block");
	canvas_put(c, row + 1, 1, STYLE(DIM), "pageblocks");
	for (unsigned i = 0; i < m->npageblock; i++)
		canvas_ch(c, row + 1, 12 + (int)i, (struct style){ .role = type_roles[m->pageblock[i]] },
			  (unsigned char)type_letters[m->pageblock[i]]);
}

/* ---- frames in use ---- */

/* The ones just taken or given back first, then the others. */
static const struct machine_frame *nth_frame(const struct machine *m, int n)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < m->nframes; i++) {
			bool news = m->frames[i].fresh || m->frames[i].freed;

			if (news == !pass && !n--)
				return &m->frames[i];
		}
	return NULL;
}

static void draw_frame(const struct machine_frame *f, struct canvas *c, int row)
{
	bool news = f->fresh || f->freed;
	struct style st = style_heat(news ? STYLE(STRONG) : STYLE(TEXT), news ? 4 : 0);
	struct buf b = BUF_INIT;

	canvas_putf(c, row, 1, st, "#%llx", (unsigned long long)f->pfn);
	inside_frame(f, &b);
	canvas_putn(c, row, 10, (struct style){ .role = looks[f->kind].role }, 20, buf_str(&b));
	buf_free(&b);
	if (f->kind != FRAME_FREE && f->kind != FRAME_PCP && f->kind != FRAME_TABLE &&
	    f->kind != FRAME_KSTACK)
		canvas_putf(c, row, 31, STYLE(TEXT), "×%u", f->mapcount);
	if (f->addr)
		paint_address(c, row, 36, STYLE(DIM), f->addr, 0);
	if (news)
		canvas_put(c, row, 50, style_attr(STYLE(NEW), ATTR_BOLD), f->fresh ? "taken" : "freed");
}

static void draw_frames(struct frames_state *st, const struct machine *m, struct canvas *c)
{
	int rows = canvas_rows(c) - 1;

	canvas_putf(c, 0, 1, STYLE(COLUMN), "frame    whose                maps address%s",
		    m->frames_cut ? "   (near the selection)" : "");
	st->top = imax(0, imin(st->top, (int)m->nframes - rows));
	for (int i = 0; i < rows; i++) {
		const struct machine_frame *f = nth_frame(m, st->top + i);

		if (f)
			draw_frame(f, c, i + 1);
	}
}

static void frames_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct frames_state *st = state;
	int rows = canvas_rows(c), cols = canvas_cols(c), block = cols >= WIDE ? 19 : 35;

	if (!m)
		return;
	st->page = imax(rows / 2, 1);
	canvas_cursor(c, 0, 0);
	if (rows >= LISTS_ROWS + 21 && cols >= WIDE) {
		int half = cols / 2 > 60 ? 58 : cols / 2;

		canvas_push(c, (struct rect){ 0, 0, LISTS_ROWS, half });
		draw_lists(m, c);
		canvas_pop(c);
		canvas_push(c, (struct rect){ LISTS_ROWS + 1, 0, rows - LISTS_ROWS - 1, cols });
		draw_block(m, c);
		canvas_pop(c);
		canvas_push(c, (struct rect){ 0, half, LISTS_ROWS, cols - half });
		if (rows > LISTS_ROWS + block + 12) {
			canvas_pop(c);
			canvas_push(c, (struct rect){ LISTS_ROWS + block + 3, 0, rows - LISTS_ROWS - block - 3, cols });
		}
		if (st->part == PART_STACKS)
			draw_stacks(m, c, 1);
		else
			draw_frames(st, m, c);
		canvas_pop(c);
		return;
	}
	if (st->part == PART_BLOCK)
		draw_block(m, c);
	else if (st->part == PART_FRAMES)
		draw_frames(st, m, c);
	else if (st->part == PART_STACKS)
		draw_stacks(m, c, 1);
	else
		draw_lists(m, c);
	if (rows > LISTS_ROWS + 2 && st->part == PART_LISTS) {
		canvas_push(c, (struct rect){ LISTS_ROWS + 1, 0, rows - LISTS_ROWS - 1, cols });
		draw_frames(st, m, c);
		canvas_pop(c);
	}
}

static bool frames_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct frames_state *st = state;

	(void)s;
	(void)arg;
	if (!strcmp(name, "enter")) {
		st->part = (st->part + 1) % PART_NR;
		return true;
	}
	return list_move(name, &st->top, 1 << 20, st->page);
}

/* The last step that says why: of the allocator, up to the one in hand. */
static const struct decision *reason(const struct machine *m)
{
	static const char *const funcs[] = {
		"__zone_watermark_ok", "compact_zone", "migrate_pages", "expand", "__free_one_page", "rmqueue_bulk",
		"set_pageblock_migratetype", "__rmqueue_fallback", "__rmqueue_claim", "should_alloc_retry",
		"should_reclaim_retry", "__alloc_pages_slowpath", "(fragment)",
	};

	for (size_t i = m->complete ? machine_decisions(m) : m->decision + 1; i-- > 0;)
		for (size_t f = 0; i < machine_decisions(m) && f < ARRAY_LEN(funcs); f++)
			if (!strcmp(m->decisions->v[i].func, funcs[f]) && m->decisions->v[i].kind != DECISION_CALL)
				return &m->decisions->v[i];
	return NULL;
}

static void frames_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;
	const struct decision *why = m ? reason(m) : NULL;
	const struct frames_state *st = state;
	unsigned taken = 0, freed = 0;

	if (!m)
		return;
	for (size_t i = 0; i < m->nframes; i++) {
		taken += m->frames[i].fresh;
		freed += m->frames[i].freed;
	}
	if (why) {
		buf_addf(out, "%s: ", why->func);
		decision_text(why, out);
		buf_adds(out, ". ");
	}
	if (st->part == PART_STACKS) {
		buf_adds(out, "For each size of kernel stacks: how many more free memory has room for above its lowest "
			 "watermark, in pieces as it is; what a thousand take; what a chain of calls may take on one "
			 "before it overwrites its end (Enter: the lists).");
		return;
	}
	buf_addf(out, "Processes took %u frame%s and gave %u back (Enter: lists, block, frames, stack sizes).", taken,
		 plural(taken), freed);
	if (!why)
		buf_adds(out, " Single frames come from the CPU's list, which is filled by splitting a block; freed "
			 "buddies join again.");
}

const struct view frames_view = {
	.name = "frames",
	.title = "frames",
	.about = "physical memory: free lists, the block last split, frames and their map counts",
	.caps = CAP_STEP,
	.state_size = sizeof(struct frames_state),
	.draw = frames_draw,
	.command = frames_command,
	.describe = frames_describe,
};
