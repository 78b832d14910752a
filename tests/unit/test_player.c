/* SPDX-License-Identifier: GPL-2.0-or-later
 * A played scenario: every way to a moment leads to the same machine and the same picture.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/lessons.h"
#include "mmscope/machine.h"
#include "mmscope/paths.h"
#include "mmscope/session.h"
#include "src/sim/picture.h"
#include "src/sim/profile.h"

static char *scenario_path(const char *name)
{
	char *dir = path_bundled(BUNDLED_SCENARIOS), *path = xasprintf("%s/%s", dir, name);

	free(dir);
	return path;
}

static struct player *player_of(const char *name)
{
	char *path = scenario_path(name);
	struct player *p = NULL;
	struct error *err = player_open(path, &p);

	if (err)
		fail_msg("%s", err->message);
	free(path);
	return p;
}

static struct snapshot *picture(struct player *p)
{
	return picture_take(p, &(struct picture_options){ .speed = 1 }, NULL);
}

struct moment { struct place at; uint64_t digest; struct snapshot *snap; };

static bool walks_equal(const struct machine *a, const struct machine *b)
{
	return a->walk_addr == b->walk_addr && a->nwalk == b->nwalk &&
	       !memcmp(a->orders, b->orders, sizeof(a->orders)) && a->frames_free == b->frames_free &&
	       a->nframes == b->nframes && a->npages == b->npages && a->place == b->place;
}

/* ---- every view's data agrees ---- */

static bool guard_inside(const struct machine *m)
{
	const struct sim_profile *p = sim_profile_find(m->profile);

	return p->rule[SIM_RULE_has_guard] && !p->rule[SIM_RULE_guard_outside];
}

static void check_rss(const struct snapshot *s)
{
	struct page_counts n = residency_count(s->pages, 0, UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1));
	uint64_t size = 0;

	assert_int_equal(page_counts_resident(&n) * PAGE_BYTES, s->statm_rss);
	assert_int_equal(page_counts_anon(&n) * PAGE_BYTES, s->mm[MM_RSS_ANON]);
	for (size_t i = 0; i < s->layout->n; i++)
		size += vma_size(&s->layout->vmas[i]);
	/* Where the guard is the stack's lowest page, it counts and /proc/PID/maps leaves it out. */
	for (size_t i = 0; guard_inside(s->machine) && i < s->layout->n && size < s->mm[MM_VM_SIZE]; i++)
		size += s->layout->vmas[i].growsdown ? PAGE_BYTES : 0;
	assert_int_equal(size, s->mm[MM_VM_SIZE]);
	assert_int_equal(size, s->statm_size);
}

static void check_pages(const struct snapshot *s)
{
	const struct machine *m = s->machine;
	size_t seen[MACHINE_PROCS] = { 0 };

	if (m->pages_cut)
		return;
	for (size_t i = 0; i < m->npages; i++)
		for (size_t p = 0; p < m->nprocs; p++) {
			if (!m->procs[p].alive)
				continue;
			assert_int_equal(m->pages[i].in[p].state, residency_at(m->procs[p].pages, m->pages[i].addr));
			seen[p] += page_states[m->pages[i].in[p].state].resident;
		}
	for (size_t p = 0; p < m->nprocs; p++)
		if (m->procs[p].alive && m->complete)
			assert_int_equal(seen[p] * PAGE_BYTES, m->procs[p].rss);
}

/* Anonymous frames are mapped as often as the processes' pages say. */
static void check_frames(const struct machine *m)
{
	for (size_t i = 0; i < m->nframes; i++) {
		const struct machine_frame *f = &m->frames[i];
		unsigned mapped = 0;

		if (f->kind != FRAME_ANON || m->pages_cut)
			continue;
		for (size_t j = 0; j < m->npages; j++)
			for (size_t p = 0; p < m->nprocs; p++)
				mapped += m->pages[j].in[p].pfn == f->pfn;
		assert_int_equal(mapped, f->mapcount);
	}
}

static void check_walk(const struct snapshot *s)
{
	const struct machine *m = s->machine;
	enum page_state state = residency_at(s->pages, m->walk_addr);
	bool pte = m->nwalk && m->walk[m->nwalk - 1].present;
	ssize_t at = layout_find(s->layout, m->walk_addr);

	/* In the middle of an unmapping the VMA is gone before its pages are. */
	if (!m->complete && at < 0)
		return;
	/* What is mapped by frame number is no page of the process. */
	if (at >= 0 && s->layout->vmas[at].role == ROLE_VVAR && state == PAGE_ABSENT)
		return;
	assert_int_equal(pte, state != PAGE_ABSENT && state != PAGE_GUARD);
}

