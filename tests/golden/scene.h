/* SPDX-License-Identifier: GPL-2.0-or-later
 * Scenes: hand-made address spaces, served to a session as if a source had sampled them.
 */
#ifndef MMSCOPE_TEST_SCENE_H
#define MMSCOPE_TEST_SCENE_H
#include "mmscope/session.h"

struct scene {
	const char *name;
	/* Makes the next picture; step counts from 0. NULL: no more, the last one stays. */
	struct snapshot *(*make)(int step);
	int steps;
};
extern const struct scene scenes[];	/* name NULL ends */

/* A session that has seen all steps of the scene. */
struct session *scene_play(const char *name);

#endif
