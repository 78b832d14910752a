/* SPDX-License-Identifier: GPL-2.0-or-later
 * Records as JSON lines, and two of them compared field by field.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/sim/play.h"

/* ---- JSON --------------------------------------------------------------------------------- */

/* Nothing but ASCII that was parsed and words of our own, except in the kernel's name. */
static void json_string(struct buf *out, const char *s)
{
	struct buf clean = BUF_INIT;
	const char *c;

	text_sanitize(&clean, s, strlen(s), 0);
	buf_addc(out, '"');
	for (c = buf_str(&clean); *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *c);
	}
	buf_addc(out, '"');
	buf_free(&clean);
}

static void json_limit(struct buf *out, uint64_t v)
{
	if (v == SIM_UNLIMITED)
		buf_adds(out, "\"unlimited\"");
	else
		buf_addf(out, "%" PRIu64, v);
}

static void json_limits(struct buf *out, const uint64_t limit[SIM_NLIMITS])
{
	int i;

	for (i = 0; i < SIM_NLIMITS; i++) {
		buf_addf(out, "%s\"%s\":", i ? "," : ",\"limits\":{", world_limit_name[i]);
		json_limit(out, limit[i]);
	}
	buf_addc(out, '}');
}

static void json_names(const struct play *p, struct buf *out)
{
	struct scope_binding b;
	unsigned i;
	bool any = false;

	buf_adds(out, ",\"names\":{");
	for (i = 0; i < SYM_HEAP; i++) {
		if (!scope_find(&p->scope, i, &b))
			continue;
		buf_addf(out, "%s\"%s\":[\"0x%" PRIx64 "\",%" PRIu64 "]", any ? "," : "",
			 p->sc->symbol[i], b.addr, b.len);
		any = true;
	}
	buf_addc(out, '}');
}

static void json_start(const struct play *p, const struct record *r, struct buf *out)
{
	const struct world_info *in = &p->info;

	buf_adds(out, ",\"format\":1,\"kernel\":");
	json_string(out, in->kernel);
	if (in->proof[0]) {
		buf_adds(out, ",\"proof\":");
		json_string(out, in->proof);
	}
	buf_adds(out, ",\"machine\":");
	json_string(out, in->machine);
	buf_addf(out,
		 ",\"overcommit_memory\":%u,\"max_map_count\":%u,\"mmap_min_addr\":%" PRIu64
		 ",\"thp\":",
		 in->overcommit_memory, in->max_map_count, in->mmap_min_addr);
	json_string(out, in->thp);
	buf_addf(out,
		 ",\"ram_pages\":%" PRIu64 ",\"sp\":\"0x%" PRIx64 "\",\"mmap_base\":\"0x%" PRIx64
		 "\",\"start_brk\":\"0x%" PRIx64 "\"",
		 in->ram_pages, in->sp, in->mmap_base, in->start_brk);
	json_limits(out, r->limit);
	json_names(p, out);
}

static void json_counters(const struct record *r, struct buf *out)
{
	int i;

	for (i = 0; i < WORLD_NCOUNTERS; i++)
		if (!(r->state.absent >> i & 1))
			buf_addf(out, "%s\"%s\":%" PRIu64, i ? "," : ",\"mm\":{",
				 world_counter_name[i], r->state.counter[i]);
	buf_adds(out, "},\"statm\":[");
	for (i = 0; i < 7; i++)
		buf_addf(out, "%s%" PRIu64, i ? "," : "", r->state.statm[i]);
	buf_addc(out, ']');
}

static void vma_name(const struct world_vma *v, char out[24])
{
	if (v->kind == SIM_KIND_SHMEM)
		snprintf(out, 24, "S%" PRIu64, v->object);
	else
		snprintf(out, 24, "%s", v->name);
}

static bool has_offset(const struct world_vma *v)
{
	return v->kind == SIM_KIND_EXE || v->kind == SIM_KIND_FILE || v->kind == SIM_KIND_SHMEM;
}

