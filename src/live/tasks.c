/* SPDX-License-Identifier: GPL-2.0-or-later
 * The threads of a live process and their stacks.
 */
#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/stat_parse.h"
#include "src/live/procps.h"
#include "src/live/tasks.h"

struct member {
	pid_t tid;
	char state;
	char comm[64];
};
struct members {
	size_t n, cap;
	struct member *m;
};

void tasks_init(struct tasks *t, bool use_lib)
{
	*t = (struct tasks){ .dir = -1, .lib_failed = !use_lib };
}

void tasks_deinit(struct tasks *t)
{
	if (t->dir >= 0)
		close(t->dir);
	t->dir = -1;
}

/* State and name of one thread by its stat; false when it is gone. */
static bool read_member(int dir, pid_t tid, struct member *ret)
{
	char name[48], text[1024];
	struct stat_figures s;
	ssize_t n;

	snprintf(name, sizeof(name), "task/%d/stat", (int)tid);
	n = procfs_read(dir, name, text, sizeof(text));
	if (n <= 0 || !stat_parse(text, (size_t)n, &s))
		return false;
	*ret = (struct member){ .tid = tid, .state = s.state };
	memcpy(ret->comm, s.comm, sizeof(ret->comm));
	return true;
}

struct lib_arg {
	struct members *members;
	int dir;
};

static void from_lib(void *arg, const struct procps_thread *t)
{
	struct lib_arg *a = arg;
	struct member m = { .tid = t->tid, .state = t->state }, own;

	if (t->comm)
		snprintf(m.comm, sizeof(m.comm), "%s", t->comm);
	/* The library's escape for what it would not print. */
	if (strchr(m.comm, '?') && read_member(a->dir, t->tid, &own))
		m = own;
	VEC_GROW(a->members->m, a->members->n, a->members->cap);
	a->members->m[a->members->n++] = m;
}

