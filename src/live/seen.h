/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text that is read again and again is known by its blocks: a block of whole lines that
 * says what it said the last time need not be parsed.
 *
 * A block is known by its length and by NH, a universal hash, under a key of random bytes
 * that never leaves the process: two texts pass for one with a chance of 2^-64, whoever
 * wrote them.
 */
#ifndef LIVE_SEEN_H
#define LIVE_SEEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel gives maps in pieces of whole lines, shorter than this. */
enum { SEEN_BYTES = 4096 };

struct seen_block {
	uint64_t hash[2];
	uint32_t bytes;		/* of text: less than SEEN_BYTES */
	uint32_t n;		/* how many items its lines are, */
	size_t first;		/* and which is the first */
};

struct seen {
	uint64_t *key;
	uint64_t reading;	/* the number of the last one */
	size_t n, cap, nwas, capwas;
	struct seen_block *b, *was;	/* of this reading and, to compare with, of the one before */
};

/* A new reading begins: `was` has the blocks of the reading numbered `before`, if that is
 * the one they are of. False when there can be none here, for want of random bytes or of
 * wide numbers. */
bool seen_start(struct seen *s, uint64_t before);
/* It is done, so many bytes; returns its number, which no other has. */
uint64_t seen_end(struct seen *s, size_t bytes);
void seen_free(struct seen *s);
/* Appends; the text has less than SEEN_BYTES. */
void seen_add(struct seen *s, const char *text, size_t bytes, size_t first, size_t n);
/* Appends what is as it was, but for the number of its first item. */
void seen_keep(struct seen *s, const struct seen_block *was, size_t first);
/* Is the text, of b->bytes, that of the block? */
bool seen_is(const struct seen *s, const struct seen_block *b, const char *text);

#endif
