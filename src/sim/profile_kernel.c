/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel side of each family. Read from arch/x86/{entry,kernel,include/asm} and
 * arch/arm64/{kernel,include/asm}, kernel/fork.c, kernel/sched/core.c, kernel/exit.c of the
 * version named. Configurations: CONFIG_DEBUG_STACK_USAGE, and CONFIG_SCHED_STACK_END_CHECK
 * where it exists (3.18).
 */
#include <stddef.h>
#include "profile_kernel.h"

/* ---- x86-64 with VMAP_STACK, thread_info in the task (4.9), stacks by irq_stack (5.8) ---- */

#define X86_64_WORDS							\
	.word = 8, .align = 8, .saved = 6, .arg_regs = 6,		\
	.arg_names = "rdi rsi rdx rcx r8 r9",				\
	.text = 0xffffffff81000000,					\
	.ip_from_top = 40, .sp_from_top = 16

#define X86_64_MODERN							\
	X86_64_WORDS,							\
	.page_offset = 0xffff888000000000, .vmalloc_start = 0xffffc90000100000,	\
	.task_base = 0xffff888001000000,				\
	.cpu_base = 0xfffffe0000000000, .cpu_stride = 0x40000,		\
	.thread_size = 16384, .source = STACK_VMALLOC, .cached_stacks = 2,	\
	.guard = 4096, .zeroed = true,					\
	.ti = TI_IN_TASK,						\
	.current = CURRENT_PERCPU,					\
	.current_words = "per-CPU current_task; thread_info is the first member of task_struct",	\
	.regs_syscall = 168, .regs_irq = 168, .regs_kernel = 168, .regs_exception = 168,	\
	.syscall_entry = "entry_SYSCALL_64", .syscall_exit = "syscall_exit_to_user_mode",	\
	.sys_prefix = "__x64_sys_",					\
	.syscall = { { "do_syscall_64", 104 } }, .sys_own = { "", 16 },	\
	.cpu_stack = { { "hardirq", 16384, 4096 }, { "DF", 8192, 4096 }, { "NMI", 8192, 4096 },	\
		       { "DB", 8192, 4096 }, { "MCE", 8192, 4096 }, { "VC", 8192, 4096 } },	\
	.hardirq_stack = 0, .softirq_stack = 0, .nmi_stack = 2, .overflow_stack = 1,	\
	.link = LINK_TOP_WORD, .ist_from_user_moves = true, .nmi = true,	\
	.irq_entry = "asm_common_interrupt", .softirq_call = "do_softirq_own_stack",	\
	.nmi_entry = "asm_exc_nmi",					\
	.irq = { { "common_interrupt", 40 } },				\
	.irq_own = { { "__common_interrupt", 40 }, { "handle_edge_irq", 32 },	\
		     { "handle_irq_event", 48 } },			\
	.nmi_chain = { { "exc_nmi", 24 }, { "default_do_nmi", 48 } },	\
	.exception = {							\
		{ "page_fault", "asm_exc_page_fault", "exc_page_fault", NULL },	\
		{ "divide_error", "asm_exc_divide_error", "exc_divide_error", NULL },	\
		{ "int3", "asm_exc_int3", "exc_int3", NULL },		\
		{ "debug", "asm_exc_debug", "exc_debug", "DB" },	\
		{ "machine_check", "asm_exc_machine_check", "exc_machine_check", "MCE" },	\
		{ "double_fault", "asm_exc_double_fault", "exc_double_fault", "DF" },	\
	},								\
	.irq_words = "one stack of each CPU for hard and soft interrupts, and one for each of DF, NMI, DB, MCE, VC",	\
	.from_user_words = "an interrupt of user mode stays on the task's empty kernel stack",	\
	.switch_to = "__switch_to_asm", .fork = "kernel_clone",		\
	.alloc = "alloc_thread_stack_node", .release = "free_thread_stack",	\
	.switch_regs = "rbp rbx r12 r13 r14 r15", .switch_words = 7,	\
	.schedule = { { "schedule", 24 }, { "__schedule", 160 } },	\
	.preempt = { { "irqentry_exit_to_user_mode", 24 }, { "exit_to_user_mode_loop", 56 } },	\
	.preempt_entry = "asm_sysvec_apic_timer_interrupt",		\
	.end_check = END_PANIC, .overflow = OVERFLOW_DOUBLE_FAULT,	\
	.double_fault_panics = true,					\
	.depth_with_pid = true, .pf_message = 1

