/* SPDX-License-Identifier: GPL-2.0-or-later
 * One scenario on two simulated kernels in step. An operation is compared decision by
 * decision: what is asked, how it comes out and what follows; numbers where they mean the
 * same in both. A function that only got another name decides nothing else.
 */
#include "src/sim/compare.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/check.h"
#include "src/sim/klook.h"
#include "src/sim/player_private.h"
#include "src/sim/profile_constants.h"

enum { ALIGN_MOST = 4 << 20,		/* pairs of decisions that are aligned exactly */
       WHYS_MOST = 3 };

struct compare {
	const struct sim_profile *mine, *its;
	struct player *other;
	const struct script *script;	/* the text that `other` plays */
	bool same_layout;
	struct twin *twin;		/* the last one */
	struct place at;
};

static uint64_t digest(const struct compare *c, const struct sim_profile *p, const struct decision *d)
{
	return compare_digest(&(struct compare_pair){ c->mine, c->its, c->same_layout }, p, d);
}

static uint64_t *digests(const struct compare *c, const struct sim_profile *p, const struct decisions *d)
{
	uint64_t *v = xcalloc(d->n ? d->n : 1, sizeof(*v));

	for (size_t i = 0; i < d->n; i++)
		v[i] = digest(c, p, &d->v[i]);
	return v;
}

/* ---- lines ------------------------------------------------------------------------------------ */

static void add_line(struct twin *t, int mine, int its, bool same)
{
	t->line[t->n++] = (struct twin_line){ mine, its, same };
}

/* The longest common sequence, so that both lists stay in line behind a difference. */
static void align(struct twin *t, const uint64_t *a, size_t na, const uint64_t *b, size_t nb, size_t from)
{
	size_t w = nb - from + 1, i = from, j = from;
	uint32_t *len;

	if ((na - from) * w > ALIGN_MOST) {
		for (; i < na || i < nb; i++)
			add_line(t, i < na ? (int)i : -1, i < nb ? (int)i : -1, i < na && i < nb && a[i] == b[i]);
		return;
	}
	len = xcalloc((na - from + 1) * w, sizeof(*len));
	for (size_t x = na; x-- > from;)
		for (size_t y = nb; y-- > from;) {
			uint32_t *at = &len[(x - from) * w + (y - from)], down = at[w], right = at[1];

			*at = a[x] == b[y] ? at[w + 1] + 1 : down > right ? down : right;
		}
	while (i < na || j < nb) {
		const uint32_t *at = &len[(i - from) * w + (j - from)];

		if (i < na && j < nb && a[i] == b[j]) {
			add_line(t, (int)i++, (int)j++, true);
		} else if (i < na && j < nb && at[w + 1] == at[0]) {
			add_line(t, (int)i++, (int)j++, false);	/* one in place of the other */
		} else if (j == nb || (i < na && at[w] >= at[1])) {
			add_line(t, (int)i++, -1, false);
		} else {
			add_line(t, -1, (int)j++, false);
		}
	}
	free(len);
}

static void put_lines(const struct compare *c, struct twin *t)
{
	uint64_t *a = digests(c, c->mine, t->mine), *b = digests(c, c->its, t->its);
	size_t na = t->mine->n, nb = t->its->n, i = 0;

	t->line = xcalloc(na + nb + 1, sizeof(*t->line));
	while (i < na && i < nb && a[i] == b[i]) {
		add_line(t, (int)i, (int)i, true);
		i++;
	}
	t->first = i;
	align(t, a, na, b, nb, i);
	free(a);
	free(b);
}

/* ---- results, counters ------------------------------------------------------------------------- */

static const char *result_of(const struct player *p, size_t op)
{
	const struct script *s = player_script(p);
	size_t i = op ? script_find(s, op) : s->nlines;

	return i < s->nlines ? s->lines[i].result : "";
}

