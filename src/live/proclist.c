/* SPDX-License-Identifier: GPL-2.0-or-later
 * The list of processes.
 */
#include <config.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/proclist.h"
#include "mmscope/vma.h"
#include "src/live/procfs.h"
#include "src/live/procps.h"
#include "src/live/stat_parse.h"
#include "src/live/uapi.h"

/* Longer command lines are of no use in a list. */
enum { CMDLINE_CAP = 4096 };

static struct proc_entry *add(struct proclist *l)
{
	VEC_GROW(l->entries, l->n, l->cap);
	l->entries[l->n] = (struct proc_entry){ .rss = UNKNOWN, .stack = UNKNOWN };
	return &l->entries[l->n++];
}

/* The arguments stand one behind the other, each ended by NUL. */
static char *join_cmdline(const char *bytes, size_t n)
{
	char *s;

	while (n && !bytes[n - 1])
		n--;
	s = xmalloc(n + 1);
	for (size_t i = 0; i < n; i++)
		s[i] = bytes[i] ? bytes[i] : ' ';
	s[n] = '\0';
	return s;
}

static char *join_words(char *const *words)
{
	struct buf b = BUF_INIT;

	for (int i = 0; words && words[i] && b.len < CMDLINE_CAP; i++) {
		if (i)
			buf_addc(&b, ' ');
		buf_adds(&b, words[i]);
	}
	return buf_take(&b);
}

struct lib_arg {
	struct proclist *list;
	int root;
};

static bool read_stat(int root, pid_t pid, struct stat_figures *ret)
{
	char name[32], text[2048];
	ssize_t n;

	snprintf(name, sizeof(name), "%d/stat", (int)pid);
	n = procfs_read(root, name, text, sizeof(text));
	return n > 0 && stat_parse(text, (size_t)n, ret);
}

/* A leader that ended tells of no memory, but its threads still have it. */
static void leader_ended(struct proc_entry *e)
{
	if (e->state == 'Z' && e->threads > 1)
		e->rss = e->stack = UNKNOWN;
}

static void from_lib(void *arg, const struct procps_process *p)
{
	struct lib_arg *a = arg;
	struct proc_entry *e = add(a->list);
	struct stat_figures s;

	e->pid = p->pid;
	e->ppid = p->ppid;
	e->uid = p->uid;
	e->state = p->state;
	e->rss = p->rss;
	e->stack = p->stack;
	e->threads = p->threads;
	e->kthread = p->flags & PF_KTHREAD;
	leader_ended(e);
	if (p->user)
		snprintf(e->user, sizeof(e->user), "%s", p->user);
	if (p->comm)
		snprintf(e->comm, sizeof(e->comm), "%s", p->comm);
	/* The library's escape for what it would not print: the file has the bytes. */
	if (strchr(e->comm, '?') && read_stat(a->root, p->pid, &s))
		memcpy(e->comm, s.comm, sizeof(e->comm));
	/* It gives the name in brackets where there is no command line. */
	e->cmdline = e->kthread || p->state == 'Z' ? xstrdup("") : join_words(p->cmdline);
}

/* Names of users, each looked up once. */
struct users {
	size_t n, cap;
	struct { uid_t uid; char name[32]; } *u;
};

static const char *user_name(struct users *us, uid_t uid)
{
	const struct passwd *pw;

	for (size_t i = 0; i < us->n; i++)
		if (us->u[i].uid == uid)
			return us->u[i].name;
	VEC_GROW(us->u, us->n, us->cap);
	us->u[us->n].uid = uid;
	pw = getpwuid(uid);
	if (pw)
		snprintf(us->u[us->n].name, sizeof(us->u[us->n].name), "%s", pw->pw_name);
	else
		snprintf(us->u[us->n].name, sizeof(us->u[us->n].name), "%u", (unsigned)uid);
	return us->u[us->n++].name;
}

