/* SPDX-License-Identifier: GPL-2.0-or-later
 * What x86_64 code says of its own stack, where registers are missing: the first
 * instructions of a function that keeps a frame pointer, and calls before return addresses.
 *
 * The decoder knows the instructions that compilers put there. At one that it does not
 * know, or that moves %rsp by an amount it cannot tell, the answer is "unknown".
 */
#include <config.h>
#include <string.h>

#include "src/live/rules.h"

enum { CODE_MOST = 256 };

enum kind {
	OTHER,		/* leaves %rsp alone */
	PUSH, POP,
	SUB,		/* takes `imm` */
	FRAME,		/* mov %rsp,%rbp */
	BRANCH,		/* goes elsewhere: what comes behind is no prologue */
	UNKNOWN_KIND,
};

struct insn {
	enum kind kind;
	unsigned length;
	uint64_t imm;
};

/* What is behind an opcode: M a ModRM byte, 1 a byte, 4 four bytes or two, 8 as wide as the
 * operand; - nothing; B it branches; ? not known here. One row for 16 opcodes. */
static const char one_byte[16][33] = {
	"M M M M 1 4 ? ? M M M M 1 4 ? ? ", "M M M M 1 4 ? ? M M M M 1 4 ? ? ",
	"M M M M 1 4 ? ? M M M M 1 4 ? ? ", "M M M M 1 4 ? ? M M M M 1 4 ? ? ",
	"? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ", "- - - - - - - - - - - - - - - - ",
	"? ? ? M ? ? ? ? 4 M41 M1? ? ? ? ", "B B B B B B B B B B B B B B B B ",
	"M1M4? M1M M M M M M M M ? M ? ? ", "- - - - ? - - - - - ? ? ? ? ? ? ",
	"? ? ? ? ? ? ? ? 1 4 ? ? ? ? ? ? ", "1 1 1 1 1 1 1 1 8 8 8 8 8 8 8 8 ",
	"M1M1B B ? ? M1M4? ? ? ? B B ? ? ", "M M M M ? ? ? ? ? ? ? ? ? ? ? ? ",
	"B B B B ? ? ? ? B B ? B ? ? ? ? ", "? ? ? ? ? ? M M ? ? ? ? ? ? M M ",
};
static const char two_byte[16][33] = {
	"? ? ? ? ? B ? ? ? ? ? B ? M ? ? ", "M M M M M M M M M M M M M M M M ",
	"? ? ? ? ? ? ? ? M M M M M M M M ", "? - ? ? ? ? ? ? ? ? ? ? ? ? ? ? ",
	"M M M M M M M M M M M M M M M M ", "M M M M M M M M M M M M M M M M ",
	"M M M M M M M M M M M M M M M M ", "M1M1M1M1M M M ? ? ? ? ? M M M M ",
	"B B B B B B B B B B B B B B B B ", "M M M M M M M M M M M M M M M M ",
	"? ? - M M1M ? ? ? ? ? M M1M ? M ", "? ? ? M ? ? M M ? ? M1M M M M M ",
	"? ? M1? M1M1M1? ? ? ? ? ? ? ? ? ", "M M M M M M M M M M M M M M M M ",
	"M M M M M M M M M M M M M M M M ", "M M M M M M M M M M M M M M M ? ",
};

/* Length of the operand that a ModRM byte begins. */
static unsigned operand_length(const uint8_t *modrm)
{
	unsigned mod = *modrm >> 6, rm = *modrm & 7, n = 1;

	if (mod == 3)
		return n;
	if (rm == 4)
		n++;
	if (mod == 1)
		return n + 1;
	if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (modrm[1] & 7) == 5))))
		return n + 4;
	return n;
}

static uint64_t immediate(const uint8_t *p, unsigned n)
{
	int32_t v;

	if (n == 1)
		return (uint64_t)(int64_t)(int8_t)*p;
	memcpy(&v, p, sizeof(v));
	return (uint64_t)(int64_t)v;
}

/* What an instruction with a ModRM byte does to %rsp; `op` of the one-byte table. */
static enum kind kind_of(unsigned op, unsigned rex, const uint8_t *modrm)
{
	unsigned mod = *modrm >> 6, reg = *modrm >> 3 & 7, rm = *modrm & 7;
	bool rsp_reg = reg == 4 && !(rex & 4), rsp_rm = mod == 3 && rm == 4 && !(rex & 1);
	bool wide = rex & 8, group = op >= 0x80 && op <= 0x83;

	if (op == 0xff && (reg == 2 || reg == 3 || reg == 4 || reg == 5))
		return BRANCH;
	if (op == 0xff && reg == 6)
		return PUSH;
	if (op == 0x8f)
		return UNKNOWN_KIND;
	if ((op == 0x89 && rsp_reg && wide && mod == 3 && rm == 5 && !(rex & 1)) ||
	    (op == 0x8b && rsp_rm && wide && reg == 5 && !(rex & 4)))
		return FRAME;
	if (group && rsp_rm && reg == 5 && wide)
		return SUB;
	/* Comparing is no writing; a group, a shift or a test has no register in its field. */
	if ((op >= 0x38 && op <= 0x3b) || op == 0x84 || op == 0x85 || (group && reg == 7))
		return OTHER;
	if (group || op >= 0xc0)
		return rsp_rm ? UNKNOWN_KIND : OTHER;
	if (op == 0x89 || op == 0x88 || (op < 0x40 && !(op & 2)))
		return rsp_rm ? UNKNOWN_KIND : OTHER;
	return rsp_reg || ((op == 0x86 || op == 0x87) && rsp_rm) ? UNKNOWN_KIND : OTHER;
}

