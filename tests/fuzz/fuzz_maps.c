/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as maps and as smaps: whatever is understood of them makes a layout that is
 * sorted and disjoint, has a role for everything and equals itself when read again.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/lines.h"
#include "src/live/maps.h"
#include "src/live/roles.h"
#include "src/live/smaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct layout *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];

		must(v->start < v->end);
		must(!i || v->start >= l->vmas[i - 1].end);
		must(v->role < ROLE_NR && v->guess <= 2 && v->growsdown <= 2);
		must(layout_find(l, v->start) == (ssize_t)i);
	}
}

/* Two threads, one of them with its stack pointer in the middle of what there is. */
static struct task_list *tasks_in(const struct layout *l)
{
	struct task_list *t = task_list_create();

	task_list_add(t, 100);
	task_list_add(t, 200)->sp = l->n ? l->vmas[l->n / 2].start + 8 : 0;
	return t;
}

static void assign(struct layout *l, const struct details *d)
{
	uint64_t mm[MM_NR];
	struct task_list *t = tasks_in(l);
	struct roles_in in = { .mm = mm, .tasks = t, .details = d, .pid = 100 };

	for (int i = 0; i < MM_NR; i++)
		mm[i] = UNKNOWN;
	roles_assign(l, &in);
	roles_stale(l, t, 100);
	task_list_put(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buf[LINES_BUFFER];
	static int fd = -1;
	struct strings *strings = strings_create();
	struct layout *l, *again;
	struct smaps_sums sums = { 0 };
	struct seen seen = { .n = 0 };
	struct details *d;

	if (fd < 0)
		fd = memfd_create("input", 0);
	must(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	if (!maps_read(fd, buf, NULL, strings, NULL, &l)) {
		assign(l, NULL);
		check(l);
		for (int i = 0; i < 3; i++) {	/* parsed, remembered, known */
			must(!maps_read(fd, buf, l, strings, &seen, &again));
			must(again == l);
			layout_put(again);
		}
		seen_free(&seen);
		layout_put(l);
	}
	if (!smaps_read(fd, -1, buf, NULL, strings, &l, &d, &sums)) {
		must(sums.n == l->n);
		for (size_t i = 0; i < l->n; i++)
			must(smaps_sum_find(&sums, l->vmas[i].start) == &sums.sum[i]);
		check(l);
		details_put(d);
		layout_put(l);
	}
	smaps_sums_free(&sums);
	strings_put(strings);
	return 0;
}
