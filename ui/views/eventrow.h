/* SPDX-License-Identifier: GPL-2.0-or-later
 * Events in the few words that a row has room for, where event_describe() has a sentence.
 * Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_EVENTROW_H
#define MMSCOPE_VIEWS_EVENTROW_H
#include "mmscope/event.h"

/* "[stack] grew down by 4.00K": without the address, which stands beside it, and without the
 * directory of a file. Sanitised. */
void event_row(const struct event *e, struct buf *out);

#endif
