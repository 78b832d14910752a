/* SPDX-License-Identifier: GPL-2.0-or-later
 * The live source and the list of processes over trees of files: an ordinary process, and
 * such as no kernel should give but which must be survived.
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
#include "mmscope/proclist.h"
#include "mmscope/text.h"
#include "src/live/live.h"

static char root[4096];

static int find_root(void **state)
{
	const char *srcdir = getenv("srcdir");

	(void)state;
	snprintf(root, sizeof(root), "%s/tests/fixtures/proc", srcdir ? srcdir : ".");
	return 0;
}

static const struct snapshot *sample(const char *pid, bool detail)
{
	struct source_options o = { .proc_root = root };
	struct source_want want = { .everything = true, .detail = detail };
	const struct snapshot *s;
	struct source *src;
	struct error *err = live_source_ops.open(pid, &o, &src);

	if (!err)
		err = src->ops->sample(src, &want, &s);
	if (err)
		fail_msg("%s: %s", pid, err->message);
	/* What stands on files does not move. */
	for (int i = 0; i < 3; i++) {
		const struct snapshot *again;

		want.detail = false;
		assert_null(src->ops->sample(src, &want, &again));
		assert_ptr_equal(again->layout, s->layout);
		assert_ptr_equal(again->pages, s->pages);
		snapshot_put(again);
	}
	src->ops->close(src);
	return s;
}

static const char *pages_of(const struct snapshot *s, size_t i)
{
	static struct buf b = BUF_INIT;

	buf_reset(&b);
	residency_encode(s->pages, s->layout->vmas[i].start, s->layout->vmas[i].end, &b);
	return buf_str(&b);
}

static void test_ordinary(void **state)
{
	static const struct { const char *pages; uint8_t role; } want[] = {
		{ "F", ROLE_TEXT }, { "A", ROLE_DATA }, { "Z", ROLE_BSS }, { "AS", ROLE_HEAP },
		/* its last page is called a file's, which is what the huge page of zeroes is called */
		{ ".", ROLE_GUARD }, { ".G.Z", ROLE_THREAD_STACK },
	};
	const struct snapshot *s = sample("100", true);

	(void)state;
	assert_int_equal(s->layout->n, 8);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_string_equal(pages_of(s, i), want[i].pages);
		assert_int_equal(s->layout->vmas[i].role, want[i].role);
		assert_int_equal(s->layout->vmas[i].guess, 0);
	}
	assert_int_equal(s->layout->vmas[5].tid, 101);
	assert_int_equal(s->layout->vmas[6].growsdown, 1);
	assert_int_equal(s->layout->vmas[5].growsdown, 0);
	assert_string_equal(pages_of(s, 7), ".");
	/* The file pagemap of the fixture ends below the stack. */
	assert_int_equal(residency_at(s->pages, s->layout->vmas[6].start), PAGE_UNSEEN);
	assert_non_null(whys_find(s->whys, "vmas[].pages"));
	assert_string_equal(s->process.exe, "/bin/agent");
	assert_int_equal(s->process.uid, 1000);
	assert_int_equal(s->mm[MM_BRK], 0x405000);
	assert_int_equal(s->mm[MM_VM_PTE], 24 << 10);
	assert_int_equal(s->limits[LIMIT_MEMLOCK], 65536);
	assert_int_equal(s->limits[LIMIT_DATA], UNLIMITED);
	assert_int_equal(s->process.auxv_sp_end, 0x7fffffffefd0);
	assert_int_equal(s->tasks->n, 2);
	assert_int_equal(s->tasks->tasks[1].stack.vma_start, 0x408000);
	assert_int_equal(s->tasks->tasks[1].stack.used, 0x40c000 - 0x40bf00);
	/* The marked page above the mapping without access is the nearer guard. */
	assert_int_equal(s->tasks->tasks[1].stack.guard_end, 0x40a000);
	assert_int_equal(s->tasks->tasks[1].syscall, 202);
	assert_non_null(s->details);
	assert_int_equal(s->details->vma[0].pss, 2048);
	assert_int_equal(s->details->vma[3].swap, 4096);
	assert_string_equal(s->cost.rung[PANEL_TASKS], "own reader");
	assert_string_equal(s->cost.rung[PANEL_PAGES], "pagemap");
	snapshot_put(s);
}

