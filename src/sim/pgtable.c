/* SPDX-License-Identifier: GPL-2.0-or-later
 * Page tables: a radix tree of tables of 512 or 1024 entries, each table a frame. Level 0 is the
 * pte. All but the top table count in VmPTE.
 */
#include "mm.h"

static inline unsigned pt_index(const struct sim *s, u64 addr, unsigned level)
{
	return (unsigned)(addr >> s->prof->shift[level] & s->table_mask);
}

static inline jword *table_words(const struct sim *s, u64 entry)
{
	return s->base + TABLE_REF(entry);
}

/* A table whose entries are of the given level. */
static u64 table_create(struct sim *s, struct mm *mm, unsigned level, u64 addr)
{
	u32 pfn = frame_alloc(s, FR_TABLE, mm->number,
			      addr & ~(pt_span(s, level) * (s->table_mask + 1) - 1));
	jword *t;

	if (!pfn)
		return 0;
	t = arena_alloc(s, (s->table_mask + 1) * 8, "page table");
	if (!t) {
		frame_free(s, pfn);
		return 0;
	}
	j_save(s, frame_at(s, pfn));
	frame_at(s, pfn)->order = level & 0xf;
	return MK_TABLE(pfn, REF(s, t));
}

static void table_destroy(struct sim *s, u64 entry)
{
	arena_free(s, table_words(s, entry), (s->table_mask + 1) * 8);
	frame_free(s, TABLE_PFN(entry));
}

bool pgd_create(struct sim *s, struct mm *mm)
{
	u64 e = table_create(s, mm, s->prof->levels - 1, 0);

	if (!e)
		return false;
	SET(s, mm->pgd, TABLE_REF(e));
	SET(s, mm->pgd_pfn, TABLE_PFN(e));
	return true;
}

static const char *alloc_name(const struct sim *s, unsigned level)
{
	static const char *const names[] = { "__pte_alloc", "__pmd_alloc", "__pud_alloc",
					     "__p4d_alloc" };

	(void)s;
	return names[level < 4 ? level : 3];
}

/* The walk of a fault, level by level, until a table is missing. */
void pt_trace_walk(struct sim *s, const struct mm *mm, u64 addr)
{
	const jword *t = s->base + mm->pgd;

	for (unsigned l = s->prof->levels; l-- > 0;) {
		u64 e = t[pt_index(s, addr, l)];

		T_NOTE(s, "__handle_mm_fault",
		       !e ? "the entry is none" : l ? "the entry leads to a table" : "the pte",
		       s->prof->level_name[l], pt_index(s, addr, l), e ? "frame" : NULL,
		       l ? TABLE_PFN(e) : PTE_PFN(e), SIM_U_COUNT);
		if (!e || !l)
			return;
		t = table_words(s, e);
	}
}

noinline jword *pt_entry(struct sim *s, struct mm *mm, u64 addr, unsigned level, bool alloc)
{
	jword *t = s->base + mm->pgd;

	for (unsigned l = s->prof->levels - 1; l > level; l--) {
		jword *e = t + pt_index(s, addr, l);

		if (!*e) {
			u64 n;

			if (!alloc)
				return NULL;
			n = table_create(s, mm, l - 1, addr);
			if (!n)
				return NULL;
			SET(s, *e, n);
			ADD(s, mm->nr_tables, 1);
			if (l <= 2)
				ADD(s, *(l == 1 ? &mm->nr_ptes : &mm->nr_pmds), 1);
			T_EVENT(s, alloc_name(s, l - 1), TABLE,
				RULE(s, pgtables_bytes) ?
					"page table allocated, pgtables_bytes +4096; frame" :
					"page table allocated; frame", TABLE_PFN(n), SIM_U_PFN);
		}
		t = table_words(s, *e);
	}
	if (level == 0) {
		if (s->hot_mm != mm)
			s->hot_vma = NULL;
		s->hot_mm = mm;
		s->hot_base = addr & ~(s->pmd_size - 1);
		s->hot_table = t;
	}
	return t + pt_index(s, addr, level);
}

jword *pte_make(struct sim *s, struct mm *mm, u64 addr)
{
	jword *p = pte_find(s, mm, addr);

	return p ? p : pt_entry(s, mm, addr, 0, true);
}

