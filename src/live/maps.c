/* SPDX-License-Identifier: GPL-2.0-or-later
 * The layout of a live process.
 */
#include <config.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/lines.h"
#include "src/live/maps.h"
#include "src/live/uapi.h"

void maps_build_start(struct maps_build *b, const struct layout *old, struct strings *strings,
		      int maps)
{
	*b = (struct maps_build){ .old = old, .strings = strings, .maps = maps, .same = old != NULL };
}

/* path ends somewhere, the n bytes hold no NUL. */
static bool path_is(const char *path, const char *bytes, size_t n)
{
	return !n ? !*path : !strncmp(path, bytes, n) && !path[n];
}

/* Equal in all that maps tells; the role is ours. */
static bool line_is(const struct vma *v, const struct maps_line *m, const char *path, size_t n)
{
	return v->start == m->start && v->end == m->end && v->perms == m->perms &&
	       v->offset == m->offset && v->inode == m->inode &&
	       v->dev_minor == m->dev_minor && v->dev_major == m->dev_major &&
	       path_is(v->path, path, n);
}

/* Room for a little more. In steps, so that what the layout before last leaves can be used again:
 * fresh memory would cost a fault a page. */
static size_t cap_like(size_t n)
{
	return (n + 64 + 255) & ~(size_t)255;
}

static void room(struct maps_build *b, size_t n)
{
	if (b->cap - b->n >= n)
		return;
	/* Room that is not used is not touched and costs nothing; moving does. */
	b->cap = b->cap ? 4 * b->cap : b->old ? cap_like(b->old->n) : 256;
	if (b->cap - b->n < n)
		b->cap = b->n + n;
	b->vmas = xreallocarray(b->vmas, b->cap, sizeof(*b->vmas));
}

static const struct vma *last_of(const struct maps_build *b)
{
	return !b->n ? NULL : b->same ? &b->old->vmas[b->n - 1] : &b->vmas[b->n - 1];
}

/* What was equal so far is copied, for what comes next is not. */
static void no_longer_same(struct maps_build *b)
{
	b->same = false;
	b->cap = cap_like(b->old->n);
	b->vmas = xreallocarray(NULL, b->cap, sizeof(*b->vmas));
	if (b->n)
		memcpy(b->vmas, b->old->vmas, b->n * sizeof(*b->vmas));
}

static bool add(struct maps_build *b, const struct maps_line *m, const char *path, size_t n)
{
	const struct vma *last;
	struct vma v;

	if (b->same && b->n < b->old->n && line_is(&b->old->vmas[b->n], m, path, n)) {
		b->n++;
		return true;
	}
	last = last_of(b);
	if (last && m->start < last->end)
		return false;
	if (b->same)
		no_longer_same(b);
	v = (struct vma){ .start = m->start, .end = m->end, .offset = m->offset,
			  .inode = m->inode, .dev_major = m->dev_major, .dev_minor = m->dev_minor,
			  .perms = m->perms, .role = ROLE_OTHER, .growsdown = 2 };
	room(b, 1);
	last = last_of(b);
	if (last && n && path_is(last->path, path, n))
		v.path = last->path;
	else
		v.path = strings_add(b->strings, path, n);
	b->vmas[b->n++] = v;
	return true;
}

/* The VMA at addr or the next above; 0, or -errno (-ENOENT: none). */
static int query(int fd, uint64_t addr, struct maps_line *m, char *name, uint32_t room_for_name)
{
	struct uapi_procmap_query q = { .size = sizeof(q), .query_flags = UAPI_COVERING_OR_NEXT,
					.query_addr = addr, .vma_name_size = room_for_name,
					.vma_name_addr = (uintptr_t)name };

	if (!name)
		q.vma_name_size = 0;
	if (ioctl(fd, UAPI_PROCMAP_QUERY, &q) < 0)
		return -errno;
	*m = (struct maps_line){
		.start = q.vma_start, .end = q.vma_end, .offset = q.vma_offset, .inode = q.inode,
		.dev_major = q.dev_major, .dev_minor = q.dev_minor,
		.perms = (q.vma_flags & UAPI_VMA_READ ? VMA_READ : 0) |
			 (q.vma_flags & UAPI_VMA_WRITE ? VMA_WRITE : 0) |
			 (q.vma_flags & UAPI_VMA_EXEC ? VMA_EXEC : 0) |
			 (q.vma_flags & UAPI_VMA_SHARED ? VMA_SHARED : 0),
		.path = name,
		.path_len = name && q.vma_name_size ? q.vma_name_size - 1 : 0,
	};
	return 0;
}

/* The text writes a newline as \012, and a backslash as it is: \012 may be either. */
static bool written_as(const char *path, size_t n, const char *text, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t more = path[i] == '\n' ? 4 : 1;

		if (len - at < more || memcmp(text + at, more == 4 ? "\\012" : path + i, more))
			return false;
		at += more;
	}
	return at == len;
}

