/* SPDX-License-Identifier: GPL-2.0-or-later
 * A build tree is known by a file that configure writes to its top: it names the
 * source directory, so that a build outside the source tree finds its data too. Without it
 * the program is an installed one; what precedes the configured bindir in its own path
 * is the DESTDIR it was unpacked to, and precedes the data as well.
 */
#include <config.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"

#define TREE_FILE "mmscope-tree"

static const struct {
	const char *in_tree;
	bool built;		/* lies in the build directory, not among the sources */
	const char *installed;
} places[] = {
	[BUNDLED_THEMES]    = { "themes", false, PKGDATADIR "/themes" },
	[BUNDLED_KEYS]      = { "ui/default.keys", false, PKGDATADIR "/default.keys" },
	[BUNDLED_SCENARIOS] = { "src/sim/scenarios", false, PKGDATADIR "/scenarios" },
	[BUNDLED_SCHEMA]    = { "src/session", false, PKGDATADIR "/schema" },
	[BUNDLED_DEMO]      = { "mmscope-demo", true, PKGLIBEXECDIR "/mmscope-demo" },
	[BUNDLED_RUNNER]    = { "mmscope-runner", true, PKGLIBEXECDIR "/mmscope-runner" },
};

/* Cuts the last component off; false when there is none. */
static bool path_up(char *dir)
{
	char *slash = strrchr(dir, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/* The source directory a tree file names, or NULL when `top` is no build tree. */
static char *tree_source(const char *top)
{
	char *name = xasprintf("%s/%s", top, TREE_FILE), line[PATH_MAX], *src = NULL;
	FILE *f = fopen(name, "re");

	free(name);
	if (!f)
		return NULL;
	if (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		src = line[0] == '/' ? xstrdup(line) : xasprintf("%s/%s", top, line);
	}
	fclose(f);
	return src;
}

/* The top of the build tree that `exe` lies in (itself at the top, or a test at
 * tests/KIND/), with its source directory in `src`; NULL when it lies in none. */
static char *find_tree(const char *exe, char **src)
{
	char *top = xstrdup(exe), *tests;

	if (path_up(top)) {
		*src = tree_source(top);
		if (*src)
			return top;
		tests = strstr(top, "/tests/");
		while (tests && strstr(tests + 1, "/tests/"))
			tests = strstr(tests + 1, "/tests/");
		if (tests && !strchr(tests + strlen("/tests/"), '/')) {
			*tests = '\0';
			*src = tree_source(top);
			if (*src)
				return top;
		}
	}
	free(top);
	return NULL;
}

static char *installed_path(const char *exe, const char *configured)
{
	char *dir = xstrdup(exe), *path;
	size_t n, tail = strlen(BINDIR);

	path_up(dir);
	n = strlen(dir);
	if (n >= tail && !strcmp(dir + n - tail, BINDIR))
		dir[n - tail] = '\0';
	else
		dir[0] = '\0';
	path = xasprintf("%s%s", dir, configured);
	free(dir);
	return path;
}

char *path_bundled_for(const char *exe, enum bundled what)
{
	char *src, *top = find_tree(exe, &src), *path;

	if (!top)
		return installed_path(exe, places[what].installed);
	path = xasprintf("%s/%s", places[what].built ? top : src, places[what].in_tree);
	free(top);
	free(src);
	return path;
}

char *path_bundled(enum bundled what)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n < 0 ? 0 : n] = '\0';
	return path_bundled_for(exe, what);
}
