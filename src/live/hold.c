/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/hold.h"

#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/clock.h"

enum { PATIENCE_MS = 200 };

#ifdef __x86_64__

/* What the tracer tells: an errno, and the registers when it is 0. */
struct told {
	int err;
	struct user_regs_struct regs;
};

static int stop_and_read(pid_t tid, struct told *t, int *signal, uint64_t *since_ns)
{
	struct iovec all = { &t->regs, sizeof(t->regs) };
	int status;

	if (ptrace(PTRACE_SEIZE, tid, 0, 0))
		return errno;
	*since_ns = clock_now_ns();
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0))
		return errno;
	while (waitpid(tid, &status, __WALL) < 0)
		if (errno != EINTR)
			return errno;
	if (!WIFSTOPPED(status))
		return ESRCH;
	/* One that came at this very moment stopped it instead: it is handed on. */
	*signal = status >> 16 ? 0 : WSTOPSIG(status);
	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &all) ? errno : 0;
}

static _Noreturn void tracer(pid_t tid, int tell, int let_go)
{
	struct told t = { 0 };
	uint64_t ns = 0;
	int signal = 0;
	char byte;

	t.err = stop_and_read(tid, &t, &signal, &ns);
	if (write(tell, &t, sizeof(t)) == (ssize_t)sizeof(t))
		while (read(let_go, &byte, 1) < 0 && errno == EINTR)
			;
	ptrace(PTRACE_DETACH, tid, 0, (long)signal);
	ns = clock_now_ns() - ns;
	_exit(write(tell, &ns, sizeof(ns)) != (ssize_t)sizeof(ns));
}

int hold_start(struct hold *h, pid_t tid, uint64_t ret[HELD_REGISTERS])
{
	int tell[2], go[2], err = 0, n = 0;
	struct told t = { .err = ETIME };
	struct pollfd fd;

	*h = (struct hold){ .let_go = -1, .told = -1 };
	if (pipe(tell))
		return -errno;
	if (pipe(go)) {
		err = -errno;
		close(tell[0]);
		close(tell[1]);
		return err;
	}
	h->tracer = fork();
	if (!h->tracer) {
		close(go[1]);
		close(tell[0]);
		tracer(tid, tell[1], go[0]);
	}
	if (h->tracer < 0)
		err = -errno;
	close(tell[1]);
	close(go[0]);
	h->let_go = go[1];
	fd = (struct pollfd){ .fd = tell[0], .events = POLLIN };
	/* A signal of our own, as of a resized terminal, is no answer. */
	while (!err && (n = poll(&fd, 1, PATIENCE_MS)) < 0 && errno == EINTR)
		;
	if (n > 0 && read(tell[0], &t, sizeof(t)) != (ssize_t)sizeof(t))
		t.err = ESRCH;
	h->told = tell[0];
	if (!err)
		err = -t.err;
	if (err) {
		if (h->tracer > 0 && t.err == ETIME)
			kill(h->tracer, SIGKILL);	/* the kernel detaches for it */
		hold_end(h);
		return err;
	}
	memcpy(ret, (const uint64_t[HELD_REGISTERS]){
		t.regs.rax, t.regs.rdx, t.regs.rcx, t.regs.rbx, t.regs.rsi, t.regs.rdi,
		t.regs.rbp, t.regs.rsp, t.regs.r8, t.regs.r9, t.regs.r10, t.regs.r11, t.regs.r12,
		t.regs.r13, t.regs.r14, t.regs.r15, t.regs.rip }, HELD_REGISTERS * sizeof(*ret));
	return 0;
}

#else

int hold_start(struct hold *h, pid_t tid, uint64_t ret[HELD_REGISTERS])
{
	(void)tid;
	(void)ret;
	*h = (struct hold){ .let_go = -1, .told = -1 };
	return -ENOSYS;
}

#endif

void hold_end(struct hold *h)
{
	if (h->let_go >= 0)
		close(h->let_go);
	h->let_go = -1;
	if (h->told >= 0 && read(h->told, &h->held_ns, sizeof(h->held_ns)) != (ssize_t)sizeof(h->held_ns))
		h->held_ns = 0;
	if (h->told >= 0)
		close(h->told);
	h->told = -1;
	if (h->tracer > 0)
		while (waitpid(h->tracer, NULL, 0) < 0 && errno == EINTR)
			;
	h->tracer = 0;
}
