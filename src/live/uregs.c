/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include "src/live/uregs.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/stacks.h"
#include "src/live/kwalk.h"

/* As an entry from user mode leaves them on the stack: struct pt_regs of x86_64. */
static const int8_t order[] = {
	15, 14, 13, 12, REG_RBP, REG_RBX, 11, 10, 9, 8, REG_RAX, REG_RCX, REG_RDX, REG_RSI,
	REG_RDI, -1 /* number of the call */, REG_RIP, -1 /* cs */, -1 /* flags */, REG_RSP,
	-1 /* ss */,
};
enum { WORDS = ARRAY_LEN(order), AT_CS = 17 };

/* Room that some configurations leave above them (FRED). */
static const uint64_t paddings[] = { 0, 16 };

struct uregs {
	struct peek peek;
	struct klayout layout;
	struct kwalk walk;
	struct ktask last;		/* the thread asked for last; tid 0: none */
};

struct uregs *uregs_open(void)
{
	struct uregs *u = xcalloc(1, sizeof(*u));
	const char *missing = "";

	if (peek_open(&u->peek)) {
		free(u);
		return NULL;
	}
	if (klayout_read(BTF_PATH, &u->layout, &missing) ||
	    u->layout.regs_size != WORDS * sizeof(uint64_t) ||
	    !kwalk_init(&u->walk, &u->peek, &u->layout)) {
		peek_close(&u->peek);
		free(u);
		return NULL;
	}
	return u;
}

void uregs_close(struct uregs *u)
{
	if (!u)
		return;
	kwalk_deinit(&u->walk);
	peek_close(&u->peek);
	free(u);
}

static bool find(struct uregs *u, pid_t tgid, pid_t tid)
{
	struct ktask now;

	if (u->last.tid == tid && kwalk_again(&u->walk, &u->last, &now)) {
		u->last = now;
		return true;
	}
	/* Its siblings were read along with one that was asked for before. */
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < u->walk.n; i++) {
			if (u->walk.task[i].tid == tid &&
			    kwalk_again(&u->walk, &u->walk.task[i], &now)) {
				u->last = now;
				return true;
			}
		}
		if (!again)
			kwalk_read(&u->walk, tgid);
	}
	u->last.tid = 0;
	return false;
}

static uint64_t stack_size(struct uregs *u, const struct ktask *t)
{
	const struct btf_field *f = &u->layout.nr_pages;
	const uint8_t *area = NULL;

	if (t->vm_area >> 63 && f->size)
		area = peek_at(&u->peek, t->vm_area, f->offset + f->size);
	return area ? kfield(area, f) * (uint64_t)sysconf(_SC_PAGESIZE) : kstack_documented_size();
}

/* The words that an entry from user mode left, if what they say of the mode fits. */
static bool read_words(struct uregs *u, uint64_t size, uint64_t padding, uint64_t words[WORDS])
{
	const void *bytes = peek_at(&u->peek, u->last.stack + size - padding - WORDS * sizeof(*words),
				    WORDS * sizeof(*words));

	if (!bytes)
		return false;
	memcpy(words, bytes, WORDS * sizeof(*words));
	return (words[AT_CS] & 3) == 3;
}

/* `in_call`: sp and pc are those that *ret has, and what the call will return is not there
 * yet. Else an interrupt took it from its CPU in the midst of its own code. */
static bool read_registers(struct uregs *u, bool in_call, struct registers *ret)
{
	uint64_t size = stack_size(u, &u->last), words[WORDS];

	for (size_t i = 0; i < ARRAY_LEN(paddings) && size > sizeof(words) + paddings[i]; i++) {
		struct registers all = { .known = 0 };

		if (!read_words(u, size, paddings[i], words))
			continue;
		for (size_t k = 0; k < WORDS; k++)
			if (order[k] >= 0 && !(in_call && order[k] == REG_RAX))
				reg_set(&all, (unsigned)order[k], words[k]);
		if (in_call && (all.value[REG_RSP] != ret->value[REG_RSP] ||
				all.value[REG_RIP] != ret->value[REG_RIP]))
			continue;
		*ret = all;
		return true;
	}
	return false;
}

bool uregs_read(struct uregs *u, pid_t tgid, pid_t tid, struct registers *ret)
{
	return find(u, tgid, tid) && !u->last.on_cpu && u->last.stack >> 63 &&
	       read_registers(u, true, ret);
}

bool uregs_read_waiting(struct uregs *u, pid_t tgid, pid_t tid, struct registers *ret)
{
	struct ktask before;

	if (!find(u, tgid, tid) || u->last.on_cpu || u->last.state != 'R' || !(u->last.stack >> 63))
		return false;
	before = u->last;
	return read_registers(u, false, ret) && find(u, tgid, tid) && !u->last.on_cpu &&
	       u->last.switches[0] == before.switches[0] && u->last.switches[1] == before.switches[1];
}
