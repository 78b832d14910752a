/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include "src/live/rules.h"

#include <string.h>

enum { STACK_DEPTH = 64, OPS_MOST = 10000 };

struct machine {
	struct copy *memory;
	const struct registers *regs;
	uint64_t cfa;
	bool has_cfa;
	uint64_t stack[STACK_DEPTH];
	unsigned n;
	enum rule_result result;	/* the first thing that went wrong */
};

static uint64_t fail(struct machine *m, enum rule_result why)
{
	if (m->result == RULE_OK)
		m->result = why;
	return 0;
}

static void push(struct machine *m, uint64_t value)
{
	if (m->n == STACK_DEPTH)
		fail(m, RULE_BROKEN);
	else
		m->stack[m->n++] = value;
}

static uint64_t pop(struct machine *m)
{
	return m->n ? m->stack[--m->n] : fail(m, RULE_BROKEN);
}

static uint64_t reg(struct machine *m, uint64_t i)
{
	if (i >= REGS)
		return fail(m, RULE_BROKEN);
	return reg_known(m->regs, (unsigned)i) ? m->regs->value[i] : fail(m, RULE_REGISTER);
}

static uint64_t load(struct machine *m, uint64_t addr, uint64_t size)
{
	static const enum rule_result failures[] = {
		[COPY_OK] = RULE_OK, [COPY_UNMAPPED] = RULE_UNMAPPED,
		[COPY_ABSENT] = RULE_ABSENT, [COPY_REFUSED] = RULE_REFUSED,
	};
	enum copy_result r;
	uint64_t value = 0;

	if (m->result != RULE_OK)
		return 0;
	if (!size || size > 8)
		return fail(m, RULE_BROKEN);
	r = copy_read(m->memory, addr, (unsigned)size, &value);
	return r == COPY_OK ? value : fail(m, failures[r]);
}

static void pick(struct machine *m, uint64_t depth)
{
	if (depth >= m->n)
		fail(m, RULE_BROKEN);
	else
		push(m, m->stack[m->n - 1 - depth]);
}

static bool binary(struct machine *m, unsigned atom)
{
	uint64_t b, a;

	if (atom < DW_OP_and || atom > DW_OP_ne || atom == DW_OP_neg || atom == DW_OP_not ||
	    atom == DW_OP_abs || atom == DW_OP_plus_uconst || atom == DW_OP_bra)
		return false;
	b = pop(m);
	a = pop(m);
	switch (atom) {
	case DW_OP_and: push(m, a & b); break;
	case DW_OP_or: push(m, a | b); break;
	case DW_OP_xor: push(m, a ^ b); break;
	case DW_OP_plus: push(m, a + b); break;
	case DW_OP_minus: push(m, a - b); break;
	case DW_OP_mul: push(m, a * b); break;
	case DW_OP_mod: push(m, b ? a % b : fail(m, RULE_BROKEN)); break;
	case DW_OP_shl: push(m, b < 64 ? a << b : 0); break;
	case DW_OP_shr: push(m, b < 64 ? a >> b : 0); break;
	case DW_OP_shra: push(m, (uint64_t)((int64_t)a >> (b < 64 ? b : 63))); break;
	case DW_OP_eq: push(m, a == b); break;
	case DW_OP_ne: push(m, a != b); break;
	case DW_OP_lt: push(m, (int64_t)a < (int64_t)b); break;
	case DW_OP_le: push(m, (int64_t)a <= (int64_t)b); break;
	case DW_OP_gt: push(m, (int64_t)a > (int64_t)b); break;
	case DW_OP_ge: push(m, (int64_t)a >= (int64_t)b); break;
	default: fail(m, RULE_BROKEN); break;
	}
	return true;
}

static bool constant(struct machine *m, const Dwarf_Op *op)
{
	unsigned atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		push(m, atom - DW_OP_lit0);
	else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		push(m, reg(m, atom - DW_OP_breg0) + op->number);
	else if (atom >= DW_OP_reg0 && atom <= DW_OP_reg31)
		push(m, reg(m, atom - DW_OP_reg0));
	else if ((atom >= DW_OP_const1u && atom <= DW_OP_consts) || atom == DW_OP_addr)
		push(m, op->number);
	else
		return false;
	return true;
}

