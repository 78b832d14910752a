/* SPDX-License-Identifier: GPL-2.0-or-later
 * Snapshots and events: diff() and apply() are inverses, and an event's type says
 * what a person would say. Layouts are written as pictures: each letter is a page,
 * a change of letter a new VMA, '|' a border between equal ones, '.' a hole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/event.h"

static const uint64_t base = 0x7f0000000000;

/* w: rw-p anonymous, r: r--p anonymous, f: r--p a file, x: r-xp the same file, h: [heap] */
static struct vma vma_of(char letter, uint64_t start, struct strings *strings)
{
	struct vma v = { .start = start, .path = "", .perms = VMA_READ, .role = ROLE_ANON };

	switch (letter) {
	case 'w':
		v.perms |= VMA_WRITE;
		break;
	case 'x':
		v.perms |= VMA_EXEC;
		/* fall through */
	case 'f':
		v.path = strings_add(strings, "/lib/x.so", 9);
		v.inode = 12;
		v.dev_major = 8;
		v.offset = start - base;
		v.role = letter == 'x' ? ROLE_TEXT : ROLE_RODATA;
		break;
	case 'h':
		v.perms |= VMA_WRITE;
		v.path = strings_add(strings, "[heap]", 6);
		v.role = ROLE_HEAP;
		break;
	}
	return v;
}

static struct layout *layout_of(const char *picture, struct strings *strings)
{
	struct layout *l = layout_create(strings, strlen(picture));
	uint64_t at = base;
	char last = '.';

	l->n = 0;
	for (const char *p = picture; *p; last = *p++) {
		if (*p == '|')
			continue;
		if (*p != '.' && *p != last)
			l->vmas[l->n++] = vma_of(*p, at, strings);
		at += PAGE_BYTES;
		if (*p != '.')
			l->vmas[l->n - 1].end = at;
	}
	return l;
}

static struct snapshot *snapshot_of(const char *picture)
{
	struct strings *strings = strings_create();
	struct snapshot *s = snapshot_create();

	s->layout = layout_of(picture, strings);
	strings_put(strings);
	return s;
}

static void assert_inverse(const struct snapshot *a, const struct snapshot *b)
{
	struct event_list l = snapshot_diff(a, b);
	struct snapshot *forward = event_apply(a, &l, true), *back = event_apply(b, &l, false);

	assert_true(snapshot_equal(forward, b));
	assert_int_equal(forward->time_ns, b->time_ns);
	assert_int_equal(forward->seq, b->seq);
	assert_true(snapshot_equal(back, a));
	assert_int_equal(back->time_ns, a->time_ns);
	/* the new snapshots live on without the list and without each other's layouts */
	event_list_free(&l);
	assert_true(snapshot_equal(forward, b));
	assert_true(snapshot_equal(back, a));
	snapshot_put(forward);
	snapshot_put(back);
}

