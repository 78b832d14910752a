/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the running kernel makes of the same lines: the operations up to the one in hand
 * are run in fresh processes and compared with the simulated machine, one after the other.
 */
#ifndef SIM_PLAYER_KERNEL_H
#define SIM_PLAYER_KERNEL_H
#include "mmscope/pages.h"
#include "mmscope/vma.h"
#include "src/sim/player.h"

struct kernel_answer {
	size_t op;			/* after this operation */
	char *name;			/* "6.18.44" */
	char *says;			/* "": all records were equal; else the first differences */
	const struct layout *layout;	/* NULL: the comparison ended before */
	const struct residency *pages;
};

/* *ret is overwritten; on failure (no ptrace, another kernel) it is untouched. */
struct error *player_ask_kernel(struct player *p, struct kernel_answer *ret);
void kernel_answer_free(struct kernel_answer *a);

#endif
