/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of the machine's kernel side: kernel stacks as words, what tasks pushed on them,
 * CPUs. Private to src/sim; everything lies in the journaled block like the rest.
 *
 * The words of a stack are the truth. Frames only remember who pushed what where: a
 * return reads its address from memory, whoever has written there meanwhile.
 */
#ifndef SIM_KSIDE_H
#define SIM_KSIDE_H
#include <string.h>
#include "mm.h"

#define STACK_END_MAGIC 0x57ac6e9dull
#define KSTACK_PAGES 8
#define KNAME_MAX 47

struct kstack {			/* of a task or a CPU */
	u64 base;
	u32 size, order;	/* order of its block of frames; NO_ORDER: frames one by one, or none */
	u32 users;		/* tasks that run on it */
	u32 owner;		/* the task it was made for; of a CPU: index in cpu_stack[] */
	u32 kind, slot;		/* enum kstack_kind; place in the vmalloc area */
	u32 pfn[KSTACK_PAGES];
	struct wpage page[KSTACK_PAGES];
};
enum kstack_kind { KS_TASK, KS_CPU };
#define NO_ORDER 255u

struct kfn {			/* a function that was called, by name */
	char name[KNAME_MAX + 1];
	ref next;
	u32 id;
};
enum { FN_KERNEL, FN_USER };

enum sframe_kind { SF_CALL, SF_ARGS, SF_REGS, SF_SWITCH, SF_LINK };
/* Why the kernel was entered, or what a frame is part of. */
enum kctx { CTX_USER, CTX_SYSCALL, CTX_IRQ, CTX_SOFTIRQ, CTX_NMI, CTX_EXCEPTION, CTX_PREEMPT, CTX_SCHED,
	    CTX_NEW, CTX_THREADFN };
#define SFF_FIRST 1u		/* the first one of its context */
#define SFF_CALLED 2u		/* by kcall or call */
#define SFF_HALF 4u		/* a fault came while it was pushed */
#define SFF_ENTERED 8u		/* sp is on another stack than before */

struct sframe {
	ref outer, fn;		/* the caller's; its function (of SF_REGS: what entered) */
	u32 kind, ctx;
	u32 bytes, flags;
	u64 addr;		/* of its lowest byte */
	u64 ret;		/* where the return address (SF_REGS: ip) stands, 0: none */
	u64 expects;		/* what was pushed there */
	u64 back;		/* sp before it was pushed */
	u32 serial, saved;	/* saved: bytes of saved registers */
};

#define KMODE_KTHREAD 1u		/* bits of kroot.mode */
#define KMODE_INTERRUPT 2u
#define KMODE_PANIC 4u

#define KT_KTHREAD 1u
#define KT_ASTRAY 2u		/* a return went where another task's frame sent it */

struct ktask {			/* task_struct, the part that mm.h's struct task has not */
	char comm[16];
	ref kstack, frames;	/* 0: in user mode, nothing on it */
	ref uframes;
	u32 flags;
	u64 ksp;		/* in the kernel, or waiting there; empty: the top */
	u32 serial, state;
	u32 ustack_of;		/* task + 1 whose user stack it shares */
	u32 spare;
	u64 ran;		/* when it ran last */
};

struct kcpu {
	u32 curr, pending;	/* task; softirqs raised */
	u32 hardirq, softirq;	/* how deep */
	u32 nmi, exception;
	u32 inuse, spare;	/* bits: cpu_stack[] entered */
	ref stack[KERNEL_CPU_STACKS];
};

/* ---- trace with names out of the scenario ------------------------------------------------- */
COLD void trace_named(struct sim *s, enum sim_step_kind kind, const char *func, const char *what,
		      const char *name, const char *aname, u64 a, const char *bname, u64 b,
		      enum sim_unit unit);
COLD void trace_named_event(struct sim *s, const char *func, enum sim_event event, const char *what,
			    const char *name, u64 a, enum sim_unit unit);
#define K_ENTER(s, ...)										\
	struct sim *kf_ __attribute__((cleanup(trace_leave), unused)) = (s);			\
	T_STEP(s, named, SIM_STEP_CALL, __VA_ARGS__);						\
	(s)->depth += (s)->trace ? 1 : 0
#define K_NOTE(s, ...) T_STEP(s, named, SIM_STEP_NOTE, __VA_ARGS__)
#define K_CHANGE(s, func, what, a, b, unit) \
	T_STEP(s, named, SIM_STEP_CHANGE, func, what, NULL, NULL, a, NULL, b, unit)
