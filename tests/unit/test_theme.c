/* SPDX-License-Identifier: GPL-2.0-or-later
 * The theme parser and what comes of a theme at each depth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/canvas.h"
#include "mmscope/theme.h"
#include "mmscope/colour.h"

static struct theme *parse(const char *text)
{
	struct buf warnings = BUF_INIT;
	struct theme *t = NULL;
	struct error *err = theme_parse("t.theme", text, strlen(text), &warnings, &t);

	if (err)
		fail_msg("%s", err->message);
	assert_string_equal(buf_str(&warnings), "");
	buf_free(&warnings);
	return t;
}

static void check_look(const struct theme *t, enum colour_depth depth, unsigned role, int32_t fg,
		       int32_t bg, unsigned attr)
{
	struct look look = theme_look(t, depth, role, 0, 0);

	assert_int_equal(look.fg, fg);
	assert_int_equal(look.bg, bg);
	assert_int_equal(look.attr, attr);
}

static void test_variants(void **state)
{
	struct theme *t = parse("[theme]\nname=x\n[vma]\n"
				"heap = #56b4e9, bold | idx:74 on idx:16 | ansi:cyan, underline | reverse\n");

	(void)state;
	check_look(t, DEPTH_TRUE, THEME_VMA_HEAP, 0x156b4e9, COLOUR_DEFAULT, ATTR_BOLD);
	check_look(t, DEPTH_256, THEME_VMA_HEAP, 74, 16, 0);
	check_look(t, DEPTH_16, THEME_VMA_HEAP, 6, COLOUR_DEFAULT, ATTR_UNDERLINE);
	check_look(t, DEPTH_8, THEME_VMA_HEAP, 6, COLOUR_DEFAULT, ATTR_UNDERLINE);
	check_look(t, DEPTH_MONO, THEME_VMA_HEAP, COLOUR_DEFAULT, COLOUR_DEFAULT, ATTR_REVERSE);
	assert_string_equal(theme_name(t), "x");
	assert_null(theme_path(t));
	theme_destroy(t);
}

static void test_palette_and_conversion(void **state)
{
	struct theme *t = parse("[palette]\nown = #ff0000 | idx:99 | ansi:bright-red\nplainly = #fe0101\n"
				"[ui]\ntext = default on #0000d7\n"
				"[roles]\nvma.heap = own\nvma.data = plainly, dim\nvma.bss = ansi:bright-black\n"
				"vma.stack = #010101 on default\n");

	(void)state;
	check_look(t, DEPTH_256, THEME_VMA_HEAP, 99, 20, 0);
	check_look(t, DEPTH_16, THEME_VMA_HEAP, 9, 4, 0);
	check_look(t, DEPTH_8, THEME_VMA_HEAP, 1, 4, ATTR_BOLD);	/* bold stands for bright */
	check_look(t, DEPTH_TRUE, THEME_VMA_DATA, 0x1fe0101, 0x10000d7, ATTR_DIM);
	check_look(t, DEPTH_256, THEME_VMA_DATA, 196, 20, ATTR_DIM);
	check_look(t, DEPTH_16, THEME_VMA_DATA, 9, 4, ATTR_DIM);
	check_look(t, DEPTH_8, THEME_VMA_DATA, 1, 4, ATTR_DIM);
	check_look(t, DEPTH_MONO, THEME_VMA_DATA, COLOUR_DEFAULT, COLOUR_DEFAULT, ATTR_DIM);
	check_look(t, DEPTH_8, THEME_VMA_BSS, COLOUR_DEFAULT, 4, ATTR_DIM);
	/* Black on what is probably black is not. */
	check_look(t, DEPTH_8, THEME_VMA_STACK, COLOUR_DEFAULT, COLOUR_DEFAULT, 0);
	check_look(t, DEPTH_16, THEME_VMA_STACK, 0, COLOUR_DEFAULT, 0);
	theme_destroy(t);
}

static void test_nearest(void **state)
{
	(void)state;
	for (unsigned i = 16; i < 256; i++)
		assert_int_equal(colour_rgb(colour_nearest(colour_rgb(i), 16, 255)), colour_rgb(i));
	assert_int_equal(colour_nearest(0x56b4e9, 16, 255), 74);
	assert_int_equal(colour_nearest(0xfe0000, 0, 7), 1);
	assert_true(colour_contrast(0, 0xffffff) > 20.9 && colour_contrast(0, 0xffffff) < 21.1);
	assert_true(colour_contrast(0x777777, 0xffffff) > 4.4 && colour_contrast(0x777777, 0xffffff) < 4.6);
}

