/* SPDX-License-Identifier: GPL-2.0-or-later
 * Golden screens of the picker, on a hand-made list of processes; and that the selection
 * stays on its process when the list is read again.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/term.h"
#include "tests/golden/golden.h"
#include "ui/views/picker.h"

static const struct proc_entry processes[] = {
	{ .pid = 1, .user = "root", .comm = "systemd", .state = 'S',
	  .rss = 12 << 20, .stack = 1 << 20, .threads = 1 },
	{ .pid = 2, .user = "root", .comm = "kthreadd", .state = 'S', .rss = UNKNOWN,
	  .stack = UNKNOWN, .threads = 1, .kthread = true },
	{ .pid = 17, .ppid = 2, .user = "root", .comm = "ksoftirqd/0", .state = 'S', .rss = UNKNOWN,
	  .stack = UNKNOWN, .threads = 1, .kthread = true },
	{ .pid = 812, .ppid = 1, .uid = 33, .user = "www-data", .comm = "nginx",
	  .state = 'S', .rss = 11 << 20, .stack = 132 << 10, .threads = 4 },
	{ .pid = 4000, .ppid = 1, .uid = 1000, .user = "ada", .comm = "bash", .state = 'S',
	  .rss = 4 << 20, .stack = 132 << 10, .threads = 1 },
	{ .pid = 4242, .ppid = 4000, .uid = 1000, .user = "ada", .comm = "python3", .state = 'R',
	  .rss = 3ull << 30, .stack = 412 << 10, .threads = 17 },
	{ .pid = 4300, .ppid = 4000, .uid = 1000, .user = "ada", .comm = "ev\033[31m",
	  .state = 'D', .rss = 1 << 20, .stack = 132 << 10, .threads = 1 },
	{ .pid = 4301, .ppid = 4000, .uid = 1000, .user = "ada", .comm = "gone", .state = 'Z',
	  .rss = 0, .stack = UNKNOWN, .threads = 1 },
};

static const char *const cmdlines[] = {
	"/sbin/init splash", "", "",
	"nginx: worker process", "-bash", "python3 train.py --epochs 30",
	"/tmp/ev\033[31m\xff", "",
};

/* All but those whose pid is `without`. */
static struct proclist list_of(pid_t without)
{
	struct proclist l = { .backend = "hand-made",
			      .hidden = "hidepid=2: processes of others are not listed" };

	for (size_t i = 0; i < ARRAY_LEN(processes); i++) {
		if (processes[i].pid == without)
			continue;
		VEC_GROW(l.entries, l.n, l.cap);
		l.entries[l.n] = processes[i];
		l.entries[l.n++].cmdline = xstrdup(cmdlines[i]);
	}
	proclist_tree(&l);
	return l;
}

static const struct golden {
	const char *name, *filter;
	const char *commands[4];
	bool named;		/* it was a NAME of the command line */
} goldens[] = {
	{ "picker-tree", "", { "down", "down" }, false },
	{ "picker-typed", "py", { NULL }, false },
	{ "picker-rss", "", { "sort rss", "top" }, false },
	{ "picker-pid", "43", { NULL }, false },
	{ "picker-wrong", "rss>", { NULL }, false },
	{ "picker-none", "zebra", { NULL }, false },
	{ "picker-named", "e", { NULL }, true },
};

static const struct { int rows, cols; bool ascii; } sizes[] = {
	{ 20, 80, false }, { 20, 132, false }, { 12, 60, true },
};

static int check(const struct golden *g)
{
	struct buf have = BUF_INIT;
	int failed;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct canvas *c = canvas_create(sizes[i].rows, sizes[i].cols, sizes[i].ascii);
		struct picker *p = picker_create("/proc", g->named ? g->filter : "");

		picker_take(p, list_of(0));
		picker_draw(p, c);
		if (!g->named)
			picker_set_filter(p, g->filter);
		for (int k = 0; k < 4 && g->commands[k]; k++) {
			char *name = xstrdup(g->commands[k]), *arg = strchr(name, ' ');

			if (arg)
				*arg++ = '\0';
			picker_command(p, name, arg ? arg : "");
			free(name);
		}
		canvas_clear(c);
		picker_draw(p, c);
		buf_addf(&have, "==== %s, %d rows, %d columns%s\n", g->name, sizes[i].rows,
			 sizes[i].cols, sizes[i].ascii ? ", ASCII" : "");
		term_text_styled(&have, c);
		buf_addf(&have, "selected %d\n", (int)picker_selected(p));
		picker_destroy(p);
		canvas_destroy(c);
	}
	failed = golden_check(g->name, &have);
	buf_free(&have);
	return failed;
}

static int expect(const char *what, pid_t have, pid_t want)
{
	if (have == want)
		return 0;
	printf("%s: pid %d, not %d\n", what, (int)have, (int)want);
	return 1;
}

static int check_selection(void)
{
	struct picker *p = picker_create("/proc", "");
	int failed = 0;

	picker_take(p, list_of(0));
	picker_select(p, 4242);
	picker_take(p, list_of(17));
	failed += expect("another process went", picker_selected(p), 4242);
	picker_command(p, "sort", "rss");
	failed += expect("sorted", picker_selected(p), 4242);
	picker_set_filter(p, "ada");
	failed += expect("the first that fits", picker_selected(p), 4242);
	picker_set_filter(p, "bash");
	failed += expect("the very name", picker_selected(p), 4000);
	picker_set_filter(p, "bash rss>");
	failed += expect("not yet a filter: the last good one", picker_selected(p), 4000);
	picker_set_filter(p, "kthread");
	failed += expect("kernel threads when asked for", picker_selected(p), 2);
	picker_set_filter(p, "zebra");
	failed += expect("nothing fits", picker_selected(p), 0);
	picker_set_filter(p, "");
	picker_select(p, 4301);
	picker_take(p, list_of(4301));
	failed += expect("it went: somebody stands there now", picker_selected(p) != 0 &&
			 picker_selected(p) != 4301, 1);
	picker_destroy(p);
	p = picker_create("/proc", "init");
	picker_take(p, list_of(0));
	failed += expect("as the command line means it", picker_selected(p), 1);
	picker_set_filter(p, "ini");
	picker_set_filter(p, "");
	picker_select(p, 4242);
	failed += expect("cleared: all", picker_selected(p), 4242);
	picker_set_filter(p, "init");
	failed += expect("typed again", picker_selected(p), 1);
	picker_destroy(p);
	return failed;
}

int main(void)
{
	int failed = check_selection();

	for (size_t i = 0; i < ARRAY_LEN(goldens); i++)
		failed += check(&goldens[i]);
	printf("%zu goldens of the picker, %d differ\n", ARRAY_LEN(goldens), failed);
	return failed != 0;
}
