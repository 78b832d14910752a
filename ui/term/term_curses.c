/* SPDX-License-Identifier: GPL-2.0-or-later
 * The only file that knows curses. Curses knows the terminals and writes the least it can;
 * what changed since the last frame is found here, so that an unchanged canvas costs no
 * call and no byte. Mouse and paste are decoded here, the same for every terminal.
 */
#include <config.h>
#define NCURSES_NOMACROS 1
#include <curses.h>
/* It has a struct of our name, and macros of everybody's. */
#define term terminfo_term
#include <term.h>
#undef term
#undef buttons
#undef columns
#undef lines

#include "mmscope/term.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "mmscope/alloc.h"
#include "mmscope/colour.h"
#include "mmscope/glyph.h"
#include "mmscope/keymap.h"
#include "mmscope/text.h"
#include "ui/term/term_decode.h"
#include "ui/term/term_env.h"
#include "ui/term/term_guard.h"

#define PAIRS_MAX 512
#define PASTE_MAX (64 * 1024)
#define CACHE_SIZE 256		/* styles in use at a time; a power of two */

/* Our own codes for what curses hands over undecoded. */
enum { CODE_SGR_MOUSE = 0x7f00, CODE_X10_MOUSE, CODE_PASTE, CODE_PASTE_END };

/* A cell as the terminal was told: what a frame is compared with, as bytes. */
struct shown {
	uint32_t ch;
	uint16_t pair, attr;
};
_Static_assert(sizeof(struct shown) == 8, "no holes");

struct cached {
	struct style style;
	bool used;
	struct shown told;	/* ch unused */
	int32_t bg;
};

struct term {
	SCREEN *screen;
	WINDOW *input;		/* a pad: reading from a window would refresh it */
	int in, out, epoll;
	/* curses writes after every move of the cursor. What it writes goes through a
	 * descriptor of its own, which is turned to a file in memory while a frame is made. */
	FILE *curses;
	int frame;		/* that file; -1: there is none, frames come in pieces */
	struct buf whole;	/* a frame, to be written in one piece */
	bool ascii, mouse, xterm_like, redraw, gone, in_paste;
	enum colour_depth depth;
	int rows, cols;
	struct shown *shown;
	int cursor_row, cursor_col;	/* -1: hidden */
	struct { int32_t fg, bg; } pairs[PAIRS_MAX];
	int npairs, pairs_max;		/* pair 0 is the terminal's own */
	struct cached cache[CACHE_SIZE];
	cchar_t *run;
	struct buf paste;
	struct clicks clicks;
};

static bool same_style(struct style a, struct style b)
{
	_Static_assert(sizeof(a) == 4, "no holes");
	return !memcmp(&a, &b, sizeof(a));
}

static void raw_write(const struct term *t, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(t->out, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;		/* gone; reading will tell */
		s += done;
		n -= (size_t)done;
	}
}

/* ---- opening ---- */

/* A capability as bytes, without the padding that only old hardware needs. */
static void add_cap(struct buf *b, const char *name)
{
	const char *s = tigetstr(name);

	if (!s || s == (const char *)-1)
		return;
	for (; *s; s++) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
			s = strchr(s, '>');
		else
			buf_addc(b, *s);
	}
}

static bool has_cap(const char *name)
{
	const char *s = tigetstr(name);

	return s && s != (const char *)-1;
}

static void add_modes(const struct term *t, struct buf *b, bool on)
{
	if (!t->xterm_like)
		return;
	if (!on)
		buf_adds(b, "\033[?2026l");
	if (!on || t->mouse)
		buf_addf(b, "\033[?1000%c\033[?1006%c", on ? 'h' : 'l', on ? 'h' : 'l');
	buf_addf(b, "\033[?2004%c", on ? 'h' : 'l');
}

/* Tells the guard how to leave this terminal and come back to it. */
static void arm_guard(const struct term *t)
{
	struct buf on = BUF_INIT, off = BUF_INIT;

	add_cap(&on, "smcup");
	add_cap(&on, "smkx");
	add_modes(t, &on, true);
	add_modes(t, &off, false);
	add_cap(&off, "sgr0");
	add_cap(&off, "cnorm");
	add_cap(&off, "rmkx");
	/* Without a screen of its own, the shell goes on below the last line. */
	if (!has_cap("rmcup"))
		buf_addf(&off, "\033[%d;1H\n", t->rows);
	add_cap(&off, "rmcup");
	guard_arm(buf_str(&on), buf_str(&off));
	buf_free(&on);
	buf_free(&off);
}

