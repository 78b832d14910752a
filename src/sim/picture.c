/* SPDX-License-Identifier: GPL-2.0-or-later
 * What /proc would show of the simulated process, and the text and decisions around it.
 */
#include "src/sim/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/compare.h"
#include "src/sim/klook.h"

enum { KB = 1024 };

/* ---- layout ----------------------------------------------------------------------------- */

struct draft {				/* of one process */
	const struct sim *sim;
	unsigned proc;
	struct sim_mm mm;
	struct layout *layout;
	struct details *details;
	struct residency *pages;
	size_t n;
};

static bool overlaps(const struct sim_vma *v, uint64_t start, uint64_t end)
{
	return v->start < end && start < v->end;
}

/* A thread's stack or its guard; the task's number, -1: neither. */
static int task_of(const struct draft *d, const struct sim_vma *v, bool *guard)
{
	struct sim_task t;

	for (unsigned i = 0; sim_task_get(d->sim, i, &t); i++) {
		if (!t.alive || t.main || t.proc != d->proc)
			continue;
		*guard = overlaps(v, t.guard_start, t.guard_end);
		if (*guard || overlaps(v, t.stack_start, t.stack_end))
			return (int)i;
	}
	return -1;
}

static enum vma_role file_role(const struct sim_vma *v)
{
	return v->flags & SIM_VM_EX ? ROLE_TEXT : v->flags & SIM_VM_WR ? ROLE_DATA : ROLE_RODATA;
}

static enum vma_role role_of(const struct draft *d, const struct sim_vma *v)
{
	if (v->kind == SIM_KIND_SPECIAL)
		return v->name && !strcmp(v->name, "[vdso]") ? ROLE_VDSO : ROLE_VVAR;
	if (v->name && !strcmp(v->name, "[stack]"))
		return ROLE_STACK;
	if (v->name && !strcmp(v->name, "[heap]"))
		return ROLE_HEAP;
	if (v->kind == SIM_KIND_EXE)
		return file_role(v);
	if (!(v->flags & (SIM_VM_RD | SIM_VM_WR | SIM_VM_EX)))
		return ROLE_GUARD;
	if (v->flags & SIM_VM_MS)
		return ROLE_SHARED;
	if (v->kind == SIM_KIND_FILE)
		return ROLE_FILE;
	return v->start >= d->mm.start_code && v->start < d->mm.start_brk ? ROLE_BSS : ROLE_ANON;
}

static const char *path_of(const struct sim_vma *v)
{
	static const char *const by_kind[] = {
		[SIM_KIND_ANON] = "", [SIM_KIND_EXE] = "agent", [SIM_KIND_FILE] = "file",
		[SIM_KIND_SHMEM] = "/dev/zero (deleted)", [SIM_KIND_SPECIAL] = "",
	};

	if (v->name)
		return v->name;
	return v->kind == SIM_KIND_FILE && v->readonly_file ? "rofile" : by_kind[v->kind];
}

static uint64_t inode_of(const struct sim_vma *v)
{
	switch (v->kind) {
	case SIM_KIND_EXE:
		return 1;
	case SIM_KIND_FILE:
		return 2;
	case SIM_KIND_SHMEM:
		return 16 + v->object;
	default:
		return 0;
	}
}

static void put_flags(const struct sim *s, const struct sim_vma *v, struct vma_detail *to)
{
	struct buf b = BUF_INIT;

	sim_vma_flags_text(s, v, &b);
	to->flags = 0;
	for (const char *w = buf_str(&b); *w; w += w[2] ? 3 : 2)
		for (int i = 0; i < 64 && vma_flag_names[i]; i++)
			if (!strncmp(vma_flag_names[i], w, 2))
				to->flags |= 1ull << i;
	buf_free(&b);
}

