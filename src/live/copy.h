/* SPDX-License-Identifier: GPL-2.0-or-later
 * A copy of parts of a target's memory, for walking its stacks.
 *
 * Only pages that are there are read: a look at one that is not would make the kernel
 * bring it in. The copy is taken as it is needed, from an address upward.
 */
#ifndef LIVE_COPY_H
#define LIVE_COPY_H
#include <stdint.h>
#include "mmscope/vma.h"

enum { COPY_PAGES = 16, COPY_CHUNKS = 4 };

enum copy_result {
	COPY_OK,
	COPY_UNMAPPED,		/* nothing is mapped there */
	COPY_ABSENT,		/* the page is not in memory */
	COPY_REFUSED,		/* not permitted */
};

struct copy_chunk {
	uint64_t start, end;	/* 0, 0: empty */
	uint32_t present;	/* bit i: page i of it was copied */
	char *bytes;
};
struct copy {
	int fd_mem, fd_pagemap;		/* the caller's; -1: not permitted */
	const struct layout *layout;
	unsigned next;			/* chunk that gives way */
	struct copy_chunk chunk[COPY_CHUNKS];
};

void copy_init(struct copy *c);
void copy_free(struct copy *c);
/* Forgets what was read; from now on of this mm. */
void copy_start(struct copy *c, int fd_mem, int fd_pagemap, const struct layout *l);
/* Copies as much as there is room for from addr upward, now: what lies there may change
 * as soon as the target goes on. */
void copy_ahead(struct copy *c, uint64_t addr);
/* 1 to 8 bytes, little endian as the machine is. */
enum copy_result copy_read(struct copy *c, uint64_t addr, unsigned size, uint64_t *ret);

#endif
