/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated machine: physical frames, page tables, a page cache and processes,
 * with the behaviour of one kernel profile.
 *
 * Ownership: sim_create() makes a machine, sim_destroy() ends it; what a query writes into
 * belongs to the caller; strings in results are static. Units: bytes for addresses and
 * lengths unless a name says pages or kB. Errors: sim_exec() cannot fail, a failing
 * operation is a result. Time: a machine is a deterministic function of its
 * options and of the operations executed; position() counts its state changes, and every
 * earlier or undone position can be returned to exactly.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PAGE 4096u
#define SIM_MAX_PROCS 8			/* processes ever born */
#define SIM_MAX_THREADS 256	/* besides the main thread of each process */
#define SIM_MAX_KTHREADS 32
#define SIM_MAX_TASKS (SIM_MAX_PROCS + SIM_MAX_THREADS + SIM_MAX_KTHREADS)
#define SIM_MAX_CPUS 256
#define SIM_FIRST_PID 1000	/* of the first task; tasks are numbered in order of birth */
#define SIM_FUNCTION_MAX 47
#define SIM_UNLIMITED UINT64_MAX

struct buf;
struct sim;
struct sim_env;
struct sim_profile;

/* ---- making a machine ------------------------------------------------------------- */

enum sim_limit { SIM_LIMIT_STACK, SIM_LIMIT_AS, SIM_LIMIT_DATA, SIM_LIMIT_MEMLOCK, SIM_NLIMITS };

struct sim_options {			/* sim_options_init() fills in the reference machine */
	const struct sim_profile *profile;
	uint64_t limit[SIM_NLIMITS];	/* soft limits at exec, SIM_UNLIMITED */
	uint64_t memlock_hard;
	uint64_t ram_pages;		/* 256 to 2^28 - 1 */
	uint64_t readahead;		/* bytes, of the disk the files are on; 0: the profile's */
	unsigned overcommit_memory;	/* 0, 1 (2 is treated as 0) */
	unsigned max_map_count;
	bool vdso_keep;			/* start vdso keep */
	bool bottomup;			/* start layout bottomup */
	uint64_t args_bytes, env_bytes;	/* extra strings at the top of the stack; 0: the agent's */
	uint64_t seed;
	uint32_t kstack;		/* bytes of a kernel stack; 0: the profile's */
	unsigned cpus;			/* 0: one */
};

const struct sim_profile *sim_profile_find(const char *name);	/* NULL: unknown */
const struct sim_profile *sim_profile_at(size_t index);		/* NULL: past the last */
const char *sim_profile_name(const struct sim_profile *p);
const char *sim_profile_machine(const struct sim_profile *p);	/* "x86_64" */
unsigned sim_profile_table_entries(const struct sim_profile *p);	/* of 4096 bytes together */
const char *sim_profile_table_register(const struct sim_profile *p);	/* "cr3" */
uint64_t sim_profile_guard_gap(const struct sim_profile *p);	/* bytes outside of a stack; 0: none */
bool sim_profile_guard_inside(const struct sim_profile *p);	/* its lowest page is the guard */
uint64_t sim_profile_ram(const struct sim_profile *p);	/* pages, where nothing else is said */
/* What it stands on: "proven on Linux 6.12.117", "from the source of Linux 3.10". */
const char *sim_profile_proof(const struct sim_profile *p);
uint64_t sim_profile_special_bytes(const struct sim_profile *p);	/* vvar, vdso */
bool sim_profile_proven(const struct sim_profile *p);
void sim_options_init(struct sim_options *o);

/* env may be NULL (the host's memory, nothing injected). NULL when memory is out. The new
 * machine stands where record 0 does; position 0 is before exec made the process. */
struct sim *sim_create(const struct sim_options *o, const struct sim_env *env);
void sim_destroy(struct sim *s);
const struct sim_options *sim_get_options(const struct sim *s);

/* ---- operations --------------------------------------------------------------------- */

