/* SPDX-License-Identifier: GPL-2.0-or-later
 * Interrupts and exceptions: which stack they run on, how they nest, how they end.
 */
#include "kside.h"

#define EXITING 1u		/* kcpu.spare: softirqs run before the interrupt is left */

static u32 *depth_of(struct kcpu *c, enum kctx ctx)
{
	switch (ctx) {
	case CTX_IRQ:
		return &c->hardirq;
	case CTX_SOFTIRQ:
		return &c->softirq;
	case CTX_NMI:
		return &c->nmi;
	default:
		return &c->exception;
	}
}

static void count(struct sim *s, enum kctx ctx, int n)
{
	u32 *d = depth_of(this_cpu(s), ctx);
	const struct kernel_field *f = ti_field(s, "preempt_count");
	static const unsigned shift[] = { [CTX_IRQ] = 16, [CTX_SOFTIRQ] = 8, [CTX_NMI] = 20 };

	SET(s, *d, (u32)((int)*d + n));
	if (kern(s)->preempt_in_ti && f && ctx != CTX_EXCEPTION) {
		u64 at = ti_addr(s) + f->offset, v = kload(s, at, 4), now = (u32)(v + (u64)(int64_t)(n * (1 << shift[ctx])));

		T_CHANGE(s, n > 0 ? "irq_enter" : "irq_exit", "thread_info->preempt_count", v, now, SIM_U_HEX);
		kstore(s, at, now, 4);
	}
	kmode_update(s);
}

/* On to the CPU's own stack, unless that is where sp is already. */
static bool own_stack(struct sim *s, struct ktask *t, int index, bool from_user, enum kctx ctx)
{
	const struct sim_kernel *k = kern(s);
	struct kcpu *c = this_cpu(s);
	bool inuse;
	struct kstack *ks;

	if (index < 0) {
		K_NOTE(s, k->irq_entry, "this kernel has no stack for it: it stays on the stack of", t->comm, "sp",
		       t->ksp, NULL, 0, SIM_U_HEX);
		return true;
	}
	inuse = c->inuse >> index & 1;
	T_TEST(s, k->irq_entry, "the CPU's stack is in use", "in use", inuse, EQ, NULL, 1, SIM_U_BOOL, inuse,
	       "stay where sp is: nobody switches twice", "look at who was interrupted");
	if (inuse)
		return true;
	T_TEST(s, k->irq_entry, "user mode was interrupted", "user_mode(regs)", from_user, EQ, NULL, 1, SIM_U_BOOL,
	       from_user, k->irq_from_user_switches ? "this kernel switches all the same" :
	       "the task's stack is empty: stay on it", "switch");
	if (from_user && !k->irq_from_user_switches)
		return true;
	ks = cpu_stack(s, 0, index);
	if (!ks)
		return false;
	SET(s, c->inuse, c->inuse | 1u << index);
	return push_link(s, t, ks, ctx, false);
}

/* check_stack_overflow() of i386: less than an eighth is left above thread_info. */
static void low_stack(struct sim *s, const struct ktask *t)
{
	u64 size = kthread_size(s), left = t->ksp & (size - 1), limit = kern(s)->ti_bytes + size / 8;
	bool low = left < limit;

	if (!kern(s)->low_stack_warning)
		return;
	T_TEST(s, "check_stack_overflow", "little of the stack is left", "sp & (THREAD_SIZE - 1)", left, LT,
	       "thread_info + THREAD_SIZE/8", limit, SIM_U_BYTES, low, "a warning", "go on");
	if (low)
		klog(s, "low stack detected by irq handler");
}

static bool enter_irq(struct sim *s, struct ktask *t, const char *handler)
{
	const struct sim_kernel *k = kern(s);
	bool user = in_user_mode(s, t);

	if (!push_regs(s, t, k->irq_entry, user ? k->regs_irq : k->regs_kernel, CTX_IRQ) ||
	    !push_chain(s, t, k->irq, CTX_IRQ))
		return false;
	low_stack(s, t);
	count(s, CTX_IRQ, 1);
	return own_stack(s, t, k->hardirq_stack, user, CTX_IRQ) && push_chain(s, t, k->irq_own, CTX_IRQ) &&
	       push_call(s, t, handler, 64, CTX_IRQ, 0);
}

