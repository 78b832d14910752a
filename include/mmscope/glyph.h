/* SPDX-License-Identifier: GPL-2.0-or-later
 * What single characters mean to the canvas: the arms of line characters, and the
 * ASCII cousin of what an ASCII terminal cannot show. Pure functions of tables.
 */
#ifndef MMSCOPE_GLYPH_H
#define MMSCOPE_GLYPH_H
#include <stdint.h>

enum arm { ARM_UP = 1, ARM_DOWN = 2, ARM_LEFT = 4, ARM_RIGHT = 8 };

/* Arms of a light line character, else 0. */
unsigned glyph_arms(uint32_t ch);
/* The line character with these arms; a single arm is drawn as a whole line. */
uint32_t glyph_line(unsigned arms);
/* Itself below 0x80, else the nearest ASCII character, '?' when there is none. */
uint32_t glyph_ascii(uint32_t ch);

#endif
