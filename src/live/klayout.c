/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/klayout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmscope/alloc.h"

enum { BTF_MOST = 1 << 28 };

const char *const ist_names[IST_STACKS] = { "DF", "NMI", "DB", "MCE", "VC" };

enum type {
	TASK, SIGNAL, VM_AREA, PID, UPID, REGS, IRQ_STACK, THREAD_INFO, ITER_META, ITER_CONTEXT,
	INACTIVE, CFS_RQ, RQ, PCPU_HOT, CEA_STACKS, ITER_FUNCTION, PERCPU, PERCPU_OLD, TYPES
};
static const struct btf_wanted types[TYPES] = {
	[TASK] = { BTF_STRUCT, "task_struct", 0 },
	[SIGNAL] = { BTF_STRUCT, "signal_struct", 0 },
	[VM_AREA] = { BTF_STRUCT, "vm_struct", 0 },
	[PID] = { BTF_STRUCT, "pid", 0 },
	[UPID] = { BTF_STRUCT, "upid", 0 },
	[REGS] = { BTF_STRUCT, "pt_regs", 0 },
	[IRQ_STACK] = { BTF_STRUCT, "irq_stack", 0 },
	[THREAD_INFO] = { BTF_STRUCT, "thread_info", 0 },
	[ITER_META] = { BTF_STRUCT, "bpf_iter_meta", 0 },
	[ITER_CONTEXT] = { BTF_STRUCT, "bpf_iter__task", 0 },
	[INACTIVE] = { BTF_STRUCT, "inactive_task_frame", 0 },
	[CFS_RQ] = { BTF_STRUCT, "cfs_rq", 0 },
	[RQ] = { BTF_STRUCT, "rq", 0 },
	[PCPU_HOT] = { BTF_STRUCT, "pcpu_hot", 0 },
	[CEA_STACKS] = { BTF_STRUCT, "cea_exception_stacks", 0 },
	[ITER_FUNCTION] = { BTF_FUNC, "bpf_iter_task", 0 },
	[PERCPU] = { BTF_DATASEC, ".data..percpu", 0 },
	[PERCPU_OLD] = { BTF_DATASEC, ".data.percpu", 0 },
};

enum need { WANTED, OPTIONAL };

#define AT(field) offsetof(struct klayout, field)
/* Where two names stand for one field, the first that the kernel has is taken. */
static const struct {
	enum type type;
	const char *path;
	size_t at;
	enum need need;
} members[] = {
	{ TASK, "__state", AT(state), OPTIONAL },
	{ TASK, "state", AT(state), WANTED },
	{ TASK, "exit_state", AT(exit_state), WANTED },
	{ TASK, "flags", AT(flags), WANTED },
	{ TASK, "stack", AT(stack), WANTED },
	{ TASK, "on_cpu", AT(on_cpu), WANTED },
	{ TASK, "pid", AT(pid), WANTED },
	{ TASK, "tgid", AT(tgid), WANTED },
	{ TASK, "comm", AT(comm), WANTED },
	{ TASK, "tasks", AT(tasks), WANTED },
	{ TASK, "thread_node", AT(thread_node), WANTED },
	{ TASK, "group_leader", AT(group_leader), WANTED },
	{ TASK, "real_parent", AT(real_parent), WANTED },
	{ TASK, "signal", AT(signal), WANTED },
	{ TASK, "thread_pid", AT(thread_pid), WANTED },
	{ TASK, "nvcsw", AT(nvcsw), WANTED },
	{ TASK, "nivcsw", AT(nivcsw), WANTED },
	{ TASK, "thread.sp", AT(sp), OPTIONAL },
	{ TASK, "thread.cpu_context.sp", AT(sp), WANTED },
	{ TASK, "stack_vm_area", AT(vm_area), OPTIONAL },
	{ TASK, "lowest_stack", AT(lowest_stack), OPTIONAL },
	{ TASK, "thread_info", AT(thread_info), OPTIONAL },
	{ TASK, "se.cfs_rq", AT(cfs_rq), OPTIONAL },
	{ SIGNAL, "thread_head", AT(thread_head), WANTED },
	{ VM_AREA, "nr_pages", AT(nr_pages), OPTIONAL },
	{ INACTIVE, "ret_addr", AT(switch_return), OPTIONAL },
	{ PID, "level", AT(level), WANTED },
	{ PID, "numbers", AT(numbers), WANTED },
	{ UPID, "nr", AT(upid_nr), WANTED },
	{ UPID, "ns", AT(upid_ns), WANTED },
	{ ITER_META, "seq", AT(seq), OPTIONAL },
	{ ITER_CONTEXT, "task", AT(iter_task), OPTIONAL },
	{ CFS_RQ, "rq", AT(cfs_rq_rq), OPTIONAL },
	{ RQ, "cpu", AT(rq_cpu), OPTIONAL },
	{ RQ, "idle", AT(rq_idle), OPTIONAL },
	{ CEA_STACKS, "DF_stack", AT(ist[0]), OPTIONAL },
	{ CEA_STACKS, "NMI_stack", AT(ist[1]), OPTIONAL },
	{ CEA_STACKS, "DB_stack", AT(ist[2]), OPTIONAL },
	{ CEA_STACKS, "MCE_stack", AT(ist[3]), OPTIONAL },
	{ CEA_STACKS, "VC_stack", AT(ist[4]), OPTIONAL },
};

