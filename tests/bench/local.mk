# SPDX-License-Identifier: GPL-2.0-or-later
# `make bench` runs them; `make check` only builds them, so that they keep building.
check_PROGRAMS += tests/bench/bench tests/bench/bench-target
tests_bench_bench_SOURCES = \
	tests/bench/bench.h tests/bench/bench.c \
	tests/bench/minimal.h tests/bench/minimal.c \
	tests/bench/run.c \
	tests/bench/targets.c \
	tests/bench/bench_detail.c \
	tests/bench/bench_frames.c \
	tests/bench/bench_harm.c \
	tests/bench/bench_idle.c \
	tests/bench/bench_kstacks.c \
	tests/bench/bench_layout.c \
	tests/bench/bench_memory.c \
	tests/bench/bench_residency.c \
	tests/bench/bench_sim.c \
	tests/bench/bench_terminal.c \
	tests/bench/bench_unwind.c
tests_bench_bench_LDADD = $(mmscope_LDADD)
tests_bench_bench_target_SOURCES = tests/bench/target.c
tests_bench_bench_target_CFLAGS = -std=gnu11 $(WARN_CFLAGS)

.PHONY: bench
bench: mmscope tests/bench/bench tests/bench/bench-target
	tests/bench/bench $(BENCH_FLAGS) $(abs_builddir)/mmscope
