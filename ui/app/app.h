/* SPDX-License-Identifier: GPL-2.0-or-later
 * The parts of the interactive program share one struct; only ui/app sees it.
 *
 * app.c the loop, frame.c the picture, commands.c what keys and palette run,
 * prompt.c the line one types in, chooser.c lists laid over the picture.
 */
#ifndef UI_APP_APP_H
#define UI_APP_APP_H
#include "mmscope/app.h"
#include "mmscope/keymap.h"
#include "mmscope/session.h"
#include "mmscope/view.h"

struct app;

enum { MAX_VIEWS = 24, MAX_SPANS = 256, MAX_HINTS = 16 };

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_FIND, PROMPT_GOTO,
		   PROMPT_SOURCE /* the argument of a command of the source */ };

struct prompt {
	enum prompt_kind kind;
	struct buf text;
	size_t cursor;			/* byte */
	const struct source_command *source;	/* PROMPT_SOURCE */
	char *before;			/* what Esc brings back */
	struct filter_error error;	/* message[0] == 0: none */
	char *history[32];
	int nhistory, recalled;		/* recalled == nhistory: the line being typed */
};

/* A list over the picture: help, palette, themes. */
struct choice {
	char *key, *name, *about, *command;
	bool heading;
	int rank;			/* how well it fits what was typed, see chooser.c */
};
struct chooser {
	bool open;
	const char *title;
	struct choice *items;
	size_t n, cap;
	struct buf filter;
	size_t *order, shown;		/* the filtered list: what fits best comes first */
	bool ordered;			/* it is made of what was typed and added so far */
	int selected, top;		/* in the filtered list */
	struct rect rows;		/* where the list was drawn last */
	void (*preview)(struct app *app, const char *command);
	char *back;			/* command that undoes the preview, or NULL */
	bool to_read;			/* Enter on what was only opened closes it */
	bool chosen;			/* one moved or typed */
	bool typed;			/* what fits nothing in the list is run as a command line */
};

struct place { struct rect rect; int view; };	/* where a view was drawn last */

struct app {
	const struct app_options *options;
	struct term *term;
	struct theme *theme;
	struct keymap keys;
	struct canvas *canvas;
	struct session *session;
	struct picker *picker;
	struct buf picker_text;		/* what was typed to narrow its list */
	bool picking, quit;
	bool strip_focused;		/* the map at the left has the keys */
	struct source *aside;		/* the scenario, while a real process at its place is shown */
	int aside_room;
	struct error *failed;		/* why the program cannot go on */

	void *states[MAX_VIEWS];
	struct place strip, room, second;	/* second.rect.cols == 0: not shown */
	struct { int from, to, view; } tabs[MAX_VIEWS];
	int ntabs, tab_row;
	struct { int from, to; const char *command; } hints[MAX_HINTS];	/* in the last row */
	int nhints;

	struct prompt prompt;
	struct chooser chooser;
	struct filter *find;		/* the last search, for n and N */
	const struct filter_kind *find_kind;	/* whose rows it looks at */
	char *find_text;

	int interval;			/* index into intervals[] */
	uint64_t next_tick_ns, drawn_ns, shown_cost_ns;
	unsigned hot_ticks;		/* redraw until the heat has gone */
	bool asked_detail;		/* by the key: what came of it is said */
	bool hold_again;		/* a sample was asked for in a pause, which then goes on */
	bool dirty, said_drawn;
	bool whole_sentence;		/* over the foot of the room, as long as it is */
	uint64_t ended_ns;
	struct source_want want;	/* of the frame drawn at */
	uint64_t want_ns;
	struct span spans[MAX_SPANS], rows[MAX_SPANS];
};

extern const double intervals[];
extern const int ninterval;

/* app.c */
void app_init(struct app *app, const struct app_options *o);	/* no session, no terminal yet */
void app_deinit(struct app *app);
void app_input(struct app *app, const struct input *in);
void app_tick(struct app *app);		/* the next sample, where it is time for one */
void app_open(struct app *app, pid_t pid);
void app_open_source(struct app *app, const char *name);
/* What a key does here and now: the view's, then that of the context `step` where the source
 * can be stepped, then the global one. */
const char *app_binding(const struct app *app, uint32_t key);
/* False of a command that the view asks the source for, and this one does not know. */
bool app_has_command(const struct app *app, const struct view *v, const char *command);
/* The key of a command here and now, 0: none. */
uint32_t app_key_of(const struct app *app, const char *command);
/* From a scenario to a real process that stands where it does, and back. */
void app_real(struct app *app);
void app_pick(struct app *app);
void app_theme(struct app *app, const char *name);

/* frame.c */
enum { MIN_ROWS = 16, MIN_COLS = 60 };
void frame_compose(struct app *app);		/* on app->canvas */
void frame_draw(struct app *app);		/* and on the terminal */
int frame_focus(const struct app *app);		/* index of the view that has the keys */
void frame_click(struct app *app, const struct input *in);

/* commands.c */
void command_run(struct app *app, const char *line);
struct app_command {
	const char *name, *args, *help;
	void (*run)(struct app *app, const char *arg);
};
extern const struct app_command app_commands[];	/* name NULL ends */
extern const struct view_command common_commands[];
void find_again(struct app *app, int direction);
/* What is searched for from now on, in the rows of the view in focus; false: *err says why not. */
bool find_set(struct app *app, const char *text, struct filter_error *err);
bool goto_place(struct app *app, const char *text);

/* prompt.c */
/* The filter of the view in focus: its own rows', else the session's. */
const char *filter_text(struct app *app);
bool filter_set(struct app *app, const char *text, struct filter_error *err);
/* From the one to the other, as one step of undo where it is the session's. */
void filter_change(struct app *app, const char *from, const char *to);
void prompt_open(struct app *app, enum prompt_kind kind, const char *text);
void prompt_open_source(struct app *app, const struct source_command *c);
void prompt_input(struct app *app, const struct input *in);
int prompt_draw(struct app *app, struct canvas *c, int row, int rows);	/* returns rows used */
void prompt_free(struct prompt *p);
bool types_text(const struct input *in);
/* The command of the context `prompt` behind a key that types nothing; "" when none. */
const char *prompt_command(const struct app *app, const struct input *in);
/* Text or an editing key, done to the line; false: neither. */
bool edit_line(const struct app *app, struct buf *b, size_t *cursor, const struct input *in);

/* chooser.c */
void chooser_open(struct app *app, const char *title);
void chooser_add(struct chooser *ch, const char *key, const char *name, const char *about,
		 const char *command);
/* A line between the choices; gone while the list is narrowed. */
void chooser_heading(struct chooser *ch, const char *text);
void chooser_input(struct app *app, const struct input *in);
void chooser_draw(struct app *app, struct canvas *c);
void chooser_describe(struct app *app, struct buf *out);		/* the selected row, in full */
void chooser_close(struct chooser *ch);

#endif
