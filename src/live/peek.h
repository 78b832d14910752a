/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel memory by address, the kernel's own call chains of tasks, and its names for places
 * in its code, through three small BPF programs that are written out here instruction by instruction.
 *
 * One copies bytes into an array that is mapped into this process, one prints a name there;
 * they run when this program runs them, and nothing is attached to anything. The third is
 * run by the kernel for each task while this program reads a file of it, and goes with that
 * file.
 * Needs CAP_BPF and CAP_PERFMON. Results are 0 or -errno; no locks are taken, so what is
 * read may have changed while it was read: the reader checks.
 */
#ifndef LIVE_PEEK_H
#define LIVE_PEEK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PEEK_MOST = 64 * 1024 };		/* bytes in one go */

/* Bytes to be read before others, in the same go; addr 0: none. */
struct peek_range {
	uint64_t addr, n;
};
enum { PEEK_FIRST = 2 };

struct peek {
	int map, prog;
	uint8_t *window;	/* 1 + PEEK_FIRST times PEEK_MOST bytes, then our own task's address */
};

int peek_open(struct peek *p);
void peek_close(struct peek *p);
/* The bytes at `addr`, valid until the next call; NULL when they cannot be read. */
const void *peek_at(struct peek *p, uint64_t addr, size_t n);
/* The same when those of `first`, if not NULL, were read before it, one after the other. */
const void *peek_after(struct peek *p, const struct peek_range first[PEEK_FIRST], uint64_t addr,
		       size_t n);
static inline const uint8_t *peek_first(const struct peek *p, int i)
{
	return p->window + (size_t)(1 + i) * PEEK_MOST;
}
/* Address of our own task_struct; 0: could not be told. */
uint64_t peek_current(struct peek *p);

/* What the kernel calls a place in its code, as it prints return addresses itself. */
struct namer {
	int map, format, prog;
	const char *window;
};

enum { NAMER_TEXT = 256 };

int namer_open(struct namer *n);		/* 5.13+ */
void namer_close(struct namer *n);
/* "name+0x1f/0x70 [module]", or the bare number; valid until the next call. NULL: refused. */
const char *namer_ask(struct namer *n, uint64_t return_address);

enum { CHAIN_DEPTH = 64 };

/* The return addresses of one task, innermost first, as the kernel's unwinder found them. */
struct kchain {
	uint64_t task;			/* address of its task_struct */
	int64_t bytes;			/* of address[]; negative: -errno */
	uint64_t sp, switches[2];	/* thread.sp, nvcsw, nivcsw at that moment */
	uint64_t address[CHAIN_DEPTH];
};

/* What the program has to know of the kernel's types. */
struct chain_layout {
	uint32_t iter_task;		/* id of the function bpf_iter_task */
	uint32_t seq, task;		/* offsets: bpf_iter_meta.seq, bpf_iter__task.task */
	uint32_t sp, nvcsw, nivcsw;	/* offsets in task_struct */
};

struct chains {
	int map, prog;
	bool by_process;		/* the kernel can be asked for one process */
	size_t n, cap;
	struct kchain *chain;		/* of the last read, by rising task address */
};

int chains_open(struct chains *c, const struct chain_layout *l);
void chains_close(struct chains *c);
/* Of every task of our pid namespace, or of process tgid (0: of all). */
int chains_read(struct chains *c, pid_t tgid);
const struct kchain *chains_find(const struct chains *c, uint64_t task);

#endif
