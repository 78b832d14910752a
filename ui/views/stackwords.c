/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/stackwords.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/paint.h"
#include "ui/views/ruler.h"

enum { VALUE = 15, NOTE = VALUE + 18, TEXT_LEAST = 4, SMALL = 1 << 24 };

static const struct unwound *words_of(const struct snapshot *snap, pid_t tid)
{
	const struct unwound *u = snap ? snap->unwound : NULL;

	return u && u->nwords && u->words_tid == tid ? u : NULL;
}

static uint64_t sp_of(const struct snapshot *snap, const struct unwound *u)
{
	const struct unwound_task *t = unwound_find(u, u->words_tid);
	const struct task *task = snap->tasks ? task_list_find(snap->tasks, u->words_tid) : NULL;

	return t && t->n ? u->frames[t->first].sp : task ? task->sp : UNKNOWN;
}

/* Index of the word under the cursor: where it was, else where sp is. */
static size_t selected(const struct stackwords_state *st, const struct snapshot *snap,
		       const struct unwound *u)
{
	uint64_t at = st->tid == u->words_tid && st->addr ? st->addr : sp_of(snap, u);

	if (at == UNKNOWN || at < u->words_start)
		return 0;
	at = (at - u->words_start) / 8;
	return at < u->nwords ? (size_t)at : u->nwords - 1;
}

/* The frame that begins at or holds an address; NULL. */
static const struct user_frame *frame_at(const struct unwound *u, uint64_t addr)
{
	const struct unwound_task *t = unwound_find(u, u->words_tid);

	for (size_t i = 0; t && i < t->n; i++) {
		const struct user_frame *f = &u->frames[t->first + i];

		if (addr >= f->sp && (f->bytes == UNKNOWN ? addr == f->sp : addr - f->sp < f->bytes))
			return f;
	}
	return NULL;
}

/* Bytes that read as text, up to a NUL; at least four of them. */
static bool text_of(uint64_t value, char out[9])
{
	size_t n = 0;

	memcpy(out, &value, 8);
	out[8] = '\0';
	while (n < 8 && isprint((unsigned char)out[n]))
		n++;
	for (size_t i = n; i < 8; i++)
		if (out[i])
			return false;
	return n >= TEXT_LEAST;
}

static void add_code(const struct snapshot *snap, const struct stack_word *w, struct buf *out)
{
	ssize_t v = layout_find(snap->layout, w->value - 1);
	char label[64];

	if (*w->function)
		text_sanitize(out, w->function, strlen(w->function), 0);
	if (w->into != UNKNOWN)
		buf_addf(out, "+0x%" PRIx64, w->into);
	buf_addf(out, "%s%s", *w->function ? " in " : "",
		 vma_label(snap, (size_t)v, label, sizeof(label)));
}

/* In a few words; returns the style it has. */
static struct style note_of(const struct snapshot *snap, const struct unwound *u, size_t i,
			    struct buf *out)
{
	const struct stack_word *w = &u->words[i];
	ssize_t v = w->there ? layout_find(snap->layout, w->value) : -1;
	ssize_t own = layout_find(snap->layout, u->words_start);
	char text[9], label[64], size[16];

	if (!w->there) {
		buf_adds(out, "not in memory");
		return STYLE(WHY);
	}
	if (w->returns) {
		buf_adds(out, "↵ ");
		add_code(snap, w, out);
		return STYLE(STRONG);
	}
	if (v >= 0 && snap->layout->vmas[v].perms & VMA_EXEC) {
		buf_adds(out, "→ code ");
		add_code(snap, w, out);
		return STYLE(VMA_TEXT);
	}
	if (v >= 0) {
		const struct vma *vma = &snap->layout->vmas[v];

		if (v == own)
			buf_addf(out, "→ this stack, %s from its top", text_size(vma->end - w->value, size));
		else
			buf_addf(out, "→ %s +0x%" PRIx64, vma_label(snap, (size_t)v, label, sizeof(label)),
				 w->value - vma->start);
		return (struct style){ .role = THEME_OF_VMA(vma->role) };
	}
	if (text_of(w->value, text)) {
		buf_addf(out, "\"%s\"", text);
		return STYLE(GOOD);
	}
	if (w->value < SMALL)
		buf_addf(out, "%" PRIu64, w->value);
	else if (w->value > (uint64_t)-SMALL)
		buf_addf(out, "%" PRId64, (int64_t)w->value);
	return STYLE(DIM);
}

