/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/check.h"

#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/sim/runner/kernel_run.h"
#include "src/sim/runner/lab.h"

enum { DIFF_LINES = 12, REPLAYS = 3 };

static const char *const on_names[] = {
	[CHECK_SIM] = "sim",
	[CHECK_KERNEL] = "kernel",
	[CHECK_BOTH] = "both",
};

bool check_on_parse(const char *word, enum check_on *ret)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(on_names); i++) {
		if (strcmp(word, on_names[i]) == 0) {
			*ret = (enum check_on)i;
			return true;
		}
	}
	return false;
}

/* ---- options -------------------------------------------------------------------------- */

struct error *check_profile(const char *name)
{
	struct buf known = BUF_INIT;
	struct error *err;

	if (sim_profile_find(name))
		return NULL;
	for (size_t i = 0; sim_profile_at(i); i++)
		buf_addf(&known, "%s%s", i ? ", " : "", sim_profile_name(sim_profile_at(i)));
	err = error_create(ERR_USAGE, "no profile \"%s\"; there are: %s", name, buf_str(&known));
	buf_free(&known);
	return err;
}

void check_options_of(const struct scenario *sc, const struct sim_profile *profile,
		      const struct world_info *machine, struct sim_options *ret)
{
	struct sim_options o;

	sim_options_init(&o);
	if (profile)
		o.profile = profile;
	else if (sc->nprofiles)
		o.profile = sc->profile[0];
	memcpy(o.limit, sc->options.limit, sizeof(o.limit));
	o.memlock_hard = sc->options.memlock_hard;
	o.vdso_keep = sc->options.vdso_keep;
	o.bottomup = sc->options.bottomup;
	o.seed = sc->options.seed;
	o.ram_pages = sc->has_ram ? sc->options.ram_pages : sim_profile_ram(o.profile);
	o.kstack = sc->options.kstack;
	o.cpus = sc->cpus;
	if (machine) {
		o.ram_pages = machine->ram_pages;
		o.readahead = machine->readahead;
		o.overcommit_memory = machine->overcommit_memory;
		o.max_map_count = machine->max_map_count;
	}
	*ret = o;
}

char *check_foreign_kernel(const struct sim_options *o, const struct world_info *machine)
{
	const char *name = sim_profile_name(o->profile);
	unsigned major, minor, is_major = 0, is_minor = 0;
	char arch[32] = "";

	if (sscanf(name, "linux-%u.%u-%31s", &major, &minor, arch) != 3)
		return xasprintf("the profile %s is no kernel that could run here", name);
	sscanf(machine->kernel, "%u.%u", &is_major, &is_minor);
	if (strcmp(arch, machine->machine) || major != is_major || minor != is_minor)
		return xasprintf("the profile is %s and this is Linux %s on %s", name,
				 machine->kernel, machine->machine);
	if (machine->overcommit_memory == 2)
		return xstrdup("this machine has vm.overcommit_memory=2, which the simulator does "
			       "not model");
	return NULL;
}

/* ---- one scenario ----------------------------------------------------------------------- */

struct checker {
	const struct check_options *o;
	FILE *out, *err;
	FILE *talk;			/* where sentences for people go */
	struct lab *lab;
	struct error *lab_error;	/* why there is none */
	struct world_info machine;
	int status;
	/* totals */
	unsigned files, compared, not_compared, differences, wrong;
};

struct run {			/* of one file */
	struct checker *c;
	const struct scenario *sc;
	const struct sim_profile *profile;	/* NULL: nobody named one */
	struct play *play[2]; /* the one whose records are shown, then the kernel's in `both` */
	struct record record[2];
	unsigned compared, not_compared, predictions, wrong, unjudged, ops;
	char *reason;			/* why the rest is not compared, or not judged */
	const char *aside;		/* why single records are not compared */
	bool apart; /* the only world refused something: predictions mean nothing */
	bool differs;
	struct sim_options options;
	unsigned replays;
	unsigned at;			/* line of what kept it from beginning, 0: none of its lines */
};

