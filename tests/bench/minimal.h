/* SPDX-License-Identifier: GPL-2.0-or-later
 * The bytes a careful writer by hand would need to bring a terminal from one canvas to
 * another: what changed, shortest cursor moves, only what differs of the look. Nothing is
 * written; it is only counted. before == NULL: from a terminal just cleared.
 */
#ifndef BENCH_MINIMAL_H
#define BENCH_MINIMAL_H
#include <stddef.h>
#include "mmscope/canvas.h"
#include "mmscope/theme.h"

size_t minimal_diff(const struct canvas *before, const struct canvas *after, const struct theme *theme,
		    enum colour_depth depth);

#endif
