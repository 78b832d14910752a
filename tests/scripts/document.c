/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/scripts/document.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool covered(const json_t *reasons, const char *path)
{
	size_t i;
	json_t *r;

	json_array_foreach(reasons, i, r) {
		const char *what = json_string_value(json_object_get(r, "what"));
		size_t n = what ? strlen(what) : 0;

		if (what && !strncmp(what, path, n) &&
		    (!path[n] || path[n] == '.' || path[n] == '['))
			return true;
	}
	return false;
}

static bool nulls_have_reasons(const json_t *reasons, const json_t *v, const char *path,
			       struct buf *why)
{
	char below[256];
	const char *key;
	json_t *e;
	size_t i;

	if (json_is_null(v) && !covered(reasons, path)) {
		buf_addf(why, "%s is null and nothing says why", path);
		return false;
	}
	snprintf(below, sizeof(below), "%s[]", path);
	json_array_foreach(v, i, e)
		if (!nulls_have_reasons(reasons, e, below, why))
			return false;
	json_object_foreach((json_t *)v, key, e) {
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
		if (!nulls_have_reasons(reasons, e, below, why))
			return false;
	}
	return true;
}

static uint64_t address(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? strtoull(s, NULL, 16) : 0;
}

/* Pages that a code has in all, resident, anonymous and huge. */
struct counts {
	uint64_t all, resident, anonymous, huge;
};

static struct counts count_pages(const char *code)
{
	struct counts c = { 0 };

	while (*code) {
		uint64_t n = isdigit((unsigned char)*code) ? strtoull(code, (char **)&code, 10) : 1;

		c.all += n;
		if (strchr("AaFfH", *code))
			c.resident += n;
		if (strchr("Aa", *code))
			c.anonymous += n;
		if (*code++ == 'H')
			c.huge += n;
	}
	return c;
}

static bool vma_holds(const json_t *v, uint64_t above, struct buf *why)
{
	uint64_t start = address(v, "start"), end = address(v, "end");
	const char *code = json_string_value(json_object_get(v, "pages"));
	const json_t *rss = json_object_get(v, "rss"), *anon = json_object_get(v, "anonymous");
	uint64_t bytes = (uint64_t)json_integer_value(rss);
	struct counts c;

	if (start >= end || start < above)
		buf_addf(why, "VMA at 0x%llx overlaps or is not sorted", (unsigned long long)start);
	else if ((uint64_t)json_integer_value(json_object_get(v, "size")) != end - start)
		buf_addf(why, "VMA at 0x%llx: wrong size", (unsigned long long)start);
	if (why->len || !code)
		return !why->len;
	c = count_pages(code);
	if (c.all * 4096 != end - start)
		buf_addf(why, "VMA at 0x%llx: %llu pages in its code", (unsigned long long)start,
			 (unsigned long long)c.all);
	/* Huge pages are of hugetlbfs, and in no Rss, or they are not. */
	else if (json_is_integer(rss) && bytes != c.resident * 4096 &&
		 (!c.huge || c.huge != c.resident || bytes))
		buf_addf(why, "VMA at 0x%llx: rss is not what its pages say",
			 (unsigned long long)start);
	else if (!c.huge && json_is_integer(anon) &&
		 (uint64_t)json_integer_value(anon) != c.anonymous * 4096)
		buf_addf(why, "VMA at 0x%llx: anonymous is not what its pages say",
			 (unsigned long long)start);
	return !why->len;
}

bool document_holds(const json_t *doc, struct buf *why)
{
	uint64_t above = 0;
	size_t i;
	json_t *v;

	if (json_object_get(doc, "event") || json_object_get(doc, "interfaces"))
		return true;
	if (!nulls_have_reasons(json_object_get(doc, "unavailable"), doc, "", why))
		return false;
	json_array_foreach(json_object_get(doc, "vmas"), i, v) {
		if (!vma_holds(v, above, why))
			return false;
		above = address(v, "end");
	}
	return true;
}
