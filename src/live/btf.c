/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/btf.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

enum { MAGIC = 0xeb9f, DEEPEST = 32, RECORD = 12 };

struct header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len, type_off, type_len, str_off, str_len;
};

/* What every type begins with. */
struct type {
	uint32_t name, info;
	uint32_t size;		/* or the type it refers to */
};

struct member {
	uint32_t name, type, offset;
};

/* What follows a type of a kind: so many bytes, and so many for each of its elements. */
static const struct {
	uint8_t known, fixed, each;
} tails[BTF_KINDS] = {
	[BTF_INT] = { 1, 4, 0 },
	[BTF_PTR] = { 1, 0, 0 },
	[BTF_ARRAY] = { 1, 12, 0 },
	[BTF_STRUCT] = { 1, 0, 12 },
	[BTF_UNION] = { 1, 0, 12 },
	[BTF_ENUM] = { 1, 0, 8 },
	[BTF_FWD] = { 1, 0, 0 },
	[BTF_TYPEDEF] = { 1, 0, 0 },
	[BTF_VOLATILE] = { 1, 0, 0 },
	[BTF_CONST] = { 1, 0, 0 },
	[BTF_RESTRICT] = { 1, 0, 0 },
	[BTF_FUNC] = { 1, 0, 0 },
	[BTF_FUNC_PROTO] = { 1, 0, 8 },
	[BTF_VAR] = { 1, 4, 0 },
	[BTF_DATASEC] = { 1, 0, 12 },
	[BTF_FLOAT] = { 1, 0, 0 },
	[BTF_DECL_TAG] = { 1, 4, 0 },
	[BTF_TYPE_TAG] = { 1, 0, 0 },
	[BTF_ENUM64] = { 1, 0, 12 },
};

static unsigned kind_of(const struct type *t)
{
	return t->info >> 24 & 31;
}

static uint32_t elements(const struct type *t)
{
	return t->info & 0xffff;
}

static const char *name_at(const struct btf *b, uint32_t offset)
{
	return offset < b->strings_size ? b->strings + offset : "";
}

/* The type's head; kind 0 (void) when there is none of that number. */
static struct type type_at(const struct btf *b, uint32_t id)
{
	struct type t = { 0 };

	if (id && id < b->n)
		memcpy(&t, b->types + b->at[id], sizeof(t));
	return t;
}

static void record_at(const struct btf *b, uint32_t id, uint32_t i, void *ret)
{
	memcpy(ret, b->types + b->at[id] + sizeof(struct type) + (size_t)i * RECORD, RECORD);
}

static bool sections(struct btf *b, const uint8_t *data, size_t n)
{
	struct header h;

	if (n < sizeof(h))
		return false;
	memcpy(&h, data, sizeof(h));
	if (h.magic != MAGIC || h.version != 1 || h.hdr_len < sizeof(h) || h.hdr_len > n)
		return false;
	n -= h.hdr_len;
	if (h.type_off > n || h.type_len > n - h.type_off || h.str_off > n ||
	    h.str_len > n - h.str_off || !h.str_len)
		return false;
	b->types = data + h.hdr_len + h.type_off;
	b->types_size = h.type_len;
	b->strings = (const char *)data + h.hdr_len + h.str_off;
	b->strings_size = h.str_len;
	return !b->strings[h.str_len - 1];
}

static void note(const struct btf *b, const struct type *t, uint32_t id,
		 struct btf_wanted *wanted, size_t nwanted)
{
	for (size_t i = 0; i < nwanted; i++)
		if (!wanted[i].id && wanted[i].kind == kind_of(t) &&
		    !strcmp(wanted[i].name, name_at(b, t->name)))
			wanted[i].id = id;
}

bool btf_init(struct btf *b, const void *data, size_t n, struct btf_wanted *wanted,
	      size_t nwanted)
{
	bool looked_for[BTF_KINDS] = { false };
	size_t at = 0, cap = 0;

	*b = (struct btf){ 0 };
	if (!sections(b, data, n))
		return false;
	for (size_t i = 0; i < nwanted; i++) {
		wanted[i].id = 0;
		looked_for[wanted[i].kind] = true;
	}
	VEC_GROW(b->at, b->n, cap);
	b->at[b->n++] = 0;
	while (at < b->types_size) {
		struct type t;
		size_t tail;

		if (b->types_size - at < sizeof(t))
			break;
		memcpy(&t, b->types + at, sizeof(t));
		if (kind_of(&t) >= BTF_KINDS || !tails[kind_of(&t)].known)
			break;
		tail = tails[kind_of(&t)].fixed + (size_t)tails[kind_of(&t)].each * elements(&t);
		if (b->types_size - at - sizeof(t) < tail)
			break;
		if (b->n == cap) {
			cap *= 4;
			b->at = xreallocarray(b->at, cap, sizeof(*b->at));
		}
		b->at[b->n++] = (uint32_t)at;
		if (looked_for[kind_of(&t)])
			note(b, &t, b->n - 1, wanted, nwanted);
		at += sizeof(t) + tail;
	}
	if (at == b->types_size)
		return true;
	btf_deinit(b);
	return false;
}