/* cpu came back in 5.16, syscall_work in 5.11. */
#define THREAD_INFO_5_16						\
	.ti_bytes = 24,							\
	.field = { { "flags", 0, 8 }, { "syscall_work", 8, 8 }, { "status", 16, 4 }, { "cpu", 20, 4 } }

/* handle_softirqs() came apart in 6.10, the part of ret_from_fork() that is C in 6.6. */
#define X86_64_6_10							\
	X86_64_MODERN, THREAD_INFO_5_16,				\
	.softirq = { { "__do_softirq", 96 }, { "handle_softirqs", 96 } },	\
	.new_task = "ret_from_fork_asm",				\
	.kthread = { { "ret_from_fork", 56 }, { "kthread", 72 } }

#define X86_64_UNTIL_6_5						\
	.softirq = { { "__do_softirq", 104 } },				\
	.new_task = "ret_from_fork", .kthread = { { "kthread", 80 } }

const struct sim_kernel sim_kernel_linux_6_18_x86_64 = {
	X86_64_6_10,
	.guard_message = "BUG: %s stack guard page was hit at %016llx (stack is %016llx..%016llx)",
	.guard_named = true,
	.sysrq = SYSRQ_TASK_FLAGS, .trace = TRACE_X86_TAGS, .oops_prefix = true,
};

const struct sim_kernel sim_kernel_linux_6_12_x86_64 = {
	X86_64_6_10,
	.guard_message = "BUG: %s stack guard page was hit at %016llx (stack is %016llx..%016llx)",
	.guard_named = true,
	.sysrq = SYSRQ_TGID, .trace = TRACE_X86_TAGS, .oops_prefix = true,
};

const struct sim_kernel sim_kernel_linux_6_1_x86_64 = {
	X86_64_MODERN, THREAD_INFO_5_16, X86_64_UNTIL_6_5,
	.guard_message = "BUG: %s stack guard page was hit at %016llx (stack is %016llx..%016llx)",
	.guard_named = true,
	.sysrq = SYSRQ_NAMED, .trace = TRACE_X86_TAGS,
};

const struct sim_kernel sim_kernel_linux_5_10_x86_64 = {
	X86_64_MODERN, X86_64_UNTIL_6_5,
	.ti_bytes = 16, .field = { { "flags", 0, 8 }, { "status", 8, 4 } },
	.guard_message = "BUG: stack guard page was hit at %016llx (stack is %016llx..%016llx)",
	.guard_end_inclusive = true,
	.sysrq = SYSRQ_RIGHT, .trace = TRACE_X86_PLAIN,
};

/* ---- x86-64 3.10: pages, thread_info at the base but found by a per-CPU variable ---------- */

