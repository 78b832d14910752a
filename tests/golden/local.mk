# SPDX-License-Identifier: GPL-2.0-or-later
# Golden screens; `make update-golden` draws them anew.
GOLDEN_SOURCES = tests/golden/golden.h tests/golden/golden.c tests/golden/scene.h tests/golden/scene.c
GOLDEN_TESTS = tests/golden/golden_views
check_PROGRAMS += $(GOLDEN_TESTS)
TESTS += $(GOLDEN_TESTS)
# Each golden by its being there.
EXTRA_DIST += $(srcdir)/tests/golden/*.txt
tests_golden_golden_views_SOURCES = tests/golden/golden_views.c $(GOLDEN_SOURCES)
tests_golden_golden_views_LDADD = $(TEST_LIBS)

.PHONY: update-golden
update-golden: $(GOLDEN_TESTS)
	for t in $(GOLDEN_TESTS); do UPDATE_GOLDEN=1 srcdir=$(srcdir) ./$$t || exit 1; done

GOLDEN_TESTS += tests/golden/golden_frames
check_PROGRAMS += tests/golden/golden_frames
TESTS += tests/golden/golden_frames
tests_golden_golden_frames_SOURCES = tests/golden/golden_frames.c $(GOLDEN_SOURCES)
tests_golden_golden_frames_LDADD = $(TEST_LIBS)

GOLDEN_TESTS += tests/golden/golden_picker
check_PROGRAMS += tests/golden/golden_picker
TESTS += tests/golden/golden_picker
tests_golden_golden_picker_SOURCES = tests/golden/golden_picker.c tests/golden/golden.h tests/golden/golden.c
tests_golden_golden_picker_LDADD = $(TEST_LIBS)

GOLDEN_TESTS += tests/golden/golden_sim
check_PROGRAMS += tests/golden/golden_sim
TESTS += tests/golden/golden_sim
EXTRA_DIST += tests/golden/lesson.scn tests/golden/kernel.scn \
	tests/golden/contexts.scn tests/golden/mask.scn tests/golden/pieces.scn tests/golden/i386.scn \
	tests/golden/index.scn tests/golden/told.scn
tests_golden_golden_sim_SOURCES = tests/golden/golden_sim.c tests/golden/golden.h tests/golden/golden.c
tests_golden_golden_sim_LDADD = $(TEST_LIBS)
