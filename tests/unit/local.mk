# SPDX-License-Identifier: GPL-2.0-or-later
# cmocka programs; one per module.
UNIT_TESTS = tests/unit/test_text
UNIT_TESTS += tests/unit/test_paths
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
tests_unit_test_text_SOURCES = tests/unit/test_text.c
tests_unit_test_text_LDADD = $(TEST_LIBS)
tests_unit_test_paths_SOURCES = tests/unit/test_paths.c
tests_unit_test_paths_LDADD = $(TEST_LIBS)
