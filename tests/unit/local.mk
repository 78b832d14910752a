# SPDX-License-Identifier: GPL-2.0-or-later
# cmocka programs; one per module.
UNIT_TESTS = tests/unit/test_text
UNIT_TESTS += tests/unit/test_paths
UNIT_TESTS += tests/unit/test_filter
UNIT_TESTS += tests/unit/test_syscalls
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
tests_unit_test_text_SOURCES = tests/unit/test_text.c
tests_unit_test_text_LDADD = $(TEST_LIBS)
tests_unit_test_paths_SOURCES = tests/unit/test_paths.c
tests_unit_test_paths_LDADD = $(TEST_LIBS)

UNIT_MODEL_TESTS = tests/unit/test_pages tests/unit/test_layout tests/unit/test_diff
check_PROGRAMS += $(UNIT_MODEL_TESTS)
TESTS += $(UNIT_MODEL_TESTS)
tests_unit_test_pages_SOURCES = tests/unit/test_pages.c
tests_unit_test_pages_LDADD = $(TEST_LIBS)
tests_unit_test_layout_SOURCES = tests/unit/test_layout.c
tests_unit_test_layout_LDADD = $(TEST_LIBS)
tests_unit_test_diff_SOURCES = tests/unit/test_diff.c
tests_unit_test_diff_LDADD = $(TEST_LIBS)
tests_unit_test_syscalls_SOURCES = tests/unit/test_syscalls.c
tests_unit_test_syscalls_LDADD = $(TEST_LIBS)
tests_unit_test_filter_SOURCES = tests/unit/test_filter.c
tests_unit_test_filter_LDADD = $(TEST_LIBS)
UI_UNIT_TESTS = tests/unit/test_canvas tests/unit/test_keymap tests/unit/test_theme tests/unit/test_shipped_themes
check_PROGRAMS += $(UI_UNIT_TESTS)
TESTS += $(UI_UNIT_TESTS)
tests_unit_test_canvas_SOURCES = tests/unit/test_canvas.c
tests_unit_test_canvas_LDADD = $(TEST_LIBS)
tests_unit_test_keymap_SOURCES = tests/unit/test_keymap.c
tests_unit_test_keymap_LDADD = $(TEST_LIBS)

JSON_JUDGE = tests/scripts/json_schema.h tests/scripts/json_schema.c \
	tests/scripts/document.h tests/scripts/document.c
UNIT_OUTPUT_TESTS = tests/unit/test_schema tests/unit/test_output tests/unit/test_batch
check_PROGRAMS += $(UNIT_OUTPUT_TESTS)
TESTS += $(UNIT_OUTPUT_TESTS)
tests_unit_test_schema_SOURCES = tests/unit/test_schema.c $(JSON_JUDGE)
tests_unit_test_schema_LDADD = $(TEST_LIBS)
tests_unit_test_output_SOURCES = tests/unit/test_output.c $(JSON_JUDGE)
tests_unit_test_output_LDADD = $(TEST_LIBS)
tests_unit_test_batch_SOURCES = tests/unit/test_batch.c
tests_unit_test_batch_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/unit/test_session
TESTS += tests/unit/test_session
tests_unit_test_session_SOURCES = tests/unit/test_session.c
tests_unit_test_session_LDADD = $(TEST_LIBS)

UNIT_SCENARIO_TESTS = tests/unit/test_scenario tests/unit/test_prediction tests/unit/test_check
check_PROGRAMS += $(UNIT_SCENARIO_TESTS)
TESTS += $(UNIT_SCENARIO_TESTS)
tests_unit_test_scenario_SOURCES = tests/unit/test_scenario.c
tests_unit_test_scenario_LDADD = $(TEST_LIBS)
tests_unit_test_prediction_SOURCES = tests/unit/test_prediction.c
tests_unit_test_prediction_LDADD = $(TEST_LIBS)
tests_unit_test_check_SOURCES = tests/unit/test_check.c
tests_unit_test_check_LDADD = $(TEST_LIBS)
LIVE_UNIT_TESTS = tests/unit/test_live_parsers tests/unit/test_scan tests/unit/test_seen
check_PROGRAMS += $(LIVE_UNIT_TESTS)
TESTS += $(LIVE_UNIT_TESTS)
tests_unit_test_live_parsers_SOURCES = tests/unit/test_live_parsers.c
tests_unit_test_live_parsers_LDADD = $(TEST_LIBS)
tests_unit_test_seen_SOURCES = tests/unit/test_seen.c
tests_unit_test_seen_LDADD = $(TEST_LIBS)
tests_unit_test_scan_SOURCES = tests/unit/test_scan.c
tests_unit_test_scan_LDADD = $(TEST_LIBS)
LIVE_UNIT_TESTS += tests/unit/test_live_fixtures
tests_unit_test_live_fixtures_SOURCES = tests/unit/test_live_fixtures.c
tests_unit_test_live_fixtures_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/fixtures
PLAYER_TESTS = tests/unit/test_player
check_PROGRAMS += $(PLAYER_TESTS)
TESTS += $(PLAYER_TESTS)
tests_unit_test_player_SOURCES = tests/unit/test_player.c
tests_unit_test_player_LDADD = $(TEST_LIBS)

