/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel stacks: where they come from and go, what lies at their end, how much of them
 * was used.
 */
#include "kside.h"

/* ---- memory ----------------------------------------------------------------------------------- */

static void take_frame(struct sim *s, u32 pfn, u32 task)
{
	u32 proc = s->root->task[task].proc;

	SET(s, frame_at(s, pfn)->word,
	    ((struct frame){ .kind = FR_KSTACK, .proc = proc & 0xf, .vpn = task }).word);
}

static unsigned order_of(u32 size)
{
	unsigned o = 0;

	while (PAGE_SIZE << o < size)
		o++;
	return o;
}

static bool alloc_pages(struct sim *s, struct kstack *ks, u32 task)
{
	unsigned order = order_of(ks->size);
	u32 pfn;

	T_NOTE(s, "alloc_pages_node", "a block for the stack, aligned to its size", "order", order,
	       "bytes", ks->size, SIM_U_COUNT);
	pfn = alloc_pages_order(s, order, MIGRATE_UNMOVABLE, &s->stack_end);
	s->failed |= s->stack_end == ALLOC_STALLED;	/* whoever asked never comes to an end */
	if (!pfn)
		return false;
	for (u32 i = 0; i < 1u << order; i++)
		take_frame(s, pfn + i, task);
	SET(s, ks->order, order);
	SET(s, ks->pfn[0], pfn);
	SET(s, ks->base, kern(s)->page_offset + ((u64)pfn << PAGE_SHIFT));
	return true;
}

/* Areas are aligned to the stack's size and end with a guard page. */
static u64 slot_base(const struct sim *s, u32 slot)
{
	u64 stride = 2 * (kthread_size(s) > PAGE_SIZE * 4 ? kthread_size(s) : PAGE_SIZE * 4);

	return kern(s)->vmalloc_start + slot * stride;
}

static bool take_slot(struct sim *s, struct kstack *ks)
{
	for (u32 i = 0; i < VMALLOC_SLOTS; i++) {
		u64 *w = &s->root->k.slots[i / 64];

		if (*w >> i % 64 & 1)
			continue;
		SET(s, *w, *w | 1ull << i % 64);
		SET(s, ks->slot, i);
		SET(s, ks->base, slot_base(s, i));
		return true;
	}
	return false;
}

static void give_slot(struct sim *s, u32 slot)
{
	u64 *w = &s->root->k.slots[slot / 64];

	SET(s, *w, *w & ~(1ull << slot % 64));
}

static void free_frames(struct sim *s, struct kstack *ks)
{
	if (ks->order != NO_ORDER) {
		for (u32 i = 0; i < 1u << ks->order; i++)
			SET(s, frame_at(s, ks->pfn[0] + i)->word, 0);
		T_EVENT(s, "free_pages", FRAME_FREED, "the block goes back", ks->pfn[0], SIM_U_PFN);
		buddy_free(s, ks->pfn[0], ks->order);
		return;
	}
	for (u32 i = 0; i < ks->size >> PAGE_SHIFT; i++)
		if (ks->pfn[i])
			frame_free(s, ks->pfn[i]);
	give_slot(s, ks->slot);
}

static bool alloc_vmalloc(struct sim *s, struct kstack *ks, u32 task)
{
	if (!take_slot(s, ks))
		return false;
	SET(s, ks->order, NO_ORDER);
	T_NOTE(s, "__vmalloc_node_range", "an area with a guard page: single frames will do", "address",
	       ks->base, "bytes", ks->size, SIM_U_HEX);
	for (u32 i = 0; i < ks->size >> PAGE_SHIFT; i++) {
		u32 pfn = frame_alloc(s, FR_KSTACK, s->root->task[task].proc, 0);

		if (!pfn) {
			free_frames(s, ks);
			return false;
		}
		take_frame(s, pfn, task);
		SET(s, ks->pfn[i], pfn);
	}
	return true;
}

static void drop_words(struct sim *s, struct kstack *ks)
{
	for (unsigned i = 0; i < KSTACK_PAGES; i++)
		wpage_drop(s, &ks->page[i]);
}

/* One of the two that the CPU kept, wiped; NULL: none fits. */
static struct kstack *take_cached(struct sim *s, u32 size)
{
	for (unsigned i = 0; i < kern(s)->cached_stacks && i < 2; i++) {
		ref r = s->root->k.cached[i];
		struct kstack *ks = r ? AT(s, r, struct kstack) : NULL;

		if (!ks || ks->size != size)
			continue;
		SET(s, s->root->k.cached[i], 0);
		drop_words(s, ks);
		T_NOTE(s, kern(s)->alloc, "a stack of the dead that this CPU kept, wiped", "address",
		       ks->base, "bytes", size, SIM_U_HEX);
		return ks;
	}
	return NULL;
}

struct kstack *kstack_alloc(struct sim *s, u32 task, u32 size)
{
	const struct sim_kernel *k = kern(s);
	struct kstack *ks = take_cached(s, size);
	bool ok;
	T_ENTER(s, k->alloc, "a kernel stack", "bytes", size, NULL, 0, SIM_U_BYTES);

