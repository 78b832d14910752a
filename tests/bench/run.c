/* SPDX-License-Identifier: GPL-2.0-or-later
 * Commands and terminals, timed.
 */
#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

#define FRAME_END "\033[?2026l"		/* the end of a synchronised update */
#define QUIET_MS 60

#define QUIET_PATIENCE_MS 4000
#define QUIET_WINDOW_MS 60

int busy_rounds, all_rounds;

/* Clock ticks of all CPUs: all of them, and those idle. */
static void ticks(double *all, double *idle)
{
	FILE *f = fopen("/proc/stat", "re");
	double v[8] = { 0 };

	if (f && fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
			&v[6], &v[7]) == 8)
		*idle = v[3] + v[4];
	*all = 0;
	for (int i = 0; i < 8; i++)
		*all += v[i];
	if (f)
		fclose(f);
}

void wait_for_quiet(void)
{
	double end = now_ms() + QUIET_PATIENCE_MS;

	all_rounds++;
	for (;;) {
		double all, idle = 0, all_after, idle_after = 0;

		ticks(&all, &idle);
		usleep(QUIET_WINDOW_MS * 1000);
		ticks(&all_after, &idle_after);
		if (all_after <= all || idle_after - idle >= 0.9 * (all_after - all))
			return;
		if (now_ms() > end)
			break;
	}
	busy_rounds++;
}

void take_turns(struct turn *turns, size_t n)
{
	for (size_t i = 0; i < (size_t)rounds; i++) {
		wait_for_quiet();
		for (size_t k = 0; k < n; k++) {
			struct turn *t = &turns[(i + k) % n];
			double v = t->every && i % (size_t)t->every ? -1 : t->take(t->arg);

			if (v >= 0)
				side_add(&t->side, v);
		}
	}
}

bool have(const char *program)
{
	char *path = xstrdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"), *save = NULL;
	bool found = false;

	for (char *dir = strtok_r(path, ":", &save); dir && !found; dir = strtok_r(NULL, ":", &save)) {
		char *file = xasprintf("%s/%s", dir, program);

		found = !access(file, X_OK);
		free(file);
	}
	free(path);
	return found;
}

char **words(const char *line, pid_t pid)
{
	static char text[512], *argv[16];
	char *save = NULL;
	size_t len = 0;
	int n = 0;

	for (const char *p = line; *p && len + 16 < sizeof(text); p++) {
		if (!strncmp(p, "PID", 3)) {
			len += (size_t)sprintf(text + len, "%d", (int)pid);
			p += 2;
		} else {
			text[len++] = *p;
		}
	}
	text[len] = '\0';
	for (char *w = strtok_r(text, " ", &save); w && n < 15; w = strtok_r(NULL, " ", &save))
		argv[n++] = strcmp(w, "MMSCOPE") ? w : (char *)mmscope;
	argv[n] = NULL;
	return argv;
}

double run_ms(char *const argv[], double *max_rss_mib)
{
	double start = now_ms();
	struct rusage usage;
	pid_t pid = vfork();
	int status;

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status)
		return -1;
	if (max_rss_mib)
		*max_rss_mib = (double)usage.ru_maxrss / 1024;
	return now_ms() - start;
}

double gdb_mappings_ms(pid_t pid, double *max_rss_mib)
{
	char command[64];
	char *argv[] = { (char *)"gdb", (char *)"-nx", (char *)"-batch", (char *)"-ex", command, NULL };

	snprintf(command, sizeof(command), "info proc mappings %d", (int)pid);
	return run_ms(argv, max_rss_mib);
}

bool pty_start(struct pty *p, char *const argv[])
{
	struct winsize size = { .ws_row = 60, .ws_col = 200 };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;

	memset(p, 0, sizeof(*p));
	p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->fd < 0 || grantpt(p->fd) || unlockpt(p->fd))
		return false;
	ioctl(p->fd, TIOCSWINSZ, &size);
	/* Spawned as run_ms() spawns: a fork would charge copying our memory to this side. */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, ptsname(p->fd), O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 0, 1);
	posix_spawn_file_actions_adddup2(&actions, 0, 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	p->started = now_ms();
	if (posix_spawnp(&p->pid, argv[0], &actions, &attr, argv, environ))
		p->pid = -1;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	return p->pid > 0;
}

