/* SPDX-License-Identifier: GPL-2.0-or-later
 * What every VMA is for.
 */
#include <config.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/roles.h"

/* The largest mapping without access that we take for a guard rather than a reservation. */
#define LARGEST_GUARD (1ull << 20)
/* Thread stacks are no smaller than this (PTHREAD_STACK_MIN). */
#define SMALLEST_STACK (16ull << 10)
#define DOUBTFUL_BSS (16ull << 20)

enum match { WHOLE, PREFIX };

/* Names the kernel gives to what is no file. */
static const struct {
	const char *name;
	uint8_t match, role, growsdown;
} kernel_names[] = {
	{ "[heap]", WHOLE, ROLE_HEAP, 0 },
	{ "[stack]", WHOLE, ROLE_STACK, 1 },
	{ "[stack:", PREFIX, ROLE_THREAD_STACK, 0 },
	{ "[vdso]", WHOLE, ROLE_VDSO, 0 },
	{ "[vvar", PREFIX, ROLE_VVAR, 0 },
	{ "[vsyscall]", WHOLE, ROLE_VSYSCALL, 0 },
	{ "[anon:.bss]", WHOLE, ROLE_BSS, 0 },
	{ "[anon:stack_and_tls:", PREFIX, ROLE_THREAD_STACK, 0 },
	{ "[anon: glibc: pthread stack:", PREFIX, ROLE_THREAD_STACK, 0 },
	{ "[anon: glibc: pthread user stack:", PREFIX, ROLE_THREAD_STACK, 0 },
	{ "[anon:", PREFIX, ROLE_ANON, 2 },
	{ "[anon_shmem:", PREFIX, ROLE_SHARED, 0 },
	{ "[", PREFIX, ROLE_OTHER, 0 },
};

/* Paths the kernel invents for memory that is behind an inode only inside of it. */
static const char *const anonymous_files[] = {
	"/dev/zero", "/dev/zero (deleted)", "/anon_hugepage", "/anon_hugepage (deleted)",
};

static void set(struct vma *v, enum vma_role role, unsigned guess)
{
	v->role = (uint8_t)role;
	v->guess = (uint8_t)guess;
}

static bool no_access(const struct vma *v)
{
	return !(v->perms & (VMA_READ | VMA_WRITE | VMA_EXEC));
}

/* Private memory without a name or a file. */
static bool nameless(const struct vma *v)
{
	return !v->inode && !v->path[0] && !(v->perms & VMA_SHARED);
}

static bool same_file(const struct vma *a, const struct vma *b)
{
	return a->inode && a->inode == b->inode && a->dev_minor == b->dev_minor &&
	       a->dev_major == b->dev_major;
}

static int32_t tid_in_name(const char *name)
{
	const char *colon = strrchr(name, ':');
	long tid = colon ? strtol(colon + 1, NULL, 10) : 0;

	return tid > 0 && tid <= INT32_MAX ? (int32_t)tid : 0;
}

static void by_kernel_name(struct vma *v)
{
	for (size_t i = 0; i < ARRAY_LEN(kernel_names); i++) {
		size_t n = strlen(kernel_names[i].name);

		if (kernel_names[i].match == WHOLE ? strcmp(v->path, kernel_names[i].name) :
						     strncmp(v->path, kernel_names[i].name, n))
			continue;
		set(v, kernel_names[i].role, 0);
		v->growsdown = kernel_names[i].growsdown;
		if (v->role == ROLE_THREAD_STACK)
			v->tid = tid_in_name(v->path);
		return;
	}
	set(v, ROLE_OTHER, 1);
}

/* Is it certain that this file is a program or a library? */
static bool surely_image(const struct vma *v, uint64_t start_code)
{
	const char *so = strstr(v->path, ".so");

	return (start_code >= v->start && start_code < v->end) ||
	       (so && (!so[3] || so[3] == '.' || so[3] == ' '));
}

/* What was written before its access was taken away is kept for later: a guard holds nothing. */
static bool holds_data(const struct vma *v, const struct residency *pages)
{
	return pages && residency_written(pages, v->start, v->end);
}

/* Consecutive VMAs of one file: with one that is executable, it is an image. */
static size_t by_file(struct vma *v, size_t n, const struct roles_in *in)
{
	bool image = false, sure = false;
	size_t count = 0;

	for (; count < n && same_file(&v[count], &v[0]); count++) {
		image |= (v[count].perms & VMA_EXEC) && !(v[count].perms & VMA_SHARED);
		sure |= surely_image(&v[count], in->mm[MM_START_CODE]);
	}
	for (size_t i = 0; i < count; i++) {
		unsigned guess = sure ? 0 : 1;

		v[i].growsdown = 0;
		if (v[i].perms & VMA_SHARED)
			set(&v[i], ROLE_SHARED, 0);
		else if (!image)
			set(&v[i], ROLE_FILE, 0);
		else if (no_access(&v[i]))
			set(&v[i], holds_data(&v[i], in->pages) ? ROLE_DATA : ROLE_GUARD, 1);
		else if (v[i].perms & VMA_EXEC)
			set(&v[i], ROLE_TEXT, guess);
		else
			set(&v[i], v[i].perms & VMA_WRITE ? ROLE_DATA : ROLE_RODATA, guess);
	}
	return count;
}