static void write_modes(const struct term *t, bool on)
{
	struct buf b = BUF_INIT;

	add_modes(t, &b, on);
	raw_write(t, buf_str(&b), b.len);
	buf_free(&b);
}

/* The description that outputs colours directly, where one is installed. */
static char *direct_name(const char *name)
{
	return xasprintf("%.*s-direct", (int)strcspn(name, "-"), name);
}

static struct error *cannot_move(const char *term)
{
	return error_create(ERR_FAILURE, "this terminal (TERM=%s) cannot move its cursor; use --batch or "
			    "--plain", term);
}

/* newterm() with a name that is not installed leaves memory behind, so this is asked first. */
static bool described(const char *name, int fd)
{
	int why;

	if (setupterm(name, fd, &why) != OK)
		return false;
	del_curterm(cur_term);
	return true;
}

/* Starts curses with the best description there is of $TERM. */
static struct error *start_screen(struct term *t, bool colour)
{
	const char *term = getenv("TERM"), *name = NULL, *other = term ? term_env_fallback(term) : NULL;
	char *direct;

	if (!term || !*term)
		return error_create(ERR_FAILURE, "TERM is not set, so the terminal is unknown; set it, or "
				    "use --batch or --plain");
	if (!strcmp(term, "dumb"))
		return cannot_move(term);
	direct = direct_name(term);
	if (colour && term_env_truecolor() && described(direct, t->out))
		name = direct;
	else if (described(term, t->out))
		name = term;
	else if (other && described(other, t->out))
		name = other;
	if (name)
		t->screen = newterm(name, t->curses, stdin);
	free(direct);
	if (!t->screen)
		return error_create(ERR_FAILURE, "the terminal type '%s' (TERM) is unknown here; set TERM to "
				    "one that is, such as xterm-256color or vt100, or use --batch or "
				    "--plain", term);
	if (has_cap("cup"))
		return NULL;
	endwin();
	delscreen(t->screen);
	t->screen = NULL;
	return cannot_move(term);
}

static enum colour_depth find_depth(bool colour)
{
	if (!colour || !has_colors() || start_color() == ERR)
		return DEPTH_MONO;
	if (COLORS >= 1 << 24)
		return DEPTH_TRUE;
	return COLORS >= 256 ? DEPTH_256 : COLORS >= 16 ? DEPTH_16 : COLORS >= 8 ? DEPTH_8 : DEPTH_MONO;
}

static void set_up_colours(struct term *t, bool colour)
{
	t->depth = find_depth(colour);
	t->npairs = 1;
	t->pairs[0].fg = t->pairs[0].bg = COLOUR_DEFAULT;
	if (t->depth == DEPTH_MONO)
		return;
	t->pairs_max = COLOR_PAIRS < PAIRS_MAX ? COLOR_PAIRS : PAIRS_MAX;
	if (use_default_colors() == ERR) {
		t->pairs[0].fg = COLOR_WHITE;
		t->pairs[0].bg = COLOR_BLACK;
	}
}

static void set_up_input(struct term *t)
{
	raw();
	noecho();
	nonl();
	if (!getenv("ESCDELAY"))
		set_escdelay(25);
	t->input = newpad(1, 1);
	keypad(t->input, TRUE);
	nodelay(t->input, TRUE);
	define_key("\033[<", CODE_SGR_MOUSE);
	define_key("\033[M", CODE_X10_MOUSE);
	define_key("\033[200~", CODE_PASTE);
	define_key("\033[201~", CODE_PASTE_END);
}

static void resize_shown(struct term *t)
{
	getmaxyx(stdscr, t->rows, t->cols);
	free(t->shown);
	free(t->run);
	t->shown = xcalloc((size_t)(t->rows * t->cols), sizeof(*t->shown));
	t->run = xcalloc((size_t)t->cols + 1, sizeof(*t->run));
	t->redraw = true;
}

static struct error *watch(struct term *t)
{
	int fds[] = { t->in, guard_fd() };

	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; t->epoll >= 0 && i < ARRAY_LEN(fds); i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = fds[i] };

		if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, fds[i], &ev) < 0) {
			close(t->epoll);
			t->epoll = -1;
		}
	}
	return t->epoll < 0 ? error_os(ERR_FAILURE, errno, "cannot wait for the terminal") : NULL;
}

