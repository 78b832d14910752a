# SPDX-License-Identifier: GPL-2.0-or-later
# The live source against the truth: targets that the tests start themselves.
check_PROGRAMS += tests/truth/target tests/truth/test_truth tests/truth/test_follow
TESTS += tests/truth/test_truth tests/truth/test_follow
tests_truth_target_SOURCES = tests/truth/target.c
# A target is what it is: no sanitizer's shadow memory in it.
tests_truth_target_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -pthread
tests_truth_target_LDFLAGS = -pthread
TRUTH_SOURCES = tests/truth/truth.h tests/truth/truth.c
tests_truth_test_truth_SOURCES = tests/truth/test_truth.c $(TRUTH_SOURCES)
tests_truth_test_truth_LDADD = $(TEST_LIBS)
tests_truth_test_follow_SOURCES = tests/truth/test_follow.c $(TRUTH_SOURCES)
tests_truth_test_follow_LDADD = $(TEST_LIBS)