static void put_vma(void *ctx, const struct sim_vma *v)
{
	struct draft *d = ctx;
	const char *path = path_of(v);
	char stack[24];
	struct vma *to = &d->layout->vmas[d->n];
	bool guard = false;
	int task = task_of(d, v, &guard);

	if (v->stack_tid) {
		snprintf(stack, sizeof(stack), "[stack:%u]", v->stack_tid);
		path = stack;
	}
	to->start = v->start - v->guard;	/* /proc hides that page, the mm does not */
	to->end = v->end;
	to->inode = inode_of(v);
	to->offset = to->inode ? v->off : 0;
	to->path = strings_add(d->layout->strings, path, strlen(path));
	to->perms = (uint8_t)((v->flags & SIM_VM_RD ? VMA_READ : 0) | (v->flags & SIM_VM_WR ? VMA_WRITE : 0) |
			      (v->flags & SIM_VM_EX ? VMA_EXEC : 0) | (v->flags & SIM_VM_MS ? VMA_SHARED : 0));
	to->growsdown = v->flags & SIM_VM_GD ? 1 : 0;
	to->role = (uint8_t)(task < 0 ? role_of(d, v) : guard ? ROLE_GUARD : ROLE_THREAD_STACK);
	to->tid = task < 0 ? 0 : PICTURE_FIRST_PID + task;
	if (d->details) {
		struct vma_detail *detail = &d->details->vma[d->n];

		*detail = (struct vma_detail){ .pss = v->pss, .swap = 0, .locked = v->locked,
					       .uss = v->private_clean + v->private_dirty };
		put_flags(d->sim, v, detail);
		d->details->pss += v->pss;
		d->details->uss += detail->uss;
	}
	d->n++;
}

static void put_run(void *ctx, uint64_t start, uint64_t pages, char letter)
{
	static const struct { char letter; enum page_state state; } states[] = {
		{ 'A', PAGE_ANON }, { 'a', PAGE_ANON_SHARED }, { 'F', PAGE_FILE }, { 'f', PAGE_FILE_SHARED },
		{ 'Z', PAGE_ZERO }, { 'G', PAGE_GUARD },
	};
	struct draft *d = ctx;

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (states[i].letter == letter)
			residency_append(d->pages, start, start + (pages << PAGE_SHIFT), states[i].state);
}

/* The first reference of each part is the draft's owner's. */
static void draft_make(struct draft *d, const struct sim *s, unsigned proc, bool details)
{
	struct strings *strings = strings_create();

	*d = (struct draft){ .sim = s, .proc = proc };
	sim_mm_get(s, proc, &d->mm);
	d->layout = layout_create(strings, d->mm.exists ? sim_vma_count(s, proc) : 0);
	strings_put(strings);
	d->pages = residency_create();
	d->pages->kinds = d->pages->whole = true;
	if (details) {
		d->details = details_create(d->layout);
		d->details->pss = d->details->uss = 0;
	}
	if (!d->mm.exists)
		return;
	sim_vma_each(s, proc, details, put_vma, d);
	for (size_t i = 0; i < d->layout->n; i++) {
		struct vma *v = &d->layout->vmas[i];

		sim_page_runs(s, proc, v->start, v->end, put_run, d);
		/* What was written before its access was taken away is no guard. */
		if (v->role == ROLE_GUARD && !v->tid && residency_written(d->pages, v->start, v->end))
			v->role = v->inode ? ROLE_FILE : ROLE_ANON;
	}
}

/* ---- tasks ------------------------------------------------------------------------------ */

