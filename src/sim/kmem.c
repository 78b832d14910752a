/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words of memory: those of kernel stacks by their kernel address, those that programs
 * pushed by the frame they lie in. A page costs nothing before somebody writes to it.
 */
#include "kside.h"

#define PAGE_WORDS (PAGE_SIZE / 8)

/* ---- one page ------------------------------------------------------------------------------ */

static u64 part_of(u64 word, unsigned off, unsigned bytes)
{
	return bytes == 8 ? word : (word >> (off & 4) * 8) & 0xffffffff;
}

u64 wpage_get(const struct sim *s, const struct wpage *p, unsigned off, unsigned bytes)
{
	return part_of(p->words ? AT(s, p->words, const jword)[off / 8] : p->fill, off, bytes);
}

static jword *own_words(struct sim *s, struct wpage *p)
{
	jword *w;

	if (p->words)
		return AT(s, p->words, jword);
	w = arena_alloc(s, PAGE_SIZE, "words of a stack");
	if (!w)
		return NULL;
	if (p->fill) {
		journal_block(s, w, PAGE_WORDS);
		for (unsigned i = 0; i < PAGE_WORDS; i++)
			w[i] = p->fill;
	}
	SET(s, p->words, REF(s, w));
	return w;
}

bool wpage_set(struct sim *s, struct wpage *p, unsigned off, u64 val, unsigned bytes)
{
	u64 old = p->words ? AT(s, p->words, const jword)[off / 8] : p->fill, now = val;
	jword *w;

	if (bytes == 4)
		now = off & 4 ? (old & 0xffffffff) | val << 32 : (old & ~0xffffffffull) | (u32)val;
	if (now == old)
		return true;
	w = own_words(s, p);
	if (!w)
		return false;
	SET(s, w[off / 8], now);
	return true;
}

void wpage_drop(struct sim *s, struct wpage *p)
{
	if (p->words) {
		arena_free(s, AT(s, p->words, jword), PAGE_SIZE);
		SET(s, p->words, 0);
	}
	if (p->fill)
		SET(s, p->fill, 0);
}

bool wpage_fill(struct sim *s, struct wpage *p, u64 fill)
{
	wpage_drop(s, p);
	if (fill)
		SET(s, p->fill, fill);
	return true;
}

/* ---- kernel addresses ------------------------------------------------------------------------ */

static bool inside(const struct kstack *ks, u64 addr)
{
	return addr - ks->base < ks->size;
}

static struct kstack *search(const struct sim *s, u64 addr)
{
	const struct kroot *k = &s->root->k;

	/* The one that is being made is not counted yet. */
	for (u32 i = 0; i <= s->root->ntasks && i < SIM_MAX_TASKS; i++) {
		struct ktask *t = s->root->task[i].k ? ktask_at(s, i) : NULL;

		if (t && t->kstack && inside(kstack_of(s, t), addr))
			return kstack_of(s, t);
	}
	for (unsigned c = 0; c < k->ncpus; c++)
		for (unsigned i = 0; i < KERNEL_CPU_STACKS; i++) {
			ref r = AT(s, k->cpus, struct kcpu)[c].stack[i];

			if (r && inside(AT(s, r, struct kstack), addr))
				return AT(s, r, struct kstack);
		}
	for (unsigned i = 0; i < 2; i++)
		if (k->cached[i] && inside(AT(s, k->cached[i], struct kstack), addr))
			return AT(s, k->cached[i], struct kstack);
	return NULL;
}

struct kstack *kstack_at(const struct sim *s, u64 addr)
{
	if (!s->hot_kstack || !inside(s->hot_kstack, addr))
		((struct sim *)(uintptr_t)s)->hot_kstack = search(s, addr);
	return s->hot_kstack;
}

/* The frame behind an address of the kernel's direct map; 0: none. */
static u32 direct_frame(const struct sim *s, u64 addr)
{
	u64 pfn = (addr - kern(s)->page_offset) >> PAGE_SHIFT;

	return addr >= kern(s)->page_offset && pfn < s->nframes ? (u32)pfn : 0;
}

static struct wpage *uwords_of(struct sim *s, u32 pfn, bool make);

/* Not a stack: some other page of the machine, or nothing. */
static enum kaccess store_elsewhere(struct sim *s, u64 addr, u64 val, unsigned bytes)
{
	static const char *const whose[] = {
		[FR_NONE] = "a free page is overwritten",
		[FR_FREE + MIGRATE_UNMOVABLE] = "a free page is overwritten",
		[FR_FREE + MIGRATE_MOVABLE] = "a free page is overwritten",
		[FR_FREE + MIGRATE_RECLAIMABLE] = "a free page is overwritten",
		[FR_BLOCK] = "a block of the kernel is overwritten",
		[FR_ANON] = "a page of a process is overwritten",
		[FR_FILE] = "a page of the page cache is overwritten",
		[FR_SHMEM] = "a page of shared memory is overwritten",
		[FR_TABLE] = "a page table is overwritten", [FR_ZERO] = "the zero page is overwritten",
		[FR_RESERVED] = "the kernel itself is overwritten",
		[FR_KSTACK] = "a page of a stack is overwritten",
	};
	u32 pfn = direct_frame(s, addr);
	struct wpage *p;

