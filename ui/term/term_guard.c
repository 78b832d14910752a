/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/term/term_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "mmscope/alloc.h"

#define STRING_MAX 512
#define STDERR_KEPT (64 * 1024)
#define ALT_STACK (64 * 1024)

enum disposition { FATAL, STOP, CONTINUE, RESIZE };

static const struct { int sig; enum disposition what; } signals[] = {
	{ SIGSEGV, FATAL }, { SIGBUS, FATAL }, { SIGABRT, FATAL }, { SIGFPE, FATAL },
	{ SIGILL, FATAL }, { SIGSYS, FATAL }, { SIGTERM, FATAL }, { SIGINT, FATAL },
	{ SIGHUP, FATAL }, { SIGQUIT, FATAL }, { SIGXCPU, FATAL }, { SIGALRM, FATAL },
	{ SIGTSTP, STOP }, { SIGCONT, CONTINUE }, { SIGWINCH, RESIZE },
};

/* The only state of the program that signal handlers need. */
static struct {
	volatile sig_atomic_t open, armed;
	atomic_uint what;
	int in, out, event;
	struct termios shell, program;
	char enter[STRING_MAX], leave[STRING_MAX];
	size_t enter_len, leave_len;
	int kept_stderr, real_stderr;		/* -1: standard error is no terminal */
	struct sigaction old[ARRAY_LEN(signals)];
	bool taken[ARRAY_LEN(signals)], alt_stack;
} guard = { .event = -1, .kept_stderr = -1, .real_stderr = -1 };

static char alt_stack[ALT_STACK];

static void write_all(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		s += done;
		n -= (size_t)done;
	}
}

/* From the background too: the terminal must not stop a program that is about to end. */
static void set_modes(const struct termios *modes, bool from_background)
{
	sigset_t ttou, before;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	if (from_background)
		sigprocmask(SIG_BLOCK, &ttou, &before);
	while (tcsetattr(guard.in, TCSANOW, modes) < 0 && errno == EINTR)
		;
	if (from_background)
		sigprocmask(SIG_SETMASK, &before, NULL);
}

static void leave(void)
{
	if (!guard.armed)
		return;
	write_all(guard.out, guard.leave, guard.leave_len);
	set_modes(&guard.shell, true);
}

static void enter(void)
{
	if (!guard.armed)
		return;
	set_modes(&guard.program, false);
	write_all(guard.out, guard.enter, guard.enter_len);
}

/* The end of what was kept goes to where it was meant for. */
static void give_stderr_back(void)
{
	char chunk[1024];
	off_t size, at;
	ssize_t n;

	if (guard.kept_stderr < 0)
		return;
	dup2(guard.real_stderr, STDERR_FILENO);
	size = lseek(guard.kept_stderr, 0, SEEK_END);
	at = size > STDERR_KEPT ? size - STDERR_KEPT : 0;
	while ((n = pread(guard.kept_stderr, chunk, sizeof(chunk), at)) > 0) {
		write_all(STDERR_FILENO, chunk, (size_t)n);
		at += n;
	}
	close(guard.kept_stderr);
	close(guard.real_stderr);
	guard.kept_stderr = guard.real_stderr = -1;
}

static void restore(void)
{
	if (!guard.open)
		return;
	leave();
	guard.armed = 0;
	guard.open = 0;
	give_stderr_back();
}

static void tell(unsigned what)
{
	uint64_t one = 1;

	atomic_fetch_or(&guard.what, what);
	if (write(guard.event, &one, sizeof(one)) < 0)
		return;		/* full: it is readable already */
}

static int index_of(int sig)
{
	int i = 0;

	while (signals[i].sig != sig)
		i++;
	return i;
}

static void on_signal(int sig, siginfo_t *info, void *context);

static void take_signal(int i)
{
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&act.sa_mask);
	sigaction(signals[i].sig, &act, NULL);
}

