/* SPDX-License-Identifier: GPL-2.0-or-later
 * The scenario language: what is understood, what is refused and where, what names mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "mmscope/alloc.h"
#include "src/sim/scenario.h"

static struct scenario *parse(const char *text)
{
	struct scenario *sc = NULL;
	struct error *err = scenario_parse("t.scn", text, strlen(text), &sc);

	if (err)
		fail_msg("%s", err->message);
	return sc;
}

static void test_wrong_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} t[] = {
		{ "mmpa A 4p rw private anon",
		  "t.scn:1:1: an operation expected, not \"mmpa\"; did you mean \"mmap\"?" },
		{ "\n\n  mmap A 4q rw private anon",
		  "t.scn:3:11: one of the suffixes p, K, M, G, T expected in \"4q\"" },
		{ "mmap A 4p rw privat anon",
		  "t.scn:1:14: SHARE expected: private or shared, not \"privat\"; "
		  "did you mean \"private\"?" },
		{ "mmap A 4p rr private anon", "t.scn:1:11: PROT expected" },
		{ "mmap A 4p rw private anon populat",
		  "t.scn:1:27: an option of mmap expected, not \"populat\"; did you mean "
		  "\"populate\"?" },
		{ "mmap A 4p rw private anon fixed",
		  "t.scn:1:32: ADDR expected, but the line ends here" },
		{ "mmap A 4p rw private anon fixed 0x1000 hint 0x2000",
		  "t.scn:1:40: a second place" },
		{ "mmap 4p rw private anon", "t.scn:1:6: NAME" },
		{ "mmap Abcdefghijklmnopqrstuvwx 4p rw private anon", "t.scn:1:6: the name" },
		{ "munmap A 4p 5p", "t.scn:1:13: the operation is complete before \"5p\"" },
		{ "touch A", "t.scn:1:8: MODE expected" },
		{ "touch A 4p z", "t.scn:1:12: MODE expected" },
		{ "touch A.ende r", "t.scn:1:8: .end or .len expected" },
		{ "touch A+ r", "t.scn:1:9: a number" },
		{ "touch 18446744073709551616 r", "t.scn:1:7: a number of 2^64 or more" },
		{ "touch 0x10000000000000000 r", "t.scn:1:7: a number of 2^64 or more" },
		{ "touch 16777216T r", "t.scn:1:7: a number of 2^64 or more" },
		{ "mremap A 1p 1p fixed B fixed C", "t.scn:1:24: a second place" },
		{ "thread T stack 1M stack 2M", "t.scn:1:19: a second stack" },
		{ "exec env 1 args 1 env 1", "t.scn:1:19: a second env" },
		{ "switch P18446744073709551616", "t.scn:1:9: a number of 2^64 or more" },
		{ "expect used:P18446744073709551616=1", "t.scn:1:14: a number of 2^64 or more" },
		{ "touch 0x r", "t.scn:1:7: no digits" },
		{ "switch 1", "t.scn:1:8: a task expected: P0, P1" },
		{ "setrlimit stak 4p", "t.scn:1:11: a limit expected: stack, as, data or memlock, "
				       "not \"stak\"; did you mean \"stack\"?" },
		{ "truncate fil 4p", "t.scn:1:10: file expected" },
		{ "madvise A 4p dontned", "did you mean \"dontneed\"?" },
		{ "msync A 4p", "t.scn:1:11: async, sync or invalidate" },
		{ "fork => ok => ok", "t.scn:1:12: a second =>" },
		{ "=> ok", "t.scn:1:1: a prediction needs an operation" },
		{ "pause => ok", "t.scn:1:1: a prediction needs an operation" },
		{ "seed 3 => ok", "a prediction needs an operation" },
		{ "fork => okay", "t.scn:1:9: a result" },
		{ "fork => ok VmSiz+4", "t.scn:1:12: a figure (minflt, vmas, a counter) or a fact expected, not "
					"\"VmSiz\"; did you mean \"VmSize\"?" },
		{ "fork => ok VmSize+", "t.scn:1:19: no digits" },
		{ "fork => SIGSEGV", "MAPERR, ACCERR or KERNEL" },
		{ "fork => SIGBUS MAPERR", "ADRERR" },
		{ "fork => ok A:3Q", "t.scn:1:15: a page letter" },
		{ "fork => ok A:99999999999999999999A", "2^64" },
		{ "fork => ok A:3", "a page letter" },
		{ "fork => VmSize=4 ok", "t.scn:1:18: FIGURE=n" },
		{ "fork\nstart stack 1M",
		  "t.scn:2:1: \"start\" stands before the first operation" },
		{ "start stak 1M", "did you mean \"stack\"?" },
		{ "start memlock 9M", "hard limit" },
		{ "start vdso", "keep" },
		{ "start vdso kept", "t.scn:1:12: keep expected, not \"kept\"; did you mean" },
		{ "start layout topdown", "t.scn:1:14: bottomup expected, not \"topdown\"" },
		{ "start stack sp", "t.scn:1:13: LEN or unlimited expected, not \"sp\"" },
		{ "start stack 8M-A.len", "t.scn:1:13: LEN or unlimited expected" },
		{ "start stack 8M+", "t.scn:1:16: a number" },
		{ "fork => out of", "t.scn:1:15: out of memory expected, but the line ends here" },
		{ "ram 12", "at least 4M" },
		{ "touch A r \x01", "t.scn:1:11: a byte 0x01" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(t); i++) {
		struct scenario *sc = NULL;
		struct error *err = scenario_parse("t.scn", t[i].text, strlen(t[i].text), &sc);

		if (!err)
			fail_msg("understood: %s", t[i].text);
		assert_int_equal(err->code, ERR_USAGE);
		if (!strstr(err->message, t[i].message))
			fail_msg("%s:\n  %s\n  has no: %s", t[i].text, err->message, t[i].message);
		assert_null(sc);
		error_destroy(err);
	}
}

static void test_limits_of_text(void **state)
{
	char line[600];
	struct scenario *sc = NULL;
	struct error *err;
	char *huge;

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "fork", 4);
	err = scenario_parse("t", line, 512, &sc);
	assert_null(err);
	assert_int_equal(sc->nops, 1);
	scenario_destroy(sc);
	err = scenario_parse("t", line, 513, &sc);
	assert_non_null(strstr(err->message, "t:1:513: a line of more than 512 bytes"));
	error_destroy(err);
	line[512] = '\r';			/* it belongs to the end of the line */
	err = scenario_parse("t", line, 513, &sc);
	assert_null(err);
	scenario_destroy(sc);
	err = scenario_parse("t", "fork\0", 5, &sc);
	assert_non_null(strstr(err->message, "t:1:5: a byte 0x00"));
	error_destroy(err);

	huge = xmalloc(SCENARIO_FILE_MAX + 1);
	memset(huge, '\n', SCENARIO_FILE_MAX + 1);
	err = scenario_parse("t", huge, SCENARIO_FILE_MAX + 1, &sc);
	assert_non_null(strstr(err->message, "at most"));
	error_destroy(err);
	err = scenario_parse("t", huge, SCENARIO_FILE_MAX, &sc);
	assert_null(err);
	scenario_destroy(sc);
	free(huge);
}

