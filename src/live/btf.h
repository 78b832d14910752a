/* SPDX-License-Identifier: GPL-2.0-or-later
 * A small reader of BTF, the kernel's description of its own types: where a member lies
 * in a structure and how large it is, where a per-CPU variable lies in its section.
 *
 * It trusts nothing: every offset is checked against the data, every chain of types is
 * followed only so far. The data belongs to the caller and has to outlive the reader.
 */
#ifndef LIVE_BTF_H
#define LIVE_BTF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum btf_kind {
	BTF_INT = 1, BTF_PTR, BTF_ARRAY, BTF_STRUCT, BTF_UNION, BTF_ENUM, BTF_FWD, BTF_TYPEDEF,
	BTF_VOLATILE, BTF_CONST, BTF_RESTRICT, BTF_FUNC, BTF_FUNC_PROTO, BTF_VAR, BTF_DATASEC,
	BTF_FLOAT, BTF_DECL_TAG, BTF_TYPE_TAG, BTF_ENUM64, BTF_KINDS
};

/* A type that is looked for by name; all are found in one pass. */
struct btf_wanted {
	enum btf_kind kind;
	const char *name;
	uint32_t id;		/* 0: there is none */
};

struct btf {
	const uint8_t *types;	/* the type section */
	size_t types_size;
	const char *strings;	/* ends with a NUL */
	size_t strings_size;
	uint32_t *at;		/* at[id]: offset of the type; owned */
	uint32_t n;		/* ids are 1 ... n - 1 */
};

struct btf_field {
	uint32_t offset, size;	/* bytes */
	uint32_t type;
};

/* False: this is no BTF, or it is cut off. Fills the ids of `wanted`. */
bool btf_init(struct btf *b, const void *data, size_t n, struct btf_wanted *wanted,
	      size_t nwanted);
void btf_deinit(struct btf *b);
/* Member "thread.sp" of struct `type`, through structures without a name too; bit fields
 * are not found. */
bool btf_member(const struct btf *b, uint32_t type, const char *path, struct btf_field *ret);
/* Variable `name` of section `datasec`: offset from the section's start. */
bool btf_variable(const struct btf *b, uint32_t datasec, const char *name,
		  struct btf_field *ret);
/* In bytes; 0: the type has none. */
uint32_t btf_size(const struct btf *b, uint32_t type);
/* What a pointer points at, 0 when it is none. */
uint32_t btf_target(const struct btf *b, uint32_t type);

#endif
