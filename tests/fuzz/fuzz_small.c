/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as each of the small files of /proc/PID.
 */
#include <stdlib.h>
#include <string.h>

#include "src/live/maps_parse.h"
#include "src/live/stat_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct schedstat_figures sched;
	struct syscall_figures call;
	struct status_figures status;
	struct statm_figures statm;
	struct stat_figures stat;
	uint64_t limits[LIMIT_NR];

	if (stat_parse(text, size, &stat))
		must(stat.pid >= 0 && stat.ppid >= 0 && strlen(stat.comm) < sizeof(stat.comm) &&
		     stat.state > ' ');
	if (status_parse(text, size, &status))
		must(status.tgid > 0 && status.pid_inside >= 0);
	if (statm_parse(text, size, &statm))
		must(!(statm.size % PAGE_BYTES) && !(statm.resident % PAGE_BYTES));
	limits_parse(text, size, limits);
	must(!(auxv_block_end(data, size, 0x7ffe00000000) & 15));
	if (syscall_parse(text, size, &call))
		must(call.nr >= SYSCALL_NONE);
	schedstat_parse(text, size, &sched);
	{
		char *out = malloc(size + 1);

		must(out && maps_unescape(text, size, out) <= size);
		free(out);
	}
	return 0;
}
