/* SPDX-License-Identifier: GPL-2.0-or-later
 * Leaves the terminal as it was, whatever ends or stops the program: return, exit(),
 * a signal, a crash, memory running out. What it does then is safe in a signal
 * handler: write(), tcsetattr(), no curses. There is one terminal, so there is one guard.
 *
 * While it stands, what is written to a standard error that is a terminal is kept, and
 * written there when the guard goes.
 */
#ifndef MMSCOPE_TERM_GUARD_H
#define MMSCOPE_TERM_GUARD_H
#include "mmscope/error.h"

enum { GUARD_RESIZED = 1, GUARD_CONTINUED = 2 };

/* Remembers the modes of the terminal and takes the signals that are not ignored. */
struct error *guard_open(int in, int out);
/* The modes as they are now are the program's. enter and leave are what to write after
 * a stop and before leaving; both are copied and may be given anew at any time. */
void guard_arm(const char *enter, const char *leave);
/* What happened since the last call; guard_fd() is readable as long as something did. */
unsigned guard_take(void);
int guard_fd(void);
/* Stops the process group as C-z does; returns when it goes on. */
void guard_stop(void);
/* The modes and handlers of before; safe to call twice. */
void guard_close(void);

#endif
