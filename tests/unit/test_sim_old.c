/* SPDX-License-Identifier: GPL-2.0-or-later
 * The profiles that stand on source alone, against what the functions named here do. G1 is
 * 2.6.39 and 3.10 on x86, G2 is 4.3 on arm64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/buf.h"
#include "src/sim/profile.h"
#include "tests/unit/sim_ops.h"

#define K 1024ull
#define M (K * K)
#define GiB (K * M)

static const struct sim_profile *const i386 = &profile_linux_2_6_39_i386;
static const struct sim_profile *const x310 = &profile_linux_3_10_x86_64;
static const struct sim_profile *const arm43 = &profile_linux_4_3_arm64;
static const struct sim_profile *const now = &profile_linux_6_18_x86_64;
static const struct sim_profile *const all_old[] = {
	&profile_linux_2_6_39_i386, &profile_linux_3_10_x86_64, &profile_linux_4_3_arm64, NULL
};

static struct sim *with(const struct sim_profile *p, uint64_t stack, uint64_t ram)
{
	struct sim_options o;
	struct sim *s;

	sim_options_init(&o);
	o.profile = p;
	o.ram_pages = ram ? ram : sim_profile_ram(p);
	o.limit[SIM_LIMIT_STACK] = stack;
	s = sim_create(&o, NULL);
	assert_non_null(s);
	return s;
}

static struct sim *start(const struct sim_profile *p)
{
	return with(p, 8 * M, 0);
}

static void end(struct sim *s)
{
	check_all(s);
	sim_destroy(s);
}

#define assert_result(r, text) \
	do { \
		struct sim_result r_ = (r); \
		assert_string_equal(sim_result_text(&r_), text); \
	} while (0)

static struct sim_result limit(struct sim *s, enum sim_limit which, uint64_t value)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_SETRLIMIT, .limit = which, .value = value });
}

static struct sim_result advise(struct sim *s, uint64_t addr, uint64_t pages, int advice)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_MADVISE, .addr = addr, .len = pages * P,
				       .advice = advice });
}

static struct sim_result unmap(struct sim *s, uint64_t addr, uint64_t pages)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_MUNMAP, .addr = addr, .len = pages * P });
}

static struct sim_vma stack_of(const struct sim *s)
{
	struct sim_vma v = { 0 };

	for (size_t i = 0; sim_vma_at(s, sim_current(s), i, &v); i++)
		if (v.name && !strcmp(v.name, "[stack]"))
			return v;
	fail_msg("no stack");
	return v;
}

/* What the access adds to min_flt. */
static uint64_t faults(struct sim *s, uint64_t addr, char mode, const char *text)
{
	uint64_t before = mm_now(s).minflt;

	assert_result(touch(s, addr, 1, mode), text);
	return mm_now(s).minflt - before;
}

/* ---- layout ----------------------------------------------------------------------------- */

static uint64_t base_of(const struct sim_profile *p, uint64_t stack)
{
	struct sim *s = with(p, stack, 0);
	uint64_t base = mm_now(s).mmap_base;

	end(s);
	return base;
}

/* arch/x86/mm/mmap.c:mmap_base, arch/arm64/mm/mmap.c:mmap_base (its MIN_GAP has the room for a
 * random stack in any case); mmap_is_legacy: an unlimited stack is placed bottom-up from
 * TASK_UNMAPPED_BASE, TASK_SIZE / 3, on arm64 / 4. */
static void test_layout(void **state)
{
	(void)state;
	assert_true(base_of(i386, 8 * M) == 0xb8000000);
	assert_true(base_of(i386, 256 * M) == 0xb0000000);
	assert_true(base_of(i386, 3 * GiB - 4096) == 0x20000000);
	assert_true(base_of(i386, SIM_UNLIMITED) == 0x40000000);
	assert_true(base_of(x310, 8 * M) == 0x7ffff7fff000);
	assert_true(base_of(x310, 4 * GiB) == 0x7ffefffff000);
	assert_true(base_of(x310, SIM_UNLIMITED) == 0x2aaaaaaab000);
	assert_true(base_of(arm43, 8 * M) == 0x7fb8001000);
	assert_true(base_of(arm43, 2 * GiB) == 0x7f80000000);
	assert_true(base_of(arm43, SIM_UNLIMITED) == 0x2000000000);
	assert_true(base_of(now, 4 * GiB) == 0x7ffeffeff000);
	assert_true(base_of(now, SIM_UNLIMITED) == 0x155555556000);
}

/* unmapped_area: upwards, the lowest hole. 2.6.39 goes on where its last search ended, first of
 * all behind the vdso that is gone: arch_unmap_area looks at the end of the mapping below, and
 * below TASK_UNMAPPED_BASE that is none. */