static void draw_word(const struct snapshot *snap, const struct unwound *u, size_t i, struct canvas *c,
		      int row, bool cursor)
{
	uint64_t addr = u->words_start + 8 * i, sp = sp_of(snap, u);
	uint64_t last = u->words_start + 8 * (u->nwords - 1);
	const struct user_frame *f = frame_at(u, addr);
	bool below = addr < sp;
	struct buf note = BUF_INIT;
	struct style st = note_of(snap, u, i, &note);
	int cols = canvas_cols(c), end = cols;
	char name[48];

	paint_address(c, row, 0, below ? STYLE(DIM) : STYLE(TEXT), addr,
		      common_digits(u->words_start, last));
	canvas_ch(c, row, 13, addr == sp ? STYLE(SP) : f ? STYLE(VMA_STACK) : STYLE(DIM),
		  addr == sp ? 0x25c4 /* ◄ */ : !f ? 0xb7 : f->sp == addr ? 0x2514 /* └ */ : 0x2502);
	if (u->words[i].there)
		canvas_putf(c, row, VALUE, below ? STYLE(DIM) : STYLE(TEXT), "%016" PRIx64,
			    u->words[i].value);
	/* Whose frame it is stands once, at the frame's lowest word. */
	if (f && f->sp == addr && cols >= NOTE + 40) {
		char bytes[32];
		struct buf whose = BUF_INIT;

		buf_addf(&whose, "%s%s%s", f->signal ? "a signal's frame" : *f->function ?
			 clean(f->function, name, sizeof(name)) : "?", f->bytes == UNKNOWN ? "" : " ",
			 f->bytes == UNKNOWN ? "" : count_text(f->bytes, bytes));
		end = cols - text_width(buf_str(&whose)) - 1;
		canvas_put(c, row, end, STYLE(VMA_STACK), buf_str(&whose));
		buf_free(&whose);
	}
	canvas_putn(c, row, NOTE, below ? STYLE(DIM) : st, imax(end - NOTE - 1, 0), buf_str(&note));
	if (cursor) {
		canvas_restyle(c, row, 0, NOTE - 1, STYLE(SELECT));
		canvas_ch(c, row, 12, STYLE(SELECT), 0x25b6 /* ▶ */);
		canvas_cursor(c, row, 12);
	}
	buf_free(&note);
}

/* Why there are no words. */
static const char *why_none(const struct session *s, pid_t tid)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct unwound_task *t = snap ? unwound_find(snap->unwound, tid) : NULL;

	if (snap && snap->machine)
		return "a simulated user stack has pages, but no words on them: operations run there, no instructions";
	if (t)
		return t->end;
	return session_paused(s) ? "the picture is paused: the words of the stack come with the next sample" :
	       "the words of the stack are read with the next sample";
}

void stackwords_draw(struct stackwords_state *st, const struct session *s, pid_t tid,
		     struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct unwound *u = words_of(snap, tid);
	int rows = canvas_rows(c) - 1, line;

	if (!u || !snap->layout) {
		canvas_wrap(c, (struct rect){ 1, 2, 3, canvas_cols(c) - 4 }, STYLE(WHY), why_none(s, tid));
		return;
	}
	canvas_putf(c, 0, 0, STYLE(COLUMN), "%-12s   %-16s  %s", "address", "word", "what it can be");
	/* High addresses at the top. */
	line = (int)(u->nwords - 1 - selected(st, snap, u));
	st->page = rows;
	st->top = scroll_to(st->top, line, (int)u->nwords, rows);
	for (int i = 0; i < rows && st->top + i < (int)u->nwords; i++)
		draw_word(snap, u, u->nwords - 1 - (size_t)(st->top + i), c, i + 1, st->top + i == line);
}

bool stackwords_move(struct stackwords_state *st, const struct snapshot *snap, pid_t tid,
		     const char *command)
{
	const struct unwound *u = words_of(snap, tid);
	int line;

	if (!u)
		return false;
	line = (int)(u->nwords - 1 - selected(st, snap, u));
	if (!list_move(command, &line, (int)u->nwords, st->page - 1))
		return false;
	st->tid = tid;
	st->addr = u->words_start + 8 * (u->nwords - 1 - (uint64_t)line);
	return true;
}

void stackwords_describe(const struct stackwords_state *st, const struct session *s, pid_t tid,
			 struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct unwound *u = words_of(snap, tid);
	const struct user_frame *f;
	const struct stack_word *w;
	uint64_t addr, sp;
	char name[48];
	size_t i;

	if (!u || !snap->layout) {
		buf_adds(out, "The words around the stack pointer, each with what it can be: a return address, a "
			 "pointer, text. They are copied while this is open; nobody is stopped.");
		return;
	}
	i = selected(st, snap, u);
	w = &u->words[i];
	addr = u->words_start + 8 * i;
	sp = sp_of(snap, u);
	f = frame_at(u, addr);
	buf_addf(out, "%012" PRIx64, addr);
	if (sp != UNKNOWN)
		buf_addf(out, ", sp%+" PRId64, (int64_t)(addr - sp));
	if (f && (f->signal || *f->function))
		buf_addf(out, ", in the frame of %s", f->signal ? "a signal" :
			 clean(f->function, name, sizeof(name)));
	if (!w->there) {
		buf_adds(out, ": its page is not in memory, and is not brought in by looking.");
		return;
	}
	buf_addf(out, ": 0x%" PRIx64 ". ", w->value);
	if (w->returns)
		buf_adds(out, "A return address: a call stands right before it in the code. ");
	else if (*w->function)
		buf_adds(out, "It points into code, but no call stands before it: a function's address, or chance. ");
	if (addr < sp && sp != UNKNOWN)
		buf_adds(out, sp - addr <= 128 ? "Below sp, in the red zone that a leaf may use. " :
			 "Below sp: left over from before. ");
	buf_adds(out, "[read from a copy, nobody was stopped]");
}