/* What a terminal would answer: its attributes, its background. */
static void pty_answer(struct pty *p, const char *text, size_t n)
{
	if (memmem(text, n, "\033]11;?", 6))
		pty_type(p, "\033]11;rgb:0000/0000/0000\033\\");
	if (memmem(text, n, "\033[c", 3) || memmem(text, n, "\033[0c", 4))
		pty_type(p, "\033[?62;22c");
}

void pty_drain(struct pty *p, double ms, double quiet_ms)
{
	static char text[1 << 16];
	double begin = now_ms(), end = begin + ms;

	while (!p->ended) {
		struct pollfd f = { .fd = p->fd, .events = POLLIN };
		double now = now_ms(), left = end - now;
		double quiet_end = (p->last_byte > begin ? p->last_byte : begin) + quiet_ms;
		ssize_t n;

		if (quiet_ms > 0 && p->bytes && quiet_end - now < left)
			left = quiet_end - now;
		if (left <= 0)
			return;
		if (poll(&f, 1, (int)left + 1) <= 0)
			continue;
		n = read(p->fd, text, sizeof(text));
		if (n <= 0) {
			p->ended = n == 0 || errno != EAGAIN;
			continue;
		}
		p->bytes += (uint64_t)n;
		p->last_byte = now_ms();
		if (!p->frame_end && p->bytes > 1024 && memmem(text, (size_t)n, FRAME_END, 8))
			p->frame_end = p->last_byte;
		pty_answer(p, text, (size_t)n);
	}
}

double pty_first_frame(struct pty *p)
{
	double end = now_ms() + 10000;

	while (!p->ended && !p->frame_end && now_ms() < end) {
		uint64_t before = p->bytes;

		pty_drain(p, QUIET_MS, QUIET_MS);
		if (p->bytes > 1024 && p->bytes == before)
			break;
	}
	if (p->bytes <= 1024)
		return -1;
	return (p->frame_end ? p->frame_end : p->last_byte) - p->started;
}

void pty_type(struct pty *p, const char *keys)
{
	if (write(p->fd, keys, strlen(keys)) < 0)
		p->ended = true;
}

pid_t pty_drain_aside(struct pty *p)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pty_drain(p, 60000, 0);
		_exit(0);
	}
	return pid;
}

void pty_drain_here(pid_t aside)
{
	if (aside > 0) {
		kill(aside, SIGKILL);
		waitpid(aside, NULL, 0);
	}
}

void pty_stop(struct pty *p)
{
	double end = now_ms() + 2000;

	pty_type(p, "q");
	while (waitpid(p->pid, NULL, WNOHANG) == 0) {
		if (now_ms() > end)
			kill(p->pid, SIGKILL);
		p->ended = false;
		pty_drain(p, 5, 0);
		if (p->ended)
			usleep(1000);
	}
	close(p->fd);
}

double cpu_ms(pid_t pid)
{
	char *dir = xasprintf("/proc/%d/task", (int)pid);
	DIR *d = opendir(dir);
	struct dirent *e;
	double sum = 0;

	while (d && (e = readdir(d))) {
		char *name = xasprintf("%s/%s/schedstat", dir, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(name, "re");
		unsigned long long ns;

		if (f && fscanf(f, "%llu", &ns) == 1)
			sum += (double)ns / 1e6;
		if (f)
			fclose(f);
		free(name);
	}
	if (d)
		closedir(d);
	free(dir);
	return sum;
}

double rss_mib(pid_t pid)
{
	char *name = xasprintf("/proc/%d/status", (int)pid), line[256];
	FILE *f = fopen(name, "re");
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	free(name);
	return (double)kib / 1024;
}

ssize_t read_all(pid_t pid, const char *name)
{
	static char text[1 << 17];
	char *path = xasprintf("/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, sum = 0;

	free(path);
	if (fd < 0)
		return -1;
	while ((n = read(fd, text, sizeof(text))) > 0)
		sum += n;
	close(fd);
	return n < 0 ? -1 : sum;
}