static void test_attributes_add(void **state)
{
	struct theme *t = parse("[vma]\nheap = dim\n[change]\nheat4 = #ffffff on #800000, bold\n");
	struct look look = theme_look(t, DEPTH_256, THEME_VMA_HEAP, ATTR_UNDERLINE, 0);

	(void)state;
	assert_int_equal(look.attr, ATTR_DIM | ATTR_UNDERLINE);
	look = theme_look(t, DEPTH_256, THEME_VMA_HEAP, ATTR_BOLD, 0);
	assert_int_equal(look.attr, ATTR_BOLD);		/* what matters is not dimmed */
	look = theme_look(t, DEPTH_TRUE, THEME_VMA_HEAP, 0, 9);
	assert_int_equal(look.fg, 0x1ffffff);
	assert_int_equal(look.bg, 0x1800000);
	look = theme_look(t, DEPTH_MONO, THEME_VMA_HEAP, 0, 4);
	assert_int_equal(look.fg, COLOUR_DEFAULT);
	/* A role nobody has is ordinary text. */
	check_look(t, DEPTH_256, 9999, COLOUR_DEFAULT, COLOUR_DEFAULT, 0);
	theme_destroy(t);
}

static void test_forgiving(void **state)
{
	struct theme *t = parse("\xef\xbb\xbf# comment\r\n\r\n  ; another\r\n[vma]\r\n"
				"\theap\t=\tbold ,underline|reverse ; why not\r\n[roles]\r\npage.anon = #f00");

	(void)state;
	check_look(t, DEPTH_256, THEME_VMA_HEAP, COLOUR_DEFAULT, COLOUR_DEFAULT, ATTR_BOLD | ATTR_UNDERLINE);
	check_look(t, DEPTH_TRUE, THEME_PAGE_ANON, 0x1ff0000, COLOUR_DEFAULT, 0);
	assert_string_equal(theme_name(t), "t");
	theme_destroy(t);
}

static void test_warnings(void **state)
{
	static const char text[] = "[vma]\nheep = bold\n\n[page]\n  zzzzzzzzzzzzzz = #123\n[vma]\nstack = reverse\n";
	struct buf warnings = BUF_INIT;
	struct theme *t = NULL;

	(void)state;
	assert_null(theme_parse("w", text, strlen(text), &warnings, &t));
	assert_string_equal(buf_str(&warnings),
			    "w:2:1: unknown role 'vma.heep'; the nearest is 'vma.heap'\n"
			    "w:5:3: unknown role 'page.zzzzzzzzzzzzzz'\n");
	check_look(t, DEPTH_256, THEME_VMA_STACK, COLOUR_DEFAULT, COLOUR_DEFAULT, ATTR_REVERSE);
	theme_destroy(t);
	assert_null(theme_parse("w", text, strlen(text), NULL, &t));
	theme_destroy(t);
	buf_free(&warnings);
}

static void check_error(const char *text, const char *message)
{
	struct theme *t = (struct theme *)text;
	struct error *err = theme_parse("e", text, strlen(text), NULL, &t);

	if (!err)
		fail_msg("no error in: %s", text);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, ERR_USAGE);
	assert_ptr_equal(t, text);		/* untouched */
	error_destroy(err);
}

static void test_errors(void **state)
{
	(void)state;
	check_error("heap = bold", "e:1:1: a section such as [theme] comes first");
	check_error("[vma]\nheap bold", "e:2:6: expected '=' behind 'heap'");
	check_error("[vma]\n= bold", "e:2:1: expected a name, '=' and a value");
	check_error("[vma\n", "e:1:5: expected ']'");
	check_error("[vma] x\n", "e:1:7: nothing follows a section's name");
	check_error("[vmas]\n", "e:1:2: no section 'vmas': theme, palette, roles, or the first part of a "
		    "role's name");
	check_error("[]\n", "e:1:2: expected the name of a section");
	check_error("[vma]\nheap =", "e:2:7: a colour or an attribute is missing here");
	check_error("[vma]\nheap = #12345", "e:2:8: '#12345' is no colour: #rrggbb or #rgb");
	check_error("[vma]\nheap = bold, #gggggg", "e:2:14: '#gggggg' is no colour: #rrggbb or #rgb");
	check_error("[vma]\nheap = idx:256", "e:2:12: a palette index is 0 to 255");
	check_error("[vma]\nheap = ansi:pink", "e:2:13: 'pink' is no ansi colour: black red green yellow "
		    "blue magenta cyan white, or bright- and one of these");
	check_error("[vma]\nheap = #fff #000", "e:2:13: expected ',', '|' or 'on COLOUR'");
	check_error("[vma]\nheap = #fff, #000", "e:2:14: a second colour; the background is written "
		    "'on COLOUR'");
	check_error("[vma]\nheap = on #fff, on #000", "e:2:17: a second background");
	check_error("[vma]\nheap = #fff on", "e:2:15: a colour or an attribute is missing here");
	check_error("[vma]\nheap = bold bold", "e:2:13: expected ',' or '|'");
	check_error("[vma]\nheap = #fff | idx:1 | idx:2", "e:2:23: a second variant for the same depth");
	check_error("[vma]\nheap = #fff | amber", "e:2:15: a further variant says its depth by #rrggbb, "
		    "idx:N, ansi:NAME or attributes alone");
	check_error("[palette]\nacent = #fff\n[vma]\nheap = accent",
		    "e:4:8: 'accent' is no attribute and not in the palette; the nearest is 'acent'");
	check_error("[vma]\nheap = idx:1 | #fff on wxyzwxyz",
		    "e:2:24: 'wxyzwxyz' is no attribute and not in the palette");
	check_error("[palette]\na = b", "e:2:5: 'b' is no colour; the palette takes #rrggbb, idx:N, "
		    "ansi:NAME and default");
	check_error("[palette]\na = #fff | #000 | #111", "e:2:19: a second colour for the same depth");
	check_error("[palette]\na = #fff | default", "e:2:12: a further colour is #rrggbb, idx:N or ansi:NAME");
	check_error("[theme]\nvariant = blue", "e:2:11: variant is dark, light or any");
	check_error("[theme]\nnam = x", "e:2:1: [theme] has no 'nam'; the nearest is 'name'");
	check_error("[theme]\ninherits = ../x", "e:2:12: a theme inherits by name, not by path");
	check_error("[vma]\n\xc3\xa9t\xc3\xa9 = bold = x\n\xc3\xa9 \001", "e:3:3: control character 0x01");
	check_error("[theme]\ninherits = no-such-theme-anywhere",
		    "e:2:12: no theme 'no-such-theme-anywhere'; --theme takes a name from the theme list or "
		    "a path with a '/'");
}

