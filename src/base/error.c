/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/text.h"

static struct error *make(enum error_code code, int errnum, struct buf *message)
{
	struct error *err = xmalloc(sizeof(*err));

	err->code = code;
	err->errnum = errnum;
	err->message = text_sanitized(buf_str(message));
	buf_free(message);
	return err;
}

struct error *error_create(enum error_code code, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return make(code, 0, &b);
}

struct error *error_os(enum error_code code, int errnum, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	buf_addf(&b, ": %s", strerror(errnum));
	return make(code, errnum, &b);
}

struct error *error_at(const char *file, unsigned line, unsigned column, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	buf_addf(&b, "%s:%u:", file, line);
	if (column)
		buf_addf(&b, "%u:", column);
	buf_addc(&b, ' ');
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return make(ERR_USAGE, 0, &b);
}

void error_destroy(struct error *err)
{
	if (!err)
		return;
	free(err->message);
	free(err);
}
