/* SPDX-License-Identifier: GPL-2.0-or-later
 * The table of sources. A new one is a row here.
 */
#include "mmscope/source.h"

#include <string.h>

#include "mmscope/alloc.h"

const struct source_ops *const sources[] = {
	&live_source_ops,
	&sim_source_ops,
	NULL,
};

struct error *source_open(const char *name, const struct source_options *o, struct source **ret)
{
	const char *colon = strchr(name, ':');
	size_t n = colon ? (size_t)(colon - name) : strlen(name);

	for (int i = 0; colon && sources[i]; i++)
		if (strlen(sources[i]->scheme) == n && !strncmp(sources[i]->scheme, name, n))
			return sources[i]->open(colon + 1, o, ret);
	return error_create(ERR_USAGE, "there is no source called %.*s", (int)n, name);
}

void source_close(struct source *src)
{
	if (src)
		src->ops->close(src);
}
