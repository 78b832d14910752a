/* SPDX-License-Identifier: GPL-2.0-or-later
 * The layout of a live process over time: when to read it whole, when a look at the rows
 * on screen will do, and how exec shows itself.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "src/live/lines.h"
#include "src/live/live.h"
#include "src/live/maps.h"
#include "src/live/roles.h"

/* Reading may take one fortieth of the time, and what is off screen is seen this late. */
#define LAYOUT_CAP_NS 800000000ull
/* A layout that is read in less is read whole whenever a row is not as it was. */
#define CHEAP_NS 2000000ull
/* Names nobody needs any more may take as much again as those in use, and this. */
#define STRINGS_SLACK (256u << 10)

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

bool live_mm_there(struct live *lv)
{
	if (!lv->no_procmap) {
		struct layout none = { .n = 0 };
		struct span nowhere = { 0, PAGE_BYTES };
		int err = maps_check(lv->fd_maps, &none, nowhere);

		if (err == -ENOTTY || err == -EINVAL)
			lv->no_procmap = true;
		else
			return err != -ESRCH;
	}
	return look_alive(lv->looker);
}

/* What the kernel gives is a regular file, and has lines. */
static bool strange(int err)
{
	return err == EINVAL || err == EFBIG;
}

static enum reason no_maps(int err)
{
	return strange(err) ? REASON_NOT_MAPS : REASON_NO_MAPS;
}

/* Opens maps and pagemap of the address space that the process has now. */
static int open_mm(struct live *lv)
{
	enum look_rung lowest = lv->without & WITHOUT_PAGEMAP ? LOOK_SMAPS :
				lv->without & WITHOUT_SCAN ? LOOK_PAGEMAP : LOOK_SCAN;
	int err = 0;

	close_fd(&lv->fd_maps);
	close_fd(&lv->fd_pagemap);
	lv->reasons &= ~(1ull << REASON_MAPS | 1ull << REASON_NO_MAPS | 1ull << REASON_NOT_MAPS |
			 1ull << REASON_PAGES);
	if (!(lv->without & WITHOUT_MAPS))
		lv->fd_maps = procfs_open_file(lv->fs.mm, "maps");
	if (lv->fd_maps < 0) {
		err = lv->without & WITHOUT_MAPS ? EACCES : errno;
		lv->reasons |= 1ull << (err == EACCES || err == EPERM ? REASON_MAPS : no_maps(err));
	}
	if (!(lv->without & WITHOUT_PAGEMAP))
		lv->fd_pagemap = procfs_open_file(lv->fs.mm, "pagemap");
	lv->pagemap_refused = lv->fd_pagemap < 0 && (errno == EACCES || errno == EPERM) &&
			      !(lv->without & WITHOUT_PAGEMAP);
	look_init(lv->looker, lv->fd_pagemap, lowest);
	return err;
}

/* A fresh set for the strings when most of what the old one holds is of the past. */
static void renew_strings(struct live *lv, const struct layout *l)
{
	size_t used = 0;
	const char *last = NULL;

	for (size_t i = 0; l && i < l->n; i++) {
		if (l->vmas[i].path != last)
			used += strlen(l->vmas[i].path) + 1;
		last = l->vmas[i].path;
	}
	if (strings_bytes(lv->strings) <= 4 * used + STRINGS_SLACK)
		return;
	strings_put(lv->strings);
	lv->strings = strings_create();
}

static int read_whole(struct live *lv, struct sampling *s, const struct layout *old,
		      struct layout **ret)
{
	int err;

	if (strings_bytes(lv->strings) > STRINGS_SLACK)
		renew_strings(lv, old);
	err = maps_read(lv->fd_maps, lv->buf, old && old->strings == lv->strings ? old : NULL,
			lv->strings, &lv->seen, ret);
	if (!err)
		s->next->cost.rung[PANEL_LAYOUT] = "maps";
	return err;
}

/* smaps, because somebody asked for it. */
static int read_detail(struct live *lv, struct sampling *s, const struct layout *old,
		       struct layout **ret)
{
	uint64_t began = clock_now_ns();
	struct details *d;
	int fd, err;

