/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every task's kernel stack as a bar: used now, ever used, and what is left of its size;
 * below, the stacks of the CPUs and how the marks of all tasks are spread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/stacks.h"
#include "mmscope/tasktable.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/cpustacks.h"
#include "ui/views/list.h"
#include "ui/views/ruler.h"

struct tasks_state {
	struct list list;
	const struct stacks *made_of;	/* what its order is of; the reference is held */
};

struct tasks_rows {
	const struct session *s;
	const struct stacks *stacks;
	int bar;			/* columns of the bars */
	bool named;			/* there is a column of functions */
};

static void tasks_fini(void *state)
{
	struct tasks_state *st = state;

	list_fini(&st->list);
	stacks_put(st->made_of);
}

/* ---- columns ---- */

static const struct kstack *row_of(const void *rows, size_t i)
{
	return &((const struct tasks_rows *)rows)->stacks->tasks[i];
}

static struct style text_tid(const void *rows, size_t i, struct buf *out)
{
	const struct kstack *k = row_of(rows, i);

	buf_addf(out, "%d", (int)k->tid);
	return k->tid == k->tgid ? STYLE(STRONG) : STYLE(TEXT);
}

static struct style text_comm(const void *rows, size_t i, struct buf *out)
{
	const struct kstack *k = row_of(rows, i);

	text_sanitize(out, k->comm, strnlen(k->comm, sizeof(k->comm)), 0);
	return k->kthread ? STYLE(DIM) : STYLE(TEXT);
}

static struct style text_state(const void *rows, size_t i, struct buf *out)
{
	char state = row_of(rows, i)->state;

	buf_addc(out, state ? state : '?');
	return state == 'R' ? STYLE(GOOD) : state == 'D' ? STYLE(WARN) :
	       state == 'Z' || state == 'X' ? STYLE(ERROR) : STYLE(DIM);
}

static struct style add_bytes(uint64_t bytes, struct buf *out)
{
	char n[32];

	buf_adds(out, bytes == UNKNOWN ? "-" : count_text(bytes, n));
	return bytes == UNKNOWN ? STYLE(WHY) : STYLE(TEXT);
}

static uint64_t number_tid(const void *rows, size_t i) { return (uint64_t)row_of(rows, i)->tid; }
static uint64_t number_tgid(const void *rows, size_t i) { return (uint64_t)row_of(rows, i)->tgid; }
static uint64_t number_ppid(const void *rows, size_t i) { return (uint64_t)row_of(rows, i)->ppid; }
static uint64_t number_used(const void *rows, size_t i) { return row_of(rows, i)->used; }
static uint64_t number_high(const void *rows, size_t i) { return row_of(rows, i)->high_water; }
static uint64_t number_size(const void *rows, size_t i) { return row_of(rows, i)->size; }
static uint64_t number_left(const void *rows, size_t i) { return kstack_left(row_of(rows, i)); }

static struct style text_used(const void *rows, size_t i, struct buf *out)
{
	return add_bytes(number_used(rows, i), out);
}

static struct style text_high(const void *rows, size_t i, struct buf *out)
{
	return add_bytes(number_high(rows, i), out);
}

static struct style text_left(const void *rows, size_t i, struct buf *out)
{
	return add_bytes(number_left(rows, i), out);
}

static struct style text_size_(const void *rows, size_t i, struct buf *out)
{
	return add_bytes(number_size(rows, i), out);
}

static struct style text_tgid(const void *rows, size_t i, struct buf *out)
{
	buf_addf(out, "%d", (int)row_of(rows, i)->tgid);
	return STYLE(DIM);
}

static struct style text_ppid(const void *rows, size_t i, struct buf *out)
{
	buf_addf(out, "%d", (int)row_of(rows, i)->ppid);
	return STYLE(DIM);
}

static struct style text_top(const void *rows, size_t i, struct buf *out)
{
	const struct kstack *k = row_of(rows, i);
	char scratch[64];
	const char *top = tasktable_top(k, scratch);

	text_sanitize(out, top, strlen(top), 0);
	return k->nframes && *k->frames[0].function ? STYLE(TEXT) : STYLE(WHY);
}

/* To scale with the stack's size: █ in use, ▒ used once, · never. */
static struct style text_bar(const void *rows, size_t i, struct buf *out)
{
	const struct kstack *k = row_of(rows, i);
	int width = ((const struct tasks_rows *)rows)->bar;

