/* SPDX-License-Identifier: GPL-2.0-or-later
 * The same program without optimisation, whatever CFLAGS say.
 */
#ifndef __clang__
#pragma GCC optimize("O0")
#endif
#include "tests/truth/frames.c"
