/* SPDX-License-Identifier: GPL-2.0-or-later
 * The picture: header, the map's strip at the left, one or two rooms, the sentence,
 * the footer. What is drawn where is remembered for the mouse.
 */
#include "ui/app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/machine.h"
#include "mmscope/text.h"

enum { WIDE_COLS = 180, SPLIT_ROWS = 30, SENTENCE_ROWS = 8 };

/* Beside a room, where two fit: the one that tells most about the same thing. The two stacks
 * of a thread are narrow, and are to be seen together. */
static const struct { const char *room, *beside; int cols; } companions[] = {
	{ "map", "table", WIDE_COLS }, { "table", "pages", WIDE_COLS },
	{ "pages", "table", WIDE_COLS }, { "stack", "pages", WIDE_COLS },
	{ "threads", "stack", WIDE_COLS }, { "counters", "table", WIDE_COLS },
	{ "events", "pages", WIDE_COLS }, { "output", "events", WIDE_COLS },
	{ "kstack", "stack", 120 }, { "tasks", "kstack", WIDE_COLS },
	{ "scenario", "path", WIDE_COLS }, { "path", "walk", WIDE_COLS },
	{ "walk", "path", WIDE_COLS }, { "frames", "path", WIDE_COLS },
	{ "processes", "path", WIDE_COLS },
	{ "contexts", "path", WIDE_COLS }, { "cpu", "contexts", WIDE_COLS }, { "index", "path", WIDE_COLS },
};

/* The panel a room's figures come from: its rung stands in the header, or in the title. */
static const struct { const char *room; enum panel panel; } panels[] = {
	{ "map", PANEL_LAYOUT }, { "table", PANEL_LAYOUT }, { "pages", PANEL_PAGES },
	{ "stack", PANEL_PAGES }, { "threads", PANEL_TASKS }, { "counters", PANEL_COUNTERS }, { "kstack", PANEL_KSTACK },
	{ "tasks", PANEL_KSTACK },
};

/* Asks the session, not what was drawn: several keys may come between two frames. */
int frame_focus(const struct app *app)
{
	int room = session_room(app->session), map = view_index("map");

	return app->strip_focused && map >= 0 ? map : room;
}

static bool costly(const struct app *app, const struct snapshot *snap)
{
	return (double)snap->cost.cpu_ns > intervals[app->interval] * 1e9 * 0.02;
}

static enum panel costliest(const struct snapshot *snap)
{
	enum panel most = PANEL_LAYOUT;

	for (int p = 0; p < PANEL_NR; p++)
		if (snap->cost.panel_ns[p] > snap->cost.panel_ns[most])
			most = (enum panel)p;
	return most;
}

static void put_cost(struct buf *b, uint64_t ns)
{
	if (ns < 100000)
		buf_addf(b, "%.2f ms", (double)ns / 1e6);
	else if (ns < 10000000)
		buf_addf(b, "%.1f ms", (double)ns / 1e6);
	else
		buf_addf(b, "%.0f ms", (double)ns / 1e6);
}

static void put_ended(const struct app *app, const struct snapshot *snap, struct buf *b)
{
	int status = snap->process.exit_status;
	uint64_t ago = (clock_now_ns() - app->ended_ns) / 1000000000u;

	buf_adds(b, "ended: ");
	if (!snap->process.exit_known)
		buf_adds(b, "exit status unknown");
	else if (WIFSIGNALED(status))
		buf_addf(b, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)) ?
			 sigabbrev_np(WTERMSIG(status)) : "?");
	else
		buf_addf(b, "exit status %d", WEXITSTATUS(status));
	buf_addf(b, ", %llu s ago", (unsigned long long)ago);
}

/* "◇ sim linux-6.18-x86_64 3/12, decision 5/20" */
static void put_moment(const struct machine *m, struct buf *b)
{
	const char *profile = strchr(m->profile, '-');

	buf_addf(b, " %s%s %zu/%zu", profile ? profile + 1 : m->profile, m->proven ? "" : " from source",
		 m->op, m->script->nops);
	if (!m->complete)
		buf_addf(b, ":%zu/%zu", m->decision + 1, machine_decisions(m));
	if (m->playing)
		buf_addf(b, " ▶ %g/s", m->speed);
}

