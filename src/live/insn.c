/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/insn.h"

#include <string.h>

/* What is behind an opcode: M a ModRM byte, 1 a byte, 4 four bytes or two, 8 as wide as the
 * operand; - nothing; ? not known here. One row for 16 opcodes. */
static const char one_byte[16][33] = {
	"M M M M 1 4 ? ? M M M M 1 4 ? ? ", "M M M M 1 4 ? ? M M M M 1 4 ? ? ",
	"M M M M 1 4 ? ? M M M M 1 4 ? ? ", "M M M M 1 4 ? ? M M M M 1 4 ? ? ",
	"? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ", "- - - - - - - - - - - - - - - - ",
	"? ? ? M ? ? ? ? 4 M41 M1? ? ? ? ", "? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ",
	"M1M4? M1M M M M M M M M M M M ? ", "- - - - ? - - - - - ? - - - ? ? ",
	"? ? ? ? - - - - 1 4 - - - - - - ", "1 1 1 1 1 1 1 1 8 8 8 8 8 8 8 8 ",
	"M1M1? ? ? ? M1M4? - ? ? ? ? ? ? ", "M M M M ? ? ? ? ? ? ? ? ? ? ? ? ",
	"? ? ? ? 1 1 1 1 ? ? ? ? - - - - ", "? ? ? ? - - M M - - - - - - M M ",
};
static const char two_byte[16][33] = {
	"M M M M ? ? - ? - - ? ? ? M ? ? ", "M M M M M M M M M M M M M M M M ",
	"M M M M ? ? ? ? M M M M M M M M ", "- - - - ? ? ? ? ? ? ? ? ? ? ? ? ",
	"M M M M M M M M M M M M M M M M ", "M M M M M M M M M M M M M M M M ",
	"M M M M M M M M M M M M M M M M ", "M1M1M1M1M M M - ? ? ? ? M M M M ",
	"? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ", "M M M M M M M M M M M M M M M M ",
	"? ? - M M1M ? ? ? ? ? M M1M M M ", "M M ? M ? ? M M M ? M1M M M M M ",
	"M M M1M M1M1M1M - - - - - - - - ", "M M M M M M M M M M M M M M M M ",
	"M M M M M M M M M M M M M M M M ", "M M M M M M M M M M M M M M M ? ",
};

/* Those that go elsewhere or stop: no row above has them. */
static const struct flow {
	uint8_t first, last;
	bool two;
	enum insn_kind kind;
	uint8_t behind;			/* bytes behind the opcode */
} flows[] = {
	{ 0x70, 0x7f, false, INSN_IF, 1 },
	{ 0xc2, 0xc2, false, INSN_RETURN, 2 },
	{ 0xc3, 0xc3, false, INSN_RETURN, 0 },
	{ 0xcc, 0xcc, false, INSN_TRAP, 0 },
	{ 0xe0, 0xe3, false, INSN_IF, 1 },
	{ 0xe8, 0xe8, false, INSN_CALL, 4 },
	{ 0xe9, 0xe9, false, INSN_JUMP, 4 },
	{ 0xeb, 0xeb, false, INSN_JUMP, 1 },
	{ 0x0b, 0x0b, true, INSN_TRAP, 0 },
	{ 0x80, 0x8f, true, INSN_IF, 4 },
};

unsigned insn_operand(const uint8_t *modrm)
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

