/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kinds of rows a filter knows: their fields, and how to read them.
 * Field numbers are positions in the tables below; the enums keep them in step.
 */
#include <stdio.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/filter.h"
#include "mmscope/syscalls.h"

enum { SCRATCH = 256 };

#define FIELD(id, fname, is_number, fabout) [id] = { .name = fname, .number = is_number, .about = fabout }

static const char *letter(char c, char *scratch)
{
	scratch[0] = c;
	scratch[1] = '\0';
	return scratch;
}

/* ---- VMAs ---- */

enum { V_START, V_END, V_SIZE, V_RSS, V_ANON, V_SWAP, V_PSS, V_USS, V_LOCKED, V_OFFSET, V_INODE,
       V_TID, V_PERM, V_PATH, V_ROLE, V_NR };

static const struct filter_field vma_fields[V_NR + 1] = {
	FIELD(V_START, "start", true, "first address"),
	FIELD(V_END, "end", true, "address behind the last byte"),
	FIELD(V_SIZE, "size", true, "bytes mapped"),
	FIELD(V_RSS, "rss", true, "bytes resident"),
	FIELD(V_ANON, "anon", true, "bytes resident and anonymous"),
	FIELD(V_SWAP, "swap", true, "bytes swapped out (smaps)"),
	FIELD(V_PSS, "pss", true, "proportional share of the resident bytes (smaps)"),
	FIELD(V_USS, "uss", true, "resident bytes nobody else maps (smaps)"),
	FIELD(V_LOCKED, "locked", true, "bytes locked (smaps)"),
	FIELD(V_OFFSET, "offset", true, "offset into the file"),
	FIELD(V_INODE, "inode", true, "inode of the file"),
	FIELD(V_TID, "tid", true, "thread that owns it, 0 for none"),
	FIELD(V_PERM, "perm", false, "rights, like rw-p"),
	FIELD(V_PATH, "path", false, "path or [name]"),
	FIELD(V_ROLE, "role", false, "text, heap, stack, mmap-anon ..."),
};

static uint64_t detail_of(const struct filter_vma *row, int field)
{
	const struct details *d = row->snap->details;
	const struct vma_detail *v;

	if (!d || d->layout != row->snap->layout)
		return UNKNOWN;
	v = &d->vma[row->index];
	switch (field) {
	case V_SWAP: return v->swap;
	case V_PSS: return v->pss;
	case V_USS: return v->uss;
	default: return v->locked;
	}
}

static uint64_t resident_of(const struct filter_vma *row, const struct vma *v, int field)
{
	struct page_counts n;

	if (!row->snap->pages)
		return UNKNOWN;
	n = residency_count(row->snap->pages, v->start, v->end);
	if (n.n[PAGE_UNSEEN])
		return UNKNOWN;
	if (field == V_RSS)
		return page_counts_resident(&n) * PAGE_BYTES;
	if (n.n[PAGE_PRESENT])
		return UNKNOWN;
	return (page_counts_anon(&n) + (vma_has_file(v) ? 0 : n.n[PAGE_HUGE])) * PAGE_BYTES;
}

static uint64_t vma_number(const void *p, int field)
{
	const struct filter_vma *row = p;
	const struct vma *v = &row->snap->layout->vmas[row->index];

	switch (field) {
	case V_START: return v->start;
	case V_END: return v->end;
	case V_SIZE: return vma_size(v);
	case V_RSS:
	case V_ANON: return resident_of(row, v, field);
	case V_OFFSET: return v->offset;
	case V_INODE: return v->inode;
	case V_TID: return v->tid;
	default: return detail_of(row, field);
	}
}

static const char *vma_text(const void *p, int field, char *scratch)
{
	const struct filter_vma *row = p;
	const struct vma *v = &row->snap->layout->vmas[row->index];

	switch (field) {
	case V_PERM: return vma_perms(v, scratch);
	case V_PATH: return v->path;
	default: return vma_roles[v->role].name;
	}
}

/* What people say for a role whose name is longer. */
static const struct { const char *word; uint8_t role; } role_words[] = {
	{ "anon", ROLE_ANON }, { "file", ROLE_FILE },
};

static bool vma_word(const void *p, const char *word, bool *matched)
{
	const struct filter_vma *row = p;
	int role = -1;

	for (int i = 0; i < ROLE_NR; i++)
		if (!strcmp(word, vma_roles[i].name))
			role = i;
	for (size_t i = 0; i < ARRAY_LEN(role_words); i++)
		if (!strcmp(word, role_words[i].word))
			role = role_words[i].role;
	if (role < 0)
		return false;
	if (row)
		*matched = row->snap->layout->vmas[row->index].role == role;
	return true;
}

const struct filter_kind filter_vmas = {
	.name = "vma", .fields = vma_fields, .number = vma_number, .text = vma_text,
		.word = vma_word,
};

/* ---- tasks ---- */

