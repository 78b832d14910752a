/* SPDX-License-Identifier: GPL-2.0-or-later
 * What playing and comparing share with the tests that do the same by the thousand.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H
#include <stdbool.h>

#include "mmscope/check.h"
#include "mmscope/error.h"
#include "src/sim/play.h"

struct lab;

/* What a scenario's head means for a machine. profile NULL: the first one it names. With a
 * machine given, RAM, overcommit and max_map_count are its. */
void check_options_of(const struct scenario *sc, const struct sim_profile *profile,
		      const struct world_info *machine, struct sim_options *ret);
/* NULL: the running kernel is what the profile describes; else why nothing can be compared
 * (the caller frees it). */
char *check_foreign_kernel(const struct sim_options *o, const struct world_info *machine);

/* Plays sc in both worlds and compares record by record. Equal: *line is 0. Otherwise *line is
 * where the first difference is and diff tells it. compared counts records, unsteady the
 * scenarios whose difference did not show again. */
struct error *check_compare(const struct scenario *sc, struct lab *lab, unsigned *line,
			    struct buf *diff, unsigned *compared, unsigned *unsteady);

#endif
