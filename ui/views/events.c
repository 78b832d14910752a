/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log of what changed, newest at the bottom. It follows the tail until one scrolls;
 * choosing an event moves the selection there.
 *
 * Events are numbered from the first ever seen, so that a number stays good when old
 * ones fall out; with a filter, the numbers that pass are kept and only new ones tested.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/eventrow.h"
#include "ui/views/paint.h"
#include "ui/views/sieve.h"

struct events_state {
	bool scrolled;		/* not at the tail */
	uint64_t cursor;	/* number of the event under it, while scrolled */
	int top, page;
	struct sieve sieve;
	int role;		/* the session's, when the numbers below were tested */
	uint64_t *passing;	/* numbers, rising */
	size_t n, cap;
	uint64_t tested;	/* numbers below this were tried */
};

static void events_fini(void *state)
{
	struct events_state *st = state;

	sieve_fini(&st->sieve);
	free(st->passing);
}

static const struct event *event_of(const struct session *s, uint64_t number)
{
	uint64_t dropped = session_events_dropped(s);

	return number < dropped ? NULL : session_event(s, (size_t)(number - dropped));
}

/* ---- rows ---- */

static bool has_role(const struct vma *vmas, size_t n, int role)
{
	for (size_t i = 0; i < n; i++)
		if (vmas[i].role == role)
			return true;
	return false;
}

/* What happened to VMAs of the role that was chosen, to their pages, or to threads whose stack
 * is of it. */
static bool of_role(const struct session *s, const struct event *e)
{
	int role = session_role(s);

	if (role < 0 || e->type == EVENT_EXEC || e->type == EVENT_EXIT)
		return true;
	if (e->type <= EVENT_RESHAPED)
		return has_role(e->vmas.before, e->vmas.nbefore, role) ||
		       has_role(e->vmas.after, e->vmas.nafter, role);
	if (e->type >= EVENT_TASK_NEW && e->type <= EVENT_TASK_CHANGED)
		return session_role_at(s, (e->task.after ? e->task.after : e->task.before)->stack.vma_start);
	return e->end && session_role_at(s, e->start);
}

static bool sifted(const struct events_state *st, const struct session *s)
{
	return st->sieve.filter || session_role(s) >= 0;
}

static void update(struct events_state *st, const struct session *s)
{
	uint64_t first = session_events_dropped(s), end = first + session_events(s);
	size_t gone = 0;

	if (!sifted(st, s))
		return;
	/* Another target: the numbers begin anew. */
	if (st->tested > end || st->role != session_role(s)) {
		st->role = session_role(s);
		st->tested = 0;
		st->n = 0;
	}
	while (gone < st->n && st->passing[gone] < first)
		gone++;
	st->n -= gone;
	if (gone)
		memmove(st->passing, st->passing + gone, st->n * sizeof(*st->passing));
	for (uint64_t i = umax(st->tested, first); i < end; i++) {
		const struct event *e = event_of(s, i);

		if (!e || !of_role(s, e) || !sieve_passes(&st->sieve, e))
			continue;
		VEC_GROW(st->passing, st->n, st->cap);
		st->passing[st->n++] = i;
	}
	st->tested = end;
}

static size_t row_count(const struct events_state *st, const struct session *s)
{
	return sifted(st, s) ? st->n : session_events(s);
}

static uint64_t number_at(const struct events_state *st, const struct session *s, size_t row)
{
	return sifted(st, s) ? st->passing[row] : session_events_dropped(s) + row;
}

/* The row of the cursor: the last one unless scrolled, the nearest when its event is gone. */
static int row_of_cursor(const struct events_state *st, const struct session *s)
{
	size_t n = row_count(st, s), lo = 0, hi = n;

	if (!n)
		return 0;
	if (!st->scrolled)
		return (int)n - 1;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (number_at(st, s, mid) < st->cursor)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (int)(lo < n ? lo : n - 1);
}

/* ---- drawing ---- */

