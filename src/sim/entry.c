/* SPDX-License-Identifier: GPL-2.0-or-later
 * Into the kernel by a system call, functions called there, and back.
 */
#include <stdio.h>
#include "kside.h"

static const struct sframe *innermost(const struct sim *s, const struct ktask *t)
{
	return frame_top(s, t->frames);
}

void op_syscall(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	const struct sim_kernel *k = kern(s);
	struct ktask *t = curr_ktask(s);
	char own[KNAME_MAX + 1];
	K_ENTER(s, k->syscall_entry, "system call", op->name, NULL, 0, NULL, 0, SIM_U_NONE);

	if (!in_user_mode(s, t)) {
		skip(res, "the task is in the kernel already");
		return;
	}
	K_CHANGE(s, k->syscall_entry, "sp: from the user stack to the top of the task's kernel stack",
		 s->root->task[curr_task(s)].sp, t->ksp, SIM_U_HEX);
	snprintf(own, sizeof(own), "%s%.*s", k->sys_prefix, (int)(sizeof(own) - 1 - strlen(k->sys_prefix)),
		 op->name);
	if (!push_regs(s, t, k->syscall_entry, k->regs_syscall, CTX_SYSCALL) ||
	    !push_chain(s, t, k->syscall, CTX_SYSCALL) ||
	    !push_call(s, t, own, k->sys_own.bytes, CTX_SYSCALL, 0)) {
		push_failed(s, res);
		return;
	}
	k_current(s, own);
}

/* TIF_WORK: garbage in thread_info->flags shows here. */
static void exit_work(struct sim *s)
{
	const struct kernel_field *f = kern(s)->ti == TI_IN_TASK ? NULL : ti_field(s, "flags");
	u64 v = f ? kload(s, ti_addr(s) + f->offset, f->bytes) : 0;

	T_TEST(s, kern(s)->syscall_exit, "thread_info->flags ask for work", "flags", v, NE, NULL, 0, SIM_U_HEX,
	       v != 0, "work that nobody asked for: flags were overwritten", "to user mode");
}

void op_sysret(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	const struct sframe *f = innermost(s, t);
	T_ENTER(s, kern(s)->syscall_exit, "the system call returns", NULL, 0, NULL, 0, SIM_U_NONE);

	(void)op;
	if (!f) {
		skip(res, "the task is in user mode");
		return;
	}
	if (f->ctx != CTX_SYSCALL) {
		skip(res, "no system call is the innermost entry");
		return;
	}
	while (f->kind != SF_REGS) {
		u64 at = f->ret, found = 0;
		enum popped how = pop_frame(s, t, &found);

		if (pop_went_wrong(s, t, how, found, at, false, res))
			return;
		f = innermost(s, t);
	}
	exit_work(s);
	pop_context(s, t, res);
}

void op_kcall(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	const struct sframe *f = innermost(s, t);
	u32 bytes = op->len > 65536 ? 65536 : (u32)op->len;

	if (!f) {
		skip(res, "the task is in user mode");
		return;
	}
	if (!push_call(s, t, op->name, bytes + kern(s)->word, (enum kctx)f->ctx, SFF_CALLED))
		push_failed(s, res);
}

void op_kret(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	const struct sframe *f = innermost(s, t);
	u64 at, found = 0;
	enum popped how;

	(void)op;
	if (!f || f->kind != SF_CALL || !(f->flags & SFF_CALLED)) {
		skip(res, f ? "nothing was called since the kernel was entered" : "the task is in user mode");
		return;
	}
	at = f->ret;
	K_NOTE(s, AT(s, f->fn, const struct kfn)->name, "locals are given up, saved registers popped", NULL,
	       "bytes", f->bytes, "sp", f->back, SIM_U_HEX);
	how = pop_frame(s, t, &found);
	pop_went_wrong(s, t, how, found, at, false, res);
}
