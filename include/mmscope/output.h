/* SPDX-License-Identifier: GPL-2.0-or-later
 * Output without a ui: a snapshot, or what changed, as JSON, as text, as sentences.
 *
 * Each function writes to a stdio stream piece by piece (60,000 VMAs are never held as
 * text) and flushes at the end of its document; whether the stream took it is for the
 * caller to ask (ferror). Everything that came from outside passes the sanitiser.
 */
#ifndef MMSCOPE_OUTPUT_H
#define MMSCOPE_OUTPUT_H
#include <stdbool.h>
#include <stdio.h>
#include "mmscope/event.h"
#include "mmscope/proclist.h"
#include "mmscope/snapshot.h"

struct output_options {
	bool ascii;		/* text: nothing but ASCII */
	unsigned long frame;	/* text: number of this frame, from 1; 0: there is only one */
};

/* out_json.c, schema mmscope/1. `line`: on one line, marked as a sample (--ndjson). */
void out_json(FILE *out, const struct snapshot *s, bool line);
/* One line for each event that is news. */
void out_json_events(FILE *out, const struct event_list *events);

/* out_doctor.c: one document; where it was examined is for uname(2) to say. */
struct doctor;
struct utsname;
void out_json_doctor(FILE *out, const struct doctor *d, const struct utsname *u);

/* out_text.c: header, counters, sums by role, VMAs, tasks, what is missing and why. */
void out_text(FILE *out, const struct snapshot *s, const struct output_options *o);
/* The list of processes, as a tree. */
void out_text_processes(FILE *out, const struct proclist *l, const struct output_options *o);

/* out_plain.c: one statement a line, in the order one would say it. */
void out_plain(FILE *out, const struct snapshot *s, const struct output_options *o);
void out_plain_events(FILE *out, const struct event_list *events, const struct snapshot *s,
		      const struct output_options *o);		/* s: the later sample */

/* Figures of one VMA as every output gives them. */
struct vma_figures {
	uint64_t rss, anonymous;		/* bytes, UNKNOWN */
	bool pages;				/* its page states are known, each of them */
	const struct vma_detail *detail;	/* NULL: smaps was not asked for, or before it changed */
};
struct vma_figures vma_figures(const struct snapshot *s, size_t vma);

#endif
