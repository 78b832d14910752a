/* SPDX-License-Identifier: GPL-2.0-or-later
 * Memory for the objects of the simulated kernel, out of the machine's block of words:
 * free lists by size, and a top that grows. Its own bookkeeping is journaled as well.
 */
#include <sys/mman.h>
#include "mm.h"

bool sim_ask_alloc(struct sim *s, const char *what)
{
	if (!journal_room(s) || (s->env->fail && s->env->fail(s->env->ctx, what))) {
		s->failed = true;
		return false;
	}
	return true;
}

void *arena_grow(struct sim *s, unsigned size_class)
{
	struct root *r = s->root;
	u64 words = 1ull << size_class;
	jword *p = s->base + r->heap_top;

	if (r->heap_top + words > r->heap_end) {
		s->failed = true;
		return NULL;
	}
	ADD(s, r->heap_top, words);
	return p;
}

void *arena_alloc(struct sim *s, size_t bytes, const char *what)
{
	void *p = arena_alloc_used(s, bytes, what);

	if (p)
		journal_zero(s, p, 8ull << size_class(bytes));
	return p;
}

static void *host_reserve(void *ctx, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)ctx;
	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_HUGEPAGE);	/* a wish: fewer faults of our own */
	madvise(p, bytes, MADV_DONTFORK);	/* a child needs none of it, and each page would fault here */
	return p;
}

static void host_release(void *ctx, void *p, size_t bytes)
{
	(void)ctx;
	munmap(p, bytes);
}

const struct sim_env sim_env_host = { .reserve = host_reserve, .release = host_release };