const struct sim_kernel sim_kernel_linux_3_10_x86_64 = {
	X86_64_WORDS,
	.page_offset = 0xffff880000000000, .task_base = 0xffff88003e000000,
	.cpu_base = 0xffff88003fc00000, .cpu_stride = 0x20000,
	.thread_size = 8192, .source = STACK_PAGES, .zeroed = true,
	.ti = TI_PERCPU_TOP, .ti_bytes = 104,
	.field = { { "task", 0, 8 }, { "exec_domain", 8, 8 }, { "flags", 16, 4 }, { "status", 20, 4 },
		   { "cpu", 24, 4 }, { "preempt_count", 28, 4 }, { "addr_limit", 32, 8 },
		   { "restart_block.fn", 40, 8 } },
	.current = CURRENT_PERCPU,
	.current_words = "per-CPU current_task; thread_info by per-CPU kernel_stack - THREAD_SIZE",
	.regs_syscall = 120, .regs_irq = 136, .regs_kernel = 136, .regs_exception = 168,
	.syscall_entry = "system_call", .syscall_exit = "ret_from_sys_call", .sys_prefix = "SyS_",
	.sys_own = { "", 48 },
	.cpu_stack = { { "irq", 16384, 0 }, { "SS", 4096, 0 }, { "DF", 4096, 0 }, { "NMI", 4096, 0 },
		       { "DB", 8192, 0 }, { "MCE", 4096, 0 } },
	.hardirq_stack = 0, .softirq_stack = 0, .nmi_stack = 3, .overflow_stack = 2,
	.link = LINK_TOP_WORD, .irq_from_user_switches = true, .nmi = true,
	.irq_entry = "common_interrupt", .softirq_call = "call_softirq", .nmi_entry = "nmi",
	.irq_own = { { "do_IRQ", 48 }, { "handle_irq", 24 }, { "handle_edge_irq", 40 },
		     { "handle_irq_event", 48 } },
	.softirq = { { "__do_softirq", 112 } },
	.nmi_chain = { { "do_nmi", 40 }, { "default_do_nmi", 56 } },
	.exception = {
		{ "page_fault", "page_fault", "do_page_fault", NULL },
		{ "divide_error", "divide_error", "do_divide_error", NULL },
		{ "int3", "int3", "do_int3", "DB" },
		{ "debug", "debug", "do_debug", "DB" },
		{ "stack_segment", "stack_segment", "do_stack_segment", "SS" },
		{ "machine_check", "machine_check", "do_machine_check", "MCE" },
		{ "double_fault", "double_fault", "do_double_fault", "DF" },
	},
	.irq_words = "one stack of each CPU for hard and soft interrupts, and one for each of SS, DF, NMI, DB, MCE",
	.from_user_words = "an interrupt always goes to the interrupt stack, also from user mode",
	.switch_to = "switch_to", .new_task = "ret_from_fork", .fork = "do_fork",
	.alloc = "alloc_thread_info_node", .release = "free_thread_info",
	.switch_regs = "flags rbp", .switch_words = 3,
	.schedule = { { "schedule", 16 }, { "__schedule", 144 } },
	.preempt = { { "retint_careful", 8 } },
	.kthread = { { "kthread", 192 } },
	.preempt_entry = "apic_timer_interrupt",
	.end_check = END_UNCHECKED, .overflow = OVERFLOW_SILENT, .preempt_in_ti = true,
	.sysrq = SYSRQ_PC, .sysrq_header = true, .trace = TRACE_X86_BRACKETS, .depth_with_pid = true,
};

/* ---- i386 2.6.39: 8K, or 4K as kernels up to 2.6.36 could have it ---------------------------- */

const struct sim_kernel sim_kernel_linux_2_6_39_i386 = {
	.word = 4, .align = 4, .saved = 4, .arg_regs = 0, .arg_names = "",
	.text = 0xc1000000, .ip_from_top = 20, .sp_from_top = 8,
	.page_offset = 0xc0000000, .task_base = 0xf6000000,
	.cpu_base = 0xf7c00000, .cpu_stride = 0x10000,
	.thread_size = 8192, .source = STACK_PAGES, .top_padding = 8,
	.zeroed = true,
	.ti = TI_MASK_SP, .ti_bytes = 72,
	.field = { { "task", 0, 4 }, { "exec_domain", 4, 4 }, { "flags", 8, 4 }, { "status", 12, 4 },
		   { "cpu", 16, 4 }, { "preempt_count", 20, 4 }, { "addr_limit", 24, 4 },
		   { "restart_block.fn", 28, 4 }, { "previous_esp", 64, 4 } },
	.current = CURRENT_PERCPU,
	.current_words = "per-CPU current_task; thread_info by esp & ~(THREAD_SIZE - 1)",
	.regs_syscall = 68, .regs_irq = 68, .regs_kernel = 60, .regs_exception = 68,
	.syscall_entry = "system_call", .syscall_exit = "resume_userspace", .sys_prefix = "sys_",
	.sys_own = { "", 36 },
	.cpu_stack = { { "hardirq", 8192, 0 }, { "softirq", 8192, 0 }, { "DF", 4096, 0 } },
	.hardirq_stack = 0, .softirq_stack = 1, .nmi_stack = -1, .overflow_stack = 2,
	.link = LINK_REGISTER, .irq_from_user_switches = true, .nmi = true,
	.irq_entry = "common_interrupt", .softirq_call = "call_on_stack", .nmi_entry = "nmi",
	.irq = { { "do_IRQ", 28 }, { "handle_irq", 32 } },
	.irq_own = { { "handle_edge_irq", 24 }, { "handle_irq_event", 24 } },
	.softirq = { { "__do_softirq", 60 } },
	.nmi_chain = { { "do_nmi", 28 }, { "default_do_nmi", 36 } },
	.exception = {
		{ "page_fault", "page_fault", "do_page_fault", NULL },
		{ "divide_error", "divide_error", "do_divide_error", NULL },
		{ "int3", "int3", "do_int3", NULL },
		{ "debug", "debug", "do_debug", NULL },
		{ "machine_check", "machine_check", "do_machine_check", NULL },
		{ "double_fault", "doublefault_tss", "doublefault_fn", "DF" },
	},
	.low_stack_warning = true,
	.irq_words = "two stacks of each CPU, one for hard, one for soft interrupts; a double fault has a task gate",
	.from_user_words = "an interrupt always goes to the interrupt stack, also from user mode",
	.switch_to = "switch_to", .new_task = "ret_from_fork", .fork = "do_fork",
	.alloc = "alloc_thread_info_node", .release = "free_thread_info",
	.switch_regs = "flags ebp", .switch_words = 3,
	.schedule = { { "schedule", 116 } },
	.preempt = { { "work_resched", 4 } },
	.kthread = { { "kernel_thread_helper", 4 }, { "kthread", 84 } },
	.preempt_entry = "apic_timer_interrupt",
	.end_check = END_UNCHECKED, .overflow = OVERFLOW_SILENT, .preempt_in_ti = true,
	.sysrq = SYSRQ_PC, .sysrq_header = true, .trace = TRACE_X86_BRACKETS,
};

