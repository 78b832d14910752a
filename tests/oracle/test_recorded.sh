#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each proven profile against the records of its kernel.
exec ./tests/oracle/recorded --check "${srcdir:-.}"/tests/oracle/linux-*.txt
