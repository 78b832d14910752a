/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

void record_free(struct record *r)
{
	world_state_free(&r->state);
	buf_free(&r->wrong);
	buf_free(&r->log);
	memset(r, 0, sizeof(*r));
}

static unsigned object_number(struct play *p, uint64_t object)
{
	size_t i;

	for (i = 0; i < p->nobjects; i++)
		if (p->object[i] == object)
			return (unsigned)i + 1;
	VEC_GROW(p->object, p->nobjects, p->cap_objects);
	p->object[p->nobjects++] = object;
	return (unsigned)p->nobjects;
}

/* The state after the operation, of the process that is current now. */
static struct error *look(struct play *p, struct record *r)
{
	unsigned proc = p->scope.current;
	struct error *err = p->world->ops->state(p->world, proc, &r->state);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < r->state.nvmas; i++)
		if (r->state.vma[i].kind == SIM_KIND_SHMEM)
			r->state.vma[i].object = object_number(p, r->state.vma[i].object);
	r->proc = proc;
	r->brk = p->scope.proc[proc].brk;
	r->minflt = r->state.minflt - p->minflt[proc];
	p->minflt[proc] = r->state.minflt;
	memcpy(r->limit, p->scope.proc[proc].limit, sizeof(r->limit));
	r->task = p->world->ops->task ? p->world->ops->task(p->world) : NULL;
	return NULL;
}

static void reset(struct play *p, struct record *r)
{
	struct world_state state = r->state;
	struct buf wrong = r->wrong, log = r->log;

	memset(r, 0, sizeof(*r));
	r->state = state;
	r->wrong = wrong;
	r->log = log;
	buf_reset(&r->wrong);
	buf_reset(&r->log);
	r->i = p->nrecords++;
}

struct error *play_open(const struct scenario *sc, const struct sim_options *o, struct world *world,
			struct play **ret, struct record *first)
{
	struct play *p = xcalloc(1, sizeof(*p));
	struct error *err;

	p->sc = sc;
	p->profile = o->profile;
	p->world = world;
	world->ops->info(world, &p->info);
	p->other_ram = o->profile && o->ram_pages != (sc->has_ram ? sc->options.ram_pages : sim_profile_ram(o->profile));
	scope_init(&p->scope, &p->info, o);
	reset(p, first);
	first->op = "start";
	snprintf(first->res, sizeof(first->res), "ok");
	err = p->world->ops->state(p->world, 0, &first->state);
	if (!err) {
		p->minflt[0] = first->state.minflt;
		err = look(p, first);
	}
	if (err) {
		play_close(p);
		return err;
	}
	claim_base_set(&p->last[0], &first->state, 0);
	*ret = p;
	return NULL;
}

void play_close(struct play *p)
{
	if (!p)
		return;
	world_close(p->world);
	scope_free(&p->scope);
	free(p->object);
	buf_free(&p->log);
	free(p);
}

/* What the result adds to the record, apart from its text. */
static void note_result(struct record *r, const struct scenario_op *so, const struct sim_op *op,
			const struct sim_result *res)
{
	bool ran = res->status == SIM_OK || res->status == SIM_UNCHANGED;

	if (op->kind == SIM_OP_MMAP || op->kind == SIM_OP_MREMAP || op->kind == SIM_OP_BRK ||
	    op->kind == SIM_OP_THREAD) {
		r->has_ret = ran;
		r->ret = res->ret;
	}
	if (op->kind == SIM_OP_TOUCH) {
		r->has_done = so->ranged && op->pages != 1;
		r->done = res->done;
		r->has_fault = res->status == SIM_SIGNAL;
		r->fault = res->fault;
	}
	if (op->kind == SIM_OP_FORK && ran) {
		r->has_child = true;
		r->child = (unsigned)res->child;
	}
}

/* What is there although nothing was executed. */
static void note_nothing(struct play *p, struct record *r, const struct sim_op *op,
			 const struct scenario_op *so)
{
	if (so->op.kind == SIM_OP_TOUCH && r->verdict == VERDICT_REFUSED &&
	    strcmp(r->res, "refused: execute") == 0)
		r->has_done = so->ranged && op->pages != 1;
	if (so->op.kind == SIM_OP_BRK) {
		r->has_ret = true;
		r->ret = p->scope.proc[p->scope.current].brk;
	}
}

static struct error *perform(struct play *p, const struct scenario_op *so, struct record *r)
{
	struct sim_op op = so->op;
	struct sim_result res;
	struct error *err;

	r->verdict = scenario_resolve(p->sc, &p->scope, so, &op, r->res);
	if (r->verdict == VERDICT_RUN && p->world->ops->refuses)
		r->reason = p->world->ops->refuses(p->world, &op);
	if (r->reason) {
		r->verdict = VERDICT_REFUSED;
		snprintf(r->res, sizeof(r->res), "refused: %s", r->reason);
	}
	if (r->verdict == VERDICT_RUN && op.kind == SIM_OP_EXPECT) {
		snprintf(r->res, sizeof(r->res), "ok");
		return NULL;
	}
	buf_reset(&p->log);
	if (r->verdict != VERDICT_RUN) {
		note_nothing(p, r, &op, so);
		return NULL;
	}
	err = p->world->ops->exec(p->world, &op, &res);
	if (err)
		return err;
	world_result_text(&res, r->res);
	/* The records of other scenarios stay comparable with a real kernel's. */
	if (p->world->ops->log)
		buf_adds(&p->log, p->world->ops->log(p->world));
	if (p->sc->kernel_side)
		buf_adds(&r->log, buf_str(&p->log));
	if (op.kind == SIM_OP_FORK && res.child > 0) {
		p->last[p->scope.nprocs] = p->last[p->scope.current];
		p->minflt[p->scope.nprocs] = 0;
	}
	note_result(r, so, &op, &res);
	scope_apply(&p->scope, so, &op, &res);
	if (op.kind == SIM_OP_EXEC && res.status == SIM_OK) {
		struct world_info now;

		p->world->ops->info(p->world, &now);
		scope_exec(&p->scope, &now);
	}
	return NULL;
}

struct error *play_step(struct play *p, const struct scenario_item *item, struct record *r)
{
	const struct prediction *prediction;
	struct error *err;

	reset(p, r);
	r->line = item->line;
	r->op = item->text;
	r->kind = item->op.op.kind;
	err = perform(p, &item->op, r);
	if (!err)
		err = look(p, r);
	if (err)
		return err;
	r->has_limits = r->kind == SIM_OP_SETRLIMIT;
	prediction = scenario_predicted(item, p->profile);
	if (prediction) {
		const struct fact_view view = { p->world, buf_str(&p->log), p->other_ram };

		r->has_prediction = true;
		r->predicted = prediction_check(p->sc, &p->scope, prediction, r->res, &r->state,
						r->minflt, &p->last[r->proc], &view, &r->wrong);
	}
	claim_base_set(&p->last[r->proc], &r->state, r->minflt);
	return NULL;
}
