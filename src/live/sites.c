/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "src/live/rules.h"
#include "src/live/sites.h"
#include "src/live/takes.h"

enum {
	SITES_KEPT = 1 << 16,			/* then it starts anew */
	LINES_FILE = 1 << 28,			/* larger files are not searched for source lines */
	CODE_OF_FUNCTION = 1 << 24, ROWS_OF_FUNCTION = 2048,	/* larger ones are not looked through */
};

/* One program file as it is mapped, from its first mapping to its last. */
struct module {
	struct sites *sites;
	uint64_t start, end;
	uint64_t map_start, map_end;		/* the first mapping: its name in map_files */
	uint64_t inode;
	const char *path;			/* of the layout */
	bool vdso, large;
	char *image;				/* what was read of it, where it has no file */
};

struct sites {
	struct dw *dw;
	const struct procfs *fs;		/* valid during sites_use() and what follows */
	const struct layout *layout;		/* reference held */
	struct strings *strings;
	Dwfl *dwfl;
	struct module *modules;
	size_t nmodules;
	struct site **table;			/* open addressing; a power of two */
	size_t n, size;
};

/* ---- files ---- */

static int open_regular(int dir, const char *name, uint64_t inode, struct stat *st)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (!fstat(fd, st) && S_ISREG(st->st_mode) && (!inode || (uint64_t)st->st_ino == inode))
		return fd;
	close(fd);
	return -1;
}

/* The very file that is mapped; by its path only where that still leads to it. */
static int open_module(struct module *m)
{
	const struct procfs *fs = m->sites->fs;
	struct stat st = { 0 };
	char name[5120];
	int fd;

	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, m->map_start, m->map_end);
	fd = open_regular(fs->mm, name, m->inode, &st);
	if (fd < 0)
		fd = open_regular(fs->mm, "exe", m->inode, &st);
	if (fd < 0 && snprintf(name, sizeof(name), "root%s", m->path) < (int)sizeof(name))
		fd = open_regular(fs->mm, name, m->inode, &st);
	m->large = st.st_size > LINES_FILE;
	return fd;
}

/* Every 64-bit process of a machine is lent the same code: ours need not be asked for. It is read
 * as a file is, for that of another architecture may be larger than ours. */
static Elf *open_vdso(struct module *m)
{
	uint64_t ours = getauxval(AT_SYSINFO_EHDR);
	size_t n = m->end - m->start;
	ssize_t got = -1;
	int fd;

	if (!ours || n > 64 * PAGE_BYTES || !m->sites->fs->native)
		return NULL;
	m->image = xcalloc(1, n);
	fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = pread(fd, m->image, n, (off_t)ours);
		close(fd);
	}
	return got == (ssize_t)n ? m->sites->dw->elf_memory(m->image, n) : NULL;
}

static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **elf)
{
	struct module *m = *userdata;
	int fd;

	(void)mod;
	(void)name;
	(void)base;
	if (!m)
		return -1;
	if (m->vdso) {
		*elf = open_vdso(m);
		return -1;
	}
	fd = open_module(m);
	if (fd >= 0)
		*file_name = xstrdup(m->path);
	return fd;
}

/* Separate debug information by build ID, as the process sees it; nothing is downloaded. */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			  const char *file_name, const char *link, GElf_Word crc, char **ret)
{
	struct module *m = userdata ? *userdata : NULL;
	struct buf path = BUF_INIT;
	const unsigned char *id;
	struct stat st;
	GElf_Addr at;
	int n, fd;

	(void)name;
	(void)base;
	(void)file_name;
	(void)link;
	(void)crc;
	n = m ? m->sites->dw->dwfl_module_build_id(mod, &id, &at) : 0;
	if (n < 2)
		return -1;
	buf_addf(&path, "root/usr/lib/debug/.build-id/%02x/", id[0]);
	for (int i = 1; i < n; i++)
		buf_addf(&path, "%02x", id[i]);
	buf_adds(&path, ".debug");
	fd = open_regular(m->sites->fs->mm, buf_str(&path), 0, &st);
	if (fd >= 0) {
		*ret = xstrdup(buf_str(&path));
		m->large |= st.st_size > LINES_FILE;
	}
	buf_free(&path);
	return fd;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
};

