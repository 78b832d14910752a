/* SPDX-License-Identifier: GPL-2.0-or-later
 * From one frame to its caller: the rules of call frame information applied to registers
 * of which only some may be known.
 */
#ifndef LIVE_RULES_H
#define LIVE_RULES_H
#include <stdbool.h>
#include <stdint.h>
#include "src/live/copy.h"
#include "src/live/sites.h"

/* x86_64, numbered as DWARF does. */
enum { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_RIP = 16, REGS };

struct registers {
	uint64_t value[REGS];
	uint32_t known;		/* bit i: value[i] is right */
};
static inline bool reg_known(const struct registers *r, unsigned i)
{
	return r->known >> i & 1;
}
static inline void reg_set(struct registers *r, unsigned i, uint64_t value)
{
	r->value[i] = value;
	r->known |= 1u << i;
}

enum rule_result {
	RULE_OK,
	RULE_OUTERMOST,		/* the rules say that there is no caller */
	RULE_REGISTER,		/* a register that is not known */
	RULE_ABSENT,		/* memory that is not there */
	RULE_REFUSED,		/* memory that we may not read */
	RULE_UNMAPPED,		/* an address where nothing is */
	RULE_BROKEN,		/* rules that cannot be understood */
};

/* The registers of the caller, its sp included; rip is where it will go on. */
enum rule_result rules_caller(struct dw *dw, const struct site *s, struct copy *memory,
			      const struct registers *now, struct registers *ret);
/* What a function takes from the stack by its first instructions, up to `pc` or the first
 * branch; false: they do not tell, or it keeps no frame pointer. */
struct prologue {
	uint64_t size;		/* from %rsp in the body to the frame's end */
	uint64_t frame;		/* from where %rbp points to the frame's end */
};
bool prologue_frame(struct copy *memory, uint64_t start, uint64_t pc, struct prologue *ret);
/* Does a call end right before `pc`? */
bool follows_call(struct copy *memory, uint64_t pc);

#endif
