/* SPDX-License-Identifier: GPL-2.0-or-later
 * A scenario being played in the simulated machine, forward and back, decision by
 * decision, with everything that was executed so far kept.
 *
 * Ownership: a player owns its machine, scenario and text; what it hands out lives until
 * its next call unless a reference is taken. Errors: a line that cannot be understood, a
 * file that cannot be read or written; operations that fail are results.
 */
#ifndef SIM_PLAYER_H
#define SIM_PLAYER_H
#include "mmscope/machine.h"
#include "src/sim/scenario.h"

/* A moment. Operation 0 is the start of the process; a moment inside an operation is the one
 * at which decision `decision` is in hand, with those before it taken. */
struct place {
	size_t op;
	bool complete;
	size_t decision;		/* only when not complete */
};

struct player;
/* path NULL: a playground. Stands at record 0. */
struct error *player_open(const char *path, struct player **ret);
void player_close(struct player *p);		/* NULL is fine */

struct place player_place(const struct player *p);
bool place_equal(struct place a, struct place b);
size_t player_ops(const struct player *p);	/* in the text */
bool player_at_end(const struct player *p);

/* To a moment that was reached before. */
void player_show(struct player *p, struct place to);
/* One decision, one operation; false: there is no further one. */
bool player_step(struct player *p);
bool player_step_back(struct player *p);
bool player_next(struct player *p);
bool player_previous(struct player *p);
/* To the next decision with one of the events (bits: 1 << enum sim_event); false, where it
 * stands, when there is none. */
bool player_event(struct player *p, unsigned events);
bool player_event_back(struct player *p, unsigned events);
/* Executes up to operation op (or to the end); stops behind a line `pause` if told to. */
void player_go(struct player *p, size_t op, bool stop_at_pause);
void player_start(struct player *p);		/* record 0 */
bool player_pause_follows(const struct player *p);	/* the next line but narration says pause */

/* Puts a line behind the one in hand, or in its place, and runs it. What had been executed
 * after it is forgotten. */
struct error *player_run(struct player *p, const char *line);
struct error *player_edit(struct player *p, const char *line);
/* A player of the same text on another kernel, at record 0. */
struct error *player_twin(struct player *p, const struct sim_profile *profile, struct player **ret);
/* Writes the text, typed lines included, to a new file. */
struct error *player_save(const struct player *p, const char *path);

/* The kernel it is played on; another one begins anew and stands behind the same operation. */
const struct sim_profile *player_profile(const struct player *p);
struct error *player_set_profile(struct player *p, const char *name);

const struct script *player_script(const struct player *p);
const struct scenario *player_scenario(const struct player *p);
struct sim *player_sim(const struct player *p);
sim_pos player_position(const struct player *p);
/* The operation in hand and its result; false when it is the start or nothing was executed. */
bool player_operation(const struct player *p, struct sim_op *op, struct sim_result *res);
const struct decisions *player_decisions(struct player *p);	/* of the operation in hand */
const char *player_log(const struct player *p, size_t op);	/* what the kernel printed; "" */
unsigned player_mistakes(const struct player *p);	/* wrong predictions among those done */
/* Runs fn on the machine as it was before the operation in hand. */
void player_before(struct player *p, void (*fn)(void *ctx, const struct sim *s), void *ctx);

extern const enum decision_unit player_units[];	/* by enum sim_unit */

#endif
