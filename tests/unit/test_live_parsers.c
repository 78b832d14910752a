/* SPDX-License-Identifier: GPL-2.0-or-later
 * The parsers of the live source: one line or one small file at a time.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "src/live/feed.h"
#include "src/live/hugetlb.h"
#include "src/live/lines.h"
#include "src/live/maps.h"
#include "src/live/roles.h"
#include "src/live/smaps.h"
#include "src/live/stat_parse.h"

static void test_maps_line(void **state)
{
	static const char line[] =
		"7f0000001000-7f0000003000 r-xs 0000a000 fd:1f 4242          /lib/a b (deleted)";
	struct maps_line m;

	(void)state;
	assert_true(maps_parse_line(line, strlen(line), &m));
	assert_int_equal(m.start, 0x7f0000001000);
	assert_int_equal(m.end, 0x7f0000003000);
	assert_int_equal(m.perms, VMA_READ | VMA_EXEC | VMA_SHARED);
	assert_int_equal(m.offset, 0xa000);
	assert_int_equal(m.dev_major, 0xfd);
	assert_int_equal(m.dev_minor, 0x1f);
	assert_int_equal(m.inode, 4242);
	assert_int_equal(m.path_len, strlen("/lib/a b (deleted)"));
	assert_memory_equal(m.path, "/lib/a b (deleted)", m.path_len);
	assert_true(maps_parse_line("0-1000 ---p 0 0:0 0", 19, &m));
	assert_int_equal(m.path_len, 0);
}

static void test_maps_refused(void **state)
{
	static const char *const bad[] = {
		"", "-", "1000", "1000-", "1000-2000", "1000-2000 ", "1000-2000 r--p",
		"1000-2000 r--p 0 8:1", "1000-2000 r--p 0 8:1 ", "1000-2000 r--p 0 8:1 x",
		"2000-1000 r--p 0 8:1 5", "1000-1000 r--p 0 8:1 5", "1001-2000 r--p 0 8:1 5",
		"1000-2001 r--p 0 8:1 5", "1000-2000 rw p 0 8:1 5", "1000-2000 r--x 0 8:1 5",
		"1000-2000 wr-p 0 8:1 5", "1000-2000 r--p- 0 8:1 5", "g000-2000 r--p 0 8:1 5",
		"10000000000000000-20000000000000000 r--p 0 8:1 5", "1000-2000 r--p 0 100000000:1 5",
		"1000-2000 r--p 0 8:1 99999999999999999999", " 1000-2000 r--p 0 8:1 5",
	};
	struct maps_line m = { .start = 77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(maps_parse_line(bad[i], strlen(bad[i]), &m));
	assert_int_equal(m.start, 77);
}

/* Every beginning of a line is refused or understood, and never read past. */
static void test_maps_prefixes(void **state)
{
	static const char line[] = "7f0000001000-7f0000003000 r-xs 0000a000 fd:1f 4242  /lib/x";
	struct maps_line m;

	(void)state;
	for (size_t n = 0; n < sizeof(line); n++) {
		char *copy = xmalloc(n ? n : 1);

		memcpy(copy, line, n);
		/* Complete as soon as the inode has begun. */
		assert_int_equal(maps_parse_line(copy, n, &m), n > strlen("7f0000001000-7f0000003000 "
									  "r-xs 0000a000 fd:1f "));
		free(copy);
	}
}

static void test_maps_unescape(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "/a\\012b", "/a\nb" }, { "\\012", "\n" }, { "\\012\\012x", "\n\nx" },
		{ "/a\\01", "/a\\01" }, { "/a\\", "/a\\" }, { "/a\\134", "/a\\134" }, { "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = maps_unescape(cases[i].in, strlen(cases[i].in), out);

		assert_int_equal(n, strlen(cases[i].out));
		assert_memory_equal(out, cases[i].out, n);
	}
}

