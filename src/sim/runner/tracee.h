/* SPDX-License-Identifier: GPL-2.0-or-later
 * One traced process running the agent, and what can be done to it: a system call, a touch
 * of a byte, the execution of an instruction, a fork.
 *
 * All calls must come from the thread that started the first process. A tracee dies with its
 * tracer. Signals are stops and never delivered.
 */
#ifndef SIM_RUNNER_TRACEE_H
#define SIM_RUNNER_TRACEE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mmscope/error.h"
#include "src/sim/sim.h"

struct tracee {
	pid_t pid;
	uint64_t entry;		/* of the agent: its first stub */
	uint64_t sp;
	uint64_t kept[6];	/* what the architecture keeps as exec left it (arch.h) */
};

struct tracee_start {
	int agent;			/* open on the program */
	int file, rofile;		/* become descriptors 3 and 4 */
	uint64_t limit[SIM_NLIMITS];	/* soft; SIM_UNLIMITED */
	uint64_t memlock_hard;
	bool bottomup;
};
enum { TRACEE_FILE_FD = 3, TRACEE_ROFILE_FD = 4 };

/* Stopped after exec, before its first instruction. */
struct error *tracee_spawn(const struct tracee_start *start, struct tracee *ret);
void tracee_kill(struct tracee *t);		/* and wait until it is gone; pid becomes 0 */

/* Runs the breakpoint: the text page is present afterwards. */
struct error *tracee_break(struct tracee *t);
/* *ret is what the kernel returned (-errno). */
struct error *tracee_syscall(struct tracee *t, long number, const uint64_t arg[6], int64_t *ret);
/* mode 'r', 'w' or 'x'; *ret SIM_SIG_NONE when it went well. */
struct error *tracee_touch(struct tracee *t, uint64_t addr, char mode, enum sim_sig *ret);
/* *err is 0 and child filled in, or the errno. The child has fetched its text page. */
struct error *tracee_fork(struct tracee *t, struct tracee *child, int *err);
struct error *tracee_write(struct tracee *t, uint64_t addr, const void *bytes, size_t n);

#endif
