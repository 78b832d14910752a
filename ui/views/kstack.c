/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel stack of one task: at the left the whole of it to scale, beside it what lies
 * there from the top down, saved registers, frames, the stack pointer, what was used once
 * and what never; below, the stacks of the CPUs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/stacks.h"
#include "mmscope/syscalls.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/cpustacks.h"
#include "ui/views/paint.h"
#include "ui/views/ruler.h"

enum { GAUGE = 3, LIST = GAUGE + 2, OFFSET = 7, BAR_MOST = 32, NARROW = 40, WORDS_MOST = 64 };

struct kstack_state {
	int sel, top, page;
};

enum part_kind { PART_REGS, PART_FRAME, PART_SWITCH, PART_SP, PART_EVER, PART_FREE, PART_END };

/* One line: what lies at an offset. */
struct part {
	enum part_kind kind;
	uint64_t offset, bytes;		/* bytes 0: a mark */
	const struct kframe *frame;
};

struct parts {
	size_t n;
	struct part *part;
};

static const struct kstack *task_of(const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct kstack *k;

	if (!snap || !snap->stacks)
		return NULL;
	k = stacks_find(snap->stacks, session_tid(s));
	return k ? k : stacks_find(snap->stacks, snap->process.pid);
}

static void add(struct parts *p, enum part_kind kind, uint64_t offset, uint64_t bytes,
		const struct kframe *frame)
{
	p->part[p->n++] = (struct part){ kind, offset, bytes, frame };
}

/* From the top down. The caller frees what it gets. */
static struct parts make_parts(const struct kstack *k)
{
	struct parts p = { .part = xcalloc(k->nframes + k->nswitches + 6, sizeof(*p.part)) };
	uint64_t low = k->size;		/* where the known parts end, so far */
	bool placed = k->nframes && k->frames[0].offset != UNKNOWN;

	for (size_t i = k->nframes; i-- > 0;) {
		bool regs = i + 1 == k->nframes && k->regs != UNKNOWN;

		add(&p, regs ? PART_REGS : PART_FRAME, k->frames[i].offset, k->frames[i].bytes,
		    &k->frames[i]);
	}
	if (placed)
		low = k->frames[0].offset;
	if (k->used != UNKNOWN) {
		for (size_t i = k->nswitches; i-- > 0;)
			add(&p, PART_SWITCH, k->switches[i].offset, k->switches[i].bytes,
			    &k->switches[i]);
		if (low > k->size - k->used && !k->nswitches)
			add(&p, PART_SWITCH, k->size - k->used, low - (k->size - k->used), NULL);
		low = k->size - k->used;
		add(&p, PART_SP, low, 0, NULL);
	}
	if (k->high_water != UNKNOWN) {
		if (low > k->size - k->high_water)
			add(&p, PART_EVER, k->size - k->high_water, low - (k->size - k->high_water), NULL);
		if (k->size > k->high_water)
			add(&p, PART_FREE, 0, k->size - k->high_water, NULL);
	}
	add(&p, PART_END, 0, 0, NULL);
	return p;
}

/* ---- drawing ---- */

/* The whole stack, high addresses at the top. */
static void draw_gauge(const struct kstack *k, struct canvas *c, int row, int rows)
{
	for (int i = 0; i < rows; i++) {
		/* how far this line reaches down from the top */
		uint64_t from = k->size * (uint64_t)i / (uint64_t)rows;
		bool known = k->used != UNKNOWN || k->high_water != UNKNOWN;
		struct style st = known ? STYLE(DIM) : STYLE(WHY);
		uint32_t ch = known ? 0xb7 /* · */ : '?';

		if (k->used != UNKNOWN && from < k->used) {
			st = STYLE(BAR);
			ch = 0x2588 /* █ */;
		} else if (k->high_water != UNKNOWN && from < k->high_water) {
			st = STYLE(BAR);
			ch = 0x2592 /* ▒ */;
		}
		for (int col = 1; col <= GAUGE; col++)
			canvas_ch(c, row + i, col, st, ch);
	}
}

