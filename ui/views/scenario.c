/* SPDX-License-Identifier: GPL-2.0-or-later
 * The scenario: the text with the line in hand, what was said, predicted and what came.
 */
#include <stdio.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

struct scenario_state {
	int top, sel, page;
	size_t op;			/* of the last drawing: the selection follows */
	bool complete, drawn;
	const struct script *script;	/* compared only */
	int at[200];			/* line drawn in each row, for clicks */
};

struct room {				/* for heights */
	struct canvas *c;
	const struct machine *m;
};

static bool is_done(const struct machine *m, const struct script_line *l)
{
	return l->kind == LINE_OPERATION && l->op <= machine_done(m);
}

static const char *comment_of(const struct script_line *l)
{
	const char *hash = l->kind == LINE_OPERATION ? strchr(l->text, '#') : NULL;

	return hash ? hash : "";
}

/* "=> ok minflt=1", or what hides it. */
static void prediction_of(const struct machine *m, const struct script_line *l, struct buf *out)
{
	if (!*l->prediction)
		return;
	if (m->predictions_hidden && !is_done(m, l))
		buf_adds(out, "=> ? your guess");
	else
		buf_addf(out, "=> %s", l->prediction);
}

enum { GUTTER = 3, WHERE_COLS = 40 /* "operation 12 of 24 · decision 105 of 290" */ };

static int result_width(const struct machine *m, const struct script_line *l)
{
	return is_done(m, l) ? text_width(l->result) + 4 : 0;
}

/* The prediction has a row of its own where it does not fit behind the operation. */
static bool two_rows(const struct machine *m, const struct script_line *l, int cols)
{
	struct buf b = BUF_INIT;
	int width;

	prediction_of(m, l, &b);
	width = GUTTER + text_width(l->operation) + 2 + text_width(buf_str(&b)) + result_width(m, l);
	buf_free(&b);
	return *l->prediction && width > cols;
}

static int height_of(void *ctx, int i)
{
	const struct room *r = ctx;
	const struct script_line *l = &r->m->script->lines[i];
	int cols = canvas_cols(r->c), rows = 1;

	if (l->kind == LINE_SAY)
		return inside_height(r->c, l->operation, cols - GUTTER - 1);
	if (l->kind != LINE_OPERATION)
		return 1;
	rows += two_rows(r->m, l, cols);
	if (is_done(r->m, l) && *l->mistake)
		rows += inside_height(r->c, l->mistake, cols - GUTTER - 4);
	return rows;
}

static struct style result_style(const struct script_line *l)
{
	if (!strcmp(l->result, "ok"))
		return STYLE(GOOD);
	return !strncmp(l->result, "SIG", 3) ? STYLE(ERROR) : STYLE(WARN);
}

static int draw_operation(const struct machine *m, struct canvas *c, int row, const struct script_line *l)
{
	bool done = is_done(m, l), hand = l->op == m->op;
	struct style st = hand ? style_attr(STYLE(STRONG), ATTR_BOLD) : done ? STYLE(TEXT) : STYLE(DIM);
	int cols = canvas_cols(c), end = cols - 1, col, used = 1;
	bool below = two_rows(m, l, cols);
	struct buf b = BUF_INIT;

	prediction_of(m, l, &b);
	if (hand)
		canvas_ch(c, row, 1, style_attr(STYLE(SP), ATTR_BOLD), m->complete ? 0x25a0 /* ■ */ : 0x25b6 /* ▶ */);
	else if (l->typed)
		canvas_ch(c, row, 1, STYLE(DIM), '+');
	if (done)
		end = canvas_right(c, row, end, style_heat(result_style(l), hand ? 3 : 0), l->result) - 2;
	else if (hand)
		end = canvas_right(c, row, end, STYLE(SP), "in hand") - 2;
	canvas_putn(c, row, GUTTER, st, imax(imin(text_width(l->operation), end - GUTTER), 0), l->operation);
	col = below ? GUTTER + 2 : GUTTER + text_width(l->operation) + 2;
	if (*l->prediction) {
		bool wrong = done && *l->mistake;
		int at = row + below;

		col = canvas_put(c, at, col, done ? wrong ? STYLE(ERROR) : STYLE(GOOD) : STYLE(DIM), buf_str(&b));
		if (done)
			canvas_ch(c, at, col + 1, wrong ? STYLE(ERROR) : STYLE(GOOD), wrong ? 0x2717 : 0x2713);
		used += below;
		col += 3;
	}
	if (*comment_of(l) && !below && col + text_width(comment_of(l)) < end)
		canvas_put(c, row, col, STYLE(DIM), comment_of(l));
	if (done && *l->mistake)
		used += canvas_wrap(c, (struct rect){ row + used, GUTTER + 2, 12, cols - GUTTER - 4 }, STYLE(ERROR),
				    l->mistake);
	buf_free(&b);
	return used;
}

