/* SPDX-License-Identifier: GPL-2.0-or-later
 * Profiles of kernels that nobody ran here: read from their source. Each figure and each choice
 * has its function in tests/unit/test_sim_old.c.
 */
#include <stddef.h>
#include "profile_parts.h"

/* Up to 4.3 all of these went by another name. */
#define NAMES_BEFORE_4_4							\
	{ "wp_can_reuse_anon_folio", "reuse_swap_page" },			\
	{ "vma_merge_new_range", "vma_merge" },					\
	{ "vma_merge_existing_range", "vma_merge" },				\
	{ "vma_expand", "vma_adjust" },						\
	{ "commit_merge", "vma_adjust" },					\
	{ "can_vma_merge_left", "can_vma_merge_after" },			\
	{ "can_vma_merge_right", "can_vma_merge_before" },			\
	{ "__anon_vma_prepare", "anon_vma_prepare" },				\
	{ "vms_gather_munmap_vmas", "do_munmap" },				\
	{ "do_vmi_munmap", "do_munmap" },					\
	{ "vms_complete_munmap_vmas", "remove_vma_list" },			\
	{ "__mmap_region", "mmap_region" },					\
	{ "__get_unmapped_area", "get_unmapped_area" },				\
	{ "do_brk_flags", "do_brk" },						\
	{ "do_mprotect_pkey", "sys_mprotect" },					\
	{ "apply_vma_lock_flags", "do_mlock" },					\
	{ "do_mlock", "sys_mlock" },						\
	{ "mlockall", "sys_mlockall" },						\
	{ "do_madvise", "sys_madvise" },					\
	{ "madvise_walk_vmas", "sys_madvise" },					\
	{ "madvise_vma_behavior", "madvise_vma" },				\
	{ "madvise_dontneed_free_valid_vma", "madvise_dontneed" },		\
	{ "check_mremap_params", "sys_mremap" },				\
	{ "check_prep_vma", "vma_to_resize" },					\
	{ "vma_needs_copy", "copy_page_range" },				\
	{ "copy_present_ptes", "copy_one_pte" },				\
	{ "create_init_stack_vma", "__bprm_mm_init" },				\
	{ "relocate_vma_down", "shift_arg_pages" },				\
	{ "execve", "do_execve" },						\
	{ "map_vdso", "arch_setup_additional_pages" },				\
	{ "rmqueue_pcplist", "buffered_rmqueue" }

/* Up to 3.10 these too. */
#define NAMES_BEFORE_3_11							\
	NAMES_BEFORE_4_4,							\
	{ "wp_page_copy", "do_wp_page" },					\
	{ "wp_page_shared", "do_wp_page" },					\
	{ "__handle_mm_fault", "handle_mm_fault" },				\
	{ "do_read_fault", "__do_fault" },					\
	{ "do_cow_fault", "__do_fault" },					\
	{ "do_shared_fault", "__do_fault" },					\
	{ "do_mmap", "do_mmap_pgoff" },						\
	{ "check_data_rlimit", "sys_brk" },					\
	{ "mlock_future_ok", "rlimit" },					\
	{ "populate_vma_page_range", "__mlock_vma_pages_range" },		\
	{ "kernel_clone", "do_fork" },						\
	{ "exc_general_protection", "do_general_protection" },			\
	{ "exc_page_fault", "page_fault" },					\
	{ "force_sig_fault", "force_sig_info_fault" }

static const struct sim_func_name names_2_6_39[] = {
	NAMES_BEFORE_3_11,
	{ "do_user_addr_fault", "do_page_fault" },
	{ "lock_mm_and_find_vma", "do_page_fault" },
	{ "mm_account_fault", "do_page_fault" },
	{ "do_mremap", "do_mremap" },
	{ "cap_mmap_addr", "cap_file_mmap" },
	{ "vfs_fallocate", "vmtruncate_range" },
	{ NULL, NULL }
};