/* The links of the directory are its own two and one for each thread; 0: not known. */
static size_t threads_of(const struct procfs *p)
{
	struct stat st;

	return fstatat(p->dir, "task", &st, 0) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

/* Opened each time: it would keep what the threads took until all are asked for again. */
static bool members_by_lib(struct tasks *t, const struct procfs *p, struct members *ret)
{
	struct lib_arg arg = { ret, p->dir };
	size_t threads = threads_of(p);
	struct procps *lib;
	bool ok;

	/* Not for one thread: the library comes with half a dozen others, a megabyte. Nor for so
	 * many that they would be asked for by it once and never again. */
	if (t->lib_failed || threads == 1 || threads > TASKS_MANY)
		return false;
	lib = procps_threads_open();
	t->lib_failed = !lib;
	ok = lib && procps_threads(lib, p->pid, from_lib, &arg);
	procps_close(lib);
	return ok;
}

/* Who is known in `old` is taken as he was; NULL reads everybody. */
static bool members_by_dir(struct tasks *t, const struct procfs *p, const struct task_list *old,
			   struct members *ret)
{
	struct dirent *e;
	struct member m;
	int fd;
	DIR *d;

	if (t->dir < 0)
		t->dir = openat(p->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = t->dir < 0 ? -1 : openat(t->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((e = readdir(d))) {
		long tid = strtol(e->d_name, NULL, 10);

		const struct task *was = old && tid > 0 && tid <= INT32_MAX ?
					 task_list_find(old, (pid_t)tid) : NULL;

		if (was) {
			m = (struct member){ .tid = was->tid, .state = was->state };
			memcpy(m.comm, was->comm, sizeof(m.comm));
		} else if (tid <= 0 || tid > INT32_MAX || !read_member(p->dir, (pid_t)tid, &m)) {
			continue;
		}
		VEC_GROW(ret->m, ret->n, ret->cap);
		ret->m[ret->n++] = m;
	}
	closedir(d);
	return ret->n > 0;
}

static int by_tid(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static bool read_members(struct tasks *t, const struct procfs *p, const struct task_list *known,
			 struct members *ret)
{
	t->rung = known ? "own reader" : PROCPS_NAME;
	if (known || !members_by_lib(t, p, ret)) {
		t->rung = "own reader";
		ret->n = 0;
		if (!members_by_dir(t, p, known, ret))
			return false;
	}
	qsort(ret->m, ret->n, sizeof(*ret->m), by_tid);
	return true;
}

static void read_name(int dir, struct task *task)
{
	struct member m;

	if (!read_member(dir, task->tid, &m))
		return;
	task->state = m.state;
	memcpy(task->comm, m.comm, sizeof(task->comm));
}

static void read_registers(struct tasks *t, const struct procfs *p, struct task *task)
{
	/* Without an mm it is refused to its own user, who may look at the others. */
	bool ended = state_ended(task->state);
	struct syscall_figures s;
	char name[48], text[256];
	ssize_t n;

	snprintf(name, sizeof(name), "task/%d/syscall", (int)task->tid);
	n = procfs_read(p->dir, name, text, sizeof(text));
	if (!ended && (n == -EACCES || n == -EPERM))
		t->denied = true;
	task->sp = task->pc = UNKNOWN;
	task->syscall = SYSCALL_UNKNOWN;
	memset(task->args, 0, sizeof(task->args));
	if (n <= 0 || !syscall_parse(text, (size_t)n, &s)) {
		/* A thread that has just ended says nothing about the others. */
		if (ended)
			return;
		snprintf(name, sizeof(name), "task/%d", (int)task->tid);
		if (!t->denied && n != -ESRCH && !faccessat(p->dir, name, F_OK, 0))
			t->no_file = true;
		return;
	}
	/* All zero: no user registers (a kernel thread, or one that is ending), so no call either. */
	task->syscall = s.sp || s.pc ? s.nr : SYSCALL_NONE;
	task->sp = s.sp ? s.sp : UNKNOWN;
	task->pc = s.pc ? s.pc : UNKNOWN;
	if (task->syscall >= 0)
		memcpy(task->args, s.args, sizeof(task->args));
}

static struct task_list *list_of(const struct members *m, const struct task_list *old, pid_t pid)
{
	struct task_list *list = task_list_create();

	for (size_t i = 0; i < m->n; i++) {
		const struct task *was = old ? task_list_find(old, m->m[i].tid) : NULL;
		struct task *task;

		if (i && m->m[i].tid == m->m[i - 1].tid)
			continue;
		task = task_list_add(list, m->m[i].tid);
		if (was)
			*task = *was;
		task->tgid = pid;
		task->state = m->m[i].state;
		memcpy(task->comm, m->m[i].comm, sizeof(task->comm));
	}
	return list;
}

static struct task_list *list_copy(const struct task_list *old)
{
	struct task_list *list = task_list_create();

	for (size_t i = 0; i < old->n; i++)
		*task_list_add(list, old->tasks[i].tid) = old->tasks[i];
	return list;
}

static bool list_equal(const struct task_list *a, const struct task_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!task_equal(&a->tasks[i], &b->tasks[i]))
			return false;
	return true;
}

struct task_list *tasks_read(struct tasks *t, const struct procfs *p, const struct tasks_in *in)
{
	struct members members = { 0 };
	struct task_list *list;
	bool many = in->old && in->old->n > TASKS_MANY && !in->all;
	size_t ask;

	if (in->members || !in->old) {
		if (!read_members(t, p, many ? in->old : NULL, &members)) {
			free(members.m);
			return NULL;
		}
		list = list_of(&members, in->old, in->pid);
		free(members.m);
	} else {
		list = list_copy(in->old);
	}
	t->denied = t->no_file = false;
	if (in->moved || in->all || !in->old)
		t->waiting = list->n;
	ask = list->n / TASKS_SHARE > TASKS_AT_ONCE ? list->n / TASKS_SHARE : TASKS_AT_ONCE;
	if (in->all || ask > t->waiting)
		ask = t->waiting;
	for (size_t i = 0; i < ask; i++, t->next++) {
		if (t->next >= list->n)
			t->next = 0;
		if (many)
			read_name(p->dir, &list->tasks[t->next]);
		read_registers(t, p, &list->tasks[t->next]);
		if (t->denied)
			break;	/* so will the others be */
	}
	t->waiting -= ask;
	if (in->old && list_equal(list, in->old)) {
		task_list_put(list);
		return task_list_get(in->old);
	}
	return list;
}

/* Guards inside of the mapping, as madvise(MADV_GUARD_INSTALL) makes them: a thread's
 * stack lies between the last one below sp and the first one above. With such guards the
 * kernel may have made one mapping of the stacks of many threads. */
static void guards_inside(struct task_stack *s, const struct residency *pages, uint64_t sp,
			  uint64_t *low, uint64_t *high)
{
	for (size_t i = residency_next(pages, s->vma_start); i < pages->n; i++) {
		const struct page_run *r = &pages->runs[i];

		if (r->start >= s->vma_end)
			break;
		if (r->state != PAGE_GUARD)
			continue;
		if (sp == UNKNOWN || r->start < sp) {
			s->guard_start = r->start > s->vma_start ? r->start : s->vma_start;
			s->guard_end = run_end(r) < s->vma_end ? run_end(r) : s->vma_end;
			*low = s->guard_end;
			if (sp == UNKNOWN)
				break;
		} else {
			*high = r->start;
			break;
		}
	}
}

static uint64_t lowest_resident(const struct residency *pages, uint64_t start, uint64_t end)
{
	for (size_t i = residency_next(pages, start); i < pages->n; i++) {
		const struct page_run *r = &pages->runs[i];

		if (r->start >= end)
			break;
		if (page_states[r->state].resident)
			return r->start > start ? r->start : start;
	}
	return end;
}

static ssize_t main_stack(const struct layout *l)
{
	for (size_t i = l->n; i-- > 0;)
		if (l->vmas[i].role == ROLE_STACK)
			return (ssize_t)i;
	return -1;
}

/* tid -> the mapping that is its stack, for those whose sp does not tell. */
struct owners {
	size_t n, cap;
	struct { int32_t tid; size_t vma; } *o;
};

static int by_owner(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;	/* tid comes first */

	return (*x > *y) - (*x < *y);
}

static ssize_t owner_find(const struct owners *w, int32_t tid)
{
	size_t lo = 0, hi = w->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->o[mid].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->n && w->o[lo].tid == tid ? (ssize_t)w->o[lo].vma : -1;
}

static void owners_of(const struct layout *l, struct owners *w)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->vmas[i].role != ROLE_THREAD_STACK || !l->vmas[i].tid)
			continue;
		VEC_GROW(w->o, w->n, w->cap);
		w->o[w->n].tid = l->vmas[i].tid;
		w->o[w->n++].vma = i;
	}
	if (w->n)
		qsort(w->o, w->n, sizeof(*w->o), by_owner);
}

