/* SPDX-License-Identifier: GPL-2.0-or-later
 * What kernels do differently on their own side: stacks, thread_info, `current`,
 * interrupts, the context switch, messages. One table for each family; a profile points to
 * its table. Sizes are bytes. Sizes of single functions' frames are typical ones: they
 * depend on compiler and configuration.
 */
#ifndef SIM_PROFILE_KERNEL_H
#define SIM_PROFILE_KERNEL_H
#include <stdbool.h>
#include <stdint.h>

/* Where thread_info lies, and how the kernel gets there. */
enum ti_where {
	TI_MASK_SP,		/* base of the stack; sp & ~(THREAD_SIZE - 1) */
	TI_PERCPU_TOP,		/* base of the stack; per-CPU kernel_stack */
	TI_IN_TASK,		/* first member of task_struct */
};
enum current_how { CURRENT_PERCPU, CURRENT_TI_TASK, CURRENT_SP_EL0 };
enum stack_source { STACK_PAGES, STACK_VMALLOC };
/* What check finds an overwritten end of the stack in schedule(). */
enum end_check { END_UNCHECKED, END_BUG, END_PANIC };
/* What happens where a kernel stack has no room left. */
enum overflow_how { OVERFLOW_SILENT, OVERFLOW_DOUBLE_FAULT, OVERFLOW_ARM64 };
/* How the way back from an interrupt stack is kept. */
enum irq_link { LINK_TOP_WORD, LINK_REGISTER, LINK_RECORD };
/* The line of sysrq-t. */
enum sysrq_line { SYSRQ_PC, SYSRQ_NO_PC, SYSRQ_RIGHT, SYSRQ_NAMED, SYSRQ_TGID, SYSRQ_TASK_FLAGS };
/* TAGS: <TASK> around what lies on the task's stack, since 5.16. */
enum trace_style { TRACE_X86_BRACKETS, TRACE_X86_PLAIN, TRACE_X86_TAGS, TRACE_ARM64_BRACKETS, TRACE_ARM64_PLAIN };

struct kernel_frame { const char *func; uint16_t bytes; };	/* return address included; 0 ends */
enum { KERNEL_CHAIN = 6 };

struct kernel_field { const char *name; uint16_t offset, bytes; };
enum { KERNEL_FIELDS = 10 };

struct kernel_exception {
	const char *name;		/* in the language: "page_fault" */
	const char *entry, *handler;
	const char *stack;		/* its own, by name; NULL: where sp is */
};

/* A stack each CPU has. */
struct kernel_cpu_stack { const char *name; uint32_t size, guard; };
enum { KERNEL_CPU_STACKS = 8 };

struct sim_kernel {
	unsigned word;			/* bytes of a machine word */
	unsigned align;			/* of sp after a frame */
	unsigned saved;			/* callee-saved registers a larger function pushes */
	unsigned arg_regs;		/* arguments that travel in registers */
	bool lr_low;			/* fp and return address are stored at the frame's lower end */
	const char *arg_names;		/* of those registers, for the sentence */
	uint64_t page_offset, vmalloc_start, text, task_base;
	uint64_t cpu_base, cpu_stride;	/* the CPUs' own stacks */

	/* the stack of a task */
	uint32_t thread_size;
	enum stack_source source;
	unsigned cached_stacks;		/* of the dead, kept by each CPU */
	uint32_t guard;
	uint32_t top_padding;		/* bytes above pt_regs */
	bool zeroed;			/* at allocation */

	/* thread_info */
	enum ti_where ti;
	uint32_t ti_bytes;
	struct kernel_field field[KERNEL_FIELDS];	/* "task" where it has one */
	enum current_how current;
	const char *current_words;

	/* entries */
	uint16_t regs_syscall, regs_irq, regs_kernel, regs_exception;	/* bytes of pt_regs that are saved */
	uint16_t ip_from_top, sp_from_top;	/* of pt_regs, where user mode was left */
	const char *syscall_entry, *syscall_exit, *sys_prefix;
	struct kernel_frame syscall[KERNEL_CHAIN];	/* before the system call's own function */
	struct kernel_frame sys_own;		/* its bytes; func is unused */

	/* interrupts */
	struct kernel_cpu_stack cpu_stack[KERNEL_CPU_STACKS];
	int hardirq_stack, softirq_stack, nmi_stack, overflow_stack;	/* index; -1: where sp is */
	enum irq_link link;
	bool irq_from_user_switches;	/* else it stays on the (empty) task stack */
	bool ist_from_user_moves;	/* exceptions with a stack of their own go to the task's from user mode */
	bool nmi;			/* there is such a thing */
	const char *irq_entry, *softirq_call, *nmi_entry;
	struct kernel_frame irq[KERNEL_CHAIN];		/* on the stack that was interrupted */
	struct kernel_frame irq_own[KERNEL_CHAIN];	/* on the stack switched to */
	struct kernel_frame softirq[KERNEL_CHAIN], nmi_chain[KERNEL_CHAIN];
	struct kernel_exception exception[8];		/* name NULL ends */
	bool low_stack_warning;		/* CONFIG_DEBUG_STACKOVERFLOW of i386 */
	const char *irq_words, *from_user_words;

	/* the context switch */
	const char *switch_to, *new_task, *fork, *alloc, *release;
	const char *switch_regs;	/* what is pushed, in order */
	uint16_t switch_words;		/* return address included; 0: kept in task_struct */
	uint16_t switch_task_bytes;	/* registers kept in task_struct */
	struct kernel_frame schedule[KERNEL_CHAIN];	/* a task that sleeps */
	struct kernel_frame preempt[KERNEL_CHAIN];	/* before it, from user mode */
	struct kernel_frame kthread[KERNEL_CHAIN];	/* under a kernel thread's own function */
	const char *preempt_entry;

	/* when it goes wrong */
	enum end_check end_check;
	enum overflow_how overflow;
	const char *guard_message;	/* printf: where, from, to (after the stack's name when named) */
	bool guard_named;
	bool guard_end_inclusive;
	bool double_fault_panics;	/* it counts as interrupt: the whole machine goes */
	bool preempt_in_ti;		/* preempt_count lies in thread_info */

	/* what is printed */
	enum sysrq_line sysrq;
	bool sysrq_header;
	enum trace_style trace;
	bool depth_with_pid;		/* "%s (%d) used greatest stack depth: %lu bytes left" */
	bool oops_prefix;		/* "Oops: " before every die message (6.10) */
	unsigned pf_message;		/* the words of a bad paging request: 0 old, 1 "supervisor" (5.1) */
};

extern const struct sim_kernel sim_kernel_linux_2_6_39_i386, sim_kernel_linux_3_10_x86_64,
	sim_kernel_linux_4_3_arm64, sim_kernel_linux_5_10_x86_64, sim_kernel_linux_6_1_x86_64,
	sim_kernel_linux_6_12_x86_64, sim_kernel_linux_6_18_x86_64, sim_kernel_linux_6_18_arm64;

#endif