/* Narration that was reached, and the one that leads to what comes next, stand out. */
static bool is_past(const struct machine *m, int i)
{
	const struct script *s = m->script;

	while (i >= 0 && s->lines[i].kind != LINE_OPERATION)
		i--;
	return i < 0 || s->lines[i].op <= machine_done(m);
}

static int draw_line(const struct machine *m, struct canvas *c, int row, int i)
{
	const struct script_line *l = &m->script->lines[i];
	bool past = is_past(m, i);

	switch (l->kind) {
	case LINE_OPERATION:
		return draw_operation(m, c, row, l);
	case LINE_SAY:
		return canvas_wrap(c, (struct rect){ row, GUTTER, 12, canvas_cols(c) - GUTTER - 1 },
				   past ? STYLE(TITLE) : STYLE(DIM), l->operation);
	case LINE_PAUSE:
		canvas_put(c, row, GUTTER, STYLE(DIM), "· · · pause · · ·");
		return 1;
	case LINE_UNDER:
		canvas_putn(c, row, GUTTER + 2, STYLE(DIM), canvas_cols(c) - GUTTER - 2,
			    m->predictions_hidden ? "under ... => ? your guess" : l->text);
		return 1;
	case LINE_HEAD: case LINE_BLANK:
		canvas_putn(c, row, GUTTER, STYLE(DIM), canvas_cols(c) - GUTTER, l->text);
		return 1;
	}
	return 1;
}

static int line_in_hand(const struct machine *m)
{
	size_t i;

	if (m->op)
		return (int)script_find(m->script, m->op);
	i = script_find(m->script, 1);
	return i < m->script->nlines && i ? (int)i - 1 : 0;
}

/* A file's own remarks, its licence, stand above what it has to tell. */
static int first_line(const struct script *s)
{
	size_t i = 0;

	while (i < s->nlines && s->lines[i].kind == LINE_BLANK)
		i++;
	return i < s->nlines ? (int)i : 0;
}

static void follow(struct scenario_state *st, const struct machine *m)
{
	if (!st->drawn || st->script != m->script)
		st->top = first_line(m->script);
	if (!st->drawn || st->op != m->op || st->complete != m->complete || st->script != m->script)
		st->sel = line_in_hand(m);
	st->op = m->op;
	st->complete = m->complete;
	st->script = m->script;
	st->drawn = true;
	st->sel = imax(0, imin(st->sel, (int)m->script->nlines - 1));
}

static void draw_status(const struct machine *m, struct canvas *c, int row)
{
	struct buf b = BUF_INIT;
	int end = canvas_cols(c) - 1;

	canvas_hline(c, row, 0, canvas_cols(c), STYLE(BORDER));
	if (m->playing)
		buf_addf(&b, "▶ playing, %g a second", m->speed);
	else if (m->mistakes)
		buf_addf(&b, "%u wrong prediction%s", m->mistakes, plural(m->mistakes));
	else if (m->op && m->op == m->script->nops && m->complete)
		buf_adds(&b, "the end: type a line to go on");
	else if (canvas_cols(c) > text_width(m->proof) + WHERE_COLS)
		buf_adds(&b, m->proof);
	end = canvas_right(c, row + 1, end, m->playing ? STYLE(GOOD) : m->mistakes ? STYLE(ERROR) : STYLE(DIM),
			   buf_str(&b));
	buf_reset(&b);
	inside_where(m, &b);
	canvas_putn(c, row + 1, 1, STYLE(STRONG), imax(end - 2, 0), buf_str(&b));
	buf_free(&b);
}

/* What is told between this line and the next operation is seen with it. */
static int told_until(const struct machine *m, int line)
{
	int n = (int)m->script->nlines, last = line;

	for (int i = line + 1; i < n && m->script->lines[i].kind != LINE_OPERATION; i++)
		if (m->script->lines[i].kind != LINE_BLANK)
			last = i;
	return last;
}