static void test_head_and_narration(void **state)
{
	struct scenario *sc =
		parse("title  A => title # with signs \n"
		      "about S3 S13 growth of the stack\n"
		      "about S14 is no row\n"
		      "profile linux-6.18-x86_64\n"
		      "ram 64M # small\n"
		      "cpus 2\nseed 0x10\n"
		      "start stack 2M-1M\nstart as unlimited\nstart vdso keep\nstart layout bottomup\n"
		      "say one => two # three\r\n"
		      "pause\n"
		      "  fork\t=>   ok   minflt=1 # one\n");

	(void)state;
	assert_string_equal(sc->title, "A => title # with signs");
	assert_int_equal(sc->nabout, 2);
	assert_string_equal(sc->about[0].rows, "S3 S13");
	assert_string_equal(sc->about[0].text, "growth of the stack");
	assert_string_equal(sc->about[1].rows, "");
	assert_string_equal(sc->about[1].text, "S14 is no row");
	assert_int_equal(sc->nprofiles, 1);
	assert_string_equal(sim_profile_name(sc->profile[0]), "linux-6.18-x86_64");
	assert_true(sc->has_ram);
	assert_int_equal(sc->options.ram_pages, 16384);
	assert_int_equal(sc->cpus, 2);
	assert_int_equal(sc->options.seed, 16);
	assert_int_equal(sc->options.limit[SIM_LIMIT_STACK], 1 << 20);
	assert_true(sc->options.limit[SIM_LIMIT_AS] == SIM_UNLIMITED);
	assert_true(sc->options.vdso_keep && sc->options.bottomup);
	assert_int_equal(sc->nitems, 3);
	assert_int_equal(sc->nops, 1);
	assert_int_equal(sc->item[0].kind, ITEM_SAY);
	assert_string_equal(sc->item[0].text, "one => two # three");
	assert_int_equal(sc->item[1].kind, ITEM_PAUSE);
	assert_int_equal(sc->item[2].line, 14);
	assert_string_equal(sc->item[2].text, "fork");
	assert_string_equal(sc->item[2].prediction->text, "ok minflt=1");
	scenario_destroy(sc);
}

