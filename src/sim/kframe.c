/* SPDX-License-Identifier: GPL-2.0-or-later
 * Frames: functions, saved registers, switch frames pushed on a kernel stack word by word,
 * and popped by what memory holds by then.
 */
#include "kside.h"

/* ---- functions --------------------------------------------------------------------------------- */

struct kfn *fn_get(struct sim *s, int space, const char *name)
{
	struct kroot *k = &s->root->k;
	struct kfn *fn;
	size_t n = strnlen(name, KNAME_MAX);

	for (ref r = k->fn[space]; r; r = fn->next) {
		fn = AT(s, r, struct kfn);
		if (!strncmp(fn->name, name, n) && !fn->name[n])
			return fn;
	}
	fn = arena_alloc(s, sizeof(*fn), "a function's name");
	if (!fn)
		return NULL;
	journal_block(s, fn, sizeof(*fn) / 8);
	memcpy(fn->name, name, n);
	fn->next = k->fn[space];
	fn->id = k->nfn[space];
	SET(s, k->nfn[space], k->nfn[space] + 1);
	SET(s, k->fn[space], REF(s, fn));
	return fn;
}

/* Code of the kernel has room for many functions, the program's one page of text for few. */
static u64 space_start(const struct sim *s, int space)
{
	return space == FN_KERNEL ? kern(s)->text : s->prof->text + 0x100;
}

static u64 space_step(int space)
{
	return space == FN_KERNEL ? 0x1000 : 8;
}

u64 fn_return(const struct sim *s, int space, const struct kfn *fn)
{
	u64 id = space == FN_KERNEL ? fn->id : fn->id % 480;

	return space_start(s, space) + id * space_step(space) + (space == FN_KERNEL ? 0x10 * (4 + strlen(fn->name)) : 4);
}

const struct kfn *fn_at(const struct sim *s, int space, u64 addr)
{
	u64 id = (addr - space_start(s, space)) / space_step(space);
	const struct kfn *fn;

	if (addr < space_start(s, space) || id >= s->root->k.nfn[space])
		return NULL;
	for (ref r = s->root->k.fn[space]; r; r = fn->next) {
		fn = AT(s, r, const struct kfn);
		if (fn->id == id)
			return fn;
	}
	return NULL;
}

/* ---- words that tell who wrote them ---------------------------------------------------------------- */

static u64 mark(const struct sim *s, u32 nibble, u32 high, u32 task, u32 serial)
{
	u32 low = nibble << 28 | (task & 0xfff) << 16 | (serial & 0xffff);

	return kern(s)->word == 8 ? (u64)high << 32 | low : low;
}

static u64 local_word(const struct sim *s, u32 task, u32 serial)
{
	return mark(s, 0xa, 0x10ca1000, task, serial);
}

static u64 saved_word(const struct sim *s, u32 task, u32 serial)
{
	return mark(s, 0xb, 0x5afed000, task, serial);
}

/* ---- pushing ---------------------------------------------------------------------------------------- */

u64 ksp_now(const struct sim *s)
{
	return curr_ktask(s)->ksp;
}

static u32 number_of(const struct sim *s, const struct ktask *t)
{
	ref r = REF(s, t);

	for (u32 i = 0; i <= s->root->ntasks && i < SIM_MAX_TASKS; i++)
		if (s->root->task[i].k == r)
			return i;
	return 0;
}

static struct sframe *frame_add(struct sim *s, struct ktask *t, enum sframe_kind kind, struct kfn *fn,
				u32 bytes, enum kctx ctx)
{
	struct sframe *f = arena_alloc(s, sizeof(*f), "frame");

	if (!f || !fn)
		return NULL;
	SET(s, t->serial, t->serial + 1);
	journal_block(s, f, sizeof(*f) / 8);
	*f = (struct sframe){ .outer = t->frames, .fn = REF(s, fn), .kind = kind, .ctx = ctx,
			      .bytes = bytes, .addr = t->ksp - bytes, .back = t->ksp,
			      .serial = t->serial };
	SET(s, t->frames, REF(s, f));
	return f;
}

static bool put(struct sim *s, struct sframe *f, u64 addr, u64 val)
{
	enum kaccess how = kstore(s, addr, val, kern(s)->word);

	if (how == KA_OK || how == KA_ELSEWHERE)
		return !s->failed;
	if (!s->failed) {
		s->kfault = addr;
		SET(s, f->flags, f->flags | SFF_HALF);
	}
	return false;
}

static bool put_range(struct sim *s, struct sframe *f, u64 from, u64 to, u64 val)
{
	unsigned word = kern(s)->word;

	for (u64 a = to; a > from; a -= word)
		if (!put(s, f, a - word, val))
			return false;
	return true;
}

