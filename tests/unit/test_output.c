/* SPDX-License-Identifier: GPL-2.0-or-later
 * Output of hand-made snapshots: JSON that fits the schema whatever is missing, nothing
 * hostile in any of the three outputs, text that a person would have written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/output.h"
#include "mmscope/paths.h"
#include "mmscope/text.h"
#include "tests/scripts/document.h"
#include "tests/scripts/json_schema.h"

static json_t *schema;

static struct vma *set_vma(struct layout *l, size_t i, uint64_t start, uint64_t pages, int perms,
			   enum vma_role role, const char *path)
{
	struct vma *v = &l->vmas[i];

	v->start = start;
	v->end = start + pages * PAGE_BYTES;
	v->perms = (uint8_t)perms;
	v->role = (uint8_t)role;
	v->path = strings_add(l->strings, path, strlen(path));
	v->inode = path[0] == '/' ? 77 : 0;
	return v;
}

/* Five VMAs, two threads, everything known that a live source knows without smaps. */
static struct snapshot *sample(void)
{
	struct snapshot *s = snapshot_create();
	struct strings *strings = strings_create();
	struct layout *l = layout_create(strings, 5);
	struct residency *r = residency_create();
	struct task_list *t = task_list_create();
	struct task *task;

	strings_put(strings);
	s->source = "live";
	s->time_ns = 12345678901;
	s->process.pid = 4242;
	s->process.ppid = 1;
	s->process.state = 'S';
	strcpy(s->process.comm, "python3");
	strcpy(s->process.exe, "/usr/bin/python3.11");
	for (int i = 0; i < MM_NR; i++)
		s->mm[i] = (uint64_t)(i + 1) * 4096;
	s->limits[LIMIT_STACK] = 8 << 20;
	s->limits[LIMIT_AS] = s->limits[LIMIT_DATA] = UNLIMITED;
	s->limits[LIMIT_MEMLOCK] = 0;
	s->minflt = 132;
	s->majflt = 0;
	set_vma(l, 0, 0x400000, 3, VMA_READ | VMA_EXEC, ROLE_TEXT, "/usr/bin/python3.11");
	set_vma(l, 1, 0x600000, 33, VMA_READ | VMA_WRITE, ROLE_HEAP, "[heap]");
	set_vma(l, 2, 0x7f0000000000, 512, VMA_READ | VMA_WRITE, ROLE_THREAD_STACK, "")->tid = 4243;
	l->vmas[2].guess = 1;
	set_vma(l, 3, 0x7ffd1c27e000, 103, VMA_READ | VMA_WRITE, ROLE_STACK, "[stack]");
	set_vma(l, 4, 0xffffffffff600000, 1, VMA_EXEC, ROLE_VSYSCALL, "[vsyscall]");
	s->layout = l;
	assert_true(residency_decode(r, 0x400000, "Ff."));
	assert_true(residency_decode(r, 0x600000, "3A2.a5ZG"));
	assert_true(residency_decode(r, 0x7f0000000000, "512H"));
	assert_true(residency_decode(r, 0x7ffd1c27e000, "100.3A"));
	s->pages = r;
	task = task_list_add(t, 4242);
	task->tgid = 4242;
	task->state = 'S';
	strcpy(task->comm, "python3");
	task->sp = 0x7ffd1c2e1f30;
	task->pc = 0x401000;
	task->syscall = 0;
	task->stack = (struct task_stack){ 0x7ffd1c27e000, 0x7ffd1c2e5000, 0x30d0, 12288, 8 << 20,
		0, 0, 12288, STACK_BY_SP };
	task = task_list_add(t, 4243);
	task->tgid = 4242;
	task->state = 'R';
	task->syscall = SYSCALL_NONE;
	s->tasks = t;
	return s;
}

/* What a function wrote; the caller frees. */
#define WRITTEN(text, call) do { \
		size_t size_ = 0; \
		FILE *out = open_memstream(&(text), &size_); \
		call; \
		fclose(out); \
	} while (0)