/* Apart, for it is rare and wants much of the stack. */
static __attribute__((noinline)) bool add_escaped(struct maps_build *b, const struct maps_line *m)
{
	char plain[PATH_MAX + 64];
	struct maps_line now;

	if (m->path_len > sizeof(plain) || !memmem(m->path, m->path_len, "\\012", 4))
		return add(b, m, m->path, m->path_len);
	/* The ioctl tells it as it is. */
	if (b->maps >= 0 && !query(b->maps, m->start, &now, plain, sizeof(plain)) &&
	    written_as(plain, now.path_len, m->path, m->path_len))
		return add(b, m, plain, now.path_len);
	return add(b, m, plain, maps_unescape(m->path, m->path_len, plain));
}

bool maps_build_add(struct maps_build *b, const struct maps_line *m)
{
	if (m->path_len && memchr(m->path, '\\', m->path_len))
		return add_escaped(b, m);
	return add(b, m, m->path, m->path_len);
}

bool maps_build_keep(struct maps_build *b, size_t first, size_t n)
{
	const struct vma *last;

	if (b->same && b->n == first) {
		b->n += n;
		return true;
	}
	last = last_of(b);
	if (last && n && b->old->vmas[first].start < last->end)
		return false;
	if (b->same)
		no_longer_same(b);
	room(b, n);
	memcpy(b->vmas + b->n, b->old->vmas + first, n * sizeof(*b->vmas));
	b->n += n;
	return true;
}

struct layout *maps_build_end(struct maps_build *b)
{
	struct layout *l;

	if (b->same && b->n == b->old->n)
		return layout_get(b->old);
	l = layout_create(b->strings, 0);
	free(l->vmas);
	if (b->same) {	/* the old one's beginning */
		l->vmas = xreallocarray(NULL, b->n ? b->n : 1, sizeof(*l->vmas));
		if (b->n)
			memcpy(l->vmas, b->old->vmas, b->n * sizeof(*l->vmas));
	} else {
		l->vmas = b->cap <= cap_like(b->n) ? b->vmas :
						     xreallocarray(b->vmas, cap_like(b->n), sizeof(*l->vmas));
	}
	l->n = b->n;
	b->vmas = NULL;
	return l;
}

void maps_build_drop(struct maps_build *b)
{
	free(b->vmas);
	b->vmas = NULL;
}

/* One reading of the text, beside the blocks of the one before. */
struct reading {
	struct maps_build build;
	struct lines in;
	struct seen *seen;	/* NULL: none are made */
	size_t next;		/* the block of before that may come next */
	size_t first;		/* the VMA of the first line that in.held has */
};

/* The lines held, up to `end`, are a block. */
static void end_block(struct reading *r, size_t end)
{
	size_t held = r->in.held;

	/* An unfinished line may go on the next time. */
	if (r->seen && held != LINES_NONE && end > held && r->in.buf[end - 1] == '\n')
		seen_add(r->seen, r->in.buf + held, end - held, r->first, r->build.n - r->first);
	r->in.held = LINES_NONE;
}

static const struct vma *next_block(const struct reading *r)
{
	return r->seen && r->next < r->seen->nwas ?
	       &r->build.old->vmas[r->seen->was[r->next].first] : NULL;
}

/* Takes over the block that may come next, if it does. */
static bool block_again(struct reading *r)
{
	const struct seen_block *b = &r->seen->was[r->next];
	const char *text;
	size_t ahead;

	if (!lines_have(&r->in, b->bytes))
		return false;
	text = lines_ahead(&r->in, &ahead);
	if (!seen_is(r->seen, b, text))
		return false;
	end_block(r, r->in.from);
	if (!maps_build_keep(&r->build, b->first, b->n))
		return false;
	seen_keep(r->seen, b, r->build.n - b->n);
	lines_skip(&r->in, b->bytes);
	return true;
}

static void add_line(struct reading *r, const struct maps_line *m)
{
	size_t line = r->in.line;

	if (r->in.held != LINES_NONE && r->in.from - r->in.held >= SEEN_BYTES)
		end_block(r, line);
	if (r->seen && r->in.held == LINES_NONE && r->in.from - line < SEEN_BYTES) {
		r->in.held = line;
		r->first = r->build.n;
	}
	if (!maps_build_add(&r->build, m))
		r->in.held = LINES_NONE;
}

/* Block after block while they are as before; line by line behind a change, until the
 * first line of a block comes. */
