/* SPDX-License-Identifier: GPL-2.0-or-later
 * The disassembly, line by line. What counts is a table of expressions, one row for each
 * architecture, with the meaning that the kernel's script gives them.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "mmscope/alloc.h"
#include "src/frames/functions.h"

struct arch {
	const char *format;		/* in objdump's "file format" line */
	const char *machine;		/* as uname -m has it, for text without that line */
	const char *fixed;		/* a constant adjustment; group 1: the bytes */
	const char *second;		/* another form of one, or NULL */
	const char *dynamic;		/* an adjustment by a register */
	const char *push;		/* registers pushed at a frame's start, 4 bytes each, or NULL */
};

#define X86_FIXED "[as][du][db]    \\$(0x[0-9a-f]{1,8}),%[er]sp$"
#define X86_DYNAMIC "[as][du][db]    (%.*),%[er]sp$"
static const struct arch archs[] = {
	{ "x86-64", "x86_64", X86_FIXED, NULL, X86_DYNAMIC, NULL },
	{ "i386", "i686", X86_FIXED, NULL, X86_DYNAMIC, NULL },
	{ "aarch64", "aarch64", "stp.*sp, ?#-([0-9]{1,8})\\]!", "sub.*sp, sp, #(0x[0-9a-f]{1,8})",
	  "sub\\s+sp, sp, [xw]", NULL },
	{ "arm", "armv7l", "sub.*sp, sp, #([0-9]{1,4})", NULL, "sub\\w*\\s+sp, sp, r",
	  "push.*fp, ip, lr, pc}" },
};

struct patterns {
	const struct arch *arch;
	pcre2_code *fixed, *second, *dynamic, *push;
	pcre2_match_data *match;
};

static pcre2_code *compile(const char *text)
{
	PCRE2_SIZE at;
	pcre2_code *code;
	int error;

	if (!text)
		return NULL;
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
	if (code)
		pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);	/* refused: interpreted */
	return code;
}

static void patterns_free(struct patterns *p)
{
	pcre2_code_free(p->fixed);
	pcre2_code_free(p->second);
	pcre2_code_free(p->dynamic);
	pcre2_code_free(p->push);
	pcre2_match_data_free(p->match);
	*p = (struct patterns){ 0 };
}

static void patterns_for(struct patterns *p, const struct arch *arch)
{
	if (p->arch == arch)
		return;
	patterns_free(p);
	*p = (struct patterns){
		.arch = arch,
		.fixed = compile(arch->fixed),
		.second = compile(arch->second),
		.dynamic = compile(arch->dynamic),
		.push = compile(arch->push),
		.match = pcre2_match_data_create(4, NULL),
	};
}

static bool matches(const struct patterns *p, const pcre2_code *code, const char *line, size_t n)
{
	return code && pcre2_match(code, (PCRE2_SPTR)line, n, 0, 0, p->match, NULL) > 0;
}

/* Group 1 as a number, cut where the expression cuts it (at four digits on arm). */
static uint64_t group(const struct patterns *p, const char *line)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->match);
	size_t n = at[3] - at[2];
	char digits[16];

	if (n >= sizeof(digits))
		n = sizeof(digits) - 1;
	memcpy(digits, line + at[2], n);
	digits[n] = '\0';
	return strtoull(digits, NULL, digits[0] == '0' && digits[1] == 'x' ? 16 : 10);
}

/* One that is negative in 32 bits counts as positive; what is absurd does not count. */
static bool adjustment(const struct patterns *p, const char *line, uint64_t *ret)
{
	uint64_t v = group(p, line);

	if (v > 0xf0000000)
		v = 0x100000000 - v;
	*ret = v;
	return v <= 0x10000000;
}

static uint64_t registers(const char *line)
{
	uint64_t n = 1;

	for (; *line; line++)
		n += *line == ',';
	return 4 * n;
}

static void count(const struct patterns *p, const char *line, size_t n, struct function *f)
{
	uint64_t v;

	if (matches(p, p->fixed, line, n)) {
		f->bytes += adjustment(p, line, &v) ? v : 0;
	} else if (matches(p, p->second, line, n)) {
		f->bytes += group(p, line);
	} else if (matches(p, p->dynamic, line, n)) {
		f->dynamic = true;
	} else if (matches(p, p->push, line, n)) {
		f->bytes += registers(line);
	}
}

