/* SPDX-License-Identifier: GPL-2.0-or-later
 * What scenarios on the real kernel stand on: a private copy of the agent (so that nobody else
 * maps its pages) and the scenario's file. Both have no name any more: nothing can be left behind.
 *
 * Made once and used for any number of runs, one after the other, until lab_destroy().
 */
#ifndef SIM_RUNNER_LAB_H
#define SIM_RUNNER_LAB_H
#include <stdbool.h>
#include <stdint.h>

#include "mmscope/error.h"

#define LAB_FILE_PAGES 64u

struct lab {
	int agent;			/* the program, opened for reading */
	int file, rofile;		/* the scenario's file, opened twice */
	char name[32];			/* of the directory they were in, to know them in maps */
	uint64_t readahead;		/* bytes, of the disk it is on; 0: not known */
	bool file_used;			/* its pages or length may differ from a fresh file's */
};

struct error *lab_create(struct lab **ret);
void lab_destroy(struct lab *lab);		/* NULL is fine */
/* The next run gets a new file whatever the old one looks like. */
void lab_suspect(struct lab *lab);
/* 64 pages of 0xcc, each in the page cache as a clean page of its own. */
struct error *lab_file_fresh(struct lab *lab);
/* Afterwards every page of the file is in the page cache, clean. */
struct error *lab_file_truncate(struct lab *lab, uint64_t len);

#endif
