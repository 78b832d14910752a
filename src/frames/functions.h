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
};
struct functions {
	struct function *v;
	size_t n, cap;
};
void functions_free(struct functions *f);
/* The one of that name; NULL: none, or several. */
struct function *functions_find(const struct functions *f, const char *name);

/* objdump.c: reads `objdump -d` text to its end; ERR_FAILURE where it is of an architecture
 * that is none of ours. */
struct error *objdump_parse(FILE *in, struct functions *ret);
/* cfi.c: reads `objdump --dwarf=frames-interp` text; functions sorted by address. */
void cfi_parse(FILE *in, struct functions *f);
/* su.c: what gcc -fstack-usage wrote for the object FILE; false when there is none. */
bool su_read(const char *file, struct functions *f);

#endif
