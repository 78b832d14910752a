/* SPDX-License-Identifier: GPL-2.0-or-later
 * Why the kernel says "not permitted", as far as it can be found out, and what would help.
 */
#ifndef LIVE_DENIAL_H
#define LIVE_DENIAL_H
#include <stdbool.h>
#include <sys/types.h>
#include "mmscope/buf.h"

/* We have CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH (to open what only its owner may), CAP_BPF,
 * CAP_PERFMON now, or what stands for them. */
bool may_ptrace(void);
bool may_open(void);
bool may_bpf(void);
bool may_perfmon(void);
/* kernel.yama.ptrace_scope; 0 also where there is no such thing. */
int yama_scope(void);

/* What may stand between a tracer and a thread. */
struct ptrace_denial {
	pid_t tracer;		/* of somebody else's; 0: none */
	bool other_user;	/* it runs as another user than we do */
	bool not_ours;		/* as ours, but its files are root's: set-user-ID, or it asked for that */
	bool may;		/* we have CAP_SYS_PTRACE */
	int scope;		/* as yama_scope() */
};
struct ptrace_denial ptrace_denial_of(pid_t tid);
/* The reason that holds, and the remedy: no full stop. */
void ptrace_denial_words(const struct ptrace_denial *d, struct buf *out);

/* Why bpf(2) failed with err, < 0, for one who has the capabilities or has not. */
struct bpf_denial {
	char why[200];
	const char *try_this;	/* static */
};
void bpf_denial(int err, bool bpf, bool perfmon, struct bpf_denial *ret);

#endif
