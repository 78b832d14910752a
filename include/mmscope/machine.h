/* SPDX-License-Identifier: GPL-2.0-or-later
 * The inside of a machine that is stepped, as a value: the scenario and where it stands,
 * the decisions of the operation in hand, the page-table walk of an address, physical
 * memory, all processes page by page. A snapshot of such a machine carries it; a live
 * process has none, since a kernel does not show its inside.
 *
 * Ownership: shared by reference count, like every value of the model; what it points to
 * lives as long as it does. Strings are sanitised UTF-8, never NULL. Sizes are bytes, frames
 * are counted in pages of 4 KiB and named by number (pfn).
 */
#ifndef MMSCOPE_MACHINE_H
#define MMSCOPE_MACHINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/contexts.h"
#include "mmscope/pages.h"
#include "mmscope/twin.h"
#include "mmscope/vma.h"

/* ---- the text -------------------------------------------------------------------------- */

enum line_kind { LINE_HEAD, LINE_SAY, LINE_PAUSE, LINE_OPERATION, LINE_UNDER, LINE_BLANK };

struct script_line {
	enum line_kind kind;
	size_t op;		/* LINE_OPERATION: its number, from 1 */
	const char *text;	/* as written, prediction and comment included */
	const char *operation;	/* single blanks, no prediction; LINE_SAY: what is said */
	const char *prediction;	/* "" when there is none */
	bool typed;		/* at the prompt; it is not in the file */
	/* Once it was executed (see machine_done()): */
	const char *result;	/* "ok", "SIGSEGV MAPERR", "skipped: no name A" */
	const char *mistake;	/* "", or how the prediction was wrong: lines of "expected X, got Y" */
};

/* Lines are added and results filled in by whoever plays it; nothing that is there changes. */
struct script {
	unsigned refs;
	const char *name;	/* file name; "" for a playground */
	const char *title, *about;
	struct strings *strings;
	struct script_line *lines;
	size_t nlines, cap, nops;
};

struct script *script_create(void);
struct script *script_get(const struct script *s);	/* NULL gives NULL */
void script_put(const struct script *s);
struct script_line *script_add(struct script *s);	/* every string is "" */
/* The string, sanitised, with the script's life. */
const char *script_string(struct script *s, const char *raw);
/* Index of the line with operation op; nlines when there is none. */
size_t script_find(const struct script *s, size_t op);

/* ---- the decisions of one operation ------------------------------------------------------ */

enum decision_kind { DECISION_CALL, DECISION_TEST, DECISION_CHANGE, DECISION_NOTE, DECISION_EVENT,
		     DECISION_RETURN };
enum decision_unit { DECISION_IN_NONE, DECISION_IN_ADDRESS, DECISION_IN_BYTES, DECISION_IN_PAGES,
		     DECISION_IN_COUNT, DECISION_IN_FLAGS, DECISION_IN_PFN,
		     DECISION_IN_ERRNO, DECISION_IN_BOOL, DECISION_IN_HEX };

/* name for commands, what it is */
#define MACHINE_EVENTS(X) \
	X(NONE, "", "") \
	X(FAULT, "fault", "an access faulted") \
	X(GROWTH, "growth", "a stack grew") \
	X(SIGNAL, "signal", "the access ended with a signal") \
	X(COW, "cow", "a page was copied (copy on write)") \
	X(MERGE, "merge", "VMAs became one") \
	X(SPLIT, "split", "a VMA became two") \
	X(TABLE, "table", "a page table was allocated") \
	X(TABLE_FREED, "table-freed", "a page table was freed") \
	X(FRAME, "frame", "a frame was taken from the buddy allocator") \
	X(FRAME_FREED, "frame-freed", "a frame went back to the buddy allocator") \
	X(MAP, "map", "a VMA appeared") \
	X(UNMAP, "unmap", "a VMA went away") \
	X(SWITCH, "switch", "another task runs") \
	X(ENTRY, "entry", "the stack pointer moved to another kind of stack") \
	X(TRAMPLE, "trample", "a kernel stack was overrun") \
	X(ASTRAY, "astray", "a return went elsewhere: its address was overwritten")

enum machine_event {
#define X(id, name, about) MACHINE_EV_##id,
	MACHINE_EVENTS(X)
#undef X
	MACHINE_EV_NR
};
struct machine_event_info { const char *name, *about; };
extern const struct machine_event_info machine_events[MACHINE_EV_NR];