static void test_stat(void **state)
{
	static const char text[] = "42 (a) R 1 (b) S 7 8 9 0 -1 4194304 135 0 2 0 5 6 0 0 20 0 3 0 "
		"4711 1000 20 18446744073709551615 94000 95000 140000 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 "
		"96000 97000 98000 140100 140200 140300 140400 256\n";
	struct stat_figures s;

	(void)state;
	assert_true(stat_parse(text, strlen(text), &s));
	assert_int_equal(s.pid, 42);
	assert_string_equal(s.comm, "a) R 1 (b");
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.ppid, 7);
	assert_int_equal(s.flags, 4194304);
	assert_int_equal(s.minflt, 135);
	assert_int_equal(s.majflt, 2);
	assert_int_equal(s.threads, 3);
	assert_int_equal(s.starttime, 4711);
	assert_int_equal(s.start_code, 94000);
	assert_int_equal(s.end_code, 95000);
	assert_int_equal(s.start_stack, 140000);
	assert_int_equal(s.start_data, 96000);
	assert_int_equal(s.start_brk, 98000);
	assert_int_equal(s.env_end, 140400);
	assert_int_equal(s.exit_code, 256);
	/* What is cut off is not known rather than 0. */
	assert_true(stat_parse(text, 30, &s));
	assert_int_equal(s.minflt, UNKNOWN);
	for (size_t i = 0; i < 9; i++)
		assert_false(stat_parse(text, i, &s));
}

static void test_stat_refused(void **state)
{
	static const char *const bad[] = {
		"", "42", "42 (x", "42 x) S 1", ") 42 (", "(x) S 1", "42 (x) ", "42 (x)",
		"-1 (x) S 1", "99999999999 (x) S 1", "42 (x) S", "42 (x) \x01 1", "42 (x) S x",
		"42 (x) 8 1", "42 (x) \xe4 1",
	};
	struct stat_figures s;
	char lengthy[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(stat_parse(bad[i], strlen(bad[i]), &s));
	memset(lengthy, 'n', sizeof(lengthy));
	memcpy(lengthy, "7 (", 3);
	memcpy(lengthy + 390, ") S 1 2", 8);
	assert_true(stat_parse(lengthy, strlen(lengthy), &s));
	assert_int_equal(strlen(s.comm), sizeof(s.comm) - 1);
}

static void test_status(void **state)
{
	static const char text[] = "Name:\tUid:\t9\nUmask:\t0022\nTgid:\t42\nUid:\t0\t1000\t0\t0\n"
		"NSpid:\t42\t7\t1\nVmSize:\t    2984 kB\nVmStk:\t 132 kB\nVmPTE:\tmany kB\n"
		"RssAnon:\t99999999999999999999999 kB\nThreads:\t3\nVmSwap:\t    12";
	struct status_figures s;

	(void)state;
	assert_true(status_parse(text, strlen(text), &s));
	assert_int_equal(s.tgid, 42);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.ns_depth, 3);
	assert_int_equal(s.pid_inside, 1);
	assert_int_equal(s.threads, 3);
	assert_true(s.has_mm);
	assert_int_equal(s.mm[MM_VM_SIZE], 2984 * 1024);
	assert_int_equal(s.mm[MM_VM_STACK], 132 * 1024);
	assert_int_equal(s.mm[MM_VM_PTE], UNKNOWN);
	assert_int_equal(s.mm[MM_RSS_ANON], UNKNOWN);
	assert_int_equal(s.mm[MM_VM_SWAP], UNKNOWN);	/* the line is cut off */
	assert_int_equal(s.mm[MM_VM_LIB], UNKNOWN);
	assert_false(status_parse("", 0, &s));
	assert_false(status_parse("Name:\tx\n", 8, &s));
}

static void test_statm(void **state)
{
	struct statm_figures s;

	(void)state;
	assert_true(statm_parse("730 456 429 5 0 89 0\n", 21, &s));
	assert_int_equal(s.size, 730 * 4096);
	assert_int_equal(s.resident, 456 * 4096);
	assert_int_equal(s.data, 89 * 4096);
	assert_false(statm_parse("730 456 429", 11, &s));
	assert_false(statm_parse("", 0, &s));
	assert_false(statm_parse("4503599627370496 1 1 1 1 1 1\n", 29, &s));
}

