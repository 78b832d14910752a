/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/proclist.h"
#include "mmscope/text.h"
#include "mmscope/vma.h"
#include "src/live/denial.h"
#include "src/live/kstack.h"
#include "src/live/uapi.h"
#include "src/live/unwind.h"

/* Younger than the headers we build on: Linux 6.13. */
enum { UAPI_MADV_GUARD_INSTALL = 102 };

const char *const doctor_answers[] = {
	[DOCTOR_YES] = "yes",
	[DOCTOR_PARTLY] = "partly",
	[DOCTOR_NO] = "no",
};

struct patient {
	const char *root;
	int dir;		/* <root>/self, or -1 */
	int errnum;		/* why it is -1 */
	char *page;		/* one of our own, touched; one behind it, not touched */
	struct buf found;
};

static enum doctor_answer failed(struct patient *p, const char *what)
{
	buf_addf(&p->found, "%s%s%s", what, *what ? ": " : "", strerror(errno));
	return DOCTOR_NO;
}

static int open_self(struct patient *p, const char *name)
{
	if (p->dir < 0) {
		errno = p->errnum;
		return -1;
	}
	return openat(p->dir, name, O_RDONLY | O_CLOEXEC);
}

static enum doctor_answer readable(struct patient *p, const char *name)
{
	char byte;
	int fd = open_self(p, name);
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);
	enum doctor_answer answer = DOCTOR_YES;

	if (n < 0)
		answer = failed(p, name);
	if (fd >= 0)
		close(fd);
	return answer;
}

static enum doctor_answer try_process_list(struct patient *p)
{
	struct proclist l;
	struct error *err = proclist_read(p->root, &l);
	enum doctor_answer answer = DOCTOR_YES;

	if (err) {
		buf_adds(&p->found, err->message);
		error_destroy(err);
		return DOCTOR_NO;
	}
	buf_addf(&p->found, "%zu processes by %s", l.n, l.backend);
	if (l.hidden) {
		buf_addf(&p->found, "; %s", l.hidden);
		answer = DOCTOR_PARTLY;
	}
	proclist_free(&l);
	return answer;
}

/* That it may be opened is all there is to know: what is at its start cannot be read. */
static enum doctor_answer readable_file(struct patient *p, const char *name)
{
	int fd = open_self(p, name);

	if (fd < 0)
		return failed(p, name);
	close(fd);
	return DOCTOR_YES;
}

static enum doctor_answer try_maps(struct patient *p)
{
	return readable(p, "maps");
}

static enum doctor_answer try_small_files(struct patient *p)
{
	static const char *const names[] = { "stat", "status", "statm", "limits", "auxv" };
	enum doctor_answer answer = DOCTOR_YES;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (i && answer != DOCTOR_YES)
			buf_adds(&p->found, "; ");
		if (readable(p, names[i]) != DOCTOR_YES)
			answer = DOCTOR_PARTLY;
	}
	return answer;
}

static enum doctor_answer try_smaps(struct patient *p)
{
	return readable(p, "smaps");
}

static enum doctor_answer try_rollup(struct patient *p)
{
	return readable(p, "smaps_rollup");
}

static enum doctor_answer try_syscall(struct patient *p)
{
	return readable(p, "syscall");
}

/* Categories of the page at `at`, or -1 and errno. */
static int scan(struct patient *p, const char *at)
{
	struct uapi_page_region region = { 0 };
	struct uapi_pm_scan_arg a = {
		.size = sizeof(a),
		.start = (uintptr_t)at,
		.end = (uintptr_t)at + PAGE_BYTES,
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_anyof_mask = UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED,
		.return_mask = UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED,
	};
	int fd = open_self(p, "pagemap"), n = -1, errnum;

	if (fd < 0)
		return -1;
	/* The page may have been asked to be a guard: only newer kernels know the word. */
	a.return_mask |= UAPI_PAGE_GUARD;
	n = ioctl(fd, UAPI_PAGEMAP_SCAN, &a);
	if (n < 0 && errno == EINVAL) {
		a.return_mask &= ~(uint64_t)UAPI_PAGE_GUARD;
		n = ioctl(fd, UAPI_PAGEMAP_SCAN, &a);
	}
	errnum = errno;
	close(fd);
	errno = errnum;
	if (n < 0)
		return -1;
	return n ? (int)region.categories : 0;
}

static enum doctor_answer try_scan(struct patient *p)
{
	int categories = scan(p, p->page);

	if (categories < 0)
		return failed(p, "");
	if (!(categories & UAPI_PAGE_PRESENT)) {
		buf_adds(&p->found, "it does not see a page that is there");
		return DOCTOR_NO;
	}
	return DOCTOR_YES;
}

