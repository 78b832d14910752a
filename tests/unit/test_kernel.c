/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel's own side: each profile's table against the figures of its source, and what
 * the machine does with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/sim/check.h"
#include "src/sim/klook.h"
#include "src/sim/profile.h"
#include "src/sim/sim_env.h"
#include "tests/unit/sim_ops.h"

/* ---- a scenario, played ------------------------------------------------------------------------ */

struct played {
	struct scenario *sc;
	struct play *play;
	struct record r;
	struct sim *sim;
};

/* Up to its end; the record of the last line stays. */
static void play_text(struct played *p, const char *profile, const char *text)
{
	struct sim_options o;
	struct world *w;

	memset(p, 0, sizeof(*p));
	assert_null(scenario_parse("t", text, strlen(text), &p->sc));
	check_options_of(p->sc, NULL, NULL, &o);
	o.profile = sim_profile_find(profile);
	assert_non_null(o.profile);
	assert_null(world_sim_open(&o, &w));
	assert_null(play_open(p->sc, &o, w, &p->play, &p->r));
	p->sim = world_sim_machine(w);
	for (size_t i = 0; i < p->sc->nitems; i++) {
		if (p->sc->item[i].kind != ITEM_OP)
			continue;
		assert_null(play_step(p->play, &p->sc->item[i], &p->r));
		if (p->r.has_prediction && !p->r.predicted)
			fail_msg("%s: line %u: %s: %s", profile, p->r.line, p->r.op, buf_str(&p->r.wrong));
		check_all(p->sim);
	}
}

static void play_end(struct played *p)
{
	play_close(p->play);
	record_free(&p->r);
	scenario_destroy(p->sc);
}

static void expect_all(const char *profile, const char *text)
{
	struct played p;

	play_text(&p, profile, text);
	play_end(&p);
}

static void expect_log(const char *profile, const char *text, const char *line)
{
	struct played p;

	play_text(&p, profile, text);
	if (!strstr(buf_str(&p.r.log), line))
		fail_msg("%s: \"%s\" is not in:\n%s", profile, line, buf_str(&p.r.log));
	play_end(&p);
}

/* ---- tables --------------------------------------------------------------------------------------- */

static const struct sim_kernel *table(const char *profile)
{
	const struct sim_profile *p = sim_profile_find(profile);

	assert_non_null(p);
	assert_non_null(p->kernel);
	return p->kernel;
}

/* Every profile has a table whose parts fit together. */
static void test_tables_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const struct sim_kernel *k = sim_profile_at(i)->kernel;
		uint32_t end = 0;

		assert_non_null(k);
		assert_true(k->word == 4 || k->word == 8);
		assert_true(k->thread_size == 8192 || k->thread_size == 16384);
		assert_true(k->regs_syscall && k->regs_irq && k->regs_exception);
		assert_true(k->syscall_entry && k->switch_to && k->alloc && k->current_words && k->irq_words);
		assert_true(k->source == STACK_PAGES || k->guard == 4096);
		assert_int_equal(k->source == STACK_VMALLOC, k->overflow != OVERFLOW_SILENT);
		for (const struct kernel_field *f = k->field; f->name; f++) {
			assert_true(f->offset >= end);
			end = f->offset + f->bytes;
		}
		assert_true(end <= k->ti_bytes);
		for (int n = 0; n < KERNEL_CPU_STACKS && k->cpu_stack[n].name; n++)
			assert_true(k->cpu_stack[n].size >= 4096);
	}
}

/* arch/x86/include/asm/{page_32_types,page_64_types,thread_info,ptrace}.h, arch/arm64/include/asm/
 * {thread_info,ptrace,irq}.h, kernel/fork.c of each version. */
