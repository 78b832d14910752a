/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/buf.h"
#include "tests/unit/sim_ops.h"

struct sim *machine_of(const struct sim_profile *p, const struct sim_env *env, uint64_t ram_pages)
{
	struct sim_options o;
	struct sim *s;

	sim_options_init(&o);
	if (p)
		o.profile = p;
	o.ram_pages = ram_pages;
	s = sim_create(&o, env);
	assert_non_null(s);
	return s;
}

struct sim_result run(struct sim *s, struct sim_op op)
{
	struct sim_result r;

	sim_exec(s, &op, &r);
	return r;
}

struct sim_result map_at(struct sim *s, uint64_t addr, uint64_t pages, uint32_t prot,
			 uint32_t flags)
{
	return run(s, (struct sim_op){ .kind = SIM_OP_MMAP,
				       .addr = addr,
				       .len = pages * P,
				       .prot = prot,
				       .flags = flags | (addr ? FIXED : 0) });
}

uint64_t map(struct sim *s, uint64_t pages, uint32_t prot, uint32_t flags)
{
	struct sim_result r = map_at(s, 0, pages, prot, flags);

	assert_string_equal(sim_result_text(&r), "ok");
	return r.ret;
}

struct sim_result touch(struct sim *s, uint64_t addr, uint64_t pages, char mode)
{
	return run(s, (struct sim_op){
			      .kind = SIM_OP_TOUCH, .addr = addr, .pages = pages, .mode = mode });
}

struct sim_mm mm_now(const struct sim *s)
{
	struct sim_mm mm;

	sim_mm_get(s, sim_current(s), &mm);
	return mm;
}

static void add_run(void *ctx, uint64_t start, uint64_t pages, char letter)
{
	char *text = ctx;
	size_t n = strlen(text);

	(void)start;
	if (pages > 1)
		n += (size_t)snprintf(text + n, 256 - n, "%llu", (unsigned long long)pages);
	if (n < 255)
		snprintf(text + n, 256 - n, "%c", letter);
}

const char *letters(const struct sim *s, uint64_t addr)
{
	static char text[256];
	struct sim_vma v;

	text[0] = 0;
	if (sim_vma_find(s, sim_current(s), addr, &v) && v.start <= addr)
		sim_page_runs(s, sim_current(s), v.start, v.end, add_run, text);
	return text;
}

void check_all(const struct sim *s)
{
	struct buf why = BUF_INIT;

	if (!sim_check(s, &why))
		fail_msg("%s", buf_str(&why));
	buf_free(&why);
}

