/* SPDX-License-Identifier: GPL-2.0-or-later
 * System calls of the machine the program was built for: their names, from its kernel
 * headers, and what their arguments are.
 */
#ifndef MMSCOPE_SYSCALLS_H
#define MMSCOPE_SYSCALLS_H
#include "mmscope/buf.h"

struct task;

/* "futex"; NULL for a number that has no name. */
const char *syscall_name(int nr);
/* Of the call t sits in; NULL: it is in none, or its number has no name here. */
const char *task_syscall_name(const struct task *t);
/* "read(fd 0, buf 0x7ffd1c2e1f30, count 1)": the call t sits in (t->syscall >= 0). Of a
 * call whose arguments we do not know, the six registers. */
void syscall_describe(const struct task *t, struct buf *out);

#endif
