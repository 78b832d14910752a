/* SPDX-License-Identifier: GPL-2.0-or-later
 * exec as the kernel does it: a temporary one-page stack, the strings on it, the move to
 * its place and the first expansion, the program's segments, sp.
 */
#include <sys/mman.h>
#include "kside.h"

static u64 stack_flags(const struct sim *s)
{
	return data_flags(s) | VM_GROWSDOWN | VM_ACCOUNT;
}
#define ARG_MAX_BYTES (128ull << 10)
#define ARG_CAP (6ull << 20)
#define STRING_BYTES 4096ull	/* longer arguments are cut into strings of this size */

static u64 word_bytes(const struct sim *s)
{
	return s->prof->address_mask == UINT32_MAX ? 4 : 8;
}

static u64 strings_of(u64 bytes)
{
	return (bytes + STRING_BYTES - 1) / STRING_BYTES;
}

/* bprm_mm_init: the VMA the strings are copied to before anything is known of the program. */
static struct vma *temp_stack(struct sim *s, struct mm *mm)
{
	u64 top = s->prof->stack_top, flags = stack_flags(s) | VM_SEQ_READ | VM_RAND_READ;
	T_ENTER(s, "create_init_stack_vma", "a temporary stack of one page", "vm_start",
		top - PAGE_SIZE, "vm_end", top, SIM_U_ADDR);

	if (map_special(s, mm, FILE_NONE, top - PAGE_SIZE, PAGE_SIZE, flags) < 0)
		return NULL;
	T_EVENT(s, "create_init_stack_vma", MAP, "mapped at", top - PAGE_SIZE, SIM_U_ADDR);
	return vma_find(s, mm, top - 1);
}

/* The temporary stack as it is, with its guard page, against the limit: pointers come later. */
static bool too_many_args(struct sim *s, const struct mm *mm, u64 size)
{
	u64 cap = mm->limit[SIM_LIMIT_STACK] / 4;
	bool over;

	if (cap < ARG_MAX_BYTES)
		cap = ARG_MAX_BYTES;
	over = size > cap;
	T_TEST(s, "get_arg_page", "the temporary stack", "size", size, GT, "limit", cap, SIM_U_BYTES,
	       over, "E2BIG", "go on");
	return over;
}

/* copy_strings: from the top downwards, page by page; get_arg_page grows and writes. */
static int copy_strings(struct sim *s, struct mm *mm, u64 bytes)
{
	u64 top = s->prof->stack_top, low = (top - word_bytes(s) - bytes) & PAGE_MASK;
	T_ENTER(s, "copy_strings", "names, environment, arguments", "bytes", bytes, NULL, 0,
		SIM_U_BYTES);

	for (u64 a = top - PAGE_SIZE; a >= low; a -= PAGE_SIZE) {
		struct vma *v = vma_find(s, mm, a);

		if (a < v->start && expand_stack(s, mm, v, a))
			return -E2BIG;
		if (handle_mm_fault(s, mm, v, a, true))
			return -ENOMEM;
		if (!RULE(s, args_with_pointers) && too_many_args(s, mm, v->end - v->start))
			return -E2BIG;
	}
	return 0;
}

/* setup_arg_pages: final flags, the place (no randomisation: no move), 128 KiB more. */
static int setup_arg_pages(struct sim *s, struct mm *mm, u64 sp)
{
	u64 top = s->prof->stack_top, limit = mm->limit[SIM_LIMIT_STACK] & PAGE_MASK, size, want;
	struct vma *v = vma_find(s, mm, top - 1);
	T_ENTER(s, "setup_arg_pages", "the stack gets its place and its first size", "vm_start",
		v->start, "vm_end", v->end, SIM_U_ADDR);

	T_CHANGE(s, "mprotect_fixup", "vm_flags", v->flags, stack_flags(s), SIM_U_FLAGS);
	SET(s, v->flags, stack_flags(s));
	T_NOTE(s, "relocate_vma_down", "shift", "bytes", 0, NULL, 0, SIM_U_BYTES);
	size = v->end - v->start;
	want = size + s->prof->stack_expand;
	T_TEST(s, "setup_arg_pages", "first size against RLIMIT_STACK", "stack_size + 128 KiB",
	       want, GT, "limit", limit, SIM_U_BYTES, want > limit, "only as much as the limit",
	       "all of it");
	if (want > limit)
		want = limit;
	SET(s, mm->start_stack, sp);
	if (v->end - want < v->start && expand_downwards(s, mm, v, v->end - want))
		return -EFAULT;
	return 0;
}

/* A segment, against the limits that every mapping meets. */
static bool map_segment(struct sim *s, struct mm *mm, u32 file, u64 start, u64 end, u64 flags)
{
	return may_expand_vm(s, mm, flags, (end - start) >> PAGE_SHIFT) &&
	       map_special(s, mm, file, start, end - start, flags) >= 0;
}

