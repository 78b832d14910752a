/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/golden/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

#define KiB (1024ull)
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)

/* ---- building ---- */

struct line {
	uint64_t start, end;
	const char *perms;
	uint8_t role;
	uint64_t offset, inode;
	const char *path;
	const char *pages;	/* run-length code of the whole VMA; NULL: absent */
	int32_t tid;
	uint8_t guess;
};

static uint8_t perms_of(const char *p)
{
	return (uint8_t)((p[0] == 'r' ? VMA_READ : 0) | (p[1] == 'w' ? VMA_WRITE : 0) |
			 (p[2] == 'x' ? VMA_EXEC : 0) | (p[3] == 's' ? VMA_SHARED : 0));
}

static struct snapshot *build(const struct line *lines, size_t n)
{
	struct strings *names = strings_create();
	struct layout *l = layout_create(names, n);
	struct residency *r = residency_create();
	struct snapshot *s = snapshot_create();

	for (size_t i = 0; i < n; i++) {
		const struct line *ln = &lines[i];

		l->vmas[i] = (struct vma){
			.start = ln->start, .end = ln->end, .offset = ln->offset,
				.inode = ln->inode,
			.path = strings_add(names, ln->path, strlen(ln->path)),
			.dev_major = ln->inode ? 8 : 0,
			.tid = ln->tid, .perms = perms_of(ln->perms), .role = ln->role,
			.guess = ln->guess,
			.growsdown = ln->role == ROLE_STACK,
		};
		if (ln->pages && !residency_decode(r, ln->start, ln->pages))
			abort();
	}
	strings_put(names);
	r->kinds = r->whole = true;
	s->layout = l;
	s->pages = r;
	s->source = "live";
	s->process = (struct process){ .pid = 4242, .ppid = 4000, .uid = 1000, .comm = "bash",
				       .exe = "/usr/bin/bash", .state = 'S' };
	s->limits[LIMIT_STACK] = 8 * MiB;
	s->limits[LIMIT_AS] = s->limits[LIMIT_DATA] = UNLIMITED;
	s->limits[LIMIT_MEMLOCK] = 8 * MiB;
	s->cost.rung[PANEL_PAGES] = "PAGEMAP_SCAN";
	s->cost.rung[PANEL_LAYOUT] = "maps";
	return s;
}

static uint64_t resident_bytes(const struct snapshot *s)
{
	struct page_counts n = residency_count(s->pages, 0,
					       UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1));

	return page_counts_resident(&n) * PAGE_BYTES;
}

static struct task *add_task(struct task_list *t, pid_t tid, const char *comm, char state,
			     uint64_t sp, int syscall)
{
	struct task *k = task_list_add(t, tid);

	k->tgid = 4242;
	snprintf(k->comm, sizeof(k->comm), "%s", comm);
	k->state = state;
	k->sp = sp;
	k->syscall = syscall;
	return k;
}

static void put_stack(struct task *t, const struct snapshot *s, enum stack_found found)
{
	ssize_t i = layout_find(s->layout, t->sp);
	const struct vma *v = &s->layout->vmas[i];
	struct page_counts n = residency_count(s->pages, v->start, v->end);

	t->stack = (struct task_stack){
		.vma_start = v->start, .vma_end = v->end, .used = v->end - t->sp,
		.resident = page_counts_resident(&n) * PAGE_BYTES,
		.limit = v->role == ROLE_STACK ? 8 * MiB : v->end - v->start,
		.high_water = page_counts_resident(&n) * PAGE_BYTES, .found = (uint8_t)found,
	};
	if (v->role == ROLE_THREAD_STACK && i && v[-1].end == v->start) {
		t->stack.guard_start = v[-1].start;
		t->stack.guard_end = v[-1].end;
	}
}

/* ---- a shell ---- */

#define LIBC "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define TINFO "/usr/lib/x86_64-linux-gnu/libtinfo.so.6.4"
#define LDSO "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
#define STACK_TOP_ 0x7ffd1c2e5000ull

