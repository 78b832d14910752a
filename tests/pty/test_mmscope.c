/* SPDX-License-Identifier: GPL-2.0-or-later
 * The program itself, end to end on a pseudo-terminal. Its target is this test, which
 * lives as long as it is looked at, or a child of `run`.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "tests/pty/ptyscreen.h"

#define PROGRAM "./mmscope"

static char target[16];

static struct pty *start(int rows, int cols, const char *const env[])
{
	const char *const argv[] = { PROGRAM, target, NULL };
	struct pty *p;

	snprintf(target, sizeof(target), "%d", (int)getpid());
	p = pty_start(rows, cols, env, argv);
	return p;
}

/* Where there is room, the tabs have blanks between number and name. */
static void wait_room(struct pty *p, const char *number, const char *name)
{
	char *tight = xasprintf("[%s%s]", number, name), *loose = xasprintf("[%s %s]", number, name);

	while (!pty_shows(p, loose) && !pty_shows(p, tight)) {
		size_t before = p->raw.len;

		pty_wait_raw(p, before, "\033");
	}
	free(tight);
	free(loose);
}

/* A first frame with the whole layout in it. */
static struct pty *start_shown(int rows, int cols, const char *const env[])
{
	struct pty *p = start(rows, cols, env);

	pty_wait(p, "live 10 Hz");
	pty_wait(p, "[stack]");
	pty_wait(p, "q quit");
	return p;
}

static void finish(struct pty *p)
{
	pty_send(p, "q");
	if (pty_wait_end(p))
		pty_fail(p, "status 0x%x", (unsigned)p->status);
	pty_check_restored(p);
	pty_destroy(p);
}

/* The first row that contains text, or -1. */
static int find_row(const struct pty *p, const char *text)
{
	int found = -1;

	for (int row = 0; row < p->rows && found < 0; row++) {
		char *line = pty_row(p, row);

		if (strstr(line, text))
			found = row;
		free(line);
	}
	return found;
}

static void test_first_frame(void **state)
{
	struct pty *p = start_shown(24, 80, NULL);
	VTermScreenCell cell;
	char *line;
	int row;

	(void)state;
	wait_room(p, "1", "table");
	line = pty_row(p, 0);
	assert_non_null(strstr(line, "mmscope"));
	assert_non_null(strstr(line, target));
	free(line);
	assert_true(p->alt_screen);
	/* The cursor stands on the selected row, for those who read by ear or finger. */
	pty_wait(p, "│▶");
	row = find_row(p, "│▶");
	while (p->cursor_row != row || !p->cursor_visible) {
		size_t before = p->raw.len;

		pty_wait_raw(p, before, "H");
		row = find_row(p, "│▶");
	}
	vterm_screen_get_cell(p->screen, (VTermPos){ row, 50 }, &cell);
	assert_false(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
	finish(p);
}

static void test_keys(void **state)
{
	struct pty *p = start_shown(30, 110, NULL);

	(void)state;
	pty_send(p, "3");
	wait_room(p, "3", "stack");
	pty_wait(p, "RLIMIT_STACK");
	pty_send(p, "\t");
	wait_room(p, "4", "threads");
	pty_send(p, "\033[Z");
	wait_room(p, "3", "stack");
	pty_send(p, "?");
	pty_wait(p, "keys, by room");
	pty_send(p, "redo");
	pty_wait(p, "C-r");
	pty_send(p, "\033");
	pty_wait_gone(p, "keys, by room");
	pty_send(p, ":");
	pty_wait(p, "Enter run");
	pty_send(p, "room coun\r");
	wait_room(p, "5", "counters");
	pty_send(p, " ");
	pty_wait(p, "paused");
	/* Nothing is read any more, and a room that was not read yet says so. */
	pty_send(p, "8");
	pty_wait(p, "the picture is paused");
	/* What is asked for is read, and the pause goes on. */
	pty_send(p, "P");
	pty_wait(p, "smaps read once");
	pty_wait(p, "paused");
	pty_send(p, " ");
	pty_wait(p, "live 10 Hz");
	finish(p);
}

/* What is pasted goes into the line, and no key of it is one. */
static void test_paste(void **state)
{
	struct pty *p = start_shown(24, 80, NULL);

	(void)state;
	pty_send(p, "&");
	pty_wait(p, "filter:");
	pty_send(p, "\033[200~libq\r\033[201~");
	pty_wait(p, "filter: libq");
	pty_send(p, "\025libc\r");
	pty_wait_gone(p, "filter: libq");
	pty_wait(p, "libc");
	/* And where there is no line, it goes nowhere. */
	pty_send(p, "\033[200~q3\033[201~2");
	wait_room(p, "2", "pages");
	finish(p);
}

static void test_mouse(void **state)
{
	struct pty *p = start_shown(40, 120, NULL);
	char click[32];
	int row;

	(void)state;
	pty_wait(p, "r-xp v ");
	row = find_row(p, "r-xp v ");
	snprintf(click, sizeof(click), "\033[<0;60;%dM", row + 1);
	pty_send(p, click);
	for (;;) {
		char *line = pty_row(p, row);
		bool there = strstr(line, "│▶") != NULL && strstr(line, "r-xp v ") != NULL;
		size_t before = p->raw.len;

		free(line);
		if (there)
			break;
		pty_wait_raw(p, before, "\033");
	}
	finish(p);
}

static void test_resize(void **state)
{
	struct pty *p = start_shown(24, 80, NULL);

	(void)state;
	pty_resize(p, 8, 30);
	pty_wait(p, "too small");
	pty_resize(p, 1, 1);
	pty_resize(p, 60, 200);
	pty_wait(p, "live 10 Hz");
	pty_wait(p, "q quit");
	pty_resize(p, 24, 80);
	pty_wait_gone(p, "too small");
	pty_wait(p, "q quit");
	finish(p);
}

static void test_suspend(void **state)
{
	struct pty *p = start_shown(24, 80, NULL);

	(void)state;
	pty_send(p, "\032");
	pty_wait_stop(p);
	pty_check_restored(p);
	assert_false(pty_shows(p, "q quit"));
	pty_continue(p);
	pty_wait(p, "q quit");
	pty_wait(p, "live 10 Hz");
	assert_true(p->alt_screen);
	assert_int_equal(p->mouse, VTERM_PROP_MOUSE_CLICK);
	finish(p);
}

static void test_signals(void **state)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP, SIGSEGV, SIGABRT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		struct pty *p = start_shown(24, 80, NULL);
		int status;

		kill(p->pid, sigs[i]);
		status = pty_wait_end(p);
		pty_check_restored(p);
#ifdef __SANITIZE_ADDRESS__
		assert_int_not_equal(status, 0);
#else
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), sigs[i]);
#endif
		pty_destroy(p);
	}
}