# The simulated machine.
SIM_UNIT_TESTS = tests/unit/test_sim_machine tests/unit/test_sim_time tests/unit/test_sim_profiles tests/unit/test_sim_old \
	tests/unit/test_sim_phys tests/unit/test_differences
check_PROGRAMS += $(SIM_UNIT_TESTS)
TESTS += $(SIM_UNIT_TESTS)
tests_unit_test_sim_machine_SOURCES = tests/unit/test_sim_machine.c tests/unit/sim_ops.h tests/unit/sim_ops.c
tests_unit_test_sim_machine_LDADD = $(TEST_LIBS)
tests_unit_test_sim_time_SOURCES = tests/unit/test_sim_time.c tests/unit/sim_ops.h tests/unit/sim_ops.c
tests_unit_test_sim_time_LDADD = $(TEST_LIBS)
tests_unit_test_differences_SOURCES = tests/unit/test_differences.c
tests_unit_test_differences_LDADD = $(TEST_LIBS)
tests_unit_test_sim_phys_SOURCES = tests/unit/test_sim_phys.c tests/unit/sim_ops.h tests/unit/sim_ops.c
tests_unit_test_sim_phys_LDADD = $(TEST_LIBS)
tests_unit_test_sim_old_SOURCES = tests/unit/test_sim_old.c tests/unit/sim_ops.h tests/unit/sim_ops.c
tests_unit_test_sim_old_LDADD = $(TEST_LIBS)
tests_unit_test_sim_profiles_SOURCES = tests/unit/test_sim_profiles.c tests/unit/sim_ops.h tests/unit/sim_ops.c
tests_unit_test_sim_profiles_LDADD = $(TEST_LIBS)
tests_unit_test_theme_SOURCES = tests/unit/test_theme.c
tests_unit_test_theme_LDADD = $(TEST_LIBS)
tests_unit_test_shipped_themes_SOURCES = tests/unit/test_shipped_themes.c
tests_unit_test_shipped_themes_LDADD = $(TEST_LIBS)

UNIT_VIEW_TESTS = tests/unit/test_views
check_PROGRAMS += $(UNIT_VIEW_TESTS)
TESTS += $(UNIT_VIEW_TESTS)
tests_unit_test_views_SOURCES = tests/unit/test_views.c tests/golden/scene.h tests/golden/scene.c
tests_unit_test_views_LDADD = $(TEST_LIBS)

KSTACK_UNIT_TESTS = tests/unit/test_kstack tests/unit/test_takes tests/unit/test_denial
check_PROGRAMS += $(KSTACK_UNIT_TESTS)
TESTS += $(KSTACK_UNIT_TESTS)
tests_unit_test_kstack_SOURCES = tests/unit/test_kstack.c
tests_unit_test_kstack_LDADD = $(TEST_LIBS)
tests_unit_test_takes_SOURCES = tests/unit/test_takes.c
tests_unit_test_takes_LDADD = $(TEST_LIBS)
tests_unit_test_denial_SOURCES = tests/unit/test_denial.c
tests_unit_test_denial_LDADD = $(TEST_LIBS)

KERNEL_TESTS = tests/unit/test_kernel tests/unit/test_kernel_random
check_PROGRAMS += $(KERNEL_TESTS)
TESTS += $(KERNEL_TESTS)
tests_unit_test_kernel_SOURCES = tests/unit/test_kernel.c tests/unit/sim_ops.h tests/unit/sim_ops.c
tests_unit_test_kernel_LDADD = $(TEST_LIBS)
tests_unit_test_kernel_random_SOURCES = tests/unit/test_kernel_random.c
tests_unit_test_kernel_random_LDADD = $(TEST_LIBS)

COMPARE_TESTS = tests/unit/test_compare
check_PROGRAMS += $(COMPARE_TESTS)
TESTS += $(COMPARE_TESTS)
tests_unit_test_compare_SOURCES = tests/unit/test_compare.c
tests_unit_test_compare_LDADD = $(TEST_LIBS)

MAPLE_TESTS = tests/unit/test_maple
check_PROGRAMS += $(MAPLE_TESTS)
TESTS += $(MAPLE_TESTS)
tests_unit_test_maple_SOURCES = tests/unit/test_maple.c
tests_unit_test_maple_LDADD = $(TEST_LIBS)

SPELLING_TESTS = tests/unit/test_spelling
check_PROGRAMS += $(SPELLING_TESTS)
TESTS += $(SPELLING_TESTS)
tests_unit_test_spelling_SOURCES = tests/unit/test_spelling.c
tests_unit_test_spelling_LDADD = $(TEST_LIBS)
