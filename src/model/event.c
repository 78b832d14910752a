/* SPDX-License-Identifier: GPL-2.0-or-later
 * Events as a list that owns its payloads, and as sentences.
 */
#include "mmscope/event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/syscalls.h"
#include "mmscope/text.h"

const struct event_type_info event_types[EVENT_NR] = {
#define X(id, name, glyph, about) [EVENT_##id] = { name, glyph, about },
	EVENT_TYPES(X)
#undef X
};

/* Payloads lie in chunks of growing size, so that pointers into them stay valid. */
struct event_arena {
	struct event_arena *next;
	size_t used, size;
	max_align_t bytes[];
};

void *event_list_alloc(struct event_list *l, size_t bytes)
{
	struct event_arena *a = l->arena;
	void *p;

	bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!a || a->size - a->used < bytes) {
		size_t size = a ? 2 * a->size : 256;

		if (size > (1u << 20))
			size = 1u << 20;
		if (size < bytes)
			size = bytes;
		a = xmalloc(sizeof(*a) + size);
		a->next = l->arena;
		a->used = 0;
		a->size = size;
		l->arena = a;
	}
	p = (char *)a->bytes + a->used;
	a->used += bytes;
	return p;
}

struct event *event_list_add(struct event_list *l, enum event_type type)
{
	struct event *e;

	VEC_GROW(l->events, l->n, l->cap);
	e = &l->events[l->n++];
	memset(e, 0, sizeof(*e));
	e->type = type;
	e->time_ns = l->time_ns[1];
	e->seq = l->seq[1];
	return e;
}

void event_list_free(struct event_list *l)
{
	struct event_arena *a, *next;

	for (size_t i = 0; i < l->n; i++) {
		if (l->events[i].type != EVENT_DETAIL)
			continue;
		details_put(l->events[i].detail.before);
		details_put(l->events[i].detail.after);
	}
	for (a = l->arena; a; a = next) {
		next = a->next;
		free(a);
	}
	for (int i = 0; i < 2; i++) {
		strings_put(l->strings[i]);
		whys_put(l->whys[i]);
		stacks_put(l->stacks[i]);
		unwound_put(l->unwound[i]);
	}
	free(l->events);
	*l = (struct event_list){ 0 };
}

static void *copied(struct event_list *l, const void *p, size_t bytes)
{
	return p ? memcpy(event_list_alloc(l, bytes), p, bytes) : NULL;
}

static const struct kstack *copied_kstack(struct event_list *l, const struct kstack *k)
{
	struct kstack *own = copied(l, k, sizeof(*k));

	if (own) {	/* the frames stay with the stacks */
		own->frames = own->switches = NULL;
		own->nframes = own->nswitches = 0;
	}
	return own;
}

/* The payload becomes the list's own. */
static void copy_payload(struct event_list *l, struct event *e)
{
	switch (e->type) {
	case EVENT_VMA_NEW ... EVENT_RESHAPED:
		e->vmas.before = copied(l, e->vmas.before, e->vmas.nbefore * sizeof(*e->vmas.before));
		e->vmas.after = copied(l, e->vmas.after, e->vmas.nafter * sizeof(*e->vmas.after));
		break;
	case EVENT_TASK_NEW ... EVENT_TASK_CHANGED:
		e->task.before = copied(l, e->task.before, sizeof(*e->task.before));
		e->task.after = copied(l, e->task.after, sizeof(*e->task.after));
		break;
	case EVENT_KSTACK_DEEPER:
		e->kstack.before = copied_kstack(l, e->kstack.before);
		e->kstack.after = copied_kstack(l, e->kstack.after);
		break;
	case EVENT_EXEC ... EVENT_PROCESS:
		e->process.before = copied(l, e->process.before, sizeof(*e->process.before));
		e->process.after = copied(l, e->process.after, sizeof(*e->process.after));
		break;
	case EVENT_DETAIL:
		e->detail.before = details_get(e->detail.before);
		e->detail.after = details_get(e->detail.after);
		break;
	default:	/* lies in the event itself */
		break;
	}
}

