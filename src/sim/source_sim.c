/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated machine as a source: it is told to step, and every moment is sampled
 * as a live process would be.
 *
 * The player jumps; the cursor follows it operation by operation, so that the consumer
 * sees each moment on the way.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/source.h"
#include "mmscope/text.h"
#include "src/sim/compare.h"
#include "src/sim/picture.h"

enum { FOLLOW_MOST = 256 };

static const double speeds[] = { 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64 };

struct sim_source {
	struct source source;
	struct player *player;
	struct place goal;		/* where the player is to be; the player itself is the cursor */
	bool rewound;			/* the moment shown is no longer part of what was executed */
	const struct snapshot *shown;
	bool changed;			/* something other than the place */
	uint64_t selected, walk_addr;	/* as the consumer had it; 0: the address in hand */
	unsigned events;		/* what `event` looks for */
	bool playing, by_decision, hidden;
	unsigned speed;			/* index */
	uint64_t played_ns;		/* when the last step of playing was due */
	struct kernel_answer kernel;
	struct real_process *real;	/* held for a live view; NULL: none */
	struct compare *compare;	/* with a second kernel; NULL: nobody compares */
};

static struct sim_source *sim_of(struct source *src)
{
	return (struct sim_source *)src;
}

/* ---- sampling --------------------------------------------------------------------------- */

static bool stop_playing(struct sim_source *s)
{
	bool was = s->playing;

	s->playing = false;
	s->changed |= was;
	return was;
}

/* As many steps as are due; the cursor stays. */
static void play(struct sim_source *s)
{
	uint64_t now = clock_now_ns(), each = (uint64_t)(1e9 / speeds[s->speed]);
	struct place was = player_place(s->player);

	for (unsigned n = 0; s->playing && now - s->played_ns >= each && n < 64; n++) {
		bool more = s->by_decision ? player_step(s->player) : player_next(s->player);

		s->played_ns += each;
		if (!more || player_at_end(s->player) ||
		    (player_place(s->player).complete && player_pause_follows(s->player)))
			stop_playing(s);
	}
	s->goal = player_place(s->player);
	if (!place_equal(was, s->goal))
		player_show(s->player, was);
}

/* One operation nearer to the goal, or to it when it is far away or behind. */
static void approach(struct sim_source *s)
{
	struct place at = player_place(s->player);

	if (place_equal(at, s->goal))
		return;
	if (s->goal.op > at.op && s->goal.op - at.op <= FOLLOW_MOST) {
		struct place next = { .op = at.complete ? at.op + 1 : at.op, .complete = true };

		player_show(s->player, next.op == s->goal.op ? s->goal : next);
	} else {
		player_show(s->player, s->goal);
	}
}

static bool sim_more(struct source *src)
{
	struct sim_source *s = sim_of(src);

	return !place_equal(player_place(s->player), s->goal);
}

/* The walk is that of the address in hand until a person selects another place. */
static bool looked_elsewhere(const struct sim_source *s, const struct machine *m, uint64_t selected)
{
	return selected != s->selected && selected != m->place &&
	       selected >> PAGE_SHIFT != m->walk_addr >> PAGE_SHIFT;
}

static struct error *sim_sample(struct source *src, const struct source_want *want,
				const struct snapshot **ret)
{
	struct sim_source *s = sim_of(src);
	const struct snapshot *before = s->shown;
	struct place was = player_place(s->player);
	bool just_rewound = s->rewound;
	uint64_t start = clock_now_ns(), cpu = clock_cpu_ns();
	struct snapshot *snap;

	if (!just_rewound && !sim_more(src))
		play(s);
	if (want->everything)		/* only where it stands now counts */
		player_show(s->player, s->goal);
	else if (!just_rewound)
		approach(s);
	s->rewound = false;
	if (!place_equal(was, player_place(s->player)) || just_rewound) {
		s->changed = true;
		s->walk_addr = 0;
	} else if (before && looked_elsewhere(s, before->machine, want->selected)) {
		s->changed = true;
		s->walk_addr = want->selected;
	}
	s->selected = want->selected;
	if (before && !s->changed) {
		*ret = snapshot_get(before);
		return NULL;
	}
	s->changed = false;
	snap = picture_take(s->player, &(struct picture_options){
		.walk_addr = s->walk_addr, .playing = s->playing, .predictions_hidden = s->hidden,
		.speed = speeds[s->speed], .kernel = &s->kernel, .compare = s->compare,
	}, before);
	snap->cost.wall_ns = clock_now_ns() - start;
	snap->cost.cpu_ns = clock_cpu_ns() - cpu;
	for (int i = 0; i < PANEL_NR; i++)
		snap->cost.rung[i] = "simulated";
	snapshot_put(before);
	s->shown = snap;
	*ret = snapshot_get(snap);
	return NULL;
}

