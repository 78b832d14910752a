/* SPDX-License-Identifier: GPL-2.0-or-later
 * What mmap, munmap and a page fault pass through, compiled as one unit, so that a call from file
 * to file can be put in line. Linux builds its scheduler this way (kernel/sched/build_policy.c); each
 * of the files is complete and could be compiled alone.
 */
#include "journal.c"
#include "frame.c"
#include "pgtable.c"
#include "fault.c"
#include "vma.c"
#include "place_cache.c"
#include "place.c"
#include "account.c"
#include "merge.c"
#include "munmap.c"
#include "mmap.c"