static void json_vma(const struct play *p, const struct record *r, const struct world_vma *v,
		     struct buf *out)
{
	struct buf at = BUF_INIT;
	char name[24];
	int i;

	buf_addf(out, "{\"start\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64 "\",\"at\":", v->start,
		 v->end);
	scope_words(p->sc, &p->scope, v->start, &at);
	json_string(out, buf_str(&at));
	buf_free(&at);
	buf_addf(out, ",\"perm\":\"%s\",\"kind\":\"%s\"", v->perm, world_kind_name[v->kind]);
	vma_name(v, name);
	if (name[0])
		buf_addf(out, ",\"name\":\"%s\"", name);
	if (has_offset(v))
		buf_addf(out, ",\"off\":\"0x%" PRIx64 "\"", v->off);
	for (i = 0; i < WORLD_NFIGURES; i++)
		if (v->kb[i])
			buf_addf(out, ",\"%s\":%" PRIu64, world_figure_name[i], v->kb[i]);
	if (!r->state.no_flags)
		buf_addf(out, ",\"flags\":\"%s\"", world_text(&r->state, v->flags));
	buf_addf(out, ",\"pages\":\"%s\"}", world_text(&r->state, v->pages));
}

static void json_results(const struct play *p, const struct record *r, struct buf *out)
{
	buf_addf(out, ",\"proc\":%u,\"res\":", r->proc);
	json_string(out, r->res);
	if (r->has_ret)
		buf_addf(out, ",\"ret\":\"0x%" PRIx64 "\"", r->ret);
	if (r->has_done)
		buf_addf(out, ",\"done\":%" PRIu64, r->done);
	if (r->has_fault) {
		struct buf words = BUF_INIT;

		scope_words(p->sc, &p->scope, r->fault, &words);
		buf_adds(out, ",\"fault\":");
		json_string(out, buf_str(&words));
		buf_free(&words);
	}
	if (r->has_child)
		buf_addf(out, ",\"child\":%u", r->child);
	if (r->has_limits)
		json_limits(out, r->limit);
}

/* What only the kernel's side has; absent where there is nothing to say. */
static void json_kernel_side(const struct record *r, struct buf *out)
{
	const char *s = buf_str(&r->log);

	if (r->task) {
		buf_adds(out, ",\"task\":");
		json_string(out, r->task);
	}
	if (!*s)
		return;
	buf_adds(out, ",\"log\":[");
	for (bool first = true; *s; first = false) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n);

		if (!first)
			buf_addc(out, ',');
		json_string(out, line);
		free(line);
		s += n + (s[n] == '\n');
	}
	buf_addc(out, ']');
}

void record_json(const struct play *p, const struct record *r, struct buf *out)
{
	size_t i;

	buf_addf(out, "{\"i\":%u", r->i);
	if (r->kind != SIM_OP_NONE)
		buf_addf(out, ",\"line\":%u", r->line);
	buf_adds(out, ",\"op\":");
	json_string(out, r->op);
	if (r->kind == SIM_OP_NONE)
		json_start(p, r, out);
	json_results(p, r, out);
	json_kernel_side(r, out);
	buf_addf(out, ",\"minflt\":%" PRIu64 ",\"brk\":\"0x%" PRIx64 "\"", r->minflt, r->brk);
	json_counters(r, out);
	buf_adds(out, ",\"vmas\":[");
	for (i = 0; i < r->state.nvmas; i++) {
		if (i)
			buf_addc(out, ',');
		json_vma(p, r, &r->state.vma[i], out);
	}
	buf_addc(out, ']');
	if (r->has_prediction)
		buf_addf(out, ",\"predicted\":%s", r->predicted ? "true" : "false");
	buf_adds(out, "}\n");
}

/* ---- comparison ------------------------------------------------------------------------- */

struct diff {
	struct buf *out;
	unsigned n, max;
};