static void read_one(int root, pid_t pid, struct proclist *l, struct users *users)
{
	char name[32], text[8192];
	struct status_figures status;
	struct stat_figures stat;
	struct proc_entry *e;
	ssize_t n;

	if (!read_stat(root, pid, &stat))
		return;
	e = add(l);
	e->pid = pid;
	e->ppid = stat.ppid;
	e->state = stat.state;
	e->threads = stat.threads > UINT32_MAX ? 0 : (unsigned)stat.threads;
	e->kthread = stat.flags != UNKNOWN && stat.flags & PF_KTHREAD;
	memcpy(e->comm, stat.comm, sizeof(e->comm));
	snprintf(name, sizeof(name), "%d/status", (int)pid);
	n = procfs_read(root, name, text, sizeof(text));
	if (n > 0 && status_parse(text, (size_t)n, &status)) {
		e->uid = status.uid;
		snprintf(e->user, sizeof(e->user), "%s", user_name(users, status.uid));
		e->rss = status.has_mm ? status.mm[MM_VM_RSS] : 0;
		e->stack = status.has_mm ? status.mm[MM_VM_STACK] : 0;
	}
	leader_ended(e);
	snprintf(name, sizeof(name), "%d/cmdline", (int)pid);
	n = procfs_read(root, name, text, CMDLINE_CAP);
	e->cmdline = join_cmdline(text, n > 0 ? (size_t)n : 0);
}

static void read_own(int root, struct proclist *l)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct users users = { 0 };
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d))) {
		char *end;
		long pid = strtol(e->d_name, &end, 10);

		if (isdigit((unsigned char)e->d_name[0]) && !*end && pid > 0 && pid <= INT32_MAX)
			read_one(root, (pid_t)pid, l, &users);
	}
	closedir(d);
	free(users.u);
}

static int by_pid(const void *a, const void *b)
{
	const struct proc_entry *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Options of the mount that /proc is: hidepid=invisible, or numbers of old. */
static bool hides_pids(void)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char line[4096];
	bool ret = false;

	while (f && !ret && fgets(line, sizeof(line), f)) {
		char dir[1024], type[64], options[1024];

		ret = sscanf(line, "%*s %1023s %63s %1023s", dir, type, options) == 3 &&
		      !strcmp(dir, "/proc") && !strcmp(type, "proc") &&
		      strstr(options, "hidepid=") && !strstr(options, "hidepid=0") &&
		      !strstr(options, "hidepid=off");
	}
	if (f)
		fclose(f);
	return ret;
}

static const char *hidden_reason(bool native)
{
	char ns[64];
	ssize_t n;

	if (!native)
		return NULL;
	if (geteuid() && hides_pids())
		return "/proc is mounted with hidepid: processes of others are hidden; try sudo";
	n = readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1);
	ns[n > 0 ? n : 0] = '\0';
	/* The number of the first pid namespace is part of the kernel's interface. */
	if (n > 0 && strcmp(ns, "pid:[4026531836]"))
		return "only the processes of this pid namespace (container) are listed";
	return NULL;
}

struct error *proclist_read(const char *proc_root, struct proclist *ret)
{
	struct proclist l = { .backend = "own reader" };
	bool native = procfs_is_default(proc_root);
	struct procps *lib;
	int root = open(proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_os(ERR_FAILURE, errno, "%s", proc_root);
	lib = native ? procps_processes_open() : NULL;
	if (lib) {
		struct lib_arg arg = { &l, root };

		if (procps_processes(lib, from_lib, &arg))
			l.backend = PROCPS_NAME;
		procps_close(lib);
	}
	if (!l.n)
		read_own(root, &l);
	l.self = native && procfs_numbers_are_ours(root) ? getpid() : 0;
	close(root);
	if (l.n)
		qsort(l.entries, l.n, sizeof(*l.entries), by_pid);
	l.hidden = hidden_reason(native);
	*ret = l;
	return NULL;
}

void proclist_free(struct proclist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->entries[i].cmdline);
	free(l->entries);
	*l = (struct proclist){ 0 };
}

struct kinship {
	pid_t ppid, pid;
	size_t at;
};