static void test_sizes(void **state)
{
	static const struct {
		const char *profile;
		uint32_t thread_size, regs, ti_bytes, irq_stack;
		enum stack_source source;
		enum ti_where ti;
		unsigned cached;
	} t[] = {
		{ "linux-2.6.39-i386", 8192, 68, 72, 8192, STACK_PAGES, TI_MASK_SP, 0 },
		{ "linux-3.10-x86_64", 8192, 120, 104, 16384, STACK_PAGES, TI_PERCPU_TOP, 0 },
		{ "linux-4.3-arm64", 16384, 288, 32, 0, STACK_PAGES, TI_MASK_SP, 0 },
		{ "linux-5.10-x86_64", 16384, 168, 16, 16384, STACK_VMALLOC, TI_IN_TASK, 2 },
		{ "linux-6.18-x86_64", 16384, 168, 24, 16384, STACK_VMALLOC, TI_IN_TASK, 2 },
		{ "linux-6.18-arm64", 16384, 320, 24, 16384, STACK_VMALLOC, TI_IN_TASK, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct sim_kernel *k = table(t[i].profile);

		assert_int_equal(k->thread_size, t[i].thread_size);
		assert_int_equal(k->regs_syscall, t[i].regs);
		assert_int_equal(k->ti_bytes, t[i].ti_bytes);
		assert_int_equal(k->source, t[i].source);
		assert_int_equal(k->ti, t[i].ti);
		assert_int_equal(k->cached_stacks, t[i].cached);
		assert_int_equal(k->hardirq_stack < 0 ? 0 : k->cpu_stack[k->hardirq_stack].size, t[i].irq_stack);
	}
	/* IST: 4K each and 8K for debug up to 4.19, 8K each with guards later. */
	assert_int_equal(table("linux-3.10-x86_64")->cpu_stack[4].size, 8192);
	assert_int_equal(table("linux-3.10-x86_64")->cpu_stack[3].size, 4096);
	assert_int_equal(table("linux-6.18-x86_64")->cpu_stack[2].size, 8192);
	assert_int_equal(table("linux-6.18-x86_64")->cpu_stack[2].guard, 4096);
}

/* ---- stacks ----------------------------------------------------------------------------------------- */

/* set_task_stack_end_magic(), stack_not_used(): the whole stack but what lies at its base. */
static void test_fresh_stack(void **state)
{
	static const struct { const char *profile; uint64_t left, used; } t[] = {
		{ "linux-2.6.39-i386", 8192 - 72, 8 },	/* 8 bytes above pt_regs stay free */
		{ "linux-3.10-x86_64", 8192 - 104, 0 },
		{ "linux-4.3-arm64", 16384 - 32, 16 },
		{ "linux-6.18-x86_64", 16384, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sim_kstack k;
		struct played p;

		play_text(&p, t[i].profile, "munlockall");
		assert_true(sim_kstack_get(p.sim, 0, &k));
		assert_int_equal(k.left, t[i].left);
		assert_int_equal(k.used, t[i].used);
		assert_true(k.magic_ok && k.info_ok);
		assert_int_equal(k.base % (k.size), 0);
		play_end(&p);
	}
}

static void test_start_kstack(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const char *name = sim_profile_name(sim_profile_at(i));

		expect_all(name, "start kstack 4K\nfork\nexpect size=4096 kernelstack=8K current=P1 trampled=none");
		expect_all(name, "start kstack 16K\nfork\nexpect size=16K kernelstack=32K current=P1 trampled=none");
	}
}

/* What is pushed comes off again, to the byte, in every profile. */
static void test_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const char *name = sim_profile_name(sim_profile_at(i));
		struct sim_kstack before, after;
		struct played p;

		play_text(&p, name, "munlockall");
		assert_true(sim_kstack_get(p.sim, 0, &before));
		play_end(&p);
		play_text(&p, name,
			  "thread W\nsyscall read\nkcall a 100 => ok on=task\nkcall b 333 => ok\n"
			  "irq eth => ok\nirqret => ok on=task\nexception page_fault => ok\nirqret => ok\n"
			  "switch W => ok on=user\nswitch P0 => ok on=task runs=P0\nkret => ok\nkret => ok\n"
			  "sysret => ok on=user trampled=none\ncall f 100 args 12 => ok\nret => ok\nexpect sp=sp");
		assert_true(sim_kstack_get(p.sim, 0, &after));
		assert_int_equal(before.used, after.used);
		assert_true(after.high > before.high && after.left < before.left);
		play_end(&p);
	}
}

