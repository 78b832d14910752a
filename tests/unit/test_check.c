/* SPDX-License-Identifier: GPL-2.0-or-later
 * `check` as a person or a script meets it: statuses, where each sentence goes, records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "mmscope/alloc.h"
#include "src/sim/check.h"

static struct {
	char *out, *err;
	int status;
} got;

static char *write_file(const char *text)
{
	char *path = xstrdup("/tmp/mmscope-check-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void check_files(enum check_on on, bool json, const char *const *texts, size_t n)
{
	struct check_options o = { .on = on, .json = json, .nfiles = n };
	const char **path = xcalloc(n, sizeof(*path));
	size_t out_size, err_size, i;
	FILE *out, *err;

	free(got.out);
	free(got.err);
	out = open_memstream(&got.out, &out_size);
	err = open_memstream(&got.err, &err_size);
	for (i = 0; i < n; i++)
		path[i] = write_file(texts[i]);
	o.file = path;
	got.status = check_run(&o, out, err);
	fclose(out);
	fclose(err);
	for (i = 0; i < n; i++) {
		unlink(path[i]);
		free((char *)path[i]);
	}
	free(path);
}

static void check_text(enum check_on on, bool json, const char *text)
{
	check_files(on, json, &text, 1);
}

static void expect(const char *where, const char *what)
{
	if (!strstr(where, what))
		fail_msg("\"%s\" is not in:\n%s", what, where);
}

static void test_predictions(void **state)
{
	(void)state;
	check_text(CHECK_SIM, false,
		   "title Two\nmmap A 4p rw private anon => ok VmSize+16\nfork => ok\n");
	assert_int_equal(got.status, 0);
	assert_string_equal(got.err, "");
	expect(got.out, ": Two: 2 operations, 2 predictions, 0 wrong\n");

	check_text(CHECK_SIM, false,
		   "mmap A 4p rw private anon => ENOMEM VmSize+20 A:4.\nfork => ok\n");
	assert_int_equal(got.status, 1);
	expect(got.out, ":1: mmap A 4p rw private anon: the prediction is wrong in the simulator\n"
	       "    expected ENOMEM, got ok\n    expected VmSize+20, got VmSize+16 (160)\n");
	expect(got.out, "2 predictions, 1 wrong");
}

static void test_warnings(void **state)
{
	(void)state;
	check_text(CHECK_SIM, false, "touch A r\nmunmap text 1p\ntouch B r => skipped: no name B\n"
		   "exit => refused: last process\nkret\nkret => skipped: the task is in user mode\n");
	assert_int_equal(got.status, 0);
	expect(got.err, ":1: warning: touch A r: skipped: no name A\n");
	expect(got.err, ":2: warning: munmap text 1p: refused: text\n");
	assert_null(strstr(got.err, ":3:"));
	assert_null(strstr(got.err, ":4:"));
	expect(got.err, ":5: warning: kret: skipped: the task is in user mode\n");
	assert_null(strstr(got.err, ":6:"));
}

static void test_statuses(void **state)
{
	static const char *const texts[] = { "fork => ENOMEM\n", "fork\n\n  forc\n", "fork\n" };
	const char *missing = "/nonexistent/file.scn";
	struct check_options o = { .file = &missing, .nfiles = 1 };
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	check_files(CHECK_SIM, false, texts, 3);
	assert_int_equal(got.status, 2);
	expect(got.err, ":3:3: an operation expected, not \"forc\"; did you mean \"fork\"?\n");
	expect(got.out, "3 scenarios, 1 wrong prediction\n");
	check_text(CHECK_SIM, false, "profile linux-1.0\nfork\n");
	assert_int_equal(got.status, 2);
	expect(got.err, ":1:9: the name of a profile expected: linux-6.18-x86_64, ");
	assert_int_equal(check_run(&o, null, null), 2);
	fclose(null);
}

/* Under each profile that is named, with what is predicted for it. */
static void profiles(void **state)
{
	static const char text[] = "profile linux-6.18-x86_64 linux-5.10-x86_64\n"
				   "mmap A 4p rw private anon stack => ok vmas=5\n"
				   "mmap B 4p rw private anon => ok vmas=6\n"
				   "under linux-5.10-x86_64 => ok vmas=5\n";

	(void)state;
	check_text(CHECK_SIM, false, text);
	assert_int_equal(got.status, 0);
	expect(got.out, "under linux-6.18-x86_64: 2 operations, 2 predictions, 0 wrong\n");
	expect(got.out, "under linux-5.10-x86_64: 2 operations, 2 predictions, 0 wrong\n");
	check_text(CHECK_SIM, false,
		   "profile linux-5.10-x86_64\nfork => ok\nunder linux-5.10-x86_64 => ENOMEM\n");
	assert_int_equal(got.status, 1);
	expect(got.out, "the prediction is wrong in the simulator, linux-5.10-x86_64\n");
	check_text(CHECK_SIM, false, "under linux-5.10-x86_64 => ok\n");
	expect(got.err, ":1:1: \"under\" stands below the operation it predicts\n");
	check_text(CHECK_SIM, false, "fork\nunder linux-5.10-x86_64\n");
	expect(got.err, ":2:24: \"=> prediction\" expected");
	check_text(CHECK_SIM, false, "fork\nunder linux-5.10-x86 => ok\n");
	expect(got.err, ":2:7: the name of a profile expected, not \"linux-5.10-x86\"; did you mean");
	check_text(CHECK_SIM, false, "fork\nunder linux-5.10-x86_64 => ok\nunder linux-5.10-x86_64 => ok\n");
	expect(got.err, ":3:7: linux-5.10-x86_64 is predicted in line 2 already\n");
	check_text(CHECK_SIM, false, "profile linux-6.1-x86_64\nfork\nunder linux-5.10-x86_64 => ok\n");
	expect(got.err, ":3:7: the line \"profile\" does not name linux-5.10-x86_64\n");
	check_text(CHECK_SIM, false, "profile linux-6.1-x86_64 linux-6.1-x86_64\nfork\n");
	expect(got.err, ":1:26: linux-6.1-x86_64 is named already\n");
}

