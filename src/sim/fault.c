/* SPDX-License-Identifier: GPL-2.0-or-later
 * An access by the processor, and the page fault it may raise: find_vma, growth,
 * permission, page tables, and the page.
 */
#include "mm.h"

/* A clean page of a shared file mapping is mapped read-only, so that the first write shows. */
bool vma_wants_writenotify(const struct vma *v)
{
	return (v->flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) && !vma_shmem(v) &&
	       v->file;
}

/* What vm_page_prot lets a fresh, clean pte do. */
static u64 page_prot(const struct vma *v)
{
	bool w = (v->flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) &&
		 !vma_wants_writenotify(v);

	return w ? PTE_P | PTE_W : PTE_P;
}

/* Of a page that is mapped by a read. A processor without a dirty bit lets it be written at
 * once only if it is dirty already. */
static u64 read_prot(const struct sim *s, const struct vma *v, u32 pfn)
{
	u64 prot = page_prot(v);

	if (!(prot & PTE_W) || !RULE(s, software_af))
		return prot;
	return prot | (frame_at(s, pfn)->flags & FRF_DIRTY ? PTE_D : PTE_CLEANED);
}

struct fault {
	bool major;		/* the page had to be read in */
	bool again;		/* something was read: the fault is tried a second time */
	bool counted;		/* min_flt is done */
};

/* A new anonymous page, and the minor fault it was taken for. */
static u32 anon_page(struct sim *s, struct mm *mm, struct vma *v, u64 addr, struct fault *fault)
{
	u32 pfn;
	struct frame *f;

	if (!anon_vma_prepare(s, mm, v))
		return 0;
	pfn = frame_alloc(s, FR_ANON, mm->number, addr & PAGE_MASK);
	if (!pfn)
		return 0;
	f = frame_at(s, pfn);		/* its first word is saved by frame_alloc() */
	f->mapcount = 1;
	f->flags = FRF_EXCLUSIVE;
	j_save(s, &mm->stat[STAT_ANON]);	/* both in one word */
	mm->stat[STAT_ANON]++;
	if (!fault->major) {
		mm->stat[STAT_MINFLT]++;
		fault->counted = true;
	}
	return pfn;
}

static enum sim_sig do_anonymous_page(struct sim *s, struct mm *mm, struct vma *v, u64 addr,
				      bool write, struct fault *fault)
{
	jword *pte;
	u32 pfn;

	T_ENTER(s, "do_anonymous_page", write ? "a page for a write" : "a read: the zero page",
		"address", addr, NULL, 0, SIM_U_ADDR);
	pte = pte_make(s, mm, addr);
	if (!pte)
		return SIM_SIG_OOM;
	if (unlikely(v->flags & VM_GROWSDOWN)) {
		enum sim_sig sig = check_stack_guard_page(s, mm, v, addr);

		if (sig)
			return sig;
	}
	if (!write) {
		SET(s, *pte, MK_PTE(1, PTE_P | PTE_ZERO));
		T_NOTE(s, "do_anonymous_page", "the shared zero page is mapped read-only, no RSS",
		       "pfn", 1, NULL, 0, SIM_U_PFN);
		return SIM_SIG_NONE;
	}
	pfn = anon_page(s, mm, v, addr, fault);
	if (!pfn)
		return SIM_SIG_OOM;
	SET(s, *pte, MK_PTE(pfn, v->flags & VM_WRITE ? PTE_P | PTE_D | PTE_W : PTE_P | PTE_D));
	T_CHANGE(s, "do_anonymous_page", "MM_ANONPAGES", mm->stat[STAT_ANON] - 1,
		 mm->stat[STAT_ANON], SIM_U_PAGES);
	return SIM_SIG_NONE;
}

