/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/app/app.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/machine.h"
#include "mmscope/text.h"

static const struct { const char *label, *hint; } kinds[] = {
	[PROMPT_NONE] = { "", "" },
	[PROMPT_FILTER] = { "filter", "rss>4m perm~rw path~/libc/ !anon role=heap; a plain word is a substring" },
	[PROMPT_FIND] = { "find", "the same language as filter; n next, N previous; 0x7f.. goes to an address" },
	[PROMPT_SOURCE] = { "", "" },
	[PROMPT_GOTO] = { "go to", "an address (0x7f..), a thread's number, or a role (heap, stack, text ...)" },
};

static void splice(struct buf *b, size_t at, size_t drop, const char *text, size_t n)
{
	struct buf out = BUF_INIT;

	buf_add(&out, buf_str(b), at);
	buf_add(&out, text, n);
	buf_add(&out, buf_str(b) + at + drop, b->len - at - drop);
	buf_free(b);
	*b = out;
}

static size_t before(const struct buf *b, size_t at)
{
	while (at > 0 && ((unsigned char)b->data[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct buf *b, size_t at)
{
	if (at < b->len)
		at++;
	while (at < b->len && ((unsigned char)b->data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static size_t word_before(const struct buf *b, size_t at)
{
	while (at > 0 && b->data[at - 1] == ' ')
		at--;
	while (at > 0 && b->data[at - 1] != ' ')
		at--;
	return at;
}

static void insert(struct buf *b, size_t *cursor, const char *text, size_t n)
{
	if (b->len + n > 1000)
		return;
	splice(b, *cursor, 0, text, n);
	*cursor += n;
}

/* What is pasted is text, never keys; line ends and controls become blanks. */
static void paste(struct buf *b, size_t *cursor, const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	if (utf8_valid(copy, strlen(copy)))
		insert(b, cursor, copy, strlen(copy));
	free(copy);
}

/* What the keys of the context `prompt` do to a line. */
static void edit_left(struct buf *b, size_t *cursor)
{
	*cursor = before(b, *cursor);
}

static void edit_right(struct buf *b, size_t *cursor)
{
	*cursor = after(b, *cursor);
}

static void edit_start(struct buf *b, size_t *cursor)
{
	(void)b;
	*cursor = 0;
}

static void edit_end(struct buf *b, size_t *cursor)
{
	*cursor = b->len;
}

static void erase_to(struct buf *b, size_t *cursor, size_t to)
{
	splice(b, to, *cursor - to, "", 0);
	*cursor = to;
}

static void edit_erase(struct buf *b, size_t *cursor)
{
	erase_to(b, cursor, before(b, *cursor));
}

static void edit_erase_word(struct buf *b, size_t *cursor)
{
	erase_to(b, cursor, word_before(b, *cursor));
}

static void edit_erase_line(struct buf *b, size_t *cursor)
{
	erase_to(b, cursor, 0);
}

static void edit_delete(struct buf *b, size_t *cursor)
{
	splice(b, *cursor, after(b, *cursor) - *cursor, "", 0);
}

static void edit_erase_rest(struct buf *b, size_t *cursor)
{
	splice(b, *cursor, b->len - *cursor, "", 0);
}

static const struct { const char *command; void (*edit)(struct buf *b, size_t *cursor); } edits[] = {
	{ "left", edit_left }, { "right", edit_right }, { "start", edit_start }, { "end", edit_end },
	{ "erase", edit_erase }, { "erase-word", edit_erase_word }, { "erase-line", edit_erase_line },
	{ "delete", edit_delete }, { "erase-rest", edit_erase_rest },
};

bool types_text(const struct input *in)
{
	return in->type == INPUT_PASTE ||
	       (in->type == INPUT_KEY && in->key >= KEY_SPACE && in->key < KEYS_SPECIAL &&
		in->key != 0x7f);
}

const char *prompt_command(const struct app *app, const struct input *in)
{
	const char *command = NULL;

	if (in->type == INPUT_KEY && !types_text(in))
		command = keymap_find(&app->keys, "prompt", in->key);
	return command ? command : "";
}

bool edit_line(const struct app *app, struct buf *b, size_t *cursor, const struct input *in)
{
	const char *command = prompt_command(app, in);
	char utf8[4];

	if (in->type == INPUT_PASTE) {
		paste(b, cursor, in->text);
		return true;
	}
	if (types_text(in)) {
		insert(b, cursor, utf8, utf8_encode(in->key, utf8));
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		if (!strcmp(edits[i].command, command)) {
			edits[i].edit(b, cursor);
			return true;
		}
	return false;
}

/* Views with rows of their own have a filter of their own; else it is the session's. */
const char *filter_text(struct app *app)
{
	const struct view *v = views[frame_focus(app)];

	return v->filter ? v->filter(app->states[frame_focus(app)]) : session_filter(app->session);
}

bool filter_set(struct app *app, const char *text, struct filter_error *err)
{
	const struct view *v = views[frame_focus(app)];

	return v->set_filter ? v->set_filter(app->states[frame_focus(app)], text, err) :
	       session_set_filter(app->session, text, err);
}

void filter_change(struct app *app, const char *from, const char *to)
{
	if (!views[frame_focus(app)]->set_filter && strcmp(from, to)) {
		filter_set(app, from, NULL);
		session_remember(app->session);
	}
	filter_set(app, to, NULL);
}

void prompt_open(struct app *app, enum prompt_kind kind, const char *text)
{
	struct prompt *p = &app->prompt;

	p->kind = kind;
	buf_reset(&p->text);
	buf_adds(&p->text, text);
	p->cursor = p->text.len;
	p->error.message[0] = '\0';
	p->recalled = p->nhistory;
	free(p->before);
	p->before = xstrdup(filter_text(app));
}

/* What stands in the line to begin with: to edit a line, one has to see it. */
void prompt_open_source(struct app *app, const struct source_command *c)
{
	const struct snapshot *snap = session_snapshot(app->session);
	const struct machine *m = snap ? snap->machine : NULL;
	size_t line = m && m->op ? script_find(m->script, m->op) : 0;
	const char *text = "";

	if (m && m->op && line < m->script->nlines && !strcmp(c->name, "edit"))
		text = m->script->lines[line].text;
	prompt_open(app, PROMPT_SOURCE, text);
	app->prompt.source = c;
}

static void keep(struct prompt *p)
{
	if (!p->text.len || (p->nhistory && !strcmp(p->history[p->nhistory - 1], buf_str(&p->text))))
		return;
	if (p->nhistory == (int)ARRAY_LEN(p->history)) {
		free(p->history[0]);
		memmove(p->history, p->history + 1, sizeof(p->history) - sizeof(p->history[0]));
		p->nhistory--;
	}
	p->history[p->nhistory++] = xstrdup(buf_str(&p->text));
}

static void recall(struct app *app, int by)
{
	struct prompt *p = &app->prompt;
	int to = p->recalled + by;

	if (to < 0 || to > p->nhistory)
		return;
	p->recalled = to;
	buf_reset(&p->text);
	buf_adds(&p->text, to < p->nhistory ? p->history[to] : "");
	p->cursor = p->text.len;
}

static bool is_address(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

/* While one types: the filter acts at once; what is not yet one keeps the last good. */
static void changed(struct app *app)
{
	struct prompt *p = &app->prompt;

	p->error.message[0] = '\0';
	if (p->kind == PROMPT_SOURCE || is_address(buf_str(&p->text)))
		return;
	if (p->kind == PROMPT_FILTER) {
		filter_set(app, buf_str(&p->text), &p->error);
	} else if (p->kind == PROMPT_FIND && p->text.len) {
		find_set(app, buf_str(&p->text), &p->error);
	}
}

/* What the source does not understand stays in the line, with the place of the mistake. */
static void done_source(struct app *app)
{
	struct prompt *p = &app->prompt;
	struct error *err = NULL;
	const char *message;
	unsigned line;

	if (!p->text.len) {
		p->kind = PROMPT_NONE;
		return;
	}
	session_command(app->session, p->source->name, buf_str(&p->text), &err);
	app->next_tick_ns = 0;
	if (!err) {
		keep(p);
		p->recalled = p->nhistory;
		/* One line leads to the next; Esc leaves. */
		if (!strcmp(p->source->name, "run")) {
			buf_reset(&p->text);
			p->cursor = 0;
		} else {
			p->kind = PROMPT_NONE;
		}
		return;
	}
	message = strrchr(err->message, ':') ? err->message : NULL;
	p->error.column = 1;
	for (const char *s = message; s && (s = strchr(s, ':')); s++)
		if (sscanf(s, ":%u:%u:", &line, &p->error.column) == 2) {
			message = strchr(strchr(s + 1, ':') + 1, ':') + 1;
			break;
		}
	snprintf(p->error.message, sizeof(p->error.message), "%s",
		 message && message != err->message ? message + strspn(message, " ") : err->message);
	error_destroy(err);
}

static void done(struct app *app)
{
	struct prompt *p = &app->prompt;
	enum prompt_kind kind = p->kind;
	char *text;

	if (kind == PROMPT_SOURCE) {
		done_source(app);
		return;
	}
	if (p->error.message[0])
		return;			/* the error stays until it is mended or left by Esc */
	text = xstrdup(buf_str(&p->text));
	keep(p);
	p->kind = PROMPT_NONE;
	if (kind == PROMPT_GOTO || is_address(text)) {
		if (kind == PROMPT_FILTER)
			filter_set(app, p->before, NULL);
		if (*text)
			goto_place(app, text);
	} else if (kind == PROMPT_FIND && *text) {
		find_again(app, 1);
	} else if (kind == PROMPT_FILTER) {
		filter_change(app, p->before, text);
		session_select_passing(app->session);
	}
	free(text);
}

void prompt_input(struct app *app, const struct input *in)
{
	struct prompt *p = &app->prompt;
	const char *command = prompt_command(app, in);

	if (!strcmp(command, "cancel")) {
		if (p->kind == PROMPT_FILTER)
			filter_set(app, p->before, NULL);
		p->kind = PROMPT_NONE;
	} else if (!strcmp(command, "accept")) {
		done(app);
	} else if (!strcmp(command, "history-previous") || !strcmp(command, "history-next")) {
		recall(app, !strcmp(command, "history-previous") ? -1 : 1);
		changed(app);
	} else if (edit_line(app, &p->text, &p->cursor, in)) {
		changed(app);
	}
}

static void draw_fields(const struct filter_kind *kind, struct canvas *c, int row)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "a plain word is a substring; fields: ");
	filter_fields(kind, &b);
	canvas_putn(c, row, 1, STYLE(DIM), canvas_cols(c) - 2, buf_str(&b));
	buf_free(&b);
}

int prompt_draw(struct app *app, struct canvas *c, int row, int rows)
{
	struct prompt *p = &app->prompt;
	const uint32_t *found;
	char *head = xstrndup(buf_str(&p->text), p->cursor);
	int col = canvas_putf(c, row, 1, STYLE(KEY), "%s: ", p->kind == PROMPT_SOURCE ? p->source->name : kinds[p->kind].label);
	int room = canvas_cols(c) - col - 24, skip = text_width(head) - room;
	const char *text = buf_str(&p->text);
	int cursor;

	if (skip < 0)
		skip = 0;
	cursor = col + text_width(head) - skip;
	for (uint32_t ch; skip > 0 && *text; skip--)
		text += utf8_decode(text, strlen(text), &ch);
	canvas_put(c, row, col, STYLE(PROMPT), text);
	if (p->kind == PROMPT_FILTER && !views[frame_focus(app)]->set_filter) {
		size_t n = session_rows(app->session, &found);
		const struct snapshot *snap = session_snapshot(app->session);
		struct buf b = BUF_INIT;
		char a[32], all[32];

		buf_addf(&b, "%s of %s", count_text(n, a), count_text(snap && snap->layout ? snap->layout->n : 0, all));
		canvas_right(c, row, canvas_cols(c) - 1, STYLE(DIM), buf_str(&b));
		buf_free(&b);
	}
	if (rows > 1 && p->error.message[0]) {
		/* The caret points at the culprit, the message follows it. */
		int at = col + (int)p->error.column - 1;

		if (at > canvas_cols(c) / 2) {
			at = canvas_putf(c, row + 1, 1, STYLE(ERROR), "column %u: ", p->error.column);
		} else {
			at = canvas_put(c, row + 1, at, STYLE(ERROR), "^ ");
		}
		canvas_putn(c, row + 1, at, STYLE(ERROR), canvas_cols(c) - 1 - at, p->error.message);
	} else if (rows > 1) {
		const char *said = session_said(app->session);
		const struct view *v = views[frame_focus(app)];

		if ((p->kind == PROMPT_FILTER && v->rows) || (p->kind == PROMPT_FIND && v->find))
			draw_fields(v->rows, c, row + 1);
		else if (p->kind != PROMPT_SOURCE)
			canvas_put(c, row + 1, 1, STYLE(DIM), kinds[p->kind].hint);
		else
			canvas_put(c, row + 1, 1, said ? STYLE(WARN) : STYLE(DIM), said ? said : p->source->help);
	}
	canvas_cursor(c, row, cursor);
	free(head);
	return rows > 1 ? 2 : 1;
}

void prompt_free(struct prompt *p)
{
	buf_free(&p->text);
	free(p->before);
	for (int i = 0; i < p->nhistory; i++)
		free(p->history[i]);
}
