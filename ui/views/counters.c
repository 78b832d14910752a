/* SPDX-License-Identifier: GPL-2.0-or-later
 * The counters of mm_struct, its boundaries, the limits and the faults, each with its
 * place in /proc and what it means; and the sums that should agree.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/machine.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"

struct counters_state { int cursor, top, page; };

enum row_kind { ROW_HEAD, ROW_MM, ROW_LIMIT, ROW_FAULT, ROW_FIELD };
struct row { enum row_kind kind; unsigned index; const char *title; };

#define MM(id) { ROW_MM, MM_##id, NULL }
static const struct row rows[] = {
	{ ROW_HEAD, 0, "resident" },
	MM(VM_RSS), MM(RSS_ANON), MM(RSS_FILE), MM(RSS_SHMEM), MM(VM_SWAP), MM(VM_LOCKED),
	{ ROW_HEAD, 0, "mapped" },
	MM(VM_SIZE), MM(VM_DATA), MM(VM_STACK), MM(VM_EXE), MM(VM_LIB), MM(VM_PTE),
	{ ROW_HEAD, 0, "limits" },
	{ ROW_LIMIT, LIMIT_STACK, NULL }, { ROW_LIMIT, LIMIT_AS, NULL },
	{ ROW_LIMIT, LIMIT_DATA, NULL },
	{ ROW_LIMIT, LIMIT_MEMLOCK, NULL },
	{ ROW_HEAD, 0, "faults" },
	{ ROW_FAULT, 0, "minor" }, { ROW_FAULT, 1, "major" },
	{ ROW_HEAD, 0, "boundaries" },
	MM(ENV_END), MM(ENV_START), MM(ARG_END), MM(ARG_START), MM(START_STACK), MM(BRK),
	MM(START_BRK), MM(END_DATA), MM(START_DATA), MM(END_CODE), MM(START_CODE),
};
enum { NROWS = ARRAY_LEN(rows) };

/* Below these stand the fields of mm_struct, where they are known: in a simulated machine. */
static int row_count(const struct snapshot *snap)
{
	size_t n = snap && snap->machine ? snap->machine->nfields : 0;

	return NROWS + (n ? (int)n + 1 : 0);
}

static struct row row_at(const struct snapshot *snap, int i)
{
	if (i < NROWS)
		return rows[i];
	if (i == NROWS)
		return (struct row){ ROW_HEAD, 0, "mm_struct" };
	return (struct row){ ROW_FIELD, (unsigned)(i - NROWS - 1),
			     snap->machine->fields[i - NROWS - 1].name };
}

static const char *const limit_about[LIMIT_NR] = {
	[LIMIT_STACK] = "how far a stack may grow by itself; read at each such fault",
	[LIMIT_AS] = "how large all mappings together may get (VmSize)",
	[LIMIT_DATA] = "how large private writable memory may get (VmData)",
	[LIMIT_MEMLOCK] = "how much memory may be locked (VmLck)",
};

static const char *const fault_about[2] = {
	"faults served without input or output: new pages, copies, pages found in memory",
	"faults that had to wait for a disk",
};

/* ---- rows as values ---- */

static const char *name_of(const struct row *r)
{
	switch (r->kind) {
	case ROW_MM: return mm_fields[r->index].key;
	case ROW_LIMIT: return limit_names[r->index];
	default: return r->title;
	}
}

static uint64_t value_of(const struct snapshot *snap, const struct row *r)
{
	switch (r->kind) {
	case ROW_MM: return snap->mm[r->index];
	case ROW_LIMIT: return snap->limits[r->index];
	case ROW_FIELD: return snap->machine->fields[r->index].value;
	default: return r->index ? snap->majflt : snap->minflt;
	}
}

static unsigned event_field_of(const struct row *r)
{
	switch (r->kind) {
	case ROW_MM: return r->index;
	case ROW_LIMIT: return COUNTER_LIMIT + r->index;
	default: return COUNTER_MINFLT + r->index;
	}
}

