/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/proc_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmscope/alloc.h"

enum { PAGE = 4096 };

static const char *const file_name[PROC_NFILES] = {
	[PROC_SMAPS] = "smaps",
	[PROC_PAGEMAP] = "pagemap",
	[PROC_STATUS] = "status",
	[PROC_STATM] = "statm",
	[PROC_STAT] = "stat",
};

struct error *proc_state_open(struct proc_state *p, pid_t pid, const char *lab)
{
	char path[64];
	int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < PROC_NFILES; i++)
		p->fd[i] = -1;
	p->lab = lab;
	for (i = 0; i < PROC_NFILES; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file_name[i]);
		p->fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (p->fd[i] < 0) {
			struct error *err = error_os(ERR_PERMISSION, errno, "%s", path);

			proc_state_close(p);
			return err;
		}
	}
	return NULL;
}

void proc_state_close(struct proc_state *p)
{
	int i;

	for (i = 0; i < PROC_NFILES; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
	buf_free(&p->text);
	free(p->word);
	p->word = NULL;
	p->words = 0;
}

static struct error *slurp(struct proc_state *p, enum proc_file which)
{
	char chunk[32768];
	ssize_t n;

	buf_reset(&p->text);
	if (lseek(p->fd[which], 0, SEEK_SET) < 0)
		return error_os(ERR_FAILURE, errno, "/proc/PID/%s", file_name[which]);
	while ((n = read(p->fd[which], chunk, sizeof(chunk))) > 0)
		buf_add(&p->text, chunk, n);
	if (n < 0)
		return error_os(ERR_FAILURE, errno, "/proc/PID/%s", file_name[which]);
	buf_addc(&p->text, '\0');
	return NULL;
}

/* ---- smaps ------------------------------------------------------------------------ */

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && memcmp(s + n - m, end, m) == 0;
}

/* LAB/agent or LAB/file, whatever leads there; neither has a name any more. */
static bool lab_file(const struct proc_state *p, const char *path, size_t n, const char *name)
{
	char end[64];

	snprintf(end, sizeof(end), "/%s/%s (deleted)", p->lab, name);
	return ends_with(path, n, end);
}

static void parse_header(const struct proc_state *p, const char *line, size_t n,
			 struct world_vma *v)
{
	char *at;
	const char *path;
	uint64_t inode;

	v->start = strtoull(line, &at, 16);
	v->end = strtoull(at + 1, &at, 16);
	memcpy(v->perm, at + 1, 4);
	v->off = strtoull(at + 6, &at, 16);
	at = strchr(at + 1, ' ');		/* past the device */
	inode = strtoull(at, &at, 10);
	path = at;
	while (*path == ' ')
		path++;
	n -= path - line;
	if (lab_file(p, path, n, "agent")) {
		v->kind = SIM_KIND_EXE;
	} else if (lab_file(p, path, n, "file")) {
		v->kind = SIM_KIND_FILE;
	} else if (inode) {
		v->kind = SIM_KIND_SHMEM;
		v->object = inode;
	} else {
		v->kind = SIM_KIND_ANON;
		snprintf(v->name, sizeof(v->name), "%.*s", (int)n, path);
		if (n > 2 && path[0] == '[' && path[1] == 'v')
			v->kind = SIM_KIND_SPECIAL;
	}
	if (v->kind == SIM_KIND_ANON || v->kind == SIM_KIND_SPECIAL)
		v->off = 0;
}

static void parse_figure(const char *line, size_t n, struct world_state *st, struct world_vma *v)
{
	int i;

	if (n > 8 && memcmp(line, "VmFlags:", 8) == 0) {
		for (line += 8, n -= 8; n && *line == ' '; line++)
			n--;
		while (n && line[n - 1] == ' ')
			n--;
		v->flags = st->text.len;
		buf_add(&st->text, line, n);
		buf_addc(&st->text, '\0');
		return;
	}
	for (i = 0; i < WORLD_NFIGURES; i++) {
		size_t m = strlen(world_figure_name[i]);

		if (n > m && line[m] == ':' && memcmp(line, world_figure_name[i], m) == 0) {
			v->kb[i] = strtoull(line + m + 1, NULL, 10);
			return;
		}
	}
}

struct error *proc_state_layout(struct proc_state *p, struct world_state *ret)
{
	struct error *err = slurp(p, PROC_SMAPS);
	struct world_vma *v = NULL;
	const char *line, *end;

	if (err)
		return err;
	world_state_reset(ret);
	for (line = p->text.data; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		/* Addresses are in small hexadecimal letters, the figures' names begin with
		 * capitals. */
		if (*line < 'A' || *line > 'Z') {
			v = world_state_add(ret);
			parse_header(p, line, end - line, v);
		} else if (v) {
			parse_figure(line, end - line, ret, v);
		}
	}
	/* [vsyscall] stands for no VMA of the process. */
	if (ret->nvmas && ret->vma[ret->nvmas - 1].start >> 63)
		ret->nvmas--;
	return NULL;
}

/* ---- pages ------------------------------------------------------------------------ */

#define SCAN_FILE (1ull << 2)
#define SCAN_PRESENT (1ull << 3)
#define SCAN_SWAPPED (1ull << 4)
#define SCAN_ZERO (1ull << 5)
#define SCAN_GUARD (1ull << 8)
#define PAGEMAP_EXCLUSIVE (1ull << 56)

