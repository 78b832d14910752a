/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/cpustacks.h"

#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "ui/views/paint.h"

enum { ROOM_FOR_CPUS = 16, ROOM_FOR_BARS = 100, BAR = 10 };

/* What a mark says in words, the same for many stacks; NULL: the figure says it. */
static const char *mark_word(const struct cpu_stack *st)
{
	return !st->mapped ? "not mapped" : st->high_water == UNKNOWN ? "?" :
	       st->high_water ? NULL : "never";
}

static int draw_stack(const struct cpu_stack *st, struct canvas *c, int row, int col)
{
	const char *word = mark_word(st);
	char n[32];

	col = canvas_putf(c, row, col + 1, STYLE(DIM), "%s ", st->name);
	return canvas_putf(c, row, col, word ? STYLE(DIM) : STYLE(TEXT), "%s ",
			   word ? word : count_text(st->high_water, n));
}

/* To scale with its size: what was used once, and what never. */
static int draw_bar(const struct cpu_stack *st, struct canvas *c, int row, int col)
{
	for (int i = 0; i < BAR; i++) {
		bool used = st->size * (uint64_t)i / BAR < st->high_water;

		canvas_ch(c, row, col + 1 + i, used ? STYLE(BAR) : STYLE(DIM),
			  used ? 0x2592 /* ▒ */ : 0xb7 /* · */);
	}
	return col + 1 + BAR;
}

static bool often_used(const struct cpu_stack *st)
{
	return !strcmp(st->name, "hardirq") || !strcmp(st->name, "idle");
}

/* Those of exceptions: with their figures, then by what is said of them, as far as `room`
 * goes; first what was used. */
static void exceptions(const struct cpu_stacks *cpu, int room, struct buf *out)
{
	static const char *const words[] = { "never", "?", "not mapped" };
	char n[32];

	for (size_t i = 0; i < cpu->n; i++)
		if (!often_used(&cpu->stack[i]) && !mark_word(&cpu->stack[i]))
			buf_addf(out, " %s %s ", cpu->stack[i].name,
				 count_text(cpu->stack[i].high_water, n));
	for (size_t w = 0; w < ARRAY_LEN(words); w++) {
		const char *before = words[w];
		size_t whole = out->len;

		for (size_t i = 0; i < cpu->n; i++) {
			const char *word = mark_word(&cpu->stack[i]);

			if (often_used(&cpu->stack[i]) || !word || strcmp(word, words[w]))
				continue;
			buf_addf(out, " %s%s%s", before, *before ? " " : "", cpu->stack[i].name);
			before = "";
		}
		if (!*before)
			buf_addc(out, ' ');
		/* Not by halves, but for the first. */
		if (w && text_width(buf_str(out)) > room + 1) {
			out->data[out->len = whole] = '\0';
			return;
		}
	}
}

/* Those that are used all the time come first, those of exceptions where there is room. */
static void draw_cpu(const struct cpu_stacks *cpu, struct canvas *c, int row)
{
	int col = canvas_putf(c, row, 1, STYLE(DIM), "CPU %u ", cpu->cpu);
	struct buf rest = BUF_INIT;

	if (!cpu->n)
		canvas_put(c, row, col + 1, STYLE(WHY), "no stack found");
	for (size_t i = 0; i < cpu->n; i++) {
		const struct cpu_stack *st = &cpu->stack[i];

		if (!often_used(st))
			continue;
		if (canvas_cols(c) >= ROOM_FOR_BARS && st->mapped && st->high_water != UNKNOWN)
			col = draw_bar(st, c, row, col);
		col = draw_stack(st, c, row, col);
	}
	exceptions(cpu, imax(canvas_cols(c) - col - 1, 0), &rest);
	canvas_putn(c, row, col, STYLE(DIM), imax(canvas_cols(c) - col - 1, 0), buf_str(&rest));
	buf_free(&rest);
}

int cpustacks_draw(const struct stacks *s, struct canvas *c)
{
	int rows = canvas_rows(c), n = imin((int)s->ncpus, rows / 6), col;

	if (!s->cpus || rows < ROOM_FOR_CPUS || n < 1)
		return 0;
	canvas_hline(c, rows - n - 1, 0, canvas_cols(c), STYLE(BORDER));
	col = canvas_put(c, rows - n - 1, 2, STYLE(TITLE), " deepest ever on ");
	if ((size_t)n < s->ncpus)
		canvas_putf(c, rows - n - 1, col, STYLE(DIM), "(%d of %zu CPUs; all: mmscope tasks) ",
			    n, s->ncpus);
	for (int i = 0; i < n; i++)
		draw_cpu(&s->cpus[i], c, rows - n + i);
	return n + 1;
}

const char *cpustacks_why_none(const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);

	if (snap && snap->process.ended)
		return "the process has ended: its kernel stacks are gone";
	return session_paused(s) ? "the picture is paused: kernel stacks come with the next sample, Space" :
	       "kernel stacks are read with the next sample";
}