static void fail(struct checker *c, int status)
{
	if (status > c->status)
		c->status = status;
}

static struct error *need_lab(struct checker *c)
{
	if (!c->lab && !c->lab_error) {
		c->lab_error = lab_create(&c->lab);
		world_kernel_machine(&c->machine);
		c->machine.readahead = c->lab ? c->lab->readahead : 0;
	}
	return c->lab_error ? error_create(c->lab_error->code, "%s", c->lab_error->message) : NULL;
}

/* Of what a head can say only these limits are too little to begin with. */
static struct error *begun(struct run *r, struct error *err)
{
	if (err && err->code == ERR_FAILURE)
		r->at = r->sc->limit_line;
	return err;
}

static struct error *open_sim(struct run *r, const struct sim_options *o, int slot)
{
	struct world *w;
	struct error *err = begun(r, world_sim_open(o, &w));

	return err ? err : play_open(r->sc, o, w, &r->play[slot], &r->record[slot]);
}

static struct error *open_kernel(struct run *r, const struct sim_options *o, int slot)
{
	struct world *w;
	struct error *err = need_lab(r->c);

	if (!err)
		err = begun(r, world_kernel_open(r->c->lab, o, &w));
	return err ? err : play_open(r->sc, o, w, &r->play[slot], &r->record[slot]);
}

static struct error *open_both(struct run *r)
{
	struct checker *c = r->c;
	struct sim_options o;
	struct error *err;

	err = need_lab(c);
	if (err) {
		r->reason = xstrdup(err->message);
		error_destroy(err);
	}
	check_options_of(r->sc, r->profile, c->lab ? &c->machine : NULL, &o);
	if (!r->reason && r->sc->takes_frames)
		r->reason = xstrdup("it takes the memory of a small machine to pieces: simulator only");
	if (!r->reason)
		r->reason = check_foreign_kernel(&o, &c->machine);
	if (r->reason)
		check_options_of(r->sc, r->profile, NULL, &o);
	r->options = o;
	err = open_sim(r, &o, 0);
	if (err || r->reason)
		return err;
	err = open_kernel(r, &o, 1);
	if (err && err->code == ERR_PERMISSION) {
		r->reason = xstrdup(err->message);
		error_destroy(err);
		err = NULL;
	}
	return err;
}

static struct error *open_one(struct run *r)
{
	struct checker *c = r->c;
	struct sim_options o;
	struct error *err = NULL;
	char *foreign;

	if (c->o->on == CHECK_SIM) {
		check_options_of(r->sc, r->profile, NULL, &o);
		return open_sim(r, &o, 0);
	}
	world_kernel_machine(&c->machine);
	check_options_of(r->sc, r->profile, &c->machine, &o);
	foreign = check_foreign_kernel(&o, &c->machine);
	if (foreign && r->profile)
		err = error_create(ERR_FAILURE, "not run on this kernel: %s", foreign);
	else if (foreign)
		fprintf(c->err, "%s: warning: %s: predictions may be wrong here\n", r->sc->path,
			foreign);
	free(foreign);
	return err ? err : open_kernel(r, &o, 0);
}