/* thread_stack_free_rcu, free_thread_stack: two for each CPU where stacks come from vmalloc. */
static void test_freed_stacks(void **state)
{
	static const char text[] = "thread A\nthread B\nthread C\nswitch A\nexit\nswitch B\nexit\nswitch C\nexit\n";
	struct played p;

	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		unsigned cached = sim_profile_at(i)->kernel->cached_stacks;
		uint64_t free_before, pages = sim_profile_at(i)->kernel->thread_size / P;

		play_text(&p, sim_profile_name(sim_profile_at(i)), "munlockall");
		free_before = sim_frame_free(p.sim);
		play_end(&p);
		play_text(&p, sim_profile_name(sim_profile_at(i)), text);
		assert_int_equal(sim_cached_stacks(p.sim), cached);
		/* Thread descriptors and page tables stay with the process. */
		assert_true(free_before - sim_frame_free(p.sim) < cached * pages + 12);
		play_end(&p);
	}
}

/* ---- overflow ---------------------------------------------------------------------------------------- */

static void test_overflow(void **state)
{
	static const char deep[] = "syscall x\nkcall a 5000\nkcall b 5000\nkcall c 5000\nkcall d 5000\n";

	(void)state;
	/* arch/x86/kernel/traps.c: handle_stack_overflow() */
	expect_log("linux-6.18-x86_64", deep, "BUG: TASK stack guard page was hit at ffffc9000");
	expect_log("linux-6.18-x86_64", deep, "Oops: stack guard page: 0000 [#1] SMP");
	expect_log("linux-6.1-x86_64", deep, "\nstack guard page: 0000 [#1] SMP");
	expect_log("linux-5.10-x86_64", deep, "BUG: stack guard page was hit at ffffc9000");
	expect_log("linux-5.10-x86_64", deep, "\nkernel stack overflow (double-fault): 0000 [#1] SMP");
	expect_log("linux-6.18-x86_64", deep, "Kernel panic - not syncing: Fatal exception in interrupt");
	/* arch/arm64/kernel/traps.c: panic_bad_stack() */
	expect_log("linux-6.18-arm64", deep, "Insufficient stack space to handle exception!\nESR: ");
	expect_log("linux-6.18-arm64", deep, "Kernel panic - not syncing: kernel stack overflow");
	/* Silent where the stack is a block of pages; what lies below is written over. */
	expect_all("linux-3.10-x86_64", "syscall x\nkcall a 5000\nkcall b 5000 => ok trampled=P0 log=none");
	expect_all("linux-2.6.39-i386", "syscall x\nkcall a 5000\nkcall b 5000 => ok trampled=P0 log=none");
	expect_all("linux-4.3-arm64",
		   "syscall x\nkcall a 9000\nkcall b 9000 => ok trampled=P0 log=none");
}

/* kernel/sched/core.c: schedule_debug() */
static void test_found_in_schedule(void **state)
{
	(void)state;
	/* Only the magic, in the two words between the last frame and the base. */
	expect_log("linux-6.18-x86_64", "thread W\nsyscall x\nkcall a 16088 => ok trampled=P0 left:P0=8\nkret\nswitch W\n",
		   "Kernel panic - not syncing: corrupted stack end detected inside scheduler");
	expect_log("linux-4.3-arm64", "fork\nthread W\nsyscall x\nkcall a 15992 => ok trampled=P1 current=P1\nkret\n"
		   "switch W\n", "kernel BUG at kernel/sched/core.c!");
	expect_log("linux-3.10-x86_64", "fork\nsyscall x\nkcall a 8008 => ok trampled=P1\nkret\nswitch P0\n",
		   "BUG: scheduling while atomic: P1/1001/0x");
}

/* arch/x86/kernel/irq_32.c: check_stack_overflow() */
static void test_low_stack(void **state)
{
	(void)state;
	expect_all("linux-2.6.39-i386", "syscall x\nkcall a 6500\nirq e => ok log=none\nirqret\nkcall b 400\n"
		   "irq e => ok log=low");
}

/* kernel/exit.c: check_stack_usage() */
static void test_low_water(void **state)
{
	static const char text[] = "thread W\nthread V\nswitch W\nsyscall x\nkcall a 1000\nkret\nsysret\nexit";

	(void)state;
	expect_log("linux-6.18-x86_64", text, "W (1001) used greatest stack depth: ");
	expect_log("linux-3.10-x86_64", text, "W (1001) used greatest stack depth: ");
	expect_log("linux-2.6.39-i386", text, "W used greatest stack depth: ");
}

/* ---- interrupts -------------------------------------------------------------------------------------- */

