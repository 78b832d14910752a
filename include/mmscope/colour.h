/* SPDX-License-Identifier: GPL-2.0-or-later
 * Colours as numbers: the xterm palette, nearness as the eye sees it, contrast.
 * An rgb is 0xrrggbb. Pure functions.
 */
#ifndef MMSCOPE_COLOUR_H
#define MMSCOPE_COLOUR_H
#include <stdint.h>

/* The usual colour of a palette index 0..255 (people do change 0..15). */
uint32_t colour_rgb(unsigned index);
/* Distance in CIELAB (CIE 1976): about 2 can just be seen. */
double colour_distance(uint32_t a, uint32_t b);
/* The nearest palette index in first..last. */
unsigned colour_nearest(uint32_t rgb, unsigned first, unsigned last);
/* WCAG contrast ratio, 1..21. */
double colour_contrast(uint32_t a, uint32_t b);

#endif
