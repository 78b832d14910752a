/* SPDX-License-Identifier: GPL-2.0-or-later
 * `mmscope frames`: the stack that each function of a binary takes, read off its
 * disassembly as the kernel's checkstack script does, with the same numbers.
 *
 * The count is what the script counts: the sum of a function's constant adjustments of
 * the stack pointer, those of its epilogues included; pushes are not in it. Where call
 * frame information or .su files say something else, the difference is told.
 */
#ifndef MMSCOPE_FRAMES_H
#define MMSCOPE_FRAMES_H
#include <stdio.h>
#include "mmscope/error.h"

struct frames_options {
	const char *file;	/* ELF, or `objdump -d` text; NULL: such text on `in` */
	FILE *in;
	unsigned long min;	/* functions with more than this many bytes are listed */
};

/* Lines as the script prints them, then a summary in lines that begin with '#'. */
struct error *frames_run(const struct frames_options *o, FILE *out);

#endif
