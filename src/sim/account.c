/* SPDX-License-Identifier: GPL-2.0-or-later
 * Counters of an mm and the limits they are held against.
 */
#include "mm.h"

static bool is_exec(u64 f)
{
	return (f & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC;
}

static bool is_stack(u64 f)
{
	return f & VM_GROWSDOWN;
}

static bool is_data(u64 f)
{
	return (f & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

void vm_stat_account(struct sim *s, struct mm *mm, u64 flags, int64_t pages)
{
	u64 total = mm->total_vm;

	ADD(s, mm->total_vm, (u64)pages);
	T_CHANGE(s, "vm_stat_account", "total_vm", total, mm->total_vm, SIM_U_PAGES);
	if (is_exec(flags)) {
		T_CHANGE(s, "vm_stat_account", "exec_vm", mm->exec_vm, mm->exec_vm + (u64)pages,
			 SIM_U_PAGES);
		ADD(s, mm->exec_vm, (u64)pages);
	} else if (is_stack(flags)) {
		T_CHANGE(s, "vm_stat_account", "stack_vm", mm->stack_vm, mm->stack_vm + (u64)pages,
			 SIM_U_PAGES);
		ADD(s, mm->stack_vm, (u64)pages);
	} else if (is_data(flags)) {
		T_CHANGE(s, "vm_stat_account", "data_vm", mm->data_vm, mm->data_vm + (u64)pages,
			 SIM_U_PAGES);
		ADD(s, mm->data_vm, (u64)pages);
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
	if (!is_data(flags))
		return true;
	over = mm->data_vm + pages > data;
	T_TEST(s, "may_expand_vm", "RLIMIT_DATA", "data_vm + npages", mm->data_vm + pages, GT,
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

/* Overcommit: one request above all of RAM is refused (mode 0), nothing else. */
bool vm_enough_memory(struct sim *s, struct mm *mm, u64 pages)
{
	bool over;

	(void)mm;
	if (s->opt.overcommit_memory == 1)
		return true;
	over = (int64_t)pages > (int64_t)s->nframes;
	T_TEST(s, "__vm_enough_memory", "one request against RAM and swap", "pages", pages, GT,
	       "totalram_pages", s->nframes, SIM_U_PAGES, over, "refused", "go on");
	return !over;
}

void update_hiwater_vm(struct sim *s, struct mm *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		SET(s, mm->hiwater_vm, mm->total_vm);
}

void locked_vm_add(struct sim *s, struct mm *mm, int64_t pages)
{
	if (!pages)
		return;
	T_CHANGE(s, "mlock_fixup", "locked_vm", mm->locked_vm, mm->locked_vm + (u64)pages,
		 SIM_U_PAGES);
	ADD(s, mm->locked_vm, (u64)pages);
}
