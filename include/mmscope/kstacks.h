/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reads the kernel's stacks of the running system (stacks.h), by the best means that
 * kernel and user allow. What it opened stays open from one read to the next; nothing is
 * attached to anything, no task is stopped or signalled.
 */
#ifndef MMSCOPE_KSTACKS_H
#define MMSCOPE_KSTACKS_H
#include "mmscope/stacks.h"

/* Means that are not to be used, so that every rung can be tested. */
enum kstacks_without {
	KSTACKS_NO_BPF = 1 << 0,
	KSTACKS_NO_FILES = 1 << 1,	/* /proc/PID/task/TID/stack */
	KSTACKS_NO_WCHAN = 1 << 2,
	KSTACKS_NO_SYMBOLS = 1 << 3,	/* kallsyms */
	KSTACKS_NO_NAMER = 1 << 4,	/* asking the kernel for names by BPF */
};

struct kstacks;
/* Never fails: what cannot be had is said by what is read. Kernel memory is looked at only
 * where proc_root is the /proc of our pid namespace. The caller ends it with kstacks_close(). */
struct kstacks *kstacks_open(const char *proc_root, unsigned without);
void kstacks_close(struct kstacks *k);		/* NULL is fine */
/* Of process tgid, or (0) of every task; the CPUs' too. A new reference. */
const struct stacks *kstacks_read(struct kstacks *k, pid_t tgid);

#endif
