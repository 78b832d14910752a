/* SPDX-License-Identifier: GPL-2.0-or-later
 * term_curses on a real pseudo-terminal, by way of term_toy.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "tests/pty/ptyscreen.h"

#define TOY "tests/pty/term_toy"

static struct pty *start(const char *const env[])
{
	const char *const argv[] = { TOY, NULL };

	return pty_start(24, 80, env, argv);
}

/* Shown and read: the toy marks the place in its output. Returns the bytes so far. */
static size_t settle(struct pty *p)
{
	static const char mark[] = "\033]777;b\a";
	size_t before = p->raw.len;

	pty_send(p, "b");
	pty_wait_raw(p, before, mark);
	if (p->raw.len < sizeof(mark) || strcmp(p->raw.data + p->raw.len - strlen(mark), mark))
		pty_fail(p, "something was written behind the mark");
	return p->raw.len;
}

static void check_row(struct pty *p, int row, const char *want)
{
	char *text = pty_row(p, row);

	if (strcmp(text, want))
		pty_fail(p, "row %d is \"%s\", not \"%s\"", row, text, want);
	free(text);
}

static void quit(struct pty *p)
{
	pty_send(p, "q");
	if (pty_wait_end(p))
		pty_fail(p, "status 0x%x", (unsigned)p->status);
	pty_check_restored(p);
	pty_destroy(p);
}

