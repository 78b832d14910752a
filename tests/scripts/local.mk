# SPDX-License-Identifier: GPL-2.0-or-later
# Needs root and a network, and takes minutes: not part of `make check`.
EXTRA_DIST += tests/scripts/pristine
.PHONY: check-pristine
check-pristine:
	$(srcdir)/tests/scripts/pristine $(PRISTINE_FLAGS)
