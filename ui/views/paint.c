/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/paint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "mmscope/view.h"

int scroll_to(int top, int sel, int n, int rows)
{
	if (rows < 1)
		rows = 1;
	if (sel < top)
		top = sel;
	if (sel >= top + rows)
		top = sel - rows + 1;
	if (top > n - rows)
		top = n - rows;
	return top < 0 ? 0 : top;
}

bool list_move(const char *command, int *sel, int n, int page)
{
	int to;

	if (page < 1)
		page = 1;
	if (!strcmp(command, "up"))
		to = *sel - 1;
	else if (!strcmp(command, "down"))
		to = *sel + 1;
	else if (!strcmp(command, "page-up"))
		to = *sel - page;
	else if (!strcmp(command, "page-down"))
		to = *sel + page;
	else if (!strcmp(command, "top"))
		to = 0;
	else if (!strcmp(command, "bottom"))
		to = n - 1;
	else
		return false;
	*sel = imax(0, imin(to, n - 1));
	return true;
}

void paint_changed(struct canvas *c, int row, unsigned heat)
{
	if (!heat)
		return;
	canvas_ch(c, row, 0, style_heat(STYLE(NEW), heat), heat_mark(heat));
	canvas_restyle(c, row, 1, canvas_cols(c) - 1, style_heat(STYLE(TEXT), heat));
}

void paint_selected(struct canvas *c, int row, unsigned heat)
{
	canvas_restyle(c, row, 0, canvas_cols(c), STYLE(SELECT));
	if (!heat)
		canvas_ch(c, row, 0, STYLE(SELECT), 0x25b6 /* ▶ */);
	canvas_cursor(c, row, 0);
}

void paint_code(struct canvas *c, int row, int from, int end, uint64_t bytes)
{
	char text[48], n[32];

	snprintf(text, sizeof(text), "code %s ", count_text(bytes, n));
	if (from + text_width(text) < end)
		canvas_right(c, row, end, STYLE(DIM), text);
}

const char *address_text(uint64_t addr, char out[24])
{
	/* Both ends: how high it lies, and where. */
	if (addr >> 48)
		snprintf(out, 24, "%04x…%07" PRIx64, (unsigned)(addr >> 48), addr & 0xfffffff);
	else
		snprintf(out, 24, "%012" PRIx64, addr);
	return out;
}

int paint_address(struct canvas *c, int row, int col, struct style st, uint64_t addr, int common)
{
	char digits[24];

	canvas_put(c, row, col, st, address_text(addr, digits));
	for (int i = 0; i < common; i++)
		canvas_ch(c, row, col + i, STYLE(DIM), (uint32_t)digits[i]);
	return col + 12;
}

int common_digits(uint64_t low, uint64_t high)
{
	int n = 0;

	if (low >> 48 || high >> 48)
		return 0;
	while (n < 12 && low >> (44 - 4 * n) == high >> (44 - 4 * n))
		n++;
	return n;
}

const char *size_text(uint64_t bytes, char out[16])
{
	if (bytes != UNKNOWN)
		return text_size(bytes, out);
	strcpy(out, "-");
	return out;
}

const char *count_text(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *p = out;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*p++ = ' ';
		*p++ = digits[i];
	}
	*p = '\0';
	return out;
}

const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

uint32_t heat_mark(unsigned heat)
{
	static const uint32_t marks[] = { ' ',
					  0xb7 /* · */, 0x25cb /* ○ */, 0x25cf /* ● */, 0x25cf };

	return marks[heat > 4 ? 4 : heat];
}

struct style heat_shade(struct style st, unsigned heat)
{
	return heat < 2 ? st : style_attr(STYLE(STRONG), heat > 2 ? ATTR_BOLD : 0);
}

uint32_t density_mark(uint64_t part, uint64_t whole)
{
	if (!part || !whole)
		return 0xb7;		/* · */
	if (part >= whole)
		return 0x2588;		/* █ */
	if (part < whole / 3 + 1)
		return 0x2591;		/* ░ */
	return part < whole / 3 * 2 + 1 ? 0x2592 : 0x2593;	/* ▒ ▓ */
}

const char *clean(const char *raw, char *out, size_t n)
{
	struct buf b = BUF_INIT;
	size_t len;

	text_sanitize(&b, raw, strlen(raw), 0);
	len = b.len < n ? b.len : n - 1;
	while (len && len < b.len && ((unsigned char)b.data[len] & 0xc0) == 0x80)
		len--;
	memcpy(out, buf_str(&b), len);
	out[len] = '\0';
	buf_free(&b);
	return out;
}

