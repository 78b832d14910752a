/* SPDX-License-Identifier: GPL-2.0-or-later
 * How the kernel finds the VMA of an address: the red-black tree beside the list, or the
 * maple tree, with the way that was taken to the address in hand.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/maple.h"
#include "mmscope/snapshot.h"
#include "mmscope/text.h"
#include "mmscope/view.h"
#include "ui/views/inside.h"
#include "ui/views/paint.h"

enum { DEPTH_MOST = 10 };

struct index_state {
	int sel, top, page;
	uint64_t addr;			/* of the last drawing: the selection follows */
	const struct layout *layout;	/* compared only */
	bool drawn;
};

/* One line of the room, high addresses first. */
struct line {
	enum { LINE_RB, LINE_NODE, LINE_SLOT } kind;
	int node, slot;
	unsigned depth;
	bool on_path, found;
};

struct lines {
	const struct snapshot *snap;
	const struct machine *m;
	struct maple maple;
	uint64_t addr;			/* what is looked for; 0: nothing */
	bool rb;
	struct line *v;
	int n, cap, path;		/* path: the last line of the way */
	unsigned compared;		/* nodes visited */
};

/* ---- lines ------------------------------------------------------------------------------ */

static struct line *add(struct lines *l, struct line line)
{
	VEC_GROW(l->v, l->n, l->cap);
	if (line.on_path && (line.found || l->path < 0))
		l->path = l->n;
	l->v[l->n] = line;
	return &l->v[l->n++];
}

/* find_vma: where the end lies above the address one goes left and keeps it, else right. */
static void rb_lines(struct lines *l)
{
	const struct machine *m = l->m;
	bool *visited = xcalloc(m->nrb + 1, sizeof(*visited));
	int at = -1, found = -1;

	for (size_t i = 0; i < m->nrb; i++)
		if (m->rb[i].parent < 0)
			at = (int)i;
	while (l->addr && at >= 0) {
		visited[at] = true;
		l->compared++;
		if (m->rb[at].end > l->addr) {
			found = at;
			if (m->rb[at].start <= l->addr)
				break;
			at = m->rb[at].left;
		} else {
			at = m->rb[at].right;
		}
	}
	for (size_t i = m->nrb; i-- > 0;)
		add(l, (struct line){ LINE_RB, (int)i, -1, m->rb[i].depth, visited[i], (int)i == found });
	free(visited);
}

static void node_lines(struct lines *l, int node, bool on_path)
{
	const struct maple_node *n = &l->maple.node[node];
	unsigned depth = l->maple.height - 1 - n->height, taken = maple_slot_of(n, l->addr);

	add(l, (struct line){ LINE_NODE, node, -1, depth, on_path, false });
	l->compared += on_path;
	for (int s = (int)n->n - 1; s >= 0; s--) {
		bool here = on_path && s == (int)taken;

		if (n->height)
			node_lines(l, n->slot[s].child, here);
		else
			add(l, (struct line){ LINE_SLOT, node, s, depth + 1, here, here });
	}
}

static bool lines_make(struct lines *l, const struct session *s)
{
	const struct snapshot *snap = session_snapshot(s);

	*l = (struct lines){ .snap = snap, .m = snap ? snap->machine : NULL, .path = -1 };
	if (!l->m || !snap->layout || !snap->layout->n)
		return false;
	l->addr = l->m->looked_up;
	l->rb = l->m->nrb > 0;
	if (l->rb) {
		rb_lines(l);
	} else {
		maple_make(snap->layout, &l->maple);
		node_lines(l, (int)l->maple.n - 1, l->addr != 0);
	}
	return true;
}

static void lines_free(struct lines *l)
{
	maple_free(&l->maple);
	free(l->v);
}

/* ---- drawing ------------------------------------------------------------------------------ */

static int indent_of(const struct line *line)
{
	return 3 + 2 * imin((int)line->depth, DEPTH_MOST);
}

static struct style style_of(const struct line *line)
{
	if (line->found)
		return style_attr(STYLE(SP), ATTR_BOLD);
	return line->on_path ? style_attr(STYLE(STRONG), ATTR_BOLD) : STYLE(TEXT);
}

static int put_range(struct canvas *c, int row, int col, struct style st, uint64_t start, uint64_t end)
{
	char a[24], b[24];

	return canvas_putf(c, row, col, st, "%s-%s", address_text(start, a), address_text(end, b));
}

static void label_of(const struct lines *l, size_t i, char *out, size_t n)
{
	vma_label(l->snap, i, out, n);
}

