/* SPDX-License-Identifier: GPL-2.0-or-later
 * The ladder of kernel stacks, and what the bytes of a stack tell.
 */
#include "src/live/kstack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/snapshot.h"
#include "src/live/procfs.h"

uint64_t kstack_high_water(const uint8_t *stack, size_t size, size_t skip)
{
	uint64_t w[8];
	size_t at = skip;

	/* Most of a stack was never used: line by line. */
	for (; at + sizeof(w) <= size; at += sizeof(w)) {
		memcpy(w, stack + at, sizeof(w));
		if (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7])
			break;
	}
	for (; at + 8 <= size; at += 8)
		if (kstack_word(stack, at))
			return size - at;
	return 0;
}

bool kstack_erased(const uint8_t *stack, size_t size, size_t skip)
{
	size_t seen = 0;

	for (size_t at = skip; at + 8 <= size && at < skip + 256; at += 8)
		seen += kstack_word(stack, at) == KSTACK_POISON;
	return seen > 0;
}

bool kstack_place(const uint8_t *stack, size_t size, uint64_t from, const uint64_t *address,
		  size_t n, struct kgaps *gaps, struct kframe *ret)
{
	struct kplaces p;

	if (!kplaces_find(stack, size, from, address, n, &p))
		return false;
	kplaces_settle(&p, stack, address, gaps);
	for (size_t i = 0; i < n; i++) {
		ret[i].offset = p.low[i] + 8;
		ret[i].bytes = (i + 1 == n ? size - 8 : p.low[i + 1]) - p.low[i];
		ret[i].ambiguous = p.low[i] != p.high[i];
	}
	return true;
}

/* Kernel memory knows a task by the number it has for us. */
static bool needs_native(struct kstacks *k, bool is_proc)
{
	if (is_proc && procfs_numbers_are_ours(k->proc))
		return true;
	k->why = is_proc ? "/proc has the numbers of another pid namespace than ours" :
			   "kernel memory is looked at only where processes are read from /proc";
	k->try_this = is_proc ? "mount the /proc of this pid namespace" : "leave out --proc-root";
	return false;
}

struct kstacks *kstacks_open(const char *proc_root, unsigned without)
{
	struct kstacks *k = xcalloc(1, sizeof(*k));
	bool is_proc = procfs_is_default(proc_root);

	k->without = without;
	k->proc = open(proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	k->peek = (struct peek){ .map = -1, .prog = -1 };
	k->chains = (struct chains){ .map = -1, .prog = -1 };
	k->namer = (struct namer){ .map = -1, .format = -1, .prog = -1 };
	k->files_denied = without & KSTACKS_NO_FILES;
	knames_init(&k->names);
	if (without & KSTACKS_NO_BPF) {
		k->why = "BPF was not to be used";
		k->try_this = "";
	} else if (needs_native(k, is_proc)) {
		k->bpf = kstack_bpf_open(k);
	}
	return k;
}

void kstacks_close(struct kstacks *k)
{
	if (!k)
		return;
	kstack_bpf_close(k);
	knames_deinit(&k->names);
	kgaps_deinit(&k->gaps);
	free(k->walked);
	if (k->proc >= 0)
		close(k->proc);
	free(k);
}

/* Why there are no bytes, for each figure that needs them. */
static void say_why(const struct kstacks *k, struct stacks *s)
{
	static const char *const bytes[] = {
		"tasks[].kstack.used", "tasks[].kstack.high_water",
		"tasks[].kstack.frames[].offset", "tasks[].kstack.frames[].bytes", "cpus",
	};

	for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
		whys_add(s->whys, bytes[i], k->why, k->try_this);
}

static void set_best(struct stacks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->tasks[i].rung > s->rung)
			s->rung = (enum kstack_rung)s->tasks[i].rung;
}

const struct stacks *kstacks_read(struct kstacks *k, pid_t tgid)
{
	struct stacks *s = stacks_create();

	if (k->bpf && kstack_bpf_read(k, tgid, s)) {
		s->rung = KSTACK_BPF;
	} else {
		if (k->bpf) {
			k->why = "the kernel's lists of tasks changed each time they were walked";
			k->try_this = "look again";
		}
		say_why(k, s);
		kstack_proc_read(k, tgid, s);
		set_best(s);
	}
	stacks_finish(s);
	return s;
}
