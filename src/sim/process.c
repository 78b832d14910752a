/* SPDX-License-Identifier: GPL-2.0-or-later
 * Processes and tasks: fork, exit, switch, threads, limits.
 */
#include <sys/mman.h>
#include <stdio.h>
#include "kside.h"

struct mm *mm_create(struct sim *s, unsigned number)
{
	struct mm *mm = arena_alloc(s, sizeof(*mm), "mm_struct");

	if (!mm)
		return NULL;
	SET(s, mm->alive, 1);
	SET(s, mm->number, number);
	SET(s, mm->parent, -1);
	return pgd_create(s, mm) ? mm : NULL;
}

/* exit_mmap: all pages, tables and VMAs. The struct stays, as the record of a dead process. */
void mm_destroy(struct sim *s, struct mm *mm)
{
	struct vma *v, *n;
	T_ENTER(s, "exit_mmap", "the address space goes", "total_vm", mm->total_vm, "map_count",
		mm->map_count, SIM_U_COUNT);

	hot_forget(s);
	for (v = vma_first(s, mm); v; v = vma_next(s, v))
		zap_range(s, mm, v, v->start, v->end, ZAP_MARKERS);
	pt_destroy(s, mm);
	for (v = vma_first(s, mm); v; v = n) {
		n = vma_next(s, v);
		vma_remove(s, mm, v);
		vma_free(s, v);
	}
	if (mm->dir_cap) {
		arena_free(s, AT(s, mm->dir, struct slot), mm->dir_cap * sizeof(struct slot));
		SET(s, mm->dir, 0);
		SET(s, mm->dir_cap, 0);
	}
	SET(s, mm->total_vm, 0);
	SET(s, mm->locked_vm, 0);
	journal_zero(s, mm->vm, sizeof(mm->vm));
	SET(s, mm->alive, 0);
	hot_forget(s);
}

/* How many ptes from the first on map frames in a row, all in one way, of one kind and all
 * exclusive or none. */
static unsigned same_run(const jword *pte, const struct frame *f, unsigned n)
{
	enum { GROUP = 8 };
	const u64 kind = (struct frame){ .kind = 0xf, .flags = FRF_EXCLUSIVE }.word;
	jpair want = { pte[0], pte[0] + PAGE_SIZE };
	unsigned i = 0;

	for (; i + GROUP <= n; i += GROUP) {
		jpair differs = { 0, 0 };

		ask_ahead(pte + i);
		ask_ahead(f + i);
		for (unsigned k = i; k < i + GROUP; k += 2) {
			differs |= *(const jpair *)(pte + k) ^ want;
			differs |= (*(const jpair *)(f + k) ^ f[0].word) & kind;
			want += 2 * PAGE_SIZE;
		}
		if (differs[0] | differs[1])
			break;
	}
	while (i < n && pte[i] - i * PAGE_SIZE == pte[0] && !((f[i].word ^ f[0].word) & kind))
		i++;
	return i;
}

/* copy_present_pte, copy_nonpresent_pte: the ptes of one table, frames in a row together. Each
 * frame has one mapping more, and is not exclusive any longer. */
