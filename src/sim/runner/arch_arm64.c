/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/arch.h"

#include <string.h>

#ifdef __aarch64__

/* In the hole between the user's and the kernel's addresses, the top byte being ignored. */
#define NO_ADDRESS 0x00f0000000000000ull
enum { NUMBER = 8 };			/* x8: the system call */

void arch_note_start(struct tracee *t, const struct user_regs_struct *r)
{
	t->entry = r->pc;
	t->sp = r->sp;
	t->kept[0] = r->pstate;
}

void arch_base_regs(const struct tracee *t, struct user_regs_struct *r)
{
	memset(r, 0, sizeof(*r));
	r->sp = t->sp;
	r->pstate = t->kept[0];
}

void arch_set_pc(struct user_regs_struct *r, uint64_t pc)
{
	r->pc = pc;
}

void arch_set_call(struct user_regs_struct *r, long number, const uint64_t arg[6])
{
	memcpy(r->regs, arg, 6 * sizeof(arg[0]));
	r->regs[NUMBER] = (uint64_t)number;
}

int64_t arch_call_result(const struct user_regs_struct *r)
{
	return (int64_t)r->regs[0];
}

void arch_set_touched(struct user_regs_struct *r, uint64_t addr)
{
	r->regs[0] = addr;
}

void arch_execute_regs(const struct tracee *t, uint64_t addr, struct user_regs_struct *r)
{
	arch_base_regs(t, r);
	r->pc = addr & ~15ull;
	for (unsigned i = 0; i < 31; i++)
		r->regs[i] = NO_ADDRESS;
}

#endif