static void test_hugetlb(void **state)
{
	static const char *const lines[] = {
		"33 25 0:31 / /dev/huge\\040pages rw,relatime shared:9 - hugetlbfs hugetlbfs rw,pagesize=2M",
		"25 1 254:0 / / rw,relatime - ext4 /dev/root rw",
		"34 25 0:x / /dev/hugepages rw - hugetlbfs hugetlbfs rw",
		"- hugetlbfs ", "1 - hugetlbfs ", "",
	};
	struct vma v = { .path = "/memfd:x (deleted)", .inode = 5 };
	struct hugetlb_dev dev;
	struct hugetlb h;
	struct stat st;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_HUGETLB);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(hugetlb_parse_mount(lines[i], strlen(lines[i]), &dev), !i);
	hugetlb_parse_mount(lines[0], strlen(lines[0]), &dev);
	assert_int_equal(dev.major, 0);
	assert_int_equal(dev.minor, 31);
	hugetlb_init(&h, -1);
	v.dev_major = 254;
	assert_false(hugetlb_has(&h, &v));
	if (fd >= 0) {	/* the machine has such pages, even if none is in reserve */
		assert_int_equal(fstat(fd, &st), 0);
		v.dev_major = major(st.st_dev);
		v.dev_minor = minor(st.st_dev);
		assert_true(hugetlb_has(&h, &v));
		close(fd);
	}
	v.inode = 0;
	assert_false(hugetlb_has(&h, &v));
	hugetlb_deinit(&h);
}

static void test_limits(void **state)
{
	static const char text[] =
		"Limit                     Soft Limit           Hard Limit           Units     \n"
		"Max data size             unlimited            unlimited            bytes     \n"
		"Max stack size            8388608              unlimited            bytes     \n"
		"Max address space         x                    unlimited            bytes     \n"
		"Max locked memory         65536";
	uint64_t l[LIMIT_NR];

	(void)state;
	assert_true(limits_parse(text, strlen(text), l));
	assert_int_equal(l[LIMIT_STACK], 8388608);
	assert_int_equal(l[LIMIT_DATA], UNLIMITED);
	assert_int_equal(l[LIMIT_AS], UNKNOWN);
	assert_int_equal(l[LIMIT_MEMLOCK], UNKNOWN);
	assert_false(limits_parse("", 0, l));
	assert_int_equal(l[LIMIT_STACK], UNKNOWN);
}

static void test_auxv(void **state)
{
	Elf64_auxv_t a[] = {
		{ .a_type = AT_PHDR, .a_un.a_val = 0x400040 },
		{ .a_type = AT_EXECFN, .a_un.a_val = 0x7ffe00003ff0 },
		{ .a_type = AT_RANDOM, .a_un.a_val = 0x7ffe00002ab9 },
		{ .a_type = AT_PLATFORM, .a_un.a_val = 0x7ffe00002ac9 },
		{ .a_type = AT_NULL },
		{ .a_type = AT_RANDOM, .a_un.a_val = 0x7ffe00001000 },
	};
	/* of a program of 32 bits */
	static const uint32_t b[][2] = {
		{ AT_SYSINFO, 0xf7f3a590 }, { AT_EXECFN, 0xffdc3ff0 }, { AT_RANDOM, 0xffdc2abb },
		{ AT_NULL, 0 },
	};

	(void)state;
	assert_int_equal(auxv_block_end(a, sizeof(a), 0x7ffe00000000), 0x7ffe00002ab0);
	assert_int_equal(auxv_block_end(a, sizeof(a[0]), 0x7ffe00000000), 0);
	assert_int_equal(auxv_block_end(a, sizeof(a), 0x7ffe00003000), 0x7ffe00003ff0);
	assert_int_equal(auxv_block_end(a, 7, 0x7ffe00000000), 0);
	assert_int_equal(auxv_block_end(a, sizeof(a), UNKNOWN), 0);
	assert_int_equal(auxv_block_end(b, sizeof(b), 0xffdc0000), 0xffdc2ab0);
	assert_int_equal(auxv_block_end(b, sizeof(b) - sizeof(b[0]) - 1, 0xffdc0000), 0xffdc3ff0);
}

