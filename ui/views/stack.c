/* SPDX-License-Identifier: GPL-2.0-or-later
 * The stack: a ruler from its top to what stops it, its pages beside it to scale, and
 * how it grew.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmscope/machine.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"
#include "ui/views/ruler.h"
#include "ui/views/stackwords.h"

enum { TEXT = 15, BELOW_LINES = 3, PANEL = 30, PANEL_FROM = 84, WITH_SP = 52 };

struct stack_state {
	int cursor;		/* which mark is under the cursor */
	enum mark_kind kind;	/* what it is, since marks come and go; nth of its kind */
	int nth;
	int top, page;
	uint64_t end;		/* the stack the cursor is in */
	struct span span;
	bool by_words;			/* the words around sp instead of the ruler */
	struct stackwords_state words;
};

/* ---- the ruler ---- */

static const struct look_of { uint32_t tick; uint16_t role; } looks[] = {
	[MARK_TOP] = { 0x252c /* ┬ */, THEME_STRONG },
	[MARK_EDGE] = { 0x253c /* ┼ */, THEME_TEXT },
	[MARK_FRAME] = { 0x2502 /* │ */, THEME_VMA_STACK },
	[MARK_SP] = { 0x25c4 /* ◄ */, THEME_SP },
	[MARK_DEEPEST] = { 0x253c, THEME_DIM },
	[MARK_LOWEST] = { 0x253c, THEME_TEXT },
	[MARK_GUARD_PAGE] = { 0x253c, THEME_LIMIT },
	[MARK_START] = { 0x2534 /* ┴ */, THEME_STRONG },
	[MARK_GUARD] = { 0x2534, THEME_LIMIT },
	[MARK_FLOOR] = { 0x254c /* ╌ */, THEME_LIMIT },
	[MARK_GAP] = { 0x254c, THEME_LIMIT },
	[MARK_BELOW] = { 0x252c, THEME_TEXT },
};

static void draw_growth(const struct ruler *r, const struct snapshot *snap, struct canvas *c,
			int row, int col, unsigned heat)
{
	char size[16], when[40], text[80];

	if (!r->grew || snap->time_ns < r->growth.last_time_ns ||
	    snap->time_ns - r->growth.last_time_ns > 3600000000000ull)
		return;
	snprintf(text, sizeof(text), "▼ +%s %s", text_size(r->growth.last_amount, size),
		 when_text(snap, r->growth.last_time_ns, when));
	if (text_width(text) + col > canvas_cols(c))
		snprintf(text, sizeof(text), "▼ +%s", size);
	canvas_put(c, row, col, style_heat(style_attr(STYLE(NEW), heat ? ATTR_BOLD : 0), heat),
		   text);
}

/* With an ellipsis where the line ends before it. */
static int put_short(struct canvas *c, int row, int col, struct style st, const char *text)
{
	return canvas_putn(c, row, col, st, imin(text_width(text), imax(canvas_cols(c) - col, 0)), text);
}

static void draw_mark(const struct ruler *r, const struct session *s, struct canvas *c, int row,
		      int i)
{
	const struct mark *m = &r->marks[i];
	struct style st = { .role = looks[m->kind].role };
	const struct snapshot *snap = session_snapshot(s);
	int col;

	paint_address(c, row, 0, st, m->addr, common_digits(r->marks[0].addr,
							    r->marks[r->n - 1].addr));
	canvas_ch(c, row, 13, st, looks[m->kind].tick);
	col = put_short(c, row, TEXT, st, m->text);
	if (m->stops)
		put_short(c, row, col + 1, STYLE(LIMIT), "◄ stops it");
	if (m->kind == MARK_START)
		draw_growth(r, snap, c, row, col + 2,
			    session_heat(s, m->addr, snap->layout->vmas[r->index].end));
}

