# SPDX-License-Identifier: GPL-2.0-or-later
# Static stack use, read off a disassembly.
libmmscope_a_SOURCES += include/mmscope/frames.h src/frames/frames.c
libmmscope_a_SOURCES += src/frames/functions.h src/frames/objdump.c
libmmscope_a_SOURCES += src/frames/cfi.c
libmmscope_a_SOURCES += src/frames/su.c
libmmscope_a_SOURCES += src/frames/spelling.h src/frames/spelling.c
libmmscope_a_SOURCES += src/frames/tool.h src/frames/tool.c