/* The glyph and the hue an event's type has. */
static const struct kind { uint32_t glyph; uint16_t role; } kinds[EVENT_NR] = {
	[EVENT_VMA_NEW] = { '+', THEME_GOOD },
	[EVENT_VMA_GONE] = { '-', THEME_ERROR },
	[EVENT_GREW_DOWN] = { 0x25bc /* ▼ */, THEME_VMA_STACK },
	[EVENT_GREW_UP] = { 0x25b2 /* ▲ */, THEME_VMA_HEAP },
	[EVENT_SHRANK] = { '<', THEME_TEXT },
	[EVENT_MERGED] = { 'M', THEME_TEXT },
	[EVENT_SPLIT] = { 'Y', THEME_TEXT },
	[EVENT_PROTECTED] = { 'P', THEME_WARN },
	[EVENT_RENAMED] = { 'N', THEME_TEXT },
	[EVENT_RESHAPED] = { 'R', THEME_TEXT },
	[EVENT_PAGES_IN] = { 0x25aa /* ▪ */, THEME_PAGE_ANON },
	[EVENT_PAGES_OUT] = { 0x25ab /* ▫ */, THEME_DIM },
	[EVENT_PAGES_COW] = { 'c', THEME_PAGE_ANON_SHARED },
	[EVENT_PAGES_SWAP] = { 's', THEME_PAGE_SWAP },
	[EVENT_PAGES_KIND] = { 'k', THEME_DIM },
	[EVENT_COUNTER] = { '#', THEME_DIM },
	[EVENT_TASK_NEW] = { 't', THEME_GOOD },
	[EVENT_TASK_GONE] = { 'x', THEME_ERROR },
	[EVENT_TASK_CHANGED] = { '~', THEME_DIM },
	[EVENT_KSTACK_DEEPER] = { 'K', THEME_VMA_STACK },
	[EVENT_EXEC] = { 'E', THEME_STRONG },
	[EVENT_EXIT] = { 'X', THEME_STRONG },
	[EVENT_PROCESS] = { 'i', THEME_DIM },
	[EVENT_DETAIL] = { 'd', THEME_DIM },
};

static bool of_pages(const struct event *e)
{
	return e->type >= EVENT_PAGES_IN && e->type <= EVENT_PAGES_KIND;
}

/* Whose pages they are, if it still is there. */
static void add_place(const struct snapshot *snap, const struct event *e, struct buf *out)
{
	ssize_t i = of_pages(e) && snap->layout ? layout_find(snap->layout, e->start) : -1;
	char label[24];

	if (i >= 0)
		buf_addf(out, "%s: ", vma_label(snap, (size_t)i, label, sizeof(label)));
}

/* From so many columns on there is room for: an address, the type in words, the whole sentence. */
enum { ADDRESS_COLS = 48, TYPE_COLS = 80, SENTENCE_COLS = 120 };

static void draw_row(struct canvas *c, int row, const struct event *e, const struct snapshot *snap,
		     bool selected, struct buf *scratch)
{
	const struct kind *k = &kinds[e->type];
	uint64_t now = snap->time_ns;
	bool wide = canvas_cols(c) >= TYPE_COLS;
	char when[24];
	int col = 10;
	unsigned heat = now <= e->time_ns ? 4 : 0;

	/* Of what has ended, the ages are those at its end. */
	canvas_right(c, row, 8, STYLE(DIM), snap->process.ended && heat ? "end" :
		     ago_text(now > e->time_ns ? now - e->time_ns : 0, when));
	canvas_ch(c, row, col, style_attr((struct style){ .role = k->role, .heat = (uint8_t)heat },
					  ATTR_BOLD),
		  k->glyph);
	col += 2;
	if (wide) {
		canvas_putn(c, row, col, (struct style){ .role = k->role }, 13,
			    event_types[e->type].name);
		col += 14;
	}
	/* Where it was is what a cut line must not lose. */
	if (canvas_cols(c) >= ADDRESS_COLS && e->end)
		paint_address(c, row, col, STYLE(DIM), e->type == EVENT_GREW_UP ? e->end : e->start, 0);
	if (wide || (canvas_cols(c) >= ADDRESS_COLS && e->end))
		col += 13;
	buf_reset(scratch);
	add_place(snap, e, scratch);
	if (canvas_cols(c) >= SENTENCE_COLS)
		event_describe(e, scratch);
	else
		event_row(e, scratch);
	canvas_putn(c, row, col, style_heat(STYLE(TEXT), heat), imax(canvas_cols(c) - col, 0),
		    buf_str(scratch));
	if (selected)
		paint_selected(c, row, 0);
}