	fd = lv->without & WITHOUT_SMAPS ? -1 : procfs_open_file(lv->fs.mm, "smaps");
	if (fd < 0) {
		err = lv->without & WITHOUT_SMAPS ? EACCES : errno;
	} else {
		err = smaps_read(fd, lv->fd_maps, lv->buf, old && old->strings == lv->strings ? old : NULL,
				 lv->strings, ret, &d, NULL);
		close(fd);
	}
	if (fd < 0 || strange(err))
		lv->reasons |= 1ull << (strange(err) ? REASON_NOT_SMAPS : REASON_SMAPS_REFUSED);
	if (err)
		return err;
	details_put(s->next->details);
	s->next->details = d;
	s->next->cost.rung[PANEL_DETAIL] = "smaps";
	s->next->cost.panel_ns[PANEL_DETAIL] = clock_now_ns() - began;
	s->next->cost.rung[PANEL_LAYOUT] = "smaps";
	return 0;
}

/* The rows on screen: 0 all are as they were; 1 *ret is what they are now. */
static int read_rows(struct live *lv, struct sampling *s, const struct layout *old,
		     struct layout **ret)
{
	const struct layout *now = layout_get(old);
	uint64_t cpu = clock_cpu_ns();
	int changed = 0;

	for (size_t i = 0; i < s->want->nrows; i++) {
		struct layout *spliced;
		int err = maps_check(lv->fd_maps, now, s->want->rows[i]);

		if (err == 0)
			continue;
		if (err == 1 && lv->layout.cost_ns < CHEAP_NS)
			err = read_whole(lv, s, now, &spliced);
		else if (err == 1)
			err = maps_splice(lv->fd_maps, now, s->want->rows[i], &spliced);
		if (err)
			break;
		layout_put(now);
		now = spliced;
		changed = 1;
	}
	pace_done(&lv->rows, cpu);
	if (!s->next->cost.rung[PANEL_LAYOUT])
		s->next->cost.rung[PANEL_LAYOUT] = "PROCMAP_QUERY";
	if (changed)
		*ret = layout_get(now);
	layout_put(now);
	return changed;
}

static void find_vvar(struct live *lv, const struct layout *l)
{
	lv->vvar_start = lv->vvar_end = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];

		if (v->path[0] != '[' || strncmp(v->path, "[vvar", 5) || v->inode)
			continue;
		if (!lv->vvar_end)
			lv->vvar_start = v->start;
		lv->vvar_end = v->end;
	}
}

static bool whole_due(const struct live *lv, const struct sampling *s)
{
	return !s->next->layout || s->want->everything ||
	       (s->news.memory && lv->layout.cost_ns < CHEAP_NS) ||
	       pace_due(&lv->layout, s->now_ns, LAYOUT_CAP_NS);
}

/* Without pagemap smaps is read anyway, for what it tells of the pages. */
static bool detail_due(const struct live *lv, const struct sampling *s)
{
	return s->want->detail || (s->want->everything && lv->looker->rung == LOOK_SMAPS &&
				   !(lv->without & WITHOUT_SMAPS));
}

/* Reads what is due. 0, or errno: then the layout is as it was. */
static int refresh(struct live *lv, struct sampling *s)
{
	const struct layout *old = s->next->layout;
	uint64_t began = clock_now_ns(), cpu = clock_cpu_ns();
	struct layout *l = NULL;
	bool rows_due = s->want->nrows && !lv->no_procmap &&
			(s->news.ran || s->now_ns - lv->rows.at_ns >= LIVE_OUTSIDE_NS);
	int err = 0;

	if (detail_due(lv, s) && !read_detail(lv, s, old, &l)) {
		pace_done(&lv->layout, cpu);
	} else if (whole_due(lv, s)) {
		err = read_whole(lv, s, old, &l);
		if (!err) {
			pace_done(&lv->layout, cpu);
			lv->rows.at_ns = lv->layout.at_ns;
		}
	} else if (rows_due) {
		read_rows(lv, s, old, &l);
	}
	if (s->next->cost.rung[PANEL_LAYOUT])
		s->next->cost.panel_ns[PANEL_LAYOUT] = clock_now_ns() - began;
	if (!l)
		return err;
	layout_put(old);
	s->next->layout = l;
	if (l != old)
		find_vvar(lv, l);
	return 0;
}

/* Figures of smaps belong to one layout; they go when it does. */
static void drop_stale_details(struct sampling *s)
{
	if (!s->next->details || s->next->details->layout == s->next->layout)
		return;
	details_put(s->next->details);
	s->next->details = NULL;
}

