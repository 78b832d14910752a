/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/machine.h"

const struct mm_field_info mm_fields[MM_NR] = {
#define X(id, key, from, unit, about) [MM_##id] = { key, from, unit, about },
	MM_FIELDS(X)
#undef X
};

const char *const limit_names[LIMIT_NR] = {
	[LIMIT_STACK] = "stack",
	[LIMIT_AS] = "as",
	[LIMIT_DATA] = "data",
	[LIMIT_MEMLOCK] = "memlock",
};

const char *const panel_names[PANEL_NR] = {
	[PANEL_LAYOUT] = "layout",
	[PANEL_PAGES] = "pages",
	[PANEL_DETAIL] = "detail",
	[PANEL_TASKS] = "tasks",
	[PANEL_COUNTERS] = "counters",
	[PANEL_KSTACK] = "kstack",
};

/* Two-letter names of smaps, in its order. "??" stands for those this program does not know. */
const char *const vma_flag_names[64] = {
	"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "um", "pf", "dw", "gu", "uw", "lo",
	"io", "sr", "rr", "dc", "de", "lf", "ac", "nr", "ht", "sf", "nl", "ar", "bt", "wf", "dd",
	"sd", "mm", "hg", "nh", "mg", "mp", "mt", "ss", "ui", "dp", "sl", "lz", "??",
};

struct whys *whys_create(void)
{
	struct whys *w = xcalloc(1, sizeof(*w));

	w->refs = 1;
	return w;
}

struct whys *whys_get(const struct whys *w)
{
	struct whys *own = (struct whys *)w;

	if (own)
		own->refs++;
	return own;
}

void whys_put(const struct whys *w)
{
	struct whys *own = (struct whys *)w;

	if (!own || --own->refs)
		return;
	for (size_t i = 0; i < own->n; i++) {
		free(own->why[i].what);
		free(own->why[i].why);
		free(own->why[i].try_this);
	}
	free(own->why);
	free(own);
}

void whys_add(struct whys *w, const char *what, const char *why, const char *try_this)
{
	VEC_GROW(w->why, w->n, w->cap);
	w->why[w->n++] = (struct why){
		.what = xstrdup(what),
		.why = xstrdup(why),
		.try_this = xstrdup(try_this ? try_this : ""),
	};
}

static bool covers(const char *entry, const char *what)
{
	size_t n = strlen(entry);

	return !strncmp(entry, what, n) && (!what[n] || what[n] == '.' || what[n] == '[');
}

const struct why *whys_find(const struct whys *w, const char *what)
{
	for (size_t i = 0; w && i < w->n; i++)
		if (covers(w->why[i].what, what))
			return &w->why[i];
	return NULL;
}

bool whys_equal(const struct whys *a, const struct whys *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->why[i].what, b->why[i].what) ||
		    strcmp(a->why[i].why, b->why[i].why) ||
		    strcmp(a->why[i].try_this, b->why[i].try_this))
			return false;
	return true;
}

struct details *details_of(const struct layout *l, struct vma_detail *vma)
{
	struct details *d = xcalloc(1, sizeof(*d));

	d->refs = 1;
	d->layout = layout_get(l);
	d->vma = vma;
	d->pss = d->uss = UNKNOWN;
	return d;
}

struct details *details_create(const struct layout *l)
{
	const struct vma_detail unknown = { UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, UNKNOWN, UNKNOWN };
	struct details *d = details_of(l, xcalloc(l->n, sizeof(*d->vma)));

	for (size_t i = 0; i < l->n; i++)
		d->vma[i] = unknown;
	return d;
}

struct details *details_get(const struct details *d)
{
	struct details *own = (struct details *)d;

	if (own)
		own->refs++;
	return own;
}

void details_put(const struct details *d)
{
	struct details *own = (struct details *)d;

	if (!own || --own->refs)
		return;
	layout_put(own->layout);
	free(own->vma);
	free(own);
}

bool details_equal(const struct details *a, const struct details *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->pss != b->pss || a->uss != b->uss)
		return false;
	/* struct vma_detail is 64-bit figures only: no padding to trip over */
	return layout_equal(a->layout, b->layout) &&
	       !memcmp(a->vma, b->vma, a->layout->n * sizeof(*a->vma));
}

struct snapshot *snapshot_create(void)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	s->source = "";
	s->process.state = '?';
	for (int i = 0; i < MM_NR; i++)
		s->mm[i] = UNKNOWN;
	for (int i = 0; i < LIMIT_NR; i++)
		s->limits[i] = UNKNOWN;
	s->minflt = s->majflt = UNKNOWN;
	s->statm_rss = s->statm_size = UNKNOWN;
	s->whys = whys_create();
	return s;
}

struct snapshot *snapshot_copy(const struct snapshot *s)
{
	struct snapshot *copy = xmalloc(sizeof(*copy));

	*copy = *s;
	copy->refs = 1;
	layout_get(s->layout);
	residency_get(s->pages);
	details_get(s->details);
	task_list_get(s->tasks);
	unwound_get(s->unwound);
	stacks_get(s->stacks);
	whys_get(s->whys);
	machine_get(s->machine);
	return copy;
}

struct snapshot *snapshot_get(const struct snapshot *s)
{
	struct snapshot *own = (struct snapshot *)s;

	if (own)
		own->refs++;
	return own;
}

void snapshot_put(const struct snapshot *s)
{
	struct snapshot *own = (struct snapshot *)s;

	if (!own || --own->refs)
		return;
	layout_put(own->layout);
	residency_put(own->pages);
	details_put(own->details);
	task_list_put(own->tasks);
	unwound_put(own->unwound);
	stacks_put(own->stacks);
	whys_put(own->whys);
	machine_put(own->machine);
	free(own);
}

bool process_equal(const struct process *a, const struct process *b)
{
	return a->pid == b->pid && a->ppid == b->ppid && a->uid == b->uid &&
	       a->state == b->state && a->kthread == b->kthread && a->ended == b->ended &&
	       a->exit_known == b->exit_known &&
	       (!a->exit_known || a->exit_status == b->exit_status) &&
	       a->generation == b->generation && a->auxv_sp_end == b->auxv_sp_end &&
	       !strncmp(a->comm, b->comm, sizeof(a->comm)) &&
	       !strncmp(a->exe, b->exe, sizeof(a->exe));
}

bool snapshot_equal(const struct snapshot *a, const struct snapshot *b)
{
	if (a == b)
		return true;
	return process_equal(&a->process, &b->process) &&
	       !memcmp(a->mm, b->mm, sizeof(a->mm)) &&
	       !memcmp(a->limits, b->limits, sizeof(a->limits)) &&
	       a->minflt == b->minflt && a->majflt == b->majflt &&
	       a->statm_rss == b->statm_rss && a->statm_size == b->statm_size &&
	       layout_equal(a->layout, b->layout) && residency_equal(a->pages, b->pages) &&
	       details_equal(a->details, b->details) && task_list_equal(a->tasks, b->tasks) &&
	       unwound_equal(a->unwound, b->unwound) && stacks_equal(a->stacks, b->stacks) &&
	       whys_equal(a->whys, b->whys);
}
