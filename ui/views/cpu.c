/* SPDX-License-Identifier: GPL-2.0-or-later
 * The CPU: which task runs and how the kernel finds it, who waits, where interrupts are,
 * and a context switch while it happens.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmscope/contexts.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { BAR = 12, WIDE = 80, NAME = 12 };

struct cpu_state { int sel, page; };

static const struct contexts *contexts_of(const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);

	return snap && snap->machine ? snap->machine->contexts : NULL;
}

static const char *task_name(const struct contexts *c, int i, const char *none)
{
	return i >= 0 && (size_t)i < c->ntasks ? c->tasks[i].name : none;
}

/* ---- current ------------------------------------------------------------------------------- */

static const struct cfield *field_of(const struct ctask *t, const char *name)
{
	for (size_t i = 0; i < t->info.nfields; i++)
		if (!strcmp(t->info.field[i].name, name))
			return &t->info.field[i];
	return NULL;
}

/* sp & ~(THREAD_SIZE - 1), with the numbers. */
static int draw_masking(const struct contexts *c, const struct ccpu *cpu, const struct ctask *t, struct canvas *cv,
			int row)
{
	const struct cfield *task = field_of(t, "task");
	uint64_t sp = cpu->sp_on == CSP_USER ? t->kernel.base + t->kernel.size - c->word : cpu->sp;
	uint64_t base = sp & ~(c->thread_size - 1);

	canvas_putf(cv, row, 3, STYLE(TEXT), "%016" PRIx64 "  sp%s", sp, cpu->sp_on == CSP_USER ?
		    ", as the next entry sets it" : "");
	canvas_putf(cv, row + 1, 1, STYLE(TEXT), "& %016" PRIx64 "  ~(%" PRIu64 " - 1)", ~(c->thread_size - 1),
		    c->thread_size);
	canvas_putf(cv, row + 2, 1, base == t->info.addr ? STYLE(GOOD) : STYLE(ERROR), "= %016" PRIx64 "  %s%s", base,
		    base == t->info.addr ? "thread_info of " : "not thread_info of ", t->name);
	if (task)
		canvas_putf(cv, row + 3, 1, task->intact ? STYLE(GOOD) : style_attr(STYLE(ERROR), ATTR_BOLD),
			    "  %016" PRIx64 "  ->task%s", task->value, task->intact ? "" : " OVERWRITTEN: current is wild");
	return row + 3 + (task != NULL);
}

static int draw_current(const struct contexts *c, const struct ccpu *cpu, struct canvas *cv, int row)
{
	const struct ctask *t = cpu->current >= 0 ? &c->tasks[cpu->current] : NULL;
	int col;

	col = canvas_put(cv, row, 1, STYLE(DIM), "current ");
	col = canvas_put(cv, row, col, style_attr(STYLE(STRONG), ATTR_BOLD), t ? t->name : cpu->idle);
	if (t)
		canvas_putf(cv, row, col, STYLE(TEXT), " %d %s%s", (int)t->pid,
			    t->in_kernel ? "in the kernel" : "in user mode", t->mm >= 0 ? "" :
			    canvas_cols(cv) >= WIDE ? ", mm NULL, active_mm borrowed from whoever ran before" :
			    ", mm NULL");
	row++;
	row += canvas_wrap(cv, (struct rect){ row, 1, 3, canvas_cols(cv) - 2 }, STYLE(DIM), c->current_rule);
	if (t && t->info.on_stack && strstr(c->current_rule, "& ~("))
		row = draw_masking(c, cpu, t, cv, row);
	return row;
}

/* ---- interrupts, switch, queue ------------------------------------------------------------------ */

static int draw_nesting(const struct ccpu *cpu, struct canvas *cv, int row)
{
	const struct { const char *name; unsigned n; } in[] = {
		{ "hardirq", cpu->hardirq }, { "softirq", cpu->softirq }, { "nmi", cpu->nmi }, { "exception", cpu->exception },
	};
	int col = canvas_put(cv, row, 1, STYLE(DIM), "nested");

	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		col = canvas_putf(cv, row, col + 1, in[i].n ? style_attr(STYLE(WARN), ATTR_BOLD) : STYLE(DIM), "%s %u",
				  in[i].name, in[i].n);
	if (cpu->softirq_pending)
		canvas_put(cv, row, col + 1, STYLE(WARN), "softirq pending");
	return row + 1;
}

