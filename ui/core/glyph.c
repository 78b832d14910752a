/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/glyph.h"

#include <stddef.h>

#include "mmscope/alloc.h"

static const uint16_t lines[16] = {
	[0] = ' ',
	[ARM_UP] = 0x2502,
	[ARM_DOWN] = 0x2502,
	[ARM_UP | ARM_DOWN] = 0x2502,
	[ARM_LEFT] = 0x2500,
	[ARM_RIGHT] = 0x2500,
	[ARM_LEFT | ARM_RIGHT] = 0x2500,
	[ARM_DOWN | ARM_RIGHT] = 0x250c,
	[ARM_DOWN | ARM_LEFT] = 0x2510,
	[ARM_UP | ARM_RIGHT] = 0x2514,
	[ARM_UP | ARM_LEFT] = 0x2518,
	[ARM_UP | ARM_DOWN | ARM_RIGHT] = 0x251c,
	[ARM_UP | ARM_DOWN | ARM_LEFT] = 0x2524,
	[ARM_DOWN | ARM_LEFT | ARM_RIGHT] = 0x252c,
	[ARM_UP | ARM_LEFT | ARM_RIGHT] = 0x2534,
	[ARM_UP | ARM_DOWN | ARM_LEFT | ARM_RIGHT] = 0x253c,
};

unsigned glyph_arms(uint32_t ch)
{
	if (ch < 0x2500 || ch > 0x253c)
		return 0;
	/* From the top: the entry with both ends stands behind its single arms. */
	for (unsigned arms = 15; arms; arms--)
		if (lines[arms] == ch)
			return arms;
	return 0;
}

uint32_t glyph_line(unsigned arms)
{
	return lines[arms & 15];
}

/* U+2500..U+259F, sixteen a row: lines, corners and blocks. */
static const char drawing[] =
	"--||..::..::++++"	/* 2500 */
	"++++++++++++++++"
	"++++++++++++++++"
	"++++++++++++++++"
	"++++++++++++--::"	/* 2540 */
	"=|++++++++++++++"
	"++++++++++++++++"
	"+/\\X-|-|-|-|-|-|"
	"\"_.-=+*%#===--.."	/* 2580: eighths rising, then left eighths falling */
	"].:%\"|##########";

static const struct { uint32_t ch; char ascii; } others[] = {
	{ 0x00a0, ' ' }, { 0x00b0, 'o' }, { 0x00b1, '+' }, { 0x00b5, 'u' }, { 0x00b7, '.' },
	{ 0x00d7, 'x' }, { 0x03bc, 'u' },
	{ 0x2010, '-' }, { 0x2011, '-' }, { 0x2012, '-' }, { 0x2013, '-' }, { 0x2014, '-' },
	{ 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201c, '"' }, { 0x201d, '"' },
	{ 0x2022, '*' }, { 0x2026, '~' }, { 0x2039, '<' }, { 0x203a, '>' },
	{ 0x2190, '<' }, { 0x2191, '^' }, { 0x2192, '>' }, { 0x2193, 'v' }, { 0x2194, '-' },
	{ 0x2195, '|' }, { 0x21b5, '<' }, { 0x21d0, '<' }, { 0x21d2, '>' },
	{ 0x2212, '-' }, { 0x2248, '~' }, { 0x2260, '!' }, { 0x2264, '<' }, { 0x2265, '>' },
	{ 0x25a0, '#' }, { 0x25a1, '.' }, { 0x25aa, '*' }, { 0x25ab, '.' }, { 0x25ae, '#' },
	{ 0x25b2, '^' }, { 0x25b4, '^' }, { 0x25b6, '>' }, { 0x25b7, '>' }, { 0x25b8, '>' },
	{ 0x25ba, '>' }, { 0x25bc, 'v' }, { 0x25be, 'v' }, { 0x25c0, '<' }, { 0x25c2, '<' },
	{ 0x25c4, '<' }, { 0x25c6, '*' }, { 0x25c7, 'o' }, { 0x25cb, 'o' }, { 0x25cf, '*' },
	{ 0x2713, '+' }, { 0x2717, 'x' },
};

_Static_assert(sizeof(drawing) == 0x25a0 - 0x2500 + 1, "one character each");

uint32_t glyph_ascii(uint32_t ch)
{
	if (ch < 0x80)
		return ch;
	if (ch >= 0x2500 && ch < 0x25a0)
		return (unsigned char)drawing[ch - 0x2500];
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (others[i].ch == ch)
			return (unsigned char)others[i].ascii;
	return '?';
}
