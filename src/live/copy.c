/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include "src/live/copy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/uapi.h"

void copy_init(struct copy *c)
{
	*c = (struct copy){ .fd_mem = -1, .fd_pagemap = -1 };
}

void copy_free(struct copy *c)
{
	for (size_t i = 0; i < COPY_CHUNKS; i++)
		free(c->chunk[i].bytes);
	copy_init(c);
}

void copy_start(struct copy *c, int fd_mem, int fd_pagemap, const struct layout *l)
{
	c->fd_mem = fd_mem;
	c->fd_pagemap = fd_pagemap;
	c->layout = l;
	for (size_t i = 0; i < COPY_CHUNKS; i++)
		c->chunk[i].start = c->chunk[i].end = 0;
}

static struct copy_chunk *find(struct copy *c, uint64_t addr)
{
	for (size_t i = 0; i < COPY_CHUNKS; i++)
		if (addr >= c->chunk[i].start && addr < c->chunk[i].end)
			return &c->chunk[i];
	return NULL;
}

static void read_pages(const struct copy *c, struct copy_chunk *k, const uint64_t *entries,
		       size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t j = i;
		ssize_t got;

		while (j < n && entries[j] & PAGEMAP_PRESENT)
			j++;
		if (j == i) {
			i++;
			continue;
		}
		got = pread(c->fd_mem, k->bytes + i * PAGE_BYTES, (j - i) * PAGE_BYTES,
			    (off_t)(k->start + i * PAGE_BYTES));
		for (; got >= (ssize_t)PAGE_BYTES; got -= PAGE_BYTES)
			k->present |= 1u << i++;
		i = j;
	}
}

static enum copy_result fetch(struct copy *c, uint64_t page, struct copy_chunk **ret)
{
	uint64_t entries[COPY_PAGES], end = page + COPY_PAGES * PAGE_BYTES;
	ssize_t v = c->layout ? layout_find(c->layout, page) : -1, got;
	struct copy_chunk *k = &c->chunk[c->next];

	if (v < 0 || !(c->layout->vmas[v].perms & VMA_READ))
		return COPY_UNMAPPED;
	if (c->fd_mem < 0 || c->fd_pagemap < 0)
		return COPY_REFUSED;
	if (end > c->layout->vmas[v].end)
		end = c->layout->vmas[v].end;
	got = pread(c->fd_pagemap, entries, (end - page) / PAGE_BYTES * sizeof(*entries),
		    (off_t)(page / PAGE_BYTES * sizeof(*entries)));
	if (got < (ssize_t)sizeof(*entries))
		return COPY_REFUSED;
	if (!k->bytes)
		k->bytes = xmalloc(COPY_PAGES * PAGE_BYTES);
	c->next = (c->next + 1) % COPY_CHUNKS;
	k->start = page;
	k->end = page + (uint64_t)got / sizeof(*entries) * PAGE_BYTES;
	k->present = 0;
	read_pages(c, k, entries, (size_t)got / sizeof(*entries));
	*ret = k;
	return COPY_OK;
}

static enum copy_result read_byte_run(struct copy *c, uint64_t addr, unsigned size, char *out)
{
	uint64_t page = addr & ~(uint64_t)(PAGE_BYTES - 1);
	struct copy_chunk *k = find(c, addr);
	enum copy_result r = k ? COPY_OK : fetch(c, page, &k);

	if (r != COPY_OK)
		return r;
	if (!(k->present >> ((page - k->start) / PAGE_BYTES) & 1))
		return COPY_ABSENT;
	memcpy(out, k->bytes + (addr - k->start), size);
	return COPY_OK;
}

enum copy_result copy_read(struct copy *c, uint64_t addr, unsigned size, uint64_t *ret)
{
	unsigned first = (unsigned)(PAGE_BYTES - addr % PAGE_BYTES);
	char bytes[8] = { 0 };
	enum copy_result r;

	if (addr > UINT64_MAX - 2 * PAGE_BYTES)
		return COPY_UNMAPPED;
	if (first > size)
		first = size;
	r = read_byte_run(c, addr, first, bytes);
	if (r == COPY_OK && first < size)
		r = read_byte_run(c, addr + first, size - first, bytes + first);
	if (r == COPY_OK)
		memcpy(ret, bytes, sizeof(*ret));
	return r;
}

void copy_ahead(struct copy *c, uint64_t addr)
{
	uint64_t page = addr & ~(uint64_t)(PAGE_BYTES - 1);
	struct copy_chunk *k;

	/* One chunk stays for code. */
	for (int i = 0; i < COPY_CHUNKS - 1 && fetch(c, page, &k) == COPY_OK; i++)
		page = k->end;
}
