/* SPDX-License-Identifier: GPL-2.0-or-later
 * Holds one thread still for as long as its registers and the top of its stack are read:
 * ptrace, and only when somebody asked for it.
 *
 * A child of ours is the tracer, so that whatever happens to us the thread goes on; it
 * detaches when we let go, or are gone.
 */
#ifndef LIVE_HOLD_H
#define LIVE_HOLD_H
#include <stdint.h>
#include <sys/types.h>

/* x86_64, numbered as DWARF does: rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15 rip */
enum { HELD_REGISTERS = 17 };

struct hold {
	pid_t tracer;		/* 0: nothing is held */
	int let_go;		/* closed: the tracer detaches */
	int told;		/* what it tells: registers, then for how long it held */
	uint64_t held_ns;
};

/* 0, or -errno: -EPERM may not, -ESRCH it is gone, -ETIME it did not stop (it is in an
 * uninterruptible wait). */
int hold_start(struct hold *h, pid_t tid, uint64_t ret[HELD_REGISTERS]);
/* Lets it go on; held_ns says how long it was held. Twice is fine. */
void hold_end(struct hold *h);

#endif
