/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/scripts/json_schema.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "mmscope/alloc.h"

enum { DEPTH = 32 };

struct place {
	const json_t *root;	/* of the schema */
	struct buf path;	/* in the document */
	struct buf *why;
	int depth;
};

/* Only the first complaint is kept: the rest follows from it. */
static bool complain(struct place *p, const char *fmt, ...)
{
	va_list ap;

	if (p->why->len)
		return false;
	buf_addf(p->why, "%s: ", p->path.len ? buf_str(&p->path) : "document");
	va_start(ap, fmt);
	buf_vaddf(p->why, fmt, ap);
	va_end(ap);
	return false;
}

/* Patterns */

static pcre2_code *compile(const char *pattern)
{
	int code;
	PCRE2_SIZE at;

	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY,
			     &code, &at, NULL);
}

/* Not by JIT: its stack is too small for the code of a VMA with very many runs. */
static bool matches(const char *pattern, const char *s, size_t n)
{
	static struct { char *pattern; pcre2_code *code; pcre2_match_data *data; } cache[64];
	size_t i = 0;

	while (i < ARRAY_LEN(cache) && cache[i].pattern && strcmp(cache[i].pattern, pattern))
		i++;
	if (i == ARRAY_LEN(cache))
		return false;
	if (!cache[i].pattern) {
		cache[i].pattern = xstrdup(pattern);
		cache[i].code = compile(pattern);
		cache[i].data = pcre2_match_data_create(8, NULL);
	}
	return pcre2_match(cache[i].code, (PCRE2_SPTR)s, n, 0, 0, cache[i].data, NULL) >= 0;
}

/* Is the schema itself in order? */

static bool sound(struct place *p, const json_t *schema);

static bool sound_text(struct place *p, const json_t *v)
{
	return json_is_string(v) || complain(p, "not a string");
}

static bool sound_any(struct place *p, const json_t *v)
{
	(void)p;
	(void)v;
	return true;
}

static const char *const type_names[] = {
	"null", "boolean", "integer", "number", "string", "array", "object", NULL,
};

static bool sound_type(struct place *p, const json_t *v)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;

	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_is_array(v) ? json_array_get(v, i) : v);
		int known = 0;

		while (name && type_names[known] && strcmp(type_names[known], name))
			known++;
		if (!name || !type_names[known])
			return complain(p, "unknown type %s", name ? name : "");
	}
	return n > 0 || complain(p, "no type");
}

static bool sound_pattern(struct place *p, const json_t *v)
{
	pcre2_code *code = json_is_string(v) ? compile(json_string_value(v)) : NULL;
	bool ok = code != NULL;

	pcre2_code_free(code);
	return ok || complain(p, "not a pattern");
}

static bool sound_integer(struct place *p, const json_t *v)
{
	return json_is_integer(v) || complain(p, "not an integer");
}

static bool sound_bool(struct place *p, const json_t *v)
{
	return json_is_boolean(v) || complain(p, "not true or false");
}

static bool sound_names(struct place *p, const json_t *v)
{
	size_t i;
	json_t *e;

	if (!json_is_array(v))
		return complain(p, "not an array");
	json_array_foreach(v, i, e)
		if (!json_is_string(e))
			return complain(p, "not a name");
	return true;
}

static bool sound_array(struct place *p, const json_t *v)
{
	return (json_is_array(v) && json_array_size(v)) || complain(p, "not an array of values");
}

static bool sound_schemas(struct place *p, const json_t *v)
{
	size_t i;
	json_t *e;

	if (!sound_array(p, v))
		return false;
	json_array_foreach(v, i, e)
		if (!sound(p, e))
			return false;
	return true;
}

static bool sound_members(struct place *p, const json_t *v)
{
	const char *key;
	json_t *e;

	if (!json_is_object(v))
		return complain(p, "not an object");
	json_object_foreach((json_t *)v, key, e) {
		size_t len = p->path.len;
		bool ok;

		buf_addf(&p->path, "/%s", key);
		ok = sound(p, e);
		p->path.len = len;
		p->path.data[len] = '\0';
		if (!ok)
			return false;
	}
	return true;
}

static const json_t *resolve(const struct place *p, const char *ref)
{
	static const char prefix[] = "#/definitions/";

	if (!ref || strncmp(ref, prefix, sizeof(prefix) - 1))
		return NULL;
	return json_object_get(json_object_get(p->root, "definitions"), ref + sizeof(prefix) - 1);
}

static bool sound_ref(struct place *p, const json_t *v)
{
	return resolve(p, json_string_value(v)) || complain(p, "no such definition");
}

static const struct {
	const char *name;
	bool (*sound)(struct place *p, const json_t *v);
} keywords[] = {
	{ "$schema", sound_text }, { "title", sound_text }, { "description", sound_text },
	{ "$ref", sound_ref }, { "type", sound_type }, { "const", sound_any },
	{ "enum", sound_array }, { "pattern", sound_pattern }, { "minimum", sound_integer },
	{ "properties", sound_members }, { "required", sound_names },
	{ "additionalProperties", sound_bool }, { "items", sound }, { "anyOf", sound_schemas },
	{ "oneOf", sound_schemas }, { "definitions", sound_members },
};

static bool sound(struct place *p, const json_t *schema)
{
	const char *key;
	json_t *v;

	if (!json_is_object(schema))
		return complain(p, "a schema is an object");
	json_object_foreach((json_t *)schema, key, v) {
		size_t i = 0;

		while (i < ARRAY_LEN(keywords) && strcmp(keywords[i].name, key))
			i++;
		if (i == ARRAY_LEN(keywords))
			return complain(p, "unknown keyword %s", key);
		if (!keywords[i].sound(p, v))
			return false;
	}
	return true;
}

