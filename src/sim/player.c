/* SPDX-License-Identifier: GPL-2.0-or-later
 * The machine's journal brings any moment back; this keeps which moment is which.
 */
#include "src/sim/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/check.h"
#include "src/sim/player_private.h"

struct scenario_item *player_item(const struct player *p, size_t op)
{
	return &p->sc->item[p->item[op - 1]];
}

/* ---- the newest end ------------------------------------------------------------------- */

static void note_figures(struct player *p, struct past *e)
{
	struct sim_mm mm;

	sim_mm_get(p->sim, e->proc, &mm);
	e->figure[WORLD_VmPeak] = mm.vm_peak;
	e->figure[WORLD_VmSize] = mm.vm_size;
	e->figure[WORLD_VmLck] = mm.vm_lck;
	e->figure[WORLD_VmData] = mm.vm_data;
	e->figure[WORLD_VmStk] = mm.vm_stk;
	e->figure[WORLD_VmExe] = mm.vm_exe;
	e->figure[WORLD_VmLib] = mm.vm_lib;
	e->figure[WORLD_VmPTE] = mm.vm_pte;
	e->figure[WORLD_RssAnon] = mm.rss_anon;
	e->figure[WORLD_RssFile] = mm.rss_file;
	e->figure[WORLD_RssShmem] = mm.rss_shmem;
	e->figure[WORLD_VmPMD] = mm.vm_pmd;
	e->figure[FIGURE_VMAS] = mm.map_count;
	e->figure[FIGURE_MINFLT] = mm.minflt - p->minflt[e->proc];
	e->minflt = mm.minflt;
}

/* The operation's record becomes what the next one of its process refers to. */
static void note_last(struct player *p, const struct past *e)
{
	memcpy(p->last[e->proc].figure, e->figure, sizeof(e->figure));
	p->minflt[e->proc] = e->minflt;
}

static void note_fork(struct player *p, const struct past *e)
{
	if (e->op.kind != SIM_OP_FORK || e->verdict != VERDICT_RUN || e->res.child <= 0)
		return;
	p->last[p->scope.nprocs] = p->last[p->scope.current];
	p->minflt[p->scope.nprocs] = 0;
}

/* What the operation means for names and processes. */
static void apply(struct player *p, size_t op)
{
	const struct past *e = &p->past[op];

	note_fork(p, e);
	if (e->verdict == VERDICT_RUN)
		scope_apply(&p->scope, &player_item(p, op)->op, &e->op, &e->res);
	if (e->exec)
		scope_exec(&p->scope, e->exec);
}

static void past_cut(struct player *p, size_t n)
{
	while (p->npast > n) {
		free(p->past[--p->npast].exec);
		free(p->past[p->npast].log);
	}
}

static void note_event(void *ctx, const struct sim_step *step)
{
	struct past *e = ctx;

	e->events |= 1u << step->event;
}

static struct past *past_add(struct player *p)
{
	VEC_GROW(p->past, p->npast, p->cap_past);
	memset(&p->past[p->npast], 0, sizeof(p->past[0]));
	return &p->past[p->npast++];
}

/* Of the newest operation that was executed; expect executes nothing. */
static const char *last_log(const struct player *p)
{
	size_t k = p->npast - 1;

	while (k && p->past[k].op.kind == SIM_OP_EXPECT)
		k--;
	return player_log(p, k);
}

