/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of the simulated machine; private to src/sim.
 *
 * All mutable state lies in one reserved block of words. Objects refer to each other by
 * word number (ref, 0 is none), and every change goes through SET(), which saves the word
 * in the journal first. Undoing swaps the saved words back in, newest first; the journal
 * then holds the newer words, so that redoing is the same swap in the other direction. Hence any
 * position can be returned to exactly, allocator included.
 */
#ifndef SIM_MM_H
#define SIM_MM_H
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim.h"
#include "sim_env.h"
#include "profile.h"

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef u32 ref;
typedef u64 __attribute__((may_alias)) jword;
typedef u64 __attribute__((may_alias, vector_size(16), aligned(8))) jpair;	/* two at once */

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) (((x) + PAGE_SIZE - 1) & PAGE_MASK)
#define MAX_ERRNO 4095			/* higher numbers are addresses */
#define EXT4_MAX_BYTES (0xffffffffull << PAGE_SHIFT)	/* s_maxbytes of extents, blocks of 4 KiB */

/* ---- flags of a VMA: bit numbers of the kernel's vm_flags ----------------------------- */
#define VM_READ 0x1ull
#define VM_WRITE 0x2ull
#define VM_EXEC 0x4ull
#define VM_SHARED 0x8ull
#define VM_MAYREAD 0x10ull
#define VM_MAYWRITE 0x20ull
#define VM_MAYEXEC 0x40ull
#define VM_MAYSHARE 0x80ull
#define VM_GROWSDOWN 0x100ull
#define VM_MAYBE_GUARD 0x800ull
#define VM_DENYWRITE 0x800ull	/* the same bit, before 5.15 */
#define VM_PFNMAP 0x400ull
#define VM_LOCKED 0x2000ull
#define VM_IO 0x4000ull
#define VM_SEQ_READ 0x8000ull
#define VM_RAND_READ 0x10000ull
#define VM_DONTCOPY 0x20000ull
#define VM_DONTEXPAND 0x40000ull
#define VM_LOCKONFAULT 0x80000ull
#define VM_ACCOUNT 0x100000ull
#define VM_NORESERVE 0x200000ull
#define VM_WIPEONFORK 0x2000000ull
#define VM_DONTDUMP 0x4000000ull
#define VM_MIXEDMAP 0x10000000ull
#define VM_HUGEPAGE 0x20000000ull
#define VM_NOHUGEPAGE 0x40000000ull
#define VM_MERGEABLE 0x80000000ull
#define VM_SEALED (1ull << 42)
#define VM_MTE_ALLOWED (1ull << 43)	/* hidden: it has no name in smaps */
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_LOCKED_MASK (VM_LOCKED | VM_LOCKONFAULT)
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_DATA_FLAGS (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

/* ---- page table entries ---------------------------------------------------------------- */
#define PTE_P 0x1ull
#define PTE_W 0x2ull
#define PTE_D 0x40ull
#define PTE_CLEANED 0x4ull	/* such a processor: the next write faults */
#define PTE_OLD 0x800ull		/* not accessed yet, where the processor does not note it itself */
#define PTE_ZERO 0x200ull	/* the shared zero page: no map count, no RSS */
#define PTE_GUARD 0x400ull	/* a marker, not present */
#define PTE_PFN(pte) ((u32)((pte) >> PAGE_SHIFT))
#define MK_PTE(pfn, bits) (((u64)(pfn) << PAGE_SHIFT) | (bits))
/* An entry of a higher table: number of the frame, and where the table's words are. */
#define TABLE_PFN(e) ((u32)((e) >> 32))
#define TABLE_REF(e) ((ref)(e))
#define MK_TABLE(pfn, r) (((u64)(pfn) << 32) | (r))

/* ---- frames -------------------------------------------------------------------------- */
enum wmark { WMARK_MIN, WMARK_LOW, WMARK_HIGH };
enum alloc_end {
	ALLOC_OK,
	ALLOC_FAILED,		/* nothing of the order is left, and nobody insists */
	ALLOC_STALLED,		/* the kernel reclaims, compacts and tries again, for ever */
};
enum migratetype { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_TYPES };
/* A free block is of the kind FR_FREE + the migrate type of its list. */
enum frame_kind { FR_NONE, FR_FREE, FR_ANON = FR_FREE + MIGRATE_TYPES, FR_FILE, FR_SHMEM, FR_TABLE,
		  FR_ZERO, FR_RESERVED, FR_KSTACK, FR_BLOCK };
_Static_assert(FR_BLOCK < 16, "struct frame has four bits for the kind");
#define FRF_EXCLUSIVE 1		/* PageAnonExclusive */
#define FRF_DIRTY 2		/* PG_dirty */
#define FRF_ELSEWHERE 4		/* processes outside of the scenario map it as well: counted once */
#define FRF_READAHEAD 8		/* PG_readahead: who comes here wants what follows */
#define MAX_ORDER 10

/* All that is known of a frame, in one word, so that one journal entry holds a change of it. */
struct frame {
	union {
		u64 word;
		struct {		/* FR_ANON, FR_TABLE (order: the level of its entries), FR_KSTACK,
					 * FR_BLOCK (vpn: number of the block; flags: its migrate type) */
			u64 kind : 4, order : 4, flags : 4, proc : 4, mapcount : 12, vpn : 36;
		};
		struct {		/* FR_FILE, FR_SHMEM: may be mapped very often */
			u64 kind_ : 4, order_ : 4, flags_ : 4, proc_ : 4, count : 48;
		};
		struct {		/* FR_FREE: its list */
			u64 kind__ : 4, order__ : 4, next : 28, prev : 28;
		};
	};
};
#define FRAME_ONE_MAPPING (1ull << 16)	/* added to the word */
#define FRAME_EXCLUSIVE ((u64)FRF_EXCLUSIVE << 8)
#define MAX_FRAMES (1ull << 28)

/* ---- VMAs ---------------------------------------------------------------------------- */
/* Identity of the open file behind a VMA (vm_file). */
enum { FILE_NONE, FILE_EXE, FILE_RW, FILE_RO, FILE_VVAR, FILE_VVAR_VCLOCK, FILE_VDSO, FILE_SHMEM };

struct vma {			/* 64 bytes */
	u64 start, end, flags, pgoff;
	u32 file;		/* FILE_...; FILE_SHMEM + n is the n-th shared object */
	u32 id;
	ref anon_vma, chain;
	ref prev, next;
	ref leaf;
	ref rb;			/* with SIM_INDEX_RBTREE */
};

struct anon_vma {
	u32 refs;		/* links in VMAs' chains */
	u32 children;		/* num_children, itself included at a root */
	u32 active;		/* num_active_vmas */
	u32 id;
	ref parent, spare;
};

struct avc {			/* a link of a VMA's anon_vma_chain */
	ref anon_vma, next;
};

/* Sorted by address: leaves of up to LEAF_MAX VMAs, and a directory of leaves. */
struct slot {
	u64 start, at;		/* where the VMA, or the first of the leaf, begins; its ref */
};

#define LEAF_MAX 31
struct leaf {
	u64 n;
	u64 maxgap;		/* no gap below a VMA of this leaf is larger */
	struct slot slot[LEAF_MAX];
};

/* ---- mm -------------------------------------------------------------------------------- */
/* Counters of an mm that a VMA may be part of, see vm_counters(). */
enum { VMC_EXEC, VMC_STACK, VMC_DATA, VMC_SHARED, VMC_NR };
/* STAT_ANON and STAT_MINFLT share a word: most faults change both. */
enum { STAT_ANON, STAT_MINFLT, STAT_FILE, STAT_SHMEM, NSTATS };

struct mm {
	ref pgd;
	u32 pgd_pfn;
	u32 alive, number;
	int32_t parent;
	u32 map_count;
	u64 nr_tables;		/* all but the top one */
	u64 nr_ptes, nr_pmds;	/* of these, at the lowest level and at the next */
	u64 total_vm, locked_vm, hiwater_vm;
	u64 vm[VMC_NR];		/* exec_vm, stack_vm, data_vm, shared_vm */
	u64 def_flags;
	u64 brk, start_brk, mmap_base;
	u64 free_area_cache, cached_hole_size;
	u64 start_code, end_code, start_data, end_data, start_stack;
	u64 arg_start, arg_end, env_start, env_end;
	u32 stat[NSTATS];
	u64 limit[SIM_NLIMITS];
	u64 topdown;
	ref first, last;	/* VMAs */
	ref dir;
	u32 dir_n;
	u32 dir_cap;
	ref rb_root;
};

/* ---- page cache objects -------------------------------------------------------------- */
enum { OBJ_NONE, OBJ_EXE, OBJ_FILE, OBJ_SHMEM, OBJ_VDSO };
struct object {
	u32 kind, height;	/* height of the tree of pages */
	u32 users, number;	/* VMAs that map it (OBJ_SHMEM) */
	u64 len;		/* bytes */
	ref tree;
	u32 spare;
};

/* file->f_ra: what was read ahead last, in pages. */
struct file_ra {
	u64 start;
	u32 size, async_size;
};

#define NCLASSES 24
struct area {
	u32 head, tail;
	u64 blocks;
};

#define NO_PROC 255u		/* of a kernel thread */
struct task {
	u32 proc, alive;
	u32 is_main, parent;
	u64 sp, stack_start, stack_end, guard_start, guard_end;
	ref k;			/* struct ktask: its kernel side */
	u32 spare;
};

/* The words of a page, where somebody wrote them: none yet, all the same, or each for itself. */
struct wpage {
	u64 fill;
	ref words;
	u32 spare;
};

#define VMALLOC_SLOTS 320
struct kroot {			/* the kernel's own side; kside.h */
	u64 mode;		/* not 0: some operations have to wait */
	u64 lowest;		/* least room a kernel stack ever had left */
	u64 clock;		/* context switches */
	u64 wild;		/* stores that hit no stack */
	u64 slots[VMALLOC_SLOTS / 64];
	ref cpus;
	u32 ncpus;
	ref fn[2];		/* functions by name: of the kernel, of programs */
	u32 nfn[2];
	ref cached[2];		/* stacks of the dead */
	ref uwords;		/* words of frames, by number */
	u32 nuwords;
	u32 switch_from, switch_to;	/* task + 1, while a switch is under way */
};

struct root {
	u64 magic;
	u64 heap_top, heap_end;		/* words */
	u64 freed[NCLASSES];
	u64 nr_free;			/* frames in the lists below */
	/* The per-CPU lists: taken out of the buddy, not handed out. */
	u64 pcp_next[MIGRATE_TYPES], pcp_end[MIGRATE_TYPES];
	u64 virgin, virgin_end;		/* blocks of the highest order that were never split, movable */
	struct area area[MAX_ORDER + 1][MIGRATE_TYPES];
	ref pageblocks;			/* their types, 32 to a word, those that are not movable */
	u64 pageblock[MIGRATE_TYPES];	/* how many of each */
	u64 wmark[3];			/* min, low, high: frames */
	ref blocks;			/* struct block: what `alloc` made */
	u64 nblocks;
	u64 current, nprocs;
	ref proc[SIM_MAX_PROCS];
	u64 ntasks;
	struct task task[SIM_MAX_TASKS];
	u64 next_vma, next_anon, next_shmem;
	ref object[6];			/* by OBJ_ */
	struct file_ra ra[2];		/* of the file opened read/write, of the file read-only */
	ref shmem_dir;			/* table of refs, by number */
	u32 shmem_cap;
	struct kroot k;
};

/* One changed word, by its address, and what it was. Or n words from there on, as the kind says:
 * JENT_BLOCK	they are saved: (n + 1) / 2 entries hold them, and one like this first one follows, so
 *		that it can be walked from both ends
 * JENT_RAMP	val was added to them, and i times the val of a second such entry to the i-th
 * JENT_UP	of val pairs of words, the last was moved to the front, the others up
 * JENT_DOWN	of val pairs of words, the first was moved to the end, the others down */
enum { JENT_WORD, JENT_BLOCK, JENT_RAMP, JENT_UP, JENT_DOWN };
struct jent {
	u64 at;			/* address, and in the bits it leaves free the kind, and n << 48 */
	u64 val;
};

struct sim {
	jword *base;
	struct jent *jcur;		/* the end of the journal */
	sim_trace_fn trace;
	const struct sim_profile *prof;
	struct root *root;
	struct frame *frame;
	struct mm *mm;			/* of the current process */
	/* What the last access found: hints, no state. */
	struct vma *hot_vma;
	struct mm *hot_mm;
	jword *hot_table;
	u64 hot_base;
	u64 pmd_size;			/* bytes that one table of ptes serves */
	u64 table_mask;			/* entries of a table, less one */
	struct kstack *hot_kstack;
	u64 nframes;
	const struct sim_env *env;
	struct jent *jent, *jend;	/* the journal, and what of it can be redone */
	struct jent *jhalf, *jfull;	/* an operation begins, and goes on, below these */
	u64 jcap;
	sim_pos jbase, start_pos;
	size_t bytes;
	struct sim_options opt;
	void *trace_ctx;
	unsigned depth;
	u64 rules_asked[SIM_RULE_WORDS];	/* since the last step that was traced */
	bool failed;			/* an allocation was refused during this operation */
	bool populating;		/* madvise does, not the process */
	bool retracing;
	enum alloc_end stack_end;	/* how the last request for a kernel stack ended */
	/* Of the operation that runs: */
	u64 kfault;		/* where a kernel stack ended */
	struct buf *log;	/* what the kernel said */
};

/* Who goes through memory in order asks for the line a page ahead: processors do not look past the
 * end of a page by themselves. */
static inline void ask_ahead(const void *p)
{
	__builtin_prefetch((const char *)p + PAGE_SIZE, 1);
}

/* ---- journal.c ------------------------------------------------------------------------- */
static inline void j_word(struct sim *s, uintptr_t at, u64 val)
{
	*s->jcur++ = (struct jent){ at, val };
}
static inline void j_save_at(struct sim *s, uintptr_t at)
{
	j_word(s, at, *(const jword *)at);
}
/* The word that p lies in. */
static inline void j_save(struct sim *s, const void *p)
{
	j_save_at(s, (uintptr_t)p & ~(uintptr_t)7);
}
#define J_SAVE(s, lv) (sizeof(lv) == 8 ? j_save_at((s), (uintptr_t)&(lv)) : j_save((s), &(lv)))
#define SET(s, lv, v) do { J_SAVE(s, lv); (lv) = (v); } while (0)
#define ADD(s, lv, v) do { J_SAVE(s, lv); (lv) += (v); } while (0)
#define SUB(s, lv, v) do { J_SAVE(s, lv); (lv) -= (v); } while (0)
/* Where it often is so already. */
#define PUT(s, lv, v)		\
	do {			\
		if ((lv) != (v))	\
			SET(s, lv, v); \
	} while (0)

#define AT(s, r, type) ((type *)(void *)((s)->base + (r)))
#define REF(s, p) ((ref)((const jword *)(const void *)(p) - (s)->base))

bool journal_create(struct sim *s);
void journal_destroy(struct sim *s);
void journal_drop(struct sim *s);		/* the oldest history goes */
void journal_take_back(struct sim *s, const struct jent *start);	/* what the operation did */
void journal_forget(struct sim *s);		/* what was done so far cannot be undone */
void journal_copy(struct sim *s, void *to, const void *from, size_t bytes);
void journal_block(struct sim *s, void *p, unsigned words);	/* saves them all; at most 1024 */
/* Adds to n words in a row: first, first + step, first + 2 * step ... Two entries, whatever n is. */
void ramp_add(struct sim *s, void *p, unsigned n, u64 first, u64 step);
void journal_zero(struct sim *s, void *to, size_t bytes);
/* Of n pairs of words, the last moves to the front, or the first to the end. One entry. */
void pairs_up(struct sim *s, void *p, unsigned n);
void pairs_down(struct sim *s, void *p, unsigned n);
static inline bool journal_room(const struct sim *s)
{
	return s->jcur < s->jfull;
}
/* Before an operation, which may need half of the journal. */
static inline void journal_begin(struct sim *s)
{
	if (s->retracing)
		return;
	s->jend = s->jcur;
	ask_ahead(s->jcur);
	if (unlikely(s->jcur > s->jhalf))
		journal_drop(s);
}

bool sim_ask_alloc(struct sim *s, const char *what);
/* What an unsigned long of this kernel holds of x. */
static inline u64 as_ulong(const struct sim *s, u64 x)
{
	return x & s->prof->address_mask;
}
/* ---- arena.c ----------------------------------------------------------------------------- */
/* Asks for an injected failure. */
static inline bool sim_may_alloc(struct sim *s, const char *what)
{
	if (likely(journal_room(s) && !s->env->fail))
		return true;
	return sim_ask_alloc(s, what);
}
void *arena_alloc(struct sim *s, size_t bytes, const char *what);	/* zeroed; NULL */
void *arena_grow(struct sim *s, unsigned size_class);
/* Sizes are rounded up to powers of two words, from 1 word. */
static inline unsigned size_class(size_t bytes)
{
	return bytes <= 8 ? 0 : 64 - (unsigned)__builtin_clzll((bytes - 1) / 8);
}
/* As it was left by its last user, if any. */
static inline void *arena_alloc_used(struct sim *s, size_t bytes, const char *what)
{
	u64 *freed = &s->root->freed[size_class(bytes)];
	jword *p = s->base + *freed;

	if (!sim_may_alloc(s, what))
		return NULL;
	if (!*freed)
		return arena_grow(s, size_class(bytes));
	SET(s, *freed, *p);
	return p;
}
/* The first word links the free ones of a size. */
static inline void arena_free(struct sim *s, void *mem, size_t bytes)
{
	u64 *freed = &s->root->freed[size_class(bytes)];
	jword *p = mem;

	SET(s, *p, *freed);
	SET(s, *freed, REF(s, p));
}

static inline void hot_forget(struct sim *s)
{
	s->hot_vma = NULL;
	s->hot_mm = NULL;
	s->hot_table = NULL;
	s->hot_kstack = NULL;
}

/* ---- trace.c: the steps cost one test when nobody listens ------------------------------ */
/* By value and out of line: a step that is built on the caller's stack would have the compiler
 * prepare for it on every call, heard or not. */
#define COLD __attribute__((__cold__, __noinline__))
/* Where operations pass again and again: what they call is put in line, but for what is noinline. */
#define HOT __attribute__((hot, flatten))
#define noinline __attribute__((__noinline__))
COLD void trace_step(struct sim *s, const struct sim_step *step);
COLD void trace_call(struct sim *s, const char *func, const char *what, const char *aname, u64 a,
		     const char *bname, u64 b, enum sim_unit unit);
COLD void trace_test(struct sim *s, const char *func, const char *what, const char *aname, u64 a,
		     enum sim_cmp cmp, const char *bname, u64 b, enum sim_unit unit, bool outcome,
		     const char *yes, const char *no);
COLD void trace_change(struct sim *s, const char *func, const char *what, u64 a, u64 b,
		       enum sim_unit unit);
COLD void trace_note(struct sim *s, const char *func, const char *what, const char *aname, u64 a,
		     const char *bname, u64 b, enum sim_unit unit);
COLD void trace_event(struct sim *s, const char *func, enum sim_event event, const char *what, u64 a,
		      enum sim_unit unit);
COLD void trace_return(struct sim *s, const char *func, const char *what, u64 a, enum sim_unit unit);
COLD void trace_rule(const struct sim *s, enum sim_rule r);
/* What the profile chose; a traced step tells which choices led to it. Reading only. */
static inline unsigned sim_rule_ask(const struct sim *s, enum sim_rule r)
{
	if (unlikely(s->trace))
		trace_rule(s, r);
	return s->prof->rule[r];
}
#define RULE(s, name) sim_rule_ask((s), SIM_RULE_##name)
/* VM_DATA_DEFAULT_FLAGS: of the heap and of stacks */
static inline u64 data_flags(const struct sim *s)
{
	return VM_DATA_FLAGS | (RULE(s, mte_allowed) ? VM_MTE_ALLOWED : 0);
}
static inline void trace_leave(struct sim **s)
{
	if (unlikely((*s)->trace))
		(*s)->depth--;
}
#define T_STEP(s, kind_, ...)									\
	do {											\
		if (unlikely((s)->trace))							\
			trace_##kind_((s), __VA_ARGS__);					\
	} while (0)
/* What follows in the same block lies one deeper. */
#define T_ENTER(s, ...)										\
	struct sim *tf_ __attribute__((cleanup(trace_leave), unused)) = (s);			\
	T_STEP(s, call, __VA_ARGS__)
#define T_TEST(s, func, what, an, a, cmp, ...) T_STEP(s, test, func, what, an, a, SIM_C_##cmp, __VA_ARGS__)
#define T_CHANGE(s, ...) T_STEP(s, change, __VA_ARGS__)
#define T_NOTE(s, ...) T_STEP(s, note, __VA_ARGS__)
#define T_EVENT(s, func, ev, ...) T_STEP(s, event, func, SIM_EV_##ev, __VA_ARGS__)
#define T_RETURN(s, ...) T_STEP(s, return, __VA_ARGS__)

/* ---- buddy.c, frame.c --------------------------------------------------------------------- */
bool buddy_init(struct sim *s, u64 npages);
/* 0: none; kind is left to the caller */
u32 buddy_alloc(struct sim *s, unsigned order, enum migratetype type);
void buddy_free(struct sim *s, u32 pfn, unsigned order);
/* The largest block that can be had up to *order, one's own lists first. */
u32 buddy_alloc_batch(struct sim *s, unsigned *order, enum migratetype type);
u32 buddy_take_first(struct sim *s, unsigned order);	/* of whatever type, without stealing; 0: none */
void buddy_take(struct sim *s, u32 pfn);	/* a free block leaves its list; kind is left to the caller */
enum migratetype pageblock_type(const struct sim *s, u32 pfn);
void pageblock_set_type(struct sim *s, u32 pfn, enum migratetype type);
u64 buddy_blocks(const struct sim *s, unsigned order, enum migratetype type);
static inline bool frame_is_free(const struct frame *f)
{
	return (unsigned)f->kind - FR_FREE < MIGRATE_TYPES;
}

/* ---- zone.c: the way of a request of some order, with watermarks ------------------------- */
void zone_init(struct sim *s);
/* say: every comparison is traced. */
bool zone_watermark_ok(struct sim *s, unsigned order, enum wmark mark, bool say);
/* A block for the kernel itself (GFP_KERNEL). 0: see *end. kind is left to the caller. */
u32 alloc_pages_order(struct sim *s, unsigned order, enum migratetype type, enum alloc_end *end);
/* compact.c: moves movable frames until a block of the order can be had. False: nothing moved. */
bool compact_zone(struct sim *s, unsigned order);

u32 frame_alloc(struct sim *s, enum frame_kind kind, unsigned proc, u64 addr);
void frame_free(struct sim *s, u32 pfn);
static inline struct frame *frame_at(const struct sim *s, u32 pfn)
{
	return &s->frame[pfn];
}
static inline u64 frame_mapcount(const struct frame *f)
{
	return f->kind == FR_ANON || f->kind == FR_TABLE ? f->mapcount : f->count;
}
/* The caller has saved the word. */
static inline void frame_mapcount_add(struct frame *f, int n)
{
	if (f->kind == FR_ANON)
		f->mapcount = (u64)((int)f->mapcount + n) & 0xfff;
	else
		f->count = (u64)((int64_t)f->count + n) & 0xffffffffffffull;
}
static inline void frame_set_flags(struct sim *s, struct frame *f, unsigned set, unsigned clear)
{
	unsigned v = ((unsigned)f->flags & ~clear) | set;

	if (v != f->flags) {
		j_save(s, f);
		f->flags = v & 0xf;
	}
}
unsigned frame_stat(const struct frame *f);	/* what a mapping of it counts as */
void frame_map(struct sim *s, struct mm *mm, u32 pfn, u64 addr); /* one more mapping, rss too */
void frame_unmap(struct sim *s, struct mm *mm, u64 pte);	/* pte was cleared */

/* ---- pgtable.c ---------------------------------------------------------------------------- */
bool pgd_create(struct sim *s, struct mm *mm);
/* The entry of addr at a level (0: the pte); alloc makes the tables above.
 * NULL: none, or failed. */
jword *pt_entry(struct sim *s, struct mm *mm, u64 addr, unsigned level, bool alloc);
static inline jword *pte_find(struct sim *s, struct mm *mm, u64 addr)
{
	if (s->hot_table && s->hot_mm == mm && (addr & ~(s->pmd_size - 1)) == s->hot_base)
		return s->hot_table + (addr >> PAGE_SHIFT & s->table_mask);
	return pt_entry(s, mm, addr, 0, false);
}
void pt_trace_walk(struct sim *s, const struct mm *mm, u64 addr);
jword *pte_make(struct sim *s, struct mm *mm, u64 addr);
static inline u64 pt_span(const struct sim *s, unsigned level)	/* bytes one entry of a level covers */
{
	return 1ull << s->prof->shift[level];
}
/* No table serves any of [addr, end), and those above are needed: nothing to let go. */
bool pt_untouched(const struct sim *s, const struct mm *mm, u64 addr, u64 end, u64 floor, u64 ceiling);
void pt_free_range(struct sim *s, struct mm *mm, u64 addr, u64 end, u64 floor, u64 ceiling);
void pt_destroy(struct sim *s, struct mm *mm);
void pt_free_pte_table(struct sim *s, struct mm *mm, u64 addr);
bool pt_move_table(struct sim *s, struct mm *mm, u64 from, u64 to, unsigned level);
/* Calls fn for each pte of the tables that exist in [start, end). fn may change the pte. */
typedef void (*pte_fn)(struct sim *s, struct mm *mm, struct vma *vma, u64 addr, jword *pte,
		       void *arg);
void pt_each(struct sim *s, struct mm *mm, struct vma *vma, u64 start, u64 end, pte_fn fn,
	     void *arg);
const jword *pte_look(const struct sim *s, const struct mm *mm, u64 addr, u64 *next);

/* ---- vma.c (index), merge.c ------------------------------------------------------------ */
struct vma *vma_search(struct sim *s, struct mm *mm, u64 addr);
const struct vma *vma_look(const struct sim *s, const struct mm *mm, u64 addr);
static inline struct vma *vma_next(const struct sim *s, const struct vma *v)
{
	return v->next ? AT(s, v->next, struct vma) : NULL;
}
static inline struct vma *vma_prev(const struct sim *s, const struct vma *v)
{
	return v->prev ? AT(s, v->prev, struct vma) : NULL;
}
static inline struct vma *vma_first(const struct sim *s, const struct mm *mm)
{
	return mm->first ? AT(s, mm->first, struct vma) : NULL;
}
static inline struct vma *vma_last(const struct sim *s, const struct mm *mm)
{
	return mm->last ? AT(s, mm->last, struct vma) : NULL;
}
/* The first with end > addr: often the one found last. */
static inline struct vma *vma_find(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = s->hot_vma;

	if (v && s->hot_mm == mm && addr < v->end &&
	    (v->start <= addr || !v->prev || AT(s, v->prev, struct vma)->end <= addr))
		return v;
	return vma_search(s, mm, addr);
}
static inline u64 vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}
static inline bool vma_anonymous(const struct vma *v)
{
	return v->file == FILE_NONE;
}
static inline bool vma_accessible(const struct vma *v)
{
	return v->flags & VM_ACCESS_FLAGS;
}
/* Mappings of the kernel's own pages: no file, and never split where special_whole. */
static inline bool file_special(u32 file)
{
	return file == FILE_VVAR || file == FILE_VVAR_VCLOCK || file == FILE_VDSO;
}
static inline bool vma_shmem(const struct vma *v)
{
	return v->file >= FILE_SHMEM;
}
static inline struct vma *vma_lookup(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = vma_find(s, mm, addr);

	return v && v->start <= addr ? v : NULL;
}
static inline struct vma *vma_intersection(struct sim *s, struct mm *mm, u64 start, u64 end)
{
	struct vma *v = vma_find(s, mm, start);

	return v && v->start < end ? v : NULL;
}
/* The last with start < addr. */
static inline struct vma *vma_before(struct sim *s, struct mm *mm, u64 addr)
{
	struct vma *v = vma_find(s, mm, addr);

	return !v ? vma_last(s, mm) : v->start < addr ? v : vma_prev(s, v);
}
static inline u64 vm_start_gap(const struct sim *s, const struct vma *v)
{
	u64 gap = v->flags & VM_GROWSDOWN ? s->prof->stack_guard_gap : 0;

	return v->start >= gap ? v->start - gap : 0;
}
struct vma *vma_new(struct sim *s, u64 start, u64 end, u64 flags, u64 pgoff, u32 file);
/* Behind prev, NULL: as the first; counted in map_count. */
bool vma_insert(struct sim *s, struct mm *mm, struct vma *v, struct vma *prev);
void vma_remove(struct sim *s, struct mm *mm, struct vma *v);	/* out of the index, not freed */
void vma_free(struct sim *s, struct vma *v);			/* anon_vma and object links too */
void vma_set_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, u64 pgoff);
struct gap {			/* room between two VMAs, within what was asked for */
	u64 start, end;
	struct vma *above;	/* NULL: it is the last */
};
bool vma_gap_highest(struct sim *s, struct mm *mm, u64 low, u64 high, u64 len, struct gap *ret);
bool vma_gap_lowest(struct sim *s, struct mm *mm, u64 low, u64 high, u64 len, struct gap *ret);