static bool anonymous_file(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(anonymous_files); i++)
		if (!strcmp(path, anonymous_files[i]))
			return true;
	return false;
}

/* Anonymous memory right behind an image's data. The kernel may have joined it with
 * something else, so only the program's own, whose end of data is known, is certain. */
static bool is_bss(const struct vma *v, const struct vma *below)
{
	return below && below->role == ROLE_DATA && below->end == v->start &&
	       v->perms & VMA_WRITE && (below->inode || below->guess);
}

static void by_neighbours(struct vma *v, const struct vma *below, const struct vma *above,
			  const struct roles_in *in)
{
	uint64_t end_data = in->mm[MM_END_DATA];

	if (v->perms & VMA_SHARED) {
		set(v, ROLE_SHARED, 0);
		v->growsdown = 0;
	} else if (no_access(v)) {
		bool touches = above && above->start == v->end && nameless(above) &&
			       above->perms & VMA_WRITE;

		if (vma_size(v) > LARGEST_GUARD || holds_data(v, in->pages))
			set(v, ROLE_ANON, 0);
		else
			set(v, ROLE_GUARD, touches ? 1 : 2);
		v->growsdown = 0;
	} else if (is_bss(v, below)) {
		bool own = end_data != UNKNOWN && end_data > below->start && end_data <= v->end;

		set(v, ROLE_BSS, own ? 0 : vma_size(v) > DOUBTFUL_BSS ? 2 : 1);
		v->growsdown = 0;
	} else {
		set(v, ROLE_ANON, 0);
	}
}

/* Returns the bytes of [stack]. */
static uint64_t by_names_and_files(struct layout *l, const struct roles_in *in)
{
	uint64_t stack = 0;
	size_t i = 0;

	while (i < l->n) {
		struct vma *v = &l->vmas[i];

		v->tid = 0;
		v->growsdown = 2;
		if (v->inode && !anonymous_file(v->path)) {
			i += by_file(v, l->n - i, in);
			continue;
		}
		if (!v->inode && v->path[0] == '[')
			by_kernel_name(v);
		else
			by_neighbours(v, i ? v - 1 : NULL, i + 1 < l->n ? v + 1 : NULL, in);
		stack += v->role == ROLE_STACK ? vma_size(v) : 0;
		i++;
	}
	return stack;
}

/* The guard below a thread's stack belongs to the thread. */
static void claim(struct layout *l, size_t i, int32_t tid, unsigned guess)
{
	struct vma *v = &l->vmas[i];
	struct vma *below = i ? v - 1 : NULL;

	set(v, ROLE_THREAD_STACK, guess);
	v->tid = tid;
	v->growsdown = 0;
	if (below && below->end == v->start && nameless(below) && no_access(below)) {
		set(below, ROLE_GUARD, guess);
		below->tid = tid;
	}
}

/* Can this mapping be a thread's stack, and no more than that? */
static bool can_be_stack(const struct vma *v)
{
	return !(v->perms & VMA_SHARED) && v->perms & VMA_WRITE && !v->inode &&
	       (v->role == ROLE_ANON || (v->role == ROLE_BSS && v->guess > 1));
}

static bool has_stack_shape(const struct layout *l, size_t i)
{
	const struct vma *v = &l->vmas[i], *below = i ? v - 1 : NULL;

	return v->role == ROLE_ANON && nameless(v) && vma_size(v) >= SMALLEST_STACK &&
	       v->perms == (VMA_READ | VMA_WRITE) && below && below->end == v->start &&
	       nameless(below) && below->role == ROLE_GUARD;
}

/* Threads that sit in no VMA that we know of; the last of them in *ret. */
static size_t unclaimed(const struct roles_in *in, const bool *has, pid_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; in->tasks && i < in->tasks->n; i++)
		if (!has[i] && in->tasks->tasks[i].tid != in->pid) {
			*ret = in->tasks->tasks[i].tid;
			n++;
		}
	return n;
}

static ssize_t task_index(const struct task_list *tasks, int32_t tid)
{
	const struct task *t = tid > 0 ? task_list_find(tasks, tid) : NULL;

	return t ? t - tasks->tasks : -1;
}

static void by_stack_pointers(struct layout *l, const struct roles_in *in, bool *has)
{
	for (size_t t = 0; t < in->tasks->n; t++) {
		const struct task *task = &in->tasks->tasks[t];
		ssize_t i = task->sp == UNKNOWN ? -1 : layout_find(l, task->sp);

		/* A stack that is just being left may be empty: sp at its end. */
		if (i < 0 || task->tid == in->pid)
			continue;
		has[t] = true;
		if (can_be_stack(&l->vmas[i]))
			claim(l, (size_t)i, task->tid, 0);
		else if (l->vmas[i].role == ROLE_THREAD_STACK && l->vmas[i].tid != task->tid &&
			 l->vmas[i].path[0] != '[')
			claim(l, (size_t)i, 0, 0);	/* of several */
	}
}

