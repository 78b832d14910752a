/* SPDX-License-Identifier: GPL-2.0-or-later
 * How the profile's kernel finds a VMA.
 */
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/picture.h"

static void put_tree(const struct sim *s, struct machine *m)
{
	size_t n = sim_vma_count(s, sim_current(s));
	struct sim_rb_node *node = xcalloc(n ? n : 1, sizeof(*node));

	n = sim_rb_nodes(s, sim_current(s), node, n);
	m->rb = xcalloc(n ? n : 1, sizeof(*m->rb));
	for (size_t i = 0; i < n; i++)
		m->rb[i] = (struct machine_rb){ node[i].start, node[i].end, node[i].gap, node[i].subtree_gap,
						node[i].parent, node[i].left, node[i].right, node[i].depth,
						node[i].red };
	m->nrb = n;
	free(node);
}

/* The operation so far has looked for the VMA of the place in hand. */
static bool looked(const struct machine *m)
{
	static const char *const finders[] = { "find_vma", "lock_vma_under_rcu", "find_vma_prev", "vma_lookup",
					       "mas_walk", "vma_find" };
	size_t n = m->complete ? m->decisions->n : m->decision + 1;

	for (size_t i = 0; i < n && i < m->decisions->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(finders); k++)
			if (!strcmp(m->decisions->v[i].func, finders[k]))
				return true;
	return false;
}

void picture_index(struct player *p, struct machine *m)
{
	const struct sim *s = player_sim(p);

	if (!sim_proc_count(s) || !sim_proc_alive(s, sim_current(s)))
		return;
	put_tree(s, m);
	m->looked_up = looked(m) ? m->place : 0;
}