/* ---- with files ---- */

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_theme.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	setenv("MMSCOPE_THEMES", dir, 1);
	return 0;
}

static int remove_dir(void **state)
{
	char *cmd = xasprintf("rm -rf '%s'", dir);
	int rc = system(cmd);

	(void)state;
	free(cmd);
	unsetenv("MMSCOPE_THEMES");
	return rc;
}

static void put_theme(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s.theme", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void check_load_error(const char *name, const char *part)
{
	struct theme *t = NULL;
	struct error *err = theme_load(name, NULL, &t);

	assert_non_null(err);
	if (!strstr(err->message, part))
		fail_msg("'%s' does not say '%s'", err->message, part);
	error_destroy(err);
}

static void test_inherits(void **state)
{
	struct theme *t = NULL;

	(void)state;
	put_theme("base", "[theme]\nname = Base\nvariant = light\n[palette]\nc = idx:20\n"
		  "[vma]\nheap = c, bold\nstack = c\n");
	put_theme("child", "[theme]\ninherits = base\n[palette]\nc = idx:30\n[vma]\nstack = underline\n");
	assert_null(theme_load("child", NULL, &t));
	/* The palette of the child recolours what the parent said. */
	check_look(t, DEPTH_256, THEME_VMA_HEAP, 30, COLOUR_DEFAULT, ATTR_BOLD);
	check_look(t, DEPTH_256, THEME_VMA_STACK, COLOUR_DEFAULT, COLOUR_DEFAULT, ATTR_UNDERLINE);
	assert_string_equal(theme_name(t), "child");
	assert_non_null(strstr(theme_path(t), "/child.theme"));
	assert_true(theme_light(t));
	theme_destroy(t);
	put_theme("late", "[vma]\nheap = bold\n[theme]\ninherits = base\n");
	check_load_error("late", "late.theme:4:12: 'inherits' stands before the first role");
	put_theme("one", "[theme]\ninherits = two\n");
	put_theme("two", "[theme]\ninherits = one\n");
	check_load_error("one", "two.theme:2:12: theme 'one' inherits itself");
	for (int i = 0; i < 10; i++) {
		char *name = xasprintf("n%d", i), *text = xasprintf("[theme]\ninherits = n%d\n", i + 1);

		put_theme(name, text);
		free(name);
		free(text);
	}
	check_load_error("n0", "more than 8 themes inherit from each other");
	put_theme("bad-parent", "[theme]\ninherits = late\n");
	check_load_error("bad-parent", "late.theme:4:12");
}

static void test_load(void **state)
{
	struct theme *t = NULL;
	char *path = xasprintf("%s/child.theme", dir), **names;
	bool found = false, builtin = false;

	(void)state;
	put_theme("child", "[vma]\nheap = idx:77\n");
	assert_null(theme_load(path, NULL, &t));
	check_look(t, DEPTH_256, THEME_VMA_HEAP, 77, COLOUR_DEFAULT, 0);
	theme_destroy(t);
	free(path);
	check_load_error("chield", "no theme 'chield'; the nearest is 'child'");
	check_load_error("/nonexistent/x.theme", "cannot read the theme /nonexistent/x.theme");
	check_load_error("/dev/null", "cannot read");
	check_load_error(dir, "cannot read");
	check_load_error("a\033b", "no theme 'a\\x1bb'");
	names = theme_list();
	for (char **p = names; *p; p++) {
		assert_true(!p[1] || strcmp(p[0], p[1]) < 0);
		found |= !strcmp(*p, "child");
		builtin |= !strcmp(*p, "default-dark");
		free(*p);
	}
	free(names);
	assert_true(found && builtin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_palette_and_conversion),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_attributes_add),
		cmocka_unit_test(test_forgiving),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_errors),
		cmocka_unit_test_setup_teardown(test_inherits, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_load, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
