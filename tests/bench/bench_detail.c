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

static double detail_ms(int fd, char *buf, struct strings *strings, uint64_t *pss)
{
	double start = now_ms();
	struct layout *layout = NULL;
	struct details *details = NULL;

	lseek(fd, 0, SEEK_SET);
	if (smaps_read(fd, buf, NULL, strings, &layout, &details, NULL))
		return -1;
	*pss = details->pss;
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

void bench_detail(void)
{
	struct side ours = { .n = 0 }, cat = { .n = 0 }, pmap = { .n = 0 };
	const char *what = "all of smaps, 60,000 VMAs";
	pid_t pid = target_pid(T_VMAS);
	char *path = xasprintf("/proc/%d/smaps", (int)pid);
	int fd = pid ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct strings *strings = strings_create();
	char *buf = xmalloc(LINES_BUFFER);
	uint64_t pss = 0, rollup;

	for (int i = 0; fd >= 0 && i < rounds; i++) {
		double ms;

		wait_for_quiet();
		ms = detail_ms(fd, buf, strings, &pss);

		if (ms >= 0)
			side_add(&ours, ms);
		side_add(&cat, run_ms(words("cat /proc/PID/smaps", pid), NULL));
		if (have("pmap") && i % 3 == 0)
			side_add(&pmap, run_ms(words("pmap -X PID", pid), NULL));
	}
	if (!ours.n) {
		report_missing(5, what, "no figures");
	} else {
		rollup = rollup_pss(pid);
		report(5, what, UNIT_MS, side_median(&ours), "cat smaps", side_median(&cat), false, 1.15);
		if (pmap.n)
			report(5, what, UNIT_MS, side_median(&ours), "pmap -X", side_median(&pmap), false, 1.0 / 6);
		else
			report_missing(5, what, "pmap is missing");
		if (pmap.n)
			note("  the kernel's part, cat smaps, is 1/%.1f of pmap -X",
			     side_median(&pmap) / side_median(&cat));
		report(5, "  its sum of Pss", UNIT_MIB, (double)pss / 1048576, "smaps_rollup",
		       (double)rollup / 1048576, true, 0.99);
	}
	if (fd >= 0)
		close(fd);
	free(buf);
	strings_put(strings);
	free(path);
}
