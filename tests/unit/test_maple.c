/* SPDX-License-Identifier: GPL-2.0-or-later
 * The maple tree of a layout: whoever follows the pivots finds what the layout holds.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mmscope/maple.h"

static struct layout *layout_of(size_t n, uint64_t from, uint64_t seed)
{
	struct strings *s = strings_create();
	struct layout *l = layout_create(s, n);
	uint64_t at = from;

	strings_put(s);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		at += (seed >> 40) % 3 * 0x1000 * ((seed >> 50) % 50);
		l->vmas[i].start = at;
		at += 0x1000 * (1 + (seed >> 33) % 9);
		l->vmas[i].end = at;
		l->vmas[i].path = "";
	}
	return l;
}

static int walk(const struct maple *m, uint64_t addr)
{
	int at = (int)m->n - 1;

	for (;;) {
		const struct maple_node *n = &m->node[at];
		const struct maple_slot *s = &n->slot[maple_slot_of(n, addr)];

		assert_true(addr >= n->first && addr <= n->last && addr <= s->last);
		if (!n->height)
			return s->vma;
		at = s->child;
	}
}

static uint64_t check_node(const struct maple *m, int at, int parent)
{
	const struct maple_node *n = &m->node[at];
	uint64_t first = n->first, gap = 0;

	assert_int_equal(n->parent, parent);
	assert_true(n->n >= 1 && n->n <= (n->height ? MAPLE_ARANGE_SLOTS : MAPLE_LEAF_SLOTS));
	for (unsigned i = 0; i < n->n; i++) {
		const struct maple_slot *s = &n->slot[i];

		if (n->height) {
			assert_int_equal(m->node[s->child].first, first);
			assert_int_equal(m->node[s->child].last, s->last);
			assert_int_equal(m->node[s->child].height, n->height - 1);
			assert_int_equal(check_node(m, s->child, at), s->gap);
		} else if (s->vma < 0) {
			assert_int_equal(s->gap, s->last - first + (s->last != UINT64_MAX));
		}
		if (s->gap > gap)
			gap = s->gap;
		first = s->last + 1;
	}
	assert_int_equal(n->slot[n->n - 1].last, n->last);
	return gap;
}

static void check(size_t n, uint64_t from)
{
	struct layout *l = layout_of(n, from, n + 7);
	struct maple m;

	maple_make(l, &m);
	assert_int_equal(m.node[m.n - 1].last, UINT64_MAX);
	assert_int_equal(m.node[m.n - 1].first, 0);
	assert_int_equal(m.node[m.n - 1].height + 1, m.height);
	check_node(&m, (int)m.n - 1, -1);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(walk(&m, l->vmas[i].start), i);
		assert_int_equal(walk(&m, l->vmas[i].end - 1), i);
		assert_int_equal(walk(&m, l->vmas[i].end), layout_find(l, l->vmas[i].end));
	}
	assert_int_equal(walk(&m, UINT64_MAX), -1);
	/* One leaf holds 16 ranges; two levels 160. */
	if (2 * n + 1 <= MAPLE_LEAF_SLOTS)
		assert_int_equal(m.height, 1);
	if (n > MAPLE_LEAF_SLOTS * MAPLE_ARANGE_SLOTS)
		assert_true(m.height >= 3);
	maple_free(&m);
	layout_put(l);
}

static void sizes(void **state)
{
	(void)state;
	for (size_t n = 0; n < 400; n++)
		check(n, 0x400000);
	check(5000, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sizes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
