/* SPDX-License-Identifier: GPL-2.0-or-later
 * System calls by name, with their arguments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/syscall.h>

#include "mmscope/alloc.h"
#include "mmscope/syscalls.h"
#include "mmscope/task.h"

static void test_described(void **state)
{
	static const struct { struct task task; const char *says; } cases[] = {
		{ { .syscall = SYS_read, .args = { 0, 0x7ffd1000, 4096, 1, 2, 3 } },
		  "read(fd 0, buf 0x7ffd1000, count 4096)" },
		/* A pid is an int, and of its register only the lower half counts. */
		{ { .syscall = SYS_wait4, .args = { 0xffffffff, 0, 2, 0 } },
		  "wait4(pid -1, wstatus NULL, options 0x2, rusage NULL)" },
		{ { .syscall = SYS_lseek, .args = { 0xffffffff, (uint64_t)-5, 1 } },
		  "lseek(fd -1, offset -5, whence 1)" },
		{ { .syscall = SYS_sync }, "sync()" },
		/* A name without a row, and a number without a name. */
		{ { .syscall = SYS_getpid, .args = { 1 } }, "getpid(0x1, 0x0, 0x0, 0x0, 0x0, 0x0)" },
		/* A number that means another call there. */
		{ { .syscall = 29, .compat = true }, "#29 of 32 bits (0x0, 0x0, 0x0, 0x0, 0x0, 0x0)" },
		{ { .syscall = 999999, .args = { 0 } }, "#999999(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT;

		syscall_describe(&cases[i].task, &b);
		assert_string_equal(buf_str(&b), cases[i].says);
		buf_free(&b);
	}
	assert_null(syscall_name(-1));
	assert_null(syscall_name(1 << 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