/* ---- arm64 ----------------------------------------------------------------------------------- */

#define ARM64_WORDS							\
	.word = 8, .align = 16, .saved = 2, .arg_regs = 8, .lr_low = true,	\
	.arg_names = "x0 x1 x2 x3 x4 x5 x6 x7"

const struct sim_kernel sim_kernel_linux_4_3_arm64 = {
	ARM64_WORDS,
	.text = 0xffffffc000080000, .ip_from_top = 32, .sp_from_top = 40,
	.page_offset = 0xffffffc000000000, .task_base = 0xffffffc03e000000,
	.cpu_base = 0xffffffc03fc00000, .cpu_stride = 0x10000,
	.thread_size = 16384, .source = STACK_PAGES, .top_padding = 16, .zeroed = true,
	.ti = TI_MASK_SP, .ti_bytes = 32,
	.field = { { "flags", 0, 8 }, { "addr_limit", 8, 8 }, { "task", 16, 8 },
		   { "preempt_count", 24, 4 }, { "cpu", 28, 4 } },
	.current = CURRENT_TI_TASK,
	.current_words = "thread_info by sp & ~(THREAD_SIZE - 1), current is its field task",
	.regs_syscall = 288, .regs_irq = 288, .regs_kernel = 288, .regs_exception = 288,
	.syscall_entry = "el0_svc", .syscall_exit = "ret_to_user", .sys_prefix = "sys_",
	.sys_own = { "", 48 },
	.hardirq_stack = -1, .softirq_stack = -1, .nmi_stack = -1, .overflow_stack = -1,
	.link = LINK_REGISTER,
	.irq_entry = "el0_irq, el1_irq", .softirq_call = "do_softirq", .nmi_entry = "",
	.irq = { { "gic_handle_irq", 64 }, { "__handle_domain_irq", 48 }, { "handle_fasteoi_irq", 32 },
		 { "handle_irq_event", 32 } },
	.softirq = { { "irq_exit", 16 }, { "__do_softirq", 112 } },
	.exception = {
		{ "page_fault", "el0_da, el1_da", "do_mem_abort", NULL },
		{ "undefined", "el0_undef, el1_undef", "do_undefinstr", NULL },
		{ "debug", "el0_dbg, el1_dbg", "do_debug_exception", NULL },
	},
	.irq_words = "no stack for interrupts: they run on the stack of the task they interrupt",
	.from_user_words = "an interrupt of user mode begins on the task's empty kernel stack",
	.switch_to = "cpu_switch_to", .new_task = "ret_from_fork", .fork = "_do_fork",
	.alloc = "alloc_thread_info_node", .release = "free_thread_info",
	.switch_regs = "x19 to x28, fp, sp, lr", .switch_task_bytes = 104,
	.schedule = { { "schedule", 32 }, { "__schedule", 80 }, { "__switch_to", 32 } },
	.preempt = { { "work_resched", 16 } },
	.kthread = { { "kthread", 176 } },
	.preempt_entry = "el0_irq",
	.end_check = END_BUG, .overflow = OVERFLOW_SILENT, .preempt_in_ti = true,
	.sysrq = SYSRQ_PC, .sysrq_header = true, .trace = TRACE_ARM64_BRACKETS, .depth_with_pid = true,
};

