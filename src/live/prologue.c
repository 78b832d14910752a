/* SPDX-License-Identifier: GPL-2.0-or-later
 * What x86_64 code says of its own stack, where registers are missing: the first
 * instructions of a function that keeps a frame pointer, and calls before return addresses.
 */
#include <config.h>
#include <string.h>

#include "src/live/rules.h"

enum { CODE_MOST = 128 };

/* Instructions as bytes; `mask` says which of them count. */
struct pattern {
	uint8_t n, byte[7], mask[7];
};

static bool matches(const struct pattern *p, const uint8_t *code, size_t n)
{
	if (n < p->n)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if ((code[i] & p->mask[i]) != p->byte[i])
			return false;
	return true;
}

static uint64_t imm8(const uint8_t *p)
{
	return (uint64_t)(int64_t)(int8_t)*p;
}

static uint64_t imm32(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return (uint64_t)(int64_t)v;
}

/* What may stand behind `push %rbp; mov %rsp,%rbp`, how long it is and what it takes. */
static const struct {
	struct pattern p;
	uint8_t length, imm, imm_bytes;		/* bytes of the immediate that is taken, where */
	bool negative;
	uint8_t takes;
} takes[] = {
	{ { 1, { 0x50 }, { 0xf8 } }, 1, 0, 0, false, 8 },			/* push */
	{ { 2, { 0x41, 0x50 }, { 0xff, 0xf8 } }, 2, 0, 0, false, 8 },		/* push %r8.. */
	{ { 3, { 0x48, 0x83, 0xec }, { 0xff, 0xff, 0xff } }, 4, 3, 1, false, 0 },	/* sub */
	{ { 3, { 0x48, 0x81, 0xec }, { 0xff, 0xff, 0xff } }, 7, 3, 4, false, 0 },
	{ { 3, { 0x48, 0x83, 0xc4 }, { 0xff, 0xff, 0xff } }, 4, 3, 1, true, 0 },	/* add */
	{ { 5, { 0x48, 0x83, 0x0c, 0x24, 0x00 }, { 0xff, 0xff, 0xff, 0xff, 0xff } },
	  5, 0, 0, false, 0 },						/* orq $0,(%rsp) */
	/* moves between registers, none of them %rsp or %rbp */
	{ { 3, { 0x48, 0x89, 0xc0 }, { 0xfa, 0xff, 0xc6 } }, 3, 0, 0, false, 0 },
	{ { 3, { 0x48, 0x89, 0xc6 }, { 0xfa, 0xff, 0xc6 } }, 3, 0, 0, false, 0 },
	{ { 3, { 0x48, 0x89, 0xc2 }, { 0xfa, 0xff, 0xc6 } }, 3, 0, 0, false, 0 },
	{ { 2, { 0x89, 0xc0 }, { 0xff, 0xc4 } }, 2, 0, 0, false, 0 },
	{ { 2, { 0x31, 0xc0 }, { 0xff, 0xc4 } }, 2, 0, 0, false, 0 },
};

/* lea -N(%rsp),%r11; 1: sub $4096,%rsp; orq $0,(%rsp); cmp %r11,%rsp; jne 1b */
static const uint8_t probe_loop[] = {
	0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00, 0x48, 0x83, 0x0c, 0x24, 0x00, 0x4c, 0x39, 0xdc,
	0x75, 0xef,
};
static const struct pattern lea_r11 = { 4, { 0x4c, 0x8d, 0x9c, 0x24 }, { 0xff, 0xff, 0xff, 0xff } };

/* Length of the instruction at `code`, and what it takes from the stack; 0: another one. */
static size_t take(const uint8_t *code, size_t n, uint64_t *size)
{
	if (matches(&lea_r11, code, n) && n >= 8 + sizeof(probe_loop) &&
	    !memcmp(code + 8, probe_loop, sizeof(probe_loop))) {
		*size -= imm32(code + 4);
		return 8 + sizeof(probe_loop);
	}
	for (size_t i = 0; i < sizeof(takes) / sizeof(*takes); i++) {
		uint64_t imm = 0;

		if (!matches(&takes[i].p, code, n) || n < takes[i].length)
			continue;
		if (takes[i].imm_bytes)
			imm = takes[i].imm_bytes == 1 ? imm8(code + takes[i].imm) :
							imm32(code + takes[i].imm);
		*size += takes[i].takes + (takes[i].negative ? -imm : imm);
		return takes[i].length;
	}
	return 0;
}

static size_t read_code(struct copy *memory, uint64_t from, size_t most, uint8_t *code)
{
	size_t n = 0;
	uint64_t byte;

	while (n < most && copy_read(memory, from + n, 1, &byte) == COPY_OK)
		code[n++] = (uint8_t)byte;
	return n;
}

uint64_t prologue_size(struct copy *memory, uint64_t start, uint64_t pc)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const uint8_t keep[] = { 0x55, 0x48, 0x89, 0xe5 }, other[] = { 0x55, 0x48, 0x8b, 0xec };
	uint8_t code[CODE_MOST];
	uint64_t size = 16;
	size_t n, i = 0, step;

	if (start == UNKNOWN || pc <= start)
		return 0;
	n = read_code(memory, start, pc - start < CODE_MOST ? pc - start : CODE_MOST, code);
	if (n >= sizeof(endbr) && !memcmp(code, endbr, sizeof(endbr)))
		i = sizeof(endbr);
	if (n < i + sizeof(keep) || (memcmp(code + i, keep, sizeof(keep)) &&
				     memcmp(code + i, other, sizeof(other))))
		return 0;
	for (i += sizeof(keep); i < n && (step = take(code + i, n - i, &size)); i += step)
		;
	return size;
}

/* Length of `call *...`, from its ModRM byte on. */
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