static const struct line shell[] = {
	{ 0x55d1a0e1f000, 0x55d1a0e4f000, "r--p", ROLE_RODATA, 0, 1311, "/usr/bin/bash", "40f8F", 0,
	  0 },
	{ 0x55d1a0e4f000, 0x55d1a0f2e000, "r-xp", ROLE_TEXT, 0x30000, 1311, "/usr/bin/bash",
	  "180f20.23F", 0, 0 },
	{ 0x55d1a0f2e000, 0x55d1a0f65000, "r--p", ROLE_RODATA, 0x10f000, 1311, "/usr/bin/bash",
	  "30f25.", 0, 0 },
	{ 0x55d1a0f65000, 0x55d1a0f69000, "r--p", ROLE_RODATA, 0x146000, 1311, "/usr/bin/bash",
	  "4A", 0, 0 },
	{ 0x55d1a0f69000, 0x55d1a0f72000, "rw-p", ROLE_DATA, 0x14a000, 1311, "/usr/bin/bash",
	  "6A3a", 0, 0 },
	{ 0x55d1a0f72000, 0x55d1a0f7d000, "rw-p", ROLE_BSS, 0, 0, "", "7A4.", 0, 1 },
	{ 0x55d1a1f00000, 0x55d1a2085000, "rw-p", ROLE_HEAP, 0, 0, "[heap]", "300A60a29.", 0, 0 },
	{ 0x7f4a79000000, 0x7f4a792e9000, "r--p", ROLE_FILE, 0, 2202,
	  "/usr/lib/locale/locale-archive", "16f700.16f13.", 0, 0 },
	{ 0x7f4a79400000, 0x7f4a79426000, "r--p", ROLE_RODATA, 0, 1842, LIBC, "38f", 0, 0 },
	{ 0x7f4a79426000, 0x7f4a7957b000, "r-xp", ROLE_TEXT, 0x26000, 1842, LIBC, "200f60.81f", 0,
	  0 },
	{ 0x7f4a7957b000, 0x7f4a795d0000, "r--p", ROLE_RODATA, 0x17b000, 1842, LIBC, "40f45.", 0,
	  0 },
	{ 0x7f4a795d0000, 0x7f4a795d4000, "r--p", ROLE_RODATA, 0x1d0000, 1842, LIBC, "4A", 0, 0 },
	{ 0x7f4a795d4000, 0x7f4a795d6000, "rw-p", ROLE_DATA, 0x1d4000, 1842, LIBC, "2A", 0, 0 },
	{ 0x7f4a795d6000, 0x7f4a795e3000, "rw-p", ROLE_BSS, 0, 0, "", "5A8.", 0, 1 },
	{ 0x7f4a795f0000, 0x7f4a795fe000, "r--p", ROLE_RODATA, 0, 1901, TINFO, "14f", 0, 0 },
	{ 0x7f4a795fe000, 0x7f4a7960f000, "r-xp", ROLE_TEXT, 0xe000, 1901, TINFO, "17f", 0, 0 },
	{ 0x7f4a7960f000, 0x7f4a7961d000, "r--p", ROLE_RODATA, 0x1f000, 1901, TINFO, "14.", 0, 0 },
	{ 0x7f4a7961d000, 0x7f4a79621000, "r--p", ROLE_RODATA, 0x2c000, 1901, TINFO, "4A", 0, 0 },
	{ 0x7f4a79621000, 0x7f4a79622000, "rw-p", ROLE_DATA, 0x30000, 1901, TINFO, "A", 0, 0 },
	{ 0x7f4a79630000, 0x7f4a79637000, "r--s", ROLE_SHARED, 0, 1777,
	  "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache", "7f", 0, 0 },
	{ 0x7f4a79637000, 0x7f4a79639000, "rw-p", ROLE_ANON, 0, 0, "", "AZ", 0, 0 },
	{ 0x7f4a79639000, 0x7f4a7963a000, "r--p", ROLE_RODATA, 0, 1800, LDSO, "f", 0, 0 },
	{ 0x7f4a7963a000, 0x7f4a7965f000, "r-xp", ROLE_TEXT, 0x1000, 1800, LDSO, "37f", 0, 0 },
	{ 0x7f4a7965f000, 0x7f4a79669000, "r--p", ROLE_RODATA, 0x26000, 1800, LDSO, "10f", 0, 0 },
	{ 0x7f4a79669000, 0x7f4a7966b000, "r--p", ROLE_RODATA, 0x30000, 1800, LDSO, "2A", 0, 0 },
	{ 0x7f4a7966b000, 0x7f4a7966d000, "rw-p", ROLE_DATA, 0x32000, 1800, LDSO, "2A", 0, 0 },
	{ STACK_TOP_ - 132 * KiB, STACK_TOP_, "rw-p", ROLE_STACK, 0, 0, "[stack]", "26.7A", 0, 0 },
	{ 0x7ffd1c2f9000, 0x7ffd1c2fd000, "r--p", ROLE_VVAR, 0, 0, "[vvar]", NULL, 0, 0 },
	{ 0x7ffd1c2fd000, 0x7ffd1c2ff000, "r-xp", ROLE_VDSO, 0, 0, "[vdso]", "2f", 0, 0 },
	{ 0xffffffffff600000, 0xffffffffff601000, "--xp", ROLE_VSYSCALL, 0, 0, "[vsyscall]", NULL,
	  0, 0 },
};