static void draw_rb(const struct lines *l, struct canvas *c, int row, const struct line *line)
{
	const struct machine_rb *n = &l->m->rb[line->node];
	int col = indent_of(line), end = canvas_cols(c) - 1;
	char label[64], size[16];

	col = canvas_putf(c, row, col, n->red ? style_attr(STYLE(ERROR), line->on_path ? ATTR_BOLD : 0) : STYLE(DIM),
			  "%s ", n->red ? "red" : "blk");
	if (n->subtree_gap && canvas_cols(c) >= 72) {
		struct buf b = BUF_INIT;

		buf_addf(&b, "hole below %s", text_size(n->subtree_gap, size));
		end = canvas_right(c, row, end, STYLE(DIM), buf_str(&b)) - 1;
		buf_free(&b);
	}
	col = put_range(c, row, col, style_of(line), n->start, n->end);
	label_of(l, (size_t)line->node, label, sizeof(label));
	canvas_putn(c, row, col + 1, (struct style){ .role = THEME_OF_VMA(l->snap->layout->vmas[line->node].role) },
		    imax(end - col - 1, 0), label);
}

static void draw_node(const struct lines *l, struct canvas *c, int row, const struct line *line)
{
	const struct maple_node *n = &l->maple.node[line->node];
	const struct maple_node *parent = n->parent >= 0 ? &l->maple.node[n->parent] : NULL;
	struct buf b = BUF_INIT;
	char size[16];

	buf_addf(&b, "%s %u of %d", n->height ? "arange_64" : "leaf_64", n->n,
		 n->height ? MAPLE_ARANGE_SLOTS : MAPLE_LEAF_SLOTS);
	for (unsigned s = 0; parent && s < parent->n; s++)
		if (parent->slot[s].child == line->node)
			buf_addf(&b, "  slot %u, pivot %" PRIx64 ", largest hole %s", s, parent->slot[s].last,
				 text_size(parent->slot[s].gap, size));
	canvas_putn(c, row, indent_of(line), line->on_path ? style_of(line) : STYLE(TITLE),
		    imax(canvas_cols(c) - indent_of(line) - 1, 0), buf_str(&b));
	buf_free(&b);
}

static void draw_slot(const struct lines *l, struct canvas *c, int row, const struct line *line)
{
	const struct maple_node *n = &l->maple.node[line->node];
	const struct maple_slot *s = &n->slot[line->slot];
	int col = canvas_putf(c, row, indent_of(line), STYLE(DIM), "[%d] ", line->slot);
	uint64_t start = line->slot ? n->slot[line->slot - 1].last + 1 : n->first;
	char label[64], size[16];

	if (s->vma < 0) {
		canvas_putf(c, row, col, line->on_path ? style_of(line) : STYLE(HOLE), "up to %" PRIx64 "  NULL, %s free",
			    s->last, text_size(s->last - start, size));
		return;
	}
	col = put_range(c, row, col, style_of(line), start, s->last + 1);
	label_of(l, (size_t)s->vma, label, sizeof(label));
	canvas_putn(c, row, col + 1, (struct style){ .role = THEME_OF_VMA(l->snap->layout->vmas[s->vma].role) },
		    imax(canvas_cols(c) - col - 2, 0), label);
}

static void draw_line(const struct lines *l, struct canvas *c, int row, int i, bool selected)
{
	static void (*const draw[])(const struct lines *, struct canvas *, int, const struct line *) = {
		[LINE_RB] = draw_rb, [LINE_NODE] = draw_node, [LINE_SLOT] = draw_slot,
	};
	const struct line *line = &l->v[i];

	if (line->on_path)
		canvas_ch(c, row, 1, style_of(line), line->found ? 0x25b6 /* ▶ */ : 0x25cf /* ● */);
	draw[line->kind](l, c, row, line);
	if (selected) {
		canvas_restyle(c, row, 0, 2, STYLE(SELECT));
		canvas_cursor(c, row, 0);
	}
}

static void draw_head(const struct lines *l, struct canvas *c)
{
	struct buf b = BUF_INIT;

	if (l->rb)
		buf_addf(&b, "mm_rb: %d VMAs; the list mm->mmap is the lines from below", l->n);
	else
		buf_addf(&b, "mm_mt: %zu node%s, %u level%s, %zu bytes", l->maple.n, plural(l->maple.n), l->maple.height,
			 plural(l->maple.height), l->maple.n * MAPLE_NODE_BYTES);
	canvas_putn(c, 0, 1, STYLE(TITLE), canvas_cols(c) - 2, buf_str(&b));
	buf_reset(&b);
	if (l->addr)
		buf_addf(&b, "find_vma(%" PRIx64 "): %u node%s visited", l->addr, l->compared, plural(l->compared));
	else
		buf_adds(&b, "no VMA was looked for by this operation so far");
	canvas_putn(c, 1, 1, l->addr ? STYLE(STRONG) : STYLE(DIM), canvas_cols(c) - 2, buf_str(&b));
	buf_free(&b);
}

