/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every difference between profiles shows in a shipped scenario: a profile that has this one
 * choice, or this one figure, of another that the scenario names makes a prediction wrong.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"
#include "src/sim/check.h"
#include "src/sim/profile.h"

static struct scenario *load(const char *name)
{
	char *dir = path_bundled(BUNDLED_SCENARIOS), *path = xasprintf("%s/%s.scn", dir, name);
	struct scenario *sc = NULL;
	struct error *err = scenario_load(path, &sc);

	if (err)
		fail_msg("%s", err->message);
	free(path);
	free(dir);
	return sc;
}

/* Does a prediction for profile p come out wrong when the machine is made by m? */
static bool goes_wrong(const struct scenario *sc, const struct sim_profile *p, const struct sim_profile *m)
{
	struct sim_options o;
	struct world *world = NULL;
	struct play *play = NULL;
	struct record r = { 0 };
	struct error *err;
	bool wrong = false;

	check_options_of(sc, m, NULL, &o);
	err = world_sim_open(&o, &world);
	o.profile = p;
	if (!err)
		err = play_open(sc, &o, world, &play, &r);
	for (size_t i = 0; !err && i < sc->nitems && !wrong; i++) {
		if (sc->item[i].kind != ITEM_OP)
			continue;
		err = play_step(play, &sc->item[i], &r);
		wrong = r.has_prediction && !r.predicted;
	}
	wrong |= err != NULL;
	error_destroy(err);
	play_close(play);
	record_free(&r);
	return wrong;
}

/* ---- choices ---------------------------------------------------------------------------------- */

