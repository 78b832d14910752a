/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the compiler wrote beside the object: "FILE.c:LINE:COLUMN:FUNCTION<tab>BYTES<tab>KIND".
 *
 * FUNCTION is the name of the disassembly in C, but for numbers of clones; in C++ it is a
 * declaration, as the demangler does not write it. Those that share a qualified name are
 * told apart by their order, which is that of the code, and checked by their parameters.
 * Whoever is in doubt gets nothing.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/frames/functions.h"
#include "src/frames/spelling.h"
#include "src/frames/tool.h"

/* One that has to find its partner, on either side. */
struct name {
	struct spelling s;
	size_t order;
	unsigned file;			/* .su file it is from */
	struct function *fn;		/* of the disassembly, or NULL */
	struct su_figure su;		/* else the compiler's */
};
struct names {
	struct name *v;
	size_t n, cap;
};

static struct name *add(struct names *l, const char *text)
{
	struct name *name;

	VEC_GROW(l->v, l->n, l->cap);
	name = &l->v[l->n];
	*name = (struct name){ .order = l->n++ };
	spelling_parse(text, &name->s);
	return name;
}

static void names_free(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].s.name);
	free(l->v);
}

static int by_name(const void *va, const void *vb)
{
	const struct name *a = va, *b = vb;
	int d = strcmp(a->s.name, b->s.name);

	return d ? d : a->order < b->order ? -1 : a->order > b->order;
}

static size_t group_end(const struct names *l, size_t i)
{
	size_t end = i + 1;

	while (end < l->n && !strcmp(l->v[end].s.name, l->v[i].s.name))
		end++;
	return end;
}

static int by_text(const void *va, const void *vb)
{
	const struct function *const *a = va, *const *b = vb;

	return strcmp((*a)->name, (*b)->name);
}

static struct function **by_names(struct functions *f)
{
	struct function **v = xcalloc(f->n ? f->n : 1, sizeof(struct function *));

	for (size_t i = 0; i < f->n; i++)
		v[i] = &f->v[i];
	if (f->n)
		qsort(v, f->n, sizeof(struct function *), by_text);
	return v;
}

/* The one of exactly that name; NULL: none, or several. */
static struct function *find(struct function *const *sorted, size_t n, const char *name)
{
	const struct function key = { .name = (char *)name }, *pkey = &key;
	struct function *const *found = n ? bsearch(&pkey, sorted, n, sizeof(*sorted), by_text) : NULL;

	if (!found || (found > sorted && !by_text(found - 1, found)) ||
	    (found + 1 < sorted + n && !by_text(found + 1, found)))
		return NULL;
	return *found;
}

static void unmatched(struct functions *f, char *name, uint64_t bytes)
{
	VEC_GROW(f->unmatched, f->nunmatched, f->unmatched_cap);
	f->unmatched[f->nunmatched++] = (struct su_figure){ name, bytes };
}

/* gcc writes FILE:LINE:COLUMN:FUNCTION, clang has no column; both sides may have colons. */
static char *function_of(char *line)
{
	static const char digits[] = "0123456789";

	for (char *p = strchr(line, ':'); p; p = strchr(p + 1, ':')) {
		size_t n = strspn(p + 1, digits), column;

		if (!n || p[1 + n] != ':')
			continue;
		p += 2 + n;
		column = strspn(p, digits);
		return column && p[column] == ':' ? p + column + 1 : p;
	}
	return NULL;
}

static void read_lines(FILE *in, unsigned file, struct function *const *sorted,
		       const struct functions *f, struct names *left)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, in) >= 0) {
		char *tab = strchr(line, '\t'), *text;
		struct function *fn;
		struct name *l;

		if (!tab)
			continue;
		*tab = '\0';
		text = function_of(line);
		if (!text)
			continue;
		fn = find(sorted, f->n, text);
		if (fn) {
			fn->su = strtoull(tab + 1, NULL, 10);
			continue;
		}
		l = add(left, text);
		l->file = file;
		l->su = (struct su_figure){ xstrdup(text), strtoull(tab + 1, NULL, 10) };
	}
	free(line);
}

/* ---- names that are not the same to the letter ---- */

/* Parts that were split off, and ways in: the compiler has no line for them. */
static bool is_whole(const char *name)
{
	return !strstr(name, ".cold") && !strchr(name, '@') && !strstr(name, "thunk to ");
}

