/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tasks and CPUs of the moment shown, and the kernel stacks as the views of live ones
 * draw them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/klook.h"
#include "src/sim/picture.h"
#include "src/sim/player_private.h"

struct contexts *picture_contexts(struct player *p)
{
	struct contexts *c = sim_contexts(player_sim(p));
	struct place at = player_place(p);
	const char *log = at.complete ? player_log(p, at.op) : "";
	struct buf clean = BUF_INIT;

	/* Lines stay lines. */
	for (const char *s = log; *s;) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n);

		buf_addf(&clean, "%s%s", clean.len ? "\n" : "", contexts_string(c, line));
		free(line);
		s += n + (s[n] == '\n');
	}
	c->log = strings_add(c->strings, buf_str(&clean), strlen(buf_str(&clean)));
	buf_free(&clean);
	return c;
}

static void put_frames(struct stacks *s, const struct ctask *t, struct kstack *k)
{
	const struct cstack *st = &t->kernel;
	struct kframe *f = stacks_frames(s, k, st->nframes);

	for (size_t i = 0; i < st->nframes; i++) {
		const struct cframe *c = &st->frames[i];
		bool top = i + 1 == st->nframes;	/* the view names pt_regs there itself */
		struct buf name = BUF_INIT;

		if ((c->kind == CFRAME_REGS && !top) || c->kind == CFRAME_SWITCH)
			buf_addf(&name, "%s, ", cframe_kind_names[c->kind]);
		buf_adds(&name, c->function);
		f[i].function = strings_add(s->strings, buf_str(&name), strlen(buf_str(&name)));
		buf_free(&name);
		f[i].offset = c->addr >= st->base ? c->addr - st->base : 0;
		f[i].bytes = c->bytes;
		if (top && c->kind == CFRAME_REGS)
			k->regs = c->bytes;
	}
}

static pid_t parent_of(const struct sim *sim, const struct ctask *t)
{
	struct sim_task st;

	if (t->kthread)
		return 2;			/* kthreadd */
	return t->number && sim_task_get(sim, t->number, &st) ? SIM_FIRST_PID + (pid_t)st.parent_task : 1;
}

static pid_t leader_of(const struct contexts *c, const struct ctask *t)
{
	for (size_t i = 0; i < c->ntasks; i++)
		if (c->tasks[i].main && c->tasks[i].proc == t->proc && !t->kthread)
			return c->tasks[i].pid;
	return t->pid;
}

static void put_task(struct stacks *s, const struct contexts *c, const struct sim *sim, const struct ctask *t)
{
	struct kstack *k = stacks_add(s, t->pid);

	k->tgid = leader_of(c, t);
	k->ppid = parent_of(sim, t);
	snprintf(k->comm, sizeof(k->comm), "%s", t->name);
	k->state = t->state;
	k->kthread = t->kthread;
	k->on_cpu = t->current;
	k->magic_ok = t->kernel.magic_ok;
	k->unguarded = !t->kernel.guard;
	k->rung = KSTACK_SIMULATED;
	k->size = t->kernel.size;
	k->base = t->kernel.base;
	k->used = t->kernel.base + t->kernel.size - t->kernel.sp;
	k->high_water = t->kernel.high_water;
	if (k->used > k->size)
		k->used = k->size;	/* overrun: the rest lies below */
	if (k->high_water < k->used)
		k->high_water = k->used;
	put_frames(s, t, k);
}

static void put_cpus(struct stacks *s, const struct contexts *c)
{
	s->ncpus = c->ncpus;
	s->cpus = xcalloc(c->ncpus ? c->ncpus : 1, sizeof(*s->cpus));
	for (size_t i = 0; i < c->ncpus; i++) {
		struct cpu_stacks *to = &s->cpus[i];

		to->cpu = c->cpus[i].number;
		for (size_t n = 0; n < c->cpus[i].nstacks && n < CPU_STACKS; n++) {
			const struct cstack *st = &c->cpus[i].stack[n];

			to->stack[to->n++] = (struct cpu_stack){ st->name, st->size, st->high_water, true };
		}
	}
}

const struct stacks *picture_stacks(const struct contexts *c, const struct sim *sim)
{
	struct stacks *s = stacks_create();

	s->rung = KSTACK_SIMULATED;
	for (size_t i = 0; i < c->ntasks; i++)
		if (c->tasks[i].alive)
			put_task(s, c, sim, &c->tasks[i]);
	put_cpus(s, c);
	stacks_finish(s);
	return s;
}
