/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which pages are there: our pass beside reading pagemap and smaps.
 */
#include <config.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/lines.h"
#include "src/live/look.h"
#include "src/live/maps.h"
#include "tests/bench/bench.h"

struct place {
	pid_t pid;
	int maps, pagemap;
	struct layout *layout;
	struct strings *strings;
	struct looker *looker;
	const struct vma *largest;
};

static int open_file(pid_t pid, const char *name)
{
	char *path = xasprintf("/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	return fd;
}

static bool place_open(struct place *p, enum target t)
{
	char *buf = xmalloc(LINES_BUFFER);

	p->pid = target_pid(t);
	p->maps = p->pid ? open_file(p->pid, "maps") : -1;
	p->pagemap = p->pid ? open_file(p->pid, "pagemap") : -1;
	p->strings = strings_create();
	p->layout = NULL;
	if (p->maps >= 0)
		maps_read(p->maps, buf, NULL, p->strings, NULL, &p->layout);
	free(buf);
	p->looker = xcalloc(1, sizeof(*p->looker));
	look_init(p->looker, p->pagemap, LOOK_SCAN);
	for (size_t i = 0; p->layout && i < p->layout->n; i++)
		if (i == 0 || vma_size(&p->layout->vmas[i]) > vma_size(p->largest))
			p->largest = &p->layout->vmas[i];
	return p->layout && p->pagemap >= 0;
}

static void place_close(struct place *p)
{
	layout_put(p->layout);
	strings_put(p->strings);
	free(p->looker);
	if (p->maps >= 0)
		close(p->maps);
	if (p->pagemap >= 0)
		close(p->pagemap);
}

static double look_ms(struct place *p, uint64_t from, uint64_t to)
{
	struct look l = { .layout = p->layout, .kinds = KINDS_NONE, .fd_maps = p->maps };
	struct residency *r = residency_create();
	double start = now_ms();
	clockid_t clock;

	/* As the program does: a target that has not run waits for nothing. */
	scan_quiet(&p->looker->scan, clock_getcpuclockid(p->pid, &clock) ? NULL : &clock);
	while (from < to) {
		uint64_t reached = look_at(p->looker, &l, from, to, r);

		if (reached <= from)
			break;
		from = reached;
	}
	residency_put(r);
	return now_ms() - start;
}

static double all_ms(void *place)
{
	struct place *p = place;

	return look_ms(p, p->layout->vmas[0].start, 0x7ffffffff000);
}

static double pagemap_ms(void *place)
{
	const struct place *p = place;
	static uint64_t entries[1 << 16];
	double start = now_ms();

	for (size_t i = 0; i < p->layout->n; i++) {
		const struct vma *v = &p->layout->vmas[i];
		uint64_t page = v->start / PAGE_BYTES, end = v->end / PAGE_BYTES;

		if (v->role == ROLE_VSYSCALL || v->start >= 1ull << 63)
			continue;
		while (page < end) {
			uint64_t n = end - page < ARRAY_LEN(entries) ? end - page : ARRAY_LEN(entries);

			if (pread(p->pagemap, entries, n * 8, (off_t)(page * 8)) <= 0)
				break;
			page += n;
		}
	}
	return now_ms() - start;
}

static double smaps_ms(void *place)
{
	const struct place *p = place;

	return run_ms(words("cat /proc/PID/smaps", p->pid), NULL);
}

static void dense(void)
{
	struct place p;
	struct turn turns[] = {
		{ .take = all_ms, .arg = &p }, { .take = pagemap_ms, .arg = &p }, { .take = smaps_ms, .arg = &p },
	};
	double ours;

	if (!place_open(&p, T_RESIDENT)) {
		report_missing(4, "residency, 8 GiB", "no target");
		place_close(&p);
		return;
	}
	take_turns(turns, ARRAY_LEN(turns));
	ours = side_median(&turns[0].side);
	report(4, "residency, 8 GiB", UNIT_MS, ours, "reading pagemap", side_median(&turns[1].side), false, 0.5);
	report(4, "residency, 8 GiB", UNIT_MS, ours, "cat smaps", side_median(&turns[2].side), false, 0.35);
	place_close(&p);
}

static void sparse(void)
{
	struct side ours = { .n = 0 }, window = { .n = 0 };
	struct place p;
	double raw;
	uint64_t middle;

	if (!place_open(&p, T_SPARSE)) {
		report_missing(4, "residency, 16 TiB sparse", "no target");
		place_close(&p);
		return;
	}
	middle = p.largest->start + vma_size(p.largest) / 2;
	for (int i = 0; i < rounds; i++) {
		wait_for_quiet();
		side_add(&ours, all_ms(&p));
		side_add(&window, look_ms(&p, middle, middle + vma_size(p.largest) / 64));
	}
	raw = pagemap_ms(&p);		/* once is enough: it takes a quarter of a minute */
	report(4, "residency, 16 TiB sparse", UNIT_MS, side_median(&ours), "reading pagemap, once", raw, false,
	       1.0 / 150);
	report_sides(4, "  a window of 1/64 of it", UNIT_MS, &window, "all of it", &ours, false,
		     1.0 / 40);
	place_close(&p);
}

void bench_residency(void)
{
	dense();
	target_stop(T_RESIDENT);	/* others need the memory */
	sparse();
}
