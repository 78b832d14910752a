/* SPDX-License-Identifier: GPL-2.0-or-later
 * The execution contexts of a stepped machine, as a value: every task with its user and
 * kernel stack, every CPU with its interrupt and exception stacks, and where the stack
 * pointer is. A live kernel has none: it does not stop for looking.
 *
 * Ownership: whoever made it, or the machine it is in; strings are sanitised UTF-8, never
 * NULL, and live as long as it does. Sizes are bytes, addresses are virtual. Tasks are named by their
 * index in `tasks`; -1 is none.
 */
#ifndef MMSCOPE_CONTEXTS_H
#define MMSCOPE_CONTEXTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a piece of a stack is. */
enum cframe_kind {
	CFRAME_CALL,		/* a function: return address, saved registers, locals */
	CFRAME_ARGS,		/* arguments the caller pushed for the function below */
	CFRAME_REGS,		/* struct pt_regs: the registers of what was interrupted */
	CFRAME_SWITCH,		/* registers a context switch saved */
	CFRAME_LINK,		/* sp of the stack that was left, at the top of the one entered */
	CFRAME_KINDS
};
extern const char *const cframe_kind_names[CFRAME_KINDS];

struct cframe {
	enum cframe_kind kind;
	const char *function;	/* "do_sys_poll"; CFRAME_REGS: what entered the kernel, "syscall read" */
	uint64_t addr;		/* of its lowest byte */
	uint64_t bytes;
	uint64_t saved;		/* of them saved registers (CFRAME_CALL) */
	uint64_t returns;	/* the return address that was pushed, 0: none */
	/* What memory holds now: */
	bool intact;		/* false: another has written over the return address or the registers */
	uint64_t found;		/* not intact: what stands in place of the return address */
	const char *goes;	/* not intact: where a return would go in words, "do_poll of W"; "" */
};

enum cstack_kind { CSTACK_USER, CSTACK_TASK, CSTACK_IRQ, CSTACK_SOFTIRQ, CSTACK_IST, CSTACK_OVERFLOW,
		   CSTACK_KINDS };

struct cstack {
	enum cstack_kind kind;
	const char *name;	/* "user", "task", "hardirq", "softirq", "irq", "NMI", "DF" ... */
	uint64_t base, size;	/* size 0: there is none (the user stack of a kernel thread) */
	uint64_t guard;		/* bytes of guard page below the base, 0: none */
	uint64_t sp;		/* of what runs or waits there; base + size: empty */
	uint64_t high_water;	/* from the lowest word that is not zero to the top; 0: never used */
	uint64_t left;		/* stack_not_used(): zero bytes above the end, canary word included */
	bool magic_ok;		/* STACK_END_MAGIC is whole; true where there is none */
	size_t nframes;
	const struct cframe *frames;	/* innermost first */
};

enum { CONTEXT_FIELDS = 10 };
struct cthread_info {
	bool on_stack;		/* at the base of the kernel stack; else inside task_struct */
	uint64_t addr;		/* where it lies */
	bool intact;
	size_t nfields;
	struct cfield { const char *name; uint64_t addr, value, bytes; bool intact; } field[CONTEXT_FIELDS];
};

struct ctask {
	unsigned number;
	pid_t pid;
	const char *name;	/* as the scenario names it: "P0", "W", "kworker" */
	char state;		/* R S D X */
	bool kthread, main, alive, current;
	bool on_queue;		/* runnable */
	bool in_kernel;		/* between entry and return to user mode (a kthread: always) */
	int proc;		/* process it belongs to, -1: a kernel thread */
	int mm, active_mm;	/* process whose address space: its own (-1: NULL), the one in use (-1) */
	struct cstack kernel, user;
	int kernel_of, user_of;	/* it runs on the stack of this task, -1: on its own */
	struct cthread_info info;
};

enum { CCPU_STACKS = 10 };
enum { CSP_USER = -2, CSP_TASK = -1 };	/* else index into ccpu.stack */

struct ccpu {
	unsigned number;
	int current;		/* -1: the idle task (swapper) */
	const char *idle;	/* "swapper/0" */
	uint64_t sp;
	int sp_on;		/* CSP_USER, CSP_TASK of the current task, or the CPU's own stack */
	unsigned hardirq, softirq, nmi, exception;	/* how deep it is nested in each */
	bool softirq_pending;
	size_t nqueue;
	const int *queue;	/* runnable tasks that wait, next first */
	size_t nstacks;
	struct cstack stack[CCPU_STACKS];
};

struct strings;

struct contexts {
	/* What the profile has, in words for the sentences. */
	uint64_t thread_size;
	unsigned word;			/* bytes of a machine word */
	bool vmalloc;			/* stacks come from vmalloc, with a guard page */
	const char *current_rule;	/* "sp & ~(THREAD_SIZE - 1)", "per-CPU current_task" ... */
	const char *irq_rule;		/* "hardirq and softirq stack of each CPU", ... */
	const char *from_user_rule;

	size_t ntasks;
	struct ctask *tasks;		/* in order of birth, the dead included while their stack is held */
	size_t ncpus;
	struct ccpu *cpus;
	/* A context switch in hand: from whom to whom; -1, -1: none. */
	int switch_from, switch_to;
	bool panicked;			/* nothing runs any more */
	uint64_t lowest;		/* "greatest stack depth" so far: bytes left */
	size_t ncached;			/* stacks of the dead kept for the next */
	const char *log;		/* the kernel's messages of the operation in hand, a line each */

	struct strings *strings;
	size_t nblocks, cap_blocks;
	void **blocks;			/* what frames and queues lie in; owned */
};

struct contexts *contexts_create(void);
void contexts_destroy(struct contexts *c);		/* NULL is fine */
/* While building. */
const char *contexts_string(struct contexts *c, const char *raw);	/* sanitised */
struct ctask *contexts_tasks(struct contexts *c, size_t n);		/* c->tasks, c->cpus are set to them */
struct ccpu *contexts_cpus(struct contexts *c, size_t n);
void *contexts_room(struct contexts *c, size_t n, size_t size);		/* zeroed, lives as long as c */

/* The task that CPU 0 runs, NULL: the idle one. */
const struct ctask *contexts_current(const struct contexts *c);

#endif