static void put_stack(struct task *to, const struct sim_task *t, const struct snapshot *snap)
{
	ssize_t i = layout_find(snap->layout, t->sp ? t->sp - 1 : 0);
	struct task_stack *st = &to->stack;
	struct page_counts n;
	uint64_t lowest;
	size_t run;

	if (i < 0)
		return;
	st->vma_start = t->main ? snap->layout->vmas[i].start : t->stack_start;
	st->vma_end = t->main ? snap->layout->vmas[i].end : t->stack_end;
	st->used = st->vma_end - t->sp;
	n = residency_count(snap->pages, st->vma_start, st->vma_end);
	st->resident = page_counts_resident(&n) * PAGE_BYTES;
	st->limit = t->main ? snap->limits[LIMIT_STACK] : st->vma_end - st->vma_start;
	st->guard_start = t->guard_start;
	st->guard_end = t->guard_end;
	run = residency_next(snap->pages, st->vma_start);
	lowest = run < snap->pages->n ? snap->pages->runs[run].start : st->vma_end;
	st->high_water = lowest < st->vma_end ? st->vma_end - lowest : 0;
	st->found = STACK_BY_SP;
}

static pid_t pid_of(const struct sim *s, int proc)
{
	struct sim_task t;

	for (unsigned i = 0; proc >= 0 && sim_task_get(s, i, &t); i++)
		if (t.main && t.proc == (unsigned)proc)
			return PICTURE_FIRST_PID + (pid_t)i;
	return 0;
}

static void put_tasks(const struct sim *s, unsigned proc, struct snapshot *snap)
{
	struct task_list *list = task_list_create();
	struct sim_task t;

	for (unsigned i = 0; sim_task_get(s, i, &t); i++) {
		struct task *to;

		if (!t.alive || t.proc != proc)
			continue;
		to = task_list_add(list, PICTURE_FIRST_PID + (pid_t)i);
		to->tgid = pid_of(s, (int)proc);
		snprintf(to->comm, sizeof(to->comm), "%s", sim_comm(s, i));
		to->state = sim_task_state(s, i);
		to->sp = t.sp;
		to->syscall = SYSCALL_UNKNOWN;
		put_stack(to, &t, snap);
	}
	snap->tasks = list;
}

/* ---- snapshot --------------------------------------------------------------------------- */

static uint64_t limit(uint64_t v)
{
	return v == SIM_UNLIMITED ? UNLIMITED : v;
}

static void put_figures(const struct sim_mm *mm, struct snapshot *snap)
{
	const uint64_t figures[MM_NR] = {
		[MM_VM_SIZE] = mm->vm_size * KB,
		[MM_VM_RSS] = (mm->rss_anon + mm->rss_file + mm->rss_shmem) * KB,
		[MM_RSS_ANON] = mm->rss_anon * KB,
		[MM_RSS_FILE] = mm->rss_file * KB,
		[MM_RSS_SHMEM] = mm->rss_shmem * KB,
		[MM_VM_DATA] = mm->vm_data * KB,
		[MM_VM_STACK] = mm->vm_stk * KB,
		[MM_VM_EXE] = mm->vm_exe * KB,
		[MM_VM_LIB] = mm->vm_lib * KB,
		[MM_VM_PTE] = mm->vm_pte * KB,
		[MM_VM_SWAP] = 0,
		[MM_VM_LOCKED] = mm->vm_lck * KB,
		[MM_START_CODE] = mm->start_code,
		[MM_END_CODE] = mm->end_code,
		[MM_START_DATA] = mm->start_data,
		[MM_END_DATA] = mm->end_data,
		[MM_START_BRK] = mm->start_brk,
		[MM_BRK] = mm->brk,
		[MM_START_STACK] = mm->start_stack,
		[MM_ARG_START] = mm->arg_start,
		[MM_ARG_END] = mm->arg_end,
		[MM_ENV_START] = mm->env_start,
		[MM_ENV_END] = mm->env_end,
	};

	memcpy(snap->mm, figures, sizeof(figures));
	snap->limits[LIMIT_STACK] = limit(mm->limit[SIM_LIMIT_STACK]);
	snap->limits[LIMIT_AS] = limit(mm->limit[SIM_LIMIT_AS]);
	snap->limits[LIMIT_DATA] = limit(mm->limit[SIM_LIMIT_DATA]);
	snap->limits[LIMIT_MEMLOCK] = limit(mm->limit[SIM_LIMIT_MEMLOCK]);
	snap->minflt = mm->minflt;
	snap->majflt = 0;
	snap->statm_size = mm->statm[0] * PAGE_BYTES;
	snap->statm_rss = mm->statm[1] * PAGE_BYTES;
}