static json_t *as_json(const struct snapshot *s, bool line)
{
	struct buf why = BUF_INIT;
	char *text = NULL;
	json_t *doc;

	WRITTEN(text, out_json(out, s, line));
	if (line)
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	if (!schema_fits(schema, doc, &why) || !document_holds(doc, &why))
		fail_msg("%s in %s", buf_str(&why), text);
	free(text);
	buf_free(&why);
	return doc;
}

static const json_t *at(const json_t *doc, const char *array, size_t i, const char *key)
{
	return json_object_get(json_array_get(json_object_get(doc, array), i), key);
}

static void test_json_figures(void **state)
{
	struct snapshot *s = sample();
	json_t *doc = as_json(s, false);

	(void)state;
	assert_string_equal(json_string_value(at(doc, "vmas", 1, "pages")), "3A2.a5ZG21.");
	assert_int_equal(json_integer_value(at(doc, "vmas", 1, "rss")), 4 * 4096);
	assert_int_equal(json_integer_value(at(doc, "vmas", 1, "anonymous")), 4 * 4096);
	assert_int_equal(json_integer_value(at(doc, "vmas", 0, "anonymous")), 0);
	assert_int_equal(json_integer_value(at(doc, "vmas", 0, "rss")), 2 * 4096);
	/* huge pages of a VMA without a file are anonymous */
	assert_int_equal(json_integer_value(at(doc, "vmas", 2, "anonymous")), 512 * 4096);
	assert_int_equal(json_integer_value(at(doc, "vmas", 2, "tid")), 4243);
	assert_string_equal(json_string_value(at(doc, "vmas", 2, "role_guess")), "likely");
	assert_null(at(doc, "vmas", 2, "path"));
	assert_null(at(doc, "vmas", 1, "tid"));
	assert_string_equal(json_string_value(at(doc, "vmas", 4, "start")), "0xffffffffff600000");
	assert_string_equal(json_string_value(at(doc, "vmas", 4, "pages")), ".");
	assert_true(json_is_null(at(doc, "vmas", 1, "pss")));
	assert_true(json_is_null(at(doc, "vmas", 1, "flags")));
	assert_string_equal(json_string_value(at(doc, "tasks", 0, "sp")), "0x7ffd1c2e1f30");
	assert_int_equal(json_integer_value(at(doc, "tasks", 0, "syscall")), 0);
	assert_null(at(doc, "tasks", 1, "syscall"));
	assert_true(json_is_null(at(doc, "tasks", 1, "stack")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(doc, "limits"), "as")),
			    "unlimited");
	assert_null(json_object_get(doc, "type"));
	json_decref(doc);
	doc = as_json(s, true);
	assert_string_equal(json_string_value(json_object_get(doc, "type")), "sample");
	json_decref(doc);
	snapshot_put(s);
}

static void test_json_details(void **state)
{
	struct snapshot *s = sample();
	struct details *d = details_create(s->layout);
	json_t *doc;

	(void)state;
	for (size_t i = 0; i < s->layout->n; i++)
		d->vma[i] = (struct vma_detail){ 100, 0, 4096, 0, 1 | 1 << 8, UNKNOWN, UNKNOWN };
	d->vma[3].pss = UNKNOWN;
	s->details = d;
	doc = as_json(s, false);
	assert_int_equal(json_integer_value(at(doc, "vmas", 0, "pss")), 100);
	assert_int_equal(json_integer_value(at(doc, "vmas", 0, "swap")), 0);
	assert_int_equal(json_integer_value(at(doc, "vmas", 0, "locked")), 4096);
	assert_string_equal(json_string_value(json_array_get(at(doc, "vmas", 0, "flags"), 1)), "gd");
	assert_true(json_is_null(at(doc, "vmas", 3, "pss")));
	json_decref(doc);
	snapshot_put(s);
}

