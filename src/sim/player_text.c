/* SPDX-License-Identifier: GPL-2.0-or-later
 * The text of what is played: read, added to, changed, written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "src/sim/player_private.h"

/* One more line of a text that is being built. */
struct text {
	struct script *script;
	struct scenario *sc;
	uint32_t *item;
	size_t nitem, cap_item;
};

static void text_free(struct text *t)
{
	script_put(t->script);
	scenario_destroy(t->sc);
	free(t->item);
}

static void text_new(struct text *t, const char *path)
{
	*t = (struct text){ .script = script_create(), .sc = scenario_create(path ? path : "line") };
	if (path) {
		const char *slash = strrchr(path, '/');

		t->script->name = script_string(t->script, slash ? slash + 1 : path);
	}
}

static enum line_kind kind_of(const struct scenario_item *it, const char *raw)
{
	raw += strspn(raw, " \t\r");
	if (!it && !strncmp(raw, "under", 5) && strchr(" \t", raw[5]))
		return LINE_UNDER;
	if (!it)
		return *raw && *raw != '#' ? LINE_HEAD : LINE_BLANK;
	return it->kind == ITEM_OP ? LINE_OPERATION : it->kind == ITEM_SAY ? LINE_SAY : LINE_PAUSE;
}

static struct error *text_add(struct text *t, const char *raw, size_t n, bool typed)
{
	size_t items = t->sc->nitems;
	struct error *err = scenario_add_line(t->sc, raw, n, (unsigned)t->script->nlines + 1);
	const struct scenario_item *it;
	struct script_line *l;
	char *copy;

	if (err)
		return err;
	copy = xstrndup(raw, n);
	l = script_add(t->script);
	it = t->sc->nitems > items ? &t->sc->item[items] : NULL;
	l->kind = kind_of(it, copy);
	l->text = script_string(t->script, copy);
	l->typed = typed;
	if (it) {
		l->operation = script_string(t->script, it->text);
	}
	if (l->kind == LINE_OPERATION) {
		VEC_GROW(t->item, t->nitem, t->cap_item);
		t->item[t->nitem++] = (uint32_t)items;
		l->op = t->script->nops = t->nitem;
	}
	free(copy);
	return NULL;
}

/* What the head says goes to the text as well. */
static void text_done(struct text *t)
{
	struct buf about = BUF_INIT;

	if (t->sc->title)
		t->script->title = script_string(t->script, t->sc->title);
	for (size_t i = 0; i < t->sc->nabout; i++)
		buf_addf(&about, "%s%s", i ? " " : "", t->sc->about[i].text);
	t->script->about = script_string(t->script, buf_str(&about));
	buf_free(&about);
}

void player_predictions(struct player *p)
{
	for (size_t i = 0; i < p->script->nlines; i++) {
		struct script_line *l = &p->script->lines[i];
		const struct prediction *pr;

		if (l->kind != LINE_OPERATION)
			continue;
		pr = scenario_predicted(player_item(p, l->op), p->options.profile);
		l->prediction = pr ? script_string(p->script, pr->text) : "";
	}
}

static void text_use(struct player *p, struct text *t)
{
	text_done(t);
	script_put(p->script);
	scenario_destroy(p->sc);
	free(p->item);
	p->script = t->script;
	p->sc = t->sc;
	p->item = t->item;
	p->nitem = t->nitem;
	p->cap_item = t->cap_item;
	player_predictions(p);
}

struct error *player_read(struct player *p, const char *path)
{
	struct buf all = BUF_INIT;
	struct error *err = path ? scenario_read(path, &all) : NULL;
	struct text t;

	text_new(&t, path);
	for (size_t at = 0, len; !err && at < all.len; at += len + 1) {
		const char *end = memchr(all.data + at, '\n', all.len - at);

		len = end ? (size_t)(end - (all.data + at)) : all.len - at;
		err = text_add(&t, all.data + at, len, false);
	}
	buf_free(&all);
	if (err)
		text_free(&t);
	else
		text_use(p, &t);
	return err;
}

