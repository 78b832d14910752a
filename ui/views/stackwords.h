/* SPDX-License-Identifier: GPL-2.0-or-later
 * The words on a stack around its sp, and what each of them can be.
 */
#ifndef MMSCOPE_VIEWS_STACKWORDS_H
#define MMSCOPE_VIEWS_STACKWORDS_H
#include <stdbool.h>
#include "mmscope/buf.h"
#include "mmscope/canvas.h"
#include "mmscope/session.h"

struct stackwords_state {
	uint64_t addr;		/* under the cursor; 0: where sp is */
	pid_t tid;		/* whose */
	int top, page;
};

/* Of thread tid; draws why where there are none. */
void stackwords_draw(struct stackwords_state *st, const struct session *s, pid_t tid,
		     struct canvas *c);
/* up, down, page-up ...: false, another command. */
bool stackwords_move(struct stackwords_state *st, const struct snapshot *snap, pid_t tid,
		     const char *command);
void stackwords_describe(const struct stackwords_state *st, const struct session *s, pid_t tid,
			 struct buf *out);

#endif
