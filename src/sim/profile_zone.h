/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a profile's kernel does with physical memory: constants of its one zone. Its choices
 * are rules like all others (profile.h).
 */
#ifndef SIM_PROFILE_ZONE_H
#define SIM_PROFILE_ZONE_H
#include <stdint.h>

/* Choices about physical memory, rows of SIM_RULES in profile.h. */
#define PROFILE_ZONE_RULES(X)									\
	X(watermark_exact, "3.3", "the block that is asked for is not counted two frames too large")	\
	X(watermark_any_block, "4.4",								\
	  "one block that is large enough will do, however little else is free in large ones")	\
	X(watermark_scaled, "4.6", "the watermarks stand apart by a thousandth of memory")	\
	X(unmovable_claims, "4.0",								\
	  "memory that cannot move claims the pageblock it takes from, as reclaimable memory did")	\
	X(alike_counted, "4.12", "pages in use by the like count when a pageblock is claimed")	\
	X(borrows_smallest, "4.13",								\
	  "movable memory that cannot claim a pageblock takes its smallest block")		\
	X(remainder_keeps_type, "6.10 (and before 3.5)",					\
	  "what is left of a borrowed block goes back to the lists of its own type")		\
	X(claims_whole, "6.10",									\
	  "free pages change their lists only with their whole pageblock")

struct sim_zone {
	unsigned pageblock_order;	/* what belongs to one migrate type: a huge page, mostly */
	uint64_t min_free_kbytes_max;	/* init_per_zone_wmark_min() goes no higher */
	unsigned costly_order;		/* up to it the kernel tries again for ever */
	/* Names of its functions: the request; where it insists or gives up; a block of another
	 * type, whether its pageblock may be claimed, and whether that is worth it. */
	const char *alloc, *retry, *fallback, *may_claim, *claim;
};

extern const struct sim_zone sim_zone_2_6_39_i386, sim_zone_3_10, sim_zone_4_3, sim_zone_5_10, sim_zone_6_1,
	sim_zone_6_12, sim_zone_6_16;

/* The choices of kernels since a version; a profile names them among its rules. */
#define PROFILE_ZONE_3_10 [SIM_RULE_watermark_exact] = 1,
#define PROFILE_ZONE_4_3 PROFILE_ZONE_3_10 [SIM_RULE_unmovable_claims] = 1,
#define PROFILE_ZONE_5_10									\
	PROFILE_ZONE_4_3									\
	[SIM_RULE_watermark_any_block] = 1, [SIM_RULE_watermark_scaled] = 1,			\
	[SIM_RULE_alike_counted] = 1, [SIM_RULE_borrows_smallest] = 1,
#define PROFILE_ZONE_6_10									\
	PROFILE_ZONE_5_10									\
	[SIM_RULE_remainder_keeps_type] = 1, [SIM_RULE_claims_whole] = 1,

#endif
