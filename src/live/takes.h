/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an x86_64 function takes from the stack, by its machine code alone: every way
 * through it is followed, and the depth of the stack kept along it.
 */
#ifndef LIVE_TAKES_H
#define LIVE_TAKES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TAKES_CODE_MOST = 32 * 1024,	/* larger functions are not looked through */
#if defined(__x86_64__)
	KERNEL_CODE_KNOWN = 1,		/* the kernel this runs on is of that architecture */
#else
	KERNEL_CODE_KNOWN = 0,
#endif
};

/* What lies between the stack pointer and the caller's, the return address included. */
struct code_takes {
	uint64_t most;		/* anywhere in the function; what it allocates by a register's
				 * value, and aligns, is not in it */
	uint64_t here;		/* at the place asked about; 0: not to be told */
};
/* `code` is all of the function. False: it cannot be told (it jumps where a register says,
 * switches stacks, or holds an instruction that is not known). */
bool code_takes(const uint8_t *code, size_t n, size_t place, struct code_takes *ret);

#endif