static void test_types(void **state)
{
	static const struct {
		const char *before, *after;
		enum event_type type;
		uint64_t pages;		/* the event's amount */
		const char *says;
	} cases[] = {
		{ "..ww", "..ww.ww", EVENT_VMA_NEW, 2, "mmap-anon appeared, 8.00K rw-p at 7f0000005000-7f0000007000" },
		{ "..ww.ww", "..ww", EVENT_VMA_GONE, 2, "mmap-anon went away, 8.00K rw-p at 7f0000005000-7f0000007000" },
		{ "..ww", "wwww", EVENT_GREW_DOWN, 2, "mmap-anon grew down by 8.00K to 7f0000000000" },
		{ "hh..", "hhh.", EVENT_GREW_UP, 1, "[heap] grew up by 4.00K to 7f0000003000" },
		{ "wwww", "..ww", EVENT_SHRANK, 2, "mmap-anon shrank by 8.00K to 7f0000002000-7f0000004000" },
		{ "wwww", "www.", EVENT_SHRANK, 1, "mmap-anon shrank by 4.00K to 7f0000000000-7f0000003000" },
		{ "wwww", ".ww.", EVENT_RESHAPED, 2, "7f0000000000-7f0000004000 was rearranged: 1 VMA before, 1 after" },
		{ "ww.w", "wwww", EVENT_MERGED, 4, "2 neighbours became one: mmap-anon 7f0000000000-7f0000004000" },
		{ "wrrw", "wwww", EVENT_MERGED, 4, "3 neighbours became one: mmap-anon 7f0000000000-7f0000004000" },
		{ "ww|ww", "wwww", EVENT_MERGED, 4, "2 neighbours became one: mmap-anon 7f0000000000-7f0000004000" },
		{ "wwww", "wrrw", EVENT_SPLIT, 4, "mmap-anon was split into 3: 7f0000000000-7f0000004000" },
		{ "wwww", "w..w", EVENT_SPLIT, 4, "mmap-anon was split into 2: 7f0000000000-7f0000004000" },
		{ "ffff", "fxxf", EVENT_SPLIT, 4, "/lib/x.so was split into 3: 7f0000000000-7f0000004000" },
		{ "ww", "rr", EVENT_PROTECTED, 2, "mmap-anon changed from rw-p to r--p, 7f0000000000-7f0000002000" },
		{ "ww", "hh", EVENT_RENAMED, 2, "7f0000000000-7f0000002000 was mmap-anon and is now [heap] (heap, was mmap-anon)" },
		{ "ww", "ff", EVENT_RESHAPED, 2, "7f0000000000-7f0000002000 was rearranged: 1 VMA before, 1 after" },
		{ "wwrr", "wrrr", EVENT_RESHAPED, 4, "the boundary between mmap-anon and mmap-anon moved down by 4.00K to 7f0000001000" },
		{ "wfrw", "hhhh", EVENT_RESHAPED, 4, "7f0000000000-7f0000004000 was rearranged: 4 VMAs before, 1 after" },
		{ "wwww", "wffw", EVENT_RESHAPED, 4, "7f0000000000-7f0000004000 was rearranged: 1 VMA before, 3 after" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct snapshot *a = snapshot_of(cases[i].before), *b = snapshot_of(cases[i].after);
		struct event_list l = snapshot_diff(a, b);
		struct buf says = BUF_INIT;

		assert_int_equal(l.n, 1);
		assert_string_equal(event_types[l.events[0].type].name,
				    event_types[cases[i].type].name);
		assert_int_equal(l.events[0].amount, cases[i].pages * PAGE_BYTES);
		event_describe(&l.events[0], &says);
		assert_string_equal(buf_str(&says), cases[i].says);
		buf_free(&says);
		event_list_free(&l);
		assert_inverse(a, b);
		assert_inverse(b, a);
		snapshot_put(a);
		snapshot_put(b);
	}
}

/* The same name before and after: what else differs is said. */
static void test_same_name(void **state)
{
	static const char *const says[] = {
		"7f0000000000-7f0000002000 is still mmap-anon, which is a weak guess now",
		"7f0000000000-7f0000002000 was mmap-anon and is now mmap-anon of thread 7",
		"7f0000000000-7f0000002000 was mmap-anon and is now another one of that name",
		"7f0000000000-7f0000002000 was mmap-anon, and whether it grows down is known better now",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		struct snapshot *a = snapshot_of("ww"), *b = snapshot_of("ww");
		struct vma *v = (struct vma *)&b->layout->vmas[0];
		struct buf text = BUF_INIT;
		struct event_list l;

		v->guess = i == 0 ? 2 : v->guess;
		v->tid = i == 1 ? 7 : v->tid;
		v->inode = i == 2 ? 7 : v->inode;
		v->growsdown = i == 3 ? !v->growsdown : v->growsdown;
		l = snapshot_diff(a, b);
		assert_int_equal(l.n, 1);
		assert_int_equal(l.events[0].type, EVENT_RENAMED);
		event_describe(&l.events[0], &text);
		assert_string_equal(buf_str(&text), says[i]);
		buf_free(&text);
		event_list_free(&l);
		assert_inverse(a, b);
		snapshot_put(a);
		snapshot_put(b);
	}
}

static void test_one_sweep_several_places(void **state)
{
	struct snapshot *a = snapshot_of("ww..hh..ffff.rr.ww");
	struct snapshot *b = snapshot_of("ww..hhh.fxxf....ww");
	struct event_list l = snapshot_diff(a, b);
	static const enum event_type want[] = { EVENT_GREW_UP, EVENT_SPLIT, EVENT_VMA_GONE };

	(void)state;
	assert_int_equal(l.n, ARRAY_LEN(want));
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(l.events[i].type, want[i]);
	event_list_free(&l);
	assert_inverse(a, b);
	snapshot_put(a);
	snapshot_put(b);
}

static void test_page_types(void **state)
{
	static const struct { char before, after; enum event_type type; int news; } cases[] = {
		{ '.', 'A', EVENT_PAGES_IN, 1 }, { '.', 'F', EVENT_PAGES_IN, 1 },
		{ '.', 'H', EVENT_PAGES_IN, 1 }, { 'Z', 'A', EVENT_PAGES_COW, 1 },
		{ 'F', 'A', EVENT_PAGES_COW, 1 }, { 'f', 'A', EVENT_PAGES_COW, 1 },
		{ 'a', 'A', EVENT_PAGES_COW, 1 }, { 'A', 'a', EVENT_PAGES_KIND, 1 },
		{ 'A', '.', EVENT_PAGES_OUT, 1 }, { 'A', 'S', EVENT_PAGES_SWAP, 1 },
		{ 'S', 'A', EVENT_PAGES_SWAP, 1 }, { 'S', '.', EVENT_PAGES_OUT, 1 },
		{ '.', 'G', EVENT_PAGES_KIND, 1 }, { 'F', 'f', EVENT_PAGES_KIND, 1 },
		{ '?', 'A', EVENT_PAGES_KIND, 0 }, { '#', 'A', EVENT_PAGES_KIND, 0 },
		{ '.', '#', EVENT_PAGES_IN, 1 }, { '#', '.', EVENT_PAGES_OUT, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct snapshot *a = snapshot_of("wwwwww"), *b = snapshot_copy(a);
		struct residency *ra = residency_create(), *rb = residency_create();
		char code[] = { '.', '2', cases[i].before, '\0' };
		struct event_list l;

		assert_true(residency_decode(ra, base, code));
		code[2] = cases[i].after;
		assert_true(residency_decode(rb, base, code));
		a->pages = ra;
		b->pages = rb;
		l = snapshot_diff(a, b);
		assert_int_equal(l.n, 1);
		assert_string_equal(event_types[l.events[0].type].name,
				    event_types[cases[i].type].name);
		assert_int_equal(l.events[0].start, base + PAGE_BYTES);
		assert_int_equal(l.events[0].amount, 2 * PAGE_BYTES);
		assert_int_equal(event_is_news(&l.events[0]), cases[i].news);
		event_list_free(&l);
		assert_inverse(a, b);
		snapshot_put(a);
		snapshot_put(b);
	}
}

/* The first look at the pages is no news: nothing became resident then. */
static void test_first_look(void **state)
{
	struct snapshot *a = snapshot_of("wwww"), *b = snapshot_copy(a);
	struct residency *r = residency_create();
	struct event_list l;

	(void)state;
	assert_true(residency_decode(r, base, "A.2F"));
	b->pages = r;
	l = snapshot_diff(a, b);
	assert_int_equal(l.n, 2);
	for (size_t i = 0; i < l.n; i++)
		assert_false(event_is_news(&l.events[i]));
	event_list_free(&l);
	assert_inverse(a, b);
	assert_inverse(b, a);
	snapshot_put(a);
	snapshot_put(b);
}

static void test_nothing_moved(void **state)
{
	struct snapshot *a = snapshot_of("ww..hh"), *b = snapshot_copy(a), *c = snapshot_of("ww..hh");
	struct event_list l = snapshot_diff(a, b);

	(void)state;
	assert_ptr_equal(a->layout, b->layout);
	assert_int_equal(l.n, 0);
	event_list_free(&l);
	l = snapshot_diff(a, c);
	assert_int_equal(l.n, 0);
	event_list_free(&l);
	snapshot_put(a);
	snapshot_put(b);
	snapshot_put(c);
}

static void random_layout(struct snapshot *s, struct strings *strings)
{
	static const char letters[] = "wwwrfxh...|";
	char picture[41];
	size_t n = (size_t)rand() % 40;

	for (size_t i = 0; i < n; i++)
		picture[i] = rand() % 3 && i ? picture[i - 1] :
			letters[(size_t)rand() % (sizeof(letters) - 1)];
	picture[n] = '\0';
	if (n && picture[0] == '|')
		picture[0] = '.';
	s->layout = layout_of(picture, strings);
}

static void random_tasks(struct snapshot *s)
{
	struct task_list *t = task_list_create();

	for (pid_t tid = 100; tid < 110; tid++) {
		struct task *task;

		if (rand() % 3 == 0)
			continue;
		task = task_list_add(t, tid);
		task->tgid = 100;
		task->state = "RSD"[rand() % 3];
		snprintf(task->comm, sizeof(task->comm), "w%d", rand() % 2);
		task->syscall = rand() % 3 - 1;
		task->args[0] = (uint64_t)(rand() % 2);
		task->stack.high_water = (uint64_t)(rand() % 2);
	}
	s->tasks = t;
}

static struct snapshot *random_snapshot(struct strings *strings)
{
	struct snapshot *s = snapshot_create();
	struct whys *w = whys_create();

	s->time_ns = (uint64_t)rand();
	s->seq = (uint64_t)rand();
	s->process.pid = 100;
	s->process.ppid = rand() % 2;
	s->process.generation = (uint64_t)(rand() % 2);
	s->process.ended = rand() % 8 == 0;
	snprintf(s->process.exe, sizeof(s->process.exe), "/bin/%d", rand() % 2);
	for (int i = 0; i < 4; i++)
		s->mm[rand() % MM_NR] = (uint64_t)rand();
	s->limits[rand() % LIMIT_NR] = UNLIMITED;
	s->minflt = (uint64_t)rand() % 3;
	if (rand() % 8)
		random_layout(s, strings);
	if (rand() % 8) {
		struct residency *r = residency_create();

		for (uint64_t at = base; at < base + 40 * PAGE_BYTES; at += PAGE_BYTES)
			residency_append(r, at, at + PAGE_BYTES, rand() % 2 ? PAGE_ABSENT :
					 (enum page_state)(rand() % PAGE_NR));
		s->pages = r;
	}
	if (rand() % 8)
		random_tasks(s);
	if (s->layout && rand() % 3 == 0) {
		struct details *d = details_create(s->layout);

		for (size_t i = 0; i < s->layout->n; i++)
			d->vma[i].pss = (uint64_t)(rand() % 2);
		s->details = d;
	}
	if (rand() % 2)
		whys_add(w, "vmas[].pss", "nobody asked", "--smaps");
	whys_put(s->whys);
	s->whys = w;
	return s;
}

static void test_law(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 3000; round++) {
		/* with one set of strings, as one source has it, and with two */
		struct strings *s1 = strings_create(), *s2 = round % 2 ? strings_create() : strings_get(s1);
		struct snapshot *a = random_snapshot(s1), *b = random_snapshot(s2);

		strings_put(s1);
		strings_put(s2);
		assert_inverse(a, b);
		assert_inverse(b, a);
		if (round % 16 == 0) {
			struct event_list l = snapshot_diff(NULL, b);
			struct snapshot *c = event_apply(NULL, &l, true);

			assert_true(snapshot_equal(b, c));
			event_list_free(&l);
			snapshot_put(c);
		}
		snapshot_put(a);
		snapshot_put(b);
	}
}

/* Each single difference must be seen, or the law above would pass by accident. */
static void test_equal_sees_everything(void **state)
{
	struct snapshot *a, *b;

	(void)state;
#define SEES(change) do { \
		a = snapshot_of("ww.hh"); \
		b = snapshot_of("ww.hh"); \
		assert_true(snapshot_equal(a, b)); \
		change; \
		assert_false(snapshot_equal(a, b)); \
		assert_inverse(a, b); \
		snapshot_put(a); \
		snapshot_put(b); \
	} while (0)
	SEES(b->process.comm[0] = 'x');
	SEES(b->process.exe[0] = 'x');
	SEES(b->process.state = 'D');
	SEES(b->process.ended = true);
	SEES(b->process.uid = 7);
	SEES(b->mm[MM_VM_PTE] = 0);
	SEES(b->limits[LIMIT_STACK] = UNLIMITED);
	SEES(b->minflt = 0);
	SEES(b->majflt = 0);
	SEES(b->statm_rss = 0);
	SEES(b->statm_size = 0);
	SEES(b->pages = residency_create());
	SEES(b->tasks = task_list_create());
	SEES(b->details = details_create(b->layout));
	SEES(whys_add((struct whys *)b->whys, "vmas", "not allowed", ""));
	SEES(b->layout->vmas[0].end -= 1);
	SEES(b->layout->vmas[0].role = ROLE_GUARD);
	SEES(b->layout->vmas[0].guess = 1);
	SEES(b->layout->vmas[0].growsdown = 1);
	SEES(b->layout->vmas[0].tid = 5);
	SEES(b->layout->vmas[0].path = "[anon:x]");
	SEES(b->layout->vmas[0].dev_minor = 5);
#undef SEES
}

