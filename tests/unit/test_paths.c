/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bundled files: found in a build tree, in one apart from its sources, and installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"

static void check(const char *exe, enum bundled what, const char *want)
{
	char *got = path_bundled_for(exe, what);

	assert_string_equal(got, want);
	free(got);
}

static void check_tree(const char *dir, const char *source, const char *data)
{
	char *file = xasprintf("%s/mmscope-tree", dir);
	char *exe = xasprintf("%s/mmscope", dir);
	char *test = xasprintf("%s/tests/unit/test_x", dir);
	char *deeper = xasprintf("%s/tests/unit/more/test_x", dir);
	char *demo = xasprintf("%s/mmscope-demo", dir);
	char *themes = xasprintf("%s/themes", data);
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fprintf(f, "%s\n", source);
	fclose(f);
	check(exe, BUNDLED_DEMO, demo);
	check(exe, BUNDLED_THEMES, themes);
	check(test, BUNDLED_DEMO, demo);
	check(test, BUNDLED_THEMES, themes);
	check(deeper, BUNDLED_THEMES, PKGDATADIR "/themes");
	unlink(file);
	free(file);
	free(exe);
	free(test);
	free(deeper);
	free(demo);
	free(themes);
}

static void test_build_tree(void **state)
{
	char dir[] = "/tmp/test_paths.XXXXXX", *up;

	(void)state;
	assert_non_null(mkdtemp(dir));
	up = xasprintf("%s/../src", dir);
	check_tree(dir, "/elsewhere/src", "/elsewhere/src");
	check_tree(dir, "../src", up);
	free(up);
	rmdir(dir);
}

static void test_installed(void **state)
{
	(void)state;
	check(BINDIR "/mmscope", BUNDLED_SCENARIOS, PKGDATADIR "/scenarios");
	check("/stage" BINDIR "/mmscope", BUNDLED_SCENARIOS, "/stage" PKGDATADIR "/scenarios");
	check("/stage" BINDIR "/mmscope", BUNDLED_DEMO, "/stage" PKGLIBEXECDIR "/mmscope-demo");
	check("/some/where/mmscope", BUNDLED_KEYS, PKGDATADIR "/default.keys");
	check("", BUNDLED_KEYS, PKGDATADIR "/default.keys");
}

/* The test itself lies in a build tree. */
static void test_here(void **state)
{
	char *themes = path_bundled(BUNDLED_THEMES);
	struct stat st;

	(void)state;
	assert_int_equal(stat(themes, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	free(themes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_tree),
		cmocka_unit_test(test_installed),
		cmocka_unit_test(test_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
