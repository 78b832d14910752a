/* SPDX-License-Identifier: GPL-2.0-or-later
 * The views as functions of a snapshot: blocks cover the space, the grid finds every
 * page again, the ruler's marks are in order, and no view at any size with any command
 * draws outside or loses the selection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <poll.h>

#include "mmscope/alloc.h"
#include "mmscope/child.h"
#include "mmscope/term.h"
#include "mmscope/view.h"
#include "tests/golden/scene.h"
#include "ui/views/blocks.h"
#include "ui/views/grid.h"
#include "ui/views/ruler.h"

/* A small generator of its own, so that a failure can be had again. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct layout *random_layout(uint64_t seed, size_t n)
{
	static const char *const paths[] = { "", "", "/usr/lib/a.so", "/usr/lib/b.so", "[anon:x]",
					     "[heap]" };
	struct strings *names = strings_create();
	struct layout *l = layout_create(names, n);
	uint64_t at = 0x10000;

	for (size_t i = 0; i < n; i++) {
		size_t which = next(&seed) % ARRAY_LEN(paths);

		if (next(&seed) % 3 == 0)
			at += (1 + next(&seed) % 7) << (12 + next(&seed) % 26);
		l->vmas[i].start = at;
		at += (1 + next(&seed) % 9) << (12 + next(&seed) % 10);
		l->vmas[i].end = at;
		l->vmas[i].path = paths[which];
		l->vmas[i].inode = paths[which][0] == '/' ? which : 0;
		l->vmas[i].role = (uint8_t)(next(&seed) % ROLE_NR);
		l->vmas[i].perms = (uint8_t)(next(&seed) % 8);
	}
	strings_put(names);
	return l;
}

/* Every VMA lies in exactly one block, in order, and holes lie where nothing is mapped. */
static void check_blocks(const struct blocks *b, const struct layout *l)
{
	uint32_t seen = 0;
	uint64_t end = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct block *k = &b->v[i];

		assert_true(k->start >= end && k->end > k->start && k->rows >= 1);
		end = k->end;
		if (k->kind == BLOCK_HOLE) {
			assert_int_equal(layout_find(l, k->start), -1);
			assert_true(l->vmas[layout_next(l, k->start)].start >= k->end);
			continue;
		}
		assert_int_equal(k->first, seen);
		assert_true(k->last >= k->first);
		assert_int_equal(k->start, l->vmas[k->first].start);
		assert_int_equal(k->end, l->vmas[k->last].end);
		seen = k->last + 1;
	}
	assert_int_equal(seen, l->n);
}

static void test_blocks(void **state)
{
	struct blocks b = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed < 60; seed++) {
		struct layout *l = random_layout(seed * 77777, seed * seed);

		for (int rows = 1; rows < 60; rows += 6) {
			int sum = 0;

			blocks_make(&b, l, rows);
			check_blocks(&b, l);
			for (size_t i = 0; i < b.n; i++)
				sum += b.v[i].rows;
			/* The room is filled, and not overfilled as soon as there is some. */
			if (rows > 8)
				assert_true(b.n <= (size_t)rows);
			if (b.n <= (size_t)rows && sum != rows)
				/* nothing is large enough to grow */
				assert_true(sum == (int)b.n);
			for (size_t i = 0; i < l->n; i++) {
				int k = blocks_find(&b, l->vmas[i].start);

				assert_true(b.v[k].first <= i && b.v[k].last >= i);
			}
		}
		layout_put(l);
	}
	blocks_free(&b);
}

/* A thousand stacks without a gap between them, as a runtime makes them, with what an
 * allocator puts in between: one block, beside the libraries and the arenas next to them. */
