/* SPDX-License-Identifier: GPL-2.0-or-later
 * A program of binutils that is run and read.
 */
#ifndef FRAMES_TOOL_H
#define FRAMES_TOOL_H
#include <stdio.h>
#include <sys/types.h>
#include "mmscope/error.h"

enum { TOOL_COMPLAINT = 200 };

struct tool {
	pid_t pid;
	FILE *out;
	int err;		/* what it complained of, as a file in memory; -1: unknown */
};

/* Starts argv[0], found in PATH, with its messages in English, whatever the user's locale is;
 * `in`: its standard input, or -1 for ours. */
struct error *tool_start(char *const argv[], int in, struct tool *ret);
/* After its output was read: its exit status, 1 for a signal. */
int tool_end(struct tool *t);
/* Its first complaint, without its name; "" for none. */
void tool_complaint(const struct tool *t, char text[TOOL_COMPLAINT]);
void tool_close(struct tool *t);

#endif