static void test_syscall(void **state)
{
	static const char call[] =
		"230 0x0 0x1 0xffffffffffffffff 0x3 0x4 0x5 0x7ffc51cc9408 0x7fe469664503\n";
	struct syscall_figures s;

	(void)state;
	assert_true(syscall_parse(call, strlen(call), &s));
	assert_int_equal(s.nr, 230);
	assert_int_equal(s.args[2], UINT64_MAX);
	assert_int_equal(s.sp, 0x7ffc51cc9408);
	assert_int_equal(s.pc, 0x7fe469664503);
	for (size_t i = 0; i < strlen(call) - 14; i++)
		assert_false(syscall_parse(call, i, &s));
	assert_true(syscall_parse("running\n", 8, &s));
	assert_true(s.running);
	assert_int_equal(s.sp, UNKNOWN);
	assert_int_equal(s.nr, SYSCALL_NONE);
	assert_true(syscall_parse("-1 0x7ffc 0x4005\n", 17, &s));
	assert_int_equal(s.nr, SYSCALL_NONE);
	assert_int_equal(s.sp, 0x7ffc);
	assert_false(syscall_parse("1 0x11111111111111111 0x1 0x1 0x1 0x1 0x1 0x1 0x1", 49, &s));
}

static void test_schedstat(void **state)
{
	struct schedstat_figures s;

	(void)state;
	assert_true(schedstat_parse("123456789 20 3\n", 15, &s));
	assert_int_equal(s.run_ns, 123456789);
	assert_int_equal(s.slices, 3);
	assert_false(schedstat_parse("1 2", 3, &s));
}

static void figure(struct smaps_figures *f, const char *line)
{
	assert_true(smaps_parse_line(line, strlen(line), f));
}

static void test_smaps_line(void **state)
{
	struct smaps_figures f;
	uint64_t rd = 0, gd = 0;

	(void)state;
	for (int i = 0; i < 64 && vma_flag_names[i]; i++) {
		if (!strcmp(vma_flag_names[i], "rd"))
			rd = 1ull << i;
		if (!strcmp(vma_flag_names[i], "gd"))
			gd = 1ull << i;
	}
	smaps_figures_reset(&f);
	assert_int_equal(f.pss, UNKNOWN);
	figure(&f, "Size:                132 kB");
	figure(&f, "Rss:                  12 kB");
	figure(&f, "Private_Clean:         4 kB");
	figure(&f, "Private_Dirty:         8 kB");
	figure(&f, "VmFlags: rd wr zz gd ");
	figure(&f, "NewField:              1 kB");
	assert_int_equal(f.size, 132 * 1024);
	assert_int_equal(f.rss, 12 * 1024);
	assert_int_equal(f.uss, 12 * 1024);
	assert_int_equal(f.pss, UNKNOWN);
	assert_true(f.flags & rd);
	assert_true(f.flags & gd);
	assert_false(smaps_parse_line("Rss:", 4, &f));
	assert_false(smaps_parse_line("Rss: x", 6, &f));
	assert_false(smaps_parse_line("no colon", 8, &f));
	assert_false(smaps_parse_line(":", 1, &f));
	assert_false(smaps_parse_line("", 0, &f));
	assert_true(smaps_parse_line("VmFlags: r", 10, &f));
}

