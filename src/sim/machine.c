/* SPDX-License-Identifier: GPL-2.0-or-later
 * The machine: made, run, compared, ended.
 */
#include <stdlib.h>
#include <string.h>
#include "mmscope/buf.h"
#include "kside.h"
#include "phys.h"

#define MACHINE_MAGIC 0x6d6d73636f706531ull
#define HEAP_MOST (8ull << 30)
#define HEAP_LEAST (32ull << 20)
#define MIN_RAM_PAGES 256

void sim_options_init(struct sim_options *o)
{
	*o = (struct sim_options){
		.profile = &profile_linux_6_18_x86_64,
		.limit = { [SIM_LIMIT_STACK] = 8ull << 20, [SIM_LIMIT_AS] = SIM_UNLIMITED,
			   [SIM_LIMIT_DATA] = SIM_UNLIMITED, [SIM_LIMIT_MEMLOCK] = 8ull << 20 },
		.memlock_hard = 8ull << 20,
		.ram_pages = 6171024,
		.max_map_count = 65530,
	};
}

const struct sim_options *sim_get_options(const struct sim *s)
{
	return &s->opt;
}

static bool reserve(struct sim *s)
{
	size_t root = (sizeof(struct root) + 63) & ~(size_t)63,
	       frames = (s->nframes + 1) * sizeof(struct frame);

	for (u64 heap = HEAP_MOST; heap >= HEAP_LEAST; heap /= 4) {
		s->bytes = root + frames + heap;
		s->base = s->env->reserve(s->env->ctx, s->bytes);
		if (!s->base)
			continue;
		s->root = (struct root *)(void *)s->base;
		s->frame = (struct frame *)(void *)((char *)s->base + root);
		s->root->magic = MACHINE_MAGIC;
		s->root->heap_top = (root + frames) / 8;
		s->root->heap_end = s->bytes / 8;
		return true;
	}
	return false;
}

/* What is there before any process: free memory, and files in the page cache. */
static bool boot(struct sim *s)
{
	struct object *exe, *file, *vdso;
	u64 special = s->prof->vdso_pages;

	if (!buddy_init(s, s->nframes))
		return false;
	zone_init(s);
	exe = object_create(s, OBJ_EXE, s->prof->exe_pages * PAGE_SIZE);
	file = object_create(s, OBJ_FILE, 64 * PAGE_SIZE);
	if (!RULE(s, vvar_by_number))		/* vvar's pages lie behind those of the vdso */
		special += s->prof->vvar_pages;
	vdso = object_create(s, OBJ_VDSO, special * PAGE_SIZE);
	if (!exe || !file || !vdso)
		return false;
	s->root->object[OBJ_VDSO] = REF(s, vdso);
	for (u64 i = 0; i < special; i++) {
		u32 pfn = page_add(s, vdso, i, 0, 0);

		if (!pfn)
			return false;
		frame_at(s, pfn)->count = 1;
		frame_at(s, pfn)->flags = FRF_ELSEWHERE;
	}
	s->root->object[OBJ_EXE] = REF(s, exe);
	s->root->object[OBJ_FILE] = REF(s, file);
	for (u64 i = 0; i < s->prof->exe_pages; i++)
		if (!page_add(s, exe, i, 0, 0))
			return false;
	for (u64 i = 0; i < 64; i++)
		if (!page_add(s, file, i, 0, 0))
			return false;
	if (!tasks_boot(s))
		return false;
	journal_forget(s);
	return true;
}

struct sim *sim_create(const struct sim_options *o, const struct sim_env *env)
{
	struct sim *s;

	if (o->ram_pages < MIN_RAM_PAGES || o->ram_pages > MAX_FRAMES - 1 || !o->profile)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->env = env ? env : &sim_env_host;
	s->opt = *o;
	s->prof = o->profile;
	s->nframes = o->ram_pages;
	s->table_mask = s->prof->table_entries - 1;
	s->pmd_size = s->prof->table_entries * PAGE_SIZE;
	s->log = calloc(1, sizeof(*s->log));
	if (!s->log || !journal_create(s) || !reserve(s) || !boot(s) || !exec_first(s)) {
		sim_destroy(s);
		return NULL;
	}
	s->start_pos = sim_position(s);
	s->jend = s->jcur;
	hot_forget(s);
	return s;
}

