/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sites: what a program's files tell about one place in its code. The function, the
 * source line, and how the registers of its caller are found (call frame information).
 *
 * Files are opened when a pc lies in one, and through /proc/PID only, so that a process
 * in a container is read by its own files. What was found out is kept: a thousand
 * threads that wait in the same place cost as much as one. No server is ever asked.
 */
#ifndef LIVE_SITES_H
#define LIVE_SITES_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/vma.h"
#include "src/live/copy.h"
#include "src/live/dw.h"
#include "src/live/procfs.h"

struct site {
	uint64_t pc;			/* the key */
	const char *function, *module, *file;	/* "" where not known */
	uint32_t line;
	uint64_t start;			/* of the function, by its symbol; UNKNOWN */
	Dwarf_Frame *rules;		/* NULL: no call frame information */
	uint64_t end;			/* of the function, by its symbol; UNKNOWN */
	uint64_t takes;			/* see struct user_frame; UNKNOWN */
	bool takes_asked, takes_frame;	/* frame: its CFA hangs on %rbp, so the code has to tell */
	bool signal;			/* the frame of a signal's delivery */
	bool foreign;			/* the file is of a kind we cannot walk */
};

struct sites;
struct sites *sites_create(struct dw *dw);	/* `dw` stays with the caller */
void sites_destroy(struct sites *s);		/* NULL is fine */
/* The address space to be asked about now. What was known is kept where it is the same. */
void sites_use(struct sites *s, const struct procfs *fs, const struct layout *l);
/* Valid until the next sites_use(). */
const struct site *sites_at(struct sites *s, uint64_t pc);
/* site->takes, found out when it is first asked for. */
uint64_t sites_takes(struct sites *s, const struct site *site, struct copy *memory);
struct strings *sites_strings(struct sites *s);

#endif