static struct style put_badge(const struct app *app, const struct snapshot *snap, struct buf *b)
{
	struct style live = STYLE(LIVE);

	if (snap->process.ended) {
		buf_adds(b, "■ ");
		put_ended(app, snap, b);
		return STYLE(ENDED);
	}
	if (session_paused(app->session)) {
		buf_adds(b, "‖ paused");
		return STYLE(PAUSED);
	}
	if (!(session_caps(app->session) & CAP_LIVE)) {
		buf_addf(b, "◇ %s", snap->source);
		if (snap->machine)
			put_moment(snap->machine, b);
		return STYLE(SIM);
	}
	buf_addf(b, "● live %g Hz  ", 1 / intervals[app->interval]);
	put_cost(b, app->shown_cost_ns);
	if (costly(app, snap)) {
		buf_addf(b, " (%s)", panel_names[costliest(snap)]);
		live = STYLE(PAUSED);	/* amber, as what costs should be */
	}
	return live;
}

/* "4242 python3 › [stack] › page 7ffd1c27e000" */
static void put_crumbs(const struct app *app, const struct snapshot *snap, struct buf *b)
{
	char label[64], *comm = text_sanitized(snap->process.comm);
	ssize_t vma = session_vma(app->session);

	buf_addf(b, "%d %s", (int)snap->process.pid, comm);
	if (snap->layout && vma >= 0)
		buf_addf(b, " › %s", vma_label(snap, (size_t)vma, label, sizeof(label)));
	else if (snap->layout)
		buf_adds(b, " › hole");
	if (snap->layout && session_zoom(app->session) > 0)
		buf_addf(b, " › page %llx",
			 (unsigned long long)(session_addr(app->session) & ~(uint64_t)(PAGE_BYTES - 1)));
	free(comm);
}

/* Growth is to be seen, and what stays the same is quiet: a line along the bottom. */
static void draw_spark(struct canvas *c, int col, int width, const uint64_t *v, int n)
{
	uint64_t most = 0, base = canvas_spark_base(v, n, width);
	int shown = n < width ? n : width;

	for (int i = n - shown; i < n; i++)
		most = v[i] != UNKNOWN && v[i] > most ? v[i] : most;
	if (most - base > most / 128) {
		canvas_spark(c, 0, col, width, STYLE(HEADER), v, n, base);
		return;
	}
	for (int i = width - shown; i < width; i++)
		canvas_ch(c, 0, col + i, style_attr(STYLE(HEADER), ATTR_DIM), 0x2581 /* ▁ */);
}

/* "RSS 41.2M ▁▂▃  flt/s 132", where there is room for it. */
static int draw_figures(const struct app *app, const struct snapshot *snap, struct canvas *c, int col)
{
	const uint64_t *rss, *faults;
	int n = session_history(app->session, HISTORY_RSS, &rss);
	int per_second = (int)(1 / intervals[app->interval]), spark = canvas_cols(c) >= 100 ? 10 : 0;
	uint64_t sum = 0;
	struct buf b = BUF_INIT;
	char size[16];

	if (canvas_cols(c) < 76 || snap->statm_rss == UNKNOWN || snap->process.kthread)
		return col;
	session_history(app->session, HISTORY_FAULTS, &faults);
	if (per_second < 1)
		per_second = 1;
	for (int i = n - per_second < 0 ? 0 : n - per_second; i < n; i++)
		sum += faults[i];
	if (canvas_cols(c) >= 120) {
		buf_addf(&b, "  flt/s %llu", (unsigned long long)sum);
		col = canvas_right(c, 0, col, STYLE(HEADER), buf_str(&b));
		buf_reset(&b);
	}
	if (spark) {
		col -= spark;
		draw_spark(c, col, spark, rss, n);
	}
	buf_addf(&b, "  RSS %s ", text_size(snap->statm_rss, size));
	col = canvas_right(c, 0, col, STYLE(HEADER), buf_str(&b));
	buf_free(&b);
	return col;
}