const char *base_name(const char *path)
{
	const char *slash = path[0] == '/' ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path;
}

bool paint_why_empty(struct canvas *c, const struct snapshot *snap, const char *what)
{
	const struct why *why;
	struct buf b = BUF_INIT;
	int rows = canvas_rows(c), cols = canvas_cols(c), margin = cols < 40 ? 1 : 2;

	if (!snap) {
		canvas_put(c, rows / 3, margin, STYLE(DIM), "the first sample is under way");
		return true;
	}
	why = whys_find(snap->whys, what);
	if (snap->process.kthread && !why)
		buf_adds(&b,
			 "A kernel thread has no address space of its own: nothing is mapped below the kernel's half");
	else if (why)
		buf_addf(&b, "Not shown: %s", why->why);
	else
		buf_adds(&b, "Nothing to show here");
	buf_adds(&b, ".");
	if (why && why->try_this && why->try_this[0])
		buf_addf(&b, "\nTry: %s.", why->try_this);
	canvas_wrap(c, (struct rect){ rows / 3, margin, rows - rows / 3, cols - 2 * margin }, STYLE(WHY),
		    buf_str(&b));
	buf_free(&b);
	return true;
}

enum { NOW_NS = 100000000 };

const char *ago_text(uint64_t ns, char out[16])
{
	uint64_t ms = ns / 1000000;

	if (ns < NOW_NS)
		snprintf(out, 16, "now");
	else if (ms < 10000)
		snprintf(out, 16, "%u.%u s", (unsigned)(ms / 1000), (unsigned)(ms / 100 % 10));
	else if (ms < 120000)
		snprintf(out, 16, "%u s", (unsigned)(ms / 1000));
	else
		snprintf(out, 16, "%" PRIu64 " min", ms / 60000 % 1000000);
	return out;
}

const char *when_text(const struct snapshot *snap, uint64_t time_ns, char out[40])
{
	uint64_t ago = snap->time_ns > time_ns ? snap->time_ns - time_ns : 0;
	bool ended = snap->process.ended, now = ago < NOW_NS;
	char age[16];

	snprintf(out, 40, "%s%s", ended && now ? "at the end" : ago_text(ago, age),
		 now ? "" : ended ? " before the end" : " ago");
	return out;
}

/* ---- columns ---- */

static int used_width(const struct column *cols, int room)
{
	int used = 0;

	for (; cols->name; cols++)
		if (cols->room <= room)
			used += cols->width + 1;
	return used;
}

int columns_rest(const struct column *cols, int room)
{
	return imax(room - used_width(cols, room), 4);
}

/* Of a column that is shown; `lacking` columns are still to be given up, the first ones first. */
static int width_of(const struct column *col, int rest, int *lacking)
{
	int gives = col->least ? imin(imax(*lacking, 0), col->width - col->least) : 0;

	*lacking -= gives;
	return col->width ? col->width - gives : rest;
}

/* The last `width` columns of what is too long, behind "…". */
static void put_tail(struct canvas *c, int row, int col, int width, struct style st,
		     const char *text)
{
	while (*text && text_width(text) > width - 1)
		while (((unsigned char)*++text & 0xc0) == 0x80)
			;
	col = canvas_put(c, row, col, STYLE(DIM), "…");
	canvas_put(c, row, col, st, text);
}

static void put_aligned(struct canvas *c, int row, int col, int width, bool left, struct style st,
			const char *text)
{
	int w = text_width(text);

	if (left || w >= width)
		canvas_putn(c, row, col, st, width, text);
	else
		canvas_put(c, row, col + width - w, st, text);
}

void columns_head(struct canvas *c, int row, const struct column *cols, int sorted, bool reversed)
{
	int room = canvas_cols(c), rest = columns_rest(cols, room), col = 1;
	int lacking = used_width(cols, room) - room;

	canvas_fill(c, (struct rect){ row, 0, 1, room }, STYLE(COLUMN), ' ');
	for (int i = 0; cols[i].name; i++) {
		char head[32];
		int width;

		if (cols[i].room > room)
			continue;
		width = width_of(&cols[i], rest, &lacking);
		/* Where there is room for one of them, the arrow says more than the head. */
		snprintf(head, sizeof(head), "%s%s", i == sorted && width <= text_width(cols[i].head) ?
			 "" : cols[i].head, i != sorted ? "" : cols[i].rising == reversed ? "▾" : "▴");
		put_aligned(c, row, col, width, cols[i].left, i == sorted ?
			    style_attr(STYLE(COLUMN), ATTR_BOLD) : STYLE(COLUMN), head);
		col += width + 1;
	}
}