/* ---- commands --------------------------------------------------------------------------- */

static void result_of(struct sim_source *s, struct buf *say)
{
	const struct script *sc = player_script(s->player);
	size_t i = player_place(s->player).op ? script_find(sc, player_place(s->player).op) : sc->nlines;

	if (i < sc->nlines && player_place(s->player).complete)
		buf_addf(say, "%s: %s%s%s", sc->lines[i].operation, sc->lines[i].result,
			 *sc->lines[i].mistake ? "; " : "", sc->lines[i].mistake);
}

static struct error *do_step(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	if (!player_step(s->player))
		buf_adds(say, "the end of the scenario: type a line to go on");
	return NULL;
}

static struct error *do_step_back(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	if (!player_step_back(s->player))
		buf_adds(say, "this is the first decision of all");
	return NULL;
}

static struct error *do_next(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	if (!player_next(s->player))
		buf_adds(say, "the end of the scenario: type a line to go on");
	return NULL;
}

static struct error *do_previous(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	if (!player_previous(s->player))
		buf_adds(say, "this is the first decision of all");
	return NULL;
}

static unsigned stepped_events(void)
{
	return 1u << SIM_EV_FAULT | 1u << SIM_EV_GROWTH | 1u << SIM_EV_SIGNAL | 1u << SIM_EV_COW |
	       1u << SIM_EV_MERGE | 1u << SIM_EV_TABLE;
}

/* The words of machine_events[] are those of the machine's own events. */
static struct error *choose_event(struct sim_source *s, const char *arg)
{
	if (!*arg) {
		if (!s->events)
			s->events = stepped_events();
		return NULL;
	}
	if (!strcmp(arg, "any")) {
		s->events = stepped_events();
		return NULL;
	}
	for (unsigned e = 1; e < MACHINE_EV_NR; e++)
		if (!strcmp(machine_events[e].name, arg)) {
			s->events = 1u << e;
			return NULL;
		}
	return error_create(ERR_USAGE, "there is no event '%s': any, fault, growth, signal, cow, merge, table ...",
			    arg);
}

static struct error *do_event(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = choose_event(s, arg);

	if (!err && !player_event(s->player, s->events))
		buf_adds(say, "there is no further such event up to the end");
	return err;
}

static struct error *do_event_back(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = choose_event(s, arg);

	if (!err && !player_event_back(s->player, s->events))
		buf_adds(say, "there was no such event before");
	return err;
}

static struct error *do_start(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	(void)say;
	player_start(s->player);
	return NULL;
}

static struct error *do_end(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	(void)say;
	player_go(s->player, player_ops(s->player), false);
	return NULL;
}

static struct error *do_operation(struct sim_source *s, const char *arg, struct buf *say)
{
	char *end;
	unsigned long long n = strtoull(arg, &end, 10);

	(void)say;
	if (!isdigit((unsigned char)*arg) || *end)
		return error_create(ERR_USAGE, "'%s' is no number of an operation (0 to %zu)", arg,
				    player_ops(s->player));
	player_go(s->player, n > player_ops(s->player) ? player_ops(s->player) : (size_t)n, false);
	return NULL;
}

static struct error *do_play(struct sim_source *s, const char *arg, struct buf *say)
{
	if (stop_playing(s))
		return NULL;
	s->by_decision = !strcmp(arg, "decisions");
	if (player_at_end(s->player)) {
		buf_adds(say, "the end of the scenario: restart, or type a line to go on");
		return NULL;
	}
	s->playing = s->changed = true;
	s->played_ns = clock_now_ns() - (uint64_t)(1e9 / speeds[s->speed]);
	return NULL;
}

static struct error *do_restart(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	player_start(s->player);
	buf_adds(say, "from the start");
	return NULL;
}

static struct error *change_speed(struct sim_source *s, int by, struct buf *say)
{
	int to = (int)s->speed + by;

	if (to >= 0 && to < (int)ARRAY_LEN(speeds))
		s->speed = (unsigned)to;
	s->changed = true;
	buf_addf(say, "%g steps a second", speeds[s->speed]);
	return NULL;
}

static struct error *do_quicker(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	return change_speed(s, 1, say);
}

static struct error *do_calmer(struct sim_source *s, const char *arg, struct buf *say)
{
	(void)arg;
	return change_speed(s, -1, say);
}

static struct error *do_run(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = player_run(s->player, arg);

	if (!err)
		result_of(s, say);
	return err;
}

