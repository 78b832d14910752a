/* SPDX-License-Identifier: GPL-2.0-or-later
 * anon_vma relations, as far as merging depends on them: which anon_vma a VMA has, how
 * long its chain is, and when a child may take over its parent's idle anon_vma.
 */
#include "mm.h"

bool anon_vma_singular(const struct sim *s, const struct vma *v)
{
	return v->chain && !AT(s, v->chain, struct avc)->next;
}

static bool chain_link(struct sim *s, struct vma *v, struct anon_vma *av)
{
	struct avc *c = arena_alloc(s, sizeof(*c), "anon_vma_chain");
	ref *at = &v->chain;

	if (!c)
		return false;
	while (*at)			/* oldest first */
		at = &AT(s, *at, struct avc)->next;
	SET(s, c->anon_vma, REF(s, av));
	SET(s, *at, REF(s, c));
	SET(s, av->refs, av->refs + 1);
	return true;
}

static struct anon_vma *anon_vma_create(struct sim *s)
{
	struct anon_vma *av = arena_alloc(s, sizeof(*av), "anon_vma");

	if (!av)
		return NULL;
	ADD(s, s->root->next_anon, 1);
	SET(s, av->id, (u32)s->root->next_anon);
	return av;
}

/* Could a and its upper neighbour b have been one VMA but for their permissions? */
static bool compatible(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->file == b->file &&
	       !((a->flags ^ b->flags) & ~(VM_ACCESS_FLAGS | VM_MAYBE_GUARD)) &&
	       b->pgoff == a->pgoff + vma_pages(a);
}

static struct anon_vma *reusable(struct sim *s, const struct vma *old, const struct vma *a,
				 const struct vma *b)
{
	if (!compatible(a, b) || !old->anon_vma || !anon_vma_singular(s, old))
		return NULL;
	return AT(s, old->anon_vma, struct anon_vma);
}

bool anon_vma_prepare(struct sim *s, struct mm *mm, struct vma *v)
{
	struct vma *next, *prev;
	struct anon_vma *av = NULL;

	(void)mm;
	if (likely(v->anon_vma))
		return true;
	next = vma_next(s, v);
	prev = vma_prev(s, v);
	if (next)
		av = reusable(s, next, v, next);
	if (!av && prev)
		av = reusable(s, prev, prev, v);
	if (av) {
		T_NOTE(s, "__anon_vma_prepare", "the neighbour's anon_vma can be shared",
		       "anon_vma", av->id, NULL, 0, SIM_U_COUNT);
	} else {
		av = anon_vma_create(s);
		if (!av)
			return false;
		SET(s, av->children, av->children + 1);
		T_NOTE(s, "__anon_vma_prepare", "a new anon_vma", "anon_vma", av->id, NULL, 0,
		       SIM_U_COUNT);
	}
	if (!chain_link(s, v, av))
		return false;
	SET(s, v->anon_vma, REF(s, av));
	SET(s, av->active, av->active + 1);
	return true;
}

/* Links dst to all of src's; a dst without one may take an idle one of few children. */
bool anon_vma_clone(struct sim *s, struct vma *dst, struct vma *src)
{
	for (ref r = src->chain; r;) {
		struct avc *c = AT(s, r, struct avc);
		struct anon_vma *av = AT(s, c->anon_vma, struct anon_vma);

		if (!chain_link(s, dst, av))
			return false;
		if (!dst->anon_vma && src->anon_vma && av->children < 2 && !av->active &&
		    RULE(s, anon_vma_reused))
			SET(s, dst->anon_vma, REF(s, av));
		r = c->next;
	}
	if (dst->anon_vma) {
		struct anon_vma *av = AT(s, dst->anon_vma, struct anon_vma);

		SET(s, av->active, av->active + 1);
	}
	return true;
}

bool anon_vma_fork(struct sim *s, struct vma *dst, struct vma *src)
{
	struct anon_vma *av, *parent;

	if (!src->anon_vma)
		return true;
	if (dst->anon_vma)
		SET(s, dst->anon_vma, 0);
	if (!anon_vma_clone(s, dst, src))
		return false;
	if (dst->anon_vma)
		return true;
	av = anon_vma_create(s);
	if (!av)
		return false;
	SET(s, av->active, 1);
	parent = AT(s, src->anon_vma, struct anon_vma);
	SET(s, av->parent, src->anon_vma);
	SET(s, dst->anon_vma, REF(s, av));
	if (!chain_link(s, dst, av))
		return false;
	SET(s, parent->children, parent->children + 1);
	return true;
}

static void anon_vma_release(struct sim *s, struct anon_vma *av)
{
	if (!av->refs && !av->children)
		arena_free(s, av, sizeof(*av));
}

void anon_vma_unlink(struct sim *s, struct vma *v)
{
	if (v->anon_vma) {
		struct anon_vma *av = AT(s, v->anon_vma, struct anon_vma);

		SET(s, av->active, av->active - 1);
	}
	while (v->chain) {
		struct avc *c = AT(s, v->chain, struct avc);
		struct anon_vma *av = AT(s, c->anon_vma, struct anon_vma);

		SET(s, v->chain, c->next);
		arena_free(s, c, sizeof(*c));
		SET(s, av->refs, av->refs - 1);
		if (!av->refs) {
			/* Nobody maps through it any more: its parent loses a child. */
			if (av->parent) {
				struct anon_vma *p = AT(s, av->parent, struct anon_vma);

				SET(s, p->children, p->children - 1);
				anon_vma_release(s, p);
			} else {
				SET(s, av->children, av->children - 1);
			}
			anon_vma_release(s, av);
		}
	}
	if (v->anon_vma)
		SET(s, v->anon_vma, 0);
}