enum { SHELL_STACK = 26 };

static void shell_figures(struct snapshot *s)
{
	uint64_t rss = resident_bytes(s);
	struct page_counts n = residency_count(s->pages, 0,
					       UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1));

	s->mm[MM_VM_SIZE] = 7344 * KiB;
	s->mm[MM_VM_RSS] = rss;
	s->mm[MM_RSS_ANON] = page_counts_anon(&n) * PAGE_BYTES;
	s->mm[MM_RSS_FILE] = rss - s->mm[MM_RSS_ANON];
	s->mm[MM_RSS_SHMEM] = 0;
	s->mm[MM_VM_DATA] = 1712 * KiB;
	s->mm[MM_VM_STACK] = s->layout->vmas[SHELL_STACK].end - s->layout->vmas[SHELL_STACK].start;
	s->mm[MM_VM_EXE] = 892 * KiB;
	s->mm[MM_VM_LIB] = 1580 * KiB;
	s->mm[MM_VM_PTE] = 60 * KiB;
	s->mm[MM_VM_SWAP] = s->mm[MM_VM_LOCKED] = 0;
	s->mm[MM_START_CODE] = 0x55d1a0e4f000;
	s->mm[MM_END_CODE] = 0x55d1a0f2dc71;
	s->mm[MM_START_DATA] = 0x55d1a0f65110;
	s->mm[MM_END_DATA] = 0x55d1a0f72a94;
	s->mm[MM_START_BRK] = 0x55d1a1f00000;
	s->mm[MM_BRK] = 0x55d1a2085000;
	s->mm[MM_START_STACK] = 0x7ffd1c2e4380;
	s->mm[MM_ARG_START] = 0x7ffd1c2e47f1;
	s->mm[MM_ARG_END] = 0x7ffd1c2e47f7;
	s->mm[MM_ENV_START] = 0x7ffd1c2e47f7;
	s->mm[MM_ENV_END] = 0x7ffd1c2e4fee;
	s->process.auxv_sp_end = 0x7ffd1c2e47b9;
	s->minflt = 2219;
	s->majflt = 3;
	s->statm_rss = rss + 8 * KiB;
	s->statm_size = s->mm[MM_VM_SIZE];
}

static struct snapshot *shell_with_stack(const char *stack_pages, uint64_t stack_size, uint64_t sp)
{
	struct line lines[ARRAY_LEN(shell)];
	struct task_list *tasks = task_list_create();
	struct snapshot *s;

	memcpy(lines, shell, sizeof(shell));
	lines[SHELL_STACK].start = STACK_TOP_ - stack_size;
	lines[SHELL_STACK].pages = stack_pages;
	s = build(lines, ARRAY_LEN(lines));
	s->tasks = tasks;
	put_stack(add_task(tasks, 4242, "bash", 'S', sp, 61), s, STACK_BY_SP);
	shell_figures(s);
	return s;
}

static struct snapshot *make_shell(int step)
{
	struct snapshot *s = shell_with_stack("26.7A", 132 * KiB, STACK_TOP_ - 0x30d0);

	s->time_ns = 1000000000ull * (uint64_t)(step + 1);
	return s;
}

/* The stack of the shell grows twice, the second time just now; the heap gains pages. */
static struct snapshot *make_growing(int step)
{
	static const struct { const char *pages; uint64_t size, sp; } at[] = {
		{ "26.7A", 132 * KiB, 0x30d0 }, { "42A", 168 * KiB, 0x29800 },
			{ "54A", 216 * KiB, 0x34a90 },
	};
	struct snapshot *s = shell_with_stack(at[step].pages, at[step].size,
					      STACK_TOP_ - at[step].sp);

