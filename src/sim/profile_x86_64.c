/* SPDX-License-Identifier: GPL-2.0-or-later
 * Profiles of the x86-64 kernels.
 */
#include "profile.h"

const struct sim_profile profile_linux_6_18_x86_64 = {
	.name = "linux-6.18-x86_64", .machine = "x86_64",
	.task_size = 0x7ffffffff000, .stack_top = 0x7ffffffff000,
	.unmapped_base = 0x2aaaaaaab000,
	.low_base = 0x40000000, .low_end = 0x80000000,
	.canonical_end = 0x800000000000, .kernel_start = 0xffff800000000000,
	.levels = 4, .shift = { 12, 21, 30, 39 },
	.level_name = { "pte", "pmd", "pud", "pgd" },
	.folded = { "p4d" }, .table_entries = 512, .table_bytes = 4096,
	.address_mask = UINT64_MAX, .ram_pages = 6171024,
	.mmap_min_addr = 65536, .dac_mmap_min_addr = 4096,
	.stack_guard_gap = 256 * 4096, .stack_expand = 128 * 1024,
	.mmap_gap_min = 128ull << 20, .mmap_gap_max = 0x7ffffffff000 / 6 * 5,
	.exec_block = 0x1d0, .thread_block = 2368,
	.fault_around = 65536, .readahead = 131072, .thp_size = 2ull << 20,
	.exe_pages = 3, .data_bytes = 4096,
	.text = 0x400000, .data = 0x401000, .bss = 0x402000, .start_brk = 0x403000,
	.vvar_pages = 4, .vvar_vclock_pages = 2, .vdso_pages = 2,
	.vvar_there = 0x5, .vvar_vclock_there = 0x1,
	.kernel = &sim_kernel_linux_6_18_x86_64,
	.rule = {
		PROFILE_SINCE_5_2
		[SIM_RULE_guard_gap_skips_inaccessible] = 1,
		[SIM_RULE_shrink_needs_mapping] = 1,
		[SIM_RULE_stack_mapping_nohuge] = 1,
		[SIM_RULE_unwritten_loses_account] = 1,
		[SIM_RULE_merge_faulted_into_unfaulted] = 1,
		[SIM_RULE_thp_aligns_anon] = 1,
		[SIM_RULE_thp_aligns_file] = 1,
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_mremap_multi] = 1,
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_dontunmap_double_counts] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_guard_flag_shown] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_first_brk_keeps_bss] = 1,
	},
	.proof = { true, "the running kernel, Linux 6.18.44" },
};