/* What was written over on the way down from sp. */
static void note_trampled(struct sim *s, u64 sp, const struct sframe *f)
{
	struct kstack *ks = kstack_at(s, sp - 1);
	u64 magic, end;

	if (!ks || ks->kind != KS_TASK)
		return;
	magic = kstack_magic_addr(s, ks);
	end = magic + kern(s)->word;
	if (f->addr >= end)
		return;
	if (sp >= end)
		K_EVENT(s, "(nobody looks)", TRAMPLE, "STACK_END_MAGIC is overwritten: below the stack of",
			comm_of(s, ks->owner), magic, SIM_U_ADDR);
	if (kern(s)->ti != TI_IN_TASK)
		for (const struct kernel_field *d = kern(s)->field; d->name; d++)
			if (ks->base + d->offset >= f->addr && ks->base + d->offset < sp)
				K_NOTE(s, "(nobody looks)", "overwritten: thread_info", d->name, "address",
				       ks->base + d->offset, "holds",
				       kload(s, ks->base + d->offset, d->bytes), SIM_U_HEX);
	if (f->addr < ks->base) {
		struct kstack *below = kstack_at(s, ks->base - 1);

		if (below && below->kind == KS_TASK)
			K_EVENT(s, "(nobody looks)", TRAMPLE, "the stack below is overwritten from its top, that of",
				comm_of(s, below->owner), ks->base - 1, SIM_U_ADDR);
	}
}

static u32 aligned(const struct sim *s, u32 bytes)
{
	u32 a = kern(s)->align;

	return (bytes + a - 1) / a * a;
}

static u64 caller_return(const struct sim *s, const struct ktask *t)
{
	const struct sframe *f = frame_top(s, t->frames);

	while (f && f->kind == SF_LINK)
		f = frame_top(s, f->outer);
	return f ? fn_return(s, FN_KERNEL, AT(s, f->fn, const struct kfn)) : kern(s)->text;
}

bool push_call(struct sim *s, struct ktask *t, const char *func, u32 bytes, enum kctx ctx, u32 flags)
{
	const struct sim_kernel *k = kern(s);
	u32 task = number_of(s, t), total = aligned(s, bytes < k->word ? k->word : bytes), saved;
	u64 ret = caller_return(s, t), sp = t->ksp;
	struct sframe *f = frame_add(s, t, SF_CALL, fn_get(s, FN_KERNEL, func), total, ctx);
	bool ok;

	if (!f)
		return false;
	saved = total - k->word < k->saved * k->word ? total - k->word : k->saved * k->word;
	saved -= saved % k->word;
	SET(s, f->flags, flags);
	SET(s, f->expects, ret);
	SET(s, f->ret, k->lr_low && total >= 2 * k->word ? f->addr + k->word : sp - k->word);
	SET(s, f->saved, saved);
	SET(s, t->ksp, f->addr);
	if (k->lr_low) {	/* stp x29, x30 at the lower end, locals above */
		ok = put(s, f, f->ret, ret) && (total < 2 * k->word ||
			put(s, f, f->addr, saved_word(s, task, f->serial))) &&
		     put_range(s, f, f->ret + k->word, sp, local_word(s, task, f->serial));
	} else {
		ok = put(s, f, f->ret, ret) &&
		     put_range(s, f, f->ret - saved, f->ret, saved_word(s, task, f->serial)) &&
		     put_range(s, f, f->addr, f->ret - saved, local_word(s, task, f->serial));
	}
	T_STEP(s, named, SIM_STEP_CALL, func, "pushes its frame: return address into", t->frames && f->outer &&
	       AT(s, f->outer, struct sframe)->fn ? AT(s, AT(s, f->outer, struct sframe)->fn, struct kfn)->name :
	       NULL, "bytes", total, "sp", f->addr, SIM_U_HEX);
	if (flags & SFF_CALLED) {
		K_NOTE(s, func, "return address", NULL, "at", f->ret, "value", ret, SIM_U_HEX);
		K_NOTE(s, func, "saved registers, then locals", NULL, "saved", saved, "locals",
		       total - saved - k->word, SIM_U_BYTES);
	}
	note_trampled(s, sp, f);
	if (s->trace)
		s->depth++;
	return ok;
}

bool push_chain(struct sim *s, struct ktask *t, const struct kernel_frame *chain, enum kctx ctx)
{
	for (unsigned i = 0; i < KERNEL_CHAIN && chain[i].func; i++)
		if (!push_call(s, t, chain[i].func, chain[i].bytes, ctx, 0))
			return false;
	return true;
}

/* ip and sp inside of pt_regs; i386 saves no sp where the kernel itself was interrupted. */
static u64 regs_ip(const struct sim *s, const struct sframe *f)
{
	u64 top = f->addr + f->bytes;

	return top - (f->outer && kern(s)->word == 4 ? 12 : kern(s)->ip_from_top);
}