	s->time_ns = 1000000000ull + 100000000ull * (uint64_t)step;
	s->minflt += 35 * (uint64_t)step;
	return s;
}

/* The shell with the frames of its chain and the words around its sp. */
static struct snapshot *make_frames(int step)
{
	static const struct { const char *function; uint64_t bytes, takes; bool signal; } chain[] = {
		{ "read", 32, 32, false }, { "zread", 400, 400, false },
		{ "dynamic", 1200, 96, false }, { "", 680, UNKNOWN, true },
		{ "handler\x1b[31m", 2048, 2048, false }, { "main", 560, UNKNOWN, false },
		{ "_start", UNKNOWN, UNKNOWN, false },
	};
	static const struct { uint64_t value; bool away, returns; const char *function; uint64_t into; } words[] = {
		{ 0, true, false, "", UNKNOWN },		/* not in memory */
		{ 0x55d1a0e5012f, false, true, "zread", 0x2f },
		{ 7, false, false, "", UNKNOWN },
		{ 0x55d1a1f00140, false, false, "", UNKNOWN },
		{ 0x55d1a0e60010, false, true, "evil\x1b]0;x\x07", 0x10 },
		{ 0x55d1a0e60000, false, false, "", UNKNOWN },
		{ 0x3d454d4f48ull << 8 | 'X', false, false, "", UNKNOWN },
		{ STACK_TOP_ - 0x1000, false, false, "", UNKNOWN },
		{ (uint64_t)-2, false, false, "", UNKNOWN },
		{ 0xdeadbeefdeadbeef, false, false, "", UNKNOWN },
	};
	struct snapshot *s = make_shell(step);
	struct strings *strings = strings_create();
	struct unwound *u = unwound_create(strings);
	uint64_t sp = STACK_TOP_ - 0x30d0;

	strings_put(strings);
	*unwound_add(u, 4242) = (struct unwound_task){ .tid = 4242, .rung = UNWOUND_SYSCALL,
		.complete = true, .end = "the outermost function" };
	for (size_t i = 0; i < ARRAY_LEN(chain); i++) {
		struct user_frame *f = unwound_frame(u);

		f->function = chain[i].function;
		f->module = "/usr/bin/bash";
		f->sp = sp;
		f->bytes = chain[i].bytes;
		f->takes = chain[i].takes;
		f->signal = chain[i].signal;
		f->step = chain[i].bytes == UNKNOWN ? FRAME_LAST : FRAME_BY_CFI;
		sp += chain[i].bytes == UNKNOWN ? 0 : chain[i].bytes;
	}
	u->words_tid = 4242;
	u->words_start = STACK_TOP_ - 0x30d0 - 16;
	u->nwords = 64;
	u->words = xcalloc(u->nwords, sizeof(*u->words));
	for (size_t i = 0; i < u->nwords; i++)
		u->words[i] = (struct stack_word){ words[i % ARRAY_LEN(words)].value,
			!words[i % ARRAY_LEN(words)].away, words[i % ARRAY_LEN(words)].returns,
			words[i % ARRAY_LEN(words)].function, words[i % ARRAY_LEN(words)].into };
	s->unwound = u;
	return s;
}

/* ---- a thousand threads ---- */

/* Kernel stacks of three of them: one asleep, one that runs, one that nobody may look at;
 * and of a thread of the kernel. */
static struct stacks *kernel_stacks(void)
{
	static const struct {
		const char *function;
		uint64_t bytes;
		bool ambiguous;
		uint64_t takes;
	} frames[] = {
		{ "futex_do_wait", 24, false, 24 }, { "__futex_wait", 200, false, 200 },
		{ "futex_wait", 144, false, 144 }, { "do_futex", 8, false, 0 },
		{ "__x64_sys_futex", 112, false, 112 }, { "do_syscall_64", 560, true, 40 },
		{ "entry_SYSCALL_64_after_hwframe", 168, false, 0 },
	};
	struct stacks *s = stacks_create();
	struct kstack *k = stacks_add(s, 4242);
	struct kframe *f = stacks_frames(s, k, ARRAY_LEN(frames));
	uint64_t at = 16384;

