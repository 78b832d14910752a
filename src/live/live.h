/* SPDX-License-Identifier: GPL-2.0-or-later
 * The live source, for its own modules and tests.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H
#include "mmscope/source.h"
#include "src/live/seen.h"
#include "src/live/gate.h"
#include "src/live/look.h"
#include "src/live/pace.h"
#include "src/live/tasks.h"
#include "src/live/unwind.h"

/* Abilities that tests take away, so that every rung of the ladder can be held
 * against the truth on a kernel that has them all. */
enum live_without {
	WITHOUT_SCAN = 1 << 0,
	WITHOUT_PAGEMAP = 1 << 1,
	WITHOUT_SMAPS = 1 << 2,
	WITHOUT_PROCMAP = 1 << 3,
	WITHOUT_CLOCK = 1 << 4,
	WITHOUT_LIBPROC = 1 << 5,
	WITHOUT_PIDFD = 1 << 6,
	WITHOUT_MAPS = 1 << 7,
};
struct live_options {
	unsigned without;	/* enum live_without */
};
struct error *live_open(pid_t pid, const struct source_options *o, const struct live_options *lo,
			struct source **ret);

/* Reasons why something is not there; rows of a table in reasons.c. */
enum reason {
	REASON_KTHREAD, REASON_ZOMBIE, REASON_MAPS, REASON_NO_MAPS, REASON_NOT_MAPS, REASON_ADDRESSES, REASON_EXE,
	REASON_MM, REASON_MM_PART,
	REASON_LIMITS, REASON_PAGES, REASON_PAGES_PART, REASON_PAGEMAP, REASON_ZERO, REASON_HUGE, REASON_SMAPS,
	REASON_SMAPS_REFUSED, REASON_NOT_SMAPS, REASON_TASKS, REASON_REGISTERS, REASON_REGISTERS_FILE,
	REASON_RUNNING, REASON_DEAD, REASON_STACKS, REASON_SHARED, REASON_WITHIN, REASON_EXIT, REASON_FAULTS, REASON_BRK,
	/* frames of user stacks: why a thread has none; one has no size, or no name */
	REASON_FRAMES_LIBRARY, REASON_FRAMES_ARCHITECTURE, REASON_FRAMES_RUNNING,
	REASON_FRAMES_DENIED, REASON_FRAMES_FILE, REASON_FRAMES_GONE, REASON_FRAMES_MOVED,
	REASON_FRAMES_LATE, REASON_FRAMES_LAST, REASON_FRAMES_NAME, REASON_NR
};
struct whys *reasons_list(uint64_t set);	/* bit i: enum reason */

/* What is on screen, and the counters and limits, are looked at this often even if no thread of
 * the process ran: others can reclaim its pages, set its limits, or share its memory without being
 * its threads. */
#define LIVE_OUTSIDE_NS 1000000000ull

struct live {
	struct source base;
	struct procfs fs;
	unsigned without;
	char *buf;			/* LINES_BUFFER bytes for maps and smaps */
	struct seen seen;		/* of the text of maps */
	int fd_maps, fd_pagemap, fd_stat, fd_status;
	struct gate gate;
	struct looker *looker;
	struct tasks tasks;
	struct strings *strings;
	const struct snapshot *last;	/* what sample() returned */
	uint64_t reasons, whys_for;	/* sets of enum reason: now, and those of last->whys */
	struct stat_figures stat;
	struct status_figures status;
	bool have_stat, have_status, zombie_at_open, no_procmap;
	bool pagemap_refused;		/* for want of rights, not of a kernel that has it */
	bool mm_gone;			/* it is on its way out; what comes next will tell */
	bool mm_lost;			/* with the thread whose files were read */
	bool mm_opened;			/* by this look at the layout */
	uint64_t vvar_start, vvar_end;
	struct hugetlb hugetlb;
	struct pace layout, rows, pass, kinds, window, members, counters;
	/* The background pass over all pages. */
	bool pass_running;
	uint64_t pass_cursor, pass_spent_ns;
	enum look_kinds pass_kinds;
	size_t window_next;		/* where the look at a large screen stopped */
	uint64_t window_from;
	uint64_t pass_faults, pass_rss;	/* when it began */
	struct smaps_sums sums;		/* rungs below PAGEMAP_SCAN only */
	char *root;			/* proc_root as it was given */
	struct kstacks *kstacks;	/* NULL: kernel stacks were never asked for */
	struct pace kstack_pace;
	enum want_kstacks kstacks_of;	/* whose are in the picture */
	struct unwinder *unwinder;	/* NULL: frames were never asked for */
	struct pace frames;
	pid_t frames_of;		/* whose are in the picture; 0: nobody's */
	const struct unwound *stopped;	/* of a thread that runs, as it was last caught; NULL */
	pid_t asked;			/* who was warned of that, and when */
	uint64_t asked_ns;
};

/* One sample in the making. */
struct sampling {
	const struct source_want *want;
	struct snapshot *next;
	uint64_t now_ns, deadline_ns;
	struct gate_news news;
};

/* live_counters.c: process, mm, limits, faults. ESRCH: it is gone. */
int live_counters(struct live *lv, struct sampling *s);
/* live_layout.c: opens, reads or checks maps; on return next->layout is right. True when
 * the address space is another one than before (exec). */
bool live_layout(struct live *lv, struct sampling *s);
/* Is the address space that the layout is read from still the process's? */
bool live_mm_there(struct live *lv);
void live_roles(struct live *lv, struct sampling *s);
void live_roles_by_pages(struct live *lv, struct sampling *s);	/* once all pages were looked at */
/* live_pages.c */
void live_pages(struct live *lv, struct sampling *s);
void live_pages_reset(struct live *lv);
/* live_kstacks.c: next->stacks. */
bool live_kstacks_due(const struct live *lv, const struct source_want *want,
		      const struct snapshot *s, uint64_t now_ns);
void live_kstacks(struct live *lv, struct sampling *s);
/* live_frames.c: next->unwound. */
bool live_frames_due(const struct live *lv, const struct source_want *want, uint64_t now_ns);
void live_frames(struct live *lv, struct sampling *s);
/* live_hold.c: "registers TID": says first what it costs, does it when told again. */
struct error *live_command(struct source *src, const char *name, const char *arg, struct buf *say);
extern const struct source_command live_commands[];
/* Those of a thread that runs, from when it was held still or waited for a CPU, stand as
 * long as nothing better is known of it. */
const struct unwound *live_held_frames(struct live *lv, const struct unwound *walked);

#endif
