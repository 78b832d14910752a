/* SPDX-License-Identifier: GPL-2.0-or-later
 * The execution contexts of the task that runs: its user stack, its kernel stack and the
 * interrupt stack of the CPU beside each other. The gauge of each is to scale; beside it
 * stand, from the top down, the frames, the stack pointer, what was used once and never,
 * and what lies at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/contexts.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { COLUMNS = 3, GAUGE = 2, WITH_PLACE = 30, PLACE = 7, COMPLETE = 70, NARROW = 20 };

enum part_kind { PART_FRAME, PART_SP, PART_ONCE, PART_NEVER, PART_INFO, PART_MAGIC, PART_GUARD, PART_NONE };

struct part {
	enum part_kind kind;
	const struct cframe *frame;
	uint64_t addr, bytes;
};

/* One of the three stacks. */
struct side {
	const char *title;
	const struct cstack *st;	/* NULL: there is none, see `none` */
	const char *none;
	bool here;			/* the processor's sp lies in it */
	const struct cthread_info *info;	/* of the kernel stack, where it lies on it */
	struct part *part;
	int n, top;
};

struct contexts_state {
	int sel, page;
	size_t op, decision;		/* of the last drawing: the selection follows sp */
	bool complete, drawn;
};

struct room {
	const struct contexts *c;
	const struct ctask *t;
	const struct ccpu *cpu;
	struct side col[COLUMNS];
	char note[48];			/* "task of W": whose stack it really is */
};

/* ---- what lies on a stack ---------------------------------------------------------------- */

static void add(struct side *k, enum part_kind kind, const struct cframe *f, uint64_t addr, uint64_t bytes)
{
	k->part[k->n++] = (struct part){ kind, f, addr, bytes };
}

static uint64_t top_of(const struct cstack *st)
{
	return st->base + st->size;
}

static void put_parts(struct side *k)
{
	const struct cstack *st = k->st;
	uint64_t low;

	k->part = xcalloc((st ? st->nframes : 0) + 8, sizeof(*k->part));
	if (!st) {
		add(k, PART_NONE, NULL, 0, 0);
		return;
	}
	for (size_t i = st->nframes; i-- > 0;)
		add(k, PART_FRAME, &st->frames[i], st->frames[i].addr, st->frames[i].bytes);
	add(k, PART_SP, NULL, st->sp, top_of(st) - st->sp);
	low = top_of(st) - st->high_water;
	if (low < st->sp && st->high_water && low >= st->base)
		add(k, PART_ONCE, NULL, low, st->sp - low);
	low = umin(low, st->sp);
	if (low > st->base)
		add(k, PART_NEVER, NULL, st->base, low - st->base);
	if (k->info)
		add(k, PART_INFO, NULL, k->info->addr, 0);
	if (st->kind == CSTACK_TASK)
		add(k, PART_MAGIC, NULL, st->base, 0);
	if (st->guard || st->kind != CSTACK_USER)
		add(k, PART_GUARD, NULL, st->base - st->guard, st->guard);
}

/* The CPU's stack that sp is on, else one with frames, else that of interrupts. */
static const struct cstack *interrupt_stack(const struct ccpu *cpu)
{
	const struct cstack *found = NULL;

	if (cpu->sp_on >= 0 && (size_t)cpu->sp_on < cpu->nstacks)
		return &cpu->stack[cpu->sp_on];
	for (size_t i = 0; i < cpu->nstacks; i++) {
		const struct cstack *st = &cpu->stack[i];

		if (st->nframes || (!found && st->kind == CSTACK_IRQ))
			found = st;
	}
	return found;
}

static bool room_make(struct room *r, const struct machine *m)
{
	*r = (struct room){ .c = m ? m->contexts : NULL };
	r->t = r->c ? contexts_current(r->c) : NULL;
	if (!r->t || !r->c->ncpus)
		return false;
	r->cpu = &r->c->cpus[0];
	r->col[0] = (struct side){ .title = "user", .st = r->t->user.size ? &r->t->user : NULL,
				     .none = r->t->kthread ? "a kernel thread has no user space: mm is NULL" :
				     "no user stack", .here = r->cpu->sp_on == CSP_USER };
	r->col[1] = (struct side){ .title = "kernel", .st = r->t->kernel.size ? &r->t->kernel : NULL,
				     .none = "no kernel stack", .here = r->cpu->sp_on == CSP_TASK,
				     .info = r->t->info.on_stack ? &r->t->info : NULL };
	r->col[2] = (struct side){ .title = "interrupt", .st = interrupt_stack(r->cpu), .none = r->c->irq_rule,
				     .here = r->cpu->sp_on >= 0 };
	for (int i = 0; i < COLUMNS; i++)
		put_parts(&r->col[i]);
	return true;
}