struct scan_region { uint64_t start, end, categories; };
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)

/* Pages mapped once and more than once, letter by letter: bit 56 of their pagemap words. */
static struct error *mapped_runs(struct proc_state *p, const struct scan_region *r, bool pfnmap,
				 struct world_runs *runs)
{
	size_t n = (r->end - r->start) / PAGE, i;
	bool file = r->categories & SCAN_FILE;

	/* Mapped by frame number, counted nowhere, so no page of the process. */
	if (pfnmap) {
		world_runs_add(runs, n, '.');
		return NULL;
	}
	if (p->words < n) {
		p->word = xreallocarray(p->word, n, sizeof(*p->word));
		p->words = n;
	}
	if (pread(p->fd[PROC_PAGEMAP], p->word, n * 8, (off_t)(r->start / PAGE * 8)) !=
	    (ssize_t)(n * 8))
		return error_os(ERR_FAILURE, errno, "/proc/PID/pagemap");
	for (i = 0; i < n; i++)
		world_runs_add(runs, 1,
			       p->word[i] & PAGEMAP_EXCLUSIVE ? (file ? 'F' : 'A')
							      : (file ? 'f' : 'a'));
	return NULL;
}

static struct error *region_runs(struct proc_state *p, const struct scan_region *r, bool pfnmap,
				 struct world_runs *runs)
{
	uint64_t pages = (r->end - r->start) / PAGE;

	if (r->categories & SCAN_ZERO)
		world_runs_add(runs, pages, 'Z');
	else if (r->categories & SCAN_PRESENT)
		return mapped_runs(p, r, pfnmap, runs);
	else if (r->categories & SCAN_GUARD)
		world_runs_add(runs, pages, 'G');
	else
		world_runs_add(runs, pages, 'S');
	return NULL;
}

static struct error *vma_pages(struct proc_state *p, struct world_state *st, struct world_vma *v)
{
	struct world_runs runs = { .out = &st->text };
	struct scan_region region[256];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = v->start,
		.end = v->end,
		.vec = (uintptr_t)region,
		.vec_len = ARRAY_LEN(region),
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED | SCAN_GUARD,
		.return_mask = SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO | SCAN_GUARD,
	};
	bool pfnmap = v->kind == SIM_KIND_SPECIAL && strncmp(v->name, "[vvar", 5) == 0;
	uint64_t at = v->start;
	struct error *err = NULL;
	int n, i;

	v->pages = st->text.len;
	while (!err && arg.start < v->end) {
		n = ioctl(p->fd[PROC_PAGEMAP], SCAN_IOCTL, &arg);
		if (n < 0)
			return error_os(ERR_FAILURE, errno,
					"PAGEMAP_SCAN (Linux 6.15 or later is needed)");
		for (i = 0; i < n && !err; i++) {
			if (region[i].start > at)
				world_runs_add(&runs, (region[i].start - at) / PAGE, '.');
			err = region_runs(p, &region[i], pfnmap, &runs);
			at = region[i].end;
		}
		arg.start = arg.walk_end;
	}
	if (v->end > at)
		world_runs_add(&runs, (v->end - at) / PAGE, '.');
	world_runs_end(&runs);
	return err;
}

/* ---- counters ----------------------------------------------------------------------- */

static struct error *read_status(struct proc_state *p, struct world_state *st)
{
	struct error *err = slurp(p, PROC_STATUS);
	const char *line;
	int i = 0;

	if (err)
		return err;
	memset(st->counter, 0, sizeof(st->counter));
	st->absent = 1u << WORLD_VmPMD;	/* 4.0 to 4.14 */
	for (line = p->text.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line != 'V' && *line != 'R')
			continue;
		for (i = 0; i < WORLD_NCOUNTERS; i++) {
			size_t m = strlen(world_counter_name[i]);

			if (strncmp(line, world_counter_name[i], m) == 0 && line[m] == ':')
				st->counter[i] = strtoull(line + m + 1, NULL, 10);
		}
	}
	return NULL;
}

static struct error *read_statm(struct proc_state *p, struct world_state *st)
{
	struct error *err = slurp(p, PROC_STATM);
	char *at = p->text.data;
	int i;

	if (!err)
		for (i = 0; i < 7; i++)
			st->statm[i] = strtoull(at, &at, 10);
	return err;
}

/* Field 10; the name in parentheses may hold anything, so count from its end. */
static struct error *read_minflt(struct proc_state *p, struct world_state *st)
{
	struct error *err = slurp(p, PROC_STAT);
	const char *at;
	int i;

	if (err)
		return err;
	at = strrchr(p->text.data, ')');
	for (i = 2; at && i < 10; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return error_create(ERR_FAILURE, "/proc/PID/stat has another form than known");
	st->minflt = strtoull(at, NULL, 10);
	return NULL;
}

struct error *proc_state_read(struct proc_state *p, struct world_state *ret)
{
	struct error *err = proc_state_layout(p, ret);
	size_t i;

	for (i = 0; !err && i < ret->nvmas; i++) {
		err = vma_pages(p, ret, &ret->vma[i]);
	}
	if (!err)
		err = read_status(p, ret);
	if (!err)
		err = read_statm(p, ret);
	if (!err)
		err = read_minflt(p, ret);
	return err;
}
