/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/term/term_env.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"

static const char *value(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static bool is_zero(const char *v)
{
	return v && !strcmp(v, "0");
}

bool term_colour_wanted(enum colour_when when, bool is_terminal)
{
	const char *force = value("FORCE_COLOR"), *cli_force = value("CLICOLOR_FORCE");

	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	if (force)
		return !is_zero(force);
	if (cli_force && !is_zero(cli_force))
		return true;
	if (value("NO_COLOR") || is_zero(value("CLICOLOR")))
		return false;
	return is_terminal;
}

bool term_env_truecolor(void)
{
	const char *v = value("COLORTERM");

	return v && (!strcmp(v, "truecolor") || !strcmp(v, "24bit"));
}

/* Matches a name or a family: "foot", "foot-extra". */
static bool is_one_of(const char *term, const char *const *names)
{
	for (; *names; names++) {
		size_t n = strlen(*names);

		if (!strncmp(term, *names, n) && (!term[n] || strchr("-+.", term[n])))
			return true;
	}
	return false;
}

const char *term_env_fallback(const char *term)
{
	static const char *const like_xterm[] = {
		"xterm", "alacritty", "foot", "kitty", "ghostty", "wezterm", "konsole", "vte", "gnome",
		"st", "rio", "contour", "iterm", "iterm2", "iTerm2", "iTerm", "mintty", "putty", "rxvt",
		"Eterm", "mlterm", "terminator", "nsterm", "Apple_Terminal", "ms-terminal", "warp",
		"vscode", "xfce", "terminology", NULL,
	};
	static const char *const like_screen[] = { "tmux", "screen", "zellij", NULL };

	if (is_one_of(term, like_xterm))
		return "xterm-256color";
	if (is_one_of(term, like_screen))
		return "screen-256color";
	return NULL;
}

bool term_env_xterm_like(const char *term)
{
	return term_env_fallback(term) != NULL;
}

bool term_env_ascii(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}
