/* SPDX-License-Identifier: GPL-2.0-or-later
 * What functions take by their machine code: as gcc -O2 makes them, the figures read off
 * their listing by hand; what must not be answered; and bytes of any kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "src/live/insn.h"
#include "src/live/takes.h"

#define CODE(bytes) (const uint8_t *)(bytes), sizeof(bytes) - 1

struct function {
	const char *what;
	const uint8_t *code;
	size_t n;
	uint64_t takes;
	size_t place;		/* 0, or behind its first call */
	uint64_t here;
};

static const struct function functions[] = {
	{ "nothing but the return address", CODE(
		"\x8d\x47\x01\xc3"),
	  8, 0, 8 },
	{ "an array of 200 bytes", CODE(
		"\x48\x81\xec\xd8\x00\x00\x00\x89\xfe\x31\xc0\x48\x89\xe7\xe8\x00\x00\x00\x00\x0f"
		"\xbe\x44\x24\x03\x48\x81\xc4\xd8\x00\x00\x00\xc3"),
	  224, 19, 224 },
	{ "ends in a jump to another function", CODE(
		"\x89\xfe\x31\xc0\x31\xff\xe9\x00\x00\x00\x00"),
	  8, 0, 8 },
	{ "leaves at once, or saves two registers and takes 96 bytes", CODE(
		"\x31\xc0\x48\x85\xff\x74\x39\x55\x48\x89\xfe\x53\x48\x89\xfb\x48\x83\xec\x68\x48"
		"\x89\xe5\x48\x89\xef\xe8\x00\x00\x00\x00\x48\x89\xde\x48\x89\xef\x31\xc0\xe8\x00"
		"\x00\x00\x00\x0f\xbe\x44\x24\x01\x03\x03\x48\x83\xc4\x68\x5b\x5d\xc3\x0f\x1f\x80"
		"\x00\x00\x00\x00\xc3"),
	  128, 30, 128 },
	{ "calls what never returns at its end, behind two ways out", CODE(
		"\x53\x48\x83\xec\x60\x39\xf7\x7f\x48\x48\x8d\x5c\x24\x20\x89\xfe\x31\xc0\x48\x89"
		"\xdf\xe8\x00\x00\x00\x00\x85\xc0\x78\x33\x83\xf8\x64\x7f\x15\x48\x63\xd0\x0f\xbe"
		"\x44\x14\x20\x48\x83\xc4\x60\x5b\xc3\x0f\x1f\x80\x00\x00\x00\x00\x48\x89\xe7\x89"
		"\xc2\x48\x89\xde\x31\xc0\xe8\x00\x00\x00\x00\x0f\xbe\x04\x24\x48\x83\xc4\x60\x5b"
		"\xc3\xe8\x00\x00\x00\x00"),
	  112, 26, 112 },
	{ "alloca(): its bytes are not in it, and no place has a fixed depth", CODE(
		"\x55\x48\x63\xff\x31\xc0\x48\x83\xc7\x17\x48\x83\xe7\xf0\x48\x89\xe5\x53\x48\x8d"
		"\x75\xc0\x48\x83\xec\x38\x48\x29\xfc\x48\x8d\x5c\x24\x0f\x48\x83\xe3\xf0\x48\x89"
		"\xdf\xe8\x00\x00\x00\x00\x0f\xbe\x03\x0f\xbe\x55\xc0\x48\x8b\x5d\xf8\xc9\x01\xd0"
		"\xc3"),
	  80, 46, 0 },
	{ "arguments on the stack at its call", CODE(
		"\x48\x83\xec\x08\xb9\x03\x00\x00\x00\xba\x02\x00\x00\x00\x31\xc0\x57\x41\xb9\x05"
		"\x00\x00\x00\x41\xb8\x04\x00\x00\x00\x31\xff\x6a\x08\xbe\x01\x00\x00\x00\x6a\x07"
		"\x6a\x06\xe8\x00\x00\x00\x00\x48\x83\xc4\x28\x83\xc0\x01\xc3"),
	  48, 47, 48 },
	{ "10 000 bytes", CODE(
		"\x48\x81\xec\x18\x27\x00\x00\x89\xfe\x31\xc0\x48\x89\xe7\xe8\x00\x00\x00\x00\x0f"
		"\xbe\x44\x24\x03\x48\x81\xc4\x18\x27\x00\x00\xc3"),
	  10016, 19, 10016 },
};

static void functions_take_what_their_listing_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		const struct function *f = &functions[i];
		struct code_takes t;

		if (!code_takes(f->code, f->n, f->place, &t))
			fail_msg("%s: no answer", f->what);
		if (t.most != f->takes || t.here != f->here)
			fail_msg("%s: %llu, %llu", f->what, (unsigned long long)t.most,
				 (unsigned long long)t.here);
	}
}