/* Down to where a table is missing: the level of that entry; 0: *table has the pte. */
static inline unsigned descend(const struct sim *s, const struct mm *mm, u64 addr, const jword **table)
{
	const jword *t = s->base + mm->pgd;
	unsigned l = s->prof->levels - 1;
	u64 e;

	while (l && (e = t[pt_index(s, addr, l)])) {
		t = table_words(s, e);
		l--;
	}
	*table = t;
	return l;
}

static inline const jword *look(const struct sim *s, const struct mm *mm, u64 addr, u64 *next)
{
	const jword *t;
	unsigned l = descend(s, mm, addr, &t);

	*next = l ? (addr | (pt_span(s, l) - 1)) + 1 : addr + PAGE_SIZE;
	return l ? NULL : t + pt_index(s, addr, 0);
}

const jword *pte_look(const struct sim *s, const struct mm *mm, u64 addr, u64 *next)
{
	*next = addr + PAGE_SIZE;
	return mm->pgd ? look(s, mm, addr, next) : NULL;
}

void pt_each(struct sim *s, struct mm *mm, struct vma *vma, u64 start, u64 end, pte_fn fn,
	     void *arg)
{
	for (u64 a = start, next; a < end; a = next) {
		const jword *p = look(s, mm, a, &next);

		for (; p && a < end; a += PAGE_SIZE, p++) {
			if (*p)
				fn(s, mm, vma, a, (jword *)(uintptr_t)p, arg);
			if (pt_index(s, a, 0) == s->table_mask) {
				a += PAGE_SIZE;
				break;
			}
		}
		if (p)
			next = a;
	}
}

static void table_gone(struct sim *s, struct mm *mm, jword *entry)
{
	unsigned level = frame_at(s, TABLE_PFN(*entry))->order;

	T_EVENT(s, "free_pgtables", TABLE_FREED, RULE(s, pgtables_bytes) ?
		"page table freed, pgtables_bytes -4096; frame" : "page table freed; frame",
		TABLE_PFN(*entry), SIM_U_PFN);
	if (level < 2)
		SUB(s, *(level ? &mm->nr_pmds : &mm->nr_ptes), 1);
	table_destroy(s, *entry);
	SET(s, *entry, 0);
	SUB(s, mm->nr_tables, 1);
	s->hot_table = NULL;
}

/* A table goes when all it could serve lies between floor and ceiling: the one below the entry that
 * spans `span` bytes, of which [addr, end) is looked at. What a larger one could serve does not then. */
static inline bool table_needed(u64 addr, u64 end, u64 span, u64 floor, u64 ceiling)
{
	u64 ceil = ceiling & ~(span - 1);

	return (addr & ~(span - 1)) < floor || (ceiling && !ceil) || end - 1 > ceil - 1;
}

bool pt_untouched(const struct sim *s, const struct mm *mm, u64 addr, u64 end, u64 floor, u64 ceiling)
{
	const jword *t;
	unsigned l = descend(s, mm, addr, &t);

	if (!l || end - 1 > (addr | (pt_span(s, l) - 1)))
		return false;
	return l == s->prof->levels - 1 || table_needed(addr, end, pt_span(s, l + 1), floor, ceiling);
}

/* Frees the tables below the entries of t for [addr, end), where nothing else needs them. */
static void free_level(struct sim *s, struct mm *mm, jword *t, unsigned level, u64 addr, u64 end,
		       u64 floor, u64 ceiling)
{
	u64 span = pt_span(s, level);

	for (u64 a = addr, next; a < end; a = next) {
		jword *e = t + pt_index(s, a, level);

		next = (a & ~(span - 1)) + span;
		if (next > end || next < a)
			next = end;
		if (!*e)
			continue;
		if (level > 1) {
			free_level(s, mm, table_words(s, *e), level - 1, a, next, floor, ceiling);
			if (table_needed(a, next, span, floor, ceiling))
				continue;
		}
		table_gone(s, mm, e);
	}
}

