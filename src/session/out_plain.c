/* SPDX-License-Identifier: GPL-2.0-or-later
 * Output to be read aloud: sentences, one a line, the most important first; no table,
 * no drawing. After the first sample only what changed is said.
 */
#include "mmscope/output.h"

#include <inttypes.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/stacks.h"
#include "mmscope/syscalls.h"
#include "src/session/words.h"

static void put(FILE *out, struct buf *b)
{
	if (b->len)
		fwrite(b->data, 1, b->len, out);
	buf_reset(b);
}

static void about_process(struct buf *b, const struct snapshot *s, const struct output_options *o)
{
	const struct process *p = &s->process;

	buf_addf(b, "Process %d, ", p->pid);
	add_outside(b, p->comm, sizeof(p->comm), o->ascii);
	if (p->exe[0]) {
		buf_adds(b, ", runs ");
		add_outside(b, p->exe, sizeof(p->exe), o->ascii);
	}
	if (p->ended)
		buf_adds(b, ", has ended; this is its last picture.\n");
	else
		buf_addf(b, ", is %s. Its parent is %d.\n", state_word(p->state), p->ppid);
	if (p->kthread)
		buf_adds(b, "It is a kernel thread: it has no user space and no mappings.\n");
}

static void about_memory(struct buf *b, const struct snapshot *s)
{
	char size[32], rss[32], anon[32], file[32], shmem[32];
	struct role_sums sums;

	if (s->process.kthread)
		return;
	if (s->mm[MM_VM_SIZE] != UNKNOWN)
		buf_addf(b, "It has %s of address space; %s of it is in memory: %s anonymous, "
			 "%s of files, %s shared memory.\n",
			 size_aloud(s->mm[MM_VM_SIZE], size), size_aloud(s->mm[MM_VM_RSS], rss),
			 size_aloud(s->mm[MM_RSS_ANON], anon), size_aloud(s->mm[MM_RSS_FILE], file),
			 size_aloud(s->mm[MM_RSS_SHMEM], shmem));
	if (s->mm[MM_VM_STACK] != UNKNOWN)
		buf_addf(b, "Its stack takes %s; the limit is %s.\n",
			 size_aloud(s->mm[MM_VM_STACK], size),
			 size_aloud(s->limits[LIMIT_STACK], rss));
	if (s->minflt != UNKNOWN)
		buf_addf(b, "It had %" PRIu64 " minor and %" PRIu64 " major page faults so far.\n",
			 s->minflt, s->majflt);
	if (!s->layout)
		return;
	role_sums(s, &sums);
	for (int i = 0; i < ROLE_NR; i++) {
		const struct role_sum *sum = &sums.role[i];

		if (sum->vmas)
			buf_addf(b, "%s: %" PRIu64 " mapping%s, %s, in memory %s.\n",
				 vma_roles[i].name, sum->vmas, sum->vmas == 1 ? "" : "s", size_aloud(sum->size, size),
				 size_aloud(sum->rss, rss));
	}
}

static const char *rights(const struct vma *v)
{
	static const char *const words[8] = {
		"no access", "readable", "writable", "readable and writable", "executable",
		"readable and executable", "writable and executable",
		"readable, writable and executable",
	};

	return words[v->perms & 7];
}

static void about_vma(struct buf *b, const struct snapshot *s, size_t i,
		      const struct output_options *o)
{
	const struct vma *v = &s->layout->vmas[i];
	static const char *const sure[] = { "", "probably ", "perhaps " };
	struct vma_figures f = vma_figures(s, i);
	uint64_t apart = residency_count(s->pages, v->start, v->end).n[PAGE_HUGETLB] << PAGE_SHIFT;
	char size[32];

	buf_addf(b, "%s%s", sure[v->guess < 2 ? v->guess : 2], vma_roles[v->role].name);
	if (v->tid)
		buf_addf(b, " of thread %d", v->tid);
	buf_addf(b, ", %s, %s%s", size_aloud(vma_size(v), size), rights(v),
		 v->perms & VMA_SHARED ? ", shared" : "");
	if (apart)
		buf_addf(b, ", %s in memory that Rss leaves out (hugetlbfs)", size_aloud(apart, size));
	else if (f.rss == 0)
		buf_adds(b, ", nothing in memory");
	else if (f.rss == vma_size(v))
		buf_adds(b, ", all in memory");
	else if (f.rss != UNKNOWN)
		buf_addf(b, ", %s in memory", size_aloud(f.rss, size));
	buf_addf(b, ", from %" PRIx64 " to %" PRIx64, v->start, v->end);
	if (v->path[0]) {
		buf_adds(b, ", ");
		add_outside(b, v->path, WHOLE, o->ascii);
	}
	buf_adds(b, ".\n");
}

