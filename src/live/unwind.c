/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include "src/live/unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/source.h"
#include "src/live/copy.h"
#include "src/live/hold.h"
#include "src/live/rules.h"
#include "src/live/sites.h"
#include "src/live/stat_parse.h"
#include "src/live/uregs.h"

enum { TRIES = 2, GUARD_GAP = 256 * PAGE_BYTES };

enum found { UNTRIED, HERE, MISSING };

struct unwinder {
	enum found library, kernel;
	struct dw dw;
	struct sites *sites;
	struct uregs *uregs;
	struct copy copy;
};

/* One thread in hand. */
struct walk {
	struct unwinder *u;
	const struct unwind_in *in;
	struct unwound *out;
	pid_t tid;
};

struct unwinder *unwinder_create(void)
{
	struct unwinder *u = xcalloc(1, sizeof(*u));

	copy_init(&u->copy);
	return u;
}

void unwinder_destroy(struct unwinder *u)
{
	if (!u)
		return;
	sites_destroy(u->sites);
	uregs_close(u->uregs);
	copy_free(&u->copy);
	if (u->library == HERE)
		dw_close(&u->dw);
	free(u);
}

bool unwinder_usable(struct unwinder *u)
{
	if (u->library == UNTRIED) {
		u->library = dw_open(&u->dw) ? HERE : MISSING;
		if (u->library == HERE)
			u->sites = sites_create(&u->dw);
	}
	return u->library == HERE;
}

/* ---- registers ---- */

static enum unwind_end by_syscall(const struct walk *w, struct registers *ret)
{
	struct syscall_figures s;
	char name[48], text[256];
	ssize_t n;

	snprintf(name, sizeof(name), "task/%d/syscall", (int)w->tid);
	n = procfs_read(w->in->fs->dir, name, text, sizeof(text));
	if (n == -ESRCH || n == -ENOENT)
		return END_GONE;
	if (n == -EACCES || n == -EPERM)
		return END_DENIED;
	if (n <= 0 || !syscall_parse(text, (size_t)n, &s))
		return END_NO_FILE;
	if (s.running)
		return END_RUNNING;
	if (!s.sp || !s.pc)
		return END_GONE;
	reg_set(ret, REG_RSP, s.sp);
	reg_set(ret, REG_RIP, s.pc);
	return END_OUTERMOST;
}

static enum unwind_end by_stop(const struct walk *w, struct registers *ret)
{
	uint64_t value[HELD_REGISTERS];

	if (!w->in->hold || w->tid != w->in->only)
		return END_NO_FILE;
	*w->in->held = -hold_start(w->in->hold, w->tid, value);
	for (unsigned i = 0; i < HELD_REGISTERS && !*w->in->held; i++)
		reg_set(ret, i, value[i]);
	return *w->in->held ? END_DENIED : END_OUTERMOST;
}

/* In a call, sp and pc say which of its sleeps it is. One that would run, but waits for a CPU,
 * has its registers on the kernel stack too. */
static enum unwind_end by_kernel(const struct walk *w, struct registers *ret)
{
	enum unwind_end end = by_syscall(w, ret);
	bool (*read)(struct uregs *u, pid_t tgid, pid_t tid, struct registers *ret) =
		end == END_RUNNING ? uregs_read_waiting : uregs_read;

	if (end != END_OUTERMOST && end != END_RUNNING)
		return end;
	if (w->u->kernel == UNTRIED) {
		w->u->uregs = w->in->fs->native ? uregs_open() : NULL;
		w->u->kernel = w->u->uregs ? HERE : MISSING;
	}
	if (w->u->kernel == HERE && read(w->u->uregs, w->in->fs->pid, w->tid, ret))
		return END_OUTERMOST;
	return end == END_RUNNING ? END_RUNNING : END_DENIED;
}

/* The ladder: each rung tells registers, or why it cannot. The next one is asked when a
 * chain hangs on a register that this one did not tell. */
static const struct rung {
	enum unwound_rung rung;
	enum unwind_end (*read)(const struct walk *w, struct registers *ret);
	bool moves;		/* the thread may have run on since: ask again afterwards */
} rungs[] = {
	{ UNWOUND_STOPPED, by_stop, false },
	{ UNWOUND_SYSCALL, by_syscall, true },
	{ UNWOUND_KERNEL, by_kernel, true },
};

/* ---- frames ---- */

