/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/main_options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/text.h"

static struct error *set_mode(struct cli *cli, enum mode mode)
{
	if (cli->mode != MODE_AUTO && cli->mode != mode)
		return error_create(ERR_USAGE,
				    "--batch, --json, --ndjson and --plain exclude each other");
	cli->mode = mode;
	return NULL;
}

static struct error *set_batch(struct cli *cli, const char *arg)
{
	(void)arg;
	return set_mode(cli, MODE_BATCH);
}

static struct error *set_json(struct cli *cli, const char *arg)
{
	(void)arg;
	return set_mode(cli, MODE_JSON);
}

static struct error *set_ndjson(struct cli *cli, const char *arg)
{
	(void)arg;
	return set_mode(cli, MODE_NDJSON);
}

static struct error *set_plain(struct cli *cli, const char *arg)
{
	(void)arg;
	return set_mode(cli, MODE_PLAIN);
}

static struct error *set_pid(struct cli *cli, const char *arg)
{
	if (!*arg || arg[strspn(arg, "0123456789")])
		return error_create(ERR_USAGE, "-p needs a process number, not '%s'", arg);
	cli->pid = arg;
	return NULL;
}

static struct error *set_count(struct cli *cli, const char *arg)
{
	char *end;

	errno = 0;
	cli->count = strtoul(arg, &end, 10);
	if (arg[0] < '0' || arg[0] > '9' || *end || errno || cli->count == 0)
		return error_create(ERR_USAGE,
				    "-n needs a number of samples, from 1, not '%s'", arg);
	return NULL;
}

static struct error *parse_seconds(const char *arg, const char *option, double least, double *ret)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !isfinite(v) || v < least || v > 86400)
		return error_create(ERR_USAGE, "%s needs seconds, from %g to 86400, not '%s'",
				    option, least, arg);
	*ret = v;
	return NULL;
}

static struct error *set_delay(struct cli *cli, const char *arg)
{
	return parse_seconds(arg, "-d", 0, &cli->delay);
}

static struct error *set_interval(struct cli *cli, const char *arg)
{
	return parse_seconds(arg, "-i", 0.01, &cli->interval);
}

static struct error *set_smaps(struct cli *cli, const char *arg)
{
	(void)arg;
	cli->smaps = true;
	return NULL;
}

static struct error *set_theme(struct cli *cli, const char *arg)
{
	cli->theme = arg;
	return NULL;
}

static struct error *set_proc_root(struct cli *cli, const char *arg)
{
	cli->proc_root = arg;
	return NULL;
}

static struct error *set_ascii(struct cli *cli, const char *arg)
{
	(void)arg;
	cli->term.ascii = true;
	return NULL;
}

static struct error *set_colour(struct cli *cli, const char *arg)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!strcmp(arg, words[i])) {
			cli->term.colour = (enum colour_when)i;
			return NULL;
		}
	}
	return error_create(ERR_USAGE, "--color is auto, always or never, not '%s'", arg);
}

static struct error *set_on(struct cli *cli, const char *arg)
{
	cli->on = arg;
	return NULL;
}

static struct error *set_profile(struct cli *cli, const char *arg)
{
	cli->profile = arg;
	return NULL;
}

static struct error *set_min(struct cli *cli, const char *arg)
{
	char *end;

	errno = 0;
	cli->min = strtoul(arg, &end, 10);
	if (*arg < '0' || *arg > '9' || *end || errno)
		return error_create(ERR_USAGE, "--min needs a number of bytes, not '%s'", arg);
	cli->has_min = true;
	return NULL;
}

static struct error *set_sort(struct cli *cli, const char *arg)
{
	cli->sort = arg;
	return NULL;
}

static struct error *set_help(struct cli *cli, const char *arg)
{
	(void)arg;
	cli->help = true;
	return NULL;
}

static struct error *set_version(struct cli *cli, const char *arg)
{
	(void)arg;
	cli->version = true;
	return NULL;
}

