/* SPDX-License-Identifier: GPL-2.0-or-later
 * In place of unwind.c where libdw's headers were not there at build time.
 */
#include <config.h>
#include "src/live/unwind.h"

#include <stddef.h>

#include "mmscope/source.h"

struct unwinder *unwinder_create(void)
{
	return NULL;
}

void unwinder_destroy(struct unwinder *u)
{
	(void)u;
}

bool unwinder_usable(struct unwinder *u)
{
	(void)u;
	return false;
}

struct unwound *unwinder_walk(struct unwinder *u, const struct unwind_in *in, uint32_t *without)
{
	struct strings *strings = strings_create();
	struct unwound *ret = unwound_create(strings);

	(void)u;
	for (size_t i = 0; i < in->tasks->n; i++)
		if (in->only == UNWIND_ALL || in->only == in->tasks->tasks[i].tid)
			unwound_add(ret, in->tasks->tasks[i].tid)->end = unwind_ends[END_LIBRARY];
	strings_put(strings);
	*without = 1u << END_LIBRARY;
	return ret;
}
