/* SPDX-License-Identifier: GPL-2.0-or-later
 * The operations: one row each, with the form that an error message shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/sim/scenario_private.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
enum { MLOCK2_ONFAULT = 1 };

/* The kernel's numbers; the C library's headers may be older than the kernel. */
struct flag_word { const char *word; uint32_t value; };

static const struct flag_word advices[] = {
	{ "normal", 0 },	  { "random", 1 },
	{ "sequential", 2 },	  { "willneed", 3 },
	{ "dontneed", 4 },	  { "free", 8 },
	{ "remove", 9 },	  { "dontfork", 10 },
	{ "dofork", 11 },	  { "mergeable", 12 },
	{ "unmergeable", 13 },	  { "hugepage", 14 },
	{ "nohugepage", 15 },	  { "dontdump", 16 },
	{ "dodump", 17 },	  { "wipeonfork", 18 },
	{ "keeponfork", 19 },	  { "cold", 20 },
	{ "pageout", 21 },	  { "populate_read", 22 },
	{ "populate_write", 23 }, { "dontneed_locked", 24 },
	{ "collapse", 25 },	  { "guard_install", 102 },
	{ "guard_remove", 103 },  { NULL, 0 },
};

static const struct flag_word mmap_options[] = {
	{ "growsdown", MAP_GROWSDOWN }, { "populate", MAP_POPULATE }, { "locked", MAP_LOCKED },
	{ "noreserve", MAP_NORESERVE }, { "stack", MAP_STACK }, { "32bit", 0x40 },
	{ "fixed", MAP_FIXED }, { "fixed_noreplace", MAP_FIXED_NOREPLACE }, { "hint", 0 },
	{ NULL, 0 },
};

static const struct flag_word shares[] = { { "private", MAP_PRIVATE },
					   { "shared", MAP_SHARED },
					   { NULL, 0 } };
static const struct flag_word msyncs[] = {
	{ "async", MS_ASYNC }, { "sync", MS_SYNC }, { "invalidate", MS_INVALIDATE }, { NULL, 0 },
};
static const struct flag_word mlockalls[] = {
	{ "current", MCL_CURRENT },
	{ "future", MCL_FUTURE },
	{ "onfault", MCL_ONFAULT },
	{ NULL, 0 },
};

/* Looks the word up; a wrong one gets an error that lists what would do. */
static struct error *flag_parse(struct parser *p, const struct word *w, const char *what,
				const struct flag_word *table, uint32_t *ret)
{
	const char *list[40];
	size_t i;

	for (i = 0; table[i].word; i++) {
		if (w && strcmp(w->s, table[i].word) == 0) {
			*ret = table[i].value;
			return NULL;
		}
		list[i] = table[i].word;
	}
	list[i] = NULL;
	return parser_expected(p, w, what, list);
}

static bool is_word(const struct word *w, const char *s)
{
	return w && strcmp(w->s, s) == 0;
}

static struct error *arg_expr(struct parser *p, struct scenario_op *so, enum slot slot,
			      const struct word *w, const char *what)
{
	struct error *err;

	err = expr_parse(p, w, what, &so->arg[so->nargs].expr);
	if (!err)
		so->arg[so->nargs++].slot = slot;
	return err;
}

static struct error *next_expr(struct parser *p, struct scenario_op *so, enum slot slot,
			       const char *what)
{
	return arg_expr(p, so, slot, parser_next(p), what);
}

/* A word's value, where each word is good for one. */
static struct error *next_once(struct parser *p, struct scenario_op *so, enum slot slot)
{
	const struct word *w = &p->word[p->at - 1];

	for (unsigned i = 0; i < so->nargs; i++)
		if (so->arg[i].slot == slot)
			return parser_error(p, w->column, "a second %s: once is enough", w->s);
	return next_expr(p, so, slot, "LEN");
}

static struct error *new_name(struct parser *p, const struct word *w, int *ret)
{
	size_t n = w ? name_length(w->s) : 0;

	if (!w || !n || w->s[n])
		return parser_expected(p, w, "NAME (a letter, then letters and digits)", NULL);
	if (n > SCENARIO_NAME_MAX)
		return parser_error(p, w->column, "the name \"%s\" has more than %d characters",
				    w->s, SCENARIO_NAME_MAX);
	*ret = (int)scenario_symbol(p->sc, w->s, n);
	return NULL;
}

