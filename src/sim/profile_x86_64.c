/* SPDX-License-Identifier: GPL-2.0-or-later
 * Profiles of the x86-64 kernels that can be asked; tests/oracle/record asks them.
 */
#include "profile.h"

#define X86_64_SPACE								\
	.task_size = 0x7ffffffff000, .stack_top = 0x7ffffffff000, \
	.unmapped_base = 0x2aaaaaaab000, \
	.low_base = 0x40000000, .low_end = 0x80000000, \
	.canonical_end = 0x800000000000, .kernel_start = 0xffff800000000000, \
	.levels = 4, .shift = { 12, 21, 30, 39 }, \
	.level_name = { "pte", "pmd", "pud", "pgd" }, \
	.folded = { "p4d" }, .table_entries = 512, .table_bytes = 4096, \
	.address_mask = UINT64_MAX, .ram_pages = 6171024, \
	.mmap_min_addr = 65536, .dac_mmap_min_addr = 4096, \
	.stack_guard_gap = 256 * 4096, .stack_expand = 128 * 1024, \
	.mmap_gap_min = 128ull << 20, .mmap_gap_max = 0x7ffffffff000 / 6 * 5, \
	.exec_block = 0x1d0, .thread_block = 2368, \
	.fault_around = 65536, .readahead = 131072, .thp_size = 2ull << 20, \
	.exe_pages = 3, .data_bytes = 4096, \
	.text = 0x400000, .data = 0x401000, .bss = 0x402000, .start_brk = 0x403000

const struct sim_profile profile_linux_5_10_x86_64 = {
	.name = "linux-5.10-x86_64", .machine = "x86_64",
	X86_64_SPACE,
	.vma_index = SIM_INDEX_RBTREE,
	.vvar_pages = 4, .vvar_vclock_pages = 0, .vdso_pages = 2, .vvar_there = 0x5,
	.mm_fields = sim_mm_fields_5_10,
	.kernel = &sim_kernel_linux_5_10_x86_64,
	.zone = &sim_zone_5_10,
	.rule = {
		PROFILE_SINCE_5_2
		PROFILE_ZONE_5_10
		[SIM_RULE_infinite_stack_topdown] = 1,
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_has_cold] = 1,
		[SIM_RULE_has_dontunmap] = 1,
		[SIM_RULE_dontunmap_keeps_account] = 1,
	},
	.proof = { true, "proven on Linux 5.10.262 (Debian)" },
};

const struct sim_profile profile_linux_6_1_x86_64 = {
	.name = "linux-6.1-x86_64", .machine = "x86_64",
	X86_64_SPACE,
	.vvar_pages = 4, .vvar_vclock_pages = 0, .vdso_pages = 2, .vvar_there = 0x5,
	.mm_fields = sim_mm_fields_6_1,
	.kernel = &sim_kernel_linux_6_1_x86_64,
	.zone = &sim_zone_6_1,
	.rule = {
		PROFILE_SINCE_5_2
		PROFILE_ZONE_5_10
		[SIM_RULE_infinite_stack_topdown] = 1,
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_has_cold] = 1,
		[SIM_RULE_has_dontunmap] = 1,
		[SIM_RULE_shrink_needs_mapping] = 1,
		[SIM_RULE_first_brk_keeps_bss] = 1,
		[SIM_RULE_thp_aligns_file] = 1,
		[SIM_RULE_has_populate] = 1,
		[SIM_RULE_has_dontneed_locked] = 1,
		[SIM_RULE_grown_merges] = 1,
		[SIM_RULE_mremap_looks_first] = 1,
		[SIM_RULE_dontunmap_files] = 1,
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_gap_search_restarts] = 1,
		[SIM_RULE_mprotect_keeps_write] = 1,
		[SIM_RULE_dirtying_completes] = 1,
		[SIM_RULE_onfault_skips] = 1,
		[SIM_RULE_no_denywrite] = 1,
		[SIM_RULE_fills_upper] = 1,
		[SIM_RULE_moves_puds] = 1,
		[SIM_RULE_dontunmap_own_vma] = 1,
	},
	.proof = { true, "proven on Linux 6.1.192 (Debian)" },
};