/* ---- vma_rb.c: beside the index, for kernels that had such a tree ---------------------- */
bool vma_rb_insert(struct sim *s, struct mm *mm, struct vma *v);
void vma_rb_erase(struct sim *s, struct mm *mm, struct vma *v);
bool vma_rb_check(const struct sim *s, const struct mm *mm);
u64 vma_rb_top(const struct sim *s, const struct mm *mm);	/* where the root's VMA starts */

struct merge {			/* a range that wants to join its neighbours */
	struct mm *mm;
	struct vma *prev, *middle, *next;
	u64 start, end, flags, pgoff;
	u32 file;
	ref anon_vma;
	struct vma *copied_from;
	bool just_expand;
};
struct vma *vma_merge_new_range(struct sim *s, struct merge *m);
int vma_split(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool new_below);
/* vma_modify: gives [start, end) of v the flags; merges or splits. NULL: *err. */
struct vma *vma_modify_flags(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end,
			     u64 *flags, int *err);
/* apart: it does not join *src itself. */
struct vma *vma_copy(struct sim *s, struct mm *mm, struct vma **src, u64 addr, u64 len, u64 pgoff,
		     bool apart);

static inline u32 anon_vma_id(const struct sim *s, ref r)
{
	return r ? AT(s, r, const struct anon_vma)->id : 0;
}

