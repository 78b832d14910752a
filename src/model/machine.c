/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"

const struct machine_event_info machine_events[MACHINE_EV_NR] = {
#define X(id, name, about) [MACHINE_EV_##id] = { name, about },
	MACHINE_EVENTS(X)
#undef X
};

const char *const migrate_names[MIGRATE_TYPES_SHOWN] = { "unmovable", "movable", "reclaimable" };

const char *const frame_kind_names[FRAME_NR] = {
	[FRAME_FREE] = "free",
	[FRAME_ANON] = "anonymous",
	[FRAME_FILE] = "file",
	[FRAME_SHMEM] = "shared memory",
	[FRAME_TABLE] = "page table",
	[FRAME_ZERO] = "zero page",
	[FRAME_RESERVED] = "reserved",
	[FRAME_PCP] = "free, per-CPU list",
	[FRAME_KSTACK] = "kernel stack",
	[FRAME_BLOCK] = "held block",
};

/* ---- the text ---- */

struct script *script_create(void)
{
	struct script *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	s->name = s->title = s->about = "";
	s->strings = strings_create();
	return s;
}

struct script *script_get(const struct script *s)
{
	struct script *own = (struct script *)s;

	if (own)
		own->refs++;
	return own;
}

void script_put(const struct script *s)
{
	struct script *own = (struct script *)s;

	if (!own || --own->refs)
		return;
	strings_put(own->strings);
	free(own->lines);
	free(own);
}

struct script_line *script_add(struct script *s)
{
	struct script_line *l;

	VEC_GROW(s->lines, s->nlines, s->cap);
	l = &s->lines[s->nlines++];
	*l = (struct script_line){ .kind = LINE_BLANK };
	l->text = l->operation = l->prediction = l->result = l->mistake = "";
	return l;
}

const char *script_string(struct script *s, const char *raw)
{
	char *clean;
	const char *kept;

	if (!*raw)
		return "";
	clean = text_sanitized(raw);
	kept = strings_add(s->strings, clean, strlen(clean));
	free(clean);
	return kept;
}

size_t script_find(const struct script *s, size_t op)
{
	size_t low = 0, high = s->nlines;

	/* Lines of operations have rising numbers; the others are passed over. */
	while (low < high) {
		size_t mid = low + (high - low) / 2, at = mid;

		while (at < high && s->lines[at].kind != LINE_OPERATION)
			at++;
		if (at == high || s->lines[at].op > op)
			high = mid;
		else if (s->lines[at].op < op)
			low = at + 1;
		else
			return at;
	}
	return s->nlines;
}

/* ---- decisions ---- */

struct decisions *decisions_create(void)
{
	struct decisions *d = xcalloc(1, sizeof(*d));

	d->refs = 1;
	return d;
}

struct decisions *decisions_get(const struct decisions *d)
{
	struct decisions *own = (struct decisions *)d;

	if (own)
		own->refs++;
	return own;
}

void decisions_put(const struct decisions *d)
{
	struct decisions *own = (struct decisions *)d;

	if (!own || --own->refs)
		return;
	if (own->strings)
		strings_put(own->strings);
	free(own->v);
	free(own);
}

const char *decisions_string(struct decisions *d, const char *raw)
{
	char *clean = text_sanitized(raw);
	const char *kept;

	if (!d->strings)
		d->strings = strings_create();
	kept = strings_add(d->strings, clean, strlen(clean));
	free(clean);
	return kept;
}

static void put_errno(uint64_t v, struct buf *out)
{
	int64_t e = (int64_t)v < 0 ? -(int64_t)v : (int64_t)v;
	const char *name = e && e < 4096 ? strerrorname_np((int)e) : NULL;

	if (name)
		buf_adds(out, name);
	else
		buf_addf(out, "%lld", (long long)v);
}

/* 34 359 735 291: what is compared is compared to the last digit, so it must be readable. */
static void put_groups(uint64_t v, struct buf *out)
{
	if (v < 1000) {
		buf_addf(out, "%u", (unsigned)v);
		return;
	}
	put_groups(v / 1000, out);
	buf_addf(out, " %03u", (unsigned)(v % 1000));
}

static void put_grouped(uint64_t v, struct buf *out)
{
	if (v < 10000)
		buf_addf(out, "%u", (unsigned)v);
	else
		put_groups(v, out);
}

/* Exact, since 8196K against 8192K is the whole point of a test. */
static void put_bytes(uint64_t v, struct buf *out)
{
	if (v == UINT64_MAX) {
		buf_adds(out, "unlimited");
		return;
	}
	put_grouped(v % 1024 ? v : v / 1024, out);
	buf_adds(out, v % 1024 ? v == 1 ? " byte" : " bytes" : v ? "K" : " bytes");
}

