/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/colour.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

struct lab { double l, a, b; };

static const uint32_t low[16] = {
	0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
	0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
};

static uint32_t cube_level(unsigned n)
{
	return n ? 55 + 40 * n : 0;
}

uint32_t colour_rgb(unsigned index)
{
	if (index < 16)
		return low[index];
	if (index < 232) {
		index -= 16;
		return cube_level(index / 36) << 16 | cube_level(index / 6 % 6) << 8 |
		       cube_level(index % 6);
	}
	return (8 + 10 * (index - 232)) * 0x10101u;
}

/* The nth root of a positive number: a start from the exponent, off by a few percent, then
 * Newton. The mathematics library would be half a megabyte for this. */
static double root(double v, unsigned n)
{
	uint64_t bits;
	double y;

	memcpy(&bits, &v, sizeof(bits));
	bits = bits / n + (1023ull << 52) / n * (n - 1);
	memcpy(&y, &bits, sizeof(y));
	for (int i = 0; i < 5; i++) {
		double power = 1;

		for (unsigned k = 1; k < n; k++)
			power *= y;
		y -= (power * y - v) / (n * power);
	}
	return y;
}

/* sRGB to linear light. */
static double linear(uint32_t channel)
{
	static double known[256];
	static bool filled;

	for (int i = 0; !filled && i < 256; i++) {
		double v = i / 255.0, u = (v + 0.055) / 1.055;

		known[i] = v <= 0.04045 ? v / 12.92 : u * u * root(u * u, 5);	/* u^2.4 */
	}
	filled = true;
	return known[channel & 255];
}

static double lab_curve(double t)
{
	return t > 216.0 / 24389 ? root(t, 3) : (24389.0 / 27 * t + 16) / 116;
}

/* White point D65. */
static struct lab to_lab(uint32_t rgb)
{
	double r = linear(rgb >> 16), g = linear(rgb >> 8), b = linear(rgb);
	double x = lab_curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
	double y = lab_curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
	double z = lab_curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.0890);

	return (struct lab){ 116 * y - 16, 500 * (x - y), 200 * (y - z) };
}

static double squared_distance(struct lab p, struct lab q)
{
	return (p.l - q.l) * (p.l - q.l) + (p.a - q.a) * (p.a - q.a) + (p.b - q.b) * (p.b - q.b);
}

double colour_distance(uint32_t a, uint32_t b)
{
	double d = squared_distance(to_lab(a), to_lab(b));

	return d > 0 ? root(d, 2) : 0;
}

unsigned colour_nearest(uint32_t rgb, unsigned first, unsigned last)
{
	struct lab want = to_lab(rgb);
	unsigned best = first;
	double nearest = DBL_MAX;

	for (unsigned i = first; i <= last; i++) {
		double d = squared_distance(want, to_lab(colour_rgb(i)));

		if (d < nearest) {
			nearest = d;
			best = i;
		}
	}
	return best;
}

static double luminance(uint32_t rgb)
{
	return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
}

double colour_contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}