static struct snapshot *crowd(size_t n, unsigned step)
{
	struct strings *strings = strings_create();
	struct snapshot *s = snapshot_create();
	struct layout *l = layout_create(strings, n);

	for (size_t i = 0; i < n; i++) {
		l->vmas[i].start = base + i * 2 * PAGE_BYTES;
		l->vmas[i].end = l->vmas[i].start + PAGE_BYTES;
		l->vmas[i].perms = (uint8_t)(i % step ? VMA_READ : VMA_READ | VMA_WRITE);
	}
	strings_put(strings);
	s->layout = l;
	return s;
}

static void test_sixty_thousand(void **state)
{
	struct snapshot *none = snapshot_of(""), *a = crowd(60000, 2), *b = crowd(60000, 3), *one;
	struct event_list l = snapshot_diff(none, a);

	(void)state;
	assert_int_equal(l.n, 60000);
	event_list_free(&l);
	assert_inverse(none, a);
	assert_inverse(a, none);
	assert_inverse(a, b);
	/* all of them inside one: a single cluster */
	one = snapshot_of("w");
	one->layout->vmas[0].end = base + 120000 * (uint64_t)PAGE_BYTES;
	l = snapshot_diff(one, a);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.events[0].vmas.nafter, 60000);
	event_list_free(&l);
	assert_inverse(one, a);
	snapshot_put(none);
	snapshot_put(a);
	snapshot_put(b);
	snapshot_put(one);
}