const struct sim_profile profile_linux_6_12_x86_64 = {
	.name = "linux-6.12-x86_64", .machine = "x86_64",
	X86_64_SPACE,
	.vvar_pages = 4, .vvar_vclock_pages = 0, .vdso_pages = 2, .vvar_there = 0x5,
	.mm_fields = sim_mm_fields_6_1,
	.kernel = &sim_kernel_linux_6_12_x86_64,
	.zone = &sim_zone_6_12,
	.rule = {
		PROFILE_SINCE_5_2
		PROFILE_ZONE_6_10
		[SIM_RULE_infinite_stack_topdown] = 1,
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_has_cold] = 1,
		[SIM_RULE_has_dontunmap] = 1,
		[SIM_RULE_shrink_needs_mapping] = 1,
		[SIM_RULE_first_brk_keeps_bss] = 1,
		[SIM_RULE_thp_aligns_file] = 1,
		[SIM_RULE_has_populate] = 1,
		[SIM_RULE_has_dontneed_locked] = 1,
		[SIM_RULE_grown_merges] = 1,
		[SIM_RULE_stack_mapping_nohuge] = 1,
		[SIM_RULE_unwritten_loses_account] = 1,
		[SIM_RULE_thp_aligns_anon] = 1,
		[SIM_RULE_mmap_gathers_first] = 1,
		[SIM_RULE_has_mseal] = 1,
		[SIM_RULE_mremap_looks_first] = 1,
		[SIM_RULE_dontunmap_files] = 1,
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_gap_search_restarts] = 1,
		[SIM_RULE_realigns_moves] = 1,
		[SIM_RULE_mprotect_keeps_write] = 1,
		[SIM_RULE_dirtying_completes] = 1,
		[SIM_RULE_onfault_skips] = 1,
		[SIM_RULE_populate_stops] = 1,
		[SIM_RULE_no_denywrite] = 1,
		[SIM_RULE_lockonfault_named] = 1,
		[SIM_RULE_heap_label_exact] = 1,
		[SIM_RULE_moves_puds] = 1,
		[SIM_RULE_dontunmap_own_vma] = 1,
		[SIM_RULE_thp_aligns_topdown] = 1,
		[SIM_RULE_around_ends_with_file] = 1,
	},
	.proof = { true, "proven on Linux 6.12.117 (Debian)" },
};

const struct sim_profile profile_linux_6_16_x86_64 = {
	.name = "linux-6.16-x86_64", .machine = "x86_64",
	X86_64_SPACE,
	.vvar_pages = 4, .vvar_vclock_pages = 2, .vdso_pages = 2,
	.vvar_there = 0x5, .vvar_vclock_there = 0x1,
	.mm_fields = sim_mm_fields_6_1,
	.kernel = &sim_kernel_linux_6_18_x86_64,
	.zone = &sim_zone_6_16,
	.rule = {
		PROFILE_SINCE_5_2
		PROFILE_ZONE_6_10
		[SIM_RULE_infinite_stack_topdown] = 1,
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_has_cold] = 1,
		[SIM_RULE_has_dontunmap] = 1,
		[SIM_RULE_shrink_needs_mapping] = 1,
		[SIM_RULE_first_brk_keeps_bss] = 1,
		[SIM_RULE_thp_aligns_file] = 1,
		[SIM_RULE_has_populate] = 1,
		[SIM_RULE_has_dontneed_locked] = 1,
		[SIM_RULE_grown_merges] = 1,
		[SIM_RULE_stack_mapping_nohuge] = 1,
		[SIM_RULE_unwritten_loses_account] = 1,
		[SIM_RULE_thp_aligns_anon] = 1,
		[SIM_RULE_mmap_gathers_first] = 1,
		[SIM_RULE_has_mseal] = 1,
		[SIM_RULE_merge_faulted_into_unfaulted] = 1,
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_dontunmap_double_counts] = 1,
		[SIM_RULE_has_guards] = 1,
		[SIM_RULE_mremap_looks_first] = 1,
		[SIM_RULE_dontunmap_files] = 1,
		[SIM_RULE_gap_search_restarts] = 1,
		[SIM_RULE_realigns_moves] = 1,
		[SIM_RULE_mprotect_keeps_write] = 1,
		[SIM_RULE_dirtying_completes] = 1,
		[SIM_RULE_onfault_skips] = 1,
		[SIM_RULE_populate_stops] = 1,
		[SIM_RULE_no_denywrite] = 1,
		[SIM_RULE_lockonfault_named] = 1,
		[SIM_RULE_heap_label_exact] = 1,
		[SIM_RULE_moves_puds] = 1,
		[SIM_RULE_thp_aligns_topdown] = 1,
		[SIM_RULE_mremap_params_first] = 1,
	},
	.proof = { true, "proven on Linux 6.16.12 (Debian)" },
};

