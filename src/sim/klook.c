/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/klook.h"

#include <stdio.h>
#include "kside.h"

size_t sim_kstack_frames(const struct sim *s, uint64_t *pfns, size_t max)
{
	size_t n = 0;
	ref seen = 0;

	for (u32 i = 0; i < s->root->ntasks + 2; i++) {
		ref r = i < s->root->ntasks ? (s->root->task[i].k ? ktask_at(s, i)->kstack : 0) :
					      s->root->k.cached[i - s->root->ntasks];
		const struct kstack *ks = r ? AT(s, r, const struct kstack) : NULL;

		/* A shared one is counted where its owner is, or where it was met first. */
		if (!ks || r == seen || (ks->users > 1 && i < s->root->ntasks && ks->owner != i &&
					 s->root->task[ks->owner].k && ktask_at(s, ks->owner)->kstack == r))
			continue;
		seen = r;
		for (u32 p = 0; p < ks->size >> PAGE_SHIFT && n < max; p++)
			pfns[n++] = ks->order == NO_ORDER ? ks->pfn[p] : ks->pfn[0] + p;
	}
	return n;
}

/* ---- single figures ------------------------------------------------------------------------------ */

static u64 stack_sp(const struct sim *s, const struct ktask *t, u64 base, u64 top, bool own)
{
	u64 sp = top;

	for (const struct sframe *f = frame_top(s, t->frames); f; f = frame_top(s, f->outer))
		if (f->addr >= base && f->addr < sp && f->kind != SF_LINK)
			sp = f->addr;
		else if (f->kind == SF_LINK && f->bytes && f->addr >= base && f->addr < sp)
			sp = f->addr;
	if (own && t->ksp < sp && (t->ksp >= base || sp == base))
		sp = t->ksp;
	/* Overrun: frames reach below the base. */
	for (const struct sframe *f = frame_top(s, t->frames); own && f; f = frame_top(s, f->outer))
		if (f->addr < base && f->addr + f->bytes >= base && f->addr < sp)
			sp = f->addr;
	return sp;
}

bool sim_kstack_get(const struct sim *s, unsigned task, struct sim_kstack *ret)
{
	const struct ktask *t;
	const struct kstack *ks;

	if (task >= s->root->ntasks || !s->root->task[task].alive || !s->root->task[task].k)
		return false;
	t = ktask_at(s, task);
	if (!t->kstack)
		return false;
	ks = kstack_of(s, t);
	*ret = (struct sim_kstack){
		.base = ks->base, .size = ks->size,
		.used = kstack_top(ks) - stack_sp(s, t, ks->base, kstack_top(ks), true),
		.left = stack_not_used(s, ks), .high = kstack_top(ks) - kstack_lowest(s, ks),
		.magic_ok = kstack_magic_ok(s, ks), .info_ok = ti_intact(s, ks),
	};
	return true;
}

unsigned sim_current_task(const struct sim *s)
{
	return curr_task(s);
}

int sim_current_found(const struct sim *s)
{
	struct sim *mute = (struct sim *)(uintptr_t)s;
	sim_trace_fn trace = s->trace;
	int n;

	mute->trace = NULL;
	n = k_current(mute, "");
	mute->trace = trace;
	return n;
}

const char *sim_comm(const struct sim *s, unsigned task)
{
	return comm_of(s, task);
}

uint64_t sim_lowest_left(const struct sim *s)
{
	return s->root->k.lowest;
}

uint64_t sim_kernelstack(const struct sim *s)
{
	u64 bytes = 0;

	for (u32 i = 0; i < s->root->ntasks; i++)
		if (s->root->task[i].alive && ktask_at(s, i)->kstack &&
		    kstack_of(s, ktask_at(s, i))->owner == i)
			bytes += kstack_of(s, ktask_at(s, i))->size;
	return bytes;
}

unsigned sim_cached_stacks(const struct sim *s)
{
	return (s->root->k.cached[0] != 0) + (s->root->k.cached[1] != 0);
}

bool sim_stopped(const struct sim *s)
{
	return s->root->k.mode & KMODE_PANIC;
}

char sim_task_state(const struct sim *s, unsigned task)
{
	return (char)ktask_at(s, task)->state;
}

static int cpu_stack_holding(const struct sim *s, unsigned cpu, u64 sp)
{
	const struct sim_kernel *k = kern(s);

	for (int i = 0; i < KERNEL_CPU_STACKS && k->cpu_stack[i].name; i++)
		if (sp - 1 - cpu_stack_base(s, cpu, (unsigned)i) < k->cpu_stack[i].size)
			return i;
	return -1;
}

