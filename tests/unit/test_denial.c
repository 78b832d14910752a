/* SPDX-License-Identifier: GPL-2.0-or-later
 * Each refusal is given the reason that holds, and what would help.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "src/live/denial.h"

static const struct {
	struct ptrace_denial d;
	const char *says, *remedy;	/* both are in the words */
} refusals[] = {
	{ { .tracer = 77, .other_user = true, .scope = 1 }, "process 77 traces it already", "end that one" },
	{ { .other_user = true }, "runs as another user", "CAP_SYS_PTRACE" },
	{ { .scope = 1 }, "ptrace_scope is 1", "mmscope run" },
	{ { .scope = 1 }, "ptrace_scope is 1", "ptrace_scope to 0" },
	{ { .scope = 2 }, "ptrace_scope is 2", "CAP_SYS_PTRACE" },
	{ { .scope = 3, .may = true }, "ptrace_scope is 3", "next boot" },
	{ { .scope = 1, .may = true }, "a seccomp filter", "outside" },
	{ { .not_ours = true }, "not dumpable", "CAP_SYS_PTRACE" },
	{ { .tracer = 0 }, "more capabilities than we have", "CAP_SYS_PTRACE" },
};

static void ptrace_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct buf words = BUF_INIT;

		ptrace_denial_words(&refusals[i].d, &words);
		if (!strstr(buf_str(&words), refusals[i].says) ||
		    !strstr(buf_str(&words), refusals[i].remedy))
			fail_msg("row %zu: %s", i, buf_str(&words));
		buf_free(&words);
	}
}

static const struct {
	int err;
	bool bpf, perfmon;
	const char *why, *try_this;
} bpf[] = {
	{ -EPERM, false, false, "CAP_BPF and CAP_PERFMON are missing", "as root" },
	{ -EPERM, false, true, "CAP_BPF is missing", "CAP_BPF" },
	{ -EINVAL, true, false, "CAP_PERFMON is missing", "CAP_PERFMON" },
	{ -EPERM, true, true, "seccomp", "container" },
	{ -EINVAL, true, true, "bpf(2): ", "Linux 5.14" },
	{ -ENOSYS, false, false, "bpf(2): ", "CONFIG_BPF_SYSCALL" },
};

static void bpf_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bpf); i++) {
		struct bpf_denial d;

		bpf_denial(bpf[i].err, bpf[i].bpf, bpf[i].perfmon, &d);
		if (!strstr(d.why, bpf[i].why) || !strstr(d.try_this, bpf[i].try_this))
			fail_msg("row %zu: %s (%s)", i, d.why, d.try_this);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ptrace_says_why),
		cmocka_unit_test(bpf_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
