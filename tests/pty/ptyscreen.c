/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/pty/ptyscreen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"

#define DEADLINE_MS 60000

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct pty *p = user;

	if (prop == VTERM_PROP_ALTSCREEN)
		p->alt_screen = value->boolean;
	else if (prop == VTERM_PROP_CURSORVISIBLE)
		p->cursor_visible = value->boolean;
	else if (prop == VTERM_PROP_MOUSE)
		p->mouse = value->number;
	return 1;
}

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct pty *p = user;

	(void)old;
	(void)visible;
	p->cursor_row = pos.row;
	p->cursor_col = pos.col;
	return 1;
}

static const VTermScreenCallbacks callbacks = {
	.settermprop = on_property,
	.movecursor = on_cursor,
};

/* Only what a test says, and what a build with instruments needs. */
static void set_environment(const char *const env[])
{
	static const char *const kept[] = {
		"PATH", "srcdir", "abs_srcdir", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
		"LLVM_PROFILE_FILE", "GCOV_PREFIX",
	};
	const char *values[ARRAY_LEN(kept)];

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		values[i] = getenv(kept[i]);
	clearenv();
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (values[i])
			setenv(kept[i], values[i], 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("HOME", "/nonexistent", 1);
	for (; env && *env; env++)
		putenv((char *)*env);
}

/* ---- the leader: what a shell does for a foreground job ---- */

static pid_t job;

static void pass_hangup(int sig)
{
	if (job > 0)
		kill(-job, sig);
}

static void start_job(const char *const env[], const char *const argv[])
{
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
	set_environment(env);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

/* Lives until the test goes, so that the terminal is not hung up when the job ends. */
static void lead(int slave, int news, int orders, const char *const env[], const char *const argv[])
{
	int status;
	char order;

	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	signal(SIGHUP, pass_hangup);
	signal(SIGTTOU, SIG_IGN);
	job = fork();
	if (job == 0) {
		/* Not what a shell ignores for its background jobs. */
		for (int sig = 1; sig < NSIG; sig++)
			signal(sig, SIG_DFL);
		close(news);
		close(orders);
		dup2(slave, STDIN_FILENO);
		dup2(slave, STDOUT_FILENO);
		dup2(slave, STDERR_FILENO);
		close(slave);
		start_job(env, argv);
	}
	if (write(news, &job, sizeof(job)) != sizeof(job))
		_exit(1);
	do {
		while (waitpid(job, &status, WUNTRACED) < 0)
			if (errno != EINTR)
				_exit(1);
		if (write(news, &status, sizeof(status)) != sizeof(status))
			_exit(1);
	} while (WIFSTOPPED(status));
	while (read(orders, &order, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

struct pty *pty_start(int rows, int cols, const char *const env[], const char *const argv[])
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	struct pty *p = xcalloc(1, sizeof(*p));
	int news[2], orders[2];

	p->rows = rows;
	p->cols = cols;
	p->cursor_visible = true;
	p->vt = vterm_new(rows, cols);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_set_callbacks(p->screen, &callbacks, p);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_screen_reset(p->screen, 1);
	if (openpty(&p->master, &p->slave, NULL, NULL, &ws) < 0 || pipe2(news, O_CLOEXEC) < 0 ||
	    pipe2(orders, O_CLOEXEC) < 0)
		pty_fail(p, "cannot make a terminal: %s", strerror(errno));
	fcntl(p->master, F_SETFD, FD_CLOEXEC);
	tcgetattr(p->slave, &p->before);
	fflush(NULL);
	p->leader = fork();
	if (p->leader == 0) {
		close(p->master);
		close(news[0]);
		close(orders[1]);
		lead(p->slave, news[1], orders[0], env, argv);
	}
	close(news[1]);
	close(orders[0]);
	p->news = news[0];
	p->orders = orders[1];
	if (read(p->news, &p->pid, sizeof(p->pid)) != sizeof(p->pid))
		pty_fail(p, "the program did not start");
	return p;
}

void pty_destroy(struct pty *p)
{
	if (!p->ended) {
		kill(p->pid, SIGKILL);
		kill(p->pid, SIGCONT);
	}
	if (p->master >= 0) {
		close(p->master);
		close(p->slave);
	}
	close(p->orders);
	close(p->news);
	kill(p->leader, SIGKILL);
	waitpid(p->leader, NULL, 0);
	vterm_free(p->vt);
	buf_free(&p->raw);
	free(p);
}

char *pty_row(const struct pty *p, int row)
{
	VTermRect rect = { .start_row = row, .end_row = row + 1, .end_col = p->cols };
	size_t size = (size_t)p->cols * 24 + 1, n;
	char *text = xcalloc(size, 1);

	n = vterm_screen_get_text(p->screen, text, size - 1, rect);
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\n'))
		text[--n] = '\0';
	return text;
}

void pty_fail(const struct pty *p, const char *fmt, ...)
{
	struct buf said = BUF_INIT;
	size_t from = p->raw.len > 600 ? p->raw.len - 600 : 0;
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n--- the screen, %d x %d%s:\n", p->rows, p->cols, p->alt_screen ? ", alternate" : "");
	for (int row = 0; row < p->rows; row++) {
		char *text = pty_row(p, row);

		fprintf(stderr, "%s\n", text);
		free(text);
	}
	text_sanitize(&said, buf_str(&p->raw) + from, p->raw.len - from, 0);
	fprintf(stderr, "--- last bytes: %s\n", buf_str(&said));
	if (!p->ended)
		kill(p->pid, SIGKILL);
	exit(1);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

static void take_news(struct pty *p)
{
	int status;

	if (read(p->news, &status, sizeof(status)) != sizeof(status))
		pty_fail(p, "the leader is gone");
	if (WIFSTOPPED(status)) {
		p->stopped = true;
	} else {
		p->ended = true;
		p->status = status;
	}
}

static void take_output(struct pty *p)
{
	char chunk[4096];
	ssize_t n = read(p->master, chunk, sizeof(chunk));

	if (n <= 0)
		return;
	p->bytes += (size_t)n;
	buf_add(&p->raw, chunk, (size_t)n);
	vterm_input_write(p->vt, chunk, (size_t)n);
	vterm_screen_flush_damage(p->screen);
	/* What a terminal answers goes back to the program. */
	n = (ssize_t)vterm_output_read(p->vt, chunk, sizeof(chunk));
	if (n > 0 && write(p->master, chunk, (size_t)n) != n)
		pty_fail(p, "the program does not read");
}

/* Takes what there is, output before news; false when nothing came in time. */
static bool take(struct pty *p, long timeout)
{
	struct pollfd fds[] = {
		{ .fd = p->master, .events = POLLIN },
		{ .fd = p->ended ? -1 : p->news, .events = POLLIN },
	};

	if (poll(fds, 2, (int)timeout) <= 0)
		return false;
	if (fds[0].revents & POLLIN)
		take_output(p);
	else if (fds[1].revents)
		take_news(p);
	return true;
}

/* Once more, or the test has failed. The program may have ended: what it wrote is all there. */
static void take_more(struct pty *p, long deadline, const char *what, const char *text)
{
	long left = p->ended ? 0 : deadline - now_ms();

	if (left < 0 || !take(p, left))
		pty_fail(p, "waited in vain for %s%s%s%s", what, *text ? " \"" : "", text, *text ? "\"" : "");
}

void pty_send(struct pty *p, const char *keys)
{
	size_t n = strlen(keys);

	while (n) {
		ssize_t done = write(p->master, keys, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			pty_fail(p, "cannot send: %s", strerror(errno));
		keys += done;
		n -= (size_t)done;
	}
}

void pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	p->rows = rows;
	p->cols = cols;
	vterm_set_size(p->vt, rows, cols);
	if (ioctl(p->master, TIOCSWINSZ, &ws) < 0)
		pty_fail(p, "TIOCSWINSZ: %s", strerror(errno));
}

bool pty_shows(const struct pty *p, const char *text)
{
	bool found = false;

	for (int row = 0; row < p->rows && !found; row++) {
		char *line = pty_row(p, row);

		found = strstr(line, text) != NULL;
		free(line);
	}
	return found;
}

void pty_wait(struct pty *p, const char *text)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (!pty_shows(p, text))
		take_more(p, deadline, "the text", text);
}

void pty_wait_gone(struct pty *p, const char *text)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (pty_shows(p, text))
		take_more(p, deadline, "the end of", text);
}

void pty_wait_raw(struct pty *p, size_t from, const char *text)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (!memmem(buf_str(&p->raw) + from, p->raw.len - from, text, strlen(text)))
		take_more(p, deadline, "the bytes", text);
}

int pty_wait_end(struct pty *p)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (!p->ended)
		take_more(p, deadline, "its end", "");
	while (take(p, 0))
		;
	return p->status;
}

void pty_wait_stop(struct pty *p)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (!p->stopped)
		take_more(p, deadline, "its stop", "");
	while (take(p, 0))
		;
}

