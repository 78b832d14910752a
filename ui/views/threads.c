/* SPDX-License-Identifier: GPL-2.0-or-later
 * The threads: every task with its state, where it is in the kernel, and its stack.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/syscalls.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/list.h"
#include "ui/views/ruler.h"

struct threads_state {
	struct list list;
	const struct task_list *made_of;	/* what its order is of; the reference is held */
	int made_role;				/* the session's */
};

struct threads_rows {
	const struct session *s;
	const struct task_list *tasks;
	uint64_t largest;		/* use, for the bars */
	int bar;			/* columns of the bars */
};

static void threads_fini(void *state)
{
	struct threads_state *st = state;

	list_fini(&st->list);
	task_list_put(st->made_of);
}

/* ---- columns ---- */

static const struct task *task_of(const void *rows, size_t i)
{
	return &((const struct threads_rows *)rows)->tasks->tasks[i];
}

static const struct task_state { char letter; const char *word,
				 *sentence; uint16_t role; } states[] = {
	{ 'R', "running", "runs or waits for a CPU", THEME_GOOD },
	{ 'S', "sleeping", "sleeps until an event or a signal comes", THEME_TEXT },
	{ 'D', "waiting", "waits in the kernel and cannot be interrupted, mostly for a disk",
	  THEME_WARN },
	{ 'T', "stopped", "is stopped by a signal", THEME_WARN },
	{ 't', "traced", "is stopped by a tracer", THEME_WARN },
	{ 'Z', "zombie", "has ended and waits for its parent to ask", THEME_ERROR },
	{ 'X', "dead", "is being taken away", THEME_ERROR },
	{ 'I', "idle", "is an idle thread of the kernel", THEME_DIM },
	{ 'P', "parked", "is a parked thread of the kernel", THEME_DIM },
	{ '\0', "?", "is in a state this program does not know", THEME_WHY },
};

static const struct task_state *state_of(char letter)
{
	const struct task_state *s = states;

	while (s->letter && s->letter != letter)
		s++;
	return s;
}

static struct style text_tid(const void *rows, size_t i, struct buf *out)
{
	buf_addf(out, "%d", (int)task_of(rows, i)->tid);
	return task_of(rows, i)->tid == task_of(rows, i)->tgid ? STYLE(STRONG) : STYLE(TEXT);
}

static struct style text_comm(const void *rows, size_t i, struct buf *out)
{
	const struct task *t = task_of(rows, i);

	text_sanitize(out, t->comm, strnlen(t->comm, sizeof(t->comm)), 0);
	return STYLE(TEXT);
}

static struct style text_letter(const void *rows, size_t i, struct buf *out)
{
	const struct task_state *s = state_of(task_of(rows, i)->state);

	buf_addc(out, s->letter ? s->letter : '?');
	return (struct style){ .role = s->role };
}

static struct style text_state(const void *rows, size_t i, struct buf *out)
{
	const struct task_state *s = state_of(task_of(rows, i)->state);

	buf_addf(out, "%s", s->word);
	return (struct style){ .role = s->role };
}

static void add_syscall(const struct task *t, struct buf *out)
{
	const char *name = task_syscall_name(t);

	if (name)
		buf_adds(out, name);
	else
		buf_addf(out, "#%d", (int)t->syscall);
}

static struct style text_syscall(const void *rows, size_t i, struct buf *out)
{
	const struct task *t = task_of(rows, i);

	if (t->syscall >= 0) {
		add_syscall(t, out);
		return STYLE(TEXT);
	}
	buf_adds(out, t->syscall == SYSCALL_NONE ? "-" : "?");
	return t->syscall == SYSCALL_NONE ? STYLE(DIM) : STYLE(WHY);
}

static struct style text_sp(const void *rows, size_t i, struct buf *out)
{
	char address[24];

	if (task_of(rows, i)->sp == UNKNOWN) {
		buf_adds(out, "?");
		return STYLE(WHY);
	}
	buf_adds(out, address_text(task_of(rows, i)->sp, address));
	return STYLE(SP);
}

static uint64_t size_of(const struct task *t)
{
	return t->stack.vma_end ? t->stack.vma_end - t->stack.vma_start : UNKNOWN;
}

