/* SPDX-License-Identifier: GPL-2.0-or-later
 * How VMAs that grow down did so: one record for each, known by its end, which stays.
 */
#ifndef SESSION_GROWTH_H
#define SESSION_GROWTH_H
#include "mmscope/session.h"

enum { GROWTH_SIZES = 64, GROWTH_RECORDS = 1024 };

struct growth_record {
	uint64_t vma_end;
	uint64_t sizes[GROWTH_SIZES];	/* newest last */
	uint64_t time_ns[GROWTH_SIZES];	/* when it had them */
	uint64_t amount[GROWTH_SIZES];	/* and by how much it had grown */
	struct growth growth;		/* its sizes point to the array above when found */
};

struct growths {
	struct growth_record *v;
	size_t n, cap;
};

void growths_add(struct growths *g, const struct event *grew_down);
bool growths_find(const struct growths *g, uint64_t vma_end, struct growth *ret);
void growths_back(struct growths *g, uint64_t time_ns);	/* what came later did not happen */
void growths_clear(struct growths *g);
void growths_free(struct growths *g);

#endif
