/* SPDX-License-Identifier: GPL-2.0-or-later
 * A snapshot: one address space at one moment, as a value.
 *
 * Everything a view may draw is in here or derived from here. Parts that did not
 * change are shared with the snapshot before (layout, pages, tasks ...), so a pointer
 * comparison tells "nothing moved". A figure that is not known is UNKNOWN and has its
 * reason in `whys`. A part that is NULL was not asked for or could not be had (whys).
 */
#ifndef MMSCOPE_SNAPSHOT_H
#define MMSCOPE_SNAPSHOT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/pages.h"
#include "mmscope/stacks.h"
#include "mmscope/task.h"
#include "mmscope/unwind.h"
#include "mmscope/vma.h"

struct machine;

enum mm_unit { MM_BYTES, MM_ADDRESS };

/* id, JSON key, where it comes from, unit, one line of explanation */
#define MM_FIELDS(X) \
	X(VM_SIZE, "vm_size", "status VmSize", MM_BYTES, "all VMAs together (total_vm)") \
	X(VM_RSS, "vm_rss", "status VmRSS", MM_BYTES, "pages in memory: anonymous + file + shmem") \
	X(RSS_ANON, "rss_anon", "status RssAnon", MM_BYTES, "resident anonymous pages: heap, stacks, private copies") \
	X(RSS_FILE, "rss_file", "status RssFile", MM_BYTES, "resident pages of files") \
	X(RSS_SHMEM, "rss_shmem", "status RssShmem", MM_BYTES, "resident shared memory: shared anonymous, memfd, tmpfs, SysV") \
	X(VM_DATA, "vm_data", "status VmData", MM_BYTES, "private writable memory that is no stack (data_vm); RLIMIT_DATA limits it") \
	X(VM_STACK, "vm_stack", "status VmStk", MM_BYTES, "VMAs that grow down by themselves (stack_vm); thread stacks are not in it") \
	X(VM_EXE, "vm_exe", "status VmExe", MM_BYTES, "the program's text, from start_code to end_code") \
	X(VM_LIB, "vm_lib", "status VmLib", MM_BYTES, "text that is not VmExe: executable, not writable") \
	X(VM_PTE, "vm_pte", "status VmPTE", MM_BYTES, "page tables (PTE, PMD, PUD; the top level is not counted)") \
	X(VM_SWAP, "vm_swap", "status VmSwap", MM_BYTES, "anonymous pages swapped out; shmem swap is not counted") \
	X(VM_LOCKED, "vm_locked", "status VmLck", MM_BYTES, "memory locked by mlock(2); RLIMIT_MEMLOCK limits it") \
	X(START_CODE, "start_code", "stat 26", MM_ADDRESS, "where the program's text begins") \
	X(END_CODE, "end_code", "stat 27", MM_ADDRESS, "where the program's text ends") \
	X(START_DATA, "start_data", "stat 45", MM_ADDRESS, "where initialised and bss data begin") \
	X(END_DATA, "end_data", "stat 46", MM_ADDRESS, "where initialised data ends; bss follows") \
	X(START_BRK, "start_brk", "stat 47", MM_ADDRESS, "where the heap begins; brk(2) moves its end") \
	X(BRK, "brk", "end of [heap] in maps", MM_ADDRESS, "the heap's end as its VMA has it") \
	X(START_STACK, "start_stack", "stat 28", MM_ADDRESS, "sp as the program found it: argc lies here") \
	X(ARG_START, "arg_start", "stat 48", MM_ADDRESS, "strings of argv begin") \
	X(ARG_END, "arg_end", "stat 49", MM_ADDRESS, "strings of argv end") \
	X(ENV_START, "env_start", "stat 50", MM_ADDRESS, "strings of the environment begin") \
	X(ENV_END, "env_end", "stat 51", MM_ADDRESS, "strings of the environment end")

enum mm_field {
#define X(id, key, from, unit, about) MM_##id,
	MM_FIELDS(X)
#undef X
	MM_NR
};
struct mm_field_info {
	const char *key, *from;
	enum mm_unit unit;
	const char *about;
};
extern const struct mm_field_info mm_fields[MM_NR];

enum limit { LIMIT_STACK, LIMIT_AS, LIMIT_DATA, LIMIT_MEMLOCK, LIMIT_NR };
extern const char *const limit_names[LIMIT_NR];		/* "stack", "as", "data", "memlock" */
#define UNLIMITED (UINT64_MAX - 1)

