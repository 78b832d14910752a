/* SPDX-License-Identifier: GPL-2.0-or-later
 * A program whose frames are known, since it tells them itself: every function notes its
 * canonical frame address, the innermost one sits in a system call made in place.
 *
 *   frames MODE      prints "frame NAME SP BYTES" from the innermost to main, "ready",
 *                    then waits until standard input ends (spin: never does)
 *
 * BYTES is 0 where the stack was switched. Built several ways; see local.mk.
 */
#include <alloca.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__GNUC__) && !defined(__clang__)
#define OWN_FRAME __attribute__((noipa))
#else
#define OWN_FRAME __attribute__((noinline, optnone))
#endif

enum { NOTES = 1024 };

/* From the outermost to the innermost: whose frame, and where it ends. */
static struct { const char *name; uint64_t end; int switched; } notes[NOTES];
static int nnotes;

#define NOTE(function) note(function, (uint64_t)(uintptr_t)__builtin_dwarf_cfa())
#define SP() ({ uint64_t sp_; __asm__ volatile("mov %%rsp, %0" : "=r"(sp_)); sp_; })

void note(const char *name, uint64_t end);
void tell(uint64_t sp);
void leaf(volatile char *from);
void middle(volatile char *from);
void outer(volatile char *from);
void deep(int n, volatile char *from);
void dynamic(volatile char *from, size_t n);
void handler(int signal, siginfo_t *info, void *context);
void sender(volatile char *from);
void spinner(volatile char *from);
void overrun(int n, volatile char *from);
void overflow(int signal, siginfo_t *info, void *context);

OWN_FRAME void note(const char *name, uint64_t end)
{
	notes[nnotes].name = name;
	notes[nnotes++].end = end;
}

OWN_FRAME void tell(uint64_t sp)
{
	while (nnotes--) {
		printf("frame %s %#lx %lu\n", notes[nnotes].name, (unsigned long)sp,
		       notes[nnotes].switched ? 0 : (unsigned long)(notes[nnotes].end - sp));
		sp = notes[nnotes].end;
	}
	puts("ready");
	fflush(stdout);
}

/* In place, so that no frame of the C library comes in between. */
#define CALL(nr, a, b, c) ({ long r_; \
	__asm__ volatile("syscall" : "=a"(r_) : "0"((long)(nr)), "D"((long)(a)), "S"((long)(b)), \
			 "d"((long)(c)) : "rcx", "r11", "memory"); r_; })

OWN_FRAME void leaf(volatile char *from)
{
	volatile char room[256];

	NOTE("leaf");
	room[0] = from[0];
	tell(SP());
	/* Not restarted by the C library: the loop is here. */
	while (CALL(SYS_read, 0, &room, 1) > 0)
		;
	from[0] = room[0];
}

OWN_FRAME void middle(volatile char *from)
{
	volatile char room[3000];

	NOTE("middle");
	room[0] = from[0];
	leaf(room);
	from[0] = room[0];
}

OWN_FRAME void outer(volatile char *from)
{
	volatile char room[10000];

	NOTE("outer");
	room[0] = from[0];
	middle(room);
	from[0] = room[0];
}

OWN_FRAME void deep(int n, volatile char *from)
{
	volatile char room[500];

	NOTE("deep");
	room[0] = from[0];
	if (n > 1)
		deep(n - 1, room);
	else
		leaf(room);
	from[0] = room[0];
}

OWN_FRAME void dynamic(volatile char *from, size_t n)
{
	volatile char *room = alloca(n);

	NOTE("dynamic");
	room[0] = from[0];
	leaf(room);
	from[0] = room[0];
}

OWN_FRAME void handler(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	uint64_t sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
	stack_t now;
	volatile char room[100];

	(void)info;
	room[0] = (char)signal;
	sigaltstack(NULL, &now);
	/* The kernel's own frame: from where the handler's ends to where it interrupted. */
	note("__restore_rt", sp);
	notes[nnotes - 1].switched = now.ss_flags & SS_ONSTACK;
	NOTE("handler");
	leaf(room);
}

OWN_FRAME void spinner(volatile char *from)
{
	volatile char room[256];

	NOTE("spinner");
	room[0] = from[0];
	tell(SP());
	for (;;)
		room[0]++;
}

/* Deeper than its stack is. */
OWN_FRAME void overrun(int n, volatile char *from)
{
	volatile char room[3000];

	room[0] = from[0];
	NOTE("overrun");
	if (n)
		overrun(n - 1, room);
	from[0] = room[0];
}

