/* SPDX-License-Identifier: GPL-2.0-or-later
 * The interactive program: one terminal, one session, one loop.
 */
#ifndef MMSCOPE_APP_H
#define MMSCOPE_APP_H
#include <stdbool.h>
#include "mmscope/child.h"
#include "mmscope/error.h"
#include "mmscope/term.h"

struct app_options {
	const char *source;		/* "live:1234", or NULL: the picker first */
	bool lessons;			/* begin with the menu of lessons */
	const char *picker_name;	/* NULL, or the NAME whose processes the picker starts with */
	const char *proc_root;		/* never NULL */
	const char *profile;		/* of a simulated machine, or NULL */
	const char *theme;		/* name or path, NULL: choose by environment */
	struct child *child;		/* NULL, or what `run` started (stays the caller's) */
	bool detail;			/* read smaps at the first sample of each target */
	double interval;		/* seconds between samples; 0.1 is the default */
	struct term_options term;
};
/* Returns when the person leaves (NULL) or cannot go on. */
struct error *app_run(const struct app_options *o);

#endif