#define K_EVENT(s, func, ev, ...) T_STEP(s, named_event, func, SIM_EV_##ev, __VA_ARGS__)

static inline const struct sim_kernel *kern(const struct sim *s)
{
	return s->prof->kernel;
}
static inline u64 kthread_size(const struct sim *s)
{
	return s->opt.kstack ? s->opt.kstack : kern(s)->thread_size;
}
static inline struct kcpu *this_cpu(const struct sim *s)
{
	return AT(s, s->root->k.cpus, struct kcpu);
}
static inline struct ktask *ktask_at(const struct sim *s, u32 task)
{
	return AT(s, s->root->task[task].k, struct ktask);
}
static inline u32 curr_task(const struct sim *s)
{
	return this_cpu(s)->curr;
}
static inline struct ktask *curr_ktask(const struct sim *s)
{
	return ktask_at(s, curr_task(s));
}
static inline struct kstack *kstack_of(const struct sim *s, const struct ktask *t)
{
	return AT(s, t->kstack, struct kstack);
}
static inline u64 kstack_top(const struct kstack *ks)
{
	return ks->base + ks->size;
}
static inline struct sframe *frame_top(const struct sim *s, ref f)
{
	return f ? AT(s, f, struct sframe) : NULL;
}
static inline bool in_user_mode(const struct sim *s, const struct ktask *t)
{
	(void)s;
	return !t->frames;
}
static inline bool in_interrupt(const struct sim *s)
{
	const struct kcpu *c = this_cpu(s);

	return c->hardirq || c->softirq || c->nmi;
}

/* ---- kcheck.c ---- */
bool kside_ok(const struct sim *s, u64 stack_frames_seen, struct buf *why);

#define UWORD_BUCKETS 256
struct upage {			/* what programs wrote to a frame */
	u32 pfn;
	ref next;
	struct wpage page;
};

/* ---- kmem.c: words ------------------------------------------------------------------------ */
enum kaccess { KA_OK, KA_GUARD, KA_ELSEWHERE, KA_NOTHING };
u64 wpage_get(const struct sim *s, const struct wpage *p, unsigned off, unsigned bytes);
bool wpage_set(struct sim *s, struct wpage *p, unsigned off, u64 val, unsigned bytes);
bool wpage_fill(struct sim *s, struct wpage *p, u64 fill);	/* all of it */
void wpage_drop(struct sim *s, struct wpage *p);		/* all zero again */
struct kstack *kstack_at(const struct sim *s, u64 addr);	/* the stack that addr lies in, or NULL */
/* A store by the kernel; s->failed when the host's memory is out. */
enum kaccess kstore(struct sim *s, u64 addr, u64 val, unsigned bytes);
u64 kload(const struct sim *s, u64 addr, unsigned bytes);
/* Of the frame behind a user address; pages must be there. */
bool ustore(struct sim *s, struct mm *mm, u64 addr, u64 val);
u64 uload(struct sim *s, struct mm *mm, u64 addr);
bool ufill(struct sim *s, struct mm *mm, u64 page, u64 fill);	/* a whole page */

/* ---- kstack.c ------------------------------------------------------------------------------ */
struct kstack *kstack_alloc(struct sim *s, u32 task, u32 size);	/* NULL: no memory for it */
void kstack_put(struct sim *s, struct kstack *ks);
struct kstack *cpu_stack(struct sim *s, unsigned cpu, int index);	/* made when it is entered first */
u64 cpu_stack_base(const struct sim *s, unsigned cpu, unsigned index);
void kstack_init(struct sim *s, struct kstack *ks, u32 task);	/* magic and thread_info */
u64 kstack_magic_addr(const struct sim *s, const struct kstack *ks);
bool kstack_magic_ok(const struct sim *s, const struct kstack *ks);
u64 stack_not_used(const struct sim *s, const struct kstack *ks);
u64 kstack_lowest(const struct sim *s, const struct kstack *ks);	/* lowest word pushed; top: none */
void check_stack_usage(struct sim *s, u32 task);
const struct kernel_field *ti_field(const struct sim *s, const char *name);
u64 ti_addr(const struct sim *s);		/* of what current_thread_info() finds now */
u64 ti_value(const struct sim *s, u32 task, const char *field);	/* what belongs there */
bool ti_field_moves(const char *name);		/* it changes while the task lives */
bool ti_intact(const struct sim *s, const struct kstack *ks);
u64 task_addr(const struct sim *s, u32 task);
int task_by_addr(const struct sim *s, u64 addr);		/* -1: no task_struct */
/* What the kernel takes for the current task; -1: a wild pointer. */
int k_current(struct sim *s, const char *func);

