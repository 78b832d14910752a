/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <jansson.h>
#include <pcre2.h>
#include <stdint.h>
#include <string.h>

#include "src/main_options.h"

void cli_features(FILE *out)
{
	char pcre2[64] = "";
	uint32_t jit = 0;

	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	pcre2[strcspn(pcre2, " ")] = '\0';	/* the date follows */
	pcre2_config(PCRE2_CONFIG_JIT, &jit);
	fprintf(out, "+%s %s +pcre2 %s (%s) +ncursesw %s +jansson %s\n", PROCPS_NAME,
		PROCPS_VERSION, pcre2, jit ? "jit" : "no jit", NCURSESW_VERSION, JANSSON_VERSION);
}

void cli_version(FILE *out)
{
	fprintf(out, "mmscope %s\n"
		"Copyright (C) 2026 the mmscope authors\n"
		"License GPLv2+: GNU GPL version 2 or later <https://gnu.org/licenses/gpl.html>.\n"
		"This is free software: you are free to change and redistribute it.\n"
		"There is NO WARRANTY, to the extent permitted by law.\n\n", PACKAGE_VERSION);
	cli_features(out);
}
