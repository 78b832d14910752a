/* SPDX-License-Identifier: GPL-2.0-or-later
 * Calls of a program on its user stack: what they push is really written, page by page as
 * faults bring the pages, and a return goes where memory says.
 */
#include "kside.h"

#define ARGS_MOST 4096
#define LOCALS_MOST (64ull << 20)

struct ucall {
	struct sim *s;
	struct sim_result *res;
	struct task *task;
	u32 number;
	u64 addr;		/* where a fault came */
};

static u64 pattern(const struct ucall *u, u32 serial)
{
	u64 low = 0xa0000000u | (u->number & 0xfff) << 16 | (serial & 0xffff);

	return kern(u->s)->word == 8 ? 0x10ca100000000000 | low : low << 32 | low;
}

/* The processor writes [from, to), from above; false: a fault that ends in a signal. */
static bool write_range(struct ucall *u, u64 from, u64 to, u64 val)
{
	struct sim *s = u->s;
	unsigned word = kern(s)->word;

	while (to > from) {
		u64 page = (to - 1) & PAGE_MASK, low = page > from ? page : from;
		enum sim_sig sig = mm_access(s, s->mm, to - word, ACC_WRITE);

		if (sig) {
			u->res->status = SIM_SIGNAL;
			u->res->sig = sig;
			u->res->fault = u->addr = to - word;
			return false;
		}
		if (low == page && to == page + PAGE_SIZE) {
			if (!ufill(s, s->mm, page, val))
				return false;
		} else {
			for (u64 a = to; a > low; a -= word)
				if (!ustore(s, s->mm, a - word, val))
					return false;
		}
		to = low;
	}
	return true;
}

static struct sframe *frame_add(struct ucall *u, struct ktask *t, enum sframe_kind kind, struct kfn *fn, u64 sp,
				u64 bytes)
{
	struct sim *s = u->s;
	struct sframe *f = fn ? arena_alloc(s, sizeof(*f), "frame") : NULL;

	if (!f)
		return NULL;
	SET(s, t->serial, t->serial + 1);
	journal_block(s, f, sizeof(*f) / 8);
	*f = (struct sframe){ .outer = t->uframes, .fn = REF(s, fn), .kind = kind, .ctx = CTX_USER,
			      .bytes = (u32)bytes, .addr = sp - bytes, .back = sp, .serial = t->serial };
	SET(s, t->uframes, REF(s, f));
	SET(s, u->task->sp, f->addr);
	return f;
}

static bool push_args(struct ucall *u, struct ktask *t, struct kfn *fn, u64 args)
{
	struct sim *s = u->s;
	const struct sim_kernel *k = kern(s);
	u64 stacked = args > k->arg_regs ? args - k->arg_regs : 0;
	u64 bytes = (stacked * k->word + k->align - 1) / k->align * k->align, sp = u->task->sp;
	struct sframe *f;

	if (args > stacked)
		K_NOTE(s, fn->name, "arguments go into registers:", k->arg_names, "in registers", args - stacked,
		       "on the stack", stacked, SIM_U_COUNT);
	if (!stacked)
		return true;
	f = frame_add(u, t, SF_ARGS, fn, sp, bytes);
	if (!f)
		return false;
	K_NOTE(s, fn->name, "the caller pushes arguments", NULL, "bytes", bytes, "sp", f->addr, SIM_U_HEX);
	if (!write_range(u, f->addr, sp, 0xa46 + stacked)) {
		SET(s, f->flags, SFF_HALF);
		return false;
	}
	return true;
}

static bool push_frame(struct ucall *u, struct ktask *t, struct kfn *fn, u64 len)
{
	struct sim *s = u->s;
	const struct sim_kernel *k = kern(s);
	struct kfn *caller = t->uframes ? AT(s, AT(s, t->uframes, struct sframe)->fn, struct kfn) :
					  fn_get(s, FN_USER, "main");
	u64 sp = u->task->sp, bytes = (len + k->word + k->align - 1) / k->align * k->align, saved, ret;
	struct sframe *f;
	bool ok;

	/* The arguments' frame is the callee's; the return address leads into the caller. */
	if (caller && t->uframes && AT(s, t->uframes, struct sframe)->kind == SF_ARGS) {
		ref outer = AT(s, t->uframes, struct sframe)->outer;

		caller = outer ? AT(s, AT(s, outer, struct sframe)->fn, struct kfn) : fn_get(s, FN_USER, "main");
	}
	if (!caller)
		return false;
	ret = fn_return(s, FN_USER, caller);
	f = frame_add(u, t, SF_CALL, fn, sp, bytes);
	if (!f)
		return false;
	saved = bytes - k->word < k->saved * k->word ? bytes - k->word : k->saved * k->word;
	saved -= saved % k->word;
	SET(s, f->flags, SFF_CALLED);
	SET(s, f->expects, ret);
	SET(s, f->ret, k->lr_low && bytes >= 2 * k->word ? f->addr + k->word : sp - k->word);
	SET(s, f->saved, (u32)saved);
	K_NOTE(s, fn->name, "the call pushes the return address, into", caller->name, "at", f->ret, "value", ret,
	       SIM_U_HEX);
	K_NOTE(s, fn->name, "saved registers, then room for locals", NULL, "saved", saved, "locals",
	       bytes - saved - k->word, SIM_U_BYTES);
	K_CHANGE(s, fn->name, "sp", sp, f->addr, SIM_U_ADDR);
	if (k->lr_low)
		ok = write_range(u, f->ret + k->word > sp ? sp : f->ret + k->word, sp, pattern(u, f->serial)) &&
		     write_range(u, f->ret, f->ret + k->word, ret) &&
		     write_range(u, f->addr, f->ret, pattern(u, f->serial));
	else
		ok = write_range(u, f->ret, sp, ret) && write_range(u, f->addr, f->ret, pattern(u, f->serial));
	if (!ok)
		SET(s, f->flags, SFF_CALLED | SFF_HALF);
	return ok;
}