static void differ(struct diff *d, const char *what, const char *a, const char *b)
{
	if (d->n++ < d->max)
		buf_addf(d->out, "%s: %s | %s\n", what, a, b);
}

static void diff_string(struct diff *d, const char *what, const char *a, const char *b)
{
	if (strcmp(a, b))
		differ(d, what, a, b);
}

static void diff_number(struct diff *d, const char *what, uint64_t a, uint64_t b, bool hex)
{
	char x[24], y[24];

	if (a == b)
		return;
	snprintf(x, sizeof(x), hex ? "0x%" PRIx64 : "%" PRIu64, a);
	snprintf(y, sizeof(y), hex ? "0x%" PRIx64 : "%" PRIu64, b);
	differ(d, what, x, y);
}

static void diff_optional(struct diff *d, const char *what, bool has_a, uint64_t a, bool has_b,
			  uint64_t b, bool hex)
{
	if (has_a != has_b)
		differ(d, what, has_a ? "there" : "absent", has_b ? "there" : "absent");
	else if (has_a)
		diff_number(d, what, a, b, hex);
}

static void vma_key(char out[64], const struct world_vma *v, const char *what)
{
	snprintf(out, 64, "%" PRIx64 "-%" PRIx64 " %s", v->start, v->end, what);
}

static void diff_vma(struct diff *d, const struct world_state *sa, const struct world_vma *a,
		     const struct world_state *sb, const struct world_vma *b)
{
	char key[64], x[24], y[24];
	int i;

	vma_key(key, a, "perm");
	diff_string(d, key, a->perm, b->perm);
	vma_key(key, a, "kind");
	diff_string(d, key, world_kind_name[a->kind], world_kind_name[b->kind]);
	vma_name(a, x);
	vma_name(b, y);
	vma_key(key, a, "name");
	diff_string(d, key, x, y);
	vma_key(key, a, "off");
	diff_optional(d, key, has_offset(a), a->off, has_offset(b), b->off, true);
	for (i = 0; i < WORLD_NFIGURES; i++) {
		/* Every process of the machine shares the vdso's pages; how many there are is
		 * chance. */
		if (a->kind == SIM_KIND_SPECIAL && i == WORLD_Pss)
			continue;
		vma_key(key, a, world_figure_name[i]);
		diff_number(d, key, a->kb[i], b->kb[i], false);
	}
	vma_key(key, a, "flags");
	diff_string(d, key, world_text(sa, a->flags), world_text(sb, b->flags));
	vma_key(key, a, "pages");
	diff_string(d, key, world_text(sa, a->pages), world_text(sb, b->pages));
}

/* In order of address: a range that only one side has is one difference. */
static void diff_vmas(struct diff *d, const struct world_state *a, const struct world_state *b)
{
	size_t i = 0, k = 0;
	char key[64];

	while (i < a->nvmas || k < b->nvmas) {
		const struct world_vma *x = i < a->nvmas ? &a->vma[i] : NULL;
		const struct world_vma *y = k < b->nvmas ? &b->vma[k] : NULL;

		if (x && y && x->start == y->start && x->end == y->end) {
			diff_vma(d, a, x, b, y);
			i++;
			k++;
		} else if (x && (!y || x->start < y->start ||
				 (x->start == y->start && x->end < y->end))) {
			vma_key(key, x, x->perm);
			differ(d, key, "there", "absent");
			i++;
		} else {
			vma_key(key, y, y->perm);
			differ(d, key, "absent", "there");
			k++;
		}
	}
}