/* ---- anon_vma.c -------------------------------------------------------------------------- */
bool anon_vma_prepare(struct sim *s, struct mm *mm, struct vma *v);
bool anon_vma_clone(struct sim *s, struct vma *dst, struct vma *src);
bool anon_vma_fork(struct sim *s, struct vma *dst, struct vma *src);
void anon_vma_unlink(struct sim *s, struct vma *v);
bool anon_vma_singular(const struct sim *s, const struct vma *v);

/* ---- account.c --------------------------------------------------------------------------- */
static inline bool is_data(u64 flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}
/* Bits of VMC_, by the flags of a VMA and what is behind it. */
static inline unsigned vm_counters(const struct sim *s, u64 flags, u32 file)
{
	if (RULE(s, data_vm)) {
		if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC)
			return 1u << VMC_EXEC;
		if (flags & VM_GROWSDOWN)
			return 1u << VMC_STACK;
		return is_data(flags) ? 1u << VMC_DATA : 0;
	}
	if (file != FILE_NONE && !file_special(file))
		return 1u << VMC_SHARED |
		       ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC ? 1u << VMC_EXEC : 0);
	return flags & VM_GROWSDOWN ? 1u << VMC_STACK : 0;
}
void vm_stat_account(struct sim *s, struct mm *mm, u64 flags, u32 file, int64_t pages);
bool may_expand_vm(struct sim *s, struct mm *mm, u64 flags, u64 pages);
bool mlock_future_ok(struct sim *s, struct mm *mm, u64 flags, u64 bytes);
bool vm_enough_memory(struct sim *s, struct mm *mm, u64 pages);
bool can_do_mlock(struct sim *s, struct mm *mm);
static inline void update_hiwater_vm(struct sim *s, struct mm *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		SET(s, mm->hiwater_vm, mm->total_vm);
}
void locked_vm_add(struct sim *s, struct mm *mm, int64_t pages);