/* Whatever is missing, in any combination: it fits, and every null has its reason. */
static void test_json_with_parts_missing(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 256; mask++) {
		struct snapshot *s = sample();
		struct whys *w = whys_create();

		if (mask & 1) {
			layout_put(s->layout);
			s->layout = NULL;
			whys_add(w, "vmas", "not allowed", "run as root");
		}
		if (mask & 2) {
			residency_put(s->pages);
			s->pages = NULL;
		}
		if (mask & 4) {
			task_list_put(s->tasks);
			s->tasks = NULL;
		}
		if (mask & 8)
			for (int i = 0; i < MM_NR; i++)
				s->mm[i] = UNKNOWN;
		if (mask & 16)
			s->limits[LIMIT_DATA] = s->minflt = UNKNOWN;
		if (mask & 32)
			s->process.exe[0] = '\0';
		if (mask & 64)
			s->process.kthread = true;
		if (mask & 128)
			whys_add(w, "pages", "no PAGEMAP_SCAN and no pagemap", "");
		whys_put(s->whys);
		s->whys = w;
		json_decref(as_json(s, mask & 1));
		snapshot_put(s);
	}
}

static void test_json_unseen_pages(void **state)
{
	struct snapshot *s = sample();
	struct residency *r = residency_create();
	json_t *doc;

	(void)state;
	assert_true(residency_decode(r, 0x400000, "F#."));
	assert_true(residency_decode(r, 0x600000, "3A?"));
	residency_put(s->pages);
	s->pages = r;
	doc = as_json(s, false);
	assert_true(json_is_null(at(doc, "vmas", 0, "pages")));
	assert_int_equal(json_integer_value(at(doc, "vmas", 0, "rss")), 2 * 4096);
	assert_true(json_is_null(at(doc, "vmas", 0, "anonymous")));
	assert_true(json_is_null(at(doc, "vmas", 1, "rss")));
	json_decref(doc);
	snapshot_put(s);
}

static const char hostile[] = "/tmp/\033[2J\xff\xc2\x9b\"\\\n\xe2\x80\xae\x7f evil";

static struct snapshot *hostile_sample(void)
{
	struct snapshot *s = sample();
	struct task *task = &((struct task_list *)s->tasks)->tasks[0];
	struct whys *w = whys_create();

	strcpy(s->process.comm, "\033]52;c;x\a");
	strcpy(s->process.exe, hostile);
	s->layout->vmas[0].path = hostile;
	memset(task->comm, '\033', sizeof(task->comm));		/* not even NUL-terminated */
	whys_add(w, "mm", "\033[31mred", hostile);
	whys_put(s->whys);
	s->whys = w;
	return s;
}

static void assert_harmless(const char *text)
{
	assert_true(utf8_valid(text, strlen(text)));
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		assert_true(*p >= 0x20 || *p == '\n');
		assert_true(*p != 0x7f && !(*p == 0xc2 && p[1] < 0xa0));
	}
	assert_null(strstr(text, "\xe2\x80\xae"));
}

static void test_hostile(void **state)
{
	struct snapshot *s = hostile_sample(), *before = sample();
	struct output_options o = { .frame = 0 };
	struct event_list events = snapshot_diff(before, s);
	struct buf base64 = BUF_INIT;
	char *text = NULL;
	json_t *doc = as_json(s, false);

	(void)state;
	text_base64(&base64, hostile, strlen(hostile));
	assert_string_equal(json_string_value(at(doc, "vmas", 0, "path_bytes")), buf_str(&base64));
	assert_null(at(doc, "vmas", 1, "path_bytes"));
	json_decref(doc);
	WRITTEN(text, (out_json(out, s, false), out_json(out, s, true), out_text(out, s, &o),
		       out_plain(out, s, &o), out_json_events(out, &events),
		       out_plain_events(out, &events, s, &o)));
	assert_harmless(text);
	assert_non_null(strstr(text, "\\x1b[2J"));
	free(text);
	o.ascii = true;
	WRITTEN(text, (out_text(out, s, &o), out_plain(out, s, &o), out_plain_events(out, &events, s, &o)));
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p < 0x80);
	free(text);
	buf_free(&base64);
	event_list_free(&events);
	snapshot_put(before);
	snapshot_put(s);
}

