/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/frames/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"

struct error *tool_start(char *const argv[], int in, struct tool *ret)
{
	char *env[] = { (char *)"LC_ALL=C", xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") :
						      "/usr/bin:/bin"), NULL };
	posix_spawn_file_actions_t fa;
	int fds[2], failed;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		free(env[1]);
		return error_os(ERR_FAILURE, errno, "cannot make a pipe");
	}
	ret->err = memfd_create("complaints", MFD_CLOEXEC);
	posix_spawn_file_actions_init(&fa);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&fa, fds[1], STDOUT_FILENO);
	if (ret->err >= 0)
		posix_spawn_file_actions_adddup2(&fa, ret->err, STDERR_FILENO);
	failed = posix_spawnp(&ret->pid, argv[0], &fa, NULL, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	free(env[1]);
	close(fds[1]);
	if (failed) {
		close(fds[0]);
		tool_close(ret);
		return error_os(ERR_FAILURE, failed, "%s cannot be run (Debian: apt-get install binutils)",
				argv[0]);
	}
	ret->out = fdopen(fds[0], "r");
	return NULL;
}

int tool_end(struct tool *t)
{
	int status = 0;

	fclose(t->out);
	while (waitpid(t->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void tool_complaint(const struct tool *t, char text[TOOL_COMPLAINT])
{
	ssize_t n = t->err < 0 ? -1 : pread(t->err, text, TOOL_COMPLAINT - 1, 0);
	char *colon;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	colon = strstr(text, "objdump: ");
	if (colon)
		memmove(text, colon + 9, strlen(colon + 9) + 1);
}

void tool_close(struct tool *t)
{
	if (t->err >= 0)
		close(t->err);
	t->err = -1;
}
