# SPDX-License-Identifier: GPL-2.0-or-later
libmmscope_a_SOURCES += include/mmscope/child.h src/session/child.c
libmmscope_a_SOURCES += src/session/growth.h src/session/growth.c
libmmscope_a_SOURCES += src/session/heat.h src/session/heat.c
libmmscope_a_SOURCES += include/mmscope/session.h src/session/session.c
libmmscope_a_SOURCES += include/mmscope/filter.h src/session/filter.c src/session/filter_kinds.c
libmmscope_a_SOURCES += include/mmscope/syscalls.h src/session/syscalls.c

# The names of the system calls, as the kernel's headers have them.
BUILT_SOURCES += src/session/syscalls.inc
CLEANFILES += src/session/syscalls.inc
src/session/syscalls.inc:
	$(AM_V_GEN)$(MKDIR_P) src/session && \
	printf '#include <asm/unistd.h>\n' | $(CC) $(CPPFLAGS) -E -dM - | \
	LC_ALL=C $(AWK) '$$1 == "#define" && $$2 ~ /^__NR_[a-z]/ && $$3 ~ /^[0-9]+$$/ \
		{ print "\t[" $$3 "] = \"" substr($$2, 6) "\"," }' | LC_ALL=C sort > $@.tmp && \
	test -s $@.tmp && mv $@.tmp $@
src/session/syscalls.$(OBJEXT): src/session/syscalls.inc

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
