/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/frames.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/frames/functions.h"
#include "src/frames/tool.h"

enum { TEXT_COLUMN = 56, TAB = 8, DIFFERENCES = 40 };

/* The disassemblers of other architectures, as distributions name them. */
static const struct foreign {
	uint16_t machine;
	const char *tools[3];
} foreigners[] = {
	{ EM_X86_64, { "x86_64-linux-gnu-objdump" } },
	{ EM_386, { "i686-linux-gnu-objdump", "x86_64-linux-gnu-objdump" } },
	{ EM_AARCH64, { "aarch64-linux-gnu-objdump" } },
	{ EM_ARM, { "arm-linux-gnueabihf-objdump", "arm-linux-gnueabi-objdump" } },
};

/* What the first bytes of a file tell. */
struct head {
	bool elf;
	bool text;			/* without one byte that no text has, or not to be read twice */
	uint16_t type, machine;		/* e_type, e_machine */
	const char *unpacker;		/* it is compressed, as modules are in many places */
};

static const char *unpacker(const unsigned char *b)
{
	static const struct { const char *magic; size_t n; const char *tool; } packed[] = {
		{ "\xfd" "7zXZ", 5, "xz" }, { "\x28\xb5\x2f\xfd", 4, "zstd" }, { "\x1f\x8b", 2, "gzip" },
	};

	for (size_t i = 0; i < ARRAY_LEN(packed); i++)
		if (!memcmp(b, packed[i].magic, packed[i].n))
			return packed[i].tool;
	return NULL;
}

static struct head read_head(const char *file)
{
	unsigned char b[4096] = { 0 };
	struct stat st;
	int fd = -1;
	ssize_t n = 0;
	unsigned low;				/* the byte of less weight */

	/* A pipe, as the shell's <(objdump -d FILE) is one, gives what it has once; objdump takes none. */
	if (!stat(file, &st) && S_ISFIFO(st.st_mode))
		return (struct head){ .text = true };
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		n = read(fd, b, sizeof(b));
		close(fd);
	}
	low = b[EI_DATA] == ELFDATA2MSB;
	if (n < EI_NIDENT + 4 || memcmp(b, ELFMAG, SELFMAG))
		return (struct head){
			.unpacker = unpacker(b),
			.text = n > 0 && !memchr(b, '\0', (size_t)n) && memcmp(b, "!<", 2),
		};
	return (struct head){
		.elf = true,
		.type = (uint16_t)(b[17 - low] << 8 | b[16 + low]),
		.machine = (uint16_t)(b[19 - low] << 8 | b[18 + low]),
	};
}

/* The names to try for a file: what is called objdump knows this machine's own files, and
 * those of others where it was built for many. */
static const struct foreign *foreigner(const struct head *head)
{
	for (size_t i = 0; head->elf && i < ARRAY_LEN(foreigners); i++)
		if (foreigners[i].machine == head->machine)
			return &foreigners[i];
	return NULL;
}

static struct error *objdump_start(const char *tool, const char *option, const char *file,
				   struct tool *ret)
{
	char *argv[] = { (char *)tool, (char *)option, (char *)"--", (char *)file, NULL };

	return tool_start(argv, -1, ret);
}

/* By one tool. What it wrote before it failed is no list: all or nothing. */
static struct error *disassemble(const char *tool, const char *file, struct functions *f)
{
	char said[TOOL_COMPLAINT];
	struct error *err;
	struct tool t;

	err = objdump_start(tool, "-d", file, &t);
	if (err)
		return err;
	err = objdump_parse(t.out, f);
	if (tool_end(&t) && !err) {
		tool_complaint(&t, said);
		err = error_create(ERR_FAILURE, "%s: %s cannot read it%s%s", file, tool,
				   *said ? ": " : "", said);
	}
	tool_close(&t);
	if (err)
		functions_free(f);
	return err;
}

static struct error *read_text(const char *file, struct functions *f)
{
	FILE *in = fopen(file, "re");
	struct error *err;

	if (!in)
		return error_os(ERR_FAILURE, errno, "%s", file);
	err = objdump_parse(in, f);
	fclose(in);
	return err;
}

static struct error *read_file(const char *file, struct functions *f, bool *demangled)
{
	const struct foreign *other;
	struct head head;
	const char *tool = "objdump";
	struct error *err;
	struct tool t;

	if (access(file, R_OK) < 0)
		return error_os(ERR_FAILURE, errno, "%s", file);
	head = read_head(file);
	if (head.unpacker)
		return error_create(ERR_FAILURE, "%s is compressed; unpack it first: %s -dk %s", file,
				    head.unpacker, file);
	if (head.text)
		return read_text(file, f);
	other = foreigner(&head);
	err = disassemble(tool, file, f);
	for (size_t i = 0; err && other && i < ARRAY_LEN(other->tools) && other->tools[i]; i++) {
		struct error *again = disassemble(other->tools[i], file, f);

		if (!again) {
			error_destroy(err);
			err = NULL;
			tool = other->tools[i];
		}
		error_destroy(again);
	}
	if (err)
		return err;
	err = objdump_start(tool, "--dwarf=frames-interp", file, &t);
	if (err)
		return err;
	cfi_parse(t.out, f);
	tool_end(&t);		/* a file without call frame information is none the worse */
	tool_close(&t);
	*demangled = su_read(file, head.type == ET_REL, f);
	return NULL;
}

