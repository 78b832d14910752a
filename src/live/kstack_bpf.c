/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel stacks from kernel memory: sizes, depth, high-water marks, frames in place.
 *
 * A task may wake while it is read. Its counts of context switches say whether it did:
 * equal before and after, and not on a CPU, it slept all the while.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "src/live/kstack.h"
#include "src/live/procfs.h"
#include "src/live/uapi.h"

enum { ATTEMPTS = 3, FILES_TRIED = 8, PF_WORKER = 0x20, FULL_COMM = 15 };

/* A kernel locked down for confidentiality knows the helper no more. */
static bool locked_down(void)
{
	char text[128];
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "[confidentiality]") != NULL;
}

static bool open_peek(struct kstacks *k)
{
	int err = peek_open(&k->peek);

	if (!err)
		return true;
	bpf_denial(err, may_bpf(), may_perfmon(), &k->denial);
	k->why = k->denial.why;
	k->try_this = k->denial.try_this;
	if (locked_down()) {
		k->why = "the kernel is locked down: nobody may read its memory (lockdown=confidentiality)";
		k->try_this = "boot without lockdown=confidentiality";
	}
	return false;
}

static void open_chains(struct kstacks *k)
{
	const struct klayout *l = &k->layout;
	const struct chain_layout c = {
		.iter_task = l->iter_function,
		.seq = l->seq.offset,
		.task = l->iter_task.offset,
		.sp = l->sp.offset,
		.nvcsw = l->nvcsw.offset,
		.nivcsw = l->nivcsw.offset,
	};

	if (!l->iter_function || !l->seq.size || !l->iter_task.size)
		k->chains_why = "this kernel has no iterator over tasks";
	else if (chains_open(&k->chains, &c))
		k->chains_why = "the kernel refuses the program that asks for call chains";
}

bool kstack_bpf_open(struct kstacks *k)
{
	const char *missing = "";
	int err;

	if (!open_peek(k))
		return false;
	err = klayout_read(BTF_PATH, &k->layout, &missing);
	if (err == -ENODATA) {
		snprintf(k->why_text, sizeof(k->why_text), "%s does not tell of %s", BTF_PATH, missing);
		k->why = k->why_text;
		k->try_this = "a kernel whose task_struct this program knows";
		return false;
	}
	if (err) {
		snprintf(k->why_text, sizeof(k->why_text), "%s: %s", BTF_PATH, strerror(-err));
		k->why = k->why_text;
		k->try_this = "a kernel with CONFIG_DEBUG_INFO_BTF";
		return false;
	}
	if (!kwalk_init(&k->walk, &k->peek, &k->layout)) {
		k->why = "our own task was not where the kernel's BTF says";
		k->try_this = "";
		return false;
	}
	open_chains(k);
	if (!(k->without & KSTACKS_NO_NAMER))
		namer_open(&k->namer);	/* refused: names come from files */
	k->show_base = knames_addresses_shown(KALLSYMS_PATH);
	return true;
}

void kstack_bpf_close(struct kstacks *k)
{
	kwalk_deinit(&k->walk);
	chains_close(&k->chains);
	namer_close(&k->namer);
	peek_close(&k->peek);
}

bool kstack_copy(struct kstacks *k, uint64_t base, uint64_t size)
{
	const void *bytes = size <= KSTACK_MOST ? peek_at(&k->peek, base, size) : NULL;

	if (bytes)
		memcpy(k->copy, bytes, size);
	return bytes != NULL;
}

/* Where the vm_struct of a task's stack says its size. */
static struct peek_range size_range(const struct kstacks *k, const struct ktask *t)
{
	const struct btf_field *f = &k->layout.nr_pages;

	if (!(t->vm_area >> 63) || !f->size)
		return (struct peek_range){ .addr = 0 };
	return (struct peek_range){ t->vm_area, f->offset + f->size };
}

/* By these bytes of it; NULL: there are none. */
static uint64_t size_by(struct kstacks *k, const uint8_t *copy)
{
	uint64_t size;

	if (!copy)
		return k->usual_size ? k->usual_size : kstack_documented_size();
	size = kfield(copy, &k->layout.nr_pages) * (uint64_t)sysconf(_SC_PAGESIZE);
	if (!size || size > KSTACK_MOST || size & (size - 1))
		return 0;
	return k->usual_size = size;
}

uint64_t kstack_size(struct kstacks *k, const struct ktask *t)
{
	struct peek_range r = size_range(k, t);

	return size_by(k, r.addr ? peek_at(&k->peek, r.addr, r.n) : NULL);
}

/* The stack, its size and then the task once more, in one go: all stacks are of one size as
 * a rule. The stack's bytes, valid until the next such go; *size 0: it has none that we know. */