static void test_many_threads(void **state)
{
	enum { THREADS = 1000, ARENAS = 16, EACH = 3 };
	struct strings *names = strings_create();
	struct layout *l = layout_create(names, THREADS * EACH + ARENAS);
	struct blocks b = { 0 };
	uint64_t at = 0x7f0000000000;
	bool threads = false, arenas = false;

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		struct vma *v = &l->vmas[i];
		bool arena = i >= THREADS * EACH;

		v->start = at;
		at += arena ? 64ull << 20 : i % EACH == 0 ? PAGE_BYTES : i % EACH == 1 ? 256u << 10 : 16u << 10;
		v->end = at;
		v->role = arena || i % EACH == 2 ? ROLE_ANON : i % EACH ? ROLE_THREAD_STACK : ROLE_GUARD;
		v->perms = v->role == ROLE_GUARD ? 0 : VMA_READ | VMA_WRITE;
		/* Arenas that are no neighbours of one kind: their borders are all alike. */
		v->path = arena ? i % 2 ? "[anon:odd]" : "[anon:even]" : "";
	}
	for (int rows = 8; rows < 60; rows += 7) {
		blocks_make(&b, l, rows);
		threads = arenas = false;
		for (size_t i = 0; i < b.n; i++) {
			threads |= b.v[i].first == 0 && b.v[i].last + 2 >= THREADS * EACH &&
				   b.v[i].last < THREADS * EACH && b.v[i].role == ROLE_THREAD_STACK;
			arenas |= b.v[i].end == at && b.v[i].first >= THREADS * EACH;
		}
		assert_true(threads);
		assert_true(arenas);
	}
	blocks_free(&b);
	strings_put(names);
	layout_put(l);
}

/* 60,000 touching VMAs of one kind are one block, not 60,000. */
static void test_many_vmas(void **state)
{
	struct strings *names = strings_create();
	struct layout *l = layout_create(names, 60000);
	struct blocks b = { 0 };

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		l->vmas[i].start = 0x7f0000000000 + i * PAGE_BYTES;
		l->vmas[i].end = l->vmas[i].start + PAGE_BYTES;
		l->vmas[i].path = "";
		l->vmas[i].role = ROLE_ANON;
		l->vmas[i].perms = i % 2 ? VMA_READ : VMA_READ | VMA_WRITE;
	}
	blocks_make(&b, l, 20);
	check_blocks(&b, l);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.v[0].rows, 20);
	blocks_free(&b);
	layout_put(l);
	strings_put(names);
}

static void check_grid(struct grid *g, uint64_t start, uint64_t end, int rows, int cols,
		       uint64_t addr)
{
	uint64_t found;
	int hits = 0;

	grid_layout(g, start, end, rows, cols, addr);
	for (int row = 0; row < rows; row++)
		for (int col = 0; col < cols; col += g->cell) {
			uint64_t cell = grid_cell_bytes(g);

			if (!grid_at(g, row, col + (14 % g->cell), &found))
				continue;
			assert_true(found >= start && found < end);
			hits += found <= addr && addr < (found & ~(cell - 1)) + cell;
		}
	/* The place looked for is on screen, once. */
	assert_int_equal(hits, 1);
	assert_true(grid_visible(g).start <= addr && grid_visible(g).end > addr);
}

static void test_grid(void **state)
{
	static const uint64_t pages[] = { 1, 2, 33, 511, 513, 100000, 1ull << 32 };
	uint64_t seed = 4711;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		for (int flip = 0; flip < 2; flip++) {
			struct grid g = { .flip = flip };
			uint64_t start = 0x7f0000123000, end = start + pages[i] * PAGE_BYTES;

			grid_init(&g);
			for (int k = 0; k < 50; k++) {
				uint64_t addr = start + next(&seed) % pages[i] * PAGE_BYTES;

				check_grid(&g, start, end, 3 + k % 30, 40 + k % 140, addr);
			}
		}
}

static void test_grid_moves(void **state)
{
	static const char *const moves[] = { "up", "down", "left", "right", "page-up", "page-down",
					     "top", "bottom", "zoom-in", "zoom-out" };
	uint64_t start = 0x1000, end = start + 70000 * PAGE_BYTES, addr = start, seed = 99;
	struct grid g = { 0 };

	(void)state;
	grid_init(&g);
	grid_layout(&g, start, end, 12, 60, addr);
	for (int i = 0; i < 3000; i++) {
		assert_true(grid_command(&g, moves[next(&seed) % ARRAY_LEN(moves)], &addr));
		assert_true(addr >= start && addr < end && addr % PAGE_BYTES == 0);
		check_grid(&g, start, end, 12, 60, addr);
	}
	assert_false(grid_command(&g, "sort", &addr));
	/* There and back again. */
	addr = start + 5000 * PAGE_BYTES;
	grid_command(&g, "up", &addr);
	grid_command(&g, "down", &addr);
	assert_int_equal(addr, start + 5000 * PAGE_BYTES);
}