static const enum unwind_end ends_of_rules[] = {
	[RULE_OK] = END_BROKEN, [RULE_OUTERMOST] = END_OUTERMOST, [RULE_REGISTER] = END_REGISTER,
	[RULE_ABSENT] = END_ABSENT, [RULE_REFUSED] = END_REFUSED,
	[RULE_UNMAPPED] = END_UNMAPPED, [RULE_BROKEN] = END_BROKEN,
};

static const struct vma *vma_at(const struct walk *w, uint64_t addr)
{
	ssize_t i = layout_find(w->in->layout, addr);

	return i < 0 ? NULL : &w->in->layout->vmas[i];
}

/* The frame pointer is where the function's first instructions put it, if a call stands
 * before the return address that it leads to. */
static enum rule_result by_prologue(struct walk *w, const struct site *s, struct registers *now,
				    struct registers *caller)
{
	uint64_t sp = now->value[REG_RSP];
	struct prologue p;
	struct registers with = *now;
	enum rule_result r;

	if (reg_known(now, REG_RBP) || !prologue_frame(&w->u->copy, s->start, s->pc, &p))
		return RULE_REGISTER;
	reg_set(&with, REG_RBP, sp + p.size - p.frame);
	r = rules_caller(&w->u->dw, s, &w->u->copy, &with, caller);
	if (r != RULE_OK)
		return r == RULE_OUTERMOST ? r : RULE_REGISTER;
	if (caller->value[REG_RSP] != sp + p.size ||
	    !follows_call(&w->u->copy, caller->value[REG_RIP]))
		return RULE_REGISTER;
	return RULE_OK;
}

/* Generated code may jump where it pushed a return address; others call. */
static bool returns_to(struct walk *w, uint64_t pc)
{
	const struct vma *v = vma_at(w, pc);

	return v && v->perms & VMA_EXEC && (!v->inode || follows_call(&w->u->copy, pc));
}

/* No rules: the chain of frame pointers, if there is one. */
static enum unwind_end by_pointer(struct walk *w, const struct registers *now,
				  struct registers *caller)
{
	uint64_t rbp = now->value[REG_RBP], sp = now->value[REG_RSP], saved, pc;
	const struct vma *v = vma_at(w, sp);

	if (!reg_known(now, REG_RBP) || !v || rbp < sp || rbp >= v->end - 15 || rbp & 7 ||
	    copy_read(&w->u->copy, rbp, 8, &saved) != COPY_OK ||
	    copy_read(&w->u->copy, rbp + 8, 8, &pc) != COPY_OK ||
	    !returns_to(w, pc))
		return END_NO_RULES;
	*caller = (struct registers){ .known = 0 };
	reg_set(caller, REG_RBP, saved);
	reg_set(caller, REG_RSP, rbp + 16);
	reg_set(caller, REG_RIP, pc);
	return END_OUTERMOST;
}

/* The caller of a frame; END_OUTERMOST with step FRAME_LAST: there is none. */
static enum unwind_end leave(struct walk *w, const struct site *s, struct registers *now,
			     struct registers *caller, enum frame_step *step)
{
	enum rule_result r;

	*step = FRAME_LAST;
	if (s->foreign)
		return END_FOREIGN;
	if (!s->rules) {
		enum unwind_end end = by_pointer(w, now, caller);

		if (end == END_OUTERMOST)
			*step = FRAME_BY_POINTER;
		return end == END_NO_RULES && !*s->module ? END_NO_FILE_THERE : end;
	}
	r = rules_caller(&w->u->dw, s, &w->u->copy, now, caller);
	*step = FRAME_BY_CFI;
	if (r == RULE_REGISTER) {
		r = by_prologue(w, s, now, caller);
		*step = FRAME_BY_PROLOGUE;
	}
	if (r == RULE_OK)
		return END_OUTERMOST;
	*step = FRAME_LAST;
	return ends_of_rules[r];
}

static struct user_frame *add_frame(struct walk *w, const struct site *s,
				    const struct registers *now)
{
	struct user_frame *f = unwound_frame(w->out);
	const struct vma *v;

	f->pc = now->value[REG_RIP];
	f->sp = now->value[REG_RSP];
	f->function = s->function;
	f->module = s->module;
	f->file = s->file;
	f->line = s->line;
	f->signal = s->signal;
	f->takes = sites_takes(w->u->sites, s, &w->u->copy);
	v = *f->module ? NULL : vma_at(w, f->pc);
	if (v && *v->path)
		f->module = strings_add(w->out->strings, v->path, strlen(v->path));
	return f;
}

