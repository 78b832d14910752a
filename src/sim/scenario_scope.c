/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names, processes and what is not executed: decided here, for every world alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mmscope/alloc.h"
#include "src/sim/scenario.h"

#define TEXT_START 0x400000ull
#define TEXT_END 0x401000ull
enum { ADVICE_POPULATE_READ = 22, ADVICE_POPULATE_WRITE = 23 };

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + SIM_PAGE - 1) & ~(uint64_t)(SIM_PAGE - 1);
}

/* ---- names ---------------------------------------------------------------------------- */

static void bind_symbol(struct scope *s, unsigned symbol, uint64_t addr, uint64_t len)
{
	struct scope_proc *p = &s->proc[s->current];

	if (symbol >= p->nbind) {
		size_t n = symbol + 1 < 2 * p->nbind ? 2 * p->nbind : symbol + 1;

		p->bind = xreallocarray(p->bind, n, sizeof(*p->bind));
		memset(p->bind + p->nbind, 0, (n - p->nbind) * sizeof(*p->bind));
		p->nbind = n;
	}
	p->bind[symbol] = (struct scope_binding) { addr, len, ++s->clock, 0 };
}

static void bind_special(struct scope *s, const struct world_region *r)
{
	static const struct { const char *name; unsigned symbol; } known[] = {
		{ "vvar", SYM_VVAR }, { "vvar_vclock", SYM_VVAR_VCLOCK }, { "vdso", SYM_VDSO },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, r->name) == 0)
			bind_symbol(s, known[i].symbol, r->start, r->bytes);
}

/* The names that every program begins with. */
static void begin(struct scope *s, const struct world_info *info)
{
	struct scope_proc *p = &s->proc[s->current];
	unsigned i;

	p->sp = info->sp;
	p->mmap_base = info->mmap_base;
	p->start_brk = p->brk = info->start_brk;
	bind_symbol(s, SYM_TEXT, TEXT_START, SIM_PAGE);
	bind_symbol(s, SYM_DATA, TEXT_END, SIM_PAGE);
	bind_symbol(s, SYM_BSS, TEXT_END + SIM_PAGE, SIM_PAGE);
	bind_symbol(s, SYM_STACK, info->stack_start, info->stack_end - info->stack_start);
	for (i = 0; i < info->nspecials; i++)
		bind_special(s, &info->special[i]);
}

void scope_init(struct scope *s, const struct world_info *info, const struct sim_options *o)
{
	memset(s, 0, sizeof(*s));
	s->nprocs = 1;
	s->ntasks = 1;
	s->proc[0].alive = true;
	s->proc[0].parent = -1;
	memcpy(s->proc[0].limit, o->limit, sizeof(o->limit));
	begin(s, info);
}

void scope_exec(struct scope *s, const struct world_info *info)
{
	struct scope_proc *p = &s->proc[s->current];

	memset(p->bind, 0, p->nbind * sizeof(*p->bind));
	begin(s, info);
}

static void copy_proc(struct scope_proc *to, const struct scope_proc *from)
{
	*to = *from;
	to->bind = xmalloc(from->nbind * sizeof(*to->bind));
	memcpy(to->bind, from->bind, from->nbind * sizeof(*to->bind));
}

void scope_copy(struct scope *to, const struct scope *from)
{
	unsigned i;

	*to = *from;
	for (i = 0; i < from->nprocs; i++)
		copy_proc(&to->proc[i], &from->proc[i]);
}

void scope_free(struct scope *s)
{
	unsigned i;

	for (i = 0; i < s->nprocs; i++)
		free(s->proc[i].bind);
	memset(s, 0, sizeof(*s));
}

bool scope_find(const struct scope *s, unsigned symbol, struct scope_binding *ret)
{
	const struct scope_proc *p = &s->proc[s->current];

	if (symbol < p->nbind && p->bind[symbol].when) {
		*ret = p->bind[symbol];
		return true;
	}
	switch (symbol) {
	case SYM_HEAP:
		*ret = (struct scope_binding) { p->start_brk, p->brk - p->start_brk, 1, 0 };
		return true;
	case SYM_SP:
		*ret = (struct scope_binding) { p->sp, 0, 1, 0 };
		return true;
	case SYM_MMAPBASE:
		*ret = (struct scope_binding) { p->mmap_base, 0, 1, 0 };
		return true;
	default:
		return false;
	}
}

