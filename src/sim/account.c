/* SPDX-License-Identifier: GPL-2.0-or-later
 * Counters of an mm and the limits they are held against.
 */
#include "mm.h"

static const char *const counter_name[VMC_NR] = {
	[VMC_EXEC] = "exec_vm", [VMC_STACK] = "stack_vm", [VMC_DATA] = "data_vm",
	[VMC_SHARED] = "shared_vm",
};

void vm_stat_account(struct sim *s, struct mm *mm, u64 flags, u32 file, int64_t pages)
{
	unsigned which = vm_counters(s, flags, file);
	u64 total = mm->total_vm;

	ADD(s, mm->total_vm, (u64)pages);
	T_CHANGE(s, "vm_stat_account", "total_vm", total, mm->total_vm, SIM_U_PAGES);
	for (; which; which &= which - 1) {
		unsigned c = (unsigned)__builtin_ctz(which);

		T_CHANGE(s, "vm_stat_account", counter_name[c], mm->vm[c], mm->vm[c] + (u64)pages,
			 SIM_U_PAGES);
		ADD(s, mm->vm[c], (u64)pages);
	}
}

bool may_expand_vm(struct sim *s, struct mm *mm, u64 flags, u64 pages)
{
	u64 as = mm->limit[SIM_LIMIT_AS] >> PAGE_SHIFT,
	    data = mm->limit[SIM_LIMIT_DATA] >> PAGE_SHIFT;
	bool over = mm->total_vm + pages > as;

	T_TEST(s, "may_expand_vm", "RLIMIT_AS", "total_vm + npages", mm->total_vm + pages, GT,
	       "limit", as, SIM_U_PAGES, over, "refused", "go on");
	if (over)
		return false;
	if (!RULE(s, data_vm) || !is_data(flags))
		return true;
	over = mm->vm[VMC_DATA] + pages > data;
	T_TEST(s, "may_expand_vm", "RLIMIT_DATA", "data_vm + npages", mm->vm[VMC_DATA] + pages, GT,
	       "limit", data, SIM_U_PAGES, over, "refused, unless the limit is 0", "go on");
	/* A soft limit of 0 counts as none when the hard limit, unlimited here, leaves room. */
	return !over || !mm->limit[SIM_LIMIT_DATA];
}

bool mlock_future_ok(struct sim *s, struct mm *mm, u64 flags, u64 bytes)
{
	u64 want = (bytes >> PAGE_SHIFT) + mm->locked_vm,
	    limit = mm->limit[SIM_LIMIT_MEMLOCK] >> PAGE_SHIFT;

	if (!(flags & VM_LOCKED))
		return true;
	T_TEST(s, "mlock_future_ok", "RLIMIT_MEMLOCK", "locked_vm + npages", want, LE, "limit",
	       limit, SIM_U_PAGES, want <= limit, "go on", "refused");
	return want <= limit;
}

bool can_do_mlock(struct sim *s, struct mm *mm)
{
	bool ok = mm->limit[SIM_LIMIT_MEMLOCK] != 0;

	T_TEST(s, "can_do_mlock", "RLIMIT_MEMLOCK is not 0", "limit", mm->limit[SIM_LIMIT_MEMLOCK],
	       NE, NULL, 0, SIM_U_BYTES, ok, "go on", "EPERM");
	return ok;
}

/* Pages of files in the page cache; those of shared memory are no free memory. */
static u64 file_pages(const struct sim *s)
{
	u64 n = 0;

	for (u64 pfn = 0; pfn < s->nframes; pfn++) {
		if (pfn == s->root->virgin && s->root->virgin < s->root->virgin_end)
			pfn = s->root->virgin_end;
		n += pfn < s->nframes && frame_at(s, (u32)pfn)->kind == FR_FILE &&
		     !(frame_at(s, (u32)pfn)->flags & FRF_ELSEWHERE);
	}
	return n;
}

/* The guess: free memory and what could be freed, less what is kept for root. */
static bool enough_is_free(struct sim *s, u64 pages)
{
	u64 free = sim_frame_free(s), kept = s->prof->admin_reserve, cached;
	bool over;

	free -= kept && kept < free / 32 ? kept : free / 32;
	if (free <= pages) {
		cached = file_pages(s);
		free += kept ? cached : cached - cached / 32;
	}
	over = free <= pages;
	T_TEST(s, "__vm_enough_memory", "one request against free memory and the page cache", "pages",
	       pages, GE, "free", free, SIM_U_PAGES, over, "refused", "go on");
	return !over;
}

/* Overcommit: one request above all of RAM is refused (mode 0), nothing else. */
bool vm_enough_memory(struct sim *s, struct mm *mm, u64 pages)
{
	bool over;

	(void)mm;
	if (s->opt.overcommit_memory == 1 || (int64_t)pages < 0)
		return true;
	if (!RULE(s, overcommit_total_ram))
		return enough_is_free(s, pages);
	over = (int64_t)pages > (int64_t)s->nframes;
	T_TEST(s, "__vm_enough_memory", "one request against RAM and swap", "pages", pages, GT,
	       "totalram_pages", s->nframes, SIM_U_PAGES, over, "refused", "go on");
	return !over;
}

void locked_vm_add(struct sim *s, struct mm *mm, int64_t pages)
{
	if (!pages)
		return;
	T_CHANGE(s, "mlock_fixup", "locked_vm", mm->locked_vm, mm->locked_vm + (u64)pages,
		 SIM_U_PAGES);
	ADD(s, mm->locked_vm, (u64)pages);
}
