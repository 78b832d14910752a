/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated machine as a world.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/world.h"

enum { KB = 1024 };

struct sim_world {
	struct world world;
	struct sim *sim;
	unsigned proc;			/* the state being read */
	struct world_state *state;
};

struct sim *world_sim_machine(struct world *w)
{
	return ((struct sim_world *)w)->sim;
}

static void note_special(struct world_info *ret, const struct sim_vma *v)
{
	struct world_region *r = &ret->special[ret->nspecials++];

	snprintf(r->name, sizeof(r->name), "%.*s", (int)strcspn(v->name + 1, "]"), v->name + 1);
	r->start = v->start;
	r->bytes = v->end - v->start;
}

static void sim_info(struct world *world, struct world_info *ret)
{
	struct sim *s = world_sim_machine(world);
	const struct sim_options *o = sim_get_options(s);
	unsigned proc = sim_current(s);
	struct sim_vma v;
	struct sim_mm mm;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", sim_profile_name(o->profile));
	snprintf(ret->machine, sizeof(ret->machine), "%s", sim_profile_machine(o->profile));
	snprintf(ret->proof, sizeof(ret->proof), "%s", sim_profile_proof(o->profile));
	snprintf(ret->thp, sizeof(ret->thp), "always [madvise] never");
	ret->overcommit_memory = o->overcommit_memory;
	ret->max_map_count = o->max_map_count;
	ret->mmap_min_addr = SIM_PAGE;
	ret->ram_pages = o->ram_pages;
	sim_mm_get(s, proc, &mm);
	ret->sp = mm.start_stack;
	/* A runner that did not ask for this layout sees only where the kernel's own mappings, the
	 * first ones, end. */
	ret->mmap_base = mm.mmap_base;
	if (!mm.topdown && !o->bottomup)
		ret->mmap_base += sim_profile_special_bytes(o->profile);
	ret->start_brk = mm.start_brk;
	for (i = 0; sim_vma_at(s, proc, i, &v); i++) {
		if (v.kind == SIM_KIND_SPECIAL && v.name &&
		    ret->nspecials < ARRAY_LEN(ret->special))
			note_special(ret, &v);
		if (v.name && strcmp(v.name, "[stack]") == 0) {
			ret->stack_start = v.start;
			ret->stack_end = v.end;
		}
	}
}

static struct error *sim_world_exec(struct world *world, const struct sim_op *op,
				    struct sim_result *ret)
{
	sim_exec(world_sim_machine(world), op, ret);
	return NULL;
}

static void add_run(void *ctx, uint64_t start, uint64_t pages, char letter)
{
	(void)start;
	world_runs_add(ctx, pages, letter);
}

static void add_vma(void *ctx, const struct sim_vma *v)
{
	struct sim_world *w = ctx;
	struct world_state *st = w->state;
	struct world_vma *to = world_state_add(st);
	struct world_runs runs = { .out = &st->text };

	to->start = v->start;
	to->end = v->end;
	to->kind = v->kind;
	to->object = v->kind == SIM_KIND_SHMEM ? v->object : 0;
	to->off = v->kind == SIM_KIND_ANON || v->kind == SIM_KIND_SPECIAL ? 0 : v->off;
	snprintf(to->perm, sizeof(to->perm), "%c%c%c%c", v->flags & SIM_VM_RD ? 'r' : '-',
		 v->flags & SIM_VM_WR ? 'w' : '-', v->flags & SIM_VM_EX ? 'x' : '-',
		 v->flags & SIM_VM_MS ? 's' : 'p');
	if (v->name && (v->kind == SIM_KIND_ANON || v->kind == SIM_KIND_SPECIAL))
		snprintf(to->name, sizeof(to->name), "%s", v->name);
	if (v->stack_tid)
		snprintf(to->name, sizeof(to->name), "[stack:%u]", v->stack_tid);
	to->kb[WORLD_Size] = (v->end - v->start + v->guard) / KB;
	to->kb[WORLD_Rss] = v->rss / KB;
	to->kb[WORLD_Pss] = v->pss / KB;
	to->kb[WORLD_Shared_Clean] = v->shared_clean / KB;
	to->kb[WORLD_Shared_Dirty] = v->shared_dirty / KB;
	to->kb[WORLD_Private_Clean] = v->private_clean / KB;
	to->kb[WORLD_Private_Dirty] = v->private_dirty / KB;
	to->kb[WORLD_Anonymous] = v->anonymous / KB;
	to->kb[WORLD_Locked] = v->locked / KB;
	to->flags = st->text.len;
	sim_vma_flags_text(w->sim, v, &st->text);
	buf_addc(&st->text, '\0');
	to->pages = st->text.len;
	sim_page_runs(w->sim, w->proc, v->start, v->end, add_run, &runs);
	world_runs_end(&runs);
}