static struct error *do_edit(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = player_edit(s->player, arg);

	if (!err)
		result_of(s, say);
	return err;
}

static struct error *do_save(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = player_save(s->player, arg);

	if (!err)
		buf_addf(say, "saved as %s", arg);
	return err;
}

static struct error *do_predictions(struct sim_source *s, const char *arg, struct buf *say)
{
	s->hidden = !strcmp(arg, "hide") || (strcmp(arg, "show") && !s->hidden);
	s->changed = true;
	buf_adds(say, s->hidden ? "predictions and results to come are hidden: guess" : "predictions are shown");
	return NULL;
}

static struct error *do_profile(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = player_set_profile(s->player, arg);

	if (!err)
		buf_addf(say, "%s: %s", sim_profile_name(player_profile(s->player)),
			 sim_profile_proof(player_profile(s->player)));
	return err;
}

static struct error *do_difference(struct sim_source *s, const char *arg, struct buf *say)
{
	bool back = !strcmp(arg, "back");
	struct place to;

	if (!s->compare)
		return error_create(ERR_USAGE, "nothing is compared: compare with another kernel first");
	if (compare_find(s->compare, s->player, !back, &to))
		player_show(s->player, to);
	else
		buf_addf(say, "no further operation %s in which the two kernels differ",
			 back ? "before" : "up to the end");
	return NULL;
}

/* From the start, to the first difference. */
static struct error *do_compare(struct sim_source *s, const char *arg, struct buf *say)
{
	struct compare *c;
	struct error *err;

	if (!strcmp(arg, "nothing")) {
		compare_close(s->compare);
		s->compare = NULL;
		s->changed = true;
		return NULL;
	}
	err = compare_open(s->player, arg, &c);
	if (err)
		return err;
	compare_close(s->compare);
	s->compare = c;
	s->changed = true;
	player_start(s->player);
	return do_difference(s, "", say);
}

static struct error *do_kernel(struct sim_source *s, const char *arg, struct buf *say)
{
	struct error *err = player_ask_kernel(s->player, &s->kernel);
	struct place at = player_place(s->player);

	(void)arg;
	if (err)
		return err;
	if (!at.complete)
		player_show(s->player, (struct place){ .op = s->kernel.op, .complete = true });
	s->changed = true;
	if (*s->kernel.says)
		buf_addf(say, "Linux %s differs: %s", s->kernel.name, s->kernel.says);
	else
		buf_addf(say, "Linux %s agrees in every field of every record, 0 to %zu", s->kernel.name,
			 s->kernel.op);
	return NULL;
}

#define EVENT_WORDS "any|fault|growth|signal|cow|merge|split|table|frame|map|unmap"

/* Rows for the palette, and what each does. keeps: playing goes on. */
static struct source_command commands[] = {
	{ "step", NULL, false, "forward by one decision of the kernel" },
	{ "step-back", NULL, false, "back by one decision" },
	{ "operation", NULL, false, "forward by one operation, a line of the scenario" },
	{ "operation-back", NULL, false, "back by one operation" },
	{ "event", EVENT_WORDS, false, "forward to the next event|forward to the next event of this kind: %s" },
	{ "event-back", EVENT_WORDS, false, "back to the last event|back to the last event of this kind: %s" },
	{ "to-start", NULL, false, "back to record 0, the process as exec made it" },
	{ "to-end", NULL, false, "run to the end" },
	{ "to-operation", "N", true, "to operation N" },
	{ "play", "operations|decisions", false, "play at the chosen speed, or stop|"
	  "play at the chosen speed, by %s" },
	{ "restart", NULL, false, "from the start" },
	{ "quicker", NULL, false, "play faster" },
	{ "calmer", NULL, false, "play slower" },
	{ "run", "LINE", true, "run a line: touch stack-300p w" },
	{ "edit", "LINE", true, "change the line in hand and run it again" },
	{ "save", "FILE", true, "save the text, typed lines included, as a scenario" },
	{ "predictions", "hide|show", false, "hide predictions to guess, or show them|%s what is predicted" },
	{ "profile", NULL, true, "play on another kernel" },
	{ "compare", NULL, true, "play on a second kernel too, up to the first decision that differs" },
	{ "difference", "back", false, "to the next operation in which the two kernels differ|"
	  "to the last operation in which they differ" },
	{ "kernel", NULL, false, "run the same lines in a fresh process on this kernel and compare" },
	{ NULL, NULL, false, NULL },
};

