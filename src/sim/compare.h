/* SPDX-License-Identifier: GPL-2.0-or-later
 * One scenario on two simulated kernels in step.
 *
 * Ownership: a comparison owns the second player; the first stays the caller's, who may
 * move it and change its text: the second follows.
 */
#ifndef SIM_COMPARE_H
#define SIM_COMPARE_H
#include "mmscope/twin.h"
#include "src/sim/player.h"

struct compare;
struct error *compare_open(struct player *p, const char *profile, struct compare **ret);
void compare_close(struct compare *c);		/* NULL is fine */
/* Where p stands now. A new reference, or NULL where the second machine cannot be had. */
const struct twin *compare_twin(struct compare *c, struct player *p);
/* The first operation behind p's (or before it) in which the two differ, and the decision in
 * hand there; p ends where it was. False: there is none. Executes what was not yet. */
bool compare_find(struct compare *c, struct player *p, bool forward, struct place *ret);

/* compare_same.c: decisions are the same whose digests are equal. */
struct compare_pair { const struct sim_profile *mine, *its; bool same_layout; };
uint64_t compare_digest(const struct compare_pair *c, const struct sim_profile *p, const struct decision *d);

/* compare_why.c: the kernels' names for a difference, in a sentence each. */
struct rule_bits;
struct difference {
	const struct sim_profile *mine, *its;
	const struct decision *a, *b;	/* NULL: that kernel decided nothing there */
};
/* Rules among those asked whose choice differs, each with its version; false: none does. */
bool compare_rules(const struct difference *d, const struct rule_bits *asked, struct buf *out);
/* Constants that differ and are what the two decisions are about. */
bool compare_constants(const struct difference *d, struct buf *out);
/* One sentence each. */
struct sim_constant;
void compare_say_rule(const struct difference *d, unsigned rule, struct buf *out);
void compare_say_constant(const struct difference *d, const struct sim_constant *k, struct buf *out);

#endif