static void room_free(struct room *r)
{
	for (int i = 0; i < COLUMNS; i++)
		free(r->col[i].part);
}

static int parts(const struct room *r)
{
	return r->col[0].n + r->col[1].n + r->col[2].n;
}

static const struct part *part_at(const struct room *r, int sel, int *column)
{
	for (*column = 0; *column < COLUMNS; ++*column) {
		if (sel < r->col[*column].n)
			return &r->col[*column].part[sel];
		sel -= r->col[*column].n;
	}
	return NULL;
}

/* ---- drawing ---------------------------------------------------------------------------------- */

static unsigned trampled_fields(const struct cthread_info *info)
{
	unsigned n = 0;

	for (size_t i = 0; i < info->nfields; i++)
		n += !info->field[i].intact;
	return n;
}

static struct style frame_style(const struct cframe *f)
{
	if (!f->intact)
		return style_attr(STYLE(ERROR), ATTR_BOLD);
	return f->kind == CFRAME_CALL ? STYLE(TEXT) : STYLE(TITLE);
}

/* Beside a map on 80 columns there is little room: `narrow`. */
static void part_words(const struct side *k, const struct part *p, bool narrow, struct buf *out)
{
	switch (p->kind) {
	case PART_FRAME:
		if (!p->frame->intact)
			buf_adds(out, "✗ ");
		if (p->frame->kind != CFRAME_CALL)
			buf_addf(out, "%s%s", cframe_kind_names[p->frame->kind], *p->frame->function ? " " : "");
		buf_adds(out, p->frame->function);
		break;
	case PART_SP:
		buf_adds(out, k->here ? "◄ sp" : !k->st->nframes ? "empty" : narrow ? "sp was" : "sp left here");
		break;
	case PART_ONCE:
		buf_adds(out, narrow ? "once" : "used once");
		break;
	case PART_NEVER:
		buf_adds(out, narrow ? "never" : "never used");
		break;
	case PART_INFO:
		buf_adds(out, k->info->intact ? "thread_info" : narrow ? "✗ threadinfo" :
			 "✗ thread_info OVERWRITTEN");
		break;
	case PART_MAGIC:
		buf_adds(out, k->st->magic_ok ? narrow ? "magic whole" : "end magic whole" :
			 narrow ? "✗ MAGIC GONE" : "✗ END MAGIC OVERWRITTEN");
		break;
	case PART_GUARD:
		buf_adds(out, !p->bytes ? narrow ? "no guard" : "no guard below" : narrow ? "guard" : "guard page");
		break;
	case PART_NONE:
		buf_adds(out, k->none);
		break;
	}
}

static struct style part_style(const struct side *k, const struct part *p)
{
	switch (p->kind) {
	case PART_FRAME:
		return frame_style(p->frame);
	case PART_SP:
		return k->here ? style_attr(STYLE(SP), ATTR_BOLD) : STYLE(DIM);
	case PART_INFO:
		return k->info->intact ? STYLE(LIMIT) : style_attr(STYLE(ERROR), ATTR_BOLD);
	case PART_MAGIC:
		return k->st->magic_ok ? STYLE(LIMIT) : style_attr(STYLE(ERROR), ATTR_BOLD);
	case PART_GUARD:
		return p->bytes ? STYLE(LIMIT) : STYLE(WARN);
	case PART_NONE:
		return STYLE(WHY);
	default:
		return STYLE(DIM);
	}
}

/* Where the line stands on the stack: above the base, or below the top of a user stack. */
static void draw_place(const struct side *k, const struct part *p, struct canvas *c, int row, int end)
{
	char place[24];

	if (k->st->kind == CSTACK_USER)
		snprintf(place, sizeof(place), "-%" PRIu64, top_of(k->st) - p->addr);
	else if (p->addr >= k->st->base)
		snprintf(place, sizeof(place), "+%" PRIu64, p->addr - k->st->base);
	else
		snprintf(place, sizeof(place), "-%" PRIu64, k->st->base - p->addr);
	canvas_right(c, row, end, STYLE(DIM), place);
}