static int draw_queue(const struct contexts *c, const struct ccpu *cpu, struct canvas *cv, int row)
{
	int col = canvas_put(cv, row, 1, STYLE(DIM), "run queue ");

	if (!cpu->nqueue)
		canvas_put(cv, row, col, STYLE(DIM), "empty: nobody else is runnable");
	for (size_t i = 0; i < cpu->nqueue; i++)
		col = canvas_putf(cv, row, col, i ? STYLE(TEXT) : STYLE(STRONG), "%s%s", i ? " · " : "next ",
				  task_name(c, cpu->queue[i], "?"));
	return row + 1;
}

static int draw_switch(const struct contexts *c, struct canvas *cv, int row)
{
	if (c->switch_from < 0 && c->switch_to < 0)
		return row;
	canvas_putf(cv, row, 1, style_attr(STYLE(NEW), ATTR_BOLD), "context switch: %s → %s",
		    task_name(c, c->switch_from, "swapper"), task_name(c, c->switch_to, "swapper"));
	return row + 1;
}

static void draw_cpu_stack(const struct cstack *st, bool here, struct canvas *cv, int row, int col, int width)
{
	uint64_t used = st->base + st->size - st->sp;
	int bar = width > 40 ? BAR : 0, end = col + width - 1;
	struct buf b = BUF_INIT;
	char size[16], n[32];

	if (bar)
		canvas_bar(cv, row, end - bar, bar, st->nframes ? STYLE(BAR) : STYLE(DIM), umax(used, st->high_water),
			   st->size);
	col = canvas_putn(cv, row, col, here ? style_attr(STYLE(SP), ATTR_BOLD) : st->nframes ? STYLE(STRONG) : STYLE(DIM),
			  10, st->name);
	buf_addf(&b, "%s, ", text_size(st->size, size));
	if (used)
		buf_addf(&b, "%s in use", count_text(used, n));
	else if (st->high_water)
		buf_addf(&b, "%s once", count_text(st->high_water, n));
	else
		buf_adds(&b, "never used");
	if (here)
		buf_adds(&b, " ◄ sp");
	canvas_putn(cv, row, col + 1, st->nframes ? STYLE(TEXT) : STYLE(DIM), imax(end - bar - col - 2, 0), buf_str(&b));
	buf_free(&b);
}

static int draw_stacks(const struct contexts *c, const struct ccpu *cpu, struct canvas *cv, int row, int most)
{
	int cols = canvas_cols(cv), pair = cols >= WIDE ? 2 : 1, each = cols / pair;

	if (!cpu->nstacks)
		return row + canvas_wrap(cv, (struct rect){ row, 1, 2, cols - 2 }, STYLE(WHY), c->irq_rule);
	for (size_t i = 0; i < cpu->nstacks && (int)i / pair < most; i++)
		draw_cpu_stack(&cpu->stack[i], cpu->sp_on == (int)i, cv, row + (int)i / pair,
			       1 + each * ((int)i % pair), each);
	return row + imin(((int)cpu->nstacks + pair - 1) / pair, most);
}

/* ---- tasks ----------------------------------------------------------------------------------------- */

static const char *where_of(const struct ctask *t)
{
	if (t->current)
		return "runs";
	if (!t->alive)
		return "dead";
	return t->on_queue ? "waits for the CPU" : "sleeps";
}

static size_t spoilt_frames(const struct ctask *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->kernel.nframes; i++)
		n += !t->kernel.frames[i].intact;
	for (size_t i = 0; i < t->user.nframes; i++)
		n += !t->user.frames[i].intact;
	return n;
}

static void draw_task(const struct contexts *c, size_t i, struct canvas *cv, int row, bool selected)
{
	const struct ctask *t = &c->tasks[i];
	struct style st = t->current ? style_attr(STYLE(STRONG), ATTR_BOLD) : t->alive ? STYLE(TEXT) : STYLE(DIM);
	const struct cstack *k = &t->kernel;
	bool spoilt = !k->magic_ok || (t->info.on_stack && !t->info.intact) || spoilt_frames(t);
	uint64_t used = k->base + k->size - k->sp;
	int cols = canvas_cols(cv), col = 1;
	struct buf b = BUF_INIT;
	char n[32], size[16];

	canvas_ch(cv, row, 0, STYLE(SP), t->current ? 0x25b6 /* ▶ */ : ' ');
	col = canvas_putn(cv, row, col, st, NAME, t->name);
	col = canvas_putf(cv, row, col, st, " %5d %c ", (int)t->pid, t->state);
	if (spoilt)
		buf_adds(&b, "TRAMPLED ");
	if (k->size)
		buf_addf(&b, "%s in use, ", count_text(used, n));
	if (k->size && used > k->size)
		buf_addf(&b, "%s too many", count_text(used - k->size, n));
	else if (k->size)
		buf_addf(&b, "%s left", size_text(k->left, size));
	if (t->kernel_of >= 0)
		buf_addf(&b, " of %s", c->tasks[t->kernel_of].name);
	col = canvas_putn(cv, row, col, st, cols >= WIDE ? 18 : 9, where_of(t));
	canvas_putn(cv, row, col + 1, spoilt ? style_attr(STYLE(ERROR), ATTR_BOLD) : st, imax(cols - col - 2, 0),
		    buf_str(&b));
	if (selected) {
		canvas_restyle(cv, row, 0, cols, STYLE(SELECT));
		canvas_cursor(cv, row, 0);
	}
	buf_free(&b);
}

