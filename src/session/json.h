/* SPDX-License-Identifier: GPL-2.0-or-later
 * Writes JSON as it comes, with commas where they belong and indentation where asked
 * for. Strings passed in are sanitised on the way, so that none can break out.
 */
#ifndef SESSION_JSON_H
#define SESSION_JSON_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "mmscope/buf.h"

struct json {
	FILE *out;
	struct buf b;
	bool pretty;		/* objects and arrays of depth < broken on lines of their own */
	int depth;
	bool comma;		/* something stands before, on this level */
};

void json_start(struct json *j, FILE *out, bool pretty);
void json_end(struct json *j);		/* newline, flush; the stream too */

/* A key of the object that is open; NULL inside arrays. All that follow take one. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_close(struct json *j, char bracket);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_int(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_address(struct json *j, const char *key, uint64_t value);	/* "0x..." */
void json_text(struct json *j, const char *key, const char *bytes, size_t n);
void json_string(struct json *j, const char *key, const char *s);
void json_null(struct json *j, const char *key);
/* Text from outside that may be no UTF-8: then KEY_bytes too, as base64. */
void json_path(struct json *j, const char *key, const char *bytes, size_t n);

#endif