static void test_bottomup(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = with(all_old[i], SIM_UNLIMITED, 0);
		uint64_t a = map(s, 3, RW, ANON_PRIVATE), b = map(s, 1, 1, ANON_PRIVATE);
		bool cached = all_old[i] == i386;

		assert_true(a == all_old[i]->unmapped_base + (cached ? P : 0));
		assert_true(b == a + 3 * P);
		assert_result(unmap(s, a, 2), "ok");
		assert_true(map(s, 1, 1, ANON_PRIVATE) == (cached ? b + P : a));
		end(s);
	}
}

/* fs/exec.c:__bprm_mm_init and setup_arg_pages: one page, its guard page by the first write
 * (mm/memory.c:check_stack_guard_page), 128 KiB more; fs/proc/task_mmu.c:show_map_vma hides the
 * guard page. */
static void test_exec_stack(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		struct sim_vma v = stack_of(s);

		assert_int_equal(mm_now(s).vm_stk, 136);
		assert_int_equal(v.end - v.start, 132 * K);
		assert_int_equal(v.guard, P);
		assert_true(v.end == all_old[i]->stack_top);
		assert_string_equal(letters(s, v.start), "32.A");
		end(s);
	}
}

/* fs/exec.c:get_arg_page: the VMA, guard page included, against a quarter of the stack limit or
 * 128 KiB; pointers do not count and there is no other cap. */
static void test_arguments(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = with(all_old[i], 64 * M, 0);
		struct sim_op exec = { .kind = SIM_OP_EXEC, .len = 16 * M - 2 * P };

		assert_result(run(s, exec), "ok");
		exec.len = 16 * M - P;
		assert_result(run(s, exec), "E2BIG");
		assert_result(limit(s, SIM_LIMIT_STACK, 256 * K), "ok");
		exec.len = 128 * K - 2 * P;
		assert_result(run(s, exec), "ok");
		exec.len = 128 * K - P;
		assert_result(run(s, exec), "E2BIG");
		end(s);
	}
}

/* ---- the fault ---------------------------------------------------------------------------- */

/* arch/x86/mm/fault.c:do_page_fault (2.6.39), __do_page_fault (3.10): address + 65536 + 32 *
 * sizeof(unsigned long) < sp is a bad area; arch/arm64/mm/fault.c has no such test. */
static void test_below_sp(void **state)
{
	static const struct { const struct sim_profile *p; uint64_t cushion; } of[] = {
		{ &profile_linux_2_6_39_i386, 65536 + 32 * 4 },
		{ &profile_linux_3_10_x86_64, 65536 + 32 * 8 },
	};
	struct sim *s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		s = with(of[i].p, 16 * K, 0);
		assert_result(limit(s, SIM_LIMIT_STACK, 8 * M), "ok");
		assert_result(touch(s, sim_sp(s) - of[i].cushion - 1, 1, 'w'), "SIGSEGV MAPERR");
		assert_int_equal(mm_now(s).vm_stk, 16);
		assert_result(touch(s, sim_sp(s) - of[i].cushion, 1, 'w'), "ok");
		assert_true(mm_now(s).vm_stk > 64);
		end(s);
	}
	s = start(arm43);
	assert_result(touch(s, sim_sp(s) - 7 * M, 1, 'w'), "ok");
	end(s);
}

/* arch/arm64/mm/fault.c:do_page_fault counts before it looks at VM_FAULT_BADMAP and
 * VM_FAULT_BADACCESS; do_bad_area (TASK_SIZE and above) counts nothing. x86 counts what
 * succeeded. */
static void test_failed_faults(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		const struct sim_profile *p = all_old[i];
		struct sim *s = start(p);
		uint64_t a = map(s, 1, 1, ANON_PRIVATE), counted = p == arm43;

		assert_int_equal(faults(s, 0x1000000, 'r', "SIGSEGV MAPERR"), counted);
		assert_int_equal(faults(s, a, 'w', "SIGSEGV ACCERR"), counted);
		assert_int_equal(faults(s, p->task_size, 'r', "SIGSEGV MAPERR"), 0);
		assert_int_equal(faults(s, a, 'r', "ok"), 1);
		end(s);
	}
}

/* access_error asks for no VM_EXEC, and i386 without PAE has no bit for it: the fetch is a
 * read. With it the page is mapped before the second fault refuses; arm64 refuses at once. */
static void test_execute(void **state)
{
	struct sim *s = start(i386);
	uint64_t a = map(s, 1, RW, ANON_PRIVATE);

	(void)state;
	assert_int_equal(faults(s, a, 'x', "ok"), 1);
	end(s);
	s = start(x310);
	a = map(s, 1, RW, ANON_PRIVATE);
	assert_int_equal(faults(s, a, 'x', "SIGSEGV ACCERR"), 1);
	assert_string_equal(letters(s, a), "Z");
	end(s);
	s = start(arm43);
	a = map(s, 1, RW, ANON_PRIVATE);
	assert_int_equal(faults(s, a, 'x', "SIGSEGV ACCERR"), 1);
	assert_string_equal(letters(s, a), ".");
	end(s);
}