static void test_hostile_names(void **state)
{
	static const struct { const char *path; uint8_t role; } want[] = {
		{ "/tmp/esc\033[31mred", ROLE_TEXT },
		{ "/tmp/c1\xc2\x9b" "31m raw\x9b" "31m", ROLE_FILE },
		{ "/tmp/invalid\xff\xfe\xc0\xaf", ROLE_FILE },
		{ "/tmp/bidi\xe2\x80\xaetxt.exe\xe2\x80\x8b", ROLE_FILE },
		{ "/tmp/new\nline\n", ROLE_FILE },
		{ "/tmp/gone (deleted)", ROLE_FILE },
		{ "/memfd:odd\a name (deleted)", ROLE_SHARED },
		{ "[anon:my\033]heap]", ROLE_ANON },
		{ "[anon:stack_and_tls:200]", ROLE_THREAD_STACK },
		{ "/dev/zero (deleted)", ROLE_SHARED },
		{ "[something new]", ROLE_OTHER },
		{ "[heap]", ROLE_FILE },	/* a file of that name */
		{ "//deleted/\t tab  and   blanks", ROLE_FILE },
	};
	const struct snapshot *s = sample("200", false);

	(void)state;
	assert_int_equal(s->layout->n, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		char *clean = text_sanitized(s->layout->vmas[i].path);

		assert_string_equal(s->layout->vmas[i].path, want[i].path);
		assert_int_equal(s->layout->vmas[i].role, want[i].role);
		for (const char *p = clean; *p; p++)
			assert_true((unsigned char)*p >= ' ' && *p != 127);
		assert_true(utf8_valid(clean, strlen(clean)));
		free(clean);
	}
	assert_string_equal(s->process.comm, "a) R 1 (\033[2J\n");
	assert_int_equal(s->process.state, 'S');
	assert_int_equal(s->process.ppid, 100);
	assert_string_equal(s->tasks->tasks[0].comm, "a) R 1 (\033[2J\n");
	assert_non_null(whys_find(s->whys, "pages"));
	snapshot_put(s);
}

/* Every figure that is not known has its reason. */
static void reasons_complete(const struct snapshot *s)
{
	static const char *const limit_what = "limits";
	char what[64];

	for (int i = 0; i < MM_NR; i++) {
		snprintf(what, sizeof(what), "mm.%s", mm_fields[i].key);
		if (s->mm[i] == UNKNOWN && !whys_find(s->whys, what))
			fail_msg("no reason for %s", what);
	}
	for (int i = 0; i < LIMIT_NR; i++)
		assert_true(s->limits[i] != UNKNOWN || whys_find(s->whys, limit_what));
	assert_true(s->minflt != UNKNOWN || whys_find(s->whys, "faults"));
	assert_true(s->layout || whys_find(s->whys, "vmas"));
	assert_true(!s->layout || s->pages || whys_find(s->whys, "pages"));
	assert_true(s->tasks || whys_find(s->whys, "tasks"));
	assert_true(s->process.exe[0] || whys_find(s->whys, "process.exe"));
	for (size_t i = 0; s->tasks && i < s->tasks->n; i++) {
		const struct task *t = &s->tasks->tasks[i];

		assert_true(t->sp != UNKNOWN || whys_find(s->whys, "tasks[].sp"));
		assert_true(t->pc != UNKNOWN || whys_find(s->whys, "tasks[].pc"));
		assert_true(t->syscall >= 0 || whys_find(s->whys, "tasks[].syscall"));
		assert_true(t->stack.found || whys_find(s->whys, "tasks[].stack"));
		assert_true(t->stack.used != UNKNOWN || whys_find(s->whys, "tasks[].stack.used"));
		assert_true(t->stack.resident != UNKNOWN ||
			    whys_find(s->whys, "tasks[].stack.resident"));
		assert_true(t->stack.high_water != UNKNOWN ||
			    whys_find(s->whys, "tasks[].stack.high_water"));
	}
}

