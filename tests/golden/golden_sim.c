/* SPDX-License-Identifier: GPL-2.0-or-later
 * Golden rooms of the simulated machine: a scenario, the keys a person pressed, and the room
 * that is open then, at the sizes it has on terminals of 80x24, 132x43 and 200x60.
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
	{ 18, 56, false }, { 37, 99, false }, { 54, 159, false }, { 18, 56, true },
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
	{ "stepping", { ">", ">", ".", ".", "." } },
	{ "path", { ">", ">", ".", ".", ".", ".", ".", ".", "d" } },
	{ "path-done", { ">", ">", ">", "d", "Down", "Down", "Down" } },
	{ "path-back", { ">", ">", ">", ",", ",", "d" } },
	{ "growth-event", { ":", "text:event growth", "Enter", "d" } },
	{ "signal-event", { ":", "text:event signal", "Enter", "d" } },
	{ "walk", { ">", ">", "w" } },
	{ "walk-from-stack", { ">", ">", "3", "w" } },
	{ "walk-half", { ">", "]", "Right", "Right", "Right", "Right", "Right", "Right", "w" } },
	{ "frames", { ">", ">", "b" } },
	{ "frames-block", { ">", ">", "b", "Enter" } },
	{ "fork", { ">", ">", ">", ">", ">", "c" } },
	{ "copied", { ")", "c" } },
	{ "events-of-two", { ")", "6" } },
	{ "compare-none", { "A" } },
	{ "compare-next", { "C", "Enter" } },
	{ "compare", { "C", "text:5.10", "Enter" } },
	{ "compare-stepped", { "C", "text:i386", "Enter", "D", "Right", "Right" } },
	{ "contexts", { "x" } },
	{ "contexts-from-stack", { "8", "x" } },
	{ "typing", { ">", "i", "text:touch A q", "Enter" } },
	{ "typed", { ">", "i", "text:touch A 2p w", "Enter", "Esc" } },
	{ "edited", { ">", ">", "e", "C-u", "text:touch A r", "Enter" } },
};

/* The same in kernel.scn. */
static const struct script kernel_scripts[] = {
	{ "kstack-irq", { ">", ">", ">", ">", "8" } },
	{ "kstack-shared", { ">", ">", ">", ">", ">", ">", ">", ">", ">", "8" } },
	{ "tasks-asleep", { ">", ">", ">", ">", ">", ">", "9" } },
	{ "path-switch", { ">", ">", ">", ">", ">", ">", "d" } },
	{ "oops", { ")" } },
};

/* Stacks in contexts.scn; masking sp, and an overflow, in mask.scn. */
static const struct script contexts_scripts[] = {
	{ "contexts-irq", { ">", ">", ">", ">", ">", ">", "x" } },
	{ "contexts-shared", { ")", "x", "Up" } },
	{ "cpu-shared", { ")", "U" } },
	{ "cpu", { ">", ">", ">", ">", ">", ">", "U" } },
};

/* Physical memory in pieces.scn: a block was split, joined; nothing is left but single frames. */
static const struct script pieces_scripts[] = {
	{ "frames-split", { ">", ">", "b" } },
	{ "frames-joined", { ">", ">", ">", "b" } },
	{ "frames-stacks", { ">", ">", ">", ">", ">", "b", "Enter", "Enter", "Enter" } },
	{ "frames-pieces", { ">", ">", ">", ">", ">", "b", "Enter" } },
};
/* What is told behind the last line of told.scn is seen at its end. */
static const struct script told_scripts[] = {
	{ "told", { ")" } },
};

/* The index of VMAs, and mm_struct as an old kernel has it. */
static const struct script index_scripts[] = {
	{ "index", { ")", "I" } },
	{ "index-rb", { ":", "text:profile", "Enter", "text:3.10", "Enter", ")", "I" } },
	{ "fields", { ":", "text:profile", "Enter", "text:2.6", "Enter", "5", "End" } },
};
static const struct script mask_scripts[] = {
	{ "cpu-mask", { ">", ">", ">", ">", "U" } },
	{ "contexts-trampled", { ">", ">", ">", ">", ">", "x" } },
};