static void test_first_frame(void **state)
{
	struct pty *p = start(NULL);
	VTermScreenCell cell;

	(void)state;
	pty_wait(p, "frame 0");
	settle(p);
	check_row(p, 0, "toy 24x80 depth 3");
	check_row(p, 2, "┌──────────┐");
	check_row(p, 3, "│heap 漢 → é");
	check_row(p, 4, "│selected  │");
	assert_true(p->alt_screen);
	assert_true(p->cursor_visible);
	assert_int_equal(p->cursor_row, 4);
	assert_int_equal(p->cursor_col, 3);
	assert_int_equal(p->mouse, VTERM_PROP_MOUSE_CLICK);
	vterm_screen_get_cell(p->screen, (VTermPos){ 4, 1 }, &cell);
	assert_true(cell.attrs.bold);
	assert_false(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
	pty_send(p, "h");
	pty_send(p, "+");
	pty_wait(p, "frame 1");
	settle(p);
	assert_false(p->cursor_visible);
	quit(p);
}

static void test_keys(void **state)
{
	static const struct { const char *bytes, *name; } keys[] = {
		{ "a", "a" }, { "é", "é" }, { " ", "Space" }, { "\r", "Enter" }, { "\t", "Tab" },
		{ "\177", "Backspace" }, { "\f", "C-l" }, { "\003", "C-c" }, { "\032", "C-z" },
		{ "\033OA", "Up" }, { "\033[A", "Up" }, { "\033OD", "Left" }, { "\033[B", "Down" },
		{ "\033[5~", "PgUp" }, { "\033[6~", "PgDn" }, { "\033OH", "Home" }, { "\033[H", "Home" },
		{ "\033OF", "End" }, { "\033[4~", "End" }, { "\033[3~", "Delete" }, { "\033[Z", "S-Tab" },
		{ "\033OP", "F1" }, { "\033[15~", "F5" }, { "\033[24~", "F12" }, { "\033", "Esc" },
	};
	struct pty *p = start(NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char *want = xasprintf("key %s.", keys[i].name);

		pty_send(p, keys[i].bytes);
		pty_wait(p, want);
		free(want);
		pty_send(p, "w");		/* so that the next one shows */
		pty_wait(p, "key w.");
	}
	/* A sequence nobody knows is no key, and no part of it is one. */
	pty_send(p, "\033[1;2;3x\033[99~\033[Ia");
	pty_wait(p, "key a.");
		pty_send(p, "\033[1;5A");
	pty_wait(p, "key Up.");
	quit(p);
}

static void check_mouse(const char *term)
{
	char *env_term = xasprintf("TERM=%s", term);
	const char *const env[] = { env_term, NULL }, *const argv[] = { TOY, NULL };
	struct pty *p = pty_start(24, 300, env, argv);

	pty_wait(p, "frame 0");
	pty_send(p, "\033[<0;245;3M\033[<0;245;3m");
	pty_wait(p, "mouse 1 at 2,244.");
	pty_send(p, "\033[<0;12;4M\033[<0;12;4m\033[<0;12;4M");
	pty_wait(p, "mouse 1 at 3,11 twice.");
	pty_send(p, "\033[<2;1;1M");
	pty_wait(p, "mouse 3 at 0,0.");
	pty_send(p, "\033[<64;5;6M");
	pty_wait(p, "mouse 4 at 5,4.");
	pty_send(p, "\033[<65;5;6M");
	pty_wait(p, "mouse 5 at 5,4.");
	pty_send(p, "\033[M !!");		/* the old way: left, 1, 1 */
	pty_wait(p, "mouse 1 at 0,0.");
	pty_send(p, "\033[<35;9;9M\033[<0;999;9Mv");	/* a motion; outside: not news */
	pty_wait(p, "key v.");
	assert_int_equal(p->mouse, VTERM_PROP_MOUSE_CLICK);
	pty_send(p, "m+");
	pty_wait(p, "frame 1");
	settle(p);
	assert_int_equal(p->mouse, VTERM_PROP_MOUSE_NONE);
	quit(p);
	free(env_term);
}

static void test_mouse(void **state)
{
	(void)state;
	check_mouse("xterm-256color");
	check_mouse("screen-256color");
}

static void test_paste(void **state)
{
	struct pty *p = start(NULL);

	(void)state;
	pty_wait(p, "frame 0");
	pty_send(p, "\033[200~q é\tx\r\nS\033[201~");
	pty_wait(p, "paste [q é x  S].");
	pty_send(p, "\033[200~first ");
	pty_send(p, "\033[A second");
	pty_send(p, "\033[201~");
	pty_wait(p, "paste [first [A second].");
	quit(p);
}

static void test_resize(void **state)
{
	struct pty *p = start(NULL);

	(void)state;
	pty_wait(p, "toy 24x80");
	pty_resize(p, 3, 10);
	pty_wait(p, "toy 3x10");
	pty_resize(p, 50, 200);
	pty_wait(p, "toy 50x200");
	pty_wait(p, "frame 0");
	pty_wait(p, "resized.");
	quit(p);
}

/* What did not change is not written again, however often it is shown. */
static void test_nothing_changed(void **state)
{
	struct pty *p = start(NULL);
	size_t before, mark, plain;

	(void)state;
	pty_wait(p, "frame 0");
	before = settle(p);
	mark = settle(p) - before;
	assert_int_equal(mark, strlen("\033]777;b\a"));
	pty_send(p, "uuuuuuuuuuuuuuuuuuuu");
	before += mark;
	assert_int_equal(settle(p) - before, mark);
	before = p->raw.len;
	pty_send(p, "+");
	plain = settle(p) - before - mark;
	assert_in_range(plain, 1, 100);
	quit(p);
}

static void test_redraw(void **state)
{
	struct pty *p = start(NULL);
	size_t before;

	(void)state;
	pty_wait(p, "frame 0");
	before = settle(p);
	pty_send(p, "L");
	pty_wait_raw(p, before, "toy 24x80");
	pty_wait_raw(p, before, "frame 0");
	quit(p);
}

/* A frame of many changes is wrapped in a synchronised update, and no cell is outside. */
static void test_synchronised(void **state)
{
	static const char end[] = "\033[?2026l\033]777;b\a";
	struct pty *p = start(NULL);
	size_t before;
	const char *raw;

	(void)state;
	pty_wait(p, "frame 0");
	before = settle(p);
	pty_send(p, "n");
	settle(p);
	raw = buf_str(&p->raw) + before;
	assert_int_equal(strncmp(raw, "\033[?2026h", 8), 0);
	assert_true(strlen(raw) > 1000);
	assert_string_equal(raw + strlen(raw) - strlen(end), end);
	assert_ptr_equal(strstr(raw, "\033[?2026l"), raw + strlen(raw) - strlen(end));
	quit(p);
}

static void check_copy(struct pty *p, const char *key, const char *want)
{
	size_t before = settle(p);
	const char *seq;

	pty_send(p, key);
	pty_wait_raw(p, before, "\a");
	seq = strstr(buf_str(&p->raw) + before, "\033]52;c;");
	assert_non_null(seq);
	assert_int_equal(strncmp(seq + 7, want, strlen(want)), 0);
	assert_true(strlen(seq) <= 74 * 1024 + 200);
}

static void test_copy(void **state)
{
	struct pty *p = start(NULL);

	(void)state;
	pty_wait(p, "frame 0");
	check_copy(p, "c", "YVx4MWJiCmPDqQ==\a");	/* a\x1bb, newline, cé */
	check_copy(p, "C", "w6lceDFi");
	quit(p);
}

static void test_stderr(void **state)
{
	struct pty *p = start(NULL);

	(void)state;
	pty_wait(p, "frame 0");
	pty_send(p, "e+");
	pty_wait(p, "frame 1");
	settle(p);
	assert_null(strstr(buf_str(&p->raw), "a library speaks"));
	quit(p);
	p = start(NULL);
	pty_send(p, "eq");
	assert_int_equal(pty_wait_end(p), 0);
	assert_true(pty_shows(p, "a library speaks"));
	assert_true(pty_shows(p, "toy ended"));
	pty_destroy(p);
}

static void test_suspend(void **state)
{
	struct pty *p = start(NULL);

	(void)state;
	for (int i = 0; i < 3; i++) {
		size_t before;

		pty_wait(p, "frame 0");
		settle(p);
		if (i < 1)
			pty_send(p, "z");		/* the command */
		else
			kill(p->pid, i == 1 ? SIGTSTP : SIGSTOP);
		pty_wait_stop(p);
		if (i < 2)
			pty_check_restored(p);
		before = p->raw.len;
		pty_continue(p);
		pty_wait_raw(p, before, "frame 0");
		pty_wait_raw(p, before, "selected");
		if (!p->alt_screen || p->mouse != VTERM_PROP_MOUSE_CLICK)
			pty_fail(p, "the screen is not taken again");
	}
	pty_send(p, "+");
	pty_wait(p, "frame 1");
	quit(p);
}

static void test_signals(void **state)
{
	static const int sigs[] = {
		SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		struct pty *p = start(NULL);
		int status;

		pty_wait(p, "frame 0");
		kill(p->pid, sigs[i]);
		status = pty_wait_end(p);
		pty_check_restored(p);
#ifndef __SANITIZE_ADDRESS__
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), sigs[i]);
#else
		assert_int_not_equal(status, 0);
#endif
		pty_destroy(p);
	}
}