/* Larger first, then by "name [file]", as the script orders them. */
static int larger(const void *va, const void *vb)
{
	const struct function *const *a = va, *const *b = vb;
	int by_name;

	if ((*a)->bytes != (*b)->bytes)
		return (*a)->bytes > (*b)->bytes ? -1 : 1;
	by_name = strcmp((*a)->name, (*b)->name);
	if (!by_name)
		by_name = strcmp((*a)->file, (*b)->file);
	if (by_name)
		return by_name;
	return *a < *b ? -1 : *a > *b;
}

static void put_line(FILE *out, const struct function *f)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "0x%s ", f->digits);
	text_sanitize(&b, f->name, strlen(f->name), 0);
	buf_adds(&b, " [");
	text_sanitize(&b, f->file, strlen(f->file), 0);
	buf_adds(&b, "]:");
	for (int left = TEXT_COLUMN - (int)b.len; left > 0; left -= TAB)
		buf_addc(&b, '\t');
	fprintf(out, "%s%" PRIu64 "\n", buf_str(&b), f->bytes);
	buf_free(&b);
}

static bool differs(const struct function *f)
{
	return (f->cfi != UINT64_MAX && (f->cfi > f->bytes || (f->cfi < f->bytes && !f->cfi_least))) ||
	       (f->su != UINT64_MAX && f->su != f->bytes);
}

static void put_difference(FILE *out, const struct function *f)
{
	char *name = text_sanitized(f->name);

	fprintf(out, "#   %s: counted %" PRIu64, name, f->bytes);
	if (f->cfi != UINT64_MAX)
		fprintf(out, ", call frame information %s%" PRIu64, f->cfi_least ? "at least " : "", f->cfi);
	if (f->su != UINT64_MAX)
		fprintf(out, ", the compiler %" PRIu64, f->su);
	fputs(f->dynamic ? ", and dynamic\n" : "\n", out);
	free(name);
}

/* Figures of the compiler's that nobody here can be given. */
static void put_unmatched(FILE *out, const struct functions *f, unsigned long min, bool demangled)
{
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < f->nunmatched; i++)
		n += f->unmatched[i].bytes > min;
	if (n)
		fprintf(out, "# the compiler's, of functions that are not here under that name, or not alone%s (%zu):\n",
			demangled ? "" : "; names of C++ need c++filt, which cannot be run", n);
	for (size_t i = 0; i < f->nunmatched && shown < DIFFERENCES; i++) {
		char *name;

		if (f->unmatched[i].bytes <= min)
			continue;
		name = text_sanitized(f->unmatched[i].name);
		fprintf(out, "#   %s: %" PRIu64 "\n", name, f->unmatched[i].bytes);
		free(name);
		shown++;
	}
	if (n > shown)
		fprintf(out, "#   and %zu more\n", n - shown);
}

static void summary(FILE *out, struct function *const *v, size_t n, unsigned long min)
{
	size_t dynamic = 0, different = 0, shown = 0;
	char *deepest = n ? text_sanitized(v[0]->name) : xstrdup("none");

	for (size_t i = 0; i < n; i++) {
		dynamic += v[i]->dynamic;
		different += v[i]->bytes > min && differs(v[i]);
	}
	fprintf(out, "# number of functions: %zu\n# deepest: %" PRIu64 " bytes\n# function with the deepest: %s\n",
		n, n ? v[0]->bytes : 0, deepest);
	free(deepest);
	if (dynamic)
		fprintf(out, "# dynamic, the stack pointer also moves by a register (%zu):\n", dynamic);
	for (size_t i = 0; i < n; i++)
		if (v[i]->dynamic) {
			char *name = text_sanitized(v[i]->name);

			fprintf(out, "#   0x%s %s\n", v[i]->digits, name);
			free(name);
		}
	if (different)
		fprintf(out, "# other figures for what is listed; pushes are in them, epilogues are not (%zu):\n",
			different);
	for (size_t i = 0; i < n && shown < DIFFERENCES; i++)
		if (v[i]->bytes > min && differs(v[i])) {
			put_difference(out, v[i]);
			shown++;
		}
	if (different > shown)
		fprintf(out, "#   and %zu more\n", different - shown);
}

struct error *frames_run(const struct frames_options *o, FILE *out)
{
	struct functions f = { .v = NULL };
	bool demangled = true;
	struct error *err = NULL;
	struct function **v;

	if (o->file)
		err = read_file(o->file, &f, &demangled);
	else
		err = objdump_parse(o->in, &f);
	if (!err && !f.n)
		err = error_create(ERR_FAILURE, "no function in %s: is it `objdump -d` text?",
				   o->file ? o->file : "standard input");
	if (err) {
		functions_free(&f);
		return err;
	}
	v = xcalloc(f.n, sizeof(struct function *));
	for (size_t i = 0; i < f.n; i++)
		v[i] = &f.v[i];
	qsort(v, f.n, sizeof(*v), larger);
	for (size_t i = 0; i < f.n && v[i]->bytes > o->min; i++)
		put_line(out, v[i]);
	summary(out, v, f.n, o->min);
	put_unmatched(out, &f, o->min, demangled);
	free(v);
	functions_free(&f);
	return NULL;
}