/* ---- modules ---- */

static bool is_vdso(const struct vma *v)
{
	return v->role == ROLE_VDSO || !strcmp(v->path, "[vdso]");
}

static bool same_file(const struct vma *a, const struct vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->path, b->path);
}

/* Where the mappings of the file that begins at i end; `code`: one of them is executable. */
static size_t module_end(const struct layout *l, size_t i, bool *code)
{
	size_t last = i;

	*code = l->vmas[i].perms & VMA_EXEC;
	for (size_t j = i + 1; j < l->n; j++) {
		const struct vma *v = &l->vmas[j];

		if (!v->inode && v->start == l->vmas[j - 1].end)
			continue;	/* its bss, or text that was moved to other memory */
		if (!v->inode || !same_file(v, &l->vmas[i]) || v->offset <= l->vmas[last].offset)
			break;
		*code |= v->perms & VMA_EXEC;
		last = j;
	}
	return last;
}

static size_t list_modules(const struct layout *l, struct module **ret)
{
	struct module *m = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct vma *v = &l->vmas[i];
		bool code = false, vdso = is_vdso(v);
		size_t last = i;

		if (v->inode)
			last = module_end(l, i, &code);
		if (code || vdso) {
			VEC_GROW(m, n, cap);
			m[n++] = (struct module){
				.start = v->start, .end = l->vmas[last].end,
				.map_start = v->start, .map_end = v->end,
				.inode = v->inode, .path = v->path, .vdso = vdso,
			};
		}
		i = last;
	}
	*ret = m;
	return n;
}

static bool modules_equal(const struct module *a, const struct module *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].start != b[i].start || a[i].end != b[i].end ||
		    a[i].inode != b[i].inode || strcmp(a[i].path, b[i].path))
			return false;
	return true;
}

static void report(struct sites *s)
{
	struct dw *dw = s->dw;

	s->dwfl = dw->dwfl_begin(&callbacks);
	if (!s->dwfl)
		return;
	dw->dwfl_report_begin(s->dwfl);
	for (size_t i = 0; i < s->nmodules; i++) {
		struct module *m = &s->modules[i];
		Dwfl_Module *mod = dw->dwfl_report_module(s->dwfl, m->path, m->start, m->end);
		void **userdata;

		m->sites = s;
		if (!mod)
			continue;
		dw->dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
		*userdata = m;
	}
	dw->dwfl_report_end(s->dwfl, NULL, NULL);
}

/* ---- sites ---- */

static void forget_sites(struct sites *s)
{
	for (size_t i = 0; i < s->size; i++) {
		if (s->table[i])
			free(s->table[i]->rules);
		free(s->table[i]);
	}
	free(s->table);
	s->table = NULL;
	s->n = s->size = 0;
}

static void forget(struct sites *s)
{
	forget_sites(s);
	if (s->dwfl)
		s->dw->dwfl_end(s->dwfl);
	s->dwfl = NULL;
	for (size_t i = 0; i < s->nmodules; i++)
		free(s->modules[i].image);
	free(s->modules);
	s->modules = NULL;
	s->nmodules = 0;
	layout_put(s->layout);
	s->layout = NULL;
	strings_put(s->strings);
	s->strings = strings_create();
}

struct sites *sites_create(struct dw *dw)
{
	struct sites *s = xcalloc(1, sizeof(*s));

	s->dw = dw;
	s->strings = strings_create();
	return s;
}

void sites_destroy(struct sites *s)
{
	if (!s)
		return;
	forget(s);
	strings_put(s->strings);
	free(s);
}

struct strings *sites_strings(struct sites *s)
{
	return s->strings;
}

void sites_use(struct sites *s, const struct procfs *fs, const struct layout *l)
{
	struct module *now;
	size_t n;

	s->fs = fs;
	if (s->layout == l && s->n < SITES_KEPT)
		return;
	n = list_modules(l, &now);
	if (s->layout && n == s->nmodules && modules_equal(now, s->modules, n) &&
	    s->n < SITES_KEPT) {
		/* Paths are those of the layout that is held. */
		for (size_t i = 0; i < n; i++)
			s->modules[i].path = now[i].path;
		free(now);
		layout_get(l);
		layout_put(s->layout);
		s->layout = l;
		return;
	}
	forget(s);
	s->layout = layout_get(l);
	s->modules = now;
	s->nmodules = n;
	report(s);
}

