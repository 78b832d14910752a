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
	include/mmscope/machine.h src/model/machine.c
