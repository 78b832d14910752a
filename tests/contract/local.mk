# SPDX-License-Identifier: GPL-2.0-or-later
# What every source has to keep; loops over sources[].
check_PROGRAMS += tests/contract/test_sources
TESTS += tests/contract/test_sources
tests_contract_test_sources_SOURCES = tests/contract/test_sources.c
tests_contract_test_sources_LDADD = $(TEST_LIBS)
