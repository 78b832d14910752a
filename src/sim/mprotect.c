/* SPDX-License-Identifier: GPL-2.0-or-later
 * mprotect: VMA by VMA from the left, until one refuses; the ptes follow.
 */
#include <sys/mman.h>
#include "mm.h"

static u64 prot_bits(u32 prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
	       (prot & PROT_EXEC ? VM_EXEC : 0);
}

/* change_pte_range: write permission is taken, and given back where no fault need decide. */
static void change_one(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte, void *arg)
{
	u64 e = *pte & ~PTE_W;

	(void)mm;
	(void)addr;
	(void)arg;
	if (!(*pte & PTE_P))
		return;
	if (v->flags & VM_SHARED) {
		if ((v->flags & VM_WRITE) && (!vma_wants_writenotify(v) || (e & PTE_D)))
			e |= PTE_W | (RULE(s, software_af) && !(e & PTE_D) ? PTE_CLEANED : 0);
	} else if ((v->flags & VM_WRITE) && !(e & PTE_ZERO) && RULE(s, mprotect_keeps_write)) {
		const struct frame *f = frame_at(s, PTE_PFN(e));

		if (f->kind == FR_ANON && (f->flags & FRF_EXCLUSIVE))
			e |= PTE_W;
	}
	if (e != *pte)
		SET(s, *pte, e);
}

static int mprotect_fixup(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end,
			  u64 newflags, u64 *reached)
{
	u64 oldflags = v->flags, pages = (end - start) >> PAGE_SHIFT;
	int err;
	T_ENTER(s, "mprotect_fixup", "change one VMA", "vm_flags", oldflags, "newflags", newflags,
		SIM_U_FLAGS);

	*reached = end;
	if (v->flags & VM_SEALED)
		return -EPERM;
	if (newflags == oldflags)
		return 0;
	if (newflags & VM_WRITE) {
		if (!may_expand_vm(s, mm, newflags, pages) && may_expand_vm(s, mm, oldflags, pages))
			return -ENOMEM;
		if (!(oldflags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE))) {
			if (!vm_enough_memory(s, mm, pages))
				return -ENOMEM;
			newflags |= VM_ACCOUNT;
		}
	} else if (RULE(s, unwritten_loses_account) && (oldflags & VM_ACCOUNT) &&
		   vma_anonymous(v) && !v->anon_vma) {
		T_NOTE(s, "mprotect_fixup", "never written: no longer accounted", "pages", pages,
		       NULL, 0, SIM_U_PAGES);
		newflags &= ~VM_ACCOUNT;
	}
	v = vma_modify_flags(s, mm, v, start, end, &newflags, &err);
	if (!v)
		return err;
	if (v->flags != newflags)
		SET(s, v->flags, newflags);
	s->hot_vma = NULL;
	pt_each(s, mm, v, start, end, change_one, NULL);
	vm_stat_account(s, mm, oldflags, v->file, -(int64_t)pages);
	vm_stat_account(s, mm, newflags, v->file, (int64_t)pages);
	if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED &&
	    (newflags & VM_WRITE) && RULE(s, mprotect_populates))
		populate_vma_page_range(s, mm, v, start, end);
	*reached = v->end;
	return 0;
}

int do_mprotect(struct sim *s, struct mm *mm, u64 start, u64 len, u32 prot)
{
	u32 grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	u64 end, at, reached;
	struct vma *v;
	T_ENTER(s, "do_mprotect_pkey", "change permissions", "start", start, "len", len, SIM_U_HEX);

	prot &= ~grows;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & ~PAGE_MASK))
		return -EINVAL;
	if (!len)
		return 0;
	len = PAGE_ALIGN(len);
	end = as_ulong(s, start + len);
	if (end <= start)
		return -ENOMEM;
	v = vma_intersection(s, mm, start, end);
	if (!v)
		return -ENOMEM;
	if (grows & PROT_GROWSDOWN) {
		start = v->start;
		if (!(v->flags & VM_GROWSDOWN))
			return -EINVAL;
	} else if (v->start > start) {
		return -ENOMEM;
	}
	for (at = start; at < end; at = reached) {
		u64 newflags, to;
		int err;

		v = vma_lookup(s, mm, at);
		T_TEST(s, "do_mprotect_pkey", "a VMA here", "address", at, LT, "end", end,
		       SIM_U_ADDR, v != NULL, "change it", "ENOMEM; what lies left stays changed");
		if (!v)
			return -ENOMEM;
		newflags = prot_bits(prot) | (v->flags & ~VM_ACCESS_FLAGS);
		if ((newflags & ~(newflags >> 4)) & VM_ACCESS_FLAGS) {
			T_TEST(s, "do_mprotect_pkey", "VM_MAY* allow it", "newflags", newflags, AND,
			       "VM_MAY", newflags >> 4, SIM_U_FLAGS, false, "go on", "EACCES");
			return -EACCES;
		}
		to = v->end < end ? v->end : end;
		err = mprotect_fixup(s, mm, v, at, to, newflags, &reached);
		if (err)
			return err;
	}
	return 0;
}

void op_mprotect(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_mprotect(s, s->mm, op->addr, op->len, op->prot));
}