static const struct { const char *what; const uint8_t *code; size_t n; } unanswered[] = {
	{ "no code", CODE("") },
	{ "cases behind a table", CODE(
		"\x53\x83\xff\x05\x0f\x87\x00\x00\x00\x00\x48\x8d\x15\x00\x00\x00\x00\x89\xff\x89"
		"\xf3\x48\x63\x04\xba\x48\x01\xd0\xff\xe0\x66\x90\xba\x03\x00\x00\x00\xbe\x02\x00"
		"\x00\x00\x31\xff\x31\xc0\xe8\x00\x00\x00\x00\x99\xf7\xfb\x5b\xc3\x0f\x1f\x84\x00"
		"\x00\x00\x00\x00\xbe\x09\x00\x00\x00\x31\xff\x31\xc0\xe8\x00\x00\x00\x00\x31\xd8"
		"\x5b\xc3\x66\x0f\x1f\x44\x00\x00\x31\xff\x31\xc0\x5b\xe9\x00\x00\x00\x00\x66\x0f"
		"\x1f\x44\x00\x00\x8d\x76\x01\x31\xff\x31\xc0\xe8\x00\x00\x00\x00\x5b\x83\xc0\x07"
		"\xc3\x0f\x1f\x80\x00\x00\x00\x00\x89\xf2\x31\xff\x31\xc0\xe8\x00\x00\x00\x00\x5b"
		"\x8d\x04\x40\xc3\xbe\x01\x00\x00\x00\x31\xff\x31\xc0\xe8\x00\x00\x00\x00\x29\xd8"
		"\x5b\xc3") },
	{ "cases behind a table, before anything is pushed", CODE("\xff\xe0\x53\x5b\xc3") },
	{ "a stack that is not whole at the return", CODE("\x53\xc3") },
	{ "more popped than was pushed", CODE("\x5b\xc3") },
	{ "two depths at one place", CODE("\x85\xc0\x74\x01\x53\x90\x5b\xc3") },
	{ "another stack: mov %rax,%rsp", CODE("\x48\x89\xc4\xc3") },
	{ "leave without a frame", CODE("\xc9\xc3") },
	{ "an instruction that is cut off", CODE("\x48\x81\xec\xd8") },
	{ "one that is not known: EVEX", CODE("\x62\xf1\x7c\x48\x10\x07\xc3") },
};

static void what_is_not_known_is_not_answered(void **state)
{
	struct code_takes t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unanswered); i++)
		if (code_takes(unanswered[i].code, unanswered[i].n, 0, &t))
			fail_msg("%s: answered %llu", unanswered[i].what, (unsigned long long)t.most);
}

/* Ends, and stays inside (under a sanitizer), whatever it is given. */
static void any_bytes(void **state)
{
	uint64_t seed = 1;
	uint8_t code[200];
	struct code_takes t;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + (size_t)(round % (int)sizeof(code));

		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			code[i] = (uint8_t)(seed >> 56);
		}
		if (code_takes(code, n, n - 1, &t))
			assert_true(t.most >= 8 && t.here <= t.most);
	}
}

/* Lengths of what stands in kernels and little elsewhere. */
static void lengths(void **state)
{
	static const struct { const uint8_t *code; size_t n; enum insn_kind kind; } rows[] = {
		{ CODE("\xfa"), INSN_OTHER },				/* cli */
		{ CODE("\x9c"), INSN_PUSH },				/* pushf */
		{ CODE("\x9d"), INSN_POP },				/* popf */
		{ CODE("\x0f\x01\xcb"), INSN_OTHER },			/* stac */
		{ CODE("\xf0\x48\x0f\xc7\x0f"), INSN_OTHER },		/* lock cmpxchg16b */
		{ CODE("\x65\x48\x8b\x14\x25\x28\x00\x00\x00"), INSN_OTHER },	/* mov %gs:40,%rdx */
		{ CODE("\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"), INSN_OTHER },
		{ CODE("\xf3\x48\xab"), INSN_OTHER },			/* rep stos */
		{ CODE("\x0f\x0b"), INSN_TRAP },			/* ud2 */
		{ CODE("\x48\x8d\x65\xd8"), INSN_UNFRAME },		/* lea -40(%rbp),%rsp */
		{ CODE("\x48\x8d\x64\x24\x08"), INSN_MOVE },		/* lea 8(%rsp),%rsp */
		{ CODE("\x48\x83\xe4\xf0"), INSN_DYNAMIC },		/* and $-16,%rsp */
		{ CODE("\xff\x15\x00\x00\x00\x00"), INSN_CALL },	/* call *0(%rip) */
		{ CODE("\x41\xff\x63\x08"), INSN_LEAVE },		/* jmp *8(%r11) */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t code[2 * INSN_PADDING] = { 0 };
		struct insn in;

		memcpy(code, rows[i].code, rows[i].n);
		in = insn_decode(code);
		if (in.kind != rows[i].kind || in.length != rows[i].n)
			fail_msg("row %zu: kind %d, length %u", i, in.kind, in.length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_take_what_their_listing_says),
		cmocka_unit_test(what_is_not_known_is_not_answered),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
