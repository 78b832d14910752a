# SPDX-License-Identifier: GPL-2.0-or-later
# Scenarios: the language, the two worlds they are played in, records.
libmmscope_a_SOURCES += \
	include/mmscope/check.h src/sim/check.h src/sim/check.c \
	src/sim/compare.h src/sim/compare.c src/sim/compare_same.c src/sim/compare_why.c \
	src/sim/profile_constants.h src/sim/profile_constants.c \
	src/sim/gen.h src/sim/gen.c \
	include/mmscope/lessons.h src/sim/lessons.c \
	src/sim/picture.h src/sim/picture.c src/sim/picture_contexts.c src/sim/picture_index.c src/sim/picture_memory.c \
	src/sim/play.h src/sim/play.c \
	src/sim/player.h src/sim/player_private.h src/sim/player.c src/sim/player_text.c \
	src/sim/player_kernel.h src/sim/player_kernel.c \
	src/sim/record.c \
	src/sim/scenario.h src/sim/scenario.c \
	src/sim/scenario_private.h \
	src/sim/scenario_expr.c \
	src/sim/facts.h src/sim/facts.c src/sim/scenario_facts.c \
	src/sim/scenario_kernel.c \
	src/sim/scenario_ops.c \
	src/sim/scenario_phys.c \
	src/sim/scenario_predict.c \
	src/sim/scenario_profile.c \
	src/sim/scenario_scope.c \
	src/sim/sim.h src/sim/sim_env.h \
	src/sim/source_sim.c \
	src/sim/world.h src/sim/world.c src/sim/world_sim.c

include src/sim/runner/local.mk
include src/sim/machine.mk
include src/sim/scenarios/local.mk
dist_man_MANS += man/mmscope-scenario.5
