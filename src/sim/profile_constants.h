/* SPDX-License-Identifier: GPL-2.0-or-later
 * The constants in which profiles differ, each with its name in the kernel, the version that
 * changed it and what it is, for the sentence that gives it as the reason.
 */
#ifndef SIM_PROFILE_CONSTANTS_H
#define SIM_PROFILE_CONSTANTS_H
#include "src/sim/profile.h"

enum constant_unit { CONSTANT_ADDRESS, CONSTANT_BYTES, CONSTANT_COUNT, CONSTANT_WORDS };

struct sim_constant {
	const char *name;	/* the kernel's */
	const char *since;	/* version or architecture that has it so */
	const char *about;	/* a sentence without a full stop */
	enum constant_unit unit;
	const char *asked;	/* words of decisions that rest on it, | between */
	uint64_t (*value)(const struct sim_profile *p);
	const char *(*words)(const struct sim_profile *p);	/* NULL, or the value in words */
	bool layout;		/* of the address space: shown beside the other figures */
	void (*set)(struct sim_profile *p, const struct sim_profile *from);	/* NULL: it does not stand alone */
};
extern const struct sim_constant sim_constants[];	/* name NULL ends */

bool constant_differs(const struct sim_constant *k, const struct sim_profile *a,
		      const struct sim_profile *b);

#endif