static void add_distance(struct buf *ret, char sign, uint64_t bytes)
{
	if (bytes / SIM_PAGE)
		buf_addf(ret, "%c%llup", sign, (unsigned long long)(bytes / SIM_PAGE));
	if (bytes % SIM_PAGE)
		buf_addf(ret, "%c%llu", sign, (unsigned long long)(bytes % SIM_PAGE));
}

void scope_words(const struct scenario *sc, const struct scope *s, uint64_t addr, struct buf *ret)
{
	const struct scope_proc *p = &s->proc[s->current];
	/* Only words: a scenario with thousands of names does without the later ones. */
	size_t n = sc->nsymbols < 1024 ? sc->nsymbols : 1024, i;
	struct scope_binding b, inside = { 0 }, above = { .addr = UINT64_MAX };
	size_t inside_symbol = 0, above_symbol = n;

	for (i = 0; i < n; i++) {
		if (i >= p->nbind && i >= SYM_NBUILTIN)
			break;
		if (i == SYM_SP || i == SYM_MMAPBASE || !scope_find(s, (unsigned)i, &b))
			continue;
		if (addr - b.addr < b.len && b.when >= inside.when) {
			inside = b;
			inside_symbol = i;
		} else if (b.addr > addr && b.addr < above.addr) {
			above = b;
			above_symbol = i;
		}
	}
	if (inside.when) {
		buf_adds(ret, sc->symbol[inside_symbol]);
		add_distance(ret, '+', addr - inside.addr);
	} else if (above_symbol < n) {
		buf_adds(ret, sc->symbol[above_symbol]);
		add_distance(ret, '-', above.addr - addr);
	} else {
		buf_addf(ret, "0x%llx", (unsigned long long)addr);
	}
}

/* ---- what is not executed ---------------------------------------------------------------- */

static bool touches_text(uint64_t addr, uint64_t len)
{
	uint64_t end;

	if (!len || addr >= TEXT_END)
		return false;
	return __builtin_add_overflow(addr, len, &end) || end > TEXT_START;
}

static bool would_change_text(const struct sim_op *op)
{
	switch (op->kind) {
	case SIM_OP_MMAP:
		return (op->flags & MAP_FIXED) && touches_text(op->addr, op->len);
	case SIM_OP_MUNMAP:
	case SIM_OP_MPROTECT:
	case SIM_OP_MADVISE:
		return touches_text(op->addr, op->len);
	case SIM_OP_MREMAP:
		return touches_text(op->addr, op->len) ||
		       ((op->flags & MREMAP_FIXED) && touches_text(op->newaddr, op->newlen));
	default:
		return false;
	}
}

static bool over_cap(const struct sim_op *op)
{
	switch (op->kind) {
	case SIM_OP_TOUCH:
		return op->pages > SCENARIO_POPULATE_CAP / SIM_PAGE;
	case SIM_OP_MMAP:
		return (op->flags & (MAP_POPULATE | MAP_LOCKED)) && op->len > SCENARIO_POPULATE_CAP;
	case SIM_OP_MADVISE:
		return (op->advice == ADVICE_POPULATE_READ ||
			op->advice == ADVICE_POPULATE_WRITE) &&
		       op->len > SCENARIO_POPULATE_CAP;
	case SIM_OP_TRUNCATE:
		return op->len > SCENARIO_POPULATE_CAP;
	default:
		return false;
	}
}

/* Where executing whatever lies there could do more than fault. */
static bool wild_execute(const struct scope *s, const struct sim_op *op)
{
	uint64_t sp_page = s->proc[s->current].sp & ~(uint64_t)(SIM_PAGE - 1), i;

	if (op->kind != SIM_OP_TOUCH || op->mode != 'x')
		return false;
	for (i = 0; i < op->pages; i++) {
		uint64_t addr = op->addr + i * SIM_PAGE;

		if ((addr >= TEXT_START && addr < TEXT_END) || addr >= sp_page)
			return true;
	}
	return false;
}

static unsigned alive(const struct scope *s)
{
	unsigned n = 0, i;

	for (i = 0; i < s->nprocs; i++)
		n += s->proc[i].alive;
	return n;
}

static const char *refusal(const struct scope *s, const struct sim_op *op)
{
	if (would_change_text(op))
		return "refused: text";
	if (over_cap(op))
		return "refused: populate cap";
	if (wild_execute(s, op))
		return "refused: execute";
	if (op->kind == SIM_OP_FORK && s->nprocs == SIM_MAX_PROCS)
		return "refused: too many processes";
	if (op->kind == SIM_OP_THREAD && s->nthreads == SIM_MAX_THREADS)
		return "refused: too many threads";
	if (op->kind == SIM_OP_EXIT && alive(s) == 1 && s->task == s->proc[s->current].task)
		return "refused: last process";
	if ((op->kind == SIM_OP_KCALL && op->len > SCENARIO_KCALL_CAP) ||
	    (op->kind == SIM_OP_CALL && (op->len > SCENARIO_POPULATE_CAP || op->value > 4096)))
		return "refused: populate cap";
	return NULL;
}

