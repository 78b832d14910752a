/* SPDX-License-Identifier: GPL-2.0-or-later
 * The truth about a target, read in the plainest way there is.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/output.h"
#include "tests/truth/truth.h"

static char difference[600];

static const char *differs(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *differs(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(difference, sizeof(difference), fmt, ap);
	va_end(ap);
	return difference;
}

static _Noreturn void fail(const char *what)
{
	perror(what);
	abort();
}

static const char *target_program(void)
{
	const char *dir = getenv("TRUTH_DIR");
	static char path[4096];

	snprintf(path, sizeof(path), "%s/target", dir ? dir : "tests/truth");
	return path;
}

struct target target_start(const char *const *args)
{
	const char *argv[32] = { target_program() };
	struct target t = { .pid = -1 };
	int to[2], from[2];
	char line[64];

	for (int i = 0; args[i] && i < 30; i++)
		argv[i + 1] = args[i];
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		fail("pipe");
	t.pid = fork();
	if (t.pid < 0)
		fail("fork");
	if (!t.pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execv(argv[0], (char *const *)argv);
		fail(argv[0]);
	}
	close(to[0]);
	close(from[1]);
	t.in = fdopen(to[1], "w");
	t.out = fdopen(from[0], "r");
	if (!t.in || !t.out || !fgets(line, sizeof(line), t.out) || strcmp(line, "ready\n"))
		fail("the target did not get ready");
	return t;
}

void target_send(struct target *t, const char *command)
{
	fprintf(t->in, "%s\n", command);
	fflush(t->in);
}

const char *target_do(struct target *t, const char *command)
{
	static char *line;
	static size_t cap;
	ssize_t n;

	target_send(t, command);
	n = getline(&line, &cap, t->out);
	if (n <= 0)
		fail(command);
	line[n - 1] = '\0';
	return line;
}

void target_wait(struct target *t)
{
	if (!t->reaped && waitpid(t->pid, &t->status, 0) != t->pid)
		fail("waitpid");
	t->reaped = true;
}

void target_stop(struct target *t)
{
	if (!t->reaped)
		kill(t->pid, SIGKILL);
	target_wait(t);
	fclose(t->in);
	fclose(t->out);
}

static FILE *open_proc(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "r");
}

const char *truth_layout(pid_t pid, const struct snapshot *s)
{
	FILE *f = open_proc(pid, "maps");
	char *line = NULL;
	size_t cap = 0, n = 0;
	const char *ret = "";

	if (!f)
		return differs("maps cannot be opened");
	if (!s->layout)
		ret = differs("no layout");
	while (!*ret && getline(&line, &cap, f) > 0) {
		const struct vma *v = &s->layout->vmas[n];
		uint64_t start, end, offset, inode;
		unsigned major, minor;
		char perms[8], own[5];
		int at = 0;

		sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %n", &start,
		       &end, perms, &offset, &major, &minor, &inode, &at);
		line[strcspn(line, "\n")] = '\0';
		if (n >= s->layout->n)
			ret = differs("maps has more than %zu VMAs", n);
		else if (v->start != start || v->end != end || v->offset != offset ||
			 v->inode != inode || v->dev_major != major || v->dev_minor != minor ||
			 strcmp(vma_perms(v, own), perms) || strcmp(v->path, line + at))
			ret = differs("VMA %zu: %" PRIx64 "-%" PRIx64 " %s is: %s", n, v->start,
				      v->end, v->path, line);
		n++;
	}
	if (!*ret && n != s->layout->n)
		ret = differs("%zu VMAs, maps has %zu", s->layout->n, n);
	free(line);
	fclose(f);
	return ret;
}

/* The letter a page must have; with the zero page and huge pages as smaps and the
 * kernel's own scan see them left open: '?' stands for "a or Z", 'h' for "H too". */
static bool letter_fits(uint64_t e, char letter, bool no_file)
{
	bool present = e >> 63 & 1, swapped = e >> 62 & 1, file = e >> 61 & 1;
	bool guard = e >> 58 & 1, exclusive = e >> 56 & 1;

	if (guard)
		return letter == 'G';
	/* A mark of userfaultfd, for the last type of swap is no device; the frame may be hidden. */
	if (!present && swapped && ((e & 31) == 31 || !(e & 31)) && e >> 57 & 1)
		return letter == '.';
	if (!present)
		return letter == (swapped ? 'S' : '.');
	if (letter == 'H')
		return true;	/* smaps' sums decide, see truth_details() */
	if (file && no_file)
		return letter == 'Z';	/* the huge one */
	if (file)
		return letter == (exclusive ? 'F' : 'f');
	return letter == (exclusive ? 'A' : 'a') || (letter == 'Z' && !exclusive);
}

/* Reads the entries of a VMA in blocks; whole empty blocks of huge VMAs are skipped only
 * by their being equal: every entry is looked at. */
