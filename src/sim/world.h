/* SPDX-License-Identifier: GPL-2.0-or-later
 * A world: something that executes operations on address spaces and shows their state.
 * There are two, the simulated machine and real processes on the running kernel, and
 * whoever drives them does not see which one it has.
 *
 * Ownership: a world is ended with world_close(); a state belongs to the caller, who may use
 * it again and again and ends it with world_state_free(). Units: bytes for addresses, kB for
 * figures, pages for statm. Errors: an operation that fails is a result; an error means that
 * the world itself is lost (the process died, a file of /proc could not be read).
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmscope/buf.h"
#include "mmscope/error.h"
#include "src/sim/facts.h"
#include "src/sim/sim.h"

/* Counters of /proc/PID/status in the order of the record. */
#define WORLD_COUNTERS(X) \
	X(VmPeak) X(VmSize) X(VmLck) X(VmData) X(VmStk) X(VmExe) X(VmLib) X(VmPTE) \
	X(RssAnon) X(RssFile) X(RssShmem) X(VmPMD)

enum world_counter {
#define X(name) WORLD_##name,
	WORLD_COUNTERS(X)
#undef X
	WORLD_NCOUNTERS
};
extern const char *const world_counter_name[WORLD_NCOUNTERS];

/* Figures of smaps in the order of the record. */
#define WORLD_FIGURES(X) \
	X(Size) X(Rss) X(Pss) X(Shared_Clean) X(Shared_Dirty) X(Private_Clean) X(Private_Dirty) \
	X(Anonymous) X(Locked)

enum world_figure {
#define X(name) WORLD_##name,
	WORLD_FIGURES(X)
#undef X
	WORLD_NFIGURES
};
extern const char *const world_figure_name[WORLD_NFIGURES];

extern const char *const world_limit_name[SIM_NLIMITS];	/* "stack", "as", "data", "memlock" */
extern const char *const world_kind_name[SIM_KIND_SPECIAL + 1];

struct world_vma {
	uint64_t start, end, off;
	uint64_t object;		/* shmem: tells the objects apart; 0 for other kinds */
	uint64_t kb[WORLD_NFIGURES];
	size_t flags, pages;		/* where their text begins in world_state.text */
	enum sim_vma_kind kind;
	char perm[5];
	char name[20];			/* "[heap]", "[stack]", "[vdso]", ...; "" for none */
};

struct world_state {			/* of one process, at one moment */
	uint64_t counter[WORLD_NCOUNTERS];
	uint32_t absent;		/* bit per counter: this kernel does not show it */
	bool no_flags;			/* nor VmFlags in smaps */
	uint64_t statm[7];
	uint64_t minflt;		/* since birth */
	struct world_vma *vma;		/* in order of address */
	size_t nvmas, cap;
	struct buf text; /* NUL-terminated strings: flags, pages (run-length coded) */
};

void world_state_reset(struct world_state *st);
void world_state_free(struct world_state *st);
static inline const char *world_text(const struct world_state *st, size_t at)
{
	return st->text.data + at;
}
struct world_vma *world_state_add(struct world_state *st); /* zeroed; valid until the next add */
/* Run-length code: begin, runs in order of address, end. Equal neighbours are joined. */
struct world_runs {
	struct buf *out;
	uint64_t count;
	char letter;
};
void world_runs_add(struct world_runs *r, uint64_t pages, char letter);
void world_runs_end(struct world_runs *r);

struct world_region {			/* of the kernel's own mappings, where they were kept */
	char name[16];
	uint64_t start, bytes;
};

struct world_info {			/* what a run stands on; record 0 */
	char kernel[72];
	char machine[68];
	char thp[64];
	char proof[64];			/* of a simulated kernel: what it stands on; else "" */
	unsigned overcommit_memory, max_map_count;
	uint64_t mmap_min_addr, ram_pages;
	uint64_t readahead;		/* sim_options.readahead */
	uint64_t sp, mmap_base, start_brk;
	uint64_t stack_start, stack_end;
	struct world_region special[3];
	unsigned nspecials;
};

struct world;
struct world_ops {
	const char *name;		/* "sim", "kernel" */
	void (*info)(struct world *w,
		     struct world_info *ret); /* addresses: of the current process */
	struct error *(*exec)(struct world *w, const struct sim_op *op, struct sim_result *ret);
	/* Why op cannot be run here, or NULL. A static string. */
	const char *(*refuses)(struct world *w, const struct sim_op *op);
	struct error *(*state)(struct world *w, unsigned proc, struct world_state *ret);
	/* What the kernel printed during the last operation, lines; the task that runs when it is
	 * not the main thread of its process, or NULL. Both until the next exec. NULL: no such
	 * thing here. */
	const char *(*log)(struct world *w);
	const char *(*task)(struct world *w);
	/* NULL: nothing of the machine's inside is shown here. */
	void (*fact)(struct world *w, const struct fact_ask *ask, struct fact_answer *ret);
	void (*close)(struct world *w);
};
struct world { const struct world_ops *ops; };	/* first member of each world's own struct */

/* The simulated machine. */
struct error *world_sim_open(const struct sim_options *o, struct world **ret);
struct sim *world_sim_machine(struct world *w);

void world_close(struct world *w);		/* NULL is fine */

/* The words of section "Results": "ok", "ENOMEM", "SIGSEGV MAPERR". */
enum { WORLD_RESULT = 96 };
void world_result_text(const struct sim_result *res, char out[WORLD_RESULT]);

#endif