/* The stretch below a mark: what it is, how large, and to scale within the VMA. */
static void draw_stretch(const struct ruler *r, const struct snapshot *snap, struct canvas *c, int row,
			 int i)
{
	const struct vma *v = &snap->layout->vmas[r->index];
	const struct mark *m = &r->marks[i];
	int cols = canvas_cols(c), size_end = imin(imax(cols - 10, 44), 58);
	struct style st = m->outside ? STYLE(DIM) : STYLE(TEXT);
	bool frame = m->kind == MARK_FRAME;
	char size[16];

	canvas_ch(c, row, 13, m->outside ? STYLE(LIMIT) : STYLE(BORDER),
		  m->outside ? 0x254e /* ╎ */ : 0x2502);
	canvas_putn(c, row, TEXT + 1, st, size_end - 7 - TEXT, m->below);
	if (frame && m->frames == 1 && snap->unwound->frames[m->frame].takes != UNKNOWN)
		paint_code(c, row, TEXT + 1 + text_width(m->below), size_end - 7,
			   snap->unwound->frames[m->frame].takes);
	canvas_right(c, row, size_end, st, text_size(m->bytes, size));
	if (!m->outside)
		/* Frames are small beside the mapping: theirs are to scale of all frames. */
		canvas_bar(c, row, size_end + 1, cols - size_end - 2,
			   frame ? STYLE(VMA_STACK) : STYLE(BAR), m->bytes,
			   frame ? r->framed : vma_size(v));
}

/* The mark's own line, which a frame has none of, and the stretch below it. */
static int lines_of_mark(const struct mark *m)
{
	return (m->kind != MARK_FRAME) + (m->below[0] != '\0');
}

static int lines_of(const struct ruler *r, int marks)
{
	int n = 0;

	for (int i = 0; i < marks; i++)
		n += lines_of_mark(&r->marks[i]);
	return n;
}

/* Everything on one line each; what does not fit scrolls with the cursor. */
static void draw_ruler(struct stack_state *st, const struct ruler *r, const struct session *s,
		       struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(s);
	int rows = canvas_rows(c), row = 0, at = lines_of(r, st->cursor);

	st->top = scroll_to(st->top, at, lines_of(r, r->n), rows);
	row = -st->top;
	for (int i = 0; i < r->n; i++) {
		bool frame = r->marks[i].kind == MARK_FRAME;

		if (frame)
			draw_stretch(r, snap, c, row, i);
		else
			draw_mark(r, s, c, row, i);
		if (i == st->cursor) {
			canvas_restyle(c, row, 0, 14, STYLE(SELECT));
			canvas_ch(c, row, 12, STYLE(SELECT), 0x25b6 /* ▶ */);
			canvas_cursor(c, row, 12);
		}
		row += !frame || r->marks[i].below[0];
		if (!frame && r->marks[i].below[0])
			draw_stretch(r, snap, c, row++, i);
	}
}

/* ---- below the ruler ---- */

/* The whole of what the stack may become in one line, to scale. */
static void draw_scale(const struct ruler *r, const struct vma *v, struct canvas *c, int row)
{
	bool limited = r->limit != UNKNOWN && r->limit != UNLIMITED;
	uint64_t whole = limited ? umax(r->limit, vma_size(v)) : vma_size(v);
	uint64_t used = r->sp != UNKNOWN ? v->end - r->sp : 0, touched = v->end - r->lowest;
	int from = 0, width, to = canvas_cols(c) - 7;
	char size[16];

	if (r->shared) {
		put_short(c, row, 0, STYLE(WHY), "where this one ends is not known: its frames tell how deep it is");
		return;
	}
	from = canvas_putf(c, row, 0, STYLE(DIM), "of %s ", text_size(whole, size));
	width = to - from;
	for (int i = 0; i < width; i++) {
		uint64_t at = (uint64_t)((double)whole * i / width);
		bool in_use = at < used, seen = at < touched, mapped = at < vma_size(v);

		canvas_ch(c, row, from + i, in_use ? STYLE(VMA_STACK) : seen ? STYLE(BAR) :
			  STYLE(DIM), in_use ? 0x2588 : seen ? 0x2593 : mapped ? 0x2591 : 0x2500);
	}
	canvas_putf(c, row, to + 1, STYLE(TEXT), "%3u %%",
		    (unsigned)((double)(r->grows ? vma_size(v) :
		    umax(used, touched)) * 100 / (double)whole));
}