static const struct {
	enum sim_rule rule;
	const char *scenario;
} rules[] = {
	{ SIM_RULE_guard_gap_skips_inaccessible, "kernel-stack-neighbour" },
	{ SIM_RULE_first_brk_keeps_bss, "kernel-brk" },
	{ SIM_RULE_shrink_needs_mapping, "kernel-brk" },
	{ SIM_RULE_stack_mapping_nohuge, "kernel-merge" },
	{ SIM_RULE_unwritten_loses_account, "kernel-account" },
	{ SIM_RULE_merge_faulted_into_unfaulted, "kernel-merge" },
	{ SIM_RULE_thp_aligns_anon, "kernel-placement" },
	{ SIM_RULE_thp_aligns_file, "kernel-placement" },
	{ SIM_RULE_pt_reclaim, "kernel-arm64" },
	{ SIM_RULE_gap_search_restarts, "kernel-gap" },
	{ SIM_RULE_fills_upper, "kernel-merge" },
	{ SIM_RULE_realigns_moves, "kernel-move-tables" },
	{ SIM_RULE_mprotect_keeps_write, "kernel-faults" },
	{ SIM_RULE_dirtying_completes, "kernel-faults" },
	{ SIM_RULE_onfault_skips, "kernel-faults" },
	{ SIM_RULE_populate_stops, "kernel-calls" },
	{ SIM_RULE_around_ends_with_file, "kernel-file-end" },
	{ SIM_RULE_has_hwpoison, "kernel-hwpoison" },
	{ SIM_RULE_per_vma_locks, "kernel-readahead" },
	{ SIM_RULE_exec_reads_own, "kernel-readahead" },
	{ SIM_RULE_infinite_stack_topdown, "kernel-unlimited-stack" },
	{ SIM_RULE_software_af, "kernel-arm64" },
	{ SIM_RULE_top_byte_ignored, "kernel-arm64" },
	{ SIM_RULE_stack_names_thread, "kernel-stack-names" },
	{ SIM_RULE_mte_allowed, "kernel-arm64" },
	{ SIM_RULE_vvar_mixed, "kernel-vvar" },
	{ SIM_RULE_special_whole, "kernel-vvar-split" },
	{ SIM_RULE_vdso_moves_whole, "kernel-vvar-split" },
	{ SIM_RULE_no_denywrite, "kernel-flags" },
	{ SIM_RULE_lockonfault_named, "kernel-flags" },
	{ SIM_RULE_heap_label_exact, "kernel-flags" },
	{ SIM_RULE_thp_aligns_topdown, "kernel-placement" },
	{ SIM_RULE_moves_puds, "kernel-move-tables" },
	{ SIM_RULE_dontunmap_own_vma, "kernel-dontunmap" },
	{ SIM_RULE_mremap_params_first, "kernel-grown" },
	{ SIM_RULE_mremap_looks_first, "kernel-mremap" },
	{ SIM_RULE_mremap_checks_first, "kernel-mremap" },
	{ SIM_RULE_dontunmap_files, "kernel-dontunmap" },
	{ SIM_RULE_dontunmap_unlinks, "kernel-dontunmap-parts" },
	{ SIM_RULE_mremap_multi, "kernel-mremap" },
	{ SIM_RULE_dontunmap_keeps_account, "kernel-flags" },
	{ SIM_RULE_dontunmap_double_counts, "kernel-dontunmap" },
	{ SIM_RULE_exec_reads_first, "kernel-arm64" },
	{ SIM_RULE_guard_flag_shown, "kernel-flags" },
	{ SIM_RULE_has_cold, "kernel-old-files" },
	{ SIM_RULE_has_dontunmap, "kernel-old-files" },
	{ SIM_RULE_has_populate, "kernel-calls" },
	{ SIM_RULE_has_dontneed_locked, "kernel-calls" },
	{ SIM_RULE_grown_merges, "kernel-grown" },
	{ SIM_RULE_mmap_gathers_first, "kernel-fixed-fails" },
	{ SIM_RULE_has_mseal, "kernel-calls" },
	{ SIM_RULE_has_guards, "kernel-calls" },
	{ SIM_RULE_watermark_exact, "phys-exact-watermark" },
	{ SIM_RULE_watermark_any_block, "phys-watermark" },
	{ SIM_RULE_watermark_scaled, "phys-watermark-distance" },
	{ SIM_RULE_unmovable_claims, "phys-claim" },
	{ SIM_RULE_alike_counted, "phys-claim-alike" },
	{ SIM_RULE_borrows_smallest, "phys-claim" },
	{ SIM_RULE_remainder_keeps_type, "phys-claim" },
	{ SIM_RULE_claims_whole, "phys-claim-whole" },
	{ SIM_RULE_guard_outside, "kernel-guard-page" },
	{ SIM_RULE_guard_failure_kills, "kernel-stack-limit" },
	{ SIM_RULE_limit_spares_guard, "kernel-stack-limit" },
	{ SIM_RULE_expand_checks_neighbour, "kernel-stack-abut" },
	{ SIM_RULE_growth_ignores_sp, "kernel-below-sp" },
	{ SIM_RULE_growth_min_addr, "kernel-lowest" },
	{ SIM_RULE_failed_faults_uncounted, "kernel-failed-faults" },
	{ SIM_RULE_pte_table_late, "kernel-pgtables" },
	{ SIM_RULE_no_execute, "kernel-failed-faults" },
	{ SIM_RULE_pmd_counted_apart, "kernel-pgtables" },
	{ SIM_RULE_pgtables_bytes, "kernel-pgtables" },
	{ SIM_RULE_rss_split, "kernel-proc" },
	{ SIM_RULE_smaps_flags, "kernel-proc" },
	{ SIM_RULE_data_vm, "kernel-counters" },
	{ SIM_RULE_overcommit_total_ram, "kernel-overcommit" },
	{ SIM_RULE_merge_minds_parents, "kernel-fork-merge" },
	{ SIM_RULE_anon_vma_reused, "kernel-anon-vma" },
	{ SIM_RULE_populate_skips_guard, "kernel-old-locks" },
	{ SIM_RULE_fixed_limit_first, "kernel-old-fixed" },
	{ SIM_RULE_growsdown_private, "kernel-old-calls" },
	{ SIM_RULE_growsdown_checked_first, "kernel-old-calls" },
	{ SIM_RULE_fixed_noreplace, "kernel-old-calls" },
	{ SIM_RULE_file_size_checked, "kernel-old-files" },
	{ SIM_RULE_gaps_in_tree, "kernel-placement-cache" },
	{ SIM_RULE_willneed_anon, "kernel-old-calls" },
	{ SIM_RULE_remove_by_maywrite, "kernel-old-files" },
	{ SIM_RULE_remove_punches, "kernel-old-files" },
	{ SIM_RULE_hugepage_lenient, "kernel-old-files" },
	{ SIM_RULE_has_dontdump, "kernel-old-calls" },
	{ SIM_RULE_has_free, "kernel-old-calls" },
	{ SIM_RULE_has_wipeonfork, "kernel-old-files" },
	{ SIM_RULE_has_mlock2, "kernel-old-calls" },
	{ SIM_RULE_mlock_counts_once, "kernel-old-locks" },
	{ SIM_RULE_same_length_free, "kernel-mremap-limits" },
	{ SIM_RULE_charge_is_enomem, "kernel-mremap-limits" },
	{ SIM_RULE_zero_old_len_shared, "kernel-old-calls" },
	{ SIM_RULE_moves_tables, "kernel-move-tables" },
	{ SIM_RULE_mprotect_populates, "kernel-old-locks" },
	{ SIM_RULE_vvar_by_number, "kernel-vvar" },
	{ SIM_RULE_args_with_pointers, "kernel-arguments" },
};