static struct error *prot_parse(struct parser *p, const struct word *w, uint32_t *ret)
{
	static const char letters[] = "rwx";
	static const uint32_t bits[] = { PROT_READ, PROT_WRITE, PROT_EXEC };
	uint32_t prot = 0;
	const char *c, *at;

	if (is_word(w, "none")) {
		*ret = PROT_NONE;
		return NULL;
	}
	for (c = w ? w->s : ""; *c; c++) {
		at = strchr(letters, *c);
		if (!at || (prot & bits[at - letters])) {
			prot = 0;
			break;
		}
		prot |= bits[at - letters];
	}
	if (!prot)
		return parser_expected(p, w, "PROT expected: none, or letters of rwx", NULL);
	*ret = prot;
	return NULL;
}

static struct error *addr_len(struct parser *p, struct scenario_op *so)
{
	struct error *err = next_expr(p, so, SLOT_ADDR, "ADDR");

	return err ? err : next_expr(p, so, SLOT_LEN, "LEN");
}

static struct error *backing_parse(struct parser *p, struct scenario_op *so, const struct word *w)
{
	static const char *const list[] = { "anon", "file", "rofile", NULL };
	const char *at = w ? strchr(w->s, '@') : NULL;
	size_t n = !w ? 0 : at ? (size_t)(at - w->s) : strlen(w->s);
	struct error *err;

	if (n == 4 && memcmp(w->s, "anon", 4) == 0 && !at)
		so->op.backing = SIM_ANON;
	else if (n == 4 && memcmp(w->s, "file", 4) == 0)
		so->op.backing = SIM_FILE;
	else if (n == 6 && memcmp(w->s, "rofile", 6) == 0)
		so->op.backing = SIM_ROFILE;
	else
		return parser_expected(
			p, w, "BACKING expected: anon, file[@OFFSET] or rofile[@OFFSET]", list);
	if (!at)
		return NULL;
	err = expr_parse_at(p, w, at + 1, "OFFSET expected", &so->arg[so->nargs].expr);
	if (!err)
		so->arg[so->nargs++].slot = SLOT_OFF;
	return err;
}

static struct error *parse_mmap(struct parser *p, struct scenario_op *so)
{
	struct error *err = new_name(p, parser_next(p), &so->bind);
	const struct word *w;
	uint32_t value;
	bool placed = false;

	if (!err)
		err = next_expr(p, so, SLOT_LEN, "LEN");
	if (!err)
		err = prot_parse(p, parser_next(p), &so->op.prot);
	if (!err)
		err = flag_parse(p, parser_next(p), "SHARE expected: private or shared", shares,
				 &so->op.flags);
	if (!err)
		err = backing_parse(p, so, parser_next(p));
	while (!err && (w = parser_next(p))) {
		err = flag_parse(p, w, "an option of mmap expected", mmap_options, &value);
		if (err)
			break;
		so->op.flags |= value;
		if (!value || value == MAP_FIXED || value == MAP_FIXED_NOREPLACE) {
			if (placed)
				return parser_error(p, w->column, "a second place: one of fixed, "
						    "fixed_noreplace and hint is enough");
			placed = true;
			err = next_expr(p, so, SLOT_PLACE, "ADDR");
		}
	}
	return err;
}

/* One word that may follow, and nothing else. */
static struct error *last_word(struct parser *p, const char *word, bool *ret)
{
	const char *const list[] = { word, NULL };
	const struct word *w = parser_next(p);

	*ret = w;
	return w && strcmp(w->s, word) ? parser_expected(p, w, word, list) : NULL;
}

static struct error *parse_mprotect(struct parser *p, struct scenario_op *so)
{
	struct error *err = addr_len(p, so);
	bool grows = false;

	if (!err)
		err = prot_parse(p, parser_next(p), &so->op.prot);
	if (!err)
		err = last_word(p, "growsdown", &grows);
	if (grows)
		so->op.prot |= PROT_GROWSDOWN;
	return err;
}

static struct error *mremap_option(struct parser *p, struct scenario_op *so, const struct word *w)
{
	static const char *const list[] = { "maymove", "fixed", "dontunmap", "as", NULL };

	if (is_word(w, "maymove")) {
		so->op.flags |= MREMAP_MAYMOVE;
	} else if (is_word(w, "dontunmap")) {
		so->op.flags |= MREMAP_DONTUNMAP;
	} else if (is_word(w, "fixed")) {
		if (so->op.flags & MREMAP_FIXED)
			return parser_error(p, w->column, "a second place: one is enough");
		so->op.flags |= MREMAP_FIXED;
		return next_expr(p, so, SLOT_PLACE, "ADDR");
	} else if (is_word(w, "as")) {
		return new_name(p, parser_next(p), &so->bind);
	} else {
		return parser_expected(p, w, "an option of mremap expected", list);
	}
	return NULL;
}

