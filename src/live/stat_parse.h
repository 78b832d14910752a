/* SPDX-License-Identifier: GPL-2.0-or-later
 * The small text files of /proc/PID: stat, status, statm, limits, auxv, syscall,
 * schedstat. Each parser takes a whole file and returns false when it is not one;
 * a figure that is missing stays UNKNOWN.
 */
#ifndef LIVE_STAT_PARSE_H
#define LIVE_STAT_PARSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "mmscope/snapshot.h"

struct stat_figures {
	pid_t pid, ppid;
	char comm[64];		/* raw: what stands between the first '(' and the last ')' */
	char state;
	uint64_t flags, minflt, majflt, utime, stime, threads, starttime;
	uint64_t start_code, end_code, start_stack;
	uint64_t start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end;
	uint64_t exit_code;
};
bool stat_parse(const char *text, size_t n, struct stat_figures *ret);

struct status_figures {
	pid_t tgid, pid_inside;	/* pid_inside: last word of NSpid, 0 when not told */
	unsigned ns_depth;	/* words of NSpid */
	uid_t uid;
	uint64_t threads;
	uint64_t mm[MM_NR];	/* the Vm* and Rss* lines, in bytes */
	bool has_mm;		/* false: kernel thread or zombie */
};
bool status_parse(const char *text, size_t n, struct status_figures *ret);

struct statm_figures {
	uint64_t size, resident, shared, text, data;	/* bytes */
};
bool statm_parse(const char *text, size_t n, struct statm_figures *ret);

/* Soft limits; UNLIMITED. False when no line was understood. */
bool limits_parse(const char *text, size_t n, uint64_t ret[LIMIT_NR]);

/* Where the argv/envp/auxv block ends: what the first pointer to a string tells. 0 unknown. */
uint64_t auxv_block_end(const void *auxv, size_t n, uint64_t start_stack);

struct syscall_figures {
	bool running;		/* nothing else is known */
	int32_t nr;		/* SYSCALL_NONE: blocked outside of a system call */
	uint64_t args[6], sp, pc;
};
bool syscall_parse(const char *text, size_t n, struct syscall_figures *ret);

/* It has no mm any more: dead, waited for or about to be. */
static inline bool state_ended(char state)
{
	return state == 'Z' || state == 'X';
}

struct schedstat_figures {
	uint64_t run_ns, wait_ns, slices;
};
bool schedstat_parse(const char *text, size_t n, struct schedstat_figures *ret);

#endif