static int file_of(const char *text, size_t n)
{
	int fd = memfd_create("lines", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	return fd;
}

/* Of a file whose VMAs have most lines alike, as the kernel's, and some not: each figure is what
 * the line alone says. */
static void test_smaps_file(void **state)
{
	static const char *const keys[] = { "Size", "KernelPageSize", "Rss", "Pss", "Pss_Dirty",
					    "Private_Clean", "Private_Dirty", "Referenced", "Anonymous",
					    "AnonHugePages", "Swap", "SwapPss", "Locked", "THPeligible" };
	enum { VMAS = 400 };
	struct strings *strings = strings_create();
	struct buf text = BUF_INIT;
	struct layout *l;
	struct details *d;
	struct smaps_figures want[VMAS];
	char *buf = xmalloc(LINES_BUFFER);
	unsigned x = 1;
	int fd;

	(void)state;
	for (unsigned i = 0; i < VMAS; i++) {
		buf_addf(&text, "%x-%x rw-p 00000000 00:00 0 \n", (i + 1) << 12, (i + 2) << 12);
		smaps_figures_reset(&want[i]);
		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			char line[64];
			unsigned value;

			x = x * 1103515245 + 12345;
			value = x >> 16 & 3 ? x >> 20 & 7 : x >> 20;
			if ((x >> 8 & 63) == 0)
				continue;	/* a line that is missing */
			snprintf(line, sizeof(line), "%s:%*u%s", keys[k], (int)(23 - strlen(keys[k])), value,
				 k == ARRAY_LEN(keys) - 1 ? "" : " kB");
			if ((x >> 8 & 63) == 1)
				snprintf(line, sizeof(line), "%s: %u kB", keys[k], value);
			figure(&want[i], line);
			buf_addf(&text, "%s\n", line);
		}
		buf_adds(&text, "VmFlags: rd wr mr \n");
		figure(&want[i], "VmFlags: rd wr mr ");
	}
	fd = file_of(buf_str(&text), text.len);
	assert_int_equal(smaps_read(fd, -1, buf, NULL, strings, &l, &d, NULL), 0);
	assert_int_equal(l->n, VMAS);
	for (unsigned i = 0; i < VMAS; i++) {
		assert_int_equal(d->vma[i].rss, want[i].rss);
		assert_int_equal(d->vma[i].pss, want[i].pss);
		assert_int_equal(d->vma[i].uss, want[i].uss);
		assert_int_equal(d->vma[i].swap, want[i].swap);
		assert_int_equal(d->vma[i].locked, want[i].locked);
		assert_int_equal(d->vma[i].anonymous, want[i].anonymous);
		assert_int_equal(d->vma[i].flags, want[i].flags);
	}
	details_put(d);
	layout_put(l);
	strings_put(strings);
	buf_free(&text);
	free(buf);
	close(fd);
}

