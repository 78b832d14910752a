/* SPDX-License-Identifier: GPL-2.0-or-later
 * `mmscope tasks`: the kernel stack of every task, a line each, then those of the CPUs,
 * then a summary; as text or as JSON (schema mmscope/1, type "tasks").
 */
#ifndef MMSCOPE_TASKTABLE_H
#define MMSCOPE_TASKTABLE_H
#include <stdbool.h>
#include <stdio.h>
#include "mmscope/error.h"
#include "mmscope/stacks.h"

struct tasktable_options {
	bool ascii;		/* text: nothing but ASCII */
	const char *sort;	/* a column, -COLUMN the other way round; NULL: pid */
};

/* ERR_USAGE when there is no such column. */
struct error *tasktable_check(const struct tasktable_options *o);
void tasktable_text(FILE *out, const struct stacks *s, const struct tasktable_options *o);
void tasktable_json(FILE *out, const struct stacks *s, const struct tasktable_options *o,
		    uint64_t time_ns);

/* Figures over all tasks, as both outputs and the view give them. */
struct tasktable_summary {
	size_t tasks, measured;		/* measured: those with a high-water mark */
	uint64_t used_mean, high_mean;	/* UNKNOWN when none is known */
	const struct kstack *deepest;	/* with the highest mark; NULL */
	size_t frames, ambiguous;
	uint64_t step;			/* bytes of one class of the distribution */
	size_t nclasses;
	size_t class[64];		/* tasks whose mark is in [i * step, (i + 1) * step) */
};
struct tasktable_summary tasktable_summary(const struct stacks *s);
/* Indices into s->tasks in the order of --sort; the caller frees. */
size_t *tasktable_order(const struct stacks *s, const char *sort);
/* What stands for the frames: the innermost function, or "(running)". Never NULL. */
const char *tasktable_top(const struct kstack *k, char out[64]);

#endif
