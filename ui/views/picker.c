/* SPDX-License-Identifier: GPL-2.0-or-later
 * The list of processes to choose from: a tree, narrowed by what is typed. The
 * selection is a pid, so it stays on its process when the list is read again.
 */
#include "ui/views/picker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/filter.h"
#include "mmscope/text.h"
#include "ui/views/paint.h"

enum { TREE = 0 };		/* the sorting that is none: the order of the tree */

struct picker {
	char *proc_root;
	struct proclist list;		/* in the order of the tree */
	char *text;			/* what was typed */
	char *name;			/* what it began with: means what it does on the command line */
	struct filter *filter;		/* the last that could be understood */
	struct filter_error error;	/* column 0: none */
	uint32_t *rows;			/* entries that pass, in order */
	size_t n, cap;
	int sort;			/* column; TREE */
	bool reversed;
	pid_t selected;
	int top, page, width;
};

struct picker_rows {
	const struct picker *p;
	bool tree;			/* indent */
};

/* ---- columns ---- */

static const struct proc_entry *entry(const void *rows, size_t i)
{
	return &((const struct picker_rows *)rows)->p->list.entries[i];
}

static struct style quiet_if(const void *rows, size_t i)
{
	return entry(rows, i)->kthread ? STYLE(DIM) : STYLE(TEXT);
}

static struct style text_pid(const void *rows, size_t i, struct buf *out)
{
	buf_addf(out, "%d", (int)entry(rows, i)->pid);
	return quiet_if(rows, i);
}

static struct style text_user(const void *rows, size_t i, struct buf *out)
{
	const struct proc_entry *e = entry(rows, i);

	if (e->user[0])
		text_sanitize(out, e->user, strnlen(e->user, sizeof(e->user)), 0);
	else
		buf_addf(out, "%u", (unsigned)e->uid);
	return STYLE(DIM);
}

static struct style text_state(const void *rows, size_t i, struct buf *out)
{
	char c = entry(rows, i)->state;

	buf_addc(out, c > ' ' && c < 0x7f ? c : '?');
	return c == 'R' ? STYLE(GOOD) : c == 'Z' || c == 'D' ? STYLE(WARN) : STYLE(DIM);
}

static struct style add_figure(uint64_t v, struct buf *out)
{
	char size[16];

	buf_adds(out, size_text(v, size));
	return v && v != UNKNOWN ? STYLE(TEXT) : STYLE(DIM);
}

static struct style text_rss(const void *rows, size_t i, struct buf *out)
{
	return add_figure(entry(rows, i)->rss, out);
}

static struct style text_stack(const void *rows, size_t i, struct buf *out)
{
	return add_figure(entry(rows, i)->stack, out);
}

static struct style text_threads(const void *rows, size_t i, struct buf *out)
{
	buf_addf(out, "%u", entry(rows, i)->threads);
	return entry(rows, i)->threads > 1 ? STYLE(TEXT) : STYLE(DIM);
}

static struct style text_command(const void *rows, size_t i, struct buf *out)
{
	const struct picker_rows *r = rows;
	const struct proc_entry *e = entry(rows, i);
	const char *cmd = e->cmdline ? e->cmdline : "";
	char comm[80];

	if (r->tree && e->depth) {
		for (unsigned d = 1; d < e->depth && d < 12; d++)
			buf_adds(out, "  ");
		buf_adds(out, "└ ");
	}
	clean(e->comm, comm, sizeof(comm));
	if (e->kthread) {
		buf_addf(out, "[%s]", comm);
		return STYLE(DIM);
	}
	/* The name, and the command line where it says more; it mostly begins with the name. */
	if (!*cmd || strncmp(cmd, e->comm, strlen(e->comm)))
		buf_addf(out, "%s%s", comm, *cmd ? "  " : "");
	text_sanitize(out, cmd, strnlen(cmd, 400), 0);
	return STYLE(TEXT);
}

static uint64_t number_pid(const void *rows, size_t i) { return (uint64_t)entry(rows, i)->pid; }
static uint64_t number_rss(const void *rows, size_t i) { return entry(rows, i)->rss; }
static uint64_t number_stack(const void *rows, size_t i) { return entry(rows, i)->stack; }
static uint64_t number_threads(const void *rows, size_t i) { return entry(rows, i)->threads; }

static int compare_user(const void *rows, size_t a, size_t b)
{
	return strcmp(entry(rows, a)->user, entry(rows, b)->user);
}

static int compare_comm(const void *rows, size_t a, size_t b)
{
	return strcmp(entry(rows, a)->comm, entry(rows, b)->comm);
}