static void draw_history(const struct ruler *r, const struct vma *v, struct canvas *c, int row)
{
	char a[16], b[16], text[80];
	int col, width;

	if (!r->grows) {
		put_short(c, row, 0, STYLE(DIM), v->role == ROLE_HEAP ?
			  "the heap: brk(2) moves its end, a touch does not" :
			  "an ordinary mapping: it never grows");
		return;
	}
	if (!r->grew) {
		put_short(c, row, 0, STYLE(DIM), "has not grown since watching began");
		return;
	}
	snprintf(text, sizeof(text), "grew %u time%s, last by %s", r->growth.times,
		 plural(r->growth.times), text_size(r->growth.last_amount, a));
	col = canvas_putf(c, row, 0, STYLE(TEXT), "size %s ", text_size(r->growth.sizes[0], a));
	width = imin(imax(canvas_cols(c) - col - 9 - (int)strlen(text), 6), r->growth.n);
	canvas_spark(c, row, col, width, STYLE(BAR), r->growth.sizes, r->growth.n,
		     canvas_spark_base(r->growth.sizes, r->growth.n, width));
	col = canvas_putf(c, row, col + width + 1, STYLE(STRONG), "%s", text_size(vma_size(v), b));
	canvas_put(c, row, col + 2, STYLE(TEXT), text);
}

static void draw_sp_line(const struct ruler *r, const struct snapshot *snap, struct canvas *c,
			 int row)
{
	struct buf b = BUF_INIT;
	char comm[80];

	if (r->task)
		buf_addf(&b, "T %d %s: ", (int)r->task->tid,
			 clean(r->task->comm, comm, sizeof(comm)));
	if (r->sp != UNKNOWN) {
		/* The ruler has it too: beside another room there is no place for it twice. */
		if (canvas_cols(c) >= WITH_SP)
			buf_addf(&b, "sp %012" PRIx64 "%s%s, ", r->sp, r->since ? " " : "",
				 r->since ? r->since : "");
		buf_addf(&b, "stack found %s", stack_found_names[r->task->stack.found]);
	} else {
		const struct why *w = whys_find(snap->whys, "tasks[].sp");

		buf_addf(&b, "sp unknown: %s", !r->task ? "no thread is known to use this stack" :
			 w ? w->why : "the thread was running when it was looked at");
	}
	canvas_putn(c, row, 0, r->sp != UNKNOWN ? STYLE(DIM) : STYLE(WHY), canvas_cols(c),
		    buf_str(&b));
	buf_free(&b);
}

/* ---- the pages beside it ---- */

/* Cell i of a line of per_row cells; the line's addresses rise to the right. */
static void draw_page(const struct ruler *r, const struct session *s, struct canvas *c, int row,
		      int i, uint64_t per_row, uint64_t cell, uint64_t line_start)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct vma *v = &snap->layout->vmas[r->index];
	uint64_t a = line_start + (uint64_t)i * cell * PAGE_BYTES, b = a + cell * PAGE_BYTES;
	struct style st = STYLE(TEXT);
	enum page_state state;
	struct page_counts n;
	unsigned heat;

	if (b <= v->start)
		return;
	a = umax(a, v->start);
	n = residency_count(snap->pages, a, b);
	state = residency_at(snap->pages, a);
	st.role = THEME_OF_PAGE(state);
	heat = session_heat(s, a, b);
	if (cell > 1)
		canvas_ch(c, row, 13 + i, heat_shade(st, heat),
			  density_mark(page_counts_resident(&n), (b - a) >> PAGE_SHIFT));
	else
		canvas_ch(c, row, 13 + i, style_heat(style_attr(st, heat > 2 ? ATTR_BOLD : 0), heat),
			  state == PAGE_ABSENT ? 0xb7 : (uint32_t)page_states[state].letter);
	if (r->sp != UNKNOWN && r->sp >= a && r->sp < b)
		canvas_put(c, row, 15 + (int)per_row, STYLE(SP), "◄ sp");
	else if (heat)
		canvas_ch(c, row, 14 + (int)per_row, style_heat(STYLE(NEW), heat), heat_mark(heat));
}

