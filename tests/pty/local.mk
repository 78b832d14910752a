# SPDX-License-Identifier: GPL-2.0-or-later
# Programs on a pseudo-terminal, seen through libvterm.
PTY_TESTS = tests/pty/test_term
check_PROGRAMS += $(PTY_TESTS) tests/pty/term_toy
TESTS += $(PTY_TESTS)
tests_pty_term_toy_SOURCES = tests/pty/term_toy.c
tests_pty_term_toy_LDADD = $(mmscope_LDADD)
tests_pty_test_term_SOURCES = tests/pty/test_term.c tests/pty/ptyscreen.c tests/pty/ptyscreen.h
tests_pty_test_term_LDADD = $(TEST_LIBS) $(VTERM_LIBS)

PTY_TESTS += tests/pty/test_mmscope
tests_pty_test_mmscope_SOURCES = tests/pty/test_mmscope.c tests/pty/ptyscreen.c tests/pty/ptyscreen.h
tests_pty_test_mmscope_LDADD = $(TEST_LIBS) $(VTERM_LIBS)