const struct sim_kernel sim_kernel_linux_6_18_arm64 = {
	ARM64_WORDS,
	.text = 0xffff800080010000, .ip_from_top = 64, .sp_from_top = 72,
	.page_offset = 0xffff000000000000, .vmalloc_start = 0xffff800083000000,
	.task_base = 0xffff000001000000,
	.cpu_base = 0xffff800082000000, .cpu_stride = 0x40000,
	.thread_size = 16384, .source = STACK_VMALLOC, .cached_stacks = 2, .guard = 4096,
	.zeroed = true,
	.ti = TI_IN_TASK, .ti_bytes = 24,
	.field = { { "flags", 0, 8 }, { "preempt_count", 8, 8 }, { "cpu", 16, 4 } },
	.current = CURRENT_SP_EL0,
	.current_words = "register sp_el0; thread_info is the first member of task_struct",
	.regs_syscall = 320, .regs_irq = 320, .regs_kernel = 320, .regs_exception = 320,
	.syscall_entry = "el0t_64_sync", .syscall_exit = "ret_to_user", .sys_prefix = "__arm64_sys_",
	.syscall = { { "el0t_64_sync_handler", 32 }, { "el0_svc", 32 }, { "do_el0_svc", 16 },
		     { "invoke_syscall", 48 } },
	.sys_own = { "", 32 },
	.cpu_stack = { { "irq", 16384, 4096 }, { "overflow", 4096, 0 }, { "SDEI", 16384, 4096 } },
	.hardirq_stack = 0, .softirq_stack = 0, .nmi_stack = 0, .overflow_stack = 1,
	.link = LINK_RECORD, .irq_from_user_switches = true, .nmi = true,
	.irq_entry = "el0t_64_irq, el1h_64_irq", .softirq_call = "do_softirq_own_stack",
	.nmi_entry = "el1h_64_irq",
	.irq = { { "el1_interrupt", 48 }, { "do_interrupt_handler", 32 }, { "call_on_irq_stack", 16 } },
	.irq_own = { { "gic_handle_irq", 64 }, { "generic_handle_domain_irq", 32 },
		     { "handle_fasteoi_irq", 48 }, { "handle_irq_event", 48 } },
	.softirq = { { "__do_softirq", 16 }, { "handle_softirqs", 128 } },
	.nmi_chain = { { "gic_handle_irq", 64 }, { "generic_handle_domain_nmi", 32 } },
	.exception = {
		{ "page_fault", "el0t_64_sync, el1h_64_sync", "do_mem_abort", NULL },
		{ "undefined", "el0t_64_sync, el1h_64_sync", "do_el0_undef", NULL },
		{ "debug", "el0t_64_sync, el1h_64_sync", "do_debug_exception", NULL },
		{ "sdei", "__sdei_asm_handler", "__sdei_handler", "SDEI" },
	},
	.irq_words = "one stack of each CPU for hard and soft interrupts, one for overflows, and one for SDEI",
	.from_user_words = "an interrupt enters on the task's stack and switches where it is on that",
	.switch_to = "cpu_switch_to", .new_task = "ret_from_fork", .fork = "kernel_clone",
	.alloc = "alloc_thread_stack_node", .release = "free_thread_stack",
	.switch_regs = "x19 to x28, fp, sp, lr", .switch_task_bytes = 104,
	.schedule = { { "schedule", 48 }, { "__schedule", 128 }, { "__switch_to", 48 } },
	.preempt = { { "el0_interrupt", 32 }, { "exit_to_user_mode_loop", 80 } },
	.kthread = { { "kthread", 96 } },
	.preempt_entry = "el0t_64_irq",
	.end_check = END_PANIC, .overflow = OVERFLOW_ARM64,
	.sysrq = SYSRQ_TASK_FLAGS, .depth_with_pid = true, .trace = TRACE_ARM64_PLAIN, .pf_message = 1,
};
