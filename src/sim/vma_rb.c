/* SPDX-License-Identifier: GPL-2.0-or-later
 * The red-black tree of the VMAs, for kernels that had one (mm_rb beside the list mmap). It is
 * kept as insertion and removal shape it, so that it looks as the kernel's would; lookups
 * use the index of vma.c, which gives the same answers.
 */
#include "mm.h"

struct rb {
	ref parent, left, right, vma;
	u64 red;
};

static struct rb *node(const struct sim *s, ref r)
{
	return r ? AT(s, r, struct rb) : NULL;
}

static bool is_red(const struct sim *s, ref r)
{
	return r && node(s, r)->red;
}

static void paint(struct sim *s, ref r, bool red)
{
	if (r && node(s, r)->red != red)
		SET(s, node(s, r)->red, red);
}

/* What pointed to old, below parent or as the root, points to new. */
static void relink(struct sim *s, struct mm *mm, ref parent, ref old, ref new)
{
	struct rb *p = node(s, parent);

	if (!p)
		SET(s, mm->rb_root, new);
	else if (p->left == old)
		SET(s, p->left, new);
	else
		SET(s, p->right, new);
}

static void rotate(struct sim *s, struct mm *mm, ref at, bool to_left)
{
	struct rb *n = node(s, at), *c;
	ref child = to_left ? n->right : n->left, inner;

	c = node(s, child);
	inner = to_left ? c->left : c->right;
	relink(s, mm, n->parent, at, child);
	SET(s, c->parent, n->parent);
	if (to_left) {
		SET(s, n->right, inner);
		SET(s, c->left, at);
	} else {
		SET(s, n->left, inner);
		SET(s, c->right, at);
	}
	if (inner)
		SET(s, node(s, inner)->parent, at);
	SET(s, n->parent, child);
}

/* rb_insert_color */
static void insert_color(struct sim *s, struct mm *mm, ref at)
{
	for (;;) {
		ref parent = node(s, at)->parent, grand, uncle;
		bool left;

		if (!is_red(s, parent))
			break;
		grand = node(s, parent)->parent;
		left = node(s, grand)->left == parent;
		uncle = left ? node(s, grand)->right : node(s, grand)->left;
		if (is_red(s, uncle)) {
			paint(s, uncle, false);
			paint(s, parent, false);
			paint(s, grand, true);
			at = grand;
			continue;
		}
		if (at == (left ? node(s, parent)->right : node(s, parent)->left)) {
			rotate(s, mm, parent, left);
			parent = at;
		}
		paint(s, parent, false);
		paint(s, grand, true);
		rotate(s, mm, grand, !left);
		break;
	}
	paint(s, mm->rb_root, false);
}

bool vma_rb_insert(struct sim *s, struct mm *mm, struct vma *v)
{
	struct rb *n = arena_alloc(s, sizeof(*n), "rb_node");
	ref at = mm->rb_root, parent = 0;
	bool left = false;

	if (!n)
		return false;
	SET(s, v->rb, REF(s, n));
	while (at) {
		parent = at;
		left = v->start < AT(s, node(s, at)->vma, struct vma)->start;
		at = left ? node(s, at)->left : node(s, at)->right;
	}
	SET(s, n->vma, REF(s, v));
	SET(s, n->parent, parent);
	SET(s, n->red, 1);
	if (!parent)
		SET(s, mm->rb_root, v->rb);
	else if (left)
		SET(s, node(s, parent)->left, v->rb);
	else
		SET(s, node(s, parent)->right, v->rb);
	insert_color(s, mm, v->rb);
	return true;
}

/* __rb_erase_color: one black node is missing on the way to at, which may be none. */
static void erase_color(struct sim *s, struct mm *mm, ref at, ref parent)
{
	while (at != mm->rb_root && !is_red(s, at)) {
		bool left = node(s, parent)->left == at;
		ref other = left ? node(s, parent)->right : node(s, parent)->left, near, far;

		if (is_red(s, other)) {
			paint(s, other, false);
			paint(s, parent, true);
			rotate(s, mm, parent, left);
			other = left ? node(s, parent)->right : node(s, parent)->left;
		}
		near = left ? node(s, other)->left : node(s, other)->right;
		far = left ? node(s, other)->right : node(s, other)->left;
		if (!is_red(s, near) && !is_red(s, far)) {
			paint(s, other, true);
			at = parent;
			parent = node(s, at)->parent;
			continue;
		}
		if (!is_red(s, far)) {
			paint(s, near, false);
			paint(s, other, true);
			rotate(s, mm, other, !left);
			far = other;
			other = near;
		}
		paint(s, other, node(s, parent)->red);
		paint(s, parent, false);
		paint(s, far, false);
		rotate(s, mm, parent, left);
		at = mm->rb_root;
		break;
	}
	paint(s, at, false);
}

