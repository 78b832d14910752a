/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/keymap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "ui/core/builtin.h"

/* The first name of a key is the one it is shown by. */
static const struct { uint32_t key; const char *name; } names[] = {
	{ KEY_TAB, "Tab" }, { KEY_BACKTAB, "S-Tab" }, { KEY_ENTER_, "Enter" }, { KEY_ESC, "Esc" },
	{ KEY_SPACE, "Space" }, { KEY_BACKSPACE_, "Backspace" },
	{ KEY_UP_, "Up" }, { KEY_DOWN_, "Down" }, { KEY_LEFT_, "Left" }, { KEY_RIGHT_, "Right" },
	{ KEY_PGUP, "PgUp" }, { KEY_PGDN, "PgDn" }, { KEY_HOME_, "Home" }, { KEY_END_, "End" },
	{ KEY_DELETE, "Delete" }, { KEY_INSERT, "Insert" },
	/* What terminals send for these letters is the named key. */
	{ KEY_TAB, "C-i" }, { KEY_ENTER_, "C-m" }, { KEY_BACKSPACE_, "C-h" }, { KEY_ESC, "C-[" }, { KEY_ENTER_, "C-j" },
	{ KEY_PGUP, "PageUp" }, { KEY_PGDN, "PageDown" }, { KEY_ENTER_, "Return" },
};

const char *key_name(uint32_t key, char out[16])
{
	char utf8[4];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].key == key)
			return strcpy(out, names[i].name);
	if (key >= KEY_F1 && key <= KEY_F12)
		snprintf(out, 16, "F%u", (unsigned)(key - KEY_F1 + 1));
	else if (key > 0 && key < 0x20)
		snprintf(out, 16, "C-%c", (char)(key < 27 ? key + 'a' - 1 : key + '@'));
	else if (key > 0x20 && key != 0x7f && key < KEYS_SPECIAL && text_width1(key) > 0)
		snprintf(out, 16, "%.*s", (int)utf8_encode(key, utf8), utf8);
	else
		snprintf(out, 16, "U+%04X", (unsigned)key);
	return out;
}

static bool parse_control(const char *letter, uint32_t *ret)
{
	char ch = letter[0];

	if (letter[1])
		return false;
	if (ch >= 'a' && ch <= 'z')
		*ret = KEY_CTRL_((uint32_t)ch);
	else if (ch == '\\' || ch == ']' || ch == '^' || ch == '_')
		*ret = KEY_CTRL_((uint32_t)ch);
	else
		return false;
	return true;
}

static bool parse_function(const char *digits, uint32_t *ret)
{
	unsigned n = 0;

	for (const char *p = digits; *p; p++) {
		if (*p < '0' || *p > '9' || n > 12)
			return false;
		n = 10 * n + (unsigned)(*p - '0');
	}
	if (n < 1 || n > 12 || digits[0] == '0')
		return false;
	*ret = KEY_F1 + n - 1;
	return true;
}

bool key_parse(const char *name, uint32_t *ret)
{
	size_t len = strlen(name);
	uint32_t ch;

	/* Every name is longer than one byte. */
	for (size_t i = 0; len > 1 && i < ARRAY_LEN(names); i++) {
		if (!strcmp(names[i].name, name)) {
			*ret = names[i].key;
			return true;
		}
	}
	if (name[0] == 'C' && name[1] == '-' && name[2])
		return parse_control(name + 2, ret);
	if (name[0] == 'F' && name[1])
		return parse_function(name + 1, ret);
	if (!len || utf8_decode(name, len, &ch) != (int)len || ch <= 0x20 || text_width1(ch) == 0)
		return false;
	*ret = ch;
	return true;
}

/* ---- the table ---- */

/* Of many names most differ at once. */
static bool same(const char *a, const char *b)
{
	return *a == *b && !strcmp(a, b);
}

static struct key_binding *find(const struct keymap *map, const char *context, uint32_t key)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->bindings[i].key == key && same(map->bindings[i].context, context))
			return &map->bindings[i];
	return NULL;
}

