/* SPDX-License-Identifier: GPL-2.0-or-later
 * The scenario language: text in, operations, narration and predictions out.
 *
 * A scenario is parsed completely before anything runs; numbers that depend on where things
 * lie stay expressions and are evaluated by scenario_resolve() at their turn. Ownership: a
 * scenario owns everything in it. Errors: ERR_USAGE, "FILE:LINE:COLUMN: message"; columns are
 * bytes from 1. Text of any length and content is safe to parse.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmscope/buf.h"
#include "mmscope/error.h"
#include "src/sim/sim.h"
#include "src/sim/world.h"

enum {
	SCENARIO_LINE_MAX = 512,	/* bytes */
	SCENARIO_NAME_MAX = 23,
	SCENARIO_ARGS_MAX = 6,
};
#define SCENARIO_FILE_MAX (4u << 20)
#define SCENARIO_POPULATE_CAP (64ull << 20)
#define SCENARIO_KCALL_CAP (64ull << 10)

/* ---- expressions ------------------------------------------------------------------- */

enum term_kind { TERM_NUMBER, TERM_NAME, TERM_END, TERM_LEN };

struct term {
	uint64_t number;
	unsigned symbol;
	enum term_kind kind;
	bool minus;
};

struct expr {			/* terms first..first + n of the scenario */
	uint32_t first;
	uint16_t n;
	bool sign;		/* it began with + or - */
};

/* Symbols: names are numbered in order of first appearance, the built-in ones first. */
enum { SYM_TEXT, SYM_DATA, SYM_BSS, SYM_STACK, SYM_VVAR, SYM_VVAR_VCLOCK, SYM_VDSO,
       SYM_HEAP, SYM_SP, SYM_MMAPBASE, SYM_NBUILTIN, SYM_NONE = -1 };

/* ---- the parts of a scenario ---------------------------------------------------------- */

/* Which number of the sim_op an expression of the line becomes. */
enum slot {
	SLOT_ADDR,
	SLOT_LEN,
	SLOT_NEWLEN,
	SLOT_PLACE,
	SLOT_OFF,
	SLOT_VALUE,
	SLOT_GUARD,
	SLOT_OFFSET
};

struct scenario_op {
	struct sim_op op;		/* what the text alone decides */
	struct {
		enum slot slot;
		struct expr expr;
	} arg[SCENARIO_ARGS_MAX]; /* in order of the text */
	unsigned nargs;
	int bind;			/* the symbol that will name the result, or SYM_NONE */
	int task;			/* the symbol that names a task, or SYM_NONE */
	bool ranged;			/* touch: LEN was given */
	bool unlimited;			/* setrlimit */
};

enum claim_kind { CLAIM_FIGURE, CLAIM_PAGES, CLAIM_PLACE, CLAIM_FACT };
enum { FIGURE_MINFLT = WORLD_NCOUNTERS, FIGURE_VMAS, NFIGURES };

struct claim {
	enum claim_kind kind;
	char relation;			/* figure: '=', '+', '-'; fact: '=', '<', '>' */
	unsigned figure;		/* a world_counter, FIGURE_MINFLT or FIGURE_VMAS */
	unsigned symbol;
	uint64_t number;
	struct expr place;		/* of a fact: its number */
	char *pages;			/* run-length coded, as records have it; of a fact: its word */
	unsigned fact;			/* row of facts[] */
	bool has_argument;
	int task, proc;			/* the argument: a symbol, or Pn */
	struct expr argument;		/* or an address */
	char *text;			/* the claim as written */
};

struct prediction {
	char *result;			/* NULL: none */
	bool prefix;			/* result is only how it begins ("skipped:") */
	struct claim *claim;
	size_t nclaims, cap;
	char *text;			/* as written, single blanks */
};

struct under {
	const struct sim_profile *profile;
	struct prediction *prediction;
	unsigned line;
};

enum item_kind { ITEM_OP, ITEM_SAY, ITEM_PAUSE };

struct scenario_item {
	enum item_kind kind;
	unsigned line;			/* from 1 */
	char *text; /* operation: single blanks, no prediction; say: as written */
	struct scenario_op op;
	struct prediction *prediction;	/* or NULL */
	struct under *under;		/* `under` lines: predictions of single profiles */
	size_t nunder, cap_under;
};

struct scenario_about { char *rows, *text; };	/* "S3 S8", free text; each may be "" */

struct scenario {
	char *path;			/* as given, for messages */
	char *title;			/* or NULL */
	struct scenario_about *about;
	size_t nabout, cap_about;
	const struct sim_profile **profile;	/* those it names, in order; the first is the default */
	size_t nprofiles, cap_profiles;
	unsigned cpus;			/* 0: not said */
	bool has_ram;
	unsigned limit_line;		/* of `start as`, else of `start stack`; 0: there is neither */
	bool kernel_side;		/* it has operations of the kernel's own side */
	bool takes_frames;		/* alloc, fragment: no real machine has its memory */
	struct sim_options options;	/* what the head said; profile is not filled in */
	struct scenario_item *item;
	size_t nitems, cap_items, nops;
	struct term *term;
	size_t nterms, cap_terms;
	char (*symbol)[SCENARIO_NAME_MAX + 1];
	size_t nsymbols, cap_symbols;
	uint32_t *hash;			/* symbol + 1, open addressing */
	size_t hash_size;
};

