/* SPDX-License-Identifier: GPL-2.0-or-later
 * What reaches the terminal: bytes and time of a frame, beside the least that would do.
 *
 * A child draws on a terminal of its own; after each phase it tells what the least would
 * have been and what the frames took it, and waits until the bytes have been counted.
 */
#include <config.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "mmscope/canvas.h"
#include "mmscope/clock.h"
#include "mmscope/term.h"
#include "tests/bench/bench.h"
#include "tests/bench/minimal.h"

#define FRAMES 60
#define ROWS 60
#define COLS 200

enum phase { PHASE_SAME, PHASE_LIVE, PHASE_FULL, PHASE_NR };

struct told { double least, cpu_ms, p99_ms; };

static uint32_t random_state = 2463534242u;

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static struct style random_style(void)
{
	struct style st = STYLE(VMA_TEXT);

	st.role = (uint16_t)(THEME_VMA_TEXT + next_random() % 12);
	return st;
}

/* Runs of one look, as maps and pages have them. */
static void draw_runs(struct canvas *c)
{
	static const uint32_t glyphs[] = { 'A', 'F', '.', 0x2588, 0x2593, 0x2592, 0x2591, '#' };

	for (int row = 0; row < ROWS; row++) {
		int col = 0;

		while (col < COLS) {
			int n = 4 + (int)(next_random() % 24);
			struct style st = random_style();
			uint32_t ch = glyphs[next_random() % ARRAY_LEN(glyphs)];

			for (; n && col < COLS; n--, col++)
				canvas_ch(c, row, col, st, ch);
		}
	}
}

/* One cell in a hundred, as a live picture changes: a few short runs. */
static void draw_changes(struct canvas *c)
{
	for (int left = ROWS * COLS / 100; left > 0;) {
		int row = (int)(next_random() % ROWS), col = (int)(next_random() % COLS);
		struct style st = style_heat(random_style(), 4);
		int n = 1 + (int)(next_random() % 4);

		for (; n && left && col < COLS; n--, col++, left--)
			canvas_ch(c, row, col, st, 'A' + next_random() % 26);
	}
}

static void copy(struct canvas *to, const struct canvas *from)
{
	for (int row = 0; row < ROWS; row++)
		for (int col = 0; col < COLS; col++) {
			const struct cell *cell = canvas_cell(from, row, col);

			canvas_ch(to, row, col, cell->style, cell->ch);
		}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct told draw_phase(struct term *t, const struct theme *theme, struct canvas *c,
			      enum phase phase, bool paced)
{
	struct canvas *before = canvas_create(ROWS, COLS, false);
	double took[FRAMES], cpu = 0;
	struct told told = { .least = 0 };

	for (int i = 0; i < FRAMES; i++) {
		uint64_t start, start_cpu;

		copy(before, c);
		if (phase == PHASE_LIVE)
			draw_changes(c);
		else if (phase == PHASE_FULL)
			draw_runs(c);
		told.least += (double)minimal_diff(phase == PHASE_FULL ? NULL : before, c, theme,
						   term_depth(t));
		start = clock_now_ns();
		start_cpu = clock_cpu_ns();
		if (phase == PHASE_FULL)
			term_redraw(t);
		term_show(t, c, theme);
		cpu += (double)(clock_cpu_ns() - start_cpu) / 1e6;
		took[i] = (double)(clock_now_ns() - start) / 1e6;
		if (paced && took[i] < 16.7)
			usleep((useconds_t)((16.7 - took[i]) * 1000));
	}
	qsort(took, FRAMES, sizeof(*took), compare);
	told.least /= FRAMES;
	told.cpu_ms = cpu / FRAMES;
	told.p99_ms = took[FRAMES - 1 - FRAMES / 100];
	canvas_destroy(before);
	return told;
}

/* The child: `out` gets a line for each phase, `in` the permission to go on. */
int bench_terminal_child(const char *out_name, const char *in_name)
{
	FILE *out = fopen(out_name, "we"), *in = in_name ? fopen(in_name, "re") : NULL;
	struct term_options o = { .colour = COLOUR_ALWAYS };
	struct theme *theme = theme_builtin();
	struct canvas *c = canvas_create(ROWS, COLS, false);
	struct term *t;
	char line[16];

	if (!out || term_open(&o, &t))
		return 1;
	draw_runs(c);
	term_show(t, c, theme);
	fprintf(out, "%d %f %f %f\n", PHASE_NR, 0., 0., 0.);
	fflush(out);
	for (enum phase p = in ? 0 : PHASE_FULL; p < PHASE_NR; p++) {
		struct told told;

		if (in && !fgets(line, sizeof(line), in))
			break;
		told = draw_phase(t, theme, c, p, !in);
		fprintf(out, "%d %f %f %f\n", p, told.least, told.cpu_ms, told.p99_ms);
		fflush(out);
	}
	term_close(t);
	canvas_destroy(c);
	theme_destroy(theme);
	fclose(out);
	return 0;
}

/* A line from the child, the terminal drained meanwhile. */
static bool child_says(struct pty *p, FILE *from, struct told *told)
{
	struct pollfd f = { .fd = fileno(from), .events = POLLIN };
	double end = now_ms() + 20000;
	char line[128];
	int phase;

	while (poll(&f, 1, 0) == 0) {
		if (now_ms() > end)
			return false;
		pty_drain(p, 2, 0);
	}
	if (!fgets(line, sizeof(line), from))
		return false;
	pty_drain(p, 200, 20);
	return sscanf(line, "%d %lf %lf %lf", &phase, &told->least, &told->cpu_ms, &told->p99_ms) == 4;
}

static void own_path(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);

	out[n < 0 ? 0 : n] = '\0';
}