static void test_lines(void **state)
{
	size_t big = 2 * LINES_BUFFER + 100;
	char *text = xmalloc(big + 16), *buf = xmalloc(LINES_BUFFER);
	const char *line;
	struct lines in;
	size_t n;
	int fd;

	(void)state;
	memset(text, 'x', big);
	memcpy(text, "one\n\ntwo\n", 9);
	memcpy(text + big, "\nlast", 5);
	fd = file_of(text, big + 5);
	lines_start(&in, fd, buf);
	assert_true(lines_next(&in, &line, &n));
	assert_int_equal(n, 3);
	assert_memory_equal(line, "one", 3);
	assert_true(lines_next(&in, &line, &n));
	assert_int_equal(n, 0);
	assert_true(lines_next(&in, &line, &n));
	assert_int_equal(n, 3);
	/* The long one comes cut off, once. */
	assert_true(lines_next(&in, &line, &n));
	assert_int_equal(n, LINES_BUFFER);
	assert_true(lines_next(&in, &line, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(line, "last", 4);
	assert_false(lines_next(&in, &line, &n));
	assert_int_equal(in.errnum, 0);
	close(fd);
	free(buf);
	free(text);
}

struct beside {
	struct lines in;
	size_t lines, sum;
	bool own_thread;
	pthread_t caller;
};

static void take_numbers(void *arg)
{
	struct beside *b = arg;
	const char *line;
	size_t n;

	b->own_thread = !pthread_equal(pthread_self(), b->caller);
	while (lines_next(&b->in, &line, &n)) {
		b->lines++;
		b->sum = b->sum * 31 + (n ? strtoul(line, NULL, 10) + n : 0);
	}
}

/* What comes through another thread is what is read in this one. */
static void test_lines_beside(void **state)
{
	static const size_t sizes[] = { 0, 10, LINES_BUFFER - 8, LINES_BUFFER, 100 << 10, FEED_SLOT,
					3 * FEED_SLOTS * FEED_SLOT + 777 };
	char *buf = xmalloc(LINES_BUFFER);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct beside here = { .caller = pthread_self() }, there = here;
		struct buf text = BUF_INIT;
		unsigned number = 1;
		int fd;

		for (; text.len < sizes[i]; number++)
			buf_addf(&text, "%u%s", number, number % 7 ? "\n" : " of a longer line\n");
		fd = file_of(buf_str(&text), text.len);
		lines_start(&here.in, fd, buf);
		take_numbers(&here);
		lines_start(&there.in, fd, buf);
		lines_run(&there.in, take_numbers, &there);
		assert_int_equal(there.lines, here.lines);
		assert_int_equal(there.sum, here.sum);
		assert_int_equal(there.in.at, text.len);
		assert_int_equal(there.in.errnum, 0);
		assert_int_equal(there.own_thread, text.len >= LINES_BUFFER);
		close(fd);
		buf_free(&text);
	}
	free(buf);
}

struct taken {
	struct feed feed;
	size_t n;
	int errnum;
};

static void take_all(void *arg)
{
	struct taken *t = arg;
	char part[100];
	size_t n;

	while ((n = feed_take(&t->feed, part, sizeof(part), &t->errnum)))
		t->n += n;
}

/* A reading that fails ends with what was read and the reason. */
static void test_feed_fails(void **state)
{
	struct taken t = { .n = 0 };
	struct beside none = { .caller = pthread_self() };
	char *buf = xmalloc(LINES_BUFFER);
	int dir = open("/", O_RDONLY | O_DIRECTORY);
	size_t put = 0;

	(void)state;
	assert_true(feed_start(&t.feed, take_all, &t));
	for (int i = 0; i < 500; i++) {
		size_t room;
		char *to = feed_room(&t.feed, &room);
		size_t n = room < 4000 ? room : 4000;

		memset(to, 'x', n);
		feed_put(&t.feed, n);
		put += n;
	}
	feed_end(&t.feed, EIO);
	assert_int_equal(t.n, put);
	assert_int_equal(t.errnum, EIO);
	lines_start(&none.in, dir, buf);
	lines_run(&none.in, take_numbers, &none);
	assert_int_equal(none.in.errnum, EISDIR);
	assert_int_equal(none.lines, 0);
	close(dir);
	free(buf);
}

/* A line that never ends is given up, with a reader beside or without. */
static void test_line_without_end(void **state)
{
	static const char first[] = "1\n2\n";
	struct beside here = { .caller = pthread_self() }, there = here;
	char *buf = xmalloc(LINES_BUFFER);
	int fd = file_of(first, sizeof(first) - 1);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)1 << 42), 0);
	lines_start(&here.in, fd, buf);
	take_numbers(&here);
	assert_int_equal(here.in.errnum, EFBIG);
	assert_true(here.in.at < 2 * LINES_LONGEST);
	lines_start(&there.in, fd, buf);
	lines_run(&there.in, take_numbers, &there);
	assert_true(there.own_thread);
	assert_int_equal(there.in.errnum, EFBIG);
	assert_int_equal(there.lines, here.lines);
	close(fd);
	free(buf);
}

static struct layout *read_text(const char *text, const struct layout *old, struct strings *s)
{
	char *buf = xmalloc(LINES_BUFFER);
	int fd = file_of(text, strlen(text));
	struct layout *l = NULL;

	assert_int_equal(maps_read(fd, buf, old, s, NULL, &l), 0);
	close(fd);
	free(buf);
	return l;
}

