# SPDX-License-Identifier: GPL-2.0-or-later
# One fragment for each kind of test, so that each can be read alone.
include tests/unit/local.mk
include tests/contract/local.mk
include tests/truth/local.mk
include tests/golden/local.mk
include tests/pty/local.mk
include tests/scripts/local.mk
include tests/fuzz/local.mk
include tests/oracle/local.mk
include tests/bench/local.mk
