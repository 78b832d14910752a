/* SPDX-License-Identifier: GPL-2.0-or-later
 * A snapshot as a page of text, for people and for pipes: no colour, one VMA a line,
 * high addresses first as everywhere in this program.
 */
#include "mmscope/output.h"

#include <inttypes.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/stacks.h"
#include "mmscope/syscalls.h"
#include "mmscope/text.h"
#include "src/session/words.h"

static void put(FILE *out, struct buf *b)
{
	if (b->len)
		fwrite(b->data, 1, b->len, out);
	buf_reset(b);
}

static void header(struct buf *b, const struct snapshot *s, const struct output_options *o)
{
	const struct process *p = &s->process;

	buf_addf(b, "mmscope  %d ", p->pid);
	add_outside(b, p->comm, sizeof(p->comm), o->ascii);
	buf_addf(b, "  %c (%s)  parent %d", p->state, state_word(p->state), p->ppid);
	if (p->exe[0]) {
		buf_adds(b, "  ");
		add_outside(b, p->exe, sizeof(p->exe), o->ascii);
	}
	if (p->kthread)
		buf_adds(b, "  kernel thread: no user space");
	if (p->ended)
		buf_adds(b, "  ENDED, this is its last picture");
	buf_addf(b, "\n%s sample %" PRIu64, s->source, s->seq);
	if (o->frame)
		buf_addf(b, ", frame %lu", o->frame);
	buf_addf(b, " at %" PRIu64 ".%03u s, took %" PRIu64 ".%02u ms", s->time_ns / 1000000000,
		 (unsigned)(s->time_ns / 1000000 % 1000), s->cost.wall_ns / 1000000,
		 (unsigned)(s->cost.wall_ns / 10000 % 100));
	for (int i = 0; i < PANEL_NR; i++)
		if (s->cost.rung[i])
			buf_addf(b, ", %s: %s", panel_names[i], s->cost.rung[i]);
	buf_addc(b, '\n');
}

/* A last column may be empty: no blanks at the end of a line. */
static void end_line(struct buf *b)
{
	while (b->len && b->data[b->len - 1] == ' ')
		b->len--;
	buf_addc(b, '\n');
}

/* Four columns of names and figures. */
struct grid {
	struct buf *b;
	int n;
};

static void cell(struct grid *g, const char *name, const char *figure)
{
	buf_addf(g->b, "%s%-11s %13s", g->n % 4 ? "   " : "  ", name, figure);
	if (++g->n % 4 == 0)
		buf_addc(g->b, '\n');
}

static void grid_end(struct grid *g)
{
	if (g->n % 4)
		buf_addc(g->b, '\n');
}

static void counters(struct buf *b, const struct snapshot *s)
{
	struct grid g = { b, 0 };
	char figure[32];

	buf_adds(b, "\ncounters\n");
	for (int i = 0; i < MM_NR && !s->process.kthread; i++) {
		if (mm_fields[i].unit == MM_BYTES || s->mm[i] == UNKNOWN)
			cell(&g, mm_fields[i].key, size_word(s->mm[i], figure));
		else {
			snprintf(figure, sizeof(figure), "%" PRIx64, s->mm[i]);
			cell(&g, mm_fields[i].key, figure);
		}
	}
	if (s->minflt != UNKNOWN) {
		snprintf(figure, sizeof(figure), "%" PRIu64, s->minflt);
		cell(&g, "minor flt", figure);
	}
	if (s->majflt != UNKNOWN) {
		snprintf(figure, sizeof(figure), "%" PRIu64, s->majflt);
		cell(&g, "major flt", figure);
	}
	for (int i = 0; i < LIMIT_NR; i++) {
		char name[32];

		snprintf(name, sizeof(name), "lim %s", limit_names[i]);
		cell(&g, name, size_word(s->limits[i], figure));
	}
	grid_end(&g);
}

static void sum_line(struct buf *b, const char *name, const struct role_sum *sum)
{
	char size[16], rss[16], anon[16];

	buf_addf(b, "  %-13s %7" PRIu64 " %9s %9s %9s\n", name, sum->vmas,
		 size_word(sum->size, size), size_word(sum->rss, rss),
		 size_word(sum->anonymous, anon));
}

/* Names the difference where a sum is not the counter: the kernel does not count
 * [vsyscall], and counts of pages come a moment before or after the counter. */
