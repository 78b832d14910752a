/* SPDX-License-Identifier: GPL-2.0-or-later
 * madvise: advices that change flags, and advices that act on pages.
 */
#include "mm.h"

enum {
	ADV_NORMAL = 0,
	ADV_RANDOM = 1,
	ADV_SEQUENTIAL = 2,
	ADV_WILLNEED = 3,
	ADV_DONTNEED = 4,
	ADV_FREE = 8,
	ADV_REMOVE = 9,
	ADV_DONTFORK = 10,
	ADV_DOFORK = 11,
	ADV_MERGEABLE = 12,
	ADV_UNMERGEABLE = 13,
	ADV_HUGEPAGE = 14,
	ADV_NOHUGEPAGE = 15,
	ADV_DONTDUMP = 16,
	ADV_DODUMP = 17,
	ADV_WIPEONFORK = 18,
	ADV_KEEPONFORK = 19,
	ADV_COLD = 20,
	ADV_PAGEOUT = 21,
	ADV_POPULATE_READ = 22,
	ADV_POPULATE_WRITE = 23,
	ADV_DONTNEED_LOCKED = 24,
	ADV_COLLAPSE = 25,
	ADV_HWPOISON = 100,
	ADV_SOFT_OFFLINE = 101,
	ADV_GUARD_INSTALL = 102,
	ADV_GUARD_REMOVE = 103,
	ADV_MAX = 104,
};

struct range {
	struct vma *v;
	u64 start, end;
	int advice;
};

static int set_flags(struct sim *s, struct mm *mm, const struct range *r, u64 clear, u64 set)
{
	u64 flags = (r->v->flags & ~clear) | set;
	struct vma *v;
	int err;

	if (flags == r->v->flags)
		return 0;
	v = vma_modify_flags(s, mm, r->v, r->start, r->end, &flags, &err);
	if (!v)
		return err == -ENOMEM ? -EAGAIN : err;
	if (v->flags != flags)
		SET(s, v->flags, flags);
	return 0;
}

static int adv_normal(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, VM_RAND_READ | VM_SEQ_READ, 0);
}

static int adv_random(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, VM_SEQ_READ, VM_RAND_READ);
}

static int adv_sequential(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, VM_RAND_READ, VM_SEQ_READ);
}

static int adv_dontfork(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, 0, VM_DONTCOPY);
}

static int adv_dofork(struct sim *s, struct mm *mm, const struct range *r)
{
	return r->v->flags & VM_IO ? -EINVAL : set_flags(s, mm, r, VM_DONTCOPY, 0);
}

static int adv_wipeonfork(struct sim *s, struct mm *mm, const struct range *r)
{
	bool file = object_of(s, r->v->file) && r->v->file != FILE_VDSO;

	return file || (r->v->flags & VM_SHARED) ? -EINVAL : set_flags(s, mm, r, 0, VM_WIPEONFORK);
}

static int adv_keeponfork(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, VM_WIPEONFORK, 0);
}

static int adv_dontdump(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, 0, VM_DONTDUMP);
}

static int adv_dodump(struct sim *s, struct mm *mm, const struct range *r)
{
	return r->v->flags & VM_SPECIAL ? -EINVAL : set_flags(s, mm, r, VM_DONTDUMP, 0);
}

/* No huge pages in shared or special memory, and what was said once is an error the second time. */
static bool huge_refused(const struct sim *s, const struct range *r, u64 flag)
{
	return !RULE(s, hugepage_lenient) &&
	       (r->v->flags & (flag | VM_SPECIAL | VM_SHARED | VM_MAYSHARE));
}

/* Only a mark: nothing here looks for equal pages. What KSM cannot take is left alone. */
static int adv_mergeable(struct sim *s, struct mm *mm, const struct range *r)
{
	if (r->v->flags & (VM_SHARED | VM_MAYSHARE | VM_SPECIAL))
		return 0;
	return set_flags(s, mm, r, 0, VM_MERGEABLE);
}
static int adv_unmergeable(struct sim *s, struct mm *mm, const struct range *r)
{
	return set_flags(s, mm, r, VM_MERGEABLE, 0);
}
static int adv_hugepage(struct sim *s, struct mm *mm, const struct range *r)
{
	if (huge_refused(s, r, VM_HUGEPAGE))
		return -EINVAL;
	return set_flags(s, mm, r, VM_NOHUGEPAGE, VM_HUGEPAGE);
}

