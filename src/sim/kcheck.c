/* SPDX-License-Identifier: GPL-2.0-or-later
 * What must hold between operations on the kernel's side: every living task has a stack
 * whose frames are its own, what it pushed follows without gaps, nobody runs twice.
 */
#include "mmscope/buf.h"
#include "kside.h"

struct kcheck {
	const struct sim *s;
	struct buf *why;
	u64 frames;		/* of stacks */
};

static bool wrong(struct kcheck *c, u32 task, const char *what, u64 a, u64 b)
{
	buf_addf(c->why, "task %u (%s): %s: 0x%llx, 0x%llx", task, comm_of(c->s, task), what,
		 (unsigned long long)a, (unsigned long long)b);
	return false;
}

static bool stack_frames(struct kcheck *c, u32 task, const struct kstack *ks)
{
	u32 n = ks->size >> PAGE_SHIFT;

	c->frames += n;
	for (u32 i = 0; i < n; i++) {
		u32 pfn = ks->order == NO_ORDER ? ks->pfn[i] : ks->pfn[0] + i;

		if (!pfn || frame_at(c->s, pfn)->kind != FR_KSTACK)
			return wrong(c, task, "a frame of its stack is none", pfn, i);
	}
	if (ks->order == NO_ORDER && !(c->s->root->k.slots[ks->slot / 64] >> ks->slot % 64 & 1))
		return wrong(c, task, "its place in the vmalloc area counts as free", ks->slot, 0);
	return true;
}

/* Who uses a stack is counted; the first of them answers for its frames. */
static bool stack_ok(struct kcheck *c, u32 task, const struct kstack *ks)
{
	u32 users = 0;
	bool first = true;

	for (u32 i = 0; i < c->s->root->ntasks; i++) {
		if (!c->s->root->task[i].k || ktask_at(c->s, i)->kstack != REF(c->s, ks))
			continue;
		users++;
		first = first && i >= task;
	}
	if (users != ks->users)
		return wrong(c, task, "its stack is used by another number of tasks", ks->users, users);
	return !first || stack_frames(c, task, ks);
}

static bool frames_ok(struct kcheck *c, u32 task)
{
	const struct sim *s = c->s;
	const struct ktask *t = ktask_at(s, task);
	const struct kstack *ks = kstack_of(s, t);
	u64 top = kstack_top(ks) - kern(s)->top_padding, at = t->ksp;

	if (t->flags & KT_ASTRAY)
		return true;		/* its registers hold what another has written */
	for (const struct sframe *f = frame_top(s, t->frames); f; f = frame_top(s, f->outer)) {
		if (f->addr != at)
			return wrong(c, task, "a frame does not follow the one above", f->addr, at);
		if (f->kind != SF_LINK && f->back != f->addr + f->bytes)
			return wrong(c, task, "a frame has not its size", f->back, f->addr + f->bytes);
		at = f->back;
	}
	if (t->flags & KT_KTHREAD)
		top -= kern(s)->regs_exception;
	if (at != top)
		return wrong(c, task, "its frames do not begin at the top of its stack", at, top);
	return true;
}

static bool user_frames_ok(struct kcheck *c, u32 task)
{
	const struct sim *s = c->s;
	u64 at = s->root->task[task].sp;

	if (ktask_at(s, task)->flags & KT_ASTRAY)
		return true;
	for (const struct sframe *f = frame_top(s, ktask_at(s, task)->uframes); f; f = frame_top(s, f->outer)) {
		if (f->addr != at || f->back != f->addr + f->bytes)
			return wrong(c, task, "a user frame does not follow the one above", f->addr, at);
		at = f->back;
	}
	return true;
}

static bool cpu_ok(struct kcheck *c)
{
	const struct sim *s = c->s;
	const struct kcpu *cpu = this_cpu(s);
	u64 mode = 0;
	const struct task *t = &s->root->task[cpu->curr];

	if (cpu->curr >= s->root->ntasks)
		return wrong(c, 0, "the CPU runs no task", cpu->curr, s->root->ntasks);
	if (s->root->k.mode & KMODE_PANIC)
		return true;
	if (s->root->ntasks && s->root->nprocs && !t->alive)
		return wrong(c, cpu->curr, "the CPU runs a task that has ended", cpu->curr, 0);
	if (t->proc != NO_PROC && t->proc != s->root->current)
		return wrong(c, cpu->curr, "the current process is not that of the current task", t->proc,
			     s->root->current);
	if (ktask_at(s, cpu->curr)->flags & KT_KTHREAD)
		mode |= KMODE_KTHREAD;
	if (in_interrupt(s))
		mode |= KMODE_INTERRUPT;
	if (mode != s->root->k.mode)
		return wrong(c, cpu->curr, "the mode is not what CPU and task say", mode, s->root->k.mode);
	return true;
}

static bool words_ok(struct kcheck *c)
{
	const struct sim *s = c->s;
	u32 n = 0;

	for (u32 b = 0; s->root->k.uwords && b < UWORD_BUCKETS; b++)
		for (ref r = AT(s, s->root->k.uwords, const ref)[b]; r; n++) {
			const struct upage *p = AT(s, r, const struct upage);
			unsigned kind = frame_at(s, p->pfn)->kind;

			if (kind != FR_ANON && kind != FR_FILE && kind != FR_SHMEM)
				return wrong(c, 0, "words are kept for a frame that is free", p->pfn, kind);
			r = p->next;
		}
	return n == s->root->k.nuwords || wrong(c, 0, "pages with words are miscounted", n, s->root->k.nuwords);
}

bool kside_ok(const struct sim *s, u64 stack_frames_seen, struct buf *why)
{
	struct kcheck c = { s, why, 0 };
	bool ok = cpu_ok(&c) && words_ok(&c);

	for (u32 i = 0; ok && i < s->root->ntasks; i++) {
		const struct ktask *t = s->root->task[i].k ? ktask_at(s, i) : NULL;

		if (!t)
			ok = wrong(&c, i, "it has no task_struct", 0, 0);
		else if (t->kstack)
			ok = stack_ok(&c, i, kstack_of(s, t));
		else if (s->root->task[i].alive)
			ok = wrong(&c, i, "it has no kernel stack", 0, 0);
		if (ok && s->root->task[i].alive && !(s->root->k.mode & KMODE_PANIC))
			ok = frames_ok(&c, i) && (s->root->task[i].proc == NO_PROC || user_frames_ok(&c, i));
	}
	for (unsigned i = 0; ok && i < 2; i++)
		if (s->root->k.cached[i])
			ok = stack_frames(&c, 0, AT(s, s->root->k.cached[i], const struct kstack));
	if (ok && c.frames != stack_frames_seen)
		return wrong(&c, 0, "frames of kernel stacks and stacks differ", c.frames, stack_frames_seen);
	return ok;
}
