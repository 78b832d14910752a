/* SPDX-License-Identifier: GPL-2.0-or-later
 * A kernel profile: one table of constants and named rule choices. The mm code asks the
 * table; it never asks for a version.
 */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H
#include <stdbool.h>
#include <stdint.h>

#define PROFILE_MAX_LEVELS 5

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

	/* rule choices */
	bool guard_gap_skips_inaccessible;	/* growth needs no gap to a PROT_NONE neighbour */
	bool first_brk_merges_bss;
	bool shrink_needs_mapping;		/* brk fails where nothing is mapped to shrink */
	bool stack_mapping_nohuge;		/* MAP_STACK sets VM_NOHUGEPAGE */
	bool unwritten_loses_account;		/* mprotect to unwritable drops VM_ACCOUNT */
	bool merge_faulted_into_unfaulted;
	bool thp_aligns_anon, thp_aligns_file;
	bool pt_reclaim;			/* dontneed frees empty PTE tables */
	bool mremap_multi;			/* a pure move may take several VMAs */
	bool dontunmap_keeps_account;		/* the emptied source stays accounted */
	bool dontunmap_double_counts;		/* locked memory, VmLck */
	bool exec_reads_first;			/* a fetch without x maps the page, then faults */
	bool guard_flag_shown;			/* gu in VmFlags, sticky at merges */
	bool has_ksm;
};

extern const struct sim_profile sim_profiles[];
extern const unsigned sim_nprofiles;

#endif
