/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel's own stacks, as a value: each task's kernel stack with its frames in place,
 * each CPU's interrupt, exception and idle stacks. Immutable once built, counted by
 * references. comm is raw bytes (sanitise); sizes and offsets are bytes; UNKNOWN has its
 * reason in the task's `lacks` or in `whys`.
 */
#ifndef MMSCOPE_STACKS_H
#define MMSCOPE_STACKS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/vma.h"

struct whys;

/* What the figures stand on, from the least to the best. */
enum kstack_rung { KSTACK_DOCUMENTED, KSTACK_WCHAN, KSTACK_PROC, KSTACK_BPF, KSTACK_SIMULATED,
		   KSTACK_RUNGS };
extern const struct kstack_rung_info {
	const char *name;	/* "BPF", "/proc/PID/task/TID/stack" ... */
	const char *gives;	/* what is known on this rung, in words */
	const char *next;	/* what the rung above would need; "" on the best */
} kstack_rungs[KSTACK_RUNGS];

/* Why figures of one task are missing. */
enum kstack_lack {
	KSTACK_RUNNING,		/* on a CPU at that moment: its depth and frames move */
	KSTACK_ZOMBIE,		/* it has given its stack back */
	KSTACK_MOVED,		/* it woke each time it was looked at */
	KSTACK_UNSEEN,		/* the kernel does not show us its call chain */
	KSTACK_UNPLACED,	/* an address of the chain is not where it should be */
	KSTACK_NAMELESS,	/* the kernel hides the names of its functions */
	KSTACK_ERASED,		/* unused stack is filled with a pattern: no high-water mark */
	KSTACK_NO_SIZES,	/* this rung knows names only */
	KSTACK_NO_NAMES,	/* this rung knows no frames of this task */
	KSTACK_LACKS
};
extern const struct kstack_lack_info {
	const char *word;		/* "running" */
	const char *why, *try_this;	/* sentences without a full stop */
} kstack_lacks[KSTACK_LACKS];

struct kframe {
	const char *function;	/* bare name; "" unknown. Lives as long as the stacks */
	uint64_t offset;	/* of its lowest byte, from the stack's base; UNKNOWN */
	uint64_t bytes;		/* up to the frame of its caller; UNKNOWN */
	bool ambiguous;		/* the return address stands in several places: the lowest was taken */
	uint64_t takes;		/* the most its function takes by its code, what it allocates by a
				 * register's value aside; 0: not known */
};

struct kstack {
	pid_t tid, tgid, ppid;
	char comm[64];
	char state;
	bool kthread;
	bool on_cpu;		/* running at that moment */
	bool magic_ok;		/* the end magic is what it should be; only from rung BPF on */
	bool unguarded;		/* no guard page lies below */
	uint8_t rung;		/* enum kstack_rung */
	uint16_t lacks;		/* bit i: enum kstack_lack */
	uint64_t size;		/* UNKNOWN: a zombie has none */
	uint64_t base;		/* UNKNOWN also where the kernel hides its addresses from us */
	uint64_t used;		/* from the stack pointer to the top */
	uint64_t high_water;	/* from the lowest word ever written to the top */
	uint64_t regs;		/* saved user registers at the top; UNKNOWN */
	size_t nframes;
	const struct kframe *frames;	/* innermost first; NULL: not known */
	/* Below them what the kernel leaves out of its call chains: the switch away and the
	 * scheduler that did it. Innermost first, without a gap from the stack pointer up to
	 * frames[0]; n 0: not known. */
	size_t nswitches;
	const struct kframe *switches;
};

/* One stack of a CPU. */
struct cpu_stack {
	const char *name;	/* "hardirq", "DF", "NMI", "DB", "MCE", "VC", "idle"; static */
	uint64_t size;
	uint64_t high_water;	/* 0: never used; UNKNOWN: not mapped */
	bool mapped;
};
enum { CPU_STACKS = 8 };
struct cpu_stacks {
	unsigned cpu;
	size_t n;		/* 0: not found */
	struct cpu_stack stack[CPU_STACKS];
};

struct stacks {
	unsigned refs;
	enum kstack_rung rung;	/* the best that was reached */
	size_t n, cap;
	struct kstack *tasks;	/* sorted by tid */
	size_t ncpus;
	struct cpu_stacks *cpus;	/* NULL: not known (whys "cpus") */
	struct strings *strings;	/* names of functions */
	struct whys *whys;	/* "tasks[].kstack.used", "cpus" ...; never NULL */
	size_t nblocks;
	struct kframe **blocks;	/* the frames; owned */
};

struct stacks *stacks_create(void);
struct stacks *stacks_get(const struct stacks *s);
void stacks_put(const struct stacks *s);		/* NULL is fine */
/* While building: a task with every figure UNKNOWN, state '?'; valid until the next. */
struct kstack *stacks_add(struct stacks *s, pid_t tid);
/* Gives k room for n frames that live as long as s: without name and place. */
struct kframe *stacks_frames(struct stacks *s, struct kstack *k, size_t n);
/* The same for k->switches. */
struct kframe *stacks_switches(struct stacks *s, struct kstack *k, size_t n);
/* Sorts by tid and writes down a reason for each kind of figure that is missing. */
void stacks_finish(struct stacks *s);

/* Bytes below the high-water mark; UNKNOWN. */
uint64_t kstack_left(const struct kstack *k);
const struct kstack *stacks_find(const struct stacks *s, pid_t tid);
bool kstack_equal(const struct kstack *a, const struct kstack *b);
bool stacks_equal(const struct stacks *a, const struct stacks *b);	/* NULL equals NULL */

/* What the kernel's documentation says a task's stack is on this architecture; 0: unknown. */
uint64_t kstack_documented_size(void);

#endif
