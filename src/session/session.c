/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/session.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "mmscope/machine.h"
#include "mmscope/text.h"
#include "src/session/growth.h"
#include "src/session/heat.h"

enum {
	EVENTS_KEPT = 20000,
	UNDO_KEPT = 100,
	HISTORY_KEPT = 256,
};
static const uint64_t say_ns = 5000000000;

/* The events of one tick that are worth a line, with the list that owns them. */
struct batch {
	struct event_list list;
	uint32_t *shown;
	size_t nshown;
	uint64_t first;		/* number of its first event, counting dropped ones */
};

/* What a person chose to look at: the part that undo brings back. */
struct look {
	uint64_t addr;
	pid_t tid;
	int zoom, role, room;
	char *filter;
};

struct looks {
	struct look *v;
	size_t n, cap;
};

struct session {
	struct source *source;
	const struct snapshot *newest;
	const struct snapshot *held;	/* what is shown while paused, else NULL */

	struct batch *batches;
	size_t nbatches, batches_cap, nevents;
	uint64_t dropped;

	struct heat heat;
	struct growths growths;
	uint64_t history[HISTORY_NR][HISTORY_KEPT];
	int nhistory;

	struct look look;
	struct looks undo, redo;
	bool selecting;			/* the last remembered change was a selection */

	struct filter *filter;
	uint32_t *rows;
	size_t nrows, rows_cap;
	const struct snapshot *rows_of;	/* reference held; NULL: to be made anew */

	struct child *child;		/* the caller's */
	bool follow, want_detail;
	char *said;
	uint64_t said_until;
};

struct session *session_create(struct source *src)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->look.role = -1;
	s->look.filter = xstrdup("");
	s->source = src;
	s->follow = session_caps(s) & CAP_STEP;
	return s;
}

static void looks_clear(struct looks *l)
{
	while (l->n)
		free(l->v[--l->n].filter);
}

static void rows_forget(struct session *s)
{
	snapshot_put(s->rows_of);
	s->rows_of = NULL;
}

static void batch_free(struct batch *b)
{
	event_list_free(&b->list);
	free(b->shown);
}

/* Everything that belongs to the target, not to the person. */
static void forget_target(struct session *s)
{
	rows_forget(s);
	for (size_t i = 0; i < s->nbatches; i++)
		batch_free(&s->batches[i]);
	s->nbatches = s->nevents = 0;
	s->dropped = 0;
	heat_clear(&s->heat);
	growths_clear(&s->growths);
	s->nhistory = 0;
	snapshot_put(s->held);
	snapshot_put(s->newest);
	s->held = s->newest = NULL;
	looks_clear(&s->undo);
	looks_clear(&s->redo);
}

void session_destroy(struct session *s)
{
	if (!s)
		return;
	forget_target(s);
	source_close(s->source);
	heat_free(&s->heat);
	growths_free(&s->growths);
	filter_destroy(s->filter);
	free(s->batches);
	free(s->look.filter);
	free(s->undo.v);
	free(s->redo.v);
	free(s->rows);
	free(s->said);
	free(s);
}

struct source *session_swap_source(struct session *s, struct source *src)
{
	struct source *was = s->source;

	forget_target(s);
	s->source = src;
	s->follow = session_caps(s) & CAP_STEP;
	s->look.addr = 0;
	s->look.tid = 0;
	s->look.zoom = 0;
	s->look.role = -1;
	session_set_filter(s, "", NULL);
	return was;
}

void session_set_source(struct session *s, struct source *src)
{
	source_close(session_swap_source(s, src));
}

struct source *session_source(const struct session *s)
{
	return s->source;
}

unsigned session_caps(const struct session *s)
{
	return s->source ? s->source->ops->caps : 0;
}

const struct source_command *session_commands(const struct session *s)
{
	static const struct source_command none = { NULL, NULL, false, NULL };
	const struct source_ops *ops = s->source ? s->source->ops : NULL;

	return ops && ops->command && ops->commands ? ops->commands : &none;
}

bool session_command(struct session *s, const char *name, const char *arg, struct error **err)
{
	const struct source_command *c = session_commands(s);
	struct buf say = BUF_INIT;
	struct error *e;

	while (c->name && strcmp(c->name, name))
		c++;
	if (!c->name)
		return false;
	e = s->source->ops->command(s->source, name, arg, &say);
	if (e && err) {
		*err = e;
	} else if (e) {
		session_say(s, "%s", e->message);
		error_destroy(e);
	} else if (say.len) {
		session_say(s, "%s", buf_str(&say));
	}
	buf_free(&say);
	return true;
}