static void read_text(void *arg)
{
	struct reading *r = arg;
	bool maybe = next_block(r);
	struct maps_line m;
	const char *line;
	size_t n;

	for (;;) {
		if (maybe) {
			maybe = block_again(r);
			r->next++;
			maybe &= next_block(r) != NULL;
			continue;
		}
		if (!lines_next(&r->in, &line, &n))
			break;
		if (!maps_parse_line(line, n, &m)) {
			r->in.held = LINES_NONE;
			continue;
		}
		while (next_block(r) && next_block(r)->start < m.start)
			r->next++;
		maybe = next_block(r) && next_block(r)->start == m.start;
		if (maybe)
			lines_back(&r->in);
		else
			add_line(r, &m);
	}
	end_block(r, r->in.from);
}

int maps_read(int fd, char *buf, const struct layout *old, struct strings *strings,
	      struct seen *seen, struct layout **ret)
{
	struct reading r = { .next = 0 };

	/* What is read for the first time is wanted at once, and may be all there is. */
	if (old && seen && seen_start(seen, old->reading))
		r.seen = seen;
	maps_build_start(&r.build, old, strings, fd);
	lines_start(&r.in, fd, buf);
	/* Somebody waits for the first; the others must not take two CPUs from the target. */
	if (old)
		read_text(&r);
	else
		lines_run(&r.in, read_text, &r);
	if (r.in.errnum || !r.in.at) {
		maps_build_drop(&r.build);
		return r.in.errnum ? r.in.errnum : ESRCH;
	}
	*ret = maps_build_end(&r.build);
	(*ret)->reading = r.seen ? seen_end(seen, (size_t)r.in.at) : 0;
	return 0;
}

uint64_t maps_page_size(int fd, uint64_t addr)
{
	struct uapi_procmap_query q = { .size = sizeof(q), .query_addr = addr };

	return fd >= 0 && ioctl(fd, UAPI_PROCMAP_QUERY, &q) == 0 ? q.vma_page_size : 0;
}

/* The ioctl does not know [vsyscall], which is no VMA. */
static bool is_vma(const struct vma *v)
{
	return v->start < 1ull << 63;
}

int maps_check(int fd, const struct layout *l, struct span span)
{
	uint64_t addr = span.start;
	size_t i = layout_next(l, addr);

	for (;;) {
		const struct vma *v = i < l->n && is_vma(&l->vmas[i]) ? &l->vmas[i] : NULL;
		struct maps_line m;
		int err = query(fd, addr, &m, NULL, 0);

		if (err == -ENOENT)
			return v && v->start < span.end;
		if (err)
			return err;
		if (m.start >= span.end)
			return v && v->start < span.end;
		if (!v || v->start != m.start || v->end != m.end || v->perms != m.perms ||
		    v->offset != m.offset || v->inode != m.inode)
			return 1;
		if (m.end >= span.end)
			return 0;
		addr = m.end;
		i++;
	}
}

int maps_splice(int fd, const struct layout *l, struct span span, struct layout **ret)
{
	char name[PATH_MAX + 64];
	uint64_t from = span.start, to = span.end, addr;
	size_t first, i;
	struct maps_build b;
	int err = 0;

	/* What is replaced must not cut a VMA, neither of before nor of now. */
	for (;;) {
		struct maps_line m;

		first = layout_next(l, from);
		if (first < l->n && l->vmas[first].start < from)
			from = l->vmas[first].start;
		err = query(fd, from, &m, NULL, 0);
		if (err && err != -ENOENT)
			return err;
		if (err || m.start >= from)
			break;
		from = m.start;
	}
	first = layout_next(l, from);
	maps_build_start(&b, NULL, l->strings, fd);
	b.cap = l->n + 64;
	b.vmas = xreallocarray(NULL, b.cap, sizeof(*b.vmas));
	memcpy(b.vmas, l->vmas, first * sizeof(*b.vmas));
	b.n = first;
	i = first;
	for (addr = from;;) {
		struct maps_line m;

		while (i < l->n && is_vma(&l->vmas[i]) && l->vmas[i].start < to) {
			if (l->vmas[i].end > to)
				to = l->vmas[i].end;
			i++;
		}
		if (addr >= to)
			break;
		err = query(fd, addr, &m, name, sizeof(name));
		if (err || m.start >= to)
			break;
		add(&b, &m, m.path, m.path_len);	/* nothing is escaped there */
		addr = m.end;
		if (m.end > to)
			to = m.end;
	}
	if (err && err != -ENOENT) {
		maps_build_drop(&b);
		return err;
	}
	while (b.n + (l->n - i) > b.cap) {
		b.cap += l->n - i;
		b.vmas = xreallocarray(b.vmas, b.cap, sizeof(*b.vmas));
	}
	memcpy(b.vmas + b.n, l->vmas + i, (l->n - i) * sizeof(*b.vmas));
	b.n += l->n - i;
	*ret = maps_build_end(&b);
	return 0;
}