static uint64_t figure_change(const struct player *p, size_t op, unsigned f)
{
	uint64_t now = p->past[op].figure[f];

	return f == FIGURE_MINFLT ? now : now - p->past[op - 1].figure[f];
}

/* What a counter did during the operation; -1: the same in both. */
static int counter_apart(const struct player *a, const struct player *b, size_t op)
{
	for (unsigned f = 0; op && f < NFIGURES; f++) {
		if (f == WORLD_VmPMD || f == WORLD_VmPeak)
			continue;
		if (figure_change(a, op, f) != figure_change(b, op, f))
			return (int)f;
	}
	return -1;
}

static const char *counter_name(unsigned f)
{
	return f < WORLD_NCOUNTERS ? world_counter_name[f] : f == FIGURE_MINFLT ? "minflt" : "vmas";
}

/* ---- why ---------------------------------------------------------------------------------------- */

static void rules_join(struct rule_bits *to, const struct rule_bits *from)
{
	for (size_t i = 0; i < SIM_RULE_WORDS; i++)
		to->word[i] |= from->word[i];
}

static void asked_before(const struct player *p, const struct decisions *d, int i, size_t of, struct rule_bits *to)
{
	if (i >= 0 && (size_t)i < d->n)
		rules_join(to, &p->asked[i]);
	else if (of >= d->n)
		rules_join(to, &p->asked_last);
}

/* The decision of each side that comes at or behind a line. */
static void next_of(const struct twin *t, size_t line, int *mine, int *its)
{
	*mine = *its = -1;
	for (size_t i = line; i < t->n && (*mine < 0 || *its < 0); i++) {
		if (*mine < 0)
			*mine = t->line[i].mine;
		if (*its < 0)
			*its = t->line[i].its;
	}
}

/* Rules asked at line `line` or, where none of them differs, at the nearest before it, `most` lines at most. */
static bool rules_near(const struct compare *c, const struct player *p, const struct twin *t,
		       const struct difference *d, size_t line, size_t most, struct buf *out)
{
	for (size_t i = line + 1; i-- > 0 && most; most--) {
		struct rule_bits asked = { { 0 } };
		int mine, its;

		next_of(t, i, &mine, &its);
		asked_before(p, t->mine, mine, mine < 0 ? t->mine->n : (size_t)mine, &asked);
		asked_before(c->other, t->its, its, its < 0 ? t->its->n : (size_t)its, &asked);
		if (compare_rules(d, &asked, out))
			return true;
	}
	return false;
}

static void stand_at(struct player *p, size_t op)
{
	player_go(p, op, false);
	player_show(p, (struct place){ .op = op, .complete = true });
}

static struct twin *lines_of(const struct compare *c, struct player *p, size_t op)
{
	struct twin *t = twin_create();

	stand_at(p, op);
	stand_at(c->other, op);
	t->mine = decisions_get(player_decisions(p));
	t->its = decisions_get(player_decisions(c->other));
	put_lines(c, t);
	return t;
}

/* Of the operations before: what they left behind may show only now. */
static bool rules_earlier(const struct compare *c, struct player *p, const struct difference *d, size_t op,
			  struct buf *out)
{
	bool found = false;

	for (size_t k = op; k-- > 0 && !found;) {
		struct twin *t = lines_of(c, p, k);

		found = rules_near(c, p, t, d, t->n, t->n + 1, out);
		twin_put(t);
	}
	return found;
}

static void say_decision(const struct decision *d, struct buf *out)
{
	if (!d) {
		buf_adds(out, "nothing of the kind");
		return;
	}
	buf_addf(out, "%s(): ", d->func);
	decision_text(d, out);
	if (d->kind == DECISION_TEST)
		buf_addf(out, ": %s%s%s", d->outcome ? "yes" : "no", *d->taken ? ", " : "", d->taken);
}

/* ---- what if ------------------------------------------------------------------------------------- */