/* The frame that has most of a line of pages. */
static void draw_frame_name(const struct ruler *r, const struct snapshot *snap, struct canvas *c,
			    int row, int col, uint64_t from, uint64_t to)
{
	const struct unwound_task *t = r->chain;
	uint64_t most = 0;
	size_t best = 0;
	char name[64];

	for (size_t i = 0; t && i < t->n; i++) {
		const struct user_frame *f = &snap->unwound->frames[t->first + i];
		uint64_t low = umax(f->sp, from), high;

		if (f->bytes == UNKNOWN)
			continue;
		high = umin(f->sp + f->bytes, to);
		if (high > low && high - low > most) {
			most = high - low;
			best = t->first + i;
		}
	}
	if (most)
		canvas_putn(c, row, col, STYLE(DIM), canvas_cols(c) - col,
			    frames_label(snap, best, 1, name, sizeof(name)));
}

/* From the top of the stack down, as many pages a line as it takes to show them all. */
static void draw_pages(const struct ruler *r, const struct session *s, struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct vma *v = &snap->layout->vmas[r->index];
	uint64_t pages = vma_size(v) >> PAGE_SHIFT, cell = 1, per_row = 1;
	int rows = canvas_rows(c) - 1, width = canvas_cols(c) - 14;
	char size[16];

	while (pages > (uint64_t)rows * per_row * cell)
		if (per_row < 8 && (int)per_row * 2 <= width)
			per_row *= 2;
		else
			cell *= 2;
	canvas_putf(c, 0, 0, STYLE(COLUMN), "pages, to scale: 1 = %s",
		    text_size(cell * PAGE_BYTES, size));
	for (int row = 0; row < rows; row++) {
		uint64_t line = per_row * cell * PAGE_BYTES, top = v->end - (uint64_t)row * line;

		if ((uint64_t)row * line >= vma_size(v))
			break;
		paint_address(c, row + 1, 0, STYLE(DIM), umax(top - line, v->start), 0);
		if (r->sp == UNKNOWN || r->sp < top - line || r->sp >= top)
			draw_frame_name(r, snap, c, row + 1, 15 + (int)per_row, top - line, top);
		for (uint64_t i = 0; i < per_row; i++)
			draw_page(r, s, c, row + 1, (int)i, per_row, cell, top - line);
	}
}

static void stand_on(struct stack_state *st, const struct ruler *r, int i)
{
	st->cursor = i;
	st->kind = r->marks[i].kind;
	st->nth = 0;
	while (i-- > 0)
		st->nth += r->marks[i].kind == st->kind;
}

/* The cursor stays on its mark, not on its line; another stack begins at its start. */
static void find_cursor(struct stack_state *st, const struct ruler *r, const struct vma *v)
{
	int nth = 0, start = 0;

	if (st->end != v->end) {
		st->end = v->end;
		st->top = st->nth = 0;
		st->kind = MARK_START;
	}
	for (int i = 0; i < r->n; i++) {
		if (r->marks[i].kind == MARK_START)
			start = i;
		if (r->marks[i].kind == st->kind && nth++ == st->nth) {
			st->cursor = i;
			return;
		}
	}
	stand_on(st, r, start);
}

/* A task of another process, or of the kernel, chosen among all tasks. */
static bool draw_stranger(const struct session *s, struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(s);
	pid_t tid = session_tid(s);
	const struct kstack *k = snap && snap->stacks ? stacks_find(snap->stacks, tid) : NULL;
	struct buf b = BUF_INIT;
	char comm[80];

	if (!k || k->tgid == snap->process.pid)
		return false;
	buf_addf(&b, "Task %d %s ", (int)tid, clean(k->comm, comm, sizeof(comm)));
	if (k->kthread)
		buf_adds(&b, "is a thread of the kernel: it has no user stack, and no address space.");
	else
		buf_addf(&b, "belongs to process %d: its user stack can be seen when that process is "
			 "looked at.", (int)k->tgid);
	canvas_wrap(c, (struct rect){ 1, 2, 4, canvas_cols(c) - 4 }, STYLE(WHY), buf_str(&b));
	buf_free(&b);
	return true;
}

