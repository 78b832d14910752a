/* SPDX-License-Identifier: GPL-2.0-or-later
 * What each command does: find the target, then the screen or output without one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/app.h"
#include "mmscope/batch.h"
#include "mmscope/check.h"
#include "mmscope/child.h"
#include "mmscope/clock.h"
#include "mmscope/doctor.h"
#include "mmscope/frames.h"
#include "mmscope/kstacks.h"
#include "mmscope/lessons.h"
#include "mmscope/output.h"
#include "mmscope/paths.h"
#include "mmscope/proclist.h"
#include "mmscope/tasktable.h"
#include "mmscope/text.h"
#include "src/main_options.h"

static bool interactive(const struct cli *cli)
{
	return cli->mode == MODE_AUTO && !cli->count && cli->delay < 0 && isatty(STDOUT_FILENO);
}

static struct error *on_screen(const struct cli *cli, const char *source, const char *name,
			       struct child *child)
{
	const struct app_options o = {
		.source = source,
		.lessons = source && !strcmp(source, "sim:"),
		.picker_name = name,
		.proc_root = cli->proc_root,
		.profile = cli->profile,
		.theme = cli->theme,
		.child = child,
		.detail = cli->smaps,
		.interval = cli->interval,
		.term = cli->term,
	};

	return app_run(&o);
}

/* How many samples when -n was not given: only a stream or a terminal goes on. */
static unsigned long samples(const struct cli *cli)
{
	if (cli->mode == MODE_JSON)
		return 1;
	if (cli->count)
		return cli->count;
	return cli->mode == MODE_NDJSON || cli->delay >= 0 || isatty(STDOUT_FILENO) ? 0 : 1;
}

/* What is told, not asked: a picture of a scenario is that of its end. */
static struct error *run_to_end(struct source *src)
{
	struct buf say = BUF_INIT;
	struct error *err = src->ops->command(src, "to-end", "", &say);

	buf_free(&say);
	return err;
}

static struct error *without_screen(const struct cli *cli, const char *source, struct child *child)
{
	static const enum batch_format formats[] = {
		[MODE_AUTO] = BATCH_TEXT,
		[MODE_BATCH] = BATCH_TEXT,
		[MODE_JSON] = BATCH_JSON,
		[MODE_NDJSON] = BATCH_NDJSON,
		[MODE_PLAIN] = BATCH_PLAIN,
	};
	const bool stepped = !strncmp(source, "sim:", 4);
	const struct source_options so = { .proc_root = cli->proc_root, .profile = cli->profile };
	const struct batch_options o = {
		.format = formats[cli->mode],
		.samples = stepped && !cli->count ? 1 : samples(cli),
		.delay = cli->delay >= 0 ? cli->delay : 1,
		.detail = cli->smaps,
		.ascii = cli->term.ascii,
		.child = child,
	};
	struct source *src;
	struct error *err = source_open(source, &so, &src);

	if (err)
		return err;
	if (stepped)
		err = run_to_end(src);
	if (!err)
		err = batch_run(src, stdout, &o);
	source_close(src);
	return err;
}

static struct error *look_at(const struct cli *cli, pid_t pid, struct child *child)
{
	char source[32];

	snprintf(source, sizeof(source), "live:%d", pid);
	if (interactive(cli))
		return on_screen(cli, source, NULL, child);
	return without_screen(cli, source, child);
}

static struct error *print_processes(const struct cli *cli, const struct proclist *l, FILE *out)
{
	const struct output_options o = { .ascii = cli->term.ascii };

	errno = 0;
	out_text_processes(out, l, &o);
	if (ferror(out))
		return error_os(ERR_FAILURE, errno ? errno : EIO, "cannot write the output");
	return NULL;
}

static struct error *list_processes(const struct cli *cli)
{
	struct proclist l;
	struct error *err;

	if (cli->mode == MODE_JSON || cli->mode == MODE_NDJSON)
		return error_create(ERR_USAGE, "%s needs a PID or a NAME",
				    cli->mode == MODE_JSON ? "--json" : "--ndjson");
	err = proclist_read(cli->proc_root, &l);
	if (err)
		return err;
	proclist_tree(&l);
	err = print_processes(cli, &l, stdout);
	proclist_free(&l);
	return err;
}

/* A name that means several: the list of them, and status 2. Where standard output is
 * for records only, the list goes where the message goes. */
static struct error *several(const struct cli *cli, const struct proclist *l, const size_t *hits,
			     size_t n)
{
	bool records = cli->mode == MODE_JSON || cli->mode == MODE_NDJSON;
	struct proclist some = { .n = n, .cap = n, .backend = l->backend };
	struct error *err;

	some.entries = xcalloc(n, sizeof(*some.entries));
	for (size_t i = 0; i < n; i++) {
		some.entries[i] = l->entries[hits[i]];
		some.entries[i].depth = 0;
	}
	err = print_processes(cli, &some, records ? stderr : stdout);
	free(some.entries);
	if (err)
		return err;
	return error_create(ERR_USAGE, "'%s' means %zu processes; choose one of the numbers above",
			    cli->target, n);
}

