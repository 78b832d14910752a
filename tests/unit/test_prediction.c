/* SPDX-License-Identifier: GPL-2.0-or-later
 * Predictions against a state made by hand, and the records of two states compared.
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
#include "src/sim/gen.h"
#include "src/sim/play.h"

static void add_vma(struct world_state *st, uint64_t start, uint64_t pages, const char *letters)
{
	struct world_vma *v = world_state_add(st);

	v->start = start;
	v->end = start + pages * SIM_PAGE;
	v->kb[WORLD_Size] = pages * 4;
	strcpy(v->perm, "rw-p");
	v->flags = st->text.len;
	buf_add(&st->text, "rd wr", 6);
	v->pages = st->text.len;
	buf_add(&st->text, letters, strlen(letters) + 1);
}

/* Two VMAs with a hole of two pages between them. */
static void make_state(struct world_state *st)
{
	memset(st, 0, sizeof(*st));
	add_vma(st, 0x100000, 4, "A2.Z");
	add_vma(st, 0x106000, 2, "2f");
	st->counter[WORLD_VmSize] = 160;
	st->counter[WORLD_RssAnon] = 8;
}

/* What is wrong with the prediction; "" when it is right. */
static char *check(const char *prediction)
{
	char text[256];
	struct scenario *sc = NULL;
	struct world_info info = { .stack_start = 0x7ffffffde000, .stack_end = 0x7ffffffff000 };
	struct sim_result res = { .status = SIM_OK, .ret = 0x100000 };
	struct claim_base before = { { 0 } };
	struct world_state st;
	struct scope scope;
	struct error *err;
	struct buf wrong = BUF_INIT;
	struct sim_op op;
	char why[64];

	snprintf(text, sizeof(text), "mmap A 8p rw private anon => %s\n", prediction);
	err = scenario_parse("t", text, strlen(text), &sc);
	if (err)
		fail_msg("%s", err->message);
	scope_init(&scope, &info, &sc->options);
	scenario_resolve(sc, &scope, &sc->item[0].op, &op, why);
	scope_apply(&scope, &sc->item[0].op, &op, &res);
	make_state(&st);
	before.figure[WORLD_VmSize] = 144;
	before.figure[WORLD_RssAnon] = 12;
	before.figure[FIGURE_VMAS] = 2;
	if (prediction_check(sc, &scope, sc->item[0].prediction, "SIGSEGV MAPERR", &st, 3, &before, NULL,
			     &wrong))
		assert_int_equal(wrong.len, 0);
	world_state_free(&st);
	scope_free(&scope);
	scenario_destroy(sc);
	return buf_take(&wrong);
}