/* While a stack grows, the cells of the pages it had keep their columns. */
static void test_grid_keeps_places(void **state)
{
	struct grid a = { 0 }, b = { 0 };
	uint64_t end = 0x7ffd1c2e5000, found_a, found_b;

	(void)state;
	grid_layout(&a, end - 33 * PAGE_BYTES, end, 30, 100, end - 1);
	grid_layout(&b, end - 34 * PAGE_BYTES, end, 30, 100, end - 1);
	assert_int_equal(a.per_row, b.per_row);
	for (int col = 14; col < 40; col++) {
		bool has_a = grid_at(&a, 0, col, &found_a), has_b = grid_at(&b, 0, col, &found_b);

		assert_int_equal(has_a, has_b);
		if (has_a)
			assert_int_equal(found_a, found_b);
	}
}

static const struct mark *mark_of(const struct ruler *r, enum mark_kind kind)
{
	for (int i = 0; i < r->n; i++)
		if (r->marks[i].kind == kind)
			return &r->marks[i];
	return NULL;
}

static void check_order(const struct ruler *r)
{
	for (int i = 1; i < r->n; i++)
		assert_true(r->marks[i - 1].addr >= r->marks[i].addr);
}

static void test_ruler(void **state)
{
	struct session *s = scene_play("growing");
	const struct mark *m;
	struct ruler r;

	(void)state;
	assert_true(ruler_make(&r, s));
	check_order(&r);
	assert_true(r.grows && r.grew);
	assert_int_equal(r.growth.times, 2);
	assert_int_equal(mark_of(&r, MARK_TOP)->addr, 0x7ffd1c2e5000);
	assert_int_equal(mark_of(&r, MARK_START)->addr, 0x7ffd1c2e5000 - 216 * 1024);
	assert_int_equal(mark_of(&r, MARK_SP)->addr, 0x7ffd1c2e5000 - 0x34a90);
	/* 8 MiB from the top; the limit stops it, not the neighbour far below. */
	m = mark_of(&r, MARK_FLOOR);
	assert_int_equal(m->addr, 0x7ffd1c2e5000 - (8 << 20));
	assert_true(m->stops);
	m = mark_of(&r, MARK_GAP);
	assert_int_equal(m->addr, 0x7f4a7966d000 + (1 << 20));
	assert_false(m->stops);
	assert_null(mark_of(&r, MARK_GUARD));
	session_destroy(s);
}

/* Frames from sp upward, `deep` of them of one function, then `others` and an outermost one. */
static void give_frames(struct session *s, uint64_t sp, pid_t tid, int deep, int others)
{
	static const char *const names[] = { "main", "helper\x1b[31m" };
	struct snapshot *snap = (struct snapshot *)session_snapshot(s);
	struct strings *strings = strings_create();
	struct unwound *u = unwound_create(strings);

	strings_put(strings);
	unwound_add(u, tid)->complete = true;
	for (int i = 0; i <= deep + others; i++) {
		struct user_frame *f = unwound_frame(u);

		f->function = i < deep ? "deep" : i < deep + others ? names[i % 2] : "_start";
		f->sp = sp;
		f->bytes = i < deep + others ? 32 : UNKNOWN;
		f->step = i < deep + others ? FRAME_BY_CFI : FRAME_LAST;
		sp += 32;
	}
	unwound_put(snap->unwound);
	snap->unwound = u;
}

