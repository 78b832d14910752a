/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/profile_constants.h"

#include <stddef.h>

#define FIELDS(X)			\
	X(task_size, task_size)		\
	X(stack_top, stack_top)		\
	X(unmapped_base, unmapped_base)	\
	X(levels, levels)		\
	X(entries, table_entries)	\
	X(guard_gap, stack_guard_gap)	\
	X(cushion, sp_cushion)		\
	X(stack_expand, stack_expand)	\
	X(gap_min, mmap_gap_min)	\
	X(admin_reserve, admin_reserve)	\
	X(fault_around, fault_around)	\
	X(readahead, readahead)		\
	X(thp_size, thp_size)		\
	X(vvar_pages, vvar_pages)	\
	X(vdso_pages, vdso_pages)	\
	X(thread_size, kernel->thread_size)	\
	X(word, kernel->word)		\
	X(arg_regs, kernel->arg_regs)	\
	X(saved, kernel->saved)		\
	X(align, kernel->align)		\
	X(ti_bytes, kernel->ti_bytes)	\
	X(regs_syscall, kernel->regs_syscall)	\
	X(regs_irq, kernel->regs_irq)	\
	X(regs_exception, kernel->regs_exception)	\
	X(switch_words, kernel->switch_words)	\
	X(ti, kernel->ti)		\
	X(source, kernel->source)	\
	X(overflow, kernel->overflow)	\
	X(end_check, kernel->end_check)	\
	X(current, kernel->current)	\
	X(link, kernel->link)		\
	X(vma_index, vma_index)

#define X(name, field) static uint64_t get_##name(const struct sim_profile *p) { return (uint64_t)p->field; }
FIELDS(X)
#undef X

/* Those that can be had alone, whatever the rest of the profile is. */
#define X(name, field) \
	static void set_##name(struct sim_profile *p, const struct sim_profile *from) { p->field = from->field; }
X(guard_gap, stack_guard_gap)
X(cushion, sp_cushion)
X(stack_expand, stack_expand)
X(gap_min, mmap_gap_min)
X(admin_reserve, admin_reserve)
X(fault_around, fault_around)
X(readahead, readahead)
X(thp_size, thp_size)
#undef X

/* An enum in words, a text of the kernel's table. */
#define WORDS(name, field, ...)								\
	static const char *words_##name(const struct sim_profile *p)			\
	{										\
		static const char *const words[] = { __VA_ARGS__ };			\
											\
		return words[p->field];							\
	}
#define TEXT(name, field)								\
	static const char *words_##name(const struct sim_profile *p)			\
	{										\
		return p->kernel->field ? p->kernel->field : "";			\
	}

WORDS(ti, kernel->ti,
      [TI_MASK_SP] = "base of the stack, found by masking sp",
      [TI_PERCPU_TOP] = "base of the stack, found by a per-CPU variable",
      [TI_IN_TASK] = "inside task_struct")
WORDS(source, kernel->source,
      [STACK_PAGES] = "pages of the buddy allocator", [STACK_VMALLOC] = "vmalloc, with a guard page")
WORDS(overflow, kernel->overflow,
      [OVERFLOW_SILENT] = "what lies below is overwritten silently",
      [OVERFLOW_DOUBLE_FAULT] = "a double fault on a stack of its own",
      [OVERFLOW_ARM64] = "the entry code finds sp off the stack, on the overflow stack")
WORDS(end_check, kernel->end_check,
      [END_UNCHECKED] = "nobody looks", [END_BUG] = "schedule() stops with BUG",
      [END_PANIC] = "schedule() panics")
WORDS(index, vma_index,
      [SIM_INDEX_MAPLE] = "a maple tree", [SIM_INDEX_RBTREE] = "a list and a red-black tree")
TEXT(current, current_words)
TEXT(irq, irq_words)
TEXT(from_user, from_user_words)
TEXT(entry, syscall_entry)
TEXT(regs, switch_regs)

