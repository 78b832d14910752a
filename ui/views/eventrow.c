/* SPDX-License-Identifier: GPL-2.0-or-later
 * Events in the few words that a row has room for.
 */
#include <inttypes.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "ui/views/eventrow.h"
#include "ui/views/paint.h"

static void add_name(struct buf *out, const struct vma *v)
{
	char name[96];

	buf_adds(out, v->path[0] ? clean(base_name(v->path), name, sizeof(name)) :
		 vma_roles[v->role].name);
	if (v->tid)
		buf_addf(out, " of T %d", (int)v->tid);
}

static void row_vmas(const struct event *e, struct buf *out)
{
	const struct vma *before = e->vmas.before, *after = e->vmas.after;
	const struct vma *v = e->vmas.nafter ? after : before;
	char size[16], perms[2][5];

	if (e->type == EVENT_RESHAPED) {
		buf_addf(out, "rearranged: %" PRIu32 " VMA%s before, %" PRIu32 " after",
			 e->vmas.nbefore, plural(e->vmas.nbefore), e->vmas.nafter);
		return;
	}
	add_name(out, e->type == EVENT_SPLIT || e->type == EVENT_RENAMED ? before : v);
	switch (e->type) {
	case EVENT_VMA_NEW:
	case EVENT_VMA_GONE:
		buf_addf(out, e->type == EVENT_VMA_NEW ? " appeared, %s %s" : " went away, %s %s",
			 text_size(e->amount, size), vma_perms(v, perms[0]));
		break;
	case EVENT_GREW_DOWN:
	case EVENT_GREW_UP:
		buf_addf(out, e->type == EVENT_GREW_DOWN ? " grew down by %s" : " grew up by %s",
			 text_size(e->amount, size));
		break;
	case EVENT_SHRANK:
		buf_addf(out, " shrank by %s", text_size(e->amount, size));
		break;
	case EVENT_MERGED:
		buf_addf(out, ": one of %" PRIu32, e->vmas.nbefore);
		break;
	case EVENT_SPLIT:
		buf_addf(out, " was split into %" PRIu32, e->vmas.nafter);
		break;
	case EVENT_PROTECTED:
		buf_addf(out, ": %s, was %s", vma_perms(after, perms[0]), vma_perms(before, perms[1]));
		break;
	default:
		buf_adds(out, " is now ");
		add_name(out, after);
		if (before->role != after->role)
			buf_addf(out, " (%s)", vma_roles[after->role].name);
	}
}

static void row_pages(const struct event *e, struct buf *out)
{
	uint64_t n = e->amount >> PAGE_SHIFT;
	const char *before = page_states[e->pages.before].name;
	const char *after = page_states[e->pages.after].name;

	buf_addf(out, "%" PRIu64 " page%s ", n, plural(n));
	switch (e->type) {
	case EVENT_PAGES_IN:
		buf_addf(out, "in, %s", after);
		break;
	case EVENT_PAGES_OUT:
		buf_addf(out, "out, %s", before);
		break;
	case EVENT_PAGES_COW:
		buf_adds(out, e->pages.before == PAGE_ANON_SHARED ? "no longer shared" : "written apart");
		break;
	case EVENT_PAGES_SWAP:
		buf_adds(out, e->pages.after == PAGE_SWAP ? "to swap" : "from swap");
		break;
	default:
		buf_addf(out, event_is_news(e) ? "now %s" : "seen: %s", after);
	}
}

void event_row(const struct event *e, struct buf *out)
{
	if (e->type <= EVENT_RESHAPED)
		row_vmas(e, out);
	else if (e->type >= EVENT_PAGES_IN && e->type <= EVENT_PAGES_KIND)
		row_pages(e, out);
	else
		event_describe(e, out);
}
