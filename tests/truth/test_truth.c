/* SPDX-License-Identifier: GPL-2.0-or-later
 * The live source against the truth, on every rung of its ladder.
 *
 * Others share files with the targets and may come and go in between; a comparison that
 * fails is therefore made anew a few times, each time with a new sample.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "src/live/live.h"
#include "tests/truth/truth.h"

enum { ATTEMPTS = 5 };

#define PAGES_SMALL "--cow", "256K", "--guard", "128K", "--zero", "128K", "--shm", "256K", \
		    "--memfd", "128K", "--file", "512K", "--resident", "1M", "--stack", "700K", \
		    "--heap", "200K", "--lock", "64K"

static const struct scenario {
	const char *name;
	const char *args[28];
	bool mincore;
} scenarios[] = {
	{ "nothing", { NULL }, true },
	{ "kinds of pages", { PAGES_SMALL, NULL }, true },
	{ "threads", { "--threads", "40", NULL }, false },
	{ "reservation", { "--reserve", "32G", "--growsdown", "64K", NULL }, false },
	{ "3,000 VMAs", { "--vmas", "3000", "--file-vmas", "500", NULL }, false },
	{ "more than one chunk", { "--resident", "96M", "--cow", "1M", NULL }, false },
	{ "more regions than a vector", { "--sparse", "1G:2000", NULL }, false },
};

static const struct {
	const char *name;
	unsigned without;
	bool huge;		/* tells huge pages */
} rungs[] = {
	{ "PAGEMAP_SCAN", 0, true },
	{ "pagemap", WITHOUT_SCAN, false },
	{ "no libproc2, clock, pidfd", WITHOUT_LIBPROC | WITHOUT_CLOCK | WITHOUT_PIDFD, true },
	{ "no PROCMAP_QUERY", WITHOUT_PROCMAP, true },
};

static struct source *open_live(pid_t pid, unsigned without)
{
	struct live_options lo = { .without = without };
	struct source_options o = { .proc_root = "/proc" };
	struct source *src;
	struct error *err = live_open(pid, &o, &lo, &src);

	if (err)
		fail_msg("%s", err->message);
	return src;
}

static const struct snapshot *take(struct source *src, const struct source_want *want)
{
	const struct snapshot *s;
	struct error *err = src->ops->sample(src, want, &s);

	if (err)
		fail_msg("%s", err->message);
	return s;
}

static const char *compare(struct target *t, const struct snapshot *s, bool mincore)
{
	const char *d = truth_layout(t->pid, s);

	if (!*d)
		d = truth_pages(t->pid, s);
	if (!*d)
		d = truth_sums(t->pid, s);
	if (!*d)
		d = truth_details(t->pid, s);
	if (!*d && mincore)
		d = truth_mincore(t, s);
	return d;
}

static void everything_is_true(struct target *t, const char *name, unsigned without, bool mincore)
{
	struct source *src = open_live(t->pid, without);
	struct source_want want = { .everything = true, .detail = true };
	const char *d = "";

	for (int i = 0; i < ATTEMPTS; i++) {
		const struct snapshot *s = take(src, &want);

		d = compare(t, s, mincore);
		snapshot_put(s);
		if (!*d)
			break;
	}
	src->ops->close(src);
	if (*d)
		fail_msg("%s: %s", name, d);
}

static void test_everything(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		struct target t = target_start(scenarios[i].args);

		for (size_t r = 0; r < ARRAY_LEN(rungs); r++) {
			char name[128];

			snprintf(name, sizeof(name), "%s, %s", scenarios[i].name, rungs[r].name);
			everything_is_true(&t, name, rungs[r].without, scenarios[i].mincore);
		}
		target_stop(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
