/* SPDX-License-Identifier: GPL-2.0-or-later
 * Golden frames: the whole screen after keys, without a terminal. Each script is a scene
 * and the keys a person pressed; it is drawn at 80x24, 132x43 and 200x60, one in ASCII.
 *
 * Compares with tests/golden/frame-SCRIPT.txt under $srcdir; with UPDATE_GOLDEN set it
 * writes them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/text.h"
#include "tests/golden/golden.h"
#include "tests/golden/scene.h"
#include "ui/app/app.h"

static const struct { int rows, cols; bool ascii; } sizes[] = {
	{ 24, 80, false }, { 43, 132, false }, { 60, 200, false }, { 24, 80, true },
};

/* Keys by name, one after the other; "text:..." types; "click:ROW,COL" and "twice:ROW,COL" are of
 * the mouse, with places as at 80x24; after "hurry" no frame is drawn until all have come. */
static const struct script {
	const char *name, *scene;
	const char *keys[12];
} scripts[] = {
	{ "start", "shell", { NULL } },
	{ "growing", "growing", { NULL } },
	{ "pages", "growing", { "2" } },
	{ "map-has-keys", "shell", { "m", "Down", "Down" } },
	{ "zoomed", "shell", { "Down", "Enter", "Enter" } },
	{ "help", "shell", { "?", "text:page" } },
	{ "help-closed", "shell", { "5", "?", "Enter", ":", "Enter" } },
	{ "palette", "shell", { ":", "text:sort", "Down" } },
	{ "palette-best", "shell", { ":", "text:filter" } },
	{ "palette-key", "shell", { ":", "text:stack" } },
	{ "palette-runs", "shell", { ":", "text:room pages", "Enter" } },
	{ "palette-role", "shell", { ":", "text:role bogus", "Enter" } },
	{ "palette-typed", "shell", { ":", "text:goto heap", "Enter" } },
	{ "palette-wrong", "shell", { ":", "text:nonsense 7", "Enter" } },
	{ "key-unbound", "shell", { "i" } },
	{ "lessons", "shell", { ":", "text:lessons", "Enter", "text:stack of a task" } },
	{ "filter", "shell", { "&", "text:libc rss>4k" } },
	{ "filter-wrong", "shell", { "&", "text:path~li(bc" } },
	{ "filter-left", "shell", { "&", "text:libc", "Esc" } },
	{ "filter-none", "shell", { "&", "text:zzz", "Enter" } },
	{ "filter-accepted", "shell", { "&", "text:role=heap", "Enter" } },
	{ "filter-of-events", "growing", { "6", "&", "text:rss>4k" } },
	{ "filter-at-once", "growing", { "hurry", "6", "1", "&", "text:role=heap", "Enter" } },
	{ "find", "shell", { "/", "text:heap", "Enter" } },
	{ "find-of-threads", "threads", { "4", "/", "text:syscall=futex rss>30k", "Enter" } },
	{ "find-of-events", "growing", { "6", "/", "text:type=grew-down", "Enter", "N" } },
	{ "find-elsewhere", "threads", { "4", "/", "text:syscall=futex rss>30k", "Enter", "1", "n" } },
	{ "click-head", "shell", { "click:2,42" } },
	{ "click-head-again", "threads", { "4", "click:2,62", "click:2,62" } },
	{ "click-list", "shell", { ":", "text:room", "click:7,20", "twice:7,20" } },
	{ "click-footer", "shell", { "click:23,4" } },
	{ "goto", "shell", { "g", "text:0x10", "Enter" } },
	{ "goto-mapped", "shell", { "g", "text:0x55d1a1f01234", "Enter" } },
	{ "goto-stack", "shell", { "g", "text:7ffd1c2e1234", "Enter" } },
	{ "goto-undone", "shell", { "Down", "Down", "g", "text:7ffd1c2e1234", "Enter", "u" } },
	{ "goto-top", "shell", { "g", "text:0xffffffffffffffff", "Enter", "2" } },
	{ "goto-wrong", "shell", { "g", "text:fffffffffffffffff", "Enter" } },
	{ "goto-said", "shell", { "g", "text:nowhere", "Enter", "Down" } },
	{ "role", "shell", { "t" } },
	{ "role-of-events", "growing", { "t", "t", "t", "t", "t", "t", "6" } },
	{ "role-of-threads", "threads", { "t", "t", "t", "t", "t", "t", "t", "4" } },
	{ "undone", "shell", { "t", "2", "u", "u" } },
	{ "paused", "shell", { "Space" } },
	{ "sentence", "shell", { "a", "4" } },
	{ "denied", "denied", { NULL } },
	{ "ended", "ended", { NULL } },
	{ "kthread", "kthread", { NULL } },
	{ "hostile", "hostile", { NULL } },
};

static void type(struct app *app, const char *text)
{
	for (; *text; text++)
		app_input(app, &(struct input){ .type = INPUT_KEY, .key = (unsigned char)*text });
}

