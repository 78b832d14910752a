# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/term.h ui/term/term_text.c