struct event_list event_list_pick(const struct event_list *from, const uint32_t *which, size_t n)
{
	struct event_list l = { .n = n, .cap = n, .events = xcalloc(n ? n : 1, sizeof(*l.events)) };

	for (int i = 0; i < 2; i++) {
		l.time_ns[i] = from->time_ns[i];
		l.seq[i] = from->seq[i];
		l.strings[i] = from->strings[i] ? strings_get(from->strings[i]) : NULL;
	}
	for (size_t i = 0; i < n; i++) {
		l.events[i] = from->events[which[i]];
		copy_payload(&l, &l.events[i]);
	}
	return l;
}

const char *event_counter_name(uint16_t field)
{
	static const char *const limits[LIMIT_NR] = {
		[LIMIT_STACK] = "limits.stack",
		[LIMIT_AS] = "limits.as",
		[LIMIT_DATA] = "limits.data",
		[LIMIT_MEMLOCK] = "limits.memlock",
	};

	if (field < MM_NR)
		return mm_fields[field].key;
	if (field < COUNTER_MINFLT)
		return limits[field - COUNTER_LIMIT];
	return field == COUNTER_MINFLT ? "faults.minor" :
	       field == COUNTER_MAJFLT ? "faults.major" :
	       field == COUNTER_STATM_RSS ? "statm.rss" : "statm.size";
}

static bool page_event(enum event_type type)
{
	return type >= EVENT_PAGES_IN && type <= EVENT_PAGES_KIND;
}

bool event_is_news(const struct event *e)
{
	uint8_t before = e->pages.before, after = e->pages.after;

	if (!page_event(e->type))
		return true;
	if (before == PAGE_UNSEEN || after == PAGE_UNSEEN)
		return false;
	if (before == PAGE_PRESENT || after == PAGE_PRESENT)
		return page_states[before].resident != page_states[after].resident;
	return true;
}

static void add_size(struct buf *out, uint64_t bytes)
{
	char s[16];

	buf_adds(out, text_size(bytes, s));
}

static void add_vma_name(struct buf *out, const struct vma *v)
{
	if (v->path[0])
		text_sanitize(out, v->path, strlen(v->path), 0);
	else
		buf_adds(out, vma_roles[v->role].name);
	if (v->tid)
		buf_addf(out, " of thread %d", v->tid);
}

static void add_range(struct buf *out, uint64_t start, uint64_t end)
{
	buf_addf(out, "%" PRIx64 "-%" PRIx64, start, end);
}

/* Nothing that a name would tell: how sure its role is, or the file behind the same path. */
static bool describe_same_name(const struct vma *before, const struct vma *after, struct buf *out)
{
	static const char *const sure[] = { "certain", "likely", "a weak guess" };

	if (strcmp(before->path, after->path) || before->role != after->role ||
	    before->tid != after->tid)
		return false;
	add_range(out, after->start, after->end);
	buf_adds(out, before->guess != after->guess ? " is still " : " was ");
	add_vma_name(out, after);
	if (before->guess != after->guess)
		buf_addf(out, ", which is %s now", sure[after->guess < 2 ? after->guess : 2]);
	else
		buf_adds(out, before->growsdown != after->growsdown ?
			 ", and whether it grows down is known better now" :
			 " and is now another one of that name");
	return true;
}

static void describe_changed(const struct event *e, struct buf *out)
{
	const struct vma *before = e->vmas.before, *after = e->vmas.after;
	char from[5], to[5];

	vma_perms(before, from);
	vma_perms(after, to);
	if (e->type == EVENT_PROTECTED) {
		add_vma_name(out, after);
		buf_addf(out, " changed from %s to %s, ", from, to);
		add_range(out, after->start, after->end);
		return;
	}
	if (describe_same_name(before, after, out))
		return;
	add_range(out, after->start, after->end);
	buf_adds(out, " was ");
	add_vma_name(out, before);
	buf_adds(out, " and is now ");
	add_vma_name(out, after);
	if (before->role != after->role)
		buf_addf(out, " (%s, was %s)", vma_roles[after->role].name,
			 vma_roles[before->role].name);
}