static void test_json_events(void **state)
{
	struct snapshot *a = sample(), *b = sample();
	char *text = NULL, *line, *rest;
	struct residency *patch, *pages;
	struct event_list events;
	int n = 0;

	(void)state;
	b->layout->vmas[3].start -= 4096;
	b->layout->vmas[1].perms = VMA_READ;
	patch = residency_create();
	residency_append(patch, 0x7ffd1c27d000, 0x7ffd1c27e000, PAGE_ANON);
	pages = residency_splice(b->pages, 0x7ffd1c27d000, 0x7ffd1c27e000, patch);
	residency_put(patch);
	residency_put(b->pages);
	b->pages = pages;
	b->mm[MM_VM_PTE] = UNKNOWN;
	b->mm[MM_BRK] = 0x700000;
	b->limits[LIMIT_MEMLOCK] = UNLIMITED;
	b->process.ended = true;
	((struct task_list *)b->tasks)->n = 1;
	events = snapshot_diff(a, b);
	WRITTEN(text, out_json_events(out, &events));
	for (rest = text; (line = strsep(&rest, "\n")) && *line; n++) {
		struct buf why = BUF_INIT;
		json_t *doc = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(doc);
		if (!schema_fits(schema, doc, &why))
			fail_msg("%s in %s", buf_str(&why), line);
		json_decref(doc);
	}
	assert_int_equal(n, events.n);
	assert_int_equal(n, 8);
	free(text);
	event_list_free(&events);
	snapshot_put(a);
	snapshot_put(b);
}

/* What is read aloud has words for counters, says whose pages they are, and nothing twice. */
static void test_plain_events(void **state)
{
	struct snapshot *a = sample(), *b = sample();
	struct residency *patch = residency_create(), *pages;
	struct output_options o = { .frame = 0 };
	struct event_list events;
	char *text = NULL;

	(void)state;
	residency_append(patch, 0x7ffd1c281000, 0x7ffd1c282000, PAGE_ANON);
	pages = residency_splice(b->pages, 0x7ffd1c281000, 0x7ffd1c282000, patch);
	residency_put(patch);
	residency_put(b->pages);
	b->pages = pages;
	a->mm[MM_VM_RSS] = a->statm_rss = 0x8000;
	b->mm[MM_VM_RSS] = b->statm_rss = 0x9000;
	events = snapshot_diff(a, b);
	WRITTEN(text, out_plain_events(out, &events, b, &o));
	assert_non_null(strstr(text, "later: 2 changes.\n"));
	assert_non_null(strstr(text, "\nmemory in all rose by 4.00K to 36.0K.\n"));
	assert_non_null(strstr(text, "\nstack: 1 page became resident (anonymous) at 7ffd1c281000.\n"));
	assert_null(strstr(text, "statm"));
	free(text);
	WRITTEN(text, out_plain(out, b, &o));
	assert_null(strstr(text, "vmas[]."));
	free(text);
	event_list_free(&events);
	snapshot_put(a);
	snapshot_put(b);
}

static void test_text(void **state)
{
	struct snapshot *s = sample();
	struct output_options o = { .frame = 0 };
	char *text = NULL;

	(void)state;
	WRITTEN(text, out_text(out, s, &o));
	assert_non_null(strstr(text, "mmscope  4242 python3  S (sleeping)  parent 1  /usr/bin/python3.11\n"));
	assert_non_null(strstr(text, "    7ffd1c27e000-7ffd1c2e5000     rw-p    412K   12.0K   12.0K  stack         [stack]\n"));
	assert_non_null(strstr(text, "ffffffffff600000-ffffffffff601000 --xp"));
	/* high addresses first */
	assert_true(strstr(text, "[stack]") < strstr(text, "[heap]"));
	assert_non_null(strstr(text, "     4242 S read "));
	assert_non_null(strstr(text, "  all                 5"));
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		assert_true(end == line || end[-1] != ' ');
	free(text);
	snapshot_put(s);
}

