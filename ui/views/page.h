/* SPDX-License-Identifier: GPL-2.0-or-later
 * One page, as large as the room: its address taken apart, its state, its neighbours;
 * and the legend of page states.
 * Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_PAGE_H
#define MMSCOPE_VIEWS_PAGE_H
#include <stdint.h>
#include "mmscope/canvas.h"
#include "mmscope/session.h"

void page_draw(const struct session *s, struct canvas *c, uint64_t addr);

/* A line and under it what the letters mean, with the VMA's counts. */
enum { PAGE_LEGEND = 3 };	/* rows */
void page_legend(const struct session *s, struct canvas *c, int row, const struct vma *v);

#endif