static void cpu_draw(void *state, const struct session *s, struct canvas *cv)
{
	const struct machine *m = inside_machine(s, cv);
	const struct contexts *c = m ? m->contexts : NULL;
	struct cpu_state *st = state;
	int row, rows = canvas_rows(cv), list, top;

	if (!m)
		return;
	if (!c || !c->ncpus) {
		canvas_put(cv, 1, 2, STYLE(WHY), "there is no task yet: exec is about to make the process");
		canvas_cursor(cv, 0, 0);
		return;
	}
	row = draw_current(c, &c->cpus[0], cv, 0);
	row = draw_nesting(&c->cpus[0], cv, row);
	row = draw_queue(c, &c->cpus[0], cv, row);
	row = draw_switch(c, cv, row);
	row = draw_stacks(c, &c->cpus[0], cv, row, imax(2, rows / 3));
	canvas_hline(cv, row, 0, canvas_cols(cv), STYLE(BORDER));
	canvas_put(cv, row, 2, STYLE(TITLE), c->ncpus > 1 ? " tasks of CPU 0; the others are idle " : " tasks ");
	list = imax(rows - row - 1, 1);
	st->page = list;
	st->sel = imax(0, imin(st->sel, (int)c->ntasks - 1));
	top = scroll_to(0, st->sel, (int)c->ntasks, list);
	for (int i = top; i < (int)c->ntasks && i - top < list; i++)
		draw_task(c, (size_t)i, cv, row + 1 + i - top, i == st->sel);
}

static bool cpu_command(void *state, struct session *s, const char *name, const char *arg)
{
	const struct contexts *c = contexts_of(s);
	struct cpu_state *st = state;

	(void)arg;
	return list_move(name, &st->sel, c ? (int)c->ntasks : 0, st->page);
}

/* ---- sentences --------------------------------------------------------------------------------------- */

static void cpu_describe(void *state, const struct session *s, struct buf *out)
{
	const struct contexts *c = contexts_of(s);
	const struct cpu_state *st = state;
	const struct ctask *t;
	char n[32], size[16];

	if (!c || st->sel >= (int)c->ntasks)
		return;
	t = &c->tasks[st->sel];
	if (c->switch_from >= 0 || c->switch_to >= 0)
		buf_addf(out, "A context switch is a change of stacks: the registers of %s are pushed, its sp is stored, "
			 "that of %s is loaded; what is popped then is what it pushed when it left. ",
			 task_name(c, c->switch_from, "swapper"), task_name(c, c->switch_to, "swapper"));
	buf_addf(out, "%s %s; %s. ", t->name, where_of(t), t->kthread ? "a kernel thread: mm is NULL, it uses the "
		 "address space of whoever ran before" : t->main ? "the main thread of its process" :
		 "a thread: it shares the mm of its process");
	if (t->kernel.size)
		buf_addf(out, "Its kernel stack of %s at %" PRIx64 " was used to %s at most%s. ",
			 text_size(t->kernel.size, size), t->kernel.base, count_text(t->kernel.high_water, n),
			 t->kernel.magic_ok ? "" : ", and its end is overwritten");
	if (spoilt_frames(t))
		buf_addf(out, "%zu of its frames %s overwritten by another. ", spoilt_frames(t),
			 spoilt_frames(t) == 1 ? "is" : "are");
	if (t->kernel_of >= 0)
		buf_addf(out, "It runs on the stack of %s: what each pushes, the other may overwrite. ",
			 c->tasks[t->kernel_of].name);
}

static void cpu_heading(void *state, const struct session *s, struct buf *out)
{
	const struct contexts *c = contexts_of(s);

	(void)state;
	buf_addf(out, "CPU 0%s", c && c->panicked ? " ─ the machine has stopped" : "");
}

const struct view cpu_view = {
	.name = "cpu",
	.title = "cpu",
	.about = "the task that runs and how it is found, who waits, interrupt stacks, the switch in hand",
	.caps = CAP_STEP,
	.state_size = sizeof(struct cpu_state),
	.draw = cpu_draw,
	.command = cpu_command,
	.describe = cpu_describe,
	.heading = cpu_heading,
};
