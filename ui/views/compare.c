/* SPDX-License-Identifier: GPL-2.0-or-later
 * Two kernels at the same place of a scenario: their decisions in line with each other, the
 * first that differs standing out with what made it, results and figures of both below.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/twin.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { SIDE_BY_SIDE = 90, NAME_COLS = 14, LOW_ROOM = 26 };

struct compare_state {
	int top, sel, page;
	const struct decisions *of;	/* compared only */
	size_t at;
	bool drawn;
};

struct room {
	struct canvas *c;
	const struct machine *m;
	const struct twin *t;
	bool wide;
};

/* "6.18-x86_64" */
static const char *short_name(const char *profile)
{
	return strncmp(profile, "linux-", 6) ? profile : profile + 6;
}

static void say(const struct decision *d, struct buf *out)
{
	buf_addf(out, "%*s%s  ", (int)(d->depth < 6 ? d->depth : 6), "", d->func);
	if (d->kind == DECISION_EVENT)
		buf_addf(out, "%s: ", machine_events[d->event].name);
	decision_text(d, out);
	if (d->kind == DECISION_TEST)
		buf_addf(out, ": %s", d->outcome ? "yes" : "no");
	if (*d->taken)
		buf_addf(out, ", %s", d->taken);
}

static struct style style_of(const struct room *r, const struct twin_line *l, int i)
{
	struct style st = l->same ? STYLE(DIM) : STYLE(WARN);

	if ((size_t)i == r->t->first)
		st = style_attr(STYLE(ERROR), ATTR_BOLD);
	else if (l->same && (size_t)i < r->t->at)
		st = STYLE(TEXT);
	return st;
}

/* Rows of a line: what differs is written out. */
static int line_rows(void *ctx, int i)
{
	const struct room *r = ctx;
	const struct twin_line *l = &r->t->line[i];

	return r->wide || l->same ? 1 : (l->mine >= 0) + (l->its >= 0);
}

static void put_cell(const struct room *r, int row, int col, int width, struct style st, const struct decision *d)
{
	struct buf b = BUF_INIT;

	if (d)
		say(d, &b);
	canvas_putn(r->c, row, col, st, imax(width, 0), d ? buf_str(&b) : "");
	buf_free(&b);
}

static int draw_wide(const struct room *r, int row, int i, struct style st)
{
	const struct twin_line *l = &r->t->line[i];
	int half = (canvas_cols(r->c) - 5) / 2;

	put_cell(r, row, 2, half, st, l->mine >= 0 ? &r->t->mine->v[l->mine] : NULL);
	canvas_ch(r->c, row, half + 3, l->same ? STYLE(BORDER) : st, l->same ? 0x2502 /* │ */ : 0x2260 /* ≠ */);
	put_cell(r, row, half + 5, canvas_cols(r->c) - half - 6, st, l->its >= 0 ? &r->t->its->v[l->its] : NULL);
	return 1;
}

static int draw_narrow(const struct room *r, int row, int i, struct style st)
{
	const struct twin_line *l = &r->t->line[i];
	int cols = canvas_cols(r->c) - 5, used = 0;

	if (l->same) {
		put_cell(r, row, 4, cols, st, &r->t->mine->v[l->mine]);
		return 1;
	}
	if (l->mine >= 0) {
		canvas_ch(r->c, row, 2, st, '1');
		put_cell(r, row + used++, 4, cols, st, &r->t->mine->v[l->mine]);
	}
	if (l->its >= 0) {
		canvas_ch(r->c, row + used, 2, st, '2');
		put_cell(r, row + used++, 4, cols, st, &r->t->its->v[l->its]);
	}
	return used;
}

/* ---- above: who, and how it came out ---- */

static struct style result_style(const char *result)
{
	return !*result ? STYLE(DIM) : !strcmp(result, "ok") ? STYLE(GOOD) : STYLE(ERROR);
}

static void draw_who(struct canvas *c, int row, int col, int width, int number, const char *profile, bool proven,
		     const char *result)
{
	struct buf b = BUF_INIT;
	int end;

	buf_addf(&b, "%d %s %s", number, short_name(profile), proven ? "proven" : "from source");
	end = canvas_right(c, row, col + width, style_attr(result_style(result), ATTR_BOLD), result);
	canvas_putn(c, row, col, style_attr(STYLE(TITLE), ATTR_BOLD), imax(end - col - 1, 0), buf_str(&b));
	buf_free(&b);
}

