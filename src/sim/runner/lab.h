/* SPDX-License-Identifier: GPL-2.0-or-later
 * The place where scenarios run on the real kernel: a directory of its own with a private
 * copy of the agent (so that nobody else maps its pages) and the scenario's file.
 *
 * Made once and used for any number of runs, one after the other; lab_destroy() removes it.
 */
#ifndef SIM_RUNNER_LAB_H
#define SIM_RUNNER_LAB_H
#include <stdbool.h>
#include <stdint.h>

#include "mmscope/error.h"

#define LAB_FILE_PAGES 64u

struct lab {
	int dir;			/* open on the directory */
	int file, rofile;		/* the scenario's file, opened twice */
	char name[32];			/* the directory's last component, to know its files in maps */
	bool file_used;			/* its pages or length may differ from a fresh file's */
};

struct error *lab_create(struct lab **ret);
void lab_destroy(struct lab *lab);		/* NULL is fine */
/* 64 pages of 0xcc, each in the page cache as a clean page of its own. */
struct error *lab_file_fresh(struct lab *lab);
/* Afterwards every page of the file is in the page cache, clean. */
struct error *lab_file_truncate(struct lab *lab, uint64_t len);

#endif