static void about_task(struct buf *b, const struct task *t, bool user,
		       const struct output_options *o)
{
	const struct task_stack *st = &t->stack;
	const char *call = user && t->syscall >= 0 ? task_syscall_name(t) : NULL;
	char size[32], part[32];

	buf_addf(b, "Thread %d, ", t->tid);
	add_outside(b, t->comm, sizeof(t->comm), o->ascii);
	buf_addf(b, ", is %s", state_word(t->state));
	if (call)
		buf_addf(b, " in %s", call);
	if (st->vma_end) {
		buf_addf(b, ", stack %s", size_aloud(st->vma_end - st->vma_start, size));
		if (st->resident != UNKNOWN)
			buf_addf(b, " with %s in memory", size_aloud(st->resident, part));
		if (st->used != UNKNOWN)
			buf_addf(b, ", %s in use", size_aloud(st->used, part));
	}
	buf_adds(b, ".\n");
}

/* Of a kernel thread, which has no other stack. */
static void about_kernel_stack(struct buf *b, const struct snapshot *s,
			       const struct output_options *o)
{
	const struct kstack *k = s->process.kthread ? stacks_find(s->stacks, s->process.pid) : NULL;
	char size[32], part[32];

	if (!k || k->size == UNKNOWN)
		return;
	buf_addf(b, "Its kernel stack has %s", size_aloud(k->size, size));
	if (k->used != UNKNOWN)
		buf_addf(b, ", %s in use", size_aloud(k->used, part));
	if (k->high_water != UNKNOWN)
		buf_addf(b, ", %s at most so far", size_aloud(k->high_water, part));
	buf_adds(b, ".\n");
	for (size_t i = 0; i < k->nframes; i++) {
		buf_adds(b, i ? ", called by " : "It is in ");
		add_outside(b, *k->frames[i].function ? k->frames[i].function : "an unknown function",
			    WHOLE, o->ascii);
	}
	if (k->nframes)
		buf_adds(b, ".\n");
}

