/* SPDX-License-Identifier: GPL-2.0-or-later
 * /proc/PID/smaps.
 */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/lines.h"
#include "src/live/smaps.h"

static const struct {
	const char *key;
	uint8_t length, adds;
	uint16_t at;
} smaps_keys[] = {
#define KEY(key, member, adds) \
	{ key, sizeof(key) - 1, adds, (uint16_t)offsetof(struct smaps_figures, member) }
	KEY("Size", size, 0), KEY("Rss", rss, 0), KEY("Pss", pss, 0),
	KEY("Anonymous", anonymous, 0), KEY("Swap", swap, 0), KEY("Locked", locked, 0),
	KEY("Private_Clean", uss, 1), KEY("Private_Dirty", uss, 1),
	KEY("Private_Hugetlb", uss, 1), KEY("AnonHugePages", huge, 1),
	KEY("ShmemPmdMapped", huge, 1), KEY("FilePmdMapped", huge, 1),
#undef KEY
};

void smaps_figures_reset(struct smaps_figures *f)
{
	memset(f, 0xff, sizeof(*f));	/* UNKNOWN everywhere */
}

static uint64_t flags_of(const char *p, const char *end)
{
	uint64_t flags = 0;

	for (; p + 1 < end; p++) {
		if (*p == ' ')
			continue;
		for (int i = 0; i < 64 && vma_flag_names[i]; i++)
			if (!memcmp(vma_flag_names[i], p, 2))
				flags |= 1ull << i;
		p++;
	}
	return flags;
}

static void figure_set(struct smaps_figures *f, size_t i, uint64_t kib)
{
	uint64_t *at = (uint64_t *)((char *)f + smaps_keys[i].at);

	*at = smaps_keys[i].adds && *at != UNKNOWN ? *at + kib * 1024 : kib * 1024;
}

/* ARRAY_LEN(smaps_keys): none of ours. */
static size_t key_of(const char *line, size_t length)
{
	size_t i = 0;

	while (i < ARRAY_LEN(smaps_keys) &&
	       (smaps_keys[i].length != length || memcmp(line, smaps_keys[i].key, length)))
		i++;
	return i;
}

bool smaps_parse_line(const char *line, size_t n, struct smaps_figures *f)
{
	const char *end = line + n, *p = memchr(line, ':', n);
	size_t key = p ? (size_t)(p - line) : 0, i;
	uint64_t v = 0;

	if (!p || !key)
		return false;
	for (p++; p < end && *p == ' ';)
		p++;
	if (key == 7 && !memcmp(line, "VmFlags", 7)) {
		f->flags = flags_of(p, end);
		return true;
	}
	i = key_of(line, key);
	if (i == ARRAY_LEN(smaps_keys))
		return true;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		v = v > UINT64_MAX / 20480 ? v : v * 10 + (uint64_t)(*p - '0');
	figure_set(f, i, v);
	return true;
}

/* The lines of one VMA are those of the last but for figures, and most of these have one digit:
 * such a line is known by comparing it. The kernel aligns them, to this column. */
enum { FIGURE_COLUMN = 23 };
struct figure_line {
	char before[FIGURE_COLUMN];
	uint8_t after;		/* bytes that follow the digit: " kB\n" or "\n"; 0: no such line */
	uint8_t key;		/* index of smaps_keys */
};
struct figure_lines {
	struct figure_line line[40];
	size_t at;		/* which one comes next */
};
static void figure_learn(struct figure_lines *l, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	size_t after = n - FIGURE_COLUMN;	/* the newline is not in n, the digit is not in after */
	struct figure_line *to;

	if (l->at == ARRAY_LEN(l->line))
		return;
	to = &l->line[l->at++];
	to->after = 0;
	if (n <= FIGURE_COLUMN || !colon || colon - line >= FIGURE_COLUMN ||
	    !(after == 1 || (after == 4 && !memcmp(line + n - 3, " kB", 3))))
		return;
	to->after = (uint8_t)after;
	memset(to->before, ' ', FIGURE_COLUMN);	/* it may have more digits now */
	memcpy(to->before, line, (size_t)(colon - line) + 1);
	to->key = (uint8_t)key_of(line, (size_t)(colon - line));
}

/* Reads the lines that are as they were. */
static void figures_again(struct figure_lines *l, struct lines *in, struct smaps_figures *f)
{
	const struct figure_line *was = &l->line[l->at], *end = &l->line[ARRAY_LEN(l->line)];
	size_t room, used = 0;
	const char *p = lines_ahead(in, &room);

	for (; was < end && was->after; was++) {
		size_t n = FIGURE_COLUMN + 1u + was->after;
		unsigned digit;

		if (room - used < n || memcmp(p, was->before, FIGURE_COLUMN))
			break;
		digit = (unsigned)p[FIGURE_COLUMN] - '0';
		if (digit > 9 || (was->after == 1 ? p[n - 1] != '\n' : memcmp(p + n - 4, " kB\n", 4)))
			break;
		if (was->key < ARRAY_LEN(smaps_keys))
			figure_set(f, was->key, digit);
		used += n;
		p += n;
	}
	l->at = (size_t)(was - l->line);
	lines_skip(in, used);
}