static uint64_t number_tid(const void *rows, size_t i) { return (uint64_t)task_of(rows, i)->tid; }
static uint64_t number_sp(const void *rows, size_t i) { return task_of(rows, i)->sp; }
static uint64_t number_size(const void *rows, size_t i) { return size_of(task_of(rows, i)); }

static uint64_t number_used(const void *rows, size_t i)
{
	return task_of(rows, i)->stack.vma_end ? task_of(rows, i)->stack.used : UNKNOWN;
}

static uint64_t number_resident(const void *rows, size_t i)
{
	return task_of(rows, i)->stack.vma_end ? task_of(rows, i)->stack.resident : UNKNOWN;
}

static uint64_t number_high(const void *rows, size_t i)
{
	return task_of(rows, i)->stack.vma_end ? task_of(rows, i)->stack.high_water : UNKNOWN;
}

static uint64_t number_guard(const void *rows, size_t i)
{
	const struct task_stack *st = &task_of(rows, i)->stack;

	return st->guard_end ? st->guard_end - st->guard_start : UNKNOWN;
}

static struct style add_size(uint64_t v, struct buf *out)
{
	char size[16];

	buf_adds(out, size_text(v, size));
	return v == UNKNOWN ? STYLE(WHY) : v ? STYLE(TEXT) : STYLE(DIM);
}

static struct style text_used(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_used(rows, i), out);
}

static struct style text_resident(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_resident(rows, i), out);
}

static struct style text_size_(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_size(rows, i), out);
}

static struct style text_high(const void *rows, size_t i, struct buf *out)
{
	return add_size(number_high(rows, i), out);
}

static struct style text_guard(const void *rows, size_t i, struct buf *out)
{
	struct style st = add_size(number_guard(rows, i), out);

	return st.role == THEME_WHY ? STYLE(DIM) : STYLE(LIMIT);
}

static struct style text_found(const void *rows, size_t i, struct buf *out)
{
	uint8_t found = task_of(rows, i)->stack.found;

	buf_addf(out, "%s%s", stack_found_names[found], found == STACK_BY_SHAPE ? "?" : "");
	return found == STACK_UNKNOWN ? STYLE(WHY) : found == STACK_BY_SHAPE ? STYLE(WARN) :
		STYLE(DIM);
}

static struct style text_vma(const void *rows, size_t i, struct buf *out)
{
	const struct task_stack *st = &task_of(rows, i)->stack;
	char address[24];

	if (!st->vma_end) {
		buf_adds(out, "?");
		return STYLE(WHY);
	}
	buf_adds(out, address_text(st->vma_start, address));
	return STYLE(DIM);
}

/* Use within the stack, to scale with the deepest of all: █ in use, ▒ touched before. */
static struct style text_bar(const void *rows, size_t i, struct buf *out)
{
	uint64_t largest = ((const struct threads_rows *)rows)->largest;
	uint64_t used = number_used(rows, i), high = number_high(rows, i);
	uint64_t width = (uint64_t)((const struct threads_rows *)rows)->bar;
	int a = used == UNKNOWN || !largest ? 0 : (int)((used * width + largest - 1) / largest);
	int b = high == UNKNOWN || !largest ? 0 : (int)((umin(high, largest) * width + largest - 1) / largest);

	for (int k = 0; k < imax(a, b) && k < (int)width; k++)
		buf_adds(out, k < a ? "█" : "▒");
	return STYLE(BAR);
}

static int compare_comm(const void *rows, size_t a, size_t b)
{
	return strcmp(task_of(rows, a)->comm, task_of(rows, b)->comm);
}

static int compare_state(const void *rows, size_t a, size_t b)
{
	return task_of(rows, a)->state - task_of(rows, b)->state;
}

static int compare_syscall(const void *rows, size_t a, size_t b)
{
	return task_of(rows, a)->syscall - task_of(rows, b)->syscall;
}

