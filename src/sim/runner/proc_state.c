/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/proc_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
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

/* What this kernel offers; found out once. */
struct proc_means {
	bool scan, scan_guard, counters_lag;
	uint64_t zero_pfn;		/* 0: not to be told */
};

static const struct proc_means *find_means(void);

struct error *proc_state_open(struct proc_state *p, pid_t pid, const char *lab)
{
	char path[64];
	int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < PROC_NFILES; i++)
		p->fd[i] = -1;
	p->lab = lab;
	p->means = find_means();
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

static void add_flags(struct buf *text, const char *line, size_t n)
{
	const char *sd = n >= 2 ? memmem(line, n, "sd", 2) : NULL;

	if (!sd) {
		buf_add(text, line, n);
	} else {
		size_t before = sd - line, after = n - before - 2;

		/* The blank before it goes too, or the one behind it at the start. */
		buf_add(text, line, before ? before - 1 : 0);
		buf_add(text, sd + 2 + (!before && after), after - (!before && after));
	}
	buf_addc(text, '\0');
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
		add_flags(&st->text, line, n);
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

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_GUARD (1ull << 58)
#define PAGEMAP_PFN ((1ull << 55) - 1)
enum { PIECE = 4096 };			/* words read at once */
#define WHOLE_MAX (4ull << 30)		/* a larger VMA is read at its ends */
#define END_BYTES (64ull << 20)

static char word_letter(const struct proc_means *m, uint64_t w)
{
	if (w & PAGEMAP_PRESENT) {
		if (m->zero_pfn && (w & PAGEMAP_PFN) == m->zero_pfn)
			return 'Z';
		return w & PAGEMAP_EXCLUSIVE ? w & PAGEMAP_FILE ? 'F' : 'A' :
		       w & PAGEMAP_FILE	     ? 'f' :
					       'a';
	}
	return w & PAGEMAP_GUARD ? 'G' : w & PAGEMAP_SWAPPED ? 'S' : '.';
}

/* Words of [start, end); *seen counts what smaps counts. */
static struct error *word_runs(struct proc_state *p, uint64_t start, uint64_t end,
			       struct world_runs *runs, uint64_t *seen)
{
	if (p->words < PIECE) {
		p->word = xreallocarray(p->word, PIECE, sizeof(*p->word));
		p->words = PIECE;
	}
	while (start < end) {
		size_t n = (end - start) / PAGE < PIECE ? (end - start) / PAGE : PIECE;

		if (pread(p->fd[PROC_PAGEMAP], p->word, n * 8, (off_t)(start / PAGE * 8)) !=
		    (ssize_t)(n * 8))
			return error_os(ERR_FAILURE, errno, "/proc/PID/pagemap");
		for (size_t i = 0; i < n; i++) {
			char letter = word_letter(p->means, p->word[i]);

			*seen += strchr("AaFf", letter) != NULL;
			world_runs_add(runs, 1, letter);
		}
		start += n * PAGE;
	}
	return NULL;
}

static struct error *vma_words(struct proc_state *p, struct world_state *st, struct world_vma *v)
{
	struct world_runs runs = { .out = &st->text };
	uint64_t low = v->end, high = v->end, seen = 0;
	struct error *err;

	if (!p->means->zero_pfn)
		return error_create(ERR_PERMISSION,
				    "before Linux 6.7 the zero page is known to root only");
	if (v->end - v->start > WHOLE_MAX) {
		low = v->start + END_BYTES;
		high = v->end - END_BYTES;
	}
	v->pages = st->text.len;
	err = word_runs(p, v->start, low, &runs, &seen);
	if (!err && high > low) {
		world_runs_add(&runs, (high - low) / PAGE, '.');
		err = word_runs(p, high, v->end, &runs, &seen);
	}
	if (!err && seen != v->kb[WORLD_Rss] / 4)
		err = error_create(ERR_FAILURE, "pages in the middle of a VMA of more than 4 GiB "
				   "cannot be found before Linux 6.7");
	world_runs_end(&runs);
	return err;
}

static bool can_scan(int fd, uint64_t extra)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.category_anyof_mask = SCAN_PRESENT | extra,
		.return_mask = SCAN_PRESENT | extra,
	};
	struct scan_region r;

	arg.vec = (uintptr_t)&r;
	arg.vec_len = 1;
	return ioctl(fd, SCAN_IOCTL, &arg) >= 0;
}