bool schema_sound(const json_t *schema, struct buf *why)
{
	struct place p = { .root = schema, .path = BUF_INIT, .why = why };
	bool ok = sound(&p, schema);

	buf_free(&p.path);
	return ok;
}

/* Does a value fit? */

static bool fits(struct place *p, const json_t *schema, const json_t *v);

static const char *type_of(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL: return "null";
	case JSON_TRUE:
	case JSON_FALSE: return "boolean";
	case JSON_INTEGER: return "integer";
	case JSON_REAL: return "number";
	case JSON_STRING: return "string";
	case JSON_ARRAY: return "array";
	default: return "object";
	}
}

static bool fits_type(struct place *p, const json_t *types, const json_t *v)
{
	size_t n = json_is_array(types) ? json_array_size(types) : 1;
	const char *is = type_of(v);

	for (size_t i = 0; i < n; i++) {
		const json_t *type = json_is_array(types) ? json_array_get(types, i) : types;
		const char *name = json_string_value(type);

		if (!strcmp(name, is) || (!strcmp(name, "number") && !strcmp(is, "integer")))
			return true;
	}
	return complain(p, "has the wrong type, %s", is);
}

static bool fits_choice(struct place *p, const char *word, const json_t *choices, const json_t *v)
{
	struct buf first = BUF_INIT, *why = p->why;
	size_t i, hits = 0;
	json_t *s;

	json_array_foreach(choices, i, s) {
		struct buf one = BUF_INIT;

		p->why = &one;
		if (fits(p, s, v))
			hits++;
		else
			buf_addf(&first, "%s[%s]", i ? " or " : "", buf_str(&one));
		buf_free(&one);
	}
	p->why = why;
	if (hits == 0)
		complain(p, "fits none: %s", buf_str(&first));
	else if (hits > 1 && !strcmp(word, "oneOf"))
		complain(p, "fits %zu where one is allowed", hits);
	buf_free(&first);
	return hits == 1 || (hits && !strcmp(word, "anyOf"));
}

static bool fits_member(struct place *p, const json_t *schema, const char *key, const json_t *v)
{
	size_t len = p->path.len;
	bool ok;

	buf_addf(&p->path, "%s%s", len ? "." : "", key);
	ok = fits(p, schema, v);
	p->path.len = len;
	p->path.data[len] = '\0';
	return ok;
}

static bool fits_object(struct place *p, const json_t *schema, const json_t *v)
{
	const json_t *properties = json_object_get(schema, "properties"), *s;
	const json_t *more = json_object_get(schema, "additionalProperties");
	const char *key;
	json_t *e;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, e)
		if (!json_object_get(v, json_string_value(e)))
			return complain(p, "lacks %s", json_string_value(e));
	if (!properties)
		return true;
	json_object_foreach((json_t *)v, key, e) {
		s = json_object_get(properties, key);
		if (!s && !json_is_true(more))
			return complain(p, "has the unknown member %s", key);
		if (s && !fits_member(p, s, key, e))
			return false;
	}
	return true;
}

static bool fits_array(struct place *p, const json_t *items, const json_t *v)
{
	char index[24];
	size_t i;
	json_t *e;

	json_array_foreach(v, i, e) {
		snprintf(index, sizeof(index), "%zu", i);
		if (!fits_member(p, items, index, e))
			return false;
	}
	return true;
}

static bool fits_value(struct place *p, const json_t *schema, const json_t *v)
{
	const json_t *s;
	size_t i;
	json_t *e;

	s = json_object_get(schema, "const");
	if (s && !json_equal(s, v))
		return complain(p, "is not the one value allowed");
	s = json_object_get(schema, "enum");
	json_array_foreach(s, i, e)
		if (json_equal(e, v))
			break;
	if (s && i == json_array_size(s))
		return complain(p, "is none of the values allowed");
	s = json_object_get(schema, "pattern");
	if (s && json_is_string(v) &&
	    !matches(json_string_value(s), json_string_value(v), json_string_length(v)))
		return complain(p, "does not match %s: %s", json_string_value(s),
				json_string_value(v));
	s = json_object_get(schema, "minimum");
	if (s && json_is_number(v) && json_number_value(v) < json_number_value(s))
		return complain(p, "is too small");
	return true;
}

static bool fits(struct place *p, const json_t *schema, const json_t *v)
{
	const json_t *s = json_object_get(schema, "$ref");
	bool ok = true;

	if (++p->depth > DEPTH) {
		complain(p, "too deep");
		ok = false;
	} else if (s) {
		ok = fits(p, resolve(p, json_string_value(s)), v);
	} else {
		s = json_object_get(schema, "type");
		ok = (!s || fits_type(p, s, v)) && fits_value(p, schema, v);
		s = json_object_get(schema, "anyOf");
		ok = ok && (!s || fits_choice(p, "anyOf", s, v));
		s = json_object_get(schema, "oneOf");
		ok = ok && (!s || fits_choice(p, "oneOf", s, v));
		ok = ok && (!json_is_object(v) || fits_object(p, schema, v));
		s = json_object_get(schema, "items");
		ok = ok && (!s || !json_is_array(v) || fits_array(p, s, v));
	}
	p->depth--;
	return ok;
}

bool schema_fits(const json_t *schema, const json_t *value, struct buf *why)
{
	struct place p = { .root = schema, .path = BUF_INIT, .why = why };
	bool ok = fits(&p, schema, value);

	buf_free(&p.path);
	return ok;
}