/* ---- names and numbers -------------------------------------------------------------------- */

static const struct world_info info = {
	.sp = 0x7fffffffee30, .mmap_base = 0x7ffff7fff000, .start_brk = 0x403000,
	.stack_start = 0x7ffffffde000, .stack_end = 0x7ffffffff000,
};

struct stage {
	struct scenario *sc;
	struct scope scope;
	struct sim_op op;
	char why[64];
};

static struct stage stage_of(const char *text)
{
	struct stage s = { .sc = parse(text) };

	scope_init(&s.scope, &info, &s.sc->options);
	return s;
}

static void stage_end(struct stage *s)
{
	scope_free(&s->scope);
	scenario_destroy(s->sc);
}

/* Resolves operation i and lets it succeed with ret. */
static enum verdict stage_run(struct stage *s, size_t i, uint64_t ret)
{
	const struct scenario_op *so = &s->sc->item[i].op;
	struct sim_result res = { .status = SIM_OK, .ret = ret };
	enum verdict v;

	s->why[0] = '\0';
	v = scenario_resolve(s->sc, &s->scope, so, &s->op, s->why);
	if (v == VERDICT_RUN)
		scope_apply(&s->scope, so, &s->op, &res);
	return v;
}

static void test_every_operation(void **state)
{
	struct stage s = stage_of(
		"mmap A 4p+1 rwx shared rofile@2p populate locked noreserve stack 32bit hint "
		"0x5000\n"
		"mprotect A+1p A.len-1p none growsdown\n"
		"mremap A A.len 8p maymove fixed stack-300p dontunmap as B\n"
		"brk +4p\nbrk -1\nbrk heap+2p\n"
		"madvise A 1p guard_install\nmadvise A 1p 77\n"
		"mlock A 1p onfault\nmlockall current future onfault\nmsync A 1p invalidate\n"
		"touch A.end-1 3p+1 x\nstack w -1M\nstack r -4p 2p\n"
		"setrlimit data 24K\nsetrlimit as unlimited\nswitch P0\ntruncate file 3p+1\n"
		"touch mmapbase-1p+0x10 r\nmmap C 1p w private anon fixed 0x10000 growsdown\n");

	(void)state;
	assert_int_equal(stage_run(&s, 0, 0x100000), VERDICT_RUN);
	assert_int_equal(s.op.len, 4 * 4096 + 1);
	assert_int_equal(s.op.addr, 0x5000);
	assert_int_equal(s.op.off, 8192);
	assert_int_equal(s.op.backing, SIM_ROFILE);
	assert_int_equal(s.op.prot, 7);
	assert_int_equal(s.op.flags,
			 MAP_SHARED | MAP_POPULATE | MAP_LOCKED | MAP_NORESERVE | MAP_STACK | 0x40);
	stage_run(&s, 1, 0);
	assert_int_equal(s.op.addr, 0x101000);
	assert_int_equal(s.op.len, 4 * 4096);		/* the name has whole pages */
	assert_int_equal(s.op.prot, PROT_GROWSDOWN);
	stage_run(&s, 2, 0x7ffffff00000);
	assert_int_equal(s.op.newaddr, 0x7ffffffde000 - 300 * 4096);
	assert_int_equal(s.op.flags, 1 | 2 | 4);
	stage_run(&s, 3, 0x407000);
	assert_int_equal(s.op.addr, 0x407000);
	stage_run(&s, 4, 0x406fff);
	assert_int_equal(s.op.addr, 0x406fff);
	stage_run(&s, 5, 0x405000);
	assert_int_equal(s.op.addr, 0x405000);
	stage_run(&s, 6, 0);
	assert_int_equal(s.op.advice, 102);
	assert_int_equal(s.op.addr, 0x100000);	/* as B: A stayed */
	stage_run(&s, 7, 0);
	assert_int_equal(s.op.advice, 77);
	stage_run(&s, 8, 0);
	assert_int_equal(s.op.flags, 1);
	stage_run(&s, 9, 0);
	assert_int_equal(s.op.flags, 7);
	stage_run(&s, 10, 0);
	assert_int_equal(s.op.flags, MS_INVALIDATE);
	stage_run(&s, 11, 0);
	assert_int_equal(s.op.addr, 0x105000 - 1);
	assert_int_equal(s.op.pages, 4);
	assert_int_equal(s.op.mode, 'x');
	stage_run(&s, 12, 0);
	assert_int_equal(s.op.addr, 0x7fffffffee30 - (1 << 20));
	assert_int_equal(s.op.pages, 1);
	stage_run(&s, 13, 0);
	assert_int_equal(s.op.pages, 2);
	stage_run(&s, 14, 0);
	assert_int_equal(s.op.value, 24 << 10);
	assert_int_equal(s.scope.proc[0].limit[SIM_LIMIT_DATA], 24 << 10);
	stage_run(&s, 15, 0);
	assert_true(s.op.value == SIM_UNLIMITED);
	assert_int_equal(stage_run(&s, 16, 0), VERDICT_RUN);
	stage_run(&s, 17, 0);
	assert_int_equal(s.op.len, 3 * 4096 + 1);
	stage_run(&s, 18, 0);
	assert_int_equal(s.op.addr, 0x7ffff7ffe010);
	stage_run(&s, 19, 0);
	assert_int_equal(s.op.flags, MAP_PRIVATE | MAP_FIXED | MAP_GROWSDOWN);
	stage_end(&s);
}