void sim_destroy(struct sim *s)
{
	if (!s)
		return;
	journal_destroy(s);
	if (s->log)
		buf_free(s->log);
	free(s->log);
	if (s->base)
		s->env->release(s->env->ctx, s->base, s->bytes);
	free(s);
}

typedef void (*op_fn)(struct sim *s, const struct sim_op *op, struct sim_result *res);

static const op_fn ops[SIM_NOPS] = {
	[SIM_OP_MMAP] = op_mmap, [SIM_OP_MUNMAP] = op_munmap, [SIM_OP_MPROTECT] = op_mprotect,
	[SIM_OP_MREMAP] = op_mremap, [SIM_OP_BRK] = op_brk, [SIM_OP_MADVISE] = op_madvise,
	[SIM_OP_MLOCK] = op_mlock, [SIM_OP_MUNLOCK] = op_mlock, [SIM_OP_MLOCKALL] = op_mlock,
	[SIM_OP_MUNLOCKALL] = op_mlock, [SIM_OP_MSYNC] = op_msync, [SIM_OP_MSEAL] = op_mseal,
	[SIM_OP_TOUCH] = op_touch, [SIM_OP_SETRLIMIT] = op_setrlimit, [SIM_OP_FORK] = op_fork,
	[SIM_OP_EXIT] = op_exit, [SIM_OP_SWITCH] = op_switch, [SIM_OP_TRUNCATE] = op_truncate,
	[SIM_OP_THREAD] = op_thread, [SIM_OP_EXEC] = op_exec, [SIM_OP_CALL] = op_call,
	[SIM_OP_RET] = op_ret, [SIM_OP_KTHREAD] = op_kthread,
	[SIM_OP_ALLOC] = op_alloc, [SIM_OP_FREE] = op_free, [SIM_OP_FRAGMENT] = op_fragment, [SIM_OP_RUN] = op_run,
	[SIM_OP_SYSCALL] = op_syscall, [SIM_OP_SYSRET] = op_sysret, [SIM_OP_KCALL] = op_kcall,
	[SIM_OP_KRET] = op_kret, [SIM_OP_IRQ] = op_irq, [SIM_OP_SOFTIRQ] = op_irq,
	[SIM_OP_NMI] = op_irq, [SIM_OP_EXCEPTION] = op_irq, [SIM_OP_IRQRET] = op_irqret,
	[SIM_OP_SHARE] = op_share, [SIM_OP_SYSRQ] = op_sysrq,
};

/* A refused allocation takes the whole operation back. */
static void take_back(struct sim *s, const struct jent *start, const struct sim_op *op, struct sim_result *res)
{
	journal_take_back(s, start);
	*res = (struct sim_result){ .status = SIM_ERRNO, .err = ENOMEM };
	if (op->kind == SIM_OP_TOUCH)
		*res = (struct sim_result){ .status = SIM_SIGNAL,
					    .sig = SIM_SIG_OOM,
					    .fault = op->addr };
	if (s->stack_end == ALLOC_STALLED)
		*res = (struct sim_result){ .status = SIM_STALLS };
	if (op->kind == SIM_OP_BRK)
		*res = (struct sim_result){ .status = SIM_UNCHANGED, .ret = s->mm->brk };
	res->placed = true;
	res->proc = (int)s->root->current;
	res->task = (int)curr_task(s);
	buf_reset(s->log);
}

/* The kernel's own side, after an operation that may have changed it. */
static inline void settle(struct sim *s, struct sim_result *res)
{
	if (s->root->k.switch_from) {
		SET(s, s->root->k.switch_from, 0);
		SET(s, s->root->k.switch_to, 0);
	}
	res->placed = true;
	res->proc = (int)s->root->current;
	res->task = (int)curr_task(s);
}

/* A system call's arguments are as wide as the kernel's registers; a page offset too. */
static struct sim_op as_wide(const struct sim *s, const struct sim_op *op)
{
	struct sim_op w = *op;

	if (op->kind == SIM_OP_EXEC || op->kind >= SIM_OP_CALL)
		return w;
	w.len = as_ulong(s, w.len);
	w.newlen = as_ulong(s, w.newlen);
	w.guard = as_ulong(s, w.guard);
	if (op->kind == SIM_OP_THREAD)
		return w;
	w.addr = as_ulong(s, w.addr);
	w.newaddr = as_ulong(s, w.newaddr);
	w.off &= s->prof->address_mask << PAGE_SHIFT | ~PAGE_MASK;
	return w;
}