static void test_irq_stacks(void **state)
{
	static const char nest[] = "syscall x => ok on=task\nirq a => ok on=%s\nirq b => ok on=%s\nirqret => ok on=%s\n"
				   "irqret => ok on=task\n";
	static const struct { const char *profile, *user, *kernel; } t[] = {
		{ "linux-2.6.39-i386", "hardirq", "hardirq" },	/* irq_32.c: execute_on_irq_stack() */
		{ "linux-3.10-x86_64", "irq", "irq" },		/* entry_64.S: cmovzq irq_stack_ptr */
		{ "linux-4.3-arm64", "task", "task" },
		{ "linux-6.18-arm64", "irq", "irq" },		/* entry-common.c: do_interrupt_handler() */
		{ "linux-6.18-x86_64", "task", "hardirq" },	/* irq_stack.h: user_mode(regs) */
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text), "irq a => ok on=%s\nirqret => ok on=user", t[i].user);
		expect_all(t[i].profile, text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), nest, t[i].kernel, t[i].kernel, t[i].kernel);
#pragma GCC diagnostic pop
		expect_all(t[i].profile, text);
	}
}

static void test_softirq_and_nmi(void **state)
{
	static const char pending[] = "syscall x\nirq a\nsoftirq => ok on=%s\nirqret => ok on=%s\nirqret => ok on=task\n";
	char text[256];

	(void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), pending, "hardirq", "softirq");
	expect_all("linux-2.6.39-i386", text);
	snprintf(text, sizeof(text), pending, "irq", "irq");
	expect_all("linux-3.10-x86_64", text);
	snprintf(text, sizeof(text), pending, "task", "task");
	expect_all("linux-4.3-arm64", text);
	snprintf(text, sizeof(text), pending, "hardirq", "hardirq");
	expect_all("linux-6.18-x86_64", text);
#pragma GCC diagnostic pop
	expect_all("linux-6.18-x86_64", "nmi => ok on=task\nirqret => ok on=user\nsyscall x\nnmi => ok on=NMI\nirqret\n"
		   "exception machine_check => ok on=MCE\nirqret => ok on=task");
	expect_all("linux-3.10-x86_64", "nmi => ok on=NMI\nirqret => ok on=user");
	expect_all("linux-4.3-arm64", "nmi => skipped: this kernel takes no NMI");
	expect_all("linux-6.18-x86_64", "syscall x\nirq a\nswitch P0 => skipped: an interrupt is being served");
}

/* ---- switches and shared stacks -------------------------------------------------------------------- */

/* struct inactive_task_frame: six registers and the return address; arm64 keeps them in the task. */
static void test_switch_frame(void **state)
{
	(void)state;
	expect_all("linux-6.18-x86_64", "thread W\nsyscall x => ok used=288\nswitch W => ok used:P0=528 state:P0=S");
	expect_all("linux-3.10-x86_64", "thread W\nsyscall x => ok used=168\nswitch W => ok used:P0=352");
	expect_all("linux-2.6.39-i386", "thread W\nsyscall x => ok used=112\nswitch W => ok used:P0=240");
	expect_all("linux-4.3-arm64", "thread W\nsyscall x => ok used=352\nswitch W => ok used:P0=496");
}

static void test_shared_stacks(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++) {
		const char *name = sim_profile_name(sim_profile_at(i));
		char text[512];

		expect_all(name, "thread B\nsyscall read\nkcall wait 200\nswitch B\nshare kstack P0 => ok\nsyscall read\n"
			   "kcall poll 200\nswitch P0 => astray: into poll of B");
		/* arm64 keeps return addresses at the lower end: there lie B's locals. */
		snprintf(text, sizeof(text), "thread B\ncall f 200\nswitch B\nshare ustack P0 => ok\nswitch P0\ncall g 200\n"
			 "switch B\ncall h 500\nswitch P0\nret => %s", sim_profile_at(i)->kernel->lr_low ?
			 "SIGSEGV MAPERR" : "astray: into main of B");
		expect_all(name, text);
		expect_all(name, "thread B\nswitch B\nsyscall read\nkcall wait 300\nswitch P0\nshare kstack B => ok\n"
			   "syscall poll\nkcall other 900\nswitch B => oops");
	}
}

