/* SPDX-License-Identifier: GPL-2.0-or-later
 * The table is made from the kernel's headers when the program is built.
 */
#include <stddef.h>

#include "mmscope/alloc.h"
#include "mmscope/syscalls.h"

static const char *const names[] = {
#include "src/session/syscalls.inc"
};

const char *syscall_name(int nr)
{
	return nr >= 0 && (size_t)nr < ARRAY_LEN(names) ? names[nr] : NULL;
}
