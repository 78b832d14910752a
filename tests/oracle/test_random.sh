#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Some hundreds of random scenarios: against results recorded on Linux 6.18 everywhere, and
# against the running kernel where that is 6.18 and tracing is allowed.
here=${srcdir:-.}/tests/oracle
./tests/oracle/fuzz_both --recorded "$here/recorded.txt" || exit 1
./tests/oracle/fuzz_both --profile all --seed 1 --count 300 --ops 60
status=$?
[ $status = 77 ] && status=0
exit $status
