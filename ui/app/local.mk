# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/app.h ui/app/app.h ui/app/app.c
libmmscope_a_SOURCES += ui/app/chooser.c
libmmscope_a_SOURCES += ui/app/commands.c
libmmscope_a_SOURCES += ui/app/frame.c
libmmscope_a_SOURCES += ui/app/prompt.c
