/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/contexts.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "mmscope/vma.h"

const char *const cframe_kind_names[CFRAME_KINDS] = {
	[CFRAME_CALL] = "call",
	[CFRAME_ARGS] = "arguments",
	[CFRAME_REGS] = "pt_regs",
	[CFRAME_SWITCH] = "switch frame",
	[CFRAME_LINK] = "link",
};

struct contexts *contexts_create(void)
{
	struct contexts *c = xcalloc(1, sizeof(*c));

	c->strings = strings_create();
	c->current_rule = c->irq_rule = c->from_user_rule = c->log = "";
	c->switch_from = c->switch_to = -1;
	return c;
}

void contexts_destroy(struct contexts *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nblocks; i++)
		free(c->blocks[i]);
	free(c->blocks);
	strings_put(c->strings);
	free(c->tasks);
	free(c->cpus);
	free(c);
}

const char *contexts_string(struct contexts *c, const char *raw)
{
	char *clean;
	const char *kept;

	if (!raw || !*raw)
		return "";
	clean = text_sanitized(raw);
	kept = strings_add(c->strings, clean, strlen(clean));
	free(clean);
	return kept;
}

void *contexts_room(struct contexts *c, size_t n, size_t size)
{
	VEC_GROW(c->blocks, c->nblocks, c->cap_blocks);
	c->blocks[c->nblocks] = xcalloc(n ? n : 1, size);
	return c->blocks[c->nblocks++];
}

struct ctask *contexts_tasks(struct contexts *c, size_t n)
{
	c->tasks = xcalloc(n ? n : 1, sizeof(*c->tasks));
	return c->tasks;
}

struct ccpu *contexts_cpus(struct contexts *c, size_t n)
{
	c->cpus = xcalloc(n ? n : 1, sizeof(*c->cpus));
	return c->cpus;
}

const struct ctask *contexts_current(const struct contexts *c)
{
	return c->ncpus && c->cpus[0].current >= 0 ? &c->tasks[c->cpus[0].current] : NULL;
}
