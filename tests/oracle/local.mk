# SPDX-License-Identifier: GPL-2.0-or-later
# Random scenarios in both worlds; tests/oracle/fuzz_both --profile mixed --seed 1 --count 100
noinst_PROGRAMS += tests/oracle/fuzz_both
tests_oracle_fuzz_both_SOURCES = tests/oracle/fuzz_both.c
tests_oracle_fuzz_both_LDADD = $(mmscope_LDADD)