/* "memcpy@@GLIBC_2.14" is memcpy. */
static const char *bare(struct sites *s, const char *name)
{
	return strings_add(s->strings, name, strcspn(name, "@"));
}

static void find_rules(struct sites *s, struct site *site, Dwfl_Module *mod)
{
	struct dw *dw = s->dw;
	Dwarf_Addr bias = 0, from, to;
	Dwarf_CFI *cfi = dw->dwfl_module_eh_cfi(mod, &bias);

	if (cfi && dw->dwarf_cfi_addrframe(cfi, site->pc - bias, &site->rules))
		site->rules = NULL;
	if (!site->rules) {
		cfi = dw->dwfl_module_dwarf_cfi(mod, &bias);
		if (cfi && dw->dwarf_cfi_addrframe(cfi, site->pc - bias, &site->rules))
			site->rules = NULL;
	}
	if (site->rules)
		dw->dwarf_frame_info(site->rules, &from, &to, &site->signal);
}

/* Without a symbol: rows of rules are walked back to one that has nothing but the return
 * address on the stack, where functions begin. */
static uint64_t start_by_rules(struct sites *s, Dwfl_Module *mod, uint64_t pc)
{
	enum { ROWS_BACK = 64, ENTRY = 16 };
	struct dw *dw = s->dw;
	Dwarf_Addr bias = 0, from, to, at;
	Dwarf_CFI *cfi = dw->dwfl_module_eh_cfi(mod, &bias);
	bool signal;

	at = pc - bias;
	for (int i = 0; cfi && i < ROWS_BACK; i++, at = from - 1) {
		Dwarf_Frame *frame;
		Dwarf_Op *ops;
		size_t n;
		bool entry;

		if (dw->dwarf_cfi_addrframe(cfi, at, &frame))
			break;
		entry = !dw->dwarf_frame_cfa(frame, &ops, &n) && n == 1 &&
			ops->atom == DW_OP_bregx && ops->number == 7 && ops->number2 == 8;
		dw->dwarf_frame_info(frame, &from, &to, &signal);
		free(frame);
		if (entry && !((from + bias) % ENTRY))
			return from + bias;
	}
	return UNKNOWN;
}

static bool is_ours(struct dw *dw, Dwfl_Module *mod)
{
	GElf_Addr bias;
	GElf_Ehdr head;
	Elf *elf = dw->dwfl_module_getelf(mod, &bias);

	return elf && dw->gelf_getehdr(elf, &head) && head.e_machine == EM_X86_64 &&
	       head.e_ident[EI_CLASS] == ELFCLASS64;
}

static void learn(struct sites *s, struct site *site)
{
	struct dw *dw = s->dw;
	Dwfl_Module *mod = s->dwfl ? dw->dwfl_addrmodule(s->dwfl, site->pc) : NULL;
	const struct module *m;
	const char *name;
	Dwfl_Line *line;
	GElf_Addr bias;
	GElf_Off offset;
	void **userdata;
	GElf_Sym sym;
	int number;

	if (!mod)
		return;
	dw->dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	m = *userdata;
	site->module = strings_add(s->strings, m->path, strlen(m->path));
	if (is_ours(dw, mod))
		find_rules(s, site, mod);
	else
		site->foreign = dw->dwfl_module_getelf(mod, &bias) != NULL;
	/* A signal's frame is returned to at its very first byte; the key lies before it. */
	name = dw->dwfl_module_addrinfo(mod, site->pc + site->signal, &offset, &sym, NULL, NULL,
					NULL);
	if (name) {
		site->function = bare(s, name);
		site->start = site->pc + site->signal - offset;
		if (sym.st_size && sym.st_size < CODE_OF_FUNCTION)
			site->end = site->start + sym.st_size;
	} else if (site->rules) {
		site->start = start_by_rules(s, mod, site->pc);
	}
	line = m->large ? NULL : dw->dwfl_module_getsrc(mod, site->pc);
	name = line ? dw->dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (name && number > 0) {
		site->file = strings_add(s->strings, name, strlen(name));
		site->line = (uint32_t)number;
	}
}

