/* SPDX-License-Identifier: GPL-2.0-or-later
 * The loop: wait for a key, the clock, the target's end or the child's output; sample;
 * draw what changed. One thread, nothing blocks.
 */
#include "ui/app/app.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/text.h"

enum {
	SAMPLE_BUDGET_NS = 8000000,	/* how long one sample may keep the keys waiting */
	PICKER_REFRESH_NS = 2000000000,
	REDRAW_NS = 1000000000,		/* ages on the screen ("3 s ago") move, once there are any */
};

/* Seconds; longer waits than this are what the user asked for, and are kept to. */
#define RESTING_MAX 0.18

const double intervals[] = { 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60 };
const int ninterval = ARRAY_LEN(intervals);

void app_theme(struct app *app, const char *name)
{
	struct theme *theme = NULL;
	struct buf warnings = BUF_INIT;
	struct error *err = theme_load(name, &warnings, &theme);

	if (err) {
		session_say(app->session, "%s (the theme in use stays)", err->message);
		error_destroy(err);
	} else {
		theme_destroy(app->theme);
		app->theme = theme;
		if (warnings.len)
			session_say(app->session, "%s", buf_str(&warnings));
		term_redraw(app->term);
	}
	buf_free(&warnings);
	app->dirty = true;
}

void app_pick(struct app *app)
{
	struct error *err;

	if (!app->picker) {
		const char *text = app->options->picker_name ? app->options->picker_name : "";

		app->picker = picker_create(app->options->proc_root, text);
		buf_adds(&app->picker_text, text);
	}
	err = picker_refresh(app->picker);
	if (err) {
		session_say(app->session, "%s", err->message);
		error_destroy(err);
		return;
	}
	if (session_snapshot(app->session))
		picker_select(app->picker, session_snapshot(app->session)->process.pid);
	app->picking = true;
	app->next_tick_ns = clock_now_ns() + PICKER_REFRESH_NS;
	app->dirty = true;
}

static void views_forget(struct app *app)
{
	for (int i = 0; views[i]; i++) {
		if (views[i]->fini)
			views[i]->fini(app->states[i]);
		memset(app->states[i], 0, views[i]->state_size);
	}
}

bool app_has_command(const struct app *app, const struct view *v, const char *command)
{
	size_t n = strlen(command), asked = v->asks ? strcspn(v->asks, "|") : 0;
	bool among = false;

	for (const char *a = v->asks; a && *a; a += strcspn(a, "|"), a += *a == '|')
		among |= strcspn(a, "|") == n && !strncmp(a, command, n);
	if (!among)
		return true;
	for (const struct source_command *c = session_commands(app->session); c->name; c++)
		if (strlen(c->name) == asked && !strncmp(c->name, v->asks, asked))
			return true;
	return false;
}

const char *app_binding(const struct app *app, uint32_t key)
{
	const struct view *v = views[frame_focus(app)];
	const char *global = keymap_find(&app->keys, "global", key);
	const char *own = keymap_find(&app->keys, v->name, key);

	if (own && !app_has_command(app, v, own))
		own = global;
	if (own != global || !(session_caps(app->session) & CAP_STEP))
		return own;
	return keymap_find(&app->keys, "step", key);
}

uint32_t app_key_of(const struct app *app, const char *command)
{
	const char *const contexts[] = { views[frame_focus(app)]->name, "step" };

	for (size_t i = 0; i < ARRAY_LEN(contexts); i++) {
		uint32_t k = keymap_key_of(&app->keys, contexts[i], command);

		if (k && app_binding(app, k) && !strcmp(app_binding(app, k), command))
			return k;
	}
	return 0;
}

/* Where one begins: what the source is best seen in. */
static int first_room(const struct app *app)
{
	return view_index(session_caps(app->session) & CAP_STEP ? "scenario" : "table");
}

void app_open(struct app *app, pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "live:%d", (int)pid);
	app_open_source(app, name);
}