static bool enter_softirq(struct sim *s, struct ktask *t, const char *handler)
{
	const struct sim_kernel *k = kern(s);
	struct kcpu *c = this_cpu(s);

	if (!push_call(s, t, k->softirq_call, 16, CTX_SOFTIRQ, SFF_FIRST))
		return false;
	if (c->pending)
		SET(s, c->pending, 0);
	count(s, CTX_SOFTIRQ, 1);
	return own_stack(s, t, k->softirq_stack, false, CTX_SOFTIRQ) && push_chain(s, t, k->softirq, CTX_SOFTIRQ) &&
	       push_call(s, t, handler, 112, CTX_SOFTIRQ, 0);
}

static void op_softirq(struct sim *s, const char *name, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	struct kcpu *c = this_cpu(s);
	K_ENTER(s, "raise_softirq", "soft interrupt", name, "hardirq depth", c->hardirq, "softirq depth",
		c->softirq, SIM_U_COUNT);

	if (c->hardirq || c->softirq || c->nmi) {
		K_NOTE(s, "raise_softirq_irqoff", "in_interrupt(): it waits for irq_exit", NULL, NULL, 0, NULL, 0,
		       SIM_U_NONE);
		if (!c->pending)
			SET(s, c->pending, 1);
		return;
	}
	if (in_user_mode(s, t)) {
		skip(res, "in user mode nothing raises it: an interrupt does");
		return;
	}
	if (!enter_softirq(s, t, name))
		push_failed(s, res);
}

/* A stack the processor itself changes to. */
static bool enter_ist(struct sim *s, struct ktask *t, int index, enum kctx ctx, struct sim_result *res)
{
	struct kcpu *c = this_cpu(s);
	struct kstack *ks;

	if (c->inuse >> index & 1) {
		skip(res, "that stack is in use: the processor would begin at its top again");
		return false;
	}
	ks = cpu_stack(s, 0, index);
	if (!ks)
		return false;
	SET(s, c->inuse, c->inuse | 1u << index);
	return push_link(s, t, ks, ctx, true);
}

static void op_nmi(struct sim *s, struct sim_result *res)
{
	const struct sim_kernel *k = kern(s);
	struct ktask *t = curr_ktask(s);
	bool user = in_user_mode(s, t), like_irq = k->nmi_stack >= 0 && k->nmi_stack == k->hardirq_stack;
	T_ENTER(s, k->nmi_entry, "an interrupt that nothing holds back", "user_mode", user, NULL, 0, SIM_U_BOOL);

	if (!k->nmi) {
		skip(res, "this kernel takes no NMI");
		return;
	}
	if (this_cpu(s)->nmi) {
		skip(res, "the processor holds it back until the NMI before has returned");
		return;
	}
	if (k->nmi_stack >= 0 && !like_irq && !(user && k->ist_from_user_moves) &&
	    !enter_ist(s, t, k->nmi_stack, CTX_NMI, res)) {
		push_failed(s, res);
		return;
	}
	if (user && k->ist_from_user_moves)
		K_NOTE(s, k->nmi_entry, "it came from user mode: pt_regs move to the task's empty stack", NULL, NULL, 0,
		       NULL, 0, SIM_U_NONE);
	if (!push_regs(s, t, k->nmi_entry, user ? k->regs_exception : k->regs_kernel, CTX_NMI)) {
		push_failed(s, res);
		return;
	}
	count(s, CTX_NMI, 1);
	if ((like_irq && !own_stack(s, t, k->nmi_stack, user, CTX_NMI)) || !push_chain(s, t, k->nmi_chain, CTX_NMI))
		push_failed(s, res);
}

static int stack_index(const struct sim_kernel *k, const char *name)
{
	for (int i = 0; name && i < KERNEL_CPU_STACKS && k->cpu_stack[i].name; i++)
		if (!strcmp(k->cpu_stack[i].name, name))
			return i;
	return -1;
}

static void op_exception(struct sim *s, const char *name, struct sim_result *res)
{
	const struct sim_kernel *k = kern(s);
	const struct kernel_exception *e = k->exception;
	struct ktask *t = curr_ktask(s);
	bool user = in_user_mode(s, t), fatal;
	int index;

	while (e->name && strcmp(e->name, name))
		e++;
	if (!e->name) {
		skip(res, "this kernel has no exception of that name");
		return;
	}
	K_ENTER(s, e->entry, "exception", e->name, "user_mode", user, NULL, 0, SIM_U_BOOL);
	fatal = !strcmp(e->name, "double_fault");
	index = stack_index(k, e->stack);
	if (index >= 0 && (fatal || !(user && k->ist_from_user_moves)) && !enter_ist(s, t, index, CTX_EXCEPTION, res)) {
		push_failed(s, res);
		return;
	}
	if (!push_regs(s, t, e->entry, user ? k->regs_exception : k->regs_kernel, CTX_EXCEPTION)) {
		push_failed(s, res);
		return;
	}
	count(s, CTX_EXCEPTION, 1);
	if (!push_call(s, t, e->handler, 96, CTX_EXCEPTION, 0)) {
		push_failed(s, res);
	} else if (fatal) {
		klog(s, "PANIC: double fault, error_code: 0x0");
		kpanic(s, res, "Fatal exception in interrupt");
	}
}

