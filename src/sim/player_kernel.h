/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the running kernel makes of the same lines: the operations up to the one in hand
 * are run in fresh processes and compared with the simulated machine, one after the other.
 */
#ifndef SIM_PLAYER_KERNEL_H
#define SIM_PLAYER_KERNEL_H
#include <sys/types.h>

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

/* The operations up to the one in hand in a fresh process, which then stands stopped. */
struct real_process;
struct error *player_real(struct player *p, struct real_process **ret, struct buf *say);
pid_t real_process_pid(const struct real_process *r);
void real_process_end(struct real_process *r);		/* NULL is fine */

/* *ret is overwritten; on failure (no ptrace, another kernel) it is untouched. */
struct error *player_ask_kernel(struct player *p, struct kernel_answer *ret);
void kernel_answer_free(struct kernel_answer *a);

#endif
