/* SPDX-License-Identifier: GPL-2.0-or-later
 * schedule(): one task leaves its stack, another finds on its own where it was.
 */
#include "kside.h"

void set_current(struct sim *s, u32 task)
{
	struct kcpu *c = this_cpu(s);
	unsigned proc = s->root->task[task].proc;

	SET(s, c->curr, task);
	ADD(s, s->root->k.clock, 1);
	SET(s, ktask_at(s, task)->ran, s->root->k.clock);
	if (proc != NO_PROC && proc != s->root->current) {
		SET(s, s->root->current, proc);
		s->mm = AT(s, s->root->proc[proc], struct mm);
		hot_forget(s);
	}
	kmode_update(s);
}

/* ---- popping in earnest ------------------------------------------------------------------------- */

static void name_astray(struct sim *s, struct ktask *t, const struct kfn *fn, u64 at, struct sim_result *res)
{
	int who = writer_of(s, curr_task(s), at);

	SET(s, t->flags, t->flags | KT_ASTRAY);
	res->status = SIM_ASTRAY;
	res->into = fn->name;
	if (who >= 0)
		res->of = comm_of(s, (u32)who);
}

bool pop_went_wrong(struct sim *s, struct ktask *t, enum popped how, u64 found, u64 at, bool user,
		    struct sim_result *res)
{
	const struct kfn *fn;
	enum sim_sig sig;

	if (how == POP_OK)
		return false;
	fn = fn_at(s, user ? FN_USER : FN_KERNEL, found);
	if (how == POP_ASTRAY) {
		name_astray(s, t, fn, at, res);
		return true;
	}
	if (!user) {
		bad_jump(s, res, found);
		return true;
	}
	sig = mm_access(s, s->mm, found, ACC_EXEC);
	res->status = sig ? SIM_SIGNAL : SIM_ASTRAY;
	res->sig = sig;
	res->fault = found;
	return true;
}

bool pop_context(struct sim *s, struct ktask *t, struct sim_result *res)
{
	bool first = false;

	while (!first && t->frames) {
		struct sframe f = *AT(s, t->frames, struct sframe);
		struct kcpu *c = this_cpu(s);
		enum popped how;
		u64 found = 0;

		how = pop_frame(s, t, &found);
		first = f.flags & SFF_FIRST;
		if (f.flags & SFF_ENTERED)
			SET(s, c->inuse, c->inuse & ~(1u << f.saved));
		if (pop_went_wrong(s, t, how, found, f.ret, f.kind == SF_REGS && !f.outer, res))
			return false;
	}
	return true;
}

void push_failed(struct sim *s, struct sim_result *res)
{
	if (s->kfault && !s->failed)
		stack_overflowed(s, res);
}

/* ---- switching --------------------------------------------------------------------------------------- */

static bool end_is_gone(struct sim *s, struct sim_result *res)
{
	const struct kstack *ks = kstack_of(s, curr_ktask(s));
	bool gone = !kstack_magic_ok(s, ks);

	if (kern(s)->end_check == END_UNCHECKED) {
		if (gone)
			K_NOTE(s, "schedule_debug", "STACK_END_MAGIC is gone, and this kernel does not look", NULL,
			       NULL, 0, NULL, 0, SIM_U_NONE);
		return false;
	}
	T_TEST(s, "task_stack_end_corrupted", "*end_of_stack(prev)", "holds",
	       kload(s, kstack_magic_addr(s, ks), kern(s)->word), NE, "STACK_END_MAGIC", STACK_END_MAGIC,
	       SIM_U_HEX, gone, kern(s)->end_check == END_BUG ? "BUG" : "panic", "go on");
	if (!gone)
		return false;
	if (kern(s)->end_check == END_PANIC) {
		kpanic(s, res, "corrupted stack end detected inside scheduler");
		return true;
	}
	klog(s, "kernel BUG at kernel/sched/core.c!");
	koops(s, res, "Oops - BUG: 0");
	return true;
}