static void describe_reshaped(const struct event *e, struct buf *out)
{
	const struct event_vmas *p = &e->vmas;

	if (p->nbefore == 2 && p->nafter == 2 && p->before[0].end == p->before[1].start &&
	    p->after[0].end == p->after[1].start && p->before[0].start == p->after[0].start &&
	    p->before[1].end == p->after[1].end) {
		uint64_t from = p->before[0].end, to = p->after[0].end;

		buf_adds(out, "the boundary between ");
		add_vma_name(out, &p->after[0]);
		buf_adds(out, " and ");
		add_vma_name(out, &p->after[1]);
		buf_adds(out, to > from ? " moved up by " : " moved down by ");
		add_size(out, to > from ? to - from : from - to);
		buf_addf(out, " to %" PRIx64, to);
		return;
	}
	add_range(out, e->start, e->end);
	buf_addf(out, " was rearranged: %" PRIu32 " %s before, %" PRIu32 " after", p->nbefore,
		 p->nbefore == 1 ? "VMA" : "VMAs", p->nafter);
}

static void describe_vmas(const struct event *e, struct buf *out)
{
	const struct vma *v = e->vmas.nafter ? e->vmas.after : e->vmas.before;
	char perms[5];

	switch (e->type) {
	case EVENT_VMA_NEW:
	case EVENT_VMA_GONE:
		add_vma_name(out, v);
		buf_adds(out, e->type == EVENT_VMA_NEW ? " appeared, " : " went away, ");
		add_size(out, e->amount);
		buf_addf(out, " %s at ", vma_perms(v, perms));
		add_range(out, v->start, v->end);
		break;
	case EVENT_GREW_DOWN:
	case EVENT_GREW_UP:
		add_vma_name(out, v);
		buf_adds(out, e->type == EVENT_GREW_DOWN ? " grew down by " : " grew up by ");
		add_size(out, e->amount);
		buf_addf(out, " to %" PRIx64, e->type == EVENT_GREW_DOWN ? v->start : v->end);
		break;
	case EVENT_SHRANK:
		add_vma_name(out, v);
		buf_adds(out, " shrank by ");
		add_size(out, e->amount);
		buf_adds(out, " to ");
		add_range(out, v->start, v->end);
		break;
	case EVENT_MERGED:
		buf_addf(out, "%" PRIu32 " neighbours became one: ", e->vmas.nbefore);
		add_vma_name(out, v);
		buf_addc(out, ' ');
		add_range(out, v->start, v->end);
		break;
	case EVENT_SPLIT:
		add_vma_name(out, e->vmas.before);
		buf_addf(out, " was split into %" PRIu32 ": ", e->vmas.nafter);
		add_range(out, e->start, e->end);
		break;
	case EVENT_RESHAPED:
		describe_reshaped(e, out);
		break;
	default:
		describe_changed(e, out);
	}
}

static void describe_pages(const struct event *e, struct buf *out)
{
	uint64_t n = e->amount >> PAGE_SHIFT;
	const char *after = page_states[e->pages.after].name;
	const char *before = page_states[e->pages.before].name;

	buf_addf(out, "%" PRIu64 " %s ", n, n == 1 ? "page" : "pages");
	switch (e->type) {
	case EVENT_PAGES_IN:
		buf_addf(out, "became resident (%s)", after);
		break;
	case EVENT_PAGES_OUT:
		buf_addf(out, "%s dropped (%s)", n == 1 ? "was" : "were", before);
		break;
	case EVENT_PAGES_COW:
		/* The other owner of a shared anonymous page may also just have let it go. */
		if (e->pages.before == PAGE_ANON_SHARED)
			buf_addf(out, "%s shared and now %s to this process alone",
				 n == 1 ? "was" : "were", n == 1 ? "belongs" : "belong");
		else
			buf_addf(out, "%s written apart (%s until now)", n == 1 ? "was" : "were",
				 before);
		break;
	case EVENT_PAGES_SWAP:
		buf_addf(out, e->pages.after == PAGE_SWAP ? "went to swap (%s until now)" :
			 "came back from swap (%s)",
			 e->pages.after == PAGE_SWAP ? before : after);
		break;
	default:
		if (event_is_news(e))
			buf_addf(out, "changed from %s to %s", before, after);
		else
			buf_addf(out, "looked at: %s", after);
	}
	buf_addf(out, " at %" PRIx64, e->start);
	if (n > 1)
		buf_addf(out, "-%" PRIx64, e->end);
}