/* One operation; `at` moves on where it jumps. */
static void execute(struct machine *m, const Dwarf_Op *ops, size_t n, size_t *at)
{
	const Dwarf_Op *op = &ops[*at];
	uint64_t a, b, target;

	if (constant(m, op) || binary(m, op->atom))
		return;
	switch (op->atom) {
	case DW_OP_nop: case DW_OP_stack_value: break;
	case DW_OP_regx: push(m, reg(m, op->number)); break;
	case DW_OP_bregx: push(m, reg(m, op->number) + op->number2); break;
	case DW_OP_call_frame_cfa:
		push(m, m->has_cfa ? m->cfa : fail(m, RULE_BROKEN));
		break;
	case DW_OP_plus_uconst: push(m, pop(m) + op->number); break;
	case DW_OP_deref: push(m, load(m, pop(m), 8)); break;
	case DW_OP_deref_size: push(m, load(m, pop(m), op->number)); break;
	case DW_OP_dup: pick(m, 0); break;
	case DW_OP_over: pick(m, 1); break;
	case DW_OP_pick: pick(m, op->number); break;
	case DW_OP_drop: pop(m); break;
	case DW_OP_neg: push(m, -pop(m)); break;
	case DW_OP_not: push(m, ~pop(m)); break;
	case DW_OP_swap:
		a = pop(m);
		b = pop(m);
		push(m, a);
		push(m, b);
		break;
	case DW_OP_bra:
		if (!pop(m))
			break;
		/* fall through */
	case DW_OP_skip:
		/* Three bytes long; the distance counts from its end. */
		target = op->offset + 3 + (uint64_t)(int64_t)(int16_t)op->number;
		for (*at = 0; *at < n && ops[*at].offset != target;)
			++*at;
		--*at;
		break;
	default:
		fail(m, RULE_BROKEN);
	}
}

/* The value of an expression. `place`: unless it says otherwise, it is where the value is. */
static uint64_t evaluate(struct machine *m, const Dwarf_Op *ops, size_t n, bool place)
{
	unsigned last = n ? ops[n - 1].atom : DW_OP_nop, steps = 0;
	uint64_t value;

	m->n = 0;
	for (size_t i = 0; i < n && m->result == RULE_OK; i++) {
		if (++steps > OPS_MOST)
			return fail(m, RULE_BROKEN);
		execute(m, ops, n, &i);
	}
	value = pop(m);
	if (!place || last == DW_OP_stack_value || last == DW_OP_regx ||
	    (n == 1 && last >= DW_OP_reg0 && last <= DW_OP_reg31))
		return value;
	return load(m, value, 8);
}

static enum rule_result restore(struct dw *dw, const struct site *s, struct machine *m, unsigned i,
				struct registers *ret)
{
	Dwarf_Op room[3], *ops;
	uint64_t value;
	size_t n;

	if (dw->dwarf_frame_register(s->rules, (int)i, room, &ops, &n))
		return RULE_BROKEN;
	if (!n && ops == room)
		return i == REG_RIP ? RULE_OUTERMOST : RULE_REGISTER;
	if (!n) {
		if (!reg_known(m->regs, i))
			return RULE_REGISTER;
		reg_set(ret, i, m->regs->value[i]);
		return RULE_OK;
	}
	m->result = RULE_OK;
	value = evaluate(m, ops, n, true);
	if (m->result == RULE_OK)
		reg_set(ret, i, value);
	return m->result;
}

enum rule_result rules_caller(struct dw *dw, const struct site *s, struct copy *memory,
			      const struct registers *now, struct registers *ret)
{
	struct machine m = { .memory = memory, .regs = now };
	struct registers caller = { .known = 0 };
	enum rule_result r = RULE_BROKEN;
	Dwarf_Op *ops;
	size_t n;

	if (dw->dwarf_frame_cfa(s->rules, &ops, &n) || !n)
		return RULE_BROKEN;
	m.cfa = evaluate(&m, ops, n, false);
	m.has_cfa = m.result == RULE_OK;
	if (!m.has_cfa) {
		/* The outermost function needs no frame of its own to say that it is. */
		r = m.result;
		return restore(dw, s, &m, REG_RIP, &caller) == RULE_OUTERMOST ? RULE_OUTERMOST : r;
	}
	for (unsigned i = 0; i < REGS; i++)
		r = restore(dw, s, &m, i, &caller);
	if (r != RULE_OK)
		return r;
	if (!reg_known(&caller, REG_RSP))
		reg_set(&caller, REG_RSP, m.cfa);
	*ret = caller;
	return RULE_OK;
}
