/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/sim/runner/arch.h"

#ifdef RUNNER_ARCH

enum { AGENT_FD = 5 };
enum { STUB_BREAK = 0, STUB_SYSCALL = 16, STUB_READ = 32, STUB_WRITE = 48 };

static rlim_t limit_value(uint64_t v)
{
	return v == SIM_UNLIMITED ? RLIM_INFINITY : v;
}

static void set_limit(int which, uint64_t soft, uint64_t hard)
{
	struct rlimit r = { limit_value(soft), limit_value(hard) };
	struct rlimit old;

	if (setrlimit(which, &r) == 0)
		return;
	/* An ordinary user cannot raise a hard limit. */
	if (getrlimit(which, &old) || r.rlim_cur > old.rlim_max)
		_exit(errno);
	r.rlim_max = old.rlim_max;
	if (setrlimit(which, &r))
		_exit(errno);
}

/* In the forked child: nothing but system calls. The exit status tells the errno. */
static void __attribute__((noreturn)) child_exec(const struct tracee_start *s)
{
	static char name[] = "agent";
	static char *const argv[] = { name, NULL }, *const envp[] = { NULL };
	int agent, file, rofile, i;
	sigset_t none;

	for (i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	/* Lift all out of the way first. */
	agent = fcntl(s->agent, F_DUPFD, 10);
	file = fcntl(s->file, F_DUPFD, 10);
	rofile = fcntl(s->rofile, F_DUPFD, 10);
	if (dup2(file, TRACEE_FILE_FD) < 0 || dup2(rofile, TRACEE_ROFILE_FD) < 0 ||
	    dup3(agent, AGENT_FD, O_CLOEXEC) < 0)
		_exit(errno);
	close(0), close(1), close(2);
	syscall(SYS_close_range, AGENT_FD + 1, ~0u, 0);
	if (personality(ADDR_NO_RANDOMIZE | (s->bottomup ? ADDR_COMPAT_LAYOUT : 0)) < 0 ||
	    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		_exit(errno);
	set_limit(RLIMIT_STACK, s->limit[SIM_LIMIT_STACK], SIM_UNLIMITED);
	set_limit(RLIMIT_MEMLOCK, s->limit[SIM_LIMIT_MEMLOCK], s->memlock_hard);
	set_limit(RLIMIT_DATA, s->limit[SIM_LIMIT_DATA], SIM_UNLIMITED);
	set_limit(RLIMIT_AS, s->limit[SIM_LIMIT_AS], SIM_UNLIMITED);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		_exit(errno);
	/* The kernel makes the name /dev/fd/5 of it: one digit, or sp would be another. */
	syscall(SYS_execveat, AGENT_FD, "", argv, envp, AT_EMPTY_PATH);
	_exit(errno);
}

static struct error *wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, __WALL) != pid)
		if (errno != EINTR)
			return error_os(ERR_FAILURE, errno, "waiting for the scenario's process");
	return NULL;
}

static struct error *lost(struct tracee *t, int status)
{
	t->pid = 0;
	if (WIFSIGNALED(status))
		return error_create(ERR_FAILURE, "the scenario's process was killed by SIG%s",
				    sigabbrev_np(WTERMSIG(status)));
	return error_create(ERR_FAILURE, "the scenario's process ended by itself");
}

static struct error *ptrace_failed(const char *what)
{
	return error_os(ERR_PERMISSION, errno, "ptrace: %s", what);
}

/* Every byte address is the tracee's: only registers and siginfo are ever read or written. */
static struct error *get_regs(struct tracee *t, struct user_regs_struct *r)
{
	struct iovec all = { r, sizeof(*r) };

	return ptrace(PTRACE_GETREGSET, t->pid, NT_PRSTATUS, &all) ? ptrace_failed("reading registers") :
								     NULL;
}

static bool from_the_instruction(int sig)
{
	return sig == SIGTRAP || sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE;
}

/* Lets it run to the next stop that its own instruction caused. */
static struct error *resume_by(struct tracee *t, int request, int *stop)
{
	struct error *err;
	int status;

