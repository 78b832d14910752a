/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every write ends in set_cell(), which knows the room and keeps the halves of wide
 * characters together. Lines remember their arms in a plane of their own, so that what
 * looks like a line in a text (a dash in ASCII mode) never joins.
 */
#include "mmscope/canvas.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/glyph.h"
#include "mmscope/text.h"

#define ROOMS_MAX 16
#define ELLIPSIS 0x2026
#define EIGHTH_LEFT 0x258f	/* left one eighth; a fuller one is one less */
#define EIGHTH_LOWER 0x2581	/* lower one eighth; a fuller one is one more */
#define FULL_BLOCK 0x2588

struct room {
	struct rect area;	/* of the whole grid; may stick out of the clip */
	int top, left, bottom, right;	/* the clip, half open */
};

struct canvas {
	int rows, cols;
	bool ascii, has_cursor;
	int cursor_row, cursor_col;
	struct cell *cells;
	uint8_t *arms;		/* enum arm, for each cell */
	int depth;
	struct room rooms[ROOMS_MAX + 1];
};

static const struct cell blank = { .ch = ' ', .style = { .role = THEME_TEXT } };

static int min(int a, int b)
{
	return a < b ? a : b;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static struct room *room(const struct canvas *c)
{
	return (struct room *)&c->rooms[c->depth];
}

void canvas_resize(struct canvas *c, int rows, int cols)
{
	size_t n;

	c->rows = max(rows, 0);
	c->cols = max(cols, 0);
	n = (size_t)c->rows * (size_t)c->cols;
	free(c->cells);
	free(c->arms);
	c->cells = xcalloc(n ? n : 1, sizeof(*c->cells));
	c->arms = xcalloc(n ? n : 1, 1);
	c->depth = 0;
	c->rooms[0] = (struct room){
		.area = { 0, 0, c->rows, c->cols }, .bottom = c->rows, .right = c->cols,
	};
	canvas_clear(c);
}

struct canvas *canvas_create(int rows, int cols, bool ascii)
{
	struct canvas *c = xcalloc(1, sizeof(*c));

	c->ascii = ascii;
	canvas_resize(c, rows, cols);
	return c;
}

void canvas_destroy(struct canvas *c)
{
	if (!c)
		return;
	free(c->cells);
	free(c->arms);
	free(c);
}

bool canvas_ascii(const struct canvas *c)
{
	return c->ascii;
}

const struct cell *canvas_cell(const struct canvas *c, int row, int col)
{
	assert(row >= 0 && row < c->rows && col >= 0 && col < c->cols);
	return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

int canvas_height(const struct canvas *c)
{
	return c->rows;
}

int canvas_width(const struct canvas *c)
{
	return c->cols;
}

int canvas_rows(const struct canvas *c)
{
	return room(c)->area.rows;
}

int canvas_cols(const struct canvas *c)
{
	return room(c)->area.cols;
}

void canvas_push(struct canvas *c, struct rect r)
{
	const struct room *outer = room(c);
	struct room *inner = &c->rooms[c->depth + 1];

	assert(c->depth < ROOMS_MAX);
	r.row += outer->area.row;
	r.col += outer->area.col;
	r.rows = max(r.rows, 0);
	r.cols = max(r.cols, 0);
	inner->area = r;
	inner->top = max(r.row, outer->top);
	inner->left = max(r.col, outer->left);
	inner->bottom = max(inner->top, min(r.row + r.rows, outer->bottom));
	inner->right = max(inner->left, min(r.col + r.cols, outer->right));
	c->depth++;
}

void canvas_pop(struct canvas *c)
{
	assert(c->depth > 0);
	c->depth--;
}

static struct cell *cell_at(struct canvas *c, int row, int col)
{
	return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

/* A wide character that loses one half loses the other too. */
static void break_wide(struct canvas *c, int row, int col)
{
	struct cell *cell = cell_at(c, row, col);

	if (!cell->ch && col > 0)
		cell[-1].ch = ' ';
	if (col + 1 < c->cols && !cell[1].ch)
		cell[1].ch = ' ';
}

static bool inside(const struct canvas *c, int row, int col)
{
	const struct room *r = room(c);

	return row >= r->top && row < r->bottom && col >= r->left && col < r->right;
}

/* row and col are of the whole grid. */
static void set_cell(struct canvas *c, int row, int col, struct style st, uint32_t ch, unsigned arms)
{
	struct cell *cell;

	if (!inside(c, row, col))
		return;
	cell = cell_at(c, row, col);
	if (!cell->ch || (col + 1 < c->cols && !cell[1].ch))
		break_wide(c, row, col);
	cell->ch = ch;
	cell->style = st;
	c->arms[cell - c->cells] = (uint8_t)arms;
}

/* Puts one code point at a place of the grid; returns the cells it takes. */
static int put_ch(struct canvas *c, int row, int col, struct style st, uint32_t ch)
{
	unsigned arms;
	int width;

	if (text_plain(ch)) {
		set_cell(c, row, col, st, ch, 0);
		return 1;
	}
	arms = glyph_arms(ch);
	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0))
		ch = '?';
	width = text_width1(ch);
	if (width == 0)
		return 0;
	if (c->ascii)
		ch = glyph_ascii(ch);
	if (width == 1) {
		set_cell(c, row, col, st, ch, arms);
	} else if (c->ascii || !inside(c, row, col) || !inside(c, row, col + 1)) {
		/* Half of it is cut: what remains is a blank. */
		set_cell(c, row, col, st, c->ascii ? '?' : ' ', 0);
		set_cell(c, row, col + 1, st, c->ascii ? '?' : ' ', 0);
	} else {
		set_cell(c, row, col, st, ch, 0);
		set_cell(c, row, col + 1, st, 0, 0);
		cell_at(c, row, col)->ch = ch;	/* the second half broke the first */
	}
	return width;
}

static uint32_t next_ch(const char **s)
{
	uint32_t ch = '?';
	int used;

	if (text_plain((unsigned char)**s))
		return (unsigned char)*(*s)++;
	/* Four bytes at most, and never past the end. */
	used = utf8_decode(*s, strnlen(*s, 4), &ch);
	if (used <= 0)
		used = 1;
	*s += used;
	return ch < 0x20 || (ch >= 0x7f && ch < 0xa0) ? '?' : ch;
}

int canvas_put(struct canvas *c, int row, int col, struct style st, const char *utf8)
{
	const struct rect *r = &room(c)->area;
	bool begun = col < r->cols;

	while (*utf8)
		col += put_ch(c, r->row + row, r->col + col, st, next_ch(&utf8));
	/* Nothing ends at the edge as if it were whole. */
	if (begun && col > r->cols)
		put_ch(c, r->row + row, r->col + r->cols - 1, st, ELLIPSIS);
	return col;
}

int canvas_putn(struct canvas *c, int row, int col, struct style st, int width, const char *utf8)
{
	const struct rect *r = &room(c)->area;
	bool cut = text_width(utf8) > width;
	int end = col + max(width, 0), stop = cut ? end - 1 : end;

	while (*utf8) {
		uint32_t ch = next_ch(&utf8);

		if (col + text_width1(ch) > stop)
			break;
		col += put_ch(c, r->row + row, r->col + col, st, ch);
	}
	if (cut && col < end)
		col += put_ch(c, r->row + row, r->col + col, st, ELLIPSIS);
	while (col < end)
		col += put_ch(c, r->row + row, r->col + col, st, ' ');
	return end;
}

int canvas_putf(struct canvas *c, int row, int col, struct style st, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	col = canvas_put(c, row, col, st, buf_str(&b));
	buf_free(&b);
	return col;
}

int canvas_right(struct canvas *c, int row, int col_end, struct style st, const char *utf8)
{
	int col = col_end - text_width(utf8);

	canvas_put(c, row, col, st, utf8);
	return col;
}

int canvas_ch(struct canvas *c, int row, int col, struct style st, uint32_t ch)
{
	const struct rect *r = &room(c)->area;

	return col + put_ch(c, r->row + row, r->col + col, st, ch);
}

void canvas_fill(struct canvas *c, struct rect r, struct style st, uint32_t ch)
{
	const struct room *rm = room(c);
	int top = max(r.row + rm->area.row, rm->top);
	int left = max(r.col + rm->area.col, rm->left);
	int bottom = min(r.row + rm->area.row + r.rows, rm->bottom);
	int right = min(r.col + rm->area.col + r.cols, rm->right);

	unsigned arms = glyph_arms(ch);

	if (text_width1(ch) != 1)
		ch = ' ';
	if (c->ascii)
		ch = glyph_ascii(ch);
	for (int row = top; row < bottom && left < right; row++) {
		struct cell *cells = cell_at(c, row, 0);

		break_wide(c, row, left);
		break_wide(c, row, right - 1);
		for (int col = left; col < right; col++)
			cells[col] = (struct cell){ .ch = ch, .style = st };
		memset(c->arms + (cells - c->cells) + left, (int)arms, (size_t)(right - left));
	}
}

void canvas_clear(struct canvas *c)
{
	const struct room *r = room(c);

	canvas_fill(c, (struct rect){ 0, 0, r->area.rows, r->area.cols }, blank.style, ' ');
	c->has_cursor = false;
}

static void join(struct canvas *c, int row, int col, struct style st, unsigned arms)
{
	const struct rect *r = &room(c)->area;

	row += r->row;
	col += r->col;
	if (!inside(c, row, col))
		return;
	arms |= c->arms[(size_t)row * (size_t)c->cols + (size_t)col];
	set_cell(c, row, col, st, c->ascii ? glyph_ascii(glyph_line(arms)) : glyph_line(arms), arms);
}

/* The ends have one arm only, so that they become corners and tees where lines meet. */
void canvas_hline(struct canvas *c, int row, int col, int n, struct style st)
{
	for (int i = 0; i < n; i++)
		join(c, row, col + i, st, n == 1 ? ARM_LEFT | ARM_RIGHT :
		     (i > 0 ? ARM_LEFT : 0) | (i < n - 1 ? ARM_RIGHT : 0));
}

void canvas_vline(struct canvas *c, int row, int col, int n, struct style st)
{
	for (int i = 0; i < n; i++)
		join(c, row + i, col, st, n == 1 ? ARM_UP | ARM_DOWN :
		     (i > 0 ? ARM_UP : 0) | (i < n - 1 ? ARM_DOWN : 0));
}

void canvas_box(struct canvas *c, struct rect r, struct style st)
{
	if (r.rows < 2 || r.cols < 2)
		return;
	canvas_hline(c, r.row, r.col, r.cols, st);
	canvas_hline(c, r.row + r.rows - 1, r.col, r.cols, st);
	canvas_vline(c, r.row, r.col, r.rows, st);
	canvas_vline(c, r.row, r.col + r.cols - 1, r.rows, st);
}

void canvas_restyle(struct canvas *c, int row, int col, int n, struct style st)
{
	const struct rect *r = &room(c)->area;

	for (int i = 0; i < n; i++) {
		struct style *s;

		if (!inside(c, r->row + row, r->col + col + i))
			continue;
		s = &cell_at(c, r->row + row, r->col + col + i)->style;
		s->attr |= st.attr;
		if (st.role != THEME_TEXT)
			s->role = st.role;
		if (st.heat > s->heat)
			s->heat = st.heat;
	}
}

void canvas_grey(struct canvas *c, struct rect r, struct style grey, struct style but)
{
	const struct rect *in = &room(c)->area;

	for (int row = 0; row < r.rows; row++)
		for (int col = 0; col < r.cols; col++) {
			int y = in->row + r.row + row, x = in->col + r.col + col;
			struct style *s = inside(c, y, x) ? &cell_at(c, y, x)->style : NULL;

			if (!s || s->role == but.role)
				continue;
			s->role = grey.role;
			s->heat = 0;
		}
}

/* "12 345" is one number: three digits and no more go on what a digit before a blank began. */
static bool in_number(const char *s, const char *gap)
{
	static const char digits[] = "0123456789";

	return gap > s && strchr(digits, gap[-1]) && strspn(gap + 1, digits) == 3 &&
	       !isalpha((unsigned char)gap[4]);
}

/* The end of the next line that fits in width; *next is where the line after it begins. */
static const char *wrap_line(const char *s, int width, const char **next)
{
	const char *end = NULL, *p = s;
	int col = 0;

	while (*p && *p != '\n') {
		const char *before = p;
		uint32_t ch = next_ch(&p);

		if (ch == ' ' && !in_number(s, before))
			end = before;
		col += text_width1(ch);
		if (col > width) {
			/* A blank right behind a full line is a good place as well. */
			if (!end || end == s)
				end = before == s ? p : before;
			for (p = end; *p == ' '; p++)
				;
			*next = p;
			return end;
		}
	}
	end = p;
	*next = *p ? p + 1 : p;
	return end;
}

int canvas_wrap_rows(int cols, const char *utf8)
{
	int rows = 0;

	for (; *utf8 && cols > 0; rows++)
		wrap_line(utf8, cols, &utf8);
	return rows;
}

int canvas_wrap(struct canvas *c, struct rect r, struct style st, const char *utf8)
{
	int row = 0;

	if (r.rows <= 0 || r.cols <= 0)
		return 0;
	while (*utf8 && row < r.rows) {
		const char *next, *end = wrap_line(utf8, r.cols, &next);
		char *line = xstrndup(utf8, (size_t)(end - utf8));
		int col = canvas_put(c, r.row + row, r.col, st, line);

		if (++row == r.rows && *next)
			canvas_ch(c, r.row + row - 1, min(col, r.col + r.cols - 1), st, ELLIPSIS);
		free(line);
		utf8 = next;
	}
	return row;
}

/* value/max of n, rounded down, but something is never nothing. */
static int scale(uint64_t value, uint64_t full, int n)
{
	double part;
	int units;

	if (full == 0 || value == 0 || n <= 0)
		return 0;
	if (value >= full)
		return n;
	part = (double)value / (double)full;
	units = (int)(part * n);
	return min(max(units, 1), n);
}

void canvas_bar(struct canvas *c, int row, int col, int width, struct style st, uint64_t value,
		uint64_t full)
{
	int eighths = scale(value, full, 8 * width);

	for (int i = 0; i < width; i++, eighths -= 8) {
		uint32_t ch = ' ';

		if (eighths >= 8)
			ch = FULL_BLOCK;
		else if (eighths > 0)
			ch = (uint32_t)(EIGHTH_LEFT + 1 - eighths);
		canvas_ch(c, row, col + i, st, ch);
	}
}

uint64_t canvas_spark_base(const uint64_t *values, int n, int width)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (int i = max(0, n - width); i < n; i++) {
		if (values[i] == UINT64_MAX)
			continue;
		least = values[i] < least ? values[i] : least;
		most = values[i] > most ? values[i] : most;
	}
	return least <= most && least > most - least ? least - (most - least) : 0;
}

void canvas_spark(struct canvas *c, int row, int col, int width, struct style st,
		  const uint64_t *values, int n, uint64_t base)
{
	uint64_t top = base;
	int from = max(0, n - width);

	for (int i = from; i < n; i++)
		if (values[i] != UINT64_MAX && values[i] > top)
			top = values[i];
	for (int i = 0; i < width; i++) {
		/* The newest stands at the right edge from the first value on. */
		int k = n - width + i;
		uint32_t ch = ' ';

		if (k >= from && values[k] != UINT64_MAX)
			ch = EIGHTH_LOWER + (uint32_t)scale(values[k] > base ? values[k] - base : 0,
							    top - base, 7);
		canvas_ch(c, row, col + i, st, ch);
	}
}

void canvas_cursor(struct canvas *c, int row, int col)
{
	const struct rect *r = &room(c)->area;

	if (!inside(c, r->row + row, r->col + col))
		return;
	c->has_cursor = true;
	c->cursor_row = r->row + row;
	c->cursor_col = r->col + col;
}

bool canvas_cursor_at(const struct canvas *c, int *row, int *col)
{
	if (!c->has_cursor)
		return false;
	*row = c->cursor_row;
	*col = c->cursor_col;
	return true;
}
