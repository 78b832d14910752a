/* SPDX-License-Identifier: GPL-2.0-or-later
 * The same program without optimisation, whatever CFLAGS say.
 */
#pragma GCC optimize("O0")
#include "tests/truth/frames.c"
