# SPDX-License-Identifier: GPL-2.0-or-later
# Needs root and a network, and takes minutes: not part of `make check`.
EXTRA_DIST += tests/scripts/pristine
.PHONY: check-pristine
check-pristine:
	$(srcdir)/tests/scripts/pristine $(PRISTINE_FLAGS)

# Holds JSON from standard input against the schema, for the scripts.
check_PROGRAMS += tests/scripts/check_json
tests_scripts_check_json_SOURCES = tests/scripts/check_json.c $(JSON_JUDGE)
tests_scripts_check_json_LDADD = $(TEST_LIBS)

# Scripts that run in the build directory, with $srcdir in the environment.
SCRIPT_TESTS = tests/scripts/layers tests/scripts/layers-fail tests/scripts/options tests/scripts/cli
dist_check_SCRIPTS += $(SCRIPT_TESTS)
TESTS += $(SCRIPT_TESTS)

dist_check_SCRIPTS += tests/scripts/documents
TESTS += tests/scripts/documents

dist_check_SCRIPTS += tests/scripts/frames
TESTS += tests/scripts/frames
EXTRA_DIST += $(srcdir)/tests/fixtures/frames/*.objdump $(srcdir)/tests/fixtures/frames/*.expected \
	$(srcdir)/tests/fixtures/frames/*.text $(srcdir)/tests/fixtures/frames/*.list \
	tests/fixtures/frames/cxx.cpp tests/fixtures/frames/cxx.s tests/fixtures/frames/cxx.su
