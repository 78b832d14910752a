/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/task.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

const char *const stack_found_names[] = {
	[STACK_UNKNOWN] = "unknown",
	[STACK_BY_SP] = "by sp",
	[STACK_SHARED] = "shared",
	[STACK_WITHIN] = "within",
	[STACK_BY_MAIN] = "by [stack]",
	[STACK_BY_NAME] = "by name",
	[STACK_BY_SHAPE] = "by shape",
};

struct task_list *task_list_create(void)
{
	struct task_list *t = xcalloc(1, sizeof(*t));

	t->refs = 1;
	return t;
}

struct task_list *task_list_get(const struct task_list *t)
{
	struct task_list *own = (struct task_list *)t;

	if (own)
		own->refs++;
	return own;
}

void task_list_put(const struct task_list *t)
{
	struct task_list *own = (struct task_list *)t;

	if (!own || --own->refs)
		return;
	free(own->tasks);
	free(own);
}

struct task *task_list_add(struct task_list *t, pid_t tid)
{
	struct task *task;

	VEC_GROW(t->tasks, t->n, t->cap);
	task = &t->tasks[t->n++];
	*task = (struct task){
		.tid = tid,
		.state = '?',
		.sp = UNKNOWN,
		.pc = UNKNOWN,
		.syscall = SYSCALL_UNKNOWN,
		.stack = {
			.used = UNKNOWN,
			.resident = UNKNOWN,
			.limit = UNKNOWN,
			.high_water = UNKNOWN,
		},
	};
	return task;
}

const struct task *task_list_find(const struct task_list *t, pid_t tid)
{
	size_t lo = 0, hi = t ? t->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->tasks[mid].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return t && lo < t->n && t->tasks[lo].tid == tid ? &t->tasks[lo] : NULL;
}

static bool stack_equal(const struct task_stack *a, const struct task_stack *b)
{
	return a->vma_start == b->vma_start && a->vma_end == b->vma_end && a->used == b->used &&
	       a->resident == b->resident && a->limit == b->limit &&
	       a->guard_start == b->guard_start && a->guard_end == b->guard_end &&
	       a->high_water == b->high_water && a->found == b->found;
}

bool task_equal(const struct task *a, const struct task *b)
{
	if (a->tid != b->tid || a->tgid != b->tgid || a->state != b->state || a->sp != b->sp ||
	    a->pc != b->pc || a->syscall != b->syscall || a->compat != b->compat ||
	    strncmp(a->comm, b->comm, sizeof(a->comm)))
		return false;
	if (a->syscall >= 0 && memcmp(a->args, b->args, sizeof(a->args)))
		return false;
	return stack_equal(&a->stack, &b->stack);
}

bool task_list_equal(const struct task_list *a, const struct task_list *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!task_equal(&a->tasks[i], &b->tasks[i]))
			return false;
	return true;
}
