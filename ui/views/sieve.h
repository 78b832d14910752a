/* SPDX-License-Identifier: GPL-2.0-or-later
 * The filter of one room's list: its text and what it was compiled to. All zeroes lets
 * everything through. Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_SIEVE_H
#define MMSCOPE_VIEWS_SIEVE_H
#include <stdbool.h>
#include "mmscope/buf.h"
#include "mmscope/filter.h"

struct sieve {
	char *text;		/* NULL: none was ever given */
	struct filter *filter;	/* NULL: all pass */
};

void sieve_fini(struct sieve *s);
/* false and *err filled: the text is no filter of that kind, the old one stays. */
bool sieve_set(struct sieve *s, const struct filter_kind *kind, const char *text,
	       struct filter_error *err);
bool sieve_passes(const struct sieve *s, const void *row);
const char *sieve_text(const struct sieve *s);		/* never NULL */
/* " ─ filter TEXT" behind a room's heading, if there is one. */
void sieve_heading(const struct sieve *s, struct buf *out);

#endif
