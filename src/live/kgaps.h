/* SPDX-License-Identifier: GPL-2.0-or-later
 * How large the frame is that a return address belongs to, learnt from stacks on which it
 * stands in one place only. A function's frame has one size at one call, unless it
 * allocates on the stack; so what is sure on one stack decides where another leaves a
 * choice between the true place and what earlier calls left behind.
 */
#ifndef LIVE_KGAPS_H
#define LIVE_KGAPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t kstack_word(const uint8_t *stack, size_t at)
{
	uint64_t word;

	memcpy(&word, stack + at, sizeof(word));
	return word;
}

struct kgap {
	uint64_t address;
	uint64_t bytes;		/* to the next return address; 0: it varies */
};
struct kgaps {
	size_t n, cap;
	struct kgap *gap;	/* sorted by address */
};

void kgaps_deinit(struct kgaps *g);
void kgaps_learn(struct kgaps *g, uint64_t address, uint64_t bytes);
/* Whether anything was learnt of it, be it that it varies. */
bool kgaps_knows(const struct kgaps *g, uint64_t address);
/* 0: not known, or it varies. */
uint64_t kgaps_find(const struct kgaps *g, uint64_t address);

/* The places of return addresses on a stack. */
struct kplaces {
	size_t n;
	size_t low[64], high[64];	/* where each can stand at the lowest, at the highest */
};
/* Finds `address`, innermost first, at or above `from`, in order; false: one is not there. */
bool kplaces_find(const uint8_t *stack, size_t size, uint64_t from, const uint64_t *address,
		  size_t n, struct kplaces *ret);
/* Narrows the choice by what is known of frames, then learns from what is sure. */
void kplaces_settle(struct kplaces *p, const uint8_t *stack, const uint64_t *address,
		    struct kgaps *g);

#endif