/* The rows that a simulated kernel's status does not have. */
static bool not_shown(const struct snapshot *snap, const struct row *r)
{
	return r->kind == ROW_MM && snap->machine && !snap->machine->rss_split &&
	       (r->index == MM_RSS_ANON || r->index == MM_RSS_FILE || r->index == MM_RSS_SHMEM);
}

static const char *from_of(const struct snapshot *snap, const struct row *r)
{
	static const char *const limits[LIMIT_NR] = {
		[LIMIT_STACK] = "limits Max stack size", [LIMIT_AS] = "limits Max address space",
		[LIMIT_DATA] = "limits Max data size", [LIMIT_MEMLOCK] = "limits Max locked memory",
	};

	if (not_shown(snap, r))
		return "not in this status";
	switch (r->kind) {
	case ROW_FIELD: return "mm_struct";
	case ROW_MM: return mm_fields[r->index].from;
	case ROW_LIMIT: return limits[r->index];
	default: return r->index ? "stat 12" : "stat 10";
	}
}

static const char *about_of(const struct snapshot *snap, const struct row *r)
{
	const struct machine *m = snap->machine;

	if (m && r->kind == ROW_MM && r->index == MM_VM_DATA && !m->data_counted)
		return "what has no file and is no stack: total_vm - shared_vm - stack_vm";
	if (m && r->kind == ROW_MM && r->index == MM_VM_PTE && !m->tables_counted)
		return "page tables of the lowest level (nr_ptes)";
	switch (r->kind) {
	case ROW_FIELD: return m->fields[r->index].about;
	case ROW_MM: return mm_fields[r->index].about;
	case ROW_LIMIT: return limit_about[r->index];
	default: return fault_about[r->index];
	}
}

static bool is_address(const struct snapshot *snap, const struct row *r)
{
	if (r->kind == ROW_FIELD)
		return snap->machine->fields[r->index].unit == DECISION_IN_ADDRESS;
	return r->kind == ROW_MM && mm_fields[r->index].unit == MM_ADDRESS;
}

static char *field_text(const struct machine_field *f, char out[32])
{
	switch (f->unit) {
	case DECISION_IN_BYTES:
		text_size(f->value, out);
		break;
	case DECISION_IN_PFN:
		snprintf(out, 32, "frame #%" PRIu64, f->value);
		break;
	case DECISION_IN_PAGES:
		snprintf(out, 32, "%" PRIu64 " page%s", f->value, f->value == 1 ? "" : "s");
		break;
	case DECISION_IN_FLAGS:
		snprintf(out, 32, "0x%" PRIx64, f->value);
		break;
	default:
		snprintf(out, 32, "%" PRIu64, f->value);
	}
	return out;
}

static const char *value_text(const struct snapshot *snap, const struct row *r, char out[32])
{
	uint64_t v = value_of(snap, r);
	char address[24];

	if (v == UNKNOWN && r->kind != ROW_FIELD)
		strcpy(out, "-");
	else if (v == UNLIMITED && r->kind == ROW_LIMIT)
		strcpy(out, "unlimited");
	else if (is_address(snap, r))
		strcpy(out, address_text(v, address));
	else if (r->kind == ROW_FIELD)
		field_text(&snap->machine->fields[r->index], out);
	else if (r->kind == ROW_FAULT)
		count_text(v, out);
	else
		text_size(v, out);
	return out;
}

/* The VMA an address lies in; an end may touch the one before it. */
static ssize_t vma_of(const struct snapshot *snap, uint64_t addr)
{
	ssize_t i;

	if (!snap->layout || addr == UNKNOWN)
		return -1;
	i = layout_find(snap->layout, addr);
	return i < 0 && addr ? layout_find(snap->layout, addr - 1) : i;
}

/* ---- sums that should agree ---- */

struct sums { uint64_t pages, status, statm, unseen; };