const struct option_row option_rows[] = {
	{ 'p', "pid", "PID", "look at process PID", 0, set_pid },
	{ 'b', "batch", NULL, "print frames of text", 0, set_batch },
	{ 'J', "json", NULL, "print one JSON document", 0, set_json },
	{ 0, "ndjson", NULL, "print JSON, one line for each sample and each event", 0, set_ndjson },
	{ 0, "plain", NULL, "print sentences, made to be read aloud", 0, set_plain },
	{ 'n', "count", "N", "end after N samples (with --batch, --ndjson, --plain)", TAKES_SAMPLES,
	  set_count },
	{ 'd', "delay", "SEC", "SEC seconds between samples (1; with the same)", TAKES_SAMPLES,
	  set_delay },
	{ 0, "smaps", NULL, "read smaps too: Pss, swap, locked, flags; costly", TAKES_SAMPLES,
	  set_smaps },
	{ 'i', "interval", "SEC", "seconds between samples on the screen (0.1)", 0, set_interval },
	{ 't', "theme", "NAME|PATH", "colours of the screen", 0, set_theme },
	{ 0, "color", "WHEN", "auto, always or never", 0, set_colour },
	{ 0, "ascii", NULL, "nothing but ASCII on the screen and in text", 0, set_ascii },
	{ 0, "proc-root", "DIR", "read processes from DIR instead of /proc", 0, set_proc_root },
	{ 0, "on", "WORLD", "sim, kernel or both (with check)", TAKES_WORLD, set_on },
	{ 0, "profile", "NAME", "the simulated kernel (with check and sim)", TAKES_PROFILE,
	  set_profile },
	{ 0, "min", "N", "more than N bytes of stack (100; with frames)", TAKES_LEAST, set_min },
	{ 0, "sort", "COLUMN", "order of lines, -COLUMN in reverse (with tasks)", TAKES_ORDER,
	  set_sort },
	{ 'h', "help", NULL, "print this and exit", 0, set_help },
	{ 'V', "version", NULL, "print the version and what it is built with, and exit", 0,
	  set_version },
	{ 0, NULL, NULL, NULL, 0, NULL },
};

enum { MAX_OPTIONS = 32, OPERAND = 1, FIRST_ROW = 256 };
_Static_assert(ARRAY_LEN(option_rows) <= MAX_OPTIONS, "more options than cli_parse() has room for");