static const uint8_t *read_stack(struct kstacks *k, const struct ktask *t, uint64_t *size,
				 struct ktask *now)
{
	struct peek_range first[PEEK_FIRST] = { { t->stack, 0 }, size_range(k, t) };

	*size = k->usual_size ? k->usual_size : kstack_size(k, t);
	for (int i = 0; i < 2 && *size; i++) {
		first[0].n = *size;
		if (kwalk_again_after(&k->walk, t, first, now)) {
			*size = size_by(k, first[1].addr ? peek_first(&k->peek, 1) : NULL);
			if (*size == first[0].n)
				return peek_first(&k->peek, 0);
		} else {
			*size = kstack_size(k, t);
		}
	}
	return NULL;
}

size_t kstack_magic_offset(const struct kstacks *k)
{
	return k->layout.thread_info.size ? 0 : k->layout.thread_info_size;
}

static void lack(struct kstack *s, enum kstack_lack l)
{
	s->lacks |= (uint16_t)(1u << l);
}

/* What the bytes of a stack say, whoever runs. */
static void measure(struct kstacks *k, const struct ktask *t, const uint8_t *stack,
		    struct kstack *s)
{
	size_t magic = kstack_magic_offset(k), skip = magic + 8;
	uint64_t word;

	memcpy(&word, stack + magic, sizeof(word));
	s->magic_ok = word == STACK_END_MAGIC;
	if (k->show_base)
		s->base = t->stack;
	if (k->layout.lowest_stack.size || kstack_erased(stack, s->size, skip))
		lack(s, KSTACK_ERASED);
	else
		s->high_water = kstack_high_water(stack, s->size, skip);
}

/* Learns the names of a chain from the task's own file, if it slept on. */
static void learn(struct kstacks *k, const struct ktask *t, const struct kchain *c, size_t n)
{
	struct kname_line line[KNAME_LINES];
	struct ktask now;
	char text[8192];
	int lines;

	if (k->files_denied)
		return;
	lines = kstack_file(k, t->tgid, t->tid, text, sizeof(text), line);
	if (lines == -EACCES || lines == -EPERM || lines == -ENOENT)
		k->files_denied = k->denials != UINT32_MAX && ++k->denials >= FILES_TRIED;
	if (lines < 0)
		return;
	k->denials = UINT32_MAX;	/* granted: a refusal later is about one task */
	if ((size_t)lines == n && kwalk_again(&k->walk, t, &now) && !now.on_cpu &&
	    now.switches[0] == c->switches[0] && now.switches[1] == c->switches[1])
		knames_learn(&k->names, line, n, c->address);
}

void kstack_ask(struct kstacks *k, uint64_t return_address)
{
	const char *text = knames_find(&k->names, return_address) ? NULL :
			   namer_ask(&k->namer, return_address);
	struct kname_line line;

	if (text && kname_parse(text, strlen(text), &line))
		knames_learn(&k->names, &line, 1, &return_address);
}

static void ask(struct kstacks *k, const struct kchain *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kstack_ask(k, c->address[i]);
}

static bool all_known(const struct kstacks *k, const struct kchain *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!knames_find(&k->names, c->address[i]))
			return false;
	return true;
}

static void name_frames(struct kstacks *k, const struct ktask *t, const struct kchain *c, size_t n,
			struct stacks *all, struct kstack *s, struct kframe *frames)
{
	ask(k, c, n);
	if (!all_known(k, c, n))
		learn(k, t, c, n);
	if (!all_known(k, c, n) && !(k->without & KSTACKS_NO_SYMBOLS))
		knames_load(&k->names, KALLSYMS_PATH);
	for (size_t i = 0; i < n; i++) {
		const char *name = knames_find(&k->names, c->address[i]);

		if (name)
			frames[i].function = strings_add(all->strings, name, strlen(name));
		else
			lack(s, KSTACK_NAMELESS);
		if (i + 1 < n)		/* the outermost is entry code, which nobody calls */
			frames[i].takes = kcode_takes(k, c->address[i]);
	}
}

/* The chain of this very sleep; NULL: there is none. */
static const struct kchain *chain_of(const struct kstacks *k, const struct ktask *t)
{
	const struct kchain *c = chains_find(&k->chains, t->address);

	if (!c || c->bytes < 0 || c->sp != t->sp || c->switches[0] != t->switches[0] ||
	    c->switches[1] != t->switches[1])
		return NULL;
	return c;
}

enum outcome { SETTLED, STALE_CHAIN, WOKE, GONE };

static bool any_ambiguous(const struct kframe *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].ambiguous)
			return true;
	return false;
}

