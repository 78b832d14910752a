/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as operations of the simulated machine: the invariants hold after each, and
 * undoing everything gives the start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/buf.h"
#include "src/sim/sim.h"

#define OPS_MAX 64
#define RECORD 16		/* bytes an operation takes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t address(const struct sim *s, const uint8_t *p)
{
	static const uint64_t bases[] = {
		0x400000, 0x403000, 0x7ffff7fff000,    0x7ffffffff000, 0x200000000000,
		0x10000,  0,	    0xfffffffffffff000
	};
	struct sim_vma v;
	uint64_t off = (uint64_t)(int8_t)p[1] * 4096 + (p[2] & 1 ? p[2] : 0);
	size_t n = sim_vma_count(s, sim_current(s));

	if ((p[0] & 1) && n && sim_vma_at(s, sim_current(s), p[0] / 2 % n, &v))
		return v.start + off;
	return bases[p[0] / 2 % 8] + off;
}

/* Few names, so that they meet again. */
static void name_of(struct sim_op *op, const uint8_t *p)
{
	static const char *const names[] = { "read", "f", "g", "deep", "page_fault", "debug", "double_fault", "W" };

	op->task = p[15] % 12;
	if (op->kind < SIM_OP_CALL && op->kind != SIM_OP_THREAD)
		return;
	snprintf(op->name, sizeof(op->name), "%s", names[p[14] % 8]);
	if (op->kind == SIM_OP_THREAD)
		return;
	op->value = p[13] % 20;
	op->flags &= 1;
	if (op->kind == SIM_OP_KTHREAD)
		op->len = p[4] % 4 ? 0 : (uint64_t)(p[4] & 31) << 10;
	else
		op->len = (uint64_t)p[4] << (p[5] % 9);
}

static struct sim_op op_of(const struct sim *s, const uint8_t *p)
{
	struct sim_op op = {
		.kind = (enum sim_op_kind)(p[0] % (SIM_NOPS + 1)),
		.addr = address(s, p + 1),
		.len = (uint64_t)(p[4] | (p[5] & 3) << 8) * 4096 + (p[5] & 128 ? p[5] : 0),
		.prot = p[6] & 7,
		.flags = p[7] | (uint32_t)p[8] << 12,
		.advice = p[9],
		.backing = (enum sim_backing)(p[10] % 3),
		.limit = (enum sim_limit)(p[10] % SIM_NLIMITS),
		.off = (uint64_t)(p[11] & 127) * 4096,
		.pages = p[11] & 63,
		.mode = "rwx"[p[12] % 3],
		.proc = p[12] % 9,
		.newlen = (uint64_t)p[12] * 4096,
		.newaddr = address(s, p + 13),
		.value = p[13] == 255 ? SIM_UNLIMITED : (uint64_t)p[13] << 16,
		.guard = (uint64_t)(p[13] & 3) * 4096,
	};

	if (op.kind == SIM_OP_MMAP || op.kind == SIM_OP_MREMAP)
		op.flags = (uint32_t)(p[7] & 0x73) | (uint32_t)(p[8] & 0x31) << 8;
	if (op.kind == SIM_OP_MREMAP || op.kind == SIM_OP_MLOCK || op.kind == SIM_OP_MLOCKALL ||
	    op.kind == SIM_OP_MSYNC)
		op.flags &= 7;
	name_of(&op, p);
	if (op.kind == SIM_OP_THREAD)
		op.newlen = p[12] % 5 ? 0 : 8192;
	return op;
}

static void must_hold(const struct sim *s)
{
	struct buf why = BUF_INIT;

	if (!sim_check(s, &why))
		abort();
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_options o;
	struct sim_result r;
	struct sim *s;
	uint64_t start, end;
	sim_pos last;

	sim_options_init(&o);
	o.ram_pages = 8192;
	/* The last byte chooses the kernel: all profiles come by. */
	if (size && sim_profile_at(data[size - 1] % 16u))
		o.profile = sim_profile_at(data[size - 1] % 16u);
	o.max_map_count = 40;
	s = sim_create(&o, NULL);
	if (!s)
		return 0;
	start = sim_digest(s);
	for (size_t i = 0; i < OPS_MAX && (i + 1) * RECORD <= size; i++) {
		struct sim_op op = op_of(s, data + i * RECORD);

		sim_exec(s, &op, &r);
		must_hold(s);
	}
	last = sim_position(s);
	end = sim_digest(s);
	sim_seek(s, sim_start(s));
	if (sim_digest(s) != start)
		abort();
	sim_seek(s, last);
	if (sim_digest(s) != end)
		abort();
	sim_destroy(s);
	return 0;
}
