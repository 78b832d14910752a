/* SPDX-License-Identifier: GPL-2.0-or-later
 * Random scenarios in the simulator and in real processes, every field of every record
 * compared; a difference is shrunk to the shortest scenario that still shows one.
 *
 *	fuzz_both [--profile P|all] [--seed N] [--count N] [--ops N] [--on both|kernel]
 *		  [--keep-going] [--print] [--quiet]
 *	fuzz_both --record FILE [...]	digests of the kernel's records, for machines without it
 *	fuzz_both --recorded FILE	the simulator against such digests
 *
 * --on kernel plays each scenario twice on the kernel: what is not the same both times
 * cannot be a test. --print only prints the scenarios. Status 1: a difference was found; 77:
 * nothing can be compared on this machine.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/clock.h"
#include "src/sim/check.h"
#include "src/sim/gen.h"
#include "src/sim/runner/kernel_run.h"

static struct {
	int profile;			/* -1: all, in turn */
	uint64_t seed;
	unsigned count, ops;
	bool kernel_only, keep_going, print, quiet;
	const char *record, *recorded;
} opt = { .profile = GEN_MIXED, .seed = 1, .count = 100, .ops = 60 };

struct lines {
	char **line;
	size_t n, cap;
};

static struct lines lines_of(const char *text)
{
	struct lines l = { 0 };

	while (*text) {
		size_t n = strcspn(text, "\n");

		VEC_GROW(l.line, l.n, l.cap);
		l.line[l.n++] = xstrndup(text, n);
		text += n + (text[n] == '\n');
	}
	return l;
}

/* The lines without [from, from + n). */
static char *without(const struct lines *l, size_t from, size_t n)
{
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (i < from || i >= from + n)
			buf_addf(&b, "%s\n", l->line[i]);
	return buf_take(&b);
}

static void drop(struct lines *l, size_t from, size_t n)
{
	size_t i;

	for (i = from; i < from + n; i++)
		free(l->line[i]);
	memmove(l->line + from, l->line + from + n, (l->n - from - n) * sizeof(*l->line));
	l->n -= n;
}

typedef void (*record_fn)(const struct play *p, const struct record *r, struct buf *out);

static void as_digest(const struct play *p, const struct record *r, struct buf *out)
{
	(void)p;
	buf_addf(out, " %08x", record_digest(r));
}

/* The records of one run, in the simulator when there is no lab, as text. */
static struct error *run_text(const struct scenario *sc, struct lab *lab, record_fn fn,
			      struct buf *out)
{
	struct world_info machine;
	struct sim_options o;
	struct record rec = { 0 };
	struct play *p = NULL;
	struct world *w;
	struct error *err;
	size_t i;

	world_kernel_machine(&machine);
	check_options_of(sc, NULL, lab ? &machine : NULL, &o);
	err = lab ? world_kernel_open(lab, &o, &w) : world_sim_open(&o, &w);
	if (!err)
		err = play_open(sc, &o, w, &p, &rec);
	if (!err)
		fn(p, &rec, out);
	for (i = 0; !err && i < sc->nitems; i++) {
		if (sc->item[i].kind != ITEM_OP)
			continue;
		err = play_step(p, &sc->item[i], &rec);
		if (!err)
			fn(p, &rec, out);
	}
	play_close(p);
	record_free(&rec);
	return err;
}

static struct error *compare_twice(const struct scenario *sc, struct lab *lab, unsigned *line,
				   struct buf *diff, unsigned *compared)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct error *err = run_text(sc, lab, record_json, &a);
	const char *x, *y;

	if (!err)
		err = run_text(sc, lab, record_json, &b);
	for (x = buf_str(&a), y = buf_str(&b), *line = 0; !err && *x; (*compared)++) {
		size_t n = strcspn(x, "\n"), m = strcspn(y, "\n");

		if (n != m || memcmp(x, y, n)) {
			*line = 1;
			buf_addf(diff, "%.*s\n%.*s\n", (int)n, x, (int)m, y);
			break;
		}
		x += n + 1;
		y += m + 1;
	}
	buf_free(&a);
	buf_free(&b);
	return err;
}

/* True: there is a difference. */
static bool differs(const char *text, struct lab *lab, struct buf *diff, unsigned *line,
		    unsigned *compared, unsigned *unsteady)
{
	struct scenario *sc = NULL;
	struct error *err = scenario_parse("random", text, strlen(text), &sc);

	buf_reset(diff);
	*line = 0;
	if (!err)
		err = opt.kernel_only ? compare_twice(sc, lab, line, diff, compared) :
					check_compare(sc, lab, line, diff, compared, unsteady);
	if (err) {
		buf_addf(diff, "%s\n", err->message);
		*line = 1;
		error_destroy(err);
	}
	scenario_destroy(sc);
	return *line != 0;
}