static const struct column task_columns[] = {
	{ .name = "tid", .head = "TID", .width = 7, .rising = true, .text = text_tid,
	  .number = number_tid },
	{ .name = "comm", .head = "COMM", .width = 10, .least = 8, .left = true, .rising = true,
	  .text = text_comm,
	  .compare = compare_comm },
	{ .name = "letter", .head = "S", .width = 1, .left = true, .text = text_letter },
	{ .name = "state", .head = "STATE", .width = 8, .room = 96, .left = true, .rising = true,
	  .text = text_state, .compare = compare_state },
	{ .name = "syscall", .head = "SYSCALL", .width = 15, .least = 8, .left = true, .rising = true,
	  .text = text_syscall,
	  .compare = compare_syscall },
	{ .name = "sp", .head = "SP", .width = 12, .room = 82, .left = true, .text = text_sp,
	  .number = number_sp },
	{ .name = "used", .head = "USED", .width = 6, .text = text_used, .number = number_used },
	{ .name = "resident", .head = "RSS", .width = 6, .room = 54, .text = text_resident,
	  .number = number_resident },
	{ .name = "high", .head = "DEEP", .width = 6, .room = 112, .text = text_high,
	  .number = number_high },
	{ .name = "size", .head = "SIZE", .width = 6, .text = text_size_, .number = number_size },
	{ .name = "guard", .head = "GUARD", .width = 6, .room = 56, .text = text_guard,
	  .number = number_guard },
	{ .name = "stack", .head = "STACK VMA", .width = 12, .room = 126, .left = true,
	  .text = text_vma },
	{ .name = "found", .head = "FOUND", .width = 11, .room = 140, .left = true,
	  .text = text_found },
	{ .name = "bar", .head = "USE", .room = 68, .left = true, .text = text_bar },
	{ .name = NULL },
};

/* ---- order ---- */

/* A thread is where its stack is: the session's role narrows the threads too. */
static const void *row_at(const void *rows, size_t i)
{
	const struct task *t = task_of(rows, i);

	return session_role_at(((const struct threads_rows *)rows)->s, t->stack.vma_start) ? t : NULL;
}

static void update_order(struct threads_state *st, const struct threads_rows *rows)
{
	if (st->made_of == rows->tasks && st->made_role == session_role(rows->s) && list_fresh(&st->list))
		return;
	st->made_role = session_role(rows->s);
	task_list_put(st->made_of);
	st->made_of = task_list_get(rows->tasks);
	list_make(&st->list, task_columns, rows, rows->tasks->n, row_at);
}

static const struct task *task_at(const struct threads_state *st, int line)
{
	return &st->made_of->tasks[st->list.order[line]];
}

static int line_of_selection(const struct threads_state *st, const struct session *s)
{
	for (int i = 0; i < (int)st->list.n; i++)
		if (task_at(st, i)->tid == session_tid(s))
			return i;
	return 0;
}

/* ---- drawing ---- */

static void draw_footer(const struct threads_state *st, const struct snapshot *snap,
			struct canvas *c, int row)
{
	uint64_t resident = 0, size = 0, running = 0, found = 0, without_sp = 0;
	char a[32], b[32], u[32], r[16], z[16];
	struct buf line = BUF_INIT;
	bool looked_at = true;

	for (size_t i = 0; i < snap->tasks->n; i++) {
		const struct task *t = &snap->tasks->tasks[i];

		running += t->state == 'R';
		without_sp += t->sp == UNKNOWN;
		if (!t->stack.vma_end)
			continue;
		found++;
		looked_at &= t->stack.resident != UNKNOWN;
		resident += t->stack.resident == UNKNOWN ? 0 : t->stack.resident;
		size += size_of(t);
	}
	buf_addf(&line, "%s of %s", count_text(st->list.n, a), count_text(snap->tasks->n, b));
	if (found)
		buf_addf(&line, "  stacks %s, %s resident", text_size(size, z),
			 looked_at ? text_size(resident, r) : "?");
	buf_addf(&line, "  %u running", (unsigned)running);
	if (without_sp)
		buf_addf(&line, "  sp unknown: %s", count_text(without_sp, u));
	canvas_hline(c, row, 0, canvas_cols(c), STYLE(BORDER));
	canvas_putn(c, row + 1, 1, STYLE(STRONG), canvas_cols(c) - 1, buf_str(&line));
	buf_free(&line);
}