static void test_claims(void **state)
{
	static const struct {
		const char *prediction, *wrong;
	} t[] = {
		{ "", "" },
		{ "SIGSEGV MAPERR", "" },
		{ "ok", "expected ok, got SIGSEGV MAPERR\n" },
		{ "SIGSEGV ACCERR", "expected SIGSEGV ACCERR, got SIGSEGV MAPERR\n" },
		{ "out of memory minflt=3", "expected out of memory, got SIGSEGV MAPERR\n" },
		{ "refused", "expected refused:, got SIGSEGV MAPERR\n" },
		{ "refused: text", "expected refused: text, got SIGSEGV MAPERR\n" },
		{ "skipped: no name B VmSize=160",
		  "expected skipped: no name B, got SIGSEGV MAPERR\n" },
		{ "VmSize=160 VmSize+16 RssAnon-4 minflt=3 vmas=2 vmas+0", "" },
		{ "VmSize=160K VmSize+4p RssAnon-4K", "" },
		{ "VmSize=164", "expected VmSize=164, got VmSize=160\n" },
		{ "VmSize+20", "expected VmSize+20, got VmSize+16 (160)\n" },
		{ "RssAnon+0", "expected RssAnon+0, got RssAnon-4 (8)\n" },
		{ "vmas+1", "expected vmas+1, got vmas+0 (2)\n" },
		{ "A:A2.Z2-2f", "" },
		{ "A:A..Z--ff", "" },
		{ "A:A2.Z2-2F", "expected A:A2.Z2-2F, got A:A2.Z2-2f\n" },
		{ "A:A2.Z", "expected A:A2.Z, got A:A2.Z2-2f\n" },
		{ "B:A", "expected B:A, but nothing is named B\n" },
		{ "A@0x100000 A@A.end-8p", "" },
		{ "A@0x101000", "expected A@0x101000 (0x101000), got A@0x100000\n" },
		{ "A@B", "expected A@B, but nothing is named B\n" },
		{ "stack:33-", "" },
		{ "minflt=1 vmas=1",
		  "expected minflt=1, got minflt=3\nexpected vmas=1, got vmas=2\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(t); i++) {
		char *wrong = check(t[i].prediction);

		if (strcmp(wrong, t[i].wrong))
			fail_msg("=> %s: %s", t[i].prediction, wrong);
		free(wrong);
	}
}

static unsigned differences(void (*change)(struct record *r), const char *want)
{
	struct record a = { .op = "fork" }, b = { .op = "fork" };
	struct buf diff = BUF_INIT;
	unsigned n;

	make_state(&a.state);
	make_state(&b.state);
	strcpy(a.res, "ok");
	strcpy(b.res, "ok");
	change(&b);
	n = record_compare(&a, &b, &diff, 10);
	assert_string_equal(buf_str(&diff), want);
	buf_free(&diff);
	record_free(&a);
	record_free(&b);
	return n;
}

static void no_change(struct record *r)
{
	r->has_fault = true;			/* words for people are not compared */
}

static void change_result(struct record *r)
{
	strcpy(r->res, "ENOMEM");
	r->has_ret = true;
	r->minflt = 2;
}

static void change_pages(struct record *r)
{
	r->state.text.data[r->state.vma[0].pages] = 'a';
	r->state.vma[1].kb[WORLD_Pss] = 2;
}

static void change_layout(struct record *r)
{
	r->state.vma[0].end += SIM_PAGE;
	r->state.nvmas = 1;
}

static void test_compare(void **state)
{
	(void)state;
	assert_int_equal(differences(no_change, ""), 0);
	assert_int_equal(differences(change_result,
				     "res: ok | ENOMEM\nret: absent | there\nminflt: 0 | 2\n"),
			 3);
	assert_int_equal(
		differences(change_pages,
			    "100000-104000 pages: A2.Z | a2.Z\n106000-108000 Pss: 0 | 2\n"),
		2);
	assert_int_equal(differences(change_layout, "100000-104000 rw-p: there | absent\n"
				     "100000-105000 rw-p: absent | there\n"
				     "106000-108000 rw-p: there | absent\n"), 3);
}

static uint64_t hash(const char *s)
{
	uint64_t h = 14695981039346656037ull;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return h;
}

/* Every machine makes the same scenarios, and what is made is understood. */
static void test_generator(void **state)
{
	static const uint64_t known[GEN_NPROFILES] = {
		[GEN_STACK] = 0x63be798fc6d9c532ull,
		[GEN_VMA] = 0xbad7e4ee9b11afe5ull,
		[GEN_FORK] = 0x7fe4c56dfcb5af19ull,
		[GEN_BRK] = 0x62f56bbbbb197f01ull,
		[GEN_MIXED] = 0x1904d7adfb1e79a0ull,
		[GEN_KERNEL] = 0x6ee7f4a7d1db3ac3ull,
		[GEN_WILD] = 0x9730e929826aa140ull,
	};
	int p;

	(void)state;
	for (p = 0; p < GEN_NPROFILES; p++) {
		struct buf text = BUF_INIT, again = BUF_INIT;
		struct scenario *sc = NULL;
		struct error *err;

		gen_scenario((enum gen_profile)p, 12345, 500, &text);
		gen_scenario((enum gen_profile)p, 12345, 500, &again);
		assert_string_equal(text.data, again.data);
		err = scenario_parse("random", text.data, text.len, &sc);
		if (err)
			fail_msg("%s", err->message);
		assert_int_equal(sc->nops, 500);
		if (hash(text.data) != known[p])
			fail_msg("profile %s: 0x%llxull", gen_profile_name[p],
				 (unsigned long long)hash(text.data));
		scenario_destroy(sc);
		buf_free(&text);
		buf_free(&again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_generator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
