/* SPDX-License-Identifier: GPL-2.0-or-later
 * What terminals send and take beyond curses, as far as it is only a matter of bytes.
 */
#ifndef MMSCOPE_TERM_DECODE_H
#define MMSCOPE_TERM_DECODE_H
#include <stdint.h>
#include "mmscope/term.h"

/* The last click, to tell a double one; row -1 at first. */
struct clicks { int row, col; uint64_t ms; };

/* A report of the mouse as xterm codes the button; row and col count from 0. Only presses
 * are news, everything else is INPUT_NONE. */
struct input decode_mouse(struct clicks *last, int button, int row, int col);
/* A control sequence that terminfo does not have: ESC, intro '[' or 'O', the first number
 * (0: none), the final character. Modifiers do not count. KEY_NONE when it is no key. */
uint32_t decode_sequence(int intro, int number, int last);
/* A key by terminfo's name with its modifiers: kUP5 is Ctrl-Up. name may be NULL. */
uint32_t decode_name(const char *name);
/* Appends what puts text on the clipboard (OSC 52). Lines stay lines, any other control
 * character is shown by its number; at most 74 KiB, cut between two characters. */
void decode_copy(struct buf *out, const char *utf8);

#endif