static unsigned heat_of(const void *rows, size_t i)
{
	return session_heat_task(((const struct threads_rows *)rows)->s, task_of(rows, i)->tid);
}

static void threads_draw(void *state, const struct session *s, struct canvas *c)
{
	struct threads_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	struct threads_rows rows = { .s = s, .tasks = snap ? snap->tasks : NULL,
				     .bar = imin(columns_rest(task_columns, canvas_cols(c)), 16) };
	int height = canvas_rows(c);

	if (!rows.tasks || !rows.tasks->n) {
		paint_why_empty(c, snap, "tasks");
		return;
	}
	for (size_t i = 0; i < rows.tasks->n; i++) {
		uint64_t used = number_used(&rows, i), high = number_high(&rows, i);

		rows.largest = umax(rows.largest, used == UNKNOWN ? 0 : used);
		rows.largest = umax(rows.largest, high == UNKNOWN ? 0 : high);
	}
	update_order(st, &rows);
	list_draw(&st->list, c, task_columns, &rows, height - 3, line_of_selection(st, s), heat_of,
		  session_role(s) < 0 ? "no thread passes the filter; Esc clears it" :
		  "no thread's stack has that role; Esc shows all");
	draw_footer(st, snap, c, height - 2);
}

static void threads_want(void *state, const struct session *s, struct source_want *want)
{
	const struct snapshot *snap = session_snapshot(s);

	(void)state;
	want->tasks = true;
	if (snap && snap->tasks && task_list_find(snap->tasks, session_tid(s)))
		want->unwind = session_tid(s);
}

/* ---- commands ---- */

static bool threads_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct threads_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	int line;

	if (columns_command(s, task_columns, st->list.width, &st->list.sort, &st->list.reversed, name,
			    arg))
		return true;
	if (!strcmp(name, "registers"))
		return ruler_registers(s, session_tid(s), arg);
	if (!snap || !st->list.n || snap->tasks != st->made_of)
		return false;
	line = line_of_selection(st, s);
	if (!strcmp(name, "enter")) {
		ruler_select(s, task_at(st, line));
		session_set_room(s, view_index("stack"));
		return true;
	}
	if (!list_move(name, &line, (int)st->list.n, st->list.page - 1))
		return false;
	ruler_select(s, task_at(st, line));
	return true;
}

static void threads_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct threads_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	int line = list_at(&st->list, row);

	if (list_sort_at(&st->list, s, task_columns, row, col))
		return;
	if (!snap || snap->tasks != st->made_of || line < 0)
		return;
	ruler_select(s, task_at(st, line));
	if (twice)
		session_set_room(s, view_index("stack"));
}

static bool threads_set_filter(void *state, const char *text, struct filter_error *err)
{
	struct threads_state *st = state;

	if (!sieve_set(&st->list.sieve, &filter_tasks, text, err))
		return false;
	task_list_put(st->made_of);
	st->made_of = NULL;
	st->list.n = 0;		/* of rows that are no more, until it is drawn */
	return true;
}

static bool threads_find(void *state, struct session *s, struct filter *f, int direction)
{
	struct threads_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	struct threads_rows rows = { .s = s, .tasks = snap ? snap->tasks : NULL };
	int line;

	if (!rows.tasks || !rows.tasks->n)
		return false;
	update_order(st, &rows);
	line = list_find(&st->list, &rows, row_at, f, line_of_selection(st, s), direction);
	if (line >= 0)
		ruler_select(s, task_at(st, line));
	return line >= 0;
}

static const char *threads_filter(const void *state)
{
	return sieve_text(&((const struct threads_state *)state)->list.sieve);
}

/* ---- sentences ---- */

