/* SPDX-License-Identifier: GPL-2.0-or-later
 * A source sampled without a ui: a number of samples, a time apart, each written out.
 */
#ifndef MMSCOPE_BATCH_H
#define MMSCOPE_BATCH_H
#include <stdbool.h>
#include <stdio.h>
#include "mmscope/child.h"
#include "mmscope/error.h"
#include "mmscope/output.h"
#include "mmscope/source.h"

enum batch_format { BATCH_TEXT, BATCH_PLAIN, BATCH_JSON, BATCH_NDJSON };

struct batch_options {
	enum batch_format format;
	unsigned long samples;		/* 0: until the target ends */
	double delay;			/* seconds from one sample to the next */
	bool detail;			/* read smaps each time */
	bool ascii;
	struct child *child;		/* NULL, or what is observed: its output is drained */
};

/* ERR_ENDED when the target ended before the first or between samples (its last picture
 * is written if there is one), ERR_FAILURE when `out` did not take it all. */
struct error *batch_run(struct source *src, FILE *out, const struct batch_options *o);

#endif