uint64_t sim_stack_pointer(const struct sim *s, const char **on)
{
	const struct ktask *t = curr_ktask(s);
	int i;

	if (!t->frames && !(t->flags & KT_KTHREAD)) {
		*on = "user";
		return s->root->task[curr_task(s)].sp;
	}
	i = cpu_stack_holding(s, 0, t->ksp);
	*on = i < 0 ? "task" : kern(s)->cpu_stack[i].name;
	return t->ksp;
}

/* ---- the value ------------------------------------------------------------------------------------- */

struct look {
	const struct sim *s;
	struct contexts *c;
	int *index;		/* of a task in c->tasks, -1 */
};

static u64 uword_at(struct look *l, unsigned proc, u64 addr)
{
	struct sim *s = (struct sim *)(uintptr_t)l->s;

	return proc < s->root->nprocs ? uload(s, AT(s, s->root->proc[proc], struct mm), addr) : 0;
}

static void put_goes(struct look *l, u32 task, const struct sframe *f, int space, struct cframe *to)
{
	const struct kfn *fn = fn_at(l->s, space, to->found);
	int who = space == FN_KERNEL ? writer_of(l->s, task, f->ret) : -1;
	char words[80];

	if (fn && who >= 0)
		snprintf(words, sizeof(words), "%s of %s", fn->name, comm_of(l->s, (u32)who));
	else if (fn)
		snprintf(words, sizeof(words), "%s", fn->name);
	else
		snprintf(words, sizeof(words), "no code%s%s", who >= 0 ? ": written by " : "",
			 who >= 0 ? comm_of(l->s, (u32)who) : "");
	to->goes = contexts_string(l->c, words);
}

static void put_frame(struct look *l, u32 task, const struct sframe *f, int space, struct cframe *to)
{
	static const enum cframe_kind kinds[] = {
		[SF_CALL] = CFRAME_CALL, [SF_ARGS] = CFRAME_ARGS, [SF_REGS] = CFRAME_REGS,
		[SF_SWITCH] = CFRAME_SWITCH, [SF_LINK] = CFRAME_LINK,
	};
	const struct sim *s = l->s;
	const struct kfn *fn = f->fn ? AT(s, f->fn, const struct kfn) : NULL;

	*to = (struct cframe){ .kind = kinds[f->kind], .function = contexts_string(l->c, fn ? fn->name : ""),
			       .addr = f->addr, .bytes = f->bytes, .saved = f->saved, .returns = f->expects,
			       .intact = true, .goes = "" };
	if (!f->ret)
		return;
	to->found = space == FN_KERNEL ? kload(s, f->ret, kern(s)->word) :
					 uword_at(l, s->root->task[task].proc, f->ret);
	to->intact = to->found == f->expects || f->flags & SFF_HALF;
	if (!to->intact)
		put_goes(l, task, f, f->kind == SF_REGS && !f->outer ? FN_USER : space, to);
}

/* Frames of the list that lie in [base, top), or reach over its lower end. */
static void put_frames(struct look *l, u32 task, ref list, int space, u64 base, u64 top, struct cstack *st)
{
	const struct sim *s = l->s;
	size_t n = 0, i = 0;
	struct cframe *v;

	for (const struct sframe *f = frame_top(s, list); f; f = frame_top(s, f->outer))
		n += f->bytes && f->addr + f->bytes > base && f->addr + f->bytes <= top;
	v = contexts_room(l->c, n, sizeof(*v));
	for (const struct sframe *f = frame_top(s, list); f; f = frame_top(s, f->outer))
		if (f->bytes && f->addr + f->bytes > base && f->addr + f->bytes <= top)
			put_frame(l, task, f, space, &v[i++]);
	st->frames = v;
	st->nframes = n;
}

static void put_kernel_stack(struct look *l, u32 task, struct ctask *to)
{
	const struct sim *s = l->s;
	const struct ktask *t = ktask_at(s, task);
	const struct kstack *ks = kstack_of(s, t);
	u64 top = kstack_top(ks);

	to->kernel = (struct cstack){
		.kind = CSTACK_TASK, .name = "task", .base = ks->base, .size = ks->size,
		.guard = kern(s)->source == STACK_VMALLOC ? kern(s)->guard : 0,
		.sp = stack_sp(s, t, ks->base, top, true), .high_water = top - kstack_lowest(s, ks),
		.left = stack_not_used(s, ks), .magic_ok = kstack_magic_ok(s, ks),
	};
	put_frames(l, task, t->frames, FN_KERNEL, ks->base, top, &to->kernel);
	to->kernel_of = ks->owner == task ? -1 : l->index[ks->owner];
}