static void put_number(uint64_t v, enum decision_unit unit, struct buf *out)
{
	unsigned long long n = v;

	switch (unit) {
	case DECISION_IN_ADDRESS:
		buf_addf(out, "%llx", n);
		break;
	case DECISION_IN_BYTES:
		put_bytes(v, out);
		break;
	case DECISION_IN_PAGES:
		if (v >= UINT64_MAX >> PAGE_SHIFT)
			buf_adds(out, "unlimited");
		else {
			put_grouped(v, out);
			buf_adds(out, v == 1 ? " page" : " pages");
		}
		break;
	case DECISION_IN_FLAGS: case DECISION_IN_HEX:
		buf_addf(out, "0x%llx", n);
		break;
	case DECISION_IN_PFN:
		buf_addf(out, "#%llx", n);
		break;
	case DECISION_IN_ERRNO:
		put_errno(v, out);
		break;
	case DECISION_IN_BOOL:
		buf_adds(out, v ? "yes" : "no");
		break;
	case DECISION_IN_COUNT: case DECISION_IN_NONE:
		put_grouped(v, out);
		break;
	}
}

static void put_named(const char *name, uint64_t v, enum decision_unit unit, struct buf *out)
{
	static const struct { enum decision_unit unit; const char *name; } said[] = {
		{ DECISION_IN_BYTES, "bytes" }, { DECISION_IN_PAGES, "pages" },
	};
	bool again = false;

	/* "pages 1 page" */
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		again |= said[i].unit == unit && !strcmp(said[i].name, name);
	if (!again)
		buf_addf(out, "%s ", name);
	put_number(v, unit, out);
}

/* The two numbers of a step share a unit, but for these: an order beside a frame's number, a frame
 * beside an index, bytes beside an address, flags beside one. */
static enum decision_unit unit_of(const struct decision *d, const char *name)
{
	static const struct { enum decision_unit said; const char *name; enum decision_unit is; } other[] = {
		{ DECISION_IN_PFN, "order", DECISION_IN_COUNT },
		{ DECISION_IN_COUNT, "frame", DECISION_IN_PFN },
		{ DECISION_IN_HEX, "bytes", DECISION_IN_COUNT },
		{ DECISION_IN_HEX, "pid", DECISION_IN_COUNT },
		{ DECISION_IN_HEX, "len", DECISION_IN_BYTES },
		{ DECISION_IN_HEX, "address", DECISION_IN_ADDRESS },
		{ DECISION_IN_HEX, "addr", DECISION_IN_ADDRESS },
		{ DECISION_IN_HEX, "start", DECISION_IN_ADDRESS },
		{ DECISION_IN_HEX, "sp", DECISION_IN_ADDRESS },
		{ DECISION_IN_HEX, "ip", DECISION_IN_ADDRESS },
	};

	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (other[i].said == d->unit && !strcmp(other[i].name, name))
			return other[i].is;
	return d->unit;
}

void decision_text(const struct decision *d, struct buf *out)
{
	buf_adds(out, d->what);
	switch (d->kind) {
	case DECISION_CHANGE:
		buf_addc(out, ' ');
		put_number(d->a, d->unit, out);
		buf_adds(out, " → ");
		put_number(d->b, d->unit, out);
		return;
	case DECISION_EVENT:
		if (d->unit != DECISION_IN_NONE) {
			buf_addc(out, ' ');
			put_number(d->a, d->unit, out);
		}
		return;
	case DECISION_RETURN:
		if (d->unit != DECISION_IN_NONE) {
			buf_addc(out, ' ');
			put_number(d->a, d->unit, out);
		}
		return;
	case DECISION_CALL: case DECISION_TEST: case DECISION_NOTE:
		break;
	}
	if (!*d->aname)
		return;
	buf_adds(out, *d->what ? ": " : "");
	put_named(d->aname, d->a, unit_of(d, d->aname), out);
	if (!*d->bname)
		return;
	buf_addf(out, "%s%s%s", *d->cmp ? " " : ", ", d->cmp, *d->cmp ? " " : "");
	put_named(d->bname, d->b, unit_of(d, d->bname), out);
}

uint64_t decision_place(const struct decision *d)
{
	if (d->unit != DECISION_IN_ADDRESS)
		return 0;
	if (d->kind == DECISION_EVENT)
		return d->event == MACHINE_EV_FAULT || d->event == MACHINE_EV_SIGNAL ? d->a : 0;
	return d->kind == DECISION_CALL && !strcmp(d->aname, "address") ? d->a : 0;
}

/* ---- the machine ---- */

struct machine *machine_create(void)
{
	struct machine *m = xcalloc(1, sizeof(*m));

	m->refs = 1;
	m->profile = m->proof = m->kernel_name = m->kernel_says = m->table_register = "";
	m->rss_split = m->data_counted = m->tables_counted = true;
	return m;
}

struct machine *machine_get(const struct machine *m)
{
	struct machine *own = (struct machine *)m;

	if (own)
		own->refs++;
	return own;
}

void machine_put(const struct machine *m)
{
	struct machine *own = (struct machine *)m;

	if (!own || --own->refs)
		return;
	script_put(own->script);
	decisions_put(own->decisions);
	for (size_t i = 0; i < own->nprocs; i++) {
		layout_put(own->procs[i].layout);
		residency_put(own->procs[i].pages);
	}
	contexts_destroy(own->contexts);
	twin_put(own->twin);
	layout_put(own->kernel_layout);
	residency_put(own->kernel_pages);
	free(own->frames);
	free(own->rb);
	free(own->block);
	free(own->pages);
	free(own->kernel_text);
	free(own);
}
