/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/arch.h"

#include <string.h>

#ifdef __x86_64__

#define TRAP_FLAG 0x100ull
#define NOT_CANONICAL 0x8000000000000000ull

void arch_note_start(struct tracee *t, const struct user_regs_struct *r)
{
	t->entry = r->rip;
	t->sp = r->rsp;
	t->kept[0] = r->cs;
	t->kept[1] = r->ss;
	t->kept[2] = r->ds;
	t->kept[3] = r->es;
	t->kept[4] = r->fs;
	t->kept[5] = r->gs;
}

void arch_base_regs(const struct tracee *t, struct user_regs_struct *r)
{
	memset(r, 0, sizeof(*r));
	r->cs = t->kept[0];
	r->ss = t->kept[1];
	r->ds = t->kept[2];
	r->es = t->kept[3];
	r->fs = t->kept[4];
	r->gs = t->kept[5];
	r->rsp = t->sp;
	r->eflags = 0x202;
	r->orig_rax = ~0ull;		/* no system call to restart */
}

void arch_set_pc(struct user_regs_struct *r, uint64_t pc)
{
	r->rip = pc;
}

void arch_set_call(struct user_regs_struct *r, long number, const uint64_t arg[6])
{
	r->rax = (unsigned long)number;
	r->rdi = arg[0];
	r->rsi = arg[1];
	r->rdx = arg[2];
	r->r10 = arg[3];
	r->r8 = arg[4];
	r->r9 = arg[5];
}

int64_t arch_call_result(const struct user_regs_struct *r)
{
	return (int64_t)r->rax;
}

void arch_set_touched(struct user_regs_struct *r, uint64_t addr)
{
	r->rdi = addr;
}

/* The trap flag is set in the process: PTRACE_SINGLESTEP would read the instruction first and
 * populate the page. */
void arch_execute_regs(const struct tracee *t, uint64_t addr, struct user_regs_struct *r)
{
	arch_base_regs(t, r);
	r->rip = addr & ~15ull;
	r->eflags |= TRAP_FLAG;
	r->rax = r->rbx = r->rcx = r->rdx = r->rsi = r->rdi = r->rbp = NOT_CANONICAL;
	r->r8 = r->r9 = r->r10 = r->r11 = r->r12 = r->r13 = r->r14 = r->r15 = NOT_CANONICAL;
}

#endif
