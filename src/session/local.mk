# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/child.h src/session/child.c
libmmscope_a_SOURCES += src/session/growth.h src/session/growth.c
libmmscope_a_SOURCES += src/session/heat.h src/session/heat.c
libmmscope_a_SOURCES += include/mmscope/session.h src/session/session.c
libmmscope_a_SOURCES += include/mmscope/filter.h src/session/filter.c src/session/filter_kinds.c
# Output without a ui
libmmscope_a_SOURCES += include/mmscope/output.h src/session/figures.c
libmmscope_a_SOURCES += src/session/json.h src/session/json.c
libmmscope_a_SOURCES += src/session/words.h src/session/words.c
libmmscope_a_SOURCES += src/session/out_json.c
libmmscope_a_SOURCES += src/session/out_doctor.c
libmmscope_a_SOURCES += src/session/out_text.c
libmmscope_a_SOURCES += include/mmscope/tasktable.h src/session/tasktable.c
libmmscope_a_SOURCES += src/session/out_plain.c
schemadir = $(pkgdatadir)/schema
dist_schema_DATA = src/session/mmscope-1.schema.json
libmmscope_a_SOURCES += include/mmscope/batch.h src/session/batch.c
libmmscope_a_SOURCES += src/session/sources.c
