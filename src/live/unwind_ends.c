/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include "src/live/unwind.h"

const char *const unwind_ends[END_NR] = {
	[END_OUTERMOST] = "the outermost function",
#ifdef HAVE_LIBDW
	[END_LIBRARY] = "elfutils' libdw, which walks stacks, is not installed",
#else
	[END_LIBRARY] = "this program was built without elfutils' libdw, which walks stacks",
#endif
	[END_ARCHITECTURE] = "only stacks of x86_64 are walked",
	[END_RUNNING] = "the thread was running: its registers move",
	[END_DENIED] = "reading the registers and memory of this thread is not permitted",
	[END_NO_FILE] = "the file syscall is missing, or says nothing we know",
	[END_GONE] = "the thread has ended",
	[END_MOVED] = "the thread ran while it was looked at",
	[END_LATE] = "there was no time left for this thread",
	[END_NO_CODE] = "what should be a return address leads to no code",
	[END_NO_FILE_THERE] = "generated code, or code of no file: nothing tells its frame",
	[END_FOREIGN] = "the code is not for x86_64",
	[END_NO_RULES] = "no call frame information tells the frame of this code",
	[END_REGISTER] =
		"the frame hangs on a register that only the kernel stack or stopping the thread would tell",
	[END_ABSENT] = "the next word of the stack is not in memory",
	[END_REFUSED] = "reading the memory of this process is not permitted",
	[END_UNMAPPED] = "the next word of the stack would lie where nothing is mapped",
	[END_BROKEN] = "the call frame information here cannot be understood",
	[END_DOWNWARD] = "the next frame would lie below this one",
	[END_TOO_MANY] = "there are more frames than are followed",
};
