/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/text.h"
#include "src/frames/functions.h"

enum { TEXT_COLUMN = 56, TAB = 8, DIFFERENCES = 40 };

struct tool {
	pid_t pid;
	FILE *out;
};

/* objdump with its messages in English, whatever the user's locale is. */
static struct error *tool_start(const char *option, const char *file, struct tool *ret)
{
	char *argv[] = { (char *)"objdump", (char *)option, (char *)"--", (char *)file, NULL };
	char *env[] = { (char *)"LC_ALL=C", xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") :
						      "/usr/bin:/bin"), NULL };
	posix_spawn_file_actions_t fa;
	int fds[2], failed;

	if (pipe(fds) < 0) {
		free(env[1]);
		return error_os(ERR_FAILURE, errno, "cannot make a pipe");
	}
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&fa, fds[0]);
	posix_spawn_file_actions_addclose(&fa, fds[1]);
	failed = posix_spawnp(&ret->pid, "objdump", &fa, NULL, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	free(env[1]);
	close(fds[1]);
	if (failed) {
		close(fds[0]);
		return error_os(ERR_FAILURE, failed, "objdump cannot be run (Debian: apt-get install binutils)");
	}
	ret->out = fdopen(fds[0], "r");
	return NULL;
}

static int tool_end(struct tool *t)
{
	int status = 0;

	fclose(t->out);
	while (waitpid(t->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static struct error *read_elf(const char *file, struct functions *f)
{
	struct tool t;
	struct error *err;

	if (access(file, R_OK) < 0)
		return error_os(ERR_FAILURE, errno, "%s", file);
	err = tool_start("-d", file, &t);
	if (err)
		return err;
	objdump_parse(t.out, f);
	if (tool_end(&t))
		return error_create(ERR_FAILURE, "%s: objdump cannot read it (for another architecture: "
				    "run its own objdump -d and give the text on standard input)", file);
	err = tool_start("--dwarf=frames-interp", file, &t);
	if (err)
		return err;
	cfi_parse(t.out, f);
	tool_end(&t);		/* a file without call frame information is none the worse */
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
		objdump_parse(o->in, &f);
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