	if (k->size == UNKNOWN || (k->used == UNKNOWN && k->high_water == UNKNOWN))
		/* In a narrow room its place is taken by what is known. */
		return ((const struct tasks_rows *)rows)->named ? STYLE(WHY) : text_top(rows, i, out);
	for (int col = 0; col < width; col++) {
		uint64_t at = k->size * (uint64_t)col / (uint64_t)width;

		buf_adds(out, k->used != UNKNOWN && at < k->used ? "█" :
			 k->high_water != UNKNOWN && at < k->high_water ? "▒" : "·");
	}
	return k->rung >= KSTACK_BPF && !k->magic_ok ? STYLE(ERROR) : STYLE(BAR);
}

static int compare_comm(const void *rows, size_t a, size_t b)
{
	return strncmp(row_of(rows, a)->comm, row_of(rows, b)->comm, sizeof(row_of(rows, a)->comm));
}

static int compare_state(const void *rows, size_t a, size_t b)
{
	return row_of(rows, a)->state - row_of(rows, b)->state;
}

static int compare_top(const void *rows, size_t a, size_t b)
{
	char x[64], y[64];

	return strcmp(tasktable_top(row_of(rows, a), x), tasktable_top(row_of(rows, b), y));
}

static const struct column columns[] = {
	{ .name = "tid", .head = "TID", .width = 7, .rising = true, .text = text_tid,
	  .number = number_tid },
	{ .name = "comm", .head = "COMM", .width = 15, .left = true, .rising = true,
	  .text = text_comm, .compare = compare_comm },
	{ .name = "state", .head = "S", .width = 1, .left = true, .rising = true,
	  .text = text_state, .compare = compare_state },
	{ .name = "used", .head = "USED", .width = 6, .text = text_used, .number = number_used },
	{ .name = "high", .head = "EVER", .width = 6, .text = text_high, .number = number_high },
	{ .name = "left", .head = "LEFT", .width = 6, .room = 72, .text = text_left,
	  .number = number_left },
	{ .name = "size", .head = "SIZE", .width = 6, .room = 120, .text = text_size_,
	  .number = number_size },
	{ .name = "tgid", .head = "TGID", .width = 7, .room = 132, .rising = true,
	  .text = text_tgid, .number = number_tgid },
	{ .name = "ppid", .head = "PPID", .width = 7, .room = 140, .rising = true,
	  .text = text_ppid, .number = number_ppid },
	{ .name = "top", .head = "INNERMOST", .width = 22, .room = 84, .left = true, .rising = true,
	  .text = text_top, .compare = compare_top },
	{ .name = "bar", .head = "█ now ▒ ever", .left = true, .text = text_bar },
	{ .name = NULL },
};

/* ---- order ---- */

static const struct stacks *stacks_of(const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);

	return snap ? snap->stacks : NULL;
}

static const void *row_at(const void *rows, size_t i)
{
	return row_of(rows, i);
}

static void update_order(struct tasks_state *st, const struct tasks_rows *rows)
{
	if (st->made_of == rows->stacks && list_fresh(&st->list))
		return;
	stacks_put(st->made_of);
	st->made_of = stacks_get(rows->stacks);
	list_make(&st->list, columns, rows, rows->stacks->n, row_at);
}

static const struct kstack *task_at(const struct tasks_state *st, int line)
{
	return &st->made_of->tasks[st->list.order[line]];
}

static int line_of_selection(const struct tasks_state *st, const struct session *s)
{
	pid_t tid = session_tid(s);

	if (!stacks_find(st->made_of, tid))
		tid = session_snapshot(s)->process.pid;
	for (int i = 0; i < (int)st->list.n; i++)
		if (task_at(st, i)->tid == tid)
			return i;
	return 0;
}

/* ---- drawing ---- */

static int draw_spread(const struct tasktable_summary *sum, struct canvas *c, int row, int col)
{
	enum { SHOWN = 32 };
	uint64_t counts[SHOWN];
	size_t n = sum->nclasses < SHOWN ? sum->nclasses : SHOWN;
	char to[16];

	if (!n || col + (int)n + 18 > canvas_cols(c))
		return col;
	for (size_t i = 0; i < n; i++)
		counts[i] = sum->class[i];
	col = canvas_put(c, row, col, STYLE(DIM), "marks 0 ");
	canvas_spark(c, row, col, (int)n, STYLE(BAR), counts, (int)n, 0);
	return canvas_putf(c, row, col + (int)n + 1, STYLE(DIM), "%s",
			   text_size(n * sum->step, to));
}

