# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/child.h src/session/child.c
libmmscope_a_SOURCES += src/session/growth.h src/session/growth.c
libmmscope_a_SOURCES += src/session/heat.h src/session/heat.c
libmmscope_a_SOURCES += include/mmscope/session.h src/session/session.c
