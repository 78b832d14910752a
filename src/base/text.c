/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/text.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mmscope/alloc.h"

int utf8_decode(const char *s, size_t n, uint32_t *ret)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t ch;
	int len;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		*ret = u[0];
		return 1;
	}
	if (u[0] >= 0xc2 && u[0] < 0xe0)
		len = 2, ch = u[0] & 0x1f;
	else if ((u[0] & 0xf0) == 0xe0)
		len = 3, ch = u[0] & 0x0f;
	else if (u[0] >= 0xf0 && u[0] < 0xf5)
		len = 4, ch = u[0] & 0x07;
	else
		return -1;
	if (n < (size_t)len)
		return -1;
	for (int i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return -1;
		ch = ch << 6 | (u[i] & 0x3f);
	}
	if (ch < lowest[len] || ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000))
		return -1;
	*ret = ch;
	return len;
}

size_t utf8_encode(uint32_t ch, char out[4])
{
	if (ch < 0x80) {
		out[0] = (char)ch;
		return 1;
	}
	if (ch < 0x800) {
		out[0] = (char)(0xc0 | ch >> 6);
		out[1] = (char)(0x80 | (ch & 0x3f));
		return 2;
	}
	if (ch < 0x10000) {
		out[0] = (char)(0xe0 | ch >> 12);
		out[1] = (char)(0x80 | (ch >> 6 & 0x3f));
		out[2] = (char)(0x80 | (ch & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | ch >> 18);
	out[1] = (char)(0x80 | (ch >> 12 & 0x3f));
	out[2] = (char)(0x80 | (ch >> 6 & 0x3f));
	out[3] = (char)(0x80 | (ch & 0x3f));
	return 4;
}

bool utf8_valid(const char *s, size_t n)
{
	uint32_t ch;

	while (n) {
		int used = utf8_decode(s, n, &ch);

		if (used <= 0)
			return false;
		s += used;
		n -= (size_t)used;
	}
	return true;
}

struct range {
	uint32_t lo, hi;
};

static bool in_ranges(uint32_t ch, const struct range *r, size_t n)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ch > r[mid].hi)
			lo = mid + 1;
		else if (ch < r[mid].lo)
			hi = mid;
		else
			return true;
	}
	return false;
}

/* Invisible or direction-changing characters (general category Cf, Zl, Zp, Co, Cn
 * where it matters) and characters that hide as blanks: shown by their number. */
static const struct range unprintable[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x0600, 0x0605 }, { 0x061c, 0x061c },
	{ 0x06dd, 0x06dd }, { 0x070f, 0x070f }, { 0x0890, 0x0891 }, { 0x08e2, 0x08e2 },
	{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x2800, 0x2800 }, { 0x3164, 0x3164 },
	{ 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0x1fffe, 0x1ffff }, { 0x2fffe, 0x2ffff }, { 0x3fffe, 0x10ffff },
};

/* Combining marks: no cell of their own (the blocks that matter for file names). */
static const struct range zero_width[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x05bf, 0x05bf },
	{ 0x05c1, 0x05c2 }, { 0x05c4, 0x05c5 }, { 0x0610, 0x061a }, { 0x064b, 0x065f },
	{ 0x0670, 0x0670 }, { 0x06d6, 0x06dc }, { 0x06df, 0x06e4 }, { 0x06e7, 0x06e8 },
	{ 0x06ea, 0x06ed }, { 0x0900, 0x0902 }, { 0x093c, 0x093c }, { 0x0941, 0x0948 },
	{ 0x094d, 0x094d }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20f0 }, { 0x3099, 0x309a },
	{ 0xfe20, 0xfe2f },
};