/* How many, what they use, and who was deepest; then how the marks are spread. */
static void draw_footer(const struct tasks_state *st, const struct stacks *all, struct canvas *c,
			int row)
{
	struct tasktable_summary sum = tasktable_summary(all);
	char n[32], m[32], comm[80];
	int col;

	canvas_hline(c, row, 0, canvas_cols(c), STYLE(BORDER));
	col = canvas_putf(c, row + 1, 1, STYLE(STRONG), "%s of %s tasks", count_text(st->list.n, n),
			  count_text(all->n, m));
	if (sum.deepest) {
		col = canvas_putf(c, row + 1, col + 2, STYLE(TEXT), "deepest %s %s",
				  clean(sum.deepest->comm, comm, sizeof(comm)),
				  count_text(sum.deepest->high_water, n));
		col = draw_spread(&sum, c, row + 1, col + 2);
		if (canvas_cols(c) >= col + 32)
			canvas_putf(c, row + 1, col + 2, STYLE(DIM), "mean now %s, ever %s",
				    count_text(sum.used_mean, n), count_text(sum.high_mean, m));
	} else {
		const struct kstack_rung_info *rung = &kstack_rungs[all->rung];
		struct buf why = BUF_INIT;

		buf_addf(&why, "by %s%s%s: %s", rung->name, *rung->next ? "; more needs " : "",
			 rung->next, rung->gives);
		canvas_putn(c, row + 1, col + 2, STYLE(WHY), imax(canvas_cols(c) - col - 2, 0),
			    buf_str(&why));
		buf_free(&why);
	}
}

static unsigned heat_of(const void *rows, size_t i)
{
	return session_heat_task(((const struct tasks_rows *)rows)->s, row_of(rows, i)->tid);
}

/* Columns that are left for the bars. */
static int bar_width(int room)
{
	int used = 1;

	for (const struct column *c = columns; c->name; c++)
		if (c->room <= room)
			used += c->width + 1;
	return imax(room - used, 4);
}

static void draw_nothing(const struct session *s, struct canvas *c)
{
	canvas_wrap(c, (struct rect){ canvas_rows(c) / 3, 2, 3, canvas_cols(c) - 4 }, STYLE(WHY),
		    cpustacks_why_none(s));
}

static void tasks_draw(void *state, const struct session *s, struct canvas *c)
{
	struct tasks_state *st = state;
	struct tasks_rows rows = { .s = s, .stacks = stacks_of(s) };
	int below, height;

	if (!rows.stacks || !rows.stacks->n) {
		draw_nothing(s, c);
		return;
	}
	rows.bar = bar_width(canvas_cols(c));
	rows.named = canvas_cols(c) >= columns[column_find(columns, "top")].room;
	update_order(st, &rows);
	below = cpustacks_draw(rows.stacks, c);
	height = canvas_rows(c) - below - 2;
	list_draw(&st->list, c, columns, &rows, height - 1, line_of_selection(st, s), heat_of,
		  "no task passes the filter");
	draw_footer(st, rows.stacks, c, height);
}

static void tasks_want(void *state, const struct session *s, struct source_want *want)
{
	(void)state;
	(void)s;
	want->kstacks = KSTACKS_SYSTEM;
}

/* ---- commands ---- */

static bool tasks_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct tasks_state *st = state;
	int line;

	if (columns_command(s, columns, st->list.width, &st->list.sort, &st->list.reversed, name,
			    arg))
		return true;
	if (!st->list.n || stacks_of(s) != st->made_of)
		return false;
	line = line_of_selection(st, s);
	if (!strcmp(name, "enter")) {
		ruler_select_tid(s, task_at(st, line)->tid);
		session_set_room(s, view_index("kstack"));
		return true;
	}
	if (!list_move(name, &line, (int)st->list.n, st->list.page - 1))
		return false;
	ruler_select_tid(s, task_at(st, line)->tid);
	return true;
}

static void tasks_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct tasks_state *st = state;
	int line = list_at(&st->list, row);

	if (list_sort_at(&st->list, s, columns, row, col))
		return;
	if (!st->made_of || stacks_of(s) != st->made_of || line < 0)
		return;
	ruler_select_tid(s, task_at(st, line)->tid);
	if (twice)
		session_set_room(s, view_index("kstack"));
}

