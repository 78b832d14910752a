/* SPDX-License-Identifier: GPL-2.0-or-later
 * What x86_64 code says of its own stack, where registers are missing: the first
 * instructions of a function that keeps a frame pointer, and calls before return addresses.
 */
#include <config.h>
#include <string.h>

#include "src/live/insn.h"
#include "src/live/rules.h"

enum { CODE_MOST = 256 };

static size_t read_code(struct copy *memory, uint64_t from, size_t most, uint8_t *code)
{
	size_t n = 0;
	uint64_t byte;

	while (n < most && copy_read(memory, from + n, 1, &byte) == COPY_OK)
		code[n++] = (uint8_t)byte;
	return n;
}

bool prologue_frame(struct copy *memory, uint64_t start, uint64_t pc, struct prologue *ret)
{
	uint8_t code[CODE_MOST + INSN_PADDING] = { 0 };
	struct prologue p = { .size = 8 };
	size_t n, at = 0;

	if (start == UNKNOWN || pc <= start)
		return false;
	n = read_code(memory, start, pc - start < CODE_MOST ? pc - start : CODE_MOST, code);
	while (at < n) {
		struct insn i;

		if (!insn_probe_loop(code + at, &i))
			i = insn_decode(code + at);
		if (i.kind >= INSN_CALL && i.kind <= INSN_TRAP)
			break;
		if (i.kind == INSN_UNKNOWN || i.kind == INSN_DYNAMIC || i.kind == INSN_UNFRAME ||
		    at + i.length > n)
			return false;
		if (i.kind == INSN_FRAME && !p.frame)
			p.frame = p.size;
		p.size += insn_takes(&i);
		at += i.length;
	}
	*ret = p;
	return p.frame != 0;
}

bool follows_call(struct copy *memory, uint64_t pc)
{
	ssize_t v = memory->layout ? layout_find(memory->layout, pc - 1) : -1;
	uint8_t code[8] = { 0 };

	if (v < 0 || !(memory->layout->vmas[v].perms & VMA_EXEC) || pc < 8 ||
	    read_code(memory, pc - 8, 8, code) < 8)
		return false;
	if (code[3] == 0xe8)
		return true;
	for (unsigned k = 2; k <= 7; k++) {
		const uint8_t *at = code + 8 - k;

		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2 && insn_operand(at + 1) == k - 1)
			return true;
	}
	return false;
}