	if (ks) {
		for (u32 i = 0; i < size >> PAGE_SHIFT; i++)
			take_frame(s, ks->pfn[i], task);
	} else {
		ks = arena_alloc(s, sizeof(*ks), "kernel stack");
		if (!ks)
			return NULL;
		SET(s, ks->size, size);
		ok = k->source == STACK_PAGES ? alloc_pages(s, ks, task) : alloc_vmalloc(s, ks, task);
		if (!ok) {
			T_RETURN(s, k->alloc, "no memory for a stack", (u64)-ENOMEM, SIM_U_ERRNO);
			arena_free(s, ks, sizeof(*ks));
			return NULL;
		}
	}
	SET(s, ks->owner, task);
	SET(s, ks->users, 1);
	s->hot_kstack = NULL;
	return ks;
}

static bool keep(struct sim *s, struct kstack *ks)
{
	for (unsigned i = 0; i < kern(s)->cached_stacks && i < 2; i++)
		if (!s->root->k.cached[i]) {
			SET(s, s->root->k.cached[i], REF(s, ks));
			return true;
		}
	return false;
}

void kstack_put(struct sim *s, struct kstack *ks)
{
	T_ENTER(s, kern(s)->release, "the stack of a task that is gone", "address", ks->base, "bytes",
		ks->size, SIM_U_HEX);

	SUB(s, ks->users, 1);
	s->hot_kstack = NULL;
	if (ks->users) {
		T_NOTE(s, kern(s)->release, "another task runs on it: it stays", "users", ks->users, NULL,
		       0, SIM_U_COUNT);
		return;
	}
	if (keep(s, ks)) {
		T_NOTE(s, kern(s)->release, "this CPU keeps it for the next task", "address", ks->base,
		       NULL, 0, SIM_U_HEX);
		return;
	}
	drop_words(s, ks);
	free_frames(s, ks);
	arena_free(s, ks, sizeof(*ks));
}

/* ---- the CPUs' own ------------------------------------------------------------------------------ */

u64 cpu_stack_base(const struct sim *s, unsigned cpu, unsigned index)
{
	const struct sim_kernel *k = kern(s);
	u64 at = k->cpu_base + cpu * k->cpu_stride;

	for (unsigned i = 0; i <= index; i++) {
		u64 size = k->cpu_stack[i].size;

		at = (at + k->cpu_stack[i].guard + size - 1) & ~(size - 1);
		if (i < index)
			at += size;
	}
	return at;
}

struct kstack *cpu_stack(struct sim *s, unsigned cpu, int index)
{
	struct kcpu *c = AT(s, s->root->k.cpus, struct kcpu) + cpu;
	struct kstack *ks;

	if (c->stack[index])
		return AT(s, c->stack[index], struct kstack);
	ks = arena_alloc(s, sizeof(*ks), "stack of a CPU");
	if (!ks)
		return NULL;
	SET(s, ks->base, cpu_stack_base(s, cpu, (unsigned)index));
	SET(s, ks->size, kern(s)->cpu_stack[index].size);
	SET(s, ks->order, NO_ORDER);
	SET(s, ks->users, 1);
	SET(s, ks->owner, (u32)index);
	SET(s, ks->kind, KS_CPU);
	SET(s, c->stack[index], REF(s, ks));
	s->hot_kstack = NULL;
	return ks;
}

/* ---- its end ------------------------------------------------------------------------------------- */

static bool ti_on_stack(const struct sim *s)
{
	return kern(s)->ti != TI_IN_TASK;
}

u64 kstack_magic_addr(const struct sim *s, const struct kstack *ks)
{
	return ks->base + (ti_on_stack(s) ? kern(s)->ti_bytes : 0);
}

bool kstack_magic_ok(const struct sim *s, const struct kstack *ks)
{
	return ks->kind != KS_TASK || kload(s, kstack_magic_addr(s, ks), kern(s)->word) == STACK_END_MAGIC;
}

u64 task_addr(const struct sim *s, u32 task)
{
	return kern(s)->task_base + (u64)task * 0x2000;
}

int task_by_addr(const struct sim *s, u64 addr)
{
	u64 n = (addr - kern(s)->task_base) / 0x2000;

	return addr >= kern(s)->task_base && n < s->root->ntasks && addr == task_addr(s, (u32)n) ? (int)n : -1;
}

