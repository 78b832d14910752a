/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/text.h"

enum { LINES_KEPT = 500, LINE_BYTES = 1000 };

/* Where in an escape sequence the output stands: colours of the child are not for us. */
enum escape { PLAIN, ESCAPED, CSI, OSC };

struct child {
	pid_t pid;
	int fd;
	bool ended;
	int status;
	char *lines[LINES_KEPT];	/* a ring */
	size_t first, n;
	struct buf line;		/* the one being written, raw */
	enum escape escape;
	struct buf shown;		/* the same, sanitised */
};

static void run(char *const argv[], int report)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* kernel.yama.ptrace_scope=1: whoever is asked for registers is a child of our parent. */
	prctl(PR_SET_PTRACER, (unsigned long)getppid());
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	if (write(report, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

struct error *child_start(char *const argv[], struct child **ret)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct child *c;
	int report[2], fd, failed;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return error_os(ERR_FAILURE, errno, "cannot make a pipe");
	pid = forkpty(&fd, NULL, NULL, &size);
	if (pid < 0) {
		int errnum = errno;

		close(report[0]);
		close(report[1]);
		return error_os(ERR_FAILURE, errnum, "cannot start %s", argv[0]);
	}
	if (pid == 0)
		run(argv, report[1]);
	close(report[1]);
	if (read(report[0], &failed, sizeof(failed)) == (ssize_t)sizeof(failed)) {
		close(report[0]);
		close(fd);
		waitpid(pid, NULL, 0);
		return error_os(ERR_FAILURE, failed, "cannot run %s", argv[0]);
	}
	close(report[0]);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	c = xcalloc(1, sizeof(*c));
	c->pid = pid;
	c->fd = fd;
	*ret = c;
	return NULL;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

int child_fd(const struct child *c)
{
	return c->fd;
}

static void end_line(struct child *c)
{
	size_t at = (c->first + c->n) % LINES_KEPT;

	if (c->n == LINES_KEPT) {
		free(c->lines[c->first]);
		c->first = (c->first + 1) % LINES_KEPT;
	} else {
		c->n++;
	}
	c->lines[at] = xstrdup(buf_str(&c->shown));
	buf_reset(&c->line);
	buf_reset(&c->shown);
}

/* Colours and titles are dropped, everything else that is not text is made visible. */
static void take(struct child *c, char ch)
{
	if (c->escape == ESCAPED) {
		c->escape = ch == '[' ? CSI : ch == ']' ? OSC : PLAIN;
	} else if (c->escape == CSI) {
		if (ch >= '@' && ch <= '~')
			c->escape = PLAIN;
	} else if (c->escape == OSC) {
		if (ch == '\a')
			c->escape = PLAIN;
		else if (ch == '\033')
			c->escape = ESCAPED;
	} else if (ch == '\033') {
		c->escape = ESCAPED;
	} else if (ch == '\n') {
		buf_reset(&c->shown);
		text_sanitize(&c->shown, buf_str(&c->line), c->line.len, 0);
		end_line(c);
	} else if (ch == '\t') {
		buf_addc(&c->line, ' ');
	} else if (ch != '\r' && c->line.len < LINE_BYTES) {
		buf_addc(&c->line, ch);
	}
}

void child_drain(struct child *c)
{
	char bytes[4096];
	ssize_t n;

	/* Bounded, so that a flood of output does not keep the screen waiting. */
	for (int round = 0; round < 16 && c->fd >= 0; round++) {
		n = read(c->fd, bytes, sizeof(bytes));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {		/* EIO: the last holder of the other side is gone */
			close(c->fd);
			c->fd = -1;
			break;
		}
		for (ssize_t i = 0; i < n; i++)
			take(c, bytes[i]);
	}
	buf_reset(&c->shown);
	text_sanitize(&c->shown, buf_str(&c->line), c->line.len, 0);
}

size_t child_lines(const struct child *c)
{
	return c->n + (c->line.len > 0);
}

const char *child_line(const struct child *c, size_t i)
{
	return i < c->n ? c->lines[(c->first + i) % LINES_KEPT] : buf_str(&c->shown);
}

bool child_ended(struct child *c, int *status)
{
	if (!c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	if (c->ended)
		*status = c->status;
	return c->ended;
}

void child_stop(struct child *c)
{
	int status;

	if (!c)
		return;
	if (!child_ended(c, &status)) {
		/* It leads a session of its own: the group hears of the hang-up. */
		kill(-c->pid, SIGHUP);
		kill(-c->pid, SIGCONT);
		for (int i = 0; i < 20 && !child_ended(c, &status); i++)
			usleep(5000);
	}
	if (!c->ended) {
		kill(-c->pid, SIGKILL);
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	if (c->fd >= 0)
		close(c->fd);
	for (size_t i = 0; i < c->n; i++)
		free(c->lines[(c->first + i) % LINES_KEPT]);
	buf_free(&c->line);
	buf_free(&c->shown);
	free(c);
}
