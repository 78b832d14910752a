/* SPDX-License-Identifier: GPL-2.0-or-later
 * The program: the command line, the command, the exit status. Errors are printed here.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/main_options.h"

/* A closed standard stream must not become some file this program opens. Writing to
 * what stands in for standard output fails, as it should. */
static void keep_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
}

static struct error *check_proc_root(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return error_os(ERR_USAGE, errno, "--proc-root %s", dir);
	if (!S_ISDIR(st.st_mode))
		return error_os(ERR_USAGE, ENOTDIR, "--proc-root %s", dir);
	return NULL;
}

static struct error *execute(const struct cli *cli)
{
	struct error *err;

	if (cli->help || cli->version) {
		(cli->help ? cli_help : cli_version)(stdout);
		return NULL;
	}
	err = check_proc_root(cli->proc_root);
	if (err)
		return err;
	return cli->command ? cli->command->run(cli) : look_at_target(cli);
}

static int report(struct error *err)
{
	int status = err->code;

	if (*err->message)	/* else all was said already */
		fprintf(stderr, "mmscope: %s\n", err->message);
	error_destroy(err);
	return status;
}

int main(int argc, char **argv)
{
	struct error *err;
	struct cli cli;
	int status = 0;

	keep_standard_streams();
	setlocale(LC_CTYPE, "");
	/* A reader that leaves ends us silently, also where the parent ignores it. */
	signal(SIGPIPE, SIG_DFL);
	err = cli_parse(argc, argv, &cli);
	if (err) {
		status = report(err);
		fputs("Try 'mmscope --help' for more information.\n", stderr);
		cli_free(&cli);
		return status;
	}
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		cli.term.ascii = true;
	err = execute(&cli);
	if (err)
		status = report(err);
	cli_free(&cli);
	/* Errors of writing that only now come to light, or did when it was flushed before. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
		fprintf(stderr, "mmscope: cannot write the output: %s\n", strerror(errno));
		status = 1;
	}
	return status;
}
