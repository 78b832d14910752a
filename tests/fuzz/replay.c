/* SPDX-License-Identifier: GPL-2.0-or-later
 * Runs a fuzz target over files: those named, else every one in the target's corpus,
 * and each of them once more with every prefix cut, so that short inputs are met too.
 * Linked with -fsanitize=fuzzer instead of this file, the same target is a fuzzer.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_bytes(const char *bytes, size_t n)
{
	/* A copy of exactly the size, so that a sanitizer sees one byte too far. */
	uint8_t *copy = xmalloc(n ? n : 1);

	memcpy(copy, bytes, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	return 0;
}

static int run_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "rb");
	char chunk[4096];
	size_t n;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	for (size_t len = 0; len < b.len; len += 1 + b.len / 256)
		run_bytes(buf_str(&b), len);
	run_bytes(buf_str(&b), b.len);
	buf_free(&b);
	return 0;
}

static int run_corpus(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int files = 0, failed = 0;

	if (!d) {
		fprintf(stderr, "%s: %s\n", dir, strerror(errno));
		return 1;
	}
	while ((e = readdir(d))) {
		char *path;

		if (e->d_name[0] == '.')
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		failed |= run_file(path);
		free(path);
		files++;
	}
	closedir(d);
	printf("%s: %d files\n", dir, files);
	return failed || !files;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(basename(argv[0]), "fuzz_");
	char *dir;
	int rc = 0;

	for (int i = 1; i < argc; i++)
		rc |= run_file(argv[i]);
	if (argc > 1 || !name)
		return argc > 1 ? rc : 2;
	dir = xasprintf("%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name + strlen("fuzz_"));
	rc = run_corpus(dir);
	free(dir);
	return rc;
}