static void draw_part(const struct side *k, const struct part *p, struct canvas *c, int row, int col, int width)
{
	struct style st = part_style(k, p);
	struct buf b = BUF_INIT;
	int end = col + width;
	char n[32];

	part_words(k, p, width < NARROW, &b);
	if (p->kind == PART_NONE) {
		canvas_wrap(c, (struct rect){ row, col, 8, width - 1 }, st, buf_str(&b));
		buf_free(&b);
		return;
	}
	if (width >= WITH_PLACE) {
		draw_place(k, p, c, row, col + PLACE);
		col += PLACE + 1;
	}
	if (p->bytes)
		end = canvas_right(c, row, end - 1, st, width >= WITH_PLACE || p->kind < PART_ONCE ?
				   count_text(p->bytes, n) : size_text(p->bytes, n));
	canvas_putn(c, row, col, st, imax(end - col - 1, 0), buf_str(&b));
	buf_free(&b);
}

/* High addresses at the top; what lies below the base shows as the last line turning red. */
static void draw_gauge(const struct side *k, struct canvas *c, int row, int col, int rows)
{
	const struct cstack *st = k->st;
	bool spoilt = !st->magic_ok || (k->info && !k->info->intact);

	for (int i = 0; i < rows; i++) {
		uint64_t from = st->size * (uint64_t)i / (uint64_t)rows, used = top_of(st) - st->sp;
		uint64_t next = st->size * (uint64_t)(i + 1) / (uint64_t)rows;
		struct style style = from < used ? STYLE(BAR) : from < st->high_water ? STYLE(BAR) : STYLE(DIM);
		uint32_t ch = from < used ? 0x2588 /* █ */ : from < st->high_water ? 0x2592 /* ▒ */ : 0xb7 /* · */;

		if (spoilt && i + 1 == rows)
			style = style_attr(STYLE(ERROR), ATTR_BOLD);
		else if (k->here && from <= used && used < next)
			style = style_attr(STYLE(SP), ATTR_BOLD);
		for (int x = 0; x < GAUGE; x++)
			canvas_ch(c, row + i, col + x, style, ch);
		if (k->here && from <= used && used < next)
			canvas_ch(c, row + i, col + GAUGE, style_attr(STYLE(SP), ATTR_BOLD), 0x25c4 /* ◄ */);
	}
}

static void draw_title(const struct room *r, int i, struct canvas *c, int row, int col, int width)
{
	const struct side *k = &r->col[i];
	struct style st = k->here ? style_attr(STYLE(TITLE), ATTR_BOLD) : STYLE(DIM);
	int shared = i == 0 ? r->t->user_of : i == 1 ? r->t->kernel_of : -1;
	struct buf b = BUF_INIT;
	char size[16];

	buf_adds(&b, i == 2 && k->st ? k->st->name : k->title);
	if (shared >= 0)
		buf_addf(&b, " of %s", r->c->tasks[shared].name);
	if (k->st)
		buf_addf(&b, " %s", text_size(k->st->size, size));
	canvas_putn(c, row, col, shared >= 0 ? style_attr(STYLE(WARN), ATTR_BOLD) : st, width - 1, buf_str(&b));
	buf_free(&b);
}

/* Frames hang from the top; what lies at the end stands at the bottom where there is room. */
static int row_of(const struct side *k, int n, int top, int rows)
{
	if (k->n > rows || k->part[n].kind < PART_INFO || k->part[n].kind > PART_GUARD)
		return n - top;
	return rows - (k->n - n);
}

/* The line chosen is seen; else where sp is, and with it the end if both fit. */
static int first_line(const struct side *k, int sel, int rows)
{
	int want = sel, last = k->n;

	if (k->n <= rows)
		return 0;
	for (int i = 0; i < k->n && sel < 0; i++)
		if (k->part[i].kind == PART_SP)
			want = i;
	if (want < 0)
		return 0;
	return imax(0, imin(want - rows / 2, last - rows));
}

static void draw_column(const struct room *r, int i, struct canvas *c, struct rect at, int sel)
{
	const struct side *k = &r->col[i];
	int top = first_line(k, sel, at.rows - 1), list = at.col + GAUGE + 2;

	draw_title(r, i, c, at.row, at.col, at.cols);
	if (k->st)
		draw_gauge(k, c, at.row + 1, at.col, at.rows - 1);
	for (int n = top; n < k->n && n - top < at.rows - 1; n++) {
		int row = at.row + 1 + row_of(k, n, top, at.rows - 1);

		draw_part(k, &k->part[n], c, row, list, at.col + at.cols - list);
		if (n == sel) {
			canvas_restyle(c, row, list - 1, at.col + at.cols - list, STYLE(SELECT));
			canvas_cursor(c, row, list - 1);
		}
	}
}