enum sim_op_kind {
	SIM_OP_NONE,
	SIM_OP_MMAP,		/* addr (hint or fixed), len, prot, flags, backing, off */
	SIM_OP_MUNMAP,		/* addr, len */
	SIM_OP_MPROTECT,	/* addr, len, prot (PROT_GROWSDOWN included) */
	SIM_OP_MREMAP,		/* addr, len, newlen, flags, newaddr */
	SIM_OP_BRK,		/* addr: the break asked for */
	SIM_OP_MADVISE,		/* addr, len, advice */
	SIM_OP_MLOCK,		/* addr, len, flags (MLOCK_ONFAULT) */
	SIM_OP_MUNLOCK,		/* addr, len */
	SIM_OP_MLOCKALL,	/* flags (MCL_*) */
	SIM_OP_MUNLOCKALL,
	SIM_OP_MSYNC,		/* addr, len, flags (MS_*) */
	SIM_OP_MSEAL,		/* addr, len */
	SIM_OP_TOUCH,		/* addr, pages, mode; addr, addr + 4096, ... */
	SIM_OP_SETRLIMIT,	/* limit, value (soft) */
	SIM_OP_FORK,
	SIM_OP_EXIT,
	SIM_OP_SWITCH,		/* proc */
	SIM_OP_TRUNCATE,	/* len */
	SIM_OP_THREAD,		/* len: stack (0: RLIMIT_STACK or 2 MiB), guard (bytes) */
	SIM_OP_EXEC,		/* len: bytes of arguments, newlen: bytes of environment */
	/* the kernel's side; name: function, interrupt, system call, task */
	SIM_OP_CALL,		/* name, len: bytes of the frame, value: arguments */
	SIM_OP_RET,
	SIM_OP_KTHREAD,		/* name, len: its kernel stack (0: as all) */
	SIM_OP_RUN,		/* task: a context switch to it */
	SIM_OP_SYSCALL,		/* name */
	SIM_OP_SYSRET,
	SIM_OP_KCALL,		/* name, len */
	SIM_OP_KRET,
	SIM_OP_IRQ,		/* name */
	SIM_OP_SOFTIRQ,		/* name */
	SIM_OP_NMI,
	SIM_OP_EXCEPTION,	/* name */
	SIM_OP_IRQRET,
	SIM_OP_SHARE,		/* task, flags: SIM_SHARE_* */
	SIM_OP_SYSRQ,
	SIM_OP_ALLOC,		/* len: order, flags: SIM_MIGRATE_* */
	SIM_OP_FREE,		/* value: number of the block + 1 */
	SIM_OP_FRAGMENT,	/* len: order of what stays free, value: percent, flags */
	SIM_OP_EXPECT,		/* nothing is executed: it only claims; value: of the machine's inside */
	SIM_NOPS
};

enum { SIM_MAX_BLOCKS = 256 };		/* that alloc and fragment ever made */
enum { SIM_SHARE_KSTACK, SIM_SHARE_USTACK };
enum sim_backing { SIM_ANON, SIM_FILE, SIM_ROFILE };

/* prot, flags and advice are the kernel's own numbers (PROT_*, MAP_*, MREMAP_*, MADV_*,
 * MCL_*, MS_*): the same struct can be turned into a system call. MAP_ANONYMOUS follows
 * from backing and need not be set. */
struct sim_op {
	enum sim_op_kind kind;
	union {
		struct {
			uint64_t addr, newaddr;
			uint64_t off;
			uint64_t pages;
		};
		/* of a thread and of the kernel's side, which have none of those */
		char name[SIM_FUNCTION_MAX + 1];
	};
	uint64_t len, newlen;
	uint64_t value;
	uint64_t guard;
	uint32_t prot, flags;
	int advice;
	enum sim_backing backing;
	enum sim_limit limit;
	int proc;
	int task;		/* number + 1 */
	char mode;		/* 'r', 'w', 'x' */
};

