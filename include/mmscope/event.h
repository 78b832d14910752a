/* SPDX-License-Identifier: GPL-2.0-or-later
 * Events: what changed between two snapshots, typed.
 *
 * Law: event_apply(a, diff(a, b)) equals b, and applied backwards it leads from b to a.
 * An event carries what was before and what came after; its type is a classification
 * for people. Payloads and strings belong to the list: an event is valid as long as
 * its list. Events stand in this order: process, VMAs by address, pages by address,
 * counters, tasks by tid, kernel stacks by tid, details.
 */
#ifndef MMSCOPE_EVENT_H
#define MMSCOPE_EVENT_H
#include <stddef.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/snapshot.h"

/* id, name (JSON, filter), glyph, what it says */
#define EVENT_TYPES(X) \
	X(VMA_NEW, "vma-new", '+', "a mapping appeared") \
	X(VMA_GONE, "vma-gone", '-', "a mapping went away") \
	X(GREW_DOWN, "grew-down", 'v', "its start moved down") \
	X(GREW_UP, "grew-up", '^', "its end moved up") \
	X(SHRANK, "shrank", '<', "it lost a part at one end") \
	X(MERGED, "merged", 'M', "neighbours became one VMA") \
	X(SPLIT, "split", 'Y', "one VMA became several") \
	X(PROTECTED, "protected", 'P', "access rights changed") \
	X(RENAMED, "renamed", 'N', "role, name or file changed, the range did not") \
	X(RESHAPED, "reshaped", 'R', "several of these at once in one place") \
	X(PAGES_IN, "pages-in", 'p', "pages became resident") \
	X(PAGES_OUT, "pages-out", 'o', "pages were dropped") \
	X(PAGES_COW, "pages-cow", 'c', "a private copy was made (copy on write)") \
	X(PAGES_SWAP, "pages-swap", 's', "pages went to swap or came back") \
	X(PAGES_KIND, "pages-kind", 'k', "pages changed their kind") \
	X(COUNTER, "counter", '#', "a counter, boundary or limit changed") \
	X(TASK_NEW, "task-new", 't', "a thread was born") \
	X(TASK_GONE, "task-gone", 'x', "a thread ended") \
	X(TASK_CHANGED, "task-changed", '~', "a thread's state, sp or stack changed") \
	X(KSTACK_DEEPER, "kstack-deeper", 'K', "a kernel stack went deeper than ever before") \
	X(EXEC, "exec", 'E', "the process became another program") \
	X(EXIT, "exit", 'X', "the process ended") \
	X(PROCESS, "process", 'i', "state, parent or name of the process changed") \
	X(DETAIL, "detail", 'd', "figures of smaps were read again")

enum event_type {
#define X(id, name, glyph, about) EVENT_##id,
	EVENT_TYPES(X)
#undef X
	EVENT_NR
};
struct event_type_info {
	const char *name;
	char glyph;
	const char *about;
};
extern const struct event_type_info event_types[EVENT_NR];

/* One kind of payload for each group of types; what they point at belongs to the list. */
struct event_vmas { uint32_t nbefore, nafter; const struct vma *before, *after; };
struct event_pages { uint8_t before, after; };		/* enum page_state, of [start, end) */
struct event_counter { uint16_t field; uint64_t before, after; };	/* see event_counter_name() */
struct event_task { const struct task *before, *after; };	/* NULL: was not there */
struct event_kstack { const struct kstack *before, *after; };	/* of the list's stacks */
struct event_process { const struct process *before, *after; };
struct event_detail { const struct details *before, *after; };	/* references held by the list */

struct event {
	uint64_t time_ns, seq;		/* of the later snapshot */
	uint64_t start, end;		/* the place; 0, 0: none. VMA events: all of before and after */
	uint64_t amount;		/* bytes it grew, shrank, went deeper; pages * 4096 for page events */
	enum event_type type;
	pid_t tid;			/* the task concerned, or 0 */
	union {
		struct event_vmas vmas;
		struct event_pages pages;
		struct event_counter counter;
		struct event_task task;
		struct event_kstack kstack;	/* says what stacks[] has anyway: nothing to apply */
		struct event_process process;
		struct event_detail detail;
	};
};

/* Fields of event_counter: enum mm_field, then limits, then these. */
enum event_counter_field {
	COUNTER_LIMIT = MM_NR,		/* + enum limit */
	COUNTER_MINFLT = COUNTER_LIMIT + LIMIT_NR,
	COUNTER_MAJFLT,
	COUNTER_STATM_RSS,
	COUNTER_STATM_SIZE,
	COUNTER_NR
};

/* Which parts a snapshot has; a part that is not there differs from an empty one. */
enum { HAS_LAYOUT = 1, HAS_PAGES = 2, HAS_TASKS = 4 };

struct event_arena;
struct event_list {
	size_t n, cap;
	struct event *events;
	/* Of the snapshots before [0] and after [1]: */
	uint64_t time_ns[2], seq[2];
	uint8_t has[2];			/* HAS_* */
	struct strings *strings[2];	/* keep the paths of VMAs alive; references held */
	const struct whys *whys[2];	/* references held */
	const struct stacks *stacks[2];	/* references held; or NULL */
	const struct unwound *unwound[2];	/* references held; or NULL */
	struct event_arena *arena;	/* the payloads */
};

/* a may be NULL (then everything of b is new). The caller ends the list with event_list_free(). */
struct event_list snapshot_diff(const struct snapshot *a, const struct snapshot *b);
/* A new snapshot: `s` with the events applied forwards, or undone. s may be NULL (an empty one). */
struct snapshot *event_apply(const struct snapshot *s, const struct event_list *events, bool forward);
void event_list_free(struct event_list *l);
/* n of the events, by index, as a list of their own that holds no more than they need: to be
 * shown, not to be applied. Kernel stacks are without their frames. */
struct event_list event_list_pick(const struct event_list *l, const uint32_t *which, size_t n);
/* For whoever builds a list by hand: room that lives as long as the list; the next event. */
void *event_list_alloc(struct event_list *l, size_t bytes);
struct event *event_list_add(struct event_list *l, enum event_type type);	/* zeroed payload */
/* False for page events that only say that the sampler has looked by now. */
bool event_is_news(const struct event *e);
/* One sentence: "[stack] grew down by 4.00K to 7ffd1c27e000". Sanitised. */
void event_describe(const struct event *e, struct buf *out);
const char *event_counter_name(uint16_t field);		/* mm key, "limits.stack", "faults.minor" ... */

#endif