/* Two-byte opcodes that write a general register. */
static bool writes_general(unsigned op)
{
	return (op >= 0x40 && op <= 0x4f) || op == 0xaf || op == 0xb6 || op == 0xb7 ||
	       (op >= 0xbc && op <= 0xbf);
}

static struct insn short_form(unsigned op, unsigned rex, unsigned length)
{
	bool rsp = (op & 7) == 4 && !(rex & 1);
	struct insn i = { .kind = OTHER, .length = length };

	if (op >= 0x50 && op <= 0x57)
		i.kind = PUSH;
	else if (op >= 0x58 && op <= 0x5f)
		i.kind = rsp ? UNKNOWN_KIND : POP;
	else if (op == 0x68 || op == 0x6a)
		i.kind = PUSH;
	else if (op >= 0xb0 && op <= 0xbf && rsp)
		i.kind = UNKNOWN_KIND;
	return i;
}

static struct insn decode_vex(const uint8_t *code, unsigned at)
{
	bool three = code[at] == 0xc4;
	unsigned map = three ? code[at + 1] & 31 : 1, op = code[at + 2 + three];
	const uint8_t *modrm = &code[at + 3 + three];
	struct insn i = { .kind = OTHER, .length = at + 3 + three + operand_length(modrm) };

	/* vzeroupper has no operand; what writes general registers is not looked into. */
	if (map == 1 && op == 0x77)
		i.length = at + 3 + three;
	else if (map == 3 || (map == 1 && two_byte[op >> 4][2 * (op & 15) + 1] == '1'))
		i.length++;
	else if (map == 2 && op >= 0xf0)
		i.kind = UNKNOWN_KIND;
	return i;
}

/* `code` has 15 bytes and more behind its start, zeroes in the end. */
static struct insn decode(const uint8_t *code)
{
	const struct insn unknown = { .kind = UNKNOWN_KIND };
	unsigned at = 0, rex = 0, op, imm = 0;
	bool narrow = false, two;
	struct insn i = { .kind = OTHER };
	const char *row;

	while (code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3 || code[at] == 0x64 ||
	       code[at] == 0x65 || code[at] == 0x2e) {
		narrow |= code[at] == 0x66;
		if (++at > 6)
			return unknown;
	}
	if (code[at] == 0xc4 || code[at] == 0xc5)
		return decode_vex(code, at);
	if ((code[at] & 0xf0) == 0x40)
		rex = code[at++];
	two = code[at] == 0x0f;
	op = code[at += two];
	row = &(two ? two_byte : one_byte)[op >> 4][2 * (op & 15)];
	at++;
	if (row[0] == 'B' || row[0] == '?') {
		i.kind = row[0] == 'B' ? BRANCH : UNKNOWN_KIND;
		return i;
	}
	for (int k = 0; k < 2; k++) {
		if (row[k] == '1')
			imm += 1;
		else if (row[k] == '4')
			imm += narrow ? 2 : 4;
		else if (row[k] == '8')
			imm += rex & 8 ? 8 : narrow ? 2 : 4;
	}
	if (row[0] != 'M')
		return two ? (struct insn){ OTHER, at + imm, 0 } : short_form(op, rex, at + imm);
	if (two)
		i.kind = writes_general(op) && (code[at] >> 3 & 7) == 4 && !(rex & 4) ?
			 UNKNOWN_KIND : OTHER;
	else
		i.kind = kind_of(op, rex, &code[at]);
	/* test has an immediate, the others of its group have none */
	if (!two && (op == 0xf6 || op == 0xf7) && (code[at] >> 3 & 7) < 2)
		imm = op == 0xf6 ? 1 : narrow ? 2 : 4;
	at += operand_length(&code[at]);
	if (i.kind == SUB)
		i.imm = immediate(&code[at], imm);
	i.length = at + imm;
	return i;
}

static size_t read_code(struct copy *memory, uint64_t from, size_t most, uint8_t *code)
{
	size_t n = 0;
	uint64_t byte;

	while (n < most && copy_read(memory, from + n, 1, &byte) == COPY_OK)
		code[n++] = (uint8_t)byte;
	return n;
}

/* lea -N(%rsp),%r11; 1: sub $4096,%rsp; orq $0,(%rsp); cmp %r11,%rsp; jne 1b */
static bool is_probe_loop(const uint8_t *code, struct insn *ret)
{
	static const uint8_t lea[] = { 0x4c, 0x8d, 0x9c, 0x24 }, rest[] = {
		0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00, 0x48, 0x83, 0x0c, 0x24, 0x00,
		0x4c, 0x39, 0xdc, 0x75, 0xef,
	};

	if (memcmp(code, lea, sizeof(lea)) || memcmp(code + 8, rest, sizeof(rest)))
		return false;
	*ret = (struct insn){ SUB, 8 + sizeof(rest), -immediate(code + 4, 4) };
	return true;
}

bool prologue_frame(struct copy *memory, uint64_t start, uint64_t pc, struct prologue *ret)
{
	uint8_t code[CODE_MOST + 32] = { 0 };
	struct prologue p = { .size = 8 };
	size_t n, at = 0;

	if (start == UNKNOWN || pc <= start)
		return false;
	n = read_code(memory, start, pc - start < CODE_MOST ? pc - start : CODE_MOST, code);
	while (at < n) {
		struct insn i;

		if (!is_probe_loop(code + at, &i))
			i = decode(code + at);
		if (i.kind == BRANCH)
			break;
		if (i.kind == UNKNOWN_KIND || at + i.length > n)
			return false;
		if (i.kind == FRAME && !p.frame)
			p.frame = p.size;
		else if (i.kind == SUB)
			p.size += i.imm;
		else if (i.kind == PUSH || i.kind == POP)
			p.size += i.kind == PUSH ? 8 : -8ull;
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

		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2 && operand_length(at + 1) == k - 1)
			return true;
	}
	return false;
}