/* Which rung of its ladder a room stands on; NULL: it has none, or nothing was read yet. */
static const char *rung_of(const struct snapshot *snap, int view)
{
	for (size_t i = 0; i < ARRAY_LEN(panels); i++)
		if (!strcmp(panels[i].room, views[view]->name))
			return snap->cost.rung[panels[i].panel];
	return NULL;
}

/* What one sample costs, and by what the open room is read, where there is room for that. */
static int draw_badge(const struct app *app, const struct snapshot *snap, struct canvas *c, int col,
		      int least)
{
	const char *rung = session_caps(app->session) & CAP_LIVE && !snap->process.ended ?
		rung_of(snap, session_room(app->session)) : NULL;
	struct buf b = BUF_INIT;
	struct style st = put_badge(app, snap, &b);

	if (rung && col - least > text_width(buf_str(&b)) + text_width(rung) + 4)
		col = canvas_right(c, 0, col, STYLE(HEADER), rung) - 2;
	col = canvas_right(c, 0, col, st, buf_str(&b));
	buf_free(&b);
	return col;
}

static void draw_header(const struct app *app, struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(app->session);
	struct buf b = BUF_INIT;
	int col;

	canvas_fill(c, (struct rect){ 0, 0, 1, canvas_cols(c) }, STYLE(HEADER), ' ');
	if (!snap || app->picking) {
		canvas_put(c, 0, 1, style_attr(STYLE(HEADER), ATTR_BOLD), "mmscope");
		canvas_put(c, 0, 10, STYLE(HEADER), app->picking ? "choose a process" : "");
		return;
	}
	put_crumbs(app, snap, &b);
	col = draw_figures(app, snap, c, canvas_cols(c) - 1);
	col = draw_badge(app, snap, c, col, 10 + text_width(buf_str(&b)));
	canvas_put(c, 0, 1, style_attr(STYLE(HEADER), ATTR_BOLD), "mmscope");
	if (col > 11)
		canvas_putn(c, 0, 10, STYLE(HEADER), col - 11, buf_str(&b));
	buf_free(&b);
}

static void heading_of(struct app *app, int view, struct buf *b)
{
	const struct view *v = views[view];

	if (v->heading)
		v->heading(app->states[view], app->session, b);
	else
		buf_adds(b, v->title);
}

/* The title of the strip or of a second room, between `col` and `end`; what it is read by, too. */
static void draw_title(struct app *app, struct canvas *c, int row, int col, int end, int view,
		       bool focused)
{
	const struct snapshot *snap = session_snapshot(app->session);
	const char *rung = session_caps(app->session) & CAP_LIVE ? rung_of(snap, view) : NULL;
	struct buf b = BUF_INIT;
	int width;

	buf_addc(&b, ' ');
	heading_of(app, view, &b);
	buf_addc(&b, ' ');
	width = text_width(buf_str(&b));
	if (width > end - col)
		width = end - col;
	col = canvas_putn(c, row, col, focused ? style_attr(STYLE(TITLE), ATTR_BOLD) : STYLE(DIM), width,
			  buf_str(&b));
	buf_reset(&b);
	if (rung)
		buf_addf(&b, " %s ", rung);
	if (rung && text_width(buf_str(&b)) < end - col)
		canvas_right(c, row, end, STYLE(DIM), buf_str(&b));
	buf_free(&b);
}

/* One tab as it stands in the title line; narrow ones do without the blanks. */
static void tab_text(const struct app *app, int view, bool narrow, struct buf *b)
{
	bool open = view == app->room.view;
	char command[48], key[16];
	uint32_t k;

	snprintf(command, sizeof(command), "room %s", views[view]->name);
	k = app_key_of(app, command);
	buf_addf(b, "%s%s%s%s%s", open ? "[" : narrow ? "" : " ", k ? key_name(k, key) : "",
		 narrow && k < 'A' ? "" : " ", views[view]->title, open ? "]" : narrow ? "" : " ");
}