	k->tgid = 4242;
	k->ppid = 1;
	snprintf(k->comm, sizeof(k->comm), "server");
	k->state = 'S';
	k->rung = KSTACK_BPF;
	k->magic_ok = true;
	k->size = 16384;
	k->used = 1704;
	k->high_water = 3808;
	k->regs = 168;
	for (size_t i = ARRAY_LEN(frames); i-- > 0;) {
		at -= frames[i].bytes;
		f[i] = (struct kframe){ frames[i].function, at, frames[i].bytes,
					frames[i].ambiguous, frames[i].takes };
	}
	f = stacks_switches(s, k, 3);
	f[0] = (struct kframe){ "__switch_to_asm", at - 488, 56, false, 0 };
	f[1] = (struct kframe){ "__schedule", at - 432, 416, false, 416 };
	f[2] = (struct kframe){ "schedule", at - 16, 16, false, 16 };
	k = stacks_add(s, 5000);
	k->tgid = 4242;
	k->ppid = 1;
	snprintf(k->comm, sizeof(k->comm), "worker");
	k->state = 'R';
	k->rung = KSTACK_BPF;
	k->size = 16384;
	k->high_water = 2704;
	k->on_cpu = true;
	k->lacks = 1 << KSTACK_RUNNING;
	k = stacks_add(s, 5001);
	k->tgid = 4242;
	k->ppid = 1;
	snprintf(k->comm, sizeof(k->comm), "worker");
	k->state = 'S';
	k->rung = KSTACK_WCHAN;
	k->size = 16384;
	k->lacks = 1 << KSTACK_NO_SIZES;
	stacks_frames(s, k, 1)->function = "futex_do_wait";
	k = stacks_add(s, 5002);
	snprintf(k->comm, sizeof(k->comm), "kworker/0:1-events");
	k->state = 'I';
	k->kthread = true;
	k->tgid = 5002;
	k->ppid = 2;
	k->rung = KSTACK_BPF;
	k->magic_ok = true;
	k->size = 16384;
	k->used = 584;
	k->high_water = 1808;
	f = stacks_frames(s, k, 1);
	*f = (struct kframe){ "worker_thread", 15800, 584, false, 64 };
	s->rung = KSTACK_BPF;
	s->cpus = xcalloc(1, sizeof(*s->cpus));
	s->ncpus = 1;
	s->cpus[0].stack[s->cpus[0].n++] = (struct cpu_stack){ "hardirq", 16384, 2744, true };
	s->cpus[0].stack[s->cpus[0].n++] = (struct cpu_stack){ "NMI", 8192, 0, true };
	s->cpus[0].stack[s->cpus[0].n++] = (struct cpu_stack){ "VC", 8192, UNKNOWN, false };
	s->cpus[0].stack[s->cpus[0].n++] = (struct cpu_stack){ "idle", 16384, 936, true };
	stacks_finish(s);
	return s;
}

static struct snapshot *make_threads(int step)
{
	enum { THREADS = 1000 };
	struct line *lines = xcalloc(2 * THREADS + ARRAY_LEN(shell), sizeof(*lines));
	struct task_list *tasks = task_list_create();
	struct snapshot *s;
	size_t n = 0;

	while (n < 7) {
		lines[n] = shell[n];
		n++;
	}
	for (int i = 0; i < THREADS; i++) {
		uint64_t at = 0x7f0000000000 + (uint64_t)i * (8 * MiB + 4 * KiB);

		lines[n++] = (struct line){ at, at + 4 * KiB, "---p", ROLE_GUARD, 0, 0, "", NULL,
					    5000 + i, 1 };
		lines[n++] = (struct line){ at + 4 * KiB, at + 4 * KiB + 8 * MiB, "rw-p",
					    ROLE_THREAD_STACK, 0, 0,
					    "", i % 3 ? "2046.2A" : "2040.8A", 5000 + i, 1 };
	}
	for (size_t i = 7; i < ARRAY_LEN(shell); i++)
		lines[n++] = shell[i];
	s = build(lines, n);
	s->tasks = tasks;
	put_stack(add_task(tasks, 4242, "server", 'S', STACK_TOP_ - 0x1f30, 202), s, STACK_BY_SP);
	for (int i = 0; i < THREADS; i++) {
		uint64_t top = 0x7f0000000000 + (uint64_t)(i + 1) * (8 * MiB + 4 * KiB);

		put_stack(add_task(tasks, 5000 + i, "worker", i % 100 ? 'S' : 'R', top - 0x9f0,
				   i % 100 ? 202 : SYSCALL_NONE), s, STACK_BY_SP);
	}
	/* One that runs: nobody can tell its sp. */
	tasks->tasks[1].sp = tasks->tasks[1].stack.used = UNKNOWN;
	tasks->tasks[1].stack.found = STACK_BY_SHAPE;
	snprintf(s->process.comm, sizeof(s->process.comm), "server");
	s->stacks = kernel_stacks();
	s->mm[MM_VM_RSS] = resident_bytes(s);
	s->time_ns = 1000000000ull * (uint64_t)(step + 1);
	free(lines);
	return s;
}

