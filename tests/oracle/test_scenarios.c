/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every shipped scenario is true in the simulator, and on the running kernel with no field of
 * any record different, as far as this machine can tell.
 *
 *	test_scenarios [--on sim|kernel|both] [--json] [FILE...]
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/paths.h"
#include "src/sim/check.h"

static int is_scenario(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".scn") == 0;
}

static size_t shipped(char ***ret)
{
	char *dir = path_bundled(BUNDLED_SCENARIOS);
	struct dirent **entry;
	int n = scandir(dir, &entry, is_scenario, alphasort), i;

	if (n <= 0) {
		fprintf(stderr, "%s: no scenarios\n", dir);
		exit(1);
	}
	*ret = xcalloc((size_t)n, sizeof(**ret));
	for (i = 0; i < n; i++) {
		(*ret)[i] = xasprintf("%s/%s", dir, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	free(dir);
	return (size_t)n;
}

int main(int argc, char **argv)
{
	struct check_options o = { .on = CHECK_BOTH };
	char **all = NULL;
	int i, status;

	for (i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			o.json = true;
		else if (strcmp(argv[i], "--on") || ++i == argc || !check_on_parse(argv[i], &o.on))
			return 2;
	}
	o.file = (const char *const *)argv + i;
	o.nfiles = (size_t)(argc - i);
	if (!o.nfiles) {
		o.nfiles = shipped(&all);
		o.file = (const char *const *)all;
	}
	status = check_run(&o, stdout, stderr);
	if (all) {
		for (i = 0; i < (int)o.nfiles; i++)
			free(all[i]);
		if (o.nfiles < 60) {
			fprintf(stderr, "only %zu scenarios: there should be 60 at least\n",
				o.nfiles);
			status = 1;
		}
	}
	free(all);
	return status;
}