static ssize_t find_vma(const struct task *t, const struct layout *l, const struct owners *w,
			ssize_t main_vma, pid_t pid, enum stack_found *how)
{
	ssize_t i = t->sp == UNKNOWN ? -1 : layout_find(l, t->sp);

	*how = STACK_BY_SP;
	if (i >= 0)
		return i;
	if (t->tid == pid) {
		*how = STACK_BY_MAIN;
		return main_vma;
	}
	i = owner_find(w, t->tid);
	if (i >= 0)
		*how = l->vmas[i].path[0] == '[' ? STACK_BY_NAME :
		       l->vmas[i].guess ? STACK_BY_SHAPE : STACK_BY_SP;
	return i;
}

/* The stack pointers of all, rising: two of them in one stack are two stacks. */
struct pointers {
	size_t n;
	uint64_t *sp;
};

static int by_sp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void pointers_of(const struct task_list *tasks, struct pointers *ret)
{
	*ret = (struct pointers){ .sp = xcalloc(tasks->n ? tasks->n : 1, sizeof(*ret->sp)) };
	for (size_t i = 0; i < tasks->n; i++)
		if (tasks->tasks[i].sp != UNKNOWN)
			ret->sp[ret->n++] = tasks->tasks[i].sp;
	qsort(ret->sp, ret->n, sizeof(*ret->sp), by_sp);
}

static bool shared(const struct pointers *p, uint64_t low, uint64_t high)
{
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->sp[mid] < low)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo + 1 < p->n && p->sp[lo + 1] < high;
}

/* Is there a page between sp and `high` that was never touched? A stack is used from its end on,
 * so that this is not it, unless a large variable left it out. */
static bool gap_above(const struct residency *pages, uint64_t sp, uint64_t high)
{
	struct page_counts c = residency_count(pages, sp & ~(PAGE_BYTES - 1ull), high);

	return c.n[PAGE_ABSENT] && !c.n[PAGE_UNSEEN];
}

/* Is the mapping more than the stack that sp lies in? With a guard below it is a stack's. */
static bool is_more(const struct vma *v, const struct residency *pages, uint64_t sp, bool guard,
		    uint64_t high)
{
	switch (v->role) {
	case ROLE_STACK:
		return false;
	case ROLE_ANON:
	case ROLE_THREAD_STACK:
	case ROLE_SHARED:
	case ROLE_FILE:
		return !guard && v->growsdown != 1 && v->path[0] != '[' && pages &&
		       gap_above(pages, sp, high);
	default:
		return true;
	}
}