/* Greedy: ever smaller pieces are left out as long as a difference stays. */
static char *shrink(const char *text, struct lab *lab)
{
	struct lines l = lines_of(text);
	struct buf diff = BUF_INIT;
	unsigned line, compared = 0, unsteady = 0;
	size_t piece = l.n / 2, at, i;
	char *result;

	for (piece = piece ? piece : 1; ; piece /= 2) {
		for (at = l.n; at > 0; ) {
			size_t n = piece < at ? piece : at;
			char *shorter = without(&l, at - n, n);

			if (l.n > n && differs(shorter, lab, &diff, &line, &compared, &unsteady))
				drop(&l, at - n, n);
			at -= n;
			if (at > l.n)
				at = l.n;
			free(shorter);
		}
		if (piece == 1)
			break;
	}
	result = without(&l, l.n, 0);
	for (i = 0; i < l.n; i++)
		free(l.line[i]);
	free(l.line);
	buf_free(&diff);
	return result;
}

static void report(const char *text, uint64_t seed, struct lab *lab)
{
	struct buf diff = BUF_INIT;
	unsigned line, compared = 0, unsteady = 0;
	char *shorter = shrink(text, lab);

	differs(shorter, lab, &diff, &line, &compared, &unsteady);
	printf("difference, seed %llu, shortest scenario:\n%s--- line %u (%s):\n%s\n",
	       (unsigned long long)seed, shorter, line,
	       opt.kernel_only ? "first | second run" : "simulator | kernel", buf_str(&diff));
	fflush(stdout);
	free(shorter);
	buf_free(&diff);
}

static unsigned number(const char *s, const char *what)
{
	char *end;
	unsigned long long n = strtoull(s, &end, 10);

	if (*end || n > 1000000000) {
		fprintf(stderr, "fuzz_both: %s: a number expected, not \"%s\"\n", what, s);
		exit(2);
	}
	return (unsigned)n;
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "profile", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "ops", required_argument, NULL, 'o' },
		{ "on", required_argument, NULL, 'w' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "record", required_argument, NULL, 'r' },
		{ "recorded", required_argument, NULL, 'R' },
		{ "print", no_argument, NULL, 'P' },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	enum gen_profile profile;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'p':
			opt.profile = -1;
			if (strcmp(optarg, "all") && !gen_profile_parse(optarg, &profile)) {
				fprintf(stderr, "fuzz_both: no profile \"%s\"\n", optarg);
				exit(2);
			}
			if (strcmp(optarg, "all"))
				opt.profile = (int)profile;
			break;
		case 's': opt.seed = number(optarg, "--seed"); break;
		case 'c': opt.count = number(optarg, "--count"); break;
		case 'o': opt.ops = number(optarg, "--ops"); break;
		case 'w': opt.kernel_only = strcmp(optarg, "kernel") == 0; break;
		case 'k': opt.keep_going = true; break;
		case 'r': opt.record = optarg; break;
		case 'R': opt.recorded = optarg; break;
		case 'P': opt.print = true; break;
		case 'q': opt.quiet = true; break;
		default: exit(2);
		}
	}
}

static enum gen_profile profile_of(uint64_t seed)
{
	return opt.profile < 0 ? gen_real[seed % GEN_NREAL]
			       : (enum gen_profile)opt.profile;
}

static int run(struct lab *lab)
{
	struct buf text = BUF_INIT, diff = BUF_INIT;
	unsigned compared = 0, unsteady = 0, found = 0, done = 0, line, i;
	uint64_t start = clock_now_ns();

	for (i = 0; i < opt.count; i++, done++) {
		uint64_t seed = opt.seed + i;

		buf_reset(&text);
		gen_scenario(profile_of(seed), seed, opt.ops, &text);
		if (differs(buf_str(&text), lab, &diff, &line, &compared, &unsteady)) {
			found++;
			report(buf_str(&text), seed, lab);
			if (!opt.keep_going)
				break;
		}
	}
	if (!opt.quiet || found)
		printf("%s: seeds %llu to %llu, %u operations each: %u scenarios, %u records "
		       "compared, "
		       "%u with a difference, %u where the kernel had to be asked again, %.1f s\n",
		       opt.profile < 0 ? "all profiles" : gen_profile_name[opt.profile],
		       (unsigned long long)opt.seed, (unsigned long long)(opt.seed + opt.count - 1),
		       opt.ops, done, compared, found, unsteady,
		       (double)(clock_now_ns() - start) / 1e9);
	buf_free(&text);
	buf_free(&diff);
	return found ? 1 : 0;
}

/* ---- recorded results ------------------------------------------------------------------------ */

