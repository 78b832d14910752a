/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/cpustacks.h"

#include <string.h>

#include "ui/views/paint.h"

enum { ROOM_FOR_CPUS = 16, ROOM_FOR_BARS = 100, BAR = 10 };

static int draw_stack(const struct cpu_stack *st, struct canvas *c, int row, int col)
{
	char n[32];

	col = canvas_putf(c, row, col + 1, STYLE(DIM), "%s ", st->name);
	if (!st->mapped)
		return canvas_put(c, row, col, STYLE(DIM), "not mapped ");
	if (st->high_water == UNKNOWN)
		return canvas_put(c, row, col, STYLE(WHY), "? ");
	return canvas_putf(c, row, col, st->high_water ? STYLE(TEXT) : STYLE(DIM), "%s ",
			   st->high_water ? count_text(st->high_water, n) : "never");
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

/* Those that are used all the time come first, those of exceptions where there is room. */
static void draw_cpu(const struct cpu_stacks *cpu, struct canvas *c, int row)
{
	int col = canvas_putf(c, row, 1, STYLE(DIM), "CPU %u ", cpu->cpu);

	if (!cpu->n)
		canvas_put(c, row, col + 1, STYLE(WHY), "no stack found");
	for (int often = 1; often >= 0; often--) {
		for (size_t i = 0; i < cpu->n; i++) {
			const struct cpu_stack *st = &cpu->stack[i];

			if (often_used(st) != often)
				continue;
			if (often && canvas_cols(c) >= ROOM_FOR_BARS && st->mapped &&
			    st->high_water != UNKNOWN)
				col = draw_bar(st, c, row, col);
			col = draw_stack(st, c, row, col);
		}
	}
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