static struct error *open_output(struct term *t)
{
	int fd = fcntl(t->out, F_DUPFD_CLOEXEC, 0);

	t->curses = fd < 0 ? NULL : fdopen(fd, "w");
	if (!t->curses) {
		if (fd >= 0)
			close(fd);
		return error_os(ERR_FAILURE, errno, "cannot write to the terminal");
	}
	t->frame = memfd_create("frame", MFD_CLOEXEC);
	return NULL;
}

/* The three windows that newterm makes, what is kept of a frame here and on a canvas, and
 * what a first frame takes besides. No more than a wall of screens has: a terminal may say
 * any size. */
static void make_room(const struct term *t)
{
	struct winsize ws;
	size_t cell = 3 * sizeof(cchar_t) + sizeof(struct shown) + sizeof(struct cell);

	if (ioctl(t->out, TIOCGWINSZ, &ws) == 0 && ws.ws_row <= 500 && ws.ws_col <= 1000)
		alloc_ahead((size_t)ws.ws_row * ws.ws_col * cell + (128 << 10));
}

static struct error *start(struct term *t, const struct term_options *o)
{
	bool colour = term_colour_wanted(o->colour, true);
	struct error *err = open_output(t);

	if (!err)
		err = guard_open(t->in, t->out);
	if (err)
		return err;
	make_room(t);
	err = start_screen(t, colour);
	if (err) {
		guard_close();
		return err;
	}
	t->xterm_like = term_env_xterm_like(getenv("TERM"));
	t->ascii = o->ascii || term_env_ascii();
	t->mouse = !o->no_mouse;
	set_up_colours(t, colour);
	set_up_input(t);
	resize_shown(t);
	arm_guard(t);
	write_modes(t, true);
	return watch(t);
}

struct error *term_open(const struct term_options *o, struct term **ret)
{
	struct term *t;
	struct error *err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_create(ERR_FAILURE, "standard input and output are not both a terminal; use "
				    "--batch or --plain");
	setlocale(LC_CTYPE, "");
	t = xcalloc(1, sizeof(*t));
	t->in = STDIN_FILENO;
	t->out = STDOUT_FILENO;
	t->epoll = t->frame = -1;
	t->cursor_row = -1;
	t->clicks.row = -1;
	err = start(t, o);
	if (err)
		term_close(t);
	else
		*ret = t;
	return err;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	if (t->screen) {
		write_modes(t, false);
		curs_set(1);
		endwin();
		/* Without a screen of its own, the shell goes on below the last line. */
		if (!has_cap("rmcup"))
			raw_write(t, "\n", 1);
		guard_arm("", "");	/* done by curses; only the modes are left */
		delwin(t->input);
		delscreen(t->screen);
		guard_close();
	}
	if (t->curses)
		fclose(t->curses);
	if (t->frame >= 0)
		close(t->frame);
	if (t->epoll >= 0)
		close(t->epoll);
	buf_free(&t->whole);
	buf_free(&t->paste);
	free(t->shown);
	free(t->run);
	free(t);
}

void term_size(const struct term *t, int *rows, int *cols)
{
	*rows = t->rows;
	*cols = t->cols;
}

enum colour_depth term_depth(const struct term *t)
{
	return t->depth;
}

bool term_ascii(const struct term *t)
{
	return t->ascii;
}

int term_fd(const struct term *t)
{
	return t->epoll;
}

/* ---- showing ---- */

/* A colour of a look as curses counts it; direct colours have no palette beyond eight. */
static int curses_colour(const struct term *t, int32_t colour)
{
	if (colour == COLOUR_DEFAULT)
		return -1;
	if (colour & 0x1000000)
		return colour & 0xffffff;
	if (t->depth == DEPTH_TRUE && colour >= 8)
		return (int)colour_rgb((unsigned)colour);
	return colour;
}