static const struct {
	const char *name;
	size_t at;
} variables[] = {
	{ "runqueues", AT(runqueues) },
	{ "hardirq_stack_ptr", AT(hardirq_stack_ptr) },
	{ "cpu_number", AT(cpu_number) },
	{ "cea_exception_stacks", AT(exception_stacks) },
};

static struct btf_field *field(struct klayout *l, size_t at)
{
	return (struct btf_field *)(void *)((char *)l + at);
}

static bool read_members(const struct btf *b, const struct btf_wanted *found, struct klayout *l,
			 const char **missing)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct btf_field *f = field(l, members[i].at), got;

		if (f->type)
			continue;
		/* A last element without a length (numbers[]) has no size, but a place. */
		if (btf_member(b, found[members[i].type].id, members[i].path, &got)) {
			*f = got;
		} else if (members[i].need == WANTED) {
			*missing = members[i].path;
			return false;
		}
	}
	return true;
}

static void read_percpu(const struct btf *b, const struct btf_wanted *found, struct klayout *l)
{
	uint32_t section = found[PERCPU].id ? found[PERCPU].id : found[PERCPU_OLD].id;
	struct btf_field hot, inside;

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		btf_variable(b, section, variables[i].name, field(l, variables[i].at));
	/* For some versions these two were members of one variable. */
	if (!btf_variable(b, section, "pcpu_hot", &hot))
		return;
	if (!l->hardirq_stack_ptr.size &&
	    btf_member(b, found[PCPU_HOT].id, "hardirq_stack_ptr", &inside))
		l->hardirq_stack_ptr = (struct btf_field){ hot.offset + inside.offset, inside.size,
							   inside.type };
	if (!l->cpu_number.size && btf_member(b, found[PCPU_HOT].id, "cpu_number", &inside))
		l->cpu_number = (struct btf_field){ hot.offset + inside.offset, inside.size,
						    inside.type };
}

bool klayout_parse(const void *data, size_t n, struct klayout *ret, const char **missing)
{
	struct btf_wanted found[TYPES];
	struct klayout l = { 0 };
	struct btf b;
	bool ok;

	memcpy(found, types, sizeof(found));
	*missing = "a BTF header";
	if (!btf_init(&b, data, n, found, TYPES))
		return false;
	ok = read_members(&b, found, &l, missing);
	if (ok) {
		read_percpu(&b, found, &l);
		l.task_size = btf_size(&b, found[TASK].id);
		l.upid_size = btf_size(&b, found[UPID].id);
		l.regs_size = btf_size(&b, found[REGS].id);
		l.irq_stack_size = btf_size(&b, found[IRQ_STACK].id);
		l.thread_info_size = btf_size(&b, found[THREAD_INFO].id);
		l.iter_function = found[ITER_FUNCTION].id;
		*missing = "task_struct";
		ok = l.task_size && l.task_size <= PEEK_MOST;
	}
	btf_deinit(&b);
	if (ok)
		*ret = l;
	return ok;
}

/* What cannot be mapped (before Linux 6.16) is read. */
static void *load(int fd, size_t n)
{
	uint8_t *copy = xmalloc(n);
	size_t have = 0;
	ssize_t got = 0;

	while (have < n && ((got = read(fd, copy + have, n - have)) > 0 ||
			    (got < 0 && errno == EINTR)))
		have += got > 0 ? (size_t)got : 0;
	if (have == n)
		return copy;
	free(copy);
	return NULL;
}

int klayout_read(const char *path, struct klayout *ret, const char **missing)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	void *mapped, *copy = NULL;
	struct stat st;
	size_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > BTF_MOST) {
		close(fd);
		return -EINVAL;
	}
	n = (size_t)st.st_size;
	mapped = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mapped == MAP_FAILED)
		copy = load(fd, n);
	close(fd);
	if (mapped == MAP_FAILED && !copy)
		return -EIO;
	if (!klayout_parse(copy ? copy : mapped, n, ret, missing))
		err = -ENODATA;
	if (mapped != MAP_FAILED)
		munmap(mapped, n);
	free(copy);
	return err;
}

uint64_t kfield(const void *copy, const struct btf_field *f)
{
	const uint8_t *at = (const uint8_t *)copy + f->offset;
	uint64_t wide;
	uint32_t word;
	uint16_t half;

	switch (f->size) {
	case 8:
		memcpy(&wide, at, sizeof(wide));
		return wide;
	case 4:
		memcpy(&word, at, sizeof(word));
		return word;
	case 2:
		memcpy(&half, at, sizeof(half));
		return half;
	case 1:
		return *at;
	default:
		return 0;
	}
}
