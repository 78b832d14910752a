/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looking at the machine: what /proc would say of its processes.
 */
#include <string.h>
#include "kside.h"

static const struct mm *mm_of(const struct sim *s, unsigned proc)
{
	if (proc >= s->root->nprocs || !s->root->proc[proc])
		return NULL;
	return AT(s, s->root->proc[proc], const struct mm);
}

unsigned sim_current(const struct sim *s)
{
	return (unsigned)s->root->current;
}

unsigned sim_proc_count(const struct sim *s)
{
	return (unsigned)s->root->nprocs;
}

bool sim_proc_alive(const struct sim *s, unsigned proc)
{
	const struct mm *mm = mm_of(s, proc);

	return mm && mm->alive;
}

int sim_proc_parent(const struct sim *s, unsigned proc)
{
	const struct mm *mm = mm_of(s, proc);

	return mm ? mm->parent : -1;
}

static u64 data_vm(const struct sim *s, const struct mm *mm)
{
	return RULE(s, data_vm) ? mm->vm[VMC_DATA] :
				  mm->total_vm - mm->vm[VMC_SHARED] - mm->vm[VMC_STACK];
}

static u64 tables(const struct sim *s, const struct mm *mm)
{
	return RULE(s, pgtables_bytes) ? mm->nr_tables : mm->nr_ptes;
}

static void statm_get(const struct sim *s, const struct mm *mm, struct sim_mm *r)
{
	u64 file = (u64)mm->stat[STAT_FILE] + mm->stat[STAT_SHMEM];

	r->statm[0] = mm->total_vm;
	r->statm[1] = file + (u64)mm->stat[STAT_ANON];
	r->statm[2] = file;
	r->statm[3] = (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
	r->statm[5] = data_vm(s, mm) + mm->vm[VMC_STACK];
}

void sim_mm_get(const struct sim *s, unsigned proc, struct sim_mm *r)
{
	const struct mm *mm = mm_of(s, proc);
	u64 text;

	*r = (struct sim_mm){ .exists = false };
	if (!mm)
		return;
	text = PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);
	if (text > mm->vm[VMC_EXEC] << PAGE_SHIFT)
		text = mm->vm[VMC_EXEC] << PAGE_SHIFT;
	*r = (struct sim_mm){
		.exists = mm->alive,
		.vm_peak = (mm->hiwater_vm > mm->total_vm ? mm->hiwater_vm : mm->total_vm) * 4,
		.vm_size = mm->total_vm * 4,
		.vm_lck = mm->locked_vm * 4,
		.vm_data = data_vm(s, mm) * 4,
		.vm_stk = mm->vm[VMC_STACK] * 4,
		.vm_exe = text >> 10,
		.vm_lib = mm->vm[VMC_EXEC] * 4 - (text >> 10),
		.vm_pte = tables(s, mm) * (s->prof->table_bytes >> 10),
		.has_pmd = RULE(s, pmd_counted_apart) && !RULE(s, pgtables_bytes),
		.has_rss = RULE(s, rss_split),
		.has_flags = RULE(s, smaps_flags),
		.data_counted = RULE(s, data_vm),
		.tables_counted = RULE(s, pgtables_bytes),
		.rss_anon = (u64)mm->stat[STAT_ANON] * 4,
		.rss_file = (u64)mm->stat[STAT_FILE] * 4,
		.rss_shmem = (u64)mm->stat[STAT_SHMEM] * 4,
		.start_code = mm->start_code,
		.end_code = mm->end_code,
		.start_data = mm->start_data,
		.end_data = mm->end_data,
		.start_brk = mm->start_brk,
		.brk = mm->brk,
		.start_stack = mm->start_stack,
		.mmap_base = mm->mmap_base, .topdown = mm->topdown,
		.arg_start = mm->arg_start,
		.arg_end = mm->arg_end,
		.env_start = mm->env_start,
		.env_end = mm->env_end,
		.minflt = mm->stat[STAT_MINFLT],
		.def_flags = mm->def_flags,
		.map_count = mm->map_count,
	};
	if (r->has_pmd)
		r->vm_pmd = mm->nr_pmds * (s->prof->table_bytes >> 10);
	for (unsigned i = 0; i < SIM_NLIMITS; i++)
		r->limit[i] = mm->limit[i];
	statm_get(s, mm, r);
}

