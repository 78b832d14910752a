/* SPDX-License-Identifier: GPL-2.0-or-later
 * Decision steps: handed to the listener as they happen, and put into words.
 */
#include <stdio.h>
#include <string.h>
#include "mmscope/buf.h"
#include "kside.h"

/* The function's name in the profile's kernel. */
static const char *name_then(const struct sim *s, const char *func)
{
	for (const struct sim_func_name *f = s->prof->func_names; f && f->now; f++)
		if (func && !strcmp(f->now, func))
			return f->then;
	return func;
}

void trace_step(struct sim *s, const struct sim_step *step)
{
	struct sim_step copy = *step;

	copy.func = name_then(s, copy.func);
	copy.depth = s->depth;
	copy.pos = sim_position(s);
	copy.rules = s->rules_asked;
	s->trace(s->trace_ctx, &copy);
	memset(s->rules_asked, 0, sizeof(s->rules_asked));
}

void trace_call(struct sim *s, const char *func, const char *what, const char *aname, u64 a,
		const char *bname, u64 b, enum sim_unit unit)
{
	trace_step(s, &(struct sim_step){ .kind = SIM_STEP_CALL, .func = func, .what = what,
					  .aname = aname, .a = a, .bname = bname, .b = b, .unit = unit });
	s->depth++;
}

void trace_test(struct sim *s, const char *func, const char *what, const char *aname, u64 a,
		enum sim_cmp cmp, const char *bname, u64 b, enum sim_unit unit, bool outcome,
		const char *yes, const char *no)
{
	trace_step(s, &(struct sim_step){ .kind = SIM_STEP_TEST, .func = func, .what = what,
					  .aname = aname, .a = a, .cmp = cmp, .bname = bname, .b = b,
					  .unit = unit, .outcome = outcome,
					  .taken = outcome ? yes : no, .otherwise = outcome ? no : yes });
}

void trace_change(struct sim *s, const char *func, const char *what, u64 a, u64 b, enum sim_unit unit)
{
	if (a != b)
		trace_step(s, &(struct sim_step){ .kind = SIM_STEP_CHANGE, .func = func, .what = what,
						  .a = a, .b = b, .unit = unit });
}

void trace_note(struct sim *s, const char *func, const char *what, const char *aname, u64 a,
		const char *bname, u64 b, enum sim_unit unit)
{
	trace_step(s, &(struct sim_step){ .kind = SIM_STEP_NOTE, .func = func, .what = what,
					  .aname = aname, .a = a, .bname = bname, .b = b, .unit = unit });
}

void trace_event(struct sim *s, const char *func, enum sim_event event, const char *what, u64 a,
		 enum sim_unit unit)
{
	trace_step(s, &(struct sim_step){ .kind = SIM_STEP_EVENT, .func = func, .event = event,
					  .what = what, .a = a, .unit = unit });
}

void trace_return(struct sim *s, const char *func, const char *what, u64 a, enum sim_unit unit)
{
	trace_step(s, &(struct sim_step){ .kind = SIM_STEP_RETURN, .func = func, .what = what, .a = a,
					  .unit = unit });
}

void trace_named(struct sim *s, enum sim_step_kind kind, const char *func, const char *what,
		 const char *name, const char *aname, u64 a, const char *bname, u64 b,
		 enum sim_unit unit)
{
	trace_step(s, &(struct sim_step){ .kind = kind, .func = func, .what = what, .name = name,
					  .copy = true, .aname = aname, .a = a, .bname = bname, .b = b,
					  .unit = unit });
}

void trace_named_event(struct sim *s, const char *func, enum sim_event event, const char *what,
		       const char *name, u64 a, enum sim_unit unit)
{
	trace_step(s, &(struct sim_step){ .kind = SIM_STEP_EVENT, .func = func, .event = event,
					  .what = what, .name = name, .copy = true, .a = a,
					  .unit = unit });
}

/* Who only reads the machine notes what it asked, too. */
void trace_rule(const struct sim *s, enum sim_rule r)
{
	((struct sim *)(uintptr_t)s)->rules_asked[r / 64] |= 1ull << r % 64;
}

