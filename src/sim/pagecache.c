/* SPDX-License-Identifier: GPL-2.0-or-later
 * The page cache: a radix tree of frames for the program, the scenario's file and each
 * shared anonymous object.
 */
#include "mm.h"

#define NODE_SLOTS 64
#define NODE_SHIFT 6

static u32 *node(const struct sim *s, ref r)
{
	return AT(s, r, u32);
}

struct object *object_of(const struct sim *s, u32 file)
{
	const struct root *r = s->root;
	ref o = 0;

	if (file == FILE_EXE)
		o = r->object[OBJ_EXE];
	else if (file == FILE_VDSO)
		o = r->object[OBJ_VDSO];
	else if (file == FILE_RW || file == FILE_RO)
		o = r->object[OBJ_FILE];
	else if (file > FILE_SHMEM)
		o = AT(s, r->shmem_dir, ref)[file - FILE_SHMEM];
	return o ? AT(s, o, struct object) : NULL;
}

static bool covers(const struct object *o, u64 index)
{
	return o->height && (o->height * NODE_SHIFT >= 64 || !(index >> (o->height * NODE_SHIFT)));
}

u32 page_lookup(const struct sim *s, const struct object *o, u64 index)
{
	ref r = o->tree;

	if (!covers(o, index))
		return 0;
	for (unsigned h = o->height; h-- > 0;) {
		r = node(s, r)[(index >> (h * NODE_SHIFT)) % NODE_SLOTS];
		if (!r)
			return 0;
	}
	return r;
}

static bool tree_raise(struct sim *s, struct object *o, u64 index)
{
	while (!covers(o, index)) {
		u32 *n = arena_alloc(s, NODE_SLOTS * 4, "xarray node");

		if (!n)
			return false;
		if (o->tree)
			SET(s, n[0], o->tree);
		SET(s, o->tree, REF(s, n));
		SET(s, o->height, o->height + 1);
	}
	return true;
}

u32 page_add(struct sim *s, struct object *o, u64 index, unsigned proc, u64 addr)
{
	u32 pfn, *slot;

	if (!tree_raise(s, o, index))
		return 0;
	slot = &o->tree;
	for (unsigned h = o->height; h-- > 0;) {
		slot = &node(s, *slot)[(index >> (h * NODE_SHIFT)) % NODE_SLOTS];
		if (h && !*slot) {
			u32 *n = arena_alloc(s, NODE_SLOTS * 4, "xarray node");

			if (!n)
				return 0;
			SET(s, *slot, REF(s, n));
		}
	}
	pfn = frame_alloc(s, o->kind == OBJ_SHMEM ? FR_SHMEM : FR_FILE, proc, addr);
	if (!pfn)
		return 0;
	SET(s, *slot, pfn);
	return pfn;
}

/* The cached pages in [from, to), from the left; false when there is none. */
static bool next_page(const struct sim *s, const struct object *o, u64 *from, u64 to, u32 *pfn)
{
	u64 i = *from;

	while (i < to && covers(o, i)) {
		ref r = o->tree;
		unsigned h = o->height;

		while (h-- > 0) {
			r = node(s, r)[(i >> (h * NODE_SHIFT)) % NODE_SLOTS];
			if (!r)
				break;
		}
		if (r) {
			*from = i;
			*pfn = r;
			return true;
		}
		i = ((i >> (h * NODE_SHIFT)) + 1) << (h * NODE_SHIFT);
	}
	return false;
}

void page_drop(struct sim *s, struct object *o, u64 index)
{
	u32 *slot = &o->tree, pfn;

	for (unsigned h = o->height; h-- > 0;)
		slot = &node(s, *slot)[(index >> (h * NODE_SHIFT)) % NODE_SLOTS];
	pfn = *slot;
	SET(s, *slot, 0);
	frame_free(s, pfn);
}

struct object *object_create(struct sim *s, unsigned kind, u64 len)
{
	struct object *o = arena_alloc(s, sizeof(*o), "inode");

	if (!o)
		return NULL;
	SET(s, o->kind, kind);
	SET(s, o->len, len);
	return o;
}

u32 shmem_create(struct sim *s, u64 len)
{
	struct root *r = s->root;
	struct object *o = object_create(s, OBJ_SHMEM, len);
	u32 n = (u32)r->next_shmem + 1;

	if (!o)
		return 0;
	if (n >= r->shmem_cap) {
		u32 cap = r->shmem_cap ? r->shmem_cap * 2 : 16;
		ref *d = arena_alloc(s, cap * sizeof(*d), "inode table");

		if (!d)
			return 0;
		if (r->shmem_cap) {
			journal_copy(s, d, AT(s, r->shmem_dir, ref), r->shmem_cap * sizeof(*d));
			arena_free(s, AT(s, r->shmem_dir, ref), r->shmem_cap * sizeof(*d));
		}
		SET(s, r->shmem_dir, REF(s, d));
		SET(s, r->shmem_cap, cap);
	}
	ADD(s, r->next_shmem, 1);
	SET(s, o->number, n);
	SET(s, AT(s, r->shmem_dir, ref)[n], REF(s, o));
	return FILE_SHMEM + n;
}