/* The window was closed: it ends, by SIGHUP or, where that is ignored, by itself. */
static void test_terminal_closed(void **state)
{
	char *command;
	struct pty *p = start_shown(24, 80, NULL);
	int status = pty_hang_up(p);

	(void)state;
	/* Whichever is seen first: the signal, or the end of the terminal. */
	assert_true(WIFEXITED(status) || WTERMSIG(status) == SIGHUP);
	pty_destroy(p);
	command = xasprintf("trap '' HUP; exec %s %s", PROGRAM, target);
	p = pty_start(24, 80, NULL, (const char *const[]){ "/bin/sh", "-c", command, NULL });
	pty_wait(p, "live 10 Hz");
	pty_wait(p, "q quit");
	status = pty_hang_up(p);
	assert_true(WIFEXITED(status));
	pty_destroy(p);
	free(command);
}

static void test_refused(void **state)
{
	static const char *const terms[] = { "TERM=dumb", "TERM=no-such-terminal", "TERM=" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		const char *const env[] = { terms[i], NULL };
		struct pty *p = start(24, 80, env);
		int status = pty_wait_end(p);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 1 || !pty_shows(p, "mmscope: ") ||
		    !pty_shows(p, "--batch"))
			pty_fail(p, "%s: status 0x%x", terms[i], (unsigned)status);
		pty_check_restored(p);
		pty_destroy(p);
	}
}

static void test_terminals(void **state)
{
	static const char *const terms[] = {
		"TERM=xterm-256color", "TERM=tmux-256color", "TERM=screen", "TERM=linux", "TERM=vt100",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		const char *const env[] = { terms[i], NULL };
		struct pty *p = start_shown(24, 80, env);

		pty_send(p, "3");
		wait_room(p, "3", "stack");
		finish(p);
	}
}

static void test_ascii(void **state)
{
	const char *const env[] = { "LC_ALL=C", NULL };
	struct pty *p = start_shown(24, 80, env);

	(void)state;
	for (const char *key = "3452671?"; *key; key++) {
		char keys[2] = { *key, 0 };
		size_t before = p->raw.len;

		pty_send(p, keys);
		pty_wait_raw(p, before, "\033");
	}
	pty_wait(p, "keys, by room");
	for (size_t i = 0; i < p->raw.len; i++)
		assert_true((unsigned char)p->raw.data[i] < 0x80);
	pty_send(p, "\033");
	pty_wait_gone(p, "keys, by room");
	finish(p);
}

