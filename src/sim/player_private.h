/* SPDX-License-Identifier: GPL-2.0-or-later
 * The inside of a player, shared by its parts: player.c moves, player_text.c edits.
 */
#ifndef SIM_PLAYER_PRIVATE_H
#define SIM_PLAYER_PRIVATE_H
#include "src/sim/player.h"
#include "src/sim/profile.h"

struct rule_bits { uint64_t word[SIM_RULE_WORDS]; };	/* bits of enum sim_rule */

/* One executed operation. */
struct past {
	sim_pos from, to;
	struct sim_op op;
	struct sim_result res;
	enum verdict verdict;
	unsigned events;		/* bits: 1 << enum sim_event */
	unsigned proc;			/* current afterwards */
	unsigned mistakes;		/* wrong predictions up to here */
	uint64_t figure[NFIGURES];	/* of proc afterwards */
	uint64_t minflt;		/* of proc, since its birth */
	char *log;			/* what the kernel printed, or NULL */
	struct world_info *exec;	/* what names mean after an exec; NULL: it was none */
};

struct player {
	char *path;			/* NULL: a playground */
	struct scenario *sc;
	struct script *script;
	const struct sim_profile *profile;	/* chosen; NULL: the scenario's first */
	struct sim_options options;
	struct world_info info;
	struct world *world;
	struct sim *sim;

	struct past *past;		/* past[0] is the start of the process; [k] operation k */
	size_t npast, cap_past;
	size_t built;			/* operations the machine's journal holds, at most npast - 1 */
	uint32_t *item;			/* item of the scenario of operation k: item[k - 1] */
	size_t nitem, cap_item;

	/* At the newest end of the past: what the next operation refers to. */
	struct scope scope;
	struct claim_base last[SIM_MAX_PROCS];
	uint64_t minflt[SIM_MAX_PROCS];

	struct place at;
	struct decisions *decisions;	/* of operation decisions_of, or NULL */
	sim_pos *decision_pos;
	struct rule_bits *asked;	/* before each decision, since the one before it */
	struct rule_bits asked_last;	/* behind the last one */
	size_t decisions_of, cap_pos;
};

struct scenario_item *player_item(const struct player *p, size_t op);
/* Makes a new machine for the scenario's head; the past is empty afterwards but for the start. */
struct error *player_machine(struct player *p);
/* Forgets operations after `op`, which must be the one shown, complete. */
void player_forget(struct player *p, size_t op);
/* Executes the operation after the newest one. */
void player_execute(struct player *p);
/* What the lines of the text predict under the profile of the options. */
void player_predictions(struct player *p);
struct error *player_read(struct player *p, const char *path);	/* text and scenario */

#endif