static void part_words(const struct part *p, const struct kstack *k, struct buf *out)
{
	switch (p->kind) {
	case PART_REGS:
		buf_adds(out, "pt_regs, ");
		/* fall through */
	case PART_FRAME:
		if (*p->frame->function)
			text_sanitize(out, p->frame->function, strlen(p->frame->function), 0);
		else
			buf_adds(out, "a function without a name");
		if (p->frame->ambiguous)
			buf_adds(out, " ?");
		break;
	case PART_SWITCH:
		if (p->frame)
			text_sanitize(out, p->frame->function, strlen(p->frame->function), 0);
		else
			buf_adds(out, k->nframes ? "schedule, switch frame" : "in use");
		break;
	case PART_SP:
		buf_adds(out, "sp");
		break;
	case PART_EVER:
		buf_adds(out, k->used == UNKNOWN ? "in use, or used once" : "used once");
		break;
	case PART_FREE:
		buf_adds(out, "never used");
		break;
	case PART_END:
		buf_adds(out, k->rung < KSTACK_BPF ? "end of the stack" : k->magic_ok ?
			 k->unguarded ? "end magic whole; no guard page below" :
			 "end magic whole; guard page below" :
			 "END MAGIC OVERWRITTEN");
		break;
	}
}

static struct style part_style(const struct part *p, const struct kstack *k)
{
	switch (p->kind) {
	case PART_SP:
		return STYLE(SP);
	case PART_EVER:
	case PART_FREE:
	case PART_SWITCH:
		return STYLE(DIM);
	case PART_END:
		return k->rung >= KSTACK_BPF && !k->magic_ok ? STYLE(ERROR) : STYLE(LIMIT);
	default:
		return p->frame && p->frame->ambiguous ? STYLE(WARN) : STYLE(TEXT);
	}
}

static uint32_t part_glyph(const struct part *p)
{
	static const uint32_t glyphs[] = {
		[PART_REGS] = 0x252c /* ┬ */, [PART_FRAME] = 0x2502 /* │ */,
		[PART_SWITCH] = 0x2502, [PART_SP] = 0x25c4 /* ◄ */,
		[PART_EVER] = 0x254e /* ╎ */, [PART_FREE] = 0x254e, [PART_END] = 0x2534 /* ┴ */,
	};

	return glyphs[p->kind];
}

static void draw_part(const struct part *p, const struct kstack *k, uint64_t largest,
		      struct canvas *c, int row, bool selected)
{
	int cols = canvas_cols(c), bar = imin(BAR_MOST, (cols - LIST - 40) / 2), end;
	int from = LIST + OFFSET + 3;
	bool sized = p->bytes && p->bytes != UNKNOWN && cols >= NARROW;
	struct style st = part_style(p, k);
	struct buf words = BUF_INIT;
	char n[32];

	bar = imax(bar, 0);
	/* Names and figures stay within one look of each other. */
	end = imin(cols - bar - (bar ? 2 : 1), from + WORDS_MOST);
	if (p->offset != UNKNOWN) {
		char offset[24];

		snprintf(offset, sizeof(offset), "+%" PRIu64, p->offset);
		canvas_right(c, row, LIST + OFFSET, STYLE(DIM), offset);
	}
	canvas_ch(c, row, LIST + OFFSET + 1, st, part_glyph(p));
	part_words(p, k, &words);
	canvas_putn(c, row, from, st, imax(sized ? end - 8 - from : cols - 1 - from, 0),
		    buf_str(&words));
	if (sized)
		canvas_right(c, row, end, st, count_text(p->bytes, n));
	if (sized && p->frame && p->frame->takes && p->kind != PART_REGS)
		paint_code(c, row, from + text_width(buf_str(&words)), end - 7, p->frame->takes);
	/* What is free would dwarf the rest; the gauge shows it. */
	if (bar && sized && p->kind != PART_FREE && largest)
		canvas_bar(c, row, end + 1, bar, STYLE(BAR), umin(p->bytes, largest), largest);
	if (selected) {
		canvas_restyle(c, row, LIST, cols - LIST, STYLE(SELECT));
		canvas_ch(c, row, LIST, STYLE(SELECT), 0x25b6 /* ▶ */);
		canvas_cursor(c, row, LIST);
	}
	buf_free(&words);
}

static void draw_head(const struct kstack *k, struct canvas *c)
{
	char comm[80], n[32], size[16];
	struct buf figures = BUF_INIT;
	int from, width;

	buf_addf(&figures, "now %s", k->used == UNKNOWN ? "?" : count_text(k->used, n));
	buf_addf(&figures, " · ever %s", k->high_water == UNKNOWN ? "?" :
		 count_text(k->high_water, n));
	buf_addf(&figures, " · left %s", kstack_left(k) == UNKNOWN ? "?" :
		 count_text(kstack_left(k), n));
	width = text_width(buf_str(&figures));
	if (canvas_cols(c) >= width + 36 && k->size != UNKNOWN) {
		buf_addf(&figures, " of %s", text_size(k->size, size));
		width = text_width(buf_str(&figures));
	}
	/* The figures are what one came for: the name gives way. */
	from = imax(canvas_cols(c) - width - 1, 1);
	if (from > 12) {
		struct buf who = BUF_INIT;

		buf_addf(&who, "T %d %c %s", (int)k->tid, k->state, clean(k->comm, comm, sizeof(comm)));
		from = imin(from, text_width(buf_str(&who)) + 3);
		canvas_putn(c, 0, 1, STYLE(STRONG), from - 2, buf_str(&who));
		buf_free(&who);
	}
	canvas_put(c, 0, from, k->used == UNKNOWN || k->high_water == UNKNOWN ? STYLE(WHY) :
		   STYLE(TEXT), buf_str(&figures));
	buf_free(&figures);
}

