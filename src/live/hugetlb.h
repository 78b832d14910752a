/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which mappings are of hugetlbfs, whose pages the kernel counts apart, where PROCMAP_QUERY
 * (6.11+) does not tell the size of their pages: those of files on a hugetlbfs, which is
 * either mounted where the process lives or the kernel's own.
 */
#ifndef LIVE_HUGETLB_H
#define LIVE_HUGETLB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/vma.h"

struct hugetlb {
	int dir;		/* /proc/PID, not ours; -1: nothing is known of mounts */
	bool read;
	size_t n, cap;
	struct hugetlb_dev { uint32_t major, minor; } *dev;
};

/* Nothing is read before it is asked for. */
void hugetlb_init(struct hugetlb *h, int dir);
void hugetlb_deinit(struct hugetlb *h);
bool hugetlb_has(struct hugetlb *h, const struct vma *v);
/* One line of mountinfo; true: a hugetlbfs, and the device in *ret. */
bool hugetlb_parse_mount(const char *line, size_t n, struct hugetlb_dev *ret);

#endif