static const struct stacks *marks(const uint64_t mark[3])
{
	struct stacks *s = stacks_create();

	for (int i = 0; i < 3; i++) {
		struct kstack *k = stacks_add(s, 10 + i);

		k->tgid = 10;
		k->size = 16384;
		k->high_water = mark[i];
		snprintf(k->comm, sizeof(k->comm), "t\t%d", i);
	}
	stacks_finish(s);
	return s;
}

/* Only what is known to have grown is told; it needs no applying. */
static void test_deeper(void **state)
{
	struct snapshot *a = snapshot_create(), *b = snapshot_create(), *c;
	struct buf says = BUF_INIT;
	struct event_list l;

	(void)state;
	a->stacks = marks((uint64_t[]){ 1000, 2000, UNKNOWN });
	b->stacks = marks((uint64_t[]){ 1000, 2600, 3000 });
	l = snapshot_diff(a, b);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.events[0].type, EVENT_KSTACK_DEEPER);
	assert_int_equal(l.events[0].tid, 11);
	assert_int_equal(l.events[0].amount, 600);
	event_describe(&l.events[0], &says);
	assert_string_equal(buf_str(&says), "the kernel stack of 11 (t\\x091) went 600 bytes deeper than "
			    "ever, to 2600 of 16384");
	c = event_apply(a, &l, true);
	assert_true(snapshot_equal(b, c));
	snapshot_put(c);
	event_list_free(&l);
	l = snapshot_diff(b, a);	/* backwards in time: no news */
	assert_int_equal(l.n, 0);
	event_list_free(&l);
	buf_free(&says);
	snapshot_put(a);
	snapshot_put(b);
}