/* Two lines: why something is not there, and what would bring it. */
static void draw_lack(const struct kstack *k, struct canvas *c)
{
	for (unsigned i = 0; i < KSTACK_LACKS; i++) {
		struct buf b = BUF_INIT;

		if (!(k->lacks >> i & 1))
			continue;
		buf_addf(&b, "%s%s%s", kstack_lacks[i].why, *kstack_lacks[i].try_this ? "; try: " : "",
			 kstack_lacks[i].try_this);
		canvas_wrap(c, (struct rect){ 1, 1, 2, canvas_cols(c) - 2 }, STYLE(WHY), buf_str(&b));
		buf_free(&b);
		return;
	}
}

static void draw_parts(struct kstack_state *st, const struct kstack *k, struct canvas *c, int first,
		       int rows)
{
	struct parts p = make_parts(k);
	uint64_t largest = 0;

	for (size_t i = 0; i < p.n; i++)
		if (p.part[i].kind != PART_FREE && p.part[i].bytes != UNKNOWN)
			largest = umax(largest, p.part[i].bytes);
	st->page = rows;
	st->sel = imin(st->sel, (int)p.n - 1);
	st->top = scroll_to(st->top, st->sel, (int)p.n, rows);
	for (int i = 0; i < rows && st->top + i < (int)p.n; i++)
		draw_part(&p.part[st->top + i], k, largest, c, first + i, st->top + i == st->sel);
	free(p.part);
}

static void kstack_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct kstack *k = task_of(s);
	int first, rows;

	if (!k) {
		if (snap && snap->stacks)
			canvas_put(c, canvas_rows(c) / 3, 2, STYLE(WHY),
				   "this task was not there when kernel stacks were read");
		else
			canvas_wrap(c, (struct rect){ canvas_rows(c) / 3, 2, 3, canvas_cols(c) - 4 },
				    STYLE(WHY), cpustacks_why_none(s));
		return;
	}
	draw_head(k, c);
	draw_lack(k, c);
	first = k->lacks ? 3 : 2;
	rows = canvas_rows(c) - first - cpustacks_draw(snap->stacks, c);
	if (k->size == UNKNOWN || rows < 1)
		return;
	draw_gauge(k, c, first, rows);
	draw_parts(state, k, c, first, rows);
}

static void kstack_want(void *state, const struct session *s, struct source_want *want)
{
	const struct snapshot *snap = session_snapshot(s);
	bool ours = !snap || !snap->tasks || !session_tid(s) ||
		    task_list_find(snap->tasks, session_tid(s));

	(void)state;
	want->tasks = true;
	/* One of another process, or of the kernel, was chosen in the room of all tasks. */
	if (!ours)
		want->kstacks = KSTACKS_SYSTEM;
	else if (want->kstacks == KSTACKS_NONE)
		want->kstacks = KSTACKS_PROCESS;
}

/* ---- commands ---- */

static bool next_task(struct session *s, int step)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct kstack *k = task_of(s);
	ptrdiff_t at;

	if (!k)
		return false;
	at = k - snap->stacks->tasks + step;
	if (at >= 0 && at < (ptrdiff_t)snap->stacks->n)
		ruler_select_tid(s, snap->stacks->tasks[at].tid);
	return true;
}

static bool kstack_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct kstack_state *st = state;
	const struct kstack *k = task_of(s);
	struct parts p;

	if (!strcmp(name, "registers"))
		return ruler_registers(s, k ? k->tid : session_tid(s), arg);
	if (!k || k->size == UNKNOWN)
		return false;
	if (!strcmp(name, "left") || !strcmp(name, "right"))
		return next_task(s, *name == 'l' ? -1 : 1);
	p = make_parts(k);
	free(p.part);
	return list_move(name, &st->sel, (int)p.n, st->page - 1);
}

static void kstack_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct kstack_state *st = state;
	const struct kstack *k = task_of(s);

	(void)col;
	(void)twice;
	if (k)
		st->sel = imax(0, st->top + row - (k->lacks ? 3 : 2));
}

