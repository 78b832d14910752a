/* SPDX-License-Identifier: GPL-2.0-or-later
 * A kernel profile: one table of constants and named rule choices. The mm code asks the
 * table; it never asks for a version.
 */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H
#include <stdbool.h>
#include <stdint.h>
#include "profile_kernel.h"
#include "profile_zone.h"

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
	X(unwritten_loses_account, "6.7",							\
	  "mprotect to unwritable drops VM_ACCOUNT where nothing was written")			\
	X(merge_faulted_into_unfaulted, "6.16", "a touched VMA joins untouched neighbours")	\
	X(thp_aligns_anon, "6.7", "anonymous memory in multiples of 2 MiB is aligned to 2 MiB")	\
	X(thp_aligns_file, "5.18", "large file mappings are placed to suit huge pages")		\
	X(pt_reclaim, "6.14", "dontneed frees a page table that becomes empty")			\
	X(gap_search_restarts, "6.1",								\
	  "placement that meets a guard gap goes on below it, past the holes in between")	\
	X(fills_upper, "6.1 to 6.11",								\
	  "a mapping between two that do not fit each other joins the upper one")		\
	X(realigns_moves, "6.7", "mremap moves a whole page table where nothing else is in it")	\
	X(mprotect_keeps_write, "6.0", "mprotect lets pages be written that are the process's own") \
	X(dirtying_completes, "6.0",								\
	  "a write that makes a page of a shared mapping dirty, or any to a shared page of a file, "	\
	  "is not tried a second time")								\
	X(onfault_skips, "5.18", "locking on fault does not look at what cannot be populated")	\
	X(populate_stops, "6.9", "populate_read and populate_write stop at the first hole")	\
	X(around_ends_with_file, "6.17 (and 6.12.117)",								\
	  "the pages mapped around a fault are looked for up to the end of the file only")	\
	X(infinite_stack_topdown, "4.13 (x86)", "an unlimited stack leaves placement top-down")	\
	X(software_af, "arm64 before 8.1",							\
	  "the processor does not note accesses and writes: the first one of each faults")	\
	X(top_byte_ignored, "arm64", "the processor ignores the uppermost byte of an address")		\
	X(stack_names_thread, "3.4 to 4.4", "maps name the thread whose sp lies in a mapping: [stack:TID]") \
	X(mte_allowed, "arm64, 5.10",								\
	  "stack and heap carry a hidden flag, VM_MTE_ALLOWED, that other mappings have not")	\
	X(vvar_mixed, "7.1", "the pages of vvar are pages with a struct page: VM_MIXEDMAP")	\
	X(special_whole, "5.11", "vvar and the vdso cannot be split")				\
	X(vdso_moves_whole, "4.8 (x86)", "the vdso moves as a whole or not at all")		\
	X(no_denywrite, "5.15", "mappings of the program no longer carry VM_DENYWRITE")		\
	X(lockonfault_named, "6.5", "VM_LOCKONFAULT has a name in VmFlags")			\
	X(heap_label_exact, "6.6", "[heap] is what overlaps the heap, not what touches it")	\
	X(thp_aligns_topdown, "6.8",								\
	  "a place that is aligned already is taken at the upper end of its hole")		\
	X(moves_puds, "5.11", "mremap makes the tables of the new place down to the pmd's first") \
	X(dontunmap_own_vma, "7.2 (and 6.1.192, 6.12.117)",					\
	  "what MREMAP_DONTUNMAP leaves behind stays a VMA of its own, and only it is unlocked")	\
	X(mremap_params_first, "6.16",								\
	  "mremap to no multiple of a page is EINVAL before the source is looked for")		\
	X(mremap_looks_first, "5.16", "mremap of what is not mapped is EFAULT at once")		\
	X(mremap_checks_first, "6.17",								\
	  "mremap finds what is wrong with its source before it unmaps anything")		\
	X(dontunmap_files, "5.13", "MREMAP_DONTUNMAP moves files and shared memory as well")	\
	X(dontunmap_unlinks, "5.13", "what MREMAP_DONTUNMAP leaves behind has no anon_vma any more")	\
	X(mremap_multi, "6.17", "a pure move may take several VMAs along")			\
	X(dontunmap_keeps_account, "6.17", "the emptied source of a move stays accounted")	\
	X(dontunmap_double_counts, "6.16", "MREMAP_DONTUNMAP counts locked memory twice")	\
	X(exec_reads_first, "x86",								\
	  "a fetch without x maps the page like a read, and fails at the second fault")		\
	X(guard_flag_shown, "6.18", "fork knows guard pages by a flag of the VMA (gu), no longer by an anon_vma")			\
	X(per_vma_locks, "6.4",									\
	  "a fault at the mark where more of the file is read ahead stays a minor one")		\
	X(exec_reads_own, "6.17",								\
	  "a missing page of executable memory: what the mapping has from there on is read")	\
	X(has_ksm, "2.6.32", "memory may be merged with equal pages of others")			\
	X(has_cold, "5.4", "cold and pageout are known")					\
	X(has_dontunmap, "5.7", "MREMAP_DONTUNMAP is known")					\
	X(has_populate, "5.14", "populate_read and populate_write are known")			\
	X(has_dontneed_locked, "5.18", "dontneed_locked is known")				\
	X(grown_merges, "6.0", "a mapping that mremap extends joins the one above it")		\
	X(mmap_gathers_first, "6.12",								\
	  "mmap fixed splits what it will replace, then looks at the limits, then unmaps")	\
	X(has_mseal, "6.10", "there is mseal")							\
	X(has_hwpoison, "as it was built", "hwpoison and soft_offline are known: privileges")	\
	X(has_guards, "6.13", "guard_install and guard_remove are known")			\
	PROFILE_ZONE_RULES(X)									\
	PROFILE_OLD_RULES(X)

