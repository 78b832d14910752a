/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sentences: what is under the cursor, where the figures come from, and why it is so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"

const char *vma_label(const struct snapshot *snap, size_t index, char *out, size_t n)
{
	const struct vma *v = &snap->layout->vmas[index], *below = index ? v - 1 : NULL;
	char name[96];

	switch (v->role) {
	case ROLE_THREAD_STACK:
		if (v->tid)
			snprintf(out, n, "T %d stack", (int)v->tid);
		else
			snprintf(out, n, "thread stack");
		return out;
	case ROLE_GUARD:
		if (v->tid)
			snprintf(out, n, "T %d guard", (int)v->tid);
		else
			snprintf(out, n, "guard");
		return out;
	case ROLE_BSS:
		if (!v->path[0] && below && below->end == v->start && below->inode) {
			snprintf(out, n, "%s bss", clean(base_name(below->path), name,
							 sizeof(name)));
			return out;
		}
		break;
	default:
		break;
	}
	if (v->path[0])
		return clean(base_name(v->path), out, n);
	snprintf(out, n, "%s", v->role == ROLE_ANON ? "anon" : vma_roles[v->role].name);
	return out;
}

void describe_why(const struct snapshot *snap, const char *what, struct buf *out)
{
	const struct why *w = whys_find(snap->whys, what);
	const char *dot = strrchr(what, '.');

	buf_addf(out, "[%s: %s", dot ? dot + 1 : what, w ? w->why : "not known");
	/* On the screen a command does what the option does at the start. */
	if (w && w->try_this && w->try_this[0])
		buf_addf(out, "; try: %s", !strcmp(w->try_this, "--smaps") ?
			 "the command detail" : w->try_this);
	buf_addc(out, ']');
}

static const char *perm_words(const struct vma *v)
{
	static const char *const words[8] = {
		"no access", "readable", "writable", "readable and writable",
		"executable", "readable and executable", "writable and executable",
		"readable, writable and executable",
	};

	return words[v->perms & 7];
}

static void add_role(const struct vma *v, struct buf *out)
{
	static const char *const sure[] = { "", "probably ", "perhaps " };

	buf_addf(out, "%s%s: %s", sure[v->guess > 2 ? 2 : v->guess], vma_roles[v->role].name,
		 vma_roles[v->role].about);
}

static void add_residency(const struct snapshot *snap, const struct vma *v, struct buf *out)
{
	struct page_counts n;
	uint64_t pages = vma_size(v) >> PAGE_SHIFT;
	char a[32], b[32];

	if (!snap->pages) {
		describe_why(snap, "pages", out);
		return;
	}
	n = residency_count(snap->pages, v->start, v->end);
	buf_addf(out, "%s of %s page%s resident", count_text(page_counts_resident(&n), a),
		 count_text(pages, b), plural(pages));
	if (n.n[PAGE_UNSEEN])
		buf_addf(out, ", %s not looked at yet", count_text(n.n[PAGE_UNSEEN], a));
	if (n.n[PAGE_HUGETLB])
		buf_addf(out, ", %s of hugetlbfs, which Rss leaves out",
			 count_text(n.n[PAGE_HUGETLB], a));
	if (n.n[PAGE_SWAP])
		buf_addf(out, ", %s in swap", count_text(n.n[PAGE_SWAP], a));
	if (snap->cost.rung[PANEL_PAGES])
		buf_addf(out, " (%s)", snap->cost.rung[PANEL_PAGES]);
	buf_addc(out, '.');
}

static void add_detail(const struct snapshot *snap, size_t index, struct buf *out)
{
	const struct vma_detail *d;
	char a[16], b[16];

	if (!snap->details || snap->details->layout != snap->layout)
		return;
	d = &snap->details->vma[index];
	buf_addf(out, " Pss %s, swap %s (smaps).", size_text(d->pss, a), size_text(d->swap, b));
}