/* mm/memory.c:do_fault_around is there in 4.3, not in 3.10. */
static void test_fault_around(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		struct sim_op op = { .kind = SIM_OP_MMAP, .len = 64 * P, .prot = 1, .flags = 2,
				     .backing = SIM_FILE };
		struct sim_result r = run(s, op);

		assert_result(touch(s, r.ret + 20 * P, 1, 'r'), "ok");
		assert_int_equal(mm_now(s).rss_file, all_old[i] == arm43 ? 4 + 64 : 4 + 4);
		end(s);
	}
}

/* mm/memory.c:__do_fault, with its table made by handle_mm_fault before: it stays also after
 * SIGBUS. Since 4.8 a table is made when there is a page. */
static void test_table_first(void **state)
{
	const struct sim_profile *const of[] = { i386, x310, arm43, now };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct sim *s = start(of[i]);
		struct sim_op op = { .kind = SIM_OP_MMAP, .len = P, .prot = 1, .flags = 2,
				     .backing = SIM_FILE, .off = 64 * P };
		struct sim_result r = run(s, op);
		uint64_t before = mm_now(s).vm_pte;

		assert_result(touch(s, r.ret, 1, 'r'), "SIGBUS ADRERR");
		assert_int_equal(mm_now(s).vm_pte > before, of[i] != now);
		end(s);
	}
}

/* mm/swapfile.c:reuse_swap_page: one mapping is enough; mm/mprotect.c:change_pte_range gives
 * write permission back to shared, dirty pages only. */
static void test_reuse(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		uint64_t a = map(s, 2, RW, ANON_PRIVATE);
		struct sim_page before, after;

		assert_int_equal(faults(s, a, 'w', "ok"), 1);
		sim_page_get(s, 0, a, &before);
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_FORK }), "ok");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_EXIT }), "ok");
		assert_int_equal(faults(s, a, 'w', "ok"), 1);
		sim_page_get(s, 0, a, &after);
		assert_int_equal(before.pfn, after.pfn);
		end(s);
	}
}

/* ---- growth --------------------------------------------------------------------------------- */

/* A stack of 16 KiB with 8 MiB allowed, and a page mapped 8 pages below what /proc shows. */
static struct sim *above_a_page(const struct sim_profile *p, uint32_t prot, uint64_t *low)
{
	struct sim *s = with(p, 16 * K, 0);

	assert_result(limit(s, SIM_LIMIT_STACK, 8 * M), "ok");
	*low = stack_of(s).start - 9 * P;
	assert_result(map_at(s, *low, 1, prot, ANON_PRIVATE), "ok");
	*low += P;
	return s;
}

/* mm/memory.c:check_stack_guard_page, mm/mmap.c:expand_stack (3.9 on): right above another
 * mapping there is no room for the guard page. A page that nobody may access counts. */
static void test_neighbour(void **state)
{
	static const uint32_t prots[] = { RW, 0 };

	(void)state;
	for (int i = 0; all_old[i]; i++)
		for (int k = 0; k < 2; k++) {
			const struct sim_profile *p = all_old[i];
			uint64_t low;
			struct sim *s = above_a_page(p, prots[k], &low);

			/* In one step: 2.6.39 has grown before it finds out. */
			assert_result(touch(s, low, 1, 'w'), p == i386 ? "SIGBUS ADRERR" : "SIGSEGV MAPERR");
			assert_int_equal(stack_of(s).start == low + P, p == i386);
			end(s);
			s = above_a_page(p, prots[k], &low);
			assert_result(touch(s, low + P, 1, 'w'), "ok");
			assert_true(stack_of(s).start == low + P && stack_of(s).guard == P);
			assert_result(touch(s, low, 1, 'w'), p == arm43 ? "SIGSEGV MAPERR" : "SIGBUS ADRERR");
			end(s);
		}
}

/* acct_stack_growth: 2.6.39 and 3.10 hold the size with the guard page against the limit, but
 * check_stack_guard_page ignores that it cannot have the page; 4.3 leaves it out and minds.
 * So all of them give the same pages, and 4.3 one page more of VMA. */
static void test_limit(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = with(all_old[i], 16 * K, 0);
		uint64_t top = all_old[i]->stack_top;

		assert_result(limit(s, SIM_LIMIT_STACK, 64 * K), "ok");
		assert_result(touch(s, top - 64 * K, 1, 'w'), "ok");
		assert_int_equal(mm_now(s).vm_stk, all_old[i] == arm43 ? 68 : 64);
		assert_result(touch(s, top - 64 * K - 1, 1, 'w'), "SIGSEGV MAPERR");
		assert_int_equal(mm_now(s).vm_stk, all_old[i] == arm43 ? 68 : 64);
		end(s);
	}
}

