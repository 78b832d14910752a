/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/runner/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <linux/magic.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"

enum { PAGE = 4096 };

static struct error *copy_failed(void)
{
	return error_os(ERR_FAILURE, errno, "copying the scenario's program");
}

static struct error *copy_agent(struct lab *lab, int dir)
{
	char page[PAGE], *path = path_bundled(BUNDLED_RUNNER);
	int from = open(path, O_RDONLY | O_CLOEXEC), to;
	struct error *err = NULL;
	ssize_t n;

	if (from < 0)
		err = error_os(ERR_FAILURE, errno, "the program scenarios run in: %s", path);
	free(path);
	if (err)
		return err;
	to = openat(dir, "agent", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (to < 0)
		err = copy_failed();
	while (!err && (n = read(from, page, sizeof(page))) != 0)
		if (n < 0 || write(to, page, n) != n)
			err = copy_failed();
	/* Its pages have to be clean, and nobody may hold it open for writing at exec. */
	if (!err && fdatasync(to))
		err = copy_failed();
	if (to >= 0)
		close(to);
	close(from);
	if (!err) {
		lab->agent = openat(dir, "agent", O_RDONLY | O_CLOEXEC);
		if (lab->agent < 0)
			err = copy_failed();
	}
	return err;
}

/* Memory of tmpfs is shmem, not file pages; a noexec mount runs nothing. */
static bool usable(const char *path)
{
	struct statfs fs;
	struct statvfs vfs;

	if (statfs(path, &fs) || statvfs(path, &vfs))
		return false;
	return fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC && !(vfs.f_flag & ST_NOEXEC) &&
	       access(path, W_OK | X_OK) == 0;
}

static struct error *make_dir(struct lab *lab, char **path, int *dir)
{
	const char *where[] = { getenv("TMPDIR"), "/var/tmp", "/tmp", "." };
	size_t i;

	for (i = 0; i < ARRAY_LEN(where); i++) {
		if (!where[i] || !usable(where[i]))
			continue;
		*path = xasprintf("%s/mmscope-XXXXXX", where[i]);
		if (mkdtemp(*path)) {
			snprintf(lab->name, sizeof(lab->name), "%s", strrchr(*path, '/') + 1);
			*dir = open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (*dir >= 0)
				return NULL;
			rmdir(*path);
		}
		free(*path);
		*path = NULL;
	}
	return error_create(ERR_FAILURE,
			    "no directory for a temporary program: tried TMPDIR, /var/tmp, "
			    "/tmp and the current one (tmpfs and noexec do not do)");
}

static uint64_t disk_readahead(int fd)
{
	unsigned long kb = 0;
	char path[64];
	struct stat st;
	FILE *f;

	if (fstat(fd, &st))
		return 0;
	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb", major(st.st_dev), minor(st.st_dev));
	f = fopen(path, "re");
	if (f && fscanf(f, "%lu", &kb) != 1)
		kb = 0;
	if (f)
		fclose(f);
	return (uint64_t)kb << 10;
}

static struct error *open_file(struct lab *lab, int dir)
{
	lab->file = openat(dir, "file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	lab->rofile = openat(dir, "file", O_RDONLY | O_CLOEXEC);
	if (lab->file < 0 || lab->rofile < 0)
		return error_os(ERR_FAILURE, errno, "making the scenario's file");
	posix_fadvise(lab->file, 0, 0, POSIX_FADV_RANDOM);
	lab->file_used = true;
	lab->readahead = disk_readahead(lab->file);
	return lab_file_fresh(lab);
}

struct error *lab_create(struct lab **ret)
{
	struct lab *lab = xcalloc(1, sizeof(*lab));
	char *path = NULL;
	struct error *err;
	int dir = -1;

	lab->agent = lab->file = lab->rofile = -1;
	err = make_dir(lab, &path, &dir);
	if (!err)
		err = copy_agent(lab, dir);
	if (!err)
		err = open_file(lab, dir);
	if (dir >= 0) {
		unlinkat(dir, "agent", 0);
		unlinkat(dir, "file", 0);
		rmdir(path);
		close(dir);
	}
	free(path);
	if (err)
		lab_destroy(lab);
	else
		*ret = lab;
	return err;
}

void lab_destroy(struct lab *lab)
{
	if (!lab)
		return;
	if (lab->agent >= 0)
		close(lab->agent);
	if (lab->file >= 0)
		close(lab->file);
	if (lab->rofile >= 0)
		close(lab->rofile);
	free(lab);
}

static struct error *file_failed(void)
{
	return error_os(ERR_FAILURE, errno, "the scenario's file");
}

/* Page by page, so that the page cache holds single pages and no larger folio. */
static struct error *fill(int fd, uint64_t pages)
{
	char page[PAGE];
	uint64_t i;

	memset(page, 0xcc, sizeof(page));
	for (i = 0; i < pages; i++)
		if (pwrite(fd, page, sizeof(page), (off_t)(i * PAGE)) != PAGE)
			return file_failed();
	return fdatasync(fd) ? file_failed() : NULL;
}

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

/* Has the kernel taken pages out of the page cache meanwhile? (Before 6.5: not known.) */
static bool pages_lost(int fd)
{
	struct { uint64_t off, len; } range = { 0, 0 };
	struct { uint64_t cache, dirty, writeback, evicted, recently_evicted; } cs;

	return syscall(SYS_cachestat, fd, &range, &cs, 0) == 0 && cs.cache < LAB_FILE_PAGES;
}

void lab_suspect(struct lab *lab)
{
	lab->file_used = true;
}

struct error *lab_file_fresh(struct lab *lab)
{
	if (!lab->file_used && !pages_lost(lab->file))
		return NULL;
	if (ftruncate(lab->file, 0))
		return file_failed();
	lab->file_used = false;
	return fill(lab->file, LAB_FILE_PAGES);
}

struct error *lab_file_truncate(struct lab *lab, uint64_t len)
{
	uint64_t pages = (len + PAGE - 1) / PAGE, i;
	char byte;

	lab->file_used = true;
	if (ftruncate(lab->file, (off_t)len))
		return file_failed();
	for (i = 0; i < pages; i++)
		if (pread(lab->file, &byte, 1, (off_t)(i * PAGE)) < 0)
			return file_failed();
	return fdatasync(lab->file) ? file_failed() : NULL;
}
