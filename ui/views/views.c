/* SPDX-License-Identifier: GPL-2.0-or-later
 * The views, in the order of the tabs.
 */
#include "mmscope/view.h"

#include <string.h>

extern const struct view map_view, table_view, pages_view, stack_view, threads_view, counters_view,
	events_view, kstack_view, tasks_view, view_output, scenario_view, path_view, walk_view, frames_view, processes_view,
	compare_view, contexts_view, cpu_view, index_view;

const struct view *const views[] = {
	&map_view, &scenario_view, &path_view, &walk_view, &frames_view, &processes_view,
	&compare_view, &contexts_view, &cpu_view, &index_view,
	&table_view, &pages_view, &stack_view, &threads_view, &counters_view, &events_view,
	&view_output, &kstack_view, &tasks_view, NULL,
};

int view_index(const char *name)
{
	for (int i = 0; views[i]; i++)
		if (!strcmp(views[i]->name, name))
			return i;
	return -1;
}