/* Before 2.6.36 there was no guard at all: the same table without it. */
static void test_no_guard(void **state)
{
	struct sim_profile none = *i386;
	struct sim *s;

	(void)state;
	none.rule[SIM_RULE_has_guard] = 0;
	s = start(&none);
	assert_int_equal(mm_now(s).vm_stk, 132);
	assert_int_equal(stack_of(s).guard, 0);
	end(s);
}

/* security/commoncap.c:cap_mmap_addr, after anon_vma_prepare: dac_mmap_min_addr, not
 * mmap_min_addr. A mapping that grows, low in memory; only arm64 does not ask sp. */
static void test_lowest(void **state)
{
	struct sim *s = start(arm43);
	struct sim_vma v;

	(void)state;
	assert_result(map_at(s, 0x4000, 1, RW, ANON_PRIVATE | GROWSDOWN), "ok");
	assert_result(touch(s, 0x2000, 1, 'w'), "ok");
	assert_true(sim_vma_find(s, 0, 0x3000, &v));
	assert_true(v.start - v.guard == 0x1000);
	assert_result(touch(s, 0x1000, 1, 'w'), "SIGSEGV MAPERR");
	end(s);
}

/* mm/memory.c:__get_user_pages: locking skips the guard page, and so does MAP_POPULATE by 3.10
 * (2.6.39 populates by make_pages_present, without FOLL_MLOCK). */
static void test_populate_guard(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		struct sim_vma v;
		uint64_t a = map(s, 4, RW, ANON_PRIVATE | GROWSDOWN | 0x8000);

		assert_true(sim_vma_find(s, 0, a, &v));
		assert_true(v.start == (all_old[i] == i386 ? a : a + P));
		assert_string_equal(letters(s, v.start), all_old[i] == i386 ? "4A" : "3A");
		a = map(s, 4, RW, ANON_PRIVATE | GROWSDOWN | 0x2000);
		assert_true(sim_vma_find(s, 0, a, &v));
		assert_true(v.start == a + P);
		end(s);
	}
}

/* ---- counters ------------------------------------------------------------------------------- */

/* fs/proc/task_mmu.c:task_mem: VmData is total_vm - shared_vm - stack_vm, mm/mmap.c:vm_stat_account:
 * what has a file is shared. */
static void test_counters(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		struct sim_mm a = mm_now(s), b;

		map(s, 16, 1, ANON_PRIVATE);			/* not even writable */
		b = mm_now(s);
		assert_int_equal(b.vm_data - a.vm_data, 64);
		map(s, 16, RW, ANON_SHARED);
		assert_int_equal(mm_now(s).vm_data, b.vm_data);
		map(s, 16, 5, ANON_PRIVATE);			/* executable, but no file */
		assert_int_equal(mm_now(s).vm_lib, a.vm_lib);
		assert_int_equal(mm_now(s).vm_data - b.vm_data, 64);
		map(s, 16, RW, ANON_PRIVATE | GROWSDOWN);
		assert_int_equal(mm_now(s).vm_stk - a.vm_stk, 64);
		/* task_statm: data is total - shared, the stack is part of it */
		assert_int_equal(mm_now(s).statm[5], (mm_now(s).vm_data + mm_now(s).vm_stk) / 4);
		end(s);
	}
}

/* RLIMIT_DATA: the break only (4.5: all private writable memory). */
static void test_data_limit(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);

		assert_result(limit(s, SIM_LIMIT_DATA, 4 * P), "ok");
		map(s, 64, RW, ANON_PRIVATE);
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_BRK, .addr = 0x403000 + 3 * P }), "ok");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_BRK, .addr = 0x403000 + 4 * P }),
			      "unchanged");
		end(s);
	}
}

/* mm->nr_ptes; 4.0 to 4.14 nr_pmds beside it as VmPMD. In kernel-facts.md row 26 of C, and with
 * tables that serve 4 MiB on i386. */
