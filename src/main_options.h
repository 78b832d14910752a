/* SPDX-License-Identifier: GPL-2.0-or-later
 * The command line as a value. Two tables, options and commands, are all there is to
 * know about it; --help is made from them.
 */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H
#include <stdbool.h>
#include <stdio.h>
#include "mmscope/error.h"
#include "mmscope/term.h"

enum mode { MODE_AUTO, MODE_BATCH, MODE_JSON, MODE_NDJSON, MODE_PLAIN };

struct cli {
	enum mode mode;
	bool help, version;
	unsigned long given;		/* bit i: option_rows[i] */
	bool smaps;
	const char *pid;		/* -p, or NULL */
	unsigned long count;		/* -n; 0: not given */
	double delay;			/* -d; negative: not given */
	double interval;		/* -i */
	const char *theme;		/* NULL: by environment */
	const char *proc_root;
	struct term_options term;

	const struct command *command;	/* NULL: a target, or none */
	const char *target;		/* PID or NAME, or NULL */
	char **args;			/* of `run`: CMD and its arguments, NULL-terminated */
	const char *on;			/* of `check`, or NULL */
	const char *profile;		/* of `check` and `sim`, or NULL */
	unsigned long min;		/* of `frames`, when has_min */
	bool has_min;
	const char *sort;		/* of `tasks`, or NULL */
	const char **files;		/* operands of a command that takes files; owned */
	size_t nfiles;
};

/* What a command is given beside the options that all of them take. */
enum takes {
	TAKES_COMMAND = 1 << 0,		/* all that follows is another program's */
	TAKES_FILES = 1 << 1,
	TAKES_SAMPLES = 1 << 2,
	TAKES_PROFILE = 1 << 3,
	TAKES_WORLD = 1 << 4,
	TAKES_LEAST = 1 << 5,
	TAKES_ORDER = 1 << 6,
};

struct option_row {
	char letter;			/* 0: long only */
	const char *name, *arg;		/* arg: NULL when it takes none */
	const char *help;
	unsigned needs;			/* what its command has to take; 0: nothing */
	struct error *(*apply)(struct cli *cli, const char *arg);
};
struct command {
	const char *name, *args;
	const char *help;
	unsigned takes;
	struct error *(*run)(const struct cli *cli);
};
extern const struct option_row option_rows[];	/* name NULL ends */
extern const struct command commands[];		/* name NULL ends; main_commands.c */

/* Options and operands may stand in any order, up to the CMD of a command that takes one. */
struct error *cli_parse(int argc, char **argv, struct cli *ret);
void cli_free(struct cli *cli);		/* after cli_parse(), whatever it returned */
void cli_help(FILE *out);
void cli_version(FILE *out);
void cli_features(FILE *out);		/* one line: libraries and their versions */

/* What there is to do without a command: look at cli->target, or let choose. */
struct error *look_at_target(const struct cli *cli);

#endif