static void reconcile(struct buf *b, const char *what, uint64_t sum, const char *counter,
		      uint64_t counted, uint64_t not_counted)
{
	char size[16];

	if (sum == UNKNOWN || counted == UNKNOWN || sum == counted)
		return;
	if (sum - not_counted == counted) {
		buf_addf(b, "  %s is %s more than %s, which leaves out [vsyscall]\n", what,
			 text_size(not_counted, size), counter);
		return;
	}
	buf_addf(b, "  %s is %s %s than %s, which is read at another moment\n", what,
		 text_size(sum > counted ? sum - counted : counted - sum, size),
		 sum > counted ? "more" : "less", counter);
}

static void roles(struct buf *b, const struct snapshot *s)
{
	struct role_sums sums;

	role_sums(s, &sums);
	buf_addf(b, "\n  %-13s %7s %9s %9s %9s\n", "role", "VMAs", "size", "rss", "anon");
	for (int i = 0; i < ROLE_NR; i++)
		if (sums.role[i].vmas)
			sum_line(b, vma_roles[i].name, &sums.role[i]);
	sum_line(b, "all", &sums.all);
	reconcile(b, "size", sums.all.size, "vm_size", s->mm[MM_VM_SIZE],
		  sums.role[ROLE_VSYSCALL].size);
	reconcile(b, "rss", sums.all.rss, "vm_rss", s->mm[MM_VM_RSS], 0);
}

static void vma_line(struct buf *b, const struct snapshot *s, size_t i,
		     const struct output_options *o)
{
	const struct vma *v = &s->layout->vmas[i];
	struct vma_figures f = vma_figures(s, i);
	char perms[5], size[16], rss[16], anon[16], figure[16];

	buf_addf(b, "%16" PRIx64 "-%-16" PRIx64 " %s %7s %7s %7s", v->start, v->end,
		 vma_perms(v, perms), size_word(vma_size(v), size), size_word(f.rss, rss),
		 size_word(f.anonymous, anon));
	if (s->details) {
		buf_addf(b, " %7s", size_word(f.detail ? f.detail->pss : UNKNOWN, figure));
		buf_addf(b, " %7s", size_word(f.detail ? f.detail->swap : UNKNOWN, figure));
		buf_addf(b, " %7s", size_word(f.detail ? f.detail->locked : UNKNOWN, figure));
	}
	buf_addf(b, "  %s%-*s ", vma_roles[v->role].name,
		 (int)(13 - strlen(vma_roles[v->role].name)), v->guess ? "?" : "");
	if (v->tid)
		buf_addf(b, "thread %d ", v->tid);
	add_outside(b, v->path, WHOLE, o->ascii);
	end_line(b);
}

static void vmas(FILE *out, struct buf *b, const struct snapshot *s, const struct output_options *o)
{
	buf_addf(b, "\n%16s-%-16s %4s %7s %7s %7s%s  %-13s %s\n", "start", "end", "perm", "size",
		 "rss", "anon", s->details ? "     pss    swap  locked" : "", "role", "path");
	for (size_t i = s->layout->n; i-- > 0;) {
		vma_line(b, s, i, o);
		if (b->len > 1 << 16)
			put(out, b);
	}
}

static void task_line(struct buf *b, const struct task *t, bool user,
		      const struct output_options *o)
{
	const struct task_stack *st = &t->stack;
	char sp[24] = "-", call[32] = "-", used[16], resident[16], size[16], guard[16];
	const char *name = t->syscall >= 0 ? task_syscall_name(t) : NULL;

	if (t->sp != UNKNOWN)
		snprintf(sp, sizeof(sp), "%" PRIx64, t->sp);
	/* What the kernel gives for its own threads is no system call. */
	if (user && t->syscall >= 0 && name)
		snprintf(call, sizeof(call), "%s", name);
	else if (user && t->syscall >= 0)
		snprintf(call, sizeof(call), "%d", t->syscall);
	buf_addf(b, "%9d %c %-15s %16s %7s %7s %7s %7s  %-10s ", t->tid, t->state, call, sp,
		 size_word(st->used, used), size_word(st->resident, resident),
		 size_word(st->vma_end ? st->vma_end - st->vma_start : UNKNOWN, size),
		 size_word(st->guard_end ? st->guard_end - st->guard_start : UNKNOWN, guard),
		 stack_found_names[st->found]);
	add_outside(b, t->comm, sizeof(t->comm), o->ascii);
	end_line(b);
}

static void tasks(FILE *out, struct buf *b, const struct snapshot *s,
		  const struct output_options *o)
{
	buf_addf(b, "\n%9s %c %-15s %16s %7s %7s %7s %7s  %-10s %s\n", "tid", 's', "syscall", "sp",
		 "used", "rss", "stack", "guard", "found", "name");
	for (size_t i = 0; i < s->tasks->n; i++) {
		task_line(b, &s->tasks->tasks[i], !s->process.kthread, o);
		if (b->len > 1 << 16)
			put(out, b);
	}
}