static bool tasks_set_filter(void *state, const char *text, struct filter_error *err)
{
	struct tasks_state *st = state;

	if (!sieve_set(&st->list.sieve, &filter_kstacks, text, err))
		return false;
	stacks_put(st->made_of);
	st->made_of = NULL;
	st->list.n = 0;		/* of rows that are no more, until it is drawn */
	return true;
}

static bool tasks_find(void *state, struct session *s, struct filter *f, int direction)
{
	struct tasks_state *st = state;
	struct tasks_rows rows = { .s = s, .stacks = stacks_of(s) };
	int line;

	if (!rows.stacks || !rows.stacks->n)
		return false;
	update_order(st, &rows);
	line = list_find(&st->list, &rows, row_at, f, line_of_selection(st, s), direction);
	if (line >= 0)
		ruler_select_tid(s, task_at(st, line)->tid);
	return line >= 0;
}

static const char *tasks_filter(const void *state)
{
	return sieve_text(&((const struct tasks_state *)state)->list.sieve);
}

/* ---- sentences ---- */

static void describe_use(const struct kstack *k, struct buf *out)
{
	/* A zombie has neither. */
	const char *before = k->size == UNKNOWN ? "" : "; ";
	char n[32], m[32], l[32];

	if (k->used != UNKNOWN)
		buf_addf(out, "%s of %s bytes in use", count_text(k->used, n),
			 count_text(k->size, m));
	else if (k->size != UNKNOWN)
		buf_addf(out, "a stack of %s bytes", count_text(k->size, m));
	if (k->high_water != UNKNOWN)
		buf_addf(out, ", %s ever: %s were never touched", count_text(k->high_water, n),
			 count_text(kstack_left(k), l));
	for (unsigned i = 0; i < KSTACK_LACKS; i++)
		if (k->lacks >> i & 1) {
			buf_addf(out, "%s%s", before, kstack_lacks[i].why);
			before = "; ";
		}
}

/* The chain as one reads it: who is called by whom. */
static void describe_chain(const struct kstack *k, struct buf *out)
{
	for (size_t i = 0; i < k->nframes; i++) {
		if (!*k->frames[i].function)
			break;
		buf_adds(out, i ? " ← " : ". ");
		text_sanitize(out, k->frames[i].function, strlen(k->frames[i].function), 0);
	}
}

static void tasks_describe(void *state, const struct session *s, struct buf *out)
{
	const struct tasks_state *st = state;
	const struct kstack *k;
	char comm[80];

	if (!st->list.n || stacks_of(s) != st->made_of) {
		if (!stacks_of(s))
			buf_adds(out, "Every task of the system with its kernel stack, then the stacks of the "
				 "CPUs. They are read while this room is open.");
		return;
	}
	k = task_at(st, line_of_selection(st, s));
	buf_addf(out, "%s %d %s", k->kthread ? "Kernel thread" : k->tid == k->tgid ? "Process" :
		 "Thread", (int)k->tid, clean(k->comm, comm, sizeof(comm)));
	if (k->tid != k->tgid)
		buf_addf(out, " of process %d", (int)k->tgid);
	buf_addf(out, ", child of %d: ", (int)k->ppid);
	describe_use(k, out);
	describe_chain(k, out);
	buf_addf(out, ". [%s%s%s]", kstack_rungs[k->rung].name,
		 *kstack_rungs[k->rung].next ? "; more needs " : "", kstack_rungs[k->rung].next);
}

static void tasks_heading(void *state, const struct session *s, struct buf *out)
{
	struct tasks_state *st = state;

	(void)s;
	buf_adds(out, "all tasks");
	sieve_heading(&st->list.sieve, out);
}

static const struct view_command commands[] = {
	{ "sort", "tid|comm|state|used|high|left|size|tgid|ppid|top",
	  "sorts by the next column|sorts by %s; again turns the order round" },
	{ "sort-reverse", NULL, "turns the order round" },
	{ NULL, NULL, NULL },
};

const struct view tasks_view = {
	.name = "tasks",
	.title = "tasks",
	.about = "every task's kernel stack, kernel threads too: used now, ever, and of the CPUs",
	.caps = CAP_KSTACKS,
	.state_size = sizeof(struct tasks_state),
	.fini = tasks_fini,
	.want = tasks_want,
	.draw = tasks_draw,
	.command = tasks_command,
	.commands = commands,
	.click = tasks_click,
	.describe = tasks_describe,
	.set_filter = tasks_set_filter,
	.rows = &filter_kstacks,
	.filter = tasks_filter,
	.find = tasks_find,
	.heading = tasks_heading,
};