/* Stops here; when it goes on, the screen is ours again. */
static void stop(bool group)
{
	int i = index_of(SIGTSTP);
	sigset_t tstp, before;

	leave();
	sigaction(SIGTSTP, &guard.old[i], NULL);
	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	kill(group ? 0 : getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &tstp, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (guard.taken[i])
		take_signal(i);
	enter();
	tell(GUARD_CONTINUED);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno, i = index_of(sig);

	(void)context;
	switch (signals[i].what) {
	case FATAL:
		restore();
		sigaction(sig, &guard.old[i], NULL);
		/* A fault comes again by itself, with its address for whoever had the signal. */
		if (info->si_code <= 0 || info->si_code == SI_KERNEL ||
		    (sig != SIGSEGV && sig != SIGBUS && sig != SIGFPE && sig != SIGILL))
			raise(sig);
		break;
	case STOP:
		stop(false);
		break;
	case CONTINUE:
		enter();
		tell(GUARD_CONTINUED);
		break;
	case RESIZE:
		tell(GUARD_RESIZED);
		break;
	}
	errno = saved_errno;
}

static void take_signals(void)
{
	stack_t stack = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) }, now;

	/* A sanitizer may have set one up already. */
	if (!sigaltstack(NULL, &now) && (now.ss_flags & SS_DISABLE))
		guard.alt_stack = !sigaltstack(&stack, NULL);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		guard.taken[i] = !sigaction(signals[i].sig, NULL, &guard.old[i]) &&
				 (guard.old[i].sa_flags & SA_SIGINFO ||
				  guard.old[i].sa_handler != SIG_IGN);
		if (guard.taken[i])
			take_signal((int)i);
	}
}

static void give_signals_back(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (guard.taken[i])
			sigaction(signals[i].sig, &guard.old[i], NULL);
	if (guard.alt_stack)
		sigaltstack(&none, NULL);
	guard.alt_stack = false;
}

static void keep_stderr(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	guard.kept_stderr = memfd_create("stderr", MFD_CLOEXEC);
	if (guard.kept_stderr < 0)
		return;
	guard.real_stderr = dup(STDERR_FILENO);
	fflush(stderr);
	dup2(guard.kept_stderr, STDERR_FILENO);
}

struct error *guard_open(int in, int out)
{
	static bool registered;

	if (tcgetattr(in, &guard.shell) < 0)
		return error_os(ERR_FAILURE, errno, "cannot read the modes of the terminal");
	if (guard.event < 0)
		guard.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (guard.event < 0)
		return error_os(ERR_FAILURE, errno, "cannot create an event descriptor");
	guard.in = in;
	guard.out = out;
	guard.what = 0;
	guard.armed = 0;
	guard.open = 1;
	take_signals();
	alloc_on_failure(restore);
	if (!registered)
		atexit(restore);
	registered = true;
	return NULL;
}

static size_t copy(char to[STRING_MAX], const char *s)
{
	size_t n = strlen(s);

	if (n > STRING_MAX)
		n = STRING_MAX;
	memcpy(to, s, n);
	return n;
}

void guard_arm(const char *enter_string, const char *leave_string)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	guard.enter_len = copy(guard.enter, enter_string);
	guard.leave_len = copy(guard.leave, leave_string);
	if (!guard.armed) {
		tcgetattr(guard.in, &guard.program);
		keep_stderr();
	}
	guard.armed = 1;
	sigprocmask(SIG_SETMASK, &before, NULL);
}

unsigned guard_take(void)
{
	uint64_t count;

	/* First the descriptor: what comes in between makes it readable again. */
	while (read(guard.event, &count, sizeof(count)) > 0)
		;
	return atomic_exchange(&guard.what, 0);
}

int guard_fd(void)
{
	return guard.event;
}

void guard_stop(void)
{
	stop(true);
}

void guard_close(void)
{
	restore();
	give_signals_back();
	alloc_on_failure(NULL);
}
