/* SPDX-License-Identifier: GPL-2.0-or-later
 * All user registers of a thread that sleeps in the kernel, as the kernel saved them at the
 * top of the thread's kernel stack. Needs what reading kernel stacks needs (peek.h).
 */
#ifndef LIVE_UREGS_H
#define LIVE_UREGS_H
#include <stdbool.h>
#include <stdint.h>
#include "src/live/rules.h"

struct uregs;
struct uregs *uregs_open(void);			/* NULL: not on this kernel, or not for this user */
void uregs_close(struct uregs *u);		/* NULL is fine */
/* `ret` has sp and pc as the file syscall tells them: it gets the others only if the kernel
 * stack says the same of these two. False: `ret` is untouched. */
bool uregs_read(struct uregs *u, pid_t tgid, pid_t tid, struct registers *ret);

/* Of a thread that waits for a CPU: all of them, as the interrupt that took it away left
 * them. False: it runs, it sleeps, or it ran meanwhile. */
bool uregs_read_waiting(struct uregs *u, pid_t tgid, pid_t tid, struct registers *ret);

#endif
