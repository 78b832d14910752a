/* SPDX-License-Identifier: GPL-2.0-or-later
 * `mmscope check`: scenarios played in the simulated machine, in real processes or in both,
 * their predictions checked, the two worlds compared.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "mmscope/error.h"
#include "src/sim/play.h"

struct lab;

enum check_on { CHECK_SIM, CHECK_KERNEL, CHECK_BOTH };

struct check_options {
	enum check_on on;
	bool json;			/* records to out, everything else to err */
	const char *const *file;
	size_t nfiles;
};

/* The exit status: 0, 1 (a wrong prediction, a difference), 2 (a file that cannot be understood). */
int check_run(const struct check_options *o, FILE *out, FILE *err);
/* "sim", "kernel", "both"; false when it is none of them. */
bool check_on_parse(const char *word, enum check_on *ret);

/* What a scenario's head means for a machine; profile found or an error with its place.
 * With a machine given, RAM, overcommit and max_map_count are its. */
struct error *check_options_of(const struct scenario *sc, const struct world_info *machine,
			       struct sim_options *ret);
/* NULL: the running kernel is what the profile describes; else why nothing can be compared
 * (the caller frees it). */
char *check_foreign_kernel(const struct sim_options *o, const struct world_info *machine);

/* Plays sc in both worlds and compares record by record. Equal: *line is 0. Otherwise *line is
 * where the first difference is and diff tells it. compared counts records. */
struct error *check_compare(const struct scenario *sc, struct lab *lab, unsigned *line, struct buf *diff,
			    unsigned *compared);

#endif