static const char *vma_pages(int fd, const struct vma *v, const struct residency *pages)
{
	static uint64_t entry[1 << 16];
	size_t run = residency_next(pages, v->start);
	bool no_file = !vma_has_file(v) && strcmp(v->path, "[vdso]");

	for (uint64_t a = v->start; a < v->end;) {
		size_t want = (v->end - a) / PAGE_BYTES;
		ssize_t got;

		if (want > ARRAY_LEN(entry))
			want = ARRAY_LEN(entry);
		got = pread(fd, entry, want * 8, (off_t)(a / PAGE_BYTES * 8));
		if (got <= 0)
			return differs("pagemap of %" PRIx64 " cannot be read", a);
		for (ssize_t i = 0; i < got / 8; i++, a += PAGE_BYTES) {
			enum page_state st = PAGE_ABSENT;

			while (run < pages->n && run_end(&pages->runs[run]) <= a)
				run++;
			if (run < pages->n && pages->runs[run].start <= a)
				st = pages->runs[run].state;
			if (!letter_fits(entry[i], page_states[st].letter, no_file))
				return differs("page %" PRIx64 " of %s is called %c, pagemap has %"
					       PRIx64, a, v->path, page_states[st].letter, entry[i]);
		}
	}
	return "";
}

const char *truth_pages(pid_t pid, const struct snapshot *s)
{
	char path[64];
	const char *ret = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || !s->pages)
		ret = differs(fd < 0 ? "pagemap cannot be opened" : "no pages");
	for (size_t i = 0; !*ret && i < s->layout->n; i++) {
		const struct vma *v = &s->layout->vmas[i];

		if (!strcmp(v->path, "[vsyscall]")) {
			if (residency_at(s->pages, v->start) != PAGE_ABSENT)
				ret = differs("[vsyscall] has a page");
		} else if (strncmp(v->path, "[vvar", 5)) {
			ret = vma_pages(fd, v, s->pages);
		}
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

static uint64_t figure(pid_t pid, const char *file, const char *key)
{
	FILE *f = open_proc(pid, file);
	char line[512];
	uint64_t v = UNKNOWN;
	size_t n = strlen(key);

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, n) && line[n] == ':')
			v = strtoull(line + n + 1, NULL, 10) * 1024;
	if (f)
		fclose(f);
	return v;
}

/* Where it says that it cannot tell them apart, zero pages are among those called 'a'. */
static uint64_t without_doubtful(const struct snapshot *s, const struct page_counts *c, uint64_t bytes,
				 uint64_t truth)
{
	bool doubtful = whys_find(s->whys, "vmas[].pages[Z]") && bytes > truth &&
			bytes - truth <= c->n[PAGE_ANON_SHARED] * PAGE_BYTES;

	return doubtful ? truth : bytes;
}

const char *truth_sums(pid_t pid, const struct snapshot *s)
{
	struct page_counts c = residency_count(s->pages, 0, UINT64_MAX & ~(PAGE_BYTES - 1ull));
	uint64_t resident = page_counts_resident(&c) * PAGE_BYTES;
	static const struct { const char *key; enum mm_field field; } status[] = {
		{ "VmSize", MM_VM_SIZE }, { "VmRSS", MM_VM_RSS }, { "RssAnon", MM_RSS_ANON },
		{ "RssFile", MM_RSS_FILE }, { "RssShmem", MM_RSS_SHMEM }, { "VmData", MM_VM_DATA },
		{ "VmStk", MM_VM_STACK }, { "VmExe", MM_VM_EXE }, { "VmLib", MM_VM_LIB },
		{ "VmPTE", MM_VM_PTE }, { "VmSwap", MM_VM_SWAP }, { "VmLck", MM_VM_LOCKED },
	};
	uint64_t rollup = figure(pid, "smaps_rollup", "Rss");
	uint64_t swap = figure(pid, "smaps_rollup", "Swap");

	resident = without_doubtful(s, &c, resident, rollup);
	if (rollup != resident)
		return differs("glyphs make %" PRIu64 ", smaps_rollup has Rss %" PRIu64, resident,
			       rollup);
	if (swap != c.n[PAGE_SWAP] * PAGE_BYTES)
		return differs("%" PRIu64 " swapped pages, smaps_rollup has %" PRIu64,
			       c.n[PAGE_SWAP], swap);
	for (size_t i = 0; i < ARRAY_LEN(status); i++) {
		uint64_t v = figure(pid, "status", status[i].key);

		if (s->mm[status[i].field] != v)
			return differs("%s is %" PRIu64 ", status has %" PRIu64, status[i].key,
				       s->mm[status[i].field], v);
	}
	if (s->mm[MM_VM_RSS] != resident)
		return differs("glyphs make %" PRIu64 ", VmRSS is %" PRIu64, resident,
			       s->mm[MM_VM_RSS]);
	if (s->mm[MM_VM_RSS] != s->statm_rss || s->mm[MM_VM_SIZE] != s->statm_size)
		return differs("statm and status disagree");
	return "";
}

