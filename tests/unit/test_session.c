/* SPDX-License-Identifier: GPL-2.0-or-later
 * The session over a source made of hand-made snapshots: selection, heat, growth,
 * events, filters, pause, undo.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/session.h"

enum { MAX_STEPS = 16 };

struct scripted {
	struct source base;
	const struct snapshot *steps[MAX_STEPS];
	int n, at;
};

static struct error *scripted_sample(struct source *src, const struct source_want *want,
				     const struct snapshot **ret)
{
	struct scripted *s = (struct scripted *)src;

	(void)want;
	*ret = snapshot_get(s->steps[s->at]);
	if (s->at + 1 < s->n)
		s->at++;
	return NULL;
}

static void scripted_close(struct source *src)
{
	struct scripted *s = (struct scripted *)src;

	for (int i = 0; i < s->n; i++)
		snapshot_put(s->steps[i]);
	free(s);
}

static const struct source_ops scripted_ops = {
	.scheme = "scripted", .caps = CAP_LIVE | CAP_PAGES,
	.sample = scripted_sample, .close = scripted_close,
};

#define STACK_END 0x7ffffffff000ull
#define HEAP 0x1000000ull

/* A heap and a stack of so many pages, the lowest `resident` of the stack's in memory. */
static const struct snapshot *picture(uint64_t stack_pages, uint64_t resident, uint8_t heap_perms)
{
	struct snapshot *snap = snapshot_create();
	struct strings *strings = strings_create();
	struct layout *l = layout_create(strings, 2);
	struct residency *r = residency_create();
	uint64_t start = STACK_END - stack_pages * PAGE_BYTES;

	l->vmas[0] = (struct vma){ .start = HEAP, .end = HEAP + 8 * PAGE_BYTES, .perms = heap_perms,
				   .role = ROLE_HEAP, .path = strings_add(strings, "[heap]", 6) };
	l->vmas[1] = (struct vma){ .start = start, .end = STACK_END, .perms = VMA_READ | VMA_WRITE,
				   .role = ROLE_STACK, .growsdown = 1,
				   .path = strings_add(strings, "[stack]", 7) };
	residency_append(r, STACK_END - resident * PAGE_BYTES, STACK_END, PAGE_ANON);
	r->kinds = r->whole = true;
	snap->source = "live";
	snap->layout = l;
	snap->pages = r;
	strings_put(strings);
	return snap;
}

static struct session *play(const struct snapshot **steps, int n)
{
	struct scripted *s = xcalloc(1, sizeof(*s));

	s->base.ops = &scripted_ops;
	memcpy(s->steps, steps, (size_t)n * sizeof(*steps));
	s->n = n;
	return session_create(&s->base);
}

static void tick(struct session *s)
{
	struct source_want want = { .visible = NULL };

	assert_null(session_tick(s, &want));
}

static const uint8_t rw = VMA_READ | VMA_WRITE;

static void test_growth_and_heat(void **state)
{
	const struct snapshot *steps[] = { picture(4, 4, rw), picture(5, 5, rw), picture(7, 7, rw) };
	struct session *s = play(steps, 3);
	struct growth g;

	(void)state;
	tick(s);
	assert_int_equal(session_events(s), 0);
	assert_int_equal(session_addr(s), STACK_END - PAGE_BYTES);
	assert_int_equal(session_vma(s), 1);
	assert_false(session_growth(s, STACK_END, &g));
	tick(s);
	/* the new page is loud, the old ones are not */
	assert_int_equal(session_heat(s, STACK_END - 5 * PAGE_BYTES, STACK_END - 4 * PAGE_BYTES), 4);
	assert_int_equal(session_heat(s, STACK_END - 4 * PAGE_BYTES, STACK_END), 0);
	assert_true(session_growth(s, STACK_END, &g));
	assert_int_equal(g.times, 1);
	assert_int_equal(g.last_amount, PAGE_BYTES);
	tick(s);
	assert_true(session_growth(s, STACK_END, &g));
	assert_int_equal(g.times, 2);
	assert_int_equal(g.n, 3);
	assert_int_equal(g.sizes[2], 7 * PAGE_BYTES);
	assert_int_equal(g.largest, 7 * PAGE_BYTES);
	assert_int_equal(session_heat(s, STACK_END - 5 * PAGE_BYTES, STACK_END - 4 * PAGE_BYTES), 3);
	for (int i = 0; i < 4; i++)
		tick(s);
	assert_int_equal(session_heat(s, 0, UINT64_MAX), 0);
	/* the selection stays with its page while the stack grows */
	assert_int_equal(session_vma(s), 1);
	session_destroy(s);
}

/* The log of a source that does not go back is for reading: a day of it must not keep a day of
 * pictures. */