static struct error *parse_mremap(struct parser *p, struct scenario_op *so)
{
	const struct word *w = parser_peek(p);
	struct error *err = addr_len(p, so);
	struct expr first = so->arg[0].expr;

	if (err)
		return err;
	/* "If the first word is just a name, the name follows to the new place." */
	if (first.n == 1 && !first.sign && p->sc->term[first.first].kind == TERM_NAME)
		so->bind = (int)p->sc->term[first.first].symbol;
	err = next_expr(p, so, SLOT_NEWLEN, "NEWLEN");
	while (!err && (w = parser_next(p)))
		err = mremap_option(p, so, w);
	return err;
}

static struct error *parse_brk(struct parser *p, struct scenario_op *so)
{
	return next_expr(p, so, SLOT_ADDR, "+LEN, -LEN or ADDR");
}

static struct error *parse_madvise(struct parser *p, struct scenario_op *so)
{
	struct error *err = addr_len(p, so);
	const struct word *w = err ? NULL : parser_next(p);
	const char *end;
	uint64_t number;
	uint32_t value = 0;

	if (err)
		return err;
	if (w && w->s[0] >= '0' && w->s[0] <= '9') {
		const char *why = number_parse(w->s, &end, &number);

		if (why || *end)
			return parser_error(p, w->column, "ADVICE expected: a word or a number%s%s",
					    why ? ", not " : "", why ? why : "");
		value = (uint32_t)number;
	} else {
		err = flag_parse(p, w, "ADVICE expected", advices, &value);
	}
	so->op.advice = (int)value;
	return err;
}

static struct error *parse_mlock(struct parser *p, struct scenario_op *so)
{
	struct error *err = addr_len(p, so);
	bool onfault = false;

	if (!err)
		err = last_word(p, "onfault", &onfault);
	if (onfault)
		so->op.flags = MLOCK2_ONFAULT;
	return err;
}

static struct error *parse_mlockall(struct parser *p, struct scenario_op *so)
{
	struct error *err = NULL;
	const struct word *w;
	uint32_t value;

	while (!err && (w = parser_next(p))) {
		err = flag_parse(p, w, "current, future or onfault expected", mlockalls, &value);
		if (!err)
			so->op.flags |= value;
	}
	return err;
}

static struct error *parse_msync(struct parser *p, struct scenario_op *so)
{
	struct error *err = addr_len(p, so);

	return err ? err
		   : flag_parse(p, parser_next(p), "async, sync or invalidate expected", msyncs,
				&so->op.flags);
}

static struct error *mode_parse(struct parser *p, const struct word *w, struct scenario_op *so)
{
	if (!w || !w->s[0] || w->s[1] || !strchr("rwx", w->s[0]))
		return parser_expected(p, w, "MODE expected: r, w or x", NULL);
	so->op.mode = w->s[0];
	return NULL;
}

static struct error *parse_touch(struct parser *p, struct scenario_op *so)
{
	struct error *err = next_expr(p, so, SLOT_ADDR, "ADDR");

	/* The word before the last is LEN; a name such as r can be both, the place decides. */
	if (!err && p->at + 1 < p->nwords) {
		so->ranged = true;
		err = next_expr(p, so, SLOT_LEN, "LEN");
	}
	return err ? err : mode_parse(p, parser_next(p), so);
}

static struct error *parse_stack(struct parser *p, struct scenario_op *so)
{
	struct error *err = mode_parse(p, parser_next(p), so);

	if (!err)
		err = next_expr(p, so, SLOT_OFFSET, "OFFSET (from sp, like -300000)");
	if (!err && parser_peek(p)) {
		so->ranged = true;
		err = next_expr(p, so, SLOT_LEN, "LEN");
	}
	return err;
}

struct error *limit_parse(struct parser *p, enum sim_limit *limit)
{
	const char *list[SIM_NLIMITS + 1] = { NULL };
	const struct word *w = parser_next(p);
	int i;

	for (i = 0; i < SIM_NLIMITS; i++) {
		if (is_word(w, world_limit_name[i])) {
			*limit = (enum sim_limit)i;
			return NULL;
		}
		list[i] = world_limit_name[i];
	}
	return parser_expected(p, w, "a limit expected: stack, as, data or memlock", list);
}

