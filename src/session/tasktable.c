/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/tasktable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/text.h"
#include "src/session/words.h"

enum { COMM_MOST = 32, CLASS_SHARE = 32 };

const char *tasktable_top(const struct kstack *k, char out[64])
{
	const struct kframe *top = k->nframes ? &k->frames[0] : NULL;

	if (top && *top->function)
		return top->function;
	for (unsigned i = 0; i < KSTACK_LACKS; i++) {
		/* Bytes that are missing say nothing about names. */
		if (k->lacks >> i & 1 && i != KSTACK_NO_SIZES && i != KSTACK_ERASED) {
			snprintf(out, 64, "(%s)", kstack_lacks[i].word);
			return out;
		}
	}
	return "-";
}

static uint64_t figure(const struct kstack *k, const char *column)
{
	switch (*column) {
	case 'u':
		return k->used;
	case 'h':
		return k->high_water;
	case 'l':
		return kstack_left(k);
	case 's':
		return k->size;
	case 't':
		return (uint64_t)k->tgid;
	default:
		return column[1] == 'p' ? (uint64_t)k->ppid : (uint64_t)k->tid;
	}
}

static int by_comm(const struct kstack *a, const struct kstack *b)
{
	return strncmp(a->comm, b->comm, sizeof(a->comm));
}

static int by_state(const struct kstack *a, const struct kstack *b)
{
	return a->state - b->state;
}

static int by_top(const struct kstack *a, const struct kstack *b)
{
	char x[64], y[64];

	return strcmp(tasktable_top(a, x), tasktable_top(b, y));
}

/* Figures of bytes: the largest first; what is not known last, whichever way round. */
static const struct column {
	const char *name;
	bool bytes;
	int (*compare)(const struct kstack *a, const struct kstack *b);	/* NULL: by figure */
} columns[] = {
	{ "comm", false, by_comm },
	{ "state", false, by_state },
	{ "used", true, NULL },
	{ "high", true, NULL },
	{ "left", true, NULL },
	{ "size", true, NULL },
	{ "pid", false, NULL },
	{ "tgid", false, NULL },
	{ "ppid", false, NULL },
	{ "top", false, by_top },
};

static const struct column *find_column(const char *sort)
{
	if (!sort)
		sort = "pid";
	if (*sort == '-')
		sort++;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (!strcasecmp(sort, columns[i].name))
			return &columns[i];
	return NULL;
}

struct error *tasktable_check(const struct tasktable_options *o)
{
	struct buf names = BUF_INIT;
	struct error *err;

	if (find_column(o->sort))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		buf_addf(&names, "%s%s", i ? ", " : "", columns[i].name);
	err = error_create(ERR_USAGE, "--sort knows no column '%s'; there are %s", o->sort,
			   buf_str(&names));
	buf_free(&names);
	return err;
}

struct ordering {
	const struct stacks *s;
	const struct column *column;
	bool reverse;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct ordering *o = arg;
	const struct kstack *x = &o->s->tasks[*(const size_t *)a];
	const struct kstack *y = &o->s->tasks[*(const size_t *)b];
	int sign = o->reverse != o->column->bytes ? -1 : 1, d;

	if (o->column->compare) {
		d = o->column->compare(x, y);
	} else {
		uint64_t fx = figure(x, o->column->name), fy = figure(y, o->column->name);

		if ((fx == UNKNOWN) != (fy == UNKNOWN))
			return fx == UNKNOWN ? 1 : -1;
		d = fx < fy ? -1 : fx > fy;
	}
	if (d)
		return sign * d;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

size_t *tasktable_order(const struct stacks *s, const char *sort)
{
	struct ordering o = { s, find_column(sort), sort && *sort == '-' };
	size_t *order = xcalloc(s->n ? s->n : 1, sizeof(*order));

	for (size_t i = 0; i < s->n; i++)
		order[i] = i;
	if (s->n && o.column)
		qsort_r(order, s->n, sizeof(*order), compare, &o);
	return order;
}

struct tasktable_summary tasktable_summary(const struct stacks *s)
{
	struct tasktable_summary sum = { .tasks = s->n, .used_mean = UNKNOWN,
					 .high_mean = UNKNOWN };
	uint64_t used = 0, high = 0, largest = 0;
	size_t nused = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->tasks[i].size != UNKNOWN && s->tasks[i].size > largest)
			largest = s->tasks[i].size;
	sum.step = largest / CLASS_SHARE ? largest / CLASS_SHARE : 1;
	for (size_t i = 0; i < s->n; i++) {
		const struct kstack *k = &s->tasks[i];
		size_t class;

		sum.frames += k->nframes;
		for (size_t j = 0; j < k->nframes; j++)
			sum.ambiguous += k->frames[j].ambiguous;
		if (k->used != UNKNOWN) {
			used += k->used;
			nused++;
		}
		if (k->high_water == UNKNOWN)
			continue;
		high += k->high_water;
		sum.measured++;
		if (!sum.deepest || k->high_water > sum.deepest->high_water)
			sum.deepest = k;
		class = k->high_water / sum.step;
		if (class >= ARRAY_LEN(sum.class))
			class = ARRAY_LEN(sum.class) - 1;
		sum.class[class]++;
		if (class >= sum.nclasses)
			sum.nclasses = class + 1;
	}
	if (nused)
		sum.used_mean = used / nused;
	if (sum.measured)
		sum.high_mean = high / sum.measured;
	return sum;
}

static void put(FILE *out, struct buf *b)
{
	if (b->len)
		fwrite(b->data, 1, b->len, out);
	buf_reset(b);
}

