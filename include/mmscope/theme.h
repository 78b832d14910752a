/* SPDX-License-Identifier: GPL-2.0-or-later
 * Themes: data that gives every role a look, at every colour depth.
 *
 * A theme file is INI: [theme] name, about, variant, inherits; [palette] name = colour;
 * then [roles] with full names, or sections named by their first part: in [vma],
 * `text = accent on panel, bold`, or with variants by depth:
 * `text = #56b4e9 | idx:74 | ansi:cyan | bold`. change.heat1 .. change.heat4 say how loud
 * a change is. What a theme leaves out is as in default-dark. An unknown role is a warning with
 * the nearest name; anything else that cannot be understood is an error with
 * FILE:LINE:COLUMN, and the theme in use stays.
 */
#ifndef MMSCOPE_THEME_H
#define MMSCOPE_THEME_H
#include <stdbool.h>
#include <stdint.h>
#include "mmscope/buf.h"
#include "mmscope/error.h"

/* id, name in theme files, what it is for */
#define THEME_ROLES(X) \
	X(TEXT, "ui.text", "ordinary text") \
	X(DIM, "ui.dim", "what matters less: common prefixes, units, empty cells") \
	X(STRONG, "ui.strong", "what matters more") \
	X(TITLE, "ui.title", "titles of rooms") \
	X(BORDER, "ui.border", "lines between rooms") \
	X(HEADER, "ui.header", "the line at the top") \
	X(FOOTER, "ui.footer", "the line at the bottom") \
	X(KEY, "ui.key", "a key that can be pressed") \
	X(COLUMN, "ui.column", "column heads") \
	X(SELECT, "ui.select", "the selected row") \
	X(MATCH, "ui.match", "what the search found") \
	X(PROMPT, "ui.prompt", "the line one types in") \
	X(LIVE, "badge.live", "badge: live") \
	X(PAUSED, "badge.paused", "badge: paused") \
	X(ENDED, "badge.ended", "badge: the target has ended") \
	X(SIM, "badge.sim", "badge: simulated or recorded") \
	X(GOOD, "state.good", "fine") \
	X(WARN, "state.warn", "costly, close to a limit, guessed") \
	X(ERROR, "state.error", "wrong, refused, failed") \
	X(WHY, "state.why", "the reason why something is not there") \
	X(BAR, "mark.bar", "bars and sparklines") \
	X(SP, "mark.sp", "a stack pointer") \
	X(LIMIT, "mark.limit", "limits, floors, guard gaps") \
	X(HOLE, "mark.hole", "unmapped space") \
	X(NEW, "change.new", "what changed this tick") \
	X(VMA_TEXT, "vma.text", "role text") \
	X(VMA_RODATA, "vma.rodata", "role rodata") \
	X(VMA_DATA, "vma.data", "role data") \
	X(VMA_BSS, "vma.bss", "role bss") \
	X(VMA_HEAP, "vma.heap", "role heap") \
	X(VMA_STACK, "vma.stack", "role stack") \
	X(VMA_THREAD_STACK, "vma.thread-stack", "role thread-stack") \
	X(VMA_GUARD, "vma.guard", "role guard") \
	X(VMA_ANON, "vma.mmap-anon", "role mmap-anon") \
	X(VMA_FILE, "vma.mmap-file", "role mmap-file") \
	X(VMA_SHARED, "vma.shared", "role shared") \
	X(VMA_VDSO, "vma.vdso", "role vdso") \
	X(VMA_VVAR, "vma.vvar", "role vvar") \
	X(VMA_VSYSCALL, "vma.vsyscall", "role vsyscall") \
	X(VMA_OTHER, "vma.other", "role other") \
	X(PAGE_ABSENT, "page.absent", "no page") \
	X(PAGE_ANON, "page.anon", "anonymous page") \
	X(PAGE_ANON_SHARED, "page.anon-shared", "anonymous page, mapped elsewhere too") \
	X(PAGE_FILE, "page.file", "file page") \
	X(PAGE_FILE_SHARED, "page.file-shared", "file page, mapped elsewhere too") \
	X(PAGE_ZERO, "page.zero", "the zero page") \
	X(PAGE_GUARD, "page.guard", "guard marker") \
	X(PAGE_SWAP, "page.swap", "swapped out") \
	X(PAGE_HUGE, "page.huge", "part of a huge page") \
	X(PAGE_PRESENT, "page.present", "resident, kind not asked yet") \
	X(PAGE_UNSEEN, "page.unseen", "not looked at yet")

enum theme_role {
#define X(id, name, about) THEME_##id,
	THEME_ROLES(X)
#undef X
	THEME_ROLE_NR
};
struct theme_role_info { const char *name, *about; };
extern const struct theme_role_info theme_roles[THEME_ROLE_NR];
/* The roles of VMAs and pages stand in the order of enum vma_role and enum page_state. */
#define THEME_OF_VMA(role) (THEME_VMA_TEXT + (role))
/* Huge pages of either kind look alike. */
#define THEME_OF_PAGE(state) (THEME_PAGE_ABSENT + (state) - ((state) > PAGE_HUGE))

enum colour_depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_TRUE, DEPTH_NR };

#define COLOUR_DEFAULT (-1)
struct look {			/* what a terminal is told for one cell */
	int32_t fg, bg;		/* palette index; 0x1000000 | rgb at DEPTH_TRUE; COLOUR_DEFAULT */
	uint8_t attr;		/* enum attr */
};

struct theme;
/* NAME is looked for in the theme directories, PATH has a '/'. warnings may be NULL. */
struct error *theme_load(const char *name_or_path, struct buf *warnings, struct theme **ret);
/* The same from memory; file names it in messages. For tests and fuzzers. */
struct error *theme_parse(const char *file, const char *text, size_t n, struct buf *warnings,
			  struct theme **ret);
struct theme *theme_builtin(void);		/* never fails; default-dark compiled in */
void theme_destroy(struct theme *t);
const char *theme_name(const struct theme *t);
const char *theme_path(const struct theme *t);	/* NULL for the builtin */
const char *theme_about(const struct theme *t);	/* one line, sanitised; may be empty */
bool theme_light(const struct theme *t);	/* made for a light background */
/* heat 1..4 is worked in: loudest at 4. */
struct look theme_look(const struct theme *t, enum colour_depth depth, unsigned role, unsigned attr,
		       unsigned heat);
/* Names of the themes found, sorted, NULL-terminated; the caller frees each and the array. */
char **theme_list(void);
/* Directories searched, first wins: $MMSCOPE_THEMES, $XDG_CONFIG_HOME/mmscope/themes, the build
 * tree beside the program, $(pkgdatadir)/themes. */

#endif
