/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks of text and how they are known again.
 */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mmscope/alloc.h"
#include "src/live/seen.h"

#define KEY_BYTES SEEN_BYTES

static bool have_key(struct seen *s)
{
#ifdef __SIZEOF_INT128__
	if (s->key)
		return true;
	s->key = xmalloc(KEY_BYTES);
	if (getrandom(s->key, KEY_BYTES, GRND_NONBLOCK) == KEY_BYTES)
		return true;
	free(s->key);
	s->key = NULL;
#endif
	return false;
}

bool seen_start(struct seen *s, uint64_t before)
{
	struct seen last = *s;

	if (!have_key(s))
		return false;
	s->b = last.was;
	s->cap = last.capwas;
	s->was = last.b;
	s->capwas = last.cap;
	s->nwas = before && before == last.reading ? last.n : 0;
	s->n = 0;
	/* Whatever comes of it: nothing that was read before has this number. */
	s->reading++;
	return true;
}

uint64_t seen_end(struct seen *s, size_t bytes)
{
	/* Changes leave short ones behind. When they are many all are made anew. */
	if (s->n > 16 + 2 * bytes / SEEN_BYTES)
		s->n = 0;
	return s->reading;
}

void seen_free(struct seen *s)
{
	free(s->key);
	free(s->b);
	free(s->was);
	*s = (struct seen){ .n = 0 };
}

/* NH of Black, Halevi, Krawczyk, Krovetz and Rogaway (UMAC, 1999) with words of 64 bits. The
 * length is compared apart, so the end may be filled up with zeroes. */
static void hash(const uint64_t *key, const char *text, size_t bytes, uint64_t ret[2])
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 sum = 0;
	uint64_t w[2];

	for (; bytes >= sizeof(w); key += 2, text += sizeof(w), bytes -= sizeof(w)) {
		memcpy(w, text, sizeof(w));
		sum += (unsigned __int128)(w[0] + key[0]) * (w[1] + key[1]);
	}
	if (bytes) {
		memset(w, 0, sizeof(w));
		memcpy(w, text, bytes);
		sum += (unsigned __int128)(w[0] + key[0]) * (w[1] + key[1]);
	}
	ret[0] = (uint64_t)sum;
	ret[1] = (uint64_t)(sum >> 64);
#endif
}

void seen_add(struct seen *s, const char *text, size_t bytes, size_t first, size_t n)
{
	struct seen_block *b;

	VEC_GROW(s->b, s->n, s->cap);
	b = &s->b[s->n++];
	b->bytes = (uint32_t)bytes;
	b->first = first;
	b->n = (uint32_t)n;
	hash(s->key, text, bytes, b->hash);
}

void seen_keep(struct seen *s, const struct seen_block *was, size_t first)
{
	VEC_GROW(s->b, s->n, s->cap);
	s->b[s->n] = *was;
	s->b[s->n++].first = first;
}

bool seen_is(const struct seen *s, const struct seen_block *b, const char *text)
{
	uint64_t h[2];

	hash(s->key, text, b->bytes, h);
	return h[0] == b->hash[0] && h[1] == b->hash[1];
}