static enum doctor_answer try_guard(struct patient *p)
{
	int categories;

	if (madvise(p->page + PAGE_BYTES, PAGE_BYTES, UAPI_MADV_GUARD_INSTALL) < 0)
		return failed(p, "madvise(MADV_GUARD_INSTALL)");
	categories = scan(p, p->page + PAGE_BYTES);
	if (categories >= 0 && categories & UAPI_PAGE_GUARD)
		return DOCTOR_YES;
	buf_adds(&p->found, "they exist, but are not reported");
	return DOCTOR_NO;
}

static enum doctor_answer try_pagemap(struct patient *p)
{
	int fd = open_self(p, "pagemap");
	enum doctor_answer answer = DOCTOR_NO;
	uint64_t entry = 0;

	if (fd < 0)
		return failed(p, "pagemap");
	if (pread(fd, &entry, sizeof(entry),
		  (off_t)((uintptr_t)p->page / PAGE_BYTES * sizeof(entry))) != sizeof(entry))
		failed(p, "pagemap");
	else if (!(entry & PAGEMAP_PRESENT))
		buf_adds(&p->found, "it does not see a page that is there");
	else
		answer = DOCTOR_YES;
	close(fd);
	return answer;
}

static enum doctor_answer try_procmap_query(struct patient *p)
{
	struct uapi_procmap_query q = { .size = sizeof(q), .query_addr = (uintptr_t)p->page };
	int fd = open_self(p, "maps");
	enum doctor_answer answer = DOCTOR_YES;

	if (fd < 0)
		return failed(p, "maps");
	if (ioctl(fd, UAPI_PROCMAP_QUERY, &q) < 0)
		answer = failed(p, "");
	close(fd);
	return answer;
}

static enum doctor_answer try_pidfd(struct patient *p)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0)
		return failed(p, "");
	close(fd);
	return DOCTOR_YES;
}

static enum doctor_answer try_exit_status(struct patient *p)
{
	struct uapi_pidfd_info info = { .mask = UAPI_PIDFD_INFO_EXIT };
	enum doctor_answer answer = DOCTOR_NO;
	pid_t child = fork();
	int fd;

	if (child == 0)
		_exit(3);
	if (child < 0)
		return failed(p, "fork");
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	waitpid(child, NULL, 0);
	if (fd < 0 || ioctl(fd, UAPI_PIDFD_GET_INFO, &info) < 0)
		failed(p, "");
	else if (!(info.mask & UAPI_PIDFD_INFO_EXIT) || info.exit_code != 3 << 8)
		buf_adds(&p->found, "the kernel does not tell it");
	else
		answer = DOCTOR_YES;
	if (fd >= 0)
		close(fd);
	return answer;
}

static enum doctor_answer try_others(struct patient *p)
{
	if (may_ptrace() && may_open()) {
		buf_adds(&p->found, "CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH");
		return DOCTOR_YES;
	}
	buf_addf(&p->found, "user %u has no %s: of others only %s", geteuid(),
		 may_ptrace() ? "CAP_DAC_READ_SEARCH" : "CAP_SYS_PTRACE",
		 may_ptrace() ? "layout, counters and names" : "counters and names");
	return DOCTOR_PARTLY;
}

static enum doctor_answer try_registers(struct patient *p)
{
	int scope = yama_scope();

	if (!scope || (may_ptrace() && scope < 3))
		return try_syscall(p);
	buf_addf(&p->found, "kernel.yama.ptrace_scope is %d: only of what mmscope started", scope);
	return DOCTOR_PARTLY;
}

static enum doctor_answer try_user_stacks(struct patient *p)
{
	struct unwinder *u = unwinder_create();
	bool usable = unwinder_usable(u);

	unwinder_destroy(u);
	if (!usable) {
		buf_adds(&p->found, unwind_ends[END_LIBRARY]);
		return DOCTOR_NO;
	}
	return try_registers(p) == DOCTOR_YES ? readable_file(p, "mem") : DOCTOR_PARTLY;
}

static enum doctor_answer try_bpf(struct patient *p)
{
	struct bpf_denial denial;
	struct peek peek;
	int err = peek_open(&peek);

	peek_close(&peek);
	if (!err)
		return DOCTOR_YES;
	bpf_denial(err, may_bpf(), may_perfmon(), &denial);
	buf_adds(&p->found, denial.why);
	return DOCTOR_NO;
}

static enum doctor_answer try_btf(struct patient *p)
{
	const char *missing = "";
	struct klayout layout;
	int err = klayout_read(BTF_PATH, &layout, &missing);

