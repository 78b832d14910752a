/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text: the one sanitiser for everything that came from outside (file names, comm,
 * cmdline, themes, scenarios, recordings), UTF-8, widths, sizes, numbers, base64.
 *
 * Rule of the sanitiser: C0, C1, DEL and bytes that are not UTF-8 become \xHH;
 * bidi marks, zero-width and tag characters and unprintable ones become <U+XXXX>;
 * everything else stays. Its output is valid UTF-8 and safe on any terminal.
 * It does not depend on the locale.
 */
#ifndef MMSCOPE_TEXT_H
#define MMSCOPE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/buf.h"

enum { SANITIZE_ASCII = 1 };	/* non-ASCII too becomes <U+XXXX> */

void text_sanitize(struct buf *out, const char *bytes, size_t n, unsigned flags);
char *text_sanitized(const char *s);		/* caller frees */

/* Decodes one code point; returns bytes used, 0 at n == 0, or -1 when the first
 * byte does not start a valid sequence (overlong, surrogate, > 10FFFF are invalid). */
int utf8_decode(const char *s, size_t n, uint32_t *ret);
size_t utf8_encode(uint32_t ch, char out[4]);
bool utf8_valid(const char *s, size_t n);
/* Cells a code point takes: 0, 1 or 2. Same on every locale. */
int text_width1(uint32_t ch);
/* Printable ASCII: one column, itself in every mode. Most of what is shown. */
static inline bool text_plain(uint32_t ch) { return ch - 0x20u < 0x5fu; }
int text_width(const char *s);

void text_base64(struct buf *out, const void *bytes, size_t n);

/* 0, 512, 4.00K, 132K, 41.2M, 16.0T: three figures, KiB/MiB/GiB/TiB. */
const char *text_size(uint64_t bytes, char out[16]);
/* "12", "4k", "1.5M", "0x10", "3p" (pages of 4096); false when it is not one. */
bool text_parse_size(const char *s, uint64_t *ret);
/* Smallest edit distance, two letters exchanged being one edit; for "did you mean". */
unsigned text_distance(const char *a, const char *b);
/* The entry of a NULL-terminated list that is nearest to word (the same in capitals is), else the
 * shortest that begins with it; NULL when there is none. */
const char *text_nearest(const char *word, const char *const *list);

#endif