/* Does this kernel, one choice aside the first, do at operation op what the second one does? */
static bool parts_no_more(const struct compare *c, struct player *p, const struct sim_profile *with,
			  const struct twin *t, size_t op)
{
	const struct decisions *d;
	struct player *third;
	struct error *err = player_twin(p, with, &third);
	bool equal;

	if (err) {
		error_destroy(err);
		return false;
	}
	stand_at(third, op);
	d = player_decisions(third);
	if (t->first < t->n) {
		int mine, its;

		next_of(t, t->first, &mine, &its);
		equal = its < 0 ? d->n == t->its->n : d->n > (size_t)its;
		for (int i = its < 0 ? (int)d->n - 1 : its; equal && i >= 0 && i + 2 > its; i--)
			equal = digest(c, with, &d->v[i]) == digest(c, c->its, &t->its->v[i]);
	} else {
		equal = !strcmp(result_of(third, op), result_of(c->other, op)) &&
			counter_apart(third, c->other, op) < 0;
	}
	player_close(third);
	return equal;
}

/* The choices that differ, rules first, numbered. False: there is none of that number. */
static bool choice(const struct compare *c, unsigned n, unsigned *rule, const struct sim_constant **k)
{
	*k = NULL;
	for (*rule = 0; *rule < SIM_NRULES; ++*rule)
		if (c->mine->rule[*rule] != c->its->rule[*rule] && n-- == 0)
			return true;
	for (*k = sim_constants; (*k)->name; ++*k)
		if ((*k)->set && constant_differs(*k, c->mine, c->its) && n-- == 0)
			return true;
	return false;
}

static void choose(struct sim_profile *p, unsigned rule, const struct sim_constant *k, const struct sim_profile *as)
{
	if (k)
		k->set(p, as);
	else
		p->rule[rule] = as->rule[rule];
}

static void say_choice(const struct difference *d, unsigned rule, const struct sim_constant *k, struct buf *out)
{
	if (k)
		compare_say_constant(d, k, out);
	else
		compare_say_rule(d, rule, out);
}

/* None made it alone: of all together those are left without which the difference comes back. */
static unsigned several_tried(const struct compare *c, struct player *p, const struct twin *t,
			      const struct difference *d, size_t op, struct buf *out)
{
	struct sim_profile with = *c->mine;
	const struct sim_constant *k;
	unsigned rule, found = 0;

	for (unsigned n = 0; choice(c, n, &rule, &k); n++)
		choose(&with, rule, k, c->its);
	if (!parts_no_more(c, p, &with, t, op))
		return 0;
	for (unsigned n = 0; choice(c, n, &rule, &k); n++) {
		struct sim_profile without = with;

		choose(&without, rule, k, c->mine);
		if (parts_no_more(c, p, &without, t, op)) {
			with = without;
			continue;
		}
		if (found++ < WHYS_MOST)
			say_choice(d, rule, k, out);
	}
	return found;
}

/* Every choice that differs is tried by itself: what takes the difference away made it. Only
 * where both kernels are of one build, so that their choices can be mixed. */
static bool can_be_mixed(const struct compare *c)
{
	return c->same_layout && !strcmp(c->mine->machine, c->its->machine);
}

static bool choices_tried(const struct compare *c, struct player *p, const struct twin *t,
			  const struct difference *d, size_t op, struct buf *out)
{
	const struct sim_constant *k;
	unsigned rule, found = 0;

	for (unsigned n = 0; choice(c, n, &rule, &k) && found < WHYS_MOST; n++) {
		struct sim_profile with = *c->mine;

		choose(&with, rule, k, c->its);
		if (!parts_no_more(c, p, &with, t, op))
			continue;
		say_choice(d, rule, k, out);
		found++;
	}
	return found || several_tried(c, p, t, d, op, out);
}

/* By trying where that can be done; else what was asked just there, what shows, what was asked before. */
static bool reason_found(const struct compare *c, struct player *p, const struct twin *t,
			 const struct difference *d, size_t op, struct buf *out)
{
	if (can_be_mixed(c))
		return choices_tried(c, p, t, d, op, out) || compare_constants(d, out);
	return rules_near(c, p, t, d, t->first, 1, out) || compare_constants(d, out) ||
	       rules_near(c, p, t, d, t->first, t->first + 1, out) || rules_earlier(c, p, d, op, out);
}

