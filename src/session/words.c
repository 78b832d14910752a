/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/session/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmscope/output.h"
#include "mmscope/text.h"

const char *state_word(char state)
{
	switch (state) {
	case 'R': return "running";
	case 'S': return "sleeping";
	case 'D': return "waiting without being interruptible";
	case 'T': return "stopped";
	case 't': return "stopped by a tracer";
	case 'Z': return "a zombie";
	case 'X': return "dead";
	case 'I': return "idle";
	case 'P': return "parked";
	default: return "in an unknown state";
	}
}

const char *size_word(uint64_t bytes, char out[16])
{
	if (bytes == UNKNOWN)
		return "-";
	return bytes == UNLIMITED ? "unlimited" : text_size(bytes, out);
}

const char *exact_word(uint64_t bytes, char out[24])
{
	if (bytes == UNKNOWN)
		return "-";
	snprintf(out, 24, "%" PRIu64, bytes);
	return out;
}

const char *size_aloud(uint64_t bytes, char out[32])
{
	char s[16];
	size_t n;

	if (bytes == UNKNOWN)
		return "an unknown size";
	if (bytes == UNLIMITED)
		return "unlimited";
	n = strlen(text_size(bytes, s));
	if (s[n - 1] >= '0' && s[n - 1] <= '9')
		snprintf(out, 32, "%s bytes", s);
	else
		snprintf(out, 32, "%.*s %ciB", (int)n - 1, s, s[n - 1]);
	return out;
}

void add_outside(struct buf *b, const char *bytes, size_t size, bool ascii)
{
	text_sanitize(b, bytes, strnlen(bytes, size), ascii ? SANITIZE_ASCII : 0);
}

size_t reasons_alike(const struct whys *w, size_t i, struct buf *what, bool ascii)
{
	size_t first = i;

	for (; i < w->n && !strcmp(w->why[i].why, w->why[first].why) &&
	     !strcmp(w->why[i].try_this, w->why[first].try_this); i++) {
		if (i > first)
			buf_adds(what, ", ");
		add_outside(what, w->why[i].what, WHOLE, ascii);
	}
	return i - first;
}

static void add(uint64_t *sum, uint64_t figure)
{
	*sum = *sum == UNKNOWN || figure == UNKNOWN ? UNKNOWN : *sum + figure;
}

void role_sums(const struct snapshot *s, struct role_sums *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; s->layout && i < s->layout->n; i++) {
		const struct vma *v = &s->layout->vmas[i];
		struct vma_figures f = vma_figures(s, i);
		struct role_sum *sums[] = { &ret->role[v->role], &ret->all };

		for (int k = 0; k < 2; k++) {
			sums[k]->vmas++;
			sums[k]->size += vma_size(v);
			add(&sums[k]->rss, f.rss);
			add(&sums[k]->anonymous, f.anonymous);
		}
	}
}
