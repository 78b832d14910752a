/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"

const struct kstack_rung_info kstack_rungs[KSTACK_RUNGS] = {
	[KSTACK_DOCUMENTED] = { "documented",
		"the size is what the architecture's documentation says; nothing was measured",
		"root, or CAP_BPF and CAP_PERFMON" },
	[KSTACK_WCHAN] = { "wchan",
		"the function a task sleeps in; the size is what the architecture's documentation says",
		"root (names of all frames), or CAP_BPF and CAP_PERFMON (bytes)" },
	[KSTACK_PROC] = { "/proc/PID/task/TID/stack",
		"names of frames without their bytes; the size is what the architecture's documentation says",
		"CAP_BPF and CAP_PERFMON, a kernel with BPF and BTF (Linux 5.14)" },
	[KSTACK_BPF] = { "BPF", "measured to the byte in kernel memory", "" },
	[KSTACK_SIMULATED] = { "simulation", "every word of the stack is there", "" },
};

const struct kstack_lack_info kstack_lacks[KSTACK_LACKS] = {
	[KSTACK_RUNNING] = { "running", "the task was running: its stack moves",
		"look again when it sleeps" },
	[KSTACK_ZOMBIE] = { "zombie", "a zombie has given its kernel stack back",
		"look at a living task" },
	[KSTACK_MOVED] = { "awake", "the task woke each time it was looked at",
		"look again when it sleeps" },
	[KSTACK_UNSEEN] = { "unseen", "the kernel does not show the call chain of this task",
		"look again; it may be of another pid namespace, or a security module keeps it" },
	[KSTACK_UNPLACED] = { "unplaced",
		"a return address of the call chain was not found on the stack", "look again" },
	[KSTACK_NAMELESS] = { "nameless", "the kernel hides the names of its functions from this user",
		"run it as root, or with CAP_SYSLOG" },
	[KSTACK_ERASED] = { "erased",
		"this kernel erases its stacks with a pattern (CONFIG_KSTACK_ERASE): no mark remains",
		"a kernel without CONFIG_KSTACK_ERASE" },
	[KSTACK_NO_SIZES] = { "no bytes", "without BPF nothing tells how deep a kernel stack is",
		"run it as root, or with CAP_BPF and CAP_PERFMON" },
	[KSTACK_NO_NAMES] = { "no frames", "this user may not see the kernel's frames of this task",
		"run it as root, or with CAP_BPF and CAP_PERFMON" },
};

/* The figures each lack takes away. */
static const struct {
	enum kstack_lack lack;
	const char *what;
} takes[] = {
	{ KSTACK_RUNNING, "tasks[].kstack.used" },
	{ KSTACK_RUNNING, "tasks[].kstack.frames" },
	{ KSTACK_ZOMBIE, "tasks[].kstack" },
	{ KSTACK_MOVED, "tasks[].kstack.used" },
	{ KSTACK_MOVED, "tasks[].kstack.frames" },
	{ KSTACK_UNSEEN, "tasks[].kstack.frames" },
	{ KSTACK_UNPLACED, "tasks[].kstack.frames" },
	{ KSTACK_NAMELESS, "tasks[].kstack.frames[].function" },
	{ KSTACK_ERASED, "tasks[].kstack.high_water" },
	{ KSTACK_NO_SIZES, "tasks[].kstack.used" },
	{ KSTACK_NO_SIZES, "tasks[].kstack.high_water" },
	{ KSTACK_NO_SIZES, "tasks[].kstack.frames[].offset" },
	{ KSTACK_NO_SIZES, "tasks[].kstack.frames[].bytes" },
	{ KSTACK_NO_NAMES, "tasks[].kstack.frames" },
};

uint64_t kstack_documented_size(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	return 16384;
#elif defined(__i386__) || defined(__arm__)
	return 8192;
#else
	return 0;
#endif
}

struct stacks *stacks_create(void)
{
	struct stacks *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	s->strings = strings_create();
	s->whys = whys_create();
	return s;
}

struct stacks *stacks_get(const struct stacks *s)
{
	struct stacks *own = (struct stacks *)s;

	if (own)
		own->refs++;
	return own;
}

void stacks_put(const struct stacks *s)
{
	struct stacks *own = (struct stacks *)s;

	if (!own || --own->refs)
		return;
	for (size_t i = 0; i < own->nblocks; i++)
		free(own->blocks[i]);
	free(own->blocks);
	free(own->tasks);
	free(own->cpus);
	strings_put(own->strings);
	whys_put(own->whys);
	free(own);
}

struct kstack *stacks_add(struct stacks *s, pid_t tid)
{
	struct kstack *k;