static void check_tasks(const struct snapshot *s)
{
	for (size_t i = 0; i < s->tasks->n; i++) {
		const struct task *t = &s->tasks->tasks[i];
		ssize_t v = layout_find(s->layout, t->sp);

		if (t->tid != s->process.pid || v < 0)
			continue;
		assert_int_equal(t->stack.vma_start, s->layout->vmas[v].start);
		assert_int_equal(s->limits[LIMIT_STACK], t->stack.limit);
	}
}

/* Inside an operation the kernel's own figures are on their way: what is drawn from one place must
 * agree with what is drawn from another all the same. */
static void check_picture(const struct snapshot *s)
{
	check_walk(s);
	check_pages(s);
	if (!s->machine->complete)
		return;
	check_rss(s);
	check_frames(s->machine);
	check_tasks(s);
}

/* ---- any walk ---- */

static struct moment *all_moments(struct player *p, size_t *n)
{
	struct moment *v = NULL;
	size_t cap = 0;

	*n = 0;
	while (player_previous(p))
		;
	do {
		VEC_GROW(v, *n, cap);
		v[*n].at = player_place(p);
		v[*n].snap = picture(p);
		v[*n].digest = sim_digest(player_sim(p));
		check_picture(v[*n].snap);
		++*n;
	} while (player_step(p));
	return v;
}

static void compare(struct player *p, const struct moment *v, size_t n)
{
	struct place at = player_place(p);
	struct snapshot *snap = picture(p);
	size_t i = 0;

	while (i < n && !place_equal(v[i].at, at))
		i++;
	assert_in_range(i, 0, n - 1);
	assert_int_equal(sim_digest(player_sim(p)), v[i].digest);
	assert_true(snapshot_equal(snap, v[i].snap));
	assert_true(walks_equal(snap->machine, v[i].snap->machine));
	snapshot_put(snap);
}

static void move(struct player *p, unsigned r)
{
	switch (r % 9) {
	case 0: case 1: player_step(p); break;
	case 2: case 3: player_step_back(p); break;
	case 4: player_next(p); break;
	case 5: player_previous(p); break;
	case 6: player_event(p, 1u << (r / 9 % SIM_NEVENTS)); break;
	case 7: player_event_back(p, 1u << (r / 9 % SIM_NEVENTS)); break;
	default: player_go(p, r / 9 % (player_ops(p) + 1), r & 1); break;
	}
}

static void walk_about(const char *name, unsigned moves)
{
	struct player *p = player_of(name);
	unsigned r = 12345;
	size_t n;
	struct moment *v = all_moments(p, &n);

	for (unsigned i = 0; i < moves; i++) {
		r = r * 1103515245 + 12345;
		move(p, r >> 8);
		compare(p, v, n);
	}
	while (player_step_back(p))
		;
	compare(p, v, 1);
	for (size_t i = 0; i < n; i++)
		snapshot_put(v[i].snap);
	free(v);
	player_close(p);
}