static int draw_head(const struct room *r)
{
	const struct twin *t = r->t;
	int cols = canvas_cols(r->c), half = (cols - 5) / 2;

	if (!r->wide) {
		draw_who(r->c, 0, 1, cols - 2, 1, r->m->profile, r->m->proven, t->result);
		draw_who(r->c, 1, 1, cols - 2, 2, t->profile, t->proven, t->its_result);
		return 2;
	}
	draw_who(r->c, 0, 2, half, 1, r->m->profile, r->m->proven, t->result);
	draw_who(r->c, 0, half + 5, cols - half - 6, 2, t->profile, t->proven, t->its_result);
	return 1;
}

/* ---- below: why, what was printed, figures ---- */

static void figure_text(const struct twin_figure *f, bool its, char out[64])
{
	uint64_t v = its ? f->its : f->mine;
	char address[24];

	switch (f->unit) {
	case TWIN_ADDRESS:
		snprintf(out, 64, "%s", address_text(v, address));
		break;
	case TWIN_BYTES:
		text_size(v, out);
		break;
	case TWIN_COUNT:
		count_text(v, out);
		break;
	case TWIN_WORDS:
		snprintf(out, 64, "%s", its ? f->its_words : f->mine_words);
		break;
	}
}

/* Those that differ first: where there is not room for all, they are what one wants. */
static const struct twin_figure *figure_at(const struct twin *t, int n)
{
	for (int pass = 1; pass >= 0; pass--)
		for (size_t i = 0; i < t->nfigures; i++)
			if (t->figure[i].differs == pass && n-- == 0)
				return &t->figure[i];
	return NULL;
}

static void draw_figure(struct canvas *c, int row, int col, int width, const struct twin_figure *f)
{
	struct style st = f->differs ? STYLE(WARN) : STYLE(DIM);
	int half = (width - NAME_COLS - 2) / 2;
	char mine[64], its[64];

	figure_text(f, false, mine);
	figure_text(f, true, its);
	canvas_putn(c, row, col, st, NAME_COLS, f->name);
	canvas_putn(c, row, col + NAME_COLS + 1, st, half, mine);
	canvas_putn(c, row, col + NAME_COLS + half + 2, st, imax(width - NAME_COLS - half - 2, 0), its);
}

static int figure_rows(const struct room *r)
{
	int rows = canvas_rows(r->c), n = (int)r->t->nfigures;

	n = r->wide ? (n + 1) / 2 : n;
	return imin(n, rows < LOW_ROOM ? 4 : rows / 3);
}

static void draw_figures(const struct room *r, int row, int rows)
{
	int cols = canvas_cols(r->c), half = (cols - 5) / 2;
	const struct twin_figure *f;

	for (int i = 0; i < rows; i++) {
		if ((f = figure_at(r->t, i)))
			draw_figure(r->c, row + i, 2, r->wide ? half : cols - 4, f);
		if (r->wide && (f = figure_at(r->t, i + rows)))
			draw_figure(r->c, row + i, half + 5, cols - half - 6, f);
	}
}

static const char *reason(const struct twin *t)
{
	return t->differs ? t->why : "Both kernels decide the same here.";
}

static int lines_height(const struct room *r, const char *text, int most)
{
	int rows = 0;

	for (const char *s = text; *s && rows < most;) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n);

		rows += inside_height(r->c, line, canvas_cols(r->c) - 3);
		s += n + (s[n] == '\n');
		free(line);
	}
	return imin(rows, most);
}

static void draw_lines(const struct room *r, int row, int rows, struct style st, const char *text)
{
	int used = 0;

	for (const char *s = text; *s && used < rows;) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n);

		used += canvas_wrap(r->c, (struct rect){ row + used, 2, rows - used, canvas_cols(r->c) - 3 }, st, line);
		s += n + (s[n] == '\n');
		free(line);
	}
}

/* Returns the first row it takes. */
static int draw_below(const struct room *r)
{
	const char *log = *r->t->its_log ? r->t->its_log : r->t->log;
	int figures = figure_rows(r), rows = canvas_rows(r->c), most = rows < LOW_ROOM ? 4 : 8;
	int why = lines_height(r, reason(r->t), most), printed = 0, row;

	if (*log && rows >= LOW_ROOM)
		printed = lines_height(r, log, 4);
	row = rows - figures - why - printed - 1;
	canvas_hline(r->c, row, 0, canvas_cols(r->c), STYLE(BORDER));
	canvas_put(r->c, row, 2, STYLE(TITLE), r->t->differs ? " why the first difference " : " no difference ");
	draw_lines(r, row + 1, why, r->t->differs ? STYLE(STRONG) : STYLE(GOOD), reason(r->t));
	draw_figures(r, row + 1 + why, figures);
	draw_lines(r, row + 1 + why + figures, printed, STYLE(DIM), log);
	return row;
}