void op_call(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	struct ucall u = { .s = s, .res = res, .number = curr_task(s), .task = &s->root->task[curr_task(s)] };
	struct kfn *fn;
	K_ENTER(s, op->name, "is called", NULL, "bytes", op->len, "sp", u.task->sp, SIM_U_HEX);

	if (!in_user_mode(s, t)) {
		skip(res, "the task is in the kernel");
		return;
	}
	if (op->value > ARGS_MOST || op->len > LOCALS_MOST) {
		skip(res, "no function is that large");
		return;
	}
	fn = fn_get(s, FN_USER, op->name);
	if (fn && push_args(&u, t, fn, op->value))
		push_frame(&u, t, fn, op->len);
}

/* Another task's frame on the same stack that covers the word. */
static int user_writer(const struct sim *s, u32 self, u64 addr)
{
	for (u32 i = 0; i < s->root->ntasks; i++) {
		const struct task *t = &s->root->task[i];

		if (i == self || !t->alive || t->proc != s->root->task[self].proc)
			continue;
		for (const struct sframe *f = frame_top(s, ktask_at(s, i)->uframes); f; f = frame_top(s, f->outer))
			if (addr >= f->addr && addr < f->addr + f->bytes)
				return (int)i;
	}
	return -1;
}

static void pop(struct sim *s, struct ktask *t, u64 sp)
{
	struct sframe *f = AT(s, t->uframes, struct sframe);

	SET(s, s->root->task[curr_task(s)].sp, sp);
	SET(s, t->uframes, f->outer);
	arena_free(s, f, sizeof(*f));
}

/* The word is no return address of this task. */
static void astray(struct sim *s, struct ktask *t, const struct sframe *f, u64 found, struct sim_result *res)
{
	const struct kfn *into = fn_at(s, FN_USER, found);
	int who = user_writer(s, curr_task(s), f->ret);
	enum sim_sig sig;

	K_EVENT(s, "ret", ASTRAY, "the return address was overwritten, it stands at", NULL, f->ret, SIM_U_ADDR);
	SET(s, t->flags, t->flags | KT_ASTRAY);
	sig = into ? SIM_SIG_NONE : mm_access(s, s->mm, found, ACC_EXEC);
	if (sig) {
		res->status = SIM_SIGNAL;
		res->sig = sig;
		res->fault = found;
		return;
	}
	res->status = SIM_ASTRAY;
	if (into)
		res->into = into->name;
	if (who >= 0)
		res->of = comm_of(s, (u32)who);
}

void op_ret(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct ktask *t = curr_ktask(s);
	struct sframe f;
	enum sim_sig sig;
	u64 found;

	(void)op;
	if (!in_user_mode(s, t)) {
		skip(res, "the task is in the kernel");
		return;
	}
	if (!t->uframes) {
		skip(res, "nothing was called");
		return;
	}
	f = *AT(s, t->uframes, struct sframe);
	if (f.flags & SFF_HALF) {
		K_NOTE(s, "siglongjmp", "the call never came to be: sp goes back", NULL, "sp", f.back, NULL, 0,
		       SIM_U_HEX);
	} else {
		K_NOTE(s, AT(s, f.fn, const struct kfn)->name, "locals are given up, saved registers popped", NULL,
		       "bytes", f.bytes, "sp", f.back, SIM_U_HEX);
		sig = mm_access(s, s->mm, f.ret, ACC_READ);
		if (sig) {
			res->status = SIM_SIGNAL;
			res->sig = sig;
			res->fault = f.ret;
			return;
		}
		found = uload(s, s->mm, f.ret);
		K_NOTE(s, "ret", found == f.expects ? "the return address is popped" :
		       "what stands in its place is popped", NULL, "at", f.ret, "value", found, SIM_U_HEX);
		if (found != f.expects)
			astray(s, t, &f, found, res);
	}
	pop(s, t, f.back);
	if (t->uframes && AT(s, t->uframes, struct sframe)->kind == SF_ARGS) {
		K_NOTE(s, "add", "the caller takes its arguments off the stack", NULL, NULL, 0, NULL, 0, SIM_U_NONE);
		pop(s, t, AT(s, t->uframes, struct sframe)->back);
	}
}
