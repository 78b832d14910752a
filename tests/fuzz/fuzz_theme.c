/* SPDX-License-Identifier: GPL-2.0-or-later
 * Themes: whatever is in the file, it is a theme with sane looks or an error that says where.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/theme.h"
#include "mmscope/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_colour(int32_t colour, enum colour_depth depth)
{
	static const int32_t most[DEPTH_NR] = {
		[DEPTH_MONO] = -1, [DEPTH_8] = 7, [DEPTH_16] = 15, [DEPTH_256] = 255, [DEPTH_TRUE] = 255,
	};

	if (colour < -1 || (colour > most[depth] && (depth != DEPTH_TRUE || colour >> 24 != 1)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf warnings = BUF_INIT;
	struct theme *t = NULL;
	struct error *err = theme_parse("fuzz.theme", (const char *)data, size, &warnings, &t);

	if (!err == !t || !utf8_valid(buf_str(&warnings), warnings.len))
		abort();
	/* The place stands in front; it may be in a theme that is inherited. */
	if (err && !strstr(err->message, ".theme:"))
		abort();
	for (enum colour_depth d = 0; t && d < DEPTH_NR; d++) {
		for (unsigned role = 0; role < THEME_ROLE_NR; role++) {
			struct look look = theme_look(t, d, role, 0, role % 5);

			check_colour(look.fg, d);
			check_colour(look.bg, d);
			if (look.attr > 15)
				abort();
		}
	}
	theme_destroy(t);
	error_destroy(err);
	buf_free(&warnings);
	return 0;
}