static int64_t immediate(const uint8_t *p, unsigned n)
{
	int32_t v;

	if (n != 4)
		return n ? (int8_t)*p : 0;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* lea DISP(%rsp),%rsp and lea DISP(%rbp),%rsp; `mod` says how wide DISP is. */
static struct insn lea_to_rsp(unsigned rex, const uint8_t *modrm)
{
	unsigned mod = *modrm >> 6, rm = *modrm & 7, wide = mod == 2 ? 4 : mod;

	if (rex & 1 || mod == 3)
		return (struct insn){ .kind = INSN_UNKNOWN };
	if (rm == 4 && modrm[1] == 0x24)
		return (struct insn){ .kind = INSN_MOVE, .value = immediate(modrm + 2, wide) };
	if (rm == 5 && mod)
		return (struct insn){ .kind = INSN_UNFRAME, .value = immediate(modrm + 1, wide) };
	return (struct insn){ .kind = INSN_UNKNOWN };
}

/* An operation of the group of add, or, adc, sbb, and, sub, xor, cmp on %rsp. */
static enum insn_kind group_on_rsp(unsigned operation)
{
	static const enum insn_kind kinds[8] = {
		[0] = INSN_MOVE, [1] = INSN_UNKNOWN, [2] = INSN_UNKNOWN, [3] = INSN_UNKNOWN,
		[4] = INSN_DYNAMIC, [5] = INSN_MOVE, [6] = INSN_UNKNOWN, [7] = INSN_OTHER,
	};

	return kinds[operation];
}

/* What an instruction with a ModRM byte does to %rsp; `op` of the one-byte table. */
static enum insn_kind kind_of(unsigned op, unsigned rex, const uint8_t *modrm)
{
	unsigned mod = *modrm >> 6, reg = *modrm >> 3 & 7, rm = *modrm & 7;
	bool rsp_reg = reg == 4 && !(rex & 4), rsp_rm = mod == 3 && rm == 4 && !(rex & 1);
	bool wide = rex & 8, group = op >= 0x80 && op <= 0x83;
	bool rbp_reg = reg == 5 && !(rex & 4), rbp_rm = mod == 3 && rm == 5 && !(rex & 1);

	if (op == 0xff) {
		static const enum insn_kind kinds[8] = {
			[2] = INSN_CALL, [3] = INSN_UNKNOWN, [4] = INSN_LEAVE, [5] = INSN_UNKNOWN,
			[6] = INSN_PUSH, [7] = INSN_UNKNOWN,
		};

		return reg < 2 && rsp_rm ? INSN_UNKNOWN : kinds[reg];
	}
	if (op == 0x8f)
		return INSN_UNKNOWN;
	if (wide && ((op == 0x89 && rsp_reg && rbp_rm) || (op == 0x8b && rsp_rm && rbp_reg)))
		return INSN_FRAME;
	if (wide && ((op == 0x89 && rbp_reg && rsp_rm) || (op == 0x8b && rbp_rm && rsp_reg)))
		return INSN_UNFRAME;
	if (wide && ((op == 0x29 && rsp_rm) || (op == 0x2b && rsp_reg) || (op == 0x21 && rsp_rm)))
		return INSN_DYNAMIC;
	if (group && rsp_rm)
		return wide || reg == 7 ? group_on_rsp(reg) : INSN_UNKNOWN;
	/* Comparing is no writing; a group, a shift or a test has no register in its field. */
	if ((op >= 0x38 && op <= 0x3b) || op == 0x84 || op == 0x85)
		return INSN_OTHER;
	if (group || op >= 0xc0)
		return rsp_rm ? INSN_UNKNOWN : INSN_OTHER;
	if (op == 0x89 || op == 0x88 || (op < 0x40 && !(op & 2)))
		return rsp_rm ? INSN_UNKNOWN : INSN_OTHER;
	if (op == 0x8e)			/* its register is a segment's */
		return INSN_OTHER;
	return rsp_reg || ((op == 0x86 || op == 0x87) && rsp_rm) ? INSN_UNKNOWN : INSN_OTHER;
}

/* Two-byte opcodes that write the general register in the field of registers. */
static bool writes_general(unsigned op)
{
	return (op >= 0x40 && op <= 0x4f) || op == 0xaf || op == 0xb6 || op == 0xb7 ||
	       op == 0xb8 || (op >= 0xbc && op <= 0xbf);
}

static struct insn short_form(unsigned op, unsigned rex, unsigned length)
{
	bool rsp = (op & 7) == 4 && !(rex & 1);
	struct insn i = { .kind = INSN_OTHER, .length = length };

	if ((op >= 0x50 && op <= 0x57) || op == 0x68 || op == 0x6a || op == 0x9c)
		i.kind = INSN_PUSH;
	else if ((op >= 0x58 && op <= 0x5f) || op == 0x9d)
		i.kind = rsp && op != 0x9d ? INSN_UNKNOWN : INSN_POP;
	else if (op >= 0xb0 && op <= 0xbf && rsp)
		i.kind = INSN_UNKNOWN;
	return i;
}

static struct insn decode_vex(const uint8_t *code, unsigned at)
{
	bool three = code[at] == 0xc4;
	unsigned map = three ? code[at + 1] & 31 : 1, op = code[at + 2 + three];
	const uint8_t *modrm = &code[at + 3 + three];
	struct insn i = { .kind = INSN_OTHER, .length = at + 3 + three + insn_operand(modrm) };

	/* vzeroupper has no operand; what writes general registers is not looked into. */
	if (map == 1 && op == 0x77)
		i.length = at + 3 + three;
	else if (map == 3 || (map == 1 && two_byte[op >> 4][2 * (op & 15) + 1] == '1'))
		i.length++;
	else if (map == 2 && op >= 0xf0)
		i.kind = INSN_UNKNOWN;
	return i;
}

static bool decode_flow(const uint8_t *code, unsigned at, bool two, struct insn *ret)
{
	for (size_t k = 0; k < sizeof(flows) / sizeof(flows[0]); k++) {
		const struct flow *f = &flows[k];

		if (f->two != two || code[at] < f->first || code[at] > f->last)
			continue;
		*ret = (struct insn){ f->kind, at + 1 + f->behind, 0 };
		if (f->kind != INSN_RETURN)
			ret->value = immediate(&code[at + 1], f->behind);
		return true;
	}
	return false;
}

static unsigned immediates(const char row[2], bool narrow, bool wide)
{
	unsigned n = 0;

	for (int k = 0; k < 2; k++) {
		if (row[k] == '1')
			n += 1;
		else if (row[k] == '4')
			n += narrow ? 2 : 4;
		else if (row[k] == '8')
			n += wide ? 8 : narrow ? 2 : 4;
	}
	return n;
}

/* With a ModRM byte at `at`; `imm` bytes behind its operand. */
static struct insn with_operand(const uint8_t *code, unsigned at, unsigned op, unsigned rex, bool two,
				unsigned imm)
{
	unsigned reg = code[at] >> 3 & 7;
	struct insn i = { .kind = INSN_OTHER };

	if (two)
		i.kind = writes_general(op) && reg == 4 && !(rex & 4) ? INSN_UNKNOWN : INSN_OTHER;
	else if (op == 0x8d && reg == 4 && !(rex & 4))
		i = rex & 8 ? lea_to_rsp(rex, &code[at]) : (struct insn){ .kind = INSN_UNKNOWN };
	else
		i.kind = kind_of(op, rex, &code[at]);
	at += insn_operand(&code[at]);
	if (i.kind == INSN_MOVE && op != 0x8d)
		i.value = reg == 5 ? -immediate(&code[at], imm) : immediate(&code[at], imm);
	i.length = at + imm;
	return i;
}

struct insn insn_decode(const uint8_t *code)
{
	const struct insn unknown = { .kind = INSN_UNKNOWN };
	unsigned at = 0, rex = 0, op, imm;
	bool narrow = false, two;
	struct insn i;
	const char *row;

	while (code[at] && strchr("\x66\xf0\xf2\xf3\x64\x65\x2e\x3e\x26\x36", code[at])) {
		narrow |= code[at] == 0x66;
		if (++at > 14)
			return unknown;
	}
	if (code[at] == 0xc4 || code[at] == 0xc5)
		return decode_vex(code, at);
	if ((code[at] & 0xf0) == 0x40)
		rex = code[at++];
	two = code[at] == 0x0f;
	at += two;
	if (two && (code[at] == 0x38 || code[at] == 0x3a)) {
		unsigned third = code[at] == 0x3a;

		/* movbe and crc32 write general registers; nobody does so with %rsp. */
		i = (struct insn){ INSN_OTHER, at + 2 + insn_operand(&code[at + 2]) + third, 0 };
		return i;
	}
	if (decode_flow(code, at, two, &i))
		return i;
	op = code[at++];
	row = &(two ? two_byte : one_byte)[op >> 4][2 * (op & 15)];
	if (row[0] == '?')
		return unknown;
	if (!two && op == 0xc9)		/* leave: mov %rbp,%rsp; pop %rbp */
		return (struct insn){ INSN_UNFRAME, at, 8 };
	imm = immediates(row, narrow, rex & 8);
	if (row[0] != 'M')
		return two ? (struct insn){ INSN_OTHER, at + imm, 0 } : short_form(op, rex, at + imm);
	/* test has an immediate, the others of its group have none */
	if (!two && (op == 0xf6 || op == 0xf7) && (code[at] >> 3 & 7) < 2)
		imm = op == 0xf6 ? 1 : narrow ? 2 : 4;
	return with_operand(code, at, op, rex, two, imm);
}

/* lea -N(%rsp),%r11; 1: sub $4096,%rsp; orq $0,(%rsp); cmp %r11,%rsp; jne 1b */
bool insn_probe_loop(const uint8_t *code, struct insn *ret)
{
	static const uint8_t lea[] = { 0x4c, 0x8d, 0x9c, 0x24 }, rest[] = {
		0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00, 0x48, 0x83, 0x0c, 0x24, 0x00,
		0x4c, 0x39, 0xdc, 0x75, 0xef,
	};

	if (memcmp(code, lea, sizeof(lea)) || memcmp(code + 8, rest, sizeof(rest)))
		return false;
	*ret = (struct insn){ INSN_MOVE, 8 + sizeof(rest), immediate(code + 4, 4) };
	return true;
}
