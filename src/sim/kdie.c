/* SPDX-License-Identifier: GPL-2.0-or-later
 * When the kernel side goes wrong: messages as the profile's kernel prints them, the task
 * killed, or the machine stopped.
 */
#include <stdarg.h>
#include <stdio.h>
#include "mmscope/buf.h"
#include "kside.h"

void klog(struct sim *s, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_addf(s->log, "%s%s", s->log->len ? "\n" : "", line);
	K_NOTE(s, "printk", "", line, NULL, 0, NULL, 0, SIM_U_NONE);
}

const char *sim_log(const struct sim *s)
{
	return buf_str(s->log);
}

void skip(struct sim_result *res, const char *why)
{
	res->status = SIM_SKIPPED;
	res->why = why;
}

void kpanic(struct sim *s, struct sim_result *res, const char *why)
{
	T_ENTER(s, "panic", "the machine stops", NULL, 0, NULL, 0, SIM_U_NONE);

	klog(s, "Kernel panic - not syncing: %s", why);
	res->status = SIM_PANIC;
	SET(s, s->root->k.mode, s->root->k.mode | KMODE_PANIC);
}

void khang(struct sim *s, struct sim_result *res, const char *why)
{
	K_NOTE(s, "(processor)", why, NULL, NULL, 0, NULL, 0, SIM_U_NONE);
	res->status = SIM_PANIC;
	SET(s, s->root->k.mode, s->root->k.mode | KMODE_PANIC);
}

static bool arm64(const struct sim *s)
{
	return kern(s)->arg_regs == 8;
}

static bool last_process(const struct sim *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->root->nprocs; i++)
		n += AT(s, s->root->proc[i], const struct mm)->alive != 0;
	return n < 2;
}

/* die(): die is its word; the header's number is not modelled further than [#1]. */
void koops(struct sim *s, struct sim_result *res, const char *die)
{
	u32 task = curr_task(s);
	const struct ktask *t = curr_ktask(s);
	T_ENTER(s, "die", "the task cannot go on", NULL, 0, NULL, 0, SIM_U_NONE);

	if (!kstack_magic_ok(s, kstack_of(s, t)) && !arm64(s))
		klog(s, "Thread overran stack, or stack corrupted");
	if (arm64(s))
		klog(s, "Internal error: %s [#1] SMP", die);
	else
		klog(s, "%s%s [#1] SMP", kern(s)->oops_prefix ? "Oops: " : "", die);
	if (in_interrupt(s)) {
		kpanic(s, res, "Fatal exception in interrupt");
		return;
	}
	if (s->root->task[task].proc != NO_PROC && last_thread(s, task) && last_process(s)) {
		kpanic(s, res, "Attempted to kill init!");
		return;
	}
	res->status = SIM_OOPS;
	task_gone(s, task, res);
}

static bool canonical(const struct sim *s, u64 addr)
{
	const struct sim_profile *p = s->prof;

	return !p->canonical_end || addr < p->canonical_end || addr >= p->kernel_start;
}

/* What the fault is called, and where it was: NULL has a word of its own. */
static void say_page_fault(struct sim *s, u64 addr)
{
	bool null = addr < PAGE_SIZE, now = kern(s)->pf_message;
	int digits = (int)kern(s)->word * 2;
	unsigned long long a = addr;

	if (arm64(s))
		klog(s, "Unable to handle kernel %s at virtual address %0*llx",
		     null ? "NULL pointer dereference" : "paging request", digits, a);
	else if (now)
		klog(s, "BUG: %s address: %0*llx", null ? "kernel NULL pointer dereference," :
		     "unable to handle page fault for", digits, a);
	else
		klog(s, "BUG: unable to handle kernel %s at %0*llx", null ? "NULL pointer dereference" :
		     "paging request", digits, a);
	if (!arm64(s) && now)
		klog(s, "#PF: supervisor instruction fetch in kernel mode");
}

/* A jump to where nothing is; where that is no address at all, it is no page fault. */
void bad_jump(struct sim *s, struct sim_result *res, u64 addr)
{
	if (!canonical(s, addr)) {
		K_NOTE(s, "exc_general_protection", "the address is not canonical", NULL, "at", addr, NULL, 0,
		       SIM_U_HEX);
		koops(s, res, "general protection fault: 0000");
		return;
	}
	K_NOTE(s, arm64(s) ? "do_page_fault" : "page_fault_oops", "the kernel itself faults", NULL, "at", addr,
	       NULL, 0, SIM_U_HEX);
	say_page_fault(s, addr);
	koops(s, res, arm64(s) ? "Oops: 86000004" : "Oops: 0010");
}