static const struct column columns[] = {
	{ .name = "pid", .head = "PID", .width = 8, .rising = true, .text = text_pid,
	  .number = number_pid },
	{ .name = "user", .head = "USER", .width = 10, .room = 60, .left = true, .rising = true,
	  .text = text_user, .compare = compare_user },
	{ .name = "state", .head = "S", .width = 1, .room = 50, .left = true, .text = text_state },
	{ .name = "rss", .head = "RSS", .width = 6, .text = text_rss, .number = number_rss },
	{ .name = "stack", .head = "STACK", .width = 6, .room = 64, .text = text_stack,
	  .number = number_stack },
	{ .name = "threads", .head = "THR", .width = 5, .room = 56, .text = text_threads,
	  .number = number_threads },
	{ .name = "comm", .head = "PROCESS", .left = true, .rising = true, .text = text_command,
	  .compare = compare_comm },
	{ .name = NULL },
};

/* What "sort" goes through, the tree first. */
static const char *const sorts[] = { "tree", "rss", "stack", "threads", "pid", "user", "comm" };

/* ---- rows ---- */

static bool typed(const struct picker *p)
{
	return p->text[strspn(p->text, " \t")] != '\0';
}

static bool named(const struct picker *p)
{
	return *p->name && !strcmp(p->text, p->name);
}

static void rows_by_name(struct picker *p)
{
	size_t *found, n = proclist_match(&p->list, p->name, &found);

	for (size_t i = 0; i < n; i++)
		p->rows[p->n++] = (uint32_t)found[i];
	free(found);
}

static void update_rows(struct picker *p)
{
	struct picker_rows rows = { p, false };

	if (p->list.n > p->cap) {
		p->cap = p->list.n;
		p->rows = xreallocarray(p->rows, p->cap, sizeof(*p->rows));
	}
	p->n = 0;
	if (named(p))
		rows_by_name(p);
	for (size_t i = 0; !named(p) && i < p->list.n; i++)
		if (filter_match(p->filter, &p->list.entries[i]))
			p->rows[p->n++] = (uint32_t)i;
	if (p->sort != TREE)
		columns_sort(&columns[column_find(columns, sorts[p->sort])], &rows, p->rows, p->n,
			     p->reversed);
}

static int line_of(const struct picker *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list.entries[p->rows[i]].pid == pid)
			return (int)i;
	return -1;
}

/* What one most likely means: the very name, else a process with user space. */
static void select_best(struct picker *p)
{
	const char *word = p->text + strspn(p->text, " \t");
	int best = -1;

	for (size_t i = 0; i < p->n; i++) {
		const struct proc_entry *e = &p->list.entries[p->rows[i]];

		if (*word && !strcmp(e->comm, word)) {
			best = (int)i;
			break;
		}
		if (best < 0 && !e->kthread)
			best = (int)i;
	}
	if (best < 0 && p->n)
		best = 0;
	p->selected = best < 0 ? 0 : p->list.entries[p->rows[best]].pid;
	p->top = 0;
}

struct picker *picker_create(const char *proc_root, const char *name)
{
	struct picker *p = xcalloc(1, sizeof(*p));

	p->proc_root = xstrdup(proc_root);
	p->name = xstrdup(name);
	p->text = xstrdup(name);
	p->filter = filter_compile(&filter_processes, "", NULL);
	return p;
}

void picker_destroy(struct picker *p)
{
	if (!p)
		return;
	proclist_free(&p->list);
	filter_destroy(p->filter);
	free(p->rows);
	free(p->text);
	free(p->name);
	free(p->proc_root);
	free(p);
}

void picker_take(struct picker *p, struct proclist list)
{
	int before = line_of(p, p->selected), now;

	proclist_free(&p->list);
	p->list = list;
	update_rows(p);
	now = line_of(p, p->selected);
	if (now >= 0)
		return;
	/* Gone: whoever stands in its place now. */
	if (before >= 0 && p->n)
		p->selected = p->list.entries[p->rows[imin(before, (int)p->n - 1)]].pid;
	else
		select_best(p);
}

struct error *picker_refresh(struct picker *p)
{
	struct proclist list = { 0 };
	struct error *err = proclist_read(p->proc_root, &list);

	if (err)
		return err;
	proclist_tree(&list);
	picker_take(p, list);
	return NULL;
}

void picker_set_filter(struct picker *p, const char *text)
{
	struct filter_error error = { 0, "" };
	struct filter *f = filter_compile(&filter_processes, text, &error);
	char *copy = xstrdup(text);

	free(p->text);
	p->text = copy;
	p->error = error;
	if (named(p))
		p->error = (struct filter_error){ 0, "" };
	if (!f && !named(p))
		return;		/* the last good one goes on while one types */
	if (f) {
		filter_destroy(p->filter);
		p->filter = f;
	}
	update_rows(p);
	if (typed(p) || line_of(p, p->selected) < 0)
		select_best(p);
}