void pt_free_range(struct sim *s, struct mm *mm, u64 addr, u64 end, u64 floor, u64 ceiling)
{
	u64 span = pt_span(s, 1), c = ceiling;

	addr &= ~(span - 1);
	if (addr < floor) {
		addr += span;
		if (!addr)
			return;
	}
	if (c) {
		c &= ~(span - 1);
		if (!c)
			return;
	}
	if (end - 1 > c - 1)
		end -= span;
	if (addr > end - 1)
		return;
	free_level(s, mm, s->base + mm->pgd, s->prof->levels - 1, addr, end, floor, ceiling);
}

static void destroy_level(struct sim *s, struct mm *mm, jword *t, unsigned level)
{
	for (unsigned i = 0; i <= s->table_mask; i++) {
		if (!t[i])
			continue;
		if (level > 1)
			destroy_level(s, mm, table_words(s, t[i]), level - 1);
		table_gone(s, mm, &t[i]);
	}
}

void pt_destroy(struct sim *s, struct mm *mm)
{
	destroy_level(s, mm, s->base + mm->pgd, s->prof->levels - 1);
	table_destroy(s, MK_TABLE(mm->pgd_pfn, mm->pgd));
	SET(s, mm->pgd, 0);
	SET(s, mm->pgd_pfn, 0);
	hot_forget(s);
}

/* CONFIG_PT_RECLAIM: the PTE table that serves addr, when no entry is left. */
void pt_free_pte_table(struct sim *s, struct mm *mm, u64 addr)
{
	jword *e = pt_entry(s, mm, addr, 1, false);
	jword *t;

	if (!e || !*e)
		return;
	t = table_words(s, *e);
	for (unsigned i = 0; i <= s->table_mask; i++)
		if (t[i])
			return;
	table_gone(s, mm, e);
}

/* move_normal_pmd, move_normal_pud: a whole table changes its place. */
bool pt_move_table(struct sim *s, struct mm *mm, u64 from, u64 to, unsigned level)
{
	jword *old = pt_entry(s, mm, from, level, false);
	jword *new = pt_entry(s, mm, to, level, false);

	if (!old || !new || !*old || *new)
		return false;
	SET(s, *new, *old);
	SET(s, *old, 0);
	j_save(s, frame_at(s, TABLE_PFN(*new)));
	frame_at(s, TABLE_PFN(*new))->vpn =
		((to & ~(pt_span(s, level) - 1)) >> PAGE_SHIFT) & 0xfffffffff;
	s->hot_table = NULL;
	return true;
}

size_t sim_walk(const struct sim *s, unsigned proc, uint64_t addr, struct sim_walk_level ret[5])
{
	const struct mm *mm;
	const jword *t;
	u32 pfn;
	size_t n = 0;

	if (proc >= s->root->nprocs || !s->root->proc[proc])
		return 0;
	mm = AT(s, s->root->proc[proc], const struct mm);
	if (!mm->pgd)
		return 0;
	t = s->base + mm->pgd;
	pfn = mm->pgd_pfn;
	for (unsigned l = s->prof->levels; l-- > 0;) {
		u64 e = t ? t[pt_index(s, addr, l)] : 0;
		struct sim_walk_level *w = &ret[n++];

		*w = (struct sim_walk_level){ .name = s->prof->level_name[l],
					      .index = pt_index(s, addr, l),
					      .table_pfn = pfn };
		if (l) {
			w->present = e;
			w->entry_pfn = e ? TABLE_PFN(e) : 0;
			w->writable = e;
			t = e ? table_words(s, e) : NULL;
			pfn = e ? TABLE_PFN(e) : 0;
		} else {
			w->present = e & PTE_P;
			w->entry_pfn = e & PTE_P ? PTE_PFN(e) : 0;
			w->writable = e & PTE_W;
			w->dirty = e & PTE_D;
		}
		for (unsigned k = 0; l == s->prof->levels - 1 && k < 3 && s->prof->folded[k]; k++)
			ret[n++] = (struct sim_walk_level){ .name = s->prof->folded[k],
							    .table_pfn = w->table_pfn,
							    .entry_pfn = w->entry_pfn,
							    .present = w->present,
							    .writable = w->writable,
							    .folded = true };
	}
	return n;
}