static struct sums sums_of(const struct snapshot *snap)
{
	struct sums s = { UNKNOWN, snap->mm[MM_VM_RSS], snap->statm_rss, 0 };
	struct page_counts n;

	if (!snap->pages)
		return s;
	n = residency_count(snap->pages, 0, UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1));
	s.pages = page_counts_resident(&n) * PAGE_BYTES;
	s.unseen = n.n[PAGE_UNSEEN];
	return s;
}

/* Why two of the three may differ, said once. */
static void add_difference(const struct snapshot *snap, const struct sums *s, struct buf *out)
{
	static const char quick[] =
		"the quick sum leaves out what each CPU has counted and not yet handed in";
	uint64_t a = s->pages, b = s->status != UNKNOWN ? s->status : s->statm;
	char size[16];

	if (a == UNKNOWN || b == UNKNOWN) {
		const struct why *w = whys_find(snap->whys, b == UNKNOWN ? "mm" : snap->layout ?
						"pages" : "vmas");

		buf_addf(out, "nothing to compare with: %s", w ? w->why : "one of the sums is not known");
		return;
	}
	if (a == b)
		buf_adds(out, "pages and counter agree");
	else
		buf_addf(out, "%s %s in pages than in the counter: ",
			 text_size(a > b ? a - b : b - a, size), a > b ? "more" : "less");
	if (a != b && s->unseen)
		buf_adds(out, "some are not looked at yet");
	else if (a > b)
		buf_adds(out, "pages of devices and of the vdso are mapped but not counted");
	else if (a < b)
		buf_adds(out, "they were read a moment apart");
	if (s->status != UNKNOWN && s->statm != UNKNOWN && s->status != s->statm)
		buf_addf(out, "; statm has %s %s: %s",
			 text_size(umax(s->statm, s->status) - umin(s->statm, s->status), size),
			 s->statm > s->status ? "more" : "less", quick);
}

static int draw_sum(struct canvas *c, int row, const char *name, const char *from, uint64_t v,
		    uint64_t most)
{
	char size[16];

	canvas_put(c, row, 1, STYLE(TEXT), name);
	canvas_right(c, row, 27, STYLE(STRONG), size_text(v, size));
	if (v != UNKNOWN && canvas_cols(c) >= 50)
		canvas_bar(c, row, 29, imin(canvas_cols(c) - 30, 24), STYLE(BAR), v, most);
	if (canvas_cols(c) >= 80)
		canvas_put(c, row, 55, STYLE(DIM), from);
	return row + 1;
}

enum { SUMS = 6 };

static void draw_sums(const struct snapshot *snap, struct canvas *c, int row)
{
	struct sums s = sums_of(snap);
	uint64_t most = umax(s.pages == UNKNOWN ? 0 : s.pages,
			     umax(s.status == UNKNOWN ? 0 : s.status,
			     s.statm == UNKNOWN ? 0 : s.statm));
	struct buf b = BUF_INIT;

	canvas_hline(c, row++, 0, canvas_cols(c), STYLE(BORDER));
	row = draw_sum(c, row, "resident pages", "counted here, page by page", s.pages, most);
	row = draw_sum(c, row, "VmRSS", "status", s.status, most);
	row = draw_sum(c, row, "resident", "statm, field 2", s.statm, most);
	add_difference(snap, &s, &b);
	canvas_wrap(c, (struct rect){ row, 1, 2, canvas_cols(c) - 2 },
		    s.pages == s.status ? STYLE(GOOD) : STYLE(DIM), buf_str(&b));
	buf_free(&b);
}

/* ---- drawing ---- */

/* Explanations have this column, where there are so many of them. */
enum { ABOUT = 56, ABOUT_COLS = 86 };

static void draw_where(const struct snapshot *snap, struct canvas *c, int row, int col,
		       uint64_t addr)
{
	ssize_t i = vma_of(snap, addr);
	char label[96];

	if (i < 0)
		return;
	canvas_putn(c, row, col, (struct style){ .role = THEME_OF_VMA(snap->layout->vmas[i].role) },
		    imin(ABOUT - 1 - col, canvas_cols(c) - col),
		    vma_label(snap, (size_t)i, label, sizeof(label)));
}

