# SPDX-License-Identifier: GPL-2.0-or-later
# Each target replays its corpus, tests/fuzz/corpus/NAME, in `make check`.
FUZZERS = tests/fuzz/fuzz_filter
check_PROGRAMS += $(FUZZERS)
TESTS += $(FUZZERS)
EXTRA_DIST += tests/fuzz/corpus

tests_fuzz_fuzz_filter_SOURCES = tests/fuzz/fuzz_filter.c tests/fuzz/replay.c
tests_fuzz_fuzz_filter_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_scenario
tests_fuzz_fuzz_scenario_SOURCES = tests/fuzz/fuzz_scenario.c tests/fuzz/replay.c
tests_fuzz_fuzz_scenario_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_maps tests/fuzz/fuzz_small
tests_fuzz_fuzz_maps_SOURCES = tests/fuzz/fuzz_maps.c tests/fuzz/replay.c
tests_fuzz_fuzz_maps_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_small_SOURCES = tests/fuzz/fuzz_small.c tests/fuzz/replay.c
tests_fuzz_fuzz_small_LDADD = $(TEST_LIBS)
FUZZERS += tests/fuzz/fuzz_theme
tests_fuzz_fuzz_theme_SOURCES = tests/fuzz/fuzz_theme.c tests/fuzz/replay.c
tests_fuzz_fuzz_theme_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_keymap
tests_fuzz_fuzz_keymap_SOURCES = tests/fuzz/fuzz_keymap.c tests/fuzz/replay.c
tests_fuzz_fuzz_keymap_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_sanitize
tests_fuzz_fuzz_sanitize_SOURCES = tests/fuzz/fuzz_sanitize.c tests/fuzz/replay.c
tests_fuzz_fuzz_sanitize_LDADD = $(TEST_LIBS)