static void source_changed(struct app *app)
{
	views_forget(app);
	app->picking = false;
	app->ended_ns = 0;
	app->next_tick_ns = 0;
	app->dirty = true;
}

/* The room of a live process that tells of the same thing. */
static int live_room(int room)
{
	static const struct { const char *of, *live; } rooms[] = {
		{ "scenario", "table" }, { "path", "table" }, { "compare", "table" }, { "index", "table" },
		{ "walk", "pages" }, { "frames", "pages" }, { "processes", "pages" },
		{ "contexts", "kstack" }, { "cpu", "kstack" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		if (!strcmp(views[room]->name, rooms[i].of))
			return view_index(rooms[i].live);
	return room;
}

static void real_back(struct app *app)
{
	struct source *scenario = app->aside;

	app->aside = NULL;
	session_set_source(app->session, scenario);	/* the live one lets go of the process first */
	scenario->ops->real_end(scenario);
	session_set_room(app->session, app->aside_room);
	source_changed(app);
}

static struct error *real_open(struct app *app, struct buf *say)
{
	struct source_options so = { .proc_root = "/proc" };
	struct source *scenario = session_source(app->session), *live;
	uint64_t addr = session_addr(app->session);
	struct error *err;
	char name[32];
	pid_t pid;

	err = scenario->ops->real(scenario, &pid, say);
	if (err)
		return err;
	snprintf(name, sizeof(name), "live:%d", (int)pid);
	err = source_open(name, &so, &live);
	if (err) {
		scenario->ops->real_end(scenario);
		return err;
	}
	app->aside_room = session_room(app->session);
	app->aside = session_swap_source(app->session, live);
	session_select(app->session, addr);
	session_set_room(app->session, live_room(app->aside_room));
	source_changed(app);
	return NULL;
}

void app_real(struct app *app)
{
	struct source *src = session_source(app->session);
	struct buf say = BUF_INIT;
	struct error *err;

	if (app->aside) {
		real_back(app);
		session_say(app->session, "back in the scenario; the process is gone");
		return;
	}
	if (!src || !src->ops->real) {
		session_say(app->session, "only a scenario has a place that a real process can be brought to");
		return;
	}
	err = real_open(app, &say);
	if (err)
		session_say(app->session, "%s", err->message);
	else
		session_say(app->session, "%sThe same key goes back.", buf_str(&say));
	error_destroy(err);
	buf_free(&say);
}

/* Whoever goes somewhere else does not come back. */
static void aside_forget(struct app *app)
{
	source_close(app->aside);
	app->aside = NULL;
}

void app_open_source(struct app *app, const char *name)
{
	struct source_options so = { .proc_root = app->options->proc_root,
				     .profile = app->options->profile };
	bool stepped = session_caps(app->session) & CAP_STEP;
	struct source *src = NULL;
	struct error *err = source_open(name, &so, &src);

	if (err) {
		session_say(app->session, "%s", err->message);
		error_destroy(err);
		return;
	}
	session_set_source(app->session, src);
	if (app->options->detail)
		session_want_detail(app->session);
	if (stepped != !!(session_caps(app->session) & CAP_STEP))
		session_set_room(app->session, first_room(app));
	source_changed(app);
	aside_forget(app);
}

/* What is on the screen now must be right: the wants of every view that was drawn, which stay
 * the same until the next frame. */
static void gather_wants(struct app *app)
{
	const struct place *places[] = { &app->room, &app->strip, &app->second };
	struct source_want *all = &app->want;

	if (!app->dirty && app->want_ns == app->drawn_ns)
		return;
	app->want_ns = app->drawn_ns;
	*all = (struct source_want){ .visible = app->spans, .rows = app->rows,
				     .budget_ns = SAMPLE_BUDGET_NS };
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct view *v = views[places[i]->view];
		struct source_want w = { .visible = NULL };

		if ((!places[i]->rect.cols && i > 0) || !v->want)
			continue;
		v->want(app->states[places[i]->view], app->session, &w);
		if (w.kstacks > all->kstacks)
			all->kstacks = w.kstacks;
		if (w.unwind)
			all->unwind = w.unwind;
		for (size_t j = 0; j < w.nvisible && all->nvisible < MAX_SPANS; j++)
			app->spans[all->nvisible++] = w.visible[j];
		for (size_t j = 0; j < w.nrows && all->nrows < MAX_SPANS; j++)
			app->rows[all->nrows++] = w.rows[j];
		all->tasks |= w.tasks;
		all->detail |= w.detail;
	}
}

static void tick_picker(struct app *app)
{
	struct error *err = picker_refresh(app->picker);

	if (err) {
		session_say(app->session, "%s", err->message);
		error_destroy(err);
	}
	app->dirty = true;
}

/* Of a kernel thread there is its kernel stack to see; most rooms could only say why they
 * are empty. */
static void room_for_kthread(struct app *app)
{
	const struct snapshot *snap = session_newest(app->session);
	const char *room = views[session_room(app->session)]->name;

	if (snap && snap->process.kthread && strcmp(room, "tasks") && strcmp(room, "threads"))
		session_set_room(app->session, view_index("kstack"));
}

static void tick_session(struct app *app)
{
	const struct snapshot *before = session_newest(app->session);
	bool had_detail = before && before->details;
	char pss[16], uss[16];
	int status;
	struct error *err;

	/* Who started the target has to reap it: then the kernel tells its status. */
	if (app->options->child)
		child_ended(app->options->child, &status);
	gather_wants(app);
	err = session_tick(app->session, &app->want);
	if (err) {
		/* Before the first picture there is nothing to show: the list again, where it was
		 * chosen from one; else that ends the program. */
		if (!before && !app->picker) {
			app->failed = err;
			app->quit = true;
			return;
		}
		if (!before)
			app_pick(app);
		session_say(app->session, "%s", err->message);
		error_destroy(err);
		app->dirty = true;
		return;
	}
	if (!before)
		room_for_kthread(app);
	if (session_newest(app->session) != before) {
		const struct snapshot *now = session_newest(app->session);

		app->hot_ticks = 6;
		if (now->process.ended && !app->ended_ns)
			app->ended_ns = clock_now_ns();
		if (now->details && (!had_detail || app->asked_detail) && (session_caps(app->session) & CAP_DETAIL))
			session_say(app->session, "smaps read once in %.1f ms: PSS %s, USS %s",
				    (double)now->cost.panel_ns[PANEL_DETAIL] / 1e6,
				    text_size(now->details->pss, pss), text_size(now->details->uss, uss));
	}
	app->asked_detail = false;
	if (app->hold_again)
		session_pause(app->session, true);
	app->hold_again = false;
	app->dirty |= app->hot_ticks > 0;
	app->hot_ticks -= app->hot_ticks > 0;
}

/* While nothing changes, looks come rarer, as far as what is on the screen is still right
 * within 200 ms: waking up is most of what an idle view costs. */
static uint64_t next_wait_ns(const struct app *app)
{
	double wait = intervals[app->interval], resting = 1.7 * wait;

	if (!app->hot_ticks && resting < RESTING_MAX)
		wait = resting;
	return (uint64_t)(wait * 1e9);
}

void app_tick(struct app *app)
{
	uint64_t now = clock_now_ns();

	if (now < app->next_tick_ns)
		return;
	if (app->picking) {
		tick_picker(app);
		app->next_tick_ns = now + PICKER_REFRESH_NS;
		return;
	}
	if (!session_paused(app->session) && !app->ended_ns)
		tick_session(app);
	app->next_tick_ns = now + next_wait_ns(app);
	app->dirty |= app->said_drawn != (session_said(app->session) != NULL);
	if (now - app->drawn_ns > REDRAW_NS && (app->ended_ns || session_events(app->session)))
		app->dirty = true;
}

/* What is typed narrows the list; Esc clears it, then leaves. */
static void picker_type(struct app *app, const struct input *in)
{
	size_t cursor = app->picker_text.len;

	if (edit_line(app, &app->picker_text, &cursor, in))
		picker_set_filter(app->picker, buf_str(&app->picker_text));
}

static void picker_back(struct app *app)
{
	if (app->picker_text.len) {
		buf_reset(&app->picker_text);
		picker_set_filter(app->picker, "");
	} else if (session_snapshot(app->session)) {
		app->picking = false;
	} else {
		app->quit = true;
	}
}

static void picker_click_at(struct app *app, const struct input *in)
{
	if (in->button != MOUSE_LEFT) {
		picker_command(app->picker, in->button == MOUSE_WHEEL_UP ? "up" : "down", "");
		return;
	}
	picker_click(app->picker, in->row - 1, in->col);
	if (in->twice && picker_selected(app->picker))
		app_open(app, picker_selected(app->picker));
}

/* A key that types a character types; the others are commands as default.keys has them. */
static void picker_input(struct app *app, const struct input *in)
{
	const char *command = NULL, *arg;
	char name[32];

	if (in->type == INPUT_MOUSE) {
		picker_click_at(app, in);
		return;
	}
	if (in->type == INPUT_KEY && !types_text(in))
		command = keymap_find(&app->keys, "picker", in->key);
	if (!command) {
		picker_type(app, in);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(command, " "), command);
	arg = command[strlen(name)] ? command + strlen(name) + 1 : "";
	if (!strcmp(name, "quit"))
		app->quit = true;
	else if (!strcmp(name, "back"))
		picker_back(app);
	else if (!strcmp(name, "enter") && picker_selected(app->picker))
		app_open(app, picker_selected(app->picker));
	else
		picker_command(app->picker, name, arg);
}

static void wheel(struct app *app, const struct input *in)
{
	for (int i = 0; i < 3; i++)
		command_run(app, in->button == MOUSE_WHEEL_UP ? "up" : "down");
}

static void say_unbound(struct app *app, uint32_t key)
{
	char name[16], help[16];
	uint32_t k = app_key_of(app, "help");

	session_say(app->session, k ? "the key %s does nothing here; %s shows what keys do" :
		    "the key %s does nothing here", key_name(key, name), k ? key_name(k, help) : "");
}

void app_input(struct app *app, const struct input *in)
{
	const char *command;

	app->dirty = true;
	/* A sentence belongs to what one did last. */
	if (in->type == INPUT_KEY || in->type == INPUT_MOUSE)
		session_hush(app->session);
	if (in->type == INPUT_GONE) {
		app->quit = true;
	} else if (in->type == INPUT_RESIZE) {
		int rows, cols;

		term_size(app->term, &rows, &cols);
		canvas_resize(app->canvas, rows, cols);
	} else if (app->chooser.open) {
		chooser_input(app, in);
	} else if (app->prompt.kind) {
		prompt_input(app, in);
	} else if (app->picking) {
		picker_input(app, in);
	} else if (in->type == INPUT_MOUSE && in->button == MOUSE_LEFT) {
		frame_click(app, in);
	} else if (in->type == INPUT_MOUSE) {
		wheel(app, in);
	} else if (in->type == INPUT_KEY) {
		command = app_binding(app, in->key);
		if (command)
			command_run(app, command);
		else
			say_unbound(app, in->key);
	}
}

/* Milliseconds until there is something to do by the clock. */
static int patience(const struct app *app)
{
	uint64_t now = clock_now_ns();

	if (app->dirty || app->next_tick_ns <= now)
		return 0;
	return (int)((app->next_tick_ns - now + 999999) / 1000000);
}

/* True: the terminal has something to say. Only then is it asked: most ticks bring nothing. */
static bool wait_for_news(struct app *app)
{
	struct child *child = app->options->child;
	struct source *src = session_source(app->session);
	int ended = src && src->ops->fd && !app->ended_ns ? src->ops->fd(src) : -1;
	struct pollfd fds[] = {
		{ .fd = term_fd(app->term), .events = POLLIN },
		{ .fd = child ? child_fd(child) : -1, .events = POLLIN },
		{ .fd = ended, .events = POLLIN },
	};

	if (poll(fds, ARRAY_LEN(fds), patience(app)) <= 0)
		return false;
	if (fds[1].revents) {
		child_drain(child);
		/* Output alone is no reason to draw, unless one looks at it. */
		app->dirty |= !strcmp(views[session_room(app->session)]->name, "output");
	}
	if (fds[2].revents)
		app->next_tick_ns = 0;
	return fds[0].revents;
}

static void loop(struct app *app)
{
	while (!app->quit) {
		struct input in;

		app_tick(app);
		if (app->quit)
			break;
		if (app->dirty)
			frame_draw(app);
		if (!wait_for_news(app))
			continue;
		while (!app->quit && (in = term_read(app->term)).type != INPUT_NONE)
			app_input(app, &in);
	}
}

static int nearest_interval(double seconds)
{
	int best = 0;

	for (int i = 1; i < ninterval; i++)
		if (seconds > (intervals[i - 1] + intervals[i]) / 2)
			best = i;
	return best;
}

static struct error *start(struct app *app)
{
	const struct app_options *o = app->options;
	struct source_options so = { .proc_root = o->proc_root, .profile = o->profile };
	struct source *src = NULL;
	struct error *err = NULL;

	if (o->source) {
		err = source_open(o->source, &so, &src);
		if (err)
			return err;
	}
	app->session = session_create(src);
	if (src && o->detail)
		session_want_detail(app->session);
	session_set_child(app->session, o->child);
	session_set_room(app->session, first_room(app));
	/* The first sample before the terminal is touched: what fails, fails as plain text. */
	if (src) {
		struct source_want want = { .budget_ns = SAMPLE_BUDGET_NS, .tasks = true };

		err = session_tick(app->session, &want);
		room_for_kthread(app);
	}
	return err ? err : term_open(&o->term, &app->term);
}

void app_init(struct app *app, const struct app_options *o)
{
	*app = (struct app){ .options = o, .dirty = true };
	for (int i = 0; views[i]; i++)
		app->states[i] = xcalloc(1, views[i]->state_size);
	app->interval = nearest_interval(o->interval);
	keymap_defaults(&app->keys);
	app->theme = theme_builtin();
}

void app_deinit(struct app *app)
{
	term_close(app->term);
	for (int i = 0; views[i]; i++) {
		if (views[i]->fini)
			views[i]->fini(app->states[i]);
		free(app->states[i]);
	}
	chooser_close(&app->chooser);
	prompt_free(&app->prompt);
	buf_free(&app->picker_text);
	filter_destroy(app->find);
	free(app->find_text);
	picker_destroy(app->picker);
	session_destroy(app->session);
	aside_forget(app);
	canvas_destroy(app->canvas);
	keymap_free(&app->keys);
	theme_destroy(app->theme);
}

struct error *app_run(const struct app_options *o)
{
	struct error *err;
	struct app app;
	int rows, cols;

	app_init(&app, o);
	err = start(&app);
	if (!err) {
		term_size(app.term, &rows, &cols);
		app.canvas = canvas_create(rows, cols, term_ascii(app.term));
		if (o->theme)
			app_theme(&app, o->theme);
		if (o->lessons)
			command_run(&app, "lessons");
		else if (!o->source)
			app_pick(&app);
		/* A first frame lays out the rooms, so that the first tick knows their wants. */
		frame_draw(&app);
		loop(&app);
		err = app.failed;
	}
	app_deinit(&app);
	return err;
}