void pty_continue(struct pty *p)
{
	p->stopped = false;
	kill(-p->pid, SIGCONT);
}

int pty_hang_up(struct pty *p)
{
	long deadline = now_ms() + DEADLINE_MS;

	close(p->slave);
	close(p->master);
	p->master = p->slave = -1;
	while (!p->ended)
		take_more(p, deadline, "its end after the terminal was closed", "");
	return p->status;
}

void pty_check_restored(struct pty *p)
{
	char *line = pty_row(p, p->cursor_row);
	struct termios now;

	if (line[strspn(line, " ")])
		pty_fail(p, "the shell would go on in a line that is not empty: %s", line);
	free(line);
	if (p->alt_screen)
		pty_fail(p, "the alternate screen is still on");
	if (!p->cursor_visible)
		pty_fail(p, "the cursor is still hidden");
	if (p->mouse != VTERM_PROP_MOUSE_NONE)
		pty_fail(p, "the mouse is still on");
	if (tcgetattr(p->slave, &now) < 0)
		pty_fail(p, "tcgetattr: %s", strerror(errno));
	if (now.c_iflag != p->before.c_iflag || now.c_oflag != p->before.c_oflag ||
	    now.c_lflag != p->before.c_lflag || now.c_cflag != p->before.c_cflag ||
	    memcmp(now.c_cc, p->before.c_cc, sizeof(now.c_cc)))
		pty_fail(p, "the modes of the terminal are not those of before");
}