static void scenario_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct scenario_state *st = state;
	struct room r = { c, m };
	int rows = canvas_rows(c) - 2, row = 0, i;

	if (!m)
		return;
	memset(st->at, 0xff, sizeof(st->at));
	follow(st, m);
	st->page = imax(rows - 1, 1);
	draw_status(m, c, rows);
	canvas_push(c, (struct rect){ 0, 0, rows, canvas_cols(c) });
	if (!m->script->nlines) {
		canvas_wrap(c, (struct rect){ 1, GUTTER, 6, canvas_cols(c) - 2 * GUTTER }, STYLE(WHY),
			    "An empty machine with one process. Type a line to run: mmap A 4p rw private anon, "
			    "touch A w, touch stack-300p w, fork ...");
		canvas_cursor(c, 0, 0);
		canvas_pop(c);
		return;
	}
	st->top = imin(st->top, (int)m->script->nlines - 1);
	st->top = imin(inside_scroll(st->top, told_until(m, st->sel), rows, height_of, &r), st->sel);
	st->top = inside_scroll(st->top, st->sel, rows, height_of, &r);
	for (i = st->top; i < (int)m->script->nlines && row < rows; i++) {
		int used = draw_line(m, c, row, i);

		for (int k = row; k < row + used && k < (int)ARRAY_LEN(st->at); k++)
			st->at[k] = i;
		if (i == st->sel) {
			canvas_restyle(c, row, 0, GUTTER, STYLE(SELECT));
			canvas_cursor(c, row, 0);
		}
		row += used;
	}
	canvas_pop(c);
}

static bool go_there(const struct scenario_state *st, struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);
	char n[24];

	if (!snap || !snap->machine || st->sel >= (int)snap->machine->script->nlines)
		return true;
	if (snap->machine->script->lines[st->sel].kind != LINE_OPERATION) {
		session_say(s, "nothing is executed on this line");
		return true;
	}
	snprintf(n, sizeof(n), "%zu", snap->machine->script->lines[st->sel].op);
	session_command(s, "to-operation", n, NULL);
	return true;
}

static bool scenario_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct scenario_state *st = state;

	(void)arg;
	if (!strcmp(name, "enter"))
		return go_there(st, s);
	return list_move(name, &st->sel, st->script ? (int)st->script->nlines : 0, st->page);
}

static void scenario_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct scenario_state *st = state;

	(void)col;
	if (row < 0 || row >= (int)ARRAY_LEN(st->at) || st->at[row] < 0)
		return;
	st->sel = st->at[row];
	if (twice)
		go_there(st, s);
}

/* Before the first operation there is a process already, and how it was made can be seen. */
static const char *before_first(const struct machine *m)
{
	if (m->op)
		return m->script->title;
	return m->complete ? "The process is as exec made it; a step back shows how." :
		"exec makes the process: step through its decisions in the path.";
}

static void scenario_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct scenario_state *st = state;
	const struct machine *m = snap ? snap->machine : NULL;
	const struct script_line *l;

	if (!m || st->sel >= (int)m->script->nlines) {
		buf_addf(out, "Record 0: the process as exec made it. Step back to see how. %s: %s.",
			 m ? m->profile : "", m ? m->proof : "");
		return;
	}
	l = &m->script->lines[st->sel];
	if (l->kind != LINE_OPERATION) {
		buf_addf(out, "Line %d is %s; nothing is executed. %s", st->sel + 1, l->kind == LINE_HEAD ?
			 "of the head" : l->kind == LINE_UNDER ? "what another kernel does" :
			 l->kind == LINE_SAY ? "told" : "no operation", before_first(m));
		return;
	}
	/* What a step changed is told here as well: the text stands still meanwhile. */
	if (!is_done(m, l) && l->op == m->op && m->decision < machine_decisions(m)) {
		buf_addf(out, "Line %d, decision %zu of %zu: ", st->sel + 1, m->decision + 1,
			 machine_decisions(m));
		inside_decision(&m->decisions->v[m->decision], out);
		return;
	}
	buf_addf(out, "Line %d, operation %zu: %s. ", st->sel + 1, l->op, l->operation);
	if (!is_done(m, l))
		buf_adds(out, l->op == m->op ? "It is being executed: step through its decisions in the path." :
			 "Not executed yet; Enter runs up to here.");
	else
		buf_addf(out, "Result: %s.%s", l->result, !*l->prediction ? "" : *l->mistake ?
			 " It was predicted otherwise." : " As predicted.");
}

static void scenario_heading(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct script *sc = snap && snap->machine ? snap->machine->script : NULL;

	(void)state;
	buf_adds(out, !sc ? "scenario" : *sc->title ? sc->title : *sc->name ? sc->name : "playground");
}

const struct view scenario_view = {
	.name = "scenario",
	.title = "scenario",
	.about = "the text, the line in hand, what was predicted and what came",
	.caps = CAP_STEP,
	.state_size = sizeof(struct scenario_state),
	.draw = scenario_draw,
	.command = scenario_command,
	.click = scenario_click,
	.describe = scenario_describe,
	.heading = scenario_heading,
};