/* What was known of a thread that is running now holds as long as the mapping stands. */
static void by_memory(struct layout *l, const struct roles_in *in, bool *has)
{
	for (size_t o = 0; o < in->old->n; o++) {
		const struct vma *was = &in->old->vmas[o];
		ssize_t t, i;

		if (was->role != ROLE_THREAD_STACK || !was->tid || was->guess)
			continue;
		t = task_index(in->tasks, was->tid);
		i = layout_find(l, was->start);
		if (t < 0 || has[t] || i < 0 || l->vmas[i].start != was->start ||
		    l->vmas[i].end != was->end || !can_be_stack(&l->vmas[i]))
			continue;
		has[t] = true;
		claim(l, (size_t)i, was->tid, 0);
	}
}

static void thread_stacks(struct layout *l, const struct roles_in *in)
{
	size_t waiting, shaped = 0, last = 0;
	pid_t tid = 0;
	bool *has;

	/* With one thread alone, what has the shape of a stack is more likely something else. */
	if (!in->tasks || in->tasks->n < 2)
		return;
	has = xcalloc(in->tasks->n, sizeof(*has));
	by_stack_pointers(l, in, has);
	if (in->old)
		by_memory(l, in, has);
	for (size_t i = 0; i < l->n; i++) {
		ssize_t t = l->vmas[i].role != ROLE_THREAD_STACK ? -1 :
			    task_index(in->tasks, l->vmas[i].tid);

		if (t >= 0)
			has[t] = true;
	}
	waiting = unclaimed(in, has, &tid);
	for (size_t i = 0; i < l->n; i++)
		if (has_stack_shape(l, i)) {
			shaped++;
			last = i;
		}
	if (waiting == 1 && shaped == 1) {
		claim(l, last, tid, 1);
	} else {
		/* Left over by a thread that ended, or of one whose sp we do not know. */
		for (size_t i = 0; shaped && i < l->n; i++)
			if (has_stack_shape(l, i) && l->vmas[i].role == ROLE_ANON)
				claim(l, i, 0, waiting >= shaped ? 1 : 2);
	}
	free(has);
}

/* VmStk is the sum of all that grows down: when [stack] is all of it, nothing else does. */
static void grows_down(struct layout *l, const struct roles_in *in, uint64_t stack)
{
	uint64_t total = in->mm[MM_VM_STACK];
	unsigned gd = 64, verdict;

	for (unsigned i = 0; i < 64 && vma_flag_names[i]; i++)
		if (!strcmp(vma_flag_names[i], "gd"))
			gd = i;
	verdict = total != UNKNOWN && total == stack ? 0 : 2;
	for (size_t i = 0; i < l->n; i++) {
		struct vma *v = &l->vmas[i];
		ssize_t o;

		if (v->growsdown != 2)
			continue;
		v->growsdown = (uint8_t)verdict;
		if (in->details && in->details->layout->n == l->n && gd < 64 &&
		    in->details->layout->vmas[i].start == v->start)
			v->growsdown = in->details->vma[i].flags >> gd & 1;
		else if (verdict == 2 && in->old && (o = layout_find(in->old, v->start)) >= 0)
			v->growsdown = in->old->vmas[o].growsdown;
	}
}

void roles_assign(struct layout *l, const struct roles_in *in)
{
	uint64_t stack = by_names_and_files(l, in);

	thread_stacks(l, in);
	grows_down(l, in, stack);
}

bool roles_stale(const struct layout *l, const struct task_list *tasks, pid_t pid)
{
	for (size_t t = 0; tasks && t < tasks->n; t++) {
		const struct task *task = &tasks->tasks[t];
		ssize_t i;

		if (task->tid == pid || task->sp == UNKNOWN)
			continue;
		i = layout_find(l, task->sp);
		if (i < 0)
			continue;
		if (can_be_stack(&l->vmas[i]))
			return true;
		if (l->vmas[i].role == ROLE_THREAD_STACK && l->vmas[i].tid != task->tid &&
		    (l->vmas[i].guess || (l->vmas[i].tid && task_index(tasks, l->vmas[i].tid) < 0)))
			return true;
	}
	return false;
}

bool roles_denied(const struct layout *l, const struct residency *pages)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];
		bool kept = v->role == ROLE_DATA || (v->role == ROLE_ANON && v->path[0] != '[' &&
						     vma_size(v) <= LARGEST_GUARD);

		if (no_access(v) && !(v->perms & VMA_SHARED) && !v->tid &&
		    (kept || (v->role == ROLE_GUARD && v->guess)) && kept != holds_data(v, pages))
			return true;
	}
	return false;
}
