# SPDX-License-Identifier: GPL-2.0-or-later
# The demo touches pages on purpose; sanitizers and stack probes would touch others.
pkglibexec_PROGRAMS += mmscope-demo
mmscope_demo_SOURCES = src/demo/demo.c
mmscope_demo_CFLAGS = -std=gnu11 $(WARN_CFLAGS) $(DEMO_CFLAGS)
mmscope_demo_LDFLAGS =
mmscope_demo_LDADD = $(DEMO_LIBS)
