/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel profiles.
 */
#include <string.h>
#include "profile.h"
#include "sim.h"

const struct sim_profile sim_profiles[] = {
	{
		.name = "linux-6.18-x86_64", .machine = "x86_64",
		.task_size = 0x7ffffffff000, .stack_top = 0x7ffffffff000,
		.unmapped_base = 0x2aaaaaaab000,
		.low_base = 0x40000000, .low_end = 0x80000000,
		.canonical_end = 0x800000000000, .kernel_start = 0xffff800000000000,
		.levels = 4, .shift = { 12, 21, 30, 39 },
		.level_name = { "pte", "pmd", "pud", "pgd" },
		.table_bytes = 4096,
		.mmap_min_addr = 65536, .dac_mmap_min_addr = 4096,
		.stack_guard_gap = 256 * 4096, .stack_expand = 128 * 1024,
		.mmap_gap_min = 128ull << 20, .mmap_gap_max = 0x7ffffffff000 / 6 * 5,
		.exec_block = 0x1d0, .thread_block = 2368,
		.fault_around = 65536, .readahead = 131072, .thp_size = 2ull << 20,
		.exe_pages = 3, .data_bytes = 4096,
		.text = 0x400000, .data = 0x401000, .bss = 0x402000, .start_brk = 0x403000,
		.vvar_pages = 4, .vvar_vclock_pages = 2, .vdso_pages = 2,
		.vvar_there = 0x5, .vvar_vclock_there = 0x1,
		.guard_gap_skips_inaccessible = true,
		.shrink_needs_mapping = true,
		.stack_mapping_nohuge = true,
		.unwritten_loses_account = true,
		.merge_faulted_into_unfaulted = true,
		.thp_aligns_anon = true, .thp_aligns_file = true,
		.pt_reclaim = true,
		.mremap_multi = true,
		.dontunmap_keeps_account = true, .dontunmap_double_counts = true,
		.exec_reads_first = true,
		.guard_flag_shown = true,
		.has_ksm = true,
	},
};
const unsigned sim_nprofiles = sizeof(sim_profiles) / sizeof(sim_profiles[0]);

const struct sim_profile *sim_profile_at(size_t index)
{
	return index < sim_nprofiles ? &sim_profiles[index] : NULL;
}

const struct sim_profile *sim_profile_find(const char *name)
{
	for (size_t i = 0; i < sim_nprofiles; i++)
		if (!strcmp(sim_profiles[i].name, name))
			return &sim_profiles[i];
	return NULL;
}

const char *sim_profile_name(const struct sim_profile *p)
{
	return p->name;
}

const char *sim_profile_machine(const struct sim_profile *p)
{
	return p->machine;
}
