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

# User stacks: one program built in several ways, and what it says of its own frames.
FRAMES_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -pthread
check_PROGRAMS += tests/truth/test_frames tests/truth/frames tests/truth/frames_pointer \
	tests/truth/frames_o0 tests/truth/frames_stripped tests/truth/frames_bare \
	tests/truth/frames_fixed
TESTS += tests/truth/test_frames
tests_truth_frames_SOURCES = tests/truth/frames.c
tests_truth_frames_CFLAGS = $(FRAMES_CFLAGS) -fomit-frame-pointer
tests_truth_frames_LDFLAGS = -pthread
tests_truth_frames_pointer_SOURCES = tests/truth/frames.c
tests_truth_frames_pointer_CFLAGS = $(FRAMES_CFLAGS) $(HARDEN_CFLAGS) -fno-omit-frame-pointer
tests_truth_frames_pointer_LDFLAGS = -pthread
tests_truth_frames_o0_SOURCES = tests/truth/frames_o0.c
tests_truth_frames_o0_CFLAGS = $(FRAMES_CFLAGS) -fno-omit-frame-pointer -U_FORTIFY_SOURCE
tests_truth_frames_o0_LDFLAGS = -pthread
tests_truth_frames_stripped_SOURCES = tests/truth/frames.c
tests_truth_frames_stripped_CFLAGS = $(FRAMES_CFLAGS) -fomit-frame-pointer
tests_truth_frames_stripped_LDFLAGS = -pthread -s
tests_truth_frames_bare_SOURCES = tests/truth/frames.c
tests_truth_frames_bare_CFLAGS = $(FRAMES_CFLAGS) -fno-omit-frame-pointer
tests_truth_frames_bare_LDFLAGS = -pthread -s
tests_truth_frames_fixed_SOURCES = tests/truth/frames.c
tests_truth_frames_fixed_CFLAGS = $(FRAMES_CFLAGS) -fno-pie
tests_truth_frames_fixed_LDFLAGS = -pthread -no-pie
# Where the C library can be linked statically.
if STATIC
check_PROGRAMS += tests/truth/frames_static
tests_truth_frames_static_SOURCES = tests/truth/frames.c
tests_truth_frames_static_CFLAGS = $(FRAMES_CFLAGS)
tests_truth_frames_static_LDFLAGS = -pthread -static
endif
tests_truth_test_frames_SOURCES = tests/truth/test_frames.c
tests_truth_test_frames_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/truth/test_kstacks
TESTS += tests/truth/test_kstacks
tests_truth_test_kstacks_SOURCES = tests/truth/test_kstacks.c $(TRUTH_SOURCES)
tests_truth_test_kstacks_LDADD = $(TEST_LIBS)
