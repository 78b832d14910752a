/* SPDX-License-Identifier: GPL-2.0-or-later
 * The narrow environment of the simulated mm: memory, and failure on request.
 *
 * reserve() gives address space that reads as zero and costs memory only where it is
 * touched; release() takes it back. fail() is asked once at each allocation the simulated
 * kernel makes (a frame, a page table, a VMA, an anon_vma, ...); true makes that one fail.
 * fail may be NULL. NULL instead of an environment means the host's memory.
 */
#ifndef SIM_SIM_ENV_H
#define SIM_SIM_ENV_H
#include <stdbool.h>
#include <stddef.h>

struct sim_env {
	void *ctx;
	void *(*reserve)(void *ctx, size_t bytes);
	void (*release)(void *ctx, void *p, size_t bytes);
	bool (*fail)(void *ctx, const char *what);
};

extern const struct sim_env sim_env_host;

#endif