/* fork shares the words of the stack until somebody writes. */
static void test_words_are_copied_on_write(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++)
		expect_all(sim_profile_name(sim_profile_at(i)),
			   "call f 200\ncall g 300\nfork\nret => ok\ncall h 400\nswitch P0\nret => ok\nret => ok\n"
			   "expect sp=sp\nswitch P1\nret => ok\nret => ok\nexpect sp=sp");
	/* A page that is given back takes its words along: the return address reads zero. */
	expect_all("linux-6.18-x86_64", "call f 9000\nmadvise stack stack.len dontneed => ok\nret => SIGSEGV MAPERR");
}

/* What a stack is said to have room for is what it holds, and not a word more. */
static void test_stack_room(void **state)
{
	static const unsigned sizes[] = { 4, 8, 16 };

	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++)
		for (size_t n = 0; n < 3; n++) {
			const char *name = sim_profile_name(sim_profile_at(i));
			char text[256];
			struct played p;
			unsigned long long room;

			snprintf(text, sizeof(text), "start kstack %uK\nsyscall x\n", sizes[n]);
			play_text(&p, name, text);
			room = sim_stack_room(p.sim, sizes[n] * 1024ull);
			play_end(&p);
			snprintf(text, sizeof(text), "start kstack %uK\nsyscall x\nkcall f %llu => ok trampled=none left<17\n",
				 sizes[n], room);
			expect_all(name, text);
			snprintf(text, sizeof(text), "start kstack %uK\nsyscall x\nkcall f %llu => trampled=P0\n", sizes[n],
				 room + 1);
			expect_all(name, text);
		}
}

/* kernel/exit.c:do_exit(): the last thread takes its process along; there is always one. */
static void test_last_thread(void **state)
{
	static const char oops[] = "thread B\nsyscall read\nkcall vfs_read 120\nkcall wait 200\nswitch B\n"
				   "share kstack P0\nsyscall poll\nkcall do_poll 500\nswitch P0 => oops runs=B\n";
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "%sexit => skipped: it is the last thread of the last process runs=B\n", oops);
	expect_all("linux-6.18-x86_64", text);
	snprintf(text, sizeof(text), "fork\nswitch P0\n%sexit => ok runs=P1\nswitch P0 => skipped: no process P0\n",
		 oops);
	expect_all("linux-6.18-x86_64", text);
}

/* ---- the table of sysrq-t ----------------------------------------------------------------------------- */

/* kernel/sched/core.c: sched_show_task() of each version. */
static void test_sysrq(void **state)
{
	static const char text[] = "thread W\nsyscall poll\nkcall do_sys_poll 900\nswitch W\nsysrq t\n";

	(void)state;
	expect_log("linux-2.6.39-i386", text, "  task                PC stack   pid father\n");
	expect_log("linux-2.6.39-i386", text, "W               R running   8032  1001   1000 0x00000000\n");
	expect_log("linux-3.10-x86_64", text, "  task                        PC stack   pid father\n");
	expect_log("linux-3.10-x86_64", text, "W               R  running task     ");
	expect_log("linux-3.10-x86_64", text, "P0              S ffffffff81");
	expect_log("linux-4.3-arm64", text, "P0              S ffffffc0000");
	expect_log("linux-5.10-x86_64", text, "task:P0              state:S stack:14944 pid: 1000 ppid:     1 flags:0x00000000\n");
	expect_log("linux-6.1-x86_64", text, "task:P0              state:S stack:14944 pid:1000  ppid:1      flags:0x00000000\n");
	expect_log("linux-6.12-x86_64", text, "pid:1000  tgid:1000  ppid:1      flags:0x00000000\n");
	expect_log("linux-6.18-x86_64", text,
		   "task:W               state:R  running task     stack:16160 pid:1001  tgid:1000  ppid:1000   "
		   "task_flags:0x400040 flags:0x00000000\n");
	expect_log("linux-6.18-x86_64", text, "Call Trace:\n <TASK>\n __schedule+0x");
	expect_log("linux-6.18-arm64", text, "Call trace:\n __switch_to+0x");
	expect_log("linux-6.18-arm64", text, " (T)\n __schedule+0x");
	expect_log("linux-2.6.39-i386", text, "Call Trace:\n [<c10");
}

/* ---- the value for views -------------------------------------------------------------------------------- */