static void stack_draw(void *state, const struct session *s, struct canvas *c)
{
	struct stack_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	int rows = canvas_rows(c), cols = canvas_cols(c), panel = cols >= PANEL_FROM ? PANEL : 0;
	const struct vma *v;
	struct ruler r;

	if (draw_stranger(s, c))
		return;
	if (!ruler_make(&r, s)) {
		paint_why_empty(c, snap, snap && snap->layout ? "tasks[].stack" : "vmas");
		return;
	}
	v = &snap->layout->vmas[r.index];
	find_cursor(st, &r, v);
	if (panel && snap->pages) {
		canvas_vline(c, 0, cols - panel - 1, rows, STYLE(BORDER));
		canvas_push(c, (struct rect){ 0, cols - panel + 1, rows, panel - 1 });
		draw_pages(&r, s, c);
		canvas_pop(c);
	}
	canvas_push(c, (struct rect){ 0, 0, rows, cols - panel - (panel > 0) });
	if (st->by_words) {
		draw_sp_line(&r, snap, c, rows - 1);
		canvas_push(c, (struct rect){ 0, 0, rows - 1, canvas_cols(c) });
		stackwords_draw(&st->words, s, r.task ? r.task->tid : 0, c);
		canvas_pop(c);
		canvas_pop(c);
		return;
	}
	draw_sp_line(&r, snap, c, rows - 3);
	draw_history(&r, v, c, rows - 2);
	draw_scale(&r, v, c, rows - 1);
	canvas_push(c, (struct rect){ 0, 0, rows - BELOW_LINES, canvas_cols(c) });
	st->page = canvas_rows(c);
	draw_ruler(st, &r, s, c);
	canvas_pop(c);
	canvas_pop(c);
}

static void stack_want(void *state, const struct session *s, struct source_want *want)
{
	struct stack_state *st = state;
	struct ruler r;

	want->tasks = true;
	if (!ruler_make(&r, s))
		return;
	want->unwind = r.task ? r.task->tid : 0;
	st->span = (struct span){ r.marks[0].addr, r.marks[0].addr };
	st->span.start = session_snapshot(s)->layout->vmas[r.index].start;
	/* All of it, unless it is huge: then the part near the top. */
	st->span.start = umax(st->span.start, st->span.end - umin(64ull << 20, st->span.end));
	want->visible = want->rows = &st->span;
	want->nvisible = want->nrows = 1;
}

static bool step_thread(struct session *s, int by)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct task_list *tasks = snap ? snap->tasks : NULL;
	ssize_t at = 0;

	if (!tasks || !tasks->n)
		return true;
	for (size_t i = 0; i < tasks->n; i++)
		if (tasks->tasks[i].tid == session_tid(s))
			at = (ssize_t)i;
	for (size_t i = 0; i < tasks->n; i++) {
		at = (at + by + (ssize_t)tasks->n) % (ssize_t)tasks->n;
		if (!tasks->tasks[at].stack.vma_end)
			continue;
		session_select_task(s, tasks->tasks[at].tid);
		session_select(s, tasks->tasks[at].stack.vma_end - PAGE_BYTES);
		break;
	}
	return true;
}

static bool stack_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct stack_state *st = state;
	struct ruler r;
	const struct vma *v;
	int to;

	if (!strcmp(name, "left"))
		return step_thread(s, -1);
	if (!strcmp(name, "right"))
		return step_thread(s, 1);
	if (!ruler_make(&r, s))
		return false;
	if (!strcmp(name, "registers"))
		return ruler_registers(s, r.task ? r.task->tid : session_tid(s), arg);
	if (!strcmp(name, "words")) {
		st->by_words = !st->by_words;
		return true;
	}
	if (st->by_words && stackwords_move(&st->words, session_snapshot(s), r.task ? r.task->tid : 0, name))
		return true;
	if (!strcmp(name, "enter")) {
		session_set_zoom(s, 1);
		session_set_room(s, view_index("pages"));
		return true;
	}
	find_cursor(st, &r, &session_snapshot(s)->layout->vmas[r.index]);
	to = st->cursor;
	if (!list_move(name, &to, r.n, 4))
		return false;
	stand_on(st, &r, to);
	/* The selection goes along as long as it stays in the stack. */
	v = &session_snapshot(s)->layout->vmas[r.index];
	if (r.marks[st->cursor].addr >= v->start)
		session_select(s, umin(r.marks[st->cursor].addr, v->end - PAGE_BYTES));
	return true;
}