/* The pair for two colours. When the terminal has no more, the background goes first. */
static int pair_of(struct term *t, int32_t fg, int32_t bg)
{
	int fallback = 0;

	for (int i = 0; i < t->npairs; i++) {
		if (t->pairs[i].fg != fg)
			continue;
		if (t->pairs[i].bg == bg)
			return i;
		fallback = i;
	}
	if (t->npairs >= t->pairs_max)
		return fallback;
	if (init_extended_pair(t->npairs, curses_colour(t, fg), curses_colour(t, bg)) == ERR)
		return fallback;
	t->pairs[t->npairs].fg = fg;
	t->pairs[t->npairs].bg = bg;
	return t->npairs++;
}

static const struct cached *resolve(struct term *t, const struct theme *theme, struct style st)
{
	unsigned slot = (st.role * 31u + st.attr * 7u + st.heat * 131u) & (CACHE_SIZE - 1);
	struct cached *c = &t->cache[slot];
	struct look look;

	if (c->used && same_style(c->style, st))
		return c;
	look = theme_look(theme, t->depth, st.role, st.attr, st.heat);
	c->used = true;
	c->style = st;
	c->bg = look.bg;
	c->told.attr = look.attr;
	c->told.pair = t->depth == DEPTH_MONO ? 0 : (uint16_t)pair_of(t, look.fg, look.bg);
	/* No pair left for a background: it must not vanish without a trace. */
	if (t->pairs[c->told.pair].bg != look.bg && t->depth != DEPTH_MONO)
		c->told.attr |= ATTR_REVERSE;
	return c;
}

static bool shows_on_blank(unsigned attr)
{
	return attr & (ATTR_REVERSE | ATTR_UNDERLINE);
}

static struct shown plain_blank(struct term *t, const struct cached *look)
{
	bool plain = look->bg == COLOUR_DEFAULT || t->depth == DEPTH_MONO;

	return (struct shown){ .ch = ' ', .pair = plain ? 0 : (uint16_t)pair_of(t, COLOUR_DEFAULT, look->bg) };
}

/* What a row should be told. A blank has no colour but its background: in a short gap it
 * goes with what precedes it, which saves a switch; elsewhere it is plain, and can be
 * skipped or erased. */
static void plan_row(struct term *t, const struct canvas *c, const struct theme *theme, int row,
		     struct shown *plan)
{
	int cols = canvas_width(c) < t->cols ? canvas_width(c) : t->cols, gap = 0;
	int32_t bg_before = COLOUR_DEFAULT;
	const struct cell *cell = cols ? canvas_cell(c, row, 0) : NULL;
	const struct cached *look = NULL;
	struct shown blank = { .ch = 0 };	/* of this look, once one was met */
	bool shows = false;

	for (int col = 0; col < cols; col++, cell++) {
		if (!look || !same_style(look->style, cell->style)) {
			look = resolve(t, theme, cell->style);
			shows = shows_on_blank(look->told.attr);
			blank.ch = 0;
		}
		if (cell->ch == ' ' && !shows) {
			if (!blank.ch)
				blank = plain_blank(t, look);
			plan[col] = blank;
			gap = gap >= 0 && (!gap || look->bg == bg_before) ? gap + 1 : -1;
			bg_before = gap == 1 ? look->bg : bg_before;
			continue;
		}
		plan[col] = look->told;
		plan[col].ch = cell->ch;
		if (gap > 0 && gap <= 6 && col > gap && !shows_on_blank(plan[col - gap - 1].attr) &&
		    t->pairs[plan[col - gap - 1].pair].bg == bg_before)
			for (int k = col - gap; k < col; k++) {
				plan[k].attr = plan[col - gap - 1].attr;
				plan[k].pair = plan[col - gap - 1].pair;
			}
		gap = 0;
	}
	for (int col = cols; col < t->cols; col++)
		plan[col] = (struct shown){ .ch = ' ' };
}

static attr_t curses_attr(unsigned attr)
{
	return (attr & ATTR_BOLD ? A_BOLD : 0) | (attr & ATTR_DIM ? A_DIM : 0) |
	       (attr & ATTR_REVERSE ? A_REVERSE : 0) | (attr & ATTR_UNDERLINE ? A_UNDERLINE : 0);
}

/* The C library must agree about the width, or everything behind it shifts. */
static wchar_t fit_char(const struct term *t, uint32_t ch, int width)
{
	if (t->ascii)
		ch = glyph_ascii(ch);
	return ch >= 0x80 && wcwidth((wchar_t)ch) != width ? L'?' : (wchar_t)ch;
}

