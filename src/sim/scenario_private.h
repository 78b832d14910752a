/* SPDX-License-Identifier: GPL-2.0-or-later
 * Shared by the parts of the parser: the words of a line and what is said about a wrong one.
 */
#ifndef SIM_SCENARIO_PRIVATE_H
#define SIM_SCENARIO_PRIVATE_H
#include "src/sim/scenario.h"

struct word {
	const char *s;			/* NUL-terminated, in the parser's copy of the line */
	unsigned column;		/* from 1 */
};

enum { WORDS_MAX = SCENARIO_LINE_MAX / 2 + 1 };

struct parser {
	struct scenario *sc;
	unsigned line;
	struct word word[WORDS_MAX];
	unsigned nwords, at;		/* at: the next one */
	unsigned end_column;		/* just behind the last word */
};

const struct word *parser_peek(const struct parser *p);		/* NULL at the end */
const struct word *parser_next(struct parser *p);		/* NULL at the end */
/* "LEN expected, not \"foo\"", at the word, or "... expected" at the end of the line (w NULL);
 * list may be NULL: the words that would do, for "did you mean". */
struct error *parser_expected(const struct parser *p, const struct word *w, const char *what,
			      const char *const *list);
struct error *parser_error(const struct parser *p, unsigned column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A number with its suffix at s; *end behind it. NULL, or what is wrong with it. */
const char *number_parse(const char *s, const char **end, uint64_t *ret);
size_t name_length(const char *s);	/* of the name s begins with, 0: none */
struct error *expr_parse(struct parser *p, const struct word *w, const char *what,
			 struct expr *ret);
/* The text of word w from s on. */
struct error *expr_parse_at(struct parser *p, const struct word *w, const char *s, const char *what,
			    struct expr *ret);

/* An expression for a slot; a name that is new. */
struct error *parser_number(struct parser *p, struct scenario_op *so, enum slot slot, const char *what);
struct error *parser_new_name(struct parser *p, int *ret);
/* Is s "Pn"? Then its number, the process (SIM_MAX_PROCS: none), and what is wrong with it or NULL. */
bool process_word(const char *s, uint64_t *number, int *proc, const char **why);

/* scenario_kernel.c: what follows the operation's word */
struct error *parse_call(struct parser *p, struct scenario_op *so);
struct error *parse_kcall(struct parser *p, struct scenario_op *so);
struct error *parse_expect(struct parser *p, struct scenario_op *so);
struct error *parse_syscall(struct parser *p, struct scenario_op *so);
struct error *parse_irq(struct parser *p, struct scenario_op *so);
struct error *parse_softirq(struct parser *p, struct scenario_op *so);
struct error *parse_exception(struct parser *p, struct scenario_op *so);
struct error *parse_kthread(struct parser *p, struct scenario_op *so);
struct error *parse_switch(struct parser *p, struct scenario_op *so);
struct error *parse_share(struct parser *p, struct scenario_op *so);
struct error *parse_alloc(struct parser *p, struct scenario_op *so);
struct error *parse_free(struct parser *p, struct scenario_op *so);
struct error *parse_fragment(struct parser *p, struct scenario_op *so);
struct error *parse_sysrq(struct parser *p, struct scenario_op *so);

/* scenario_profile.c */
struct error *head_profile(struct parser *p);
/* The words left of "=>" of an `under` line; *ret is where its prediction goes. */
struct error *under_line(struct parser *p, struct under **ret);
void under_destroy(struct scenario_item *it);

/* scenario_facts.c: the fact a word is about (-1: none), the rest of the word, the check */
int fact_of_word(const char *s);
struct error *fact_claim_parse(struct parser *p, const struct word *w, int fact, struct claim *c);
bool fact_claim_check(const struct scenario *sc, const struct scope *s, const struct claim *c,
		      const struct fact_view *view, struct buf *wrong);

/* The operation of the words; NULL in *usage never: the line that shows its form. */
struct error *operation_parse(struct parser *p, struct scenario_op *ret);
struct error *limit_parse(struct parser *p, enum sim_limit *limit);
/* Takes the rest of the words. */
struct error *prediction_parse(struct parser *p, struct prediction **ret);
void prediction_destroy(struct prediction *p);
extern const char *const operation_words[];

#endif
