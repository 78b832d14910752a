/* SPDX-License-Identifier: GPL-2.0-or-later
 * The judge itself: the schema we ship is sound, and wrong documents are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"
#include "tests/scripts/document.h"
#include "tests/scripts/json_schema.h"

static json_t *parse(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

static json_t *shipped(void)
{
	char *dir = path_bundled(BUNDLED_SCHEMA), *path = xasprintf("%s/mmscope-1.schema.json", dir);
	json_t *schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(schema);
	free(path);
	free(dir);
	return schema;
}

static void test_shipped_is_sound(void **state)
{
	struct buf why = BUF_INIT;
	json_t *schema = shipped();

	(void)state;
	assert_true(schema_sound(schema, &why));
	assert_string_equal(buf_str(&why), "");
	json_decref(schema);
}

static void test_unsound(void **state)
{
	static const char *const schemas[] = {
		"[]", "{\"tpye\":\"string\"}", "{\"type\":\"strin\"}", "{\"pattern\":\"(\"}",
		"{\"minimum\":\"0\"}", "{\"$ref\":\"#/definitions/x\"}", "{\"properties\":{\"a\":{\"typ\":1}}}",
		"{\"items\":{\"format\":\"x\"}}", "{\"anyOf\":[]}", "{\"oneOf\":[{\"x\":1}]}", "{\"type\":[]}",
		"{\"required\":\"a\"}", "{\"enum\":1}", "{\"definitions\":{\"a\":{\"maximum\":1}}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		struct buf why = BUF_INIT;
		json_t *schema = parse(schemas[i]);

		assert_false(schema_sound(schema, &why));
		assert_true(why.len > 0);
		buf_free(&why);
		json_decref(schema);
	}
}

static void test_each_keyword(void **state)
{
	static const struct { const char *schema, *value; bool fits; } cases[] = {
		{ "{\"type\":\"string\"}", "\"x\"", true },
		{ "{\"type\":\"string\"}", "1", false },
		{ "{\"type\":[\"integer\",\"null\"]}", "null", true },
		{ "{\"type\":[\"integer\",\"null\"]}", "1.5", false },
		{ "{\"type\":\"boolean\"}", "0", false },
		{ "{\"const\":\"a\"}", "\"a\"", true },
		{ "{\"const\":\"a\"}", "\"b\"", false },
		{ "{\"enum\":[\"a\",\"b\"]}", "\"b\"", true },
		{ "{\"enum\":[\"a\",\"b\"]}", "\"c\"", false },
		{ "{\"pattern\":\"^0x[0-9a-f]+$\"}", "\"0x1f\"", true },
		{ "{\"pattern\":\"^0x[0-9a-f]+$\"}", "\"0x1F\"", false },
		{ "{\"pattern\":\"^0x[0-9a-f]+$\"}", "\"0x1f\\n\"", false },
		{ "{\"minimum\":0}", "0", true },
		{ "{\"minimum\":0}", "-1", false },
		{ "{\"required\":[\"a\"]}", "{\"a\":1}", true },
		{ "{\"required\":[\"a\"]}", "{\"b\":1}", false },
		{ "{\"properties\":{\"a\":{\"type\":\"null\"}}}", "{\"a\":null}", true },
		{ "{\"properties\":{\"a\":{\"type\":\"null\"}}}", "{\"a\":1}", false },
		{ "{\"properties\":{\"a\":{\"type\":\"null\"}}}", "{\"b\":null}", false },
		{ "{\"properties\":{},\"additionalProperties\":true}", "{\"b\":null}", true },
		{ "{\"items\":{\"type\":\"integer\"}}", "[1,2]", true },
		{ "{\"items\":{\"type\":\"integer\"}}", "[1,\"2\"]", false },
		{ "{\"anyOf\":[{\"const\":1},{\"minimum\":1}]}", "1", true },
		{ "{\"anyOf\":[{\"const\":1},{\"minimum\":1}]}", "0", false },
		{ "{\"oneOf\":[{\"const\":1},{\"minimum\":1}]}", "2", true },
		{ "{\"oneOf\":[{\"const\":1},{\"minimum\":1}]}", "1", false },
		{ "{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{\"const\":1}}}", "1", true },
		{ "{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{\"const\":1}}}", "2", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf why = BUF_INIT;
		json_t *schema = parse(cases[i].schema), *v = parse(cases[i].value);

		assert_true(schema_sound(schema, &why));
		assert_int_equal(schema_fits(schema, v, &why), cases[i].fits);
		assert_int_equal(why.len == 0, cases[i].fits);
		buf_free(&why);
		json_decref(schema);
		json_decref(v);
	}
}

/* A small document, and ways to spoil it. */
static const char document[] =
	"{\"schema\":\"mmscope/1\",\"source\":\"live\",\"time_ns\":1,"
	"\"process\":{\"pid\":1,\"ppid\":0,\"comm\":\"x\",\"exe\":\"/x\",\"state\":\"S\",\"kthread\":false},"
	"\"mm\":null,\"limits\":{\"stack\":1,\"as\":\"unlimited\",\"data\":1,\"memlock\":null},"
	"\"faults\":{\"minor\":1,\"major\":0},"
	"\"vmas\":[{\"start\":\"0x1000\",\"end\":\"0x4000\",\"perms\":\"rw-p\",\"offset\":\"0x0\","
	"\"dev\":\"00:00\",\"inode\":0,\"role\":\"bss\",\"size\":12288,\"rss\":8192,\"pss\":null,"
	"\"anonymous\":4096,\"swap\":null,\"locked\":null,\"flags\":null,\"pages\":\"AF.\"}],"
	"\"tasks\":[],\"cpus\":null,\"unavailable\":["
	"{\"what\":\"mm\",\"why\":\"w\",\"try\":\"\"},{\"what\":\"limits.memlock\",\"why\":\"w\",\"try\":\"\"},"
	"{\"what\":\"vmas[].pss\",\"why\":\"w\",\"try\":\"\"},{\"what\":\"vmas[].swap\",\"why\":\"w\",\"try\":\"\"},"
	"{\"what\":\"vmas[].locked\",\"why\":\"w\",\"try\":\"\"},{\"what\":\"vmas[].flags\",\"why\":\"w\",\"try\":\"\"},"
	"{\"what\":\"cpus\",\"why\":\"w\",\"try\":\"\"}]}";

