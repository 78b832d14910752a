/* SPDX-License-Identifier: GPL-2.0-or-later
 * A growable byte string, always NUL-terminated once anything was added.
 * BUF_INIT makes one on the stack; buf_free() ends it and leaves it empty.
 */
#ifndef MMSCOPE_BUF_H
#define MMSCOPE_BUF_H
#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;		/* NULL while nothing was ever added */
	size_t len, cap;
};
#define BUF_INIT { NULL, 0, 0 }

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_reset(struct buf *b);			/* empty, memory kept */
void buf_free(struct buf *b);
char *buf_take(struct buf *b);			/* the caller owns the string (never NULL); b is empty */
const char *buf_str(const struct buf *b);	/* never NULL */

#endif
