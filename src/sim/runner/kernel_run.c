/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/kernel_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/sim/runner/proc_state.h"
#include "src/sim/runner/tracee.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

enum { PAGE = 4096, NOBODY = 65534, THREAD_BLOCK = 2368 };
#define START_BRK 0x403000ull
#define START_BYTES 0x1d0ull	/* that exec leaves above sp, on the reference machine */

struct kernel_world {
	struct world world;
	struct lab *lab;
	struct world_info info;
	struct tracee proc[SIM_MAX_PROCS];	/* pid 0: not born or gone */
	struct proc_state files[SIM_MAX_PROCS];
	int parent[SIM_MAX_PROCS];
	unsigned born, current;
	rlim_t hard[SIM_NLIMITS];
};

/* ---- the machine ------------------------------------------------------------------ */

static void read_line(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static uint64_t read_number(const char *path)
{
	char text[32];

	read_line(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

void world_kernel_machine(struct world_info *ret)
{
	struct utsname u;
	struct sysinfo si;

	memset(ret, 0, sizeof(*ret));
	uname(&u);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", u.release);
	snprintf(ret->machine, sizeof(ret->machine), "%s", u.machine);
	ret->overcommit_memory = read_number("/proc/sys/vm/overcommit_memory");
	ret->max_map_count = read_number("/proc/sys/vm/max_map_count");
	ret->mmap_min_addr = read_number("/proc/sys/vm/mmap_min_addr");
	read_line("/sys/kernel/mm/transparent_hugepage/enabled", ret->thp, sizeof(ret->thp));
	sysinfo(&si);
	ret->ram_pages = (uint64_t)si.totalram * si.mem_unit / PAGE;
}

static const int limit_number[SIM_NLIMITS] = {
	[SIM_LIMIT_STACK] = RLIMIT_STACK, [SIM_LIMIT_AS] = RLIMIT_AS,
	[SIM_LIMIT_DATA] = RLIMIT_DATA, [SIM_LIMIT_MEMLOCK] = RLIMIT_MEMLOCK,
};

/* As long as the process is ours: it has not become somebody else yet. */
static struct error *note_hard_limits(struct kernel_world *w)
{
	struct rlimit lim;
	int i;

	for (i = 0; i < SIM_NLIMITS; i++) {
		if (prlimit(w->proc[0].pid, limit_number[i], NULL, &lim))
			return error_os(ERR_FAILURE, errno, "prlimit");
		w->hard[i] = lim.rlim_max;
	}
	return NULL;
}

/* ---- start ---------------------------------------------------------------------------- */

static struct error *call(struct tracee *t, const char *what, long number, uint64_t a, uint64_t b,
			  uint64_t c, uint64_t d, uint64_t e, uint64_t f, int64_t *ret)
{
	const uint64_t arg[6] = { a, b, c, d, e, f };
	int64_t value;
	struct error *err = tracee_syscall(t, number, arg, &value);

	if (!err && value < 0 && value >= -4095)
		err = error_os(ERR_FAILURE, (int)-value, "preparing the scenario's process: %s",
			       what);
	if (!err && ret)
		*ret = value;
	return err;
}

/* Address space and data; soft NULL: as far as they go. */
static struct error *soft_limits(struct kernel_world *w, const uint64_t *soft)
{
	static const enum sim_limit changed[] = { SIM_LIMIT_AS, SIM_LIMIT_DATA };
	size_t i;

	for (i = 0; i < ARRAY_LEN(changed); i++) {
		struct rlimit lim = { w->hard[changed[i]], w->hard[changed[i]] };

		if (soft && soft[changed[i]] != SIM_UNLIMITED)
			lim.rlim_cur = soft[changed[i]];
		if (prlimit(w->proc[0].pid, limit_number[changed[i]], &lim, NULL))
			return error_os(ERR_FAILURE, errno, "prlimit");
	}
	return NULL;
}

static struct error *drop_specials(struct kernel_world *w, bool keep)
{
	struct tracee *t = &w->proc[0];
	struct error *err = NULL;
	unsigned i;

	for (i = 0; !keep && !err && i < w->info.nspecials; i++)
		err = call(t, "munmap", SYS_munmap, w->info.special[i].start,
			   w->info.special[i].bytes, 0, 0, 0, 0, NULL);
	return err;
}

/* Other programs' ps would read argv and so populate the stack's top page. */
static struct error *empty_argv(struct kernel_world *w)
{
	struct tracee *t = &w->proc[0];
	const struct prctl_mm_map map = {
		.start_code = 0x400000, .end_code = 0x401000,
		.start_data = 0x401000, .end_data = 0x402000,
		.start_brk = START_BRK, .brk = START_BRK,
		.start_stack = t->sp,
		.arg_start = t->sp, .arg_end = t->sp, .env_start = t->sp, .env_end = t->sp,
		.exe_fd = (uint32_t)-1,
	};
	int64_t page;
	struct error *err = call(t, "mmap", SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0, &page);

	if (!err)
		err = tracee_write(t, page, &map, sizeof(map));
	if (!err)
		err = call(t, "PR_SET_MM_MAP", SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, page,
			   sizeof(map), 0, 0, NULL);
	if (!err)
		err = call(t, "munmap", SYS_munmap, page, PAGE, 0, 0, 0, 0, NULL);
	return err;
}

/* An ordinary user without capabilities, so that limits bite. */
static struct error *become_nobody(struct tracee *t)
{
	struct error *err;

	if (geteuid() != 0)
		return NULL;
	err = call(t, "setgroups", SYS_setgroups, 0, 0, 0, 0, 0, 0, NULL);
	if (!err)
		err = call(t, "setresgid", SYS_setresgid, NOBODY, NOBODY, NOBODY, 0, 0, 0, NULL);
	if (!err)
		err = call(t, "setresuid", SYS_setresuid, NOBODY, NOBODY, NOBODY, 0, 0, 0, NULL);
	return err;
}

static void note_layout(struct kernel_world *w, const struct world_state *st, bool bottomup)
{
	struct world_info *in = &w->info;
	const struct world_vma *v;
	size_t i;

	for (i = 0; i < st->nvmas; i++) {
		v = &st->vma[i];
		if (strcmp(v->name, "[stack]") == 0) {
			in->stack_start = v->start;
			in->stack_end = v->end;
		} else if (v->kind == SIM_KIND_SPECIAL && in->nspecials < ARRAY_LEN(in->special)) {
			struct world_region *r = &in->special[in->nspecials++];

			snprintf(r->name, sizeof(r->name), "%.*s", (int)strcspn(v->name + 1, "]"),
				 v->name + 1);
			r->start = v->start;
			r->bytes = v->end - v->start;
			if (bottomup ? !in->mmap_base : true)
				in->mmap_base = bottomup ? v->start : v->end;
		}
	}
}

static struct error *prepare(struct kernel_world *w, const struct sim_options *o)
{
	struct tracee *t = &w->proc[0];
	struct world_state st = { 0 };
	struct error *err = tracee_break(t);

	if (!err)
		err = proc_state_open(&w->files[0], t->pid, w->lab->name);
	if (!err)
		err = proc_state_layout(&w->files[0], &st);
	if (!err) {
		note_layout(w, &st, o->bottomup);
		err = drop_specials(w, o->vdso_keep);
	}
	if (!err)
		err = note_hard_limits(w);
	/* What is prepared must not fail by the limits the scenario starts with. */
	if (!err)
		err = soft_limits(w, NULL);
	if (!err)
		err = empty_argv(w);
	if (!err)
		err = soft_limits(w, o->limit);
	if (!err)
		err = become_nobody(t);
	if (!o->vdso_keep)
		w->info.nspecials = 0;
	/* What auxv holds differs from kernel to kernel; scenarios count from sp. */
	w->info.sp = w->info.stack_end - t->sp < PAGE ? w->info.stack_end - START_BYTES : t->sp;
	w->info.start_brk = START_BRK;
	world_state_free(&st);
	return err;
}

static const struct world_ops kernel_ops;

struct error *world_kernel_open(struct lab *lab, const struct sim_options *o, struct world **ret)
{
	struct kernel_world *w = xcalloc(1, sizeof(*w));
	struct tracee_start start = {
		.agent = lab->agent, .file = lab->file, .rofile = lab->rofile,
		.memlock_hard = o->memlock_hard, .bottomup = o->bottomup,
	};
	struct error *err = lab_file_fresh(lab);
	int i, k;

	for (i = 0; i < SIM_MAX_PROCS; i++)
		for (k = 0; k < PROC_NFILES; k++)
			w->files[i].fd[k] = -1;
	w->world.ops = &kernel_ops;
	w->lab = lab;
	w->born = 1;
	w->parent[0] = -1;
	memcpy(start.limit, o->limit, sizeof(start.limit));
	world_kernel_machine(&w->info);
	if (!err)
		err = tracee_spawn(&start, &w->proc[0]);
	if (!err)
		err = prepare(w, o);
	if (err)
		world_close(&w->world);
	else
		*ret = &w->world;
	return err;
}

pid_t world_kernel_pid(const struct world *world)
{
	const struct kernel_world *w = (const struct kernel_world *)world;

	return w->proc[w->current].pid;
}

static void kernel_close(struct world *world)
{
	struct kernel_world *w = (struct kernel_world *)world;
	int i;

	for (i = 0; i < SIM_MAX_PROCS; i++) {
		proc_state_close(&w->files[i]);
		tracee_kill(&w->proc[i]);
	}
	free(w);
}

static struct error *kernel_exec(struct world *world, const struct sim_op *op,
				 struct sim_result *ret);

/* ---- operations ------------------------------------------------------------------------- */

struct system_call {
	long number;
	uint64_t arg[6];
};

static struct system_call mmap_call(const struct sim_op *op)
{
	static const int fd[] = {
		[SIM_ANON] = -1, [SIM_FILE] = TRACEE_FILE_FD, [SIM_ROFILE] = TRACEE_ROFILE_FD,
	};

	return (struct system_call){ SYS_mmap,
				     { op->addr, op->len, op->prot,
				       op->flags | (op->backing == SIM_ANON ? MAP_ANONYMOUS : 0),
				       (uint64_t)fd[op->backing], op->off } };
}

/* False when op is not one system call. */
static bool as_system_call(const struct sim_op *op, struct system_call *ret)
{
	switch (op->kind) {
	case SIM_OP_MMAP:
		*ret = mmap_call(op);
		return true;
	case SIM_OP_MUNMAP:
		*ret = (struct system_call) { SYS_munmap, { op->addr, op->len } };
		return true;
	case SIM_OP_MPROTECT:
		*ret = (struct system_call) { SYS_mprotect, { op->addr, op->len, op->prot } };
		return true;
	case SIM_OP_MREMAP:
		*ret = (struct system_call){
			SYS_mremap, { op->addr, op->len, op->newlen, op->flags, op->newaddr }
		};
		return true;
	case SIM_OP_BRK:
		*ret = (struct system_call) { SYS_brk, { op->addr } };
		return true;
	case SIM_OP_MADVISE:
		*ret = (struct system_call){ SYS_madvise,
					     { op->addr, op->len, (uint64_t)(int64_t)op->advice } };
		return true;
	case SIM_OP_MLOCK:
		*ret = op->flags ? (struct system_call){ SYS_mlock2,
							 { op->addr, op->len, op->flags } }
				 : (struct system_call){ SYS_mlock, { op->addr, op->len } };
		return true;
	case SIM_OP_MUNLOCK:
		*ret = (struct system_call) { SYS_munlock, { op->addr, op->len } };
		return true;
	case SIM_OP_MLOCKALL:
		*ret = (struct system_call) { SYS_mlockall, { op->flags } };
		return true;
	case SIM_OP_MUNLOCKALL:
		*ret = (struct system_call) { .number = SYS_munlockall };
		return true;
	case SIM_OP_MSYNC:
		*ret = (struct system_call) { SYS_msync, { op->addr, op->len, op->flags } };
		return true;
	case SIM_OP_MSEAL:
		*ret = (struct system_call) { SYS_mseal, { op->addr, op->len } };
		return true;
	default:
		return false;
	}
}

static struct error *exec_call(struct kernel_world *w, const struct sim_op *op,
			       const struct system_call *sc, struct sim_result *ret)
{
	int64_t value;
	struct error *err = tracee_syscall(&w->proc[w->current], sc->number, sc->arg, &value);

	if (err)
		return err;
	/* Its pages may become dirty, now or later. */
	if (op->kind == SIM_OP_MMAP && op->backing == SIM_FILE && (op->flags & MAP_SHARED))
		w->lab->file_used = true;
	if (value < 0 && value >= -4095) {
		ret->status = SIM_ERRNO;
		ret->err = (int)-value;
		return NULL;
	}
	ret->ret = value;
	if (op->kind == SIM_OP_BRK && ret->ret != op->addr)
		ret->status = SIM_UNCHANGED;
	return NULL;
}

static struct error *exec_touch(struct kernel_world *w, const struct sim_op *op,
				struct sim_result *ret)
{
	struct tracee *t = &w->proc[w->current];
	struct error *err = NULL;
	enum sim_sig sig;

	for (ret->done = 0; ret->done < op->pages; ret->done++) {
		err = tracee_touch(t, op->addr + ret->done * PAGE, op->mode, &sig);
		if (err)
			break;
		if (sig != SIM_SIG_NONE) {
			ret->status = SIM_SIGNAL;
			ret->sig = sig;
			ret->fault = op->addr + ret->done * PAGE;
			break;
		}
	}
	return err;
}

/* Root without CAP_SYS_RESOURCE may set limits of a process only with its real ids. These are
 * the thread's own (hence no library calls, which would change every thread). */
static int prlimit_as_nobody(pid_t pid, int which, const struct rlimit *lim)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	int ret;

	if (syscall(SYS_setresgid, NOBODY, -1, -1) || syscall(SYS_setresuid, NOBODY, -1, -1))
		ret = errno;
	else
		ret = prlimit(pid, which, lim, NULL) ? errno : 0;
	if (syscall(SYS_setresuid, uid, -1, -1) || syscall(SYS_setresgid, gid, -1, -1))
		ret = errno;
	return ret;
}

static int set_soft_limit(pid_t pid, int which, const struct rlimit *lim)
{
	if (lim->rlim_cur > lim->rlim_max)
		return EINVAL; /* as setrlimit(2) says; permission is asked first in prlimit(2) */
	if (prlimit(pid, which, lim, NULL) == 0)
		return 0;
	if (errno == EPERM && geteuid() == 0)
		return prlimit_as_nobody(pid, which, lim);
	return errno;
}

static struct error *exec_setrlimit(struct kernel_world *w, const struct sim_op *op,
				    struct sim_result *ret)
{
	pid_t pid = w->proc[w->current].pid;
	struct rlimit lim;

	/* The hard limits are those of the start and never change. */
	lim.rlim_max = w->hard[op->limit];
	lim.rlim_cur = op->value == SIM_UNLIMITED ? RLIM_INFINITY : op->value;
	ret->err = set_soft_limit(pid, limit_number[op->limit], &lim);
	if (ret->err == EPERM)
		return error_os(ERR_PERMISSION, EPERM, "prlimit");
	if (ret->err)
		ret->status = SIM_ERRNO;
	return NULL;
}

static struct error *exec_fork(struct kernel_world *w, struct sim_result *ret)
{
	unsigned n = w->born;
	struct error *err;
	int errnum;

	err = tracee_fork(&w->proc[w->current], &w->proc[n], &errnum);
	if (err)
		return err;
	if (errnum) {
		ret->status = SIM_ERRNO;
		ret->err = errnum;
		return NULL;
	}
	w->born++;
	w->parent[n] = (int)w->current;
	w->current = n;
	ret->child = (int)n;
	return proc_state_open(&w->files[n], w->proc[n].pid, w->lab->name);
}

static void exec_exit(struct kernel_world *w)
{
	int next = w->parent[w->current];

	proc_state_close(&w->files[w->current]);
	tracee_kill(&w->proc[w->current]);
	while (next >= 0 && !w->proc[next].pid)
		next = w->parent[next];
	for (unsigned i = 0; next < 0 && i < w->born; i++)
		if (w->proc[i].pid)
			next = (int)i;
	w->current = (unsigned)next;
}

/* What the C library does to memory for a thread: a mapping without access, all of it opened
 * but the guard, and the thread's block at the top written. The task adds nothing to an mm. */
static struct error *exec_thread(struct kernel_world *w, const struct sim_op *op,
				 struct sim_result *ret)
{
	const uint64_t page = PAGE - 1, guard = (op->guard + page) & ~page,
		       size = (op->len + page) & ~page;
	struct sim_op step = {
		.kind = SIM_OP_MMAP,
		.len = size + guard,
		.prot = PROT_NONE,
		.flags = MAP_PRIVATE | MAP_STACK,
	};
	struct sim_result res = { .status = SIM_OK };
	struct error *err = kernel_exec(&w->world, &step, ret);
	uint64_t start = ret->ret;

	if (err || ret->status != SIM_OK) {
		if (!err && ret->err == ENOMEM)
			ret->err = EAGAIN;
		return err;
	}
	step = (struct sim_op) { .kind = SIM_OP_MPROTECT, .addr = start + guard, .len = size,
				 .prot = PROT_READ | PROT_WRITE };
	err = kernel_exec(&w->world, &step, &res);
	if (!err && res.status == SIM_OK) {
		step = (struct sim_op){ .kind = SIM_OP_TOUCH,
					.addr = start + guard + size - THREAD_BLOCK,
					.pages = 1,
					.mode = 'w' };
		return kernel_exec(&w->world, &step, &res);
	}
	step = (struct sim_op) { .kind = SIM_OP_MUNMAP, .addr = start, .len = size + guard };
	*ret = res;
	return err ? err : kernel_exec(&w->world, &step, &res);
}

static unsigned alive(const struct kernel_world *w)
{
	unsigned n = 0, i;

	for (i = 0; i < w->born; i++)
		n += w->proc[i].pid != 0;
	return n;
}

static bool impossible(const struct kernel_world *w, const struct sim_op *op)
{
	if (op->kind == SIM_OP_FORK)
		return w->born == SIM_MAX_PROCS;
	if (op->kind == SIM_OP_EXIT)
		return alive(w) == 1;
	if (op->kind == SIM_OP_SWITCH)
		return op->proc < 0 || (unsigned)op->proc >= w->born || !w->proc[op->proc].pid;
	return false;
}

static struct error *kernel_exec(struct world *world, const struct sim_op *op,
				 struct sim_result *ret)
{
	struct kernel_world *w = (struct kernel_world *)world;
	struct system_call sc;

	memset(ret, 0, sizeof(*ret));
	if (impossible(w, op)) {
		ret->status = SIM_IMPOSSIBLE;
		return NULL;
	}
	if (as_system_call(op, &sc))
		return exec_call(w, op, &sc, ret);
	switch (op->kind) {
	case SIM_OP_TOUCH:
		return exec_touch(w, op, ret);
	case SIM_OP_SETRLIMIT:
		return exec_setrlimit(w, op, ret);
	case SIM_OP_FORK:
		return exec_fork(w, ret);
	case SIM_OP_EXIT:
		exec_exit(w);
		return NULL;
	case SIM_OP_SWITCH:
		w->current = (unsigned)op->proc;
		return NULL;
	case SIM_OP_THREAD:
		return exec_thread(w, op, ret);
	case SIM_OP_TRUNCATE:
		return lab_file_truncate(w->lab, op->len);
	default:
		return error_create(ERR_FAILURE, "an operation the kernel's runner does not know");
	}
}

/* What no process can do to the kernel it runs on. */
static const char *const refused[SIM_NOPS] = {
	[SIM_OP_EXEC] = "exec runs in the simulator only",
	[SIM_OP_CALL] = "the runner's process has no functions to call: simulator only",
	[SIM_OP_RET] = "the runner's process has no functions to call: simulator only",
	[SIM_OP_KTHREAD] = "no process makes a kernel thread: simulator only",
	[SIM_OP_RUN] = "the real scheduler decides itself who runs: simulator only",
	[SIM_OP_SYSCALL] = "a real system call cannot be held half way: simulator only",
	[SIM_OP_SYSRET] = "a real system call cannot be held half way: simulator only",
	[SIM_OP_KCALL] = "the real kernel calls its functions itself: simulator only",
	[SIM_OP_KRET] = "the real kernel calls its functions itself: simulator only",
	[SIM_OP_IRQ] = "real interrupts come from devices: simulator only",
	[SIM_OP_SOFTIRQ] = "real interrupts come from devices: simulator only",
	[SIM_OP_NMI] = "real interrupts come from devices: simulator only",
	[SIM_OP_EXCEPTION] = "a real exception cannot be held half way: simulator only",
	[SIM_OP_IRQRET] = "real interrupts return by themselves: simulator only",
	[SIM_OP_SHARE] = "no real kernel lets two tasks share a stack: simulator only",
	[SIM_OP_ALLOC] = "the real kernel's memory is not ours to take: simulator only",
	[SIM_OP_FREE] = "the real kernel's memory is not ours to take: simulator only",
	[SIM_OP_FRAGMENT] = "the real kernel's memory is not ours to take: simulator only",
	[SIM_OP_SYSRQ] = "the real table tells of all tasks of the machine: simulator only",
};

static const char *kernel_refuses(struct world *world, const struct sim_op *op)
{
	(void)world;
	if (op->kind == SIM_OP_EXPECT && op->value)
		return "a real kernel does not show its inside: simulator only";
	return refused[op->kind];
}

static void kernel_info(struct world *world, struct world_info *ret)
{
	*ret = ((struct kernel_world *)world)->info;
}

static struct error *kernel_state(struct world *world, unsigned proc, struct world_state *ret)
{
	struct kernel_world *w = (struct kernel_world *)world;

	if (proc >= w->born || !w->proc[proc].pid)
		return error_create(ERR_NO_PROCESS, "P%u has ended", proc);
	return proc_state_read(&w->files[proc], ret);
}

static const struct world_ops kernel_ops = {
	.name = "kernel",
	.info = kernel_info,
	.exec = kernel_exec,
	.refuses = kernel_refuses,
	.state = kernel_state,
	.close = kernel_close,
};
