/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the benchmarks share: targets, clocks, commands, terminals, and the table.
 *
 * Every figure is a ratio of two sides measured in the same run. The sides take turns,
 * round after round, and each side's figure is the median of its rounds, so that a
 * machine which is busy now and then does not favour one of them.
 */
#ifndef BENCH_H
#define BENCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One row of the table. */
enum unit { UNIT_MS, UNIT_US, UNIT_PERCENT, UNIT_MIB, UNIT_BYTES, UNIT_OPS, UNIT_CELLS };
void report(int number, const char *what, enum unit unit, double ours, const char *peer,
	    double theirs, bool at_least, double limit);
/* The same of the medians of two sides. Where the limit is missed it says what the ratio was
 * when each side was at its best: a neighbour on the same machine only ever makes it slower. */
struct side;
void report_sides(int number, const char *what, enum unit unit, const struct side *ours,
		  const char *peer, const struct side *theirs, bool at_least, double limit);
void report_missing(int number, const char *what, const char *why);
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Rounds of one side. */
struct side { double v[64]; int n; };
void side_add(struct side *s, double v);
double side_median(const struct side *s);
double side_best(const struct side *s, bool most);	/* the most, or the least */
double now_ms(void);
double thread_cpu_ms(void);
extern int rounds;		/* how many, at most; --rounds */
/* Before a round: until the other processes leave nine tenths of the CPUs idle, but not
 * forever; the summary tells how often they did not. */
void wait_for_quiet(void);
extern int busy_rounds, all_rounds;
/* Rounds of several sides, each round after a wait. In each another side comes first: who
 * follows the wait finds the caches cold. What is < 0 does not count. */
struct turn {
	double (*take)(void *arg);
	void *arg;
	int every;		/* takes part in each so manyth round; 0: in all */
	struct side side;
};
void take_turns(struct turn *turns, size_t n);

/* Targets: started on first use, ended together. */
enum target { T_VMAS, T_FILES, T_RESIDENT, T_THREADS, T_SPARSE, T_ARENAS, T_PYTHON, T_NR };
extern const char *const target_names[T_NR];
pid_t target_pid(enum target t);	/* 0: cannot be had (a note says why) */
void target_stop(enum target t);
void targets_stop(void);
/* Sends a line, waits for the answer's line. */
bool target_ask(enum target t, const char *line, char *answer, size_t n);

/* Peers are found in PATH. */
bool have(const char *program);
extern const char *mmscope;	/* the program under test */

/* Runs a command with standard output to /dev/null; wall milliseconds, < 0 on failure. */
double run_ms(char *const argv[], double *max_rss_mib);
double gdb_mappings_ms(pid_t pid, double *max_rss_mib);	/* without attaching */
/* The words of a line, PID replaced by the pid and MMSCOPE by the program under test; valid
 * until the next call. */
char **words(const char *line, pid_t pid);

/* A program in a terminal of 200 columns and 60 lines, which answers what terminals
 * answer and is drained all the time. */
struct pty { pid_t pid; int fd; uint64_t bytes; double started, last_byte, frame_end; bool ended; };
bool pty_start(struct pty *p, char *const argv[]);
/* Drains until `ms` have passed; with quiet_ms > 0 ends early after so long a silence
 * that follows output. */
void pty_drain(struct pty *p, double ms, double quiet_ms);
/* Until the first complete frame stands: milliseconds since the start, < 0 when none. */
double pty_first_frame(struct pty *p);
void pty_type(struct pty *p, const char *keys);
/* Lets a child drain it, while we wait for something else; until _here(). */
pid_t pty_drain_aside(struct pty *p);
void pty_drain_here(pid_t aside);
void pty_stop(struct pty *p);		/* q, then by force */
double cpu_ms(pid_t pid);		/* CPU time used so far, all threads */
double rss_mib(pid_t pid);

/* The whole of a file of /proc, read and thrown away: bytes, < 0 on failure. */
ssize_t read_all(pid_t pid, const char *name);

void bench_frames(void);	/* 1, 2: until the first picture */
void bench_layout(void);	/* 3 */
void bench_residency(void);	/* 4 */
void bench_detail(void);	/* 5 */
void bench_idle(void);		/* 6 */
void bench_harm(void);		/* 7 */
void bench_memory(void);	/* 8 */
void bench_sim(void);		/* 10, 11 */
void bench_terminal(void);	/* 12 */
void bench_unwind(void);	/* 13 */
void bench_kstacks(void);	/* 14 */
int bench_terminal_child(const char *out_name, const char *in_name);	/* its own child */

#endif