/* Puts the chain's frames in their places. */
static bool place(struct kstacks *k, const struct ktask *t, const struct kchain *c, size_t n,
		  const struct kstack *s, struct kframe *ret)
{
	if (!kstack_place(k->copy, s->size, t->sp - t->stack, c->address, n, &k->gaps, ret))
		return false;
	if (!any_ambiguous(ret, n))
		return true;
	/* What functions take by their code settles more. */
	ask(k, c, n);
	kcode_learn_gaps(k, c->address, n);
	return kstack_place(k->copy, s->size, t->sp - t->stack, c->address, n, &k->gaps, ret);
}

/* What lies below the chain, named by what is known then. */
static void put_switches(struct kstacks *k, const struct ktask *t, struct stacks *all,
			 struct kstack *s)
{
	struct kframe found[SWITCHES_MOST], *own;
	size_t n = kcode_switches(k, t->sp - t->stack, s->frames[0].offset, found);

	own = n ? stacks_switches(all, s, n) : NULL;
	for (size_t i = 0; i < n; i++) {
		own[i] = found[i];
		own[i].function = strings_add(all->strings, found[i].function,
					      strlen(found[i].function));
	}
}

static enum outcome frames(struct kstacks *k, const struct ktask *t, struct stacks *all,
			   struct kstack *s)
{
	const struct kchain *c = chain_of(k, t);
	struct kframe placed[CHAIN_DEPTH], *own;
	size_t n;

	if (!c) {
		lack(s, KSTACK_UNSEEN);
		return STALE_CHAIN;
	}
	n = (size_t)c->bytes / sizeof(c->address[0]);
	memset(placed, 0, sizeof(placed));
	if (!n || !place(k, t, c, n, s, placed)) {
		lack(s, n ? KSTACK_UNPLACED : KSTACK_UNSEEN);
		return SETTLED;
	}
	own = stacks_frames(all, s, n);
	for (size_t i = 0; i < n; i++) {
		placed[i].function = "";
		own[i] = placed[i];
	}
	if (!k->only_places) {
		name_frames(k, t, c, n, all, s, own);
		put_switches(k, t, all, s);
	}
	/* Only user tasks have registers of user mode to save. */
	if (!s->kthread && placed[n - 1].bytes >= k->layout.regs_size)
		s->regs = placed[n - 1].bytes;
	return SETTLED;
}

static enum outcome look(struct kstacks *k, struct ktask *t, struct stacks *all, struct kstack *s)
{
	const uint8_t *stack;
	struct ktask now;
	uint64_t sp;

	if (!(t->stack >> 63)) {
		lack(s, KSTACK_ZOMBIE);
		return SETTLED;
	}
	stack = read_stack(k, t, &s->size, &now);
	if (!stack)
		return kwalk_task(&k->walk, t->address, t) && t->tid == s->tid ? WOKE : GONE;
	measure(k, t, stack, s);
	if (t->on_cpu && now.on_cpu) {
		s->on_cpu = true;
		lack(s, KSTACK_RUNNING);
		return SETTLED;
	}
	sp = t->sp - t->stack;
	if (t->on_cpu || now.on_cpu || now.sp != t->sp || now.switches[0] != t->switches[0] ||
	    now.switches[1] != t->switches[1] || sp >= s->size) {
		*t = now;
		return WOKE;
	}
	s->used = s->size - sp;
	memcpy(k->copy + sp, stack + sp, s->used);	/* the rest is not looked at again */
	/* Words of zero at the very bottom were written all the same. */
	if (s->high_water != UNKNOWN && s->high_water < s->used)
		s->high_water = s->used;
	return frames(k, t, all, s);
}

/* The kernel gives its threads and workers longer names in their files. */
static void full_comm(const struct kstacks *k, const struct ktask *t, struct kstack *s)
{
	char path[64], text[sizeof(s->comm) + 1];
	ssize_t n;

	memcpy(s->comm, t->comm, sizeof(t->comm));
	if (!s->kthread || !(t->flags & PF_WORKER || strlen(t->comm) == FULL_COMM))
		return;
	snprintf(path, sizeof(path), "%d/task/%d/comm", t->tgid, t->tid);
	n = procfs_read(k->proc, path, text, sizeof(text));
	if (n > 1 && text[n - 1] == '\n')
		memcpy(s->comm, text, (size_t)n - 1);
}

