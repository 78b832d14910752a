/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/app/app.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"

void chooser_close(struct chooser *ch)
{
	for (size_t i = 0; i < ch->n; i++) {
		free(ch->items[i].key);
		free(ch->items[i].name);
		free(ch->items[i].about);
		free(ch->items[i].command);
	}
	free(ch->items);
	free(ch->order);
	free(ch->back);
	buf_free(&ch->filter);
	*ch = (struct chooser){ .open = false };
}

void chooser_open(struct app *app, const char *title)
{
	chooser_close(&app->chooser);
	app->chooser.open = true;
	app->chooser.title = title;
}

void chooser_add(struct chooser *ch, const char *key, const char *name, const char *about,
		 const char *command)
{
	VEC_GROW(ch->items, ch->n, ch->cap);
	ch->items[ch->n++] = (struct choice){
		xstrdup(key), xstrdup(name), text_sanitized(about), xstrdup(command), false, 0,
	};
	ch->ordered = false;
}

void chooser_heading(struct chooser *ch, const char *text)
{
	chooser_add(ch, "", text, "", "");
	ch->items[ch->n - 1].heading = true;
	/* One begins below it. */
	if (ch->selected == (int)ch->n - 1)
		ch->selected++;
}

/* Where a word stands in a row, the best place first: who types a name means it. Of equals, what
 * has a key is what is used more. */
enum fit { FIT_KEY, FIT_NAME, FIT_WORD, FIT_INSIDE, FIT_ABOUT, FIT_NOT };
enum { RANKS = 2 * FIT_NOT };

static enum fit fit_of_word(const struct choice *it, const char *word)
{
	const char *at = strcasestr(it->name, word);

	if (!strcmp(it->key, word))
		return FIT_KEY;
	if (!at)
		return strcasestr(it->about, word) ? FIT_ABOUT : FIT_NOT;
	if (at == it->name)
		return FIT_NAME;
	return at[-1] == ' ' ? FIT_WORD : FIT_INSIDE;
}

/* Every word of the filter has to stand somewhere. */
static enum fit fit_of(const struct chooser *ch, const struct choice *it)
{
	char *words = xstrdup(buf_str(&ch->filter)), *save = NULL;
	enum fit worst = it->heading && *words ? FIT_NOT : FIT_KEY;

	for (char *w = strtok_r(words, " ", &save); w && worst < FIT_NOT; w = strtok_r(NULL, " ", &save)) {
		enum fit fit = fit_of_word(it, w);

		worst = fit > worst ? fit : worst;
	}
	free(words);
	return worst;
}

static void put_in_order(struct chooser *ch)
{
	ch->order = xreallocarray(ch->order, ch->n ? ch->n : 1, sizeof(*ch->order));
	ch->shown = 0;
	for (size_t i = 0; i < ch->n; i++)
		ch->items[i].rank = 2 * (int)fit_of(ch, &ch->items[i]) + (ch->filter.len && !*ch->items[i].key);
	for (int rank = 0; rank < RANKS; rank++)
		for (size_t i = 0; i < ch->n; i++)
			if (ch->items[i].rank == rank)
				ch->order[ch->shown++] = i;
	ch->ordered = true;
}

static struct choice *nth(struct chooser *ch, int want, int *total)
{
	if (!ch->ordered)
		put_in_order(ch);
	*total = (int)ch->shown;
	return want >= 0 && want < *total ? &ch->items[ch->order[want]] : NULL;
}

static void preview(struct app *app)
{
	struct chooser *ch = &app->chooser;
	struct choice *it;
	int total;

	it = nth(ch, ch->selected, &total);
	if (it && ch->preview)
		ch->preview(app, it->command);
}

static void leave(struct app *app, bool run)
{
	struct chooser *ch = &app->chooser;
	struct choice *it;
	char *command = NULL;
	int total;

	it = nth(ch, ch->selected, &total);
	if (run && ch->to_read && !ch->chosen)
		run = false;
	if (run && it)
		command = xstrdup(it->command);
	else if (run && ch->typed)
		command = xstrdup(buf_str(&ch->filter));
	else if (!run && ch->back)
		command = xstrdup(ch->back);
	chooser_close(ch);
	if (command && *command)
		command_run(app, command);
	free(command);
}

static int moved_by(const struct chooser *ch, const struct input *in)
{
	const int page = ch->rows.rows > 2 ? ch->rows.rows - 1 : 1;
	const struct { uint32_t key; int by; } moves[] = {
		{ KEY_UP_, -1 }, { KEY_DOWN_, 1 }, { KEY_PGUP, -page }, { KEY_PGDN, page },
		{ KEY_HOME_, -100000 }, { KEY_END_, 100000 },
		{ KEY_CTRL_('p'), -1 }, { KEY_CTRL_('n'), 1 },
	};

	if (in->type == INPUT_MOUSE && in->button == MOUSE_WHEEL_UP)
		return -3;
	if (in->type == INPUT_MOUSE && in->button == MOUSE_WHEEL_DOWN)
		return 3;
	for (size_t i = 0; in->type == INPUT_KEY && i < ARRAY_LEN(moves); i++)
		if (moves[i].key == in->key)
			return moves[i].by;
	return 0;
}

/* Into the list, and off headings: on in the direction of the move, else back. */
static void settle(struct chooser *ch, int way)
{
	int total;

	nth(ch, 0, &total);
	for (int turn = 0; turn < 2; turn++, way = -way) {
		if (ch->selected >= total)
			ch->selected = total - 1;
		if (ch->selected < 0)
			ch->selected = 0;
		while (ch->selected >= 0 && ch->selected < total && nth(ch, ch->selected, &total)->heading)
			ch->selected += way;
		if (ch->selected >= 0 && ch->selected < total)
			return;
	}
	ch->selected = 0;
}