void describe_vma(const struct snapshot *snap, size_t index, struct buf *out)
{
	const struct vma *v = &snap->layout->vmas[index];
	char label[96], size[16], path[256], perms[5];

	/* What matters most first: a narrow screen cuts the end. */
	buf_addf(out, "%s %012" PRIx64 "-%012" PRIx64 ", %s %s (%" PRIu64 " bytes): ",
		 vma_label(snap, index, label, sizeof(label)), v->start, v->end,
		 vma_perms(v, perms), text_size(vma_size(v), size), vma_size(v));
	add_residency(snap, v, out);
	add_detail(snap, index, out);
	buf_addc(out, ' ');
	add_role(v, out);
	buf_addf(out, ", %s %s", perm_words(v), v->perms & VMA_SHARED ? "and shared" :
		 "and private");
	if (v->inode)
		buf_addf(out, ", from %s at offset 0x%" PRIx64, clean(v->path, path, sizeof(path)),
			 v->offset);
	buf_addc(out, '.');
}

/* What a page's state follows from, by state and the VMA it lies in. */
static const char *page_reason(const struct vma *v, enum page_state state)
{
	switch (state) {
	case PAGE_ABSENT:
		if (!(v->perms & (VMA_READ | VMA_WRITE | VMA_EXEC)))
			return "A touch is SIGSEGV: the mapping grants no access.";
		return vma_has_file(v) ?
			"The first touch will fault and find it in the page cache or read the file." :
		       "The first touch will fault: a read maps the zero page, a write a new zeroed page.";
	case PAGE_ANON:
		return vma_has_file(v) ?
			"It was written here, so it is a private copy of the file's page (copy on write)." :
		       "It was written here; nobody else maps it.";
	case PAGE_ANON_SHARED:
		return "A relative maps it too since a fork; the first who writes gets a copy.";
	case PAGE_FILE:
		return "It is in the page cache and this is its only mapping.";
	case PAGE_FILE_SHARED:
		return "It is in the page cache and mapped elsewhere as well, so it costs memory only once.";
	case PAGE_ZERO:
		return "It was read but never written; all such pages are one, and it is not counted in Rss.";
	default:
		return NULL;
	}
}

/* A page that the last growth of its stack brought: how it came there, and what is left. */
static bool describe_growth(const struct session *s, const struct vma *v, uint64_t addr,
			    struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	uint64_t limit = snap->limits[LIMIT_STACK], left;
	struct growth g;
	char size[16], num[32];

	if (!v->growsdown || !session_growth(s, v->end, &g) || !g.times ||
	    addr - v->start >= g.last_amount)
		return false;
	buf_addf(out,
		 "A touch below the VMA's start made the kernel grow the stack by %s and map it",
		 text_size(g.last_amount, size));
	if (limit != UNKNOWN && limit != UNLIMITED) {
		left = limit > vma_size(v) ? (limit - vma_size(v)) >> PAGE_SHIFT : 0;
		buf_addf(out, "; %s page%s left to RLIMIT_STACK", count_text(left, num),
			 left == 1 ? " is" : "s are");
	}
	buf_addc(out, '.');
	return true;
}

