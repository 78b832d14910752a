/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tasks: made with a kernel stack, ended, sharing another's stack.
 */
#include <stdio.h>
#include "kside.h"

/* ---- words about them ------------------------------------------------------------------------- */

const char *comm_of(const struct sim *s, u32 task)
{
	return s->root->task[task].k ? ktask_at(s, task)->comm : "?";
}

int pid_of_task(const struct sim *s, u32 task)
{
	(void)s;
	return SIM_FIRST_PID + (int)task;
}

/* Its main thread, or another when that has ended; -1: it is gone. */
static int main_or_any(const struct sim *s, unsigned proc)
{
	int any = -1;

	for (u32 i = 0; i < s->root->ntasks; i++) {
		if (!s->root->task[i].alive || s->root->task[i].proc != proc)
			continue;
		if (s->root->task[i].is_main)
			return (int)i;
		any = any < 0 ? (int)i : any;
	}
	return any;
}

u32 task_of_process(const struct sim *s, unsigned proc)
{
	int n = main_or_any(s, proc);

	return n < 0 ? 0 : (u32)n;
}

bool last_thread(const struct sim *s, u32 task)
{
	for (u32 i = 0; i < s->root->ntasks; i++)
		if (i != task && s->root->task[i].alive && s->root->task[i].proc == s->root->task[task].proc)
			return false;
	return true;
}

/* ---- life --------------------------------------------------------------------------------------- */

static void set_comm(struct sim *s, struct ktask *t, const char *comm)
{
	journal_block(s, t->comm, sizeof(t->comm) / 8);
	memset(t->comm, 0, sizeof(t->comm));
	for (size_t i = 0; comm[i] && i < sizeof(t->comm) - 1; i++)
		t->comm[i] = comm[i] > ' ' && comm[i] < 0x7f ? comm[i] : '?';
}

static u64 empty_sp(const struct sim *s, const struct kstack *ks)
{
	return kstack_top(ks) - kern(s)->top_padding;
}

bool kstack_size_ok(u64 bytes)
{
	return !bytes || bytes == 4096 || bytes == 8192 || bytes == 16384;
}

bool ktask_create(struct sim *s, u32 task, const char *comm, u32 flags, u32 stack_size)
{
	struct ktask *t;
	struct kstack *ks;
	T_ENTER(s, "dup_task_struct", "a task_struct, and a stack for it in the kernel", "task",
		task_addr(s, task), "pid", (u64)pid_of_task(s, task), SIM_U_HEX);

	t = arena_alloc(s, sizeof(*t), "task_struct");
	if (!t)
		return false;
	ks = kstack_alloc(s, task, stack_size ? stack_size : (u32)kthread_size(s));
	if (!ks) {
		arena_free(s, t, sizeof(*t));
		return false;
	}
	set_comm(s, t, comm);
	SET(s, t->kstack, REF(s, ks));
	SET(s, t->flags, flags);
	SET(s, t->state, 'R');
	SET(s, t->ksp, empty_sp(s, ks));
	SET(s, s->root->task[task].k, REF(s, t));
	kstack_init(s, ks, task);
	return !s->failed;
}

bool ktask_fork_frame(struct sim *s, u32 task)
{
	struct ktask *t = ktask_at(s, task);
	T_ENTER(s, "copy_thread", "what the first switch to the task will find on its stack", "sp", t->ksp,
		NULL, 0, SIM_U_HEX);

	if (t->flags & KT_KTHREAD) {
		SET(s, t->ksp, t->ksp - kern(s)->regs_exception);	/* room for pt_regs that nobody fills */
		return push_switch(s, t, kern(s)->new_task);
	}
	return push_regs(s, t, kern(s)->fork, kern(s)->regs_syscall, CTX_NEW) &&
	       push_switch(s, t, kern(s)->new_task);
}

void ktask_end(struct sim *s, u32 task)
{
	struct ktask *t = ktask_at(s, task);

	check_stack_usage(s, task);
	frames_drop(s, &t->frames);
	frames_drop(s, &t->uframes);
	kstack_put(s, kstack_of(s, t));
	SET(s, t->kstack, 0);
	SET(s, t->state, 'X');
	SET(s, s->root->task[task].alive, 0);
}

/* The current task is gone: another one of its process, of its ancestors, of the oldest. */
u32 next_task(const struct sim *s)
{
	int parent = -1, n = main_or_any(s, (unsigned)s->root->current);

	if (n >= 0)
		return (u32)n;
	parent = AT(s, s->root->proc[s->root->current], const struct mm)->parent;
	while (parent >= 0 && main_or_any(s, (unsigned)parent) < 0)
		parent = AT(s, s->root->proc[parent], const struct mm)->parent;
	if (parent >= 0)
		return task_of_process(s, (unsigned)parent);
	for (unsigned p = 0; p < s->root->nprocs; p++)
		if (main_or_any(s, p) >= 0)
			return task_of_process(s, p);
	return 0;
}

void task_gone(struct sim *s, u32 task, struct sim_result *res)
{
	unsigned proc = s->root->task[task].proc;
	struct kcpu *c = this_cpu(s);
	T_ENTER(s, "do_exit", "the task ends", "pid", (u64)pid_of_task(s, task), NULL, 0, SIM_U_COUNT);

	ktask_end(s, task);
	if (c->exception)
		SET(s, c->exception, 0);
	if (c->inuse)
		SET(s, c->inuse, 0);
	if (proc != NO_PROC && main_or_any(s, proc) < 0) {
		mm_destroy(s, AT(s, s->root->proc[proc], struct mm));
		res->died = (int)proc + 1;
	}
	switch_from_dead(s, next_task(s), res);
}