void shmem_get(struct sim *s, u32 file)
{
	struct object *o = object_of(s, file);

	if (o)
		SET(s, o->users, o->users + 1);
}

static void tree_free(struct sim *s, ref r, unsigned height)
{
	if (!r)
		return;
	for (unsigned i = 0; i < NODE_SLOTS; i++) {
		u32 e = node(s, r)[i];

		if (!e)
			continue;
		if (height > 1)
			tree_free(s, e, height - 1);
		else
			frame_free(s, e);
	}
	arena_free(s, node(s, r), NODE_SLOTS * 4);
}

/* A shared anonymous object lives as long as a VMA maps it. */
void shmem_put(struct sim *s, u32 file)
{
	struct object *o = object_of(s, file);

	if (!o)
		return;
	SET(s, o->users, o->users - 1);
	if (o->users)
		return;
	tree_free(s, o->tree, o->height);
	SET(s, AT(s, s->root->shmem_dir, ref)[file - FILE_SHMEM], 0);
	arena_free(s, o, sizeof(*o));
}

struct span {
	u64 from, to;
	bool clean;		/* write-protect and clean instead of unmapping */
	bool even_cows;		/* private copies go as well */
};

static void span_one(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte, void *arg)
{
	const struct span *sp = arg;
	u64 old = *pte;

	if (!(old & PTE_P))
		return;
	if (!sp->clean) {
		if (!sp->even_cows && (old & PTE_ZERO || frame_at(s, PTE_PFN(old))->kind == FR_ANON))
			return;
		SET(s, *pte, 0);
		if (!(old & PTE_ZERO))
			frame_unmap(s, mm, old);
		return;
	}
	(void)v;
	(void)addr;
	if (frame_at(s, PTE_PFN(old))->kind == FR_FILE && (old & (PTE_D | PTE_W)))
		SET(s, *pte, old & ~(PTE_D | PTE_W));
}

/* Every mapping of the object's pages [from, to), in every process. */
static void each_mapping(struct sim *s, struct object *o, struct span *sp)
{
	for (unsigned p = 0; p < s->root->nprocs; p++) {
		struct mm *mm = s->root->proc[p] ? AT(s, s->root->proc[p], struct mm) : NULL;

		if (!mm || !mm->alive)
			continue;
		for (struct vma *v = vma_first(s, mm); v; v = vma_next(s, v)) {
			u64 a = v->pgoff, b = v->pgoff + vma_pages(v);

			if (object_of(s, v->file) != o || b <= sp->from || a >= sp->to)
				continue;
			if (sp->clean && !(v->flags & VM_SHARED))
				continue;
			if (a < sp->from)
				a = sp->from;
			if (b > sp->to)
				b = sp->to;
			pt_each(s, mm, v, v->start + ((a - v->pgoff) << PAGE_SHIFT),
				v->start + ((b - v->pgoff) << PAGE_SHIFT), span_one, sp);
		}
	}
}

void object_truncate(struct sim *s, struct object *o, u64 from, u64 to, bool even_cows)
{
	struct span sp = { .from = from, .to = to, .even_cows = even_cows };
	u32 pfn;

	each_mapping(s, o, &sp);
	for (u64 i = from; next_page(s, o, &i, to, &pfn); i++)
		page_drop(s, o, i);
}

void object_clean(struct sim *s, struct object *o, u64 from, u64 to)
{
	struct span sp = { .from = from, .to = to, .clean = true };
	u32 pfn;

	each_mapping(s, o, &sp);
	for (u64 i = from; next_page(s, o, &i, to, &pfn); i++)
		frame_set_flags(s, frame_at(s, pfn), 0, FRF_DIRTY);
}

/* Afterwards every page of the file is in the cache, clean. */
void op_truncate(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct object *o = AT(s, s->root->object[OBJ_FILE], struct object);
	u64 pages = (op->len + PAGE_SIZE - 1) >> PAGE_SHIFT, last = UINT64_MAX >> PAGE_SHIFT;
	T_ENTER(s, "do_truncate", "the file gets a length", "len", op->len, "was", o->len,
		SIM_U_BYTES);

	if (op->len > INT64_MAX) {
		result_set(res, -EINVAL);
		return;
	}
	if (op->len < o->len)
		object_truncate(s, o, pages, last, true);
	if (o->len != op->len)
		SET(s, o->len, op->len);
	for (u64 i = 0; i < pages; i++) {
		u32 pfn = page_lookup(s, o, i);

		if (!pfn)
			pfn = page_add(s, o, i, 0, 0);
		if (!pfn)
			return;
		frame_set_flags(s, frame_at(s, pfn), 0, FRF_READAHEAD);
	}
	object_clean(s, o, 0, last);
}

uint64_t sim_file_len(const struct sim *s)
{
	return AT(s, s->root->object[OBJ_FILE], struct object)->len;
}
