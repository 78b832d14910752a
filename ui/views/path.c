/* SPDX-License-Identifier: GPL-2.0-or-later
 * The path: the decisions of the operation in hand as a tree of calls. What is not taken
 * yet is dim; behind a decision stands, faintly, where its other outcome leads.
 */
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { MARGIN = 2, DEPTH_MOST = 12, LOOK_AHEAD = 4000 };

struct path_state {
	int top, sel, page;
	size_t decision;
	bool complete, drawn;
	const struct decisions *of;	/* compared only */
	int at[200];
};

struct room {
	struct canvas *c;
	const struct decisions *d;
};

static int indent_of(const struct decision *d, int cols)
{
	int depth = imin((int)d->depth, imin(DEPTH_MOST, cols / 8));

	return MARGIN + 2 * depth + (d->depth ? 2 : 0);
}

/* The function that encloses a decision is known from the tree; another one is named. */
static const char *enclosing(const struct decisions *d, size_t i)
{
	for (size_t k = i; k-- > 0 && d->v[i].depth;)
		if (d->v[k].kind == DECISION_CALL && d->v[k].depth < d->v[i].depth)
			return d->v[k].func;
	return "";
}

static void say_decision(const struct decisions *all, size_t i, struct buf *out)
{
	const struct decision *d = &all->v[i];

	if (d->kind == DECISION_CALL)
		buf_addf(out, "%s  ", d->func);
	else if (strcmp(d->func, enclosing(all, i)))
		buf_addf(out, "%s: ", d->func);
	if (d->kind == DECISION_EVENT)
		buf_addf(out, "%s: ", machine_events[d->event].name);
	decision_text(d, out);
	if (d->kind == DECISION_TEST)
		buf_addf(out, ": %s", d->outcome ? "yes" : "no");
	if (*d->taken)
		buf_addf(out, ", %s", d->taken);
}

static void say_other(const struct decision *d, struct buf *out)
{
	if (d->kind == DECISION_TEST && *d->otherwise && strcmp(d->otherwise, d->taken))
		buf_addf(out, "┄ %s: %s", d->outcome ? "no" : "yes", d->otherwise);
}

/* The other branch stands behind, or on a row of its own. */
static bool other_fits(int indent, int width, int other, int cols)
{
	return indent + width + 2 + other < cols;
}

static int height_of(void *ctx, int i)
{
	const struct room *r = ctx;
	const struct decision *d = &r->d->v[i];
	int cols = canvas_cols(r->c), indent = indent_of(d, cols), rows, width, other;
	struct buf b = BUF_INIT;

	say_decision(r->d, (size_t)i, &b);
	rows = inside_height(r->c, buf_str(&b), cols - indent - 1);
	width = text_width(buf_str(&b));
	buf_reset(&b);
	say_other(d, &b);
	other = text_width(buf_str(&b));
	rows += other && (rows > 1 || !other_fits(indent, width, other, cols));
	buf_free(&b);
	return rows;
}

/* Whether the call at `depth` that decision i lies in has more below. */
static bool goes_on(const struct decisions *all, size_t i, unsigned depth)
{
	size_t end = i + LOOK_AHEAD < all->n ? i + LOOK_AHEAD : all->n;

	for (size_t k = i + 1; k < end; k++)
		if (all->v[k].depth <= depth)
			return all->v[k].depth == depth;
	return end < all->n;
}

/* Vertical lines for the depths that go on below. */
static void draw_tree(struct canvas *c, int row, int rows, const struct decisions *all, size_t i, struct style st)
{
	unsigned depth = all->v[i].depth;
	bool last = !goes_on(all, i, depth);

	for (unsigned k = 1; k < depth && (int)k < DEPTH_MOST; k++)
		for (int r = 0; goes_on(all, i, k) && r < rows; r++)
			canvas_ch(c, row + r, MARGIN + 2 * (int)k, st, 0x2502 /* │ */);
	if (!depth)
		return;
	canvas_ch(c, row, indent_of(&all->v[i], canvas_cols(c)) - 2, st, last ? 0x2514 /* └ */ : 0x251c /* ├ */);
	for (int r = 1; r < rows && !last; r++)
		canvas_ch(c, row + r, indent_of(&all->v[i], canvas_cols(c)) - 2, st, 0x2502);
}

static struct style style_of(const struct decision *d, bool taken, bool hand)
{
	struct style st = STYLE(TEXT);

	if (!taken && !hand)
		return STYLE(DIM);
	if (d->kind == DECISION_CALL)
		st = STYLE(STRONG);
	else if (d->event == MACHINE_EV_SIGNAL)
		st = STYLE(ERROR);
	else if (d->kind == DECISION_EVENT)
		st = STYLE(WARN);
	else if (d->kind == DECISION_CHANGE)
		st = STYLE(GOOD);
	return hand ? style_attr(st, ATTR_BOLD) : st;
}

