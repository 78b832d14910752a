/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the files that come with the program are.
 *
 * The program runs in place in its build tree, from any directory and without
 * environment variables, and it runs installed, also below a DESTDIR. A path is a string the
 * caller owns, never NULL; whether the file is there is for whoever opens it.
 */
#ifndef MMSCOPE_PATHS_H
#define MMSCOPE_PATHS_H

enum bundled {
	BUNDLED_THEMES,		/* directory of *.theme */
	BUNDLED_KEYS,		/* default.keys */
	BUNDLED_SCENARIOS,	/* directory of *.scn */
	BUNDLED_SCHEMA,		/* directory of the JSON schemas */
	BUNDLED_DEMO,		/* program that `mmscope run` watches without CMD */
	BUNDLED_RUNNER,		/* program that acts out scenarios on the running kernel */
};

char *path_bundled(enum bundled what);
/* The same for a program that lies at `exe` (an absolute path). */
char *path_bundled_for(const char *exe, enum bundled what);

#endif