const struct sim_profile profile_linux_2_6_39_i386 = {
	.name = "linux-2.6.39-i386", .machine = "i686",
	.task_size = 0xc0000000, .stack_top = 0xc0000000,
	.unmapped_base = 0x40000000,
	.kernel_start = 0xc0000000,
	.levels = 2, .shift = { 12, 22 }, .level_name = { "pte", "pgd" },
	.folded = { "pud", "pmd" }, .table_entries = 1024, .table_bytes = 4096,
	.address_mask = UINT32_MAX, .ram_pages = 3u << 18,
	.vma_index = SIM_INDEX_RBTREE,
	.mmap_min_addr = 65536, .dac_mmap_min_addr = 4096,
	.sp_cushion = 65536 + 32 * 4, .stack_expand = 128 * 1024,
	.mmap_gap_min = 128ull << 20, .mmap_gap_max = 0xc0000000 / 6 * 5,
	PROFILE_AGENT,
	.readahead = 131072,
	.vdso_pages = 1,
	.kernel = &sim_kernel_linux_2_6_39_i386,
	.zone = &sim_zone_2_6_39_i386, .mm_fields = sim_mm_fields_2_6_39, .func_names = names_2_6_39,
	.rule = {
		[SIM_RULE_remainder_keeps_type] = 1,
		[SIM_RULE_has_guard] = 1,
		[SIM_RULE_failed_faults_uncounted] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_dirtying_completes] = 1,
	},
	.proof = { false, "from the source of Linux 2.6.39" },
};

static const struct sim_func_name names_3_10[] = {
	NAMES_BEFORE_3_11,
	{ "do_user_addr_fault", "__do_page_fault" },
	{ "lock_mm_and_find_vma", "__do_page_fault" },
	{ "mm_account_fault", "__do_page_fault" },
	{ "do_mremap", "sys_mremap" },
	{ "vfs_fallocate", "do_fallocate" },
	{ NULL, NULL }
};

const struct sim_profile profile_linux_3_10_x86_64 = {
	.name = "linux-3.10-x86_64", .machine = "x86_64",
	.task_size = 0x7ffffffff000, .stack_top = 0x7ffffffff000,
	.unmapped_base = 0x2aaaaaaab000,
	.low_base = 0x40000000, .low_end = 0x80000000,
	.canonical_end = 0x800000000000, .kernel_start = 0xffff800000000000,
	PROFILE_64_BITS, PROFILE_FOUR_LEVELS,
	.vma_index = SIM_INDEX_RBTREE,
	.mmap_min_addr = 65536, .dac_mmap_min_addr = 4096,
	.sp_cushion = 65536 + 32 * 8, .stack_expand = 128 * 1024,
	.mmap_gap_min = 128ull << 20, .mmap_gap_max = 0x7ffffffff000 / 6 * 5,
	.admin_reserve = 2048,
	PROFILE_AGENT,
	.readahead = 131072,
	.vdso_pages = 2,
	.kernel = &sim_kernel_linux_3_10_x86_64,
	.zone = &sim_zone_3_10, .mm_fields = sim_mm_fields_3_10, .func_names = names_3_10,
	.rule = {
		PROFILE_ZONE_3_10
		[SIM_RULE_has_guard] = 1,
		[SIM_RULE_expand_checks_neighbour] = 1,
		[SIM_RULE_failed_faults_uncounted] = 1,
		[SIM_RULE_no_execute] = 1,
		[SIM_RULE_stack_names_thread] = 1,
		[SIM_RULE_exec_reads_first] = 1,
		[SIM_RULE_smaps_flags] = 1,
		[SIM_RULE_merge_minds_parents] = 1,
		[SIM_RULE_populate_skips_guard] = 1,
		[SIM_RULE_fixed_limit_first] = 1,
		[SIM_RULE_growsdown_private] = 1,
		[SIM_RULE_gaps_in_tree] = 1,
		[SIM_RULE_willneed_anon] = 1,
		[SIM_RULE_remove_punches] = 1,
		[SIM_RULE_has_dontdump] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_dirtying_completes] = 1,
	},
	.proof = { false, "from the source of Linux 3.10" },
};

