/* SPDX-License-Identifier: GPL-2.0-or-later
 * Comparing a picture with the file that says how it should look.
 */
#ifndef MMSCOPE_TEST_GOLDEN_H
#define MMSCOPE_TEST_GOLDEN_H
#include "mmscope/buf.h"

/* 0: equal to $srcdir/tests/golden/NAME.txt; else 1, and what differs first is printed.
 * With UPDATE_GOLDEN set the file is written instead. */
int golden_check(const char *name, const struct buf *have);

#endif
