/* SPDX-License-Identifier: GPL-2.0-or-later
 * The state of every page of an address space, as sorted runs.
 *
 * A page that no run covers is absent. A residency is a value, shared by reference
 * count. Where a source has not looked yet the run says PAGE_UNSEEN; where it knows
 * only that the page is resident, PAGE_PRESENT. Neither of these two reaches JSON.
 */
#ifndef MMSCOPE_PAGES_H
#define MMSCOPE_PAGES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/vma.h"

/* id, letter, resident?, name, explanation. Two states may share a letter; never in one VMA. */
#define PAGE_STATES(X) \
	X(ABSENT, '.', 0, "absent", "no page: the first touch will fault") \
	X(ANON, 'A', 1, "anonymous", "private memory of this process alone") \
	X(ANON_SHARED, 'a', 1, "anonymous, shared", "private memory, also mapped elsewhere until somebody writes (COW)") \
	X(FILE, 'F', 1, "file", "page of a file or of shared memory, mapped once") \
	X(FILE_SHARED, 'f', 1, "file, shared", "page of a file or of shared memory, mapped more than once") \
	X(ZERO, 'Z', 0, "zero page", "read before written: the kernel's one page of zeroes, not counted in Rss") \
	X(GUARD, 'G', 0, "guard", "marked by madvise(MADV_GUARD_INSTALL): a touch is SIGSEGV") \
	X(SWAP, 'S', 0, "swapped", "written out to swap: the next touch reads it back") \
	X(HUGE, 'H', 1, "huge", "part of a 2 MiB page") \
	X(HUGETLB, 'H', 0, "huge, reserved", "part of a page of hugetlbfs, which Rss leaves out") \
	X(PRESENT, '#', 1, "resident", "resident; its kind was not asked yet") \
	X(UNSEEN, '?', 0, "not looked at", "the sampler has not been here yet")

enum page_state {
#define X(id, letter, resident, name, about) PAGE_##id,
	PAGE_STATES(X)
#undef X
	PAGE_NR
};

struct page_state_info {
	char letter;
	bool resident;		/* counts in Rss */
	const char *name, *about;
};
extern const struct page_state_info page_states[PAGE_NR];

struct page_run {
	uint64_t start;			/* address */
	uint64_t pages : 56;
	uint64_t state : 8;		/* enum page_state, never ABSENT */
};
static inline uint64_t run_end(const struct page_run *r)
{
	return r->start + ((uint64_t)r->pages << PAGE_SHIFT);
}

struct residency {
	unsigned refs;
	size_t n, cap;
	struct page_run *runs;	/* sorted, disjoint, neighbours of equal state joined */
	bool kinds;		/* false: some runs are PAGE_PRESENT because kinds were not asked */
	bool whole;		/* false: some runs are PAGE_UNSEEN */
};

struct page_counts {
	uint64_t n[PAGE_NR];	/* pages by state; n[PAGE_ABSENT] included */
};

struct residency *residency_create(void);			/* empty: all absent */
struct residency *residency_get(const struct residency *r);	/* NULL gives NULL */
void residency_put(const struct residency *r);

/* While building only (refs == 1): adds behind the last run; joins where it can. */
void residency_append(struct residency *r, uint64_t start, uint64_t end, enum page_state state);
/* A copy in which [start, end) is what `patch` says there (its runs clipped to the range). */
struct residency *residency_splice(const struct residency *r, uint64_t start, uint64_t end,
				   const struct residency *patch);
/* Index of the first run with run_end > addr; n when none. */
size_t residency_next(const struct residency *r, uint64_t addr);
/* Is there a page of the process's own, which it wrote, resident or in swap? */
bool residency_written(const struct residency *r, uint64_t start, uint64_t end);
enum page_state residency_at(const struct residency *r, uint64_t addr);
/* Counts the pages of [start, end); cost: log n + runs inside. r may be NULL (all UNSEEN). */
struct page_counts residency_count(const struct residency *r, uint64_t start, uint64_t end);
uint64_t page_counts_resident(const struct page_counts *c);	/* pages in Rss */
uint64_t page_counts_anon(const struct page_counts *c);		/* pages in RssAnon; H not counted */
/* "3A2.": run-length code of scenario-language.md, section 2. */
void residency_encode(const struct residency *r, uint64_t start, uint64_t end, struct buf *out);
/* The inverse, for replay and tests; false at the first letter that is none. */
bool residency_decode(struct residency *r, uint64_t start, const char *code);
bool residency_equal(const struct residency *a, const struct residency *b);

#endif
