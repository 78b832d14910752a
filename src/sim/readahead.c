/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is read of a file where a page is missing, and ahead of need. Only madvise remove takes
 * single pages out of the page cache, so what is read are holes: there at once. Pages are read one
 * by one; the large folios that some file systems read ahead into are not modelled.
 */
#include "mm.h"

static u64 ra_pages(const struct sim *s)
{
	return (s->opt.readahead ? s->opt.readahead : s->prof->readahead) >> PAGE_SHIFT;
}

static struct file_ra *ra_of(const struct sim *s, const struct vma *v)
{
	return &s->root->ra[v->file == FILE_RO];
}

/* Of n pages those that are missing. The one `ahead` pages before the last is marked. */
bool page_cache_ra(struct sim *s, struct object *o, u64 index, u64 n, u64 ahead)
{
	u64 size = object_pages(o), mark;

	if (index >= size)
		return true;
	if (n > size - index)
		n = size - index;
	mark = index + n - ahead;
	T_NOTE(s, "do_page_cache_ra", "pages of the file are read", "from", index, "to", index + n, SIM_U_PAGES);
	for (u64 i = index; i < index + n; i++) {
		u32 pfn = page_lookup(s, o, i);

		if (pfn)
			continue;
		pfn = page_add(s, o, i, 0, 0);
		if (!pfn)
			return false;
		if (i == mark)
			frame_set_flags(s, frame_at(s, pfn), FRF_READAHEAD, 0);
	}
	return true;
}

static bool read_window(struct sim *s, struct object *o, struct file_ra *ra, u64 start, u64 size, u64 ahead)
{
	SET(s, ra->start, start);
	SET(s, ra->size, (u32)size);
	SET(s, ra->async_size, (u32)ahead);
	return page_cache_ra(s, o, start, size, ahead);
}

/* Of executable memory, as exec_folio_order() wants it, but nothing outside of the mapping. */
static bool read_own(struct sim *s, const struct vma *v, struct object *o, u64 index)
{
	u64 folio = s->prof->exec_folio ? s->prof->exec_folio >> PAGE_SHIFT : 1, end = v->pgoff + vma_pages(v);
	u64 from = index & ~(folio - 1), to;

	if (from < v->pgoff)
		from = v->pgoff;
	to = (from + ra_pages(s) + folio - 1) & ~(folio - 1);
	return read_window(s, o, ra_of(s, v), from, (to < end ? to : end) - from, 0);
}

/* A page is missing. */
bool do_sync_mmap_readahead(struct sim *s, const struct vma *v, struct object *o, u64 index)
{
	u64 max = ra_pages(s);
	bool exec = v->flags & VM_EXEC && RULE(s, exec_reads_own);

	T_NOTE(s, "do_sync_mmap_readahead", "not in the page cache: read, a major fault", "page", index,
	       NULL, 0, SIM_U_COUNT);
	if ((v->flags & VM_RAND_READ) && !exec)
		return page_cache_ra(s, o, index, 1, 0);
	if (v->flags & VM_SEQ_READ)
		return page_cache_ra(s, o, index, max, 0);
	if (exec)
		return read_own(s, v, o, index);
	return read_window(s, o, ra_of(s, v), index > max / 2 ? index - max / 2 : 0, max, max / 4);
}

static u64 next_size(u64 size, u64 max)
{
	return size < max / 16 ? 4 * size : size <= max / 2 ? 2 * size : max;
}

/* The page at index is there, and marked: what follows is read. */
bool do_async_mmap_readahead(struct sim *s, const struct vma *v, struct object *o, u64 index)
{
	struct file_ra *ra = ra_of(s, v);
	u64 max = ra_pages(s), mark = ra->start + ra->size - ra->async_size, start = index + 1, size;

	T_TEST(s, "page_cache_async_ra", "a marked page, where this file was read last", "page", index, EQ,
	       "mark", mark, SIM_U_COUNT, index == mark, "read what follows", "read from the next page that is missing");
	if (index == mark) {
		size = next_size(ra->size, max);
		return read_window(s, o, ra, ra->start + ra->size, size, size);
	}
	while (start - index <= max && page_lookup(s, o, start))
		start++;
	if (start - index > max)
		return true;
	size = next_size(start - index + max, max);
	return read_window(s, o, ra, start, size, size);
}
