/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include "src/live/hugetlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/lines.h"
#include "src/live/procfs.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4u
#endif

/* The sizes that machines have, as powers of two. */
static const unsigned sizes[] = { 16, 21, 25, 30, 34 };
enum { SIZE_SHIFT = 26 };	/* MFD_HUGE_SHIFT */

void hugetlb_init(struct hugetlb *h, int dir)
{
	*h = (struct hugetlb){ .dir = dir };
}

void hugetlb_deinit(struct hugetlb *h)
{
	free(h->dev);
	*h = (struct hugetlb){ .dir = -1 };
}

static void add(struct hugetlb *h, struct hugetlb_dev dev)
{
	VEC_GROW(h->dev, h->n, h->cap);
	h->dev[h->n++] = dev;
}

/* The kernel's own, one for each size: what memfd_create(2), mmap(2) and shmget(2) make lies
 * there. An empty file of ours takes no page. */
static void add_own(struct hugetlb *h)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int fd = memfd_create("", MFD_CLOEXEC | MFD_HUGETLB | sizes[i] << SIZE_SHIFT);
		struct stat st;

		if (fd < 0)
			continue;
		if (!fstat(fd, &st))
			add(h, (struct hugetlb_dev){ major(st.st_dev), minor(st.st_dev) });
		close(fd);
	}
}

bool hugetlb_parse_mount(const char *line, size_t n, struct hugetlb_dev *ret)
{
	static const char type[] = " - hugetlbfs ";
	const char *end = line + n;
	char dev[32];
	int field = 0;

	/* Blanks in names are escaped, so that the third field is the device. */
	if (!memmem(line, n, type, sizeof(type) - 1))
		return false;
	while (line < end && field < 2)
		field += *line++ == ' ';
	n = (size_t)(end - line) < sizeof(dev) ? (size_t)(end - line) : sizeof(dev) - 1;
	memcpy(dev, line, n);
	dev[n] = '\0';
	return sscanf(dev, "%u:%u ", &ret->major, &ret->minor) == 2;
}

static void add_mounted(struct hugetlb *h)
{
	int fd = h->dir < 0 ? -1 : procfs_open_file(h->dir, "mountinfo");
	struct hugetlb_dev dev;
	struct lines in;
	const char *line;
	char *buf;
	size_t n;

	if (fd < 0)
		return;
	buf = xmalloc(LINES_BUFFER);
	lines_start(&in, fd, buf);
	while (lines_next(&in, &line, &n))
		if (hugetlb_parse_mount(line, n, &dev))
			add(h, dev);
	free(buf);
	close(fd);
}

bool hugetlb_has(struct hugetlb *h, const struct vma *v)
{
	if (!v->inode)
		return false;
	if (!h->read) {
		h->read = true;
		add_own(h);
		add_mounted(h);
	}
	for (size_t i = 0; i < h->n; i++)
		if (h->dev[i].major == v->dev_major && h->dev[i].minor == v->dev_minor)
			return true;
	/* Where we may make no such file. */
	return !strncmp(v->path, "/anon_hugepage", 14);
}