static void test_tables(void **state)
{
	struct sim *s = start(x310);
	uint64_t a = 0x200000000000;
	struct sim_mm mm;

	(void)state;
	assert_int_equal(mm_now(s).vm_pte, 8);
	assert_result(map_at(s, a, 3 * GiB / P, RW, ANON_PRIVATE), "ok");
	assert_result(touch(s, a, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 12);
	assert_result(touch(s, a + P, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 12);
	assert_result(touch(s, a + 2 * M, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 16);
	assert_result(touch(s, a + GiB, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 20);
	assert_result(advise(s, a, GiB / P, 4), "ok");
	assert_int_equal(mm_now(s).vm_pte, 20);
	assert_result(unmap(s, a, 3 * GiB / P), "ok");
	assert_int_equal(mm_now(s).vm_pte, 8);
	assert_false(mm_now(s).has_pmd);
	end(s);

	s = start(arm43);
	a = 0x4000000000;
	mm = mm_now(s);
	assert_true(mm.has_pmd && mm.vm_pte == 8 && mm.vm_pmd == 8);
	assert_result(map_at(s, a, 3 * GiB / P, RW, ANON_PRIVATE), "ok");
	assert_result(touch(s, a, 1, 'w'), "ok");
	assert_result(touch(s, a + 2 * M, 1, 'w'), "ok");
	mm = mm_now(s);
	assert_true(mm.vm_pte == 16 && mm.vm_pmd == 12);
	assert_result(touch(s, a + GiB, 1, 'w'), "ok");
	mm = mm_now(s);
	assert_true(mm.vm_pte == 20 && mm.vm_pmd == 16);
	end(s);

	s = start(i386);
	assert_int_equal(mm_now(s).vm_pte, 8);
	assert_result(map_at(s, 0x20000000, 2048, RW, ANON_PRIVATE), "ok");
	assert_result(touch(s, 0x20000000, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 12);
	assert_result(touch(s, 0x203ff000, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 12);
	assert_result(touch(s, 0x20400000, 1, 'w'), "ok");
	assert_int_equal(mm_now(s).vm_pte, 16);
	end(s);
}

/* asm/pgtable-nopud.h, pgtable-nopmd.h, pgtable-2level_types.h; arm64 with 39 bits. */
static void test_levels(void **state)
{
	static const struct { const struct sim_profile *p; uint64_t addr; const char *walk; } of[] = {
		{ &profile_linux_2_6_39_i386, 0xbffff000, "pgd 767 (pud) (pmd) pte 1023 " },
		{ &profile_linux_3_10_x86_64, 0x7fffffffe000, "pgd 255 pud 511 pmd 511 pte 510 " },
		{ &profile_linux_4_3_arm64, 0x7ffffff000, "pgd 511 (pud) pmd 511 pte 511 " },
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sim *s = start(of[i].p);
		struct sim_walk_level w[5];
		size_t n = sim_walk(s, 0, of[i].addr, w);
		struct buf b = BUF_INIT;

		for (size_t k = 0; k < n; k++)
			if (w[k].folded)
				buf_addf(&b, "(%s) ", w[k].name);
			else
				buf_addf(&b, "%s %u ", w[k].name, w[k].index);
		assert_string_equal(buf_str(&b), of[i].walk);
		assert_true(w[n - 1].present && w[n - 1].writable);
		buf_free(&b);
		end(s);
	}
}

/* mm/mmap.c:__vm_enough_memory, OVERCOMMIT_GUESS: what is free and what is cached, less a
 * reserve (3 %, since 3.10 at most 8 MiB); since 5.2 all RAM. */
static void test_commit(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = with(all_old[i], 8 * M, 65536);
		uint64_t free = sim_frame_free(s);
		uint64_t kept = all_old[i] == i386 || free / 32 < 2048 ? free / 32 : 2048;

		/* 67 pages of files are cached; 3 % of them count for root in 2.6.39. */
		assert_result(map_at(s, 0, free - kept + 67, RW, ANON_PRIVATE), "ENOMEM");
		assert_result(map_at(s, 0, free - kept + 60, RW, ANON_PRIVATE), "ok");
		end(s);
	}
}

/* ---- merging, mapping ----------------------------------------------------------------------- */

/* mm/mmap.c:is_mergeable_anon_vma: before 3.0 a VMA that came by fork joins a new neighbour. */
static void test_child_merges(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		uint64_t a = map(s, 2, RW, ANON_PRIVATE);
		size_t n;

		assert_result(touch(s, a, 1, 'w'), "ok");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_FORK }), "ok");
		n = sim_vma_count(s, 1);
		assert_result(map_at(s, a - 2 * P, 2, RW, ANON_PRIVATE), "ok");
		assert_int_equal(sim_vma_count(s, 1), all_old[i] == i386 ? n : n + 1);
		end(s);
	}
}

/* mm/mmap.c:mmap_region: 2.6.39 unmaps, then looks at RLIMIT_AS; 3.10 counts what goes first. */
static void test_fixed_fails(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		uint64_t a = map(s, 2, RW, ANON_PRIVATE);
		struct sim_vma v;

		assert_result(touch(s, a, 1, 'w'), "ok");
		assert_result(limit(s, SIM_LIMIT_AS, mm_now(s).vm_size * K), "ok");
		assert_result(map_at(s, a - P, 2, RW, ANON_PRIVATE), "ENOMEM");
		assert_true(sim_vma_find(s, 0, a, &v));
		assert_true(v.start == (all_old[i] == i386 ? a + P : a));
		end(s);
	}
}