/* What of an explanation has room: all, or up to where a clause ends, or at least a part of one.
 * The sentence has the rest. */
static size_t clauses_in(const char *about, size_t cols)
{
	size_t n = strlen(about), clause = 0, part = 0;
	int depth = 0;

	if (n <= cols)
		return n;
	for (size_t i = 0; i <= cols; i++) {
		if (!depth && (about[i] == ';' || about[i] == ':' || !strncmp(&about[i], " (", 2)))
			clause = i;
		if (!depth && about[i] == ',')
			part = i;
		depth += (about[i] == '(') - (about[i] == ')');
	}
	return clause ? clause : part ? part : n;
}

static void draw_about(struct canvas *c, int row, int col, const char *about)
{
	int room = canvas_cols(c) - 1 - col;
	char *some = xstrndup(about, clauses_in(about, (size_t)imax(room, 0)));

	canvas_putn(c, row, col, STYLE(DIM), room, some);
	free(some);
}

static void draw_row(const struct session *s, struct canvas *c, int row, int i, bool selected)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct row one = row_at(snap, i), *r = &one;
	const char *about;
	unsigned heat;
	char text[32];
	int col;

	if (r->kind == ROW_HEAD) {
		canvas_putf(c, row, 1, STYLE(TITLE), "%s", r->title);
		return;
	}
	heat = r->kind == ROW_FIELD ? 0 : session_heat_counter(s, event_field_of(r));
	about = about_of(snap, r);
	canvas_put(c, row, 2, STYLE(TEXT), name_of(r));
	/* The names of fields are longer. */
	canvas_right(c, row, r->kind == ROW_FIELD ? 33 : 27, style_heat(value_of(snap, r) == UNKNOWN ? STYLE(WHY) :
					    STYLE(STRONG), heat),
		     value_text(snap, r, text));
	if (heat)
		canvas_ch(c, row, 0, style_heat(STYLE(NEW), heat), heat_mark(heat));
	col = r->kind == ROW_FIELD ? 35 : 29;
	if (is_address(snap, r)) {
		draw_where(snap, c, row, col, value_of(snap, r));
	} else if (value_of(snap, r) == UNKNOWN) {
		char what[48];
		const struct why *w;
		const char *why;

		snprintf(what, sizeof(what), "%s.%s", r->kind == ROW_MM ? "mm" :
			 r->kind == ROW_LIMIT ? "limits" : "faults", name_of(r));
		w = whys_find(snap->whys, what);
		why = w ? w->why : "not known";
		canvas_putn(c, row, col, STYLE(WHY), imax(canvas_cols(c) - 1 - col, 0), why);
		/* A long reason has the row to its end; what the counter means, the sentence tells. */
		if (col + (int)strlen(why) >= ABOUT)
			about = NULL;
	} else if (r->kind != ROW_FIELD) {
		canvas_putn(c, row, col, STYLE(DIM), imin(24, canvas_cols(c) - col), from_of(snap, r));
	}
	if (about && canvas_cols(c) >= ABOUT_COLS)
		draw_about(c, row, ABOUT, about);
	if (selected)
		paint_selected(c, row, heat);
}

static void counters_draw(void *state, const struct session *s, struct canvas *c)
{
	struct counters_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	bool sums = canvas_rows(c) >= 16;
	int n = row_count(snap);

	if (!snap) {
		paint_why_empty(c, snap, "mm");
		return;
	}
	st->cursor = imax(1, imin(st->cursor, n - 1));
	st->page = canvas_rows(c) - (sums ? SUMS : 0);
	st->top = scroll_to(st->top, st->cursor, n, st->page);
	/* The head above the first row is part of it. */
	if (st->top == 1)
		st->top = 0;
	for (int i = 0; i < st->page && st->top + i < n; i++)
		draw_row(s, c, i, st->top + i, st->top + i == st->cursor);
	if (sums)
		draw_sums(snap, c, imin(st->page, imax(n - st->top, 1)));
}

