# SPDX-License-Identifier: GPL-2.0-or-later
# The simulated machine.
libmmscope_a_SOURCES += \
	src/sim/mm.h \
	src/sim/build_mm.c \
	src/sim/anon_vma.c \
	src/sim/arena.c \
	src/sim/brk.c \
	src/sim/buddy.c \
	src/sim/compact.c \
	src/sim/phys.h src/sim/phys.c \
	src/sim/profile_parts.h src/sim/profile_zone.h src/sim/zone.c \
	src/sim/exec.c \
	src/sim/growth.c \
	src/sim/entry.c \
	src/sim/invariant.c \
	src/sim/irq.c \
	src/sim/kcheck.c src/sim/kdie.c src/sim/kframe.c src/sim/klook.h src/sim/klook.c src/sim/kmem.c src/sim/kside.h src/sim/kstack.c src/sim/stack_sizes.c \
	src/sim/machine.c \
	src/sim/madvise.c \
	src/sim/mlock.c \
	src/sim/mm_fields.c \
	src/sim/mprotect.c \
	src/sim/mremap.c \
	src/sim/msync.c \
	src/sim/pagecache.c \
	src/sim/populate.c \
	src/sim/process.c \
	src/sim/profile.h src/sim/profile.c src/sim/profile_arm64.c src/sim/profile_x86_64.c src/sim/profile_old.c \
	src/sim/profile_kernel.h src/sim/profile_kernel.c \
	src/sim/query.c \
	src/sim/readahead.c \
	src/sim/sched.c src/sim/sysrq.c src/sim/task.c \
	src/sim/trace.c \
	src/sim/ucall.c \
	src/sim/vma_rb.c

# Parts of build_mm.c.
EXTRA_DIST += \
	src/sim/account.c src/sim/fault.c src/sim/frame.c src/sim/journal.c src/sim/merge.c src/sim/mmap.c src/sim/munmap.c \
	src/sim/pgtable.c src/sim/place.c src/sim/place_cache.c src/sim/vma.c