/* ---- boot ----------------------------------------------------------------------------------------- */

bool tasks_boot(struct sim *s)
{
	struct kroot *k = &s->root->k;
	struct kcpu *c;

	k->ncpus = s->opt.cpus ? s->opt.cpus : 1;
	k->lowest = kthread_size(s);
	c = arena_alloc(s, k->ncpus * sizeof(*c), "per-CPU data");
	if (!c)
		return false;
	k->cpus = REF(s, c);
	if (!ktask_create(s, 0, "P0", 0, 0))
		return false;
	s->root->ntasks = 1;
	return true;
}

/* ---- which operations have to wait -------------------------------------------------------------- */

void kmode_update(struct sim *s)
{
	u64 mode = s->root->k.mode & KMODE_PANIC;

	if (curr_ktask(s)->flags & KT_KTHREAD)
		mode |= KMODE_KTHREAD;
	if (in_interrupt(s))
		mode |= KMODE_INTERRUPT;
	if (mode != s->root->k.mode)
		SET(s, s->root->k.mode, mode);
}

static bool kernel_side(enum sim_op_kind kind)
{
	return kind >= SIM_OP_KTHREAD && kind < SIM_NOPS && kind != SIM_OP_SHARE;
}

const char *kside_refuses(const struct sim *s, const struct sim_op *op)
{
	u64 mode = s->root->k.mode;

	if (op->kind == SIM_OP_SYSRQ)
		return NULL;
	if (mode & KMODE_PANIC)
		return "the kernel has stopped";
	if ((mode & KMODE_INTERRUPT) && (!kernel_side(op->kind) || op->kind == SIM_OP_KTHREAD))
		return "an interrupt is being served";
	if ((mode & KMODE_KTHREAD) && !kernel_side(op->kind) && op->kind != SIM_OP_EXIT &&
	    op->kind != SIM_OP_SWITCH)
		return "a kernel thread has no user space";
	return NULL;
}

/* ---- operations ------------------------------------------------------------------------------------- */

void op_kthread(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	u32 n = (u32)s->root->ntasks, kthreads = 0;
	struct task *t = &s->root->task[n];
	T_ENTER(s, "kthread_create", "a task without user space: mm is NULL", NULL, 0, NULL, 0, SIM_U_NONE);

	for (u32 i = 0; i < n; i++)
		kthreads += s->root->task[i].proc == NO_PROC;
	if (kthreads == SIM_MAX_KTHREADS) {
		skip(res, "too many kernel threads");
		return;
	}
	if (!kstack_size_ok(op->len)) {
		skip(res, "a kernel stack has 4K, 8K or 16K");
		return;
	}
	SET(s, t->proc, NO_PROC);
	if (!ktask_create(s, n, op->name, KT_KTHREAD, (u32)op->len)) {
		result_set(res, -ENOMEM);
		return;
	}
	SET(s, t->alive, 1);
	SET(s, s->root->ntasks, n + 1);
	ktask_fork_frame(s, n);
	res->child = (int)n;
}

static void share_kstack(struct sim *s, struct ktask *t, struct ktask *with)
{
	struct kstack *own = kstack_of(s, t), *other = kstack_of(s, with);

	K_CHANGE(s, "(experiment)", "task->stack", own->base, other->base, SIM_U_HEX);
	ADD(s, other->users, 1);
	kstack_put(s, own);
	SET(s, t->kstack, REF(s, other));
	SET(s, t->ksp, empty_sp(s, other));
}

static void share_ustack(struct sim *s, u32 task, u32 with)
{
	struct task *t = &s->root->task[task], *w = &s->root->task[with];

	K_CHANGE(s, "(experiment)", "user sp", t->sp, w->sp, SIM_U_ADDR);
	SET(s, t->sp, w->sp);
	SET(s, t->stack_start, w->stack_start);
	SET(s, t->stack_end, w->stack_end);
	SET(s, ktask_at(s, task)->ustack_of, with + 1);
}

void op_share(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	u32 task = curr_task(s), with = (u32)op->task - 1;
	struct ktask *t = curr_ktask(s);

	if (op->task < 1 || with >= s->root->ntasks || !s->root->task[with].alive)
		skip(res, "no such task");
	else if (with == task)
		skip(res, "it is its own stack");
	else if (!in_user_mode(s, t))
		skip(res, "the task's stack is in use: it is in the kernel");
	else if (op->flags == SIM_SHARE_USTACK && s->root->task[with].proc != s->root->task[task].proc)
		skip(res, "that stack lies in another address space");
	else if (op->flags == SIM_SHARE_USTACK && t->uframes)
		skip(res, "functions are still running on the task's own user stack");
	else if (op->flags == SIM_SHARE_USTACK)
		share_ustack(s, task, with);
	else if (ktask_at(s, with)->kstack == t->kstack)
		skip(res, "it runs on that stack already");
	else
		share_kstack(s, t, ktask_at(s, with));
}

/* ---- looking ---------------------------------------------------------------------------------------- */

const char *sim_task_name(const struct sim *s)
{
	u32 task = curr_task(s);

	return s->root->task[task].is_main ? NULL : comm_of(s, task);
}
