/* SPDX-License-Identifier: GPL-2.0-or-later
 * Golden screens of the views: every view on every scene that is worth a look, at the
 * sizes its room has on terminals of 80x24, 132x43 and 200x60, and the strip.
 *
 * Compares with tests/golden/VIEW-SCENE.txt under $srcdir; with UPDATE_GOLDEN set it
 * writes them. With arguments VIEW SCENE [ROWS COLS [COMMAND...]] it shows one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/term.h"
#include "mmscope/view.h"
#include "tests/golden/golden.h"
#include "tests/golden/scene.h"

static const struct { int rows, cols; bool ascii; } sizes[] = {
	{ 20, 24, false }, { 18, 56, false }, { 38, 100, false }, { 55, 170, false },
		{ 18, 56, true },
};

static const struct golden {
	const char *view, *scene, *name;
	const char *commands[6];	/* "down", "sort rss" ... before it is drawn */
} goldens[] = {
	{ "map", "shell", "map-shell", { NULL } },
	{ "map", "shell", "map-shell-zoomed", { "zoom-in" } },
	{ "map", "shell", "map-shell-page", { "zoom-in", "zoom-in" } },
	{ "map", "shell", "map-shell-flipped", { "flip", "down" } },
	{ "map", "growing", "map-growing", { NULL } },
	{ "map", "threads", "map-threads", { "down", "down", "down" } },
	{ "map", "hostile", "map-hostile", { NULL } },
	{ "map", "closed", "map-closed", { NULL } },
	{ "map", "kthread", "map-kthread", { NULL } },
	{ "map", "denied", "map-denied", { NULL } },
	{ "map", "ended", "map-ended", { NULL } },
	{ "table", "shell", "table-shell", { NULL } },
	{ "table", "smaps", "table-smaps", { "sort pss" } },
	{ "table", "shell", "table-shell-rss", { "sort rss", "down" } },
	{ "table", "shell", "table-shell-role", { "role rodata" } },
	{ "table", "growing", "table-growing", { NULL } },
	{ "table", "hostile", "table-hostile", { NULL } },
	{ "table", "denied", "table-denied", { NULL } },
	{ "pages", "shell", "pages-shell", { NULL } },
	{ "pages", "growing", "pages-growing", { NULL } },
	{ "pages", "growing", "pages-growing-lowest", { "bottom" } },
	{ "pages", "growing", "pages-growing-page", { "down", "enter" } },
	{ "pages", "denied", "pages-denied", { NULL } },
	{ "stack", "shell", "stack-shell", { "up" } },
	{ "stack", "growing", "stack-growing", { NULL } },
	{ "stack", "threads", "stack-thread", { "right", "right" } },
	{ "stack", "kthread", "stack-kthread", { NULL } },
	{ "stack", "frames", "stack-frames", { "up", "up", "up", "up" } },
	{ "stack", "frames", "stack-words", { "words", "up", "up" } },
	{ "threads", "threads", "threads-threads", { "down" } },
	{ "threads", "threads", "threads-threads-used", { "sort used", "bottom" } },
	{ "threads", "hostile", "threads-hostile", { NULL } },
	{ "threads", "kthread", "threads-kthread", { NULL } },
	{ "kstack", "threads", "kstack-sleeping", { "down", "down" } },
	{ "kstack", "threads", "kstack-running", { "right", "bottom" } },
	{ "kstack", "threads", "kstack-wchan", { "right", "right" } },
	{ "kstack", "shell", "kstack-none", { NULL } },
	{ "tasks", "threads", "tasks-threads", { "down" } },
	{ "tasks", "threads", "tasks-high", { "sort high", "bottom" } },
	{ "tasks", "shell", "tasks-none", { NULL } },
	{ "counters", "growing", "counters-growing", { NULL } },
	{ "counters", "shell", "counters-shell", { "bottom", "up" } },
	{ "counters", "denied", "counters-denied", { NULL } },
	{ "counters", "kthread", "counters-kthread", { NULL } },
	{ "events", "growing", "events-growing", { NULL } },
	{ "events", "growing", "events-growing-up", { "up", "up" } },
	{ "events", "ended", "events-ended", { NULL } },
};

struct stage {
	struct session *s;
	const struct view *view;
	void *state;
};

static void stage_open(struct stage *g, const char *view, const char *scene)
{
	g->s = scene_play(scene);
	g->view = views[view_index(view)];
	g->state = xcalloc(1, g->view->state_size);
	session_set_room(g->s, view_index(view));
}

static void stage_close(struct stage *g)
{
	if (g->view->fini)
		g->view->fini(g->state);
	free(g->state);
	session_destroy(g->s);
}

static void draw(struct stage *g, struct canvas *c)
{
	canvas_clear(c);
	g->view->draw(g->state, g->s, c);
}

static void run_command(struct stage *g, const char *line)
{
	char *name = xstrdup(line), *arg = strchr(name, ' ');

	if (arg)
		*arg++ = '\0';
	g->view->command(g->state, g->s, name, arg ? arg : "");
	free(name);
}

static void describe(struct stage *g, struct buf *out)
{
	ssize_t i = session_vma(g->s);

	buf_adds(out, "heading: ");
	if (g->view->heading)
		g->view->heading(g->state, g->s, out);
	else
		buf_adds(out, g->view->title);
	buf_adds(out, "\nsentence: ");
	if (g->view->describe)
		g->view->describe(g->state, g->s, out);
	else if (i >= 0)
		describe_page(g->s, session_addr(g->s), out);
	if (session_said(g->s))
		buf_addf(out, "\nsaid: %s", session_said(g->s));
	buf_adds(out, "\n");
}

static void picture(struct buf *out, const char *view, const char *scene,
		    const char *const *commands, int rows, int cols, bool ascii, bool styled)
{
	struct canvas *c = canvas_create(rows, cols, ascii);
	struct source_want want = { 0 };
	struct stage g;

	stage_open(&g, view, scene);
	draw(&g, c);
	for (; *commands; commands++) {
		run_command(&g, *commands);
		draw(&g, c);
	}
	if (g.view->want)
		g.view->want(g.state, g.s, &want);
	buf_addf(out, "==== %s, %s, %d rows, %d columns%s\n", view, scene, rows, cols,
		 ascii ? ", ASCII" : "");
	if (styled)
		term_text_styled(out, c);
	else
		term_text(out, c);
	describe(&g, out);
	stage_close(&g);
	canvas_destroy(c);
}

static int check(const struct golden *g)
{
	struct buf have = BUF_INIT;
	int failed;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		picture(&have, g->view, g->scene, g->commands, sizes[i].rows, sizes[i].cols,
			sizes[i].ascii, true);
	failed = golden_check(g->name, &have);
	buf_free(&have);
	return failed;
}

static int show(int argc, char **argv)
{
	const char *none[] = { NULL };
	struct buf out = BUF_INIT;

	if (argc >= 5)
		picture(&out, argv[1], argv[2], (const char *const *)argv + 5, atoi(argv[3]),
			atoi(argv[4]), false, getenv("STYLED") != NULL);
	for (size_t i = 0; argc < 5 && i < ARRAY_LEN(sizes); i++)
		picture(&out, argv[1], argv[2], none, sizes[i].rows, sizes[i].cols, sizes[i].ascii,
			false);
	fputs(buf_str(&out), stdout);
	buf_free(&out);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc >= 3)
		return show(argc, argv);
	for (size_t i = 0; i < ARRAY_LEN(goldens); i++)
		failed += check(&goldens[i]);
	printf("%zu goldens, %d differ\n", ARRAY_LEN(goldens), failed);
	return failed != 0;
}
