/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/player_kernel.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/sim/check.h"
#include "src/sim/play.h"
#include "src/sim/runner/kernel_run.h"

enum { DIFFERENCES = 8 };

/* The two worlds, side by side. */
struct pair {
	struct play *sim, *kernel;
	struct record a, b;
	struct buf diff;
	unsigned differ;
};

static void pair_close(struct pair *t)
{
	play_close(t->sim);
	play_close(t->kernel);
	record_free(&t->a);
	record_free(&t->b);
	buf_free(&t->diff);
}

static struct error *pair_open(struct player *p, struct lab *lab, const struct world_info *machine,
			       struct pair *t)
{
	const struct scenario *sc = player_scenario(p);
	struct sim_options o;
	struct world *world;
	struct error *err;

	check_options_of(sc, player_profile(p), machine, &o);
	err = world_sim_open(&o, &world);
	if (!err)
		err = play_open(sc, &o, world, &t->sim, &t->a);
	if (!err)
		err = world_kernel_open(lab, &o, &world);
	if (!err)
		err = play_open(sc, &o, world, &t->kernel, &t->b);
	return err;
}

/* Operations 1 to op, until the first difference. */
static struct error *pair_run(struct player *p, size_t op, struct pair *t)
{
	const struct scenario *sc = player_scenario(p);
	struct error *err = NULL;

	for (size_t i = 0, k = 0; !err && i < sc->nitems && k < op && !t->differ; i++) {
		if (sc->item[i].kind != ITEM_OP)
			continue;
		k++;
		err = play_step(t->sim, &sc->item[i], &t->a);
		if (!err)
			err = play_step(t->kernel, &sc->item[i], &t->b);
		if (err || t->b.reason || t->a.reason)
			break;
		t->differ = record_compare(&t->a, &t->b, &t->diff, DIFFERENCES);
		if (t->differ) {
			struct buf head = BUF_INIT;

			buf_addf(&head, "after %s (simulated | this kernel)\n%s", t->a.op, buf_str(&t->diff));
			buf_free(&t->diff);
			t->diff = head;
		}
	}
	if (!err && t->b.reason)
		buf_addf(&t->diff, "%s: %s; nothing after it was compared", t->b.op, t->b.reason);
	return err;
}

static enum vma_role role_of(const struct world_vma *v)
{
	static const struct { const char *name; enum vma_role role; } named[] = {
		{ "[stack]", ROLE_STACK }, { "[heap]", ROLE_HEAP }, { "[vdso]", ROLE_VDSO },
		{ "[vvar]", ROLE_VVAR }, { "[vvar_vclock]", ROLE_VVAR },
	};

	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (!strcmp(named[i].name, v->name))
			return named[i].role;
	if (v->kind == SIM_KIND_EXE)
		return v->perm[2] == 'x' ? ROLE_TEXT : v->perm[1] == 'w' ? ROLE_DATA : ROLE_RODATA;
	if (!strncmp(v->perm, "---", 3))
		return ROLE_GUARD;
	if (v->perm[3] == 's')
		return ROLE_SHARED;
	return v->kind == SIM_KIND_FILE ? ROLE_FILE : ROLE_ANON;
}

/* Lines stay lines. */
static char *clean_lines(struct buf *b)
{
	struct buf out = BUF_INIT;
	char *save = NULL;

	for (char *s = b->len ? strtok_r(b->data, "\n", &save) : NULL; s; s = strtok_r(NULL, "\n", &save)) {
		if (out.len)
			buf_addc(&out, '\n');
		text_sanitize(&out, s, strlen(s), 0);
	}
	return buf_take(&out);
}

static void take_layout(const struct world_state *st, struct kernel_answer *ret)
{
	struct strings *strings = strings_create();
	struct layout *l = layout_create(strings, st->nvmas);
	struct residency *r = residency_create();

	for (size_t i = 0; i < st->nvmas; i++) {
		const struct world_vma *v = &st->vma[i];

		l->vmas[i] = (struct vma){
			.start = v->start, .end = v->end, .role = (uint8_t)role_of(v),
			.path = strings_add(strings, v->name, strlen(v->name)),
			.perms = (uint8_t)((v->perm[0] == 'r' ? VMA_READ : 0) | (v->perm[1] == 'w' ? VMA_WRITE : 0) |
					   (v->perm[2] == 'x' ? VMA_EXEC : 0) |
					   (v->perm[3] == 's' ? VMA_SHARED : 0)),
		};
		residency_decode(r, v->start, world_text(st, v->pages));
		if (l->vmas[i].role == ROLE_GUARD && residency_written(r, v->start, v->end))
			l->vmas[i].role = v->kind == SIM_KIND_FILE ? ROLE_FILE : ROLE_ANON;
	}
	strings_put(strings);
	r->kinds = r->whole = true;
	ret->layout = l;
	ret->pages = r;
}