static void follow(struct compare_state *st, const struct twin *t)
{
	if (!st->drawn || st->of != t->mine || st->at != t->at)
		st->sel = (int)(t->at < t->n ? t->at : t->first < t->n ? t->first : 0);
	st->of = t->mine;
	st->at = t->at;
	st->drawn = true;
	st->sel = imax(0, imin(st->sel, (int)t->n - 1));
}

static void draw_decisions(struct compare_state *st, const struct room *r, int row, int rows)
{
	const struct twin *t = r->t;

	canvas_push(r->c, (struct rect){ row, 0, rows, canvas_cols(r->c) });
	row = 0;
	if (!t->n)
		canvas_putn(r->c, 0, 2, STYLE(WHY), canvas_cols(r->c) - 3, "neither kernel had anything to decide");
	st->page = imax(rows - 1, 1);
	st->top = t->n ? inside_scroll(imin(st->top, (int)t->n - 1), st->sel, rows, line_rows, (void *)r) : 0;
	for (int i = st->top; i < (int)t->n && row < rows; i++) {
		struct style style = style_of(r, &t->line[i], i);
		int used = r->wide ? draw_wide(r, row, i, style) : draw_narrow(r, row, i, style);

		if ((size_t)i == t->at)
			canvas_ch(r->c, row, 0, style_attr(STYLE(SP), ATTR_BOLD), 0x25b6 /* ▶ */);
		if (i == st->sel) {
			canvas_restyle(r->c, row, 0, 2, STYLE(SELECT));
			canvas_cursor(r->c, row, 0);
		}
		row += used;
	}
	canvas_pop(r->c);
}

static void compare_draw(void *state, const struct session *s, struct canvas *c)
{
	const struct machine *m = inside_machine(s, c);
	struct compare_state *st = state;
	struct room r = { c, m, m ? m->twin : NULL, canvas_cols(c) >= SIDE_BY_SIDE };
	int head, below;

	if (!m)
		return;
	if (!r.t) {
		canvas_wrap(c, (struct rect){ 1, 2, 6, canvas_cols(c) - 4 }, STYLE(WHY),
			    "One kernel only. The key C, or the command `compare`, plays the same scenario on a second one, in step, "
			    "and goes to the first decision that differs.");
		canvas_cursor(c, 0, 0);
		return;
	}
	follow(st, r.t);
	head = draw_head(&r);
	below = draw_below(&r);
	draw_decisions(st, &r, head, imax(below - head, 0));
}

static bool compare_command(void *state, struct session *s, const char *name, const char *arg)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct twin *t = snap && snap->machine ? snap->machine->twin : NULL;
	struct compare_state *st = state;

	(void)arg;
	return list_move(name, &st->sel, t ? (int)t->n : 0, st->page);
}

static void compare_describe(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;
	const struct twin *t = m ? m->twin : NULL;
	const struct compare_state *st = state;
	const struct twin_line *l;

	if (!t) {
		buf_adds(out, "C chooses a second kernel; D and B then go to the next and the last operation that differs.");
		return;
	}
	if (st->sel >= (int)t->n) {
		buf_addf(out, "1 is %s: %s. 2 is %s: %s.", m->profile, m->proof, t->profile, t->proof);
		return;
	}
	l = &t->line[st->sel];
	if (l->same) {
		buf_adds(out, "The same in both: ");
		say(&t->mine->v[l->mine], out);
		return;
	}
	buf_addf(out, "%s: ", short_name(m->profile));
	if (l->mine >= 0)
		say(&t->mine->v[l->mine], out);
	else
		buf_adds(out, "nothing");
	buf_addf(out, ". %s: ", short_name(t->profile));
	if (l->its >= 0)
		say(&t->its->v[l->its], out);
	else
		buf_adds(out, "nothing");
	buf_adds(out, ".");
}

static void compare_heading(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;

	(void)state;
	buf_addf(out, "%s", m ? inside_operation(m) : "compare");
}

const struct view compare_view = {
	.name = "compare",
	.title = "compare",
	.about = "the same scenario on a second kernel: decisions, results and layouts of both",
	.caps = CAP_STEP,
	.state_size = sizeof(struct compare_state),
	.draw = compare_draw,
	.command = compare_command,
	.describe = compare_describe,
	.heading = compare_heading,
};