static void indent(FILE *f, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		fprintf(f, "    %.*s\n", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

static void show_json(struct run *r)
{
	struct buf line = BUF_INIT;

	if (!r->c->o->json)
		return;
	record_json(r->play[0], &r->record[0], &line);
	fwrite(line.data, 1, line.len, r->c->out);
	buf_free(&line);
}

/* The machine skips too what makes no sense where a task is, sysret in user mode. */
static bool not_executed(const struct record *rec)
{
	return rec->verdict != VERDICT_RUN || strncmp(rec->res, "skipped:", 8) == 0;
}

/* What the record of one world says about predictions and warnings. */
static void judge(struct run *r)
{
	const struct record *rec = &r->record[0];
	const char *where = r->c->o->on == CHECK_KERNEL ? "on the kernel" : "in the simulator";

	if (r->apart) {
		r->unjudged += rec->has_prediction;
	} else if (rec->has_prediction && !rec->predicted) {
		fprintf(r->c->talk, "%s:%u: %s: the prediction is wrong %s%s%s\n", r->sc->path,
			rec->line, rec->op, where, r->profile ? ", " : "",
			r->profile ? sim_profile_name(r->profile) : "");
		indent(r->c->talk, buf_str(&rec->wrong));
		r->wrong++;
	}
	if (not_executed(rec) && (!rec->has_prediction || rec->reason))
		fprintf(r->c->err, "%s:%u: warning: %s: %s\n", r->sc->path, rec->line, rec->op,
			rec->res);
}

/* Both worlds from the start to item `upto` (nitems: only the start), nothing shown or judged. */
static struct error *replay(struct run *r, size_t upto)
{
	struct error *err;
	size_t i;

	play_close(r->play[0]);
	play_close(r->play[1]);
	r->play[0] = r->play[1] = NULL;
	lab_suspect(r->c->lab);
	err = open_sim(r, &r->options, 0);
	if (!err)
		err = open_kernel(r, &r->options, 1);
	for (i = 0; !err && i <= upto && upto < r->sc->nitems; i++) {
		if (r->sc->item[i].kind != ITEM_OP)
			continue;
		err = play_step(r->play[0], &r->sc->item[i], &r->record[0]);
		if (!err)
			err = play_step(r->play[1], &r->sc->item[i], &r->record[1]);
	}
	return err;
}

static unsigned differences(struct run *r, struct buf *diff)
{
	unsigned n;

	buf_reset(diff);
	n = record_compare(&r->record[0], &r->record[1], diff, DIFF_LINES);
	if (r->record[0].kind == SIM_OP_NONE)
		n += info_compare(&r->play[0]->info, &r->play[1]->info, diff);
	return n;
}

/* A difference counts when it shows each time: other programs can write dirty pages back or
 * take pages out of the page cache at any moment. */
static struct error *compare(struct run *r, size_t at)
{
	struct buf diff = BUF_INIT;
	struct error *err = NULL;
	unsigned n;

	if (!r->play[1]) {
		r->not_compared++;
		return NULL;
	}
	while ((n = differences(r, &diff)) && r->replays < REPLAYS) {
		r->replays++;
		err = replay(r, at);
		if (err)
			break;
	}
	r->compared++;
	if (!err && n) {
		fprintf(r->c->talk, "%s:%u: %s: %u difference%s (simulator | kernel)\n",
			r->sc->path, r->record[0].line, r->record[0].op, n, n == 1 ? "" : "s");
		indent(r->c->talk, buf_str(&diff));
		if (n > DIFF_LINES)
			fprintf(r->c->talk, "    ... and %u more\n", n - DIFF_LINES);
		r->differs = true;
	}
	buf_free(&diff);
	return err;
}

/* From here on the two worlds do not stand on the same ground. */
static void part(struct run *r, const char *reason)
{
	r->reason = xasprintf("line %u: %s", r->record[1].line, reason);
	play_close(r->play[1]);
	r->play[1] = NULL;
}

static struct error *step(struct run *r, size_t at)
{
	const struct scenario_item *item = &r->sc->item[at];
	struct error *err = play_step(r->play[0], item, &r->record[0]);

	if (!err && r->play[1])
		err = play_step(r->play[1], item, &r->record[1]);
	if (err)
		return err;
	r->ops++;
	r->predictions += r->record[0].has_prediction;
	show_json(r);
	if (r->play[1] && r->record[1].reason && r->record[1].kind == SIM_OP_EXPECT) {
		judge(r);		/* nothing depends on it: the two go on together */
		r->not_compared++;
		r->aside = r->record[1].reason;
		return NULL;
	}
	if (r->play[1] && r->record[1].reason)
		part(r, r->record[1].reason);
	if (r->record[0].reason && !r->apart) {
		r->apart = true;
		r->reason = xasprintf("line %u: %s", item->line, r->record[0].reason);
	}
	judge(r);
	/* Where the records are equal the prediction is as right or wrong on the kernel. */
	return r->c->o->on == CHECK_BOTH ? compare(r, at) : NULL;
}

static struct error *play_all(struct run *r)
{
	struct error *err = r->c->o->on == CHECK_BOTH ? open_both(r) : open_one(r);
	size_t i;

	if (err)
		return err;
	show_json(r);
	if (r->c->o->on == CHECK_BOTH)
		err = compare(r, r->sc->nitems);
	for (i = 0; !err && i < r->sc->nitems && !r->differs; i++)
		if (r->sc->item[i].kind == ITEM_OP)
			err = step(r, i);
	/* Behind a difference nothing means anything. */
	for (; !err && i < r->sc->nitems; i++)
		r->not_compared += r->sc->item[i].kind == ITEM_OP;
	return err;
}

static void summary(struct run *r)
{
	struct checker *c = r->c;

	fprintf(c->talk, "%s: ", r->sc->path);
	if (r->sc->title && *r->sc->title)
		fprintf(c->talk, "%s: ", r->sc->title);
	if (r->profile)
		fprintf(c->talk, "under %s%s: ", sim_profile_name(r->profile),
			sim_profile_proven(r->profile) ? "" : " (from source)");
	fprintf(c->talk, "%u operation%s, %u prediction%s, %u wrong", r->ops,
		r->ops == 1 ? "" : "s", r->predictions, r->predictions == 1 ? "" : "s", r->wrong);
	if (r->unjudged)
		fprintf(c->talk, "; %u prediction%s not judged (%s)", r->unjudged,
			r->unjudged == 1 ? "" : "s", r->reason);
	if (c->o->on == CHECK_BOTH) {
		fprintf(c->talk, "; %u record%s compared%s, %u not compared", r->compared,
			r->compared == 1 ? "" : "s", r->differs || !r->compared ? "" : ", equal",
			r->not_compared);
		if (r->not_compared && (r->reason || r->aside))
			fprintf(c->talk, " (%s)", r->reason ? r->reason : r->aside);
	}
	fputc('\n', c->talk);
}

/* The scenario under one profile. */
static void check_under(struct checker *c, const struct scenario *sc, const char *path,
			const struct sim_profile *profile)
{
	struct run r = { .c = c, .sc = sc, .profile = profile };
	struct error *err = play_all(&r);

	if (err) {
		if (r.at)
			fprintf(c->err, "%s:%u: %s\n", path, r.at, err->message);
		else
			fprintf(c->err, "%s: %s\n", path, err->message);
		fail(c, err->code);
		error_destroy(err);
	} else {
		summary(&r);
	}
	if (r.wrong || r.differs)
		fail(c, ERR_FAILURE);
	c->compared += r.compared;
	c->not_compared += r.not_compared;
	c->differences += r.differs;
	c->wrong += r.wrong;
	play_close(r.play[0]);
	play_close(r.play[1]);
	record_free(&r.record[0]);
	record_free(&r.record[1]);
	free(r.reason);
}

/* Of several profiles the running kernel can be only one; the others are said to be left out. */
static bool elsewhere(struct checker *c, const struct scenario *sc, const char *path,
		      const struct sim_profile *profile)
{
	struct sim_options o;
	char *foreign;

	if (c->o->on != CHECK_KERNEL || sc->nprofiles < 2 || c->o->profile)
		return false;
	world_kernel_machine(&c->machine);
	check_options_of(sc, profile, &c->machine, &o);
	foreign = check_foreign_kernel(&o, &c->machine);
	if (foreign)
		fprintf(c->err, "%s: not run on this kernel: %s\n", path, foreign);
	free(foreign);
	return foreign != NULL;
}

static void check_file(struct checker *c, const char *path)
{
	struct scenario *sc = NULL;
	struct error *err = scenario_load(path, &sc);
	unsigned left_out = 0;

	c->files++;
	if (err) {
		/* A file that cannot be understood names its place itself. */
		if (err->code == ERR_USAGE)
			fprintf(c->err, "%s\n", err->message);
		else
			fprintf(c->err, "%s: %s\n", path, err->message);
		fail(c, err->code);
		error_destroy(err);
		return;
	}
	if (c->o->profile || !sc->nprofiles)
		check_under(c, sc, path, c->o->profile ? sim_profile_find(c->o->profile) : NULL);
	for (size_t i = 0; i < sc->nprofiles && !c->o->profile; i++) {
		if (elsewhere(c, sc, path, sc->profile[i]))
			left_out++;
		else
			check_under(c, sc, path, sc->profile[i]);
	}
	if (left_out && left_out == sc->nprofiles)
		fail(c, ERR_FAILURE);
	scenario_destroy(sc);
}

int check_run(const struct check_options *o, FILE *out, FILE *err)
{
	struct checker c = { .o = o, .out = out, .err = err, .talk = o->json ? err : out };
	size_t i;

	for (i = 0; i < o->nfiles; i++)
		check_file(&c, o->file[i]);
	if (c.files > 1) {
		fprintf(c.talk, "%u scenarios, %u wrong prediction%s", c.files, c.wrong,
			c.wrong == 1 ? "" : "s");
		if (o->on == CHECK_BOTH)
			fprintf(c.talk,
				"; %u records compared, %u not compared, %u scenario%s with a "
				"difference",
				c.compared, c.not_compared, c.differences,
				c.differences == 1 ? "" : "s");
		fputc('\n', c.talk);
	}
	lab_destroy(c.lab);
	error_destroy(c.lab_error);
	return c.status;
}

/* ---- for the generators of random scenarios ---------------------------------------------- */

static struct error *compare_once(struct run *r, unsigned *line, struct buf *diff,
				  unsigned *compared)
{
	struct error *err = open_sim(r, &r->options, 0);
	unsigned n = 0;
	size_t i;

	*line = 0;
	if (!err)
		err = open_kernel(r, &r->options, 1);
	for (i = 0; !err; i++) {
		n = differences(r, diff);
		(*compared)++;
		while (i < r->sc->nitems && r->sc->item[i].kind != ITEM_OP)
			i++;
		if (n || i == r->sc->nitems)
			break;
		err = play_step(r->play[0], &r->sc->item[i], &r->record[0]);
		if (!err)
			err = play_step(r->play[1], &r->sc->item[i], &r->record[1]);
	}
	if (!err && n)
		*line = r->record[0].line ? r->record[0].line : 1;
	play_close(r->play[0]);
	play_close(r->play[1]);
	r->play[0] = r->play[1] = NULL;
	return err;
}

struct error *check_compare(const struct scenario *sc, struct lab *lab, unsigned *line,
			    struct buf *diff, unsigned *compared, unsigned *unsteady)
{
	struct check_options options = { .on = CHECK_BOTH };
	struct checker c = { .o = &options, .lab = lab };
	struct run r = { .c = &c, .sc = sc };
	unsigned tries, records = 0;
	struct error *err = NULL;

	world_kernel_machine(&c.machine);
	c.machine.readahead = lab->readahead;
	check_options_of(sc, NULL, &c.machine, &r.options);
	for (tries = 0; !err && tries <= REPLAYS; tries++) {
		records = 0;
		err = compare_once(&r, line, diff, &records);
		if (!*line)
			break;
		lab_suspect(lab);
	}
	*compared += records;
	*unsteady += !err && tries && !*line;
	record_free(&r.record[0]);
	record_free(&r.record[1]);
	return err;
}
