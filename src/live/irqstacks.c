/* SPDX-License-Identifier: GPL-2.0-or-later
 * The stacks of CPUs: hardirq (softirqs use it too), the exception stacks of the IST, the
 * idle task's.
 *
 * Per-CPU variables have no symbol that is shown to us, but every task knows the run queue
 * of its CPU, which is one of them: its place in the per-CPU section, as BTF tells it,
 * gives the place of all others.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "src/live/kstack.h"

struct found_rq {
	uint64_t rq;
	unsigned cpu;
};

struct rqs {
	size_t n, cap;
	struct found_rq *rq;
};

static bool peek_field(struct kstacks *k, uint64_t of, const struct btf_field *f, uint64_t *ret)
{
	const struct btf_field at_start = { .size = f->size };
	const void *copy = f->size ? peek_at(&k->peek, of + f->offset, f->size) : NULL;

	if (!copy)
		return false;
	*ret = kfield(copy, &at_start);
	return true;
}

/* Where the CPU's copy of a per-CPU variable is. */
static uint64_t percpu(const struct kstacks *k, uint64_t rq, const struct btf_field *variable)
{
	return rq - k->layout.runqueues.offset + variable->offset;
}

/* The CPU's own number, from its per-CPU section, has to agree with its run queue. */
static bool consistent(struct kstacks *k, uint64_t rq, uint64_t cpu)
{
	const struct btf_field here = { .size = k->layout.cpu_number.size };
	uint64_t number;

	if (!k->layout.cpu_number.size)
		return true;
	return peek_field(k, percpu(k, rq, &k->layout.cpu_number), &here, &number) &&
	       number == cpu;
}

static void note(struct kstacks *k, uint64_t cfs_rq, struct rqs *r)
{
	uint64_t rq, cpu;

	if (!peek_field(k, cfs_rq, &k->layout.cfs_rq_rq, &rq) || !(rq >> 63) ||
	    !peek_field(k, rq, &k->layout.rq_cpu, &cpu) || cpu > 1 << 16 ||
	    !consistent(k, rq, cpu))
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->rq[i].rq == rq)
			return;
	VEC_GROW(r->rq, r->n, r->cap);
	r->rq[r->n++] = (struct found_rq){ rq, (unsigned)cpu };
}

static struct cpu_stack *add(struct cpu_stacks *c, const char *name, uint64_t size)
{
	struct cpu_stack *s = &c->stack[c->n++];

	*s = (struct cpu_stack){ .name = name, .size = size, .high_water = UNKNOWN };
	return s;
}

static void fill(struct kstacks *k, struct cpu_stack *s, uint64_t base, size_t skip)
{
	s->mapped = kstack_copy(k, base, s->size);
	if (s->mapped)
		s->high_water = kstack_high_water(k->copy, s->size, skip);
}

static void hardirq(struct kstacks *k, uint64_t rq, struct cpu_stacks *c)
{
	const struct btf_field *f = &k->layout.hardirq_stack_ptr, here = { .size = f->size };
	uint64_t top, page = (uint64_t)sysconf(_SC_PAGESIZE), size = k->layout.irq_stack_size;

	if (!f->size || !size || !peek_field(k, percpu(k, rq, f), &here, &top) || !(top >> 63))
		return;
	/* It points at the topmost word, or behind it. */
	top = (top + 8) & ~(uint64_t)15;
	if ((top - size) % page)
		return;
	fill(k, add(c, "hardirq", size), top - size, 0);
}

static void exceptions(struct kstacks *k, uint64_t rq, struct cpu_stacks *c)
{
	const struct btf_field *f = &k->layout.exception_stacks, here = { .size = f->size };
	uint64_t area;

	if (!f->size || !peek_field(k, percpu(k, rq, f), &here, &area) || !(area >> 63))
		return;
	for (size_t i = 0; i < IST_STACKS; i++) {
		const struct btf_field *stack = &k->layout.ist[i];

		if (stack->size && stack->size <= KSTACK_MOST)
			fill(k, add(c, ist_names[i], stack->size), area + stack->offset, 0);
	}
}

static void idle(struct kstacks *k, uint64_t rq, struct cpu_stacks *c)
{
	size_t magic = kstack_magic_offset(k);
	struct cpu_stack *s;
	struct ktask t;
	uint64_t task, word, size;

	if (!peek_field(k, rq, &k->layout.rq_idle, &task) || !kwalk_task(&k->walk, task, &t) ||
	    !(t.stack >> 63))
		return;
	size = kstack_size(k, &t);
	if (!size || !kstack_copy(k, t.stack, size))
		return;
	memcpy(&word, k->copy + magic, sizeof(word));
	if (word != STACK_END_MAGIC)	/* not the size we took it for */
		return;
	s = add(c, "idle", size);
	s->mapped = true;
	if (!k->layout.lowest_stack.size)
		s->high_water = kstack_high_water(k->copy, size, magic + 8);
}

static int by_cpu(const void *a, const void *b)
{
	const struct found_rq *x = a, *y = b;

	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static void say_missing(struct stacks *s)
{
	bool unmapped = false, empty = false;

	for (size_t i = 0; i < s->ncpus; i++) {
		empty |= !s->cpus[i].n;
		for (size_t j = 0; j < s->cpus[i].n; j++)
			unmapped |= !s->cpus[i].stack[j].mapped;
	}
	if (unmapped)
		whys_add(s->whys, "cpus[].stacks[].high_water",
			 "the stack is not mapped: this machine has no use for it", "");
	if (empty)
		whys_add(s->whys, "cpus[].stacks", "no stack of this CPU could be found", "");
}

void irqstacks_read(struct kstacks *k, struct stacks *ret)
{
	const struct klayout *l = &k->layout;
	struct rqs r = { 0 };

	if (!l->cfs_rq.size || !l->cfs_rq_rq.size || !l->rq_cpu.size || !l->runqueues.size) {
		whys_add(ret->whys, "cpus", "the kernel's BTF does not lead to the CPUs' own data",
			 "a kernel with CONFIG_FAIR_GROUP_SCHED");
		return;
	}
	for (size_t i = 0; i < k->walk.ncfs_rqs; i++)
		note(k, k->walk.cfs_rqs[i], &r);
	if (r.n) {
		qsort(r.rq, r.n, sizeof(*r.rq), by_cpu);
		ret->cpus = xcalloc(r.n, sizeof(*ret->cpus));
		ret->ncpus = r.n;
	} else {
		whys_add(ret->whys, "cpus", "no task led to the CPUs' own data", "");
	}
	for (size_t i = 0; i < r.n; i++) {
		struct cpu_stacks *c = &ret->cpus[i];

		c->cpu = r.rq[i].cpu;
		hardirq(k, r.rq[i].rq, c);
		exceptions(k, r.rq[i].rq, c);
		idle(k, r.rq[i].rq, c);
	}
	say_missing(ret);
	free(r.rq);
}