/* ---- drawing ---- */

static void draw_prompt(const struct picker *p, struct canvas *c)
{
	char a[32], b[32], counts[80];
	struct style st = p->error.column ? STYLE(ERROR) : STYLE(PROMPT);
	char *shown = text_sanitized(p->text);
	int col;

	col = canvas_put(c, 0, 1, STYLE(TITLE), "process: ");
	canvas_putn(c, 0, col, st, imax(canvas_cols(c) - col - 24, 4), *shown ? shown : " ");
	canvas_ch(c, 0, imin(col + text_width(shown), canvas_cols(c) - 24),
		  style_attr(st, ATTR_REVERSE), ' ');
	snprintf(counts, sizeof(counts), "%s of %s", count_text(p->n, a), count_text(p->list.n, b));
	canvas_right(c, 0, canvas_cols(c) - 1, STYLE(DIM), counts);
	if (p->error.column)
		canvas_putf(c, 1, col + (int)p->error.column - 1, STYLE(ERROR), "^ %s",
			    p->error.message);
	else if (!*shown || named(p))
		canvas_put(c, 1, col, STYLE(DIM), named(p) ?
			   "called so; what is typed is sought in command lines too" :
			   "type a name, a pid, or rss>100m user=root !kthread");
	free(shown);
}

static void draw_row(const struct picker *p, struct canvas *c, int row, size_t i,
		     struct buf *scratch)
{
	struct picker_rows rows = { p, p->sort == TREE && !typed(p) };
	const struct proc_entry *e = &p->list.entries[p->rows[i]];

	columns_row(c, row, columns, &rows, p->rows[i], scratch);
	if (e->pid == p->selected)
		paint_selected(c, row, 0);
}

enum { HEAD = 3 };

void picker_draw(struct picker *p, struct canvas *c)
{
	int rows = canvas_rows(c), sorted = p->sort == TREE ? -1 : column_find(columns,
									       sorts[p->sort]);
	struct buf scratch = BUF_INIT;

	draw_prompt(p, c);
	columns_head(c, HEAD - 1, columns, sorted, p->reversed);
	p->width = canvas_cols(c);
	p->page = rows - HEAD - (p->list.hidden != NULL);
	p->top = scroll_to(p->top, imax(line_of(p, p->selected), 0), (int)p->n, p->page);
	for (int i = 0; i < p->page && p->top + i < (int)p->n; i++)
		draw_row(p, c, HEAD + i, (size_t)(p->top + i), &scratch);
	if (!p->n)
		canvas_put(c, HEAD + 1, 2, STYLE(WHY), p->list.n ? "no process matches" :
			   "no processes seen");
	if (p->list.hidden)
		canvas_putf(c, rows - 1, 1, STYLE(WHY), "%s", p->list.hidden);
	buf_free(&scratch);
}

/* ---- commands ---- */

static bool set_sort(struct picker *p, const char *arg)
{
	int to = (p->sort + 1) % (int)ARRAY_LEN(sorts);

	for (size_t i = 0; *arg && i < ARRAY_LEN(sorts); i++)
		if (!strcmp(sorts[i], arg))
			to = (int)i;
	p->reversed = to == p->sort && to != TREE && !p->reversed;
	p->sort = to;
	update_rows(p);
	return true;
}

bool picker_command(struct picker *p, const char *name, const char *arg)
{
	int line = imax(line_of(p, p->selected), 0);

	if (!strcmp(name, "sort"))
		return set_sort(p, arg);
	if (!strcmp(name, "tree") || !strcmp(name, "tree-toggle"))
		return set_sort(p, p->sort == TREE ? "rss" : "tree");
	if (!p->n || !list_move(name, &line, (int)p->n, p->page - 1))
		return false;
	p->selected = p->list.entries[p->rows[line]].pid;
	return true;
}

void picker_click(struct picker *p, int row, int col)
{
	int line = p->top + row - HEAD, head = row == HEAD - 1 ? columns_at(columns, p->width, col) : -1;

	for (size_t i = 0; head >= 0 && i < ARRAY_LEN(sorts); i++)
		if (!strcmp(sorts[i], columns[head].name))
			set_sort(p, sorts[i]);
	if (row >= HEAD && row < HEAD + p->page && line < (int)p->n)
		p->selected = p->list.entries[p->rows[line]].pid;
}

pid_t picker_selected(const struct picker *p)
{
	return line_of(p, p->selected) >= 0 ? p->selected : 0;
}

void picker_select(struct picker *p, pid_t pid)
{
	if (line_of(p, pid) >= 0)
		p->selected = pid;
}