/* ---- hostile names ---- */

static struct snapshot *make_hostile(int step)
{
	static const struct line lines[] = {
		{ 0x400000, 0x401000, "r-xp", ROLE_TEXT, 0, 7, "/tmp/\033[31mred\a", "F", 0, 0 },
		{ 0x401000, 0x402000, "rw-p", ROLE_DATA, 0, 7, "/tmp/\033[31mred\a", "A", 0, 0 },
		{ 0x7f0000000000, 0x7f0000001000, "r--p", ROLE_FILE, 0, 8,
		  "/tmp/\xe2\x80\xaetxt.exe", "f", 0, 0 },
		{ 0x7f0000010000, 0x7f0000011000, "r--p", ROLE_FILE, 0, 9,
		  "/tmp/\xff\xfe\xc2\x9b" "2J", "f", 0, 0 },
		{ 0x7f0000020000, 0x7f0000021000, "r--p", ROLE_FILE, 0, 10,
		  "/tmp/new\nline (deleted)", "f", 0, 0 },
		{ 0x7f0000030000, 0x7f0000031000, "r--p", ROLE_FILE, 0, 11,
		  "/tmp/\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97", "S", 0, 0 },
		{ 0x7ffd00000000, 0x7ffd00021000, "rw-p", ROLE_STACK, 0, 0, "[stack]", "32.A", 0,
		  0 },
	};
	struct task_list *tasks = task_list_create();
	struct snapshot *s = build(lines, ARRAY_LEN(lines));

	s->tasks = tasks;
	put_stack(add_task(tasks, 4242, "ev\033]0;il\a", 'S', 0x7ffd00020800, 9999), s,
		  STACK_BY_SP);
	snprintf(s->process.comm, sizeof(s->process.comm), "ev\033]0;il\a");
	s->time_ns = 1000000000ull * (uint64_t)(step + 1);
	return s;
}

/* ---- little or nothing to see ---- */

/* Anonymous memory of which every second page is closed. */
static struct snapshot *make_closed(int step)
{
	enum { PAIRS = 40 };
	static const struct line text = { 0x400000, 0x401000, "r-xp", ROLE_TEXT, 0, 7, "/tmp/closed", "F", 0, 0 };
	struct line lines[2 * PAIRS + 1];
	uint64_t at = 0x7f0000000000;

	lines[0] = text;
	for (int i = 0; i < PAIRS; i++, at += 0x2000) {
		lines[1 + 2 * i] = (struct line){ at, at + 0x1000, "---p", ROLE_GUARD, 0, 0, "", ".", 0, 0 };
		lines[2 + 2 * i] = (struct line){ at + 0x1000, at + 0x2000, "rw-p", ROLE_ANON, 0, 0, "", "A", 0, 0 };
	}
	(void)step;
	return build(lines, ARRAY_LEN(lines));
}

static struct snapshot *make_kthread(int step)
{
	struct snapshot *s = snapshot_create();
	struct task_list *tasks = task_list_create();
	struct whys *w = whys_create();