static void test_names(void **state)
{
	struct stage s = stage_of("touch A r\n"
				  "mmap A 4p rw private anon\n"
				  "fork\n"
				  "mmap B 4p rw private anon\n"
				  "switch P0\n"
				  "touch B+A r\n"
				  "touch Bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb r\n"
				  "mremap A 4p 8p maymove\n"
				  "touch A.len r\n"
				  "mmap C A+X rw private file@Y fixed Z\n"
				  "switch P4\n"
				  "setrlimit as Q\n"
				  "switch P4294967296\n"
				  "share kstack P18446744073709551615\n");

	(void)state;
	assert_int_equal(stage_run(&s, 0, 0), VERDICT_SKIPPED);
	assert_string_equal(s.why, "skipped: no name A");
	stage_run(&s, 1, 0x100000);
	stage_run(&s, 2, 0);
	assert_int_equal(s.scope.current, 1);
	stage_run(&s, 3, 0x200000);
	stage_run(&s, 4, 0);
	assert_int_equal(stage_run(&s, 5, 0), VERDICT_SKIPPED);	/* B is the child's */
	assert_string_equal(s.why, "skipped: no name B");
	assert_int_equal(stage_run(&s, 6, 0), VERDICT_SKIPPED);
	assert_string_equal(s.why, "skipped: no name Bbbbbbbbbbbbbbbbbbbbbbb");
	stage_run(&s, 7, 0x300000);
	stage_run(&s, 8, 0);
	assert_int_equal(s.op.addr, 8 * 4096);
	assert_int_equal(stage_run(&s, 9, 0), VERDICT_SKIPPED);
	assert_string_equal(s.why, "skipped: no name Z");
	assert_int_equal(stage_run(&s, 10, 0), VERDICT_SKIPPED);
	assert_string_equal(s.why, "skipped: no process P4");
	assert_int_equal(stage_run(&s, 11, 0), VERDICT_SKIPPED);
	assert_int_equal(stage_run(&s, 12, 0), VERDICT_SKIPPED);
	assert_string_equal(s.why, "skipped: no process P4294967296");
	assert_int_equal(stage_run(&s, 13, 0), VERDICT_SKIPPED);
	assert_string_equal(s.why, "skipped: no process P18446744073709551615");
	stage_end(&s);
}

