/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is written of a program that was just started and is over at once, whenever it is
 * caught. The source shows what the test says; the child is only there to be waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/batch.h"
#include "mmscope/snapshot.h"

/* Each letter a sample: 'm' it has memory, 'x' it has given it back, '$' it has ended. */
struct told {
	struct source base;
	const char *next;
	uint64_t seq;
};

static struct error *told_sample(struct source *src, const struct source_want *want,
				 const struct snapshot **ret)
{
	struct told *t = (struct told *)src;
	struct snapshot *s = snapshot_create();

	(void)want;
	s->source = "live";
	s->seq = ++t->seq;
	s->process.pid = 4242;
	s->process.state = 'R';
	s->mm[MM_VM_SIZE] = *t->next == 'x' ? UNKNOWN : 4096;
	s->process.ended = *t->next++ == '$';
	*ret = s;
	return NULL;
}

static const struct source_ops told_ops = { .scheme = "told", .sample = told_sample };

/* Which sample was written, and the status. */
static void check(const char *samples, const char *written, int status)
{
	char program[] = "true", *argv[] = { program, NULL };
	struct told t = { .base.ops = &told_ops, .next = samples };
	struct batch_options o = { .format = BATCH_TEXT, .samples = 1 };
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct error *err;

	assert_null(child_start(argv, &o.child));
	err = batch_run(&t.base, out, &o);
	child_stop(o.child);
	fclose(out);
	if (!strstr(text, written))
		fail_msg("%s: no '%s' in %s", samples, written, text);
	assert_int_equal(err ? (int)err->code : 0, status);
	error_destroy(err);
	free(text);
}

static void test_over_at_once(void **state)
{
	(void)state;
	check("mm", "live sample 2", 0);
	/* Over by now: as exec left it. */
	check("m$", "live sample 1", 0);
	check("mx", "live sample 1", 0);
	/* Over before it was looked at. */
	check("xx", "live sample 2", ERR_ENDED);
	check("x$", "live sample 2", ERR_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_over_at_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
