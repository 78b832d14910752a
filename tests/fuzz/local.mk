# SPDX-License-Identifier: GPL-2.0-or-later
# Each target replays its corpus, tests/fuzz/corpus/NAME, in `make check`.
# With --enable-fuzzing they are fuzzers instead: tests/fuzz/fuzz_NAME tests/fuzz/corpus/NAME.
FUZZERS = tests/fuzz/fuzz_filter
check_PROGRAMS += $(FUZZERS)
if FUZZING
FUZZ_DRIVER =
else
FUZZ_DRIVER = tests/fuzz/replay.c
TESTS += $(FUZZERS)
endif
EXTRA_DIST += tests/fuzz/corpus

tests_fuzz_fuzz_filter_SOURCES = tests/fuzz/fuzz_filter.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_filter_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_filter_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_scenario
tests_fuzz_fuzz_scenario_SOURCES = tests/fuzz/fuzz_scenario.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_scenario_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_scenario_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_maps tests/fuzz/fuzz_small
tests_fuzz_fuzz_maps_SOURCES = tests/fuzz/fuzz_maps.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_maps_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_maps_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_small_SOURCES = tests/fuzz/fuzz_small.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_small_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_small_LDADD = $(TEST_LIBS)
FUZZERS += tests/fuzz/fuzz_theme
tests_fuzz_fuzz_theme_SOURCES = tests/fuzz/fuzz_theme.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_theme_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_theme_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_keymap
tests_fuzz_fuzz_keymap_SOURCES = tests/fuzz/fuzz_keymap.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_keymap_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_keymap_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_sanitize
tests_fuzz_fuzz_sanitize_SOURCES = tests/fuzz/fuzz_sanitize.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_sanitize_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_sanitize_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_machine
tests_fuzz_fuzz_machine_SOURCES = tests/fuzz/fuzz_machine.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_machine_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_machine_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_btf
tests_fuzz_fuzz_btf_SOURCES = tests/fuzz/fuzz_btf.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_btf_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_btf_LDADD = $(TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_frames
tests_fuzz_fuzz_frames_SOURCES = tests/fuzz/fuzz_frames.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_frames_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_frames_LDADD = $(TEST_LIBS)