void describe_page(const struct session *s, uint64_t addr, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i = snap && snap->layout ? layout_find(snap->layout, addr) : -1;
	enum page_state state;
	const char *reason;
	const struct vma *v;
	char label[96], nth[32], all[32];

	if (i < 0) {
		if (snap)
			describe_hole(snap, addr, out);
		return;
	}
	v = &snap->layout->vmas[i];
	buf_addf(out, "Page %012" PRIx64 ", %s of %s in %s: ", addr & ~(uint64_t)(PAGE_BYTES - 1),
		 count_text(((addr - v->start) >> PAGE_SHIFT) + 1, nth),
		 count_text(vma_size(v) >> PAGE_SHIFT, all),
		 vma_label(snap, (size_t)i, label, sizeof(label)));
	if (!snap->pages) {
		describe_why(snap, "pages", out);
		return;
	}
	state = residency_at(snap->pages, addr);
	buf_addf(out, "%s", page_states[state].name);
	if (session_heat(s, addr & ~(uint64_t)(PAGE_BYTES - 1), (addr | (PAGE_BYTES - 1)) + 1))
		buf_adds(out, ", changed just now");
	reason = page_reason(v, state);
	if (reason)
		buf_adds(out, ". ");
	else
		buf_addf(out, " (%s). ", page_states[state].about);
	if (page_states[state].resident && describe_growth(s, v, addr, out))
		;
	else if (reason)
		buf_adds(out, reason);
	if (snap->cost.rung[PANEL_PAGES])
		buf_addf(out, " [%s]", snap->cost.rung[PANEL_PAGES]);
}

static void add_neighbour(const struct snapshot *snap, const char *where, size_t i, uint64_t gap,
			  struct buf *out)
{
	char label[64], size[16];

	buf_addf(out, "; %s ", where);
	/* Most of that hole is no address at all, and the rest is not the process's. */
	if (gap >> 62)
		buf_adds(out, "the kernel's half, then ");
	else if (gap)
		buf_addf(out, "%s free, then ", text_size(gap, size));
	buf_adds(out, vma_label(snap, i, label, sizeof(label)));
}

void describe_address(const struct snapshot *snap, uint64_t addr, struct buf *out)
{
	const struct layout *l = snap->layout;
	ssize_t i = l ? layout_find(l, addr) : -1;
	const struct vma *v = i < 0 ? NULL : &l->vmas[i];
	char label[64], nth[32], all[32];

	if (!v) {
		describe_hole(snap, addr, out);
		return;
	}
	buf_addf(out, "%012" PRIx64 ": byte %" PRIu64 " of page %s of %s in %s", addr, addr % PAGE_BYTES,
		 count_text(((addr - v->start) >> PAGE_SHIFT) + 1, nth), count_text(vma_size(v) >> PAGE_SHIFT, all),
		 vma_label(snap, (size_t)i, label, sizeof(label)));
	if ((size_t)i + 1 < l->n)
		add_neighbour(snap, "above", (size_t)i + 1, v[1].start - v->end, out);
	if (i)
		add_neighbour(snap, "below", (size_t)i - 1, v->start - v[-1].end, out);
	buf_addc(out, '.');
}

void describe_hole(const struct snapshot *snap, uint64_t addr, struct buf *out)
{
	const struct layout *l = snap->layout;
	char label[96], size[16];
	uint64_t below = 0;
	size_t next;

	if (!l || !l->n) {
		describe_why(snap, "vmas", out);
		return;
	}
	next = layout_next(l, addr);
	if (next)
		below = l->vmas[next - 1].end;
	if (next == l->n) {
		buf_addf(out,
			 "Nothing is mapped at %012" PRIx64 " or above; the last mapping, %s, ends at "
			 "%012" PRIx64 ".", addr, vma_label(snap, l->n - 1, label, sizeof(label)),
			 below);
		return;
	}
	buf_addf(out, "A hole of %s (%" PRIu64 " bytes), %012" PRIx64 "-%012" PRIx64
		 ": no mapping, a touch is SIGSEGV. Above it lies %s",
		 text_size(l->vmas[next].start - below, size), l->vmas[next].start - below, below,
		 l->vmas[next].start, vma_label(snap, next, label, sizeof(label)));
	if (l->vmas[next].growsdown == 1)
		buf_adds(out, ", which may grow down into it");
	if (next)
		buf_addf(out, ", below it %s", vma_label(snap, next - 1, label, sizeof(label)));
	buf_adds(out, ".");
	if (l->vmas[next].start >> 63)
		buf_adds(out,
			 " User space ends at 7ffffffff000 with four levels of page tables; the "
			 "kernel's half lies above.");
}