/* What was picked stands by itself: the list it came from and both pictures may go. */
static void test_pick(void **state)
{
	struct snapshot *a = snapshot_create(), *b = snapshot_create();
	const struct stacks *before = marks((uint64_t[]){ 1000, 2000, 500 });
	struct strings *strings = strings_create();
	struct event_list l, picked;
	struct buf says = BUF_INIT;
	uint32_t which[3];
	size_t n = 0;

	(void)state;
	a->stacks = stacks_get(before);
	b->stacks = marks((uint64_t[]){ 1000, 2600, 500 });
	a->layout = layout_create(strings, 1);
	a->layout->vmas[0] = (struct vma){ .start = 0x8000, .end = 0xa000, .role = ROLE_STACK,
					   .path = strings_add(strings, "[stack]", 7) };
	b->layout = layout_copy(a->layout);
	b->layout->vmas[0].start = 0x7000;
	strings_put(strings);
	strcpy(a->process.comm, "old");
	strcpy(b->process.comm, "new");
	b->process.generation = 1;
	b->mm[MM_VM_STACK] = 0x3000;
	l = snapshot_diff(a, b);
	assert_int_equal(l.n, 4);
	for (uint32_t i = 0; i < l.n; i++)
		if (l.events[i].type != EVENT_COUNTER)
			which[n++] = i;
	assert_int_equal(n, 3);
	picked = event_list_pick(&l, which, n);
	event_list_free(&l);
	snapshot_put(a);
	snapshot_put(b);
	assert_int_equal(before->refs, 1);
	stacks_put(before);
	assert_int_equal(picked.n, 3);
	assert_int_equal(picked.events[0].type, EVENT_EXEC);
	assert_string_equal(picked.events[0].process.after->comm, "new");
	event_describe(&picked.events[1], &says);
	assert_string_equal(buf_str(&says), "[stack] grew down by 4.00K to 7000");
	assert_int_equal(picked.events[2].kstack.after->high_water, 2600);
	assert_null(picked.events[2].kstack.after->frames);
	event_list_free(&picked);
	buf_free(&says);
}