static unsigned json_lines(const char *text)
{
	unsigned n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		json_error_t why;
		json_t *v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

		if (!v)
			fail_msg("%s in %.*s", why.text, (int)len, text);
		assert_int_equal(json_integer_value(json_object_get(v, "i")), n);
		assert_non_null(json_object_get(v, "vmas"));
		json_decref(v);
		text += len + 1;
		n++;
	}
	return n;
}

static void test_json(void **state)
{
	(void)state;
	check_text(CHECK_SIM, true, "say \"quoted\" \\ text\nmmap A 4p rw shared anon => ok A:2.\n"
		   "touch A 2p w\ntouch Q 3p r\ntouch A-6p 2p w\nbrk Q\nsetrlimit data Q\nfork\n");
	assert_int_equal(got.status, 1);
	assert_int_equal(json_lines(got.out), 8);
	expect(got.err, "expected A:2., got A:4.");
	expect(got.out, "\"op\":\"start\",\"format\":1,\"kernel\":\"linux-6.18-x86_64\","
			"\"proof\":\"proven on the running kernel, Linux 6.18.44\",\"machine\":\"x86_64\"");
	expect(got.out, "\"sp\":\"0x7fffffffee30\",\"mmap_base\":\"0x7ffff7fff000\",\"start_brk\":"
			"\"0x403000\"");
	expect(got.out, "\"predicted\":false}\n");
	expect(got.out, "\"kind\":\"shmem\",\"name\":\"S1\",\"off\":\"0x0\"");
	expect(got.out,
	       "\"op\":\"touch A 2p w\",\"proc\":0,\"res\":\"ok\",\"done\":2,\"minflt\":2");
	expect(got.out, "\"res\":\"SIGSEGV MAPERR\",\"done\":0,\"fault\":\"A-6p\"");
	expect(got.out,
	       "\"op\":\"brk Q\",\"proc\":0,\"res\":\"skipped: no name Q\",\"ret\":\"0x403000\"");
	expect(got.out,
	       "\"res\":\"skipped: no name Q\",\"limits\":{\"stack\":8388608,\"as\":\"unlimited\"");
	expect(got.out, "\"proc\":1,\"res\":\"ok\",\"child\":1,\"minflt\":1");
}

static void test_start(void **state)
{
	(void)state;
	check_text(CHECK_SIM, false,
		   "start stack 64K\nstart as 1M\ntouch stack.end-1 r => ok VmStk=64\n");
	assert_int_equal(got.status, 0);
	/* A program that cannot even start is a failure, not a crash, and told with its line. */
	check_text(CHECK_SIM, false, "title Two\nstart as 100K\nfork\n");
	assert_int_equal(got.status, 1);
	expect(got.err, ":2: the program did not survive its exec: SIGSEGV\n");
	check_text(CHECK_SIM, false, "profile linux-4.3-arm64\nstart stack 0\nfork\n");
	expect(got.err, ":2: the program did not survive its exec: SIGSEGV\n");
	/* The vdso's pages are everybody's: of a share in them smaps shows 0 kB. */
	check_text(CHECK_SIM, true, "start vdso keep\ntouch vdso r\n");
	expect(got.out, "\"name\":\"[vdso]\",\"Size\":8,\"Rss\":4,\"Shared_Clean\":4,\"flags\":");
}

static void test_foreign_kernels(void **state)
{
	static const struct {
		const char *kernel, *machine;
		unsigned overcommit;
		bool foreign;
	} t[] = {
		{ "6.18.44-generic", "x86_64", 0, false }, { "6.18.0", "x86_64", 1, false },
		{ "6.18.0", "x86_64", 2, true },	   { "6.18.0", "aarch64", 0, true },
		{ "6.1.18", "x86_64", 0, true },	   { "6.180.1", "x86_64", 0, true },
		{ "5.10.0", "x86_64", 0, true },
	};
	struct sim_options o;
	size_t i;

	(void)state;
	sim_options_init(&o);
	for (i = 0; i < ARRAY_LEN(t); i++) {
		struct world_info m = { .overcommit_memory = t[i].overcommit };
		char *why;

		snprintf(m.kernel, sizeof(m.kernel), "%s", t[i].kernel);
		snprintf(m.machine, sizeof(m.machine), "%s", t[i].machine);
		why = check_foreign_kernel(&o, &m);
		if (!why != !t[i].foreign)
			fail_msg("%s %s: %s", t[i].kernel, t[i].machine, why ? why : "not foreign");
		free(why);
	}
}

/* Whatever this machine allows: equal where it can be compared, with a reason where not. */
static void test_both(void **state)
{
	(void)state;
	check_text(CHECK_BOTH, false,
		   "mmap A 4p rw private anon => ok\ntouch A w => ok A:A3.\nexec => ok\n"
		   "touch A w => skipped: no name A\n");
	assert_int_equal(got.status, 0);
	if (strstr(got.out, "0 records compared"))
		expect(got.out, "5 not compared (");
	else
		expect(got.out, "3 records compared, equal, 2 not compared (line 3: exec runs in "
				"the simulator only)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles),
		cmocka_unit_test(test_predictions),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_foreign_kernels),
		cmocka_unit_test(test_both),
	};
	int status = cmocka_run_group_tests(tests, NULL, NULL);

	free(got.out);
	free(got.err);
	return status;
}
