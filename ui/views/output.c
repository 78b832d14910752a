/* SPDX-License-Identifier: GPL-2.0-or-later
 * The room of what `mmscope run` started: the last lines of its output.
 */
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/child.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"

struct output {
	int back;		/* lines scrolled up from the end */
	int rows;
};

/* Rows that a line takes; an empty one takes its row too. */
static int height_of(struct child *child, int line, int cols)
{
	return imax(canvas_wrap_rows(cols, child_line(child, (size_t)line)), 1);
}

/* How many lines fit, from `line` on in the direction of `way`; a long one that does not is one. */
static int fitting(struct child *child, int line, int way, int n, struct rect room)
{
	int used = 0, lines = 0;

	for (; line >= 0 && line < n; line += way, lines++) {
		used += height_of(child, line, room.cols);
		if (used > room.rows)
			break;
	}
	return lines || !n ? lines : 1;
}

static void output_draw(void *state, const struct session *s, struct canvas *c)
{
	struct output *o = state;
	struct child *child = session_child(s);
	struct rect room = { 0, 1, canvas_rows(c), canvas_cols(c) - 2 };
	int n, last, cursor = 0;

	o->rows = room.rows;
	if (!child) {
		canvas_wrap(c, (struct rect){ 1, 2, 3, canvas_cols(c) - 4 }, STYLE(WHY),
			    "The output of a program that mmscope started stands here: mmscope run COMMAND.");
		return;
	}
	n = (int)child_lines(child);
	if (!n)
		canvas_put(c, 0, 1, STYLE(DIM), "no output yet");
	/* Scrolled no further than to where the first lines fill the room. */
	o->back = imin(o->back, n - fitting(child, 0, 1, n, room));
	last = n - o->back;
	for (int i = last - fitting(child, last - 1, -1, n, room); i < last && room.rows > 0; i++) {
		int used = imax(canvas_wrap(c, room, STYLE(TEXT), child_line(child, (size_t)i)), 1);

		cursor = room.row;
		room.row += used;
		room.rows -= used;
	}
	canvas_cursor(c, cursor, 0);
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
	const struct output *o = state;

	if (!session_child(s))
		return;
	if (o->back)
		buf_addf(out, "%d newer line%s below: End goes there. ", o->back, plural((uint64_t)o->back));
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
