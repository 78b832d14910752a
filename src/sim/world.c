/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

const char *const world_counter_name[WORLD_NCOUNTERS] = {
#define X(name) [WORLD_##name] = #name,
	WORLD_COUNTERS(X)
#undef X
};

const char *const world_figure_name[WORLD_NFIGURES] = {
#define X(name) [WORLD_##name] = #name,
	WORLD_FIGURES(X)
#undef X
};

const char *const world_limit_name[SIM_NLIMITS] = {
	[SIM_LIMIT_STACK] = "stack",
	[SIM_LIMIT_AS] = "as",
	[SIM_LIMIT_DATA] = "data",
	[SIM_LIMIT_MEMLOCK] = "memlock",
};

const char *const world_kind_name[SIM_KIND_SPECIAL + 1] = {
	[SIM_KIND_ANON] = "anon",
	[SIM_KIND_EXE] = "exe",
	[SIM_KIND_FILE] = "file",
	[SIM_KIND_SHMEM] = "shmem",
	[SIM_KIND_SPECIAL] = "special",
};

void world_state_reset(struct world_state *st)
{
	st->nvmas = 0;
	buf_reset(&st->text);
}

void world_state_free(struct world_state *st)
{
	free(st->vma);
	buf_free(&st->text);
	memset(st, 0, sizeof(*st));
}

struct world_vma *world_state_add(struct world_state *st)
{
	struct world_vma *v;

	VEC_GROW(st->vma, st->nvmas, st->cap);
	v = &st->vma[st->nvmas++];
	memset(v, 0, sizeof(*v));
	return v;
}

static void runs_flush(struct world_runs *r)
{
	if (r->count > 1)
		buf_addf(r->out, "%llu", (unsigned long long)r->count);
	if (r->count)
		buf_addc(r->out, r->letter);
	r->count = 0;
}

void world_runs_add(struct world_runs *r, uint64_t pages, char letter)
{
	if (letter != r->letter) {
		runs_flush(r);
		r->letter = letter;
	}
	r->count += pages;
}

void world_runs_end(struct world_runs *r)
{
	runs_flush(r);
	buf_addc(r->out, '\0');
}

void world_close(struct world *w)
{
	if (w)
		w->ops->close(w);
}

static const char *const signal_text[] = {
	[SIM_SIG_NONE] = "ok",
	[SIM_SEGV_MAPERR] = "SIGSEGV MAPERR",
	[SIM_SEGV_ACCERR] = "SIGSEGV ACCERR",
	[SIM_SEGV_KERNEL] = "SIGSEGV KERNEL",
	[SIM_BUS_ADRERR] = "SIGBUS ADRERR",
	[SIM_SIG_OOM] = "out of memory",
};

void world_result_text(const struct sim_result *res, char out[WORLD_RESULT])
{
	const char *text = "ok";

	switch (res->status) {
	case SIM_ERRNO:
		text = strerrorname_np(res->err);
		break;
	case SIM_UNCHANGED:
		text = "unchanged";
		break;
	case SIM_SIGNAL:
		text = signal_text[res->sig];
		break;
	case SIM_IMPOSSIBLE:
		text = "impossible";
		break;
	case SIM_SKIPPED:
		snprintf(out, WORLD_RESULT, "skipped: %s", res->why);
		return;
	case SIM_ASTRAY:
		snprintf(out, WORLD_RESULT, "astray: into %s%s%s", res->into ? res->into : "no function", res->of ? " of " : "",
			 res->of ? res->of : "");
		return;
	case SIM_OOPS:
		text = "oops";
		break;
	case SIM_PANIC:
		text = "panic";
		break;
	case SIM_STALLS:
		text = "stalls";
		break;
	case SIM_OK:
		break;
	}
	if (text)
		snprintf(out, WORLD_RESULT, "%s", text);
	else
		snprintf(out, WORLD_RESULT, "errno %d", res->err);
}
