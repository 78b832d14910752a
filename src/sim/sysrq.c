/* SPDX-License-Identifier: GPL-2.0-or-later
 * show_state(): the table that sysrq-t prints, in the format of the profile's kernel.
 */
#include <stdio.h>
#include "mmscope/buf.h"
#include "kside.h"

static unsigned long long ull(u64 v)
{
	return v;
}

static u64 saved_pc(const struct sim *s, const struct ktask *t)
{
	const struct sframe *f = frame_top(s, t->frames);

	return f && f->kind == SF_SWITCH ? f->expects : kern(s)->text;
}

static int ppid_of(const struct sim *s, u32 task)
{
	const struct task *t = &s->root->task[task];

	if (t->proc == NO_PROC)
		return 2;
	return task == 0 ? 1 : pid_of_task(s, t->parent);
}

static int tgid_of(const struct sim *s, u32 task)
{
	for (u32 i = 0; i < s->root->ntasks; i++)
		if (s->root->task[i].is_main && s->root->task[i].proc == s->root->task[task].proc)
			return pid_of_task(s, i);
	return pid_of_task(s, task);
}

static u64 ti_flags(const struct sim *s, const struct ktask *t)
{
	const struct kernel_field *f = kern(s)->ti == TI_IN_TASK ? NULL : ti_field(s, "flags");

	return f ? kload(s, kstack_of(s, t)->base + f->offset, f->bytes) : 0;
}

/* "%-15.15s %c ..." up to 4.3; without the pc from 4.9; "task:... state:..." from 5.10,
 * its figures to the left from 6.1 on. */
static void task_line(const struct sim *s, u32 task, struct buf *out)
{
	const struct sim_kernel *k = kern(s);
	const struct ktask *t = ktask_at(s, task);
	bool running = t->state == 'R', wide = k->word == 8;
	u64 left = stack_not_used(s, kstack_of(s, t));
	int digits = wide ? 16 : 8, pid = pid_of_task(s, task), ppid = ppid_of(s, task);

	if (k->sysrq == SYSRQ_PC || k->sysrq == SYSRQ_NO_PC) {
		buf_addf(out, "%-15.15s %c", t->comm, (char)t->state);
		if (running)
			buf_adds(out, wide ? "  running task    " : " running  ");
		else if (k->sysrq == SYSRQ_PC)
			buf_addf(out, " %0*llx ", digits, ull(saved_pc(s, t)));
		buf_addf(out, "%5llu %5d %6d 0x%0*llx\n", ull(left), pid, ppid, 8, ull(ti_flags(s, t)));
		return;
	}
	buf_addf(out, "task:%-15.15s state:%c", t->comm, (char)t->state);
	if (running)
		buf_adds(out, "  running task    ");
	if (k->sysrq == SYSRQ_RIGHT) {
		buf_addf(out, " stack:%5llu pid:%5d ppid:%6d flags:0x%08llx\n", ull(left), pid, ppid, ull(ti_flags(s, t)));
		return;
	}
	buf_addf(out, " stack:%-5llu pid:%-5d ", ull(left), pid);
	if (k->sysrq >= SYSRQ_TGID)
		buf_addf(out, "tgid:%-5d ", tgid_of(s, task));
	buf_addf(out, "ppid:%-6d ", ppid);
	if (k->sysrq == SYSRQ_TASK_FLAGS)
		buf_addf(out, "task_flags:0x%04x ", t->flags & KT_KTHREAD ? 0x208040u : 0x400040u);
	buf_addf(out, "flags:0x%08llx\n", ull(ti_flags(s, t)));
}

/* source: arm64 since 6.13 tells where the unwinder began, at the task's saved or the caller's pc. */
static void trace_line(const struct sim *s, const struct sframe *f, u64 addr, const char *source, struct buf *out)
{
	const struct kfn *fn = AT(s, f->fn, const struct kfn);
	u64 start = kern(s)->text + (u64)fn->id * 0x1000, off = addr - start;
	enum trace_style style = kern(s)->trace;

	if (style == TRACE_X86_BRACKETS || style == TRACE_ARM64_BRACKETS)
		buf_addf(out, "%s[<%0*llx>] %s+0x%llx/0x%llx\n", style == TRACE_X86_BRACKETS ? " " : "",
			 (int)kern(s)->word * 2, ull(addr), fn->name, ull(off), ull(off + 0x40));
	else
		buf_addf(out, " %s+0x%llx/0x%llx%s\n", fn->name, ull(off), ull(off + 0x40),
			 style == TRACE_ARM64_PLAIN ? source : "");
}

/* show_stack(): the functions whose return addresses lie there. */
static void backtrace(const struct sim *s, u32 task, struct buf *out)
{
	const struct ktask *t = ktask_at(s, task);
	enum trace_style style = kern(s)->trace;
	const char *source = task == curr_task(s) ? " (C)" : " (T)";

	buf_adds(out, style == TRACE_ARM64_BRACKETS || style == TRACE_ARM64_PLAIN ? "Call trace:\n" : "Call Trace:\n");
	if (style == TRACE_X86_TAGS)
		buf_adds(out, " <TASK>\n");
	for (const struct sframe *f = frame_top(s, t->frames); f; f = frame_top(s, f->outer))
		if (f->kind == SF_CALL || f->kind == SF_REGS || f->ctx == CTX_NEW) {
			trace_line(s, f, fn_return(s, FN_KERNEL, AT(s, f->fn, const struct kfn)), source, out);
			source = "";
		}
	if (style == TRACE_X86_TAGS)
		buf_adds(out, " </TASK>\n");
}

static void show_state(const struct sim *s, struct buf *out)
{
	if (kern(s)->sysrq_header)
		buf_adds(out, kern(s)->word == 4 ? "  task                PC stack   pid father\n" :
						    "  task                        PC stack   pid father\n");
	for (u32 i = 0; i < s->root->ntasks; i++) {
		if (!s->root->task[i].alive)
			continue;
		task_line(s, i, out);
		backtrace(s, i, out);
	}
}

void op_sysrq(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	T_ENTER(s, "show_state_filter", "every task of every process, with its stack", "tasks", s->root->ntasks, NULL,
		0, SIM_U_COUNT);

	(void)op;
	(void)res;
	show_state(s, s->log);
	if (s->log->len && s->log->data[s->log->len - 1] == '\n')
		s->log->data[--s->log->len] = '\0';
}
