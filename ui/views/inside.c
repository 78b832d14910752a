/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/views/inside.h"

#include <string.h>

#include "mmscope/snapshot.h"
#include "ui/views/paint.h"

const struct machine *inside_machine(const struct session *s, struct canvas *c)
{
	const struct snapshot *snap = session_snapshot(s);

	if (snap && snap->machine)
		return snap->machine;
	canvas_wrap(c, (struct rect){ 1, 2, 4, canvas_cols(c) - 4 }, STYLE(WHY),
		    "A running kernel does not show its inside: this room is for the simulated machine (mmscope sim).");
	return NULL;
}

int inside_height(struct canvas *c, const char *text, int cols)
{
	int rows;

	/* Drawn below the room, where nothing is seen. */
	canvas_push(c, (struct rect){ canvas_rows(c), 0, 0, 0 });
	rows = canvas_wrap(c, (struct rect){ 0, 0, 12, imax(cols, 8) }, STYLE(TEXT), text);
	canvas_pop(c);
	return imax(rows, 1);
}

const char *inside_operation(const struct machine *m)
{
	size_t i = m->op ? script_find(m->script, m->op) : m->script->nlines;

	return i < m->script->nlines ? m->script->lines[i].operation : "the start: exec makes the process";
}

void inside_where(const struct machine *m, struct buf *out)
{
	buf_addf(out, "operation %zu of %zu", m->op, m->script->nops);
	if (!m->complete)
		buf_addf(out, " · decision %zu of %zu", m->decision + 1, machine_decisions(m));
}

void inside_decision(const struct decision *d, struct buf *out)
{
	buf_addf(out, "%s(): ", d->func);
	decision_text(d, out);
	if (d->kind != DECISION_TEST) {
		buf_adds(out, ".");
		return;
	}
	buf_addf(out, ": %s%s%s.", d->outcome ? "yes" : "no", *d->taken ? ", " : "", d->taken);
	if (*d->otherwise)
		buf_addf(out, " Had it been %s: %s.", d->outcome ? "no" : "yes", d->otherwise);
}

void inside_frame(const struct machine_frame *f, struct buf *out)
{
	static const char *const levels[] = { "pte", "pmd", "pud", "pgd", "pgd" };

	if (f->kind == FRAME_FREE) {
		buf_addf(out, "free, in a block of order %u", f->order);
		return;
	}
	if (f->proc >= 0)
		buf_addf(out, "P%d ", f->proc);
	buf_adds(out, frame_kind_names[f->kind]);
	if (f->kind == FRAME_TABLE)
		buf_addf(out, " %s", levels[f->level < 5 ? f->level : 4]);
}

const struct machine_frame *inside_find_frame(const struct machine *m, uint64_t pfn)
{
	size_t low = 0, high = m->nframes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->frames[mid].pfn < pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->nframes && m->frames[low].pfn == pfn ? &m->frames[low] : NULL;
}

int inside_scroll(int top, int sel, int rows, int (*height)(void *ctx, int i), void *ctx)
{
	int used = 0, first = sel;

	if (sel < top)
		return sel;
	for (; first >= top; first--) {
		used += height(ctx, first);
		if (used > rows)
			return imin(first + 1, sel);
	}
	return top;
}