const struct kernel_field *ti_field(const struct sim *s, const char *name)
{
	for (const struct kernel_field *f = kern(s)->field; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

u64 ti_value(const struct sim *s, u32 task, const char *field)
{
	const struct sim_kernel *k = kern(s);

	if (!strcmp(field, "task"))
		return task_addr(s, task);
	if (!strcmp(field, "exec_domain"))
		return k->text + 0x600000;
	if (!strcmp(field, "addr_limit"))
		return k->word == 4 ? k->page_offset : s->prof->task_size;
	if (!strcmp(field, "restart_block.fn"))
		return k->text + 0x40000;
	return 0;
}

/* previous_esp and preempt_count move, the rest of it stays as it was made. */
bool ti_field_moves(const char *name)
{
	return !strcmp(name, "preempt_count") || !strcmp(name, "previous_esp") || !strcmp(name, "flags");
}

bool ti_intact(const struct sim *s, const struct kstack *ks)
{
	if (!ti_on_stack(s) || ks->kind != KS_TASK)
		return true;
	for (const struct kernel_field *f = kern(s)->field; f->name; f++) {
		u64 v = kload(s, ks->base + f->offset, f->bytes);

		if (ti_field_moves(f->name) ? v >> 28 != 0 : v != ti_value(s, ks->owner, f->name))
			return false;
	}
	return true;
}

void kstack_init(struct sim *s, struct kstack *ks, u32 task)
{
	const struct sim_kernel *k = kern(s);

	if (ti_on_stack(s))
		for (const struct kernel_field *f = k->field; f->name; f++)
			kstore(s, ks->base + f->offset, ti_value(s, task, f->name), f->bytes);
	if (ks->kind != KS_TASK)
		return;
	kstore(s, kstack_magic_addr(s, ks), STACK_END_MAGIC, k->word);
	T_NOTE(s, "set_task_stack_end_magic", ti_on_stack(s) ? "above thread_info at the stack's base" :
	       "at the stack's base: thread_info lies in the task", "address", kstack_magic_addr(s, ks),
	       "magic", STACK_END_MAGIC, SIM_U_HEX);
}

/* ---- current ---------------------------------------------------------------------------------------- */

u64 ti_addr(const struct sim *s)
{
	switch (kern(s)->ti) {
	case TI_MASK_SP:
		return ksp_now(s) & ~(kthread_size(s) - 1);
	case TI_PERCPU_TOP:
		return kstack_of(s, curr_ktask(s))->base;
	case TI_IN_TASK:
		break;
	}
	return task_addr(s, curr_task(s));
}

int k_current(struct sim *s, const char *func)
{
	u64 sp = ksp_now(s), ti = ti_addr(s), task;

	if (kern(s)->ti == TI_MASK_SP)
		K_NOTE(s, "current_thread_info", kthread_size(s) == 4096 ? "sp & ~(4096 - 1)" :
		       kthread_size(s) == 8192 ? "sp & ~(8192 - 1)" : "sp & ~(16384 - 1)", NULL, "sp", sp,
		       "thread_info", ti, SIM_U_HEX);
	if (kern(s)->current != CURRENT_TI_TASK)
		return (int)curr_task(s);
	task = kload(s, ti + ti_field(s, "task")->offset, 8);
	K_NOTE(s, func, task_by_addr(s, task) < 0 ? "current is a wild pointer" : "current is",
	       task_by_addr(s, task) < 0 ? NULL : comm_of(s, (u32)task_by_addr(s, task)), "task", task, NULL,
	       0, SIM_U_HEX);
	return task_by_addr(s, task);
}

/* ---- how much was used -------------------------------------------------------------------------------- */

static u64 first_used(const struct sim *s, const struct kstack *ks, u64 from)
{
	unsigned word = kern(s)->word;
	u64 at = from;

	while (at < ks->size) {
		const struct wpage *p = &ks->page[at >> PAGE_SHIFT];

		if (!p->words && !p->fill) {		/* all of it is zero */
			at = (at | (PAGE_SIZE - 1)) + 1;
			continue;
		}
		if (wpage_get(s, p, at & (PAGE_SIZE - 1), word))
			break;
		at += word;
	}
	return at < ks->size ? at : ks->size;
}

/* From the end: the canary word is passed, then everything that is still zero. */
u64 stack_not_used(const struct sim *s, const struct kstack *ks)
{
	u64 end = kstack_magic_addr(s, ks) - ks->base;

	return first_used(s, ks, end + kern(s)->word) - end;
}

u64 kstack_lowest(const struct sim *s, const struct kstack *ks)
{
	u64 end = ks->kind == KS_TASK ? kstack_magic_addr(s, ks) - ks->base + kern(s)->word :
		  kern(s)->ti == TI_MASK_SP && kern(s)->link == LINK_REGISTER ? kern(s)->ti_bytes : 0;

	return ks->base + first_used(s, ks, end);
}

void check_stack_usage(struct sim *s, u32 task)
{
	struct kroot *k = &s->root->k;
	u64 left = stack_not_used(s, kstack_of(s, ktask_at(s, task)));
	bool news = left < k->lowest;

	T_TEST(s, "check_stack_usage", "less room was left than ever before", "left", left, LT, "lowest",
	       k->lowest, SIM_U_BYTES, news, "a message", "nothing is said");
	if (!news)
		return;
	if (kern(s)->depth_with_pid)
		klog(s, "%s (%d) used greatest stack depth: %llu bytes left", comm_of(s, task),
		     pid_of_task(s, task), (unsigned long long)left);
	else
		klog(s, "%s used greatest stack depth: %llu bytes left", comm_of(s, task),
		     (unsigned long long)left);
	SET(s, k->lowest, left);
}
