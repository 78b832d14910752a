/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as a scenario: understood or refused with a place; what was understood is played
 * in a world where everything succeeds, and its records are written.
 */
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct dream {
	struct world world;
	uint64_t next;
	int born;
};

static void dream_info(struct world *w, struct world_info *ret)
{
	(void)w;
	memset(ret, 0, sizeof(*ret));
	ret->sp = 0x7fffffffee30;
	ret->mmap_base = 0x7ffff7fff000;
	ret->start_brk = 0x403000;
	ret->stack_start = 0x7ffffffde000;
	ret->stack_end = 0x7ffffffff000;
}

static struct error *dream_exec(struct world *w, const struct sim_op *op, struct sim_result *ret)
{
	struct dream *d = (struct dream *)w;

	memset(ret, 0, sizeof(*ret));
	ret->ret = op->kind == SIM_OP_BRK ? op->addr : (d->next += 0x10000);
	ret->done = op->pages;
	if (op->kind == SIM_OP_FORK)
		ret->child = d->born++;
	return NULL;
}

static struct error *dream_state(struct world *w, unsigned proc, struct world_state *ret)
{
	struct world_runs runs = { .out = &ret->text };
	struct world_vma *v;

	(void)w;
	world_state_reset(ret);
	v = world_state_add(ret);
	v->kind = SIM_KIND_SHMEM;
	v->object = proc + 1;
	v->start = 0x10000;
	v->end = 0x7ffffffff000;
	v->flags = ret->text.len;
	buf_add(&ret->text, "rd", 3);
	v->pages = ret->text.len;
	world_runs_add(&runs, (v->end - v->start) / SIM_PAGE, '.');
	world_runs_end(&runs);
	return NULL;
}

static void dream_close(struct world *w)
{
	(void)w;
}

static const struct world_ops dream_ops = {
	.name = "dream",
	.info = dream_info,
	.exec = dream_exec,
	.state = dream_state,
	.close = dream_close,
};

static void play_all(const struct scenario *sc)
{
	struct dream d = { .world = { &dream_ops }, .next = 0x100000, .born = 1 };
	struct record rec = { 0 };
	struct buf out = BUF_INIT;
	struct play *p = NULL;
	struct scope copy;
	size_t i;

	if (play_open(sc, &sc->options, &d.world, &p, &rec))
		abort();
	record_json(p, &rec, &out);
	for (i = 0; i < sc->nitems; i++) {
		if (sc->item[i].kind != ITEM_OP)
			continue;
		if (play_step(p, &sc->item[i], &rec))
			abort();
		buf_reset(&out);
		record_json(p, &rec, &out);
		if (rec.has_prediction && rec.predicted == (rec.wrong.len != 0))
			abort();
	}
	scope_copy(&copy, &p->scope);
	scope_free(&copy);
	play_close(p);
	record_free(&rec);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario *sc = NULL;
	struct error *err = scenario_parse("f.scn", (const char *)data, size, &sc);

	if (err) {
		/* "f.scn:LINE:COLUMN: message" */
		char *end;

		if (err->code != ERR_USAGE || strncmp(err->message, "f.scn:", 6) ||
		    !strtoul(err->message + 6, &end, 10) || *end != ':' ||
		    !strtoul(end + 1, &end, 10) || *end != ':')
			abort();
		error_destroy(err);
		return 0;
	}
	play_all(sc);
	scenario_destroy(sc);
	return 0;
}
