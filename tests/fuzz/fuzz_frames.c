/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as objdump's text: a disassembly, then call frame information for what it had;
 * and as the name of a function in any spelling.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/frames/functions.h"
#include "src/frames/spelling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static FILE *as_file(const uint8_t *data, size_t size)
{
	FILE *f = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");

	must(f);
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct functions f = { .v = NULL };
	char *text = malloc(size + 1);
	struct spelling s;
	FILE *in = as_file(data, size);

	error_destroy(objdump_parse(in, &f));
	rewind(in);
	cfi_parse(in, &f);
	fclose(in);
	for (size_t i = 0; i < f.n; i++) {
		must(f.v[i].name && f.v[i].file && f.v[i].digits);
		must(f.v[i].section < f.nsections);
	}
	functions_free(&f);
	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	spelling_parse(text, &s);
	must(s.name && strlen(s.name) <= 2 * size + 16);
	free(s.name);
	free(text);
	return 0;
}