/* What did not change is the very same part as before. */
static void share(struct snapshot *snap, const struct snapshot *before)
{
	if (!before)
		return;
	if (layout_equal(snap->layout, before->layout)) {
		layout_put(snap->layout);
		snap->layout = layout_get(before->layout);
	}
	if (residency_equal(snap->pages, before->pages)) {
		residency_put(snap->pages);
		snap->pages = residency_get(before->pages);
	}
	if (details_equal(snap->details, before->details)) {
		details_put(snap->details);
		snap->details = details_get(before->details);
	}
	if (task_list_equal(snap->tasks, before->tasks)) {
		task_list_put(snap->tasks);
		snap->tasks = task_list_get(before->tasks);
	}
	whys_put(snap->whys);
	snap->whys = whys_get(before->whys);
}

static void put_whys(struct whys *w)
{
	whys_add(w, "tasks[].pc", "the simulated machine executes operations, not instructions", NULL);
	whys_add(w, "tasks[].syscall", "the simulated machine executes operations, not instructions", NULL);
	whys_add(w, "tasks[].stack.frames", "nothing was called: only the touched pages are known", NULL);
}

/* ---- the machine ------------------------------------------------------------------------- */

uint64_t picture_place(struct player *p)
{
	const struct decisions *d = player_decisions(p);
	struct place at = player_place(p);
	size_t n = at.complete ? d->n : at.decision + 1;
	struct sim_result res;
	struct sim_op op;

	for (size_t i = n; i-- > 0;)
		if (decision_place(&d->v[i]))
			return decision_place(&d->v[i]);
	if (!player_operation(p, &op, &res))
		return 0;
	if (at.complete && res.status == SIM_OK && res.ret &&
	    (op.kind == SIM_OP_MMAP || op.kind == SIM_OP_MREMAP || op.kind == SIM_OP_THREAD))
		return res.ret;
	return op.kind == SIM_OP_BRK || op.kind == SIM_OP_THREAD || op.kind >= SIM_OP_CALL ? 0 : op.addr;
}

static void put_processes(const struct sim *s, const struct snapshot *snap, struct machine *m)
{
	unsigned current = sim_current(s);

	m->nprocs = sim_proc_count(s);
	for (unsigned i = 0; i < m->nprocs && i < MACHINE_PROCS; i++) {
		struct machine_process *to = &m->procs[i];
		struct draft d;

		*to = (struct machine_process){ .number = i, .parent = sim_proc_parent(s, i),
						.alive = sim_proc_alive(s, i), .current = i == current };
		if (!to->alive)
			continue;
		if (to->current) {
			to->layout = layout_get(snap->layout);
			to->pages = residency_get(snap->pages);
			sim_mm_get(s, i, &d.mm);
		} else {
			draft_make(&d, s, i, false);
			to->layout = d.layout;
			to->pages = d.pages;
		}
		to->rss = d.mm.statm[1] * PAGE_BYTES;
		to->size = d.mm.vm_size * KB;
		to->minflt = d.mm.minflt;
	}
}

static void put_kernel(const struct kernel_answer *a, const struct machine *at, struct machine *m)
{
	size_t name, says;

	if (!a || !a->name || a->op != at->op || !at->complete)
		return;
	name = strlen(a->name) + 1;
	says = strlen(a->says) + 1;
	m->kernel_text = xmalloc(name + says);
	memcpy(m->kernel_text, a->name, name);
	memcpy(m->kernel_text + name, a->says, says);
	m->kernel_name = m->kernel_text;
	m->kernel_says = m->kernel_text + name;
	m->kernel_layout = layout_get(a->layout);
	m->kernel_pages = residency_get(a->pages);
}

