/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

static void reserve(struct buf *b, size_t more)
{
	size_t want = b->len + more + 1;

	if (want <= b->cap)
		return;
	b->cap = want < 64 ? 64 : want + want / 2;
	b->data = xreallocarray(b->data, b->cap, 1);
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	reserve(b, 0);
	n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
	if (n > 0) {
		if ((size_t)n >= b->cap - b->len) {
			reserve(b, (size_t)n);
			vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
		}
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

char *buf_take(struct buf *b)
{
	char *s;

	reserve(b, 0);
	s = b->data;
	s[b->len] = '\0';
	*b = (struct buf)BUF_INIT;
	return s;
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}
