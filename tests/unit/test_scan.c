/* SPDX-License-Identifier: GPL-2.0-or-later
 * A mapping full of pages is asked for what it lacks; the picture is that of asking for
 * what it has.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "src/live/lines.h"
#include "src/live/look.h"
#include "src/live/maps.h"

/* Many calls' worth of pages. */
#define PAGES (3ul * SCAN_PAGES)
/* From here on 3,000 pages are never touched: they have no page tables. */
#define NEVER (2ul * SCAN_PAGES + 3000)

struct place {
	char *pages;
	int maps, pagemap;
	struct looker *looker;
	struct strings *strings;
	struct layout *layout;
};

static void place_open(struct place *p)
{
	char *buf = xmalloc(LINES_BUFFER);

	p->pages = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(p->pages, MAP_FAILED);
	madvise(p->pages, PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
	memset(p->pages, 1, NEVER * PAGE_BYTES);
	memset(p->pages + (NEVER + 3000) * PAGE_BYTES, 1, (PAGES - NEVER - 3000) * PAGE_BYTES);
	p->looker = xcalloc(1, sizeof(*p->looker));
	p->maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	p->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	look_init(p->looker, p->pagemap, LOOK_SCAN);
	p->strings = strings_create();
	assert_int_equal(maps_read(p->maps, buf, NULL, p->strings, NULL, &p->layout), 0);
	free(buf);
}

static void place_close(struct place *p)
{
	munmap(p->pages, PAGES * PAGE_BYTES);
	layout_put(p->layout);
	strings_put(p->strings);
	free(p->looker);
	close(p->maps);
	close(p->pagemap);
}

static struct residency *look(struct place *p, int maps, uint64_t *asked)
{
	uint64_t at = (uintptr_t)p->pages, end = at + PAGES * PAGE_BYTES;
	struct look l = { .layout = p->layout, .kinds = KINDS_NONE, .fd_maps = maps };
	struct residency *r = residency_create();
	uint64_t before = p->looker->scan.calls;

	p->looker->scan.full = 0;
	assert_int_equal(look_at(p->looker, &l, at, end, r), end);
	*asked = p->looker->scan.calls - before;
	return r;
}

/* Out of one page at `at`, counted in pages, something else. */
static const struct { unsigned long at, n; char what; } changes[] = {
	{ SCAN_PAGES + 1, 1, '-' }, { SCAN_PAGES + 5, 700, '-' }, { SCAN_PAGES + 706, 1, '0' },
	{ 2 * SCAN_PAGES - 1, 3, '-' }, { 2 * SCAN_PAGES + 9000, 2, '0' },
	{ PAGES - 1, 1, '-' },
};

static void the_same_picture_either_way(void **state)
{
	uint64_t few, many, plain;
	struct place p;
	struct residency *has, *lacks;

	(void)state;
	place_open(&p);
	if (p.looker->rung != LOOK_SCAN) {
		place_close(&p);
		skip();
	}
	for (size_t i = 0; i <= ARRAY_LEN(changes); i++) {
		has = look(&p, -1, &plain);
		lacks = look(&p, p.maps, &few);
		assert_true(residency_equal(has, lacks));
		if (!i)
			assert_true(few < plain);
		residency_put(has);
		residency_put(lacks);
		if (i == ARRAY_LEN(changes))
			break;
		madvise(p.pages + changes[i].at * PAGE_BYTES, changes[i].n * PAGE_BYTES, MADV_DONTNEED);
		if (changes[i].what == '0')
			for (unsigned long n = 0; n < changes[i].n; n++)
				(void)((volatile char *)p.pages)[(changes[i].at + n) * PAGE_BYTES];
	}
	/* More gaps than one answer holds. */
	for (unsigned long at = SCAN_PAGES + 2000; at < 2 * SCAN_PAGES; at += 8)
		madvise(p.pages + at * PAGE_BYTES, PAGE_BYTES, MADV_DONTNEED);
	has = look(&p, -1, &plain);
	lacks = look(&p, p.maps, &many);
	assert_true(residency_equal(has, lacks));
	residency_put(has);
	residency_put(lacks);
	place_close(&p);
}

/* What was full when the layout was read and is gone now lacks nothing. */
static void a_mapping_that_went_is_not_full(void **state)
{
	struct place p;
	struct residency *r = residency_create();
	struct look l = { .kinds = KINDS_NONE };
	uint64_t start;

	(void)state;
	place_open(&p);
	if (p.looker->rung != LOOK_SCAN) {
		residency_put(r);
		place_close(&p);
		skip();
	}
	start = (uintptr_t)p.pages + PAGES / 3 * PAGE_BYTES;
	munmap(p.pages + PAGES / 3 * PAGE_BYTES, PAGES / 3 * PAGE_BYTES);
	l.layout = p.layout;
	l.fd_maps = p.maps;
	p.looker->scan.full = start;
	look_at(p.looker, &l, start, start + PAGES / 3 * PAGE_BYTES, r);
	assert_int_equal(r->n, 0);
	residency_put(r);
	place_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_picture_either_way),
		cmocka_unit_test(a_mapping_that_went_is_not_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