/* The prediction's verdict and the words of the result go to the line of the text. */
static void judge(struct player *p, struct past *e, const char *result)
{
	const struct prediction *prediction = scenario_predicted(player_item(p, p->npast - 1),
								 p->options.profile);
	struct script_line *line = &p->script->lines[script_find(p->script, p->npast - 1)];
	const struct fact_view view = { p->world, last_log(p), false };
	struct world_state st = { .nvmas = 0 };
	struct buf wrong = BUF_INIT;
	struct error *err;

	line->result = script_string(p->script, result);
	line->mistake = "";
	if (!prediction)
		return;
	err = p->world->ops->state(p->world, e->proc, &st);
	if (err) {
		buf_addf(&wrong, "%s\n", err->message);
		error_destroy(err);
	} else {
		prediction_check(p->sc, &p->scope, prediction, result, &st, e->figure[FIGURE_MINFLT],
				 &p->last[e->proc], &view, &wrong);
	}
	e->mistakes += wrong.len > 0;
	if (wrong.len && wrong.data[wrong.len - 1] == '\n')
		wrong.data[wrong.len - 1] = '\0';
	/* Lines stay lines: each is sanitised for itself. */
	if (wrong.len) {
		struct buf clean = BUF_INIT;
		char *save = NULL;

		for (char *s = strtok_r(wrong.data, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
			buf_addf(&clean, "%s%s", clean.len ? "; " : "", s);
		line->mistake = script_string(p->script, buf_str(&clean));
		buf_free(&clean);
	}
	world_state_free(&st);
	buf_free(&wrong);
}

void player_execute(struct player *p)
{
	const struct scenario_item *it;
	struct past *e = past_add(p);
	char result[WORLD_RESULT];

	it = player_item(p, p->npast - 1);
	e->from = sim_position(p->sim);
	e->mistakes = p->past[p->npast - 2].mistakes;
	e->verdict = scenario_resolve(p->sc, &p->scope, &it->op, &e->op, result);
	if (e->verdict == VERDICT_RUN && e->op.kind == SIM_OP_EXPECT) {
		snprintf(result, sizeof(result), "ok");
	} else if (e->verdict == VERDICT_RUN) {
		sim_trace(p->sim, note_event, e);
		sim_exec(p->sim, &e->op, &e->res);
		sim_trace(p->sim, NULL, NULL);
		world_result_text(&e->res, result);
		if (*sim_log(p->sim))
			e->log = xstrdup(sim_log(p->sim));
		if (e->op.kind == SIM_OP_EXEC && e->res.status == SIM_OK) {
			e->exec = xcalloc(1, sizeof(*e->exec));
			p->world->ops->info(p->world, e->exec);
		}
	}
	apply(p, p->npast - 1);
	e->to = sim_position(p->sim);
	e->proc = p->scope.current;
	note_figures(p, e);
	judge(p, e, result);
	note_last(p, e);
	p->built = p->npast - 1;
}

static void first_figures(struct player *p)
{
	p->minflt[0] = p->past[0].minflt;
	memcpy(p->last[0].figure, p->past[0].figure, sizeof(p->past[0].figure));
	p->last[0].figure[FIGURE_MINFLT] = 0;
}

static void first_scope(struct player *p)
{
	scope_free(&p->scope);
	scope_init(&p->scope, &p->info, &p->options);
}

struct error *player_machine(struct player *p)
{
	struct world *world;
	struct sim_options o;
	struct error *err;
	struct past *e;

	check_options_of(p->sc, p->profile, NULL, &o);
	err = world_sim_open(&o, &world);
	if (err)
		return err;
	p->options = o;
	player_predictions(p);
	world_close(p->world);
	p->world = world;
	p->sim = world_sim_machine(world);
	past_cut(p, 0);
	p->built = 0;
	decisions_put(p->decisions);
	p->decisions = NULL;
	world->ops->info(world, &p->info);
	first_scope(p);
	memset(p->minflt, 0, sizeof(p->minflt));
	e = past_add(p);
	e->to = sim_start(p->sim);
	note_figures(p, e);
	first_figures(p);
	p->at = (struct place){ .complete = true };
	return NULL;
}

/* The newest end is somewhere else: what it refers to follows from the past. */
void player_forget(struct player *p, size_t op)
{
	if (p->decisions && p->decisions_of > op) {
		decisions_put(p->decisions);
		p->decisions = NULL;
	}
	past_cut(p, op + 1);
	p->built = p->built < op ? p->built : op;
	first_scope(p);
	first_figures(p);
	for (size_t k = 1; k <= op; k++) {
		const struct past *e = &p->past[k];

		apply(p, k);
		note_last(p, e);
	}
}

/* ---- moments -------------------------------------------------------------------------- */

/* Where the journal no longer reaches, the operations are run again: the same machine. */
static void reach(struct player *p, size_t op, sim_pos pos)
{
	struct sim_result res;
	struct world *again;
	struct error *err;

	if (p->built >= op && sim_seek(p->sim, pos))
		return;
	if (pos < sim_first(p->sim)) {
		err = world_sim_open(&p->options, &again);
		if (err) {
			error_destroy(err);
			return;
		}
		world_close(p->world);
		p->world = again;
		p->sim = world_sim_machine(again);
		p->built = 0;
	}
	sim_seek(p->sim, p->past[p->built].to);
	while (p->built < op) {
		const struct past *e = &p->past[++p->built];

		if (e->verdict == VERDICT_RUN && e->op.kind != SIM_OP_EXPECT)
			sim_exec(p->sim, &e->op, &res);
	}
	sim_seek(p->sim, pos);
}

static const enum decision_kind kinds[] = {
	[SIM_STEP_CALL] = DECISION_CALL,
	[SIM_STEP_TEST] = DECISION_TEST,
	[SIM_STEP_CHANGE] = DECISION_CHANGE,
	[SIM_STEP_NOTE] = DECISION_NOTE,
	[SIM_STEP_EVENT] = DECISION_EVENT,
	[SIM_STEP_RETURN] = DECISION_RETURN,
};

const enum decision_unit player_units[] = {
	[SIM_U_NONE] = DECISION_IN_NONE,
	[SIM_U_ADDR] = DECISION_IN_ADDRESS,
	[SIM_U_BYTES] = DECISION_IN_BYTES,
	[SIM_U_PAGES] = DECISION_IN_PAGES,
	[SIM_U_COUNT] = DECISION_IN_COUNT,
	[SIM_U_FLAGS] = DECISION_IN_FLAGS,
	[SIM_U_PFN] = DECISION_IN_PFN,
	[SIM_U_ERRNO] = DECISION_IN_ERRNO,
	[SIM_U_BOOL] = DECISION_IN_BOOL,
	[SIM_U_HEX] = DECISION_IN_HEX,
};

static const char *const comparisons[] = {
	[SIM_C_NONE] = "", [SIM_C_EQ] = "==", [SIM_C_NE] = "!=", [SIM_C_LT] = "<",
	[SIM_C_LE] = "≤", [SIM_C_GT] = ">", [SIM_C_GE] = "≥", [SIM_C_AND] = "&",
};

static const enum machine_event events[] = {
	[SIM_EV_NONE] = MACHINE_EV_NONE,
	[SIM_EV_FAULT] = MACHINE_EV_FAULT,
	[SIM_EV_GROWTH] = MACHINE_EV_GROWTH,
	[SIM_EV_SIGNAL] = MACHINE_EV_SIGNAL,
	[SIM_EV_COW] = MACHINE_EV_COW,
	[SIM_EV_MERGE] = MACHINE_EV_MERGE,
	[SIM_EV_SPLIT] = MACHINE_EV_SPLIT,
	[SIM_EV_TABLE] = MACHINE_EV_TABLE,
	[SIM_EV_TABLE_FREED] = MACHINE_EV_TABLE_FREED,
	[SIM_EV_FRAME] = MACHINE_EV_FRAME,
	[SIM_EV_FRAME_FREED] = MACHINE_EV_FRAME_FREED,
	[SIM_EV_MAP] = MACHINE_EV_MAP,
	[SIM_EV_UNMAP] = MACHINE_EV_UNMAP,
	[SIM_EV_SWITCH] = MACHINE_EV_SWITCH,
	[SIM_EV_ENTRY] = MACHINE_EV_ENTRY,
	[SIM_EV_TRAMPLE] = MACHINE_EV_TRAMPLE,
	[SIM_EV_ASTRAY] = MACHINE_EV_ASTRAY,
};
_Static_assert(ARRAY_LEN(events) == SIM_NEVENTS, "an event has no name");

static const char *text(const char *s)
{
	return s ? s : "";
}

/* What outlives the machine: names are its own. */
static const char *kept(struct decisions *d, const struct sim_step *step, const char *s, const char *name)
{
	struct buf b = BUF_INIT;
	const char *ret;

	if (!step->copy)
		return text(s);
	buf_addf(&b, "%s%s%s", text(s), name && s && *s ? " " : "", text(name));
	ret = decisions_string(d, buf_str(&b));
	buf_free(&b);
	return ret;
}

/* A table that is passed again on the way to the same entry is no news. */
static bool said_already(const struct decisions *d, const struct sim_step *step)
{
	for (size_t i = d->n; i-- > 0 && i + 4 >= d->n && step->kind == SIM_STEP_NOTE;) {
		const struct decision *v = &d->v[i];

		if (v->kind == DECISION_NOTE && v->depth == step->depth && v->a == step->a && v->b == step->b &&
		    !strcmp(v->what, text(step->what)) && !strcmp(v->aname, text(step->aname)))
			return true;
	}
	return false;
}

static void rules_add(struct rule_bits *to, const uint64_t *from)
{
	for (size_t i = 0; i < SIM_RULE_WORDS; i++)
		to->word[i] |= from[i];
}

static void note_decision(void *ctx, const struct sim_step *step)
{
	struct player *p = ctx;
	struct decisions *d = p->decisions;

	if (said_already(d, step)) {
		if (d->n)
			rules_add(&p->asked[d->n - 1], step->rules);
		return;
	}
	VEC_GROW(d->v, d->n, d->cap);
	if (d->n == p->cap_pos) {
		p->cap_pos = d->cap;
		p->decision_pos = xreallocarray(p->decision_pos, p->cap_pos, sizeof(*p->decision_pos));
		p->asked = xreallocarray(p->asked, p->cap_pos, sizeof(*p->asked));
	}
	p->decision_pos[d->n] = step->pos;
	memcpy(p->asked[d->n].word, step->rules, sizeof(p->asked[0].word));
	d->v[d->n++] = (struct decision){
		.kind = kinds[step->kind],
		.unit = player_units[step->unit],
		.event = events[step->event],
		.depth = step->depth,
		.outcome = step->outcome,
		.func = kept(d, step, step->func, NULL),
		.what = kept(d, step, step->what, step->name),
		.aname = text(step->aname),
		.bname = text(step->bname),
		.cmp = comparisons[step->cmp],
		.taken = text(step->taken),
		.otherwise = text(step->otherwise),
		.a = step->a,
		.b = step->b,
	};
}

/* Leaves the machine where the operation ended. */
static void load_decisions(struct player *p, size_t op)
{
	const struct past *e = &p->past[op];
	struct sim_result res;

	if (p->decisions && p->decisions_of == op)
		return;
	decisions_put(p->decisions);
	p->decisions = decisions_create();
	p->decisions_of = op;
	if (op == 0) {
		reach(p, 0, sim_start(p->sim));
		sim_retrace_start(p->sim, note_decision, p);
	} else if (e->verdict == VERDICT_RUN) {
		reach(p, op, e->to);
		sim_retrace(p->sim, e->from, &e->op, &res, note_decision, p);
	}
	memset(&p->asked_last, 0, sizeof(p->asked_last));
	rules_add(&p->asked_last, sim_rules_asked(p->sim));
}

void player_show(struct player *p, struct place to)
{
	if (to.op >= p->npast)
		to = (struct place){ .op = p->npast - 1, .complete = true };
	if (!to.complete) {
		load_decisions(p, to.op);
		if (to.decision >= p->decisions->n)
			to = (struct place){ .op = to.op, .complete = true };
	}
	if (to.complete)
		to.decision = 0;
	reach(p, to.op, to.complete ? p->past[to.op].to : p->decision_pos[to.decision]);
	p->at = to;
}

const struct decisions *player_decisions(struct player *p)
{
	load_decisions(p, p->at.op);
	reach(p, p->at.op, player_position(p));
	return p->decisions;
}

sim_pos player_position(const struct player *p)
{
	return p->at.complete ? p->past[p->at.op].to : p->decision_pos[p->at.decision];
}

void player_before(struct player *p, void (*fn)(void *ctx, const struct sim *s), void *ctx)
{
	reach(p, p->at.op, p->past[p->at.op].from);
	fn(ctx, p->sim);
	reach(p, p->at.op, player_position(p));
}

/* ---- moving --------------------------------------------------------------------------- */

static void complete(struct player *p, size_t op)
{
	player_show(p, (struct place){ .op = op, .complete = true });
}

bool player_next(struct player *p)
{
	if (!p->at.complete) {
		complete(p, p->at.op);
		return true;
	}
	if (p->at.op == player_ops(p))
		return false;
	if (p->at.op + 1 == p->npast) {
		complete(p, p->at.op);
		player_execute(p);
	}
	complete(p, p->at.op + 1);
	return true;
}

bool player_previous(struct player *p)
{
	if (p->at.op == 0) {
		if (!p->at.complete && p->at.decision == 0)
			return false;
		player_show(p, (struct place){ .op = 0 });
		return true;
	}
	complete(p, p->at.op - 1);
	return true;
}

bool player_step(struct player *p)
{
	struct place to = p->at;

	if (!to.complete) {
		to.decision++;
		player_show(p, to);
		return true;
	}
	if (!player_next(p))
		return false;
	player_show(p, (struct place){ .op = p->at.op });
	return true;
}

bool player_step_back(struct player *p)
{
	struct place to = p->at;

	if (!to.complete && to.decision > 0) {
		to.decision--;
	} else if (!to.complete) {
		if (to.op == 0)
			return false;
		to = (struct place){ .op = to.op - 1, .complete = true };
	} else {
		size_t n = player_decisions(p)->n;

		if (!n && to.op == 0)
			return false;
		to = n ? (struct place){ .op = to.op, .decision = n - 1 } :
			 (struct place){ .op = to.op - 1, .complete = true };
	}
	player_show(p, to);
	return true;
}

/* The first decision of the operation from `from` on, or the last before it, with an event. */
static bool find_in(struct player *p, size_t op, size_t from, bool forward, unsigned wanted, size_t *ret)
{
	load_decisions(p, op);
	if (forward) {
		for (size_t i = from; i < p->decisions->n; i++)
			if (wanted >> p->decisions->v[i].event & 1) {
				*ret = i;
				return true;
			}
		return false;
	}
	for (size_t i = from < p->decisions->n ? from : p->decisions->n; i-- > 0;)
		if (wanted >> p->decisions->v[i].event & 1) {
			*ret = i;
			return true;
		}
	return false;
}

bool player_event(struct player *p, unsigned wanted)
{
	struct place was = p->at, to = p->at;

	wanted &= ~1u;
	if (!was.complete && find_in(p, was.op, was.decision + 1, true, wanted, &to.decision)) {
		player_show(p, to);
		return true;
	}
	complete(p, was.op);
	while (player_next(p)) {
		to = (struct place){ .op = p->at.op };
		if ((p->past[to.op].events & wanted) && find_in(p, to.op, 0, true, wanted, &to.decision)) {
			player_show(p, to);
			return true;
		}
	}
	player_show(p, was);
	return false;
}

bool player_event_back(struct player *p, unsigned wanted)
{
	struct place was = p->at;

	wanted &= ~1u;
	for (size_t op = was.op + 1; op-- > 0;) {
		struct place to = { .op = op };
		size_t from = op == was.op && !was.complete ? was.decision : SIZE_MAX;

		/* What happened in the start is not noted: it is looked at. */
		if (op && !(p->past[op].events & wanted))
			continue;
		if (find_in(p, op, from, false, wanted, &to.decision)) {
			player_show(p, to);
			return true;
		}
	}
	player_show(p, was);
	return false;
}

bool player_pause_follows(const struct player *p)
{
	const struct script *s = p->script;
	size_t i = p->at.op ? script_find(s, p->at.op) + 1 : 0;

	for (; i < s->nlines && s->lines[i].kind != LINE_OPERATION; i++)
		if (s->lines[i].kind == LINE_PAUSE)
			return true;
	return false;
}

void player_go(struct player *p, size_t op, bool stop_at_pause)
{
	if (op > player_ops(p))
		op = player_ops(p);
	if (op < p->npast && !stop_at_pause) {
		complete(p, op);
		return;
	}
	if (!stop_at_pause && p->at.op < p->npast - 1)
		complete(p, p->npast - 1);
	while (p->at.op < op || !p->at.complete) {
		if (!player_next(p) || (stop_at_pause && player_pause_follows(p)))
			break;
	}
}

void player_start(struct player *p)
{
	complete(p, 0);
}

/* ---- looking -------------------------------------------------------------------------- */

bool place_equal(struct place a, struct place b)
{
	return a.op == b.op && a.complete == b.complete && (a.complete || a.decision == b.decision);
}

struct place player_place(const struct player *p)
{
	return p->at;
}

size_t player_ops(const struct player *p)
{
	return p->nitem;
}

bool player_at_end(const struct player *p)
{
	return p->at.complete && p->at.op == p->nitem;
}

const struct script *player_script(const struct player *p)
{
	return p->script;
}

const struct scenario *player_scenario(const struct player *p)
{
	return p->sc;
}

struct sim *player_sim(const struct player *p)
{
	return p->sim;
}

bool player_operation(const struct player *p, struct sim_op *op, struct sim_result *res)
{
	const struct past *e = &p->past[p->at.op];

	if (!p->at.op || e->verdict != VERDICT_RUN)
		return false;
	*op = e->op;
	*res = e->res;
	return true;
}

unsigned player_mistakes(const struct player *p)
{
	size_t done = p->at.complete || !p->at.op ? p->at.op : p->at.op - 1;

	return p->past[done].mistakes;
}

const struct sim_profile *player_profile(const struct player *p)
{
	return p->options.profile;
}

struct error *player_set_profile(struct player *p, const char *name)
{
	const struct sim_profile *was = p->profile;
	struct place at = p->at;
	struct error *err = check_profile(name);

	if (err)
		return err;
	p->profile = sim_profile_find(name);
	err = player_machine(p);
	if (err)
		p->profile = was;
	else
		player_go(p, at.op, false);
	if (!err && !at.complete)
		player_show(p, at);
	return err;
}

struct error *player_open(const char *path, struct player **ret)
{
	struct player *p = xcalloc(1, sizeof(*p));
	struct error *err;

	p->path = path ? xstrdup(path) : NULL;
	err = player_read(p, path);
	if (!err)
		err = player_machine(p);
	if (err) {
		player_close(p);
		return err;
	}
	*ret = p;
	return NULL;
}

void player_close(struct player *p)
{
	if (!p)
		return;
	world_close(p->world);
	past_cut(p, 0);
	scope_free(&p->scope);
	decisions_put(p->decisions);
	script_put(p->script);
	scenario_destroy(p->sc);
	free(p->decision_pos);
	free(p->asked);
	free(p->past);
	free(p->item);
	free(p->path);
	free(p);
}

const char *player_log(const struct player *p, size_t op)
{
	return op < p->npast && p->past[op].log ? p->past[op].log : "";
}
