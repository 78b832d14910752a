/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel's side of a simulated machine, as values for whoever draws or records it.
 */
#ifndef SIM_KLOOK_H
#define SIM_KLOOK_H
#include "mmscope/contexts.h"
#include "src/sim/sim.h"

struct contexts *sim_contexts(const struct sim *s);	/* refs 1 */
/* Frames of kernel stacks, those kept for the next task included; at most max are written. */
size_t sim_kstack_frames(const struct sim *s, uint64_t *pfns, size_t max);

/* Figures of one task's kernel stack; false: no such task, or it has ended. Numbers are those
 * of sim_task_get(). */
struct sim_kstack {
	uint64_t base, size;
	uint64_t used;		/* from sp to the top: also while it is on another stack */
	uint64_t left;		/* stack_not_used() */
	uint64_t high;		/* from the lowest word that was written to the top */
	bool magic_ok, info_ok;	/* the end magic, thread_info are whole */
};
bool sim_kstack_get(const struct sim *s, unsigned task, struct sim_kstack *ret);
unsigned sim_current_task(const struct sim *s);
/* The task that the kernel takes for the current one; -1: a wild pointer. */
int sim_current_found(const struct sim *s);
const char *sim_comm(const struct sim *s, unsigned task);
char sim_task_state(const struct sim *s, unsigned task);	/* R S X */
uint64_t sim_lowest_left(const struct sim *s);		/* the low-water mark of check_stack_usage() */
uint64_t sim_kernelstack(const struct sim *s);		/* bytes, stacks of living tasks */
unsigned sim_cached_stacks(const struct sim *s);
bool sim_stopped(const struct sim *s);			/* after a panic */
/* Kernel stacks of 4, 8, 16 or 32 KiB: how many more free memory has room for, above its lowest
 * watermark and in pieces as it is; bytes that a chain of calls may take on one. */
uint64_t sim_stack_size(const struct sim *s);		/* that all have, unless one is asked for */
uint64_t sim_stacks_possible(const struct sim *s, uint64_t bytes);
uint64_t sim_stack_room(const struct sim *s, uint64_t bytes);
/* The stack pointer, and the name of the stack it is on: "user", "task", "hardirq" ... */
uint64_t sim_stack_pointer(const struct sim *s, const char **on);

#endif
