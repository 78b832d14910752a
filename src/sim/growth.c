/* SPDX-License-Identifier: GPL-2.0-or-later
 * Growth of a VM_GROWSDOWN mapping to the page that was touched.
 */
#include "mm.h"

static int acct_stack_growth(struct sim *s, struct mm *mm, struct vma *v, u64 size, u64 grow)
{
	bool over;
	T_ENTER(s, "acct_stack_growth", "limits of the growth", "size", size >> PAGE_SHIFT, "grow",
		grow, SIM_U_PAGES);

	if (!may_expand_vm(s, mm, v->flags, grow))
		return -ENOMEM;
	over = size > mm->limit[SIM_LIMIT_STACK];
	T_TEST(s, "acct_stack_growth", "RLIMIT_STACK", "size", size, GT, "limit",
	       mm->limit[SIM_LIMIT_STACK], SIM_U_BYTES, over, "ENOMEM", "go on");
	if (over)
		return -ENOMEM;
	if (!mlock_future_ok(s, mm, v->flags, grow << PAGE_SHIFT))
		return -ENOMEM;
	return vm_enough_memory(s, mm, grow) ? 0 : -ENOMEM;
}

static bool guard_refuses(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	struct vma *prev = vma_prev(s, v);
	bool near;

	(void)mm;
	if (!prev)
		return false;
	T_NOTE(s, "expand_downwards", "the mapping below", "vm_start", prev->start, "vm_end",
	       prev->end, SIM_U_ADDR);
	if ((prev->flags & VM_GROWSDOWN) ||
	    (RULE(s, guard_gap_skips_inaccessible) && !vma_accessible(prev))) {
		T_TEST(s, "expand_downwards", "it grows down itself, or has no permission",
		       "vm_flags", prev->flags, AND, "VM_GROWSDOWN", VM_GROWSDOWN, SIM_U_FLAGS,
		       true, "no gap is needed", "the gap is needed");
		return false;
	}
	near = addr - prev->end < s->prof->stack_guard_gap;
	T_TEST(s, "expand_downwards", "the guard gap", "address - prev->vm_end",
	       (addr - prev->end) >> PAGE_SHIFT, LT, "stack_guard_gap",
	       s->prof->stack_guard_gap >> PAGE_SHIFT, SIM_U_PAGES, near, "ENOMEM: SIGSEGV MAPERR",
	       "go on");
	return near;
}

int expand_downwards(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	u64 size, grow, old = v->start;
	bool low;
	int err;
	T_ENTER(s, "expand_downwards", "grow to the page", "address", addr & PAGE_MASK, "vm_start",
		v->start, SIM_U_ADDR);

	addr &= PAGE_MASK;
	low = addr < s->prof->mmap_min_addr;
	T_TEST(s, "expand_downwards", "the lowest address", "address", addr, LT, "mmap_min_addr",
	       s->prof->mmap_min_addr, SIM_U_ADDR, low, "EPERM: SIGSEGV MAPERR", "go on");
	if (low)
		return -EPERM;
	if (guard_refuses(s, mm, v, addr))
		return -ENOMEM;
	if (!anon_vma_prepare(s, mm, v))
		return -ENOMEM;
	size = v->end - addr;
	grow = (v->start - addr) >> PAGE_SHIFT;
	T_TEST(s, "expand_downwards", "the page offset allows it", "grow", grow, LE, "vm_pgoff",
	       v->pgoff, SIM_U_PAGES, grow <= v->pgoff, "go on", "ENOMEM: SIGSEGV MAPERR");
	if (grow > v->pgoff)
		return -ENOMEM;
	err = acct_stack_growth(s, mm, v, size, grow);
	if (err)
		return err;
	if (v->flags & VM_LOCKED)
		locked_vm_add(s, mm, (int64_t)grow);
	vm_stat_account(s, mm, v->flags, (int64_t)grow);
	vma_set_range(s, mm, v, addr, v->end, v->pgoff - grow);
	T_CHANGE(s, "expand_downwards", "vm_start", old, v->start, SIM_U_ADDR);
	T_EVENT(s, "expand_downwards", GROWTH, "grown by", grow, SIM_U_PAGES);
	(void)old;
	return 0;
}