bool live_layout(struct live *lv, struct sampling *s)
{
	bool had = lv->fd_maps >= 0 || lv->mm_lost, exec = false;
	int err;

	lv->mm_gone = lv->mm_lost = lv->mm_opened = false;
	if (s->next->process.kthread)
		return false;
	/* Nobody had run when the sample began; the counters may tell of a program begun since. */
	if (lv->fd_maps < 0 ||
	    ((s->news.ran || lv->counters.at_ns >= s->now_ns) && !live_mm_there(lv))) {
		err = open_mm(lv);
		/* The thread is gone: another one's files are taken with the next counters. */
		lv->mm_gone = lv->mm_lost = had && err && lv->fs.mm != lv->fs.dir &&
					    lv->reasons & 1ull << REASON_NO_MAPS;
		if (lv->mm_lost) {
			lv->reasons &= ~(1ull << REASON_NO_MAPS);
			return false;
		}
		if (err) {
			layout_put(s->next->layout);
			s->next->layout = NULL;
			drop_stale_details(s);
			return had;
		}
		/* Gone rather than replaced: the last picture stays. */
		lv->mm_gone = had && !live_mm_there(lv);
		if (lv->mm_gone && !s->next->layout)
			lv->reasons |= 1ull << REASON_NO_MAPS;
		if (lv->mm_gone)
			return false;
		lv->mm_opened = true;
		exec = had;
		if (exec) {
			lv->layout.dirty = true;
			lv->layout.at_ns = 0;
		}
	}
	if (exec) {
		layout_put(s->next->layout);
		s->next->layout = NULL;
	}
	err = refresh(lv, s);
	drop_stale_details(s);
	lv->reasons &= ~(1ull << REASON_NO_MAPS | 1ull << REASON_NOT_MAPS);
	if (!s->next->layout)
		lv->reasons |= 1ull << no_maps(err);
	return exec;
}

static void fill_brk(struct live *lv, struct snapshot *next)
{
	bool as_before = lv->last && lv->last->layout == next->layout &&
			 lv->last->mm[MM_START_BRK] == next->mm[MM_START_BRK];

	next->mm[MM_BRK] = as_before ? lv->last->mm[MM_BRK] : next->mm[MM_START_BRK];
	for (size_t i = 0; !as_before && next->layout && i < next->layout->n; i++)
		if (next->layout->vmas[i].role == ROLE_HEAP)
			next->mm[MM_BRK] = next->layout->vmas[i].end;
	lv->reasons &= ~(1ull << REASON_BRK);
	if (next->mm[MM_BRK] == UNKNOWN && !next->process.kthread)
		lv->reasons |= 1ull << REASON_BRK;
}

static bool roles_equal(const struct layout *a, const struct layout *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!vma_equal(&a->vmas[i], &b->vmas[i]))
			return false;
	return a->n == b->n;
}

/* Roles as everything known now has them, on a layout of its own; details are carried over. */
static void assign_again(struct sampling *s, const struct roles_in *in)
{
	const struct layout *l = s->next->layout;
	struct layout *own = layout_copy(l);
	struct details *d;

	roles_assign(own, in);
	if (roles_equal(own, l)) {
		layout_put(own);
		return;
	}
	if (s->next->details) {
		d = details_create(own);
		memcpy(d->vma, s->next->details->vma, own->n * sizeof(*d->vma));
		d->pss = s->next->details->pss;
		d->uss = s->next->details->uss;
		details_put(s->next->details);
		s->next->details = d;
	}
	layout_put(l);
	s->next->layout = own;
}

static struct roles_in roles_in(const struct live *lv, const struct sampling *s)
{
	return (struct roles_in){
		.mm = s->next->mm, .tasks = s->next->tasks, .pid = lv->fs.pid,
		.old = lv->last ? lv->last->layout : NULL,
		.details = s->next->details, .pages = s->next->pages,
	};
}

void live_roles(struct live *lv, struct sampling *s)
{
	const struct roles_in in = roles_in(lv, s);
	const struct layout *old = in.old, *l = s->next->layout;
	bool members_changed, detail_new;

	if (!l) {
		fill_brk(lv, s->next);
		return;
	}
	members_changed = !lv->last || !lv->last->tasks != !s->next->tasks ||
			  (s->next->tasks && lv->last->tasks->n != s->next->tasks->n);
	detail_new = s->next->details && (!lv->last || s->next->details != lv->last->details);
	if (l != old && l->refs == 1)
		roles_assign((struct layout *)l, &in);
	else if (members_changed || detail_new || l != old ||
		 (lv->last->tasks != s->next->tasks && roles_stale(l, s->next->tasks, lv->fs.pid)))
		assign_again(s, &in);
	fill_brk(lv, s->next);
}

void live_roles_by_pages(struct live *lv, struct sampling *s)
{
	const struct roles_in in = roles_in(lv, s);

	if (s->next->layout && in.pages && roles_denied(s->next->layout, in.pages))
		assign_again(s, &in);
}