const struct sim_constant sim_constants[] = {
	{ "THREAD_SIZE", "3.15 (x86-64), 3.13 (arm64): 16K",
	  "the size of a kernel stack", CONSTANT_BYTES, "THREAD_SIZE|thread_stack|thread_info|alloc_thread",
	  get_thread_size, NULL, false, NULL },
	{ "CONFIG_VMAP_STACK", "4.9 (x86), 4.14 (arm64)", "where kernel stacks come from", CONSTANT_WORDS,
	  "vmalloc|vmap|alloc_thread|free_thread|guard page", get_source, words_source, false, NULL },
	{ "overflow", "4.9 (x86), 4.14 (arm64)", "what an overflow of the kernel stack meets", CONSTANT_WORDS,
	  "guard page|double fault|double_fault|handle_stack_overflow|overrun|overwritten|bad_stack", get_overflow,
	  words_overflow, false, NULL },
	{ "thread_info", "4.9 (x86), 4.10 (arm64)", "where thread_info lies", CONSTANT_WORDS,
	  "thread_info|current", get_ti, words_ti, false, NULL },
	{ "current", "2.6.30 (x86: per CPU), 4.10 (arm64: sp_el0)", "how the kernel finds the current task",
	  CONSTANT_WORDS, "current", get_current, words_current, false, NULL },
	{ "SCHED_STACK_END_CHECK", "3.18", "who finds an overwritten end of the stack", CONSTANT_WORDS,
	  "end_of_stack|STACK_END_MAGIC|stack_end", get_end_check, words_end_check, false, NULL },
	{ "interrupt stacks", "by architecture; arm64: 4.5", "where interrupts run", CONSTANT_WORDS,
	  "irq|softirq|nmi|interrupt|IST", get_link, words_irq, false, NULL },
	{ "interrupts of user mode", "by architecture", "where an interrupt of user mode runs", CONSTANT_WORDS,
	  "user mode was interrupted|user_mode(regs)", get_link, words_from_user, false, NULL },
	{ "pt_regs", "by version", "bytes of registers that a system call saves", CONSTANT_BYTES,
	  "syscall|sysret|pt_regs|system_call|entry_SYSCALL", get_regs_syscall, NULL, false, NULL },
	{ "pt_regs", "by version", "bytes of registers that an interrupt saves", CONSTANT_BYTES, "pt_regs|interrupt",
	  get_regs_irq, NULL, false, NULL },
	{ "pt_regs", "by architecture", "bytes of registers that an exception saves", CONSTANT_BYTES,
	  "pt_regs|exception", get_regs_exception, NULL, false, NULL },
	{ "entry", "by version", "the function that a system call enters", CONSTANT_WORDS,
	  "syscall|sysret|system_call|entry_SYSCALL|el0_svc", get_regs_syscall, words_entry, false, NULL },
	{ "switch_to", "4.9 (x86)", "registers that a context switch saves", CONSTANT_WORDS,
	  "switch_to|cpu_switch_to", get_switch_words, words_regs, false, NULL },
	{ "arguments in registers", "by architecture", "how many arguments of a call travel in registers",
	  CONSTANT_COUNT, "argument", get_arg_regs, NULL, false, NULL },
	{ "sizeof(long)", "by architecture", "bytes of a machine word", CONSTANT_BYTES, "machine word",
	  get_word, NULL, false, NULL },
	{ "levels", "by architecture", "page tables have so many levels", CONSTANT_COUNT,
	  "pud|pmd|p4d|pgd|page table", get_levels, NULL, true, NULL },
	{ "PTRS_PER_PTE", "by architecture", "entries of a page table", CONSTANT_COUNT, "pte_alloc|pmd",
	  get_entries, NULL, true, NULL },
	{ "VMA index", "6.1: one maple tree", "how the VMAs of a process are found", CONSTANT_WORDS,
	  "maple|mm_rb|find_vma_prev", get_vma_index, words_index, true, NULL },
	{ "TASK_SIZE", "by architecture", "where user space ends", CONSTANT_ADDRESS, "TASK_SIZE|STACK_TOP",
	  get_task_size, NULL, true, NULL },
	{ "STACK_TOP", "by architecture", "where the stack begins", CONSTANT_ADDRESS, "STACK_TOP", get_stack_top,
	  NULL, true, NULL },
	{ "TASK_UNMAPPED_BASE", "by architecture", "where bottom-up placement begins", CONSTANT_ADDRESS,
	  "TASK_UNMAPPED_BASE", get_unmapped_base, NULL, true, NULL },
	{ "stack_guard_gap", "4.12", "the gap that growth leaves free below a stack", CONSTANT_BYTES,
	  "stack_guard_gap|guard gap", get_guard_gap, NULL, true, set_guard_gap },
	{ "below sp", "5.0 (x86: until then refused)", "how far below sp an access may grow the stack",
	  CONSTANT_BYTES, "sp - 65536|far below sp", get_cushion, NULL, true, set_cushion },
	{ "stack_expand", "2.6.23", "what exec adds to the first stack VMA", CONSTANT_BYTES, "stack_expand",
	  get_stack_expand, NULL, true, set_stack_expand },
	{ "MIN_GAP", "by architecture", "the least room between the stack and mmap_base", CONSTANT_BYTES,
	  "MIN_GAP|mmap_base", get_gap_min, NULL, true, set_gap_min },
	{ "admin_reserve_kbytes", "3.10", "memory that overcommit keeps for root", CONSTANT_COUNT,
	  "admin_reserve|overcommit", get_admin_reserve, NULL, false, set_admin_reserve },
	{ "fault_around_bytes", "3.15", "a read fault maps what is cached around it", CONSTANT_BYTES,
	  "fault_around|do_fault_around|filemap_map_pages", get_fault_around, NULL, false, set_fault_around },
	{ "readahead", "the machine's disk", "what is read of a file around a missing page", CONSTANT_BYTES, "readahead",
	  get_readahead, NULL, false, set_readahead },
	{ "HPAGE_PMD_SIZE", "6.7", "what large mappings are aligned to", CONSTANT_BYTES, "thp_get_unmapped_area|aligned",
	  get_thp_size, NULL, true, set_thp_size },
	{ "vvar", "after 6.12", "pages of the kernel's variables", CONSTANT_COUNT, "vvar", get_vvar_pages, NULL, false, NULL },
	{ "vdso", "by architecture", "pages of the vdso", CONSTANT_COUNT, "vdso", get_vdso_pages, NULL, false, NULL },
	{ "callee-saved registers", "by architecture", "registers that a function saves", CONSTANT_COUNT,
	  "saved registers", get_saved, NULL, false, NULL },
	{ "stack alignment", "by architecture", "what sp is aligned to", CONSTANT_BYTES, "aligned", get_align, NULL,
	  false, NULL },
	{ "sizeof(struct thread_info)", "4.9 (x86), 4.10 (arm64)", "bytes of thread_info", CONSTANT_BYTES,
	  "thread_info", get_ti_bytes, NULL, false, NULL },
	{ NULL, NULL, NULL, CONSTANT_COUNT, NULL, NULL, NULL, false, NULL },
};