static void test_log_keeps_no_pictures(void **state)
{
	const struct snapshot *steps[3];
	const struct stacks *stacks[3];
	struct session *s;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct snapshot *snap = (struct snapshot *)picture(4 + (uint64_t)i, 4, rw);
		struct stacks *k = stacks_create();

		stacks_add(k, 10)->high_water = 1000 + 100 * (uint64_t)i;
		stacks_finish(k);
		snap->stacks = k;
		stacks[i] = stacks_get(k);
		steps[i] = snap;
	}
	s = play(steps, 3);
	for (int i = 0; i < 3; i++)
		tick(s);
	assert_int_equal(session_events(s), 4);		/* twice down, twice deeper */
	for (int i = 0; i < 3; i++)
		assert_int_equal(stacks[i]->refs, 2);	/* the step's and ours */
	session_destroy(s);
	for (int i = 0; i < 3; i++)
		stacks_put(stacks[i]);
}

static void test_events(void **state)
{
	const struct snapshot *steps[] = { picture(4, 2, rw), picture(4, 4, VMA_READ) };
	struct session *s = play(steps, 2);
	bool protected = false, in = false;

	(void)state;
	tick(s);
	tick(s);
	for (size_t i = 0; i < session_events(s); i++) {
		protected |= session_event(s, i)->type == EVENT_PROTECTED;
		in |= session_event(s, i)->type == EVENT_PAGES_IN;
	}
	assert_true(protected);
	assert_true(in);
	assert_null(session_event(s, session_events(s)));
	session_destroy(s);
}

static void test_filter_role_undo(void **state)
{
	const struct snapshot *steps[] = { picture(4, 2, rw) };
	struct session *s = play(steps, 1);
	struct filter_error err;
	const uint32_t *rows;

	(void)state;
	tick(s);
	assert_int_equal(session_rows(s, &rows), 2);
	session_set_role(s, ROLE_HEAP);
	assert_int_equal(session_rows(s, &rows), 1);
	assert_int_equal(rows[0], 0);
	/* The selection goes to what passes, and places are judged by the role. */
	assert_int_equal(session_vma(s), 0);
	assert_true(session_role_at(s, session_addr(s)));
	assert_false(session_role_at(s, session_snapshot(s)->layout->vmas[1].start));
	assert_false(session_role_at(s, 0));
	session_set_role(s, -1);
	assert_true(session_role_at(s, 0));
	session_remember(s);
	assert_true(session_set_filter(s, "path~stack", &err));
	assert_int_equal(session_rows(s, &rows), 1);
	assert_int_equal(rows[0], 1);
	assert_false(session_set_filter(s, "rss>>", &err));	/* the last good one stays */
	assert_string_equal(session_filter(s), "path~stack");
	assert_true(session_undo(s));
	assert_string_equal(session_filter(s), "");
	assert_int_equal(session_rows(s, &rows), 2);
	assert_true(session_undo(s));
	assert_int_equal(session_role(s), ROLE_HEAP);
	assert_true(session_redo(s));
	assert_true(session_redo(s));
	assert_string_equal(session_filter(s), "path~stack");
	assert_false(session_redo(s));
	session_destroy(s);
}

static void test_selecting_is_one_change(void **state)
{
	const struct snapshot *steps[] = { picture(4, 2, rw) };
	struct session *s = play(steps, 1);
	uint64_t first;

	(void)state;
	tick(s);
	first = session_addr(s);
	for (uint64_t i = 0; i < 8; i++)
		session_select(s, HEAP + i * PAGE_BYTES);
	assert_int_equal(session_vma(s), 0);
	assert_true(session_undo(s));
	assert_int_equal(session_addr(s), first);
	assert_false(session_undo(s));
	session_select(s, 0x5000);
	assert_int_equal(session_vma(s), -1);
	session_destroy(s);
}

static void test_pause(void **state)
{
	const struct snapshot *steps[] = { picture(4, 4, rw), picture(9, 9, rw) };
	struct session *s = play(steps, 2);

	(void)state;
	session_pause(s, true);
	assert_false(session_paused(s));	/* nothing to hold yet */
	tick(s);
	session_pause(s, true);
	tick(s);
	assert_ptr_equal(session_snapshot(s), steps[0]);
	assert_ptr_equal(session_newest(s), steps[1]);
	session_pause(s, false);
	assert_ptr_equal(session_snapshot(s), steps[1]);
	session_destroy(s);
}

static void test_exec_selects_anew(void **state)
{
	struct snapshot *after = (struct snapshot *)picture(6, 1, rw);
	const struct snapshot *steps[] = { picture(4, 4, rw), after };
	struct session *s = play(steps, 2);

	(void)state;
	after->process.generation = 1;
	tick(s);
	session_select(s, HEAP);
	tick(s);
	assert_int_equal(session_addr(s), STACK_END - PAGE_BYTES);
	session_destroy(s);
}

static void test_say_is_sanitised(void **state)
{
	struct session *s = session_create(NULL);

	(void)state;
	session_say(s, "name \033[2J");
	assert_string_equal(session_said(s), "name \\x1b[2J");
	session_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth_and_heat),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_log_keeps_no_pictures),
		cmocka_unit_test(test_filter_role_undo),
		cmocka_unit_test(test_selecting_is_one_change),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_exec_selects_anew),
		cmocka_unit_test(test_say_is_sanitised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
