/* SPDX-License-Identifier: GPL-2.0-or-later
 * Golden frames of the simulated machine: a scenario, and the keys a person pressed.
 *
 * Compares with tests/golden/sim-SCRIPT.txt under $srcdir; with UPDATE_GOLDEN set it
 * writes them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "tests/golden/golden.h"
#include "ui/app/app.h"

static const struct { int rows, cols; bool ascii; } sizes[] = {
	{ 24, 80, false }, { 43, 132, false }, { 60, 200, false }, { 24, 80, true },
};

/* Keys by name, one after the other; "text:..." types. */
static const struct script {
	const char *name;
	const char *keys[16];
} scripts[] = {
	{ "start", { NULL } },
	{ "narrated", { ">", ">", ">" } },
	{ "mistaken", { ">", ">", ">", ">" } },
	{ "guessing", { "v", ">" } },
	{ "exec", { ",", ",", ",", "d" } },
	{ "path", { ">", ">", ".", ".", ".", ".", ".", ".", "d" } },
	{ "path-done", { ">", ">", ">", "d", "Down", "Down", "Down" } },
	{ "path-back", { ">", ">", ">", ",", ",", "d" } },
	{ "growth-event", { ":", "text:event growth", "Enter", "d" } },
	{ "signal-event", { ":", "text:event signal", "Enter", "d" } },
	{ "walk", { ">", ">", "w" } },
	{ "walk-half", { ">", "]", "Right", "Right", "Right", "Right", "Right", "Right", "w" } },
	{ "frames", { ">", ">", "b" } },
	{ "frames-block", { ">", ">", "b", "Enter" } },
	{ "fork", { ">", ">", ">", ">", ">", "c" } },
	{ "copied", { ")", "c" } },
	{ "stack", { ">", ">", ">", "3" } },
	{ "back-to-start", { ")", "(", "3" } },
	{ "typing", { ">", "i", "text:touch A q", "Enter" } },
	{ "typed", { ">", "i", "text:touch A 2p w", "Enter", "Esc" } },
	{ "edited", { ">", ">", "e", "C-u", "text:touch A r", "Enter" } },
	{ "help", { "?" } },
};

static void type(struct app *app, const char *text)
{
	for (; *text; text++)
		app_input(app, &(struct input){ .type = INPUT_KEY, .key = (unsigned char)*text });
}

static void press(struct app *app, const char *key)
{
	struct input in = { .type = INPUT_KEY };
	struct source_want want = { .budget_ns = 0 };

	if (!strncmp(key, "text:", 5)) {
		type(app, key + 5);
	} else if (!key_parse(key, &in.key)) {
		fprintf(stderr, "no key is called %s\n", key);
		exit(1);
	} else {
		app_input(app, &in);
	}
	error_destroy(session_tick(app->session, &want));
}

static void picture(struct buf *out, const struct script *s, int rows, int cols, bool ascii, bool styled)
{
	struct app_options options = { .proc_root = "/nonexistent", .interval = 0.1 };
	const char *srcdir = getenv("srcdir");
	struct source_want want = { .budget_ns = 0 };
	char *name = xasprintf("sim:%s/tests/golden/lesson.scn", srcdir ? srcdir : ".");
	struct source *src = NULL;
	struct error *err = source_open(name, &(struct source_options){ .proc_root = "/proc" }, &src);
	struct app app;

	if (err) {
		fprintf(stderr, "%s\n", err->message);
		exit(1);
	}
	free(name);
	app_init(&app, &options);
	app.session = session_create(src);
	session_set_room(app.session, view_index("scenario"));
	app.canvas = canvas_create(rows, cols, ascii);
	error_destroy(session_tick(app.session, &want));
	frame_compose(&app);
	for (const char *const *k = s->keys; *k; k++) {
		press(&app, *k);
		frame_compose(&app);
	}
	buf_addf(out, "==== %s, %dx%d%s\n", s->name, cols, rows, ascii ? ", ASCII" : "");
	if (styled)
		term_text_styled(out, app.canvas);
	else
		term_text(out, app.canvas, NULL, DEPTH_MONO);
	app_deinit(&app);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		char *name = xasprintf("sim-%s", scripts[i].name);
		struct buf have = BUF_INIT;

		for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
			picture(&have, &scripts[i], sizes[k].rows, sizes[k].cols, sizes[k].ascii, k == 0);
		failed += golden_check(name, &have);
		buf_free(&have);
		free(name);
	}
	printf("%zu goldens, %d differ\n", ARRAY_LEN(scripts), failed);
	return failed != 0;
}