struct process {
	pid_t pid, ppid;
	uid_t uid;
	char comm[64];			/* raw bytes */
	char exe[512];			/* raw bytes; "" when unknown (whys) */
	char state;
	bool kthread;			/* no user space at all */
	bool ended;			/* this is its last picture */
	bool exit_known;
	int exit_status;		/* as wait(2) has it; valid when exit_known */
	uint64_t generation;		/* rises at exec */
	uint64_t auxv_sp_end;		/* end of the argv/envp/auxv block below the strings, or 0 */
};

/* What only smaps knows, in the order of the layout's VMAs. */
struct vma_detail {
	uint64_t pss, swap, locked, uss;	/* bytes, UNKNOWN */
	uint64_t flags;			/* bit i: vma_flag_names[i] */
	uint64_t rss, anonymous;	/* as smaps has them; for whom the pages do not tell */
};
extern const char *const vma_flag_names[64];	/* two letters; NULL ends */
struct details {
	unsigned refs;
	const struct layout *layout;	/* reference held: the layout these belong to */
	struct vma_detail *vma;
	uint64_t pss, uss;		/* sums */
};

/* Why something is not there: `what` is a JSON path pattern ("vmas[].pss", "mm.vm_pte",
 * "tasks[].sp", "pages"); why and try_this are sentences without a full stop. */
struct why {
	char *what, *why, *try_this;
};
struct whys {
	unsigned refs;
	size_t n, cap;
	struct why *why;
};
struct whys *whys_create(void);
struct whys *whys_get(const struct whys *w);
void whys_put(const struct whys *w);
void whys_add(struct whys *w, const char *what, const char *why, const char *try_this);
/* The entry that covers `what`, or NULL. "vmas[].pss" covers itself; "vmas" covers "vmas[].pss". */
const struct why *whys_find(const struct whys *w, const char *what);

/* What a sample cost and which rung of the ladder each panel stands on. */
enum panel { PANEL_LAYOUT, PANEL_PAGES, PANEL_DETAIL, PANEL_TASKS, PANEL_COUNTERS, PANEL_KSTACK,
	     PANEL_NR };
extern const char *const panel_names[PANEL_NR];
struct sample_cost {
	uint64_t wall_ns, cpu_ns;	/* this sample */
	uint64_t panel_ns[PANEL_NR];
	const char *rung[PANEL_NR];	/* static strings: "PAGEMAP_SCAN", "pagemap", "maps", "PROCMAP_QUERY"; NULL not read */
};

struct snapshot {
	unsigned refs;
	uint64_t time_ns;		/* CLOCK_MONOTONIC live; virtual in the simulator */
	uint64_t seq;			/* number of the sample */
	const char *source;		/* "live", "sim", "replay" */
	struct process process;
	uint64_t mm[MM_NR];		/* UNKNOWN where not known */
	uint64_t limits[LIMIT_NR];	/* bytes, UNLIMITED, UNKNOWN */
	uint64_t minflt, majflt;
	uint64_t statm_rss, statm_size;	/* bytes, for reconciling */
	const struct layout *layout;	/* NULL: kernel thread, or not allowed (whys "vmas") */
	const struct residency *pages;	/* NULL: not allowed or not read yet */
	const struct details *details;	/* NULL: smaps was not asked for */
	const struct task_list *tasks;
	const struct unwound *unwound;	/* frames of user stacks; NULL: not asked for */
	const struct stacks *stacks;	/* kernel stacks; NULL: not asked for */
	const struct whys *whys;	/* never NULL */
	const struct machine *machine;	/* the inside of what is stepped; NULL: not to be seen (live) */
	struct sample_cost cost;
};

struct snapshot *snapshot_create(void);			/* everything UNKNOWN, refs 1 */
struct snapshot *snapshot_copy(const struct snapshot *s);	/* shares the parts; refs 1 */
struct snapshot *snapshot_get(const struct snapshot *s);
void snapshot_put(const struct snapshot *s);		/* NULL is fine */
/* Equal in everything that belongs to the target (not source, time, seq, machine, cost). */
bool snapshot_equal(const struct snapshot *a, const struct snapshot *b);

struct details *details_create(const struct layout *l);	/* nothing is known yet */
/* With these figures, l->n of them from malloc(), which become its own. */
struct details *details_of(const struct layout *l, struct vma_detail *vma);
struct details *details_get(const struct details *d);
void details_put(const struct details *d);

/* By value; a missing part equals only a missing part. */
bool process_equal(const struct process *a, const struct process *b);
bool details_equal(const struct details *a, const struct details *b);
bool whys_equal(const struct whys *a, const struct whys *b);

#endif
