/* SPDX-License-Identifier: GPL-2.0-or-later
 * The picker's inside, for tests: a list of processes without reading any.
 */
#ifndef MMSCOPE_VIEWS_PICKER_H
#define MMSCOPE_VIEWS_PICKER_H
#include "mmscope/proclist.h"
#include "mmscope/view.h"

/* Takes the list over. */
void picker_take(struct picker *p, struct proclist list);

#endif