void vma_rb_erase(struct sim *s, struct mm *mm, struct vma *v)
{
	ref at = v->rb, child, parent;
	struct rb *n = node(s, at);
	bool red = n->red;

	if (n->left && n->right) {		/* its successor takes its place */
		ref next = n->right;
		struct rb *x;

		while (node(s, next)->left)
			next = node(s, next)->left;
		x = node(s, next);
		red = x->red;
		child = x->right;
		parent = x->parent;
		if (parent == at) {
			parent = next;
		} else {
			if (child)
				SET(s, node(s, child)->parent, parent);
			SET(s, node(s, parent)->left, child);
			SET(s, x->right, n->right);
			SET(s, node(s, n->right)->parent, next);
		}
		relink(s, mm, n->parent, at, next);
		SET(s, x->parent, n->parent);
		SET(s, x->left, n->left);
		SET(s, node(s, n->left)->parent, next);
		paint(s, next, n->red);
	} else {
		child = n->left ? n->left : n->right;
		parent = n->parent;
		relink(s, mm, parent, at, child);
		if (child)
			SET(s, node(s, child)->parent, parent);
	}
	if (!red)
		erase_color(s, mm, child, parent);
	arena_free(s, n, sizeof(*n));
	SET(s, v->rb, 0);
}

u64 vma_rb_top(const struct sim *s, const struct mm *mm)
{
	return mm->rb_root ? AT(s, node(s, mm->rb_root)->vma, const struct vma)->start : 0;
}

/* ---- looking ------------------------------------------------------------------------------ */

struct walk {
	const struct sim *s;
	struct sim_rb_node *to;
	size_t n, max;
};

static u64 gap_below(const struct sim *s, const struct vma *v)
{
	const struct vma *p = vma_prev(s, v);

	return v->start - (p ? p->end : 0);
}

/* In order of address; the number of at's node. Its parent's number is not known yet. */
static int walk(struct walk *w, ref at, unsigned depth)
{
	const struct rb *n = node(w->s, at);
	const struct vma *v;
	struct sim_rb_node *to;
	int left, right, me;

	if (!at)
		return -1;
	left = walk(w, n->left, depth + 1);
	if (w->n == w->max)
		return -1;
	me = (int)w->n++;
	v = AT(w->s, n->vma, const struct vma);
	w->to[me] = (struct sim_rb_node){ .start = v->start, .end = v->end, .parent = -1,
					  .left = left, .red = n->red, .depth = depth,
					  .gap = gap_below(w->s, v) };
	right = walk(w, n->right, depth + 1);
	to = &w->to[me];
	to->right = right;
	to->subtree_gap = to->gap;
	for (int i = 0; i < 2; i++) {
		int c = i ? right : left;

		if (c < 0)
			continue;
		w->to[c].parent = me;
		if (w->to[c].subtree_gap > to->subtree_gap)
			to->subtree_gap = w->to[c].subtree_gap;
	}
	return me;
}

size_t sim_rb_nodes(const struct sim *s, unsigned proc, struct sim_rb_node *ret, size_t max)
{
	struct walk w = { .s = s, .to = ret, .max = max };
	const struct mm *mm;

	if (proc >= s->root->nprocs || !s->root->proc[proc])
		return 0;
	mm = AT(s, s->root->proc[proc], const struct mm);
	if (mm->alive)
		walk(&w, mm->rb_root, 0);
	return w.n;
}

/* The number of black nodes on every way down; -1 when they differ, or a rule is broken. */
static int black_height(const struct sim *s, ref at, ref parent, u64 low, u64 high)
{
	const struct rb *n = node(s, at);
	const struct vma *v;
	int l, r;

	if (!at)
		return 0;
	v = AT(s, n->vma, const struct vma);
	if (n->parent != parent || v->rb != at || v->start < low || v->end > high)
		return -1;
	if (n->red && (is_red(s, parent) || !parent))
		return -1;
	l = black_height(s, n->left, at, low, v->start);
	r = black_height(s, n->right, at, v->end, high);
	return l < 0 || l != r ? -1 : l + !n->red;
}

bool vma_rb_check(const struct sim *s, const struct mm *mm)
{
	return black_height(s, mm->rb_root, 0, 0, UINT64_MAX) >= 0;
}
