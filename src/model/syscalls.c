/* SPDX-License-Identifier: GPL-2.0-or-later
 * The names are made from the kernel's headers when the program is built; the arguments
 * are those of the manual's section 2.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/syscalls.h"
#include "mmscope/task.h"

static const char *const names[] = {
#include "src/model/syscalls.inc"
};

/* Each argument: one letter for how it is written, then its name. d an int, u an unsigned
 * figure, l a signed long, x bits, p an address. Calls that threads wait in, and those that
 * work on memory. */
static const struct { const char *name, *args; } signatures[] = {
	{ "read", "dfd pbuf ucount" }, { "write", "dfd pbuf ucount" },
	{ "pread64", "dfd pbuf ucount loffset" }, { "pwrite64", "dfd pbuf ucount loffset" },
	{ "readv", "dfd piov diovcnt" }, { "writev", "dfd piov diovcnt" },
	{ "open", "ppathname xflags xmode" }, { "openat", "ddirfd ppathname xflags xmode" },
	{ "close", "dfd" }, { "lseek", "dfd loffset dwhence" }, { "ioctl", "dfd xrequest xargument" },
	{ "fcntl", "dfd dcmd xargument" }, { "flock", "dfd xoperation" }, { "fsync", "dfd" },
	{ "fdatasync", "dfd" }, { "sync", "" }, { "getdents64", "dfd pdirp ucount" },
	{ "splice", "dfd_in poff_in dfd_out poff_out ulen xflags" },
	{ "sendfile", "dout_fd din_fd poffset ucount" },
	{ "poll", "pfds unfds dtimeout" }, { "ppoll", "pfds unfds ptmo_p psigmask usigsetsize" },
	{ "select", "dnfds preadfds pwritefds pexceptfds ptimeout" },
	{ "pselect6", "dnfds preadfds pwritefds pexceptfds ptimeout psigmask" },
	{ "epoll_wait", "depfd pevents dmaxevents dtimeout" },
	{ "epoll_pwait", "depfd pevents dmaxevents dtimeout psigmask usigsetsize" },
	{ "epoll_pwait2", "depfd pevents dmaxevents ptimeout psigmask usigsetsize" },
	{ "nanosleep", "prequest prem" }, { "pause", "" },
	{ "clock_nanosleep", "dclockid xflags prequest prem" },
	{ "futex", "puaddr xfutex_op uval ptimeout puaddr2 uval3" },
	{ "futex_wait", "puaddr uval xmask xflags ptimeout dclockid" },
	{ "futex_waitv", "pwaiters unr_futexes xflags ptimeout dclockid" },
	{ "wait4", "dpid pwstatus xoptions prusage" },
	{ "waitid", "didtype did pinfop xoptions prusage" },
	{ "rt_sigsuspend", "pmask usigsetsize" },
	{ "rt_sigtimedwait", "pset pinfo ptimeout usigsetsize" },
	{ "semop", "dsemid psops unsops" }, { "semtimedop", "dsemid psops unsops ptimeout" },
	{ "msgrcv", "dmsqid pmsgp umsgsz lmsgtyp xmsgflg" },
	{ "msgsnd", "dmsqid pmsgp umsgsz xmsgflg" },
	{ "mq_timedreceive", "dmqdes pmsg_ptr umsg_len pmsg_prio pabs_timeout" },
	{ "accept", "dsockfd paddr paddrlen" }, { "accept4", "dsockfd paddr paddrlen xflags" },
	{ "connect", "dsockfd paddr uaddrlen" },
	{ "recvfrom", "dsockfd pbuf ulen xflags psrc_addr paddrlen" },
	{ "recvmsg", "dsockfd pmsg xflags" }, { "recvmmsg", "dsockfd pmsgvec uvlen xflags ptimeout" },
	{ "sendto", "dsockfd pbuf ulen xflags pdest_addr uaddrlen" },
	{ "sendmsg", "dsockfd pmsg xflags" },
	{ "io_getevents", "pctx_id lmin_nr lnr pevents ptimeout" },
	{ "io_uring_enter", "dfd uto_submit umin_complete xflags psig usigsetsize" },
	{ "mmap", "paddr ulength xprot xflags dfd loffset" }, { "munmap", "paddr ulength" },
	{ "mremap", "pold_address uold_size unew_size xflags pnew_address" },
	{ "mprotect", "paddr ulen xprot" }, { "madvise", "paddr ulength dadvice" },
	{ "msync", "paddr ulength xflags" }, { "mlock", "paddr ulen" }, { "munlock", "paddr ulen" },
	{ "brk", "paddr" }, { "clone", "xflags pstack pparent_tid pchild_tid ptls" },
	{ "clone3", "pcl_args usize" }, { "vfork", "" }, { "fork", "" },
	{ "execve", "ppathname pargv penvp" }, { "exit", "dstatus" }, { "exit_group", "dstatus" },
	{ "ptrace", "lrequest dpid paddr pdata" }, { "process_vm_readv",
	  "dpid plocal_iov uliovcnt premote_iov uriovcnt xflags" },
	{ "restart_syscall", "" }, { "sched_yield", "" }, { "inotify_add_watch", "dfd ppathname xmask" },
	{ "userfaultfd", "xflags" }, { "perf_event_open", "pattr dpid dcpu dgroup_fd xflags" },
	{ "getrandom", "pbuf ubuflen xflags" }, { "setns", "dfd dnstype" },
};

const char *syscall_name(int nr)
{
	return nr >= 0 && (size_t)nr < ARRAY_LEN(names) ? names[nr] : NULL;
}

const char *task_syscall_name(const struct task *t)
{
	return t->compat ? NULL : syscall_name(t->syscall);
}

static const char *arguments_of(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(signatures); i++)
		if (!strcmp(signatures[i].name, name))
			return signatures[i].args;
	return NULL;
}

static void add_value(char how, uint64_t v, struct buf *out)
{
	if (how == 'd')
		buf_addf(out, "%" PRId32, (int32_t)v);
	else if (how == 'u')
		buf_addf(out, "%" PRIu64, v);
	else if (how == 'l')
		buf_addf(out, "%" PRId64, (int64_t)v);
	else if (how == 'p' && !v)
		buf_adds(out, "NULL");
	else
		buf_addf(out, "0x%" PRIx64, v);
}

void syscall_describe(const struct task *t, struct buf *out)
{
	const char *name = task_syscall_name(t), *args = arguments_of(name);

	if (name)
		buf_adds(out, name);
	else
		buf_addf(out, "#%d%s", (int)t->syscall, t->compat ? " of 32 bits " : "");
	buf_addc(out, '(');
	for (size_t i = 0; i < ARRAY_LEN(t->args) && (!args || *args); i++) {
		size_t n = args ? strcspn(args, " ") : 0;

		if (i)
			buf_adds(out, ", ");
		if (n)
			buf_addf(out, "%.*s ", (int)n - 1, args + 1);
		add_value(args ? *args : 'x', t->args[i], out);
		if (args)
			args += n + (args[n] == ' ');
	}
	buf_addc(out, ')');
}