static u64 regs_sp(const struct sim *s, const struct sframe *f)
{
	return f->outer && kern(s)->word == 4 ? 0 : f->addr + f->bytes - kern(s)->sp_from_top;
}

static u64 user_ip(struct sim *s, const struct ktask *t)
{
	const struct sframe *f = frame_top(s, t->uframes);
	struct kfn *fn = f ? AT(s, f->fn, struct kfn) : fn_get(s, FN_USER, "main");

	return fn ? fn_return(s, FN_USER, fn) : 0;
}

bool push_regs(struct sim *s, struct ktask *t, const char *entry, u32 bytes, enum kctx ctx)
{
	u32 task = number_of(s, t);
	bool user = !t->frames;
	const struct sframe *ist = frame_top(s, t->frames);
	u64 sp = user ? s->root->task[task].sp : t->ksp, was = t->ksp;
	u64 ip = user ? user_ip(s, t) : caller_return(s, t);
	struct sframe *f = frame_add(s, t, SF_REGS, fn_get(s, FN_KERNEL, entry), bytes, ctx);
	bool ok;

	if (!f)
		return false;
	ist = ist && ist->kind == SF_LINK && ist->ctx == ctx && !ist->bytes && ist->flags & SFF_FIRST ? ist : NULL;
	if (ist)		/* the processor changed to a stack of its own first */
		sp = ist->back;
	SET(s, f->flags, ist ? 0 : SFF_FIRST);
	SET(s, f->ret, regs_ip(s, f));
	SET(s, f->expects, ip);
	SET(s, t->ksp, f->addr);
	ok = put_range(s, f, f->addr, was, saved_word(s, task, f->serial)) && put(s, f, f->ret, ip) &&
	     (!regs_sp(s, f) || put(s, f, regs_sp(s, f), sp));
	K_NOTE(s, entry, user ? "pt_regs: the registers of user mode are saved at the top of the kernel stack" :
	       "pt_regs: the registers of the kernel code it interrupts are saved", NULL, "bytes", bytes, "sp",
	       t->ksp, SIM_U_HEX);
	K_NOTE(s, entry, "in them", NULL, "ip", ip, "sp", sp, SIM_U_HEX);
	note_trampled(s, was, f);
	return ok;
}

bool push_switch(struct sim *s, struct ktask *t, const char *into)
{
	const struct sim_kernel *k = kern(s);
	u32 task = number_of(s, t), bytes = k->switch_words * k->word;
	struct kfn *fn = into ? fn_get(s, FN_KERNEL, into) : NULL;
	u64 ret = fn ? fn_return(s, FN_KERNEL, fn) : caller_return(s, t), was = t->ksp;
	struct sframe *f = frame_add(s, t, SF_SWITCH, fn ? fn : fn_get(s, FN_KERNEL, k->switch_to), bytes,
				     into ? CTX_NEW : CTX_SCHED);
	bool ok = true;

	if (!f)
		return false;
	SET(s, t->ksp, f->addr);
	SET(s, f->expects, ret);
	if (bytes) {
		SET(s, f->ret, was - k->word);
		ok = put(s, f, f->ret, ret) &&
		     put_range(s, f, f->addr, f->ret, saved_word(s, task, f->serial));
	}
	note_trampled(s, was, f);
	return ok;
}

bool push_link(struct sim *s, struct ktask *t, struct kstack *to, enum kctx ctx, bool hardware)
{
	const struct sim_kernel *k = kern(s);
	u64 was = t->ksp, top = kstack_top(to);
	u32 bytes = !hardware && k->link == LINK_TOP_WORD ? k->word : 0, task = number_of(s, t);
	struct sframe *f;
	const struct kernel_field *prev = ti_field(s, "previous_esp");

	SET(s, t->ksp, top);
	f = frame_add(s, t, SF_LINK, fn_get(s, FN_KERNEL, k->cpu_stack[to->owner].name), bytes, ctx);
	if (!f)
		return false;
	SET(s, f->back, was);
	SET(s, f->flags, SFF_ENTERED | (hardware ? SFF_FIRST : 0));
	SET(s, f->saved, to->owner);
	SET(s, f->expects, was);
	SET(s, t->ksp, top - bytes);
	if (bytes) {
		SET(s, f->ret, top - bytes);
		put(s, f, f->ret, was);
	} else if (!hardware && k->ti == TI_MASK_SP) {	/* union irq_ctx: a thread_info of its own */
		kstack_init(s, to, task);
		if (prev)
			kstore(s, to->base + prev->offset, was, prev->bytes);
	}
	K_EVENT(s, hardware ? "(processor)" : k->irq_entry, ENTRY, "sp moves to the stack of this CPU for",
		k->cpu_stack[to->owner].name, t->ksp, SIM_U_ADDR);
	return !s->failed;
}

