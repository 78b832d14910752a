/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/session/json.h"

#include <inttypes.h>
#include <string.h>

#include "mmscope/text.h"

enum { FLUSH_BYTES = 1 << 16, PRETTY_DEPTH = 2 };

void json_start(struct json *j, FILE *out, bool pretty)
{
	*j = (struct json){ .out = out, .pretty = pretty };
}

static void flush(struct json *j)
{
	if (j->b.len)
		fwrite(j->b.data, 1, j->b.len, j->out);
	buf_reset(&j->b);
}

void json_end(struct json *j)
{
	buf_addc(&j->b, '\n');
	flush(j);
	fflush(j->out);
	buf_free(&j->b);
}

/* Members of the two outer levels stand on lines of their own: one VMA is one line. */
static void indent(struct json *j)
{
	if (!j->pretty || j->depth > PRETTY_DEPTH || j->depth == 0)
		return;
	buf_addc(&j->b, '\n');
	for (int i = 0; i < j->depth; i++)
		buf_addc(&j->b, ' ');
}

static void quoted(struct json *j, const char *s)
{
	buf_addc(&j->b, '"');
	buf_adds(&j->b, s);
	buf_adds(&j->b, "\": ");
}

static void begin(struct json *j, const char *key)
{
	if (j->comma)
		buf_adds(&j->b, j->pretty && j->depth > PRETTY_DEPTH ? ", " : ",");
	indent(j);
	if (key)
		quoted(j, key);
	j->comma = true;
	if (j->b.len > FLUSH_BYTES)
		flush(j);
}

void json_object(struct json *j, const char *key)
{
	begin(j, key);
	buf_addc(&j->b, '{');
	j->depth++;
	j->comma = false;
}

void json_array(struct json *j, const char *key)
{
	begin(j, key);
	buf_addc(&j->b, '[');
	j->depth++;
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	bool inner = j->pretty && j->depth <= PRETTY_DEPTH && j->comma;

	j->depth--;
	if (inner) {
		buf_addc(&j->b, '\n');
		for (int i = 0; i < j->depth; i++)
			buf_addc(&j->b, ' ');
	}
	buf_addc(&j->b, bracket);
	j->comma = true;
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	buf_addf(&j->b, "%" PRIu64, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	buf_addf(&j->b, "%" PRId64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	buf_adds(&j->b, value ? "true" : "false");
}

void json_address(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	buf_addf(&j->b, "\"0x%" PRIx64 "\"", value);
}

void json_text(struct json *j, const char *key, const char *bytes, size_t n)
{
	struct buf clean = BUF_INIT;

	begin(j, key);
	buf_addc(&j->b, '"');
	text_sanitize(&clean, bytes, n, 0);
	/* No control character is left; only these two mean something in JSON. */
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.data[i] == '"' || clean.data[i] == '\\')
			buf_addc(&j->b, '\\');
		buf_addc(&j->b, clean.data[i]);
	}
	buf_addc(&j->b, '"');
	buf_free(&clean);
}

void json_string(struct json *j, const char *key, const char *s)
{
	json_text(j, key, s, strlen(s));
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	buf_adds(&j->b, "null");
}

void json_path(struct json *j, const char *key, const char *bytes, size_t n)
{
	json_text(j, key, bytes, n);
	if (utf8_valid(bytes, n))
		return;
	buf_addf(&j->b, ",%s\"%s_bytes\": \"", j->pretty ? " " : "", key);
	text_base64(&j->b, bytes, n);
	buf_addc(&j->b, '"');
}
