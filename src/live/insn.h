/* SPDX-License-Identifier: GPL-2.0-or-later
 * x86_64 instructions, as far as the stack pointer and the way through the code go.
 *
 * The decoder knows the instructions that compilers put into functions. One that it does
 * not know, or that sets %rsp to what it cannot tell, is INSN_UNKNOWN.
 */
#ifndef LIVE_INSN_H
#define LIVE_INSN_H
#include <stdbool.h>
#include <stdint.h>

enum { INSN_PADDING = 32 };	/* bytes of zero that have to lie behind any code */

enum insn_kind {
	INSN_OTHER,		/* leaves %rsp alone, goes on behind it */
	INSN_PUSH, INSN_POP,
	INSN_MOVE,		/* adds `value` to %rsp */
	INSN_DYNAMIC,		/* moves %rsp by a register, or aligns it */
	INSN_FRAME,		/* mov %rsp,%rbp */
	INSN_UNFRAME,		/* sets %rsp to %rbp and `value` more */
	INSN_CALL,
	INSN_IF, INSN_JUMP,	/* to `value` from its end */
	INSN_LEAVE,		/* to where a register or memory says */
	INSN_RETURN,
	INSN_TRAP,		/* raises an exception; what handles it may go on behind it */
	INSN_UNKNOWN,
};

struct insn {
	enum insn_kind kind;
	unsigned length;	/* 0: unknown */
	int64_t value;
};

/* What a push, a pop or a move takes from the stack, negative where it gives back; else 0. */
static inline int64_t insn_takes(const struct insn *i)
{
	return i->kind == INSN_PUSH ? 8 : i->kind == INSN_POP ? -8 :
	       i->kind == INSN_MOVE ? -i->value : 0;
}

struct insn insn_decode(const uint8_t *code);
/* The loop that touches every page of a large frame, as one INSN_MOVE; false: it is none. */
bool insn_probe_loop(const uint8_t *code, struct insn *ret);
/* Length of the operand that a ModRM byte begins. */
unsigned insn_operand(const uint8_t *modrm);

#endif