static void copy_ptes(struct sim *s, struct mm *child, const struct vma *v, jword *src, jword *dst,
		      unsigned n)
{
	u64 clear = (v->flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE ? PTE_W : 0,
	    old = RULE(s, software_af) ? PTE_OLD : 0,
	    set = v->flags & VM_SHARED && old ? old | PTE_CLEANED : old,
	    unset = v->flags & VM_SHARED ? PTE_D : 0;
	u32 stat[NSTATS] = { 0 };
	bool writable = false, any = false;

	for (unsigned i = 0, run; i < n; i += run) {
		struct frame *f = frame_at(s, PTE_PFN(src[i]));

		run = 1;
		if (!src[i])
			continue;
		any = true;
		if (!(src[i] & PTE_P) || (src[i] & PTE_ZERO)) {
			SET(s, dst[i], src[i] & PTE_P ? src[i] | old : src[i]);
			continue;
		}
		run = same_run(src + i, f, n - i);
		if (src[i] & clear) {
			writable = true;
			ramp_add(s, src + i, run, -clear, 0);
		}
		ramp_add(s, dst + i, run, ((src[i] & ~unset) | set) - dst[i], PAGE_SIZE);
		stat[frame_stat(f)] += run;
		ramp_add(s, f, run, FRAME_ONE_MAPPING - (f->word & FRAME_EXCLUSIVE), 0);
	}
	if (!any)
		return;
	T_NOTE(s, "copy_present_ptes", writable ? "shared, and write-protected in both" : "shared",
	       "pages", (u64)stat[STAT_ANON] + stat[STAT_FILE], "anonymous", stat[STAT_ANON],
	       SIM_U_COUNT);
	for (unsigned i = 0; i < NSTATS; i++)
		if (stat[i])
			ADD(s, child->stat[i], stat[i]);
}

/* Tables are made where the parent has them, be they empty. */
static bool copy_range(struct sim *s, struct mm *mm, struct mm *child, const struct vma *v)
{
	for (u64 a = v->start, next; a < v->end; a = next) {
		unsigned l = s->prof->levels - 1;
		jword *src = NULL, *dst;

		for (; l > 0; l--) {
			src = pt_entry(s, mm, a, l, false);
			if (!src || !*src)
				break;
		}
		dst = pt_entry(s, child, a, l, true);
		if (!dst)
			return false;
		next = (a & ~(pt_span(s, l ? l : 1) - 1)) + pt_span(s, l ? l : 1);
		if (next > v->end || next < a)
			next = v->end;
		if (!l)
			copy_ptes(s, child, v, pt_entry(s, mm, a, 0, false), dst,
				  (unsigned)((next - a) >> PAGE_SHIFT));
	}
	hot_forget(s);
	return true;
}

static bool copy_page_range(struct sim *s, struct mm *mm, struct mm *child, struct vma *v)
{
	bool need = v->anon_vma ||
		    (v->flags & (VM_PFNMAP | VM_MIXEDMAP | (RULE(s, guard_flag_shown) ? VM_MAYBE_GUARD : 0)));

	T_TEST(s, "vma_needs_copy", "the VMA has an anon_vma, or marks the tables are needed for",
	       "anon_vma",
	       anon_vma_id(s, v->anon_vma), NE, NULL, 0, SIM_U_COUNT, need, "copy its tables",
	       "the child faults anew");
	return !need || copy_range(s, mm, child, v);
}

static struct vma *copy_vma_struct(struct sim *s, struct mm *child, struct vma *v)
{
	struct vma *n = vma_new(s, v->start, v->end, v->flags & ~VM_LOCKED_MASK, v->pgoff, v->file);
	bool wipe = v->flags & VM_WIPEONFORK;

	if (!n)
		return NULL;
	if (!wipe && !anon_vma_fork(s, n, v))
		return NULL;
	object_get(s, n->file);
	return vma_insert(s, child, n, vma_last(s, child)) ? n : NULL;
}

static int dup_mmap(struct sim *s, struct mm *mm, struct mm *child)
{
	T_ENTER(s, "dup_mmap", "copy the address space", "map_count", mm->map_count, "total_vm",
		mm->total_vm, SIM_U_COUNT);
	for (struct vma *v = vma_first(s, mm); v; v = vma_next(s, v)) {
		T_NOTE(s, "dup_mmap", v->flags & VM_DONTCOPY ? "not copied: VM_DONTCOPY" : "VMA",
		       "vm_start", v->start, "vm_end", v->end, SIM_U_ADDR);
		if (v->flags & VM_DONTCOPY) {
			vm_stat_account(s, child, v->flags, v->file, -(int64_t)vma_pages(v));
			continue;
		}
		if ((v->flags & VM_ACCOUNT) && !vm_enough_memory(s, mm, vma_pages(v)))
			return -ENOMEM;
		if (!copy_vma_struct(s, child, v))
			return -ENOMEM;
		if (!(v->flags & VM_WIPEONFORK) && !copy_page_range(s, mm, child, v))
			return -ENOMEM;
	}
	return 0;
}

static void copy_mm_fields(struct sim *s, const struct mm *mm, struct mm *child)
{
	SET(s, child->parent, (int32_t)mm->number);
	SET(s, child->total_vm, mm->total_vm);
	journal_copy(s, child->vm, mm->vm, sizeof(mm->vm));
	journal_copy(s, &child->brk, &mm->brk,
		     offsetof(struct mm, stat) - offsetof(struct mm, brk));
	journal_copy(s, child->limit, mm->limit, sizeof(mm->limit));
	SET(s, child->topdown, mm->topdown);
	place_cache_reset(s, child, true);
}

/* The next task gets its task_struct and kernel stack before anything else. */
static bool task_begin(struct sim *s, unsigned proc, const char *comm, u64 stack)
{
	SET(s, s->root->task[s->root->ntasks].proc, proc);
	return ktask_create(s, (u32)s->root->ntasks, comm, 0, (u32)stack);
}

static void task_add(struct sim *s, unsigned proc, bool is_main, const struct task *t)
{
	struct task *n;
	ref k;

	n = &s->root->task[s->root->ntasks];
	k = n->k;
	journal_copy(s, n, t, sizeof(*t));
	SET(s, n->k, k);
	SET(s, n->proc, proc);
	SET(s, n->is_main, is_main);
	SET(s, n->alive, 1);
	ADD(s, s->root->ntasks, 1);
}

/* Of the task that runs, or would. */
u64 user_sp(const struct sim *s, const struct mm *mm)
{
	u32 task = curr_task(s);

	if (s->root->task[task].proc != mm->number)
		task = task_of_process(s, mm->number);
	return s->root->task[task].sp;
}

void op_fork(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct mm *mm = s->mm, *child;
	unsigned n = (unsigned)s->root->nprocs;
	const struct jent *undo = s->jcur;
	u32 parent = curr_task(s), task = (u32)s->root->ntasks;
	struct task t = s->root->task[parent];
	char comm[16];
	int err;
	T_ENTER(s, kern(s)->fork, "fork", NULL, 0, NULL, 0, SIM_U_NONE);

	(void)op;
	if (n == SIM_MAX_PROCS) {
		res->status = SIM_IMPOSSIBLE;
		return;
	}
	snprintf(comm, sizeof(comm), "P%u", n);
	if (!task_begin(s, n, comm, 0)) {
		result_set(res, -ENOMEM);
		return;
	}
	child = mm_create(s, n);
	if (!child)
		return;
	copy_mm_fields(s, mm, child);
	hot_forget(s);
	err = dup_mmap(s, mm, child);
	if (err) {
		if (!s->failed)			/* the half-made child goes */
			journal_take_back(s, undo);
		result_set(res, err);
		return;
	}
	SET(s, child->hiwater_vm, child->total_vm);
	SET(s, s->root->proc[n], REF(s, child));
	SET(s, s->root->nprocs, n + 1);
	t.parent = parent;
	task_add(s, n, true, &t);
	hot_forget(s);
	if (!frames_copy(s, ktask_at(s, parent)->uframes, &ktask_at(s, task)->uframes) ||
	    !ktask_fork_frame(s, task))
		return;
	res->child = (int)n;
	if (!switch_tasks(s, task, res))
		return;
	/* The child's next instruction needs its text page, whose table was not copied. */
	mm_access(s, child, s->prof->text, ACC_EXEC);
}

/* The nearest living ancestor, else the oldest process. */
static int successor(const struct sim *s, const struct mm *mm)
{
	int p = mm->parent;

	while (p >= 0 && !AT(s, s->root->proc[p], struct mm)->alive)
		p = AT(s, s->root->proc[p], struct mm)->parent;
	if (p >= 0)
		return p;
	for (unsigned i = 0; i < s->root->nprocs; i++)
		if (i != mm->number && AT(s, s->root->proc[i], struct mm)->alive)
			return (int)i;
	return -1;
}

/* A kernel thread or a thread ends alone, the main thread takes its process along. */
void op_exit(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct mm *mm = s->mm;
	u32 task = curr_task(s);
	int next = successor(s, mm);

	(void)op;
	if (s->root->task[task].proc == NO_PROC || (!s->root->task[task].is_main && !last_thread(s, task))) {
		task_gone(s, task, res);
		return;
	}
	T_ENTER(s, "do_exit", "the process ends", NULL, 0, NULL, 0, SIM_U_NONE);
	if (next < 0) {			/* the kernel would panic: it has lost its init */
		skip(res, "it is the last thread of the last process");
		return;
	}
	res->died = (int)mm->number + 1;
	mm_destroy(s, mm);
	for (u32 i = 0; i < s->root->ntasks; i++)
		if (s->root->task[i].proc == mm->number && s->root->task[i].alive)
			ktask_end(s, i);
	switch_from_dead(s, task_of_process(s, (unsigned)next), res);
}

void op_switch(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	if (op->proc < 0 || (u64)op->proc >= s->root->nprocs ||
	    !AT(s, s->root->proc[op->proc], struct mm)->alive) {
		res->status = SIM_IMPOSSIBLE;
		return;
	}
	switch_tasks(s, task_of_process(s, (unsigned)op->proc), res);
}

void op_setrlimit(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct mm *mm = s->mm;
	u64 value = op->value;
	T_ENTER(s, "do_prlimit", "a soft limit", "new", op->value, "old", mm->limit[op->limit],
		SIM_U_BYTES);

	if (op->limit == SIM_LIMIT_MEMLOCK && op->value > s->opt.memlock_hard) {
		T_TEST(s, "do_prlimit", "above the hard limit", "rlim_cur", op->value, GT,
		       "rlim_max", s->opt.memlock_hard, SIM_U_BYTES, true, "EINVAL", "go on");
		result_set(res, -EINVAL);
		return;
	}
	if (value >= s->prof->address_mask)
		value = SIM_UNLIMITED;
	if (mm->limit[op->limit] != value)
		SET(s, mm->limit[op->limit], value);
}

/* As glibc: no access first, then all but the guard is opened; the thread's block at the top
 * is written. */
void op_thread(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct mm *mm = s->mm;
	u64 guard = PAGE_ALIGN(op->guard), size = op->len, stack = mm->limit[SIM_LIMIT_STACK];
	struct sim_op map = { .kind = SIM_OP_MMAP,
			      .prot = PROT_NONE,
			      .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK };
	struct task t = { 0 };
	int64_t a;
	int err;
	u32 n = (u32)s->root->ntasks, others = 0;
	T_ENTER(s, "pthread_create", "a thread", "stack", op->len, "guard", op->guard, SIM_U_BYTES);

	/* There is room for the main thread of every process that can still be born. */
	for (u32 i = 0; i < n; i++)
		others += s->root->task[i].is_main || s->root->task[i].proc == NO_PROC;
	if (n - others == SIM_MAX_THREADS) {
		result_set(res, -EAGAIN);
		return;
	}
	if (!kstack_size_ok(op->newlen)) {
		skip(res, "a kernel stack has 4K, 8K or 16K");
		return;
	}
	if (!size)
		size = stack == SIM_UNLIMITED ? 2ull << 20 : stack;
	map.len = PAGE_ALIGN(size) + guard;
	a = do_mmap(s, mm, &map);
	if (a < 0) {
		result_set(res, a == -ENOMEM ? -EAGAIN : a);
		return;
	}
	err = do_mprotect(s, mm, (u64)a + guard, map.len - guard, PROT_READ | PROT_WRITE);
	if (err) {
		do_munmap(s, mm, (u64)a, map.len);
		result_set(res, err);
		return;
	}
	t.parent = curr_task(s);
	t.guard_start = (u64)a;
	t.guard_end = t.stack_start = (u64)a + guard;
	t.stack_end = (u64)a + map.len;
	t.sp = (t.stack_end - s->prof->thread_block) & ~15ull;
	mm_access(s, mm, t.sp, ACC_WRITE);
	T_NOTE(s, kern(s)->fork, "CLONE_VM: the mm is shared, no copy", "sp", t.sp, NULL, 0,
	       SIM_U_ADDR);
	if (!task_begin(s, mm->number, op->name[0] ? op->name : "thread", op->newlen)) {
		do_munmap(s, mm, (u64)a, map.len);
		result_set(res, -EAGAIN);
		return;
	}
	task_add(s, mm->number, false, &t);
	if (!ktask_fork_frame(s, n))
		return;
	res->ret = (u64)a;
	res->child = (int)n;
}

unsigned sim_task_count(const struct sim *s)
{
	return (unsigned)s->root->ntasks;
}

bool sim_task_get(const struct sim *s, unsigned task, struct sim_task *ret)
{
	const struct task *t;

	if (task >= s->root->ntasks)
		return false;
	t = &s->root->task[task];
	*ret = (struct sim_task){ .proc = t->proc,
				  .alive = t->alive,
				  .main = t->is_main,
				  .sp = t->sp,
				  .stack_start = t->stack_start,
				  .stack_end = t->stack_end,
				  .guard_start = t->guard_start,
				  .guard_end = t->guard_end,
				  .parent_task = t->parent };
	return true;
}
