/* SPDX-License-Identifier: GPL-2.0-or-later
 * struct mm_struct as each kernel had it: the fields that the machine knows, in the order of
 * include/linux/mm_types.h.
 */
#include <string.h>
#include "mm.h"

#define FIELD(name, value) \
	static u64 get_##name(const struct sim *s, const struct mm *mm) \
	{ \
		(void)s; \
		(void)mm; \
		return (value); \
	}

static u64 users(const struct sim *s, const struct mm *mm)
{
	u64 n = 0;

	for (unsigned i = 0; i < s->root->ntasks; i++)
		n += s->root->task[i].proc == mm->number && s->root->task[i].alive;
	return n;
}

FIELD(mmap, mm->first ? AT(s, mm->first, const struct vma)->start : 0)
FIELD(mm_rb, vma_rb_top(s, mm))
FIELD(mmap_base, mm->mmap_base)
/* Only x86 fills it in. */
FIELD(mmap_legacy_base, s->prof->low_end ? s->prof->unmapped_base : 0)
FIELD(task_size, s->prof->task_size)
FIELD(cached_hole_size, as_ulong(s, mm->cached_hole_size))
FIELD(free_area_cache, mm->free_area_cache)
FIELD(highest_vm_end, mm->last ? AT(s, mm->last, const struct vma)->end : 0)
FIELD(pgd, mm->pgd_pfn)
FIELD(mm_users, users(s, mm))
FIELD(mm_count, mm->alive)
FIELD(map_count, mm->map_count)
FIELD(nr_ptes, mm->nr_ptes)
FIELD(nr_pmds, mm->nr_pmds)
FIELD(pgtables_bytes, mm->nr_tables * s->prof->table_bytes)
FIELD(hiwater_vm, mm->hiwater_vm)
FIELD(total_vm, mm->total_vm)
FIELD(locked_vm, mm->locked_vm)
FIELD(pinned_vm, 0)
FIELD(data_vm, mm->vm[VMC_DATA])
FIELD(exec_vm, mm->vm[VMC_EXEC])
FIELD(stack_vm, mm->vm[VMC_STACK])
FIELD(shared_vm, mm->vm[VMC_SHARED])
FIELD(reserved_vm, 0)
FIELD(def_flags, mm->def_flags)
FIELD(start_code, mm->start_code)
FIELD(end_code, mm->end_code)
FIELD(start_data, mm->start_data)
FIELD(end_data, mm->end_data)
FIELD(start_brk, mm->start_brk)
FIELD(brk, mm->brk)
FIELD(start_stack, mm->start_stack)
FIELD(arg_start, mm->arg_start)
FIELD(arg_end, mm->arg_end)
FIELD(env_start, mm->env_start)
FIELD(env_end, mm->env_end)
FIELD(file_pages, (u64)mm->stat[STAT_FILE] + (RULE(s, rss_split) ? 0 : mm->stat[STAT_SHMEM]))
FIELD(anon_pages, mm->stat[STAT_ANON])
FIELD(shmem_pages, mm->stat[STAT_SHMEM])

#define A(name) { #name, SIM_U_ADDR, get_##name }
#define P(name) { #name, SIM_U_PAGES, get_##name }
#define C(name) { #name, SIM_U_COUNT, get_##name }
#define B(name) { #name, SIM_U_BYTES, get_##name }
#define F(name) { #name, SIM_U_FLAGS, get_##name }
#define PGD { "pgd", SIM_U_PFN, get_pgd }
#define BOUNDS \
	A(start_code), A(end_code), A(start_data), A(end_data), A(start_brk), A(brk), \
	A(start_stack), A(arg_start), A(arg_end), A(env_start), A(env_end)
#define FILE_AND_ANON \
	{ "MM_FILEPAGES", SIM_U_PAGES, get_file_pages }, \
	{ "MM_ANONPAGES", SIM_U_PAGES, get_anon_pages }
#define SHMEM { "MM_SHMEMPAGES", SIM_U_PAGES, get_shmem_pages }
#define END { NULL, SIM_U_NONE, NULL }

