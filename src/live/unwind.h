/* SPDX-License-Identifier: GPL-2.0-or-later
 * User stacks frame by frame, of a process that goes on running.
 *
 * The registers come from the best rung of a ladder that does not stop the thread; the
 * stack from a copy; afterwards the registers are read again, and when they moved the
 * walk is made once more, then given up. libdw is loaded at the first walk.
 */
#ifndef LIVE_UNWIND_H
#define LIVE_UNWIND_H
#include <stdbool.h>
#include "mmscope/snapshot.h"
#include "src/live/procfs.h"

enum { UNWIND_FRAMES = 2048 };		/* of one thread; deeper ones are not followed */
#define UNWIND_ALL_NS 3000000000ull	/* for all threads of a process together */

/* Why a chain ends, or why there is none. */
enum unwind_end {
	END_OUTERMOST,
	/* no frames at all */
	END_LIBRARY, END_ARCHITECTURE, END_RUNNING, END_DENIED, END_NO_FILE, END_GONE, END_MOVED,
	END_LATE,
	/* the chain ends early */
	END_NO_CODE, END_NO_FILE_THERE, END_FOREIGN, END_NO_RULES, END_REGISTER, END_ABSENT,
	END_REFUSED, END_UNMAPPED, END_BROKEN, END_DOWNWARD, END_TOO_MANY,
	END_NR
};
extern const char *const unwind_ends[END_NR];

struct hold;
struct unwind_in {
	const struct procfs *fs;
	const struct layout *layout;
	const struct task_list *tasks;
	pid_t only;			/* one tid, or UNWIND_ALL */
	uint64_t deadline_ns;		/* by clock_now_ns(); 0: none */
	/* `only` is to be held still while its registers and the top of its stack are copied
	 * (hold.h); NULL: nobody is. *held is the errno of that. */
	struct hold *hold;
	int *held;
};

struct unwinder;
struct unwinder *unwinder_create(void);
void unwinder_destroy(struct unwinder *u);		/* NULL is fine */
/* A new value. `without`: bit e is set when a thread has no frames because of end e. */
struct unwound *unwinder_walk(struct unwinder *u, const struct unwind_in *in, uint32_t *without);
/* Is there a library to do it with? Loads it. */
bool unwinder_usable(struct unwinder *u);

#endif
