/* SPDX-License-Identifier: GPL-2.0-or-later
 * The same scenario on a second simulated kernel, at the same place, as a value: the
 * decisions of both kernels in line with each other, results and figures of both, and what
 * made the first of them that differs.
 *
 * Ownership: shared by reference count. Strings are sanitised, never NULL, and live as long
 * as the value. "mine" is the machine that is shown everywhere, "its" the second one.
 */
#ifndef MMSCOPE_TWIN_H
#define MMSCOPE_TWIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decisions;
struct strings;

struct twin_line { int mine, its; bool same; };	/* indices of decisions; -1: it has none like it */

enum twin_unit { TWIN_ADDRESS, TWIN_BYTES, TWIN_COUNT, TWIN_WORDS };
struct twin_figure {
	const char *name, *about;
	enum twin_unit unit;
	bool differs;
	uint64_t mine, its;
	const char *mine_words, *its_words;	/* TWIN_WORDS */
};

struct twin {
	unsigned refs;
	const char *profile, *proof;		/* static */
	bool proven;
	const struct decisions *mine, *its;	/* of the operation in hand */
	size_t n;
	struct twin_line *line;
	size_t at;			/* the line in hand; n: the operation is done */
	size_t first;			/* the first that differs; n: none */
	const char *result, *its_result;	/* "": not done yet */
	const char *log, *its_log;	/* what the kernels printed, lines */
	bool differs;			/* the operation does, in decisions, result or counters */
	const char *what, *why;		/* the first difference, and what made it; "" */
	size_t nfigures;
	struct twin_figure *figure;
	struct strings *strings;
};

struct twin *twin_create(void);
struct twin *twin_get(const struct twin *t);	/* NULL gives NULL */
void twin_put(const struct twin *t);
const char *twin_string(struct twin *t, const char *raw);	/* sanitised, lines stay lines */

#endif