struct scenario *scenario_create(const char *path);	/* empty, for a playground */
void scenario_destroy(struct scenario *sc);		/* NULL is fine */
/* One more line of text (no newline in it), numbered line. On error sc is as before. */
struct error *scenario_add_line(struct scenario *sc, const char *text, size_t n, unsigned line);
struct error *scenario_parse(const char *path, const char *text, size_t n, struct scenario **ret);
/* All of a file, without a byte order mark at its start. */
struct error *scenario_read(const char *path, struct buf *ret);
struct error *scenario_load(const char *path, struct scenario **ret);
/* The symbol's number, a new one if need be. name is cut to 23 characters. */
unsigned scenario_symbol(struct scenario *sc, const char *name, size_t n);

/* The prediction that holds under a profile; NULL: none. */
const struct prediction *scenario_predicted(const struct scenario_item *it,
					    const struct sim_profile *profile);

/* ---- names, processes, decisions ---------------------------------------------------------- */

struct scope_binding {
	uint64_t addr, len, when;	/* when 0: not bound */
	int task;			/* of a thread's or kernel thread's name: its number + 1 */
};

struct scope_proc {
	struct scope_binding *bind;	/* by symbol */
	size_t nbind;
	uint64_t sp, mmap_base, start_brk, brk;
	uint64_t limit[SIM_NLIMITS];
	int parent;
	int task;			/* its main thread */
	bool alive;
};

/* What the runner of a scenario knows: the same in every world. A value: copy with scope_copy(). */
struct scope {
	struct scope_proc proc[SIM_MAX_PROCS];
	unsigned nprocs, current;
	unsigned nthreads;		/* that thread made */
	int ntasks, task;		/* ever born; the one that runs */
	struct { unsigned symbol; int task; } kthread[SIM_MAX_KTHREADS];
	unsigned nkthreads;
	struct { unsigned symbol; int block; } pblock[SIM_MAX_BLOCKS];	/* of physical memory */
	unsigned npblocks;
	uint64_t clock;			/* bindings made */
};

void scope_init(struct scope *s, const struct world_info *info, const struct sim_options *o);
/* After an exec: the current process has a new address space and none of its old names. */
void scope_exec(struct scope *s, const struct world_info *info);
void scope_copy(struct scope *to, const struct scope *from);	/* to is overwritten, not freed */
void scope_free(struct scope *s);
bool scope_find(const struct scope *s, unsigned symbol, struct scope_binding *ret);
/* The number of the task that a symbol (or Pn, where it is SYM_NONE) stands for, + 1; 0: none. */
int scope_task(const struct scope *s, int symbol, int proc);
/* An address in words: "A+3p", "stack-224p"; hexadecimal when no region is near. */
void scope_words(const struct scenario *sc, const struct scope *s, uint64_t addr, struct buf *ret);

enum verdict { VERDICT_RUN, VERDICT_SKIPPED, VERDICT_REFUSED };

/* Numbers for the operation of item in the current process; ret is valid when VERDICT_RUN,
 * otherwise why holds the whole result ("skipped: no name B"). */
enum verdict scenario_resolve(const struct scenario *sc, const struct scope *s,
			      const struct scenario_op *so, struct sim_op *ret, char why[64]);
/* False with the symbol that has no meaning. */
bool scenario_eval(const struct scenario *sc, const struct scope *s, struct expr e,
		   uint64_t *ret, int *unbound);
/* What an executed operation means for names, processes, break and limits. */
void scope_apply(struct scope *s, const struct scenario_op *so, const struct sim_op *op,
		 const struct sim_result *res);

/* ---- predictions ---------------------------------------------------------------------- */

/* What "the change since the last record of the process" refers to. */
struct claim_base { uint64_t figure[NFIGURES]; };

/* Where facts are asked; NULL, or a world without any: claims about facts are not judged. */
struct fact_view {
	struct world *world;
	const char *log;		/* what the kernel printed during the last operation; may be NULL */
	bool other_ram;			/* not what the scenario was written for: facts about it mean nothing */
};

void claim_base_set(struct claim_base *b, const struct world_state *st, uint64_t minflt);
/* True when everything came as predicted; otherwise a line for each claim that did not:
 * "expected X, got Y". */
bool prediction_check(const struct scenario *sc, const struct scope *s, const struct prediction *p,
		      const char *result, const struct world_state *st, uint64_t minflt,
		      const struct claim_base *before, const struct fact_view *view, struct buf *wrong);

#endif
