/* SPDX-License-Identifier: GPL-2.0-or-later
 * The session: owns the source, the snapshot shown, the events, the one selection that
 * drives all views, the filters, pause and undo of view changes. It never draws.
 * Not thread safe; everything happens on the caller's thread.
 */
#ifndef MMSCOPE_SESSION_H
#define MMSCOPE_SESSION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mmscope/event.h"
#include "mmscope/filter.h"
#include "mmscope/snapshot.h"
#include "mmscope/source.h"

struct session;
struct session *session_create(struct source *src);	/* takes the source over; NULL: none yet (picker) */
void session_destroy(struct session *s);
void session_set_source(struct session *s, struct source *src);	/* another target; state starts anew */
/* The same without closing the one before: the caller's from now on. */
struct source *session_swap_source(struct session *s, struct source *src);
struct source *session_source(const struct session *s);
unsigned session_caps(const struct session *s);

/* Commands of the source, name NULL ends; never NULL. */
const struct source_command *session_commands(const struct session *s);
/* Runs one of them; false: the source has none of that name. *err (may be NULL where it does not
 * matter) gets what went wrong; without it the error is said. What it says stands in the sentence line. */
bool session_command(struct session *s, const char *name, const char *arg, struct error **err);

/* Samples once, diffs, appends events, ages the heat. `want` says what is on screen. */
struct error *session_tick(struct session *s, const struct source_want *want);
/* What is shown: the newest sample, or the one at which it was paused. NULL before the first. */
const struct snapshot *session_snapshot(const struct session *s);
const struct snapshot *session_newest(const struct session *s);

/* How loud a place is: 4 changed this tick ... 1 three ticks ago, 0 quiet. */
unsigned session_heat(const struct session *s, uint64_t start, uint64_t end);
unsigned session_heat_task(const struct session *s, pid_t tid);
unsigned session_heat_counter(const struct session *s, unsigned event_field);	/* as event.counter.field */

/* Events, oldest first; the oldest fall out past a limit. */
size_t session_events(const struct session *s);
const struct event *session_event(const struct session *s, size_t i);
uint64_t session_events_dropped(const struct session *s);

/* History of one figure per tick (newest last), for sparklines: at most 256 values. */
enum history { HISTORY_RSS, HISTORY_FAULTS, HISTORY_STACK, HISTORY_NR };
int session_history(const struct session *s, enum history h, const uint64_t **ret);
/* Growth of a growsdown VMA: its size whenever it changed; lowest start and times grown.
 * Looked up by the VMA's end, which stays. false: never grew. */
struct growth { const uint64_t *sizes; int n; unsigned times; uint64_t last_amount, last_time_ns, largest; };
bool session_growth(const struct session *s, uint64_t vma_end, struct growth *ret);

/* The selection: an address (always, once there is a layout), and a task. */
uint64_t session_addr(const struct session *s);
ssize_t session_vma(const struct session *s);		/* index in the shown layout, -1: in a hole */
pid_t session_tid(const struct session *s);
void session_select(struct session *s, uint64_t addr);	/* undoable */
void session_select_task(struct session *s, pid_t tid);
/* Zoom of the map and pages: 0 space, 1 VMA, 2 page. */
int session_zoom(const struct session *s);
void session_set_zoom(struct session *s, int zoom);
/* To an address, and zoomed to its page where one is mapped: one change of its own for undo,
 * however one moved about before. */
void session_go(struct session *s, uint64_t addr);

/* Filter of VMAs by text and by role (-1 all). Rows: indices of VMAs that pass, rising. */
bool session_set_filter(struct session *s, const char *text, struct filter_error *err);
const char *session_filter(const struct session *s);
void session_set_role(struct session *s, int role);
int session_role(const struct session *s);
/* How many VMAs pass; *ret: which, rising, or NULL: all. */
size_t session_rows(const struct session *s, const uint32_t **ret);
/* A place in a VMA of the role that was chosen; any place when none was. */
bool session_role_at(const struct session *s, uint64_t addr);
void session_select_passing(struct session *s);		/* the nearest VMA that passes, where the selected one does not */

void session_pause(struct session *s, bool paused);
bool session_paused(const struct session *s);
bool session_follow(const struct session *s);		/* selection jumps to what changes */
void session_set_follow(struct session *s, bool follow);

/* Asks for smaps at the next tick. */
void session_want_detail(struct session *s);

/* View state (selection, zoom, filter, role, room): undo and redo. */
void session_remember(struct session *s);		/* before a change that a person would undo */
bool session_undo(struct session *s);
bool session_redo(struct session *s);
int session_room(const struct session *s);		/* index in views[] */
void session_set_room(struct session *s, int room);

/* The one-line message for the sentence line; sanitised; stays five seconds. */
void session_say(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void session_hush(struct session *s);			/* what was said is over */
const char *session_said(const struct session *s);	/* NULL: nothing now */

/* What `mmscope run` started, for the room that shows its output; the caller's. NULL: none. */
struct child;
void session_set_child(struct session *s, struct child *child);
struct child *session_child(const struct session *s);

#endif
