/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tasks of a process and their stacks, as values; comm is raw bytes (sanitise).
 */
#ifndef MMSCOPE_TASK_H
#define MMSCOPE_TASK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/vma.h"

/* How we came to know which VMA is a task's stack. */
enum stack_found {
	STACK_UNKNOWN,		/* not found */
	STACK_BY_SP,		/* the stack pointer lies in it: certain */
	STACK_BY_MAIN,		/* main thread: the VMA the kernel calls [stack] */
	STACK_BY_NAME,		/* the mapping's name says so ([stack:TID], [anon:stack_and_tls:TID]) */
	STACK_BY_SHAPE,		/* a mapping below a guard page, not claimed by others: a guess */
	STACK_SHARED,		/* sp lies in it, and so do those of others: a runtime with stacks of
				 * its own (Go); where this one ends is not known */
	STACK_WITHIN,		/* sp lies in it, and so does what is no stack: the heap, the program's
				 * data, what the kernel joined; where the stack ends is not known */
};
extern const char *const stack_found_names[];	/* "unknown", "by sp", ... */

enum { SYSCALL_NONE = -1 /* in user mode or running */, SYSCALL_UNKNOWN = -2 };

struct task_stack {
	uint64_t vma_start, vma_end;		/* 0, 0: not found */
	uint64_t used;		/* vma_end - sp, or UNKNOWN */
	uint64_t resident;	/* bytes, or UNKNOWN */
	uint64_t limit;		/* how large it may get: RLIMIT_STACK for main, its own size for others; UNKNOWN */
	uint64_t guard_start, guard_end;	/* 0, 0: none seen */
	uint64_t high_water;	/* vma_end - lowest page ever seen resident */
	uint8_t found;		/* enum stack_found */
};

struct task {
	pid_t tid, tgid;
	char comm[64];
	char state;		/* R S D T t Z X I ... */
	uint64_t sp, pc;	/* UNKNOWN when running or not allowed */
	bool compat;		/* a 32-bit program on a 64-bit kernel: its calls have other numbers */
	int32_t syscall;	/* number of the system call it sits in, or SYSCALL_* */
	uint64_t args[6];	/* valid when syscall >= 0 */
	struct task_stack stack;
};

struct task_list {
	unsigned refs;
	size_t n, cap;
	struct task *tasks;	/* sorted by tid */
};

struct task_list *task_list_create(void);
struct task_list *task_list_get(const struct task_list *t);
void task_list_put(const struct task_list *t);
/* While building, in rising tid order; every figure UNKNOWN, state '?'. The pointer is valid
 * until the next add. */
struct task *task_list_add(struct task_list *t, pid_t tid);
const struct task *task_list_find(const struct task_list *t, pid_t tid);
bool task_equal(const struct task *a, const struct task *b);
bool task_list_equal(const struct task_list *a, const struct task_list *b);

#endif