static void test_any_walk(void **state)
{
	static const char *const names[] = {
		"stack-limit.scn", "fork-cow.scn", "brk-shrink.scn", "mremap-move.scn", "vma-merge-pieces.scn",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		walk_about(names[i], 300);
}

/* Of thousands of decisions that repeat themselves, a sample. */
static bool looked_at(size_t step)
{
	return step < 500 || step % 31 == 0;
}

/* Every lesson, decision by decision, forward and back: the pictures agree at each, nothing is
 * predicted wrongly, and the start is reached again. */
static void test_every_lesson(void **state)
{
	struct lessons l;

	(void)state;
	assert_null(lessons_read(NULL, &l));
	assert_true(l.n >= 60);
	for (size_t i = 0; i < l.n; i++) {
		struct player *p = NULL;
		struct snapshot *s;
		uint64_t start;

		assert_null(player_open(l.v[i].path, &p));
		while (player_previous(p))
			;
		start = sim_digest(player_sim(p));
		player_go(p, player_ops(p), false);
		if (player_mistakes(p))
			fail_msg("%s: %u wrong predictions", l.v[i].path, player_mistakes(p));
		for (size_t step = 0; player_step_back(p); step++) {
			if (!looked_at(step))
				continue;
			s = picture(p);
			check_picture(s);
			snapshot_put(s);
		}
		assert_int_equal(sim_digest(player_sim(p)), start);
		player_close(p);
	}
	lessons_free(&l);
}

static void test_step_back_is_step_forward(void **state)
{
	struct player *p = player_of("demand-paging.scn");
	size_t forward = 0, back = 0;

	(void)state;
	while (player_previous(p))
		;
	while (player_step(p))
		forward++;
	while (player_step_back(p))
		back++;
	assert_int_equal(forward, back);
	assert_true(forward > 100);
	player_close(p);
}

/* ---- lines ---- */

static void run(struct player *p, const char *line, const char *result)
{
	struct error *err = player_run(p, line);
	const struct script *s = player_script(p);

	if (err)
		fail_msg("%s", err->message);
	assert_string_equal(s->lines[script_find(s, player_place(p).op)].result, result);
}

/* How far one can go without anything being run. */
static size_t executed(struct player *p)
{
	struct place at = player_place(p);
	size_t furthest;

	player_show(p, (struct place){ .op = player_ops(p), .complete = true });
	furthest = player_place(p).op;
	player_show(p, at);
	assert_true(place_equal(player_place(p), at));
	return furthest;
}

static void test_playground(void **state)
{
	struct player *p = NULL;
	struct error *err;
	uint64_t digest;

	(void)state;
	assert_null(player_open(NULL, &p));
	assert_int_equal(player_ops(p), 0);
	run(p, "mmap A 4p rw private anon", "ok");
	run(p, "touch A w => ok RssAnon+8", "ok");
	assert_int_equal(player_mistakes(p), 1);
	digest = sim_digest(player_sim(p));
	run(p, "touch A+9p w", "SIGSEGV MAPERR");
	run(p, "touch nowhere w", "skipped: no name nowhere");
	/* a line in the middle: what came after it is to be run again */
	player_go(p, 2, false);
	assert_int_equal(sim_digest(player_sim(p)), digest);
	run(p, "fork", "ok");
	assert_int_equal(executed(p), 3);
	assert_int_equal(player_ops(p), 5);
	player_go(p, 5, false);
	assert_int_equal(executed(p), 5);
	player_go(p, 2, false);
	err = player_edit(p, "touch A r => ok RssAnon+0");
	assert_null(err);
	assert_int_equal(player_mistakes(p), 0);
	assert_int_equal(executed(p), 2);
	err = player_run(p, "touch A q");
	assert_non_null(err);
	error_destroy(err);
	assert_int_equal(executed(p), 2);
	run(p, "touch A w => ok RssAnon+4 minflt=1", "ok");
	assert_int_equal(player_mistakes(p), 0);
	player_close(p);
}

static void test_head_line(void **state)
{
	struct player *p = NULL;
	struct error *err;

	(void)state;
	assert_null(player_open(NULL, &p));
	assert_null(player_run(p, "start stack 64K"));
	run(p, "touch stack.end-64K w", "ok");
	run(p, "touch stack.end-64K-1 w", "SIGSEGV MAPERR");
	err = player_run(p, "start stack 1M");	/* stands before the first operation */
	assert_non_null(err);
	error_destroy(err);
	player_close(p);
}

static void test_save(void **state)
{
	char path[] = "/tmp/mmscope-save-XXXXXX";
	struct player *p = NULL, *again = NULL;
	struct error *err;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	assert_null(player_open(NULL, &p));
	run(p, "mmap A 4p rw private anon => ok", "ok");
	run(p, "touch A 4p w", "ok");
	err = player_save(p, path);
	assert_non_null(err);			/* it is there: nothing is overwritten */
	error_destroy(err);
	unlink(path);
	assert_null(player_save(p, path));
	assert_null(player_open(path, &again));
	assert_int_equal(player_ops(again), 2);
	player_go(again, 2, false);
	assert_int_equal(sim_digest(player_sim(again)), sim_digest(player_sim(p)));
	unlink(path);
	player_close(again);
	player_close(p);
}

/* ---- as a source ---- */

static struct session *session_of(const char *name)
{
	char *path = scenario_path(name), *what = xasprintf("sim:%s", path);
	struct source *src = NULL;
	struct error *err = source_open(what, &(struct source_options){ .proc_root = "/proc" }, &src);

	if (err)
		fail_msg("%s", err->message);
	free(what);
	free(path);
	return session_create(src);
}

static void tick(struct session *s)
{
	struct error *err = session_tick(s, &(struct source_want){ .budget_ns = 0 });

	if (err)
		fail_msg("%s", err->message);
}

static void command(struct session *s, const char *name, const char *arg)
{
	struct error *err = NULL;

	assert_true(session_command(s, name, arg, &err));
	if (err)
		fail_msg("%s", err->message);
	tick(s);
}

static void test_events_go_back(void **state)
{
	struct session *s = session_of("stack-growth.scn");
	const uint64_t top = 0x7ffffffff000;
	size_t all, half;
	struct growth g;

	(void)state;
	tick(s);
	assert_int_equal(session_events(s), 0);
	assert_false(session_growth(s, top, &g));
	command(s, "to-end", "");
	all = session_events(s);
	assert_true(session_growth(s, top, &g));
	assert_int_equal(g.times, 3);
	command(s, "to-operation", "2");
	half = session_events(s);
	assert_true(half > 0 && half < all);
	assert_true(session_growth(s, top, &g));
	assert_int_equal(g.times, 1);
	command(s, "to-end", "");
	assert_int_equal(session_events(s), all);
	assert_true(session_growth(s, top, &g));
	assert_int_equal(g.times, 3);
	command(s, "to-start", "");
	assert_int_equal(session_events(s), 0);
	assert_false(session_growth(s, top, &g));
	session_destroy(s);
}

static void test_nothing_new(void **state)
{
	struct session *s = session_of("fork-cow.scn");
	const struct snapshot *was;

	(void)state;
	tick(s);
	tick(s);			/* now it knows what is selected */
	was = session_newest(s);
	tick(s);
	assert_ptr_equal(session_newest(s), was);
	command(s, "step", "");
	assert_ptr_not_equal(session_newest(s), was);
	assert_int_equal(session_newest(s)->machine->op, 1);
	session_destroy(s);
}

static void test_hands_over_the_place(void **state)
{
	struct session *s = session_of("stack-growth.scn");

	(void)state;
	tick(s);
	command(s, "operation", "");
	assert_int_equal(session_addr(s), 0x7ffffffde000 - 100 * PAGE_BYTES);
	assert_int_equal(session_newest(s)->machine->walk_addr, session_addr(s));
	session_select(s, 0x400000);
	tick(s);
	assert_int_equal(session_newest(s)->machine->walk_addr, 0x400000);
	session_destroy(s);
}

static char *proc_text(pid_t pid, const char *file)
{
	char *path = xasprintf("/proc/%d/%s", (int)pid, file), *text = xcalloc(1, 1 << 14);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, (1 << 14) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	free(path);
	return text;
}

/* A process that really stands there, stopped, with the same address space; gone afterwards. */
static void real_process(void **state)
{
	struct player *p = NULL;
	struct real_process *r = NULL;
	struct buf say = BUF_INIT;
	struct error *err;
	char *text;
	pid_t pid;

	(void)state;
	assert_null(player_open(NULL, &p));
	run(p, "mmap A 4p rw private anon", "ok");
	run(p, "touch A w", "ok");
	run(p, "syscall read", "ok");
	err = player_real(p, &r, &say);
	if (err && err->code == ERR_PERMISSION) {
		assert_non_null(strstr(err->message, "trac"));
		error_destroy(err);
	} else {
		assert_null(err);
		pid = real_process_pid(r);
		text = proc_text(pid, "status");
		assert_non_null(strstr(text, "State:\tt"));
		free(text);
		text = proc_text(pid, "maps");
		assert_non_null(strstr(text, "rw-p"));
		assert_non_null(strstr(text, "[stack]"));
		free(text);
		assert_non_null(strstr(buf_str(&say), "It stands before syscall read: a real system call cannot be held"));
		real_process_end(r);
		text = proc_text(pid, "status");
		assert_string_equal(text, "");
		free(text);
	}
	buf_free(&say);
	player_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_walk),
		cmocka_unit_test(test_every_lesson),
		cmocka_unit_test(test_step_back_is_step_forward),
		cmocka_unit_test(test_playground),
		cmocka_unit_test(test_head_line),
		cmocka_unit_test(test_save),
		cmocka_unit_test(test_events_go_back),
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_hands_over_the_place),
		cmocka_unit_test(real_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