static int adv_nohugepage(struct sim *s, struct mm *mm, const struct range *r)
{
	if (huge_refused(s, r, VM_NOHUGEPAGE))
		return -EINVAL;
	return set_flags(s, mm, r, VM_HUGEPAGE, VM_NOHUGEPAGE);
}

static int adv_nothing(struct sim *s, struct mm *mm, const struct range *r)
{
	(void)s;
	(void)mm;
	(void)r;
	return 0;
}

static int adv_willneed(struct sim *s, struct mm *mm, const struct range *r)
{
	struct object *o = object_of(s, r->v->file);
	u64 from = r->v->pgoff + ((r->start - r->v->start) >> PAGE_SHIFT);

	(void)mm;
	if (!o)
		return RULE(s, willneed_anon) ? 0 : -EBADF;
	if (o->kind == OBJ_FILE)
		page_cache_ra(s, o, from, (r->end - r->start) >> PAGE_SHIFT, 0);
	return 0;
}

static int adv_lru(struct sim *s, struct mm *mm, const struct range *r)
{
	(void)s;
	(void)mm;
	return r->v->flags & (VM_LOCKED | VM_PFNMAP) ? -EINVAL : 0;
}

static int adv_dontneed(struct sim *s, struct mm *mm, const struct range *r)
{
	u64 forbidden = VM_PFNMAP | (r->advice == ADV_DONTNEED_LOCKED ? 0 : VM_LOCKED);
	bool bad = r->v->flags & forbidden;

	T_TEST(s, "madvise_dontneed_free_valid_vma", "locked or special", "vm_flags", r->v->flags,
	       AND, "forbidden", forbidden, SIM_U_FLAGS, bad, "EINVAL", "zap the pages");
	if (bad)
		return -EINVAL;
	zap_range(s, mm, r->v, r->start, r->end, ZAP_RECLAIM);
	return 0;
}

static void free_one(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte, void *arg)
{
	struct frame *f;

	(void)mm;
	(void)v;
	(void)addr;
	(void)arg;
	if (!(*pte & PTE_P) || (*pte & PTE_ZERO))
		return;
	f = frame_at(s, PTE_PFN(*pte));
	if (f->flags & FRF_DIRTY) {
		if (f->mapcount != 1)
			return;
		frame_set_flags(s, f, 0, FRF_DIRTY);
	}
	if (*pte & PTE_D)
		SET(s, *pte, (*pte & ~PTE_D) | (RULE(s, software_af) ? PTE_OLD | PTE_CLEANED : 0));
}

static int adv_free(struct sim *s, struct mm *mm, const struct range *r)
{
	if ((r->v->flags & (VM_PFNMAP | VM_LOCKED)) || !vma_anonymous(r->v))
		return -EINVAL;
	pt_each(s, mm, r->v, r->start, r->end, free_one, NULL);
	return 0;
}

static int adv_remove(struct sim *s, struct mm *mm, const struct range *r)
{
	struct object *o = object_of(s, r->v->file);
	u64 from = r->v->pgoff + ((r->start - r->v->start) >> PAGE_SHIFT);
	u64 to = from + ((r->end - r->start) >> PAGE_SHIFT);
	u64 may = RULE(s, remove_by_maywrite) ? VM_MAYWRITE : VM_WRITE;

	(void)mm;
	if ((r->v->flags & VM_LOCKED) || !o || r->v->file == FILE_VDSO)
		return -EINVAL;
	if ((r->v->flags & (VM_SHARED | may)) != (VM_SHARED | may))
		return -EACCES;
	if (o->kind == OBJ_FILE && !RULE(s, remove_punches))
		return -ENOSYS;
	if (o->kind == OBJ_FILE && to > EXT4_MAX_BYTES >> PAGE_SHIFT) {
		T_TEST(s, "vfs_fallocate", "the end of the range against s_maxbytes", "page", to, GT,
		       "pages", EXT4_MAX_BYTES >> PAGE_SHIFT, SIM_U_COUNT, true, "EFBIG", "go on");
		return -EFBIG;
	}
	object_truncate(s, o, from, to, false);
	return 0;
}