/* What kernels had become by 5.2; a profile of a later one names PROFILE_SINCE_5_2 in its
 * table, which chooses all of these. */
#define PROFILE_OLD_RULES(X)									\
	X(has_guard, "2.6.36", "a stack keeps a guard below itself")				\
	X(guard_outside, "4.12", "the guard is a gap outside of the stack, not its lowest page")	\
	X(guard_failure_kills, "3.19", "a guard page that cannot be had is a SIGSEGV")		\
	X(limit_spares_guard, "3.19", "RLIMIT_STACK does not count the guard page")		\
	X(expand_checks_neighbour, "3.9", "a stack does not grow right up to another mapping")	\
	X(growth_ignores_sp, "5.0", "a stack grows however far below sp it is touched")		\
	X(growth_min_addr, "5.0", "growth ends at mmap_min_addr, before anything else is looked at") \
	X(failed_faults_uncounted, "5.9 (arm64)", "an access that ends with a signal adds no fault") \
	X(pte_table_late, "4.8", "a page table is made when there is a page to map")		\
	X(no_execute, "2.6.8 (64 bit, PAE)", "a page without x cannot be executed")		\
	X(pmd_counted_apart, "4.0", "the tables above the ptes are counted, as VmPMD")		\
	X(pgtables_bytes, "4.15", "VmPTE counts the tables of all levels")			\
	X(rss_split, "4.5", "RssAnon, RssFile and RssShmem are told apart")			\
	X(smaps_flags, "3.8", "smaps shows VmFlags")						\
	X(data_vm, "4.5", "private writable memory is counted as data, and RLIMIT_DATA holds it") \
	X(overcommit_total_ram, "5.2", "a request is held against all RAM, not against what is free") \
	X(merge_minds_parents, "3.0", "a VMA with inherited pages joins no new neighbour")	\
	X(anon_vma_reused, "3.19", "a child may take over an idle anon_vma")			\
	X(populate_skips_guard, "3.9", "MAP_POPULATE leaves the guard page alone, as locking does") \
	X(fixed_limit_first, "3.10", "mmap fixed holds RLIMIT_AS against what it adds, then unmaps") \
	X(growsdown_private, "3.3", "growsdown is refused for shared memory as well")		\
	X(growsdown_checked_first, "3.12", "growsdown is refused before anything is unmapped")	\
	X(fixed_noreplace, "4.17", "MAP_FIXED_NOREPLACE is known")				\
	X(file_size_checked, "4.17", "a mapping beyond what a file can be is EOVERFLOW")	\
	X(gaps_in_tree, "3.8", "the tree knows the gaps: the highest that fits is found")	\
	X(willneed_anon, "3.9", "willneed of anonymous memory is no error")			\
	X(remove_by_maywrite, "6.7 (and stable kernels)", "remove asks whether the mapping may become writable")	\
	X(remove_punches, "3.5", "remove punches holes into files too")				\
	X(hugepage_lenient, "4.4", "hugepage and nohugepage may be said twice, and of shared memory") \
	X(has_dontdump, "3.4", "dontdump and dodump are known")					\
	X(has_free, "4.5", "MADV_FREE is known")						\
	X(has_wipeonfork, "4.14", "wipeonfork and keeponfork are known")			\
	X(has_mlock2, "4.4", "locking on fault is known")					\
	X(mlock_counts_once, "4.9", "mlock does not count what is locked already")		\
	X(same_length_free, "4.3", "a move that keeps its length is held against no limit")	\
	X(charge_is_enomem, "4.1", "mremap without memory to promise is ENOMEM, no longer EFAULT") \
	X(fixed_counts_maps, "5.1", "mremap to a fixed place counts the VMAs before it unmaps anything") \
	X(zero_old_len_shared, "4.14", "mremap of length 0 duplicates shared memory only")	\
	X(moves_tables, "5.0", "mremap moves whole page tables")				\
	X(mprotect_populates, "4.2", "locked memory that becomes writable is faulted in at once") \
	X(vvar_by_number, "5.9 (arm64)", "vvar is mapped by frame numbers, which count nowhere")	\
	X(args_with_pointers, "4.13", "the limit of arguments counts their pointers, and is 6 MiB at most")