/* A state that only became known is no change of the target. */
static bool only_learned(const struct event *e)
{
	if (e->type < EVENT_PAGES_IN || e->type > EVENT_PAGES_KIND)
		return false;
	return e->pages.before == PAGE_UNSEEN || e->pages.after == PAGE_UNSEEN ||
	       (e->pages.before == PAGE_PRESENT && page_states[e->pages.after].resident) ||
	       (e->pages.after == PAGE_PRESENT && page_states[e->pages.before].resident);
}

static bool is_switch(const struct event *e)
{
	return e->type == EVENT_PROCESS && e->process.before->pid != e->process.after->pid;
}

/* A machine went on with another process: what the two pictures differ in happened to neither. */
static bool has_switch(const struct event_list *l)
{
	for (size_t i = l->n; i-- > 0;)
		if (is_switch(&l->events[i]))
			return true;
	return false;
}

static bool worth_a_line(const struct event *e, bool other)
{
	if (other)
		return is_switch(e) || e->type == EVENT_KSTACK_DEEPER;
	return e->type != EVENT_COUNTER && e->type != EVENT_DETAIL &&
	       e->type != EVENT_TASK_CHANGED && e->type != EVENT_PROCESS && !only_learned(e);
}

static void drop_old(struct session *s)
{
	size_t n = 0;

	while (n + 1 < s->nbatches && s->nevents > EVENTS_KEPT) {
		s->nevents -= s->batches[n].nshown;
		s->dropped += s->batches[n].nshown;
		batch_free(&s->batches[n++]);
	}
	if (!n)
		return;
	s->nbatches -= n;
	memmove(s->batches, s->batches + n, s->nbatches * sizeof(*s->batches));
}

static void follow_change(struct session *s, const struct batch *b)
{
	for (size_t i = b->nshown; i-- > 0;) {
		const struct event *e = &b->list.events[b->shown[i]];

		if (e->start != e->end) {
			s->look.addr = e->start;
			return;
		}
	}
}

/* Where time does not go back nothing is undone: what is not shown, and the pictures that
 * undoing needs, would only fill memory. */
static void keep_shown(struct batch *b)
{
	struct event_list shown = event_list_pick(&b->list, b->shown, b->nshown);

	event_list_free(&b->list);
	b->list = shown;
	for (size_t i = 0; i < b->nshown; i++)
		b->shown[i] = (uint32_t)i;
}

static void keep_events(struct session *s, struct event_list list, bool heat)
{
	bool other = (s->source->ops->caps & CAP_STEP) && has_switch(&list);
	struct batch b = { .list = list };

	for (size_t i = 0; i < list.n; i++) {
		const struct event *e = &list.events[i];

		if (heat && !other && !only_learned(e))
			heat_add(&s->heat, e);
		if (e->type == EVENT_GREW_DOWN && !other)
			growths_add(&s->growths, e);
		b.nshown += worth_a_line(e, other);
	}
	heat_sort(&s->heat);
	if (!b.nshown) {
		event_list_free(&b.list);
		return;
	}
	b.shown = xcalloc(b.nshown, sizeof(*b.shown));
	b.nshown = 0;
	for (size_t i = 0; i < list.n; i++)
		if (worth_a_line(&list.events[i], other))
			b.shown[b.nshown++] = (uint32_t)i;
	if (!(s->source->ops->caps & CAP_BACK))
		keep_shown(&b);
	if (s->follow && !s->held)
		follow_change(s, &b);
	VEC_GROW(s->batches, s->nbatches, s->batches_cap);
	b.first = s->dropped + s->nevents;
	s->batches[s->nbatches++] = b;
	s->nevents += b.nshown;
	drop_old(s);
}

/* Time went back: what lies ahead now has not happened. A tick that led across the
 * moment shown is replaced by its first part. */
static void unkeep_events(struct session *s, const struct snapshot *before, const struct snapshot *now)
{
	struct event_list undone = snapshot_diff(before, now);
	struct snapshot *at = snapshot_get(before);
	bool other = has_switch(&undone);

	for (size_t i = 0; i < undone.n && !other; i++)
		if (!only_learned(&undone.events[i]))
			heat_add(&s->heat, &undone.events[i]);
	heat_sort(&s->heat);
	event_list_free(&undone);
	while (s->nbatches && s->batches[s->nbatches - 1].list.time_ns[1] > now->time_ns) {
		struct batch *b = &s->batches[--s->nbatches];
		struct snapshot *earlier = event_apply(at, &b->list, false);

		snapshot_put(at);
		at = earlier;
		s->nevents -= b->nshown;
		batch_free(b);
	}
	growths_back(&s->growths, now->time_ns);
	if (at->time_ns < now->time_ns)
		keep_events(s, snapshot_diff(at, now), false);
	snapshot_put(at);
}

