/* SPDX-License-Identifier: GPL-2.0-or-later
 * The filter language: what passes, what is refused and where, and that no pattern
 * can cost more than it may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/filter.h"

#define MiB (1024 * 1024ull)

/* A small space; pages of the heap and of libc's text are resident. */
static struct snapshot *space(void)
{
	static const struct vma vmas[] = {
		{ 0x400000, 0x500000, 0, 11, "/usr/bin/Tool", 8, 1, 0, VMA_READ | VMA_EXEC,
		  ROLE_TEXT, 0, 0 },
		{ 0x600000, 0xe00000, 0, 0, "[heap]", 0, 0, 0, VMA_READ | VMA_WRITE, ROLE_HEAP, 0,
		  0 },
		{ 0x7f0000000000, 0x7f0000100000, 0, 12, "/lib/libc.so.6", 8, 1, 0,
		  VMA_READ | VMA_EXEC, ROLE_TEXT, 0, 0 },
		{ 0x7f0000200000, 0x7f0000a00000, 0, 0, "", 0, 0, 77, VMA_READ | VMA_WRITE,
		  ROLE_THREAD_STACK, 1, 0 },
		{ 0x7f0001000000, 0x7f0001001000, 0, 13, "/tmp/caf\xc3\xa9 \xff (deleted)", 8, 1, 0,
		  VMA_READ, ROLE_FILE, 0, 0 },
		{ 0x7ffd00000000, 0x7ffd00021000, 0, 0, "[stack]", 0, 0, 0, VMA_READ | VMA_WRITE,
		  ROLE_STACK, 0, 1 },
	};
	struct strings *names = strings_create();
	struct layout *l = layout_create(names, ARRAY_LEN(vmas));
	struct residency *r = residency_create();
	struct snapshot *s = snapshot_create();

	strings_put(names);
	memcpy(l->vmas, vmas, sizeof(vmas));
	residency_append(r, 0x600000, 0x600000 + 5 * MiB, PAGE_ANON);
	residency_append(r, 0x7f0000000000, 0x7f0000010000, PAGE_FILE_SHARED);
	s->layout = l;
	s->pages = r;
	return s;
}

/* Indices that pass, as a string like "0 2". */
static const char *passing(struct snapshot *s, const char *text, char *out)
{
	struct filter_error err;
	struct filter *f = filter_compile(&filter_vmas, text, &err);
	char *p = out;

	if (!f)
		fail_msg("\"%s\": column %u: %s", text, err.column, err.message);
	*p = '\0';
	for (size_t i = 0; i < s->layout->n; i++) {
		struct filter_vma row = { s, i };

		if (filter_match(f, &row))
			p += sprintf(p, "%s%zu", p > out ? " " : "", i);
	}
	assert_false(filter_costly(f));
	filter_destroy(f);
	return out;
}

