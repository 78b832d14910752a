/* SPDX-License-Identifier: GPL-2.0-or-later
 * Views: rooms behind one table. A view draws the session's snapshot on a canvas and
 * takes commands by name; it never sees a source, a terminal or a colour.
 *
 * To add one: a .c with a `const struct view`, a row in views[] (ui/views/views.c), a
 * line in ui/views/local.mk, its keys in ui/default.keys, a golden.
 */
#ifndef MMSCOPE_VIEW_H
#define MMSCOPE_VIEW_H
#include <stdbool.h>
#include <stddef.h>
#include "mmscope/buf.h"
#include "mmscope/canvas.h"
#include "mmscope/session.h"

struct view_command {
	const char *name;	/* "sort"; a key or the palette runs "sort rss" */
	const char *args;	/* NULL, or what may follow: "rss|size|start|..." */
	const char *help;	/* one line, for help and palette; behind a "|" what stands there
				 * with one of args, for which "%s" stands */
};

/* Commands every list-like view gets: up down page-up page-down top bottom enter back. */

struct view {
	const char *name;	/* "map": context in default.keys */
	const char *title;	/* in the tab row */
	const char *about;	/* one line for help */
	unsigned caps;		/* enum source_cap it needs, else its room says why it is empty */
	size_t state_size;	/* zeroed state of its own: scroll position and the like */
	void (*fini)(void *state);	/* NULL: nothing to free */
	/* Adds what must be right on screen; spans point into state. NULL: nothing special. */
	void (*want)(void *state, const struct session *s, struct source_want *want);
	/* Draws the whole room (size: canvas_rows/cols); calls canvas_cursor on its selected row. */
	void (*draw)(void *state, const struct session *s, struct canvas *c);
	/* true: handled. arg is never NULL. */
	bool (*command)(void *state, struct session *s, const char *name, const char *arg);
	const struct view_command *commands;	/* name NULL ends; NULL: only the common ones */
	const char *asks;		/* the one of them that the source does, and those that live of it:
					 * "registers|words"; where the source does not know the first, their
					 * keys are free for others; or NULL */
	/* A click in the room; row, col relative to it. */
	void (*click)(void *state, struct session *s, int row, int col, bool twice);
	/* Sentences about what is under the cursor, with the source of the figures. NULL: the
	 * common ones of describe.h about the selected VMA or page. */
	void (*describe)(void *state, const struct session *s, struct buf *out);
	/* For views with rows of their own (threads, events): narrows them by a text of the filter
	 * language; false: err says where. NULL: the session's filter of VMAs is meant. */
	bool (*set_filter)(void *state, const char *text, struct filter_error *err);
	const char *(*filter)(const void *state);	/* the text set, "" for none */
	const struct filter_kind *rows;			/* what such a filter, and find, can ask for */
	/* Selects the next of the view's rows that fits, below the selected one (direction 1) or
	 * above it (-1), round the end; false: none does. Goes with .rows. */
	bool (*find)(void *state, struct session *s, struct filter *f, int direction);
	/* The title of the room's border, e.g. "map - log scale"; NULL: .title */
	void (*heading)(void *state, const struct session *s, struct buf *out);
};

extern const struct view *const views[];	/* NULL ends; order = tab order */
int view_index(const char *name);		/* -1: none */

/* ui/views/describe.c: common sentences. Each appends one or two sentences. */
void describe_vma(const struct snapshot *snap, size_t index, struct buf *out);
void describe_page(const struct session *s, uint64_t addr, struct buf *out);
void describe_hole(const struct snapshot *snap, uint64_t addr, struct buf *out);
/* Of a mapped address: its page, its VMA and the neighbours of that. */
void describe_address(const struct snapshot *snap, uint64_t addr, struct buf *out);
/* "[pss: needs smaps, key P]" for a figure that is not there. */
void describe_why(const struct snapshot *snap, const char *what, struct buf *out);
/* "12 345": digits in groups. */
const char *count_text(uint64_t n, char out[32]);
/* A VMA's short name for people: basename, [heap], anon, "T 4247 stack". Sanitised. */
const char *vma_label(const struct snapshot *snap, size_t index, char *out, size_t n);

/* ui/views/picker.c: stands before there is a target; not in views[]. */
struct picker;
/* Starts with the processes that `name` means on the command line ("": with all); what is
 * typed is a filter. */
struct picker *picker_create(const char *proc_root, const char *name);
void picker_destroy(struct picker *p);
struct error *picker_refresh(struct picker *p);		/* reads the processes again */
void picker_draw(struct picker *p, struct canvas *c);
/* up down page-up page-down top bottom tree-toggle sort ...; text goes to the filter. */
bool picker_command(struct picker *p, const char *name, const char *arg);
void picker_set_filter(struct picker *p, const char *text);
void picker_click(struct picker *p, int row, int col);
pid_t picker_selected(const struct picker *p);		/* 0: none */
void picker_select(struct picker *p, pid_t pid);

#endif
