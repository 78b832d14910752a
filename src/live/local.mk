# SPDX-License-Identifier: GPL-2.0-or-later
# The live source: a running process, looked at from outside.
libmmscope_a_SOURCES += \
	include/mmscope/source.h include/mmscope/proclist.h \
	src/live/uapi.h \
	include/mmscope/doctor.h src/live/doctor.c \
	src/live/seen.h src/live/seen.c \
	src/live/btf.h src/live/btf.c \
	src/live/denial.h src/live/denial.c \
	src/live/gate.h src/live/gate.c \
	src/live/hold.h src/live/hold.c \
	src/live/hugetlb.h src/live/hugetlb.c \
	src/live/insn.h src/live/insn.c \
	src/live/irqstacks.c \
	src/live/kcode.c \
	src/live/kgaps.h src/live/kgaps.c \
	src/live/klayout.h src/live/klayout.c \
	src/live/knames.h src/live/knames.c \
	include/mmscope/kstacks.h src/live/kstack.h src/live/kstack.c \
	src/live/kstack_bpf.c \
	src/live/kstack_proc.c \
	src/live/kwalk.h src/live/kwalk.c \
	src/live/feed.h src/live/feed.c \
	src/live/lines.h src/live/lines.c \
	src/live/live.h src/live/live.c \
	src/live/pace.h src/live/pace.c \
	src/live/live_counters.c \
	src/live/live_kstacks.c \
	src/live/live_layout.c \
	src/live/live_pages.c \
	src/live/proclist.c \
	src/live/look.h src/live/look.c \
	src/live/maps.h src/live/maps.c \
	src/live/maps_parse.h src/live/maps_parse.c \
	src/live/peek.h src/live/peek.c \
	src/live/procfs.h src/live/procfs.c \
	src/live/procps.h \
	src/live/reasons.c \
	src/live/roles.h src/live/roles.c \
	src/live/scan.h src/live/scan.c \
	src/live/smaps.h src/live/smaps.c \
	src/live/stat_parse.h src/live/stat_parse.c \
	src/live/takes.h src/live/takes.c \
	src/live/tasks.h src/live/tasks.c \
	src/live/live_frames.c src/live/live_hold.c \
	src/live/unwind.h src/live/unwind_ends.c

# The library of processes changed its name and all of its interface.
if LIBPROCPS
libmmscope_a_SOURCES += src/live/procps3.c
else
libmmscope_a_SOURCES += src/live/procps.c
endif

# Walking user stacks; libdw itself is loaded when it is needed.
if LIBDW
libmmscope_a_SOURCES += \
	src/live/copy.h src/live/copy.c \
	src/live/dw.h src/live/dw.c \
	src/live/prologue.c \
	src/live/rules.h src/live/rules.c \
	src/live/sites.h src/live/sites.c \
	src/live/uregs.h src/live/uregs.c \
	src/live/unwind.c
else
libmmscope_a_SOURCES += src/live/unwind_none.c
endif