static void test_passes(void **state)
{
	static const struct { const char *text, *rows; } cases[] = {
		{ "", "0 1 2 3 4 5" },
		{ "   ", "0 1 2 3 4 5" },
		{ "lib", "2" },
		{ "tool", "0" }, { "Tool", "0" }, { "TOOL", "" },	/* smart case */
		{ "heap", "1" }, { "!heap", "0 2 3 4 5" }, { "!!heap", "1" },
		/* the role, not the text in "thread-stack" */
		{ "stack", "5" },
		{ "\"stack\"", "3 5" },			/* quoted: the text */
		{ "thread-stack | heap", "1 3" }, { "thread-stack or heap", "1 3" },
		{ "text lib", "2" }, { "text and lib", "2" }, { "text (lib | tool)", "0 2" },
		{ "heap or text lib", "1 2" },		/* "and" binds closer */
		{ "!(text or heap)", "3 4 5" },
		{ "rss>4m", "1" }, { "rss>5m", "" }, { "rss>=5m", "1" }, { "rss<=64k rss>0", "2" },
		{ "size=8m", "1 3" }, { "size!=8m perm~w", "5" }, { "size==2048p", "1 3" },
		{ "start<0x500000", "0" }, { "start>=0x7f0000000000 end<0x7f0000a00001", "2 3" },
		{ "anon>0", "1" }, { "inode=12", "2" }, { "tid=77", "3" },
		{ "pss>0", "" }, { "!pss>0", "" }, { "pss!=0", "" },	/* nobody knows */
		{ "pss>0 or heap", "1" }, { "!(pss>0 heap)", "0 2 3 4 5" },
		{ "perm~rw", "1 3 5" }, { "perm!~w", "0 2 4" }, { "perm=r-xp", "0 2" },
		{ "path=/lib/libc.so.6", "2" }, { "path!=[heap]", "0 2 3 4 5" },
		{ "path=\"\"", "3" },
		{ "path~/libc/", "2" }, { "path~^/lib", "2" }, { "path~/^\\/(lib|usr)/", "0 2" },
		{ "path~lib(c|m)\\.so", "2" }, { "(path~lib.*so)", "2" },
		{ "/lib.*6$/", "2" }, { "/usr/bin", "0" }, { "/usr/", "0" },
		{ "/TOOL/", "" }, { "/to\\Sl/", "0" },
		{ "(deleted)", "4" }, { "café", "4" }, { "CAFÉ", "" }, { "path~caf.", "4" },
		{ "[heap]", "1" }, { "role=heap", "1" }, { "role!=text", "1 3 4 5" },
		{ "role~^m", "4" },
		{ "anon", "" }, { "file", "4" },
	};
	struct snapshot *s = space();
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		passing(s, cases[i].text, out);
		if (strcmp(out, cases[i].rows))
			fail_msg("\"%s\": \"%s\" pass, not \"%s\"", cases[i].text, out,
				 cases[i].rows);
	}
	snapshot_put(s);
}

