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
	l->v[l->n++] = (struct lesson){ xstrdup(path), clean(sc->title ? sc->title : name), clean(buf_str(&rows)),
					clean(buf_str(&about)) };
	buf_free(&rows);
	buf_free(&about);
	scenario_destroy(sc);
}

static int by_subject(const void *a, const void *b)
{
	const struct lesson *x = a, *y = b;
	unsigned long i = first_row(x->rows), j = first_row(y->rows);

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
		qsort(l.v, l.n, sizeof(*l.v), by_subject);
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
	}
	free(l->v);
	*l = (struct lessons){ 0, 0, NULL };
}