static const struct {
	const char *name;
	struct error *(*run)(struct sim_source *s, const char *arg, struct buf *say);
	bool keeps_playing, rewinds;
} doers[] = {
	{ "step", do_step, false, false },
	{ "step-back", do_step_back, false, false },
	{ "operation", do_next, false, false },
	{ "operation-back", do_previous, false, false },
	{ "event", do_event, false, false },
	{ "event-back", do_event_back, false, false },
	{ "to-start", do_start, false, false },
	{ "to-end", do_end, false, false },
	{ "to-operation", do_operation, false, false },
	{ "play", do_play, true, false },
	{ "restart", do_restart, false, false },
	{ "quicker", do_quicker, true, false },
	{ "calmer", do_calmer, true, false },
	{ "run", do_run, false, true },
	{ "edit", do_edit, false, true },
	{ "save", do_save, true, false },
	{ "predictions", do_predictions, true, false },
	{ "profile", do_profile, false, true },
	{ "compare", do_compare, false, true },
	{ "difference", do_difference, false, false },
	{ "kernel", do_kernel, false, false },
};

/* The player stands at the goal after a command; the cursor goes back to what was shown, so
 * that the way there is sampled. Where lines changed, what was shown may be gone. */
static void aim(struct sim_source *s, struct place was, bool rewinds)
{
	s->goal = player_place(s->player);
	if (place_equal(was, s->goal) && !rewinds)
		return;
	if (rewinds) {
		struct place from = { .op = s->goal.op ? s->goal.op - 1 : 0, .complete = true };

		player_show(s->player, from);
		s->rewound = s->changed = true;
		return;
	}
	player_show(s->player, was);
}

static struct error *sim_command(struct source *src, const char *name, const char *arg, struct buf *say)
{
	struct sim_source *s = sim_of(src);

	for (size_t i = 0; i < ARRAY_LEN(doers); i++) {
		struct place was;
		struct error *err;

		if (strcmp(doers[i].name, name))
			continue;
		player_show(s->player, s->goal);
		was = player_place(s->player);
		if (!doers[i].keeps_playing)
			stop_playing(s);
		err = doers[i].run(s, arg, say);
		if (!err)
			aim(s, was, doers[i].rewinds);
		return err;
	}
	return error_create(ERR_USAGE, "the simulated machine knows no '%s'", name);
}

/* ---- opening ---------------------------------------------------------------------------- */

/* The kernels there are, for whoever asks for one of them. */
static void name_kernels(void)
{
	static char *kernels, *others;
	struct buf b = BUF_INIT;

	if (kernels)
		return;
	for (size_t i = 0; sim_profile_at(i); i++)
		buf_addf(&b, "%s%s", i ? "|" : "", sim_profile_name(sim_profile_at(i)));
	kernels = xstrdup(buf_str(&b));
	buf_adds(&b, "|nothing");
	others = buf_take(&b);
	for (struct source_command *c = commands; c->name; c++) {
		if (!strcmp(c->name, "profile"))
			c->args = kernels;
		else if (!strcmp(c->name, "compare"))
			c->args = others;
	}
}

static struct error *sim_open(const char *what, const struct source_options *o, struct source **ret)
{
	struct player *p;
	struct error *err = player_open(*what ? what : NULL, &p);
	struct sim_source *s;

	if (!err && o && o->profile) {
		err = player_set_profile(p, o->profile);
		if (err)
			player_close(p);
	}
	if (err)
		return err;
	name_kernels();
	s = xcalloc(1, sizeof(*s));
	s->source.ops = &sim_source_ops;
	s->player = p;
	s->goal = player_place(p);
	s->speed = 2;
	*ret = &s->source;
	return NULL;
}

static void sim_real_end(struct source *src)
{
	struct sim_source *s = sim_of(src);

	real_process_end(s->real);
	s->real = NULL;
}

static struct error *sim_real(struct source *src, pid_t *pid, struct buf *say)
{
	struct sim_source *s = sim_of(src);
	struct error *err;

	sim_real_end(src);
	stop_playing(s);
	player_show(s->player, s->goal);
	err = player_real(s->player, &s->real, say);
	if (!err)
		*pid = real_process_pid(s->real);
	return err;
}

static void sim_close(struct source *src)
{
	struct sim_source *s = sim_of(src);

	snapshot_put(s->shown);
	kernel_answer_free(&s->kernel);
	compare_close(s->compare);
	real_process_end(s->real);
	player_close(s->player);
	free(s);
}

const struct source_ops sim_source_ops = {
	.scheme = "sim",
	.caps = CAP_STEP | CAP_BACK | CAP_TASKS | CAP_PAGES | CAP_KSTACKS,
	.open = sim_open,
	.sample = sim_sample,
	.more = sim_more,
	.close = sim_close,
	.command = sim_command,
	.commands = commands,
	.real = sim_real,
	.real_end = sim_real_end,
};
