/* SPDX-License-Identifier: GPL-2.0-or-later
 * Terminals: show a canvas, bring input. Two kinds: curses, and plain text.
 */
#ifndef MMSCOPE_TERM_H
#define MMSCOPE_TERM_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/canvas.h"
#include "mmscope/error.h"
#include "mmscope/theme.h"

enum input_type { INPUT_NONE, INPUT_KEY, INPUT_MOUSE, INPUT_RESIZE, INPUT_PASTE, INPUT_GONE };
enum mouse_button { MOUSE_LEFT = 1, MOUSE_MIDDLE, MOUSE_RIGHT, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };
struct input {
	enum input_type type;
	uint32_t key;			/* INPUT_KEY: enum key or code point */
	int row, col, button;		/* INPUT_MOUSE: presses only */
	bool twice;			/* INPUT_MOUSE: a double click */
	const char *text;		/* INPUT_PASTE: UTF-8, valid until the next read */
};

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
struct term_options {
	enum colour_when colour;
	bool ascii;		/* asked for; also where the locale is not UTF-8 */
	bool no_mouse;
};

/* Whether colours are wanted: asked for, else FORCE_COLOR, CLICOLOR_FORCE, NO_COLOR,
 * CLICOLOR, else when it is a terminal. */
bool term_colour_wanted(enum colour_when when, bool is_terminal);

/* term_curses.c: the one file that knows curses. A terminal that cannot address the
 * cursor (dumb), or is unknown, is an error that says what to do. From then on, until
 * term_close(), whatever ends the program restores the terminal. */
struct term;
struct error *term_open(const struct term_options *o, struct term **ret);
void term_close(struct term *t);			/* NULL is fine */
void term_size(const struct term *t, int *rows, int *cols);
enum colour_depth term_depth(const struct term *t);
bool term_ascii(const struct term *t);
/* Poll it for POLLIN; then read until INPUT_NONE. It is readable too after a resize, after
 * C-z and fg, and when the terminal is gone. */
int term_fd(const struct term *t);
/* Shows the canvas: only what differs is written; nothing differs, nothing is written. */
void term_show(struct term *t, const struct canvas *c, const struct theme *theme);
/* One input that is there already; INPUT_NONE when none. INPUT_GONE: the terminal closed. */
struct input term_read(struct term *t);
void term_copy(struct term *t, const char *utf8);	/* OSC 52; at most 74 KiB */
void term_redraw(struct term *t);			/* everything again at the next show */
void term_suspend(struct term *t);			/* as SIGTSTP: back when continued */
bool term_toggle_mouse(struct term *t);	/* is it on now? */

/* term_text.c: the same canvas as text, one line a row, trailing blanks cut. */
void term_text(struct buf *out, const struct canvas *c);
/* For golden tests: the text, then the same grid with one letter per distinct style and a legend. */
void term_text_styled(struct buf *out, const struct canvas *c);

#endif