static void remember_figures(struct session *s, const struct snapshot *before)
{
	const struct snapshot *now = s->newest;
	uint64_t faults = now->minflt + now->majflt, last;

	if (s->nhistory == HISTORY_KEPT) {
		for (int h = 0; h < HISTORY_NR; h++)
			memmove(s->history[h], s->history[h] + 1,
				(HISTORY_KEPT - 1) * sizeof(s->history[h][0]));
		s->nhistory--;
	}
	last = before ? before->minflt + before->majflt : faults;
	s->history[HISTORY_RSS][s->nhistory] = now->statm_rss == UNKNOWN ? 0 : now->statm_rss;
	s->history[HISTORY_FAULTS][s->nhistory] = faults >= last ? faults - last : 0;
	s->history[HISTORY_STACK][s->nhistory] =
		now->mm[MM_VM_STACK] == UNKNOWN ? 0 : now->mm[MM_VM_STACK];
	s->nhistory++;
}

/* A stepped machine says where it is at work. */
static pid_t running_task(const struct machine *m)
{
	const struct ctask *t = m && m->contexts ? contexts_current(m->contexts) : NULL;

	return t ? t->pid : 0;
}

static void follow_place(struct session *s, const struct snapshot *before, const struct snapshot *now)
{
	const struct machine *m = now->machine, *was = before ? before->machine : NULL;
	pid_t runs = running_task(m);

	if (runs && runs != running_task(was))
		s->look.tid = runs;

	if (m && m->place && (!was || m->place != was->place || m->op != was->op))
		s->look.addr = m->place;
}

/* Where the eye starts: the page of the main thread's stack pointer, else its stack. */
static uint64_t first_address(const struct snapshot *snap)
{
	const struct layout *l = snap->layout;
	const struct task *t = snap->tasks ? task_list_find(snap->tasks, snap->process.pid) : NULL;

	if (!l || !l->n)
		return 0;
	for (size_t i = l->n; i-- > 0;) {
		if (l->vmas[i].role != ROLE_STACK)
			continue;
		if (t && t->sp >= l->vmas[i].start && t->sp < l->vmas[i].end)
			return t->sp & ~(uint64_t)(PAGE_BYTES - 1);
		return l->vmas[i].end - PAGE_BYTES;
	}
	return l->vmas[l->n - 1].start;
}

static struct error *sample_once(struct session *s, const struct source_want *want)
{
	const struct snapshot *now = NULL, *before = s->newest;
	struct error *err = s->source->ops->sample(s->source, want, &now);

	if (err)
		return err;
	if (before && now != before && now->time_ns < before->time_ns)
		unkeep_events(s, before, now);
	else if (before && now != before)
		keep_events(s, snapshot_diff(before, now), true);
	s->newest = now;
	if (s->follow)
		follow_place(s, before, now);
	remember_figures(s, before);
	/* Another program (exec) lies elsewhere: what was selected means nothing in it. */
	if (!before || (!s->look.addr && now->layout) ||
	    now->process.generation != before->process.generation) {
		s->look.addr = first_address(now);
		s->look.tid = running_task(now->machine) ? running_task(now->machine) : now->process.pid;
	}
	snapshot_put(before);
	return NULL;
}

struct error *session_tick(struct session *s, const struct source_want *want)
{
	struct source_want w = *want;
	struct error *err;

	if (!s->source)
		return NULL;
	w.detail |= s->want_detail;
	heat_age(&s->heat);
	do {
		w.selected = s->look.addr;
		err = sample_once(s, &w);
	} while (!err && s->source->ops->more && s->source->ops->more(s->source));
	if (err)
		return err;
	s->want_detail = false;
	return NULL;
}

const struct snapshot *session_snapshot(const struct session *s)
{
	return s->held ? s->held : s->newest;
}

const struct snapshot *session_newest(const struct session *s)
{
	return s->newest;
}

unsigned session_heat(const struct session *s, uint64_t start, uint64_t end)
{
	return heat_of(&s->heat, start, end);
}

unsigned session_heat_task(const struct session *s, pid_t tid)
{
	return heat_of_task(&s->heat, tid);
}