static const char *special_name(const struct vma *v)
{
	return v->file == FILE_VVAR ? "[vvar]" : v->file == FILE_VVAR_VCLOCK ? "[vvar_vclock]" :
	       v->file == FILE_VDSO ? "[vdso]" : NULL;
}

/* vm_is_stack(): the thread whose sp lies in it, by its number + 1; the main one first. */
static unsigned stack_of(const struct sim *s, const struct mm *mm, const struct vma *v)
{
	for (u32 i = 0; i < s->root->ntasks; i++) {
		const struct task *t = &s->root->task[i];

		if (t->alive && t->proc == mm->number && v->start <= t->sp && v->end >= t->sp)
			return i + 1;
	}
	return 0;
}

static void vma_get(const struct sim *s, const struct mm *mm, const struct vma *v,
		    struct sim_vma *r)
{
	unsigned whose;

	u64 guard = stack_guard_page(s, v, v->start) ? PAGE_SIZE : 0;

	*r = (struct sim_vma){
		.start = v->start + guard, .guard = guard, .end = v->end, .flags = v->flags, .id = v->id,
		.off = v->file ? v->pgoff << PAGE_SHIFT : 0,
		.kind = v->file == FILE_NONE ? SIM_KIND_ANON : v->file == FILE_EXE ? SIM_KIND_EXE :
			v->file == FILE_RW || v->file == FILE_RO ? SIM_KIND_FILE :
			v->file > FILE_SHMEM ? SIM_KIND_SHMEM : SIM_KIND_SPECIAL,
		.object = v->file > FILE_SHMEM ? v->file - FILE_SHMEM : 0,
		.readonly_file = v->file == FILE_RO,
		.name = special_name(v),
		.anon_vma = v->anon_vma ? AT(s, v->anon_vma, const struct anon_vma)->id : 0,
	};
	for (ref c = v->chain; c; c = AT(s, c, const struct avc)->next)
		r->anon_chain++;
	if (v->file != FILE_NONE)
		return;
	if (RULE(s, heap_label_exact) ? v->start < mm->brk && v->end > mm->start_brk :
					v->start <= mm->brk && v->end >= mm->start_brk)
		r->name = "[heap]";
	else if (v->start <= mm->start_stack && v->end >= mm->start_stack)
		r->name = "[stack]";
	if ((r->name && strcmp(r->name, "[stack]")) || !RULE(s, stack_names_thread))
		return;
	whose = stack_of(s, mm, v);
	if (!whose)
		r->name = NULL;
	else if (!r->name)
		r->stack_tid = (unsigned)pid_of_task(s, whose - 1);
}

size_t sim_vma_count(const struct sim *s, unsigned proc)
{
	const struct mm *mm = mm_of(s, proc);

	return mm ? mm->map_count : 0;
}

bool sim_vma_at(const struct sim *s, unsigned proc, size_t index, struct sim_vma *ret)
{
	const struct mm *mm = mm_of(s, proc);

	if (!mm || index >= mm->map_count)
		return false;
	for (u32 i = 0; i < mm->dir_n; i++) {
		const struct leaf *l =
			AT(s, AT(s, mm->dir, const struct slot)[i].at, const struct leaf);

		if (index < l->n) {
			vma_get(s, mm, AT(s, l->slot[index].at, const struct vma), ret);
			return true;
		}
		index -= l->n;
	}
	return false;
}

bool sim_vma_find(const struct sim *s, unsigned proc, uint64_t addr, struct sim_vma *ret)
{
	const struct mm *mm = mm_of(s, proc);
	const struct vma *v = mm ? vma_look(s, mm, addr) : NULL;

	if (v)
		vma_get(s, mm, v, ret);
	return v;
}