/* "0000000000002020 <free@plt>:" */
static bool function_line(const char *line, size_t n, struct function *ret)
{
	size_t digits = strspn(line, "0123456789abcdef");

	if (line[digits] != ' ' || line[digits + 1] != '<' || n < digits + 4 ||
	    line[n - 1] != ':' || line[n - 2] != '>')
		return false;
	*ret = (struct function){
		.address = strtoull(line, NULL, 16),
		.digits = xstrndup(line, digits),
		.name = xstrndup(line + digits + 2, n - digits - 4),
		.cfi = UINT64_MAX,
		.su = UINT64_MAX,
	};
	return true;
}

/* "lib/foo.ko:     file format elf64-x86-64": the name without directory and .ko. */
static bool file_line(const char *line, char **file, const char **format)
{
	const char *at = strstr(line, "file format"), *end = at, *slash;
	char *name, *ko;

	if (!at)
		return false;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == line || end[-1] != ':')
		return false;
	name = xstrndup(line, (size_t)(end - 1 - line));
	ko = strstr(name, ".ko");
	if (ko)
		memmove(ko, ko + 3, strlen(ko + 3) + 1);
	slash = strrchr(name, '/');
	free(*file);
	*file = xstrdup(slash ? slash + 1 : name);
	free(name);
	*format = at + strlen("file format");
	return true;
}

/* "Disassembly of section .text:" */
static bool section_line(const char *line, size_t n, struct functions *f)
{
	static const char head[] = "Disassembly of section ";
	const size_t begins = sizeof(head) - 1;

	if (n <= begins || strncmp(line, head, begins) || line[n - 1] != ':')
		return false;
	VEC_GROW(f->section, f->nsections, f->sections_cap);
	f->section[f->nsections++] = xstrndup(line + begins, n - 1 - begins);
	return true;
}

static const struct arch *arch_of(const char *word, bool machine)
{
	for (size_t i = 0; i < ARRAY_LEN(archs); i++)
		if (strstr(word, machine ? archs[i].machine : archs[i].format))
			return &archs[i];
	return machine ? &archs[0] : NULL;
}

static struct error *unknown_format(const char *format)
{
	format += strspn(format, " ");
	return error_create(ERR_FAILURE, "the disassembly is of %.*s: what moves the stack pointer "
			    "is known for x86, arm and arm64 only",
			    (int)strcspn(format, "\r\n"), format);
}

struct error *objdump_parse(FILE *in, struct functions *ret)
{
	struct patterns p = { 0 };
	struct utsname u = { .machine = "" };
	char *line = NULL, *file = xstrdup("");
	const char *format;
	struct error *err = NULL;
	struct function f;
	size_t cap = 0;
	ssize_t got;

	if (!ret->nsections) {
		VEC_GROW(ret->section, ret->nsections, ret->sections_cap);
		ret->section[ret->nsections++] = xstrdup("");
	}
	uname(&u);
	patterns_for(&p, arch_of(u.machine, true));
	while (!err && (got = getline(&line, &cap, in)) >= 0) {
		size_t n = (size_t)got;

		if (n && line[n - 1] == '\n')
			line[--n] = '\0';
		if (function_line(line, n, &f)) {
			f.file = xstrdup(file);
			f.section = ret->nsections - 1;
			VEC_GROW(ret->v, ret->n, ret->cap);
			ret->v[ret->n++] = f;
		} else if (file_line(line, &file, &format)) {
			if (arch_of(format, false))
				patterns_for(&p, arch_of(format, false));
			else
				err = unknown_format(format);
		} else if (section_line(line, n, ret)) {
			continue;
		} else if (ret->n && strstr(line, p.arch->push ? "" : "sp")) {
			count(&p, line, n, &ret->v[ret->n - 1]);
		}
	}
	patterns_free(&p);
	free(line);
	free(file);
	return err;
}

void functions_free(struct functions *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].digits);
		free(f->v[i].name);
		free(f->v[i].file);
	}
	for (size_t i = 0; i < f->nsections; i++)
		free(f->section[i]);
	for (size_t i = 0; i < f->nunmatched; i++)
		free(f->unmatched[i].name);
	free(f->v);
	free(f->section);
	free(f->unmatched);
	*f = (struct functions){ .v = NULL };
}