/* The tables getopt_long() wants; a row's value is FIRST_ROW plus its index. */
static void getopt_tables(struct option *longs, char *shorts)
{
	*shorts++ = '-';	/* operands in their place */
	*shorts++ = ':';	/* our own messages */
	for (int i = 0; option_rows[i].name; i++) {
		const struct option_row *row = &option_rows[i];

		longs[i] = (struct option){
			row->name, row->arg ? required_argument : no_argument, NULL, FIRST_ROW + i,
		};
		if (row->letter)
			*shorts++ = row->letter;
		if (row->letter && row->arg)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static const struct option_row *row_of(int c)
{
	if (c >= FIRST_ROW)
		return &option_rows[c - FIRST_ROW];
	for (int i = 0; option_rows[i].name; i++)
		if (option_rows[i].letter == c)
			return &option_rows[i];
	return NULL;
}

/* A long option, or a beginning that several have: those. */
static struct error *unknown_option(const char *word)
{
	int n = (int)strcspn(word, "=");
	char *name = xasprintf("%.*s", n - 2, word + 2);
	const char *names[MAX_OPTIONS] = { NULL }, *near;
	struct buf fits = BUF_INIT;
	struct error *err;

	for (int i = 0; option_rows[i].name; i++) {
		names[i] = option_rows[i].name;
		if (*name && !strncmp(names[i], name, strlen(name)))
			buf_addf(&fits, "%s--%s", fits.len ? ", " : "", names[i]);
	}
	near = text_nearest(name, names);
	if (fits.len)
		err = error_create(ERR_USAGE, "option '--%s' may be any of %s", name, buf_str(&fits));
	else if (near)
		err = error_create(ERR_USAGE, "unknown option '%.*s'; did you mean '--%s'?", n, word,
				   near);
	else
		err = error_create(ERR_USAGE, "unknown option '%.*s'", n, word);
	buf_free(&fits);
	free(name);
	return err;
}

static struct error *bad_option(const char *word, int c)
{
	const struct option_row *row = optopt ? row_of(optopt) : NULL;

	if (c == ':')
		return error_create(ERR_USAGE, "option '%s%s' needs %s", row->name ? "--" : "-",
				    row->name, row->arg);
	if (row)
		return error_create(ERR_USAGE, "option '--%s' takes no argument", row->name);
	if (strncmp(word, "--", 2))
		return error_create(ERR_USAGE, "unknown option '-%c'", optopt);
	return unknown_option(word);
}

static bool takes(const struct cli *cli, unsigned what)
{
	return cli->command && cli->command->takes & what;
}

static struct error *operand(struct cli *cli, const char *word)
{
	if (!cli->command && !cli->target) {
		for (const struct command *c = commands; c->name; c++)
			if (!strcmp(c->name, word))
				cli->command = c;
		if (!cli->command)
			cli->target = word;
		return NULL;
	}
	if (takes(cli, TAKES_FILES)) {
		cli->files[cli->nfiles++] = word;
		return NULL;
	}
	if (cli->command)
		return error_create(ERR_USAGE, "'%s' takes no '%s'", cli->command->name, word);
	return error_create(ERR_USAGE, "one process at a time: '%s' or '%s'", cli->target, word);
}

/* What the options say together. */
static struct error *check(const struct cli *cli)
{
	if (cli->pid && (cli->target || cli->command))
		return error_create(ERR_USAGE, "-p %s and '%s' exclude each other", cli->pid,
				    cli->target ? cli->target : cli->command->name);
	for (int i = 0; option_rows[i].name; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->needs & ~(cli->command ? cli->command->takes : TAKES_SAMPLES) &&
		    cli->given >> i & 1)
			return error_create(ERR_USAGE, "--%s does not apply to %s", row->name,
					    cli->command ? cli->command->name : "a process");
	}
	if (cli->mode == MODE_JSON && (cli->count > 1 || cli->delay >= 0))
		return error_create(ERR_USAGE,
				    "--json prints one document; --ndjson takes -n and -d");
	return NULL;
}

struct error *cli_parse(int argc, char **argv, struct cli *cli)
{
	struct option longs[MAX_OPTIONS] = { { 0 } };
	char shorts[3 * MAX_OPTIONS];
	struct error *err = NULL;
	int c;

	*cli = (struct cli){ .delay = -1, .interval = 0.1, .proc_root = "/proc" };
	cli->files = xcalloc((size_t)argc + 1, sizeof(*cli->files));
	getopt_tables(longs, shorts);
	opterr = 0;
	optind = 0;
	/* As everywhere: what follows --help or --version is not looked at. */
	while (!err && !cli->help && !cli->version) {
		const struct option_row *row;
		int at = optind ? optind : 1;

		optopt = 0;
		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == -1)
			break;
		if (c == OPERAND && takes(cli, TAKES_COMMAND)) {
			optind--;
			break;
		}
		row = c == OPERAND ? NULL : row_of(c);
		if (c == OPERAND) {
			err = operand(cli, optarg);
		} else if (!row) {
			err = bad_option(argv[at], c);
		} else {
			cli->given |= 1ul << (row - option_rows);
			err = row->apply(cli, optarg);
		}
	}
	if (cli->help || cli->version)
		return err;
	if (!err && takes(cli, TAKES_COMMAND))
		cli->args = argv + optind;
	else
		for (; !err && optind < argc; optind++)
			err = operand(cli, argv[optind]);
	return err ? err : check(cli);
}

void cli_free(struct cli *cli)
{
	free(cli->files);
	cli->files = NULL;
}

void cli_help(FILE *out)
{
	const char *usage = "Usage:";

	fprintf(out, "%s mmscope [OPTION]... [PID | NAME]\n", usage);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "       mmscope [OPTION]... %s%s%s\n", c->name, *c->args ? " " : "",
			c->args);
	fputs("\nShows the address space of a process while it changes: its mappings, which pages\n"
	      "are in memory, the stack as it grows, every thread. Without PID or NAME one is\n"
	      "chosen from a list. Where standard output is no terminal, prints one snapshot.\n"
	      "\nCommands:\n", out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-22s  %s\n", c->name, c->help);
	fputs("\nOptions:\n", out);
	for (const struct option_row *o = option_rows; o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
			 o->arg ? "=" : "", o->arg ? o->arg : "");
		fprintf(out, "  %-22s  %s\n", left, o->help);
	}
	fputs("\nExit status: 0 ok, 1 failure, 2 wrong usage, 3 no such process, 4 not permitted\n"
	      "to read anything, 5 ended before the first sample or between samples.\n", out);
}
