/* SPDX-License-Identifier: GPL-2.0-or-later
 * The room of what `mmscope run` started: the last lines of its output.
 */
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/child.h"
#include "mmscope/view.h"

struct output {
	int back;		/* lines scrolled up from the end */
	int rows;
};

static void output_draw(void *state, const struct session *s, struct canvas *c)
{
	struct output *o = state;
	struct child *child = session_child(s);
	int rows = canvas_rows(c), n, first;

	o->rows = rows;
	if (!child) {
		canvas_wrap(c, (struct rect){ 1, 2, 3, canvas_cols(c) - 4 }, STYLE(WHY),
			    "The output of a program that mmscope started stands here: mmscope run COMMAND.");
		return;
	}
	n = (int)child_lines(child);
	if (o->back > n - rows)
		o->back = n > rows ? n - rows : 0;
	first = n - rows - o->back;
	if (first < 0)
		first = 0;
	for (int i = 0; i < rows && first + i < n; i++)
		canvas_put(c, i, 1, STYLE(TEXT), child_line(child, (size_t)(first + i)));
	if (!n)
		canvas_put(c, 0, 1, STYLE(DIM), "no output yet");
	canvas_cursor(c, n - first - 1 < rows && n > 0 ? n - first - 1 : 0, 0);
}

static const struct { const char *name; int lines, pages; } moves[] = {
	{ "up", 1, 0 }, { "down", -1, 0 }, { "page-up", 0, 1 }, { "page-down", 0, -1 },
	{ "top", 100000, 0 }, { "bottom", -100000, 0 },
};

static bool output_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct output *o = state;

	(void)s;
	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		if (strcmp(moves[i].name, name))
			continue;
		o->back += moves[i].lines + moves[i].pages * (o->rows - 1);
		if (o->back < 0)
			o->back = 0;
		return true;
	}
	return false;
}

static void output_describe(void *state, const struct session *s, struct buf *out)
{
	(void)state;
	if (!session_child(s))
		return;
	buf_adds(out, "The program writes to a terminal of its own, not to yours; it ends with mmscope. "
		 "exec is followed; what it forks is not: choose it in the picker.");
}

const struct view view_output = {
	.name = "output",
	.title = "output",
	.about = "the last lines of what `mmscope run` started wrote",
	.state_size = sizeof(struct output),
	.draw = output_draw,
	.command = output_command,
	.describe = output_describe,
};