static int adv_invalid(struct sim *s, struct mm *mm, const struct range *r)
{
	(void)s;
	(void)mm;
	(void)r;
	return -EINVAL;
}

static int adv_guard_install(struct sim *s, struct mm *mm, const struct range *r)
{
	bool bad = r->v->flags & (VM_SPECIAL | VM_LOCKED);

	T_TEST(s, "is_valid_guard_vma", "special or locked", "vm_flags", r->v->flags, AND,
	       "disallowed", VM_SPECIAL | VM_LOCKED, SIM_U_FLAGS, bad, "EINVAL", "install");
	if (bad)
		return -EINVAL;
	if ((vma_anonymous(r->v) || !RULE(s, guard_flag_shown)) && !anon_vma_prepare(s, mm, r->v))
		return -ENOMEM;
	if (RULE(s, guard_flag_shown) && !(r->v->flags & VM_MAYBE_GUARD))
		SET(s, r->v->flags, r->v->flags | VM_MAYBE_GUARD);
	zap_range(s, mm, r->v, r->start, r->end, 0);
	for (u64 a = r->start; a < r->end; a += PAGE_SIZE) {
		jword *pte = pte_make(s, mm, a);

		if (!pte)
			return -ENOMEM;
		if (!(*pte & PTE_GUARD))
			SET(s, *pte, PTE_GUARD);
	}
	return 0;
}

static void unguard_one(struct sim *s, struct mm *mm, struct vma *v, u64 addr, jword *pte,
			void *arg)
{
	(void)mm;
	(void)v;
	(void)addr;
	(void)arg;
	if (*pte & PTE_GUARD)
		SET(s, *pte, 0);
}

static int adv_guard_remove(struct sim *s, struct mm *mm, const struct range *r)
{
	if (r->v->flags & VM_SPECIAL)
		return -EINVAL;
	pt_each(s, mm, r->v, r->start, r->end, unguard_one, NULL);
	return 0;
}

struct advice {
	int (*act)(struct sim *s, struct mm *mm, const struct range *r);
	bool discard;		/* throws content away: sealed memory may refuse */
};

static const struct advice advices[ADV_MAX] = {
	[ADV_NORMAL] = { adv_normal, false },
	[ADV_RANDOM] = { adv_random, false },
	[ADV_SEQUENTIAL] = { adv_sequential, false },
	[ADV_WILLNEED] = { adv_willneed, false },
	[ADV_DONTNEED] = { adv_dontneed, true },
	[ADV_FREE] = { adv_free, true },
	[ADV_REMOVE] = { adv_remove, true },
	[ADV_DONTFORK] = { adv_dontfork, true },
	[ADV_DOFORK] = { adv_dofork, false },
	[ADV_MERGEABLE] = { adv_mergeable, false },
	[ADV_UNMERGEABLE] = { adv_unmergeable, false },
	[ADV_HUGEPAGE] = { adv_hugepage, false },
	[ADV_NOHUGEPAGE] = { adv_nohugepage, false },
	[ADV_DONTDUMP] = { adv_dontdump, false },
	[ADV_DODUMP] = { adv_dodump, false },
	[ADV_WIPEONFORK] = { adv_wipeonfork, true },
	[ADV_KEEPONFORK] = { adv_keeponfork, false },
	[ADV_COLD] = { adv_lru, false },
	[ADV_PAGEOUT] = { adv_lru, false },
	[ADV_POPULATE_READ] = { adv_nothing, false },
	[ADV_POPULATE_WRITE] = { adv_nothing, false },
	[ADV_DONTNEED_LOCKED] = { adv_dontneed, true },
	[ADV_COLLAPSE] = { adv_invalid, false },
	[ADV_HWPOISON] = { adv_nothing, false },
	[ADV_SOFT_OFFLINE] = { adv_nothing, false },
	[ADV_GUARD_INSTALL] = { adv_guard_install, true },
	[ADV_GUARD_REMOVE] = { adv_guard_remove, false },
};

