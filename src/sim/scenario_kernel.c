/* SPDX-License-Identifier: GPL-2.0-or-later
 * Operations of the kernel's own side: calls, tasks, system calls, interrupts.
 */
#include <stdio.h>
#include <string.h>

#include "src/sim/scenario_private.h"

/* A function, a system call, an interrupt: letters, digits, "_" and ".". */
static struct error *function_word(struct parser *p, struct scenario_op *so, const char *what)
{
	const struct word *w = parser_next(p);
	size_t n = w ? name_length(w->s) : 0;

	while (n && (w->s[n] == '.' || name_length(w->s + n) || (w->s[n] >= '0' && w->s[n] <= '9')))
		n++;
	if (!n || w->s[n])
		return parser_expected(p, w, what, NULL);
	if (n > SIM_FUNCTION_MAX)
		return parser_error(p, w->column, "the name \"%s\" has more than %d characters", w->s,
				    SIM_FUNCTION_MAX);
	snprintf(so->op.name, sizeof(so->op.name), "%s", w->s);
	return NULL;
}

struct error *parse_call(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "args", NULL };
	struct error *err = function_word(p, so, "FUNCTION (its name)");
	const struct word *w;

	if (!err)
		err = parser_number(p, so, SLOT_LEN, "BYTES");
	w = err ? NULL : parser_peek(p);
	if (!w)
		return err;
	parser_next(p);
	if (strcmp(w->s, "args"))
		return parser_expected(p, w, "args expected", list);
	return parser_number(p, so, SLOT_VALUE, "N (arguments)");
}

struct error *parse_kcall(struct parser *p, struct scenario_op *so)
{
	struct error *err = function_word(p, so, "FUNCTION (its name)");

	return err ? err : parser_number(p, so, SLOT_LEN, "BYTES");
}

/* What is expected is read as a prediction of the line. */
struct error *parse_expect(struct parser *p, struct scenario_op *so)
{
	(void)so;
	if (!parser_peek(p))
		return parser_expected(p, NULL, "FACT=VALUE (like used=4096, trampled=none)", NULL);
	return NULL;
}

struct error *parse_syscall(struct parser *p, struct scenario_op *so)
{
	return function_word(p, so, "the name of a system call");
}

struct error *parse_irq(struct parser *p, struct scenario_op *so)
{
	return function_word(p, so, "the name of an interrupt's handler");
}

struct error *parse_softirq(struct parser *p, struct scenario_op *so)
{
	if (parser_peek(p))
		return function_word(p, so, "the name of a soft interrupt's handler");
	snprintf(so->op.name, sizeof(so->op.name), "net_rx_action");
	return NULL;
}

struct error *parse_exception(struct parser *p, struct scenario_op *so)
{
	return function_word(p, so, "the name of an exception (page_fault, int3, ...)");
}

struct error *parse_kthread(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "kstack", NULL };
	struct error *err = parser_new_name(p, &so->bind);
	const struct word *w = err ? NULL : parser_peek(p);

	if (!w)
		return err;
	parser_next(p);
	if (strcmp(w->s, "kstack"))
		return parser_expected(p, w, "kstack expected", list);
	return parser_number(p, so, SLOT_LEN, "LEN");
}

/* Pn, or the name of a task. */
static struct error *task_word(struct parser *p, struct scenario_op *so)
{
	const struct word *w = parser_next(p);
	size_t n = w ? name_length(w->s) : 0;
	const char *why;

	so->task = SYM_NONE;
	so->op.proc = -1;
	if (w && process_word(w->s, &so->op.value, &so->op.proc, &why))
		return why ? parser_error(p, w->column + 1, "%s in \"%s\"", why, w->s) : NULL;
	if (!n || w->s[n])
		return parser_expected(p, w, "a task expected: P0, P1, ... or the NAME of a thread", NULL);
	if (n > SCENARIO_NAME_MAX)
		return parser_error(p, w->column, "the name \"%s\" has more than %d characters", w->s,
				    SCENARIO_NAME_MAX);
	so->task = (int)scenario_symbol(p->sc, w->s, n);
	return NULL;
}

struct error *parse_switch(struct parser *p, struct scenario_op *so)
{
	struct error *err = task_word(p, so);

	if (!err && so->task != SYM_NONE)
		so->op.kind = SIM_OP_RUN;
	return err;
}

struct error *parse_share(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "kstack", "ustack", NULL };
	const struct word *w = parser_next(p);

	if (!w || (strcmp(w->s, "kstack") && strcmp(w->s, "ustack")))
		return parser_expected(p, w, "kstack or ustack expected", list);
	so->op.flags = *w->s == 'k' ? SIM_SHARE_KSTACK : SIM_SHARE_USTACK;
	return task_word(p, so);
}

struct error *parse_sysrq(struct parser *p, struct scenario_op *so)
{
	static const char *const list[] = { "t", NULL };
	const struct word *w = parser_next(p);

	(void)so;
	return w && !strcmp(w->s, "t") ? NULL : parser_expected(p, w, "t expected", list);
}
