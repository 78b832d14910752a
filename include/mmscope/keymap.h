/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys: from data (ui/default.keys, compiled in; then the user's file) to commands.
 *
 * A line is `CONTEXT KEY COMMAND [ARGUMENT]`, CONTEXT `global` or a view's name or
 * `prompt`; KEY a character or a name (Up, F5, C-l, Space, Enter, Esc, S-Tab ...).
 * Help, footer, palette and man page are made from this table and the commands' own.
 */
#ifndef MMSCOPE_KEYMAP_H
#define MMSCOPE_KEYMAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/error.h"

/* A key is a code point, or one of these. */
enum key {
	KEY_NONE = 0, KEY_TAB = 9, KEY_ESC = 27, KEY_ENTER_ = 13, KEY_SPACE = 32,
	KEYS_SPECIAL = 0x110000,
	KEY_UP_, KEY_DOWN_, KEY_LEFT_, KEY_RIGHT_, KEY_PGUP, KEY_PGDN, KEY_HOME_, KEY_END_,
	KEY_BACKSPACE_, KEY_DELETE, KEY_INSERT, KEY_BACKTAB,
	KEY_F1, KEY_F12 = KEY_F1 + 11,
};
#define KEY_CTRL_(c) ((c) & 0x1f)

struct key_binding {
	char *context;
	uint32_t key;
	char *command;		/* with its argument: "sort rss" */
};
struct keymap { size_t n, cap; struct key_binding *bindings; };

/* Later bindings of the same context and key win. A line that is none: FILE:LINE:COLUMN. */
struct error *keymap_parse(struct keymap *map, const char *file, const char *text, size_t n);
void keymap_defaults(struct keymap *map);	/* ui/default.keys */
void keymap_free(struct keymap *map);
/* In the context, else in "global"; NULL when nothing is bound. */
const char *keymap_find(const struct keymap *map, const char *context, uint32_t key);
/* The first key bound to exactly this command in the context or global; 0 when none. */
uint32_t keymap_key_of(const struct keymap *map, const char *context, const char *command);
#define key_name mmscope_key_name	/* curses exports one too; a program must not replace it */
const char *key_name(uint32_t key, char out[16]);
bool key_parse(const char *name, uint32_t *ret);

#endif