static int by_parent(const void *a, const void *b)
{
	const struct kinship *x = a, *y = b;

	if (x->ppid != y->ppid)
		return x->ppid < y->ppid ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* First child of pid in the sorted kinships, or n. */
static size_t first_child(const struct kinship *k, size_t n, pid_t pid)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k[mid].ppid < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct walk {
	const struct kinship *kin;
	size_t n;
	struct proc_entry *from, *to;
	size_t placed;
	bool *done;
	struct { size_t at; unsigned depth; } *stack;
};

/* A process and all below it, parents first, children in order of their pids. */
static void place_family(struct walk *w, size_t root)
{
	size_t top = 0;

	w->stack[top].at = root;
	w->stack[top++].depth = 0;
	w->done[root] = true;
	while (top) {
		size_t at = w->stack[--top].at, first, end;
		unsigned depth = w->stack[top].depth;
		pid_t pid = w->from[at].pid;

		w->to[w->placed] = w->from[at];
		w->to[w->placed++].depth = depth;
		first = end = first_child(w->kin, w->n, pid);
		while (end < w->n && w->kin[end].ppid == pid)
			end++;
		/* The last pushed comes first. */
		while (end-- > first) {
			size_t child = w->kin[end].at;

			if (w->done[child])
				continue;
			w->done[child] = true;
			w->stack[top].at = child;
			w->stack[top++].depth = depth + 1;
		}
	}
}

void proclist_tree(struct proclist *l)
{
	struct kinship *kin = xcalloc(l->n + 1, sizeof(*kin));
	struct walk w = { .kin = kin, .n = l->n, .from = l->entries };

	if (l->n)
		qsort(l->entries, l->n, sizeof(*l->entries), by_pid);
	for (size_t i = 0; i < l->n; i++)
		kin[i] = (struct kinship){ l->entries[i].ppid, l->entries[i].pid, i };
	if (l->n)
		qsort(kin, l->n, sizeof(*kin), by_parent);
	w.to = xcalloc(l->n + 1, sizeof(*w.to));
	w.done = xcalloc(l->n + 1, sizeof(*w.done));
	w.stack = xcalloc(l->n + 1, sizeof(*w.stack));
	for (size_t i = 0; i < l->n; i++) {
		struct proc_entry parent = { .pid = l->entries[i].ppid };

		if (!bsearch(&parent, l->entries, l->n, sizeof(parent), by_pid))
			place_family(&w, i);
	}
	/* Who is his own ancestor (a list is not taken at one moment) is a root too. */
	for (size_t i = 0; i < l->n; i++)
		if (!w.done[i])
			place_family(&w, i);
	free(l->entries);
	l->entries = w.to;
	l->cap = l->n + 1;
	free(kin);
	free(w.done);
	free(w.stack);
}

static bool basename_is(const char *cmdline, const char *name)
{
	size_t n = strcspn(cmdline, " ");
	const char *slash = memrchr(cmdline, '/', n);
	const char *base = slash ? slash + 1 : cmdline;

	n -= (size_t)(base - cmdline);
	return n == strlen(name) && !memcmp(base, name, n);
}

static bool program_has(const char *cmdline, const char *name)
{
	size_t n = strcspn(cmdline, " "), want = strlen(name);
	const char *slash = memrchr(cmdline, '/', n);
	size_t from = slash ? (size_t)(slash + 1 - cmdline) : 0;

	return want && memmem(cmdline + from, n - from, name, want);
}

static bool is_comm(const struct proc_entry *e, const char *name)
{
	return !strcmp(e->comm, name);
}

static bool is_program(const struct proc_entry *e, const char *name)
{
	return !e->kthread && basename_is(e->cmdline, name);
}

static bool resembles(const struct proc_entry *e, const char *name)
{
	return !e->kthread && *name && (strstr(e->comm, name) || program_has(e->cmdline, name));
}

size_t proclist_match(const struct proclist *l, const char *name, size_t **ret)
{
	static bool (*const rules[])(const struct proc_entry *, const char *) = {
		is_comm, is_program, resembles,
	};
	size_t n = 0, cap = 0, *found = NULL;

	for (size_t r = 0; r < ARRAY_LEN(rules) && !n; r++)
		for (size_t i = 0; i < l->n; i++)
			if (l->entries[i].pid != l->self && rules[r](&l->entries[i], name)) {
				VEC_GROW(found, n, cap);
				found[n++] = i;
			}
	*ret = found;
	return n;
}