static void draw_head(const struct room *r, struct canvas *c)
{
	const struct ctask *t = r->t;
	struct buf b = BUF_INIT;
	int col;

	col = canvas_putf(c, 0, 1, style_attr(STYLE(STRONG), ATTR_BOLD), "%s", t->name);
	buf_addf(&b, " %d %c", (int)t->pid, t->state);
	if (t->kthread)
		buf_addf(&b, ", mm NULL");
	if (r->c->panicked)
		buf_adds(&b, ", the machine has stopped");
	else if (r->cpu->nmi)
		buf_adds(&b, ", in an NMI");
	else if (r->cpu->hardirq)
		buf_addf(&b, ", in %u hard interrupt%s", r->cpu->hardirq, plural(r->cpu->hardirq));
	else if (r->cpu->softirq)
		buf_adds(&b, ", in a softirq");
	else
		buf_adds(&b, t->in_kernel ? ", in the kernel" : ", in user mode");
	if (canvas_cols(c) >= COMPLETE) {
		buf_addf(&b, "; sp %" PRIx64, r->cpu->sp);
		buf_addf(&b, " on the %s stack", r->cpu->sp_on == CSP_USER ? "user" : r->cpu->sp_on == CSP_TASK ?
			 "task's kernel" : r->cpu->stack[r->cpu->sp_on].name);
	}
	canvas_putn(c, 0, col, r->c->panicked ? STYLE(ERROR) : STYLE(TEXT), imax(canvas_cols(c) - col - 1, 0),
		    buf_str(&b));
	buf_free(&b);
}

static void why_none(const struct machine *m, struct canvas *c)
{
	canvas_wrap(c, (struct rect){ 1, 2, 4, canvas_cols(c) - 4 }, STYLE(WHY),
		    m->contexts && m->contexts->ncpus ? "No task runs: the CPU is idle." :
		    "There is no task yet: exec is about to make the process.");
	canvas_cursor(c, 0, 0);
}

/* ---- selection ---- */

static int sp_line(const struct room *r)
{
	int at = 0;

	for (int i = 0; i < COLUMNS; at += r->col[i].n, i++)
		for (int n = 0; r->col[i].here && n < r->col[i].n; n++)
			if (r->col[i].part[n].kind == PART_SP)
				return at + n;
	return 0;
}

static void follow(struct contexts_state *st, const struct machine *m, const struct room *r)
{
	if (!st->drawn || st->op != m->op || st->decision != m->decision || st->complete != m->complete)
		st->sel = sp_line(r);
	st->op = m->op;
	st->decision = m->decision;
	st->complete = m->complete;
	st->drawn = true;
	st->sel = imax(0, imin(st->sel, parts(r) - 1));
}

static void contexts_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct contexts_state *st = state;
	int rows = canvas_rows(c) - 1, each = canvas_cols(c) / COLUMNS, sel;
	struct room r;

	if (!m)
		return;
	if (!room_make(&r, m)) {
		why_none(m, c);
		return;
	}
	st->page = imax(rows / 2, 1);
	follow(st, m, &r);
	draw_head(&r, c);
	sel = st->sel;
	for (int i = 0; i < COLUMNS; i++) {
		if (i)
			canvas_vline(c, 1, i * each, rows, STYLE(BORDER));
		draw_column(&r, i, c, (struct rect){ 1, i * each + 1, rows, each - 1 },
			    sel >= 0 && sel < r.col[i].n ? sel : -1);
		sel -= r.col[i].n;
		if (sel < 0)
			sel = -parts(&r) - 1;
	}
	room_free(&r);
}

static bool contexts_command(void *state, struct session *s, const char *name, const char *arg)
{
	const struct snapshot *snap = session_snapshot(s);
	struct contexts_state *st = state;
	struct room r;
	int n;

	(void)arg;
	if (!room_make(&r, snap ? snap->machine : NULL))
		return false;
	n = parts(&r);
	room_free(&r);
	return list_move(name, &st->sel, n, st->page);
}

/* ---- sentences ---------------------------------------------------------------------------------- */