static void add_counter(struct buf *out, uint16_t field, uint64_t value)
{
	if (value == UNKNOWN)
		buf_adds(out, "unknown");
	else if (value == UNLIMITED && field >= COUNTER_LIMIT && field < COUNTER_MINFLT)
		buf_adds(out, "unlimited");
	else if (field < MM_NR && mm_fields[field].unit == MM_ADDRESS)
		buf_addf(out, "%" PRIx64, value);
	else if (field == COUNTER_MINFLT || field == COUNTER_MAJFLT)
		buf_addf(out, "%" PRIu64, value);
	else
		add_size(out, value);
}

static void describe_counter(const struct event *e, struct buf *out)
{
	uint16_t field = e->counter.field;
	uint64_t before = e->counter.before, after = e->counter.after;

	buf_adds(out, event_counter_name(field));
	if (before == UNKNOWN || after == UNKNOWN || before == UNLIMITED || after == UNLIMITED) {
		buf_adds(out, " changed from ");
		add_counter(out, field, before);
	} else {
		buf_adds(out, after > before ? " rose by " : " fell by ");
		/* a distance between addresses is a size */
		if (field == COUNTER_MINFLT || field == COUNTER_MAJFLT)
			add_counter(out, field, after > before ? after - before : before - after);
		else
			add_size(out, after > before ? after - before : before - after);
	}
	buf_adds(out, " to ");
	add_counter(out, field, after);
}

static void add_comm(struct buf *out, const char *comm, size_t size)
{
	text_sanitize(out, comm, strnlen(comm, size), 0);
}

static void add_address(struct buf *out, uint64_t addr)
{
	if (addr == UNKNOWN)
		buf_adds(out, "unknown");
	else
		buf_addf(out, "%" PRIx64, addr);
}

static void describe_task_change(const struct task *a, const struct task *b, struct buf *out)
{
	size_t begun = out->len;

	if (a->state != b->state)
		buf_addf(out, ", state %c to %c", a->state, b->state);
	if (strncmp(a->comm, b->comm, sizeof(a->comm))) {
		buf_adds(out, ", name was ");
		add_comm(out, a->comm, sizeof(a->comm));
	}
	if (a->sp != b->sp) {
		buf_adds(out, ", sp ");
		add_address(out, a->sp);
		buf_adds(out, " to ");
		add_address(out, b->sp);
	}
	/* One that has grown is the same stack: its end stays. */
	if (a->stack.vma_end != b->stack.vma_end) {
		buf_adds(out, ", another stack");
	} else if (a->stack.vma_start != b->stack.vma_start) {
		buf_adds(out, ", stack of ");
		add_size(out, b->stack.vma_end - b->stack.vma_start);
	}
	if (a->stack.resident != b->stack.resident && b->stack.resident != UNKNOWN) {
		buf_adds(out, ", resident stack ");
		add_size(out, b->stack.resident);
	}
	if (a->stack.high_water != b->stack.high_water && b->stack.high_water != UNKNOWN) {
		buf_adds(out, ", high water ");
		add_size(out, b->stack.high_water);
	}
	if (a->syscall != b->syscall && b->syscall >= 0) {
		const char *name = task_syscall_name(b);

		if (name)
			buf_addf(out, ", system call %s", name);
		else
			buf_addf(out, ", system call %d", b->syscall);
	}
	if (out->len == begun)
		buf_adds(out, " changed");
}