static void put_user_stack(struct look *l, u32 task, struct ctask *to)
{
	const struct sim *s = l->s;
	const struct task *t = &s->root->task[task];
	const struct mm *mm = t->proc < s->root->nprocs ? AT(s, s->root->proc[t->proc], const struct mm) : NULL;
	const struct vma *v = mm && mm->alive ? vma_look(s, mm, t->sp ? t->sp - 1 : 0) : NULL;
	u64 base = t->stack_start, at, next = 0;
	const jword *pte;

	if (!mm)
		return;
	if (v && v->start <= t->sp && !t->guard_end)
		base = v->start;
	to->user = (struct cstack){ .kind = CSTACK_USER, .name = "user", .base = base, .size = t->stack_end - base,
				    .guard = t->guard_end - t->guard_start, .sp = t->sp, .magic_ok = true };
	for (at = base; mm->alive && at < t->stack_end; at = next > at ? next : at + PAGE_SIZE) {
		pte = pte_look(s, mm, at, &next);
		if (pte && *pte & PTE_P)
			break;
	}
	if (at < t->stack_end)
		to->user.high_water = t->stack_end - (at & PAGE_MASK);
	put_frames(l, task, ktask_at(s, task)->uframes, FN_USER, 0, UINT64_MAX, &to->user);
	to->user_of = ktask_at(s, task)->ustack_of ? l->index[ktask_at(s, task)->ustack_of - 1] : -1;
}

static void put_thread_info(struct look *l, u32 task, struct ctask *to)
{
	const struct sim *s = l->s;
	const struct kstack *ks = kstack_of(s, ktask_at(s, task));
	struct cthread_info *in = &to->info;

	in->on_stack = kern(s)->ti != TI_IN_TASK;
	in->addr = in->on_stack ? ks->base : task_addr(s, task);
	in->intact = ti_intact(s, ks);
	for (const struct kernel_field *f = kern(s)->field; f->name && in->nfields < CONTEXT_FIELDS; f++) {
		struct cfield *d = &in->field[in->nfields++];
		u64 right = ti_value(s, ks->owner, f->name);

		*d = (struct cfield){ .name = f->name, .addr = in->addr + f->offset, .bytes = f->bytes,
				      .value = right, .intact = true };
		if (!in->on_stack)
			continue;
		d->value = kload(s, d->addr, f->bytes);
		d->intact = d->value == right || (ti_field_moves(f->name) && !(d->value >> 28));
	}
}

static void put_task(struct look *l, u32 n, struct ctask *to)
{
	const struct sim *s = l->s;
	const struct task *t = &s->root->task[n];
	const struct ktask *k = ktask_at(s, n);

	*to = (struct ctask){
		.number = n, .pid = pid_of_task(s, n), .name = contexts_string(l->c, k->comm),
		.state = (char)k->state, .kthread = k->flags & KT_KTHREAD, .main = t->is_main, .alive = t->alive,
		.current = n == curr_task(s), .proc = t->proc == NO_PROC ? -1 : (int)t->proc, .kernel_of = -1,
		.user_of = -1,
	};
	to->on_queue = to->alive && k->state == 'R' && !to->current;
	to->in_kernel = k->frames || to->kthread;
	to->mm = to->proc;
	to->active_mm = to->current ? (int)s->root->current : to->mm;
	put_kernel_stack(l, n, to);
	put_user_stack(l, n, to);
	put_thread_info(l, n, to);
}

static enum cstack_kind cpu_stack_kind(const struct sim_kernel *k, int i)
{
	if (i == k->hardirq_stack)
		return CSTACK_IRQ;
	if (i == k->softirq_stack)
		return CSTACK_SOFTIRQ;
	return i == k->overflow_stack && k->overflow == OVERFLOW_ARM64 ? CSTACK_OVERFLOW : CSTACK_IST;
}

