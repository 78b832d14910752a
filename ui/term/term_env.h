/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the environment says about the terminal: its name, colours, character set.
 */
#ifndef MMSCOPE_TERM_ENV_H
#define MMSCOPE_TERM_ENV_H
#include <stdbool.h>
#include "mmscope/term.h"

/* The terminal description to use where that of $TERM is not installed; NULL when the name
 * is of none that we know to be compatible. */
const char *term_env_fallback(const char *term);
/* Understands the private modes and operating system commands of xterm. */
bool term_env_xterm_like(const char *term);
/* $COLORTERM says that the terminal takes 24-bit colours. */
bool term_env_truecolor(void);
/* The locale is not UTF-8. */
bool term_env_ascii(void);

#endif
