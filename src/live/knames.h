/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of kernel functions by return address.
 *
 * They are learnt a few at a time: the kernel is asked for each by a BPF program that
 * prints it (peek.h), else from /proc/PID/task/TID/stack, where the kernel prints the chain
 * whose addresses we have; only when both are refused is all of /proc/kallsyms read, once
 * (that takes longer than all the rest together).
 */
#ifndef LIVE_KNAMES_H
#define LIVE_KNAMES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/vma.h"

enum { KNAME_LINES = 64 };

/* One line of a stack file: "[<0>] name+0x1f/0x70 [module]". */
struct kname_line {
	const char *name;	/* not ended by a NUL */
	size_t n;
	uint64_t offset, size;
};
/* "name+0x1f/0x70 [module]" alone; false: it is no name. */
bool kname_parse(const char *text, size_t n, struct kname_line *ret);
/* How many lines; -1: this is no such file. Lines beyond KNAME_LINES are left out. */
int kname_lines(const char *text, size_t n, struct kname_line ret[KNAME_LINES]);

struct kname {
	uint64_t start, end;	/* [start, end) is the function's code */
	const char *name;
	uint64_t takes;		/* struct kframe's; once it was asked for */
	bool takes_asked;
};
struct knames {
	struct strings *strings;
	size_t n, cap;
	struct kname *name;	/* sorted by start */
	char *symbols;		/* kallsyms, NULs in it, or NULL */
	size_t nsymbols;
	struct ksymbol *symbol;	/* sorted by address */
	bool symbols_tried, symbols_hidden;
};

void knames_init(struct knames *k);
void knames_deinit(struct knames *k);
/* NULL: not known. */
const char *knames_find(const struct knames *k, uint64_t return_address);
/* The function with its bounds; NULL: not learnt. Valid until the next is. */
struct kname *knames_bounds(struct knames *k, uint64_t return_address);
/* The file's lines are those of these addresses. False: they cannot be. */
bool knames_learn(struct knames *k, const struct kname_line *line, size_t n,
		  const uint64_t *address);
/* Reads all symbols unless that was tried before; false: the kernel hides them. */
bool knames_load(struct knames *k, const char *path);
/* Whether this user is shown kernel addresses at all. */
bool knames_addresses_shown(const char *path);

#endif