/* Rooms that the source can fill. */
static bool has_tab(const struct app *app, int view)
{
	return !(views[view]->caps & ~session_caps(app->session));
}

/* Whether the tabs from `first` on fit; the map has its strip already and goes first. */
static bool tabs_fit(const struct app *app, int first, bool narrow, int room)
{
	struct buf b = BUF_INIT;
	bool fit;

	for (int i = first; views[i]; i++) {
		if (!has_tab(app, i))
			continue;
		tab_text(app, i, narrow, &b);
		if (narrow)
			buf_addc(&b, ' ');
	}
	fit = text_width(buf_str(&b)) <= room;
	buf_free(&b);
	return fit;
}

/* The rooms' names with their keys; the open one is bracketed, and never cut off. */
static int draw_tabs(struct app *app, struct canvas *c, int row, int col, int end)
{
	bool narrow = !tabs_fit(app, 0, false, end - col);
	int first = 0;

	while (narrow && first < app->room.view && !tabs_fit(app, first, true, end - col))
		first++;
	app->ntabs = 0;
	app->tab_row = row;
	for (int i = first; views[i]; i++) {
		struct buf b = BUF_INIT;

		if (!has_tab(app, i))
			continue;
		tab_text(app, i, narrow, &b);
		if (col + text_width(buf_str(&b)) > end) {
			buf_free(&b);
			break;
		}
		app->tabs[app->ntabs].from = col;
		app->tabs[app->ntabs].view = i;
		col = canvas_put(c, row, col, i == app->room.view ?
				 style_attr(STYLE(TITLE), ATTR_BOLD) : STYLE(DIM), buf_str(&b));
		app->tabs[app->ntabs++].to = col;
		col += narrow;
		buf_free(&b);
	}
	return col;
}

/* A source that cannot do what a view is for: the room says so instead of staying empty. */
static void draw_view(struct app *app, struct canvas *c, struct place *place, int view,
		      struct rect r)
{
	place->rect = r;
	place->view = view;
	canvas_push(c, r);
	if ((session_caps(app->session) & views[view]->caps) != views[view]->caps)
		canvas_wrap(c, (struct rect){ 1, 2, 4, r.cols - 4 }, STYLE(WHY),
			    "This source cannot tell what this room shows.");
	else
		views[view]->draw(app->states[view], app->session, c);
	canvas_pop(c);
}

static int companion(int view, int cols)
{
	for (size_t i = 0; i < ARRAY_LEN(companions); i++)
		if (!strcmp(companions[i].room, views[view]->name))
			return cols < companions[i].cols ? -1 : view_index(companions[i].beside);
	return -1;
}

static int strip_width(int cols)
{
	return cols < 100 ? 23 : cols < WIDE_COLS ? 32 : 36;
}

/* What is left out of the room is said on the line below it. */
static void draw_filter(struct app *app, struct canvas *c, int row)
{
	char *filter = text_sanitized(filter_text(app));
	int role = session_role(app->session), cols = canvas_cols(c);
	struct buf b = BUF_INIT;

	if (*filter)
		buf_addf(&b, " filter: %s ", filter);
	if (role >= 0)
		buf_addf(&b, " only %s ", vma_roles[role].name);
	if (b.len) {
		int width = text_width(buf_str(&b));

		if (width > cols - 4)
			width = cols - 4;
		canvas_putn(c, row, cols - 2 - width, STYLE(WARN), width, buf_str(&b));
	}
	buf_free(&b);
	free(filter);
}

