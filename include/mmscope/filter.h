/* SPDX-License-Identifier: GPL-2.0-or-later
 * The filter language: `rss>4m perm~rw path~/libc/ !anon`.
 *
 * Words are joined by "and"; `or` or `|` between words, `!` negates, parentheses group.
 *   word            substring, in any text field (smart case), "in quotes" literally
 *   /re/            PCRE2, in any text field
 *   field=v field!=v field<v field<=v field>v field>=v     numbers take k m g t p, 0x
 *   field~re field!~re     PCRE2 (also field~/re/)
 * A role's name alone (heap, stack, anon ...) means role=that. Matching is limited (match,
 * depth and heap limits), so that a hostile pattern costs microseconds; such a row counts
 * as no match and filter_costly() says so.
 */
#ifndef MMSCOPE_FILTER_H
#define MMSCOPE_FILTER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/event.h"
#include "mmscope/proclist.h"
#include "mmscope/snapshot.h"

/* A kind of row: its fields by name, for errors, help and completion. */
struct filter_field {
	const char *name;
	bool number;
	const char *about;
};
struct filter_kind {
	const char *name;			/* "vma", "task", "kernel stack", "process", "event" */
	const struct filter_field *fields;	/* name NULL ends */
	/* Value of field i of a row; text may point into scratch (256 bytes). UNKNOWN never matches. */
	uint64_t (*number)(const void *row, int field);
	const char *(*text)(const void *row, int field, char *scratch);
	bool (*word)(const void *row, const char *word, bool *matched);	/* bare word with a meaning */
};

struct filter_vma { const struct snapshot *snap; size_t index; };	/* row of filter_vmas */
extern const struct filter_kind filter_vmas;		/* start end size rss anon swap pss perm path role offset inode tid */
extern const struct filter_kind filter_tasks;		/* row: struct task */
extern const struct filter_kind filter_kstacks;		/* row: struct kstack */
extern const struct filter_kind filter_processes;	/* row: struct proc_entry */
extern const struct filter_kind filter_events;		/* row: struct event */

struct filter;
struct filter_error { unsigned column; char message[160]; };	/* column from 1, in characters */
/* NULL and *err filled when the text is none. An empty text matches all. */
struct filter *filter_compile(const struct filter_kind *kind, const char *text, struct filter_error *err);
void filter_fields(const struct filter_kind *kind, struct buf *out);	/* their names, in one line */
void filter_destroy(struct filter *f);
bool filter_match(struct filter *f, const void *row);
bool filter_costly(const struct filter *f);	/* some row hit a limit since compiled */

#endif