static void test_ruler_of_frames(void **state)
{
	struct session *s = scene_play("growing");
	uint64_t sp = 0x7ffd1c2e5000 - 0x34a90;
	pid_t tid = session_snapshot(s)->tasks->tasks[0].tid;
	const struct mark *m;
	struct ruler r;
	int n = 0;

	(void)state;
	give_frames(s, sp, tid, 500, 2);
	assert_true(ruler_make(&r, s));
	check_order(&r);
	/* One line for the recursion, from its outermost frame's end down to sp. */
	for (int i = 0; i < r.n; i++)
		n += r.marks[i].kind == MARK_FRAME;
	assert_int_equal(n, 3);
	m = mark_of(&r, MARK_SP) - 1;
	assert_int_equal(m->kind, MARK_FRAME);
	assert_int_equal(m->addr, sp + 500 * 32);
	assert_int_equal(m->bytes, 500 * 32);
	assert_string_equal(m->below, "deep ×500");
	assert_string_equal(m[-1].below, "main");
	assert_null(strchr(m[-2].below, '\x1b'));
	assert_string_equal(m[-3].below, "_start");
	/* More than fit: the rest is one mark, and nothing is lost. */
	give_frames(s, sp, tid, 1, 400);
	assert_true(ruler_make(&r, s));
	check_order(&r);
	assert_int_equal(mark_of(&r, MARK_FRAME)->addr, sp + 401 * 32);
	assert_int_equal(r.framed, 401 * 32);
	/* The thread called more since they were walked: they stand, and what is new is told apart. */
	give_frames(s, sp + 64, tid, 1, 1);
	assert_true(ruler_make(&r, s));
	check_order(&r);
	m = mark_of(&r, MARK_SP) - 1;
	assert_int_equal(m->addr, sp + 64);
	assert_int_equal(m->frames, 0);
	assert_string_equal(m->below, "called since, not walked yet");
	assert_string_equal(m[-1].below, "deep");
	/* It returned from all but the outermost two: those below its sp are gone. */
	give_frames(s, sp - 64, tid, 1, 2);
	assert_true(ruler_make(&r, s));
	check_order(&r);
	m = mark_of(&r, MARK_SP) - 1;
	assert_int_equal(m->addr, sp + 32);
	assert_string_equal(m->below, "main");
	/* From all of them: they say nothing about it. */
	give_frames(s, sp - 4096, tid, 1, 1);
	assert_true(ruler_make(&r, s));
	assert_null(mark_of(&r, MARK_FRAME));
	session_destroy(s);
}

static void test_ruler_of_thread(void **state)
{
	struct session *s = scene_play("threads");
	struct ruler r;

	(void)state;
	/* The guard means the stack above it. */
	session_select(s, 0x7f0000000000);
	assert_true(ruler_make(&r, s));
	check_order(&r);
	assert_false(r.grows);
	assert_int_equal(r.task->tid, 5000);
	assert_int_equal(r.sp, UNKNOWN);
	assert_int_equal(mark_of(&r, MARK_GUARD)->addr, 0x7f0000000000);
	assert_int_equal(mark_of(&r, MARK_LOWEST)->addr, 0x7f0000801000 - 8 * PAGE_BYTES);
	assert_null(mark_of(&r, MARK_FLOOR));
	session_destroy(s);
}

/* With a stack goes its thread, in the room of kernel stacks the other way round. */
static void test_stack_and_its_thread(void **state)
{
	struct session *s = scene_play("threads");
	struct ruler r;

	(void)state;
	session_select(s, 0x7f0000802000);
	assert_int_equal(session_tid(s), 5001);
	session_select(s, 0x7f0000000000);
	assert_int_equal(session_tid(s), 5000);
	session_select_task(s, 5001);
	assert_true(ruler_make(&r, s));
	assert_int_equal(r.task->tid, 5000);
	session_set_room(s, view_index("kstack"));
	assert_true(ruler_make(&r, s));
	assert_int_equal(r.task->tid, 5001);
	session_destroy(s);
}