static size_t slot_of(const struct sites *s, uint64_t pc)
{
	size_t i = (pc * 0x9e3779b97f4a7c15ull) >> 32 & (s->size - 1);

	while (s->table[i] && s->table[i]->pc != pc)
		i = (i + 1) & (s->size - 1);
	return i;
}

static void grow(struct sites *s)
{
	struct site **old = s->table;
	size_t n = s->size;

	s->size = n ? 2 * n : 256;
	s->table = xcalloc(s->size, sizeof(*s->table));
	for (size_t i = 0; i < n; i++)
		if (old[i])
			s->table[slot_of(s, old[i]->pc)] = old[i];
	free(old);
}

const struct site *sites_at(struct sites *s, uint64_t pc)
{
	struct site *site;
	size_t i;

	if (2 * s->n >= s->size)
		grow(s);
	i = slot_of(s, pc);
	if (s->table[i])
		return s->table[i];
	site = xcalloc(1, sizeof(*site));
	site->pc = pc;
	site->function = site->module = site->file = "";
	site->start = site->end = site->takes = UNKNOWN;
	s->table[i] = site;
	s->n++;
	learn(s, site);
	return site;
}

/* The largest distance of the CFA from %rsp in the rows of a function. */
static void takes_by_rules(struct sites *s, struct site *site, Dwfl_Module *mod)
{
	struct dw *dw = s->dw;
	Dwarf_Addr bias = 0, from, to;
	Dwarf_CFI *cfi = dw->dwfl_module_eh_cfi(mod, &bias);
	uint64_t at = site->start, most = 0;
	bool signal;

	if (!cfi)
		cfi = dw->dwfl_module_dwarf_cfi(mod, &bias);
	for (int rows = 0; cfi && at < site->end; at = to + bias, rows++) {
		Dwarf_Frame *frame;
		Dwarf_Op *ops;
		size_t n;

		if (rows == ROWS_OF_FUNCTION || dw->dwarf_cfi_addrframe(cfi, at - bias, &frame))
			return;
		dw->dwarf_frame_info(frame, &from, &to, &signal);
		if (dw->dwarf_frame_cfa(frame, &ops, &n) || n != 1 || ops->atom != DW_OP_bregx ||
		    (ops->number != REG_RSP && ops->number != REG_RBP)) {
			free(frame);
			return;
		}
		site->takes_frame |= ops->number == REG_RBP;
		if (ops->number == REG_RSP && ops->number2 > most)
			most = ops->number2;
		free(frame);
		if (to + bias <= at)
			return;
	}
	if (cfi && !site->takes_frame)
		site->takes = most;
}

/* By all of its code, as far as it is in memory; without CFA rows that tell. */
static uint64_t takes_by_code(const struct site *site, struct copy *memory)
{
	size_t n = site->end - site->start, at = 0;
	struct code_takes t = { .most = UNKNOWN };
	uint8_t *code;

	if (n > TAKES_CODE_MOST)
		return UNKNOWN;
	code = xmalloc(n + sizeof(uint64_t));
	while (at < n) {
		unsigned size = n - at < 8 ? (unsigned)(n - at) : 8;
		uint64_t word;

		if (copy_read(memory, site->start + at, size, &word) != COPY_OK)
			break;
		memcpy(code + at, &word, sizeof(word));
		at += size;
	}
	if (at < n || !code_takes(code, n, 0, &t))
		t.most = UNKNOWN;
	free(code);
	return t.most;
}

uint64_t sites_takes(struct sites *s, const struct site *site, struct copy *memory)
{
	struct site *own = (struct site *)site;
	Dwfl_Module *mod;
	struct prologue p;

	if (own->takes_asked)
		return own->takes;
	own->takes_asked = true;
	mod = s->dwfl ? s->dw->dwfl_addrmodule(s->dwfl, own->pc) : NULL;
	if (!mod || own->foreign || own->signal || own->start == UNKNOWN || own->end == UNKNOWN)
		return UNKNOWN;
	takes_by_rules(s, own, mod);
	if (own->takes_frame)
		own->takes = takes_by_code(own, memory);
	if (own->takes_frame && own->takes == UNKNOWN &&
	    prologue_frame(memory, own->start, own->pc, &p))
		own->takes = p.size;
	return own->takes;
}