/* Those that no scenario can reach; their tests. */
static const enum sim_rule elsewhere[] = {
	SIM_RULE_fixed_counts_maps,	/* tens of thousands of VMAs: test_sim_old.c:test_map_count */
};

static bool differs(unsigned rule)
{
	for (size_t i = 1; sim_profiles[i]; i++)
		if (sim_profiles[i]->rule[rule] != sim_profiles[0]->rule[rule])
			return true;
	return false;
}

static bool chosen_otherwise(const struct scenario *sc, unsigned rule)
{
	bool on = false, off = false, wrong = false;

	for (size_t i = 0; i < sc->nprofiles; i++) {
		struct sim_profile m = *sc->profile[i];

		*(m.rule[rule] ? &on : &off) = true;
		m.rule[rule] = !m.rule[rule];
		wrong = wrong || goes_wrong(sc, sc->profile[i], &m);
	}
	return on && off && wrong;
}

static void test_rules(void **state)
{
	bool seen[SIM_NRULES] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct scenario *sc = load(rules[i].scenario);

		if (!chosen_otherwise(sc, rules[i].rule))
			fail_msg("%s.scn would not notice a change of %s", rules[i].scenario,
				 sim_rules[rules[i].rule].name);
		seen[rules[i].rule] = true;
		scenario_destroy(sc);
	}
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		seen[elsewhere[i]] = true;
	for (unsigned r = 0; r < SIM_NRULES; r++)
		if (differs(r) != seen[r])
			fail_msg("%s: %s", sim_rules[r].name, seen[r] ? "all profiles choose alike" :
				 "no scenario shows the difference");
}

/* ---- figures ---------------------------------------------------------------------------------- */

enum part { OF_PROFILE, OF_KERNEL, OF_ZONE };

#define PROFILE(f, scenario) { #f, scenario, OF_PROFILE, offsetof(struct sim_profile, f), \
			       sizeof(((struct sim_profile *)NULL)->f) }
#define KERNEL(f, scenario) { #f, scenario, OF_KERNEL, offsetof(struct sim_kernel, f), \
			      sizeof(((struct sim_kernel *)NULL)->f) }
#define ZONE(f, scenario) { #f, scenario, OF_ZONE, offsetof(struct sim_zone, f), \
			    sizeof(((struct sim_zone *)NULL)->f) }

