/* SPDX-License-Identifier: GPL-2.0-or-later
 * alloc, free and fragment: blocks of physical memory that bear a name.
 */
#ifndef SIM_PHYS_H
#define SIM_PHYS_H
#include "mm.h"

struct block {
	u32 pfn;			/* of the block; a filler has none */
	u16 order;
	u8 type, state;			/* state: see phys.c */
};

void op_alloc(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_free(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_fragment(struct sim *s, const struct sim_op *op, struct sim_result *res);
void phys_block_moved(struct sim *s, unsigned block, u32 to);
bool phys_check(const struct sim *s, struct buf *why);

#endif