void kernel_answer_free(struct kernel_answer *a)
{
	free(a->name);
	free(a->says);
	layout_put(a->layout);
	residency_put(a->pages);
	memset(a, 0, sizeof(*a));
}

struct error *player_ask_kernel(struct player *p, struct kernel_answer *ret)
{
	struct place at = player_place(p);
	struct kernel_answer answer = { .op = at.complete || !at.op ? at.op : at.op - 1 };
	struct world_info machine;
	struct pair t = { .differ = 0 };
	struct sim_options o;
	struct lab *lab = NULL;
	struct error *err;
	char *foreign;

	world_kernel_machine(&machine);
	check_options_of(player_scenario(p), player_profile(p), NULL, &o);
	foreign = player_scenario(p)->takes_frames ?
			  xstrdup("the scenario takes the memory of a small machine to pieces") :
			  check_foreign_kernel(&o, &machine);
	if (foreign) {
		err = error_create(ERR_FAILURE, "%s: it cannot be asked", foreign);
		free(foreign);
		return err;
	}
	err = lab_create(&lab);
	if (!err)
		err = pair_open(p, lab, &machine, &t);
	if (!err)
		err = pair_run(p, answer.op, &t);
	if (!err) {
		answer.name = text_sanitized(machine.kernel);
		answer.says = clean_lines(&t.diff);
		take_layout(&t.b.state, &answer);
		kernel_answer_free(ret);
		*ret = answer;
	}
	pair_close(&t);
	lab_destroy(lab);
	return err;
}

/* ---- a process to look at ------------------------------------------------------------------ */

struct real_process {
	struct lab *lab;
	struct play *play;
	struct record record;
};

void real_process_end(struct real_process *r)
{
	if (!r)
		return;
	play_close(r->play);
	lab_destroy(r->lab);
	record_free(&r->record);
	free(r);
}

pid_t real_process_pid(const struct real_process *r)
{
	return world_kernel_pid(r->play->world);
}

static struct error *real_open(struct player *p, const struct world_info *machine, struct real_process *r)
{
	struct sim_options o;
	struct world *world;
	struct error *err = lab_create(&r->lab);

	check_options_of(player_scenario(p), player_profile(p), machine, &o);
	if (!err)
		err = world_kernel_open(r->lab, &o, &world);
	return err ? err : play_open(player_scenario(p), &o, world, &r->play, &r->record);
}

/* Operations 1 to op, or up to the first that no process can do. */
static struct error *real_run(struct player *p, size_t op, struct real_process *r, struct buf *say)
{
	const struct scenario *sc = player_scenario(p);
	struct error *err = NULL;
	size_t k = 0;

	for (size_t i = 0; !err && i < sc->nitems && k < op; i++) {
		if (sc->item[i].kind != ITEM_OP)
			continue;
		err = play_step(r->play, &sc->item[i], &r->record);
		k++;
		if (!err && r->record.reason && r->record.kind != SIM_OP_EXPECT) {
			buf_addf(say, "It stands before %s: %s. ", r->record.op, r->record.reason);
			break;
		}
	}
	return err;
}

struct error *player_real(struct player *p, struct real_process **ret, struct buf *say)
{
	struct real_process *r = xcalloc(1, sizeof(*r));
	struct place at = player_place(p);
	size_t op = at.complete || !at.op ? at.op : at.op - 1;
	struct world_info machine;
	struct sim_options o;
	struct error *err;
	char *foreign;

	world_kernel_machine(&machine);
	buf_addf(say, "A process on this Linux %s, stopped behind operation %zu of the scenario. ", machine.kernel, op);
	check_options_of(player_scenario(p), player_profile(p), NULL, &o);
	foreign = check_foreign_kernel(&o, &machine);
	if (foreign)
		buf_addf(say, "It may differ: %s. ", foreign);
	free(foreign);
	err = real_open(p, &machine, r);
	if (!err)
		err = real_run(p, op, r, say);
	if (err)
		real_process_end(r);
	else
		*ret = r;
	return err;
}
