/* SPDX-License-Identifier: GPL-2.0-or-later
 * make bench: mmscope beside the tools and the raw reads one would use instead.
 *
 *   bench [--only N[,N...]] [--rounds N] PATH-OF-MMSCOPE
 */
#include <config.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "tests/bench/bench.h"

int rounds = 9;
const char *mmscope;

static struct { int met, missed, at_best, not_measured; } tally;

static const struct { const char *name; double scale; int digits; } units[] = {
	[UNIT_MS] = { "ms", 1, 2 },
	[UNIT_US] = { "us", 1000, 1 },
	[UNIT_PERCENT] = { "%", 1, 3 },
	[UNIT_MIB] = { "MiB", 1, 2 },
	[UNIT_BYTES] = { "B", 1, 0 },
	[UNIT_OPS] = { "/s", 1, 0 },
	[UNIT_CELLS] = { "", 1, 2 },
};

static void value(char *out, size_t n, enum unit unit, double v)
{
	snprintf(out, n, "%.*f %s", units[unit].digits, v * units[unit].scale, units[unit].name);
}

/* A limit below 1/2 is easier read as a fraction. */
static void limit_text(char *out, size_t n, bool at_least, double limit)
{
	const char *sign = at_least ? ">=" : "<=";

	if (limit > 0 && limit <= 0.34 && 1 / limit - (int)(1 / limit + 0.5) < 0.01 &&
	    1 / limit - (int)(1 / limit + 0.5) > -0.01)
		snprintf(out, n, "%s 1/%.0f", sign, 1 / limit);
	else
		snprintf(out, n, "%s %.2f", sign, limit);
}

static double ratio_of(double ours, double theirs)
{
	return theirs > 0 ? ours / theirs : ours > 0 ? 1e9 : 0;
}

static void ratio_text(char *out, size_t n, double r)
{
	if (r > 0 && r < 0.1)
		snprintf(out, n, "1/%.1f", 1 / r);
	else
		snprintf(out, n, "%.2f", r);
}

/* `best`: the ratio when both were, < 0: not known. */
static void report_both(int number, const char *what, enum unit unit, double ours, const char *peer,
			double theirs, bool at_least, double limit, double best)
{
	char a[32], b[32], ratio[32], target[32], at_best[48] = "";
	double r = ratio_of(ours, theirs);
	bool met = at_least ? r >= limit : r <= limit;

	value(a, sizeof(a), unit, ours);
	value(b, sizeof(b), unit, theirs);
	limit_text(target, sizeof(target), at_least, limit);
	if (!met && best >= 0) {
		ratio_text(ratio, sizeof(ratio), best);
		snprintf(at_best, sizeof(at_best), ", at best %s", ratio);
		tally.at_best += at_least ? best >= limit : best <= limit;
	}
	ratio_text(ratio, sizeof(ratio), r);
	printf("%2d  %-40s %12s  %-30s %12s  %8s  %-8s %s%s\n", number, what, a, peer, b, ratio, target,
	       met ? "met" : "MISSED", at_best);
	fflush(stdout);
	met ? tally.met++ : tally.missed++;
}

void report(int number, const char *what, enum unit unit, double ours, const char *peer,
	    double theirs, bool at_least, double limit)
{
	report_both(number, what, unit, ours, peer, theirs, at_least, limit, -1);
}

void report_sides(int number, const char *what, enum unit unit, const struct side *ours,
		  const char *peer, const struct side *theirs, bool at_least, double limit)
{
	report_both(number, what, unit, side_median(ours), peer, side_median(theirs), at_least, limit,
		    ratio_of(side_best(ours, unit == UNIT_OPS), side_best(theirs, unit == UNIT_OPS)));
}

void report_missing(int number, const char *what, const char *why)
{
	printf("%2d  %-40s %12s  %s\n", number, what, "-", why);
	fflush(stdout);
	tally.not_measured++;
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("    ");
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	fflush(stdout);
}

void side_add(struct side *s, double v)
{
	if (s->n < (int)ARRAY_LEN(s->v))
		s->v[s->n++] = v;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double side_median(const struct side *s)
{
	double v[ARRAY_LEN(s->v)];

	if (!s->n)
		return -1;
	memcpy(v, s->v, (size_t)s->n * sizeof(*v));
	qsort(v, (size_t)s->n, sizeof(*v), compare);
	return s->n % 2 ? v[s->n / 2] : (v[s->n / 2 - 1] + v[s->n / 2]) / 2;
}

double side_best(const struct side *s, bool most)
{
	double best = s->n ? s->v[0] : -1;

	for (int i = 1; i < s->n; i++)
		if (most ? s->v[i] > best : s->v[i] < best)
			best = s->v[i];
	return best;
}

static double clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

double thread_cpu_ms(void)
{
	return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static const struct { int number; void (*run)(void); } groups[] = {
	{ 1, bench_frames },
	{ 3, bench_layout },
	{ 4, bench_residency },
	{ 5, bench_detail },
	{ 6, bench_idle },
	{ 7, bench_harm },
	{ 8, bench_memory },
	{ 10, bench_sim },
	{ 12, bench_terminal },
	{ 13, bench_unwind },
	{ 14, bench_kstacks },
};

static bool wanted(const char *only, int number)
{
	char *end;

	if (!only)
		return true;
	for (const char *p = only; *p; p = *end ? end + 1 : end) {
		long n = strtol(p, &end, 10);

		if (end == p)
			break;
		if (n == number || (number == 1 && n == 2))
			return true;
	}
	return false;
}

static void heading(void)
{
	struct utsname u;

	uname(&u);
	printf("mmscope %s on %s %s, %ld CPUs; medians of at most %d rounds, the sides in turn\n\n",
	       PACKAGE_VERSION, u.sysname, u.release, sysconf(_SC_NPROCESSORS_ONLN), rounds);
	printf("%2s  %-40s %12s  %-30s %12s  %8s  %-8s\n", "", "what", "mmscope", "beside", "", "ratio",
	       "target");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "rounds", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	const char *only = NULL;
	int c;

	if (argc > 2 && !strcmp(argv[1], "--terminal-child"))
		return bench_terminal_child(argv[2], argv[3]);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'o')
			only = optarg;
		else if (c == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	if (optind + 1 != argc || rounds < 1) {
		fprintf(stderr, "usage: bench [--only N,N] [--rounds N] PATH-OF-MMSCOPE\n");
		return 2;
	}
	mmscope = argv[optind];
	atexit(targets_stop);
	heading();
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (wanted(only, groups[i].number))
			groups[i].run();
	printf("\n%d met, %d missed (%d of them not at best), %d not measured\n", tally.met, tally.missed,
	       tally.at_best, tally.not_measured);
	if (busy_rounds)
		printf("The machine was busy with other things in %d of %d rounds: run it again.\n",
		       busy_rounds, all_rounds);
	return 0;
}
