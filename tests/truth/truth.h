/* SPDX-License-Identifier: GPL-2.0-or-later
 * Targets the tests start themselves, and the truth about them: read by other code than
 * the program's, in the plainest way there is.
 */
#ifndef TRUTH_H
#define TRUTH_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "mmscope/snapshot.h"

struct target {
	pid_t pid;
	FILE *in, *out;
	bool reaped;
	int status;
};

/* Starts tests/truth/target with these arguments (NULL ends) and waits for "ready". */
struct target target_start(const char *const *args);
/* Sends a command and returns the first line of the answer, without its newline. */
const char *target_do(struct target *t, const char *command);
/* Sends a command that is not answered. */
void target_send(struct target *t, const char *command);
/* Waits for a target that ends by itself. */
void target_wait(struct target *t);
void target_stop(struct target *t);

/* Compare a snapshot with the process as it is; "" when they agree, else the first
 * difference in words (static storage). */
const char *truth_layout(pid_t pid, const struct snapshot *s);
const char *truth_pages(pid_t pid, const struct snapshot *s);	/* by pread of pagemap */
const char *truth_sums(pid_t pid, const struct snapshot *s);	/* smaps_rollup, statm, status */
const char *truth_mincore(struct target *t, const struct snapshot *s);
const char *truth_details(pid_t pid, const struct snapshot *s);	/* smaps, VMA by VMA */

#endif