static void index_draw(void *state, const struct session *s, struct canvas *c)
{
	struct index_state *st = state;
	int rows = canvas_rows(c) - 2;
	struct lines l;

	if (!inside_machine(s, c))
		return;
	if (!lines_make(&l, s)) {
		canvas_put(c, 1, 2, STYLE(WHY), "the process has no VMA yet: exec is about to make the first");
		canvas_cursor(c, 0, 0);
		return;
	}
	if (!st->drawn || st->addr != l.addr || st->layout != l.snap->layout)
		st->sel = imax(l.path, 0);
	st->drawn = true;
	st->addr = l.addr;
	st->layout = l.snap->layout;
	st->sel = imax(0, imin(st->sel, l.n - 1));
	st->page = imax(rows - 1, 1);
	st->top = scroll_to(st->top, st->sel, l.n, rows);
	draw_head(&l, c);
	for (int i = st->top; i < l.n && i - st->top < rows; i++)
		draw_line(&l, c, 2 + i - st->top, i, i == st->sel);
	lines_free(&l);
}

static bool index_command(void *state, struct session *s, const char *name, const char *arg)
{
	struct index_state *st = state;
	struct lines l;
	bool moved;

	(void)arg;
	if (!lines_make(&l, s))
		return false;
	moved = list_move(name, &st->sel, l.n, st->page);
	lines_free(&l);
	return moved;
}

/* ---- sentences ------------------------------------------------------------------------------ */

static void describe_rb(const struct lines *l, const struct line *line, struct buf *out)
{
	const struct machine_rb *n = &l->m->rb[line->node];
	char label[64], size[16];

	label_of(l, (size_t)line->node, label, sizeof(label));
	buf_addf(out, "%s, %s, %u below the root. ", label, n->red ? "red" : "black", n->depth);
	if (l->addr)
		buf_addf(out, "%s", n->end > l->addr ? n->start <= l->addr ? "The address lies in it: found. " :
			 "It ends above the address: kept, and on to the left. " : "It ends below: on to the right. ");
	if (n->subtree_gap)
		buf_addf(out, "The largest hole below one of its subtree is %s: placement skips it where that is too "
			 "small. ", text_size(n->subtree_gap, size));
	buf_adds(out, "Red over red is forbidden and every way down has as many black ones: the depth stays logarithmic.");
}

static void describe_maple(const struct lines *l, const struct line *line, struct buf *out)
{
	const struct maple_node *n = &l->maple.node[line->node];

	if (line->kind == LINE_SLOT) {
		buf_addf(out, "Slot %d of a leaf: pivot %" PRIx64 " is the highest address of the range. ", line->slot,
			 n->slot[line->slot].last);
		buf_adds(out, n->slot[line->slot].vma < 0 ? "Holes are ranges too, with NULL in the slot. " :
			 "The slot points to the vm_area_struct. ");
		return;
	}
	if (n->height)
		buf_addf(out, "maple_arange_64: up to %d children, cut by pivots, and the largest hole below each, by "
			 "which placement finds room without looking at VMAs. ", MAPLE_ARANGE_SLOTS);
	else
		buf_addf(out, "maple_leaf_64: up to %d ranges, cut by pivots. ", MAPLE_LEAF_SLOTS);
	buf_adds(out, "A node is 256 bytes, four cache lines; readers need no lock (RCU). Where nodes are cut depends "
		 "on the order of insertions; here they are filled alike.");
}

static void index_describe(void *state, const struct session *s, struct buf *out)
{
	const struct index_state *st = state;
	struct lines l;

	if (!lines_make(&l, s))
		return;
	if (st->sel < l.n && l.rb)
		describe_rb(&l, &l.v[st->sel], out);
	else if (st->sel < l.n)
		describe_maple(&l, &l.v[st->sel], out);
	lines_free(&l);
}

static void index_heading(void *state, const struct session *s, struct buf *out)
{
	const struct snapshot *snap = session_snapshot(s);
	const struct machine *m = snap ? snap->machine : NULL;

	(void)state;
	buf_adds(out, !m ? "index" : m->nrb ? "VMA index ─ list and red-black tree" : "VMA index ─ maple tree");
}

const struct view index_view = {
	.name = "index",
	.title = "index",
	.about = "how a VMA is found: list and red-black tree, or maple tree, with the way taken",
	.caps = CAP_STEP,
	.state_size = sizeof(struct index_state),
	.draw = index_draw,
	.command = index_command,
	.describe = index_describe,
	.heading = index_heading,
};