enum { T_TID, T_TGID, T_SP, T_PC, T_USED, T_RSS, T_SIZE, T_LIMIT, T_HIGH, T_GUARD,
       T_COMM, T_STATE, T_SYSCALL, T_FOUND, T_NR };

static const struct filter_field task_fields[T_NR + 1] = {
	FIELD(T_TID, "tid", true, "thread id"),
	FIELD(T_TGID, "tgid", true, "process id"),
	FIELD(T_SP, "sp", true, "stack pointer"),
	FIELD(T_PC, "pc", true, "instruction pointer"),
	FIELD(T_USED, "used", true, "bytes of stack in use"),
	FIELD(T_RSS, "rss", true, "bytes of stack resident"),
	FIELD(T_SIZE, "size", true, "bytes of stack mapped"),
	FIELD(T_LIMIT, "limit", true, "bytes the stack may have"),
	FIELD(T_HIGH, "high", true, "bytes between the stack's end and its lowest page ever seen"),
	FIELD(T_GUARD, "guard", true, "bytes of guard below the stack"),
	FIELD(T_COMM, "comm", false, "name"),
	FIELD(T_STATE, "state", false, "R, S, D, T, t, Z, X or I"),
	FIELD(T_SYSCALL, "syscall", false, "name of the system call it sits in"),
	FIELD(T_FOUND, "found", false, "how its stack was found"),
};

static uint64_t task_number(const void *p, int field)
{
	const struct task *t = p;
	const struct task_stack *st = &t->stack;
	bool has = st->vma_end;

	switch (field) {
	case T_TID: return t->tid;
	case T_TGID: return t->tgid;
	case T_SP: return t->sp;
	case T_PC: return t->pc;
	case T_USED: return has ? st->used : UNKNOWN;
	case T_RSS: return has ? st->resident : UNKNOWN;
	case T_SIZE: return has ? st->vma_end - st->vma_start : UNKNOWN;
	case T_LIMIT: return has ? st->limit : UNKNOWN;
	case T_HIGH: return has ? st->high_water : UNKNOWN;
	default: return st->guard_end ? st->guard_end - st->guard_start : UNKNOWN;
	}
}

static const char *task_text(const void *p, int field, char *scratch)
{
	const struct task *t = p;
	const char *name;

	switch (field) {
	case T_COMM: return t->comm;
	case T_STATE: return letter(t->state, scratch);
	case T_FOUND: return stack_found_names[t->stack.found];
	default:
		if (t->syscall < 0)
			return t->syscall == SYSCALL_NONE ? "" : NULL;
		name = task_syscall_name(t);
		if (name)
			return name;
		snprintf(scratch, SCRATCH, "%d", t->syscall);
		return scratch;
	}
}

const struct filter_kind filter_tasks = {
	.name = "task", .fields = task_fields, .number = task_number, .text = task_text,
};

/* ---- kernel stacks ---- */

enum { K_TID, K_TGID, K_PPID, K_USED, K_HIGH, K_LEFT, K_SIZE, K_COMM, K_STATE, K_TOP, K_FRAME, K_NR };

static const struct filter_field kstack_fields[K_NR + 1] = {
	FIELD(K_TID, "tid", true, "task id"),
	FIELD(K_TGID, "tgid", true, "process id"),
	FIELD(K_PPID, "ppid", true, "its parent's"),
	FIELD(K_USED, "used", true, "bytes in use"),
	FIELD(K_HIGH, "high", true, "bytes ever used"),
	FIELD(K_LEFT, "left", true, "bytes never used"),
	FIELD(K_SIZE, "size", true, "bytes of the stack"),
	FIELD(K_COMM, "comm", false, "name"),
	FIELD(K_STATE, "state", false, "R, S, D, T, t, Z, X, I or P"),
	FIELD(K_TOP, "top", false, "innermost function"),
	FIELD(K_FRAME, "frame", false, "functions of the call chain, innermost first"),
};

static uint64_t kstack_number(const void *p, int field)
{
	const struct kstack *k = p;

	switch (field) {
	case K_TID: return k->tid;
	case K_TGID: return k->tgid;
	case K_PPID: return k->ppid;
	case K_USED: return k->used;
	case K_HIGH: return k->high_water;
	case K_LEFT: return kstack_left(k);
	default: return k->size;
	}
}

/* As many as the scratch holds, a blank between. */
static const char *chain(const struct kstack *k, char *scratch)
{
	size_t at = 0;

	scratch[0] = '\0';
	for (size_t i = 0; i < k->nframes && at + 1 < SCRATCH; i++)
		at += (size_t)snprintf(scratch + at, SCRATCH - at, "%s%s", i ? " " : "",
				       k->frames[i].function);
	return scratch;
}

static const char *kstack_text(const void *p, int field, char *scratch)
{
	const struct kstack *k = p;

	switch (field) {
	case K_COMM: return k->comm;
	case K_STATE: return letter(k->state, scratch);
	case K_TOP: return k->nframes ? k->frames[0].function : NULL;
	default: return k->nframes ? chain(k, scratch) : NULL;
	}
}

