/* SPDX-License-Identifier: GPL-2.0-or-later
 * What kernel functions take by their code. It is read where it runs, so that no file of
 * the kernel is needed, and what the kernel patched at boot, and its modules, are as they are.
 */
#include <string.h>

#include "src/live/kstack.h"
#include "src/live/takes.h"

/* A part that was split off begins at a depth that its code does not tell. */
static bool by_code(struct kstacks *k, const struct kname *f, uint64_t return_address,
		    struct code_takes *ret)
{
	uint64_t n = f->end - f->start;
	const void *code = NULL;

	if (KERNEL_CODE_KNOWN && n <= TAKES_CODE_MOST && !strstr(f->name, ".cold"))
		code = peek_at(&k->peek, f->start, n);
	return code && code_takes(code, n, return_address - f->start, ret);
}

uint64_t kcode_takes(struct kstacks *k, uint64_t return_address)
{
	struct kname *f = knames_bounds(&k->names, return_address);
	struct code_takes t;

	if (f && !f->takes_asked && by_code(k, f, return_address, &t))
		f->takes = t.most;
	if (f)
		f->takes_asked = true;
	return f ? f->takes : 0;
}

void kcode_learn_gaps(struct kstacks *k, const uint64_t *address, size_t n)
{
	/* Not the outermost: it is entry code, which nobody calls. */
	for (size_t i = 0; i + 1 < n; i++) {
		const struct kname *f = knames_bounds(&k->names, address[i]);
		struct code_takes t;

		if (f && !kgaps_knows(&k->gaps, address[i]) && by_code(k, f, address[i], &t) &&
		    t.here)
			kgaps_learn(&k->gaps, address[i], t.here);
	}
}
