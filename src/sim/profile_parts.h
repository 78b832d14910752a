/* SPDX-License-Identifier: GPL-2.0-or-later
 * Parts that the tables of several profiles have in common.
 */
#ifndef SIM_PROFILE_PARTS_H
#define SIM_PROFILE_PARTS_H
#include "profile.h"

/* What kernels had become by a version, whatever the architecture: in every table of a later one
 * that is here. What came and went again stands in the tables themselves. */
#define PROFILE_SINCE_5_10									\
	PROFILE_SINCE_5_2									\
	[SIM_RULE_guard_gap_skips_inaccessible] = 1, [SIM_RULE_has_ksm] = 1,			\
	[SIM_RULE_has_cold] = 1, [SIM_RULE_has_dontunmap] = 1,					\
	[SIM_RULE_vdso_moves_whole] = 1,
#define PROFILE_SINCE_6_1									\
	PROFILE_SINCE_5_10									\
	[SIM_RULE_first_brk_keeps_bss] = 1, [SIM_RULE_shrink_needs_mapping] = 1,		\
	[SIM_RULE_thp_aligns_file] = 1, [SIM_RULE_gap_search_restarts] = 1,			\
	[SIM_RULE_mprotect_keeps_write] = 1, [SIM_RULE_dirtying_completes] = 1,			\
	[SIM_RULE_onfault_skips] = 1, [SIM_RULE_no_denywrite] = 1,				\
	[SIM_RULE_moves_puds] = 1, [SIM_RULE_mremap_looks_first] = 1,				\
	[SIM_RULE_dontunmap_files] = 1, [SIM_RULE_dontunmap_unlinks] = 1,			\
	[SIM_RULE_has_populate] = 1,								\
	[SIM_RULE_has_dontneed_locked] = 1, [SIM_RULE_grown_merges] = 1,			\
	[SIM_RULE_special_whole] = 1,
#define PROFILE_SINCE_6_12									\
	PROFILE_SINCE_6_1									\
	[SIM_RULE_stack_mapping_nohuge] = 1, [SIM_RULE_unwritten_loses_account] = 1,		\
	[SIM_RULE_thp_aligns_anon] = 1, [SIM_RULE_thp_aligns_topdown] = 1,			\
	[SIM_RULE_realigns_moves] = 1, [SIM_RULE_populate_stops] = 1,				\
	[SIM_RULE_lockonfault_named] = 1, [SIM_RULE_heap_label_exact] = 1,			\
	[SIM_RULE_mmap_gathers_first] = 1, [SIM_RULE_has_mseal] = 1,		\
	[SIM_RULE_per_vma_locks] = 1,
#define PROFILE_SINCE_6_16									\
	PROFILE_SINCE_6_12									\
	[SIM_RULE_merge_faulted_into_unfaulted] = 1, [SIM_RULE_mremap_params_first] = 1,	\
	[SIM_RULE_has_guards] = 1,
#define PROFILE_SINCE_6_18									\
	PROFILE_SINCE_6_16									\
	[SIM_RULE_around_ends_with_file] = 1, [SIM_RULE_mremap_checks_first] = 1,		\
	[SIM_RULE_mremap_multi] = 1, [SIM_RULE_dontunmap_keeps_account] = 1,			\
	[SIM_RULE_guard_flag_shown] = 1, [SIM_RULE_exec_reads_own] = 1,

/* The program that all of them run. */
#define PROFILE_AGENT										\
	.exec_block = 0x1d0, .thread_block = 2368, .exe_pages = 3, .data_bytes = 4096,		\
	.text = 0x400000, .data = 0x401000, .bss = 0x402000, .start_brk = 0x403000

/* Pages of 4 KiB, tables of 512 entries, 24 GiB of RAM. */
#define PROFILE_64_BITS										\
	.table_entries = 512, .table_bytes = 4096, .address_mask = UINT64_MAX, .ram_pages = 6171024

#define PROFILE_FOUR_LEVELS									\
	.levels = 4, .shift = { 12, 21, 30, 39 }, .level_name = { "pte", "pmd", "pud", "pgd" }

#define PROFILE_GAP_OUTSIDE .stack_guard_gap = 256 * 4096
/* Read ahead is as the disk says: 128 KiB where nothing else is set. */
#define PROFILE_READAHEAD .readahead = 128 * 1024
#define PROFILE_READS .fault_around = 65536, PROFILE_READAHEAD

#endif