static bool kstack_word(const void *p, const char *word, bool *matched)
{
	const struct kstack *k = p;

	if (strcmp(word, "kthread") && strcmp(word, "running"))
		return false;
	if (k)
		*matched = *word == 'k' ? k->kthread : k->on_cpu;
	return true;
}

const struct filter_kind filter_kstacks = {
	.name = "kernel stack", .fields = kstack_fields, .number = kstack_number,
	.text = kstack_text, .word = kstack_word,
};

/* ---- processes ---- */

enum { P_PID, P_PPID, P_UID, P_RSS, P_STACK, P_THREADS, P_COMM, P_USER, P_CMD, P_STATE, P_NR };

static const struct filter_field process_fields[P_NR + 1] = {
	FIELD(P_PID, "pid", true, "process id"),
	FIELD(P_PPID, "ppid", true, "its parent's"),
	FIELD(P_UID, "uid", true, "user's number"),
	FIELD(P_RSS, "rss", true, "bytes resident"),
	FIELD(P_STACK, "stack", true, "bytes of stack"),
	FIELD(P_THREADS, "threads", true, "number of threads"),
	FIELD(P_COMM, "comm", false, "name"),
	FIELD(P_USER, "user", false, "user's name"),
	FIELD(P_CMD, "cmd", false, "command line"),
	FIELD(P_STATE, "state", false, "R, S, D, T, t, Z, X or I"),
};

static uint64_t process_number(const void *p, int field)
{
	const struct proc_entry *e = p;

	switch (field) {
	case P_PID: return e->pid;
	case P_PPID: return e->ppid;
	case P_UID: return e->uid;
	case P_RSS: return e->rss;
	case P_STACK: return e->stack;
	default: return e->threads;
	}
}

static const char *process_text(const void *p, int field, char *scratch)
{
	const struct proc_entry *e = p;

	switch (field) {
	case P_COMM: return e->comm;
	case P_USER: return e->user;
	case P_CMD: return e->cmdline ? e->cmdline : "";
	default: return letter(e->state, scratch);
	}
}

/* A number alone is a pid as far as it was typed, or stands in a name; "kthread" is a kind. */
static bool process_word(const void *p, const char *word, bool *matched)
{
	const struct proc_entry *e = p;
	char pid[16];

	if (!strcmp(word, "kthread")) {
		if (e)
			*matched = e->kthread;
		return true;
	}
	if (!*word || word[strspn(word, "0123456789")])
		return false;
	if (e) {
		snprintf(pid, sizeof(pid), "%d", (int)e->pid);
		*matched = !strncmp(pid, word, strlen(word)) || strstr(e->comm, word) ||
			   (e->cmdline && strstr(e->cmdline, word));
	}
	return true;
}

const struct filter_kind filter_processes = {
	.name = "process", .fields = process_fields, .number = process_number, .text = process_text,
	.word = process_word,
};

/* ---- events ---- */

enum { E_START, E_END, E_AMOUNT, E_TID, E_SEQ, E_TYPE, E_WHAT, E_NR };

static const struct filter_field event_fields[E_NR + 1] = {
	FIELD(E_START, "start", true, "where it happened"),
	FIELD(E_END, "end", true, "end of where it happened"),
	FIELD(E_AMOUNT, "amount", true, "bytes concerned"),
	FIELD(E_TID, "tid", true, "thread concerned, 0 for none"),
	FIELD(E_SEQ, "seq", true, "number of the sample"),
	FIELD(E_TYPE, "type", false, "grew-down, pages-in, vma-new ..."),
	FIELD(E_WHAT, "what", false, "the sentence about it"),
};

static uint64_t event_number(const void *p, int field)
{
	const struct event *e = p;

	switch (field) {
	case E_START: return e->end ? e->start : UNKNOWN;
	case E_END: return e->end ? e->end : UNKNOWN;
	case E_AMOUNT: return e->amount;
	case E_TID: return e->tid;
	default: return e->seq;
	}
}

static const char *event_text(const void *p, int field, char *scratch)
{
	const struct event *e = p;
	struct buf b = BUF_INIT;

	if (field == E_TYPE)
		return event_types[e->type].name;
	event_describe(e, &b);
	snprintf(scratch, SCRATCH, "%s", buf_str(&b));
	buf_free(&b);
	return scratch;
}

static bool event_word(const void *p, const char *word, bool *matched)
{
	const struct event *e = p;

	for (int i = 0; i < EVENT_NR; i++) {
		if (strcmp(word, event_types[i].name))
			continue;
		if (e)
			*matched = (int)e->type == i;
		return true;
	}
	return false;
}

const struct filter_kind filter_events = {
	.name = "event", .fields = event_fields, .number = event_number, .text = event_text,
	.word = event_word,
};