static const struct range double_width[] = {
	{ 0x1100, 0x115e }, { 0x231a, 0x231b }, { 0x2329, 0x232a }, { 0x23e9, 0x23ec },
	{ 0x23f0, 0x23f0 }, { 0x23f3, 0x23f3 }, { 0x25fd, 0x25fe }, { 0x2614, 0x2615 },
	{ 0x2648, 0x2653 }, { 0x267f, 0x267f }, { 0x2693, 0x2693 }, { 0x26a1, 0x26a1 },
	{ 0x26aa, 0x26ab }, { 0x26bd, 0x26be }, { 0x26c4, 0x26c5 }, { 0x26ce, 0x26ce },
	{ 0x26d4, 0x26d4 }, { 0x26ea, 0x26ea }, { 0x26f2, 0x26f3 }, { 0x26f5, 0x26f5 },
	{ 0x26fa, 0x26fa }, { 0x26fd, 0x26fd }, { 0x2705, 0x2705 }, { 0x270a, 0x270b },
	{ 0x2728, 0x2728 }, { 0x274c, 0x274c }, { 0x274e, 0x274e }, { 0x2753, 0x2755 },
	{ 0x2757, 0x2757 }, { 0x2795, 0x2797 }, { 0x27b0, 0x27b0 }, { 0x27bf, 0x27bf },
	{ 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b50 }, { 0x2b55, 0x2b55 }, { 0x2e80, 0x303e },
	{ 0x3041, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff }, { 0xa000, 0xa4cf },
	{ 0xa960, 0xa97f }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe10, 0xfe19 },
	{ 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x16fe0, 0x18cff },
	{ 0x1b000, 0x1b2ff }, { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e },
	{ 0x1f191, 0x1f19a }, { 0x1f200, 0x1f265 }, { 0x1f300, 0x1f320 }, { 0x1f32d, 0x1f335 },
	{ 0x1f337, 0x1f37c }, { 0x1f37e, 0x1f393 }, { 0x1f3a0, 0x1f3ca }, { 0x1f3cf, 0x1f3d3 },
	{ 0x1f3e0, 0x1f3f0 }, { 0x1f3f4, 0x1f3f4 }, { 0x1f3f8, 0x1f43e }, { 0x1f440, 0x1f440 },
	{ 0x1f442, 0x1f4fc }, { 0x1f4ff, 0x1f53d }, { 0x1f54b, 0x1f567 }, { 0x1f57a, 0x1f57a },
	{ 0x1f595, 0x1f596 }, { 0x1f5a4, 0x1f5a4 }, { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f7e0, 0x1f7eb }, { 0x1f90c, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

int text_width1(uint32_t ch)
{
	if (ch < 0x300)
		return ch < 0x20 || (ch >= 0x7f && ch < 0xa0) ? 0 : 1;
	if (in_ranges(ch, zero_width, ARRAY_LEN(zero_width)))
		return 0;
	return in_ranges(ch, double_width, ARRAY_LEN(double_width)) ? 2 : 1;
}

int text_width(const char *s)
{
	size_t n = strlen(s);
	int width = 0;

	while (n) {
		uint32_t ch = (unsigned char)*s;
		int used = text_plain(ch) ? 1 : utf8_decode(s, n, &ch);

		if (used <= 0)
			used = 1, ch = '?';
		width += text_plain(ch) ? 1 : text_width1(ch);
		s += used;
		n -= (size_t)used;
	}
	return width;
}

void text_sanitize(struct buf *out, const char *bytes, size_t n, unsigned flags)
{
	while (n) {
		uint32_t ch;
		int used = utf8_decode(bytes, n, &ch);

		if (used < 0) {
			buf_addf(out, "\\x%02x", (unsigned char)*bytes);
			used = 1;
		} else if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0)) {
			for (int i = 0; i < used; i++)
				buf_addf(out, "\\x%02x", (unsigned char)bytes[i]);
		} else if (in_ranges(ch, unprintable, ARRAY_LEN(unprintable)) ||
			   (ch >= 0x80 && (flags & SANITIZE_ASCII))) {
			buf_addf(out, "<U+%04X>", ch);
		} else {
			buf_add(out, bytes, (size_t)used);
		}
		bytes += used;
		n -= (size_t)used;
	}
}

char *text_sanitized(const char *s)
{
	struct buf b = BUF_INIT;

	text_sanitize(&b, s, strlen(s), 0);
	return buf_take(&b);
}

void text_base64(struct buf *out, const void *bytes, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *u = bytes;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)u[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)u[i + 1] << 8;
		if (i + 2 < n)
			v |= u[i + 2];
		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		buf_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

const char *text_size(uint64_t bytes, char out[16])
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	int u = -1;

	if (bytes < 1024) {
		snprintf(out, 16, "%u", (unsigned)bytes);
		return out;
	}
	/* 999.5 and up would round to four figures. */
	while (v >= 999.5 && u < 5) {
		v /= 1024;
		u++;
	}
	if (u < 0) {
		v /= 1024;
		u = 0;
	}
	snprintf(out, 16, "%.*f%c", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, units[u]);
	return out;
}

bool text_parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "kmgtp";
	char *end;
	double v;
	int shift = 0;

	if (!isdigit((unsigned char)*s))
		return false;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		*ret = strtoull(s, &end, 16);
		return *end == '\0' && end > s + 2;
	}
	v = strtod(s, &end);
	if (*end) {
		const char *u = strchr(units, tolower((unsigned char)*end));

		if (!u)
			return false;
		/* p is the page; the other letters are binary multiples */
		shift = *u == 'p' ? 12 : 10 * (int)(u - units + 1);
		end++;
		if (shift != 12 && (*end == 'i' || *end == 'I'))
			end++;
		if (shift != 12 && (*end == 'b' || *end == 'B'))
			end++;
		if (*end)
			return false;
	}
	v *= (double)(1ull << shift);
	if (!(v >= 0 && v < 18446744073709551616.0))
		return false;
	*ret = (uint64_t)v;
	return true;
}

unsigned text_distance(const char *a, const char *b)
{
	size_t m = strlen(b);
	unsigned rows[3][64], *older = rows[0], *old = rows[1], *row = rows[2];

	if (strlen(a) >= 64 || m >= 64)
		return UINT_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned *spare = older;

		older = old;
		old = row;
		row = spare;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = old[j - 1] + (a[i - 1] != b[j - 1]);

			if (old[j] + 1 < best)
				best = old[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

const char *text_nearest(const char *word, const char *const *list)
{
	const char *best = NULL, *begins = NULL;
	size_t n = strlen(word);
	unsigned best_distance = (unsigned)n / 3 + 2;

	for (; *list; list++) {
		unsigned d = strcasecmp(word, *list) ? text_distance(word, *list) : 0;

		if (d < best_distance) {
			best_distance = d;
			best = *list;
		}
		if (n > 2 && strncmp(word, *list, n) == 0 && (!begins || strlen(*list) < strlen(begins)))
			begins = *list;
	}
	return best ? best : begins;
}