unsigned session_heat_counter(const struct session *s, unsigned field)
{
	return heat_of_counter(&s->heat, field);
}

size_t session_events(const struct session *s)
{
	return s->nevents;
}

const struct event *session_event(const struct session *s, size_t i)
{
	uint64_t number = s->dropped + i;
	size_t lo = 0, hi = s->nbatches;

	if (i >= s->nevents)
		return NULL;
	/* The last batch that begins at or before it. */
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->batches[mid].first <= number)
			lo = mid;
		else
			hi = mid;
	}
	return &s->batches[lo].list.events[s->batches[lo].shown[number - s->batches[lo].first]];
}

uint64_t session_events_dropped(const struct session *s)
{
	return s->dropped;
}

int session_history(const struct session *s, enum history h, const uint64_t **ret)
{
	*ret = s->history[h];
	return s->nhistory;
}

bool session_growth(const struct session *s, uint64_t vma_end, struct growth *ret)
{
	return growths_find(&s->growths, vma_end, ret);
}

uint64_t session_addr(const struct session *s)
{
	return s->look.addr;
}

ssize_t session_vma(const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);

	return snap && snap->layout ? layout_find(snap->layout, s->look.addr) : -1;
}

pid_t session_tid(const struct session *s)
{
	return s->look.tid;
}

static struct look look_copy(const struct look *l)
{
	struct look c = *l;

	c.filter = xstrdup(l->filter);
	return c;
}

static void looks_push(struct looks *l, struct look look)
{
	if (l->n == UNDO_KEPT) {
		free(l->v[0].filter);
		memmove(l->v, l->v + 1, --l->n * sizeof(*l->v));
	}
	VEC_GROW(l->v, l->n, l->cap);
	l->v[l->n++] = look;
}

void session_remember(struct session *s)
{
	looks_push(&s->undo, look_copy(&s->look));
	looks_clear(&s->redo);
	s->selecting = false;
}

/* Moving about is one change, however many steps it took. */
static void remember_selecting(struct session *s)
{
	if (s->selecting)
		return;
	session_remember(s);
	s->selecting = true;
}

/* With a stack goes its thread; one whose stack it is already stays. */
static void use_thread_of(struct session *s, const struct snapshot *snap, const struct vma *v)
{
	const struct task *t = snap->tasks ? task_list_find(snap->tasks, s->look.tid) : NULL;

	if ((v->tid || v->role == ROLE_STACK) && (!t || t->stack.vma_end != v->end))
		s->look.tid = v->tid ? v->tid : snap->process.pid;
}

void session_select(struct session *s, uint64_t addr)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i;

	remember_selecting(s);
	s->look.addr = addr;
	i = session_vma(s);
	if (i >= 0)
		use_thread_of(s, snap, &snap->layout->vmas[i]);
}

void session_select_task(struct session *s, pid_t tid)
{
	remember_selecting(s);
	s->look.tid = tid;
}

int session_zoom(const struct session *s)
{
	return s->look.zoom;
}

void session_set_zoom(struct session *s, int zoom)
{
	if (zoom < 0 || zoom > 2 || zoom == s->look.zoom)
		return;
	session_remember(s);
	s->look.zoom = zoom;
}

void session_go(struct session *s, uint64_t addr)
{
	session_remember(s);
	s->selecting = true;	/* remembered already */
	session_select(s, addr);
	s->selecting = false;
	if (session_vma(s) >= 0)
		s->look.zoom = 2;
}

static void use_filter(struct session *s, struct filter *f, const char *text)
{
	char *copy = xstrdup(text);

	filter_destroy(s->filter);
	s->filter = f;
	free(s->look.filter);
	s->look.filter = copy;
	rows_forget(s);
}

bool session_set_filter(struct session *s, const char *text, struct filter_error *err)
{
	struct filter_error ignored;
	struct filter *f = NULL;

	if (*text) {
		f = filter_compile(&filter_vmas, text, err ? err : &ignored);
		if (!f)
			return false;
	}
	use_filter(s, f, text);
	return true;
}

const char *session_filter(const struct session *s)
{
	return s->look.filter;
}

void session_set_role(struct session *s, int role)
{
	if (role == s->look.role)
		return;
	session_remember(s);
	s->look.role = role;
	rows_forget(s);
	session_select_passing(s);
}

int session_role(const struct session *s)
{
	return s->look.role;
}

