/* SPDX-License-Identifier: GPL-2.0-or-later
 * A scenario being played in a world, one operation after the other, with a record of each.
 *
 * Ownership: a play uses the caller's scenario and owns its world. The record belongs to the
 * caller and is used again by every step. Errors: the world is lost; results are no errors.
 */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H
#include "src/sim/scenario.h"

struct record {
	unsigned i, line;
	const char *op;			/* the scenario's; "start" */
	unsigned proc;			/* current after the operation */
	char res[96];
	enum verdict verdict;
	const char *reason;		/* refused by this world only: why; or NULL. Static */
	enum sim_op_kind kind;		/* SIM_OP_NONE: start */
	bool has_ret, has_done, has_fault, has_child, has_limits;
	uint64_t ret, done, fault;
	unsigned child;
	uint64_t limit[SIM_NLIMITS];
	uint64_t minflt, brk;
	struct world_state state;	/* shmem objects numbered in order of first appearance */
	bool has_prediction, predicted;
	struct buf log;			/* what the kernel printed, lines */
	const char *task;		/* that runs, when it is no main thread; until the next step */
	struct buf wrong;		/* a line for each claim that did not come true */
};

void record_free(struct record *r);

struct play {
	const struct scenario *sc;
	const struct sim_profile *profile;	/* whose predictions hold */
	struct world *world;
	struct world_info info;
	bool other_ram;			/* than the scenario, or the profile, has */
	struct scope scope;
	struct claim_base last[SIM_MAX_PROCS];	/* at the last record of each process */
	uint64_t minflt[SIM_MAX_PROCS];		/* since birth, at that record */
	uint64_t *object;			/* shmem objects seen, in order */
	size_t nobjects, cap_objects;
	unsigned nrecords;
	struct buf log;				/* what the kernel printed during the last operation */
};

/* Takes the world over, also on failure; first is filled in with record 0. */
struct error *play_open(const struct scenario *sc, const struct sim_options *o, struct world *world,
			struct play **ret, struct record *first);
void play_close(struct play *p);		/* NULL is fine */
/* item is an operation. */
struct error *play_step(struct play *p, const struct scenario_item *item, struct record *ret);

/* One line of JSON with its newline. */
void record_json(const struct play *p, const struct record *r, struct buf *out);
/* How many fields differ; each gets a line "field: A | B" (the first `max` of them). */
unsigned record_compare(const struct record *a, const struct record *b, struct buf *diff,
			unsigned max);
/* 32 bits over everything record_compare() looks at. */
uint32_t record_digest(const struct record *r);
/* record_compare() for what the two runs stand on: sp, mmapbase, limits ... */
unsigned info_compare(const struct world_info *a, const struct world_info *b, struct buf *diff);

#endif