/* Replaces the first `from` in the document. */
static char *spoiled(const char *from, const char *to)
{
	const char *at = strstr(document, from);

	assert_non_null(at);
	return xasprintf("%.*s%s%s", (int)(at - document), document, to, at + strlen(from));
}

static bool holds(json_t *schema, const char *text)
{
	struct buf why = BUF_INIT;
	json_t *doc = parse(text);
	bool ok = schema_fits(schema, doc, &why) && document_holds(doc, &why);

	buf_free(&why);
	json_decref(doc);
	return ok;
}

static void test_wrong_documents(void **state)
{
	static const struct { const char *from, *to; } wrong[] = {
		{ "mmscope/1", "mmscope/2" }, { "\"live\"", "\"dead\"" }, { "\"time_ns\":1,", "" },
		{ "\"0x1000\"", "4096" }, { "\"0x1000\"", "\"0X1000\"" }, { "\"0x1000\"", "\"0x01000\"" },
		{ "rw-p", "rw-" }, { "AF.", "AF" }, { "AF.", "AF.." }, { "AF.", "A#." }, { "AF.", "AFf" },
		{ "AF.", "1A1F." }, { "\"bss\"", "\"BSS\"" }, { "12288", "12287" }, { "8192", "4096" },
		{ "\"anonymous\":4096", "\"anonymous\":8192" }, { "\"anonymous\":4096", "\"anonymous\":-1" },
		{ "\"kthread\":false", "\"kthread\":0" }, { "\"x\"", "\"\\u001bx\"" },
		{ "\"state\":\"S\"", "\"state\":\"sleeping\"" }, { "\"faults\"", "\"fault\"" },
		{ "\"what\":\"mm\"", "\"what\":\"nn\"" }, { "\"what\":\"vmas[].pss\"", "\"what\":\"vmas[].psss\"" },
		{ "\"why\":\"w\"", "\"why\":\"\"" }, { "\"major\":0", "\"major\":null" },
		{ "\"inode\":0", "\"inode\":0,\"surprise\":1" }, { "\"cpus\":null", "\"cpus\":{}" },
		{ "\"unlimited\"", "\"infinity\"" },
	};
	json_t *schema = shipped();

	(void)state;
	assert_true(holds(schema, document));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char *text = spoiled(wrong[i].from, wrong[i].to);

		if (holds(schema, text))
			fail_msg("accepted with %s instead of %s", wrong[i].to, wrong[i].from);
		free(text);
	}
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_is_sound),
		cmocka_unit_test(test_unsound),
		cmocka_unit_test(test_each_keyword),
		cmocka_unit_test(test_wrong_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
