/* SPDX-License-Identifier: GPL-2.0-or-later
 * The moment a player stands at as values: a snapshot like that of a live process, with
 * the inside of the machine.
 */
#ifndef SIM_PICTURE_H
#define SIM_PICTURE_H
#include "mmscope/snapshot.h"
#include "src/sim/player.h"
#include "src/sim/player_kernel.h"

struct compare;

struct picture_options {
	uint64_t walk_addr;		/* 0: the address in hand */
	bool playing, predictions_hidden;
	double speed;
	struct compare *compare;	/* NULL: nobody compares */
	const struct kernel_answer *kernel;	/* NULL: was not asked */
};

enum { PICTURE_FIRST_PID = SIM_FIRST_PID };	/* of P0; tasks are numbered from here in order of birth */

/* Parts that did not change are shared with `before` (NULL: none). refs 1. */
struct snapshot *picture_take(struct player *p, const struct picture_options *o, const struct snapshot *before);
/* Physical memory, walk and pages of all processes; m->procs is filled in already. */
void picture_memory(struct player *p, struct machine *m);
/* The index of VMAs; m->decisions and m->place are filled in already. */
void picture_index(struct player *p, struct machine *m);
/* Tasks and CPUs with their stacks; the same kernel stacks for the views of live ones. refs 1. */
struct contexts *picture_contexts(struct player *p);
const struct stacks *picture_stacks(const struct contexts *c, const struct sim *sim);
/* The address the operation in hand is about, 0: none. */
uint64_t picture_place(struct player *p);

#endif