static const struct figure {
	const char *name, *scenario;
	enum part part;
	size_t offset, size;
} figures[] = {
	PROFILE(task_size, "kernel-arm64"),
	PROFILE(stack_top, "kernel-arm64"),
	PROFILE(unmapped_base, "kernel-unlimited-stack"),
	PROFILE(low_base, "kernel-arm64"),
	PROFILE(low_end, "kernel-arm64"),
	PROFILE(canonical_end, "kernel-arm64"),
	PROFILE(kernel_start, "lesson-05-layouts"),
	PROFILE(address_mask, "kernel-below-sp"),
	PROFILE(mmap_min_addr, "kernel-lowest"),
	PROFILE(stack_guard_gap, "kernel-mmapbase"),
	PROFILE(sp_cushion, "kernel-below-sp"),
	PROFILE(mmap_gap_min, "kernel-mmapbase"),
	PROFILE(mmap_gap_max, "kernel-unlimited-stack"),
	PROFILE(admin_reserve, "kernel-overcommit-root"),
	PROFILE(fault_around, "kernel-fault-around"),
	PROFILE(exec_folio, "kernel-readahead"),
	PROFILE(vvar_pages, "kernel-vvar"),
	PROFILE(vvar_vclock_pages, "kernel-vvar"),
	PROFILE(vdso_pages, "kernel-unlimited-stack"),
	PROFILE(vvar_there, "kernel-vvar"),
	PROFILE(vvar_vclock_there, "kernel-vvar"),
	KERNEL(word, "irq-five-kernels"),
	KERNEL(align, "kernel-entries"),
	KERNEL(arg_regs, "kernel-entries"),
	KERNEL(lr_low, "kstack-overflow"),
	KERNEL(thread_size, "kernel-task-table"),
	KERNEL(source, "kstack-overflow"),
	KERNEL(cached_stacks, "kernel-task-table"),
	KERNEL(top_padding, "irq-five-kernels"),
	KERNEL(ti, "kernel-entries"),
	KERNEL(ti_bytes, "kernel-task-table"),
	KERNEL(field, "irq-five-kernels"),
	KERNEL(current, "irq-five-kernels"),
	KERNEL(regs_syscall, "kernel-entries"),
	KERNEL(regs_irq, "kernel-entries"),
	KERNEL(regs_kernel, "kernel-entries"),
	KERNEL(regs_exception, "kernel-entries"),
	KERNEL(ip_from_top, "irq-five-kernels"),
	KERNEL(sp_from_top, "irq-five-kernels"),
	KERNEL(syscall, "kernel-entries"),
	KERNEL(sys_own, "kernel-entries"),
	KERNEL(cpu_stack, "irq-five-kernels"),
	KERNEL(hardirq_stack, "irq-five-kernels"),
	KERNEL(softirq_stack, "irq-five-kernels"),
	KERNEL(nmi_stack, "kernel-entries"),
	KERNEL(overflow_stack, "kstack-overflow"),
	KERNEL(link, "kernel-entries"),
	KERNEL(irq_from_user_switches, "irq-five-kernels"),
	KERNEL(ist_from_user_moves, "kernel-entries"),
	KERNEL(nmi, "kernel-entries"),
	KERNEL(irq, "kernel-entries"),
	KERNEL(irq_own, "kernel-entries"),
	KERNEL(softirq, "kernel-entries"),
	KERNEL(nmi_chain, "kernel-entries"),
	KERNEL(exception, "kernel-entries"),
	KERNEL(low_stack_warning, "kernel-low-stack"),
	KERNEL(switch_words, "kernel-entries"),
	KERNEL(schedule, "kernel-entries"),
	KERNEL(preempt, "kernel-entries"),
	KERNEL(kthread, "kernel-entries"),
	KERNEL(end_check, "kstack-overflow"),
	KERNEL(overflow, "kstack-overflow"),
	KERNEL(guard_message, "kernel-overflow-words"),
	KERNEL(guard_named, "kernel-overflow-words"),
	KERNEL(guard_end_inclusive, "kernel-overflow-words"),
	KERNEL(double_fault_panics, "kstack-overflow"),
	KERNEL(preempt_in_ti, "kstack-overflow"),
	KERNEL(sysrq, "kernel-task-table"),
	KERNEL(sysrq_header, "kernel-task-table"),
	KERNEL(trace, "kernel-task-table"),
	KERNEL(depth_with_pid, "kernel-task-table"),
	KERNEL(oops_prefix, "kernel-overflow-words"),
	KERNEL(pf_message, "share-kstack"),
	KERNEL(syscall_entry, "kernel-task-table"),
	KERNEL(sys_prefix, "kernel-task-table"),
	KERNEL(text, "irq-five-kernels"),
	KERNEL(page_offset, "kstack-overflow"),
	KERNEL(task_base, "kstack-overflow"),
	KERNEL(cpu_base, "kernel-entries"),
	ZONE(pageblock_order, "phys-claim"),
	ZONE(min_free_kbytes_max, "phys-watermark-most"),
};

static const void *place(const struct figure *f, const struct sim_profile *p)
{
	const char *base = f->part == OF_KERNEL ? (const char *)p->kernel :
			   f->part == OF_ZONE ? (const char *)p->zone : (const char *)p;

	return base + f->offset;
}

/* A machine of parts that do not fit may well not survive: then the difference shows, too. */
static bool shows_apart(const struct scenario *sc, const struct sim_profile *p, const struct sim_profile *m)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		static const int bad[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS };

		for (size_t i = 0; i < ARRAY_LEN(bad); i++)
			signal(bad[i], SIG_DFL);	/* not the test's own handler */
		fclose(stderr);
		_exit(goes_wrong(sc, p, m));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !WIFEXITED(status) || WEXITSTATUS(status);
}

static bool figure_shows(const struct figure *f, const struct scenario *sc)
{
	for (size_t a = 0; a < sc->nprofiles; a++)
		for (size_t b = 0; b < sc->nprofiles; b++) {
			struct sim_profile m = *sc->profile[a];
			struct sim_kernel kernel = *m.kernel;
			struct sim_zone zone = *m.zone;
			const void *its = place(f, sc->profile[b]);

			if (!memcmp(place(f, &m), its, f->size))
				continue;
			m.kernel = &kernel;
			m.zone = &zone;
			memcpy((char *)(f->part == OF_KERNEL ? (void *)&kernel : f->part == OF_ZONE ? (void *)&zone :
					(void *)&m) + f->offset, its, f->size);
			if (shows_apart(sc, sc->profile[a], &m))
				return true;
		}
	return false;
}

static void test_figures(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		struct scenario *sc = load(figures[i].scenario);

		if (!figure_shows(&figures[i], sc))
			fail_msg("%s.scn would not notice another %s", figures[i].scenario, figures[i].name);
		scenario_destroy(sc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
