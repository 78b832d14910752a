/* SPDX-License-Identifier: GPL-2.0-or-later
 * The maple tree of an address space (kernels from 6.1 on): every address belongs to one
 * range, a VMA or a hole, and each node holds many ranges, cut by pivots. Leaves are
 * maple_leaf_64, 16 ranges; inner nodes maple_arange_64, 10 children with the largest hole
 * below each. Where a real tree is cut depends on the order of insertions; here full nodes
 * are halved as often as the contents need, so that all of a level are filled alike.
 */
#ifndef MMSCOPE_MAPLE_H
#define MMSCOPE_MAPLE_H
#include <stddef.h>
#include <stdint.h>
#include "mmscope/vma.h"

enum { MAPLE_LEAF_SLOTS = 16, MAPLE_ARANGE_SLOTS = 10, MAPLE_NODE_BYTES = 256 };

struct maple_slot {
	uint64_t last;		/* the pivot: the highest address of the slot */
	int child;		/* of an inner node; else -1 */
	int vma;		/* of a leaf: index in the layout; -1: a hole */
	uint64_t gap;		/* the largest hole in it, bytes */
};

struct maple_node {
	int parent;		/* -1: the root */
	unsigned height;	/* 0: a leaf */
	uint64_t first, last;	/* of its range */
	unsigned n;
	struct maple_slot slot[MAPLE_LEAF_SLOTS];
};

struct maple {
	size_t n;
	struct maple_node *node;	/* leaves first, in order of address; the root is the last */
	unsigned height;		/* levels */
};

void maple_make(const struct layout *l, struct maple *ret);
void maple_free(struct maple *m);
/* The slot of a node that an address falls into. */
unsigned maple_slot_of(const struct maple_node *node, uint64_t addr);

#endif