	do {
		if (ptrace(request, t->pid, 0, 0))
			return ptrace_failed("continuing");
		err = wait_for(t->pid, &status);
		if (err)
			return err;
		if (!WIFSTOPPED(status))
			return lost(t, status);
		*stop = status >> 8;	/* the signal, and the event above it */
	} while (!from_the_instruction(*stop & 0xff));
	return NULL;
}

static struct error *resume(struct tracee *t, int *stop)
{
	return resume_by(t, PTRACE_CONT, stop);
}

static struct error *run(struct tracee *t, struct user_regs_struct *r, int request, int *stop)
{
	struct iovec all = { r, sizeof(*r) };

	if (ptrace(PTRACE_SETREGSET, t->pid, NT_PRSTATUS, &all))
		return ptrace_failed("writing registers");
	return resume_by(t, request, stop);
}

static struct error *run_stub(struct tracee *t, unsigned stub, struct user_regs_struct *r,
			      int *stop)
{
	arch_set_pc(r, t->entry + stub);
	return run(t, r, PTRACE_CONT, stop);
}

struct error *tracee_spawn(const struct tracee_start *start, struct tracee *ret)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEVFORK;
	struct tracee t = { 0 };
	struct user_regs_struct r;
	struct error *err;
	int status;

	t.pid = fork();
	if (t.pid < 0)
		return error_os(ERR_FAILURE, errno, "fork");
	if (t.pid == 0)
		child_exec(start);
	err = wait_for(t.pid, &status);
	if (err)
		return err;
	if (WIFEXITED(status)) {
		int why = WEXITSTATUS(status);

		/* A sandbox may say of a call that it forbids that it does not exist. */
		return error_os(why == EPERM || why == EACCES || why == ENOSYS ? ERR_PERMISSION :
										 ERR_FAILURE,
				why, "starting the scenario's process under ptrace");
	}
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
		int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status);

		if (WIFSTOPPED(status))
			tracee_kill(&t);
		return error_create(ERR_FAILURE, "the program did not survive its exec: SIG%s",
				    sigabbrev_np(sig));
	}
	if (ptrace(PTRACE_SETOPTIONS, t.pid, 0, options))
		err = ptrace_failed("setting options");
	else
		err = get_regs(&t, &r);
	if (err) {
		tracee_kill(&t);
		return err;
	}
	arch_note_start(&t, &r);
	*ret = t;
	return NULL;
}

void tracee_kill(struct tracee *t)
{
	int status;

	if (!t->pid)
		return;
	kill(t->pid, SIGKILL);
	for (;;) {
		pid_t got = waitpid(t->pid, &status, __WALL);

		if (got == t->pid && (WIFEXITED(status) || WIFSIGNALED(status)))
			break;
		if (got < 0 && errno != EINTR)
			break;
	}
	t->pid = 0;
}

struct error *tracee_break(struct tracee *t)
{
	struct user_regs_struct r;
	struct error *err;
	int stop;

	arch_base_regs(t, &r);
	err = run_stub(t, STUB_BREAK, &r, &stop);
	if (!err && stop != SIGTRAP)
		err = error_create(ERR_FAILURE,
				   "the scenario's process cannot run its own text: SIG%s",
				   sigabbrev_np(stop & 0xff));
	return err;
}

struct error *tracee_syscall(struct tracee *t, long number, const uint64_t arg[6], int64_t *ret)
{
	struct user_regs_struct r;
	struct error *err;
	int stop;

	arch_base_regs(t, &r);
	arch_set_call(&r, number, arg);
	err = run_stub(t, STUB_SYSCALL, &r, &stop);
	if (!err && stop != SIGTRAP)
		err = error_create(ERR_FAILURE, "system call %ld ended in SIG%s", number,
				   sigabbrev_np(stop & 0xff));
	if (!err)
		err = get_regs(t, &r);
	if (!err)
		*ret = arch_call_result(&r);
	return err;
}

static enum sim_sig signal_kind(const siginfo_t *si)
{
	if (si->si_signo == SIGBUS)
		return SIM_BUS_ADRERR;
	if (si->si_code == SEGV_MAPERR)
		return SIM_SEGV_MAPERR;
	if (si->si_code == SEGV_ACCERR)
		return SIM_SEGV_ACCERR;
	return SIM_SEGV_KERNEL;
}

