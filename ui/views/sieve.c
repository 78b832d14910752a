/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

void sieve_fini(struct sieve *s)
{
	filter_destroy(s->filter);
	free(s->text);
	*s = (struct sieve){ .text = NULL };
}

bool sieve_set(struct sieve *s, const struct filter_kind *kind, const char *text,
	       struct filter_error *err)
{
	struct filter *f = filter_compile(kind, text, err);
	char *copy;

	if (!f)
		return false;
	copy = xstrdup(text);		/* the text may be our own */
	sieve_fini(s);
	s->text = copy;
	if (copy[strspn(copy, " \t")])
		s->filter = f;
	else
		filter_destroy(f);
	return true;
}

bool sieve_passes(const struct sieve *s, const void *row)
{
	return !s->filter || filter_match(s->filter, row);
}

const char *sieve_text(const struct sieve *s)
{
	return s->text ? s->text : "";
}

void sieve_heading(const struct sieve *s, struct buf *out)
{
	if (s->filter)
		buf_addf(out, " ─ filter %s", s->text);
}