enum sim_status {
	SIM_OK,
	SIM_ERRNO,		/* err */
	SIM_UNCHANGED,		/* brk */
	SIM_SIGNAL,		/* sig */
	SIM_IMPOSSIBLE,		/* no such process, a ninth process, exit of the last one */
	SIM_SKIPPED,		/* why: nothing was executed */
	SIM_ASTRAY,		/* a return went elsewhere: into function `into` (of task `of`) */
	SIM_OOPS,		/* the kernel killed the task; the machine goes on */
	SIM_PANIC,		/* the machine has stopped */
	SIM_STALLS,		/* the kernel tries again and again: nothing was done */
};

enum sim_sig {
	SIM_SIG_NONE,
	SIM_SEGV_MAPERR,
	SIM_SEGV_ACCERR,
	SIM_SEGV_KERNEL,
	SIM_BUS_ADRERR,
	SIM_SIG_OOM,		/* VM_FAULT_OOM: the simulated memory is out */
};

struct sim_result {
	enum sim_status status;
	int err;		/* a positive errno */
	enum sim_sig sig;
	int child;		/* fork; thread, kthread: the task's number */
	uint64_t ret;		/* mmap, mremap: the address; brk: the break; thread: its stack */
	uint64_t done;		/* touch: pages that went well */
	uint64_t fault;		/* touch: the address that failed */
	int proc, task;		/* placed: the current ones afterwards */
	int died;		/* process that ended with it, + 1; 0: none */
	bool placed;		/* proc and task are filled in */
	const char *why;	/* skipped; static */
	const char *into, *of;	/* astray: names of the machine's, until its next operation; or NULL */
};

/* Runs op in the current process. Ends a history that was undone. When an allocation is
 * made to fail the machine is as before and the result is ENOMEM (a touch: SIM_SIG_OOM). */
void sim_exec(struct sim *s, const struct sim_op *op, struct sim_result *res);
/* The words of section 1 ("ok", "ENOMEM", "SIGSEGV MAPERR"). */
const char *sim_result_text(const struct sim_result *res);
const char *sim_errno_name(int err);

/* ---- time ----------------------------------------------------------------------------- */

typedef uint64_t sim_pos;

sim_pos sim_position(const struct sim *s);	/* now */
sim_pos sim_last(const struct sim *s);		/* the newest position that was reached */
sim_pos sim_first(const struct sim *s);		/* the oldest that can be returned to */
sim_pos sim_start(const struct sim *s);		/* record 0 */
/* Undo or redo to pos, exactly; false when pos is outside [first, last]. */
bool sim_seek(struct sim *s, sim_pos pos);
/* Memory the history takes. */
size_t sim_history_bytes(const struct sim *s);
/* A digest of the whole state, for comparing two moments; memory is compared by value. */
uint64_t sim_digest(const struct sim *s);
size_t sim_state_bytes(const struct sim *s);
/* A copy of the state, without history: sim_state_bytes() bytes. */
void sim_snapshot(const struct sim *s, void *to);

/* ---- decisions ------------------------------------------------------------------------- */