static struct error *sim_world_state(struct world *world, unsigned proc, struct world_state *ret)
{
	struct sim_world *w = (struct sim_world *)world;
	struct sim_mm mm;

	if (!sim_proc_alive(w->sim, proc))
		return error_create(ERR_NO_PROCESS, "P%u has ended", proc);
	world_state_reset(ret);
	w->proc = proc;
	w->state = ret;
	sim_vma_each(w->sim, proc, true, add_vma, w);
	sim_mm_get(w->sim, proc, &mm);
	ret->counter[WORLD_VmPeak] = mm.vm_peak;
	ret->counter[WORLD_VmSize] = mm.vm_size;
	ret->counter[WORLD_VmLck] = mm.vm_lck;
	ret->counter[WORLD_VmData] = mm.vm_data;
	ret->counter[WORLD_VmStk] = mm.vm_stk;
	ret->counter[WORLD_VmExe] = mm.vm_exe;
	ret->counter[WORLD_VmLib] = mm.vm_lib;
	ret->counter[WORLD_VmPTE] = mm.vm_pte;
	ret->counter[WORLD_RssAnon] = mm.rss_anon;
	ret->counter[WORLD_RssFile] = mm.rss_file;
	ret->counter[WORLD_RssShmem] = mm.rss_shmem;
	ret->counter[WORLD_VmPMD] = mm.vm_pmd;
	ret->absent = (mm.has_pmd ? 0 : 1u << WORLD_VmPMD) |
		      (mm.has_rss ? 0 : 1u << WORLD_RssAnon | 1u << WORLD_RssFile | 1u << WORLD_RssShmem);
	ret->no_flags = !mm.has_flags;
	memcpy(ret->statm, mm.statm, sizeof(ret->statm));
	ret->minflt = mm.minflt;
	return NULL;
}

static const char *sim_world_log(struct world *world)
{
	return sim_log(world_sim_machine(world));
}

static const char *sim_world_task(struct world *world)
{
	return sim_task_name(world_sim_machine(world));
}

static void sim_world_fact(struct world *world, const struct fact_ask *ask, struct fact_answer *ret)
{
	facts[ask->fact].answer(world_sim_machine(world), ask, ret);
}

static void sim_world_close(struct world *world)
{
	struct sim_world *w = (struct sim_world *)world;

	sim_destroy(w->sim);
	free(w);
}

static const struct world_ops sim_ops = {
	.name = "sim",
	.info = sim_info,
	.exec = sim_world_exec,
	.state = sim_world_state,
	.log = sim_world_log,
	.fact = sim_world_fact,
	.task = sim_world_task,
	.close = sim_world_close,
};

struct error *world_sim_open(const struct sim_options *o, struct world **ret)
{
	struct sim *sim = sim_create(o, NULL);
	struct sim_world *w;

	if (!sim)
		return error_create(ERR_FAILURE, o->limit[SIM_LIMIT_AS] != SIM_UNLIMITED ||
				    o->limit[SIM_LIMIT_STACK] < 1u << 20 ?
				    "the program did not survive its exec: SIGSEGV" :
				    "there is no memory for the machine");
	w = xcalloc(1, sizeof(*w));
	w->world.ops = &sim_ops;
	w->sim = sim;
	*ret = &w->world;
	return NULL;
}