/* A kernel of 32 bits with the guard page inside, in i386.scn. */
static const struct script i386_scripts[] = {
	{ "i386-source", { ">" } },
	{ "i386-stack", { ">", ">", ">", ">", "3" } },
	{ "i386-walk", { ">", ">", ">", ">", "w" } },
	{ "i386-counters", { ">", ">", ">", ">", "5", "End" } },
	{ "i386-path", { ">", ">", ">", ".", ".", ".", ".", "d" } },
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

static void draw(struct app *app, struct canvas *c, struct buf *sentence)
{
	int room = session_room(app->session);

	canvas_clear(c);
	views[room]->draw(app->states[room], app->session, c);
	buf_reset(sentence);
	if (views[room]->heading)
		views[room]->heading(app->states[room], app->session, sentence);
	buf_addc(sentence, '\n');
	if (views[room]->describe)
		views[room]->describe(app->states[room], app->session, sentence);
	buf_addc(sentence, '\n');
	if (app->prompt.kind)
		buf_addf(sentence, "asked: %s, column %u: %s\n", buf_str(&app->prompt.text), app->prompt.error.column,
			 app->prompt.error.message);
}

static void picture(struct buf *out, const char *scenario, const struct script *s, int rows, int cols, bool ascii, bool styled)
{
	struct canvas *c = canvas_create(rows, cols, ascii);
	struct buf sentence = BUF_INIT;
	struct app_options options = { .proc_root = "/nonexistent", .interval = 0.1 };
	const char *srcdir = getenv("srcdir");
	struct source_want want = { .budget_ns = 0 };
	char *name = xasprintf("sim:%s/tests/golden/%s", srcdir ? srcdir : ".", scenario);
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
	app.canvas = canvas_create(24, 80, ascii);
	error_destroy(session_tick(app.session, &want));
	frame_compose(&app);		/* the keys go to the room that was drawn */
	draw(&app, c, &sentence);
	for (const char *const *k = s->keys; *k; k++) {
		press(&app, *k);
		frame_compose(&app);
		draw(&app, c, &sentence);
	}
	buf_addf(out, "==== %s, %dx%d%s\n", s->name, cols, rows, ascii ? ", ASCII" : "");
	if (styled)
		term_text_styled(out, c);
	else
		term_text(out, c);
	buf_adds(out, buf_str(&sentence));
	buf_free(&sentence);
	canvas_destroy(c);
	app_deinit(&app);
}

static int compare(const char *scenario, const struct script *list, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++) {
		char *name = xasprintf("sim-%s", list[i].name);
		struct buf have = BUF_INIT;

		for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
			picture(&have, scenario, &list[i], sizes[k].rows, sizes[k].cols, sizes[k].ascii,
				k == 0);
		failed += golden_check(name, &have);
		buf_free(&have);
		free(name);
	}
	return failed;
}

int main(void)
{
	const struct { const char *scenario; const struct script *list; size_t n; } all[] = {
		{ "lesson.scn", scripts, ARRAY_LEN(scripts) },
		{ "kernel.scn", kernel_scripts, ARRAY_LEN(kernel_scripts) },
		{ "contexts.scn", contexts_scripts, ARRAY_LEN(contexts_scripts) },
		{ "index.scn", index_scripts, ARRAY_LEN(index_scripts) },
		{ "pieces.scn", pieces_scripts, ARRAY_LEN(pieces_scripts) },
		{ "told.scn", told_scripts, ARRAY_LEN(told_scripts) },
		{ "mask.scn", mask_scripts, ARRAY_LEN(mask_scripts) },
		{ "i386.scn", i386_scripts, ARRAY_LEN(i386_scripts) },
	};
	size_t n = 0;
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		failed += compare(all[i].scenario, all[i].list, all[i].n);
		n += all[i].n;
	}
	printf("%zu goldens, %d differ\n", n, failed);
	return failed != 0;
}
