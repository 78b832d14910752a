/* SPDX-License-Identifier: GPL-2.0-or-later
 * Profiles of the x86-64 kernels that can be asked; tests/oracle/record asks them.
 */
#include "profile_parts.h"

#define X86_64_SPACE								\
	PROFILE_64_BITS, PROFILE_FOUR_LEVELS, PROFILE_AGENT, PROFILE_GAP_OUTSIDE, .fault_around = 65536, \
	.task_size = 0x7ffffffff000, .stack_top = 0x7ffffffff000, \
	.unmapped_base = 0x2aaaaaaab000, \
	.low_base = 0x40000000, .low_end = 0x80000000, \
	.canonical_end = 0x800000000000, .kernel_start = 0xffff800000000000, \
	.folded = { "p4d" }, \
	.mmap_min_addr = 65536, .dac_mmap_min_addr = 4096, .stack_expand = 128 * 1024, \
	.mmap_gap_min = 128ull << 20, .mmap_gap_max = 0x7ffffffff000 / 6 * 5, \
	.thp_size = 2ull << 20, \
	.vvar_pages = 4, .vdso_pages = 2, .vvar_there = 0x5

#define X86_64_RULES [SIM_RULE_infinite_stack_topdown] = 1, [SIM_RULE_exec_reads_first] = 1,

#define X86_64_SINCE_6_1							\
	X86_64_SPACE, .mm_fields = sim_mm_fields_6_1

/* vvar_vclock came apart from vvar. */
#define X86_64_SINCE_6_16							\
	X86_64_SINCE_6_1, .zone = &sim_zone_6_16,				\
	.vvar_vclock_pages = 2, .vvar_vclock_there = 0x1,			\
	.kernel = &sim_kernel_linux_6_18_x86_64

const struct sim_profile profile_linux_5_10_x86_64 = {
	.name = "linux-5.10-x86_64", .machine = "x86_64", PROFILE_READAHEAD,
	X86_64_SPACE,
	.vma_index = SIM_INDEX_RBTREE,
	.mm_fields = sim_mm_fields_5_10,
	.kernel = &sim_kernel_linux_5_10_x86_64,
	.zone = &sim_zone_5_10,
	.rule = {
		PROFILE_SINCE_5_10
		PROFILE_ZONE_5_10
		X86_64_RULES
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_has_hwpoison] = 1,
	},
	.proof = { true, "proven on Linux 5.10.262 (Debian)" },
};

const struct sim_profile profile_linux_6_1_x86_64 = {
	.name = "linux-6.1-x86_64", .machine = "x86_64", PROFILE_READAHEAD,
	X86_64_SINCE_6_1,
	.kernel = &sim_kernel_linux_6_1_x86_64,
	.zone = &sim_zone_6_1,
	.rule = {
		PROFILE_SINCE_6_1
		PROFILE_ZONE_5_10
		X86_64_RULES
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_fills_upper] = 1,
		[SIM_RULE_dontunmap_own_vma] = 1,
		[SIM_RULE_has_hwpoison] = 1,
	},
	.proof = { true, "proven on Linux 6.1.192 (Debian)" },
};

const struct sim_profile profile_linux_6_12_x86_64 = {
	.name = "linux-6.12-x86_64", .machine = "x86_64", PROFILE_READAHEAD,
	X86_64_SINCE_6_1,
	.kernel = &sim_kernel_linux_6_12_x86_64,
	.zone = &sim_zone_6_12,
	.rule = {
		PROFILE_SINCE_6_12
		PROFILE_ZONE_6_10
		X86_64_RULES
		[SIM_RULE_dontunmap_keeps_account] = 1,
		[SIM_RULE_dontunmap_own_vma] = 1,
		[SIM_RULE_around_ends_with_file] = 1,
		[SIM_RULE_has_hwpoison] = 1,
	},
	.proof = { true, "proven on Linux 6.12.117 (Debian)" },
};

const struct sim_profile profile_linux_6_16_x86_64 = {
	.name = "linux-6.16-x86_64", .machine = "x86_64", PROFILE_READAHEAD,
	X86_64_SINCE_6_16,
	.rule = {
		PROFILE_SINCE_6_16
		PROFILE_ZONE_6_10
		X86_64_RULES
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_dontunmap_double_counts] = 1,
		[SIM_RULE_has_hwpoison] = 1,
	},
	.proof = { true, "proven on Linux 6.16.12 (Debian)" },
};

const struct sim_profile profile_linux_6_18_x86_64 = {
	.name = "linux-6.18-x86_64", .machine = "x86_64",
	.readahead = 8192 * 1024,
	X86_64_SINCE_6_16,
	.rule = {
		PROFILE_SINCE_6_18
		PROFILE_ZONE_6_10
		X86_64_RULES
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_dontunmap_double_counts] = 1,
	},
	.proof = { true, "proven on the running kernel, Linux 6.18.44" },
};

const struct sim_profile profile_linux_7_2_x86_64 = {
	.name = "linux-7.2-x86_64", .machine = "x86_64", PROFILE_READAHEAD,
	X86_64_SINCE_6_16,
	.rule = {
		PROFILE_SINCE_6_18
		PROFILE_ZONE_6_10
		X86_64_RULES
		[SIM_RULE_pt_reclaim] = 1,
		[SIM_RULE_dontunmap_own_vma] = 1,
		[SIM_RULE_vvar_mixed] = 1,
		[SIM_RULE_has_hwpoison] = 1,
	},
	.proof = { true, "proven on Linux 7.2.13 (Debian)" },
};
