/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as a filter over each kind of row: compiles or says where it does not,
 * and what compiled can be asked about rows with hostile text.
 */
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/filter.h"
#include "mmscope/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct proc_entry processes[] = {
	{ .pid = 1, .user = "root", .comm = "init", .state = 'S', .rss = 4 << 20, .stack = UNKNOWN,
	  .threads = 1 },
	{ .pid = 2, .user = "\x1b[31m", .comm = "\xff\xfe(aaaaaaaaaaaaaaaaaaaa)", .state = 'R',
	  .rss = UNKNOWN, .threads = 1000, .kthread = true },
};

static struct task task_rows[] = {
	{ .tid = 7, .tgid = 7, .comm = "main", .state = 'S', .sp = UNKNOWN, .syscall = 202 },
	{ .tid = 8, .tgid = 7, .comm = "\xc2\x9b", .state = 'R', .syscall = SYSCALL_UNKNOWN },
};

static void check(const struct filter_kind *kind, const char *text, const void *a, const void *b)
{
	struct filter_error err = { 0, "" };
	struct filter *f = filter_compile(kind, text, &err);

	if (!f) {
		if (!err.column || err.column > strlen(text) + 1 || !err.message[0])
			abort();
		return;
	}
	filter_match(f, a);
	filter_match(f, b);
	filter_destroy(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct strings *names = strings_create();
	struct layout *l = layout_create(names, 2);
	struct snapshot *snap = snapshot_create();
	struct filter_vma rows[2] = { { snap, 0 }, { snap, 1 } };

	strings_put(names);
	l->vmas[0] = (struct vma){ .start = 4096, .end = 8192, .path = "[heap]",
				   .role = ROLE_HEAP };
	l->vmas[1] = (struct vma){ .start = 8192, .end = 65536,
				   .path = "/\xff aaaaaaaaaaaaaaaaaaaaaaaa" };
	snap->layout = l;
	check(&filter_vmas, text, &rows[0], &rows[1]);
	check(&filter_processes, text, &processes[0], &processes[1]);
	check(&filter_tasks, text, &task_rows[0], &task_rows[1]);
	snapshot_put(snap);
	free(text);
	return 0;
}
