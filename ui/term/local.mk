# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/term.h ui/term/term_curses.c
libmmscope_a_SOURCES += ui/term/term_decode.h ui/term/term_decode.c
libmmscope_a_SOURCES += ui/term/term_env.h ui/term/term_env.c
libmmscope_a_SOURCES += ui/term/term_guard.h ui/term/term_guard.c
libmmscope_a_SOURCES += ui/term/term_text.c