static void bind(struct keymap *map, const char *context, uint32_t key, char *command)
{
	struct key_binding *b = find(map, context, key);

	if (b) {
		free(b->command);
		b->command = command;
		return;
	}
	VEC_GROW(map->bindings, map->n, map->cap);
	map->bindings[map->n++] = (struct key_binding){ xstrdup(context), key, command };
}

static bool blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* The next word of s up to end; *s moves behind it. */
static char *take_word(const char **s, const char *end)
{
	const char *start;

	while (*s < end && blank(**s))
		++*s;
	start = *s;
	while (*s < end && !blank(**s))
		++*s;
	return xstrndup(start, (size_t)(*s - start));
}

static unsigned column(const char *line, const char *at)
{
	unsigned col = 1;

	for (; line < at; line++)
		col += ((unsigned char)*line & 0xc0) != 0x80;
	return col;
}

static bool is_context(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') && *s != '-')
			return false;
	return true;
}

static struct error *parse_line(struct keymap *map, const char *file, unsigned number,
				const char *line, const char *end)
{
	const char *p = line, *key_end, *command_end;
	char *context = take_word(&p, end), *key = NULL, *command = NULL;
	unsigned context_col = column(line, p - strlen(context)), key_col;
	struct error *err = NULL;
	uint32_t code;

	if (!*context || *context == '#')
		goto out;
	key = take_word(&p, end);
	key_end = p;
	key_col = column(line, key_end - strlen(key));
	command = take_word(&p, end);
	command_end = p;
	while (end > command_end && blank(end[-1]))
		end--;
	if (!is_context(context))
		err = error_at(file, number, context_col, "'%s' is no context: global, prompt or the "
			       "name of a view", context);
	else if (!*key)
		err = error_at(file, number, key_col, "a key and a command are missing");
	else if (!key_parse(key, &code))
		err = error_at(file, number, key_col, "'%s' is no key: a character, or a name such as "
			       "Up, F5, C-l, Space, Enter, Esc, S-Tab", key);
	else if (!*command)
		err = error_at(file, number, column(line, command_end), "the command is missing");
	else if (!utf8_valid(line, (size_t)(end - line)) || memchr(line, '\0', (size_t)(end - line)))
		err = error_at(file, number, 0, "the line is not UTF-8 text");
	if (!err)
		bind(map, context, code, xstrndup(command_end - strlen(command),
						  strlen(command) + (size_t)(end - command_end)));
out:
	free(context);
	free(key);
	free(command);
	return err;
}

struct error *keymap_parse(struct keymap *map, const char *file, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	unsigned number = 0;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;
		struct error *err;

		number++;
		if (stop > p && stop[-1] == '\r')
			stop--;
		err = parse_line(map, file, number, p, stop);
		if (err)
			return err;
		p = eol ? eol + 1 : end;
	}
	return NULL;
}

void keymap_defaults(struct keymap *map)
{
	struct error *err = keymap_parse(map, "default.keys", builtin_keys, strlen(builtin_keys));

	/* A test parses it; a build with a broken one does not pass. */
	if (err) {
		fprintf(stderr, "mmscope: %s\n", err->message);
		abort();
	}
}

void keymap_free(struct keymap *map)
{
	for (size_t i = 0; i < map->n; i++) {
		free(map->bindings[i].context);
		free(map->bindings[i].command);
	}
	free(map->bindings);
	*map = (struct keymap){ 0 };
}

/* `none` takes a binding away; in a view's context it hides the global one. */
static const char *command_of(const struct key_binding *b)
{
	return strcmp(b->command, "none") ? b->command : NULL;
}

const char *keymap_find(const struct keymap *map, const char *context, uint32_t key)
{
	const struct key_binding *b = find(map, context, key);

	if (!b)
		b = find(map, "global", key);
	return b ? command_of(b) : NULL;
}

uint32_t keymap_key_of(const struct keymap *map, const char *context, const char *command)
{
	uint32_t global = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct key_binding *b = &map->bindings[i];
		bool own;

		if (!same(b->command, command))
			continue;
		own = same(b->context, context);
		/* Not a global key that the context uses for something else. */
		if ((!own && (global || strcmp(b->context, "global"))) ||
		    keymap_find(map, context, b->key) != b->command)
			continue;
		if (own)
			return b->key;
		global = b->key;
	}
	return global;
}