static void test_refusals(void **state)
{
	static const struct { const char *line, *why; } t[] = {
		{ "mmap A 1p rw private anon fixed text", "refused: text" },
		{ "mmap A 1p rw private anon fixed_noreplace text", NULL },
		{ "mmap A 1p rw private anon hint text", NULL },
		{ "mmap A 2p rw private anon fixed 0x3ff000", "refused: text" },
		{ "mmap A 1p rw private anon fixed 0x3ff000", NULL },
		{ "munmap 0x3ff000 4097", "refused: text" },
		{ "munmap 0 0xffffffffffffffff", "refused: text" },
		{ "munmap data 1p", NULL },
		{ "mprotect text 1 r", "refused: text" },
		{ "madvise text 1p normal", "refused: text" },
		{ "mremap text 1p 2p maymove", "refused: text" },
		{ "mremap data 1p 1p maymove fixed text", "refused: text" },
		{ "mlock text 1p", NULL },
		{ "mseal text 1p", NULL },
		{ "msync text 1p async", NULL },
		{ "touch text+8 x", "refused: execute" },
		{ "touch text r", NULL },
		{ "touch sp x", "refused: execute" },
		{ "touch 0x7fffffffe000 x", "refused: execute" },
		{ "touch 0x7fffffffd000 x", NULL },
		{ "touch 0x7fffffffd000 2p x", "refused: execute" },
		{ "touch 0x800000000000 x", "refused: execute" },
		{ "touch data 64M r", NULL },
		{ "touch data 64M+1 r", "refused: populate cap" },
		{ "mmap A 64M+1p rw private anon", NULL },
		{ "mmap A 64M+1p rw private anon populate", "refused: populate cap" },
		{ "mmap A 64M+1p rw private anon locked", "refused: populate cap" },
		{ "madvise data 65M populate_read", "refused: populate cap" },
		{ "madvise data 65M willneed", NULL },
		{ "truncate file 64M", NULL },
		{ "truncate file 64M+1", "refused: populate cap" },
		{ "exit", "refused: last process" },
		{ "munmap A text", "skipped: no name A" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(t); i++) {
		struct stage s = stage_of(t[i].line);
		enum verdict v = stage_run(&s, 0, 0x100000);

		if ((v == VERDICT_RUN) != !t[i].why || (t[i].why && strcmp(s.why, t[i].why)))
			fail_msg("%s: %s instead of %s", t[i].line, s.why,
				 t[i].why ? t[i].why : "run");
		stage_end(&s);
	}
}

static void test_families(void **state)
{
	struct stage s = stage_of("fork\nfork\nswitch P1\nexit\nswitch P2\nexit\nexit\n");
	struct buf text = BUF_INIT;
	int i;

	(void)state;
	stage_run(&s, 0, 0);
	stage_run(&s, 1, 0);
	stage_run(&s, 2, 0);
	stage_run(&s, 3, 0);			/* P1 ends */
	assert_int_equal(s.scope.current, 0);
	stage_run(&s, 4, 0);
	stage_run(&s, 5, 0);			/* P2's parent is gone, its grandparent goes on */
	assert_int_equal(s.scope.current, 0);
	assert_int_equal(stage_run(&s, 6, 0), VERDICT_REFUSED);
	stage_end(&s);

	for (i = 0; i < 8; i++)
		buf_adds(&text, "fork\n");
	s = stage_of(buf_str(&text));
	for (i = 0; i < 7; i++)
		assert_int_equal(stage_run(&s, i, 0), VERDICT_RUN);
	assert_int_equal(stage_run(&s, 7, 0), VERDICT_REFUSED);
	assert_string_equal(s.why, "refused: too many processes");
	stage_end(&s);

	buf_reset(&text);
	for (i = 0; i <= SIM_MAX_THREADS; i++)
		buf_adds(&text, "thread T stack 64K\n");
	s = stage_of(buf_str(&text));
	for (i = 0; i < SIM_MAX_THREADS; i++)
		assert_int_equal(stage_run(&s, i, 0), VERDICT_RUN);
	assert_int_equal(stage_run(&s, i, 0), VERDICT_REFUSED);
	assert_string_equal(s.why, "refused: too many threads");
	stage_end(&s);
	buf_free(&text);
}

static void check_words(const struct stage *s, uint64_t addr, const char *want)
{
	struct buf b = BUF_INIT;

	scope_words(s->sc, &s->scope, addr, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void test_words(void **state)
{
	struct stage s = stage_of("mmap A 4p rw private anon\nmmap B 1p rw private anon\n");

	(void)state;
	stage_run(&s, 0, 0x100000);
	check_words(&s, 0x103001, "A+3p+1");
	stage_run(&s, 1, 0x102000);		/* bound last, so it has the word */
	check_words(&s, 0x102000, "B");
	check_words(&s, 0x101000, "A+1p");
	check_words(&s, 0x7fffff6fee30, "stack-2271p-464");
	check_words(&s, 0xffffffffff600000, "0xffffffffff600000");
	stage_end(&s);
}

static void test_copy_is_a_value(void **state)
{
	struct stage s = stage_of("mmap A 4p rw private anon\nmmap A 1p rw private anon\n");
	struct scope copy;
	struct scope_binding b;

	(void)state;
	stage_run(&s, 0, 0x100000);
	scope_copy(&copy, &s.scope);
	stage_run(&s, 1, 0x200000);
	assert_true(scope_find(&copy, SYM_NBUILTIN, &b));
	assert_int_equal(b.addr, 0x100000);
	scope_free(&copy);
	stage_end(&s);
}

static void test_failed_line_leaves_nothing(void **state)
{
	struct scenario *sc = scenario_create("prompt");
	struct error *err = scenario_add_line(sc, "touch A+1p+2p q", 15, 1);

	(void)state;
	assert_non_null(err);
	error_destroy(err);
	assert_int_equal(sc->nterms, 0);
	assert_int_equal(sc->nitems, 0);
	assert_null(scenario_add_line(sc, "fork", 4, 2));
	assert_int_equal(sc->nops, 1);
	scenario_destroy(sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_limits_of_text),
		cmocka_unit_test(test_head_and_narration),
		cmocka_unit_test(test_every_operation),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_copy_is_a_value),
		cmocka_unit_test(test_failed_line_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
