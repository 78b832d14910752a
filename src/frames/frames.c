/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/frames.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/frames/functions.h"

enum { TEXT_COLUMN = 56, TAB = 8, DIFFERENCES = 40, COMPLAINT = 200 };

struct tool {
	pid_t pid;
	FILE *out;
	int err;		/* what it complained of, as a file in memory; -1: unknown */
};

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

/* The tool with its messages in English, whatever the user's locale is. */
static struct error *tool_start(const char *tool, const char *option, const char *file,
				struct tool *ret)
{
	char *argv[] = { (char *)tool, (char *)option, (char *)"--", (char *)file, NULL };
	char *env[] = { (char *)"LC_ALL=C", xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") :
						      "/usr/bin:/bin"), NULL };
	posix_spawn_file_actions_t fa;
	int fds[2], failed;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		free(env[1]);
		return error_os(ERR_FAILURE, errno, "cannot make a pipe");
	}
	ret->err = memfd_create("objdump", MFD_CLOEXEC);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fds[1], STDOUT_FILENO);
	if (ret->err >= 0)
		posix_spawn_file_actions_adddup2(&fa, ret->err, STDERR_FILENO);
	failed = posix_spawnp(&ret->pid, tool, &fa, NULL, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	free(env[1]);
	close(fds[1]);
	if (failed) {
		close(fds[0]);
		if (ret->err >= 0)
			close(ret->err);
		return error_os(ERR_FAILURE, failed, "%s cannot be run (Debian: apt-get install binutils)",
				tool);
	}
	ret->out = fdopen(fds[0], "r");
	return NULL;
}

/* Its first complaint, without its name; "" for none. */
static void complaint(const struct tool *t, char text[COMPLAINT])
{
	ssize_t n = t->err < 0 ? -1 : pread(t->err, text, COMPLAINT - 1, 0);
	char *colon;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	colon = strstr(text, "objdump: ");
	if (colon)
		memmove(text, colon + 9, strlen(colon + 9) + 1);
}

static int tool_end(struct tool *t)
{
	int status = 0;

	fclose(t->out);
	while (waitpid(t->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void tool_close(struct tool *t)
{
	if (t->err >= 0)
		close(t->err);
}

/* The names to try for a file: what is called objdump knows this machine's own files, and
 * those of others where it was built for many. */
static const struct foreign *foreigner(const char *file)
{
	unsigned char head[20] = { 0 };
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
	uint16_t machine;

	if (fd >= 0)
		close(fd);
	if (n < (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG))
		return NULL;
	machine = head[EI_DATA] == ELFDATA2MSB ? (uint16_t)(head[18] << 8 | head[19]) :
		  (uint16_t)(head[19] << 8 | head[18]);
	for (size_t i = 0; i < ARRAY_LEN(foreigners); i++)
		if (foreigners[i].machine == machine)
			return &foreigners[i];
	return NULL;
}

/* By one tool. What it wrote before it failed is no list: all or nothing. */
static struct error *disassemble(const char *tool, const char *file, struct functions *f)
{
	char said[COMPLAINT];
	struct error *err;
	struct tool t;

	err = tool_start(tool, "-d", file, &t);
	if (err)
		return err;
	err = objdump_parse(t.out, f);
	if (tool_end(&t) && !err) {
		complaint(&t, said);
		err = error_create(ERR_FAILURE, "%s: %s cannot read it%s%s", file, tool,
				   *said ? ": " : "", said);
	}
	tool_close(&t);
	if (err)
		functions_free(f);
	return err;
}

static struct error *read_elf(const char *file, struct functions *f)
{
	const struct foreign *other;
	const char *tool = "objdump";
	struct error *err;
	struct tool t;

	if (access(file, R_OK) < 0)
		return error_os(ERR_FAILURE, errno, "%s", file);
	other = foreigner(file);
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
	err = tool_start(tool, "--dwarf=frames-interp", file, &t);
	if (err)
		return err;
	cfi_parse(t.out, f);
	tool_end(&t);		/* a file without call frame information is none the worse */
	tool_close(&t);
	su_read(file, f);
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
	struct functions f = { NULL, 0, 0 };
	struct error *err = NULL;
	struct function **v;

	if (o->file)
		err = read_elf(o->file, &f);
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
	free(v);
	functions_free(&f);
	return NULL;
}