static void draw_rooms(struct app *app, struct canvas *c, int top, int bottom)
{
	int cols = canvas_cols(c), map = view_index("map"), room = session_room(app->session);
	int left = 0, right = cols, second = companion(room, cols), rows = bottom - top - 1;
	bool strip = room != map && map >= 0;
	int room_col;

	app->strip.rect.cols = app->second.rect.cols = 0;
	canvas_hline(c, top, 0, cols, STYLE(BORDER));
	canvas_hline(c, bottom, 0, cols, STYLE(BORDER));
	if (strip)
		left = strip_width(cols);
	app->room.view = room;
	room_col = strip ? left + 1 : 0;
	if (second >= 0 && rows >= SPLIT_ROWS)
		right = room_col + (cols - room_col) * 11 / 20;
	draw_filter(app, c, bottom);
	/* The room is drawn first, the strip next, so that the cursor ends where the focus is. */
	if (right < cols) {
		canvas_vline(c, top, right, bottom - top + 1, STYLE(BORDER));
		draw_title(app, c, top, right + 2, cols - 1, second, false);
		draw_view(app, c, &app->second, second,
			  (struct rect){ top + 1, right + 1, rows, cols - right - 1 });
	}
	if (strip) {
		canvas_vline(c, top, left, bottom - top + 1, STYLE(BORDER));
		if (!app->strip_focused)
			draw_view(app, c, &app->strip, map, (struct rect){ top + 1, 0, rows, left });
	}
	draw_view(app, c, &app->room, room,
		  (struct rect){ top + 1, room_col, rows, right - room_col });
	if (strip && app->strip_focused)
		draw_view(app, c, &app->strip, map, (struct rect){ top + 1, 0, rows, left });
	if (strip)
		draw_title(app, c, top, 1, left, map, app->strip_focused);
	{
		int end = draw_tabs(app, c, top, room_col + 1, right);
		struct buf b = BUF_INIT;

		heading_of(app, room, &b);
		if (end + text_width(buf_str(&b)) + 4 < right && strcmp(buf_str(&b), views[room]->title))
			canvas_putf(c, top, end + 1, STYLE(DIM), " %s ", buf_str(&b));
		buf_free(&b);
	}
}

static void describe(struct app *app, struct buf *b)
{
	const struct snapshot *snap = session_snapshot(app->session);
	int focus = frame_focus(app);
	ssize_t vma = session_vma(app->session);

	if (!snap)
		return;
	if (views[focus]->describe) {
		views[focus]->describe(app->states[focus], app->session, b);
	} else if (snap->layout && vma >= 0 && session_zoom(app->session) < 2) {
		describe_vma(snap, (size_t)vma, b);
	} else if (snap->layout && vma >= 0) {
		describe_page(app->session, session_addr(app->session), b);
	} else if (snap->layout) {
		describe_hole(snap, session_addr(app->session), b);
	} else {
		describe_why(snap, "vmas", b);
	}
}

/* In its lines; in full, over the foot of the room, when that was asked for; else what does
 * not fit says by which key it is seen. */
static void draw_text(const struct app *app, struct canvas *c, int row, int rows, struct style st,
		      const char *text)
{
	struct rect r = { row, 1, rows, canvas_cols(c) - 2 };
	struct rect nowhere = { canvas_rows(c), 1, SENTENCE_ROWS, r.cols };
	uint32_t k = app_key_of(app, "sentence");
	int surplus = canvas_wrap(c, nowhere, st, text) - rows, col, at;
	char key[16];

	if (app->whole_sentence && surplus > 0) {
		r.row -= surplus;
		r.rows += surplus;
		canvas_fill(c, (struct rect){ r.row - 1, 0, r.rows + 1, canvas_cols(c) }, STYLE(TEXT), ' ');
		canvas_hline(c, r.row - 1, 0, canvas_cols(c), STYLE(BORDER));
	}
	canvas_wrap(c, r, st, text);
	if (app->whole_sentence || surplus <= 0 || !k)
		return;
	col = canvas_cols(c) - 8 - text_width(key_name(k, key));
	/* Where the last line ends before that, its own mark stands there already. */
	for (at = col - 1; at > 0 && canvas_cell(c, row + rows - 1, at)->ch == ' '; at--)
		;
	if (canvas_cell(c, row + rows - 1, at)->ch == (canvas_ascii(c) ? '~' : 0x2026 /* … */))
		canvas_ch(c, row + rows - 1, at, st, ' ');
	col = canvas_put(c, row + rows - 1, col, st, "… ");
	col = canvas_put(c, row + rows - 1, col, STYLE(KEY), key_name(k, key));
	canvas_put(c, row + rows - 1, col, STYLE(DIM), " more ");
}