static struct error *parse_setrlimit(struct parser *p, struct scenario_op *so)
{
	struct error *err = limit_parse(p, &so->op.limit);

	if (err)
		return err;
	if (is_word(parser_peek(p), "unlimited")) {
		parser_next(p);
		so->unlimited = true;
		return NULL;
	}
	return next_expr(p, so, SLOT_VALUE, "LEN or unlimited");
}

static struct error *parse_nothing(struct parser *p, struct scenario_op *so)
{
	(void)p, (void)so;
	return NULL;
}

bool process_word(const char *s, uint64_t *number, int *proc, const char **why)
{
	const char *end;

	if (s[0] != 'P' || !s[1] || s[1 + strspn(s + 1, "0123456789")])
		return false;
	*number = 0;
	*why = number_parse(s + 1, &end, number);
	*proc = *number < SIM_MAX_PROCS ? (int)*number : SIM_MAX_PROCS;
	return true;
}

struct error *parser_number(struct parser *p, struct scenario_op *so, enum slot slot, const char *what)
{
	return next_expr(p, so, slot, what);
}

struct error *parser_new_name(struct parser *p, int *ret)
{
	return new_name(p, parser_next(p), ret);
}

static struct error *parse_truncate(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "file", NULL };
	const struct word *w = parser_next(p);

	if (!is_word(w, "file"))
		return parser_expected(p, w, "file expected", list);
	return next_expr(p, so, SLOT_LEN, "LEN");
}

static struct error *parse_thread(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "stack", "guard", "kstack", NULL };
	struct error *err = new_name(p, parser_next(p), &so->bind);
	const struct word *w;

	so->op.guard = SIM_PAGE;
	while (!err && (w = parser_next(p))) {
		if (is_word(w, "stack"))
			err = next_once(p, so, SLOT_LEN);
		else if (is_word(w, "guard"))
			err = next_once(p, so, SLOT_GUARD);
		else if (is_word(w, "kstack"))
			err = next_once(p, so, SLOT_NEWLEN);
		else
			err = parser_expected(p, w, "stack, guard or kstack expected", list);
	}
	return err;
}

static struct error *parse_exec(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "args", "env", NULL };
	struct error *err = NULL;
	const struct word *w;

	while (!err && (w = parser_next(p))) {
		if (is_word(w, "args"))
			err = next_once(p, so, SLOT_LEN);
		else if (is_word(w, "env"))
			err = next_once(p, so, SLOT_NEWLEN);
		else
			err = parser_expected(p, w, "args or env expected", list);
	}
	return err;
}