static void test_reasons(void **state)
{
	static const char *const all[] = {
		"2", "100", "200", "300", "400", "500", "600", "700",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct snapshot *s = sample(all[i], false);

		reasons_complete(s);
		for (size_t v = 1; s->layout && v < s->layout->n; v++)
			assert_true(s->layout->vmas[v].start >= s->layout->vmas[v - 1].end);
		snapshot_put(s);
	}
}

static void test_cut_off(void **state)
{
	const struct snapshot *s = sample("300", true);

	(void)state;
	assert_int_equal(s->layout->n, 2);
	assert_string_equal(s->layout->vmas[1].path, "/bin/cut");
	assert_int_equal(s->statm_rss, UNKNOWN);
	assert_int_equal(s->mm[MM_RSS_ANON], 12 << 10);
	assert_int_equal(s->mm[MM_VM_LOCKED], 0);
	assert_int_equal(s->mm[MM_VM_STACK], UNKNOWN);
	assert_int_equal(s->tasks->tasks[0].sp, UNKNOWN);
	snapshot_put(s);
}

static void test_huge_numbers(void **state)
{
	const struct snapshot *s = sample("400", false);

	(void)state;
	assert_int_equal(s->layout->n, 4);
	assert_int_equal(s->layout->vmas[0].end, 0x401000);
	assert_int_equal(s->layout->vmas[1].offset, UINT64_MAX);
	assert_int_equal(s->layout->vmas[2].end, 0xffffffffff600000);
	assert_int_equal(s->mm[MM_VM_SIZE], UNKNOWN);
	assert_int_equal(s->mm[MM_VM_PTE], UNKNOWN);
	snapshot_put(s);
}

static void test_empty(void **state)
{
	const struct snapshot *s = sample("500", false);

	(void)state;
	assert_null(s->layout);
	assert_null(s->tasks);
	assert_int_equal(s->process.state, '?');
	assert_int_equal(s->minflt, UNKNOWN);
	snapshot_put(s);
}

static void test_kernel_thread_and_zombie(void **state)
{
	const struct snapshot *k = sample("2", false), *z = sample("600", false);

	(void)state;
	assert_true(k->process.kthread);
	assert_null(k->layout);
	assert_non_null(strstr(whys_find(k->whys, "vmas")->why, "kernel thread"));
	assert_int_equal(z->process.state, 'Z');
	assert_null(z->layout);
	assert_non_null(strstr(whys_find(z->whys, "vmas")->why, "zombie"));
	/* Not for want of a right. */
	assert_non_null(strstr(whys_find(z->whys, "mm.start_code")->why, "gave its memory back"));
	assert_non_null(strstr(whys_find(z->whys, "mm.brk")->why, "gave its memory back"));
	assert_non_null(strstr(whys_find(z->whys, "process.exe")->why, "zombie"));
	snapshot_put(k);
	snapshot_put(z);
}

static void test_not_there(void **state)
{
	static const char *const none[] = { "1", "99999", "0800" };
	struct source_options o = { .proc_root = root };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		struct source *src;
		struct error *err = live_source_ops.open(none[i], &o, &src);

		assert_non_null(err);
		assert_int_equal(err->code, ERR_NO_PROCESS);
		error_destroy(err);
	}
}

static const struct proc_entry *entry(const struct proclist *l, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].pid == pid)
			return &l->entries[i];
	fail_msg("process %d is not listed", (int)pid);
	return NULL;
}

