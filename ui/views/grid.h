/* SPDX-License-Identifier: GPL-2.0-or-later
 * The grid of pages of one VMA: rows of cells with an address gutter, a cell being one
 * page or a bucket of 2^shift pages. Rows begin at round addresses, so that cells keep
 * their place while the VMA grows. Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_GRID_H
#define MMSCOPE_VIEWS_GRID_H
#include <stdbool.h>
#include <stdint.h>
#include "ui/views/paint.h"

struct grid {
	/* which VMA this was laid out for: its end stays when it grows down */
	uint64_t vma_end;
	int shift;		/* chosen by the person; -1: to fit */
	int used_shift;		/* what is drawn */
	int top;		/* first row shown */
	bool flip;		/* low addresses at the top */
	/* Of the last layout: */
	uint64_t start, end, base;
	int per_row, nrows, rows;
	int cell;		/* columns a cell takes */
};

void grid_init(struct grid *g);		/* for a zeroed one, before anything else */
/* Lays out [start, end) for a room of rows x cols, showing addr. */
void grid_layout(struct grid *g, uint64_t start, uint64_t end, int rows, int cols, uint64_t addr);
void grid_draw(const struct grid *g, const struct session *s, struct canvas *c, int row0);
int grid_width(const struct grid *g);	/* columns drawn, gutter and marks included */
uint64_t grid_cell_bytes(const struct grid *g);
/* What is visible: for source_want. */
struct span grid_visible(const struct grid *g);
/* up down left right page-up page-down top bottom zoom-in zoom-out; moves *addr. */
bool grid_command(struct grid *g, const char *name, uint64_t *addr);
/* The address of the cell at a place; false where there is none. */
bool grid_at(const struct grid *g, int row, int col, uint64_t *addr);

#endif