static int make_run(struct term *t, const struct shown *plan, int from, int to)
{
	int n = 0;

	for (int col = from; col < to; col++) {
		const struct shown *s = &plan[col];
		int pair = s->pair, width = col + 1 < t->cols && !plan[col + 1].ch ? 2 : 1;
		wchar_t text[2] = { fit_char(t, s->ch ? s->ch : ' ', width), 0 };

		setcchar(&t->run[n++], text, curses_attr(s->attr), 0, &pair);
		if (width == 2 && text[0] >= 0x80)
			col++;		/* curses adds the other half */
	}
	return n;
}

static bool same_shown(struct shown a, struct shown b)
{
	return !memcmp(&a, &b, sizeof(a));
}

/* Hands the changed stretches of a row to curses; returns the cells handed. They go
 * into newscr itself: stdscr would only be copied there. */
static int show_row(struct term *t, int row, struct shown *plan)
{
	struct shown *old = t->shown + (size_t)row * (size_t)t->cols;
	int changed = 0;

	if (!memcmp(plan, old, (size_t)t->cols * sizeof(*plan)))
		return 0;
	for (int col = 0; col < t->cols; col++) {
		int from = col, n;

		if (same_shown(plan[col], old[col]))
			continue;
		if (col && (!plan[col].ch || !old[col].ch))
			from--;		/* with its left half */
		/* Both halves again where one was or is a wide character's. */
		while (col < t->cols && (!same_shown(plan[col], old[col]) || !plan[col].ch || !old[col].ch))
			col++;
		n = make_run(t, plan, from, col);
		mvwadd_wchnstr(newscr, row, from, t->run, n);
		changed += col - from;
	}
	memcpy(old, plan, (size_t)t->cols * sizeof(*plan));
	return changed;
}

static bool show_cursor(struct term *t, const struct canvas *c)
{
	int row, col, was = t->cursor_row;
	bool moved;

	if (!canvas_cursor_at(c, &row, &col) || row >= t->rows || col >= t->cols)
		row = col = -1;
	moved = row != t->cursor_row || col != t->cursor_col;
	t->cursor_row = row;
	t->cursor_col = col;
	if ((row < 0) != (was < 0))
		curs_set(row < 0 ? 0 : 1);
	return moved;
}

/* Lets curses make the frame, and writes it in one piece where that can be had. */
static void write_frame(struct term *t, bool sync)
{
	char part[4096];
	ssize_t n;
	off_t at = 0, size;

	buf_reset(&t->whole);
	if (sync)
		buf_adds(&t->whole, "\033[?2026h");
	if (t->frame < 0 || lseek(t->frame, 0, SEEK_SET) < 0 ||
	    dup2(t->frame, fileno(t->curses)) < 0) {
		raw_write(t, buf_str(&t->whole), t->whole.len);
		buf_reset(&t->whole);
		doupdate();
	} else {
		doupdate();
		dup3(t->out, fileno(t->curses), O_CLOEXEC);
		size = lseek(t->frame, 0, SEEK_CUR);
		for (; at < size; at += n) {
			n = pread(t->frame, part, sizeof(part) < (size_t)(size - at) ? sizeof(part) :
				  (size_t)(size - at), at);
			if (n <= 0)
				break;
			buf_add(&t->whole, part, (size_t)n);
		}
	}
	if (sync)
		buf_adds(&t->whole, "\033[?2026l");
	raw_write(t, buf_str(&t->whole), t->whole.len);
}

void term_show(struct term *t, const struct canvas *c, const struct theme *theme)
{
	struct shown *plan;
	int changed = 0;
	bool moved, sync;

	if (t->gone)
		return;
	if (t->redraw) {
		clearok(curscr, TRUE);
		werase(newscr);
		for (int i = 0; i < t->rows * t->cols; i++)
			t->shown[i] = (struct shown){ .ch = ' ' };
		t->npairs = 1;
		curs_set(t->cursor_row < 0 ? 0 : 1);
	}
	memset(t->cache, 0, sizeof(t->cache));
	plan = xcalloc((size_t)t->cols + 1, sizeof(*plan));
	for (int row = 0; row < t->rows; row++) {
		if (row < canvas_height(c))
			plan_row(t, c, theme, row, plan);
		else
			for (int col = 0; col < t->cols; col++)
				plan[col] = (struct shown){ .ch = ' ' };
		changed += show_row(t, row, plan);
	}
	free(plan);
	moved = show_cursor(t, c);
	if (!changed && !moved && !t->redraw)
		return;
	/* A frame of several lines is shown at once, where the terminal can. */
	sync = t->xterm_like && changed > t->cols;
	wmove(newscr, t->cursor_row < 0 ? 0 : t->cursor_row, t->cursor_row < 0 ? 0 : t->cursor_col);
	write_frame(t, sync);
	t->redraw = false;
}