static void kframes(struct buf *b, const struct kframe *f, size_t n, const struct output_options *o)
{
	for (size_t i = 0; i < n; i++) {
		char offset[24], bytes[24];

		buf_addf(b, "%9s %7s  ", exact_word(f[i].offset, offset),
			 exact_word(f[i].bytes, bytes));
		add_outside(b, *f[i].function ? f[i].function : "-", WHOLE, o->ascii);
		buf_addc(b, '\n');
	}
}

/* Of a kernel thread, which has no other stack. */
static void kernel_stack(struct buf *b, const struct snapshot *s, const struct output_options *o)
{
	const struct kstack *k = s->process.kthread ? stacks_find(s->stacks, s->process.pid) : NULL;
	char size[24], used[24], high[24];

	if (!k || k->size == UNKNOWN)
		return;
	buf_addf(b, "\nkernel stack of %s bytes, used %s, high water %s (%s)\n",
		 exact_word(k->size, size), exact_word(k->used, used),
		 exact_word(k->high_water, high), kstack_rungs[k->rung].name);
	if (k->nframes)
		buf_addf(b, "%9s %7s  %s\n", "offset", "bytes", "function, innermost first");
	kframes(b, k->switches, k->nswitches, o);
	kframes(b, k->frames, k->nframes, o);
}

static void reasons(struct buf *b, const struct whys *w, const char *of,
		    const struct output_options *o)
{
	size_t n;

	for (size_t i = 0; i < w->n; i += n) {
		if (strncmp(w->why[i].what, of, strlen(of))) {
			n = 1;
			continue;
		}
		buf_adds(b, "  ");
		n = reasons_alike(w, i, b, o->ascii);
		buf_adds(b, ": ");
		add_outside(b, w->why[i].why, WHOLE, o->ascii);
		if (w->why[i].try_this[0]) {
			buf_adds(b, " (try: ");
			add_outside(b, w->why[i].try_this, WHOLE, o->ascii);
			buf_addc(b, ')');
		}
		buf_addc(b, '\n');
	}
}

static void missing(struct buf *b, const struct snapshot *s, const struct output_options *o)
{
	if (s->whys->n)
		buf_adds(b, "\nnot available\n");
	reasons(b, s->whys, "", o);
	if (s->process.kthread && s->stacks)
		reasons(b, s->stacks->whys, "tasks[].kstack", o);
}

void out_text(FILE *out, const struct snapshot *s, const struct output_options *o)
{
	struct buf b = BUF_INIT;

	if (o->frame > 1)
		buf_addc(&b, '\n');
	header(&b, s, o);
	counters(&b, s);
	if (s->layout) {
		roles(&b, s);
		vmas(out, &b, s, o);
	}
	if (s->tasks)
		tasks(out, &b, s, o);
	kernel_stack(&b, s, o);
	missing(&b, s, o);
	put(out, &b);
	fflush(out);
	buf_free(&b);
}

void out_text_processes(FILE *out, const struct proclist *l, const struct output_options *o)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%9s %-10s %c %5s %9s %9s  %s\n", "pid", "user", 's', "thr", "rss", "stack",
		 "command");
	for (size_t i = 0; i < l->n; i++) {
		const struct proc_entry *e = &l->entries[i];
		char rss[16], stack[16];

		buf_addf(&b, "%9d ", e->pid);
		add_outside(&b, e->user, sizeof(e->user), o->ascii);
		buf_addf(&b, "%*s %c %5u %9s %9s  %*s",
			 (int)(strlen(e->user) < 10 ? 10 - strlen(e->user) : 0), "", e->state,
			 e->threads, e->kthread ? "-" : size_word(e->rss, rss),
			 e->kthread ? "-" : size_word(e->stack, stack), 2 * (int)e->depth, "");
		if (e->kthread || !e->cmdline[0]) {
			buf_addc(&b, '[');
			add_outside(&b, e->comm, sizeof(e->comm), o->ascii);
			buf_addc(&b, ']');
		} else {
			add_outside(&b, e->cmdline, WHOLE, o->ascii);
		}
		buf_addc(&b, '\n');
		if (b.len > 1 << 16)
			put(out, &b);
	}
	if (l->hidden)
		buf_addf(&b, "\n%s\n", l->hidden);
	put(out, &b);
	fflush(out);
	buf_free(&b);
}