void op_irq(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);

	if (op->kind == SIM_OP_SOFTIRQ) {
		op_softirq(s, op->name, res);
	} else if (op->kind == SIM_OP_NMI) {
		op_nmi(s, res);
	} else if (op->kind == SIM_OP_EXCEPTION) {
		op_exception(s, op->name, res);
	} else {
		K_ENTER(s, kern(s)->irq_entry, "interrupt", op->name, "hardirq depth", this_cpu(s)->hardirq, NULL, 0,
			SIM_U_COUNT);
		if (this_cpu(s)->nmi) {
			skip(res, "an NMI is being served: interrupts are off");
			return;
		}
		if (this_cpu(s)->hardirq)
			K_NOTE(s, kern(s)->irq_entry, "a handler has enabled interrupts: they nest", NULL, NULL, 0,
			       NULL, 0, SIM_U_NONE);
		if (!enter_irq(s, t, op->name))
			push_failed(s, res);
	}
}

/* ---- and back ------------------------------------------------------------------------------------- */

/* The handlers are done; what is left of the interrupt waits for the softirqs. */
static bool leave_handlers(struct sim *s, struct ktask *t, struct sim_result *res)
{
	const struct sim_kernel *k = kern(s);

	for (;;) {
		struct sframe f = *AT(s, t->frames, struct sframe);
		u64 found = 0;
		enum popped how;

		if (f.flags & SFF_FIRST || (f.kind == SF_LINK && k->link != LINK_REGISTER))
			return true;
		how = pop_frame(s, t, &found);
		if (f.flags & SFF_ENTERED)
			SET(s, this_cpu(s)->inuse, this_cpu(s)->inuse & ~(1u << f.saved));
		if (pop_went_wrong(s, t, how, found, f.ret, false, res))
			return false;
		if (f.kind == SF_LINK)
			return true;
	}
}

static bool leave_irq(struct sim *s, struct ktask *t, struct sim_result *res)
{
	struct kcpu *c = this_cpu(s);
	bool softirqs = c->pending && c->hardirq == 1 && !c->softirq && !c->nmi;

	T_TEST(s, "irq_exit", "softirqs are pending and this is the last interrupt", "pending", c->pending, EQ, NULL, 1,
	       SIM_U_BOOL, softirqs, "run them before it returns", "return");
	if (!softirqs) {
		count(s, CTX_IRQ, -1);
		return pop_context(s, t, res);
	}
	if (!leave_handlers(s, t, res))
		return false;
	count(s, CTX_IRQ, -1);
	SET(s, c->spare, c->spare | EXITING);
	if (!enter_softirq(s, t, "net_rx_action")) {
		push_failed(s, res);
		return false;
	}
	return true;
}

static bool leave_softirq(struct sim *s, struct ktask *t, struct sim_result *res)
{
	struct kcpu *c = this_cpu(s);

	if (!pop_context(s, t, res))
		return false;
	count(s, CTX_SOFTIRQ, -1);
	if (!(c->spare & EXITING) || c->hardirq)
		return true;
	SET(s, c->spare, c->spare & ~EXITING);
	return pop_context(s, t, res);	/* the interrupt they ran at the end of */
}

void op_irqret(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	const struct sframe *f = frame_top(s, t->frames);
	T_ENTER(s, "iret", "the innermost interrupt returns", NULL, 0, NULL, 0, SIM_U_NONE);

	(void)op;
	if (!f || f->ctx < CTX_IRQ || f->ctx > CTX_EXCEPTION) {
		skip(res, "no interrupt is the innermost entry");
		return;
	}
	if (f->ctx == CTX_IRQ) {
		leave_irq(s, t, res);
	} else if (f->ctx == CTX_SOFTIRQ) {
		leave_softirq(s, t, res);
	} else {
		count(s, (enum kctx)f->ctx, -1);
		pop_context(s, t, res);
	}
}
