/* SPDX-License-Identifier: GPL-2.0-or-later
 * The names that the compiler and the demangler give to one C++ function differ: in its
 * types ("long int", "long"), in template arguments, in what stands before and behind. What
 * they share is the qualified name and the number of parameters.
 */
#ifndef FRAMES_SPELLING_H
#define FRAMES_SPELLING_H
#include <stdbool.h>
#include <stddef.h>

struct spelling {
	char *name;		/* "ns::Box::put": no types, no template arguments; the caller frees */
	bool declared;		/* it has a list of parameters: C has none in its names */
	size_t parameters;
};

/* Of C and C++, in either spelling; "f.constprop.0" is "f.constprop". */
void spelling_parse(const char *text, struct spelling *ret);

#endif