static void check_end(const char *key, int sig, int code, const char *said)
{
	struct pty *p = start(NULL);
	int status;

	pty_wait(p, "frame 0");
	pty_send(p, key);
	status = pty_wait_end(p);
	pty_check_restored(p);
#ifdef __SANITIZE_ADDRESS__
	if (sig)
		sig = WIFSIGNALED(status) ? sig : 0, code = WEXITSTATUS(status), said = NULL;
#endif
	if (sig ? !WIFSIGNALED(status) || WTERMSIG(status) != sig :
	    !WIFEXITED(status) || WEXITSTATUS(status) != code)
		pty_fail(p, "status 0x%x after '%s'", (unsigned)status, key);
	if (said && !pty_shows(p, said))
		pty_fail(p, "'%s' is not said", said);
	pty_destroy(p);
}

static void test_crashes(void **state)
{
	(void)state;
	check_end("S", SIGSEGV, 0, NULL);
	check_end("V", SIGSEGV, 0, NULL);	/* the stack itself is used up */
	check_end("A", SIGABRT, 0, NULL);
	check_end("eA", SIGABRT, 0, "a library speaks");
	check_end("X", 0, 7, NULL);
#ifndef __SANITIZE_ADDRESS__
	check_end("M", 0, 1, "out of memory");
#endif
}

static void test_terminal_closed(void **state)
{
	const char *const argv[] = { TOY, NULL }, *const nohup[] = { TOY, "nohup", NULL };
	struct pty *p = pty_start(24, 80, NULL, argv);
	int status;

	(void)state;
	pty_wait(p, "frame 0");
	status = pty_hang_up(p);
	assert_true(WIFSIGNALED(status) || WIFEXITED(status));
	pty_destroy(p);
	p = pty_start(24, 80, NULL, nohup);
	pty_wait(p, "frame 0");
	status = pty_hang_up(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 9);
	pty_destroy(p);
}

