/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of system calls of the machine the program was built for, from its kernel headers.
 */
#ifndef MMSCOPE_SYSCALLS_H
#define MMSCOPE_SYSCALLS_H
/* "futex"; NULL for a number that has no name. */
const char *syscall_name(int nr);
#endif
