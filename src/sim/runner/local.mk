# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel runner, and the program it runs: linked without libc and without the flags of
# the build, since its three pages are what scenarios see.
libmmscope_a_SOURCES += \
	src/sim/runner/arch.h src/sim/runner/arch_arm64.c src/sim/runner/arch_x86_64.c \
	src/sim/runner/kernel_run.h src/sim/runner/kernel_run.c \
	src/sim/runner/lab.h src/sim/runner/lab.c \
	src/sim/runner/proc_state.h src/sim/runner/proc_state.c \
	src/sim/runner/tracee.h src/sim/runner/tracee.c

EXTRA_DIST += src/sim/runner/agent.S src/sim/runner/agent.ld
pkglibexec_SCRIPTS = mmscope-runner
CLEANFILES += mmscope-runner
RUNNER_LINK = -nostdlib -static -s -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noseparate-code -Wl,-T,$(top_srcdir)/src/sim/runner/agent.ld
mmscope-runner: src/sim/runner/agent.S src/sim/runner/agent.ld
	$(AM_V_GEN)$(CC) $(RUNNER_LINK) -o $@ $(top_srcdir)/src/sim/runner/agent.S