static struct error *no_such_name(const char *name)
{
	const char *names[16] = { NULL }, *near;

	for (size_t i = 0; commands[i].name && i + 1 < ARRAY_LEN(names); i++)
		names[i] = commands[i].name;
	near = text_nearest(name, names);
	if (near)
		return error_create(ERR_NO_PROCESS,
				    "no process is called '%s' (there is a command '%s')",
				    name, near);
	return error_create(ERR_NO_PROCESS, "no process is called '%s'", name);
}

static struct error *look_at_name(const struct cli *cli)
{
	struct error *err;
	struct proclist l;
	size_t *hits = NULL, n;
	pid_t pid = 0;

	if (!*cli->target)
		return error_create(ERR_NO_PROCESS, "no process has an empty name");
	err = proclist_read(cli->proc_root, &l);
	if (err)
		return err;
	n = proclist_match(&l, cli->target, &hits);
	if (n == 0)
		err = no_such_name(cli->target);
	else if (n == 1)
		pid = l.entries[hits[0]].pid;
	else if (!interactive(cli))
		err = several(cli, &l, hits, n);
	free(hits);
	proclist_free(&l);
	if (err)
		return err;
	if (pid)
		return look_at(cli, pid, NULL);
	return on_screen(cli, NULL, cli->target, NULL);
}

static struct error *look_at_number(const struct cli *cli, const char *digits)
{
	long pid = strlen(digits) <= 10 ? strtol(digits, NULL, 10) : 0;

	if (pid <= 0 || pid > INT32_MAX)
		return error_create(ERR_NO_PROCESS, "there is no process %s", digits);
	return look_at(cli, (pid_t)pid, NULL);
}

struct error *look_at_target(const struct cli *cli)
{
	const char *target = cli->pid ? cli->pid : cli->target;

	if (target && *target && !target[strspn(target, "0123456789")])
		return look_at_number(cli, target);
	if (target)
		return look_at_name(cli);
	if (interactive(cli))
		return on_screen(cli, NULL, NULL, NULL);
	return list_processes(cli);
}

static struct error *run(const struct cli *cli)
{
	char *demo[] = { NULL, NULL };
	char **argv = cli->args;
	struct child *child;
	struct error *err;

	if (!argv[0]) {
		demo[0] = path_bundled(BUNDLED_DEMO);
		argv = demo;
	}
	err = child_start(argv, &child);
	if (!err) {
		err = look_at(cli, child_pid(child), child);
		child_stop(child);
	}
	free(demo[0]);
	return err;
}

static struct error *doctor(const struct cli *cli)
{
	const char *term = getenv("TERM");
	struct utsname u = { .sysname = "" };
	struct doctor d;
	char *clean;

	if (cli->mode == MODE_NDJSON)
		return error_create(ERR_USAGE, "doctor prints text, or one document with --json");
	uname(&u);
	d = doctor_examine(cli->proc_root);
	if (cli->mode == MODE_JSON) {
		out_json_doctor(stdout, &d, &u);
		doctor_free(&d);
		return NULL;
	}
	clean = text_sanitized(term ? term : "");
	printf("%s %s %s, user %u\n\n", u.sysname, u.release, u.machine, geteuid());
	for (size_t i = 0; i < d.n; i++) {
		const struct doctor_row *r = &d.rows[i];

		printf("%-7s %-14s %s%s%s%s\n", doctor_answers[r->answer], r->name, r->gives,
		       *r->found ? " (" : "", r->found, *r->found ? ")" : "");
		if (*r->try_this)
			printf("%-22s what would help: %s\n", "", r->try_this);
	}
	printf("%-7s %-14s %s\n", *clean && strcmp(clean, "dumb") ? "yes" : "no", "terminal",
	       *clean ? clean : "TERM is not set");
	printf("%-7s %-14s %s\n\n", cli->term.ascii ? "no" : "yes", "UTF-8", cli->term.ascii ?
	       "the locale has none: ASCII is drawn instead" : "box lines and glyphs");
	cli_features(stdout);
	free(clean);
	doctor_free(&d);
	return NULL;
}

static struct error *check(const struct cli *cli)
{
	struct check_options o = {
		.json = cli->mode == MODE_JSON,
		.profile = cli->profile,
		.file = cli->files,
		.nfiles = cli->nfiles,
	};
	struct error *err = cli->profile ? check_profile(cli->profile) : NULL;
	int status;

	if (err)
		return err;
	if (cli->on && !check_on_parse(cli->on, &o.on))
		return error_create(ERR_USAGE, "--on is sim, kernel or both, not '%s'", cli->on);
	if (cli->mode != MODE_AUTO && cli->mode != MODE_JSON)
		return error_create(ERR_USAGE, "check prints sentences, or records with --json");
	if (!o.nfiles)
		return error_create(ERR_USAGE, "check needs a scenario");
	status = check_run(&o, stdout, stderr);
	return status ? error_create((enum error_code)status, "%s", "") : NULL;
}