/* A filter is set, and before anything is drawn again the picture is another one. */
static void test_filter_between_pictures(void **state)
{
	static const char *const words[] = { "down", "up", "bottom", "enter", "sort", "registers" };

	(void)state;
	for (const struct scene *scene = scenes; scene->name; scene++)
		for (int v = 0; views[v]; v++) {
			struct session *before = scene_play(scene->name), *after = scene_play("denied");
			void *own = xcalloc(1, views[v]->state_size);
			struct canvas *c = canvas_create(40, 120, false);
			struct buf b = BUF_INIT;

			views[v]->draw(own, before, c);
			if (views[v]->set_filter)
				views[v]->set_filter(own, "rss>=0", NULL);
			for (size_t i = 0; i < ARRAY_LEN(words) && views[v]->command; i++)
				views[v]->command(own, after, words[i], "");
			if (views[v]->click)
				views[v]->click(own, after, 3, 10, true);
			if (views[v]->describe)
				views[v]->describe(own, after, &b);
			views[v]->draw(own, after, c);
			buf_free(&b);
			canvas_destroy(c);
			if (views[v]->fini)
				views[v]->fini(own);
			free(own);
			session_destroy(before);
			session_destroy(after);
		}
}

extern const struct view table_view;

/* What is at the top of the table, drawn and asked. */
static struct vma *first_line(struct session *s, void *table)
{
	struct canvas *c = canvas_create(40, 120, false);

	table_view.draw(table, s, c);
	table_view.command(table, s, "top", "");
	canvas_destroy(c);
	return &session_snapshot(s)->layout->vmas[session_vma(s)];
}

/* Sorted by a figure of smaps, which comes with no other news. */
static void test_table_when_smaps_comes(void **state)
{
	struct session *s = scene_play("smaps");
	struct snapshot *snap = (struct snapshot *)session_snapshot(s);
	struct details *d = (struct details *)snap->details;
	void *own = xcalloc(1, table_view.state_size);
	uint64_t most = 0;

	(void)state;
	for (size_t i = 0; i < snap->layout->n; i++)
		most = d->vma[i].pss > most ? d->vma[i].pss : most;
	snap->details = NULL;
	first_line(s, own);
	table_view.command(own, s, "sort", "pss");
	first_line(s, own);
	snap->details = d;
	assert_int_equal(d->vma[first_line(s, own) - snap->layout->vmas].pss, most);
	table_view.fini(own);
	free(own);
	session_destroy(s);
}

/* Two filters let as many rows pass, and every third of them is the same. */
static void test_table_of_two_filters(void **state)
{
	static const char *const paths[] = { "/ab", "/a", "/ab", "/b" };
	struct session *s = scene_play("shell");
	struct snapshot *snap = (struct snapshot *)session_snapshot(s);
	void *own = xcalloc(1, table_view.state_size);

	(void)state;
	layout_put(snap->layout);
	residency_put(snap->pages);
	snap->layout = random_layout(7, 200);
	snap->pages = NULL;
	for (size_t i = 0; i < snap->layout->n; i++)
		snap->layout->vmas[i].path = paths[i % ARRAY_LEN(paths)];
	for (const char *letter = "ab"; *letter; letter++) {
		const uint32_t *rows;
		char filter[] = { 'p', 'a', 't', 'h', '~', *letter, 0 };

		assert_true(session_set_filter(s, filter, NULL));
		assert_int_equal(session_rows(s, &rows), 150);
		first_line(s, own);
		for (int i = 0; i < 150; i++) {
			assert_non_null(strchr(snap->layout->vmas[session_vma(s)].path, *letter));
			table_view.command(own, s, "down", "");
		}
	}
	table_view.fini(own);
	free(own);
	session_destroy(s);
}