static bool run_phases(struct told told[PHASE_NR], double bytes[PHASE_NR])
{
	char path[PATH_MAX], to_name[32], from_name[32];
	char *argv[] = { path, (char *)"--terminal-child", to_name, from_name, NULL };
	int to[2], from[2];
	struct pty p;
	struct told first;
	FILE *f;
	bool ok = false;

	own_path(path);
	if (pipe(to) || pipe(from))
		return false;
	snprintf(to_name, sizeof(to_name), "/dev/fd/%d", from[1]);
	snprintf(from_name, sizeof(from_name), "/dev/fd/%d", to[0]);
	if (!pty_start(&p, argv))
		return false;
	close(from[1]);
	close(to[0]);
	f = fdopen(from[0], "r");
	if (f && child_says(&p, f, &first)) {
		ok = true;
		for (int i = 0; ok && i < PHASE_NR; i++) {
			uint64_t before = p.bytes;

			ok = write(to[1], "go\n", 3) == 3 && child_says(&p, f, &told[i]);
			bytes[i] = (double)(p.bytes - before) / FRAMES;
		}
	}
	if (f)
		fclose(f);
	close(to[1]);
	pty_stop(&p);
	return ok;
}

static void in_tmux(void)
{
	char path[PATH_MAX], file[] = "/tmp/bench-terminal.XXXXXX", *command, line[128];
	char *argv[] = { (char *)"tmux", (char *)"-L", (char *)"mmscope-bench", (char *)"-f",
			 (char *)"/dev/null", (char *)"new-session", NULL, NULL };
	int fd = mkstemp(file), phase;
	struct told told = { .p99_ms = -1 };
	struct pty p;
	FILE *f;

	if (fd < 0)
		return;
	own_path(path);
	command = xasprintf("'%s' --terminal-child %s", path, file);
	argv[6] = command;
	if (have("tmux") && pty_start(&p, argv)) {
		pty_drain(&p, 5000, 0);		/* ends with the child */
		pty_stop(&p);
		f = fdopen(fd, "r");
		while (f && fgets(line, sizeof(line), f))
			sscanf(line, "%d %lf %lf %lf", &phase, &told.least, &told.cpu_ms, &told.p99_ms);
		if (f)
			fclose(f);
	}
	unlink(file);
	free(command);
	if (told.p99_ms > 0)
		report(12, "full redraw in tmux, slowest of 60", UNIT_MS, told.p99_ms, "a frame at 60 fps", 16.7,
		       false, 1.0);
	else
		report_missing(12, "full redraw in tmux", have("tmux") ? "no figure" : "tmux is missing");
}

void bench_terminal(void)
{
	struct told told[PHASE_NR];
	double bytes[PHASE_NR];

	if (!run_phases(told, bytes)) {
		report_missing(12, "frames", "the terminal could not be opened");
		return;
	}
	report(12, "frame without a change", UNIT_BYTES, bytes[PHASE_SAME], "none", 0, false, 0);
	report(12, "live frame, 1 % of the cells", UNIT_BYTES, bytes[PHASE_LIVE], "full redraw",
	       bytes[PHASE_FULL], false, 1.0 / 12);
	report(12, "live frame, 1 % of the cells", UNIT_BYTES, bytes[PHASE_LIVE], "least that would do",
	       told[PHASE_LIVE].least, false, 1.3);
	report(12, "full redraw", UNIT_BYTES, bytes[PHASE_FULL], "least that would do",
	       told[PHASE_FULL].least, false, 1.1);
	report(12, "full redraw", UNIT_BYTES, bytes[PHASE_FULL], "a bound", 65536, false, 1.0);
	report(12, "full redraw at 60 fps, CPU", UNIT_PERCENT, told[PHASE_FULL].cpu_ms * 6, "a bound", 20,
	       false, 1.0);
	in_tmux();
}
