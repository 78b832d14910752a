/* SPDX-License-Identifier: GPL-2.0-or-later
 * Commands by name: what a key, the palette and the mouse run. A view is asked first.
 */
#include "ui/app/app.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/lessons.h"
#include "mmscope/machine.h"
#include "mmscope/text.h"

const struct view_command common_commands[] = {
	{ "up", NULL, "one row up" },
	{ "down", NULL, "one row down" },
	{ "left", NULL, "one step to the left" },
	{ "right", NULL, "one step to the right" },
	{ "page-up", NULL, "one screen up" },
	{ "page-down", NULL, "one screen down" },
	{ "top", NULL, "to the first row" },
	{ "bottom", NULL, "to the last row" },
	{ "enter", NULL, "zoom in: space, VMA, page" },
	{ "back", NULL, "zoom out; then drop filter and role" },
	{ NULL, NULL, NULL },
};

/* Where an address lies, and what lies beside that: in a room of mappings only the mapping is
 * seen. */
static void say_place(struct app *app, uint64_t addr)
{
	struct buf b = BUF_INIT;

	describe_address(session_snapshot(app->session), addr, &b);
	session_say(app->session, "%s", buf_str(&b));
	buf_free(&b);
}

bool goto_place(struct app *app, const char *text)
{
	const struct snapshot *snap = session_snapshot(app->session);
	const struct layout *l = snap ? snap->layout : NULL;
	char *end;
	uint64_t addr;

	errno = 0;
	addr = strtoull(text, &end, 0);
	if (isdigit((unsigned char)*text) && *end == '\0' && strncasecmp(text, "0x", 2) && snap &&
	    snap->tasks && task_list_find(snap->tasks, (pid_t)addr)) {
		const struct task *t = task_list_find(snap->tasks, (pid_t)addr);

		session_select_task(app->session, t->tid);
		if (t->stack.vma_end)
			session_select(app->session, t->stack.vma_start);
		return true;
	}
	/* Addresses are printed without 0x: take them as they stand on the screen. */
	if (*end != '\0' || !isdigit((unsigned char)*text) || strncasecmp(text, "0x", 2))
		addr = strtoull(text, &end, 16);
	if (end != text && *end == '\0' && !errno) {
		session_go(app->session, addr);
		if (session_vma(app->session) >= 0)
			say_place(app, addr);
		return true;
	}
	for (size_t i = 0; l && i < l->n; i++)
		if (!strcasecmp(vma_roles[l->vmas[i].role].name, text)) {
			session_select(app->session, l->vmas[i].start);
			return true;
		}
	session_say(app->session, "go to: '%s' is no address (0x7f..), no thread and no role", text);
	return false;
}

bool find_set(struct app *app, const char *text, struct filter_error *err)
{
	const struct view *v = views[frame_focus(app)];
	const struct filter_kind *kind = v->find ? v->rows : &filter_vmas;
	struct filter *f = filter_compile(kind, text, err);
	char *copy;

	if (!f)
		return false;
	copy = xstrdup(text);		/* it may be our own */
	filter_destroy(app->find);
	free(app->find_text);
	app->find = f;
	app->find_kind = kind;
	app->find_text = copy;
	return true;
}

static bool find_vma(struct app *app, int direction)
{
	const struct snapshot *snap = session_snapshot(app->session);
	ssize_t at = session_vma(app->session);
	size_t n = snap && snap->layout ? snap->layout->n : 0;

	if (at < 0 && n)
		at = (ssize_t)layout_next(snap->layout, session_addr(app->session));
	/* High addresses stand at the top: the next one is below. */
	for (size_t i = 1; i <= n; i++) {
		size_t j = ((size_t)at + (direction > 0 ? n - i : i)) % n;

		if (filter_match(app->find, &(struct filter_vma){ snap, j })) {
			session_select(app->session, snap->layout->vmas[j].start);
			return true;
		}
	}
	return false;
}