static bool map_program(struct sim *s, struct mm *mm)
{
	const struct sim_profile *p = s->prof;
	u64 ro = VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	u64 rw = VM_DATA_FLAGS | VM_ACCOUNT;
	u64 deny = RULE(s, no_denywrite) ? 0 : VM_DENYWRITE;
	T_ENTER(s, "load_elf_binary", "the segments", "text", p->text, "bss", p->bss, SIM_U_ADDR);

	if (!map_segment(s, mm, FILE_EXE, p->text, p->data, ro | deny) ||
	    !map_segment(s, mm, FILE_EXE, p->data, p->bss, rw | deny) ||
	    !map_segment(s, mm, FILE_NONE, p->bss, p->start_brk, data_flags(s) | VM_ACCOUNT))
		return false;
	SET(s, mm->start_code, p->text);
	SET(s, mm->end_code, p->data);
	SET(s, mm->start_data, p->data);
	SET(s, mm->end_data, p->data + p->data_bytes);
	SET(s, mm->start_brk, p->start_brk);
	SET(s, mm->brk, p->start_brk);
	return true;
}

/* The kernel's own mappings; most scenarios unmap them first, as their process does. */
static bool map_vdso(struct sim *s, struct mm *mm)
{
	const struct sim_profile *p = s->prof;
	u64 a = p->vvar_pages << PAGE_SHIFT, b = p->vvar_vclock_pages << PAGE_SHIFT,
	    c = p->vdso_pages << PAGE_SHIFT;
	u64 data = VM_READ | VM_MAYREAD | VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP;
	u64 vvar = RULE(s, vvar_mixed) ? (data & ~VM_PFNMAP) | VM_MIXEDMAP :
		   RULE(s, vvar_by_number) ? data : VM_READ | VM_MAYREAD | VM_DONTEXPAND;
	u64 code = VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_DONTEXPAND;
	int64_t at = get_unmapped_area(s, mm, FILE_NONE, true, 0, a + b + c, 0, 0);
	T_ENTER(s, "map_vdso", "vvar, vvar_vclock, vdso", "address", (u64)at, "bytes", a + b + c,
		SIM_U_HEX);

	if (at < 0 || (a && map_special(s, mm, FILE_VVAR, (u64)at, a, vvar) < 0) ||
	    (b && map_special(s, mm, FILE_VVAR_VCLOCK, (u64)at + a, b, data) < 0) ||
	    map_special(s, mm, FILE_VDSO, (u64)at + a + b, c, code) < 0)
		return false;
	return true;
}

static void unmap_or_keep_vdso(struct sim *s, struct mm *mm)
{
	const struct sim_profile *p = s->prof;
	u64 len = (p->vvar_pages + p->vvar_vclock_pages + p->vdso_pages) << PAGE_SHIFT;
	struct sim_op op = { .kind = SIM_OP_MMAP, .len = PAGE_SIZE, .prot = PROT_READ | PROT_WRITE,
			     .flags = MAP_PRIVATE | MAP_ANONYMOUS };
	u64 as = mm->limit[SIM_LIMIT_AS], data = mm->limit[SIM_LIMIT_DATA];
	struct vma *v = vma_first(s, mm);
	int64_t a;

	while (v && v->file != FILE_VVAR && v->file != FILE_VDSO)
		v = vma_next(s, v);
	if (!v)
		return;
	if (!s->opt.vdso_keep) {
		do_munmap(s, mm, v->start, len);
		return;
	}
	/* The process needs a page for a moment before it starts, and before its limits bite. */
	SET(s, mm->limit[SIM_LIMIT_AS], SIM_UNLIMITED);
	SET(s, mm->limit[SIM_LIMIT_DATA], SIM_UNLIMITED);
	a = do_mmap(s, mm, &op);
	if (a > 0) {
		mm_access(s, mm, (u64)a, ACC_WRITE);
		do_munmap(s, mm, (u64)a, PAGE_SIZE);
	}
	SET(s, mm->limit[SIM_LIMIT_AS], as);
	SET(s, mm->limit[SIM_LIMIT_DATA], data);
}

/* What the strings and their pointers may take together, before any is copied. */
static bool over_the_limit(struct sim *s, const struct mm *mm, u64 bytes)
{
	u64 cap = mm->limit[SIM_LIMIT_STACK] / 4;

	if (!RULE(s, args_with_pointers))
		return false;
	if (cap > ARG_CAP)
		cap = ARG_CAP;
	if (cap < ARG_MAX_BYTES)
		cap = ARG_MAX_BYTES;
	T_TEST(s, "bprm_stack_limits", "strings and pointers", "bytes", bytes, GT, "limit", cap,
	       SIM_U_BYTES, bytes > cap, "E2BIG", "go on");
	return bytes > cap;
}

