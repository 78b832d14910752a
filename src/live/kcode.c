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

/* How far the frame reaches that returns there; 0: not to be told, or it varies. */
static uint64_t gap_of(struct kstacks *k, uint64_t address)
{
	const struct kname *f = knames_bounds(&k->names, address);
	struct code_takes t;

	if (f && !kgaps_knows(&k->gaps, address) && by_code(k, f, address, &t) && t.here)
		kgaps_learn(&k->gaps, address, t.here);
	return f ? kgaps_find(&k->gaps, address) : 0;
}

void kcode_learn_gaps(struct kstacks *k, const uint64_t *address, size_t n)
{
	/* Not the outermost: it is entry code, which nobody calls. */
	for (size_t i = 0; i + 1 < n; i++)
		gap_of(k, address[i]);
}

size_t kcode_switches(struct kstacks *k, size_t sp, size_t end, struct kframe ret[SWITCHES_MOST])
{
	const struct btf_field *f = &k->layout.switch_return;
	size_t slot = sp + f->offset, n = 0;

	if (!f->size || slot + 8 > end)
		return 0;
	/* The registers that the switch saved, and where it will return to. */
	ret[n++] = (struct kframe){ .function = "__switch_to_asm", .offset = sp,
				    .bytes = slot + 8 - sp };
	while (slot + 8 < end && n < SWITCHES_MOST) {
		uint64_t address = kstack_word(k->copy, slot), bytes;

		kstack_ask(k, address);
		bytes = gap_of(k, address);
		if (!bytes)
			return 0;
		ret[n++] = (struct kframe){ .function = knames_find(&k->names, address),
					    .offset = slot + 8, .bytes = bytes,
					    .takes = kcode_takes(k, address) };
		slot += bytes;
	}
	return slot + 8 == end ? n : 0;
}