static const struct sim_func_name names_4_3_arm64[] = {
	NAMES_BEFORE_4_4,
	{ "exc_page_fault", "do_mem_abort" },
	{ "do_user_addr_fault", "do_page_fault" },
	{ "lock_mm_and_find_vma", "__do_page_fault" },
	{ "access_error", "__do_page_fault" },
	{ "mm_account_fault", "do_page_fault" },
	{ "force_sig_fault", "__do_user_fault" },
	{ "set_pte_range", "do_set_pte" },
	{ "mlock_future_ok", "mlock_future_check" },
	{ "do_mremap", "sys_mremap" },
	{ "kernel_clone", "_do_fork" },
	{ NULL, NULL }
};

/* 39 bits are what the architecture's configuration takes with pages of 4 KiB. */
const struct sim_profile profile_linux_4_3_arm64 = {
	.name = "linux-4.3-arm64", .machine = "aarch64",
	.task_size = 1ull << 39, .stack_top = 1ull << 39,
	.unmapped_base = 1ull << 37,
	.kernel_start = 0xffffff8000000000,
	.levels = 3, .shift = { 12, 21, 30 },
	.level_name = { "pte", "pmd", "pgd" },
	.folded = { "pud" }, .table_register = "ttbr0_el1", PROFILE_64_BITS,
	.vma_index = SIM_INDEX_RBTREE,
	.mmap_min_addr = 32768, .dac_mmap_min_addr = 4096,
	.stack_expand = 128 * 1024,
	/* The room for a randomised stack is left in any case. */
	.mmap_gap_min = (128ull << 20) + (0x3ffffull << 12) + 1,
	.mmap_gap_max = (1ull << 39) / 6 * 5,
	.admin_reserve = 2048,
	PROFILE_AGENT,
	PROFILE_READS,
	.vvar_pages = 1, .vdso_pages = 1, .vvar_there = 1,
	.kernel = &sim_kernel_linux_4_3_arm64,
	.zone = &sim_zone_4_3, .mm_fields = sim_mm_fields_4_3, .func_names = names_4_3_arm64,
	.rule = {
		PROFILE_ZONE_4_3
		[SIM_RULE_has_guard] = 1,
		[SIM_RULE_guard_failure_kills] = 1,
		[SIM_RULE_limit_spares_guard] = 1,
		[SIM_RULE_expand_checks_neighbour] = 1,
		[SIM_RULE_growth_ignores_sp] = 1,
		[SIM_RULE_no_execute] = 1,
		[SIM_RULE_stack_names_thread] = 1,
		[SIM_RULE_pmd_counted_apart] = 1,
		[SIM_RULE_smaps_flags] = 1,
		[SIM_RULE_merge_minds_parents] = 1,
		[SIM_RULE_anon_vma_reused] = 1,
		[SIM_RULE_populate_skips_guard] = 1,
		[SIM_RULE_fixed_limit_first] = 1,
		[SIM_RULE_growsdown_private] = 1,
		[SIM_RULE_growsdown_checked_first] = 1,
		[SIM_RULE_gaps_in_tree] = 1,
		[SIM_RULE_willneed_anon] = 1,
		[SIM_RULE_remove_punches] = 1,
		[SIM_RULE_has_dontdump] = 1,
		[SIM_RULE_mprotect_populates] = 1,
		[SIM_RULE_same_length_free] = 1,
		[SIM_RULE_charge_is_enomem] = 1,
		[SIM_RULE_software_af] = 1,
		[SIM_RULE_top_byte_ignored] = 1,
		[SIM_RULE_has_ksm] = 1,
		[SIM_RULE_dirtying_completes] = 1,
	},
	.proof = { false, "from the source of Linux 4.3" },
};
