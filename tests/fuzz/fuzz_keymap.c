/* SPDX-License-Identifier: GPL-2.0-or-later
 * Key tables: what is bound is found again under its name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/keymap.h"
#include "mmscope/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keymap map = { 0 };
	struct error *err = keymap_parse(&map, "fuzz", (const char *)data, size);
	char name[16];

	if (err && strncmp(err->message, "fuzz:", 5))
		abort();
	for (size_t i = 0; i < map.n; i++) {
		const struct key_binding *b = &map.bindings[i];
		const char *command = keymap_find(&map, b->context, b->key);
		uint32_t key;

		if (!utf8_valid(b->command, strlen(b->command)) || !*b->command)
			abort();
		if (!key_parse(key_name(b->key, name), &key) || key != b->key)
			abort();
		if (command ? command != b->command : strcmp(b->command, "none") != 0)
			abort();
	}
	keymap_free(&map);
	error_destroy(err);
	return 0;
}
