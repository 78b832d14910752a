/* SPDX-License-Identifier: GPL-2.0-or-later
 * Time. Only sources, session and main may ask for it; the model never does.
 */
#ifndef MMSCOPE_CLOCK_H
#define MMSCOPE_CLOCK_H
#include <stdint.h>
uint64_t clock_now_ns(void);		/* CLOCK_MONOTONIC */
uint64_t clock_cpu_ns(void);		/* CPU time of this program, its threads together */
#endif
