/* SPDX-License-Identifier: GPL-2.0-or-later
 * A kernel profile: one table of constants and named rule choices. The mm code asks the
 * table; it never asks for a version.
 */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H
#include <stdbool.h>
#include <stdint.h>
#include "profile_kernel.h"

#define PROFILE_MAX_LEVELS 5

/* Every choice that kernels make differently, one row each: its name, the version that changed
 * it, what changed. The value 0 is what kernels did before, unless a row names an enum. Where
 * two profiles part, the rule that was asked last and differs is the reason given. */
#define SIM_RULES(X)										\
	X(guard_gap_skips_inaccessible, "4.13",							\
	  "growth needs no gap to a neighbour that nobody may access")				\
	X(first_brk_keeps_bss, "6.1", "the first heap VMA does not join the equal bss below it")	\
	X(shrink_needs_mapping, "6.1", "brk fails where nothing is mapped between new and old break") \
	X(stack_mapping_nohuge, "6.7", "MAP_STACK sets VM_NOHUGEPAGE, so it joins no other mapping") \
	X(unwritten_loses_account, "6.12",							\
	  "mprotect to unwritable drops VM_ACCOUNT where nothing was written")			\
	X(merge_faulted_into_unfaulted, "6.16", "a touched VMA joins untouched neighbours")	\
	X(thp_aligns_anon, "6.7", "anonymous memory in multiples of 2 MiB is aligned to 2 MiB")	\
	X(thp_aligns_file, "6.1", "large file mappings are placed to suit huge pages")		\
	X(pt_reclaim, "6.14", "dontneed frees a page table that becomes empty")			\
	X(mremap_multi, "6.17", "a pure move may take several VMAs along")			\
	X(dontunmap_keeps_account, "6.17", "the emptied source of a move stays accounted")	\
	X(dontunmap_double_counts, "6.16", "MREMAP_DONTUNMAP counts locked memory twice")	\
	X(exec_reads_first, "x86",								\
	  "a fetch without x maps the page like a read, and fails at the second fault")		\
	X(guard_flag_shown, "6.18", "guard pages leave the flag gu in the VMA")			\
	X(has_ksm, "2.6.32", "memory may be merged with equal pages of others")

enum sim_rule {
#define X(name, since, change) SIM_RULE_##name,
	SIM_RULES(X)
#undef X
	SIM_NRULES
};
#define SIM_RULE_WORDS ((SIM_NRULES + 63) / 64)

/* What a profile stands on, for the interface. */
struct sim_proof {
	bool proven;		/* equal to recordings of a real kernel; otherwise from source */
	const char *by;		/* "Linux 6.12.117 (Debian)"; from source: which tree */
};

struct sim_profile {
	const char *name, *machine;

	/* address space */
	uint64_t task_size, stack_top;
	uint64_t unmapped_base;		/* where bottom-up placement begins */
	uint64_t low_base, low_end;	/* MAP_32BIT */
	uint64_t canonical_end;		/* lowest address that is not canonical; 0: none */
	uint64_t kernel_start;		/* first canonical kernel address */
	unsigned levels;		/* of page tables */
	unsigned shift[PROFILE_MAX_LEVELS];	/* of the entries, from the pte */
	const char *level_name[PROFILE_MAX_LEVELS];
	uint64_t table_bytes;		/* what a table counts in VmPTE */

	/* constants */
	uint64_t mmap_min_addr;		/* effective: hints, free placement, growth */
	uint64_t dac_mmap_min_addr;	/* fixed addresses, without capability */
	uint64_t stack_guard_gap;	/* bytes */
	uint64_t stack_expand;		/* bytes added to the first stack VMA */
	uint64_t mmap_gap_min, mmap_gap_max;
	uint64_t exec_block;   /* bytes between sp and the end of the stack, agent's strings */
	uint64_t thread_block; /* bytes a thread descriptor takes at the top of its stack */
	uint64_t fault_around;		/* bytes */
	uint64_t readahead;		/* bytes read around a missing page of a file */
	uint64_t thp_size;		/* alignment of large mappings; 0: none */
	uint64_t text, data, bss, start_brk;
	uint64_t exe_pages;		/* of the program's file */
	uint64_t data_bytes;		/* end_data - start_data */
	uint64_t vvar_pages, vvar_vclock_pages, vdso_pages;
	uint64_t vvar_there, vvar_vclock_there;	/* bit n: page n exists */

	const struct sim_kernel *kernel;	/* its own side: stacks, interrupts, messages */

	/* rule choices, in the mm code by RULE() */
	uint8_t rule[SIM_NRULES];
	struct sim_proof proof;
};

/* One file for each family; profile.c lists them all, the default first. */
extern const struct sim_profile profile_linux_6_18_x86_64;

extern const struct sim_profile *const sim_profiles[];	/* NULL ends */

struct sim_rule_info {
	const char *name;
	const char *since;	/* the version that made the change */
	const char *change;	/* what it changed, as a sentence's end: "6.7 MAP_STACK sets ..." */
};
extern const struct sim_rule_info sim_rules[SIM_NRULES];

#endif