static bool passes(const struct session *s, const struct snapshot *snap, size_t i)
{
	if (s->look.role >= 0 && snap->layout->vmas[i].role != s->look.role)
		return false;
	return !s->filter || filter_match(s->filter, &(struct filter_vma){ snap, i });
}

static void rows_make(struct session *s, const struct snapshot *snap)
{
	size_t n = snap->layout->n;

	if (n > s->rows_cap) {
		s->rows_cap = n;
		s->rows = xreallocarray(s->rows, n, sizeof(*s->rows));
	}
	s->nrows = 0;
	for (size_t i = 0; i < n; i++)
		if (passes(s, snap, i))
			s->rows[s->nrows++] = (uint32_t)i;
}

/* The cache is derived state: making it does not change the session. */
size_t session_rows(const struct session *cs, const uint32_t **ret)
{
	struct session *s = (struct session *)cs;
	const struct snapshot *snap = session_snapshot(s);

	*ret = NULL;
	if (!snap || !snap->layout)
		return 0;
	if (!s->filter && s->look.role < 0)
		return snap->layout->n;
	/* Roles go by the layout alone, a filter asks for the pages too. */
	if (!s->rows_of || s->rows_of->layout != snap->layout || (s->filter && s->rows_of != snap))
		rows_make(s, snap);
	snapshot_get(snap);
	rows_forget(s);
	s->rows_of = snap;
	*ret = s->rows;
	return s->nrows;
}

bool session_role_at(const struct session *s, uint64_t addr)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t i = snap && snap->layout ? layout_find(snap->layout, addr) : -1;

	return s->look.role < 0 || (i >= 0 && snap->layout->vmas[i].role == s->look.role);
}

void session_select_passing(struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);
	ssize_t selected = session_vma(s);
	uint64_t addr = s->look.addr, best = UINT64_MAX;
	const uint32_t *rows;
	size_t n;

	if (selected < 0 || passes(s, snap, (size_t)selected))
		return;
	n = session_rows(s, &rows);
	for (size_t i = 0; i < n; i++) {
		const struct vma *v = &snap->layout->vmas[rows[i]];
		uint64_t far = addr < v->start ? v->start - addr : addr - v->end;

		if (far >= best)
			continue;
		best = far;
		s->look.addr = v->start;
		use_thread_of(s, snap, v);
	}
}

void session_pause(struct session *s, bool paused)
{
	if (paused == (s->held != NULL) || !s->newest)
		return;
	if (paused) {
		s->held = snapshot_get(s->newest);
	} else {
		snapshot_put(s->held);
		s->held = NULL;
	}
}

bool session_paused(const struct session *s)
{
	return s->held != NULL;
}

bool session_follow(const struct session *s)
{
	return s->follow;
}

void session_set_follow(struct session *s, bool follow)
{
	s->follow = follow;
}

void session_want_detail(struct session *s)
{
	s->want_detail = true;
}

static bool step_look(struct session *s, struct looks *from, struct looks *to)
{
	struct look look;
	struct filter_error err;
	struct filter *f = NULL;

	if (!from->n)
		return false;
	look = from->v[--from->n];
	looks_push(to, look_copy(&s->look));
	if (*look.filter)
		f = filter_compile(&filter_vmas, look.filter, &err);
	use_filter(s, f, look.filter);
	free(s->look.filter);
	s->look = look;
	s->selecting = false;
	return true;
}

bool session_undo(struct session *s)
{
	return step_look(s, &s->undo, &s->redo);
}

bool session_redo(struct session *s)
{
	return step_look(s, &s->redo, &s->undo);
}

int session_room(const struct session *s)
{
	return s->look.room;
}

void session_set_room(struct session *s, int room)
{
	if (room == s->look.room)
		return;
	if (s->newest)		/* before the first picture there is nothing to come back to */
		session_remember(s);
	s->look.room = room;
}

void session_say(struct session *s, const char *fmt, ...)
{
	va_list ap;
	char *raw;

	va_start(ap, fmt);
	raw = xvasprintf(fmt, ap);
	va_end(ap);
	free(s->said);
	s->said = text_sanitized(raw);
	s->said_until = clock_now_ns() + say_ns;
	free(raw);
}

void session_hush(struct session *s)
{
	free(s->said);
	s->said = NULL;
}

const char *session_said(const struct session *s)
{
	return s->said && clock_now_ns() < s->said_until ? s->said : NULL;
}

void session_set_child(struct session *s, struct child *child)
{
	s->child = child;
}

struct child *session_child(const struct session *s)
{
	return s->child;
}