struct decision {
	enum decision_kind kind;
	enum decision_unit unit;
	enum machine_event event;
	unsigned depth;
	bool outcome;			/* of a test */
	const char *func;		/* the kernel's name of the function */
	const char *what;		/* what is called, compared, changed, found */
	const char *aname, *bname;	/* the two numbers by name, "": none */
	const char *cmp;		/* "<", "=="; "": no comparison */
	const char *taken;		/* what follows */
	const char *otherwise;		/* what the branch not taken would have led to, or "" */
	uint64_t a, b;
};

struct decisions {
	unsigned refs;
	struct strings *strings;	/* those that are not static; NULL: none yet */
	struct decision *v;
	size_t n, cap;
};

struct decisions *decisions_create(void);
struct decisions *decisions_get(const struct decisions *d);	/* NULL gives NULL */
void decisions_put(const struct decisions *d);
/* The string, sanitised, with the life of d. */
const char *decisions_string(struct decisions *d, const char *raw);
/* Without the function's name: "the guard gap: address - prev->vm_end 255 pages < stack_guard_gap 256 pages". */
void decision_text(const struct decision *d, struct buf *out);
/* The address it is about, 0: none. */
uint64_t decision_place(const struct decision *d);

/* ---- page tables and frames ---------------------------------------------------------------- */

struct machine_level {			/* of the walk: pgd, p4d, pud, pmd, pte */
	const char *name;
	unsigned index;
	uint64_t table_pfn, entry_pfn;
	bool present, writable, dirty, folded;
	bool fresh;			/* the entry was made by the operation in hand */
};
enum { WALK_LEVELS = 5 };

/* A field of the current process's mm_struct, as the profile's kernel has it. */
struct machine_field {
	const char *name, *about;	/* "free_area_cache", what it is, or "" */
	enum decision_unit unit;	/* of value, as it is: pages are pages */
	uint64_t value;
};
enum { MACHINE_FIELDS = 48 };

enum frame_kind { FRAME_FREE, FRAME_ANON, FRAME_FILE, FRAME_SHMEM, FRAME_TABLE, FRAME_ZERO, FRAME_RESERVED,
		  FRAME_PCP /* free, on the per-CPU list */, FRAME_KSTACK, FRAME_BLOCK /* held by alloc */,
		  FRAME_NR };
extern const char *const frame_kind_names[FRAME_NR];

struct machine_frame {
	uint64_t pfn;
	enum frame_kind kind;
	unsigned order;			/* free: of its block */
	unsigned mapcount, level;	/* level of a table: 0 pte .. 3 pgd */
	int proc;			/* whose; -1: nobody's */
	uint64_t addr;			/* where it is mapped; of a table: what it serves */
	bool fresh, freed;		/* taken, given back by the operation in hand */
};

/* What may become of the frames of a pageblock, by which the free lists are kept apart. */
enum { MIGRATE_TYPES_SHOWN = 3 };
extern const char *const migrate_names[MIGRATE_TYPES_SHOWN];	/* unmovable, movable, reclaimable */

enum { BUDDY_ORDERS = 11, BUDDY_HEADS = 12, BLOCK_FRAMES = 1024, PAGEBLOCKS_SHOWN = 256 };
struct machine_order {
	/* Free blocks by migrate type, now and before the operation in hand. */
	uint64_t blocks[MIGRATE_TYPES_SHOWN], before[MIGRATE_TYPES_SHOWN];
	unsigned nheads;		/* the first ones of the lists */
	uint64_t head[BUDDY_HEADS];
	bool fresh[BUDDY_HEADS];	/* the block was split off, or joined, by the operation in hand */
};

/* One block of the highest order, frame by frame: where the last frame was taken. */
struct machine_block {
	uint64_t first;			/* pfn */
	struct { uint8_t kind, order, fresh, type /* migrate type of its pageblock */; } frame[BLOCK_FRAMES];
};

/* ---- processes ------------------------------------------------------------------------------ */

enum { MACHINE_PROCS = 8 };
struct machine_process {
	unsigned number;		/* P0, P1 ... */
	int parent;			/* -1 */
	bool alive, current;
	const struct layout *layout;	/* NULL once it is gone */
	const struct residency *pages;
	uint64_t rss, size, minflt;	/* bytes, bytes, count */
};