/* Where a stack that overflows comes to: its guard page, or the gap that the kernel keeps free. */
static bool below_stack(const struct walk *w, const struct vma *stack, uint64_t sp)
{
	const struct vma *v = vma_at(w, sp);

	if (!v)
		return stack->growsdown && stack->start - sp <= GUARD_GAP;
	return v->end == stack->start && !(v->perms & (VMA_READ | VMA_WRITE | VMA_EXEC));
}

/* Up to the caller's sp, unless that lies on another stack. */
static uint64_t frame_bytes(const struct walk *w, uint64_t sp, uint64_t next)
{
	const struct vma *v = next > sp ? vma_at(w, next - 1) : NULL;

	return v && (sp >= v->start || below_stack(w, v, sp)) ? next - sp : UNKNOWN;
}

static enum unwind_end walk_frames(struct walk *w, struct registers now)
{
	struct unwound_task *t = &w->out->tasks[w->out->n - 1];
	bool exact = true;	/* pc is where it is, not where it will return to */

	for (;;) {
		uint64_t pc = now.value[REG_RIP], sp = now.value[REG_RSP];
		const struct vma *v = vma_at(w, exact ? pc : pc - 1);
		struct registers caller;
		const struct site *s;
		struct user_frame *f;
		enum frame_step step;
		enum unwind_end end;

		if (t->n && (!v || !(v->perms & VMA_EXEC)))
			return pc ? END_NO_CODE : END_OUTERMOST;
		s = sites_at(w->u->sites, exact ? pc : pc - 1);
		f = add_frame(w, s, &now);
		if (!v)
			return END_NO_CODE;
		end = leave(w, s, &now, &caller, &step);
		f->step = (uint8_t)step;
		if (step == FRAME_LAST)
			return end;
		f->bytes = frame_bytes(w, sp, caller.value[REG_RSP]);
		if (caller.value[REG_RSP] <= sp && !s->signal) {
			f->step = FRAME_LAST;
			f->bytes = UNKNOWN;
			return END_DOWNWARD;
		}
		if (t->n >= UNWIND_FRAMES)
			return END_TOO_MANY;
		exact = s->signal;
		now = caller;
	}
}

/* The last frame has nothing above it that tells its end. */
static void close_chain(struct walk *w, struct unwound_task *t, enum unwind_end end)
{
	struct user_frame *f = &w->out->frames[t->first + t->n - 1];

	t->end = unwind_ends[end];
	t->complete = end == END_OUTERMOST;
	if (f->step != FRAME_LAST && end != END_TOO_MANY) {
		/* It said where it returns to, and that is nowhere. */
		f->step = FRAME_LAST;
		f->bytes = UNKNOWN;
	}
}

static bool same_registers(const struct registers *a, const struct registers *b)
{
	return a->known == b->known && !memcmp(a->value, b->value, sizeof(a->value));
}

/* What it cannot tell leaves the frames of the rung before as they are. */
static enum unwind_end walk_once(struct walk *w, struct unwound_task *t, const struct rung *rung)
{
	struct registers now = { .known = 0 }, again = { .known = 0 };
	enum unwind_end end = rung->read(w, &now);

	if (end != END_OUTERMOST)
		return end;
	w->out->nframes = t->first;
	t->n = 0;
	copy_start(&w->u->copy, w->u->copy.fd_mem, w->u->copy.fd_pagemap, w->in->layout);
	if (rung->rung == UNWOUND_STOPPED) {
		copy_ahead(&w->u->copy, now.value[REG_RSP]);
		hold_end(w->in->hold);
	}
	end = walk_frames(w, now);
	if (rung->moves &&
	    (rung->read(w, &again) != END_OUTERMOST || !same_registers(&now, &again))) {
		w->out->nframes = t->first;
		t->n = 0;
		return END_MOVED;
	}
	t->rung = rung->rung;
	close_chain(w, t, end);
	return end;
}

/* Is there something in the chain that more registers would settle? */
static bool hangs_on_registers(const struct walk *w, const struct unwound_task *t,
			       enum unwind_end end)
{
	for (size_t i = 0; i < t->n; i++)
		if (w->out->frames[t->first + i].step != FRAME_BY_CFI &&
		    w->out->frames[t->first + i].step != FRAME_LAST)
			return true;
	return !t->n || end == END_REGISTER || end == END_NO_RULES || end == END_NO_FILE_THERE;
}