static void test_contexts(void **state)
{
	struct played p;
	struct contexts *c;
	const struct ctask *t;

	(void)state;
	play_text(&p, "linux-6.18-x86_64", "cpus 2\nthread W\nkthread K\nsyscall read\nkcall f 100\nirq eth\n");
	c = sim_contexts(p.sim);
	assert_int_equal(c->ntasks, 3);
	assert_int_equal(c->ncpus, 2);
	assert_int_equal(c->thread_size, 16384);
	t = contexts_current(c);
	assert_string_equal(t->name, "P0");
	assert_true(t->current && t->in_kernel && !t->kthread);
	/* pt_regs, do_syscall_64, __x64_sys_read, f, pt_regs of the interrupt, common_interrupt */
	assert_int_equal(t->kernel.nframes, 6);
	assert_int_equal(t->kernel.frames[5].kind, CFRAME_REGS);
	assert_int_equal(t->kernel.frames[5].bytes, 168);
	assert_string_equal(t->kernel.frames[2].function, "f");
	assert_true(t->kernel.frames[0].intact);
	assert_int_equal(c->cpus[0].sp_on, 0);
	assert_string_equal(c->cpus[0].stack[0].name, "hardirq");
	assert_int_equal(c->cpus[0].stack[0].nframes, 5);
	assert_int_equal(c->cpus[0].stack[0].frames[4].kind, CFRAME_LINK);
	assert_int_equal(c->cpus[0].sp, c->cpus[0].stack[0].sp);
	assert_int_equal(c->cpus[0].nqueue, 2);
	assert_int_equal(c->cpus[1].current, -1);
	assert_string_equal(c->cpus[1].idle, "swapper/1");
	assert_int_equal(c->tasks[2].mm, -1);
	assert_true(c->tasks[2].kthread && c->tasks[2].user.size == 0);
	contexts_destroy(c);
	play_end(&p);
}

/* What was written over shows which return is wrong and where it would go. */
static void test_contexts_of_overwritten(void **state)
{
	struct played p;
	struct contexts *c;
	bool found = false;

	(void)state;
	play_text(&p, "linux-6.18-x86_64", "thread B\nsyscall read\nkcall wait 200\nswitch B\nshare kstack P0\n"
		  "syscall read\nkcall poll 400\n");
	c = sim_contexts(p.sim);
	assert_int_equal(c->tasks[1].kernel_of, 0);
	for (size_t i = 0; i < c->tasks[0].kernel.nframes; i++) {
		const struct cframe *f = &c->tasks[0].kernel.frames[i];

		found |= !f->intact && *f->goes;
	}
	assert_true(found);
	contexts_destroy(c);
	play_end(&p);
}

/* ---- memory for stacks ------------------------------------------------------------------------------- */

struct inject { unsigned count, at; };

static bool inject_fail(void *ctx, const char *what)
{
	struct inject *i = ctx;

	(void)what;
	return ++i->count == i->at;
}

/* Each allocation of each operation is refused once: the machine is as before. */
static void inject(const struct sim_profile *profile)
{
	static const struct sim_op ops[] = {
		{ .kind = SIM_OP_THREAD, .len = 65536, .guard = 4096, .name = "W" },
		{ .kind = SIM_OP_KTHREAD, .name = "K" },
		{ .kind = SIM_OP_CALL, .name = "f", .len = 9000, .value = 9 },
		{ .kind = SIM_OP_FORK },
		{ .kind = SIM_OP_RET },
		{ .kind = SIM_OP_SYSCALL, .name = "read" },
		{ .kind = SIM_OP_KCALL, .name = "g", .len = 700 },
		{ .kind = SIM_OP_IRQ, .name = "eth" },
		{ .kind = SIM_OP_SOFTIRQ, .name = "net" },
		{ .kind = SIM_OP_IRQRET }, { .kind = SIM_OP_IRQRET },
		{ .kind = SIM_OP_EXCEPTION, .name = "debug" },
		{ .kind = SIM_OP_IRQRET }, { .kind = SIM_OP_RUN, .task = 2 },
		{ .kind = SIM_OP_SHARE, .task = 1 }, { .kind = SIM_OP_SYSCALL, .name = "poll" },
		{ .kind = SIM_OP_RUN, .task = 3 }, { .kind = SIM_OP_KCALL, .name = "deep", .len = 20000 },
	};
	struct inject in = { 0, 0 };
	struct sim_env env = sim_env_host;
	struct sim_options o;
	struct sim *s;

	sim_options_init(&o);
	o.profile = profile;
	o.ram_pages = 20000;
	env.ctx = &in;
	env.fail = inject_fail;
	s = sim_create(&o, &env);
	assert_non_null(s);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		uint64_t before = sim_digest(s);
		struct sim_result res;

		for (unsigned at = 1;; at++) {
			in = (struct inject){ 0, at };
			sim_exec(s, &ops[i], &res);
			if (in.count < at)
				break;
			assert_true(sim_digest(s) == before);
			assert_true(res.status != SIM_OK);
		}
		check_all(s);
	}
	sim_destroy(s);
}