static void draw_status(const struct events_state *st, const struct session *s, struct canvas *c,
			int row)
{
	char a[32], b[32];
	int col;

	canvas_hline(c, row, 0, canvas_cols(c), STYLE(BORDER));
	if (sifted(st, s))
		col = canvas_putf(c, row + 1, 1, STYLE(WARN), "%s of %s events pass",
				  count_text(row_count(st, s), a), count_text(session_events(s), b));
	else
		col = canvas_putf(c, row + 1, 1, STYLE(STRONG), "%s event%s",
				  count_text(row_count(st, s), a), plural(row_count(st, s)));
	if (session_events_dropped(s))
		col = canvas_putf(c, row + 1, col, STYLE(WHY), ", %s older ones dropped",
				  count_text(session_events_dropped(s), b));
	if (session_snapshot(s)->process.ended)
		canvas_put(c, row + 1, col + 2, STYLE(DIM), "ages are those at the end");
	else
		canvas_put(c, row + 1, col + 2, st->scrolled ? STYLE(WARN) : STYLE(GOOD), st->scrolled ?
			   "scrolled: End follows the newest" : "follows the newest");
}

static void events_draw(void *state, const struct session *s, struct canvas *c)
{
	struct events_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	struct buf scratch = BUF_INIT;
	int n, cursor;

	if (!snap) {
		paint_why_empty(c, snap, "events");
		return;
	}
	update(st, s);
	n = (int)row_count(st, s);
	st->page = canvas_rows(c) - 2;
	cursor = row_of_cursor(st, s);
	st->top = scroll_to(st->top, cursor, n, st->page);
	for (int i = 0; i < st->page && st->top + i < n; i++) {
		const struct event *e = event_of(s, number_at(st, s, (size_t)(st->top + i)));

		if (e)
			draw_row(c, i, e, snap, st->top + i == cursor, &scratch);
	}
	if (!n)
		canvas_put(c, 1, 2, STYLE(DIM), sifted(st, s) ? "no event passes the filter; Esc clears it" :
			   "nothing has changed since watching began");
	draw_status(st, s, c, canvas_rows(c) - 2);
	buf_free(&scratch);
}

/* ---- commands ---- */

static void go_to(struct events_state *st, struct session *s, int row)
{
	const struct event *e;
	int n = (int)row_count(st, s);

	st->scrolled = row < n - 1;
	st->cursor = number_at(st, s, (size_t)row);
	e = event_of(s, st->cursor);
	if (!e)
		return;
	if (e->end)
		session_select(s, e->type == EVENT_GREW_UP &&
			       e->end > e->amount ? e->end - e->amount : e->start);
	if (e->tid)
		session_select_task(s, e->tid);
}

/* The room that shows best what an event was about. */
static const char *room_for(const struct event *e)
{
	if (of_pages(e))
		return "pages";
	if (e->type == EVENT_GREW_DOWN)
		return "stack";
	return e->tid ? "threads" : e->type == EVENT_COUNTER ? "counters" : "table";
}

static bool events_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct events_state *st = state;
	int n = (int)row_count(st, s), row = row_of_cursor(st, s);
	const struct event *e;

	(void)arg;
	if (!strcmp(name, "tail")) {
		st->scrolled = false;
		return true;
	}
	if (!n)
		return false;
	if (!strcmp(name, "enter")) {
		go_to(st, s, row);
		e = event_of(s, number_at(st, s, (size_t)row));
		if (e)
			session_set_room(s, view_index(room_for(e)));
		return true;
	}
	if (!list_move(name, &row, n, st->page - 1))
		return false;
	go_to(st, s, row);
	return true;
}

static void events_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct events_state *st = state;

	(void)col;
	if (row >= st->page || st->top + row >= (int)row_count(st, s))
		return;
	go_to(st, s, st->top + row);
	if (twice)
		events_command(state, s, "enter", "");
}

static bool events_set_filter(void *state, const char *text, struct filter_error *err)
{
	struct events_state *st = state;

	if (!sieve_set(&st->sieve, &filter_events, text, err))
		return false;
	st->n = 0;
	st->tested = 0;
	return true;
}

static bool events_find(void *state, struct session *s, struct filter *f, int direction)
{
	struct events_state *st = state;
	size_t n, from;

	update(st, s);
	n = row_count(st, s);
	from = (size_t)row_of_cursor(st, s);
	for (size_t i = 1; i <= n; i++) {
		size_t row = (from + (direction > 0 ? i : n - i)) % n;
		const struct event *e = event_of(s, number_at(st, s, row));

		if (!e || !filter_match(f, e))
			continue;
		go_to(st, s, (int)row);
		return true;
	}
	return false;
}

