/* SPDX-License-Identifier: GPL-2.0-or-later
 * The running kernel as a world: each process of the scenario is a real one under ptrace.
 *
 * The lab is the caller's and must outlive the world; only one world at a time may use it.
 * Of the options, the limits and the two `start` words count; RAM, overcommit and
 * max_map_count are the machine's.
 */
#ifndef SIM_RUNNER_KERNEL_RUN_H
#define SIM_RUNNER_KERNEL_RUN_H
#include <sys/types.h>

#include "src/sim/runner/lab.h"
#include "src/sim/world.h"

struct error *world_kernel_open(struct lab *lab, const struct sim_options *o, struct world **ret);
/* The process that is current in such a world; it stays stopped between operations. */
pid_t world_kernel_pid(const struct world *w);
/* What the machine is: kernel, RAM, overcommit, max_map_count (no process is started). */
void world_kernel_machine(struct world_info *ret);

#endif