static void test_injection(void **state)
{
	(void)state;
	for (size_t i = 0; sim_profile_at(i); i++)
		inject(sim_profile_at(i));
}

/* A second, traced run of each operation is the same, and every decision can be gone to. */
struct moments {
	sim_pos pos[400];
	size_t n;
};

static void note_moment(void *ctx, const struct sim_step *step)
{
	struct moments *m = ctx;
	struct buf b = BUF_INIT;

	sim_step_text(step, &b);
	assert_true(b.len > 3);
	buf_free(&b);
	if (m->n < 400 && (!m->n || m->pos[m->n - 1] < step->pos))
		m->pos[m->n++] = step->pos;
}

static void test_retrace(void **state)
{
	static const char text[] = "thread W\nsyscall read\nkcall f 300\nirq eth\nirqret\nswitch W\ncall g 300\nswitch P0\n"
				   "kret\nsysret\nkthread K\nswitch K\nexit\n";
	struct scenario *sc = NULL;

	(void)state;
	for (size_t k = 0; sim_profile_at(k); k++) {
		struct sim_options o;
		struct record r = { .i = 0 };
		struct play *p = NULL;
		struct world *w;
		struct sim *s;

		assert_null(scenario_parse("t", text, strlen(text), &sc));
		check_options_of(sc, NULL, NULL, &o);
		o.profile = sim_profile_at(k);
		assert_null(world_sim_open(&o, &w));
		assert_null(play_open(sc, &o, w, &p, &r));
		s = world_sim_machine(w);
		for (size_t i = 0; i < sc->nitems; i++) {
			sim_pos from = sim_position(s), to;
			struct sim_result first, again;
			struct sim_op op;
			char why[64];
			uint64_t digest;
			struct moments m = { .n = 0 };

			assert_int_equal(scenario_resolve(sc, &p->scope, &sc->item[i].op, &op, why), VERDICT_RUN);
			sim_exec(s, &op, &first);
			to = sim_position(s);
			digest = sim_digest(s);
			assert_true(sim_retrace(s, from, &op, &again, note_moment, &m));
			assert_memory_equal(&first, &again, sizeof(first));
			assert_true(sim_position(s) == to && sim_digest(s) == digest);
			for (size_t n = m.n; n-- > 0;)
				assert_true(sim_seek(s, m.pos[n]));
			assert_true(sim_seek(s, to));
			assert_true(sim_digest(s) == digest);
			scope_apply(&p->scope, &sc->item[i].op, &op, &first);
		}
		play_close(p);
		record_free(&r);
		scenario_destroy(sc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_whole), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_fresh_stack), cmocka_unit_test(test_start_kstack),
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_freed_stacks),
		cmocka_unit_test(test_overflow), cmocka_unit_test(test_found_in_schedule),
		cmocka_unit_test(test_low_stack), cmocka_unit_test(test_low_water),
		cmocka_unit_test(test_irq_stacks), cmocka_unit_test(test_softirq_and_nmi),
		cmocka_unit_test(test_switch_frame), cmocka_unit_test(test_shared_stacks),
		cmocka_unit_test(test_words_are_copied_on_write), cmocka_unit_test(test_sysrq),
		cmocka_unit_test(test_last_thread), cmocka_unit_test(test_stack_room),
		cmocka_unit_test(test_contexts), cmocka_unit_test(test_contexts_of_overwritten),
		cmocka_unit_test(test_injection), cmocka_unit_test(test_retrace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