/* The window of do_fault_around: ptes [from, to) of the table, from page first of the object. */
static void fault_window(const struct sim *s, const struct vma *v, const struct object *o, u64 addr,
			 u64 *from, u64 *to, u64 *first)
{
	u64 nr = s->prof->fault_around >> PAGE_SHIFT, off = addr >> PAGE_SHIFT & s->table_mask;
	u64 vma_off = (addr - v->start) >> PAGE_SHIFT,
	    size = (o->len + PAGE_SIZE - 1) >> PAGE_SHIFT;

	*from = off & ~(nr - 1);
	if (off > vma_off && *from < off - vma_off)
		*from = off - vma_off;
	*to = *from + nr;
	if (*to > s->table_mask + 1)
		*to = s->table_mask + 1;
	if (*to > off + vma_pages(v) - vma_off)
		*to = off + vma_pages(v) - vma_off;
	*first = v->pgoff + vma_off - (off - *from);
	if (size < *first + (*to - *from) && RULE(s, around_ends_with_file))
		*to = size > *first ? *from + size - *first : *from;
}

/* The pages of the object around addr that are there already; true when addr's was one. */
static bool do_fault_around(struct sim *s, struct mm *mm, struct vma *v, struct object *o, u64 addr)
{
	u64 base = addr & ~(s->pmd_size - 1), from, to, first;
	bool here = false;

	fault_window(s, v, o, addr, &from, &to, &first);
	T_ENTER(s, "do_fault_around", "cached pages of the window", "from",
		base + (from << PAGE_SHIFT), "to", base + (to << PAGE_SHIFT), SIM_U_ADDR);
	if (to < from + 2 && !pte_find(s, mm, addr))
		return false;			/* no table is made for a single page */
	for (u64 i = from; i < to; i++) {
		u64 a = base + (i << PAGE_SHIFT);
		jword *pte;
		u32 pfn = page_lookup(s, o, first + i - from);

		if (!pfn || frame_at(s, pfn)->flags & FRF_READAHEAD)
			continue;
		pte = pte_make(s, mm, a);
		if (!pte)
			return false;
		if (*pte)
			continue;
		frame_map(s, mm, pfn, a);
		SET(s, *pte, MK_PTE(pfn, read_prot(s, v, pfn)));
		T_NOTE(s, "set_pte_range", "a cached page is mapped", "address", a, "pfn", pfn,
		       SIM_U_HEX);
		if (a == (addr & PAGE_MASK))
			here = true;
	}
	return here;
}