/* A room with rows of its own is searched by their fields, the others for mappings. */
void find_again(struct app *app, int direction)
{
	int focus = frame_focus(app);
	const struct view *v = views[focus];
	struct filter_error err;

	if (!app->find) {
		session_say(app->session, "find: nothing was searched for yet");
		return;
	}
	/* What was searched for in another room may have no such field here. */
	if (app->find_kind != (v->find ? v->rows : &filter_vmas) && !find_set(app, app->find_text, &err)) {
		session_say(app->session, "find '%s' in this room: %s", app->find_text, err.message);
		return;
	}
	if (v->find ? v->find(app->states[focus], app->session, app->find, direction) :
	    find_vma(app, direction))
		return;
	session_say(app->session, filter_costly(app->find) ?
		    "find: nothing found; the pattern is too costly for some rows" :
		    "find: nothing found");
}

static void do_quit(struct app *app, const char *arg)
{
	(void)arg;
	app->quit = true;
}

static void do_room(struct app *app, const char *arg)
{
	int i = view_index(arg);

	if (i < 0)
		session_say(app->session, "there is no room '%s'", arg);
	else
		session_set_room(app->session, i);
	app->strip_focused = false;
}

static void step_room(struct app *app, int by)
{
	int n = 0, to = session_room(app->session);

	while (views[n])
		n++;
	/* Rooms that this source cannot fill are passed over. */
	do
		to = (to + by + n) % n;
	while (views[to]->caps & ~session_caps(app->session));
	session_set_room(app->session, to);
	app->strip_focused = false;
}

static void do_next_room(struct app *app, const char *arg)
{
	(void)arg;
	step_room(app, 1);
}

static void do_previous_room(struct app *app, const char *arg)
{
	(void)arg;
	step_room(app, -1);
}

static void do_focus(struct app *app, const char *arg)
{
	(void)arg;
	app->strip_focused = !app->strip_focused;
}

static void do_enter(struct app *app, const char *arg)
{
	(void)arg;
	session_set_zoom(app->session, session_zoom(app->session) + 1);
}

static void do_back(struct app *app, const char *arg)
{
	struct session *s = app->session;

	(void)arg;
	if (session_zoom(s) > 0) {
		session_set_zoom(s, session_zoom(s) - 1);
	} else if (*filter_text(app)) {
		filter_change(app, filter_text(app), "");
	} else {
		session_set_role(s, -1);
	}
}

static void do_find(struct app *app, const char *arg)
{
	prompt_open(app, PROMPT_FIND, arg);
}

static void do_find_next(struct app *app, const char *arg)
{
	(void)arg;
	find_again(app, 1);
}

static void do_find_previous(struct app *app, const char *arg)
{
	(void)arg;
	find_again(app, -1);
}

static void do_filter(struct app *app, const char *arg)
{
	prompt_open(app, PROMPT_FILTER, *arg ? arg : filter_text(app));
	if (*arg)
		filter_set(app, arg, &app->prompt.error);
}

static void do_goto(struct app *app, const char *arg)
{
	if (*arg)
		goto_place(app, arg);
	else
		prompt_open(app, PROMPT_GOTO, "");
}

/* What changes how a process is read changes nothing any more. */
static bool has_ended(struct app *app)
{
	if (app->ended_ns)
		session_say(app->session, "the process has ended: nothing is read any more");
	return app->ended_ns;
}

static void do_pause(struct app *app, const char *arg)
{
	(void)arg;
	if (has_ended(app))
		return;
	app->hold_again = false;
	session_pause(app->session, !session_paused(app->session));
}

static uint32_t key_here(const struct app *app, const char *context, const char *command)
{
	uint32_t k = keymap_key_of(&app->keys, context, command);

	return k ? k : app_key_of(app, command);
}

