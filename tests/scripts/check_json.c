/* SPDX-License-Identifier: GPL-2.0-or-later
 * check_json [--lines] [--get PATH]... SCHEMA: reads JSON from standard input, one
 * document or one a line, and holds it against the schema and against what holds beyond
 * it. --get prints a value of each document (`vmas.0.start`, `vmas.#` is a count, `-` is
 * absent). Status 1: it does not hold, 2: the schema or the JSON is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scripts/document.h"
#include "tests/scripts/json_schema.h"

enum { GETS = 16 };

static void print_value(const json_t *doc, const char *path)
{
	char *copy = strdup(path), *rest = copy, *word;
	const json_t *v = doc;

	while (v && (word = strsep(&rest, "."))) {
		if (!strcmp(word, "#")) {
			printf("%zu\n",
			       json_is_array(v) ? json_array_size(v) : json_object_size(v));
			free(copy);
			return;
		}
		v = json_is_array(v) ? json_array_get(v, strtoul(word, NULL, 10)) :
			json_object_get(v, word);
	}
	if (json_is_string(v))
		puts(json_string_value(v));
	else if (v)
		json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_COMPACT), putchar('\n');
	else
		puts("-");
	free(copy);
}

static int check(const json_t *schema, const char *text, size_t n, char *const *gets)
{
	struct buf why = BUF_INIT;
	json_error_t err;
	json_t *doc = json_loadb(text, n, JSON_REJECT_DUPLICATES, &err);
	int status = 0;

	if (!doc) {
		fprintf(stderr, "not JSON: line %d, column %d: %s\n", err.line, err.column,
			err.text);
		return 2;
	}
	if (!schema_fits(schema, doc, &why) || !document_holds(doc, &why)) {
		fprintf(stderr, "%s\n", buf_str(&why));
		status = 1;
	}
	for (; *gets; gets++)
		print_value(doc, *gets);
	buf_free(&why);
	json_decref(doc);
	return status;
}

int main(int argc, char **argv)
{
	char *gets[GETS + 1] = { NULL }, *line = NULL;
	size_t ngets = 0, cap = 0;
	struct buf why = BUF_INIT;
	bool lines = false;
	json_error_t err;
	json_t *schema;
	ssize_t n;
	int status = 0, count = 0, at = 1;

	for (; at + 1 < argc; at++) {
		if (!strcmp(argv[at], "--lines"))
			lines = true;
		else if (!strcmp(argv[at], "--get") && ngets < GETS)
			gets[ngets++] = argv[++at];
		else
			break;
	}
	schema = at + 1 == argc ? json_load_file(argv[at], JSON_REJECT_DUPLICATES, &err) : NULL;
	if (!schema || !schema_sound(schema, &why)) {
		fprintf(stderr, "no schema: %s\n", schema ? buf_str(&why) : argv[argc - 1]);
		return 2;
	}
	while (status == 0 && (n = getdelim(&line, &cap, lines ? '\n' : EOF, stdin)) > 0) {
		status = check(schema, line, (size_t)n, gets);
		count++;
	}
	if (count == 0) {
		fputs("nothing to check\n", stderr);
		status = 2;
	}
	free(line);
	buf_free(&why);
	json_decref(schema);
	return status;
}