enum sim_unit {
	SIM_U_NONE,
	SIM_U_ADDR,
	SIM_U_BYTES,
	SIM_U_PAGES,
	SIM_U_COUNT,
	SIM_U_FLAGS,
	SIM_U_PFN,
	SIM_U_ERRNO,
	SIM_U_BOOL,
	SIM_U_HEX
};
enum sim_cmp { SIM_C_NONE, SIM_C_EQ, SIM_C_NE, SIM_C_LT, SIM_C_LE, SIM_C_GT, SIM_C_GE, SIM_C_AND };
enum sim_step_kind {
	SIM_STEP_CALL,	 /* func is entered; a, b: its inputs */
	SIM_STEP_TEST,	 /* a cmp b gave outcome; taken follows, otherwise is the other branch */
	SIM_STEP_CHANGE, /* what went from a to b */
	SIM_STEP_NOTE,	 /* something found: what = a (b) */
	SIM_STEP_EVENT,	 /* event, at address a */
	SIM_STEP_RETURN, /* func returns a */
};
enum sim_event {
	SIM_EV_NONE,
	SIM_EV_FAULT,
	SIM_EV_GROWTH,
	SIM_EV_SIGNAL,
	SIM_EV_COW,
	SIM_EV_MERGE,
	SIM_EV_SPLIT,
	SIM_EV_TABLE,
	SIM_EV_TABLE_FREED,
	SIM_EV_FRAME,
	SIM_EV_FRAME_FREED,
	SIM_EV_MAP,
	SIM_EV_UNMAP,
	SIM_EV_SWITCH,
	SIM_EV_ENTRY,
	SIM_EV_TRAMPLE,
	SIM_EV_ASTRAY,
	SIM_NEVENTS
};

struct sim_step {
	enum sim_step_kind kind;
	enum sim_event event;
	unsigned depth;
	const char *func;	/* by its kernel name */
	const char *what;	/* what is called, compared, changed, found; static */
	const char *aname, *bname;	/* the two numbers by name, NULL: none */
	uint64_t a, b;
	enum sim_unit unit;	/* of a and b */
	enum sim_cmp cmp;
	bool outcome;
	const char *taken, *otherwise;	/* what follows; what the other outcome leads to; or NULL */
	sim_pos pos;		/* seek here to see the machine at this decision */
	const char *name;	/* what follows `what`: a function, a task; or NULL */
	bool copy;		/* func and name are the machine's: copy what is kept */
	const uint64_t *rules;	/* bits of enum sim_rule asked since the step before; for the call */
};

typedef void (*sim_trace_fn)(void *ctx, const struct sim_step *step);

/* What the kernel printed during the last operation, a line each; "" when nothing. */
const char *sim_log(const struct sim *s);
/* The current task by name, NULL when it is the main thread of its process. */
const char *sim_task_name(const struct sim *s);
/* fn NULL: off (fast). */
void sim_trace(struct sim *s, sim_trace_fn fn, void *ctx);
/* Bits of enum sim_rule asked since the last step that was traced. */
const uint64_t *sim_rules_asked(const struct sim *s);
/* Runs op a second time, traced, from pos where it ran before; history after it stays.
 * The machine ends where op ended. False when pos is out of reach. */
bool sim_retrace(struct sim *s, sim_pos pos, const struct sim_op *op, struct sim_result *res,
		 sim_trace_fn fn, void *ctx);
/* The start (exec) traced, from position 0 to sim_start(). */
bool sim_retrace_start(struct sim *s, sim_trace_fn fn, void *ctx);
/* One line, "acct_stack_growth: RLIMIT_STACK: size 9 > limit 8? yes: ENOMEM (else: go on)". */
void sim_step_text(const struct sim_step *step, struct buf *ret);

/* ---- looking ---------------------------------------------------------------------------- */

struct sim_mm {				/* /proc/PID/status and statm; pages unless named kB */
	uint64_t vm_peak, vm_size, vm_lck, vm_data, vm_stk, vm_exe, vm_lib, vm_pte, vm_pmd; /* kB */
	uint64_t rss_anon, rss_file, rss_shmem;						/* kB */
	uint64_t statm[7];
	uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack, mmap_base;
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t limit[SIM_NLIMITS];
	uint64_t minflt;		/* since birth */
	uint64_t def_flags;
	unsigned map_count;
	bool has_pmd, has_rss, has_flags; /* this kernel shows vm_pmd; the three of rss_; VmFlags */
	bool data_counted, tables_counted; /* vm_data, vm_pte as since 4.5 and 4.15 */
	bool topdown;			/* how mappings are placed */
	bool exists;			/* false: mm is NULL, or the process is gone */
};