static int by_address(const void *a, const void *b)
{
	const struct ktask *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* The walk's tasks are sorted by address by now. */
static pid_t parent_of(struct kwalk *w, const struct ktask *t)
{
	const struct ktask key = { .address = t->parent };
	const struct ktask *parent = bsearch(&key, w->task, w->n, sizeof(key), by_address);
	struct ktask other;

	if (parent)
		return parent->tgid;
	if (!kwalk_task(w, t->parent, &other))
		return 0;
	return kwalk_task(w, other.leader, &other) ? other.tid : 0;
}

static void describe(struct kstacks *k, const struct ktask *t, struct kstack *s)
{
	s->tgid = t->tgid;
	s->state = t->state;
	s->kthread = t->flags & PF_KTHREAD;
	s->rung = KSTACK_BPF;
	s->ppid = parent_of(&k->walk, t);
	full_comm(k, t, s);
}

/* One task. */
static enum outcome one(struct kstacks *k, const struct ktask *found, struct stacks *all)
{
	struct kstack *s = stacks_add(all, found->tid), blank;
	struct ktask t = *found;
	enum outcome outcome = WOKE;

	describe(k, &t, s);
	blank = *s;
	for (int i = 0; i < ATTEMPTS && outcome == WOKE; i++) {
		*s = blank;
		s->state = t.state;
		outcome = look(k, &t, all, s);
	}
	if (outcome == WOKE) {
		s->frames = s->switches = NULL;
		s->nframes = s->nswitches = 0;
		s->used = UNKNOWN;
		lack(s, KSTACK_MOVED);
	}
	if (outcome == GONE)
		all->n--;
	return outcome;
}

static bool ambiguous(const struct kstack *s)
{
	return any_ambiguous(s->frames, s->nframes);
}

static bool unseen(const struct kstack *s)
{
	return s->lacks >> KSTACK_UNSEEN & 1;
}

/* The i-th task anew, in its place; if it is gone, what we had of it stays. */
static void one_again(struct kstacks *k, size_t i, struct stacks *all)
{
	struct kstack before = all->tasks[i];
	size_t n = all->n;
	struct ktask t;

	if (!kwalk_again(&k->walk, &k->walk.task[k->walked[i]], &t))
		return;
	all->n = i;
	one(k, &t, all);
	if (all->n == i)
		all->tasks[i] = before;
	all->n = n;
}

/* Those whose call chain was of another sleep, or not there yet, with fresh chains; then
 * those with a choice of places, which the others may have settled by now. */
static void look_again(struct kstacks *k, pid_t tgid, struct stacks *all)
{
	for (int again = 1; again < ATTEMPTS && !k->chains_why; again++) {
		size_t stale = 0;

		for (size_t i = 0; i < all->n; i++) {
			uint64_t address = k->walk.task[k->walked[i]].address;

			stale += unseen(&all->tasks[i]) &&
				 (again == 1 || chains_find(&k->chains, address));
		}
		if (!stale || chains_read(&k->chains, tgid))
			break;
		for (size_t i = 0; i < all->n; i++)
			if (unseen(&all->tasks[i]))
				one_again(k, i, all);
	}
	for (size_t i = 0; i < all->n; i++)
		if (ambiguous(&all->tasks[i]))
			one_again(k, i, all);
}

static bool read_tasks(struct kstacks *k, pid_t tgid, struct stacks *ret)
{
	struct kwalk *w = &k->walk;

	if (!k->chains_why)
		chains_read(&k->chains, tgid);
	kwalk_read(w, tgid);
	if (!w->whole)
		return false;
	if (w->n)
		qsort(w->task, w->n, sizeof(*w->task), by_address);
	k->walked = xreallocarray(k->walked, w->n + 1, sizeof(*k->walked));
	for (size_t i = 0; i < w->n; i++) {
		k->walked[ret->n] = i;
		one(k, &w->task[i], ret);
	}
	look_again(k, tgid, ret);
	return true;
}

static void learn_gaps(struct kstacks *k)
{
	struct stacks *others = stacks_create();

	k->gaps_learnt = k->only_places = true;
	read_tasks(k, 0, others);
	k->only_places = false;
	stacks_put(others);
}

bool kstack_bpf_read(struct kstacks *k, pid_t tgid, struct stacks *ret)
{
	size_t choices = 0;

	if (!read_tasks(k, tgid, ret))
		return false;
	k->gaps_learnt |= !tgid;
	for (size_t i = 0; i < ret->n; i++)
		choices += ambiguous(&ret->tasks[i]);
	if (choices && !k->gaps_learnt) {	/* what all the others show settles more */
		learn_gaps(k);
		ret->n = 0;
		if (!read_tasks(k, tgid, ret))
			return false;
	}
	if (k->chains_why)
		whys_add(ret->whys, "tasks[].kstack.frames", k->chains_why,
			 "a kernel with BPF iterators");
	irqstacks_read(k, ret);
	return true;
}
