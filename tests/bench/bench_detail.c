/* SPDX-License-Identifier: GPL-2.0-or-later
 * All figures of smaps, of every VMA, with their sums.
 */
#include <config.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "src/live/lines.h"
#include "src/live/smaps.h"
#include "tests/bench/bench.h"

struct reader {
	pid_t pid;
	int fd;
	char *buf;
	struct strings *strings;
	uint64_t pss;		/* of the last time */
};

static double detail_ms(void *reader)
{
	struct reader *r = reader;
	double start = now_ms();
	struct layout *layout = NULL;
	struct details *details = NULL;

	lseek(r->fd, 0, SEEK_SET);
	if (smaps_read(r->fd, -1, r->buf, NULL, r->strings, &layout, &details, NULL))
		return -1;
	r->pss = details->pss;
	details_put(details);
	layout_put(layout);
	return now_ms() - start;
}

static uint64_t rollup_pss(pid_t pid)
{
	char *path = xasprintf("/proc/%d/smaps_rollup", (int)pid), line[256];
	FILE *f = fopen(path, "re");
	unsigned long long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	free(path);
	return kib << 10;
}

static double cat_ms(void *reader)
{
	const struct reader *r = reader;

	return run_ms(words("cat /proc/PID/smaps", r->pid), NULL);
}

static double pmap_ms(void *reader)
{
	const struct reader *r = reader;

	return have("pmap") ? run_ms(words("pmap -X PID", r->pid), NULL) : -1;
}

void bench_detail(void)
{
	const char *what = "all of smaps, 60,000 VMAs";
	struct reader r = { .pid = target_pid(T_VMAS), .fd = -1 };
	struct turn turns[] = {
		{ .take = detail_ms, .arg = &r }, { .take = cat_ms, .arg = &r },
		{ .take = pmap_ms, .arg = &r, .every = 3 },
	};
	const struct side *ours = &turns[0].side, *cat = &turns[1].side, *pmap = &turns[2].side;
	char *path = xasprintf("/proc/%d/smaps", (int)r.pid);
	uint64_t rollup;

	r.fd = r.pid ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	r.strings = strings_create();
	r.buf = xmalloc(LINES_BUFFER);
	if (r.fd >= 0)
		take_turns(turns, ARRAY_LEN(turns));
	if (!ours->n) {
		report_missing(5, what, "no figures");
	} else {
		rollup = rollup_pss(r.pid);
		report_sides(5, what, UNIT_MS, ours, "cat smaps", cat, false, 1.15);
		if (pmap->n)
			report_sides(5, what, UNIT_MS, ours, "pmap -X", pmap, false, 1.0 / 6);
		else
			report_missing(5, what, "pmap is missing");
		if (pmap->n)
			note("  the kernel's part, cat smaps, is 1/%.1f of pmap -X",
			     side_median(pmap) / side_median(cat));
		report(5, "  its sum of Pss", UNIT_MIB, (double)r.pss / 1048576, "smaps_rollup",
		       (double)rollup / 1048576, true, 0.99);
	}
	if (r.fd >= 0)
		close(r.fd);
	free(r.buf);
	strings_put(r.strings);
	free(path);
}