/* Every colour is set by "3x", "4x" or "9x" in one of these ways. */
static void test_no_color(void **state)
{
	const char *const env[] = { "NO_COLOR=1", NULL };
	struct pty *p = start_shown(24, 80, env);

	(void)state;
	assert_null(strstr(buf_str(&p->raw), "38;5;"));
	assert_null(strstr(buf_str(&p->raw), "48;5;"));
	for (char digit = '0'; digit < '8'; digit++) {
		char fg[] = { '\033', '[', '3', digit, 'm', 0 }, bg[] = { '\033', '[', '4', digit, 'm', 0 };

		assert_null(strstr(buf_str(&p->raw), fg));
		assert_null(strstr(buf_str(&p->raw), bg));
	}
	finish(p);
}

static pid_t shown_pid(struct pty *p)
{
	char *line = pty_row(p, 0), *at = strstr(line, "mmscope  ");
	long pid = at ? strtol(at + strlen("mmscope  "), NULL, 10) : 0;

	free(line);
	if (pid <= 1)
		pty_fail(p, "no pid in the first row");
	return (pid_t)pid;
}

/* The last picture stays and can be gone about in. */
static void test_ended_target(void **state)
{
	const char *const argv[] = { PROGRAM, "run", "--", "cat", NULL };
	struct pty *p = pty_start(24, 100, NULL, argv);

	(void)state;
	pty_wait(p, " cat ");
	pty_wait(p, "[stack]");
	kill(shown_pid(p), SIGTERM);
	pty_wait(p, "ended: killed by SIGTERM");
	wait_room(p, "1", "table");
	pty_send(p, "2");
	wait_room(p, "2", "pages");
	pty_wait(p, "[stack]");
	finish(p);
}

/* However short its life, what run started is reaped and its status shown. */
static void test_run_ends_at_once(void **state)
{
	const char *const argv[] = { PROGRAM, "run", "--", "sh", "-c", "exit 3", NULL };
	struct pty *p = pty_start(24, 100, NULL, argv);

	(void)state;
	pty_wait(p, "ended: exit status 3");
	finish(p);
}

/* The bundled demo: its output does not reach the screen, and it ends with mmscope. */
static void test_run_demo(void **state)
{
	const char *const argv[] = { PROGRAM, "run", NULL };
	struct pty *p = pty_start(30, 110, NULL, argv);

	(void)state;
	pty_wait(p, "mmscope-demo");
	pty_wait(p, "live 10 Hz");
	pty_send(p, "3");
	pty_wait(p, "RLIMIT_STACK");
	finish(p);
}

/* The course, a lesson, a second kernel beside it, and a real process at its place and back. */
static void test_lessons(void **state)
{
	const char *const argv[] = { PROGRAM, "sim", NULL };
	struct pty *p = pty_start(30, 100, NULL, argv);

	(void)state;
	pty_wait(p, "The course: from addresses to memory");
	pty_wait(p, "Proven on the kernel itself: 6.18");
	pty_wait(p, "From source: ");
	pty_send(p, "\r");
	pty_wait_gone(p, "The course:");
	pty_wait(p, "What is an address space?");
	pty_send(p, ">>");
	pty_send(p, "C");
	pty_wait(p, "play on a second kernel");
	pty_send(p, "5.10\r");
	wait_room(p, "A", "compare");
	pty_wait(p, "5.10-x86_64");
	pty_send(p, "x");
	wait_room(p, "x", "contexts");
	pty_send(p, "I");
	wait_room(p, "I", "index");
	pty_send(p, "U");
	wait_room(p, "U", "cpu");
	pty_send(p, "X");
	/* Where ptrace is not allowed that is said, and the scenario stays. */
	while (!pty_shows(p, "live 10 Hz") && !pty_shows(p, "trac")) {
		size_t before = p->raw.len;

		pty_wait_raw(p, before, "\033");
	}
	if (pty_shows(p, "live 10 Hz")) {
		wait_room(p, "8", "kstack");
		pty_wait(p, "X back to the scenario");
		pty_send(p, "X");
	}
	wait_room(p, "U", "cpu");
	pty_wait(p, "sim 6.18-x86_64");
	finish(p);
}

/* Who has nothing to say notices all the same that nobody listens any more. */
static void test_plain_unheard(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "trap '' HUP; exec " PROGRAM
				     " --plain -d 3600 run -- sleep 3600", NULL };
	struct pty *p = pty_start(24, 80, NULL, argv);
	int status;

	(void)state;
	pty_wait_raw(p, 0, "is sleeping");
	status = pty_hang_up(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	pty_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_frame),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_terminal_closed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_no_color),
		cmocka_unit_test(test_ended_target),
		cmocka_unit_test(test_run_ends_at_once),
		cmocka_unit_test(test_run_demo),
		cmocka_unit_test(test_lessons),
		cmocka_unit_test(test_plain_unheard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