static const struct operation {
	const char *word;
	enum sim_op_kind kind;
	struct error *(*parse)(struct parser *p, struct scenario_op *so);
	const char *form;
} operations[] = {
	{ "mmap", SIM_OP_MMAP, parse_mmap, "mmap NAME LEN PROT SHARE BACKING [OPTION...]" },
	{ "munmap", SIM_OP_MUNMAP, addr_len, "munmap ADDR LEN" },
	{ "mprotect", SIM_OP_MPROTECT, parse_mprotect, "mprotect ADDR LEN PROT [growsdown]" },
	{ "mremap", SIM_OP_MREMAP, parse_mremap,
	  "mremap ADDR OLDLEN NEWLEN [maymove] [fixed ADDR] [dontunmap] [as NAME]" },
	{ "brk", SIM_OP_BRK, parse_brk, "brk +LEN | -LEN | ADDR" },
	{ "madvise", SIM_OP_MADVISE, parse_madvise, "madvise ADDR LEN ADVICE" },
	{ "mlock", SIM_OP_MLOCK, parse_mlock, "mlock ADDR LEN [onfault]" },
	{ "munlock", SIM_OP_MUNLOCK, addr_len, "munlock ADDR LEN" },
	{ "mlockall", SIM_OP_MLOCKALL, parse_mlockall, "mlockall [current] [future] [onfault]" },
	{ "munlockall", SIM_OP_MUNLOCKALL, parse_nothing, "munlockall" },
	{ "msync", SIM_OP_MSYNC, parse_msync, "msync ADDR LEN async|sync|invalidate" },
	{ "mseal", SIM_OP_MSEAL, addr_len, "mseal ADDR LEN" },
	{ "touch", SIM_OP_TOUCH, parse_touch, "touch ADDR [LEN] r|w|x" },
	{ "stack", SIM_OP_TOUCH, parse_stack, "stack r|w|x OFFSET [LEN]" },
	{ "setrlimit", SIM_OP_SETRLIMIT, parse_setrlimit,
	  "setrlimit stack|as|data|memlock LEN|unlimited" },
	{ "fork", SIM_OP_FORK, parse_nothing, "fork" },
	{ "exit", SIM_OP_EXIT, parse_nothing, "exit" },
	{ "switch", SIM_OP_SWITCH, parse_switch, "switch Pn | NAME" },
	{ "truncate", SIM_OP_TRUNCATE, parse_truncate, "truncate file LEN" },
	{ "thread", SIM_OP_THREAD, parse_thread, "thread NAME [stack LEN] [guard LEN] [kstack LEN]" },
	{ "exec", SIM_OP_EXEC, parse_exec, "exec [args LEN] [env LEN]" },
	{ "call", SIM_OP_CALL, parse_call, "call FUNCTION BYTES [args N]" },
	{ "ret", SIM_OP_RET, parse_nothing, "ret" },
	{ "kthread", SIM_OP_KTHREAD, parse_kthread, "kthread NAME [kstack LEN]" },
	{ "syscall", SIM_OP_SYSCALL, parse_syscall, "syscall NAME" },
	{ "sysret", SIM_OP_SYSRET, parse_nothing, "sysret" },
	{ "kcall", SIM_OP_KCALL, parse_kcall, "kcall FUNCTION BYTES" },
	{ "kret", SIM_OP_KRET, parse_nothing, "kret" },
	{ "irq", SIM_OP_IRQ, parse_irq, "irq NAME" },
	{ "softirq", SIM_OP_SOFTIRQ, parse_softirq, "softirq [NAME]" },
	{ "nmi", SIM_OP_NMI, parse_nothing, "nmi" },
	{ "exception", SIM_OP_EXCEPTION, parse_exception, "exception NAME" },
	{ "irqret", SIM_OP_IRQRET, parse_nothing, "irqret" },
	{ "share", SIM_OP_SHARE, parse_share, "share kstack|ustack NAME|Pn" },
	{ "sysrq", SIM_OP_SYSRQ, parse_sysrq, "sysrq t" },
	{ "alloc", SIM_OP_ALLOC, parse_alloc,
	  "alloc ORDER as NAME [unmovable|movable|reclaimable]" },
	{ "free", SIM_OP_FREE, parse_free, "free NAME" },
	{ "fragment", SIM_OP_FRAGMENT, parse_fragment,
	  "fragment as NAME [keep ORDER] [percent N] [unmovable|movable|reclaimable]" },
	{ "expect", SIM_OP_EXPECT, parse_expect, "expect FACT=VALUE ..." },
};

const char *const operation_words[] = {
	"mmap",	    "munmap",	  "mprotect", "mremap", "brk",	 "madvise", "mlock",	 "munlock",
	"mlockall", "munlockall", "msync",    "mseal",	"touch", "stack",   "setrlimit", "fork",
	"exit",	    "switch",	  "truncate", "thread", "exec",	 "call",    "ret",	 "kthread",
	"syscall",  "sysret",	  "kcall",    "kret",	"irq",	 "softirq", "nmi",	 "exception",
	"irqret",   "share",	  "sysrq",    "alloc",	"free", "fragment", "expect",	"title",	"about", "say",
	"pause",    "profile",	  "ram",      "cpus",	"seed",	 "start",   NULL,
};

struct error *operation_parse(struct parser *p, struct scenario_op *ret)
{
	const struct word *w = parser_next(p);
	const struct operation *o = NULL;
	struct error *err;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	ret->bind = ret->task = SYM_NONE;
	for (i = 0; i < ARRAY_LEN(operations) && !o; i++)
		if (is_word(w, operations[i].word))
			o = &operations[i];
	if (!o)
		return parser_expected(p, w, "an operation expected", operation_words);
	ret->op.kind = o->kind;
	err = o->parse(p, ret);
	w = err ? NULL : parser_peek(p);
	if (!err && w && o->kind != SIM_OP_EXPECT)
		err = parser_error(p, w->column,
				   "the operation is complete before \"%s\"; its form: %s", w->s,
				   o->form);
	else if (err) {
		char *with_form = xasprintf("%s; the form: %s", err->message, o->form);

		free(err->message);
		err->message = with_form;
	}
	return err;
}