/* What is resident between low and high, now and ever. */
static void place_pages(struct task *t, const struct task_stack *was, const struct residency *pages,
			uint64_t low, uint64_t high, bool grows)
{
	struct page_counts c = residency_count(pages, low, high);
	struct task_stack *s = &t->stack;
	bool same = was->vma_end == s->vma_end && (grows || was->vma_start == s->vma_start);

	if (c.n[PAGE_UNSEEN]) {
		s->high_water = same ? was->high_water : UNKNOWN;
		return;
	}
	s->resident = page_counts_resident(&c) << PAGE_SHIFT;
	s->high_water = high - lowest_resident(pages, low, high);
	/* What was seen once stays seen, while it is the same mapping. */
	if (same && was->high_water != UNKNOWN && was->high_water > s->high_water)
		s->high_water = was->high_water;
}

static void place(struct task *t, const struct layout *l, const struct residency *pages, ssize_t i,
		  enum stack_found how, uint64_t stack_limit, const struct pointers *all)
{
	const struct vma *v = i >= 0 ? &l->vmas[i] : NULL;
	const struct vma *below = i > 0 ? v - 1 : NULL;
	struct task_stack was = t->stack, *s = &t->stack;
	uint64_t low = v ? v->start : 0, high = v ? v->end : 0;

	*s = (struct task_stack){ .used = UNKNOWN, .resident = UNKNOWN, .limit = UNKNOWN,
				  .high_water = UNKNOWN, .found = STACK_UNKNOWN };
	if (!v)
		return;
	s->vma_start = v->start;
	s->vma_end = v->end;
	s->found = (uint8_t)how;
	s->limit = stack_limit;
	if (t->sp >= v->start && t->sp < v->end)
		s->used = v->end - t->sp;
	if (below && below->end == v->start && !below->inode && !below->path[0] &&
	    !(below->perms & (VMA_READ | VMA_WRITE | VMA_EXEC))) {
		s->guard_start = below->start;
		s->guard_end = below->end;
	}
	if (pages && v->role != ROLE_STACK)
		guards_inside(s, pages, t->sp, &low, &high);
	if (v->role != ROLE_STACK && how == STACK_BY_SP && shared(all, low, high))
		s->found = STACK_SHARED;
	else if (how == STACK_BY_SP && s->used != UNKNOWN && low == v->start &&
		 is_more(v, pages, t->sp, s->guard_end, high))
		s->found = STACK_WITHIN;
	if (s->found == STACK_SHARED || s->found == STACK_WITHIN) {
		s->used = s->limit = UNKNOWN;
		if (low == v->start)	/* of which stack, or of none */
			s->guard_start = s->guard_end = 0;
		return;
	}
	if (v->role != ROLE_STACK)
		s->limit = high - low;
	if (s->used != UNKNOWN)
		s->used = high - t->sp;
	if (pages)
		place_pages(t, &was, pages, low, high, v->role == ROLE_STACK);
}

/* Nothing lies above 4 GiB: there is where a program of 64 bits has its stack. */
static bool is_compat(const struct layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->vmas[i].end > 1ull << 32 && l->vmas[i].role != ROLE_VSYSCALL)
			return false;
	return l->n > 0 && sizeof(void *) == 8;
}

struct task_list *tasks_place(const struct task_list *list, const struct layout *l,
			      const struct residency *pages, uint64_t stack_limit, pid_t pid)
{
	struct task_list *own = list_copy(list);
	struct owners w = { 0 };
	struct pointers all;
	bool compat = l && is_compat(l);
	ssize_t main_vma;

	if (l) {
		owners_of(l, &w);
		pointers_of(own, &all);
		main_vma = main_stack(l);
		for (size_t i = 0; i < own->n; i++) {
			enum stack_found how;
			ssize_t v = find_vma(&own->tasks[i], l, &w, main_vma, pid, &how);

			own->tasks[i].compat = compat;
			place(&own->tasks[i], l, pages, v, how, stack_limit, &all);
		}
		free(all.sp);
	}
	free(w.o);
	if (list_equal(own, list)) {
		task_list_put(own);
		return task_list_get(list);
	}
	return own;
}
