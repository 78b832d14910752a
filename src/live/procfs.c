/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files of one /proc/PID.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/procfs.h"
#include "src/live/uapi.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

bool procfs_is_default(const char *proc_root)
{
	size_t n = strlen(proc_root);

	while (n > 1 && proc_root[n - 1] == '/')
		n--;
	return n == 5 && !memcmp(proc_root, "/proc", 5);
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* A /proc of another pid namespace has other numbers than our system calls. */
bool procfs_numbers_are_ours(int root)
{
	char self[16], own[16];

	snprintf(own, sizeof(own), "%d", (int)getpid());
	return procfs_readlink(root, "self", self, sizeof(self)) > 0 && !strcmp(self, own);
}

/* Why <proc_root>/<pid> cannot be opened: gone, or hidden from us? */
static struct error *cannot_open(const struct procfs *p, int errnum)
{
	int fd;

	if (errnum != ENOENT && errnum != ESRCH)
		return error_os(ERR_PERMISSION, errnum, "process %d", (int)p->pid);
	fd = p->native ? pidfd_of(p->pid) : -1;
	if (fd < 0)
		return error_create(ERR_NO_PROCESS, "no process %d", (int)p->pid);
	close(fd);
	return error_create(ERR_PERMISSION, "process %d is hidden from this user (hidepid)",
			    (int)p->pid);
}

struct error *procfs_open(const char *proc_root, pid_t pid, struct procfs *ret)
{
	struct procfs p = { .root = -1, .dir = -1, .mm = -1, .pid = pid, .pidfd = -1 };
	struct error *err;
	char name[16];

	p.root = open(proc_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p.root < 0)
		return error_os(ERR_FAILURE, errno, "%s", proc_root);
	p.native = procfs_is_default(proc_root) && procfs_numbers_are_ours(p.root);
	snprintf(name, sizeof(name), "%d", (int)pid);
	p.dir = openat(p.root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.dir < 0) {
		err = cannot_open(&p, errno);
		close(p.root);
		return err;
	}
	p.mm = p.dir;
	/* The process still answers through the directory after this, so it is the same one. */
	if (p.native)
		p.pidfd = pidfd_of(pid);
	*ret = p;
	return NULL;
}

void procfs_close(struct procfs *p)
{
	procfs_use_thread(p, 0);
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->dir >= 0)
		close(p->dir);
	if (p->root >= 0)
		close(p->root);
	p->pidfd = p->dir = p->mm = p->root = -1;
}

bool procfs_use_thread(struct procfs *p, pid_t tid)
{
	char name[32];
	int fd;

	if (p->mm != p->dir && p->mm >= 0)
		close(p->mm);
	p->mm = p->dir;
	if (!tid)
		return true;
	snprintf(name, sizeof(name), "task/%d", (int)tid);
	fd = openat(p->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	p->mm = fd;
	return true;
}

static ssize_t read_all(int fd, char *buf, size_t cap)
{
	size_t n = 0;

	while (n < cap - 1) {
		ssize_t got = pread(fd, buf + n, cap - 1 - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		n += (size_t)got;
		/* These files come whole; asking for more costs as much again. */
		if (n < cap - 1 && buf[n - 1] == '\n')
			break;
	}
	buf[n] = '\0';
	return (ssize_t)n;
}

/* Enough where no more is read than there is room for. */
static int open_any(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int procfs_open_file(int dir, const char *name)
{
	int fd = open_any(dir, name);
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

ssize_t procfs_read(int dir, const char *name, char *buf, size_t cap)
{
	int fd = open_any(dir, name);
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read_all(fd, buf, cap);
	close(fd);
	return n;
}

ssize_t procfs_reread(int dir, const char *name, int *fd, char *buf, size_t cap)
{
	buf[0] = '\0';
	if (*fd < 0)
		*fd = open_any(dir, name);
	if (*fd < 0)
		return -errno;
	return read_all(*fd, buf, cap);
}

ssize_t procfs_readlink(int dir, const char *name, char *buf, size_t cap)
{
	ssize_t n = readlinkat(dir, name, buf, cap - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -errno : n;
}

bool procfs_ended(const struct procfs *p)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };

	return p->pidfd >= 0 && poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLIN);
}

bool procfs_exit_status(const struct procfs *p, int *ret)
{
	struct uapi_pidfd_info info = { .mask = UAPI_PIDFD_INFO_EXIT };

	if (p->pidfd < 0 || ioctl(p->pidfd, UAPI_PIDFD_GET_INFO, &info) < 0 ||
	    !(info.mask & UAPI_PIDFD_INFO_EXIT))
		return false;
	*ret = info.exit_code;
	return true;
}
