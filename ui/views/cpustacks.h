/* SPDX-License-Identifier: GPL-2.0-or-later
 * The stacks of the CPUs in a few lines below a room.
 */
#ifndef MMSCOPE_VIEWS_CPUSTACKS_H
#define MMSCOPE_VIEWS_CPUSTACKS_H
#include "mmscope/canvas.h"
#include "mmscope/session.h"
#include "mmscope/stacks.h"

/* At the bottom of the canvas, a line each as far as there is room: at most a sixth of its
 * lines, none in a low one. Returns the lines taken, the rule above them included. */
int cpustacks_draw(const struct stacks *s, struct canvas *c);
/* Why no kernel stack was read yet. */
const char *cpustacks_why_none(const struct session *s);

#endif