/* What a word that points into code means. */
static void annotate(struct walk *w, struct stack_word *word)
{
	const struct vma *v = vma_at(w, word->value - 1);
	const struct site *s;

	if (!v || !(v->perms & VMA_EXEC))
		return;
	word->returns = follows_call(&w->u->copy, word->value);
	s = sites_at(w->u->sites, word->value - word->returns);
	word->function = s->function;
	if (s->start != UNKNOWN && *s->function)
		word->into = word->value - s->start;
}

static void read_words(struct walk *w, const struct unwound_task *t)
{
	const struct task *task = task_list_find(w->in->tasks, w->tid);
	uint64_t sp = t->n ? w->out->frames[t->first].sp : task ? task->sp : UNKNOWN;
	const struct vma *v = sp == UNKNOWN ? NULL : vma_at(w, sp);
	uint64_t room;

	if (!v || sp & 7)
		return;
	w->out->words_tid = w->tid;
	w->out->words_start = sp - v->start < STACK_WORDS_BELOW * 8 ? v->start : sp - STACK_WORDS_BELOW * 8;
	room = (v->end - w->out->words_start) / 8;
	w->out->nwords = room < STACK_WORDS ? room : STACK_WORDS;
	w->out->words = xcalloc(w->out->nwords, sizeof(*w->out->words));
	for (size_t i = 0; i < w->out->nwords; i++) {
		struct stack_word *word = &w->out->words[i];

		word->function = "";
		word->into = UNKNOWN;
		word->there = copy_read(&w->u->copy, w->out->words_start + 8 * i, 8,
					&word->value) == COPY_OK;
	}
	/* Code is read into the same copy: the words are all there by now. */
	for (size_t i = 0; i < w->out->nwords; i++)
		if (w->out->words[i].there)
			annotate(w, &w->out->words[i]);
}

static enum unwind_end walk_task(struct walk *w)
{
	struct unwound_task *t = unwound_add(w->out, w->tid);
	enum unwind_end end = END_MOVED;

	if (w->in->deadline_ns && clock_now_ns() > w->in->deadline_ns) {
		t->end = unwind_ends[END_LATE];
		return END_LATE;
	}
	for (size_t r = 0; r < ARRAY_LEN(rungs) && hangs_on_registers(w, t, end); r++) {
		enum unwind_end e = END_MOVED;

		for (int i = 0; i < TRIES && e == END_MOVED; i++)
			e = walk_once(w, t, &rungs[r]);
		/* That a better rung is not to be had is no reason for having nothing. */
		if (t->n || r < ARRAY_LEN(rungs) - 1)
			end = e;
		if (t->n && t->rung == UNWOUND_STOPPED)
			break;		/* nobody else knows more registers */
	}
	if (!t->n && (end == END_OUTERMOST || end > END_LATE))
		end = END_MOVED;
	if (!t->n)
		t->end = unwind_ends[end];
	if (w->in->only == w->tid)
		read_words(w, t);
	return t->n ? END_OUTERMOST : end;
}

static enum unwind_end usable(struct unwinder *u)
{
#ifdef __x86_64__
	return unwinder_usable(u) ? END_OUTERMOST : END_LIBRARY;
#else
	(void)u;
	return END_ARCHITECTURE;
#endif
}

struct unwound *unwinder_walk(struct unwinder *u, const struct unwind_in *in, uint32_t *without)
{
	enum unwind_end end = usable(u);
	struct strings *strings = end == END_OUTERMOST ? NULL : strings_create();
	struct walk w = { .u = u, .in = in };
	int mem = -1, pagemap = -1;

	*without = 0;
	if (end == END_OUTERMOST) {
		sites_use(u->sites, in->fs, in->layout);
		mem = procfs_open_file(in->fs->mm, "mem");
		pagemap = procfs_open_file(in->fs->mm, "pagemap");
		copy_start(&u->copy, mem, pagemap, in->layout);
	}
	w.out = unwound_create(strings ? strings : sites_strings(u->sites));
	strings_put(strings);
	for (size_t i = 0; i < in->tasks->n; i++) {
		enum unwind_end e = end;

		w.tid = in->tasks->tasks[i].tid;
		if (in->only != UNWIND_ALL && in->only != w.tid)
			continue;
		if (end == END_OUTERMOST)
			e = walk_task(&w);
		else
			unwound_add(w.out, w.tid)->end = unwind_ends[end];
		if (e != END_OUTERMOST)
			*without |= 1u << e;
	}
	if (mem >= 0)
		close(mem);
	if (pagemap >= 0)
		close(pagemap);
	u->copy.fd_mem = u->copy.fd_pagemap = -1;
	return w.out;
}