/* ---- sentences ---- */

/* What led into the kernel. */
static void describe_call(const struct kstack *k, const struct snapshot *snap, struct buf *out)
{
	const struct task *t = snap->tasks ? task_list_find(snap->tasks, k->tid) : NULL;

	if (!t || t->syscall < 0)
		return;
	buf_adds(out, ", at ");
	syscall_describe(t, out);
}

static void describe_part(const struct part *p, const struct kstack *k, const struct snapshot *snap,
			  struct buf *out)
{
	char n[32], m[32];

	switch (p->kind) {
	case PART_REGS:
		buf_addf(out, "At the top the entry code saved the registers of user mode, %s bytes",
			 count_text(p->bytes, n));
		describe_call(k, snap, out);
		break;
	case PART_FRAME:
	case PART_SWITCH:
		part_words(p, k, out);
		if (p->bytes == UNKNOWN) {
			buf_adds(out, ": how many bytes it takes is not known on this rung");
			break;
		}
		buf_addf(out, ": %s bytes of the stack, from %s above its base",
			 count_text(p->bytes, n), count_text(p->offset, m));
		if (p->frame && p->frame->takes)
			buf_addf(out, "; by its code it takes %s%s", count_text(p->frame->takes, n),
				 p->bytes > p->frame->takes ?
				 ", the rest it allocates or aligns as it runs" : "");
		if (p->kind == PART_SWITCH)
			buf_adds(out, p->frame ? "; the kernel leaves it out of its call chain" :
				 "; the kernel leaves these frames out of its call chain");
		if (p->frame && p->frame->ambiguous)
			buf_adds(out, "; its return address stands in several places, the lowest is shown");
		break;
	case PART_SP:
		if (!k->used)
			buf_adds(out, "The stack pointer: nothing is in use, the task is in user mode");
		else
			buf_addf(out, "The stack pointer: %s bytes are in use while the task %s",
				 count_text(k->used, n), k->state == 'R' ? "runs or waits for a CPU" :
				 "sleeps");
		break;
	case PART_EVER:
		buf_addf(out, "Deepest use since the task was born: %s bytes, by the lowest word that is not zero",
			 count_text(k->high_water, n));
		break;
	case PART_FREE:
		buf_addf(out, "%s bytes were never written to", count_text(p->bytes, n));
		break;
	case PART_END:
		buf_adds(out, "The lowest word holds STACK_END_MAGIC; whoever overwrites it has overflowed the stack");
		break;
	}
	buf_adds(out, ". ");
}

static void kstack_describe(void *state, const struct session *s, struct buf *out)
{
	const struct kstack_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	const struct kstack *k = task_of(s);
	struct parts p;

	if (!k && snap && !snap->process.ended)
		buf_adds(out, snap->stacks ?
			 "This task came later: its kernel stack is read with the next sample." :
			 "A task's kernel stack, frame by frame: what is in use, the deepest it ever was, and "
			 "what is left. It is read while this room is open.");
	if (!k)
		return;
	if (k->size != UNKNOWN) {
		p = make_parts(k);
		if (st->sel < (int)p.n)
			describe_part(&p.part[st->sel], k, session_snapshot(s), out);
		free(p.part);
	}
	buf_addf(out, "[%s%s%s: %s]", kstack_rungs[k->rung].name,
		 *kstack_rungs[k->rung].next ? "; more needs " : "", kstack_rungs[k->rung].next,
		 kstack_rungs[k->rung].gives);
}

static void kstack_heading(void *state, const struct session *s, struct buf *out)
{
	const struct kstack *k = task_of(s);

	(void)state;
	buf_adds(out, "kernel stack");
	if (k)
		buf_addf(out, " ─ by %s", kstack_rungs[k->rung].name);
}

static const struct view_command commands[] = {
	{ "left", NULL, "the task before" },
	{ "right", NULL, "the task after" },
	{ "registers", NULL, "stops the thread for a moment to read its registers; says first what it costs" },
	{ NULL, NULL, NULL },
};

const struct view kstack_view = {
	.name = "kstack",
	.title = "kstack",
	.about = "one task's kernel stack to scale: frames, registers, the deepest it ever was",
	.caps = CAP_KSTACKS,
	.state_size = sizeof(struct kstack_state),
	.want = kstack_want,
	.draw = kstack_draw,
	.command = kstack_command,
	.commands = commands,
	.asks = "registers",
	.click = kstack_click,
	.describe = kstack_describe,
	.heading = kstack_heading,
};
