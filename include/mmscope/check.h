/* SPDX-License-Identifier: GPL-2.0-or-later
 * `mmscope check`: scenarios played in the simulated machine, in real processes or in both,
 * their predictions checked, the two worlds compared.
 */
#ifndef MMSCOPE_CHECK_H
#define MMSCOPE_CHECK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "mmscope/error.h"

enum check_on { CHECK_SIM, CHECK_KERNEL, CHECK_BOTH };

struct check_options {
	enum check_on on;
	bool json;			/* records to out, everything else to err */
	const char *profile;		/* instead of the one each scenario names, and
					 * there is such a one; NULL: that */
	const char *const *file;
	size_t nfiles;
};

/* The exit status: 0, 1 (a wrong prediction, a difference), 2 (a file that cannot be understood). */
int check_run(const struct check_options *o, FILE *out, FILE *err);
/* NULL: there is such a profile; else ERR_USAGE, naming those there are. */
struct error *check_profile(const char *name);
/* "sim", "kernel", "both"; false when it is none of them. */
bool check_on_parse(const char *word, enum check_on *ret);

#endif