const struct sim_profile profile_linux_6_18_x86_64 = {
	.name = "linux-6.18-x86_64", .machine = "x86_64",
	X86_64_SPACE,
	.vvar_pages = 4, .vvar_vclock_pages = 2, .vdso_pages = 2,
	.vvar_there = 0x5, .vvar_vclock_there = 0x1,
	.mm_fields = sim_mm_fields_6_1,
	.kernel = &sim_kernel_linux_6_18_x86_64,
	.zone = &sim_zone_6_16,
	.rule = {
		PROFILE_SINCE_5_2
		PROFILE_ZONE_6_10
		[SIM_RULE_infinite_stack_topdown] = 1,
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_has_cold] = 1,
		[SIM_RULE_has_dontunmap] = 1,
		[SIM_RULE_shrink_needs_mapping] = 1,
		[SIM_RULE_first_brk_keeps_bss] = 1,
		[SIM_RULE_thp_aligns_file] = 1,
		[SIM_RULE_has_populate] = 1,
		[SIM_RULE_has_dontneed_locked] = 1,
		[SIM_RULE_grown_merges] = 1,
		[SIM_RULE_stack_mapping_nohuge] = 1,
		[SIM_RULE_unwritten_loses_account] = 1,
		[SIM_RULE_thp_aligns_anon] = 1,
		[SIM_RULE_mmap_gathers_first] = 1,
		[SIM_RULE_has_mseal] = 1,
		[SIM_RULE_merge_faulted_into_unfaulted] = 1,
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_dontunmap_double_counts] = 1,
		[SIM_RULE_has_guards] = 1,
		[SIM_RULE_mremap_multi] = 1,
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_guard_flag_shown] = 1,
		[SIM_RULE_mremap_looks_first] = 1,
		[SIM_RULE_dontunmap_files] = 1,
		[SIM_RULE_mremap_checks_first] = 1,
		[SIM_RULE_gap_search_restarts] = 1,
		[SIM_RULE_realigns_moves] = 1,
		[SIM_RULE_mprotect_keeps_write] = 1,
		[SIM_RULE_dirtying_completes] = 1,
		[SIM_RULE_onfault_skips] = 1,
		[SIM_RULE_populate_stops] = 1,
		[SIM_RULE_no_denywrite] = 1,
		[SIM_RULE_lockonfault_named] = 1,
		[SIM_RULE_heap_label_exact] = 1,
		[SIM_RULE_moves_puds] = 1,
		[SIM_RULE_thp_aligns_topdown] = 1,
		[SIM_RULE_around_ends_with_file] = 1,
		[SIM_RULE_mremap_params_first] = 1,
	},
	.proof = { true, "proven on the running kernel, Linux 6.18.44" },
};

const struct sim_profile profile_linux_7_2_x86_64 = {
	.name = "linux-7.2-x86_64", .machine = "x86_64",
	X86_64_SPACE,
	.vvar_pages = 4, .vvar_vclock_pages = 2, .vdso_pages = 2,
	.vvar_there = 0x5, .vvar_vclock_there = 0x1,
	.mm_fields = sim_mm_fields_6_1,
	.kernel = &sim_kernel_linux_6_18_x86_64,
	.zone = &sim_zone_6_16,
	.rule = {
		PROFILE_SINCE_5_2
		PROFILE_ZONE_6_10
		[SIM_RULE_infinite_stack_topdown] = 1,
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_has_cold] = 1,
		[SIM_RULE_has_dontunmap] = 1,
		[SIM_RULE_shrink_needs_mapping] = 1,
		[SIM_RULE_first_brk_keeps_bss] = 1,
		[SIM_RULE_thp_aligns_file] = 1,
		[SIM_RULE_has_populate] = 1,
		[SIM_RULE_has_dontneed_locked] = 1,
		[SIM_RULE_grown_merges] = 1,
		[SIM_RULE_stack_mapping_nohuge] = 1,
		[SIM_RULE_unwritten_loses_account] = 1,
		[SIM_RULE_thp_aligns_anon] = 1,
		[SIM_RULE_mmap_gathers_first] = 1,
		[SIM_RULE_has_mseal] = 1,
		[SIM_RULE_merge_faulted_into_unfaulted] = 1,
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_has_guards] = 1,
		[SIM_RULE_mremap_multi] = 1,
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_guard_flag_shown] = 1,
		[SIM_RULE_mremap_looks_first] = 1,
		[SIM_RULE_dontunmap_files] = 1,
		[SIM_RULE_mremap_checks_first] = 1,
		[SIM_RULE_gap_search_restarts] = 1,
		[SIM_RULE_realigns_moves] = 1,
		[SIM_RULE_mprotect_keeps_write] = 1,
		[SIM_RULE_dirtying_completes] = 1,
		[SIM_RULE_onfault_skips] = 1,
		[SIM_RULE_populate_stops] = 1,
		[SIM_RULE_no_denywrite] = 1,
		[SIM_RULE_lockonfault_named] = 1,
		[SIM_RULE_heap_label_exact] = 1,
		[SIM_RULE_moves_puds] = 1,
		[SIM_RULE_dontunmap_own_vma] = 1,
		[SIM_RULE_thp_aligns_topdown] = 1,
		[SIM_RULE_vvar_mixed] = 1,
		[SIM_RULE_around_ends_with_file] = 1,
		[SIM_RULE_mremap_params_first] = 1,
	},
	.proof = { true, "proven on Linux 7.2.13 (Debian)" },
};
