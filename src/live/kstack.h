/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reading kernel stacks: what its modules share.
 */
#ifndef LIVE_KSTACK_H
#define LIVE_KSTACK_H
#include "mmscope/kstacks.h"
#include "src/live/denial.h"
#include "src/live/kgaps.h"
#include "src/live/klayout.h"
#include "src/live/knames.h"
#include "src/live/kwalk.h"
#include "src/live/peek.h"

#define KALLSYMS_PATH "/proc/kallsyms"

/* include/uapi/linux/magic.h: the last word of every task's stack. */
#define STACK_END_MAGIC 0x57AC6E9Dul
/* What CONFIG_KSTACK_ERASE fills unused stack with. */
#define KSTACK_POISON 0xffffffffffff4111ul

enum { KSTACK_MOST = PEEK_MOST };

struct kstacks {
	unsigned without;
	int proc;			/* <proc_root> */
	bool bpf, files_denied, show_base;
	unsigned denials;		/* stack files refused, none granted yet */
	const char *why, *try_this;	/* why not BPF; static, or why_text */
	char why_text[160];
	struct bpf_denial denial;
	const char *chains_why;		/* why no call chains; NULL: there are */
	uint64_t usual_size;		/* of a task's stack, as the last one seen */
	struct klayout layout;
	struct peek peek;
	struct chains chains;
	struct namer namer;
	struct kwalk walk;
	struct knames names;
	struct kgaps gaps;
	bool gaps_learnt;		/* once from all tasks */
	bool only_places;		/* that is all we are reading for */
	size_t *walked;			/* walked[i]: place in the walk of the i-th task read */
	uint8_t copy[KSTACK_MOST];
};

/* The deepest use of a stack: from its lowest word that is not zero (above the end magic,
 * the first `skip` bytes) to its top; 0: never used. */
uint64_t kstack_high_water(const uint8_t *stack, size_t size, size_t skip);
/* Unused stack is filled with the erasing pattern. */
bool kstack_erased(const uint8_t *stack, size_t size, size_t skip);
/* Puts the frames of the return addresses (innermost first, at or above `from`) in their
 * places. False: an address is not there. Names are left as they are. */
bool kstack_place(const uint8_t *stack, size_t size, uint64_t from, const uint64_t *address,
		  size_t n, struct kgaps *gaps, struct kframe *ret);

/* kstack_bpf.c: opens what this rung needs; false: k->why tells. */
bool kstack_bpf_open(struct kstacks *k);
void kstack_bpf_close(struct kstacks *k);
/* False: not even the first task could be read. */
bool kstack_bpf_read(struct kstacks *k, pid_t tgid, struct stacks *ret);
/* Copies a stack to k->copy. False: not mapped, or too large. */
bool kstack_copy(struct kstacks *k, uint64_t base, uint64_t size);
/* Size by the stack's vm_struct, else what is usual; 0: not known. */
uint64_t kstack_size(struct kstacks *k, const struct ktask *t);
size_t kstack_magic_offset(const struct kstacks *k);

/* kcode.c: what a function takes by its code, as struct kframe has it; its name was learnt. */
uint64_t kcode_takes(struct kstacks *k, uint64_t return_address);
/* Learns from the functions' code how far each frame of a chain reaches. */
void kcode_learn_gaps(struct kstacks *k, const uint64_t *address, size_t n);
enum { SWITCHES_MOST = 16 };
/* The frames in k->copy from the stack pointer at `sp` up to `end`, where the first frame of
 * the chain begins: all of them, or 0. Names live as long as k. */
size_t kcode_switches(struct kstacks *k, size_t sp, size_t end, struct kframe ret[SWITCHES_MOST]);
/* Asks the kernel for a name that is not known yet. */
void kstack_ask(struct kstacks *k, uint64_t return_address);

/* irqstacks.c: after a walk over all tasks. */
void irqstacks_read(struct kstacks *k, struct stacks *ret);

/* kstack_proc.c: names only, from files. */
void kstack_proc_read(struct kstacks *k, pid_t tgid, struct stacks *ret);
/* Reads <proc>/tgid/task/tid/stack. Lines, or -errno. */
int kstack_file(struct kstacks *k, pid_t tgid, pid_t tid, char *text, size_t cap,
		struct kname_line ret[KNAME_LINES]);

#endif
