/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the compiler wrote beside the object: "FILE.c:LINE:COLUMN:FUNCTION<tab>BYTES<tab>KIND".
 */
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/frames/functions.h"

static FILE *open_su(const char *file)
{
	const char *slash = strrchr(file, '/'), *dot = strrchr(file, '.');
	int stem = dot && (!slash || dot > slash) ? (int)(dot - file) : (int)strlen(file);
	char *names[] = { xasprintf("%.*s.su", stem, file), xasprintf("%s.su", file) };
	FILE *in = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!in)
			in = fopen(names[i], "r");
		free(names[i]);
	}
	return in;
}

bool su_read(const char *file, struct functions *f)
{
	FILE *in = open_su(file);
	char *line = NULL;
	size_t cap = 0;

	if (!in)
		return false;
	while (getline(&line, &cap, in) >= 0) {
		char *tab = strchr(line, '\t'), *name;
		struct function *fn;

		if (!tab)
			continue;
		*tab = '\0';
		name = strrchr(line, ':');
		fn = name ? functions_find(f, name + 1) : NULL;
		if (fn)
			fn->su = strtoull(tab + 1, NULL, 10);
	}
	free(line);
	fclose(in);
	return true;
}
