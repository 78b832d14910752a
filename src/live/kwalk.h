/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel's lists of tasks, walked from outside without a lock.
 *
 * Every pointer is checked before it is followed, every task after it was read: its
 * number, its group, and that the list leads back where we came from. When the lists
 * change under the walk it begins anew, a few times at most.
 */
#ifndef LIVE_KWALK_H
#define LIVE_KWALK_H
#include <stdbool.h>
#include <sys/types.h>
#include "src/live/klayout.h"
#include "src/live/peek.h"

struct ktask {
	uint64_t address, leader, parent, stack, vm_area, sp, cfs_rq;
	uint64_t switches[2];		/* nvcsw, nivcsw: equal means it did not run between */
	pid_t tid, tgid;		/* in our pid namespace; tid 0: it is not in there */
	uint32_t flags;
	char state;
	char comm[17];
	bool on_cpu;
};

struct kwalk {
	struct peek *peek;
	const struct klayout *layout;
	/* Our pid namespace: level 0 is the kernel's own. */
	unsigned level;
	uint64_t ns;
	size_t n, cap;
	struct ktask *task;		/* of the last walk */
	size_t ncfs_rqs, cfs_rqs_cap;
	uint64_t *cfs_rqs;		/* of kernel threads: those of the CPUs themselves */
	bool whole;			/* false: the lists changed each time */
};

/* False: we cannot even read our own task. */
bool kwalk_init(struct kwalk *w, struct peek *p, const struct klayout *l);
void kwalk_deinit(struct kwalk *w);
/* All tasks, or those of process tgid. */
void kwalk_read(struct kwalk *w, pid_t tgid);
/* One task anew; false: it is not there, or another. */
bool kwalk_again(struct kwalk *w, const struct ktask *before, struct ktask *ret);
/* The same after `first` was read, as peek_after() does it. */
bool kwalk_again_after(struct kwalk *w, const struct ktask *before,
		       const struct peek_range first[PEEK_FIRST], struct ktask *ret);
/* Whatever stands at `address`, if it can be a task. */
bool kwalk_task(struct kwalk *w, uint64_t address, struct ktask *ret);

#endif