static void put(const struct scope *s, struct sim_op *op, enum slot slot, uint64_t value, bool sign)
{
	switch (slot) {
	case SLOT_ADDR:
		op->addr = value + (op->kind == SIM_OP_BRK && sign ? s->proc[s->current].brk : 0);
		break;
	case SLOT_OFFSET:
		op->addr = s->proc[s->current].sp + value;
		break;
	case SLOT_LEN:
		op->len = value;
		break;
	case SLOT_NEWLEN:
		op->newlen = value;
		break;
	case SLOT_PLACE:
		if (op->kind == SIM_OP_MREMAP)
			op->newaddr = value;
		else
			op->addr = value;
		break;
	case SLOT_OFF:
		op->off = value;
		break;
	case SLOT_VALUE:
		op->value = value;
		break;
	case SLOT_GUARD:
		op->guard = value;
		break;
	}
}

int scope_task(const struct scope *s, int name, int proc)
{
	const struct scope_proc *p = &s->proc[s->current];
	unsigned symbol = (unsigned)name;

	if (name == SYM_NONE)
		return (unsigned)proc < s->nprocs && s->proc[proc].alive ? s->proc[proc].task + 1 : 0;
	if (symbol < p->nbind && p->bind[symbol].when && p->bind[symbol].task)
		return p->bind[symbol].task;
	for (unsigned i = s->nkthreads; i-- > 0;)
		if (s->kthread[i].symbol == symbol)
			return s->kthread[i].task + 1;
	return 0;
}

/* The number of a block of physical memory + 1; 0: nothing of that name. */
static int scope_block(const struct scope *s, int name)
{
	for (unsigned i = s->npblocks; i-- > 0;)
		if (s->pblock[i].symbol == (unsigned)name)
			return s->pblock[i].block + 1;
	return 0;
}

static enum verdict no_task(const struct scenario *sc, const struct scenario_op *so, char why[64])
{
	if (so->task == SYM_NONE)
		snprintf(why, 64, "skipped: no process P%llu", (unsigned long long)so->op.value);
	else
		snprintf(why, 64, "skipped: no task %s", sc->symbol[so->task]);
	return VERDICT_SKIPPED;
}

/* As glibc chooses it, with the limit as it is now. */
static uint64_t thread_size(uint64_t stack_limit)
{
	return stack_limit == SIM_UNLIMITED ? 2u << 20 : stack_limit;
}

enum verdict scenario_resolve(const struct scenario *sc, const struct scope *s,
			      const struct scenario_op *so, struct sim_op *ret, char why[64])
{
	struct sim_op op = so->op;
	int unbound = SYM_NONE;
	const char *refused;
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < so->nargs; i++)
		if (scenario_eval(sc, s, so->arg[i].expr, &value, &unbound))
			put(s, &op, so->arg[i].slot, value, so->arg[i].expr.sign);
	if (unbound != SYM_NONE) {
		snprintf(why, 64, "skipped: no name %s", sc->symbol[unbound]);
		return VERDICT_SKIPPED;
	}
	if (op.kind == SIM_OP_SWITCH &&
	    ((unsigned)op.proc >= s->nprocs || !s->proc[op.proc].alive))
		return no_task(sc, so, why);
	if (op.kind == SIM_OP_RUN || op.kind == SIM_OP_SHARE) {
		op.task = scope_task(s, so->task, so->op.proc);
		if (!op.task)
			return no_task(sc, so, why);
	}
	if (op.kind == SIM_OP_FREE) {
		op.value = (uint64_t)scope_block(s, so->task);
		if (!op.value) {
			snprintf(why, 64, "skipped: no block %s", sc->symbol[so->task]);
			return VERDICT_SKIPPED;
		}
	}
	if (op.kind == SIM_OP_THREAD || op.kind == SIM_OP_KTHREAD)
		snprintf(op.name, sizeof(op.name), "%s", sc->symbol[so->bind]);
	if (op.kind == SIM_OP_TOUCH) {
		/* ceil(LEN / 4096) without overflow */
		op.pages = so->ranged ? op.len / SIM_PAGE + (op.len % SIM_PAGE != 0) : 1;
		op.len = 0;
	}
	if (so->unlimited)
		op.value = SIM_UNLIMITED;
	if (op.kind == SIM_OP_THREAD && !op.len)
		op.len = thread_size(s->proc[s->current].limit[SIM_LIMIT_STACK]);
	*ret = op;
	refused = refusal(s, &op);
	if (refused) {
		snprintf(why, 64, "%s", refused);
		return VERDICT_REFUSED;
	}
	return VERDICT_RUN;
}