static void line(struct buf *b, const struct kstack *k, int width,
		 const struct tasktable_options *o)
{
	char used[24], high[24], rest[24], top[64];
	struct buf comm = BUF_INIT;
	int pad;

	add_outside(&comm, k->comm, sizeof(k->comm), o->ascii);
	pad = width - text_width(buf_str(&comm));
	buf_addf(b, "%s%*s %c %6s %6s %6s %8d %8d %8d  ", buf_str(&comm), pad > 0 ? pad : 0, "",
		 k->state, exact_word(k->used, used), exact_word(k->high_water, high), exact_word(kstack_left(k), rest),
		 k->tid, k->tgid, k->ppid);
	add_outside(b, tasktable_top(k, top), WHOLE, o->ascii);
	if (k->rung >= KSTACK_BPF && k->size != UNKNOWN && !k->magic_ok)
		buf_adds(b, "  end magic overwritten");
	buf_addc(b, '\n');
	buf_free(&comm);
}

static int comm_width(const struct stacks *s)
{
	size_t width = 4;

	for (size_t i = 0; i < s->n; i++) {
		size_t n = strnlen(s->tasks[i].comm, sizeof(s->tasks[i].comm));

		if (n > width)
			width = n;
	}
	return (int)(width < COMM_MOST ? width : COMM_MOST);
}

static void cpus(struct buf *b, const struct stacks *s)
{
	if (!s->cpus)
		return;
	buf_addf(b, "\n%4s %-8s %6s %6s %6s\n", "CPU", "STACK", "SIZE", "HIGH", "LEFT");
	for (size_t i = 0; i < s->ncpus; i++) {
		for (size_t j = 0; j < s->cpus[i].n; j++) {
			const struct cpu_stack *c = &s->cpus[i].stack[j];
			char high[24], rest[24];
			bool known = c->high_water != UNKNOWN;

			buf_addf(b, "%4u %-8s %6" PRIu64 " %6s %6s%s\n", s->cpus[i].cpu, c->name,
				 c->size, exact_word(c->high_water, high),
				 exact_word(known ? c->size - c->high_water : UNKNOWN, rest),
				 !c->mapped ? "  not mapped" : c->high_water == 0 ?
				 "  never used" : "");
		}
		if (!s->cpus[i].n)
			buf_addf(b, "%4u no stack found\n", s->cpus[i].cpu);
	}
}

static void distribution(struct buf *b, const struct tasktable_summary *sum)
{
	size_t most = 1;

	for (size_t i = 0; i < sum->nclasses; i++)
		if (sum->class[i] > most)
			most = sum->class[i];
	buf_adds(b, "high-water marks (bytes, tasks)\n");
	for (size_t i = 0; i < sum->nclasses; i++) {
		size_t bar = (40 * sum->class[i] + most - 1) / most;

		if (!sum->class[i])
			continue;
		buf_addf(b, "%6" PRIu64 " - %6" PRIu64 " %6zu ", i * sum->step,
			 (i + 1) * sum->step - 1, sum->class[i]);
		while (bar--)
			buf_addc(b, '#');
		buf_addc(b, '\n');
	}
}

static void summary(struct buf *b, const struct stacks *s, const struct tasktable_options *o)
{
	struct tasktable_summary sum = tasktable_summary(s);
	const struct kstack_rung_info *rung = &kstack_rungs[s->rung];
	char used[24], high[24];

	buf_addf(b, "\n%zu tasks; read by %s: %s\n", sum.tasks, rung->name, rung->gives);
	if (*rung->next)
		buf_addf(b, "what would tell more: %s\n", rung->next);
	if (!sum.measured)
		return;
	distribution(b, &sum);
	buf_addf(b, "mean: used %s, high water %s\n", exact_word(sum.used_mean, used),
		 exact_word(sum.high_mean, high));
	buf_addf(b, "deepest: ");
	add_outside(b, sum.deepest->comm, sizeof(sum.deepest->comm), o->ascii);
	buf_addf(b, " (pid %d), %" PRIu64 " of %" PRIu64 " bytes, %" PRIu64 " left\n",
		 sum.deepest->tid, sum.deepest->high_water, sum.deepest->size, kstack_left(sum.deepest));
	buf_addf(b, "%zu frames in place, %zu of them with more than one place\n", sum.frames,
		 sum.ambiguous);
}

static void missing(struct buf *b, const struct whys *w, const struct tasktable_options *o)
{
	size_t n;

	if (w->n)
		buf_adds(b, "\nnot available\n");
	for (size_t i = 0; i < w->n; i += n) {
		buf_adds(b, "  ");
		n = reasons_alike(w, i, b, o->ascii);
		buf_addf(b, ": %s", w->why[i].why);
		if (w->why[i].try_this[0])
			buf_addf(b, " (try: %s)", w->why[i].try_this);
		buf_addc(b, '\n');
	}
}

void tasktable_text(FILE *out, const struct stacks *s, const struct tasktable_options *o)
{
	size_t *order = tasktable_order(s, o->sort);
	int width = comm_width(s);
	struct buf b = BUF_INIT;

	buf_addf(&b, "%-*s %c %6s %6s %6s %8s %8s %8s  %s\n", width, "COMM", 'S', "USED", "HIGH",
		 "LEFT", "PID", "TGID", "PPID", "TOP");
	for (size_t i = 0; i < s->n; i++) {
		line(&b, &s->tasks[order[i]], width, o);
		if (b.len > 1 << 16)
			put(out, &b);
	}
	cpus(&b, s);
	summary(&b, s, o);
	missing(&b, s->whys, o);
	put(out, &b);
	fflush(out);
	buf_free(&b);
	free(order);
}