static void put_fields(const struct sim *s, struct machine *m)
{
	struct sim_mm_value v[MACHINE_FIELDS];
	struct sim_mm mm;

	sim_mm_get(s, sim_current(s), &mm);
	if (mm.exists) {
		m->rss_split = mm.has_rss;
		m->data_counted = mm.data_counted;
		m->tables_counted = mm.tables_counted;
	}
	m->nfields = sim_mm_fields(s, sim_current(s), v, MACHINE_FIELDS);
	for (size_t i = 0; i < m->nfields; i++)
		m->fields[i] = (struct machine_field){ v[i].name, v[i].about, player_units[v[i].unit], v[i].value };
}

static struct machine *machine_take(struct player *p, const struct picture_options *o,
				    const struct snapshot *snap, const struct twin *twin)
{
	struct machine *m = machine_create();
	struct place at = player_place(p);

	m->twin = twin;
	m->profile = sim_profile_name(player_profile(p));
	m->proof = sim_profile_proof(player_profile(p));
	m->guard_gap = sim_profile_guard_gap(player_profile(p));
	m->guard_inside = sim_profile_guard_inside(player_profile(p));
	m->proven = sim_profile_proven(player_profile(p));
	m->script = script_get(player_script(p));
	m->op = at.op;
	m->complete = at.complete;
	m->decisions = decisions_get(player_decisions(p));
	m->decision = at.complete ? m->decisions->n : at.decision;
	m->playing = o->playing;
	m->speed = o->speed;
	m->predictions_hidden = o->predictions_hidden;
	m->mistakes = player_mistakes(p);
	m->place = picture_place(p);
	m->contexts = picture_contexts(p);
	m->walk_addr = (o->walk_addr ? o->walk_addr : m->place) & ~(uint64_t)(PAGE_BYTES - 1);
	put_processes(player_sim(p), snap, m);
	put_kernel(o->kernel, m, m);
	put_fields(player_sim(p), m);
	picture_memory(p, m);
	picture_index(p, m);
	return m;
}

/* An operation takes a second of virtual time, its decisions share it. */
static uint64_t virtual_time(struct player *p)
{
	const uint64_t second = 1000000000;
	struct place at = player_place(p);

	if (at.complete)
		return (at.op + 1) * second;
	return at.op * second + (at.decision + 1) * (second / (player_decisions(p)->n + 2));
}

struct snapshot *picture_take(struct player *p, const struct picture_options *o, const struct snapshot *before)
{
	struct snapshot *snap = snapshot_create();
	const struct twin *twin = o->compare ? compare_twin(o->compare, p) : NULL;
	const struct sim *s;
	unsigned proc;
	struct draft d;

	player_decisions(p);		/* the machine may have to run for them: now, not half way */
	s = player_sim(p);
	proc = sim_proc_count(s) ? sim_current(s) : 0;
	draft_make(&d, s, proc, true);
	snap->time_ns = virtual_time(p);
	snap->seq = before ? before->seq + 1 : 0;
	snap->source = "sim";
	snap->layout = d.layout;
	snap->pages = d.pages;
	snap->details = d.details;
	put_figures(&d.mm, snap);
	put_tasks(s, proc, snap);
	snap->process.pid = snap->tasks->n ? pid_of(s, (int)proc) : PICTURE_FIRST_PID;
	snap->process.ppid = pid_of(s, sim_proc_parent(s, proc));
	snprintf(snap->process.comm, sizeof(snap->process.comm), "P%u", proc);
	snprintf(snap->process.exe, sizeof(snap->process.exe), "agent");
	snap->process.state = 'R';
	if (!before)
		put_whys((struct whys *)snap->whys);
	share(snap, before);
	snap->machine = machine_take(p, o, snap, twin);
	snap->stacks = picture_stacks(snap->machine->contexts, s);
	if (before && stacks_equal(snap->stacks, before->stacks)) {
		stacks_put(snap->stacks);
		snap->stacks = stacks_get(before->stacks);
	}
	return snap;
}