/* Help may be two: without an argument, and with one of those listed, which "%s" stands for. */
static const char *help_for_arg(const char *help, const char *arg, struct buf *out)
{
	size_t first = strcspn(help, "|");
	const char *with = help[first] ? help + first + 1 : "", *gap = strstr(with, "%s");

	buf_reset(out);
	if (arg && gap)
		buf_addf(out, "%.*s%s%s", (int)(gap - with), with, arg, gap + 2);
	else if (arg && *with)
		buf_adds(out, with);
	else
		buf_add(out, help, first);
	return buf_str(out);
}

/* Every view's commands and the program's own, as rows; `context` says whose keys to show. */
static void add_command(struct app *app, const char *context, const char *name, const char *args,
			const char *help)
{
	struct buf shown = BUF_INIT, line = BUF_INIT, says = BUF_INIT;
	char *copy, *save = NULL, key[16];
	uint32_t k;

	copy = xstrdup(args ? args : "");
	/* A command with a list of arguments is one row for each of them. */
	for (char *arg = strtok_r(copy, "|", &save); arg || !*copy; arg = strtok_r(NULL, "|", &save)) {
		bool literal = arg && islower((unsigned char)*arg);

		buf_reset(&line);
		buf_adds(&line, name);
		if (literal)
			buf_addf(&line, " %s", arg);
		k = key_here(app, context, buf_str(&line));
		buf_reset(&shown);
		buf_adds(&shown, buf_str(&line));
		if (arg && !literal)
			buf_addf(&shown, " %s", arg);
		chooser_add(&app->chooser, k ? key_name(k, key) : "", buf_str(&shown),
			    help_for_arg(help, literal ? arg : NULL, &says), buf_str(&line));
		if (!arg)
			break;
	}
	free(copy);
	buf_free(&shown);
	buf_free(&line);
	buf_free(&says);
}