/* The texts of PCRE2's own messages change; where they point to does not. */
static void test_errors(void **state)
{
	static const struct { const char *text; unsigned column; const char *says; } cases[] = {
		{ "rss>", 5, "number" }, { "rss>4x", 5, "number" }, { "rss~4", 4, "number" },
		{ "rsss>4", 1, "did you mean \"rss\"" }, { "zebra=1", 1, "there are start end" },
		{ "perm>4", 5, "text" }, { "path=", 6, "text" }, { "path~", 6, "pattern" },
		{ "heap path~/a{2,1}/", 16, "" }, { "path~lib(c", 10, "" },
		{ "é path~lib(c", 12, "" }, { "path~/\\C/", 8, "" },
		{ "(heap", 1, "not closed" }, { "heap)", 5, "without" }, { "heap |", 7, "missing" },
		{ "| heap", 1, "left" }, { "heap and", 9, "and" }, { "!", 1, "!" },
		{ "()", 2, ")" },
		{ "x \"open", 3, "quote" }, { "ab\xff", 3, "UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct filter_error err = { 0, "" };

		assert_null(filter_compile(&filter_vmas, cases[i].text, &err));
		if (err.column != cases[i].column || !strstr(err.message, cases[i].says))
			fail_msg("\"%s\": column %u, not %u: %s", cases[i].text, err.column,
				 cases[i].column, err.message);
	}
}

static void test_limits_of_the_text(void **state)
{
	char text[4096];
	struct filter_error err;

	(void)state;
	memset(text, '(', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_null(filter_compile(&filter_vmas, text, &err));
	assert_non_null(strstr(err.message, "deeper"));
	memset(text, '!', sizeof(text) - 1);
	assert_null(filter_compile(&filter_vmas, text, &err));
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "a ", 2);
	assert_null(filter_compile(&filter_vmas, text, &err));
	assert_non_null(strstr(err.message, "words"));
	memset(text, 'a', sizeof(text) - 1);
	assert_null(filter_compile(&filter_vmas, text, &err));
	assert_non_null(strstr(err.message, "longer"));
	assert_null(filter_compile(&filter_vmas, "/((a{1,200}){1,200}){1,200}/", &err));
}

/* A row that hit a limit is no match, also under "!", and the filter says so. */
static void test_costly(void **state)
{
	struct proc_entry row = { .pid = 1,
				  .comm =
				  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" };
	struct proc_entry easy = { .pid = 2, .comm = "aaa" };
	static const char *const texts[] = { "comm~(a+)+$", "comm!~(a+)+$", "!comm~(a+)+$",
					     "comm~(*LIMIT_MATCH=4000000000)(a+)+$" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct filter *f = filter_compile(&filter_processes, texts[i], NULL);

		assert_non_null(f);
		assert_int_equal(filter_match(f, &easy), i == 0 || i == 3);
		assert_false(filter_costly(f));
		assert_false(filter_match(f, &row));
		assert_true(filter_costly(f));
		filter_destroy(f);
	}
}

/* The work of 60,000 rows ends: with every row costly, the pattern is given up, and from then
 * on even a row that would match is not tried. */
static void test_gives_up(void **state)
{
	struct filter *f = filter_compile(&filter_processes, "comm~(a+)+$", NULL);
	struct proc_entry easy = { .pid = 2, .comm = "aaa" };
	struct proc_entry row = { .pid = 1 };

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		snprintf(row.comm, sizeof(row.comm), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%u",
			 i);
		assert_false(filter_match(f, &row));
	}
	assert_true(filter_costly(f));
	assert_false(filter_match(f, &easy));
	filter_destroy(f);
	f = filter_compile(&filter_processes, "comm~(a+)+$", NULL);
	assert_true(filter_match(f, &easy));
	filter_destroy(f);
}

static void test_other_kinds(void **state)
{
	struct task t = { .tid = 9, .comm = "worker", .state = 'S', .sp = UNKNOWN, .syscall = 1 };
	struct proc_entry p = { .pid = 4, .comm = "kworker/0:1", .user = "root", .kthread = true,
				.rss = UNKNOWN };
	struct event e = { .type = EVENT_PAGES_IN, .start = 4096, .end = 8192, .amount = 4096,
			   .pages = { PAGE_ABSENT, PAGE_ANON } };
	struct kframe chain[] = { { .function = "do_wait" }, { .function = "do_syscall_64" } };
	struct kstack k = { .tid = 5, .tgid = 4, .comm = "bash", .state = 'S', .size = 16384,
			    .used = UNKNOWN, .high_water = 4096, .nframes = 2, .frames = chain };
	static const struct { const struct filter_kind *kind; int row; const char *text; bool passes; } cases[] = {
		{ &filter_tasks, 0, "syscall=write", true }, { &filter_tasks, 0, "write", true },
		{ &filter_tasks, 0, "tid=9 state=S", true }, { &filter_tasks, 0, "sp>0", false },
		{ &filter_tasks, 0, "size>=0", false },
		{ &filter_processes, 1, "kthread", true }, { &filter_processes, 1, "rss>0", false },
		{ &filter_processes, 1, "root pid<5", true },
		{ &filter_processes, 1, "!kthread", false },
		{ &filter_processes, 1, "4", true }, { &filter_processes, 1, "0", true },
		{ &filter_processes, 1, "41", false }, { &filter_processes, 1, "pid=4", true },
		{ &filter_kstacks, 3, "high=4k left=12k", true }, { &filter_kstacks, 3, "used>0", false },
		{ &filter_kstacks, 3, "top=do_wait", true }, { &filter_kstacks, 3, "top~syscall", false },
		{ &filter_kstacks, 3, "frame~syscall", true }, { &filter_kstacks, 3, "kthread", false },
		{ &filter_kstacks, 3, "!kthread tgid=4 state=S", true },
		{ &filter_kstacks, 3, "running", false }, { &filter_kstacks, 3, "bash", true },
		{ &filter_events, 2, "pages-in", true }, { &filter_events, 2, "pages-out", false },
		{ &filter_events, 2, "amount=4k type~^pages", true },
	};
	const void *rows[] = { &t, &p, &e, &k };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct filter *f = filter_compile(cases[i].kind, cases[i].text, NULL);

		assert_non_null(f);
		if (filter_match(f, rows[cases[i].row]) != cases[i].passes)
			fail_msg("%s: \"%s\"", cases[i].kind->name, cases[i].text);
		filter_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits_of_the_text),
		cmocka_unit_test(test_costly),
		cmocka_unit_test(test_gives_up),
		cmocka_unit_test(test_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
