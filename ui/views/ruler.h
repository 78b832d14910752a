/* SPDX-License-Identifier: GPL-2.0-or-later
 * The ruler of one stack: its marks and the stretches between them, from the top down,
 * as values. What draws it knows nothing of stacks. Private to ui/views.
 */
#ifndef MMSCOPE_VIEWS_RULER_H
#define MMSCOPE_VIEWS_RULER_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/session.h"

enum mark_kind {
	MARK_TOP,		/* end of the VMA */
	MARK_EDGE,		/* a border inside */
	MARK_FRAME,		/* the end of a frame, or of several of one function; one line */
	MARK_SP,
	MARK_DEEPEST,		/* the deepest page ever seen resident */
	MARK_LOWEST,		/* the lowest page resident now */
	MARK_GUARD_PAGE,	/* the guard page inside of a stack ends here (kernels before 4.12) */
	MARK_START,		/* start of the VMA */
	MARK_GUARD,		/* the lower end of a thread's guard */
	MARK_FLOOR,		/* RLIMIT_STACK ends it here */
	MARK_GAP,		/* the guard gap of the mapping below ends it here */
	MARK_BELOW,		/* the next mapping below ends here */
};

struct mark {
	uint64_t addr;
	enum mark_kind kind;
	char text[64];		/* at the mark */
	char below[64];		/* of the stretch down to the next mark; "" for none */
	uint64_t bytes;		/* of that stretch */
	bool outside;		/* the stretch lies below the VMA: not to scale */
	bool stops;		/* growth ends here first */
	size_t frame, frames;	/* MARK_FRAME: in snapshot.unwound; the innermost, and how many */
};

/* More frames than that are one mark. */
enum { RULER_FRAMES = 96, RULER_MARKS = 16 + RULER_FRAMES };

struct ruler {
	size_t index;			/* of the VMA */
	const struct task *task;	/* whose stack it is, or NULL */
	bool grows;			/* growsdown */
	uint64_t sp;			/* UNKNOWN */
	uint64_t limit;			/* bytes it may have; UNKNOWN, UNLIMITED */
	uint64_t lowest;		/* lowest resident page, v->end when none */
	struct growth growth;
	bool grew;
	bool shared;			/* other stacks or things lie in this mapping: ends unknown */
	const char *since;		/* sp is of a thread that runs: "when it was stopped"; or NULL */
	const struct unwound_task *chain;	/* its frames, or NULL */
	uint64_t framed;			/* from sp to the end of the last whose size is known */
	char last[64];				/* what lies above that */
	struct mark marks[RULER_MARKS];
	int n;
};

/* The stack meant by the selection: the selected VMA if it is one, else the selected
 * thread's, else the main one. false: there is none. */
/* "main", "deep ×500", "in libfoo.so": what a run of frames is called. Sanitised. */
const char *frames_label(const struct snapshot *snap, size_t frame, size_t n, char *out,
			 size_t size);
bool ruler_make(struct ruler *r, const struct session *s);

/* "registers": of the thread, by the source; false: it has no such command. */
bool ruler_registers(struct session *s, pid_t tid, const char *arg);
/* Selects a thread and with it the place in its stack where its sp is. */
void ruler_select(struct session *s, const struct task *t);
/* The same by number; one that is not of this process is selected without a place. */
void ruler_select_tid(struct session *s, pid_t tid);

#endif
