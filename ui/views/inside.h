/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the views of a stepped machine have in common. Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_INSIDE_H
#define MMSCOPE_VIEWS_INSIDE_H
#include "mmscope/canvas.h"
#include "mmscope/machine.h"
#include "mmscope/session.h"

/* The machine of what is shown, or NULL with the reason drawn. */
const struct machine *inside_machine(const struct session *s, struct canvas *c);
/* Rows a text takes in `cols` columns, at least 1. */
int inside_height(struct canvas *c, const char *text, int cols);
/* "touch stack-44p w", "the start (exec)": the operation in hand. */
const char *inside_operation(const struct machine *m);
/* "operation 12 of 40, decision 6 of 15" */
void inside_where(const struct machine *m, struct buf *out);
/* A decision in a sentence: the numbers, the outcome, and where the other one would have led. */
void inside_decision(const struct decision *d, struct buf *out);
/* "P0 anonymous", "page table pte", "free, order 3" */
void inside_frame(const struct machine_frame *f, struct buf *out);
const struct machine_frame *inside_find_frame(const struct machine *m, uint64_t pfn);
/* The first row shown of a list that is not empty, moved so that `sel` is among those that fit; height(i) of each. */
int inside_scroll(int top, int sel, int rows, int (*height)(void *ctx, int i), void *ctx);

#endif