/* The pages as smaps adds them up; Pss in 1/4096 of a byte until the end. */
static void fill(const struct sim *s, const struct mm *mm, struct sim_vma *r)
{
	u64 pss = 0;

	r->rss = r->shared_clean = r->shared_dirty = r->private_clean = r->private_dirty =
		r->anonymous = 0;
	for (u64 a = r->start - r->guard, next; a < r->end; a = next) {
		const jword *p = pte_look(s, mm, a, &next);
		const struct frame *f;
		bool dirty, priv;

		if (!p || !(*p & PTE_P) || (*p & PTE_ZERO))
			continue;
		f = frame_at(s, PTE_PFN(*p));
		dirty = (*p & PTE_D) || (f->flags & FRF_DIRTY);
		priv = frame_mapcount(f) < 2;
		r->rss += PAGE_SIZE;
		/* The share in a page that every process of a machine maps is no kilobyte. */
		if (!(f->flags & FRF_ELSEWHERE))
			pss += (PAGE_SIZE << 12) / (priv ? 1 : frame_mapcount(f));
		if (f->kind == FR_ANON)
			r->anonymous += PAGE_SIZE;
		*(priv	? dirty ? &r->private_dirty : &r->private_clean :
		  dirty ? &r->shared_dirty :
			  &r->shared_clean) += PAGE_SIZE;
	}
	r->pss = pss >> 12;
	r->locked = r->flags & VM_LOCKED ? r->pss : 0;
}

void sim_vma_fill(const struct sim *s, unsigned proc, struct sim_vma *vma)
{
	const struct mm *mm = mm_of(s, proc);

	if (mm)
		fill(s, mm, vma);
}

void sim_vma_each(const struct sim *s, unsigned proc, bool want_fill, sim_vma_fn fn, void *ctx)
{
	const struct mm *mm = mm_of(s, proc);
	struct sim_vma r;

	for (const struct vma *v = mm ? vma_first(s, mm) : NULL; v; v = vma_next(s, v)) {
		vma_get(s, mm, v, &r);
		if (want_fill)
			fill(s, mm, &r);
		fn(ctx, &r);
	}
}

static char letter_of(const struct sim *s, u64 pte)
{
	const struct frame *f;

	if (!(pte & PTE_P))
		return pte & PTE_GUARD ? 'G' : '.';
	if (pte & PTE_ZERO)
		return 'Z';
	f = frame_at(s, PTE_PFN(pte));
	if (f->kind == FR_ANON)
		return frame_mapcount(f) == 1 ? 'A' : 'a';
	return frame_mapcount(f) == 1 ? 'F' : 'f';
}

void sim_page_runs(const struct sim *s, unsigned proc, uint64_t start, uint64_t end, sim_run_fn fn,
		   void *ctx)
{
	const struct mm *mm = mm_of(s, proc);
	const struct vma *v = mm ? vma_look(s, mm, start) : NULL;
	u64 from = start, a = start, next;
	char run = 0;

	for (; mm && a < end; a = next) {
		const jword *p = pte_look(s, mm, a, &next);
		char c = p ? letter_of(s, *p) : '.';

		if (v && a >= v->end)
			v = vma_next(s, v);
		if (c == 'Z' && v && special_name(v))
			c = '.';		/* mapped by frame number: no page */

		if (next > end)
			next = end;
		if (c != run && run) {
			fn(ctx, from, (a - from) >> PAGE_SHIFT, run);
			from = a;
		}
		run = c;
	}
	if (run)
		fn(ctx, from, (a - from) >> PAGE_SHIFT, run);
}

void sim_page_get(const struct sim *s, unsigned proc, uint64_t addr, struct sim_page *ret)
{
	const struct mm *mm = mm_of(s, proc);
	const jword *p;
	u64 next;

	*ret = (struct sim_page){ .letter = '.' };
	p = mm ? pte_look(s, mm, addr & PAGE_MASK, &next) : NULL;
	if (!p)
		return;
	ret->letter = letter_of(s, *p);
	ret->present = *p & PTE_P;
	if (!ret->present)
		return;
	ret->writable = *p & PTE_W;
	ret->pfn = PTE_PFN(*p);
	ret->dirty = (*p & PTE_D) || (frame_at(s, PTE_PFN(*p))->flags & FRF_DIRTY);
	ret->mapcount = (unsigned)frame_mapcount(frame_at(s, PTE_PFN(*p)));
	ret->exclusive = frame_at(s, PTE_PFN(*p))->flags & FRF_EXCLUSIVE;
}