int columns_at(const struct column *cols, int room, int at)
{
	int rest = columns_rest(cols, room), lacking = used_width(cols, room) - room, col = 1;

	for (int i = 0; cols[i].name; i++) {
		int width;

		if (cols[i].room > room)
			continue;
		width = width_of(&cols[i], rest, &lacking);
		if (at >= col && at < col + width)
			return i;
		col += width + 1;
	}
	return -1;
}

void columns_row(struct canvas *c, int row, const struct column *cols, const void *rows, size_t i,
		 struct buf *scratch)
{
	int room = canvas_cols(c), rest = columns_rest(cols, room), col = 1;
	int lacking = used_width(cols, room) - room;

	for (; cols->name; cols++) {
		struct style st;
		int width;

		if (cols->room > room)
			continue;
		width = width_of(cols, rest, &lacking);
		buf_reset(scratch);
		st = cols->text(rows, i, scratch);
		if (cols->tail && text_width(buf_str(scratch)) > width)
			put_tail(c, row, col, width, st, buf_str(scratch));
		else
			put_aligned(c, row, col, width, cols->left, st, buf_str(scratch));
		col += width + 1;
	}
}

int column_find(const struct column *cols, const char *name)
{
	for (int i = 0; cols[i].name; i++)
		if (!strcmp(cols[i].name, name))
			return i;
	return -1;
}

static int next_column(const struct column *cols, int room, int at)
{
	int n = 0;

	while (cols[n].name)
		n++;
	for (int i = 1; i <= n; i++) {
		const struct column *c = &cols[(at + i) % n];

		if (c->room <= room && (c->number || c->compare))
			return (at + i) % n;
	}
	return at;
}

static void say_order(struct session *s, const struct column *col, bool reversed)
{
	bool falling = col->rising == reversed;

	session_say(s, "sorted by %s, %s first", col->name, col->number ?
		    (falling ? "the largest" : "the smallest") : falling ? "z" : "a");
}

bool columns_command(struct session *s, const struct column *cols, int room, int *sorted,
		     bool *reversed, const char *name, const char *arg)
{
	int to;

	if (!strcmp(name, "sort-reverse")) {
		*reversed = !*reversed;
		say_order(s, &cols[*sorted], *reversed);
		return true;
	}
	if (strcmp(name, "sort"))
		return false;
	to = *arg ? column_find(cols, arg) : next_column(cols, room, *sorted);
	if (to < 0) {
		session_say(s, "there is no column \"%s\"", arg);
		return true;
	}
	*reversed = to == *sorted && !*reversed;
	*sorted = to;
	say_order(s, &cols[to], *reversed);
	return true;
}

struct sort_key { uint64_t key; uint32_t row; };

static int by_key(const void *va, const void *vb)
{
	const struct sort_key *a = va, *b = vb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

struct compare_with { const struct column *col; const void *rows; bool falling; };

static int by_compare(const void *va, const void *vb, void *vw)
{
	const struct compare_with *w = vw;
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	int d = w->col->compare(w->rows, a, b);

	if (d)
		return w->falling ? -d : d;
	return a < b ? -1 : a > b;
}

void columns_sort(const struct column *col, const void *rows, uint32_t *order, size_t n,
		  bool reversed)
{
	bool falling = col->rising == reversed;
	struct sort_key *keys;

	if (!col->number) {
		struct compare_with w = { col, rows, falling };

		if (col->compare)
			qsort_r(order, n, sizeof(*order), by_compare, &w);
		return;
	}
	keys = xcalloc(n ? n : 1, sizeof(*keys));
	for (size_t i = 0; i < n; i++) {
		uint64_t v = col->number(rows, order[i]);

		/* Unknown figures stand at the end, whichever way. */
		keys[i].key = v == UNKNOWN ? UNKNOWN : falling ? UNKNOWN - 1 - v : v;
		keys[i].row = order[i];
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++)
		order[i] = keys[i].row;
	free(keys);
}
