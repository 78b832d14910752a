/* SPDX-License-Identifier: GPL-2.0-or-later
 * A program on a pseudo-terminal, seen through a terminal emulator. Nothing sleeps:
 * what is waited for is read until it is there, and a test that waits in vain fails at a
 * deadline far beyond what any machine needs. A failure prints the screen and ends the test.
 */
#ifndef MMSCOPE_PTYSCREEN_H
#define MMSCOPE_PTYSCREEN_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>
#include <vterm.h>
#include "mmscope/buf.h"

struct pty {
	pid_t pid;			/* the program, a foreground job */
	pid_t leader;			/* what stands for its shell */
	int master, slave;
	int news, orders;		/* statuses from the leader; it ends with orders */
	int rows, cols;
	VTerm *vt;
	VTermScreen *screen;
	bool alt_screen, cursor_visible, paste_mode;
	int mouse;			/* VTERM_PROP_MOUSE_* */
	int cursor_row, cursor_col;
	size_t bytes;			/* read so far */
	struct buf raw;			/* all of it */
	struct termios before;		/* modes when the program started */
	bool ended, stopped;
	int status;			/* of waitpid(), once ended */
};

/* env: NAME=VALUE entries, NULL ends; added to an environment that has only PATH and what
 * sanitizers and coverage need. TERM and LC_ALL default to xterm-256color and C.UTF-8. */
struct pty *pty_start(int rows, int cols, const char *const env[], const char *const argv[]);
void pty_destroy(struct pty *p);		/* kills what still runs */
void pty_send(struct pty *p, const char *keys);
void pty_resize(struct pty *p, int rows, int cols);
/* Until the screen contains text, or no longer does. */
void pty_wait(struct pty *p, const char *text);
void pty_wait_gone(struct pty *p, const char *text);
/* Until the raw output from `from` on contains text. */
void pty_wait_raw(struct pty *p, size_t from, const char *text);
bool pty_shows(const struct pty *p, const char *text);
/* The row's text, blanks cut at its end; the caller frees. */
char *pty_row(const struct pty *p, int row);
/* Until it has ended and all it wrote is read; returns the status of waitpid(). */
int pty_wait_end(struct pty *p);
/* Until it has stopped; and the shell's fg. */
void pty_wait_stop(struct pty *p);
void pty_continue(struct pty *p);
/* Closes our side, as a terminal window does; then waits for the end. */
int pty_hang_up(struct pty *p);
/* The terminal is as a shell wants it: modes as before, normal screen, cursor, no mouse. */
void pty_check_restored(struct pty *p);
void pty_fail(const struct pty *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