/* "PROFILE SEED OPS" and a digest for each record. */
static char *digest_line(enum gen_profile profile, uint64_t seed, unsigned ops, struct lab *lab)
{
	struct buf text = BUF_INIT, line = BUF_INIT;
	struct scenario *sc = NULL;
	struct error *err;

	gen_scenario(profile, seed, ops, &text);
	buf_addf(&line, "%s %llu %u", gen_profile_name[profile], (unsigned long long)seed, ops);
	err = scenario_parse("random", text.data, text.len, &sc);
	if (!err)
		err = run_text(sc, lab, as_digest, &line);
	if (err) {
		fprintf(stderr, "fuzz_both: seed %llu: %s\n", (unsigned long long)seed,
			err->message);
		exit(1);
	}
	scenario_destroy(sc);
	buf_free(&text);
	return buf_take(&line);
}

static int make_record(struct lab *lab)
{
	FILE *f = fopen(opt.record, "we");
	struct world_info machine;
	unsigned i;

	if (!f) {
		perror(opt.record);
		return 1;
	}
	world_kernel_machine(&machine);
	fprintf(f,
		"# fuzz_both --record on Linux %s %s: profile, seed, operations, a digest of each "
		"record\n",
		machine.kernel, machine.machine);
	for (i = 0; i < opt.count; i++) {
		uint64_t seed = opt.seed + i;
		char *line = digest_line(profile_of(seed), seed, opt.ops, lab), *again;

		/* What other programs do to the page cache is not to be recorded. */
		while (strcmp(line, again = digest_line(profile_of(seed), seed, opt.ops, lab))) {
			free(line);
			line = again;
			lab_suspect(lab);
		}
		fprintf(f, "%s\n", line);
		free(line);
		free(again);
	}
	return fclose(f) ? 1 : 0;
}

static bool same_as_recorded(const char *want)
{
	enum gen_profile profile;
	char word[16];
	unsigned long long seed;
	unsigned ops, at = 0;
	size_t n = 0, i;
	char *got;

	if (sscanf(want, "%15s %llu %u", word, &seed, &ops) != 3 ||
	    !gen_profile_parse(word, &profile)) {
		fprintf(stderr, "%s: not understood: %.40s\n", opt.recorded, want);
		exit(1);
	}
	got = digest_line(profile, seed, ops, NULL);
	while (want[n] && want[n] == got[n])
		n++;
	if (want[n] != got[n]) {
		for (i = 0; i <= n; i++)
			at += got[i] == ' ';
		printf("%s scenario, seed %llu: record %u differs from Linux; "
		       "fuzz_both --profile %s --seed %llu --count 1 --ops %u shows it where that "
		       "kernel runs\n",
		       word, seed, at - 3, word, seed, ops);
		free(got);
		return false;
	}
	free(got);
	return true;
}

static int check_recorded(void)
{
	FILE *f = fopen(opt.recorded, "re");
	unsigned n = 0, wrong = 0;
	char *line = NULL;
	size_t cap = 0;

	if (!f) {
		perror(opt.recorded);
		return 1;
	}
	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		n++;
		wrong += !same_as_recorded(line);
	}
	free(line);
	fclose(f);
	printf("%s: %u recorded scenarios, %u with a difference\n", opt.recorded, n, wrong);
	return wrong || !n ? 1 : 0;
}

static bool comparable(struct lab **lab)
{
	struct error *err = lab_create(lab);
	struct world_info machine;
	struct sim_options o;
	struct world *w;
	char *foreign = NULL;

	if (!err) {
		world_kernel_machine(&machine);
		sim_options_init(&o);
		foreign = check_foreign_kernel(&o, &machine);
		err = world_kernel_open(*lab, &o, &w);
		if (!err)
			world_close(w);
	}
	if (!err && !foreign)
		return true;
	fprintf(stderr, "fuzz_both: nothing can be compared: %s\n",
		foreign ? foreign : err->message);
	free(foreign);
	error_destroy(err);
	return false;
}

int main(int argc, char **argv)
{
	struct lab *lab = NULL;
	unsigned i;
	int status;

	parse_options(argc, argv);
	if (opt.print) {
		for (i = 0; i < opt.count; i++) {
			struct buf text = BUF_INIT;

			gen_scenario(profile_of(opt.seed + i), opt.seed + i, opt.ops, &text);
			fputs(buf_str(&text), stdout);
			buf_free(&text);
		}
		return 0;
	}
	if (opt.recorded)
		return check_recorded();
	if (!comparable(&lab)) {
		lab_destroy(lab);
		return 77;
	}
	status = opt.record ? make_record(lab) : run(lab);
	lab_destroy(lab);
	return status;
}