uint64_t random_next(struct sim_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

struct sim_random random_for(const struct sim *s, uint64_t seed)
{
	struct sim_vma v = { 0 };

	sim_vma_at(s, 0, sim_vma_count(s, 0) - 1, &v);
	return (struct sim_random){ .state = seed, .base = v.end / 4 & ~0xffffffull, .top = v.end };
}

static uint64_t below(struct sim_random *r, uint64_t n)
{
	return random_next(r) % n;
}

/* Somewhere where things happen: a VMA's edge or middle, the stack's surroundings, a fixed area. */
static uint64_t some_addr(struct sim_random *r, const struct sim *s)
{
	size_t n = sim_vma_count(s, sim_current(s));
	struct sim_vma v;

	switch (below(r, 8)) {
	case 0:
		return (r->top ? r->top : 0x7ffffffff000ull) - below(r, 2400) * P;
	case 1:
		return r->base + below(r, 600) * P;
	case 2:
		return 0x403000 + below(r, 40) * P;
	default:
		if (!n || !sim_vma_at(s, sim_current(s), below(r, n), &v) || v.start < 0x402000)
			return r->base;
		return v.start - v.guard + below(r, (v.end - v.start) / P + 2) * P;
	}
}

static const uint32_t prots[] = { 0, 1, 2, 3, 3, 3, 4, 5, 7 };
static const int advices[] = { 0,  1,  2,  3,  4,  4,  4,  8,  9,  10, 11,  12,	 14,  15,
			       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 102, 102, 103, 104 };

static void random_map(struct sim_random *r, const struct sim *s, struct sim_op *op)
{
	static const uint32_t extra[] = { 0,	  0,	  0,	   0,	 0x100,	  0x8000,
					  0x2000, 0x4000, 0x20000, 0x40, 0x100000 };

	op->len = 1 + below(r, below(r, 8) ? 40 * P : 1100 * P);
	op->backing = below(r, 4) ? SIM_ANON : below(r, 2) ? SIM_FILE : SIM_ROFILE;
	op->off = op->backing == SIM_ANON ? 0 : below(r, 70) * P;
	op->flags = (below(r, 3) ? 2u : 1u) | extra[below(r, sizeof(extra) / sizeof(extra[0]))];
	if (op->addr && below(r, 2))
		op->flags |= FIXED;
	(void)s;
}

static void random_args(struct sim_random *r, const struct sim *s, struct sim_op *op)
{
	static const uint64_t limits[] = { 0, 65536, 1 << 20, 8 << 20, 64 << 20, SIM_UNLIMITED };

	switch (op->kind) {
	case SIM_OP_MMAP:
		op->addr = below(r, 2) ? 0 : op->addr;
		random_map(r, s, op);
		break;
	case SIM_OP_MREMAP:
		op->newlen = below(r, 3) ? op->len : below(r, 64) * P;
		op->flags = (uint32_t)below(r, 8);
		op->newaddr = op->flags & 2 ? some_addr(r, s) : 0;
		break;
	case SIM_OP_BRK:
		op->addr = 0x403000 + below(r, 60) * P / (1 + below(r, 3));
		break;
	case SIM_OP_MLOCK:
		op->flags = (uint32_t)below(r, 2);
		break;
	case SIM_OP_MLOCKALL:
		op->flags = (uint32_t)below(r, 8);
		break;
	case SIM_OP_MSYNC:
		op->flags = (uint32_t)(1u << below(r, 3));
		break;
	case SIM_OP_SETRLIMIT:
		op->limit = (enum sim_limit)below(r, SIM_NLIMITS);
		op->value = limits[below(r, 6)];
		break;
	case SIM_OP_TRUNCATE:
		op->len = below(r, 90 * P);
		break;
	case SIM_OP_THREAD:
		op->name[0] = '\0';
		op->len = (1 + below(r, 64)) * P;
		op->guard = below(r, 3) * P;
		break;
	case SIM_OP_EXEC:
		op->len = below(r, 9000);
		op->newlen = below(r, 2000);
		break;
	default:
		break;
	}
}

struct sim_op random_op(struct sim_random *r, const struct sim *s)
{
	static const enum sim_op_kind kinds[] = {
		SIM_OP_MMAP,	  SIM_OP_MMAP,	     SIM_OP_MMAP,   SIM_OP_MMAP,
		SIM_OP_TOUCH,	  SIM_OP_TOUCH,	     SIM_OP_TOUCH,  SIM_OP_TOUCH,
		SIM_OP_TOUCH,	  SIM_OP_MUNMAP,     SIM_OP_MUNMAP, SIM_OP_MPROTECT,
		SIM_OP_MPROTECT,  SIM_OP_MREMAP,     SIM_OP_MREMAP, SIM_OP_MADVISE,
		SIM_OP_MADVISE,	  SIM_OP_BRK,	     SIM_OP_MLOCK,  SIM_OP_MUNLOCK,
		SIM_OP_MLOCKALL,  SIM_OP_MUNLOCKALL, SIM_OP_MSYNC,  SIM_OP_MSEAL,
		SIM_OP_SETRLIMIT, SIM_OP_FORK,	     SIM_OP_FORK,   SIM_OP_EXIT,
		SIM_OP_SWITCH,	  SIM_OP_TRUNCATE,   SIM_OP_THREAD, SIM_OP_EXEC,
	};
	struct sim_op op = { .kind = kinds[below(r, sizeof(kinds) / sizeof(kinds[0]))] };

	if (op.kind == SIM_OP_MSEAL && below(r, 8))
		op.kind = SIM_OP_MPROTECT;
	if ((op.kind == SIM_OP_EXEC || op.kind == SIM_OP_MLOCKALL) && below(r, 4))
		op.kind = SIM_OP_TOUCH;
	op.addr = some_addr(r, s);
	op.len = (1 + below(r, 24)) * P - (below(r, 6) ? 0 : below(r, P));
	op.prot = prots[below(r, sizeof(prots) / sizeof(prots[0]))];
	op.advice = advices[below(r, sizeof(advices) / sizeof(advices[0]))];
	op.pages = 1 + below(r, 12);
	op.mode = "rwwwx"[below(r, 5)];
	op.proc = (int)below(r, SIM_MAX_PROCS);
	random_args(r, s, &op);
	return op;
}
