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
#include "mmscope/output.h"
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
	bool huge;		/* for rungs that tell huge pages only */
} scenarios[] = {
	{ "nothing", { NULL }, true, false },
	{ "kinds of pages", { PAGES_SMALL, NULL }, true, false },
	{ "huge pages", { "--thp", "8M", "--shm", "64K", "--hugetlb", "4M", NULL }, true, true },
	{ "hugetlbfs", { "--hugetlb", "4M", NULL }, true, false },
	{ "huge pages of /dev/zero", { "--dev-zero", "4M", NULL }, true, true },
	{ "huge pages of zeroes", { "--huge-zero", "4M", NULL }, true, false },
	{ "marks of userfaultfd", { "--marked", "128K", NULL }, true, false },
	{ "threads", { "--threads", "40", NULL }, false, false },
	{ "reservation", { "--reserve", "32G", "--growsdown", "64K", NULL }, false, false },
	{ "3,000 VMAs", { "--vmas", "3000", "--file-vmas", "500", NULL }, false, false },
	{ "more than one chunk", { "--resident", "96M", "--cow", "1M", NULL }, false, false },
	{ "more regions than a vector", { "--sparse", "1G:2000", NULL }, false, false },
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

			if (scenarios[i].huge && !rungs[r].huge)
				continue;
			snprintf(name, sizeof(name), "%s, %s", scenarios[i].name, rungs[r].name);
			everything_is_true(&t, name, rungs[r].without, scenarios[i].mincore);
		}
		target_stop(&t);
	}
}

/* Without pagemap: only what the sums of smaps make certain. */
static void test_smaps_rung(void **state)
{
	struct target t = target_start((const char *const[]){ PAGES_SMALL, NULL });
	struct source *src = open_live(t.pid, WITHOUT_PAGEMAP);
	struct source *full = open_live(t.pid, 0);
	struct source_want want = { .everything = true };
	const struct snapshot *s = take(src, &want), *f = take(full, &want);
	unsigned seen[PAGE_NR] = { 0 };

	(void)state;
	assert_string_equal(s->cost.rung[PANEL_PAGES], "smaps");
	assert_int_equal(s->layout->n, f->layout->n);
	for (size_t i = 0; i < s->layout->n; i++) {
		const struct vma *v = &s->layout->vmas[i];
		struct page_counts c = residency_count(s->pages, v->start, v->end);
		struct page_counts d = residency_count(f->pages, v->start, v->end);
		uint64_t all = vma_size(v) >> PAGE_SHIFT, resident = page_counts_resident(&d);
		enum page_state want_state = !resident ? PAGE_ABSENT :
					     resident == all ? PAGE_PRESENT : PAGE_UNSEEN;

		if (v->path[0] == '/')	/* others may bring in pages of these */
			continue;
		assert_int_equal(c.n[want_state], all);
		seen[want_state]++;
	}
	assert_true(seen[PAGE_ABSENT] && seen[PAGE_PRESENT] && seen[PAGE_UNSEEN]);
	assert_non_null(whys_find(s->whys, "vmas[].pages"));
	/* The sums of smaps stand where the pages are not known. */
	for (size_t i = 0; i < s->layout->n; i++) {
		struct vma_figures want_f = vma_figures(f, i), have = vma_figures(s, i);

		if (s->layout->vmas[i].path[0] == '/')
			continue;
		assert_int_equal(have.rss, want_f.rss);
		assert_int_equal(have.anonymous, want_f.anonymous);
	}
	snapshot_put(s);
	snapshot_put(f);
	src->ops->close(src);
	full->ops->close(full);
	target_stop(&t);
}

/* Without any file of the mm: counters, threads and the reasons. */
static void test_lowest_rung(void **state)
{
	struct target t = target_start((const char *const[]){ "--resident", "1M", NULL });
	struct source *src = open_live(t.pid, WITHOUT_MAPS | WITHOUT_PAGEMAP | WITHOUT_SMAPS);
	struct source_want want = { .everything = true, .detail = true };
	const struct snapshot *s = take(src, &want);

	(void)state;
	assert_null(s->layout);
	assert_null(s->pages);
	assert_null(s->details);
	assert_true(s->statm_rss >= 1 << 20 && s->statm_rss != UNKNOWN);
	assert_int_equal(s->mm[MM_VM_RSS], s->statm_rss);
	assert_int_equal(s->tasks->n, 1);
	assert_non_null(whys_find(s->whys, "vmas"));
	assert_non_null(whys_find(s->whys, "pages"));
	snapshot_put(s);
	src->ops->close(src);
	/* Without smaps the rest stands, and the figures of smaps have their reason. */
	src = open_live(t.pid, WITHOUT_SMAPS);
	s = take(src, &want);
	assert_non_null(s->layout);
	assert_null(s->details);
	assert_non_null(whys_find(s->whys, "vmas[].pss"));
	snapshot_put(s);
	src->ops->close(src);
	target_stop(&t);
}

static int role_of_last(struct target *t, struct source *src)
{
	struct source_want want = { .everything = true };
	const struct snapshot *s = take(src, &want);
	uint64_t start = strtoull(target_do(t, "last"), NULL, 16);
	ssize_t i = layout_find(s->layout, start);
	int role = i < 0 ? -1 : s->layout->vmas[i].role;

	assert_true(i >= 0 && s->layout->vmas[i].start == start);
	snapshot_put(s);
	return role;
}

/* Who takes its access from memory keeps what is in it; a guard holds nothing. Whoever saw it
 * before and who comes later say the same. */
static void test_closed_memory(void **state)
{
	struct target t = target_start((const char *const[]){ "--map", "64K", NULL });
	struct source *src = open_live(t.pid, 0), *later;

	(void)state;
	assert_int_equal(role_of_last(&t, src), ROLE_ANON);
	target_do(&t, "close 16K");
	assert_int_equal(role_of_last(&t, src), ROLE_GUARD);
	target_do(&t, "map 64K");
	target_do(&t, "touch 8K");
	target_do(&t, "close 16K");
	assert_int_equal(role_of_last(&t, src), ROLE_ANON);
	later = open_live(t.pid, 0);
	assert_int_equal(role_of_last(&t, later), ROLE_ANON);
	/* Emptied, it cannot be told from one. */
	target_do(&t, "drop 16K");
	assert_int_equal(role_of_last(&t, later), ROLE_GUARD);
	later->ops->close(later);
	src->ops->close(src);
	target_stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything), cmocka_unit_test(test_smaps_rung),
		cmocka_unit_test(test_lowest_rung), cmocka_unit_test(test_closed_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