static void describe_stack(const struct snapshot *snap, const struct task *t, struct buf *out)
{
	const struct task_stack *st = &t->stack;
	char a[16], b[16];

	if (!st->vma_end) {
		describe_why(snap, "tasks[].stack", out);
		return;
	}
	if (st->found == STACK_SHARED || st->found == STACK_WITHIN) {
		buf_addf(out, "Its stack is a part of %012" PRIx64 "-%012" PRIx64 ", where %s lie: where it "
			 "ends is not known.", st->vma_start, st->vma_end,
			 st->found == STACK_SHARED ? "those of others" : "other things");
		return;
	}
	buf_addf(out, "Its stack %012" PRIx64 "-%012" PRIx64 " was found %s%s: %s of %s resident",
		 st->vma_start,
		 st->vma_end, stack_found_names[st->found], st->found == STACK_BY_SHAPE ?
		 ", a guess" : "",
		 size_text(st->resident, a), text_size(st->vma_end - st->vma_start, b));
	if (st->guard_end)
		buf_addf(out, ", a guard of %s below", text_size(st->guard_end - st->guard_start,
								 a));
	buf_adds(out, ".");
}

/* The innermost function that has a name. */
static const char *function_name(const struct snapshot *snap, const struct unwound_task *u,
				 char *out, size_t size)
{
	size_t i = 0;

	while (i + 1 < u->n && !*snap->unwound->frames[u->first + i].function)
		i++;
	return frames_label(snap, u->first + i, 1, out, size);
}

/* The thread under the cursor: where the selected one does not pass the filter, the first that
 * does. */
static const struct task *task_under_cursor(const struct threads_state *st, const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);

	if (!snap || !snap->tasks)
		return NULL;
	if (snap->tasks != st->made_of)
		return task_list_find(snap->tasks, session_tid(s));
	return st->list.n ? task_at(st, line_of_selection(st, s)) : NULL;
}

static void threads_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct task *t = task_under_cursor(state, s);
	const struct unwound_task *u = t ? unwound_find(snap->unwound, t->tid) : NULL;
	char comm[80], size[16], name[64];

	if (!t)
		return;
	buf_addf(out, "Thread %d, %s, %s", (int)t->tid, clean(t->comm, comm, sizeof(comm)),
		 state_of(t->state)->sentence);
	if (t->syscall >= 0) {
		buf_adds(out, ", in the system call ");
		syscall_describe(t, out);
	}
	if (u && u->n)
		buf_addf(out, ", in %s", function_name(snap, u, name, sizeof(name)));
	buf_adds(out, ". ");
	/* The reason is of the living; they may be several, and another one's. */
	if (t->sp == UNKNOWN && (t->state == 'Z' || t->state == 'X'))
		buf_adds(out, "Its registers went with it.");
	else if (t->sp == UNKNOWN)
		describe_why(snap, "tasks[].sp", out);
	else if (t->stack.used != UNKNOWN)
		buf_addf(out, "sp %012" PRIx64 ": %s in use.", t->sp,
			 text_size(t->stack.used, size));
	buf_addc(out, ' ');
	if (t->sp != UNKNOWN && t->syscall == SYSCALL_UNKNOWN)
		describe_why(snap, "tasks[].syscall", out);
	describe_stack(snap, t, out);
}

static void threads_heading(void *state, const struct session *s, struct buf *out)
{
	struct threads_state *st = state;

	(void)s;
	buf_adds(out, "threads");
	sieve_heading(&st->list.sieve, out);
}

static const struct view_command commands[] = {
	{ "sort", "tid|comm|state|syscall|sp|used|resident|high|size|guard",
	  "sorts by the next column|sorts by %s; again turns the order round" },
	{ "sort-reverse", NULL, "turns the order round" },
	{ "registers", NULL, "stops the thread for a moment to read its registers; says first what it costs" },
	{ NULL, NULL, NULL },
};

const struct view threads_view = {
	.name = "threads",
	.title = "threads",
	.about = "every thread: state, system call, stack pointer, and what it uses of its stack",
	.caps = CAP_TASKS,
	.state_size = sizeof(struct threads_state),
	.fini = threads_fini,
	.want = threads_want,
	.draw = threads_draw,
	.command = threads_command,
	.commands = commands,
	.asks = "registers",
	.click = threads_click,
	.describe = threads_describe,
	.set_filter = threads_set_filter,
	.rows = &filter_tasks,
	.filter = threads_filter,
	.find = threads_find,
	.heading = threads_heading,
};