#define PROFILE_CHOOSE(name, since, change) [SIM_RULE_##name] = 1,
#define PROFILE_SINCE_5_2 PROFILE_OLD_RULES(PROFILE_CHOOSE)

enum sim_rule {
#define X(name, since, change) SIM_RULE_##name,
	SIM_RULES(X)
#undef X
	SIM_NRULES
};
#define SIM_RULE_WORDS ((SIM_NRULES + 63) / 64)

/* How the VMAs of an mm are found: a linked list in order of address with a red-black tree
 * beside it, or one tree of nodes with many ranges each. With the former the machine keeps the
 * tree itself, as insertion and removal shape it: sim_rb_nodes() of sim.h gives it to views. */
enum sim_vma_index { SIM_INDEX_MAPLE, SIM_INDEX_RBTREE };

/* A field of this kernel's mm_struct; unit is an enum sim_unit. */
struct sim;
struct mm;
struct sim_mm_field {
	const char *name;
	unsigned unit;
	uint64_t (*get)(const struct sim *s, const struct mm *mm);
};
/* mm_fields.c; a profile takes the one of its kernel, or of the next older one. */
extern const struct sim_mm_field sim_mm_fields_2_6_39[], sim_mm_fields_3_10[], sim_mm_fields_4_3[],
	sim_mm_fields_5_10[], sim_mm_fields_6_1[];

/* A function's name in this kernel, where the mm code names a step by a newer one. */
struct sim_func_name { const char *now, *then; };

/* What a profile stands on, for the interface. */
struct sim_proof {
	bool proven;		/* equal to recordings of a real kernel; otherwise from source */
	const char *by;	/* "proven on Linux 6.12.117 (Debian)", "from the source of Linux 3.10" */
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
	const char *folded[3];		/* levels between the top one and the next that are folded */
	unsigned table_entries;		/* of every table */
	uint64_t table_bytes;		/* what a table counts in VmPTE */
	const char *table_register;	/* holds the address of the top table; NULL: cr3 */
	uint64_t address_mask;		/* what an unsigned long holds */
	uint64_t ram_pages;		/* the machine's RAM, where a scenario says nothing */
	enum sim_vma_index vma_index;

	/* constants */
	uint64_t mmap_min_addr;		/* effective: hints, free placement, growth */
	uint64_t dac_mmap_min_addr;	/* fixed addresses, without capability */
	uint64_t stack_guard_gap;	/* bytes; 0: the guard is a page inside, or none */
	uint64_t sp_cushion;		/* how far below sp an access may be: below, no growth */
	uint64_t stack_expand;		/* bytes added to the first stack VMA */
	uint64_t mmap_gap_min, mmap_gap_max;
	uint64_t admin_reserve;		/* pages of free memory kept for root; 0: 3 % */
	uint64_t exec_block;   /* bytes between sp and the end of the stack, agent's strings */
	uint64_t thread_block; /* bytes a thread descriptor takes at the top of its stack */
	uint64_t fault_around;		/* bytes */
	uint64_t readahead;		/* bytes read around a missing page of a file */
	uint64_t exec_folio;		/* bytes that reading of executable memory is aligned to; 0: a page */
	uint64_t thp_size;		/* alignment of large mappings; 0: none */
	uint64_t text, data, bss, start_brk;
	uint64_t exe_pages;		/* of the program's file */
	uint64_t data_bytes;		/* end_data - start_data */
	uint64_t vvar_pages, vvar_vclock_pages, vdso_pages;
	uint64_t vvar_there, vvar_vclock_there;	/* bit n: page n exists */

	const struct sim_zone *zone;		/* physical memory */
	const struct sim_kernel *kernel;	/* its own side: stacks, interrupts, messages */

	const struct sim_mm_field *mm_fields;
	const struct sim_func_name *func_names;	/* NULL: as the mm code has them; .now NULL ends */

	/* rule choices, in the mm code by RULE() */
	uint8_t rule[SIM_NRULES];
	struct sim_proof proof;
};

/* One file for each family; profile.c lists them all, the default first. */
extern const struct sim_profile profile_linux_5_10_x86_64, profile_linux_6_1_x86_64,
	profile_linux_6_12_x86_64, profile_linux_6_16_x86_64, profile_linux_6_18_x86_64,
	profile_linux_7_2_x86_64, profile_linux_6_18_arm64;
extern const struct sim_profile profile_linux_4_3_arm64, profile_linux_3_10_x86_64,
	profile_linux_2_6_39_i386;

extern const struct sim_profile *const sim_profiles[];	/* NULL ends */

struct sim_rule_info {
	const char *name;
	const char *since;	/* the version that made the change */
	const char *change;	/* what it changed, as a sentence's end: "6.7 MAP_STACK sets ..." */
};
extern const struct sim_rule_info sim_rules[SIM_NRULES];

#endif