static const char *events_filter(const void *state)
{
	return sieve_text(&((const struct events_state *)state)->sieve);
}

/* What makes a kernel do this. */
static const char *meaning_of(const struct event *e)
{
	static const char *const meanings[EVENT_NR] = {
		[EVENT_VMA_NEW] = "mmap(2) made it, or exec(2) and the loader.",
		[EVENT_VMA_GONE] = "munmap(2) took it away, or a new mapping was put in its place.",
		[EVENT_GREW_DOWN] = "A touch below its start moved the start down to the touched page.",
		[EVENT_GREW_UP] = "brk(2) or mremap(2) moved its end, or what was mapped behind it became part of it.",
		[EVENT_SHRANK] = "munmap(2), brk(2) or mremap(2) took a part away.",
		[EVENT_MERGED] = "Neighbours with equal rights and flags are one VMA: fewer are faster to search.",
		[EVENT_SPLIT] = "Only a part was changed or unmapped, and a VMA has one set of rights and flags.",
		[EVENT_PROTECTED] = "mprotect(2): the pages stay, what one may do with them changes.",
		[EVENT_RENAMED] = "prctl(2) named it, or what is known of it says more now.",
		[EVENT_RESHAPED] = "More than one thing happened here between two samples.",
		[EVENT_PAGES_IN] = "A touch faulted and the kernel mapped what it needed; of a file up to 16 pages at once.",
		[EVENT_PAGES_OUT] = "madvise(2) gave them back, or the kernel took them; the next touch faults again.",
		[EVENT_PAGES_COW] = "The first write to a page that others share gives the writer a copy.",
		[EVENT_PAGES_SWAP] = "The kernel needed memory, or a touch wanted it back.",
		[EVENT_PAGES_KIND] = "Others began or ceased to map them, or it is known now what they are.",
		[EVENT_COUNTER] = "Counters of the mm follow what is done to it.",
		[EVENT_TASK_NEW] = "clone(2) made it: it shares this address space.",
		[EVENT_TASK_GONE] = "It left by exit(2); its stack stays until somebody unmaps it.",
		[EVENT_TASK_CHANGED] = "It ran, or fell asleep.",
		[EVENT_KSTACK_DEEPER] = "A path through the kernel used more of it than any before.",
		[EVENT_EXEC] = "execve(2) threw the old address space away and built a new one.",
		[EVENT_EXIT] = "Its memory went back; what is shown is the last picture.",
		[EVENT_PROCESS] = "The machine went on with another process: fork, a switch, or the end of one.",
		[EVENT_DETAIL] = "",
	};

	/* Only a stack grows by itself; others get what is mapped right below them. */
	if (e->type == EVENT_GREW_DOWN && e->vmas.nafter && !e->vmas.after[0].growsdown)
		return "What was mapped right below it became part of it.";
	return meanings[e->type];
}

static void events_describe(void *state, const struct session *s, struct buf *out)
{
	struct events_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	const struct event *e;
	char when[40];

	if (!row_count(st, s)) {
		buf_adds(out,
			 "Every sample is compared with the one before; what differs is written here.");
		if (snap && !snap->layout) {
			buf_adds(out, " Mappings and pages are not among it. ");
			describe_why(snap, "vmas", out);
		}
		return;
	}
	e = event_of(s, number_at(st, s, (size_t)row_of_cursor(st, s)));
	if (!e)
		return;
	event_describe(e, out);
	buf_addf(out, ". %s Seen in sample %" PRIu64 ", %s.", meaning_of(e), e->seq,
		 when_text(snap, e->time_ns, when));
}

static void events_heading(void *state, const struct session *s, struct buf *out)
{
	struct events_state *st = state;

	(void)s;
	buf_adds(out, "events");
	sieve_heading(&st->sieve, out);
}

static const struct view_command commands[] = {
	{ "tail", NULL, "follow the newest event again" },
	{ NULL, NULL, NULL },
};

const struct view events_view = {
	.name = "events",
	.title = "events",
	.about = "what changed, one line each; choosing one moves the selection there",
	.state_size = sizeof(struct events_state),
	.fini = events_fini,
	.draw = events_draw,
	.command = events_command,
	.commands = commands,
	.click = events_click,
	.describe = events_describe,
	.set_filter = events_set_filter,
	.rows = &filter_events,
	.filter = events_filter,
	.find = events_find,
	.heading = events_heading,
};