/* Pages that the kernel keeps out of Rss are memory all the same. */
static void test_plain_hugetlb(void **state)
{
	struct snapshot *s = sample();
	const struct vma *v = &s->layout->vmas[s->layout->n - 1];
	struct output_options o = { .frame = 0 };
	struct residency *patch = residency_create(), *pages;
	char *text = NULL;

	(void)state;
	while (v->role != ROLE_STACK)
		v--;
	residency_append(patch, v->start, v->end, PAGE_HUGETLB);
	pages = residency_splice(s->pages, v->start, v->end, patch);
	residency_put(patch);
	residency_put(s->pages);
	s->pages = pages;
	WRITTEN(text, out_plain(out, s, &o));
	assert_non_null(strstr(text, "\nstack, 412 KiB, readable and writable, 412 KiB in memory that Rss leaves out (hugetlbfs), from "));
	free(text);
	snapshot_put(s);
}

static void test_plain(void **state)
{
	struct snapshot *s = sample();
	struct output_options o = { .frame = 0 };
	char *text = NULL;

	(void)state;
	WRITTEN(text, out_plain(out, s, &o));
	assert_non_null(strstr(text, "Process 4242, python3, runs /usr/bin/python3.11, is sleeping. Its parent is 1.\n"));
	assert_non_null(strstr(text, "\nstack, 412 KiB, readable and writable, 12.0 KiB in memory, from 7ffd1c27e000 to 7ffd1c2e5000, [stack].\n"));
	assert_non_null(strstr(text, "\nprobably thread-stack of thread 4243, 2.00 MiB, readable and writable, all in memory, "));
	assert_non_null(strstr(text, "\nThread 4242, python3, is sleeping in read, stack 412 KiB with 12.0 KiB in memory, "));
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		assert_true(end[-1] == '.' || end[-1] == ':');
	free(text);
	snapshot_put(s);
}

/* More than any buffer inside: it arrives whole. */
static void test_sixty_thousand(void **state)
{
	struct snapshot *s = sample();
	struct strings *strings = strings_create();
	struct layout *l = layout_create(strings, 60000);
	struct output_options o = { .frame = 0 };
	char *text = NULL;
	size_t lines = 0;
	json_t *doc;

	(void)state;
	strings_put(strings);
	for (size_t i = 0; i < l->n; i++)
		set_vma(l, i, 0x10000 + i * 0x2000, 1, VMA_READ, ROLE_ANON, "");
	layout_put(s->layout);
	s->layout = l;
	doc = as_json(s, false);
	assert_int_equal(json_array_size(json_object_get(doc, "vmas")), 60000);
	json_decref(doc);
	WRITTEN(text, out_text(out, s, &o));
	for (const char *p = text; (p = strstr(p, " r--p ")); p++)
		lines++;
	assert_int_equal(lines, 60000);
	free(text);
	snapshot_put(s);
}

static int load_schema(void **state)
{
	char *dir = path_bundled(BUNDLED_SCHEMA), *path = xasprintf("%s/mmscope-1.schema.json", dir);

	(void)state;
	schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	free(path);
	free(dir);
	return schema ? 0 : -1;
}

static int drop_schema(void **state)
{
	(void)state;
	json_decref(schema);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_figures),
		cmocka_unit_test(test_json_details),
		cmocka_unit_test(test_json_with_parts_missing),
		cmocka_unit_test(test_json_unseen_pages),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_json_events),
		cmocka_unit_test(test_plain_events),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_plain), cmocka_unit_test(test_plain_hugetlb),
		cmocka_unit_test(test_sixty_thousand),
	};

	return cmocka_run_group_tests(tests, load_schema, drop_schema);
}
