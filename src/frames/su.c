/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the compiler wrote beside the object: "FILE.c:LINE:COLUMN:FUNCTION<tab>BYTES<tab>KIND".
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/frames/functions.h"

static void read_lines(FILE *in, struct functions *f)
{
	char *line = NULL;
	size_t cap = 0;

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
}

/* An object's has its name; a program that was compiled in one go has one for each source,
 * whose names begin with its own. */
static bool belongs(const char *name, const char *base, size_t stem)
{
	size_t n = strlen(name), whole = strlen(base);

	if (n < 3 || strcmp(name + n - 3, ".su"))
		return false;
	return (n == stem + 3 && !strncmp(name, base, stem)) ||
	       (n == whole + 3 && !strncmp(name, base, whole)) ||
	       (n > whole + 4 && !strncmp(name, base, whole) && name[whole] == '-');
}

bool su_read(const char *file, struct functions *f)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	const char *dot = strrchr(base, '.');
	char *dir = slash ? xstrndup(file, (size_t)(slash + 1 - file)) : xstrdup(".");
	struct dirent *e;
	bool found = false;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		int fd = belongs(e->d_name, base, dot ? (size_t)(dot - base) : strlen(base)) ?
			 openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
		FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;

		if (!in)
			continue;
		read_lines(in, f);
		fclose(in);
		found = true;
	}
	if (d)
		closedir(d);
	free(dir);
	return found;
}