/* What schedule() looks at before it does anything. True: that was the end. */
static bool schedule_debug(struct sim *s, struct sim_result *res)
{
	u32 task = curr_task(s);
	const struct kernel_field *count = ti_field(s, "preempt_count");
	u64 v;
	int found = k_current(s, "schedule");

	if (found < 0) {
		klog(s, "Unable to handle kernel paging request at virtual address %016llx",
		     (unsigned long long)kload(s, ti_addr(s) + ti_field(s, "task")->offset, 8));
		khang(s, res, "the handler of the fault asks for current, and faults itself: no end");
		return true;
	}
	if (end_is_gone(s, res))
		return true;
	if (!kern(s)->preempt_in_ti || !count)
		return false;
	v = kload(s, ti_addr(s) + count->offset, 4);
	T_TEST(s, "schedule_debug", "in_atomic_preempt_off()", "preempt_count", v, NE, NULL, 0, SIM_U_HEX, v != 0,
	       "BUG: scheduling while atomic", "go on");
	if (v)
		klog(s, "BUG: scheduling while atomic: %s/%d/0x%08llx", comm_of(s, task), pid_of_task(s, task),
		     (unsigned long long)v);
	return false;
}

static void switch_mm(struct sim *s, u32 next)
{
	unsigned proc = s->root->task[next].proc;

	if (proc == NO_PROC) {
		K_NOTE(s, "enter_lazy_tlb", "next->mm is NULL: it borrows active_mm, page tables stay", NULL,
		       "of process", s->root->current, NULL, 0, SIM_U_COUNT);
	} else if (proc == s->root->current) {
		K_NOTE(s, "switch_mm", "the same address space: page tables stay", NULL, "of process", proc,
		       NULL, 0, SIM_U_COUNT);
	} else {
		K_CHANGE(s, "switch_mm", "top page table",
			 AT(s, s->root->proc[s->root->current], const struct mm)->pgd_pfn,
			 AT(s, s->root->proc[proc], const struct mm)->pgd_pfn, SIM_U_PFN);
	}
}

/* A task that never ran: its stack was made up by copy_thread(). */
static bool begin(struct sim *s, struct ktask *t, struct sim_result *res)
{
	enum popped how;
	u64 found = 0, at;

	K_NOTE(s, kern(s)->new_task, "schedule_tail, then its first step", NULL, "sp", t->ksp, NULL, 0, SIM_U_HEX);
	if (!(t->flags & KT_KTHREAD)) {
		at = frame_top(s, t->frames)->ret;
		how = pop_frame(s, t, &found);
		return !pop_went_wrong(s, t, how, found, at, true, res);
	}
	if (!push_chain(s, t, kern(s)->kthread, CTX_THREADFN) ||
	    !push_call(s, t, t->comm, 64, CTX_THREADFN, 0)) {
		push_failed(s, res);
		return false;
	}
	return true;
}

/* sp of next is loaded; everything else comes off its stack. */
static bool switch_in(struct sim *s, u32 next, struct sim_result *res)
{
	struct ktask *t = ktask_at(s, next);
	struct sframe f;
	enum popped how;
	u64 found = 0;
	T_ENTER(s, kern(s)->switch_to, "next's stack", "thread.sp", t->ksp, NULL, 0, SIM_U_HEX);

	if (t->state != 'R') {
		K_NOTE(s, "try_to_wake_up", "it slept: woken first", t->comm, NULL, 0, NULL, 0, SIM_U_NONE);
		SET(s, t->state, 'R');
	}
	set_current(s, next);
	K_EVENT(s, kern(s)->switch_to, SWITCH, "sp is loaded, current is now", t->comm, t->ksp, SIM_U_ADDR);
	f = *AT(s, t->frames, struct sframe);
	if (kern(s)->switch_task_bytes)
		K_NOTE(s, kern(s)->switch_to, "registers come from the task:", kern(s)->switch_regs, "in all",
		       kern(s)->switch_task_bytes, NULL, 0, SIM_U_BYTES);
	else
		K_NOTE(s, kern(s)->switch_to, "registers are popped, from below:", kern(s)->switch_regs, "in all",
		       f.bytes, NULL, 0, SIM_U_BYTES);
	how = pop_frame(s, t, &found);
	if (pop_went_wrong(s, t, how, found, f.ret, false, res))
		return false;
	if (f.ctx == CTX_NEW)
		return begin(s, t, res);
	if (!pop_context(s, t, res))
		return false;
	if (t->frames && AT(s, t->frames, struct sframe)->ctx == CTX_PREEMPT)
		return pop_context(s, t, res);
	return true;
}

