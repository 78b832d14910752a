# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/canvas.h ui/core/canvas.c
libmmscope_a_SOURCES += include/mmscope/colour.h ui/core/colour.c
libmmscope_a_SOURCES += include/mmscope/glyph.h ui/core/glyph.c
libmmscope_a_SOURCES += include/mmscope/keymap.h ui/core/keymap.c
libmmscope_a_SOURCES += include/mmscope/theme.h ui/core/theme.c
libmmscope_a_SOURCES += ui/core/theme_parse.h ui/core/theme_parse.c
libmmscope_a_SOURCES += ui/core/builtin.h
nodist_libmmscope_a_SOURCES = ui/core/builtin.c
dist_pkgdata_DATA += ui/default.keys
CLEANFILES += ui/core/builtin.c

# The default keys and theme as C strings, a line each.
ui/core/builtin.c: $(top_srcdir)/ui/default.keys $(top_srcdir)/themes/default-dark.theme
	$(AM_V_GEN)$(MKDIR_P) ui/core && { \
	echo '#include "ui/core/builtin.h"'; \
	echo 'const char builtin_keys[] ='; \
	sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $(top_srcdir)/ui/default.keys; \
	echo ';'; echo 'const char builtin_theme[] ='; \
	sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $(top_srcdir)/themes/default-dark.theme; \
	echo ';'; } >$@.tmp && mv $@.tmp $@