/* A click chooses a row, a second one on it runs it. */
static bool clicked(struct app *app, const struct input *in)
{
	struct chooser *ch = &app->chooser;
	const struct rect *r = &ch->rows;
	int at = ch->top + in->row - r->row, total;
	const struct choice *it;

	if (in->type != INPUT_MOUSE || in->button != MOUSE_LEFT)
		return false;
	it = nth(ch, at, &total);
	if (in->row < r->row || in->row >= r->row + r->rows || in->col < r->col ||
	    in->col >= r->col + r->cols || !it || it->heading)
		return true;
	ch->chosen = true;
	if (ch->selected == at && in->twice) {
		leave(app, true);
		return true;
	}
	ch->selected = at;
	preview(app);
	return true;
}

void chooser_input(struct app *app, const struct input *in)
{
	struct chooser *ch = &app->chooser;
	const char *command = prompt_command(app, in);
	size_t cursor = ch->filter.len;
	int total, by = moved_by(ch, in);

	if (clicked(app, in))
		return;
	nth(ch, 0, &total);
	if (by) {
		ch->selected += by;
	} else if (!strcmp(command, "cancel")) {
		leave(app, false);
		return;
	} else if (!strcmp(command, "accept")) {
		leave(app, true);
		return;
	} else if (edit_line(app, &ch->filter, &cursor, in)) {
		ch->ordered = false;
		ch->selected = 0;
		nth(ch, 0, &total);
	} else {
		return;
	}
	ch->chosen = true;
	settle(ch, by < 0 ? -1 : 1);
	preview(app);
}

static void draw_row(struct canvas *c, int row, const struct choice *it,
		     bool selected, int keys, int names)
{
	int cols = canvas_cols(c);

	if (it->heading) {
		canvas_putn(c, row, 1, STYLE(TITLE), cols - 2, it->name);
		return;
	}
	canvas_putn(c, row, 1, STYLE(KEY), keys, it->key);
	canvas_putn(c, row, 2 + keys, STYLE(STRONG), names, it->name);
	canvas_putn(c, row, 4 + keys + names, STYLE(TEXT), cols - 5 - keys - names, it->about);
	if (selected) {
		canvas_restyle(c, row, 0, cols, style_attr(STYLE(TEXT), ATTR_REVERSE));
		canvas_cursor(c, row, 1);
	}
}

/* How many choices there are among the first n lines. */
static int choices(struct chooser *ch, int n)
{
	int count = 0, total;

	for (int i = 0; i < n; i++)
		count += !nth(ch, i, &total)->heading;
	return count;
}

/* The selected row in full: a narrow list cuts what it says. */
void chooser_describe(struct app *app, struct buf *out)
{
	const struct choice *it;
	int total;

	it = nth(&app->chooser, app->chooser.selected, &total);
	if (!it || it->heading || !*it->name)
		return;
	if (*it->key)
		buf_addf(out, "%s  ", it->key);
	buf_adds(out, it->name);
	if (*it->about)
		buf_addf(out, "%s %s", it->name[strlen(it->name) - 1] == '?' ? "" : ":", it->about);
}

void chooser_draw(struct app *app, struct canvas *c)
{
	struct chooser *ch = &app->chooser;
	/* Above the sentence, which tells of the selected row. */
	int rows = canvas_rows(c) - 6, cols = canvas_cols(c) - 6, keys = 3, names = 8, total, list;

	if (cols > 100)
		cols = 100;
	for (size_t i = 0; i < ch->n; i++) {
		int k = text_width(ch->items[i].key), n = ch->items[i].heading ? 0 : text_width(ch->items[i].name);

		keys = k > keys ? k : keys;
		names = n > names ? n : names;
	}
	names = names > cols / 2 ? cols / 2 : names;
	nth(ch, 0, &total);
	list = rows - 4;
	if (list > total)
		list = total > 0 ? total : 1;
	if (ch->selected < ch->top)
		ch->top = ch->selected;
	/* What stands above the first choice is seen with it. */
	while (ch->top > 0 && ch->top == ch->selected && nth(ch, ch->top - 1, &total) &&
	       nth(ch, ch->top - 1, &total)->heading)
		ch->top--;
	if (ch->selected >= ch->top + list)
		ch->top = ch->selected - list + 1;
	ch->rows = (struct rect){ 5, (canvas_cols(c) - cols) / 2 + 1, list, cols - 2 };
	canvas_push(c, (struct rect){ 2, (canvas_cols(c) - cols) / 2, list + 4, cols });
	canvas_fill(c, (struct rect){ 0, 0, list + 4, cols }, STYLE(TEXT), ' ');
	canvas_box(c, (struct rect){ 0, 0, list + 4, cols }, STYLE(BORDER));
	canvas_putf(c, 0, 2, STYLE(TITLE), " %s ", ch->title);
	canvas_putf(c, list + 3, 2, STYLE(DIM), " %d of %d   Enter run   Esc close ",
		    total ? choices(ch, ch->selected + 1) : 0, choices(ch, total));
	canvas_putf(c, 1, 2, STYLE(PROMPT), "> %s", buf_str(&ch->filter));
	if (!ch->filter.len)
		canvas_put(c, 1, 5, STYLE(DIM), "type to narrow the list");
	canvas_push(c, (struct rect){ 3, 1, list, cols - 2 });
	if (!total)
		canvas_put(c, 0, 1, STYLE(WHY), ch->typed ?
			   "nothing fits; Enter runs the line as it stands" : "nothing fits");
	for (int i = 0; i < list; i++) {
		struct choice *it = nth(ch, ch->top + i, &total);

		if (it)
			draw_row(c, i, it, ch->top + i == ch->selected, keys, names);
	}
	canvas_pop(c);
	canvas_pop(c);
}