/* ---- what was executed ------------------------------------------------------------------- */

static void apply_fork(struct scope *s)
{
	copy_proc(&s->proc[s->nprocs], &s->proc[s->current]);
	s->proc[s->nprocs].parent = (int)s->current;
	s->proc[s->nprocs].task = s->task = s->ntasks++;
	s->current = s->nprocs++;
}

static void apply_exit(struct scope *s)
{
	int next = s->proc[s->current].parent;
	unsigned i;

	s->proc[s->current].alive = false;
	while (next >= 0 && !s->proc[next].alive)
		next = s->proc[next].parent;
	for (i = 0; next < 0 && i < s->nprocs; i++)
		if (s->proc[i].alive)
			next = (int)i;
	s->current = (unsigned)next;
	s->task = s->proc[next].task;
}

static void bind_task(struct scope *s, const struct scenario_op *so, const struct sim_op *op)
{
	if (op->kind == SIM_OP_THREAD) {
		s->proc[s->current].bind[so->bind].task = s->ntasks++ + 1;
	} else if (s->nkthreads < SIM_MAX_KTHREADS) {
		s->kthread[s->nkthreads].symbol = (unsigned)so->bind;
		s->kthread[s->nkthreads++].task = s->ntasks++;
	}
}

/* The machine itself knows who runs now, and who did not survive. */
static void machine_says(struct scope *s, const struct sim_op *op, const struct sim_result *res)
{
	if (!res->placed)
		return;
	if (op->kind == SIM_OP_FORK && res->child && res->status != SIM_OK)
		apply_fork(s);
	if (res->died)
		s->proc[res->died - 1].alive = false;
	s->current = (unsigned)res->proc;
	s->task = res->task;
}

static void apply_ok(struct scope *s, const struct scenario_op *so, const struct sim_op *op,
		     const struct sim_result *res);

void scope_apply(struct scope *s, const struct scenario_op *so, const struct sim_op *op,
		 const struct sim_result *res)
{
	struct scope_proc *p = &s->proc[s->current];

	if (op->kind == SIM_OP_BRK && (res->status == SIM_OK || res->status == SIM_UNCHANGED))
		p->brk = res->ret;
	if (res->status == SIM_OK)
		apply_ok(s, so, op, res);
	machine_says(s, op, res);
}

static void apply_ok(struct scope *s, const struct scenario_op *so, const struct sim_op *op,
		     const struct sim_result *res)
{
	struct scope_proc *p = &s->proc[s->current];

	switch (op->kind) {
	case SIM_OP_MMAP:
		bind_symbol(s, (unsigned)so->bind, res->ret, page_up(op->len));
		break;
	case SIM_OP_MREMAP:
		if (so->bind != SYM_NONE)
			bind_symbol(s, (unsigned)so->bind, res->ret, page_up(op->newlen));
		break;
	case SIM_OP_THREAD:
		bind_symbol(s, (unsigned)so->bind, res->ret, page_up(op->len) + page_up(op->guard));
		s->nthreads++;
		bind_task(s, so, op);
		break;
	case SIM_OP_KTHREAD:
		bind_task(s, so, op);
		break;
	case SIM_OP_ALLOC: case SIM_OP_FRAGMENT:
		if (s->npblocks < SIM_MAX_BLOCKS) {
			s->pblock[s->npblocks].symbol = (unsigned)so->bind;
			s->pblock[s->npblocks++].block = (int)res->ret;
		}
		break;
	case SIM_OP_SETRLIMIT:
		p->limit[op->limit] = op->value;
		break;
	case SIM_OP_FORK:
		apply_fork(s);
		break;
	case SIM_OP_EXIT:
		if (!res->placed)
			apply_exit(s);
		break;
	case SIM_OP_SWITCH:
		s->current = (unsigned)op->proc;
		s->task = s->proc[op->proc].task;
		break;
	case SIM_OP_EXEC:		/* whoever called it is the main thread now */
		s->proc[s->current].task = s->task;
		break;
	default:
		break;
	}
}