static void draw_sentence(struct app *app, struct canvas *c, int row, int rows)
{
	const char *said = session_said(app->session);
	struct buf b = BUF_INIT;

	if (app->prompt.kind) {
		prompt_draw(app, c, row, rows);
		return;
	}
	if (!said && app->chooser.open)
		chooser_describe(app, &b);
	else if (!said && !app->picking)
		describe(app, &b);
	draw_text(app, c, row, rows, said ? STYLE(WARN) : STYLE(TEXT), said ? said : buf_str(&b));
	buf_free(&b);
}

/* The few keys that matter now: command, as shown, what it does. */
struct hint { const char *command, *says; };
static const struct hint live_hints[] = {
	{ "help", "help" }, { "palette", "commands" }, { "next-room", "room" }, { "focus", "map" },
	{ "enter", "zoom" }, { "find", "find" }, { "filter", "filter" }, { "pause", "pause" },
	{ "role", "role" }, { "detail", "smaps" }, { "picker", "processes" }, { "quit", "quit" },
};
/* A process that a scenario was brought to. */
static const struct hint aside_hints[] = {
	{ "help", "help" }, { "real", "back to the scenario" }, { "next-room", "room" }, { "room kstack", "kernel stack" },
	{ "room pages", "pages" }, { "room stack", "stack" }, { "palette", "commands" }, { "quit", "quit" },
};
static const struct hint step_hints[] = {
	{ "help", "help" }, { "step", "step" }, { "step-back", "back" }, { "operation", "line" },
	{ "run", "type" }, { "play", "play" }, { "event", "event" }, { "operation-back", "line back" },
	{ "kernel", "this kernel" }, { "real", "real process" }, { "predictions", "guess" }, { "palette", "commands" },
	{ "lessons", "lessons" }, { "quit", "quit" },
};
static const struct hint plain_hints[] = {
	{ NULL, "type to filter" }, { NULL, "↑↓ move" }, { NULL, "Enter open" }, { NULL, "Esc clear, leave" },
	{ NULL, "C-t tree" }, { NULL, "C-c quit" },
};

/* While a line is typed, or narrows a list, the other keys are letters. */
static const struct hint line_hints[] = {
	{ NULL, "Enter accept" }, { NULL, "Esc leave" }, { NULL, "↑↓ lines before" }, { NULL, "C-u clear" },
};
static const struct hint list_hints[] = {
	{ NULL, "type to narrow" }, { NULL, "↑↓ move" }, { NULL, "Enter choose" }, { NULL, "Esc close" },
};

static void draw_footer(struct app *app, struct canvas *c, int row)
{
	bool stepped = session_caps(app->session) & CAP_STEP;
	const struct { const struct hint *v; int n; } all[] = {
		{ live_hints, ARRAY_LEN(live_hints) }, { step_hints, ARRAY_LEN(step_hints) },
		{ plain_hints, ARRAY_LEN(plain_hints) }, { aside_hints, ARRAY_LEN(aside_hints) },
		{ line_hints, ARRAY_LEN(line_hints) }, { list_hints, ARRAY_LEN(list_hints) },
	}, *hinted = &all[app->picking ? 2 : app->prompt.kind ? 4 : app->chooser.open ? 5 :
			  app->aside ? 3 : stepped];
	const struct hint *hints = hinted->v;
	int n = hinted->n;
	int col = 1, from;
	const struct hint *last = &hints[n - 1];
	char key[16];

	app->nhints = 0;
	canvas_fill(c, (struct rect){ row, 0, 1, canvas_cols(c) }, STYLE(FOOTER), ' ');
	for (int i = 0; i < n; i++) {
		const struct hint *h = &hints[i];
		uint32_t k = h->command ?
			app_key_of(app, h->command) : 0;
		/* "quit" keeps its place at the end, whatever is cut before it. */
		int room = canvas_cols(c) - (h == last ? 0 : text_width(last->says) + 4);

		if ((h->command && !k) || col + text_width(h->says) + 8 > room + (h == last ? 6 : 0))
			continue;
		from = col;
		if (k)
			col = canvas_putf(c, row, col, STYLE(KEY), "%s", key_name(k, key)) + 1;
		col = canvas_put(c, row, col, STYLE(FOOTER), h->says) + 2;
		if (k && app->nhints < MAX_HINTS) {
			app->hints[app->nhints].from = from;
			app->hints[app->nhints].to = col - 2;
			app->hints[app->nhints++].command = h->command;
		}
	}
}