/* ---- sentences ---- */

static void describe_frames(const struct snapshot *snap, const struct mark *m, struct buf *out)
{
	static const char *const steps[FRAME_STEP_NR] = {
		[FRAME_BY_CFI] = "call frame information",
		[FRAME_BY_PROLOGUE] = "the function's first instructions and its return address",
		[FRAME_BY_POINTER] = "the chain of frame pointers, a guess",
		[FRAME_LAST] = "",
	};
	const struct user_frame *f = &snap->unwound->frames[m->frame];
	char text[96], size[16];

	if (!m->frames) {
		buf_addf(out,
			 "The frames above were there when this stack was walked last; what was called since is "
			 "walked a few times a second. %s.", text_size(m->bytes, size));
		return;
	}
	if (m->frames > 1)
		buf_addf(out, "%s: %zu frames, the innermost %" PRIu64 " bytes, all %s",
			 m->text, m->frames, f->bytes, text_size(m->bytes, size));
	else
		buf_addf(out, "%s: a frame of %" PRIu64 " bytes", m->text, f->bytes);
	if (f->takes != UNKNOWN && m->frames == 1)
		buf_addf(out, " (its code takes %" PRIu64 "%s)", f->takes, f->bytes > f->takes ?
			 ", the rest is alloca() or arguments" : "");
	buf_addf(out, " from %012" PRIx64 " up", f->sp);
	if (f->line)
		buf_addf(out, ", at %s:%u", clean(base_name(f->file), text, sizeof(text)), f->line);
	if (*f->module)
		buf_addf(out, ", in %s", clean(base_name(f->module), text, sizeof(text)));
	buf_addf(out, ". Its end is known by %s.", steps[f->step]);
}

/* How many frames, and where they end, or why there are none. */
static void describe_chain(const struct ruler *r, const struct snapshot *snap, struct buf *out)
{
	const struct unwound_task *t = r->task ? unwound_find(snap->unwound, r->task->tid) : NULL;

	if (t && t->n)
		buf_addf(out, "%zu frames, registers by %s; the chain ends with %s. ", t->n,
			 unwound_rung_names[t->rung], t->end);
	else if (t)
		buf_addf(out, "No frames: %s. ", t->end);
}

static void describe_mark(const struct ruler *r, const struct snapshot *snap, const struct mark *m,
			  struct buf *out)
{
	const struct vma *v = &snap->layout->vmas[r->index];
	char a[16], b[16];