static int draw_decision(const struct machine *m, struct canvas *c, int row, size_t i)
{
	const struct decisions *all = m->decisions;
	const struct decision *d = &all->v[i];
	bool hand = !m->complete && i == m->decision, taken = m->complete || i < m->decision;
	struct style st = style_of(d, taken, hand);
	int cols = canvas_cols(c), indent = indent_of(d, cols), rows, width, other;
	struct buf b = BUF_INIT;

	say_decision(all, i, &b);
	width = text_width(buf_str(&b));
	rows = canvas_wrap(c, (struct rect){ row, indent, 12, cols - indent - 1 }, st, buf_str(&b));
	rows = imax(rows, 1);
	buf_reset(&b);
	say_other(d, &b);
	other = text_width(buf_str(&b));
	if (other && rows == 1 && other_fits(indent, width, other, cols))
		canvas_put(c, row, indent + width + 2, STYLE(DIM), buf_str(&b));
	else if (other)
		canvas_putn(c, row + rows++, indent + 2, STYLE(DIM), imax(cols - indent - 3, 0), buf_str(&b));
	draw_tree(c, row, rows, all, i, taken || hand ? STYLE(BORDER) : STYLE(DIM));
	if (hand)
		canvas_ch(c, row, 0, style_attr(STYLE(SP), ATTR_BOLD), 0x25b6 /* ▶ */);
	buf_free(&b);
	return rows;
}

static void follow(struct path_state *st, const struct machine *m)
{
	if (!st->drawn || st->of != m->decisions || st->decision != m->decision || st->complete != m->complete)
		st->sel = (int)(m->complete && m->decision ? m->decision - 1 : m->decision);
	/* A new operation is read from its beginning. */
	if (st->of != m->decisions && m->complete)
		st->sel = 0;
	st->of = m->decisions;
	st->decision = m->decision;
	st->complete = m->complete;
	st->drawn = true;
	st->sel = imax(0, imin(st->sel, (int)machine_decisions(m) - 1));
}

static void path_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct path_state *st = state;
	struct room r = { c, m ? m->decisions : NULL };
	int rows = canvas_rows(c), row = 0, n;

	if (!m)
		return;
	memset(st->at, 0xff, sizeof(st->at));
	follow(st, m);
	st->page = imax(rows / 2, 1);
	n = (int)machine_decisions(m);
	if (!n) {
		canvas_wrap(c, (struct rect){ 1, 2, 6, canvas_cols(c) - 4 }, STYLE(WHY),
			    "No decision of the kernel: either the access went through without a fault, or the "
			    "operation was skipped or refused before the kernel saw it.");
		canvas_cursor(c, 0, 0);
		return;
	}
	st->top = inside_scroll(imin(st->top, imax(n - 1, 0)), st->sel, rows, height_of, &r);
	for (int i = st->top; i < n && row < rows; i++) {
		int used = draw_decision(m, c, row, (size_t)i);

		for (int k = row; k < row + used && k < (int)ARRAY_LEN(st->at); k++)
			st->at[k] = i;
		if (i == st->sel) {
			canvas_restyle(c, row, 0, 2, STYLE(SELECT));
			canvas_cursor(c, row, 0);
		}
		row += used;
	}
}

static bool path_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct path_state *st = state;

	(void)s;
	(void)arg;
	return list_move(name, &st->sel, st->of ? (int)st->of->n : 0, st->page);
}

static void path_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct path_state *st = state;

	(void)s;
	(void)col;
	(void)twice;
	if (row >= 0 && row < (int)ARRAY_LEN(st->at) && st->at[row] >= 0)
		st->sel = st->at[row];
}

static void path_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;
	const struct path_state *st = state;

	if (!m || st->sel >= (int)machine_decisions(m))
		return;
	inside_decision(&m->decisions->v[st->sel], out);
	if (!m->complete && (size_t)st->sel > m->decision)
		buf_adds(out, " Not taken yet.");
}

static void path_heading(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;

	(void)state;
	if (!m) {
		buf_adds(out, "path");
		return;
	}
	buf_addf(out, "%s · ", inside_operation(m));
	inside_where(m, out);
}

const struct view path_view = {
	.name = "path",
	.title = "path",
	.about = "the decisions of the operation in hand, with the branches not taken",
	.caps = CAP_STEP,
	.state_size = sizeof(struct path_state),
	.draw = path_draw,
	.command = path_command,
	.click = path_click,
	.describe = path_describe,
	.heading = path_heading,
};