/* From user mode an interrupt leads to schedule(), from a system call the call itself does. */
static bool leave(struct sim *s, struct ktask *t)
{
	const struct sim_kernel *k = kern(s);
	bool user = in_user_mode(s, t);

	if (user && (!push_regs(s, t, k->preempt_entry, k->regs_irq, CTX_PREEMPT) ||
		     !push_chain(s, t, k->preempt, CTX_PREEMPT)))
		return false;
	SET(s, t->state, user ? 'R' : 'S');
	for (unsigned i = 0; i < KERNEL_CHAIN && k->schedule[i].func; i++)
		if (!push_call(s, t, k->schedule[i].func, k->schedule[i].bytes, CTX_SCHED, i ? 0 : SFF_FIRST))
			return false;
	return true;
}

bool switch_tasks(struct sim *s, u32 next, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	const struct sim_kernel *k = kern(s);
	u64 sp;

	if (next == curr_task(s))
		return true;
	SET(s, s->root->k.switch_from, curr_task(s) + 1);
	SET(s, s->root->k.switch_to, next + 1);
	if (!leave(s, t)) {
		push_failed(s, res);
		return false;
	}
	if (schedule_debug(s, res))
		return false;
	switch_mm(s, next);
	sp = t->ksp;
	if (!push_switch(s, t, NULL)) {
		push_failed(s, res);
		return false;
	}
	if (k->switch_task_bytes)
		K_NOTE(s, k->switch_to, "registers go into the task:", k->switch_regs, "in all",
		       k->switch_task_bytes, NULL, 0, SIM_U_BYTES);
	else
		K_NOTE(s, k->switch_to, "pushes:", k->switch_regs, "sp before", sp, "sp", t->ksp, SIM_U_HEX);
	K_NOTE(s, k->switch_to, "prev->thread.sp = sp of", t->comm, "sp", t->ksp, NULL, 0, SIM_U_HEX);
	return switch_in(s, next, res);
}

bool switch_from_dead(struct sim *s, u32 next, struct sim_result *res)
{
	struct sim_result in = { .status = SIM_OK };
	bool ok;

	switch_mm(s, next);
	if (s->root->task[next].proc != NO_PROC && !s->mm->alive)
		hot_forget(s);
	ok = switch_in(s, next, &in);
	if (!ok && res->status != SIM_PANIC) {
		int died = res->died;

		*res = in;
		res->died = in.died ? in.died : died;
	}
	return ok;
}

void op_run(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	u32 n = (u32)op->task - 1;

	if (op->task < 1 || n >= s->root->ntasks || !s->root->task[n].alive) {
		skip(res, "that task has ended");
		return;
	}
	if (in_interrupt(s)) {
		klog(s, "BUG: scheduling while atomic: %s/%d/0x%08x", comm_of(s, curr_task(s)),
		     pid_of_task(s, curr_task(s)), (this_cpu(s)->nmi << 20) + (this_cpu(s)->hardirq << 16) +
		     (this_cpu(s)->softirq << 8));
		skip(res, "an interrupt is being served");
		return;
	}
	switch_tasks(s, n, res);
}
