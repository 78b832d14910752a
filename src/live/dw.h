/* SPDX-License-Identifier: GPL-2.0-or-later
 * elfutils' libdw, loaded when a user stack is first walked, and what is used of it.
 */
#ifndef LIVE_DW_H
#define LIVE_DW_H
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>

#define DW_FUNCTIONS(X) \
	X(dwfl_begin) \
	X(dwfl_end) \
	X(dwfl_report_begin) \
	X(dwfl_report_module) \
	X(dwfl_report_end) \
	X(dwfl_addrmodule) \
	X(dwfl_module_addrinfo) \
	X(dwfl_module_build_id) \
	X(dwfl_module_dwarf_cfi) \
	X(dwfl_module_eh_cfi) \
	X(dwfl_module_getelf) \
	X(dwfl_module_getsrc) \
	X(dwfl_module_info) \
	X(dwfl_lineinfo) \
	X(dwarf_cfi_addrframe) \
	X(dwarf_frame_cfa) \
	X(dwarf_frame_info) \
	X(dwarf_frame_register) \
	X(elf_begin) \
	X(elf_end) \
	X(elf_memory) \
	X(elf_version) \
	X(gelf_getehdr)

struct dw {
	void *dw, *elf;			/* the libraries */
#define X(name) __typeof__(name) *name;
	DW_FUNCTIONS(X)
#undef X
};

bool dw_open(struct dw *ret);		/* false: no such library here */
void dw_close(struct dw *dw);

#endif