/* ---- popping ------------------------------------------------------------------------------------------ */

int writer_of(const struct sim *s, u32 self, u64 addr)
{
	int who = -1;
	u64 last = 0;

	for (u32 i = 0; i < s->root->ntasks; i++) {
		const struct ktask *t = s->root->task[i].k && i != self ? ktask_at(s, i) : NULL;

		for (const struct sframe *f = t ? frame_top(s, t->frames) : NULL; f; f = frame_top(s, f->outer))
			if (addr >= f->addr && addr < f->addr + f->bytes && t->ran >= last) {
				who = (int)i;
				last = t->ran;
			}
	}
	return who;
}

static void frame_free_one(struct sim *s, ref *list)
{
	struct sframe *f = AT(s, *list, struct sframe);

	SET(s, *list, f->outer);
	arena_free(s, f, sizeof(*f));
}

void frames_drop(struct sim *s, ref *list)
{
	while (*list)
		frame_free_one(s, list);
}

bool frames_copy(struct sim *s, ref from, ref *to)
{
	ref *at = to;

	for (const struct sframe *f; from; from = f->outer) {
		struct sframe *n = arena_alloc(s, sizeof(*n), "frame");

		if (!n)
			return false;
		f = AT(s, from, const struct sframe);
		journal_block(s, n, sizeof(*n) / 8);
		*n = *f;
		n->outer = 0;
		SET(s, *at, REF(s, n));
		at = &n->outer;
	}
	return true;
}

static enum popped pop_link(struct sim *s, struct ktask *t, const struct sframe *f, u64 *found)
{
	*found = f->ret ? kload(s, f->ret, kern(s)->word) : f->back;
	SET(s, t->ksp, *found);
	K_EVENT(s, kern(s)->irq_entry, ENTRY, *found == f->back ? "sp goes back to the stack that was left" :
		"sp is loaded from an overwritten word", NULL, *found, SIM_U_ADDR);
	return *found == f->back ? POP_OK : POP_WILD;
}

static enum popped pop_regs(struct sim *s, struct ktask *t, const struct sframe *f, u64 *found)
{
	u32 task = number_of(s, t);
	u64 sp = regs_sp(s, f) ? kload(s, regs_sp(s, f), kern(s)->word) : f->back;

	struct sframe *ist = frame_top(s, f->outer);

	*found = kload(s, f->ret, kern(s)->word);
	SET(s, t->ksp, f->back);
	if (ist && ist->kind == SF_LINK && ist->flags & SFF_FIRST && ist->ctx == f->ctx && ist->back != sp)
		SET(s, ist->back, sp);
	K_NOTE(s, f->outer ? "iret" : kern(s)->syscall_exit, f->outer ? "back in the code that was interrupted" :
	       "the registers of user mode are loaded", NULL, "ip", *found, "sp", sp, SIM_U_HEX);
	if (!f->outer && s->root->task[task].sp != sp) {
		K_EVENT(s, kern(s)->syscall_exit, ASTRAY, "the user's sp in pt_regs was overwritten: it is now", NULL, sp,
			SIM_U_ADDR);
		SET(s, s->root->task[task].sp, sp);
		SET(s, t->flags, t->flags | KT_ASTRAY);
	}
	if (*found == f->expects)
		return POP_OK;
	return fn_at(s, f->outer ? FN_KERNEL : FN_USER, *found) ? POP_ASTRAY : POP_WILD;
}

enum popped pop_frame(struct sim *s, struct ktask *t, u64 *found)
{
	const struct sframe *f = frame_top(s, t->frames);
	const struct kfn *fn = AT(s, f->fn, const struct kfn), *into;
	enum popped how;

	if (f->kind == SF_LINK) {
		how = pop_link(s, t, f, found);
	} else if (f->kind == SF_REGS) {
		how = pop_regs(s, t, f, found);
	} else {
		*found = f->ret ? kload(s, f->ret, kern(s)->word) : f->expects;
		into = fn_at(s, FN_KERNEL, *found);
		how = *found == f->expects ? POP_OK : into ? POP_ASTRAY : POP_WILD;
		SET(s, t->ksp, f->back);
		T_STEP(s, named, SIM_STEP_RETURN, f->kind == SF_SWITCH ? kern(s)->switch_to : fn->name,
		       how == POP_WILD ? "returns to what is no code" : "returns into",
		       into ? into->name : NULL, NULL, *found, NULL, 0, SIM_U_ADDR);
		if (how != POP_OK)
			K_EVENT(s, fn->name, ASTRAY, "the return address was overwritten, it stands at", NULL,
				f->ret, SIM_U_ADDR);
	}
	if (s->trace && s->depth && f->kind == SF_CALL)
		s->depth--;
	frame_free_one(s, &t->frames);
	return how;
}
