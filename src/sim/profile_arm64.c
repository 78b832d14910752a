/* SPDX-License-Identifier: GPL-2.0-or-later
 * Profiles of the arm64 kernels that can be asked; tests/oracle/record asks them.
 */
#include "profile_parts.h"

/* 48-bit addresses, pages of 4 KiB, a processor without access and dirty bits (cortex-a72). */
const struct sim_profile profile_linux_6_18_arm64 = {
	.name = "linux-6.18-arm64", .machine = "aarch64",
	PROFILE_64_BITS, PROFILE_FOUR_LEVELS, PROFILE_AGENT, PROFILE_READS, PROFILE_GAP_OUTSIDE,
	.task_size = 1ull << 48, .stack_top = 1ull << 48,
	.unmapped_base = 1ull << 46,
	.kernel_start = 0xffff000000000000,
	.folded = { "p4d" },
	.mmap_min_addr = 32768, .dac_mmap_min_addr = 4096, .stack_expand = 128 * 1024,
	.mmap_gap_min = 128ull << 20, .mmap_gap_max = (1ull << 48) / 6 * 5,
	.thp_size = 2ull << 20, .exec_folio = 65536,
	.vvar_pages = 4, .vdso_pages = 2, .vvar_there = 0x5,
	.mm_fields = sim_mm_fields_6_1,
	.kernel = &sim_kernel_linux_6_18_arm64,
	.zone = &sim_zone_6_16,
	.rule = {
		PROFILE_SINCE_6_18
		PROFILE_ZONE_6_10
		[SIM_RULE_dontunmap_double_counts] = 1,
		[SIM_RULE_software_af] = 1,
		[SIM_RULE_top_byte_ignored] = 1,
		[SIM_RULE_mte_allowed] = 1,
		[SIM_RULE_has_hwpoison] = 1,
	},
	.proof = { true, "proven on Linux 6.18.15 (Debian, cortex-a72)" },
};
