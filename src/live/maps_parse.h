/* SPDX-License-Identifier: GPL-2.0-or-later
 * One line of /proc/PID/maps, by hand: sscanf costs as much again as the kernel's work.
 */
#ifndef LIVE_MAPS_PARSE_H
#define LIVE_MAPS_PARSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maps_line {
	uint64_t start, end, offset, inode;
	uint32_t dev_major, dev_minor;
	uint8_t perms;		/* enum vma_perm */
	const char *path;	/* in the line; not NUL-terminated; \012 is undone by the caller */
	size_t path_len;
};

/* `line` without its newline. False when it is not such a line. */
bool maps_parse_line(const char *line, size_t n, struct maps_line *ret);
/* The kernel writes a newline in a path as \012 and nothing else so; undoes it. Returns
 * the new length; `out` has room for n bytes. */
size_t maps_unescape(const char *path, size_t n, char *out);

#endif
