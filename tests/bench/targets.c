/* SPDX-License-Identifier: GPL-2.0-or-later
 * Starting and ending the processes that are looked at. They end with their input, so
 * none is left behind, whatever becomes of us.
 */
#include <config.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

#define NEED_MIB (8192 + 2048)	/* free, for the target with 8 GiB */

const char *const target_names[T_NR] = {
	[T_VMAS] = "60,000 VMAs",
	[T_FILES] = "60,000 VMAs of a file",
	[T_RESIDENT] = "8 GiB resident",
	[T_THREADS] = "1,000 threads",
	[T_SPARSE] = "16 TiB, 10,000 pages",
	[T_ARENAS] = "16 TiB, 100 arenas",
	[T_PYTHON] = "python3",
};

static const char *const commands[T_NR][5] = {
	[T_VMAS] = { "vmas", "60000" },
	[T_FILES] = { "files", "60000" },
	[T_RESIDENT] = { "resident", "8192" },
	[T_THREADS] = { "threads", "1000" },
	[T_SPARSE] = { "sparse", "16384", "10000" },
	[T_ARENAS] = { "arenas", "16384", "100" },
};

static struct { pid_t pid; int in; FILE *out; bool failed; } running[T_NR];

/* bench-target lies beside us. */
static void target_path(char *out, size_t n)
{
	ssize_t got = readlink("/proc/self/exe", out, n - 1);
	char *slash;

	out[got < 0 ? 0 : got] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		snprintf(slash + 1, n - (size_t)(slash + 1 - out), "bench-target");
}

static void exec_target(enum target t)
{
	char path[PATH_MAX];
	char *argv[6] = { path };

	if (t == T_PYTHON) {
		/* An ordinary interpreter with an ordinary set of modules. */
		execlp("python3", "python3", "-c",
		       "import sys, json, ssl, sqlite3, decimal, http.client\n"
		       "x = [str(i) for i in range(100000)]\n"
		       "print('ready', flush=True)\nsys.stdin.read()\n", (char *)NULL);
		_exit(127);
	}
	target_path(path, sizeof(path));
	for (int i = 0; commands[t][i]; i++)
		argv[i + 1] = (char *)commands[t][i];
	execv(path, argv);
	_exit(127);
}

static long available_mib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / 1024;
}

static bool target_start(enum target t)
{
	char line[32];
	int in[2], out[2];

	if (t == T_RESIDENT && available_mib() < NEED_MIB) {
		note("%s: only %ld MiB are available", target_names[t], available_mib());
		return false;
	}
	if (pipe(in) || pipe(out))
		return false;
	running[t].pid = fork();
	if (!running[t].pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		exec_target(t);
	}
	close(in[0]);
	close(out[1]);
	running[t].in = in[1];
	running[t].out = fdopen(out[0], "r");
	if (running[t].pid < 0 || !running[t].out || !fgets(line, sizeof(line), running[t].out) ||
	    strcmp(line, "ready\n")) {
		note("%s: could not be started", target_names[t]);
		target_stop(t);
		return false;
	}
	return true;
}

pid_t target_pid(enum target t)
{
	if (!running[t].pid && !running[t].failed)
		running[t].failed = !target_start(t);
	return running[t].pid;
}

bool target_ask(enum target t, const char *line, char *answer, size_t n)
{
	if (!target_pid(t) || write(running[t].in, line, strlen(line)) < 0)
		return false;
	return fgets(answer, (int)n, running[t].out) != NULL;
}

void target_stop(enum target t)
{
	if (running[t].pid <= 0)
		return;
	close(running[t].in);
	if (running[t].out)
		fclose(running[t].out);
	kill(running[t].pid, SIGKILL);
	waitpid(running[t].pid, NULL, 0);
	running[t].pid = 0;
}

void targets_stop(void)
{
	for (int t = 0; t < T_NR; t++)
		target_stop((enum target)t);
}
