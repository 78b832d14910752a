/* SPDX-License-Identifier: GPL-2.0-or-later
 * Key names and the table of bindings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/keymap.h"

static void test_names_round_trip(void **state)
{
	static const char *const keys[] = {
		"q", "N", "?", "#", "é", "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End",
		"Tab", "S-Tab", "Enter", "Esc", "Space", "Backspace", "Delete", "Insert", "F1", "F12",
		"C-a", "C-l", "C-z", "C-\\", "C-_", "C",
	};
	char name[16];
	uint32_t key;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_true(key_parse(keys[i], &key));
		assert_string_equal(key_name(key, name), keys[i]);
	}
	for (key = 1; key < 0x20; key++) {
		uint32_t again;

		assert_true(key_parse(key_name(key, name), &again));
		assert_int_equal(again, key == 8 ? KEY_BACKSPACE_ : key == 10 ? KEY_ENTER_ : key);
	}
}

static void test_other_names(void **state)
{
	static const struct { const char *name; uint32_t key; } cases[] = {
		{ "C-m", KEY_ENTER_ }, { "C-i", KEY_TAB }, { "C-h", KEY_BACKSPACE_ },
		{ "C-[", KEY_ESC }, { "PageUp", KEY_PGUP }, { "F", 'F' },
	};
	static const char *const none[] = {
		"", "up", "F0", "F13", "F01", "F1x", "F99999999999", "C-", "C-ab", "C-1", "ab", "\001",
		" ", "\xff", "Super",
	};
	uint32_t key;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(key_parse(cases[i].name, &key));
		assert_int_equal(key, cases[i].key);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(key_parse(none[i], &key));
}

static void parse(struct keymap *map, const char *text)
{
	assert_null(keymap_parse(map, "k", text, strlen(text)));
}

static void test_contexts(void **state)
{
	struct keymap map = { 0 };

	(void)state;
	parse(&map, "# a comment\n\nglobal q quit\n  global\tUp  up  \nmap Up pan 3 rows\r\n");
	assert_string_equal(keymap_find(&map, "map", KEY_UP_), "pan 3 rows");
	assert_string_equal(keymap_find(&map, "table", KEY_UP_), "up");
	assert_string_equal(keymap_find(&map, "map", 'q'), "quit");
	assert_null(keymap_find(&map, "map", 'x'));
	/* A later file wins, and may take a key away. */
	parse(&map, "global q none\nmap q leave\nmap Up none");
	assert_null(keymap_find(&map, "table", 'q'));
	assert_string_equal(keymap_find(&map, "map", 'q'), "leave");
	assert_null(keymap_find(&map, "map", KEY_UP_));
	keymap_free(&map);
	assert_null(keymap_find(&map, "map", 'q'));
}

static void test_key_of(void **state)
{
	struct keymap map = { 0 };

	(void)state;
	parse(&map, "global s sort\nglobal S sort\nmap s zoom\nglobal z zoom\nmap x only\n");
	assert_int_equal(keymap_key_of(&map, "table", "sort"), 's');
	assert_int_equal(keymap_key_of(&map, "map", "sort"), 'S');	/* s is zoom there */
	assert_int_equal(keymap_key_of(&map, "map", "zoom"), 's');
	assert_int_equal(keymap_key_of(&map, "table", "only"), 0);
	keymap_free(&map);
}

static void test_errors(void **state)
{
	static const struct { const char *text, *message; } cases[] = {
		{ "global", "k:1:7: a key and a command are missing" },
		{ "\nglobal q", "k:2:9: the command is missing" },
		{ "global Upp up", "k:1:8: 'Upp' is no key: a character, or a name such as "
		  "Up, F5, C-l, Space, Enter, Esc, S-Tab" },
		{ "Global q quit", "k:1:1: 'Global' is no context: global, prompt or the name of a view" },
		{ "global é q\nglobal \033[A up", "k:2:8: '\\x1b[A' is no key: a character, or a name "
		  "such as Up, F5, C-l, Space, Enter, Esc, S-Tab" },
		{ "global q qu\xff" "it", "k:1: the line is not UTF-8 text" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct keymap map = { 0 };
		struct error *err = keymap_parse(&map, "k", cases[i].text, strlen(cases[i].text));

		assert_non_null(err);
		assert_string_equal(err->message, cases[i].message);
		assert_int_equal(err->code, ERR_USAGE);
		error_destroy(err);
		keymap_free(&map);
	}
}

static void test_defaults(void **state)
{
	struct keymap map = { 0 };
	char name[16];

	(void)state;
	keymap_defaults(&map);
	assert_true(map.n > 40);
	assert_string_equal(keymap_find(&map, "map", 'q'), "quit");
	assert_string_equal(keymap_find(&map, "map", 'k'), "up");
	assert_int_equal(keymap_key_of(&map, "map", "up"), KEY_UP_);
	for (size_t i = 0; i < map.n; i++) {
		uint32_t key;

		assert_true(key_parse(key_name(map.bindings[i].key, name), &key));
		assert_int_equal(key, map.bindings[i].key);
	}
	keymap_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_round_trip),
		cmocka_unit_test(test_other_names),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_key_of),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
