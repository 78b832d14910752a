/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel stacks from files, without kernel memory: names of frames for root, the function
 * a task sleeps in for its owner. Nothing here knows a byte of depth.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/live/kstack.h"
#include "src/live/procfs.h"
#include "src/live/stat_parse.h"
#include "src/live/uapi.h"

int kstack_file(struct kstacks *k, pid_t tgid, pid_t tid, char *text, size_t cap,
		struct kname_line ret[KNAME_LINES])
{
	char path[64];
	ssize_t n;
	int lines;

	snprintf(path, sizeof(path), "%d/task/%d/stack", (int)tgid, (int)tid);
	n = procfs_read(k->proc, path, text, cap);
	if (n < 0)
		return (int)n;
	lines = kname_lines(text, (size_t)n, ret);
	return lines < 0 ? -EINVAL : lines;
}

static void lack(struct kstack *s, enum kstack_lack l)
{
	s->lacks |= (uint16_t)(1u << l);
}

static bool from_stack(struct kstacks *k, struct stacks *all, struct kstack *s)
{
	struct kname_line line[KNAME_LINES];
	struct kframe *frames;
	char text[8192];
	int n;

	if (k->files_denied)
		return false;
	n = kstack_file(k, s->tgid, s->tid, text, sizeof(text), line);
	if (n < 0)
		return false;
	s->rung = KSTACK_PROC;
	lack(s, KSTACK_NO_SIZES);
	if (n == 0) {
		s->on_cpu = s->state == 'R';
		lack(s, s->on_cpu ? KSTACK_RUNNING : KSTACK_NO_NAMES);
		return true;
	}
	frames = stacks_frames(all, s, (size_t)n);
	for (int i = 0; i < n; i++)
		frames[i].function = strings_add(all->strings, line[i].name, line[i].n);
	return true;
}

static bool from_wchan(struct kstacks *k, struct stacks *all, struct kstack *s)
{
	char path[64], name[128];
	struct kframe *frame;
	ssize_t n;

	if (k->without & KSTACKS_NO_WCHAN)
		return false;
	snprintf(path, sizeof(path), "%d/task/%d/wchan", (int)s->tgid, (int)s->tid);
	n = procfs_read(k->proc, path, name, sizeof(name));
	if (n <= 0 || (!isalpha((unsigned char)*name) && *name != '_'))
		return false;	/* "0": running, or not for us */
	name[strcspn(name, "\n")] = '\0';
	s->rung = KSTACK_WCHAN;
	lack(s, KSTACK_NO_SIZES);
	frame = stacks_frames(all, s, 1);
	frame->function = strings_add(all->strings, name, strlen(name));
	return true;
}

static void one(struct kstacks *k, pid_t tgid, pid_t tid, struct stacks *all)
{
	struct stat_figures f;
	struct kstack *s;
	char path[64], text[2048];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/task/%d/stat", (int)tgid, (int)tid);
	n = procfs_read(k->proc, path, text, sizeof(text));
	if (n <= 0 || !stat_parse(text, (size_t)n, &f))
		return;
	s = stacks_add(all, tid);
	s->tgid = tgid;
	s->ppid = f.ppid;
	s->state = f.state;
	s->kthread = f.flags != UNKNOWN && f.flags & PF_KTHREAD;
	memcpy(s->comm, f.comm, sizeof(s->comm));
	s->rung = KSTACK_DOCUMENTED;
	if (state_ended(f.state)) {
		lack(s, KSTACK_ZOMBIE);
		return;
	}
	if (kstack_documented_size())
		s->size = kstack_documented_size();
	if (from_stack(k, all, s) || from_wchan(k, all, s))
		return;
	lack(s, KSTACK_NO_SIZES);
	lack(s, KSTACK_NO_NAMES);
}

static pid_t number(const char *name)
{
	char *end;
	long v = strtol(name, &end, 10);

	return *end || v <= 0 || v > INT32_MAX || !isdigit((unsigned char)*name) ? 0 : (pid_t)v;
}

static DIR *open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static void process(struct kstacks *k, pid_t tgid, struct stacks *all)
{
	struct dirent *e;
	char path[32];
	DIR *d;

	snprintf(path, sizeof(path), "%d/task", (int)tgid);
	d = open_dir(k->proc, path);
	while (d && (e = readdir(d)))
		if (number(e->d_name))
			one(k, tgid, number(e->d_name), all);
	if (d)
		closedir(d);
}

void kstack_proc_read(struct kstacks *k, pid_t tgid, struct stacks *ret)
{
	struct dirent *e;
	DIR *d;

	if (tgid) {
		process(k, tgid, ret);
		return;
	}
	d = k->proc < 0 ? NULL : open_dir(k->proc, ".");
	while (d && (e = readdir(d)))
		if (number(e->d_name))
			process(k, number(e->d_name), ret);
	if (d)
		closedir(d);
}
