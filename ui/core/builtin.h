/* SPDX-License-Identifier: GPL-2.0-or-later
 * Data files compiled in, so that the program has keys and a theme wherever it is:
 * ui/default.keys and themes/default-dark.theme. NUL-terminated; made by the build.
 */
#ifndef MMSCOPE_BUILTIN_H
#define MMSCOPE_BUILTIN_H

extern const char builtin_keys[];
extern const char builtin_theme[];

#endif
