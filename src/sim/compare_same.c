/* SPDX-License-Identifier: GPL-2.0-or-later
 * What makes the decisions of two kernels the same: what is asked, how it comes out, what
 * follows; numbers where they mean the same in both. A function that only got another name
 * decides nothing else.
 */
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/compare.h"
#include "src/sim/profile.h"

static const char *name_now(const struct sim_profile *p, const char *func)
{
	for (const struct sim_func_name *f = p->func_names; f && f->now; f++)
		if (!strcmp(f->then, func))
			return f->now;
	return func;
}

/* Functions of the kernel's own side do the same under another name in each profile. */
static const char *role_in(const struct sim_profile *p, const char *func)
{
	const struct sim_kernel *k = p->kernel;
	const struct { const char *func, *role; } roles[] = {
		{ k->syscall_entry, "syscall entry" }, { k->syscall_exit, "syscall exit" },
		{ k->irq_entry, "irq entry" }, { k->nmi_entry, "nmi entry" }, { k->softirq_call, "softirq call" },
		{ k->switch_to, "switch_to" }, { k->new_task, "new task" }, { k->fork, "fork" },
		{ k->alloc, "alloc stack" }, { k->release, "free stack" }, { k->preempt_entry, "preemption" },
	};
	size_t n = k->sys_prefix ? strlen(k->sys_prefix) : 0;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (roles[i].func && *roles[i].func && !strcmp(roles[i].func, func))
			return roles[i].role;
	return n && !strncmp(func, k->sys_prefix, n) ? func + n : func;
}

/* Several functions were one once: they meet under its old name. */
static const char *name_in(const struct compare_pair *c, const struct sim_profile *p, const char *func)
{
	const struct sim_profile *old = c->mine->func_names ? c->mine : c->its;

	const char *role = role_in(p, func);

	if (role != func)
		return role;
	func = name_now(p, func);
	for (const struct sim_func_name *f = old->func_names; f && f->now; f++)
		if (!strcmp(f->now, func))
			return f->then;
	return func;
}

static uint64_t mix_number(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15ull;
	h *= 0xff51afd7ed558ccdull;
	return h ^ h >> 32;
}

static uint64_t mix_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return mix_number(h, 1);
}

/* Which frame it is decides nothing. */
static uint64_t mix_plain(uint64_t h, const char *name, uint64_t v)
{
	return strstr(name, "frame") || strstr(name, "pfn") ? h : mix_number(h, v);
}

static bool user_address(const struct compare_pair *c, uint64_t v)
{
	return v <= c->mine->task_size;
}

/* What of the numbers is a decision, and not only where things happen to lie. */
static uint64_t mix_values(const struct compare_pair *c, uint64_t h, const struct decision *d)
{
	switch (d->unit) {
	case DECISION_IN_ERRNO: case DECISION_IN_BOOL: case DECISION_IN_FLAGS:
		return mix_number(mix_number(h, d->a), d->b);
	case DECISION_IN_BYTES: case DECISION_IN_PAGES: case DECISION_IN_COUNT:
		if (d->kind == DECISION_CHANGE)
			return mix_number(h, d->b - d->a);
		if (!c->same_layout)
			return h;
		if (d->kind != DECISION_TEST)
			h = mix_plain(h, d->aname, d->a);
		return mix_plain(h, d->bname, d->b);
	case DECISION_IN_ADDRESS: case DECISION_IN_HEX:
		if (c->same_layout && user_address(c, d->a) && user_address(c, d->b))
			return mix_number(mix_number(h, d->a), d->b);
		return h;
	case DECISION_IN_NONE: case DECISION_IN_PFN:
		break;
	}
	return h;
}

/* Whom it returns to is told by the line above. */
static uint64_t mix_what(uint64_t h, const char *what)
{
	const char *into = strstr(what, " into ");

	for (const char *s = what; *s && s != into; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return mix_number(h, 1);
}

uint64_t compare_digest(const struct compare_pair *c, const struct sim_profile *p, const struct decision *d)
{
	uint64_t h = mix_text(14695981039346656037ull, name_in(c, p, d->func));

	h = mix_text(mix_text(mix_what(h, d->what), d->aname), d->bname);
	h = mix_text(mix_text(mix_text(h, d->cmp), d->taken), d->otherwise);
	h = mix_number(h, (uint64_t)d->kind << 32 | (uint64_t)d->unit << 16 | (uint64_t)d->event << 8 | d->outcome);
	return mix_values(c, h, d);
}
