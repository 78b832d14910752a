/* SPDX-License-Identifier: GPL-2.0-or-later
 * Why something is not there, and what would bring it.
 */
#include <config.h>

#include "mmscope/alloc.h"
#include "src/live/live.h"

#define ROOT "run it as the process's user or as root (sudo), or with CAP_SYS_PTRACE " \
	"and CAP_DAC_READ_SEARCH"
#define ATTACH ROOT "; where kernel.yama.ptrace_scope is set, your own processes need it too, " \
	"but for what mmscope started (mmscope run)"
#define PAGEMAP_REFUSED "reading pagemap of this process is not permitted"

#define DEAD(figure) { REASON_DEAD, figure, "the thread has ended, others of its process go on", \
	"look at a living thread" }

#define NOT_TEXT(file) file " is not what the kernel gives: no regular file, or one with a line that " \
	"does not end", "a tree with a copy of the kernel's"

#define SHARED(figure) { REASON_SHARED, figure, \
	"stacks of several threads lie in one mapping, as a runtime with stacks of its own (Go) makes " \
	"them: where one of them ends is not known", "the frames tell how deep each of them is" }

#define WITHIN(figure) { REASON_WITHIN, figure, \
	"the stack lies in a mapping that holds other things as well (the heap, data, or what the kernel " \
	"joined to it): where it ends is not known", "the frames tell how deep it is" }

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
	{ REASON_ZOMBIE, "process.exe", "the process has ended (zombie)", "look at a living process" },
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
	{ REASON_NOT_MAPS, "vmas", NOT_TEXT("maps") },
	{ REASON_NOT_MAPS, "pages", NOT_TEXT("maps") },
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
	{ REASON_PAGEMAP, "tasks[].stack.resident", PAGEMAP_REFUSED, ROOT },
	{ REASON_PAGEMAP, "tasks[].stack.high_water", PAGEMAP_REFUSED, ROOT },
	{ REASON_PAGEMAP, "vmas[].pages", PAGEMAP_REFUSED, ROOT },
	{ REASON_PAGEMAP, "vmas[].rss", PAGEMAP_REFUSED, ROOT },
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
	{ REASON_NOT_SMAPS, "vmas[].pss", NOT_TEXT("smaps") },
	{ REASON_NOT_SMAPS, "vmas[].swap", NOT_TEXT("smaps") },
	{ REASON_NOT_SMAPS, "vmas[].locked", NOT_TEXT("smaps") },
	{ REASON_NOT_SMAPS, "vmas[].flags", NOT_TEXT("smaps") },
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
	DEAD("tasks[].sp"),
	DEAD("tasks[].pc"),
	DEAD("tasks[].syscall"),
	DEAD("tasks[].stack.used"),
	{ REASON_STACKS, "tasks[].stack",
	  "neither the stack pointer nor a name tells which mapping is the stack", ATTACH },
	SHARED("tasks[].stack.used"),
	SHARED("tasks[].stack.resident"),
	SHARED("tasks[].stack.limit"),
	SHARED("tasks[].stack.high_water"),
	WITHIN("tasks[].stack.used"),
	WITHIN("tasks[].stack.resident"),
	WITHIN("tasks[].stack.limit"),
	WITHIN("tasks[].stack.high_water"),
	{ REASON_FRAMES_LIBRARY, "tasks[].stack.frames",
	  "elfutils' libdw, which walks stacks, is not there",
	  "install libdw1 (elfutils); where mmscope was built without it, build it with libdw-dev" },
	{ REASON_FRAMES_ARCHITECTURE, "tasks[].stack.frames", "only stacks of x86_64 are walked", "" },
	{ REASON_FRAMES_RUNNING, "tasks[].stack.frames",
	  "the thread was running: its registers move", "look again when it sleeps" },
	{ REASON_FRAMES_DENIED, "tasks[].stack.frames",
	  "reading the registers and memory of these threads is not permitted", ATTACH },
	{ REASON_FRAMES_FILE, "tasks[].stack.frames",
	  "the file syscall is missing, or says nothing we know",
	  "a kernel with CONFIG_HAVE_ARCH_TRACEHOOK" },
	{ REASON_FRAMES_GONE, "tasks[].stack.frames", "the thread has ended, or is about to",
	  "look at a living thread" },
	{ REASON_FRAMES_MOVED, "tasks[].stack.frames", "the thread ran while it was looked at",
	  "look again when it sleeps" },
	{ REASON_FRAMES_LATE, "tasks[].stack.frames",
	  "there are so many threads that the time for their frames ran out",
	  "the thread's room, which walks one at a time" },
	{ REASON_FRAMES_LAST, "tasks[].stack.frames[].bytes",
	  "nothing above the last frame of a chain, or of a signal's own stack, tells where it ends",
	  "" },
	{ REASON_FRAMES_NAME, "tasks[].stack.frames[].function",
	  "no symbol covers the place: a stripped file, or generated code",
	  "install the debug symbols of the program" },
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