static void test_layout_is_shared_when_equal(void **state)
{
	static const char a[] = "1000-2000 r--p 0 8:1 5 /x\n2000-3000 rw-p 0 0:0 0 \n"
				"5000-6000 rw-p 0 0:0 0 [heap]\n";
	static const char *const others[] = {
		"1000-2000 r--p 0 8:1 5 /x\n2000-3000 rw-p 0 0:0 0 \n",
		("1000-2000 r--p 0 8:1 5 /x\n2000-3000 rw-p 0 0:0 0 \n"
		 "5000-6000 rw-p 0 0:0 0 [heap]\n6000-7000 r--p 0 0:0 0\n"),
		"1000-2000 r--p 0 8:1 5 /xy\n2000-3000 rw-p 0 0:0 0 \n5000-6000 rw-p 0 0:0 0 [heap]\n",
		"1000-2000 r--p 0 8:1 5 /\n2000-3000 rw-p 0 0:0 0 \n5000-6000 rw-p 0 0:0 0 [heap]\n",
		"1000-2000 r--p 0 8:1 5 /x\n2000-3000 rw-p 0 0:0 0 \n5000-7000 rw-p 0 0:0 0 [heap]\n",
		"1000-2000 r--p 0 8:1 5 /x\n5000-6000 rw-p 0 0:0 0 [heap]\n",
	};
	struct strings *s = strings_create();
	struct layout *old = read_text(a, NULL, s), *same = read_text(a, old, s);

	(void)state;
	assert_int_equal(old->n, 3);
	assert_ptr_equal(old, same);
	layout_put(same);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct layout *fresh = read_text(others[i], NULL, s);
		struct layout *l = read_text(others[i], old, s);

		assert_ptr_not_equal(l, old);
		assert_int_equal(l->n, fresh->n);
		for (size_t v = 0; v < l->n; v++)
			assert_true(vma_equal(&l->vmas[v], &fresh->vmas[v]));
		layout_put(l);
		layout_put(fresh);
	}
	layout_put(old);
	strings_put(s);
}

static struct layout *roles_of(const char *text, const struct residency *pages)
{
	struct strings *s = strings_create();
	struct layout *l = read_text(text, NULL, s);
	uint64_t mm[MM_NR];
	struct roles_in in = { .mm = mm, .pages = pages, .pid = 1 };

	for (size_t i = 0; i < MM_NR; i++)
		mm[i] = UNKNOWN;
	roles_assign(l, &in);
	strings_put(s);
	return l;
}

/* Without access is a guard, unless it holds what was written before. */
static void test_guards_hold_nothing(void **state)
{
	static const char text[] =
		"10000-11000 ---p 00000000 00:00 0 \n"
		"12000-14000 ---p 00000000 00:00 0 \n"
		"15000-16000 r-xp 00000000 08:01 7 /lib/x.so\n"
		"16000-17000 ---p 00001000 08:01 7 /lib/x.so\n"
		"18000-19000 ---p 00000000 00:00 0 [anon:mine]\n";
	struct residency *none = residency_create(), *some = residency_create();
	struct layout *l;

	(void)state;
	residency_append(some, 0x11000, 0x12000, PAGE_ANON);	/* of nobody here */
	residency_append(some, 0x13000, 0x14000, PAGE_SWAP);
	residency_append(some, 0x15000, 0x16000, PAGE_FILE);
	residency_append(some, 0x16000, 0x17000, PAGE_ANON);
	l = roles_of(text, NULL);
	assert_int_equal(l->vmas[1].role, ROLE_GUARD);
	assert_int_equal(l->vmas[3].role, ROLE_GUARD);
	assert_false(roles_denied(l, none));
	assert_true(roles_denied(l, some));
	layout_put(l);
	l = roles_of(text, some);
	assert_int_equal(l->vmas[0].role, ROLE_GUARD);
	assert_int_equal(l->vmas[1].role, ROLE_ANON);
	assert_int_equal(l->vmas[3].role, ROLE_DATA);
	assert_false(roles_denied(l, some));
	assert_true(roles_denied(l, none));	/* another mapping may be there now */
	layout_put(l);
	residency_put(none);
	residency_put(some);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_line), cmocka_unit_test(test_maps_refused),
		cmocka_unit_test(test_maps_prefixes), cmocka_unit_test(test_maps_unescape),
		cmocka_unit_test(test_stat), cmocka_unit_test(test_stat_refused),
		cmocka_unit_test(test_status), cmocka_unit_test(test_statm),
		cmocka_unit_test(test_hugetlb),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_auxv),
		cmocka_unit_test(test_syscall), cmocka_unit_test(test_schedstat),
		cmocka_unit_test(test_smaps_line), cmocka_unit_test(test_smaps_file),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_beside),
		cmocka_unit_test(test_line_without_end),
		cmocka_unit_test(test_guards_hold_nothing),
		cmocka_unit_test(test_feed_fails),
		cmocka_unit_test(test_layout_is_shared_when_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
