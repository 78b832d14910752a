/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/vma.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

const struct vma_role_info vma_roles[ROLE_NR] = {
#define X(id, name, letter, about) [ROLE_##id] = { name, letter, about },
	VMA_ROLES(X)
#undef X
};

/* Strings lie in chunks that never move; the table of slots only points at them. */
enum { CHUNK_BYTES = 16384 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	char bytes[];
};

struct slot {
	const char *string;
	uint32_t hash, length;
};

struct strings {
	unsigned refs;
	struct chunk *chunks;
	struct slot *slots;
	size_t n, nslots;	/* nslots: a power of two, or 0 */
	size_t bytes;
};

struct strings *strings_create(void)
{
	struct strings *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	return s;
}

struct strings *strings_get(struct strings *s)
{
	if (s)
		s->refs++;
	return s;
}

void strings_put(struct strings *s)
{
	struct chunk *c, *next;

	if (!s || --s->refs)
		return;
	for (c = s->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(s->slots);
	free(s);
}

static uint32_t hash_bytes(const char *bytes, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * 16777619u;
	return h;
}

static struct slot *slot_of(const struct strings *s, const char *bytes, size_t n, uint32_t hash)
{
	size_t i = hash & (s->nslots - 1);

	for (;; i = (i + 1) & (s->nslots - 1)) {
		struct slot *slot = &s->slots[i];

		if (!slot->string)
			return slot;
		if (slot->hash == hash && slot->length == n && !memcmp(slot->string, bytes, n))
			return slot;
	}
}

static void widen(struct strings *s)
{
	struct strings wider = { .nslots = s->nslots ? 2 * s->nslots : 64 };

	wider.slots = xcalloc(wider.nslots, sizeof(*wider.slots));
	for (size_t i = 0; i < s->nslots; i++) {
		struct slot *old = &s->slots[i];

		if (old->string)
			*slot_of(&wider, old->string, old->length, old->hash) = *old;
	}
	free(s->slots);
	s->slots = wider.slots;
	s->nslots = wider.nslots;
}

static char *keep(struct strings *s, const char *bytes, size_t n)
{
	struct chunk *c = s->chunks;
	char *p;

	if (!c || c->size - c->used <= n) {
		size_t size = n + 1 > CHUNK_BYTES ? n + 1 : CHUNK_BYTES;

		c = xmalloc(sizeof(*c) + size);
		c->next = s->chunks;
		c->used = 0;
		c->size = size;
		s->chunks = c;
		s->bytes += sizeof(*c) + size;
	}
	p = c->bytes + c->used;
	memcpy(p, bytes, n);
	p[n] = '\0';
	c->used += n + 1;
	return p;
}

const char *strings_add(struct strings *s, const char *bytes, size_t n)
{
	uint32_t hash;
	struct slot *slot;

	if (n == 0)
		return "";
	if (4 * (s->n + 1) > 3 * s->nslots)
		widen(s);
	hash = hash_bytes(bytes, n);
	slot = slot_of(s, bytes, n, hash);
	if (!slot->string) {
		slot->string = keep(s, bytes, n);
		slot->hash = hash;
		slot->length = (uint32_t)n;
		s->n++;
	}
	return slot->string;
}

size_t strings_bytes(const struct strings *s)
{
	return s->bytes + s->nslots * sizeof(*s->slots);
}

struct layout *layout_create(struct strings *s, size_t n)
{
	struct layout *l = xcalloc(1, sizeof(*l));

	l->refs = 1;
	l->n = n;
	l->strings = strings_get(s);
	l->vmas = xcalloc(n, sizeof(*l->vmas));
	for (size_t i = 0; i < n; i++)
		l->vmas[i].path = "";
	return l;
}

struct layout *layout_copy(const struct layout *l)
{
	struct layout *own = xmalloc(sizeof(*own));

	*own = (struct layout){ .refs = 1, .n = l->n, .reading = l->reading,
				.strings = strings_get(l->strings) };
	own->vmas = xreallocarray(NULL, l->n ? l->n : 1, sizeof(*own->vmas));
	if (l->n)
		memcpy(own->vmas, l->vmas, l->n * sizeof(*own->vmas));
	return own;
}

struct layout *layout_get(const struct layout *l)
{
	/* A value is const for everybody but its reference count. */
	struct layout *own = (struct layout *)l;

	if (own)
		own->refs++;
	return own;
}

void layout_put(const struct layout *l)
{
	struct layout *own = (struct layout *)l;

	if (!own || --own->refs)
		return;
	strings_put(own->strings);
	free(own->vmas);
	free(own);
}

size_t layout_next(const struct layout *l, uint64_t addr)
{
	size_t lo = 0, hi = l ? l->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->vmas[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

ssize_t layout_find(const struct layout *l, uint64_t addr)
{
	size_t i = layout_next(l, addr);

	if (!l || i == l->n || l->vmas[i].start > addr)
		return -1;
	return (ssize_t)i;
}

bool vma_equal(const struct vma *a, const struct vma *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && a->tid == b->tid && a->perms == b->perms &&
	       a->role == b->role && a->guess == b->guess && a->growsdown == b->growsdown &&
	       (a->path == b->path || !strcmp(a->path, b->path));
}

bool layout_equal(const struct layout *a, const struct layout *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!vma_equal(&a->vmas[i], &b->vmas[i]))
			return false;
	return true;
}

const char *vma_perms(const struct vma *v, char out[5])
{
	out[0] = v->perms & VMA_READ ? 'r' : '-';
	out[1] = v->perms & VMA_WRITE ? 'w' : '-';
	out[2] = v->perms & VMA_EXEC ? 'x' : '-';
	out[3] = v->perms & VMA_SHARED ? 's' : 'p';
	out[4] = '\0';
	return out;
}

/* A private mapping of /dev/zero has an inode, and anonymous memory. */
bool vma_has_file(const struct vma *v)
{
	return v->inode && (v->perms & VMA_SHARED || strcmp(v->path, "/dev/zero"));
}
