/* SPDX-License-Identifier: GPL-2.0-or-later
 * What every VMA is for: by its name where the kernel gives one, else by the file, the
 * neighbours and the threads' stack pointers; a guess says so.
 */
#ifndef LIVE_ROLES_H
#define LIVE_ROLES_H
#include "mmscope/snapshot.h"

struct roles_in {
	const uint64_t *mm;			/* MM_NR figures */
	const struct task_list *tasks;		/* or NULL */
	const struct layout *old;		/* or NULL: what was known before */
	const struct details *details;		/* or NULL: VmFlags tell what grows down */
	const struct residency *pages;		/* or NULL: what was written is no guard */
	pid_t pid;
};

/* Fills role, guess, tid and growsdown of every VMA. Only while the layout is ours alone. */
void roles_assign(struct layout *l, const struct roles_in *in);
/* Would the tasks as they are now change a role? Asks only for their stacks. */
bool roles_stale(const struct layout *l, const struct task_list *tasks, pid_t pid);
/* Would the pages as they are now? Asks only about what grants no access. */
bool roles_denied(const struct layout *l, const struct residency *pages);

#endif
