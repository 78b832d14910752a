/* SPDX-License-Identifier: GPL-2.0-or-later
 * Memory for the objects of the simulated kernel, out of the machine's block of words:
 * free lists by size, and a top that grows. Its own bookkeeping is journaled as well.
 */
#include <sys/mman.h>
#include "mm.h"

/* Sizes are rounded up to powers of two words, from 1 word. */
static inline unsigned size_class(size_t bytes)
{
	return bytes <= 8 ? 0 : 64 - (unsigned)__builtin_clzll((bytes - 1) / 8);
}

bool sim_ask_alloc(struct sim *s, const char *what)
{
	if (!journal_room(s) || (s->env->fail && s->env->fail(s->env->ctx, what))) {
		s->failed = true;
		return false;
	}
	return true;
}

/* As it was left by its last user, if any. */
void *arena_alloc_used(struct sim *s, size_t bytes, const char *what)
{
	struct root *r = s->root;
	unsigned c = size_class(bytes);
	u64 words = 1ull << c;
	jword *p;

	if (!sim_may_alloc(s, what))
		return NULL;
	if (r->freed[c]) {
		p = s->base + r->freed[c];
		SET(s, r->freed[c], *p);
		return p;
	}
	if (r->heap_top + words > r->heap_end) {
		s->failed = true;
		return NULL;
	}
	p = s->base + r->heap_top;
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

/* The first word links the free ones of a size. */
void arena_free(struct sim *s, void *mem, size_t bytes)
{
	unsigned c = size_class(bytes);
	jword *p = mem;

	SET(s, *p, s->root->freed[c]);
	SET(s, s->root->freed[c], (u64)(p - s->base));
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
