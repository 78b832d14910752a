/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sources of snapshots: a live process, later a simulated machine or a recording.
 *
 * A source is a const table of functions, chosen at run time by the word before the
 * colon ("live:1234"). A missing ability is a NULL function and a missing capability
 * bit; views ask for capabilities, never for a source's name. Sources never draw,
 * print or signal anything, and stop nobody unless a command says so, twice.
 */
#ifndef MMSCOPE_SOURCE_H
#define MMSCOPE_SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/buf.h"
#include "mmscope/error.h"
#include "mmscope/snapshot.h"

enum source_cap {
	CAP_LIVE = 1 << 0,	/* moves by itself: sample it on a clock */
	CAP_STEP = 1 << 1,	/* can be stepped forward */
	CAP_BACK = 1 << 2,	/* can be stepped backward or sought */
	CAP_TASKS = 1 << 3,
	CAP_PAGES = 1 << 4,
	CAP_DETAIL = 1 << 5,	/* smaps figures on request */
	CAP_KSTACKS = 1 << 6,	/* kernel stacks of tasks, and the CPUs' */
};

struct source_options {
	const char *proc_root;	/* "/proc" or a fixture tree */
	const char *profile;	/* the kernel of a simulated machine; NULL: as the scenario says */
};

struct span { uint64_t start, end; };

enum { UNWIND_ALL = -1 };
/* Whose kernel stacks: nobody's, a kernel thread's (which has no other stack), those of the
 * process's tasks, those of every task there is. The CPUs' come along. */
enum want_kstacks { KSTACKS_NONE, KSTACKS_KTHREAD, KSTACKS_PROCESS, KSTACKS_SYSTEM };

/* What the consumer needs this time. The rest is brought along when it is cheap. */
struct source_want {
	const struct span *visible;	/* page ranges on screen: states in them are to be right now */
	size_t nvisible;
	const struct span *rows;	/* VMAs on screen: to be right now */
	size_t nrows;
	bool everything;		/* batch: one complete pass over layout, page kinds and tasks */
	bool tasks;			/* a view shows tasks now */
	bool detail;			/* read smaps once, now */
	enum want_kstacks kstacks;
	pid_t unwind;			/* whose user stack, frame by frame: a tid, UNWIND_ALL, 0 nobody's */
	uint64_t selected;		/* the selected address: whose page-table walk is shown */
	uint64_t budget_ns;		/* how long sampling may block this time; 0: no limit */
};

/* What a source can be told beyond sampling (CAP_STEP: stepping). */
struct source_command {
	const char *name;		/* "step"; a key or the palette runs "event growth" */
	const char *args;		/* NULL, or what may follow: "fault|growth|..." or "LINE" */
	bool asks;			/* without its argument, one is asked for in a line */
	const char *help;		/* one line, for help and palette; behind a "|" what stands there
					 * with one of args, for which "%s" stands */
};

struct source;
struct source_ops {
	const char *scheme;
	unsigned caps;
	struct error *(*open)(const char *what, const struct source_options *o, struct source **ret);
	/* `ret` gets a new reference; the very same snapshot as before when nothing changed.
	 * After the target ended: the last picture with process.ended set. */
	struct error *(*sample)(struct source *src, const struct source_want *want,
				const struct snapshot **ret);
	/* There are moments between the last sample and where the source stands now: sample again
	 * for each. NULL: never. */
	bool (*more)(struct source *src);
	/* A file descriptor that becomes readable when the target ends, or -1. */
	int (*fd)(struct source *src);
	void (*close)(struct source *src);
	/* NULL: understands none. arg is never NULL; say may get one sentence for the person. */
	struct error *(*command)(struct source *src, const char *name, const char *arg, struct buf *say);
	const struct source_command *commands;	/* name NULL ends */
	/* A real process that stands where the source does, held stopped until real_end(). NULL:
	 * there is none for such a source. */
	struct error *(*real)(struct source *src, pid_t *pid, struct buf *say);
	void (*real_end)(struct source *src);
};
struct source { const struct source_ops *ops; };	/* first member of each source's own struct */

extern const struct source_ops *const sources[];	/* NULL ends; src/session/sources.c */
extern const struct source_ops live_source_ops;		/* src/live: what = decimal pid */
extern const struct source_ops sim_source_ops;		/* src/sim: what = scenario file, "": a playground */

/* Opens "live:1234". */
struct error *source_open(const char *name, const struct source_options *o, struct source **ret);
void source_close(struct source *src);			/* NULL is fine */

#endif
