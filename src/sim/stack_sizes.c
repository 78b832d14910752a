/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a size of kernel stacks costs and holds, in the machine as it is.
 */
#include "kside.h"
#include "klook.h"

static u64 aligned(const struct sim_kernel *k, u64 bytes)
{
	return (bytes + k->align - 1) / k->align * k->align;
}

uint64_t sim_stack_size(const struct sim *s)
{
	return kthread_size(s);
}

uint64_t sim_stacks_possible(const struct sim *s, uint64_t bytes)
{
	u64 free = s->root->nr_free, min = s->root->wmark[WMARK_MIN], blocks = 0;
	u64 room = (free > min ? free - min : 0) / (bytes / PAGE_SIZE);
	unsigned order = 0;

	if (kern(s)->source == STACK_VMALLOC)
		return room;
	while (PAGE_SIZE << order < bytes)
		order++;
	for (unsigned o = order; o <= MAX_ORDER; o++)
		blocks += sim_free_blocks(s, o) << (o - order);
	return blocks < room ? blocks : room;
}

/* Between the end magic and what a system call's entry pushes. */
uint64_t sim_stack_room(const struct sim *s, uint64_t bytes)
{
	const struct sim_kernel *k = kern(s);
	u64 taken = k->word + (k->ti == TI_IN_TASK ? 0 : k->ti_bytes);

	taken += k->top_padding + k->regs_syscall + aligned(k, k->sys_own.bytes);
	for (const struct kernel_frame *f = k->syscall; f < k->syscall + KERNEL_CHAIN && f->func; f++)
		taken += aligned(k, f->bytes);
	return taken + k->word < bytes ? (bytes - taken) / k->align * k->align - k->word : 0;
}
