/* SPDX-License-Identifier: GPL-2.0-or-later
 * What driving a process needs to know of the processor: where in the registers a system
 * call's number and arguments are, how one instruction is executed without being read.
 * One file for each architecture; where there is none, RUNNER_ARCH is not defined.
 */
#ifndef SIM_RUNNER_ARCH_H
#define SIM_RUNNER_ARCH_H
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "src/sim/runner/tracee.h"

#if defined(__x86_64__)
#define RUNNER_ARCH "x86_64"
#define ARCH_STEP PTRACE_CONT		/* by the trap flag, see arch_execute_regs() */
#elif defined(__aarch64__)
#define RUNNER_ARCH "aarch64"
#define ARCH_STEP PTRACE_SINGLESTEP	/* the processor's own: the instruction is not read first */
#endif

#ifdef RUNNER_ARCH
/* entry, sp and what is kept, from the registers after exec. */
void arch_note_start(struct tracee *t, const struct user_regs_struct *r);
/* Registers from which nothing follows, with the stack as it was after exec. */
void arch_base_regs(const struct tracee *t, struct user_regs_struct *r);
void arch_set_pc(struct user_regs_struct *r, uint64_t pc);
void arch_set_call(struct user_regs_struct *r, long number, const uint64_t arg[6]);
int64_t arch_call_result(const struct user_regs_struct *r);
void arch_set_touched(struct user_regs_struct *r, uint64_t addr);
/* One instruction at addr, rounded down to 16, whatever it is, run by ARCH_STEP. Its operands
 * are no addresses, so a fault at addr itself can only be the fetch. */
void arch_execute_regs(const struct tracee *t, uint64_t addr, struct user_regs_struct *r);
#endif

#endif