/* MAP_GROWSDOWN: 2.6.39 refuses files after it has unmapped, and no shared memory; 3.10 both,
 * as late; 4.3:do_mmap before. */
static void test_growsdown(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		uint64_t a = map(s, 1, RW, ANON_PRIVATE);
		struct sim_op op = { .kind = SIM_OP_MMAP, .addr = a, .len = P, .prot = 1,
				     .flags = 2 | FIXED | GROWSDOWN, .backing = SIM_FILE };

		assert_result(run(s, op), "EINVAL");
		assert_result(touch(s, a, 1, 'w'), all_old[i] == arm43 ? "ok" : "SIGSEGV MAPERR");
		assert_result(map_at(s, 0, 1, RW, ANON_SHARED | GROWSDOWN),
			      all_old[i] == i386 ? "ok" : "EINVAL");
		end(s);
	}
}

/* Calls and advices that were not there yet, by the number of their argument. */
static void test_not_yet(void **state)
{
	static const int unknown[] = { 8, 18, 19, 20, 21, 22, 23, 24, 25, 102, 103 };

	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		uint64_t a = map(s, 4, RW, ANON_PRIVATE), b;
		const char *dump = all_old[i] == i386 ? "EINVAL" : "ok";

		for (size_t k = 0; k < sizeof(unknown) / sizeof(unknown[0]); k++)
			assert_result(advise(s, a, 1, unknown[k]), "EINVAL");
		assert_result(advise(s, a, 1, 16), dump);	/* 3.4 */
		assert_result(advise(s, a, 1, 17), dump);
		assert_result(advise(s, a, 4, 3), all_old[i] == i386 ? "EBADF" : "ok");
		assert_result(advise(s, a, 4, 14), "ok");
		assert_result(advise(s, a, 4, 14), "EINVAL");	/* hugepage_madvise: twice */
		b = map(s, 1, RW, ANON_SHARED);
		assert_result(advise(s, b, 1, 15), "EINVAL");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MSEAL, .addr = a, .len = P }), "ENOSYS");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MLOCK, .addr = a, .len = P, .flags = 1 }),
			      "ENOSYS");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MLOCKALL, .flags = 1 | 4 }), "EINVAL");
		assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MREMAP, .addr = a, .len = P,
						      .newlen = P, .flags = 1 | 4 }), "EINVAL");
		/* MAP_FIXED_NOREPLACE is an unknown flag, the address a hint. */
		assert_true(run(s, (struct sim_op){ .kind = SIM_OP_MMAP, .addr = a, .len = P, .prot = RW,
						    .flags = ANON_PRIVATE | 0x100000 }).ret != a);
		end(s);
	}
}

/* SYSCALL mlock: locked pages count twice when they are locked again. */
static void test_mlock_twice(void **state)
{
	(void)state;
	for (int i = 0; all_old[i]; i++) {
		struct sim *s = start(all_old[i]);
		uint64_t a = map(s, 8, RW, ANON_PRIVATE);
		struct sim_op lock = { .kind = SIM_OP_MLOCK, .addr = a, .len = 8 * P };

		assert_result(limit(s, SIM_LIMIT_MEMLOCK, 10 * P), "ok");
		assert_result(run(s, lock), "ok");
		assert_result(run(s, lock), "ENOMEM");
		end(s);
	}
}

/* An unsigned long has 32 bits: lengths and addresses are cut, sums wrap. */
static void test_width(void **state)
{
	struct sim *s = start(i386);
	uint64_t a = map(s, 4, RW, ANON_PRIVATE);

	(void)state;
	assert_result(map_at(s, 0, 200ull << 40 >> 12, RW, ANON_PRIVATE), "EINVAL");
	assert_result(map_at(s, 0, GiB * 4 / P - 1, RW, ANON_PRIVATE), "ENOMEM");
	assert_result(touch(s, a + (1ull << 32), 1, 'w'), "ok");
	assert_string_equal(letters(s, a), "A3.");
	assert_result(run(s, (struct sim_op){ .kind = SIM_OP_MPROTECT, .addr = a, .len = 0xfffffff0 }),
		      "ENOMEM");
	assert_result(limit(s, SIM_LIMIT_AS, 8 * GiB), "ok");
	assert_true(mm_now(s).limit[SIM_LIMIT_AS] == SIM_UNLIMITED);
	assert_result(touch(s, 0xfffff000, 1, 'r'), "SIGSEGV MAPERR");
	end(s);
}

/* mm/mremap.c:mremap_to of 5.1 and later counts the VMAs first; before, move_vma did when what lay
 * at the new place was gone. */
