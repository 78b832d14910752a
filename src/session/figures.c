/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is derived from layout, pages and details for one VMA.
 */
#include "mmscope/output.h"

/* Details may be of an earlier layout: the same place must still be the same extent. */
static const struct vma_detail *detail_of(const struct snapshot *s, size_t vma)
{
	const struct vma *v = &s->layout->vmas[vma], *then;
	ssize_t i;

	if (!s->details)
		return NULL;
	if (s->details->layout == s->layout)
		return &s->details->vma[vma];
	i = layout_find(s->details->layout, v->start);
	if (i < 0)
		return NULL;
	then = &s->details->layout->vmas[i];
	return then->start == v->start && then->end == v->end ? &s->details->vma[i] : NULL;
}

struct vma_figures vma_figures(const struct snapshot *s, size_t vma)
{
	const struct vma *v = &s->layout->vmas[vma];
	struct page_counts c = residency_count(s->pages, v->start, v->end);
	struct vma_figures f = { UNKNOWN, UNKNOWN, false, detail_of(s, vma) };

	f.pages = c.n[PAGE_UNSEEN] == 0 && c.n[PAGE_PRESENT] == 0;
	if (c.n[PAGE_UNSEEN] == 0)
		f.rss = page_counts_resident(&c) << PAGE_SHIFT;
	/* Huge pages of a VMA without a file are anonymous; of the others, the file's. */
	if (f.pages)
		f.anonymous = (page_counts_anon(&c) + (vma_has_file(v) ? 0 : c.n[PAGE_HUGE]))
			<< PAGE_SHIFT;
	if (f.detail && f.rss == UNKNOWN)
		f.rss = f.detail->rss;
	if (f.detail && f.anonymous == UNKNOWN)
		f.anonymous = f.detail->anonymous;
	return f;
}