static void describe_task(const struct event *e, struct buf *out)
{
	const struct task *t = e->task.after ? e->task.after : e->task.before;

	buf_addf(out, "thread %d (", t->tid);
	add_comm(out, t->comm, sizeof(t->comm));
	buf_addc(out, ')');
	if (!e->task.before)
		buf_adds(out, " was born");
	else if (!e->task.after)
		buf_adds(out, " ended");
	else
		describe_task_change(e->task.before, e->task.after, out);
}

static void describe_kstack(const struct event *e, struct buf *out)
{
	const struct kstack *k = e->kstack.after;

	buf_addf(out, "the kernel stack of %d (", k->tid);
	add_comm(out, k->comm, sizeof(k->comm));
	buf_addf(out, ") went %" PRIu64 " bytes deeper than ever, to %" PRIu64 " of %" PRIu64,
		 e->amount, k->high_water, k->size);
}

static void describe_process(const struct event *e, struct buf *out)
{
	const struct process *a = e->process.before, *b = e->process.after;

	if (e->type == EVENT_EXIT) {
		buf_addf(out, "process %d ended", b->pid);
		if (b->exit_known && sigabbrev_np(b->exit_status & 0x7f))
			buf_addf(out, " by SIG%s", sigabbrev_np(b->exit_status & 0x7f));
		else if (b->exit_known && (b->exit_status & 0x7f))
			buf_addf(out, " by signal %d", b->exit_status & 0x7f);
		else if (b->exit_known)
			buf_addf(out, " with status %d", b->exit_status >> 8 & 0xff);
		return;
	}
	buf_addf(out, "process %d ", b->pid);
	if (e->type == EVENT_EXEC) {
		buf_adds(out, "became ");
		if (b->exe[0])
			text_sanitize(out, b->exe, strnlen(b->exe, sizeof(b->exe)), 0);
		else
			add_comm(out, b->comm, sizeof(b->comm));
		return;
	}
	buf_addc(out, '(');
	add_comm(out, b->comm, sizeof(b->comm));
	buf_addc(out, ')');
	if (a->pid != b->pid) {
		buf_addf(out, " is in hand, before it %d (", a->pid);
		add_comm(out, a->comm, sizeof(a->comm));
		buf_addc(out, ')');
		return;
	}
	if (a->state != b->state)
		buf_addf(out, " state %c to %c", a->state, b->state);
	if (a->ppid != b->ppid)
		buf_addf(out, " parent %d, was %d", b->ppid, a->ppid);
	if (strncmp(a->comm, b->comm, sizeof(a->comm))) {
		buf_adds(out, " was called ");
		add_comm(out, a->comm, sizeof(a->comm));
	}
}

void event_describe(const struct event *e, struct buf *out)
{
	static void (*const describe[EVENT_NR])(const struct event *, struct buf *) = {
		[EVENT_VMA_NEW] = describe_vmas,
		[EVENT_VMA_GONE] = describe_vmas,
		[EVENT_GREW_DOWN] = describe_vmas,
		[EVENT_GREW_UP] = describe_vmas,
		[EVENT_SHRANK] = describe_vmas,
		[EVENT_MERGED] = describe_vmas,
		[EVENT_SPLIT] = describe_vmas,
		[EVENT_PROTECTED] = describe_vmas,
		[EVENT_RENAMED] = describe_vmas,
		[EVENT_RESHAPED] = describe_vmas,
		[EVENT_PAGES_IN] = describe_pages,
		[EVENT_PAGES_OUT] = describe_pages,
		[EVENT_PAGES_COW] = describe_pages,
		[EVENT_PAGES_SWAP] = describe_pages,
		[EVENT_PAGES_KIND] = describe_pages,
		[EVENT_COUNTER] = describe_counter,
		[EVENT_TASK_NEW] = describe_task,
		[EVENT_TASK_GONE] = describe_task,
		[EVENT_TASK_CHANGED] = describe_task,
		[EVENT_KSTACK_DEEPER] = describe_kstack,
		[EVENT_EXEC] = describe_process,
		[EVENT_EXIT] = describe_process,
		[EVENT_PROCESS] = describe_process,
	};

	if (describe[e->type])
		describe[e->type](e, out);
	else
		buf_adds(out, event_types[e->type].about);
}
