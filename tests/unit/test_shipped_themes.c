/* SPDX-License-Identifier: GPL-2.0-or-later
 * The themes that come with the program: without a warning, readable, and those for
 * colour-blind eyes seen through such eyes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/canvas.h"
#include "mmscope/paths.h"
#include "mmscope/theme.h"
#include "ui/core/builtin.h"
#include "mmscope/colour.h"
#include "ui/core/theme_parse.h"

static const char *const shipped[] = {
	"default-dark", "default-light", "high-contrast", "cb-dark", "cb-light", "mono", "projector",
};

static struct theme *load(const char *name)
{
	char *dir = path_bundled(BUNDLED_THEMES), *path = xasprintf("%s/%s.theme", dir, name);
	struct buf warnings = BUF_INIT;
	struct theme *t = NULL;
	struct error *err = theme_load(path, &warnings, &t);

	if (err || warnings.len)
		fail_msg("%s: %s%s", name, err ? err->message : "", buf_str(&warnings));
	free(dir);
	free(path);
	return t;
}

static void test_all_load(void **state)
{
	char **names = theme_list();
	size_t n = 0;

	(void)state;
	for (char **p = names; *p; p++, n++) {
		struct theme *t = load(*p);

		assert_string_equal(theme_name(t), *p);
		assert_true(*theme_about(t));
		theme_destroy(t);
		free(*p);
	}
	free(names);
	assert_int_equal(n, ARRAY_LEN(shipped));
}

/* Nothing stands behind the builtin theme, so it names every role itself. */
static void test_builtin_is_complete(void **state)
{
	struct theme_source src = { 0 };
	struct theme *t;

	(void)state;
	for (unsigned i = 0; i < THEME_SPEC_NR; i++)
		src.roles[i].first.attr = 0x80;
	assert_null(theme_source_parse(&src, "b", "b", builtin_theme, strlen(builtin_theme)));
	for (unsigned i = 0; i < THEME_SPEC_NR; i++)
		if (src.roles[i].first.attr & 0x80)
			fail_msg("%s has no look", theme_spec_name(i));
	theme_source_fini(&src);
	t = theme_builtin();
	assert_string_equal(theme_name(t), "default-dark");
	assert_null(theme_path(t));
	theme_destroy(t);
}

/* The usual background when the theme leaves it to the terminal. */
static uint32_t seen(const struct theme *t, int32_t colour, bool bg)
{
	if (colour == COLOUR_DEFAULT)
		return bg == theme_light(t) ? 0xffffff : 0;
	return colour & 0x1000000 ? (uint32_t)colour & 0xffffff : colour_rgb((unsigned)colour);
}

static void test_contrast(void **state)
{
	static const enum colour_depth depths[] = { DEPTH_256, DEPTH_TRUE };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
		struct theme *t = load(shipped[i]);
		double least = !strcmp(shipped[i], "high-contrast") ? 7 : 4.5;

		for (size_t d = 0; d < ARRAY_LEN(depths); d++) {
			for (unsigned role = 0; role < THEME_ROLE_NR; role++) {
				struct look look = theme_look(t, depths[d], role, 0, 0);
				double c = colour_contrast(seen(t, look.fg, false),
							   seen(t, look.bg, true));

				if (c < least)
					fail_msg("%s: %s has contrast %.2f", shipped[i],
						 theme_roles[role].name, c);
			}
		}
		theme_destroy(t);
	}
}

/* What is resident is a block in the look of its VMA, what is not a dot: reversed, the one looks
 * like the other. A guard holds nothing. */
static void test_blocks_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
		struct theme *t = load(shipped[i]);

		for (enum colour_depth d = 0; d < DEPTH_NR; d++)
			for (unsigned role = THEME_VMA_TEXT; role <= THEME_VMA_OTHER; role++)
				if (role != THEME_VMA_GUARD && theme_look(t, d, role, 0, 0).attr & ATTR_REVERSE)
					fail_msg("%s: blocks of %s are turned round", shipped[i],
						 theme_roles[role].name);
		theme_destroy(t);
	}
}

static bool differ(struct look a, struct look b)
{
	return a.fg != b.fg || a.bg != b.bg || a.attr != b.attr;
}

/* Loud, then quieter. A plain role has four steps; a bold one at least two, since there
 * bold is nothing new, as with eight colours, where bold is bright. */