const struct sim_mm_field sim_mm_fields_2_6_39[] = {
	A(mmap), A(mm_rb), A(mmap_base), A(task_size), B(cached_hole_size), A(free_area_cache), PGD,
	C(mm_users), C(mm_count), C(map_count), P(hiwater_vm), P(total_vm), P(locked_vm),
	P(shared_vm), P(exec_vm), P(stack_vm), P(reserved_vm), F(def_flags), C(nr_ptes), BOUNDS,
	FILE_AND_ANON, END
};
const struct sim_mm_field sim_mm_fields_3_10[] = {
	A(mmap), A(mm_rb), A(mmap_base), A(task_size), A(highest_vm_end), PGD, C(mm_users),
	C(mm_count), C(map_count), P(hiwater_vm), P(total_vm), P(locked_vm), P(pinned_vm),
	P(shared_vm), P(exec_vm), P(stack_vm), F(def_flags), C(nr_ptes), BOUNDS, FILE_AND_ANON, END
};
const struct sim_mm_field sim_mm_fields_4_3[] = {
	A(mmap), A(mm_rb), A(mmap_base), A(mmap_legacy_base), A(task_size), A(highest_vm_end), PGD,
	C(mm_users), C(mm_count), C(nr_ptes), C(nr_pmds), C(map_count), P(hiwater_vm), P(total_vm),
	P(locked_vm), P(pinned_vm), P(shared_vm), P(exec_vm), P(stack_vm), F(def_flags), BOUNDS,
	FILE_AND_ANON, END
};
const struct sim_mm_field sim_mm_fields_5_10[] = {
	A(mmap), A(mm_rb), A(mmap_base), A(mmap_legacy_base), A(task_size), A(highest_vm_end), PGD,
	C(mm_users), C(mm_count), B(pgtables_bytes), C(map_count), P(hiwater_vm), P(total_vm),
	P(locked_vm), P(pinned_vm), P(data_vm), P(exec_vm), P(stack_vm), F(def_flags), BOUNDS,
	FILE_AND_ANON, SHMEM, END
};
const struct sim_mm_field sim_mm_fields_6_1[] = {
	A(mmap_base), A(mmap_legacy_base), A(task_size), PGD, C(mm_users), C(mm_count),
	B(pgtables_bytes), C(map_count), P(hiwater_vm), P(total_vm), P(locked_vm), P(pinned_vm),
	P(data_vm), P(exec_vm), P(stack_vm), F(def_flags), BOUNDS, FILE_AND_ANON, SHMEM, END
};

static const struct { const char *name, *about; } abouts[] = {
	{ "mmap", "the list of VMAs: where the first one starts" },
	{ "mm_rb", "the red-black tree of VMAs: where the root starts" },
	{ "mmap_base", "mappings are placed from here" },
	{ "mmap_legacy_base", "from here upwards, in the old layout" },
	{ "task_size", "user space ends here" },
	{ "cached_hole_size", "the largest hole seen above free_area_cache" },
	{ "free_area_cache", "the next search for a place begins here" },
	{ "highest_vm_end", "the end of the last VMA" },
	{ "pgd", "the top page table" },
	{ "mm_users", "tasks that run in it" },
	{ "mm_count", "references to the struct, all users as one" },
	{ "map_count", "VMAs" },
	{ "nr_ptes", "page tables of the lowest level" },
	{ "nr_pmds", "page tables of the level above" },
	{ "pgtables_bytes", "page tables of all levels but the top" },
	{ "hiwater_vm", "the most total_vm was before it fell" },
	{ "total_vm", "all VMAs" },
	{ "locked_vm", "VMAs that are locked" },
	{ "pinned_vm", "pages pinned for devices" },
	{ "data_vm", "private writable memory that is no stack" },
	{ "exec_vm", "executable, not writable" },
	{ "stack_vm", "VMAs that grow by themselves" },
	{ "shared_vm", "VMAs of files and shared memory" },
	{ "reserved_vm", "VMAs of devices" },
	{ "def_flags", "flags that every new VMA gets (mlockall)" },
	{ "MM_FILEPAGES", "resident pages of files" },
	{ "MM_ANONPAGES", "resident anonymous pages" },
	{ "MM_SHMEMPAGES", "resident shared memory" },
};

static const char *about(const char *name)
{
	for (size_t i = 0; i < sizeof(abouts) / sizeof(abouts[0]); i++)
		if (!strcmp(abouts[i].name, name))
			return abouts[i].about;
	return "";
}

size_t sim_mm_fields(const struct sim *s, unsigned proc, struct sim_mm_value *ret, size_t max)
{
	const struct sim_mm_field *f = s->prof->mm_fields;
	const struct mm *mm;
	size_t n = 0;

	if (!f || proc >= s->root->nprocs || !s->root->proc[proc])
		return 0;
	mm = AT(s, s->root->proc[proc], const struct mm);
	for (; f->name && n < max; f++)
		ret[n++] = (struct sim_mm_value){ f->name, about(f->name), (enum sim_unit)f->unit,
						  f->get(s, mm) };
	return n;
}
