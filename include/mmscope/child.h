/* SPDX-License-Identifier: GPL-2.0-or-later
 * A program started under observation (`mmscope run`): it has a pseudo terminal of its
 * own, its output is kept (the last lines, sanitised) and never reaches our screen or
 * our standard output; it ends with us.
 */
#ifndef MMSCOPE_CHILD_H
#define MMSCOPE_CHILD_H
#include <stdbool.h>
#include <sys/types.h>
#include "mmscope/error.h"

struct child;
/* argv is NULL-terminated; found in PATH. An exec that fails is an error here. */
struct error *child_start(char *const argv[], struct child **ret);
pid_t child_pid(const struct child *c);
int child_fd(const struct child *c);		/* poll for POLLIN, then child_drain(); -1 once closed */
void child_drain(struct child *c);
/* Lines of output so far, oldest first, sanitised, at most 500. */
size_t child_lines(const struct child *c);
const char *child_line(const struct child *c, size_t i);
/* Reaps; true once it has ended, with the status as wait(2) has it. */
bool child_ended(struct child *c, int *status);
void child_stop(struct child *c);		/* SIGHUP to its session, then SIGKILL; frees; NULL is fine */

#endif