	if (!pfn)
		return KA_NOTHING;
	if (!s->root->k.wild || (addr & (PAGE_SIZE - 1)) + bytes == PAGE_SIZE)	/* once for each page */
		K_NOTE(s, "(wild store)", whose[frame_at(s, pfn)->kind], NULL, "address", addr, "pfn",
		       pfn, SIM_U_HEX);
	ADD(s, s->root->k.wild, 1);
	if (frame_at(s, pfn)->kind == FR_ANON) {
		p = uwords_of(s, pfn, true);
		if (!p || !wpage_set(s, p, addr & (PAGE_SIZE - 1) & ~(u64)(bytes - 1), val, bytes))
			return KA_NOTHING;
	}
	return KA_ELSEWHERE;
}

enum kaccess kstore(struct sim *s, u64 addr, u64 val, unsigned bytes)
{
	struct kstack *ks = kstack_at(s, addr);
	u64 off;

	if (!ks)
		return kern(s)->source == STACK_VMALLOC ? KA_GUARD : store_elsewhere(s, addr, val, bytes);
	off = addr - ks->base;
	return wpage_set(s, &ks->page[off >> PAGE_SHIFT], off & (PAGE_SIZE - 1) & ~(u64)(bytes - 1), val,
			 bytes) ? KA_OK : KA_NOTHING;
}

u64 kload(const struct sim *s, u64 addr, unsigned bytes)
{
	const struct kstack *ks = kstack_at(s, addr);
	u64 off;

	if (!ks)
		return 0;
	off = addr - ks->base;
	return wpage_get(s, &ks->page[off >> PAGE_SHIFT], off & (PAGE_SIZE - 1) & ~(u64)(bytes - 1), bytes);
}

/* ---- words of programs ----------------------------------------------------------------------- */

static ref *bucket_of(const struct sim *s, u32 pfn)
{
	return &AT(s, s->root->k.uwords, ref)[pfn % UWORD_BUCKETS];
}

static struct wpage *uwords_of(struct sim *s, u32 pfn, bool make)
{
	struct kroot *k = &s->root->k;
	struct upage *p;
	ref *head;

	if (!k->uwords) {
		void *table = make ? arena_alloc(s, UWORD_BUCKETS * sizeof(ref), "words of programs") : NULL;

		if (!table)
			return NULL;
		SET(s, k->uwords, REF(s, table));
	}
	head = bucket_of(s, pfn);
	for (ref r = *head; r; r = p->next) {
		p = AT(s, r, struct upage);
		if (p->pfn == pfn)
			return &p->page;
	}
	if (!make)
		return NULL;
	p = arena_alloc(s, sizeof(*p), "words of a page");
	if (!p)
		return NULL;
	j_save(s, p);
	p->pfn = pfn;
	p->next = *head;
	SET(s, *head, REF(s, p));
	ADD(s, k->nuwords, 1);
	return &p->page;
}

void uwords_drop(struct sim *s, u32 pfn)
{
	ref *at = s->root->k.uwords ? bucket_of(s, pfn) : NULL;

	while (at && *at) {
		struct upage *p = AT(s, *at, struct upage);

		if (p->pfn == pfn) {
			wpage_drop(s, &p->page);
			SET(s, *at, p->next);
			arena_free(s, p, sizeof(*p));
			SUB(s, s->root->k.nuwords, 1);
			return;
		}
		at = &p->next;
	}
}

void uwords_copy(struct sim *s, u32 from, u32 to)
{
	struct wpage *a = uwords_of(s, from, false), *b;
	jword *w;

	if (!a || !(b = uwords_of(s, to, true)))
		return;
	if (!a->words) {
		wpage_fill(s, b, a->fill);
		return;
	}
	w = own_words(s, b);
	if (w)
		journal_copy(s, w, AT(s, a->words, jword), PAGE_SIZE);
}

static u32 frame_of(struct sim *s, struct mm *mm, u64 addr)
{
	jword *pte = pte_find(s, mm, addr);

	return pte && (*pte & PTE_P) && !(*pte & PTE_ZERO) ? PTE_PFN(*pte) : 0;
}

bool ustore(struct sim *s, struct mm *mm, u64 addr, u64 val)
{
	u32 pfn = frame_of(s, mm, addr);
	struct wpage *p = pfn ? uwords_of(s, pfn, true) : NULL;
	unsigned bytes = kern(s)->word;

	return p && wpage_set(s, p, addr & (PAGE_SIZE - 1) & ~(u64)(bytes - 1), val, bytes);
}

u64 uload(struct sim *s, struct mm *mm, u64 addr)
{
	u32 pfn = frame_of(s, mm, addr);
	struct wpage *p = pfn ? uwords_of(s, pfn, false) : NULL;
	unsigned bytes = kern(s)->word;

	return p ? wpage_get(s, p, addr & (PAGE_SIZE - 1) & ~(u64)(bytes - 1), bytes) : 0;
}

bool ufill(struct sim *s, struct mm *mm, u64 page, u64 fill)
{
	u32 pfn = frame_of(s, mm, page);
	struct wpage *p = pfn ? uwords_of(s, pfn, true) : NULL;

	return p && wpage_fill(s, p, fill);
}