static const struct {
	u64 bit;
	char name[3];
} vm_flag_names[] = {
	{ VM_READ, "rd" },     { VM_WRITE, "wr" },	 { VM_EXEC, "ex" },
	{ VM_SHARED, "sh" },   { VM_MAYREAD, "mr" },	 { VM_MAYWRITE, "mw" },
	{ VM_MAYEXEC, "me" },  { VM_MAYSHARE, "ms" },	 { VM_GROWSDOWN, "gd" },
	{ VM_PFNMAP, "pf" },   { VM_MAYBE_GUARD, "gu" }, { VM_LOCKED, "lo" },
	{ VM_IO, "io" },       { VM_SEQ_READ, "sr" },	 { VM_RAND_READ, "rr" },
	{ VM_DONTCOPY, "dc" }, { VM_DONTEXPAND, "de" },	 { VM_LOCKONFAULT, "lf" },
	{ VM_ACCOUNT, "ac" },  { VM_NORESERVE, "nr" },	 { VM_WIPEONFORK, "wf" },
	{ VM_DONTDUMP, "dd" }, { VM_MIXEDMAP, "mm" }, { VM_HUGEPAGE, "hg" },	 { VM_NOHUGEPAGE, "nh" },
	{ VM_MERGEABLE, "mg" }, { VM_SEALED, "sl" },
};

static const char name_denywrite[] = "dw", name_unknown[] = "??";

/* Names that not every kernel has; bit 11 was something else before it was a guard's. */
static const char *flag_name(const struct sim *s, size_t i)
{
	u64 bit = vm_flag_names[i].bit;

	if (!s)			/* a step in words belongs to no machine */
		return vm_flag_names[i].name;
	if (bit == VM_MAYBE_GUARD && !RULE(s, no_denywrite))
		return name_denywrite;
	if (bit == VM_LOCKONFAULT && !RULE(s, lockonfault_named))
		return name_unknown;
	return vm_flag_names[i].name;
}

static void add_flags(const struct sim *s, struct buf *b, u64 flags)
{
	bool first = true;

	for (size_t i = 0; i < sizeof(vm_flag_names) / sizeof(vm_flag_names[0]); i++) {
		if (!(flags & vm_flag_names[i].bit))
			continue;
		if (!first)
			buf_addc(b, ' ');
		buf_adds(b, flag_name(s, i));
		first = false;
	}
}

void sim_vma_flags_text(const struct sim *s, const struct sim_vma *vma, struct buf *ret)
{
	bool shown = RULE(s, guard_flag_shown) || !RULE(s, no_denywrite);

	add_flags(s, ret, shown ? vma->flags : vma->flags & ~VM_MAYBE_GUARD);
}

static void add_missing(struct buf *b, const char *flags, const char *name)
{
	if (!strstr(flags, name))
		buf_addf(b, "%s ", name);
}

void sim_vma_flags_missing(const struct sim *s, const struct sim_vma *vma, struct buf *ret)
{
	struct buf flags = BUF_INIT;

	sim_vma_flags_text(s, vma, &flags);
	for (size_t i = 0; i < sizeof(vm_flag_names) / sizeof(vm_flag_names[0]); i++)
		add_missing(ret, buf_str(&flags), vm_flag_names[i].name);
	add_missing(ret, buf_str(&flags), name_denywrite);
	add_missing(ret, buf_str(&flags), name_unknown);
	buf_free(&flags);
}

static void add_value(struct buf *b, u64 v, enum sim_unit unit)
{
	unsigned long long x = v;

	switch (unit) {
	case SIM_U_ADDR:
	case SIM_U_HEX:
		buf_addf(b, "0x%llx", x);
		break;
	case SIM_U_PAGES:
		if (v >= UINT64_MAX >> PAGE_SHIFT)
			buf_adds(b, "unlimited");
		else
			buf_addf(b, "%llu pages", x);
		break;
	case SIM_U_BYTES:
		if (v == SIM_UNLIMITED)
			buf_adds(b, "unlimited");
		else
			buf_addf(b, "%llu", x);
		break;
	case SIM_U_FLAGS:
		add_flags(NULL, b, v);
		break;
	case SIM_U_ERRNO:
		buf_adds(b, sim_errno_name((int)v));
		break;
	case SIM_U_BOOL:
		buf_adds(b, v ? "yes" : "no");
		break;
	case SIM_U_PFN:
	case SIM_U_COUNT:
	case SIM_U_NONE:
		buf_addf(b, "%llu", x);
		break;
	}
}

static void add_named(struct buf *b, const char *name, u64 v, enum sim_unit unit)
{
	if (unit == SIM_U_HEX && (!strcmp(name, "bytes") || !strcmp(name, "pid")))
		unit = SIM_U_COUNT;	/* beside an address */
	buf_addf(b, "%s ", name);
	add_value(b, v, unit);
}