static void draw_small(struct canvas *c)
{
	char says[64];

	snprintf(says, sizeof(says), "too small: %dx%d, needs %dx%d", canvas_cols(c), canvas_rows(c),
		 MIN_COLS, MIN_ROWS);
	canvas_wrap(c, (struct rect){ 0, 0, canvas_rows(c), canvas_cols(c) }, STYLE(WARN), says);
	canvas_cursor(c, 0, 0);
}

void frame_compose(struct app *app)
{
	struct canvas *c = app->canvas;
	int rows = canvas_height(c), cols = canvas_width(c), sentence = rows >= 40 ? 3 : 2;
	const struct snapshot *snap = session_snapshot(app->session);

	canvas_clear(c);
	app->strip.rect.cols = app->room.rect.cols = app->second.rect.cols = app->ntabs = app->nhints = 0;
	if (rows < MIN_ROWS || cols < MIN_COLS) {
		draw_small(c);
	} else {
		if (snap)
			app->shown_cost_ns = snap->cost.wall_ns;
		draw_header(app, c);
		if (app->picking) {
			canvas_push(c, (struct rect){ 1, 0, rows - 2 - sentence, cols });
			picker_draw(app->picker, c);
			canvas_pop(c);
		} else if (snap) {
			draw_rooms(app, c, 1, rows - 2 - sentence);
			if (snap->process.ended)
				/* The last picture stays, and one sees that it does not live. */
				canvas_grey(c, (struct rect){ 2, 0, rows - 4 - sentence, cols },
					    STYLE(DIM), STYLE(SELECT));
		}
		draw_sentence(app, c, rows - 1 - sentence, sentence);
		draw_footer(app, c, rows - 1);
		if (app->chooser.open)
			chooser_draw(app, c);
	}
}

void frame_draw(struct app *app)
{
	frame_compose(app);
	app->drawn_ns = clock_now_ns();
	app->dirty = false;
	app->said_drawn = session_said(app->session) != NULL;
	term_show(app->term, app->canvas, app->theme);
}

static bool inside(const struct place *p, int row, int col)
{
	return p->rect.cols && row >= p->rect.row && row < p->rect.row + p->rect.rows &&
	       col >= p->rect.col && col < p->rect.col + p->rect.cols;
}

void frame_click(struct app *app, const struct input *in)
{
	struct place *places[] = { &app->strip, &app->room, &app->second };

	for (int i = 0; i < app->nhints && in->row == canvas_height(app->canvas) - 1; i++)
		if (in->col >= app->hints[i].from && in->col < app->hints[i].to) {
			command_run(app, app->hints[i].command);
			return;
		}
	for (int i = 0; i < app->ntabs; i++)
		if (in->row == app->tab_row && in->col >= app->tabs[i].from && in->col < app->tabs[i].to) {
			session_set_room(app->session, app->tabs[i].view);
			return;
		}
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct place *p = places[i];

		if (!inside(p, in->row, in->col))
			continue;
		if (p != &app->second)
			app->strip_focused = p == &app->strip;
		if (views[p->view]->click)
			views[p->view]->click(app->states[p->view], app->session,
					      in->row - p->rect.row, in->col - p->rect.col, in->twice);
		return;
	}
}