static void test_map_count(void **state)
{
	const struct sim_profile *const of[] = { i386, x310, arm43, &profile_linux_5_10_x86_64 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct sim_options o;
		struct sim_op op = { .kind = SIM_OP_MREMAP, .len = P, .newlen = P, .flags = 1 | 2 };
		struct sim_vma v;
		struct sim *s;
		uint64_t a;

		sim_options_init(&o);
		o.profile = of[i];
		o.max_map_count = 12;
		o.ram_pages = 20000;
		s = sim_create(&o, NULL);
		assert_non_null(s);
		a = map(s, 1, RW, ANON_PRIVATE);
		op.addr = a;
		op.newaddr = a - 20 * P;
		assert_result(map_at(s, op.newaddr, 1, RW, ANON_PRIVATE), "ok");
		for (uint64_t n = 1; sim_vma_count(s, 0) < 10; n++)
			assert_result(map_at(s, op.newaddr - 2 * n * P, 1, RW, ANON_PRIVATE), "ok");
		assert_result(run(s, op), "ENOMEM");
		assert_int_equal(sim_vma_find(s, 0, op.newaddr, &v) && v.start == op.newaddr, i == 3);
		end(s);
	}
}

/* ---- placement by history -------------------------------------------------------------------- */

/* mm/mmap.c of 2.6.39:arch_get_unmapped_area_topdown: the search begins at free_area_cache, and
 * what cached_hole_size did not see on the way is not found before all else is used up. */
static void test_cache(void **state)
{
	struct sim *s = start(i386);
	struct sim_mm_value f[64];
	uint64_t base = mm_now(s).mmap_base, a = map(s, 1, RW, ANON_PRIVATE);
	size_t n = sim_mm_fields(s, 0, f, 64), i;

	(void)state;
	for (i = 0; i < n && strcmp(f[i].name, "free_area_cache"); i++)
		;
	assert_true(i < n && a == base - P && f[i].value == a);
	map(s, 4, 1, ANON_PRIVATE);
	assert_result(unmap(s, a, 1), "ok");		/* a hole of one page at the top */
	sim_mm_fields(s, 0, f, 64);
	assert_true(f[i].value == base);
	assert_true(map(s, 2, RW, ANON_PRIVATE) == base - 7 * P);	/* too small for this */
	sim_mm_fields(s, 0, f, 64);
	assert_true(f[i].value == base - 7 * P && !f[i - 1].value);
	assert_true(map(s, 1, 5, ANON_PRIVATE) == base - 8 * P);	/* not in the hole */
	end(s);
	s = start(x310);				/* the highest that fits */
	base = mm_now(s).mmap_base;
	a = map(s, 1, RW, ANON_PRIVATE);
	map(s, 4, 1, ANON_PRIVATE);
	assert_result(unmap(s, a, 1), "ok");
	assert_true(map(s, 2, RW, ANON_PRIVATE) == base - 7 * P);
	assert_true(map(s, 1, 5, ANON_PRIVATE) == a);
	end(s);
}

/* ---- what the views are given --------------------------------------------------------------- */

static void note_names(void *ctx, const struct sim_step *step)
{
	struct buf *b = ctx;

	if (step->kind == SIM_STEP_CALL || step->kind == SIM_STEP_EVENT)
		buf_addf(b, "%s ", step->func);
}

static void names(const struct sim_profile *p, const char *expected)
{
	struct sim *s = with(p, 16 * K, 0);
	struct buf b = BUF_INIT;

	assert_result(limit(s, SIM_LIMIT_STACK, 8 * M), "ok");
	sim_trace(s, note_names, &b);
	assert_result(touch(s, p->stack_top - 6 * P, 1, 'w'), "ok");
	assert_string_equal(buf_str(&b), expected);
	buf_free(&b);
	end(s);
}

/* The functions by their names of then, and the guard page as a second growth. */
static void test_names(void **state)
{
	(void)state;
	names(arm43, "do_mem_abort do_page_fault expand_downwards acct_stack_growth expand_downwards "
		     "handle_mm_fault do_anonymous_page expand_downwards acct_stack_growth "
		     "expand_downwards buffered_rmqueue ");
	names(i386, "page_fault do_page_fault expand_downwards acct_stack_growth expand_downwards "
		    "handle_mm_fault do_anonymous_page expand_downwards acct_stack_growth "
		    "expand_downwards buffered_rmqueue ");
}

