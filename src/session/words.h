/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words that the text and the plain output share.
 */
#ifndef SESSION_WORDS_H
#define SESSION_WORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/snapshot.h"

/* "sleeping" for S. */
const char *state_word(char state);
/* "12.3M", "-" when unknown, "unlimited". */
const char *size_word(uint64_t bytes, char out[16]);
/* "12345", "-" when unknown. */
const char *exact_word(uint64_t bytes, char out[24]);
/* "12.3 MiB", "an unknown size", "unlimited": to be read aloud. */
const char *size_aloud(uint64_t bytes, char out[32]);
/* Appends bytes from outside, sanitised, at most to the first NUL. */
#define WHOLE ((size_t)PTRDIFF_MAX)	/* as size: a string that surely ends */
void add_outside(struct buf *b, const char *bytes, size_t size, bool ascii);
/* Reasons that differ only in what they are about: how many from i on; their `what`s, joined. */
size_t reasons_alike(const struct whys *w, size_t i, struct buf *what, bool ascii);
/* Resident and total per role, over the whole layout. */
struct role_sums {
	struct role_sum {
		uint64_t vmas, size, rss, anonymous;	/* rss, anonymous: UNKNOWN when one is */
	} role[ROLE_NR], all;
};
void role_sums(const struct snapshot *s, struct role_sums *ret);

#endif
