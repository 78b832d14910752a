# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += \
	include/mmscope/vma.h src/model/vma.c \
	include/mmscope/pages.h src/model/pages.c \
	include/mmscope/task.h src/model/task.c \
	include/mmscope/unwind.h src/model/unwound.c \
	include/mmscope/stacks.h src/model/stacks.c \
	include/mmscope/snapshot.h src/model/snapshot.c \
	include/mmscope/event.h src/model/event.c \
	src/model/diff.c \
	src/model/apply.c \
	include/mmscope/contexts.h src/model/contexts.c \
	include/mmscope/machine.h src/model/machine.c include/mmscope/twin.h src/model/twin.c \
	include/mmscope/maple.h src/model/maple.c

libmmscope_a_SOURCES += include/mmscope/syscalls.h src/model/syscalls.c

# The names of the system calls, as the kernel's headers have them.
BUILT_SOURCES += src/model/syscalls.inc
CLEANFILES += src/model/syscalls.inc
src/model/syscalls.inc:
	$(AM_V_GEN)$(MKDIR_P) src/model && \
	printf '#include <asm/unistd.h>\n' | $(CC) $(CPPFLAGS) -E -dM - | \
	LC_ALL=C $(AWK) '$$1 == "#define" && $$2 ~ /^__NR_[a-z]/ && $$3 ~ /^[0-9]+$$/ \
		{ print "\t[" $$3 "] = \"" substr($$2, 6) "\"," }' | LC_ALL=C sort > $@.tmp && \
	test -s $@.tmp && mv $@.tmp $@
src/model/syscalls.$(OBJEXT): src/model/syscalls.inc