static void test_heat(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
		struct theme *t = load(shipped[i]);

		for (enum colour_depth d = 0; d < DEPTH_NR; d++) {
			for (unsigned a = 0; a < 5 && d != DEPTH_8; a++)
				for (unsigned b = 0; b < a; b++)
					assert_true(differ(theme_look(t, d, THEME_VMA_RODATA, 0, a),
							   theme_look(t, d, THEME_VMA_RODATA, 0, b)));
			for (unsigned role = THEME_VMA_TEXT; role <= THEME_PAGE_UNSEEN; role++) {
				struct look quiet = theme_look(t, d, role, 0, 0);

				assert_true(theme_look(t, d, role, 0, 4).attr & ATTR_REVERSE);
				for (unsigned h = 3; h <= 4; h++)
					if (!differ(theme_look(t, d, role, 0, h), quiet))
						fail_msg("%s: heat %u of %s is not seen", shipped[i], h,
							 theme_roles[role].name);
			}
		}
		theme_destroy(t);
	}
}

static void test_mono_has_no_colour(void **state)
{
	struct theme *t = load("mono");

	(void)state;
	for (enum colour_depth d = 0; d < DEPTH_NR; d++)
		for (unsigned role = 0; role < THEME_ROLE_NR; role++) {
			struct look look = theme_look(t, d, role, 0, role % 5);

			assert_int_equal(look.fg, COLOUR_DEFAULT);
			assert_int_equal(look.bg, COLOUR_DEFAULT);
		}
	theme_destroy(t);
}

/* Linear light as an eye without one kind of cone has it (Machado, Oliveira and
 * Fernandes 2009, severity 1). The first is an eye with all three. */
static const double eyes[4][9] = {
	{ 1, 0, 0, 0, 1, 0, 0, 0, 1 },
	{ 0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998 },
	{ 0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881 },
	{ 1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900 },
};

static double to_linear(uint32_t channel)
{
	double v = (channel & 255) / 255.0;

	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static uint32_t from_linear(double v)
{
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return (uint32_t)lround(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055));
}

static uint32_t through(const double eye[9], uint32_t rgb)
{
	double in[3] = { to_linear(rgb >> 16), to_linear(rgb >> 8), to_linear(rgb) };
	uint32_t out = 0;

	for (int i = 0; i < 3; i++)
		out = out << 8 | from_linear(eye[3 * i] * in[0] + eye[3 * i + 1] * in[1] +
					     eye[3 * i + 2] * in[2]);
	return out;
}

static size_t hues(const struct theme *t, enum colour_depth depth, uint32_t found[16])
{
	int32_t grey = theme_look(t, depth, THEME_DIM, 0, 0).fg;
	size_t n = 0, k;

	for (unsigned role = THEME_VMA_TEXT; role <= THEME_VMA_OTHER; role++) {
		struct look look = theme_look(t, depth, role, 0, 0);
		uint32_t rgb = seen(t, look.fg, false);

		if (look.fg == COLOUR_DEFAULT || look.fg == grey)
			continue;
		for (k = 0; k < n && found[k] != rgb; k++)
			;
		if (k == n)
			found[n++] = rgb;
	}
	return n;
}

static void test_colour_blind(void **state)
{
	static const char *const names[] = { "cb-dark", "cb-light" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct theme *t = load(names[i]);

		for (enum colour_depth d = DEPTH_256; d <= DEPTH_TRUE; d++) {
			uint32_t rgb[16];
			size_t n = hues(t, d, rgb);

			assert_int_equal(n, 6);
			for (size_t e = 0; e < ARRAY_LEN(eyes); e++)
				for (size_t a = 0; a < n; a++)
					for (size_t b = 0; b < a; b++)
						assert_true(colour_distance(through(eyes[e], rgb[a]),
									    through(eyes[e], rgb[b])) > 30);
		}
		theme_destroy(t);
	}
}

static void test_few_hues(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
		struct theme *t = load(shipped[i]);
		uint32_t rgb[16];

		assert_true(hues(t, DEPTH_256, rgb) <= 6);
		theme_destroy(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_load),
		cmocka_unit_test(test_builtin_is_complete),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_blocks_stay),
		cmocka_unit_test(test_heat),
		cmocka_unit_test(test_mono_has_no_colour),
		cmocka_unit_test(test_colour_blind),
		cmocka_unit_test(test_few_hues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
