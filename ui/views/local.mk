# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/view.h ui/views/views.c
libmmscope_a_SOURCES += ui/views/paint.h ui/views/paint.c ui/views/describe.c
libmmscope_a_SOURCES += ui/views/blocks.h ui/views/blocks.c
libmmscope_a_SOURCES += ui/views/grid.h ui/views/grid.c
libmmscope_a_SOURCES += ui/views/page.h ui/views/page.c
libmmscope_a_SOURCES += ui/views/map.c ui/views/table.c ui/views/pages.c
libmmscope_a_SOURCES += ui/views/picker.h ui/views/picker.c
libmmscope_a_SOURCES += ui/views/ruler.h ui/views/ruler.c ui/views/stack.c
libmmscope_a_SOURCES += ui/views/stackwords.h ui/views/stackwords.c
libmmscope_a_SOURCES += ui/views/threads.c ui/views/kstack.c ui/views/tasks.c
libmmscope_a_SOURCES += ui/views/cpustacks.h ui/views/cpustacks.c
libmmscope_a_SOURCES += ui/views/counters.c ui/views/events.c
libmmscope_a_SOURCES += ui/views/output.c
libmmscope_a_SOURCES += ui/views/inside.h ui/views/inside.c
libmmscope_a_SOURCES += ui/views/scenario.c ui/views/path.c ui/views/walk.c
libmmscope_a_SOURCES += ui/views/frames.c ui/views/processes.c ui/views/compare.c ui/views/contexts.c ui/views/cpu.c
libmmscope_a_SOURCES += ui/views/index.c