/* The page of the object at addr, found or made. */
static enum sim_sig object_page(struct sim *s, struct mm *mm, struct vma *v, struct object *o,
				u64 addr, u32 *pfn, struct fault *fault)
{
	u64 index = v->pgoff + ((addr - v->start) >> PAGE_SHIFT);
	u64 size = (o->len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	bool beyond = index >= size;

	T_TEST(s, "filemap_fault", "the page lies beyond the end of the object", "index", index, GE,
	       "pages", size, SIM_U_PAGES, beyond, "VM_FAULT_SIGBUS", "go on");
	if (beyond)
		return SIM_BUS_ADRERR;
	*pfn = page_lookup(s, o, index);
	if (*pfn && frame_at(s, *pfn)->flags & FRF_READAHEAD && !(v->flags & VM_RAND_READ)) {
		/* Tried again without the lock of the whole mm it counts like a first try. */
		fault->again = true;
		fault->major = s->populating || !RULE(s, per_vma_locks);
		frame_set_flags(s, frame_at(s, *pfn), 0, FRF_READAHEAD);
		return do_async_mmap_readahead(s, v, o, index) ? SIM_SIG_NONE : SIM_SIG_OOM;
	}
	if (*pfn)
		return SIM_SIG_NONE;
	fault->again = fault->major = o->kind != OBJ_SHMEM;
	if (fault->major && !do_sync_mmap_readahead(s, v, o, index))
		return SIM_SIG_OOM;
	*pfn = fault->major ? page_lookup(s, o, index) :
			      page_add(s, o, index, mm->number, addr & PAGE_MASK);
	return *pfn ? SIM_SIG_NONE : SIM_SIG_OOM;
}

/* Pages of the kernel's own data: mapped by frame number, no RSS, but for kernels that treat
 * them like those of the vdso. */
static enum sim_sig vvar_fault(struct sim *s, struct mm *mm, struct vma *v, u64 addr)
{
	u64 page = v->pgoff + ((addr - v->start) >> PAGE_SHIFT);
	u64 there = v->file == FILE_VVAR ? s->prof->vvar_there : s->prof->vvar_vclock_there;
	jword *pte;

	T_TEST(s, "vvar_fault", "the kernel has such a page", "page", page, AND, "pages", there,
	       SIM_U_HEX, (there >> page) & 1, "mapped by its frame number", "VM_FAULT_SIGBUS");
	if (!((there >> page) & 1))
		return SIM_BUS_ADRERR;
	pte = pte_make(s, mm, addr);
	if (!pte)
		return SIM_SIG_OOM;
	if (RULE(s, vvar_by_number)) {
		SET(s, *pte, MK_PTE(1, PTE_P | PTE_ZERO));
	} else {
		u32 pfn = page_lookup(s, object_of(s, FILE_VDSO), s->prof->vdso_pages + page);

		frame_map(s, mm, pfn, addr & PAGE_MASK);
		SET(s, *pte, MK_PTE(pfn, PTE_P));
	}
	return SIM_SIG_NONE;
}

/* fault_dirty_shared_page. Where that ends in a retry, the second try counts as a major fault: of a
 * file each time, since page_mkwrite has been asked, of shared memory when the page was clean. */
static void page_dirtied(struct sim *s, struct frame *f, struct fault *fault)
{
	if ((f->kind == FR_FILE || !(f->flags & FRF_DIRTY)) && !RULE(s, dirtying_completes)) {
		T_NOTE(s, "fault_dirty_shared_page",
		       "it may have become dirty just now: the fault is tried again and counts as major",
		       NULL, 0, NULL, 0, SIM_U_NONE);
		fault->major = true;
	}
	frame_set_flags(s, f, FRF_DIRTY, 0);
}

static noinline enum sim_sig do_fault(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool write,
			     struct fault *fault)
{
	struct object *o = object_of(s, v->file);
	bool shared = v->flags & VM_SHARED, cow = write && !shared;
	bool around = !write && s->prof->fault_around > PAGE_SIZE;
	enum sim_sig sig;
	jword *pte;
	u32 pfn;

	T_ENTER(s, write ? shared ? "do_shared_fault" : "do_cow_fault" : "do_read_fault",
		"a page of a file or object", "address", addr, NULL, 0, SIM_U_ADDR);
	if (!o)
		return vvar_fault(s, mm, v, addr);
	if (cow && !anon_vma_prepare(s, mm, v))
		return SIM_SIG_OOM;
	if (around && o->kind != OBJ_VDSO &&
	    do_fault_around(s, mm, v, o, addr))
		return SIM_SIG_NONE;
	if (s->failed)
		return SIM_SIG_OOM;
	sig = object_page(s, mm, v, o, addr, &pfn, fault);
	if (sig)
		return sig;
	/* After the read the fault starts again, and finds more than the one page. */
	if (fault->again && around && do_fault_around(s, mm, v, o, addr))
		return SIM_SIG_NONE;
	pte = pte_make(s, mm, addr);
	if (!pte)
		return SIM_SIG_OOM;
	if (*pte)
		return SIM_SIG_NONE;
	if (cow) {
		pfn = anon_page(s, mm, v, addr, fault);
		if (!pfn)
			return SIM_SIG_OOM;
		SET(s, *pte, MK_PTE(pfn, PTE_P | PTE_D | (v->flags & VM_WRITE ? PTE_W : 0)));
		T_EVENT(s, "do_cow_fault", COW, "the file's page is copied at once; frame", pfn,
			SIM_U_PFN);
		return SIM_SIG_NONE;
	}
	frame_map(s, mm, pfn, addr & PAGE_MASK);
	if (write) {
		SET(s, *pte, MK_PTE(pfn, PTE_P | PTE_D | PTE_W));
		page_dirtied(s, frame_at(s, pfn), fault);
	} else {
		SET(s, *pte, MK_PTE(pfn, read_prot(s, v, pfn)));
	}
	return SIM_SIG_NONE;
}

static enum sim_sig wp_page_copy(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte,
				 struct fault *fault)
{
	u64 old = *pte;
	u32 pfn = anon_page(s, mm, v, addr, fault);

	if (!pfn)
		return SIM_SIG_OOM;
	SET(s, *pte, MK_PTE(pfn, PTE_P | PTE_D | (v->flags & VM_WRITE ? PTE_W : 0)));
	T_EVENT(s, "wp_page_copy", COW, old & PTE_ZERO ? "a page instead of the zero page; frame" :
		"copied to a new frame", pfn, SIM_U_PFN);
	if (unlikely(s->root->k.nuwords))
		uwords_copy(s, PTE_PFN(old), pfn);
	if (!(old & PTE_ZERO))
		frame_unmap(s, mm, old);
	return SIM_SIG_NONE;
}

static HOT noinline enum sim_sig do_wp_page(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte,
			       struct fault *fault)
{
	struct frame *f = frame_at(s, PTE_PFN(*pte));
	bool reuse;

	T_ENTER(s, "do_wp_page", "a write to a write-protected page", "address", addr, "pfn",
		PTE_PFN(*pte), SIM_U_HEX);
	if (v->flags & (VM_SHARED | VM_MAYSHARE)) {
		SET(s, *pte, (*pte & ~(PTE_OLD | PTE_CLEANED)) | PTE_W | PTE_D);
		page_dirtied(s, f, fault);
		T_NOTE(s, "wp_page_shared", "the page becomes dirty and writable", "pfn",
		       PTE_PFN(*pte), NULL, 0, SIM_U_PFN);
		return SIM_SIG_NONE;
	}
	if (*pte & PTE_ZERO || f->kind != FR_ANON)
		return wp_page_copy(s, mm, v, addr, pte, fault);
	reuse = (f->flags & FRF_EXCLUSIVE) || f->mapcount == 1;
	T_TEST(s, "wp_can_reuse_anon_folio", "nobody else maps the page", "mapcount",
	       (u64)f->mapcount, EQ, "one", 1, SIM_U_COUNT, reuse, "the page is reused",
	       "the page is copied");
	if (!reuse)
		return wp_page_copy(s, mm, v, addr, pte, fault);
	frame_set_flags(s, f, FRF_EXCLUSIVE, 0);
	SET(s, *pte, (*pte & ~(PTE_OLD | PTE_CLEANED)) | PTE_D | (v->flags & VM_WRITE ? PTE_W : 0));
	return SIM_SIG_NONE;
}

enum sim_sig handle_mm_fault(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool write)
{
	enum sim_sig sig;
	struct fault fault = { false, false, false };
	jword *pte;
	T_ENTER(s, "handle_mm_fault", write ? "for a write" : "for a read", "address", addr, NULL,
		0, SIM_U_ADDR);

	if (unlikely(s->trace))
		pt_trace_walk(s, mm, addr);
	pte = pte_find(s, mm, addr);
	if (!pte && !pt_entry(s, mm, addr, RULE(s, pte_table_late) ? 1 : 0, true))
		return SIM_SIG_OOM;
	if (!pte || !*pte) {
		T_NOTE(s, "handle_pte_fault", pte ? "the pte is none" : "no pte table", "address",
		       addr, NULL, 0, SIM_U_ADDR);
		sig = vma_anonymous(v) ? do_anonymous_page(s, mm, v, addr, write, &fault) :
					 do_fault(s, mm, v, addr, write, &fault);
	} else if (!(*pte & PTE_P)) {
		T_NOTE(s, "handle_pte_marker", "a guard marker", "address", addr, NULL, 0,
		       SIM_U_ADDR);
		return SIM_SEGV_MAPERR;
	} else if (write && !(*pte & PTE_W)) {
		sig = do_wp_page(s, mm, v, addr, pte, &fault);
	} else {
		if (RULE(s, software_af))	/* ptep_set_access_flags */
			SET(s, *pte, write ? (*pte & ~(PTE_OLD | PTE_CLEANED)) | PTE_D : *pte & ~PTE_OLD);
		sig = SIM_SIG_NONE;
	}
	if (sig)
		return sig;
	if (!fault.major) {
		if (!fault.counted)
			ADD(s, mm->stat[STAT_MINFLT], 1);
		T_CHANGE(s, "mm_account_fault", "min_flt", mm->stat[STAT_MINFLT] - 1,
			 mm->stat[STAT_MINFLT], SIM_U_COUNT);
	}
	return SIM_SIG_NONE;
}

/* Some kernels count a fault before they know how it ends. */
static noinline void count_failed(struct sim *s, struct mm *mm)
{
	if (RULE(s, failed_faults_uncounted))
		return;
	ADD(s, mm->stat[STAT_MINFLT], 1);
	T_CHANGE(s, "mm_account_fault", "min_flt", mm->stat[STAT_MINFLT] - 1,
		 mm->stat[STAT_MINFLT], SIM_U_COUNT);
}

static bool access_error(struct sim *s, const struct vma *v, enum access acc, bool present)
{
	bool bad;

	if (acc == ACC_WRITE) {
		bad = !(v->flags & VM_WRITE);
		T_TEST(s, "access_error", "the VMA may be written", "vm_flags", v->flags, AND,
		       "VM_WRITE", VM_WRITE, SIM_U_FLAGS, !bad, "go on", "SIGSEGV ACCERR");
		return bad;
	}
	T_TEST(s, "access_error", "a page is there, yet it may not be accessed", "P", present, EQ,
	       NULL, 1, SIM_U_BOOL, present, "SIGSEGV ACCERR", "go on");
	if (present)
		return true;
	if (acc == ACC_EXEC && !RULE(s, exec_reads_first) && !(v->flags & VM_EXEC))
		return true;
	bad = !vma_accessible(v);
	T_TEST(s, "access_error", "the VMA has any permission", "vm_flags", v->flags, AND,
	       "VM_READ|VM_WRITE|VM_EXEC", VM_ACCESS_FLAGS, SIM_U_FLAGS, !bad, "go on",
	       "SIGSEGV ACCERR");
	return bad;
}

/* Below sp nobody has anything to look for, but for instructions that push before sp moves. */
static noinline bool below_sp(struct sim *s, const struct mm *mm, u64 addr)
{
	u64 sp = user_sp(s, mm), cushion = s->prof->sp_cushion;
	bool below = addr + cushion < sp;

	T_TEST(s, "lock_mm_and_find_vma", "too far below the stack pointer", "address + 65536 + 32 words",
	       addr + cushion, LT, "sp", sp, SIM_U_ADDR, below, "SIGSEGV MAPERR", "go on");
	return below;
}

/* lock_mm_and_find_vma: the VMA at addr, grown if it must. */
static struct vma *find_or_grow(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = vma_find(s, mm, addr);
	bool below;

	T_NOTE(s, "find_vma", v ? "first VMA that ends above" : "no VMA ends above", "vm_start",
	       v ? v->start : 0, "vm_end", v ? v->end : 0, SIM_U_ADDR);
	if (!v)
		return NULL;
	below = addr < v->start;
	T_TEST(s, "lock_mm_and_find_vma", "the address lies below it", "address", addr, LT,
	       "vm_start", v->start, SIM_U_ADDR, below, "it must grow", "inside");
	if (!below)
		return v;
	T_TEST(s, "lock_mm_and_find_vma", "it may grow", "vm_flags", v->flags, AND, "VM_GROWSDOWN",
	       VM_GROWSDOWN, SIM_U_FLAGS, (v->flags & VM_GROWSDOWN) != 0, "expand_stack",
	       "SIGSEGV MAPERR");
	if (!(v->flags & VM_GROWSDOWN))
		return NULL;
	if (!RULE(s, growth_ignores_sp) && below_sp(s, mm, addr))
		return NULL;
	return expand_stack(s, mm, v, addr) ? NULL : v;
}

static enum sim_sig do_user_addr_fault(struct sim *s, struct mm *mm, u64 addr, enum access acc,
				       bool present)
{
	const struct sim_profile *p = s->prof;
	enum sim_sig sig;
	struct vma *v;
	T_ENTER(s, "do_user_addr_fault",
		acc == ACC_WRITE ? "write" :
		acc == ACC_EXEC	 ? "fetch" :
				   "read",
		"address", addr, "error_code",
		(present ? 1u : 0) | (acc == ACC_WRITE ? 2u : 0) | 4u | (acc == ACC_EXEC ? 16u : 0),
		SIM_U_HEX);

	if (addr >= p->task_size) {
		bool odd = p->canonical_end && addr >= p->canonical_end && addr < p->kernel_start;

		T_TEST(s, "exc_general_protection", "not canonical", "address", addr, GE, "end",
		       p->canonical_end, SIM_U_ADDR, odd, "SIGSEGV KERNEL", "SIGSEGV MAPERR");
		return odd ? SIM_SEGV_KERNEL : SIM_SEGV_MAPERR;
	}
	v = find_or_grow(s, mm, addr);
	if (!v)
		sig = s->failed ? SIM_SIG_OOM : SIM_SEGV_MAPERR;
	else if (access_error(s, v, acc, present))
		sig = SIM_SEGV_ACCERR;
	else
		sig = handle_mm_fault(s, mm, v, addr, acc == ACC_WRITE);
	if (unlikely(sig))
		count_failed(s, mm);
	return sig;
}

HOT enum sim_sig mm_access(struct sim *s, struct mm *mm, u64 addr, enum access acc)
{
	if (acc == ACC_EXEC && !RULE(s, no_execute))
		acc = ACC_READ;
	for (;;) {
		struct vma *v = vma_find(s, mm, addr);
		bool present = false, noted = true;
		enum sim_sig sig;

		if (v && v->start <= addr) {
			jword *pte = pte_find(s, mm, addr);

			present = pte && (*pte & PTE_P) && vma_accessible(v);
			if (present && unlikely(RULE(s, software_af)))
				noted = !(*pte & (acc == ACC_WRITE ? PTE_OLD | PTE_CLEANED : PTE_OLD));
			if (present && noted) {
				if (acc == ACC_READ || (acc == ACC_EXEC && (v->flags & VM_EXEC)))
					return SIM_SIG_NONE;
				if (acc == ACC_WRITE && (*pte & PTE_W)) {
					if (!(*pte & PTE_D))
						SET(s, *pte, *pte | PTE_D);
					return SIM_SIG_NONE;
				}
			}
		}
		T_EVENT(s, "exc_page_fault", FAULT,
			!present ? "no page is present at" : noted ? "its entry forbids this access to" :
			"not accessed, or not written, before:", addr, SIM_U_ADDR);
		sig = do_user_addr_fault(s, mm, addr, acc, present && noted);
		if (sig) {
			T_EVENT(s, "force_sig_fault", SIGNAL,
				sig == SIM_BUS_ADRERR  ? "SIGBUS ADRERR" :
				sig == SIM_SEGV_ACCERR ? "SIGSEGV ACCERR" :
				sig == SIM_SEGV_KERNEL ? "SIGSEGV KERNEL" :
				sig == SIM_SIG_OOM     ? "VM_FAULT_OOM" :
							 "SIGSEGV MAPERR",
				addr, SIM_U_ADDR);
			return sig;
		}
	}
}

/* What the processor makes of an address: bit 55 alone says whose half it is in. */
static u64 without_tag(struct sim *s, u64 addr)
{
	u64 half = addr >> 55 & 1 ? 0 : (1ull << 56) - 1;

	return half && addr > half && RULE(s, top_byte_ignored) ? addr & half : addr;
}

void op_touch(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	enum access acc = op->mode == 'w' ? ACC_WRITE : op->mode == 'x' ? ACC_EXEC : ACC_READ;
	u64 addr = op->addr;

	for (u64 i = 0; i < op->pages; i++, addr = as_ulong(s, addr + PAGE_SIZE)) {
		enum sim_sig sig = mm_access(s, s->mm, without_tag(s, addr), acc);

		if (sig) {
			res->status = SIM_SIGNAL;
			res->sig = sig;
			res->fault = addr;
			return;
		}
		res->done++;
	}
}