	switch (m->kind) {
	case MARK_TOP:
		buf_adds(out,
			 "The stack's upper end, the end of its mapping (maps). It never moves; all growth is "
			 "at the other end.");
		break;
	case MARK_EDGE:
		buf_adds(out,
			 "Above start_stack exec laid out argc, argv, envp and the auxiliary vector, above those "
			 "the strings they point to (stat, fields 28 and 48 to 51).");
		break;
	case MARK_FRAME:
		describe_frames(snap, m, out);
		break;
	case MARK_SP:
		describe_chain(r, snap, out);
		buf_addf(out,
			 "The stack pointer as %s: %s between it and the top are in use.", !r->since ?
			 "/proc/TID/syscall gave it" : *r->since == 'w' ?
			 "it was when the thread was stopped for that" :
			 "it was when the thread waited for a CPU", text_size(v->end - m->addr, a));
		break;
	case MARK_DEEPEST:
	case MARK_LOWEST:
		buf_addf(out,
			 "%s: the kernel maps a page when it is touched, so this is how deep the stack was used, "
			 "%s below its top.", m->kind == MARK_LOWEST ? "The lowest page resident now" :
			 "The deepest page seen resident", text_size(v->end - m->addr, a));
		break;
	case MARK_START:
		if (r->grows)
			buf_addf(out,
				 "The mapping begins here (maps%s): %s. A touch below it makes the kernel grow the "
				 "mapping down to the touched page, in one step.",
				 snap->machine && snap->machine->guard_inside ? " begin a page higher" : "",
				 text_size(vma_size(v), a));
		else
			buf_addf(out, v->role == ROLE_HEAP ?
				 "The mapping begins here, %s from brk(2): no touch below makes it grow." :
				 v->role == ROLE_BSS || v->role == ROLE_DATA ?
				 "The mapping begins here, %s of a program's data: it does not grow." :
				 "The mapping begins here, %s from mmap(2): unlike the main thread's stack it never "
				 "grows by a touch.",
				 text_size(vma_size(v), a));
		break;
	case MARK_GUARD_PAGE:
		buf_adds(out,
			 "The lowest page of a stack is its guard, from 2.6.36 to 4.11: it is never used. A touch "
			 "of it gives the stack one more page below, which is the guard then; where a mapping "
			 "abuts, or the limit is reached, that fails. /proc/PID/maps does not show this page.");
		break;
	case MARK_GUARD:
		buf_adds(out,
			 "The guard below a thread's stack: without access rights, so that an overflow faults "
			 "instead of writing into the next mapping.");
		break;
	case MARK_FLOOR:
		buf_addf(out,
			 "RLIMIT_STACK is %s (limits). The kernel reads it at each fault that would grow the "
			 "stack; past it the fault is SIGSEGV. %s are left.",
			 text_size(r->limit, a),
			 text_size(v->start > m->addr ? v->start - m->addr : 0, b));
		break;
	case MARK_GAP:
		buf_adds(out,
			 "The kernel keeps 256 pages (1 MiB) between a growing stack and an accessible mapping "
			 "below; growth into this gap is refused and the fault is SIGSEGV.");
		break;
	case MARK_BELOW:
		buf_addf(out, "The next mapping below ends here, %s under the stack's start.",
			 text_size(v->start - m->addr, a));
		break;
	}
}

static void stack_describe(void *state, const struct session *s, struct buf *out)
{
	struct stack_state *st = state;
	const struct mark *m;
	struct ruler r;

	if (!ruler_make(&r, s)) {
		if (session_snapshot(s))
			describe_why(session_snapshot(s), session_snapshot(s)->layout ?
				     "tasks[].stack" : "vmas", out);
		return;
	}
	if (st->by_words) {
		stackwords_describe(&st->words, s, r.task ? r.task->tid : 0, out);
		return;
	}
	find_cursor(st, &r, &session_snapshot(s)->layout->vmas[r.index]);
	m = &r.marks[imin(st->cursor, r.n - 1)];
	if (m->kind == MARK_SP && session_paused(s) && r.task &&
	    !unwound_find(session_snapshot(s)->unwound, r.task->tid))
		buf_adds(out, "Its frames come with the next sample: the picture is paused. ");
	describe_mark(&r, session_snapshot(s), m, out);
}

static void stack_heading(void *state, const struct session *s, struct buf *out)
{
	struct ruler r;
	char label[96];

	(void)state;
	buf_adds(out, "stack");
	if (ruler_make(&r, s))
		buf_addf(out, " ─ %s", vma_label(session_snapshot(s), r.index, label,
						 sizeof(label)));
}

static const struct view_command commands[] = {
	{ "left", NULL, "the stack of the thread before" },
	{ "right", NULL, "the stack of the next thread" },
	{ "words", NULL, "the words around sp, each with what it can be, or the ruler again" },
	{ "registers", NULL, "stops the thread for a moment to read its registers; says first what it costs" },
	{ NULL, NULL, NULL },
};

const struct view stack_view = {
	.name = "stack",
	.title = "stack",
	.about = "one stack as a ruler: what is in use, how it grew, and what stops it",
	.state_size = sizeof(struct stack_state),
	.want = stack_want,
	.draw = stack_draw,
	.command = stack_command,
	.commands = commands,
	.asks = "registers|words",
	.describe = stack_describe,
	.heading = stack_heading,
};