	if (!err)
		return DOCTOR_YES;
	errno = -err;
	failed(p, BTF_PATH);
	if (*missing)
		buf_addf(&p->found, ": no %s", missing);
	return DOCTOR_NO;
}

static enum doctor_answer try_kallsyms(struct patient *p)
{
	if (knames_addresses_shown(KALLSYMS_PATH))
		return DOCTOR_YES;
	buf_adds(&p->found, "the kernel shows no addresses to this user");
	return DOCTOR_NO;
}

static enum doctor_answer try_kernel_stack(struct patient *p)
{
	return readable(p, "stack");
}

static enum doctor_answer try_page_size(struct patient *p)
{
	long size = sysconf(_SC_PAGESIZE);

	buf_addf(&p->found, "%ld bytes", size);
	return size == PAGE_BYTES ? DOCTOR_YES : DOCTOR_NO;
}

static const struct {
	const char *name, *gives;
	enum doctor_answer (*examine)(struct patient *p);
	const char *try_this;
} examinations[] = {
	{ "process list", "the picker, and NAME on the command line", try_process_list,
	  "mount /proc without hidepid, or be in the group its gid= names" },
	{ "maps", "every mapping", try_maps, "mount /proc" },
	{ "PROCMAP_QUERY", "the mappings on screen, without reading all of them", try_procmap_query,
	  "Linux 6.11" },
	{ "PAGEMAP_SCAN", "the state of pages, many in one call", try_scan, "Linux 6.7" },
	{ "guard pages", "pages marked by MADV_GUARD_INSTALL", try_guard, "Linux 6.15" },
	{ "pagemap", "the state of pages, one by one; which are mapped once", try_pagemap,
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ "smaps", "Pss, swap, locked and flags, on request", try_smaps,
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ "smaps_rollup", "sums of smaps", try_rollup, "Linux 4.14" },
	{ "small files", "counters, limits, boundaries", try_small_files, "mount /proc" },
	{ "syscall", "stack pointers and system calls of threads", try_registers,
	  "run as root, or set kernel.yama.ptrace_scope to 0" },
	{ "user stacks", "the functions on the stacks of threads", try_user_stacks,
	  "install elfutils' libdw (libdw1; libdw-dev to build), and see syscall" },
	{ "pidfd", "holding on to a process whose number may be used again", try_pidfd,
	  "Linux 5.3" },
	{ "exit status", "how a process ended that is not our child", try_exit_status,
	  "Linux 6.15" },
	{ "other users", "processes of other users", try_others,
	  "run as root (sudo), or give the program CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH" },
	{ "BPF", "kernel stacks to the byte, those of CPUs too", try_bpf,
	  "run as root, or with CAP_BPF and CAP_PERFMON; Linux 5.14 with CONFIG_BPF_SYSCALL" },
	{ "BTF", "where the kernel keeps them", try_btf, "a kernel with CONFIG_DEBUG_INFO_BTF" },
	{ "kallsyms", "the names of kernel functions, where neither BPF nor files tell them", try_kallsyms,
	  "run as root, or with CAP_SYSLOG" },
	{ "kernel stack", "the names of kernel functions a task sleeps in, where BPF is refused",
	  try_kernel_stack,
	  "run as root" },
	{ "page size", "pages are counted in units of 4096 bytes", try_page_size, "" },
};

struct doctor doctor_examine(const char *proc_root)
{
	char *self = xasprintf("%s/self", proc_root);
	struct patient p = {
		.root = proc_root,
		.dir = open(self, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	struct doctor d = { .n = ARRAY_LEN(examinations) };

	p.errnum = p.dir < 0 ? errno : 0;
	d.rows = xcalloc(d.n, sizeof(*d.rows));
	p.page = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (p.page != MAP_FAILED)
		*p.page = 1;
	for (size_t i = 0; i < d.n; i++) {
		struct doctor_row *row = &d.rows[i];

		buf_reset(&p.found);
		errno = 0;
		row->name = examinations[i].name;
		row->gives = examinations[i].gives;
		row->answer = examinations[i].examine(&p);
		row->found = text_sanitized(buf_str(&p.found));
		row->try_this = row->answer == DOCTOR_YES ? "" : examinations[i].try_this;
	}
	if (p.page != MAP_FAILED)
		munmap(p.page, 2 * PAGE_BYTES);
	if (p.dir >= 0)
		close(p.dir);
	buf_free(&p.found);
	free(self);
	return d;
}

void doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->rows[i].found);
	free(d->rows);
	*d = (struct doctor){ 0 };
}