/* ---- pagecache.c -------------------------------------------------------------------------- */
struct object *object_of(const struct sim *s, u32 file);	/* NULL: none */
u32 page_lookup(const struct sim *s, const struct object *o, u64 index);	/* pfn, 0 */
u32 page_add(struct sim *s, struct object *o, u64 index, unsigned proc, u64 addr);
void page_drop(struct sim *s, struct object *o, u64 index);
struct object *object_create(struct sim *s, unsigned kind, u64 len);
u32 shmem_create(struct sim *s, u64 len);		/* the VMA's file; 0: failed */
void shmem_get(struct sim *s, u32 file);
void shmem_put(struct sim *s, u32 file);
static inline void object_get(struct sim *s, u32 file)
{
	if (file > FILE_SHMEM)
		shmem_get(s, file);
}
static inline void object_put(struct sim *s, u32 file)
{
	if (file > FILE_SHMEM)
		shmem_put(s, file);
}
/* Pages [from, to) are unmapped everywhere, their private copies on request, and dropped. */
void object_truncate(struct sim *s, struct object *o, u64 from, u64 to, bool even_cows);
void op_truncate(struct sim *s, const struct sim_op *op, struct sim_result *res);
void object_clean(struct sim *s, struct object *o, u64 from, u64 to);	/* written back */
static inline u64 object_pages(const struct object *o)
{
	return (o->len + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* ---- readahead.c; false: no memory --------------------------------------------------------- */
bool page_cache_ra(struct sim *s, struct object *o, u64 index, u64 n, u64 ahead);
bool do_sync_mmap_readahead(struct sim *s, const struct vma *v, struct object *o, u64 index);
bool do_async_mmap_readahead(struct sim *s, const struct vma *v, struct object *o, u64 index);

/* ---- place.c -------------------------------------------------------------------------------- */
/* get_unmapped_area: an address, or a negative errno in the int64_t sense. */
int64_t get_unmapped_area(struct sim *s, struct mm *mm, u32 file, bool shared, u64 addr, u64 len,
			  u64 pgoff, u32 flags);
u64 place_mmap_base(const struct sim *s, u64 stack_limit);
void place_pick_layout(struct sim *s, struct mm *mm);	/* at exec: arch_pick_mmap_layout */

/* ---- place_cache.c: where the last search ended (free_area_cache), without a tree of gaps -- */
int64_t cache_topdown(struct sim *s, struct mm *mm, u64 len);
int64_t cache_bottomup(struct sim *s, struct mm *mm, u64 len);
/* The cache as exec, or a fork or a failed search, leaves it. */
void place_cache_reset(struct sim *s, struct mm *mm, bool unknown_hole);
/* [.., addr) was unmapped; prev and next are what is left around it. */
void place_cache_unmapped(struct sim *s, struct mm *mm, const struct vma *prev,
			  const struct vma *next);

/* ---- fault.c, populate.c, growth.c -------------------------------------------------------- */
enum access { ACC_READ, ACC_WRITE, ACC_EXEC };
enum sim_sig mm_access(struct sim *s, struct mm *mm, u64 addr, enum access acc);
enum sim_sig handle_mm_fault(struct sim *s, struct mm *mm, struct vma *v, u64 addr, bool write);
void op_touch(struct sim *s, const struct sim_op *op, struct sim_result *res);
u64 user_sp(const struct sim *s, const struct mm *mm);	/* of the task that runs in mm */
int expand_downwards(struct sim *s, struct mm *mm, struct vma *v, u64 addr);
int expand_stack(struct sim *s, struct mm *mm, struct vma *v, u64 addr);	/* what a fault calls */
/* addr lies in the page that is kept as a guard, inside of its VMA; /proc hides it. */
bool stack_guard_page(const struct sim *s, const struct vma *v, u64 addr);
enum sim_sig check_stack_guard_page(struct sim *s, struct mm *mm, struct vma *v, u64 addr);
int mm_populate(struct sim *s, struct mm *mm, u64 start, u64 len, bool ignore_errors);
int populate_vma_page_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end);
int madvise_populate(struct sim *s, struct mm *mm, u64 start, u64 end, bool write);
bool vma_wants_writenotify(const struct vma *v);

/* ---- the operations ------------------------------------------------------------------------ */
#define ZAP_RECLAIM 1		/* PTE tables that become empty go (CONFIG_PT_RECLAIM) */
#define ZAP_MARKERS 2		/* guard markers go too */
void zap_range(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, unsigned how);
int do_munmap(struct sim *s, struct mm *mm, u64 start, u64 len);
struct munmap {			/* vma_munmap_struct: what lies in the range, and around it */
	struct vma *first, *prev, *next;	/* first NULL: nothing */
	u64 nr_pages, locked, accounted;
	unsigned counters;	/* bits of VMC_: these are in vm[] */
	u64 vm[VMC_NR];
};
/* v is the first with end > start. */
int munmap_gather(struct sim *s, struct mm *mm, struct vma *v, u64 start, u64 end, struct munmap *u);
/* ptes, tables; VMAs leave the index */
void munmap_clear(struct sim *s, struct mm *mm, const struct munmap *u);
void munmap_complete(struct sim *s, struct mm *mm, const struct munmap *u);	/* counters */
/* All of it, of page-aligned [start, end). */
int do_munmap_aligned(struct sim *s, struct mm *mm, u64 start, u64 end);
int do_brk_flags(struct sim *s, struct mm *mm, struct vma *brkvma, u64 addr, u64 len);
int64_t do_mmap(struct sim *s, struct mm *mm, const struct sim_op *op);
int do_mprotect(struct sim *s, struct mm *mm, u64 start, u64 len, u32 prot);
int do_madvise(struct sim *s, struct mm *mm, u64 start, u64 len, int advice);
int do_mlock(struct sim *s, struct mm *mm, u64 start, u64 len, u32 flags);
int do_munlock(struct sim *s, struct mm *mm, u64 start, u64 len);
int do_mlockall(struct sim *s, struct mm *mm, u32 flags);
int do_munlockall(struct sim *s, struct mm *mm);
int do_msync(struct sim *s, struct mm *mm, u64 start, u64 len, u32 flags);
int do_mseal(struct sim *s, struct mm *mm, u64 start, u64 len);
int64_t do_mremap(struct sim *s, struct mm *mm, const struct sim_op *op);
void op_mmap(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_munmap(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_mprotect(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_mremap(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_brk(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_madvise(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_mlock(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_msync(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_mseal(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_setrlimit(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_fork(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_exit(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_switch(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_thread(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_exec(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_call(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_ret(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_kthread(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_run(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_syscall(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_sysret(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_kcall(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_kret(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_irq(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_irqret(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_share(struct sim *s, const struct sim_op *op, struct sim_result *res);
void op_sysrq(struct sim *s, const struct sim_op *op, struct sim_result *res);
void uwords_copy(struct sim *s, u32 from, u32 to);	/* copy on write */
void uwords_drop(struct sim *s, u32 pfn);	/* kmem.c: what was written to the frame is gone */
bool exec_first(struct sim *s);			/* makes process 0, up to record 0 */
struct mm *mm_create(struct sim *s, unsigned number);
void mm_destroy(struct sim *s, struct mm *mm);		/* exit_mmap */
static inline void result_set(struct sim_result *res, int64_t value)
{
	if (value < 0 && value >= -MAX_ERRNO) {	/* as IS_ERR_VALUE() tells them apart */
		res->status = SIM_ERRNO;
		res->err = (int)-value;
	} else {
		res->status = SIM_OK;
		res->ret = (u64)value;
	}
}
int64_t map_special(struct sim *s, struct mm *mm, u32 file, u64 start, u64 len, u64 flags);

#endif
