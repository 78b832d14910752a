# SPDX-License-Identifier: GPL-2.0-or-later
# Random scenarios in both worlds; tests/oracle/fuzz_both --profile mixed --seed 1 --count 100
noinst_PROGRAMS += tests/oracle/fuzz_both
tests_oracle_fuzz_both_SOURCES = tests/oracle/fuzz_both.c
tests_oracle_fuzz_both_LDADD = $(mmscope_LDADD)
check_PROGRAMS += tests/oracle/test_scenarios
TESTS += tests/oracle/test_scenarios
tests_oracle_test_scenarios_SOURCES = tests/oracle/test_scenarios.c
tests_oracle_test_scenarios_LDADD = $(mmscope_LDADD)
dist_check_SCRIPTS += tests/oracle/test_random.sh
TESTS += tests/oracle/test_random.sh
EXTRA_DIST += tests/oracle/recorded.txt

.PHONY: check-long
check-long: tests/oracle/fuzz_both
	tests/oracle/fuzz_both --profile all --seed 1000 --count 10000 --ops 60 --keep-going

# The simulator's profiles against what their kernels said; tests/oracle/record asks them.
check_PROGRAMS += tests/oracle/recorded
tests_oracle_recorded_SOURCES = tests/oracle/recorded.c
tests_oracle_recorded_LDADD = $(mmscope_LDADD)
dist_check_SCRIPTS += tests/oracle/test_recorded.sh
TESTS += tests/oracle/test_recorded.sh
EXTRA_DIST += tests/oracle/record $(srcdir)/tests/oracle/linux-*.txt