/* Of SIGSEGV, on a stack of its own: whoever was about to begin a frame had no time to say so. */
OWN_FRAME void overflow(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	uint64_t sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
	uint64_t each = notes[nnotes - 2].end - notes[nnotes - 1].end;
	uint64_t next = notes[nnotes - 1].end - each;
	volatile char room[100];

	(void)info;
	room[0] = (char)signal;
	if (sp < next)
		note("overrun", next);
	if (sp < next - each)
		note("note", next - each);
	note("__restore_rt", sp);
	notes[nnotes - 1].switched = 1;
	NOTE("overflow");
	leaf(room);
	_exit(0);
}

OWN_FRAME void sender(volatile char *from)
{
	volatile char room[700];
	long pid = getpid();

	NOTE("sender");
	room[0] = from[0];
	CALL(SYS_kill, pid, SIGUSR1, 0);
	from[0] = room[0];
}

static void catch_signal(int flags)
{
	static char other[1 << 16];
	struct sigaction a = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
	stack_t s = { .ss_sp = other, .ss_size = sizeof(other) };

	sigaltstack(&s, NULL);
	sigaction(SIGUSR1, &a, NULL);
}

static void *thread(void *arg)
{
	volatile char room[64] = "";

	(void)arg;
	NOTE("thread");
	outer(room);
	return NULL;
}

static void *overflowing(void *arg)
{
	static char other[1 << 16];
	struct sigaction a = { .sa_sigaction = overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t s = { .ss_sp = other, .ss_size = sizeof(other) };
	volatile char room[64] = "";

	(void)arg;
	sigaltstack(&s, NULL);
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGBUS, &a, NULL);
	NOTE("overflowing");
	overrun(NOTES, room);
	return NULL;
}

static void *waiter(void *arg)
{
	char byte;

	while (read(0, &byte, 1) > 0)
		;
	return arg;
}

/* Two stacks in one mapping with nothing between them, as some runtimes have theirs. */
static int share(void)
{
	enum { EACH = 1 << 18 };
	char *both = mmap(NULL, 2 * EACH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t[2];

	for (int i = 0; i < 2; i++) {
		pthread_attr_t a;

		pthread_attr_init(&a);
		pthread_attr_setstack(&a, both + i * EACH, EACH);
		pthread_create(&t[i], &a, waiter, NULL);
	}
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static void start_overflow(pthread_t *t)
{
	pthread_attr_t a;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 1 << 16);
	pthread_create(t, &a, overflowing, NULL);
}

/* ---- loops that would notice an interruption ---- */

static volatile int stop;
static long interrupted[4], rounds[4];

static long wait_epoll(void)
{
	static int fd = -1;
	struct epoll_event e;

	if (fd < 0)
		fd = epoll_create1(0);
	return epoll_wait(fd, &e, 1, 1);
}

static long wait_sleep(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	return nanosleep(&ms, NULL);
}

static long wait_futex(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	static int word;

	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ms, NULL, 0);
}

static long wait_read(void)
{
	const struct itimerspec t = { .it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 1000000 };
	static int fd = -1;
	uint64_t n;

	if (fd < 0) {
		fd = timerfd_create(CLOCK_MONOTONIC, 0);
		timerfd_settime(fd, 0, &t, NULL);
	}
	return read(fd, &n, sizeof(n));
}

static long (*const waits[4])(void) = { wait_epoll, wait_sleep, wait_futex, wait_read };

static void *loop(void *arg)
{
	long i = (long)arg;

	while (!stop) {
		if (waits[i]() < 0 && errno == EINTR)
			interrupted[i]++;
		rounds[i]++;
	}
	return NULL;
}

static int loops(void)
{
	pthread_t t[4];
	char byte;

	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, loop, (void *)i);
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 4; i++)
		printf("rounds %ld interrupted %ld\n", rounds[i], interrupted[i]);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "chain";
	volatile char room[64] = "";
	pthread_t t;

	if (!strcmp(mode, "loops"))
		return loops();
	if (!strcmp(mode, "share"))
		return share();
	if (strcmp(mode, "thread") && strcmp(mode, "overflow"))
		NOTE("main");
	if (!strcmp(mode, "chain")) {
		outer(room);
	} else if (!strcmp(mode, "deep")) {
		deep(500, room);
	} else if (!strcmp(mode, "dynamic")) {
		dynamic(room, 1000 + (size_t)argc);
	} else if (!strcmp(mode, "signal")) {
		catch_signal(0);
		sender(room);
	} else if (!strcmp(mode, "altstack")) {
		catch_signal(SA_ONSTACK);
		sender(room);
	} else if (!strcmp(mode, "thread")) {
		pthread_create(&t, NULL, thread, NULL);
		pthread_join(t, NULL);
	} else if (!strcmp(mode, "overflow")) {
		start_overflow(&t);
		pthread_join(t, NULL);
	} else if (!strcmp(mode, "spin")) {
		spinner(room);
	} else {
		return 2;
	}
	return room[0] > 0;
}