/* Those that not every kernel knows. */
static const struct { uint8_t advice, rule; } newer[] = {
	{ ADV_MERGEABLE, SIM_RULE_has_ksm },	  { ADV_UNMERGEABLE, SIM_RULE_has_ksm },
	{ ADV_DONTDUMP, SIM_RULE_has_dontdump },  { ADV_DODUMP, SIM_RULE_has_dontdump },
	{ ADV_FREE, SIM_RULE_has_free },
	{ ADV_WIPEONFORK, SIM_RULE_has_wipeonfork },
	{ ADV_KEEPONFORK, SIM_RULE_has_wipeonfork },
	{ ADV_COLD, SIM_RULE_has_cold },	  { ADV_PAGEOUT, SIM_RULE_has_cold },
	{ ADV_POPULATE_READ, SIM_RULE_has_populate },
	{ ADV_POPULATE_WRITE, SIM_RULE_has_populate },
	{ ADV_DONTNEED_LOCKED, SIM_RULE_has_dontneed_locked },
	{ ADV_HWPOISON, SIM_RULE_has_hwpoison },  { ADV_SOFT_OFFLINE, SIM_RULE_has_hwpoison },
	{ ADV_GUARD_INSTALL, SIM_RULE_has_guards }, { ADV_GUARD_REMOVE, SIM_RULE_has_guards },
};

static const struct advice *find_advice(const struct sim *s, int advice)
{
	if (advice < 0 || advice >= ADV_MAX)
		return NULL;
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		if (newer[i].advice == advice && !sim_rule_ask(s, newer[i].rule))
			return NULL;
	return advices[advice].act ? &advices[advice] : NULL;
}

/* Sealed memory keeps what a reader could not write himself. */
static bool seal_forbids(const struct vma *v, const struct advice *a)
{
	return a->discard && (v->flags & VM_SEALED) && vma_anonymous(v) && !(v->flags & VM_WRITE);
}

static int walk(struct sim *s, struct mm *mm, u64 start, u64 end, int advice,
		const struct advice *a)
{
	int hole = 0, err;

	while (start < end) {
		struct range r = { .v = vma_find(s, mm, start), .advice = advice };
		u64 stop;

		if (!r.v)
			return -ENOMEM;
		if (start < r.v->start) {
			T_NOTE(s, "madvise_walk_vmas", "a hole: ENOMEM in the end, but it goes on",
			       "start", start, "vm_start", r.v->start, SIM_U_ADDR);
			hole = -ENOMEM;
			start = r.v->start;
			if (start >= end)
				break;
		}
		stop = r.v->end < end ? r.v->end : end;
		r.start = start;
		r.end = stop;
		T_NOTE(s, "madvise_vma_behavior", "one VMA", "start", start, "end", stop,
		       SIM_U_ADDR);
		if (seal_forbids(r.v, a))
			return -EPERM;
		err = a->act(s, mm, &r);
		if (err)
			return err;
		start = stop;
	}
	return hole;
}

int do_madvise(struct sim *s, struct mm *mm, u64 start, u64 len, int advice)
{
	const struct advice *a = find_advice(s, advice);
	u64 size = as_ulong(s, PAGE_ALIGN(len)), end = as_ulong(s, start + size);
	T_ENTER(s, "do_madvise", "advise", "start", start, "len", len, SIM_U_HEX);

	if (!a || (start & ~PAGE_MASK) || (len && !size) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice == ADV_HWPOISON || advice == ADV_SOFT_OFFLINE)
		return -EPERM;		/* whatever the range: without CAP_SYS_ADMIN nobody looks at it */
	if (advice == ADV_POPULATE_READ || advice == ADV_POPULATE_WRITE)
		return madvise_populate(s, mm, start, end, advice == ADV_POPULATE_WRITE);
	return walk(s, mm, start, end, advice, a);
}

void op_madvise(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	result_set(res, do_madvise(s, s->mm, op->addr, op->len, op->advice));
}
