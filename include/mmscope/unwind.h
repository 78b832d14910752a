/* SPDX-License-Identifier: GPL-2.0-or-later
 * The user stacks of threads, frame by frame, as a value.
 *
 * Addresses and sizes are bytes. Names are raw bytes as the program's files have them
 * (sanitise before showing); they live in a struct strings that the value keeps alive. A
 * value is built once and then shared by reference count.
 */
#ifndef MMSCOPE_UNWIND_H
#define MMSCOPE_UNWIND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/vma.h"

/* Where the registers of the innermost frame came from. */
enum unwound_rung {
	UNWOUND_NONE,		/* not to be had; unwound_task.end says why */
	UNWOUND_STOPPED,	/* ptrace: the thread was stopped for it */
	UNWOUND_KERNEL,		/* all of them, as the kernel saved them on its stack */
	UNWOUND_SYSCALL,	/* sp and pc alone, from /proc/PID/task/TID/syscall */
	UNWOUND_NR
};
extern const char *const unwound_rung_names[UNWOUND_NR];	/* "none", "ptrace" ... */

/* How we came from a frame to the one that called it. */
enum frame_step {
	FRAME_BY_CFI,		/* call frame information: exact */
	FRAME_BY_PROLOGUE,	/* what the function's first instructions take from the stack; a
				 * return address stands where they say */
	FRAME_BY_POINTER,	/* no call frame information: the chain of frame pointers, a guess */
	FRAME_LAST,		/* it is the last one */
	FRAME_STEP_NR
};
extern const char *const frame_step_names[FRAME_STEP_NR];

struct user_frame {
	uint64_t pc;		/* the innermost: where it is; others: where it will return to */
	uint64_t sp;		/* the frame's lowest byte */
	uint64_t bytes;		/* up to its caller's sp; UNKNOWN for the last, and where the
				 * stack was switched (a signal's own stack) */
	uint64_t takes;		/* what the function takes at most by its code, alloca() aside:
				 * call frame information, else its first instructions; UNKNOWN */
	const char *function;	/* bare name; "" when no symbol tells it */
	const char *module;	/* path of its file, "[vdso]"; "" when it lies in none */
	const char *file;	/* of the source; "" when no debug information tells */
	uint32_t line;		/* 0: not known */
	uint8_t step;		/* enum frame_step */
	bool signal;		/* the kernel made it, to deliver a signal */
};

struct unwound_task {
	pid_t tid;
	uint8_t rung;		/* enum unwound_rung */
	bool complete;		/* the last frame is the outermost one */
	size_t first, n;	/* its frames: frames[first] is the innermost */
	const char *end;	/* why the chain ends where it does, or why there is none */
};

/* A word of the stack, and what is known of it beyond what the layout tells. */
struct stack_word {
	uint64_t value;
	bool there;		/* its page is in memory, and may be read */
	bool returns;		/* a call stands right before where it points to */
	const char *function;	/* where it points into code: whose; "" */
	uint64_t into;		/* how far into that; UNKNOWN */
};

enum { STACK_WORDS_BELOW = 16, STACK_WORDS = 512 };	/* below sp: the red zone */

struct unwound {
	unsigned refs;
	size_t n, cap;
	struct unwound_task *tasks;	/* rising by tid */
	size_t nframes, frames_cap;
	struct user_frame *frames;
	struct strings *strings;	/* reference held */
	/* Of one thread, when only one was asked for: what stands around its sp. */
	pid_t words_tid;
	uint64_t words_start;		/* address of the first */
	size_t nwords;
	struct stack_word *words;
};

/* While building only (refs == 1): a task, then its frames. `strings` is shared. */
struct unwound *unwound_create(struct strings *strings);
struct unwound_task *unwound_add(struct unwound *u, pid_t tid);
struct user_frame *unwound_frame(struct unwound *u);		/* of the task added last */

struct unwound *unwound_get(const struct unwound *u);		/* NULL gives NULL */
void unwound_put(const struct unwound *u);
bool unwound_equal(const struct unwound *a, const struct unwound *b);	/* by value */
const struct unwound_task *unwound_find(const struct unwound *u, pid_t tid);	/* u may be NULL */

#endif
