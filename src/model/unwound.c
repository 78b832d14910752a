/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/unwind.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

const char *const unwound_rung_names[UNWOUND_NR] = {
	[UNWOUND_NONE] = "none",
	[UNWOUND_STOPPED] = "ptrace",
	[UNWOUND_KERNEL] = "kernel stack",
	[UNWOUND_SYSCALL] = "syscall",
};

const char *const frame_step_names[FRAME_STEP_NR] = {
	[FRAME_BY_CFI] = "cfi",
	[FRAME_BY_PROLOGUE] = "prologue",
	[FRAME_BY_POINTER] = "frame pointer",
	[FRAME_LAST] = "last",
};

struct unwound *unwound_create(struct strings *strings)
{
	struct unwound *u = xcalloc(1, sizeof(*u));

	u->refs = 1;
	u->strings = strings_get(strings);
	return u;
}

struct unwound_task *unwound_add(struct unwound *u, pid_t tid)
{
	struct unwound_task *t;

	VEC_GROW(u->tasks, u->n, u->cap);
	t = &u->tasks[u->n++];
	*t = (struct unwound_task){ .tid = tid, .first = u->nframes, .end = "" };
	return t;
}

struct user_frame *unwound_frame(struct unwound *u)
{
	struct user_frame *f;

	VEC_GROW(u->frames, u->nframes, u->frames_cap);
	f = &u->frames[u->nframes++];
	*f = (struct user_frame){ .bytes = UNKNOWN, .takes = UNKNOWN, .step = FRAME_LAST };
	f->function = f->module = f->file = "";
	u->tasks[u->n - 1].n++;
	return f;
}

struct unwound *unwound_get(const struct unwound *u)
{
	struct unwound *own = (struct unwound *)u;

	if (own)
		own->refs++;
	return own;
}

void unwound_put(const struct unwound *u)
{
	struct unwound *own = (struct unwound *)u;

	if (!own || --own->refs)
		return;
	strings_put(own->strings);
	free(own->tasks);
	free(own->frames);
	free(own->words);
	free(own);
}

static bool frame_equal(const struct user_frame *a, const struct user_frame *b)
{
	return a->pc == b->pc && a->sp == b->sp && a->bytes == b->bytes && a->takes == b->takes && a->line == b->line &&
	       a->step == b->step && a->signal == b->signal &&
	       !strcmp(a->function, b->function) && !strcmp(a->module, b->module) &&
	       !strcmp(a->file, b->file);
}

static bool task_frames_equal(const struct unwound_task *a, const struct unwound_task *b)
{
	return a->tid == b->tid && a->rung == b->rung && a->complete == b->complete &&
	       a->first == b->first && a->n == b->n && !strcmp(a->end, b->end);
}

static bool words_equal(const struct unwound *a, const struct unwound *b)
{
	if (a->words_tid != b->words_tid || a->words_start != b->words_start || a->nwords != b->nwords)
		return false;
	for (size_t i = 0; i < a->nwords; i++) {
		const struct stack_word *x = &a->words[i], *y = &b->words[i];

		if (x->value != y->value || x->there != y->there || x->returns != y->returns ||
		    x->into != y->into || strcmp(x->function, y->function))
			return false;
	}
	return true;
}

bool unwound_equal(const struct unwound *a, const struct unwound *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->n != b->n || a->nframes != b->nframes)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!task_frames_equal(&a->tasks[i], &b->tasks[i]))
			return false;
	for (size_t i = 0; i < a->nframes; i++)
		if (!frame_equal(&a->frames[i], &b->frames[i]))
			return false;
	return words_equal(a, b);
}

const struct unwound_task *unwound_find(const struct unwound *u, pid_t tid)
{
	size_t low = 0, high = u ? u->n : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->tasks[mid].tid < tid)
			low = mid + 1;
		else
			high = mid;
	}
	return u && low < u->n && u->tasks[low].tid == tid ? &u->tasks[low] : NULL;
}