static bool counters_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct counters_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	struct row r = row_at(snap, imin(st->cursor, row_count(snap) - 1));
	int to = st->cursor;

	(void)arg;
	if (!strcmp(name, "enter") && snap && is_address(snap, &r) &&
	    vma_of(snap, value_of(snap, &r)) >= 0) {
		session_select(s, value_of(snap, &r));
		session_set_room(s, view_index("pages"));
		return true;
	}
	if (!list_move(name, &to, row_count(snap), st->page - 1))
		return false;
	/* Heads are no rows to stand on. */
	if (row_at(snap, to).kind == ROW_HEAD)
		to += to > st->cursor || !to ? 1 : -1;
	st->cursor = imax(1, to);
	r = row_at(snap, st->cursor);
	if (snap && is_address(snap, &r) && vma_of(snap, value_of(snap, &r)) >= 0)
		session_select(s, value_of(snap, &r));
	return true;
}

static void counters_click(void *state, struct session *s, int row, int col, bool twice)
{
	struct counters_state *st = state;
	const struct snapshot *snap = session_snapshot(s);

	(void)col;
	if (row >= st->page || st->top + row >= row_count(snap) ||
	    row_at(snap, st->top + row).kind == ROW_HEAD)
		return;
	st->cursor = st->top + row;
	if (twice)
		counters_command(state, s, "enter", "");
}

static void counters_describe(void *state, const struct session *s, struct buf *out)
{
	struct counters_state *st = state;
	const struct snapshot *snap = session_snapshot(s);
	struct row one = row_at(snap, imax(1, imin(st->cursor, row_count(snap) - 1)));
	const struct row *r = &one;
	char text[32], label[96], what[48];
	uint64_t v;
	ssize_t i;

	if (!snap)
		return;
	v = value_of(snap, r);
	if (r->kind == ROW_FIELD)
		buf_addf(out, "mm_struct of %s: %s = %s%s%s. ", snap->machine->profile, name_of(r),
			 value_text(snap, r, text), *about_of(snap, r) ? ": " : "", about_of(snap, r));
	else if (not_shown(snap, r))
		buf_addf(out, "%s: %s. This kernel does not show it. ", name_of(r), about_of(snap, r));
	else
		buf_addf(out, "%s: %s. From /proc/%d/%s. ", name_of(r), about_of(snap, r),
			 (int)snap->process.pid, from_of(snap, r));
	if (v == UNKNOWN && r->kind != ROW_FIELD) {
		snprintf(what, sizeof(what), "%s.%s", r->kind == ROW_MM ? "mm" :
			 r->kind == ROW_LIMIT ? "limits" : "faults", name_of(r));
		describe_why(snap, what, out);
		return;
	}
	i = is_address(snap, r) ? vma_of(snap, v) : -1;
	if (is_address(snap, r) && i >= 0)
		buf_addf(out, "0x%" PRIx64 " lies in %s, %" PRIu64 " bytes from its start.", v,
			 vma_label(snap, (size_t)i, label, sizeof(label)),
			 v - snap->layout->vmas[i].start);
	else if (is_address(snap, r))
		buf_addf(out, "0x%" PRIx64 " lies in no mapping.", v);
	else if (r->kind != ROW_FAULT && r->kind != ROW_FIELD && v != UNLIMITED)
		buf_addf(out, "%s = %" PRIu64 " bytes.", value_text(snap, r, text), v);
}

const struct view counters_view = {
	.name = "counters",
	.title = "counters",
	.about = "counters, boundaries, limits, where each comes from, and whether the sums agree",
	.state_size = sizeof(struct counters_state),
	.draw = counters_draw,
	.command = counters_command,
	.click = counters_click,
	.describe = counters_describe,
};