	whys_add(w, "vmas", "a kernel thread has no user space: mm is NULL", "");
	whys_add(w, "mm", "a kernel thread has no user space: mm is NULL", "");
	whys_add(w, "tasks[].stack", "a kernel thread has only its kernel stack", "");
	whys_put(s->whys);
	s->whys = w;
	s->source = "live";
	s->process = (struct process){ .pid = 17, .ppid = 2, .comm = "ksoftirqd/0", .state = 'S',
				       .kthread = true };
	s->tasks = tasks;
	add_task(tasks, 17, "ksoftirqd/0", 'S', UNKNOWN, SYSCALL_NONE);
	s->time_ns = 1000000000ull * (uint64_t)(step + 1);
	return s;
}

static struct snapshot *make_denied(int step)
{
	struct snapshot *s = snapshot_create();
	struct whys *w = whys_create();

	whys_add(w, "vmas", "/proc/812/maps: Permission denied",
		 "run as root or as the user of the process");
	whys_add(w, "pages", "/proc/812/pagemap: Permission denied",
		 "run as root or as the user of the process");
	whys_add(w, "tasks[].sp", "/proc/812/task/*/syscall: Permission denied", "run as root");
	whys_put(s->whys);
	s->whys = w;
	s->source = "live";
	s->process = (struct process){ .pid = 812, .ppid = 1, .uid = 33, .comm = "nginx",
				       .state = 'S' };
	s->mm[MM_VM_SIZE] = 64 * MiB;
	s->mm[MM_VM_RSS] = 11 * MiB;
	s->statm_rss = 11 * MiB;
	s->time_ns = 1000000000ull * (uint64_t)(step + 1);
	return s;
}

static struct snapshot *make_ended(int step)
{
	struct snapshot *s = make_shell(step);

	if (step) {
		s->process.ended = true;
		s->process.exit_known = true;
		s->process.exit_status = 0;
	}
	return s;
}

/* After P: each page of a file is shared by two. */
static struct snapshot *make_smaps(int step)
{
	struct snapshot *s = make_shell(step);
	struct details *d = details_create(s->layout);

	d->pss = d->uss = 0;
	for (size_t i = 0; i < s->layout->n; i++) {
		const struct vma *v = &s->layout->vmas[i];
		struct page_counts n = residency_count(s->pages, v->start, v->end);
		uint64_t rss = page_counts_resident(&n) * PAGE_BYTES;

		d->vma[i].pss = v->inode ? rss / 2 : rss;
		d->vma[i].swap = 0;
		d->pss += d->vma[i].pss;
	}
	s->details = d;
	return s;
}

const struct scene scenes[] = {
	{ "shell", make_shell, 1 },
	{ "smaps", make_smaps, 1 },
	{ "frames", make_frames, 1 },
	{ "growing", make_growing, 3 },
	{ "threads", make_threads, 1 },
	{ "hostile", make_hostile, 1 },
	{ "closed", make_closed, 1 },
	{ "kthread", make_kthread, 1 },
	{ "denied", make_denied, 1 },
	{ "ended", make_ended, 2 },
	{ NULL, NULL, 0 },
};

/* ---- the source ---- */

struct scene_source {
	struct source source;
	const struct scene *scene;
	const struct snapshot *last;
	int step;
};

static struct error *scene_sample(struct source *src, const struct source_want *want,
				  const struct snapshot **ret)
{
	struct scene_source *ss = (struct scene_source *)src;

	(void)want;
	if (ss->step < ss->scene->steps) {
		snapshot_put(ss->last);
		ss->last = ss->scene->make(ss->step++);
	}
	*ret = snapshot_get(ss->last);
	return NULL;
}

static void scene_close(struct source *src)
{
	struct scene_source *ss = (struct scene_source *)src;

	snapshot_put(ss->last);
	free(ss);
}

static const struct source_ops scene_ops = {
	.scheme = "scene", .caps = CAP_LIVE | CAP_KSTACKS | CAP_TASKS | CAP_PAGES | CAP_DETAIL,
	.sample = scene_sample, .close = scene_close,
};

struct session *scene_play(const char *name)
{
	struct scene_source *ss = xcalloc(1, sizeof(*ss));
	struct source_want want = { 0 };
	struct session *s;

	ss->source.ops = &scene_ops;
	for (ss->scene = scenes; strcmp(ss->scene->name, name); ss->scene++)
		if (!ss->scene[1].name)
			abort();
	s = session_create(&ss->source);
	for (int i = 0; i < ss->scene->steps; i++)
		error_destroy(session_tick(s, &want));
	return s;
}
