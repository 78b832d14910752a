/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/lessons.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"
#include "mmscope/text.h"
#include "src/sim/scenario.h"

static const char *const subjects[] = {
	[1] = "exec builds the stack",
	[2] = "demand paging",
	[3] = "automatic stack growth",
	[4] = "the arm64 4.3 fault path",
	[5] = "contexts and segments",
	[6] = "seeing is believing",
	[7] = "address-space layout and counters",
	[8] = "thread stacks",
	[9] = "the kernel stack of a task",
	[10] = "interrupt stacks",
	[11] = "calls and context switches",
	[12] = "small kernel stacks",
	[13] = "measuring stacks",
};

static unsigned long first_row(const char *rows)
{
	return *rows == 'S' ? strtoul(rows + 1, NULL, 10) : ARRAY_LEN(subjects);
}

const char *lesson_subject(const char *rows)
{
	unsigned long i = first_row(rows);

	return i < ARRAY_LEN(subjects) && subjects[i] ? subjects[i] : "";
}

/* From what an address space is to why there are four stacks. */
static const struct { unsigned first; const char *title; } parts[] = {
	{ 1, "The course: from addresses to memory" },
	{ 8, "The course: threads, contexts, calls" },
	{ 11, "The course: the kernel's own stacks" },
	{ 16, "The course: why four stacks" },
};

/* "lesson-04-stack-growth.scn": 4 */
static unsigned number_of(const char *name)
{
	return strncmp(name, "lesson-", 7) ? 0 : (unsigned)strtoul(name + 7, NULL, 10);
}

static const char *group_of(const struct lesson *l)
{
	const char *group = l->number ? parts[0].title : lesson_subject(l->rows);

	for (size_t i = 0; l->number && i < ARRAY_LEN(parts); i++)
		if (l->number >= parts[i].first)
			group = parts[i].title;
	return *group ? group : "other";
}

static const char *short_name(const struct sim_profile *p)
{
	const char *name = sim_profile_name(p);

	return strncmp(name, "linux-", 6) ? name : name + 6;
}

/* The kernels a scenario names. */
static char *kernels_of(const struct scenario *sc)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sc->nprofiles; i++)
		buf_addf(&b, "%s%s%s", i ? ", " : "", short_name(sc->profile[i]),
			 sim_profile_proven(sc->profile[i]) ? "" : " from source");
	return buf_take(&b);
}

/* The next one of that proof at or behind i. */
static const struct sim_profile *next_of(bool proven, size_t *i)
{
	const struct sim_profile *p;

	while ((p = sim_profile_at(*i)) && sim_profile_proven(p) != proven)
		++*i;
	return p;
}

/* "6.18 7.2 x86_64, 6.18 arm64": versions, then what they run on. */
char *lessons_proofs(bool proven)
{
	struct buf b = BUF_INIT;
	size_t i = 0;
	const struct sim_profile *p = next_of(proven, &i), *next;

	buf_adds(&b, proven ? "Proven on the kernel itself: " : "From source: ");
	for (; p; p = next) {
		const char *name = short_name(p), *arch = strchr(name, '-'), *other;

		i++;
		next = next_of(proven, &i);
		other = next ? strchr(short_name(next), '-') : NULL;
		buf_addf(&b, "%.*s", arch ? (int)(arch - name) : (int)strlen(name), name);
		if (arch && (!other || strcmp(arch, other)))
			buf_addf(&b, " %s", arch + 1);
		if (next)
			buf_adds(&b, arch && other && !strcmp(arch, other) ? " " : ", ");
	}
	return buf_take(&b);
}

static char *clean(const char *s)
{
	return text_sanitized(s ? s : "");
}

static void add(struct lessons *l, const char *path, const char *name)
{
	struct scenario *sc = NULL;
	struct error *err = scenario_load(path, &sc);
	struct buf rows = BUF_INIT, about = BUF_INIT;

	if (err) {
		error_destroy(err);
		return;
	}
	for (size_t i = 0; i < sc->nabout; i++) {
		buf_addf(&rows, "%s%s", rows.len && *sc->about[i].rows ? " " : "", sc->about[i].rows);
		buf_addf(&about, "%s%s", about.len && *sc->about[i].text ? " " : "", sc->about[i].text);
	}
	VEC_GROW(l->v, l->n, l->cap);
	l->v[l->n] = (struct lesson){ xstrdup(path), clean(sc->title ? sc->title : name), clean(buf_str(&rows)),
				      clean(buf_str(&about)), kernels_of(sc), NULL, number_of(name) };
	l->v[l->n].group = group_of(&l->v[l->n]);
	l->n++;
	buf_free(&rows);
	buf_free(&about);
	scenario_destroy(sc);
}

static int in_order(const void *a, const void *b)
{
	const struct lesson *x = a, *y = b;
	unsigned long i = first_row(x->rows), j = first_row(y->rows);

	if (x->number || y->number)
		return !x->number ? 1 : !y->number ? -1 : x->number < y->number ? -1 : x->number > y->number;
	return i != j ? i < j ? -1 : 1 : strcmp(x->title, y->title);
}

struct error *lessons_read(const char *dir, struct lessons *ret)
{
	char *own = dir ? xstrdup(dir) : path_bundled(BUNDLED_SCENARIOS);
	struct lessons l = { 0, 0, NULL };
	DIR *d = opendir(own);
	struct error *err = NULL;
	const struct dirent *e;

	if (!d) {
		err = error_os(ERR_FAILURE, errno, "%s", own);
		free(own);
		return err;
	}
	while ((e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);
		char *path;

		if (n < 5 || strcmp(e->d_name + n - 4, ".scn"))
			continue;
		path = xasprintf("%s/%s", own, e->d_name);
		add(&l, path, e->d_name);
		free(path);
	}
	closedir(d);
	free(own);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), in_order);
	*ret = l;
	return NULL;
}

void lessons_free(struct lessons *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].title);
		free(l->v[i].rows);
		free(l->v[i].about);
		free(l->v[i].kernels);
	}
	free(l->v);
	*l = (struct lessons){ 0, 0, NULL };
}