void btf_deinit(struct btf *b)
{
	free(b->at);
	*b = (struct btf){ 0 };
}

/* Past typedefs and qualifiers. */
static uint32_t plain(const struct btf *b, uint32_t id)
{
	for (int depth = 0; depth < DEEPEST; depth++) {
		struct type t = type_at(b, id);

		switch (kind_of(&t)) {
		case BTF_TYPEDEF:
		case BTF_VOLATILE:
		case BTF_CONST:
		case BTF_RESTRICT:
		case BTF_TYPE_TAG:
			id = t.size;
			break;
		default:
			return id;
		}
	}
	return 0;
}

uint32_t btf_size(const struct btf *b, uint32_t id)
{
	uint64_t times = 1;

	for (int depth = 0; depth < DEEPEST; depth++) {
		struct { uint32_t type, index, n; } array;
		struct type t;

		id = plain(b, id);
		t = type_at(b, id);
		switch (kind_of(&t)) {
		case BTF_ARRAY:
			record_at(b, id, 0, &array);
			times *= array.n;
			id = array.type;
			break;
		case BTF_PTR:
			times *= sizeof(uint64_t);
			return times <= UINT32_MAX ? (uint32_t)times : 0;
		case BTF_INT:
		case BTF_STRUCT:
		case BTF_UNION:
		case BTF_ENUM:
		case BTF_ENUM64:
		case BTF_FLOAT:
		case BTF_DATASEC:
			times *= t.size;
			return times <= UINT32_MAX ? (uint32_t)times : 0;
		default:
			return 0;
		}
		if (times > UINT32_MAX)
			return 0;
	}
	return 0;
}

uint32_t btf_target(const struct btf *b, uint32_t id)
{
	struct type t = type_at(b, plain(b, id));

	return kind_of(&t) == BTF_PTR ? plain(b, t.size) : 0;
}

/* One step of a path: `n` bytes of `name`. */
static bool step(const struct btf *b, uint32_t id, const char *name, size_t n, int depth,
		 struct btf_field *ret)
{
	struct type t;

	id = plain(b, id);
	t = type_at(b, id);
	if ((kind_of(&t) != BTF_STRUCT && kind_of(&t) != BTF_UNION) || depth > DEEPEST / 4)
		return false;
	for (uint32_t i = 0; i < elements(&t); i++) {
		const char *called;
		struct member m;
		uint32_t bits;

		record_at(b, id, i, &m);
		called = name_at(b, m.name);
		bits = t.info >> 31 ? m.offset & 0xffffff : m.offset;
		if (!*called) {
			if (step(b, m.type, name, n, depth + 1, ret)) {
				ret->offset += bits / 8;
				return true;
			}
		} else if (!strncmp(called, name, n) && !called[n]) {
			if (bits % 8 || (t.info >> 31 && m.offset >> 24))
				return false;
			*ret = (struct btf_field){ bits / 8, btf_size(b, m.type), m.type };
			return true;
		}
	}
	return false;
}

bool btf_member(const struct btf *b, uint32_t type, const char *path, struct btf_field *ret)
{
	struct btf_field f = { .type = type }, next;

	for (;;) {
		size_t n = strcspn(path, ".");

		if (!step(b, f.type, path, n, 0, &next))
			return false;
		next.offset += f.offset;
		f = next;
		if (!path[n])
			break;
		path += n + 1;
	}
	*ret = f;
	return true;
}

bool btf_variable(const struct btf *b, uint32_t datasec, const char *name, struct btf_field *ret)
{
	struct type t = type_at(b, datasec);

	if (kind_of(&t) != BTF_DATASEC)
		return false;
	for (uint32_t i = 0; i < elements(&t); i++) {
		struct { uint32_t type, offset, size; } place;
		struct type var;

		record_at(b, datasec, i, &place);
		var = type_at(b, place.type);
		if (kind_of(&var) != BTF_VAR || strcmp(name_at(b, var.name), name))
			continue;
		*ret = (struct btf_field){ place.offset, place.size, var.size };
		return true;
	}
	return false;
}
