/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the running kernel keeps what we look for: offsets read from its own BTF, so
 * that nothing here belongs to one version or one configuration.
 */
#ifndef LIVE_KLAYOUT_H
#define LIVE_KLAYOUT_H
#include <stdbool.h>
#include "src/live/btf.h"
#include "src/live/peek.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

enum { IST_STACKS = 5 };
extern const char *const ist_names[IST_STACKS];	/* "DF", "NMI", "DB", "MCE", "VC" */

/* A field whose size is 0 is one that this kernel does not have. */
struct klayout {
	uint32_t task_size;
	struct btf_field state, exit_state, flags, stack, on_cpu, pid, tgid, comm;
	struct btf_field tasks, thread_node, group_leader, real_parent, signal, thread_pid;
	struct btf_field nvcsw, nivcsw, sp, vm_area, lowest_stack, thread_info, cfs_rq;
	struct btf_field thread_head;			/* of struct signal_struct */
	struct btf_field nr_pages;			/* of struct vm_struct */
	struct btf_field switch_return;			/* of what a switch leaves at sp */
	struct btf_field level, numbers;		/* of struct pid */
	struct btf_field upid_nr, upid_ns;		/* of struct upid */
	uint32_t upid_size, regs_size, irq_stack_size, thread_info_size;
	struct btf_field seq, iter_task;		/* of the iterator's context */
	uint32_t iter_function;
	struct btf_field cfs_rq_rq, rq_cpu, rq_idle;
	/* Per-CPU variables, from the start of their section: */
	struct btf_field runqueues, hardirq_stack_ptr, cpu_number, exception_stacks;
	struct btf_field ist[IST_STACKS];		/* in what exception_stacks points at */
};

/* From the BTF in `data`. False: it is none, or lacks what the walk needs: *missing. */
bool klayout_parse(const void *data, size_t n, struct klayout *ret, const char **missing);
/* From the file; 0 or -errno (-ENODATA: see *missing). */
int klayout_read(const char *path, struct klayout *ret, const char **missing);

/* A figure of `f` in a copy of its structure. */
uint64_t kfield(const void *copy, const struct btf_field *f);

#endif