static void test_list(void **state)
{
	struct proclist l;
	const struct proc_entry *e;
	struct error *err;

	(void)state;
	assert_null(proclist_read(root, &l));
	assert_string_equal(l.backend, "own reader");
	assert_null(l.hidden);
	/* 500 has an empty stat; 12abc and sys are no processes; 0800 is 800 spelt oddly. */
	for (size_t i = 1; i < l.n; i++)
		assert_true(l.entries[i - 1].pid < l.entries[i].pid);
	e = entry(&l, 200);
	assert_string_equal(e->comm, "a) R 1 (\033[2J\n");
	assert_string_equal(e->cmdline, "\033]0;title\a \xff\xfe caf\xc3\xa9");
	assert_int_equal(e->rss, 16 << 10);
	assert_int_equal(e->stack, 132 << 10);
	assert_int_equal(entry(&l, 100)->threads, 2);
	e = entry(&l, 2);
	assert_true(e->kthread);
	assert_string_equal(e->cmdline, "");
	assert_int_equal(e->rss, 0);
	proclist_free(&l);
	err = proclist_read("/nonexistent", &l);
	assert_non_null(err);
	error_destroy(err);
}

static void test_tree(void **state)
{
	struct proclist l;
	size_t n;

	(void)state;
	assert_null(proclist_read(root, &l));
	n = l.n;
	proclist_tree(&l);
	assert_int_equal(l.n, n);
	assert_int_equal(entry(&l, 100)->depth, 0);	/* its parent 1 is not listed */
	assert_int_equal(entry(&l, 200)->depth, 1);
	assert_int_equal(entry(&l, 600)->depth, 1);
	assert_ptr_equal(entry(&l, 100) + 1, entry(&l, 200));
	assert_ptr_equal(entry(&l, 200) + 1, entry(&l, 600));
	/* Parents in a circle: each is there once. */
	assert_int_equal(entry(&l, 700)->depth, 0);
	assert_int_equal(entry(&l, 701)->depth, 1);
	assert_int_equal(entry(&l, 702)->depth, 0);
	proclist_free(&l);
}

static size_t matches(const struct proclist *l, const char *name, pid_t *first)
{
	size_t *found, n = proclist_match(l, name, &found);

	*first = n ? l->entries[found[0]].pid : 0;
	free(found);
	return n;
}

static void test_match(void **state)
{
	struct proc_entry entries[] = {
		{ .pid = 1, .comm = "sh", .cmdline = (char *)"/bin/bash -c x" },
		{ .pid = 2, .comm = "bash", .cmdline = (char *)"bash" },
		{ .pid = 3, .comm = "python3", .cmdline = (char *)"/opt/tool/serve --bash" },
		{ .pid = 4, .comm = "kworker/0:1", .cmdline = (char *)"", .kthread = true },
	};
	struct proclist l = { .n = ARRAY_LEN(entries), .entries = entries };
	pid_t first;

	(void)state;
	assert_int_equal(matches(&l, "bash", &first), 1);	/* the comm is exact */
	assert_int_equal(first, 2);
	assert_int_equal(matches(&l, "serve", &first), 1);
	assert_int_equal(first, 3);
	assert_int_equal(matches(&l, "bas", &first), 2);
	assert_int_equal(matches(&l, "erv", &first), 1);
	assert_int_equal(matches(&l, "kworker", &first), 0);
	assert_int_equal(matches(&l, "kworker/0:1", &first), 1);
	assert_int_equal(matches(&l, "", &first), 0);
	assert_int_equal(matches(&l, "nothing", &first), 0);
	l.self = 2;			/* who asks does not mean himself */
	assert_int_equal(matches(&l, "bash", &first), 1);
	assert_int_equal(first, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary), cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_reasons), cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_huge_numbers), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_kernel_thread_and_zombie), cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_list), cmocka_unit_test(test_tree),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, find_root, NULL);
}