/* ---- kframe.c ------------------------------------------------------------------------------- */
struct kfn *fn_get(struct sim *s, int space, const char *name);	/* NULL: out of memory */
u64 fn_return(const struct sim *s, int space, const struct kfn *fn);	/* an address inside of it */
const struct kfn *fn_at(const struct sim *s, int space, u64 addr);
u64 ksp_now(const struct sim *s);
/* All push on the stack ksp points to; false when that ends the operation (overflow, no memory). */
bool push_call(struct sim *s, struct ktask *t, const char *func, u32 bytes, enum kctx ctx, u32 flags);
bool push_chain(struct sim *s, struct ktask *t, const struct kernel_frame *chain, enum kctx ctx);
bool push_regs(struct sim *s, struct ktask *t, const char *entry, u32 bytes, enum kctx ctx);
bool push_switch(struct sim *s, struct ktask *t, const char *into);
/* hardware: the processor itself changes stacks (IST), and pt_regs follow on the new one. */
bool push_link(struct sim *s, struct ktask *t, struct kstack *to, enum kctx ctx, bool hardware);
enum popped { POP_OK, POP_ASTRAY, POP_WILD };
/* The innermost frame. found: what stood in place of the return address. */
enum popped pop_frame(struct sim *s, struct ktask *t, u64 *found);
void frames_drop(struct sim *s, ref *list);
bool frames_copy(struct sim *s, ref from, ref *to);
/* Another task's frame that covers the word; -1: none. */
int writer_of(const struct sim *s, u32 self, u64 addr);

/* Deals with what pop_frame() found wrong; true: that was the end of it, res says how. */
bool pop_went_wrong(struct sim *s, struct ktask *t, enum popped how, u64 found, u64 at, bool user,
		    struct sim_result *res);
/* Pops up to the first frame of the innermost context, that included. False: it went wrong. */
bool pop_context(struct sim *s, struct ktask *t, struct sim_result *res);
/* After a push that failed: ends the operation as the profile has it. */
void push_failed(struct sim *s, struct sim_result *res);

/* ---- task.c ---------------------------------------------------------------------------------- */
bool tasks_boot(struct sim *s);			/* CPUs, and the task of the first process */
bool kstack_size_ok(u64 bytes);			/* 0: as all */
bool ktask_create(struct sim *s, u32 task, const char *comm, u32 flags, u32 stack_size);
void ktask_end(struct sim *s, u32 task);	/* its stack is given back */
bool ktask_fork_frame(struct sim *s, u32 task);	/* what the first switch to it finds */
void task_gone(struct sim *s, u32 task, struct sim_result *res);	/* do_exit of the current task */
u32 task_of_process(const struct sim *s, unsigned proc);	/* its main thread, else any */
bool last_thread(const struct sim *s, u32 task);		/* the process would end with it */
void kmode_update(struct sim *s);
const char *kside_refuses(const struct sim *s, const struct sim_op *op);	/* NULL: it may run */
void skip(struct sim_result *res, const char *why);

/* ---- sched.c --------------------------------------------------------------------------------- */
/* schedule() to next; fills in res where that goes wrong. */
bool switch_tasks(struct sim *s, u32 next, struct sim_result *res);
/* The same without a task to leave. */
bool switch_from_dead(struct sim *s, u32 next, struct sim_result *res);
void set_current(struct sim *s, u32 task);	/* current, mm */
u32 next_task(const struct sim *s);		/* who would run once the current one is gone */

/* ---- kdie.c ---------------------------------------------------------------------------------- */
void klog(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void kpanic(struct sim *s, struct sim_result *res, const char *why);
/* It stops without a word of its own; why is static. */
void khang(struct sim *s, struct sim_result *res, const char *why);
void koops(struct sim *s, struct sim_result *res, const char *die);
void bad_jump(struct sim *s, struct sim_result *res, u64 addr);
void stack_overflowed(struct sim *s, struct sim_result *res);	/* s->kfault is where */

int pid_of_task(const struct sim *s, u32 task);
const char *comm_of(const struct sim *s, u32 task);

#endif