/* One page in all processes, where at least one has something there. */
struct machine_page {
	uint64_t addr;
	struct { uint64_t pfn; unsigned mapcount; uint8_t state; bool writable, exclusive, fresh; } in[MACHINE_PROCS];
};

/* ---- all together ---------------------------------------------------------------------------- */

/* A node of the red-black tree of VMAs; in order of address, as the layout has them. */
struct machine_rb {
	uint64_t start, end;
	uint64_t gap, subtree_gap;	/* bytes free below it; the largest of its subtree */
	int parent, left, right;	/* -1: none */
	unsigned depth;			/* of the root: 0 */
	bool red;
};

struct machine {
	unsigned refs;
	const char *profile;		/* "linux-6.18-x86_64"; static */
	const char *proof;		/* what it stands on: "proven on ...", "from the source of ..." */
	bool proven;
	uint64_t guard_gap;		/* bytes kept free below a stack; 0: none is kept */
	bool guard_inside;		/* the lowest page of a stack is its guard instead */
	/* What its /proc/PID/status means: RssAnon, RssFile, RssShmem exist; VmData is private
	 * writable memory (else all but files and stacks); VmPTE is all levels (else the lowest). */
	bool rss_split, data_counted, tables_counted;
	const struct script *script;
	size_t op;			/* the operation in hand; 0: the start of the process (exec) */
	bool complete;			/* it is done; otherwise decision is the one in hand */
	const struct decisions *decisions;	/* of that operation */
	size_t decision;
	bool playing, predictions_hidden;
	double speed;			/* operations a second */
	unsigned mistakes;		/* wrong predictions so far */
	uint64_t place;			/* the address in hand, 0: none */

	struct machine_level walk[WALK_LEVELS];
	size_t nwalk;
	uint64_t walk_addr;
	unsigned entry_bytes, index_bits;	/* of an entry of a table, of what chooses it */
	const char *table_register;	/* "cr3": holds the top table's address */

	struct machine_field fields[MACHINE_FIELDS];	/* in the order of the struct */
	size_t nfields;

	uint64_t frames_total, frames_free;
	uint64_t wmark[3];		/* min, low, high, frames */
	struct machine_order orders[BUDDY_ORDERS];
	struct machine_stack {		/* kernel stacks of 4, 8 and 16 KiB */
		uint32_t bytes, room;	/* room: what a chain of calls may take */
		uint64_t possible;	/* more of them, memory being in pieces as it is */
		bool own;		/* this is the machine's size */
	} stacks[3];
	unsigned pageblock_order;
	uint64_t pageblocks[MIGRATE_TYPES_SHOWN];	/* how many of each type */
	uint8_t pageblock[PAGEBLOCKS_SHOWN];	/* types of the first ones */
	unsigned npageblock;
	struct machine_frame *frames;	/* in use by the processes, or just given back; rising */
	size_t nframes;
	bool frames_cut;		/* there are more */
	struct machine_block *block;	/* NULL: nothing was taken yet */

	struct machine_process procs[MACHINE_PROCS];
	size_t nprocs;
	struct machine_page *pages;	/* rising by address */
	size_t npages;
	bool pages_cut;

	struct machine_rb *rb;
	size_t nrb;			/* 0: this kernel has a maple tree */
	uint64_t looked_up;		/* the address whose VMA the operation looked for; 0: none so far */

	struct contexts *contexts;	/* its own: tasks, CPUs and their stacks; NULL: no machine yet */

	const struct twin *twin;	/* the same on a second kernel; NULL: nobody compares */

	/* What the running kernel said after the same operations, when it was asked. */
	const char *kernel_name;	/* "" : not asked at this place */
	const char *kernel_says;	/* "": everything equal; else the first differences, a line each */
	const struct layout *kernel_layout;
	const struct residency *kernel_pages;
	char *kernel_text;		/* owns the two strings above */
};

struct machine *machine_create(void);
struct machine *machine_get(const struct machine *m);		/* NULL gives NULL */
void machine_put(const struct machine *m);
/* Operations that are done at the moment shown. */
static inline size_t machine_done(const struct machine *m)
{
	return m->complete || !m->op ? m->op : m->op - 1;
}
static inline size_t machine_decisions(const struct machine *m)
{
	return m->decisions ? m->decisions->n : 0;
}

#endif