static void put_cpu_stack(struct look *l, unsigned cpu, int i, struct ccpu *to)
{
	const struct sim *s = l->s;
	const struct sim_kernel *k = kern(s);
	const struct kcpu *c = AT(s, s->root->k.cpus, const struct kcpu) + cpu;
	const struct kstack *ks = c->stack[i] ? AT(s, c->stack[i], const struct kstack) : NULL;
	u64 base = cpu_stack_base(s, cpu, (unsigned)i), top = base + k->cpu_stack[i].size;
	struct cstack *st = &to->stack[to->nstacks++];

	*st = (struct cstack){ .kind = cpu_stack_kind(k, i), .name = k->cpu_stack[i].name, .base = base,
			       .size = k->cpu_stack[i].size, .guard = k->cpu_stack[i].guard, .sp = top,
			       .magic_ok = true };
	st->left = st->size;
	if (ks) {
		st->high_water = top - kstack_lowest(s, ks);
		st->left = st->size - st->high_water;
	}
	if (cpu)
		return;
	st->sp = stack_sp(s, curr_ktask(s), base, top, false);
	put_frames(l, curr_task(s), curr_ktask(s)->frames, FN_KERNEL, base, top, st);
}

/* Who waited longest comes first. */
static void put_queue(struct look *l, struct ccpu *to)
{
	int *q = contexts_room(l->c, l->c->ntasks, sizeof(*q));

	for (size_t i = 0; i < l->c->ntasks; i++) {
		size_t at;

		if (!l->c->tasks[i].on_queue)
			continue;
		for (at = to->nqueue; at && ktask_at(l->s, l->c->tasks[q[at - 1]].number)->ran >
					    ktask_at(l->s, l->c->tasks[i].number)->ran; at--)
			q[at] = q[at - 1];
		q[at] = (int)i;
		to->nqueue++;
	}
	to->queue = q;
}

static void put_cpu(struct look *l, unsigned n, struct ccpu *to)
{
	const struct sim *s = l->s;
	const struct kcpu *c = AT(s, s->root->k.cpus, const struct kcpu) + n;
	char idle[24];

	snprintf(idle, sizeof(idle), "swapper/%u", n);
	*to = (struct ccpu){ .number = n, .idle = contexts_string(l->c, idle), .current = n ? -1 : l->index[c->curr],
			     .hardirq = c->hardirq, .softirq = c->softirq, .nmi = c->nmi, .exception = c->exception,
			     .softirq_pending = c->pending, .sp_on = CSP_TASK };
	for (int i = 0; i < KERNEL_CPU_STACKS && kern(s)->cpu_stack[i].name; i++)
		put_cpu_stack(l, n, i, to);
	if (n)
		return;
	put_queue(l, to);
	if (to->current >= 0 && !l->c->tasks[to->current].in_kernel) {
		to->sp_on = CSP_USER;
		to->sp = s->root->task[c->curr].sp;
	} else {
		to->sp = curr_ktask(s)->ksp;
		to->sp_on = cpu_stack_holding(s, 0, to->sp);	/* -1: CSP_TASK */
	}
}

_Static_assert(CSP_TASK == -1 && KERNEL_CPU_STACKS <= (int)CCPU_STACKS, "stacks of a CPU");

static int index_or_none(const struct look *l, u32 task1)
{
	return task1 ? l->index[task1 - 1] : -1;
}

struct contexts *sim_contexts(const struct sim *s)
{
	struct contexts *c = contexts_create();
	struct look l = { s, c, contexts_room(c, s->root->ntasks + 1, sizeof(int)) };
	const struct sim_kernel *k = kern(s);
	size_t n = 0;

	c->thread_size = kthread_size(s);
	c->word = k->word;
	c->vmalloc = k->source == STACK_VMALLOC;
	c->current_rule = k->current_words;
	c->irq_rule = k->irq_words;
	c->from_user_rule = k->from_user_words;
	c->panicked = s->root->k.mode & KMODE_PANIC;
	c->lowest = s->root->k.lowest;
	c->ncached = (size_t)(s->root->k.cached[0] != 0) + (s->root->k.cached[1] != 0);
	for (u32 i = 0; i < s->root->ntasks; i++)
		l.index[i] = s->root->task[i].k && ktask_at(s, i)->kstack ? (int)c->ntasks++ : -1;
	contexts_tasks(c, c->ntasks);
	for (u32 i = 0; i < s->root->ntasks; i++)
		if (l.index[i] >= 0)
			put_task(&l, i, &c->tasks[n++]);
	c->ncpus = s->root->k.ncpus;
	contexts_cpus(c, c->ncpus);
	for (unsigned i = 0; i < c->ncpus; i++)
		put_cpu(&l, i, &c->cpus[i]);
	c->switch_from = index_or_none(&l, s->root->k.switch_from);
	c->switch_to = index_or_none(&l, s->root->k.switch_to);
	return c;
}