static struct error *frames(const struct cli *cli)
{
	struct frames_options o = {
		.file = cli->nfiles && strcmp(cli->files[0], "-") ? cli->files[0] : NULL,
		.in = stdin,
		.min = cli->has_min ? cli->min : 100,
	};

	if (cli->nfiles > 1)
		return error_create(ERR_USAGE, "frames reads one file at a time");
	if (cli->mode != MODE_AUTO)
		return error_create(ERR_USAGE, "frames prints lines of text only");
	return frames_run(&o, stdout);
}

static struct error *list_lessons(const struct cli *cli)
{
	struct lessons l;
	struct error *err;

	if (cli->mode != MODE_AUTO && cli->mode != MODE_BATCH && cli->mode != MODE_PLAIN)
		return error_create(ERR_USAGE, "--json and --ndjson need a scenario");
	err = lessons_read(NULL, &l);
	if (err)
		return err;
	printf("Lessons; mmscope sim SCENARIO opens one.\n");
	for (int proven = 1; proven >= 0; proven--) {
		char *kernels = lessons_proofs(proven);

		printf("%s.\n", kernels);
		free(kernels);
	}
	for (size_t i = 0; i < l.n; i++) {
		const char *name = strrchr(l.v[i].path, '/');

		if (!i || l.v[i].group != l.v[i - 1].group)
			printf("\n%s\n", l.v[i].group);
		printf("  %-30s %-12s %s\n", name ? name + 1 : l.v[i].path, l.v[i].rows, l.v[i].title);
	}
	lessons_free(&l);
	return NULL;
}

/* A file; a lesson's name is enough where no such file is. NULL: it is neither. */
static char *scenario_source(const char *file)
{
	char *dir, *path, *name;

	if (strchr(file, '/') || access(file, F_OK) == 0)
		return xasprintf("sim:%s", file);
	dir = path_bundled(BUNDLED_SCENARIOS);
	path = xasprintf("%s/%s", dir, file);
	if (access(path, F_OK) != 0) {
		free(path);
		path = xasprintf("%s/%s.scn", dir, file);
	}
	name = access(path, F_OK) == 0 ? xasprintf("sim:%s", path) : NULL;
	free(path);
	free(dir);
	return name;
}

static struct error *simulate(const struct cli *cli)
{
	struct error *err = cli->profile ? check_profile(cli->profile) : NULL;
	char *source;

	if (err)
		return err;
	if (cli->nfiles > 1)
		return error_create(ERR_USAGE, "sim plays one scenario; check plays several");
	if (!cli->nfiles)
		return interactive(cli) ? on_screen(cli, "sim:", NULL, NULL) : list_lessons(cli);
	source = scenario_source(cli->files[0]);
	if (!source)
		return error_create(ERR_USAGE, "'%s' is no file here and no lesson; `mmscope sim | cat` lists the "
				    "lessons", cli->files[0]);
	err = interactive(cli) ? on_screen(cli, source, NULL, NULL) : without_screen(cli, source, NULL);
	free(source);
	return err;
}

static struct error *tasks(const struct cli *cli)
{
	const struct tasktable_options o = { .ascii = cli->term.ascii, .sort = cli->sort };
	struct error *err = tasktable_check(&o);
	const struct stacks *s;
	struct kstacks *k;

	if (err)
		return err;
	if (cli->mode != MODE_AUTO && cli->mode != MODE_BATCH && cli->mode != MODE_JSON)
		return error_create(ERR_USAGE, "tasks prints a table, or one document with --json");
	k = kstacks_open(cli->proc_root, 0);
	s = kstacks_read(k, 0);
	if (!s->n)
		err = error_create(ERR_PERMISSION, "no task in %s can be read", cli->proc_root);
	else if (cli->mode == MODE_JSON)
		tasktable_json(stdout, s, &o, clock_now_ns());
	else
		tasktable_text(stdout, s, &o);
	stacks_put(s);
	kstacks_close(k);
	return err;
}

const struct command commands[] = {
	{ "run", "[--] [CMD [ARG]...]", "start CMD under observation; without it, a demo",
	  TAKES_COMMAND | TAKES_SAMPLES, run },
	{ "sim", "[SCENARIO]", "the simulated machine; without it, the lessons",
	  TAKES_FILES | TAKES_SAMPLES | TAKES_PROFILE, simulate },
	{ "check", "SCENARIO...", "play scenarios and check what they predict",
	  TAKES_FILES | TAKES_PROFILE | TAKES_WORLD, check },
	{ "frames", "[FILE]", "stack use per function, of ELF or objdump -d text",
	  TAKES_FILES | TAKES_LEAST, frames },
	{ "tasks", "", "kernel stack use of every task and CPU",
	  TAKES_ORDER, tasks },
	{ "doctor", "", "what kernel and user allow, and what would allow more", 0, doctor },
	{ NULL, NULL, NULL, 0, NULL },
};