static void check_refused(const char *term, const char *said)
{
	const char *const env[] = { term, NULL };
	struct pty *p = start(env);
	int status = pty_wait_end(p);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1 || !pty_shows(p, said) ||
	    !pty_shows(p, "--batch"))
		pty_fail(p, "%s: status 0x%x, '%s'?", term, (unsigned)status, said);
	pty_check_restored(p);
	pty_destroy(p);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("TERM=dumb", "cannot move its cursor");
	check_refused("TERM=no-such-terminal", "'no-such-terminal' (TERM) is unknown");
	check_refused("TERM=unknown", "unknown");
	check_refused("TERM=", "TERM is not set");
}

static void check_term(const char *const env[], const char *said, bool ascii)
{
	struct pty *p = start(env);
	static const char *const rows[][2] = {
		{ "┌──────────┐", "+----------+" }, { "│heap 漢 → é", "|heap ?? > ?" },
	};

	pty_wait(p, "frame 0");
	pty_wait(p, said);
	settle(p);
	check_row(p, 2, rows[0][ascii]);
	check_row(p, 3, rows[1][ascii]);
	assert_int_equal(p->cursor_row, 4);
	assert_int_equal(p->cursor_col, 3);
	pty_send(p, "\033[A");
	pty_wait(p, "key Up.");
	pty_send(p, "n");
	pty_send(p, "+");
	pty_wait(p, "frame 1");
	if (ascii)
		for (size_t i = 0; i < p->raw.len; i++)
			assert_true((unsigned char)p->raw.data[i] < 0x80);
	quit(p);
}

static void test_terminals(void **state)
{
	/* A description of direct colours need not be installed. */
	const char *truecolor = system("infocmp xterm-direct >/dev/null 2>&1") ? "depth 3" : "depth 4";
	const struct { const char *env[4], *said; bool ascii; } cases[] = {
		{ { "TERM=xterm-256color" }, "depth 3", false },
		{ { "TERM=tmux-256color" }, "depth 3", false },
		{ { "TERM=screen" }, "depth 1", false },
		{ { "TERM=linux" }, "depth 1", false },
		{ { "TERM=vt100" }, "depth 0", false },
		{ { "TERM=alacritty" }, "depth 3", false },
		{ { "TERM=xterm-ghostty", "COLORTERM=truecolor" }, truecolor, false },
		{ { "TERM=xterm-256color", "NO_COLOR=1" }, "depth 0", false },
		{ { "TERM=xterm-256color", "NO_COLOR=" }, "depth 3", false },
		{ { "TERM=xterm-256color", "NO_COLOR=1", "FORCE_COLOR=1" }, "depth 3", false },
		{ { "TERM=xterm-256color", "CLICOLOR=0" }, "depth 0", false },
		{ { "TERM=xterm-256color", "LC_ALL=C" }, "depth 3", true },
		{ { "TERM=vt100", "LC_ALL=C" }, "depth 0", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_term(cases[i].env, cases[i].said, cases[i].ascii);
}

/* A colour is set somewhere in the bytes: 30..38, 40..48, 90.. as a parameter of SGR. */
static bool sets_colour(const char *raw)
{
	while ((raw = strstr(raw, "\033["))) {
		size_t n = strspn(raw += 2, "0123456789;");
		const char *p = raw;

		while (raw[n] == 'm' && p < raw + n) {
			long v = strtol(p, (char **)&p, 10);

			if ((v >= 30 && v <= 48 && v != 39) || v >= 90)
				return true;
			p += *p == ';';
		}
	}
	return false;
}

/* Without colours nothing but attributes is written. */
static void test_no_color(void **state)
{
	const char *const env[] = { "NO_COLOR=1", NULL };
	struct pty *p = start(env);

	(void)state;
	pty_wait(p, "frame 0");
	pty_send(p, "n+");
	pty_wait(p, "frame 1");
	settle(p);
	assert_false(sets_colour(buf_str(&p->raw)));
	assert_non_null(strstr(buf_str(&p->raw), ";1m"));
	quit(p);
	p = start(NULL);
	pty_wait(p, "frame 0");
	settle(p);
	assert_true(sets_colour(buf_str(&p->raw)));
	quit(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_frame),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_nothing_changed),
		cmocka_unit_test(test_redraw),
		cmocka_unit_test(test_synchronised),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_stderr),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test(test_terminal_closed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_no_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
