/* SPDX-License-Identifier: GPL-2.0-or-later
 * A VMA, and the layout: every VMA of one address space at one moment.
 *
 * Addresses, sizes and offsets are bytes. A layout is a value: once built it never
 * changes, it is shared by reference count, and its VMAs are sorted by start and
 * disjoint. Paths are raw bytes as the source gave them (sanitise before showing);
 * they live in a struct strings that the layout keeps alive.
 */
#ifndef MMSCOPE_VMA_H
#define MMSCOPE_VMA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UNKNOWN UINT64_MAX	/* a figure nobody could tell; the reason is in struct whys */
#define PAGE_BYTES 4096u
#define PAGE_SHIFT 12

enum vma_perm { VMA_READ = 1, VMA_WRITE = 2, VMA_EXEC = 4, VMA_SHARED = 8 };

/* name in JSON, letter on the map, one line of explanation */
#define VMA_ROLES(X) \
	X(TEXT, "text", 't', "code of the program or of a library") \
	X(RODATA, "rodata", 'r', "read-only data of a program or library") \
	X(DATA, "data", 'd', "initialised, writable data of a program or library") \
	X(BSS, "bss", 'b', "zero-initialised data behind a program's or library's data") \
	X(HEAP, "heap", 'h', "grown by brk(2)") \
	X(STACK, "stack", 's', "the main thread's stack, grows down by itself") \
	X(THREAD_STACK, "thread-stack", 'T', "a thread's stack: an ordinary mapping that never grows") \
	X(GUARD, "guard", 'g', "no access: what runs into it faults") \
	X(ANON, "mmap-anon", 'a', "anonymous memory from mmap(2)") \
	X(FILE, "mmap-file", 'f', "a file mapped privately") \
	X(SHARED, "shared", 'S', "shared with other processes or with a file") \
	X(VDSO, "vdso", 'v', "code the kernel lends every process") \
	X(VVAR, "vvar", 'w', "data of the vdso: clocks and the like") \
	X(VSYSCALL, "vsyscall", 'y', "the old fixed-address system calls (x86-64)") \
	X(OTHER, "other", 'o', "something else")

enum vma_role {
#define X(id, name, letter, about) ROLE_##id,
	VMA_ROLES(X)
#undef X
	ROLE_NR
};

struct vma_role_info {
	const char *name;
	char letter;
	const char *about;
};
extern const struct vma_role_info vma_roles[ROLE_NR];

/* Append-only set of byte strings; pointers stay valid while a reference is held. */
struct strings;
struct strings *strings_create(void);
struct strings *strings_get(struct strings *s);
void strings_put(struct strings *s);
const char *strings_add(struct strings *s, const char *bytes, size_t n);
size_t strings_bytes(const struct strings *s);

struct vma {
	uint64_t start, end;
	uint64_t offset;	/* into the file; 0 for anonymous memory of a live process */
	uint64_t inode;		/* 0: no file */
	const char *path;	/* "" when it has none: "/bin/x (deleted)", "[heap]", "[anon:name]" ... */
	uint32_t dev_major, dev_minor;
	int32_t tid;		/* owner of a thread stack or its guard, else 0 */
	uint8_t perms;		/* enum vma_perm */
	uint8_t role;		/* enum vma_role */
	uint8_t guess;		/* the role is a guess: 1 = likely, 2 = weak; 0 = known */
	uint8_t growsdown;	/* grows down by itself: 1 yes, 0 no, 2 not known */
};

struct layout {
	unsigned refs;
	size_t n;
	uint64_t reading;		/* its source's number for what it was read from; 0: none */
	struct strings *strings;	/* reference held */
	struct vma *vmas;		/* n of them, owned */
};

/* refs 1; the VMAs are zero with an empty path. Whoever builds it may lower n. */
struct layout *layout_create(struct strings *s, size_t n);
struct layout *layout_get(const struct layout *l);		/* NULL gives NULL */
struct layout *layout_copy(const struct layout *l);		/* refs 1; to change roles of */
void layout_put(const struct layout *l);

/* Index of the VMA that contains addr, or -1. */
ssize_t layout_find(const struct layout *l, uint64_t addr);
/* Index of the first VMA with end > addr (it contains addr or lies above); n when none. */
size_t layout_next(const struct layout *l, uint64_t addr);

bool vma_equal(const struct vma *a, const struct vma *b);
bool layout_equal(const struct layout *a, const struct layout *b);	/* by value; NULL equals NULL */
const char *vma_perms(const struct vma *v, char out[5]);	/* "rw-p" */
static inline uint64_t vma_size(const struct vma *v) { return v->end - v->start; }
bool vma_has_file(const struct vma *v);	/* false: its huge pages are anonymous */

#endif
