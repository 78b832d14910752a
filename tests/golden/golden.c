/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/golden/golden.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char chunk[4096];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
	return true;
}

static bool write_file(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(buf_str(b), 1, b->len, f) == b->len;

	return f && fclose(f) == 0 && ok;
}

/* The first line that differs, for people. */
static void say_difference(const char *path, const char *have, const char *want)
{
	int line = 1;

	while (*have && *have == *want) {
		line += *have == '\n';
		have++;
		want++;
	}
	while (line > 1 && have[-1] != '\n') {
		have--;
		want--;
	}
	printf("%s:%d: differs\n  drawn:    %.*s\n  expected: %.*s\n", path, line,
	       (int)strcspn(have, "\n"), have, (int)strcspn(want, "\n"), want);
}

int golden_check(const char *name, const struct buf *have)
{
	const char *srcdir = getenv("srcdir");
	char *path = xasprintf("%s/tests/golden/%s.txt", srcdir ? srcdir : ".", name);
	struct buf want = BUF_INIT;
	int failed = 0;

	if (getenv("UPDATE_GOLDEN")) {
		failed = !write_file(path, have);
		if (failed)
			printf("%s: %s\n", path, strerror(errno));
	} else if (!read_file(path, &want)) {
		printf("%s: %s; `make update-golden` makes it\n", path, strerror(errno));
		failed = 1;
	} else if (strcmp(buf_str(have), buf_str(&want))) {
		say_difference(path, buf_str(have), buf_str(&want));
		failed = 1;
	}
	buf_free(&want);
	free(path);
	return failed;
}