	VEC_GROW(s->tasks, s->n, s->cap);
	k = &s->tasks[s->n++];
	*k = (struct kstack){
		.tid = tid,
		.state = '?',
		.size = UNKNOWN,
		.base = UNKNOWN,
		.used = UNKNOWN,
		.high_water = UNKNOWN,
		.regs = UNKNOWN,
	};
	return k;
}

static struct kframe *block(struct stacks *s, size_t n)
{
	struct kframe *frames = xcalloc(n ? n : 1, sizeof(*frames));

	s->blocks = xreallocarray(s->blocks, s->nblocks + 1, sizeof(*s->blocks));
	s->blocks[s->nblocks++] = frames;
	for (size_t i = 0; i < n; i++)
		frames[i] = (struct kframe){ .function = "", .offset = UNKNOWN, .bytes = UNKNOWN };
	return frames;
}

struct kframe *stacks_frames(struct stacks *s, struct kstack *k, size_t n)
{
	struct kframe *frames = block(s, n);

	k->frames = frames;
	k->nframes = n;
	return frames;
}

struct kframe *stacks_switches(struct stacks *s, struct kstack *k, size_t n)
{
	struct kframe *frames = block(s, n);

	k->switches = frames;
	k->nswitches = n;
	return frames;
}

static int by_tid(const void *a, const void *b)
{
	const struct kstack *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

void stacks_finish(struct stacks *s)
{
	unsigned lacks = 0;

	if (s->n)
		qsort(s->tasks, s->n, sizeof(*s->tasks), by_tid);
	for (size_t i = 0; i < s->n; i++)
		lacks |= s->tasks[i].lacks;
	for (size_t i = 0; i < ARRAY_LEN(takes); i++) {
		const struct kstack_lack_info *info = &kstack_lacks[takes[i].lack];

		if (!(lacks >> takes[i].lack & 1))
			continue;
		/* Whoever read it may have said why in words of its own. */
		if (takes[i].lack != KSTACK_NO_SIZES || !whys_find(s->whys, takes[i].what))
			whys_add(s->whys, takes[i].what, info->why, info->try_this);
	}
}

uint64_t kstack_left(const struct kstack *k)
{
	return k->size == UNKNOWN || k->high_water == UNKNOWN || k->high_water > k->size ? UNKNOWN :
	       k->size - k->high_water;
}

const struct kstack *stacks_find(const struct stacks *s, pid_t tid)
{
	const struct kstack key = { .tid = tid };

	return s && s->n ? bsearch(&key, s->tasks, s->n, sizeof(key), by_tid) : NULL;
}

static bool frames_equal(const struct kframe *a, const struct kframe *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct kframe *x = &a[i], *y = &b[i];

		if (x->offset != y->offset || x->bytes != y->bytes ||
		    x->ambiguous != y->ambiguous || x->takes != y->takes || strcmp(x->function, y->function))
			return false;
	}
	return true;
}

bool kstack_equal(const struct kstack *a, const struct kstack *b)
{
	return a->tid == b->tid && a->tgid == b->tgid && a->ppid == b->ppid &&
	       !strncmp(a->comm, b->comm, sizeof(a->comm)) && a->state == b->state &&
	       a->kthread == b->kthread && a->on_cpu == b->on_cpu &&
	       a->magic_ok == b->magic_ok && a->rung == b->rung && a->lacks == b->lacks &&
	       a->size == b->size && a->base == b->base && a->used == b->used &&
	       a->high_water == b->high_water && a->regs == b->regs &&
	       a->nframes == b->nframes && !a->frames == !b->frames &&
	       a->nswitches == b->nswitches && frames_equal(a->frames, b->frames, a->nframes) &&
	       frames_equal(a->switches, b->switches, a->nswitches);
}

static bool cpu_equal(const struct cpu_stacks *a, const struct cpu_stacks *b)
{
	if (a->cpu != b->cpu || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct cpu_stack *x = &a->stack[i], *y = &b->stack[i];

		if (strcmp(x->name, y->name) || x->size != y->size ||
		    x->high_water != y->high_water || x->mapped != y->mapped)
			return false;
	}
	return true;
}

bool stacks_equal(const struct stacks *a, const struct stacks *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->rung != b->rung || a->n != b->n || a->ncpus != b->ncpus ||
	    !a->cpus != !b->cpus || !whys_equal(a->whys, b->whys))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!kstack_equal(&a->tasks[i], &b->tasks[i]))
			return false;
	for (size_t i = 0; i < a->ncpus; i++)
		if (!cpu_equal(&a->cpus[i], &b->cpus[i]))
			return false;
	return true;
}
