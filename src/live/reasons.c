/* SPDX-License-Identifier: GPL-2.0-or-later
 * Why something is not there, and what would bring it.
 */
#include <config.h>

#include "mmscope/alloc.h"
#include "src/live/live.h"

#define ROOT "run it as the process's user or as root (sudo), or with CAP_SYS_PTRACE"
#define ATTACH ROOT "; where kernel.yama.ptrace_scope is set, your own processes need it too"

static const struct {
	enum reason reason;
	const char *what, *why, *try_this;
} reasons[] = {
	{ REASON_KTHREAD, "vmas", "a kernel thread has no user address space",
	  "choose a user process; its kernel stack is what a kernel thread has" },
	{ REASON_KTHREAD, "mm", "a kernel thread has no user address space",
	  "choose a user process" },
	{ REASON_KTHREAD, "process.exe", "a kernel thread runs no program", "choose a user process" },
	{ REASON_KTHREAD, "tasks[].sp", "a kernel thread has no user stack", "choose a user process" },
	{ REASON_KTHREAD, "tasks[].pc", "a kernel thread has no user registers",
	  "choose a user process" },
	{ REASON_KTHREAD, "tasks[].syscall", "a kernel thread makes no system calls",
	  "choose a user process" },
	{ REASON_KTHREAD, "tasks[].stack", "a kernel thread has no user stack",
	  "choose a user process" },
	{ REASON_ZOMBIE, "vmas", "the process has ended and gave its memory back (zombie)",
	  "its parent has to wait for it" },
	{ REASON_ZOMBIE, "pages", "the process has ended and gave its memory back (zombie)",
	  "its parent has to wait for it" },
	{ REASON_ZOMBIE, "tasks[].sp", "the process has ended (zombie)", "look at a living process" },
	{ REASON_ZOMBIE, "tasks[].pc", "the process has ended (zombie)", "look at a living process" },
	{ REASON_ZOMBIE, "tasks[].syscall", "the process has ended (zombie)",
	  "look at a living process" },
	{ REASON_ZOMBIE, "tasks[].stack", "the process has ended (zombie)",
	  "look at a living process" },
	{ REASON_NO_MAPS, "vmas", "there is no file maps that could be read", ROOT },
	{ REASON_NO_MAPS, "pages", "there is no file maps that could be read", ROOT },
	{ REASON_MAPS, "vmas", "reading maps of this process is not permitted", ROOT },
	{ REASON_MAPS, "pages", "reading pagemap of this process is not permitted", ROOT },
	{ REASON_ADDRESSES, "mm.start_code", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.end_code", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.start_data", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.end_data", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.start_brk", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.start_stack", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.arg_start", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.arg_end", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.env_start", "the kernel hides addresses from this user", ROOT },
	{ REASON_ADDRESSES, "mm.env_end", "the kernel hides addresses from this user", ROOT },
	{ REASON_BRK, "mm.brk", "neither [heap] in maps nor start_brk in stat can be read", ROOT },
	{ REASON_EXE, "process.exe", "the link exe cannot be read", ROOT },
	{ REASON_MM, "mm", "status has no memory lines: the process gave its memory back",
	  "look at a process that is alive" },
	{ REASON_MM_PART, "mm", "status lacks the line, or what it says is no number that fits",
	  "a newer kernel" },
	{ REASON_LIMITS, "limits", "the file limits cannot be read, or lacks the line", ROOT },
	{ REASON_FAULTS, "faults", "the file stat cannot be read", ROOT },
	{ REASON_PAGES, "pages", "neither pagemap nor smaps can be read",
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ REASON_PAGES, "vmas[].pages", "neither pagemap nor smaps can be read",
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ REASON_PAGES, "vmas[].rss", "neither pagemap nor smaps can be read",
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ REASON_PAGES, "tasks[].stack.resident", "neither pagemap nor smaps can be read",
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ REASON_PAGES, "tasks[].stack.high_water", "neither pagemap nor smaps can be read",
	  "a kernel with CONFIG_PROC_PAGE_MONITOR" },
	{ REASON_PAGES_PART, "tasks[].stack.resident",
	  "without PAGEMAP_SCAN not every mapping can be read page by page", "Linux 6.7 or newer" },
	{ REASON_PAGES_PART, "tasks[].stack.high_water",
	  "without PAGEMAP_SCAN not every mapping can be read page by page", "Linux 6.7 or newer" },
	{ REASON_PAGES_PART, "vmas[].pages",
	  "without PAGEMAP_SCAN not every mapping can be read page by page",
	  "Linux 6.7 or newer" },
	{ REASON_PAGES_PART, "vmas[].rss",
	  "without PAGEMAP_SCAN not every mapping can be read page by page",
	  "Linux 6.7 or newer, or --smaps" },
	{ REASON_ZERO, "vmas[].pages[Z]",
	  "without PAGEMAP_SCAN the zero page looks like shared anonymous memory (a)",
	  "Linux 6.7 or newer, or root" },
	{ REASON_HUGE, "vmas[].pages[H]",
	  "without PAGEMAP_SCAN pages of a huge page look like any other", "Linux 6.7 or newer" },
	{ REASON_SMAPS, "vmas[].pss", "only smaps knows, and reading it is costly for the target",
	  "--smaps" },
	{ REASON_SMAPS, "vmas[].swap", "only smaps knows, and reading it is costly for the target",
	  "--smaps" },
	{ REASON_SMAPS, "vmas[].locked",
	  "only smaps knows, and reading it is costly for the target", "--smaps" },
	{ REASON_SMAPS, "vmas[].flags",
	  "only smaps knows, and reading it is costly for the target", "--smaps" },
	{ REASON_SMAPS_REFUSED, "vmas[].pss", "smaps of this process cannot be read", ROOT },
	{ REASON_SMAPS_REFUSED, "vmas[].swap", "smaps of this process cannot be read", ROOT },
	{ REASON_SMAPS_REFUSED, "vmas[].locked", "smaps of this process cannot be read", ROOT },
	{ REASON_SMAPS_REFUSED, "vmas[].flags", "smaps of this process cannot be read", ROOT },
	{ REASON_TASKS, "tasks", "the list of threads cannot be read", ROOT },
	{ REASON_REGISTERS, "tasks[].sp", "reading syscall of these threads is not permitted", ATTACH },
	{ REASON_REGISTERS, "tasks[].pc", "reading syscall of these threads is not permitted", ATTACH },
	{ REASON_REGISTERS, "tasks[].syscall", "reading syscall of these threads is not permitted",
	  ATTACH },
	{ REASON_REGISTERS, "tasks[].stack.used", "the stack pointer is not known", ATTACH },
	{ REASON_REGISTERS_FILE, "tasks[].sp", "the file syscall is missing, or says nothing we know",
	  "a kernel with CONFIG_HAVE_ARCH_TRACEHOOK" },
	{ REASON_REGISTERS_FILE, "tasks[].pc", "the file syscall is missing, or says nothing we know",
	  "a kernel with CONFIG_HAVE_ARCH_TRACEHOOK" },
	{ REASON_REGISTERS_FILE, "tasks[].syscall", "the file syscall is missing, or says nothing we know",
	  "a kernel with CONFIG_HAVE_ARCH_TRACEHOOK" },
	{ REASON_REGISTERS_FILE, "tasks[].stack.used", "the stack pointer is not known",
	  "a kernel with CONFIG_HAVE_ARCH_TRACEHOOK" },
	{ REASON_RUNNING, "tasks[].sp", "the thread was running: its registers move",
	  "look again when it sleeps" },
	{ REASON_RUNNING, "tasks[].pc", "the thread was running: its registers move",
	  "look again when it sleeps" },
	{ REASON_RUNNING, "tasks[].syscall", "the thread was running or in user mode",
	  "look again when it sleeps" },
	{ REASON_RUNNING, "tasks[].stack.used", "the thread was running: its registers move",
	  "look again when it sleeps" },
	{ REASON_STACKS, "tasks[].stack",
	  "neither the stack pointer nor a name tells which mapping is the stack", ATTACH },
	{ REASON_EXIT, "process.exit_status",
	  "the kernel tells the exit status to the parent only",
	  "Linux 6.15 or newer, or mmscope run, which is the parent" },
};

struct whys *reasons_list(uint64_t set)
{
	struct whys *w = whys_create();

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (set >> reasons[i].reason & 1)
			whys_add(w, reasons[i].what, reasons[i].why, reasons[i].try_this);
	return w;
}
