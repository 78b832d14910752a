/* SPDX-License-Identifier: GPL-2.0-or-later
 * Random scenarios, legal and illegal ones, as text: the same on every machine for the same
 * profile, seed and number of operations. What depends on more than the scenario (pageout,
 * cold, collapse, msync sync) is left out.
 */
#ifndef SIM_GEN_H
#define SIM_GEN_H
#include <stdbool.h>
#include <stdint.h>

#include "mmscope/buf.h"

enum gen_profile { GEN_STACK, GEN_VMA, GEN_FORK, GEN_BRK, GEN_MIXED, GEN_KERNEL, GEN_WILD, GEN_NPROFILES };
enum { GEN_NREAL = GEN_NPROFILES - 1 };

extern const enum gen_profile gen_real[GEN_NREAL];	/* those that run on real kernels too */

extern const char *const gen_profile_name[GEN_NPROFILES + 1];	/* NULL ends */
bool gen_profile_parse(const char *word, enum gen_profile *ret);
void gen_scenario(enum gen_profile profile, uint64_t seed, unsigned ops, struct buf *ret);

#endif
