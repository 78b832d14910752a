/* SPDX-License-Identifier: GPL-2.0-or-later
 * Facts that a scenario can expect: figures of the machine that are not the result of a line.
 * One row each in facts.c; to add one, add a row and a function.
 */
#ifndef SIM_FACTS_H
#define SIM_FACTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

enum fact_argument {
	FACT_ALONE,		/* sp=... */
	FACT_OF_TASK,		/* used=... of the current task, used:W=... of another */
	FACT_AT_ADDRESS,	/* mapcount:A+1p=... */
};

/* What is asked, with names already looked up. */
struct fact_ask {
	unsigned fact;		/* row */
	int task;		/* number; the current one unless the claim names another */
	uint64_t addr;
	unsigned proc;		/* the current process */
	const char *log;	/* what the kernel printed during the last operation */
	const char *word;	/* that is expected, of a fact in words; or NULL */
};

struct fact_answer {
	bool known;		/* false: text says why there is no answer */
	uint64_t number;
	char text[512];		/* of a fact in words: each word of it is true */
};

struct fact {
	const char *name;
	const char *what;	/* for the manual and for messages */
	enum fact_argument argument;
	bool words;		/* its value is a word, not a number */
	void (*answer)(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret);
	bool memory;		/* it depends on how much RAM there is */
};

enum { FACTS_MAX = 64 };
extern const struct fact facts[];	/* name NULL ends */
int fact_find(const char *name, size_t n);	/* row, -1: none of that name */

#endif