struct reading {
	struct maps_build build;
	struct vma_detail *detail;
	size_t n, cap;
	uint64_t pss, uss;
	struct smaps_sums *sums;
};

static void sum_add(struct smaps_sums *s, uint64_t start, const struct smaps_figures *f)
{
	VEC_GROW(s->sum, s->n, s->cap);
	s->sum[s->n++] = (struct smaps_sum){ start, f->rss, f->anonymous, f->huge };
}

static void detail_add(struct reading *r, const struct smaps_figures *f)
{
	VEC_GROW(r->detail, r->n, r->cap);
	r->detail[r->n++] = (struct vma_detail){
		.pss = f->pss, .swap = f->swap, .locked = f->locked, .uss = f->uss,
		.flags = f->flags == UNKNOWN ? 0 : f->flags,
		.rss = f->rss, .anonymous = f->anonymous,
	};
	if (f->pss != UNKNOWN)
		r->pss += f->pss;
	if (f->uss != UNKNOWN)
		r->uss += f->uss;
}

static void finish_vma(struct reading *r, uint64_t start, const struct smaps_figures *f, bool detail)
{
	if (detail)
		detail_add(r, f);
	if (r->sums)
		sum_add(r->sums, start, f);
}

/* The flags of most VMAs are those of one or the other just before. */
struct flag_lines {
	struct { char text[128]; size_t n; uint64_t flags; } seen[2];
	unsigned next;
};

static void parse_flags(struct flag_lines *l, const char *line, size_t n, struct smaps_figures *f)
{
	for (int i = 0; i < 2; i++) {
		if (l->seen[i].n == n && !memcmp(l->seen[i].text, line, n)) {
			f->flags = l->seen[i].flags;
			return;
		}
	}
	smaps_parse_line(line, n, f);
	if (n <= sizeof(l->seen[0].text)) {
		memcpy(l->seen[l->next].text, line, n);
		l->seen[l->next].n = n;
		l->seen[l->next].flags = f->flags;
		l->next = !l->next;
	}
}

static int read_lines(int fd, char *buf, struct reading *r, bool detail)
{
	struct flag_lines flags = { .next = 0 };
	struct figure_lines figures = { .at = 0 };
	struct smaps_figures f;
	struct maps_line m;
	struct lines in;
	const char *line;
	bool open = false;
	uint64_t start = 0;
	size_t n;

	lines_start(&in, fd, buf);
	while (lines_next(&in, &line, &n)) {
		/* Heads begin with a lower-case hexadecimal digit, figures with a capital. */
		if (n && line[0] >= 'A' && line[0] <= 'Z') {
			if (open && line[0] == 'V') {
				parse_flags(&flags, line, n, &f);
			} else if (open) {
				smaps_parse_line(line, n, &f);
				figure_learn(&figures, line, n);
				figures_again(&figures, &in, &f);
			}
			continue;
		}
		if (!maps_parse_line(line, n, &m))
			continue;
		if (open)
			finish_vma(r, start, &f, detail);
		start = m.start;
		open = maps_build_add(&r->build, &m);
		smaps_figures_reset(&f);
		figures.at = 0;
		if (open)
			figures_again(&figures, &in, &f);
	}
	if (open)
		finish_vma(r, start, &f, detail);
	return in.errnum ? in.errnum : in.at ? 0 : ESRCH;
}

int smaps_read(int fd, int maps, char *buf, const struct layout *old, struct strings *strings,
	       struct layout **ret_layout, struct details **ret_details,
	       struct smaps_sums *ret_sums)
{
	struct reading r = { .sums = ret_sums };
	struct details *d;
	int err;

	maps_build_start(&r.build, old, strings, maps);
	err = read_lines(fd, buf, &r, ret_details != NULL);
	if (err) {
		maps_build_drop(&r.build);
		free(r.detail);
		return err;
	}
	*ret_layout = maps_build_end(&r.build);
	if (ret_details) {
		d = details_of(*ret_layout, xreallocarray(r.detail, r.n ? r.n : 1, sizeof(*r.detail)));
		d->pss = r.pss;
		d->uss = r.uss;
		*ret_details = d;
	}
	return 0;
}

const struct smaps_sum *smaps_sum_find(const struct smaps_sums *s, uint64_t start)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->sum[mid].start < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->sum[lo].start == start ? &s->sum[lo] : NULL;
}

void smaps_sums_free(struct smaps_sums *s)
{
	free(s->sum);
	*s = (struct smaps_sums){ 0 };
}