/* What JSON calls so, in words. */
static const char *what_aloud(const char *what)
{
	static const struct { const char *what, *says; } words[] = {
		{ "vmas", "the mappings" },
		{ "vmas[].pages", "the state of pages" },
		{ "vmas[].rss", "what of each mapping is in memory" },
		{ "vmas[].anonymous", "what of each mapping is anonymous" },
		{ "vmas[].pss", "the proportional share of each mapping" },
		{ "vmas[].swap", "what of each mapping is swapped out" },
		{ "vmas[].locked", "what of each mapping is locked" },
		{ "vmas[].flags", "the flags of each mapping" },
		{ "tasks[].sp", "stack pointers" },
		{ "tasks[].pc", "program counters" },
		{ "tasks[].syscall", "system calls" },
		{ "tasks[].stack", "stacks of threads" },
		{ "tasks[].stack.used", "what of each stack is in use" },
		{ "tasks[].stack.resident", "what of each stack is in memory" },
		{ "tasks[].stack.high_water", "how deep each stack was used" },
		{ "tasks[].stack.frames", "frames of stacks" },
		{ "tasks[].kstack", "kernel stacks" },
		{ "tasks[].kstack.used", "what of each kernel stack is in use" },
		{ "tasks[].kstack.high_water", "how deep each kernel stack was used" },
		{ "tasks[].kstack.frames", "frames of kernel stacks" },
		{ "cpus", "the stacks of CPUs" },
		{ "process.exe", "the program's path" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(words[i].what, what))
			return words[i].says;
	return strncmp(what, "mm.", 3) ? what : what + 3;
}

static void about_missing(struct buf *b, const struct snapshot *s, const struct output_options *o)
{
	struct buf names = BUF_INIT;
	size_t n;

	for (size_t i = 0; i < s->whys->n; i += n) {
		const struct why *w = &s->whys->why[i];

		buf_adds(b, "Not available: ");
		n = reasons_alike(s->whys, i, &names, o->ascii);
		for (size_t j = i; j < i + n; j++) {
			buf_adds(b, j > i ? ", " : "");
			add_outside(b, what_aloud(s->whys->why[j].what), WHOLE, o->ascii);
		}
		buf_adds(b, ", because ");
		add_outside(b, w->why, WHOLE, o->ascii);
		buf_addc(b, '.');
		if (w->try_this[0]) {
			buf_adds(b, " What would help: ");
			add_outside(b, w->try_this, WHOLE, o->ascii);
			buf_addc(b, '.');
		}
		buf_addc(b, '\n');
	}
	buf_free(&names);
}

void out_plain(FILE *out, const struct snapshot *s, const struct output_options *o)
{
	struct buf b = BUF_INIT;

	about_process(&b, s, o);
	about_memory(&b, s);
	if (s->layout)
		buf_addf(&b, "Mappings, %zu, from high to low addresses:\n", s->layout->n);
	for (size_t i = s->layout ? s->layout->n : 0; i-- > 0;) {
		about_vma(&b, s, i, o);
		if (b.len > 1 << 16)
			put(out, &b);
	}
	if (s->tasks)
		buf_addf(&b, "%zu thread%s:\n", s->tasks->n, s->tasks->n == 1 ? "" : "s");
	for (size_t i = 0; s->tasks && i < s->tasks->n; i++) {
		about_task(&b, &s->tasks->tasks[i], !s->process.kthread, o);
		if (b.len > 1 << 16)
			put(out, &b);
	}
	about_kernel_stack(&b, s, o);
	about_missing(&b, s, o);
	put(out, &b);
	fflush(out);
	buf_free(&b);
}

/* What statm says as well was said by status. */
static bool is_told(const struct event *e)
{
	return event_is_news(e) && !(e->type == EVENT_COUNTER &&
				     (e->counter.field == COUNTER_STATM_RSS ||
				      e->counter.field == COUNTER_STATM_SIZE));
}

static void about_event(struct buf *b, const struct event *e, const struct snapshot *s,
			const struct output_options *o)
{
	static const char *const counters[COUNTER_NR] = {
		[MM_VM_SIZE] = "address space", [MM_VM_RSS] = "memory in all",
		[MM_RSS_ANON] = "anonymous memory", [MM_RSS_FILE] = "memory of files",
		[MM_RSS_SHMEM] = "shared memory", [MM_VM_DATA] = "private writable address space",
		[MM_VM_STACK] = "stack mapping", [MM_VM_EXE] = "text of the program",
		[MM_VM_LIB] = "text of libraries", [MM_VM_PTE] = "page tables",
		[MM_VM_SWAP] = "swapped out memory", [MM_VM_LOCKED] = "locked memory",
		[COUNTER_MINFLT] = "minor page faults", [COUNTER_MAJFLT] = "major page faults",
	};
	bool pages = e->type >= EVENT_PAGES_IN && e->type <= EVENT_PAGES_KIND;
	ssize_t i = pages && s && s->layout ? layout_find(s->layout, e->start) : -1;
	struct buf says = BUF_INIT;
	size_t from = 0;

	event_describe(e, &says);
	if (i >= 0)
		buf_addf(b, "%s: ", vma_roles[s->layout->vmas[i].role].name);
	if (e->type == EVENT_COUNTER && counters[e->counter.field]) {
		buf_adds(b, counters[e->counter.field]);
		from = strlen(event_counter_name(e->counter.field));
	}
	add_outside(b, buf_str(&says) + from, WHOLE, o->ascii);
	buf_adds(b, ".\n");
	buf_free(&says);
}

void out_plain_events(FILE *out, const struct event_list *l, const struct snapshot *s,
		      const struct output_options *o)
{
	struct buf b = BUF_INIT;
	uint64_t tenths = (l->time_ns[1] - l->time_ns[0] + 50000000) / 100000000;
	size_t news = 0;

	for (size_t i = 0; i < l->n; i++)
		news += is_told(&l->events[i]);
	buf_addf(&b, "%" PRIu64 ".%u seconds later: ", tenths / 10, (unsigned)(tenths % 10));
	if (news)
		buf_addf(&b, "%zu change%s.\n", news, news == 1 ? "" : "s");
	else
		buf_adds(&b, "nothing changed.\n");
	for (size_t i = 0; i < l->n; i++) {
		if (!is_told(&l->events[i]))
			continue;
		about_event(&b, &l->events[i], s, o);
		if (b.len > 1 << 16)
			put(out, &b);
	}
	put(out, &b);
	fflush(out);
	buf_free(&b);
}