unsigned record_compare(const struct record *a, const struct record *b, struct buf *out,
			unsigned max)
{
	struct diff d = { out, 0, max };
	char key[32];
	int i;

	diff_string(&d, "res", a->res, b->res);
	diff_number(&d, "proc", a->proc, b->proc, false);
	diff_optional(&d, "ret", a->has_ret, a->ret, b->has_ret, b->ret, true);
	diff_optional(&d, "done", a->has_done, a->done, b->has_done, b->done, false);
	diff_optional(&d, "child", a->has_child, a->child, b->has_child, b->child, false);
	for (i = 0; i < SIM_NLIMITS; i++) {
		snprintf(key, sizeof(key), "limit %s", world_limit_name[i]);
		diff_number(&d, key, a->limit[i], b->limit[i], false);
	}
	diff_number(&d, "minflt", a->minflt, b->minflt, false);
	diff_number(&d, "brk", a->brk, b->brk, true);
	for (i = 0; i < WORLD_NCOUNTERS; i++)
		diff_number(&d, world_counter_name[i], a->state.counter[i], b->state.counter[i],
			    false);
	for (i = 0; i < 7; i++) {
		snprintf(key, sizeof(key), "statm[%d]", i);
		diff_number(&d, key, a->state.statm[i], b->state.statm[i], false);
	}
	diff_vmas(&d, &a->state, &b->state);
	return d.n;
}

/* ---- digest ------------------------------------------------------------------------------- */

static void digest(uint64_t *h, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (; n; n--, b++)
		*h = (*h ^ *b) * 1099511628211ull;
}

static void digest_string(uint64_t *h, const char *s)
{
	digest(h, s, strlen(s) + 1);
}

static void digest_number(uint64_t *h, uint64_t v)
{
	unsigned char bytes[8];
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(v >> 8 * i);
	digest(h, bytes, sizeof(bytes));
}

static void digest_vma(uint64_t *h, const struct world_state *st, const struct world_vma *v)
{
	char name[24];
	int i;

	vma_name(v, name);
	digest_number(h, v->start);
	digest_number(h, v->end);
	digest_string(h, v->perm);
	digest_string(h, world_kind_name[v->kind]);
	digest_string(h, name);
	digest_number(h, has_offset(v) ? v->off : 1);
	for (i = 0; i < WORLD_NFIGURES; i++)
		if (v->kind != SIM_KIND_SPECIAL || i != WORLD_Pss)
			digest_number(h, v->kb[i]);
	digest_string(h, world_text(st, v->flags));
	digest_string(h, world_text(st, v->pages));
}

uint32_t record_digest(const struct record *r)
{
	uint64_t h = 14695981039346656037ull;
	size_t i;

	digest_string(&h, r->res);
	digest_number(&h, r->proc);
	digest_number(&h, r->has_ret ? r->ret : 1);
	digest_number(&h, r->has_done ? r->done + 1 : 0);
	digest_number(&h, r->has_child ? r->child + 1 : 0);
	digest_number(&h, r->minflt);
	digest_number(&h, r->brk);
	for (i = 0; i < SIM_NLIMITS; i++)
		digest_number(&h, r->limit[i]);
	for (i = 0; i < WORLD_NCOUNTERS; i++)
		if (!(r->state.absent >> i & 1))
			digest_number(&h, r->state.counter[i]);
	for (i = 0; i < 7; i++)
		digest_number(&h, r->state.statm[i]);
	for (i = 0; i < r->state.nvmas; i++)
		digest_vma(&h, &r->state, &r->state.vma[i]);
	return (uint32_t)(h ^ h >> 32);
}

unsigned info_compare(const struct world_info *a, const struct world_info *b, struct buf *out)
{
	struct diff d = { out, 0, 20 };

	diff_string(&d, "machine", a->machine, b->machine);
	diff_number(&d, "overcommit_memory", a->overcommit_memory, b->overcommit_memory, false);
	diff_number(&d, "max_map_count", a->max_map_count, b->max_map_count, false);
	diff_number(&d, "mmap_min_addr", a->mmap_min_addr, b->mmap_min_addr, false);
	diff_number(&d, "ram_pages", a->ram_pages, b->ram_pages, false);
	diff_number(&d, "sp", a->sp, b->sp, true);
	diff_number(&d, "mmap_base", a->mmap_base, b->mmap_base, true);
	diff_number(&d, "start_brk", a->start_brk, b->start_brk, true);
	return d.n;
}