/* mm_struct of 2.6.39, 3.10, 4.3 (include/linux/mm_types.h), by what was in one and not in the other. */
static void test_fields(void **state)
{
	static const struct { const char *name; bool in[4]; } of[] = {
		{ "mm_rb", { true, true, true, false } },
		{ "free_area_cache", { true, false, false, false } },
		{ "reserved_vm", { true, false, false, false } },
		{ "pinned_vm", { false, true, true, true } },
		{ "shared_vm", { true, true, true, false } },
		{ "data_vm", { false, false, false, true } },
		{ "nr_ptes", { true, true, true, false } },
		{ "nr_pmds", { false, false, true, false } },
		{ "pgtables_bytes", { false, false, false, true } },
		{ "MM_SHMEMPAGES", { false, false, false, true } },
		{ "start_stack", { true, true, true, true } },
	};
	const struct sim_profile *const profiles[] = { i386, x310, arm43, now };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct sim *s = start(profiles[i]);
		struct sim_mm_value f[64];
		size_t n = sim_mm_fields(s, 0, f, 64);

		for (size_t k = 0; k < sizeof(of) / sizeof(of[0]); k++) {
			bool found = false;

			for (size_t m = 0; m < n; m++)
				found |= !strcmp(f[m].name, of[k].name);
			assert_int_equal(found, of[k].in[i]);
		}
		end(s);
	}
}

/* lib/rbtree.c: the stack first, then the program, then eight pages rising; one of them goes.
 * Each node as its colour and its number in order of address, with its subtrees. */
static void tree_text(const struct sim_rb_node *n, int at, struct buf *b)
{
	if (at < 0) {
		buf_addc(b, '.');
		return;
	}
	if (n[at].left < 0 && n[at].right < 0) {
		buf_addf(b, "%c%d", n[at].red ? 'r' : 'b', at);
		return;
	}
	buf_addf(b, "%c%d(", n[at].red ? 'r' : 'b', at);
	tree_text(n, n[at].left, b);
	buf_addc(b, ' ');
	tree_text(n, n[at].right, b);
	buf_addc(b, ')');
}

static const char *tree(const struct sim *s)
{
	static char text[512];
	struct sim_rb_node n[64];
	struct buf b = BUF_INIT;
	size_t count = sim_rb_nodes(s, 0, n, 64);
	int root = 0;

	for (size_t i = 0; i < count; i++)
		if (n[i].parent < 0)
			root = (int)i;
	tree_text(n, root, &b);
	snprintf(text, sizeof(text), "%s", buf_str(&b));
	buf_free(&b);
	return text;
}

static void test_tree(void **state)
{
	struct sim *s = start(x310);

	(void)state;
	assert_string_equal(tree(s), "b1(b0 b3(r2 .))");
	for (int i = 0; i < 8; i++)
		assert_result(map_at(s, 0x10000000 + (uint64_t)i * 2 * P, 1, RW, ANON_PRIVATE), "ok");
	assert_string_equal(tree(s), "b3(b1(b0 b2) b7(r5(b4 b6) r9(b8 b11(r10 .))))");
	assert_result(unmap(s, 0x10000000 + 6 * P, 1), "ok");
	assert_string_equal(tree(s), "b3(b1(b0 b2) b6(b5(r4 .) r8(b7 b10(r9 .))))");
	end(s);
	s = start(now);
	assert_int_equal(sim_rb_nodes(s, 0, &(struct sim_rb_node){ 0 }, 1), 0);
	end(s);
}

/* mm/mmap.c:do_munmap splits off what lies above, mm/vma.c:vms_gather_munmap_vmas what lies below:
 * it decides which object stays in the tree. */
static void test_split(void **state)
{
	const struct sim_profile *const of[] = { i386, x310, arm43, now };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct sim *s = start(of[i]);
		uint64_t a = map(s, 3, RW, ANON_PRIVATE);
		struct sim_vma whole, low, high;

		assert_true(sim_vma_find(s, 0, a, &whole));
		assert_result(unmap(s, a + P, 1), "ok");
		assert_true(sim_vma_find(s, 0, a, &low) && sim_vma_find(s, 0, a + 2 * P, &high));
		assert_int_equal(low.id == whole.id, of[i] != now);
		assert_true(high.id != whole.id && high.id != low.id);
		end(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	     cmocka_unit_test(test_bottomup),
		cmocka_unit_test(test_exec_stack),   cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_below_sp),     cmocka_unit_test(test_failed_faults),
		cmocka_unit_test(test_execute),	     cmocka_unit_test(test_fault_around),
		cmocka_unit_test(test_table_first),  cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_neighbour),    cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_guard),     cmocka_unit_test(test_lowest),
		cmocka_unit_test(test_populate_guard), cmocka_unit_test(test_counters),
		cmocka_unit_test(test_data_limit),   cmocka_unit_test(test_tables),
		cmocka_unit_test(test_levels),	     cmocka_unit_test(test_commit),
		cmocka_unit_test(test_child_merges), cmocka_unit_test(test_fixed_fails),
		cmocka_unit_test(test_growsdown),    cmocka_unit_test(test_not_yet),
		cmocka_unit_test(test_mlock_twice),  cmocka_unit_test(test_width),
		cmocka_unit_test(test_map_count), cmocka_unit_test(test_cache),	     cmocka_unit_test(test_names),
		cmocka_unit_test(test_fields),	     cmocka_unit_test(test_tree),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