/* Both players stand at the end of the operation, its decisions at hand; they stand elsewhere
 * afterwards when the reason lies further back. */
static void put_difference(const struct compare *c, struct player *p, struct twin *t, size_t op)
{
	const struct twin_line *l = t->first < t->n ? &t->line[t->first] : NULL;
	struct difference d = { .mine = c->mine, .its = c->its };
	int counter = counter_apart(p, c->other, op);
	struct buf what = BUF_INIT, why = BUF_INIT;

	if (l) {
		d.a = l->mine >= 0 ? &t->mine->v[l->mine] : NULL;
		d.b = l->its >= 0 ? &t->its->v[l->its] : NULL;
		say_decision(d.a, &what);
		buf_adds(&what, "\n");
		say_decision(d.b, &what);
	} else if (strcmp(result_of(p, op), result_of(c->other, op))) {
		buf_addf(&what, "the result: %s\nthe result: %s", result_of(p, op), result_of(c->other, op));
	} else if (counter >= 0) {
		unsigned f = (unsigned)counter;

		buf_addf(&what, "%s %+lld\n%s %+lld", counter_name(f), (long long)figure_change(p, op, f),
			 counter_name(f), (long long)figure_change(c->other, op, f));
	}
	t->differs = what.len > 0;
	if (t->differs && !t->its->n != !t->mine->n)
		buf_addf(&why, "%s decides nothing here: %s.", (t->its->n ? c->mine : c->its)->name,
			 result_of(t->its->n ? p : c->other, op));
	if (t->differs && !why.len && !reason_found(c, p, t, &d, op, &why))
		buf_addf(&why, "No rule was asked and no constant shows that differs: what the kernels are made of does "
			 "(%s | %s).", c->mine->name, c->its->name);
	t->what = twin_string(t, buf_str(&what));
	t->why = twin_string(t, buf_str(&why));
	buf_free(&what);
	buf_free(&why);
}

/* ---- figures -------------------------------------------------------------------------------------- */

static void add_figure(struct twin *t, const char *name, const char *about, enum twin_unit unit, uint64_t mine,
		       uint64_t its)
{
	struct twin_figure *f;

	t->figure = xreallocarray(t->figure, t->nfigures + 1, sizeof(*t->figure));
	f = &t->figure[t->nfigures++];
	*f = (struct twin_figure){ .name = name, .about = about, .unit = unit, .mine = mine, .its = its,
				   .differs = mine != its, .mine_words = "", .its_words = "" };
}

struct extent { uint64_t start, end, sp, kused, kleft, ksize; };

static struct extent extent_of(const struct player *p)
{
	const struct sim *s = player_sim(p);
	struct extent e = { 0 };
	struct contexts *c;
	struct sim_vma v;

	for (size_t i = 0; sim_proc_count(s) && sim_vma_at(s, sim_current(s), i, &v); i++)
		if (v.name && !strcmp(v.name, "[stack]")) {
			e.start = v.start;
			e.end = v.end;
		}
	c = sim_contexts(s);
	for (size_t i = 0; i < c->ntasks; i++)
		if (c->tasks[i].current) {
			const struct cstack *k = &c->tasks[i].kernel;

			e.sp = c->tasks[i].user.sp;
			e.ksize = k->size;
			e.kused = k->base + k->size - k->sp;
			e.kleft = k->left;
		}
	contexts_destroy(c);
	return e;
}

