libmmscope_a_SOURCES += \
	include/mmscope/alloc.h src/base/alloc.c \
	include/mmscope/buf.h src/base/buf.c \
	include/mmscope/clock.h src/base/clock.c \
	include/mmscope/error.h src/base/error.c \
	include/mmscope/paths.h src/base/paths.c \
	include/mmscope/text.h src/base/text.c
