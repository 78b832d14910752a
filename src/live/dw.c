/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include <dlfcn.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/dw.h"

static const struct {
	const char *name;
	size_t at;
} functions[] = {
#define X(function) { #function, offsetof(struct dw, function) },
	DW_FUNCTIONS(X)
#undef X
};

static bool resolve(struct dw *dw)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(dw->dw, functions[i].name);

		if (!f)
			f = dlsym(dw->elf, functions[i].name);
		if (!f)
			return false;
		memcpy((char *)dw + functions[i].at, &f, sizeof(f));
	}
	return true;
}

bool dw_open(struct dw *ret)
{
	struct dw dw = { 0 };

	dw.dw = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
	dw.elf = dw.dw ? dlopen("libelf.so.1", RTLD_NOW | RTLD_LOCAL) : NULL;
	if (!dw.elf || !resolve(&dw) || dw.elf_version(EV_CURRENT) == EV_NONE) {
		dw_close(&dw);
		return false;
	}
	*ret = dw;
	return true;
}

void dw_close(struct dw *dw)
{
	if (dw->elf)
		dlclose(dw->elf);
	if (dw->dw)
		dlclose(dw->dw);
	*dw = (struct dw){ 0 };
}