static void put_figures(const struct compare *c, const struct player *p, struct twin *t)
{
	const struct sim *a = player_sim(p), *b = player_sim(c->other);
	struct extent x = extent_of(p), y = extent_of(c->other);
	struct sim_mm m = { 0 }, n = { 0 };

	if (sim_proc_count(a) && sim_proc_count(b)) {
		sim_mm_get(a, sim_current(a), &m);
		sim_mm_get(b, sim_current(b), &n);
	}
	add_figure(t, "stack end", "upper end of the stack's VMA", TWIN_ADDRESS, x.end, y.end);
	add_figure(t, "stack start", "its lower end; growth moves it", TWIN_ADDRESS, x.start, y.start);
	add_figure(t, "stack size", "of the VMA", TWIN_BYTES, x.end - x.start, y.end - y.start);
	add_figure(t, "sp", "of the current task, in user mode", TWIN_ADDRESS, x.sp, y.sp);
	add_figure(t, "mmap_base", "where mappings are placed from", TWIN_ADDRESS, m.mmap_base, n.mmap_base);
	add_figure(t, "brk", "the heap's end", TWIN_ADDRESS, m.brk, n.brk);
	add_figure(t, "VmSize", "all mappings", TWIN_BYTES, m.vm_size << 10, n.vm_size << 10);
	add_figure(t, "VmStk", "of them stacks", TWIN_BYTES, m.vm_stk << 10, n.vm_stk << 10);
	add_figure(t, "VmPTE", "page tables, as this kernel counts them", TWIN_BYTES, m.vm_pte << 10, n.vm_pte << 10);
	add_figure(t, "RSS", "resident pages", TWIN_BYTES, m.statm[1] * SIM_PAGE, n.statm[1] * SIM_PAGE);
	add_figure(t, "VMAs", "map_count", TWIN_COUNT, m.map_count, n.map_count);
	add_figure(t, "faults", "minor faults since birth", TWIN_COUNT, m.minflt, n.minflt);
	add_figure(t, "kernel stack", "THREAD_SIZE of the current task", TWIN_BYTES, x.ksize, y.ksize);
	add_figure(t, "  in use", "from its top to sp", TWIN_BYTES, x.kused, y.kused);
	add_figure(t, "  never used", "stack_not_used()", TWIN_BYTES, x.kleft, y.kleft);
}

static void put_constants(const struct compare *c, struct twin *t)
{
	for (const struct sim_constant *k = sim_constants; k->name; k++) {
		struct twin_figure *f;

		if (!k->layout || !constant_differs(k, c->mine, c->its))
			continue;
		add_figure(t, k->name, k->about,
			   k->words ? TWIN_WORDS : k->unit == CONSTANT_ADDRESS ? TWIN_ADDRESS :
			   k->unit == CONSTANT_BYTES ? TWIN_BYTES : TWIN_COUNT, k->value(c->mine), k->value(c->its));
		f = &t->figure[t->nfigures - 1];
		f->differs = true;
		if (k->words) {
			f->mine_words = k->words(c->mine);
			f->its_words = k->words(c->its);
		}
	}
}

/* ---- in step ---------------------------------------------------------------------------------------- */

/* The text may have been added to. */
static struct error *follow_text(struct compare *c, struct player *p)
{
	struct player *again;
	struct error *err;

	if (c->other && c->script == player_script(p) && c->mine == player_profile(p))
		return NULL;
	err = player_twin(p, c->its, &again);
	if (err)
		return err;
	player_close(c->other);
	script_put(c->script);
	twin_put(c->twin);
	c->twin = NULL;
	c->other = again;
	c->script = script_get(player_script(p));
	c->mine = player_profile(p);
	c->same_layout = c->mine->task_size == c->its->task_size && c->mine->stack_top == c->its->stack_top &&
			 c->mine->levels == c->its->levels;
	return NULL;
}

struct error *compare_open(struct player *p, const char *profile, struct compare **ret)
{
	const struct sim_profile *its = sim_profile_find(profile);
	struct error *err = check_profile(profile);
	struct compare *c;