enum sim_vma_kind { SIM_KIND_ANON, SIM_KIND_EXE, SIM_KIND_FILE, SIM_KIND_SHMEM, SIM_KIND_SPECIAL };

/* Bits of sim_vma.flags, the kernel's VM_* under the names of VmFlags. */
#define SIM_VM_RD 0x1ull
#define SIM_VM_WR 0x2ull
#define SIM_VM_EX 0x4ull
#define SIM_VM_SH 0x8ull
#define SIM_VM_MR 0x10ull
#define SIM_VM_MW 0x20ull
#define SIM_VM_ME 0x40ull
#define SIM_VM_MS 0x80ull
#define SIM_VM_GD 0x100ull

struct sim_vma {
	uint64_t start, end;
	uint64_t flags;
	uint64_t off;			/* bytes in the file or object */
	enum sim_vma_kind kind;
	unsigned object; /* shmem: number of the object, unique in the machine, from 1 */
	bool readonly_file;		/* rofile */
	const char *name;		/* "[heap]", "[stack]", "[vvar]", ...; NULL: none */
	unsigned stack_tid;		/* named [stack:TID], as some kernels did; 0: not */
	unsigned anon_vma;		/* number, 0: none */
	unsigned anon_chain;		/* length of anon_vma_chain */
	uint64_t guard;	/* bytes below start that belong to it: a guard page, which /proc hides */
	uint64_t id;			/* of the object in the machine, stays while it lives */
	/* bytes, as smaps; only after sim_vma_fill() */
	uint64_t rss, pss, shared_clean, shared_dirty, private_clean, private_dirty, anonymous,
		locked;
};

unsigned sim_current(const struct sim *s);		/* process number */
unsigned sim_proc_count(const struct sim *s);		/* ever born */
bool sim_proc_alive(const struct sim *s, unsigned proc);
int sim_proc_parent(const struct sim *s, unsigned proc);	/* -1: none */
void sim_mm_get(const struct sim *s, unsigned proc, struct sim_mm *ret);
size_t sim_vma_count(const struct sim *s, unsigned proc);
/* In order of address; without the smaps figures. False past the end. */
bool sim_vma_at(const struct sim *s, unsigned proc, size_t index, struct sim_vma *ret);
/* The first VMA whose end is above addr (find_vma). */
bool sim_vma_find(const struct sim *s, unsigned proc, uint64_t addr, struct sim_vma *ret);
typedef void (*sim_vma_fn)(void *ctx, const struct sim_vma *vma);
/* All in order of address; fill: with the smaps figures. */
void sim_vma_each(const struct sim *s, unsigned proc, bool fill, sim_vma_fn fn, void *ctx);
void sim_vma_fill(const struct sim *s, unsigned proc, struct sim_vma *vma);
/* VmFlags as smaps prints them, blanks between. */
void sim_vma_flags_text(const struct sim *s, const struct sim_vma *vma, struct buf *ret);
/* The names, those of all kernels, that are not among them; a blank behind each. */
void sim_vma_flags_missing(const struct sim *s, const struct sim_vma *vma, struct buf *ret);

/* The state of the pages of [start, end) as runs of equal letters (.AaFfZG), in order. */
typedef void (*sim_run_fn)(void *ctx, uint64_t start, uint64_t pages, char letter);
void sim_page_runs(const struct sim *s, unsigned proc, uint64_t start, uint64_t end, sim_run_fn fn,
		   void *ctx);

struct sim_page {
	char letter;
	bool present, writable, dirty, exclusive;
	uint64_t pfn;
	unsigned mapcount;
};
void sim_page_get(const struct sim *s, unsigned proc, uint64_t addr, struct sim_page *ret);

/* The page-table walk: pgd, p4d, pud, pmd, pte, those that the profile knows; some folded. */
struct sim_walk_level {
	const char *name;
	unsigned index;
	uint64_t table_pfn;		/* of the table that holds the entry */
	uint64_t entry_pfn;
	bool present, writable, dirty, folded;
};
size_t sim_walk(const struct sim *s, unsigned proc, uint64_t addr, struct sim_walk_level ret[5]);