/* stack_type_name() */
static const char *stack_name(const struct sim *s, u64 addr, u64 *from, u64 *to)
{
	const struct sim_kernel *k = kern(s);
	const struct kstack *ks = kstack_of(s, curr_ktask(s));
	static const char *const names[][2] = {
		{ "hardirq", "IRQ" }, { "DF", "#DF" }, { "NMI", "NMI" }, { "DB", "#DB" }, { "MCE", "#MC" },
		{ "VC", "#VC" },
	};

	*from = ks->base;
	*to = kstack_top(ks);
	if (*from - addr <= PAGE_SIZE)
		return "TASK";
	for (unsigned i = 0; i < KERNEL_CPU_STACKS && k->cpu_stack[i].name; i++) {
		u64 base = cpu_stack_base(s, 0, i);

		if (base - addr > PAGE_SIZE)
			continue;
		*from = base;
		*to = base + k->cpu_stack[i].size;
		for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			if (!strcmp(names[n][0], k->cpu_stack[i].name))
				return names[n][1];
	}
	return "UNKNOWN";
}

static void double_fault(struct sim *s, struct sim_result *res, u64 addr)
{
	const struct sim_kernel *k = kern(s);
	struct ktask *t = curr_ktask(s);
	struct kstack *df = cpu_stack(s, 0, k->overflow_stack);
	u64 from, to;
	const char *name = stack_name(s, addr, &from, &to);
	char words[64];
	T_ENTER(s, "exc_double_fault", "a page fault needs room on the very stack that has none", "address",
		addr, NULL, 0, SIM_U_ADDR);

	if (!df || !push_link(s, t, df, CTX_EXCEPTION, true) ||
	    !push_regs(s, t, "asm_exc_double_fault", k->regs_exception, CTX_EXCEPTION) ||
	    !push_call(s, t, "exc_double_fault", 64, CTX_EXCEPTION, 0) ||
	    !push_call(s, t, "handle_stack_overflow", 32, CTX_EXCEPTION, 0))
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	to -= k->guard_end_inclusive;
	if (k->guard_named)
		klog(s, k->guard_message, name, (unsigned long long)addr, (unsigned long long)from,
		     (unsigned long long)to);
	else
		klog(s, k->guard_message, (unsigned long long)addr, (unsigned long long)from,
		     (unsigned long long)to);
#pragma GCC diagnostic pop
	if (!k->double_fault_panics) {
		koops(s, res, "kernel stack overflow (double-fault): 0000");
		return;
	}
	snprintf(words, sizeof(words), "%s%s: 0000 [#1] SMP", k->oops_prefix ? "Oops: " : "",
		 k->guard_named ? "stack guard page" : "kernel stack overflow (double-fault)");
	klog(s, "%s", words);
	kpanic(s, res, "Fatal exception in interrupt");
}

static void bad_stack(struct sim *s, struct sim_result *res, u64 addr)
{
	const struct sim_kernel *k = kern(s);
	struct ktask *t = curr_ktask(s);
	const struct kstack *ks = kstack_of(s, t);
	struct kstack *over = cpu_stack(s, 0, k->overflow_stack);
	u64 irq = cpu_stack_base(s, 0, (unsigned)k->hardirq_stack);
	T_ENTER(s, "handle_bad_stack", "kernel_ventry finds sp outside of the stack", "address", addr, NULL, 0,
		SIM_U_ADDR);

	if (!over || !push_link(s, t, over, CTX_EXCEPTION, true) ||
	    !push_regs(s, t, "el1h_64_sync", k->regs_kernel, CTX_EXCEPTION) ||
	    !push_call(s, t, "handle_bad_stack", 32, CTX_EXCEPTION, 0) ||
	    !push_call(s, t, "panic_bad_stack", 96, CTX_EXCEPTION, 0))
		return;
	klog(s, "Insufficient stack space to handle exception!");
	klog(s, "ESR: 0x0000000096000047 -- DABT (current EL)");
	klog(s, "FAR: 0x%016llx", (unsigned long long)addr);
	klog(s, "Task stack:     [0x%016llx..0x%016llx]", (unsigned long long)ks->base,
	     (unsigned long long)kstack_top(ks));
	klog(s, "IRQ stack:      [0x%016llx..0x%016llx]", (unsigned long long)irq,
	     (unsigned long long)irq + k->cpu_stack[k->hardirq_stack].size);
	klog(s, "Overflow stack: [0x%016llx..0x%016llx]", (unsigned long long)over->base,
	     (unsigned long long)kstack_top(over));
	kpanic(s, res, "kernel stack overflow");
}

void stack_overflowed(struct sim *s, struct sim_result *res)
{
	u64 addr = s->kfault;

	s->kfault = 0;
	K_EVENT(s, "(processor)", TRAMPLE, "below the stack: nothing is mapped at", NULL, addr, SIM_U_ADDR);
	switch (kern(s)->overflow) {
	case OVERFLOW_DOUBLE_FAULT:
		double_fault(s, res, addr);
		return;
	case OVERFLOW_ARM64:
		bad_stack(s, res, addr);
		return;
	case OVERFLOW_SILENT:
		klog(s, "PANIC: double fault, error_code: 0x0");
		kpanic(s, res, "Machine halted.");
		return;
	}
}