	if (err)
		return err;
	if (its == player_profile(p))
		return error_create(ERR_USAGE, "%s is what is played already: compare it with another kernel", profile);
	c = xcalloc(1, sizeof(*c));
	c->its = its;
	err = follow_text(c, p);
	if (err)
		compare_close(c);
	else
		*ret = c;
	return err;
}

void compare_close(struct compare *c)
{
	if (!c)
		return;
	player_close(c->other);
	script_put(c->script);
	twin_put(c->twin);
	free(c);
}

/* Where the second machine stands when the first has decision `decision` in hand. */
static struct place matching(const struct twin *t, struct place at)
{
	struct place to = at;

	if (at.complete)
		return to;
	to.decision = t->its->n;
	for (size_t i = t->at; i < t->n; i++)
		if (t->line[i].its >= 0) {
			to.decision = (size_t)t->line[i].its;
			break;
		}
	return to;
}

static size_t line_of(const struct twin *t, struct place at)
{
	size_t i = 0;

	while (i < t->n && (at.complete || t->line[i].mine != (int)at.decision))
		i++;
	return i;
}

/* The same operation at another decision. */
static struct twin *lines_again(const struct twin *of)
{
	struct twin *t = twin_create();

	t->mine = decisions_get(of->mine);
	t->its = decisions_get(of->its);
	t->line = xcalloc(of->n + 1, sizeof(*t->line));
	memcpy(t->line, of->line, of->n * sizeof(*t->line));
	t->n = of->n;
	t->first = of->first;
	t->differs = of->differs;
	t->what = twin_string(t, of->what);
	t->why = twin_string(t, of->why);
	return t;
}

const struct twin *compare_twin(struct compare *c, struct player *p)
{
	struct place at = player_place(p);
	struct error *err = follow_text(c, p);
	struct twin *t;

	if (err) {
		error_destroy(err);
		return NULL;
	}
	if (c->twin && place_equal(c->at, at))
		return twin_get(c->twin);
	if (c->twin && c->at.op == at.op) {
		t = lines_again(c->twin);
		stand_at(c->other, at.op);
	} else {
		t = lines_of(c, p, at.op);
		put_difference(c, p, t, at.op);
	}
	t->profile = c->its->name;
	t->proof = c->its->proof.by;
	t->proven = c->its->proof.proven;
	t->at = line_of(t, at);
	player_show(p, at);
	player_show(c->other, matching(t, at));
	if (at.complete) {
		t->result = twin_string(t, result_of(p, at.op));
		t->its_result = twin_string(t, result_of(c->other, at.op));
		t->log = twin_string(t, player_log(p, at.op));
		t->its_log = twin_string(t, player_log(c->other, at.op));
	}
	put_figures(c, p, t);
	put_constants(c, t);
	twin_put(c->twin);
	c->twin = t;
	c->at = at;
	return twin_get(t);
}

/* Both at the end of the operation; true with the place where they part. */
static bool parts_in(struct compare *c, struct player *p, size_t op, struct place *ret)
{
	struct twin *t = lines_of(c, p, op);
	bool parts = t->first < t->n;
	int mine, its;

	*ret = (struct place){ .op = op, .complete = true };
	if (parts) {
		next_of(t, t->first, &mine, &its);
		if (mine >= 0)
			*ret = (struct place){ .op = op, .decision = (size_t)mine };
	}
	parts |= strcmp(result_of(p, op), result_of(c->other, op)) != 0 || counter_apart(p, c->other, op) >= 0;
	twin_put(t);
	return parts;
}

bool compare_find(struct compare *c, struct player *p, bool forward, struct place *ret)
{
	struct place was = player_place(p);
	struct error *err = follow_text(c, p);
	size_t k = was.op;
	bool found = false;

	if (err) {
		error_destroy(err);
		return false;
	}
	while (!found && (forward ? k < player_ops(p) : k > 0)) {
		k = forward ? k + 1 : k - 1;
		if (!k && !c->same_layout)
			break;		/* where things lie is told by the figures */
		found = parts_in(c, p, k, ret);
	}
	player_show(p, was);
	return found;
}