static void press(struct app *app, const char *key)
{
	struct input in = { .type = INPUT_KEY };

	if (!strncmp(key, "text:", 5)) {
		type(app, key + 5);
		return;
	}
	in.twice = !strncmp(key, "twice:", 6);
	if (sscanf(key, in.twice ? "twice:%d,%d" : "click:%d,%d", &in.row, &in.col) == 2) {
		in.type = INPUT_MOUSE;
		in.button = MOUSE_LEFT;
		app_input(app, &in);
		return;
	}
	if (!key_parse(key, &in.key)) {
		fprintf(stderr, "no key is called %s\n", key);
		exit(1);
	}
	app_input(app, &in);
}

static void picture(struct buf *out, const struct script *s, int rows, int cols, bool ascii, bool styled)
{
	struct app_options options = { .proc_root = "/nonexistent", .interval = 0.1 };
	bool hurry = s->keys[0] && !strcmp(s->keys[0], "hurry");
	struct app app;

	app_init(&app, &options);
	app.session = scene_play(s->scene);
	session_set_room(app.session, view_index("table"));
	app.ended_ns = clock_now_ns();
	app.canvas = canvas_create(rows, cols, ascii);
	frame_compose(&app);
	for (const char *const *k = s->keys + hurry; *k; k++) {
		press(&app, *k);
		if (!hurry || !k[1])
			frame_compose(&app);
	}
	/* None of these keys leaves: whoever presses Enter on a list that is just open stays. */
	if (app.quit) {
		fprintf(stderr, "%s leaves the program\n", s->name);
		exit(1);
	}
	buf_addf(out, "==== %s on %s, %dx%d%s\n", s->name, s->scene, cols, rows, ascii ? ", ASCII" : "");
	if (styled)
		term_text_styled(out, app.canvas);
	else
		term_text(out, app.canvas);
	app_deinit(&app);
}

static int check(const struct script *s)
{
	char *name = xasprintf("frame-%s", s->name);
	struct buf have = BUF_INIT;
	int failed;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		picture(&have, s, sizes[i].rows, sizes[i].cols, sizes[i].ascii, i == 0);
	failed = golden_check(name, &have);
	buf_free(&have);
	free(name);
	return failed;
}

/* A filter that was typed and left is no change: undo brings back the change before it. */
static int check_undo_after_left(void)
{
	static const struct script left = { "undo", "shell", { "t", "&", "text:zz", "Esc", "u" } },
				   without = { "undo", "shell", { "t", "u" } };
	struct buf have = BUF_INIT, want = BUF_INIT;
	int failed;

	picture(&have, &left, 24, 80, false, false);
	picture(&want, &without, 24, 80, false, false);
	failed = strcmp(buf_str(&have), buf_str(&want)) != 0;
	if (failed)
		fprintf(stderr, "a filter that was left takes a step of undo:\n%s", buf_str(&have));
	buf_free(&have);
	buf_free(&want);
	return failed;
}

/* Every key that help lists says what it does. */
static int check_help_says(void)
{
	struct app_options options = { .proc_root = "/nonexistent", .interval = 0.1 };
	struct app app;
	int silent = 0;

	app_init(&app, &options);
	app.session = scene_play("shell");
	app.canvas = canvas_create(24, 80, false);
	frame_compose(&app);
	press(&app, "?");
	for (size_t i = 0; i < app.chooser.n; i++)
		if (!*app.chooser.items[i].about) {
			fprintf(stderr, "help does not say what '%s' does: %s\n",
				app.chooser.items[i].key, app.chooser.items[i].name);
			silent++;
		}
	app_deinit(&app);
	return silent;
}

/* Who was chosen from the list, and ended before the first sample, leads back to the list. */
static int check_ended_choice(void)
{
	struct app_options options = { .proc_root = "/proc", .interval = 0.1 };
	pid_t pid = fork();
	struct app app;
	bool ok;

	if (pid == 0)
		for (;;)
			pause();
	app_init(&app, &options);
	app.session = session_create(NULL);
	app.canvas = canvas_create(24, 80, false);
	app_pick(&app);
	app_open(&app, pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	app_tick(&app);
	ok = app.picking && !app.quit && session_said(app.session);
	if (!ok)
		fprintf(stderr, "a process that has ended before its first sample ends the program\n");
	app_deinit(&app);
	return !ok;
}

/* A terminal that is too small gets one line that says what it needs, at any size. */
static int check_small(void)
{
	static const struct script s = { "small", "shell", { NULL } };
	bool ok = true;

	for (int rows = 1; rows < MIN_ROWS; rows += 3)
		for (int cols = 1; cols < MIN_COLS; cols += 7) {
			struct buf b = BUF_INIT;

			picture(&b, &s, rows, cols, false, false);
			ok &= cols < 12 || strstr(buf_str(&b), "too small") != NULL;
			buf_free(&b);
		}
	if (!ok)
		printf("a terminal that is too small is not told so\n");
	return !ok;
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		failed += check(&scripts[i]);
	failed += check_small();
	failed += check_undo_after_left();
	failed += check_help_says();
	failed += check_ended_choice();
	printf("%zu goldens, %d differ\n", ARRAY_LEN(scripts), failed);
	return failed != 0;
}