static int exec_mm(struct sim *s, struct mm *mm, u64 args, u64 env)
{
	const struct sim_profile *p = s->prof;
	u64 strings = strings_of(args) + strings_of(env), bytes = args + env,
	    word = word_bytes(s);
	u64 sp = (p->stack_top - p->exec_block - bytes - strings * word) & ~15ull;
	int err;

	if (over_the_limit(s, mm, bytes + (strings + 1) * word))
		return -E2BIG;
	if (!temp_stack(s, mm))
		return -ENOMEM;
	err = copy_strings(s, mm, bytes);
	if (err)
		return err;
	place_pick_layout(s, mm);
	T_NOTE(s, "arch_pick_mmap_layout", "where mappings are placed from", "mmap_base",
	       mm->mmap_base, NULL, 0, SIM_U_ADDR);
	err = setup_arg_pages(s, mm, sp);
	if (err)
		return err;
	if (!map_program(s, mm) || !map_vdso(s, mm))
		return -ENOMEM;
	for (u64 a = sp & PAGE_MASK; a < p->stack_top; a += PAGE_SIZE)	/* create_elf_tables */
		mm_access(s, mm, a, ACC_WRITE);
	SET(s, mm->arg_start, p->stack_top - word_bytes(s) - bytes);
	SET(s, mm->arg_end, mm->arg_start + args);
	SET(s, mm->env_start, mm->arg_end);
	SET(s, mm->env_end, mm->arg_end + env);
	T_NOTE(s, "start_thread", "the program starts", "sp", sp, "ip", p->text, SIM_U_ADDR);
	mm_access(s, mm, p->text, ACC_EXEC);
	unmap_or_keep_vdso(s, mm);
	return 0;
}

bool exec_first(struct sim *s)
{
	struct task *t = &s->root->task[0];
	struct mm *mm;
	T_ENTER(s, "execve", "the first process", NULL, 0, NULL, 0, SIM_U_NONE);

	mm = mm_create(s, 0);
	if (!mm)
		return false;
	journal_copy(s, mm->limit, s->opt.limit, sizeof(mm->limit));
	SET(s, s->root->proc[0], REF(s, mm));
	SET(s, s->root->nprocs, 1);
	s->mm = mm;
	if (exec_mm(s, mm, s->opt.args_bytes, s->opt.env_bytes) || s->failed)
		return false;
	SET(s, mm->stat[STAT_MINFLT], 0);
	SET(s, t->is_main, 1);
	SET(s, t->alive, 1);
	SET(s, t->sp, mm->start_stack);
	SET(s, t->stack_start, vma_find(s, mm, s->prof->stack_top - 1)->start);
	SET(s, t->stack_end, s->prof->stack_top);
	SET(s, s->root->ntasks, 1);
	return true;
}

/* de_thread: the caller takes the leader's place, the others go. */
static void end_threads(struct sim *s, unsigned proc, u64 sp)
{
	u32 me = curr_task(s);

	for (u32 i = 0; i < s->root->ntasks; i++) {
		struct task *t = &s->root->task[i];

		if (t->proc != proc || !t->alive)
			continue;
		if (i != me) {
			ktask_end(s, i);
			continue;
		}
		SET(s, t->sp, sp);
		SET(s, t->is_main, 1);
		SET(s, t->stack_start, vma_find(s, s->mm, s->prof->stack_top - 1)->start);
		SET(s, t->stack_end, s->prof->stack_top);
		SET(s, t->guard_start, 0);
		SET(s, t->guard_end, 0);
		frames_drop(s, &ktask_at(s, i)->uframes);
	}
}

/* A new address space for the current process; the old one goes when the new one stands. */
void op_exec(struct sim *s, const struct sim_op *op, struct sim_result *res)
{
	struct mm *old = s->mm, *mm;
	const struct jent *undo = s->jcur;
	int err;
	T_ENTER(s, "execve", "a new program", "args", op->len, "env", op->newlen, SIM_U_BYTES);

	if (!in_user_mode(s, curr_ktask(s))) {
		skip(res, "the task is in the kernel");
		return;
	}
	mm = mm_create(s, old->number);
	if (!mm)
		return;
	hot_forget(s);
	journal_copy(s, mm->limit, old->limit, sizeof(mm->limit));
	SET(s, mm->parent, old->parent);
	err = exec_mm(s, mm, op->len, op->newlen);
	if (err) {
		journal_take_back(s, undo);
		result_set(res, err);
		return;
	}
	ADD(s, mm->stat[STAT_MINFLT], old->stat[STAT_MINFLT]);
	mm_destroy(s, old);
	arena_free(s, old, sizeof(*old));
	SET(s, s->root->proc[mm->number], REF(s, mm));
	s->mm = mm;
	hot_forget(s);
	end_threads(s, mm->number, mm->start_stack);
}

uint64_t sim_sp(const struct sim *s)
{
	return s->mm ? s->mm->start_stack : 0;
}