enum sim_frame_kind {
	SIM_FRAME_FREE,
	SIM_FRAME_ANON,
	SIM_FRAME_FILE,
	SIM_FRAME_SHMEM,
	SIM_FRAME_TABLE,
	SIM_FRAME_ZERO,
	SIM_FRAME_RESERVED,
	SIM_FRAME_PCP,		/* on the per-CPU list: free, out of the buddy */
	SIM_FRAME_KSTACK,	/* of the kernel stack of a task */
	SIM_FRAME_BLOCK,		/* held by alloc or fragment */
};
struct sim_frame {
	enum sim_frame_kind kind;
	unsigned order;			/* of the free block that starts here or contains it */
	unsigned mapcount;
	int proc;      /* whose page or table (the last one that mapped it); -1: none */
	uint64_t addr; /* anonymous: where it was mapped last; table: the first address it serves */
	unsigned level;			/* of a table: 0 pte .. 3 pgd */
	unsigned task;			/* of a kernel stack: whose */
	bool exclusive, dirty;
};
uint64_t sim_frame_total(const struct sim *s);
uint64_t sim_frame_free(const struct sim *s);
void sim_frame_get(const struct sim *s, uint64_t pfn, struct sim_frame *ret);
const char *sim_migratetype_name(unsigned type);		/* 0 unmovable, 1 movable, 2 reclaimable */
uint64_t sim_free_blocks_of(const struct sim *s, unsigned order, unsigned type);
uint64_t sim_pageblocks(const struct sim *s, unsigned type);
unsigned sim_pageblock_type(const struct sim *s, uint64_t pfn);
unsigned sim_pageblock_order(const struct sim *s);
uint64_t sim_watermark(const struct sim *s, unsigned which);	/* 0 min, 1 low, 2 high; frames */
uint64_t sim_free_blocks(const struct sim *s, unsigned order);	/* as /proc/buddyinfo */
/* The free list of an order, head first; returns how many were written (at most max). */
size_t sim_free_list(const struct sim *s, unsigned order, uint64_t *pfns, size_t max);

/* The red-black tree of a process's VMAs (kernels before 6.1), in order of address; the numbers
 * of parent and children are places in this order, -1: none. How many were written, at most
 * max; 0: this kernel has no such tree. The list mmap is the same order. */
struct sim_rb_node {
	uint64_t start, end;
	uint64_t gap, subtree_gap;	/* bytes free below it; the largest of its subtree (3.8 on) */
	int parent, left, right;
	unsigned depth;			/* of the root: 0 */
	bool red;
};
size_t sim_rb_nodes(const struct sim *s, unsigned proc, struct sim_rb_node *ret, size_t max);

/* struct mm_struct as this kernel has it, field by field in its order. */
struct sim_mm_value {
	const char *name;	/* "free_area_cache", "MM_ANONPAGES" */
	const char *about;	/* "" where the name says it */
	enum sim_unit unit;
	uint64_t value;
};
size_t sim_mm_fields(const struct sim *s, unsigned proc, struct sim_mm_value *ret, size_t max);

uint64_t sim_file_len(const struct sim *s);
uint64_t sim_sp(const struct sim *s);			/* the initial stack pointer */

struct sim_task {
	unsigned proc;
	bool alive, main;
	uint64_t sp;
	uint64_t stack_start, stack_end;	/* guard included in neither */
	uint64_t guard_start, guard_end;
	unsigned parent_task;
};
unsigned sim_task_count(const struct sim *s);
bool sim_task_get(const struct sim *s, unsigned task, struct sim_task *ret);

/* Everything that must hold between operations; false with the sentence in ret. */
bool sim_check(const struct sim *s, struct buf *ret);

#endif