static const struct app_command *command_find(const char *name)
{
	for (const struct app_command *c = app_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* What a key does without an argument stands there too. */
static void add_to_palette(struct app *app, const char *context, const char *name, const char *args,
			   const char *help)
{
	uint32_t k = args && islower((unsigned char)*args) ? key_here(app, context, name) : 0;
	struct buf says = BUF_INIT;
	char key[16];

	if (k)
		chooser_add(&app->chooser, key_name(k, key), name, help_for_arg(help, NULL, &says), name);
	buf_free(&says);
	add_command(app, context, name, args, help);
}

static bool view_has(const struct view *v, const char *name)
{
	for (const struct view_command *c = v->commands; c && c->name; c++)
		if (!strcmp(c->name, name))
			return true;
	return false;
}

static void do_palette(struct app *app, const char *arg)
{
	const struct view *v = views[frame_focus(app)];

	(void)arg;
	chooser_open(app, "commands");
	app->chooser.typed = app->chooser.to_read = true;
	for (const struct view_command *c = v->commands; c && c->name; c++)
		if (app_has_command(app, v, c->name))
			add_to_palette(app, v->name, c->name, c->args, c->help);
	for (const struct source_command *c = session_commands(app->session); c->name; c++)
		add_to_palette(app, v->name, c->name, c->asks ? NULL : c->args, c->help);
	for (int i = 0; views[i]; i++) {
		char command[48], key[16];
		uint32_t k;

		if (views[i]->caps & ~session_caps(app->session))
			continue;
		snprintf(command, sizeof(command), "room %s", views[i]->name);
		k = app_key_of(app, command);
		chooser_add(&app->chooser, k ? key_name(k, key) : "", command, views[i]->about, command);
	}
	for (const struct app_command *c = app_commands; c->name; c++)
		if (strcmp(c->name, "room") && !view_has(v, c->name))
			add_to_palette(app, v->name, c->name, c->args, c->help);
	for (const struct view_command *c = common_commands; c->name; c++)
		if (!command_find(c->name))
			add_to_palette(app, v->name, c->name, c->args, c->help);
}

/* Rooms and keys that this source has no use for are not told of. */
static bool is_of_use(const struct app *app, const struct key_binding *b)
{
	int view = view_index(b->context);

	if (!strcmp(b->context, "step"))
		return session_caps(app->session) & CAP_STEP;
	return view < 0 || (!(views[view]->caps & ~session_caps(app->session)) &&
			    app_has_command(app, views[view], b->command));
}

/* What a command does to a line one types in, or to the list of processes. */
static const struct { const char *context, *command, *help; } typing_help[] = {
	{ "prompt", "accept", "uses what stands in the line" },
	{ "prompt", "cancel", "leaves the line; what it changed is as before" },
	{ "prompt", "history-previous", "the line typed before this one" },
	{ "prompt", "history-next", "the line typed after this one" },
	{ "prompt", "left", "one character to the left" },
	{ "prompt", "right", "one character to the right" },
	{ "prompt", "start", "to the start of the line" },
	{ "prompt", "end", "to the end of the line" },
	{ "prompt", "erase", "deletes the character before the cursor" },
	{ "prompt", "delete", "deletes the character under the cursor" },
	{ "prompt", "erase-word", "deletes the word before the cursor" },
	{ "prompt", "erase-line", "deletes what stands before the cursor" },
	{ "prompt", "erase-rest", "deletes what stands behind the cursor" },
	{ "picker", "enter", "opens the selected process" },
	{ "picker", "back", "clears what was typed; then leaves the list" },
	{ "picker", "tree", "children below their parents, or a plain list" },
	{ "picker", "sort", "sorts by the next column" },
};

static const char *help_for(const struct app *app, const char *context, const char *command)
{
	char name[48];

	for (size_t i = 0; i < ARRAY_LEN(typing_help); i++)
		if (!strcmp(typing_help[i].context, context) && !strcmp(typing_help[i].command, command))
			return typing_help[i].help;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(command, " "), command);
	for (const struct app_command *c = app_commands; c->name; c++)
		if (!strcmp(c->name, name) && strcmp(name, "room"))
			return c->help;
	for (const struct view_command *c = common_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c->help;
	for (int i = 0; views[i]; i++) {
		if (!strncmp(command, "room ", 5) && !strcmp(command + 5, views[i]->name))
			return views[i]->about;
		for (const struct view_command *c = views[i]->commands; c && c->name; c++)
			if (!strcmp(c->name, name))
				return c->help;
	}
	for (const struct source_command *c = session_commands(app->session); c->name; c++)
		if (!strcmp(c->name, name))
			return c->help;
	return "";
}

static void do_help(struct app *app, const char *arg)
{
	const char *here = views[frame_focus(app)]->name;

	(void)arg;
	chooser_open(app, "keys, by room; what stands here works now");
	app->chooser.to_read = true;
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < app->keys.n; i++) {
			const struct key_binding *b = &app->keys.bindings[i];
			bool global = !strcmp(b->context, "global"), step = !strcmp(b->context, "step");
			bool mine = !strcmp(b->context, here) || step;
			int when = mine ? 0 : global ? 1 : 2;
			struct buf name = BUF_INIT, says = BUF_INIT;
			size_t argless = strcspn(b->command, " ");
			char key[16];

			if (when != pass || !is_of_use(app, b) || !strcmp(b->command, "none"))
				continue;
			if (!global && !step)
				buf_addf(&name, "%s: ", b->context);
			buf_adds(&name, b->command);
			chooser_add(&app->chooser, key_name(b->key, key), buf_str(&name),
				    help_for_arg(help_for(app, b->context, b->command), b->command[argless] ?
						 b->command + argless + 1 : NULL, &says),
				    when < 2 ? b->command : "");
			buf_free(&name);
			buf_free(&says);
		}
}

static void do_undo(struct app *app, const char *arg)
{
	(void)arg;
	if (!session_undo(app->session))
		session_say(app->session, "nothing to undo");
}

static void do_redo(struct app *app, const char *arg)
{
	(void)arg;
	if (!session_redo(app->session))
		session_say(app->session, "nothing to redo");
}

static void set_interval(struct app *app, int to)
{
	if (has_ended(app))
		return;
	if (to < 0 || to >= ninterval) {
		session_say(app->session, "a sample every %g s: that is the %s", intervals[app->interval],
			    to < 0 ? "fastest" : "slowest");
		return;
	}
	app->interval = to;
	app->next_tick_ns = 0;
	session_say(app->session, "a sample every %g s", intervals[to]);
}

static void do_faster(struct app *app, const char *arg)
{
	(void)arg;
	set_interval(app, app->interval - 1);
}

static void do_slower(struct app *app, const char *arg)
{
	(void)arg;
	set_interval(app, app->interval + 1);
}

static void do_detail(struct app *app, const char *arg)
{
	const struct snapshot *snap = session_snapshot(app->session);

	(void)arg;
	if (has_ended(app))
		return;
	if (!(session_caps(app->session) & CAP_DETAIL)) {
		session_say(app->session, snap && snap->details ? "the figures of smaps are always there here" :
			    "this source has no smaps");
		return;
	}
	app->hold_again = session_paused(app->session);
	app->asked_detail = true;
	session_pause(app->session, false);
	session_want_detail(app->session);
	app->next_tick_ns = 0;
}

static void do_follow(struct app *app, const char *arg)
{
	(void)arg;
	session_set_follow(app->session, !session_follow(app->session));
	session_say(app->session, session_follow(app->session) ?
		    "the selection follows what changes" : "the selection stays where it is");
}

static void do_role(struct app *app, const char *arg)
{
	const struct snapshot *snap = session_snapshot(app->session);
	unsigned present = 0;
	int role = session_role(app->session);

	if (*arg) {
		for (role = 0; role < ROLE_NR && strcmp(vma_roles[role].name, arg); role++)
			;
		if (role == ROLE_NR && strcmp(arg, "all"))
			session_say(app->session, "there is no role '%s'; : lists them in the room table", arg);
		else
			session_set_role(app->session, role < ROLE_NR ? role : -1);
		return;
	}
	for (size_t i = 0; snap && snap->layout && i < snap->layout->n; i++)
		present |= 1u << snap->layout->vmas[i].role;
	for (role++; role < ROLE_NR && !(present >> role & 1); role++)
		;
	session_set_role(app->session, role < ROLE_NR ? role : -1);
}

static void do_copy(struct app *app, const char *arg)
{
	const struct snapshot *snap = session_snapshot(app->session);
	ssize_t vma = session_vma(app->session);
	struct buf b = BUF_INIT;
	char label[128], perms[5];

	buf_addf(&b, "0x%llx", (unsigned long long)session_addr(app->session));
	if (snap && vma >= 0 && strcmp(arg, "address")) {
		const struct vma *v = &snap->layout->vmas[vma];

		buf_addf(&b, " %llx-%llx %s %s", (unsigned long long)v->start,
			 (unsigned long long)v->end, vma_perms(v, perms),
			 vma_label(snap, (size_t)vma, label, sizeof(label)));
	}
	term_copy(app->term, buf_str(&b));
	session_say(app->session, "copied: %s", buf_str(&b));
	buf_free(&b);
}

static void preview_theme(struct app *app, const char *command)
{
	app_theme(app, command + strlen("theme "));
}

/* What it says of itself; of one with an error, what is wrong with it. */
static void add_theme(struct app *app, const char *name, const char *command)
{
	struct theme *t = NULL;
	struct error *err = theme_load(name, NULL, &t);

	chooser_add(&app->chooser, "", name, err ? err->message : theme_about(t), command);
	error_destroy(err);
	if (t)
		theme_destroy(t);
}

static void do_theme(struct app *app, const char *arg)
{
	char **names, *back;

	if (*arg) {
		app_theme(app, arg);
		return;
	}
	back = xasprintf("theme %s", theme_path(app->theme) ? theme_path(app->theme) : theme_name(app->theme));
	chooser_open(app, "themes; what is selected shows at once");
	app->chooser.preview = preview_theme;
	app->chooser.back = back;
	names = theme_list();
	for (char **n = names; *n; n++) {
		char *command = xasprintf("theme %s", *n);

		add_theme(app, *n, command);
		if (!strcmp(*n, theme_name(app->theme)))
			app->chooser.selected = (int)(n - names);
		free(command);
		free(*n);
	}
	free(names);
}

static void do_picker(struct app *app, const char *arg)
{
	(void)arg;
	app_pick(app);
}

static void do_lessons(struct app *app, const char *arg)
{
	struct lessons l;
	struct error *err = lessons_read(NULL, &l);

	(void)arg;
	if (err) {
		session_say(app->session, "%s", err->message);
		error_destroy(err);
		return;
	}
	chooser_open(app, "lessons; Esc: an empty machine to play with");
	for (int proven = 1; proven >= 0; proven--) {
		char *kernels = lessons_proofs(proven);

		chooser_heading(&app->chooser, kernels);
		free(kernels);
	}
	for (size_t i = 0; i < l.n; i++) {
		char *command = xasprintf("lesson %s", l.v[i].path);
		char *about = xasprintf("%s (%s%s%s)", l.v[i].about, lesson_subject(l.v[i].rows),
					*l.v[i].kernels ? "; " : "", l.v[i].kernels);

		if (!i || l.v[i].group != l.v[i - 1].group)
			chooser_heading(&app->chooser, l.v[i].group);
		chooser_add(&app->chooser, l.v[i].rows, l.v[i].title, about, command);
		free(command);
		free(about);
	}
	lessons_free(&l);
}

static void do_lesson(struct app *app, const char *arg)
{
	char *name = xasprintf("sim:%s", arg);

	app_open_source(app, name);
	free(name);
}

static void do_real(struct app *app, const char *arg)
{
	(void)arg;
	app_real(app);
}

static void do_redraw(struct app *app, const char *arg)
{
	(void)arg;
	term_redraw(app->term);
}

static void do_suspend(struct app *app, const char *arg)
{
	(void)arg;
	term_suspend(app->term);
	app->next_tick_ns = 0;
}

static void do_sentence(struct app *app, const char *arg)
{
	(void)arg;
	app->whole_sentence = !app->whole_sentence;
}

static void do_mouse(struct app *app, const char *arg)
{
	(void)arg;
	session_say(app->session, term_toggle_mouse(app->term) ?
		    "the mouse is on: it chooses rooms, rows and pages" :
		    "the mouse is off: the terminal selects text with it");
}

const struct app_command app_commands[] = {
	{ "help", NULL, "keys and what they do, filterable", do_help },
	{ "palette", NULL, "every command, by name", do_palette },
	{ "room", "NAME", "open a room", do_room },
	{ "next-room", NULL, "the next room", do_next_room },
	{ "previous-room", NULL, "the room before", do_previous_room },
	{ "focus", NULL, "keys go to the map at the left, or back to the room", do_focus },
	{ "enter", NULL, "zoom in: space, VMA, page", do_enter },
	{ "back", NULL, "zoom out; then drop filter and role", do_back },
	{ "find", NULL, "search the room's rows, or mappings; 0x7f.. goes to an address", do_find },
	{ "find-next", NULL, "the next that fits", do_find_next },
	{ "find-previous", NULL, "the one before that fits", do_find_previous },
	{ "filter", NULL, "show only what fits, in every room", do_filter },
	{ "goto", NULL, "go to an address, a thread or a role", do_goto },
	{ "role", NULL, "shows only the next role's mappings, in every room", do_role },
	{ "pause", NULL, "hold the picture and go on exploring; nothing is sampled", do_pause },
	{ "follow", NULL, "the selection follows what changes", do_follow },
	{ "detail", NULL, "read smaps once: Pss, Uss, swap, locked, VmFlags (costs the target)", do_detail },
	{ "faster", NULL, "sample more often", do_faster },
	{ "slower", NULL, "sample less often", do_slower },
	{ "undo", NULL, "undo the last change of view", do_undo },
	{ "redo", NULL, "redo what was undone", do_redo },
	{ "copy", "row|address", "copy the address and its mapping to the clipboard (OSC 52)|"
	  "copy the %s to the clipboard (OSC 52)", do_copy },
	{ "theme", NULL, "choose a theme; with a path typed behind it, the theme in that file", do_theme },
	{ "lessons", NULL, "choose a lesson for the simulated machine", do_lessons },
	{ "lesson", "FILE", "open a scenario in the simulated machine", do_lesson },
	{ "real", NULL, "the place of the scenario in a real process on this kernel, stopped; again: back",
	  do_real },
	{ "picker", NULL, "choose another process", do_picker },
	{ "sentence", NULL, "the sentence at the bottom in full, over the foot of the room, or cut", do_sentence },
	{ "mouse", NULL, "mouse on or off", do_mouse },
	{ "redraw", NULL, "draw everything again", do_redraw },
	{ "suspend", NULL, "to the shell and back (fg)", do_suspend },
	{ "quit", NULL, "leave", do_quit },
	{ NULL, NULL, NULL, NULL },
};

static bool is_common(const char *name)
{
	for (const struct view_command *c = common_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return true;
	return false;
}

static bool some_view_has(const char *name)
{
	for (int i = 0; views[i]; i++)
		if (view_has(views[i], name))
			return true;
	return false;
}

/* What is asked for is one of a few: they are laid out. */
static void choose_argument(struct app *app, const struct source_command *c)
{
	const struct snapshot *snap = session_snapshot(app->session);
	struct chooser *ch = &app->chooser;

	chooser_open(app, c->help);
	add_command(app, views[frame_focus(app)]->name, c->name, c->args, "");
	/* Of kernels, the one that plays already is hardly meant. */
	for (size_t i = 0; snap && snap->machine && i < ch->n; i++) {
		const char *arg = ch->items[i].command + strlen(c->name);

		if (*arg != ' ' || strcmp(arg + 1, snap->machine->profile))
			continue;
		free(ch->items[i].about);
		ch->items[i].about = xstrdup("plays now");
		ch->selected = i == 0 && ch->n > 1;
	}
}

static bool run_source_command(struct app *app, const char *name, const char *arg)
{
	for (const struct source_command *c = session_commands(app->session); c->name; c++)
		if (!strcmp(c->name, name) && c->asks && !*arg) {
			if (c->args && strchr(c->args, '|'))
				choose_argument(app, c);
			else
				prompt_open_source(app, c);
			return true;
		}
	if (!session_command(app->session, name, arg, NULL))
		return false;
	/* What has a room of its name is answered there. */
	if (view_index(name) >= 0)
		session_set_room(app->session, view_index(name));
	return true;
}

void command_run(struct app *app, const char *line)
{
	size_t n = strcspn(line, " ");
	char *name = xstrndup(line, n);
	const char *arg = line[n] ? line + n + 1 : "";
	int focus = frame_focus(app);
	const struct app_command *c = command_find(name);

	app->dirty = true;
	if (views[focus]->command &&
	    views[focus]->command(app->states[focus], app->session, name, arg))
		goto out;
	if (c)
		c->run(app, arg);
	else if (run_source_command(app, name, arg))
		app->next_tick_ns = 0;
	else if (!is_common(name))
		session_say(app->session, some_view_has(name) ? "'%s' does nothing in this room" :
			    "there is no command '%s'", name);
out:
	free(name);
}