void term_redraw(struct term *t)
{
	t->redraw = true;
}

void term_suspend(struct term *t)
{
	(void)t;
	guard_stop();
}

bool term_toggle_mouse(struct term *t)
{
	t->mouse = !t->mouse;
	if (t->xterm_like) {
		const char *s = t->mouse ? "\033[?1000h\033[?1006h" : "\033[?1000l\033[?1006l";

		raw_write(t, s, strlen(s));
	}
	arm_guard(t);
	return t->mouse;
}

void term_copy(struct term *t, const char *utf8)
{
	struct buf seq = BUF_INIT;

	if (!t->xterm_like || t->gone)
		return;
	decode_copy(&seq, utf8);
	raw_write(t, buf_str(&seq), seq.len);
	buf_free(&seq);
}

/* ---- reading ---- */

static const struct { int code; uint32_t key; } key_codes[] = {
	{ KEY_UP, KEY_UP_ }, { KEY_DOWN, KEY_DOWN_ }, { KEY_LEFT, KEY_LEFT_ },
	{ KEY_RIGHT, KEY_RIGHT_ }, { KEY_SF, KEY_DOWN_ }, { KEY_SR, KEY_UP_ },
	{ KEY_SLEFT, KEY_LEFT_ }, { KEY_SRIGHT, KEY_RIGHT_ },
	{ KEY_PPAGE, KEY_PGUP }, { KEY_NPAGE, KEY_PGDN }, { KEY_A3, KEY_PGUP }, { KEY_C3, KEY_PGDN },
	{ KEY_HOME, KEY_HOME_ }, { KEY_FIND, KEY_HOME_ }, { KEY_A1, KEY_HOME_ },
	{ KEY_SHOME, KEY_HOME_ }, { KEY_END, KEY_END_ }, { KEY_SELECT, KEY_END_ },
	{ KEY_C1, KEY_END_ }, { KEY_SEND, KEY_END_ }, { KEY_LL, KEY_END_ },
	{ KEY_BACKSPACE, KEY_BACKSPACE_ }, { KEY_DC, KEY_DELETE }, { KEY_SDC, KEY_DELETE },
	{ KEY_IC, KEY_INSERT }, { KEY_BTAB, KEY_BACKTAB }, { KEY_ENTER, KEY_ENTER_ },
};

static struct input key_input(uint32_t key)
{
	return (struct input){ .type = key ? INPUT_KEY : INPUT_NONE, .key = key };
}

static struct input from_code(int code)
{
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return key_input(KEY_F1 + (uint32_t)(code - KEY_F(1)));
	for (size_t i = 0; i < ARRAY_LEN(key_codes); i++)
		if (key_codes[i].code == code)
			return key_input(key_codes[i].key);
	return key_input(decode_name(keyname(code)));
}

static struct input from_char(wint_t ch)
{
	if (ch == 127 || ch == 8)
		return key_input(KEY_BACKSPACE_);
	if (ch == '\n')
		return key_input(KEY_ENTER_);
	if (ch >= 0x80 && (ch < 0xa0 || ch > 0x10ffff))
		return key_input(KEY_NONE);
	return key_input((uint32_t)ch);
}

/* The rest of a sequence that the terminal's description does not have: read to its end,
 * so that its letters are no keys. Modifiers are left out. */
static struct input unknown_sequence(struct term *t, int intro)
{
	int number = 0, ch, length = 0;
	bool first = true;

	while ((ch = wgetch(t->input)) != ERR && ++length < 64) {
		if (ch >= '0' && ch <= '9' && first && number < 1000)
			number = 10 * number + ch - '0';
		else if (ch < '0' || ch > '9')
			first = false;
		if (ch >= 0x40 && ch <= 0x7e)
			break;
	}
	return key_input(decode_sequence(intro, number, ch));
}

