/* SPDX-License-Identifier: GPL-2.0-or-later
 * The layout again after a change: reading, parsing and comparing, beside reading alone and
 * beside the usual fgets and sscanf; and a window of it beside all of it.
 */
#include <config.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/event.h"
#include "src/live/lines.h"
#include "src/live/maps.h"
#include "tests/bench/bench.h"

#define WINDOW 60		/* rows on a screen */

static size_t changes;		/* so that comparing is not thought away */

static int open_maps(pid_t pid)
{
	char *path = xasprintf("/proc/%d/maps", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	return fd;
}

static double read_ms(int fd)
{
	static char text[1 << 16];
	double start = now_ms();

	lseek(fd, 0, SEEK_SET);
	while (read(fd, text, sizeof(text)) > 0)
		;
	return now_ms() - start;
}

/* The same job as it is usually written: a list of mappings, compared with the last. */
struct mapping {
	unsigned long long start, end, offset, inode;
	unsigned major, minor;
	char perms[8], *name;
};
struct mappings { size_t n, cap; struct mapping *all; };

static bool same(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->inode == b->inode && !strcmp(a->perms, b->perms) && !strcmp(a->name, b->name);
}

static void mappings_free(struct mappings *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->all[i].name);
	free(l->all);
}

static double scanf_ms(pid_t pid, struct mappings *last)
{
	char *path = xasprintf("/proc/%d/maps", (int)pid), line[4096], name[4096];
	struct mappings now = { .n = 0 };
	size_t i = 0;
	double began = now_ms();
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		struct mapping m;

		name[0] = '\0';
		if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %4095[^\n]", &m.start, &m.end, m.perms,
			   &m.offset, &m.major, &m.minor, &m.inode, name) < 7)
			break;
		m.name = xstrdup(name);
		while (i < last->n && last->all[i].start < m.start)
			i++;
		changes += !(i < last->n && same(&last->all[i], &m));
		VEC_GROW(now.all, now.n, now.cap);
		now.all[now.n++] = m;
	}
	if (f)
		fclose(f);
	mappings_free(last);
	*last = now;
	began = now_ms() - began;
	free(path);
	return began;
}

/* The step from one snapshot to the next, as far as the layout goes. */
struct keeper {
	int fd;
	char *buf;
	struct strings *strings;
	struct seen seen;
	struct snapshot *last;
};

static double refresh_ms(struct keeper *k)
{
	double start = now_ms();
	struct snapshot *next = snapshot_create();
	struct event_list events;

	lseek(k->fd, 0, SEEK_SET);
	if (maps_read(k->fd, k->buf, k->last ? k->last->layout : NULL, k->strings,
		      &k->seen, (struct layout **)&next->layout)) {
		snapshot_put(next);
		return -1;
	}
	if (k->last) {
		events = snapshot_diff(k->last, next);
		event_list_free(&events);
		snapshot_put(k->last);
	}
	k->last = next;
	return now_ms() - start;
}

static double window_ms(const struct keeper *k)
{
	const struct layout *l = k->last->layout;
	size_t first = l->n / 2;
	double start = now_ms();

	for (size_t i = first; i < first + WINDOW && i < l->n; i++) {
		struct span span = { l->vmas[i].start, l->vmas[i].end };

		if (maps_check(k->fd, l, span) != 0)
			return -1;
	}
	return now_ms() - start;
}

static void compare(enum target t, double limit_scanf)
{
	struct side ours = { .n = 0 }, bare = { .n = 0 }, naive = { .n = 0 }, window = { .n = 0 };
	pid_t pid = target_pid(t);
	struct keeper k = { .fd = pid ? open_maps(pid) : -1 };
	char *what = xasprintf("layout refresh, %s", target_names[t]), answer[16];
	struct mappings usual = { .n = 0 };

	if (k.fd < 0) {
		report_missing(3, what, "no target");
		free(what);
		return;
	}
	k.buf = xmalloc(LINES_BUFFER);
	k.strings = strings_create();
	refresh_ms(&k);
	for (int i = 0; i < rounds; i++) {
		double ms;

		wait_for_quiet();
		target_ask(t, "poke\n", answer, sizeof(answer));
		side_add(&bare, read_ms(k.fd));
		if ((ms = refresh_ms(&k)) >= 0)
			side_add(&ours, ms);
		side_add(&naive, scanf_ms(pid, &usual));
		if ((ms = window_ms(&k)) >= 0)
			side_add(&window, ms);
	}
	report_sides(3, what, UNIT_MS, &ours, "reading maps", &bare, false, 1.2);
	if (limit_scanf > 0)
		report_sides(3, what, UNIT_MS, &ours, "fgets + sscanf", &naive, false, limit_scanf);
	if (limit_scanf > 0)
		note("  the kernel's part, reading maps, is %.2f of fgets + sscanf",
		     side_median(&bare) / side_median(&naive));
	if (window.n)
		report_sides(3, "  a window of 60 VMAs of it", UNIT_US, &window, "reading maps",
			     &bare, false, 1.0 / 100);
	else
		report_missing(3, "  a window of 60 VMAs of it", "no PROCMAP_QUERY here");
	mappings_free(&usual);
	snapshot_put(k.last);
	strings_put(k.strings);
	seen_free(&k.seen);
	free(k.buf);
	close(k.fd);
	free(what);
}

void bench_layout(void)
{
	compare(T_VMAS, 0.55);
	compare(T_FILES, 0);
}