/* Any view, any scene, any size, any command. */
static void test_everything_everywhere(void **state)
{
	static const char *const words[] = { "up", "down", "left", "right", "page-up", "page-down",
					     "top",
					     "bottom", "enter", "back", "flip", "zoom-in",
					     "zoom-out", "sort",
					     "sort-reverse", "next-vma", "prev-vma", "role",
					     "role-of-row", "tail", "words", "registers", "nonsense" };
	static const int sizes[][2] = { { 1, 1 }, { 2, 200 }, { 3, 10 }, { 5, 24 }, { 12, 39 },
					{ 12, 40 },
					{ 20, 24 }, { 18, 56 }, { 38, 100 }, { 55, 170 },
					{ 80, 300 } };
	uint64_t seed = 20262026;

	(void)state;
	for (const struct scene *scene = scenes; scene->name; scene++)
		for (int v = 0; views[v]; v++) {
			struct session *s = scene_play(scene->name);
			void *own = xcalloc(1, views[v]->state_size);
			struct buf b = BUF_INIT;

			for (int i = 0; i < 150; i++) {
				const int *size = sizes[next(&seed) % ARRAY_LEN(sizes)];
				struct canvas *c = canvas_create(size[0] + 2, size[1] + 2,
								 next(&seed) % 2);
				struct source_want want = { 0 };
				int row, col;

				/* A margin of one cell: nothing may be drawn there. */
				canvas_push(c, (struct rect){ 1, 1, size[0], size[1] });
				views[v]->draw(own, s, c);
				canvas_pop(c);
				for (int k = 0; k < size[1] + 2; k++)
					assert_int_equal(canvas_cell(c, 0, k)->ch, ' ');
				if (canvas_cursor_at(c, &row, &col))
					assert_true(row >= 0 && row < size[0] + 2 && col >= 0 &&
						    col < size[1] + 2);
				if (views[v]->want)
					views[v]->want(own, s, &want);
				for (size_t k = 0; k < want.nvisible; k++)
					assert_true(want.visible[k].start <= want.visible[k].end);
				buf_reset(&b);
				if (views[v]->describe)
					views[v]->describe(own, s, &b);
				if (views[v]->heading)
					views[v]->heading(own, s, &b);
				if (views[v]->command)
					views[v]->command(own, s,
							  words[next(&seed) % ARRAY_LEN(words)],
							  "");
				if (views[v]->click && next(&seed) % 4 == 0)
					views[v]->click(own, s, (int)(next(&seed) % 60),
							(int)(next(&seed) % 170), next(&seed) % 2);
				if (views[v]->set_filter && next(&seed) % 8 == 0)
					views[v]->set_filter(own, next(&seed) % 2 ? "a" : "", NULL);
				canvas_destroy(c);
			}
			buf_free(&b);
			if (views[v]->fini)
				views[v]->fini(own);
			free(own);
			session_destroy(s);
		}
}

static void output_shows(const char *want, int cols, const char *say)
{
	struct session *s = session_create(NULL);
	const struct view *v = views[view_index("output")];
	void *own = xcalloc(1, v->state_size);
	struct canvas *c = canvas_create(3, cols, false);
	char printf_[] = "printf", *argv[] = { printf_, (char *)say, NULL };
	struct child *child;
	struct buf b = BUF_INIT;

	assert_null(child_start(argv, &child));
	session_set_child(s, child);
	while (child_fd(child) >= 0) {
		struct pollfd fd = { .fd = child_fd(child), .events = POLLIN };

		poll(&fd, 1, -1);
		child_drain(child);
	}
	v->draw(own, s, c);
	term_text(&b, c);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
	canvas_destroy(c);
	session_destroy(s);
	free(own);
	child_stop(child);
}

/* A long line goes on in the next row; the newest stand at the bottom. */
static void test_output_wraps(void **state)
{
	(void)state;
	output_shows(" one two\n three\n four\n", 10, "one two three\nfour\n");
	output_shows(" six\n seven eight\n nine\n", 13, "one two three four five\nsix\nseven eight nine\n");
	output_shows(" one\n\n two\n", 10, "one\n\ntwo\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_many_vmas),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_grid_moves),
		cmocka_unit_test(test_grid_keeps_places),
		cmocka_unit_test(test_ruler),
		cmocka_unit_test(test_ruler_of_frames),
		cmocka_unit_test(test_ruler_of_thread),
		cmocka_unit_test(test_stack_and_its_thread),
		cmocka_unit_test(test_filter_between_pictures),
		cmocka_unit_test(test_output_wraps),
		cmocka_unit_test(test_table_when_smaps_comes),
		cmocka_unit_test(test_table_of_two_filters),
		cmocka_unit_test(test_everything_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