static struct input after_escape(struct term *t)
{
	int ch = wgetch(t->input);

	if (ch == '[' || ch == 'O')
		return unknown_sequence(t, ch);
	if (ch != ERR)
		ungetch(ch);
	return key_input(KEY_ESC);
}

static struct input mouse_input(struct term *t, int button, int row, int col)
{
	if (row >= t->rows || col >= t->cols)
		return key_input(KEY_NONE);
	return decode_mouse(&t->clicks, button, row, col);
}

/* \033[<b;x;yM, or m for a release; works beyond column 223. */
static struct input sgr_mouse(struct term *t)
{
	int v[3] = { 0 }, n = 0, ch;

	while ((ch = wgetch(t->input)) != ERR) {
		if (ch >= '0' && ch <= '9' && v[n] < 100000)
			v[n] = 10 * v[n] + ch - '0';
		else if (ch == ';' && n < 2)
			n++;
		else
			break;
	}
	if (ch != 'M' || n != 2)
		return key_input(KEY_NONE);
	return mouse_input(t, v[0], v[2] - 1, v[1] - 1);
}

static struct input x10_mouse(struct term *t)
{
	int button = wgetch(t->input), x = wgetch(t->input), y = wgetch(t->input);

	if (button == ERR || x == ERR || y == ERR)
		return key_input(KEY_NONE);
	return mouse_input(t, button - 32, y - 33, x - 33);
}

static struct input end_paste(struct term *t)
{
	struct buf clean = BUF_INIT;

	t->in_paste = false;
	text_sanitize(&clean, buf_str(&t->paste), t->paste.len, 0);
	buf_free(&t->paste);
	t->paste = clean;
	return (struct input){ .type = INPUT_PASTE, .text = buf_str(&t->paste) };
}

/* A paste may come in pieces. Only its end mark ends it: nothing in it is ever a key. */
static struct input add_to_paste(struct term *t, int kind, wint_t ch)
{
	char utf8[4];

	if (kind == KEY_CODE_YES && ch == CODE_PASTE_END)
		return end_paste(t);
	if (kind == OK && ch != 27 && ch <= 0x10ffff && t->paste.len < PASTE_MAX)
		buf_add(&t->paste, utf8, utf8_encode(ch < 0x20 ? ' ' : (uint32_t)ch, utf8));
	return key_input(KEY_NONE);
}

static struct input decode(struct term *t, int kind, wint_t ch)
{
	if (t->in_paste)
		return add_to_paste(t, kind, ch);
	if (kind != KEY_CODE_YES)
		return ch == 27 ? after_escape(t) : from_char(ch);
	switch (ch) {
	case CODE_SGR_MOUSE:
		return sgr_mouse(t);
	case CODE_X10_MOUSE:
		return x10_mouse(t);
	case CODE_PASTE:
		t->in_paste = true;
		buf_reset(&t->paste);
		return key_input(KEY_NONE);
	default:
		return from_code((int)ch);
	}
}

/* Nothing to read although there is something to read: the other end is closed. */
static bool is_gone(const struct term *t)
{
	struct pollfd p = { .fd = t->in, .events = POLLIN };
	int n;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(t->in, FIONREAD, &n) < 0 || n == 0;
}

static struct input resized(struct term *t)
{
	struct winsize ws;

	if (ioctl(t->out, TIOCGWINSZ, &ws) < 0 || !ws.ws_row || !ws.ws_col)
		return key_input(KEY_NONE);
	if (ws.ws_row == t->rows && ws.ws_col == t->cols && !t->redraw)
		return key_input(KEY_NONE);
	resize_term(ws.ws_row, ws.ws_col);
	resize_shown(t);
	arm_guard(t);
	return (struct input){ .type = INPUT_RESIZE };
}

struct input term_read(struct term *t)
{
	unsigned what = guard_take();

	if (what & GUARD_CONTINUED)
		t->redraw = true;
	if (what) {
		struct input in = resized(t);

		if (in.type)
			return in;
	}
	for (;;) {
		struct input in;
		wint_t ch;
		int kind = wget_wch(t->input, &ch);

		if (kind == ERR)
			break;
		in = decode(t, kind, ch);
		if (in.type)
			return in;
	}
	t->gone = t->gone || is_gone(t);
	return (struct input){ .type = t->gone ? INPUT_GONE : INPUT_NONE };
}
