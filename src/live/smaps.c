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

bool smaps_parse_line(const char *line, size_t n, struct smaps_figures *f)
{
	const char *end = line + n, *p = memchr(line, ':', n);
	size_t key = p ? (size_t)(p - line) : 0;
	uint64_t v = 0, *at;

	if (!p || !key)
		return false;
	for (p++; p < end && *p == ' ';)
		p++;
	if (key == 7 && !memcmp(line, "VmFlags", 7)) {
		f->flags = flags_of(p, end);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(smaps_keys); i++) {
		if (smaps_keys[i].length != key || memcmp(line, smaps_keys[i].key, key))
			continue;
		if (p == end || *p < '0' || *p > '9')
			return false;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			v = v > UINT64_MAX / 20480 ? v : v * 10 + (uint64_t)(*p - '0');
		at = (uint64_t *)((char *)f + smaps_keys[i].at);
		*at = smaps_keys[i].adds && *at != UNKNOWN ? *at + v * 1024 : v * 1024;
		return true;
	}
	return true;
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
			if (open && line[0] == 'V')
				parse_flags(&flags, line, n, &f);
			else if (open)
				smaps_parse_line(line, n, &f);
			continue;
		}
		if (!maps_parse_line(line, n, &m))
			continue;
		if (open)
			finish_vma(r, start, &f, detail);
		start = m.start;
		open = maps_build_add(&r->build, &m);
		smaps_figures_reset(&f);
	}
	if (open)
		finish_vma(r, start, &f, detail);
	return in.errnum ? in.errnum : in.at ? 0 : ESRCH;
}

int smaps_read(int fd, char *buf, const struct layout *old, struct strings *strings,
	       struct layout **ret_layout, struct details **ret_details,
	       struct smaps_sums *ret_sums)
{
	struct reading r = { .sums = ret_sums };
	struct details *d;
	int err;

	maps_build_start(&r.build, old, strings);
	err = read_lines(fd, buf, &r, ret_details != NULL);
	if (err) {
		maps_build_drop(&r.build);
		free(r.detail);
		return err;
	}
	*ret_layout = maps_build_end(&r.build);
	if (ret_details) {
		d = details_create(*ret_layout);
		if (r.n)
			memcpy(d->vma, r.detail, r.n * sizeof(*r.detail));
		d->pss = r.pss;
		d->uss = r.uss;
		free(r.detail);
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
