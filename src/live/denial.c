/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/denial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/live/procfs.h"

#define YAMA "/proc/sys/kernel/yama/ptrace_scope"

enum { BIT_DAC_OVERRIDE = 1, BIT_DAC_READ_SEARCH = 2, BIT_SYS_PTRACE = 19, BIT_SYS_ADMIN = 21, BIT_PERFMON = 38, BIT_BPF = 39 };

static bool cap_held(unsigned cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return !syscall(SYS_capget, &head, data) && data[cap / 32].effective >> cap % 32 & 1;
}

bool may_ptrace(void)
{
	return cap_held(BIT_SYS_PTRACE);
}

bool may_open(void)
{
	return cap_held(BIT_DAC_READ_SEARCH) || cap_held(BIT_DAC_OVERRIDE);
}

bool may_bpf(void)
{
	return cap_held(BIT_BPF) || cap_held(BIT_SYS_ADMIN);
}

bool may_perfmon(void)
{
	return cap_held(BIT_PERFMON) || cap_held(BIT_SYS_ADMIN);
}

int yama_scope(void)
{
	char text[16];

	return procfs_read(AT_FDCWD, YAMA, text, sizeof(text)) > 0 ? atoi(text) : 0;
}

/* The number behind a name in a status file; -1: there is none. */
static long line_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

struct ptrace_denial ptrace_denial_of(pid_t tid)
{
	struct ptrace_denial d = { .may = may_ptrace(), .scope = yama_scope() };
	char path[64], status[8192];
	struct stat st;
	long uid;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (procfs_read(AT_FDCWD, path, status, sizeof(status)) <= 0)
		return d;
	d.tracer = (pid_t)line_of(status, "\nTracerPid:\t");
	uid = line_of(status, "\nUid:\t");
	d.other_user = uid >= 0 && (uid_t)uid != geteuid();
	path[strlen(path) - strlen("/status")] = '\0';
	d.not_ours = !d.other_user && !stat(path, &st) && st.st_uid != geteuid();
	return d;
}

void ptrace_denial_words(const struct ptrace_denial *d, struct buf *out)
{
	static const char *const root = "run mmscope as root, or with CAP_SYS_PTRACE";

	if (d->tracer > 0)
		buf_addf(out, "process %d traces it already, and there can be one only; end that one first",
			 (int)d->tracer);
	else if (d->scope >= 3)
		buf_addf(out, "kernel.yama.ptrace_scope is %d: nobody may trace until the next boot", d->scope);
	else if (d->may)
		buf_adds(out, "though CAP_SYS_PTRACE is there: a seccomp filter, a security module or a "
			 "user namespace forbids it; run mmscope outside of that");
	else if (d->other_user)
		buf_addf(out, "it runs as another user; %s", root);
	else if (d->scope == 2)
		buf_addf(out, "kernel.yama.ptrace_scope is 2: only CAP_SYS_PTRACE may; %s", root);
	else if (d->scope == 1)
		buf_addf(out, "kernel.yama.ptrace_scope is 1: only what mmscope started itself; %s, start "
			 "the program with `mmscope run`, or set kernel.yama.ptrace_scope to 0", root);
	else if (d->not_ours)
		buf_addf(out, "it keeps its memory to itself (set-user-ID, or not dumpable); %s", root);
	else
		buf_addf(out, "it has more capabilities than we have, or a security module forbids it; %s",
			 root);
}

void bpf_denial(int err, bool bpf, bool perfmon, struct bpf_denial *ret)
{
	static const char *const missing[2][2] = {
		{ "CAP_BPF and CAP_PERFMON are missing", "CAP_BPF is missing" },
		{ "CAP_PERFMON is missing", "" },
	};
	const char *lacks = missing[bpf][perfmon];
	bool refused = err == -EPERM || err == -EACCES;

	/* Without CAP_PERFMON the helper that reads the kernel's memory does not exist: EINVAL. */
	if (*lacks && (refused || err == -EINVAL)) {
		snprintf(ret->why, sizeof(ret->why), "bpf(2): %s; %s", strerror(-err), lacks);
		ret->try_this = "run it as root, or with CAP_BPF and CAP_PERFMON";
	} else if (refused) {
		snprintf(ret->why, sizeof(ret->why), "bpf(2): %s, though the capabilities are there: a "
			 "seccomp filter, a security module or a user namespace forbids it", strerror(-err));
		ret->try_this = "run it outside of that (a container, mostly)";
	} else {
		snprintf(ret->why, sizeof(ret->why), "bpf(2): %s", strerror(-err));
		ret->try_this = "Linux 5.14 or newer with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF";
	}
}