struct error *tracee_touch(struct tracee *t, uint64_t addr, char mode, enum sim_sig *ret)
{
	struct user_regs_struct r;
	struct error *err;
	siginfo_t si;
	int stop;

	if (mode == 'x') {
		arch_execute_regs(t, addr, &r);
		err = run(t, &r, ARCH_STEP, &stop);
	} else {
		arch_base_regs(t, &r);
		arch_set_touched(&r, addr);
		err = run_stub(t, mode == 'w' ? STUB_WRITE : STUB_READ, &r, &stop);
	}
	if (err)
		return err;
	*ret = SIM_SIG_NONE;
	if (stop != SIGSEGV && stop != SIGBUS)
		return NULL;
	if (ptrace(PTRACE_GETSIGINFO, t->pid, 0, &si))
		return ptrace_failed("reading siginfo");
	if (mode == 'x' &&
	    (si.si_code == SI_KERNEL || (uint64_t)(uintptr_t)si.si_addr != (addr & ~15ull)))
		return NULL;		/* it was fetched; what it did is of no interest */
	*ret = signal_kind(&si);
	return NULL;
}

struct error *tracee_fork(struct tracee *t, struct tracee *child, int *err_ret)
{
	const uint64_t arg[6] = { CLONE_PARENT };
	struct user_regs_struct r;
	unsigned long message = 0;
	struct error *err;
	int stop, status;

	/* clone(): without an exit signal of its own; CLONE_PARENT makes the child ours, so that
	 * its end is reported to us alone and nothing is left behind. */
	arch_base_regs(t, &r);
	arch_set_call(&r, SYS_clone, arg);
	err = run_stub(t, STUB_SYSCALL, &r, &stop);
	if (err)
		return err;
	if (stop >> 8) {		/* the event; the call has not returned yet */
		if (ptrace(PTRACE_GETEVENTMSG, t->pid, 0, &message))
			return ptrace_failed("asking for the child");
		err = resume(t, &stop);
		if (err)
			return err;
	}
	if (!message) {
		err = get_regs(t, &r);
		*err_ret = (int)-arch_call_result(&r);
		return err;
	}
	*child = *t;
	child->pid = (pid_t)message;
	*err_ret = 0;
	err = wait_for(child->pid, &status);
	if (!err && !WIFSTOPPED(status))
		err = lost(child, status);
	if (!err)
		err = tracee_break(child);
	return err;
}

struct error *tracee_write(struct tracee *t, uint64_t addr, const void *bytes, size_t n)
{
	struct iovec here = { (void *)(uintptr_t)bytes, n };
	struct iovec there = { (void *)(uintptr_t)addr, n };

	if (process_vm_writev(t->pid, &here, 1, &there, 1, 0) != (ssize_t)n)
		return error_os(ERR_FAILURE, errno, "writing into the scenario's process");
	return NULL;
}

#else /* another architecture */

static struct error *foreign(void)
{
	return error_create(ERR_FAILURE, "real processes can be driven on x86_64 and arm64 only");
}

struct error *tracee_spawn(const struct tracee_start *start, struct tracee *ret)
{
	(void)start, (void)ret;
	return foreign();
}

void tracee_kill(struct tracee *t)
{
	t->pid = 0;
}

struct error *tracee_break(struct tracee *t)
{
	(void)t;
	return foreign();
}

struct error *tracee_syscall(struct tracee *t, long number, const uint64_t arg[6], int64_t *ret)
{
	(void)t, (void)number, (void)arg, (void)ret;
	return foreign();
}

struct error *tracee_touch(struct tracee *t, uint64_t addr, char mode, enum sim_sig *ret)
{
	(void)t, (void)addr, (void)mode, (void)ret;
	return foreign();
}

struct error *tracee_fork(struct tracee *t, struct tracee *child, int *err)
{
	(void)t, (void)child, (void)err;
	return foreign();
}

struct error *tracee_write(struct tracee *t, uint64_t addr, const void *bytes, size_t n)
{
	(void)t, (void)addr, (void)bytes, (void)n;
	return foreign();
}

#endif