/* The functions that have no figure yet, in a file in memory, one to a line. */
static int write_names(const struct functions *f)
{
	int fd = memfd_create("names", MFD_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");

	for (size_t i = 0; out && i < f->n; i++)
		if (f->v[i].su == UINT64_MAX)
			fprintf(out, "%s\n", f->v[i].name);
	if (out)
		fclose(out);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Their names as c++filt writes them; false: it could not be run. */
static bool demangle(struct functions *f, struct names *ret)
{
	char *argv[] = { (char *)"c++filt", NULL }, *line = NULL;
	int fd = write_names(f);
	struct error *err = NULL;
	struct tool t;
	size_t cap = 0;

	if (fd >= 0)
		err = tool_start(argv, fd, &t);
	if (fd < 0 || err) {
		if (fd >= 0)
			close(fd);
		error_destroy(err);
		return false;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].su != UINT64_MAX)
			continue;
		if (getline(&line, &cap, t.out) < 0)
			break;
		line[strcspn(line, "\n")] = '\0';
		if (is_whole(line))
			add(ret, line)->fn = &f->v[i];
	}
	free(line);
	close(fd);
	tool_end(&t);
	tool_close(&t);
	return true;
}

/* Each in a section of its own, which is called after it. */
static bool own_sections(const struct functions *f, const struct name *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *section = f->section[v[i].fn->section], *name = v[i].fn->name;
		size_t ls = strlen(section), ln = strlen(name);

		if (ls <= ln + 5 || strncmp(section, ".text.", 6) || ls != 6 + ln ||
		    strcmp(section + 6, name) || (i && v[i].fn->section == v[i - 1].fn->section))
			return false;
	}
	return true;
}

/* Whether they stand in the order in which the compiler made them. */
static bool in_order(const struct functions *f, const struct name *v, size_t n)
{
	bool one = true;

	for (size_t i = 1; i < n; i++)
		one &= v[i].fn->section == v[0].fn->section;
	return one || own_sections(f, v, n);
}

static bool same_parameters(const struct spelling *a, const struct spelling *b)
{
	return !a->declared || !b->declared || a->parameters == b->parameters;
}

static bool partners(const struct functions *f, const struct name *ours, const struct name *theirs,
		     size_t n, bool object)
{
	if (!*ours->s.name || (n > 1 && !(object && in_order(f, ours, n))))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_parameters(&ours[i].s, &theirs[i].s) || theirs[i].file != theirs[0].file)
			return false;
	return true;
}

static void match(struct functions *f, struct names *ours, struct names *theirs, bool object)
{
	size_t i = 0, j = 0;

	if (ours->n)
		qsort(ours->v, ours->n, sizeof(*ours->v), by_name);
	qsort(theirs->v, theirs->n, sizeof(*theirs->v), by_name);
	while (j < theirs->n) {
		size_t end = group_end(theirs, j), n = end - j;
		int d = i < ours->n ? strcmp(ours->v[i].s.name, theirs->v[j].s.name) : 1;

		if (d < 0) {
			i = group_end(ours, i);
			continue;
		}
		if (!d && group_end(ours, i) - i == n &&
		    partners(f, &ours->v[i], &theirs->v[j], n, object))
			for (size_t k = 0; k < n; k++)
				ours->v[i + k].fn->su = theirs->v[j + k].su.bytes;
		else
			for (size_t k = 0; k < n; k++)
				unmatched(f, xstrdup(theirs->v[j + k].su.name),
					  theirs->v[j + k].su.bytes);
		j = end;
	}
}

/* ---- files ---- */

/* An object's has its name; a program that was compiled in one go has one for each source,
 * whose names begin with its own. */
static bool belongs(const char *name, const char *base, size_t stem)
{
	size_t n = strlen(name), whole = strlen(base);

	if (n < 3 || strcmp(name + n - 3, ".su"))
		return false;
	return (n == stem + 3 && !strncmp(name, base, stem)) ||
	       (n == whole + 3 && !strncmp(name, base, whole)) ||
	       (n > whole + 4 && !strncmp(name, base, whole) && name[whole] == '-');
}

bool su_read(const char *file, bool object, struct functions *f)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	const char *dot = strrchr(base, '.');
	char *dir = slash ? xstrndup(file, (size_t)(slash + 1 - file)) : xstrdup(".");
	struct names ours = { NULL, 0, 0 }, theirs = { NULL, 0, 0 };
	struct function **sorted = by_names(f);
	struct dirent *e;
	unsigned files = 0;
	bool demangled = true;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		int fd = belongs(e->d_name, base, dot ? (size_t)(dot - base) : strlen(base)) ?
			 openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
		FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;

		if (!in)
			continue;
		read_lines(in, files++, sorted, f, &theirs);
		fclose(in);
	}
	if (d)
		closedir(d);
	if (theirs.n) {
		demangled = demangle(f, &ours);
		match(f, &ours, &theirs, object);
	}
	for (size_t i = 0; i < theirs.n; i++)
		free(theirs.v[i].su.name);
	names_free(&ours);
	names_free(&theirs);
	free(sorted);
	free(dir);
	return demangled;
}
