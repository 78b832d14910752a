/* SPDX-License-Identifier: GPL-2.0-or-later
 * The scenarios that come with the program, as lessons. A list is a value the caller owns;
 * its strings are sanitised, except the path.
 */
#ifndef MMSCOPE_LESSONS_H
#define MMSCOPE_LESSONS_H
#include <stdbool.h>
#include <stddef.h>
#include "mmscope/error.h"

struct lesson {
	char *path;
	char *title;		/* the file's name when it has none */
	char *rows;		/* "S3 S8": the systems it is about, "" when it does not say */
	char *about;
	char *kernels;		/* "linux-3.10-x86_64, from source"; "" where nothing is said */
	const char *group;	/* under which heading it stands; static */
	unsigned number;	/* in the course, from 1; 0: it is none of it */
};
struct lessons { size_t n, cap; struct lesson *v; };	/* the course, then the rest by first system */

/* dir NULL: where the program's own lie. A file that cannot be understood is left out. */
struct error *lessons_read(const char *dir, struct lessons *ret);
void lessons_free(struct lessons *l);
/* What the simulated kernels stand on, a sentence each: those that equal recordings of a real
 * kernel, and those that were read from source. The caller frees it. */
char *lessons_proofs(bool proven);
/* What a system is, in a few words: "S3" gives "automatic stack growth"; "" for no row. */
const char *lesson_subject(const char *rows);

#endif
