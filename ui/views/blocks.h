/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks: the whole address space cut into as many pieces as a map of some height can
 * show. Neighbours that belong together (the parts of one file, a stack and its guard,
 * all libraries, all threads) become one block when there is not room for each.
 * Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_BLOCKS_H
#define MMSCOPE_VIEWS_BLOCKS_H
#include <stddef.h>
#include <stdint.h>
#include "mmscope/snapshot.h"

enum block_kind {
	BLOCK_HOLE,
	BLOCK_VMA,	/* one VMA */
	BLOCK_FILE,	/* all mappings of one file, with its bss */
	BLOCK_THREAD,	/* a thread's stack with its guard */
	BLOCK_VDSO,	/* vdso and vvar */
	BLOCK_ANON,	/* anonymous neighbours */
	BLOCK_THREADS,	/* stacks of several threads */
	BLOCK_FILES,	/* several files */
	BLOCK_MANY,	/* anything, for want of room */
};

struct block {
	uint64_t start, end;	/* of a hole too; at the top of space end may be UINT64_MAX */
	uint64_t mapped;	/* bytes, without the holes in it */
	uint32_t first, last;	/* VMAs in it, both included; a hole: the VMA above it in first */
	uint32_t count;		/* files, threads: how many */
	uint8_t kind, role;	/* role of the largest part */
	int rows;		/* height given to it */
};

struct blocks {
	struct block *v;	/* rising addresses */
	size_t n, cap;
};

/* Blocks for a map of `rows` lines: heights by the logarithm of the size, at least one each.
 * Together they are `rows` high whenever that many blocks fit. */
void blocks_make(struct blocks *b, const struct layout *l, int rows);
void blocks_free(struct blocks *b);
/* The block that contains addr; the nearest when none does. -1: there are none. */
int blocks_find(const struct blocks *b, uint64_t addr);

#endif