/* "what name" */
static void add_what(struct buf *b, const struct sim_step *t)
{
	buf_adds(b, t->what);
	if (t->name)
		buf_addf(b, "%s%s", *t->what ? " " : "", t->name);
}

static void test_text(const struct sim_step *t, struct buf *b)
{
	static const char *const cmps[] = {
		[SIM_C_NONE] = "", [SIM_C_EQ] = "==", [SIM_C_NE] = "!=", [SIM_C_LT] = "<",
		[SIM_C_LE] = "<=", [SIM_C_GT] = ">",  [SIM_C_GE] = ">=", [SIM_C_AND] = "&",
	};

	buf_addf(b, "%s: ", t->what);
	add_named(b, t->aname ? t->aname : "", t->a, t->unit);
	buf_addf(b, " %s ", cmps[t->cmp]);
	if (t->bname)
		add_named(b, t->bname, t->b, t->unit);
	else
		add_value(b, t->b, t->unit);
	buf_addf(b, "? %s", t->outcome ? "yes" : "no");
	if (t->taken)
		buf_addf(b, ": %s", t->taken);
	if (t->otherwise)
		buf_addf(b, " (else: %s)", t->otherwise);
}

void sim_step_text(const struct sim_step *t, struct buf *b)
{
	buf_addf(b, "%s: ", t->func);
	switch (t->kind) {
	case SIM_STEP_TEST:
		test_text(t, b);
		return;
	case SIM_STEP_CHANGE:
		add_what(b, t);
		buf_addc(b, ' ');
		add_value(b, t->a, t->unit);
		buf_adds(b, " -> ");
		add_value(b, t->b, t->unit);
		return;
	case SIM_STEP_EVENT:
	case SIM_STEP_RETURN:
		add_what(b, t);
		buf_addc(b, ' ');
		add_value(b, t->a, t->unit);
		return;
	case SIM_STEP_CALL:
	case SIM_STEP_NOTE:
		add_what(b, t);
		if (t->aname) {
			buf_adds(b, ", ");
			add_named(b, t->aname, t->a, t->unit);
		}
		if (t->bname) {
			buf_adds(b, ", ");
			add_named(b, t->bname, t->b, t->unit);
		}
		return;
	}
}

const char *sim_errno_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ EPERM, "EPERM" },	    { ESRCH, "ESRCH" },		  { EINTR, "EINTR" },
		{ E2BIG, "E2BIG" },	    { EBADF, "EBADF" },		  { EAGAIN, "EAGAIN" },
		{ ENOMEM, "ENOMEM" },	    { EACCES, "EACCES" },	  { EFAULT, "EFAULT" },
		{ EBUSY, "EBUSY" },	    { EEXIST, "EEXIST" },	  { ENODEV, "ENODEV" },
		{ EINVAL, "EINVAL" },	    { ENOSPC, "ENOSPC" },	  { ENOSYS, "ENOSYS" },
		{ EOVERFLOW, "EOVERFLOW" }, { EOPNOTSUPP, "EOPNOTSUPP" }, { EIO, "EIO" },
		{ EFBIG, "EFBIG" },	    { ENXIO, "ENXIO" },		  { ETXTBSY, "ETXTBSY" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].err == err)
			return names[i].name;
	return "E?";
}

const char *sim_result_text(const struct sim_result *res)
{
	static const char *const sigs[] = {
		[SIM_SIG_NONE] = "ok",
		[SIM_SEGV_MAPERR] = "SIGSEGV MAPERR",
		[SIM_SEGV_ACCERR] = "SIGSEGV ACCERR",
		[SIM_SEGV_KERNEL] = "SIGSEGV KERNEL",
		[SIM_BUS_ADRERR] = "SIGBUS ADRERR",
		[SIM_SIG_OOM] = "OOM",
	};

	switch (res->status) {
	case SIM_OK:
		return "ok";
	case SIM_ERRNO:
		return sim_errno_name(res->err);
	case SIM_UNCHANGED:
		return "unchanged";
	case SIM_SIGNAL:
		return sigs[res->sig];
	case SIM_IMPOSSIBLE:
		return "impossible";
	case SIM_SKIPPED:
		return "skipped";
	case SIM_ASTRAY:
		return "astray";
	case SIM_OOPS:
		return "oops";
	case SIM_PANIC:
		return "panic";
	case SIM_STALLS:
		return "stalls";
	}
	return "impossible";
}
