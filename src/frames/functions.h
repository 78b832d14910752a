/* SPDX-License-Identifier: GPL-2.0-or-later
 * Functions of a disassembly with the stack they take.
 */
#ifndef FRAMES_FUNCTIONS_H
#define FRAMES_FUNCTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "mmscope/error.h"

struct function {
	uint64_t address;
	char *digits;		/* the address as objdump prints it */
	char *name, *file;	/* raw bytes */
	uint64_t bytes;		/* as the script counts */
	bool dynamic;		/* it also moves the stack pointer by a register */
	uint64_t cfi, su;	/* by call frame information, by the compiler's .su; or UINT64_MAX */
	bool cfi_least;		/* the frame pointer took over: at least so much */
	size_t section;		/* of functions.section */
};
/* A figure of the compiler's. */
struct su_figure {
	char *name;
	uint64_t bytes;
};
struct functions {
	struct function *v;
	size_t n, cap;
	char **section;		/* names, in the order of the disassembly; [0]: none told */
	size_t nsections, sections_cap;
	struct su_figure *unmatched;	/* what no function here is known to be meant by */
	size_t nunmatched, unmatched_cap;
};
void functions_free(struct functions *f);

/* objdump.c: reads `objdump -d` text to its end; ERR_FAILURE where it is of an architecture
 * that is none of ours. */
struct error *objdump_parse(FILE *in, struct functions *ret);
/* cfi.c: reads `objdump --dwarf=frames-interp` text; functions sorted by address. */
void cfi_parse(FILE *in, struct functions *f);
/* su.c: what -fstack-usage wrote for FILE, which is an object or linked; false: names of C++
 * were needed and c++filt is not there. */
bool su_read(const char *file, bool object, struct functions *f);

#endif