const char *truth_mincore(struct target *t, const struct snapshot *s)
{
	for (size_t i = 0; i < s->layout->n; i++) {
		const struct vma *v = &s->layout->vmas[i];
		bool private_anon = !v->inode && !(v->perms & VMA_SHARED);
		const char *core;
		char command[80];

		/* The target's own running changes these. */
		if (v->path[0] == '[' || vma_size(v) > 64 << 20)
			continue;
		snprintf(command, sizeof(command), "mincore 0x%" PRIx64 ":%" PRIu64, v->start,
			 vma_size(v));
		core = target_do(t, command);
		for (uint64_t p = 0; p < vma_size(v) / PAGE_BYTES; p++) {
			enum page_state st = residency_at(s->pages, v->start + p * PAGE_BYTES);
			bool mapped = page_states[st].resident || st == PAGE_ZERO;

			/* Of a file mincore tells whether it is cached, mapped or not. */
			if ((mapped && core[p] != '1') ||
			    (private_anon && !mapped && core[p] != '0'))
				return differs("page %" PRIu64 " of %" PRIx64 " %s is called %c, "
					       "mincore says %c", p, v->start, v->path,
					       page_states[st].letter, core[p]);
		}
	}
	return "";
}

static const char *vma_figure(const struct snapshot *s, size_t i, const char *key, uint64_t v)
{
	const struct vma *m = &s->layout->vmas[i];
	const struct vma_detail *d = s->details ? &s->details->vma[i] : NULL;
	struct page_counts c = residency_count(s->pages, m->start, m->end);
	uint64_t huge = c.n[PAGE_HUGE] * PAGE_BYTES, rss = page_counts_resident(&c) * PAGE_BYTES;
	uint64_t anon = page_counts_anon(&c) * PAGE_BYTES;

	if (!strcmp(key, "Rss"))
		rss = without_doubtful(s, &c, rss, v);
	if (!strcmp(key, "Anonymous"))
		anon = without_doubtful(s, &c, anon, v);
	if (!strcmp(key, "Size") && v != vma_size(m))
		return differs("VMA %zu: Size is %" PRIu64, i, v);
	if (!strcmp(key, "Rss") && v != rss)
		return differs("VMA %zu %s: glyphs make %" PRIu64 ", Rss is %" PRIu64, i, m->path,
			       page_counts_resident(&c) * PAGE_BYTES, v);
	if (!strcmp(key, "AnonHugePages") && v != huge && !(m->perms & VMA_SHARED))
		return differs("VMA %zu: %" PRIu64 " huge, smaps has %" PRIu64, i, huge, v);
	if (!strcmp(key, "Anonymous") && !huge && v != anon)
		return differs("VMA %zu %s: glyphs make %" PRIu64 ", Anonymous is %" PRIu64, i,
			       m->path, anon, v);
	if (!strcmp(key, "Anonymous") && huge && v != vma_figures(s, i).anonymous)
		return differs("VMA %zu %s: anonymous is %" PRIu64 ", Anonymous is %" PRIu64, i,
			       m->path, vma_figures(s, i).anonymous, v);
	if (!d)
		return "";
	/* Whoever else maps a file takes a share of its Pss. */
	if (!strcmp(key, "Pss") && (m->inode ? d->pss > page_counts_resident(&c) * PAGE_BYTES :
					       v != d->pss))
		return differs("VMA %zu: Pss is %" PRIu64, i, v);
	if ((!strcmp(key, "Swap") && v != d->swap) ||
	    (!strcmp(key, "Locked") && v != d->locked))
		return differs("VMA %zu: %s is %" PRIu64, i, key, v);
	return "";
}

const char *truth_details(pid_t pid, const struct snapshot *s)
{
	FILE *f = open_proc(pid, "smaps");
	char *line = NULL;
	size_t cap = 0, i = (size_t)-1;
	const char *ret = "";

	if (!f)
		return differs("smaps cannot be opened");
	while (!*ret && getline(&line, &cap, f) > 0) {
		char key[32];
		uint64_t v;

		if (line[0] < 'A' || line[0] > 'Z')
			i++;
		else if (i < s->layout->n &&
			 sscanf(line, "%31[A-Za-z_]: %" SCNu64 " kB", key, &v) == 2)
			ret = vma_figure(s, i, key, v * 1024);
	}
	if (!*ret && i + 1 != s->layout->n)
		ret = differs("%zu VMAs, smaps has %zu", s->layout->n, i + 1);
	free(line);
	fclose(f);
	return ret;
}
