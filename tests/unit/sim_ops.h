/* SPDX-License-Identifier: GPL-2.0-or-later
 * Operations for tests of the simulated machine: short makers, and random ones that are
 * the same for the same seed.
 */
#ifndef TESTS_UNIT_SIM_OPS_H
#define TESTS_UNIT_SIM_OPS_H
#include <stdint.h>
#include "src/sim/sim.h"
#include "src/sim/sim_env.h"

#define P 4096ull
#define RW 3u
#define ANON_PRIVATE 0x22u
#define ANON_SHARED 0x21u
#define FIXED 0x10u
#define GROWSDOWN 0x100u

/* NULL: the default profile, the host. */
struct sim *machine_of(const struct sim_profile *p, const struct sim_env *env, uint64_t ram_pages);
struct sim_result run(struct sim *s, struct sim_op op);
uint64_t map(struct sim *s, uint64_t pages, uint32_t prot, uint32_t flags);
struct sim_result map_at(struct sim *s, uint64_t addr, uint64_t pages, uint32_t prot,
			 uint32_t flags);
struct sim_result touch(struct sim *s, uint64_t addr, uint64_t pages, char mode);
struct sim_mm mm_now(const struct sim *s);
/* The run-length letters of the VMA at addr. */
const char *letters(const struct sim *s, uint64_t addr);
void check_all(const struct sim *s);	/* fails the test with the broken invariant */

struct sim_random {
	uint64_t state;
	uint64_t base;			/* where fixed addresses lie */
	uint64_t top;			/* the stack's end; 0: that of x86-64 */
};
/* For a machine of any profile that stands at its start. */
struct sim_random random_for(const struct sim *s, uint64_t seed);
uint64_t random_next(struct sim_random *r);
struct sim_op random_op(struct sim_random *r, const struct sim *s);

#endif