/* Behind the line in hand; before the first operation, behind the head and what was typed. */
static size_t insertion(const struct player *p)
{
	const struct script *s = p->script;
	size_t at = 0;

	if (p->at.op) {
		at = script_find(s, p->at.op) + 1;
		while (at < s->nlines && s->lines[at].kind == LINE_UNDER)
			at++;
		return at;
	}
	for (size_t i = 0; i < s->nlines && s->lines[i].kind != LINE_OPERATION; i++)
		if (s->lines[i].kind == LINE_HEAD || s->lines[i].typed)
			at = i + 1;
	return at;
}

/* The text with a line put in at `at`, in place of `drop` (0 or 1) lines there. */
static struct error *with_line(struct player *p, struct text *t, size_t at, size_t drop, const char *raw)
{
	const struct script *s = p->script;
	struct error *err = NULL;

	text_new(t, p->path);
	for (size_t i = 0; !err && i <= s->nlines; i++) {
		if (i == at)
			err = text_add(t, raw, strlen(raw), true);
		if (err || i == s->nlines || (drop && i == at))
			continue;
		err = text_add(t, s->lines[i].text, strlen(s->lines[i].text), s->lines[i].typed);
		if (!err) {
			struct script_line *l = &t->script->lines[t->script->nlines - 1];

			l->result = script_string(t->script, s->lines[i].result);
			l->mistake = script_string(t->script, s->lines[i].mistake);
		}
	}
	if (err)
		text_free(t);
	return err;
}

struct error *player_twin(struct player *p, const struct sim_profile *profile, struct player **ret)
{
	struct player *twin = xcalloc(1, sizeof(*twin));
	struct text t;
	struct error *err = with_line(p, &t, p->script->nlines + 1, 0, "");

	if (err) {
		free(twin);
		return err;
	}
	twin->path = p->path ? xstrdup(p->path) : NULL;
	twin->profile = profile;
	text_use(twin, &t);
	err = player_machine(twin);
	if (err)
		player_close(twin);
	else
		*ret = twin;
	return err;
}

static bool has_room(const char *line)
{
	return strlen(line) <= SCENARIO_LINE_MAX && !strpbrk(line, "\n\r");
}

/* The line stands at `at` now. What was executed up to `op` stays, unless the head changed. */
static struct error *resume(struct player *p, struct text *t, size_t at, size_t op)
{
	enum line_kind kind = t->script->lines[at].kind;
	struct error *err = NULL;

	player_show(p, (struct place){ .op = op, .complete = true });
	if (kind == LINE_HEAD) {
		text_use(p, t);
		return player_machine(p);
	}
	/* The names in the past are numbered as before: the text up to here is the same. */
	text_use(p, t);
	player_forget(p, op);
	if (kind == LINE_OPERATION)
		player_next(p);
	if (kind == LINE_UNDER && op) {		/* what was said of the operation above is judged anew */
		player_show(p, (struct place){ .op = op - 1, .complete = true });
		player_forget(p, op - 1);
		player_next(p);
	}
	return err;
}

struct error *player_run(struct player *p, const char *line)
{
	size_t at = insertion(p);
	struct error *err;
	struct text t;

	if (!has_room(line))
		return error_create(ERR_USAGE, "a line of more than %d bytes", SCENARIO_LINE_MAX);
	err = with_line(p, &t, at, 0, line);
	return err ? err : resume(p, &t, at, p->at.op);
}

struct error *player_edit(struct player *p, const char *line)
{
	struct error *err;
	struct text t;
	size_t at;

	if (!p->at.op)
		return error_create(ERR_FAILURE, "no line was run yet: run one first, or go to one");
	if (!has_room(line))
		return error_create(ERR_USAGE, "a line of more than %d bytes", SCENARIO_LINE_MAX);
	at = script_find(p->script, p->at.op);
	err = with_line(p, &t, at, 1, line);
	return err ? err : resume(p, &t, at, p->at.op - 1);
}

struct error *player_save(const struct player *p, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct error *err = NULL;
	FILE *f;

	if (fd < 0 && errno == EEXIST)
		return error_create(ERR_FAILURE, "%s is there already: save under another name", path);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!f) {
		err = error_os(ERR_FAILURE, errno, "%s", path);
		if (fd >= 0)
			close(fd);
		return err;
	}
	for (size_t i = 0; i < p->script->nlines; i++)
		fprintf(f, "%s\n", p->script->lines[i].text);
	if (fclose(f))
		err = error_os(ERR_FAILURE, errno, "%s", path);
	return err;
}