/* The frame that a read of fresh memory maps. */
static uint64_t find_zero_pfn(int pagemap)
{
	volatile const char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t word = 0;

	if (page == MAP_FAILED)
		return 0;
	if (*page || pread(pagemap, &word, 8, (off_t)((uintptr_t)page / PAGE * 8)) != 8)
		word = 0;
	munmap((void *)(uintptr_t)page, PAGE);
	return word & PAGEMAP_PRESENT ? word & PAGEMAP_PFN : 0;
}

static const struct proc_means *find_means(void)
{
	static struct proc_means m;
	static bool known;
	unsigned major = 0, minor = 0;
	struct utsname u;
	int fd;

	if (known)
		return &m;
	known = true;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		m.scan = can_scan(fd, 0);
		m.scan_guard = m.scan && can_scan(fd, SCAN_GUARD);
		m.zero_pfn = find_zero_pfn(fd);
		close(fd);
	}
	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	m.counters_lag = major < 6 || (major == 6 && minor < 16);
	return &m;
}

static struct error *vma_pages(struct proc_state *p, struct world_state *st, struct world_vma *v)
{
	uint64_t guard = p->means->scan_guard ? SCAN_GUARD : 0;
	struct world_runs runs = { .out = &st->text };
	struct scan_region region[256];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = v->start,
		.end = v->end,
		.vec = (uintptr_t)region,
		.vec_len = ARRAY_LEN(region),
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED | guard,
		.return_mask = SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO | guard,
	};
	bool pfnmap = v->kind == SIM_KIND_SPECIAL && strncmp(v->name, "[vvar", 5) == 0;
	uint64_t at = v->start;
	struct error *err = NULL;
	int n, i;

	v->pages = st->text.len;
	while (!err && arg.start < v->end) {
		n = ioctl(p->fd[PROC_PAGEMAP], SCAN_IOCTL, &arg);
		if (n < 0)
			return error_os(ERR_FAILURE, errno, "PAGEMAP_SCAN");
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

/* Where the kernel's own sums lag behind. */
static void sum_rss(struct world_state *st)
{
	uint64_t anon = 0, file = 0, shmem = 0;

	for (size_t i = 0; i < st->nvmas; i++) {
		const struct world_vma *v = &st->vma[i];
		uint64_t other = v->kb[WORLD_Rss] - v->kb[WORLD_Anonymous];

		anon += v->kb[WORLD_Anonymous];
		if (v->kind == SIM_KIND_SHMEM)
			shmem += other;
		else
			file += other;
	}
	st->counter[WORLD_RssAnon] = anon;
	st->counter[WORLD_RssFile] = file;
	st->counter[WORLD_RssShmem] = shmem;
	st->statm[1] = (anon + file + shmem) / 4;
	st->statm[2] = (file + shmem) / 4;
}

struct error *proc_state_read(struct proc_state *p, struct world_state *ret)
{
	struct error *err = proc_state_layout(p, ret);
	size_t i;

	for (i = 0; !err && i < ret->nvmas; i++)
		err = p->means->scan ? vma_pages(p, ret, &ret->vma[i]) :
				       vma_words(p, ret, &ret->vma[i]);
	if (!err)
		err = read_status(p, ret);
	if (!err)
		err = read_statm(p, ret);
	if (!err)
		err = read_minflt(p, ret);
	if (!err && p->means->counters_lag)
		sum_rss(ret);
	return err;
}