static void describe_frame(const struct part *p, struct buf *out)
{
	static const char *const what[] = {
		[CFRAME_CALL] = "return address, saved registers and locals",
		[CFRAME_ARGS] = "arguments the caller pushed",
		[CFRAME_REGS] = "the registers of what was interrupted",
		[CFRAME_SWITCH] = "registers that the context switch saved",
		[CFRAME_LINK] = "sp of the stack that was left: the way back",
	};
	const struct cframe *f = p->frame;
	char n[32];

	buf_addf(out, "%s%s%s: %s bytes at %" PRIx64 ", %s", cframe_kind_names[f->kind], *f->function ? " " : "",
		 f->function, count_text(f->bytes, n), f->addr, what[f->kind]);
	if (f->saved)
		buf_addf(out, " (%s bytes of saved registers)", count_text(f->saved, n));
	if (f->returns && f->intact)
		buf_addf(out, "; it returns to %" PRIx64, f->returns);
	buf_adds(out, ". ");
	if (!f->intact)
		buf_addf(out, "Another wrote over it: %" PRIx64 " stands where %" PRIx64 " was pushed; a return goes "
			 "to %s. ", f->found, f->returns, *f->goes ? f->goes : "no code");
}

static void describe_info(const struct cthread_info *info, struct buf *out)
{
	unsigned n = trampled_fields(info);

	buf_addf(out, "thread_info lies at %" PRIx64 ", the low end of the stack: a stack that grows too far writes "
		 "over it. ", info->addr);
	if (!n)
		buf_adds(out, "It is whole. ");
	for (size_t i = 0; i < info->nfields; i++)
		if (!info->field[i].intact)
			buf_addf(out, "%s is now %" PRIx64 ". ", info->field[i].name, info->field[i].value);
}

static void describe_part(const struct room *r, int i, const struct part *p, struct buf *out)
{
	const struct side *k = &r->col[i];
	char n[32], size[16];

	switch (p->kind) {
	case PART_FRAME:
		describe_frame(p, out);
		break;
	case PART_SP:
		buf_addf(out, "%s %" PRIx64 ": %s of %s in use. ", k->here ? "The stack pointer," : "Not in use now; sp was",
			 p->addr, count_text(p->bytes, n), text_size(k->st->size, size));
		buf_adds(out, i == 0 ? "In user mode sp is here; entering the kernel leaves it and starts at the top of "
			 "the kernel stack. " : i == 1 ? "Every task has its own, for it may sleep in the middle of a "
			 "system call. " : "");
		break;
	case PART_ONCE:
		buf_addf(out, "%s bytes below sp were used once and are free again. ", count_text(p->bytes, n));
		break;
	case PART_NEVER:
		buf_addf(out, "%s bytes were never written to%s. ", count_text(p->bytes, n),
			 i == 1 ? ": stack_not_used() counts the zeroes from the end" : "");
		break;
	case PART_INFO:
		describe_info(k->info, out);
		break;
	case PART_MAGIC:
		buf_addf(out, "STACK_END_MAGIC, the last word of the stack, is %s. ",
			 k->st->magic_ok ? "whole" : "overwritten: the stack overflowed");
		break;
	case PART_GUARD:
		buf_adds(out, p->bytes ? "Nothing is mapped below: an overflow faults at once. " :
			 "No guard page: an overflow writes on into what lies below. ");
		break;
	case PART_NONE:
		break;
	}
	if (i == 2)
		buf_addf(out, "%c%s.", r->c->irq_rule[0] >= 'a' && r->c->irq_rule[0] <= 'z' ? r->c->irq_rule[0] - 32 :
			 r->c->irq_rule[0], *r->c->irq_rule ? r->c->irq_rule + 1 : "");
}

static void contexts_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct contexts_state *st = state;
	const struct part *p;
	struct room r;
	int i;

	if (!room_make(&r, snap ? snap->machine : NULL))
		return;
	p = part_at(&r, st->sel, &i);
	if (p)
		describe_part(&r, i, p, out);
	room_free(&r);
}

const struct view contexts_view = {
	.name = "contexts",
	.title = "contexts",
	.about = "user, kernel and interrupt stack of the running task, sp moving between them",
	.caps = CAP_STEP,
	.state_size = sizeof(struct contexts_state),
	.draw = contexts_draw,
	.command = contexts_command,
	.describe = contexts_describe,
};