/* A stack that grows down is the same stack: its end stays. */
static void test_task_of_a_grown_stack(void **state)
{
	struct task a = { .tid = 7, .comm = "t", .state = 'S', .sp = 0x9000, .syscall = SYSCALL_NONE,
			  .stack = { .vma_start = 0x8000, .vma_end = 0xa000, .resident = UNKNOWN,
				     .high_water = UNKNOWN } };
	struct task b = a;
	struct event e = { .type = EVENT_TASK_CHANGED, .tid = 7, .task = { &a, &b } };
	struct buf says = BUF_INIT;

	(void)state;
	b.stack.vma_start = 0x7000;
	event_describe(&e, &says);
	assert_string_equal(buf_str(&says), "thread 7 (t), stack of 12.0K");
	buf_reset(&says);
	b.stack.vma_end = 0xb000;
	event_describe(&e, &says);
	assert_string_equal(buf_str(&says), "thread 7 (t), another stack");
	buf_free(&says);
}

static void test_whys(void **state)
{
	struct whys *w = whys_create();

	(void)state;
	whys_add(w, "vmas[].pss", "a", "b");
	whys_add(w, "mm", "c", NULL);
	assert_string_equal(whys_find(w, "vmas[].pss")->why, "a");
	assert_string_equal(whys_find(w, "mm.vm_pte")->why, "c");
	assert_string_equal(whys_find(w, "mm.vm_pte")->try_this, "");
	assert_null(whys_find(w, "vmas[].pss_dirty"));
	assert_null(whys_find(w, "vmas"));
	assert_null(whys_find(w, "mmx"));
	assert_null(whys_find(NULL, "mm"));
	whys_put(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types), cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_one_sweep_several_places),
		cmocka_unit_test(test_page_types),
		cmocka_unit_test(test_first_look),
		cmocka_unit_test(test_nothing_moved),
		cmocka_unit_test(test_law),
		cmocka_unit_test(test_equal_sees_everything),
		cmocka_unit_test(test_sixty_thousand),
		cmocka_unit_test(test_task_of_a_grown_stack),
		cmocka_unit_test(test_whys),
		cmocka_unit_test(test_deeper),
		cmocka_unit_test(test_pick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