static inline void run(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	const char *why;
	const struct jent *start;

	*res = (struct sim_result){ .status = SIM_OK };
	journal_begin(s);
	start = s->jcur;
	s->failed = false;
	s->stack_end = ALLOC_OK;
	s->depth = 0;
	if ((unsigned)op->kind >= SIM_NOPS || !ops[op->kind]) {
		res->status = SIM_IMPOSSIBLE;
		return;
	}
	s->kfault = 0;
	if (s->log->len)
		buf_reset(s->log);
	why = unlikely(s->root->k.mode) ? kside_refuses(s, op) : NULL;
	if (why)
		skip(res, why);
	else
		ops[op->kind](s, op, res);
	settle(s, res);
	if (s->failed)
		take_back(s, start, op, res);
}

static noinline void run_narrow(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	const struct sim_op wide = as_wide(s, op);

	run(s, &wide, res);
}

void sim_exec(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	if (unlikely(s->prof->address_mask != UINT64_MAX))
		run_narrow(s, op, res);
	else
		run(s, op, res);
}

void sim_trace(struct sim *s, sim_trace_fn fn, void *ctx)
{
	if (fn)
		memset(s->rules_asked, 0, sizeof(s->rules_asked));
	s->trace = fn;
	s->trace_ctx = ctx;
}

const uint64_t *sim_rules_asked(const struct sim *s)
{
	return s->rules_asked;
}

bool sim_retrace(struct sim *s, sim_pos pos, const struct sim_op *op, struct sim_result *res,
		 sim_trace_fn fn, void *ctx)
{
	sim_trace_fn was = s->trace;
	void *was_ctx = s->trace_ctx;

	if (!sim_seek(s, pos))
		return false;
	s->retracing = true;
	sim_trace(s, fn, ctx);
	sim_exec(s, op, res);
	sim_trace(s, was, was_ctx);
	s->retracing = false;
	return true;
}

bool sim_retrace_start(struct sim *s, sim_trace_fn fn, void *ctx)
{
	sim_trace_fn was = s->trace;
	void *was_ctx = s->trace_ctx;
	bool ok;

	if (s->jbase || !sim_seek(s, 0))
		return false;
	s->retracing = true;
	s->depth = 0;
	sim_trace(s, fn, ctx);
	ok = exec_first(s);
	sim_trace(s, was, was_ctx);
	s->retracing = false;
	hot_forget(s);
	return ok;
}

/* ---- comparing ------------------------------------------------------------------------- */

static u64 mix(u64 h, const jword *p, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		h ^= p[i] + 0x9e3779b97f4a7c15ull * (i + 1);
		h *= 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

/* Frames behind the untouched blocks are not in use either, unless memory is nearly full. */
static u64 frames_used(const struct sim *s)
{
	return s->root->virgin && s->root->virgin < s->root->virgin_end ? s->root->virgin :
									  s->nframes;
}

uint64_t sim_digest(const struct sim *s)
{
	u64 h = mix(1, s->base, sizeof(struct root) / 8);
	const jword *heap = s->base + ((const char *)s->frame - (const char *)s->base) / 8 +
			    (s->nframes + 1) * sizeof(struct frame) / 8;
	u64 tail = s->root->virgin_end ? s->root->virgin_end : s->nframes;

	h = mix(h, (const jword *)(const void *)s->frame,
		frames_used(s) * sizeof(struct frame) / 8);
	h = mix(h, (const jword *)(const void *)(s->frame + tail),
		(s->nframes - tail) * sizeof(struct frame) / 8);
	return mix(h, heap, s->root->heap_top - (u64)(heap - s->base));
}

size_t sim_state_bytes(const struct sim *s)
{
	size_t start = (size_t)((const char *)s->frame - (const char *)s->base) +
		       (s->nframes + 1) * sizeof(struct frame);

	return sizeof(struct root) + frames_used(s) * sizeof(struct frame) + s->root->heap_top * 8 -
	       start;
}

void sim_snapshot(const struct sim *s, void *to)
{
	size_t frames = frames_used(s) * sizeof(struct frame);
	size_t start = (size_t)((const char *)s->frame - (const char *)s->base) +
		       (s->nframes + 1) * sizeof(struct frame);
	char *p = to;

	memcpy(p, s->root, sizeof(struct root));
	memcpy(p + sizeof(struct root), s->frame, frames);
	memcpy(p + sizeof(struct root) + frames, (const char *)s->base + start,
	       s->root->heap_top * 8 - start);
}
