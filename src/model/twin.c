/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/twin.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/machine.h"
#include "mmscope/text.h"

struct twin *twin_create(void)
{
	struct twin *t = xcalloc(1, sizeof(*t));

	t->refs = 1;
	t->strings = strings_create();
	t->profile = t->proof = t->result = t->its_result = t->log = t->its_log = t->what = t->why = "";
	return t;
}

struct twin *twin_get(const struct twin *t)
{
	struct twin *own = (struct twin *)t;

	if (own)
		own->refs++;
	return own;
}

void twin_put(const struct twin *t)
{
	struct twin *own = (struct twin *)t;

	if (!own || --own->refs)
		return;
	decisions_put(own->mine);
	decisions_put(own->its);
	strings_put(own->strings);
	free(own->line);
	free(own->figure);
	free(own);
}

const char *twin_string(struct twin *t, const char *raw)
{
	struct buf b = BUF_INIT;
	const char *ret;

	for (const char *s = raw; *s;) {
		size_t n = strcspn(s, "\n");

		if (b.len)
			buf_addc(&b, '\n');
		text_sanitize(&b, s, n, 0);
		s += n + (s[n] == '\n');
	}
	ret = strings_add(t->strings, buf_str(&b), strlen(buf_str(&b)));
	buf_free(&b);
	return ret;
}
