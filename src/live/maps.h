/* SPDX-License-Identifier: GPL-2.0-or-later
 * The layout of a live process: read whole from the text of maps, or in part by
 * PROCMAP_QUERY. A layout equal to the one before is that one.
 */
#ifndef LIVE_MAPS_H
#define LIVE_MAPS_H
#include <stdbool.h>
#include "mmscope/source.h"
#include "mmscope/vma.h"
#include "src/live/seen.h"
#include "src/live/maps_parse.h"

/* Collects the VMAs of one pass in rising order. While they equal those of `old`
 * nothing is stored, so that a look at 60,000 unchanged VMAs costs no memory. */
struct maps_build {
	const struct layout *old;
	struct strings *strings;
	int maps;		/* an open maps file, asked for paths that the text leaves open; or -1 */
	bool same;
	size_t n, cap;
	struct vma *vmas;
};

void maps_build_start(struct maps_build *b, const struct layout *old, struct strings *strings,
		      int maps);
/* False, and nothing added, when the VMA does not lie above the one before. */
bool maps_build_add(struct maps_build *b, const struct maps_line *m);
/* The same for n VMAs that are those of `old` from `first` on. */
bool maps_build_keep(struct maps_build *b, size_t first, size_t n);
/* A new reference: to `old` when all was equal, else to a layout whose roles are not
 * known yet (ROLE_OTHER), or carried over where the VMA is as before. */
struct layout *maps_build_end(struct maps_build *b);
void maps_build_drop(struct maps_build *b);

/* Reads all of an open maps file; `buf` has LINES_BUFFER bytes. 0, or errno; ESRCH
 * when the mm is gone (nothing at all was read). *ret is untouched on failure. `seen`,
 * or NULL, remembers the text for the next reading, when its layout is `old` then. */
int maps_read(int fd, char *buf, const struct layout *old, struct strings *strings,
	      struct seen *seen, struct layout **ret);

/* Is what maps has in `span` what the layout has? 0 yes, 1 no, else -errno. */
int maps_check(int fd, const struct layout *l, struct span span);
/* The size of the pages behind the VMA at addr; 0 when the kernel does not tell. */
uint64_t maps_page_size(int fd, uint64_t addr);
/* The layout with what PROCMAP_QUERY has around `span` in place of what it had there. */
int maps_splice(int fd, const struct layout *l, struct span span, struct layout **ret);

#endif
