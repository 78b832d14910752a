/* SPDX-License-Identifier: GPL-2.0-or-later
 * Call frame information as objdump interprets it: for each function the largest
 * distance of the CFA from the stack pointer, less what the call itself pushed.
 */
#include <stdlib.h>
#include <string.h>

#include "src/frames/functions.h"

static int by_address(const void *va, const void *vb)
{
	const struct function *const *a = va, *const *b = vb;

	return (*a)->address < (*b)->address ? -1 : (*a)->address > (*b)->address;
}

static struct function *at(struct function *const *v, size_t n, uint64_t address)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (v[mid]->address <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || v[lo - 1]->address != address)
		return NULL;
	/* In an object file each section begins at 0: whose of several it is nobody says. */
	return lo > 1 && v[lo - 2]->address == address ? NULL : v[lo - 1];
}

/* What the call pushed before the function's first instruction. */
static uint64_t pushed(const char *reg)
{
	static const struct { const char *reg; uint64_t bytes; } regs[] = {
		{ "rsp+", 8 }, { "esp+", 4 }, { "sp+", 0 },
	};

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		if (!strncmp(reg, regs[i].reg, strlen(regs[i].reg)))
			return regs[i].bytes;
	return UINT64_MAX;
}

static void row(const char *line, struct function *f)
{
	const char *cfa = line + strspn(line, "0123456789abcdef");
	uint64_t less, bytes;

	cfa += strspn(cfa, " ");
	less = pushed(cfa);
	if (less == UINT64_MAX) {
		f->cfi_least = true;
		return;
	}
	bytes = strtoull(strchr(cfa, '+') + 1, NULL, 10);
	bytes = bytes > less ? bytes - less : 0;
	if (f->cfi == UINT64_MAX || bytes > f->cfi)
		f->cfi = bytes;
}

void cfi_parse(FILE *in, struct functions *f)
{
	struct function **sorted = calloc(f->n ? f->n : 1, sizeof(*sorted));
	struct function *now = NULL;
	char *line = NULL;
	const char *pc;
	size_t cap = 0;

	if (!sorted)
		return;
	for (size_t i = 0; i < f->n; i++)
		sorted[i] = &f->v[i];
	qsort(sorted, f->n, sizeof(*sorted), by_address);
	while (getline(&line, &cap, in) >= 0) {
		if (strstr(line, " CIE ")) {
			now = NULL;
		} else if (strstr(line, " FDE ") && (pc = strstr(line, "pc="))) {
			now = at(sorted, f->n, strtoull(pc + 3, NULL, 16));
		} else if (now && strspn(line, "0123456789abcdef") >= 8) {
			row(line, now);
		}
	}
	free(line);
	free(sorted);
}
