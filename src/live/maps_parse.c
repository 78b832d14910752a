/* SPDX-License-Identifier: GPL-2.0-or-later
 * One line of /proc/PID/maps.
 */
#include <config.h>
#include <string.h>

#include "mmscope/vma.h"
#include "src/live/maps_parse.h"

/* Value + 1 of each hexadecimal digit, so that 0 means "none". */
static const uint8_t hex_digit[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
	['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15,
	['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Reads a hexadecimal number and the byte that must follow it; NULL when it is not so. */
static const char *hex_until(const char *p, const char *end, char stop, uint64_t *ret)
{
	const char *first = p;
	uint64_t v = 0;
	uint8_t d;

	while (p < end && (d = hex_digit[(unsigned char)*p])) {
		v = v << 4 | (d - 1u);
		p++;
	}
	if (p == first || p - first > 16 || p == end || *p != stop)
		return NULL;
	*ret = v;
	return p + 1;
}

/* The digits that eight bytes begin with: how many, and their value. No capitals. */
static inline unsigned hex_eight(const char *p, uint64_t *ret)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t w, letter, v, bad;
	unsigned n = 8;

	memcpy(&w, p, sizeof(w));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		w = __builtin_bswap64(w);
	letter = w >> 6 & ones;
	v = w - 0x30 * ones - 0x27 * letter;
	/* Up to the first that is none each byte is a nibble now, ten or more where a letter was. */
	bad = (v & 0xf0 * ones) | (((v + 6 * ones) >> 4 & ones) ^ letter);
	if (bad) {
		n = (unsigned)__builtin_ctzll(bad) / 8;
		if (!n)
			return 0;
		v <<= 64 - 8 * n;
	}
	v = __builtin_bswap64(v);
	v = (v | v >> 4) & 0x00ff00ff00ff00ff;
	v = (v | v >> 8) & 0x0000ffff0000ffff;
	*ret = (v | v >> 16) & 0xffffffff;
	return n;
}

/* The same of an address, which has many digits. */
static inline const char *address_until(const char *p, const char *end, char stop, uint64_t *ret)
{
	uint64_t v, rest;
	unsigned n, more;

	if (end - p < 17)
		return hex_until(p, end, stop, ret);
	n = hex_eight(p, &v);
	if (n == 8 && (more = hex_eight(p + 8, &rest))) {
		v = v << 4 * more | rest;
		n += more;
	}
	if (!n || p[n] != stop)
		return hex_until(p, end, stop, ret);
	*ret = v;
	return p + n + 1;
}

static const char *decimal(const char *p, const char *end, uint64_t *ret)
{
	const char *first = p;
	uint64_t v = 0;

	while (p < end && *p >= '0' && *p <= '9') {
		if (v > (UINT64_MAX - 9) / 10)
			return NULL;
		v = v * 10 + (uint64_t)(*p++ - '0');
	}
	if (p == first)
		return NULL;
	*ret = v;
	return p;
}

static bool parse_perms(const char *p, uint8_t *ret)
{
	static const char letters[] = "rwx";
	uint8_t perms = 0;

	for (int i = 0; i < 3; i++) {
		if (p[i] == letters[i])
			perms |= (uint8_t)(1 << i);
		else if (p[i] != '-')
			return false;
	}
	if (p[3] == 's')
		perms |= VMA_SHARED;
	else if (p[3] != 'p')
		return false;
	*ret = perms;
	return p[4] == ' ';
}

/* Offset, device and inode of the file. */
static const char *parse_file(const char *p, const char *end, struct maps_line *m)
{
	static const char none[] = "00000000 00:00 0 ";
	uint64_t major, minor;

	if (end - p >= (ptrdiff_t)sizeof(none) - 1 && !memcmp(p, none, sizeof(none) - 1)) {
		m->offset = m->inode = 0;
		m->dev_major = m->dev_minor = 0;
		return p + sizeof(none) - 1;
	}
	if (!(p = hex_until(p, end, ' ', &m->offset)) || !(p = hex_until(p, end, ':', &major)) ||
	    !(p = hex_until(p, end, ' ', &minor)) || !(p = decimal(p, end, &m->inode)) ||
	    major > UINT32_MAX || minor > UINT32_MAX)
		return NULL;
	m->dev_major = (uint32_t)major;
	m->dev_minor = (uint32_t)minor;
	return p;
}

bool maps_parse_line(const char *line, size_t n, struct maps_line *ret)
{
	const char *p = line, *end = line + n;
	struct maps_line m;

	p = address_until(p, end, '-', &m.start);
	if (!p || !(p = address_until(p, end, ' ', &m.end)))
		return false;
	if (end - p < 5 || !parse_perms(p, &m.perms))
		return false;
	p += 5;
	p = parse_file(p, end, &m);
	if (!p || m.start >= m.end || (m.start | m.end) & (PAGE_BYTES - 1))
		return false;
	/* A name may begin with blanks of its own, but the kernel pads with blanks too. */
	while (p < end && *p == ' ')
		p++;
	m.path = p;
	m.path_len = strnlen(p, (size_t)(end - p));
	*ret = m;
	return true;
}

size_t maps_unescape(const char *path, size_t n, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (path[i] == '\\' && n - i >= 4 && !memcmp(path + i, "\\012", 4)) {
			out[used++] = '\n';
			i += 3;
		} else {
			out[used++] = path[i];
		}
	}
	return used;
}
